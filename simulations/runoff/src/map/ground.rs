//! Territory → the terrain that water runs over, and the area that each cell brings.

use twin_core::Result;
use twin_core::spatial::{Grid, PitLimits, PitMend, mend_pits};
use twin_core::territory::{Aggregation, LandCover, TerritoryView};
use twin_drainage::Terrain;

use super::MapParameters;
use crate::roofs::Catch;

/// Pits of up to four cells within the noise are filled; a larger pit is a place where water stands or a bank
/// to be cut.
const DEEPEST_FILL_M: f32 = 0.2;

/// The ground of a map.
pub(super) struct Ground {
    /// Bed with cuts, buildings closed.
    pub(super) terrain: Terrain,
    /// Bare bed.
    pub(super) bed: Grid<f32>,
    pub(super) cover: Grid<LandCover>,
    pub(super) catch: Catch,
    /// Cells that a cut lowered.
    pub(super) cut_cells: usize,
}

impl Ground {
    pub(super) fn new(view: &TerritoryView, parameters: &MapParameters) -> Result<Self> {
        let bed = view.bed(Aggregation::Mean)?;
        let cover = view.land_cover()?;
        let catch = Catch::new(view, &bed, parameters.roofs);
        let mut elevation = bed.clone();
        for (z, blocked) in elevation.values.iter_mut().zip(&catch.blocked) {
            if *blocked && z.is_finite() {
                *z = f32::INFINITY;
            }
        }
        let is_water = cover.map(|cover| *cover == LandCover::Water);
        let is_closed = elevation.map(|z| z.is_infinite());
        let limits = PitLimits {
            deepest_fill_m: DEEPEST_FILL_M,
            largest_fill_m2: 0.0,
            deepest_cut_m: parameters.breaching.depth_m as f32,
            reach_m: parameters.breaching.length_m,
        };
        let mended = mend_pits(&elevation, &is_closed, &is_water, &limits);
        let mut cut_cells = 0;
        for (cell, mend) in mended.cells {
            let (PitMend::Fill(level) | PitMend::Cut(level)) = mend;
            elevation.values[cell] = level;
            cut_cells += usize::from(matches!(mend, PitMend::Cut(_)));
        }
        Ok(Self { terrain: Terrain::new(elevation)?, bed, cover, catch, cut_cells })
    }

    /// Area whose rain a cell takes, m².
    pub(super) fn own_m2(&self, cell: usize) -> f64 {
        f64::from(self.catch.cells[cell]) * self.bed.spec.cell_area()
    }
}
