//! Bytes on disk ↔ neutral records. This room knows formats, no French product.
//!
//! Readers take a path and give [`FeatureTable`]s, point blocks or grids; they answer damaged,
//! truncated or hostile files with an [`Error`](crate::Error) that names the file, the place and
//! the mend, and never allocate what a header merely promises.

mod ascii_grid;
pub mod cf;
pub mod cityjson;
mod csv;
mod feature;
pub mod geojson;
pub mod geopackage;
mod geotiff;
pub mod gltf;
pub mod las;
mod parking;
mod part_file;
mod points;
mod pyramid;
mod report;
mod rings;
mod serafin;
pub mod shapefile;
mod vector;
mod wkb;

pub use ascii_grid::{read_ascii_grid, write_ascii_grid};
pub use feature::{Feature, FeatureTable, Field, FieldKind, Value};
pub use geotiff::{CogOptions, CogWriter, GeoTiff, SampleType, write_cog};
pub use part_file::PartFile;
pub use points::PointBlock;
pub use pyramid::{Cell, Resampling};
pub use report::{LayerRead, ReadReport, SkippedRecord};
pub use serafin::Serafin;
pub use vector::{read_vector, read_vector_layers, read_vector_window};
