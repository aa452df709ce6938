//! Territory → the terrain that water runs over, and the area that each cell brings.

use twin_core::Result;
use twin_core::spatial::{Grid, PitLimits, PitMend, Position, cells_along, mend_pits};
use twin_core::territory::{Aggregation, LandCover, TerritoryView};
use twin_drainage::Terrain;

use super::Breaching;
use crate::parameters::Roofs;
use crate::roofs::Catch;

/// Pits of up to four cells within the noise are filled; a larger pit is a place where water stands or a bank
/// to be cut.
const DEEPEST_FILL_M: f32 = 0.2;

/// The ground of a map.
pub(crate) struct Ground {
    /// Bed with cuts and crests, buildings closed.
    pub(crate) terrain: Terrain,
    /// Bare bed.
    pub(super) bed: Grid<f32>,
    pub(super) cover: Grid<LandCover>,
    pub(super) catch: Catch,
    /// Cells that a cut lowered.
    pub(super) cut_cells: usize,
}

impl Ground {
    pub(crate) fn new(view: &TerritoryView, roofs: Roofs, breaching: &Breaching) -> Result<Self> {
        let bed = view.bed(Aggregation::Mean)?;
        let cover = view.land_cover()?;
        let catch = Catch::new(view, &bed, roofs);
        let mut elevation = bed.clone();
        for (z, blocked) in elevation.values.iter_mut().zip(&catch.blocked) {
            if *blocked && z.is_finite() {
                *z = f32::INFINITY;
            }
        }
        let is_water = cover.map(|cover| *cover == LandCover::Water);
        let mut barrier = elevation.map(|z| z.is_infinite());
        for structure in view.structures().iter().chain(&view.crest_lines()?) {
            for line in &structure.crest {
                raise_along(&mut elevation, &mut barrier, line);
            }
        }
        let limits = PitLimits {
            deepest_fill_m: DEEPEST_FILL_M,
            largest_fill_m2: 0.0,
            deepest_cut_m: breaching.depth_m as f32,
            reach_m: breaching.length_m,
        };
        let mended = mend_pits(&elevation, &barrier, &is_water, &limits);
        let mut cut_cells = 0;
        for (cell, mend) in mended.cells {
            let (PitMend::Fill(level) | PitMend::Cut(level)) = mend;
            elevation.values[cell] = level;
            cut_cells += usize::from(matches!(mend, PitMend::Cut(_)));
        }
        Ok(Self { terrain: Terrain::new(elevation)?, bed, cover, catch, cut_cells })
    }

    /// Area whose rain a cell takes, m².
    pub(crate) fn own_m2(&self, cell: usize) -> f64 {
        f64::from(self.catch.cells[cell]) * self.bed.spec.cell_area()
    }
}

/// Raises the cells along a crest to its level and closes them to cuts. The cells that a line passes share
/// sides, so that no diagonal step leads between them.
fn raise_along(elevation: &mut Grid<f32>, barrier: &mut Grid<bool>, crest: &[Position]) {
    let spec = elevation.spec;
    for pair in crest.windows(2) {
        let ([ax, ay, from], [bx, by, to]) = (pair[0], pair[1]);
        let (dx, dy) = (bx - ax, by - ay);
        let length2 = (dx * dx + dy * dy).max(f64::MIN_POSITIVE);
        for cell in cells_along(&spec, pair) {
            let (x, y) = spec.centre(cell.0, cell.1);
            let t = (((x - ax) * dx + (y - ay) * dy) / length2).clamp(0.0, 1.0);
            let level = (from + t * (to - from)) as f32;
            if level.is_finite() && elevation[cell].is_finite() {
                elevation[cell] = elevation[cell].max(level);
                barrier[cell] = true;
            }
        }
    }
}
