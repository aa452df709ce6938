//! Bytes on disk ↔ neutral records. This room knows formats, no French product.
//!
//! Readers take a path and give [`FeatureTable`]s, point blocks or grids; they answer damaged,
//! truncated or hostile files with an [`Error`](crate::Error) that names the file, the place and
//! the mend, and never allocate what a header merely promises.

pub mod cf;
pub mod cityjson;
mod feature;
pub mod geojson;
pub mod geopackage;
pub mod las;
mod part_file;
mod points;
mod report;
mod rings;
pub mod shapefile;
mod wkb;

pub use feature::{Feature, FeatureTable, Field, FieldKind, Value};
pub use part_file::PartFile;
pub use points::PointBlock;
pub use report::{LayerRead, ReadReport, SkippedRecord};
