//! Buildings along streets.
//!
//! Each street side is walked from end to end; at every step a building (or a row with party
//! walls) of the quarter's kind is tried at its setback and kept where it touches no street,
//! building, water, dyke or reserved ground. What does not fit is not built.

use crate::building::{BuildingUse, Design, Rectangle};
use crate::facility::{FacilityKind, PROGRAMMES, Programme, Quarter};
use crate::frame::Point;
use crate::random::{Random, derive};
use crate::roof::RoofShape;
use crate::streets::{StreetClass, Village, Way};
use crate::terrain::Terrain;

/// Side of a search cell, metres.
const CELL: f64 = 24.0;

/// Where things already stand.
pub(crate) struct Occupancy<'a> {
    terrain: &'a Terrain,
    columns: usize,
    roads: Vec<Vec<(Point, f64)>>,
    rectangles: Vec<Vec<Rectangle>>,
}

/// Ground of a facility and its buildings (indices of designs).
pub(crate) struct Site {
    pub(crate) kind: FacilityKind,
    pub(crate) name: &'static str,
    pub(crate) ground: Rectangle,
    pub(crate) designs: std::ops::Range<usize>,
}

impl<'a> Occupancy<'a> {
    fn new(terrain: &'a Terrain, ways: &[Way]) -> Self {
        let columns = (terrain.size / CELL).ceil() as usize + 1;
        let mut occupancy = Self {
            terrain,
            columns,
            roads: vec![Vec::new(); columns * columns],
            rectangles: vec![Vec::new(); columns * columns],
        };
        for way in ways {
            for pair in way.line.windows(2) {
                for i in 0..2 {
                    let t = 0.5 * f64::from(i);
                    let p = [
                        pair[0][0] + t * (pair[1][0] - pair[0][0]),
                        pair[0][1] + t * (pair[1][1] - pair[0][1]),
                    ];
                    let cell = occupancy.cell(p);
                    occupancy.roads[cell].push((p, way.half_width));
                }
            }
        }
        occupancy
    }

    /// Whether a trunk or hedge may stand at a point: `gap` to buildings, 1 m to carriageways.
    pub(crate) fn is_open(&self, p: Point, gap: f64) -> bool {
        self.cells(p, 8.0).all(|cell| {
            self.roads[cell].iter().all(|(q, half)| {
                let (dx, dy) = (q[0] - p[0], q[1] - p[1]);
                let reach = half + 1.4;
                dx * dx + dy * dy > reach * reach
            }) && self.rectangles[cell].iter().all(|r| r.distance(p) > gap)
        })
    }

    fn coordinate(&self, v: f64) -> usize {
        ((v / CELL).max(0.0) as usize).min(self.columns - 1)
    }

    fn cell(&self, [x, y]: Point) -> usize {
        self.coordinate(y) * self.columns + self.coordinate(x)
    }

    fn cells(&self, centre: Point, reach: f64) -> impl Iterator<Item = usize> + use<> {
        let columns = self.columns;
        let (x0, x1) = (self.coordinate(centre[0] - reach), self.coordinate(centre[0] + reach));
        let (y0, y1) = (self.coordinate(centre[1] - reach), self.coordinate(centre[1] + reach));
        (y0..=y1).flat_map(move |y| (x0..=x1).map(move |x| y * columns + x))
    }

    fn add(&mut self, rectangle: Rectangle) {
        for cell in self.cells(rectangle.centre, rectangle.radius()) {
            self.rectangles[cell].push(rectangle);
        }
    }

    /// Whether a rectangle may be taken: `gap` to buildings, `kerb` to carriageways.
    fn is_free(&self, rectangle: &Rectangle, gap: f64, kerb: f64) -> bool {
        let terrain = self.terrain;
        let margin = 4.0;
        let dyke = &terrain.dyke;
        let foot = dyke.offset - dyke.half_crest - 2.0 * dyke.height - 4.0;
        let (a, b) = (rectangle.half_along, rectangle.half_away);
        for i in -1..=1 {
            for j in -1..=1 {
                let p = rectangle.at(a * f64::from(i), b * f64::from(j));
                let inside = p.iter().all(|v| (margin..=terrain.size - margin).contains(v));
                let offset = terrain.river.offset(p);
                let dry = offset > terrain.river.top + 7.0 || offset < foot;
                let beside_stream = terrain
                    .stream
                    .as_ref()
                    .is_none_or(|s| p[1] < s.mouth - 20.0 || s.distance(p) > 9.0);
                let off_pond = terrain.pond.is_none_or(|pond| pond.radius(p) > 1.8);
                if !(inside && dry && beside_stream && off_pond) {
                    return false;
                }
            }
        }
        let reach = rectangle.radius() + 10.0;
        let spaced = rectangle.grown(gap);
        self.cells(rectangle.centre, reach).all(|cell| {
            self.roads[cell].iter().all(|(p, half)| rectangle.distance(*p) > half + kerb)
                && self.rectangles[cell].iter().all(|other| !spaced.overlaps(other))
        })
    }
}

