//! Infiltration by a sharp wetting front (Green & Ampt 1911, doi 10.1017/S0021859600001441), in one layer of
//! soil or two.
//!
//! ```text
//! f = K (F + a) / (F + b)                           capacity, m/s
//! F − (a − b) ln((F + a) / a) = K t                 infiltrated depth under ponded water
//! F_p = (K a − i b) / (i − K)                       depth at which rain i > K ponds (Mein & Larson 1973)
//! ```
//!
//! A single layer has a = ψ Δθ and b = 0. Below a layer of thickness L and conductivity K₁, F counts from the
//! front's entry into the lower one, whose a = Δθ (ψ + L) and b = Δθ L K / K₁: Darcy's law over both layers in
//! series (Childs & Bybordi 1969, doi 10.1029/WR005i002p00446). A crust is a thin upper layer.
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
    upper: Front,
    /// Depth infiltrated when the front enters the lower layer, m, and the front within that.
    lower: Option<(f64, Front)>,
}

/// A layer of soil: what a front in it obeys.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoilLayer {
    /// Saturated hydraulic conductivity K, m/s.
    pub conductivity_m_per_s: f64,
    /// Suction at the front ψ, m.
    pub suction_m: f64,
    /// Deficit of moisture Δθ: volume of water that the soil can still take per volume.
    pub deficit: f64,
}

impl SoilLayer {
    fn check(&self) -> Result<()> {
        let usable =
            [self.conductivity_m_per_s, self.suction_m].iter().all(|v| v.is_finite() && *v >= 0.0);
        if usable && (0.0..=1.0).contains(&self.deficit) {
            return Ok(());
        }
        Err(Error::input(
            "green_ampt",
            "la conductivité et la succion sont positives, le déficit d'humidité compris entre 0 et 1",
            "conductivity and suction are not negative, the deficit of moisture lies between 0 and 1",
        ))
    }
}

impl GreenAmpt {
    /// One layer of soil.
    ///
    /// # Errors
    /// Negative or infinite values, a deficit above 1.
    pub fn new(soil: SoilLayer) -> Result<Self> {
        soil.check()?;
        let upper =
            Front { k: soil.conductivity_m_per_s, a: soil.suction_m * soil.deficit, b: 0.0 };
        Ok(Self { upper, lower: None })
    }

    /// An upper layer of some thickness (m) over another one.
    ///
    /// # Errors
    /// As [`Self::new`]; a thickness that is not positive.
    pub fn layered(upper: SoilLayer, thickness_m: f64, below: SoilLayer) -> Result<Self> {
        below.check()?;
        if !(thickness_m.is_finite() && thickness_m > 0.0) {
            return Err(Error::input(
                "green_ampt",
                "l'épaisseur de la couche supérieure est positive",
                "the thickness of the upper layer is positive",
            ));
        }
        let alone = Self::new(upper)?;
        if upper.conductivity_m_per_s <= 0.0 {
            return Ok(alone);
        }
        let k = below.conductivity_m_per_s;
        let front = Front {
            k,
            a: below.deficit * (below.suction_m + thickness_m),
            b: below.deficit * thickness_m * k / upper.conductivity_m_per_s,
        };
        Ok(Self { lower: Some((thickness_m * upper.deficit, front)), ..alone })
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

    /// The front at an infiltrated depth, where its layer begins and where it ends.
    fn front(&self, infiltrated_m: f64) -> (Front, f64, f64) {
        match self.lower {
            Some((from_m, front)) if infiltrated_m >= from_m => (front, from_m, f64::INFINITY),
            Some((from_m, _)) => (self.upper, 0.0, from_m),
            None => (self.upper, 0.0, f64::INFINITY),
        }
    }

    /// Depth that enters of an even rain on dry ground, m.
    fn of_rain(&self, before: f64, rain_m: f64, step_s: f64) -> f64 {
        let rate = rain_m / step_s;
        let (mut at, mut rest_m) = (before, rain_m);
        while rest_m > 0.0 {
            let (front, begin, end) = self.front(at);
            let dry = front.dry(at - begin, rate).min(end - at);
            if rest_m <= dry {
                return rain_m;
            }
            at += dry;
            rest_m -= dry;
            if at < end {
                let entered = self.ponded(at, rest_m / rate) - at;
                return rain_m - rest_m + entered.min(rest_m);
            }
        }
        rain_m
    }

    /// Infiltrated depth after some time under water, m.
    fn ponded(&self, before: f64, time_s: f64) -> f64 {
        let (front, begin, end) = self.front(before);
        let to_end_s = front.time_s(before - begin, end - begin);
        if time_s <= to_end_s {
            return (begin + front.ponded(before - begin, time_s)).min(end);
        }
        let (front, begin, _) = self.front(end);
        begin + front.ponded(0.0, time_s - to_end_s)
    }
}

/// A front in one layer: f = K (F + a) / (F + b), F counted from the layer's top.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Front {
    k: f64,
    a: f64,
    b: f64,
}

