//! Universal Thermal Climate Index: the air temperature of a reference environment in which a walking person
//! would react the same (Bröde et al. 2012, doi:10.1007/s00484-011-0454-1).

use rayon::prelude::*;

use super::utci_terms::{DEGREE, TERMS};

/// Environments worked on side by side.
const LANES: usize = 8;

/// What a person stands in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Environment {
    /// Air temperature, °C.
    pub air: f64,
    /// Mean radiant temperature, °C.
    pub radiant: f64,
    /// Wind speed at 10 m, m/s.
    pub wind: f64,
    /// Relative humidity, %.
    pub humidity: f64,
}

/// Strongest wind of the procedure, m/s.
pub const MOST_WIND: f64 = 17.0;

/// Classes of heat and cold stress by their lower bounds, °C.
pub const STRESS: [(f32, &str, &str); 10] = [
    (f32::NEG_INFINITY, "stress froid extrême", "extreme cold stress"),
    (-40.0, "stress froid très fort", "very strong cold stress"),
    (-27.0, "stress froid fort", "strong cold stress"),
    (-13.0, "stress froid modéré", "moderate cold stress"),
    (0.0, "stress froid léger", "slight cold stress"),
    (9.0, "pas de stress thermique", "no thermal stress"),
    (26.0, "stress chaud modéré", "moderate heat stress"),
    (32.0, "stress chaud fort", "strong heat stress"),
    (38.0, "stress chaud très fort", "very strong heat stress"),
    (46.0, "stress chaud extrême", "extreme heat stress"),
];

/// UTCI, °C; `NaN` beyond the range of the procedure: air −50 to 50 °C, radiant temperature 30 K below to 70 K
/// above it, wind up to 17 m/s. Weaker wind than 0.5 m/s counts as that.
pub fn utci(environment: &Environment) -> f64 {
    let mut found = [0.0];
    lanes(std::slice::from_ref(environment), &mut found);
    found[0]
}

/// UTCI of many environments, in parallel.
pub fn utci_all(environments: &[Environment]) -> Vec<f64> {
    let mut found = vec![0.0; environments.len()];
    let arch = pulp::Arch::new();
    found.par_chunks_mut(1024).zip(environments.par_chunks(1024)).for_each(|(found, given)| {
        arch.dispatch(
            #[inline(always)]
            || {
                for (found, given) in found.chunks_mut(LANES).zip(given.chunks(LANES)) {
                    lanes(given, found);
                }
            },
        );
    });
    found
}

/// At most [`LANES`] environments side by side.
#[inline(always)]
fn lanes(given: &[Environment], found: &mut [f64]) {
    let (mut air, mut excess) = ([0.0; LANES], [0.0; LANES]);
    let (mut wind, mut vapour) = ([1.0; LANES], [0.0; LANES]);
    for (k, environment) in given.iter().enumerate() {
        air[k] = environment.air;
        excess[k] = environment.radiant - environment.air;
        wind[k] = environment.wind.max(0.5);
        vapour[k] = saturation_hpa(environment.air) * environment.humidity / 1000.0;
    }
    let value = polynomial(&air, &wind, &excess, &vapour);
    for (k, found) in found.iter_mut().enumerate() {
        let is_valid = (-50.0..=50.0).contains(&air[k])
            && (-30.0..=70.0).contains(&excess[k])
            && wind[k] <= MOST_WIND
            && given[k].wind >= 0.0;
        *found = if is_valid { air[k] + value[k] } else { f64::NAN };
    }
}

/// The deviation of UTCI from the air temperature, K.
#[inline(always)]
fn polynomial(
    air: &[f64; LANES],
    wind: &[f64; LANES],
    excess: &[f64; LANES],
    vapour: &[f64; LANES],
) -> [f64; LANES] {
    // Terms are read backwards, so that each power comes after all lower ones of the variables within.
    let mut term = TERMS.len();
    let mut of_vapour = [0.0; LANES];
    for p in (0..=DEGREE).rev() {
        let mut of_excess = [0.0; LANES];
        for d in (0..=DEGREE - p).rev() {
            let mut of_wind = [0.0; LANES];
            for v in (0..=DEGREE - p - d).rev() {
                let mut of_air = [0.0; LANES];
                for _ in 0..=DEGREE - p - d - v {
                    term -= 1;
                    for k in 0..LANES {
                        of_air[k] = of_air[k] * air[k] + TERMS[term];
                    }
                }
                for k in 0..LANES {
                    of_wind[k] = of_wind[k] * wind[k] + of_air[k];
                }
            }
            for k in 0..LANES {
                of_excess[k] = of_excess[k] * excess[k] + of_wind[k];
            }
        }
        for k in 0..LANES {
            of_vapour[k] = of_vapour[k] * vapour[k] + of_excess[k];
        }
    }
    of_vapour
}

/// Saturation vapour pressure over water, hPa (Hardy 1998, as the operational procedure has it).
#[inline(always)]
fn saturation_hpa(air: f64) -> f64 {
    const G: [f64; 7] = [
        -2836.5744,
        -6028.076559,
        19.54263612,
        -0.02737830188,
        1.6261698e-5,
        7.0229056e-10,
        -1.8680009e-13,
    ];
    let t = air + 273.15;
    // Powers −2 to 4 of the temperature.
    let sum = G.iter().rev().fold(0.0, |sum, g| sum * t + g) / (t * t);
    (2.7150305 * t.ln() + sum).exp() * 0.01
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_points() {
        for (air, radiant, wind, humidity, expected) in [
            (25.0, 25.0, 1.0, 50.0, 24.612126),
            (19.0, 24.0, 1.0, 50.0, 20.028248),
            (27.0, 22.0, 16.0, 50.0, 15.795433),
            (35.0, 65.0, 1.0, 40.0, 42.874746),
            (-5.0, -5.0, 10.0, 80.0, -32.905592),
        ] {
            let found = utci(&Environment { air, radiant, wind, humidity });
            assert!((found - expected).abs() < 1e-4, "{air} {radiant}: {found} {expected}");
        }
    }

    #[test]
    fn beyond_its_range_there_is_none_and_calm_counts_as_half_a_metre() {
        let mild = Environment { air: 25.0, radiant: 25.0, wind: 1.0, humidity: 50.0 };
        let still = utci(&Environment { wind: 0.0, ..mild });
        assert_eq!(still, utci(&Environment { wind: 0.5, ..mild }));
        for beyond in [
            Environment { air: 51.0, ..mild },
            Environment { radiant: 96.0, ..mild },
            Environment { wind: 17.5, ..mild },
            Environment { wind: -1.0, ..mild },
            Environment { air: f64::NAN, ..mild },
        ] {
            assert!(utci(&beyond).is_nan(), "{beyond:?}");
        }
    }
}
