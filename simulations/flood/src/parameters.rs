//! Parameters of a flood run, as a scenario states them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::Language;
use twin_core::language::Text;
use twin_core::scenario::{CulvertParameters, Duration, Level};
use twin_core::territory::GeometryInput;
use twin_hydraulic_structures::PumpParameters;

use crate::uncertainty::{Factors, Uncertainty};

/// Parameters of the simulation `flood`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// River that floods. There is no default discharge.
    #[serde(default)]
    pub inflow: Option<Inflow>,
    /// Further inflows by name.
    #[serde(default)]
    pub tributaries: BTreeMap<String, Inflow>,
    /// Edges where water leaves freely, by name.
    #[serde(default)]
    pub outflow: BTreeMap<String, Outflow>,
    /// Edges with an imposed water level (sea, lake, downstream river), by name.
    #[serde(default)]
    pub stage: BTreeMap<String, Stage>,
    /// Edges that are known walls, such as the upstream end of a valley beside the inflow, by name.
    #[serde(default)]
    pub walls: BTreeMap<String, Wall>,
    /// Reservoir whose dam fails at the start.
    #[serde(default)]
    pub dam_break: Option<StillWater>,
    /// Water at rest at the start, by name: lakes, sea, a river's base level.
    #[serde(default)]
    pub initial_water: BTreeMap<String, StillWater>,
    /// Breaches of structures, by name.
    #[serde(default)]
    pub breaches: BTreeMap<String, BreachParameters>,
    /// Culverts and bridge openings through embankments, by name.
    #[serde(default)]
    pub culverts: BTreeMap<String, CulvertParameters>,
    /// Pumps, by name.
    #[serde(default)]
    pub pumps: BTreeMap<String, PumpParameters>,
    /// Lines through which the discharge is recorded, by name; positive to the right of the line.
    #[serde(default)]
    pub sections: BTreeMap<String, SectionParameters>,
    /// Points `[x, y]` where depth, level and speed are recorded, by name.
    #[serde(default)]
    pub gauges: BTreeMap<String, [f64; 2]>,
    /// Equations that are solved.
    #[serde(default)]
    pub equations: Equations,
    /// How buildings stand in the flow.
    #[serde(default)]
    pub buildings: BuildingMode,
    /// Height of the ground floor above the ground, metres, for all buildings.
    #[serde(default)]
    pub floor_height_m: f64,
    /// Manning's n in buildings when `buildings = "roughness"`, s·m^(-1/3).
    #[serde(default = "building_manning")]
    pub building_manning: f64,
    /// Manning's n by land-cover code, in place of the table's values, s·m^(-1/3).
    #[serde(default)]
    pub manning: BTreeMap<String, f64>,
    /// Depth from which a cell counts as reached, for arrival time and duration, metres.
    #[serde(default = "arrival_depth")]
    pub arrival_depth_m: f64,
    /// What happens when water reaches an edge of the grid that nothing declares.
    #[serde(default)]
    pub undeclared_edges: UndeclaredEdges,
    /// Classes of the simulated hazard.
    #[serde(default)]
    pub hazard: HazardParameters,
    /// Changes of all values of a kind at once, as calibration and ensembles use them.
    #[serde(default)]
    pub factors: Factors,
    /// What is not well known, for the sensitivity runs.
    #[serde(default)]
    pub uncertainty: Uncertainty,
    /// Comparison with observed levels or marks: who compared, with what error.
    #[serde(default)]
    pub calibration: Option<Text>,
}

/// Water that enters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inflow {
    /// Table of time and discharge: two columns, or an export of HydroPortail or Hub'Eau.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub hydrograph: Option<String>,
    /// Unit of the hydrograph where its header does not state it: `m3/s` or `l/s`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Constant discharge in m³/s, in place of a hydrograph.
    #[serde(default)]
    pub discharge_m3_per_s: Option<f64>,
    /// A stated peak with a shape, in place of a hydrograph.
    #[serde(default)]
    pub peak: Option<PeakParameters>,
    /// Point `[x, y]` where the water enters.
    #[serde(default)]
    pub at: Option<[f64; 2]>,
    /// Line across which it enters, split by conveyance.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub line: Option<GeometryInput>,
    /// Polygons over which it enters evenly: a spring, an overflowing sewer, a basin that empties.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub area: Option<GeometryInput>,
    /// Where the discharge comes from: gauging station, study, hypothesis.
    pub source: String,
    /// Return period in years, as stated by the source.
    #[serde(default)]
    pub return_period_years: Option<f64>,
}

