//! Temperature of sealed and stony ground by its energy balance.
//!
//! The force–restore equations of ground that a day warms and cools (Bhumralkar 1975; Deardorff 1978,
//! doi:10.1029/JC083iC04p01889; with the deep temperature of Noilhan & Planton 1989):
//!
//! ```text
//! dT/dt  = 2 √(π/τ) / μ · G − 2π/τ · (T − T₂)          G = absorbed short-wave + ε (L↓ − σ T⁴) − h (T − air)
//! dT₂/dt = (T − T₂)/τ                                   τ = a day, μ = thermal admittance √(λ ρ c)
//! ```
//!
//! Heat goes to the air by h = 5.7 + 3.8 · wind (McAdams 1954, *Heat Transmission*, after Jürges 1924). Nothing
//! evaporates.

use std::f64::consts::PI;

use super::posture::{SIGMA, ZERO};

/// Length of the day that warms the ground, s.
const DAY_S: f64 = 86_400.0;
/// Longest step, s.
const STEP_S: f64 = 600.0;

/// What acts on a surface during a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Forcing {
    /// Short-wave radiation that it absorbs, W/m².
    pub(super) absorbed: f64,
    /// Long-wave radiation that arrives, W/m².
    pub(super) long_down: f64,
    /// Air temperature, °C.
    pub(super) air: f64,
    /// Heat to the air per kelvin, W/(m² K).
    pub(super) exchange: f64,
}

/// Heat that a surface gives to the air, W/(m² K), by the wind there, m/s.
pub(super) fn exchange(wind: f64) -> f64 {
    5.7 + 3.8 * wind.max(0.0)
}

/// A surface and the ground below it, °C.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slab {
    pub(super) surface: f64,
    pub(super) deep: f64,
}

impl Slab {
    /// Both after some seconds, and the mean of the surface over them.
    pub(super) fn after(
        self,
        seconds: f64,
        forcing: &Forcing,
        admittance: f64,
        emissivity: f64,
    ) -> (Self, f64) {
        let Self { mut surface, mut deep } = self;
        let count = (seconds / STEP_S).ceil().max(1.0);
        let step = seconds / count;
        let taken = 2.0 * (PI / DAY_S).sqrt() / admittance;
        let restored = 2.0 * PI / DAY_S;
        let mut sum = 0.0;
        for _ in 0..count as usize {
            let kelvin = surface + ZERO;
            let cubed = SIGMA * kelvin * kelvin * kelvin;
            let into = forcing.absorbed + emissivity * (forcing.long_down - cubed * kelvin)
                - forcing.exchange * (surface - forcing.air);
            // What the surface gives off grows as it warms: implicit, so that no step is too long.
            let rate = taken * (forcing.exchange + 4.0 * emissivity * cubed) + restored;
            let change = step * (taken * into - restored * (surface - deep)) / (1.0 + step * rate);
            sum += surface + 0.5 * change;
            surface += change;
            deep += step / DAY_S * (surface - deep);
        }
        (Self { surface, deep }, sum / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MU: f64 = 1500.0;

    #[test]
    fn at_rest_it_stays() {
        // Black, and the sky as warm as the ground.
        let long_down = SIGMA * (20.0 + ZERO).powi(4);
        let forcing = Forcing { absorbed: 0.0, long_down, air: 20.0, exchange: 10.0 };
        let rest = Slab { surface: 20.0, deep: 20.0 };
        let (after, mean) = rest.after(3600.0, &forcing, MU, 1.0);
        assert!((after.surface - 20.0).abs() < 1e-9 && (mean - 20.0).abs() < 1e-9);
    }

    #[test]
    fn a_steady_sun_ends_where_what_comes_in_goes_out() {
        let forcing = Forcing { absorbed: 500.0, long_down: 350.0, air: 25.0, exchange: 12.0 };
        let mut slab = Slab { surface: 25.0, deep: 25.0 };
        for _ in 0..24 * 60 {
            slab = slab.after(3600.0, &forcing, MU, 0.95).0;
        }
        let out = 0.95 * SIGMA * (slab.surface + ZERO).powi(4) + 12.0 * (slab.surface - 25.0);
        assert!((out - 500.0 - 0.95 * 350.0).abs() < 0.01, "{out}");
        assert!((slab.surface - slab.deep).abs() < 0.01);
    }

    #[test]
    fn a_daily_wave_is_nearly_that_of_a_half_space() {
        // Heat G cos(ωt) into a half-space: amplitude G/(μ √ω), an eighth of a day late (Carslaw & Jaeger 1959, §2.6).
        // The equations, T (iω + ω − ω/(1 + 2πi)) = 2 √(π/τ)/μ · G, give 0.935 of it, 0.138 of a day late.
        let flux = 100.0;
        let omega = 2.0 * PI / DAY_S;
        let mut slab = Slab { surface: 20.0, deep: 20.0 };
        let emitted = |t: f64| SIGMA * (t + ZERO).powi(4);
        let (mut highest, mut at) = (f64::NEG_INFINITY, 0.0);
        let step = 60.0;
        for minute in 0..40 * 1440 {
            let time = f64::from(minute) * step;
            let absorbed = flux * (omega * (time + 0.5 * step)).cos();
            // The sky gives back what the surface sends.
            let long_down = emitted(slab.surface);
            let forcing = Forcing { absorbed, long_down, air: 20.0, exchange: 0.0 };
            slab = slab.after(step, &forcing, MU, 1.0).0;
            if minute >= 39 * 1440 && slab.surface > highest {
                highest = slab.surface;
                at = time - 39.0 * DAY_S;
            }
        }
        let expected = flux / (MU * omega.sqrt());
        assert!(((highest - 20.0) / expected - 0.935).abs() < 0.01, "{highest} {expected}");
        assert!((at / DAY_S - 0.138).abs() < 0.003, "{}", at / DAY_S);
    }

    #[test]
    fn long_steps_agree_with_short_ones_and_none_explodes() {
        let forcing = Forcing { absorbed: 800.0, long_down: 350.0, air: 30.0, exchange: 60.0 };
        let start = Slab { surface: 20.0, deep: 25.0 };
        let mut fine = start;
        for _ in 0..360 {
            fine = fine.after(10.0, &forcing, 600.0, 0.95).0;
        }
        let (coarse, _) = start.after(3600.0, &forcing, 600.0, 0.95);
        assert!((coarse.surface - fine.surface).abs() < 0.5, "{} {}", coarse.surface, fine.surface);
    }
}
