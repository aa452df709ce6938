//! Parameters of a heat run, as a scenario states them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::Result;
use twin_core::language::Text;
use twin_core::results::InhabitantsPerDwelling;
use twin_core::simulation;

use crate::climate::Climate;
use crate::cool_islands::CoolIslandParameters;

/// Most that traffic and buildings give off, W/m² (Stewart & Oke 2012, table 4: 300 in compact high-rise).
const MOST_ANTHROPOGENIC: f64 = 400.0;

/// Parameters of the simulation `heat`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Weather of the day.
    pub weather: WeatherFile,
    /// How people stand.
    #[serde(default)]
    pub posture: PostureName,
    /// Part of the wind of the weather file (at 10 m, in the open) that UTCI is given everywhere; default: by district,
    /// from the shape of its buildings.
    #[serde(default)]
    pub wind_factor: Option<f64>,
    /// Trees.
    #[serde(default)]
    pub trees: Trees,
    /// Albedo of walls.
    #[serde(default = "wall_albedo")]
    pub wall_albedo: f64,
    /// Points `[x, y]` where everything is recorded, by name.
    #[serde(default)]
    pub gauges: BTreeMap<String, [f64; 2]>,
    /// Add the nocturnal urban heat island of built districts to the air temperature of the weather; not where the
    /// weather is that of a station in town.
    #[serde(default = "yes")]
    pub heat_island: bool,
    /// Heat of traffic and buildings in built districts, for their energy balance.
    #[serde(default)]
    pub anthropogenic_heat: Option<AnthropogenicHeat>,
    /// Weather of a warmer climate.
    #[serde(default)]
    pub climate: Option<Climate>,
    /// Cool islands and the ways to them.
    #[serde(default)]
    pub cool_islands: CoolIslandParameters,
    /// Inhabitants by dwelling and where the figure comes from, in place of the commune's own ratio.
    #[serde(default)]
    pub inhabitants_per_dwelling: Option<InhabitantsPerDwelling>,
    /// Comparison with measurements: who compared, with what error.
    #[serde(default)]
    pub calibration: Option<Text>,
}

fn yes() -> bool {
    true
}

fn wall_albedo() -> f64 {
    0.2
}

impl Parameters {
    /// Refuses what no scenario can mean.
    ///
    /// # Errors
    /// Values beyond their ranges, figures without a source.
    pub(crate) fn check(&self) -> Result<()> {
        let within = |value, range, key: &str| simulation::within(value, range, place(key));
        let sourced = |source: &str, key: &str| simulation::sourced(source, place(key));
        sourced(&self.weather.source, "weather.source")?;
        if let Some(share) = self.wind_factor {
            within(share, [0.1, 1.0], "wind_factor")?;
        }
        within(self.wall_albedo, [0.02, 0.95], "wall_albedo")?;
        within(self.trees.trunk_share, [0.0, 0.9], "trees.trunk_share")?;
        within(self.trees.least_height_m, [0.5, 20.0], "trees.least_height_m")?;
        if let Some(share) = self.trees.transmissivity {
            within(share, [0.0, 1.0], "trees.transmissivity")?;
        }
        if let Some(heat) = &self.anthropogenic_heat {
            within(heat.w_per_m2, [0.0, MOST_ANTHROPOGENIC], "anthropogenic_heat.w_per_m2")?;
            sourced(&heat.source, "anthropogenic_heat.source")?;
        }
        self.cool_islands.check(&place("cool_islands"))?;
        match &self.inhabitants_per_dwelling {
            Some(ratio) => ratio.check(&place("inhabitants_per_dwelling")),
            None => Ok(()),
        }
    }
}

/// Where a parameter stands in a scenario.
pub(crate) fn place(key: &str) -> String {
    format!("heat.parameters.{key}")
}

/// A weather file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeatherFile {
    /// Hourly file of Météo-France, EPW, or a table with the columns `time`, `air_temperature_c`,
    /// `relative_humidity_percent`, `global_radiation_w_m2` and `wind_speed_m_s`.
    #[schemars(extend("format" = "path"))]
    pub file: String,
    /// Where the weather comes from: station, typical year, hypothesis.
    pub source: String,
}

/// Heat that people give off.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnthropogenicHeat {
    /// Mean over the ground of built districts, W/m²: up to about 25 among houses and 75 in a dense centre (Stewart &
    /// Oke 2012, table 4).
    pub w_per_m2: f64,
    /// Where the figure comes from.
    pub source: String,
}

/// How people stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PostureName {
    /// Upright.
    #[default]
    Standing,
    /// On a bench.
    Sitting,
}

/// Crowns of trees.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trees {
    /// Part of the sun that crowns let through; default: 0.03 from 7 April to 27 October, else 0.5.
    #[serde(default)]
    pub transmissivity: Option<f64>,
    /// Height of the undersides of crowns as a part of that of the trees.
    #[serde(default = "trunk_share")]
    pub trunk_share: f64,
    /// Vegetation lower than this casts no shadow on people, m.
    #[serde(default = "least_height")]
    pub least_height_m: f64,
}

fn trunk_share() -> f64 {
    0.25
}

fn least_height() -> f64 {
    2.0
}

impl Default for Trees {
    fn default() -> Self {
        Self { transmissivity: None, trunk_share: trunk_share(), least_height_m: least_height() }
    }
}
