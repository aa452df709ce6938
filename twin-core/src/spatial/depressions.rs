//! Pits of a terrain: shallow ones filled, deeper ones opened by a short cut.
//!
//! Water of a simulation would stand in every pit that noise leaves in the terrain. A pit that spills
//! within a limit is filled to its spill level. A deeper one is breached where a cut of limited length
//! and depth leads to lower ground: of all ways the one with the least to dig (Lindsay & Dhun 2015,
//! doi:10.1080/13658816.2014.975715; Lindsay 2016, doi:10.1002/hyp.10648). Cuts pass no barrier: what
//! holds water back in reality must do so in the model. What remains holds water and is left.
//!
//! Every pit is treated on the same terrain, whatever becomes of the others, so that the result
//! depends on no order and on no block; of several cuts and fillings of a cell the lowest cut holds,
//! else the highest filling.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use rayon::prelude::*;

use super::{Grid, GridSpec};

/// How far pits are mended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PitLimits {
    /// Deepest pit that is filled, m.
    pub deepest_fill_m: f32,
    /// Largest pit that is filled, m².
    pub largest_fill_m2: f64,
    /// Deepest cut, m.
    pub deepest_cut_m: f32,
    /// Farthest that a pit is looked at and a cut may lead, m, at least three cells; a window needs it
    /// around its core twice.
    pub reach_m: f64,
}

/// What becomes of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PitMend {
    /// Raised to a level.
    Fill(f32),
    /// Lowered to a level.
    Cut(f32),
}

/// What was done to the pits of a window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MendedPits {
    /// Cells by position.
    pub cells: BTreeMap<usize, PitMend>,
    /// Positions of pits that stay.
    pub left: Vec<usize>,
}

/// What becomes of the cells of one pit; `None` where it stays.
type OfPit = Option<Vec<(usize, PitMend)>>;

/// Mends the pits of a bed. `barrier` tells the cells that no cut may pass, `is_water` those whose
/// level is no pit.
pub fn mend_pits(
    bed: &Grid<f32>,
    barrier: &Grid<bool>,
    is_water: &Grid<bool>,
    limits: &PitLimits,
) -> MendedPits {
    let spec = bed.spec;
    let reach = ((limits.reach_m / spec.cell_size) as usize).max(3);
    let found: Vec<(usize, OfPit)> = (0..spec.len())
        .into_par_iter()
        .filter(|&i| !is_water.values[i] && is_pit(bed, i))
        .map_init(
            || Window::new(reach),
            |window, i| {
                let around = Around { bed, pit: i, reach, limits };
                match around.fill(window) {
                    Some(cells) if cells.is_empty() => None,
                    Some(cells) => Some((i, Some(cells))),
                    None => Some((i, around.cut(barrier, window))),
                }
            },
        )
        .flatten()
        .collect();
    let mut mended = MendedPits::default();
    for (pit, cells) in found {
        let Some(cells) = cells else {
            mended.left.push(pit);
            continue;
        };
        for (i, mend) in cells {
            let known = mended.cells.entry(i).or_insert(mend);
            *known = match (*known, mend) {
                (PitMend::Cut(a), PitMend::Cut(b)) => PitMend::Cut(a.min(b)),
                (PitMend::Fill(a), PitMend::Fill(b)) => PitMend::Fill(a.max(b)),
                (PitMend::Cut(a), _) | (_, PitMend::Cut(a)) => PitMend::Cut(a),
            };
        }
    }
    mended
}

/// Whether no neighbour is lower; void neighbours let water out.
fn is_pit(bed: &Grid<f32>, i: usize) -> bool {
    let level = bed.values[i];
    let (row, column) = bed.spec.row_column(i);
    let is_inside =
        row > 0 && column > 0 && row + 1 < bed.spec.rows && column + 1 < bed.spec.columns;
    level.is_finite() && is_inside && neighbours(&bed.spec, i).all(|n| bed.values[n] >= level)
}

/// The eight cells around one, those beyond the grid left out.
fn neighbours(spec: &GridSpec, i: usize) -> impl Iterator<Item = usize> + use<> {
    let (row, column) = spec.row_column(i);
    let (rows, columns) = (spec.rows, spec.columns);
    (row.saturating_sub(1)..(row + 2).min(rows)).flat_map(move |r| {
        (column.saturating_sub(1)..(column + 2).min(columns)).filter_map(move |c| {
            let n = r * columns + c;
            (n != i).then_some(n)
        })
    })
}

