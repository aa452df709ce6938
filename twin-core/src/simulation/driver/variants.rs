//! Runs the variants of a finished run: the same grid and clock, nothing stored but the outcome.

use std::sync::Arc;

use super::plan::Step;
use super::side_by_side::side_by_side;
use super::{Progress, RunOptions};
use crate::scenario::Scenario;
use crate::simulation::{Fields, Outcome, Run, RunContext, Variant, VariantOutcome};
use crate::territory::TerritoryView;
use crate::{Error, Result};

/// Cells that are worked on at once at most, so that memory stays within a few times that of the run.
const MOST_CELLS: usize = 8_000_000;

/// Computes the variants that a run asks for: side by side, as many as there are threads and memory,
/// each with its share of the threads; together they keep all threads busy even on small grids.
pub(super) fn run_variants(
    scenario: &Scenario,
    view: &Arc<TerritoryView>,
    step: &Step,
    run: &dyn Run,
    options: &RunOptions,
    context: &RunContext,
) -> Result<Vec<VariantOutcome>> {
    let variants = run.variants()?;
    let count = variants.len();
    let fitting = (MOST_CELLS / view.spec().len().max(1)).max(1);
    let outcomes = side_by_side(count, fitting, |index| {
        let variant = &variants[index];
        let tell = |share: f64| {
            let (run, title) = (step.name.as_str(), &variant.title);
            (options.progress)(Progress::Variant { run, title, index, count, share });
        };
        compute(scenario, view, step, variant, context, tell)
    })?;
    let told = |(variant, outcome)| VariantOutcome { variant, outcome };
    Ok(variants.into_iter().zip(outcomes).map(told).collect())
}

fn compute(
    scenario: &Scenario,
    view: &Arc<TerritoryView>,
    step: &Step,
    variant: &Variant,
    context: &RunContext,
    tell: impl Fn(f64),
) -> Result<Outcome> {
    let view = variant.view.as_ref().unwrap_or(view);
    let quiet = context.clone().with_progress(Arc::new(|_| ()));
    let mut run = step.simulation.initialise(view.clone(), &variant.parameters, &quiet)?;
    let mut fields = Fields::new(*view.spec());
    let (duration, interval) = (scenario.duration_s(), scenario.output_interval_s());
    let last = (duration / interval - 1e-9).ceil() as usize;
    for output in 0..=last {
        context.check_cancelled()?;
        run.advance_to((output as f64 * interval).min(duration), &mut fields, &quiet)?;
        tell(output as f64 / last.max(1) as f64);
    }
    if let Some(budget) = run.budget().filter(|b| !b.is_closed()) {
        let (id, error) = (&variant.id, budget.relative_error());
        return Err(Error::simulation(
            &step.name,
            format!(
                "le bilan de la variante {id} ne ferme pas (erreur relative {error:.1e}) ; signaler ce cas"
            ),
            format!(
                "the budget of variant {id} does not close (relative error {error:.1e}); report this case"
            ),
        ));
    }
    run.finish(&quiet)
}
