//! Every built-in plugin passes the conformance suite on a small synthetic commune.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod territory;

use std::sync::Arc;

use serde_json::json;
use twin_core::language::Text;
use twin_core::scenario::{Edit, LineStructure};
use twin_core::simulation::OneShot;
use twin_core::simulation::conformance::{Case, check};
use twin_core::spatial::GridSpec;
use twin_core::territory::{Aggregation, Territory, TerritoryView};

#[test]
fn flood_conforms_in_every_building_mode() {
    let folder = territory::folder();
    let territory = Arc::new(Territory::open(&folder.join("small.twin")).unwrap());
    let extent = territory.spec().extent();
    let (x, y) = extent.centre();
    let spec = GridSpec::covering(&extent, 4.0);
    let crest = vec![[extent.min_x + 20.0, y, 61.0], [extent.max_x - 20.0, y + 8.0, 61.0]];
    let structure = LineStructure::levee("digue", Text::new("Digue", "Levee"), vec![crest]);
    let view = TerritoryView::new(territory, spec, vec![Edit::Structure(structure)]).unwrap();
    let view = Arc::new(view);
    for mode in ["blocks", "holes", "roughness"] {
        let good = json!({
            "inflow": { "discharge_m3_per_s": 20.0, "at": [x, y - 20.0], "source": "essai" },
            "undeclared_edges": "wall",
            "buildings": mode,
            "gauges": { "milieu": [x, y - 10.0] },
            "breaches": { "b": {
                "structure": "digue", "at": [x, y + 4.0], "width_m": 10.0,
                "start": "3 min", "formation": "2 min"
            } },
        });
        let with = |key: &str, value: serde_json::Value| {
            let mut changed = good.clone();
            changed[key] = value;
            changed
        };
        let case = Case {
            view: view.clone(),
            parameters: good.clone(),
            bad_parameters: vec![
                with("inflow", json!({ "at": [x, y], "source": "ni débit ni hydrogramme" })),
                with("inflow", json!({ "discharge_m3_per_s": -1.0, "at": [x, y], "source": "s" })),
                with(
                    "inflow",
                    json!({ "discharge_m3_per_s": 1.0, "at": [0.0, 0.0], "source": "s" }),
                ),
                with("inflow", json!({ "discharge_m3_per_s": 1.0, "at": [x, y], "source": " " })),
                with("gauges", json!({ "loin": [0.0, 0.0] })),
                with(
                    "stage",
                    json!({ "mer": { "side": "west", "level_m": 3.0, "datum": "ZH", "source": "s" } }),
                ),
                with("manning", json!({ "gazon": 0.03 })),
                with("buildings", json!("houses")),
                with(
                    "breaches",
                    json!({ "b": {
                    "structure": "autre", "at": [x, y], "width_m": 10.0,
                    "start": "3 min", "formation": "2 min"
                } }),
                ),
            ],
            duration_s: 600.0,
            outputs: 5,
            inputs: Default::default(),
        };
        let flood = twin_flood::Flood::default();
        assert_eq!(check(&flood, &case), Vec::<String>::new(), "{mode}");
    }
}

