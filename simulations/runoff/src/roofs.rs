//! Buildings stop water; where the rain on them goes.
//!
//! A cell is closed where buildings stand on half of it or more. Roofs and ground count by their exact areas, on
//! cells of any size: the rain of a roof, and of the ground left in the cells that it closes, falls on the open
//! cells that the building touches or stands beside.

use std::collections::BTreeMap;

use twin_core::spatial::{Grid, GridSpec, cell_shares};
use twin_core::territory::{GreenRoof, TerritoryView};

use crate::parameters::Roofs;
use crate::rain::RainField;

/// Share of a cell from which buildings close it.
const CLOSED_SHARE: f64 = 0.5;

/// Closed cells, and what each open cell catches.
pub(crate) struct Catch {
    /// Whether buildings close a cell.
    pub(crate) blocked: Vec<bool>,
    /// Area whose rain falls on each open cell, in cells; 0 on closed and void ones.
    pub(crate) cells: Vec<f32>,
    /// Roofs whose rain leaves by a network.
    pub(crate) network: Vec<RoofShare>,
    /// Green roofs whose rain falls on the ground.
    pub(crate) green: Vec<RoofShare>,
    footings: Vec<Footing>,
}

/// A part of a roof, with the cell that its rain falls on; where a network takes it, the cell it stands at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoofShare {
    /// The cell.
    pub cell: usize,
    /// Area, in cells.
    pub share: f64,
    /// Rain held before water leaves, m; 0 on a bare roof.
    pub retention_m: f64,
}

impl RoofShare {
    /// What the roof has held of the rain that has fallen, cells times m.
    pub(crate) fn held_m(&self, fallen_m: f64) -> f64 {
        self.share * fallen_m.min(self.retention_m)
    }
}

/// Cells of a footprint with the share of each that the building stands on.
type Footprint = Vec<(usize, f64)>;

/// The open ground in the cells that a building closes counts with the open cells around.
struct Footing {
    /// Closed cells with the building's part of all that stands on them.
    closed: Vec<(usize, f64)>,
    around: Vec<usize>,
}

impl Catch {
    /// The roofs of standing buildings, to the ground or to a network; to a network goes all that has no open
    /// cell around.
    pub(crate) fn new(view: &TerritoryView, elevation: &Grid<f32>, to: Roofs) -> Self {
        let spec = elevation.spec;
        let (footprints, built) = footprints(view, elevation);
        let blocked: Vec<bool> = built.iter().map(|&share| share >= CLOSED_SHARE).collect();
        let is_open = |cell: usize| elevation.values[cell].is_finite() && !blocked[cell];
        let own_ground = |cell: usize| if is_open(cell) { 1.0 - built[cell] } else { 0.0 };
        let mut cells: Vec<f64> = (0..spec.len()).map(own_ground).collect();
        let (mut network, mut green, mut footings) = (Vec::new(), Vec::new(), Vec::new());
        let greens = green_areas(view, &spec);
        for footprint in footprints.iter().filter(|cells| !cells.is_empty()) {
            let is_closed = |(cell, _): &&(usize, f64)| blocked[*cell];
            let of_all = |&(cell, share): &(usize, f64)| (cell, share / built[cell]);
            let closed: Footprint = footprint.iter().filter(is_closed).map(of_all).collect();
            let touched = footprint.iter().map(|(cell, _)| *cell);
            let next_to = closed.iter().flat_map(|(cell, _)| beside(&spec, *cell));
            let mut around: Vec<usize> = touched.chain(next_to).filter(|c| is_open(*c)).collect();
            around.sort_unstable();
            around.dedup();
            let is_enclosed = around.is_empty();
            let ground: f64 = closed.iter().map(|(cell, part)| (1.0 - built[*cell]) * part).sum();
            if is_enclosed {
                around.push(footprint[0].0);
            }
            let part = 1.0 / around.len() as f64;
            let mut fall = |area: f64, retention_m: f64, to_network: bool| {
                let share = part * area;
                let of = |&cell: &usize| RoofShare { cell, share, retention_m };
                if to_network {
                    network.extend(around.iter().map(of));
                    return;
                }
                around.iter().for_each(|&cell| cells[cell] += share);
                if retention_m > 0.0 {
                    green.extend(around.iter().map(of));
                }
            };
            fall(ground, 0.0, is_enclosed);
            for (area, retention_m) in roof_areas(footprint, &greens) {
                fall(area, retention_m, is_enclosed || to == Roofs::Network);
            }
            if !is_enclosed {
                footings.push(Footing { closed, around });
            }
        }
        let cells = cells.into_iter().map(|cells| cells as f32).collect();
        Self { blocked, cells, network: merged(network), green: merged(green), footings }
    }

