//! The two territories that the viewer is timed on; `benches/viewer.sh` assembles and shows them.
//!
//! `large/`: 25 km² with a hundred thousand buildings. `long/`: a square kilometre and a flood with a
//! stored moment every 15 s.

use std::path::Path;
use std::process::ExitCode;

use twin_core::formats::geopackage::GeoPackageWriter;
use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
use twin_core::spatial::{Crs, Geometry, Polygon};
use twin_core::{Error, Result};
use twin_synthetic::{Commune, CommuneOptions};

/// Houses along a side of the large territory: 316² is a hundred thousand.
const HOUSES: usize = 316;
const SIDE_M: f64 = 5000.0;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: viewer_cases FOLDER");
        return ExitCode::FAILURE;
    };
    let folder = Path::new(&folder);
    match large(&folder.join("large")).and_then(|()| long(&folder.join("long"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(Error::write(path))
}

fn large(folder: &Path) -> Result<()> {
    let options = CommuneOptions {
        size_m: SIDE_M,
        points_per_m2: 1.0,
        dyke: false,
        ..CommuneOptions::default()
    };
    let commune = Commune::generate(&options)?;
    commune.write(&folder.join("sources"))?;
    let mut writer = GeoPackageWriter::create(folder.join("sources/BDT_houses.gpkg"))?;
    writer.add_table(&houses(&commune), "batiment", "")?;
    writer.finish()?;
    let text = include_str!("../../scenarios/demo/territoire.toml");
    write(&folder.join("territoire.toml"), text)
}

/// Houses on a lattice, of every height from 3 to 24 m.
fn houses(commune: &Commune) -> FeatureTable {
    let mut table = FeatureTable::new("batiment", Some(Crs::LAMBERT_93))
        .with_field("cleabs", FieldKind::Text)
        .with_field("usage_1", FieldKind::Text)
        .with_field("hauteur", FieldKind::Real)
        .with_field("altitude_minimale_sol", FieldKind::Real)
        .with_field("altitude_maximale_toit", FieldKind::Real);
    let extent = commune.extent();
    let step = SIDE_M / HOUSES as f64;
    for k in 0..HOUSES * HOUSES {
        let west = extent.min_x + step * (k % HOUSES) as f64 + 3.0;
        let south = extent.min_y + step * (k / HOUSES) as f64 + 3.0;
        let (east, north) = (west + 9.0, south + 7.0);
        let corners = [(west, south), (east, south), (east, north), (west, north)];
        let ground = commune.terrain_height(west, south);
        let height = 3.0 + (k * 7 % 22) as f64;
        table.features.push(Feature {
            geometry: Some(Geometry::Polygons(vec![Polygon::from_corners(&corners)])),
            values: vec![
                Value::Text(format!("BATIMENT{:016}", 8_880_000_000_usize + k)),
                Value::Text("Résidentiel".to_owned()),
                Value::Real(height),
                Value::Real(ground),
                Value::Real(ground + height),
            ],
        });
    }
    table
}

fn long(folder: &Path) -> Result<()> {
    let options = CommuneOptions { points_per_m2: 2.0, dyke: false, ..CommuneOptions::default() };
    Commune::generate(&options)?.write(&folder.join("sources"))?;
    write(&folder.join("territoire.toml"), include_str!("../../scenarios/demo/territoire.toml"))?;
    // 288 intervals of 15 s.
    let scenario = include_str!("../../scenarios/demo/sans-digue.toml")
        .replace("duration = \"105 min\"", "duration = \"72 min\"")
        .replace("output_interval = \"5 min\"", "output_interval = \"15 s\"")
        .replace("resolution_m = 5.0", "resolution_m = 1.0");
    write(&folder.join("crue.toml"), &scenario)
}
