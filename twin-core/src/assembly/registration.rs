//! Footprints moved onto their roof points.
//!
//! Footprints come from cadastre and images and lie up to a metre beside what the LiDAR sees. The
//! buildings of a block, which touch each other, are moved together, so that their common walls stay
//! common: of the shifts of up to [`FARTHEST_M`] in steps of a decimetre the one that brings most
//! built points within the footprints (with points spread evenly, the largest overlap of footprint
//! and roof), the shortest of equals. Large blocks stay where they are: one shift does not fit them.

use geo::Relate as _;
use rstar::{RTree, primitives::GeomWithData, primitives::Rectangle};

use super::{LatticeBox, PointBins};
use crate::products::lidar_hd;
use crate::spatial::{Extent, Polygon};
use crate::territory::Building;

/// Farthest shift, m.
const FARTHEST_M: f64 = 1.0;
/// First and last step of the search, m.
const STEPS_M: [f64; 2] = [0.5, 0.1];
/// A shift is not believed where going on by this factor would win more.
const FARTHER: f64 = 1.5;
/// Share of the points that a shift must win to be made.
const LEAST_GAIN: f64 = 0.02;
/// Fewest points that tell anything.
const FEWEST_POINTS: usize = 50;
/// Largest side of a block that is moved, m.
const LARGEST_BLOCK_M: f64 = 150.0;
/// Points of a block that are looked at: more tell no more.
const MOST_POINTS: usize = 20_000;

/// Buildings that touch, by the first of them.
pub(super) struct Blocks {
    /// Block of each building.
    of: Vec<usize>,
    members: Vec<Vec<usize>>,
}

impl Blocks {
    /// Of footprints that share at least a point.
    pub(super) fn new(buildings: &[Building]) -> Self {
        let shapes: Vec<geo::MultiPolygon<f64>> =
            buildings.iter().map(|b| b.geometry.to_multi_polygon()).collect();
        let boxes: Vec<Option<Extent>> = buildings.iter().map(|b| b.geometry.extent()).collect();
        let tree = RTree::bulk_load(
            boxes
                .iter()
                .enumerate()
                .filter_map(|(k, e)| {
                    let e = e.as_ref()?;
                    let corners = ([e.min_x, e.min_y], [e.max_x, e.max_y]);
                    Some(GeomWithData::new(Rectangle::from_corners(corners.0, corners.1), k))
                })
                .collect(),
        );
        let mut sets = petgraph::unionfind::UnionFind::<usize>::new(buildings.len());
        for (k, extent) in boxes.iter().enumerate() {
            let Some(e) = extent else { continue };
            let area = rstar::AABB::from_corners([e.min_x, e.min_y], [e.max_x, e.max_y]);
            for other in tree.locate_in_envelope_intersecting(&area).map(|r| r.data) {
                if other > k
                    && !sets.equiv(k, other)
                    && shapes[k].relate(&shapes[other]).is_intersects()
                {
                    sets.union(k, other);
                }
            }
        }
        let of = sets.into_labeling();
        let mut members = vec![Vec::new(); buildings.len()];
        for (k, &block) in of.iter().enumerate() {
            members[block].push(k);
        }
        Self { of, members }
    }

    /// The block of a building.
    pub(super) fn of(&self, building: usize) -> usize {
        self.of[building]
    }

    /// East and north by which a block is to be moved.
    pub(super) fn shift_m(
        &self,
        block: usize,
        buildings: &[Building],
        built: &PointBins,
    ) -> [f64; 2] {
        let standing = self.members[block].iter().map(|&k| &buildings[k]);
        let polygons: Vec<&Polygon> =
            standing.filter(|b| b.is_standing()).flat_map(|b| b.footprint()).collect();
        let corners = polygons.iter().flat_map(|p| &p.exterior).map(|p| (p[0], p[1]));
        let Some(extent) = Extent::of_points(corners) else { return [0.0; 2] };
        if extent.width().max(extent.height()) > LARGEST_BLOCK_M {
            return [0.0; 2];
        }
        let around = LatticeBox::of_extent(&extent.buffered(FARTHER * FARTHEST_M));
        let mut points: Vec<[f64; 2]> = built
            .within(&around)
            .filter(|p| lidar_hd::is_built(p.class))
            .map(|p| p.to_metres())
            .map(|[x, y, _]| [x, y])
            .collect();
        let thinning = points.len().div_ceil(MOST_POINTS).max(1);
        points = points.into_iter().step_by(thinning).collect();
        if points.len() < FEWEST_POINTS {
            return [0.0; 2];
        }
        best_shift(&polygons, &points)
    }
}

