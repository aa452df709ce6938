//! From parameters and territory to the engine: bed, initial water, gauges.

use twin_core::export::map::Marker;
use twin_core::language::Text;
use twin_core::scenario::{BreachTrigger, StructureBreach};
use twin_core::simulation::{self, PlacedStructure, RunContext};
use twin_core::spatial::{Grid, GridSpec, cells_within};
use twin_core::territory::{Aggregation, LandCover, SurfaceProperties, TerritoryView};
use twin_core::{Error, Result};
use twin_hydraulic_structures::{BUILT_M, Links, Structures, outside, sections};
use twin_shallow_water::{Bed, Options, Solver};

use crate::parameters::{
    BreachParameters, Equations, HazardParameters, Parameters, StillWater, UndeclaredEdges,
};
use crate::uncertainty;

/// Longest step of a tile as a power of two of the shortest.
const LOCAL_LEVELS: u8 = 4;

/// Depths whose durations are mapped beside that of the arrival, m: the bounds of the depth classes.
pub(crate) const LASTING_DEPTHS_M: [f64; 2] = [0.5, 1.0];

/// A prepared engine and what the report tells about it.
pub struct Setup {
    /// The engine, at rest at time 0.
    pub solver: Solver<f32>,
    /// Bare-earth terrain on the run grid.
    pub terrain: Grid<f32>,
    /// Structures as placed on cell edges.
    pub structures: Vec<PlacedStructure>,
    /// Symbols for the maps.
    pub markers: Vec<Marker>,
    /// What was assumed.
    pub hypotheses: Vec<Text>,
    /// What the reader must know first.
    pub warnings: Vec<Text>,
    /// Position in the value array of each gauge, in the order of the parameters.
    pub gauge_cells: Vec<usize>,
}

/// Where parameters are named in errors.
pub(crate) fn place(key: &str) -> String {
    format!("flood.parameters.{key}")
}

/// Checks what needs no territory.
pub(crate) fn check(parameters: &Parameters) -> Result<()> {
    check_hazard(&parameters.hazard)?;
    uncertainty::check(parameters)
}

/// Prepares a run.
pub fn prepare(
    view: &TerritoryView,
    parameters: &Parameters,
    context: &RunContext,
) -> Result<Setup> {
    let terrain = view.bed(Aggregation::Mean)?;
    if terrain.range().is_none() {
        return Err(Error::input(
            "flood",
            "aucune altitude sur la grille de calcul ; vérifier l'emprise du scénario",
            "no terrain height on the run grid; check the scenario's extent",
        ));
    }
    check(parameters)?;
    let mut setup = Builder {
        view,
        parameters,
        context,
        hypotheses: Vec::new(),
        warnings: Vec::new(),
        markers: Vec::new(),
    };
    let bed = setup.bed(&terrain)?;
    let sources = setup.sources(&bed)?;
    let boundaries = setup.boundaries(&bed)?;
    let mut structures = Structures::new(view, &bed)?;
    for (name, given) in &parameters.breaches {
        let here = place(&format!("breaches.{name}"));
        structures.breach(&here, &given.structure, &stated_breach(view, name, given, &here)?)?;
    }
    let Structures { lines, placed: mut structures, markers, hypotheses, .. } = structures;
    setup.markers.extend(markers);
    setup.hypotheses.extend(hypotheses);
    let Links { links, placed, hypotheses } =
        Links::new(view, &bed, &terrain, &parameters.culverts, &parameters.pumps, &place)?;
    structures.extend(placed);
    setup.hypotheses.extend(hypotheses);
    let options = Options {
        arrival_depth_m: positive(parameters.arrival_depth_m, "arrival_depth_m")?,
        duration_depths_m: [parameters.arrival_depth_m, LASTING_DEPTHS_M[0], LASTING_DEPTHS_M[1]],
        rate_of_rise: true,
        ..match parameters.equations {
            Equations::Full => Options { local_levels: LOCAL_LEVELS, ..Options::default() },
            Equations::LocalInertial => Options::local_inertial(),
        }
    };
    let spec = bed.spec;
    let closed: Vec<bool> = (0..spec.len())
        .map(|cell| {
            let ground = f64::from(terrain.values[cell]);
            bed.blocked[cell] || ground.is_nan() || bed.elevation_m[cell] > ground + BUILT_M
        })
        .collect();
    let mut solver = Solver::new(bed, boundaries, lines, sources, options)?;
    let levels = setup.initial_levels(&spec)?;
    solver.set_level(|row, column| levels[(row, column)])?;
    solver.add_links(links)?;
    let stated = parameters.sections.iter().map(|(name, section)| (name, &section.line));
    solver.set_sections(&sections(view, stated, place)?)?;
    let mut gauge_cells = Vec::new();
    let mut warnings = setup.warnings;
    for (name, [x, y]) in &parameters.gauges {
        let cell =
            spec.cell_at(*x, *y).ok_or_else(|| outside(&place(&format!("gauges.{name}"))))?;
        let cell = spec.index(cell.0, cell.1);
        if closed[cell] {
            warnings.push(Text::new(
                format!(
                    "Le point de suivi « {name} » est dans un bâtiment ou hors du terrain connu : l'eau n'y vient pas ; le déplacer à côté."
                ),
                format!(
                    "The gauge \"{name}\" lies in a building or outside the known terrain: no water comes there; move it beside."
                ),
            ));
        }
        gauge_cells.push(cell);
    }
    if parameters.equations == Equations::LocalInertial {
        setup.hypotheses.push(Text::new(
            "Équations inertielles locales (de Almeida et al. 2012), sans accélération convective.",
            "Local-inertial equations (de Almeida et al. 2012), without convective acceleration.",
        ));
    }
    if parameters.undeclared_edges == UndeclaredEdges::Wall {
        setup.hypotheses.push(Text::new(
            "Les bords de la grille sans condition déclarée sont des parois.",
            "Edges of the grid without a declared condition are walls.",
        ));
    }
    Ok(Setup {
        solver,
        terrain,
        structures,
        markers: setup.markers,
        hypotheses: setup.hypotheses,
        warnings,
        gauge_cells,
    })
}

