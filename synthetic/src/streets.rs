//! The street plan: a main road along the valley, rows of streets above it, cross streets, two
//! roads over the river, the quarter behind the dyke, country lanes and tracks.
//!
//! Streets follow the valley axis (`y = a(x) + v`), so that the plan bends with the valley. They
//! are cut at every junction and at bridge abutments into sections that share their end points,
//! as the `troncon_de_route` of BD TOPO are.

use crate::frame::Point;
use crate::random::{Random, derive, wave};
use crate::terrain::Terrain;

/// What a street is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreetClass {
    /// Through road (route départementale).
    Main,
    /// Village street.
    Street,
    /// Lane between villages and farms.
    Lane,
    /// Farm track, not paved.
    Track,
}

/// A section of street between two junctions.
#[derive(Debug, Clone, PartialEq)]
pub struct Street {
    /// Name.
    pub name: String,
    /// Class.
    pub class: StreetClass,
    /// Width of the carriageway, metres.
    pub width: f64,
    /// Axis, Lambert-93 and metres NGF-IGN69; on a bridge the height is that of the deck.
    pub line: Vec<[f64; 3]>,
    /// Whether the section is a bridge.
    pub on_bridge: bool,
}

/// A whole street on the plan.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) name: String,
    pub(crate) class: StreetClass,
    pub(crate) half_width: f64,
    pub(crate) line: Vec<Point>,
    /// Whether houses stand along it.
    pub(crate) built: bool,
}

/// Where the village is on the plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Village {
    pub(crate) west: f64,
    pub(crate) east: f64,
    /// Offsets of the main road and of the last row from the valley axis.
    pub(crate) main: f64,
    pub(crate) top: f64,
    /// Middle of the old centre.
    pub(crate) centre: Point,
    /// Offset of the first street behind the dyke (negative).
    pub(crate) low: f64,
}

const NAMES: [&str; 22] = [
    "Rue Haute",
    "Rue des Écoles",
    "Rue des Jardins",
    "Rue du Lavoir",
    "Rue des Tilleuls",
    "Rue du Four",
    "Rue des Vignes",
    "Impasse du Puits",
    "Rue du Marché",
    "Rue des Remparts",
    "Rue de la Forge",
    "Rue des Noyers",
    "Rue Basse",
    "Rue de la Mairie",
    "Rue des Artisans",
    "Rue du Stade",
    "Rue des Acacias",
    "Rue du Verger",
    "Rue de la Fontaine",
    "Rue du Tertre",
    "Rue des Lilas",
    "Rue du Clos",
];

impl Village {
    pub(crate) fn new(terrain: &Terrain) -> Self {
        let (size, k) = (terrain.size, terrain.river.scale);
        let half = (0.42 * size).min(400.0);
        let east = terrain
            .stream
            .as_ref()
            .map_or(0.5 * size + half, |s| s.axis(terrain.river.axis(0.5 * size) + 60.0).0 - 32.0);
        let main = 78.0 * k;
        let x = 0.5 * (terrain.bridges[0].x + terrain.bridges[1].x);
        Self {
            west: 0.5 * size - half,
            east,
            main,
            top: main + (0.36 * size - main).clamp(0.0, 178.0),
            centre: [x, terrain.river.axis(x) + main + 26.0 * k],
            low: -90.0 * k,
        }
    }
}

struct Plan<'a> {
    terrain: &'a Terrain,
    ways: Vec<Way>,
    random: Random,
    names: usize,
}

