//! Balance of a row: what the fluxes and the rain of a step leave in the cells.

use std::ops::Range;

use crate::real::Real;
use crate::rows::{CellRow, FaceRow, NewRow, PushRow, ROW};

/// Fluxes around a row of cells.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a, R> {
    /// Through the western edges.
    pub(crate) x: &'a FaceRow<R>,
    pub(crate) south: &'a FaceRow<R>,
    pub(crate) north: &'a FaceRow<R>,
    /// What the slope of the level does within the cells.
    pub(crate) push: &'a PushRow<R>,
}

/// New depths of a row.
///
/// Depths are summed with compensation (Kahan 1965, doi 10.1145/363707.363723): what the format
/// cannot add now is kept in the residual and added later, so that no rain is too weak to count. A
/// closed cell beyond a boundary takes and gives without becoming wet.
#[inline(always)]
pub(crate) fn depth_row<R: Real>(
    ratio: R,
    rain: R,
    old: &CellRow<R>,
    around: Around<'_, R>,
    new: &mut NewRow<R>,
    cells: Range<usize>,
) {
    for i in cells.start..cells.end.min(ROW - 1) {
        depth_cell(ratio, rain, R::one(), old, around, new, i);
    }
}

/// New depth of a cell whose water spreads over 1/`spread` of its ground.
#[inline(always)]
pub(crate) fn depth_cell<R: Real>(
    ratio: R,
    rain: R,
    spread: R,
    old: &CellRow<R>,
    around: Around<'_, R>,
    new: &mut NewRow<R>,
    i: usize,
) {
    let Around { x, south, north, .. } = around;
    let leaving = (x.mass[i + 1] - x.mass[i]) + (north.mass[i] - south.mass[i]);
    let change = (rain - ratio * leaving) * spread + new.residual[i];
    let change = if old.friction[i] >= R::zero() { change } else { R::zero() };
    let h = old.depth[i] + change;
    new.residual[i] = change - (h - old.depth[i]);
    new.depth[i] = h;
}

/// New discharges, without friction, of a row.
#[inline(always)]
pub(crate) fn discharge_row<R: Real>(
    ratio: R,
    old: &CellRow<R>,
    around: Around<'_, R>,
    new: &mut NewRow<R>,
    cells: Range<usize>,
) {
    for i in cells.start..cells.end.min(ROW - 1) {
        discharge_cell(ratio, R::one(), old, around, new, i);
    }
}

/// New discharges of a cell whose water spreads over 1/`spread` of its ground.
#[inline(always)]
pub(crate) fn discharge_cell<R: Real>(
    ratio: R,
    spread: R,
    old: &CellRow<R>,
    around: Around<'_, R>,
    new: &mut NewRow<R>,
    i: usize,
) {
    let Around { x, south, north, push } = around;
    let leaving = (x.left[i + 1] - x.right[i]) + (north.transverse[i] - south.transverse[i]);
    new.qx[i] = old.depth[i] * old.u[i] - ratio * (leaving * spread + push.x[i]);
    let leaving = (north.left[i] - south.right[i]) + (x.transverse[i + 1] - x.transverse[i]);
    new.qy[i] = old.depth[i] * old.v[i] - ratio * (leaving * spread + push.y[i]);
}
