//! Measures (public actions such as raising a levee) and the typed edits they make.
//!
//! A plugin never sees a measure: it sees a territory on which the edits have been made.

use serde_json::Value;

use crate::Result;
use crate::formats::{FeatureTable, Value as FieldValue};
use crate::language::Text;
use crate::spatial::{Geometry, Line};
use crate::territory::Territory;

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

    /// Cost in euros before tax with the source of its unit prices, where the kind can tell.
    fn cost(&self, _: &Value, _: &MeasureContext<'_>) -> Result<Option<(f64, String)>> {
        Ok(None)
    }
}

/// What a measure may look at.
#[derive(Debug, Clone, Copy)]
pub struct MeasureContext<'a> {
    /// Name of the measure in the scenario.
    pub name: &'a str,
    /// The territory before any edit.
    pub territory: &'a Territory,
}

/// A change of the territory.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Changes a grid band inside polygons.
    Raster {
        /// Band of `grids.h5`, such as `dtm` or `land_cover`.
        band: String,
        /// Polygons in the territory's CRS.
        area: Geometry,
        /// What happens to the cells.
        operation: RasterOperation,
    },
    /// Adds features to the layer named by the table.
    AddFeatures(FeatureTable),
    /// Removes a feature.
    RemoveFeature {
        /// Layer of `features.gpkg`.
        layer: String,
        /// Identifier.
        id: String,
    },
    /// Changes one attribute of a feature.
    SetAttribute {
        /// Layer of `features.gpkg`.
        layer: String,
        /// Identifier of the feature.
        id: String,
        /// Field.
        field: String,
        /// New value.
        value: FieldValue,
    },
    /// Adds a hydraulic line structure.
    Structure(LineStructure),
}

/// What happens to the cells of a [`Edit::Raster`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RasterOperation {
    /// Replaces the value.
    Set(f32),
    /// Adds to the value.
    Add(f32),
    /// Raises lower values to this one.
    AtLeast(f32),
    /// Lowers higher values to this one.
    AtMost(f32),
}

/// A levee, wall or embankment: a crest that water must overtop.
#[derive(Debug, Clone, PartialEq)]
pub struct LineStructure {
    /// Name, unique among the structures of a view.
    pub name: String,
    /// What it is, for maps and reports.
    pub title: Text,
    /// Crest lines; every vertex has its crest level in the territory's vertical datum.
    pub crest: Vec<Line>,
}

impl RasterOperation {
    /// The new value of a cell.
    pub fn apply(self, old: f32) -> f32 {
        match self {
            Self::Set(v) => v,
            Self::Add(v) => old + v,
            // `NaN` stays: an edit does not invent data.
            Self::AtLeast(v) => {
                if old < v {
                    v
                } else {
                    old
                }
            }
            Self::AtMost(v) => {
                if old > v {
                    v
                } else {
                    old
                }
            }
        }
    }
}
