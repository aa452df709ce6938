//! The hash of a step: all that its result depends on.

use std::path::Path;

use serde_json::Value;

use super::RunOptions;
use super::plan::Step;
use crate::Result;
use crate::results::{InputFile, hash_file};
use crate::scenario::Scenario;
use crate::scenario::path_keys;
use crate::territory::{Territory, TerritoryView};

/// Instruction set for which the bits of a result are promised.
pub(super) fn target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

/// Hash of a step, and the files that entered it.
pub(super) fn of_step(
    step: &Step,
    scenario: &Scenario,
    view: &TerritoryView,
    upstream: &[(String, String)],
    options: &RunOptions,
) -> Result<(String, Vec<InputFile>)> {
    let mut files = Vec::new();
    let keys = path_keys(&step.simulation.parameter_schema());
    let mut parameters = step.parameters.clone();
    let place = format!("runs.{}.parameters", step.name);
    name_files_by_content(&mut parameters, &keys, &place, &mut files)?;
    let descriptor = step.simulation.descriptor();
    // What only another run of the scenario reads changes nothing here.
    let is_read = |name: &str| descriptor.requirements.iter().any(|r| r.name == name);
    files.extend(scenario_files(scenario, is_read)?);
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &str| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    add(descriptor.id);
    add(descriptor.version);
    add(env!("CARGO_PKG_VERSION"));
    add(&target());
    // Reports and maps are part of the run.
    add(options.language.code());
    if !options.with_documents {
        add("without documents");
    }
    add(&parameters.to_string());
    add(&view.fingerprint_with(is_read));
    // A territory that was edited by hand, in QGIS for instance, is another territory.
    add(&Territory::content_hash(view.territory().folder())?);
    add(&scenario.start().to_string());
    add(&scenario.duration_s().to_string());
    add(&scenario.output_interval_s().to_string());
    add(&format!("{:?}", step.coupling_step_s));
    add(&step.variants.to_string());
    for (variable, hash) in upstream {
        add(variable);
        add(hash);
    }
    let hash = hasher.finalize().to_hex();
    // 16 bytes are beyond any chance of collision and keep paths short enough for Windows.
    Ok((hash[..32].to_owned(), files))
}

/// Replaces every file name by the hash of the file's content.
fn name_files_by_content(
    value: &mut Value,
    keys: &std::collections::BTreeSet<String>,
    place: &str,
    files: &mut Vec<InputFile>,
) -> Result<()> {
    let Value::Object(object) = value else { return Ok(()) };
    for (name, inner) in object {
        let key = format!("{place}.{name}");
        match inner {
            Value::String(path) if keys.contains(name) => {
                let hash = hash_file(Path::new(path))?;
                let name = file_name(Path::new(path));
                files.push(InputFile { key, name, hash: hash.clone() });
                *path = hash;
            }
            Value::Object(_) => name_files_by_content(inner, keys, &key, files)?,
            _ => (),
        }
    }
    Ok(())
}

/// Files of the scenario beside those of parameters: study area, inputs and measures. What they
/// hold is in the view's fingerprint; here they are named for the record.
fn scenario_files(scenario: &Scenario, is_read: impl Fn(&str) -> bool) -> Result<Vec<InputFile>> {
    let mut stated: Vec<(String, Value)> = Vec::new();
    if let Some(area) = &scenario.study_area {
        stated.push(("study_area".to_owned(), Value::String(area.clone())));
    }
    for (name, input) in scenario.inputs.iter().filter(|(name, _)| is_read(name)) {
        stated.push((format!("inputs.{name}.path"), Value::String(input.path.clone())));
    }
    for (name, measure) in &scenario.measures {
        for (key, value) in &measure.parameters {
            stated.push((format!("measures.{name}.{key}"), value.clone()));
        }
    }
    let mut files = Vec::new();
    for (key, value) in stated {
        // Paths were resolved when the scenario was loaded: they are absolute.
        let path = value.as_str().map(Path::new).filter(|p| p.is_absolute() && p.is_file());
        if let Some(path) = path {
            files.push(InputFile { key, name: file_name(path), hash: hash_file(path)? });
        }
    }
    Ok(files)
}

/// The same value with absolute paths cut to their file name: a record must not depend on where a
/// project lies.
pub fn without_folders(value: &Value) -> Value {
    match value {
        Value::String(text) if Path::new(text).is_absolute() => {
            Value::String(file_name(Path::new(text)))
        }
        Value::Object(object) => Value::Object(
            object.iter().map(|(key, inner)| (key.clone(), without_folders(inner))).collect(),
        ),
        other => other.clone(),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}
