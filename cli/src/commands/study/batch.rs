//! The combinations of a study computed side by side, with what is told meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use twin_core::Result;
use twin_core::results::RunStore;
use twin_core::scenario::Scenario;
use twin_core::simulation::Registry;
use twin_core::simulation::driver::{Progress, RunOptions, StepResult, run_all};
use twin_core::study::{Combination, Study};

use super::super::run::say;
use crate::console::{Console, cancellation};

/// Computes all combinations, each followed by its draws.
pub(super) fn compute(
    study: &Study,
    combinations: &[Combination],
    store: &RunStore,
    resume: bool,
    registry: &Registry,
    console: &Arc<Console>,
) -> Result<Vec<BTreeMap<String, StepResult>>> {
    let scenarios: Vec<&Scenario> = combinations.iter().flat_map(Combination::scenarios).collect();
    // Where each combination stands among the scenarios; the others are draws.
    let mut titles: BTreeMap<usize, String> = BTreeMap::new();
    let mut at = 0;
    for (number, combination) in combinations.iter().enumerate() {
        let (event, horizon) = (combination.event.as_deref(), combination.horizon.as_deref());
        let of = study.title_of(&combination.action, event, horizon);
        let step = format!("{}/{}", number + 1, combinations.len());
        titles.insert(at, format!("{step} : {}", of.get(console.language)));
        at += 1 + combination.draws.len();
    }
    let cancelled = cancellation()?;
    // Of each scenario the runs that are done, and the share of the next one.
    let reached = Arc::new(Mutex::new(vec![(0usize, 0.0f64); scenarios.len()]));
    let options = |at: usize| {
        let mut options = RunOptions::new(store.clone());
        options.resume = resume;
        options.with_documents = titles.contains_key(&at);
        options.language = console.language;
        options.cancelled = cancelled.clone();
        let (listener, reached) = (console.clone(), reached.clone());
        let title = titles.get(&at).cloned();
        let duration_s = scenarios[at].duration_s();
        let runs: Vec<usize> = scenarios.iter().map(|scenario| scenario.runs.len()).collect();
        if let Some(title) = &title {
            console.say(title, title);
        }
        options.progress = Arc::new(move |progress| {
            if title.is_some() {
                say(&listener, progress);
            }
            let Ok(mut reached) = reached.lock() else { return };
            let (done, share) = &mut reached[at];
            match progress {
                Progress::Reached { time_s, .. } => *share = time_s / duration_s,
                Progress::Finished { .. } | Progress::Unchanged { .. } => {
                    (*done, *share) = (*done + 1, 0.0);
                }
                _ => return,
            }
            let of = |((done, share), runs): (&(usize, f64), &usize)| {
                (*done as f64 + share) / (*runs).max(1) as f64
            };
            let all: f64 = reached.iter().zip(&runs).map(of).sum();
            let complete = reached.iter().zip(&runs).filter(|((done, _), runs)| done >= runs);
            let told = format!("{}/{}", complete.count(), runs.len());
            listener.show(&told, &told, all / runs.len() as f64);
        });
        options
    };
    let results = run_all(registry, &scenarios, options);
    console.clear();
    results
}
