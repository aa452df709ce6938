//! A map page: relief and land cover below, a result over it, vectors and markers on top, and what
//! a map must say: title, legend with units and thresholds, scale, north, reference systems,
//! notice, sources.
//!
//! ```
//! use twin_core::export::{Legend, MapSpec, map::RasterLayer};
//! use twin_core::spatial::{Grid, GridSpec};
//!
//! let spec = GridSpec { west: 352000.0, north: 6790300.0, cell_size: 5.0, columns: 60, rows: 60 };
//! let terrain = Grid::from_fn(spec, |_, column| (column as f32 - 30.0).abs());
//! let depth = terrain.map(|z| (6.0 - z).max(0.0));
//! let mut map = MapSpec::new("Crue d'essai", spec.extent());
//! map.terrain = Some(&terrain);
//! map.rasters.push(RasterLayer::water_depth(&depth, Legend::maximum_water_depth()));
//! let svg = map.svg()?;
//! assert!(svg.contains("sans valeur réglementaire"));
//! # Ok::<(), twin_core::Error>(())
//! ```

mod furniture;
mod key;
mod layers;
mod page;
mod raster;
mod spec;
mod view;

pub use furniture::scale_bar_length_m;
pub use raster::Reduction;
pub use spec::{LandCoverTint, MapSpec, Marker, MarkerKind, RasterLayer, VectorLayer, VectorStyle};
pub use view::{ShownLegend, ViewPage};
