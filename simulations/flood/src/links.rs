//! Culverts and pumps of a scenario as links of the engine.

use twin_core::language::Text;
use twin_core::simulation::PlacedStructure;
use twin_core::spatial::Grid;
use twin_core::{Error, Language, Result};
use twin_hydraulic_structures::outside;
use twin_shallow_water::{Barrel, Bed, Culvert, Inlet, Link, LinkLaw, Series};

use crate::parameters::{CulvertParameters, InletName, PumpParameters};
use crate::setup::{Builder, place, positive};

/// Radius around an end within which cells belong to it, in cells.
const REACH_CELLS: f64 = 1.5;

/// Roughness of concrete, s·m^(−1/3) (Chow 1959, table 5-6).
const CONCRETE_MANNING: f64 = 0.013;

impl Builder<'_> {
    /// Links of the run and how they stand on the grid.
    pub(crate) fn links(
        &mut self,
        bed: &Bed,
        terrain: &Grid<f32>,
    ) -> Result<(Vec<Link>, Vec<PlacedStructure>)> {
        let (mut links, mut placed) = (Vec::new(), Vec::new());
        for (name, culvert) in &self.parameters.culverts {
            let (link, structure) = self.culvert(name, culvert, bed, terrain)?;
            links.push(link);
            placed.push(structure);
        }
        for (name, pump) in &self.parameters.pumps {
            let (link, structure) = self.pump(name, pump, bed, terrain)?;
            links.push(link);
            placed.push(structure);
        }
        for outlet in self.view.basin_outlets() {
            let capacity = outlet.capacity_m3_per_s;
            links.push(Link::outlet(&outlet.name, bed, &outlet.basin, outlet.to, capacity)?);
        }
        Ok((links, placed))
    }

    fn culvert(
        &self,
        name: &str,
        given: &CulvertParameters,
        bed: &Bed,
        terrain: &Grid<f32>,
    ) -> Result<(Link, PlacedStructure)> {
        let key = format!("culverts.{name}");
        let of = |field: &str| format!("{key}.{field}");
        let barrel = match (given.diameter_m, given.width_m, given.height_m) {
            (Some(diameter), None, None) => {
                Barrel::Circular(positive(diameter, &of("diameter_m"))?)
            }
            (None, Some(width), Some(height)) => {
                Barrel::Box(positive(width, &of("width_m"))?, positive(height, &of("height_m"))?)
            }
            _ => {
                return Err(Error::input(
                    place(&key),
                    "donner diameter_m (conduit circulaire), ou width_m et height_m (cadre)",
                    "give diameter_m (pipe), or width_m and height_m (box)",
                ));
            }
        };
        let (width, height) = match barrel {
            Barrel::Circular(diameter) => (diameter, diameter),
            Barrel::Box(width, height) => (width, height),
        };
        let wide = width * f64::from(given.barrels.unwrap_or(1));
        let ends = [(given.from, "from"), (given.to, "to")];
        let [from, to] = ends.map(|(at, field)| end(bed, terrain, at, wide, height, &of(field)));
        let (from, to) = (from?, to?);
        let datum = self.view.territory().vertical_datum();
        let mut inverts = [from.lowest_m, to.lowest_m];
        for (k, level) in [&given.from_invert, &given.to_invert].into_iter().enumerate() {
            if let Some(level) = level {
                inverts[k] = level.in_datum(datum, &place(&of("inverts")))?;
            }
        }
        let distance = (given.to[0] - given.from[0]).hypot(given.to[1] - given.from[1]);
        let length = positive(given.length_m.unwrap_or(distance), &of("length_m"))?;
        let manning = positive(given.manning.unwrap_or(CONCRETE_MANNING), &of("manning"))?;
        let barrels = given.barrels.unwrap_or(1);
        let inlet = match (given.inlet, barrel) {
            (Some(InletName::ConcreteSquareEdge), _) | (None, Barrel::Circular(_)) => {
                Inlet::CONCRETE_SQUARE_EDGE
            }
            (Some(InletName::ConcreteGrooveEnd), _) => Inlet::CONCRETE_GROOVE_END,
            (Some(InletName::MetalHeadwall), _) => Inlet::METAL_HEADWALL,
            (Some(InletName::MetalProjecting), _) => Inlet::METAL_PROJECTING,
            (Some(InletName::BoxFlaredWingwalls), _) => Inlet::BOX_FLARED_WINGWALLS,
            (Some(InletName::BoxSquareEdge), _) | (None, Barrel::Box(..)) => Inlet::BOX_SQUARE_EDGE,
        };
        let culvert = Culvert::new(&place(&key), barrel, barrels, inlet, length, manning, inverts)?;
        let note = |l: Language| {
            let n = |v: f64| l.number(v, 2);
            let shape = match (barrel, l) {
                (Barrel::Circular(d), _) => format!("Ø {} m", n(d)),
                (Barrel::Box(w, h), _) => format!("{} × {} m", n(w), n(h)),
            };
            let read = given.from_invert.is_none() || given.to_invert.is_none();
            match l {
                Language::Fr => format!(
                    "{barrels} × {shape}, longueur {} m, radiers à {} et {} m{}, {} et {} mailles aux extrémités",
                    n(length),
                    n(inverts[0]),
                    n(inverts[1]),
                    if read { " (lus sur le terrain)" } else { "" },
                    from.cells.len(),
                    to.cells.len()
                ),
                Language::En => format!(
                    "{barrels} × {shape}, length {} m, inverts at {} and {} m{}, {} and {} cells at the ends",
                    n(length),
                    n(inverts[0]),
                    n(inverts[1]),
                    if read { " (read from the terrain)" } else { "" },
                    from.cells.len(),
                    to.cells.len()
                ),
            }
        };
        let structure = PlacedStructure {
            name: name.to_owned(),
            kind: Text::new("Buse ou ouvrage de franchissement", "Culvert"),
            lines: vec![vec![
                [given.from[0], given.from[1], f64::NAN],
                [given.to[0], given.to[1], f64::NAN],
            ]],
            note: Text::new(note(Language::Fr), note(Language::En)),
        };
        let law = LinkLaw::Culvert(Box::new(culvert));
        Ok((Link { name: name.to_owned(), from: from.cells, to: to.cells, law }, structure))
    }

    fn pump(
        &mut self,
        name: &str,
        given: &PumpParameters,
        bed: &Bed,
        terrain: &Grid<f32>,
    ) -> Result<(Link, PlacedStructure)> {
        let key = format!("pumps.{name}");
        let of = |field: &str| format!("{key}.{field}");
        let capacity = positive(given.discharge_m3_per_s, &of("discharge_m3_per_s"))?;
        let from = end(bed, terrain, given.from, 0.0, f64::INFINITY, &of("from"))?;
        let to = match given.to {
            Some(at) => end(bed, terrain, at, 0.0, f64::INFINITY, &of("to"))?.cells,
            None => Vec::new(),
        };
        let datum = self.view.territory().vertical_datum();
        let start_m = given.start.in_datum(datum, &place(&of("start")))?;
        let stop_m = given.stop.in_datum(datum, &place(&of("stop")))?;
        self.hypotheses.push(Text::new(
            format!("Pompe « {name} » ; source : {}.", given.source),
            format!("Pump \"{name}\"; source: {}.", given.source),
        ));
        let note = |l: Language| {
            let n = |v: f64| l.number(v, 2);
            match l {
                Language::Fr => format!(
                    "{} m³/s, marche à {} m, arrêt à {} m{}",
                    n(capacity),
                    n(start_m),
                    n(stop_m),
                    if given.to.is_none() { ", rejet hors de l'emprise" } else { "" }
                ),
                Language::En => format!(
                    "{} m³/s, starts at {} m, stops at {} m{}",
                    n(capacity),
                    n(start_m),
                    n(stop_m),
                    if given.to.is_none() { ", discharges outside the extent" } else { "" }
                ),
            }
        };
        let [x, y] = given.to.unwrap_or(given.from);
        let structure = PlacedStructure {
            name: name.to_owned(),
            kind: Text::new("Pompe", "Pump"),
            lines: vec![vec![[given.from[0], given.from[1], f64::NAN], [x, y, f64::NAN]]],
            note: Text::new(note(Language::Fr), note(Language::En)),
        };
        let law = LinkLaw::Pump { capacity: Series::constant(capacity), start_m, stop_m };
        Ok((Link { name: name.to_owned(), from: from.cells, to, law }, structure))
    }
}

