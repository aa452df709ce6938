//! What happens at the outer edges.
//!
//! In the frame whose first axis points out of the domain, a condition turns the state of the
//! cell (h, u, v) and an outside value into the flux through the edge:
//!
//! * **wall**: a mirrored state; no mass, the pressure of the impact by HLL;
//! * **free**: the state of the cell leaves as it is (nothing comes back in);
//! * **outflow**: the normal speed of a slope, at most critical; a supercritical flow leaves as it is;
//! * **open**: free, but at least with the normal speed of the ground's own slope towards the edge, so that water
//!   that stands against it finds its way out;
//! * **stage**: the outside level with the velocity of the outgoing Riemann invariant
//!   u + 2c; critical where the drop is free, at most critical inwards;
//! * **rating curve**: the discharge that a curve gives for the mean level at the segment leaves it,
//!   split by conveyance;
//! * **discharge**: the given q with the depth of the cell, at least critical;
//! * **torrent**: the given q with a given depth: a supercritical inflow, which the domain cannot change.
//!
//! See Toro 2001, *Shock-capturing methods for free-surface shallow flows*, and Bristeau & Coussin
//! 2001, *Boundary conditions for the shallow water equations solved by kinetic schemes* (INRIA
//! RR-4282).

use std::collections::BTreeMap;

use twin_core::{Error, Result};

use crate::bed::Bed;
use crate::edge::{Edge, OuterEdge, Side};
use crate::friction::FrictionLaw;
use crate::rating::RatingCurve;
use crate::real::{Real, quantised};
use crate::rows::FaceFlux;
use crate::source::conveyance_weights;
use crate::{GRAVITY, Series};

/// What happens at the edges of a segment.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Nothing passes.
    Wall,
    /// Water leaves as it comes (zero gradient); nothing enters.
    Free,
    /// Water leaves at the normal speed of this slope (m/m, > 0).
    Outflow {
        /// Slope of the ground beyond the edge.
        slope: f64,
    },
    /// Water leaves as it comes, and where the ground does not rise towards the edge at least at the normal speed
    /// of its slope there, at most critical; nothing enters.
    Open {
        /// Slope where the ground falls less (m/m, > 0).
        least_slope: f64,
    },
    /// The level outside, m in the datum of the bed; water enters and leaves.
    Stage(Series),
    /// A rating curve at the edge: what it gives for the level leaves.
    Rating(RatingCurve),
    /// A discharge into the domain, m³/s, split by conveyance h^(5/3)/n over the segment.
    Discharge(Series),
    /// A supercritical discharge into the domain, m³/s, evenly over the segment, with its depth.
    Torrent {
        /// m³/s against time.
        discharge: Series,
        /// Depth at which it enters, m, > 0.
        depth_m: f64,
    },
}

impl Condition {
    /// Whether it sets how much passes.
    pub(crate) fn imposes_discharge(&self) -> bool {
        matches!(self, Self::Discharge(_) | Self::Torrent { .. } | Self::Rating(_))
    }
}

/// Conditions at the outer edges. Edges that no segment names are walls, and the solver records
/// when water reaches them: a result that leans on an edge nobody thought of is not a result.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Boundaries {
    pub(crate) segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) edges: Vec<Edge>,
    pub(crate) condition: Condition,
}

