//! Numerical choices.

use twin_core::{Error, Result};

use crate::friction::FrictionLaw;

/// Number of depths whose durations are counted.
pub(crate) const DURATIONS: usize = 3;
/// Longest local step as a power of two of the shortest.
const HIGHEST_LEVEL: u8 = 6;

/// Equations and scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    /// Full shallow water with constant states in cells: diffusive, two thirds of the time.
    FirstOrder,
    /// Full shallow water by MUSCL–Hancock.
    #[default]
    SecondOrder,
    /// Shallow water without the convective terms, for large slow floods; marks what flows too fast
    /// for it.
    LocalInertial,
}

impl Scheme {
    /// Largest stable Courant number: 1/2 for an unsplit sweep, 1/√2 for the forward–backward step
    /// of the local-inertial scheme in two dimensions.
    pub(crate) fn courant_limit(self) -> f64 {
        match self {
            Self::FirstOrder | Self::SecondOrder => 0.5,
            Self::LocalInertial => std::f64::consts::FRAC_1_SQRT_2,
        }
    }
}

/// Numerical choices; the defaults suit floods and runoff.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Equations and scheme.
    pub scheme: Scheme,
    /// Courant number Δt (|u| + √(gh)) / Δx: up to 0.5, in the local-inertial scheme 1/√2.
    pub courant: f64,
    /// Longest step, s.
    pub max_step_s: f64,
    /// Tiles with slow waves take steps up to 2^`local_levels` times as long as the shortest: 0 (all
    /// together) to 6. Not for the local-inertial scheme.
    pub local_levels: u8,
    /// Depth up to which a cell counts as dry, m: its water is kept but does not move.
    pub dry_depth_m: f64,
    /// Depth ε below which velocities are damped, m.
    pub velocity_depth_m: f64,
    /// Depth that counts for the arrival, m.
    pub arrival_depth_m: f64,
    /// Depths whose durations are counted, m.
    pub duration_depths_m: [f64; DURATIONS],
    /// Depth from which a speed counts for the maximum, m.
    pub speed_depth_m: f64,
    /// Depth at an undeclared edge that is recorded as contact, m.
    pub contact_depth_m: f64,
    /// Law of friction, which gives the bed's roughness its meaning.
    pub friction: FrictionLaw,
    /// Whether to follow the rate of rise (56 bytes more per cell).
    pub rate_of_rise: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scheme: Scheme::SecondOrder,
            courant: 0.45,
            max_step_s: 10.0,
            local_levels: 0,
            dry_depth_m: 1e-6,
            velocity_depth_m: 1e-4,
            arrival_depth_m: 0.05,
            duration_depths_m: [0.05, 0.5, 1.0],
            speed_depth_m: 0.01,
            contact_depth_m: 0.01,
            friction: FrictionLaw::Manning,
            rate_of_rise: false,
        }
    }
}

impl Options {
    /// The local-inertial scheme with the Courant number of its authors.
    pub fn local_inertial() -> Self {
        Self { scheme: Scheme::LocalInertial, courant: 0.7, ..Self::default() }
    }

    /// Refuses what no scheme can work with.
    pub(crate) fn check(&self) -> Result<()> {
        let positive = [
            self.max_step_s,
            self.dry_depth_m,
            self.velocity_depth_m,
            self.arrival_depth_m,
            self.contact_depth_m,
        ];
        let positive = positive.iter().chain(&self.duration_depths_m);
        if !positive.copied().all(|v: f64| v.is_finite() && v > 0.0) || self.speed_depth_m.is_nan()
        {
            return Err(Error::input(
                "options",
                "les hauteurs seuils et le pas de temps maximal doivent être positifs",
                "threshold depths and the longest step must be positive",
            ));
        }
        let inertial = self.scheme == Scheme::LocalInertial;
        if self.local_levels > if inertial { 0 } else { HIGHEST_LEVEL } {
            return Err(Error::input(
                "options.local_levels",
                format!(
                    "les pas de temps locaux vont de 0 à {HIGHEST_LEVEL} et ne s'allient pas au schéma inertiel"
                ),
                format!(
                    "local time steps go from 0 to {HIGHEST_LEVEL} and not with the local-inertial scheme"
                ),
            ));
        }
        let limit = self.scheme.courant_limit();
        if !(self.courant > 0.0 && self.courant <= limit) {
            return Err(Error::input(
                "options.courant",
                format!("le nombre de Courant doit être compris entre 0 et {limit:.3}"),
                format!("the Courant number must lie between 0 and {limit:.3}"),
            ));
        }
        Ok(())
    }
}
