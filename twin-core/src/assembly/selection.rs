//! Which points of a classified cloud make the terrain (MNT) and the surface (MNS).
//!
//! IGN marks, per cell of 0.5 m, the highest ground point (class 2) and the lowest water point
//! (class 9), and takes the virtual points of hydrography and bridges (class 66) as they are
//! (`IGNF/pdal-ign-plugin`, *mark_points_to_use_for_digital_models*). The highest of a dozen noisy
//! measurements stands above the ground: +2.2 cm at held-out points on dense tiles. The median
//! stands at +0.4 cm; it is the default, because water runs on this terrain. `all` thins nothing
//! and reproduces IGN's published rasters.
//!
//! | rule | ground, class 2 | water, class 9 | virtual, 66 | surface |
//! |---|---|---|---|---|
//! | `median` | lower median per cell | lowest per cell | all | highest per cell, ground as at left |
//! | `ign-max` | highest per cell | lowest per cell | all | highest per cell |
//! | `all` | all | all | all | all |
//!
//! Cells lie on absolute multiples of 0.5 m, so that neighbouring files agree on their border; the
//! anchor is a parameter because IGN's plugin starts at the first point of each file. Two points
//! never share x and y: the terrain keeps the lower, the surface the upper.

use rayon::prelude::*;

use super::SurfacePoint;
use crate::products::lidar_hd;
use crate::territory::SelectionRule;

/// Side of a selection cell, millimetres.
pub const SELECTION_CELL_MM: i64 = 500;

/// Side of the cells in which one point of a building is kept for its roof, millimetres.
const ROOF_CELL_MM: i64 = 250;

/// Origin of the selection cells, millimetres; the default is the origin of the CRS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CellAnchor {
    /// East.
    pub x_mm: i64,
    /// North.
    pub y_mm: i64,
}

/// The terrain points among `points`, sorted, no two with the same x and y. Among the highest
/// ground points of a cell, `ign-max` takes the first of `points`, as IGN's chain takes the first
/// of the file; the other rules do not depend on the order.
pub fn select_terrain(
    points: &[SurfacePoint],
    rule: SelectionRule,
    anchor: CellAnchor,
) -> Vec<SurfacePoint> {
    let of_class = |code: u8| {
        points.iter().copied().filter(move |p| p.class == code).collect::<Vec<SurfacePoint>>()
    };
    let mut selected = match rule {
        SelectionRule::All => {
            points.iter().copied().filter(|p| lidar_hd::is_terrain(p.class)).collect()
        }
        SelectionRule::Median | SelectionRule::IgnMax => {
            let mut kept = if rule == SelectionRule::Median {
                per_cell(
                    of_class(lidar_hd::GROUND),
                    SELECTION_CELL_MM,
                    anchor,
                    Ties::ByPosition,
                    lower_median,
                )
            } else {
                per_cell(
                    of_class(lidar_hd::GROUND),
                    SELECTION_CELL_MM,
                    anchor,
                    Ties::ByInputOrder,
                    highest,
                )
            };
            kept.extend(per_cell(
                of_class(lidar_hd::WATER),
                SELECTION_CELL_MM,
                anchor,
                Ties::ByPosition,
                lowest,
            ));
            kept.extend(of_class(lidar_hd::VIRTUAL));
            kept
        }
    };
    selected.par_sort_unstable();
    selected.dedup_by_key(|p| (p.x_mm, p.y_mm));
    selected
}

/// The surface points among `points`, sorted, no two with the same x and y.
pub fn select_surface(
    points: &[SurfacePoint],
    rule: SelectionRule,
    anchor: CellAnchor,
) -> Vec<SurfacePoint> {
    let candidates: Vec<SurfacePoint> =
        points.iter().copied().filter(|p| lidar_hd::is_surface(p.class)).collect();
    let mut selected = match rule {
        SelectionRule::All => candidates,
        SelectionRule::IgnMax => {
            per_cell(candidates, SELECTION_CELL_MM, anchor, Ties::ByPosition, highest)
        }
        SelectionRule::Median => per_cell(
            candidates,
            SELECTION_CELL_MM,
            anchor,
            Ties::ByPosition,
            highest_or_median_ground,
        ),
    };
    selected.par_sort_unstable_by(|a, b| {
        (a.x_mm, a.y_mm).cmp(&(b.x_mm, b.y_mm)).then(b.z_mm.cmp(&a.z_mm)).then(a.cmp(b))
    });
    selected.dedup_by_key(|p| (p.x_mm, p.y_mm));
    selected
}

/// The points of buildings for their roofs, sorted: the median of each cell of 0.25 m, which keeps up
/// to 16 points/m².
pub(super) fn select_built(points: &[SurfacePoint]) -> Vec<SurfacePoint> {
    let built = points.iter().copied().filter(|p| lidar_hd::is_built(p.class)).collect();
    let anchor = CellAnchor::default();
    let mut selected = per_cell(built, ROOF_CELL_MM, anchor, Ties::ByPosition, lower_median);
    selected.par_sort_unstable();
    selected
}