#[test]
fn heat_conforms() {
    let folder = territory::folder();
    let territory = Arc::new(Territory::open(&folder.join("small.twin")).unwrap());
    let extent = territory.spec().extent();
    let (x, y) = extent.centre();
    let spec = GridSpec::covering(&extent, 4.0);
    let view = Arc::new(TerritoryView::new(territory, spec, Vec::new()).unwrap());
    // The suite's clock begins with 1970, at 0 h universal time.
    let header =
        "time,air_temperature_c,relative_humidity_percent,global_radiation_w_m2,wind_speed_m_s\n";
    let sun =
        |hour: i32| (300.0 * (f64::from(hour - 8) / 8.0 * std::f64::consts::PI).sin()).max(0.0);
    let rows: String = (1..=18)
        .map(|h| {
            format!(
                "1970-01-01T{h:02}:00:00Z,{},60,{:.1},2\n",
                h,
                if h > 8 && h < 16 { sun(h) } else { 0.0 }
            )
        })
        .collect();
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let weather = write("meteo.csv", format!("{header}{rows}"));
    let night = write(
        "nuit.csv",
        format!("{header}{}", rows.replace("T02:00:00Z,2,60,0.0", "T02:00:00Z,2,60,400.0")),
    );
    let bright = write("soleil.csv", format!("{header}{}", rows.replace(",300.0,2", ",1200.0,2")));
    let dry = write("parts.csv", format!("{header}{}", rows.replace(",60,", ",0.6,")));
    let hot = write("fahrenheit.csv", format!("{header}{}", rows.replace(",12,60", ",95,60")));
    let good = json!({
        "weather": { "file": weather, "source": "essai" },
        "gauges": { "milieu": [x, y] },
    });
    let with = |key: &str, value: serde_json::Value| {
        let mut changed = good.clone();
        changed[key] = value;
        changed
    };
    let file = |path: &std::path::Path| json!({ "file": path, "source": "essai" });
    let case = Case {
        view,
        parameters: good.clone(),
        bad_parameters: vec![
            with("weather", file(std::path::Path::new("absent.csv"))),
            with("weather", file(&night)),
            with("weather", file(&hot)),
            with("weather", file(&bright)),
            with("weather", file(&dry)),
            with("weather", json!({ "file": weather, "source": " " })),
            with("wind_factor", json!(0.0)),
            with("wall_albedo", json!(1.2)),
            with("posture", json!("couchée")),
            with("trees", json!({ "transmissivity": 2.0 })),
            with("climate", json!({ "horizon": 2040, "warming_of_file_k": 1.7, "source": "s" })),
            with("climate", json!({ "horizon": 2050, "warming_of_file_k": 1.7, "source": " " })),
            with("cool_islands", json!({ "walking_speed_km_per_h": 40.0 })),
            with("inhabitants_per_dwelling", json!({ "value": -1.0, "source": "s" })),
            with("gauges", json!({ "loin": [0.0, 0.0] })),
        ],
        duration_s: 43_200.0,
        outputs: 6,
        inputs: Default::default(),
    };
    assert_eq!(check(&twin_heat::Heat::default(), &case), Vec::<String>::new());
}

#[test]
fn climate_zones_and_the_cooling_index_conform() {
    let territory = Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 4.0);
    let view = Arc::new(TerritoryView::new(territory, spec, Vec::new()).unwrap());
    let case = |parameters: serde_json::Value, bad_parameters| Case {
        view: view.clone(),
        parameters,
        bad_parameters,
        duration_s: 0.0,
        outputs: 1,
        inputs: Default::default(),
    };
    let ratio = |value: f64, source: &str| json!({ "inhabitants_per_dwelling": { "value": value, "source": source } });
    let zones = case(json!({}), vec![ratio(50.0, "s"), ratio(2.1, " "), json!({ "units": 3 })]);
    let plugin = OneShot(twin_heat::zones::ClimateZones::default());
    assert_eq!(check(&plugin, &zones), Vec::<String>::new());
    let index = json!({ "reference_air_c": 30.0, "heat_island_k": 3.0, "source": "essai" });
    let with = |key: &str, value: serde_json::Value| {
        let mut changed = index.clone();
        changed[key] = value;
        changed
    };
    let cooling = case(
        index.clone(),
        vec![
            with("reference_air_c", json!(95.0)),
            with("heat_island_k", json!(-2.0)),
            with("cooling_distance_m", json!(0.0)),
            with("cooling_distance_m", json!(1e6)),
            with("source", json!("")),
        ],
    );
    let plugin = OneShot(twin_heat::cooling_index::CoolingIndex::default());
    assert_eq!(check(&plugin, &cooling), Vec::<String>::new());
}

