//! The part of vector files that touches an area, as one GeoPackage.

use std::path::{Path, PathBuf};

use twin_core::formats::geopackage::GeoPackageWriter;
use twin_core::formats::{LayerRead, read_vector_window};
use twin_core::language::Text;
use twin_core::spatial::Transformer;
use twin_core::{Error, Result};

use crate::client::Client;
use crate::place::Area;

/// Writes what of the files lies in the extent of the area into `to`, moved to its reference system;
/// gives the number of features. Only tables that `is_wanted` by name; without any feature no file.
/// Records that cannot be read are noticed.
///
/// # Errors
/// A file cannot be read, or the GeoPackage not be written.
pub(crate) fn clip(
    files: &[PathBuf],
    area: &Area,
    client: &Client,
    is_wanted: &dyn Fn(&str) -> bool,
    to: &Path,
) -> Result<usize> {
    let mut tables = Vec::new();
    for file in files {
        client.check_cancelled()?;
        let layers = read_vector_window(file, &area.extent, area.crs, is_wanted)?;
        for LayerRead { mut table, report } in layers {
            let unreadable = report.skipped.len();
            if unreadable > 0 {
                let name = &table.name;
                client.notice(Text::new(
                    format!("{name} : {unreadable} enregistrements illisibles, laissés de côté"),
                    format!("{name}: {unreadable} unreadable records, left aside"),
                ));
            }
            if table.features.is_empty() {
                continue;
            }
            if let Some(from) = table.crs.filter(|crs| *crs != area.crs) {
                let transformer = Transformer::new(from, area.crs)?;
                let geometries = table.features.iter_mut().filter_map(|f| f.geometry.as_mut());
                geometries.for_each(|geometry| transformer.transform_geometry(geometry));
            }
            table.crs = Some(area.crs);
            tables.push(table);
        }
    }
    // One order whatever the archive's: the same bytes each time.
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    let count = tables.iter().map(|table| table.features.len()).sum();
    if count == 0 {
        return Ok(0);
    }
    let part = crate::client::with_suffix(to, "part.gpkg");
    let mut writer = GeoPackageWriter::create(&part)?;
    let mut names: Vec<String> = Vec::new();
    for table in &tables {
        let mut name = table.name.clone();
        while names.iter().any(|n| n.eq_ignore_ascii_case(&name)) {
            name.push_str("_2");
        }
        names.push(name.clone());
        let mut table = table.clone();
        table.name = name;
        writer.add_table(&table, &table.name, "")?;
    }
    writer.finish()?;
    std::fs::rename(&part, to).map_err(Error::write(to))?;
    Ok(count)
}
