//! Linear interpolation in a triangulated irregular network (TIN) of points, at cell centres.
//!
//! The height of a cell is that of the Delaunay triangle that holds its centre. A triangle is
//! **supported** when
//!
//! - its longest edge is at most `void_edge_m` (L), and
//! - its circumscribed disc, as far as it lies within the bounds of all points, stays within 2 L of
//!   the triangle's bounding box (an α-shape criterion, Edelsbrunner et al. 1983,
//!   doi:10.1109/TIT.1983.1056714, that lets the flat triangles of the outer border pass).
//!
//! Cells without a supported triangle are void and `NaN`: nothing is filled in silence. Under
//! buildings longer edges carry (`under_buildings.rs`).
//!
//! **No seam.** Tiles are computed on their own, each from the points of its core and a margin
//! around it, and yet every cell gets the bits it would get from one triangulation of all points:
//!
//! - the triangulation is unique (`delaunay.rs`), so a triangle whose disc (within the bounds of
//!   all points) holds no point and lies in the margin is a triangle of the whole;
//! - a supported triangle over a cell of the core lies, with its disc, within 3 L of that cell. With
//!   a margin of 3 L, a cell whose triangle is not so confirmed is therefore void in the whole too.
//!
//! A tile starts with a small margin and widens it, to 3 L at most, only where a cell is not
//! settled. Heights, positions and weights are whole numbers; the one division is the last step.
//!
//! Cost: about 0.8 µs and 110 bytes a point and thread, half of it in the triangulation.

mod delaunay;
mod rasterise;
mod tile;
mod triangle;

use std::ops::Range;

use rayon::prelude::*;

pub(super) use self::delaunay::{Site, triangulate};
pub(super) use self::tile::interpolate_tile;
use super::{LatticeBox, PointBins, Window, millimetres};
use crate::spatial::{Grid, GridSpec};
use crate::territory::CellQuality;

/// Settings of the interpolation. Only `void_edge_m` and `measured_edge_m` change the result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TinOptions {
    /// Longest edge of a triangle that carries cells, metres; longer ones are void.
    pub void_edge_m: f64,
    /// Longest edge of a triangle whose cells count as measured, metres.
    pub measured_edge_m: f64,
    /// Side of a tile, metres; memory grows with its square, times the number of threads.
    pub tile_size_m: f64,
    /// Margin of a tile at the first attempt, metres.
    pub first_margin_m: f64,
}

impl Default for TinOptions {
    fn default() -> Self {
        Self { void_edge_m: 60.0, measured_edge_m: 2.0, tile_size_m: 300.0, first_margin_m: 20.0 }
    }
}

/// Heights and what they rest on, for the same cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Tin {
    /// Height in metres, `NaN` where void.
    pub height: Grid<f32>,
    /// Codes of [`CellQuality`].
    pub quality: Grid<u8>,
    /// Class of the point that weighs most in the cell, 0 where void.
    pub class: Grid<u8>,
}

impl Tin {
    /// A grid without data.
    pub fn void(spec: GridSpec) -> Self {
        Self {
            height: Grid::filled(spec, f32::NAN),
            quality: Grid::filled(spec, CellQuality::Void as u8),
            class: Grid::filled(spec, 0),
        }
    }

    /// The cells of a window.
    pub(super) fn crop(&self, rows: Range<usize>, columns: Range<usize>) -> Self {
        Self {
            height: self.height.crop(rows.clone(), columns.clone()),
            quality: self.quality.crop(rows.clone(), columns.clone()),
            class: self.class.crop(rows, columns),
        }
    }
}

/// Points and the grid whose cells they give a height. `bounds` must hold every point of the
/// territory, and `points` every one of them within [`influence_m`] of the cells asked for: then
/// these have the bits they have in the whole.
#[derive(Clone, Copy)]
pub(super) struct TinSource<'a> {
    pub(super) points: &'a PointBins,
    pub(super) bounds: LatticeBox,
    pub(super) spec: &'a GridSpec,
    pub(super) options: &'a TinOptions,
}

impl TinSource<'_> {
    /// Longest edge that carries cells, millimetres.
    fn void_edge(&self) -> i64 {
        millimetres(self.options.void_edge_m).max(1)
    }
}

/// Farthest that a point can matter for a cell, metres.
pub(super) fn influence_m(options: &TinOptions) -> f64 {
    3.0 * options.void_edge_m
}

/// Interpolates all cells of a grid, tile by tile on all threads.
pub fn interpolate(points: &PointBins, spec: &GridSpec, options: &TinOptions) -> Tin {
    let source = TinSource { points, bounds: points.bounds(), spec, options };
    interpolate_window(&source, &Window::whole(spec))
}

