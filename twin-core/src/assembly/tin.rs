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
//! - the triangulation is unique ([`delaunay`](super::delaunay)), so a triangle whose disc (within
//!   the bounds of all points) holds no point and lies in the margin is a triangle of the whole;
//! - a supported triangle over a cell of the core lies, with its disc, within 3 L of that cell. With
//!   a margin of 3 L, a cell whose triangle is not so confirmed is therefore void in the whole too.
//!
//! A tile starts with a small margin and widens it, to 3 L at most, only where a cell is not
//! settled. Heights, positions and weights are whole numbers; the one division is the last step.
//!
//! Cost: about 1 µs and 150 bytes a point and thread, nearly all in the triangulation.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    LatticeBox, PointBins, class,
    delaunay::{self, NO_TWIN, Site},
    millimetres,
};
use crate::spatial::{Grid, GridSpec};

/// What a cell of the terrain rests on. The codes are those of the quality band.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum CellQuality {
    /// No data: no supported triangle.
    Void = 0,
    /// A measured point lies in the cell, or around it within `measured_edge_m`.
    Measured = 1,
    /// Between measured points farther apart.
    Interpolated = 2,
    /// Between points of which one at least is virtual (class 66) or derived.
    Virtual = 3,
}

impl CellQuality {
    /// From the code of the quality band; unknown codes are void.
    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Measured,
            2 => Self::Interpolated,
            3 => Self::Virtual,
            _ => Self::Void,
        }
    }
}

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
        Self { void_edge_m: 60.0, measured_edge_m: 2.0, tile_size_m: 500.0, first_margin_m: 20.0 }
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
}

/// Interpolates all cells of a grid, tile by tile on all threads.
pub fn interpolate(points: &PointBins, spec: &GridSpec, options: &TinOptions) -> Tin {
    interpolate_block(points, points.bounds(), spec, 0..spec.rows, 0..spec.columns, options)
}

/// Interpolates a block of `spec`, tile by tile on all threads; see [`interpolate_window`] for what
/// `points` and `bounds` must hold.
pub fn interpolate_block(
    points: &PointBins,
    bounds: LatticeBox,
    spec: &GridSpec,
    rows: Range<usize>,
    columns: Range<usize>,
    options: &TinOptions,
) -> Tin {
    let side = ((options.tile_size_m / spec.cell_size).round() as usize).max(16);
    let tiles: Vec<(usize, usize)> = rows
        .clone()
        .step_by(side)
        .flat_map(|row| columns.clone().step_by(side).map(move |column| (row, column)))
        .collect();
    let parts: Vec<Tin> = tiles
        .par_iter()
        .map(|&(row, column)| {
            let tile_rows = row..(row + side).min(rows.end);
            let tile_columns = column..(column + side).min(columns.end);
            interpolate_window(points, bounds, spec, tile_rows, tile_columns, options)
        })
        .collect();
    let mut block = Tin::void(spec.crop(&rows, &columns));
    for ((row, column), part) in tiles.into_iter().zip(parts) {
        for r in 0..part.height.spec.rows {
            let from = part.height.spec.index(r, 0)..part.height.spec.index(r + 1, 0);
            let to = block.height.spec.index(row - rows.start + r, column - columns.start);
            let to = to..to + from.len();
            block.height.values[to.clone()].copy_from_slice(&part.height.values[from.clone()]);
            block.quality.values[to.clone()].copy_from_slice(&part.quality.values[from.clone()]);
            block.class.values[to].copy_from_slice(&part.class.values[from]);
        }
    }
    block
}

/// Farthest that a point can matter for a cell, metres.
pub fn influence_m(options: &TinOptions) -> f64 {
    3.0 * options.void_edge_m
}

/// Interpolates a window of `spec`. `bounds` must hold every point of the territory, and `points`
/// every one of them within [`influence_m`] of the window: then the window has the bits it has in
/// the whole.
pub fn interpolate_window(
    points: &PointBins,
    bounds: LatticeBox,
    spec: &GridSpec,
    rows: Range<usize>,
    columns: Range<usize>,
    options: &TinOptions,
) -> Tin {
    interpolate_cells(points, bounds, spec, rows, columns, options, None)
}

/// [`interpolate_window`] for the wanted cells of the window alone; the others stay void.
pub(super) fn interpolate_cells(
    points: &PointBins,
    bounds: LatticeBox,
    spec: &GridSpec,
    rows: Range<usize>,
    columns: Range<usize>,
    options: &TinOptions,
    wanted: Option<&Grid<bool>>,
) -> Tin {
    let void_edge = millimetres(options.void_edge_m).max(1);
    let mut margin = millimetres(options.first_margin_m).clamp(0, 3 * void_edge);
    loop {
        let attempt =
            Tile::new(points, bounds, spec, rows.clone(), columns.clone(), margin, options);
        let (tin, unsettled) = attempt.fill(wanted);
        if !unsettled || margin >= 3 * void_edge {
            return tin;
        }
        margin = if margin < void_edge { void_edge } else { 3 * void_edge };
    }
}

