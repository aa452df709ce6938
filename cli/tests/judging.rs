//! `twin compare`, `twin observe` and `twin calibrate` on a small synthetic commune.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod commune;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use commune::{runs, says, text};
use serde_json::Value;

/// A folder with a flood scenario that records a gauge, and its run with a roughness of 1.25 times the
/// tabulated one: the truth of these tests.
fn place() -> &'static (PathBuf, PathBuf) {
    static PLACE: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    PLACE.get_or_init(|| {
        let folder = commune::assembled("judging");
        let scenario = commune::flood(&folder);
        let truth = folder.join("truth");
        let arguments = ["run", text(&scenario), "--runs", text(&truth), "--set"];
        let factor = "runs.crue.parameters.factors.manning=1.25";
        says(&[&arguments[..], &[factor, "--set", "runs.crue.variants=false"]].concat());
        let run = runs(&truth).remove(0);
        (folder, run)
    })
}

/// The level at the first gauge as a table of two columns.
fn observed() -> (String, PathBuf) {
    let (folder, run) = place();
    let csv = fs::read_to_string(run.join("gauges.csv")).unwrap();
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|l| l.split(',').collect()).collect();
    let gauge = rows.iter().find(|r| r[1] == "water_level").unwrap()[0];
    let mut table = String::from("time_s;level_m\n");
    for row in rows.iter().filter(|r| r[0] == gauge && r[1] == "water_level" && !r[4].is_empty()) {
        table.push_str(&format!("{};{}\n", row[3], row[4]));
    }
    let path = folder.join("observed.csv");
    fs::write(&path, table).unwrap();
    (gauge.trim_matches('"').to_owned(), path)
}

#[test]
fn a_run_agrees_with_itself_and_calibration_finds_what_made_it() {
    let (folder, run) = place();
    let (gauge, path) = observed();
    let series = format!("{gauge}={}", text(&path));
    let out = folder.join("observations");
    let arguments = [&series, "--datum", "NGF-IGN69", "--unit", "m", "--out", text(&out)];
    let said = says(&[&["--lang", "en", "observe", text(run)], &arguments[..]].concat());
    assert!(said.contains("RMSE 0.00 m, NSE 1.00, KGE 1.00"), "{said}");
    assert!(fs::read_to_string(out.join("observations.html")).unwrap().contains(&gauge));

    let scenario = commune::flood(folder);
    let out = folder.join("calibration");
    let arguments =
        ["--datum", "NGF-IGN69", "--unit", "m", "--factors", "0.8,1.25,2", "--out", text(&out)];
    let said =
        says(&[&["--lang", "en", "calibrate", text(&scenario), &series], &arguments[..]].concat());
    assert!(said.contains("1. RMSE 0.000: manning × 1.25"), "{said}");
    let csv = fs::read_to_string(out.join("calage.csv")).unwrap();
    assert_eq!(csv.lines().count(), 4);
    assert!(csv.lines().nth(1).unwrap().starts_with("1,0.0000,,1.25,"), "{csv}");
}

/// The rim of the grid of a run.
fn frame(run: &Path) -> [[f64; 2]; 5] {
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(run.join("manifest.json")).unwrap()).unwrap();
    let grid = &manifest["grid"];
    let number = |key: &str| grid[key].as_f64().unwrap();
    let (west, north) = (number("west"), number("north"));
    let (east, south) = (
        west + number("columns") * number("cell_size"),
        north - number("rows") * number("cell_size"),
    );
    [[west, south], [east, south], [east, north], [west, north], [west, south]]
}

/// Surfaces with their properties.
fn collection(surfaces: &[(Value, [[f64; 2]; 5])]) -> Value {
    let features: Vec<Value> = surfaces
        .iter()
        .map(|(properties, ring)| {
            serde_json::json!({ "type": "Feature", "properties": properties,
                "geometry": { "type": "Polygon", "coordinates": [ring] } })
        })
        .collect();
    serde_json::json!({ "type": "FeatureCollection",
        "crs": { "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::2154" } },
        "features": features })
}

