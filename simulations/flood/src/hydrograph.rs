//! Hydrographs from a stated peak and a shape.
//!
//! * **triangular**: linear to the peak and back; without a stated fall, 5/3 of the rise, the triangular
//!   unit hydrograph of the NRCS (NEH 630, chapter 16);
//! * **gamma**: `Q = Q_b + (Q_p − Q_b) (t/t_p · e^(1 − t/t_p))^m` with m = 3.7, the curvilinear unit
//!   hydrograph of the NRCS (peak rate factor 484), over five rises.

use twin_core::{Error, Result};
use twin_shallow_water::Series;

use crate::parameters::{HydrographShape, PeakParameters};
use crate::setup::{place, positive};

/// Exponent of the gamma shape (NEH 630, chapter 16).
const GAMMA: f64 = 3.7;

/// Rise times that the gamma shape lasts; 1.6 % of the peak is left.
const GAMMA_RISES: usize = 5;

/// Points of the gamma shape per rise time.
const POINTS_PER_RISE: usize = 40;

/// The hydrograph of a peak stated under `key`.
pub(crate) fn from_peak(peak: &PeakParameters, key: &str) -> Result<Series> {
    let of = |field: &str| format!("{key}.peak.{field}");
    let highest = positive(peak.discharge_m3_per_s, &of("discharge_m3_per_s"))?;
    let rise = positive(peak.rise.seconds(), &of("rise"))?;
    let base = peak.base_m3_per_s;
    if !(base >= 0.0 && base < highest) {
        return Err(Error::input(
            place(&of("base_m3_per_s")),
            "le débit de base doit être positif et inférieur à la pointe",
            "the base flow must not be negative and below the peak",
        ));
    }
    let points = match (peak.shape, peak.fall) {
        (HydrographShape::Triangular, fall) => {
            let fall = match fall {
                Some(fall) => positive(fall.seconds(), &of("fall"))?,
                None => 5.0 / 3.0 * rise,
            };
            vec![(0.0, base), (rise, highest), (rise + fall, base)]
        }
        (HydrographShape::Gamma, None) => (0..=GAMMA_RISES * POINTS_PER_RISE)
            .map(|k| {
                let t = k as f64 / POINTS_PER_RISE as f64;
                (t * rise, base + (highest - base) * (t * (1.0 - t).exp()).powf(GAMMA))
            })
            .collect(),
        (HydrographShape::Gamma, Some(_)) => {
            return Err(Error::input(
                place(&of("fall")),
                "la forme gamma n'a pas de durée de décrue ; l'ôter ou choisir « triangular »",
                "the gamma shape has no time of fall; remove it or choose \"triangular\"",
            ));
        }
    };
    Series::new(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peak(shape: HydrographShape, fall: Option<&str>) -> PeakParameters {
        PeakParameters {
            discharge_m3_per_s: 100.0,
            shape,
            rise: "2 h".to_owned().try_into().unwrap(),
            fall: fall.map(|f| f.to_owned().try_into().unwrap()),
            base_m3_per_s: 10.0,
        }
    }

    #[test]
    fn shapes_have_their_peak_and_volume() {
        // A triangle of base 2 h + 3 h 20 min; the gamma integral (e/m)^m Γ(m + 1)/m · t_p above base:
        // e^3.7 · 3.7^(−4.7) · Γ(4.7) = 1.3327.
        let triangle = from_peak(&peak(HydrographShape::Triangular, None), "inflow").unwrap();
        assert_eq!(triangle.at(7200.0), 100.0);
        let volume = triangle.integral(0.0, 19_200.0);
        assert!((volume - (10.0 * 19_200.0 + 45.0 * 19_200.0)).abs() < 1e-6);
        let gamma = from_peak(&peak(HydrographShape::Gamma, None), "inflow").unwrap();
        assert_eq!(gamma.at(7200.0), 100.0);
        let above = (gamma.integral(0.0, 36_000.0) - 10.0 * 36_000.0) / (90.0 * 7200.0);
        assert!((above / 1.3327 - 1.0).abs() < 0.005, "{above}");
        assert!(from_peak(&peak(HydrographShape::Gamma, Some("1 h")), "inflow").is_err());
    }
}
