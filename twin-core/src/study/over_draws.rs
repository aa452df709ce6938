//! A field over the draws of a combination: how often it exceeds a threshold, and its quantiles, place by
//! place. Draws are read strip by strip, so that memory does not grow with their number times the grid.

use rayon::prelude::*;

use super::FieldOverDraws;
use crate::Result;
use crate::results::FinishedRun;
use crate::sampling::quantile;
use crate::spatial::Grid;

/// Values held at once, over all draws.
const VALUES_AT_ONCE: usize = 16_000_000;

/// What a map over the draws shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// Share of the draws at or above a threshold, percent.
    Above(f64),
    /// Value that a share of the draws does not exceed.
    Quantile(f64),
}

impl FieldOverDraws {
    /// What is asked for, thresholds first.
    pub fn statistics(&self) -> Vec<Statistic> {
        let above = self.above.iter().map(|v| Statistic::Above(*v));
        above.chain(self.quantiles.iter().map(|q| Statistic::Quantile(*q))).collect()
    }
}

/// The statistics of a field over runs on one grid; `NaN` where a draw has no value and none is stated for
/// it.
///
/// # Errors
/// A run lacks the field, or it cannot be read.
pub fn over_draws(
    draws: &[FinishedRun],
    field: &str,
    asked: &FieldOverDraws,
) -> Result<Vec<(Statistic, Grid<f32>)>> {
    let Some(first) = draws.first() else { return Ok(Vec::new()) };
    let spec = *first.fields.spec();
    let statistics = asked.statistics();
    let mut grids = vec![Grid::filled(spec, f32::NAN); statistics.len()];
    let rows_at_once = (VALUES_AT_ONCE / (draws.len() * spec.columns).max(1)).max(1);
    for from in (0..spec.rows).step_by(rows_at_once) {
        let rows = from..(from + rows_at_once).min(spec.rows);
        let strips = draws
            .iter()
            .map(|run| run.field_window(field, rows.clone(), 0..spec.columns))
            .collect::<Result<Vec<_>>>()?;
        let cells = rows.len() * spec.columns;
        let found: Vec<Vec<f32>> = (0..cells)
            .into_par_iter()
            .map_init(Vec::new, |drawn: &mut Vec<f64>, cell| {
                drawn.clear();
                drawn.extend(strips.iter().filter_map(|strip| {
                    let value = f64::from(strip.values[cell]);
                    if value.is_nan() { asked.where_missing } else { Some(value) }
                }));
                if drawn.len() < draws.len() {
                    return vec![f32::NAN; statistics.len()];
                }
                drawn.sort_by(f64::total_cmp);
                statistics.iter().map(|statistic| statistic.of(drawn) as f32).collect()
            })
            .collect();
        let offset = rows.start * spec.columns;
        for (at, values) in found.into_iter().enumerate() {
            for (grid, value) in grids.iter_mut().zip(values) {
                grid.values[offset + at] = value;
            }
        }
    }
    Ok(statistics.into_iter().zip(grids).collect())
}

impl Statistic {
    fn of(self, sorted: &[f64]) -> f64 {
        match self {
            Self::Above(threshold) => {
                let below = sorted.partition_point(|v| *v < threshold);
                100.0 * (sorted.len() - below) as f64 / sorted.len() as f64
            }
            Self::Quantile(share) => quantile(sorted, share),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_above_and_quantiles_are_those_of_the_draws() {
        let sorted: Vec<f64> = (0..11).map(|k| f64::from(k) / 10.0).collect();
        assert_eq!(Statistic::Above(0.0).of(&sorted), 100.0);
        assert_eq!(Statistic::Above(1.01).of(&sorted), 0.0);
        assert!((Statistic::Above(0.75).of(&sorted) - 300.0 / 11.0).abs() < 1e-12);
        assert!((Statistic::Quantile(0.9).of(&sorted) - 0.9).abs() < 1e-12);
    }
}
