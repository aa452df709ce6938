//! What stands in the water: buildings, dwellings, people, facilities, roads, surfaces.
//!
//! **Water at a building** is the highest level of the wet cells in a one-cell ring outside its
//! footprint, less the ground under it and the height of its floor: its own where a local table or a
//! measure gives one, else the stated one. Cells covered by any building
//! never belong to a ring, so that the same buildings are asked in every building mode.
//!
//! People are estimated by the commune's own ratio of inhabitants per dwelling, rounded to ten, and
//! never given below ten (fewer than eleven households are under statistical secrecy, INSEE).

use std::collections::BTreeMap;

use super::{Indicator, IndicatorGroup, Indicators};
use crate::formats::{Feature, FeatureTable, FieldKind, Value};
use crate::language::Text;
use crate::spatial::{
    Geometry, Grid, GridSpec, Line, Polygon, cell_lengths, cells_along, cells_within,
};
use crate::territory::{
    Building, BuildingUse, FLOOR_HEIGHT, FacilityClass, Features, Label as _, TerritoryView,
};

/// Upper bounds of the depth classes in metres (guide PPRi, MTES 2019), the last one open.
const CLASSES_M: [f32; 3] = [0.5, 1.0, 2.0];
/// Number of depth classes.
pub const DEPTH_CLASSES: usize = CLASSES_M.len() + 1;

/// Depth from which a road counts as cut for light vehicles, metres.
const ROAD_DEPTH_M: f32 = 0.3;

/// The results that exposure is counted on, all on the run grid.
pub struct Water<'a> {
    /// Maximum depth in metres.
    pub depth: &'a Grid<f32>,
    /// Maximum level in metres of the vertical datum, `NaN` where never wet.
    pub level: &'a Grid<f32>,
    /// Bare-earth terrain in metres, without any building.
    pub terrain: &'a Grid<f32>,
    /// Depth from which a cell counts as wet, metres: 1 cm in a flood, more where rain falls everywhere.
    pub wet_depth_m: f32,
}

/// Water at one building.
#[derive(Debug, Clone, PartialEq)]
pub struct BuildingWater {
    /// Position in `Features::buildings`.
    pub building: usize,
    /// Ground under the building, metres; `NaN` without terrain.
    pub ground_m: f32,
    /// Highest level around it, metres; `NaN` when its ring stayed dry.
    pub level_m: f32,
    /// Level less ground and floor height, metres; 0 when dry or below the floor.
    pub depth_m: f32,
    /// Whether its middle lies in the study area.
    pub is_counted: bool,
}

/// Water at every standing building, in order. With `between_buildings` the water of a cell under a
/// footprint is that of its open share.
pub fn at_buildings(
    view: &TerritoryView,
    water: &Water<'_>,
    floor_height_m: f64,
    between_buildings: bool,
) -> Vec<BuildingWater> {
    let spec = water.depth.spec;
    let buildings = &view.features().buildings;
    let footprints: Vec<Vec<(usize, usize)>> =
        buildings.iter().map(|b| footprint_cells(&spec, b)).collect();
    let mut covered = Grid::filled(spec, false);
    let hidden = footprints.iter().flatten().filter(|_| !between_buildings);
    for cell in hidden {
        covered[*cell] = true;
    }
    let study = view.study_mask();
    let floor_m = floors(view, floor_height_m);
    let standing = |b: &Building| b.is_standing();
    buildings
        .iter()
        .zip(&footprints)
        .enumerate()
        .filter(|(_, (building, cells))| standing(building) && !cells.is_empty())
        .map(|(at, (building, cells))| {
            let ground: Vec<f32> =
                cells.iter().map(|c| water.terrain[*c]).filter(|z| z.is_finite()).collect();
            let ground_m = ground.iter().sum::<f32>() / ground.len() as f32;
            let level_m = ring(&spec, cells)
                .filter(|c| !covered[*c] && water.depth[*c] > water.wet_depth_m)
                .map(|c| water.level[c])
                .fold(f32::NAN, f32::max);
            let depth = level_m - ground_m - floor_m(building) as f32;
            let middle = building.geometry.extent().map(|e| e.centre());
            BuildingWater {
                building: at,
                ground_m,
                level_m,
                depth_m: if depth > 0.0 { depth } else { 0.0 },
                is_counted: middle.and_then(|(x, y)| study.at(x, y)).copied().unwrap_or(false),
            }
        })
        .collect()
}

