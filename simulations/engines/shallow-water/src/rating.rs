//! Rating curves: the discharge that leaves for a level.

use twin_core::{Error, Result};

/// Levels (m, datum of the bed) and discharges (m³/s), both rising. Below the first level nothing
/// leaves; above the last the curve goes on as its last piece.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingCurve {
    points: Vec<(f64, f64)>,
}

impl RatingCurve {
    /// From points by rising level; its name is for messages.
    ///
    /// # Errors
    /// Fewer than two points, one that is not finite, a negative discharge, a level or a discharge that
    /// does not rise.
    pub fn new(name: &str, points: Vec<(f64, f64)>) -> Result<Self> {
        let usable = |p: &(f64, f64)| p.0.is_finite() && p.1.is_finite() && p.1 >= 0.0;
        let rises = points.windows(2).all(|w| w[1].0 > w[0].0 && w[1].1 >= w[0].1);
        if points.len() < 2 || !points.iter().all(usable) || !rises {
            return Err(Error::input(
                name,
                "la courbe de tarage demande au moins deux points, par niveaux et débits croissants",
                "the rating curve needs at least two points by rising level and discharge",
            ));
        }
        Ok(Self { points })
    }

    /// Discharge at a level, m³/s.
    pub fn discharge(&self, level_m: f64) -> f64 {
        let next = self.points.partition_point(|p| p.0 < level_m);
        if next == 0 {
            return if self.points[0].0 == level_m { self.points[0].1 } else { 0.0 };
        }
        let next = next.min(self.points.len() - 1);
        let ((l0, q0), (l1, q1)) = (self.points[next - 1], self.points[next]);
        q0 + (q1 - q0) * (level_m - l0) / (l1 - l0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_its_points_and_goes_on() {
        let curve =
            RatingCurve::new("outlet", vec![(10.0, 0.0), (11.0, 20.0), (12.0, 60.0)]).unwrap();
        for (level, discharge) in
            [(9.0, 0.0), (10.0, 0.0), (10.5, 10.0), (11.0, 20.0), (11.5, 40.0), (13.0, 100.0)]
        {
            assert_eq!(curve.discharge(level), discharge);
        }
        assert!(RatingCurve::new("outlet", vec![(1.0, 2.0)]).is_err());
        assert!(RatingCurve::new("outlet", vec![(1.0, 2.0), (1.0, 3.0)]).is_err());
        assert!(RatingCurve::new("outlet", vec![(1.0, 2.0), (2.0, f64::NAN)]).is_err());
    }
}
