//! Impact of a lake at rest, where every level is known, and of measures that it feels.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod territory;

use std::sync::Arc;

use serde_json::{Value, json};
use twin_core::results::Indicators;
use twin_core::scenario::MeasureContext;
use twin_core::simulation::{Fields, Outcome, RunContext, Simulation};
use twin_core::spatial::GridSpec;
use twin_core::territory::{Aggregation, Edit, Territory, TerritoryView};

fn small() -> Arc<Territory> {
    Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap())
}

fn view(edits: Vec<Edit>) -> Arc<TerritoryView> {
    let territory = small();
    let spec = GridSpec::covering(&territory.spec().extent(), 4.0);
    Arc::new(TerritoryView::new(territory, spec, edits).unwrap())
}

/// A level that floods the lower part of the commune.
fn level_m(view: &TerritoryView) -> f64 {
    let (low, high) = view.terrain(Aggregation::Mean).unwrap().range().unwrap();
    f64::from(0.4 * low + 0.6 * high)
}

/// The fields of a lake at rest as `flood` computes them.
fn lake(view: &Arc<TerritoryView>, level_m: f64, buildings: &str) -> Outcome {
    let e = view.spec().extent();
    let ring =
        json!([[e.min_x, e.min_y], [e.max_x, e.min_y], [e.max_x, e.max_y], [e.min_x, e.max_y]]);
    let parameters = json!({
        "initial_water": { "lac": { "area": ring, "level": { "level_m": level_m, "datum": "NGF-IGN69" } } },
        "undeclared_edges": "wall",
        "buildings": buildings,
    });
    let context = RunContext::new(60.0, 60.0);
    let mut run =
        twin_flood::Flood::default().initialise(view.clone(), &parameters, &context).unwrap();
    let mut fields = Fields::new(*view.spec());
    run.advance_to(60.0, &mut fields, &context).unwrap();
    run.finish(&context).unwrap()
}

/// The impact of a flood.
fn impact(view: &Arc<TerritoryView>, flood: &Outcome, parameters: &Value) -> Outcome {
    let plugin = twin_impact::Impact::default();
    let context = RunContext::new(1.0, 1.0);
    let mut run = plugin.initialise(view.clone(), parameters, &context).unwrap();
    let mut fields = Fields::new(*view.spec());
    for variable in &plugin.descriptor().variables {
        if let Some(field) = flood.statics.iter().find(|f| f.name == variable.name) {
            fields.output(variable.name).copy_from_slice(&field.grid.values);
        }
    }
    run.advance_to(0.0, &mut fields, &context).unwrap();
    run.finish(&context).unwrap()
}

fn value(indicators: &Indicators, id: &str) -> f64 {
    indicators.get(id).and_then(|i| i.value).unwrap()
}

fn edits(kind: &str, parameters: &Value) -> Vec<Edit> {
    let territory = small();
    let registry = twin_simulations::registry().unwrap();
    let context = MeasureContext { name: "essai", territory: &territory };
    registry.measure(kind).unwrap().edits(parameters, &context).unwrap()
}

fn everywhere() -> Value {
    let e = small().spec().extent();
    json!([[e.min_x, e.min_y], [e.max_x, e.min_y], [e.max_x, e.max_y], [e.min_x, e.max_y]])
}

#[test]
fn the_same_buildings_are_exposed_in_every_building_mode() {
    let view = view(Vec::new());
    let level = level_m(&view);
    let counted: Vec<[f64; 2]> = ["blocks", "holes", "roughness", "porosity"]
        .map(|mode| {
            let found = impact(&view, &lake(&view, level, mode), &json!({})).indicators;
            ["buildings_exposed", "dwellings_exposed"].map(|id| value(&found, id))
        })
        .into();
    assert!(counted[0][0] > 0.0, "the lake reaches no building");
    assert!(counted.iter().all(|c| *c == counted[0]), "{counted:?}");
}

/// On a lake at rest the water in each building is known, and so is the damage of all of them.
#[test]
fn the_damage_of_a_lake_follows_from_its_level() {
    let view = view(Vec::new());
    let level = level_m(&view);
    let flood = lake(&view, level, "holes");
    let found = impact(&view, &flood, &json!({ "uncertainty": { "draws": 0 } }));
    let curve = [
        [0.0, 0.0],
        [0.5, 0.25],
        [1.0, 0.4],
        [1.5, 0.5],
        [2.0, 0.6],
        [3.0, 0.75],
        [4.0, 0.85],
        [5.0, 0.95],
        [6.0, 1.0],
    ];
    let fraction = |h: f64| {
        let next = curve.iter().position(|p| p[0] >= h).unwrap_or(8).max(1);
        let ([h0, f0], [h1, f1]) = (curve[next - 1], curve[next]);
        f0 + (f1 - f0) * (h - h0) / (h1 - h0)
    };
    let table = found.assets.iter().find(|t| t.name == "batiment").unwrap();
    let column = |name: &str| table.column(name).unwrap();
    let mut total = 0.0;
    for row in &table.features {
        let id = row.values[column("cleabs")].as_text().unwrap().to_owned();
        let building = view.features().buildings.iter().find(|b| b.id == id).unwrap();
        let Some(damage) = row.values[column("damage_eur")].as_real() else { continue };
        let depth = row.values[column("water_depth_m")].as_real().unwrap();
        let ground = row.values[column("ground_m")].as_real().unwrap();
        assert!((depth - (level - ground).max(0.0)).abs() < 2e-3, "{id}: {depth} {level} {ground}");
        let storeys = f64::from(building.storeys.unwrap_or(1));
        let wet = (depth / 3.0).ceil().clamp(1.0, storeys);
        let exact = fraction(depth) * 1750.0 * building.footprint_area_m2() * wet;
        // The depth of the table is a float of 32 bits, of the computation one of 64.
        assert!((damage - exact).abs() <= 1.0 + 1e-4 * exact, "{id}: {damage} {exact}");
        total += damage;
    }
    assert!(total > 0.0);
    assert!((value(&found.indicators, "damage_total") - total).abs() < 1000.0);
}

