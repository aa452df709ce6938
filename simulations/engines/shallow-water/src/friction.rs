//! Closing of a row: friction, velocities, maxima and wave speed.
//!
//! Friction is point-implicit (backward Euler), which keeps the direction of the flow, never
//! reverses it and gives the right normal flow for any time step:
//!
//! ```text
//! |U| = |U°| / (1 + k Δt |U|)   ⇒   |U| = 2 |U°| / (1 + √(1 + 4 k Δt |U°|))
//! k = g n² h^(−4/3)  (Manning)      k = f / (8 h)  (Darcy–Weisbach)
//! ```
//!
//! Velocities come from discharges by the desingularised quotient of Chertock, Cui, Kurganov & Wu
//! 2015 (doi 10.1002/fld.4023), `u = 2 h q / (h² + max(h², ε²))`: exact above ε, bounded below it.
//!
//! `h^(−1/3)` starts from a shift of the exponent bits (as Lomont 2003 does for the inverse square
//! root) and takes three Newton steps `y ← y (4 − h y³)/3`: relative error below 1e-9, no call, no
//! division, vectorises.

use crate::GRAVITY;

/// How the bed slows the water; the roughness of [`crate::Bed`] means the coefficient of the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FrictionLaw {
    /// Manning: roughness n in s·m^(−1/3), slope n² u|u| / h^(4/3).
    #[default]
    Manning,
    /// Darcy–Weisbach: roughness f without dimension, slope f u|u| / (8 g h). Chézy's C is
    /// f = 8 g / C².
    DarcyWeisbach,
}

impl FrictionLaw {
    /// The constant part of k for a roughness.
    pub(crate) fn coefficient(self, roughness: f64) -> f64 {
        match self {
            Self::Manning => GRAVITY * roughness * roughness,
            Self::DarcyWeisbach => roughness / 8.0,
        }
    }

    /// Speed of a uniform flow of depth `h` (m) on a slope; infinite without roughness.
    pub(crate) fn normal_speed(self, coefficient: f64, h: f64, slope: f64) -> f64 {
        let k = match self {
            Self::Manning => coefficient / (h * h.cbrt()),
            Self::DarcyWeisbach => coefficient / h,
        };
        (GRAVITY * slope / k).sqrt()
    }
}

/// `x^(−1/3)` for normal positive `x`, relative error below 1e-9.
#[inline(always)]
pub(crate) fn inverse_cube_root(x: f64) -> f64 {
    // The high word as a double, through the mantissa of 2⁵²: no integer conversion, which SSE2
    // and AVX2 lack for 64 bits.
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    let high = f64::from_bits((x.to_bits() >> 32) | TWO_52.to_bits()) - TWO_52;
    let shifted = 1_430_187_600.0 - high * (1.0 / 3.0);
    let guess = (shifted + TWO_52).to_bits() << 32;
    let mut y = f64::from_bits(guess);
    for _ in 0..3 {
        y = y * (4.0 - x * (y * y * y)) * (1.0 / 3.0);
    }
    y
}

/// Constants of a step for [`close_row`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closing {
    /// Step in s.
    pub(crate) dt: f64,
    /// Time at the end of the step in s.
    pub(crate) end: f64,
    /// Depth up to which a cell counts as dry, m.
    pub(crate) dry: f64,
    /// ε² of the desingularised quotient, m².
    pub(crate) velocity_depth2: f64,
    /// Depth that counts as arrived and for the duration, m.
    pub(crate) arrival: f64,
    /// Smallest depth whose speed counts for the maximum, m.
    pub(crate) speed_depth: f64,
}

/// A row of cells: discharges in, velocities out.
pub(crate) struct CellsToClose<'a> {
    pub(crate) depth: &'a [f64],
    pub(crate) qx: &'a [f64],
    pub(crate) qy: &'a [f64],
    pub(crate) friction: &'a [f64],
    pub(crate) u: &'a mut [f64],
    pub(crate) v: &'a mut [f64],
    pub(crate) max_depth: &'a mut [f64],
    pub(crate) max_speed: &'a mut [f64],
    pub(crate) max_discharge: &'a mut [f64],
    pub(crate) arrival: &'a mut [f64],
    pub(crate) duration: &'a mut [f64],
    /// Per column, over the rows seen: deepest water and fastest wave.
    pub(crate) deepest: &'a mut [f64],
    pub(crate) fastest: &'a mut [f64],
}

