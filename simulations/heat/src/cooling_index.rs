//! The analysis `cooling-index`: how much shade, evaporation and light surfaces mitigate heat, as an index, without
//! weather, for a whole town at once.
//!
//! ```text
//! capacity          0.6 · shade + 0.2 · albedo + 0.2 · evapotranspiration index
//! park              Σ capacity of green cells · e^(−d/d_cool) / Σ e^(−d/d_cool), over the cells of the grid
//! mitigation        the park's where it is larger and 2 ha or more of green lie within d_cool, else the capacity
//! air               T_ref + (1 − mitigation) · UHI_max, then the Gaussian mean over the mixing distance
//! ```
//!
//! The model is InVEST's (Natural Capital Project, *Urban Cooling Model*; Bosch et al. 2021,
//! doi:10.5194/gmd-14-3521-2021). The evapotranspiration index is Kc · ET₀ / max ET₀: with one reference
//! evapotranspiration for the territory, the crop coefficient.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::export::Legend;
use twin_core::export::ramp::Ramp;
use twin_core::language::Text;
use twin_core::results::{Indicator, IndicatorGroup, Indicators};
use twin_core::simulation::{
    Analysis, Descriptor, Outcome, ResultMap, RunContext, StaticField, Variable, parse_parameters,
    sourced, within,
};
use twin_core::spatial::{Grid, GridSpec};
use twin_core::territory::{Aggregation, LandCover, SurfaceProperty, TerritoryView};
use twin_core::{Language, Result};

const ID: &str = "cooling-index";
/// Weights of shade, albedo and evapotranspiration (InVEST; Zardo et al. 2017, doi:10.1016/j.ecoser.2017.06.006).
const WEIGHTS: [f64; 3] = [0.6, 0.2, 0.2];
/// Green area from which it cools beyond itself, m² (InVEST: 2 ha).
const LEAST_PARK_M2: f64 = 20_000.0;
/// Crowns from this height on shade people, m (InVEST: trees taller than 2 m).
const SHADE_M: f32 = 2.0;
/// How many times the cooling distance, and the mixing distance, the sums reach.
const REACH: f64 = 5.0;
/// Sums over what lies around are of blocks of cells, at most this part of the cooling distance wide: their error is
/// far below that of the index.
const BLOCK_SHARE: f64 = 0.1;
/// Crop coefficients by land cover.
const CROP_COEFFICIENT: &str = include_str!("tables/crop_coefficient.toml");

/// Parameters of the simulation `cooling-index`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexParameters {
    /// Air temperature in the open country, °C.
    pub reference_air_c: f64,
    /// How much warmer the warmest district would be without any mitigation, K.
    pub heat_island_k: f64,
    /// Where both come from.
    pub source: String,
    /// Distance over which large green areas cool, m.
    #[serde(default = "cooling_distance")]
    pub cooling_distance_m: f64,
    /// Distance over which air mixes, m.
    #[serde(default = "mixing_distance")]
    pub mixing_distance_m: f64,
}

fn cooling_distance() -> f64 {
    100.0
}

fn mixing_distance() -> f64 {
    500.0
}

/// What the cells of a territory are, for the index.
#[derive(Debug, Clone)]
pub struct Covers {
    /// Share under crowns.
    pub shade: Grid<f64>,
    /// Albedo.
    pub albedo: Grid<f64>,
    /// Crop coefficient times relative reference evapotranspiration.
    pub evapotranspiration: Grid<f64>,
    /// Whether it is green.
    pub is_green: Grid<bool>,
}

/// The index of a territory.
#[derive(Debug, Clone)]
pub struct Index {
    /// Cooling capacity, 0 to 1.
    pub capacity: Grid<f64>,
    /// That of the green areas around.
    pub park: Grid<f64>,
    /// Heat mitigation, 0 to 1.
    pub mitigation: Grid<f64>,
}