/// A place on a street: position, direction, and its distance along.
fn places(way: &Way, step: f64) -> Vec<(Point, Point)> {
    let mut places = Vec::new();
    let mut next = step;
    let mut along = 0.0;
    for pair in way.line.windows(2) {
        let (dx, dy) = (pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]);
        let length = (dx * dx + dy * dy).sqrt();
        while next <= along + length {
            let t = (next - along) / length;
            places.push(([pair[0][0] + t * dx, pair[0][1] + t * dy], [dx / length, dy / length]));
            next += step;
        }
        along += length;
    }
    places
}

/// The rectangle beside a street.
fn beside(
    way: &Way,
    place: (Point, Point),
    side: f64,
    setback: f64,
    [length, depth]: [f64; 2],
) -> Rectangle {
    let (p, along) = place;
    let away = [-along[1] * side, along[0] * side];
    let distance = way.half_width + setback + 0.5 * depth;
    Rectangle {
        centre: [p[0] + away[0] * distance, p[1] + away[1] * distance],
        along,
        away,
        half_along: 0.5 * length,
        half_away: 0.5 * depth,
    }
}

/// Picks so that the shares of all kinds stay near their weights from the first building on.
struct Shares<const N: usize> {
    kinds: [(RoofShape, f64); N],
    counts: [f64; N],
}

impl<const N: usize> Shares<N> {
    fn new(kinds: [(RoofShape, f64); N]) -> Self {
        Self { kinds, counts: [0.0; N] }
    }

