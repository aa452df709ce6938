//! Which tiles have anything to do.
//!
//! A tile is worked on when it, or a tile that shares a side with it, holds a wet cell, or when it
//! is pinned (rain falls, a boundary lets water in). Cells not deeper than the dry depth exchange
//! no flux, so skipping a tile changes no bit of the result.

use std::ops::Range;

/// Height of a tile in cells: also the unit of parallel work.
pub(crate) const TILE_ROWS: usize = 32;
/// Width of a tile in cells.
pub(crate) const TILE_COLUMNS: usize = 64;

/// Wet and active tiles.
#[derive(Debug, Clone)]
pub(crate) struct Activity {
    tile_columns: usize,
    tile_rows: usize,
    grid_columns: usize,
    pub(crate) wet: Vec<bool>,
    pub(crate) pinned: Vec<bool>,
    /// Tiles whose two state buffers differ.
    pub(crate) stale: Vec<bool>,
    active: Vec<bool>,
}

impl Activity {
    pub(crate) fn new(rows: usize, columns: usize) -> Self {
        let (tile_rows, tile_columns) = (rows.div_ceil(TILE_ROWS), columns.div_ceil(TILE_COLUMNS));
        let flags = || vec![false; tile_rows * tile_columns];
        Self {
            tile_columns,
            tile_rows,
            grid_columns: columns,
            wet: flags(),
            pinned: flags(),
            stale: flags(),
            active: flags(),
        }
    }

    /// Tile of a cell.
    pub(crate) fn tile_of(&self, cell: usize) -> usize {
        let (row, column) = (cell / self.grid_columns, cell % self.grid_columns);
        row / TILE_ROWS * self.tile_columns + column / TILE_COLUMNS
    }

    /// Tiles per strip.
    pub(crate) fn tile_columns(&self) -> usize {
        self.tile_columns
    }

    /// Decides what the next step works on; `all` wakes every tile (rain).
    pub(crate) fn wake(&mut self, all: bool) {
        let (rows, columns) = (self.tile_rows, self.tile_columns);
        for r in 0..rows {
            for c in 0..columns {
                let i = r * columns + c;
                self.active[i] = all
                    || self.wet[i]
                    || self.pinned[i]
                    || (r > 0 && self.wet[i - columns])
                    || (r + 1 < rows && self.wet[i + columns])
                    || (c > 0 && self.wet[i - 1])
                    || (c + 1 < columns && self.wet[i + 1]);
            }
        }
    }

    /// Whether a tile is worked on in this step.
    pub(crate) fn is_active(&self, strip: usize, tile: usize) -> bool {
        self.active[strip * self.tile_columns + tile]
    }

    /// The next run of at most `most` active tiles of a strip at or after a tile.
    pub(crate) fn next_run(&self, strip: usize, from: usize, most: usize) -> Option<Range<usize>> {
        let first = (from..self.tile_columns).find(|&t| self.is_active(strip, t))?;
        let end = (first..self.tile_columns.min(first + most))
            .find(|&t| !self.is_active(strip, t))
            .unwrap_or(self.tile_columns.min(first + most));
        Some(first..end)
    }

    /// Columns of cells of a tile range.
    pub(crate) fn columns_of(&self, tiles: &Range<usize>) -> Range<usize> {
        tiles.start * TILE_COLUMNS..(tiles.end * TILE_COLUMNS).min(self.grid_columns)
    }
}