/// Cells under a footprint; for one smaller than a cell, the cell of its middle.
pub fn footprint_cells(spec: &GridSpec, building: &Building) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    cells_within(spec, building.footprint(), |row, column| cells.push((row, column)));
    if cells.is_empty()
        && let Some((x, y)) = building.geometry.extent().map(|e| e.centre())
    {
        cells.extend(spec.cell_at(x, y));
    }
    cells
}

/// On a slope under rain the level above a building is not that below it: no more water stands at a building than
/// in the deepest cell of its ring, floor taken off.
pub fn cap_at_depth_around(
    view: &TerritoryView,
    at: &mut [BuildingWater],
    depth: &Grid<f32>,
    floor_height_m: f64,
) {
    let floor_m = floors(view, floor_height_m);
    for water in at {
        let building = &view.features().buildings[water.building];
        let cells = footprint_cells(&depth.spec, building);
        let deepest = ring(&depth.spec, &cells).map(|cell| depth[cell]).fold(0.0, f32::max);
        water.depth_m = water.depth_m.min((deepest - floor_m(building) as f32).max(0.0));
    }
}

/// Height of the floor of a building: its own, else the stated one, m.
fn floors(view: &TerritoryView, stated_m: f64) -> impl Fn(&Building) -> f64 {
    let own = view.features().local_numbers(FLOOR_HEIGHT);
    move |building| own.get(building.id.as_str()).copied().unwrap_or(stated_m)
}

/// Cells within one cell of a set, in grid order; the set itself is among them.
pub fn ring<'a>(
    spec: &'a GridSpec,
    cells: &'a [(usize, usize)],
) -> impl Iterator<Item = (usize, usize)> + 'a {
    let mut around: Vec<(usize, usize)> = cells
        .iter()
        .flat_map(|&(row, column)| {
            let rows = row.saturating_sub(1)..=(row + 1).min(spec.rows - 1);
            rows.flat_map(move |r| {
                (column.saturating_sub(1)..=(column + 1).min(spec.columns - 1)).map(move |c| (r, c))
            })
        })
        .collect();
    around.sort_unstable();
    around.dedup();
    around.into_iter()
}

/// The table of buildings for `assets.gpkg`: those that water reached.
pub fn building_table(view: &TerritoryView, at: &[BuildingWater]) -> FeatureTable {
    let mut table = FeatureTable::new("batiment", Some(view.territory().crs()))
        .with_field("cleabs", FieldKind::Text)
        .with_field("usage_1", FieldKind::Text)
        .with_field("nombre_de_logements", FieldKind::Integer)
        .with_field("ground_m", FieldKind::Real)
        .with_field("water_level_m", FieldKind::Real)
        .with_field("water_depth_m", FieldKind::Real)
        .with_field("in_study_area", FieldKind::Bool);
    let real = |v: f32| if v.is_finite() { Value::Real(f64::from(v)) } else { Value::Null };
    for water in at.iter().filter(|w| w.level_m.is_finite()) {
        let building = &view.features().buildings[water.building];
        table.features.push(Feature {
            geometry: Some(building.geometry.clone()),
            values: vec![
                Value::Text(building.id.clone()),
                building
                    .use_1
                    .as_ref()
                    .map_or(Value::Null, |u| Value::Text(u.label().into_owned())),
                building.dwellings.map_or(Value::Null, |n| Value::Integer(i64::from(n))),
                real(water.ground_m),
                real(water.level_m),
                real(water.depth_m),
                Value::Bool(water.is_counted),
            ],
        });
    }
    table
}

/// What readers look for first.
const HEADLINES: [&str; 5] = [
    "buildings_exposed",
    "dwellings_exposed",
    "inhabitants_exposed",
    "facilities_sensible",
    "area_flooded",
];

/// Indicators by enjeu inside the study area.
pub fn indicators(view: &TerritoryView, water: &Water<'_>, at: &[BuildingWater]) -> Indicators {
    let study = view.study_mask();
    // A facility given as a point lies in its building, where no water comes.
    let mut reached = water.depth.map(|depth| *depth > water.wet_depth_m);
    for building in at.iter().filter(|w| w.depth_m > 0.0) {
        let building = &view.features().buildings[building.building];
        for cell in footprint_cells(&reached.spec, building) {
            reached[cell] = true;
        }
    }
    let groups = vec![
        buildings_and_people(view.features(), at),
        facilities(view.features(), &reached, &study),
        roads_and_railways(view.features(), water, &study),
        surfaces(water, &study),
    ];
    Indicators { groups }.with_headlines(&HEADLINES)
}

