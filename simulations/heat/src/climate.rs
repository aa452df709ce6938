//! Weather of a warmer climate: a file shifted to a level of the French reference path (*trajectoire de
//! réchauffement de référence pour l'adaptation au changement climatique*, TRACC).
//!
//! Levels count from 1850–1900, and a weather file already holds the warming of its own period: it is shifted by
//! the difference alone. Specific humidity, radiation and wind stay.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::language::Text;
use twin_core::simulation::sourced;
use twin_core::{Error, Language, Result};

use crate::weather::Weather;

/// Parameters of a warmer climate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Climate {
    /// Horizon of the TRACC: 2030, 2050 or 2100.
    pub horizon: u16,
    /// Warming against 1850–1900 that the period of the weather file already has, K: about 0.7 for 1976–2005 and
    /// 1.7 for the early 2020s on the mainland.
    pub warming_of_file_k: f64,
    /// Period of the weather file and where its warming comes from.
    pub source: String,
    /// Shifts of the twelve months, K, January first, where they are known; default: that of the year.
    #[serde(default)]
    pub monthly_shift_k: Option<[f64; 12]>,
}

/// Horizons of the path, in the order of [`Region::levels`].
const HORIZONS: [u16; 3] = [2030, 2050, 2100];
/// Largest shifts and warmings that are not taken for an error, K.
const MOST_K: f64 = 8.0;

/// A part of France with its own levels.
struct Region {
    /// West, south, east, north, degrees.
    bounds: [f64; 4],
    /// Warming against 1850–1900 at the horizons, K (arrêté of January 2026 on the TRACC).
    levels: [f64; 3],
    name: (&'static str, &'static str),
}

const REGIONS: [Region; 5] = [
    Region {
        bounds: [-6.0, 41.0, 10.0, 52.0],
        levels: [2.0, 2.7, 4.0],
        name: ("France hexagonale et Corse", "mainland France and Corsica"),
    },
    Region {
        bounds: [-63.5, 14.0, -60.5, 18.5],
        levels: [1.4, 1.9, 2.7],
        name: ("Antilles", "French Antilles"),
    },
    Region {
        bounds: [55.0, -21.6, 56.0, -20.7],
        levels: [1.5, 2.0, 2.9],
        name: ("La Réunion", "La Réunion"),
    },
    Region {
        bounds: [44.9, -13.2, 45.4, -12.5],
        levels: [1.5, 2.0, 3.0],
        name: ("Mayotte", "Mayotte"),
    },
    Region {
        bounds: [-55.0, 2.0, -51.0, 6.0],
        levels: [1.7, 2.3, 3.5],
        name: ("Guyane", "French Guiana"),
    },
];

/// A shift of the weather.
#[derive(Debug, Clone, PartialEq)]
pub struct Shift {
    /// Of each month, K.
    by_month: [f64; 12],
    /// What it is, for the report.
    pub told: Text,
}

impl Climate {
    /// The shift at a place, by longitude and latitude; `place` names the parameters in errors.
    ///
    /// # Errors
    /// Other horizons, places outside the path, figures that no climate has, no source.
    pub fn shift(&self, [longitude, latitude]: [f64; 2], place: &str) -> Result<Shift> {
        let fail =
            |key: &str, fr: String, en: String| Err(Error::input(format!("{place}.{key}"), fr, en));
        let Some(at) = HORIZONS.iter().position(|h| *h == self.horizon) else {
            let given = self.horizon;
            return fail(
                "horizon",
                format!("{given} ; la TRACC donne 2030, 2050 et 2100"),
                format!("{given}; the TRACC gives 2030, 2050 and 2100"),
            );
        };
        let within = |region: &&Region| {
            let [west, south, east, north] = region.bounds;
            (west..=east).contains(&longitude) && (south..=north).contains(&latitude)
        };
        let Some(region) = REGIONS.iter().find(within) else {
            return fail(
                "horizon",
                "la TRACC ne donne pas de niveau pour ce territoire".to_owned(),
                "the TRACC gives no level for this territory".to_owned(),
            );
        };
        let warmed = self.warming_of_file_k;
        if !(-1.0..=MOST_K).contains(&warmed) {
            return fail(
                "warming_of_file_k",
                format!(
                    "{warmed} K ; donner le réchauffement depuis 1850-1900 de la période du fichier"
                ),
                format!("{warmed} K; give the warming since 1850–1900 of the period of the file"),
            );
        }
        sourced(&self.source, format!("{place}.source"))?;
        let annual = region.levels[at] - warmed;
        if annual < 0.0 {
            let (level, warmed) = (region.levels[at], self.warming_of_file_k);
            return fail(
                "warming_of_file_k",
                format!(
                    "{warmed} K ; le fichier serait déjà plus chaud que le niveau de {} ({level} K)",
                    self.horizon
                ),
                format!(
                    "{warmed} K; the file would already be warmer than the level of {} ({level} K)",
                    self.horizon
                ),
            );
        }
        let by_month = self.monthly_shift_k.unwrap_or([annual; 12]);
        if by_month.iter().any(|shift| !(-MOST_K..=MOST_K).contains(shift)) {
            return fail(
                "monthly_shift_k",
                "des écarts mensuels dépassent 8 K ; vérifier l'unité".to_owned(),
                "monthly shifts exceed 8 K; check the unit".to_owned(),
            );
        }
        let least = by_month.iter().copied().fold(f64::INFINITY, f64::min);
        let most = by_month.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = by_month.iter().sum::<f64>() / 12.0;
        let told = |l: Language| {
            let n = |v: f64| l.number(v, 1);
            let (level, warmed, annual) = (n(region.levels[at]), n(warmed), n(annual));
            let name = l.pick(region.name.0, region.name.1);
            let (horizon, source) = (self.horizon, &self.source);
            let monthly = self.monthly_shift_k.is_some();
            match (l, monthly) {
                (Language::Fr, false) => format!(
                    "Climat : niveau de la TRACC en {horizon} ({name}, +{level} °C depuis 1850-1900), moins les {warmed} °C de la période du fichier ({source}) : température de l'air décalée de {annual} K toute l'année, faute d'écarts mensuels ; humidité spécifique, rayonnement et vent inchangés."
                ),
                (Language::En, false) => format!(
                    "Climate: level of the TRACC in {horizon} ({name}, +{level} °C since 1850–1900), less the {warmed} °C of the period of the file ({source}): air temperature shifted by {annual} K all year, without monthly shifts; specific humidity, radiation and wind unchanged."
                ),
                (Language::Fr, true) => format!(
                    "Climat : écarts mensuels donnés pour la TRACC en {horizon} ({name}, {source}), de {} à {} K, {} K en moyenne pour {annual} K attendus sur l'année ; humidité spécifique, rayonnement et vent inchangés.",
                    n(least),
                    n(most),
                    n(mean)
                ),
                (Language::En, true) => format!(
                    "Climate: monthly shifts given for the TRACC in {horizon} ({name}, {source}), {} to {} K, {} K on average where {annual} K are expected over the year; specific humidity, radiation and wind unchanged.",
                    n(least),
                    n(most),
                    n(mean)
                ),
            }
        };
        Ok(Shift { by_month, told: Text::new(told(Language::Fr), told(Language::En)) })
    }
}

