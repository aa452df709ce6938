//! What a run tells beside its figures: warnings, and symbols on the maps.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod territory;

use std::sync::Arc;

use serde_json::{Value, json};
use twin_core::export::map::MarkerKind;
use twin_core::simulation::{Fields, Outcome, RunContext, Simulation};
use twin_core::spatial::GridSpec;
use twin_core::territory::{Aggregation, Building, Territory, TerritoryView};

fn view() -> Arc<TerritoryView> {
    let territory = Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 4.0);
    Arc::new(TerritoryView::new(territory, spec, Vec::new()).unwrap())
}

/// A second of a dry run.
fn outcome(view: &Arc<TerritoryView>, parameters: &Value) -> Outcome {
    let context = RunContext::new(1.0, 1.0);
    let flood = twin_flood::Flood::default();
    let mut run = flood.initialise(view.clone(), parameters, &context).unwrap();
    run.advance_to(1.0, &mut Fields::new(*view.spec()), &context).unwrap();
    run.finish(&context).unwrap()
}

#[test]
fn a_gauge_in_a_building_is_told() {
    let view = view();
    let largest = view.features().buildings.iter().max_by(|a, b| {
        let area = |b: &Building| b.geometry.extent().map_or(0.0, |e| e.width() * e.height());
        area(a).total_cmp(&area(b))
    });
    let (x, y) = largest.unwrap().geometry.extent().unwrap().centre();
    let warned = |mode: &str| {
        let parameters = json!({
            "undeclared_edges": "wall", "buildings": mode, "gauges": { "Mairie": [x, y] },
        });
        let warnings = outcome(&view, &parameters).warnings;
        warnings.iter().any(|w| w.fr.contains("« Mairie »") && w.en.contains("\"Mairie\""))
    };
    assert!(warned("blocks") && warned("holes") && !warned("roughness"));
}

#[test]
fn an_outflow_is_marked_where_the_side_is_lowest_and_points_outwards() {
    let view = view();
    let terrain = view.terrain(Aggregation::Mean).unwrap();
    let spec = *view.spec();
    let east = |row: usize| terrain[(row, spec.columns - 1)];
    let lowest = (0..spec.rows).min_by(|a, b| east(*a).total_cmp(&east(*b))).unwrap();
    let parameters = json!({ "outflow": { "aval": { "side": "east" } }, "buildings": "roughness",
        "undeclared_edges": "wall" });
    let markers = outcome(&view, &parameters).markers;
    let [marker] = &markers[..] else { panic!("{markers:?}") };
    assert_eq!((marker.x, marker.y), (spec.extent().max_x, spec.centre(lowest, 0).1));
    assert!(matches!(marker.kind, MarkerKind::Outflow { towards_deg } if towards_deg == 90.0));
}

#[test]
fn an_inflow_on_a_hill_and_an_outflow_without_water_are_told() {
    let view = view();
    let terrain = view.terrain(Aggregation::Mean).unwrap();
    let spec = *view.spec();
    let at = |best: &dyn Fn(f32, f32) -> bool| {
        let inside = (0..spec.len()).filter(|&i| terrain.values[i].is_finite());
        let cell =
            inside.reduce(|a, b| if best(terrain.values[b], terrain.values[a]) { b } else { a });
        let (row, column) = spec.row_column(cell.unwrap());
        spec.centre(row, column)
    };
    let warnings = |(x, y): (f64, f64)| {
        let parameters = json!({
            "inflow": { "discharge_m3_per_s": 1.0, "at": [x, y], "source": "essai" },
            "outflow": { "aval": { "side": "east" } },
            "buildings": "roughness", "undeclared_edges": "wall",
        });
        outcome(&view, &parameters).warnings
    };
    let says =
        |all: &[twin_core::language::Text], word: &str| all.iter().any(|w| w.fr.contains(word));
    let (hill, bed) = (warnings(at(&|a, b| a > b)), warnings(at(&|a, b| a < b)));
    assert!(says(&hill, "point bas voisin") && !says(&bed, "point bas voisin"));
    assert!(says(&hill, "Rien n'est sorti par « aval »"));
}

#[test]
fn an_absurd_friction_is_refused() {
    let view = view();
    let context = RunContext::new(1.0, 1.0);
    let parameters = json!({ "manning": { "bare-soil": 1e6 }, "undeclared_edges": "wall" });
    let refused = twin_flood::Flood::default().initialise(view, &parameters, &context);
    let said = refused.err().unwrap().to_string();
    assert!(said.contains("manning.bare-soil") && said.contains("Manning"), "{said}");
}

#[test]
fn an_inflow_over_an_area_brings_its_volume() {
    let view = view();
    let (x, y) = view.spec().extent().centre();
    let ring = json!([
        [x - 20.0, y - 20.0],
        [x + 20.0, y - 20.0],
        [x + 20.0, y + 20.0],
        [x - 20.0, y + 20.0]
    ]);
    let parameters = |area: Value| {
        json!({
            "inflow": { "discharge_m3_per_s": 3.0, "area": area, "source": "essai" },
            "buildings": "roughness", "undeclared_edges": "wall",
        })
    };
    let context = RunContext::new(60.0, 60.0);
    let flood = twin_flood::Flood::default();
    let mut run = flood.initialise(view.clone(), &parameters(ring), &context).unwrap();
    run.advance_to(60.0, &mut Fields::new(*view.spec()), &context).unwrap();
    let budget = run.budget().unwrap();
    assert!((budget.entered - 180.0).abs() < 1e-6 && budget.is_closed());
    let far = json!([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0]]);
    assert!(flood.initialise(view, &parameters(far), &context).is_err());
}