/// One attempt at a window with a given margin, in millimetres from a local origin.
struct Tile {
    /// Cell centres, west to east and north to south.
    centre_x: Vec<i64>,
    centre_y: Vec<i64>,
    cell: f64,
    sites: Vec<Site>,
    heights: Vec<i32>,
    classes: Vec<u8>,
    /// Bounds of all points, and the part of the plane whose points are here.
    bounds: LatticeBox,
    known: LatticeBox,
    margin: i64,
    void_edge: i64,
    measured_edge: i64,
    /// World position of the local origin, the whole grid, and the first cell of the window in it.
    origin: [i64; 2],
    whole: GridSpec,
    first_cell: [usize; 2],
    spec: GridSpec,
}

/// What is known of a triangle over a cell.
enum Verdict {
    Supported,
    Void,
    Unsettled,
}

impl Tile {
    fn new(
        points: &PointBins,
        bounds: LatticeBox,
        spec: &GridSpec,
        rows: Range<usize>,
        columns: Range<usize>,
        margin: i64,
        options: &TinOptions,
    ) -> Self {
        // Centres come from the whole grid, never from the window: the same for every tiling.
        let world_x: Vec<i64> = columns.clone().map(|c| millimetres(spec.centre(0, c).0)).collect();
        let world_y: Vec<i64> = rows.clone().map(|r| millimetres(spec.centre(r, 0).1)).collect();
        let (Some(&west), Some(&north)) = (world_x.first(), world_y.first()) else {
            return Self::empty(spec, spec.crop(&rows, &columns));
        };
        let (east, south) = (world_x[world_x.len() - 1], world_y[world_y.len() - 1]);
        let core = LatticeBox { min: [west, south], max: [east, north] };
        // Half a cell more: the points of the border cells, whatever the margin.
        let known = core.grown(margin + (0.5 * spec.cell_size * 1e3).ceil() as i64 + 1);
        let shifted = |b: &LatticeBox| LatticeBox {
            min: [b.min[0] - west, b.min[1] - north],
            max: [b.max[0] - west, b.max[1] - north],
        };
        let mut tile = Self {
            centre_x: world_x.iter().map(|x| x - west).collect(),
            centre_y: world_y.iter().map(|y| y - north).collect(),
            cell: spec.cell_size * 1e3,
            bounds: shifted(&bounds),
            known: shifted(&known),
            margin,
            void_edge: millimetres(options.void_edge_m).max(1),
            measured_edge: millimetres(options.measured_edge_m),
            origin: [west, north],
            first_cell: [rows.start, columns.start],
            ..Self::empty(spec, spec.crop(&rows, &columns))
        };
        for point in points.within(&known) {
            tile.sites.push([(point.x_mm - west) as i32, (point.y_mm - north) as i32]);
            tile.heights.push(point.z_mm);
            tile.classes.push(point.class);
        }
        tile
    }

    fn empty(whole: &GridSpec, spec: GridSpec) -> Self {
        let nowhere = LatticeBox { min: [0; 2], max: [0; 2] };
        Self {
            centre_x: Vec::new(),
            centre_y: Vec::new(),
            cell: 0.0,
            sites: Vec::new(),
            heights: Vec::new(),
            classes: Vec::new(),
            bounds: nowhere,
            known: nowhere,
            margin: 0,
            void_edge: 1,
            measured_edge: 0,
            origin: [0; 2],
            whole: *whole,
            first_cell: [0; 2],
            spec,
        }
    }

    /// The window, and whether any of its cells needs a wider margin.
    fn fill(&self, wanted: Option<&Grid<bool>>) -> (Tin, bool) {
        let mut tin = Tin::void(self.spec);
        let triangulation = delaunay::triangulate(&self.sites);
        let outside = self.bounds.strips_outside(&self.known);
        let mut settled = match wanted {
            Some(wanted) => wanted.values.iter().map(|w| !w).collect(),
            None => vec![false; self.spec.len()],
        };
        let mut unsettled = false;
        for (t, corners) in triangulation.vertices.chunks_exact(3).enumerate() {
            let twins = &triangulation.twins[3 * t..3 * t + 3];
            let triangle = Triangle::new(self, corners, twins, &outside);
            let (rows, columns) = self.cells_around(&triangle);
            if rows.is_empty() || columns.is_empty() {
                continue;
            }
            let mut verdict = None;
            for row in rows {
                for column in columns.clone() {
                    let at = [self.centre_x[column], self.centre_y[row]];
                    let Some(weights) = triangle.weights(at) else { continue };
                    let i = self.spec.index(row, column);
                    if wanted.is_some_and(|w| !w.values[i]) {
                        continue;
                    }
                    match verdict.get_or_insert_with(|| self.judge(&triangle, &outside)) {
                        Verdict::Supported => {
                            settled[i] = true;
                            tin.height.values[i] = triangle.height(weights);
                            tin.class.values[i] = triangle.class(weights);
                            let quality = self.quality(&triangle) as u8;
                            let code = &mut tin.quality.values[i];
                            // Two triangles of the border may share a centre: the better counts.
                            *code = if *code == 0 { quality } else { quality.min(*code) };
                        }
                        Verdict::Void => settled[i] = true,
                        Verdict::Unsettled => unsettled = true,
                    }
                }
            }
        }
        // A centre outside all triangles is void for good once every triangle that could hold it
        // would be known.
        let reaches_all = outside.iter().all(Option::is_none) || self.margin >= self.void_edge;
        unsettled |= !reaches_all && settled.contains(&false);
        self.mark_measured(&mut tin);
        (tin, unsettled)
    }

