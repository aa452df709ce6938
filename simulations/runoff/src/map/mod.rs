//! The plugin `runoff-map`: where water runs and gathers by relief, soil and cover, without a storm.
//!
//! | file | concern |
//! |---|---|
//! | [`MapParameters`] | what a scenario states |
//! | `ground` | territory → terrain, with buildings closed and short banks cut |
//! | `irip` | the three maps of the IRIP method |
//! | `results` | maps, tables and indicators |

pub(crate) mod ground;
mod irip;
mod parameters;
mod results;

pub use parameters::{Breaching, EnvelopeParameters, MapParameters, Method};

use twin_core::export::wording::water_limits;
use twin_core::language::Text;
use twin_core::simulation::{
    Analysis, Descriptor, Outcome, RunContext, Variable, parse_parameters,
};
use twin_core::spatial::Grid;
use twin_core::territory::TerritoryView;
use twin_core::{Error, Language, Result};
use twin_drainage::{
    DInfinity, Directions, Envelope, Flooding, MultipleFlow, Noise, Ponds, Thalwegs, accumulate,
    nearest_downstream,
};

use crate::setup::require_lidar;
use crate::soils::{Soils, Stated};
use ground::Ground;
use irip::Irip;

/// The analysis.
#[derive(Debug)]
pub struct RunoffMap {
    descriptor: Descriptor,
}

impl Default for RunoffMap {
    fn default() -> Self {
        Self { descriptor: descriptor() }
    }
}

/// What a map shows.
struct Maps {
    ground: Ground,
    /// Area that each cell drains, m².
    drained_m2: Grid<f64>,
    ponds: Ponds,
    thalwegs: Thalwegs,
    /// Height above the thalweg that a cell drains to, m.
    above_thalweg: Grid<f32>,
    /// Share of the draws, the terrain as it is among them, in which a cell was a thalweg, %.
    frequency: Grid<f32>,
    irip: Irip,
    /// Places that buildings cut off from every way out.
    enclosed: usize,
}

impl Analysis for RunoffMap {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(MapParameters)
    }

    fn compute(
        &self,
        view: &TerritoryView,
        parameters: &serde_json::Value,
        context: &RunContext,
    ) -> Result<Outcome> {
        let parameters: MapParameters = parse_parameters("runoff-map", parameters)?;
        parameters.check()?;
        require_lidar(view, "runoff-map")?;
        let stated = Stated {
            everywhere: parameters.soil.as_ref(),
            map: parameters.soil_map.as_ref(),
            zones: &parameters.soils,
        };
        let soils = Soils::new(view, stated)?;
        let maps = Maps::new(view, &parameters, &soils, context)?;
        let mut outcome = maps.outcome(view, &parameters);
        outcome.hypotheses = hypotheses(&maps, &parameters);
        outcome.warnings = warnings(&maps, &soils);
        Ok(outcome)
    }
}

