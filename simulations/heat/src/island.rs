//! The nocturnal urban heat island of units: how much warmer the air of a built district is at night than at the
//! station in the open country.
//!
//! ```text
//! highest of a day   (2 − sky view factor − vegetation fraction) · (S · ΔT³ / U)^¼
//! ```
//!
//! with the mean global radiation over ρ·c_p (S, K·m/s), the daily range of the air temperature (ΔT, K) and the mean
//! wind at 10 m (U, m/s) of the station (Theeuwes et al. 2017, doi:10.1002/joc.4717; error about 0.9 K on 14 European
//! cities, on days without rain, fog or front). It says nothing of the day: then the island is taken as none.

use twin_core::spatial::Grid;

use crate::weather::Weather;
use crate::zones::classes::classify;
use crate::zones::units::{Unit, Units};

/// Density times heat capacity of air near the ground, J/(m³ K).
const AIR_J_PER_M3_K: f64 = 1.2 * 1005.0;
/// Wind below which the formula is not fed, m/s: cup anemometers hardly turn, and it grows without bound.
const LEAST_WIND: f64 = 1.0;
/// Length of the days that the formula is of, s, and the least of it that the weather must tell.
const DAY_S: f64 = 86_400.0;
const LEAST_DAY_S: f64 = 79_200.0;
/// Course of a night (after Oke 1982, doi:10.1002/qj.49710845502, figure 2, read to the hour): it begins before
/// sunset, is highest some hours after, has lost some of it by sunrise and is gone some hours later.
const BEGINS_BEFORE_SUNSET_H: f64 = 1.0;
const HIGHEST_AFTER_SUNSET_H: f64 = 4.0;
const AT_SUNRISE: f64 = 0.7;
const GONE_AFTER_SUNRISE_H: f64 = 3.0;

/// The island of a territory over the weather of a scenario.
pub struct HeatIsland {
    /// What unit, shape and plants make of it, by cell: 2 − sky view factor − vegetation fraction; 0 beyond built units.
    pub shape: Grid<f32>,
    /// What weather makes of it, K, by day from the first record.
    days: Vec<f64>,
    begin_s: f64,
}

impl HeatIsland {
    /// From units and weather; `None` where the weather tells less than a day.
    pub fn of(units: &Units, weather: &[Weather]) -> Option<Self> {
        let days = days(weather);
        let begin_s = weather.first()?.period_s[0];
        let built = |unit: &Unit| if classify(unit).zone.is_built() { shape(unit) } else { 0.0 };
        (!days.is_empty()).then(|| Self { shape: units.spread(built), days, begin_s })
    }

    /// What weather and hour make of the island, K: times [`Self::shape`] it is how much warmer the air is.
    pub fn strength(&self, time_s: f64, hour: f64, sun: SunHours) -> f64 {
        let day = ((time_s - self.begin_s) / DAY_S).max(0.0) as usize;
        self.days.get(day).or(self.days.last()).map_or(0.0, |k| k * course(hour, sun))
    }

    /// The largest strength of the days, K.
    pub fn highest(&self) -> f64 {
        self.days.iter().copied().fold(0.0, f64::max)
    }
}

/// Hours of mean solar time at which the sun rises and sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SunHours {
    /// Sunrise.
    pub rises: f64,
    /// Sunset.
    pub sets: f64,
}

/// What the shape of a built unit makes of the island.
fn shape(unit: &Unit) -> f64 {
    (2.0 - unit.sky_view - unit.vegetation_fraction).max(0.0)
}

