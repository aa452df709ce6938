//! The measure `planning-rule`: other rules in some zones.

use std::collections::BTreeSet;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use twin_core::language::Text;
use twin_core::scenario::{MeasureContext, MeasureKind};
use twin_core::simulation::parse_parameters;
use twin_core::territory::{Edit, PlanningRules, ZoneKind};
use twin_core::{Error, Result};

use crate::rules::RuleFile;

/// The kind `planning-rule`: rules of a plan changed, zone by zone.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlanningRule;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Parameters {
    /// A rule file: what it states for a zone takes the place of what the run's rules state there; all else
    /// stays.
    #[schemars(extend("format" = "path", "contentMediaType" = "application/toml"))]
    rules: PathBuf,
}

impl MeasureKind for PlanningRule {
    fn id(&self) -> &str {
        "planning-rule"
    }

    fn title(&self) -> Text {
        Text::new("Règle d'urbanisme modifiée", "Planning rule changed")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(Parameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: Parameters = parse_parameters(&place, parameters)?;
        let file = RuleFile::read(&given.rules)?;
        let here = || format!("{place}.rules");
        if file.zones.is_empty() {
            return Err(Error::input(
                here(),
                "ce fichier ne donne de règles à aucune zone ; y écrire [zones.CODE.height] par exemple",
                "this file gives rules to no zone; write [zones.CODE.height] for instance",
            ));
        }
        let zones = &context.territory.features().zones;
        let zones = zones.iter().filter(|zone| zone.kind == Some(ZoneKind::UrbanPlanning));
        let codes: BTreeSet<&str> = zones.filter_map(|zone| zone.code.as_deref()).collect();
        let is_unknown = |code: &&String| *code != "*" && !codes.contains(code.as_str());
        if let Some(code) = file.zones.keys().find(is_unknown) {
            if codes.is_empty() {
                return Err(Error::input(
                    here(),
                    "le territoire n'a pas de zone d'urbanisme ; ajouter le PLU à ses sources (product = \"plu\")",
                    "the territory has no planning zone; add the plan to its sources (product = \"plu\")",
                ));
            }
            let present = codes.into_iter().collect::<Vec<_>>().join(", ");
            return Err(Error::input(
                here(),
                format!(
                    "le territoire n'a pas de zone d'urbanisme « {code} » ; présentes : {present}"
                ),
                format!("the territory has no planning zone \"{code}\"; present: {present}"),
            ));
        }
        let rules = serde_json::to_value(&file).unwrap_or_default();
        Ok(vec![Edit::PlanningRules(PlanningRules { name: context.name.to_owned(), rules })])
    }
}