impl Index {
    /// Of cells, with a cooling distance in metres; cells where `shade` is `NaN` are none.
    pub fn new(covers: &Covers, cooling_distance_m: f64) -> Self {
        let spec = covers.shade.spec;
        let of = |cell: usize| {
            let parts = [&covers.shade, &covers.albedo, &covers.evapotranspiration];
            WEIGHTS.iter().zip(parts).map(|(weight, part)| weight * part.values[cell]).sum::<f64>()
        };
        let capacity = Grid { spec, values: (0..spec.len()).map(of).collect() };
        let is_known = |cell: usize| capacity.values[cell].is_finite();
        let green = |cell: usize| f64::from(u8::from(covers.is_green.values[cell]));
        let decay = |distance: f64| (-distance / cooling_distance_m).exp();
        let blocks = Blocks::new(spec, BLOCK_SHARE * cooling_distance_m);
        let kernel = Kernel::new(&blocks.spec, REACH * cooling_distance_m, decay);
        let cooling = |cell: usize| is_known(cell).then(|| green(cell) * capacity.values[cell]);
        let around = kernel.around(&blocks.gather(cooling));
        let park = blocks.spread(&around, |sum, weight| sum / weight);
        let disc = Kernel::new(&blocks.spec, cooling_distance_m, |_| 1.0);
        let around = disc.around(&blocks.gather(|cell| is_known(cell).then(|| green(cell))));
        let green_m2 = blocks.spread(&around, |cells, _| cells * spec.cell_area());
        let mitigation = |cell: usize| {
            let (own, park) = (capacity.values[cell], park.values[cell]);
            let is_near_park = green_m2.values[cell] >= LEAST_PARK_M2;
            if is_near_park && park > own { park } else { own }
        };
        let mitigation = Grid { spec, values: (0..spec.len()).map(mitigation).collect() };
        Self { capacity, park, mitigation }
    }

    /// Air temperature, °C.
    pub fn air(&self, reference_c: f64, heat_island_k: f64, mixing_distance_m: f64) -> Grid<f64> {
        let spec = self.mitigation.spec;
        let unmixed = self.mitigation.map(|m| reference_c + (1.0 - m) * heat_island_k);
        // Twice along the axes: a Gaussian over the plane is the product of two over lines.
        let along = |values: &Grid<f64>, step: [isize; 2]| {
            let gauss = |d: f64| (-0.5 * (d / mixing_distance_m).powi(2)).exp();
            let kernel = Kernel::line(&spec, 3.0 * mixing_distance_m, step, gauss);
            let blocks = Blocks::new(spec, 0.0);
            let value = |cell: usize| Some(values.values[cell]).filter(|v| v.is_finite());
            blocks.spread(&kernel.around(&blocks.gather(value)), |sum, weight| sum / weight)
        };
        let mut mixed = along(&along(&unmixed, [0, 1]), [1, 0]);
        for (mixed, own) in mixed.values.iter_mut().zip(&unmixed.values) {
            if own.is_nan() {
                *mixed = f64::NAN;
            }
        }
        mixed
    }
}

/// Weights of the cells around one.
struct Kernel {
    /// Rows and columns away, and weight.
    parts: Vec<([isize; 2], f64)>,
}

impl Kernel {
    /// Weights by distance (m) within a reach.
    fn new(spec: &GridSpec, reach_m: f64, weight: impl Fn(f64) -> f64) -> Self {
        let most = (reach_m / spec.cell_size).floor() as isize;
        let mut parts = Vec::new();
        for row in -most..=most {
            for column in -most..=most {
                let distance = (row as f64).hypot(column as f64) * spec.cell_size;
                if distance <= reach_m {
                    parts.push(([row, column], weight(distance)));
                }
            }
        }
        Self { parts }
    }

