//! The commune and its truth.

use twin_core::Result;
use twin_core::spatial::Extent;

use crate::building::{Building, Rectangle};
use crate::cover::Cover;
use crate::facility::{Facility, FacilityKind};
use crate::frame::{Frame, Point};
use crate::land_use::LandUse;
use crate::lots::Builder;
use crate::options::CommuneOptions;
use crate::random::{Random, derive, mix};
use crate::sections::{self, Section};
use crate::streets::{self, Street, StreetClass, Village, Way};
use crate::surface::{Furniture, Standing};
use crate::terrain::Terrain;
use crate::vegetation::{Garden, Hedge, Tree};

/// Inhabitants per dwelling.
const HOUSEHOLD: f64 = 2.2;

/// A synthetic commune. All positions are Lambert-93 metres, heights NGF-IGN69 metres.
#[derive(Debug, Clone)]
pub struct Commune {
    pub(crate) options: CommuneOptions,
    pub(crate) frame: Frame,
    pub(crate) terrain: Terrain,
    pub(crate) village: Village,
    pub(crate) ways: Vec<Way>,
    pub(crate) sections: Vec<Section>,
    pub(crate) land_use: LandUse,
    pub(crate) furniture: Vec<Furniture>,
    pub(crate) standing: Standing,
    /// Grounds that are paved or mineral, with their cover.
    pub(crate) grounds: Vec<(Rectangle, Cover)>,
    roads: RoadIndex,
    buildings: Vec<Building>,
    facilities: Vec<Facility>,
    trees: Vec<Tree>,
    hedges: Vec<Hedge>,
}

impl Commune {
    /// Draws the commune. It takes about a second for 1 km² and no memory to speak of; points are
    /// only made when [`Commune::write`] writes them.
    ///
    /// # Errors
    /// When an option is out of its range.
    pub fn generate(options: &CommuneOptions) -> Result<Self> {
        options.check()?;
        let (seed, size) = (options.seed, options.size_m);
        let extent = options.extent();
        let orientation = if seed <= 1 { 0 } else { mix(derive(seed, 0x50)) % 8 };
        let frame = Frame::new(&extent, size, orientation);
        let mut terrain = Terrain::new(seed, size, options.dyke);
        let village = Village::new(&terrain);
        let ways = streets::draw(seed, &terrain, &village);
        let culverts = sections::culverts(&ways, &terrain);
        if let Some(stream) = &mut terrain.stream {
            stream.culverts = culverts;
        }
        let sections = sections::cut(&ways, &terrain);
        let roads = RoadIndex::new(size, &ways);
        let land_use = LandUse::new(seed, &terrain, &village);

        let mut builder = Builder::new(seed, &terrain, &village, &ways);
        builder.run();
        let garden = Garden {
            terrain: &terrain,
            frame: &frame,
            occupancy: &builder.occupancy,
            land_use: &land_use,
        };
        let trees = garden.trees(seed, &ways, &village);
        let hedges = garden.hedges(seed);
        let mut grounds = Vec::new();
        let mut facilities = Vec::new();
        for site in &builder.sites {
            let cover = match site.kind {
                FacilityKind::Church | FacilityKind::TownHall => Some(Cover::Square),
                FacilityKind::SportsGround | FacilityKind::NursingHome => None,
                _ => Some(Cover::Yard),
            };
            grounds.extend(cover.map(|cover| (site.ground, cover)));
            let mut ring = frame.ring(&site.ground.corners());
            if !is_counter_clockwise(&ring) {
                ring.reverse();
            }
            ring.extend(ring.first().copied());
            facilities.push(Facility {
                kind: site.kind,
                name: site.name.to_owned(),
                ring,
                buildings: site.designs.clone().map(|i| i + 1).collect(),
            });
        }
        for design in &builder.designs {
            use crate::building::BuildingUse::{Agricultural, Industrial};
            if matches!(design.usage, Agricultural | Industrial) {
                grounds.push((design.lot, Cover::Yard));
            }
        }
        let designs = std::mem::take(&mut builder.designs);
        drop(builder);
        let buildings: Vec<Building> = designs
            .into_iter()
            .enumerate()
            .map(|(i, design)| design.build(i + 1, &terrain, &frame))
            .collect();
        let furniture = furnish(seed, &terrain, &frame, &ways, &buildings);
        let standing = Standing::new(&extent, &buildings, &trees, &hedges, &furniture);
        Ok(Self {
            options: options.clone(),
            frame,
            terrain,
            village,
            ways,
            sections,
            land_use,
            furniture,
            standing,
            grounds,
            roads,
            buildings,
            facilities,
            trees,
            hedges,
        })
    }

