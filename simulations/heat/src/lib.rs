//! The plugin `heat`: what sun, sky and walls do to people outdoors on a hot day, hour after hour and at every place.
//!
//! | file | concern |
//! |---|---|
//! | [`parameters`] | what a scenario states |
//! | [`weather`] | weather files |
//! | [`climate`] | weather of a warmer climate |
//! | `sky` | the sun over the place, weather and sun of each period |
//! | [`island`] | the nocturnal urban heat island |
//! | [`wind`] | the wind in the streets of a district |
//! | [`energy_balance`] | what districts store, evaporate and give back to the air |
//! | [`cool_islands`] | places of relief, and the ways to them |
//! | `setup` | parameters and territory → a site under the sun |
//! | `hypotheses` | what the report says of them |
//! | [`radiation`] | radiation from six directions, mean radiant temperature |
//! | [`comfort`] | UTCI, PET |
//! | `run`, `results` | the hours and the day; maps |
//! | [`cooling_index`] | the analysis `cooling-index`: heat mitigation of a town as an index |
//! | [`zones`] | the analysis `climate-zones`: local climate zones of a territory |

pub mod climate;
pub mod comfort;
pub mod cool_islands;
pub mod cooling_index;
pub mod energy_balance;
mod hypotheses;
pub mod island;
pub mod parameters;
pub mod radiation;
mod results;
mod run;
mod setup;
mod sky;
pub mod weather;
pub mod wind;
pub mod zones;

use std::sync::Arc;

use twin_core::Result;
use twin_core::language::Text;
use twin_core::results::Inhabitants;
use twin_core::simulation::{
    Descriptor, Estimate, Requirement, RequirementKind, Run, RunContext, Simulation, Temporal,
    Variable, Workload, parse_parameters,
};
use twin_core::territory::TerritoryView;

use parameters::Parameters;

/// The simulation.
#[derive(Debug)]
pub struct Heat {
    descriptor: Descriptor,
}

impl Default for Heat {
    fn default() -> Self {
        Self { descriptor: descriptor() }
    }
}

/// Cells a second and thread that a period of the weather takes, and that the views of the sky take before, rounded
/// down.
const CELLS_PER_S: f64 = 4.0e5;
const VIEWS_PER_S: f64 = 8.0e4;
/// Bytes per cell of views, sums and maps.
const BYTES_PER_CELL: f64 = 500.0;
/// Period of the weather, s.
const PERIOD_S: f64 = 3600.0;

impl Simulation for Heat {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(Parameters)
    }

    fn check(
        &self,
        territory: &TerritoryView,
        parameters: &serde_json::Value,
        context: &RunContext,
    ) -> Result<()> {
        let parameters: Parameters = parse_parameters("heat", parameters)?;
        setup::given(territory, &parameters, context).map(drop)
    }

    fn initialise(
        &self,
        territory: Arc<TerritoryView>,
        parameters: &serde_json::Value,
        context: &RunContext,
    ) -> Result<Box<dyn Run>> {
        let parameters: Parameters = parse_parameters("heat", parameters)?;
        let setup = setup::prepare(&territory, &parameters, context)?;
        Ok(Box::new(run::HeatRun::new(territory, parameters, setup)))
    }

    fn estimate(&self, work: &Workload) -> Option<Estimate> {
        let steps = (work.duration_s / PERIOD_S).ceil();
        let cells = work.cells as f64;
        let per_cell = steps / CELLS_PER_S + 1.0 / VIEWS_PER_S;
        Some(Estimate {
            steps,
            memory_bytes: cells * BYTES_PER_CELL,
            wall_s: cells * per_cell / work.threads as f64,
        })
    }
}

fn descriptor() -> Descriptor {
    let felt = |name, title| {
        Variable::output(name, "degC", title).over_time(Temporal::Mean).stored(0.01, -100.0)
    };
    Descriptor {
        id: "heat",
        version: concat!(env!("CARGO_PKG_VERSION"), "+s4"),
        title: Text::new("Chaleur", "Heat"),
        summary: Text::new(
            "Rayonnement reçu par une personne dehors, heure par heure : ombres des bâtiments et des arbres, ciel, murs et sol ; température moyenne radiante et UTCI.",
            "Radiation that a person receives outdoors, hour by hour: shadows of buildings and trees, sky, walls and ground; mean radiant temperature and UTCI.",
        ),
        licence: "MIT OR Apache-2.0",
        citation: "Lindberg, Holmer & Thorsson 2008, doi:10.1007/s00484-008-0162-7; Lindberg & Grimmond 2011, doi:10.1007/s00704-010-0382-8; Perez et al. 1993, doi:10.1016/0038-092X(93)90017-I; Bröde et al. 2012, doi:10.1007/s00484-011-0454-1 (UTCI); Lindberg, Onomura & Grimmond 2016, doi:10.1007/s00484-016-1135-x, and Deardorff 1978, doi:10.1029/JC083iC04p01889 (ground); Theeuwes et al. 2017, doi:10.1002/joc.4717, and Oke 1982, doi:10.1002/qj.49710845502 (heat island); Macdonald, Griffiths & Hall 1998, doi:10.1016/S1352-2310(97)00403-2, and Bentham & Britter 2003, doi:10.1016/S1352-2310(03)00123-7 (wind); Grimmond & Oke 2002, doi:10.1175/1520-0450(2002)041<0792:THFIUA>2.0.CO;2 (energy balance)",
        limits: vec![
            Text::new(
                "Humidité et température de l'air de jour sont celles de la station, le vent en est une part par quartier : ni brise, ni rafraîchissement de l'air par les plantes et l'eau ; la nuit s'y ajoute un îlot de chaleur urbain moyen par quartier (à environ 1 K près).",
                "Humidity and the air temperature by day are those of the station, the wind is a part of its by district: no breeze, no cooling of the air by plants and water; by night a mean urban heat island by district is added (to about 1 K).",
            ),
            Text::new(
                "Ce qui se dresse au-delà du bord du territoire n'y fait pas d'ombre. Les murs n'ont qu'un albédo et une température au soleil ; balcons et auvents n'y sont pas.",
                "What stands beyond the edge of the territory casts no shadow there. Walls have one albedo and one temperature in the sun; balconies and awnings are missing.",
            ),
        ],
        variables: vec![
            felt(
                "mean_radiant_temperature",
                Text::new("Température moyenne radiante", "Mean radiant temperature"),
            ),
            felt("utci", Text::new("UTCI", "UTCI")),
            felt("air_temperature", Text::new("Température de l'air", "Air temperature")),
            Variable::output(
                "direct_sun_share",
                "1",
                Text::new("Part du soleil direct", "Share of direct sun"),
            )
            .over_time(Temporal::Mean)
            .stored(0.001, 0.0),
        ],
        requirements: vec![
            Inhabitants::requirement(),
            Requirement {
                name: cool_islands::PUBLIC_PLACES,
                kind: RequirementKind::Table { columns: &[] },
                optional: true,
                title: Text::new("Lieux ouverts au public", "Places open to the public"),
            },
        ],
    }
}
