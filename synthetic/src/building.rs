//! Buildings with their exact solids.

use serde::{Deserialize, Serialize};

use crate::frame::{Frame, Point};
use crate::roof::{self, RoofPlane, RoofShape, RoofSize};
use crate::terrain::Terrain;

/// Main use of a building.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildingUse {
    /// Houses and blocks of flats.
    Dwelling,
    /// Garages and garden sheds.
    Annex,
    /// Farm sheds.
    Agricultural,
    /// Workshops and works.
    Industrial,
    /// Shops and services, public buildings included.
    Services,
    /// Church.
    Religious,
}

/// A building and its truth.
#[derive(Debug, Clone)]
pub struct Building {
    /// Number, from 1.
    pub id: usize,
    /// Main use.
    pub usage: BuildingUse,
    /// Shape of the roof.
    pub roof: RoofShape,
    /// Outline of the walls, counter-clockwise, first vertex repeated, Lambert-93.
    pub footprint: Vec<[f64; 2]>,
    /// Roof planes; they overhang the walls.
    pub planes: Vec<RoofPlane>,
    /// Lowest and highest ground along the walls, metres NGF-IGN69.
    pub ground: [f64; 2],
    /// Where walls and roof meet on the street side.
    pub wall_plate: f64,
    /// Lowest edge of the roof.
    pub gutter: f64,
    /// Highest point of the roof.
    pub ridge: f64,
    /// Overhang at the street and garden sides, metres.
    pub overhang: f64,
    /// Storeys, ground floor included.
    pub storeys: u32,
    /// Dwellings.
    pub dwellings: u32,
    /// How far the outline is displaced in BD TOPO, metres east and north.
    pub vector_shift: [f64; 2],
    /// Street.
    pub street: String,
    /// Middle of the lot's rectangle, half sizes and directions, on the plan.
    pub(crate) lot: Rectangle,
}

/// A rectangle on the plan, turned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rectangle {
    pub(crate) centre: Point,
    /// Unit vector along the street and away from it.
    pub(crate) along: Point,
    pub(crate) away: Point,
    pub(crate) half_along: f64,
    pub(crate) half_away: f64,
}

impl Rectangle {
    /// Plan position of `(u, w)` in the rectangle's frame.
    pub(crate) fn at(&self, u: f64, w: f64) -> Point {
        [
            self.centre[0] + u * self.along[0] + w * self.away[0],
            self.centre[1] + u * self.along[1] + w * self.away[1],
        ]
    }

    /// `(u, w)` of a plan position.
    pub(crate) fn local(&self, p: Point) -> Point {
        let (dx, dy) = (p[0] - self.centre[0], p[1] - self.centre[1]);
        [dx * self.along[0] + dy * self.along[1], dx * self.away[0] + dy * self.away[1]]
    }

    pub(crate) fn corners(&self) -> [Point; 4] {
        let (a, b) = (self.half_along, self.half_away);
        [self.at(-a, -b), self.at(a, -b), self.at(a, b), self.at(-a, b)]
    }

    /// Grown (or shrunk) on all sides.
    pub(crate) fn grown(&self, margin: f64) -> Self {
        Self { half_along: self.half_along + margin, half_away: self.half_away + margin, ..*self }
    }

    pub(crate) fn contains(&self, p: Point) -> bool {
        let [u, w] = self.local(p);
        u.abs() <= self.half_along && w.abs() <= self.half_away
    }

    /// Distance of a point outside, 0 inside.
    pub(crate) fn distance(&self, p: Point) -> f64 {
        let [u, w] = self.local(p);
        let (du, dw) = ((u.abs() - self.half_along).max(0.0), (w.abs() - self.half_away).max(0.0));
        (du * du + dw * dw).sqrt()
    }

    pub(crate) fn radius(&self) -> f64 {
        (self.half_along * self.half_along + self.half_away * self.half_away).sqrt()
    }

    /// Whether two rectangles overlap (separating axes).
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let d = [other.centre[0] - self.centre[0], other.centre[1] - self.centre[1]];
        let dot = |a: Point, b: Point| a[0] * b[0] + a[1] * b[1];
        [self.along, self.away, other.along, other.away].into_iter().all(|axis| {
            let reach = |r: &Self| {
                r.half_along * dot(r.along, axis).abs() + r.half_away * dot(r.away, axis).abs()
            };
            dot(d, axis).abs() < reach(self) + reach(other) - 1e-9
        })
    }

    /// Whether `away` is to the left of `along` (the frame keeps directions).
    fn is_direct(&self) -> bool {
        self.along[0] * self.away[1] - self.along[1] * self.away[0] > 0.0
    }
}

