//! Edges and cells that need more: walls, outer edges, crests, porosity; cells beside an open boundary.

use std::collections::{BTreeMap, BTreeSet};

use crate::bed::Bed;
use crate::boundary::{BoundaryFace, Condition, EdgeState, Segment, outer_flux, wall_pressure};
use crate::by_row::ByRow;
use crate::edge::{Axis, Edge, OuterEdge, Side};
use crate::frame::Frame;
use crate::real::Real;
use crate::rows::FaceFlux;
use crate::structure::{BesideCrest, CrestEdge, crest_flux};

/// What a special edge is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A blocked cell beyond; the side of the edge on which water may stand.
    Wall(Inner),
    /// An outer edge: position among the boundary faces.
    Boundary(Inner, usize),
    /// A crest: position among the crests.
    Crest(usize),
    /// An edge of which only a share is open; after what else the edge is.
    Narrow(f64),
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

/// Special edges and cells of a grid.
#[derive(Debug, Clone)]
pub(crate) struct Specials {
    /// Western edges of the cells of a row.
    pub(crate) x: ByRow<Kind>,
    /// Edges by row from the north.
    pub(crate) y: ByRow<Kind>,
    /// Cells beside open boundaries, with those to the west, east, south and north.
    pub(crate) open: ByRow<[bool; 4]>,
    /// Cells that are open in part, with their share.
    pub(crate) porous: ByRow<f64>,
}

impl Specials {
    pub(crate) fn new(
        bed: &Bed,
        faces: &[BoundaryFace],
        segments: &[Segment],
        crests: &[CrestEdge],
    ) -> Self {
        let spec = &bed.spec;
        let (mut x, mut y) = (Vec::new(), Vec::new());
        let mut open = BTreeMap::<usize, [bool; 4]>::new();
        let mut imposed = BTreeSet::new();
        for (i, face) in faces.iter().enumerate() {
            let OuterEdge { edge, cell, side, .. } = face.outer;
            let list = if edge.axis == Axis::X { &mut x } else { &mut y };
            list.push((edge.row, edge.column, Kind::Boundary(Inner::of(side), i)));
            let segment = face.segment.and_then(|s| segments.get(s));
            if segment.is_some_and(|s| s.condition.imposes_discharge()) {
                imposed.insert(edge);
            }
            if segment.is_some_and(|s| s.condition != Condition::Wall) {
                let side = match side {
                    Side::West => 0,
                    Side::East => 1,
                    Side::South => 2,
                    Side::North => 3,
                };
                open.entry(cell).or_default()[side] = true;
            }
        }
        // Walls of buildings: between an open cell and a blocked one that has ground.
        let mut wall = |minus: usize, plus: usize, row: usize, column: usize, axis: Axis| {
            let list = if axis == Axis::X { &mut x } else { &mut y };
            let building = |i: usize| !bed.is_open(i) && !bed.elevation_m[i].is_nan();
            if bed.is_open(minus) && building(plus) {
                list.push((row, column, Kind::Wall(Inner::Left)));
            } else if bed.is_open(plus) && building(minus) {
                list.push((row, column, Kind::Wall(Inner::Right)));
            }
        };
        for row in 0..spec.rows {
            for column in 0..spec.columns {
                let cell = spec.index(row, column);
                if column > 0 {
                    wall(cell - 1, cell, row, column, Axis::X);
                }
                if row > 0 {
                    wall(cell, cell - spec.columns, row, column, Axis::Y);
                }
            }
        }
        for (i, crest) in crests.iter().enumerate() {
            let [minus, plus] = crest.cells;
            if bed.is_open(minus) && bed.is_open(plus) {
                let (row, column) = spec.row_column(minus);
                // South and north neighbours, or west and east ones.
                if plus + spec.columns == minus {
                    y.push((row, column, Kind::Crest(i)));
                } else {
                    x.push((row, column + 1, Kind::Crest(i)));
                }
            }
        }
        // What stands at the rim of a cell that is open in part meets no more water than that share.
        let mut sides_of = |(cell, share): (usize, f64)| {
            let (row, column) = spec.row_column(cell);
            for side in [Side::West, Side::East, Side::South, Side::North] {
                let edge = Edge::of_cell(row, column, side);
                let inner = edge.cells(spec).iter().all(|c| c.is_some_and(|c| bed.is_open(c)));
                if !inner && !imposed.contains(&edge) {
                    let list = if edge.axis == Axis::X { &mut x } else { &mut y };
                    list.push((edge.row, edge.column, Kind::Narrow(share)));
                }
            }
        };
        bed.porosity.cells().for_each(&mut sides_of);
        for (edge, share) in bed.porosity.edges() {
            let list = if edge.axis == Axis::X { &mut x } else { &mut y };
            list.push((edge.row, edge.column, Kind::Narrow(share)));
        }
        let porous = bed.porosity.cells().map(|(cell, share)| {
            let (row, column) = spec.row_column(cell);
            (row, column, share)
        });
        let open = open.into_iter().map(|(cell, sides)| {
            let (row, column) = spec.row_column(cell);
            (row, column, sides)
        });
        Self {
            x: ByRow::new(spec.rows, x),
            y: ByRow::new(spec.rows + 1, y),
            open: ByRow::new(spec.rows, open.collect()),
            porous: ByRow::new(spec.rows, porous.collect()),
        }
    }
}

/// Flux through a special edge; `left` and `right` give the states beside it.
pub(crate) fn special_flux<R: Real>(
    frame: &Frame<'_, R>,
    kind: Kind,
    left: impl Fn() -> EdgeState,
    right: impl Fn() -> EdgeState,
    ordinary: FaceFlux<R>,
) -> FaceFlux<R> {
    let dry = frame.closing.dry.as_();
    // In the frame that points out of the domain.
    let inside = |inner: Inner| match inner {
        Inner::Left => left(),
        Inner::Right => {
            let state = right();
            EdgeState { u: -state.u, ..state }
        }
    };
    match kind {
        Kind::Wall(inner) => {
            let EdgeState { h, u, .. } = inside(inner);
            let h = if h > dry { h } else { 0.0 };
            outward(inner, FaceFlux { left: wall_pressure(h, u), ..FaceFlux::default() })
        }
        Kind::Boundary(inner, face) => {
            let flux = outer_flux(frame.boundary_now[face], dry, frame.closing.law, inside(inner));
            outward(inner, flux)
        }
        Kind::Crest(crest) => {
            let beside = |s: EdgeState| BesideCrest { h: s.h, u: s.u, v: s.v, z: s.z };
            let (left, right) = (beside(left()), beside(right()));
            crest_flux(frame.crests[crest], dry, left, right, ordinary.to())
        }
        Kind::Narrow(share) => ordinary.to().times(share),
    }
    .to()
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
