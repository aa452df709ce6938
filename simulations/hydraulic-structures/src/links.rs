//! Culverts, pumps and outlets of basins as links of the engine.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::language::Text;
use twin_core::scenario::{CulvertParameters, Level};
use twin_core::simulation::{PlacedStructure, positive};
use twin_core::spatial::Grid;
use twin_core::territory::{Culvert as CulvertGiven, CulvertBarrel, InletName, TerritoryView};
use twin_core::{Error, Language, Result};
use twin_shallow_water::{Barrel, Bed, Culvert, Inlet, Link, LinkLaw, Series};

use crate::outside;

/// Radius around an end within which cells belong to it, in cells.
const REACH_CELLS: f64 = 1.5;
/// A bed that stands this far above the ground is a building, m.
pub const BUILT_M: f64 = 0.5;

/// A pump.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PumpParameters {
    /// Intake `[x, y]`.
    pub from: [f64; 2],
    /// Outlet `[x, y]`; default: outside the extent.
    #[serde(default)]
    pub to: Option<[f64; 2]>,
    /// Capacity, m³/s.
    pub discharge_m3_per_s: f64,
    /// Level at the intake at which it starts.
    pub start: Level,
    /// Level at the intake at which it stops.
    pub stop: Level,
    /// Where the capacity and the levels come from.
    pub source: String,
}

/// Culverts, pumps and outlets of basins on a run grid.
#[derive(Debug)]
pub struct Links {
    /// For the engine.
    pub links: Vec<Link>,
    /// Where culverts and pumps landed.
    pub placed: Vec<PlacedStructure>,
    /// Where pumps come from.
    pub hypotheses: Vec<Text>,
}

impl Links {
    /// Stated culverts and pumps, and the basins of measures; `place` names a key of the parameters in errors.
    ///
    /// # Errors
    /// Values that make no sense, an end outside the grid or in a building.
    pub fn new(
        view: &TerritoryView,
        bed: &Bed,
        terrain: &Grid<f32>,
        culverts: &BTreeMap<String, CulvertParameters>,
        pumps: &BTreeMap<String, PumpParameters>,
        place: &dyn Fn(&str) -> String,
    ) -> Result<Self> {
        let ground = Ground { view, bed, terrain, place };
        let laid = with_measures(view, culverts, place)?;
        let mut all = Self { links: Vec::new(), placed: Vec::new(), hypotheses: Vec::new() };
        let of_culverts = laid.iter().map(|(name, given)| ground.culvert(name, given));
        let of_pumps = pumps.iter().map(|(name, given)| ground.pump(name, given));
        for made in of_culverts.chain(of_pumps) {
            let (link, structure) = made?;
            all.links.push(link);
            all.placed.push(structure);
        }
        for (name, pump) in pumps {
            all.hypotheses.push(Text::new(
                format!("Pompe « {name} » ; source : {}.", pump.source),
                format!("Pump \"{name}\"; source: {}.", pump.source),
            ));
        }
        for outlet in view.basin_outlets() {
            let capacity = outlet.capacity_m3_per_s;
            let link = Link::outlet(&outlet.name, bed, &outlet.basin, outlet.to, capacity)?;
            all.links.push(link);
        }
        Ok(all)
    }
}

/// Stated culverts and those that measures lay, in place of others where they say so.
fn with_measures(
    view: &TerritoryView,
    stated: &BTreeMap<String, CulvertParameters>,
    place: &dyn Fn(&str) -> String,
) -> Result<BTreeMap<String, CulvertGiven>> {
    let datum = view.territory().vertical_datum();
    let mut all = BTreeMap::new();
    for (name, given) in stated {
        all.insert(name.clone(), given.culvert(datum, &place(&format!("culverts.{name}")))?);
    }
    for laid in view.culverts() {
        let key = format!("measures.{}", laid.name);
        if let Some(name) = &laid.replaces
            && all.remove(name).is_none()
        {
            let known: Vec<&str> = stated.keys().map(String::as_str).collect();
            let or = |none: &str| if known.is_empty() { none.to_owned() } else { known.join(", ") };
            return Err(Error::input(
                format!("{key}.replaces"),
                format!("pas d'ouvrage « {name} » à remplacer ; présents : {}", or("aucun")),
                format!("there is no culvert \"{name}\" to replace; present: {}", or("none")),
            ));
        }
        if all.insert(laid.name.clone(), laid.culvert.clone()).is_some() {
            return Err(Error::input(
                key,
                "un ouvrage du calcul porte ce nom ; renommer la mesure, ou donner replaces",
                "a culvert of the run has this name; rename the measure, or give replaces",
            ));
        }
    }
    Ok(all)
}

