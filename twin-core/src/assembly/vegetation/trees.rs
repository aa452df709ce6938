//! Single trees from the canopy height.
//!
//! 1. The canopy is smoothed by a mean of 3 × 3 cells: branches are no tops.
//! 2. **Tops** are its highest cells within a disc as wide as a crown of their height,
//!    `d = 2.515 + 0.00901 h²` m (Popescu & Wynne 2004, doi:10.14358/PERS.70.5.589, all species).
//! 3. **Crowns** grow down from the tops, highest cells first, and meet where the canopy is lowest
//!    between them: watershed with markers (Meyer & Beucher 1990, doi:10.1016/1047-3203(90)90014-M),
//!    over cells of at least [`CROWN_SHARE`] of the top (Dalponte & Coomes 2016,
//!    doi:10.1111/2041-210X.12575) within the reach of the widest crown.
//!
//! A tree gets the height of its highest cell, the diameter of a disc with the area of its crown, and
//! as the base of the crown the low end of the canopy within it: from above no more is seen. Trees
//! below others and close groups come out as one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rayon::prelude::*;

use crate::Result;
use crate::assembly::Window;
use crate::formats::cf::GridFile;
use crate::spatial::{Extent, Geometry, Grid, GridSpec};
use crate::territory::{Features, Layer as _, Tree, quantile};

/// Lowest tree, m.
const LOWEST_M: f32 = 3.0;
/// Lowest part of a crown in its tree's height.
const CROWN_SHARE: f32 = 0.3;
/// Widest crown radius, m.
const WIDEST_RADIUS_M: f64 = 12.0;
/// Smallest crown, m².
const SMALLEST_CROWN_M2: f64 = 2.0;
/// Share of the crown's cells below its base.
const BASE_SHARE: f64 = 0.1;
/// Where the canopy ends higher in the tree's height, its crown is cut off by others.
const HIGHEST_BASE: f64 = 0.9;
/// Plants of a hedge are no trees up to this height, m.
const HEDGE_M: f32 = 6.0;
/// Half width of a hedge drawn as a line, m.
const HEDGE_HALF_M: f64 = 2.0;
/// Cells of a canopy larger than this show no single trees, m.
const LARGEST_CELL_M: f64 = 2.0;

/// Trees of the finished grids, block by block from the north-west. Identifiers are `lidar-` and the
/// position of the top in decimetres.
pub(in crate::assembly) fn find_trees(
    grids: &GridFile,
    features: &Features,
    blocks: &[Window],
) -> Result<Vec<Tree>> {
    let spec = grids.spec();
    if spec.cell_size > LARGEST_CELL_M {
        return Ok(Vec::new());
    }
    let found: Vec<Result<Vec<Tree>>> = blocks
        .par_iter()
        .map(|block| {
            let core = block.spec(spec).extent();
            let around = block.grown(2.0 * WIDEST_RADIUS_M, spec);
            let read = |band: &str| {
                grids.read_window::<f32>(band, 0, around.rows.clone(), around.columns.clone())
            };
            let (canopy, terrain) = (read("canopy_height")?, read("dtm")?);
            let is_hedge = hedges(features, &canopy.spec);
            Ok(trees(&canopy, &terrain, &is_hedge)
                .into_iter()
                .filter(|tree| tree.geometry.positions().all(|p| core.contains(p[0], p[1])))
                .collect())
        })
        .collect();
    let mut all = Vec::new();
    for trees in found {
        all.extend(trees?);
    }
    Ok(all)
}

/// Cells of hedges.
fn hedges(features: &Features, spec: &GridSpec) -> Grid<bool> {
    let mut is_hedge = Grid::filled(*spec, false);
    let area = spec.extent().buffered(HEDGE_HALF_M);
    for hedge in &features.hedges {
        if !hedge.geometry.extent().is_some_and(|e: Extent| e.intersects(&area)) {
            continue;
        }
        crate::spatial::cells_within(spec, hedge.geometry.polygons(), |row, column| {
            is_hedge[(row, column)] = true;
        });
        let reach = hedge.width_m.map_or(HEDGE_HALF_M, |w| 0.5 * w).max(spec.cell_size);
        for pair in hedge.geometry.lines().iter().flat_map(|line| line.windows(2)) {
            let [from, to] = [pair[0], pair[1]].map(|p| [p[0], p[1]]);
            crate::spatial::cells_near(spec, from, to, reach, |row, column, _| {
                is_hedge[(row, column)] = true;
            });
        }
    }
    is_hedge
}

