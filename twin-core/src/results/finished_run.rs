//! A finished run opened for reading: its record, its fields, and how they are shown.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::store::read_json;
use super::{Indicators, RunManifest};
use crate::export::Legend;
use crate::formats::cf::SeriesFile;
use crate::formats::{self, FeatureTable};
use crate::language::Text;
use crate::simulation::{Sensitivity, StaticField};
use crate::spatial::Grid;
use crate::{Error, FileProblem, Language, Result};

/// How a field of a run is named and shown, as its plugin says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldDisplay {
    /// Name of the field in `fields.h5`.
    pub field: String,
    /// Title of the field.
    pub title: Text,
    /// Its maps.
    pub maps: Vec<FieldMap>,
}

/// A map of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldMap {
    /// Title of the map.
    pub title: Text,
    /// One sentence that tells how to read it.
    pub caption: Text,
    /// Colours.
    pub legend: Legend,
    /// Values below this stay transparent, like cells without value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transparent_below: Option<f32>,
}

impl FieldDisplay {
    /// Name of the file in the folder `maps` of a run.
    pub const FILE: &'static str = "legends.json";

    /// The display that a plugin gave a field.
    pub fn of(field: &StaticField) -> Self {
        let maps = field.maps.iter().map(|map| FieldMap {
            title: map.title.clone(),
            caption: map.caption.clone(),
            legend: map.legend.clone(),
            transparent_below: map.transparent_below,
        });
        Self { field: field.name.to_owned(), title: field.title.clone(), maps: maps.collect() }
    }
}

/// A quantity over time, as a run recorded it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedSeries {
    /// Name of the gauge or section.
    pub gauge: String,
    /// Snake-case identifier of the quantity.
    pub variable: String,
    /// Unit in UDUNITS notation.
    pub unit: String,
    /// Easting and northing, where it has a place.
    pub position: Option<[f64; 2]>,
    /// Seconds since the scenario's start and values, `NaN` while there is none.
    pub points: Vec<(f64, f64)>,
}

/// A row of `gauges.csv`; that of an older program has no place.
#[derive(Deserialize)]
struct GaugeRow {
    gauge: String,
    variable: String,
    unit: String,
    time_s: f64,
    value: Option<f64>,
    #[serde(default)]
    easting: Option<f64>,
    #[serde(default)]
    northing: Option<f64>,
}

/// A run of the store, complete.
#[derive(Debug)]
pub struct FinishedRun {
    /// Its folder.
    pub folder: PathBuf,
    /// Its record.
    pub manifest: RunManifest,
    /// Its fields.
    pub fields: SeriesFile,
    /// How they are shown; empty where an older program wrote the run.
    pub displays: Vec<FieldDisplay>,
}

impl FinishedRun {
    /// Opens the folder of a run.
    pub fn open(folder: &Path) -> Result<Self> {
        if !Self::is_one(folder) {
            return Err(Self::none_in(folder));
        }
        let manifest = Self::read_manifest(folder)?;
        let fields = SeriesFile::open(folder.join("fields.h5"))?;
        let displays = folder.join("maps").join(FieldDisplay::FILE);
        let displays = if displays.is_file() { read_json(&displays)? } else { Vec::new() };
        Ok(Self { folder: folder.to_path_buf(), manifest, fields, displays })
    }

    /// Whether a folder holds the record of a run.
    pub fn is_one(folder: &Path) -> bool {
        folder.join(Self::MANIFEST).is_file()
    }

    /// The record of a run.
    pub fn read_manifest(folder: &Path) -> Result<RunManifest> {
        read_json(&folder.join(Self::MANIFEST))
    }

    /// The figures of a run by its folder.
    pub fn read_indicators(folder: &Path) -> Result<Indicators> {
        read_json(&folder.join("indicators.json"))
    }

    const MANIFEST: &'static str = "manifest.json";

    /// Whether its territory is a demonstration data set.
    pub fn is_demo(&self) -> bool {
        self.fields.attributes().contains_key("demonstration")
    }

    /// Whether the scenario states how the run was compared with observations.
    pub fn is_calibrated(&self) -> bool {
        self.manifest.parameters.get("calibration").is_some_and(|c| !c.is_null())
    }

