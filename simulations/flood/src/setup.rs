//! From parameters and territory to the engine: bed, boundaries, sources, structures, gauges.

use std::path::Path;

use twin_core::export::map::{Marker, MarkerKind};
use twin_core::language::Text;
use twin_core::scenario::DatumRef;
use twin_core::series::Series;
use twin_core::simulation::{PlacedStructure, RunContext};
use twin_core::spatial::{Grid, GridSpec, cells_within};
use twin_core::territory::{
    Aggregation, GeometryInput, LandCover, SurfaceProperties, TerritoryView,
};
use twin_core::{Error, Result};
use twin_shallow_water::{
    Bed, Boundaries, Breach, BreachStart, Condition, Edge, LineStructure, Options, Side, Solver,
    Source, Split, crests_along, edges_along,
};

use crate::exposure::footprint_cells;
use crate::parameters::{
    BreachParameters, BuildingMode, Inflow, Parameters, SideName, StillWater, UndeclaredEdges,
};

/// Height of a building whose height is not known, metres: one storey, so that it blocks the flow.
const UNKNOWN_BUILDING_HEIGHT_M: f64 = 3.0;

/// A bed that stands this far above the ground is a building, metres.
const BUILT_M: f64 = 0.5;

/// A prepared engine and what the report tells about it.
pub struct Setup {
    /// The engine, at rest at time 0.
    pub solver: Solver,
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
fn place(key: &str) -> String {
    format!("flood.parameters.{key}")
}

/// Prepares a run.
pub fn prepare(
    view: &TerritoryView,
    parameters: &Parameters,
    context: &RunContext,
) -> Result<Setup> {
    let terrain = view.terrain(Aggregation::Mean)?;
    if terrain.range().is_none() {
        return Err(Error::input(
            "flood",
            "aucune altitude sur la grille de calcul ; vérifier l'emprise du scénario",
            "no terrain height on the run grid; check the scenario's extent",
        ));
    }
    let mut setup =
        Builder { view, parameters, context, hypotheses: Vec::new(), markers: Vec::new() };
    let bed = setup.bed(&terrain)?;
    let sources = setup.sources(&bed)?;
    let boundaries = setup.boundaries(&bed)?;
    let (lines, structures) = setup.structures(&bed.spec)?;
    let options = Options {
        arrival_depth_m: positive(parameters.arrival_depth_m, "arrival_depth_m")?,
        rate_of_rise: true,
        ..Options::default()
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
    let (mut gauge_cells, mut warnings) = (Vec::new(), Vec::new());
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

struct Builder<'a> {
    view: &'a TerritoryView,
    parameters: &'a Parameters,
    context: &'a RunContext,
    hypotheses: Vec<Text>,
    markers: Vec<Marker>,
}

impl Builder<'_> {
    fn bed(&mut self, terrain: &Grid<f32>) -> Result<Bed> {
        let mut bed = Bed::from_grids(terrain, &self.roughness()?)?;
        let mode = self.parameters.buildings;
        positive(self.parameters.building_manning, "building_manning")?;
        for building in self.view.features().buildings.iter().filter(|b| b.is_standing()) {
            for (row, column) in footprint_cells(&bed.spec, building) {
                let cell = bed.spec.index(row, column);
                match mode {
                    BuildingMode::Blocks => {
                        let height = building.height_m.filter(|h| *h > 0.0);
                        bed.elevation_m[cell] = f64::from(terrain[(row, column)])
                            + height.unwrap_or(UNKNOWN_BUILDING_HEIGHT_M);
                    }
                    BuildingMode::Holes => bed.blocked[cell] = true,
                    BuildingMode::Roughness => {
                        bed.roughness[cell] = self.parameters.building_manning
                    }
                }
            }
        }
        self.hypotheses.push(match mode {
            BuildingMode::Blocks => Text::new(
                "Les bâtiments sont des blocs de leur hauteur, imperméables.",
                "Buildings are impervious blocks of their height.",
            ),
            BuildingMode::Holes => Text::new(
                "Les bâtiments sont des mailles sans écoulement.",
                "Buildings are cells without flow.",
            ),
            BuildingMode::Roughness => Text::new(
                format!(
                    "Les bâtiments freinent l'écoulement (n = {} s·m⁻¹ᐟ³).",
                    twin_core::Language::Fr.number(self.parameters.building_manning, 2)
                ),
                format!(
                    "Buildings slow the flow (n = {} s·m⁻¹ᐟ³).",
                    self.parameters.building_manning
                ),
            ),
        });
        Ok(bed)
    }

    /// Manning's n by land cover, with the values of the scenario over those of the table.
    fn roughness(&mut self) -> Result<Grid<f32>> {
        let table = SurfaceProperties::built_in()?;
        let mut lookup = table.property("manning_n")?.lookup();
        for (code, n) in &self.parameters.manning {
            let key = format!("manning.{code}");
            let cover = LandCover::from_code(code).ok_or_else(|| {
                let known: Vec<&str> = LandCover::ALL.iter().map(|c| c.code()).collect();
                Error::input(
                    place(&key),
                    format!("occupation du sol inconnue ; possibles : {}", known.join(", ")),
                    format!("unknown land cover; possible: {}", known.join(", ")),
                )
            })?;
            lookup[usize::from(cover.value())] = positive(*n, &key)? as f32;
        }
        // Buildings stand on their own terms; what is not known flows like bare ground.
        let fallback = lookup[usize::from(LandCover::BareSoil.value())];
        self.hypotheses.push(Text::new(
            "Frottement de Manning par occupation du sol, valeurs tabulées de la littérature (non calées).",
            "Manning friction by land cover, values tabulated in the literature (not calibrated).",
        ));
        Ok(self.view.land_cover()?.map(|cover| {
            let n = lookup[usize::from(cover.value())];
            if n.is_finite() { n } else { fallback }
        }))
    }

    fn sources(&mut self, bed: &Bed) -> Result<Vec<Source>> {
        let main = self.parameters.inflow.iter().map(|i| ("inflow".to_owned(), i));
        let others =
            self.parameters.tributaries.iter().map(|(n, i)| (format!("tributaries.{n}"), i));
        main.chain(others).map(|(key, inflow)| self.source(&key, inflow, bed)).collect()
    }

    fn source(&mut self, key: &str, inflow: &Inflow, bed: &Bed) -> Result<Source> {
        let here = place(key);
        if inflow.source.trim().is_empty() {
            return Err(Error::input(
                format!("{here}.source"),
                "l'origine du débit est vide ; la citer (station, étude, hypothèse)",
                "the origin of the discharge is empty; name it (station, study, hypothesis)",
            ));
        }
        let series = match (&inflow.hydrograph, inflow.discharge_m3_per_s) {
            (Some(path), None) => Series::read_csv(Path::new(path), self.context.start)?,
            (None, Some(q)) => Series::constant(positive(q, &format!("{key}.discharge_m3_per_s"))?),
            _ => {
                return Err(Error::input(
                    here,
                    "donner hydrograph ou discharge_m3_per_s, l'un des deux",
                    "give one of hydrograph and discharge_m3_per_s",
                ));
            }
        };
        let peak = series.largest();
        let return_period = inflow.return_period_years.map_or_else(
            || Text::new(String::new(), String::new()),
            |years| {
                Text::new(
                    format!(", période de retour {years} ans selon cette source"),
                    format!(", return period {years} years by that source"),
                )
            },
        );
        self.hypotheses.push(Text::new(
            format!(
                "Débit entrant « {key} » : maximum {} m³/s ; source : {}{}.",
                twin_core::Language::Fr.number(peak, 1),
                inflow.source,
                return_period.fr
            ),
            format!(
                "Inflow \"{key}\": maximum {} m³/s; source: {}{}.",
                twin_core::Language::En.number(peak, 1),
                inflow.source,
                return_period.en
            ),
        ));
        let crs = self.view.territory().crs();
        match (&inflow.at, &inflow.line) {
            (Some([x, y]), None) => {
                let (row, column) =
                    bed.spec.cell_at(*x, *y).ok_or_else(|| outside(&format!("{here}.at")))?;
                self.markers.push(Marker {
                    x: *x,
                    y: *y,
                    label: String::new(),
                    kind: MarkerKind::Inflow {
                        towards_deg: azimuth((*x, *y), bed.spec.extent().centre()),
                    },
                });
                let cells = vec![bed.spec.index(row, column)];
                Ok(Source::Inflow {
                    name: key.to_owned(),
                    cells,
                    discharge: series,
                    split: Split::Even,
                })
            }
            (None, Some(line)) => {
                let lines = line.lines(crs, &format!("{here}.line"))?;
                let line = &lines[0];
                let middle = line[line.len() / 2];
                self.markers.push(Marker {
                    x: middle[0],
                    y: middle[1],
                    label: String::new(),
                    kind: MarkerKind::Inflow {
                        towards_deg: azimuth((middle[0], middle[1]), bed.spec.extent().centre()),
                    },
                });
                Source::across(key, bed, line, series)
            }
            _ => Err(Error::input(
                here,
                "donner at = [x, y] ou line, l'un des deux",
                "give one of at = [x, y] and line",
            )),
        }
    }

    fn boundaries(&mut self, bed: &Bed) -> Result<Boundaries> {
        let mut boundaries = Boundaries::default();
        let mut taken: Vec<Edge> = Vec::new();
        for (name, outflow) in &self.parameters.outflow {
            let key = format!("outflow.{name}");
            let slope = positive(outflow.slope, &format!("{key}.slope"))?;
            let edges = self.edges(bed, outflow.side, outflow.line.as_ref(), &key, &mut taken)?;
            self.hypotheses.push(Text::new(
                format!(
                    "Sortie libre « {name} » : pente de {} ‰ au-delà du bord.",
                    twin_core::Language::Fr.number(slope * 1e3, 2)
                ),
                format!(
                    "Free outflow \"{name}\": slope of {} ‰ beyond the edge.",
                    twin_core::Language::En.number(slope * 1e3, 2)
                ),
            ));
            self.mark_outflow(bed, &edges);
            boundaries = boundaries.with(name, edges, Condition::Outflow { slope });
        }
        for (name, stage) in &self.parameters.stage {
            let key = format!("stage.{name}");
            let datum = DatumRef { datum: stage.datum.clone(), offset_m: stage.offset_m };
            let offset = datum.offset_to(self.view.territory().vertical_datum(), &place(&key))?;
            let series = match (&stage.series, stage.level_m) {
                (Some(path), None) => Series::read_csv(Path::new(path), self.context.start)?,
                (None, Some(level)) if level.is_finite() => Series::constant(level),
                _ => {
                    return Err(Error::input(
                        place(&key),
                        "donner series ou level_m, l'un des deux",
                        "give one of series and level_m",
                    ));
                }
            };
            let series = series.map(|level| level + offset);
            let edges = self.edges(bed, stage.side, stage.line.as_ref(), &key, &mut taken)?;
            self.hypotheses.push(Text::new(
                format!("Niveau imposé « {name} » ({}) ; source : {}.", stage.datum, stage.source),
                format!("Imposed level \"{name}\" ({}); source: {}.", stage.datum, stage.source),
            ));
            self.mark_outflow(bed, &edges);
            boundaries = boundaries.with(name, edges, Condition::Stage(series));
        }
        // Last, so that a wall takes only what is left of a side.
        for (name, wall) in &self.parameters.walls {
            let key = format!("walls.{name}");
            let edges = self.edges(bed, wall.side, wall.line.as_ref(), &key, &mut taken)?;
            self.hypotheses.push(Text::new(
                format!("Le bord « {name} » est une paroi."),
                format!("The edge \"{name}\" is a wall."),
            ));
            boundaries = boundaries.with(name, edges, Condition::Wall);
        }
        Ok(boundaries)
    }

    /// Marks a boundary at its lowest place, where water comes first, pointing outwards.
    fn mark_outflow(&mut self, bed: &Bed, edges: &[Edge]) {
        let half = 0.5 * bed.spec.cell_size;
        let inside = |edge: &Edge| {
            let (x, y) = edge.middle(&bed.spec);
            let around = [(-half, 0.0), (half, 0.0), (0.0, -half), (0.0, half)];
            let cells = around.iter().filter_map(|(dx, dy)| bed.spec.cell_at(x + dx, y + dy));
            let known = |(row, column)| bed.elevation_m[bed.spec.index(row, column)].is_finite();
            let cell = cells.into_iter().find(|cell| known(*cell))?;
            let ground = bed.elevation_m[bed.spec.index(cell.0, cell.1)];
            Some((ground, bed.spec.centre(cell.0, cell.1), (x, y)))
        };
        let lowest = edges.iter().filter_map(inside).min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, cell, (x, y))) = lowest {
            let kind = MarkerKind::Outflow { towards_deg: azimuth(cell, (x, y)) };
            self.markers.push(Marker { x, y, label: String::new(), kind });
        }
    }

    /// Outer edges on a side or beside a line, less those that another boundary has.
    fn edges(
        &mut self,
        bed: &Bed,
        side: Option<SideName>,
        line: Option<&GeometryInput>,
        key: &str,
        taken: &mut Vec<Edge>,
    ) -> Result<Vec<Edge>> {
        let here = place(key);
        let mut edges: Vec<Edge> = match (side, line) {
            (Some(side), None) => bed.rim(match side {
                SideName::West => Side::West,
                SideName::East => Side::East,
                SideName::South => Side::South,
                SideName::North => Side::North,
            }),
            (None, Some(line)) => {
                let lines = line.lines(self.view.territory().crs(), &format!("{here}.line"))?;
                let reach = 1.5 * bed.spec.cell_size;
                bed.outer_edges()
                    .into_iter()
                    .filter(|e| lines.iter().any(|l| distance(l, e.middle) <= reach))
                    .map(|e| e.edge)
                    .collect()
            }
            _ => {
                return Err(Error::input(
                    here,
                    "donner side (west, east, south, north) ou line, l'un des deux",
                    "give one of side (west, east, south, north) and line",
                ));
            }
        };
        let found = edges.len();
        edges.retain(|e| !taken.contains(e));
        if found > 0 && edges.is_empty() {
            return Err(Error::input(
                here,
                "ce bord a déjà une condition ; en retirer une",
                "this edge already has a condition; remove one",
            ));
        }
        if edges.is_empty() {
            return Err(Error::input(
                here,
                "aucun bord de la grille à moins d'une maille et demie ; rapprocher la ligne du bord",
                "no edge of the grid within one and a half cells; move the line to the border",
            ));
        }
        taken.extend(&edges);
        Ok(edges)
    }

    fn structures(
        &mut self,
        spec: &GridSpec,
    ) -> Result<(Vec<LineStructure>, Vec<PlacedStructure>)> {
        let (mut lines, mut placed) = (Vec::new(), Vec::new());
        for structure in self.view.structures() {
            for crest in &structure.crest {
                let edges = edges_along(spec, crest);
                if edges.is_empty() {
                    return Err(outside(&structure.name));
                }
                let crest_m = crests_along(spec, crest, &edges);
                let lowest = crest_m.iter().copied().fold(f64::INFINITY, f64::min);
                let highest = crest_m.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let length: f64 =
                    crest.windows(2).map(|p| (p[1][0] - p[0][0]).hypot(p[1][1] - p[0][1])).sum();
                let course = edges.iter().map(|e| {
                    let (x, y) = e.middle(spec);
                    [x, y, f64::NAN]
                });
                let n = |l: twin_core::Language, v| l.number(v, 2);
                let (fr, en) = (twin_core::Language::Fr, twin_core::Language::En);
                placed.push(PlacedStructure {
                    name: structure.name.clone(),
                    kind: structure.title.clone(),
                    lines: vec![course.collect()],
                    note: Text::new(
                        format!(
                            "{} côtés de maille, crête de {} à {} m, longueur {} m",
                            edges.len(),
                            n(fr, lowest),
                            n(fr, highest),
                            fr.number(length, 0)
                        ),
                        format!(
                            "{} cell edges, crest {} to {} m, length {} m",
                            edges.len(),
                            n(en, lowest),
                            n(en, highest),
                            en.number(length, 0)
                        ),
                    ),
                });
                lines.push(LineStructure {
                    name: structure.name.clone(),
                    edges,
                    crest_m,
                    length_m: Some(length),
                    breaches: Vec::new(),
                });
            }
        }
        for (name, breach) in &self.parameters.breaches {
            self.breach(spec, name, breach, &mut lines)?;
        }
        Ok((lines, placed))
    }

    fn breach(
        &mut self,
        spec: &GridSpec,
        name: &str,
        breach: &BreachParameters,
        lines: &mut [LineStructure],
    ) -> Result<()> {
        let here = place(&format!("breaches.{name}"));
        let [x, y] = breach.at;
        let width = positive(breach.width_m, &format!("breaches.{name}.width_m"))?;
        let away = |e: &Edge| {
            let (ex, ey) = e.middle(spec);
            (ex - x).hypot(ey - y)
        };
        let known: Vec<String> = lines.iter().map(|l| l.name.clone()).collect();
        let nearest = lines
            .iter_mut()
            .filter(|l| l.name == breach.structure)
            .filter_map(|l| {
                let at = (0..l.edges.len())
                    .min_by(|a, b| away(&l.edges[*a]).total_cmp(&away(&l.edges[*b])))?;
                Some((away(&l.edges[at]), at, l))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((distance, at, line)) = nearest else {
            let or = |none: &str| if known.is_empty() { none.to_owned() } else { known.join(", ") };
            return Err(Error::input(
                here,
                format!(
                    "l'ouvrage « {} » n'existe pas ; présents : {}",
                    breach.structure,
                    or("aucun")
                ),
                format!("there is no structure \"{}\"; present: {}", breach.structure, or("none")),
            ));
        };
        if distance > width.max(2.0 * spec.cell_size) {
            return Err(Error::input(
                here,
                format!("la brèche est à {distance:.0} m de l'ouvrage ; la placer dessus"),
                format!("the breach lies {distance:.0} m from the structure; place it on it"),
            ));
        }
        let edge_m = line.length_m.map_or(spec.cell_size, |l| l / line.edges.len() as f64);
        let count = ((width / edge_m).ceil() as usize).clamp(1, line.edges.len());
        let first = at.saturating_sub(count / 2).min(line.edges.len() - count);
        let start = match (breach.start, breach.start_overflow_m) {
            (Some(start), None) => BreachStart::At(start.seconds()),
            (None, Some(over)) if over.is_finite() => BreachStart::Level(line.crest_m[at] + over),
            _ => {
                return Err(Error::input(
                    here,
                    "donner start ou start_overflow_m, l'un des deux",
                    "give one of start and start_overflow_m",
                ));
            }
        };
        let final_level_m = match &breach.sill {
            Some(level) => {
                level.in_datum(self.view.territory().vertical_datum(), &format!("{here}.sill"))?
            }
            None => f64::MIN,
        };
        line.breaches.push(Breach {
            edges: first..first + count,
            start,
            formation_s: breach.formation.seconds(),
            final_level_m,
            width_m: Some(width),
        });
        self.markers.push(Marker { x, y, label: name.to_owned(), kind: MarkerKind::Breach });
        self.hypotheses.push(Text::new(
            format!(
                "Brèche « {name} » de {} m dans « {} », formée en {}.",
                twin_core::Language::Fr.number(width, 0),
                breach.structure,
                String::from(breach.formation)
            ),
            format!(
                "Breach \"{name}\" of {} m in \"{}\", formed in {}.",
                twin_core::Language::En.number(width, 0),
                breach.structure,
                String::from(breach.formation)
            ),
        ));
        Ok(())
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

fn positive(value: f64, key: &str) -> Result<f64> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    Err(Error::input(
        place(key),
        format!("{value} ; donner un nombre positif"),
        format!("{value}; give a positive number"),
    ))
}

fn outside(place: &str) -> Error {
    Error::input(
        place,
        "hors de la grille de calcul ; vérifier les coordonnées et leur système",
        "outside the run grid; check the coordinates and their reference system",
    )
}

/// Direction from one position to another, degrees clockwise from north.
fn azimuth(from: (f64, f64), to: (f64, f64)) -> f64 {
    (to.0 - from.0).atan2(to.1 - from.1).to_degrees().rem_euclid(360.0)
}

/// Distance of a point to a chain of vertices.
fn distance(line: &[[f64; 3]], (x, y): (f64, f64)) -> f64 {
    line.windows(2)
        .map(|pair| {
            let [a, b] = [pair[0], pair[1]];
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let length2 = dx * dx + dy * dy;
            let t = if length2 > 0.0 {
                (((x - a[0]) * dx + (y - a[1]) * dy) / length2).clamp(0.0, 1.0)
            } else {
                0.0
            };
            (a[0] + t * dx - x).hypot(a[1] + t * dy - y)
        })
        .fold(f64::INFINITY, f64::min)
}
