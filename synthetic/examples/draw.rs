//! Draws communes: shaded ground, land cover, buildings, trees and streets.
//!
//! `cargo run --release -p twin-synthetic --example draw -- FOLDER [SIZE_M] [SEED …]`

use image::{Rgb, RgbImage};
use twin_core::spatial::{GridSpec, Polygon, cells_along, cells_within};
use twin_synthetic::{Commune, CommuneOptions, Cover, StreetClass};

fn colour(cover: Cover) -> [f64; 3] {
    match cover {
        Cover::Building => [200.0, 60.0, 50.0],
        Cover::Road => [235.0, 232.0, 225.0],
        Cover::Track => [205.0, 185.0, 150.0],
        Cover::Water => [70.0, 130.0, 200.0],
        Cover::Dyke => [170.0, 150.0, 60.0],
        Cover::Bank => [130.0, 170.0, 110.0],
        Cover::Square => [215.0, 210.0, 200.0],
        Cover::Yard => [190.0, 180.0, 175.0],
        Cover::Garden => [175.0, 205.0, 140.0],
        Cover::Crop => [225.0, 205.0, 130.0],
        Cover::Meadow => [155.0, 195.0, 110.0],
        Cover::Orchard => [185.0, 190.0, 95.0],
        Cover::Wood => [110.0, 150.0, 85.0],
    }
}

fn draw(commune: &Commune) -> RgbImage {
    let extent = commune.extent();
    let cell = (extent.width() / 1400.0).max(0.25);
    let spec = GridSpec::covering(&extent, cell);
    let mut image = RgbImage::new(spec.columns as u32, spec.rows as u32);
    for row in 0..spec.rows {
        for column in 0..spec.columns {
            let (x, y) = spec.centre(row, column);
            let z = |dx: f64, dy: f64| commune.terrain_height(x + dx, y + dy);
            let (gx, gy) = ((z(1.0, 0.0) - z(-1.0, 0.0)) / 2.0, (z(0.0, 1.0) - z(0.0, -1.0)) / 2.0);
            let light =
                ((-gx + gy) * 2.2 + 1.0).clamp(0.35, 1.5) / (1.0 + gx * gx + gy * gy).sqrt();
            let pixel = match commune.building_at(x, y) {
                Some(building) => {
                    let plane = building.planes.iter().find(|p| p.contains(x, y));
                    let [gx, gy] = plane.map_or([0.0; 2], |p| p.gradient());
                    let light = ((-gx + gy) * 0.5 + 1.0).clamp(0.4, 1.5);
                    [190.0 * light, 95.0 * light, 80.0 * light]
                }
                None => colour(commune.cover(x, y)).map(|c| c * light),
            };
            let rgb = pixel.map(|v| v.clamp(0.0, 255.0) as u8);
            image.put_pixel(column as u32, row as u32, Rgb(rgb));
        }
    }
    for tree in commune.trees() {
        let [x, y, _] = tree.position;
        let r = tree.crown_radius;
        let n = 16;
        // A drawing may use the machine's sine.
        let ring: Vec<(f64, f64)> = (0..n)
            .map(|i| f64::from(i) / f64::from(n) * std::f64::consts::TAU)
            .map(|a| (x + r * a.cos(), y + r * a.sin()))
            .collect();
        cells_within(&spec, &[Polygon::from_corners(&ring)], |row, column| {
            let pixel = image.get_pixel_mut(column as u32, row as u32);
            let green = if tree.conifer { [25, 75, 55] } else { [45, 110, 45] };
            for (channel, g) in pixel.0.iter_mut().zip(green) {
                *channel = ((u16::from(*channel) + 2 * g) / 3) as u8;
            }
        });
    }
    for hedge in commune.hedges() {
        let line = hedge.ends.map(|p| [p[0], p[1], 0.0]);
        for (row, column) in cells_along(&spec, &line) {
            image.put_pixel(column as u32, row as u32, Rgb([30, 90, 40]));
        }
    }
    for street in commune.streets() {
        if street.class == StreetClass::Main {
            for (row, column) in cells_along(&spec, &street.line) {
                image.put_pixel(column as u32, row as u32, Rgb([150, 60, 60]));
            }
        }
    }
    for (row, column) in cells_along(&spec, &commune.scenario_geometry().dyke.line) {
        image.put_pixel(column as u32, row as u32, Rgb([120, 0, 120]));
    }
    image
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = std::path::PathBuf::from(arguments.next().unwrap_or_else(|| ".".to_owned()));
    let size_m = arguments.next().map_or(Ok(1000.0), |a| a.parse())?;
    let seeds: Vec<u64> = arguments.map(|a| a.parse()).collect::<Result<_, _>>()?;
    std::fs::create_dir_all(&folder)?;
    for seed in if seeds.is_empty() { vec![1] } else { seeds } {
        let commune = Commune::generate(&CommuneOptions { seed, size_m, ..Default::default() })?;
        let path = folder.join(format!("commune-{size_m}-{seed}.png"));
        draw(&commune).save(&path)?;
        println!(
            "{}: {} buildings, {} trees, {} hedges, {} street sections, {} facilities",
            path.display(),
            commune.buildings().len(),
            commune.trees().len(),
            commune.hedges().len(),
            commune.streets().len(),
            commune.facilities().len()
        );
    }
    Ok(())
}
