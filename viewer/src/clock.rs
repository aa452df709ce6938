//! Moments as the people of a territory write them.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use twin_core::Language;
use twin_core::spatial::Crs;

/// Months: French, English.
const MONTHS: [(&str, &str); 12] = [
    ("janvier", "January"),
    ("février", "February"),
    ("mars", "March"),
    ("avril", "April"),
    ("mai", "May"),
    ("juin", "June"),
    ("juillet", "July"),
    ("août", "August"),
    ("septembre", "September"),
    ("octobre", "October"),
    ("novembre", "November"),
    ("décembre", "December"),
];

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

    /// Hour with its fraction, day and month of a moment.
    pub(crate) fn parts(&self, moment: Timestamp) -> (f64, i8, i8) {
        let local = moment.to_zoned_datetime(self.zone.clone());
        let hour = f64::from(local.hour()) + f64::from(local.minute()) / 60.0;
        (hour, local.day(), local.month())
    }

    /// Another hour, day and month of the year of a moment; the last day of a month that has no such day.
    pub(crate) fn moved(&self, moment: Timestamp, (hour, day, month): (f64, i8, i8)) -> Timestamp {
        let year = moment.to_zoned_datetime(self.zone.clone()).year();
        let minutes = (hour * 60.0).round() as i16;
        let (hour, minute) = ((minutes / 60) as i8, (minutes % 60) as i8);
        let there = Date::new(year, month, 1).and_then(|first| {
            let date = Date::new(year, month, day.clamp(1, first.days_in_month()))?;
            self.zone.to_timestamp(date.at(hour, minute, 0, 0))
        });
        there.unwrap_or(moment)
    }

    /// The name of a month, from 1.
    pub(crate) fn month(&self, month: i8) -> &'static str {
        let (fr, en) = MONTHS[usize::from(month.clamp(1, 12).unsigned_abs()) - 1];
        self.language.pick(fr, en)
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

    #[test]
    fn a_moment_moves_by_hour_day_and_month_of_its_territory() {
        let moment: Timestamp = "2024-07-01T12:00:00Z".parse().unwrap();
        let paris = Clock::new(Crs::LAMBERT_93, Language::Fr);
        assert_eq!(paris.parts(moment), (14.0, 1, 7));
        assert_eq!(paris.moved(moment, (14.0, 1, 7)), moment);
        let winter = paris.moved(moment, (8.25, 31, 2));
        assert_eq!(paris.date_time(winter), "29/02/2024 08:15 (UTC+01:00)");
        assert_eq!((paris.month(2), paris.month(8)), ("février", "août"));
    }
}
