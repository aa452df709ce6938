//! The two floating-point formats of the solver.
//!
//! The kernels are written once over [`Real`]. `f32` halves memory and doubles the lanes of a
//! vector; `f64` is the reference. Every operation used is exactly rounded by IEEE 754 and none is
//! contracted, so scalar, SSE and AVX code give the same bits.

use std::fmt::Debug;

use num_traits::{AsPrimitive, Float};

/// `f32` or `f64`.
pub trait Real: Float + AsPrimitive<f64> + Debug + Default + Send + Sync + 'static {
    /// Number of steps per metre of the lattice on which beds and initial levels are rounded:
    /// sums of bed and depth are then exact, and a lake at rest stays at rest to the last bit.
    ///
    /// `f32`: 2¹⁰ per metre (1 mm, below the accuracy of any terrain model), exact up to 8 km.
    /// `f64`: 2²⁰ per metre.
    const QUANTA_PER_M: f64;
    /// What a cell may give in one step of what it holds: below 1 by more than the rounding of the
    /// update, so that no depth becomes negative.
    const DRAINABLE: f64;
    /// A number, rounded.
    fn of(value: f64) -> Self;
    /// `x^(−1/3)` for normal positive `x`, relative error below 1e-6 (`f32`) or 1e-9 (`f64`).
    ///
    /// It starts from a shift of the exponent bits (as Lomont 2003 does for the inverse square
    /// root) and takes three Newton steps `y ← y (4 − x y³)/3`: no call, no division, vectorises.
    #[must_use]
    fn inverse_cube_root(self) -> Self;
}

impl Real for f32 {
    const QUANTA_PER_M: f64 = 1024.0;
    const DRAINABLE: f64 = 1.0 - 1e-6;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as Self
    }

    #[inline(always)]
    fn inverse_cube_root(self) -> Self {
        newton(Self::from_bits(0x54a2_0000_u32.wrapping_sub(self.to_bits() / 3)), self)
    }
}

impl Real for f64 {
    const QUANTA_PER_M: f64 = 1_048_576.0;
    const DRAINABLE: f64 = 1.0 - 1e-12;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn inverse_cube_root(self) -> Self {
        // The high word as a double, through the mantissa of 2⁵²: no integer conversion, which SSE2
        // and AVX2 lack for 64 bits.
        const TWO_52: f64 = 4_503_599_627_370_496.0;
        let high = Self::from_bits((self.to_bits() >> 32) | TWO_52.to_bits()) - TWO_52;
        let shifted = 1_430_187_600.0 - high * (1.0 / 3.0);
        newton(Self::from_bits((shifted + TWO_52).to_bits() << 32), self)
    }
}

#[inline(always)]
fn newton<R: Real>(guess: R, x: R) -> R {
    let mut y = guess;
    for _ in 0..3 {
        y = y * (R::of(4.0) - x * (y * y * y)) * R::of(1.0 / 3.0);
    }
    y
}

/// Rounds a height to the lattice of a format.
pub(crate) fn quantised<R: Real>(height_m: f64) -> f64 {
    (height_m * R::QUANTA_PER_M).round() / R::QUANTA_PER_M
}

/// The larger of two numbers; compiles to one instruction, which [`f64::max`] does not.
#[inline(always)]
pub(crate) fn larger<R: Real>(a: R, b: R) -> R {
    if a > b { a } else { b }
}

/// The smaller of two numbers.
#[inline(always)]
pub(crate) fn smaller<R: Real>(a: R, b: R) -> R {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_cube_root_is_accurate_over_all_depths() {
        let mut x = 1e-9;
        while x < 1e5 {
            let relative = x.inverse_cube_root() * x.cbrt() - 1.0;
            assert!(relative.abs() < 1e-9, "{x}: {relative}");
            let single =
                f64::from((x as f32).inverse_cube_root()) * f64::from(x as f32).cbrt() - 1.0;
            assert!(single.abs() < 1e-6, "{x}: {single}");
            x *= 1.0037;
        }
    }
}