    /// Options it was drawn with.
    pub fn options(&self) -> &CommuneOptions {
        &self.options
    }

    /// Its square.
    pub fn extent(&self) -> Extent {
        self.options.extent()
    }

    /// Ground without buildings, bridges and plants; below water it is the bed.
    pub fn terrain_height(&self, x: f64, y: f64) -> f64 {
        self.terrain.height(self.frame.local(x, y))
    }

    /// The ground as it would be without the dyke.
    pub fn terrain_height_without_dyke(&self, x: f64, y: f64) -> f64 {
        self.terrain.height_with(self.frame.local(x, y), false)
    }

    /// Water level on the day of the survey, where the place is under water.
    pub fn water_level(&self, x: f64, y: f64) -> Option<f64> {
        self.terrain.water(self.frame.local(x, y))
    }

    /// Bed of the river or pond, where the place is under water.
    pub fn bed_height(&self, x: f64, y: f64) -> Option<f64> {
        self.water_level(x, y).map(|_| self.terrain_height(x, y))
    }

    /// Highest of ground, water, bridge deck, roof and canopy.
    pub fn surface_height(&self, x: f64, y: f64) -> f64 {
        let p = self.frame.local(x, y);
        let ground = self.terrain.height(p);
        let water = self.terrain.water(p).unwrap_or(ground);
        let deck = self.terrain.bridge(p).map_or(ground, |b| b.deck);
        let roof = self.roof_height(x, y).unwrap_or(ground);
        let canopy = self.canopy_height(x, y).map_or(ground, |(z, _)| z);
        [water, deck, roof, canopy].into_iter().fold(ground, f64::max)
    }

    /// Roof above a position, overhangs included.
    pub fn roof_height(&self, x: f64, y: f64) -> Option<f64> {
        self.standing
            .buildings(x, y)
            .iter()
            .filter_map(|&i| self.buildings[i as usize].roof_height(x, y))
            .reduce(f64::max)
    }

    /// Top of trees and hedges above a position, and whether it is a conifer's.
    pub(crate) fn canopy_height(&self, x: f64, y: f64) -> Option<(f64, bool)> {
        let trees = self.standing.trees(x, y).iter().filter_map(|&i| {
            let tree = &self.trees[i as usize];
            tree.canopy(x, y).map(|z| (z, tree.conifer))
        });
        let hedges = self
            .standing
            .hedges(x, y)
            .iter()
            .filter_map(|&i| self.hedges[i as usize].canopy(x, y).map(|z| (z, true)));
        trees.chain(hedges).reduce(|a, b| if b.0 > a.0 { b } else { a })
    }

    /// The building whose walls hold a position.
    pub fn building_at(&self, x: f64, y: f64) -> Option<&Building> {
        self.standing
            .buildings(x, y)
            .iter()
            .map(|&i| &self.buildings[i as usize])
            .find(|b| b.contains(x, y))
    }

    /// Land cover below plants and bridges.
    pub fn cover(&self, x: f64, y: f64) -> Cover {
        if self.building_at(x, y).is_some() {
            return Cover::Building;
        }
        self.open_cover(self.frame.local(x, y))
    }