/// Order of points of one cell that have the same height.
#[derive(Clone, Copy, PartialEq)]
enum Ties {
    /// West to east, then south to north.
    ByPosition,
    /// As given; IGN's chain takes the first of the file.
    ByInputOrder,
}

/// Reduces every cell to one point; a cell's points come sorted by height. Cells come row by row.
fn per_cell(
    points: Vec<SurfacePoint>,
    side_mm: i64,
    anchor: CellAnchor,
    ties: Ties,
    choose: impl Fn(&[SurfacePoint]) -> SurfacePoint + Sync,
) -> Vec<SurfacePoint> {
    // Whole numbers sort several times faster than points: the row above the column above the
    // position in the input. Coordinates are within 10⁸ m, thus rows and columns within 30 bits.
    let packed = |mm: i64, from: i64| {
        ((mm - from).div_euclid(side_mm) + (1 << 30)).clamp(0, i64::from(u32::MAX)) as u128
    };
    let mut keys: Vec<u128> = points
        .par_iter()
        .enumerate()
        .map(|(i, p)| {
            packed(p.y_mm, anchor.y_mm) << 96 | packed(p.x_mm, anchor.x_mm) << 64 | i as u128
        })
        .collect();
    keys.par_sort_unstable();
    let mut cell: Vec<SurfacePoint> = Vec::new();
    keys.chunk_by(|a, b| a >> 64 == b >> 64)
        .map(|group| {
            cell.clear();
            cell.extend(group.iter().map(|key| points[*key as u64 as usize]));
            match ties {
                Ties::ByPosition => cell.sort_unstable_by_key(|p| (p.z_mm, *p)),
                Ties::ByInputOrder => cell.sort_by_key(|p| p.z_mm),
            }
            choose(&cell)
        })
        .collect()
}

/// The first of the highest points.
fn highest(cell: &[SurfacePoint]) -> SurfacePoint {
    let top = cell[cell.len() - 1].z_mm;
    cell[cell.partition_point(|p| p.z_mm < top)]
}

fn lowest(cell: &[SurfacePoint]) -> SurfacePoint {
    cell[0]
}

fn lower_median(cell: &[SurfacePoint]) -> SurfacePoint {
    cell[(cell.len() - 1) / 2]
}

/// Open ground is as in the terrain, so that a lawn has a canopy height of zero.
fn highest_or_median_ground(cell: &[SurfacePoint]) -> SurfacePoint {
    let top = highest(cell);
    if top.class == lidar_hd::GROUND {
        let ground: Vec<SurfacePoint> =
            cell.iter().copied().filter(|p| p.class == lidar_hd::GROUND).collect();
        lower_median(&ground)
    } else {
        top
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x_mm: i64, y_mm: i64, z_mm: i32, class: u8) -> SurfacePoint {
        SurfacePoint { x_mm, y_mm, z_mm, class, is_first_return: true }
    }

    #[test]
    fn each_rule_takes_its_point_of_the_cell() {
        let cell = [point(10, 0, 30, 2), point(20, 0, 10, 2), point(30, 0, 20, 2)];
        let heights = |rule| {
            select_terrain(&cell, rule, CellAnchor::default())
                .iter()
                .map(|p| p.z_mm)
                .collect::<Vec<_>>()
        };
        assert_eq!(heights(SelectionRule::Median), [20]);
        assert_eq!(heights(SelectionRule::IgnMax), [30]);
        assert_eq!(heights(SelectionRule::All), [30, 10, 20]);
    }

    #[test]
    fn order_of_the_input_does_not_matter() {
        let mut points: Vec<SurfacePoint> = (0..500)
            .map(|i| {
                point(i * 37 % 2000, i * 61 % 2000, (i * i % 50) as i32, [2, 9, 66][i as usize % 3])
            })
            .collect();
        let forward = select_terrain(&points, SelectionRule::Median, CellAnchor::default());
        points.reverse();
        assert_eq!(forward, select_terrain(&points, SelectionRule::Median, CellAnchor::default()));
    }

    #[test]
    fn shared_positions_keep_the_lower_ground_and_the_upper_surface() {
        let points = [point(0, 0, 5, 2), point(0, 0, 9, 2), point(0, 0, 7, 6)];
        let anchor = CellAnchor::default();
        assert_eq!(select_terrain(&points, SelectionRule::All, anchor), [points[0]]);
        assert_eq!(select_surface(&points, SelectionRule::All, anchor), [points[1]]);
    }

    #[test]
    fn noise_and_unclassified_points_never_count() {
        let points = [point(0, 0, 5, 1), point(600, 0, -9000, 7), point(1200, 0, 5, 65)];
        for rule in [SelectionRule::Median, SelectionRule::IgnMax, SelectionRule::All] {
            assert!(select_terrain(&points, rule, CellAnchor::default()).is_empty());
            assert!(select_surface(&points, rule, CellAnchor::default()).is_empty());
        }
    }
}
