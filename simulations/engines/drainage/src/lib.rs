//! Where water runs and gathers by the shape of the terrain alone, without time.
//!
//! | file | concern |
//! |---|---|
//! | [`Terrain`] | elevations, with the places where water leaves and those it cannot enter |
//! | [`Neighbour`] | the eight cells around one |
//! | [`Flooding`] | every depression filled to its spill level |
//! | [`Directions`] | D8: the steepest neighbour |
//! | [`Routing`] | water shared among several neighbours: D∞, MFD |
//! | [`accumulate`] | what flows through every cell |
//! | [`Ponds`] | depressions: area, depth, volume |
//! | [`nearest_downstream`] | catchments, height above the nearest drainage |
//! | [`upstream_mode`], [`farthest_upstream`] | what lies above a cell |
//! | [`Thalwegs`] | the network of lines where water concentrates |
//! | [`slope`], [`wetness`] | slope, topographic wetness index |
//! | [`Envelope`] | thalwegs of a terrain that is known up to a noise |
//!
//! Cells are numbered row by row from the north-west as in [`Grid`](twin_core::spatial::Grid). Results are
//! the same bits for any number of threads.
//!
//! ```
//! use twin_core::spatial::{Grid, GridSpec};
//! use twin_drainage::{Directions, Flooding, Terrain, accumulate};
//!
//! let spec = GridSpec { west: 0.0, north: 30.0, cell_size: 10.0, columns: 5, rows: 3 };
//! // A trough that falls to the east.
//! let elevation = Grid::from_fn(spec, |row, column| {
//!     10.0 - column as f32 + if row == 1 { 0.0 } else { 0.5 }
//! });
//! let terrain = Terrain::new(elevation)?;
//! let directions = Directions::new(&terrain, &Flooding::new(&terrain));
//! let area_m2 = accumulate(&directions, |_| spec.cell_area());
//! assert_eq!(area_m2[(1, 4)], 1500.0);
//! # Ok::<(), twin_drainage::Error>(())
//! ```

mod accumulation;
mod directions;
mod downstream;
mod envelope;
mod flooding;
mod indices;
mod neighbours;
mod ponds;
mod routing;
mod terrain;
mod thalwegs;
mod upstream;

pub use accumulation::accumulate;
pub use directions::Directions;
pub use downstream::nearest_downstream;
pub use envelope::{Envelope, Noise};
pub use flooding::Flooding;
pub use indices::{slope, wetness};
pub use neighbours::Neighbour;
pub use ponds::{Pond, Ponds};
pub use routing::{DInfinity, MultipleFlow, Routing};
pub use terrain::{Error, Terrain};
pub use thalwegs::{Thalweg, Thalwegs};
pub use upstream::{downstream_order, farthest_upstream, upstream_mode};