impl Shift {
    /// Weather of a month, 1 to 12, in the other climate.
    pub fn apply(&self, weather: &mut Weather, month: i8) {
        let shift = self.by_month.get((month - 1).max(0) as usize).copied().unwrap_or(0.0);
        let air = weather.air + shift;
        weather.humidity = humidity_at(weather.air, weather.humidity, air);
        weather.air = air;
    }
}

/// Relative humidity (%) of air that had another temperature (°C) at the same specific humidity; at most 100 %.
pub fn humidity_at(air: f64, humidity: f64, other: f64) -> f64 {
    (humidity * saturation_hpa(air) / saturation_hpa(other)).min(100.0)
}

/// Saturation vapour pressure over water, hPa (Magnus; WMO 2018, *Guide to Instruments and Methods of Observation*,
/// annex 4.B).
pub(crate) fn saturation_hpa(air: f64) -> f64 {
    6.112 * (17.62 * air / (243.12 + air)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn climate(horizon: u16, warmed: f64) -> Climate {
        let source = "1976-2005".to_owned();
        Climate { horizon, warming_of_file_k: warmed, source, monthly_shift_k: None }
    }

    fn weather() -> Weather {
        Weather { period_s: [0.0, 3600.0], air: 30.0, humidity: 50.0, global: 800.0, wind: 2.0 }
    }

    #[test]
    fn warming_is_not_counted_twice_and_water_in_the_air_stays() {
        let shift = climate(2050, 0.7).shift([2.3, 48.8], "x").unwrap();
        let mut warmer = weather();
        shift.apply(&mut warmer, 7);
        assert!((warmer.air - 32.0).abs() < 1e-12 && warmer.global == 800.0);
        let vapour = |w: &Weather| w.humidity * saturation_hpa(w.air);
        assert!((vapour(&warmer) - vapour(&weather())).abs() < 1e-9);
        // A file of that very level is not shifted.
        let none = climate(2030, 2.0).shift([2.3, 48.8], "x").unwrap();
        let mut same = weather();
        none.apply(&mut same, 1);
        assert!((same.air - 30.0).abs() < 1e-12 && (same.humidity - 50.0).abs() < 1e-9);
    }

    #[test]
    fn overseas_levels_are_their_own_and_other_places_have_none() {
        let at = |place| climate(2100, 0.0).shift(place, "x");
        assert_eq!(at([55.5, -21.1]).unwrap().by_month[0], 2.9);
        assert_eq!(at([-61.0, 14.6]).unwrap().by_month[0], 2.7);
        assert_eq!(at([-52.3, 4.9]).unwrap().by_month[0], 3.5);
        assert!(at([139.7, 35.7]).is_err());
        assert!(climate(2040, 0.0).shift([2.3, 48.8], "x").is_err());
        assert!(climate(2050, 300.0).shift([2.3, 48.8], "x").is_err());
    }

    #[test]
    fn cold_air_holds_no_more_than_it_can() {
        let mut climate = climate(2050, 0.7);
        climate.monthly_shift_k = Some([-5.0; 12]);
        let mut colder = Weather { humidity: 95.0, ..weather() };
        climate.shift([2.3, 48.8], "x").unwrap().apply(&mut colder, 12);
        assert_eq!(colder.humidity, 100.0);
    }
}