#[test]
fn one_scenario_of_a_tri_is_compared() {
    // The frequent flood covers the western half, the medium one all; an emerged class is dry.
    let (folder, run) = place();
    let all = frame(run);
    let [[west, south], [east, _], [_, north], ..] = all;
    let middle = 0.5 * (west + east);
    let half = [[west, south], [middle, south], [middle, north], [west, north], [west, south]];
    let surface = |occurrence: &str, depth: &str| {
        serde_json::json!({ "id_tri": "FRX_TRI_01", "type_alea": "112", "occurrence": occurrence,
            "palier_hauteur": depth })
    };
    let path = folder.join("zone_iso_classe_hauteur_s.geojson");
    let surfaces = collection(&[
        (surface("For", "Inf05"), half),
        (surface("For", "Emerg"), all),
        (surface("Moy", "Inf05"), all),
    ]);
    fs::write(&path, surfaces.to_string()).unwrap();
    let out = folder.join("tri");
    let area = |occurrence: &str| {
        let reference = ["compare", text(run), "--reference", text(&path), "--out", text(&out)];
        says(&[&reference[..], &["--occurrence", occurrence]].concat());
        let scores = fs::read_to_string(out.join("comparaison.json")).unwrap();
        let scores: Value = serde_json::from_str(&scores).unwrap();
        let number = |key: &str| scores["scores"][key].as_f64().unwrap();
        number("hits_m2") + number("misses_m2")
    };
    let share = area("For") / area("Moy");
    assert!((share - 0.5).abs() < 0.02, "{share}");
    let compare = ["compare", text(run), "--reference", text(&path)];
    refused(&compare, &["--occurrence", "For, Moy"]);
    refused(&[&compare[..], &["--occurrence", "Fai"]].concat(), &["Fai", "For, Moy"]);
}

#[test]
fn classes_of_depth_of_a_tri_follow_their_surface() {
    let (folder, run) = place();
    let map = folder.join("di.gpkg");
    says(&[
        "export",
        text(run),
        "--format",
        "cnig-di",
        "--occurrence",
        "Moy",
        "--hazard",
        "112",
        "--out",
        text(&map),
    ]);
    let out = folder.join("classes");
    let compare = ["compare", text(run), "--reference", text(&map), "--out", text(&out)];
    for layer in [&["--layer", "zone_iso_classe_hauteur_s"][..], &[]] {
        says(&[&compare[..], layer, &["--occurrence", "Moy"]].concat());
        let scores = fs::read_to_string(out.join("comparaison.json")).unwrap();
        let scores: Value = serde_json::from_str(&scores).unwrap();
        // What the map smooths and leaves out below 50 m² aside.
        assert!(scores["critical_success_index"].as_f64().unwrap() > 0.9, "{scores}");
        refused(&[&compare[..], layer, &["--occurrence", "Fai"]].concat(), &["Fai", "Moy"]);
    }
}

#[test]
fn an_extent_is_compared_with_a_known_one() {
    let (folder, run) = place();
    let info: Value = serde_json::from_str(&says(&["info", text(run), "--json"])).unwrap();
    assert_eq!(info["simulation"], "flood");
    let all = collection(&[(serde_json::json!({}), frame(run))]);
    let path = folder.join("everywhere.geojson");
    fs::write(&path, all.to_string()).unwrap();
    let out = folder.join("comparison");
    let territory = folder.join("commune.twin");
    says(&[
        "compare",
        text(run),
        "--reference",
        text(&path),
        "--territory",
        text(&territory),
        "--out",
        text(&out),
    ]);
    let scores: Value =
        serde_json::from_str(&fs::read_to_string(out.join("comparaison.json")).unwrap()).unwrap();
    // All is flooded in the reference: no false alarm, and what is hit is what is flooded.
    assert_eq!(scores["false_alarm_ratio"], 0.0);
    let hit = scores["hit_rate"].as_f64().unwrap();
    assert!(hit > 0.0 && hit < 1.0 && scores["critical_success_index"] == scores["hit_rate"]);
    assert!(out.join("comparaison.png").is_file() && out.join("comparaison.html").is_file());
}

/// The program, which must fail, names these words in its sentence.
fn refused(arguments: &[&str], words: &[&str]) {
    let said = commune::refuses(&[&["--lang", "en"], arguments].concat());
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn what_cannot_be_compared_is_told() {
    let (folder, run) = place();
    let (gauge, path) = observed();
    let series = format!("{gauge}={}", text(&path));
    refused(&["observe", text(run), &series], &["--datum"]);
    let nowhere = format!("nowhere={}", text(&path));
    refused(
        &["observe", text(run), &nowhere, "--datum", "NGF-IGN69", "--unit", "m"],
        &["nowhere", &gauge],
    );
    let marks = folder.join("far.csv");
    fs::write(&marks, "nom;x;y;level_m\nA;1;2;3\n").unwrap();
    refused(&["observe", text(run), text(&marks), "--datum", "NGF-IGN69"], &["no mark"]);
    refused(&["compare", text(run), "--reference", text(&path)], &["covers no cell"]);
    refused(&["compare", text(folder), "--reference", text(&path)], &["judging"]);
}
