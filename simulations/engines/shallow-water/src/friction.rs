//! Closing of a row: friction and velocities.
//!
//! Friction is point-implicit (backward Euler), which keeps the direction of the flow, never
//! reverses it and gives the right normal flow for any time step:
//!
//! ```text
//! |U| = |U°| / (1 + k Δt |U|)   ⇒   |U| = 2 |U°| / (1 + √(1 + 4 k Δt |U°|))
//! k = g n² h^(−4/3)  (Manning)      k = f / (8 h)  (Darcy–Weisbach)
//! ```
//!
//! and |U| = |U°| / (1 + τ Δt) for the linear law.
//!
//! Velocities come from discharges by the desingularised quotient of Chertock, Cui, Kurganov & Wu
//! 2015 (doi 10.1002/fld.4023), `u = 2 h q / (h² + max(h², ε²))`: exact above ε, bounded below it.

use std::ops::Range;

use crate::GRAVITY;
use crate::real::{Real, larger};
use crate::rows::{CellRow, ExtremeRow, NewRow, ROW};

/// How the bed slows the water; the roughness of [`crate::Bed`] means the coefficient of the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FrictionLaw {
    /// Manning: roughness n in s·m^(−1/3), slope n² u|u| / h^(4/3).
    #[default]
    Manning,
    /// Darcy–Weisbach: roughness f without dimension, slope f u|u| / (8 g h). Chézy's C is
    /// f = 8 g / C².
    DarcyWeisbach,
    /// Linear: roughness τ in 1/s, acceleration −τ u whatever the depth.
    Linear,
}

impl FrictionLaw {
    /// The constant part of k for a roughness.
    pub(crate) fn coefficient(self, roughness: f64) -> f64 {
        match self {
            Self::Manning => GRAVITY * roughness * roughness,
            Self::DarcyWeisbach => roughness / 8.0,
            Self::Linear => roughness,
        }
    }

    /// Speed of a uniform flow of depth `h` (m) on a slope; infinite without roughness.
    pub(crate) fn normal_speed(self, coefficient: f64, h: f64, slope: f64) -> f64 {
        match self {
            Self::Manning => (GRAVITY * slope * h * h.cbrt() / coefficient).sqrt(),
            Self::DarcyWeisbach => (GRAVITY * slope * h / coefficient).sqrt(),
            Self::Linear => GRAVITY * slope / coefficient,
        }
    }
}

/// Constants of a step for [`close_row`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closing<R> {
    pub(crate) law: FrictionLaw,
    /// Step in s.
    pub(crate) dt: R,
    /// Depth up to which a cell counts as dry, m.
    pub(crate) dry: R,
    /// ε² of the desingularised quotient, m².
    pub(crate) velocity_depth2: R,
}

/// k of a cell, 1/m (linear: τ, 1/s); 0 where dry.
#[inline(always)]
pub(crate) fn resistance<R: Real, const LINEAR: bool>(
    law: FrictionLaw,
    dry: R,
    friction: R,
    h: R,
) -> R {
    let wet = h > dry;
    let y = (if wet { h } else { R::one() }).inverse_cube_root();
    let y2 = y * y;
    let k = friction * y2 * if law == FrictionLaw::Manning { y2 } else { y };
    let k = if LINEAR { friction } else { k };
    if wet { k } else { R::zero() }
}

/// Share of a speed that friction leaves after a time.
///
/// The linear law keeps 1 / (1 + b) with b = τ Δt, which is the quadratic form of b + b².
#[inline(always)]
pub(crate) fn kept_share<R: Real, const LINEAR: bool>(k: R, dt: R, speed: R) -> R {
    let b = if LINEAR { dt * k + (dt * k) * (dt * k) } else { dt * k * speed };
    R::of(2.0) / (R::one() + (R::one() + R::of(4.0) * b).sqrt())
}

/// Applies friction to the discharges of a row and makes velocities of them.
#[inline(always)]
pub(crate) fn close_row<R: Real>(
    c: Closing<R>,
    old: &CellRow<R>,
    row: &mut NewRow<R>,
    extremes: &mut ExtremeRow<R>,
    cells: Range<usize>,
) {
    // A choice inside the loop would cost a tenth of the whole step.
    match c.law {
        FrictionLaw::Linear => close_cells::<R, true>(c, old, row, extremes, cells),
        _ => close_cells::<R, false>(c, old, row, extremes, cells),
    }
}

#[inline(always)]
fn close_cells<R: Real, const LINEAR: bool>(
    c: Closing<R>,
    old: &CellRow<R>,
    row: &mut NewRow<R>,
    extremes: &mut ExtremeRow<R>,
    cells: Range<usize>,
) {
    let (zero, one) = (R::zero(), R::one());
    for i in cells.start..cells.end.min(ROW) {
        let (depth, qx, qy) = (row.depth[i], row.qx[i], row.qy[i]);
        let wet = depth > c.dry;
        let h = if wet { depth } else { one };
        let k = resistance::<R, LINEAR>(c.law, c.dry, old.friction[i], depth);
        let h2 = h * h;
        let quotient = (h + h) / (h2 + larger(h2, c.velocity_depth2));
        let free = (qx * qx + qy * qy).sqrt() * quotient;
        let kept = kept_share::<R, LINEAR>(k, c.dt, free);
        let factor = if wet { quotient * kept } else { zero };
        let (u, v) = (qx * factor, qy * factor);
        let held = if wet { h } else { zero };
        row.u[i] = u;
        row.v[i] = v;
        row.speed[i] = if wet { free * kept } else { zero };
        let wave = (R::of(GRAVITY) * held).sqrt() + larger(u.abs(), v.abs());
        extremes.fastest[i] = larger(extremes.fastest[i], wave);
        extremes.deepest[i] = larger(extremes.deepest[i], held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linear_law_keeps_one_over_one_plus_b() {
        for (tau, dt) in [(1e-3, 1.0), (0.5, 4.0), (0.0, 9.0)] {
            let kept = kept_share::<f64, true>(tau, dt, 7.0);
            assert!((kept - 1.0 / (1.0 + tau * dt)).abs() < 1e-15);
        }
    }

    #[test]
    fn normal_flow_is_steady_for_any_step() {
        // At normal flow the slope adds g S Δt and friction takes exactly as much.
        let (h, n, slope) = (0.7f64, 0.03, 0.002f64);
        let coefficient = FrictionLaw::Manning.coefficient(n);
        let speed = h.powf(2.0 / 3.0) * slope.sqrt() / n;
        assert!((FrictionLaw::Manning.normal_speed(coefficient, h, slope) - speed).abs() < 1e-12);
        for dt in [1e-3, 1.0, 1e3] {
            let law = FrictionLaw::Manning;
            let closing = Closing { law, dt, dry: 1e-6, velocity_depth2: 1e-8 };
            let (mut row, mut extremes) = (NewRow::new(), ExtremeRow::new());
            row.depth[7] = h;
            row.qx[7] = h * (speed + GRAVITY * slope * dt);
            let mut old = CellRow::new();
            old.friction[7] = coefficient;
            close_row(closing, &old, &mut row, &mut extremes, 7..8);
            assert!((row.u[7] / speed - 1.0).abs() < 1e-8, "{dt}: {}", row.u[7]);
        }
    }
}
