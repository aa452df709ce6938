//! Roofs of known shape, scanned with 5 cm of noise, and what may come as footprints and points.

use super::*;
use crate::assembly::solid::volume;
use crate::assembly::{FaceKind, prism};

/// A repeatable source of numbers in [0, 1).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

struct Shape {
    name: &'static str,
    corners: &'static [(f64, f64)],
    /// Height over the ground.
    height: fn(f64, f64) -> f64,
    planes: usize,
}

const SHAPES: [Shape; 11] = [
    Shape { name: "flat", corners: &RECTANGLE, height: |_, _| 6.0, planes: 1 },
    Shape { name: "gable", corners: &RECTANGLE, height: |_, y| 8.0 - 0.8 * y.abs(), planes: 2 },
    Shape {
        name: "hip",
        corners: &[(-7.0, -4.0), (7.0, -4.0), (7.0, 4.0), (-7.0, 4.0)],
        height: |x, y| 8.0 - 0.8 * y.abs().max(x.abs() - 3.0),
        planes: 4,
    },
    Shape {
        name: "pyramid",
        corners: &[(-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0)],
        height: |x, y| 9.0 - 0.7 * y.abs().max(x.abs()),
        planes: 4,
    },
    Shape {
        name: "L",
        corners: &[(-8.0, -5.0), (8.0, -5.0), (8.0, 9.0), (2.0, 9.0), (2.0, 1.0), (-8.0, 1.0)],
        height: |x, y| {
            let (along, back) = (8.0 - 0.8 * (y + 2.0).abs(), 8.0 - 0.8 * (x - 5.0).abs());
            // Hip outside the corner of the ridges, valley inside.
            if x > 5.0 && y < -2.0 {
                along.min(back)
            } else if y < -2.0 {
                along
            } else if x > 5.0 {
                back
            } else {
                along.max(back)
            }
        },
        planes: 4,
    },
    Shape {
        name: "mansard",
        corners: &[(-7.0, -5.0), (7.0, -5.0), (7.0, 5.0), (-7.0, 5.0)],
        height: |_, y| {
            let inwards = 5.0 - y.abs();
            6.0 + if inwards < 1.2 { 2.0 * inwards } else { 2.4 + 0.35 * (inwards - 1.2) }
        },
        planes: 4,
    },
    Shape { name: "shed", corners: &RECTANGLE, height: |_, y| 5.0 + 0.3 * y, planes: 1 },
    Shape {
        name: "stepped",
        corners: &[(-8.0, -4.0), (8.0, -4.0), (8.0, 4.0), (-8.0, 4.0)],
        height: |x, _| if x < 2.0 { 9.0 } else { 5.5 },
        planes: 2,
    },
    Shape {
        name: "saw-tooth",
        corners: &[(-9.0, -6.0), (9.0, -6.0), (9.0, 6.0), (-9.0, 6.0)],
        height: |x, _| 5.0 + 0.4 * ((x + 9.0) % 6.0),
        planes: 3,
    },
    Shape {
        name: "dormer",
        corners: &[(-6.0, -5.0), (6.0, -5.0), (6.0, 5.0), (-6.0, 5.0)],
        height: |x, y| {
            let roof = 9.0 - 0.9 * y.abs();
            if x.abs() < 1.5 && y < -1.0 && y > -4.0 { roof.max(7.9) } else { roof }
        },
        planes: 3,
    },
    Shape {
        name: "tower",
        corners: &[(-8.0, -6.0), (8.0, -6.0), (8.0, 6.0), (-8.0, 6.0)],
        height: |x, y| if x.abs() < 2.5 && y.abs() < 2.5 { 14.0 } else { 7.0 },
        planes: 2,
    },
];

const RECTANGLE: [(f64, f64); 4] = [(-6.0, -4.0), (6.0, -4.0), (6.0, 4.0), (-6.0, 4.0)];
const GROUND_M: f64 = 50.0;

/// A shape turned and placed, its points, and its mean and largest height.
fn scan(shape: &Shape, seed: u64, per_m2: f64) -> (Polygon, Vec<[f64; 3]>, f64, f64) {
    let (sin, cos) = (seed as f64 * 0.37).sin_cos();
    let place = |x: f64, y: f64| (700_000.0 + x * cos - y * sin, 6_600_000.0 + x * sin + y * cos);
    let corners: Vec<(f64, f64)> = shape.corners.iter().map(|&(x, y)| place(x, y)).collect();
    let drawn = Polygon::from_corners(shape.corners);
    let mut random = Random(seed * 977 + per_m2 as u64);
    let (mut points, mut sum) = (Vec::new(), 0.0);
    for _ in 0..(18.0 * 18.0 * per_m2) as usize {
        let (x, y) = (-9.0 + 18.0 * random.next(), -9.0 + 18.0 * random.next());
        if drawn.contains(x, y) {
            let height = (shape.height)(x, y);
            let (px, py) = place(x, y);
            points.push([px, py, GROUND_M + height + 0.05 * random.normal()]);
            sum += height;
        }
    }
    let mean = sum / points.len() as f64;
    let places =
        (0..181 * 181).map(|i| (-9.0 + 0.1 * f64::from(i % 181), -9.0 + 0.1 * f64::from(i / 181)));
    let inside = places.filter(|&(x, y)| drawn.contains(x, y));
    let highest = inside.map(|(x, y)| (shape.height)(x, y)).fold(0.0, f64::max);
    (Polygon::from_corners(&corners), points, mean, highest)
}

