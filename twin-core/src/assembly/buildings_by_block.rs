//! Heights and roofs of buildings, block by block: each belongs to the block that holds its centre.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::registration::{Blocks, moved};
use super::{
    BuildingLod1, LatticeBox, NoRoof, PointBins, RoofHeights, Roofs, Window, block::block_side,
    building_lod1, buildings::volume_above, find_roof, outline_ground, roof_heights,
};
use crate::Result;
use crate::formats::cf::GridFile;
use crate::spatial::{Extent, Grid, GridSpec, Polygon};
use crate::territory::Building;

/// Terrain read around the buildings of a block, metres; larger buildings see part of theirs.
pub(super) const BUILDING_MARGIN_M: f64 = 200.0;

/// The buildings of a territory by block, and what is known of their roofs.
pub(super) struct BuildingsByBlock<'a> {
    buildings: &'a [Building],
    /// Indices of the buildings of each block.
    owned: Vec<Vec<usize>>,
    heights: Vec<Option<RoofHeights>>,
    /// By polygon of the footprint; none where not looked for.
    roofs: Vec<Roofs>,
    touching: Blocks,
    /// By which each footprint is moved, m.
    shifts: Vec<[f64; 2]>,
}

/// What was found of the buildings of a block, in their order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FoundBuildings {
    heights: Vec<Option<RoofHeights>>,
    roofs: Vec<Roofs>,
    shifts: Vec<[f64; 2]>,
}

impl<'a> BuildingsByBlock<'a> {
    /// Each building goes to the block where its extent has its centre, those outside the grid to
    /// the nearest.
    pub(super) fn new(spec: &GridSpec, blocks: &[Window], buildings: &'a [Building]) -> Self {
        let side = block_side(spec);
        let per_row = spec.columns.div_ceil(side);
        let mut owned = vec![Vec::new(); blocks.len()];
        for (i, building) in buildings.iter().enumerate() {
            let (x, y) = building.geometry.extent().map_or((spec.west, spec.north), |e| e.centre());
            let cell =
                |v: f64, count: usize| (v / spec.cell_size).clamp(0.0, count as f64 - 1.0) as usize;
            let (row, column) =
                (cell(spec.north - y, spec.rows), cell(x - spec.west, spec.columns));
            if let Some(owned) = owned.get_mut(row / side * per_row + column / side) {
                owned.push(i);
            }
        }
        Self {
            buildings,
            owned,
            heights: vec![None; buildings.len()],
            roofs: vec![Vec::new(); buildings.len()],
            touching: Blocks::new(buildings),
            shifts: vec![[0.0; 2]; buildings.len()],
        }
    }

    /// Whether no building belongs to the block of a number.
    pub(super) fn is_empty(&self, block: usize) -> bool {
        self.owned[block].is_empty()
    }

    /// The footprint of a building where its roof points are.
    fn footprint(&self, i: usize) -> Vec<Polygon> {
        let polygons = self.buildings[i].footprint().iter();
        polygons.map(|polygon| moved(polygon, self.shifts[i])).collect()
    }

    /// Finds the heights of a block's buildings among the points of buildings around it.
    pub(super) fn find_heights(&mut self, block: usize, built: &PointBins) {
        let found: Vec<Option<RoofHeights>> = self.owned[block]
            .par_iter()
            .map(|&i| roof_heights(&self.footprint(i), built))
            .collect();
        for (&i, heights) in self.owned[block].iter().zip(found) {
            self.heights[i] = heights;
        }
    }