fn best_shift(polygons: &[&Polygon], points: &[[f64; 2]]) -> [f64; 2] {
    let covered = |shift: [f64; 2]| {
        let inside = |p: &&[f64; 2]| {
            polygons.iter().any(|polygon| polygon.contains(p[0] - shift[0], p[1] - shift[1]))
        };
        points.iter().filter(inside).count()
    };
    let stay = covered([0.0; 2]);
    let mut best = (stay, [0.0; 2]);
    let mut reach = FARTHEST_M;
    for step in STEPS_M {
        let (middle, count) = (best.1, (reach / step).round() as i32);
        for (i, j) in (-count..=count).flat_map(|i| (-count..=count).map(move |j| (i, j))) {
            let shift = [middle[0] + f64::from(i) * step, middle[1] + f64::from(j) * step];
            if shift[0].hypot(shift[1]) > FARTHEST_M + 1e-9 {
                continue;
            }
            let found = covered(shift);
            let is_shorter = shift[0].hypot(shift[1]) < best.1[0].hypot(best.1[1]);
            if found > best.0 || (found == best.0 && is_shorter) {
                best = (found, shift);
            }
        }
        reach = step;
    }
    let gain = (best.0 - stay) as f64 / points.len() as f64;
    // The points of something else than this roof lie farther off.
    let is_beyond = covered(best.1.map(|v| FARTHER * v)) > best.0;
    if gain < LEAST_GAIN || is_beyond { [0.0; 2] } else { best.1 }
}

/// A polygon moved.
pub(super) fn moved(polygon: &Polygon, shift: [f64; 2]) -> Polygon {
    let mut polygon = polygon.clone();
    for p in std::iter::once(&mut polygon.exterior).chain(&mut polygon.interiors).flatten() {
        (p[0], p[1]) = (p[0] + shift[0], p[1] + shift[1]);
    }
    polygon
}

#[cfg(test)]
mod tests {
    use super::super::SurfacePoint;
    use super::*;
    use crate::spatial::Geometry;
    use crate::territory::Layer as _;

    fn house(id: &str, west: f64) -> Building {
        let (east, south, north) = (west + 10.0, 100.0, 108.0);
        let corners = [(west, south), (east, south), (east, north), (west, north)];
        Building::bare(id, Geometry::Polygons(vec![Polygon::from_corners(&corners)]))
    }

    /// Roof points every 0.4 m over two houses that lie off their footprints.
    fn points(off: [f64; 2]) -> PointBins {
        let lattice = (0..50).flat_map(|i| (0..20).map(move |j| (f64::from(i), f64::from(j))));
        let points = lattice.map(|(i, j)| {
            let place = [100.2 + 0.4 * i + off[0], 100.2 + 0.4 * j + off[1], 8.0];
            SurfacePoint::from_metres(place, lidar_hd::BUILDING).unwrap()
        });
        PointBins::new(points.collect()).unwrap()
    }

    #[test]
    fn attached_houses_move_together_onto_their_points() {
        let buildings = [house("a", 100.0), house("b", 110.0), house("c", 140.0)];
        let blocks = Blocks::new(&buildings);
        assert_eq!(blocks.of(0), blocks.of(1));
        assert_ne!(blocks.of(0), blocks.of(2));
        for off in [[0.6, -0.4], [-0.8, 0.7], [0.0, 0.0]] {
            let shift = blocks.shift_m(blocks.of(0), &buildings, &points(off));
            for k in 0..2 {
                // Rows of points are 0.4 m apart.
                assert!((shift[k] - off[k]).abs() <= 0.25, "{shift:?} for {off:?}");
            }
        }
        assert_eq!(blocks.shift_m(blocks.of(2), &buildings, &points([0.0; 2])), [0.0; 2]);
    }

    #[test]
    fn points_farther_off_than_a_metre_move_nothing() {
        let buildings = [house("a", 100.0), house("b", 110.0)];
        let blocks = Blocks::new(&buildings);
        let shift = blocks.shift_m(blocks.of(0), &buildings, &points([5.0, 0.0]));
        assert_eq!(shift, [0.0; 2]);
    }
}
