//! Weather of a hot day: hourly files of Météo-France, EPW files, and tables with named columns.
//!
//! | format | times | radiation |
//! |---|---|---|
//! | Météo-France (`AAAAMMJJHH`, `T`, `U`, `GLO`, `FF`) | UTC, end of the hour | J/cm² of the hour |
//! | EPW | local standard time of the site, hours 1 to 24, end of the hour; years of typical files do not count | Wh/m² of the hour |
//! | table (`time`, `air_temperature_c`, `relative_humidity_percent`, `global_radiation_w_m2`, `wind_speed_m_s`) | with their offset, end of the period | mean of the period, W/m² |
//!
//! Every record stands for the period that ends at its time.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use twin_core::{Error, Language, Result};

/// Columns of a table.
const TIME: &str = "time";
const COLUMNS: [&str; 4] =
    ["air_temperature_c", "relative_humidity_percent", "global_radiation_w_m2", "wind_speed_m_s"];
/// Columns of an hourly file of Météo-France in the same order.
const METEO_FRANCE: [&str; 4] = ["T", "U", "GLO", "FF"];
/// W/m² of a J/cm² in an hour.
const W_PER_J_CM2: f64 = 1e4 / 3600.0;
const DAY_S: f64 = 86_400.0;
/// Lines of an EPW file before its data.
const EPW_HEADER: usize = 8;
/// Ranges of values that weather has: air (°C), humidity (%), global radiation and wind (m/s). Beyond the highest air
/// temperature ever measured in France (46.0 °C, Vérargues 2019) with some margin.
const RANGES: [[f64; 2]; 4] = [[-60.0, 55.0], [0.0, 100.5], [-10.0, 1500.0], [0.0, 75.0]];

/// Weather of a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weather {
    /// Its begin and end, s after the scenario's start.
    pub period_s: [f64; 2],
    /// Air temperature, °C.
    pub air: f64,
    /// Relative humidity, %.
    pub humidity: f64,
    /// Global radiation, W/m².
    pub global: f64,
    /// Wind speed at 10 m, m/s.
    pub wind: f64,
}

impl Weather {
    /// The middle of its period, s after the scenario's start.
    pub fn middle_s(&self) -> f64 {
        0.5 * (self.period_s[0] + self.period_s[1])
    }
}

/// A value and when its period ends.
struct Record {
    end: Timestamp,
    values: [f64; 4],
    line: usize,
}

/// Reads the weather from a scenario's start over its duration (s), and what the same file knows of the hours of that
/// day before.
///
/// # Errors
/// A file that is none of the formats, values that no weather has, missing hours.
pub fn read_weather(path: &Path, start: Timestamp, duration_s: f64) -> Result<Vec<Weather>> {
    let text = std::fs::read(path).map_err(Error::read(path))?;
    let text = String::from_utf8_lossy(&text);
    let records = match () {
        () if text.starts_with("LOCATION,") => epw(path, &text, start, duration_s)?,
        () => table(path, &text)?,
    };
    if !records.is_empty() && records.iter().all(|r| r.values[1] <= 1.0) {
        return fail(
            path,
            "humidité relative de 1 au plus partout : donner des pour cent, non des parts",
            "relative humidity of 1 at most everywhere: give percent, not fractions",
        );
    }
    let weather = periods(path, &records, start)?;
    cover(path, weather, duration_s)
}

fn fail<T>(path: &Path, fr: impl Into<String>, en: impl Into<String>) -> Result<T> {
    Err(Error::input(path.display().to_string(), fr.into(), en.into()))
}

/// A value of a record; empty is missing.
fn number(path: &Path, record: &StringRecord, column: usize, line: usize) -> Result<f64> {
    let text = record.get(column).unwrap_or_default().trim();
    match text.replace(',', ".").parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ if text.is_empty() => Ok(f64::NAN),
        _ => fail(
            path,
            format!("ligne {line} : « {text} » n'est pas un nombre"),
            format!("line {line}: \"{text}\" is no number"),
        ),
    }
}

