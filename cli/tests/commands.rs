//! Every command of the program on a small synthetic commune.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod commune;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use commune::{refuses, runs, says, text};
use serde_json::Value;

/// The folder with the assembled commune, its scenario and one short run.
fn place() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        let folder = commune::assembled("commands");
        let scenario = commune::flood(&folder);
        says(&["run", text(&scenario), "--set", "time.duration=2 min"]);
        folder
    })
}

fn territory() -> PathBuf {
    place().join("commune.twin")
}

fn run() -> PathBuf {
    runs(&place().join("runs")).remove(0)
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&says(arguments)).unwrap()
}

/// A scenario of this text beside the others, as an argument.
fn scenario(name: &str, content: &str) -> String {
    let path = place().join(name);
    fs::write(&path, content).unwrap();
    text(&path).to_owned()
}

/// Names of the files in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn help_names_every_command_in_english() {
    let help = says(&["--help"]);
    for command in ["demo", "assemble", "info", "simulations", "measures", "run", "export"] {
        assert!(help.contains(&format!("  {command} ")), "{command}: {help}");
        assert!(says(&[command, "--help"]).contains("Usage: twin"));
    }
}

#[test]
fn a_number_of_threads_no_machine_has_is_refused() {
    for threads in ["0", "100000"] {
        let output = commune::output(&["--threads", threads, "simulations"]);
        assert_eq!(output.status.code(), Some(2), "{threads}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("1..=1024"), "{threads}");
    }
}

#[test]
fn info_tells_what_territories_runs_and_files_hold() {
    let found = json(&["info", text(&territory()), "--json"]);
    assert_eq!(found["crs"], "EPSG:2154");
    assert_eq!(found["demo"], true);
    assert_eq!(found["grid"]["columns"], 250);
    assert!(found["bands"].as_array().unwrap().contains(&"dtm".into()));
    assert_eq!(json(&["info", text(&run()), "--json"])["simulation"], "flood");

    let cloud = names(&place().join("sources/lidar")).remove(0);
    let cloud = place().join("sources/lidar").join(cloud);
    let found = json(&["info", text(&cloud), "--json"]);
    assert!(found["points"].as_u64().unwrap() > 100_000, "{found}");
    assert!(found["classes"]["2"].as_u64().unwrap() > 0);
    for file in [territory().join("grids.h5"), run().join("fields.h5")] {
        assert_eq!(json(&["info", text(&file), "--json"])["crs"], "EPSG:2154");
    }
    let layers = json(&["info", text(&territory().join("features.gpkg")), "--json"]);
    assert!(layers["layers"].as_array().unwrap().iter().any(|l| l["layer"] == "batiment"));
    assert!(says(&["info", text(&territory())]).contains("territory: Val-Essai"));
}

#[test]
fn info_refuses_what_is_not_there_in_one_sentence() {
    assert!(refuses(&["info", "no-such-file.laz"]).contains("no-such-file.laz"));
    assert!(refuses(&["info", text(place())]).contains("ni un territoire"));
}

#[test]
fn simulations_and_measures_are_listed_and_described() {
    assert!(says(&["simulations"]).contains("flood"));
    let listed = json(&["simulations", "--json"]);
    assert!(listed.as_array().unwrap().iter().any(|s| s["id"] == "flood"));
    let flood = json(&["simulations", "flood", "--json"]);
    assert_eq!(flood["descriptor"]["id"], "flood");
    assert!(flood["parameters"]["properties"]["inflow"].is_object());
    assert!(says(&["simulations", "flood", "--lang", "en"]).contains("Variables:"));
    assert!(says(&["measures"]).contains("levee"));
    assert!(json(&["measures", "--json"]).as_array().unwrap().iter().any(|m| m["id"] == "levee"));
    assert!(json(&["measures", "levee", "--json"])["properties"]["crest"].is_object());
    assert!(says(&["measures", "levee"]).contains("kind = \"levee\"\ngeometry = "));
    assert!(refuses(&["simulations", "flod"]).contains("flood"));
}

#[test]
fn a_territory_is_exported_to_every_format() {
    let out = place().join("exported");
    let export = |format: &str, name: &str| {
        let path = out.join(name);
        fs::create_dir_all(&out).unwrap();
        says(&["export", text(&territory()), "--format", format, "--out", text(&path)]);
        path
    };
    let cogs = export("cog", "cog");
    assert!(names(&cogs).contains(&"dtm.tif".to_owned()));
    let dtm = json(&["info", text(&cogs.join("dtm.tif")), "--json"]);
    assert_eq!((&dtm["crs"], &dtm["grid"]["rows"]), (&"EPSG:2154".into(), &250.into()));
    let package = json(&["info", text(&export("gpkg", "commune.gpkg")), "--json"]);
    let layers = export("geojson", "geojson");
    assert!(names(&layers).contains(&"batiment.geojson".to_owned()));
    assert!(!names(&layers).contains(&"layer_styles.geojson".to_owned()));
    let buildings = json(&["info", text(&layers.join("batiment.geojson")), "--json"]);
    let count = |found: &Value| {
        let layers = found["layers"].as_array().unwrap().clone();
        layers.iter().find(|l| l["layer"] == "batiment").unwrap()["features"].as_u64().unwrap()
    };
    assert!(count(&package) > 0);
    assert_eq!(count(&buildings), count(&package));

    let model = fs::read_to_string(export("cityjson", "commune.city.json")).unwrap();
    let model: Value = serde_json::from_str(&model).unwrap();
    assert_eq!((&model["type"], &model["version"]), (&"CityJSON".into(), &"2.0".into()));
    let sequence = fs::read_to_string(export("cityjsonseq", "commune.city.jsonl")).unwrap();
    let lines: Vec<Value> = sequence.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines[0]["type"], "CityJSON");
    assert_eq!(lines.len() - 1, model["CityObjects"].as_object().unwrap().len());
}

