//! What the user chooses about a commune.

use twin_core::{Error, Result, spatial::Extent};

/// Options of a synthetic commune.
#[derive(Debug, Clone, PartialEq)]
pub struct CommuneOptions {
    /// Everything that is left to chance follows from it.
    pub seed: u64,
    /// Side of the square commune, metres, 200 to 10 000.
    pub size_m: f64,
    /// North-west corner, Lambert-93 metres; a kilometre corner gives whole LiDAR HD tiles.
    pub origin: (f64, f64),
    /// LiDAR pulses per square metre (trees answer a pulse several times), 0.1 to 50.
    pub points_per_m2: f64,
    /// Whether the dyke stands. Without it the ground lacks it, everything else is the same.
    pub dyke: bool,
    /// Name of the commune.
    pub name: String,
    /// Its code; fictitious, never one of INSEE's.
    pub insee_code: String,
}

impl Default for CommuneOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            size_m: 1000.0,
            origin: (700_000.0, 6_600_000.0),
            points_per_m2: 10.0,
            dyke: true,
            name: "Val-Démo".to_owned(),
            insee_code: "99999".to_owned(),
        }
    }
}

impl CommuneOptions {
    /// Side in metres, bounds included.
    pub const SIZE_M: std::ops::RangeInclusive<f64> = 200.0..=10_000.0;

    /// The commune's square.
    pub fn extent(&self) -> Extent {
        let (west, north) = self.origin;
        Extent { min_x: west, min_y: north - self.size_m, max_x: west + self.size_m, max_y: north }
    }

    pub(crate) fn check(&self) -> Result<()> {
        if !Self::SIZE_M.contains(&self.size_m) {
            return Err(Error::input(
                "size_m",
                format!("{} m n'est pas entre 200 et 10 000 m", self.size_m),
                format!("{} m is not between 200 and 10,000 m", self.size_m),
            ));
        }
        if !(0.1..=50.0).contains(&self.points_per_m2) {
            return Err(Error::input(
                "points_per_m2",
                format!("{} n'est pas entre 0,1 et 50", self.points_per_m2),
                format!("{} is not between 0.1 and 50", self.points_per_m2),
            ));
        }
        let (x, y) = self.origin;
        if !(0.0..=1_300_000.0).contains(&x) || !(6_000_000.0..=7_200_000.0).contains(&y) {
            return Err(Error::input(
                "origin",
                format!("({x}, {y}) n'est pas en France métropolitaine (Lambert-93)"),
                format!("({x}, {y}) is not in mainland France (Lambert-93)"),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_outside_the_range_and_odd_numbers_are_refused() {
        for size_m in [0.0, 199.0, 10_001.0, f64::NAN] {
            assert!(CommuneOptions { size_m, ..Default::default() }.check().is_err());
        }
        assert!(CommuneOptions::default().check().is_ok());
    }
}
