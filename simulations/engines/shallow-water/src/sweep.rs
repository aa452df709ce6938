//! One time step of a block of cells.
//!
//! Rows are swept from north to south with the states and fluxes of two or three rows in hand, so
//! that slopes, half step, flux, limiter, update, friction and maxima are one pass over memory:
//!
//! | in hand when row k is reconstructed | rows |
//! |---|---|
//! | cells | k − 2 … k + 1 |
//! | states at the sides | k − 1, k |
//! | fluxes through northern edges | k − 2, k − 1, k |
//! | fluxes through western edges | k − 2, k − 1, k |
//! | limiter θ | k − 3 … k − 1 |
//! | update and friction | k − 2 |
//!
//! A block reads the old state of three cells beyond each of its sides and computes the fluxes
//! there once more instead of waiting for its neighbours: blocks are independent and their result
//! has the same bits for any number of threads.
//!
//! Cost per cell of second order: 9 values read, of which 3 are maxima, and 4 written in a step that sets
//! no record (52 B in `f32`), 15 and 10 where one is set; about 470 flops, 7 square roots and 5
//! divisions. With AVX-512 (16 cells of `f32` at once) arithmetic and the waits for memory cost about the
//! same. Figures: `benches/README.md`.

use std::ops::Range;

use pulp::{Arch, NullaryFnOnce};

use crate::ahead::Ahead;
use crate::balance::{Around, depth_cell, depth_row, discharge_cell, discharge_row};
use crate::draining::{drain_face, draining_row};
use crate::flux::{EdgeRow, flux_row};
use crate::frame::{BlockFields, BlockResult, Frame};
use crate::friction::close_row;
use crate::layout::{BLOCK_COLUMNS, BLOCK_TILES, TILE};
use crate::maxima::record_row;
use crate::options::Scheme;
use crate::parts::{Part, find_parts};
use crate::real::Real;
use crate::reconstruction::{reconstruct_beside_open, reconstruct_row};
use crate::rows::{
    CellRow, ExtremeRow, FaceRow, MARGIN, NewRow, PushRow, ReconstructedRow, Row, zeros,
};
use crate::special::{Inner, Kind, special_flux};

/// Cells beyond a run that are reconstructed: more than the two that are needed, so that the cells of a
/// block and these are a whole number of vectors.
const AROUND: usize = 8;

/// Rows in hand, each from the beginning of a cache line on.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Sweep<R> {
    pub(crate) cells: [CellRow<R>; 4],
    /// Cells beside an open boundary and what continues them beyond it.
    continued: [CellRow<R>; 3],
    states: [ReconstructedRow<R>; 2],
    push: [PushRow<R>; 3],
    pub(crate) x_faces: [FaceRow<R>; 3],
    pub(crate) y_faces: [FaceRow<R>; 3],
    pub(crate) theta: [Row<R>; 3],
    limited: [bool; 3],
    pub(crate) new: NewRow<R>,
    /// Zeros: no rise of the bed within a cell.
    flat: Row<R>,
    extremes: ExtremeRow<R>,
    /// Parts of the active tiles of a block.
    parts: Vec<Part>,
}

/// A part of the active tiles of a block.
pub(crate) struct Run {
    /// First row and column of the grid, and their numbers.
    pub(crate) row: isize,
    pub(crate) column: isize,
    pub(crate) rows: isize,
    pub(crate) columns: usize,
    /// Position of the first cell in the block.
    pub(crate) at: usize,
}

/// Slot of a row in a ring of `N`.
pub(crate) fn slot<const N: usize>(row: isize) -> usize {
    row.rem_euclid(N as isize) as usize
}

/// The sweep of a part, compiled for the instructions of this machine.
struct SweepOf<'a, 'f, R> {
    sweep: &'a mut Sweep<R>,
    frame: &'a Frame<'f, R>,
    run: &'a Run,
    out: &'a mut BlockFields<'f, R>,
    result: &'a mut BlockResult<R>,
}

impl<R: Real> NullaryFnOnce for SweepOf<'_, '_, R> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { sweep, frame, run, out, result } = self;
        match frame.scheme {
            Scheme::SecondOrder => sweep.sweep::<true>(frame, run, out, result),
            Scheme::FirstOrder => sweep.sweep::<false>(frame, run, out, result),
            Scheme::LocalInertial => sweep.sweep_inertial(frame, run, out, result),
        }
    }
}

