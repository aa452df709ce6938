//! `runs/studies/ID.json`: which runs belong to a study.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::language::Text;
use crate::results::{RunStore, read_json, write_json};

/// The runs of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyRecord {
    /// Version of this record.
    pub schema: u32,
    /// Identifier of the study.
    pub study: String,
    /// Title of the study.
    pub title: Text,
    /// Its combinations in order.
    pub combinations: Vec<CombinationRecord>,
}

/// The runs of a combination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CombinationRecord {
    /// Name of the action.
    pub action: String,
    /// Name of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Name of the horizon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon: Option<String>,
    /// Identifier of the scenario.
    pub scenario: String,
    /// Folder of each run, relative to the store, by name of the step.
    pub runs: BTreeMap<String, String>,
    /// The same of each draw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub draws: Vec<BTreeMap<String, String>>,
}

impl StudyRecord {
    /// Where a study is recorded in a store.
    pub fn path(store: &RunStore, study: &str) -> PathBuf {
        store.root().join("studies").join(format!("{study}.json"))
    }

    /// Writes it into a store.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, store: &RunStore) -> Result<()> {
        write_json(&Self::path(store, &self.study), self)
    }

    /// Reads it from a store; `None` of a study that never ran.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(store: &RunStore, study: &str) -> Result<Option<Self>> {
        let path = Self::path(store, study);
        if path.is_file() { read_json(&path).map(Some) } else { Ok(None) }
    }
}
