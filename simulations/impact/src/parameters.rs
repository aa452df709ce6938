//! Parameters of an impact run, as a scenario states them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::results::InhabitantsPerDwelling;
use twin_core::simulation::{parse_parameters, sourced, within};
use twin_core::{Error, Result};

/// Most draws of the damage.
const MOST_DRAWS: u32 = 10_000;

/// Parameters of the simulation `impact`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Height of the ground floor above the ground, metres, for buildings that have none of their own.
    pub floor_height_m: f64,
    /// What counts as the water at a building.
    pub water_at_building: WaterRule,
    /// Never more water in a building than the deepest beside it: for rain on slopes, where the
    /// highest level around a house is that of the hillside.
    pub cap_by_depth_around: bool,
    /// Depth from which a cell counts as wet, metres: more than a centimetre where rain falls everywhere.
    pub wet_depth_m: f64,
    /// Damage to buildings.
    pub damage: DamageParameters,
    /// What is not well known.
    pub uncertainty: Uncertainty,
    /// Inhabitants by dwelling and where the figure comes from, in place of the commune's own ratio.
    pub inhabitants_per_dwelling: Option<InhabitantsPerDwelling>,
    /// Depth × speed from which a person on foot is in danger, m²/s.
    pub pedestrian_danger_m2_per_s: f64,
    /// Roads and who they cut off.
    pub access: AccessParameters,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            floor_height_m: 0.0,
            water_at_building: WaterRule::Ring,
            cap_by_depth_around: false,
            wet_depth_m: 0.01,
            damage: DamageParameters::default(),
            uncertainty: Uncertainty::default(),
            inhabitants_per_dwelling: None,
            // Adults lose their footing from 0.5 to 0.8 m²/s on (AIDR 2017, guideline 7-3, H3).
            pedestrian_danger_m2_per_s: 0.5,
            access: AccessParameters::default(),
        }
    }
}

/// What counts as the water at a building.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WaterRule {
    /// The highest level of the wet cells in a one-cell ring around it, less ground and floor.
    Ring,
    /// The mean depth of the wet cells under its footprint, less the floor: the rule of other programs,
    /// to compare with them. It needs a run with buildings the water passes through.
    MeanOfWetCells,
}

/// Damage to buildings.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DamageParameters {
    /// Table of damage functions; default: the European curves of the JRC.
    #[schemars(extend("format" = "path"))]
    pub functions: Option<String>,
    /// Value of a square metre of floor by use (`usage_1` of BD TOPO), for functions in fractions;
    /// that of dwellings is assumed where it is not given.
    pub values: BTreeMap<String, Value>,
    /// Height of a storey, metres: above it the next one is in the water too.
    pub storey_height_m: f64,
}

/// The use whose value is assumed where none is given.
const DWELLINGS: &str = "Résidentiel";

impl Value {
    fn of_dwellings() -> Self {
        Self {
            eur_per_m2: [1500.0, 1750.0, 2000.0],
            source:
                "ordre de grandeur des coûts de reconstruction de logements en France, hypothèse"
                    .to_owned(),
        }
    }
}

impl Default for DamageParameters {
    fn default() -> Self {
        Self { functions: None, values: BTreeMap::new(), storey_height_m: 3.0 }
    }
}

/// A value by square metre.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// Lowest, central and highest, euros before tax by square metre of floor.
    pub eur_per_m2: [f64; 3],
    /// Where it comes from.
    pub source: String,
}

/// What is not well known about the damage, as intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Uncertainty {
    /// Number of draws; 0: none.
    pub draws: u32,
    /// Seed of the draws.
    pub seed: u64,
    /// Metres added to all levels at once.
    pub level_m: [f64; 2],
    /// Metres added to the floor of each building on its own.
    pub floor_m: [f64; 2],
    /// Where the intervals come from; absent: they are conventional.
    pub source: Option<String>,
}

impl Default for Uncertainty {
    fn default() -> Self {
        Self { draws: 200, seed: 0, level_m: [-0.15, 0.15], floor_m: [-0.1, 0.1], source: None }
    }
}

/// Roads and who they cut off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccessParameters {
    /// Depth from which a road is cut, metres.
    pub cut_depth_m: f64,
    /// Farthest way from a building to the road network, metres.
    pub to_network_m: f64,
}

impl Default for AccessParameters {
    fn default() -> Self {
        // Light vehicles float or stall from 0.3 m on (AIDR 2017, guideline 7-3, H2).
        Self { cut_depth_m: 0.3, to_network_m: 300.0 }
    }
}

impl Parameters {
    /// Reads and checks parameters and adds what is assumed.
    pub(crate) fn read(parameters: &serde_json::Value) -> Result<Self> {
        let mut read: Self = parse_parameters(crate::ID, parameters)?;
        read.check()?;
        read.damage.values.entry(DWELLINGS.to_owned()).or_insert_with(Value::of_dwellings);
        Ok(read)
    }

    /// Refuses what cannot be.
    fn check(&self) -> Result<()> {
        let within = |key: &str, value, range| within(value, range, place(key)).map(drop);
        within("floor_height_m", self.floor_height_m, [0.0, 10.0])?;
        within("wet_depth_m", self.wet_depth_m, [0.001, 1.0])?;
        within("pedestrian_danger_m2_per_s", self.pedestrian_danger_m2_per_s, [0.05, 10.0])?;
        within("damage.storey_height_m", self.damage.storey_height_m, [2.0, 10.0])?;
        within("access.cut_depth_m", self.access.cut_depth_m, [0.01, 5.0])?;
        within("access.to_network_m", self.access.to_network_m, [1.0, 5000.0])?;
        within(
            "uncertainty.draws",
            f64::from(self.uncertainty.draws),
            [0.0, f64::from(MOST_DRAWS)],
        )?;
        for (name, [low, high]) in
            [("level_m", self.uncertainty.level_m), ("floor_m", self.uncertainty.floor_m)]
        {
            if !(low <= 0.0 && 0.0 <= high && low > -5.0 && high < 5.0) {
                return Err(Error::input(
                    place(&format!("uncertainty.{name}")),
                    format!("[{low}, {high}] ; donner un intervalle autour de 0, en mètres"),
                    format!("[{low}, {high}]; give an interval around 0, in metres"),
                ));
            }
        }
        for (use_1, value) in &self.damage.values {
            let key = format!("damage.values.{use_1}");
            let [low, central, high] = value.eur_per_m2;
            if !(0.0 <= low && low <= central && central <= high && high <= 1e5) {
                return Err(Error::input(
                    place(&key),
                    "donner eur_per_m2 = [bas, central, haut], en ordre croissant",
                    "give eur_per_m2 = [low, central, high] in rising order",
                ));
            }
            sourced(&value.source, place(&format!("{key}.source")))?;
        }
        if let Some(ratio) = &self.inhabitants_per_dwelling {
            ratio.check(&place("inhabitants_per_dwelling"))?;
        }
        Ok(())
    }
}

/// The place of a parameter in errors.
pub(crate) fn place(key: &str) -> String {
    format!("{}.parameters.{key}", crate::ID)
}
