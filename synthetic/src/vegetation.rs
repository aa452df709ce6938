//! Trees and hedges.

use crate::cover::Cover;
use crate::frame::{Frame, Point};
use crate::land_use::LandUse;
use crate::lots::Occupancy;
use crate::random::{Random, derive};
use crate::sections::distance;
use crate::streets::{StreetClass, Village, Way};
use crate::terrain::Terrain;

/// A tree. Its crown is a half ellipsoid (broad-leaved) or a cone (conifer) above its base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tree {
    /// Foot, Lambert-93 and metres NGF-IGN69.
    pub position: [f64; 3],
    /// Height above its foot, metres.
    pub height: f64,
    /// Radius of the crown, metres.
    pub crown_radius: f64,
    /// Height of the crown's base above the foot, metres.
    pub crown_base: f64,
    /// Whether it is a conifer.
    pub conifer: bool,
}

impl Tree {
    /// Top of the crown above a position, NGF-IGN69.
    pub fn canopy(&self, x: f64, y: f64) -> Option<f64> {
        let (dx, dy) = (x - self.position[0], y - self.position[1]);
        let q = (dx * dx + dy * dy) / (self.crown_radius * self.crown_radius);
        if q >= 1.0 {
            return None;
        }
        let shape = if self.conifer { 1.0 - q.sqrt() } else { (1.0 - q).sqrt() };
        Some(self.position[2] + self.crown_base + (self.height - self.crown_base) * shape)
    }
}

/// A hedge: a straight box of leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hedge {
    /// Ends, Lambert-93.
    pub ends: [[f64; 2]; 2],
    /// Ground at the ends, metres NGF-IGN69.
    pub ground: [f64; 2],
    /// Height, metres.
    pub height: f64,
    /// Width, metres.
    pub width: f64,
}

impl Hedge {
    /// Top of the hedge above a position, NGF-IGN69.
    pub fn canopy(&self, x: f64, y: f64) -> Option<f64> {
        let [a, b] = self.ends;
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let t = ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy);
        let aside = distance([x, y], [a[0] + t * dx, a[1] + t * dy]);
        ((0.0..=1.0).contains(&t) && aside <= 0.5 * self.width)
            .then(|| self.ground[0] + t * (self.ground[1] - self.ground[0]) + self.height)
    }
}

/// Where trees may grow.
pub(crate) struct Garden<'a> {
    pub(crate) terrain: &'a Terrain,
    pub(crate) frame: &'a Frame,
    pub(crate) occupancy: &'a Occupancy<'a>,
    pub(crate) land_use: &'a LandUse,
}

#[derive(Clone, Copy)]
struct Kind {
    height: [f64; 2],
    /// Crown radius per height.
    spread: [f64; 2],
    conifers: f64,
}

const WOOD: Kind = Kind { height: [10.0, 22.0], spread: [0.19, 0.26], conifers: 0.2 };
const ORCHARD: Kind = Kind { height: [3.5, 5.0], spread: [0.42, 0.5], conifers: 0.0 };
const YARD: Kind = Kind { height: [3.5, 11.0], spread: [0.28, 0.42], conifers: 0.15 };
const STREET: Kind = Kind { height: [7.0, 10.0], spread: [0.3, 0.38], conifers: 0.0 };
const RIPARIAN: Kind = Kind { height: [8.0, 17.0], spread: [0.22, 0.32], conifers: 0.0 };