fn buildings_and_people(features: &Features, at: &[BuildingWater]) -> IndicatorGroup {
    let exposed: Vec<&BuildingWater> =
        at.iter().filter(|w| w.is_counted && w.depth_m > 0.0).collect();
    let building = |w: &BuildingWater| &features.buildings[w.building];
    let mut rows = vec![Indicator::count(
        "buildings_exposed",
        Text::new("Bâtiments atteints", "Buildings reached"),
        exposed.len(),
    )];
    let mut classes = [0usize; 4];
    for water in &exposed {
        classes[depth_class(water.depth_m)] += 1;
    }
    for (class, count) in classes.iter().enumerate() {
        let label = class_label(class);
        rows.push(Indicator::count(
            format!("buildings_exposed_class_{}", class + 1),
            Text::new(
                format!("Bâtiments atteints, hauteur {}", label.fr),
                format!("Buildings reached, depth {}", label.en),
            ),
            *count,
        ));
    }
    let dwellings: u32 = exposed.iter().filter_map(|w| building(w).dwellings).sum();
    let unknown = exposed
        .iter()
        .filter(|w| {
            building(w).use_1 == Some(BuildingUse::Residential) && building(w).dwellings.is_none()
        })
        .count();
    let label =
        Text::new("Logements dans les bâtiments atteints", "Dwellings in the buildings reached");
    let known = features.buildings.iter().any(|b| b.dwellings.is_some());
    if known {
        let mut row = Indicator::count("dwellings_exposed", label, dwellings as usize);
        if unknown > 0 {
            row = row.with_note(Text::new(
                format!("nombre inconnu pour {unknown} bâtiment(s) résidentiel(s), non comptés"),
                format!("number unknown for {unknown} residential building(s), not counted"),
            ));
        }
        rows.push(row);
    } else {
        rows.push(Indicator::unknown(
            "dwellings_exposed",
            label,
            "1",
            Text::new(
                "les sources ne donnent aucun nombre de logements",
                "the sources give no number of dwellings",
            ),
        ));
    }
    rows.push(people(features, dwellings));
    IndicatorGroup {
        id: "housing".into(),
        title: Text::new("Logements et habitants", "Dwellings and inhabitants"),
        rows,
    }
}

/// Inhabitants by the commune's own ratio, rounded to ten.
fn people(features: &Features, dwellings: u32) -> Indicator {
    let label = Text::new(
        "Habitants concernés (ordre de grandeur)",
        "Inhabitants concerned (order of magnitude)",
    );
    let all_dwellings: u32 = features.buildings.iter().filter_map(|b| b.dwellings).sum();
    let ratio = match features.communes.as_slice() {
        [commune] => commune.inhabitants_per_dwelling(all_dwellings),
        _ => None,
    };
    let Some(ratio) = ratio else {
        return Indicator::unknown(
            "inhabitants_exposed",
            label,
            "person",
            Text::new(
                "le ratio d'habitants par logement n'est pas connu : population ou logements absents, commune incomplète, ou plusieurs communes",
                "the ratio of inhabitants per dwelling is not known: population or dwellings missing, an incomplete commune, or several communes",
            ),
        );
    };
    let estimate = (f64::from(dwellings) * ratio / 10.0).round() * 10.0;
    let note = Text::new(
        format!(
            "{} habitants par logement dans la commune, arrondi à la dizaine",
            crate::Language::Fr.number(ratio, 2)
        ),
        format!(
            "{} inhabitants per dwelling in the commune, rounded to ten",
            crate::Language::En.number(ratio, 2)
        ),
    );
    if dwellings > 0 && (dwellings < 11 || estimate < 10.0) {
        return Indicator::unknown(
            "inhabitants_exposed",
            label,
            "person",
            Text::new(
                "moins de 11 logements : non publié (secret statistique)",
                "fewer than 11 dwellings: not published (statistical secrecy)",
            ),
        );
    }
    Indicator::quantity("inhabitants_exposed", label, estimate, "person", 0).with_note(note)
}

