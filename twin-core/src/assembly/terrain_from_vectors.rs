//! A terrain from the heights of vector features alone, where there is no point cloud.
//!
//! BD TOPO draws roads, railways, water and relief lines in 3D by photogrammetry or from a terrain
//! model, to some 0.5–2.5 m; buildings state the altitude of their foot. Their vertices, and
//! positions every few metres between them, become points of a TIN. Objects on bridges or in
//! tunnels are left out. Between roads such a terrain is a guess, smooth where the ground is not:
//! it serves to stand buildings on and is **unfit for hazard**, which the quality report says. All
//! its cells are of quality *virtual*.

use super::SurfacePoint;
use crate::products::lidar_hd;
use crate::spatial::{Geometry, Line};
use crate::territory::{Features, GroundPosition};

/// Longest distance between two points along a line, metres.
const STEP_M: f64 = 10.0;
/// Longest edge of a triangle of such a terrain, metres: the mesh of a network of paths.
pub const VECTOR_VOID_EDGE_M: f64 = 1500.0;

/// Points of the ground from the heights of the features.
pub fn terrain_points(features: &Features) -> Vec<SurfacePoint> {
    let mut points = Vec::new();
    let is_on_ground = |position: &Option<GroundPosition>| {
        !position.as_ref().is_some_and(|p| p.is_above() || p.is_below())
    };
    for road in features.roads.iter().filter(|r| is_on_ground(&r.position)) {
        along(&road.geometry, &mut points);
    }
    for rail in features.rails.iter().filter(|r| is_on_ground(&r.position)) {
        along(&rail.geometry, &mut points);
    }
    for course in features.water_courses.iter().filter(|c| is_on_ground(&c.position)) {
        along(&course.geometry, &mut points);
    }
    for water in features.water_surfaces.iter().filter(|w| is_on_ground(&w.position)) {
        along(&water.geometry, &mut points);
    }
    for line in &features.relief_lines {
        along(&line.geometry, &mut points);
    }
    for building in &features.buildings {
        // One point within the footprint: its outline may lie on sloping ground.
        let Some(ground) = building.ground_min_m else { continue };
        if let Some((x, y)) = building.geometry.extent().map(|e| e.centre()) {
            points.extend(SurfacePoint::from_metres([x, y, ground], lidar_hd::VIRTUAL));
        }
    }
    points
}

fn along(geometry: &Geometry, points: &mut Vec<SurfacePoint>) {
    let mut chain = |line: &Line| {
        points.extend(line.iter().filter_map(|p| SurfacePoint::from_metres(*p, lidar_hd::VIRTUAL)));
        for pair in line.windows(2) {
            let length = (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]);
            // Unknown heights are NaN and fall out in `from_metres`.
            let steps = (length / STEP_M).ceil().clamp(1.0, 10_000.0) as usize;
            points.extend((1..steps).filter_map(|k| {
                let t = k as f64 / steps as f64;
                let between = [0, 1, 2].map(|i| pair[0][i] + t * (pair[1][i] - pair[0][i]));
                SurfacePoint::from_metres(between, lidar_hd::VIRTUAL)
            }));
        }
    };
    match geometry {
        Geometry::Points(_) => {}
        Geometry::Lines(lines) => lines.iter().for_each(&mut chain),
        Geometry::Polygons(polygons) => {
            polygons.iter().flat_map(|p| p.rings()).for_each(&mut chain);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PointBins, TinOptions, interpolate};
    use super::*;
    use crate::spatial::GridSpec;
    use crate::territory::CellQuality;
    use crate::territory::{Layer as _, Road};

    fn road(id: &str, level: i8, line: Line) -> Road {
        let mut road = Road::bare(id, Geometry::Lines(vec![line]));
        road.position = Some(GroundPosition::Level(level));
        road
    }

    #[test]
    fn roads_on_the_ground_carry_it_and_bridges_do_not() {
        let roads = vec![
            road("s", 0, vec![[0.0, 0.0, 10.0], [200.0, 0.0, 30.0]]),
            road("n", 0, vec![[0.0, 100.0, 10.0], [200.0, 100.0, 30.0]]),
            road("bridge", 1, vec![[100.0, 0.0, 60.0], [100.0, 100.0, 60.0]]),
            road("flat", 0, vec![[50.0, 50.0, f64::NAN], [150.0, 50.0, f64::NAN]]),
        ];
        let points = terrain_points(&Features { roads, ..Features::default() });
        let spec = GridSpec { west: 0.0, north: 100.0, cell_size: 5.0, columns: 40, rows: 20 };
        let options = TinOptions { void_edge_m: VECTOR_VOID_EDGE_M, ..TinOptions::default() };
        let tin = interpolate(&PointBins::new(points).unwrap(), &spec, &options);
        for row in 0..20 {
            for column in 0..40 {
                let (x, _) = spec.centre(row, column);
                assert!((f64::from(tin.height[(row, column)]) - (10.0 + 0.1 * x)).abs() < 0.01);
                assert_eq!(tin.quality[(row, column)], CellQuality::Virtual as u8);
            }
        }
    }
}
