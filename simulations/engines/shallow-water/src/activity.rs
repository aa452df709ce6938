//! Which tiles have anything to do, and at which pace.
//!
//! A tile is awake when it, or a tile that shares a side with it, holds a wet cell, or when it is
//! pinned (rain falls, a boundary lets water in). Cells not deeper than the dry depth exchange no
//! flux, so skipping a tile changes no bit of the result. Paces: `local_steps`.

use std::ops::Range;

use crate::layout::{BLOCK_TILES, Layout, TILE};

/// What every tile is at, four to a block.
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
    /// Tiles that follow every step: something acts there in time, or beside there.
    prompt: Vec<bool>,
    /// Fastest wave at the end of the tile's last step, m/s.
    pub(crate) wave: Vec<f64>,
    /// The tile's steps are 2^level times as long as the shortest.
    level: Vec<u8>,
    /// Point of the lattice at which the tile's present step ends.
    until: Vec<u32>,
    /// Level of the tiles that are worked on in this step.
    working: Vec<Option<u8>>,
}

impl Activity {
    pub(crate) fn new(layout: &Layout) -> Self {
        let tile_rows = layout.rows.div_ceil(TILE);
        let tile_columns = layout.blocks() / tile_rows * BLOCK_TILES;
        let tiles = tile_rows * tile_columns;
        let flags = || vec![false; tiles];
        Self {
            tile_columns,
            tile_rows,
            used_columns: layout.columns.div_ceil(TILE),
            wet: flags(),
            pinned: flags(),
            stale: flags(),
            prompt: flags(),
            wave: vec![0.0; tiles],
            level: vec![0; tiles],
            until: vec![0; tiles],
            working: vec![None; tiles],
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

    /// Makes the given tiles and those around them follow every step, and no others.
    pub(crate) fn set_prompt(&mut self, tiles: impl Iterator<Item = usize>) {
        self.prompt.fill(false);
        for tile in tiles {
            for near in self.around(tile).into_iter().flatten() {
                self.prompt[near] = true;
            }
        }
    }

    /// A tile and the eight around it.
    fn around(&self, tile: usize) -> [Option<usize>; 9] {
        let (row, column) = (tile / self.tile_columns, tile % self.tile_columns);
        std::array::from_fn(|k| {
            let row = (row + k / 3).checked_sub(1).filter(|&r| r < self.tile_rows)?;
            let column = (column + k % 3).checked_sub(1).filter(|&c| c < self.used_columns)?;
            Some(row * self.tile_columns + column)
        })
    }

    /// Decides what the next step works on, between two points of the lattice.
    ///
    /// `all` wakes every tile (rain). At a point (`Some`) the tiles whose step is over choose the level
    /// that `level_of` gives for the fastest wave in and around them, as far as the point allows.
    pub(crate) fn plan(
        &mut self,
        all: bool,
        point: Option<u32>,
        highest: u8,
        level_of: impl Fn(f64) -> u8,
    ) {
        for i in 0..self.working.len() {
            // A slow tile hands on water until its step is over, wet or not at its end.
            let wet = |n: usize| self.wet[n] || self.is_ahead(n, point);
            let awake = self.is_awake(i, all, wet);
            self.working[i] = (awake && !self.is_ahead(i, point)).then_some(0);
        }
        let Some(point) = point else { return };
        for i in 0..self.working.len() {
            if self.level[i] > 0 && self.until[i] > point {
                continue;
            }
            self.level[i] = 0;
            if highest > 0 && self.working[i].is_some() && !self.prompt[i] {
                let aligned = if point == 0 { highest } else { point.trailing_zeros() as u8 };
                self.level[i] = level_of(self.wave_around(i)).min(aligned).min(highest);
                self.working[i] = Some(self.level[i]);
            }
            self.until[i] = point + (1 << self.level[i]);
        }
    }

    /// Share of the work that the levels which `level_of` gives for waves would save, about: a run of
    /// tiles costs half a tile more than it has, for what it looks at beside.
    pub(crate) fn saving(&self, level_of: impl Fn(f64) -> u8) -> f64 {
        let (mut together, mut apart) = (0.0, 0.0);
        for block in 0..self.working.len() / BLOCK_TILES {
            let levels = self.tiles_of(block).map(|tile| {
                let level =
                    |tile| if self.prompt[tile] { 0 } else { level_of(self.wave_around(tile)) };
                self.is_awake(tile, false, |n| self.wet[n]).then(|| level(tile))
            });
            let mut before = None;
            for level in levels {
                if let Some(k) = level {
                    let begins = |yes: bool| if yes { 1.5 } else { 1.0 };
                    together += begins(before.is_none());
                    apart += begins(before != level) * 0.5f64.powi(i32::from(k));
                }
                before = level;
            }
        }
        if together > 0.0 { 1.0 - apart / together } else { 0.0 }
    }

    /// Fastest wave in a tile and the eight around it, m/s.
    fn wave_around(&self, tile: usize) -> f64 {
        let around = self.around(tile).into_iter().flatten();
        around.map(|n| self.wave[n]).fold(0.0, f64::max)
    }

    /// Whether a tile's step goes on beyond the present time.
    fn is_ahead(&self, tile: usize, point: Option<u32>) -> bool {
        self.level[tile] > 0 && point.is_none_or(|point| self.until[tile] > point)
    }

    /// Whether a tile has anything to do.
    fn is_awake(&self, tile: usize, all: bool, wet: impl Fn(usize) -> bool) -> bool {
        let (row, column) = (tile / self.tile_columns, tile % self.tile_columns);
        column < self.used_columns
            && (all
                || wet(tile)
                || self.pinned[tile]
                || (row > 0 && wet(tile - self.tile_columns))
                || (row + 1 < self.tile_rows && wet(tile + self.tile_columns))
                || (column > 0 && wet(tile - 1))
                || (column + 1 < self.used_columns && wet(tile + 1)))
    }

    /// Forgets all paces: every tile is at the same time.
    pub(crate) fn align(&mut self) {
        self.level.fill(0);
        self.until.fill(0);
    }

    /// Whether any tile is worked on at a level in this step.
    pub(crate) fn works_at(&self, level: u8) -> bool {
        self.working.contains(&Some(level))
    }

    /// Notes that the step is done: the buffers of what was worked on differ, all others agree.
    pub(crate) fn settle(&mut self) {
        for (stale, working) in self.stale.iter_mut().zip(&self.working) {
            *stale = working.is_some();
        }
    }

    /// Fastest wave anywhere, m/s.
    pub(crate) fn fastest_wave(&self) -> f64 {
        self.wave.iter().fold(0.0, |fastest, &wave| if wave > fastest { wave } else { fastest })
    }

    /// The level at which a tile is worked on in this step, if it is.
    pub(crate) fn working(&self, tile: usize) -> Option<u8> {
        self.working[tile]
    }

    /// The tile's level, and the point of the lattice at which its step ends.
    pub(crate) fn pace(&self, tile: usize) -> (u8, u32) {
        (self.level[tile], self.until[tile])
    }

    /// The next run of tiles of a block at or after a tile that are worked on at a level.
    pub(crate) fn next_run(&self, block: usize, from: usize, level: u8) -> Option<Range<usize>> {
        let tiles = self.tiles_of(block);
        let works = |tile: &usize| self.working[*tile] == Some(level);
        let first = (from..tiles.end).find(works)?;
        let end = (first..tiles.end).find(|tile| !works(tile)).unwrap_or(tiles.end);
        Some(first..end)
    }
}
