//! Two places in Gothenburg with measured radiation (Lindberg, Holmer & Thorsson 2008).
//!
//! The tables of measurements count their hours one later than the weather files: the weather of 12 h goes with what
//! was measured at 13 h, as air temperatures and clouds of both tell. Weather is that of the hour that begins; the sun
//! stands where it does in its middle.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

#[path = "../../engines/sunlight/tests/arrays/mod.rs"]
mod arrays;
#[path = "../../engines/shallow-water/tests/plots/mod.rs"]
mod plots;

use std::collections::BTreeMap;

use arrays::data;
use geotiff_reader::GeoTiffFile;
use jiff::Timestamp;
use twin_core::formats::read_ascii_grid;
use twin_core::spatial::{Grid, GridSpec};
use twin_heat::radiation::posture::{Absorption, Posture};
use twin_heat::radiation::{Course, Day, GroundKind, Materials, Moment, PASSING, Site, Warming};
use twin_sunlight::irradiance::Air;
use twin_sunlight::{Place, Scene, sun_position};

const HALF_AN_HOUR_S: i64 = 1800;

/// What Lindberg et al. 2008 report over seven days at these two places, K.
const PUBLISHED_RMSE: f64 = 4.8;
/// Aims of the mean over the days, K, and of the bias of the long-wave radiation of the sky over all hours, W/m².
const MOST_MEAN_RMSE: f64 = 4.0;
const MOST_SKY_BIAS: f64 = 15.0;

struct Case {
    name: &'static str,
    folder: &'static str,
    suffix: &'static str,
    crowns: &'static str,
    cover: &'static str,
    measured: &'static str,
    cell: (usize, usize),
    /// Day of the year, weather file, prefix of the day in the table of measurements, date.
    days: &'static [(u16, &'static str, &'static str, &'static str)],
}

const KRONENHUSET: Case = Case {
    name: "Kronenhuset",
    folder: "solweig_validation/kronenhuset",
    suffix: "KR.tif",
    crowns: "CDSM_KR.asc",
    cover: "landcover_KR.tif",
    measured: "measurements_kr.csv",
    cell: (51, 117),
    days: &[(280, "MetFile_Prepared.txt", "", "2005-10-07")],
};

const GUSTAV_ADOLFS: Case = Case {
    name: "Gustav Adolfs torg",
    folder: "solweig_validation/gustav_adolfs",
    suffix: "GA.tif",
    crowns: "CDSM_GA.tif",
    cover: "LC_GA.tif",
    measured: "measurements_ga.csv",
    cell: (33, 77),
    days: &[
        (284, "MetFile_20051011.txt", "20051011", "2005-10-11"),
        (207, "MetFile_20060726.txt", "20060726", "2006-07-26"),
        (213, "MetFile_20060801.txt", "20060801", "2006-08-01"),
    ],
};

/// A raster in metres; the Swedish reference systems of these are not known to the program.
fn grid(path: &str) -> Grid<f32> {
    let path = data(path).unwrap();
    if path.extension().unwrap() == "asc" {
        return read_ascii_grid(&path).unwrap();
    }
    let file = GeoTiffFile::open(&path).unwrap();
    let values: Vec<f32> = match file.read_band::<f32>(0) {
        Ok(values) => values.into_iter().collect(),
        Err(_) => file.read_band::<f64>(0).unwrap().into_iter().map(|v| v as f32).collect(),
    };
    let cell_size = file.transform().unwrap().pixel_width.abs();
    let (columns, rows) = (file.width() as usize, file.height() as usize);
    let spec = GridSpec { west: 0.0, north: rows as f64 * cell_size, cell_size, columns, rows };
    Grid { spec, values }
}

/// Thermal admittance of stone (Oke 1987, table 7.4): both places are paved with setts.
const STONE: f64 = 2220.0;
/// Wind where it was not recorded, m/s.
const UNKNOWN_WIND: f64 = 1.5;

/// Ground of a class of UMEP's land cover.
fn kind(code: u8) -> GroundKind {
    let fitted = |slope, intercept, warmest| Warming::Fitted(Course { slope, intercept, warmest });
    let (albedo, emissivity, warming) = match code {
        1 => (0.18, 0.95, Warming::Balance(STONE)),
        2 => (0.18, 0.95, fitted(0.58, -9.78, 15.0)),
        5 => (0.16, 0.94, fitted(0.21, -3.38, 14.0)),
        6 => (0.25, 0.94, fitted(0.33, -3.01, 14.0)),
        7 => (0.05, 0.98, fitted(0.0, 0.0, 12.0)),
        _ => (0.20, 0.95, Warming::Balance(STONE)),
    };
    GroundKind { albedo, emissivity, warming }
}

