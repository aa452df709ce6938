//! One time step of a strip of rows.
//!
//! Rows are swept from north to south with the fluxes of two or three rows in hand, so that
//! reconstruction, flux, limiter, update, friction and maxima are one pass over memory. A strip
//! reads the old state of one row beyond each of its ends and computes the fluxes there once more
//! (3 % of the work) instead of waiting for its neighbour: strips are independent and their result
//! has the same bits for any number of threads.
//!
//! Traffic per cell: 5 values read, 3 written, 5 maxima read and written: 144 B; about 350 flops,
//! 7 square roots and 3 divisions, so the sweep is bound by arithmetic.

use std::ops::Range;

use crate::activity::{Activity, TILE_COLUMNS, TILE_ROWS};
use crate::boundary::{BoundaryFace, EdgeState, FaceNow, outer_flux, wall_pressure};
use crate::draining::{Sides, drain_face, draining_row};
use crate::edge::Side;
use crate::flux::{CellRow, FaceFlux, FaceRow, flux_row};
use crate::friction::{CellsToClose, Closing, FrictionLaw, close_row};
use crate::structure::{BesideCrest, CrestNow, crest_flux};

/// Most tiles swept together: rows of 256 cells keep all buffers in the first two caches.
const RUN_TILES: usize = 4;
const RUN_CELLS: usize = RUN_TILES * TILE_COLUMNS + 2;

/// Edges that need more than the ordinary flux, by row of edges.
#[derive(Debug, Clone, Default)]
pub(crate) struct Specials {
    offsets: Vec<usize>,
    faces: Vec<SpecialFace>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct SpecialFace {
    pub(crate) column: usize,
    pub(crate) kind: Kind,
}

/// What a special edge is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A blocked cell beyond; the side of the edge on which water may stand.
    Wall(Inner),
    /// An outer edge: position among the boundary faces.
    Boundary(Inner, usize),
    /// A crest: position among the crests.
    Crest(usize),
}

/// The side of an edge that lies in the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inner {
    /// West or south.
    Left,
    /// East or north.
    Right,
}

impl Inner {
    pub(crate) fn of(outside: Side) -> Self {
        match outside {
            Side::East | Side::North => Self::Left,
            Side::West | Side::South => Self::Right,
        }
    }
}

impl Specials {
    /// From `(row of edges, face)` in any order.
    pub(crate) fn new(rows: usize, mut faces: Vec<(usize, SpecialFace)>) -> Self {
        faces.sort_by_key(|(row, face)| (*row, face.column));
        let offsets = (0..=rows).map(|r| faces.partition_point(|f| f.0 < r)).collect();
        Self { offsets, faces: faces.into_iter().map(|f| f.1).collect() }
    }

    /// Those of a row of edges in a range of columns.
    fn within(&self, row: usize, columns: Range<usize>) -> &[SpecialFace] {
        let faces = &self.faces[self.offsets[row]..self.offsets[row + 1]];
        let start = faces.partition_point(|f| f.column < columns.start);
        let end = faces.partition_point(|f| f.column < columns.end);
        &faces[start..end]
    }
}

/// What all strips read during a step.
pub(crate) struct Frame<'a> {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) depth: &'a [f64],
    pub(crate) u: &'a [f64],
    pub(crate) v: &'a [f64],
    pub(crate) bed: &'a [f64],
    pub(crate) friction: &'a [f64],
    /// 1 where water may stand, else 0.
    pub(crate) open: &'a [f64],
    pub(crate) activity: &'a Activity,
    pub(crate) x_specials: &'a Specials,
    pub(crate) y_specials: &'a Specials,
    pub(crate) boundary: &'a [BoundaryFace],
    pub(crate) boundary_now: &'a [FaceNow],
    pub(crate) crests: &'a [CrestNow],
    pub(crate) closing: Closing,
    pub(crate) law: FrictionLaw,
    pub(crate) cell_size: f64,
    /// Rain of the step, m.
    pub(crate) rain: f64,
}

