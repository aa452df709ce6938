//! Reading of series from text tables: two columns, or an export of HydroPortail or Hub'Eau.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Series;
use super::quantity::{Quantity, plain};
use crate::language::Text;
use crate::{Error, FileProblem, Result};

/// Names of columns of time and of value, as they begin.
const TIME_COLUMNS: [&str; 7] =
    ["aaaammjjhh", "date_obs", "date", "time", "temps", "heure", "instant"];
const VALUE_COLUMNS: [&str; 12] = [
    "resultat_obs",
    "rr1",
    "rr",
    "valeur",
    "value",
    "debit",
    "discharge",
    "hauteur",
    "niveau",
    "level",
    "cote",
    "pluie",
];

/// Where a table holds what.
struct Columns {
    time: usize,
    value: usize,
    /// Hub'Eau's `grandeur_hydro`: Q in l/s, H in mm.
    kind: Option<usize>,
    factor: Option<f64>,
    /// How dates without an offset are to be understood.
    dates: Dates,
    /// Code and name of the station.
    station: [Option<usize>; 2],
    /// Météo-France's quality code of the value.
    quality: Option<usize>,
}

/// Quality code of Météo-France for a value that its checks have put in doubt.
const DOUBTFUL: &str = "2";
/// Stations that a sentence lists.
const LISTED_STATIONS: usize = 8;

/// A series read from a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableSeries {
    /// The values of one station.
    pub series: Series,
    /// Times whose value Météo-France holds doubtful (quality code 2), s.
    pub doubtful_s: Vec<f64>,
}

/// How the dates of a table are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dates {
    /// With their offset.
    Offset,
    /// Without one, in UTC as the header says.
    Universal,
    /// As digits, `AAAAMMJJHH` or `AAAAMMJJHHMN`, in UTC: files of Météo-France.
    Digits,
}

impl Series {
    /// Reads a text table: two columns, time and value, or an export of HydroPortail (header names the
    /// columns and the unit), Hub'Eau (`date_obs`, `resultat_obs`, `grandeur_hydro`) or Météo-France
    /// (`AAAAMMJJHH`, `RR1`; `AAAAMMJJHHMN`, `RR`). Separator `;`,
    /// tab or `,`; decimal mark `.`, or `,` when the separator is another; `#` for comments. Times are
    /// seconds, `h:mm[:ss]`, or dates with an offset (or a header that says UTC), which are counted
    /// from `start`; they rise, or fall throughout. Lines without a value are left out.
    ///
    /// The unit is that of the header or of Hub'Eau; `unit` states it for other tables.
    ///
    /// # Errors
    /// A file that cannot be read, a unit nobody states or that measures something else, a line without
    /// a time or a number, times that turn, a jump by a factor of 1 000 (two units in one file).
    pub fn read_csv(
        path: &Path,
        start: Timestamp,
        quantity: Quantity,
        unit: Option<&str>,
    ) -> Result<Self> {
        TableSeries::read(path, start, quantity, unit, None).map(|table| table.series)
    }
}