    /// The same along one axis.
    fn line(spec: &GridSpec, reach_m: f64, step: [isize; 2], weight: impl Fn(f64) -> f64) -> Self {
        let most = (reach_m / spec.cell_size).floor() as isize;
        let part = |k: isize| {
            ([k * step[0], k * step[1]], weight(k.unsigned_abs() as f64 * spec.cell_size))
        };
        Self { parts: (-most..=most).map(part).collect() }
    }

    /// Weighted sum and sum of weights around each block, of what blocks hold and of the cells that they hold it in.
    fn around(&self, held: &Grid<(f64, f64)>) -> Grid<(f64, f64)> {
        let spec = held.spec;
        let of = |cell: usize| {
            let (row, column) = spec.row_column(cell);
            let (mut sum, mut weights) = (0.0, 0.0);
            for ([rows, columns], weight) in &self.parts {
                let at = row.checked_add_signed(*rows).zip(column.checked_add_signed(*columns));
                if let Some(at) = at.filter(|(r, c)| *r < spec.rows && *c < spec.columns) {
                    let (value, cells) = held[at];
                    sum += weight * value;
                    weights += weight * cells;
                }
            }
            (sum, weights)
        };
        Grid { spec, values: (0..spec.len()).into_par_iter().map(of).collect() }
    }
}

/// Square blocks of cells.
struct Blocks {
    fine: GridSpec,
    /// Cells along a side.
    side: usize,
    spec: GridSpec,
}

impl Blocks {
    /// Blocks at most this wide, one cell at least.
    fn new(fine: GridSpec, most_m: f64) -> Self {
        let side = ((most_m / fine.cell_size).floor() as usize).max(1);
        let spec = GridSpec {
            cell_size: fine.cell_size * side as f64,
            columns: fine.columns.div_ceil(side),
            rows: fine.rows.div_ceil(side),
            ..fine
        };
        Self { fine, side, spec }
    }

    /// Sum of the values of the cells of each block, and how many have one.
    fn gather(&self, value: impl Fn(usize) -> Option<f64>) -> Grid<(f64, f64)> {
        let mut held = Grid::filled(self.spec, (0.0, 0.0));
        for cell in 0..self.fine.len() {
            if let Some(value) = value(cell) {
                let (row, column) = self.fine.row_column(cell);
                let block = &mut held[(row / self.side, column / self.side)];
                *block = (block.0 + value, block.1 + 1.0);
            }
        }
        held
    }

    /// A value of each cell from what lies around its block.
    fn spread(&self, around: &Grid<(f64, f64)>, value: impl Fn(f64, f64) -> f64) -> Grid<f64> {
        let of = |cell: usize| {
            let (row, column) = self.fine.row_column(cell);
            let (sum, weight) = around[(row / self.side, column / self.side)];
            value(sum, weight)
        };
        Grid { spec: self.fine, values: (0..self.fine.len()).map(of).collect() }
    }
}

/// The analysis.
#[derive(Debug)]
pub struct CoolingIndex {
    descriptor: Descriptor,
}

impl Default for CoolingIndex {
    fn default() -> Self {
        Self { descriptor: descriptor() }
    }
}

impl Analysis for CoolingIndex {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(IndexParameters)
    }

    fn compute(
        &self,
        view: &TerritoryView,
        parameters: &serde_json::Value,
        context: &RunContext,
    ) -> Result<Outcome> {
        let parameters: IndexParameters = parse_parameters(ID, parameters)?;
        parameters.check()?;
        let covers = covers(view)?;
        let index = Index::new(&covers, parameters.cooling_distance_m);
        context.check_cancelled()?;
        let air = index.air(
            parameters.reference_air_c,
            parameters.heat_island_k,
            parameters.mixing_distance_m,
        );
        Ok(outcome(view, &parameters, &index, &air))
    }
}