/// Trees of a canopy over a terrain of the same cells.
fn trees(canopy: &Grid<f32>, terrain: &Grid<f32>, is_hedge: &Grid<bool>) -> Vec<Tree> {
    let spec = canopy.spec;
    let smooth = smoothed(canopy);
    let tops: Vec<usize> = (0..spec.len())
        .into_par_iter()
        .filter(|&i| smooth.values[i] >= LOWEST_M && is_top(&smooth, i))
        .filter(|&i| !(is_hedge.values[i] && canopy.values[i] <= HEDGE_M))
        .collect();
    let crowns = crowns(canopy, &smooth, &tops);
    let radius = |cells: usize| (cells as f64 * spec.cell_area() / std::f64::consts::PI).sqrt();
    tops.into_iter()
        .zip(crowns)
        .filter(|(_, cells)| cells.len() as f64 * spec.cell_area() >= SMALLEST_CROWN_M2)
        .filter_map(|(top, cells)| {
            let heights: Vec<f64> = cells.iter().map(|&i| f64::from(canopy.values[i])).collect();
            let (row, column) = spec.row_column(top);
            let (x, y) = spec.centre(row, column);
            let ground = f64::from(terrain.values[top]);
            let name = |v: f64| (v * 10.0).round() as i64;
            let mut tree = Tree::bare(
                format!("lidar-{}-{}", name(x), name(y)),
                Geometry::Points(vec![[x, y, ground]]),
            );
            let height = quantile(&heights, 1.0).unwrap_or(f64::NAN);
            tree.crown_base_m = quantile(&heights, BASE_SHARE)
                .filter(|base| *base <= HIGHEST_BASE * height)
                .map(decimetres);
            tree.height_m = Some(decimetres(height));
            tree.crown_diameter_m = Some(decimetres(2.0 * radius(cells.len())));
            tree.source = Some("lidar".to_owned());
            ground.is_finite().then_some(tree)
        })
        .collect()
}

fn decimetres(metres: f64) -> f64 {
    (metres * 10.0).round() / 10.0
}

/// Width of a crown by its height, m.
fn crown_width_m(height_m: f32) -> f64 {
    (2.515 + 0.009_01 * f64::from(height_m).powi(2)).min(2.0 * WIDEST_RADIUS_M)
}

/// The mean of the vegetation among a cell and the eight around it; 0 where the cell has none.
fn smoothed(canopy: &Grid<f32>) -> Grid<f32> {
    Grid::from_fn(canopy.spec, |row, column| {
        let here = canopy[(row, column)];
        if here.is_nan() || here <= 0.0 {
            return 0.0;
        }
        let (mut sum, mut count) = (0.0, 0.0);
        for r in row.saturating_sub(1)..(row + 2).min(canopy.spec.rows) {
            for c in column.saturating_sub(1)..(column + 2).min(canopy.spec.columns) {
                let height = canopy[(r, c)];
                if height > 0.0 {
                    (sum, count) = (sum + height, count + 1.0);
                }
            }
        }
        sum / count
    })
}

/// Whether no cell within the crown width of its height is higher; of equal cells the first is.
fn is_top(smooth: &Grid<f32>, i: usize) -> bool {
    let spec = &smooth.spec;
    let (row, column) = spec.row_column(i);
    let height = smooth.values[i];
    let radius = (0.5 * crown_width_m(height) / spec.cell_size).max(1.0);
    let reach = radius as usize;
    (row.saturating_sub(reach)..(row + reach + 1).min(spec.rows)).all(|r| {
        (column.saturating_sub(reach)..(column + reach + 1).min(spec.columns)).all(|c| {
            let (down, right) = (r.abs_diff(row) as f64, c.abs_diff(column) as f64);
            let n = spec.index(r, c);
            down.hypot(right) > radius
                || n == i
                || smooth.values[n] < height
                || (smooth.values[n] == height && n > i)
        })
    })
}