/// A pit and the terrain around it.
struct Around<'a> {
    bed: &'a Grid<f32>,
    pit: usize,
    /// Rows and columns on each side.
    reach: usize,
    limits: &'a PitLimits,
}

/// The cells within reach of a pit and one around them: what it costs to come there and from where.
/// Kept from pit to pit; a cell is known when its stamp is that of the present search.
struct Window {
    side: usize,
    search: u32,
    stamp: Vec<u32>,
    cost: Vec<f32>,
    from: Vec<usize>,
}

impl Window {
    fn new(reach: usize) -> Self {
        let side = 2 * reach + 3;
        let cells = side * side;
        Self {
            side,
            search: 0,
            stamp: vec![0; cells],
            cost: vec![0.0; cells],
            from: vec![0; cells],
        }
    }

    /// Forgets the last search.
    fn begin(&mut self) {
        if self.search == u32::MAX {
            self.stamp.fill(0);
            self.search = 0;
        }
        self.search += 1;
    }

    fn known(&self, at: usize) -> Option<f32> {
        (self.stamp[at] == self.search).then(|| self.cost[at])
    }

    fn set(&mut self, at: usize, cost: f32, from: usize) {
        self.stamp[at] = self.search;
        self.cost[at] = cost;
        self.from[at] = from;
    }
}

impl Around<'_> {
    fn is_near(&self, i: usize) -> bool {
        let ((row, column), (r, c)) =
            (self.bed.spec.row_column(self.pit), self.bed.spec.row_column(i));
        row.abs_diff(r) <= self.reach && column.abs_diff(c) <= self.reach
    }

    /// Position of a cell within reach, or beside one, in the window.
    fn at(&self, window: &Window, i: usize) -> usize {
        let ((row, column), (r, c)) =
            (self.bed.spec.row_column(self.pit), self.bed.spec.row_column(i));
        (r + self.reach + 1 - row) * window.side + (c + self.reach + 1 - column)
    }

    /// The cells of the pit raised to its spill level; none where it spills at its own level;
    /// `None` where it is too deep or too large.
    fn fill(&self, window: &mut Window) -> OfPit {
        window.begin();
        let spec = &self.bed.spec;
        let most = ((self.limits.largest_fill_m2 / spec.cell_area()) as usize).max(4);
        let bottom = self.bed.values[self.pit];
        let mut level = bottom;
        let mut heap = BinaryHeap::from([Reverse((OrderedHeight(bottom), self.pit))]);
        window.set(self.at(window, self.pit), 0.0, self.pit);
        let mut pool = Vec::new();
        while let Some(Reverse((OrderedHeight(height), i))) = heap.pop() {
            if height < level || height.is_nan() {
                let filled = pool.into_iter().filter(|&p| self.bed.values[p] < level);
                return Some(filled.map(|p| (p, PitMend::Fill(level))).collect());
            }
            level = height;
            if level > bottom + self.limits.deepest_fill_m || pool.len() >= most || !self.is_near(i)
            {
                return None;
            }
            pool.push(i);
            for n in neighbours(spec, i) {
                let at = self.at(window, n);
                if window.known(at).is_none() {
                    window.set(at, 0.0, i);
                    heap.push(Reverse((OrderedHeight(self.bed.values[n]), n)));
                }
            }
        }
        None
    }

    /// The cells of the cut with the least to dig from the pit to ground lower than it.
    fn cut(&self, barrier: &Grid<bool>, window: &mut Window) -> OfPit {
        window.begin();
        let spec = &self.bed.spec;
        let bottom = self.bed.values[self.pit];
        let mut heap = BinaryHeap::from([Reverse((OrderedHeight(0.0), 0usize, self.pit))]);
        window.set(self.at(window, self.pit), 0.0, self.pit);
        while let Some(Reverse((OrderedHeight(dug), steps, i))) = heap.pop() {
            let height = self.bed.values[i];
            if height < bottom || height.is_nan() {
                return Some(self.trench(window, i));
            }
            if window.known(self.at(window, i)).is_some_and(|known| known < dug) {
                continue;
            }
            for n in neighbours(spec, i) {
                let height = self.bed.values[n];
                if barrier.values[n]
                    || height > bottom + self.limits.deepest_cut_m
                    || !self.is_near(n)
                {
                    continue;
                }
                let cost = dug + (height - bottom).max(0.0) + 1e-3;
                let cost = if height.is_nan() { dug } else { cost };
                let at = self.at(window, n);
                if window.known(at).is_none_or(|known| cost < known) {
                    window.set(at, cost, i);
                    heap.push(Reverse((OrderedHeight(cost), steps + 1, n)));
                }
            }
        }
        None
    }

    /// The way found, lowered evenly from the pit to its end.
    fn trench(&self, window: &Window, end: usize) -> Vec<(usize, PitMend)> {
        let mut way = vec![end];
        let mut at = end;
        while at != self.pit {
            at = window.from[self.at(window, at)];
            way.push(at);
        }
        let top = self.bed.values[self.pit];
        let fall = if self.bed.values[end].is_finite() { self.bed.values[end] - top } else { 0.0 };
        let count = way.len();
        way.iter()
            .rev()
            .enumerate()
            .map(|(k, &i)| (i, top + fall * k as f32 / (count - 1).max(1) as f32))
            .filter(|(i, level)| *level < self.bed.values[*i])
            .map(|(i, level)| (i, PitMend::Cut(level)))
            .collect()
    }
}

