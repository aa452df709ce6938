//! Where the cells lie in memory.
//!
//! The grid is cut into blocks of 64 × 256 cells, each contiguous and row by row, so that threads
//! write to disjoint slices and a row of a block is one run of memory. A block holds four tiles of
//! 64 × 64 cells, the unit of activity. Blocks at the eastern and southern rim are filled up with
//! closed cells.

/// Side of a tile in cells.
pub(crate) const TILE: usize = 64;
/// Tiles in a block.
pub(crate) const BLOCK_TILES: usize = 4;
/// Width of a block in cells.
pub(crate) const BLOCK_COLUMNS: usize = BLOCK_TILES * TILE;
/// Cells of a block.
pub(crate) const BLOCK_CELLS: usize = TILE * BLOCK_COLUMNS;

/// The blocks of a grid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    block_columns: usize,
    block_rows: usize,
}

impl Layout {
    pub(crate) fn new(rows: usize, columns: usize) -> Self {
        let (block_rows, block_columns) = (rows.div_ceil(TILE), columns.div_ceil(BLOCK_COLUMNS));
        Self { rows, columns, block_columns, block_rows }
    }

    /// Length of a field.
    pub(crate) fn len(&self) -> usize {
        self.blocks() * BLOCK_CELLS
    }

    pub(crate) fn blocks(&self) -> usize {
        self.block_rows * self.block_columns
    }

    /// First row and column of a block.
    pub(crate) fn origin(&self, block: usize) -> (usize, usize) {
        (block / self.block_columns * TILE, block % self.block_columns * BLOCK_COLUMNS)
    }

    /// Rows of the grid in a block.
    pub(crate) fn rows_of(&self, block: usize) -> usize {
        TILE.min(self.rows - self.origin(block).0)
    }

    /// Position of a cell of the grid, given row by row, in a field.
    pub(crate) fn at(&self, cell: usize) -> usize {
        self.place(cell / self.columns, cell % self.columns)
    }

    pub(crate) fn place(&self, row: usize, column: usize) -> usize {
        let block = row / TILE * self.block_columns + column / BLOCK_COLUMNS;
        block * BLOCK_CELLS + row % TILE * BLOCK_COLUMNS + column % BLOCK_COLUMNS
    }

    /// A field from values row by row.
    pub(crate) fn scatter<T, U: Copy>(
        &self,
        values: &[T],
        fill: U,
        map: impl Fn(&T) -> U,
    ) -> Vec<U> {
        let mut field = vec![fill; self.len()];
        for (row, values) in values.chunks(self.columns).enumerate() {
            for (part, values) in values.chunks(BLOCK_COLUMNS).enumerate() {
                let start = self.place(row, part * BLOCK_COLUMNS);
                for (to, from) in field[start..start + values.len()].iter_mut().zip(values) {
                    *to = map(from);
                }
            }
        }
        field
    }

    /// The values of a field row by row.
    pub(crate) fn gather<T, U>(&self, field: &[T], map: impl Fn(&T) -> U) -> Vec<U> {
        let mut values = Vec::with_capacity(self.rows * self.columns);
        for row in 0..self.rows {
            for start in (0..self.columns).step_by(BLOCK_COLUMNS) {
                let n = BLOCK_COLUMNS.min(self.columns - start);
                let from = self.place(row, start);
                values.extend(field[from..from + n].iter().map(&map));
            }
        }
        values
    }

    /// Copies a stretch of a row of a field; `fill` beyond the grid.
    #[inline(always)]
    pub(crate) fn copy_row<T: Copy>(
        &self,
        field: &[T],
        row: isize,
        first_column: isize,
        fill: T,
        to: &mut [T],
    ) {
        let width = (self.block_columns * BLOCK_COLUMNS) as isize;
        if row < 0 || row >= self.rows as isize {
            to.fill(fill);
            return;
        }
        let mut column = first_column;
        let mut to = to;
        while !to.is_empty() {
            let n = if column < 0 {
                let n = to.len().min(column.unsigned_abs());
                to[..n].fill(fill);
                n
            } else if column >= width {
                to.fill(fill);
                to.len()
            } else {
                let column = column as usize;
                let n = to.len().min(BLOCK_COLUMNS - column % BLOCK_COLUMNS);
                let from = self.place(row as usize, column);
                to[..n].copy_from_slice(&field[from..from + n]);
                n
            };
            column += n as isize;
            to = &mut to[n..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scatter_and_gather_are_inverse_and_rows_read_across_blocks() {
        let layout = Layout::new(70, 600);
        let values: Vec<usize> = (0..70 * 600).collect();
        let field = layout.scatter(&values, usize::MAX, |v| *v);
        assert_eq!(layout.gather(&field, |v| *v), values);
        assert!(values.iter().all(|&cell| field[layout.at(cell)] == cell));
        let mut row = [0; 20];
        layout.copy_row(&field, 65, 250, 0, &mut row);
        assert_eq!(row.to_vec(), (65 * 600 + 250..65 * 600 + 270).collect::<Vec<_>>());
        layout.copy_row(&field, 3, -4, 7, &mut row);
        assert_eq!((row[3], row[4]), (7, 1800));
        layout.copy_row(&field, 70, 0, 7, &mut row);
        assert_eq!(row, [7; 20]);
    }
}
