//! The plugin `flood`: river flood, dam break, dyke overflow and breach, imposed sea or river
//! levels, by the full two-dimensional shallow-water equations on the run grid.
//!
//! | file | concern |
//! |---|---|
//! | [`parameters`] | what a scenario states |
//! | [`setup`] | parameters and territory → engine |
//! | `inflows`, `boundaries` | its sources and edges |
//! | `levees` | where a levee would fail, the strip behind it |
//! | [`run`], `results` | time, gauges; maps and tables without time |
//! | [`hazard`] | classes of hazard |
//! | `hydrograph` | hydrographs from a stated peak |
//! | [`uncertainty`], `variants` | sensitivity runs, ensembles; breach, no measures |

mod boundaries;
mod buildings;
pub mod hazard;
mod hydrograph;
mod inflows;
mod levees;
pub mod parameters;
mod results;
pub mod run;
pub mod setup;
pub mod uncertainty;
mod variants;

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
pub struct Flood {
    descriptor: Descriptor,
}

impl Default for Flood {
    fn default() -> Self {
        Self { descriptor: descriptor() }
    }
}

/// Rain less what leaves, soil and sewers take, as the plugin `runoff` gives it: water that joins the flood.
const RAINFALL_EXCESS: &str = "rainfall_excess";
/// Cell updates per second and thread of the engine (see `benches/README.md`), rounded down.
const UPDATES_PER_S: f64 = 4.0e7;

/// Share of cells that are wet or next to wet water in a typical river flood.
const ACTIVE_SHARE: f64 = 0.3;

/// Fastest wave that a river flood brings, m/s: 3 m/s of flow on 3 m of water.
const FASTEST_WAVE_M_PER_S: f64 = 8.5;

/// Bytes per cell of the engine's state, scratch and maxima and of the driver's fields.
const BYTES_PER_CELL: f64 = 200.0;

impl Simulation for Flood {
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
        let parameters: Parameters = parse_parameters("flood", parameters)?;
        let setup = setup::prepare(&territory, &parameters, context)?;
        Ok(Box::new(run::FloodRun::new(territory, parameters, setup)))
    }

    fn check(
        &self,
        _: &TerritoryView,
        parameters: &serde_json::Value,
        _: &RunContext,
    ) -> Result<()> {
        setup::check(&parse_parameters("flood", parameters)?)
    }

    fn estimate(&self, work: &Workload) -> Option<Estimate> {
        let courant = twin_shallow_water::Options::default().courant;
        let step_s = courant * work.cell_size_m / FASTEST_WAVE_M_PER_S;
        let steps = (work.duration_s / step_s).ceil();
        let cells = work.cells as f64;
        Some(Estimate {
            steps,
            memory_bytes: cells * BYTES_PER_CELL,
            wall_s: steps * cells * ACTIVE_SHARE / (UPDATES_PER_S * work.threads as f64),
        })
    }
}

fn descriptor() -> Descriptor {
    let maximum = |name, unit, fr: &str, en: &str| {
        Variable::output(name, unit, Text::new(fr, en)).over_time(Temporal::Maximum)
    };
    Descriptor {
        id: "flood",
        version: concat!(env!("CARGO_PKG_VERSION"), "+sw9.f3"),
        title: Text::new("Inondation", "Flood"),
        summary: Text::new(
            "Propagation d'une crue, d'une rupture de barrage ou de digue, ou d'une submersion par les équations de Saint-Venant en deux dimensions.",
            "Propagation of a river flood, a dam or dyke failure or a submersion by the two-dimensional shallow-water equations.",
        ),
        licence: "MIT OR Apache-2.0",
        citation: "van Leer 1979, doi:10.1016/0021-9991(79)90145-1 (MUSCL); Toro 2001, Shock-capturing methods for free-surface shallow flows (Hancock's half step, HLL); Chen & Noelle 2017, doi:10.1137/15M1053074 (hydrostatic reconstruction)",
        limits: [
            Text::new(
                "Écoulement moyenné sur la verticale : ni courants de fond, ni vagues courtes ; les ponts ne mettent en charge que déclarés comme mesures.",
                "Depth-averaged flow: no near-bed currents, no short waves; bridges press only where measures declare them.",
            ),
            Text::new(
                "Ni réseau d'assainissement, ni infiltration, ni transport solide.",
                "No sewers, no infiltration, no sediment.",
            ),
        ]
        .into_iter()
        .chain(water_limits())
        .collect(),
        variables: vec![
            Variable::output("water_depth", "m", Text::new("Hauteur d'eau", "Water depth"))
                .stored(1e-3, 0.0),
            Variable::output("water_level", "m", Text::new("Niveau d'eau", "Water level"))
                .standard("water_surface_height_above_reference_datum"),
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
            maximum("maximum_water_depth", "m", "Hauteur d'eau maximale", "Maximum water depth"),
            maximum("maximum_water_level", "m", "Niveau d'eau maximal", "Maximum water level"),
            maximum("maximum_flow_speed", "m s-1", "Vitesse maximale", "Maximum flow speed"),
            maximum("duration_over_threshold", "h", "Durée d'inondation", "Duration of flooding"),
            Variable::input(RAINFALL_EXCESS, "m s-1", Text::new("Pluie nette", "Rainfall excess"))
                .over_time(Temporal::Mean)
                .optional(),
        ],
        requirements: Vec::new(),
    }
}
