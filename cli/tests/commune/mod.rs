//! A small synthetic commune, assembled once per test file, and the program run on it.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use twin_synthetic::{Commune, CommuneOptions};

/// Side of the commune in metres.
const SIZE_M: f64 = 250.0;

const TERRITORY: &str = r#"
schema = 1
name = "Val-Essai"
resolution_m = 1.0
demo = true
[[source]]
product = "lidar-hd"
path = "sources/lidar/*.laz"
[[source]]
product = "bd-topo"
path = "sources/BDT_*.gpkg"
[[source]]
product = "ocs-ge"
path = "sources/OCS-GE_*.gpkg"
"#;

/// The program.
pub(crate) fn twin(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twin"));
    // The viewer's own tests draw the pictures of reports.
    command.args(arguments).env_remove("TWIN_LOG").env("TWIN_VIEWER", "");
    command
}

/// Runs the program to its end.
pub(crate) fn output(arguments: &[&str]) -> Output {
    twin(arguments).output().unwrap()
}

/// What the program prints, which must succeed.
pub(crate) fn says(arguments: &[&str]) -> String {
    let output = output(arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "twin {arguments:?}: {text}{errors}");
    text
}

/// The one line in which the program, which must fail, says what is wrong.
pub(crate) fn refuses(arguments: &[&str]) -> String {
    let output = output(arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "twin {arguments:?}: {text}");
    assert_eq!(text.trim_end().lines().count(), 1, "not one sentence: {text}");
    text
}

/// Writes the sources of the commune into an empty folder of that name and assembles them to
/// `commune.twin`.
pub(crate) fn assembled(name: &str) -> PathBuf {
    assembled_of(name, &small())
}

/// The same of a commune with options of its own.
pub(crate) fn assembled_of(name: &str, options: &CommuneOptions) -> PathBuf {
    let folder = with_sources_of(name, options);
    says(&["assemble", text(&folder.join("commune.toml"))]);
    folder
}

/// An empty folder of that name with the sources of the commune and its `commune.toml`.
pub(crate) fn with_sources(name: &str) -> PathBuf {
    with_sources_of(name, &small())
}

fn small() -> CommuneOptions {
    CommuneOptions { size_m: SIZE_M, points_per_m2: 2.0, dyke: false, ..CommuneOptions::default() }
}

pub(crate) fn with_sources_of(name: &str, options: &CommuneOptions) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    Commune::generate(options).unwrap().write(&folder.join("sources")).unwrap();
    fs::write(folder.join("commune.toml"), TERRITORY).unwrap();
    folder
}

/// The gauges of the commune.
pub(crate) fn gauges() -> Vec<(String, [f64; 2])> {
    let options = CommuneOptions { size_m: SIZE_M, dyke: false, ..CommuneOptions::default() };
    Commune::generate(&options).unwrap().scenario_geometry().gauges
}

/// Writes the scenario `crue.toml` beside the territory: an hour of flood on cells of 5 m, an
/// output every 30 s, so that ten checkpoints are saved.
pub(crate) fn flood(folder: &Path) -> PathBuf {
    let gauges: String =
        gauges().iter().map(|(name, [x, y])| format!("\"{name}\" = [{x:.2}, {y:.2}]\n")).collect();
    let path = folder.join("crue.toml");
    fs::write(
        &path,
        format!(
            r#"
schema = 1
id = "crue"
title = {{ fr = "Crue d'essai", en = "Test flood" }}
territory = "commune.twin"
study_area = "sources/scenario/study_area.geojson"
[time]
start = "2024-01-15T06:00:00+01:00"
duration = "1 h"
output_interval = "30 s"
[grid]
resolution_m = 5.0
[runs.crue]
simulation = "flood"
variants = false
[runs.crue.parameters]
undeclared_edges = "wall"
[runs.crue.parameters.inflow]
hydrograph = "sources/scenario/hydrograph.csv"
line = "sources/scenario/inflow.geojson"
source = "hydrogramme inventé"
[runs.crue.parameters.outflow.aval]
line = "sources/scenario/outflow.geojson"
slope = 0.002
[runs.crue.parameters.gauges]
{gauges}"#
        ),
    )
    .unwrap();
    path
}

/// Folders of complete runs in a store: those with a manifest.
pub(crate) fn runs(store: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(store.join("flood")) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|e| e.path())
        .filter(|p| !p.file_name().unwrap().to_string_lossy().starts_with('.'))
        .collect();
    found.sort();
    found
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
