//! The sun over a place, and the moments of its weather.

use std::path::Path;

use jiff::Timestamp;
use twin_core::language::Text;
use twin_core::{Error, Language, Result};
use twin_sunlight::irradiance::{Air, clear_sky, extraterrestrial};
use twin_sunlight::{Place, Sun, sun_position};

use crate::island::SunHours;
use crate::radiation::{Moment, PASSING};
use crate::weather::Weather;

/// Radiation at night that a file can hold by error, W/m²; more is a clock that is wrong.
const NIGHT_W_PER_M2: f64 = 20.0;
/// Altitude of the sun below which it sends no more than that, degrees.
const NIGHT_ALTITUDE: f64 = -2.0;
/// How much more than the sun sends above the air a record may have: rounded times, clouds that reflect.
const MOST_OF_SUN: f64 = 1.1;

/// Altitude from which the sun of a clear sky is well known, degrees, and the share of it below which a day is dull: a
/// J/cm² an hour for a W/m² would be 0.36 of a clear day.
const HIGH_SUN: f64 = 25.0;
const DULL: f64 = 0.4;

/// The sun over the place.
pub(crate) struct Sky {
    place: Place,
    start: jiff::Timestamp,
    pressure_hpa: f64,
}

impl Sky {
    /// Over a place, degrees and metres, from the scenario's start on.
    pub(crate) fn over([longitude, latitude]: [f64; 2], height_m: f64, start: Timestamp) -> Self {
        // Pressure of the standard atmosphere (ISO 2533:1975).
        let pressure_hpa = 1013.25 * (1.0 - 2.25577e-5 * height_m.max(0.0)).powf(5.25588);
        Self { place: Place::new(latitude, longitude, height_m), start, pressure_hpa }
    }

    pub(crate) fn sun(&self, time_s: f64) -> Result<Sun> {
        let at = jiff::SignedDuration::try_from_secs_f64(time_s).ok();
        let time = at.and_then(|at| self.start.checked_add(at).ok());
        time.and_then(|time| sun_position(time, &self.place).ok()).ok_or_else(|| {
            Error::simulation(
                "heat",
                "position du soleil inconnue pour cette date et ce lieu ; vérifier le début du scénario et l'emprise",
                "no position of the sun for this date and place; check the scenario's start and extent",
            )
        })
    }

    /// Hour of mean solar time.
    pub(crate) fn hour(&self, time_s: f64) -> f64 {
        let seconds = self.start.as_duration().as_secs_f64() + time_s;
        (seconds / 3600.0 + self.place.longitude / 15.0).rem_euclid(24.0)
    }

    /// Day of the year, universal time.
    pub(crate) fn day_of_year(&self, time_s: f64) -> u16 {
        let date = jiff::tz::Offset::UTC.to_datetime(self.time(time_s)).date();
        u16::try_from(date.day_of_year()).unwrap_or(1)
    }

    /// When the sun rises and sets on the day around a time, and its highest altitude.
    pub(crate) fn day(&self, time_s: f64) -> Result<(SunHours, f64)> {
        let midnight = time_s - 3600.0 * self.hour(time_s);
        let mut hours = SunHours { rises: 24.0, sets: 0.0 };
        let mut highest = 0.0f64;
        for minute in 0..1440 {
            let hour = f64::from(minute) / 60.0;
            let sun = self.sun(midnight + 3600.0 * hour)?;
            if sun.is_up() {
                hours = SunHours { rises: hours.rises.min(hour), sets: hour };
            }
            highest = highest.max(sun.altitude);
        }
        Ok((hours, highest))
    }

    /// Weather and sun of a period.
    pub(crate) fn moment(&self, weather: &Weather) -> Result<Moment> {
        let time_s = weather.middle_s();
        let [begin, end] = weather.period_s;
        let mut passing = [self.sun(time_s)?; PASSING];
        for (part, sun) in passing.iter_mut().enumerate() {
            *sun = self.sun(begin + (part as f64 + 0.5) / PASSING as f64 * (end - begin))?;
        }
        Ok(Moment {
            sun: self.sun(time_s)?,
            passing,
            day_of_year: self.day_of_year(time_s),
            hour: self.hour(time_s),
            latitude: self.place.latitude,
            air: Air {
                temperature: weather.air,
                humidity: weather.humidity,
                pressure: self.pressure_hpa,
            },
            global: weather.global,
            wind: weather.wind,
            clearness: None,
            step_days: (weather.period_s[1] - weather.period_s[0]) / 86_400.0,
        })
    }

    /// Month of a time, 1 to 12, universal time.
    pub(crate) fn month(&self, time_s: f64) -> i8 {
        jiff::tz::Offset::UTC.to_datetime(self.time(time_s)).month()
    }