impl Boundaries {
    /// Adds a segment.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, edges: Vec<Edge>, condition: Condition) -> Self {
        self.segments.push(Segment { name: name.into(), edges, condition });
        self
    }

    /// Walls on the whole rim and around all voids, declared as such.
    pub fn walls(bed: &Bed) -> Self {
        let edges = bed.outer_edges().iter().map(|e| e.edge).collect();
        Self::default().with("wall", edges, Condition::Wall)
    }

    /// The faces of a bed with the segment that rules each.
    pub(crate) fn faces(&self, bed: &Bed) -> Result<Vec<BoundaryFace>> {
        let mut segment_of = BTreeMap::new();
        for (index, segment) in self.segments.iter().enumerate() {
            if let Condition::Outflow { slope } | Condition::Open { least_slope: slope } =
                segment.condition
                && !(slope.is_finite() && slope > 0.0)
            {
                return Err(Error::input(
                    &segment.name,
                    "la pente de sortie doit être positive ; utiliser « libre » sinon",
                    "the outflow slope must be positive; use \"free\" otherwise",
                ));
            }
            if let Condition::Torrent { depth_m, .. } = segment.condition
                && !(depth_m.is_finite() && depth_m > 0.0)
            {
                return Err(Error::input(
                    &segment.name,
                    "la hauteur d'une arrivée torrentielle doit être positive",
                    "the depth of a supercritical inflow must be positive",
                ));
            }
            for &edge in &segment.edges {
                if let Some(other) = segment_of.insert(edge, index) {
                    let other = self.segments.get(other).map_or("", |s| s.name.as_str());
                    return Err(Error::input(
                        &segment.name,
                        format!("un bord est déjà donné à « {other} » ; séparer les deux limites"),
                        format!(
                            "an edge already belongs to \"{other}\"; separate the two boundaries"
                        ),
                    ));
                }
            }
        }
        let faces: Vec<_> = bed
            .outer_edges()
            .into_iter()
            .map(|outer| BoundaryFace { outer, segment: segment_of.remove(&outer.edge) })
            .collect();
        if let Some((edge, segment)) = segment_of.into_iter().next() {
            let name = self.segments.get(segment).map_or("", |s| s.name.as_str());
            return Err(Error::input(
                name,
                format!(
                    "{edge:?} n'est pas un bord extérieur ; la limite doit suivre le bord du domaine"
                ),
                format!("{edge:?} is not an outer edge; the boundary must follow the domain's rim"),
            ));
        }
        Ok(faces)
    }
}

/// An outer edge and the segment that rules it; none: an undeclared wall.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BoundaryFace {
    pub(crate) outer: OuterEdge,
    pub(crate) segment: Option<usize>,
}

/// Water at an outer edge that no boundary names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EdgeContact {
    /// First time with at least [`crate::Options::contact_depth_m`], s.
    pub time_s: f64,
    /// Row of the cell.
    pub row: usize,
    /// Column of the cell.
    pub column: usize,
    /// Side of the cell that lies on the edge.
    pub side: Side,
}

/// What a face does during one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum FaceNow {
    Wall,
    Free,
    Outflow(f64),
    Open(f64),
    /// Level outside, m.
    Stage(f64),
    /// Into the domain, m²/s.
    Discharge(f64),
    /// Into the domain, m²/s, with its depth, m.
    Torrent(f64, f64),
}

/// State of a cell in the frame of an outer edge: `u` points outwards.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EdgeState {
    pub(crate) h: f64,
    pub(crate) u: f64,
    pub(crate) v: f64,
    pub(crate) z: f64,
    pub(crate) friction: f64,
}

