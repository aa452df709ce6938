//! Two-dimensional shallow-water engine on a uniform Cartesian grid.
//!
//! The engine solves the full Saint-Venant equations with Manning (or Darcy–Weisbach) friction,
//!
//! ```text
//! ∂h/∂t + ∂(hu)/∂x + ∂(hv)/∂y = r
//! ∂(hu)/∂t + ∂(hu² + gh²/2)/∂x + ∂(huv)/∂y = −gh ∂z/∂x − g n² |U| u h^(−1/3)
//! ∂(hv)/∂t + ∂(huv)/∂x + ∂(hv² + gh²/2)/∂y = −gh ∂z/∂y − g n² |U| v h^(−1/3)
//! ```
//!
//! by a MUSCL–Hancock scheme of second order that keeps a lake at rest, never makes a negative depth
//! and conserves water to round-off, in `f32` or `f64` ([`Real`]):
//!
//! | file | concern |
//! |---|---|
//! | [`Bed`] | elevation, roughness, void and blocked cells |
//! | [`Porosity`] | buildings smaller than cells |
//! | [`Edge`], [`edges_along`] | sides of cells, and lines snapped onto them without a gap |
//! | [`Boundaries`] | what happens at the outer edges: wall, outflow, stage, discharge, rating curve |
//! | [`Source`] | hydrographs and rain |
//! | [`LineStructure`], [`Breach`] | crests on edges, weir flow, breaching |
//! | [`Opening`] | bridges and gates under a crest |
//! | [`Link`], [`Culvert`] | culverts and pumps between places |
//! | [`Section`] | lines through which discharge is measured |
//! | [`Solver`] | time stepping, state, maxima, budget |
//! | `reconstruction` | slopes and half step: the states at the sides of a row of cells |
//! | `flux` | hydrostatic reconstruction and the flux of a row of edges |
//! | `draining` | the limiter that keeps depths positive |
//! | `inertial` | the local-inertial scheme |
//! | `balance`, `friction` | new depths and discharges of a row; friction and velocities |
//! | `maxima` | what is recorded of every step |
//! | `local_steps`, `activity` | the steps of tiles, as long as their waves allow; tiles with nothing to do |
//! | `sweep`, `stepping` | one time step of a block of cells; the step, sources and records |
//! | `rows`, `layout`, `ahead` | where the numbers lie while a row is worked on, and between steps; what is called into the cache |
//! | [`StateVisitor`] | saving and loading by one code path |
//!
//! Velocities are positive to the east (u) and to the north (v); row 0 is the northern row.
//!
//! ```
//! use twin_core::spatial::{Grid, GridSpec};
//! use twin_shallow_water::{Bed, Boundaries, Options, Solver};
//!
//! # fn main() -> twin_core::Result<()> {
//! let spec = GridSpec { west: 0.0, north: 100.0, cell_size: 1.0, columns: 100, rows: 100 };
//! let bed = Bed::from_grids(&Grid::filled(spec, 0.0f32), &Grid::filled(spec, 0.03f32))?;
//! let mut solver = Solver::<f32>::new(bed, Boundaries::default(), vec![], vec![], Options::default())?;
//! solver.set_level(|_, column| if column < 20 { 2.0 } else { 0.0 })?;
//! solver.advance_to(5.0)?;
//! assert!(solver.budget().relative_residual().abs() < 1e-6);
//! # Ok(())
//! # }
//! ```

mod activity;
mod ahead;
mod balance;
mod bed;
mod boundary;
mod breach;
mod budget;
mod by_row;
mod counting;
mod culvert;
mod draining;
mod edge;
mod flux;
mod frame;
mod friction;
mod inertial;
mod layout;
mod link;
mod local_steps;
mod maxima;
mod opening;
mod options;
mod parts;
mod porosity;
mod rating;
mod real;
mod reconstruction;
mod rows;
mod section;
mod snapping;
mod solver;
mod source;
mod special;
mod state;
mod stepping;
mod structure;
mod sweep;

pub use bed::Bed;
pub use boundary::{Boundaries, Condition, EdgeContact};
pub use breach::{Breach, BreachStart};
pub use budget::{Budget, Volume};
pub use culvert::{Barrel, Culvert, Inlet};
pub use edge::{Axis, Edge, OuterEdge, Side};
pub use friction::FrictionLaw;
pub use link::{Link, LinkLaw, LinkState};
pub use maxima::Maxima;
pub use opening::{Opening, OpeningKind};
pub use options::{Options, Scheme};
pub use porosity::Porosity;
pub use rating::RatingCurve;
pub use real::Real;
pub use section::Section;
pub use snapping::{crests_along, edges_along};
pub use solver::Solver;
pub use source::{Source, Split};
pub use state::StateVisitor;
pub use structure::LineStructure;
pub use twin_core::series::Series;

/// Acceleration of gravity in m/s².
pub const GRAVITY: f64 = 9.81;
