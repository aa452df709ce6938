//! Scenarios run in the window's own process, in the background, with progress and a way to stop.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bevy::prelude::*;
use twin_core::results::{RunStore, ViewerProgram};
use twin_core::scenario::Scenario;
use twin_core::simulation::Registry;
use twin_core::simulation::driver::{self, Progress, RunOptions, path_keys_of};
use twin_core::{Error, Language, Result};

use crate::app::Plugins;
use crate::drafts::{scenario_file, write_scenario};
use crate::errand::{Errand, Wake};
use crate::notices::Notices;
use crate::opened::{OpenRun, Opened};
use crate::state::{CompareMode, ViewState};
use crate::tools::{Draft, Tool, Tools};

/// How often the window shows how far a run is: each turn costs processor time that the run wants.
const TOLD_EVERY: Duration = Duration::from_millis(250);

/// The scenario that is being run, if any.
#[derive(Default, Resource)]
pub(crate) struct Job(Option<Work>);

struct Work {
    title: String,
    reached: Arc<Mutex<(String, f64)>>,
    cancelled: Arc<AtomicBool>,
    errand: Errand<Result<Vec<PathBuf>>>,
    /// What was drawn for it, which comes back where it does not end well.
    drafts: Vec<Draft>,
}

impl Job {
    /// Begins a scenario.
    ///
    /// # Errors
    /// When the scenario cannot be read, or another one is running.
    pub(crate) fn start(
        &mut self,
        file: &Path,
        registry: &Arc<Registry>,
        language: Language,
        wake: &Wake,
    ) -> Result<()> {
        if self.0.is_some() {
            return Err(Error::input(
                file.display().to_string(),
                "un calcul est déjà en cours ; attendre sa fin ou l'arrêter",
                "a run is going on; wait for its end or stop it",
            ));
        }
        let scenario = Scenario::load(file, &[], |id| path_keys_of(registry, id))?;
        let store = RunStore::new(file.parent().unwrap_or(Path::new(".")).join("runs"));
        let title = scenario.title.get(language).to_owned();
        let (cancelled, reached) =
            (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new((String::new(), 0.0))));
        let mut options = RunOptions::new(store);
        options.viewer = Some(ViewerProgram::of_this_machine());
        options.language = language;
        options.cancelled = cancelled.clone();
        let (told, length_s) = (reached.clone(), scenario.duration_s());
        let (waking, woken) = (wake.clone(), Mutex::new(Instant::now()));
        options.progress = Arc::new(move |progress| {
            let now = match progress {
                Progress::Reached { run, time_s } => (run.to_owned(), time_s / length_s.max(1e-9)),
                Progress::Variant { run, title, index, count, share } => (
                    format!("{run} – {}", title.get(language)),
                    (index as f64 + share) / count.max(1) as f64,
                ),
                _ => return,
            };
            *told.lock().unwrap_or_else(PoisonError::into_inner) = now;
            let mut woken = woken.lock().unwrap_or_else(PoisonError::into_inner);
            if woken.elapsed() >= TOLD_EVERY {
                *woken = Instant::now();
                waking.up();
            }
        });
        let registry = registry.clone();
        let errand = Errand::begin(wake, move || {
            let results = driver::run(&registry, &scenario, &options)?;
            Ok(results.into_values().map(|step| step.folder).collect())
        });
        self.0 = Some(Work { title, reached, cancelled, errand, drafts: Vec::new() });
        Ok(())
    }

    /// Makes a scenario of the measures that were drawn, a child of the scenario of run A, and
    /// begins it; gives its file.
    ///
    /// # Errors
    /// When no run is shown, its scenario is not there any more, or [`Job::start`] refuses.
    pub(crate) fn start_drafts(
        &mut self,
        tools: &mut Tools,
        opened: &Opened,
        registry: &Arc<Registry>,
        language: Language,
        wake: &Wake,
    ) -> Result<PathBuf> {
        let run = opened.run_a().filter(|_| !tools.drafts.is_empty()).ok_or_else(|| {
            Error::input(
                "simulation",
                "choisir un calcul et dessiner une mesure : elle s'ajoute au scénario du calcul",
                "choose a run and draw a measure: it is added to the scenario of the run",
            )
        })?;
        let file = write_scenario(&scenario_file(run)?, &tools.drafts, language)?;
        self.start(&file, registry, language, wake)?;
        if let Some(work) = &mut self.0 {
            work.drafts = std::mem::take(&mut tools.drafts);
        }
        tools.take(Tool::Ask);
        Ok(file)
    }

    /// What is running, the step it is at, and how far that is, 0 to 1.
    pub(crate) fn progress(&self) -> Option<(String, String, f64)> {
        let work = self.0.as_ref()?;
        let (step, share) = work.reached.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some((work.title.clone(), step, share.clamp(0.0, 1.0)))
    }

    /// Asks it to stop.
    pub(crate) fn cancel(&self) {
        if let Some(work) = &self.0 {
            work.cancelled.store(true, Ordering::Relaxed);
        }
    }
}

/// Shows the runs of a scenario that ended beside the one that was shown.
pub(crate) fn take_result(
    mut job: ResMut<Job>,
    mut state: ResMut<ViewState>,
    mut opened: ResMut<Opened>,
    plugins: Res<Plugins>,
    mut tools: ResMut<Tools>,
    mut notices: ResMut<Notices>,
) {
    let Some(work) = job.0.take_if(|work| work.errand.is_done()) else { return };
    let language = state.language;
    let ended = work.errand.result();
    if !matches!(ended, Ok(Ok(_))) {
        tools.drafts.splice(0..0, work.drafts);
    }
    match ended {
        Ok(Ok(folders)) => {
            let open = |folder: &PathBuf| OpenRun::open(folder, &plugins.0);
            let field = state.result.field.clone().unwrap_or_default();
            let runs: Vec<_> = folders.iter().filter_map(|f| open(f).ok()).collect();
            // Of several steps, the one that has the field that is shown.
            let at = runs.iter().position(|run| run.field(&field).is_some()).unwrap_or(0);
            if let Some(run) = runs.into_iter().nth(at) {
                let said = language.pick("calcul terminé", "run complete");
                notices.say(format!("{} : {said}", work.title));
                let before = opened.run_a().map(|run| run.run.folder.clone());
                state.runs.insert(0, run.run.folder.clone());
                state.runs.truncate(2);
                opened.runs.insert(0, Arc::new(run));
                opened.runs.truncate(2);
                if before.is_some() && state.compare.mode == CompareMode::Off {
                    state.compare.mode = CompareMode::Swipe;
                }
            }
            let territory = state.territory.clone();
            if let Err(error) = opened.refresh(&territory) {
                notices.error(&error, language);
            }
        }
        Ok(Err(Error::Cancelled)) => {
            notices.say(language.pick("Calcul arrêté.", "Run stopped."));
        }
        Ok(Err(error)) => notices.error(&error, language),
        Err(_) => notices.problem(language.pick(
            "Le calcul s'est interrompu sur une erreur interne ; la signaler avec le scénario.",
            "The run broke off on an internal error; please report it with the scenario.",
        )),
    }
}
