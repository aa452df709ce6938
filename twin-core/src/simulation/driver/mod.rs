//! Runs a scenario: plans its steps, owns time, outputs, checkpoints and coupling, and publishes
//! the results in a [`RunStore`].
//!
//! A step is one plugin run. Its hash covers the plugin's version, the parameters with the content
//! of every file they name, the territory view and the hashes of the runs it reads, so that an
//! unchanged step is never computed twice.

mod adapter;
mod batch;
mod before_after;
mod execute;
mod fingerprint;
mod picture;
mod plan;
mod prepare;
mod publish;
mod segments;
mod sheet;
mod side_by_side;
mod variants;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::language::Text;
use crate::results::{RunManifest, RunStore, ScenarioManifest, ViewerProgram};
use crate::scenario::Scenario;
use crate::simulation::{Estimate, Registry, RunContext, Workload};
use crate::territory::TerritoryView;
use crate::{Error, Language, Result};

pub use batch::run_all;
pub use fingerprint::without_folders;
pub use prepare::{path_keys_of, view_of};

/// What the user wants of a run besides the scenario.
#[derive(Clone)]
pub struct RunOptions {
    /// Where runs are kept.
    pub store: RunStore,
    /// Whether to go on with what an interrupted process left.
    pub resume: bool,
    /// Whether people look at the runs: with maps, report and project, and recorded as those of the scenario.
    /// Without, fields and figures alone are written, as of one draw among many.
    pub with_documents: bool,
    /// Draws the picture in three dimensions of reports; without, or where it cannot draw, they have none.
    pub viewer: Option<ViewerProgram>,
    /// Language of reports and maps.
    pub language: Language,
    /// Set to ask for a stop.
    pub cancelled: Arc<AtomicBool>,
    /// Receives what happens.
    pub progress: Arc<dyn Fn(Progress<'_>) + Send + Sync>,
}

impl std::fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunOptions")
            .field("store", &self.store)
            .field("resume", &self.resume)
            .field("with_documents", &self.with_documents)
            .field("viewer", &self.viewer)
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

impl RunOptions {
    /// A store, no resuming, French, no viewer, nobody listening.
    pub fn new(store: RunStore) -> Self {
        Self {
            store,
            resume: false,
            with_documents: true,
            viewer: None,
            language: Language::Fr,
            cancelled: Arc::new(AtomicBool::new(false)),
            progress: Arc::new(|_| ()),
        }
    }
}

/// What a driver tells while it works.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A step begins.
    Started {
        /// Name of the step.
        run: &'a str,
        /// Length of the scenario in seconds.
        duration_s: f64,
    },
    /// A step reached a time.
    Reached {
        /// Name of the step.
        run: &'a str,
        /// Seconds since the scenario's start.
        time_s: f64,
    },
    /// A step goes on from a checkpoint.
    Resumed {
        /// Name of the step.
        run: &'a str,
        /// Seconds since the scenario's start.
        time_s: f64,
    },
    /// Another process or thread computes the step; its results are waited for.
    Waiting {
        /// Name of the step.
        run: &'a str,
    },
    /// A step's results were already there.
    Unchanged {
        /// Name of the step.
        run: &'a str,
    },
    /// A variant of a step is computed.
    Variant {
        /// Name of the step.
        run: &'a str,
        /// What differs.
        title: &'a Text,
        /// Position among the variants.
        index: usize,
        /// Number of variants.
        count: usize,
        /// Share of it that is done.
        share: f64,
    },
    /// A step is complete.
    Finished {
        /// Name of the step.
        run: &'a str,
    },
}

/// A step's result.
#[derive(Debug, Clone)]
pub struct StepResult {
    /// Folder of the run.
    pub folder: PathBuf,
    /// Its record.
    pub manifest: RunManifest,
    /// Whether it was computed now (`false`: found in the store).
    pub is_new: bool,
}

