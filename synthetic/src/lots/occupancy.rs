//! Where things already stand, to be asked for a point or a rectangle.

use crate::building::Rectangle;
use crate::frame::Point;
use crate::streets::Way;
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

impl<'a> Occupancy<'a> {
    pub(super) fn new(terrain: &'a Terrain, ways: &[Way]) -> Self {
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

    pub(super) fn add(&mut self, rectangle: Rectangle) {
        for cell in self.cells(rectangle.centre, rectangle.radius()) {
            self.rectangles[cell].push(rectangle);
        }
    }

    /// Whether a rectangle may be taken: `gap` to buildings, `kerb` to carriageways.
    pub(super) fn is_free(&self, rectangle: &Rectangle, gap: f64, kerb: f64) -> bool {
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
