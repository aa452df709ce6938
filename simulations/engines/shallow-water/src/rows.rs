//! Rows in hand: what the stages of a step pass on to each other.
//!
//! All of one length and side by side in one allocation, so that the compiler sees that they do not
//! overlap and vectorises the loops over them without a check.

use std::ops::Range;

use crate::layout::BLOCK_COLUMNS;
use crate::real::Real;

/// Cells on both sides of a run that are in hand: the stages of a step look at some, and a cache line's worth
/// keeps the run aligned.
pub(crate) const MARGIN: usize = 16;
/// Cells of a row in hand: a run and the margins on both sides.
pub(crate) const ROW: usize = BLOCK_COLUMNS + 2 * MARGIN;

/// One value per cell; entry [`MARGIN`] is the first cell of the run.
pub(crate) type Row<R> = [R; ROW];

/// Cells at the beginning of the step.
#[derive(Debug, Clone)]
pub(crate) struct CellRow<R> {
    pub(crate) depth: Row<R>,
    pub(crate) u: Row<R>,
    pub(crate) v: Row<R>,
    pub(crate) bed: Row<R>,
    /// Friction coefficient; negative in closed cells.
    pub(crate) friction: Row<R>,
}

/// States at one side of the cells.
#[derive(Debug, Clone)]
pub(crate) struct SideRow<R> {
    pub(crate) depth: Row<R>,
    /// Velocity across the edge.
    pub(crate) normal: Row<R>,
    /// Velocity along the edge.
    pub(crate) transverse: Row<R>,
}

/// Cells seen from their sides.
#[derive(Debug, Clone)]
pub(crate) struct ReconstructedRow<R> {
    pub(crate) west: SideRow<R>,
    pub(crate) east: SideRow<R>,
    pub(crate) south: SideRow<R>,
    pub(crate) north: SideRow<R>,
    /// Bed of the eastern side above that of the cell (the western one lies as far below), m.
    pub(crate) bed_x: Row<R>,
    /// Bed of the northern side above that of the cell, m.
    pub(crate) bed_y: Row<R>,
}

/// g h Dₓη and g h D_y η: what the slope of the level does within the cells, m³/s².
#[derive(Debug, Clone)]
pub(crate) struct PushRow<R> {
    pub(crate) x: Row<R>,
    pub(crate) y: Row<R>,
}

/// Fluxes per metre of edge, positive from the left (west, south) to the right (east, north).
#[derive(Debug, Clone)]
pub(crate) struct FaceRow<R> {
    /// Mass: m²/s.
    pub(crate) mass: Row<R>,
    /// Normal momentum in the balance of the left cell: m³/s².
    pub(crate) left: Row<R>,
    /// Normal momentum in the balance of the right cell: m³/s².
    pub(crate) right: Row<R>,
    /// Transverse momentum: m³/s².
    pub(crate) transverse: Row<R>,
}

/// Cells at the end of the step.
#[derive(Debug, Clone)]
pub(crate) struct NewRow<R> {
    pub(crate) depth: Row<R>,
    /// What the rounding of the depth has kept back, m.
    pub(crate) residual: Row<R>,
    /// Discharges without friction, m²/s.
    pub(crate) qx: Row<R>,
    pub(crate) qy: Row<R>,
    pub(crate) u: Row<R>,
    pub(crate) v: Row<R>,
    pub(crate) speed: Row<R>,
}

/// Per column over the rows seen: deepest water (m) and fastest wave (m/s).
#[derive(Debug, Clone)]
pub(crate) struct ExtremeRow<R> {
    pub(crate) deepest: Row<R>,
    pub(crate) fastest: Row<R>,
}

/// A row of zeros.
pub(crate) fn zeros<R: Real>() -> Row<R> {
    [R::zero(); ROW]
}

impl<R: Real> CellRow<R> {
    pub(crate) fn new() -> Self {
        Self { depth: zeros(), u: zeros(), v: zeros(), bed: zeros(), friction: zeros() }
    }