#[test]
fn a_run_is_exported_to_rasters_and_vectors() {
    let out = place().join("exported-run");
    fs::create_dir_all(&out).unwrap();
    let run = run();
    let export = |format: &str, to: &Path| {
        says(&["export", text(&run), "--format", format, "--out", text(to)]);
    };
    export("cog", &out.join("cog"));
    let depth = out.join("cog/maximum_water_depth.tif");
    assert_eq!(json(&["info", text(&depth), "--json"])["grid"]["cell_size_m"], 5.0);
    export("gpkg", &out.join("run.gpkg"));
    export("geojson", &out.join("geojson"));
    assert!(names(&out.join("geojson")).contains(&"batiment.geojson".to_owned()));
    for format in ["cityjson", "cityjsonseq"] {
        let to = out.join("none");
        let said = refuses(&["export", text(&run), "--format", format, "--out", text(&to)]);
        assert!(said.contains("exporter le territoire"), "{said}");
        assert!(!to.exists());
    }
}

#[test]
fn an_export_is_whole_or_not_there() {
    // Not onto what it is made from; into folders that are made; and of nothing.
    let own = place().join("own.twin");
    says(&["assemble", text(&place().join("commune.toml")), "--out", text(&own)]);
    let features = own.join("features.gpkg");
    let before = fs::read(&features).unwrap();
    for (format, to) in [("gpkg", &features), ("cog", &own), ("cityjson", &own.join("a.json"))] {
        let said = refuses(&["export", text(&own), "--format", format, "--out", text(to)]);
        assert!(said.contains("source de l'export"), "{said}");
    }
    assert_eq!(fs::read(&features).unwrap(), before);
    let deep = place().join("new/folder/commune.gpkg");
    says(&["export", text(&own), "--format", "gpkg", "--out", text(&deep)]);
    assert_eq!(fs::read(&deep).unwrap(), before);
    assert_eq!(names(deep.parent().unwrap()), ["commune.gpkg"]);
    for format in ["gpkg", "cog", "geojson", "cityjson"] {
        let to = place().join("nothing");
        let said = refuses(&["export", text(place()), "--format", format, "--out", text(&to)]);
        assert!(said.contains("ni un territoire") && !to.exists(), "{format}: {said}");
    }
    let full = Path::new("/dev/full");
    if full.exists() {
        let out = place().join("full.gpkg");
        let part = place().join("full.gpkg.part");
        std::os::unix::fs::symlink(full, &part).unwrap();
        refuses(&["export", text(&own), "--format", "gpkg", "--out", text(&out)]);
        assert!(!out.exists() && !part.exists(), "half an export is none");
    }
}

