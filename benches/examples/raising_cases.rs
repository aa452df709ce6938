//! A town of a hundred thousand houses on parcels along streets; `benches/raising.sh` assembles it and
//! times its elevation potential.

use std::path::Path;
use std::process::ExitCode;

use twin_core::formats::geopackage::GeoPackageWriter;
use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
use twin_core::spatial::{Crs, Geometry, Polygon};
use twin_core::{Error, Result};

/// Parcels along a row, and rows of two parcels' depth with a street below each.
const COLUMNS: usize = 500;
const ROWS: usize = 200;
const WIDTH_M: f64 = 12.0;
const DEPTH_M: f64 = 25.0;
const STREET_M: f64 = 10.0;
const WEST: f64 = 700_000.0;
const SOUTH: f64 = 6_600_000.0;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: raising_cases FOLDER");
        return ExitCode::FAILURE;
    };
    match write(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn rectangle(west: f64, south: f64, width: f64, depth: f64) -> Option<Geometry> {
    let (east, north) = (west + width, south + depth);
    let corners = [(west, south), (east, south), (east, north), (west, north)];
    Some(Geometry::Polygons(vec![Polygon::from_corners(&corners)]))
}

fn write(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(Error::write(folder))?;
    let mut parcels = FeatureTable::new("parcelle", Some(Crs::LAMBERT_93))
        .with_field("idu", FieldKind::Text)
        .with_field("section", FieldKind::Text)
        .with_field("numero", FieldKind::Text);
    let mut houses = FeatureTable::new("batiment", Some(Crs::LAMBERT_93))
        .with_field("cleabs", FieldKind::Text)
        .with_field("usage_1", FieldKind::Text)
        .with_field("nombre_de_logements", FieldKind::Integer)
        .with_field("nombre_d_etages", FieldKind::Integer)
        .with_field("hauteur", FieldKind::Real)
        .with_field("altitude_minimale_sol", FieldKind::Real);
    for k in 0..ROWS * COLUMNS {
        let (row, column) = (k / COLUMNS, k % COLUMNS);
        // Two rows of parcels back to back, then a street.
        let pair = (row / 2) as f64 * (2.0 * DEPTH_M + STREET_M);
        let is_upper = row % 2 == 1;
        let south = SOUTH + pair + if is_upper { DEPTH_M } else { 0.0 };
        let west = WEST + column as f64 * WIDTH_M;
        let storeys = 1 + k * 7 % 4;
        // Three of four houses stand between their neighbours, the others apart.
        let (gap, width) = if k % 4 == 0 { (3.0, WIDTH_M - 6.0) } else { (0.0, WIDTH_M) };
        let front = if is_upper { south + DEPTH_M - 12.0 } else { south };
        parcels.features.push(Feature {
            geometry: rectangle(west, south, WIDTH_M, DEPTH_M),
            values: vec![
                Value::Text(format!("99999000AB{k:06}")),
                Value::Text("AB".to_owned()),
                Value::Text(format!("{k:06}")),
            ],
        });
        houses.features.push(Feature {
            geometry: rectangle(west + gap, front, width, 12.0),
            values: vec![
                Value::Text(format!("BATIMENT{k:016}")),
                Value::Text("Résidentiel".to_owned()),
                Value::Integer(storeys as i64),
                Value::Integer(storeys as i64),
                Value::Real(0.5 + 2.9 * storeys as f64),
                Value::Real(50.0),
            ],
        });
    }
    for (name, table) in [("cadastre.gpkg", parcels), ("batiments.gpkg", houses)] {
        let mut writer = GeoPackageWriter::create(folder.join(name))?;
        writer.add_table(&table, &table.name, "")?;
        writer.finish()?;
    }
    let text = "schema = 1\nname = \"Ville\"\ncrs = \"EPSG:2154\"\nresolution_m = 5.0\ndemo = true\n\
        [[source]]\nproduct = \"bd-topo\"\npath = \"batiments.gpkg\"\n\
        [[source]]\nproduct = \"cadastre\"\npath = \"cadastre.gpkg\"\n";
    let scenario = "schema = 1\nid = \"ville\"\ntitle = { fr = \"Ville\", en = \"Town\" }\n\
        territory = \"ville.twin\"\n[description]\nfr = \"Ville inventée\"\nen = \"Invented town\"\n\
        [grid]\nresolution_m = 5.0\n[runs.surelevation]\nsimulation = \"elevation-potential\"\n\
        [runs.surelevation.parameters]\nlaw_date = \"2026-11-27\"\nurbanised = true\n";
    for (name, text) in [("territoire.toml", text), ("surelevation.toml", scenario)] {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(Error::write(&path))?;
    }
    Ok(())
}