/// What a strip writes into the fields.
pub(crate) struct StripFields<'a> {
    pub(crate) depth: &'a mut [f64],
    pub(crate) u: &'a mut [f64],
    pub(crate) v: &'a mut [f64],
    pub(crate) max_depth: &'a mut [f64],
    pub(crate) max_speed: &'a mut [f64],
    pub(crate) max_discharge: &'a mut [f64],
    pub(crate) arrival: &'a mut [f64],
    pub(crate) duration: &'a mut [f64],
}

/// Buffers and results of a strip.
#[derive(Debug, Clone)]
pub(crate) struct Strip {
    x_faces: [FaceRow; 2],
    y_faces: [FaceRow; 3],
    theta: [Vec<f64>; 3],
    limited: [bool; 3],
    qx: Vec<f64>,
    qy: Vec<f64>,
    deepest: Vec<f64>,
    fastest: Vec<f64>,
    /// Fastest wave after the step, m/s.
    pub(crate) wave: f64,
    /// Tiles with a wet cell after the step.
    pub(crate) wet: Vec<bool>,
    /// Volume into the domain by boundary segment during the step: in, out, m³.
    pub(crate) exchanged: Vec<[f64; 2]>,
}

impl Strip {
    pub(crate) fn new(tile_columns: usize, segments: usize) -> Self {
        let face_row = || FaceRow::with_capacity(RUN_CELLS + 1);
        let row = || vec![0.0; RUN_CELLS];
        Self {
            x_faces: [face_row(), face_row()],
            y_faces: [face_row(), face_row(), face_row()],
            theta: [row(), row(), row()],
            limited: [false; 3],
            qx: row(),
            qy: row(),
            deepest: row(),
            fastest: row(),
            wave: 0.0,
            wet: vec![false; tile_columns],
            exchanged: vec![[0.0; 2]; segments],
        }
    }

    /// Advances the active tiles of a strip and settles the others.
    #[inline(always)]
    pub(crate) fn advance(&mut self, frame: &Frame<'_>, strip: usize, mut out: StripFields<'_>) {
        self.wave = 0.0;
        self.wet.fill(false);
        self.exchanged.fill([0.0; 2]);
        let rows = strip * TILE_ROWS..((strip + 1) * TILE_ROWS).min(frame.rows);
        for tile in 0..frame.activity.tile_columns() {
            let stale = frame.activity.stale[strip * frame.activity.tile_columns() + tile];
            if stale && !frame.activity.is_active(strip, tile) {
                let columns = frame.activity.columns_of(&(tile..tile + 1));
                for row in rows.clone() {
                    let from = row * frame.columns + columns.start;
                    let to = (row - rows.start) * frame.columns + columns.start;
                    let n = columns.len();
                    out.depth[to..to + n].copy_from_slice(&frame.depth[from..from + n]);
                    out.u[to..to + n].copy_from_slice(&frame.u[from..from + n]);
                    out.v[to..to + n].copy_from_slice(&frame.v[from..from + n]);
                }
            }
        }
        let mut from = 0;
        while let Some(tiles) = frame.activity.next_run(strip, from, RUN_TILES) {
            let columns = frame.activity.columns_of(&tiles);
            self.deepest.fill(0.0);
            self.fastest.fill(0.0);
            self.sweep(frame, rows.clone(), columns.clone(), &mut out);
            let n = columns.len();
            self.wave = self.fastest[..n].iter().fold(self.wave, |a, &b| a.max(b));
            for (wet, cells) in
                self.wet[tiles.clone()].iter_mut().zip(self.deepest[..n].chunks(TILE_COLUMNS))
            {
                *wet = cells.iter().any(|&h| h > 0.0);
            }
            from = tiles.end;
        }
    }