fn site(case: &Case) -> Site {
    let at = |name: &str| format!("{}/{name}", case.folder);
    let surface = grid(&at(&format!("DSM_{}", case.suffix)));
    let ground = grid(&at(&format!("DEM_{}", case.suffix)));
    let crowns = grid(&at(case.crowns));
    let tops: Vec<f32> = crowns
        .values
        .iter()
        .zip(&ground.values)
        .map(|(height, z)| if *height > 0.0 { z + height } else { f32::NAN })
        .collect();
    let undersides: Vec<f32> =
        crowns.values.iter().zip(&ground.values).map(|(height, z)| z + 0.25 * height).collect();
    let scene = Scene::new(surface).unwrap().with_crowns(&tops, &undersides).unwrap();
    let codes = [0u8, 1, 2, 5, 6, 7];
    let kinds = codes.map(kind).to_vec();
    let cover = grid(&at(case.cover));
    let number = |code: &f32| codes.iter().position(|c| f32::from(*c) == *code).unwrap_or(0) as u8;
    let kind_of = cover.values.iter().map(number).collect();
    let absorption = Absorption { short: 0.70, long: 0.95 };
    Site::new(scene, kinds, kind_of, Materials::default(), Posture::STANDING, absorption)
}

/// Sums of errors.
#[derive(Default, Clone, Copy)]
struct Errors {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Errors {
    fn add(&mut self, error: f64) {
        self.n += 1.0;
        self.sum += error;
        self.squares += error * error;
    }
    fn rmse(&self) -> f64 {
        (self.squares / self.n).sqrt()
    }
    fn bias(&self) -> f64 {
        self.sum / self.n
    }
}

/// Where air temperature and humidity come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AirOf {
    /// The weather file: a station elsewhere in town.
    Station,
    /// Measured at the place beside the radiation.
    Place,
}

/// What was measured at a place, by hour of a day.
struct Measured(BTreeMap<u32, BTreeMap<String, f64>>);

impl Measured {
    /// Of a day; hours with a gap are left out.
    fn read(case: &Case, prefix: &str) -> Self {
        let path = data(&format!("{}/{}", case.folder, case.measured)).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        let is_of_day = |row: &BTreeMap<String, f64>| match prefix.is_empty() {
            true => true,
            false => row["day"] == prefix.parse::<f64>().unwrap(),
        };
        let row = |line: &str| -> Option<BTreeMap<String, f64>> {
            let values = line.split(',').map(|field| field.parse().ok());
            header
                .iter()
                .zip(values)
                .map(|(name, value)| Some(((*name).to_owned(), value?)))
                .collect()
        };
        let rows = text.lines().skip(1).filter_map(row).filter(is_of_day);
        Self(rows.map(|row| (row["hour"] as u32, row)).collect())
    }
}

