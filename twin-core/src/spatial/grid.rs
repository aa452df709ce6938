//! Regular grids of square cells, row 0 to the north, values at cell centres.

use serde::{Deserialize, Serialize};

use super::Extent;

/// Where the cells of a grid lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GridSpec {
    /// West edge of column 0, world metres.
    pub west: f64,
    /// North edge of row 0, world metres.
    pub north: f64,
    /// Side of a cell in metres.
    pub cell_size: f64,
    /// Number of columns, west to east.
    pub columns: usize,
    /// Number of rows, north to south.
    pub rows: usize,
}

impl GridSpec {
    /// The cells that cover `extent`, with edges on multiples of `cell_size` so that neighbouring
    /// tiles agree. `cell_size` must be positive and finite.
    pub fn covering(extent: &Extent, cell_size: f64) -> Self {
        // A tolerance of a millionth of a cell keeps bounds that are multiples up to rounding.
        let tolerance = 1e-6;
        let first = |v: f64| (v / cell_size + tolerance).floor();
        let last = |v: f64| (v / cell_size - tolerance).ceil();
        let (west, north) = (first(extent.min_x), last(extent.max_y));
        Self {
            west: west * cell_size,
            north: north * cell_size,
            cell_size,
            columns: (last(extent.max_x) - west).max(1.0) as usize,
            rows: (north - first(extent.min_y)).max(1.0) as usize,
        }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.columns * self.rows
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Area of one cell in m².
    pub fn cell_area(&self) -> f64 {
        self.cell_size * self.cell_size
    }

    /// Outer edges.
    pub fn extent(&self) -> Extent {
        Extent {
            min_x: self.west,
            min_y: self.north - self.rows as f64 * self.cell_size,
            max_x: self.west + self.columns as f64 * self.cell_size,
            max_y: self.north,
        }
    }

    /// World position of a cell centre.
    pub fn centre(&self, row: usize, column: usize) -> (f64, f64) {
        (
            self.west + (column as f64 + 0.5) * self.cell_size,
            self.north - (row as f64 + 0.5) * self.cell_size,
        )
    }

    /// Row and column of the cell that holds a world position; `None` outside. A position on an
    /// edge belongs to the cell to the east or south of it.
    pub fn cell_at(&self, x: f64, y: f64) -> Option<(usize, usize)> {
        let column = ((x - self.west) / self.cell_size).floor();
        let row = ((self.north - y) / self.cell_size).floor();
        let inside =
            column >= 0.0 && row >= 0.0 && column < self.columns as f64 && row < self.rows as f64;
        inside.then_some((row as usize, column as usize))
    }

    /// Position of a cell in the value array.
    pub fn index(&self, row: usize, column: usize) -> usize {
        row * self.columns + column
    }

    /// Row and column of a position in the value array.
    pub fn row_column(&self, index: usize) -> (usize, usize) {
        (index / self.columns, index % self.columns)
    }

    /// Whole cells that touch an extent, as `(rows, columns)` ranges, clipped to the grid.
    pub fn window(&self, extent: &Extent) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let clamp = |v: f64, max: usize| v.clamp(0.0, max as f64) as usize;
        let column = |x: f64| (x - self.west) / self.cell_size;
        let row = |y: f64| (self.north - y) / self.cell_size;
        (
            clamp(row(extent.max_y).floor(), self.rows)..clamp(row(extent.min_y).ceil(), self.rows),
            clamp(column(extent.min_x).floor(), self.columns)
                ..clamp(column(extent.max_x).ceil(), self.columns),
        )
    }

    /// The grid of a window of this grid.
    pub fn crop(&self, rows: &std::ops::Range<usize>, columns: &std::ops::Range<usize>) -> Self {
        Self {
            west: self.west + columns.start as f64 * self.cell_size,
            north: self.north - rows.start as f64 * self.cell_size,
            columns: columns.len(),
            rows: rows.len(),
            ..*self
        }
    }
}

/// Values on the cells of a [`GridSpec`], C order (row by row from the north).
#[derive(Debug, Clone, PartialEq)]
pub struct Grid<T> {
    /// Where the cells lie.
    pub spec: GridSpec,
    /// One value per cell, `values.len() == spec.len()`.
    pub values: Vec<T>,
}

impl<T: Clone> Grid<T> {
    /// The same value everywhere.
    pub fn filled(spec: GridSpec, value: T) -> Self {
        Self { spec, values: vec![value; spec.len()] }
    }

