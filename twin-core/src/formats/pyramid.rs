//! Overviews made while cells stream by.
//!
//! A cell of level *k* + 1 stands for 2 × 2 cells of level *k*; cells without data are left out.
//! A chunk that is complete goes to the store and, halved, into the next level, so that memory
//! holds only the chunks that are still being filled: one row of them per level when windows come
//! row by row.

use std::collections::{BTreeMap, BTreeSet};

/// How 2 × 2 cells become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resampling {
    /// Mean of the cells with data.
    Mean,
    /// Largest of the cells with data.
    Maximum,
    /// Most frequent code, the smaller one on a tie.
    Majority,
}

impl Resampling {
    /// The word for it in the file: a method of CF appendix E.
    pub(in crate::formats) fn cell_method(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Maximum => "maximum",
            Self::Majority => "mode",
        }
    }

    pub(in crate::formats) fn from_cell_method(text: &str) -> Option<Self> {
        [Self::Mean, Self::Maximum, Self::Majority].into_iter().find(|r| r.cell_method() == text)
    }
}

/// A value that grid files store: `f32` with `NaN` as no data, `u8` codes with 0.
pub trait Cell: hdf5::H5Type + Send + Sync + std::fmt::Debug + sealed::Sealed {
    /// Value of a cell without data.
    const NO_DATA: Self;
    /// One value for up to four.
    #[doc(hidden)]
    fn reduce(cells: &[Self], resampling: Resampling) -> Self;
    /// Little-endian bytes.
    #[doc(hidden)]
    fn bytes(values: &[Self]) -> Vec<u8>;
    /// Values of little-endian bytes.
    #[doc(hidden)]
    fn from_bytes(bytes: &[u8]) -> Vec<Self>;
    /// The pyramid of a band of this type; `None` for a band of the other.
    #[doc(hidden)]
    fn pyramid(any: &mut AnyPyramid) -> Option<&mut Pyramid<Self>>;
}

/// The pyramid of a band of either type.
#[doc(hidden)]
#[derive(Debug)]
pub enum AnyPyramid {
    Real(Pyramid<f32>),
    Code(Pyramid<u8>),
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for u8 {}
}

impl Cell for f32 {
    const NO_DATA: Self = f32::NAN;

    fn reduce(cells: &[Self], resampling: Resampling) -> Self {
        let valid = cells.iter().copied().filter(|v| !v.is_nan());
        if resampling == Resampling::Maximum {
            return valid.reduce(f32::max).unwrap_or(f32::NAN);
        }
        let (sum, count) = valid.fold((0.0, 0.0), |(s, n), v| (s + f64::from(v), n + 1.0));
        (sum / count) as f32
    }

    fn bytes(values: &[Self]) -> Vec<u8> {
        // One bit pattern for no data, so that equal grids give equal bytes.
        values.iter().flat_map(|v| if v.is_nan() { f32::NAN } else { *v }.to_le_bytes()).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Vec<Self> {
        bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
    }

    fn pyramid(any: &mut AnyPyramid) -> Option<&mut Pyramid<Self>> {
        match any {
            AnyPyramid::Real(pyramid) => Some(pyramid),
            AnyPyramid::Code(_) => None,
        }
    }
}

impl Cell for u8 {
    const NO_DATA: Self = 0;

    fn reduce(cells: &[Self], resampling: Resampling) -> Self {
        let valid = cells.iter().copied().filter(|&v| v != 0);
        if resampling == Resampling::Maximum {
            return valid.max().unwrap_or(0);
        }
        let count = |code: u8| cells.iter().filter(|&&v| v == code).count();
        valid.max_by_key(|&code| (count(code), std::cmp::Reverse(code))).unwrap_or(0)
    }