/// A table with named columns, or an hourly file of Météo-France.
fn table(path: &Path, text: &str) -> Result<Vec<Record>> {
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if first.contains(';') { b';' } else { b',' };
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| damaged(path, &e))?.clone();
    let column = |name: &str| header.iter().position(|h| h.trim().eq_ignore_ascii_case(name));
    let is_meteo_france = column("AAAAMMJJHH").is_some();
    let (time, names) =
        if is_meteo_france { ("AAAAMMJJHH", METEO_FRANCE) } else { (TIME, COLUMNS) };
    let wanted = || std::iter::once(time).chain(names);
    let missing: Vec<&str> = wanted().filter(|name| column(name).is_none()).collect();
    let (Some(time), []) = (column(time), missing.as_slice()) else {
        let (missing, known) = (missing.join(", "), header.iter().collect::<Vec<_>>().join(", "));
        return fail(
            path,
            format!(
                "colonnes absentes : {missing} (présentes : {known}) ; donner un fichier horaire de Météo-France, un EPW ou une table à ces colonnes"
            ),
            format!(
                "missing columns: {missing} (present: {known}); give an hourly file of Météo-France, an EPW or a table with these columns"
            ),
        );
    };
    let columns = names.map(|name| column(name).unwrap_or_default());
    let station = column("NUM_POSTE");
    let mut stations: Vec<String> = Vec::new();
    let mut records = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(|e| damaged(path, &e))?;
        let line = index + 2;
        if let Some(name) = station.and_then(|c| record.get(c))
            && !stations.iter().any(|s| s == name)
        {
            stations.push(name.to_owned());
        }
        let text = record.get(time).unwrap_or_default().trim();
        let end = if is_meteo_france { hour_of(text) } else { text.parse().ok() };
        let Some(end) = end else {
            return fail(
                path,
                format!(
                    "ligne {line} : « {text} » ; écrire une date, une heure et un décalage, comme 2024-07-15T14:00:00+02:00"
                ),
                format!(
                    "line {line}: \"{text}\"; write a date, a time and an offset, as in 2024-07-15T14:00:00+02:00"
                ),
            );
        };
        let mut values = [0.0; 4];
        for (value, column) in values.iter_mut().zip(columns) {
            *value = number(path, &record, column, line)?;
        }
        if is_meteo_france {
            values[2] *= W_PER_J_CM2;
        }
        records.push(Record { end, values, line });
    }
    if stations.len() > 1 {
        let all = stations.join(", ");
        return fail(
            path,
            format!("plusieurs postes ({all}) ; n'en garder qu'un"),
            format!("several stations ({all}); keep one"),
        );
    }
    Ok(records)
}

fn damaged(path: &Path, error: &csv::Error) -> Error {
    Error::input(
        path.display().to_string(),
        format!("table illisible : {error}"),
        format!("unreadable table: {error}"),
    )
}

/// `2024071514`, universal time.
fn hour_of(text: &str) -> Option<Timestamp> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let small = |from, to| i8::try_from(part(from, to)?).ok();
    let date = DateTime::new(part(0, 4)?, small(4, 6)?, small(6, 8)?, small(8, 10)?, 0, 0, 0);
    jiff::tz::Offset::UTC.to_timestamp(date.ok()?).ok()
}

/// An EPW file; its years are taken to be those of the scenario, which may pass New Year.
fn epw(path: &Path, text: &str, start: Timestamp, duration_s: f64) -> Result<Vec<Record>> {
    let unreadable = |line: usize| {
        Error::input(
            path.display().to_string(),
            format!("ligne {line} : ce n'est pas une ligne d'un fichier EPW"),
            format!("line {line}: this is no line of an EPW file"),
        )
    };
    let location: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
    let zone_h: f64 =
        location.get(8).and_then(|z| z.trim().parse().ok()).ok_or_else(|| unreadable(1))?;
    let zone = SignedDuration::try_from_secs_f64(3600.0 * zone_h).map_err(|_| unreadable(1))?;
    let (from_s, to_s) = (-2.0 * DAY_S, duration_s + DAY_S);
    let year = |time_s: f64| {
        let time = SignedDuration::try_from_secs_f64(time_s).ok();
        let time = time.and_then(|time| start.checked_add(time).ok()).unwrap_or(start);
        jiff::tz::Offset::UTC.to_datetime(time).year()
    };
    let years = year(from_s)..=year(to_s);
    let mut records = Vec::new();
    let lines = text.lines().enumerate().skip(EPW_HEADER).filter(|(_, l)| !l.trim().is_empty());
    for (index, text) in lines {
        let line = index + 1;
        let fields: Vec<f64> =
            text.split(',').map(|field| field.trim().parse().unwrap_or(f64::NAN)).collect();
        let small = |k: usize| fields.get(k).filter(|v| v.is_finite()).map(|v| *v as i8);
        let end = |year: i16| {
            let (month, day, hour) = (small(1)?, small(2)?, small(3)?);
            let date = DateTime::new(year, month, day, hour.checked_sub(1)?, 0, 0, 0).ok()?;
            let begin = jiff::tz::Offset::UTC.to_timestamp(date).ok()?;
            begin.checked_add(SignedDuration::from_hours(1)).ok()?.checked_sub(zone).ok()
        };
        let value =
            |k: usize, none: f64| fields.get(k).copied().filter(|v| *v < none).unwrap_or(f64::NAN);
        let values = [value(6, 99.9), value(8, 999.0), value(13, 9999.0), value(21, 999.0)];
        for year in years.clone() {
            let Some(end) = end(year) else {
                // 29 February has no place in another year.
                if small(1) == Some(2) && small(2) == Some(29) {
                    continue;
                }
                return Err(unreadable(line));
            };
            if (from_s..=to_s).contains(&end.duration_since(start).as_secs_f64()) {
                records.push(Record { end, values, line });
            }
        }
    }
    Ok(records)
}

