//! Sources → territory: terrain, surface, buildings, land cover, and figures of their quality.

mod bins;
mod delaunay;
mod lattice;
mod selection;
mod tin;

pub use bins::PointBins;
pub use lattice::{LatticeBox, SurfacePoint, millimetres, surface_points};
pub use selection::{
    CellAnchor, SELECTION_CELL_MM, SelectionRule, class, is_surface_class, is_terrain_class,
    select_surface, select_terrain,
};
pub use tin::{CellQuality, Tin, TinOptions, influence_m, interpolate, interpolate_window};
