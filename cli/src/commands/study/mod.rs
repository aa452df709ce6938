//! `twin study`: a scenario under several actions and events, computed and told in one report.

mod batch;
mod compose;
mod draws;
mod new;
mod pictures;
mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use twin_core::results::{RunManifest, RunStore};
use twin_core::scenario::Scenario;
use twin_core::simulation::Registry;
use twin_core::simulation::driver::{StepResult, check_all, path_keys_of};
use twin_core::study::{CombinationRecord, Study, StudyRecord};
use twin_core::{Error, Result};

use super::run::beside;
use crate::arguments::StudyAction;
use crate::console::Console;

/// What the user asked for.
pub(crate) struct Request {
    pub(crate) study: PathBuf,
    pub(crate) overrides: Vec<String>,
    pub(crate) resume: bool,
    pub(crate) runs: Option<PathBuf>,
}

impl Request {
    /// All of a study file, into the store beside it.
    pub(crate) fn of(study: PathBuf) -> Self {
        Self { study, overrides: Vec::new(), resume: true, runs: None }
    }

    fn store(&self) -> RunStore {
        RunStore::new(self.runs.clone().unwrap_or_else(|| beside(&self.study)))
    }
}

/// Does what is asked with a study and says where its report is.
pub(crate) fn study(
    action: StudyAction,
    registry: &Registry,
    console: &Arc<Console>,
) -> Result<()> {
    let report = match action {
        StudyAction::New(asked) => new::new(&asked, registry, console)?,
        StudyAction::Run { study, overrides, runs } => {
            let request = Request { study, overrides, resume: true, runs };
            Some(run(&request, registry, console)?)
        }
        StudyAction::List { study } => {
            list(&study, registry, console)?;
            None
        }
    };
    if let Some(path) = report {
        console.say_timings();
        let path = path.display();
        console.say(&format!("Rapport : {path}"), &format!("Report: {path}"));
    }
    Ok(())
}

/// Computes all combinations of a study and writes its report; returns the path of the report.
pub(crate) fn run(
    request: &Request,
    registry: &Registry,
    console: &Arc<Console>,
) -> Result<PathBuf> {
    let study = Study::load(&request.study)?;
    let combinations = study.combinations(&request.overrides, |id| path_keys_of(registry, id))?;
    // All that can be known to be wrong is told before the first one is computed.
    pictures::check(&study)?;
    for combination in &combinations {
        let scenarios: Vec<&Scenario> = combination.scenarios().collect();
        check_all(registry, &scenarios).map_err(|(at, error)| match (at, error) {
            // The combination itself is right: what was drawn is not.
            (1.., Error::Input { place, problem }) => {
                let study = study.file.display();
                Error::Input { place: format!("{study} [ensemble.values], {place}"), problem }
            }
            (_, error) => error,
        })?;
    }
    let store = request.store();
    let batch =
        batch::Batch { study: &study, store: &store, resume: request.resume, registry, console };
    let central = console.timed("calculs", "runs", || batch.central(&combinations))?;
    draws::check_fields(&study, &central)?;
    let drawn = match study.ensemble {
        None => Vec::new(),
        Some(_) => console.timed("tirages", "draws", || batch.draws(&combinations))?,
    };
    let folders = |results: BTreeMap<String, StepResult>| -> BTreeMap<String, String> {
        let of = |m: &RunManifest| format!("{}/{}", m.simulation, m.hash);
        results.iter().map(|(name, result)| (name.clone(), of(&result.manifest))).collect()
    };
    let mut drawn = drawn.into_iter().map(folders);
    let mut record = StudyRecord {
        schema: 1,
        study: study.id.clone(),
        title: study.title.clone(),
        combinations: Vec::new(),
    };
    for (combination, runs) in combinations.iter().zip(central) {
        record.combinations.push(CombinationRecord {
            action: combination.action.clone(),
            event: combination.event.clone(),
            horizon: combination.horizon.clone(),
            scenario: combination.scenario.id.clone(),
            runs: folders(runs),
            draws: drawn.by_ref().take(combination.draws.len()).collect(),
        });
    }
    record.write(&store)?;
    report(&study, &record, &combinations, &store, console)
}

/// The report of a study that was computed; returns its path.
pub(crate) fn report_again(
    request: &Request,
    registry: &Registry,
    console: &Arc<Console>,
) -> Result<PathBuf> {
    let study = Study::load(&request.study)?;
    let store = request.store();
    let record = StudyRecord::read(&store, &study.id)?.ok_or_else(|| {
        Error::input(
            request.study.display().to_string(),
            "cette étude n'a pas été calculée ; lancer d'abord twin study run",
            "this study has not been computed; first call twin study run",
        )
    })?;
    let combinations = study.combinations(&request.overrides, |id| path_keys_of(registry, id))?;
    report(&study, &record, &combinations, &store, console)
}

fn report(
    study: &Study,
    record: &StudyRecord,
    combinations: &[twin_core::study::Combination],
    store: &RunStore,
    console: &Console,
) -> Result<PathBuf> {
    let out = store.root().join("studies").join(&study.id);
    std::fs::create_dir_all(&out).map_err(Error::write(&out))?;
    let composed = compose::Composed::new(study, record, combinations, store)?;
    let path = out.join("rapport.html");
    console.timed("rapport", "report", || {
        let drawn = composed.maps_of_draws(&out, console.language)?;
        let project = composed.qgis_project(&out, &drawn, console.language)?;
        twin_core::results::write_atomically(&out.join("project.qgz"), &project)?;
        let report = composed.report(&out, drawn, console.language)?;
        let html = twin_core::export::report::render(&report)?;
        twin_core::results::write_atomically(&path, html.as_bytes())
    })?;
    let csv = composed.csv(console.language);
    twin_core::results::write_atomically(&out.join("indicateurs.csv"), csv.as_bytes())?;
    if let Some(csv) = composed.draws_csv(console.language) {
        twin_core::results::write_atomically(&out.join("tirages.csv"), csv.as_bytes())?;
    }
    Ok(path)
}

/// Prints the combinations of a study and the scenario of each.
fn list(path: &Path, registry: &Registry, console: &Console) -> Result<()> {
    let study = Study::load(path)?;
    for combination in study.combinations(&[], |id| path_keys_of(registry, id))? {
        let of = study.title_of(
            &combination.action,
            combination.event.as_deref(),
            combination.horizon.as_deref(),
        );
        let id = &combination.scenario.id;
        crate::console::line(&format!("{id:<40} {}", of.get(console.language)));
    }
    Ok(())
}
