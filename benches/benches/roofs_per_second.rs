//! How long does one core take for the roof of a building, on average and at worst?
//!
//! The buildings of the default synthetic commune with ten roof points per m² and 5 cm of noise: planes,
//! solids of LoD1.3 and 2.2, and their tests by ISO 19107.

use std::hint::black_box;
use std::time::Instant;

use twin_core::Result;
use twin_core::assembly::{RoofDetail, find_roof};
use twin_core::spatial::Polygon;
use twin_synthetic::{Building, Commune, CommuneOptions};

/// Roof points per m².
const DENSITY: f64 = 10.0;

fn main() -> Result<()> {
    let commune = Commune::generate(&CommuneOptions::default())?;
    let mut times: Vec<f64> = commune
        .buildings()
        .iter()
        .map(|building| {
            let (polygon, points) = (footprint(building), points(building, &commune));
            let started = Instant::now();
            if let Ok(shape) = find_roof(&polygon, &points, &[]) {
                for detail in [RoofDetail::Parts, RoofDetail::Planes] {
                    let _ = black_box(shape.solid(detail, building.ground[0]));
                }
            }
            1e3 * started.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    let p95 = times.get(times.len() * 95 / 100).copied().unwrap_or(f64::NAN);
    println!("{} roofs: {mean:.1} ms on average, p95 {p95:.1} ms", times.len());
    Ok(())
}

fn footprint(building: &Building) -> Polygon {
    let corners: Vec<(f64, f64)> = building.footprint.iter().map(|p| (p[0], p[1])).collect();
    Polygon::from_corners(&corners)
}

/// Points of the roof on a lattice, moved by a hash of their number.
fn points(building: &Building, commune: &Commune) -> Vec<[f64; 3]> {
    let polygon = footprint(building);
    let Some(extent) =
        twin_core::spatial::Extent::of_points(building.footprint.iter().map(|p| (p[0], p[1])))
    else {
        return Vec::new();
    };
    let step = DENSITY.sqrt().recip();
    let (columns, rows) = ((extent.width() / step) as u64, (extent.height() / step) as u64);
    // The finaliser of SplitMix64 (Steele, Lea & Flood 2014).
    let chance = |seed: u64| {
        let mut h = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (h >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    (0..columns * rows)
        .filter_map(|k| {
            let x = extent.min_x + (((k % columns) as f64) + 0.5 + chance(3 * k)) * step;
            let y = extent.min_y + (((k / columns) as f64) + 0.5 + chance(3 * k + 1)) * step;
            polygon.contains(x, y).then_some(())?;
            Some([x, y, commune.roof_height(x, y)? + 0.17 * chance(3 * k + 2)])
        })
        .collect()
}