    /// A field without time, or one that an analysis gives at its one time.
    ///
    /// # Errors
    /// The run has no such field, or it cannot be read.
    pub fn field(&self, name: &str) -> Result<Grid<f32>> {
        let spec = self.fields.spec();
        self.field_window(name, 0..spec.rows, 0..spec.columns)
    }

    /// A window of a field, as [`FinishedRun::field`].
    ///
    /// # Errors
    /// As there, or the window is not within the grid.
    pub fn field_window(
        &self,
        name: &str,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<Grid<f32>> {
        if self.fields.statics().iter().any(|b| b.name == name) {
            return self.fields.read_static_window(name, rows, columns);
        }
        if self.has_field(name) {
            return self.fields.read_frame_window(name, 0, rows, columns);
        }
        let of = |bands: Vec<&str>| bands.join(", ");
        let statics = of(self.fields.statics().iter().map(|b| b.name.as_str()).collect());
        Err(Error::input(
            self.folder.display().to_string(),
            format!("ce calcul n'a pas de « {name} » ; il a : {statics}"),
            format!("this run has no \"{name}\"; it has: {statics}"),
        ))
    }

    /// Whether it has such a field.
    pub fn has_field(&self, name: &str) -> bool {
        let is_alone = self.fields.times().len() == 1;
        self.fields.statics().iter().any(|b| b.name == name)
            || (is_alone && self.fields.variables().iter().any(|v| v.name == name))
    }

    /// Figures by enjeu.
    pub fn indicators(&self) -> Result<Indicators> {
        Self::read_indicators(&self.folder)
    }

    /// Ranges of the figures over the runs beside this one; `None` where there were none.
    pub fn sensitivity(&self) -> Result<Option<Sensitivity>> {
        let path = self.folder.join("sensitivity.json");
        if path.is_file() { read_json(&path).map(Some) } else { Ok(None) }
    }

    /// What was recorded over time at gauges and of the whole domain; empty where nothing was.
    pub fn gauges(&self) -> Result<Vec<RecordedSeries>> {
        let path = self.folder.join("gauges.csv");
        if !path.is_file() {
            return Ok(Vec::new());
        }
        let undecodable = |e: csv::Error| Error::file(&path, FileProblem::undecodable(e));
        let mut reader = csv::Reader::from_path(&path).map_err(undecodable)?;
        let mut all: Vec<RecordedSeries> = Vec::new();
        for row in reader.deserialize() {
            let row: GaugeRow = row.map_err(undecodable)?;
            let point = (row.time_s, row.value.unwrap_or(f64::NAN));
            match all.last_mut().filter(|s| s.gauge == row.gauge && s.variable == row.variable) {
                Some(series) => series.points.push(point),
                None => all.push(RecordedSeries {
                    gauge: row.gauge,
                    variable: row.variable,
                    unit: row.unit,
                    position: row.easting.zip(row.northing).map(|(x, y)| [x, y]),
                    points: vec![point],
                }),
            }
        }
        Ok(all)
    }

    /// Results per asset, one table per layer; empty where the run has none.
    pub fn assets(&self) -> Result<Vec<FeatureTable>> {
        let path = self.folder.join("assets.gpkg");
        if path.is_file() { formats::read_vector(&path) } else { Ok(Vec::new()) }
    }

    /// Scenario and, where it tells more, the step.
    pub fn title(&self, language: Language) -> String {
        let scenario = self.manifest.scenario_title.get(language);
        if self.manifest.run == self.manifest.simulation {
            scenario.to_owned()
        } else {
            format!("{scenario} [{}]", self.manifest.run)
        }
    }

    /// The start of its clock; `None` of a run without time.
    pub fn start(&self) -> Option<jiff::Timestamp> {
        self.manifest.start_utc.as_ref().and_then(|t| t.parse().ok())
    }

    fn none_in(folder: &Path) -> Error {
        Error::input(
            folder.display().to_string(),
            "n'est pas un calcul terminé ; donner un dossier runs/GREFFON/EMPREINTE",
            "is not a finished run; give a folder runs/PLUGIN/HASH",
        )
    }
}
