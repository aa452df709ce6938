//! Errors of the terrain at ground points that were held out of it.
//!
//! One ground point in twenty, chosen by a hash of its coordinates, is left out; the terrain of the
//! others is compared with it.
//!
//! The figures tell how the grid renders its own points; they include the effect of the cell size,
//! but not a shift of the whole cloud (LiDAR HD announces 10 cm in height, 50 cm in plan).

use super::{CellAnchor, PointBins, SurfacePoint, TinOptions, Window, interpolate, select_terrain};
use crate::products::lidar_hd;
use crate::spatial::{Grid, GridSpec};
use crate::territory::SelectionRule;

/// One check point in this many ground points.
const CHECK_SHARE: u64 = 20;
/// Side of the part of each block that is checked, metres.
const CHECK_AREA_M: f64 = 400.0;

/// A check point that was held out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeldOutPoint {
    /// Position, m.
    pub at: [f64; 2],
    /// Terrain minus point, m.
    pub error_m: f64,
}

/// Makes the terrain of `points` (all classes, unthinned) without the check points, and compares it with
/// those that fall on cells with data.
pub fn held_out_errors(
    points: &[SurfacePoint],
    rule: SelectionRule,
    spec: &GridSpec,
    options: &TinOptions,
) -> Vec<HeldOutPoint> {
    let is_check = |p: &SurfacePoint| p.class == lidar_hd::GROUND && is_check_point(p);
    let (check, kept): (Vec<SurfacePoint>, Vec<SurfacePoint>) =
        points.iter().copied().partition(is_check);
    let Some(bins) = PointBins::new(select_terrain(&kept, rule, CellAnchor::default())) else {
        return Vec::new();
    };
    errors_at(&interpolate(&bins, spec, options).height, &check)
}

/// The middle of a block, where the terrain is made again without the check points.
pub(super) fn check_area(spec: &GridSpec, block: &Window) -> Option<Window> {
    let side = (CHECK_AREA_M / spec.cell_size).ceil() as usize;
    let middle = |range: &std::ops::Range<usize>| {
        let cut = range.len().saturating_sub(side) / 2;
        range.start + cut..range.end - cut
    };
    let (rows, columns) = (middle(&block.rows), middle(&block.columns));
    (rows.len() > 2 && columns.len() > 2).then_some(Window { rows, columns })
}

/// Whether a point is held out: a hash of its position, so that file order, tiling and threads do
/// not matter.
fn is_check_point(point: &SurfacePoint) -> bool {
    // The finaliser of SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2714064.2660195).
    let mut h = (point.x_mm as u64).rotate_left(32) ^ (point.y_mm as u64);
    h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (h ^ (h >> 31)).is_multiple_of(CHECK_SHARE)
}

/// Terrain minus point, for the points whose four cells around all have data.
fn errors_at(terrain: &Grid<f32>, points: &[SurfacePoint]) -> Vec<HeldOutPoint> {
    points
        .iter()
        .filter_map(|point| {
            let [x, y, z] = point.to_metres();
            let half = 0.5 * terrain.spec.cell_size;
            let known = [(-half, -half), (-half, half), (half, -half), (half, half)]
                .iter()
                .all(|(dx, dy)| terrain.at(x + dx, y + dy).is_some_and(|v| v.is_finite()));
            let error_m = f64::from(terrain.bilinear(x, y).filter(|_| known)?) - z;
            Some(HeldOutPoint { at: [x, y], error_m })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_one_point_in_twenty_is_held_out() {
        let chosen = (0..40_000i64)
            .map(|i| SurfacePoint {
                x_mm: 770_500_000 + i % 200 * 10,
                y_mm: 6_277_500_000 + i / 200 * 10,
                z_mm: 0,
                class: 2,
                is_first_return: true,
            })
            .filter(is_check_point)
            .count();
        assert!((1_800..2_200).contains(&chosen), "{chosen}");
    }
}
