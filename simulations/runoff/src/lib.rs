//! The plugin `runoff`: what a storm does to a territory. Rain falls on every cell, leaves and soil take
//! their part by land cover and soil, the rest flows by the shallow-water equations.
//!
//! | file | concern |
//! |---|---|
//! | [`parameters`] | what a scenario states |
//! | [`rain`], `rainfall`, `raster` | rain over time; the rain of a scenario; pixels of the cells |
//! | [`infiltration`] | models of water entering the soil |
//! | [`soil`], `soils`, `soil_models` | tables of soils; the soil of every cell and its model |
//! | [`roofs`] | buildings stop water; where the rain on them goes |
//! | [`sewers`] | what inlets take from the surface |
//! | `catchments` | which cells drain to which outlet |
//! | [`setup`] | parameters and territory → engine, soil and rain |
//! | `depressions` | what stays in the depressions of the run grid |
//! | [`flow`] | rain, leaves and soil in turn with the flow |
//! | [`run`], `results` | gauges and balance; maps without time |
//! | [`map`] | the plugin `runoff-map`, without time |

mod catchments;
mod depressions;
pub mod flow;
pub mod infiltration;
pub mod map;
pub mod parameters;
pub mod rain;
mod rainfall;
mod raster;
mod results;
pub mod roofs;
pub mod run;
pub mod setup;
pub mod sewers;
pub mod soil;
mod soil_models;
mod soils;

use std::sync::Arc;

use twin_core::Result;
use twin_core::export::wording::water_limits;
use twin_core::language::Text;
use twin_core::simulation::{
    Descriptor, Estimate, Run, RunContext, Simulation, Temporal, Variable, Workload,
    parse_parameters,
};
use twin_core::territory::TerritoryView;

use parameters::Parameters;

/// The simulation.
#[derive(Debug)]
pub struct Runoff {
    descriptor: Descriptor,
}

impl Default for Runoff {
    fn default() -> Self {
        Self { descriptor: descriptor() }
    }
}

/// Cell updates per second and thread on films, the exchange with the soil among them, rounded down.
const UPDATES_PER_S: f64 = 2.0e7;
/// Fastest wave of runoff, m/s: 2 m/s of flow on half a metre of water.
const FASTEST_WAVE_M_PER_S: f64 = 4.2;
/// Bytes per cell of the engine, its maxima, the soil and the driver's fields.
const BYTES_PER_CELL: f64 = 260.0;

impl Simulation for Runoff {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(Parameters)
    }

    fn initialise(
        &self,
        territory: Arc<TerritoryView>,
        parameters: &serde_json::Value,
        context: &RunContext,
    ) -> Result<Box<dyn Run>> {
        let parameters: Parameters = parse_parameters("runoff", parameters)?;
        let setup = setup::prepare(&territory, &parameters, context)?;
        Ok(Box::new(run::RunoffRun::new(territory, parameters, setup)))
    }

    fn check(
        &self,
        _: &TerritoryView,
        parameters: &serde_json::Value,
        _: &RunContext,
    ) -> Result<()> {
        parse_parameters::<Parameters>("runoff", parameters).map(|_| ())
    }

    fn estimate(&self, work: &Workload) -> Option<Estimate> {
        let courant = twin_shallow_water::Options::default().courant;
        let steps = (work.duration_s / (courant * work.cell_size_m / FASTEST_WAVE_M_PER_S)).ceil();
        let cells = work.cells as f64;
        Some(Estimate {
            steps,
            memory_bytes: cells * BYTES_PER_CELL,
            wall_s: steps * cells / (UPDATES_PER_S * work.threads as f64),
        })
    }
}

fn descriptor() -> Descriptor {
    let maximum = |name, unit, fr: &str, en: &str| {
        Variable::output(name, unit, Text::new(fr, en)).over_time(Temporal::Maximum)
    };
    Descriptor {
        id: "runoff",
        version: concat!(env!("CARGO_PKG_VERSION"), "+sw9.r6"),
        title: Text::new("Ruissellement", "Runoff"),
        summary: Text::new(
            "Pluie, interception, infiltration selon la nature du sol et écoulement de surface par les équations de Saint-Venant en deux dimensions.",
            "Rain, interception, infiltration by the nature of the soil and surface flow by the two-dimensional shallow-water equations.",
        ),
        licence: "MIT OR Apache-2.0",
        citation: "Green & Ampt 1911, doi:10.1017/S0021859600001441; Horton 1941; NRCS, National Engineering Handbook, part 630; Keifer & Chu 1957, doi:10.1061/JYCEA4.0000104; van Leer 1979, doi:10.1016/0021-9991(79)90145-1 (MUSCL)",
        limits: [
            Text::new(
                "Le réseau d'assainissement n'est représenté que par ce que ses avaloirs et les toits y envoient ; son débordement n'est pas calculé.",
                "Sewers are represented only by what their inlets and roofs send into them; their surcharge is not computed.",
            ),
            Text::new(
                "Ni nappe, ni résurgence, ni transport solide ; le sol a deux couches au plus.",
                "No groundwater, no return flow, no sediment; the soil has two layers at most.",
            ),
        ]
        .into_iter()
        .chain(water_limits())
        .collect(),
        variables: vec![
            Variable::output("water_depth", "m", Text::new("Hauteur d'eau", "Water depth"))
                .stored(1e-3, 0.0),
            Variable::output(
                "eastward_water_velocity",
                "m s-1",
                Text::new("Vitesse vers l'est", "Eastward velocity"),
            )
            .stored(1e-3, -32.0),
            Variable::output(
                "northward_water_velocity",
                "m s-1",
                Text::new("Vitesse vers le nord", "Northward velocity"),
            )
            .stored(1e-3, -32.0),
            Variable::output(
                "infiltrated_depth",
                "m",
                Text::new("Lame infiltrée", "Infiltrated depth"),
            )
            .over_time(Temporal::Accumulated)
            .stored(1e-4, 0.0),
            Variable::output("rainfall_excess", "m", Text::new("Pluie nette", "Rainfall excess"))
                .over_time(Temporal::Accumulated),
            maximum("maximum_water_depth", "m", "Hauteur d'eau maximale", "Maximum water depth"),
            maximum("maximum_water_level", "m", "Niveau d'eau maximal", "Maximum water level"),
            maximum("maximum_flow_speed", "m s-1", "Vitesse maximale", "Maximum flow speed"),
        ],
        requirements: Vec::new(),
    }
}
