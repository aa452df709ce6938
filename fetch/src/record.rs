//! `fetch.json`: what came whence, when, under which licence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use twin_core::results::write_atomically;
use twin_core::{Error, FileProblem, Result};

/// The record of what was fetched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FetchRecord {
    /// Version of this record.
    pub schema: u32,
    /// What was asked for.
    #[serde(default)]
    pub asked: String,
    /// Where.
    #[serde(default)]
    pub place: String,
    /// Departments of the extent.
    #[serde(default)]
    pub departments: BTreeSet<String>,
    /// Name of the area.
    pub name: String,
    /// INSEE codes of its communes.
    pub insee: Vec<String>,
    /// Reference system.
    pub crs: String,
    /// West, south, east, north.
    pub extent: [f64; 4],
    /// BLAKE3 of the territory file as it was written: who changed it keeps it.
    #[serde(default)]
    pub territory_hash: String,
    /// Files by their path below the record.
    pub files: BTreeMap<String, FetchedFile>,
    /// Files that could not be got, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<String, String>,
}

/// A file that was fetched, or the knowledge that there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FetchedFile {
    /// Address of the first request.
    pub url: String,
    /// When it came, UTC.
    pub fetched_utc: String,
    /// Edition, where the service tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Licence.
    pub licence: String,
    /// Whom to name.
    pub attribution: String,
    /// Bytes; 0 where the service has nothing for the area and no file was written.
    pub bytes: u64,
    /// Features, where they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<usize>,
    /// BLAKE3 of the content; empty without a file.
    pub hash: String,
}

impl FetchRecord {
    /// Reads the record of a folder; an empty one where there is none.
    ///
    /// # Errors
    /// The record cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        if !path.is_file() {
            return Ok(Self::default());
        }
        let bytes = std::fs::read(path).map_err(Error::read(path))?;
        serde_json::from_slice(&bytes).map_err(|e| Error::file(path, FileProblem::undecodable(e)))
    }

    /// Writes it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|e| Error::Write {
            path: path.to_path_buf(),
            source: std::io::Error::other(e),
        })?;
        bytes.push(b'\n');
        write_atomically(path, &bytes)
    }
}