impl Garden<'_> {
    /// All trees, in a fixed order.
    pub(crate) fn trees(&self, seed: u64, ways: &[Way], village: &Village) -> Vec<Tree> {
        let mut random = Random::new(derive(seed, 0x40));
        let mut trees = Vec::new();
        self.grow_fields(&mut random, &mut trees);
        self.grow_streets(&mut random, &mut trees, ways, village);
        self.grow_banks(&mut random, &mut trees);
        trees
    }

    fn tree(&self, random: &mut Random, p: Point, kind: Kind) -> Tree {
        let height = random.range(kind.height[0], kind.height[1]);
        let conifer = random.chance(kind.conifers);
        let spread =
            random.range(kind.spread[0], kind.spread[1]) * if conifer { 0.75 } else { 1.0 };
        let [x, y] = self.frame.world(p);
        Tree {
            position: [x, y, self.terrain.height(p)],
            height,
            crown_radius: height * spread,
            crown_base: height * if conifer { 0.12 } else { random.range(0.22, 0.35) },
            conifer,
        }
    }

    /// Whether a trunk may stand there, `gap` metres from walls.
    fn is_open(&self, p: Point, gap: f64) -> bool {
        let terrain = self.terrain;
        let inside = p.iter().all(|v| (1.0..terrain.size - 1.0).contains(v));
        inside
            && terrain.river.offset(p).abs() > terrain.river.top + 0.8
            && !terrain.on_dyke(p)
            && terrain.pond.is_none_or(|pond| pond.radius(p) > 1.15)
            && terrain.stream.as_ref().is_none_or(|s| p[1] < s.mouth || s.distance(p) > 1.6)
            && self.occupancy.is_open(p, gap)
    }

    fn grow_fields(&self, random: &mut Random, trees: &mut Vec<Tree>) {
        for field in &self.land_use.fields {
            let (spacing, kind, share, jitter) = match field.cover {
                Cover::Wood => (6.2, WOOD, 0.92, 0.8),
                Cover::Orchard => (7.0, ORCHARD, 0.97, 0.08),
                Cover::Garden => (11.0, YARD, 0.5, 0.95),
                Cover::Meadow => (46.0, RIPARIAN, 0.35, 0.9),
                _ => continue,
            };
            let (mut low, mut high) = (field.corners[0], field.corners[0]);
            for c in field.corners {
                low = [low[0].min(c[0]), low[1].min(c[1])];
                high = [high[0].max(c[0]), high[1].max(c[1])];
            }
            let first = |v: f64| (v / spacing).floor() as i64;
            for j in first(low[1])..=first(high[1]) {
                for i in first(low[0])..=first(high[0]) {
                    let shake = |random: &mut Random| jitter * (random.unit() - 0.5);
                    let p = [
                        (i as f64 + 0.5 + shake(random)) * spacing,
                        (j as f64 + 0.5 + shake(random)) * spacing,
                    ];
                    if random.chance(share) && field.contains(p) && self.is_open(p, 2.6) {
                        trees.push(self.tree(random, p, kind));
                    }
                }
            }
        }
    }

    fn grow_streets(
        &self,
        random: &mut Random,
        trees: &mut Vec<Tree>,
        ways: &[Way],
        village: &Village,
    ) {
        for way in ways.iter().filter(|w| w.class == StreetClass::Main) {
            let mut since = 0.0;
            for pair in way.line.windows(2) {
                let length = distance(pair[0], pair[1]);
                since += length;
                if since < 11.0 {
                    continue;
                }
                since = 0.0;
                let along =
                    [(pair[1][0] - pair[0][0]) / length, (pair[1][1] - pair[0][1]) / length];
                for side in [1.0, -1.0] {
                    let reach = way.half_width + 1.9;
                    let p = [
                        pair[0][0] - side * reach * along[1],
                        pair[0][1] + side * reach * along[0],
                    ];
                    if (village.west..village.east).contains(&p[0])
                        && self.is_open(p, 3.2)
                        && random.chance(0.85)
                    {
                        trees.push(self.tree(random, p, STREET));
                    }
                }
            }
        }
    }

    fn grow_banks(&self, random: &mut Random, trees: &mut Vec<Tree>) {
        let terrain = self.terrain;
        for side in [1.0, -1.0] {
            let mut x = 3.0;
            while x < terrain.size {
                let offset = side * (terrain.river.top + random.range(1.2, 3.4));
                let p = terrain.river.at_offset(x, offset);
                // No trees on the dyke's side: roots and dykes do not agree.
                let at_dyke = side < 0.0
                    && terrain.has_dyke
                    && (terrain.dyke.from - 6.0..terrain.dyke.to + 6.0).contains(&x);
                let at_bridge = terrain.bridges.iter().any(|b| (b.x - x).abs() < 12.0);
                if !at_dyke && !at_bridge && random.chance(0.72) && self.is_open(p, 3.0) {
                    trees.push(self.tree(random, p, RIPARIAN));
                }
                x += random.range(5.0, 11.0);
            }
        }
        if let Some(stream) = &terrain.stream {
            let mut y = stream.mouth + 12.0;
            while y < terrain.size {
                let side = if random.chance(0.5) { 1.0 } else { -1.0 };
                let p = [stream.axis(y).0 + side * random.range(2.6, 4.5), y];
                if random.chance(0.7) && self.is_open(p, 3.0) {
                    trees.push(self.tree(random, p, RIPARIAN));
                }
                y += random.range(5.0, 12.0);
            }
        }
    }

    /// Hedges along the borders of fields, open at roads and streams.
    pub(crate) fn hedges(&self, seed: u64) -> Vec<Hedge> {
        let mut random = Random::new(derive(seed, 0x41));
        let mut hedges = Vec::new();
        for field in &self.land_use.fields {
            // The western and southern border of each field, so that none comes twice.
            for (i, j) in [(0, 1), (3, 0)] {
                let share = if field.cover == Cover::Garden { 0.3 } else { 0.42 };
                let (height, width) = (random.range(1.4, 4.5), random.range(1.2, 2.8));
                if !random.chance(share) {
                    continue;
                }
                let (a, b) = (field.corners[i], field.corners[j]);
                let pieces = (distance(a, b) / 6.0).ceil().max(1.0) as usize;
                let at = |n: usize| {
                    let t = n as f64 / pieces as f64;
                    [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]
                };
                for n in 0..pieces {
                    let ends = [at(n), at(n + 1)];
                    let middle = [0.5 * (ends[0][0] + ends[1][0]), 0.5 * (ends[0][1] + ends[1][1])];
                    if [ends[0], middle, ends[1]].iter().all(|&p| self.is_open(p, 1.8)) {
                        hedges.push(Hedge {
                            ends: ends.map(|p| self.frame.world(p)),
                            ground: ends.map(|p| self.terrain.height(p)),
                            height,
                            width,
                        });
                    }
                }
            }
        }
        hedges
    }
}
