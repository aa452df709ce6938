//! Water at buildings on a lake at rest, where every level is known.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod territory;

use std::sync::Arc;

use serde_json::json;
use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
use twin_core::results::Indicators;
use twin_core::results::exposure::{Water, at_buildings, cap_at_depth_around};
use twin_core::scenario::{Edit, MeasureContext};
use twin_core::simulation::{Fields, RunContext, Simulation};
use twin_core::spatial::{Geometry, GridSpec};
use twin_core::territory::{Aggregation, Territory, TerritoryView};

/// Indicators of a lake at rest at `level_m` over the whole commune.
fn lake(view: &Arc<TerritoryView>, level_m: f64, mode: &str, floor_height_m: f64) -> Indicators {
    let e = view.spec().extent();
    let ring =
        json!([[e.min_x, e.min_y], [e.max_x, e.min_y], [e.max_x, e.max_y], [e.min_x, e.max_y]]);
    let parameters = json!({
        "initial_water": { "lac": { "area": ring, "level": { "level_m": level_m, "datum": "NGF-IGN69" } } },
        "undeclared_edges": "wall",
        "buildings": mode,
        "floor_height_m": floor_height_m,
    });
    let context = RunContext::new(60.0, 60.0);
    let flood = twin_flood::Flood::default();
    let mut run = flood.initialise(view.clone(), &parameters, &context).unwrap();
    let mut fields = Fields::new(*view.spec());
    run.advance_to(60.0, &mut fields, &context).unwrap();
    run.finish(&context).unwrap().indicators
}

fn value(indicators: &Indicators, id: &str) -> f64 {
    indicators.get(id).and_then(|i| i.value).unwrap()
}

#[test]
fn the_same_buildings_are_reached_in_every_mode_and_the_floor_counts() {
    let territory = Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 4.0);
    let view = Arc::new(TerritoryView::new(territory, spec, Vec::new()).unwrap());
    let terrain = view.terrain(Aggregation::Mean).unwrap();
    let (low, high) = terrain.range().unwrap();
    let level_m = f64::from(0.4 * low + 0.6 * high);
    let counts: Vec<f64> = ["blocks", "holes", "roughness"]
        .iter()
        .map(|mode| value(&lake(&view, level_m, mode, 0.0), "buildings_exposed"))
        .collect();
    assert!(counts[0] > 0.0, "the lake reaches no building");
    assert_eq!(counts[0], counts[1]);
    assert_eq!(counts[0], counts[2]);
    let on_stilts = value(&lake(&view, level_m, "blocks", 50.0), "buildings_exposed");
    assert_eq!(on_stilts, 0.0);
    // The lake's area follows from the terrain alone: every open cell below the level is wet.
    let wet = terrain.values.iter().filter(|z| f64::from(**z) < level_m - 0.011).count();
    let area_ha = value(&lake(&view, level_m, "roughness", 0.0), "area_flooded");
    let cell_ha = spec.cell_area() / 1e4;
    assert!((area_ha - wet as f64 * cell_ha).abs() <= 0.01 * area_ha, "{area_ha} ha, {wet} cells");
}

#[test]
fn under_rain_a_building_has_the_depth_around_it_at_most_less_its_own_floor() {
    let territory = Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 4.0);
    let e = spec.extent();
    let ring =
        json!([[e.min_x, e.min_y], [e.max_x, e.min_y], [e.max_x, e.max_y], [e.min_x, e.max_y]]);
    let context = MeasureContext { name: "planchers", territory: &territory };
    let parameters = json!({ "geometry": ring, "floor_height_m": 0.1 });
    let registry = twin_simulations::registry().unwrap();
    let edits = registry.measure("floor-raised").unwrap().edits(&parameters, &context).unwrap();
    let view = TerritoryView::new(territory.clone(), spec, edits).unwrap();
    // A film of half a metre on every slope.
    let terrain = view.terrain(Aggregation::Mean).unwrap();
    let (depth, level) = (terrain.map(|_| 0.5), terrain.map(|z| z + 0.5));
    let water = Water { depth: &depth, level: &level, terrain: &terrain, wet_depth_m: 0.01 };
    let before = at_buildings(&view, &water, 0.8, false);
    let mut capped = before.clone();
    cap_at_depth_around(&view, &mut capped, &depth, 0.8);
    assert!(before.iter().any(|b| b.depth_m > 0.4), "no building on a slope");
    for (before, capped) in before.iter().zip(&capped) {
        assert!((capped.depth_m - before.depth_m.min(0.4)).abs() < 1e-6, "{before:?} {capped:?}");
    }
}

#[test]
fn a_facility_inside_a_reached_building_is_reached_in_every_mode() {
    let territory = Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 4.0);
    let mut table = FeatureTable::new("equipement", Some(territory.crs()))
        .with_field("cleabs", FieldKind::Text)
        .with_field("classes", FieldKind::Text);
    let features = territory.features();
    for (i, building) in features.buildings.iter().enumerate() {
        let (x, y) = building.geometry.extent().unwrap().centre();
        table.features.push(Feature {
            geometry: Some(Geometry::Points(vec![[x, y, f64::NAN]])),
            values: vec![Value::Text(format!("ERP{i}")), Value::Text("sensible".into())],
        });
    }
    let view = TerritoryView::new(territory, spec, vec![Edit::AddFeatures(table)]).unwrap();
    let view = Arc::new(view);
    let (low, high) = view.terrain(Aggregation::Mean).unwrap().range().unwrap();
    let level_m = f64::from(0.4 * low + 0.6 * high);
    for mode in ["blocks", "holes", "roughness"] {
        let reached = lake(&view, level_m, mode, 0.0);
        let facilities = value(&reached, "facilities_sensible");
        assert!(facilities >= value(&reached, "buildings_exposed"), "{mode}: {facilities}");
    }
}
