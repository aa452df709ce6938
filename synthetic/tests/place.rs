//! The commune is a possible place: water runs downhill, nothing stands in anything else, and
//! what was promised is there.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use geo::{Area, BooleanOps, BoundingRect, Contains, Intersects};
use twin_core::spatial::Polygon;
use twin_synthetic::{Commune, CommuneOptions, Cover, FacilityKind, RoofShape, StreetClass};

fn commune(seed: u64, size_m: f64) -> Commune {
    Commune::generate(&CommuneOptions { seed, size_m, ..Default::default() }).unwrap()
}

fn footprint(ring: &[[f64; 2]]) -> geo::Polygon<f64> {
    let corners: Vec<(f64, f64)> = ring.iter().map(|p| (p[0], p[1])).collect();
    Polygon::from_corners(&corners).to_geo()
}

#[test]
fn river_and_stream_never_rise_downstream() {
    for (seed, size) in [(1, 1000.0), (2, 1000.0), (3, 3000.0), (4, 200.0)] {
        let commune = commune(seed, size);
        for axis in [Some(commune.river_axis()), commune.stream_axis()].into_iter().flatten() {
            assert!(axis.windows(2).all(|p| p[1][2] < p[0][2]));
        }
        for [x, y, bed] in commune.river_axis() {
            assert!((commune.terrain_height(x, y) - bed).abs() < 1e-9, "bed is carved");
        }
    }
}

#[test]
fn stream_is_carved_but_for_culverts() {
    let commune = commune(1, 1000.0);
    let axis = commune.stream_axis().unwrap();
    let open = axis.iter().filter(|p| (commune.terrain_height(p[0], p[1]) - p[2]).abs() < 0.05);
    // A few road crossings cover some metres of it.
    assert!(open.count() as f64 > 0.9 * axis.len() as f64);
}

#[test]
fn buildings_stand_apart_from_each_other_and_from_streets_and_water() {
    for (seed, size) in [(1, 1000.0), (5, 1000.0), (6, 600.0), (7, 200.0)] {
        let commune = commune(seed, size);
        let shapes: Vec<_> = commune.buildings().iter().map(|b| footprint(&b.footprint)).collect();
        let boxes: Vec<_> = shapes.iter().map(|s| s.bounding_rect().unwrap()).collect();
        for i in 0..shapes.len() {
            for j in i + 1..shapes.len() {
                if boxes[i].intersects(&boxes[j]) {
                    let shared = shapes[i].intersection(&shapes[j]).unsigned_area();
                    // Party walls share an edge, which rounding may widen to nothing visible.
                    assert!(shared < 1e-3, "seed {seed}: {} and {} share {shared}", i + 1, j + 1);
                }
            }
        }
        for (building, shape) in commune.buildings().iter().zip(&shapes) {
            assert!(building.footprint_area() > 5.0);
            for vertex in &building.footprint {
                assert!(commune.water_level(vertex[0], vertex[1]).is_none());
                assert!(commune.extent().contains(vertex[0], vertex[1]));
            }
            for street in commune.streets() {
                for p in &street.line {
                    assert!(!shape.contains(&geo::point!(x: p[0], y: p[1])), "{}", street.name);
                }
            }
        }
    }
}

#[test]
fn roofs_and_facilities_of_every_kind_are_there() {
    for seed in 1..6 {
        let commune = commune(seed, 1000.0);
        for shape in RoofShape::ALL {
            let count = commune.buildings().iter().filter(|b| b.roof == shape).count();
            assert!(count >= 3, "seed {seed}: {count} of {shape:?}");
        }
        for kind in [
            FacilityKind::Church,
            FacilityKind::TownHall,
            FacilityKind::School,
            FacilityKind::FireStation,
            FacilityKind::NursingHome,
            FacilityKind::SewageWorks,
            FacilityKind::Transformer,
        ] {
            assert!(commune.facilities().iter().any(|f| f.kind == kind), "seed {seed}: {kind:?}");
        }
        assert!(commune.buildings().len() > 200);
        assert_eq!(commune.streets().iter().filter(|s| s.on_bridge).count(), 2);
        assert!(commune.streets().iter().any(|s| s.class == StreetClass::Track));
    }
}