/// A flood by its peak.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeakParameters {
    /// Largest discharge, m³/s.
    pub discharge_m3_per_s: f64,
    /// Shape of the hydrograph.
    pub shape: HydrographShape,
    /// Time from the start to the peak.
    pub rise: Duration,
    /// Time from the peak to the base flow (triangular); default: 5/3 of the rise.
    #[serde(default)]
    pub fall: Option<Duration>,
    /// Discharge before and after, m³/s.
    #[serde(default)]
    pub base_m3_per_s: f64,
}

/// Shape of a hydrograph made from its peak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HydrographShape {
    /// Linear to the peak and back.
    Triangular,
    /// Gamma function with exponent 3.7 (NRCS).
    Gamma,
}

/// A free outflow.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outflow {
    /// Whole side of the grid.
    #[serde(default)]
    pub side: Option<SideName>,
    /// Line beside the edges meant: those within one cell of it and its projections on the border.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub line: Option<GeometryInput>,
    /// Slope of the energy line beyond the edge.
    #[serde(default = "outflow_slope")]
    pub slope: f64,
    /// Rating curve in place of the slope.
    #[serde(default)]
    pub rating: Option<Rating>,
}

/// What leaves for a level.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// Levels (m) and discharges (m³/s), both rising.
    pub points: Vec<[f64; 2]>,
    /// Datum of the levels: `NGF-IGN69`, `zero-echelle` …
    pub datum: String,
    /// Height of that datum's zero in the territory's datum, metres.
    #[serde(default)]
    pub offset_m: Option<f64>,
    /// Where the curve comes from.
    pub source: String,
}

/// An imposed level.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Whole side of the grid.
    #[serde(default)]
    pub side: Option<SideName>,
    /// Line beside the edges meant.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub line: Option<GeometryInput>,
    /// Table of time and level above the datum's zero: two columns, or an export of HydroPortail or
    /// Hub'Eau.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub series: Option<String>,
    /// Unit of the series where its header does not state it: `m`, `cm` or `mm`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Constant level, in place of a series.
    #[serde(default)]
    pub level_m: Option<f64>,
    /// Storm surge over it, metres.
    #[serde(default)]
    pub surge_m: Option<f64>,
    /// Rise of the sea level over it, metres (arrêté of 5 July 2019: 0.20 m now, 0.60 m in 100 years).
    #[serde(default)]
    pub sea_level_rise_m: Option<f64>,
    /// Datum of the level or series: `NGF-IGN69`, `ZH`, `zero-echelle` …
    pub datum: String,
    /// Height of that datum's zero in the territory's datum, metres.
    #[serde(default)]
    pub offset_m: Option<f64>,
    /// Where the level comes from.
    pub source: String,
}

/// Edges declared as walls.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wall {
    /// Whole side of the grid.
    #[serde(default)]
    pub side: Option<SideName>,
    /// Line beside the edges meant.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub line: Option<GeometryInput>,
}

/// Water at rest inside polygons up to a level.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StillWater {
    /// Polygons.
    #[schemars(extend("format" = "path"))]
    pub area: GeometryInput,
    /// Level.
    pub level: Level,
}

/// A breach of a line structure.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreachParameters {
    /// Name of the structure (of the measure that builds it).
    pub structure: String,
    /// Middle of the breach `[x, y]`.
    pub at: [f64; 2],
    /// Final width in metres.
    pub width_m: f64,
    /// When it starts, counted from the scenario's start.
    #[serde(default)]
    pub start: Option<Duration>,
    /// Starts when the water stands this high over the crest at the breach, metres.
    #[serde(default)]
    pub start_overflow_m: Option<f64>,
    /// Time until the final depth.
    pub formation: Duration,
    /// Final level of the sill; default: the ground.
    #[serde(default)]
    pub sill: Option<Level>,
}

