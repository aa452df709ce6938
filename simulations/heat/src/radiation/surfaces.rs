//! How much warmer than the air the ground and walls are in the sun, over the day (Lindberg, Holmer & Thorsson 2008;
//! Lindberg, Onomura & Grimmond 2016, doi:10.1007/s00484-016-1135-x).
//!
//! ```text
//! (slope · highest altitude of the sun + intercept) · sin(π/2 · (t − t_rise) / (t_max − t_rise)) · clearness ≥ 0
//! ```

use std::f64::consts::FRAC_PI_2;

use super::Moment;

/// The course of a surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Course {
    /// Rise with the highest altitude of the sun, K per degree.
    pub slope: f64,
    /// At an altitude of 0, K.
    pub intercept: f64,
    /// Hour of mean solar time at which it is warmest.
    pub warmest: f64,
}

impl Course {
    /// Of a surface that warms by a part of it in the same sun.
    pub fn scaled(self, share: f64) -> Self {
        Self { slope: share * self.slope, intercept: share * self.intercept, ..self }
    }
}

/// Walls (cobble stone's course).
pub(super) const WALL: Course = Course { slope: 0.37, intercept: -3.41, warmest: 15.0 };

/// What of the sun's way over a day counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// Hour of mean solar time at sunrise.
    pub sunrise: f64,
    /// Highest altitude of the sun, degrees.
    pub highest: f64,
    /// Mean air temperature, °C.
    pub mean_air: f64,
}

/// Time over which surfaces in the shade follow the air, days: what 9 cm of stone (2.1 MJ/(m³ K), the depth that a day
/// warms) take up at 12 W/(m² K).
const SHADE_LAG_DAYS: f64 = 0.09 * 2.1e6 / 12.0 / 86_400.0;

/// Temperature of surfaces in the shade after a step, °C.
pub(super) fn shade(before: f64, air: f64, step_days: f64) -> f64 {
    air + (before - air) * (-step_days / SHADE_LAG_DAYS).exp()
}

impl Course {
    /// Excess over the air temperature in full sun, K.
    pub(super) fn excess(&self, moment: &Moment, day: &Day, clearness: f64) -> f64 {
        let since = moment.hour - day.sunrise;
        if since <= 0.0 || !moment.sun.is_up() {
            return 0.0;
        }
        let amplitude = self.slope * day.highest + self.intercept;
        let phase = since / (self.warmest - day.sunrise).max(1.0);
        (amplitude * (phase * FRAC_PI_2).sin() * clearness).max(0.0)
    }
}
