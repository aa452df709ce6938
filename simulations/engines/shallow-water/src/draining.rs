//! Limiter on outgoing fluxes: no cell gives more water than it holds.
//!
//! A cell that would run dry before the end of the step closes its outgoing fluxes after its
//! draining time (Bollermann, Noelle & Lukáčová-Medviďová 2011, doi 10.4208/cicp.220210.020710a):
//! they are multiplied by θ = h Δx / (Δt ΣF⁺). What one cell does not give its neighbour does not
//! get, so mass is exact. All forces at such an edge, and the slope within such a cell, act for the
//! same share of the step.

use std::ops::Range;

use crate::real::{Real, larger, smaller};
use crate::rows::{FaceRow, ROW, Row};

/// Fills θ of the cells of a row; `true` when any is below 1.
#[inline(always)]
pub(crate) fn draining_row<R: Real>(
    dt_per_size: R,
    depth: &Row<R>,
    x_mass: &Row<R>,
    [south_mass, north_mass]: [&Row<R>; 2],
    theta: &mut Row<R>,
    cells: Range<usize>,
) -> bool {
    let drainable = R::of(R::DRAINABLE);
    let positive = |f: R| larger(f, R::zero());
    let cells = cells.start..cells.end.min(ROW - 1);
    let mut limited = false;
    for i in cells.clone() {
        let out = dt_per_size
            * ((positive(x_mass[i + 1]) + positive(-x_mass[i]))
                + (positive(north_mass[i]) + positive(-south_mass[i])));
        theta[i] = out;
        limited |= out > depth[i] * drainable;
    }
    if !limited {
        theta[cells].fill(R::one());
        return false;
    }
    for i in cells {
        let (out, held) = (theta[i], depth[i] * drainable);
        theta[i] = if out > held { held / out } else { R::one() };
    }
    true
}

/// θ of a cell of the given water (m³ per m²) that owes some of its outflows (m²/s) for a time left
/// over Δx (s/m), and gives the others what remains.
pub(crate) fn draining_cell<R: Real>(dt_per_size: R, water: R, outflows: [(R, Option<R>); 4]) -> R {
    let (mut owed, mut free) = (R::zero(), R::zero());
    for (outflow, left) in outflows.map(|(outflow, left)| (larger(outflow, R::zero()), left)) {
        match left {
            Some(left) => owed = owed + outflow * left,
            None => free = free + outflow * dt_per_size,
        }
    }
    let available = larger(water * R::of(R::DRAINABLE) - owed, R::zero());
    if free > available { available / free } else { R::one() }
}

/// Cuts the flux at one edge to the share of the step in which its donor gives.
pub(crate) fn drain_face<R: Real>(faces: &mut FaceRow<R>, i: usize, left: R, right: R) {
    // Nobody gives at a wall, or where the flow parts: both sides alike.
    let theta = match faces.mass[i] {
        m if m > R::zero() => left,
        m if m < R::zero() => right,
        _ => smaller(left, right),
    };
    if theta < R::one() {
        for row in [&mut faces.mass, &mut faces.left, &mut faces.right, &mut faces.transverse] {
            row[i] = row[i] * theta;
        }
    }
}
