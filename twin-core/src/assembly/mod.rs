//! Sources → territory: terrain, surface, buildings, land cover, and figures of their quality.

mod assemble;
mod bins;
mod block;
mod block_cache;
mod block_maker;
mod bridge_models;
mod buildings;
mod buildings_by_block;
mod changes;
mod city_model;
mod grids;
mod ground_filter;
mod height_models;
mod heights;
mod held_out;
mod hydrography;
mod land_cover;
mod lattice;
mod local_tables;
mod outlines;
mod part_folder;
mod party_walls;
mod point_store;
mod registration;
mod roofs;
mod selection;
mod solid;
mod sources;
mod terrain_from_vectors;
mod tin;
mod under_buildings;
mod vegetation;
mod window;

pub use assemble::{assemble, assemble_share};
pub use bins::PointBins;
pub use block_cache::BlockCache;
pub use buildings::{
    BuildingLod1, GroundSource, HeightSource, OutlineGround, RoofHeights, STOREY_M, building_lod1,
    count_by_source, outline_ground, roof_heights,
};
pub use changes::{Change, FeatureChange, changes};
pub use grids::{AssembledGrids, GridOptions, Stage, assemble_grids, make_share};
pub use ground_filter::{GroundFilter, classify_ground};
pub use height_models::ModelFiles;
pub use held_out::{HeldOutPoint, held_out_errors};
pub use land_cover::{CoverGrids, CoverSource, land_cover};
pub use lattice::{LatticeBox, SurfacePoint, millimetres, surface_points};
pub use outlines::{SMALLEST_BUILDING_M2, derived_buildings};
pub use roofs::{
    Defect, NoRoof, RoofDetail, RoofFit, RoofShape, Roofs, SCALE_M, defects, find_roof,
};
pub use selection::{CellAnchor, SELECTION_CELL_MM, select_surface, select_terrain};
pub use solid::{Face, FaceKind, prism};
pub use terrain_from_vectors::{VECTOR_VOID_EDGE_M, terrain_points};
use tin::influence_m;
pub use tin::{Tin, TinOptions, interpolate};
use window::Window;
