//! Buildings stop water; where the rain on them goes.

use std::collections::BTreeSet;

use twin_core::results::exposure::footprint_cells;
use twin_core::spatial::{Grid, GridSpec};
use twin_core::territory::TerritoryView;

use crate::parameters::Roofs;

/// Closed cells, and what each open cell catches.
pub(crate) struct Catch {
    /// Whether a building stands on a cell.
    pub(crate) blocked: Vec<bool>,
    /// Cells whose rain falls on each open cell, its own among them; 0 on closed and void ones.
    pub(crate) cells: Vec<f32>,
    /// Cells whose rain leaves by a network.
    pub(crate) network: Vec<usize>,
}

impl Catch {
    /// Closes the cells of standing buildings and gives their rain to the open cells around them, or to a
    /// network, as that of buildings without an open cell around.
    pub(crate) fn new(view: &TerritoryView, elevation: &Grid<f32>, to: Roofs) -> Self {
        let spec = elevation.spec;
        let is_known = |cell: usize| elevation.values[cell].is_finite();
        let mut blocked = vec![false; spec.len()];
        let mut buildings: Vec<Vec<usize>> = Vec::new();
        for building in view.features().buildings.iter().filter(|b| b.is_standing()) {
            let cells = footprint_cells(&spec, building).into_iter();
            let cells = cells.map(|(row, column)| spec.index(row, column));
            // A cell of two buildings belongs to the first.
            let own: Vec<usize> =
                cells.filter(|&cell| !std::mem::replace(&mut blocked[cell], true)).collect();
            buildings.push(own);
        }
        let is_open = |cell: usize| is_known(cell) && !blocked[cell];
        let mut cells: Vec<f32> =
            (0..spec.len()).map(|cell| if is_open(cell) { 1.0 } else { 0.0 }).collect();
        let mut network = Vec::new();
        for building in buildings.iter().filter(|cells| !cells.is_empty()) {
            let roof = building.iter().copied().filter(|&cell| is_known(cell));
            let around = building.iter().flat_map(|&cell| beside(&spec, cell));
            let around: BTreeSet<usize> = around.filter(|&cell| is_open(cell)).collect();
            if to == Roofs::Network || around.is_empty() {
                network.extend(roof);
                continue;
            }
            let share = (roof.count() as f64 / around.len() as f64) as f32;
            around.iter().for_each(|&cell| cells[cell] += share);
        }
        Self { blocked, cells, network }
    }
}

/// The cells that share a side with one.
pub(crate) fn beside(spec: &GridSpec, cell: usize) -> impl Iterator<Item = usize> {
    let (row, column) = spec.row_column(cell);
    let spec = *spec;
    let near = [
        (row.wrapping_sub(1), column),
        (row + 1, column),
        (row, column.wrapping_sub(1)),
        (row, column + 1),
    ];
    near.into_iter()
        .filter(move |&(r, c)| r < spec.rows && c < spec.columns)
        .map(move |(r, c)| spec.index(r, c))
}
