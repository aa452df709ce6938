//! The local-inertial scheme: shallow water without the convective terms, for large slow floods.
//!
//! Depths lie in the cells and discharges per metre on their western and northern edges. de Almeida,
//! Bates, Freer & Souvignet 2012 (doi 10.1029/2011WR011570; after Bates, Horritt & Fewtrell 2010,
//! doi 10.1016/j.jhydrol.2010.03.027):
//!
//! ```text
//! q' = ( θ q + (1 − θ)/2 (q₋ + q₊) − g h_f Δt ∂η/∂x ) / (1 + k Δt |q| / h_f)
//! h_f = max(η_L, η_R) − max(z_L, z_R),     k = g n² h_f^(−4/3) (Manning)
//! θ   = 1 − Δt/Δx min(|q|/h_f, √(g h_f))
//! ```
//!
//! with q₋ and q₊ on the edges before and behind in the direction of the flow; an edge without flow
//! (dry ground, a wall) takes no part in the mean, for there the mean would brake the flow in a narrow
//! bed that runs across the grid: q stands in for it. The weight θ is that of Sridharan, Bates, Sen &
//! Kuiry 2021 (doi 10.1016/j.advwatres.2021.103930), which smooths no more than an upwind scheme would,
//! for any step; the fixed 0.8 of 2012 raises the deepest water of EA benchmark 5 by 7 %. |q| is the length of
//! the whole vector at the edge, the transverse part being the mean of the four edges around, so
//! that a flow along the diagonal meets the friction it would meet along an axis. No edge carries
//! more than the critical flow h_f √(g h_f), and no cell counts as faster than √(g h): at a front a
//! discharge meets water that is shallower than that it came from.
//!
//! The scheme knows no hydraulic jump and carries no momentum over an obstacle: it holds for
//! subcritical flow (the authors: n of 0.03 and more). Cells that flow faster than a Froude number
//! of 0.8 are marked ([`crate::Solver::beyond_validity`]).
//!
//! Cost per cell: about 110 flops, 5 square roots and 3 divisions.

use std::ops::Range;

use crate::GRAVITY;
use crate::ahead::Ahead;
use crate::balance::Around;
use crate::boundary::EdgeState;
use crate::frame::{BlockFields, BlockResult, Frame};
use crate::friction::{Closing, FrictionLaw, resistance};
use crate::layout::BLOCK_COLUMNS;
use crate::real::{Real, larger, smaller};
use crate::rows::{CellRow, ExtremeRow, FaceFlux, FaceRow, NewRow, ROW, Row};
use crate::special::{Inner, Kind, special_flux};
use crate::sweep::{Run, Sweep, slot};

/// Froude number from which a cell counts as outside the validity of the scheme (de Almeida & Bates
/// 2013, doi 10.1002/wrcr.20366, find errors to grow beyond 0.5).
const FROUDE_LIMIT: f64 = 0.8;
/// Depth from which a cell may be marked, m: the film at a front is critical in this scheme, carries
/// little and passes.
const MARKED_FROM_M: f64 = 0.1;

/// Discharges through a row of edges and what they cross.
#[derive(Clone, Copy)]
struct EdgesOf<'a, R> {
    /// Cells to the left (west, south) and to the right of the edges.
    left: &'a CellRow<R>,
    right: &'a CellRow<R>,
    /// Discharges through the edges before them, through them and behind them.
    before: &'a Row<R>,
    here: &'a Row<R>,
    behind: &'a Row<R>,
    /// Discharges along the edges.
    along: [&'a Row<R>; 2],
}

/// New discharges of a row of edges. The left cell of edge i is i − `BACK`; the discharges before
/// and behind it are at i − `BACK` and i + `BACK`; those along it lie beside the left cell and the
/// right one.
#[inline(always)]
fn discharge_row<R: Real, const BACK: usize>(
    c: Closing<R>,
    ratio: R,
    edges: EdgesOf<'_, R>,
    faces: &mut FaceRow<R>,
    range: Range<usize>,
) {
    match c.law {
        FrictionLaw::Linear => discharges::<R, BACK, true>(c, ratio, edges, faces, range),
        _ => discharges::<R, BACK, false>(c, ratio, edges, faces, range),
    }
}