fn run(case: &Case, air_of: AirOf) -> Vec<(String, BTreeMap<&'static str, Errors>)> {
    let mut site = site(case);
    let cell = site.scene().spec().index(case.cell.0, case.cell.1);
    let place = Place::new(57.7, 12.0, 10.0);
    let mut all = Vec::new();
    for &(day_of_year, file, prefix, date) in case.days {
        let text =
            std::fs::read_to_string(data(&format!("{}/{file}", case.folder)).unwrap()).unwrap();
        let local: Timestamp = format!("{date}T00:00:00+01:00").parse().unwrap();
        let sun_at = |seconds: i64| {
            sun_position(Timestamp::from_second(local.as_second() + seconds).unwrap(), &place)
                .unwrap()
        };
        let solar = |seconds: i64| seconds as f64 / 3600.0 - 1.0 + 12.0 / 15.0;
        let minutes = || (0..1440i64).map(|m| 60 * m);
        let day = Day {
            sunrise: solar(minutes().find(|s| sun_at(*s).is_up()).unwrap()),
            highest: minutes().map(|s| sun_at(s).altitude).fold(0.0, f64::max),
            mean_air: {
                let t: Vec<f64> = text
                    .lines()
                    .skip(1)
                    .filter_map(|l| l.split_whitespace().nth(11)?.parse().ok())
                    .collect();
                t.iter().sum::<f64>() / t.len() as f64
            },
        };
        let measured = Measured::read(case, prefix);
        let mut errors: BTreeMap<&'static str, Errors> = BTreeMap::new();
        let mut lines: [[Vec<(f64, f64)>; 2]; 3] = Default::default();
        let records = text.lines().skip(1).filter(|l| !l.trim().is_empty());
        let moments: Vec<(u32, Moment)> = records
            .map(|l| l.split_whitespace().map(|v| v.parse().unwrap()).collect::<Vec<f64>>())
            .filter(|v| v[1] as u16 == day_of_year)
            .map(|v| {
                let seconds = (v[2] * 3600.0 + v[3] * 60.0) as i64 + HALF_AN_HOUR_S;
                let hour = v[2] as u32 + 1;
                let own = measured.0.get(&hour).filter(|_| air_of == AirOf::Place);
                let (temperature, humidity) =
                    own.map_or((v[11], v[10]), |own| (own["Ta"], own["RH"]));
                let moment = Moment {
                    sun: sun_at(seconds),
                    passing: std::array::from_fn(|part| {
                        let share = (2 * part + 1) as f64 / (2 * PASSING) as f64 - 0.5;
                        sun_at(seconds + (3600.0 * share) as i64)
                    }),
                    day_of_year,
                    hour: solar(seconds),
                    latitude: 57.7,
                    air: Air { temperature, humidity, pressure: 1013.0 },
                    global: v[14].max(0.0),
                    wind: if v[9] >= 0.0 { 0.5 * v[9] } else { UNKNOWN_WIND },
                    clearness: None,
                    step_days: 1.0 / 24.0,
                };
                (hour, moment)
            })
            .collect();
        site.warm_up(&moments.iter().map(|m| m.1).collect::<Vec<_>>());
        for (hour, moment) in moments {
            let (radiation, received) = site.watched(&moment, &day, &[cell]);
            let Some(row) = measured.0.get(&hour) else { continue };
            let of = |name: &str| row[name];
            let r = &received[0];
            let mrt = f64::from(radiation.mean_radiant[cell]);
            let mut add = |name: &'static str, found: f64, known: f64| {
                errors.entry(name).or_default().add(found - known);
            };
            add("K↓", r.short_down, of("Kdown"));
            add("K↑", r.short_up, of("Kup"));
            add("L↓", r.long_down, of("Ldown"));
            add("L↑", r.long_up, of("Lup"));
            add("Tmrt", mrt, of("Tmrt"));
            let pairs = [(r.long_down, of("Ldown")), (r.long_up, of("Lup")), (mrt, of("Tmrt"))];
            for (pair, line) in pairs.iter().zip(&mut lines) {
                // A period by its middle.
                let time = 3600.0 * (f64::from(hour) - 0.5);
                line[0].push((time, pair.0));
                line[1].push((time, pair.1));
            }
        }
        let named = [
            ("rayonnement-ciel", "Rayonnement atmosphérique reçu", "W/m²"),
            ("rayonnement-sol", "Rayonnement infrarouge du sol", "W/m²"),
            ("tmrt", "Température moyenne radiante", "°C"),
        ];
        for ((name, quantity, unit), [computed, known]) in named.into_iter().zip(lines) {
            if air_of == AirOf::Place {
                break;
            }
            plots::save(
                &format!("chaleur-{name}-{date}"),
                &format!("{} ({date})", case.name),
                (quantity, unit),
                &[("calcul", computed), ("mesure", known)],
            );
        }
        all.push((date.to_owned(), errors));
    }
    all
}

#[test]
fn mean_radiant_temperature_is_as_near_to_measurements_as_published() {
    if data("solweig_validation").is_none() {
        return;
    }
    for air_of in [AirOf::Station, AirOf::Place] {
        println!("air of: {air_of:?}");
        let mut of_days = Vec::new();
        let mut sky = Errors::default();
        for case in [&KRONENHUSET, &GUSTAV_ADOLFS] {
            for (date, errors) in run(case, air_of) {
                let told: Vec<String> = errors
                    .iter()
                    .map(|(name, e)| format!("{name} {:.1} ({:+.1})", e.rmse(), e.bias()))
                    .collect();
                println!("{date}: {}", told.join(", "));
                of_days.push(errors["Tmrt"].rmse());
                sky.n += errors["L↓"].n;
                sky.sum += errors["L↓"].sum;
            }
        }
        let mean = of_days.iter().sum::<f64>() / of_days.len() as f64;
        println!("mean radiant temperature, mean RMSE of the days: {mean:.2} K");
        println!("L↓, bias of all hours: {:+.1} W/m²", sky.bias());
        assert!(mean <= MOST_MEAN_RMSE && of_days.iter().all(|rmse| *rmse < PUBLISHED_RMSE));
        assert!(sky.bias().abs() < MOST_SKY_BIAS, "{}", sky.bias());
    }
}
