//! `twin run`: runs a scenario and says where its reports are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use twin_core::results::{RunStore, ViewerProgram};
use twin_core::scenario::Scenario;
use twin_core::simulation::Registry;
use twin_core::simulation::driver::{self, Progress, RunOptions, StepResult, path_keys_of};
use twin_core::{Language, Result};

use crate::console::{Console, cancellation, line};

/// What the user asked for.
pub(crate) struct Request {
    pub(crate) scenario: PathBuf,
    pub(crate) overrides: Vec<String>,
    pub(crate) resume: bool,
    pub(crate) runs: Option<PathBuf>,
}

impl Request {
    fn load(&self, registry: &Registry) -> Result<Scenario> {
        Scenario::load(&self.scenario, &self.overrides, |id| path_keys_of(registry, id))
    }
}

/// A report that was written.
pub(crate) struct Report {
    /// Title of the scenario, with the run where there are several.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// Runs a scenario; returns the report of each run.
pub(crate) fn run(
    request: &Request,
    registry: &Registry,
    console: &Arc<Console>,
) -> Result<Vec<Report>> {
    let scenario = request.load(registry)?;
    let store = RunStore::new(request.runs.clone().unwrap_or_else(|| beside(&request.scenario)));
    let results = compute(&scenario, store, request.resume, registry, console)?;
    let title = scenario.title.get(console.language);
    let mut reports = Vec::new();
    for (name, result) in &results {
        let name = if results.len() == 1 { title.to_owned() } else { format!("{title} [{name}]") };
        for warning in &result.manifest.warnings {
            let text = warning.get(console.language);
            console.say(&format!("{name} – attention : {text}"), &format!("{name} – note: {text}"));
        }
        reports.push(Report { name, path: result.folder.join("report.html") });
    }
    Ok(reports)
}

/// The folder of runs beside a file.
pub(crate) fn beside(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new(".")).join("runs")
}

/// Computes all runs of a scenario into a store, with progress.
pub(crate) fn compute(
    scenario: &Scenario,
    store: RunStore,
    resume: bool,
    registry: &Registry,
    console: &Arc<Console>,
) -> Result<BTreeMap<String, StepResult>> {
    let mut options = RunOptions::new(store);
    options.resume = resume;
    options.viewer = Some(ViewerProgram::of_this_machine());
    options.language = console.language;
    options.cancelled = cancellation()?;
    let (listener, title, total_s) =
        (console.clone(), scenario.title.get(console.language).to_owned(), scenario.duration_s());
    options.progress = Arc::new(move |progress| match progress {
        Progress::Reached { run, time_s } => {
            let text = format!("{title} [{run}]");
            listener.show(&text, &text, time_s / total_s);
        }
        Progress::Variant { run, title, index, count, share } => {
            let told = |l| format!("{run} {}/{count} : {}", index + 1, title.get(l));
            let done = (index as f64 + share) / count as f64;
            listener.show(&told(Language::Fr), &told(Language::En), done);
        }
        Progress::Finished { .. } => listener.clear(),
        other => say(&listener, other),
    });
    let title = &scenario.title;
    console.timed(&title.fr, &title.en, || driver::run(registry, scenario, &options))
}

/// Says what is worth a line of its own.
pub(crate) fn say(console: &Console, progress: Progress<'_>) {
    match progress {
        Progress::Resumed { run, time_s } => {
            let time = clock(time_s, console.language);
            console.say(&format!("{run} : reprise à {time}"), &format!("{run}: resumed at {time}"));
        }
        Progress::Waiting { run } => console.say(
            &format!("{run} : un autre processus calcule déjà ce résultat ; attente de sa fin"),
            &format!("{run}: another process already computes this result; waiting for it"),
        ),
        Progress::Unchanged { run } => console.say(
            &format!("{run} : rien n'a changé, résultat repris du dépôt"),
            &format!("{run}: nothing changed, result taken from the store"),
        ),
        _ => (),
    }
}

/// Prints what a scenario would cost.
pub(crate) fn estimate(request: &Request, registry: &Registry, console: &Console) -> Result<()> {
    let scenario = request.load(registry)?;
    let n = |v: f64, decimals| console.language.number(v, decimals);
    for (name, estimate) in driver::estimate(registry, &scenario)? {
        let text = match (estimate, console.language) {
            (None, Language::Fr) => format!("{name} : coût non estimable"),
            (None, Language::En) => format!("{name}: cost cannot be told"),
            (Some((work, cost)), language) => {
                let (cells, size, steps) =
                    (n(work.cells as f64, 0), n(work.cell_size_m, 1), n(cost.steps, 0));
                let (memory, time) = (n(cost.memory_bytes / 1e6, 0), n(cost.wall_s, 0));
                match language {
                    Language::Fr => format!(
                        "{name} : {cells} mailles de {size} m × {steps} pas, {memory} Mo, environ {time} s sur {} fils",
                        work.threads
                    ),
                    Language::En => format!(
                        "{name}: {cells} cells of {size} m × {steps} steps, {memory} MB, about {time} s on {} threads",
                        work.threads
                    ),
                }
            }
        };
        line(&text);
    }
    Ok(())
}

fn clock(time_s: f64, language: Language) -> String {
    let minutes = (time_s / 60.0).round() as u64;
    format!("{} {} {:02} min", minutes / 60, language.pick("h", "h"), minutes % 60)
}