#[test]
fn runoff_conforms_with_every_model_of_infiltration() {
    let folder = territory::folder();
    let territory = Arc::new(Territory::open(&folder.join("small.twin")).unwrap());
    let extent = territory.spec().extent();
    let (x, y) = extent.centre();
    let spec = GridSpec::covering(&extent, 4.0);
    let view = Arc::new(TerritoryView::new(territory, spec, Vec::new()).unwrap());
    let rain = json!({
        "uniform": { "depth_mm": 20.0, "duration": "8 min" }, "source": "essai"
    });
    for model in ["green-ampt", "horton", "curve-number", "none"] {
        let good = json!({
            "rain": rain,
            "soil": { "texture": "loam" },
            "infiltration": { "model": model },
            "gauges": { "milieu": [x, y] },
        });
        let with = |key: &str, value: serde_json::Value| {
            let mut changed = good.clone();
            changed[key] = value;
            changed
        };
        let storm = |of: serde_json::Value| with("rain", of);
        let montana = json!({ "a": 6.0, "b": 0.6, "durations": ["6 min", "2 h"] });
        let case = Case {
            view: view.clone(),
            parameters: good.clone(),
            bad_parameters: vec![
                storm(json!({ "source": "rien" })),
                storm(json!({ "uniform": { "depth_mm": -1.0, "duration": "1 h" }, "source": "s" })),
                storm(
                    json!({ "uniform": { "montana": montana, "duration": "6 h" }, "source": "s" }),
                ),
                storm(json!({ "table": "absent.csv", "source": "s" })),
                storm(
                    json!({ "uniform": { "depth_mm": 9.0, "duration": "1 h" }, "factor": 0.0, "source": "s" }),
                ),
                with("gauges", json!({ "loin": [0.0, 0.0] })),
                with("soil", json!({ "texture": "mud" })),
                with(
                    "soils",
                    json!({ "z": { "area": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]], "soil": {} } }),
                ),
                with("min_depth_m", json!(-1.0)),
                with("infiltration", json!({ "model": "constant" })),
                with("infiltration", json!({ "model": "green-ampt", "initial_saturation": 2.0 })),
            ],
            duration_s: 600.0,
            outputs: 5,
            inputs: Default::default(),
        };
        let runoff = twin_runoff::Runoff::default();
        assert_eq!(check(&runoff, &case), Vec::<String>::new(), "{model}");
    }
}