    #[inline(always)]
    fn sweep(
        &mut self,
        frame: &Frame<'_>,
        rows: Range<usize>,
        columns: Range<usize>,
        out: &mut StripFields<'_>,
    ) {
        // Cells whose limiter is needed: one more on each side.
        let around = columns.start.saturating_sub(1)..(columns.end + 1).min(frame.columns);
        let first = rows.start.saturating_sub(1);
        let last = (rows.end + 1).min(frame.rows);
        self.y_row(frame, first, &around);
        for row in first..last {
            self.y_row(frame, row + 1, &around);
            self.x_row(frame, row, &around);
            self.theta_row(frame, row, &around);
            if row > rows.start {
                self.update(frame, row - 1, &rows, &columns, &around, out);
            }
        }
        if last == rows.end {
            // The southern rim: nothing beyond.
            self.limited[last % 3] = false;
            self.theta[last % 3].fill(1.0);
            self.update(frame, last - 1, &rows, &columns, &around, out);
        }
    }

    /// Fluxes from row `row` (south) to the row north of it.
    #[inline(always)]
    fn y_row(&mut self, frame: &Frame<'_>, row: usize, around: &Range<usize>) {
        let faces = &mut self.y_faces[row % 3];
        if row == 0 || row == frame.rows {
            faces.clear(around.len());
        } else {
            let cells = |row: usize| {
                let span = row * frame.columns + around.start..row * frame.columns + around.end;
                CellRow {
                    depth: &frame.depth[span.clone()],
                    normal: &frame.v[span.clone()],
                    transverse: &frame.u[span.clone()],
                    bed: &frame.bed[span],
                }
            };
            flux_row(frame.closing.dry, cells(row), cells(row - 1), faces, 0);
        }
        for special in frame.y_specials.within(row, around.clone()) {
            let beside = |row: usize| {
                let cell = row * frame.columns + special.column;
                (cell, frame.v[cell], frame.u[cell])
            };
            let i = special.column - around.start;
            let flux = special_flux(
                frame,
                special.kind,
                || beside(row),
                || beside(row.wrapping_sub(1)),
                faces.get(i),
            );
            faces.set(i, flux);
        }
    }

    /// Fluxes through the western edges of the cells `around`, and the last eastern one.
    #[inline(always)]
    fn x_row(&mut self, frame: &Frame<'_>, row: usize, around: &Range<usize>) {
        let faces = &mut self.x_faces[row % 2];
        let base = row * frame.columns;
        let first = around.start.max(1);
        let end = (around.end + 1).min(frame.columns);
        let cells = |from: usize| {
            let span = base + from..base + from + (end.max(first) - first);
            CellRow {
                depth: &frame.depth[span.clone()],
                normal: &frame.u[span.clone()],
                transverse: &frame.v[span.clone()],
                bed: &frame.bed[span],
            }
        };
        flux_row(frame.closing.dry, cells(first - 1), cells(first), faces, first - around.start);
        if around.start == 0 {
            faces.set(0, FaceFlux::default());
        }
        if around.end == frame.columns {
            faces.set(around.len(), FaceFlux::default());
        }
        for special in frame.x_specials.within(row, around.start..around.end + 1) {
            let beside = |column: usize| {
                let cell = base + column;
                (cell, frame.u[cell], frame.v[cell])
            };
            let i = special.column - around.start;
            let flux = special_flux(
                frame,
                special.kind,
                || beside(special.column.wrapping_sub(1)),
                || beside(special.column),
                faces.get(i),
            );
            faces.set(i, flux);
        }
    }

    #[inline(always)]
    fn theta_row(&mut self, frame: &Frame<'_>, row: usize, around: &Range<usize>) {
        let base = row * frame.columns;
        let x = &self.x_faces[row % 2];
        let sides = Sides {
            west: &x.mass,
            east: &x.mass[1..],
            south: &self.y_faces[(row + 1) % 3].mass,
            north: &self.y_faces[row % 3].mass,
        };
        // South and north fluxes are positive northwards, so the southern one enters.
        self.limited[row % 3] = draining_row(
            frame.closing.dt / frame.cell_size,
            &frame.depth[base + around.start..base + around.end],
            sides,
            &mut self.theta[row % 3],
        );
        if !self.limited[row % 3] {
            self.theta[row % 3][..around.len()].fill(1.0);
        }
    }

