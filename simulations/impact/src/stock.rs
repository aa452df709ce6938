//! Buildings as damage and people see them: what they hold, and the water at them.

use std::collections::BTreeMap;

use twin_core::results::exposure::{self, BuildingWater, Water, footprint_cells, ring};
use twin_core::spatial::Grid;
use twin_core::territory::{BASEMENT, Building, FLOOR_HEIGHT, Label as _, TerritoryView};

use crate::damage::Exposed;
use crate::damage_table::{Conditions, DamageFunction, DamageTable};
use crate::parameters::{Parameters, WaterRule};

/// The water that a run left, on the run grid.
pub(crate) struct Flooding {
    pub(crate) depth: Grid<f32>,
    pub(crate) level: Grid<f32>,
    /// `None` where the run that gives the water does not tell it.
    pub(crate) speed: Option<Grid<f32>>,
    pub(crate) duration_h: Option<Grid<f32>>,
    pub(crate) terrain: Grid<f32>,
}

/// A building that water reached.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    /// Water at it.
    pub(crate) water: BuildingWater,
    /// Largest depth × speed beside it, m²/s; `None` without speeds.
    pub(crate) force_m2_per_s: Option<f32>,
    /// Largest speed beside it, m/s.
    pub(crate) speed_m_per_s: Option<f32>,
    /// How long water stood beside it, hours.
    pub(crate) duration_h: Option<f32>,
    /// Water above its ground floor, metres; negative below it.
    pub(crate) above_floor_m: f64,
}

/// The buildings that water reached, in order: those with water around them, above the floor or not.
pub(crate) fn reached(
    view: &TerritoryView,
    water: &Flooding,
    parameters: &Parameters,
) -> Vec<Reached> {
    match parameters.water_at_building {
        WaterRule::Ring => by_ring(view, water, parameters),
        WaterRule::MeanOfWetCells => by_mean(view, water, parameters),
    }
}

fn by_ring(view: &TerritoryView, water: &Flooding, parameters: &Parameters) -> Vec<Reached> {
    let asked = Water {
        depth: &water.depth,
        level: &water.level,
        terrain: &water.terrain,
        wet_depth_m: parameters.wet_depth_m as f32,
    };
    let floors_m = view.features().local_numbers(FLOOR_HEIGHT);
    let at = exposure::at_buildings(view, &asked, parameters.floor_height_m, false);
    let all = at.into_iter().filter(|w| w.level_m.is_finite());
    all.map(|mut building| {
        let of = &view.features().buildings[building.building];
        let floor_m = floor_of(of, &floors_m, parameters);
        let cells = footprint_cells(&water.depth.spec, of);
        let around = Around::of(water, ring(&water.depth.spec, &cells));
        let mut above_floor_m = f64::from(building.level_m - building.ground_m) - floor_m;
        if parameters.cap_by_depth_around {
            above_floor_m = above_floor_m.min(f64::from(around.beside_m) - floor_m);
            building.depth_m = building.depth_m.min(above_floor_m.max(0.0) as f32);
        }
        around.at(building, above_floor_m)
    })
    .collect()
}

/// The rule of other programs: the mean of the wet cells under the footprint.
fn by_mean(view: &TerritoryView, water: &Flooding, parameters: &Parameters) -> Vec<Reached> {
    let floors_m = view.features().local_numbers(FLOOR_HEIGHT);
    let study = view.study_mask();
    let spec = water.depth.spec;
    let mut found = Vec::new();
    for (index, building) in view.features().buildings.iter().enumerate() {
        let cells = footprint_cells(&spec, building);
        let Some(mean_m) = mean_of_wet(&water.depth, &cells).filter(|_| building.is_standing())
        else {
            continue;
        };
        let floor_m = floor_of(building, &floors_m, parameters);
        let above_floor_m = mean_m - floor_m;
        let ground: Vec<f32> =
            cells.iter().map(|c| water.terrain[*c]).filter(|z| z.is_finite()).collect();
        let ground_m = ground.iter().sum::<f32>() / ground.len() as f32;
        let middle = building.geometry.extent().map(|e| e.centre());
        let at = BuildingWater {
            building: index,
            ground_m,
            level_m: ground_m + mean_m as f32,
            depth_m: above_floor_m.max(0.0) as f32,
            is_counted: middle.and_then(|(x, y)| study.at(x, y)).copied().unwrap_or(false),
        };
        found.push(Around::of(water, cells.into_iter()).at(at, above_floor_m));
    }
    found
}

/// Mean depth of the wet cells among some, metres; `None` where all are dry.
pub fn mean_of_wet(depth_m: &Grid<f32>, cells: &[(usize, usize)]) -> Option<f64> {
    let wet = || cells.iter().map(|c| f64::from(depth_m[*c])).filter(|d| *d > 0.0);
    let count = wet().count();
    (count > 0).then(|| wet().sum::<f64>() / count as f64)
}