#[test]
fn runoff_maps_conform_with_every_routing() {
    let folder = territory::folder();
    let territory = Arc::new(Territory::open(&folder.join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 4.0);
    let view = Arc::new(TerritoryView::new(territory, spec, Vec::new()).unwrap());
    for routing in ["steepest", "d-infinity", "multiple"] {
        let good = json!({
            "routing": routing,
            "thalweg_area_ha": 0.2,
            "envelope": { "draws": 5 },
            "soil": { "texture": "silt-loam", "crusting": 4, "thickness_cm": 40.0 },
        });
        let with = |key: &str, value: serde_json::Value| {
            let mut changed = good.clone();
            changed[key] = value;
            changed
        };
        let case = Case {
            view: view.clone(),
            parameters: good.clone(),
            bad_parameters: vec![
                with("routing", json!("d16")),
                with("thalweg_area_ha", json!(0.0)),
                with("breaching", json!({ "depth_m": -1.0 })),
                with("envelope", json!({ "share": 1.5 })),
                with("envelope", json!({ "draws": 100_000 })),
                with("min_depth_m", json!("deep")),
                with("soil", json!({ "texture": "loam", "crusting": 6 })),
            ],
            duration_s: 60.0,
            outputs: 1,
            inputs: Default::default(),
        };
        let map = OneShot(twin_runoff::map::RunoffMap::default());
        assert_eq!(check(&map, &case), Vec::<String>::new(), "{routing}");
    }
}

#[test]
fn elevation_potential_conforms_with_national_rules_and_a_rule_file() {
    let folder = territory::folder();
    let territory = Arc::new(Territory::open(&folder.join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 2.0);
    let view = Arc::new(TerritoryView::new(territory, spec, Vec::new()).unwrap());
    let rules = folder.join("regles.toml");
    let source = "{ article = \"10\", page = \"3\", quotation = \"12 m\", keyed_by = \"essai\", \
        keyed_on = \"2026-01-01\", valid_from = \"2020-01-01\" }";
    let mut text = "schema = 1\ndocument = \"PLU\"\n".to_owned();
    text += &format!("[zones.\"*\".height]\nvalue = {{ top_m = 12.0 }}\nsource = {source}\n");
    text += &format!("[zones.\"*\".street]\nvalue = {{ slope = 1.0 }}\nsource = {source}\n");
    text += &format!("[zones.\"*\".side]\nfree = true\nsource = {source}\n");
    std::fs::write(&rules, text).unwrap();
    let national = json!({ "law_date": "2026-11-27", "urbanised": true });
    let with_file = json!({ "law_date": "2026-11-27", "rules": rules, "compared_with": rules });
    for good in [national, with_file] {
        let with = |key: &str, value: serde_json::Value| {
            let mut changed = good.clone();
            changed[key] = value;
            changed
        };
        let case = Case {
            view: view.clone(),
            parameters: good.clone(),
            bad_parameters: vec![
                with("law_date", json!("27/11/2026")),
                with("rules", json!("nowhere.toml")),
                with("storey", json!({ "height_m": 0.0 })),
                with("yields", json!({ "floor_share": 1.5 })),
                with("realisable", json!({ "share": 0.1, "source": " " })),
                with("cost", json!({ "eur_per_m2": [3000.0, 2000.0], "source": "essai" })),
                with("decisions", json!({ "AC1": { "verdict": "peut-être", "source": "x" } })),
            ],
            duration_s: 60.0,
            outputs: 1,
            inputs: Default::default(),
        };
        let raising = twin_elevation_potential::ElevationPotential::default();
        assert_eq!(check(&raising, &case), Vec::<String>::new());
    }
}

#[test]
fn impact_conforms_with_each_rule_for_the_water() {
    let folder = territory::folder();
    let territory = Arc::new(Territory::open(&folder.join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 4.0);
    let view = Arc::new(TerritoryView::new(territory, spec, Vec::new()).unwrap());
    let terrain = view.terrain(Aggregation::Mean).unwrap();
    let (low, high) = terrain.range().unwrap();
    let level = 0.5 * (low + high);
    let depth: Vec<f32> = terrain.values.iter().map(|z| (level - z).max(0.0)).collect();
    let levels = depth.iter().map(|d| if *d > 0.0 { level } else { f32::NAN }).collect();
    let inputs = std::collections::BTreeMap::from([
        ("maximum_water_depth".to_owned(), depth),
        ("maximum_water_level".to_owned(), levels),
        ("maximum_flow_speed".to_owned(), vec![0.8; spec.len()]),
    ]);
    for rule in ["ring", "mean-of-wet-cells"] {
        let good = json!({ "water_at_building": rule, "uncertainty": { "draws": 20 } });
        let with = |key: &str, value: serde_json::Value| {
            let mut changed = good.clone();
            changed[key] = value;
            changed
        };
        let case = Case {
            view: view.clone(),
            parameters: good.clone(),
            bad_parameters: vec![
                with("water_at_building", json!("roof")),
                with("floor_height_m", json!(11.0)),
                with("wet_depth_m", json!(0.0)),
                with("access", json!({ "cut_depth_m": -1.0 })),
                with("uncertainty", json!({ "draws": 1_000_000 })),
                with("inhabitants_per_dwelling", json!({ "value": 2.0, "source": "" })),
            ],
            duration_s: 60.0,
            outputs: 1,
            inputs: inputs.clone(),
        };
        let faults = check(&twin_impact::Impact::default(), &case);
        assert_eq!(faults, Vec::<String>::new(), "{rule}");
    }
}
