//! Mean radiant temperature of a person from the radiation of six directions (Thorsson et al. 2007,
//! doi:10.1002/joc.1537; VDI 3787 part 2).

/// Stefan–Boltzmann constant, W/(m² K⁴), as the papers on SOLWEIG have it.
pub const SIGMA: f64 = 5.67051e-8;
/// Zero of the Celsius scale, K.
pub const ZERO: f64 = 273.15;

/// Radiation that arrives at a person, W/m².
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Received {
    /// Direct short-wave radiation on a surface that stands upright and faces the sun.
    pub direct_side: f64,
    /// Short-wave from above (direct radiation among it) and below.
    pub short_down: f64,
    /// The same from below.
    pub short_up: f64,
    /// Short-wave from the four sides without direct radiation, summed.
    pub short_sides: f64,
    /// Long-wave from above.
    pub long_down: f64,
    /// Long-wave from below.
    pub long_up: f64,
    /// Long-wave from the four sides, summed.
    pub long_sides: f64,
}

/// How a person stands in the radiation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Posture {
    /// Weight of the radiation from above and below, each.
    pub vertical: f64,
    /// Weight of that of each side.
    pub side: f64,
    /// Weight of direct radiation on a cylinder.
    pub cylinder: f64,
    /// Height of the middle of the body, m.
    pub height_m: f64,
}

/// Part of radiation that skin and clothes absorb (VDI 3787; ISO 7726 has 0.97 for long-wave radiation).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Absorption {
    /// Short-wave.
    pub short: f64,
    /// Long-wave.
    pub long: f64,
}

impl Posture {
    /// A standing person.
    pub const STANDING: Self = Self { vertical: 0.06, side: 0.22, cylinder: 0.28, height_m: 1.1 };
    /// A sitting person.
    pub const SITTING: Self =
        Self { vertical: 1.0 / 6.0, side: 1.0 / 6.0, cylinder: 0.20, height_m: 0.75 };
}

impl Default for Absorption {
    fn default() -> Self {
        Self { short: 0.70, long: 0.97 }
    }
}

/// Mean radiant temperature, °C.
pub fn mean_radiant_temperature(
    received: &Received,
    posture: &Posture,
    absorption: &Absorption,
) -> f64 {
    let r = received;
    let short = r.direct_side * posture.cylinder
        + (r.short_down + r.short_up) * posture.vertical
        + r.short_sides * posture.side;
    let long = (r.long_down + r.long_up) * posture.vertical + r.long_sides * posture.side;
    let absorbed = absorption.short * short + absorption.long * long;
    (absorbed / (absorption.long * SIGMA)).max(0.0).powf(0.25) - ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_black_box_it_is_the_temperature_of_the_box() {
        for posture in [Posture::STANDING, Posture::SITTING] {
            let long = SIGMA * (30.0 + ZERO).powi(4);
            let received = Received {
                long_down: long,
                long_up: long,
                long_sides: 4.0 * long,
                ..Received::default()
            };
            let found = mean_radiant_temperature(&received, &posture, &Absorption::default());
            assert!((found - 30.0).abs() < 1e-9, "{found}");
            let sun = Received { direct_side: 600.0, ..received };
            assert!(mean_radiant_temperature(&sun, &posture, &Absorption::default()) > 40.0);
        }
    }
}