    /// Takes over some cells.
    pub(crate) fn copy_from(&mut self, other: &Self, cells: Range<usize>) {
        for (to, from) in [
            (&mut self.depth, &other.depth),
            (&mut self.u, &other.u),
            (&mut self.v, &other.v),
            (&mut self.bed, &other.bed),
            (&mut self.friction, &other.friction),
        ] {
            to[cells.clone()].copy_from_slice(&from[cells.clone()]);
        }
    }
}

impl<R: Real> SideRow<R> {
    fn new() -> Self {
        Self { depth: zeros(), normal: zeros(), transverse: zeros() }
    }

    fn set(&mut self, i: usize, depth: R, normal: R, transverse: R) {
        self.depth[i] = depth;
        self.normal[i] = normal;
        self.transverse[i] = transverse;
    }
}

impl<R: Real> ReconstructedRow<R> {
    pub(crate) fn new() -> Self {
        let side = || SideRow::new();
        Self {
            west: side(),
            east: side(),
            south: side(),
            north: side(),
            bed_x: zeros(),
            bed_y: zeros(),
        }
    }

    /// Gives a cell no slope: all sides as it was at the beginning of the step.
    pub(crate) fn flatten(&mut self, i: usize, cells: &CellRow<R>, push: &mut PushRow<R>) {
        let (h, u, v) = (cells.depth[i], cells.u[i], cells.v[i]);
        self.west.set(i, h, u, v);
        self.east.set(i, h, u, v);
        self.south.set(i, h, v, u);
        self.north.set(i, h, v, u);
        for row in [&mut self.bed_x, &mut self.bed_y, &mut push.x, &mut push.y] {
            row[i] = R::zero();
        }
    }
}

impl<R: Real> PushRow<R> {
    pub(crate) fn new() -> Self {
        Self { x: zeros(), y: zeros() }
    }
}

/// One entry of a [`FaceRow`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct FaceFlux<R = f64> {
    pub(crate) mass: R,
    pub(crate) left: R,
    pub(crate) right: R,
    pub(crate) transverse: R,
}

impl FaceFlux {
    /// That through a share of the edge.
    pub(crate) fn times(self, share: f64) -> Self {
        Self {
            mass: self.mass * share,
            left: self.left * share,
            right: self.right * share,
            transverse: self.transverse * share,
        }
    }
}

impl<R: Real> FaceFlux<R> {
    /// In another format.
    pub(crate) fn to<S: Real>(self) -> FaceFlux<S> {
        let number = |x: R| S::of(x.as_());
        FaceFlux {
            mass: number(self.mass),
            left: number(self.left),
            right: number(self.right),
            transverse: number(self.transverse),
        }
    }
}

impl<R: Real> FaceRow<R> {
    pub(crate) fn new() -> Self {
        Self { mass: zeros(), left: zeros(), right: zeros(), transverse: zeros() }
    }

    pub(crate) fn get(&self, i: usize) -> FaceFlux<R> {
        FaceFlux {
            mass: self.mass[i],
            left: self.left[i],
            right: self.right[i],
            transverse: self.transverse[i],
        }
    }

    pub(crate) fn set(&mut self, i: usize, flux: FaceFlux<R>) {
        self.mass[i] = flux.mass;
        self.left[i] = flux.left;
        self.right[i] = flux.right;
        self.transverse[i] = flux.transverse;
    }
}

impl<R: Real> NewRow<R> {
    pub(crate) fn new() -> Self {
        Self {
            depth: zeros(),
            residual: zeros(),
            qx: zeros(),
            qy: zeros(),
            u: zeros(),
            v: zeros(),
            speed: zeros(),
        }
    }
}

impl<R: Real> ExtremeRow<R> {
    pub(crate) fn new() -> Self {
        Self { deepest: zeros(), fastest: zeros() }
    }
}
