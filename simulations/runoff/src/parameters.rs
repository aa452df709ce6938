//! Parameters of a runoff run, as a scenario states them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::language::Text;
use twin_core::scenario::{CulvertParameters, Duration};
use twin_core::territory::GeometryInput;
use twin_hydraulic_structures::PumpParameters;

use crate::infiltration::Moisture;
use crate::soil::{SoilGroup, Texture};

/// Parameters of the simulation `runoff`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Rain. There is none by default.
    pub rain: Rain,
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
    /// How water enters the soil.
    #[serde(default)]
    pub infiltration: InfiltrationParameters,
    /// Whether leaves hold rain back.
    #[serde(default)]
    pub interception: Interception,
    /// Where the rain of roofs goes.
    #[serde(default)]
    pub roofs: Roofs,
    /// Sewers, by name, as what their inlets can take from the surface.
    #[serde(default)]
    pub sewers: BTreeMap<String, Sewer>,
    /// Outlets of sub-catchments, by name; what leaves one that lies above another counts for both.
    #[serde(default)]
    pub outlets: BTreeMap<String, CatchmentOutlet>,
    /// Culverts and bridge openings through embankments, by name.
    #[serde(default)]
    pub culverts: BTreeMap<String, CulvertParameters>,
    /// Pumps, by name.
    #[serde(default)]
    pub pumps: BTreeMap<String, PumpParameters>,
    /// Equations that are solved.
    #[serde(default)]
    pub equations: Equations,
    /// Manning's n of a flood by land-cover code, in place of the table's values, s·m^(-1/3); a film keeps its
    /// ratio to it.
    #[serde(default)]
    pub manning: BTreeMap<String, f64>,
    /// Changes of all values of a kind at once, as calibration uses them.
    #[serde(default)]
    pub factors: Factors,
    /// Time over which rain and infiltration are exchanged with the flow; default: 5 s.
    #[serde(default)]
    pub coupling_step: Option<Duration>,
    /// Depth from which a place counts as reached, metres.
    #[serde(default = "min_depth")]
    pub min_depth_m: f64,
    /// Height of the ground floor above the ground, metres, for all buildings.
    #[serde(default)]
    pub floor_height_m: f64,
    /// Lines through which the discharge is recorded, by name; positive to the right of the line.
    #[serde(default)]
    pub sections: BTreeMap<String, SectionParameters>,
    /// Points `[x, y]` where depth and speed are recorded, by name.
    #[serde(default)]
    pub gauges: BTreeMap<String, [f64; 2]>,
    /// Comparison with observations: who compared, with what error.
    #[serde(default)]
    pub calibration: Option<Text>,
}

/// Changes of all values of a kind at once.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Factors {
    /// Times all values of Manning's n.
    pub manning: f64,
}

impl Default for Factors {
    fn default() -> Self {
        Self { manning: 1.0 }
    }
}

fn one() -> f64 {
    1.0
}

fn min_depth() -> f64 {
    0.05
}

/// Rain: exactly one of `table`, `rasters`, `series`, `uniform`, `triangle`, `double_triangle` and `chicago`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rain {
    /// Observed rain: a table of two columns, or an hourly or six-minute file of Météo-France.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub table: Option<String>,
    /// Rain that differs from place to place: rasters by time, a date with its offset or seconds after the
    /// scenario's start; in mm (depths) or mm/h (intensities).
    #[serde(default)]
    pub rasters: BTreeMap<String, RainRaster>,
    /// Rain that differs from place to place: a variable of a netCDF file over time, y and x.
    #[serde(default)]
    pub series: Option<RainSeries>,
    /// What the table or the rasters hold; a netCDF file tells it by its unit.
    #[serde(default)]
    pub values: RainValues,
    /// Unit of the table where its header does not state it: `mm` or `mm/h`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Station of the table, by its number or its name, where the file holds several.
    #[serde(default)]
    pub station: Option<String>,
    /// What periods without a line mean.
    #[serde(default)]
    pub gaps: Gaps,
    /// Rain of an even intensity.
    #[serde(default)]
    pub uniform: Option<UniformRain>,
    /// A triangle with its peak at a share of the duration.
    #[serde(default)]
    pub triangle: Option<TriangleRain>,
    /// Two triangles, an intense period within a longer rain (Desbordes).
    #[serde(default)]
    pub double_triangle: Option<DoubleTriangleRain>,
    /// A storm that holds the depth of Montana's law for every duration around its peak (Keifer & Chu).
    #[serde(default)]
    pub chicago: Option<ChicagoRain>,
    /// Time before it begins.
    #[serde(default)]
    pub delay: Option<Duration>,
    /// Factor on all intensities; whatever is not 1 needs its reason in `source`.
    #[serde(default = "one")]
    pub factor: f64,
    /// Where the rain comes from: station, study, coefficients, hypothesis.
    pub source: String,
    /// Return period in years, as stated by the source.
    #[serde(default)]
    pub return_period_years: Option<f64>,
}