/// Interpolates a window of the grid, tile by tile on all threads.
pub(super) fn interpolate_window(source: &TinSource<'_>, window: &Window) -> Tin {
    let side = ((source.options.tile_size_m / source.spec.cell_size).round() as usize).max(16);
    let tiles = window.tiles(side);
    let parts: Vec<Tin> =
        tiles.par_iter().map(|tile| interpolate_tile(source, tile, None)).collect();
    let mut whole = Tin::void(window.spec(source.spec));
    for (tile, part) in tiles.iter().zip(&parts) {
        let (row, column) =
            (tile.rows.start - window.rows.start, tile.columns.start - window.columns.start);
        for r in 0..tile.rows.len() {
            let from = part.height.spec.index(r, 0)..part.height.spec.index(r + 1, 0);
            let to = whole.height.spec.index(row + r, column);
            let to = to..to + from.len();
            whole.height.values[to.clone()].copy_from_slice(&part.height.values[from.clone()]);
            whole.quality.values[to.clone()].copy_from_slice(&part.quality.values[from.clone()]);
            whole.class.values[to].copy_from_slice(&part.class.values[from]);
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::super::SurfacePoint;
    use super::*;
    use crate::products::lidar_hd;

    fn point(x_mm: i64, y_mm: i64, z_mm: i32) -> SurfacePoint {
        SurfacePoint { x_mm, y_mm, z_mm, class: 2, is_first_return: true }
    }

    fn spec(cells: usize, cell_size: f64) -> GridSpec {
        let size = cells as f64 * cell_size;
        GridSpec {
            west: 770_500.0,
            north: 6_277_500.0 + size,
            cell_size,
            columns: cells,
            rows: cells,
        }
    }

    /// Points of a 1 cm lattice with ties, holes and an uneven border.
    fn cloud(side_m: i64, count: i64) -> Vec<SurfacePoint> {
        (0..count)
            .map(|i| {
                let mix = (i + 17).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
                let x = (mix >> 33).rem_euclid(side_m * 20) * 50;
                let y = (mix >> 11).rem_euclid(side_m * 20) * 50;
                point(770_500_000 + x, 6_277_500_000 + y, ((x / 7 + y / 11) % 5000) as i32)
            })
            .filter(|p| {
                let (x, y) = (p.x_mm - 770_550_000, p.y_mm - 6_277_570_000);
                x * x + y * y > 30_000 * 30_000
            })
            .collect()
    }

    #[test]
    fn a_plane_is_reproduced_to_the_millimetre() {
        let plane: Vec<SurfacePoint> = cloud(100, 8000)
            .iter()
            .map(|p| {
                let (x, y) = (p.x_mm - 770_500_000, p.y_mm - 6_277_500_000);
                SurfacePoint { z_mm: (x / 10 - y / 25) as i32, ..*p }
            })
            .collect();
        let spec = spec(200, 0.5);
        let tin = interpolate(&PointBins::new(plane).unwrap(), &spec, &TinOptions::default());
        for row in 0..200 {
            for column in 0..200 {
                let (x, y) = spec.centre(row, column);
                let exact = (x - 770_500.0) / 10.0 - (y - 6_277_500.0) / 25.0;
                let height = tin.height[(row, column)];
                assert!(height.is_nan() || (f64::from(height) - exact).abs() < 0.0025);
            }
        }
    }

    #[test]
    fn tile_size_margin_and_threads_leave_the_bits_alone() {
        let points = PointBins::new(cloud(200, 12_000)).unwrap();
        let spec = spec(400, 0.5);
        let base = TinOptions { void_edge_m: 10.0, ..TinOptions::default() };
        let bits = |options: TinOptions, threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let tin = pool.install(|| interpolate(&points, &spec, &options));
            let heights: Vec<u32> = tin.height.values.iter().map(|v| v.to_bits()).collect();
            (heights, tin.quality.values, tin.class.values)
        };
        let whole = bits(TinOptions { tile_size_m: 1e6, ..base }, 1);
        assert!(whole.1.contains(&(CellQuality::Void as u8)), "the hole must be void");
        for (tile_size_m, first_margin_m, threads) in
            [(200.0, 0.0, 1), (37.0, 1.0, 2), (16.0, 5.0, 8), (75.0, 30.0, 2)]
        {
            let tiled = bits(TinOptions { tile_size_m, first_margin_m, ..base }, threads);
            assert!(whole == tiled, "tile {tile_size_m} m, margin {first_margin_m} m");
        }
    }

    #[test]
    fn gaps_wider_than_the_limit_stay_void() {
        let mut points = vec![];
        for i in 0..=100i64 {
            for j in 0..=20 {
                points.push(point(770_500_000 + i * 1000, 6_277_500_000 + j * 1000, 0));
                points.push(point(770_500_000 + i * 1000, 6_277_580_000 + j * 1000, 0));
            }
        }
        let bins = PointBins::new(points).unwrap();
        let spec = spec(100, 1.0);
        let at = |limit: f64| {
            let options = TinOptions { void_edge_m: limit, ..TinOptions::default() };
            let tin = interpolate(&bins, &spec, &options);
            (tin.height[(50, 50)], CellQuality::from_code(tin.quality[(50, 50)]))
        };
        assert!(at(40.0).0.is_nan());
        assert_eq!(at(40.0).1, CellQuality::Void);
        assert_eq!(at(70.0), (0.0, CellQuality::Interpolated));
    }

    #[test]
    fn the_border_of_the_points_belongs_to_them() {
        // Points on the centres themselves: every cell gets its own point back, corners included.
        let spec = spec(40, 1.0);
        let points = (0..40 * 40)
            .map(|i| {
                let (x, y) = spec.centre(i / 40, i % 40);
                point(millimetres(x), millimetres(y), i as i32)
            })
            .collect();
        let options = TinOptions { tile_size_m: 16.0, ..TinOptions::default() };
        let tin = interpolate(&PointBins::new(points).unwrap(), &spec, &options);
        for (i, v) in tin.height.values.iter().enumerate() {
            assert_eq!(*v, (i as f64 * 1e-3) as f32);
        }
    }

    #[test]
    fn virtual_points_are_told_apart() {
        let mut points: Vec<SurfacePoint> = (0..121)
            .map(|i| point(770_500_000 + i % 11 * 5000, 6_277_500_000 + i / 11 * 5000, 0))
            .collect();
        points[60].class = lidar_hd::VIRTUAL;
        let tin =
            interpolate(&PointBins::new(points).unwrap(), &spec(50, 1.0), &TinOptions::default());
        let count = |q: CellQuality| tin.quality.values.iter().filter(|&&c| c == q as u8).count();
        assert!((50..=150).contains(&count(CellQuality::Virtual)));
        assert!(count(CellQuality::Measured) >= 90);
        assert_eq!(count(CellQuality::Void), 0);
    }
}
