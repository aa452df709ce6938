//! Scenario files: parsing, inheritance, validation; measures and the edits they make.
//!
//! A scenario is a TOML file of keyed tables. [`Scenario::load`] follows `extends`, merges tables
//! key by key (the child wins, `enabled = false` removes), resolves every path against the file
//! that states it, and refuses unknown keys with a suggestion.

mod file;
mod inherit;
mod levee;
mod measure;
mod quantity;
mod suggest;

pub use file::{GridSection, InputEntry, MeasureEntry, RunEntry, Scenario, TimeSection, path_keys};
pub use levee::Levee;
pub use measure::{Edit, LineStructure, MeasureContext, MeasureKind, RasterOperation};
pub use quantity::{DatumRef, Duration, Level};
pub(crate) use suggest::explain_toml;
pub use suggest::{explain_serde, nearest};
