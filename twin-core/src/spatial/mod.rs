//! Where things are: coordinate reference systems, extents, grids and geometries.
//!
//! World coordinates are `f64` metres in a projected [`Crs`]; a [`Grid`] is in C order with row 0
//! to the north and its values stand at cell centres.

mod crs;
mod depressions;
mod extent;
pub(crate) mod facet;
mod geometry;
mod grid;
mod rasterise;
mod regions;

pub(crate) use crs::Projection;
pub use crs::{Crs, Geographic, Globe, HeightGrid, LocalFrame, Transformer, VerticalDatum};
pub use depressions::{MendedPits, PitLimits, PitMend, mend_pits};
pub use extent::Extent;
pub use facet::FlatFace;
pub(crate) use geometry::signed_area;
pub use geometry::{Geometry, Line, Polygon, Position, line_length, rings_contain};
pub use grid::{Grid, GridSpec};
pub use rasterise::{
    cell_lengths, cell_shares, cells_along, cells_near, cells_under, cells_within,
};
pub use regions::{Regions, steps_from};
