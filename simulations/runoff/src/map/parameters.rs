//! Parameters of runoff maps, as a scenario states them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::Result;

use crate::parameters::{Roofs, Soil, SoilMap, SoilZone};
use crate::setup::within;

/// Parameters of the simulation `runoff-map`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapParameters {
    /// How water is shared among the cells below.
    #[serde(default)]
    pub routing: Method,
    /// Drained area from which a cell is a thalweg, ha.
    #[serde(default = "one_hectare")]
    pub thalweg_area_ha: f64,
    /// Cuts through what holds water back.
    #[serde(default)]
    pub breaching: Breaching,
    /// Draws of the terrain within its uncertainty.
    #[serde(default)]
    pub envelope: EnvelopeParameters,
    /// Soil where no zone states another.
    #[serde(default)]
    pub soil: Option<Soil>,
    /// Map of soils; where it tells none, `soil`.
    #[serde(default)]
    pub soil_map: Option<SoilMap>,
    /// Zones of other soils, by name, over the map; where they overlap the last in the order of the names
    /// counts.
    #[serde(default)]
    pub soils: BTreeMap<String, SoilZone>,
    /// Where the rain of roofs goes.
    #[serde(default)]
    pub roofs: Roofs,
    /// Depth from which a depression counts, metres.
    #[serde(default = "ponding_depth")]
    pub min_depth_m: f64,
}

fn one_hectare() -> f64 {
    1.0
}

fn ponding_depth() -> f64 {
    0.1
}

/// Ways to share water among the cells below; thalwegs, catchments and draws follow D8 always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// To the steepest neighbour (D8).
    #[default]
    Steepest,
    /// To the two neighbours beside the direction of steepest fall (D∞).
    DInfinity,
    /// To all lower neighbours (MFD).
    Multiple,
}

/// Cuts that lead water through banks whose culverts no source knows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breaching {
    /// Deepest cut, m; 0 cuts nothing.
    #[serde(default = "cut_depth")]
    pub depth_m: f64,
    /// Farthest that a cut leads, m, at least three cells.
    #[serde(default = "cut_length")]
    pub length_m: f64,
}

fn cut_depth() -> f64 {
    2.0
}

fn cut_length() -> f64 {
    30.0
}

impl Default for Breaching {
    fn default() -> Self {
        Self { depth_m: cut_depth(), length_m: cut_length() }
    }
}

/// Draws of the terrain within its uncertainty (ExZEco).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeParameters {
    /// Number of draws beside the terrain as it is.
    #[serde(default = "draws")]
    pub draws: u16,
    /// Height by which cells are raised, m.
    #[serde(default = "noise")]
    pub noise_m: f64,
    /// Share of the cells that a draw raises, 0 to 1.
    #[serde(default = "half")]
    pub share: f64,
    /// Seed of chance.
    #[serde(default)]
    pub seed: u64,
}

fn draws() -> u16 {
    100
}

fn noise() -> f64 {
    0.2
}

fn half() -> f64 {
    0.5
}

impl Default for EnvelopeParameters {
    fn default() -> Self {
        Self { draws: draws(), noise_m: noise(), share: half(), seed: 0 }
    }
}

impl MapParameters {
    /// Values within bounds that make sense.
    ///
    /// # Errors
    /// One that is not.
    pub(crate) fn check(&self) -> Result<()> {
        for (value, bounds, key) in [
            (self.thalweg_area_ha, [1e-3, 1e5], "thalweg_area_ha"),
            (self.breaching.depth_m, [0.0, 20.0], "breaching.depth_m"),
            (self.breaching.length_m, [0.0, 200.0], "breaching.length_m"),
            (self.envelope.noise_m, [0.0, 5.0], "envelope.noise_m"),
            (self.envelope.share, [0.0, 1.0], "envelope.share"),
            (f64::from(self.envelope.draws), [0.0, 10_000.0], "envelope.draws"),
            (self.min_depth_m, [0.01, 10.0], "min_depth_m"),
        ] {
            within(value, bounds, key)?;
        }
        Ok(())
    }
}
