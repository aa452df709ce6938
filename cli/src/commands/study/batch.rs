//! The scenarios of a study computed side by side, with what is told meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use twin_core::Result;
use twin_core::results::{RunStore, ViewerProgram};
use twin_core::scenario::Scenario;
use twin_core::simulation::Registry;
use twin_core::simulation::driver::{Progress, RunOptions, StepResult, run_all};
use twin_core::study::{Combination, Study};

use super::super::run::say;
use crate::console::{Console, cancellation};

/// What the scenarios of a study have in common.
pub(super) struct Batch<'a> {
    pub(super) study: &'a Study,
    pub(super) store: &'a RunStore,
    pub(super) resume: bool,
    pub(super) registry: &'a Registry,
    pub(super) console: &'a Arc<Console>,
}

type Results = BTreeMap<String, StepResult>;

impl Batch<'_> {
    /// Computes the combinations, with documents; each is told by its title.
    pub(super) fn central(&self, combinations: &[Combination]) -> Result<Vec<Results>> {
        let scenarios: Vec<&Scenario> = combinations.iter().map(|c| &c.scenario).collect();
        let title = |at: usize| {
            let of = &combinations[at];
            let (event, horizon) = (of.event.as_deref(), of.horizon.as_deref());
            let title = self.study.title_of(&of.action, event, horizon);
            let step = format!("{}/{}", at + 1, combinations.len());
            format!("{step} : {}", title.get(self.console.language))
        };
        self.compute(&scenarios, |at| Some(title(at)))
    }

    /// Computes the draws of all combinations, fields and figures alone.
    pub(super) fn draws(&self, combinations: &[Combination]) -> Result<Vec<Results>> {
        let draws = combinations.iter().flat_map(|c| &c.draws);
        let scenarios: Vec<&Scenario> = draws.map(|draw| &draw.scenario).collect();
        let n = scenarios.len();
        self.console.say(&format!("{n} scénarios tirés"), &format!("{n} drawn scenarios"));
        self.compute(&scenarios, |_| None)
    }

    /// `title`: what is said when a scenario begins; without, it is computed in silence and without documents.
    fn compute(
        &self,
        scenarios: &[&Scenario],
        title: impl Fn(usize) -> Option<String> + Sync,
    ) -> Result<Vec<Results>> {
        let cancelled = cancellation()?;
        // Of each scenario the runs that are done, and the share of the next one.
        let reached = Arc::new(Mutex::new(vec![(0usize, 0.0f64); scenarios.len()]));
        let runs: Arc<Vec<usize>> = Arc::new(scenarios.iter().map(|s| s.runs.len()).collect());
        let options = |at: usize| {
            let title = title(at);
            let mut options = RunOptions::new(self.store.clone());
            options.resume = self.resume;
            options.with_documents = title.is_some();
            options.viewer = Some(ViewerProgram::of_this_machine());
            options.language = self.console.language;
            options.cancelled = cancelled.clone();
            if let Some(title) = &title {
                self.console.say(title, title);
            }
            let (listener, reached, runs) = (self.console.clone(), reached.clone(), runs.clone());
            let (is_told, duration_s) = (title.is_some(), scenarios[at].duration_s());
            options.progress = Arc::new(move |progress| {
                if is_told {
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
                show(&listener, &reached, &runs);
            });
            options
        };
        let results = run_all(self.registry, scenarios, options);
        self.console.clear();
        results
    }
}

/// How far all scenarios are.
fn show(console: &Console, reached: &[(usize, f64)], runs: &[usize]) {
    let of = |((done, share), runs): (&(usize, f64), &usize)| {
        (*done as f64 + share) / (*runs).max(1) as f64
    };
    let all: f64 = reached.iter().zip(runs).map(of).sum();
    let complete = reached.iter().zip(runs).filter(|((done, _), runs)| done >= runs).count();
    let told = format!("{complete}/{}", runs.len());
    console.show(&told, &told, all / runs.len().max(1) as f64);
}
