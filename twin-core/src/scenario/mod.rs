//! Scenario files: parsing, inheritance, validation; measures and the edits they make.
//!
//! A scenario is a TOML file of keyed tables. [`Scenario::load`] follows `extends`, merges tables
//! key by key (the child wins, `enabled = false` removes), resolves every path against the file
//! that states it, and refuses unknown keys with a suggestion.

mod file;
mod inherit;
mod measures;
mod quantity;

pub use file::{
    Cost, GridSection, InputEntry, MeasureEntry, RunEntry, Scenario, TimeSection, path_keys,
};
pub use inherit::Change;
pub use measures::{
    BankLowered, Breach, Bridge, BuildingAdded, BuildingDemolished, BuildingRaised, CoverChanged,
    CulvertMeasure, CulvertParameters, FloodGate, FloorRaised, GreenRoofs, GroundAlbedo, Levee,
    LeveeRemoved, MeasureContext, MeasureKind, NO_ACCESS, PlantedStrip, RetentionArea, RoadCut,
    RoofAlbedo, ShadeSails, Swale, TreesFelled, TreesPlanted,
};
pub use quantity::{DatumRef, Duration, Level};

/// What measures make, for those who write one.
pub use crate::territory::{
    BasinOutlet, BreachTrigger, Edit, GreenRoof, LineStructure, OpeningKind, RasterOperation,
    ShadeSail, StructureBreach, StructureOpening,
};