/// The cells of each top's crown.
fn crowns(canopy: &Grid<f32>, smooth: &Grid<f32>, tops: &[usize]) -> Vec<Vec<usize>> {
    let spec = &canopy.spec;
    let reach = WIDEST_RADIUS_M / spec.cell_size;
    let mut owner = Grid::filled(*spec, usize::MAX);
    // Heights of vegetation are positive: their bits sort as they do.
    let key = |i: usize| (smooth.values[i].to_bits(), Reverse(i));
    let mut heap: BinaryHeap<((u32, Reverse<usize>), usize)> = BinaryHeap::new();
    for (number, &top) in tops.iter().enumerate() {
        owner.values[top] = number;
        heap.push((key(top), number));
    }
    let mut crowns: Vec<Vec<usize>> = vec![Vec::new(); tops.len()];
    while let Some(((_, Reverse(i)), number)) = heap.pop() {
        crowns[number].push(i);
        let (row, column) = spec.row_column(i);
        let (top_row, top_column) = spec.row_column(tops[number]);
        let lowest = CROWN_SHARE * smooth.values[tops[number]];
        let beside = [
            (row.wrapping_sub(1), column),
            (row, column.wrapping_sub(1)),
            (row, column + 1),
            (row + 1, column),
        ];
        for (r, c) in beside {
            let Some(height) = canopy.get(r, c) else { continue };
            let n = spec.index(r, c);
            let (down, right) = (r.abs_diff(top_row) as f64, c.abs_diff(top_column) as f64);
            if owner.values[n] == usize::MAX && *height >= lowest && down.hypot(right) <= reach {
                owner.values[n] = number;
                heap.push((key(n), number));
            }
        }
    }
    crowns
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half ellipsoids: east, north, height, crown radius.
    const STAND: [[f64; 4]; 5] = [
        [20.3, 60.2, 18.0, 4.5],
        [27.1, 61.0, 15.0, 3.5],
        [50.0, 30.7, 9.0, 2.5],
        [70.4, 70.4, 24.0, 5.0],
        [70.0, 20.0, 5.0, 1.5],
    ];

    fn canopy(cell_size: f64) -> Grid<f32> {
        let cells = (90.0 / cell_size) as usize;
        let spec = GridSpec { west: 0.0, north: 90.0, cell_size, columns: cells, rows: cells };
        Grid::from_fn(spec, |row, column| {
            let (x, y) = spec.centre(row, column);
            let tops = STAND.iter().map(|[tx, ty, height, radius]| {
                let q = ((x - tx).powi(2) + (y - ty).powi(2)) / radius.powi(2);
                if q < 1.0 { 0.4 * height + 0.6 * height * (1.0 - q).sqrt() } else { 0.0 }
            });
            tops.fold(0.0, f64::max) as f32
        })
    }

    #[test]
    fn a_stand_comes_back_with_its_heights_and_crowns() {
        for cell_size in [0.5, 1.0] {
            let canopy = canopy(cell_size);
            let terrain = canopy.map(|_| 100.0f32);
            let found = trees(&canopy, &terrain, &canopy.map(|_| false));
            assert_eq!(found.len(), STAND.len());
            for [x, y, height, radius] in STAND {
                let tree = found
                    .iter()
                    .find(|t| t.geometry.positions().any(|p| (p[0] - x).hypot(p[1] - y) < 1.0))
                    .unwrap();
                assert!((tree.height_m.unwrap() - height).abs() < 0.5);
                let width = tree.crown_diameter_m.unwrap();
                assert!((width - 2.0 * radius).abs() < 0.3 * radius + 0.5, "{width} for {radius}");
                // The canopy ends at 0.4 of the height; small crowns have no cell at their rim.
                let base = tree.crown_base_m.map(|base| base / height);
                assert!(base.is_some_and(|b| (0.38..0.8).contains(&b)) || radius < 2.0, "{base:?}");
            }
        }
    }

    #[test]
    fn plants_of_a_hedge_are_no_trees() {
        let canopy = canopy(0.5);
        let terrain = canopy.map(|_| 100.0f32);
        let found = trees(&canopy, &terrain, &canopy.map(|_| true));
        assert!(found.iter().all(|t| t.height_m.unwrap() > f64::from(HEDGE_M)));
        assert_eq!(found.len(), STAND.len() - 1);
    }
}
