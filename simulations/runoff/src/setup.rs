//! Parameters and territory → engine, soil and rain.

use twin_core::export::map::Marker;
use twin_core::language::Text;
use twin_core::simulation::{self, PlacedStructure, RunContext};
use twin_core::spatial::Grid;
use twin_core::territory::{Aggregation, LandCover, SurfaceProperties, TerritoryView};
use twin_core::{Error, Result};
use twin_hydraulic_structures::{Links, Structures, outside, sections};
use twin_shallow_water::{Bed, Boundaries, Condition, Options, Solver};

use crate::catchments::Catchments;
use crate::depressions::Depressions;
use crate::flow::{Flow, Ground};
use crate::parameters::{Equations, Interception, Parameters, Roofs};
use crate::roofs::Catch;
use crate::sewers::Sewers;
use crate::{map, rainfall, soil_models};

/// Rain that leaves hold for each unit of the plant area index, m (Dickinson 1984, *Modeling
/// evapotranspiration for three-dimensional global climate models*, doi 10.1029/GM029p0058).
const HELD_PER_LEAF_AREA_M: f64 = 0.2e-3;
/// Longest local time step as a power of two of the shortest.
const LOCAL_LEVELS: u8 = 4;
/// Name of the edges where water leaves.
pub(crate) const EDGES: &str = "edges";
/// Slope of the ground beyond edges that lie flat.
const EDGE_SLOPE: f64 = 1e-3;
/// Time over which rain and infiltration are exchanged with the flow, s.
const COUPLING_STEP_S: f64 = 5.0;
/// Depth from which a speed counts for the maximum, m.
const SPEED_DEPTH_M: f64 = 0.005;
/// Durations of depths beside that of `min_depth_m`, m.
const LASTING_DEPTHS_M: [f64; 2] = [0.3, 0.5];

/// A prepared run.
#[derive(Debug)]
pub struct Setup {
    /// Rain, soil and flow.
    pub flow: Flow,
    /// Bare ground under water and buildings, m.
    pub terrain: Grid<f32>,
    pub(crate) hypotheses: Vec<Text>,
    pub(crate) warnings: Vec<Text>,
    pub(crate) gauge_cells: Vec<usize>,
    pub(crate) catchments: Option<Catchments>,
    pub(crate) depressions: Depressions,
    pub(crate) structures: Vec<PlacedStructure>,
    pub(crate) markers: Vec<Marker>,
}

/// Where parameters are named in errors.
pub(crate) fn place(key: &str) -> String {
    format!("runoff.parameters.{key}")
}

pub(crate) fn positive(value: f64, key: &str) -> Result<f64> {
    simulation::positive(value, place(key))
}

/// A value within bounds that make sense.
pub(crate) fn within(value: f64, range: [f64; 2], key: &str) -> Result<f64> {
    simulation::within(value, range, place(key))
}

/// Refuses a territory whose terrain is too coarse for water on it.
pub(crate) fn require_lidar(view: &TerritoryView, simulation: &str) -> Result<()> {
    if view.territory().manifest().fit_for_hazard {
        return Ok(());
    }
    Err(Error::simulation(
        simulation,
        "le terrain de ce territoire ne vient pas d'un LiDAR et est impropre au ruissellement ; ajouter des dalles LiDAR HD",
        "this territory's terrain is not from LiDAR and is unfit for runoff; add LiDAR HD tiles",
    ))
}