/// Records in order, with the period of each, checked.
fn periods(path: &Path, records: &[Record], start: Timestamp) -> Result<Vec<Weather>> {
    let since = |time: Timestamp| time.duration_since(start).as_secs_f64();
    let mut known: Vec<(f64, &Record)> = records.iter().map(|r| (since(r.end), r)).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let Some(twice) = known.windows(2).find(|w| w[1].0 - w[0].0 < 1.0) {
        let [first, second] = [twice[0].1.line, twice[1].1.line];
        return fail(
            path,
            format!("lignes {first} et {second} : la même heure deux fois ; n'en garder qu'une"),
            format!("lines {first} and {second}: the same hour twice; keep one"),
        );
    }
    let step = known.windows(2).map(|w| w[1].0 - w[0].0).fold(f64::INFINITY, f64::min);
    if !(60.0..=10_800.0).contains(&step) {
        return fail(
            path,
            "il faut, autour du scénario, au moins deux lignes à trois heures d'écart au plus ; vérifier les dates du fichier",
            "around the scenario at least two lines at most three hours apart are needed; check the dates of the file",
        );
    }
    let mut weather = Vec::with_capacity(known.len());
    for (end_s, record) in known {
        let [air, humidity, global, wind] = record.values;
        let names = [
            ("température de l'air (°C)", "air temperature (°C)"),
            ("humidité relative (%)", "relative humidity (%)"),
            ("rayonnement global (W/m²)", "global radiation (W/m²)"),
            ("vitesse du vent (m/s)", "wind speed (m/s)"),
        ];
        for ((value, range), (fr, en)) in record.values.iter().zip(RANGES).zip(names) {
            if !value.is_nan() && !(range[0]..=range[1]).contains(value) {
                let told = |l: Language| {
                    let [least, most] = range.map(|v| l.number(v, 0));
                    (l.number(*value, 1), least, most)
                };
                let (value_fr, least_fr, most_fr) = told(Language::Fr);
                let (value_en, least_en, most_en) = told(Language::En);
                return fail(
                    path,
                    format!(
                        "ligne {} : {fr} de {value_fr}, hors de {least_fr} à {most_fr} ; vérifier l'unité (°F, J/cm², km/h ?), laisser vide ce qui manque",
                        record.line
                    ),
                    format!(
                        "line {}: {en} of {value_en}, beyond {least_en} to {most_en}; check the unit (°F, J/cm², km/h?), leave empty what is missing",
                        record.line
                    ),
                );
            }
        }
        let period_s = [end_s - step, end_s];
        weather.push(Weather {
            period_s,
            air,
            humidity: at_most(humidity, 100.0),
            global: -at_most(-global, 0.0),
            wind,
        });
    }
    Ok(weather)
}

/// A value cut at a bound; what is missing stays so.
fn at_most(value: f64, bound: f64) -> f64 {
    if value > bound { bound } else { value }
}

