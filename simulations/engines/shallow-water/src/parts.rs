//! The parts of the tiles at work in which anything can change.
//!
//! A flood is seldom as wide as its tiles. Where nothing falls or enters, a cell changes only if it or a
//! neighbour is wet, so the sweep goes over rectangles around these cells: one interval of
//! columns in each band of rows and tile, joined with the next where one sweep is cheaper than two. What
//! lies beside them stays as it is, to the bit.

use std::ops::Range;

use crate::frame::Frame;
use crate::layout::{BLOCK_COLUMNS, BLOCK_TILES, TILE};
use crate::options::Scheme;
use crate::real::Real;

/// Rows of a band.
const BAND: usize = 16;
/// Columns of a part are a multiple of this many: half a vector of the widest kind.
const STEP: usize = 8;
/// Rows and columns beside a part that its sweep looks at besides.
const BESIDE: usize = 8;
/// Columns of a tile and one on each side.
const SEEN: usize = TILE + 2;

/// A rectangle of cells of a block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) rows: Range<usize>,
    pub(crate) columns: Range<usize>,
}

impl Part {
    pub(crate) fn cells(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// Work of its sweep, in cells.
    fn cost(&self) -> usize {
        (self.rows.len() + BESIDE) * (self.columns.len() + BESIDE)
    }

    fn hull(&self, other: &Self) -> Self {
        let span = |a: &Range<usize>, b: &Range<usize>| a.start.min(b.start)..a.end.max(b.end);
        Self { rows: span(&self.rows, &other.rows), columns: span(&self.columns, &other.columns) }
    }

    fn meets(&self, other: &Self) -> bool {
        let share = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
        share(&self.rows, &other.rows) && share(&self.columns, &other.columns)
    }
}

/// Finds the parts of a run of tiles of a block (`tiles` counts from the first of the block) that have
/// `rows` rows in the grid; `residual` is what the rounding of the depths of the block has kept back.
pub(crate) fn find_parts<R: Real>(
    frame: &Frame<'_, R>,
    block: usize,
    tiles: Range<usize>,
    rows: usize,
    residual: &[R],
    parts: &mut Vec<Part>,
) {
    parts.clear();
    // Steps of their own end at the rims of tiles; rain falls everywhere.
    if frame.pace.lattice.is_local() || frame.rain > R::zero() {
        parts.push(Part { rows: 0..rows, columns: tiles.start * TILE..tiles.end * TILE });
        return;
    }
    for first in (0..rows).step_by(BAND) {
        let band = first..(first + BAND).min(rows);
        for tile in tiles.clone() {
            if let Some(columns) = moving_columns(frame, block, tile, &band, residual) {
                parts.push(Part { rows: band.clone(), columns });
            }
        }
    }
    join(parts);
}

/// Joins parts where one sweep is cheaper than two and meets no third.
fn join(parts: &mut Vec<Part>) {
    let joinable = |parts: &[Part]| {
        (0..parts.len()).find_map(|i| {
            (0..i).find_map(|j| {
                let hull = parts[i].hull(&parts[j]);
                let apart = |k: usize| k == i || k == j || !parts[k].meets(&hull);
                let cheaper = hull.cost() <= parts[i].cost() + parts[j].cost();
                (cheaper && (0..parts.len()).all(apart)).then_some((i, j, hull))
            })
        })
    };
    while let Some((i, j, hull)) = joinable(parts) {
        parts.remove(i);
        parts[j] = hull;
    }
}

/// Columns of the block, within a tile and a band of rows, in which something can change.
fn moving_columns<R: Real>(
    frame: &Frame<'_, R>,
    block: usize,
    tile: usize,
    band: &Range<usize>,
    residual: &[R],
) -> Option<Range<usize>> {
    let whole = tile * TILE..(tile + 1) * TILE;
    if frame.activity.pinned[block * BLOCK_TILES + tile] {
        return Some(whole);
    }
    let (first_row, first_column) = frame.layout.origin(block);
    let column = (first_column + whole.start) as isize - 1;
    let inertial = frame.scheme == Scheme::LocalInertial;
    // Entry i is column i − 1 of the tile: the cells beside it move what is within.
    let (mut from, mut to) = (SEEN, 0);
    let [mut depth, mut u, mut v] = [[R::zero(); SEEN]; 3];
    for row in band.start as isize - 1..=band.end as isize {
        if from <= STEP && to >= SEEN - STEP {
            break;
        }
        let see = |field: &[R], to: &mut [R]| {
            frame.layout.copy_row(field, first_row as isize + row, column, R::zero(), to);
        };
        see(&frame.now.depth, &mut depth);
        if inertial {
            see(&frame.now.u, &mut u);
            see(&frame.now.v, &mut v);
        }
        // What was kept back may yet count.
        let within = usize::try_from(row).ok().filter(|row| band.contains(row));
        let kept = within.map(|row| &residual[row * BLOCK_COLUMNS + whole.start..][..TILE]);
        let moves = |&i: &usize| {
            depth[i] > frame.closing.dry
                || (inertial && (u[i] != R::zero() || v[i] != R::zero()))
                || kept.is_some_and(|kept| {
                    (1..=TILE).contains(&i) && depth[i] + kept[i - 1] != depth[i]
                })
        };
        if let Some(first) = (0..from).find(moves) {
            from = first;
        }
        if let Some(last) = (to..SEEN).rev().find(moves) {
            to = last + 1;
        }
    }
    let start = from.saturating_sub(2) / STEP * STEP;
    let end = to.min(TILE).next_multiple_of(STEP);
    (from < to).then(|| whole.start + start..whole.start + end)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]
mod tests {
    use twin_core::spatial::{Grid, GridSpec};