#[inline(always)]
fn discharges<R: Real, const BACK: usize, const LINEAR: bool>(
    c: Closing<R>,
    ratio: R,
    edges: EdgesOf<'_, R>,
    faces: &mut FaceRow<R>,
    range: Range<usize>,
) {
    let (zero, one) = (R::zero(), R::one());
    let gravity = R::of(GRAVITY);
    let (half, quarter) = (R::of(0.5), R::of(0.25));
    for i in range.start.max(BACK)..range.end.min(ROW - 1) {
        let l = i - BACK;
        let (hl, hr) = (edges.left.depth[l], edges.right.depth[i]);
        let step = edges.right.bed[i] - edges.left.bed[l];
        let depth = larger(hl, hr + step) - larger(zero, step);
        let wet = depth > c.dry;
        let h = if wet { depth } else { one };
        let q = edges.here[i];
        let [a, b] = edges.along;
        let along = match BACK {
            0 => (a[i] + a[i + 1]) + (b[i] + b[i + 1]),
            _ => (a[l] + b[l]) + (a[i] + b[i]),
        };
        let along = quarter * along;
        let friction = half * (edges.left.friction[l] + edges.right.friction[i]);
        let k = resistance::<R, LINEAR>(c.law, c.dry, friction, h);
        let (before, behind) = (edges.before[l], edges.behind[i + BACK]);
        let before = if before == zero { q } else { before };
        let behind = if behind == zero { q } else { behind };
        let critical = h * (gravity * h).sqrt();
        // Numerator and denominator times h.
        let smoothed = h * q + ratio * smaller(q.abs(), critical) * (half * (before + behind) - q);
        let driven = smoothed - gravity * ratio * (h * h) * ((hr - hl) + step);
        let whole = (q * q + along * along).sqrt();
        let brake = h + c.dt * k * if LINEAR { h } else { whole };
        let new = smaller(larger(driven / brake, -critical), critical);
        faces.mass[i] = if wet { new } else { zero };
    }
}

/// Speeds, waves and marks of a row of cells from the discharges around them.
#[inline(always)]
fn close_row<R: Real>(
    c: Closing<R>,
    around: Around<'_, R>,
    row: &mut NewRow<R>,
    extremes: &mut ExtremeRow<R>,
    cells: Range<usize>,
) {
    let (zero, one, half) = (R::zero(), R::one(), R::of(0.5));
    let Around { x, south, north, .. } = around;
    for i in cells.start..cells.end.min(ROW - 1) {
        let depth = row.depth[i];
        let wet = depth > c.dry;
        let h = if wet { depth } else { one };
        let h2 = h * h;
        let quotient = (h + h) / (h2 + larger(h2, c.velocity_depth2));
        let qx = half * (x.mass[i] + x.mass[i + 1]);
        let qy = half * (south.mass[i] + north.mass[i]);
        let speed = (qx * qx + qy * qy).sqrt() * quotient;
        let held = if wet { h } else { zero };
        let critical = (R::of(GRAVITY) * held).sqrt();
        row.speed[i] = smaller(speed, critical);
        let wave = critical + row.speed[i];
        extremes.fastest[i] = larger(extremes.fastest[i], wave);
        extremes.deepest[i] = larger(extremes.deepest[i], held);
        row.u[i] = x.mass[i];
        row.v[i] = north.mass[i];
    }
}

/// Marks the cells that are deep enough to count and flow too fast for the scheme.
#[inline(always)]
fn mark_row<R: Real>(smallest: R, depth: &[R], speed: &[R], marks: &mut [bool]) {
    let limit = R::of(GRAVITY * FROUDE_LIMIT * FROUDE_LIMIT);
    let fast = |h: R, speed: R| (h > smallest) & (speed * speed > limit * h);
    let n = depth.len();
    let (speed, marks) = (&speed[..n], &mut marks[..n]);
    let mut any = false;
    for i in 0..n {
        any |= fast(depth[i], speed[i]);
    }
    if any {
        for i in 0..n {
            marks[i] |= fast(depth[i], speed[i]);
        }
    }
}

