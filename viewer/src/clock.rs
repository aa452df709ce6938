//! Moments as the people of a territory write them.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use twin_core::Language;
use twin_core::spatial::Crs;

/// The clock of a territory, in a language.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    zone: TimeZone,
    language: Language,
}

impl Clock {
    /// The legal time of the territory that a reference system belongs to.
    pub(crate) fn new(crs: Crs, language: Language) -> Self {
        let (name, hours) = match crs.epsg() {
            5490 => ("America/Guadeloupe", -4),
            2972 => ("America/Cayenne", -3),
            2975 => ("Indian/Reunion", 4),
            4471 => ("Indian/Mayotte", 3),
            4467 => ("America/Miquelon", -3),
            _ => ("Europe/Paris", 1),
        };
        // A machine without a database of time zones shows winter time, and says so by its offset.
        let zone = TimeZone::get(name).unwrap_or_else(|_| TimeZone::fixed(Offset::constant(hours)));
        Self { zone, language }
    }

    /// Date and time with the offset from UTC.
    pub(crate) fn date_time(&self, moment: Timestamp) -> String {
        let form = self.language.pick("%d/%m/%Y %H:%M (UTC%:z)", "%Y-%m-%d %H:%M (UTC%:z)");
        moment.to_zoned_datetime(self.zone.clone()).strftime(form).to_string()
    }

    /// A time after a start; the date too where the start is known.
    pub(crate) fn after(&self, start: Option<Timestamp>, time_s: f64) -> String {
        let minutes = (time_s / 60.0).round() as i64;
        let after = format!("{} h {:02} min", minutes / 60, minutes % 60);
        let since = SignedDuration::from_secs(time_s.round() as i64);
        match start.and_then(|s| s.checked_add(since).ok()) {
            Some(moment) => {
                let from = self.language.pick("après le début", "after the start");
                format!("{} – {after} {from}", self.date_time(moment))
            }
            None => after,
        }
    }

    /// The zone.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_the_time_of_its_territory() {
        let moment: Timestamp = "2024-07-01T12:00:00Z".parse().unwrap();
        let reunion = Clock::new(Crs::from_epsg(2975).unwrap(), Language::Fr);
        assert_eq!(reunion.date_time(moment), "01/07/2024 16:00 (UTC+04:00)");
        let start = Some(moment);
        let shown = reunion.after(start, 5400.0);
        assert_eq!(shown, "01/07/2024 17:30 (UTC+04:00) – 1 h 30 min après le début");
        assert_eq!(reunion.after(None, 60.0), "0 h 01 min");
    }
}