    /// Whether a green roof covers anything.
    pub(crate) fn has_green_roofs(&self) -> bool {
        self.green.iter().chain(&self.network).any(|roof| roof.retention_m > 0.0)
    }

    /// Gives the pervious ground of closed cells to the open cells around, each at most its whole area.
    pub(crate) fn count_ground_of_closed(&self, pervious: &mut [f32]) {
        for Footing { closed, around } in &self.footings {
            let area: f64 =
                closed.iter().map(|(cell, part)| f64::from(pervious[*cell]) * part).sum();
            let each = (area / around.len() as f64) as f32;
            around.iter().for_each(|&cell| pervious[cell] = (pervious[cell] + each).min(1.0));
        }
    }
}

/// The footprints of standing buildings on known ground, and the built share of each cell; what two buildings
/// claim belongs to the first.
fn footprints(view: &TerritoryView, elevation: &Grid<f32>) -> (Vec<Footprint>, Vec<f64>) {
    let spec = elevation.spec;
    let mut built = vec![0.0; spec.len()];
    let standing = view.features().buildings.iter().filter(|b| b.is_standing());
    let footprints = standing
        .map(|building| {
            let mut own = Vec::new();
            cell_shares(&spec, building.footprint(), |row, column, share| {
                let cell = spec.index(row, column);
                let share = share.min(1.0 - built[cell]);
                if share > 0.0 && elevation.values[cell].is_finite() {
                    built[cell] += share;
                    own.push((cell, share));
                }
            });
            own
        })
        .collect();
    (footprints, built)
}

/// By measure the cells of its green roofs, with the share that is within it, and the rain they hold, m.
fn green_areas(view: &TerritoryView, spec: &GridSpec) -> Vec<(BTreeMap<usize, f64>, f64)> {
    let of = |roof: &GreenRoof| {
        let mut shares = BTreeMap::new();
        cell_shares(spec, &roof.area, |row, column, share| {
            shares.insert(spec.index(row, column), share);
        });
        (shares, roof.retention_m)
    };
    view.green_roofs().map(of).collect()
}

/// Areas of a roof, in cells, with the rain that each holds, m: green ones, where two overlap by the later, and
/// what is bare.
fn roof_areas(footprint: &Footprint, greens: &[(BTreeMap<usize, f64>, f64)]) -> Vec<(f64, f64)> {
    let mut bare = footprint.clone();
    let mut areas = Vec::new();
    for (shares, retention_m) in greens.iter().rev() {
        let mut area = 0.0;
        for (cell, left) in &mut bare {
            let covered = shares.get(cell).map_or(0.0, |share| share.min(*left));
            *left -= covered;
            area += covered;
        }
        areas.push((area, *retention_m));
    }
    areas.push((bare.iter().map(|(_, left)| left).sum(), 0.0));
    areas.retain(|(area, _)| *area > 0.0);
    areas
}

/// What each roof holds of the rain between two times, cells times m: rain until its retention is full.
pub(crate) fn held_m(
    roofs: &[RoofShare],
    rain: &RainField,
    [from_s, until_s]: [f64; 2],
) -> Vec<f64> {
    if roofs.iter().all(|roof| roof.retention_m == 0.0) {
        return vec![0.0; roofs.len()];
    }
    let [before, after] = [from_s, until_s].map(|time_s| rain.depths_m(0.0, time_s));
    let held = |roof: &RoofShare| {
        let place = rain.place(roof.cell);
        roof.held_m(after[place]) - roof.held_m(before[place])
    };
    roofs.iter().map(held).collect()
}

/// One entry for each cell and depth.
fn merged(mut entries: Vec<RoofShare>) -> Vec<RoofShare> {
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
