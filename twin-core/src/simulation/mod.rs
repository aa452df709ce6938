//! The plugin contract: what a simulation declares, how it runs, and who runs it.
//!
//! A plugin is a stateless [`Simulation`] (descriptor, parameter schema, factory) whose
//! [`Run`] advances to absolute times. The [`driver`] owns time, outputs, checkpoints and
//! coupling; a plugin never sees a measure, only the [`TerritoryView`](crate::territory::TerritoryView)
//! that results from it.
//!
//! Conventions: SI units inside; time in seconds since the scenario's start; grids in C order with
//! row 0 to the north; `NaN` is *no data*.

mod checks;
pub mod conformance;
mod contract;
mod descriptor;
pub mod driver;
mod fields;
mod outcome;
mod registry;
mod state;
mod unit;
mod variant;

pub use checks::{positive, sourced, within};
pub use contract::{
    Analysis, Estimate, OneShot, Run, RunContext, Simulation, Workload, parse_parameters,
};
pub use descriptor::{
    Descriptor, Intent, Requirement, RequirementKind, Storage, Support, Temporal, Variable,
};
pub use fields::Fields;
pub use outcome::{Budget, GaugeSeries, Outcome, PlacedStructure, ResultMap, StaticField};
pub use registry::Registry;
pub use state::{StateError, StateReader, StateVisitor, StateWriter};
pub use unit::Unit;
pub use variant::{
    IndicatorRange, Sensitivity, Variant, VariantKind, VariantOutcome, VariantRecord,
};