/// A variable of rain over time, y and x.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RainSeries {
    /// netCDF-4 file after the CF conventions.
    #[schemars(extend("format" = "path"))]
    pub file: String,
    /// Name of the variable; its unit tells depths (`mm`, `kg m-2`) from intensities (`mm h-1`).
    pub variable: String,
}

/// A raster of rain.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RainRaster {
    /// GeoTIFF, or ESRI ASCII grid in the territory's reference system.
    #[schemars(extend("format" = "path"))]
    pub file: String,
}

/// What a table or rasters of rain hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RainValues {
    /// Depths of the period that ends at the time of the line.
    #[default]
    Depth,
    /// Intensities from the time of the line on.
    Intensity,
}

/// What periods without a line in a table of rain mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gaps {
    /// Nobody knows: an error.
    #[default]
    Error,
    /// No rain.
    Dry,
}

/// A depth: stated, or by the law of Montana for a duration.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MontanaLaw {
    /// Coefficient a of h(t) = a·t^(1−b), mm and minutes.
    pub a: f64,
    /// Coefficient b, 0 to 1.
    pub b: f64,
    /// Durations between which the coefficients are valid.
    pub durations: [Duration; 2],
}

/// Rain of an even intensity.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UniformRain {
    /// Depth, mm; or `montana`.
    #[serde(default)]
    pub depth_mm: Option<f64>,
    /// Law that gives the depth of the duration.
    #[serde(default)]
    pub montana: Option<MontanaLaw>,
    /// How long it falls.
    pub duration: Duration,
}

/// A triangular rain.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriangleRain {
    /// Depth, mm; or `montana`.
    #[serde(default)]
    pub depth_mm: Option<f64>,
    /// Law that gives the depth of the duration.
    #[serde(default)]
    pub montana: Option<MontanaLaw>,
    /// How long it falls.
    pub duration: Duration,
    /// Place of the peak as a share of the duration.
    #[serde(default = "half")]
    pub peak: f64,
}

fn half() -> f64 {
    0.5
}

/// A rain of two triangles.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DoubleTriangleRain {
    /// Depth of the whole rain, mm; or `montana`.
    #[serde(default)]
    pub depth_mm: Option<f64>,
    /// Law that gives the depth of the whole rain.
    #[serde(default)]
    pub montana: Option<MontanaLaw>,
    /// How long the whole rain falls.
    pub duration: Duration,
    /// Depth of the intense period, mm; or `intense_montana`.
    #[serde(default)]
    pub intense_depth_mm: Option<f64>,
    /// Law that gives the depth of the intense period.
    #[serde(default)]
    pub intense_montana: Option<MontanaLaw>,
    /// How long the intense period lasts.
    pub intense_duration: Duration,
    /// Place of the peak as a share of the duration.
    #[serde(default = "half")]
    pub peak: f64,
}

/// A Chicago storm.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChicagoRain {
    /// Law of the depths.
    pub montana: MontanaLaw,
    /// How long it falls.
    pub duration: Duration,
    /// Share of the duration before the peak.
    #[serde(default = "half")]
    pub peak: f64,
    /// Time over which the peak is averaged; default: 5 min.
    #[serde(default)]
    pub step: Option<Duration>,
}

/// A soil by its texture (Green–Ampt), its hydrologic group (Horton, curve number), or values.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Soil {
    /// Texture class of the USDA.
    #[serde(default)]
    pub texture: Option<Texture>,
    /// Hydrologic soil group; default: that of the texture.
    #[serde(default)]
    pub group: Option<SoilGroup>,
    /// Saturated hydraulic conductivity, mm/h, in place of the table's.
    #[serde(default)]
    pub conductivity_mm_per_h: Option<f64>,
    /// Suction at the wetting front, mm, in place of the table's.
    #[serde(default)]
    pub suction_mm: Option<f64>,
    /// Tendency to form a crust (battance), from 1 (none) to 5; read by `runoff-map`.
    #[serde(default)]
    pub crusting: Option<u8>,
    /// Thickness of the soil above rock, cm; read by `runoff-map`.
    #[serde(default)]
    pub thickness_cm: Option<f64>,
    /// Crust on its surface (Green–Ampt).
    #[serde(default)]
    pub crust: Option<Crust>,
    /// Other soil below it (Green–Ampt).
    #[serde(default)]
    pub subsoil: Option<Subsoil>,
}

