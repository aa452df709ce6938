//! Measures (public actions such as raising a levee), which make typed edits of the territory.
//!
//! A plugin never sees a measure: it sees a territory on which the edits have been made.
//!
//! | kind | what it does |
//! |---|---|
//! | `levee` | a crest that water must overtop |
//! | `breach` | a structure of the scenario that fails |
//! | `levee-removed` | the terrain without its levee |
//! | `bank-lowered` | a strip of ground lowered |
//! | `retention-area` | a basin, with a bank and an outlet where wanted |
//! | `land-cover` | another cover within polygons: ground de-sealed, a crop changed |
//! | `planted-strip` | a hedge or a strip of grass along a line, on a bank where wanted |
//! | `swale` | a strip dug along a line: a swale, a street of another profile |
//! | `green-roof` | roofs that hold rain back |
//! | `ground-albedo` | ground made lighter or darker |
//! | `roof-albedo` | roofs made lighter or darker |
//! | `shade-sail` | cloth over a street or a place |
//! | `trees-planted` | single trees or rows of trees |
//! | `trees-felled` | all trees within polygons taken away |
//! | `building-added` | a new building, a block or a 3D model |
//! | `building-raised` | buildings made higher |
//! | `building-demolished` | buildings taken away |
//! | `floor-raised` | ground floors put above the water |
//! | `road-cut` | stretches of road closed to traffic |
//! | `bridge` | a deck with an opening through a bank |
//! | `culvert` | a culvert laid, or in place of one that the scenario states |
//! | `flood-gate` | a wall with a gate that opens by a schedule |

mod breach;
mod building_model;
mod buildings;
mod crest;
mod crossing;
mod culvert;
mod ground;
mod levee;
mod outlet;
mod road;
mod shade;
mod surface;
mod trees;

pub use breach::Breach;
pub use buildings::{BuildingAdded, BuildingDemolished, BuildingRaised, FloorRaised};
pub use crossing::{Bridge, FloodGate};
pub use culvert::{CulvertMeasure, CulvertParameters};
pub use ground::{BankLowered, LeveeRemoved, RetentionArea};
pub use levee::Levee;
pub use road::{NO_ACCESS, RoadCut};
pub use shade::{GroundAlbedo, RoofAlbedo, ShadeSails};
pub use surface::{CoverChanged, GreenRoofs, PlantedStrip, Swale};
pub use trees::{TreesFelled, TreesPlanted};

use serde_json::Value;

use crate::Result;
use crate::language::Text;
use crate::territory::{Edit, Territory};

/// A kind of measure. Anyone can register more.
pub trait MeasureKind: Send + Sync {
    /// Kebab-case identifier, unique in a registry.
    fn id(&self) -> &str;

    /// Title.
    fn title(&self) -> Text;

    /// JSON Schema of its parameters; a property with `"format": "path"` is a file.
    fn parameter_schema(&self) -> schemars::Schema;

    /// What the measure changes. Every error of its parameters belongs here.
    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>>;
}

/// What a measure may look at.
#[derive(Debug, Clone, Copy)]
pub struct MeasureContext<'a> {
    /// Name of the measure in the scenario.
    pub name: &'a str,
    /// The territory before any edit.
    pub territory: &'a Territory,
}
