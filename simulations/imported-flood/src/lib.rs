//! The plugin `imported-flood`: a flood that another program computed, brought onto the run grid, so that
//! comparison, impact, reports and viewer work on it as on any run.
//!
//! | file | concern |
//! |---|---|
//! | [`parameters`] | what a scenario states |
//! | `read` | rasters, netCDF and Serafin files → maxima on the run grid |
//! | `results` | fields, maps, indicators |
//!
//! Nothing is computed: what the files do not tell is not told. The run says whose result it is.

pub mod parameters;
mod read;
mod results;

use twin_core::Result;
use twin_core::export::wording::water_limits;
use twin_core::language::Text;
use twin_core::simulation::{
    Analysis, Descriptor, Outcome, RunContext, Temporal, Variable, parse_parameters,
};
use twin_core::territory::TerritoryView;

use parameters::Parameters;

const ID: &str = "imported-flood";

/// The analysis.
#[derive(Debug)]
pub struct ImportedFlood {
    descriptor: Descriptor,
}

impl Default for ImportedFlood {
    fn default() -> Self {
        Self { descriptor: descriptor() }
    }
}

impl Analysis for ImportedFlood {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(Parameters)
    }

    fn compute(
        &self,
        view: &TerritoryView,
        parameters: &serde_json::Value,
        context: &RunContext,
    ) -> Result<Outcome> {
        let parameters: Parameters = parse_parameters(ID, parameters)?;
        parameters.check()?;
        let maxima = read::maxima(view, &parameters, context)?;
        results::outcome(view, &parameters, maxima)
    }
}

fn descriptor() -> Descriptor {
    let maximum = |name, unit, fr: &str, en: &str| {
        Variable::output(name, unit, Text::new(fr, en)).over_time(Temporal::Maximum)
    };
    Descriptor {
        id: ID,
        version: concat!(env!("CARGO_PKG_VERSION"), "+x2"),
        title: Text::new("Inondation importée", "Imported flood"),
        summary: Text::new(
            "Résultat d'un autre programme ou d'un bureau d'études, repris sur la grille de calcul sans rien recalculer.",
            "Result of another program or consultant, taken onto the run grid without computing anything.",
        ),
        licence: "MIT OR Apache-2.0",
        citation: "résultat externe ; voir son auteur et son titre dans les hypothèses",
        limits: [
            Text::new(
                "Résultat externe : ni sa méthode ni sa qualité n'ont été vérifiées par ce programme.",
                "External result: neither its method nor its quality was checked by this program.",
            ),
            Text::new(
                "La grille de calcul peut être plus fine ou plus grossière que le résultat d'origine : la maille la plus proche est reprise.",
                "The run grid may be finer or coarser than the original result: the nearest cell is taken.",
            ),
        ]
        .into_iter()
        .chain(water_limits())
        .collect(),
        variables: vec![
            maximum("maximum_water_depth", "m", "Hauteur d'eau maximale", "Maximum water depth"),
            maximum("maximum_water_level", "m", "Niveau d'eau maximal", "Maximum water level"),
            maximum("maximum_flow_speed", "m s-1", "Vitesse maximale", "Maximum flow speed"),
        ],
        requirements: Vec::new(),
    }
}