    /// The same with the shapes of their roofs, footprints moved onto the points first.
    pub(super) fn find_roofs(&mut self, block: usize, built: &PointBins, ground: &PointBins) {
        let touching: BTreeSet<usize> =
            self.owned[block].iter().map(|&i| self.touching.of(i)).collect();
        let touching: Vec<usize> = touching.into_iter().collect();
        let shifts: BTreeMap<usize, [f64; 2]> = touching
            .par_iter()
            .map(|&of| (of, self.touching.shift_m(of, self.buildings, built)))
            .collect();
        for &i in &self.owned[block] {
            self.shifts[i] = shifts.get(&self.touching.of(i)).copied().unwrap_or_default();
        }
        self.find_heights(block, built);
        let found: Vec<Roofs> = self.owned[block]
            .par_iter()
            .map(|&i| {
                if !self.buildings[i].is_standing() {
                    return vec![Err(NoRoof::NotStanding); self.buildings[i].footprint().len()];
                }
                let footprint = self.footprint(i);
                let roof = |polygon| {
                    find_roof(polygon, &points_of(polygon, built), &points_of(polygon, ground))
                };
                footprint.iter().map(roof).collect()
            })
            .collect();
        for (&i, roofs) in self.owned[block].iter().zip(found) {
            self.roofs[i] = roofs;
        }
    }

    /// What was found of a block's buildings.
    pub(super) fn found(&self, block: usize) -> FoundBuildings {
        let owned = || self.owned[block].iter();
        FoundBuildings {
            heights: owned().map(|&i| self.heights[i]).collect(),
            roofs: owned().map(|&i| self.roofs[i].clone()).collect(),
            shifts: owned().map(|&i| self.shifts[i]).collect(),
        }
    }

    /// Takes what was found of a block's buildings earlier.
    pub(super) fn take(&mut self, block: usize, found: FoundBuildings) {
        let FoundBuildings { heights, roofs, shifts } = found;
        for (((&i, heights), roofs), shift) in
            self.owned[block].iter().zip(heights).zip(roofs).zip(shifts)
        {
            (self.heights[i], self.roofs[i], self.shifts[i]) = (heights, roofs, shift);
        }
    }

    /// A block model and the roofs of every building, in their order, on the terrain of the finished
    /// grids.
    pub(super) fn finish(
        self,
        grids: &GridFile,
        blocks: &[Window],
        progress: &dyn Fn(f64),
    ) -> Result<(Vec<BuildingLod1>, Vec<Roofs>)> {
        let spec = grids.spec();
        let mut made: Vec<Option<BuildingLod1>> = vec![None; self.buildings.len()];
        for (k, (block, owned)) in blocks.iter().zip(&self.owned).enumerate() {
            progress(k as f64 / blocks.len() as f64);
            if owned.is_empty() {
                continue;
            }
            let Window { rows, columns } = block.grown(BUILDING_MARGIN_M, spec);
            let terrain: Grid<f32> = grids.read_window("dtm", 0, rows.clone(), columns.clone())?;
            let surface: Grid<f32> = grids.read_window("dsm", 0, rows, columns)?;
            let some: Vec<BuildingLod1> = owned
                .par_iter()
                .map(|&i| {
                    let footprint = self.footprint(i);
                    let ground = outline_ground(&footprint, &terrain);
                    let block = building_lod1(&self.buildings[i], self.heights[i], ground);
                    BuildingLod1 {
                        shift_m: self.shifts[i],
                        surface_m3: volume_above(&footprint, &surface, block.ground_m),
                        ..block
                    }
                })
                .collect();
            for (&i, model) in owned.iter().zip(some) {
                made[i] = Some(model);
            }
        }
        let models = made
            .into_iter()
            .zip(self.buildings)
            .map(|(model, building)| model.unwrap_or_else(|| building_lod1(building, None, None)));
        Ok((models.collect(), self.roofs))
    }
}

/// Points around a polygon, metres.
fn points_of(polygon: &Polygon, points: &PointBins) -> Vec<[f64; 3]> {
    let extent = Extent::of_points(polygon.exterior.iter().map(|p| (p[0], p[1])));
    let within = extent.iter().flat_map(|e| points.within(&LatticeBox::of_extent(e)));
    within.map(|p| p.to_metres()).collect()
}
