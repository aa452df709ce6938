//! Buildings smaller than cells: the share of a cell that water can fill, and of an edge that it can pass.
//!
//! Integral porosity after Sanders, Schubert & Gallegos 2008 (*Integral formulation of shallow-water
//! equations with anisotropic porosity for urban flood modeling*, J. Hydrol. 362, 19–38, doi
//! 10.1016/j.jhydrol.2008.08.009): with the open share φ of a cell and ψ of its edges,
//!
//! ```text
//! φ Δx² dh/dt = −Σ ψ Δx F,    φ Δx² d(hU)/dt = −Σ ψ Δx (F − pressure of the cell) + φ Δx² sources
//! ```
//!
//! so rest stays rest whatever φ and ψ. Depths and velocities are those of the water between the buildings.
//! The share of an edge is the narrowest between the middles of its two cells (as Bruwier et al. 2017, doi
//! 10.1016/j.jhydrol.2017.08.051), at most that of the cells, which keeps the Courant condition. The
//! drag of walls within a cell is left to its roughness.

use std::collections::BTreeMap;

use twin_core::spatial::GridSpec;
use twin_core::{Error, Result};

use crate::edge::{Axis, Edge};

/// A cell open to less than this counts as a building: its few square metres would only shorten the
/// reach of the numbers.
const CLOSED_BELOW: f64 = 0.1;

/// Open shares of the cells and edges that buildings stand in; all others are open.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Porosity {
    /// φ of cells, in (0, 1).
    cells: BTreeMap<usize, f64>,
    /// ψ of edges between cells, in [0, 1).
    edges: BTreeMap<Edge, f64>,
}

impl Porosity {
    /// From a raster of `parts` × `parts` parts per cell that says which are built on, row by row from
    /// the north; also the cells that are closed.
    ///
    /// # Errors
    /// A raster of another size.
    pub fn of_parts(spec: &GridSpec, parts: usize, built: &[bool]) -> Result<(Self, Vec<usize>)> {
        let width = spec.columns * parts;
        if parts == 0 || built.len() != spec.rows * parts * width {
            return Err(Error::input(
                "porosity",
                format!("il faut {parts} × {parts} parts par cellule"),
                format!("{parts} × {parts} parts per cell are needed"),
            ));
        }
        let open = |row: usize, column: usize| !built[row * width + column];
        // Share of a line of parts that is open.
        let share = |line: &mut dyn Iterator<Item = (usize, usize)>| {
            line.filter(|&(row, column)| open(row, column)).count() as f64 / parts as f64
        };
        let cell = |row: usize, column: usize| {
            let lines = row * parts..(row + 1) * parts;
            let sum: f64 = lines
                .map(|r| share(&mut (column * parts..(column + 1) * parts).map(|c| (r, c))))
                .sum();
            sum / parts as f64
        };
        let mut porosity = Self::default();
        let mut closed = Vec::new();
        for row in 0..spec.rows {
            for column in 0..spec.columns {
                let open = cell(row, column);
                if open < CLOSED_BELOW {
                    closed.push(spec.index(row, column));
                } else if open < 1.0 {
                    porosity.cells.insert(spec.index(row, column), open);
                }
            }
        }
        let is_closed = |cell: usize| closed.binary_search(&cell).is_ok();
        let narrowest = |before: usize, after: usize, lines: &mut dyn Iterator<Item = f64>| {
            let cells = porosity.storage(before).min(porosity.storage(after));
            let open = !(is_closed(before) || is_closed(after));
            open.then(|| lines.fold(cells, f64::min)).filter(|&share| share < 1.0)
        };
        // Lines of parts between the middles of the cells before and after a position.
        let between = |at: usize| at * parts - parts / 2..at * parts + parts.div_ceil(2);
        let within = |at: usize| at * parts..(at + 1) * parts;
        let mut edges = BTreeMap::new();
        for row in 0..spec.rows {
            for column in 0..spec.columns {
                let cell = spec.index(row, column);
                if column > 0 {
                    let mut lines =
                        between(column).map(|c| share(&mut within(row).map(|r| (r, c))));
                    if let Some(share) = narrowest(cell - 1, cell, &mut lines) {
                        edges.insert(Edge { axis: Axis::X, row, column }, share);
                    }
                }
                if row > 0 {
                    let mut lines =
                        between(row).map(|r| share(&mut within(column).map(|c| (r, c))));
                    if let Some(share) = narrowest(cell - spec.columns, cell, &mut lines) {
                        edges.insert(Edge { axis: Axis::Y, row, column }, share);
                    }
                }
            }
        }
        porosity.edges = edges;
        Ok((porosity, closed))
    }

    /// Whether all is open.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.edges.is_empty()
    }

    /// Open share of a cell.
    pub fn storage(&self, cell: usize) -> f64 {
        self.cells.get(&cell).copied().unwrap_or(1.0)
    }

    /// The cells that are open in part, and their shares.
    pub fn cells(&self) -> impl Iterator<Item = (usize, f64)> {
        self.cells.iter().map(|(&cell, &share)| (cell, share))
    }

    /// The edges that are open in part, and their shares.
    pub fn edges(&self) -> impl Iterator<Item = (Edge, f64)> {
        self.edges.iter().map(|(&edge, &share)| (edge, share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_between_the_middles_narrows_the_edge() -> Result<()> {
        // Two cells of 4 × 4 parts; a wall three parts long right of the middle of the first.
        let spec = GridSpec { west: 0.0, north: 1.0, cell_size: 1.0, columns: 2, rows: 1 };
        let built: Vec<bool> = (0..32).map(|i| i % 8 == 2 && i / 8 < 3).collect();
        let (porosity, closed) = Porosity::of_parts(&spec, 4, &built)?;
        assert!(closed.is_empty());
        assert_eq!(porosity.cells().collect::<Vec<_>>(), [(0, 13.0 / 16.0)]);
        let edge = Edge { axis: Axis::X, row: 0, column: 1 };
        assert_eq!(porosity.edges().collect::<Vec<_>>(), [(edge, 0.25)]);
        // Left of the middle it is not in the way.
        let built: Vec<bool> = (0..32).map(|i| i % 8 == 1 && i / 8 < 3).collect();
        let (porosity, _) = Porosity::of_parts(&spec, 4, &built)?;
        assert_eq!(porosity.edges().collect::<Vec<_>>(), [(edge, 13.0 / 16.0)]);
        assert!(Porosity::of_parts(&spec, 3, &built).is_err());
        Ok(())
    }

    #[test]
    fn full_cells_are_closed_and_empty_ones_open() -> Result<()> {
        let spec = GridSpec { west: 0.0, north: 1.0, cell_size: 1.0, columns: 3, rows: 1 };
        let built: Vec<bool> = (0..3 * 25).map(|i| i % 15 < 5).collect();
        let (porosity, closed) = Porosity::of_parts(&spec, 5, &built)?;
        assert_eq!(closed, [0]);
        assert_eq!(porosity.storage(1), 1.0);
        assert_eq!(porosity.storage(2), 1.0);
        Ok(())
    }
}