/// How the simulated hazard (grid of the arrêté of 5 July 2019) is classed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HazardParameters {
    /// Speeds from which the dynamics are moyenne and rapide, m/s.
    #[serde(default = "hazard_speeds")]
    pub speed_m_per_s: [f64; 2],
    /// Rates of rise from which they are moyenne and rapide, m/h; default: not taken into account.
    #[serde(default)]
    pub rise_m_per_h: Option<[f64; 2]>,
    /// Where the thresholds come from.
    #[serde(default = "hazard_source")]
    pub source: String,
    /// Depth from which a class is published, metres.
    #[serde(default = "arrival_depth")]
    pub min_depth_m: f64,
    /// Smallest patch that is published, m².
    #[serde(default = "hazard_patch")]
    pub min_patch_m2: f64,
    /// Torrential reaches, which this grid does not class.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub torrential: Option<GeometryInput>,
}

impl Default for HazardParameters {
    fn default() -> Self {
        Self {
            speed_m_per_s: hazard_speeds(),
            rise_m_per_h: None,
            source: hazard_source(),
            min_depth_m: arrival_depth(),
            min_patch_m2: hazard_patch(),
            torrential: None,
        }
    }
}

impl HazardParameters {
    /// What the report says about the classes.
    pub(crate) fn hypothesis(&self) -> Text {
        let sentence = |l: Language| {
            let n = |v: f64| l.number(v, 2);
            let [slow, fast] = self.speed_m_per_s.map(n);
            let (depth, patch) = (n(self.min_depth_m), l.number(self.min_patch_m2, 0));
            let source = &self.source;
            match l {
                Language::Fr => {
                    let rise = match self.rise_m_per_h {
                        Some([a, b]) => format!("vitesse de montée {} et {} m/h", n(a), n(b)),
                        None => "vitesse de montée non prise en compte (aucun seuil donné)".into(),
                    };
                    format!(
                        "Aléa simulé : dynamique moyenne dès {slow} m/s, rapide dès {fast} m/s, {rise} ; seuils : {source}. Publié dès {depth} m d'eau et par plages d'au moins {patch} m²."
                    )
                }
                Language::En => {
                    let rise = match self.rise_m_per_h {
                        Some([a, b]) => format!("rate of rise {} and {} m/h", n(a), n(b)),
                        None => "rate of rise not taken into account (no threshold given)".into(),
                    };
                    format!(
                        "Simulated hazard: dynamics moyenne from {slow} m/s, rapide from {fast} m/s, {rise}; thresholds: {source}. Published from {depth} m of water and in patches of at least {patch} m²."
                    )
                }
            }
        };
        Text::new(sentence(Language::Fr), sentence(Language::En))
    }
}

/// A line through which the discharge is recorded.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionParameters {
    /// The line.
    #[schemars(extend("format" = "path"))]
    pub line: GeometryInput,
}

/// Equations that are solved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Equations {
    /// Full shallow water, second order.
    #[default]
    Full,
    /// Without the convective terms: faster, for large slow floods; where the flow is too fast for
    /// them the report says so.
    LocalInertial,
}

/// How buildings stand in the flow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BuildingMode {
    /// Raised ground: impervious blocks that water can overtop only at roof height.
    #[default]
    Blocks,
    /// Cells without flow.
    Holes,
    /// Ground level with a raised roughness.
    Roughness,
    /// The share of each cell and edge that the footprints leave open: for cells wider than streets.
    Porosity,
}

/// A side of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SideName {
    /// Towards decreasing x.
    West,
    /// Towards increasing x.
    East,
    /// Towards decreasing y.
    South,
    /// Towards increasing y.
    North,
}

/// What happens when water reaches an undeclared edge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UndeclaredEdges {
    /// The run stops and says where.
    #[default]
    Error,
    /// The edge is a wall and the report says so.
    Wall,
}

fn building_manning() -> f64 {
    // Within the range 0.3–1 used for buildings as resistance (Syme 2008, TUFLOW; Schubert &
    // Sanders 2012, doi 10.1016/j.advwatres.2012.02.012).
    0.5
}

fn hazard_speeds() -> [f64; 2] {
    [0.2, 0.5]
}

fn hazard_source() -> String {
    "standard CNIG Directive Inondation, d'après le guide PPRI 2024 p. 71".to_owned()
}

fn hazard_patch() -> f64 {
    50.0
}

fn arrival_depth() -> f64 {
    0.05
}

fn outflow_slope() -> f64 {
    1e-3
}
