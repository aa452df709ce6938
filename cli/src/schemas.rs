//! JSON Schemas of the files that users write, generated from the Rust types.

use std::collections::BTreeMap;

use twin_core::scenario::Scenario;
use twin_core::simulation::Registry;
use twin_core::study::Study;
use twin_core::territory::TerritoryFile;

/// File name → pretty-printed schema, for the territory, scenario and study files, and the
/// parameters of every simulation and measure of a registry.
pub fn schemas(registry: &Registry) -> BTreeMap<String, String> {
    let mut scenario = schemars::schema_for!(Scenario);
    // `extends` belongs to the file, not to the merged scenario.
    if let Some(properties) = scenario.get_mut("properties").and_then(|p| p.as_object_mut()) {
        properties.insert(
            "extends".into(),
            serde_json::json!({
                "type": "string",
                "format": "path",
                "description": "Parent scenario: tables merge, this file wins; enabled = false removes"
            }),
        );
    }
    let mut all = BTreeMap::from([
        ("territory.schema.json".to_owned(), schemars::schema_for!(TerritoryFile)),
        ("scenario.schema.json".to_owned(), scenario),
        ("study.schema.json".to_owned(), schemars::schema_for!(Study)),
    ]);
    for simulation in registry.simulations() {
        let name = format!("simulation-{}.schema.json", simulation.descriptor().id);
        all.insert(name, simulation.parameter_schema());
    }
    for measure in registry.measures() {
        all.insert(format!("measure-{}.schema.json", measure.id()), measure.parameter_schema());
    }
    all.into_iter().map(|(name, schema)| (name, format!("{:#}\n", schema.as_value()))).collect()
}