/// Applies friction and records what the row brings.
#[inline(always)]
pub(crate) fn close_row<const MANNING: bool>(c: Closing, row: CellsToClose<'_>) {
    let n = row.depth.len();
    let (depth, qx, qy, friction) =
        (&row.depth[..n], &row.qx[..n], &row.qy[..n], &row.friction[..n]);
    let (u, v) = (&mut row.u[..n], &mut row.v[..n]);
    let (max_depth, max_speed) = (&mut row.max_depth[..n], &mut row.max_speed[..n]);
    let (max_discharge, arrival) = (&mut row.max_discharge[..n], &mut row.arrival[..n]);
    let (duration, deepest, fastest) =
        (&mut row.duration[..n], &mut row.deepest[..n], &mut row.fastest[..n]);
    for i in 0..n {
        let wet = depth[i] > c.dry;
        let h = if wet { depth[i] } else { 1.0 };
        let y = inverse_cube_root(h);
        let y2 = y * y;
        let y3 = y2 * y;
        // |U°| k = coefficient |q| y⁷ (Manning) or y⁶ (Darcy–Weisbach).
        let power = if MANNING { y3 * y3 * y } else { y3 * y3 };
        let q = (qx[i] * qx[i] + qy[i] * qy[i]).sqrt();
        let root = (1.0 + 4.0 * c.dt * friction[i] * q * power).sqrt();
        let h2 = h * h;
        let floor = if h2 > c.velocity_depth2 { h2 } else { c.velocity_depth2 };
        let factor = 4.0 * h / ((h2 + floor) * (1.0 + root));
        let factor = if wet { factor } else { 0.0 };
        let (un, vn) = (qx[i] * factor, qy[i] * factor);
        u[i] = un;
        v[i] = vn;
        let speed = q * factor;
        let h = if wet { h } else { 0.0 };
        let wave = (GRAVITY * h).sqrt() + if un.abs() > vn.abs() { un.abs() } else { vn.abs() };
        fastest[i] = if fastest[i] > wave { fastest[i] } else { wave };
        deepest[i] = if deepest[i] > h { deepest[i] } else { h };
        max_depth[i] = if max_depth[i] > depth[i] { max_depth[i] } else { depth[i] };
        let counted = if h > c.speed_depth { speed } else { 0.0 };
        max_speed[i] = if max_speed[i] > counted { max_speed[i] } else { counted };
        let discharge = h * speed;
        max_discharge[i] = if max_discharge[i] > discharge { max_discharge[i] } else { discharge };
        let arrived = h >= c.arrival;
        let time = if arrived { c.end } else { f64::INFINITY };
        arrival[i] = if arrival[i] < time { arrival[i] } else { time };
        duration[i] += if arrived { c.dt } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_cube_root_is_accurate_over_all_depths() {
        let mut x = 1e-9;
        while x < 1e5 {
            let relative = inverse_cube_root(x) * x.cbrt() - 1.0;
            assert!(relative.abs() < 1e-9, "{x}: {relative}");
            x *= 1.0037;
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
            let closing = Closing {
                dt,
                end: dt,
                dry: 1e-6,
                velocity_depth2: 1e-8,
                arrival: 0.05,
                speed_depth: 0.01,
            };
            let (mut u, mut v) = ([0.0], [0.0]);
            let mut m = [[0.0]; 7];
            let [a, b, c, d, e, f, g] = &mut m;
            close_row::<true>(
                closing,
                CellsToClose {
                    depth: &[h],
                    qx: &[h * (speed + GRAVITY * slope * dt)],
                    qy: &[0.0],
                    friction: &[coefficient],
                    u: &mut u,
                    v: &mut v,
                    max_depth: a,
                    max_speed: b,
                    max_discharge: c,
                    arrival: d,
                    duration: e,
                    deepest: f,
                    fastest: g,
                },
            );
            assert!((u[0] / speed - 1.0).abs() < 1e-8, "{dt}: {}", u[0]);
        }
    }
}
