//! Crests, breaches and openings of a territory and of measures, and sections, on the edges of cells.

use std::collections::BTreeSet;
use std::ops::Range;

use twin_core::export::map::{Marker, MarkerKind};
use twin_core::language::Text;
use twin_core::scenario::{self as measured, BreachTrigger, StructureBreach, StructureOpening};
use twin_core::simulation::PlacedStructure;
use twin_core::spatial::{Extent, Grid, GridSpec, Line, line_length};
use twin_core::territory::{GeometryInput, TerritoryView};
use twin_core::{Error, Language, Result};
use twin_shallow_water::{
    Bed, Breach, BreachStart, Edge, LineStructure, Opening, OpeningKind, Section, crests_along,
    edges_along,
};

/// Distance from the structures of measures within which those of the territory yield, cells.
const NEAR_MEASURE_CELLS: f64 = 2.0;

/// Where edges lie on the map.
fn course(spec: &GridSpec, edges: &[Edge]) -> Line {
    let middle = |edge: &Edge| {
        let (x, y) = edge.middle(spec);
        [x, y, f64::NAN]
    };
    edges.iter().map(middle).collect()
}

/// The error for something that lies outside the run grid.
pub fn outside(place: &str) -> Error {
    Error::input(
        place,
        "hors de la grille de calcul ; vérifier les coordonnées et leur système",
        "outside the run grid; check the coordinates and their reference system",
    )
}

/// Lines on the run grid through which discharge is recorded, from lines by name; `place` names the key of one in
/// errors.
///
/// # Errors
/// A geometry that cannot be read, a line outside the grid.
pub fn sections<'a>(
    view: &TerritoryView,
    lines: impl IntoIterator<Item = (&'a String, &'a GeometryInput)>,
    place: impl Fn(&str) -> String,
) -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    for (name, given) in lines {
        let here = place(&format!("sections.{name}.line"));
        for line in given.lines(view.territory().crs(), &here)? {
            let section = Section::along(name, view.spec(), &line);
            if section.edges.is_empty() {
                return Err(outside(&here));
            }
            sections.push(section);
        }
    }
    Ok(sections)
}

/// Structures on the edges of a run grid.
#[derive(Debug)]
pub struct Structures {
    spec: GridSpec,
    /// For the engine.
    pub lines: Vec<LineStructure>,
    /// Where they landed.
    pub placed: Vec<PlacedStructure>,
    /// Breaches on maps.
    pub markers: Vec<Marker>,
    /// What openings and breaches do.
    pub hypotheses: Vec<Text>,
}

