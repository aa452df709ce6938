//! Cells whose centres belong to a triangle.

use super::triangle::Triangle;
use crate::assembly::{Window, millimetres};
use crate::spatial::GridSpec;

/// Centres of the cells of a window, in millimetres from the north-western one.
pub(super) struct Centres {
    /// West to east.
    x: Vec<i64>,
    /// North to south.
    y: Vec<i64>,
    /// Cells a millimetre.
    per_mm: f64,
    /// World position of the north-western centre, and the one farthest from it.
    pub(super) origin: [i64; 2],
    pub(super) last: [i64; 2],
}

impl Centres {
    /// Centres come from the whole grid, never from the window: the same for every tiling. `None`
    /// for a window without cells.
    pub(super) fn of(window: &Window, whole: &GridSpec) -> Option<Self> {
        let x: Vec<i64> =
            window.columns.clone().map(|c| millimetres(whole.centre(0, c).0)).collect();
        let y: Vec<i64> = window.rows.clone().map(|r| millimetres(whole.centre(r, 0).1)).collect();
        let origin = [*x.first()?, *y.first()?];
        let last = [*x.last()?, *y.last()?];
        Some(Self {
            x: x.into_iter().map(|v| v - origin[0]).collect(),
            y: y.into_iter().map(|v| v - origin[1]).collect(),
            per_mm: 1e-3 / whole.cell_size,
            origin,
            last,
        })
    }

    /// Calls `cell` with row, column and weights of the corners for each centre that belongs to the
    /// triangle.
    pub(super) fn for_each_in(
        &self,
        triangle: &Triangle<'_>,
        mut cell: impl FnMut(usize, usize, [i64; 3]),
    ) {
        let area = triangle.bounding_box();
        let columns = self.first(area.min[0], &self.x, 1)..self.first(area.max[0] + 1, &self.x, 1);
        if columns.is_empty() {
            return;
        }
        for row in self.first(-area.max[1], &self.y, -1)..self.first(1 - area.min[1], &self.y, -1) {
            for column in columns.clone() {
                if let Some(weights) = triangle.weights([self.x[column], self.y[row]]) {
                    cell(row, column, weights);
                }
            }
        }
    }

    /// Index of the first of the centres that, taken times `sign`, is not below a value.
    fn first(&self, value: i64, centres: &[i64], sign: i64) -> usize {
        let guess = (value as f64 * self.per_mm) as i64 - 1;
        let mut i = guess.clamp(0, centres.len() as i64) as usize;
        while centres.get(i).is_some_and(|c| sign * c < value) {
            i += 1;
        }
        i
    }
}
