//! Vector files of any format, chosen by extension.

use std::path::Path;

use super::{FeatureTable, LayerRead, geojson, geopackage::GeoPackage, shapefile};
use crate::{Error, FileProblem, Result};

/// Reads every layer of a vector file: GeoPackage, GeoJSON, Shapefile or CSV.
pub fn read_vector_layers(path: &Path) -> Result<Vec<LayerRead>> {
    let extension =
        path.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase());
    match extension.as_str() {
        "gpkg" | "sqlite" => {
            let package = GeoPackage::open(path)?;
            package.layers().iter().map(|layer| package.read(&layer.name, None)).collect()
        }
        "geojson" | "json" => Ok(vec![geojson::read(path)?]),
        "shp" => Ok(vec![shapefile::read(path, None)?]),
        "csv" => Ok(vec![super::csv::read(path)?]),
        _ => Err(Error::file(
            path,
            FileProblem::unsupported(
                format!("« .{extension} » ; formats lus : GeoPackage, GeoJSON, Shapefile, CSV"),
                format!("\".{extension}\"; formats read: GeoPackage, GeoJSON, Shapefile, CSV"),
            ),
        )),
    }
}

/// The records of every layer of a vector file; those that cannot be read are left out.
pub fn read_vector(path: &Path) -> Result<Vec<FeatureTable>> {
    Ok(read_vector_layers(path)?.into_iter().map(|layer| layer.table).collect())
}