impl TableSeries {
    /// As [`Series::read_csv`], of one station: its code or its name as the columns `NUM_POSTE`, `NOM_USUEL`,
    /// `code_station` tell them; needed where a file holds several.
    ///
    /// # Errors
    /// As there; a station that is not in the file, or several of which none is chosen.
    pub fn read(
        path: &Path,
        start: Timestamp,
        quantity: Quantity,
        unit: Option<&str>,
        station: Option<&str>,
    ) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::read(path))?;
        if bytes.is_empty() {
            return Err(Error::file(path, FileProblem::Empty));
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_start_matches('\u{feff}');
        let first = text.lines().find(|l| !l.trim().is_empty() && !l.starts_with('#'));
        let delimiter = [b';', b'\t', b',']
            .into_iter()
            .find(|d| first.is_some_and(|line| line.as_bytes().contains(d)));
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .delimiter(delimiter.unwrap_or(b' '))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let stated = match unit {
            None => None,
            Some(unit) => Some(quantity.factor(unit).ok_or_else(|| wrong_unit(unit, quantity))?),
        };
        let mut columns: Option<Columns> = None;
        let mut points: Vec<(f64, f64)> = Vec::new();
        let mut falling = None;
        let mut doubtful_s = Vec::new();
        let mut stations: Vec<String> = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| {
                Error::file(
                    path,
                    FileProblem::damaged(
                        format!("table illisible ({e})"),
                        format!("unreadable table ({e})"),
                    ),
                )
            })?;
            let line = record.position().map_or(0, csv::Position::line) as usize;
            let at = |fr: String, en: String| {
                Error::file_at(path, Text::line(line), FileProblem::damaged(fr, en))
            };
            if record.iter().all(str::is_empty) {
                continue;
            }
            if columns.is_none() {
                let header =
                    parse_time(record.get(0).unwrap_or(""), start, Dates::Offset).is_none();
                let found = if header { named(&record, quantity) } else { None };
                if header && found.is_none() && record.len() > 2 {
                    return Err(at(
                        "colonnes non reconnues ; nommer celle du temps « date » et celle de la valeur « valeur », ou garder deux colonnes".into(),
                        "columns not recognised; name that of time \"date\" and that of the value \"value\", or keep two columns".into(),
                    ));
                }
                let factor =
                    if header { record.get(1).and_then(|c| quantity.factor_in(c)) } else { None };
                let dates =
                    if header { dates_of(record.get(0).unwrap_or("")) } else { Dates::Offset };
                let (station, quality) = ([None; 2], None);
                let two =
                    Columns { time: 0, value: 1, kind: None, factor, dates, station, quality };
                columns = Some(found.unwrap_or(two));
                if header {
                    continue;
                }
            }
            let Some(columns) = &columns else { continue };
            let cell = |k: usize| record.get(k).unwrap_or("");
            let (time, value) = (cell(columns.time), cell(columns.value));
            if record.len() <= columns.time.max(columns.value) {
                return Err(at(
                    "deux colonnes attendues (temps ; valeur)".into(),
                    "two columns expected (time; value)".into(),
                ));
            }
            let [code, name] = columns.station.map(|k| k.map_or("", cell));
            if !code.is_empty() {
                let told = if name.is_empty() { code.into() } else { format!("{code} {name}") };
                if !stations.contains(&told) {
                    stations.push(told);
                }
            }
            let is_wanted = match station {
                Some(wanted) => is_station(wanted, code, name),
                None => stations.len() < 2,
            };
            if value.is_empty() || !is_wanted {
                continue;
            }
            let factor = match columns.kind.map(cell) {
                Some(kind) => hub_eau_factor(kind, quantity).ok_or_else(|| {
                    at(
                        format!("grandeur « {kind} » : le fichier mesure autre chose"),
                        format!("quantity \"{kind}\": the file measures something else"),
                    )
                })?,
                None => columns.factor.or(stated).ok_or_else(|| unknown_unit(path, quantity))?,
            };
            let Some(seconds) = parse_time(time, start, columns.dates) else {
                return Err(at(
                    format!("temps « {time} » illisible (secondes, h:mm, ou date avec décalage)"),
                    format!(
                        "time \"{time}\" cannot be read (seconds, h:mm, or a date with an offset)"
                    ),
                ));
            };
            let written =
                if delimiter == Some(b',') { value.to_owned() } else { value.replace(',', ".") };
            let Some(number) = written.parse::<f64>().ok().filter(|v| v.is_finite()) else {
                return Err(at(
                    format!("valeur « {value} » illisible"),
                    format!("value \"{value}\" cannot be read"),
                ));
            };
            let number = number * factor;
            if let Some(&(last, before)) = points.last() {
                let falls = seconds < last;
                if seconds == last || *falling.get_or_insert(falls) != falls {
                    return Err(at(
                        format!("le temps {seconds} s ne suit pas {last} s"),
                        format!("time {seconds} s does not follow {last} s"),
                    ));
                }
                let ratio = (number / before).abs();
                let jump = |r: f64| (900.0..1100.0).contains(&r);
                if quantity != Quantity::Temperature && (jump(ratio) || jump(ratio.recip())) {
                    return Err(at(
                        format!(
                            "la valeur saute d'un facteur 1 000 ({before} puis {number}) : deux unités dans le fichier"
                        ),
                        format!(
                            "the value jumps by a factor of 1,000 ({before}, then {number}): two units in the file"
                        ),
                    ));
                }
            }
            points.push((seconds, number));
            if columns.quality.is_some_and(|k| cell(k) == DOUBTFUL) {
                doubtful_s.push(seconds);
            }
        }
        if let Some(error) = station_error(path, station, &stations) {
            return Err(error);
        }
        if falling == Some(true) {
            points.reverse();
        }
        let series = Series::new(points)
            .map_err(|_| Error::file(path, FileProblem::damaged("aucune valeur", "no value")))?;
        Ok(Self { series, doubtful_s })
    }
}