impl Structures {
    /// The structures of measures with their openings and breaches, and the crests that stand in the territory.
    ///
    /// # Errors
    /// A structure outside the grid, an opening or a breach that does not fit its structure.
    pub fn new(view: &TerritoryView, bed: &Bed) -> Result<Self> {
        let spec = &bed.spec;
        let mut structures = Self {
            spec: *spec,
            lines: Vec::new(),
            placed: Vec::new(),
            markers: Vec::new(),
            hypotheses: Vec::new(),
        };
        for structure in view.structures() {
            for crest in &structure.crest {
                let edges = edges_along(spec, crest);
                if edges.is_empty() {
                    return Err(outside(&structure.name));
                }
                let crest_m = crests_along(spec, crest, &edges);
                let lowest = crest_m.iter().copied().fold(f64::INFINITY, f64::min);
                let highest = crest_m.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let length = line_length(crest);
                let n = |l: Language, v| l.number(v, 2);
                let (fr, en) = (Language::Fr, Language::En);
                structures.placed.push(PlacedStructure {
                    name: structure.name.clone(),
                    kind: structure.title.clone(),
                    lines: vec![course(spec, &edges)],
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
                structures.lines.push(LineStructure {
                    name: structure.name.clone(),
                    edges,
                    crest_m,
                    length_m: Some(length),
                    breaches: Vec::new(),
                    openings: Vec::new(),
                });
            }
            for opening in &structure.openings {
                structures.opening(&structure.name, opening, bed)?;
            }
        }
        structures.existing_crests(view)?;
        for structure in view.structures() {
            for breach in &structure.breaches {
                let here = format!("measures.{}", breach.name);
                structures.breach(&here, &structure.name, breach)?;
            }
        }
        Ok(structures)
    }

    /// Crests that stand in the territory, where no structure of a measure is near: that one knows
    /// better.
    fn existing_crests(&mut self, view: &TerritoryView) -> Result<()> {
        let spec = &self.spec;
        let mut is_taken = Grid::filled(*spec, false);
        for edge in self.lines.iter().flat_map(|line| &line.edges) {
            let (x, y) = edge.middle(spec);
            let Some(here) = Extent::of_points([(x, y)]) else { continue };
            let near = here.buffered(NEAR_MEASURE_CELLS * spec.cell_size);
            let (rows, columns) = spec.window(&near);
            for row in rows {
                for column in columns.clone() {
                    is_taken[(row, column)] = true;
                }
            }
        }
        let is_free =
            |edge: &Edge| edge.cells(spec).into_iter().flatten().all(|cell| !is_taken.values[cell]);
        let mut seen = BTreeSet::new();
        for structure in view.crest_lines()? {
            let (mut courses, mut length) = (Vec::new(), 0.0);
            for crest in &structure.crest {
                let free = |edge: &Edge| is_free(edge) && seen.insert(*edge);
                let Some(line) = LineStructure::along(&structure.name, spec, crest, free) else {
                    continue;
                };
                length += line.length_m.unwrap_or(0.0);
                courses.push(course(spec, &line.edges));
                self.lines.push(line);
            }
            let (km, count) = (1e-3 * length, courses.len());
            if count > 0 {
                let note = |l: Language, lines: &str| {
                    format!("{} {lines}, {} km", l.number(count as f64, 0), l.number(km, 1))
                };
                self.placed.push(PlacedStructure {
                    name: structure.name,
                    kind: structure.title,
                    lines: courses,
                    note: Text::new(note(Language::Fr, "tronçons"), note(Language::En, "lines")),
                });
            }
        }
        Ok(())
    }

    /// Adds a breach of a structure; `here` names it in errors.
    ///
    /// # Errors
    /// No such structure, or none near.
    pub fn breach(&mut self, here: &str, structure: &str, breach: &StructureBreach) -> Result<()> {
        let (spec, lines) = (&self.spec, &mut self.lines);
        let StructureBreach { name, at: [x, y], width_m: width, .. } = breach;
        let (x, y, width) = (*x, *y, *width);
        let known: Vec<String> = lines.iter().map(|l| l.name.clone()).collect();
        let Some((distance, at, line)) = nearest(spec, lines, structure, breach.at) else {
            let or = |none: &str| if known.is_empty() { none.to_owned() } else { known.join(", ") };
            return Err(Error::input(
                here,
                format!("l'ouvrage « {structure} » n'existe pas ; présents : {}", or("aucun")),
                format!("there is no structure \"{structure}\"; present: {}", or("none")),
            ));
        };
        if distance > width.max(2.0 * spec.cell_size) {
            return Err(Error::input(
                here,
                format!("la brèche est à {distance:.0} m de l'ouvrage ; la placer dessus"),
                format!("the breach lies {distance:.0} m from the structure; place it on it"),
            ));
        }
        let [from, to] = span_about(spec, line, at, breach.at, width);
        let start = match breach.start {
            BreachTrigger::At(time_s) => BreachStart::At(time_s),
            BreachTrigger::Overflow(over_m) => BreachStart::Level(line.crest_m[at] + over_m),
        };
        line.breaches.push(Breach {
            edges: edges_of([from, to]),
            start,
            formation_s: breach.formation_s,
            final_level_m: breach.sill_m.unwrap_or(f64::MIN),
            width_m: Some(width),
            centre: Some(0.5 * (from + to)),
        });
        self.markers.push(Marker { x, y, label: name.clone(), kind: MarkerKind::Breach });
        let sentence = |l: Language| {
            let (width, minutes) = (l.number(width, 0), l.number(breach.formation_s / 60.0, 0));
            match l {
                Language::Fr => format!(
                    "Brèche « {name} » de {width} m dans « {structure} », formée en {minutes} min."
                ),
                Language::En => {
                    format!(
                        "Breach \"{name}\" of {width} m in \"{structure}\", formed in {minutes} min."
                    )
                }
            }
        };
        self.hypotheses.push(Text::new(sentence(Language::Fr), sentence(Language::En)));
        Ok(())
    }

    /// A bridge or gate under the crest of a structure.
    fn opening(&mut self, name: &str, opening: &StructureOpening, bed: &Bed) -> Result<()> {
        let (spec, lines) = (&self.spec, &mut self.lines);
        let here = format!("measures.{name}");
        let Some((distance, at, line)) = nearest(spec, lines, name, opening.at) else {
            return Err(outside(&here));
        };
        if distance > opening.width_m.max(2.0 * spec.cell_size) {
            return Err(Error::input(
                here,
                format!("l'ouverture est à {distance:.0} m de l'ouvrage ; la placer dessus"),
                format!("the opening lies {distance:.0} m from the structure; place it on it"),
            ));
        }
        let kind = match opening.kind {
            measured::OpeningKind::Bridge => OpeningKind::Bridge,
            measured::OpeningKind::Gate => OpeningKind::Gate,
        };
        let span = span_about(spec, line, at, opening.at, opening.width_m);
        if opening.width_m > line.edges.len() as f64 * edge_length(spec, line) {
            return Err(Error::input(
                here,
                format!("l'ouverture de {} m est plus large que l'ouvrage", opening.width_m),
                format!("the opening of {} m is wider than the structure", opening.width_m),
            ));
        }
        let touched = edges_of(span);
        let ground = line.edges[touched.clone()]
            .iter()
            .flat_map(|e| e.cells(spec))
            .flatten()
            .map(|cell| bed.elevation_m[cell])
            .filter(|z| z.is_finite())
            .fold(f64::INFINITY, f64::min);
        let crest = line.crest_m[touched].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sill = opening.sill_m.unwrap_or(ground).max(ground);
        let highest = opening.soffit_m.points().iter().map(|p| p.1).fold(f64::MIN, f64::max);
        if sill >= crest || (opening.kind == measured::OpeningKind::Bridge && highest <= sill) {
            let n = |l: Language, v| l.number(v, 2);
            let [fr, en] =
                [Language::Fr, Language::En].map(|l| [sill, highest, crest].map(|v| n(l, v)));
            return Err(Error::input(
                here,
                format!(
                    "rien ne peut passer : seuil ou sol à {} m, bas du tablier à {} m, crête à {} m",
                    fr[0], fr[1], fr[2]
                ),
                format!(
                    "nothing can pass: sill or ground at {} m, soffit at {} m, crest at {} m",
                    en[0], en[1], en[2]
                ),
            ));
        }
        line.openings.push(Opening {
            span,
            sill_m: opening.sill_m.unwrap_or(f64::MIN),
            soffit_m: opening.soffit_m.clone(),
            kind,
        });
        let sentence = |l: Language| {
            let width = l.number(opening.width_m, 1);
            let (lowest, highest) = opening
                .soffit_m
                .points()
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), p| (a.min(p.1), b.max(p.1)));
            let (lowest, highest) = (l.number(lowest, 2), l.number(highest, 2));
            match (l, opening.kind) {
                (Language::Fr, measured::OpeningKind::Bridge) => format!(
                    "Pont « {name} » : ouverture de {width} m sous un tablier à {highest} m ; en charge au-delà (orifice, coefficient 0,8)."
                ),
                (Language::Fr, measured::OpeningKind::Gate) => format!(
                    "Vanne « {name} » de {width} m : bord inférieur entre {lowest} et {highest} m selon le programme donné (contraction 0,611)."
                ),
                (Language::En, measured::OpeningKind::Bridge) => format!(
                    "Bridge \"{name}\": opening of {width} m under a deck at {highest} m; pressure flow above it (orifice, coefficient 0.8)."
                ),
                (Language::En, measured::OpeningKind::Gate) => format!(
                    "Gate \"{name}\" of {width} m: lower edge between {lowest} and {highest} m by the given schedule (contraction 0.611)."
                ),
            }
        };
        self.hypotheses.push(Text::new(sentence(Language::Fr), sentence(Language::En)));
        Ok(())
    }
}

