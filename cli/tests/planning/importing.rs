//! Results of other programs that become runs.

use std::fs;
use std::path::{Path, PathBuf};

use twin_core::results::FinishedRun;

use super::commune::{refuses, runs, says, text};
use super::{compared, file, place};

/// What every import states.
fn import<'a>(territory: &'a str, out: &'a str, like: &'a str) -> Vec<&'a str> {
    let of = ["--territory", territory, "--datum", "NGF-IGN69", "--out", out, "--like", like];
    let named = ["--title", "Étude X", "--author", "Bureau Y"];
    ["import-run"].into_iter().chain(of).chain(named).collect()
}

/// The exported maxima of a run, imported again, are the same run to all that reads them.
#[test]
fn an_exported_run_comes_back_as_an_imported_one() {
    let is_present = |run: &PathBuf| {
        let manifest = fs::read_to_string(run.join("manifest.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&manifest).unwrap()["measures"]
            == serde_json::json!({})
    };
    let run = runs(&place().join("runs")).into_iter().find(is_present).unwrap();
    let cog = place().join("cog");
    says(&["export", text(&run), "--format", "cog", "--out", text(&cog)]);
    let depth = cog.join("maximum_water_depth.tif");
    let level = cog.join("maximum_water_level.tif");
    let (depth, level, territory, out) = (
        text(&depth).to_owned(),
        text(&level).to_owned(),
        file("commune.twin"),
        file("venu/import.toml"),
    );
    let mut arguments = import(&territory, &out, text(&run));
    arguments.extend(["--depth", &depth, "--level", &level]);
    let told = says(&arguments);
    assert!(told.contains("Bureau Y"), "{told}");
    let store = place().join("venu/runs/imported-flood");
    let imported = fs::read_dir(store).unwrap().next().unwrap().unwrap().path();
    let found = compared(&run, &imported, "venu/comparaison");
    let other = &found["others"][0];
    assert_eq!(other["newly_flooded_m2"], 0.0);
    assert_eq!(other["no_longer_flooded_m2"], 0.0);
    let buildings = &other["buildings"];
    assert_eq!(
        (buildings["newly_reached"].as_u64(), buildings["no_longer_reached"].as_u64()),
        (Some(0), Some(0))
    );
    assert!(buildings["unchanged"].as_u64().unwrap() > 0, "no building is reached");
    let message = refuses(&arguments);
    assert!(message.contains("existe déjà"), "{message}");
    let at = arguments.iter().position(|a| *a == "--datum").unwrap();
    arguments.drain(at..at + 2);
    let other = file("venu/sans-datum.toml");
    let at = arguments.iter().position(|a| *a == "--out").unwrap();
    arguments[at + 1] = &other;
    let message = refuses(&arguments);
    assert!(message.contains("datum"), "{message}");
    assert!(!Path::new(&other).exists(), "what failed left its file");
    let at = arguments.iter().position(|a| *a == "--depth").unwrap();
    arguments[at + 1] = &level;
    let at = arguments.iter().position(|a| *a == "--level").unwrap();
    arguments.drain(at..at + 2);
    let message = refuses(&arguments);
    assert!(message.contains("niveau"), "{message}");
}

#[test]
fn a_netcdf_file_over_time_comes_in_by_its_largest_values() {
    let is_present =
        |run: &PathBuf| run.join("fields.h5").exists() && text(run).contains("/flood/");
    let run = runs(&place().join("runs")).into_iter().find(is_present).unwrap();
    // Our own fields over time are a netCDF-4 file with other names.
    let fields = place().join("resultat.nc");
    fs::copy(run.join("fields.h5"), &fields).unwrap();
    let file = |name: &str| text(&place().join(name)).to_owned();
    let (territory, out, area) = (
        file("commune.twin"),
        file("temps/import.toml"),
        file("sources/scenario/study_area.geojson"),
    );
    let mut arguments = import(&territory, &out, text(&run));
    arguments.extend(["--depth", text(&fields), "--level", text(&fields)]);
    arguments.extend(["--variable", "depth=water_depth", "--variable", "level=water_level"]);
    arguments.extend(["--study-area", &area]);
    says(&arguments);
    let store = place().join("temps/runs/imported-flood");
    let imported = fs::read_dir(store).unwrap().next().unwrap().unwrap().path();
    let found = compared(&run, &imported, "temps/comparaison");
    let other = &found["others"][0];
    // Stored times hold no more than the maxima over all steps, and nearly as much.
    assert_eq!(other["newly_flooded_m2"], 0.0);
    let freed = other["no_longer_flooded_m2"].as_f64().unwrap();
    assert!(freed < 500.0, "{freed}");
    let at = arguments.iter().position(|a| *a == "depth=water_depth").unwrap();
    arguments[at] = "hauteur=h";
    let elsewhere = file("temps/autre.toml");
    let at = arguments.iter().position(|a| *a == "--out").unwrap();
    arguments[at + 1] = &elsewhere;
    let message = refuses(&arguments);
    assert!(message.contains("--variable"), "{message}");
}

/// A result of TELEMAC: two triangles over the western half of an extent (west, south, east, north), with depths that
/// grow evenly from the western edge on, half of them at the first of two times, on a level bed (m).
fn telemac([west, south, east, north]: [f64; 4], bed: f64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut record = |content: Vec<u8>| {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        bytes.extend(length);
        bytes.extend(content);
        bytes.extend(length);
    };
    let ints = |all: &[i32]| all.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    let reals = |all: &[f64]| all.iter().flat_map(|v| v.to_be_bytes()).collect::<Vec<u8>>();
    let middle = 0.5 * (west + east);
    record(format!("{:<72}SERAFIND", "essai").into_bytes());
    record(ints(&[2, 0]));
    record(format!("{:<16}{:<16}", "HAUTEUR D'EAU", "M").into_bytes());
    record(format!("{:<16}{:<16}", "SURFACE LIBRE", "M").into_bytes());
    record(ints(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    record(ints(&[2, 4, 3, 1]));
    record(ints(&[1, 2, 3, 1, 3, 4]));
    record(ints(&[1, 2, 3, 4]));
    record(reals(&[west, middle, middle, west]));
    record(reals(&[south, south, north, north]));
    for (time, part) in [(0.0, 0.5), (60.0, 1.0)] {
        record(reals(&[time]));
        let depths = [0.4, 2.4, 2.4, 0.4].map(|depth| part * depth);
        record(reals(&depths));
        record(reals(&depths.map(|depth| bed + depth)));
    }
    bytes
}

#[test]
fn a_result_of_telemac_comes_in_where_its_mesh_is() {
    let is_flood = |run: &PathBuf| run.join("fields.h5").exists() && text(run).contains("/flood/");
    let run = runs(&place().join("runs")).into_iter().find(is_flood).unwrap();
    let opened = FinishedRun::open(&run).unwrap();
    let extent = opened.manifest.grid.extent();
    let (west, middle) = (extent.min_x, extent.centre().0);
    let ground = opened.fields.read_static("bed_elevation").unwrap();
    let western = |cell: &usize| ground.spec.row_column(*cell).1 < ground.spec.columns / 2;
    let mut levels: Vec<f32> =
        (0..ground.spec.len()).filter(western).map(|cell| ground.values[cell]).collect();
    levels.sort_by(f32::total_cmp);
    let bed = f64::from(levels[levels.len() / 2]);
    let mesh = place().join("telemac.slf");
    fs::write(&mesh, telemac([west, extent.min_y, extent.max_x, extent.max_y], bed)).unwrap();
    let (territory, out) = (file("commune.twin"), file("slf/import.toml"));
    let mut arguments = import(&territory, &out, text(&run));
    arguments.extend(["--serafin", text(&mesh)]);
    says(&arguments);
    let store = place().join("slf/runs/imported-flood");
    let imported = fs::read_dir(store).unwrap().next().unwrap().unwrap().path();
    let depth = FinishedRun::open(&imported).unwrap().fields.read_static("maximum_water_depth");
    let depth = depth.unwrap();
    let mut wet = 0;
    for cell in 0..depth.spec.len() {
        let (row, column) = depth.spec.row_column(cell);
        let (x, _) = depth.spec.centre(row, column);
        let found = f64::from(depth.values[cell]);
        if x < middle - depth.spec.cell_size {
            let expected = 0.4 + 2.0 * (x - west) / (middle - west);
            assert!((found - expected).abs() < 2e-3, "{x}: {found} {expected}");
            wet += 1;
        } else if x > middle + depth.spec.cell_size {
            assert!(found.is_nan() || found == 0.0, "{x}: {found}");
        }
    }
    assert!(wet > 100, "{wet}");
}
