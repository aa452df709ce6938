//! GeoPackage (OGC 12-128r17), and plain SQLite with a column of WKB.
//!
//! [`GeoPackage`] reads files of any version; [`GeoPackageWriter`] writes version 1.3, the newest
//! that GDAL 3.6 opens without a warning.
//!
//! ```
//! use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
//! use twin_core::formats::geopackage::{GeoPackage, GeoPackageWriter};
//! use twin_core::spatial::{Crs, Geometry};
//!
//! # fn main() -> twin_core::Result<()> {
//! # let folder = tempfile::tempdir().map_err(twin_core::Error::write("."))?;
//! let path = folder.path().join("trees.gpkg");
//! let mut table = FeatureTable::new("trees", Some(Crs::LAMBERT_93))
//!     .with_field("height_m", FieldKind::Real);
//! table.features.push(Feature {
//!     geometry: Some(Geometry::Points(vec![[292_010.0, 6_832_020.0, 51.2]])),
//!     values: vec![Value::Real(7.5)],
//! });
//!
//! let mut writer = GeoPackageWriter::create(&path)?;
//! writer.add_table(&table, "Trees", "Single trees of the point cloud")?;
//! writer.finish()?;
//!
//! let read = GeoPackage::open(&path)?.read("trees", None)?;
//! assert_eq!(read.table, table);
//! # Ok(())
//! # }
//! ```

mod catalogue;
mod columns;
mod geometry;
mod reader;
mod rows;
mod rtree;
mod schema;
mod writer;

pub use reader::{GeoPackage, Layer};
pub use writer::GeoPackageWriter;

use std::path::Path;

use crate::{Error, FileProblem};

/// An identifier between double quotes, as SQL wants it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What SQLite says while reading, in the vocabulary of readers.
fn read_problem(path: &Path, place: &str, error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;
    let detail = error.to_string();
    let problem = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            FileProblem::NotThisFormat { expected: "GeoPackage/SQLite" }
        }
        Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::PermissionDenied) => {
            return Error::read(path)(std::io::Error::other(detail));
        }
        _ => FileProblem::Damaged { detail },
    };
    Error::file_at(path, place, problem)
}

/// What SQLite says while writing.
fn write_problem(path: &Path, error: &rusqlite::Error) -> Error {
    Error::write(path)(std::io::Error::other(error.to_string()))
}
