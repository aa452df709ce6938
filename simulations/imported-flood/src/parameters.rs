//! Parameters of an imported flood, as a scenario states them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::scenario::DatumRef;
use twin_core::spatial::VerticalDatum;
use twin_core::{Error, Result};

/// Parameters of the simulation `imported-flood`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Title of the result.
    pub title: String,
    /// Who computed it, with what.
    pub author: String,
    /// Depth of the water in metres: GeoTIFF or ASCII grid of the maxima, netCDF-4 over time.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub depth: Option<String>,
    /// Level of the water in metres, in the same kinds of files.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub level: Option<String>,
    /// Speed of the water in m/s, in the same kinds of files.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub velocity: Option<String>,
    /// Result of TELEMAC (`.slf`) with depth, level and speeds in one file, in place of the others.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub serafin: Option<String>,
    /// Names of the variables of netCDF files, where they are not `depth`, `level` and `velocity`.
    #[serde(default)]
    pub variables: VariableNames,
    /// Datum of the level: `NGF-IGN69` …; it must be told where a level is given.
    #[serde(default)]
    pub datum: Option<String>,
    /// Height of that datum's zero in the territory's datum, metres.
    #[serde(default)]
    pub offset_m: Option<f64>,
    /// Height of the ground floor above the ground, metres, for all buildings.
    #[serde(default)]
    pub floor_height_m: f64,
    /// Comparison with observations, as its author tells it.
    #[serde(default)]
    pub calibration: Option<twin_core::language::Text>,
}

/// Names of the variables of netCDF files.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VariableNames {
    /// Depth.
    pub water_depth: String,
    /// Level.
    pub water_level: String,
    /// Speed.
    pub flow_speed: String,
}

impl Default for VariableNames {
    fn default() -> Self {
        Self {
            water_depth: "depth".into(),
            water_level: "level".into(),
            flow_speed: "velocity".into(),
        }
    }
}

impl Parameters {
    pub(crate) fn check(&self) -> Result<()> {
        for (key, text) in [("title", &self.title), ("author", &self.author)] {
            if text.trim().is_empty() {
                return Err(Error::input(
                    place(key),
                    "dire de quel résultat il s'agit, et de qui il vient",
                    "say which result it is, and whose",
                ));
            }
        }
        let rasters = self.depth.is_some() || self.level.is_some();
        match (rasters, &self.serafin) {
            (false, None) => Err(Error::input(
                ID_PARAMETERS,
                "donner depth ou level (rasters), ou serafin (fichier .slf)",
                "give depth or level (rasters), or serafin (a .slf file)",
            )),
            (true, Some(_)) => Err(Error::input(
                place("serafin"),
                "un fichier .slf donne déjà hauteur et niveau ; retirer depth et level",
                "a .slf file already gives depth and level; remove depth and level",
            )),
            _ => Ok(()),
        }
    }

    /// Metres to add to a level so that it stands in the territory's datum.
    pub(crate) fn datum_offset(&self, to: VerticalDatum) -> Result<f64> {
        let datum = self.datum.clone().ok_or_else(|| {
            Error::input(
                place("datum"),
                "un niveau d'eau a une référence ; ajouter datum = \"NGF-IGN69\" ou une autre",
                "a water level has a datum; add datum = \"NGF-IGN69\" or another",
            )
        })?;
        DatumRef { datum, offset_m: self.offset_m }.offset_to(to, &place("datum"))
    }
}

const ID_PARAMETERS: &str = "imported-flood.parameters";

pub(crate) fn place(key: &str) -> String {
    format!("{ID_PARAMETERS}.{key}")
}
