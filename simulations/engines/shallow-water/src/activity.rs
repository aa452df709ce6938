//! Which tiles have anything to do.
//!
//! A tile is worked on when it, or a tile that shares a side with it, holds a wet cell, or when it
//! is pinned (rain falls, a boundary lets water in). Cells not deeper than the dry depth exchange
//! no flux, so skipping a tile changes no bit of the result.

use std::ops::Range;

use crate::layout::{BLOCK_TILES, Layout, TILE};

/// Wet and active tiles, four to a block.
#[derive(Debug, Clone)]
pub(crate) struct Activity {
    tile_columns: usize,
    tile_rows: usize,
    /// Tile columns that hold cells of the grid; the last block may have more.
    used_columns: usize,
    pub(crate) wet: Vec<bool>,
    pub(crate) pinned: Vec<bool>,
    /// Tiles whose two state buffers differ.
    pub(crate) stale: Vec<bool>,
    active: Vec<bool>,
}

impl Activity {
    pub(crate) fn new(layout: &Layout) -> Self {
        let tile_rows = layout.rows.div_ceil(TILE);
        let tile_columns = layout.blocks() / tile_rows * BLOCK_TILES;
        let flags = || vec![false; tile_rows * tile_columns];
        Self {
            tile_columns,
            tile_rows,
            used_columns: layout.columns.div_ceil(TILE),
            wet: flags(),
            pinned: flags(),
            stale: flags(),
            active: flags(),
        }
    }

    /// Tile of a cell.
    pub(crate) fn tile_of(&self, row: usize, column: usize) -> usize {
        row / TILE * self.tile_columns + column / TILE
    }

    /// Tiles of a block.
    pub(crate) fn tiles_of(&self, block: usize) -> Range<usize> {
        block * BLOCK_TILES..(block + 1) * BLOCK_TILES
    }

    /// Decides what the next step works on; `all` wakes every tile (rain).
    pub(crate) fn wake(&mut self, all: bool) {
        let (rows, columns, used) = (self.tile_rows, self.tile_columns, self.used_columns);
        for r in 0..rows {
            for c in 0..used {
                let i = r * columns + c;
                self.active[i] = all
                    || self.wet[i]
                    || self.pinned[i]
                    || (r > 0 && self.wet[i - columns])
                    || (r + 1 < rows && self.wet[i + columns])
                    || (c > 0 && self.wet[i - 1])
                    || (c + 1 < used && self.wet[i + 1]);
            }
        }
    }

    /// Whether a tile is worked on in this step.
    pub(crate) fn is_active(&self, tile: usize) -> bool {
        self.active[tile]
    }

    /// The next run of active tiles of a block at or after a tile.
    pub(crate) fn next_run(&self, block: usize, from: usize) -> Option<Range<usize>> {
        let tiles = self.tiles_of(block);
        let first = (from..tiles.end).find(|&t| self.is_active(t))?;
        let end = (first..tiles.end).find(|&t| !self.is_active(t)).unwrap_or(tiles.end);
        Some(first..end)
    }
}