/// Prepares a run.
///
/// # Errors
/// Whatever the parameters can be wrong about.
pub fn prepare(
    view: &TerritoryView,
    parameters: &Parameters,
    context: &RunContext,
) -> Result<Setup> {
    require_lidar(view, "runoff")?;
    let mut warnings = Vec::new();
    let rain = rainfall::field(&parameters.rain, view, context, &mut warnings)?;
    let (told, more) = rainfall::described(&parameters.rain, &rain, context);
    warnings.extend(more);
    let mut hypotheses = vec![told];
    let terrain = view.bed(Aggregation::Mean)?;
    let cover = view.land_cover()?;
    within(parameters.floor_height_m, [0.0, 10.0], "floor_height_m")?;
    let (film, flood) = roughness(parameters, &cover)?;
    let mut bed = Bed::from_grids(&terrain, &Grid { spec: terrain.spec, values: film.clone() })?;
    let catch = Catch::new(view, &terrain, parameters.roofs);
    let spec = bed.spec;
    let (model_of, models, mut pervious) =
        soil_models::of_cells(view, parameters, &cover, &mut hypotheses, &mut warnings)?;
    catch.count_ground_of_closed(&mut pervious);
    bed.blocked.clone_from(&catch.blocked);
    let canopy_m = match parameters.interception {
        Interception::None => vec![0.0; spec.len()],
        Interception::Canopy => {
            let plants = view.band("plant_area_index", Aggregation::Mean)?;
            let held = |index: &f32| {
                if index.is_finite() { *index * HELD_PER_LEAF_AREA_M as f32 } else { 0.0 }
            };
            plants.values.iter().map(held).collect()
        }
    };
    hypotheses.push(Text::new(
        "Frottement de Manning par occupation du sol : celui d'une lame mince sous 1 cm, celui d'une crue au-delà de 10 cm, entre les deux en échelle logarithmique (valeurs de la littérature, non calées).",
        "Manning friction by land cover: that of a film below 1 cm, that of a flood beyond 10 cm, on a logarithmic scale between (values of the literature, not calibrated).",
    ));
    if !parameters.manning.is_empty() || parameters.factors.manning != 1.0 {
        hypotheses.push(Text::new(
            "Ce frottement est changé par les paramètres du calcul (manning, factors).",
            "That friction is changed by the parameters of the run (manning, factors).",
        ));
    }
    if view.green_roofs().next().is_some() && !catch.has_green_roofs() {
        warnings.push(Text::new(
            "Les toitures végétalisées du scénario ne couvrent aucun toit du calcul ; vérifier leur géométrie.",
            "The green roofs of the scenario cover no roof of the run; check their geometry.",
        ));
    }
    hypotheses.push(match parameters.roofs {
        Roofs::Ground => Text::new(
            "La pluie des toits tombe au pied des bâtiments ; celle des bâtiments enclavés entre d'autres part au réseau. Les mailles bâties pour moitié ou plus arrêtent l'eau.",
            "Rain on roofs falls at the foot of the buildings; that of buildings enclosed by others leaves by a network. Cells of which half or more is built stop the water.",
        ),
        Roofs::Network => Text::new(
            "La pluie des toits part au réseau, hors du territoire. Les mailles bâties pour moitié ou plus arrêtent l'eau.",
            "Rain on roofs leaves by a network. Cells of which half or more is built stop the water.",
        ),
    });
    hypotheses.push(Text::new(
        "L'eau quitte librement le territoire par tous ses bords et n'y entre par aucun : l'apport des versants au-delà du bord manque.",
        "Water leaves the territory freely by all its edges and enters by none: what slopes beyond the edge bring is missing.",
    ));
    let edges = bed.outer_edges().iter().map(|e| e.edge).collect();
    let boundaries =
        Boundaries::default().with(EDGES, edges, Condition::Open { least_slope: EDGE_SLOPE });
    let options = Options {
        arrival_depth_m: within(parameters.min_depth_m, [0.001, 10.0], "min_depth_m")?,
        duration_depths_m: [parameters.min_depth_m, LASTING_DEPTHS_M[0], LASTING_DEPTHS_M[1]],
        speed_depth_m: SPEED_DEPTH_M,
        ..match parameters.equations {
            Equations::Full => Options { local_levels: LOCAL_LEVELS, ..Options::default() },
            Equations::LocalInertial => Options::local_inertial(),
        }
    };
    let sewers = Sewers::new(view, &parameters.sewers, &bed, &mut hypotheses, &mut warnings)?;
    let Structures { lines, placed: mut structures, markers, hypotheses: told, .. } =
        Structures::new(view, &bed)?;
    hypotheses.extend(told);
    let Links { links, placed, hypotheses: told } =
        Links::new(view, &bed, &terrain, &parameters.culverts, &parameters.pumps, &place)?;
    structures.extend(placed);
    hypotheses.extend(told);
    let mut solver = Solver::new(bed, boundaries, lines, Vec::new(), options)?;
    solver.add_links(links)?;
    let stated = parameters.sections.iter().map(|(name, section)| (name, &section.line));
    solver.set_sections(&sections(view, stated, place)?)?;
    let gauge = |(name, [x, y]): (&String, &[f64; 2])| {
        let (row, column) =
            spec.cell_at(*x, *y).ok_or_else(|| outside(&place(&format!("gauges.{name}"))))?;
        Ok(spec.index(row, column))
    };
    let gauge_cells: Vec<usize> = parameters.gauges.iter().map(gauge).collect::<Result<_>>()?;
    for (name, _) in
        parameters.gauges.keys().zip(&gauge_cells).filter(|g| solver.bed().blocked[*g.1])
    {
        warnings.push(Text::new(
            format!("Le point de suivi « {name} » est dans un bâtiment ou hors du terrain connu : l'eau n'y vient pas ; le déplacer à côté."),
            format!("The gauge \"{name}\" lies in a building or outside the known terrain: no water comes there; move it beside."),
        ));
    }
    let exchange_s = match parameters.coupling_step {
        Some(step) => within(step.seconds(), [0.5, 600.0], "coupling_step")?,
        None => COUPLING_STEP_S,
    };
    let catchments = Catchments::new(view, parameters)?;
    hypotheses.extend(catchments.iter().filter_map(Catchments::moved));
    let depressions = Depressions::new(solver.bed())?;
    warnings.extend(map::enclosed_places(depressions.enclosed));
    let ground = Ground {
        catch: catch.cells,
        network: catch.network,
        green: catch.green,
        canopy_m,
        pervious,
        model_of,
        models,
        film,
        flood,
        sewers,
    };
    let flow = Flow::new(solver, rain, ground, exchange_s);
    Ok(Setup {
        flow,
        terrain,
        hypotheses,
        warnings,
        gauge_cells,
        catchments,
        depressions,
        structures,
        markers,
    })
}

/// Manning's n of a film and of a flood in each cell, s·m^(−1/3); where the cover is not known, as on bare soil.
fn roughness(parameters: &Parameters, cover: &Grid<LandCover>) -> Result<(Vec<f32>, Vec<f32>)> {
    let table = SurfaceProperties::built_in()?;
    let factor = within(parameters.factors.manning, [0.1, 10.0], "factors.manning")? as f32;
    let tabulated = table.property("manning_n")?.lookup();
    let flood = table.manning(&parameters.manning, |code| place(&format!("manning.{code}")))?;
    let mut film = table.property("manning_n_sheet")?.lookup();
    for (film, (given, tabulated)) in film.iter_mut().zip(flood.iter().zip(tabulated)) {
        if given.is_finite() && *given != tabulated {
            let of_film = *film * given / tabulated;
            *film = if of_film.is_finite() { of_film } else { *given };
        }
    }
    let of_cells = |lookup: [f32; LandCover::COUNT]| {
        let bare = lookup[usize::from(LandCover::BareSoil.value())];
        let of = |cover: &LandCover| {
            let n = lookup[usize::from(cover.value())];
            factor * if n.is_finite() { n } else { bare }
        };
        cover.values.iter().map(of).collect()
    };
    Ok((of_cells(film), of_cells(flood)))
}
