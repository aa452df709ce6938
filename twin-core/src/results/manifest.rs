//! The records that make a run citable and repeatable.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Language;
use crate::language::Text;
use crate::simulation::Budget;
use crate::spatial::{Crs, GridSpec};
use crate::territory::SourceRecord;

/// `manifest.json` of a run: all that its result depends on, and nothing that depends on the
/// moment or the machine of running.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunManifest {
    /// Version of this record.
    pub schema: u32,
    /// Hash of all that the result depends on; the run's folder.
    pub hash: String,
    /// Name of the step in its scenario.
    pub run: String,
    /// Identifier of the simulation.
    pub simulation: String,
    /// Version of the plugin and its engine.
    pub simulation_version: String,
    /// Version of the program.
    pub program_version: String,
    /// Instruction set for which bits are promised.
    pub target: String,
    /// Scenario identifier.
    pub scenario: String,
    /// Scenario title.
    pub scenario_title: Text,
    /// The territory.
    pub territory: TerritoryRecord,
    /// Names and kinds of the measures whose edits were made.
    pub measures: BTreeMap<String, Value>,
    /// Parameters as used.
    pub parameters: Value,
    /// Files that parameters, measures and inputs refer to.
    pub input_files: Vec<InputFile>,
    /// Runs whose results were read: variable → hash.
    pub upstream: BTreeMap<String, String>,
    /// Run grid.
    pub grid: GridSpec,
    /// Start, UTC; none of a run without time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_utc: Option<String>,
    /// Length in seconds; none of a run without time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Seconds between outputs; none of a run without time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_interval_s: Option<f64>,
    /// Mass or energy balance at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Licence of the plugin.
    pub licence: String,
    /// How to cite the method.
    pub citation: String,
    /// What was assumed.
    pub hypotheses: Vec<Text>,
    /// Limits of validity.
    pub limits: Vec<Text>,
    /// What the reader must know before using the result.
    pub warnings: Vec<Text>,
}

impl RunManifest {
    /// What a publication should say of the run, line by line: territory, scenario, program, method,
    /// data.
    pub fn cited(&self, language: Language) -> Vec<String> {
        let mut data: Vec<String> = self
            .territory
            .sources
            .iter()
            .map(|s| format!("{} ({}, {})", s.product.label(), s.attribution, s.licence))
            .collect();
        data.sort();
        data.dedup();
        vec![
            format!(
                "{} – {} ({}). {} {}, twin {}. {} {}",
                self.territory.name,
                self.scenario_title.get(language),
                self.scenario,
                self.simulation,
                self.simulation_version,
                self.program_version,
                language.pick("Empreinte", "Hash"),
                self.hash
            ),
            format!("{}{}", language.pick("Méthode : ", "Method: "), self.citation),
            format!("{}{}", language.pick("Données : ", "Data: "), data.join(" ; ")),
        ]
    }
}

/// The territory as a run saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerritoryRecord {
    /// Name.
    pub name: String,
    /// Hash of its content.
    pub hash: String,
    /// Horizontal reference system.
    pub crs: Crs,
    /// Label of the vertical datum.
    pub vertical_datum: String,
    /// Whether its terrain is good enough for hazard results.
    pub is_fit_for_hazard: bool,
    /// Where its data come from.
    pub sources: Vec<SourceRecord>,
}

impl TerritoryRecord {
    /// Who is to be named on maps, each once.
    pub fn credits(&self) -> Vec<String> {
        let name = |s: &SourceRecord| format!("{} {}", s.product.label(), s.attribution);
        let mut credits: Vec<String> = self.sources.iter().map(name).collect();
        credits.sort();
        credits.dedup();
        credits
    }
}

/// A file that a scenario refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Dotted key that names it.
    pub key: String,
    /// File name without folder.
    pub name: String,
    /// BLAKE3 of its content.
    pub hash: String,
}

/// `log.json`: what depends on the moment and the machine of running.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RunLog {
    /// When the run ended, UTC.
    pub finished_utc: String,
    /// Threads used.
    pub threads: usize,
    /// Wall time in seconds, of this process only.
    pub wall_s: f64,
    /// How often it was resumed.
    pub resumed: u32,
}

/// `runs/scenarios/ID.json`: the runs of a scenario.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScenarioManifest {
    /// Version of this record.
    pub schema: u32,
    /// Scenario identifier.
    pub scenario: String,
    /// Scenario title.
    pub title: Text,
    /// Scenario file.
    pub file: String,
    /// Folder of each run, relative to the store, by name of the step.
    pub runs: BTreeMap<String, String>,
}