fn floor_of(building: &Building, floors_m: &BTreeMap<&str, f64>, parameters: &Parameters) -> f64 {
    floors_m.get(building.id.as_str()).copied().unwrap_or(parameters.floor_height_m)
}

/// The largest values of some cells.
struct Around {
    beside_m: f32,
    force_m2_per_s: Option<f32>,
    speed_m_per_s: Option<f32>,
    duration_h: Option<f32>,
}

impl Around {
    fn of(water: &Flooding, cells: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut around =
            Self { beside_m: 0.0, force_m2_per_s: None, speed_m_per_s: None, duration_h: None };
        let raise = |known: &mut Option<f32>, value: f32| {
            if value.is_finite() {
                *known = Some(known.map_or(value, |k| k.max(value)));
            }
        };
        for cell in cells {
            let depth = water.depth[cell];
            around.beside_m = around.beside_m.max(depth);
            if let Some(speed) = &water.speed {
                raise(&mut around.speed_m_per_s, speed[cell]);
                raise(&mut around.force_m2_per_s, speed[cell] * depth);
            }
            if let Some(duration) = &water.duration_h {
                raise(&mut around.duration_h, duration[cell]);
            }
        }
        around
    }

    fn at(self, water: BuildingWater, above_floor_m: f64) -> Reached {
        Reached {
            water,
            force_m2_per_s: self.force_m2_per_s,
            speed_m_per_s: self.speed_m_per_s,
            duration_h: self.duration_h,
            above_floor_m,
        }
    }
}

/// Buildings with a damage function, and those functions by set of conditions.
pub(crate) struct Valued<'t> {
    /// Position among the buildings reached, and what damage needs of it.
    pub(crate) buildings: Vec<(usize, Exposed)>,
    pub(crate) sets: Vec<Vec<&'t DamageFunction>>,
    /// Buildings with water above the floor and no function or no value, by use.
    pub(crate) without: BTreeMap<String, usize>,
}

impl<'t> Valued<'t> {
    /// The buildings reached that a table and the values of uses can tell a damage of.
    pub(crate) fn new(
        view: &TerritoryView,
        reached: &[Reached],
        table: &'t DamageTable,
        parameters: &Parameters,
    ) -> Self {
        let basements = view.features().local_numbers(BASEMENT);
        let mut valued = Self { buildings: Vec::new(), sets: Vec::new(), without: BTreeMap::new() };
        for (at, reached) in reached.iter().enumerate() {
            let building = &view.features().buildings[reached.water.building];
            let use_1 = building.use_1.as_ref().map(|u| u.label().into_owned());
            let storeys = storeys(building, parameters.damage.storey_height_m);
            let conditions = Conditions {
                use_1: use_1.as_deref(),
                storeys,
                basement: basements.get(building.id.as_str()).map(|b| *b > 0.0),
                duration_h: reached.duration_h.map(f64::from),
            };
            let value = use_1.as_ref().and_then(|u| parameters.damage.values.get(u));
            let in_euros = |f: &&DamageFunction| f.basis != crate::damage_table::Basis::Fraction;
            let mut functions = table.functions_for(&conditions);
            functions.retain(|f| value.is_some() || in_euros(f));
            if functions.is_empty() {
                if reached.above_floor_m > 0.0 {
                    let told = use_1.unwrap_or_else(|| "usage inconnu".to_owned());
                    *valued.without.entry(told).or_default() += 1;
                }
                continue;
            }
            let set = valued.sets.iter().position(|s| *s == functions).unwrap_or_else(|| {
                valued.sets.push(functions);
                valued.sets.len() - 1
            });
            let exposed = Exposed {
                depth_m: reached.above_floor_m,
                area_m2: building.footprint_area_m2(),
                storeys: storeys.map_or(1.0, f64::from),
                ground_floor_dwellings: ground_floor_dwellings(building).map_or(1.0, f64::from),
                eur_per_m2: value.map_or([0.0; 3], |v| v.eur_per_m2),
                functions: set,
            };
            valued.buildings.push((at, exposed));
        }
        valued
    }
}

/// Storeys as stated, else by the height.
fn storeys(building: &Building, storey_height_m: f64) -> Option<u32> {
    let by_height = || {
        let height = building.height_m.filter(|h| *h > 0.0)?;
        Some((height / storey_height_m).floor().max(1.0) as u32)
    };
    building.storeys.filter(|n| *n > 0).or_else(by_height)
}

/// Dwellings on the ground floor: all of a house, an even share of a building of several storeys.
pub(crate) fn ground_floor_dwellings(building: &Building) -> Option<u32> {
    let dwellings = building.dwellings?;
    let storeys = building.storeys.filter(|n| *n > 0).unwrap_or(1);
    Some(dwellings.div_ceil(storeys))
}