/// Builds the parts of a run; what it assumes and marks gathers on the way.
pub(crate) struct Builder<'a> {
    pub(crate) view: &'a TerritoryView,
    pub(crate) parameters: &'a Parameters,
    pub(crate) context: &'a RunContext,
    pub(crate) hypotheses: Vec<Text>,
    pub(crate) warnings: Vec<Text>,
    pub(crate) markers: Vec<Marker>,
}

impl Builder<'_> {
    fn bed(&mut self, terrain: &Grid<f32>) -> Result<Bed> {
        let mut bed = Bed::from_grids(terrain, &self.roughness()?)?;
        self.buildings(&mut bed, terrain)?;
        Ok(bed)
    }

    /// Manning's n by land cover, with the values of the scenario over those of the table.
    fn roughness(&mut self) -> Result<Grid<f32>> {
        let table = SurfaceProperties::built_in()?;
        let here = |code: &str| place(&format!("manning.{code}"));
        let lookup = table.manning(&self.parameters.manning, here)?;
        let factor = self.parameters.factors.manning as f32;
        // Buildings stand on their own terms; what is not known flows like bare ground.
        let fallback = lookup[usize::from(LandCover::BareSoil.value())];
        self.hypotheses.push(Text::new(
            "Frottement de Manning par occupation du sol, valeurs tabulées de la littérature (non calées).",
            "Manning friction by land cover, values tabulated in the literature (not calibrated).",
        ));
        Ok(self.view.land_cover()?.map(|cover| {
            let n = lookup[usize::from(cover.value())];
            (if n.is_finite() { n } else { fallback }) * factor
        }))
    }

    /// Level of the water at rest in each cell at the start; `-∞` where there is none.
    fn initial_levels(&self, spec: &GridSpec) -> Result<Grid<f64>> {
        let mut levels = Grid::filled(*spec, f64::NEG_INFINITY);
        let dam = self.parameters.dam_break.iter().map(|w| ("dam_break".to_owned(), w));
        let still =
            self.parameters.initial_water.iter().map(|(n, w)| (format!("initial_water.{n}"), w));
        for (key, StillWater { area, level }) in dam.chain(still) {
            let here = place(&key);
            let level = level.in_datum(self.view.territory().vertical_datum(), &here)?;
            let polygons = area.polygons(self.view.territory().crs(), &format!("{here}.area"))?;
            cells_within(spec, &polygons, |row, column| {
                let cell = &mut levels[(row, column)];
                *cell = cell.max(level);
            });
        }
        Ok(levels)
    }
}

/// A breach that the parameters state.
fn stated_breach(
    view: &TerritoryView,
    name: &str,
    given: &BreachParameters,
    here: &str,
) -> Result<StructureBreach> {
    let datum = view.territory().vertical_datum();
    let sill = given.sill.as_ref();
    Ok(StructureBreach {
        name: name.to_owned(),
        at: given.at,
        width_m: positive(given.width_m, &format!("breaches.{name}.width_m"))?,
        start: BreachTrigger::new(given.start, given.start_overflow_m, here)?,
        formation_s: given.formation.seconds(),
        sill_m: sill.map(|s| s.in_datum(datum, &format!("{here}.sill"))).transpose()?,
    })
}

fn check_hazard(hazard: &HazardParameters) -> Result<()> {
    let ordered = |[a, b]: [f64; 2]| a.is_finite() && b.is_finite() && 0.0 < a && a <= b;
    let sizes = [hazard.min_depth_m, hazard.min_patch_m2];
    if ordered(hazard.speed_m_per_s)
        && hazard.rise_m_per_h.is_none_or(ordered)
        && sizes.iter().all(|v| v.is_finite() && *v >= 0.0)
    {
        return Ok(());
    }
    Err(Error::input(
        place("hazard"),
        "les seuils doivent être positifs et croissants",
        "thresholds must be positive and rising",
    ))
}

pub(crate) fn positive(value: f64, key: &str) -> Result<f64> {
    simulation::positive(value, place(key))
}