#[test]
fn roofs_of_every_shape_are_found() {
    let (mut count, mut right) = (0, 0);
    for shape in &SHAPES {
        for seed in 0..10 {
            let (polygon, points, mean, highest) = scan(shape, seed, 10.0);
            let roof = find_roof(&polygon, &points, &[]).unwrap();
            let fit = roof.fit(RoofDetail::Planes);
            let faces = roof.solid(RoofDetail::Planes, GROUND_M);
            let faces = faces.unwrap_or_else(|e| panic!("{} {seed}: {e:?}", shape.name));
            assert!(faces.iter().any(|f| f.kind == FaceKind::Ground));
            count += 1;
            let rings = local_rings(&polygon, [700_000.0, 6_600_000.0, 0.0]);
            let error = volume(&faces) / (area(&rings) * mean) - 1.0;
            let top = faces.iter().flat_map(|f| &f.rings).flatten().map(|p| p[2]);
            let top = top.fold(f64::NEG_INFINITY, f64::max) - GROUND_M;
            let is_right = fit.planes == shape.planes
                && fit.rmse_m <= 0.08
                && error.abs() <= 0.02
                && (top - highest).abs() <= 0.15;
            if is_right {
                right += 1;
            } else {
                eprintln!("{} {seed}: {fit:?}, volume {error:.3}, top {top:.2}", shape.name);
            }
        }
    }
    assert!(right * 100 >= 95 * count, "{right} of {count}");
}

#[test]
fn flat_parts_join_what_differs_by_less_than_three_metres() {
    let shape = |name: &str| SHAPES.iter().find(|s| s.name == name).unwrap();
    let parts = |name: &str| {
        let (polygon, points, ..) = scan(shape(name), 1, 10.0);
        let roof = find_roof(&polygon, &points, &[]).unwrap();
        roof.solid(RoofDetail::Parts, GROUND_M).unwrap();
        roof.fit(RoofDetail::Parts).planes
    };
    assert_eq!(parts("gable"), 1);
    assert_eq!(parts("stepped"), 2);
    assert_eq!(parts("tower"), 2);
}

#[test]
fn a_courtyard_that_the_footprint_hides_is_left_out_and_a_rim_of_ground_is_not() {
    let square = Polygon::from_corners(&[(0.0, 0.0), (24.0, 0.0), (24.0, 24.0), (0.0, 24.0)]);
    let is_yard = |p: &[f64; 3]| (8.0..16.0).contains(&p[0]) && (8.0..16.0).contains(&p[1]);
    let lattice = |step: f64, z: f64| -> Vec<[f64; 3]> {
        let n = (24.0 / step) as u32;
        let place = |k: u32| [f64::from(k % n) * step + 0.1, f64::from(k / n) * step + 0.1, z];
        (0..n * n).map(place).collect()
    };
    let roof: Vec<[f64; 3]> = lattice(0.33, 7.0).into_iter().filter(|p| !is_yard(p)).collect();
    let volume_of = |ground: &[[f64; 3]]| {
        let shape = find_roof(&square, &roof, ground).unwrap();
        [RoofDetail::Parts, RoofDetail::Planes]
            .map(|detail| volume(&shape.solid(detail, 0.0).unwrap()))
    };
    let yard: Vec<[f64; 3]> = lattice(0.5, 0.0).into_iter().filter(is_yard).collect();
    for found in volume_of(&yard) {
        let real = 7.0 * (576.0 - 64.0);
        assert!((found - real).abs() < 0.03 * real, "{found} for {real}");
    }
    let rim: Vec<[f64; 3]> = lattice(0.5, 0.0).into_iter().filter(|p| p[0] < 0.9).collect();
    for found in volume_of(&rim) {
        assert!((found - 7.0 * 576.0).abs() < 1.0, "{found}");
    }
}

