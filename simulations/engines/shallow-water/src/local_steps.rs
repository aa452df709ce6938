//! Local time stepping: tiles with slow waves take longer steps.
//!
//! Time is cut into a lattice of steps Δt, as short as the fastest waves need them. A tile of level k
//! takes steps of 2^k Δt, each beginning at a multiple of 2^k; the fastest wave in it and in the eight
//! tiles around it decides its level, anew for every step. At each point of the lattice the tiles
//! whose step is over take the next one, slowest first, all from the states of that time. Where waves
//! grow, tiles of level 0 divide their steps further.
//!
//! At an edge between two levels the slower tile, which goes first, computes the flux for the whole of its
//! step and leaves it there; the faster tile takes it as it stands in each of its own steps. It is
//! computed once and counted on both sides for the same time: mass is conserved to round-off, and
//! rest stays rest. (Osher & Sanders 1983, doi 10.1090/S0025-5718-1983-0717689-8, for the idea; Sanders
//! 2008, *Integration of a shallow water model with a local time step*, J. Hydraul. Res. 46(4), for
//! shallow water.) What the faster cell still owes at such an edge is set aside before the limiter of
//! `draining` shares out the rest, so no depth becomes negative.
//!
//! The tiles around a fast one are fast too, so a wave that speeds up does not reach a slower tile before
//! that has chosen its level again, and the flux that is held is stable on both sides.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::activity::Activity;
use crate::boundary::Condition;
use crate::draining::draining_cell;
use crate::frame::Frame;
use crate::layout::{BLOCK_TILES, TILE};
use crate::real::Real;
use crate::rows::{FaceFlux, MARGIN};
use crate::solver::Solver;
use crate::source::Source;
use crate::sweep::{Run, Sweep, slot};

/// Share of the work that local steps have to save: less does not pay for the sweeps of the levels.
const WORTH_WHILE: f64 = 0.2;
/// Share of the longest stable step that a tile of level 1 or more may take: its waves may grow.
const PRUDENCE: f64 = 0.9;
/// Edges around the tiles of a block.
pub(crate) const RIM_EDGES: usize = BLOCK_TILES * 4 * TILE;

/// The times at which steps begin and end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lattice {
    start: f64,
    /// Shortest step, s.
    step: f64,
    /// Number of steps, a power of two.
    points: u32,
    /// The point that has been reached.
    point: u32,
    /// Whether the present time is that of the point, not one between it and the next.
    at_point: bool,
}

impl Lattice {
    /// The longest lattice with this step, and at most 2^`highest` of them, that ends by `target`.
    pub(crate) fn new(start: f64, step: f64, target: f64, highest: u8) -> Self {
        let ends = |points: u32| start + f64::from(points) * step;
        let mut points = 1 << highest;
        while points > 1 && ends(points) > target {
            points /= 2;
        }
        Self { start, step, points, point: 0, at_point: true }
    }

    /// The same, or a single step where steps of their own would spare the tiles little.
    pub(crate) fn where_worth_while(
        self,
        activity: &Activity,
        level_of: impl Fn(&Self, f64) -> u8,
    ) -> Self {
        if self.is_local() && activity.saving(|wave| level_of(&self, wave)) < WORTH_WHILE {
            return Self { points: 1, ..self };
        }
        self
    }

    /// Whether all tiles are at the same time.
    pub(crate) fn is_over(&self) -> bool {
        self.point == self.points
    }

    /// Whether tiles may take steps of their own.
    pub(crate) fn is_local(&self) -> bool {
        self.points > 1
    }

    pub(crate) fn time(&self, point: u32) -> f64 {
        self.start + f64::from(point) * self.step
    }

    /// Time of the next point.
    pub(crate) fn next(&self) -> f64 {
        self.time(self.point + 1)
    }

    /// The point at which the next step begins, if at one.
    pub(crate) fn point(&self) -> Option<u32> {
        self.at_point.then_some(self.point)
    }

    /// The highest level that fits in.
    pub(crate) fn highest(&self) -> u8 {
        self.points.trailing_zeros() as u8
    }

    /// Length of a step of a level, s.
    pub(crate) fn step(&self, level: u8) -> f64 {
        f64::from(1u32 << level) * self.step
    }

    /// The highest level at which waves cross at most the distance `reach` (m) in a step.
    pub(crate) fn level(&self, reach: f64, wave: f64, longest: f64) -> u8 {
        let longest = longest.min(PRUDENCE * reach / wave);
        (1..=self.highest()).take_while(|&level| self.step(level) <= longest).count() as u8
    }

    /// Notes the end of a step of level 0.
    pub(crate) fn pass(&mut self, end: f64) {
        self.at_point = !self.is_local() || end >= self.next();
        self.point += u32::from(self.at_point);
    }
}

