//! How well a result agrees with what is known: flooded extents, levels at marks, series at gauges.

use serde::Serialize;

use crate::spatial::Grid;

/// Areas of agreement of two extents, m².
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct ExtentScores {
    /// Flooded in both.
    pub hits_m2: f64,
    /// Flooded in the simulation only.
    pub false_alarms_m2: f64,
    /// Flooded in the reference only.
    pub misses_m2: f64,
    /// Dry in both.
    pub dry_m2: f64,
}

impl ExtentScores {
    /// Compares extents cell by cell where `domain` holds.
    pub fn new(simulated: &Grid<bool>, reference: &Grid<bool>, domain: &Grid<bool>) -> Self {
        let area = simulated.spec.cell_area();
        let mut scores = Self::default();
        let cells = simulated.values.iter().zip(&reference.values).zip(&domain.values);
        for ((&simulated, &reference), _) in cells.filter(|(_, inside)| **inside) {
            *match (simulated, reference) {
                (true, true) => &mut scores.hits_m2,
                (true, false) => &mut scores.false_alarms_m2,
                (false, true) => &mut scores.misses_m2,
                (false, false) => &mut scores.dry_m2,
            } += area;
        }
        scores
    }

    /// Share of the reference that the simulation floods; `None` without a reference.
    pub fn hit_rate(&self) -> Option<f64> {
        ratio(self.hits_m2, self.hits_m2 + self.misses_m2)
    }

    /// Share of the simulated extent that lies outside the reference.
    pub fn false_alarm_ratio(&self) -> Option<f64> {
        ratio(self.false_alarms_m2, self.hits_m2 + self.false_alarms_m2)
    }

    /// Critical success index, hits of all that is flooded in either (Schaefer 1990, doi
    /// 10.1175/1520-0434(1990)005<0570:TCSIAA>2.0.CO;2).
    pub fn critical_success_index(&self) -> Option<f64> {
        ratio(self.hits_m2, self.hits_m2 + self.misses_m2 + self.false_alarms_m2)
    }

    /// Simulated area of the reference's.
    pub fn bias(&self) -> Option<f64> {
        ratio(self.hits_m2 + self.false_alarms_m2, self.hits_m2 + self.misses_m2)
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// Differences simulated − observed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ErrorScores {
    /// Pairs compared.
    pub count: usize,
    /// Mean difference.
    pub bias: f64,
    /// Root mean square.
    pub rmse: f64,
    /// Mean absolute difference.
    pub mae: f64,
    /// Largest absolute difference.
    pub largest: f64,
}

impl ErrorScores {
    /// Of differences; `None` of none.
    pub fn new(differences: &[f64]) -> Option<Self> {
        let n = differences.len() as f64;
        (!differences.is_empty()).then(|| Self {
            count: differences.len(),
            bias: differences.iter().sum::<f64>() / n,
            rmse: (differences.iter().map(|d| d * d).sum::<f64>() / n).sqrt(),
            mae: differences.iter().map(|d| d.abs()).sum::<f64>() / n,
            largest: differences.iter().fold(0.0, |m, d| m.max(d.abs())),
        })
    }
}

/// Agreement of two series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SeriesScores {
    /// Differences at the times of the observations.
    pub errors: ErrorScores,
    /// Efficiency of Nash & Sutcliffe 1970 (doi 10.1016/0022-1694(70)90255-6); `None` when the
    /// observations do not vary.
    pub nse: Option<f64>,
    /// Efficiency of Gupta et al. 2009 (doi 10.1016/j.jhydrol.2009.08.003); `None` when a series does
    /// not vary or the observed mean is 0.
    pub kge: Option<f64>,
    /// Simulated less observed largest value.
    pub peak_error: f64,
    /// Simulated less observed time of the largest value, s.
    pub peak_delay_s: f64,
}

