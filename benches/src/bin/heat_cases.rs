//! The heat plugin's radiation for `benches/compare heat`: one thread, phases timed apart.
//!
//! ```text
//! heat_cases day SURFACE.f32 CROWNS.f32 SIDE HOURS   views and walls, then HOURS hours of a summer day
//! heat_cases utci N                                  UTCI of N environments
//! ```
//!
//! Rasters are raw little-endian `f32` of SIDE × SIDE cells of 1 m; crowns are heights above the ground of 0 m.

use std::process::ExitCode;
use std::time::Instant;

use twin_core::spatial::{Grid, GridSpec};
use twin_heat::comfort::{Environment, utci_all};
use twin_heat::radiation::posture::{Absorption, Posture};
use twin_heat::radiation::{Day, GroundKind, Materials, Moment, PASSING, Site, Warming};
use twin_sunlight::irradiance::Air;
use twin_sunlight::{Place, Scene, sun_position};

fn main() -> ExitCode {
    twin_benches::use_one_thread();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["day", surface, crowns, side, hours] => {
            side.parse().ok().zip(hours.parse().ok()).and_then(|(s, h)| day(surface, crowns, s, h))
        }
        ["utci", count] => count.parse().ok().map(utci),
        _ => None,
    };
    if done.is_some() {
        return ExitCode::SUCCESS;
    }
    eprintln!("heat_cases day SURFACE CROWNS SIDE HOURS | heat_cases utci N");
    ExitCode::FAILURE
}

fn raster(path: &str) -> Option<Vec<f32>> {
    let bytes = std::fs::read(path).ok()?;
    Some(bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
}

fn day(surface: &str, crowns: &str, side: usize, hours: u32) -> Option<()> {
    let spec =
        GridSpec { west: 0.0, north: side as f64, cell_size: 1.0, columns: side, rows: side };
    let surface = Grid::from_values(spec, raster(surface)?)?;
    let heights = raster(crowns)?;
    let tops: Vec<f32> = heights.iter().map(|h| if *h > 0.0 { *h } else { f32::NAN }).collect();
    let undersides: Vec<f32> = heights.iter().map(|h| 0.25 * h).collect();
    let scene = Scene::new(surface).ok()?.with_crowns(&tops, &undersides).ok()?;
    let kind = GroundKind { albedo: 0.2, emissivity: 0.95, warming: Warming::Balance(2220.0) };
    let begin = Instant::now();
    let mut site = Site::new(
        scene,
        vec![kind],
        vec![0; spec.len()],
        Materials::default(),
        Posture::STANDING,
        Absorption::default(),
    );
    println!("views {:.3}", begin.elapsed().as_secs_f64());
    let place = Place::new(48.85, 2.35, 35.0);
    let day = Day { sunrise: 4.2, highest: 62.6, mean_air: 22.0 };
    let begin = Instant::now();
    let first = if hours == 1 { 12 } else { 0 };
    for hour in first..first + hours {
        let h = f64::from(hour + 2);
        let radians = |share: f64| share * std::f64::consts::PI;
        let global =
            if h > 6.0 && h < 21.0 { 850.0 * radians((h - 6.0) / 15.0).sin() } else { 0.0 };
        let at = |minute: i32| {
            let minute = 60 * hour as i32 + 30 + minute;
            let time = format!("2025-07-15T{:02}:{:02}:00Z", minute / 60, minute % 60);
            sun_position(time.parse().ok()?, &place).ok()
        };
        let passing: [_; PASSING] = [at(-20)?, at(0)?, at(20)?];
        let moment = Moment {
            sun: passing[1],
            passing,
            day_of_year: 196,
            hour: f64::from(hour) + 0.66,
            latitude: 48.85,
            air: Air {
                temperature: 22.0 + 10.0 * radians((h - 8.0) / 12.0).sin(),
                humidity: 45.0,
                pressure: 1013.0,
            },
            global: global.max(0.0),
            wind: 2.0,
            clearness: None,
            step_days: 1.0 / 24.0,
        };
        let radiation = site.at(&moment, &day);
        std::hint::black_box(&radiation.mean_radiant);
    }
    println!("hours {:.3}", begin.elapsed().as_secs_f64());
    Some(())
}

fn utci(count: usize) {
    let spread = |k: usize, low: f64, high: f64| low + (high - low) * (k % 997) as f64 / 997.0;
    let environments: Vec<Environment> = (0..count)
        .map(|k| Environment {
            air: spread(k, 10.0, 40.0),
            radiant: spread(3 * k, 10.0, 80.0),
            wind: spread(7 * k, 0.5, 8.0),
            humidity: spread(11 * k, 20.0, 90.0),
        })
        .collect();
    let begin = Instant::now();
    std::hint::black_box(utci_all(&environments));
    println!("utci {:.4}", begin.elapsed().as_secs_f64());
}