/// What a frame knows of the paces of tiles.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace<'a, R> {
    /// Level of the tiles that step now.
    pub(crate) level: u8,
    /// Fluxes through the rims of all tiles in their present steps; empty when all are of one pace.
    pub(crate) rims: &'a [FaceFlux<R>],
    pub(crate) lattice: Lattice,
    /// Beginning of the step, s.
    pub(crate) from: f64,
}

/// Sides of a tile in the order of its rim.
#[derive(Debug, Clone, Copy)]
enum RimSide {
    West,
    East,
    South,
    North,
}

/// Rims of a tile among those of its block, or of all tiles.
pub(crate) fn rims_of(tile: usize) -> Range<usize> {
    tile * 4 * TILE..(tile + 1) * 4 * TILE
}

/// One side of them.
fn rim(tile: usize, side: RimSide) -> Range<usize> {
    let start = rims_of(tile).start + side as usize * TILE;
    start..start + TILE
}

impl<R: Real> Solver<R> {
    /// Keeps tiles on short steps where something acts that changes with time or the level.
    pub(crate) fn follow_every_step(&mut self) {
        let moving = |c: &Condition| matches!(c, Condition::Stage(_)) || c.imposes_discharge();
        let segments = self.segments.iter().zip(&self.segment_faces);
        let faces = segments.filter(|(s, _)| moving(&s.condition)).flat_map(|(_, faces)| faces);
        let of_faces = faces.map(|&face| self.faces[face].outer.cell);
        let of_sources = self.sources.iter().flat_map(Source::cells).copied();
        let of_links = self.links.iter().flat_map(|l| l.from.iter().chain(&l.to)).copied();
        let crests = self.crest_edges.iter().filter(|edge| {
            let structure = &self.structures[edge.structure];
            !(structure.breaches.is_empty() && structure.openings.is_empty())
        });
        let of_crests = crests.flat_map(|edge| edge.cells);
        let cells = of_faces.chain(of_sources).chain(of_links).chain(of_crests);
        let tiles: BTreeSet<usize> = cells.map(|cell| self.tile_of(cell)).collect();
        self.activity.set_prompt(tiles.into_iter());
    }
}

impl<R: Real> Frame<'_, R> {
    /// Flux that a slower tile has left at the edge between two cells (row, column), the western or
    /// southern one first, and the share of Δt/Δx for which it will still pass, s/m.
    fn held(&self, cells: [(isize, isize); 2], along_x: bool) -> Option<(FaceFlux<R>, R)> {
        let rows = self.layout.rows as isize;
        let columns = self.layout.columns as isize;
        let inside = |(r, c): (isize, isize)| (0..rows).contains(&r) && (0..columns).contains(&c);
        if !cells.iter().all(|&cell| inside(cell)) {
            return None;
        }
        let [minus, plus] = cells.map(|(r, c)| (r as usize, c as usize));
        let [before, after] = [minus, plus].map(|(r, c)| self.activity.tile_of(r, c));
        let [of_before, of_after] = [before, after].map(|tile| self.activity.pace(tile));
        let first = of_before.0 >= of_after.0;
        let (tile, (level, until)) = if first { (before, of_before) } else { (after, of_after) };
        let closed = |(r, c)| self.friction[self.layout.place(r, c)] < R::zero();
        if level <= self.pace.level || closed(minus) || closed(plus) {
            return None;
        }
        let (side, along) = match (along_x, first) {
            (true, true) => (RimSide::East, minus.0),
            (true, false) => (RimSide::West, minus.0),
            (false, true) => (RimSide::North, minus.1),
            (false, false) => (RimSide::South, minus.1),
        };
        let flux = self.pace.rims[rim(tile, side).start + along % TILE];
        let left = self.pace.lattice.time(until) - self.pace.from;
        Some((flux, R::of(left / self.cell_size)))
    }

    /// The same at the western edge of a cell.
    fn held_west(&self, row: isize, column: isize) -> Option<(FaceFlux<R>, R)> {
        self.held([(row, column - 1), (row, column)], true)
    }

    /// The same at the northern edge of a cell.
    fn held_north(&self, row: isize, column: isize) -> Option<(FaceFlux<R>, R)> {
        self.held([(row, column), (row - 1, column)], false)
    }
}

impl<R: Real> Sweep<R> {
    /// Puts in the fluxes that slower tiles hold at the western edges of a row.
    pub(crate) fn hold_x(&mut self, frame: &Frame<'_, R>, run: &Run, row: isize) {
        let faces = &mut self.x_faces[slot::<3>(row)];
        for column in [run.around(0).start, run.around(0).end] {
            if let Some((flux, _)) = frame.held_west(run.row + row, column) {
                faces.set(run.local(column), flux);
            }
        }
    }