/// `reached`: the wet cells and those of the buildings reached.
fn facilities(features: &Features, reached: &Grid<bool>, study: &Grid<bool>) -> IndicatorGroup {
    let spec = reached.spec;
    let mut counts: BTreeMap<FacilityClass, (Vec<String>, usize)> = BTreeMap::new();
    for facility in &features.facilities {
        let cells = cells_of(&spec, &facility.geometry);
        if !cells.iter().any(|c| study[*c]) {
            continue;
        }
        let is_reached = cells.iter().any(|c| reached[*c]);
        for class in facility.classes.0.iter().filter(|c| **c != FacilityClass::Other) {
            let entry = counts.entry(*class).or_default();
            entry.1 += 1;
            if is_reached {
                entry.0.push(facility.name.clone().or(facility.nature.clone()).unwrap_or_default());
            }
        }
    }
    let rows = [
        FacilityClass::Sensitive,
        FacilityClass::CrisisManagement,
        FacilityClass::Network,
        FacilityClass::Pollution,
    ]
    .into_iter()
    .map(|class| {
        let (reached, total) = counts.remove(&class).unwrap_or_default();
        let label = Text::new(
            format!("{} : atteints", class.label(crate::Language::Fr)),
            format!("{}: reached", class.label(crate::Language::En)),
        );
        let id = format!("facilities_{}", class.code().replace('-', "_"));
        if features.facilities.is_empty() {
            return Indicator::unknown(id, label, "1", not_in_sources());
        }
        let mut note = Text::new(format!("sur {total}"), format!("of {total}"));
        if !reached.is_empty() {
            note.fr.push_str(&format!(" : {}", reached.join(", ")));
            note.en.push_str(&format!(": {}", reached.join(", ")));
        }
        Indicator::count(id, label, reached.len()).with_note(note)
    })
    .collect();
    IndicatorGroup { id: "facilities".into(), title: Text::new("Équipements", "Facilities"), rows }
}

fn roads_and_railways(
    features: &Features,
    water: &Water<'_>,
    study: &Grid<bool>,
) -> IndicatorGroup {
    let spec = &water.depth.spec;
    let (mut wet_m, mut cut_m, mut total_m) = (0.0, 0.0, 0.0);
    along(road_lines(features), spec, |cell, length_m| {
        if study[cell] {
            total_m += length_m;
            let depth = water.depth[cell];
            wet_m += if depth > water.wet_depth_m { length_m } else { 0.0 };
            cut_m += if depth > ROAD_DEPTH_M { length_m } else { 0.0 };
        }
    });
    let (mut wet_rails_m, mut rails_m) = (0.0, 0.0);
    let at_ground = features.rails.iter().filter(|r| !r.is_bridge() && !r.is_tunnel());
    along(at_ground.flat_map(|r| r.geometry.lines()), spec, |cell, length_m| {
        if study[cell] {
            rails_m += length_m;
            let is_wet = water.depth[cell] > water.wet_depth_m;
            wet_rails_m += if is_wet { length_m } else { 0.0 };
        }
    });
    let row = |id: &str, label: Text, length_m: f64| {
        if features.roads.is_empty() {
            Indicator::unknown(id, label, "km", not_in_sources())
        } else {
            Indicator::quantity(id, label, length_m / 1000.0, "km", 2)
        }
    };
    let total = Text::new("Longueur de routes au sol", "Length of roads at ground level");
    let wet = Text::new("Longueur atteinte", "Length reached");
    let cut =
        Text::new("Longueur sous plus de 30 cm d'eau", "Length under more than 30 cm of water");
    let mut rows = vec![
        row("roads_total", total, total_m),
        row("roads_wet", wet, wet_m),
        row("roads_cut", cut, cut_m),
    ];
    if rails_m > 0.0 {
        let label = Text::new("Voies ferrées atteintes", "Railways reached");
        let n = |l: crate::Language| l.number(rails_m / 1000.0, 2);
        let note = Text::new(
            format!("sur {} km", n(crate::Language::Fr)),
            format!("of {} km", n(crate::Language::En)),
        );
        let reached = Indicator::quantity("railways_wet", label, wet_rails_m / 1000.0, "km", 2);
        rows.push(reached.with_note(note));
    }
    let title = Text::new("Routes et voies ferrées", "Roads and railways");
    IndicatorGroup { id: "roads".into(), title, rows }
}

/// Length of the roads at ground level within some cells, m.
pub fn road_length_m(view: &TerritoryView, is_within: impl Fn((usize, usize)) -> bool) -> f64 {
    let mut total_m = 0.0;
    along(road_lines(view.features()), view.spec(), |cell, length_m| {
        total_m += if is_within(cell) { length_m } else { 0.0 };
    });
    total_m
}

