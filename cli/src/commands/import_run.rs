//! `twin import-run`: a flood that another program computed, as a run of the store.
//!
//! A scenario file is written and run, so that the result is repeatable, and can be read by other runs
//! of the scenario such as `impact`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::{Table, Value};
use twin_core::formats::{GeoTiff, read_ascii_grid};
use twin_core::results::{FinishedRun, RunManifest, write_atomically};
use twin_core::simulation::Registry;
use twin_core::{Error, Result};

use super::run;
use crate::arguments::ImportArguments;
use crate::console::Console;

/// What netCDF files may hold under other names, and the key of the name among the parameters.
const VARIABLES: [(&str, &str); 3] =
    [("depth", "water_depth"), ("level", "water_level"), ("velocity", "flow_speed")];

/// Writes the scenario of an imported flood and runs it.
pub(crate) fn import(
    given: &ImportArguments,
    registry: &Registry,
    console: &Arc<Console>,
) -> Result<()> {
    let beside = || given.territory.parent().unwrap_or(Path::new(".")).join("import.toml");
    let path = given.out.clone().unwrap_or_else(beside);
    if path.exists() {
        return Err(Error::input(
            path.display().to_string(),
            "ce fichier existe déjà ; donner un autre nom par --out",
            "this file exists already; give another name with --out",
        ));
    }
    let text = toml::to_string_pretty(&scenario(given, &path)?)
        .map_err(|e| Error::input(path.display().to_string(), e.to_string(), e.to_string()))?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::write(folder))?;
    }
    let text = format!("# Écrit par « twin import-run ».\n{text}");
    write_atomically(&path, text.as_bytes())?;
    let request =
        run::Request { scenario: path.clone(), overrides: Vec::new(), resume: false, runs: None };
    // What failed leaves nothing behind, so that the same call can be mended.
    let reports = run::run(&request, registry, console).inspect_err(|_| {
        let _ = std::fs::remove_file(&path);
    })?;
    let told = path.display();
    console.say(&format!("Scénario : {told}"), &format!("Scenario: {told}"));
    for report in reports {
        let told = report.path.display();
        console.say(&format!("Rapport : {told}"), &format!("Report: {told}"));
    }
    Ok(())
}

fn scenario(given: &ImportArguments, path: &Path) -> Result<Table> {
    let text = |text: &str| Value::String(text.to_owned());
    let absolute = |file: &Path| -> Result<Value> {
        let file = std::path::absolute(file).map_err(Error::read(file))?;
        Ok(Value::String(file.to_string_lossy().into_owned()))
    };
    let mut parameters = Table::new();
    parameters.insert("title".into(), text(&given.title));
    parameters.insert("author".into(), text(&given.author));
    let files: [(&str, &Option<PathBuf>); 4] = [
        ("depth", &given.depth),
        ("level", &given.level),
        ("velocity", &given.velocity),
        ("serafin", &given.serafin),
    ];
    for (key, file) in files {
        if let Some(file) = file {
            parameters.insert(key.into(), absolute(file)?);
        }
    }
    let mut variables = Table::new();
    for stated in &given.variables {
        let key = |what| VARIABLES.iter().find(|(known, _)| *known == what).map(|(_, key)| *key);
        let Some((key, name)) = stated.split_once('=').and_then(|(w, n)| Some((key(w)?, n))) else {
            return Err(Error::input(
                "--variable",
                format!("« {stated} » ; donner depth=NOM, level=NOM ou velocity=NOM"),
                format!("\"{stated}\"; give depth=NAME, level=NAME or velocity=NAME"),
            ));
        };
        variables.insert(key.to_owned(), text(name));
    }
    if !variables.is_empty() {
        parameters.insert("variables".into(), Value::Table(variables));
    }
    if let Some(datum) = &given.datum {
        parameters.insert("datum".into(), text(datum));
    }
    if let Some(offset) = given.offset_m {
        parameters.insert("offset_m".into(), Value::Float(offset));
    }
    let like = given.like.as_deref().map(FinishedRun::read_manifest).transpose()?;
    let floor_of =
        |run: &RunManifest| run.parameters.get("floor_height_m").and_then(|f| f.as_f64());
    if let Some(floor) = given.floor_height.or_else(|| like.as_ref().and_then(floor_of)) {
        parameters.insert("floor_height_m".into(), Value::Float(floor));
    }
    let mut run = Table::new();
    run.insert("simulation".into(), text("imported-flood"));
    run.insert("parameters".into(), Value::Table(parameters));
    let name = path.file_stem().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let id: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' })
        .collect();
    let mut scenario = Table::new();
    scenario.insert("schema".into(), Value::Integer(1));
    scenario.insert("id".into(), Value::String(id));
    let title = Table::from_iter(["fr", "en"].map(|l| (l.to_owned(), text(&given.title))));
    scenario.insert("title".into(), Value::Table(title));
    scenario.insert("territory".into(), absolute(&given.territory)?);
    if let Some(area) = &given.study_area {
        scenario.insert("study_area".into(), absolute(area)?);
    }
    let mut grid = Table::new();
    if let Some(manifest) = &like {
        let extent: [f64; 4] = manifest.grid.extent().into();
        grid.insert("resolution_m".into(), Value::Float(manifest.grid.cell_size));
        grid.insert("extent".into(), Value::Array(extent.map(Value::Float).into()));
    } else if let Some(size) = given.resolution {
        grid.insert("resolution_m".into(), Value::Float(size));
    } else if let Some(size) = own_resolution(given)? {
        grid.insert("resolution_m".into(), Value::Float(size));
    }
    scenario.insert("grid".into(), Value::Table(grid));
    let runs = Table::from_iter([("import".to_owned(), Value::Table(run))]);
    scenario.insert("runs".into(), Value::Table(runs));
    Ok(scenario)
}

/// The side of a cell of the raster that is given.
fn own_resolution(given: &ImportArguments) -> Result<Option<f64>> {
    let Some(file) = given.depth.as_ref().or(given.level.as_ref()) else { return Ok(None) };
    let extension =
        file.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase());
    match extension.as_str() {
        // Cells of degrees are refused with the reference system, by the run.
        "tif" | "tiff" => Ok(Some(GeoTiff::open(file)?.spec().cell_size).filter(|s| *s >= 0.1)),
        "asc" | "txt" => Ok(Some(read_ascii_grid(file)?.spec.cell_size)),
        _ => Ok(None),
    }
}
