//! The runs beside a flood: ranges, a breach of the levee, the strip behind it, what it does to others.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod territory;

use serde_json::{Value, json};
use twin_core::results::RunStore;
use twin_core::scenario::Scenario;
use twin_core::simulation::driver::{self, RunOptions};
use twin_core::spatial::Grid;
use twin_core::territory::Territory;

struct Ran {
    _folder: tempfile::TempDir,
    sensitivity: Value,
    report: String,
    runs: std::path::PathBuf,
}

/// A river along a levee on the small territory.
fn run(threads: usize, extra: &Value) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crue.json");
    let territory = territory::folder().join("small.twin");
    let extent = Territory::open(&territory).unwrap().spec().extent();
    let (x, y) = extent.centre();
    let mut scenario = json!({
        "schema": 1, "id": "crue", "title": { "fr": "Crue", "en": "Flood" },
        "territory": territory,
        "time": { "start": "2024-01-15T06:00:00+01:00", "duration": "20 min", "output_interval": "5 min" },
        "grid": { "resolution_m": 4.0 },
        "measures": { "digue": { "kind": "levee",
            "geometry": [[extent.min_x + 20.0, y], [extent.max_x - 20.0, y]],
            "crest": { "above_ground_m": 2.0 } } },
        "runs": { "crue": { "simulation": "flood", "parameters": {
            "inflow": { "discharge_m3_per_s": 20.0, "at": [x, y + 30.0], "source": "essai" },
            "outflow": { "aval": { "side": "east", "slope": 0.002 } },
            "buildings": "roughness", "undeclared_edges": "wall" } } },
    });
    for (key, value) in extra.as_object().unwrap() {
        scenario["runs"]["crue"]["parameters"][key] = value.clone();
    }
    let toml = toml::to_string(&scenario).unwrap();
    let path = path.with_extension("toml");
    std::fs::write(&path, toml).unwrap();
    let registry = twin_simulations::registry().unwrap();
    let scenario = Scenario::load(&path, &[], |id| driver::path_keys_of(&registry, id)).unwrap();
    let runs = folder.path().join("runs");
    let options = RunOptions::new(RunStore::new(&runs));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let results = pool.install(|| driver::run(&registry, &scenario, &options)).unwrap();
    let run = &results["crue"].folder;
    let read = |name: &str| std::fs::read_to_string(run.join(name)).unwrap();
    Ran {
        sensitivity: serde_json::from_str(&read("sensitivity.json")).unwrap(),
        report: read("report.html"),
        runs: run.clone(),
        _folder: folder,
    }
}

fn static_field(ran: &Ran, name: &str) -> Grid<f32> {
    let file = twin_core::formats::cf::SeriesFile::open(ran.runs.join("fields.h5")).unwrap();
    file.read_static(name).unwrap()
}

#[test]
fn a_levee_brings_its_breach_its_strip_and_its_effects() {
    let ran = run(2, &json!({}));
    let ids: Vec<&str> = ran.sensitivity["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            "discharge-low",
            "discharge-high",
            "manning-low",
            "manning-high",
            "outflow-slope-low",
            "breach-digue",
            "without-measures"
        ]
    );
    let rows = ran.sensitivity["rows"].as_array().unwrap();
    let area = rows.iter().find(|r| r["id"] == "area_flooded").unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    assert!(number(&area["min"]) < number(&area["central"]));
    assert!(number(&area["central"]) < number(&area["max"]));
    // The breach lets water behind.
    assert!(number(&area["values"][5]) > number(&area["central"]));
    for said in ["réduit la hauteur", "rupture de « digue »", "Sensibilité", "Autres situations"]
    {
        assert!(ran.report.replace('\u{a0}', " ").contains(said), "{said}");
    }
    let strip = static_field(&ran, "precaution_strip");
    let spec = strip.spec;
    let inside: Vec<(f64, f64)> = (0..spec.len())
        .filter(|&i| strip.values[i] == 1.0)
        .map(|i| spec.row_column(i))
        .map(|(row, column)| spec.centre(row, column))
        .collect();
    let (_, y) = spec.extent().centre();
    assert!(inside.len() > 100 && inside.iter().all(|p| p.1 < y + 4.0), "{}", inside.len());
}

#[test]
fn ensembles_give_a_probability_and_threads_change_no_bit() {
    let ensemble = json!({ "uncertainty": { "ensemble": { "members": 5, "seed": 3 } } });
    let (one, three) = (run(1, &ensemble), run(3, &ensemble));
    assert_eq!(one.sensitivity, three.sensitivity);
    let (a, b) =
        (static_field(&one, "flooding_probability"), static_field(&three, "flooding_probability"));
    let bits = |g: &Grid<f32>| g.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&a), bits(&b));
    assert!(a.values.contains(&100.0) && a.values.iter().any(|v| *v > 0.0 && *v < 100.0));
}