    /// Whether the triangle belongs to the whole, and whether it is supported there.
    fn judge(&self, triangle: &Triangle, outside: &[Option<LatticeBox>; 4]) -> Verdict {
        let is_long = triangle.longest_edge_squared() > self.void_edge * self.void_edge;
        let is_confirmed = triangle.disc_avoids(outside);
        if is_long {
            if is_confirmed || self.margin >= self.void_edge {
                Verdict::Void
            } else {
                Verdict::Unsettled
            }
        } else if is_confirmed {
            let reach = triangle.bounding_box().grown(2 * self.void_edge);
            if triangle.disc_avoids(&self.bounds.strips_outside(&reach)) {
                Verdict::Supported
            } else {
                Verdict::Void
            }
        } else if self.margin >= 3 * self.void_edge {
            Verdict::Void
        } else {
            Verdict::Unsettled
        }
    }

    fn quality(&self, triangle: &Triangle) -> CellQuality {
        if triangle.has_virtual {
            CellQuality::Virtual
        } else if triangle.longest_edge_squared() <= self.measured_edge * self.measured_edge {
            CellQuality::Measured
        } else {
            CellQuality::Interpolated
        }
    }

    /// A cell that holds a measured point is measured.
    fn mark_measured(&self, tin: &mut Tin) {
        for (site, _) in self.sites.iter().zip(&self.classes).filter(|(_, c)| **c != class::VIRTUAL)
        {
            let world = |axis: usize| (self.origin[axis] + i64::from(site[axis])) as f64 / 1e3;
            let Some((row, column)) = self.whole.cell_at(world(0), world(1)) else { continue };
            let (row, column) =
                (row.wrapping_sub(self.first_cell[0]), column.wrapping_sub(self.first_cell[1]));
            if row < self.spec.rows && column < self.spec.columns {
                let code = &mut tin.quality.values[self.spec.index(row, column)];
                if *code != CellQuality::Void as u8 {
                    *code = CellQuality::Measured as u8;
                }
            }
        }
    }

    /// Rows and columns whose centres lie in the bounding box of a triangle.
    fn cells_around(&self, triangle: &Triangle) -> (Range<usize>, Range<usize>) {
        let area = triangle.bounding_box();
        let first = |v: i64, centres: &[i64], sign: i64| {
            let guess = (v as f64 / self.cell).floor() - 1.0;
            let mut i = guess.clamp(0.0, centres.len() as f64) as usize;
            while centres.get(i).is_some_and(|c| sign * c < v) {
                i += 1;
            }
            i
        };
        let columns =
            first(area.min[0], &self.centre_x, 1)..first(area.max[0] + 1, &self.centre_x, 1);
        let rows =
            first(-area.max[1], &self.centre_y, -1)..first(1 - area.min[1], &self.centre_y, -1);
        (rows, columns)
    }
}

/// A triangle, counter-clockwise.
struct Triangle {
    corners: [[i64; 2]; 3],
    heights: [i64; 3],
    classes: [u8; 3],
    has_virtual: bool,
    /// Whether cell centres on the edge k → k + 1 belong to this triangle.
    owns_edge: [bool; 3],
}

impl Triangle {
    fn new(tile: &Tile, corners: &[u32], twins: &[u32], outside: &[Option<LatticeBox>; 4]) -> Self {
        let index = [0, 1, 2].map(|k| corners[k] as usize);
        let sites = index.map(|i| tile.sites[i].map(i64::from));
        let owns_edge = [0, 1, 2].map(|k| {
            let (from, to) = (sites[k], sites[(k + 1) % 3]);
            // Of two triangles on an edge exactly one owns it. The border of the convex hull of
            // all points belongs to its only triangle.
            (to[1] - from[1], from[0] - to[0]) > (0, 0)
                || (twins[k] == NO_TWIN && is_outer_border(from, to, outside))
        });
        Self {
            corners: sites,
            heights: index.map(|i| i64::from(tile.heights[i])),
            classes: index.map(|i| tile.classes[i]),
            has_virtual: index.iter().any(|&i| tile.classes[i] == class::VIRTUAL),
            owns_edge,
        }
    }

