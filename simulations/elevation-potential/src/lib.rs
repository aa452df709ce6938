//! The plugin `elevation-potential` (*potentiel de surélévation*): which buildings planning rules let
//! rise, by how many storeys, for how many square metres and dwellings, and which rule sets the limit.
//!
//! | file | concern |
//! |---|---|
//! | [`rules`] | planning rules as data: the file, what is in force at a date, the national rules |
//! | `measure` | the measure that changes rules |
//! | [`borders`] | streets, side and rear limits of a ground |
//! | [`subject`] | buildings as raising sees them |
//! | [`place`] | a building's ground, zones and the site that rules make of it |
//! | [`constraints`] | easements, prescriptions and risk plans as flags |
//! | [`potential`] | storeys by the rules, whole territory or one building in milliseconds |
//! | `shadows` | sun that the added volume takes from neighbours |
//! | `nearby` | things found by place |
//! | `free` | new buildings on free parcels |
//! | `run` | reads the water of another run, computes, hands over |
//! | `results` | tables, volumes, maps, indicators |
//!
//! The volume that rules allow is found by [`twin_envelope`]. « Unknown » and « possible » are values:
//! a rule that nobody keyed, a text that nobody read never become « allowed » or « forbidden ».

pub mod borders;
pub mod constraints;
mod free;
mod measure;
mod nearby;
mod parameters;
pub mod place;
pub mod potential;
mod results;
pub mod rules;
mod run;
mod shadows;
pub mod subject;

pub use measure::PlanningRule;
pub use parameters::{
    Cost, Decision, MeasuredFrom, Parameters, Realisable, Storey, Verdict, Yields,
};
pub use potential::{Potential, RuleBook, Study};

use std::sync::Arc;

use twin_core::language::Text;
use twin_core::simulation::{
    Descriptor, Run, RunContext, Simulation, Temporal, Variable, parse_parameters,
};
use twin_core::territory::TerritoryView;
use twin_core::{Error, Result};

const ID: &str = "elevation-potential";

/// The analysis.
#[derive(Debug)]
pub struct ElevationPotential {
    descriptor: Descriptor,
}

impl Default for ElevationPotential {
    fn default() -> Self {
        Self { descriptor: descriptor() }
    }
}

impl Simulation for ElevationPotential {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(Parameters)
    }

    fn initialise(
        &self,
        view: Arc<TerritoryView>,
        parameters: &serde_json::Value,
        _: &RunContext,
    ) -> Result<Box<dyn Run>> {
        let (parameters, book) = prepared(&view, parameters)?;
        let other = parameters.compared_with.as_deref();
        let other = other.map(|file| RuleBook::read(Some(file), &parameters)).transpose()?;
        if view.features().buildings.is_empty() {
            return Err(Error::input(
                ID,
                "le territoire n'a pas de bâtiment ; ajouter la BD TOPO à ses sources",
                "the territory has no building; add the BD TOPO to its sources",
            ));
        }
        Ok(Box::new(run::PotentialRun { view, parameters, book, other, outcome: None }))
    }

    fn check(
        &self,
        view: &TerritoryView,
        parameters: &serde_json::Value,
        _: &RunContext,
    ) -> Result<()> {
        prepared(view, parameters).map(|_| ())
    }

    fn has_clock(&self) -> bool {
        false
    }
}

/// Parameters that are sound, and the rules in force on a territory with its measures.
fn prepared(
    view: &TerritoryView,
    parameters: &serde_json::Value,
) -> Result<(Parameters, RuleBook)> {
    let parameters: Parameters = parse_parameters(ID, parameters)?;
    parameters.check()?;
    let book = RuleBook::in_force(view, parameters.rules.as_deref(), &parameters)?;
    Ok((parameters, book))
}

fn descriptor() -> Descriptor {
    let output = |name, unit, fr: &str, en: &str| Variable::output(name, unit, Text::new(fr, en));
    let maximum = |name, fr: &str, en: &str| {
        let input = Variable::input(name, "m", Text::new(fr, en));
        input.over_time(Temporal::Maximum).optional()
    };
    Descriptor {
        id: ID,
        version: concat!(env!("CARGO_PKG_VERSION"), "+e5"),
        title: Text::new("Potentiel de surélévation", "Elevation potential"),
        summary: Text::new(
            "Étages, surfaces et logements que les règles d'urbanisme permettent d'ajouter aux bâtiments, la règle qui arrête chacun, et ce que change une autre règle.",
            "Storeys, floor area and dwellings that planning rules let one add to buildings, the rule that stops each, and what another rule changes.",
        ),
        licence: "MIT OR Apache-2.0",
        citation: "code de l'urbanisme, R111-16, R111-17, L152-6 ; APUR 2015, Surélévation des bâtiments d'habitation à Paris ; Brasebin, Perret & Haëck 2011, SimPLU3D",
        limits: vec![
            Text::new(
                "Ne vaut ni certificat d'urbanisme ni avis sur un projet : l'autorité compétente seule se prononce.",
                "Neither a planning certificate nor an opinion on a project: only the authority decides.",
            ),
            Text::new(
                "La structure, la copropriété, l'accès des secours et le coût réel d'un bâtiment ne sont pas jugés.",
                "Structure, co-ownership, access of rescue services and the true cost of a building are not judged.",
            ),
            Text::new(
                "Les limites sont celles du plan cadastral, qui ne prouve aucune limite de propriété.",
                "Limits are those of the cadastral plan, which proves no boundary.",
            ),
        ],
        variables: vec![
            maximum(run::DEPTH, "Hauteur d'eau maximale", "Maximum water depth"),
            maximum(run::LEVEL, "Niveau d'eau maximal", "Maximum water level"),
            output(run::OUTPUTS[0], "1", "Étages ajoutés", "Added storeys"),
            output(run::OUTPUTS[1], "1", "Constat sur la surélévation", "Verdict on raising"),
        ],
        requirements: Vec::new(),
    }
}