/// Draws the streets; ends of cross streets lie on the streets they leave.
pub(crate) fn draw(seed: u64, terrain: &Terrain, village: &Village) -> Vec<Way> {
    let mut plan =
        Plan { terrain, ways: Vec::new(), random: Random::new(derive(seed, 0x10)), names: 0 };
    let size = terrain.size;
    let k = terrain.river.scale;
    let along = |plan: &mut Plan, v: f64, from: f64, to: f64, bend: f64| -> Vec<Point> {
        let phase = plan.random.unit();
        sample(from, to, |x| [x, terrain.river.axis(x) + v + bend * wave(x / 310.0 + phase).0])
    };

    let line = along(&mut plan, village.main, 0.0, size, 3.0 * k);
    plan.push("Grande Rue", StreetClass::Main, 3.2, line, true);

    // Rows above the main road.
    let mut rows = vec![0];
    let mut v = village.main + 58.0;
    let mut indent = 12.0;
    while v <= village.top + 1.0 {
        let (from, to) = (village.west + indent, village.east - 0.6 * indent);
        if to - from > 60.0 {
            let line = along(&mut plan, v, from, to, 6.0);
            rows.push(plan.ways.len());
            plan.named(StreetClass::Street, 2.6, line);
        }
        v += 58.0;
        indent += plan.random.range(22.0, 45.0);
    }
    let last_row = rows.last().copied().unwrap_or(0);

    // Streets behind the dyke.
    let inset = 46.0 * k;
    let south_fits = |v: f64| terrain.river.axis(0.5 * size) + v > 25.0;
    let mut low_rows = Vec::new();
    for v in [village.low, village.low - 50.0] {
        if south_fits(v) {
            low_rows.push(plan.ways.len());
            let line = along(&mut plan, v, terrain.bay[0] + inset, terrain.bay[1] - inset, 3.0 * k);
            let name = if v == village.low { "Rue de la Digue" } else { "Rue des Prés" };
            plan.push(name, StreetClass::Street, 2.5, line, true);
        }
    }
    // A through road on the far hillside of larger communes.
    let far = (size >= 900.0).then(|| {
        let line = along(&mut plan, -262.0, 0.0, size, 8.0);
        plan.push("Route des Coteaux", StreetClass::Lane, 2.4, line, true);
        plan.ways.len() - 1
    });

    // The two roads over the river.
    for (i, bridge) in terrain.bridges.iter().enumerate() {
        let target = low_rows.last().map(|&row| plan.crossing(row, bridge.x));
        let south = match (i, far) {
            (0, Some(far)) => plan.crossing(far, bridge.x),
            (0, None) => 0.0,
            (_, _) => target.unwrap_or(bridge.south - 14.0),
        };
        let top = if i == 0 { last_row } else { rows.get(1).copied().unwrap_or(0) };
        let north = plan.crossing(top, bridge.x);
        let line = sample(south, north, |y| [bridge.x, y]);
        let (name, class) = if i == 0 {
            ("Rue du Pont", StreetClass::Main)
        } else {
            ("Rue du Moulin", StreetClass::Street)
        };
        plan.push(name, class, bridge.half_road, line, true);
    }

    // Cross streets above, lanes behind the dyke.
    let mut x = village.west + 40.0;
    while last_row > 0 && x < village.east - 25.0 {
        let clear = terrain.bridges.iter().all(|b| (b.x - x).abs() > 46.0);
        if clear {
            let top = rows
                .iter()
                .rev()
                .copied()
                .find(|&row| {
                    let line = &plan.ways[row].line;
                    line[0][0] + 8.0 < x && x < line[line.len() - 1][0] - 8.0
                })
                .unwrap_or(0);
            if top > 0 {
                plan.cross(0, top, x, StreetClass::Street, 2.3, 5.0);
            }
        }
        x += if clear { plan.random.range(82.0, 118.0) } else { 24.0 };
    }
    if let [first, second] = low_rows[..] {
        for share in [0.08, 0.55, 0.93] {
            let x =
                terrain.bay[0] + inset + share * (terrain.bay[1] - terrain.bay[0] - 2.0 * inset);
            if terrain.bridges.iter().all(|b| (b.x - x).abs() > 30.0) {
                plan.cross(second, first, x, StreetClass::Street, 2.2, 0.0);
            }
        }
    }

    // Country lanes and tracks, to the edges of the commune.
    let mut x = (0.055 * size).min(55.0);
    let mut number = 0;
    while size >= 600.0 && x < size {
        if x < village.west - 20.0 || x > village.east + 95.0 {
            number += 1;
            let class = if number % 2 == 0 { StreetClass::Lane } else { StreetClass::Track };
            let start = plan.crossing(0, x);
            let line = plan.wander(x, start, size);
            plan.push("Chemin des Bois", class, 1.7, line, class == StreetClass::Lane);
            if let Some(far) = far {
                let start = plan.crossing(far, x + 60.0);
                let mut line = plan.wander(x + 60.0, 0.0, start);
                // It meets the road where its last bend ends.
                if let Some(end) = line.last_mut() {
                    *end = [x + 60.0, start];
                }
                plan.push("Chemin des Landes", class, 1.7, line, class == StreetClass::Lane);
            }
        }
        x += if size > 1500.0 { 420.0 } else { 0.9 * size };
    }
    if size >= 2000.0 {
        let mut v = 700.0;
        while terrain.river.axis(0.5 * size) + v < size - 60.0 {
            let line = along(&mut plan, v, 0.0, size, 12.0);
            plan.push("Route de la Plaine", StreetClass::Lane, 2.3, line, true);
            v += 900.0;
        }
    }
    plan.ways
}

impl Plan<'_> {
    fn push(
        &mut self,
        name: &str,
        class: StreetClass,
        half_width: f64,
        line: Vec<Point>,
        built: bool,
    ) {
        if line.len() >= 2 {
            self.ways.push(Way { name: name.to_owned(), class, half_width, line, built });
        }
    }

    fn named(&mut self, class: StreetClass, half_width: f64, line: Vec<Point>) {
        let name = NAMES[self.names % NAMES.len()];
        self.names += 1;
        self.push(name, class, half_width, line, true);
    }

    /// Ordinate of a street that follows the valley, at an abscissa.
    fn crossing(&self, way: usize, x: f64) -> f64 {
        let line = &self.ways[way].line;
        let after = line.iter().position(|p| p[0] >= x).unwrap_or(line.len() - 1).max(1);
        let (a, b) = (line[after - 1], line[after]);
        let t = ((x - a[0]) / (b[0] - a[0])).clamp(0.0, 1.0);
        a[1] + t * (b[1] - a[1])
    }

    /// A cross street between two rows, bending aside in the middle.
    fn cross(&mut self, low: usize, high: usize, x: f64, class: StreetClass, half: f64, bend: f64) {
        let (south, north) = (self.crossing(low, x), self.crossing(high, x));
        let bend = bend * self.random.range(-1.0, 1.0);
        let line = sample(south, north, |y| {
            let t = (y - south) / (north - south);
            [x + 4.0 * bend * t * (1.0 - t), y]
        });
        self.named(class, half, line);
    }

    fn wander(&mut self, x: f64, from: f64, to: f64) -> Vec<Point> {
        let phase = self.random.unit();
        sample(from, to, |y| {
            let t = ((y - from) / (to - from)).clamp(0.0, 1.0);
            let grow = 4.0 * t * (1.0 - t);
            [x + 9.0 * grow * wave(y / 240.0 + phase).0, y]
        })
        .into_iter()
        .filter(|p| (0.0..=self.terrain.size).contains(&p[0]))
        .collect()
    }
}

fn sample(from: f64, to: f64, at: impl Fn(f64) -> Point) -> Vec<Point> {
    let count = ((to - from).abs() / 4.0).ceil().max(1.0) as usize;
    (0..=count).map(|i| at(from + (to - from) * i as f64 / count as f64)).collect()
}