/// A crust that rain has beaten on a bare soil.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crust {
    /// Saturated hydraulic conductivity, mm/h.
    pub conductivity_mm_per_h: f64,
    /// Thickness, mm.
    #[serde(default = "crust_thickness")]
    pub thickness_mm: f64,
}

fn crust_thickness() -> f64 {
    5.0
}

/// Soil below another.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subsoil {
    /// Depth where it begins, cm.
    pub depth_cm: f64,
    /// Texture class of the USDA.
    pub texture: Texture,
    /// Saturated hydraulic conductivity, mm/h, in place of the table's.
    #[serde(default)]
    pub conductivity_mm_per_h: Option<f64>,
    /// Suction at the wetting front, mm, in place of the table's.
    #[serde(default)]
    pub suction_mm: Option<f64>,
}

/// A map of soils: polygons with a column, or a raster of classes, in any known reference system.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoilMap {
    /// GeoPackage, GeoJSON or Shapefile; GeoTIFF or ESRI ASCII grid.
    #[schemars(extend("format" = "path"))]
    pub file: String,
    /// Column of the polygons that tells the class.
    #[serde(default)]
    pub attribute: Option<String>,
    /// Soils by class. Classes that are a texture (`silt-loam`) or a hydrologic group (`A` to `D`) need none.
    #[serde(default)]
    pub classes: BTreeMap<String, Soil>,
}

/// Inlets of a sewer: points, streets, or both.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sewer {
    /// Inlets: points.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub inlets: Option<GeometryInput>,
    /// What each inlet can take, l/s.
    #[serde(default)]
    pub inlet_capacity_l_per_s: Option<f64>,
    /// Streets with inlets along them: lines.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub streets: Option<GeometryInput>,
    /// What a hundred metres of street can take, l/s.
    #[serde(default)]
    pub street_capacity_l_per_s: Option<f64>,
    /// What the whole network can carry, m³/s; default: what its inlets take.
    #[serde(default)]
    pub capacity_m3_per_s: Option<f64>,
    /// Where the capacities come from: plan, study, hypothesis.
    pub source: String,
}

/// The outlet of a sub-catchment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatchmentOutlet {
    /// Point `[x, y]`.
    pub at: [f64; 2],
    /// How far around it the cell that drains most is looked for, m.
    #[serde(default = "snapping")]
    pub snapping_m: f64,
}

fn snapping() -> f64 {
    20.0
}

/// A zone of another soil.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoilZone {
    /// Polygons.
    #[schemars(extend("format" = "path"))]
    pub area: GeometryInput,
    /// Its soil.
    pub soil: Soil,
}

/// How water enters the soil.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InfiltrationParameters {
    /// Model.
    #[serde(default)]
    pub model: InfiltrationModel,
    /// Share of the pores that water fills at the start (Green–Ampt), 0 to 1.
    #[serde(default = "half")]
    pub initial_saturation: f64,
    /// Moisture before the rain (curve number).
    #[serde(default)]
    pub moisture: Moisture,
    /// Share of the retention that is taken first (curve number).
    #[serde(default = "initial_abstraction")]
    pub initial_abstraction: f64,
    /// Rate at which the capacity comes back in dry time, 1/day (Horton).
    #[serde(default)]
    pub recovery_per_day: f64,
    /// Rate everywhere on pervious ground, mm/h (constant).
    #[serde(default)]
    pub rate_mm_per_h: Option<f64>,
}

impl Default for InfiltrationParameters {
    fn default() -> Self {
        Self {
            model: InfiltrationModel::default(),
            initial_saturation: half(),
            moisture: Moisture::default(),
            initial_abstraction: initial_abstraction(),
            recovery_per_day: 0.0,
            rate_mm_per_h: None,
        }
    }
}

fn initial_abstraction() -> f64 {
    0.2
}

/// Models of infiltration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InfiltrationModel {
    /// A wetting front in the soil (Green & Ampt).
    #[default]
    GreenAmpt,
    /// A capacity that decays (Horton).
    Horton,
    /// A retention of rain by soil group and land cover (SCS).
    CurveNumber,
    /// The same rate everywhere.
    Constant,
    /// Nothing enters.
    None,
}

/// Rain that leaves hold back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Interception {
    /// 0.2 mm for each unit of the plant area index.
    #[default]
    Canopy,
    /// None.
    None,
}

/// Where the rain of roofs goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Roofs {
    /// Onto the ground around the building.
    #[default]
    Ground,
    /// Into a network that leads it out of the territory.
    Network,
}

/// Equations that are solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Equations {
    /// Full shallow-water equations.
    #[default]
    Full,
    /// Local-inertial equations: faster, for gentle slopes.
    LocalInertial,
}

/// A line through which the discharge is recorded.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionParameters {
    /// The line.
    #[schemars(extend("format" = "path"))]
    pub line: GeometryInput,
}