    fn pick(&mut self, random: &mut Random) -> RoofShape {
        let total: f64 = self.counts.iter().sum::<f64>() + 1.0;
        let mut best = (f64::NEG_INFINITY, 0);
        for (i, (_, weight)) in self.kinds.iter().enumerate() {
            let need = weight * total - self.counts[i] + 0.6 * random.unit();
            if need > best.0 {
                best = (need, i);
            }
        }
        self.counts[best.1] += 1.0;
        self.kinds[best.1].0
    }
}

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

    fn target(&self, programme: &Programme) -> Point {
        let village = self.village;
        let half = 0.5 * (village.east - village.west);
        let x = village.centre[0] + programme.towards * half;
        let axis = self.terrain.river.axis(x);
        match programme.quarter {
            Quarter::Centre => [x, axis + village.main + 14.0],
            Quarter::Upper => [x, axis + 0.5 * (village.main + village.top)],
            Quarter::BehindDyke => {
                let half = 0.45 * (self.terrain.bay[1] - self.terrain.bay[0]);
                let x = 0.5 * self.terrain.size + programme.towards * half;
                [x, self.terrain.river.axis(x) + village.low - 8.0]
            }
        }
    }

    fn facility(&mut self, programme: &Programme) {
        let target = self.target(programme);
        let distance2 = |p: Point| {
            let (dx, dy) = (p[0] - target[0], p[1] - target[1]);
            dx * dx + dy * dy
        };
        // Smaller villages have smaller facilities.
        for shrink in [1.0, 0.75, 0.55] {
            let size = [programme.length * shrink, programme.depth * shrink];
            let ground = [size[0] + 2.0 * programme.margin, size[1] + 2.0 * programme.margin];
            let mut best: Option<(f64, Rectangle, usize)> = None;
            for (index, way) in self.ways.iter().enumerate().filter(|(_, w)| w.built) {
                for place in places(way, 6.0) {
                    let score = distance2(place.0);
                    if score > 320.0 * 320.0 || best.is_some_and(|(s, ..)| score >= s) {
                        continue;
                    }
                    for side in [1.0, -1.0] {
                        let setback = (programme.setback - programme.margin).max(1.0);
                        let rectangle = beside(way, place, side, setback, ground);
                        if best.is_none_or(|(s, ..)| score < s)
                            && self.occupancy.is_free(&rectangle, 1.0, 0.8)
                        {
                            best = Some((score, rectangle, index));
                        }
                    }
                }
            }
            if let Some((_, ground, way)) = best {
                let first = self.designs.len();
                if programme.storeys > 0 {
                    self.facility_building(programme, ground, size, &self.ways[way].name.clone());
                }
                self.occupancy.add(ground);
                let designs = first..self.designs.len();
                self.sites.push(Site {
                    kind: programme.kind,
                    name: programme.name,
                    ground,
                    designs,
                });
                return;
            }
        }
    }

    fn facility_building(
        &mut self,
        programme: &Programme,
        ground: Rectangle,
        [length, depth]: [f64; 2],
        street: &str,
    ) {
        let church = programme.kind == FacilityKind::Church;
        let tower = if church { 0.6 * depth } else { 0.0 };
        let rectangle = Rectangle {
            centre: ground.at(0.5 * tower, 0.0),
            half_along: 0.5 * (length - tower),
            half_away: 0.5 * depth,
            ..ground
        };
        let shift = self.shift();
        let design = Design {
            usage: programme.usage,
            roof: programme.roof,
            rectangle,
            pitch: match programme.roof {
                RoofShape::Shed => 0.16,
                _ if church => 1.1,
                _ => 0.6,
            },
            over_ends: 0.3,
            over_sides: 0.4,
            wall_height: f64::from(programme.storeys) * 3.1 + 0.3,
            storeys: programme.storeys,
            dwellings: 0,
            vector_shift: shift,
            street: street.to_owned(),
            lot: ground,
        };
        self.designs.push(Design { over_ends: if church { 0.0 } else { 0.3 }, ..design.clone() });
        if church {
            let half = 0.5 * tower;
            self.designs.push(Design {
                roof: RoofShape::Hip,
                rectangle: Rectangle {
                    centre: ground.at(half - 0.5 * length, 0.0),
                    half_along: half,
                    half_away: half,
                    ..ground
                },
                pitch: 1.9,
                over_sides: 0.0,
                over_ends: 0.0,
                wall_height: 20.0,
                ..design
            });
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

    /// Town houses with party walls; returns the length of street taken.
    fn row(
        &mut self,
        way: &Way,
        side: f64,
        places: &[(Point, Point)],
        i: usize,
        centre: bool,
    ) -> f64 {
        let most = if centre { 5 } else { 3 };
        let mut count = 1 + self.random.below(most);
        let widths: Vec<f64> = (0..count)
            .map(
                |_| if centre { self.random.range(6.5, 11.0) } else { self.random.range(6.0, 8.5) },
            )
            .collect();
        let depth =
            if centre { self.random.range(9.5, 13.0) } else { self.random.range(8.5, 10.0) };
        let setback = if centre { 1.4 } else { self.random.range(1.5, 4.0) };
        while count > 0 {
            let length: f64 = widths[..count].iter().sum();
            let Some(place) = self.centred(places, i, length) else {
                count -= 1;
                continue;
            };
            let rectangle = beside(way, *place, side, setback, [length, depth]);
            if self.occupancy.is_free(&rectangle, 0.5, 1.0) {
                self.fill_row(way, &rectangle, &widths[..count], centre);
                return length + if centre { self.random.range(0.6, 3.5) } else { 6.0 };
            }
            count -= 1;
        }
        2.0
    }

    fn fill_row(&mut self, way: &Way, row: &Rectangle, widths: &[f64], centre: bool) {
        self.occupancy.add(*row);
        let shift = self.shift();
        let base = if centre { 2 + self.random.below(2) } else { 1 + self.random.below(2) };
        let mut u = -row.half_along;
        for &width in widths {
            let cut = self.random.range(0.0, 1.5);
            let half_away = row.half_away - 0.5 * cut;
            let rectangle = Rectangle {
                centre: row.at(u + 0.5 * width, -0.5 * cut),
                half_along: 0.5 * width,
                half_away,
                ..*row
            };
            let storeys = (base + usize::from(self.random.chance(0.35))) as u32;
            let roof = self.old.pick(&mut self.random);
            let pitch = match roof {
                RoofShape::Shed => self.random.range(0.2, 0.35),
                _ => self.random.range(0.7, 1.0),
            };
            let over_sides =
                if roof == RoofShape::Mansard { 0.3 } else { self.random.range(0.3, 0.5) };
            let lot = Rectangle {
                centre: row.at(u + 0.5 * width, 9.0),
                half_along: 0.5 * width,
                half_away: row.half_away + 10.5,
                ..*row
            };
            self.designs.push(Design {
                usage: BuildingUse::Dwelling,
                roof,
                rectangle,
                pitch,
                over_ends: 0.0,
                over_sides,
                wall_height: f64::from(storeys) * self.random.range(2.7, 3.0) + 0.4,
                storeys,
                dwellings: if centre { storeys.saturating_sub(1).max(1) } else { 1 },
                vector_shift: shift,
                street: way.name.clone(),
                lot,
            });
            u += width;
        }
    }

    /// A detached house with its garden and sometimes a garage.
    fn house(&mut self, way: &Way, side: f64, places: &[(Point, Point)], i: usize) -> f64 {
        let roof = self.new.pick(&mut self.random);
        let [length, depth] = match roof {
            RoofShape::LShaped => [self.random.range(12.5, 15.0), self.random.range(10.0, 12.0)],
            _ => [self.random.range(10.0, 13.5), self.random.range(8.0, 9.8)],
        };
        let setback = self.random.range(4.0, 8.0);
        let Some(place) = self.centred(places, i, length) else { return 4.0 };
        let rectangle = beside(way, *place, side, setback, [length, depth]);
        if !self.occupancy.is_free(&rectangle, 3.0, 3.0) {
            self.new.counts.iter_mut().zip(&self.new.kinds).for_each(|(count, kind)| {
                if kind.0 == roof {
                    *count -= 1.0;
                }
            });
            return 2.0;
        }
        self.occupancy.add(rectangle);
        let storeys = 1 + u32::from(self.random.chance(0.45));
        let gap = self.random.range(5.0, 12.0);
        let lot = Rectangle {
            centre: rectangle.at(0.0, 6.5),
            half_along: 0.5 * (length + gap) + 1.0,
            half_away: 0.5 * depth + setback + 5.5,
            ..rectangle
        };
        let over = self.random.range(0.3, 0.5);
        let shift = self.shift();
        self.designs.push(Design {
            usage: BuildingUse::Dwelling,
            roof,
            rectangle,
            pitch: if roof == RoofShape::Shed { 0.22 } else { self.random.range(0.5, 0.85) },
            over_ends: 0.3,
            over_sides: over,
            wall_height: f64::from(storeys) * 2.7 + 0.4,
            storeys,
            dwellings: 1,
            vector_shift: shift,
            street: way.name.clone(),
            lot,
        });
        if self.random.chance(0.3) {
            self.annex(way, &rectangle, lot);
        }
        length + gap
    }

    fn annex(&mut self, way: &Way, house: &Rectangle, lot: Rectangle) {
        let [length, depth] = [self.random.range(4.0, 6.5), self.random.range(3.2, 4.5)];
        let sign = if self.random.chance(0.5) { 1.0 } else { -1.0 };
        let rectangle = Rectangle {
            centre: house
                .at(sign * (house.half_along - 0.5 * length), house.half_away + 4.0 + 0.5 * depth),
            half_along: 0.5 * length,
            half_away: 0.5 * depth,
            ..*house
        };
        if !self.occupancy.is_free(&rectangle, 1.5, 1.5) {
            return;
        }
        self.occupancy.add(rectangle);
        let roof = if self.random.chance(0.6) { RoofShape::Shed } else { RoofShape::Flat };
        let shift = self.shift();
        self.designs.push(Design {
            usage: BuildingUse::Annex,
            roof,
            rectangle,
            pitch: 0.18,
            over_ends: 0.2,
            over_sides: 0.3,
            wall_height: 2.3,
            storeys: 1,
            dwellings: 0,
            vector_shift: shift,
            street: way.name.clone(),
            lot,
        });
    }

    /// A block of flats.
    fn flats(&mut self, way: &Way, side: f64, places: &[(Point, Point)], i: usize) -> f64 {
        let [length, depth] = [self.random.range(22.0, 34.0), self.random.range(11.0, 13.0)];
        let Some(place) = self.centred(places, i, length) else { return 4.0 };
        let rectangle = beside(way, *place, side, 5.0, [length, depth]);
        if !self.occupancy.is_free(&rectangle, 4.0, 3.0) {
            return 2.0;
        }
        self.occupancy.add(rectangle);
        let storeys = 3 + self.random.below(3) as u32;
        let shift = self.shift();
        let roof = self.flats.pick(&mut self.random);
        self.designs.push(Design {
            usage: BuildingUse::Dwelling,
            roof,
            rectangle,
            pitch: 0.6,
            over_ends: 0.0,
            over_sides: 0.3,
            wall_height: f64::from(storeys) * 2.8 + 0.5,
            storeys,
            dwellings: storeys * (length / 9.0) as u32,
            vector_shift: shift,
            street: way.name.clone(),
            lot: Rectangle { centre: rectangle.at(0.0, 4.0), ..rectangle.grown(8.0) },
        });
        length + 10.0
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
