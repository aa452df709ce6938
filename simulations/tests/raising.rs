//! The elevation potential in the water of another run.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod territory;

use std::sync::Arc;

use serde_json::json;
use twin_core::scenario::{MeasureContext, MeasureKind as _};
use twin_core::simulation::{Fields, Outcome, RunContext, Simulation};
use twin_core::spatial::GridSpec;
use twin_core::territory::{Aggregation, Edit, Territory, TerritoryView, Zone, ZoneKind};
use twin_elevation_potential::{ElevationPotential, PlanningRule};

/// What is found with water so deep everywhere; `None` without another run.
fn found(view: &Arc<TerritoryView>, depth_m: Option<f32>) -> Outcome {
    let plugin = ElevationPotential::default();
    let context = RunContext::new(0.0, 1.0);
    let parameters = json!({ "law_date": "2026-11-27", "urbanised": true });
    let mut run = plugin.initialise(view.clone(), &parameters, &context).unwrap();
    let mut fields = Fields::new(*view.spec());
    if let Some(depth_m) = depth_m {
        let terrain = view.terrain(Aggregation::Mean).unwrap();
        let level = terrain.values.iter().map(|z| z + depth_m).collect();
        fields.set("maximum_water_depth", vec![depth_m; view.spec().len()]).unwrap();
        fields.set("maximum_water_level", level).unwrap();
    }
    run.advance_to(0.0, &mut fields, &context).unwrap();
    run.finish(&context).unwrap()
}

/// The territory at 4 m.
fn view() -> Arc<TerritoryView> {
    edited(&small(), Vec::new())
}

fn small() -> Arc<Territory> {
    Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap())
}

fn edited(territory: &Arc<Territory>, edits: Vec<Edit>) -> Arc<TerritoryView> {
    let spec = GridSpec::covering(&territory.spec().extent(), 4.0);
    Arc::new(TerritoryView::new(territory.clone(), spec, edits).unwrap())
}

#[test]
fn blocks_and_communes_add_up_to_the_whole() {
    let view = view();
    let outcome = found(&view, None);
    let sum = |table: &str, field: &str| -> f64 {
        let table = outcome.assets.iter().find(|t| t.name == table).unwrap();
        let at = table.column(field).unwrap();
        table.features.iter().map(|f| f.values[at].as_real().unwrap()).sum()
    };
    assert_eq!(view.features().communes.len(), 1);
    let all = outcome.indicators.get("buildings_studied").unwrap().value.unwrap();
    assert!(all > 0.0);
    // Every building stands on a parcel of the one commune.
    for table in ["ilot", "commune"] {
        assert_eq!(sum(table, "batiments"), all, "{table}");
    }
    let of_verdicts: f64 = ["allowed", "possible", "unknown"]
        .iter()
        .filter_map(|v| outcome.indicators.get(&format!("floor_area_{v}"))?.value)
        .sum();
    assert!(of_verdicts > 0.0);
    for table in ["ilot", "commune"] {
        let sum = sum(table, "surface_de_plancher_m2");
        assert!((sum - of_verdicts).abs() < 1.0, "{table}: {sum} of {of_verdicts}");
    }
}

#[test]
fn a_computed_flood_is_a_flag_and_excludes_nothing() {
    let view = view();
    let column = |outcome: &Outcome, name: &str| -> Vec<String> {
        let table = outcome.assets.iter().find(|t| t.name == "batiment").unwrap();
        let at = table.column(name).unwrap();
        let text = |v: &twin_core::formats::Value| v.as_text().unwrap_or_default().to_owned();
        table.features.iter().map(|f| text(&f.values[at])).collect()
    };
    let dry = found(&view, None);
    let flooded = found(&view, Some(0.8));
    assert!(!column(&dry, "servitudes").is_empty());
    assert!(column(&dry, "servitudes").iter().all(|flags| !flags.contains("inondation")));
    assert!(
        column(&flooded, "servitudes").iter().all(|flags| flags.contains("inondation calculée"))
    );
    let excluded = |outcome: &Outcome| -> Vec<bool> {
        column(outcome, "constat").iter().map(|finding| finding == "exclu").collect()
    };
    assert_eq!(excluded(&dry), excluded(&flooded));
    assert!(column(&flooded, "constat").iter().all(|finding| finding != "admis"));
    // A film of water is no flood.
    assert_eq!(column(&found(&view, Some(0.02)), "constat"), column(&dry, "constat"));
}

/// A rule file that lets every zone build so high at the top, and all else free.
fn rules(name: &str, code: &str, top_m: f64, others: &str) -> String {
    let source = r#"source = { article = "1", page = "1", quotation = "q", keyed_by = "k", keyed_on = "2026-01-01", valid_from = "2020-01-01" }"#;
    let mut text = format!(
        "schema = 1\ndocument = \"essai\"\n[zones.\"{code}\".height]\nvalue = {{ top_m = {top_m:?} }}\n{source}\n"
    );
    for rule in others.split_whitespace() {
        text.push_str(&format!("[zones.\"{code}\".{rule}]\nfree = true\n{source}\n"));
    }
    let path = territory::folder().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_rule_changed_by_a_measure_is_as_if_the_rule_file_had_it() {
    let territory = small();
    let zones = &territory.features().zones;
    let is_urban =
        |z: &&Zone| z.kind == Some(ZoneKind::UrbanPlanning) && z.class.as_deref() == Some("U");
    let code = zones.iter().find(is_urban).and_then(|z| z.code.clone()).unwrap();
    let others = "street side rear between";
    let (low, high) =
        (rules("bas.toml", &code, 6.0, others), rules("haut.toml", &code, 30.0, others));
    let change = rules("change.toml", &code, 30.0, "");
    let edits = |file: &str| {
        let context = MeasureContext { name: "regle", territory: &territory };
        PlanningRule.edits(&json!({ "rules": file }), &context)
    };
    let storeys = |view: &Arc<TerritoryView>, rules: &str| {
        let parameters = json!({ "law_date": "2026-11-27", "rules": rules });
        let context = RunContext::new(0.0, 1.0);
        let plugin = ElevationPotential::default();
        let mut run = plugin.initialise(view.clone(), &parameters, &context).unwrap();
        let mut fields = Fields::new(*view.spec());
        run.advance_to(0.0, &mut fields, &context).unwrap();
        fields.get("added_storeys").unwrap().to_vec()
    };
    let same =
        |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
    let plain = edited(&territory, Vec::new());
    let changed = edited(&territory, edits(&change).unwrap());
    let (before, after) = (storeys(&plain, &low), storeys(&changed, &low));
    assert!(!same(&before, &after));
    assert!(same(&after, &storeys(&plain, &high)));
    // A zone that is not there, and national rules, are refused.
    assert!(edits(&rules("ailleurs.toml", "ZZ9", 30.0, "")).is_err());
    let national = json!({ "law_date": "2026-11-27", "urbanised": true });
    let context = RunContext::new(0.0, 1.0);
    assert!(ElevationPotential::default().check(&changed, &national, &context).is_err());
}
