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
//! anchor is a parameter because IGN's plugin starts at the first point of each file. Of points
//! that share x and y the bins of the terrain keep the lowest, those of the surface the highest.

use rayon::prelude::*;

use super::{SurfacePoint, bins::Buckets};
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

/// The terrain points among `points`, in no order that matters. Among the highest
/// ground points of a cell, `ign-max` takes the first of `points`, as IGN's chain takes the first
/// of the file; the other rules do not depend on the order.
pub fn select_terrain(
    points: &[SurfacePoint],
    rule: SelectionRule,
    anchor: CellAnchor,
) -> Vec<SurfacePoint> {
    let of_class = |code: u8| points.iter().filter(move |p| p.class == code);
    match rule {
        SelectionRule::All => {
            points.iter().copied().filter(|p| lidar_hd::is_terrain(p.class)).collect()
        }
        SelectionRule::Median | SelectionRule::IgnMax => {
            let cells = Cells::<SELECTION_CELL_MM> { anchor };
            let is_ground = |p: &SurfacePoint| p.class == lidar_hd::GROUND;
            let is_water = |p: &SurfacePoint| p.class == lidar_hd::WATER;
            let mut kept = if rule == SelectionRule::Median {
                cells.choose(points, is_ground, lower_median)
            } else {
                cells.choose(points, is_ground, first_of_highest)
            };
            kept.extend(cells.choose(points, is_water, lowest));
            kept.extend(of_class(lidar_hd::VIRTUAL));
            kept
        }
    }
}

/// The surface points among `points`, in no order that matters.
pub fn select_surface(
    points: &[SurfacePoint],
    rule: SelectionRule,
    anchor: CellAnchor,
) -> Vec<SurfacePoint> {
    let is_surface = |p: &SurfacePoint| lidar_hd::is_surface(p.class);
    let cells = Cells::<SELECTION_CELL_MM> { anchor };
    match rule {
        SelectionRule::All => points.iter().copied().filter(is_surface).collect(),
        SelectionRule::IgnMax => cells.choose(points, is_surface, highest),
        SelectionRule::Median => cells.choose(points, is_surface, highest_or_median_ground),
    }
}

/// The points of buildings for their roofs: the median of each cell of 0.25 m, which keeps up
/// to 16 points/m².
pub(super) fn select_built(points: &[SurfacePoint]) -> Vec<SurfacePoint> {
    let cells = Cells::<ROOF_CELL_MM> { anchor: CellAnchor::default() };
    cells.choose(points, |p| lidar_hd::is_built(p.class), lower_median)
}

/// Square cells of the lattice.
struct Cells<const SIDE_MM: i64> {
    anchor: CellAnchor,
}

/// Rows and columns of cells from the first one that are told apart: 2 000 km of 0.5 m.
const MOST_CELLS: i64 = 1 << 22;

impl<const SIDE_MM: i64> Cells<SIDE_MM> {
    /// Reduces every cell with wanted points to one of them, of fewer than 2³² points. A cell's points
    /// come in the order of the input; cells come row by row.
    fn choose(
        &self,
        points: &[SurfacePoint],
        wanted: impl Fn(&SurfacePoint) -> bool + Sync,
        choose: impl Fn(&mut [SurfacePoint]) -> SurfacePoint + Sync,
    ) -> Vec<SurfacePoint> {
        let anchor = [self.anchor.x_mm, self.anchor.y_mm];
        let wanted: Vec<u32> = (0..points.len() as u32)
            .into_par_iter()
            .filter(|&i| wanted(&points[i as usize]))
            .collect();
        let place = |i: u32, axis: usize| {
            let p = &points[i as usize];
            [p.x_mm, p.y_mm][axis] - anchor[axis]
        };
        let first = |axis: usize| {
            let places = wanted.par_iter().map(|&i| place(i, axis));
            places.min().map(|least| least.div_euclid(SIDE_MM))
        };
        let Some((west, south)) = first(0).zip(first(1)) else { return Vec::new() };
        let cell = |i: u32, axis: usize, first: i64| {
            (place(i, axis).div_euclid(SIDE_MM) - first).min(MOST_CELLS)
        };
        // Rows by counting, columns within a row by sorting: the number in the input under the column.
        let rows = Buckets::new(&wanted, |&i| cell(i, 1, south) as usize);
        drop(wanted);
        rows.par_iter()
            .flat_map_iter(|of_row| {
                let key = |&i: &u32| (cell(i, 0, west) as u64) << 32 | u64::from(i);
                let mut keys: Vec<u64> = of_row.iter().map(key).collect();
                keys.sort_unstable();
                let mut members = Vec::new();
                let chosen: Vec<SurfacePoint> = keys
                    .chunk_by(|a, b| a >> 32 == b >> 32)
                    .map(|of_cell| {
                        members.clear();
                        members.extend(of_cell.iter().map(|key| points[*key as u32 as usize]));
                        choose(&mut members)
                    })
                    .collect();
                chosen
            })
            .collect()
    }
}

/// The first of the highest points in the order of the input: IGN's chain takes the first of the file.
fn first_of_highest(cell: &mut [SurfacePoint]) -> SurfacePoint {
    let rest = cell.iter().copied();
    rest.reduce(|top, p| if p.z_mm > top.z_mm { p } else { top }).unwrap_or(cell[0])
}

/// The first of the highest points, west to east.
fn highest(cell: &mut [SurfacePoint]) -> SurfacePoint {
    let top = cell.iter().min_by_key(|p| (std::cmp::Reverse(p.z_mm), **p));
    *top.unwrap_or(&cell[0])
}

/// The first of the lowest points, west to east.
fn lowest(cell: &mut [SurfacePoint]) -> SurfacePoint {
    *cell.iter().min_by_key(|p| (p.z_mm, **p)).unwrap_or(&cell[0])
}

fn lower_median(cell: &mut [SurfacePoint]) -> SurfacePoint {
    let middle = (cell.len() - 1) / 2;
    *cell.select_nth_unstable_by_key(middle, |p| (p.z_mm, *p)).1
}

/// Open ground is as in the terrain, so that a lawn has a canopy height of zero.
fn highest_or_median_ground(cell: &mut [SurfacePoint]) -> SurfacePoint {
    let top = highest(cell);
    if top.class != lidar_hd::GROUND {
        return top;
    }
    let mut ground = 0;
    for i in 0..cell.len() {
        if cell[i].class == lidar_hd::GROUND {
            cell.swap(ground, i);
            ground += 1;
        }
    }
    lower_median(&mut cell[..ground])
}

#[cfg(test)]
mod tests {
    use super::super::PointBins;
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
        let bins = |points: &[SurfacePoint]| {
            let selected = select_terrain(points, SelectionRule::Median, CellAnchor::default());
            PointBins::new(selected).unwrap().points().to_vec()
        };
        let forward = bins(&points);
        points.reverse();
        assert_eq!(forward, bins(&points));
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
