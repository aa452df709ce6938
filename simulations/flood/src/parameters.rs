//! Parameters of a flood run, as a scenario states them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::language::Text;
use twin_core::scenario::{Duration, Level};
use twin_core::territory::GeometryInput;

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
    /// Points `[x, y]` where depth, level and speed are recorded, by name.
    #[serde(default)]
    pub gauges: BTreeMap<String, [f64; 2]>,
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
    /// Comparison with observed levels or marks: who compared, with what error.
    #[serde(default)]
    pub calibration: Option<Text>,
}

/// Water that enters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inflow {
    /// Table of time and discharge in m³/s.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub hydrograph: Option<String>,
    /// Constant discharge in m³/s, in place of a hydrograph.
    #[serde(default)]
    pub discharge_m3_per_s: Option<f64>,
    /// Point `[x, y]` where the water enters.
    #[serde(default)]
    pub at: Option<[f64; 2]>,
    /// Line across which it enters, split by conveyance.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub line: Option<GeometryInput>,
    /// Where the discharge comes from: gauging station, study, hypothesis.
    pub source: String,
    /// Return period in years, as stated by the source.
    #[serde(default)]
    pub return_period_years: Option<f64>,
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
    /// Table of time and level in metres above the datum's zero.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub series: Option<String>,
    /// Constant level, in place of a series.
    #[serde(default)]
    pub level_m: Option<f64>,
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

fn arrival_depth() -> f64 {
    0.05
}

fn outflow_slope() -> f64 {
    1e-3
}
