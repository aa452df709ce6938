//! Sources → territory: terrain, surface, buildings, land cover, and figures of their quality.

mod bins;
mod delaunay;
mod ground_filter;
mod lattice;
mod quality;
mod selection;
mod surface;
mod tin;

pub use bins::PointBins;
pub use ground_filter::{GroundFilter, classify_ground};
pub use lattice::{LatticeBox, SurfacePoint, millimetres, surface_points};
pub use quality::{
    BuildingCounts, QualityCounts, QualityReport, QualityShares, TerrainErrors, TerrainSource,
    errors_at, held_out_errors, is_check_point, quantile,
};
pub use selection::{
    CellAnchor, SELECTION_CELL_MM, SelectionRule, class, is_surface_class, is_terrain_class,
    select_surface, select_terrain,
};
pub use surface::{canopy_height, is_built};
pub use tin::{CellQuality, Tin, TinOptions, influence_m, interpolate, interpolate_window};
