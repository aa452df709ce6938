//! The plugin `impact` (*analyse d'impact socio-économique*): what stands in the water of another run,
//! what it costs, who is in danger and who is cut off.
//!
//! | file | concern |
//! |---|---|
//! | [`parameters`] | what a scenario states |
//! | [`damage_table`] | functions of damage by depth, as data |
//! | [`damage`] | damage of buildings, and its uncertainty |
//! | `stock` | buildings as damage and people see them |
//! | `jobs` | jobs at the establishments of a table |
//! | [`access`] | roads under water and who they cut off |
//! | `run` | reads the water, computes, hands over |
//! | `results` | tables, maps, indicators, sentences |
//!
//! The water comes from any run that gives its maxima, `flood`, `runoff` or an imported one.

pub mod access;
pub mod damage;
pub mod damage_table;
mod jobs;
pub mod parameters;
mod results;
mod run;
mod stock;

pub use stock::mean_of_wet;

use std::sync::Arc;

use twin_core::Result;
use twin_core::export::wording::water_limits;
use twin_core::language::Text;
use twin_core::results::Inhabitants;
use twin_core::simulation::{
    Descriptor, Requirement, RequirementKind, Run, RunContext, Simulation, Temporal, Variable,
};
use twin_core::territory::TerritoryView;

use damage_table::DamageTable;
use parameters::Parameters;

const ID: &str = "impact";
/// Highest depth of the water in each cell.
const DEPTH: &str = "maximum_water_depth";
/// Highest level of the water in each cell.
const LEVEL: &str = "maximum_water_level";
/// Highest speed of the water in each cell.
const SPEED: &str = "maximum_flow_speed";
/// How long the water stood.
const DURATION: &str = "duration_over_threshold";
/// Table of jobs by establishment.
const JOBS: &str = "jobs";

/// The simulation.
#[derive(Debug)]
pub struct Impact {
    descriptor: Descriptor,
}

impl Default for Impact {
    fn default() -> Self {
        Self { descriptor: descriptor() }
    }
}

impl Simulation for Impact {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(Parameters)
    }

    fn check(
        &self,
        _: &TerritoryView,
        parameters: &serde_json::Value,
        _: &RunContext,
    ) -> Result<()> {
        DamageTable::of(&Parameters::read(parameters)?).map(drop)
    }

    fn initialise(
        &self,
        territory: Arc<TerritoryView>,
        parameters: &serde_json::Value,
        _: &RunContext,
    ) -> Result<Box<dyn Run>> {
        let parameters = Parameters::read(parameters)?;
        let table = DamageTable::of(&parameters)?;
        Ok(Box::new(run::ImpactRun::new(territory, parameters, table)))
    }

    fn has_clock(&self) -> bool {
        false
    }
}

fn descriptor() -> Descriptor {
    let maximum = |name, unit, fr: &str, en: &str| {
        Variable::input(name, unit, Text::new(fr, en)).over_time(Temporal::Maximum)
    };
    let table = |name, columns, fr: &str, en: &str| Requirement {
        name,
        kind: RequirementKind::Table { columns },
        optional: true,
        title: Text::new(fr, en),
    };
    Descriptor {
        id: ID,
        version: concat!(env!("CARGO_PKG_VERSION"), "+i4"),
        title: Text::new("Impact socio-économique", "Socio-economic impact"),
        summary: Text::new(
            "Logements, habitants, emplois, équipements et routes dans l'eau d'un autre calcul, dommages aux bâtiments avec leur incertitude, personnes en danger, accès perdus.",
            "Dwellings, inhabitants, jobs, facilities and roads in the water of another run, damage to buildings with its uncertainty, people in danger, access lost.",
        ),
        licence: "MIT OR Apache-2.0",
        citation: "Huizinga, de Moel & Szewczyk 2017, doi:10.2760/16510 (damage functions); CGDD 2018, Analyse multicritère des projets de prévention des inondations (method and indicators)",
        limits: [
            Text::new(
                "Ordres de grandeur pour comparer des scénarios à l'échelle d'un quartier ou d'une commune : ne dit rien d'un bâtiment particulier.",
                "Orders of magnitude to compare scenarios at the scale of a district or commune: says nothing of a single building.",
            ),
            Text::new(
                "Ni pertes indirectes, ni cultures, ni réseaux, ni véhicules ; hauteur et vitesse maximales ne sont pas simultanées, leur produit majore le danger.",
                "No indirect losses, crops, networks or vehicles; largest depth and speed do not occur together, their product overstates the danger.",
            ),
        ]
        .into_iter()
        .chain(water_limits())
        .collect(),
        variables: vec![
            maximum(DEPTH, "m", "Hauteur d'eau maximale", "Maximum water depth"),
            maximum(LEVEL, "m", "Niveau d'eau maximal", "Maximum water level"),
            maximum(SPEED, "m s-1", "Vitesse maximale", "Maximum flow speed").optional(),
            maximum(DURATION, "h", "Durée d'inondation", "Duration of flooding").optional(),
        ],
        requirements: vec![
            Inhabitants::requirement(),
            table(JOBS, &["effectif"], "Emplois par établissement", "Jobs by establishment"),
        ],
    }
}