    fn bounding_box(&self) -> LatticeBox {
        let fold = |axis: usize, pick: fn(i64, i64) -> i64| {
            pick(pick(self.corners[0][axis], self.corners[1][axis]), self.corners[2][axis])
        };
        LatticeBox {
            min: [fold(0, i64::min), fold(1, i64::min)],
            max: [fold(0, i64::max), fold(1, i64::max)],
        }
    }

    fn longest_edge_squared(&self) -> i64 {
        let squared = |k: usize| {
            let (a, b) = (self.corners[k], self.corners[(k + 1) % 3]);
            (b[0] - a[0]).pow(2) + (b[1] - a[1]).pow(2)
        };
        squared(0).max(squared(1)).max(squared(2))
    }

    /// Twice the areas opposite the corners, when the position belongs to the triangle.
    fn weights(&self, at: [i64; 2]) -> Option<[i64; 3]> {
        let mut weights = [0; 3];
        for k in 0..3 {
            let weight = cross(self.corners[k], self.corners[(k + 1) % 3], at);
            if weight < 0 || (weight == 0 && !self.owns_edge[k]) {
                return None;
            }
            weights[(k + 2) % 3] = weight;
        }
        Some(weights)
    }

    /// Height in metres for the weights of a position.
    fn height(&self, weights: [i64; 3]) -> f32 {
        let sum =
            (0..3).map(|k| i128::from(weights[k]) * i128::from(self.heights[k])).sum::<i128>();
        let area = weights.iter().map(|&w| i128::from(w)).sum::<i128>();
        (sum as f64 / area as f64 * 1e-3) as f32
    }

    /// Class of the heaviest corner, the most westerly among equals.
    fn class(&self, weights: [i64; 3]) -> u8 {
        let heaviest = (0..3).max_by_key(|&k| (weights[k], std::cmp::Reverse(self.corners[k])));
        self.classes[heaviest.unwrap_or(0)]
    }

    /// Whether the circumscribed disc surely misses all the boxes.
    fn disc_avoids(&self, boxes: &[Option<LatticeBox>; 4]) -> bool {
        if boxes.iter().all(Option::is_none) {
            return true;
        }
        // From the first corner in the derived order, so that the rounding is the triangle's own.
        let first = (0..3).min_by_key(|&k| self.corners[k]).unwrap_or(0);
        let a = self.corners[first];
        let relative = |k: usize| {
            let p = self.corners[(first + k) % 3];
            [(p[0] - a[0]) as f64, (p[1] - a[1]) as f64]
        };
        let ([bx, by], [cx, cy]) = (relative(1), relative(2));
        let (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
        let twice_area =
            cross(a, self.corners[(first + 1) % 3], self.corners[(first + 2) % 3]) as f64;
        let ux = (cy * b2 - by * c2) / (2.0 * twice_area);
        let uy = (bx * c2 - cx * b2) / (2.0 * twice_area);
        let radius = ux.hypot(uy);
        boxes.iter().flatten().all(|b| {
            let gap = |axis: usize, centre: f64| {
                let low = (b.min[axis] - a[axis]) as f64;
                let high = (b.max[axis] - a[axis]) as f64;
                (low - centre).max(centre - high).max(0.0)
            };
            gap(0, ux).hypot(gap(1, uy)) > radius * (1.0 + 1e-9) + 1.0
        })
    }
}

/// Twice the area of (a, b, c), positive when counter-clockwise.
fn cross(a: [i64; 2], b: [i64; 2], c: [i64; 2]) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Whether no point of the boxes lies to the right of the edge.
fn is_outer_border(from: [i64; 2], to: [i64; 2], outside: &[Option<LatticeBox>; 4]) -> bool {
    outside.iter().flatten().all(|b| {
        [b.min, b.max, [b.min[0], b.max[1]], [b.max[0], b.min[1]]]
            .iter()
            .all(|&corner| cross(from, to, corner) > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::super::SurfacePoint;
    use super::*;

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
        points[60].class = class::VIRTUAL;
        let tin =
            interpolate(&PointBins::new(points).unwrap(), &spec(50, 1.0), &TinOptions::default());
        let count = |q: CellQuality| tin.quality.values.iter().filter(|&&c| c == q as u8).count();
        assert!((50..=150).contains(&count(CellQuality::Virtual)));
        assert!(count(CellQuality::Measured) >= 90);
        assert_eq!(count(CellQuality::Void), 0);
    }
}