/// The line of a structure that lies nearest to a point: distance (m), position of its edge there, line.
fn nearest<'a>(
    spec: &GridSpec,
    lines: &'a mut [LineStructure],
    structure: &str,
    [x, y]: [f64; 2],
) -> Option<(f64, usize, &'a mut LineStructure)> {
    let away = |e: &Edge| {
        let (ex, ey) = e.middle(spec);
        (ex - x).hypot(ey - y)
    };
    let of = |l: &'a mut LineStructure| {
        let at =
            (0..l.edges.len()).min_by(|a, b| away(&l.edges[*a]).total_cmp(&away(&l.edges[*b])))?;
        Some((away(&l.edges[at]), at, l))
    };
    let named = lines.iter_mut().filter(|l| l.name == structure);
    named.filter_map(of).min_by(|a, b| a.0.total_cmp(&b.0))
}

/// Length of the line that one edge stands for, m.
fn edge_length(spec: &GridSpec, line: &LineStructure) -> f64 {
    line.length_m.map_or(spec.cell_size, |l| (l / line.edges.len() as f64).min(spec.cell_size))
}

/// The edges that a span touches.
fn edges_of([from, to]: [f64; 2]) -> Range<usize> {
    from.floor() as usize..to.ceil() as usize
}

/// Where a width about a place lies along the edges of a line, the nearest of which is `at`.
fn span_about(
    spec: &GridSpec,
    line: &LineStructure,
    at: usize,
    place: [f64; 2],
    width_m: f64,
) -> [f64; 2] {
    let (edge_m, n) = (edge_length(spec, line), line.edges.len());
    let middle = |k: usize| line.edges[k.min(n - 1)].middle(spec);
    let ((ax, ay), (bx, by)) = (middle(at.saturating_sub(2)), middle(at + 2));
    let length = (bx - ax).hypot(by - ay).max(f64::MIN_POSITIVE);
    let (x, y) = middle(at);
    let along = (place[0] - x) * (bx - ax) / length + (place[1] - y) * (by - ay) / length;
    let centre = at as f64 + 0.5 + (along / edge_m).clamp(-0.5, 0.5);
    let half = 0.5 * width_m / edge_m;
    [(centre - half).max(0.0), (centre + half).min(n as f64)]
}