impl<R: Real> Sweep<R> {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            cells: std::array::from_fn(|_| CellRow::new()),
            continued: std::array::from_fn(|_| CellRow::new()),
            states: std::array::from_fn(|_| ReconstructedRow::new()),
            push: std::array::from_fn(|_| PushRow::new()),
            x_faces: std::array::from_fn(|_| FaceRow::new()),
            y_faces: std::array::from_fn(|_| FaceRow::new()),
            theta: std::array::from_fn(|_| zeros()),
            limited: [false; 3],
            new: NewRow::new(),
            flat: zeros(),
            extremes: ExtremeRow::new(),
            parts: Vec::new(),
        })
    }

    /// Advances the active tiles of a block and settles the others.
    pub(crate) fn advance<'f>(
        &mut self,
        arch: Arch,
        frame: &Frame<'f, R>,
        block: usize,
        mut out: BlockFields<'f, R>,
        result: &mut BlockResult<R>,
    ) {
        let (first_row, first_column) = frame.layout.origin(block);
        let rows = frame.layout.rows_of(block);
        let tiles = frame.activity.tiles_of(block);
        result.wave = [0.0; BLOCK_TILES];
        result.wet = [false; BLOCK_TILES];
        result.updates = 0;
        result.exchanged.fill([0.0; 2]);
        result.sections.fill(0.0);
        for tile in tiles.clone() {
            let idle = frame.pace.level == 0 && frame.activity.working(tile).is_none();
            if idle && frame.activity.stale[tile] {
                out.settle(frame, block, rows, (tile - tiles.start) * TILE);
            }
        }
        let mut parts = std::mem::take(&mut self.parts);
        let mut from = tiles.start;
        while let Some(active) = frame.activity.next_run(block, from, frame.pace.level) {
            let within = active.start - tiles.start..active.end - tiles.start;
            find_parts(frame, block, within.clone(), rows, out.residual, &mut parts);
            if parts.iter().map(Part::cells).sum::<usize>() < rows * within.len() * TILE {
                for tile in within {
                    out.settle(frame, block, rows, tile * TILE);
                }
            }
            for part in &parts {
                let run = Run {
                    row: (first_row + part.rows.start) as isize,
                    column: (first_column + part.columns.start) as isize,
                    rows: part.rows.len() as isize,
                    columns: part.columns.len(),
                    at: part.rows.start * BLOCK_COLUMNS + part.columns.start,
                };
                self.advance_run(arch, frame, &run, &mut out, result);
            }
            from = active.end;
        }
        self.parts = parts;
    }

    /// Advances a part of the active tiles.
    fn advance_run<'f>(
        &mut self,
        arch: Arch,
        frame: &Frame<'f, R>,
        run: &Run,
        out: &mut BlockFields<'f, R>,
        result: &mut BlockResult<R>,
    ) {
        self.extremes = ExtremeRow::new();
        arch.dispatch(SweepOf { sweep: self, frame, run, out, result });
        let columns = run.columns.min(frame.layout.columns.saturating_sub(run.column as usize));
        result.updates += run.rows as u64 * columns as u64;
        let first = run.at % BLOCK_COLUMNS;
        let extremes = self.extremes.deepest[MARGIN..].iter().zip(&self.extremes.fastest[MARGIN..]);
        for (column, (&deepest, &fastest)) in (first..first + run.columns).zip(extremes) {
            let tile = column / TILE;
            result.wave[tile] = result.wave[tile].max(fastest.as_());
            result.wet[tile] |= deepest > R::zero();
        }
    }

    #[inline(always)]
    fn sweep<const SECOND: bool>(
        &mut self,
        frame: &Frame<'_, R>,
        run: &Run,
        out: &mut BlockFields<'_, R>,
        result: &mut BlockResult<R>,
    ) {
        for row in -3..-1 {
            self.load(frame, run, row);
        }
        for row in -2..run.rows + 2 {
            let ahead = Ahead::of(frame, run, row + 1);
            ahead.call_state(frame);
            self.load(frame, run, row + 1);
            ahead.call_ground(frame);
            if SECOND {
                self.reconstruct(frame, run, row);
            }
            if row > -2 {
                self.y_row::<SECOND>(frame, run, row);
                ahead.call_results(out);
                self.x_row::<SECOND>(frame, run, row);
            }
            ahead.call_records(out);
            if row > -1 {
                self.theta_row(frame, run, row - 1);
            }
            if row > 1 {
                self.update(
                    frame,
                    run,
                    row - 2,
                    (&mut *out, &mut *result),
                    #[inline(always)]
                    |old, around, new, extremes, cells| {
                        discharge_row(frame.ratio, old, around, new, cells.clone());
                        let porous = &frame.specials.porous;
                        for porous in porous.within(run.row + row - 2, &run.around(0)) {
                            let i = run.local(porous.column as isize);
                            let spread = R::of(1.0 / porous.what);
                            discharge_cell(frame.ratio, spread, old, around, new, i);
                        }
                        close_row(frame.closing, old, new, extremes, cells);
                    },
                );
            }
        }
    }

    /// Takes a row of cells in hand.
    #[inline(always)]
    pub(crate) fn load(&mut self, frame: &Frame<'_, R>, run: &Run, row: isize) {
        let cells = &mut self.cells[slot::<4>(row)];
        let n = run.columns + 2 * MARGIN;
        let (row, column) = (run.row + row, run.column - MARGIN as isize);
        for (field, to) in [
            (&frame.now.depth[..], &mut cells.depth),
            (&frame.now.u, &mut cells.u),
            (&frame.now.v, &mut cells.v),
            (frame.bed, &mut cells.bed),
            (frame.friction, &mut cells.friction),
        ] {
            frame.layout.copy_row(field, row, column, R::zero(), &mut to[..n]);
        }
    }

    /// States of the row at the sides of its cells.
    #[inline(always)]
    fn reconstruct(&mut self, frame: &Frame<'_, R>, run: &Run, row: isize) {
        let [north, here, south] = [row - 1, row, row + 1].map(|row| &self.cells[slot::<4>(row)]);
        let out = &mut self.states[slot::<2>(row)];
        let push = &mut self.push[slot::<3>(row)];
        reconstruct_row(frame.half, [north, here, south], out, push, run.reconstructed());
        let (row, around) = (run.row + row, run.around(1));
        for special in frame.specials.open.within(row, &around) {
            let i = run.local(special.column as isize);
            for (to, from) in self.continued.iter_mut().zip([north, here, south]) {
                to.copy_from(from, i - 1..i + 2);
            }
            let rows = &mut self.continued;
            reconstruct_beside_open(frame.half, rows, special.what, (out, push), i);
        }
        // A crest parts the water: no slope across it, nor a half step that sees it.
        let mut flatten = |i: usize| out.flatten(i, here, push);
        for special in frame.specials.x.within(row, &around) {
            if let Kind::Crest(_) = special.what {
                let i = run.local(special.column as isize);
                flatten(i - 1);
                flatten(i);
            }
        }
        for edges in [row, row + 1] {
            for special in frame.specials.y.within(edges, &around) {
                if let Kind::Crest(_) = special.what {
                    flatten(run.local(special.column as isize));
                }
            }
        }
    }

    /// Fluxes from the row (south) to the row north of it.
    #[inline(always)]
    fn y_row<const SECOND: bool>(&mut self, frame: &Frame<'_, R>, run: &Run, row: isize) {
        let side = |row: isize, south: bool| {
            let (cells, states) = (&self.cells[slot::<4>(row)], &self.states[slot::<2>(row)]);
            match (SECOND, south) {
                (true, true) => EdgeRow::new(&states.south, &cells.bed, &states.bed_y),
                (true, false) => EdgeRow::new(&states.north, &cells.bed, &states.bed_y),
                (false, _) => EdgeRow {
                    depth: &cells.depth,
                    normal: &cells.v,
                    transverse: &cells.u,
                    bed: &cells.bed,
                    rise: &self.flat,
                },
            }
        };
        let (left, right) = (side(row, false), side(row - 1, true));
        let faces = &mut self.y_faces[slot::<3>(row)];
        flux_row::<R, 0>(frame.closing.dry, left, right, faces, run.reconstructed());
        let row = run.row + row;
        for special in frame.specials.y.within(row, &run.around(1)) {
            let column = special.column as isize;
            let i = run.local(column);
            let below = || frame.beside((row, column), left, 1.0, i);
            let above = || frame.beside((row - 1, column), right, -1.0, i);
            faces.set(i, special_flux(frame, special.what, below, above, faces.get(i)));
        }
        if frame.pace.lattice.is_local() {
            self.hold_y(frame, run, row - run.row);
        }
    }

    /// Fluxes through the western edges of the cells of a row.
    #[inline(always)]
    fn x_row<const SECOND: bool>(&mut self, frame: &Frame<'_, R>, run: &Run, row: isize) {
        let (cells, states) = (&self.cells[slot::<4>(row)], &self.states[slot::<2>(row)]);
        let (left, right) = if SECOND {
            let side = |side| EdgeRow::new(side, &cells.bed, &states.bed_x);
            (side(&states.east), side(&states.west))
        } else {
            let side = EdgeRow {
                depth: &cells.depth,
                normal: &cells.u,
                transverse: &cells.v,
                bed: &cells.bed,
                rise: &self.flat,
            };
            (side, side)
        };
        let faces = &mut self.x_faces[slot::<3>(row)];
        let edges = run.reconstructed();
        flux_row::<R, 1>(frame.closing.dry, left, right, faces, edges);
        let row = run.row + row;
        for special in frame.specials.x.within(row, &run.around(2)) {
            let column = special.column as isize;
            let i = run.local(column);
            let before = || frame.beside((row, column - 1), left, 1.0, i - 1);
            let after = || frame.beside((row, column), right, -1.0, i);
            faces.set(i, special_flux(frame, special.what, before, after, faces.get(i)));
        }
        if frame.pace.lattice.is_local() {
            self.hold_x(frame, run, row - run.row);
        }
    }

    /// θ of the run, one cell before it and one after.
    #[inline(always)]
    pub(crate) fn theta_row(&mut self, frame: &Frame<'_, R>, run: &Run, row: isize) {
        let depth = &mut self.cells[slot::<4>(row)].depth;
        // What lies beyond a boundary gives whatever the boundary asks for.
        for_each_beyond(frame, run, row, |i| depth[i] = R::max_value());
        let run_cells = run.cells();
        self.limited[slot::<3>(row)] = draining_row(
            frame.ratio,
            depth,
            &self.x_faces[slot::<3>(row)].mass,
            [row + 1, row].map(|row| &self.y_faces[slot::<3>(row)].mass),
            &mut self.theta[slot::<3>(row)],
            run_cells.start - 1..run_cells.end + 1,
        );
        for_each_beyond(frame, run, row, |i| depth[i] = R::zero());
        for porous in frame.specials.porous.within(run.row + row, &run.around(1)) {
            self.limited[slot::<3>(row)] |=
                self.reserve_cell(frame, run, row, porous.column as isize);
        }
        if frame.pace.lattice.is_local() {
            self.limited[slot::<3>(row)] |= self.reserve_row(frame, run, row);
        }
    }

    /// Brings a row to the end of the step; `close` makes velocities of what its fluxes leave. (It has to be
    /// inlined, or it is compiled without the instructions of this machine.)
    #[inline(always)]
    pub(crate) fn update(
        &mut self,
        frame: &Frame<'_, R>,
        run: &Run,
        row: isize,
        (out, result): (&mut BlockFields<'_, R>, &mut BlockResult<R>),
        close: impl Fn(&CellRow<R>, Around<'_, R>, &mut NewRow<R>, &mut ExtremeRow<R>, Range<usize>),
    ) {
        self.close_edges(frame, run, row, result);
        let cells = run.cells();
        let here = run.at + row as usize * BLOCK_COLUMNS;
        let here = here..here + run.columns;
        let new = &mut self.new;
        new.residual[cells.clone()].copy_from_slice(&out.residual[here.clone()]);
        let around = Around {
            x: &self.x_faces[slot::<3>(row)],
            south: &self.y_faces[slot::<3>(row + 1)],
            north: &self.y_faces[slot::<3>(row)],
            push: &self.push[slot::<3>(row)],
        };
        let old = &self.cells[slot::<4>(row)];
        depth_row(frame.ratio, frame.rain, old, around, new, cells.clone());
        for porous in frame.specials.porous.within(run.row + row, &run.around(0)) {
            let i = run.local(porous.column as isize);
            let spread = R::of(1.0 / porous.what);
            new.residual[i] = out.residual[here.start + i - MARGIN];
            depth_cell(frame.ratio, frame.rain, spread, old, around, new, i);
        }
        close(old, around, new, &mut self.extremes, cells.clone());
        for (to, from) in [
            (&mut out.depth, &new.depth),
            (&mut out.u, &new.u),
            (&mut out.v, &new.v),
            (&mut out.residual, &new.residual),
        ] {
            to[here.clone()].copy_from_slice(&from[cells.clone()]);
        }
        let before = &old.depth[cells.clone()];
        let (depth, speed) = (&new.depth[cells.clone()], &new.speed[cells]);
        record_row(
            frame.recording,
            before,
            depth,
            speed,
            out.records.part(here.start, run.columns),
        );
    }

    /// Cuts the fluxes around a row to what there is, and counts those that are measured.
    #[inline(always)]
    fn close_edges(
        &mut self,
        frame: &Frame<'_, R>,
        run: &Run,
        row: isize,
        result: &mut BlockResult<R>,
    ) {
        if self.limited.iter().any(|&l| l) {
            self.drain(run, row);
            if frame.pace.lattice.is_local() {
                self.hold_x(frame, run, row);
                self.hold_y(frame, run, row);
                self.hold_y(frame, run, row + 1);
            }
        }
        if frame.pace.lattice.is_local() {
            self.keep_rims(run, row, &mut result.rims);
        }
        self.count_boundaries(frame, run, row, result);
        self.count_sections(frame, run, row, result);
    }

    /// Cuts the fluxes around a row to what their donors hold. The northern fluxes were cut with the
    /// row before, except in the first row.
    #[cold]
    fn drain(&mut self, run: &Run, row: isize) {
        let Self { theta, x_faces, y_faces, push, .. } = self;
        let at = |row: isize, i: usize| theta[slot::<3>(row)][i];
        let (here, end) = (MARGIN, MARGIN + run.columns);
        let x = &mut x_faces[slot::<3>(row)];
        for i in here..=end {
            drain_face(x, i, at(row, i - 1), at(row, i));
        }
        if row == 0 {
            let y = &mut y_faces[slot::<3>(row)];
            for i in here..end {
                drain_face(y, i, at(row, i), at(row - 1, i));
            }
        }
        let y = &mut y_faces[slot::<3>(row + 1)];
        for i in here..end {
            drain_face(y, i, at(row + 1, i), at(row, i));
        }
        let push = &mut push[slot::<3>(row)];
        for i in here..end {
            push.x[i] = push.x[i] * at(row, i);
            push.y[i] = push.y[i] * at(row, i);
        }
    }
}

impl Run {
    /// Columns of the run and some beyond on both sides.
    pub(crate) fn around(&self, more: isize) -> Range<isize> {
        self.column - more..self.column + self.columns as isize + more
    }

    /// Entries of the run in a row in hand.
    pub(crate) fn cells(&self) -> Range<usize> {
        MARGIN..MARGIN + self.columns
    }

    /// Entries of the cells that are reconstructed.
    pub(crate) fn reconstructed(&self) -> Range<usize> {
        MARGIN - AROUND..MARGIN + self.columns + AROUND
    }

    /// Entry of a column in a row in hand.
    pub(crate) fn local(&self, column: isize) -> usize {
        (column - self.column + MARGIN as isize) as usize
    }
}

/// Calls `f` with the entry of every cell of a row that lies beyond a boundary edge.
#[inline(always)]
fn for_each_beyond<R>(frame: &Frame<'_, R>, run: &Run, row: isize, mut f: impl FnMut(usize)) {
    for special in frame.specials.x.within(run.row + row, &run.around(2)) {
        if let Kind::Boundary(inner, _) = special.what {
            f(run.local(special.column as isize) - usize::from(inner == Inner::Right));
        }
    }
    for (edges, inside) in [(row, Inner::Right), (row + 1, Inner::Left)] {
        for special in frame.specials.y.within(run.row + edges, &run.around(1)) {
            if let Kind::Boundary(inner, _) = special.what
                && inner == inside
            {
                f(run.local(special.column as isize));
            }
        }
    }
}
