//! Parameters of the elevation potential, as a scenario states them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::simulation as checks;
use twin_core::{Error, Result};

/// Parameters of the simulation `elevation-potential`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Day at which the law and the rules are read, `2026-11-27`.
    #[schemars(with = "String")]
    pub law_date: Date,
    /// Rule file of the planning document (`twin rules new` writes one). Without it, the national rules
    /// (RNU) hold everywhere.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub rules: Option<PathBuf>,
    /// Rule file that the first is compared with.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub compared_with: Option<PathBuf>,
    /// Whether the ground lies in the *parties urbanisées de la commune* (L111-3), where the national
    /// rules hold; unknown where it is not stated.
    #[serde(default)]
    pub urbanised: Option<bool>,
    /// What an added storey is.
    #[serde(default)]
    pub storey: Storey,
    /// How floor area and dwellings follow.
    #[serde(default)]
    pub yields: Yields,
    /// From where heights are measured.
    #[serde(default)]
    pub measured_from: MeasuredFrom,
    /// What is decided for easements, prescriptions or zones of a risk plan: by their class on the map (`AC1`,
    /// `PM1`, `39`, `02` …), or by class and name for a single one (`39 Hauteur 9 m`), which goes first.
    #[serde(default)]
    pub decisions: BTreeMap<String, Decision>,
    /// Whether storeys that only a derogation of L152-6 allows are told (always apart).
    #[serde(default = "yes")]
    pub derogations: bool,
    /// Whether the commune lies in a *zone tendue* (article 232 of the *code général des impôts*, or a commune that
    /// L302-5 of the *code de la construction et de l'habitation* names), which L152-6 asked for until law 2025-1129;
    /// not known where it is not stated.
    #[serde(default)]
    pub tense_zone: Option<bool>,
    /// Whether hours of sun lost at the façades of neighbours are computed.
    #[serde(default = "yes")]
    pub shadows: bool,
    /// Whether new buildings on free parcels are computed.
    #[serde(default = "yes")]
    pub new_buildings: bool,
    /// Share of what the rules allow that is built in the end; not applied where it is not stated.
    #[serde(default)]
    pub realisable: Option<Realisable>,
    /// Cost of a square metre of floor, from – to.
    #[serde(default)]
    pub cost: Option<Cost>,
}

fn yes() -> bool {
    true
}

/// What an added storey is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Storey {
    /// From floor to floor, m.
    pub height_m: f64,
    /// Slab that carries the storeys over a flat roof, m.
    pub slab_m: f64,
    /// Least depth, m.
    pub least_depth_m: f64,
    /// Least area, m².
    pub least_area_m2: f64,
    /// Added storeys at most.
    pub most: u32,
}

impl Default for Storey {
    fn default() -> Self {
        Self { height_m: 3.0, slab_m: 0.3, least_depth_m: 5.0, least_area_m2: 25.0, most: 10 }
    }
}

/// How floor area and dwellings follow from the area of storeys.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Yields {
    /// Floor area (*surface de plancher*) per area of storey: walls and stairs are taken out.
    pub floor_share: f64,
    /// Living area per floor area.
    pub living_share: f64,
    /// Mean living area of a dwelling, m²; that of the territory's buildings where it is not stated.
    pub dwelling_m2: Option<f64>,
}

impl Default for Yields {
    fn default() -> Self {
        Self { floor_share: 0.88, living_share: 0.85, dwelling_m2: None }
    }
}

/// From where heights are measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MeasuredFrom {
    /// The lowest ground at the foot of the building.
    #[default]
    LowestGround,
    /// The middle between the lowest and the highest.
    MeanGround,
}

/// What the rules say of something.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Allowed.
    Allowed,
    /// Left to the authority: an opinion, a derogation, an agreement.
    Possible,
    /// Not known: a rule that nobody keyed, a text that nobody read.
    Unknown,
    /// Forbidden.
    Forbidden,
}

/// A verdict with its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What the text says.
    pub verdict: Verdict,
    /// Article, page and words of the text.
    pub source: String,
    /// Greatest height above the ground that it sets, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_m: Option<f64>,
}

/// Share of what the rules allow that is built in the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Realisable {
    /// 0 to 1.
    pub share: f64,
    /// Where it comes from.
    pub source: String,
}

/// Cost of a square metre of floor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Least and greatest, euros per m².
    pub eur_per_m2: [f64; 2],
    /// Where they come from.
    pub source: String,
}

impl Parameters {
    /// Checks the numbers.
    pub(crate) fn check(&self) -> Result<()> {
        let Storey { height_m, slab_m, least_depth_m, least_area_m2, most } = self.storey;
        within("storey.height_m", height_m, 2.0, 10.0)?;
        within("storey.slab_m", slab_m, 0.0, 3.0)?;
        within("storey.least_depth_m", least_depth_m, 0.0, 100.0)?;
        within("storey.least_area_m2", least_area_m2, 0.0, 1e6)?;
        within("storey.most", f64::from(most), 1.0, 100.0)?;
        within("yields.floor_share", self.yields.floor_share, 0.01, 1.0)?;
        within("yields.living_share", self.yields.living_share, 0.01, 1.0)?;
        within("yields.dwelling_m2", self.yields.dwelling_m2.unwrap_or(60.0), 5.0, 1000.0)?;
        if let Some(realisable) = &self.realisable {
            within("realisable.share", realisable.share, 0.0, 1.0)?;
            stated("realisable.source", &realisable.source)?;
        }
        if let Some(cost) = &self.cost {
            let [least, greatest] = cost.eur_per_m2;
            within("cost.eur_per_m2", least, 0.0, 1e6)?;
            within("cost.eur_per_m2", greatest, least, 1e6)?;
            stated("cost.source", &cost.source)?;
        }
        for (class, decision) in &self.decisions {
            stated(&format!("decisions.{class}.source"), &decision.source)?;
            let top_m = decision.top_m.unwrap_or(1.0);
            within(&format!("decisions.{class}.top_m"), top_m, 0.1, 1000.0)?;
        }
        if self.compared_with.is_some() && self.rules.is_none() {
            return Err(refused(
                "compared_with",
                "se compare au fichier de règles de « rules » ; l'indiquer",
                "is compared with the rule file of \"rules\"; state it",
            ));
        }
        Ok(())
    }
}

fn refused(key: &str, fr: impl Into<String>, en: impl Into<String>) -> Error {
    Error::input(place(key), fr, en)
}

fn place(key: &str) -> String {
    format!("elevation-potential.parameters.{key}")
}

fn within(key: &str, value: f64, low: f64, high: f64) -> Result<()> {
    checks::within(value, [low, high], place(key)).map(drop)
}

fn stated(key: &str, text: &str) -> Result<()> {
    checks::sourced(text, place(key))
}