impl Maps {
    fn new(
        view: &TerritoryView,
        parameters: &MapParameters,
        soils: &Soils,
        context: &RunContext,
    ) -> Result<Self> {
        let ground = Ground::new(view, parameters.roofs, &parameters.breaching)?;
        context.check_cancelled()?;
        let terrain = &ground.terrain;
        let least_m2 = 1e4 * parameters.thalweg_area_ha;
        let own = |cell: usize| ground.own_m2(cell);
        let flooding = Flooding::new(terrain);
        let d8 = Directions::new(terrain, &flooding);
        let by_d8 = accumulate(&d8, own);
        let thalwegs = Thalwegs::new(terrain, &d8, &by_d8, least_m2);
        let places = nearest_downstream(&d8, |cell| by_d8.values[cell] >= least_m2);
        let height = |cell: usize| terrain.elevation().values[cell];
        let above = |(cell, place): (usize, &Option<u32>)| match place {
            Some(place) => (height(cell) - height(*place as usize)).max(0.0),
            None => f32::NAN,
        };
        let above_thalweg = Grid {
            spec: places.spec,
            values: places.values.iter().enumerate().map(above).collect(),
        };
        context.check_cancelled()?;
        let irip = Irip::new(view, &ground, soils, &d8, &by_d8)?;
        context.check_cancelled()?;
        let noise = Noise {
            height_m: parameters.envelope.noise_m as f32,
            share: parameters.envelope.share,
            draws: parameters.envelope.draws,
            seed: parameters.envelope.seed,
        };
        let is_cancelled = || context.check_cancelled().is_err();
        let envelope =
            Envelope::new(terrain, &noise, own, least_m2, is_cancelled).ok_or(Error::Cancelled)?;
        let often = |(cell, count): (usize, &u16)| {
            let as_it_is = u8::from(by_d8.values[cell] >= least_m2);
            let share = (f32::from(*count) + f32::from(as_it_is)) / (f32::from(noise.draws) + 1.0);
            if terrain.is_open(cell) { 100.0 * share } else { f32::NAN }
        };
        let frequency = Grid {
            spec: envelope.count.spec,
            values: envelope.count.values.iter().enumerate().map(often).collect(),
        };
        let drained_m2 = match parameters.routing {
            Method::Steepest => by_d8,
            Method::DInfinity => accumulate(&DInfinity::new(terrain, &flooding, &d8), own),
            Method::Multiple => accumulate(&MultipleFlow::new(&flooding, d8), own),
        };
        let ponds = Ponds::new(terrain, &flooding);
        let enclosed = flooding.sinks.len();
        Ok(Self { ground, drained_m2, ponds, thalwegs, above_thalweg, frequency, irip, enclosed })
    }
}

fn hypotheses(maps: &Maps, parameters: &MapParameters) -> Vec<Text> {
    let (fr, en) = (Language::Fr, Language::En);
    let n = |l: Language, v: f64, d| l.number(v, d);
    let Breaching { depth_m, length_m } = parameters.breaching;
    let mut told = vec![Text::new(
        format!(
            "Les remblais sont percés là où une tranchée d'au plus {} m de profondeur et {} m de longueur mène plus bas ({} mailles creusées) : un ouvrage hydraulique y est supposé. Les bâtiments arrêtent l'eau.",
            n(fr, depth_m, 1),
            n(fr, length_m, 0),
            n(fr, maps.ground.cut_cells as f64, 0)
        ),
        format!(
            "Banks are cut where a trench of at most {} m in depth and {} m in length leads to lower ground ({} cells dug): a culvert is assumed there. Buildings stop the water.",
            n(en, depth_m, 1),
            n(en, length_m, 0),
            n(en, maps.ground.cut_cells as f64, 0)
        ),
    )];
    if parameters.envelope.draws > 0 {
        let EnvelopeParameters { draws, noise_m, share, seed } = parameters.envelope;
        told.push(Text::new(
            format!(
                "Enveloppe (méthode ExZEco) : {draws} tirages (graine {seed}), {} % des mailles rehaussées de {} m à chaque tirage, et le terrain tel quel ; une maille compte dès qu'un tirage lui fait drainer {} ha.",
                n(fr, 100.0 * share, 0),
                n(fr, noise_m, 2),
                n(fr, parameters.thalweg_area_ha, 2)
            ),
            format!(
                "Envelope (ExZEco method): {draws} draws (seed {seed}), {} % of the cells raised by {} m in each, and the terrain as it is; a cell counts once a draw makes it drain {} ha.",
                n(en, 100.0 * share, 0),
                n(en, noise_m, 2),
                n(en, parameters.thalweg_area_ha, 2)
            ),
        ));
    }
    let (steep, wet) = (100.0 * f64::from(maps.irip.steep), f64::from(maps.irip.wet));
    told.push(Text::new(
        format!(
            "IRIP : pente forte à partir de {} %, indice topographique fort à partir de {} (coupure des valeurs de ce territoire en deux classes).",
            n(fr, steep, 1),
            n(fr, wet, 1)
        ),
        format!(
            "IRIP: steep from {} %, high wetness index from {} (split of the values of this territory into two classes).",
            n(en, steep, 1),
            n(en, wet, 1)
        ),
    ));
    told
}

