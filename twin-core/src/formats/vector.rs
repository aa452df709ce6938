//! Vector files of any format, chosen by extension.

use std::path::Path;

use crate::spatial::{Crs, Extent, Transformer};

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

/// The records of the layers with a wanted name that touch an extent, given in `crs`. Of a GeoPackage only
/// those layers are read, and with an R-tree only those records.
///
/// # Errors
/// As [`read_vector_layers`]; a layer's reference system cannot be reached from `crs`.
pub fn read_vector_window(
    path: &Path,
    extent: &Extent,
    crs: Crs,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<Vec<LayerRead>> {
    let is_package = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gpkg"));
    if is_package {
        let package = GeoPackage::open(path)?;
        let wanted = package.layers().iter().filter(|layer| is_wanted(&layer.name));
        return wanted
            .map(|layer| package.read(&layer.name, Some(&extent_in(extent, crs, layer.crs)?)))
            .collect();
    }
    let mut layers = read_vector_layers(path)?;
    layers.retain(|layer| is_wanted(&layer.table.name));
    for LayerRead { table, .. } in &mut layers {
        let window = extent_in(extent, crs, table.crs)?;
        table.features.retain(|feature| {
            let own = feature.geometry.as_ref().and_then(|geometry| geometry.extent());
            own.is_some_and(|own| own.intersects(&window))
        });
    }
    Ok(layers)
}

/// An extent in another system: the box around its moved border.
fn extent_in(extent: &Extent, from: Crs, to: Option<Crs>) -> Result<Extent> {
    match to {
        Some(to) if to != from => Ok(Transformer::new(from, to)?.extent(extent)),
        _ => Ok(*extent),
    }
}

/// The records of every layer of a vector file; those that cannot be read are left out.
pub fn read_vector(path: &Path) -> Result<Vec<FeatureTable>> {
    Ok(read_vector_layers(path)?.into_iter().map(|layer| layer.table).collect())
}
