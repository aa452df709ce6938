//! Bytes on disk ↔ neutral records. This room knows formats, no French product.
//!
//! Readers take a path and give [`FeatureTable`]s, point blocks or grids; they answer damaged,
//! truncated or hostile files with an [`Error`](crate::Error) that names the file, the place and
//! the mend, and never allocate what a header merely promises.

pub mod cityjson;
mod feature;
pub mod geojson;
pub mod geopackage;
pub mod las;
mod points;
mod report;
pub mod shapefile;
mod wkb;

pub use feature::{Feature, FeatureTable, Field, FieldKind, Value};
pub use points::PointBlock;
pub use report::{LayerRead, ReadReport, SkippedRecord};

use crate::FileProblem;