/// A height with the total order of floating-point numbers; `NaN` comes last.
#[derive(Debug, Clone, Copy, PartialEq)]
struct OrderedHeight(f32);

impl Eq for OrderedHeight {}

impl PartialOrd for OrderedHeight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OrderedHeight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: GridSpec =
        GridSpec { west: 0.0, north: 40.0, cell_size: 1.0, columns: 60, rows: 40 };

    /// A slope of 2 % to the east.
    fn slope() -> Grid<f32> {
        Grid::from_fn(SPEC, |_, column| 20.0 - 0.02 * column as f32)
    }

    fn mended(bed: &mut Grid<f32>, barrier: &Grid<bool>) -> MendedPits {
        let limits = PitLimits {
            deepest_fill_m: 0.2,
            largest_fill_m2: 100.0,
            deepest_cut_m: 1.0,
            reach_m: 30.0,
        };
        let made = mend_pits(bed, barrier, &Grid::filled(SPEC, false), &limits);
        for (&i, mend) in &made.cells {
            let (PitMend::Fill(level) | PitMend::Cut(level)) = *mend;
            bed.values[i] = level;
        }
        made
    }

    #[test]
    fn noise_is_filled_to_its_spill_and_no_higher() {
        let mut bed = slope();
        bed[(20, 30)] -= 0.15;
        let made = mended(&mut bed, &Grid::filled(SPEC, false));
        assert_eq!(made.cells.len(), 1);
        assert_eq!(bed[(20, 30)], bed[(20, 31)]);
    }

    #[test]
    fn a_pond_behind_a_bank_is_cut_open_unless_the_bank_is_a_barrier() {
        // A bank of 0.5 m across the slope, 3 m wide, bent so that water gathers behind it.
        let walled = || {
            let mut bed = slope();
            for row in 0..40usize {
                let bend = row.abs_diff(20) / 4;
                for column in 30 - bend..33 - bend {
                    bed[(row, column)] = 19.9;
                }
            }
            bed
        };
        let mut open = walled();
        let made = mended(&mut open, &Grid::filled(SPEC, false));
        assert!(made.left.is_empty());
        assert!(made.cells.values().any(|m| matches!(m, PitMend::Cut(_))));
        let mut held = walled();
        let is_bank = held.map(|z| *z == 19.9);
        let made = mended(&mut held, &is_bank);
        assert!(made.cells.is_empty());
        assert!(!made.left.is_empty());
    }

    #[test]
    fn a_basin_too_deep_for_a_cut_stays_as_it_is() {
        let mut bed = slope();
        for row in 15..25 {
            for column in 20..30 {
                bed[(row, column)] = 15.0 + 0.001 * (row + column) as f32;
            }
        }
        let before = bed.clone();
        let made = mended(&mut bed, &Grid::filled(SPEC, false));
        assert_eq!(made.left.len(), 1);
        assert_eq!(bed, before);
    }
}