/// Sets what each face does between two times. Returns the fastest wave that enters, m/s.
pub(crate) fn set_faces<R: Real>(
    segments: &[Segment],
    members: &[Vec<usize>],
    faces: &[BoundaryFace],
    bed: &Bed,
    depth: impl Fn(usize) -> f64 + Copy,
    (from, to): (f64, f64),
    (now, weights): (&mut [FaceNow], &mut Vec<f64>),
) -> f64 {
    let mut fastest = 0.0f64;
    for (segment, members) in segments.iter().zip(members) {
        match &segment.condition {
            Condition::Stage(level) => {
                let level = quantised::<R>(level.mean(from, to));
                for &f in members {
                    let cell = faces[f].outer.cell;
                    let beyond = (level - bed.elevation_m[cell]).max(0.0);
                    let c = (GRAVITY * beyond).sqrt();
                    let factor = if depth(cell) < 0.5 * beyond { 2.0 } else { 1.0 };
                    fastest = fastest.max(factor * c);
                    now[f] = FaceNow::Stage(level);
                }
            }
            Condition::Discharge(discharge) => {
                let per_m = discharge.mean(from, to) / bed.spec.cell_size;
                let cells = members.iter().map(|&f| faces[f].outer.cell);
                conveyance_weights(bed, depth, cells, weights);
                for (&f, &w) in members.iter().zip(weights.iter()) {
                    let q = per_m * w;
                    let h = boundary_depth(depth(faces[f].outer.cell), q);
                    if h > 0.0 {
                        fastest = fastest.max(q.abs() / h + (GRAVITY * h).sqrt());
                    }
                    now[f] = FaceNow::Discharge(q);
                }
            }
            Condition::Torrent { discharge, depth_m } => {
                let width = bed.spec.cell_size * members.len() as f64;
                let q = discharge.mean(from, to) / width;
                fastest = fastest.max(q.abs() / depth_m + (GRAVITY * depth_m).sqrt());
                members.iter().for_each(|&f| now[f] = FaceNow::Torrent(q, *depth_m));
            }
            Condition::Rating(curve) => {
                let cells = members.iter().map(|&f| faces[f].outer.cell);
                conveyance_weights(bed, depth, cells.clone(), weights);
                let wet = cells.clone().zip(weights.iter()).filter(|(cell, _)| depth(*cell) > 0.0);
                let (level, sum) = wet.fold((0.0, 0.0), |(level, sum), (cell, w)| {
                    (level + w * (depth(cell) + bed.elevation_m[cell]), sum + w)
                });
                let discharge = if sum > 0.0 { curve.discharge(level / sum) } else { 0.0 };
                for ((&f, &w), cell) in members.iter().zip(weights.iter()).zip(cells) {
                    let q =
                        if depth(cell) > 0.0 { discharge * w / bed.spec.cell_size } else { 0.0 };
                    now[f] = FaceNow::Discharge(-q);
                }
            }
            Condition::Wall => members.iter().for_each(|&f| now[f] = FaceNow::Wall),
            Condition::Free => members.iter().for_each(|&f| now[f] = FaceNow::Free),
            Condition::Outflow { slope } => {
                members.iter().for_each(|&f| now[f] = FaceNow::Outflow(*slope));
            }
            Condition::Open { least_slope } => {
                for &f in members {
                    let fall = fall_towards(bed, faces[f].outer);
                    now[f] = if fall < 0.0 {
                        FaceNow::Free
                    } else {
                        FaceNow::Open(fall.max(*least_slope))
                    };
                }
            }
        }
    }
    fastest
}

/// How steeply the ground falls from the cell before towards an outer edge; negative where it rises.
fn fall_towards(bed: &Bed, outer: OuterEdge) -> f64 {
    let (row, column) = bed.spec.row_column(outer.cell);
    let back = Edge::of_cell(row, column, outer.side.opposite()).cells(&bed.spec);
    let before = back.into_iter().flatten().find(|&cell| cell != outer.cell && bed.is_open(cell));
    before.map_or(0.0, |before| {
        (bed.elevation_m[before] - bed.elevation_m[outer.cell]) / bed.spec.cell_size
    })
}

/// Depth at which q (m²/s) passes an edge: that of the cell, at least critical.
fn boundary_depth(h: f64, q: f64) -> f64 {
    h.max((q * q / GRAVITY).cbrt())
}

/// Normal momentum that a wall gives back to a cell, by HLL with the mirrored state.
pub(crate) fn wall_pressure(h: f64, u: f64) -> f64 {
    let c = (GRAVITY * h).sqrt();
    h * u * (u + c + (0.5 * u).max(-u))
}