#[test]
fn vectors_are_displaced_by_a_metre_at_most() {
    for building in commune(1, 1000.0).buildings() {
        let [dx, dy] = building.vector_shift;
        assert!(dx * dx + dy * dy <= 1.0);
    }
}

#[test]
fn gauges_stand_in_the_open() {
    for seed in 1..6 {
        let commune = commune(seed, 1000.0);
        for (name, [x, y]) in commune.scenario_geometry().gauges {
            // Half the diagonal of a cell of 5 m around it.
            for [dx, dy] in [[0.0, 0.0], [3.5, 0.0], [-3.5, 0.0], [0.0, 3.5], [0.0, -3.5]] {
                let built = commune.buildings().iter().any(|b| b.contains(x + dx, y + dy));
                assert!(!built, "seed {seed}: {name} at {x}, {y} stands in a building");
            }
        }
    }
}

#[test]
fn dyke_crest_is_above_the_bank_and_protects_low_ground() {
    for seed in 1..6 {
        let commune = commune(seed, 1000.0);
        let geometry = commune.scenario_geometry();
        assert!(geometry.dyke.height_above_bank >= 0.8);
        for p in &geometry.dyke.line {
            assert!(commune.terrain_height(p[0], p[1]) >= p[2] - 1e-9);
            assert!(p.iter().all(|v| v.is_finite()));
        }
        let [a, b] = geometry.breach;
        let (x, y) = (0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1]));
        let drop = commune.terrain_height(x, y) - commune.terrain_height_without_dyke(x, y);
        assert!(drop > 0.8, "seed {seed}: without the dyke the ground is {drop} lower");
        // The quarter lies below the crest: it would flood at the level the dyke holds back.
        let quarter = footprint(&geometry.protected_quarter);
        let low = commune.buildings().iter().filter(|building| {
            let [x, y] = building.footprint[0];
            let nearest = geometry
                .dyke
                .line
                .iter()
                .min_by(|p, q| {
                    let d = |p: &[f64; 3]| (p[0] - x) * (p[0] - x) + (p[1] - y) * (p[1] - y);
                    d(p).total_cmp(&d(q))
                })
                .unwrap();
            quarter.contains(&geo::point!(x: x, y: y)) && building.ground[0] < nearest[2] - 1.0
        });
        assert!(low.count() >= 20, "seed {seed}");
    }
}

#[test]
fn without_its_dyke_the_commune_is_the_same_but_for_the_ground() {
    let with = commune(1, 600.0);
    let without =
        Commune::generate(&CommuneOptions { dyke: false, size_m: 600.0, ..Default::default() })
            .unwrap();
    assert_eq!(with.buildings().len(), without.buildings().len());
    for i in 0..60 {
        for j in 0..60 {
            let (x, y) = (700_005.0 + 10.0 * f64::from(i), 6_599_405.0 + 10.0 * f64::from(j));
            assert_eq!(with.terrain_height_without_dyke(x, y), without.terrain_height(x, y));
        }
    }
}

#[test]
fn every_cover_occurs_and_the_surface_is_never_below_the_ground() {
    let commune = commune(1, 1000.0);
    let mut seen = std::collections::BTreeSet::new();
    for i in 0..500 {
        for j in 0..500 {
            let (x, y) = (700_001.0 + 2.0 * f64::from(i), 6_599_001.0 + 2.0 * f64::from(j));
            seen.insert(commune.cover(x, y));
            let (ground, top) = (commune.terrain_height(x, y), commune.surface_height(x, y));
            assert!(top >= ground && top < ground + 45.0);
            assert!((50.0..140.0).contains(&ground));
        }
    }
    assert_eq!(seen.len(), Cover::ALL.len(), "{seen:?}");
}

#[test]
fn extreme_sizes_and_bad_options() {
    for (size, least) in [(200.0, 12), (3000.0, 300), (10_000.0, 300)] {
        let commune = commune(2, size);
        assert!(commune.buildings().len() >= least, "{size}: {}", commune.buildings().len());
    }
    let bad = CommuneOptions { size_m: 100.0, ..Default::default() };
    assert!(Commune::generate(&bad).is_err());
}
