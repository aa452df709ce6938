//! Vegetation from the points: height of the canopy, plant area index, single trees, hedges.

mod canopy;
mod hedges;
mod plant_area;
mod trees;

pub(super) use canopy::{PIT_MARGIN, canopy_height};
pub(super) use hedges::measure_hedges;
pub(super) use plant_area::{PulseCounts, plant_area_index};
pub(super) use trees::find_trees;
