//! The wind that people feel in the streets of a unit, as a part of that of a station in the open country.
//!
//! ```text
//! blending height    u_b = u₁₀ · ln(z_b/z_r) / ln(10/z_r)         z_r = 0.03 m, open country
//! friction velocity  u*  = κ · u_b / ln((z_b − d)/z₀)             d, z₀ of the unit (Macdonald et al. 1998)
//! between buildings  u_c = u* / √(λ/2 + C)                        λ: area that buildings show to the wind
//! ```
//!
//! The last is the balance of the drag of buildings (coefficient 1) and of the ground with the stress from above
//! (Bentham & Britter 2003, doi:10.1016/S1352-2310(03)00123-7, who leave out the ground); without buildings it is the
//! wind of the open country at the height of people. UTCI is given the wind at 10 m that its own profile (ground of
//! 0.01 m, Bröde et al. 2012) has above it. Neither the direction of streets nor trees count.

use crate::zones::units::{Unit, Units};

/// Von Kármán's constant.
const KARMAN: f64 = 0.4;
/// Roughness length of open country, m (Davenport's class 3, as sites of wind masts are).
const OPEN_COUNTRY_M: f64 = 0.03;
/// Height of the station's wind and of the wind that UTCI is given, m.
const STATION_M: f64 = 10.0;
/// Height above which the wind no longer knows the unit, m, and times the height of its buildings.
const BLENDING_M: f64 = 60.0;
const BLENDING_HEIGHTS: f64 = 2.5;
/// Height of the middle of a person, m.
const PERSON_M: f64 = 1.1;
/// Roughness length of the ground in the reference environment of UTCI, m.
const UTCI_GROUND_M: f64 = 0.01;

/// Part of a station's wind at 10 m that UTCI is given in a unit; at most that of the open country.
pub fn share(unit: &Unit) -> f64 {
    let log = |height: f64, roughness: f64| (height / roughness).ln();
    let to_utci = log(STATION_M, UTCI_GROUND_M) / log(PERSON_M, UTCI_GROUND_M);
    let blending = BLENDING_M.max(BLENDING_HEIGHTS * unit.roughness_height_m);
    let above = log(blending, OPEN_COUNTRY_M) / log(STATION_M, OPEN_COUNTRY_M);
    let roughness = unit.roughness_length_m.max(OPEN_COUNTRY_M);
    let friction = KARMAN * above / log(blending - unit.displacement_height_m, roughness);
    let ground = (KARMAN / log(PERSON_M, OPEN_COUNTRY_M)).powi(2);
    let between = friction / (0.5 * unit.frontal_density + ground).sqrt();
    (to_utci * between)
        .min(to_utci * log(PERSON_M, OPEN_COUNTRY_M) / log(STATION_M, OPEN_COUNTRY_M))
}

/// The same by cell; that of open country beyond the units.
pub(crate) fn shares(units: &Units) -> Vec<f32> {
    let open = share(&Unit::default()) as f32;
    let known = |share: f32| if share.is_nan() { open } else { share };
    units.spread(share).values.into_iter().map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_buildings_it_is_the_profile_of_open_country() {
        let open = (1.1f64 / 0.03).ln() / (10.0f64 / 0.03).ln();
        let utci = (10.0f64 / 0.01).ln() / (1.1f64 / 0.01).ln();
        assert!((share(&Unit::default()) - open * utci).abs() < 1e-12);
    }

    #[test]
    fn denser_districts_are_calmer() {
        // Height, covered share, displacement and roughness over height, frontal density: scattered houses, an estate
        // of houses, blocks, an old town.
        let districts = [
            (6.0, 0.12, 0.27, 0.05, 0.05),
            (6.0, 0.25, 0.48, 0.10, 0.15),
            (15.0, 0.30, 0.55, 0.11, 0.30),
            (15.0, 0.50, 0.76, 0.06, 0.60),
        ];
        let shares = districts.map(|(height, covered, displacement, roughness, frontal)| {
            share(&Unit {
                roughness_height_m: height,
                building_fraction: covered,
                displacement_height_m: displacement * height,
                roughness_length_m: roughness * height,
                frontal_density: frontal,
                ..Unit::default()
            })
        });
        assert!(shares.windows(2).all(|pair| pair[0] > pair[1]), "{shares:?}");
        assert!(shares[0] < 0.9 && shares[3] > 0.2, "{shares:?}");
    }

    #[test]
    fn the_drag_of_buildings_alone_is_that_of_bentham_and_britter() {
        // u_c/u* = (λ/2)^(−½) where the ground hardly counts.
        let unit = Unit {
            roughness_height_m: 20.0,
            displacement_height_m: 14.0,
            roughness_length_m: 1.5,
            frontal_density: 0.8,
            ..Unit::default()
        };
        let above = (60.0f64 / 0.03).ln() / (10.0f64 / 0.03).ln();
        let friction = 0.4 * above / (46.0f64 / 1.5).ln();
        let utci = (10.0f64 / 0.01).ln() / (1.1f64 / 0.01).ln();
        let expected = utci * friction * 0.4f64.powf(-0.5);
        assert!((share(&unit) / expected - 1.0).abs() < 0.02);
    }
}
