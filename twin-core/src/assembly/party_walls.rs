//! Party walls (*murs mitoyens*): walls along which two buildings stand against each other.
//!
//! Two walls are one where they run within [`APART_M`] of each other over at least
//! [`SHORTEST_M`] in directions that differ by less than [`ANGLE`]. What counts is the plan: the height
//! over which they touch is that of the lower building.

use rstar::primitives::{GeomWithData, Line};
use rstar::{AABB, RTree};

use crate::territory::Building;

/// Distance of walls that stand against each other, m.
const APART_M: f64 = 0.3;
/// Shortest common wall, m.
const SHORTEST_M: f64 = 0.5;
/// Greatest sine of the angle between them.
const ANGLE: f64 = 0.1;

/// Walls of all footprints, by place.
pub(super) struct PartyWalls {
    walls: RTree<GeomWithData<Line<[f64; 2]>, usize>>,
}

impl PartyWalls {
    pub(super) fn new(buildings: &[Building]) -> Self {
        let mut walls = Vec::new();
        for (k, building) in buildings.iter().enumerate().filter(|(_, b)| b.is_standing()) {
            for pair in
                building.footprint().iter().flat_map(|p| p.rings()).flat_map(|r| r.windows(2))
            {
                let ends = [[pair[0][0], pair[0][1]], [pair[1][0], pair[1][1]]];
                if ends.as_flattened().iter().all(|v| v.is_finite()) {
                    walls.push(GeomWithData::new(Line::new(ends[0], ends[1]), k));
                }
            }
        }
        Self { walls: RTree::bulk_load(walls) }
    }

    /// Length of a wall of a building that other buildings stand against, m.
    pub(super) fn shared_m(&self, building: usize, from: [f64; 2], to: [f64; 2]) -> f64 {
        let along = [to[0] - from[0], to[1] - from[1]];
        let length = along[0].hypot(along[1]);
        if !(length.is_finite() && length > 0.0) {
            return 0.0;
        }
        let along = along.map(|v| v / length);
        let low = [0, 1].map(|k| from[k].min(to[k]) - APART_M);
        let high = [0, 1].map(|k| from[k].max(to[k]) + APART_M);
        let mut shared: Vec<[f64; 2]> = Vec::new();
        let near = AABB::from_corners(low, high);
        for wall in self.walls.locate_in_envelope_intersecting(&near) {
            if wall.data == building {
                continue;
            }
            // Distance along and beside this wall of the other's ends.
            let [a, b] = [wall.geom().from, wall.geom().to].map(|p| {
                let d = [p[0] - from[0], p[1] - from[1]];
                [d[0] * along[0] + d[1] * along[1], d[1] * along[0] - d[0] * along[1]]
            });
            let other = (b[0] - a[0]).hypot(b[1] - a[1]);
            let is_parallel = (b[1] - a[1]).abs() <= ANGLE * other;
            let is_beside = a[1].abs() <= APART_M && b[1].abs() <= APART_M;
            let overlap = [a[0].min(b[0]).max(0.0), a[0].max(b[0]).min(length)];
            if is_parallel && is_beside && overlap[1] - overlap[0] >= SHORTEST_M {
                shared.push(overlap);
            }
        }
        shared.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let (mut sum, mut end) = (0.0, f64::NEG_INFINITY);
        for [start, stop] in shared {
            sum += (stop - start.max(end)).max(0.0);
            end = end.max(stop);
        }
        sum
    }

    /// Length of all walls of a building that others stand against, m.
    pub(super) fn of_building_m(&self, building: usize, of: &Building) -> f64 {
        let rings = of.footprint().iter().flat_map(|p| p.rings());
        rings
            .flat_map(|r| r.windows(2))
            .map(|w| self.shared_m(building, [w[0][0], w[0][1]], [w[1][0], w[1][1]]))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::{Geometry, Polygon};
    use crate::territory::Layer as _;

    fn house(id: &str, west: f64, south: f64, east: f64, north: f64) -> Building {
        let corners = [(west, south), (east, south), (east, north), (west, north)];
        Building::bare(id, Geometry::Polygons(vec![Polygon::from_corners(&corners)]))
    }

    #[test]
    fn attached_houses_share_the_wall_that_both_have() {
        // The second stands against the upper 6 m of the first, a hand's breadth away.
        let buildings = [house("a", 0.0, 0.0, 10.0, 8.0), house("b", 10.1, 2.0, 20.0, 12.0)];
        let walls = PartyWalls::new(&buildings);
        for (k, building) in buildings.iter().enumerate() {
            assert!((walls.of_building_m(k, building) - 6.0).abs() < 1e-9);
        }
        assert_eq!(walls.shared_m(0, [0.0, 0.0], [10.0, 0.0]), 0.0);
    }

    #[test]
    fn houses_that_touch_at_a_corner_or_stand_apart_share_none() {
        let buildings = [
            house("a", 0.0, 0.0, 10.0, 8.0),
            house("b", 10.0, 8.0, 20.0, 16.0),
            house("c", 11.0, 0.0, 20.0, 7.0),
        ];
        let walls = PartyWalls::new(&buildings);
        for (k, building) in buildings.iter().enumerate() {
            assert_eq!(walls.of_building_m(k, building), 0.0, "{k}");
        }
    }

    #[test]
    fn two_neighbours_on_one_wall_count_once() {
        let buildings = [
            house("a", 0.0, 0.0, 10.0, 8.0),
            house("b", 10.0, 0.0, 20.0, 5.0),
            house("twice", 10.0, 4.0, 20.0, 8.0),
        ];
        let walls = PartyWalls::new(&buildings);
        assert!((walls.shared_m(0, [10.0, 0.0], [10.0, 8.0]) - 8.0).abs() < 1e-9);
    }
}