/// What links stand on.
struct Ground<'a> {
    view: &'a TerritoryView,
    bed: &'a Bed,
    terrain: &'a Grid<f32>,
    place: &'a dyn Fn(&str) -> String,
}

impl Ground<'_> {
    fn at(&self, key: &str) -> String {
        (self.place)(key)
    }

    fn culvert(&self, name: &str, given: &CulvertGiven) -> Result<(Link, PlacedStructure)> {
        let key = format!("culverts.{name}");
        let barrel = match given.barrel {
            CulvertBarrel::Circular(diameter) => Barrel::Circular(diameter),
            CulvertBarrel::Box(width, height) => Barrel::Box(width, height),
        };
        let (width, height) = match barrel {
            Barrel::Circular(diameter) => (diameter, diameter),
            Barrel::Box(width, height) => (width, height),
        };
        let barrels = given.barrels;
        let wide = width * f64::from(barrels);
        let [from_at, to_at] = given.ends;
        let from = self.end(from_at, wide, height, &format!("{key}.from"))?;
        let to = self.end(to_at, wide, height, &format!("{key}.to"))?;
        let [from_m, to_m] = given.inverts_m;
        let inverts = [from_m.unwrap_or(from.lowest_m), to_m.unwrap_or(to.lowest_m)];
        let (length, manning) = (given.length_m, given.manning);
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
        let culvert =
            Culvert::new(&self.at(&key), barrel, barrels, inlet, length, manning, inverts)?;
        let note = |l: Language| {
            let n = |v: f64| l.number(v, 2);
            let shape = match (barrel, l) {
                (Barrel::Circular(d), _) => format!("Ø {} m", n(d)),
                (Barrel::Box(w, h), _) => format!("{} × {} m", n(w), n(h)),
            };
            let read = given.inverts_m.iter().any(Option::is_none);
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
            lines: vec![given.ends.map(|[x, y]| [x, y, f64::NAN]).to_vec()],
            note: Text::new(note(Language::Fr), note(Language::En)),
        };
        let law = LinkLaw::Culvert(Box::new(culvert));
        Ok((Link { name: name.to_owned(), from: from.cells, to: to.cells, law }, structure))
    }

    fn pump(&self, name: &str, given: &PumpParameters) -> Result<(Link, PlacedStructure)> {
        let key = format!("pumps.{name}");
        let of = |field: &str| format!("{key}.{field}");
        let capacity = positive(given.discharge_m3_per_s, self.at(&of("discharge_m3_per_s")))?;
        let from = self.end(given.from, 0.0, f64::INFINITY, &of("from"))?;
        let to = match given.to {
            Some(at) => self.end(at, 0.0, f64::INFINITY, &of("to"))?.cells,
            None => Vec::new(),
        };
        let datum = self.view.territory().vertical_datum();
        let start_m = given.start.in_datum(datum, &self.at(&of("start")))?;
        let stop_m = given.stop.in_datum(datum, &self.at(&of("stop")))?;
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

    /// Open cells around a place that lie less than `height` above the lowest of them.
    fn end(&self, [x, y]: [f64; 2], width: f64, height: f64, key: &str) -> Result<End> {
        let (bed, terrain) = (self.bed, self.terrain);
        let spec = &bed.spec;
        let (row, column) = spec.cell_at(x, y).ok_or_else(|| outside(&self.at(key)))?;
        let reach = (0.5 * width).max(REACH_CELLS * spec.cell_size);
        let around = (reach / spec.cell_size).ceil() as usize;
        let mut cells = Vec::new();
        for r in row.saturating_sub(around)..=(row + around).min(spec.rows - 1) {
            for c in column.saturating_sub(around)..=(column + around).min(spec.columns - 1) {
                let (cx, cy) = spec.centre(r, c);
                let cell = spec.index(r, c);
                let built = bed.elevation_m[cell] > f64::from(terrain[(r, c)]) + BUILT_M;
                if (cx - x).hypot(cy - y) <= reach && bed.is_open(cell) && !built {
                    cells.push(cell);
                }
            }
        }
        let lowest_m = cells.iter().map(|&c| bed.elevation_m[c]).fold(f64::INFINITY, f64::min);
        cells.retain(|&c| bed.elevation_m[c] < lowest_m + height);
        if cells.is_empty() {
            return Err(Error::input(
                self.at(key),
                "cette extrémité est dans un bâtiment ou hors du terrain connu ; la déplacer",
                "this end lies in a building or outside the known terrain; move it",
            ));
        }
        Ok(End { cells, lowest_m })
    }
}

/// Cells that an end takes water from or gives it to.
struct End {
    cells: Vec<usize>,
    lowest_m: f64,
}
