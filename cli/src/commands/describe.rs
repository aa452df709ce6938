//! `twin simulations` and `twin measures`: what the program offers.

use serde_json::Value;
use twin_core::simulation::Registry;
use twin_core::{Language, Result};

use crate::console::line;

/// Lists the simulations, or describes one.
pub(crate) fn simulations(
    registry: &Registry,
    id: Option<&str>,
    json: bool,
    language: Language,
) -> Result<()> {
    let Some(id) = id else {
        if json {
            let all: Vec<_> = registry.simulations().map(|s| s.descriptor()).collect();
            line(&pretty(&all));
        } else {
            for simulation in registry.simulations() {
                let d = simulation.descriptor();
                line(&format!("{:<24} {:<8} {}", d.id, d.version, d.title.get(language)));
            }
        }
        return Ok(());
    };
    let simulation = registry.simulation(id)?;
    let descriptor = simulation.descriptor();
    let schema = simulation.parameter_schema();
    if json {
        line(&pretty(&serde_json::json!({ "descriptor": descriptor, "parameters": schema })));
        return Ok(());
    }
    line(&format!("{} {} – {}", descriptor.id, descriptor.version, descriptor.title.get(language)));
    line(descriptor.summary.get(language));
    line(language.pick("\nVariables :", "\nVariables:"));
    for variable in &descriptor.variables {
        let direction = match (variable.intent.reads(), variable.intent.writes()) {
            (true, true) => language.pick("lue et écrite", "in, out"),
            (true, false) => language.pick("lue", "in"),
            _ => language.pick("écrite", "out"),
        };
        line(&format!(
            "  {:<28} {:<8} {direction} – {}",
            variable.name,
            variable.unit,
            variable.title.get(language)
        ));
    }
    line(language.pick("\nLimites :", "\nLimits:"));
    for limit in &descriptor.limits {
        line(&format!("  – {}", limit.get(language)));
    }
    line(language.pick("\nParamètres (schéma JSON) :", "\nParameters (JSON Schema):"));
    line(&pretty(&schema));
    Ok(())
}

/// Lists the kinds of measures, or describes one.
pub(crate) fn measures(
    registry: &Registry,
    id: Option<&str>,
    json: bool,
    language: Language,
) -> Result<()> {
    if let Some(id) = id {
        let measure = registry.measure(id)?;
        let schema = measure.parameter_schema();
        if json {
            line(&pretty(&schema));
        } else {
            line(&format!("{} – {}\n", measure.id(), measure.title().get(language)));
            line(&example(id, schema.as_value(), language));
            line(language.pick("\nParamètres (schéma JSON) :", "\nParameters (JSON Schema):"));
            line(&pretty(&schema));
        }
        return Ok(());
    }
    if json {
        let all: Vec<_> = registry
            .measures()
            .map(|m| serde_json::json!({ "id": m.id(), "title": m.title(), "parameters": m.parameter_schema() }))
            .collect();
        line(&pretty(&all));
    } else {
        for measure in registry.measures() {
            line(&format!("{:<24} {}", measure.id(), measure.title().get(language)));
        }
    }
    Ok(())
}

/// A measure in a scenario with the keys that it cannot do without, to be filled in.
fn example(id: &str, schema: &Value, language: Language) -> String {
    let name = language.pick("NOM", "NAME");
    let mut text = format!("[measures.{name}]\nkind = \"{id}\"");
    let required = schema.get("required").and_then(Value::as_array);
    for key in required.into_iter().flatten().filter_map(Value::as_str) {
        let property = schema.pointer(&format!("/properties/{key}"));
        let of = |field: &str| property.and_then(|p| p.get(field)).and_then(Value::as_str);
        let value = match of("type") {
            Some("number" | "integer") => "…",
            _ if of("format") == Some("path") => match of("contentMediaType") {
                Some("application/toml") => "\"….toml\"",
                _ => "\"….geojson\"",
            },
            Some("string") => "\"…\"",
            Some("array") => "[…]",
            _ => "{ … }",
        };
        // Lines of the source, not of the sentence.
        let about = of("description").unwrap_or_default().replace('\n', " ");
        text.push_str(&format!("\n{key} = {value}    # {about}"));
    }
    text
}

fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
