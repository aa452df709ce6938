//! Infiltration by a capacity that decays while water enters (Horton 1941, doi
//! 10.2136/sssaj1941.036159950005000C0075x).
//!
//! ```text
//! f = f_c + (f_0 − f_c) e^(−k t)
//! F = f_c t + (f_0 − f_c) (1 − e^(−k t)) / k
//! ```
//!
//! The time `t` on the curve goes on with the water that entered, not with the clock: a soft rain uses less
//! of the capacity (as in SWMM, Rossman 2016, EPA/600/R-15/162A, § 4.3). In dry times it goes back, `e^(−k t)`
//! towards 1 at the rate of recovery.

use twin_core::{Error, Result};

use super::Supply;

/// Newton steps for the time on the curve.
const ITERATIONS: usize = 30;

/// Parameters of a soil.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horton {
    initial_m_per_s: f64,
    final_m_per_s: f64,
    decay_per_s: f64,
    recovery_per_s: f64,
}

impl Horton {
    /// From the first and the last capacity (m/s) and the rates of decay and recovery (1/s).
    ///
    /// # Errors
    /// Negative or infinite values, a last capacity above the first, no decay.
    pub fn new(
        initial_m_per_s: f64,
        final_m_per_s: f64,
        decay_per_s: f64,
        recovery_per_s: f64,
    ) -> Result<Self> {
        let values = [initial_m_per_s, final_m_per_s, decay_per_s, recovery_per_s];
        let usable = values.iter().all(|v| v.is_finite() && *v >= 0.0);
        if !usable || final_m_per_s > initial_m_per_s || decay_per_s <= 0.0 {
            return Err(Error::input(
                "horton",
                "les capacités sont positives, la finale au plus égale à l'initiale, la décroissance non nulle",
                "capacities are not negative, the last at most the first, the decay not zero",
            ));
        }
        Ok(Self { initial_m_per_s, final_m_per_s, decay_per_s, recovery_per_s })
    }

    /// Depth that enters until a time on the curve, m.
    fn entered_m(&self, time_s: f64) -> f64 {
        let k = self.decay_per_s;
        let falling = self.initial_m_per_s - self.final_m_per_s;
        self.final_m_per_s * time_s - falling * (-k * time_s).exp_m1() / k
    }

    /// Depth that enters during a step, m; `time_s` is that on the curve.
    pub(super) fn infiltrate(&self, time_s: &mut f64, supply: Supply) -> f64 {
        let all = supply.ponded_m + supply.rain_m;
        let before = *time_s;
        if all <= 0.0 {
            *time_s = self.recovered(before, supply.step_s);
            return 0.0;
        }
        let capacity = self.entered_m(before + supply.step_s) - self.entered_m(before);
        if all >= capacity {
            *time_s = before + supply.step_s;
            return capacity;
        }
        // The time at which the curve has taken this water.
        let wanted = self.entered_m(before) + all;
        let mut time = before + supply.step_s * all / capacity;
        for _ in 0..ITERATIONS {
            let falling = self.initial_m_per_s - self.final_m_per_s;
            let slope = self.final_m_per_s + falling * (-self.decay_per_s * time).exp();
            let next = time - (self.entered_m(time) - wanted) / slope.max(1e-300);
            let next = next.clamp(before, before + supply.step_s);
            let change = (next - time).abs();
            time = next;
            if change <= 1e-12 * time {
                break;
            }
        }
        *time_s = time;
        all
    }

    /// Time on the curve after dry seconds.
    fn recovered(&self, time_s: f64, dry_s: f64) -> f64 {
        let left = -(-self.decay_per_s * time_s).exp_m1() * (-self.recovery_per_s * dry_s).exp();
        -(-left).ln_1p() / self.decay_per_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soil(recovery_per_s: f64) -> Horton {
        Horton::new(125e-3 / 3600.0, 6e-3 / 3600.0, 2.0 / 3600.0, recovery_per_s).unwrap()
    }

    #[test]
    fn under_water_it_is_the_integral_of_the_curve() {
        for steps in [1, 10, 1000] {
            let mut state = 0.0;
            let supply = Supply { ponded_m: 1.0, rain_m: 0.0, step_s: 7200.0 / f64::from(steps) };
            let depth: f64 = (0..steps).map(|_| soil(0.0).infiltrate(&mut state, supply)).sum();
            // 6·2 + 119 (1 − e^−4) / 2 mm.
            let exact = 1e-3 * (12.0 + 119.0 * (1.0 - (-4f64).exp()) / 2.0);
            assert!((depth / exact - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_soft_rain_leaves_the_capacity_for_later_and_dry_time_brings_it_back() {
        let soft = Supply { ponded_m: 0.0, rain_m: 1e-3, step_s: 3600.0 };
        let mut state = 0.0;
        assert_eq!(soil(0.0).infiltrate(&mut state, soft), 1e-3);
        assert!((soil(0.0).entered_m(state) - 1e-3).abs() < 1e-15 && state < 60.0);
        let mut state = 3600.0;
        let dry = Supply { ponded_m: 0.0, rain_m: 0.0, step_s: 1e6 };
        soil(1e-4).infiltrate(&mut state, dry);
        assert!(state < 1e-3, "{state}");
        let mut state = 3600.0;
        soil(0.0).infiltrate(&mut state, dry);
        assert!((state - 3600.0).abs() < 1e-6);
        assert!(
            Horton::new(1.0, 2.0, 1.0, 0.0).is_err() && Horton::new(1.0, 0.5, 0.0, 0.0).is_err()
        );
    }
}