    /// The cells of a window.
    pub fn crop(&self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> Self {
        let mut values = Vec::with_capacity(rows.len() * columns.len());
        for row in rows.clone() {
            let start = self.spec.index(row, columns.start);
            values.extend_from_slice(&self.values[start..start + columns.len()]);
        }
        Self { spec: self.spec.crop(&rows, &columns), values }
    }
}

impl<T> Grid<T> {
    /// From a function of row and column.
    pub fn from_fn(spec: GridSpec, mut value: impl FnMut(usize, usize) -> T) -> Self {
        let mut values = Vec::with_capacity(spec.len());
        for row in 0..spec.rows {
            for column in 0..spec.columns {
                values.push(value(row, column));
            }
        }
        Self { spec, values }
    }

    /// From values already in C order; `None` when their number is not that of the cells.
    pub fn from_values(spec: GridSpec, values: Vec<T>) -> Option<Self> {
        (values.len() == spec.len()).then_some(Self { spec, values })
    }

    /// Value of the cell that holds a world position.
    pub fn at(&self, x: f64, y: f64) -> Option<&T> {
        let (row, column) = self.spec.cell_at(x, y)?;
        self.values.get(self.spec.index(row, column))
    }

    /// Value of a cell.
    pub fn get(&self, row: usize, column: usize) -> Option<&T> {
        if row < self.spec.rows && column < self.spec.columns {
            self.values.get(self.spec.index(row, column))
        } else {
            None
        }
    }

    /// A value per cell from each value.
    pub fn map<U>(&self, value: impl FnMut(&T) -> U) -> Grid<U> {
        Grid { spec: self.spec, values: self.values.iter().map(value).collect() }
    }
}

impl<T> std::ops::Index<(usize, usize)> for Grid<T> {
    type Output = T;

    fn index(&self, (row, column): (usize, usize)) -> &T {
        &self.values[row * self.spec.columns + column]
    }
}

impl<T> std::ops::IndexMut<(usize, usize)> for Grid<T> {
    fn index_mut(&mut self, (row, column): (usize, usize)) -> &mut T {
        &mut self.values[row * self.spec.columns + column]
    }
}

impl Grid<f32> {
    /// Bilinear value between cell centres; `NaN` cells are left out and the rest re-weighted.
    /// `None` outside the grid or where no neighbour has a value.
    pub fn bilinear(&self, x: f64, y: f64) -> Option<f32> {
        self.spec.cell_at(x, y)?;
        let column = (x - self.spec.west) / self.spec.cell_size - 0.5;
        let row = (self.spec.north - y) / self.spec.cell_size - 0.5;
        let (r0, c0) = (row.floor(), column.floor());
        let (mut sum, mut weights) = (0.0, 0.0);
        for (dr, wr) in [(0.0, 1.0 - (row - r0)), (1.0, row - r0)] {
            for (dc, wc) in [(0.0, 1.0 - (column - c0)), (1.0, column - c0)] {
                let r = (r0 + dr).clamp(0.0, (self.spec.rows - 1) as f64) as usize;
                let c = (c0 + dc).clamp(0.0, (self.spec.columns - 1) as f64) as usize;
                let value = f64::from(self[(r, c)]);
                if value.is_finite() && wr * wc > 0.0 {
                    sum += value * wr * wc;
                    weights += wr * wc;
                }
            }
        }
        (weights > 0.0).then(|| (sum / weights) as f32)
    }

    /// Smallest and largest finite value.
    pub fn range(&self) -> Option<(f32, f32)> {
        self.values.iter().filter(|v| v.is_finite()).fold(None, |range, &v| {
            Some(range.map_or((v, v), |(a, b): (f32, f32)| (a.min(v), b.max(v))))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> GridSpec {
        GridSpec { west: 100.0, north: 50.0, cell_size: 2.0, columns: 4, rows: 3 }
    }

    #[test]
    fn covering_snaps_outwards_to_multiples() {
        let extent = Extent { min_x: 101.0, min_y: 44.5, max_x: 107.9, max_y: 49.9 };
        assert_eq!(GridSpec::covering(&extent, 2.0), spec());
        assert_eq!(GridSpec::covering(&spec().extent(), 2.0), spec());
    }

    #[test]
    fn centre_and_cell_at_are_inverse_and_row_zero_is_north() {
        for row in 0..3 {
            for column in 0..4 {
                let (x, y) = spec().centre(row, column);
                assert_eq!(spec().cell_at(x, y), Some((row, column)));
            }
        }
        assert_eq!(spec().centre(0, 0), (101.0, 49.0));
        assert_eq!(spec().cell_at(99.9, 49.0), None);
    }

    #[test]
    fn bilinear_is_exact_on_a_plane_and_skips_no_data() {
        let mut grid = Grid::from_fn(spec(), |r, c| (3 * c) as f32 - (2 * r) as f32);
        let (x, y) = (104.0, 47.0);
        assert_eq!(grid.bilinear(x, y), Some(3.0 * 1.5 - 2.0 * 1.0));
        grid[(1, 1)] = f32::NAN;
        assert_eq!(grid.bilinear(x, y), Some(3.0 * 2.0 - 2.0));
    }
}