impl IndexParameters {
    fn check(&self) -> Result<()> {
        let ranges = [
            ("reference_air_c", self.reference_air_c, [-30.0, 55.0]),
            ("heat_island_k", self.heat_island_k, [0.0, 15.0]),
            ("cooling_distance_m", self.cooling_distance_m, [10.0, 2000.0]),
            ("mixing_distance_m", self.mixing_distance_m, [10.0, 5000.0]),
        ];
        for (key, value, range) in ranges {
            within(value, range, format!("{ID}.parameters.{key}"))?;
        }
        sourced(&self.source, format!("{ID}.parameters.source"))
    }
}

/// What the cells of a view are.
fn covers(view: &TerritoryView) -> Result<Covers> {
    let terrain = view.terrain(Aggregation::Mean)?;
    let canopy = view.band("canopy_height", Aggregation::Mean)?;
    let cover = view.land_cover()?;
    let crop = SurfaceProperty::parse("crop_coefficient.toml", CROP_COEFFICIENT)?;
    let albedo = view.surface_property("albedo")?;
    let is_green = |cover: &LandCover| {
        !matches!(
            cover,
            LandCover::Unknown
                | LandCover::Built
                | LandCover::Sealed
                | LandCover::Mineral
                | LandCover::BareSoil
                | LandCover::Water
                | LandCover::SnowIce
        )
    };
    let shade = |cell: usize| match (terrain.values[cell].is_finite(), canopy.values[cell]) {
        (false, _) => f64::NAN,
        (true, height) if height.is_finite() => f64::from(u8::from(height >= SHADE_M)),
        (true, _) => f64::from(u8::from(cover.values[cell].is_forest())),
    };
    let spec = *view.spec();
    Ok(Covers {
        shade: Grid { spec, values: (0..spec.len()).map(shade).collect() },
        albedo: albedo.map(|a| f64::from(*a)),
        evapotranspiration: cover.map(|c| crop.get(*c).unwrap_or(0.0)),
        is_green: cover.map(is_green),
    })
}

