//! Buildings stop water; where the rain on them goes.

use std::collections::{BTreeMap, BTreeSet};

use twin_core::results::exposure::footprint_cells;
use twin_core::spatial::{Grid, GridSpec, cells_within};
use twin_core::territory::TerritoryView;

use crate::parameters::Roofs;
use crate::rain::RainField;

/// Closed cells, and what each open cell catches.
pub(crate) struct Catch {
    /// Whether a building stands on a cell.
    pub(crate) blocked: Vec<bool>,
    /// Cells whose rain falls on each open cell, its own among them; 0 on closed and void ones.
    pub(crate) cells: Vec<f32>,
    /// Cells whose rain leaves by a network.
    pub(crate) network: Vec<usize>,
    /// Rain that green roofs hold back.
    pub(crate) retention: Vec<RoofRetention>,
}

/// Rain of a green roof that a cell does not get, or a network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoofRetention {
    /// The cell, on the ground or of a roof with a network.
    pub cell: usize,
    /// Area of green roof that rains on it, in cells.
    pub share: f64,
    /// Rain held before water leaves, m.
    pub retention_m: f64,
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
        let mut retention = Vec::new();
        let mut green: BTreeMap<usize, f64> = BTreeMap::new();
        for roof in view.green_roofs() {
            cells_within(&spec, &roof.area, |row, column| {
                green.insert(spec.index(row, column), roof.retention_m);
            });
        }
        for building in buildings.iter().filter(|cells| !cells.is_empty()) {
            let roof = building.iter().copied().filter(|&cell| is_known(cell));
            let around = building.iter().flat_map(|&cell| beside(&spec, cell));
            let around: BTreeSet<usize> = around.filter(|&cell| is_open(cell)).collect();
            let held = |cell: usize| green.get(&cell).copied();
            if to == Roofs::Network || around.is_empty() {
                let of = |cell: usize| {
                    held(cell).map(|retention_m| RoofRetention { cell, share: 1.0, retention_m })
                };
                retention.extend(roof.clone().filter_map(of));
                network.extend(roof);
                continue;
            }
            let share = 1.0 / around.len() as f64;
            for retention_m in roof.clone().filter_map(held) {
                let of = |&cell: &usize| RoofRetention { cell, share, retention_m };
                retention.extend(around.iter().map(of));
            }
            let caught = (roof.count() as f64 * share) as f32;
            around.iter().for_each(|&cell| cells[cell] += caught);
        }
        Self { blocked, cells, network, retention: merged(retention) }
    }
}

/// Rain that green roofs hold back during a step.
pub(crate) struct Withheld {
    /// By cell what does not come onto it, m; empty without green roofs.
    by_cell: Vec<f64>,
    /// What does not come into a network, cells times m.
    pub(crate) of_network_m: f64,
    /// All, cells times m.
    pub(crate) total_m: f64,
}

impl Withheld {
    /// What roofs hold between two times: rain until their retention is full, never more. Cells without catch
    /// are roofs with a network.
    pub(crate) fn new(
        retention: &[RoofRetention],
        catch: &[f32],
        rain: &RainField,
        [from_s, until_s]: [f64; 2],
    ) -> Self {
        let mut withheld = Self { by_cell: Vec::new(), of_network_m: 0.0, total_m: 0.0 };
        if retention.is_empty() {
            return withheld;
        }
        withheld.by_cell = vec![0.0; catch.len()];
        let [before, after] = [from_s, until_s].map(|time_s| rain.depths_m(0.0, time_s));
        for roof in retention {
            let place = rain.place(roof.cell);
            let full = |fallen: &[f64]| fallen[place].min(roof.retention_m);
            let held = roof.share * (full(&after) - full(&before));
            withheld.total_m += held;
            if catch[roof.cell] > 0.0 {
                withheld.by_cell[roof.cell] += held;
            } else {
                withheld.of_network_m += held;
            }
        }
        withheld
    }

    /// What does not come onto a cell, m.
    pub(crate) fn of(&self, cell: usize) -> f64 {
        self.by_cell.get(cell).copied().unwrap_or(0.0)
    }
}

/// One entry for each cell and depth.
fn merged(mut entries: Vec<RoofRetention>) -> Vec<RoofRetention> {
    entries.sort_by(|a, b| a.cell.cmp(&b.cell).then(a.retention_m.total_cmp(&b.retention_m)));
    entries.dedup_by(|next, kept| {
        let is_same = next.cell == kept.cell && next.retention_m == kept.retention_m;
        if is_same {
            kept.share += next.share;
        }
        is_same
    });
    entries
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