#[test]
fn raised_floors_take_damage_away_and_demolished_buildings_have_none() {
    let present = view(Vec::new());
    let level = level_m(&present);
    let of = |edits: Vec<Edit>| {
        let view = view(edits);
        let found = impact(&view, &lake(&view, level, "holes"), &json!({})).indicators;
        ["damage_total", "buildings_exposed"].map(|id| value(&found, id))
    };
    let [damage, buildings] = of(Vec::new());
    let raised =
        of(edits("floor-raised", &json!({ "geometry": everywhere(), "floor_height_m": 0.8 })));
    assert!(raised[0] < damage && raised[1] <= buildings, "{raised:?} {damage} {buildings}");
    let dry =
        of(edits("floor-raised", &json!({ "geometry": everywhere(), "floor_height_m": 10.0 })));
    assert_eq!(dry, [0.0, 0.0]);
    let gone = of(edits("building-demolished", &json!({ "geometry": everywhere() })));
    assert_eq!(gone, [0.0, 0.0]);
}

#[test]
fn a_new_building_in_the_water_counts_with_its_dwellings() {
    let present = view(Vec::new());
    let level = level_m(&present);
    let terrain = present.terrain(Aggregation::Mean).unwrap();
    // A deep place, away from the border, with no building on it.
    let is_free = |x: f64, y: f64| {
        let near = |b: &&twin_core::territory::Building| {
            b.geometry.extent().is_some_and(|e| e.buffered(20.0).contains(x, y))
        };
        !present.features().buildings.iter().any(|b| near(&b))
    };
    let spec = *present.spec();
    let inner = spec.extent().buffered(-30.0);
    let mut places = (0..spec.rows).flat_map(|r| (0..spec.columns).map(move |c| (r, c)));
    let cell = places
        .find(|cell| {
            let (x, y) = spec.centre(cell.0, cell.1);
            f64::from(terrain[*cell]) < level - 1.0 && inner.contains(x, y) && is_free(x, y)
        })
        .unwrap();
    let (x, y) = spec.centre(cell.0, cell.1);
    let ring =
        json!([[x - 6.0, y - 6.0], [x + 6.0, y - 6.0], [x + 6.0, y + 6.0], [x - 6.0, y + 6.0]]);
    let added = edits(
        "building-added",
        &json!({ "geometry": ring, "height_m": 9.0, "storeys": 3, "dwellings": 12 }),
    );
    let of = |view: &Arc<TerritoryView>| {
        impact(view, &lake(view, level, "holes"), &json!({})).indicators
    };
    let (before, after) = (of(&present), of(&view(added)));
    let more = |id: &str| value(&after, id) - value(&before, id);
    assert_eq!(more("buildings_exposed"), 1.0);
    assert_eq!(more("dwellings_exposed"), 12.0);
    assert_eq!(more("ground_floor_dwellings_exposed"), 4.0);
    assert!(more("damage_total") > 0.0);
}

#[test]
fn a_closed_road_is_cut_without_any_water() {
    let present = view(Vec::new());
    let dry = lake(&present, -50.0, "holes");
    let outside = |view: &Arc<TerritoryView>| {
        value(&impact(view, &dry, &json!({})).indicators, "dwellings_cut_off_outside")
    };
    assert_eq!(outside(&present), 0.0);
    let closed = view(edits("road-cut", &json!({ "geometry": everywhere() })));
    assert!(outside(&closed) > 0.0);
}

#[test]
fn no_square_tells_of_fewer_than_eleven_dwellings() {
    let view = view(Vec::new());
    let found = impact(&view, &lake(&view, level_m(&view), "holes"), &json!({}));
    let squares = found.assets.iter().find(|t| t.name == "carreau_publiable").unwrap();
    let column = squares.column("logements").unwrap();
    assert!(!squares.features.is_empty());
    for square in &squares.features {
        match square.values[column].as_real() {
            Some(dwellings) => assert!(dwellings >= 11.0),
            None => assert!(square.values.iter().all(|v| v.as_real().is_none())),
        }
    }
}

#[test]
fn parameters_that_cannot_be_are_refused_before_anything_runs() {
    let plugin = twin_impact::Impact::default();
    let view = view(Vec::new());
    for (parameters, told) in [
        (json!({ "floor_height_m": -1.0 }), "floor_height_m"),
        (
            json!({ "damage": { "values": { "Industriel": { "eur_per_m2": [3.0, 2.0, 1.0], "source": "x" } } } }),
            "damage.values.Industriel",
        ),
        (
            json!({ "damage": { "values": { "Industriel": { "eur_per_m2": [1.0, 2.0, 3.0], "source": " " } } } }),
            "source",
        ),
        (json!({ "uncertainty": { "level_m": [0.1, 0.2] } }), "uncertainty.level_m"),
        (json!({ "damage": { "functions": "nowhere.csv" } }), "nowhere.csv"),
    ] {
        let error =
            plugin.check(&view, &parameters, &RunContext::new(0.0, 1.0)).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}