    use super::*;
    use crate::{Bed, Boundaries, Condition, Options, Series, Side, Solver, Source, Split};

    /// A river enters a plain of hollows, a pond spreads over it and a sea retreats; with `everywhere` the
    /// sweep spares no cell.
    fn flood<R: Real>(options: Options, everywhere: bool) -> Solver<R> {
        let spec = GridSpec { west: 0.0, north: 600.0, cell_size: 2.0, columns: 230, rows: 300 };
        let hollows = |k: usize, period: f64| (k as f64 / period).sin();
        let elevation_m = Grid::from_fn(spec, |r, c| {
            5.0 - 0.01 * c as f64 + 0.4 * hollows(r, 9.0) * hollows(c, 13.0)
        });
        let bed = Bed::from_grids(&elevation_m, &Grid::filled(spec, 0.03)).unwrap();
        let retreat = Series::new(vec![(0.0, 3.2), (100.0, 2.0)]).unwrap();
        let boundaries =
            Boundaries::default().with("sea", bed.rim(Side::East), Condition::Stage(retreat));
        let river = Source::Inflow {
            name: "river".into(),
            cells: (20..30).map(|row| spec.index(row, 3)).collect(),
            discharge: Series::new(vec![(0.0, 20.0), (60.0, 0.0)]).unwrap(),
            split: Split::Conveyance,
        };
        let mut solver = Solver::new(bed, boundaries, vec![], vec![river], options).unwrap();
        let pond = |r: usize, c: usize| (150..170).contains(&r) && (40..90).contains(&c);
        let level = |r, c| if pond(r, c) { 6.0 } else { f64::from(c > 210) * 3.2 };
        solver.set_level(level).unwrap();
        solver.activity.pinned.iter_mut().for_each(|pinned| *pinned |= everywhere);
        solver.advance_to(120.0).unwrap();
        solver
    }

    fn spares_work_alone<R: Real>(options: Options) {
        let [spared, whole] = [false, true].map(|everywhere| flood::<R>(options, everywhere));
        assert!(2 * spared.cell_updates() < whole.cell_updates());
        assert_eq!(spared.steps(), whole.steps());
        let fields = |s: &Solver<R>| [s.depth(), s.velocity_u(), s.velocity_v()];
        assert!(fields(&spared) == fields(&whole));
    }

    #[test]
    fn what_is_spared_changes_no_bit() {
        let first = Options { scheme: Scheme::FirstOrder, ..Options::default() };
        for options in [Options::default(), first, Options::local_inertial()] {
            spares_work_alone::<f64>(options);
            spares_work_alone::<f32>(options);
        }
    }

    #[test]
    fn parts_are_joined_where_one_sweep_is_cheaper_and_never_overlap() {
        let part = |rows: Range<usize>, columns: Range<usize>| Part { rows, columns };
        let joined = |all: &[Part]| {
            let mut parts = all.to_vec();
            join(&mut parts);
            let apart = |i: usize| parts[i + 1..].iter().all(|q| !parts[i].meets(q));
            assert!((0..parts.len()).all(apart), "{parts:?}");
            parts
        };
        let tile = |row: usize, column: usize| part(row..row + 16, column..column + 64);
        assert_eq!(
            joined(&[tile(0, 0), tile(0, 64), tile(16, 0), tile(16, 64)]),
            [part(0..32, 0..128)]
        );
        let apart = [part(0..16, 0..8), part(0..16, 200..208), part(48..64, 100..108)];
        assert_eq!(joined(&apart).len(), 3);
        // Hulls that would cover a third part.
        joined(&[part(0..16, 0..16), part(0..16, 160..192), part(16..32, 0..192)]);
        joined(&[part(0..16, 0..128), part(16..32, 0..64), part(16..32, 64..72)]);
    }
}