#[test]
fn the_roof_is_what_is_seen_from_above() {
    let square = Polygon::from_corners(&[(0.0, 0.0), (12.0, 0.0), (12.0, 12.0), (0.0, 12.0)]);
    let cloud = |step: f64, z: f64, from: f64| -> Vec<[f64; 3]> {
        let n = (12.0 / step) as u32;
        let place = |k: u32| [f64::from(k % n) * step + 0.1, f64::from(k / n) * step + 0.1, z];
        (0..n * n).map(place).filter(|p| p[0] >= from).collect()
    };
    // A floor of which more points come back than of the glass roof over its half.
    let points = [cloud(0.25, 3.0, 0.0), cloud(0.4, 7.0, 6.0)].concat();
    let shape = find_roof(&square, &points, &[]).unwrap();
    let found = volume(&shape.solid(RoofDetail::Planes, 0.0).unwrap());
    let real = 72.0 * (3.0 + 7.0);
    assert!((found - real).abs() < 0.03 * real, "{found} for {real}");
}

#[test]
fn what_cannot_be_modelled_says_why() {
    let square = Polygon::from_corners(&[(0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (0.0, 8.0)]);
    let cloud = |z: &dyn Fn(usize) -> f64| -> Vec<[f64; 3]> {
        (0..400).map(|i| [0.2 + 0.4 * (i % 20) as f64, 0.2 + 0.4 * (i / 20) as f64, z(i)]).collect()
    };
    assert_eq!(find_roof(&square, &[], &[]).unwrap_err(), NoRoof::FewPoints);
    assert_eq!(
        find_roof(&Polygon::default(), &cloud(&|_| 5.0), &[]).unwrap_err(),
        NoRoof::Footprint
    );
    let line = Polygon::from_corners(&[(0.0, 0.0), (4.0, 0.0), (8.0, 0.0)]);
    assert_eq!(find_roof(&line, &cloud(&|_| 5.0), &[]).unwrap_err(), NoRoof::Footprint);
    // Leaves of a tree: no plane that tells much.
    let mut random = Random(3);
    let heights: Vec<f64> = (0..400).map(|_| 10.0 * random.next()).collect();
    let tree = find_roof(&square, &cloud(&|i| heights[i]), &[]).unwrap_err();
    assert!(matches!(tree, NoRoof::NoPlane | NoRoof::PoorFit));
}

#[test]
fn any_footprint_and_cloud_give_a_valid_solid_or_a_reason() {
    for seed in 0..200 {
        let mut random = Random(seed);
        let corners: Vec<(f64, f64)> = (0..3 + seed as usize % 9)
            .map(|_| (20.0 * random.next(), 20.0 * random.next()))
            .collect();
        let points: Vec<[f64; 3]> = (0..600)
            .map(|_| {
                let (x, y) = (20.0 * random.next(), 20.0 * random.next());
                let z = 5.0 + 3.0 * (x / 6.0).floor() + 0.5 * (y / 5.0).floor() * x / 10.0;
                [x, y, z + 0.1 * random.normal()]
            })
            .collect();
        if let Ok(roof) = find_roof(&Polygon::from_corners(&corners), &points, &[]) {
            for detail in [RoofDetail::Parts, RoofDetail::Planes] {
                if let Ok(faces) = roof.solid(detail, 0.0) {
                    assert!(defects(&faces, SCALE_M).is_empty() && volume(&faces) > 0.0, "{seed}");
                }
            }
        }
    }
}

#[test]
fn defects_are_told_apart() {
    let square = Polygon::from_corners(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 2.0)]);
    let block = prism(&square, 0.0, 3.0).unwrap();
    let found = |change: &dyn Fn(&mut Vec<Face>)| {
        let mut faces = block.clone();
        change(&mut faces);
        defects(&faces, SCALE_M).into_iter().collect::<Vec<_>>()
    };
    assert!(found(&|_| ()).is_empty());
    assert_eq!(found(&|f| f.truncate(5)), [Defect::NotClosed]);
    assert_eq!(found(&|f| f[2].rings[0].reverse()), [Defect::FaceOrientation]);
    assert_eq!(found(&|f| f.push(f[2].clone())), [Defect::NonManifold]);
    assert_eq!(
        found(&|f| f[1].rings[0][2][2] += 0.2),
        [Defect::NonPlanarDistance, Defect::NotClosed][..1]
    );
    assert_eq!(
        found(&|f| f.iter_mut().flat_map(|f| &mut f.rings).for_each(|r| r.reverse())),
        [Defect::InsideOut]
    );
    let far = |f: &mut Vec<Face>, by: f64| {
        let mut other = block.clone();
        other.iter_mut().flat_map(|f| &mut f.rings).flatten().for_each(|p| {
            p[0] += by;
            p[2] += 0.5 * by.min(1.0);
        });
        f.extend(other);
    };
    assert_eq!(found(&|f| far(f, 10.0)), [Defect::SeveralComponents]);
    // Two corners of the roof exchanged: the ring crosses itself.
    let crossed = found(&|f| f[1].rings[0].swap(1, 2));
    assert!(crossed.contains(&Defect::RingSelfIntersection), "{crossed:?}");
}