/// What the weather of each whole day makes of the island, K.
fn days(weather: &[Weather]) -> Vec<f64> {
    let Some(first) = weather.first() else { return Vec::new() };
    let day_of = |w: &Weather| ((w.middle_s() - first.period_s[0]) / DAY_S) as usize;
    let mut all = Vec::new();
    for day in 0.. {
        let of: Vec<&Weather> = weather.iter().filter(|w| day_of(w) == day).collect();
        let length = |w: &&Weather| w.period_s[1] - w.period_s[0];
        let told_s: f64 = of.iter().map(length).sum();
        if told_s < LEAST_DAY_S {
            break;
        }
        let mean = |value: fn(&Weather) -> f64| {
            of.iter().map(|w| value(w) * length(w)).sum::<f64>() / told_s
        };
        let (low, high) = of
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), w| (l.min(w.air), h.max(w.air)));
        let radiation = mean(|w| w.global.max(0.0)) / AIR_J_PER_M3_K;
        let wind = mean(|w| w.wind).max(LEAST_WIND);
        all.push((radiation * (high - low).powi(3) / wind).powf(0.25));
    }
    all
}

/// Share of the highest island of a night at an hour of mean solar time.
fn course(hour: f64, sun: SunHours) -> f64 {
    let gone = sun.rises + GONE_AFTER_SUNRISE_H;
    let hour = if hour < gone { hour + 24.0 } else { hour };
    let sunrise = sun.rises + 24.0;
    let corners = [
        (sun.sets - BEGINS_BEFORE_SUNSET_H, 0.0),
        ((sun.sets + HIGHEST_AFTER_SUNSET_H).min(sunrise), 1.0),
        (sunrise, AT_SUNRISE),
        (gone + 24.0, 0.0),
    ];
    let piece = corners.windows(2).find(|p| (p[0].0..=p[1].0).contains(&hour));
    piece.map_or(0.0, |p| {
        let length = p[1].0 - p[0].0;
        let share = if length > 0.0 { (hour - p[0].0) / length } else { 0.0 };
        p[0].1 + share * (p[1].1 - p[0].1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUN: SunHours = SunHours { rises: 4.5, sets: 19.5 };

    fn day(range_k: f64, wind: f64) -> Vec<Weather> {
        (0..24)
            .map(|hour| Weather {
                period_s: [3600.0 * f64::from(hour), 3600.0 * f64::from(hour + 1)],
                air: if hour == 4 { 20.0 } else { 20.0 + range_k },
                humidity: 50.0,
                global: 300.0,
                wind,
            })
            .collect()
    }

    #[test]
    fn the_highest_is_that_of_the_formula() {
        let expected = (300.0 / (1.2 * 1005.0) * 12f64.powi(3) / 2.0).powf(0.25);
        assert!((days(&day(12.0, 2.0))[0] - expected).abs() < 1e-12);
        // Calm air counts as one metre a second, and half a day tells nothing.
        assert_eq!(days(&day(12.0, 0.1)), days(&day(12.0, 1.0)));
        assert!(days(&day(12.0, 2.0)[..12]).is_empty());
    }

    #[test]
    fn narrow_streets_without_plants_are_warmer() {
        let narrow = Unit { sky_view: 0.3, vegetation_fraction: 0.0, ..Unit::default() };
        let garden = Unit { sky_view: 0.8, vegetation_fraction: 0.6, ..Unit::default() };
        assert!((shape(&narrow) - 1.7).abs() < 1e-12 && (shape(&garden) - 0.6).abs() < 1e-12);
    }

    #[test]
    fn the_night_rises_to_its_highest_and_is_gone_by_day() {
        assert_eq!(course(23.5, SUN), 1.0);
        assert!((course(4.5, SUN) - 0.7).abs() < 1e-12);
        for hour in [8.0, 12.0, 18.0] {
            assert_eq!(course(hour, SUN), 0.0, "{hour}");
        }
        // Without a jump at midnight, nor anywhere else.
        for minute in 0..1440 {
            let [a, b] = [minute, minute + 1].map(|m| course((f64::from(m) / 60.0) % 24.0, SUN));
            assert!((a - b).abs() < 0.01 && (0.0..=1.0).contains(&a), "{minute}");
        }
    }
}