impl Front {
    /// What a rain can still bring before water stands, m.
    fn dry(&self, infiltrated_m: f64, rate: f64) -> f64 {
        let Self { k, a, b } = *self;
        if a >= b {
            // The capacity falls towards K.
            if rate <= k {
                f64::INFINITY
            } else {
                ((k * a - rate * b) / (rate - k) - infiltrated_m).max(0.0)
            }
        } else {
            // It rises: what enters now enters later.
            let is_dry = rate * (infiltrated_m + b) <= k * (infiltrated_m + a);
            if is_dry { f64::INFINITY } else { 0.0 }
        }
    }

    /// Time under water from one infiltrated depth to another, s.
    fn time_s(&self, from: f64, to: f64) -> f64 {
        let Self { k, a, b } = *self;
        if k <= 0.0 || to.is_infinite() {
            return f64::INFINITY;
        }
        let logarithm = if a + from > 0.0 { ((to - from) / (from + a)).ln_1p() } else { 0.0 };
        (to - from - (a - b) * logarithm) / k
    }

    /// Infiltrated depth after some time under water, m: the root of
    /// `F − F₀ − (a − b) ln((F + a) / (F₀ + a)) = K t`.
    fn ponded(&self, before: f64, time_s: f64) -> f64 {
        let (s, a, kt) = (self.a - self.b, self.a, self.k * time_s);
        if s == 0.0 || a <= 0.0 || kt <= 0.0 {
            return before + kt;
        }
        // At first F² / 2s without b, later K t and the logarithm: between them lies the root.
        let steep = s.max(0.0);
        let mut f = before + kt + (2.0 * steep * kt).sqrt().min(kt * steep / before.max(1e-300));
        for _ in 0..ITERATIONS {
            let next = {
                let value = f - before - s * ((f - before) / (before + a)).ln_1p() - kt;
                let slope = (f + self.b) / (f + a);
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

    const SANDY_LOAM: SoilLayer =
        SoilLayer { conductivity_m_per_s: 10.9e-3 / 3600.0, suction_m: 0.1101, deficit: 0.3 };

    /// Sandy loam of Rawls, Brakensiek & Miller 1983 with a deficit of 0.3.
    fn soil() -> GreenAmpt {
        GreenAmpt::new(SANDY_LOAM).unwrap()
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
        let bare = SoilLayer { conductivity_m_per_s: 1e-6, suction_m: 0.0, deficit: 0.3 };
        let soil = GreenAmpt::new(bare).unwrap();
        let mut state = 0.5;
        let supply = Supply { ponded_m: 1.0, rain_m: 0.0, step_s: 100.0 };
        assert!((soil.infiltrate(&mut state, supply) - 1e-4).abs() < 1e-16);
        let mut state = 2.0;
        let soft = Supply { ponded_m: 0.0, rain_m: 0.5e-4, step_s: 100.0 };
        assert_eq!(soil.infiltrate(&mut state, soft), 0.5e-4);
        assert!(GreenAmpt::new(SoilLayer { conductivity_m_per_s: -1.0, ..bare }).is_err());
        assert!(GreenAmpt::new(SoilLayer { deficit: 1.3, ..bare }).is_err());
        assert!(GreenAmpt::layered(bare, 0.0, bare).is_err());
    }

    /// Time that Darcy's law needs to let a depth in through two layers under a film of water, by small steps
    /// of the front.
    fn time_s(upper: SoilLayer, thickness_m: f64, lower: SoilLayer, infiltrated_m: f64) -> f64 {
        let steps = 1_000_000;
        let piece = infiltrated_m / f64::from(steps);
        let slowness = |step: i32| {
            let infiltrated = (f64::from(step) + 0.5) * piece;
            let top = (infiltrated / upper.deficit).min(thickness_m);
            let below = (infiltrated - thickness_m * upper.deficit).max(0.0) / lower.deficit;
            let suction = if below > 0.0 { lower.suction_m } else { upper.suction_m };
            let resistance = top / upper.conductivity_m_per_s + below / lower.conductivity_m_per_s;
            resistance / (top + below + suction)
        };
        (0..steps).map(slowness).sum::<f64>() * piece
    }

    #[test]
    fn two_layers_follow_darcys_law_whatever_the_step() {
        let clay =
            SoilLayer { conductivity_m_per_s: 0.3e-3 / 3600.0, suction_m: 0.316, deficit: 0.2 };
        let crust = SoilLayer { conductivity_m_per_s: 1e-3 / 3600.0, ..SANDY_LOAM };
        for (upper, thickness, lower) in [(SANDY_LOAM, 0.05, clay), (crust, 0.005, SANDY_LOAM)] {
            let soil = GreenAmpt::layered(upper, thickness, lower).unwrap();
            for steps in [1, 9, 400] {
                let mut state = 0.0;
                for _ in 0..steps {
                    let step_s = 7200.0 / f64::from(steps);
                    soil.infiltrate(&mut state, Supply { ponded_m: 1.0, rain_m: 0.0, step_s });
                }
                let needed = time_s(upper, thickness, lower, state);
                assert!((needed / 7200.0 - 1.0).abs() < 1e-5, "{steps}: {state} in {needed} s");
            }
        }
    }

    #[test]
    fn rain_on_a_crust_ponds_at_once_and_enters_at_what_the_crust_lets_through() {
        let crust = SoilLayer { conductivity_m_per_s: 1e-3 / 3600.0, ..SANDY_LOAM };
        let soil = GreenAmpt::layered(crust, 0.005, SANDY_LOAM).unwrap();
        let of_rain = |steps: usize, mm_per_h: f64| {
            let (mut state, step_s) = (0.0, 3600.0 / steps as f64);
            for _ in 0..steps {
                let rain_m = mm_per_h * 1e-3 * step_s / 3600.0;
                soil.infiltrate(&mut state, Supply { ponded_m: 0.0, rain_m, step_s });
            }
            state
        };
        // A soft rain enters whole; of a hard one no more than under water, whatever the step.
        assert!((of_rain(7, 0.9) - 0.9e-3).abs() < 1e-15);
        let (one, many) = (of_rain(1, 60.0), of_rain(3600, 60.0));
        assert!((one / many - 1.0).abs() < 1e-9, "{one} {many}");
        let mut under_water = 0.0;
        soil.infiltrate(&mut under_water, Supply { ponded_m: 1.0, rain_m: 0.0, step_s: 3600.0 });
        assert!(one < under_water && one > 0.9 * under_water, "{one} {under_water}");
        let bare = GreenAmpt::new(SANDY_LOAM).unwrap();
        let mut without = 0.0;
        bare.infiltrate(&mut without, Supply { ponded_m: 0.0, rain_m: 0.06, step_s: 3600.0 });
        assert!(one < 0.7 * without, "{one} {without}");
    }
}