impl SeriesScores {
    /// Compares a simulated series (linear between its points) with observations inside its time;
    /// points are `(time in s, value)` in rising time. `None` when fewer than two observations fall
    /// into it.
    pub fn new(simulated: &[(f64, f64)], observed: &[(f64, f64)]) -> Option<Self> {
        let simulated: Vec<(f64, f64)> =
            simulated.iter().copied().filter(|p| p.1.is_finite()).collect();
        let (first, last) = (simulated.first()?.0, simulated.last()?.0);
        let inside = |p: &&(f64, f64)| (first..=last).contains(&p.0) && p.1.is_finite();
        let observed: Vec<(f64, f64)> = observed.iter().filter(inside).copied().collect();
        if observed.len() < 2 {
            return None;
        }
        let model: Vec<f64> = observed.iter().map(|p| interpolated(&simulated, p.0)).collect();
        let truth: Vec<f64> = observed.iter().map(|p| p.1).collect();
        let differences: Vec<f64> = model.iter().zip(&truth).map(|(m, t)| m - t).collect();
        let (mean_model, spread_model) = moments(&model);
        let (mean, spread) = moments(&truth);
        let n = truth.len() as f64;
        let nse = (spread > 0.0)
            .then(|| 1.0 - differences.iter().map(|d| d * d).sum::<f64>() / (n * spread * spread));
        let kge = (spread > 0.0 && spread_model > 0.0 && mean != 0.0).then(|| {
            let together = model.iter().zip(&truth);
            let covariance = together.map(|(m, t)| (m - mean_model) * (t - mean)).sum::<f64>() / n;
            let correlation = covariance / (spread * spread_model);
            let parts = [correlation, spread_model / spread, mean_model / mean];
            1.0 - parts.iter().map(|p| (p - 1.0).powi(2)).sum::<f64>().sqrt()
        });
        // The peak of the time that was observed, which may have ended before that of the run.
        let (from, to) = (observed.first()?.0, observed.last()?.0);
        let watched: Vec<(f64, f64)> =
            simulated.iter().filter(|p| (from..=to).contains(&p.0)).copied().collect();
        let ends = [(from, interpolated(&simulated, from)), (to, interpolated(&simulated, to))];
        let watched: Vec<(f64, f64)> = watched.into_iter().chain(ends).collect();
        let (peak, observed_peak) = (peak(&watched)?, peak(&observed)?);
        Some(Self {
            errors: ErrorScores::new(&differences)?,
            nse,
            kge,
            peak_error: peak.1 - observed_peak.1,
            peak_delay_s: peak.0 - observed_peak.0,
        })
    }
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
}

/// The first of the largest points.
fn peak(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    points.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a })
}

fn interpolated(points: &[(f64, f64)], time: f64) -> f64 {
    let after = points.partition_point(|p| p.0 < time).min(points.len() - 1);
    let (b, a) = (points[after], points[after.saturating_sub(1)]);
    if b.0 > a.0 { a.1 + (b.1 - a.1) * (time - a.0) / (b.0 - a.0) } else { b.1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::GridSpec;

    #[test]
    fn extents_are_scored_by_area_inside_the_domain() {
        let spec = GridSpec { west: 0.0, north: 2.0, cell_size: 2.0, columns: 5, rows: 1 };
        let grid = |values: [u8; 5]| Grid { spec, values: values.map(|v| v == 1).to_vec() };
        let scores = ExtentScores::new(
            &grid([1, 1, 1, 0, 1]),
            &grid([1, 0, 1, 1, 0]),
            &grid([1, 1, 1, 1, 0]),
        );
        assert_eq!((scores.hits_m2, scores.false_alarms_m2, scores.misses_m2), (8.0, 4.0, 4.0));
        assert_eq!(scores.critical_success_index(), Some(0.5));
        assert_eq!(scores.hit_rate(), Some(2.0 / 3.0));
        assert_eq!(scores.false_alarm_ratio(), Some(1.0 / 3.0));
        assert_eq!(scores.bias(), Some(1.0));
        assert_eq!(ExtentScores::default().hit_rate(), None);
    }

    #[test]
    fn a_series_is_scored_at_the_times_of_the_observations() {
        let simulated = [(0.0, 0.0), (10.0, 10.0), (20.0, 0.0)];
        let same = SeriesScores::new(&simulated, &[(5.0, 5.0), (10.0, 10.0), (15.0, 5.0)]);
        let same = same.unwrap();
        assert_eq!((same.errors.rmse, same.nse, same.peak_delay_s), (0.0, Some(1.0), 0.0));
        assert!((same.kge.unwrap() - 1.0).abs() < 1e-12);
        // The mean of the observations has an efficiency of 0.
        let flat = [(0.0, 6.0), (20.0, 6.0)];
        let mean = SeriesScores::new(&flat, &[(5.0, 4.0), (10.0, 8.0)]).unwrap();
        assert!(mean.nse.unwrap().abs() < 1e-12 && mean.kge.is_none());
        // A rise that goes on after the last observation is no error of its peak.
        let rising = [(0.0, 0.0), (100.0, 10.0)];
        let early = SeriesScores::new(&rising, &[(0.0, 0.0), (50.0, 5.0)]).unwrap();
        assert_eq!((early.peak_error, early.peak_delay_s), (0.0, 0.0));
        // Outside the run nothing is compared.
        assert!(SeriesScores::new(&simulated, &[(30.0, 1.0), (40.0, 1.0)]).is_none());
    }

    #[test]
    fn errors_of_one() {
        let scores = ErrorScores::new(&[3.0, -4.0]).unwrap();
        assert_eq!((scores.bias, scores.mae, scores.largest), (-0.5, 3.5, 4.0));
        assert!((scores.rmse - 12.5f64.sqrt()).abs() < 1e-12);
    }
}