    /// Land cover outside buildings.
    pub(crate) fn open_cover(&self, p: Point) -> Cover {
        let terrain = &self.terrain;
        if terrain.water(p).is_some() {
            return Cover::Water;
        }
        if terrain.river.offset(p).abs() < terrain.river.top {
            return Cover::Bank;
        }
        match self.roads.at(p) {
            Some(StreetClass::Track) => return Cover::Track,
            Some(_) => return Cover::Road,
            None => {}
        }
        if terrain.on_dyke(p) {
            return Cover::Dyke;
        }
        if let Some((_, cover)) = self.grounds.iter().find(|(r, _)| r.contains(p)) {
            return *cover;
        }
        self.land_use.at(p).map_or(Cover::Meadow, |field| field.cover)
    }

    /// Buildings, `id` from 1 in order.
    pub fn buildings(&self) -> &[Building] {
        &self.buildings
    }

    /// Dwellings of all buildings.
    pub fn dwellings(&self) -> u32 {
        self.buildings().iter().map(|b| b.dwellings).sum()
    }

    /// Inhabitants: 2.2 per dwelling.
    pub fn population(&self) -> u32 {
        (f64::from(self.dwellings()) * HOUSEHOLD).round() as u32
    }

    /// Facilities.
    pub fn facilities(&self) -> &[Facility] {
        &self.facilities
    }

    /// Trees.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// Hedges.
    pub fn hedges(&self) -> &[Hedge] {
        &self.hedges
    }

    /// Street sections between junctions.
    pub fn streets(&self) -> Vec<Street> {
        self.sections
            .iter()
            .map(|section| {
                let way = &self.ways[section.way];
                Street {
                    name: way.name.clone(),
                    class: way.class,
                    width: 2.0 * way.half_width,
                    line: self.draped(&section.line, |p| self.terrain.road_height(p)),
                    on_bridge: section.on_bridge,
                }
            })
            .collect()
    }

    /// The river's axis from upstream to downstream, with the bed level.
    pub fn river_axis(&self) -> Vec<[f64; 3]> {
        let river = &self.terrain.river;
        self.draped(&river.line(5.0), |p| river.bed(p[0]))
    }

    /// Width of the river between its bank edges and depth of its bed below them, metres.
    pub fn river_section(&self) -> (f64, f64) {
        (2.0 * self.terrain.river.top, self.terrain.river.depth)
    }

    /// The stream's axis from its source to the river's bank, with the bed level.
    pub fn stream_axis(&self) -> Option<Vec<[f64; 3]>> {
        let stream = self.terrain.stream.as_ref()?;
        let length = self.terrain.size - stream.mouth;
        let count = (length / 4.0).ceil() as usize;
        let line: Vec<Point> = (0..=count)
            .map(|i| self.terrain.size - length * i as f64 / count as f64)
            .map(|y| [stream.axis(y).0, y])
            .collect();
        Some(self.draped(&line, |p| stream.bed(p[1])))
    }

    /// Bridge decks: closed outlines with the deck's level.
    pub fn bridge_decks(&self) -> Vec<Vec<[f64; 3]>> {
        self.terrain
            .bridges
            .iter()
            .map(|b| {
                let half = b.half_deck();
                let mut ring = self.frame.ring(&[
                    [b.x - half, b.south],
                    [b.x + half, b.south],
                    [b.x + half, b.north],
                    [b.x - half, b.north],
                ]);
                if !is_counter_clockwise(&ring) {
                    ring.reverse();
                }
                ring.extend(ring.first().copied());
                ring.into_iter().map(|[x, y]| [x, y, b.deck]).collect()
            })
            .collect()
    }

    /// A plan line in the world with heights.
    pub(crate) fn draped(&self, line: &[Point], height: impl Fn(Point) -> f64) -> Vec<[f64; 3]> {
        line.iter()
            .map(|&p| {
                let [x, y] = self.frame.world(p);
                [x, y, height(p)]
            })
            .collect()
    }
}

pub(crate) fn is_counter_clockwise(ring: &[Point]) -> bool {
    let Some(o) = ring.first() else { return true };
    let twice: f64 = ring
        .windows(2)
        .map(|e| (e[0][0] - o[0]) * (e[1][1] - o[1]) - (e[1][0] - o[0]) * (e[0][1] - o[1]))
        .sum();
    twice > 0.0
}