/// The roads at ground level.
fn road_lines(features: &Features) -> impl Iterator<Item = &Line> {
    let at_ground = features.roads.iter().filter(|r| !r.is_bridge() && !r.is_tunnel());
    at_ground.flat_map(|road| road.geometry.lines())
}

/// Calls `visit` with the cells of lines and the length in each, m.
fn along<'a>(
    lines: impl Iterator<Item = &'a Line>,
    spec: &GridSpec,
    mut visit: impl FnMut((usize, usize), f64),
) {
    lines.for_each(|line| cell_lengths(spec, line, &mut visit));
}

/// Why a count is not given: none in the sources is not none in the territory.
fn not_in_sources() -> Text {
    Text::new("absent des sources du territoire", "missing from the territory's sources")
}

fn surfaces(water: &Water<'_>, study: &Grid<bool>) -> IndicatorGroup {
    let area_ha = water.depth.spec.cell_area() / 1e4;
    let mut classes = [0.0f64; 4];
    for (depth, counted) in water.depth.values.iter().zip(&study.values) {
        if *counted && *depth > water.wet_depth_m {
            classes[depth_class(*depth)] += area_ha;
        }
    }
    let mut rows = vec![Indicator::quantity(
        "area_flooded",
        Text::new("Surface inondée", "Flooded area"),
        classes.iter().sum(),
        "ha",
        2,
    )];
    for (class, area) in classes.iter().enumerate() {
        let label = class_label(class);
        rows.push(Indicator::quantity(
            format!("area_flooded_class_{}", class + 1),
            Text::new(
                format!("Surface inondée, hauteur {}", label.fr),
                format!("Flooded area, depth {}", label.en),
            ),
            *area,
            "ha",
            2,
        ));
    }
    IndicatorGroup { id: "areas".into(), title: Text::new("Surfaces", "Areas"), rows }
}

/// Class of a depth, from 0; limits belong to the class above.
pub fn depth_class(depth_m: f32) -> usize {
    CLASSES_M.iter().filter(|bound| depth_m >= **bound).count()
}

/// Label of a depth class.
pub fn class_label(class: usize) -> Text {
    match class {
        0 => Text::new("moins de 0,5 m", "below 0.5 m"),
        1 => Text::new("de 0,5 à 1 m", "0.5 to 1 m"),
        2 => Text::new("de 1 à 2 m", "1 to 2 m"),
        _ => Text::new("2 m et plus", "2 m and more"),
    }
}

/// Cells that a geometry covers; at least the cell of each point or of a small polygon's middle.
fn cells_of(spec: &GridSpec, geometry: &Geometry) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    match geometry {
        Geometry::Points(points) => {
            cells.extend(points.iter().filter_map(|p| spec.cell_at(p[0], p[1])))
        }
        Geometry::Lines(lines) => {
            for line in lines {
                cells.extend(cells_along(spec, line));
            }
        }
        Geometry::Polygons(polygons) => {
            for polygon in polygons {
                cells_within(spec, std::slice::from_ref::<Polygon>(polygon), |r, c| {
                    cells.push((r, c))
                });
            }
            if cells.is_empty()
                && let Some((x, y)) = geometry.extent().map(|e| e.centre())
            {
                cells.extend(spec.cell_at(x, y));
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> GridSpec {
        GridSpec { west: 0.0, north: 100.0, cell_size: 10.0, columns: 10, rows: 10 }
    }

    #[test]
    fn depth_classes_are_closed_below() {
        assert_eq!([0.49, 0.5, 0.99, 1.0, 2.0, 9.0].map(depth_class), [0, 1, 1, 2, 3, 3]);
    }

    #[test]
    fn ring_of_a_corner_cell_stays_inside() {
        let cells = [(0, 0)];
        assert_eq!(ring(&spec(), &cells).count(), 4);
    }

    #[test]
    fn what_the_sources_lack_is_unknown_and_not_zero() {
        let (depth, study) = (Grid::filled(spec(), 1.0), Grid::filled(spec(), true));
        let water = Water { depth: &depth, level: &depth, terrain: &depth, wet_depth_m: 0.01 };
        let features = Features::default();
        for group in
            [facilities(&features, &study, &study), roads_and_railways(&features, &water, &study)]
        {
            assert!(group.rows.iter().all(|row| row.value.is_none() && row.note.is_some()));
        }
    }
}
