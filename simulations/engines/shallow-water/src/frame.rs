//! What a time step reads and writes.

use crate::activity::Activity;
use crate::boundary::{BoundaryFace, EdgeState, FaceNow};
use crate::flux::EdgeRow;
use crate::friction::Closing;
use crate::layout::{BLOCK_CELLS, BLOCK_COLUMNS, BLOCK_TILES, Layout, TILE};
use crate::local_steps::Pace;
use crate::maxima::{RecordRow, Recording};
use crate::options::Scheme;
use crate::real::Real;
use crate::reconstruction::HalfStep;
use crate::rows::FaceFlux;
use crate::section::Sections;
use crate::special::Specials;
use crate::structure::CrestNow;

/// Depth and velocities of all cells; in the local-inertial scheme discharges per metre through the
/// western and northern edges in place of velocities.
#[derive(Debug, Clone)]
pub(crate) struct Fields<R> {
    pub(crate) depth: Vec<R>,
    pub(crate) u: Vec<R>,
    pub(crate) v: Vec<R>,
}

impl<R: Real> Fields<R> {
    pub(crate) fn still(cells: usize) -> Self {
        let zeros = || vec![R::zero(); cells];
        Self { depth: zeros(), u: zeros(), v: zeros() }
    }
}

/// What all blocks read during a step.
pub(crate) struct Frame<'a, R> {
    pub(crate) layout: Layout,
    pub(crate) now: &'a Fields<R>,
    pub(crate) bed: &'a [R],
    /// Friction coefficient; negative in closed cells.
    pub(crate) friction: &'a [R],
    pub(crate) activity: &'a Activity,
    pub(crate) specials: &'a Specials,
    pub(crate) sections: &'a Sections,
    pub(crate) boundary: &'a [BoundaryFace],
    pub(crate) boundary_now: &'a [FaceNow],
    pub(crate) crests: &'a [CrestNow],
    pub(crate) half: HalfStep<R>,
    pub(crate) closing: Closing<R>,
    pub(crate) recording: Recording<R>,
    pub(crate) scheme: Scheme,
    pub(crate) pace: Pace<'a, R>,
    /// Side of a cell, m.
    pub(crate) cell_size: f64,
    /// Δt/Δx, s/m.
    pub(crate) ratio: R,
    /// Δt Δx, s·m.
    pub(crate) volume_per_flux: f64,
    /// Rain of the step, m.
    pub(crate) rain: R,
}

/// What a block writes into the fields.
pub(crate) struct BlockFields<'a, R> {
    pub(crate) depth: &'a mut [R],
    pub(crate) u: &'a mut [R],
    pub(crate) v: &'a mut [R],
    /// What the rounding of the depth has kept back, m.
    pub(crate) residual: &'a mut [R],
    pub(crate) records: RecordRow<'a, R>,
    /// Cells that have left the validity of the scheme.
    pub(crate) beyond: &'a mut [bool],
}

/// What the step of a block found.
#[derive(Debug, Clone, Default)]
pub(crate) struct BlockResult<R> {
    /// Fastest wave in each tile after the step, m/s.
    pub(crate) wave: [f64; BLOCK_TILES],
    /// Tiles with a wet cell after the step.
    pub(crate) wet: [bool; BLOCK_TILES],
    /// Cells of the grid that were worked on.
    pub(crate) updates: u64,
    /// Volume into the domain by boundary segment during the step: in, out, m³.
    pub(crate) exchanged: Vec<[f64; 2]>,
    /// Volume to the right through each section during the step, m³.
    pub(crate) sections: Vec<f64>,
    /// Fluxes through the rims of the tiles during the step; empty without local time steps.
    pub(crate) rims: Vec<FaceFlux<R>>,
}

impl<R: Real> Frame<'_, R> {
    /// The state of entry `i` of a side, that of the cell in this row and column; its bed lies `sign`
    /// times the half rise above that of the cell.
    pub(crate) fn beside(
        &self,
        (row, column): (isize, isize),
        side: EdgeRow<'_, R>,
        sign: f64,
        i: usize,
    ) -> EdgeState {
        let at = self.layout.place(row as usize, column as usize);
        EdgeState {
            h: side.depth[i].as_(),
            u: side.normal[i].as_(),
            v: side.transverse[i].as_(),
            z: self.bed[at].as_() + sign * side.rise[i].as_(),
            friction: self.friction[at].as_(),
        }
    }
}

impl<R: Real> BlockFields<'_, R> {
    /// Takes over an inactive tile whose two buffers differ.
    pub(crate) fn settle(
        &mut self,
        frame: &Frame<'_, R>,
        block: usize,
        rows: usize,
        column: usize,
    ) {
        for row in 0..rows {
            let to = row * BLOCK_COLUMNS + column..row * BLOCK_COLUMNS + column + TILE;
            let from = block * BLOCK_CELLS + to.start..block * BLOCK_CELLS + to.end;
            self.depth[to.clone()].copy_from_slice(&frame.now.depth[from.clone()]);
            self.u[to.clone()].copy_from_slice(&frame.now.u[from.clone()]);
            self.v[to].copy_from_slice(&frame.now.v[from]);
        }
    }
}