/// Whether a station is meant by its code, leading zeros or not, or by its name.
fn is_station(wanted: &str, code: &str, name: &str) -> bool {
    let digits = |text: &str| text.trim().trim_start_matches('0').to_owned();
    let is_code = !code.is_empty() && digits(wanted) == digits(code);
    is_code || !name.is_empty() && plain(wanted) == plain(name)
}

/// The sentence for a station that is not there, or that nobody has chosen among several.
fn station_error(path: &Path, wanted: Option<&str>, stations: &[String]) -> Option<Error> {
    let is_there = |wanted: &str| {
        stations.iter().any(|told| {
            let (code, name) = told.split_once(' ').unwrap_or((told, ""));
            is_station(wanted, code, name)
        })
    };
    let rest = stations.len().saturating_sub(LISTED_STATIONS);
    let listed = stations.iter().take(LISTED_STATIONS).cloned().collect::<Vec<_>>().join(", ");
    let more = if rest > 0 { format!(", … (+{rest})") } else { String::new() };
    let error = |fr: String, en: String| Some(Error::input(path.display().to_string(), fr, en));
    match wanted {
        None if stations.len() > 1 => error(
            format!("plusieurs postes ({listed}{more}) ; en choisir un par station = \"NUMÉRO\""),
            format!("several stations ({listed}{more}); choose one by station = \"CODE\""),
        ),
        Some(wanted) if stations.is_empty() => error(
            format!(
                "aucune colonne de poste (NUM_POSTE, code_station) : ôter station = \"{wanted}\""
            ),
            format!(
                "no column of stations (NUM_POSTE, code_station): take out station = \"{wanted}\""
            ),
        ),
        Some(wanted) if !is_there(wanted) => error(
            format!("le poste « {wanted} » n'y est pas ; présents : {listed}{more}"),
            format!("the station \"{wanted}\" is not there; present: {listed}{more}"),
        ),
        _ => None,
    }
}

/// The columns that a header names.
fn named(record: &csv::StringRecord, quantity: Quantity) -> Option<Columns> {
    let names: Vec<String> = record.iter().map(plain).collect();
    let find = |wanted: &[&str]| {
        wanted.iter().find_map(|w| names.iter().position(|name| name.starts_with(w)))
    };
    let (time, value) = (find(&TIME_COLUMNS)?, find(&VALUE_COLUMNS)?);
    Some(Columns {
        time,
        value,
        kind: names.iter().position(|name| name == "grandeur_hydro"),
        factor: record.get(value).and_then(|c| quantity.factor_in(c)).or_else(|| {
            let of_meteo_france =
                dates_of(&names[time]) == Dates::Digits && names[value].starts_with("rr");
            (of_meteo_france && quantity == Quantity::RainDepth).then_some(1e-3)
        }),
        dates: dates_of(&names[time]),
        station: [&["num_poste", "code_station"][..], &["nom_usuel"]]
            .map(|known| names.iter().position(|name| known.contains(&name.as_str()))),
        quality: names.iter().position(|name| *name == format!("q{}", names[value])),
    })
}

/// What the name of a column of times says of them.
fn dates_of(column: &str) -> Dates {
    let column = plain(column);
    if column.starts_with("aaaammjjhh") {
        Dates::Digits
    } else if column.contains("(tu)") || column.contains("utc") {
        Dates::Universal
    } else {
        Dates::Offset
    }
}

/// Hub'Eau gives Q in l/s and H in mm.
fn hub_eau_factor(kind: &str, quantity: Quantity) -> Option<f64> {
    match (kind.chars().next(), quantity) {
        (Some('Q'), Quantity::Discharge) | (Some('H'), Quantity::Level) => Some(1e-3),
        _ => None,
    }
}