fn outcome(
    view: &TerritoryView,
    parameters: &IndexParameters,
    index: &Index,
    air: &Grid<f64>,
) -> Outcome {
    let single = |grid: &Grid<f64>| grid.map(|v| *v as f32);
    let field = |name, unit, title: &Text, grid: Grid<f32>, map: Option<ResultMap>| StaticField {
        name,
        standard_name: None,
        unit,
        title: title.clone(),
        grid,
        maps: map.into_iter().collect(),
    };
    let map = |name, title: &Text, caption, legend| {
        Some(ResultMap {
            name,
            title: title.clone(),
            caption,
            legend,
            transparent_below: None,
            isolines: false,
        })
    };
    let mitigation = Text::new("Indice d'atténuation de la chaleur", "Heat mitigation index");
    let mitigation_legend = Legend::continuous(mitigation.clone(), "", 0.0, 1.0, Ramp::Viridis);
    let mitigation_caption = Text::new(
        "De 0 (rien n'atténue la chaleur) à 1 : ombre des arbres, évapotranspiration et albédo, et l'effet des espaces verts de plus de 2 ha alentour.",
        "From 0 (nothing mitigates heat) to 1: shade of trees, evapotranspiration and albedo, and the effect of green areas of more than 2 ha around.",
    );
    let air_title = Text::new("Température de l'air par l'indice", "Air temperature by the index");
    let air_grid = single(air);
    let (low, high) = air_grid.range().unwrap_or((0.0, 1.0));
    let air_legend = Legend::continuous(
        air_title.clone(),
        "°C",
        (2.0 * low).floor() / 2.0,
        ((2.0 * high).ceil() / 2.0).max((2.0 * low).floor() / 2.0 + 0.5),
        Ramp::Batlow,
    );
    let air_caption = Text::new(
        "Température de l'air que l'indice donne pour l'îlot de chaleur supposé ; pour comparer des scénarios, non pour prévoir.",
        "Air temperature that the index gives for the assumed heat island; to compare scenarios, not to forecast.",
    );
    let capacity = Text::new("Capacité de rafraîchissement", "Cooling capacity");
    let study = view.study_mask();
    let mean = |grid: &Grid<f64>| {
        let (sum, count) = grid
            .values
            .iter()
            .zip(&study.values)
            .filter(|(value, counts)| **counts && value.is_finite())
            .fold((0.0, 0.0), |(sum, n), (value, _)| (sum + value, n + 1.0));
        if count > 0.0 { sum / count } else { f64::NAN }
    };
    let row = |id: &str, label: Text, value: f64, unit: &str, decimals| {
        Indicator::quantity(id, label, value, unit, decimals)
    };
    let rows = vec![
        row("mean_mitigation", mitigation.clone(), mean(&index.mitigation), "1", 3),
        row("mean_capacity", capacity.clone(), mean(&index.capacity), "1", 3),
        row("mean_index_air", air_title.clone(), mean(air), "degC", 2),
    ];
    let group = IndicatorGroup {
        id: "cooling_index".to_owned(),
        title: Text::new("Moyennes de la zone d'étude", "Means of the study area"),
        rows,
    };
    let told = |l: Language| {
        (l.number(parameters.reference_air_c, 1), l.number(parameters.heat_island_k, 1))
    };
    let ((fr_air, fr_island), (en_air, en_island)) = (told(Language::Fr), told(Language::En));
    let source = &parameters.source;
    Outcome {
        statics: vec![
            field(
                "heat_mitigation",
                "1",
                &mitigation,
                single(&index.mitigation),
                map("attenuation-chaleur", &mitigation, mitigation_caption, mitigation_legend),
            ),
            field("cooling_capacity", "1", &capacity, single(&index.capacity), None),
            field(
                "index_air_temperature",
                "degC",
                &air_title,
                air_grid,
                map("temperature-air-indice", &air_title, air_caption, air_legend),
            ),
        ],
        indicators: Indicators { groups: vec![group] }.with_headlines(&["mean_mitigation"]),
        hypotheses: vec![Text::new(
            format!(
                "Air de référence {fr_air} °C et îlot de chaleur d'au plus {fr_island} K ({source}) ; coefficients culturaux de la FAO, évapotranspiration de référence la même partout."
            ),
            format!(
                "Reference air {en_air} °C and heat island of at most {en_island} K ({source}); crop coefficients of the FAO, one reference evapotranspiration everywhere."
            ),
        )],
        ..Outcome::default()
    }
}

fn descriptor() -> Descriptor {
    let output = |name, unit, fr: &str, en: &str| Variable::output(name, unit, Text::new(fr, en));
    Descriptor {
        id: ID,
        version: concat!(env!("CARGO_PKG_VERSION"), "+c2"),
        title: Text::new("Indice de rafraîchissement", "Cooling index"),
        summary: Text::new(
            "Indice d'atténuation de la chaleur par l'ombre, l'évapotranspiration, l'albédo et les parcs, sans météo : pour comparer vite des scénarios à l'échelle d'une ville.",
            "Index of heat mitigation by shade, evapotranspiration, albedo and parks, without weather: to compare scenarios fast at the scale of a town.",
        ),
        licence: "MIT OR Apache-2.0",
        citation: "Natural Capital Project, InVEST Urban Cooling Model; Bosch et al. 2021, doi:10.5194/gmd-14-3521-2021; Zardo et al. 2017, doi:10.1016/j.ecoser.2017.06.006",
        limits: vec![Text::new(
            "Un indice, non un calcul physique : ni vent, ni forme des rues, ni heure ; ses températures de l'air ne valent qu'entre scénarios, et après calage sur des mesures.",
            "An index, not physics: no wind, no shape of streets, no hour; its air temperatures hold between scenarios only, and once calibrated on measurements.",
        )],
        variables: vec![
            output(
                "heat_mitigation",
                "1",
                "Indice d'atténuation de la chaleur",
                "Heat mitigation index",
            ),
            output("cooling_capacity", "1", "Capacité de rafraîchissement", "Cooling capacity"),
        ],
        requirements: Vec::new(),
    }
}
