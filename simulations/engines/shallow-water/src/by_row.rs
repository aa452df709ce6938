//! Things at places of a grid, found by row and columns.

use std::ops::Range;

/// A thing in a column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<T> {
    pub(crate) column: usize,
    pub(crate) what: T,
}

/// Things sorted by row and column.
#[derive(Debug, Clone)]
pub(crate) struct ByRow<T> {
    offsets: Vec<usize>,
    things: Vec<At<T>>,
}

impl<T> ByRow<T> {
    /// From `(row, column, thing)` in any order.
    pub(crate) fn new(rows: usize, mut things: Vec<(usize, usize, T)>) -> Self {
        things.sort_by_key(|(row, column, _)| (*row, *column));
        let offsets = (0..=rows).map(|r| things.partition_point(|t| t.0 < r)).collect();
        let things = things.into_iter().map(|(_, column, what)| At { column, what }).collect();
        Self { offsets, things }
    }

    /// Those of a row in a range of columns; none beyond the rows.
    pub(crate) fn within(&self, row: isize, columns: &Range<isize>) -> &[At<T>] {
        let Ok(row) = usize::try_from(row) else { return &[] };
        if row + 1 >= self.offsets.len() {
            return &[];
        }
        let things = &self.things[self.offsets[row]..self.offsets[row + 1]];
        let start = things.partition_point(|t| (t.column as isize) < columns.start);
        let end = things.partition_point(|t| (t.column as isize) < columns.end);
        &things[start..end]
    }
}
