//! The socle of the territorial digital twin: from national data to a 3D territory, and from a
//! scenario to comparable results.
//!
//! Data flows through the rooms from top to bottom, one concern each:
//!
//! | module | concern |
//! |---|---|
//! | [`spatial`] | coordinate reference systems, extents, grids, geometries |
//! | [`series`] | numbers over time and their text files |
//! | [`formats`] | bytes ↔ neutral records; knows no French product |
//! | [`products`] | national product → domain types |
//! | [`territory`] | the domain model and its store |
//! | [`assembly`] | sources → territory |
//! | [`simulation`] | the plugin contract and the driver that runs it |
//! | [`scenario`] | scenario files, measures and the edits they make |
//! | [`results`] | run store, indicators, gauges |
//! | [`export`] | maps, plots, reports, styles |
//! | [`study`] | actions × events × horizons, expected annual damage, costs and benefits |
//!
//! Beside them stand [`error`], [`language`], [`process`] and [`sampling`].
//!
//! SI units inside; heights in the legal datum of the place; grids in C order with row 0 to the
//! north; `NaN` is *no data*, never *dry*.

pub mod assembly;
pub mod error;
pub mod export;
pub mod formats;
pub mod language;
pub mod process;
pub mod products;
pub mod results;
pub mod sampling;
pub mod scenario;
pub mod series;
pub mod simulation;
pub mod spatial;
pub mod study;
mod suggest;
pub mod territory;
#[doc(hidden)]
pub mod test_support;

pub use error::{Error, FileProblem, Result};
pub use language::Language;
