//! The plugin on a small synthetic commune: the conformance suite, its measure, its table.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use serde_json::json;
use twin_core::Result;
use twin_core::assembly::assemble;
use twin_core::results::{Indicators, RunStore};
use twin_core::scenario::Scenario;
use twin_core::simulation::driver::{self, RunOptions, path_keys_of, view_of};
use twin_core::simulation::{OneShot, Registry, conformance};
use twin_core::territory::TerritoryFile;
use twin_synthetic::{Commune, CommuneOptions};
use water_demand::{Vacancy, WaterDemand};

const TERRITORY: &str = r#"
schema = 1
name = "Val-Essai"
demo = true
[[source]]
product = "lidar-hd"
path = "sources/lidar/*.laz"
[[source]]
product = "bd-topo"
path = "sources/BDT_*.gpkg"
"#;

const SCENARIO: &str = r#"
schema = 1
id = "demande"
title = { fr = "Demande en eau", en = "Water demand" }
territory = "commune.twin"
[time]
start = "2024-07-01T00:00:00+02:00"
duration = "1 d"
[grid]
resolution_m = 20.0
[inputs.consumption]
path = "consumption.csv"
[runs.demande]
simulation = "water-demand"
"#;

/// A folder with an assembled commune of 200 m, made once.
fn place() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("water-demand");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        let options =
            CommuneOptions { size_m: 200.0, points_per_m2: 1.0, ..CommuneOptions::default() };
        Commune::generate(&options).unwrap().write(&folder.join("sources")).unwrap();
        let file = folder.join("commune.toml");
        fs::write(&file, TERRITORY).unwrap();
        let file = TerritoryFile::load(&file).unwrap();
        let territory = folder.join("commune.twin");
        assemble(&file, &territory, None, &AtomicBool::new(false), &|_, _| ()).unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("example/consumption.csv");
        fs::copy(example, folder.join("consumption.csv")).unwrap();
        folder
    })
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.add(OneShot(WaterDemand::default())).unwrap();
    registry.add_measure(Vacancy).unwrap();
    registry
}

fn scenario(name: &str, text: &str) -> Result<Scenario> {
    let path = place().join(name);
    fs::write(&path, text).unwrap();
    let registry = registry();
    Scenario::load(&path, &[], |id| path_keys_of(&registry, id))
}

fn run(name: &str, text: &str) -> Result<Indicators> {
    let options = RunOptions::new(RunStore::new(place().join("runs")));
    let results = driver::run(&registry(), &scenario(name, text)?, &options)?;
    let indicators = fs::read(results["demande"].folder.join("indicators.json")).unwrap();
    Ok(serde_json::from_slice(&indicators).unwrap())
}

fn total_m3(indicators: &Indicators) -> f64 {
    indicators.get("water_demand_total").and_then(|i| i.value).unwrap()
}

#[test]
fn the_plugin_conforms() {
    let view = view_of(&registry(), &scenario("conformance.toml", SCENARIO).unwrap()).unwrap();
    let case = conformance::Case {
        view: Arc::new(view),
        parameters: json!({ "peak_factor": 1.5 }),
        bad_parameters: vec![
            json!({ "peak_factor": 0.0 }),
            json!({ "peak_factor": -1.0 }),
            json!({ "peak_factor": "much" }),
        ],
        duration_s: 86_400.0,
        outputs: 2,
        inputs: Default::default(),
    };
    assert_eq!(conformance::check(&OneShot(WaterDemand::default()), &case), Vec::<String>::new());
}

#[test]
fn vacant_dwellings_need_no_water() {
    let view = view_of(&registry(), &scenario("view.toml", SCENARIO).unwrap()).unwrap();
    let lived_in = |b: &&twin_core::territory::Building| {
        use twin_core::territory::Label as _;
        b.dwellings.is_some_and(|n| n > 0)
            && b.use_1.as_ref().is_some_and(|u| u.label() == "Résidentiel")
    };
    let building = view.features().buildings.iter().find(lived_in).unwrap();
    let dwellings = f64::from(building.dwellings.unwrap());
    let measure = format!(
        "{SCENARIO}\n[measures.depart]\nkind = \"vacancy\"\nbuilding = \"{}\"\noccupied = 0\n",
        building.id
    );
    let before = total_m3(&run("before.toml", SCENARIO).unwrap());
    let after = total_m3(&run("after.toml", &measure).unwrap());
    // 330 litres per dwelling and day, as example/consumption.csv says.
    assert!((before - after - dwellings * 0.33).abs() < 1e-9, "{before} {after} {dwellings}");
}

#[test]
fn a_measure_on_a_building_that_is_not_there_is_refused() {
    let measure = format!(
        "{SCENARIO}\n[measures.depart]\nkind = \"vacancy\"\nbuilding = \"nowhere\"\noccupied = 0\n"
    );
    let error = run("nowhere.toml", &measure).unwrap_err().to_string();
    assert!(error.contains("nowhere"), "{error}");
}

#[test]
fn a_missing_table_is_told_before_anything_runs() {
    let text = SCENARIO.replace("[inputs.consumption]\npath = \"consumption.csv\"\n", "");
    let error = run("no-table.toml", &text).unwrap_err().to_string();
    assert!(error.contains("[inputs.consumption]"), "{error}");

    fs::write(place().join("other.csv"), "use;litres\nRésidentiel;330\n").unwrap();
    let text = SCENARIO.replace("consumption.csv", "other.csv");
    let error = run("other-table.toml", &text).unwrap_err().to_string();
    assert!(error.contains("litres_per_dwelling_day") && error.contains("other.csv"), "{error}");
}
