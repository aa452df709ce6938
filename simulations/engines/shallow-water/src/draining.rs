//! Limiter on outgoing fluxes: no cell gives more water than it holds.
//!
//! A cell that would run dry before the end of the step closes its outgoing fluxes after its
//! draining time (Bollermann, Noelle & Lukáčová-Medviďová 2011, doi 10.4208/cicp.220210.020710a):
//! they are multiplied by θ = h Δx / (Δt ΣF⁺). What one cell does not give its neighbour does not
//! get, so mass is exact. The advected momentum is cut alike; the pressure stays.

use crate::flux::FaceRow;

/// Keeps depths above zero through the rounding of the update.
const ALMOST_ONE: f64 = 1.0 - 1e-12;

/// Mass fluxes on the four sides of a row of cells.
#[derive(Clone, Copy)]
pub(crate) struct Sides<'a> {
    pub(crate) west: &'a [f64],
    pub(crate) east: &'a [f64],
    pub(crate) south: &'a [f64],
    pub(crate) north: &'a [f64],
}

/// Fills θ per cell; `true` when any is below 1.
#[inline(always)]
pub(crate) fn draining_row(
    dt_per_size: f64,
    depth: &[f64],
    sides: Sides<'_>,
    theta: &mut [f64],
) -> bool {
    let n = depth.len();
    let (west, east) = (&sides.west[..n], &sides.east[..n]);
    let (south, north) = (&sides.south[..n], &sides.north[..n]);
    let theta = &mut theta[..n];
    let positive = |f: f64| if f > 0.0 { f } else { 0.0 };
    let mut limited = false;
    for i in 0..n {
        let out = dt_per_size
            * ((positive(east[i]) + positive(-west[i]))
                + (positive(north[i]) + positive(-south[i])));
        theta[i] = out;
        limited |= out > depth[i] * ALMOST_ONE;
    }
    if !limited {
        return false;
    }
    for i in 0..n {
        let out = theta[i];
        theta[i] = if out > depth[i] * ALMOST_ONE { depth[i] * ALMOST_ONE / out } else { 1.0 };
    }
    true
}

/// Cuts the flux at one edge to what its donor gives: θ and normal velocity on both sides.
pub(crate) fn drain_face(
    faces: &mut FaceRow,
    i: usize,
    (theta_left, u_left): (f64, f64),
    (theta_right, u_right): (f64, f64),
) {
    let (theta, u) =
        if faces.mass[i] > 0.0 { (theta_left, u_left) } else { (theta_right, u_right) };
    if theta < 1.0 {
        let cut = (1.0 - theta) * faces.mass[i] * u;
        faces.left[i] -= cut;
        faces.right[i] -= cut;
        faces.mass[i] *= theta;
        faces.transverse[i] *= theta;
    }
}