/// Street axes by cell, to answer whether a place is on a carriageway.
#[derive(Debug, Clone)]
struct RoadIndex {
    columns: usize,
    cells: Vec<Vec<(Point, Point, f64, StreetClass)>>,
}

impl RoadIndex {
    const CELL: f64 = 16.0;

    fn new(size: f64, ways: &[Way]) -> Self {
        let columns = (size / Self::CELL).ceil() as usize + 1;
        let mut index = Self { columns, cells: vec![Vec::new(); columns * columns] };
        for way in ways {
            for pair in way.line.windows(2) {
                let (a, b) = (pair[0], pair[1]);
                let reach = way.half_width + 0.5;
                let range = |i: usize| {
                    index.coordinate(a[i].min(b[i]) - reach)
                        ..=index.coordinate(a[i].max(b[i]) + reach)
                };
                let (xs, ys) = (range(0), range(1));
                for y in ys {
                    for x in xs.clone() {
                        index.cells[y * columns + x].push((a, b, way.half_width, way.class));
                    }
                }
            }
        }
        index
    }

    fn coordinate(&self, v: f64) -> usize {
        ((v / Self::CELL).max(0.0) as usize).min(self.columns - 1)
    }

    fn at(&self, p: Point) -> Option<StreetClass> {
        let cell = self.coordinate(p[1]) * self.columns + self.coordinate(p[0]);
        self.cells[cell]
            .iter()
            .filter(|(a, b, half, _)| {
                let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
                let t = ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy);
                let t = t.clamp(0.0, 1.0);
                let (ex, ey) = (p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
                ex * ex + ey * ey <= half * half
            })
            .map(|(.., class)| *class)
            .min()
    }
}

/// Parked cars, lamp posts and garden walls.
fn furnish(
    seed: u64,
    terrain: &Terrain,
    frame: &Frame,
    ways: &[Way],
    buildings: &[Building],
) -> Vec<Furniture> {
    let mut random = Random::new(derive(seed, 0x60));
    let mut furniture = Vec::new();
    let mut put = |p: Point, along: Point, half: [f64; 2], height: f64, class: u8| {
        let (a, b) = (frame.world(p), frame.world([p[0] + along[0], p[1] + along[1]]));
        furniture.push(Furniture {
            centre: a,
            along: [b[0] - a[0], b[1] - a[1]],
            half,
            top: terrain.road_height(p) + height,
            class,
        });
    };
    for way in ways.iter().filter(|w| w.built && w.class != StreetClass::Lane) {
        for (n, pair) in way.line.windows(2).enumerate() {
            let length = sections::distance(pair[0], pair[1]);
            let along = [(pair[1][0] - pair[0][0]) / length, (pair[1][1] - pair[0][1]) / length];
            let side = if random.chance(0.5) { 1.0 } else { -1.0 };
            let aside =
                |d: f64| [pair[0][0] - side * d * along[1], pair[0][1] + side * d * along[0]];
            if random.chance(0.1) {
                put(aside(way.half_width - 1.0), along, [2.1, 0.9], 1.5, 1);
            }
            let lamp = aside(way.half_width + 0.6);
            if n % 8 == 4 && terrain.river.offset(lamp).abs() > terrain.river.top + 2.0 {
                put(lamp, along, [0.2, 0.2], 6.5, 64);
            }
        }
    }
    for building in buildings {
        let lot = building.lot;
        if building.roof != crate::roof::RoofShape::LShaped && random.chance(0.25) {
            // A wall along the back of the lot.
            let p = lot.at(0.0, lot.half_away);
            let inside = p.iter().all(|v| (2.0..terrain.size - 2.0).contains(v));
            if inside && terrain.river.offset(p).abs() > terrain.river.top + 2.0 {
                put(p, lot.along, [0.6 * lot.half_along, 0.2], 1.7, 67);
            }
        }
    }
    furniture
}
