//! The hash of a step: all that its result depends on.

use std::path::Path;

use serde_json::Value;

use super::plan::Step;
use crate::Result;
use crate::results::{InputFile, hash_file};
use crate::scenario::Scenario;
use crate::scenario::path_keys;
use crate::territory::TerritoryView;

/// Numbers of the engines are `f64`; the target names the instruction set for which bits hold.
const PRECISION: &str = "f64";

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
) -> Result<(String, Vec<InputFile>)> {
    let mut files = Vec::new();
    let keys = path_keys(&step.simulation.parameter_schema());
    let mut parameters = step.parameters.clone();
    name_files_by_content(&mut parameters, &keys, &format!("runs.{}", step.name), &mut files)?;
    let descriptor = step.simulation.descriptor();
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &str| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    add(descriptor.id);
    add(descriptor.version);
    add(env!("CARGO_PKG_VERSION"));
    add(PRECISION);
    add(&target());
    add(&parameters.to_string());
    add(&view.fingerprint());
    add(&scenario.time.start.to_string());
    add(&scenario.time.duration.seconds().to_string());
    add(&scenario.output_interval_s().to_string());
    add(&format!("{:?}", step.coupling_step_s));
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
                let file = Path::new(path).file_name();
                files.push(InputFile {
                    key,
                    name: file.map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
                    hash: hash.clone(),
                });
                *path = hash;
            }
            Value::Object(_) => name_files_by_content(inner, keys, &key, files)?,
            _ => (),
        }
    }
    Ok(())
}