    fn time(&self, time_s: f64) -> Timestamp {
        let at = jiff::SignedDuration::try_from_secs_f64(time_s).unwrap_or_default();
        self.start.checked_add(at).unwrap_or(self.start)
    }
}

/// A file whose sun shines at night counts its hours otherwise than it says.
pub(crate) fn check_clock(weather: &[Weather], sky: &Sky, file: &Path) -> Result<()> {
    for w in weather {
        let highest = [0.0, 0.5, 1.0].iter().try_fold(f64::NEG_INFINITY, |highest, share| {
            let time_s = w.period_s[0] + share * (w.period_s[1] - w.period_s[0]);
            Ok::<f64, Error>(highest.max(sky.sun(time_s)?.altitude))
        })?;
        let (end, global) = (sky.time(w.period_s[1]), w.global);
        let told = |l: Language| l.number(global, 0);
        if highest < NIGHT_ALTITUDE && global > NIGHT_W_PER_M2 {
            return Err(Error::input(
                file.display().to_string(),
                format!(
                    "{} W/m² dans la période qui finit à {end}, en pleine nuit ; les heures sont-elles locales ou universelles ?",
                    told(Language::Fr)
                ),
                format!(
                    "{} W/m² in the period that ends at {end}, in the night; are its hours local or universal?",
                    told(Language::En)
                ),
            ));
        }
        let above_air = extraterrestrial_most(sky, highest, w);
        if global > MOST_OF_SUN * above_air + NIGHT_W_PER_M2 {
            let most = |l: Language| l.number(above_air, 0);
            return Err(Error::input(
                file.display().to_string(),
                format!(
                    "{} W/m² dans la période qui finit à {end}, plus que le soleil n'envoie au-dessus de l'atmosphère ({}) ; vérifier l'unité et les heures (locales ou universelles ?)",
                    told(Language::Fr),
                    most(Language::Fr)
                ),
                format!(
                    "{} W/m² in the period that ends at {end}, more than the sun sends above the atmosphere ({}); check the unit and the hours (local or universal?)",
                    told(Language::En),
                    most(Language::En)
                ),
            ));
        }
    }
    Ok(())
}

/// Radiation on a horizontal plane above the atmosphere under the highest sun of a period, W/m².
fn extraterrestrial_most(sky: &Sky, highest: f64, weather: &Weather) -> f64 {
    let sun = Sun { azimuth: 180.0, altitude: highest };
    extraterrestrial(&sun, sky.day_of_year(weather.middle_s())).max(0.0)
}

/// Weather whose sun never comes near that of a clear sky: a dull day, or another unit.
pub(crate) fn dull(weather: &[Weather], sky: &Sky) -> Result<Option<Text>> {
    let mut brightest: Option<f64> = None;
    for record in weather {
        let moment = sky.moment(record)?;
        if moment.sun.altitude >= HIGH_SUN {
            let clear = clear_sky(&moment.sun, moment.day_of_year, moment.latitude, &moment.air);
            brightest = Some(brightest.unwrap_or(0.0).max(record.global / clear));
        }
    }
    Ok(brightest.filter(|share| *share < DULL).map(|share| {
        let n = |l: Language| l.number(100.0 * share, 0);
        Text::new(
            format!("Rayonnement global d'au plus {} % de celui d'un ciel clair : journée couverte, ou J/cm² donnés pour des W/m² ?", n(Language::Fr)),
            format!("Global radiation of at most {} % of that of a clear sky: a dull day, or J/cm² given for W/m²?", n(Language::En)),
        )
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joules_per_square_centimetre_in_a_column_of_watts_are_seen() {
        let sky = Sky::over([3.9, 43.6], 20.0, "2024-07-15T00:00:00Z".parse().unwrap());
        let day = |share: f64| -> Vec<Weather> {
            (0..24)
                .map(|hour| {
                    let hour = f64::from(hour);
                    let period_s = [3600.0 * hour, 3600.0 * (hour + 1.0)];
                    let sine = ((hour - 4.0) / 15.0 * std::f64::consts::PI).sin();
                    let global = share * 880.0 * sine.max(0.0);
                    Weather { period_s, air: 30.0, humidity: 40.0, global, wind: 2.0 }
                })
                .collect()
        };
        assert!(dull(&day(1.0), &sky).unwrap().is_none());
        assert!(dull(&day(0.36), &sky).unwrap().is_some());
        // Of the night alone nothing is said.
        assert!(dull(&day(1.0)[..4], &sky).unwrap().is_none());
    }

    #[test]
    fn the_air_is_thinner_on_mountains() {
        let at = |height| Sky::over([6.0, 45.0], height, Timestamp::UNIX_EPOCH).pressure_hpa;
        // ISO 2533: 898.7 hPa at 1000 m.
        assert!((at(0.0) - 1013.25).abs() < 1e-9 && (at(1000.0) - 898.7).abs() < 0.1);
    }
}
