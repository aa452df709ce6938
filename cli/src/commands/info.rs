//! `twin info`: what a territory, run or file holds.

use std::path::Path;

use serde_json::{Value, json};
use twin_core::formats::cf::{GridFile, SeriesFile};
use twin_core::formats::las::{PointFile, PointQuery};
use twin_core::formats::{FeatureTable, GeoTiff, read_ascii_grid, read_vector_layers};
use twin_core::spatial::{Crs, Extent, Grid, GridSpec};
use twin_core::territory::Territory;
use twin_core::{Error, FileProblem, Language, Result};

use crate::console::line;

/// Tells what a path holds.
pub(crate) fn info(path: &Path, json: bool, language: Language) -> Result<()> {
    let found = describe(path, language)?;
    if json {
        line(&serde_json::to_string_pretty(&found).unwrap_or_default());
    } else {
        print(&found, 0);
    }
    Ok(())
}

fn describe(path: &Path, language: Language) -> Result<Value> {
    if path.is_dir() {
        return if path.join(Territory::MANIFEST).is_file() {
            territory(path, language)
        } else if path.join("manifest.json").is_file() {
            run(path)
        } else {
            Err(neither(path))
        };
    }
    let extension =
        path.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase());
    match extension.as_str() {
        "las" | "laz" => points(path),
        "tif" | "tiff" => raster(path),
        "asc" | "dem" => {
            let grid = read_ascii_grid(path)?;
            Ok(json!({ "grid": spec(&grid.spec), "values": values(&grid) }))
        }
        "h5" | "nc" => hdf5(path),
        _ => vectors(path),
    }
}

fn territory(path: &Path, language: Language) -> Result<Value> {
    let territory = Territory::open(path)?;
    let manifest = territory.manifest();
    let bands: Vec<&str> = territory.grids().bands().iter().map(|b| b.name.as_str()).collect();
    Ok(json!({
        "territory": manifest.name,
        "crs": crs(Some(manifest.crs)),
        "vertical_datum": manifest.vertical_datum,
        "extent": manifest.extent,
        "grid": spec(territory.spec()),
        "bands": bands,
        "features": territory.features().counts(),
        "fit_for_hazard": manifest.fit_for_hazard,
        "demo": manifest.demo,
        "quality": manifest.quality.text(language),
        "notices": manifest.notices.iter().map(|n| n.get(language)).collect::<Vec<_>>(),
        "sources": manifest.sources.iter().map(|s| format!("{} – {} ({})", s.product.label(), s.name, s.licence)).collect::<Vec<_>>(),
        "hash": manifest.hash,
    }))
}

fn run(path: &Path) -> Result<Value> {
    let manifest = path.join("manifest.json");
    let bytes = std::fs::read(&manifest).map_err(Error::read(&manifest))?;
    serde_json::from_slice(&bytes).map_err(|e| Error::file(&manifest, FileProblem::undecodable(e)))
}

fn points(path: &Path) -> Result<Value> {
    let file = PointFile::open(path)?;
    let header = file.header();
    let block = file.read(&PointQuery::default())?;
    let mut classes = std::collections::BTreeMap::new();
    for class in &block.class {
        *classes.entry(class.to_string()).or_insert(0u64) += 1;
    }
    let heights: Vec<f64> = block.positions().map(|p| p[2]).collect();
    let low = heights.iter().copied().fold(f64::INFINITY, f64::min);
    let high = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Ok(json!({
        "format": format!("LAS {}.{}, {} {}", header.version.0, header.version.1,
            if header.is_copc { "COPC, point format" } else { "point format" }, header.point_format),
        "crs": crs(header.crs),
        "points": block.len(),
        "extent": block.extent(),
        "heights": if heights.is_empty() { Value::Null } else { json!([low, high]) },
        "classes": classes,
    }))
}

fn raster(path: &Path) -> Result<Value> {
    let tiff = GeoTiff::open(path)?;
    let band = tiff.read_band(0)?;
    Ok(json!({
        "crs": crs(tiff.crs()),
        "bands": tiff.bands(),
        "grid": spec(tiff.spec()),
        "values": values(&band),
    }))
}

fn hdf5(path: &Path) -> Result<Value> {
    match GridFile::open(path) {
        Ok(file) => Ok(json!({
            "crs": crs(Some(file.crs())),
            "grid": spec(file.spec()),
            "levels": file.levels().len(),
            "bands": file.bands().iter().map(|b| format!("{} ({})", b.name, b.unit)).collect::<Vec<_>>(),
        })),
        Err(_) => {
            let file = SeriesFile::open(path)?;
            Ok(json!({
                "crs": crs(Some(file.crs())),
                "grid": spec(file.spec()),
                "times": file.times().len(),
                "variables": file.variables().iter().map(|v| format!("{} ({})", v.name, v.unit)).collect::<Vec<_>>(),
                "statics": file.statics().iter().map(|b| format!("{} ({})", b.name, b.unit)).collect::<Vec<_>>(),
            }))
        }
    }
}

fn vectors(path: &Path) -> Result<Value> {
    let layers = read_vector_layers(path)?;
    let layers: Vec<Value> = layers
        .iter()
        .map(|layer| {
            let table: &FeatureTable = &layer.table;
            json!({
                "layer": table.name,
                "features": table.features.len(),
                "skipped": layer.report.skipped.len(),
                "crs": crs(table.crs),
                "extent": table.extent(),
                "fields": table.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(),
            })
        })
        .collect();
    Ok(json!({ "layers": layers }))
}

fn crs(crs: Option<Crs>) -> Value {
    crs.map_or(Value::Null, |c| Value::String(String::from(c)))
}

fn spec(spec: &GridSpec) -> Value {
    let extent: Extent = spec.extent();
    json!({ "columns": spec.columns, "rows": spec.rows, "cell_size_m": spec.cell_size, "extent": extent })
}

fn values(grid: &Grid<f32>) -> Value {
    let finite: Vec<f64> =
        grid.values.iter().filter(|v| v.is_finite()).map(|v| f64::from(*v)).collect();
    let mean = finite.iter().sum::<f64>() / finite.len() as f64;
    let range = grid.range();
    json!({
        "cells_with_value": finite.len(),
        "minimum": range.map(|r| r.0),
        "maximum": range.map(|r| r.1),
        "mean": if finite.is_empty() { Value::Null } else { json!(mean) },
    })
}

/// Prints a value as indented `key: value` lines.
fn print(value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    let Value::Object(object) = value else { return };
    for (key, inner) in object {
        match inner {
            Value::Object(_) => {
                line(&format!("{indent}{key}:"));
                print(inner, depth + 1);
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                line(&format!("{indent}{key}:"));
                for item in items {
                    print(item, depth + 1);
                    line("");
                }
            }
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(plain).collect();
                line(&format!("{indent}{key}: {}", items.join(", ")));
            }
            other => {
                let text = plain(other).replace('\n', &format!("\n{indent}  "));
                line(&format!("{indent}{key}: {text}"));
            }
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

/// The error of a folder that holds nothing of ours.
pub(super) fn neither(path: &Path) -> Error {
    Error::input(
        path.display().to_string(),
        "ni un territoire (twin.toml) ni un calcul (manifest.json) ; vérifier le dossier",
        "neither a territory (twin.toml) nor a run (manifest.json); check the folder",
    )
}
