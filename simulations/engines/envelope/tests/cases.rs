//! Storeys and areas that can be found by hand.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use geo::{Area, MultiPolygon, polygon};
use proptest::prelude::*;
use serde::Deserialize;
use twin_envelope::{Ceiling, Limit, Site, StoreyRule};

#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    width: f64,
    depth: f64,
    rear_limit_y: f64,
    street_width: f64,
    h_existing: f64,
    h_max: f64,
    street_slope: f64,
    street_hini: f64,
    rear_coeff_h_per_m: f64,
    floor_height: f64,
    min_depth: f64,
    adjoining_ridge: Option<f64>,
    expected: Expected,
}

#[derive(Debug, Deserialize)]
struct Expected {
    storeys_vertical: usize,
    footprint_area_added_vertical: f64,
    storeys_stepped: usize,
    storey_areas_stepped: Vec<f64>,
    area_added_stepped: f64,
}

fn rectangle(width: f64, depth: f64) -> MultiPolygon<f64> {
    let house = polygon![
        (x: 0.0, y: 0.0), (x: width, y: 0.0), (x: width, y: depth), (x: 0.0, y: depth),
    ];
    house.into()
}

fn site(case: &Case) -> Site<&'static str> {
    let mut site = Site::default();
    let altitude_m = case.h_max.max(case.adjoining_ridge.unwrap_or(0.0));
    site.ceilings.push(("height", Ceiling { altitude_m, area: None }));
    let line = |y: f64| [[-100.0, y, 0.0], [case.width + 100.0, y, 0.0]];
    site.limits.push((
        "street",
        Limit {
            ends: line(-case.street_width),
            initial_m: case.street_hini,
            arc_m: 0.0,
            slope: case.street_slope,
            least_m: 0.0,
        },
    ));
    let (ends, slope) = (line(case.rear_limit_y), case.rear_coeff_h_per_m);
    site.limits.push(("rear", Limit { ends, initial_m: 0.0, arc_m: 0.0, slope, least_m: 0.0 }));
    site
}

#[test]
fn cases_with_known_storeys_come_out_exactly() {
    let Some(path) = twin_core::test_support::data("surelevation/analytic_cases.json") else {
        return;
    };
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(cases.len() >= 5);
    for case in &cases {
        let rule = StoreyRule {
            height_m: case.floor_height,
            least_depth_m: case.min_depth,
            least_area_m2: 0.0,
            most: 30,
        };
        let house = rectangle(case.width, case.depth);
        let raised = site(case).raise(&house, case.h_existing, &rule);
        let expected = &case.expected;
        assert_eq!(raised.upright.storeys.len(), expected.storeys_vertical, "{}", case.name);
        let added = raised.upright.area_m2();
        assert!((added - expected.footprint_area_added_vertical).abs() < 1e-6, "{}", case.name);
        assert_eq!(raised.stepped.storeys.len(), expected.storeys_stepped, "{}", case.name);
        for (storey, area) in raised.stepped.storeys.iter().zip(&expected.storey_areas_stepped) {
            assert!((storey.shape.unsigned_area() - area).abs() < 1e-5, "{}", case.name);
        }
        assert!((raised.stepped.area_m2() - expected.area_added_stepped).abs() < 1e-4);
    }
}

#[test]
fn the_rule_that_refuses_is_named() {
    let rule = StoreyRule { height_m: 3.0, least_depth_m: 5.0, least_area_m2: 0.0, most: 30 };
    let opposite = [[-100.0, -10.0, 0.0], [110.0, -10.0, 0.0]];
    let mut site = Site::default();
    site.ceilings.push(("height", Ceiling { altitude_m: 30.0, area: None }));
    site.limits.push((
        "street",
        Limit { ends: opposite, initial_m: 0.0, arc_m: 0.0, slope: 1.0, least_m: 0.0 },
    ));
    let raised = site.raise(&rectangle(10.0, 12.0), 9.0, &rule);
    assert_eq!(raised.upright.refusal.rules[0].0, "street");
    assert_eq!(raised.upright.refusal.top_m, 12.0);
    // At 12 m the first two metres are too near the other side of the street.
    assert!((raised.upright.refusal.rules[0].1 - 20.0).abs() < 1e-6);
}

