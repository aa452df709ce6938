//! Infiltration by a sharp wetting front (Green & Ampt 1911, doi 10.1017/S0021859600001441).
//!
//! ```text
//! f = K (1 + ψ Δθ / F)                              capacity, m/s
//! F − ψ Δθ ln(1 + F / (ψ Δθ)) = K t                 infiltrated depth under ponded water
//! F_p = K ψ Δθ / (i − K)                            depth at which rain i > K ponds (Mein & Larson 1973)
//! ```
//!
//! A step is exact for ponded water and for rain of an even intensity on dry ground, however long it is; the
//! depth of the ponded water is neglected beside ψ, as the authors do.

use twin_core::{Error, Result};

use super::Supply;

/// Newton steps; four are enough, the rest is for odd numbers.
const ITERATIONS: usize = 30;
/// Relative change of F at which a Newton iteration has found it.
const SETTLED: f64 = 1e-13;

/// Parameters of a soil.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GreenAmpt {
    /// Saturated hydraulic conductivity K, m/s.
    conductivity_m_per_s: f64,
    /// ψ Δθ: suction at the front times the deficit of moisture, m.
    suction_deficit_m: f64,
}

impl GreenAmpt {
    /// From the saturated conductivity (m/s), the suction at the front (m) and the deficit of moisture
    /// (volume of water that the soil can still take per volume).
    ///
    /// # Errors
    /// Negative or infinite values, a deficit above 1.
    pub fn new(conductivity_m_per_s: f64, suction_m: f64, deficit: f64) -> Result<Self> {
        let usable = [conductivity_m_per_s, suction_m].iter().all(|v| v.is_finite() && *v >= 0.0);
        if !usable || !(0.0..=1.0).contains(&deficit) {
            return Err(Error::input(
                "green_ampt",
                "la conductivité et la succion sont positives, le déficit d'humidité compris entre 0 et 1",
                "conductivity and suction are not negative, the deficit of moisture lies between 0 and 1",
            ));
        }
        Ok(Self { conductivity_m_per_s, suction_deficit_m: suction_m * deficit })
    }

    /// Depth that enters during a step, m; `infiltrated_m` is that of the time before.
    pub(super) fn infiltrate(&self, infiltrated_m: &mut f64, supply: Supply) -> f64 {
        let Supply { ponded_m, rain_m, step_s } = supply;
        let before = *infiltrated_m;
        let all = ponded_m + rain_m;
        let depth = if ponded_m > 0.0 {
            (self.ponded(before, step_s) - before).min(all)
        } else {
            self.of_rain(before, rain_m, step_s)
        };
        *infiltrated_m = before + depth;
        depth
    }

    /// Depth that enters of an even rain on dry ground, m.
    fn of_rain(&self, before: f64, rain_m: f64, step_s: f64) -> f64 {
        let (k, rate) = (self.conductivity_m_per_s, rain_m / step_s);
        if rain_m <= 0.0 || rate <= k {
            return rain_m;
        }
        let at_ponding = k * self.suction_deficit_m / (rate - k);
        if before + rain_m <= at_ponding {
            return rain_m;
        }
        let dry = (at_ponding - before).max(0.0);
        let rest_s = step_s - dry / rate;
        (self.ponded(before + dry, rest_s) - before).min(rain_m)
    }

    /// Infiltrated depth after some time under water, m: the root of
    /// `F − F₀ − ψΔθ ln((F + ψΔθ) / (F₀ + ψΔθ)) = K t`.
    fn ponded(&self, before: f64, time_s: f64) -> f64 {
        let (s, kt) = (self.suction_deficit_m, self.conductivity_m_per_s * time_s);
        if s <= 0.0 || kt <= 0.0 {
            return before + kt;
        }
        // At first F² / 2s, later K t and the logarithm: between them lies the root.
        let mut f = before + kt + (2.0 * s * kt).sqrt().min(kt * s / before.max(1e-300));
        for _ in 0..ITERATIONS {
            let next = {
                let value = f - before - s * ((f - before) / (before + s)).ln_1p() - kt;
                let slope = f / (f + s);
                f - value / slope.max(1e-12)
            };
            let next = next.max(before);
            let change = (next - f).abs();
            f = next;
            if change <= SETTLED * f {
                break;
            }
        }
        f
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sandy loam of Rawls, Brakensiek & Miller 1983 with a deficit of 0.3.
    fn soil() -> GreenAmpt {
        GreenAmpt::new(10.9e-3 / 3600.0, 0.1101, 0.3).unwrap()
    }

    /// Infiltrated depth in mm after `hours` in `steps` steps of a water or rain.
    fn infiltrated(hours: f64, steps: usize, ponded_m: f64, rain_mm_per_h: f64) -> f64 {
        let step_s = 3600.0 * hours / steps as f64;
        let rain_m = rain_mm_per_h * 1e-3 * step_s / 3600.0;
        let (mut state, mut runoff) = (0.0, 0.0f64);
        for _ in 0..steps {
            let standing = if ponded_m > 0.0 { ponded_m } else { runoff.min(0.0) };
            let supply = Supply { ponded_m: standing, rain_m, step_s };
            runoff += rain_m - soil().infiltrate(&mut state, supply);
        }
        1e3 * state
    }

    #[test]
    fn under_water_it_is_the_closed_form_for_any_step() {
        let known =
            [(0.25, 15.2918), (0.5, 22.7689), (1.0, 34.5423), (2.0, 53.6784), (4.0, 85.9213)];
        for (hours, mm) in known {
            for steps in [1, 7, 500] {
                let found = infiltrated(hours, steps, 1.0, 0.0);
                assert!((found / mm - 1.0).abs() < 4e-6, "{hours} h in {steps}: {found}");
            }
        }
        // The equation itself, to 1e-12.
        let (f, s, kt) = (1e-3 * infiltrated(2.0, 3, 1.0, 0.0), 0.1101 * 0.3, 2.0 * 10.9e-3);
        assert!((f - s * (f / s).ln_1p() - kt).abs() < 1e-12);
    }

    #[test]
    fn rain_ponds_when_it_should() {
        // 40 mm/h: ponding after 0.30930 h and 12.3721 mm; 31.5269 mm after an hour, 51.2214 after two.
        assert!((infiltrated(0.3, 5, 0.0, 40.0) - 12.0).abs() < 1e-9);
        for steps in [1, 13, 2000] {
            assert!((infiltrated(1.0, steps, 0.0, 40.0) / 31.5269 - 1.0).abs() < 2e-6, "{steps}");
            assert!((infiltrated(2.0, steps, 0.0, 40.0) / 51.2214 - 1.0).abs() < 2e-6);
        }
    }

    #[test]
    fn without_suction_it_is_the_conductivity_alone_and_a_soft_rain_enters_whole() {
        let soil = GreenAmpt::new(1e-6, 0.0, 0.3).unwrap();
        let mut state = 0.5;
        let supply = Supply { ponded_m: 1.0, rain_m: 0.0, step_s: 100.0 };
        assert!((soil.infiltrate(&mut state, supply) - 1e-4).abs() < 1e-16);
        let mut state = 2.0;
        let soft = Supply { ponded_m: 0.0, rain_m: 0.5e-4, step_s: 100.0 };
        assert_eq!(soil.infiltrate(&mut state, soft), 0.5e-4);
        assert!(GreenAmpt::new(-1.0, 0.1, 0.3).is_err() && GreenAmpt::new(1.0, 0.1, 1.3).is_err());
    }
}