/// The records from the day before the start to the end of the scenario; an error where one of the scenario is missing
/// or incomplete.
fn cover(path: &Path, weather: Vec<Weather>, duration_s: f64) -> Result<Vec<Weather>> {
    let is_whole = |w: &Weather| [w.air, w.humidity, w.global, w.wind].iter().all(|v| !v.is_nan());
    let needed = |w: &Weather| w.period_s[1] > 1.0 && w.period_s[0] < duration_s - 1.0;
    let mut at = 0.0;
    for w in weather.iter().filter(|w| needed(w) && is_whole(w)) {
        if w.period_s[0] > at + 1.0 {
            break;
        }
        at = w.period_s[1];
    }
    if at < duration_s - 1.0 {
        let hour = |l: Language| l.number(at / 3600.0, 1);
        return fail(
            path,
            format!(
                "pas de temps complet à {} h du scénario (température, humidité, rayonnement et vent) ; compléter, ou changer le début ou la durée",
                hour(Language::Fr)
            ),
            format!(
                "no whole weather at {} h of the scenario (temperature, humidity, radiation and wind); complete it, or change start or duration",
                hour(Language::En)
            ),
        );
    }
    let keeps = |w: &Weather| w.period_s[0] >= -DAY_S && (needed(w) || w.period_s[1] <= 1.0);
    Ok(weather.into_iter().filter(|w| keeps(w) && is_whole(w)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, hours: f64) -> Result<Vec<Weather>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read_weather(file.path(), "2024-07-15T10:00:00Z".parse().unwrap(), 3600.0 * hours)
    }

    fn hourly(rows: &[&str]) -> String {
        let header = "NUM_POSTE;AAAAMMJJHH;T;U;GLO;FF\n";
        header.to_owned() + &rows.iter().map(|r| format!("34154001;{r}\n")).collect::<String>()
    }

    #[test]
    fn hours_of_meteo_france_end_at_their_time_in_joules_per_square_centimetre() {
        let rows = ["2024071511;31.5;40;270;2.0", "2024071512;32.5;38;288;2.5"];
        let weather = read(&hourly(&rows), 2.0).unwrap();
        assert_eq!(weather[0].period_s, [0.0, 3600.0]);
        assert!((weather[1].global - 800.0).abs() < 1e-9 && weather[1].air == 32.5);
    }

    #[test]
    fn an_epw_has_local_hours_and_any_year() {
        let mut text = "LOCATION,Montpellier,-,FRA,TMYx,076430,43.58,3.96,1.0,2.0\n".to_owned();
        text += &"X\n".repeat(7);
        for hour in 11..=13 {
            let row = format!(
                "1998,7,15,{hour},60,flags,{}.0,20.0,50,101300,0,0,0,700,0,0,0,0,0,0,180,3.0\n",
                20 + hour
            );
            text += &row;
        }
        let weather = read(&text, 2.0).unwrap();
        // 10 h UTC is 11 h there: the hour 12 begins then.
        let first = weather.iter().find(|w| w.period_s[0] == 0.0).unwrap();
        assert_eq!((first.air, first.global, first.wind), (32.0, 700.0, 3.0));
    }

    #[test]
    fn a_typical_year_begins_again_at_new_year() {
        let mut text = "LOCATION,Montpellier,-,FRA,TMYx,076430,43.58,3.96,0.0,2.0\n".to_owned();
        text += &"X\n".repeat(7);
        for (month, day, air) in [(1, 1, 3), (2, 29, 8), (12, 31, 5)] {
            for hour in 1..=24 {
                text += &format!(
                    "1998,{month},{day},{hour},60,flags,{air}.0,1.0,80,101300,0,0,0,0,0,0,0,0,0,0,180,3.0\n"
                );
            }
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        let read = |start: &str, hours: f64| {
            read_weather(file.path(), start.parse().unwrap(), 3600.0 * hours)
        };
        let weather = read("2023-12-31T20:00:00Z", 12.0).unwrap();
        let at = |end_h: f64| weather.iter().find(|w| w.period_s[1] == 3600.0 * end_h).unwrap();
        assert_eq!((at(4.0).air, at(5.0).air, at(12.0).air), (5.0, 3.0, 3.0));
        assert!(weather.windows(2).all(|w| w[1].period_s[0] >= w[0].period_s[1]));
        assert_eq!(read("2024-02-29T05:00:00Z", 12.0).unwrap()[0].air, 8.0);
        assert!(read("2023-02-28T22:00:00Z", 12.0).is_err());
    }

    #[test]
    fn tables_need_their_offset_and_sound_values() {
        let table = |rows: &str| {
            format!(
                "time,air_temperature_c,relative_humidity_percent,global_radiation_w_m2,wind_speed_m_s\n{rows}"
            )
        };
        let good =
            table("2024-07-15T13:00:00+02:00,30,40,800,2\n2024-07-15T14:00:00+02:00,31,40,820,2\n");
        assert_eq!(read(&good, 2.0).unwrap().len(), 2);
        let said = |text: &str, hours: f64| read(text, hours).unwrap_err().text(Language::En);
        assert!(said(&good, 3.0).contains("no whole weather at 2.0 h"), "{}", said(&good, 3.0));
        assert!(said(&good.replace("+02:00", ""), 2.0).contains("offset"));
        assert!(said(&good.replace(",30,", ",86,"), 2.0).contains("°F"));
        assert!(said(&good.replace(",800,", ",,"), 2.0).contains("no whole weather at 0.0 h"));
        assert!(said(&good.replace("wind_speed_m_s", "vent"), 2.0).contains("wind_speed_m_s"));
        let two = hourly(&["2024071511;31.5;40;270;2.0"]) + "34154002;2024071512;32;38;288;2\n";
        assert!(said(&two, 1.0).contains("several stations"));
    }

    proptest! {
        #[test]
        fn any_text_is_weather_or_an_error(text in "(LOCATION,|time,|AAAAMMJJHH;)?[ -~\n;]{0,300}") {
            let _ = read(&text, 1.0);
        }
    }
}