/// Flux out of the domain: `left` holds the normal momentum in the balance of the cell.
pub(crate) fn outer_flux(now: FaceNow, dry: f64, law: FrictionLaw, cell: EdgeState) -> FaceFlux {
    let h = if cell.h > dry { cell.h } else { 0.0 };
    let (u, v) = (cell.u, cell.v);
    let c = (GRAVITY * h).sqrt();
    let leaving =
        |u: f64| FaceFlux { mass: h * u, left: h * u * u, right: 0.0, transverse: h * u * v };
    let passing = |q: f64, h_edge: f64| FaceFlux {
        mass: -q,
        left: q * q / h_edge + 0.5 * GRAVITY * (h_edge - h) * (h_edge + h),
        right: 0.0,
        transverse: if q < 0.0 { -q * v } else { 0.0 },
    };
    let wall = FaceFlux { left: wall_pressure(h, u), ..FaceFlux::default() };
    match now {
        FaceNow::Wall => wall,
        FaceNow::Free if h > 0.0 && u > 0.0 => leaving(u),
        FaceNow::Outflow(slope) if h > 0.0 => {
            if u >= c {
                leaving(u)
            } else {
                leaving(law.normal_speed(cell.friction, h, slope).min(c))
            }
        }
        FaceNow::Open(slope) if h > 0.0 => {
            leaving(law.normal_speed(cell.friction, h, slope).min(c).max(u))
        }
        FaceNow::Free | FaceNow::Outflow(_) | FaceNow::Open(_) => wall,
        FaceNow::Stage(level) => {
            if u > c {
                return leaving(u);
            }
            let beyond = (level - cell.z).max(0.0);
            let mut c_edge = (GRAVITY * beyond).sqrt();
            let mut u_edge = u + 2.0 * (c - c_edge);
            let mut h_edge = beyond;
            if u_edge > c_edge {
                // The drop is free: critical flow on the same invariant.
                c_edge = (u + 2.0 * c) / 3.0;
                u_edge = c_edge;
                h_edge = c_edge * c_edge / GRAVITY;
            }
            u_edge = u_edge.max(-c_edge);
            let mass = h_edge * u_edge;
            FaceFlux {
                mass,
                left: mass * u_edge + 0.5 * GRAVITY * (h_edge - h) * (h_edge + h),
                right: 0.0,
                transverse: mass * if mass > 0.0 { v } else { 0.0 },
            }
        }
        FaceNow::Discharge(q) => {
            let h_edge = boundary_depth(h, q);
            if h_edge <= 0.0 || (q < 0.0 && h <= 0.0) { wall } else { passing(q, h_edge) }
        }
        FaceNow::Torrent(q, depth) if q > 0.0 => passing(q, depth),
        FaceNow::Torrent(..) => wall,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STILL: EdgeState = EdgeState { h: 2.0, u: 0.0, v: 0.0, z: 1.0, friction: 0.01 };

    #[test]
    fn equal_levels_and_walls_leave_still_water_still() {
        for now in [FaceNow::Wall, FaceNow::Free, FaceNow::Stage(3.0), FaceNow::Discharge(0.0)] {
            let flux = outer_flux(now, 1e-6, FrictionLaw::Manning, STILL);
            assert_eq!((flux.mass, flux.left, flux.transverse), (0.0, 0.0, 0.0), "{now:?}");
        }
    }

    #[test]
    fn a_free_drop_is_critical() {
        // Still water of depth h falls at 8/27 √g h^1.5, as behind a dam that vanishes.
        let flux = outer_flux(FaceNow::Stage(-5.0), 1e-6, FrictionLaw::Manning, STILL);
        let exact = 8.0 / 27.0 * GRAVITY.sqrt() * 2.0f64.powf(1.5);
        assert!((flux.mass / exact - 1.0).abs() < 1e-12);
    }

    #[test]
    fn normal_outflow_follows_manning() {
        let friction = FrictionLaw::Manning.coefficient(0.03);
        let cell = EdgeState { friction, ..STILL };
        let exact = 2.0f64.powf(5.0 / 3.0) * 1e-3f64.sqrt() / 0.03;
        for now in [FaceNow::Outflow(1e-3), FaceNow::Open(1e-3)] {
            let flux = outer_flux(now, 1e-6, FrictionLaw::Manning, cell);
            assert!((flux.mass / exact - 1.0).abs() < 1e-12, "{now:?}");
        }
    }

    #[test]
    fn an_open_edge_slows_no_water_down_and_drains_at_most_critically() {
        let (fast, friction) = (5.0, FrictionLaw::Manning.coefficient(1e-4));
        let law = FrictionLaw::Manning;
        let coming = EdgeState { u: fast, friction, ..STILL };
        assert_eq!(outer_flux(FaceNow::Open(1e-3), 1e-6, law, coming).mass, STILL.h * fast);
        let smooth = outer_flux(FaceNow::Open(0.5), 1e-6, law, EdgeState { friction, ..STILL });
        assert!((smooth.mass / (STILL.h * (GRAVITY * STILL.h).sqrt()) - 1.0).abs() < 1e-12);
    }
}