    /// Puts in the fluxes that slower tiles hold at the northern edges of a row.
    pub(crate) fn hold_y(&mut self, frame: &Frame<'_, R>, run: &Run, row: isize) {
        if row != 0 && row != run.rows {
            return;
        }
        let faces = &mut self.y_faces[slot::<3>(row)];
        for column in run.around(1) {
            if let Some((flux, _)) = frame.held_north(run.row + row, column) {
                faces.set(run.local(column), flux);
            }
        }
    }

    /// Sets aside what the cells of a row owe at held edges; whether that limits any of them.
    pub(crate) fn reserve_row(&mut self, frame: &Frame<'_, R>, run: &Run, row: isize) -> bool {
        let mut limited = false;
        let columns = run.around(1);
        let ends = [columns.start, columns.start + 1, columns.end - 2, columns.end - 1];
        if (1..run.rows - 1).contains(&row) {
            for column in ends {
                limited |= self.reserve_cell(frame, run, row, column);
            }
        } else {
            for column in columns {
                limited |= self.reserve_cell(frame, run, row, column);
            }
        }
        limited
    }

    /// θ of a cell by what it owes at held edges and by its porosity; whether that limits it.
    pub(crate) fn reserve_cell(
        &mut self,
        frame: &Frame<'_, R>,
        run: &Run,
        row: isize,
        column: isize,
    ) -> bool {
        let i = run.local(column);
        let at = run.row + row;
        let rim_row = |edges: isize| edges == 0 || edges == run.rows;
        let rim_column = |edge: isize| edge == run.around(0).start || edge == run.around(0).end;
        let west = || rim_column(column).then(|| frame.held_west(at, column)).flatten();
        let east = || rim_column(column + 1).then(|| frame.held_west(at, column + 1)).flatten();
        let north = || rim_row(row).then(|| frame.held_north(at, column)).flatten();
        let south = || rim_row(row + 1).then(|| frame.held_north(at + 1, column)).flatten();
        let [here, below] = [row, row + 1].map(slot::<3>);
        let outflows = [
            (-self.x_faces[here].mass[i], west()),
            (self.x_faces[here].mass[i + 1], east()),
            (self.y_faces[here].mass[i], north()),
            (-self.y_faces[below].mass[i], south()),
        ]
        .map(|(outflow, held)| (outflow, held.map(|(_, left)| left)));
        let porous = frame.specials.porous.within(at, &(column..column + 1)).first();
        if porous.is_none() && outflows.iter().all(|(_, held)| held.is_none()) {
            return false;
        }
        let water = self.cells[slot::<4>(row)].depth[i] * R::of(porous.map_or(1.0, |p| p.what));
        let theta = draining_cell(frame.ratio, water, outflows);
        self.theta[here][i] = theta;
        theta < R::one()
    }

    /// Keeps the fluxes of a row through the rims of its tiles.
    pub(crate) fn keep_rims(&self, run: &Run, row: isize, rims: &mut [FaceFlux<R>]) {
        let x = &self.x_faces[slot::<3>(row)];
        let first = run.at / TILE;
        for k in 0..run.columns / TILE {
            let (tile, i) = (first + k, MARGIN + k * TILE);
            rims[rim(tile, RimSide::West).start + row as usize] = x.get(i);
            rims[rim(tile, RimSide::East).start + row as usize] = x.get(i + TILE);
            for (edges, side) in [(0, RimSide::North), (run.rows, RimSide::South)] {
                let owner = if edges == 0 { 0 } else { edges - 1 };
                if row == owner {
                    let y = &self.y_faces[slot::<3>(edges)];
                    for (j, to) in rims[rim(tile, side)].iter_mut().enumerate() {
                        *to = y.get(i + j);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lattice_ends_by_the_target_and_levels_follow_the_waves() {
        let lattice = Lattice::new(10.0, 0.5, 13.0, 3);
        assert_eq!((lattice.highest(), lattice.time(4)), (2, 12.0));
        assert_eq!(Lattice::new(10.0, 0.5, 10.5, 3).highest(), 0);
        // Steps of 0.5, 1 and 2 s; waves may cross 5 m.
        let level = |wave| lattice.level(5.0, wave, 100.0);
        assert_eq!([10.0, 5.0, 4.4, 2.3, 2.2, 0.0].map(level), [0, 0, 1, 1, 2, 2]);
        assert_eq!(lattice.level(5.0, 0.0, 1.5), 1);
    }

    #[test]
    fn a_divided_step_waits_for_its_point() {
        let mut lattice = Lattice::new(0.0, 1.0, 10.0, 1);
        lattice.pass(0.5);
        assert_eq!((lattice.point(), lattice.next()), (None, 1.0));
        lattice.pass(1.0);
        assert_eq!((lattice.point(), lattice.is_over()), (Some(1), false));
        lattice.pass(2.0);
        assert!(lattice.is_over());
    }
}