/// What is decided about a building before it is built.
#[derive(Debug, Clone)]
pub(crate) struct Design {
    pub(crate) usage: BuildingUse,
    pub(crate) roof: RoofShape,
    pub(crate) rectangle: Rectangle,
    pub(crate) pitch: f64,
    pub(crate) over_ends: f64,
    pub(crate) over_sides: f64,
    /// Walls above the mean ground.
    pub(crate) wall_height: f64,
    pub(crate) storeys: u32,
    pub(crate) dwellings: u32,
    pub(crate) vector_shift: [f64; 2],
    pub(crate) street: String,
    pub(crate) lot: Rectangle,
}

impl Design {
    /// Puts the building on the ground.
    pub(crate) fn build(self, id: usize, terrain: &Terrain, frame: &Frame) -> Building {
        let r = self.rectangle;
        let size = RoofSize {
            length: 2.0 * r.half_along,
            depth: 2.0 * r.half_away,
            pitch: self.pitch,
            over_ends: self.over_ends,
            over_sides: self.over_sides,
            wing: (0.5 * (r.half_along + r.half_away)).clamp(4.0, 8.0).min(1.2 * r.half_away),
            drop: 3.0,
        };
        let (walls, corners) = roof::build(self.roof, &size);
        let outline: Vec<Point> = walls.iter().map(|p| r.at(p[0], p[1])).collect();
        let mut ground = [f64::INFINITY, f64::NEG_INFINITY];
        let mut sum = 0.0;
        for p in &outline {
            let z = terrain.height(*p);
            ground = [ground[0].min(z), ground[1].max(z)];
            sum += z;
        }
        let mean = sum / outline.len() as f64;
        let wall_plate = mean + self.wall_height;
        // A ring counter-clockwise in (u, w) is so in the world unless an odd number of mirrors
        // lies between.
        let reverse = r.is_direct() == frame.mirrors();
        let mut footprint: Vec<[f64; 2]> = outline.iter().map(|&p| frame.world(p)).collect();
        if reverse {
            footprint.reverse();
        }
        footprint.extend(footprint.first().copied());
        let planes: Vec<RoofPlane> = corners
            .into_iter()
            .filter_map(|ring| {
                let mut ring: Vec<[f64; 3]> = ring
                    .into_iter()
                    .map(|[u, w, h]| {
                        let [x, y] = frame.world(r.at(u, w));
                        [x, y, wall_plate + h]
                    })
                    .collect();
                if reverse {
                    ring.reverse();
                }
                RoofPlane::new(ring)
            })
            .collect();
        let heights = || planes.iter().flat_map(|p| &p.ring).map(|v| v[2]);
        let gutter = heights().fold(f64::INFINITY, f64::min);
        let ridge = heights().fold(f64::NEG_INFINITY, f64::max);
        Building {
            id,
            usage: self.usage,
            roof: self.roof,
            footprint,
            planes,
            ground,
            wall_plate,
            gutter,
            ridge,
            overhang: if matches!(self.roof, RoofShape::Flat | RoofShape::Stepped) {
                0.0
            } else {
                self.over_sides
            },
            storeys: self.storeys,
            dwellings: self.dwellings,
            vector_shift: self.vector_shift,
            street: self.street,
            lot: self.lot,
        }
    }
}

impl Building {
    /// Height of the roof above a position, overhang included.
    pub fn roof_height(&self, x: f64, y: f64) -> Option<f64> {
        self.planes.iter().filter(|p| p.contains(x, y)).map(|p| p.height(x, y)).reduce(f64::max)
    }

    /// Whether a position lies within the walls.
    pub fn contains(&self, x: f64, y: f64) -> bool {
        let mut inside = false;
        for e in self.footprint.windows(2) {
            if (e[0][1] > y) != (e[1][1] > y)
                && x < e[0][0] + (y - e[0][1]) / (e[1][1] - e[0][1]) * (e[1][0] - e[0][0])
            {
                inside = !inside;
            }
        }
        inside
    }

    /// Area within the walls, m².
    pub fn footprint_area(&self) -> f64 {
        let ring = &self.footprint;
        let Some(o) = ring.first() else { return 0.0 };
        let cross = |e: &[[f64; 2]]| {
            (e[0][0] - o[0]) * (e[1][1] - o[1]) - (e[1][0] - o[0]) * (e[0][1] - o[1])
        };
        0.5 * ring.windows(2).map(cross).sum::<f64>()
    }

    /// The outline as BD TOPO has it: displaced by the registration error.
    pub fn vector_footprint(&self) -> Vec<[f64; 2]> {
        let [dx, dy] = self.vector_shift;
        self.footprint.iter().map(|p| [p[0] + dx, p[1] + dy]).collect()
    }
}