impl<R: Real> Sweep<R> {
    /// Advances a run of active tiles.
    #[inline(always)]
    pub(crate) fn sweep_inertial(
        &mut self,
        frame: &Frame<'_, R>,
        run: &Run,
        out: &mut BlockFields<'_, R>,
        result: &mut BlockResult<R>,
    ) {
        for row in -3..0 {
            self.load_discharges(frame, run, row);
        }
        for row in -1..run.rows + 2 {
            let ahead = Ahead::of(frame, run, row + 1);
            ahead.call_state(frame);
            self.load_discharges(frame, run, row + 1);
            ahead.call_ground(frame);
            ahead.call_results(out);
            self.discharges(frame, run, row);
            ahead.call_records(out);
            if row > -1 {
                self.theta_row(frame, run, row - 1);
            }
            if row > 1 {
                self.update(
                    frame,
                    run,
                    row - 2,
                    (&mut *out, &mut *result),
                    #[inline(always)]
                    |_, around, new, extremes, cells| {
                        close_row(frame.closing, around, new, extremes, cells);
                    },
                );
                let here = run.at + (row - 2) as usize * BLOCK_COLUMNS;
                let marks = &mut out.beyond[here..here + run.columns];
                let NewRow { depth, speed, .. } = &self.new;
                let cells = run.cells();
                mark_row(R::of(MARKED_FROM_M), &depth[cells.clone()], &speed[cells], marks);
            }
        }
    }

    /// Takes a row of cells in hand. The discharge through a boundary edge depends on the outside:
    /// for the edge next to it, the flow goes on as it is.
    #[inline(always)]
    fn load_discharges(&mut self, frame: &Frame<'_, R>, run: &Run, row: isize) {
        self.load(frame, run, row);
        let around = run.around(2);
        let cells = &mut self.cells[slot::<4>(row)];
        for special in frame.specials.x.within(run.row + row, &around) {
            if let Kind::Boundary(inner, _) = special.what {
                let i = run.local(special.column as isize);
                cells.u[i] = cells.u[if inner == Inner::Left { i - 1 } else { i + 1 }];
            }
        }
        for special in frame.specials.y.within(run.row + row - 1, &around) {
            if let Kind::Boundary(Inner::Left, _) = special.what {
                let i = run.local(special.column as isize);
                self.cells[slot::<4>(row - 1)].v[i] = self.cells[slot::<4>(row)].v[i];
            }
        }
        for special in frame.specials.y.within(run.row + row, &around) {
            if let Kind::Boundary(Inner::Right, _) = special.what {
                let i = run.local(special.column as isize);
                self.cells[slot::<4>(row)].v[i] = self.cells[slot::<4>(row - 1)].v[i];
            }
        }
    }

    /// Discharges through the northern and western edges of a row.
    #[inline(always)]
    fn discharges(&mut self, frame: &Frame<'_, R>, run: &Run, row: isize) {
        let [north, here, south] = [row - 1, row, row + 1].map(|row| &self.cells[slot::<4>(row)]);
        let range = run.reconstructed();
        let y = &mut self.y_faces[slot::<3>(row)];
        let edges = EdgesOf {
            left: here,
            right: north,
            before: &south.v,
            here: &here.v,
            behind: &north.v,
            along: [&here.u, &north.u],
        };
        discharge_row::<R, 0>(frame.closing, frame.ratio, edges, y, range.clone());
        let x = &mut self.x_faces[slot::<3>(row)];
        let edges = EdgesOf {
            left: here,
            right: here,
            before: &here.u,
            here: &here.u,
            behind: &here.u,
            along: [&here.v, &south.v],
        };
        discharge_row::<R, 1>(frame.closing, frame.ratio, edges, x, range);

        // What the cell brings is what flows through the edge opposite.
        let state = |cells: &CellRow<R>, q: R, i: usize| {
            let h: f64 = cells.depth[i].as_();
            let u = if h > frame.closing.dry.as_() { q.as_() / h } else { 0.0 };
            let z = cells.bed[i].as_();
            EdgeState { h, u, v: 0.0, z, friction: cells.friction[i].as_() }
        };
        let grid_row = run.row + row;
        for special in frame.specials.y.within(grid_row, &run.around(1)) {
            let i = run.local(special.column as isize);
            let below = || state(here, south.v[i], i);
            let above = || state(north, north.v[i], i);
            set_mass(frame, special.what, y, i, below, above);
        }
        for special in frame.specials.x.within(grid_row, &run.around(2)) {
            let i = run.local(special.column as isize);
            let before = || state(here, here.u[i - 1], i - 1);
            let after = || state(here, here.u[i + 1], i);
            set_mass(frame, special.what, x, i, before, after);
        }
    }
}

/// Sets the discharge through a special edge.
fn set_mass<R: Real>(
    frame: &Frame<'_, R>,
    kind: Kind,
    faces: &mut FaceRow<R>,
    i: usize,
    left: impl Fn() -> EdgeState,
    right: impl Fn() -> EdgeState,
) {
    let ordinary = FaceFlux { mass: faces.mass[i], ..FaceFlux::default() };
    faces.mass[i] = special_flux(frame, kind, left, right, ordinary).mass;
}
