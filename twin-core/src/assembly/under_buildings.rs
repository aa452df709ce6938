//! Terrain under large buildings.
//!
//! A roof hides the ground. Under a hall wider than the longest edge that carries cells, the terrain
//! would have a hole in the middle of a town, and a flood an edge there that nobody declared. The
//! ground goes on under a building, more or less as it does around it: cells that are void and
//! **covered by a building** – the top of the cell is built (classes 6 and 67), or its centre lies
//! in the footprint of a standing building – take the height of their Delaunay triangle as all
//! others do, with edges of up to four times `void_edge_m`. They are never *measured*, only
//! *interpolated* or *virtual*. Every other void stays void.
//!
//! The triangles are those of the whole cloud, so that this leaves no seam either.

use rayon::prelude::*;

use super::{
    LatticeBox, PointBins, Tin, TinOptions, Window, influence_m, millimetres,
    outlines::label,
    tin::{TinSource, interpolate_tile},
};
use crate::Result;
use crate::products::lidar_hd;
use crate::spatial::{Grid, GridSpec, cells_within};
use crate::territory::{Building, CellQuality};

/// Longest edge under a building, in units of `void_edge_m`.
const REACH: f64 = 4.0;

/// Cells covered by a building, by the class on top of each cell and by footprints.
pub(super) fn covered_cells(top: &Grid<u8>, buildings: &[Building]) -> Grid<bool> {
    let mut covered = top.map(|class| lidar_hd::is_built(*class));
    let spec = covered.spec;
    let area = spec.extent();
    for building in buildings.iter().filter(|b| b.is_standing()) {
        if building.geometry.extent().is_some_and(|e| e.intersects(&area)) {
            cells_within(&spec, building.footprint(), |row, column| {
                covered[(row, column)] = true;
            });
        }
    }
    covered
}

/// Fills the void cells of a block of `spec` where they are covered. `points_around` gives the
/// terrain points of an area; `bounds` holds all of them.
pub(super) fn fill_under_buildings(
    terrain: &mut Tin,
    covered: &Grid<bool>,
    spec: &GridSpec,
    block: &Window,
    bounds: LatticeBox,
    options: &TinOptions,
    points_around: impl FnOnce(&LatticeBox) -> Result<Option<PointBins>>,
) -> Result<()> {
    let cells = terrain.height.spec;
    let is_hidden = |i: usize| covered.values[i] && terrain.height.values[i].is_nan();
    let hidden = Grid { spec: cells, values: (0..cells.len()).map(is_hidden).collect() };
    let blobs = label(&hidden).blobs;
    let Some(area) = blobs.iter().map(|b| b.window.area(&cells)).reduce(|a, b| a.union(&b)) else {
        return Ok(());
    };
    let options = TinOptions { void_edge_m: REACH * options.void_edge_m, ..*options };
    let reach = millimetres(influence_m(&options) + spec.cell_size);
    let Some(points) = points_around(&area.grown(reach))? else { return Ok(()) };
    let source = TinSource { points: &points, bounds, spec, options: &options };
    let origin = (block.rows.start, block.columns.start);
    let filled: Vec<Tin> = blobs
        .par_iter()
        .map(|blob| {
            let wanted = hidden.crop(blob.window.rows.clone(), blob.window.columns.clone());
            interpolate_tile(&source, &blob.window.shifted(origin), Some(&wanted))
        })
        .collect();
    for (blob, part) in blobs.iter().zip(filled) {
        for i in 0..part.height.values.len() {
            let (row, column) = part.height.spec.row_column(i);
            let to = cells.index(blob.window.rows.start + row, blob.window.columns.start + column);
            if hidden.values[to] && part.height.values[i].is_finite() {
                terrain.height.values[to] = part.height.values[i];
                terrain.class.values[to] = part.class.values[i];
                let quality = CellQuality::from_code(part.quality.values[i]);
                terrain.quality.values[to] = quality.max(CellQuality::Interpolated) as u8;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{SurfacePoint, interpolate, tin::interpolate_window};
    use super::*;

    /// Ground on a plane, 200 m wide, with two holes of 80 m; a building stands over the first.
    fn cloud() -> (PointBins, GridSpec) {
        let hole = |x: f64, y: f64| {
            let within = |v: f64, from: f64| v > from && v < from + 80.0;
            within(y, 60.0) && (within(x, 60.0) || within(x, 260.0))
        };
        let points = (0..200 * 100)
            .map(|i| (f64::from(i % 200) * 2.0 + 0.5, f64::from(i / 200) * 2.0 + 0.5))
            .filter(|(x, y)| !hole(*x, *y))
            .map(|(x, y)| SurfacePoint::from_metres([x, y, 50.0 + 0.01 * x], lidar_hd::GROUND))
            .map(Option::unwrap)
            .collect();
        let spec = GridSpec { west: 0.0, north: 200.0, cell_size: 2.0, columns: 200, rows: 100 };
        (PointBins::new(points).unwrap(), spec)
    }

    #[test]
    fn ground_goes_on_under_a_building_and_nowhere_else() {
        let (points, spec) = cloud();
        let options = TinOptions::default();
        let mut terrain = interpolate(&points, &spec, &options);
        let centre = |x: f64| spec.index(50, (x / 2.0) as usize);
        assert!(terrain.height.values[centre(100.0)].is_nan());
        let covered = Grid::from_fn(spec, |row, column| {
            let (x, _) = spec.centre(row, column);
            x < 200.0
        });
        let before = terrain.clone();
        let bounds = points.bounds();
        let all = Window::whole(&spec);
        fill_under_buildings(&mut terrain, &covered, &spec, &all, bounds, &options, |_| {
            Ok(Some(points.clone()))
        })
        .unwrap();
        assert!((terrain.height.values[centre(100.0)] - 51.0).abs() < 0.02);
        assert_eq!(terrain.quality.values[centre(100.0)], CellQuality::Interpolated as u8);
        assert!(terrain.height.values[centre(300.0)].is_nan());
        let changed = (0..spec.len())
            .filter(|&i| before.height.values[i].is_finite())
            .any(|i| before.height.values[i] != terrain.height.values[i]);
        assert!(!changed, "cells with data keep their height");
    }

    #[test]
    fn a_block_is_filled_as_the_whole_is() {
        let (points, spec) = cloud();
        let options = TinOptions::default();
        let covered = Grid::filled(spec, true);
        let bounds = points.bounds();
        let mut whole = interpolate(&points, &spec, &options);
        let all = Window::whole(&spec);
        fill_under_buildings(&mut whole, &covered, &spec, &all, bounds, &options, |_| {
            Ok(Some(points.clone()))
        })
        .unwrap();
        // The western half, whose border cuts no hole, then one that cuts the first.
        for columns in [0..100, 50..120] {
            let window = Window { rows: 0..100, columns: columns.clone() };
            let source = TinSource { points: &points, bounds, spec: &spec, options: &options };
            let mut block = interpolate_window(&source, &window);
            let covered = Grid::filled(window.spec(&spec), true);
            fill_under_buildings(&mut block, &covered, &spec, &window, bounds, &options, |_| {
                Ok(Some(points.clone()))
            })
            .unwrap();
            for row in 0..100 {
                for (k, column) in columns.clone().enumerate() {
                    let (a, b) = (block.height[(row, k)], whole.height[(row, column)]);
                    assert_eq!(a.to_bits(), b.to_bits(), "row {row}, column {column}");
                }
            }
        }
    }
}