    fn bytes(values: &[Self]) -> Vec<u8> {
        values.to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Vec<Self> {
        bytes.to_vec()
    }

    fn pyramid(any: &mut AnyPyramid) -> Option<&mut Pyramid<Self>> {
        match any {
            AnyPyramid::Code(pyramid) => Some(pyramid),
            AnyPyramid::Real(_) => None,
        }
    }
}

/// Rows and columns of each level, finest first, down to one chunk of `side` × `side` cells.
pub(in crate::formats) fn level_shapes(
    rows: usize,
    columns: usize,
    side: usize,
) -> Vec<(usize, usize)> {
    let mut shapes = vec![(rows, columns)];
    while let Some(&(r, c)) = shapes.last()
        && r.max(c) > side
    {
        shapes.push((r.div_ceil(2), c.div_ceil(2)));
    }
    shapes
}

/// Shape of the chunks of a level: square, but no larger than the level.
pub(in crate::formats) fn chunk_shape(rows: usize, columns: usize, side: usize) -> (usize, usize) {
    (rows.min(side), columns.min(side))
}

/// Where a chunk belongs: level, chunk row, chunk column.
pub(in crate::formats) type ChunkKey = (usize, usize, usize);

/// A complete chunk: `rows · columns` of its level's chunk shape, padded with no data.
#[derive(Debug)]
pub(in crate::formats) struct CompleteChunk<T> {
    pub(in crate::formats) key: ChunkKey,
    pub(in crate::formats) values: Vec<T>,
}

/// The chunks of one band that are being filled.
#[doc(hidden)]
#[derive(Debug)]
pub struct Pyramid<T> {
    side: usize,
    shapes: Vec<(usize, usize)>,
    resampling: Resampling,
    filling: BTreeMap<ChunkKey, Filling<T>>,
    complete: BTreeSet<ChunkKey>,
}

#[derive(Debug)]
struct Filling<T> {
    values: Vec<T>,
    /// One bit per cell that was written.
    written: Vec<u64>,
    missing: usize,
}

/// Cells of a block: a rectangle of one level.
struct Block<'a, T> {
    row: usize,
    column: usize,
    columns: usize,
    values: &'a [T],
}

impl<T: Cell> Pyramid<T> {
    pub(in crate::formats) fn new(
        rows: usize,
        columns: usize,
        side: usize,
        resampling: Resampling,
    ) -> Self {
        Self {
            side,
            shapes: level_shapes(rows, columns, side),
            resampling,
            filling: BTreeMap::new(),
            complete: BTreeSet::new(),
        }
    }

    /// Adds a window of the finest level, which must lie inside the grid, and returns the chunks
    /// that it completed. A cell keeps the value it was given last before its chunk completed;
    /// `None` when the window reaches into a chunk that is complete already.
    pub(in crate::formats) fn write(
        &mut self,
        row: usize,
        column: usize,
        columns: usize,
        values: &[T],
    ) -> Option<Vec<CompleteChunk<T>>> {
        let mut complete = Vec::new();
        if columns == 0 || values.is_empty() {
            return Some(complete);
        }
        let rows = values.len() / columns;
        for chunk_row in row / self.side..(row + rows).div_ceil(self.side) {
            let across = column / self.side..(column + columns).div_ceil(self.side);
            if across.into_iter().any(|c| self.complete.contains(&(0, chunk_row, c))) {
                return None;
            }
        }
        self.add(0, &Block { row, column, columns, values }, &mut complete);
        Some(complete)
    }

    /// Completes the chunks that were begun; cells never written have no data.
    pub(in crate::formats) fn finish(&mut self) -> Vec<CompleteChunk<T>> {
        let mut complete = Vec::new();
        for level in 0..self.shapes.len() {
            while let Some(key) = self.filling.keys().find(|k| k.0 == level).copied() {
                if let Some(filling) = self.filling.remove(&key) {
                    self.complete(key, filling.values, &mut complete);
                }
            }
        }
        complete
    }

    /// Cells of a chunk that lie inside the grid.
    fn inside(&self, (level, row, column): ChunkKey) -> (usize, usize) {
        let (rows, columns) = self.shapes[level];
        ((rows - row * self.side).min(self.side), (columns - column * self.side).min(self.side))
    }

    fn add(&mut self, level: usize, block: &Block<'_, T>, complete: &mut Vec<CompleteChunk<T>>) {
        let side = self.side;
        let rows = block.values.len() / block.columns;
        for chunk_row in block.row / self.side..(block.row + rows).div_ceil(self.side) {
            for chunk_column in
                block.column / self.side..(block.column + block.columns).div_ceil(self.side)
            {
                let key = (level, chunk_row, chunk_column);
                let (inside_rows, inside_columns) = self.inside(key);
                let (level_rows, level_columns) = self.shapes[level];
                let (_, width) = chunk_shape(level_rows, level_columns, side);
                let filling = self.filling.entry(key).or_insert_with(|| {
                    let (height, width) = chunk_shape(level_rows, level_columns, side);
                    Filling {
                        values: vec![T::NO_DATA; height * width],
                        written: vec![0; (height * width).div_ceil(64)],
                        missing: inside_rows * inside_columns,
                    }
                });
                let (first_row, first_column) = (chunk_row * self.side, chunk_column * self.side);
                let from = block.column.max(first_column);
                let to = (block.column + block.columns).min(first_column + inside_columns);
                for row in block.row.max(first_row)..(block.row + rows).min(first_row + inside_rows)
                {
                    let source = (row - block.row) * block.columns + from - block.column;
                    let target = (row - first_row) * width + from - first_column;
                    let count = to - from;
                    filling.values[target..target + count]
                        .copy_from_slice(&block.values[source..source + count]);
                    for cell in target..target + count {
                        let bit = 1 << (cell % 64);
                        if filling.written[cell / 64] & bit == 0 {
                            filling.written[cell / 64] |= bit;
                            filling.missing -= 1;
                        }
                    }
                }
                if filling.missing == 0
                    && let Some(filling) = self.filling.remove(&key)
                {
                    self.complete(key, filling.values, complete);
                }
            }
        }
    }