fn wrong_unit(unit: &str, quantity: Quantity) -> Error {
    use crate::Language::{En, Fr};
    Error::input(
        "unit",
        format!("« {unit} » n'est pas une unité {}", quantity.named(Fr)),
        format!("\"{unit}\" is not a unit {}", quantity.named(En)),
    )
}

fn unknown_unit(path: &Path, quantity: Quantity) -> Error {
    use crate::Language::{En, Fr};
    Error::file(
        path,
        FileProblem::damaged(
            format!(
                "rien n'y dit l'unité {} ; l'écrire dans l'en-tête ou dans unit",
                quantity.named(Fr)
            ),
            format!(
                "nothing states the unit {}; write it in the header or in unit",
                quantity.named(En)
            ),
        ),
    )
}

/// Seconds since the start: a number, `h:mm[:ss]`, or a date.
fn parse_time(text: &str, start: Timestamp, dates: Dates) -> Option<f64> {
    if dates == Dates::Digits {
        let padded = if text.len() == 10 { format!("{text}00") } else { text.to_owned() };
        let date = DateTime::strptime("%Y%m%d%H%M", &padded).ok()?;
        return TimeZone::UTC
            .to_timestamp(date)
            .ok()
            .map(|t| t.duration_since(start).as_secs_f64());
    }
    let number = text.replace(',', ".");
    if let Ok(seconds) = number.parse::<f64>() {
        return seconds.is_finite().then_some(seconds);
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.duration_since(start).as_secs_f64());
    }
    if dates == Dates::Universal {
        let date = text.parse::<DateTime>().ok().or_else(|| {
            ["%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"]
                .iter()
                .find_map(|format| DateTime::strptime(format, text).ok())
        });
        if let Some(instant) = date.and_then(|d| TimeZone::UTC.to_timestamp(d).ok()) {
            return Some(instant.duration_since(start).as_secs_f64());
        }
    }
    let mut parts = text.split(':');
    let hours: f64 = parts.next()?.trim().parse().ok()?;
    let minutes: f64 = parts.next()?.trim().parse().ok()?;
    let seconds: f64 = parts.next().map_or(Some(0.0), |s| s.trim().parse().ok())?;
    let total = 3600.0 * hours + 60.0 * minutes + seconds;
    (parts.next().is_none() && total.is_finite()).then_some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Language;

    fn read_as(text: &str, quantity: Quantity, unit: Option<&str>) -> Result<Series> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("serie.csv");
        std::fs::write(&path, text).unwrap();
        Series::read_csv(&path, "2024-01-15T00:00:00+01:00".parse().unwrap(), quantity, unit)
    }

    fn read(text: &str) -> Result<Series> {
        read_as(text, Quantity::Discharge, Some("m3/s"))
    }

    #[test]
    fn notations_of_the_same_hydrograph_agree() {
        let expected = Series::new(vec![(0.0, 1.5), (5400.0, 20.0)]).unwrap();
        for text in [
            "0,1.5\n5400,20\n",
            "temps;debit\n0;1,5\n5400;20,0\n",
            "# commentaire\nheure\tQ\n0:00\t1.5\n1:30\t20\n",
            "t;q\n2024-01-14T23:00:00Z;1.5\n2024-01-15T01:30:00+01:00;20\n",
            "0 1.5\n5400 20\n",
            "temps;debit_l_s\n0;1500\n5400;20000\n",
            "\"Date (TU)\",\"Valeur (en l/s)\",\"Statut\"\n\"2024-01-14 23:00:00\",\"1500\",\"brut\"\n\"2024-01-15 00:30:00\",\"20000\",\"brut\"\n",
            "code_station;grandeur_hydro;date_obs;resultat_obs\nX;Q;2024-01-15T00:30:00Z;20000\nX;Q;2024-01-15T00:00:00Z;\nX;Q;2024-01-14T23:00:00Z;1500\n",
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn units_come_from_the_header_or_are_asked_for() {
        let discharge = |text| read_as(text, Quantity::Discharge, None);
        let level = |text, unit| read_as(text, Quantity::Level, unit);
        assert_eq!(discharge("t;Débit (en m³/s)\n0;3\n").unwrap().at(0.0), 3.0);
        assert_eq!(discharge("time_s;discharge_m3_s\n0;3\n").unwrap().at(0.0), 3.0);
        assert_eq!(level("t;niveau (mm)\n0;3000\n", None).unwrap().at(0.0), 3.0);
        assert_eq!(level("t;level_m\n0;3\n", None).unwrap().at(0.0), 3.0);
        assert_eq!(level("0;250\n", Some("cm")).unwrap().at(0.0), 2.5);
        let rain = |header: &str, quantity| read_as(&format!("t;{header}\n0;3\n"), quantity, None);
        for header in ["pluie (mm/h)", "rain_mm_per_h", "pluie_mm_h", "mm/h"] {
            assert!(rain(header, Quantity::RainDepth).is_err(), "{header}");
            assert!(rain(header, Quantity::RainIntensity).is_ok(), "{header}");
        }
        assert_eq!(rain("pluie (mm)", Quantity::RainDepth).unwrap().at(0.0), 3e-3);
        let said = discharge("temps;debit\n0;3\n").unwrap_err();
        assert!(said.text(Language::Fr).contains("rien n'y dit l'unité"), "{said}");
        assert!(level("0;3\n", Some("l/s")).is_err());
        let hub = "grandeur_hydro,date_obs,resultat_obs\nH,2024-01-15T00:30:00Z,2000\n";
        assert!(discharge(hub).is_err());
        assert_eq!(level(hub, None).unwrap().at(0.0), 2.0);
    }

    #[test]
    fn one_station_of_several_is_chosen_by_its_number_or_name() {
        let text = "NUM_POSTE;NOM_USUEL;AAAAMMJJHH;RR1;QRR1\n\
            07005001;ANNONAY;2024011500;1.0;1\n07005001;ANNONAY;2024011501;2.0;2\n\
            07019001;AUBENAS;2024011500;5.0;9\n07019001;AUBENAS;2024011501;6.0;1\n";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pluie.csv");
        std::fs::write(&path, text).unwrap();
        let start = "2024-01-15T00:00:00Z".parse().unwrap();
        let read = |station| TableSeries::read(&path, start, Quantity::RainDepth, None, station);
        let annonay = read(Some("7005001")).unwrap();
        assert_eq!(annonay.series.points(), [(0.0, 1.0e-3), (3600.0, 2.0e-3)]);
        assert_eq!(annonay.doubtful_s, [3600.0]);
        let aubenas = read(Some("Aubenas")).unwrap();
        assert_eq!((aubenas.series.at(0.0), aubenas.doubtful_s.len()), (5.0e-3, 0));
        let said = |station| read(station).unwrap_err().text(Language::En);
        assert!(said(None).contains("several stations (07005001 ANNONAY, 07019001 AUBENAS)"));
        assert!(said(Some("Privas")).contains("\"Privas\" is not there"));
        std::fs::write(&path, "t;pluie (mm)\n0;1\n3600;1\n").unwrap();
        assert!(said(Some("Privas")).contains("no column of stations"));
    }

    #[test]
    fn faults_name_their_line() {
        for (text, line) in [
            ("0;1\n0;2\n", "2"),
            ("0;1\n60;2\n30;2\n", "3"),
            ("0;1\n60;abc\n", "2"),
            ("a;b\nc;d\n", "2"),
            ("0;1.2\n60;1200\n", "2"),
            ("a;b;c\n0;1;2\n", "1"),
            ("date;valeur\n2024-01-15 00:30:00;1\n", "2"),
        ] {
            let error = read(text).unwrap_err();
            let (fr, en) = (error.text(Language::Fr), error.text(Language::En));
            assert!(fr.contains(&format!("[ligne {line}]")), "{fr}");
            assert!(en.contains(&format!("[line {line}]")), "{en}");
        }
        assert!(read("").is_err());
        assert!(read("0;nan\n").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_series_or_a_sentence(text in "[0-9a-zT:;,.\\-\"# \n\t]{0,200}") {
            if let Ok(series) = read(&text) {
                prop_assert!(series.points().iter().all(|p| p.0.is_finite() && p.1.is_finite()));
            }
        }
    }
}
