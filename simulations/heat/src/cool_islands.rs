//! Cool islands at the hottest hour: public places where people find relief, and how long those who live around walk
//! to the nearest.
//!
//! Two criteria stand side by side. *Relative*: UTCI at least some kelvins below the median outdoors; it finds the
//! better places even where all are hard to bear. *Absolute*: UTCI below 32 °C, where strong heat stress begins;
//! there may be none. Places are connected cells of enough area.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::Result;
use twin_core::simulation::within;
use twin_core::spatial::{Grid, Regions, cells_within, line_length, steps_from};
use twin_core::territory::{Building, Road, RoadNature, TerritoryView};
use twin_streets::{Builder, Directions, NodeIndex, Streets, Way};

use crate::run::{CLASSES, STRONG};

/// Table of public places among the inputs of a scenario.
pub(crate) const PUBLIC_PLACES: &str = "public_places";
/// Distance within which a street leads into a cool island, m.
const TO_ISLAND_M: f64 = 15.0;
/// Distance within which the door of a building is on a street, m.
const TO_STREET_M: f64 = 100.0;
/// Longest piece of a street between two nodes, m.
const PIECE_M: f64 = 20.0;

/// Parameters of cool islands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CoolIslandParameters {
    /// Smallest area of a cool island, m².
    pub least_area_m2: f64,
    /// How far UTCI must be below the median outdoors, K.
    pub below_median_k: f64,
    /// Speed of people on foot, km/h; the aged and those with children are slower than the usual 5 km/h.
    pub walking_speed_km_per_h: f64,
}

impl Default for CoolIslandParameters {
    fn default() -> Self {
        Self { least_area_m2: 500.0, below_median_k: 3.0, walking_speed_km_per_h: 4.0 }
    }
}

impl CoolIslandParameters {
    /// Refuses values that no place has; `place` names the parameters in errors.
    pub(crate) fn check(&self, place: &str) -> Result<()> {
        let ranges = [
            ("least_area_m2", self.least_area_m2, [10.0, 1e6]),
            ("below_median_k", self.below_median_k, [0.5, 20.0]),
            ("walking_speed_km_per_h", self.walking_speed_km_per_h, [1.0, 8.0]),
        ];
        for (key, value, range) in ranges {
            within(value, range, format!("{place}.{key}"))?;
        }
        Ok(())
    }
}

/// Which places are public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PublicRule {
    /// Those of a table of the scenario.
    Stated,
    /// Land that no parcel of the cadastre covers.
    Uncadastred,
    /// All outdoors: nothing tells.
    All,
}

/// What the hottest hour leaves cool, by one criterion.
pub(crate) struct CoolIslands {
    /// Places.
    pub(crate) places: Regions,
    /// Minutes on foot from each building to the nearest, by position in `Features::buildings`; `None` for those
    /// without a street, infinite without a way.
    pub(crate) minutes: Vec<Option<f64>>,
}

/// Cool islands by both criteria, and where both hold.
pub(crate) struct Found {
    pub(crate) relative: CoolIslands,
    pub(crate) absolute: CoolIslands,
    pub(crate) both: CoolIslands,
    /// Median UTCI outdoors at the hottest hour, °C.
    pub(crate) median: f32,
    pub(crate) rule: PublicRule,
}

impl Found {
    /// Cool islands of a territory where `utci` is felt at the hottest hour; `NaN` where nobody can stand.
    pub(crate) fn new(
        view: &TerritoryView,
        utci: &Grid<f32>,
        median: f32,
        parameters: &CoolIslandParameters,
    ) -> Self {
        let (is_public, rule) = public(view);
        let least = (parameters.least_area_m2 / utci.spec.cell_area()).ceil() as usize;
        let walk = Walk::new(view, parameters.walking_speed_km_per_h);
        let limit = median - parameters.below_median_k as f32;
        let is_hot = median >= CLASSES[0];
        let of = |is_cool: &dyn Fn(f32) -> bool| {
            let is_cool = |cell: usize| is_hot && is_public[cell] && is_cool(utci.values[cell]);
            let kind = |cell: usize| is_cool(cell).then_some(());
            let mut places = Regions::of(utci.spec, kind);
            places.without_small(least);
            let minutes = walk.minutes(&places);
            CoolIslands { places, minutes }
        };
        Self {
            relative: of(&|utci| utci <= limit),
            absolute: of(&|utci| utci < STRONG),
            both: of(&|utci| utci <= limit && utci < STRONG),
            median,
            rule,
        }
    }
}