#[test]
fn a_street_as_wide_as_the_house_is_high_allows_it() {
    let rule = StoreyRule { height_m: 3.0, least_depth_m: 5.0, least_area_m2: 0.0, most: 30 };
    for (width, storeys) in [(12.0, 1), (11.999, 0), (15.0, 2)] {
        let ends = [[-100.0, -width, 0.0], [110.0, -width, 0.0]];
        let mut site = Site::default();
        site.limits
            .push(("street", Limit { ends, initial_m: 0.0, arc_m: 0.0, slope: 1.0, least_m: 0.0 }));
        let raised = site.raise(&rectangle(10.0, 12.0), 9.0, &rule);
        assert_eq!(raised.upright.storeys.len(), storeys, "{width}");
    }
}

#[test]
fn a_house_across_two_zones_has_the_height_of_each() {
    let rule = StoreyRule { height_m: 3.0, least_depth_m: 5.0, least_area_m2: 0.0, most: 30 };
    let west = polygon![
        (x: -50.0, y: -50.0), (x: 6.0, y: -50.0), (x: 6.0, y: 50.0), (x: -50.0, y: 50.0),
    ];
    let east = polygon![
        (x: 6.0, y: -50.0), (x: 50.0, y: -50.0), (x: 50.0, y: 50.0), (x: 6.0, y: 50.0),
    ];
    let mut site = Site::default();
    site.ceilings.push(("west", Ceiling { altitude_m: 15.0, area: Some(west.into()) }));
    site.ceilings.push(("east", Ceiling { altitude_m: 12.0, area: Some(east.into()) }));
    let raised = site.raise(&rectangle(10.0, 12.0), 9.0, &rule);
    assert_eq!(raised.upright.storeys.len(), 1);
    assert_eq!(raised.upright.refusal.rules[0].0, "east");
    let areas: Vec<f64> = raised.stepped.storeys.iter().map(|s| s.shape.unsigned_area()).collect();
    assert!((areas[0] - 120.0).abs() < 1e-6 && (areas[1] - 72.0).abs() < 1e-6, "{areas:?}");
}

/// Whether a point keeps every distance, told point by point.
fn is_free(site: &Site<usize>, x: f64, y: f64, altitude: f64) -> bool {
    site.limits.iter().all(|(_, limit)| {
        let [a, b] = limit.ends;
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let t = (((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        let distance = (x - a[0] - t * dx).hypot(y - a[1] - t * dy);
        distance >= limit.required_m(altitude, a[2] + t * (b[2] - a[2]))
    })
}

proptest! {
    #[test]
    fn the_allowed_area_is_that_of_the_points_that_keep_their_distance(
        lines in prop::collection::vec(
            (prop::array::uniform4(-30.0..30.0f64), prop::array::uniform2(0.0..3.0f64), 0.5..3.0f64, 0.0..4.0f64),
            1..4,
        ),
        altitude in 4.0..25.0f64,
    ) {
        let mut site = Site::default();
        for (k, ([x0, y0, x1, y1], [z0, z1], slope, least_m)) in lines.into_iter().enumerate() {
            prop_assume!((x1 - x0).hypot(y1 - y0) > 5.0);
            let ends = [[x0, y0, z0], [x1, y1, z1]];
            site.limits.push((k, Limit { ends, initial_m: 0.0, arc_m: 0.0, slope, least_m }));
        }
        let house = rectangle(20.0, 14.0);
        let allowed = site.allowed(&house, altitude).shape.unsigned_area();
        let step = 0.1;
        let free = (0..200 * 140).filter(|k| {
            let (x, y) = ((k % 200) as f64 * step + 0.05, (k / 200) as f64 * step + 0.05);
            is_free(&site, x, y, altitude)
        });
        let by_points = free.count() as f64 * step * step;
        // Points decide cell by cell along the edges: a tenth of a metre by their length.
        prop_assert!((allowed - by_points).abs() < 3.0, "{allowed} {by_points}");
    }
}