    #[inline(always)]
    fn update(
        &mut self,
        frame: &Frame<'_>,
        row: usize,
        rows: &Range<usize>,
        columns: &Range<usize>,
        around: &Range<usize>,
        out: &mut StripFields<'_>,
    ) {
        if self.limited.iter().any(|&l| l) {
            self.drain(frame, row, row == rows.start, columns, around);
        }
        self.count_boundaries(frame, row, columns, around);

        let n = columns.len();
        let skip = columns.start - around.start;
        let base = row * frame.columns + columns.start;
        let local = (row - rows.start) * frame.columns + columns.start;
        let ratio = frame.closing.dt / frame.cell_size;
        let depth = &frame.depth[base..base + n];
        let (u, v) = (&frame.u[base..base + n], &frame.v[base..base + n]);
        let x = &self.x_faces[row % 2];
        let (north, south) = (&self.y_faces[row % 3], &self.y_faces[(row + 1) % 3]);
        let new_depth = &mut out.depth[local..local + n];
        let (qx, qy) = (&mut self.qx[..n], &mut self.qy[..n]);

        let (west_mass, east_mass) = (&x.mass[skip..][..n], &x.mass[skip + 1..][..n]);
        let (south_mass, north_mass) = (&south.mass[skip..][..n], &north.mass[skip..][..n]);
        for i in 0..n {
            let out = (east_mass[i] - west_mass[i]) + (north_mass[i] - south_mass[i]);
            new_depth[i] = depth[i] - ratio * out;
        }
        let (west, east) = (&x.right[skip..][..n], &x.left[skip + 1..][..n]);
        let (from_south, to_north) =
            (&south.transverse[skip..][..n], &north.transverse[skip..][..n]);
        for i in 0..n {
            let out = (east[i] - west[i]) + (to_north[i] - from_south[i]);
            qx[i] = depth[i] * u[i] - ratio * out;
        }
        let (from_west, to_east) = (&x.transverse[skip..][..n], &x.transverse[skip + 1..][..n]);
        let (south, north) = (&south.right[skip..][..n], &north.left[skip..][..n]);
        for i in 0..n {
            let out = (north[i] - south[i]) + (to_east[i] - from_west[i]);
            qy[i] = depth[i] * v[i] - ratio * out;
        }
        if frame.rain > 0.0 {
            let open = &frame.open[base..base + n];
            for i in 0..n {
                new_depth[i] += frame.rain * open[i];
            }
        }
        let cells = CellsToClose {
            depth: new_depth,
            qx,
            qy,
            friction: &frame.friction[base..base + n],
            u: &mut out.u[local..local + n],
            v: &mut out.v[local..local + n],
            max_depth: &mut out.max_depth[local..local + n],
            max_speed: &mut out.max_speed[local..local + n],
            max_discharge: &mut out.max_discharge[local..local + n],
            arrival: &mut out.arrival[local..local + n],
            duration: &mut out.duration[local..local + n],
            deepest: &mut self.deepest[..n],
            fastest: &mut self.fastest[..n],
        };
        match frame.law {
            FrictionLaw::Manning => close_row::<true>(frame.closing, cells),
            FrictionLaw::DarcyWeisbach => close_row::<false>(frame.closing, cells),
        }
    }

    /// Cuts the fluxes of a row to what their donors hold. The northern fluxes were cut with the
    /// row before, except in the first row.
    #[cold]
    fn drain(
        &mut self,
        frame: &Frame<'_>,
        row: usize,
        first: bool,
        columns: &Range<usize>,
        around: &Range<usize>,
    ) {
        let Self { theta, x_faces, y_faces, .. } = self;
        let at = |row: usize, column: usize, velocity: &[f64]| {
            (theta[row % 3][column - around.start], velocity[row * frame.columns + column])
        };
        const NOTHING: (f64, f64) = (1.0, 0.0);
        for face in columns.start..=columns.end {
            let left = if face > 0 { at(row, face - 1, frame.u) } else { NOTHING };
            let right = if face < frame.columns { at(row, face, frame.u) } else { NOTHING };
            drain_face(&mut x_faces[row % 2], face - around.start, left, right);
        }
        for column in columns.clone() {
            let here = at(row, column, frame.v);
            let i = column - around.start;
            if first {
                let north = if row > 0 { at(row - 1, column, frame.v) } else { NOTHING };
                drain_face(&mut y_faces[row % 3], i, here, north);
            }
            let south = if row + 1 < frame.rows { at(row + 1, column, frame.v) } else { NOTHING };
            drain_face(&mut y_faces[(row + 1) % 3], i, south, here);
        }
    }