/// Runs every step of a scenario and, where people look at them, records them. Finished steps are kept when a
/// later one fails.
pub fn run(
    registry: &Registry,
    scenario: &Scenario,
    options: &RunOptions,
) -> Result<BTreeMap<String, StepResult>> {
    let placed = |error| in_scenario(error, scenario);
    let steps = plan::plan(registry, scenario).map_err(placed)?;
    let view = Arc::new(prepare::view_of(registry, scenario).map_err(placed)?);
    check_parameters(&steps, scenario, &view).map_err(placed)?;
    let mut results: BTreeMap<String, StepResult> = BTreeMap::new();
    for group in steps {
        execute::run_group(scenario, &view, group, options, &mut results).map_err(placed)?;
    }
    if !options.with_documents {
        return Ok(results);
    }
    options.store.record_scenario(&ScenarioManifest {
        schema: 1,
        scenario: scenario.id.clone(),
        title: scenario.title.clone(),
        file: scenario
            .file
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
        runs: results
            .iter()
            .map(|(name, r)| {
                (name.clone(), format!("{}/{}", r.manifest.simulation, r.manifest.hash))
            })
            .collect(),
    })?;
    Ok(results)
}

/// Checks a scenario as far as that is possible without computing: its runs and what they read from each
/// other, its files, its measures on the territory.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(registry: &Registry, scenario: &Scenario) -> Result<()> {
    check_all(registry, &[scenario]).map_err(|(_, error)| error)
}

/// Checks scenarios as [`check`] does, in turn: the territory is prepared once for neighbours that have the same
/// measures, grid and inputs.
///
/// # Errors
/// The first thing that is wrong, with the position of its scenario.
pub fn check_all(registry: &Registry, scenarios: &[&Scenario]) -> Result<(), (usize, Error)> {
    let mut prepared: Option<(serde_json::Value, TerritoryView)> = None;
    for (at, scenario) in scenarios.iter().enumerate() {
        let placed = |error| (at, in_scenario(error, scenario));
        let steps = plan::plan(registry, scenario).map_err(placed)?;
        let Scenario { territory, study_area, grid, measures, inputs, .. } = scenario;
        let of = serde_json::json!([territory, study_area, grid, measures, inputs]);
        let view = match prepared.take().filter(|(known, _)| *known == of) {
            Some((_, view)) => view,
            None => prepare::view_of(registry, scenario).map_err(placed)?,
        };
        check_parameters(&steps, scenario, &view).map_err(placed)?;
        prepared = Some((of, view));
    }
    Ok(())
}

/// What each plugin finds wrong before anything is computed.
fn check_parameters(
    steps: &[Vec<plan::Step>],
    scenario: &Scenario,
    view: &TerritoryView,
) -> Result<()> {
    let mut context = RunContext::new(scenario.duration_s(), scenario.output_interval_s());
    context.start = scenario.start();
    let mut steps = steps.iter().flatten();
    steps.try_for_each(|step| step.simulation.check(view, &step.parameters, &context))
}

/// A plugin names its parameters as `flood.parameters.inflow`; the user looks for them in a file, as
/// `runs.crue.parameters.inflow`.
fn in_scenario(error: Error, scenario: &Scenario) -> Error {
    let Error::Input { place, problem } = error else { return error };
    let of_run = scenario.runs.iter().find_map(|(name, run)| {
        let key = place.strip_prefix(run.simulation.as_str())?;
        (key.is_empty() || key.starts_with(".parameters")).then(|| format!("runs.{name}{key}"))
    });
    let of_measure = || {
        if place.starts_with("measures.") {
            return Some(place.clone());
        }
        let mut kinds = scenario.measures.iter();
        kinds.find(|(_, m)| m.kind == place).map(|(name, _)| format!("measures.{name}"))
    };
    let place = match of_run.or_else(of_measure) {
        Some(key) => format!("{} [{key}]", scenario.file.display()),
        None => place,
    };
    Error::Input { place, problem }
}

/// The cost of each step, where its plugin can tell.
pub fn estimate(
    registry: &Registry,
    scenario: &Scenario,
) -> Result<BTreeMap<String, Option<(Workload, Estimate)>>> {
    let spec = prepare::run_grid(registry, scenario)?;
    let workload = prepare::workload(scenario, &spec);
    scenario
        .runs
        .iter()
        .map(|(name, entry)| {
            let simulation = registry.simulation(&entry.simulation)?;
            Ok((name.clone(), simulation.estimate(&workload).map(|e| (workload, e))))
        })
        .collect()
}