/// Cells that an end takes water from or gives it to.
struct End {
    cells: Vec<usize>,
    lowest_m: f64,
}

/// Open cells around a place that lie less than `height` above the lowest of them.
fn end(
    bed: &Bed,
    terrain: &Grid<f32>,
    [x, y]: [f64; 2],
    width: f64,
    height: f64,
    key: &str,
) -> Result<End> {
    let spec = &bed.spec;
    let (row, column) = spec.cell_at(x, y).ok_or_else(|| outside(&place(key)))?;
    let reach = (0.5 * width).max(REACH_CELLS * spec.cell_size);
    let around = (reach / spec.cell_size).ceil() as usize;
    let mut cells = Vec::new();
    for r in row.saturating_sub(around)..=(row + around).min(spec.rows - 1) {
        for c in column.saturating_sub(around)..=(column + around).min(spec.columns - 1) {
            let (cx, cy) = spec.centre(r, c);
            let cell = spec.index(r, c);
            let built = bed.elevation_m[cell] > f64::from(terrain[(r, c)]) + crate::setup::BUILT_M;
            if (cx - x).hypot(cy - y) <= reach && bed.is_open(cell) && !built {
                cells.push(cell);
            }
        }
    }
    let lowest_m = cells.iter().map(|&c| bed.elevation_m[c]).fold(f64::INFINITY, f64::min);
    cells.retain(|&c| bed.elevation_m[c] < lowest_m + height);
    if cells.is_empty() {
        return Err(Error::input(
            place(key),
            "cette extrémité est dans un bâtiment ou hors du terrain connu ; la déplacer",
            "this end lies in a building or outside the known terrain; move it",
        ));
    }
    Ok(End { cells, lowest_m })
}