fn warnings(maps: &Maps, soils: &Soils) -> Vec<Text> {
    let mut warnings = vec![Text::new(
        "Cartes de relief, de sol et d'occupation : ni pluie, ni période de retour, ni hauteur ou vitesse d'un écoulement. L'apport des versants au-delà du territoire manque.",
        "Maps of relief, soil and cover: neither rain, nor return period, nor depth or speed of a flow. What slopes beyond the territory bring is missing.",
    )];
    warnings.extend(soils.unstated());
    let states = |of: fn(&crate::parameters::Soil) -> bool| soils.known.iter().all(|s| of(&s.1));
    if !states(|soil| soil.crusting.is_some()) || !states(|soil| soil.thickness_cm.is_some()) {
        warnings.push(Text::new(
            "Battance ou épaisseur du sol non renseignées (crusting, thickness_cm) : ces indicateurs d'IRIP comptent zéro sur les sols naturels concernés.",
            "Crusting or thickness of the soil not stated (crusting, thickness_cm): these indicators of IRIP count zero on the natural soils concerned.",
        ));
    }
    warnings.extend(enclosed_places(maps.enclosed));
    warnings
}

/// What readers must know of places that buildings cut off from every edge.
pub(crate) fn enclosed_places(count: usize) -> Option<Text> {
    let (fr, en) = match count {
        0 => return None,
        1 => ("Une place est enclose".to_owned(), "One place is enclosed".to_owned()),
        _ => (format!("{count} places sont encloses"), format!("{count} places are enclosed")),
    };
    Some(Text::new(
        format!("{fr} par des bâtiments : l'eau y reste, dans la maille la plus basse."),
        format!("{en} by buildings: water stays there, in the lowest cell."),
    ))
}

fn descriptor() -> Descriptor {
    let output = |name, unit, fr: &str, en: &str| Variable::output(name, unit, Text::new(fr, en));
    Descriptor {
        id: "runoff-map",
        version: concat!(env!("CARGO_PKG_VERSION"), "+d5"),
        title: Text::new("Cartes de ruissellement", "Runoff maps"),
        summary: Text::new(
            "Chemins de l'eau, cuvettes, hauteur au-dessus des thalwegs, enveloppe des écoulements (ExZEco) et cartes IRIP, selon le relief, le sol et son occupation.",
            "Ways of the water, depressions, height above thalwegs, envelope of flow paths (ExZEco) and IRIP maps, by relief, soil and land cover.",
        ),
        licence: "MIT OR Apache-2.0",
        citation: "Barnes, Lehman & Mulla 2014, doi:10.1016/j.cageo.2013.04.024; Lindsay & Dhun 2015, doi:10.1080/13658816.2014.975715; Tarboton 1997, doi:10.1029/96WR03137; Nobre et al. 2011, doi:10.1016/j.jhydrol.2011.03.051; ExZEco (Cerema); IRIP (Dehotin & Breil 2011)",
        limits: [
            Text::new(
                "Sans temps ni pluie : les cartes disent où l'eau se concentre, non combien il y en a.",
                "Without time or rain: the maps tell where water concentrates, not how much there is.",
            ),
            Text::new(
                "Le réseau d'assainissement est absent ; les buses inconnues des sources sont devinées par des tranchées.",
                "Sewers are absent; culverts that no source knows are guessed by cuts.",
            ),
        ]
        .into_iter()
        .chain(water_limits())
        .collect(),
        variables: vec![
            output("drained_area", "ha", "Surface drainée", "Drained area"),
            output("ponding_depth", "m", "Profondeur des cuvettes", "Depth of depressions"),
            output(
                "height_above_nearest_drainage",
                "m",
                "Hauteur au-dessus du thalweg",
                "Height above the nearest drainage",
            ),
            output(
                "thalweg_frequency",
                "%",
                "Fréquence d'écoulement concentré",
                "Frequency of concentrated flow",
            ),
            output("irip_production", "1", "IRIP : production", "IRIP: production"),
            output("irip_transfer", "1", "IRIP : transfert", "IRIP: transfer"),
            output("irip_accumulation", "1", "IRIP : accumulation", "IRIP: accumulation"),
        ],
        requirements: Vec::new(),
    }
}