    /// Stores a chunk and hands its half-size image to the next level.
    fn complete(&mut self, key: ChunkKey, values: Vec<T>, complete: &mut Vec<CompleteChunk<T>>) {
        let (level, chunk_row, chunk_column) = key;
        self.complete.insert(key);
        if level + 1 < self.shapes.len() {
            let side = self.side;
            let (rows, columns) = self.inside(key);
            let (level_rows, level_columns) = self.shapes[level];
            let (_, width) = chunk_shape(level_rows, level_columns, side);
            let half_columns = columns.div_ceil(2);
            let mut half = Vec::with_capacity(rows.div_ceil(2) * half_columns);
            let mut cells = Vec::with_capacity(4);
            for row in (0..rows).step_by(2) {
                for column in (0..columns).step_by(2) {
                    cells.clear();
                    for r in row..(row + 2).min(rows) {
                        for c in column..(column + 2).min(columns) {
                            cells.push(values[r * width + c]);
                        }
                    }
                    half.push(T::reduce(&cells, self.resampling));
                }
            }
            let block = Block {
                row: chunk_row * self.side / 2,
                column: chunk_column * self.side / 2,
                columns: half_columns,
                values: &half,
            };
            self.add(level + 1, &block, complete);
        }
        complete.push(CompleteChunk { key, values });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_halve_down_to_one_chunk() {
        assert_eq!(level_shapes(1000, 300, 256), [(1000, 300), (500, 150), (250, 75)]);
        assert_eq!(level_shapes(256, 256, 256), [(256, 256)]);
        assert_eq!(level_shapes(257, 1, 256), [(257, 1), (129, 1)]);
    }

    #[test]
    fn reductions_leave_no_data_out() {
        let nan = f32::NAN;
        assert_eq!(f32::reduce(&[1.0, nan, 3.0, nan], Resampling::Mean), 2.0);
        assert_eq!(f32::reduce(&[1.0, nan, 3.0, -4.0], Resampling::Maximum), 3.0);
        assert!(f32::reduce(&[nan; 4], Resampling::Mean).is_nan());
        assert_eq!(u8::reduce(&[0, 0, 7, 0], Resampling::Majority), 7);
        assert_eq!(u8::reduce(&[3, 2, 2, 3], Resampling::Majority), 2);
        assert_eq!(u8::reduce(&[0; 4], Resampling::Majority), 0);
    }

    /// All chunks by key, whatever order the windows came in.
    fn chunks(tile: usize, rows: usize, columns: usize) -> BTreeMap<ChunkKey, Vec<u8>> {
        let mut pyramid = Pyramid::<u8>::new(rows, columns, 256, Resampling::Majority);
        let mut all = Vec::new();
        for row in (0..rows).step_by(tile) {
            for column in (0..columns).step_by(tile) {
                let (h, w) = (tile.min(rows - row), tile.min(columns - column));
                let values: Vec<u8> = (0..h * w)
                    .map(|i| ((row + i / w) / 3 * 7 + (column + i % w) / 5) as u8)
                    .collect();
                all.extend(pyramid.write(row, column, w, &values).unwrap());
            }
        }
        all.extend(pyramid.finish());
        all.into_iter().map(|c| (c.key, c.values)).collect()
    }

    #[test]
    fn tile_size_does_not_matter_and_every_chunk_comes_once() {
        let whole = chunks(10_000, 700, 530);
        assert_eq!(whole, chunks(100, 700, 530));
        assert_eq!(whole, chunks(256, 700, 530));
        let keys: Vec<usize> = (0..3).map(|l| whole.keys().filter(|k| k.0 == l).count()).collect();
        assert_eq!(keys, [9, 4, 1]);
    }

    #[test]
    fn a_complete_chunk_is_not_written_again() {
        let mut pyramid = Pyramid::<u8>::new(300, 256, 256, Resampling::Majority);
        assert_eq!(pyramid.write(0, 0, 256, &vec![1; 256 * 256]).unwrap().len(), 1);
        assert!(pyramid.write(255, 0, 256, &vec![1; 512]).is_none());
        assert!(pyramid.write(256, 0, 256, &vec![1; 256]).unwrap().is_empty());
    }
}