impl Found {
    /// Whether there is heat to find relief from: moderate heat stress or more in the median.
    pub(crate) fn is_hot(&self) -> bool {
        self.median >= CLASSES[0]
    }
}

/// Cells of public places, by the best that is known.
fn public(view: &TerritoryView) -> (Vec<bool>, PublicRule) {
    let spec = view.spec();
    let mut inside = vec![false; spec.len()];
    let mut mark = |polygons: &[twin_core::spatial::Polygon]| {
        cells_within(spec, polygons, |row, column| inside[spec.index(row, column)] = true);
    };
    if let Some(table) = view.table(PUBLIC_PLACES) {
        table.features.iter().filter_map(|f| f.geometry.as_ref()).for_each(|g| mark(g.polygons()));
        return (inside, PublicRule::Stated);
    }
    let parcels = &view.features().parcels;
    if parcels.is_empty() {
        return (vec![true; spec.len()], PublicRule::All);
    }
    parcels.iter().for_each(|parcel| mark(parcel.geometry.polygons()));
    (inside.into_iter().map(|is_parcel| !is_parcel).collect(), PublicRule::Uncadastred)
}

/// Streets that people walk along, and the buildings on them.
struct Walk<'a> {
    view: &'a TerritoryView,
    /// Arcs carry their lengths, m.
    streets: Streets<f64>,
    speed_m_per_min: f64,
    /// Place and node of each building.
    doors: Vec<Option<([f64; 2], NodeIndex)>>,
}

impl<'a> Walk<'a> {
    fn new(view: &'a TerritoryView, speed_km_per_h: f64) -> Self {
        let mut builder = Builder::default();
        for road in view.features().roads.iter().filter(|road| is_walked(road)) {
            for pair in road.geometry.lines().iter().flat_map(|line| line.windows(2)) {
                let length = line_length(pair);
                let count = (length / PIECE_M).ceil().max(1.0);
                let at =
                    |k: f64| [0, 1].map(|i| pair[0][i] + k / count * (pair[1][i] - pair[0][i]));
                for k in 0..count as usize {
                    let (from, to) = (at(k as f64), at(k as f64 + 1.0));
                    builder.add(from, to, Directions::Both, length / count);
                }
            }
        }
        let streets = builder.build();
        let door = |building: &Building| {
            let (x, y) = building.geometry.extent()?.centre();
            let node = streets.nearest([x, y], TO_STREET_M)?;
            building.is_standing().then_some(([x, y], node))
        };
        let doors = view.features().buildings.iter().map(door).collect();
        Self { view, streets, speed_m_per_min: speed_km_per_h * 1000.0 / 60.0, doors }
    }

    /// Minutes from each building to the nearest of some places.
    fn minutes(&self, places: &Regions) -> Vec<Option<f64>> {
        let spec = *self.view.spec();
        let reach = (TO_ISLAND_M / spec.cell_size).round().max(1.0) as u32;
        let near = steps_from(spec, |cell| places.of.values[cell].is_some(), reach);
        let is_near = |[x, y]: [f64; 2]| near.at(x, y).is_some_and(Option::is_some);
        let entries: Vec<NodeIndex> =
            self.streets.nodes().filter(|(_, at)| is_near(*at)).map(|(node, _)| node).collect();
        let lengths = self.streets.costs(&entries, Way::FromSources, |length| Some(*length));
        let position: Vec<[f64; 2]> = self.streets.nodes().map(|(_, at)| at).collect();
        let of = |door: &Option<([f64; 2], NodeIndex)>| {
            let (at, node) = (*door)?;
            if is_near(at) {
                return Some(0.0);
            }
            let [x, y] = position[node.index()];
            let to_street = (x - at[0]).hypot(y - at[1]);
            Some((lengths[node.index()] + to_street) / self.speed_m_per_min)
        };
        self.doors.iter().map(of).collect()
    }
}

/// Whether people walk along a road.
fn is_walked(road: &Road) -> bool {
    let nature = !matches!(
        road.nature,
        Some(RoadNature::Motorway | RoadNature::SlipRoad | RoadNature::Ferry)
    );
    nature && road.is_private != Some(true)
}
