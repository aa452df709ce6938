//! Buildings along streets.
//!
//! Each street side is walked from end to end; at every step a building (or a row with party
//! walls) of the quarter's kind is tried at its setback and kept where it touches no street,
//! building, water, dyke or reserved ground. What does not fit is not built.

mod dwellings;
mod facilities;
mod frontage;
mod occupancy;
mod roof_shares;

use self::facilities::Site;
use self::frontage::{beside, places};
pub(crate) use self::occupancy::Occupancy;
use self::roof_shares::Shares;
use crate::building::{BuildingUse, Design};
use crate::facility::PROGRAMMES;
use crate::frame::Point;
use crate::random::{Random, derive};
use crate::roof::RoofShape;
use crate::streets::{StreetClass, Village, Way};
use crate::terrain::Terrain;

pub(crate) struct Builder<'a> {
    terrain: &'a Terrain,
    village: &'a Village,
    ways: &'a [Way],
    pub(crate) occupancy: Occupancy<'a>,
    random: Random,
    old: Shares<4>,
    new: Shares<5>,
    flats: Shares<3>,
    pub(crate) designs: Vec<Design>,
    pub(crate) sites: Vec<Site>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(
        seed: u64,
        terrain: &'a Terrain,
        village: &'a Village,
        ways: &'a [Way],
    ) -> Self {
        Self {
            terrain,
            village,
            ways,
            occupancy: Occupancy::new(terrain, ways),
            random: Random::new(derive(seed, 0x20)),
            old: Shares::new([
                (RoofShape::Gable, 0.6),
                (RoofShape::Mansard, 0.22),
                (RoofShape::Shed, 0.08),
                (RoofShape::Flat, 0.1),
            ]),
            new: Shares::new([
                (RoofShape::Gable, 0.38),
                (RoofShape::Hip, 0.27),
                (RoofShape::LShaped, 0.2),
                (RoofShape::Flat, 0.09),
                (RoofShape::Shed, 0.06),
            ]),
            flats: Shares::new([
                (RoofShape::Flat, 0.4),
                (RoofShape::Stepped, 0.35),
                (RoofShape::Mansard, 0.25),
            ]),
            designs: Vec::new(),
            sites: Vec::new(),
        }
    }

    /// Facilities first, then the streets.
    pub(crate) fn run(&mut self) {
        // A hamlet has a church, a town hall, a home and a transformer; a village has the rest.
        let count = if self.terrain.size < 500.0 { 4 } else { PROGRAMMES.len() };
        for programme in &PROGRAMMES[..count] {
            self.facility(programme);
        }
        for index in 0..self.ways.len() {
            let way = &self.ways[index];
            if way.built {
                for side in [1.0, -1.0] {
                    self.street_side(way, side);
                }
            }
        }
    }

    fn shift(&mut self) -> [f64; 2] {
        // Uniform in a disc of 1 m by rejection; one building in six is in its place.
        if self.random.chance(1.0 / 6.0) {
            return [0.0, 0.0];
        }
        for _ in 0..16 {
            let d = [self.random.range(-1.0, 1.0), self.random.range(-1.0, 1.0)];
            if d[0] * d[0] + d[1] * d[1] <= 1.0 {
                return d;
            }
        }
        [0.0, 0.0]
    }

    fn street_side(&mut self, way: &Way, side: f64) {
        let step = 2.0;
        let places = places(way, step);
        let mut i = 2;
        while i < places.len() {
            let p = places[i].0;
            let village = self.village;
            let across = p[1] - self.terrain.river.axis(p[0]);
            let in_village = (village.west..=village.east).contains(&p[0])
                && (village.low - 75.0..=village.top + 40.0).contains(&across);
            let from_centre = crate::sections::distance(p, village.centre);
            let k = self.terrain.river.scale;
            let taken = if !in_village {
                self.country(way, side, &places, i)
            } else if from_centre < 135.0 * k.max(0.6)
                || (way.class == StreetClass::Main && from_centre < 230.0 * k)
            {
                self.row(way, side, &places, i, true)
            } else if across < 0.0 && self.random.chance(0.45) {
                self.row(way, side, &places, i, false)
            } else if self.random.chance(0.07) {
                self.flats(way, side, &places, i)
            } else {
                self.house(way, side, &places, i)
            };
            i += ((taken / step).round() as usize).max(1);
        }
    }

    /// A place whose rectangle starts at `i`, seen from its middle.
    fn centred<'p>(
        &self,
        places: &'p [(Point, Point)],
        i: usize,
        length: f64,
    ) -> Option<&'p (Point, Point)> {
        places.get(i + (0.25 * length).round() as usize)
    }

    /// Outside the village: now and then a farm or, along the main road, a works.
    fn country(&mut self, way: &Way, side: f64, places: &[(Point, Point)], i: usize) -> f64 {
        let east = self.village.east;
        let works =
            way.class == StreetClass::Main && (east..east + 420.0).contains(&places[i].0[0]);
        if !self.random.chance(if works { 0.2 } else { 0.012 }) {
            return 2.0;
        }
        if !works {
            self.house(way, side, places, i);
        }
        let [length, depth] = [self.random.range(26.0, 46.0), self.random.range(14.0, 22.0)];
        let Some(place) = self.centred(places, i, length) else { return 4.0 };
        let setback = if works { 9.0 } else { 26.0 };
        let rectangle = beside(way, *place, side, setback, [length, depth]);
        if !self.occupancy.is_free(&rectangle, 5.0, 4.0) {
            return 4.0;
        }
        self.occupancy.add(rectangle);
        let shift = self.shift();
        self.designs.push(Design {
            usage: if works { BuildingUse::Industrial } else { BuildingUse::Agricultural },
            roof: if self.random.chance(0.7) { RoofShape::Gable } else { RoofShape::Flat },
            rectangle,
            pitch: 0.25,
            over_ends: 0.3,
            over_sides: 0.5,
            wall_height: self.random.range(4.5, 7.5),
            storeys: 1,
            dwellings: 0,
            vector_shift: shift,
            street: way.name.clone(),
            lot: rectangle.grown(9.0),
        });
        length + if works { 14.0 } else { 90.0 }
    }
}