#[test]
fn an_estimate_tells_the_cost_and_computes_nothing() {
    let file = place().join("crue.toml");
    let store = place().join("never-written");
    let arguments = ["run", text(&file), "--estimate", "--runs", text(&store), "--lang", "en"];
    let said = says(&arguments);
    assert!(said.contains("2,500 cells of 5.0 m") && said.contains("threads"), "{said}");
    assert!(!store.exists());
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_one() {
    let file = place().join("crue.toml");
    for (assignment, near) in [
        ("grid.resolution=5", "resolution_m"),
        ("time.durration=1 h", "duration"),
        ("runs.crue.parameters.floor_heigth_m=0.2", "floor_height_m"),
        ("runs.crue.simulation=flod", "flood"),
    ] {
        let said = refuses(&["run", text(&file), "--set", assignment]);
        assert!(said.contains(near) && said.contains("crue"), "{assignment}: {said}");
    }
}

#[test]
fn missing_and_broken_files_are_told_by_name() {
    assert!(refuses(&["run", "nulle-part.toml"]).contains("nulle-part.toml"));
    assert!(refuses(&["assemble", "nulle-part.toml"]).contains("nulle-part.toml"));
    let broken = scenario("broken.toml", "schema = 1\nid = \n");
    assert!(refuses(&["run", &broken]).contains("broken.toml"));
    let nowhere =
        scenario("nowhere.toml", "extends = \"crue.toml\"\nterritory = \"nulle-part.twin\"\n");
    assert!(refuses(&["run", &nowhere]).contains("nulle-part.twin"));
}

#[test]
fn a_child_scenario_changes_one_value_and_keeps_the_rest() {
    let child = scenario(
        "child.toml",
        r#"
extends = "crue.toml"
id = "child"
[time]
duration = "1 min"
[measures.digue]
kind = "levee"
geometry = "sources/scenario/dyke.geojson"
crest = { from_geometry = true, datum = "NGF-IGN69" }
"#,
    );
    let grandchild = scenario(
        "grandchild.toml",
        r#"
extends = "child.toml"
id = "grandchild"
[runs.crue.parameters]
floor_height_m = 0.3
[measures.digue]
enabled = false
"#,
    );
    let manifest = |file: &str, store: &str| {
        let store = place().join(store);
        says(&["run", file, "--runs", text(&store)]);
        json(&["info", text(&runs(&store)[0]), "--json"])
    };
    let child = manifest(&child, "runs-of-child");
    assert_eq!((&child["scenario"], &child["duration_s"]), (&"child".into(), &60.0.into()));
    assert_eq!(child["grid"]["cell_size"], 5.0);
    assert_eq!(child["measures"]["digue"]["kind"], "levee");
    let grandchild = manifest(&grandchild, "runs-of-grandchild");
    assert_eq!(grandchild["duration_s"], 60.0);
    assert_eq!(grandchild["parameters"]["floor_height_m"], 0.3);
    assert!(grandchild["parameters"]["inflow"]["source"].is_string());
    assert_eq!(grandchild["measures"], serde_json::json!({}));
}

#[test]
fn culverts_and_pumps_stand_in_the_report_and_bad_ends_are_refused() {
    // Both ends of the culvert and the pump's intake lie in the river, between its gauges.
    let gauges = commune::gauges();
    let ([x0, y0], [x1, y1]) = (gauges[0].1, gauges[1].1);
    let child = |name: &str, to: (f64, f64)| {
        let text = format!(
            r#"
extends = "crue.toml"
id = "{name}"
[time]
duration = "10 min"
[runs.crue.parameters.sections.travers]
line = [[{x0:.2}, {:.2}], [{x0:.2}, {:.2}]]
[runs.crue.parameters.culverts.buse]
from = [{x0:.2}, {y0:.2}]
to = [{:.2}, {:.2}]
diameter_m = 1.0
barrels = 2
[runs.crue.parameters.pumps.station]
from = [{x0:.2}, {y0:.2}]
discharge_m3_per_s = 0.2
start = {{ level_m = -50.0, datum = "NGF-IGN69" }}
stop = {{ level_m = -51.0, datum = "NGF-IGN69" }}
source = "essai"
"#,
            y0 - 30.0,
            y0 + 30.0,
            to.0,
            to.1
        );
        scenario(&format!("{name}.toml"), &text)
    };
    let store = place().join("runs-of-links");
    says(&["run", &child("links", (x1, y1)), "--runs", text(&store)]);
    let run = runs(&store).remove(0);
    let series = fs::read_to_string(run.join("gauges.csv")).unwrap();
    assert!(["buse", "station", "travers"].iter().all(|name| series.contains(name)), "{series}");
    let report = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(report.contains("lus sur le terrain") && report.contains("rejet hors de l"));
    let manifest = json(&["info", text(&run), "--json"]);
    let water = |key: &str| manifest["budget"][key].as_f64().unwrap();
    let error = water("initial") + water("entered") - water("left") - water("stored");
    assert!(error.abs() < 1e-6 * water("entered"), "{error} m³");
    let said = refuses(&["run", &child("outside", (0.0, 0.0)), "--runs", text(&store)]);
    assert!(said.contains("culverts.buse.to"), "{said}");
}

#[test]
fn a_rating_curve_and_a_raised_sea_stand_in_the_report() {
    let of = |name: &str, points: &str| {
        let text = format!(
            r#"
extends = "crue.toml"
id = "{name}"
[time]
duration = "2 min"
[runs.crue.parameters.outflow.aval.rating]
points = {points}
datum = "NGF-IGN69"
source = "essai"
[runs.crue.parameters.stage.mer]
side = "north"
level_m = -30.0
surge_m = 0.8
sea_level_rise_m = 0.6
datum = "NGF-IGN69"
source = "essai"
"#
        );
        scenario(&format!("{name}.toml"), &text)
    };
    let store = place().join("runs-of-rating");
    says(&["run", &of("rating", "[[0.0, 0.0], [100.0, 500.0]]"), "--runs", text(&store)]);
    let report = fs::read_to_string(runs(&store)[0].join("report.html")).unwrap();
    for words in ["par une courbe de tarage", "surcote de 0,80", "mer de 0,60"] {
        assert!(report.contains(words), "{words}");
    }
    let said = refuses(&["run", &of("falling", "[[1.0, 5.0], [0.0, 9.0]]")]);
    assert!(said.contains("outflow.aval.rating") && said.contains("croissants"), "{said}");
}