    /// Adds up what passed the boundary edges of a row of cells.
    #[inline(always)]
    fn count_boundaries(
        &mut self,
        frame: &Frame<'_>,
        row: usize,
        columns: &Range<usize>,
        around: &Range<usize>,
    ) {
        let per_flux = frame.closing.dt * frame.cell_size;
        let exchanged = &mut self.exchanged;
        let mut count = |mass: f64, face: usize, inner: Inner| {
            let Some(segment) = frame.boundary[face].segment else { return };
            let volume = per_flux * if inner == Inner::Right { mass } else { -mass };
            exchanged[segment][usize::from(volume < 0.0)] += volume.abs();
        };
        for special in frame.x_specials.within(row, columns.start..columns.end + 1) {
            if let Kind::Boundary(inner, face) = special.kind {
                let cell = special.column as isize - isize::from(inner == Inner::Left);
                if cell >= columns.start as isize && cell < columns.end as isize {
                    let i = special.column - around.start;
                    count(self.x_faces[row % 2].mass[i], face, inner);
                }
            }
        }
        for (edges, owner) in [(row, Inner::Left), (row + 1, Inner::Right)] {
            for special in frame.y_specials.within(edges, columns.clone()) {
                if let Kind::Boundary(inner, face) = special.kind
                    && inner == owner
                {
                    let i = special.column - around.start;
                    count(self.y_faces[edges % 3].mass[i], face, inner);
                }
            }
        }
    }
}

/// Flux through a special edge; `left` and `right` give cell, normal and transverse velocity.
fn special_flux(
    frame: &Frame<'_>,
    kind: Kind,
    left: impl Fn() -> (usize, f64, f64),
    right: impl Fn() -> (usize, f64, f64),
    ordinary: FaceFlux,
) -> FaceFlux {
    let dry = frame.closing.dry;
    match kind {
        Kind::Wall(inner) => {
            let (cell, u) = match inner {
                Inner::Left => (left().0, left().1),
                Inner::Right => (right().0, -right().1),
            };
            let h = if frame.depth[cell] > dry { frame.depth[cell] } else { 0.0 };
            outward(inner, FaceFlux { left: wall_pressure(h, u), ..FaceFlux::default() })
        }
        Kind::Boundary(inner, face) => {
            let (cell, u, v) = match inner {
                Inner::Left => left(),
                Inner::Right => {
                    let (cell, u, v) = right();
                    (cell, -u, v)
                }
            };
            let state = EdgeState {
                h: frame.depth[cell],
                u,
                v,
                z: frame.bed[cell],
                friction: frame.friction[cell],
            };
            outward(inner, outer_flux(frame.boundary_now[face], dry, frame.law, state))
        }
        Kind::Crest(crest) => {
            let beside = |(cell, u, v): (usize, f64, f64)| BesideCrest {
                h: frame.depth[cell],
                u,
                v,
                z: frame.bed[cell],
            };
            crest_flux(frame.crests[crest], dry, beside(left()), beside(right()), ordinary)
        }
    }
}

/// From the frame that points out of the domain to that of the edge.
fn outward(inner: Inner, flux: FaceFlux) -> FaceFlux {
    match inner {
        Inner::Left => flux,
        Inner::Right => {
            FaceFlux { mass: -flux.mass, left: 0.0, right: flux.left, transverse: -flux.transverse }
        }
    }
}
