//! `twin scenario`: check, show or compare scenario files without computing anything.

use std::path::Path;
use std::sync::Arc;

use twin_core::results::comparison::{differences, flattened};
use twin_core::scenario::Scenario;
use twin_core::simulation::Registry;
use twin_core::simulation::driver::{check, path_keys_of};
use twin_core::{Error, Result};

use crate::arguments::ScenarioAction;
use crate::console::{Console, line};

/// Does what is asked with scenario files.
pub(crate) fn scenario(
    action: &ScenarioAction,
    registry: &Registry,
    console: &Arc<Console>,
) -> Result<()> {
    let load = |path: &Path| Scenario::load(path, &[], |id| path_keys_of(registry, id));
    match action {
        ScenarioAction::Check { scenario } => {
            let loaded = load(scenario)?;
            check(registry, &loaded)?;
            let (runs, measures) = (loaded.runs.len(), loaded.measures.len());
            console.say(
                &format!("{} : {runs} calcul(s) et {measures} mesure(s), sans erreur", loaded.id),
                &format!("{}: {runs} run(s) and {measures} measure(s), no error", loaded.id),
            );
            Ok(())
        }
        ScenarioAction::Show { scenario } => {
            let loaded = load(scenario)?;
            let text = toml::to_string_pretty(&value_of(&loaded)?).map_err(|e| {
                Error::input(scenario.display().to_string(), e.to_string(), e.to_string())
            })?;
            line(text.trim_end());
            Ok(())
        }
        ScenarioAction::Diff { first, second } => {
            let (a, b) = (value_of(&load(first)?)?, value_of(&load(second)?)?);
            let found = differences(&flattened(&a), &flattened(&b));
            if found.is_empty() {
                console.say("Aucune différence.", "No difference.");
            }
            for difference in found {
                let told = |value: &Option<serde_json::Value>| {
                    value.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string)
                };
                line(&format!(
                    "{}: {} → {}",
                    difference.key,
                    told(&difference.reference),
                    told(&difference.run)
                ));
            }
            Ok(())
        }
    }
}

/// A scenario as plain values, without those that are absent.
fn value_of(scenario: &Scenario) -> Result<serde_json::Value> {
    let value = serde_json::to_value(scenario).map_err(|e| {
        Error::input(scenario.file.display().to_string(), e.to_string(), e.to_string())
    })?;
    Ok(without_nulls(value))
}

fn without_nulls(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(object) => serde_json::Value::Object(
            object
                .into_iter()
                .filter(|(_, inner)| !inner.is_null())
                .map(|(key, inner)| (key, without_nulls(inner)))
                .collect(),
        ),
        other => other,
    }
}
