//! Drinking-water demand of buildings: dwellings × persons per dwelling × litres per person.
//!
//! The consumption comes from a table of the scenario with the columns `use` (BD TOPO's
//! `usage_1`) and `litres_per_dwelling_day`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use twin_core::export::{Legend, Ramp};
use twin_core::language::Text;
use twin_core::results::{Indicator, IndicatorGroup, Indicators};
use twin_core::scenario::{Edit, MeasureContext, MeasureKind};
use twin_core::simulation::{
    Analysis, Descriptor, Outcome, Requirement, RequirementKind, ResultMap, RunContext,
    StaticField, Variable, parse_parameters,
};
use twin_core::spatial::Grid;
use twin_core::territory::{Label as _, TerritoryView};
use twin_core::{Error, Result};

/// The analysis.
#[derive(Debug)]
pub struct WaterDemand {
    descriptor: Descriptor,
}

/// Its parameters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Parameters {
    /// Ratio of peak-day to mean-day demand.
    #[serde(default = "one")]
    peak_factor: f64,
}

fn one() -> f64 {
    1.0
}

impl Default for WaterDemand {
    fn default() -> Self {
        let title = Text::new("Demande en eau potable", "Drinking-water demand");
        Self {
            descriptor: Descriptor {
                id: "water-demand",
                version: env!("CARGO_PKG_VERSION"),
                title: title.clone(),
                summary: Text::new(
                    "Demande journalière des bâtiments selon leurs logements et leur usage.",
                    "Daily demand of buildings by their dwellings and use.",
                ),
                licence: "MIT OR Apache-2.0",
                citation: "Template of the digital-twin framework",
                limits: vec![Text::new(
                    "Ni réseau ni pertes : une demande, pas une distribution.",
                    "Neither network nor losses: a demand, not a distribution.",
                )],
                variables: vec![Variable::output("water_demand", "m3 d-1", title)],
                requirements: vec![Requirement {
                    name: "consumption",
                    kind: RequirementKind::Table { columns: &["use", "litres_per_dwelling_day"] },
                    optional: false,
                    title: Text::new("consommation par usage", "consumption by use"),
                }],
            },
        }
    }
}

impl Analysis for WaterDemand {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(Parameters)
    }

    fn compute(&self, view: &TerritoryView, parameters: &Value, _: &RunContext) -> Result<Outcome> {
        let parameters: Parameters = parse_parameters("water-demand", parameters)?;
        if !(parameters.peak_factor.is_finite() && parameters.peak_factor > 0.0) {
            return Err(Error::input(
                "water-demand.parameters.peak_factor",
                "donner un nombre positif",
                "give a positive number",
            ));
        }
        let litres = litres_by_use(view)?;
        let mut demand = Grid::filled(*view.spec(), 0.0f32);
        let mut total_m3 = 0.0;
        for building in &view.features().buildings {
            let dwellings = f64::from(building.dwellings.unwrap_or(0));
            let used = building.use_1.as_ref().map(|u| u.label().into_owned()).unwrap_or_default();
            let per_dwelling = litres.get(used.as_str()).copied().unwrap_or(0.0);
            let m3_per_day = dwellings * per_dwelling * parameters.peak_factor / 1000.0;
            total_m3 += m3_per_day;
            let middle = building.geometry.extent().map(|e| e.centre());
            if let Some(cell) = middle.and_then(|(x, y)| view.spec().cell_at(x, y)) {
                demand[cell] += m3_per_day as f32;
            }
        }
        let title = self.descriptor.title.clone();
        let most = demand.range().map_or(1.0, |r| r.1.max(1e-3));
        Ok(Outcome {
            indicators: Indicators {
                groups: vec![IndicatorGroup {
                    id: "water".into(),
                    title: title.clone(),
                    rows: vec![Indicator::quantity(
                        "water_demand_total",
                        title.clone(),
                        total_m3,
                        "m3 d-1",
                        1,
                    )],
                }],
            },
            statics: vec![StaticField {
                name: "water_demand",
                standard_name: None,
                unit: "m3 d-1",
                title: title.clone(),
                maps: vec![ResultMap {
                    name: "demande",
                    title: title.clone(),
                    caption: Text::new("Demande journalière par maille.", "Daily demand per cell."),
                    legend: Legend::continuous(title, "m³/j", 0.0, most, Ramp::Viridis),
                    transparent_below: Some(1e-6),
                    isolines: false,
                }],
                grid: demand,
            }],
            ..Outcome::default()
        })
    }
}

fn litres_by_use(view: &TerritoryView) -> Result<BTreeMap<String, f64>> {
    // The driver has checked that the table is there with its columns.
    let missing = || Error::input("inputs.consumption", "table absente", "the table is missing");
    let table = view.table("consumption").ok_or_else(missing)?;
    let used = table.column("use").ok_or_else(missing)?;
    let litres = table.column("litres_per_dwelling_day").ok_or_else(missing)?;
    Ok(table
        .features
        .iter()
        .filter_map(|row| {
            Some((row.values.get(used)?.as_text()?.to_owned(), row.values.get(litres)?.as_real()?))
        })
        .collect())
}

/// A measure of its own: dwellings of a building become vacant.
#[derive(Debug, Clone, Copy)]
pub struct Vacancy;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VacancyParameters {
    /// Identifier of the building (`cleabs`).
    building: String,
    /// Dwellings that stay occupied.
    occupied: u32,
}

impl MeasureKind for Vacancy {
    fn id(&self) -> &str {
        "vacancy"
    }

    fn title(&self) -> Text {
        Text::new("Logements vacants", "Vacant dwellings")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(VacancyParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let parameters: VacancyParameters =
            parse_parameters(&format!("measures.{}", context.name), parameters)?;
        Ok(vec![Edit::SetAttribute {
            layer: "batiment".into(),
            id: parameters.building,
            field: "nombre_de_logements".into(),
            value: twin_core::formats::Value::Integer(i64::from(parameters.occupied)),
        }])
    }
}
