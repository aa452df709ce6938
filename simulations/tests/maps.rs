//! Runoff maps of a synthetic commune find the river that its ground was made with.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod territory;

use std::sync::Arc;

use serde_json::json;
use twin_core::language::Text;
use twin_core::scenario::{Edit, LineStructure};
use twin_core::simulation::{Analysis, Outcome, RunContext};
use twin_core::spatial::{Geometry, GridSpec, Position};
use twin_core::territory::{Territory, TerritoryView};
use twin_synthetic::{Commune, CommuneOptions};

fn mapped(parameters: serde_json::Value) -> Outcome {
    mapped_with(parameters, Vec::new())
}

fn mapped_with(parameters: serde_json::Value, edits: Vec<Edit>) -> Outcome {
    let territory = Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 2.0);
    let view = TerritoryView::new(territory, spec, edits).unwrap();
    let map = twin_runoff::map::RunoffMap::default();
    map.compute(&view, &parameters, &RunContext::new(60.0, 60.0)).unwrap()
}

/// Distance in plan from a point to a line.
fn distance(line: &[Position], [x, y, _]: Position) -> f64 {
    let to = |pair: &[Position]| {
        let ([ax, ay, _], [bx, by, _]) = (pair[0], pair[1]);
        let (dx, dy) = (bx - ax, by - ay);
        let t = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        (x - ax - t * dx).hypot(y - ay - t * dy)
    };
    line.windows(2).map(to).fold(f64::INFINITY, f64::min)
}

#[test]
fn the_thalweg_that_drains_most_follows_the_river() {
    let commune = Commune::generate(&CommuneOptions {
        size_m: 200.0,
        points_per_m2: 1.0,
        dyke: false,
        ..CommuneOptions::default()
    })
    .unwrap();
    let outcome = mapped(json!({ "thalweg_area_ha": 0.2, "envelope": { "draws": 10 } }));
    let table = outcome.assets.iter().find(|t| t.name == "thalweg").unwrap();
    let drained = table.column("drained_ha").unwrap();
    let area = |f: &twin_core::formats::Feature| match f.values[drained] {
        twin_core::formats::Value::Real(ha) => ha,
        _ => 0.0,
    };
    let main = table.features.iter().max_by(|a, b| area(a).total_cmp(&area(b))).unwrap();
    let Some(Geometry::Lines(lines)) = &main.geometry else { panic!("no line") };
    let axis = commune.river_axis();
    let (half_width, _) = commune.river_section();
    for position in &lines[0] {
        let from_axis = distance(&axis, *position);
        // Within the river or a cell of its bank.
        assert!(from_axis < half_width + 4.0, "{position:?} lies {from_axis} m from the axis");
    }
    // The whole territory but its edges drains to the river.
    assert!(area(main) > 0.3 * 4.0, "{} ha", area(main));
    let value = |id: &str| outcome.indicators.get(id).unwrap().value.unwrap();
    assert!(value("envelope_area") > 0.0);
    // The envelope holds every thalweg of the terrain as it is, and more.
    let field = |name: &str| &outcome.statics.iter().find(|f| f.name == name).unwrap().grid;
    let (drained, frequency) = (field("drained_area"), field("thalweg_frequency"));
    let thalwegs = drained.values.iter().zip(&frequency.values).filter(|(ha, _)| **ha >= 0.2001);
    assert!(thalwegs.clone().count() > 0 && thalwegs.clone().all(|(_, often)| *often > 0.0));
    let bare = mapped(json!({ "thalweg_area_ha": 0.2, "envelope": { "draws": 0 } }));
    let bare_area = bare.indicators.get("envelope_area").unwrap().value.unwrap();
    assert!(value("envelope_area") > bare_area, "{bare_area}");
}

#[test]
fn a_soil_that_lets_less_water_in_never_produces_less_runoff() {
    let production = |texture: &str| {
        let outcome = mapped(json!({ "envelope": { "draws": 0 }, "soil": { "texture": texture } }));
        let field = outcome.statics.into_iter().find(|f| f.name == "irip_production").unwrap();
        field.grid.values
    };
    let (sand, clay) = (production("sand"), production("clay"));
    let higher = sand.iter().zip(&clay).filter(|(s, c)| c > s).count();
    assert!(sand.iter().zip(&clay).all(|(s, c)| s.is_nan() || c >= s));
    assert!(higher > sand.len() / 4, "{higher} of {}", sand.len());
}

#[test]
fn water_gathers_behind_a_levee_across_the_valley() {
    let territory = Territory::open(&territory::folder().join("small.twin")).unwrap();
    let extent = territory.spec().extent();
    let (x, _) = extent.centre();
    let crest = vec![[x, extent.min_y, 66.0], [x + 9.0, extent.max_y, 66.0]];
    let levee = LineStructure::levee("digue", Text::new("Digue", "Levee"), vec![crest]);
    let parameters = || json!({ "envelope": { "draws": 0 } });
    let volume =
        |outcome: Outcome| outcome.indicators.get("depressions_volume").unwrap().value.unwrap();
    let without = volume(mapped(parameters()));
    let with = volume(mapped_with(parameters(), vec![Edit::Structure(levee)]));
    // A pond of at least 10 × 20 m and a metre behind it.
    assert!(with > 200.0 + without, "{with} {without}");
}
