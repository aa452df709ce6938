//! Numbers over time that drive a run: hydrographs, stages, rain rates.

mod quantity;
mod table;

pub use quantity::Quantity;
pub use table::TableSeries;

use crate::{Error, Result};

/// A piecewise linear function of time (s), constant before its first and after its last point.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    points: Vec<(f64, f64)>,
}

impl Series {
    /// From `(time in s, value)` points.
    ///
    /// # Errors
    /// Without a point, with a number that is not finite, or when times do not increase strictly.
    pub fn new(points: Vec<(f64, f64)>) -> Result<Self> {
        let finite = points.iter().all(|(t, v)| t.is_finite() && v.is_finite());
        let ordered = points.windows(2).all(|w| w[0].0 < w[1].0);
        if points.is_empty() || !finite || !ordered {
            return Err(Error::input(
                "series",
                "une chronique demande au moins un point, des nombres finis et des temps croissants",
                "a series needs at least one point, finite numbers and increasing times",
            ));
        }
        Ok(Self { points })
    }

    /// The same value for ever.
    pub fn constant(value: f64) -> Self {
        Self { points: vec![(0.0, value)] }
    }

    /// Its points.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// With every value changed.
    pub fn map(mut self, value: impl Fn(f64) -> f64) -> Self {
        self.points.iter_mut().for_each(|p| p.1 = value(p.1));
        self
    }

    /// Value at a time.
    pub fn at(&self, time: f64) -> f64 {
        let after = self.points.partition_point(|p| p.0 <= time);
        match (after.checked_sub(1).and_then(|i| self.points.get(i)), self.points.get(after)) {
            (Some(&(t0, v0)), Some(&(t1, v1))) => v0 + (v1 - v0) * ((time - t0) / (t1 - t0)),
            (Some(&(_, v)), None) | (None, Some(&(_, v))) => v,
            (None, None) => 0.0,
        }
    }

    /// Exact integral between two times, so that volumes do not depend on the time step.
    pub fn integral(&self, from: f64, to: f64) -> f64 {
        if to <= from {
            return 0.0;
        }
        let first = self.points.partition_point(|p| p.0 <= from);
        let (mut t0, mut v0) = (from, self.at(from));
        let mut sum = 0.0;
        for &(t1, v1) in self.points.iter().skip(first).take_while(|p| p.0 < to) {
            sum += 0.5 * (v0 + v1) * (t1 - t0);
            (t0, v0) = (t1, v1);
        }
        sum + 0.5 * (v0 + self.at(to)) * (to - t0)
    }

    /// Mean between two times, `from < to`.
    pub fn mean(&self, from: f64, to: f64) -> f64 {
        self.integral(from, to) / (to - from)
    }

    /// Largest absolute value.
    pub fn largest(&self) -> f64 {
        self.points.iter().fold(0.0, |m, p| f64::max(m, p.1.abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_linear_between_and_constant_outside() {
        let series = Series::new(vec![(10.0, 1.0), (20.0, 3.0)]).unwrap();
        assert_eq!([0.0, 10.0, 15.0, 20.0, 99.0].map(|t| series.at(t)), [1.0, 1.0, 2.0, 3.0, 3.0]);
    }

    #[test]
    fn integral_is_exact_across_points() {
        let series = Series::new(vec![(0.0, 0.0), (10.0, 20.0), (20.0, 0.0)]).unwrap();
        assert_eq!(series.integral(0.0, 20.0), 200.0);
        assert_eq!(series.integral(5.0, 15.0), 150.0);
        let parts: f64 =
            (0..7).map(|k| series.integral(3.0 * k as f64, 3.0 * (k + 1) as f64)).sum();
        assert!((parts - 200.0).abs() < 1e-12);
    }

    #[test]
    fn refuses_disorder() {
        assert!(Series::new(vec![]).is_err());
        assert!(Series::new(vec![(1.0, 0.0), (1.0, 2.0)]).is_err());
        assert!(Series::new(vec![(0.0, f64::NAN)]).is_err());
    }

    #[test]
    fn integral_of_a_trapezoid_hydrograph() {
        let series = Series::new(vec![(0.0, 0.0), (100.0, 10.0), (200.0, 10.0)]).unwrap();
        assert_eq!(series.integral(0.0, 200.0), 1500.0);
        assert_eq!(series.integral(50.0, 100.0), 375.0);
        assert_eq!(series.at(-5.0), 0.0);
        assert_eq!(series.at(500.0), 10.0);
    }
}
