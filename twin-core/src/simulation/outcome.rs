//! What a run hands over when it ends.

use serde::{Deserialize, Serialize};

use crate::export::{Legend, map::Marker};
use crate::formats::FeatureTable;
use crate::formats::cityjson::CityObject;
use crate::language::Text;
use crate::results::Indicators;
use crate::spatial::{Grid, Line};

/// Mass or energy that entered, left and is stored since the start, in the unit of `unit`.
/// The driver checks `entered − left − (stored − initial)` against `tolerance`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Stored at the start.
    pub initial: f64,
    /// Entered since the start.
    pub entered: f64,
    /// Left since the start.
    pub left: f64,
    /// Stored now.
    pub stored: f64,
    /// Allowed error relative to the largest term.
    pub tolerance: f64,
}

impl Budget {
    /// Unexplained change relative to the largest term (0 for an empty budget).
    pub fn relative_error(&self) -> f64 {
        let residual = self.entered - self.left - (self.stored - self.initial);
        let scale = self.initial.abs().max(self.entered.abs()).max(self.stored.abs());
        if scale > 0.0 { residual.abs() / scale } else { residual.abs() }
    }

    /// Whether the error is within the tolerance.
    pub fn is_closed(&self) -> bool {
        self.relative_error() <= self.tolerance
    }
}

/// A result on the run grid without time: a maximum, an arrival time, a class.
#[derive(Debug, Clone)]
pub struct StaticField {
    /// Snake-case identifier.
    pub name: &'static str,
    /// CF standard name where one exists.
    pub standard_name: Option<&'static str>,
    /// Unit in UDUNITS notation.
    pub unit: &'static str,
    /// Title.
    pub title: Text,
    /// Values; `NaN` where there is none.
    pub grid: Grid<f32>,
    /// Maps of this field for the report, each with its own legend.
    pub maps: Vec<ResultMap>,
}

/// A map of a [`StaticField`].
#[derive(Debug, Clone)]
pub struct ResultMap {
    /// Kebab-case name of its file.
    pub name: &'static str,
    /// Title.
    pub title: Text,
    /// One sentence that tells how to read it.
    pub caption: Text,
    /// Legend.
    pub legend: Legend,
    /// Values below this stay transparent, like cells without value.
    pub transparent_below: Option<f32>,
    /// Whether to draw lines of equal value with their values.
    pub isolines: bool,
}

/// A quantity over time at a gauge, through a section, or of the whole domain.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GaugeSeries {
    /// Name given by the scenario.
    pub gauge: String,
    /// World position, where it has one.
    pub position: Option<[f64; 2]>,
    /// Snake-case identifier of the quantity.
    pub variable: &'static str,
    /// Title of the quantity.
    pub title: Text,
    /// Unit in UDUNITS notation.
    pub unit: &'static str,
    /// Seconds since the scenario's start.
    pub times_s: Vec<f64>,
    /// Values; `NaN` while there is none.
    pub values: Vec<f64>,
}

/// Where a structure of the scenario landed on the run grid.
#[derive(Debug, Clone)]
pub struct PlacedStructure {
    /// Name given by the scenario.
    pub name: String,
    /// What it is.
    pub kind: Text,
    /// Its course on the grid, world coordinates.
    pub lines: Vec<Line>,
    /// What the report says about it.
    pub note: Text,
}

/// What a run hands over when it ends.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Figures by enjeu.
    pub indicators: Indicators,
    /// Results without time.
    pub statics: Vec<StaticField>,
    /// Series at gauges.
    pub gauges: Vec<GaugeSeries>,
    /// Results per asset (building, road …), one table per layer of `assets.gpkg`.
    pub assets: Vec<FeatureTable>,
    /// Volumes that the result adds to the territory, for `volumes.city.jsonl`.
    pub volumes: Vec<CityObject>,
    /// Symbols of the maps beside gauges: inflows, outflows, breaches.
    pub markers: Vec<Marker>,
    /// Where structures landed.
    pub structures: Vec<PlacedStructure>,
    /// The result in a few sentences.
    pub key_messages: Vec<Text>,
    /// Whether and how the run was compared with observations; `None`: it was not.
    pub calibration: Option<Text>,
    /// Hypotheses that this run made, with its values.
    pub hypotheses: Vec<Text>,
    /// What the reader must know before using the result.
    pub warnings: Vec<Text>,
}
