//! The built-in measure `levee`: a crest line that becomes a hydraulic line structure.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::crest::Crest;
use super::{MeasureContext, MeasureKind};
use crate::Result;
use crate::language::Text;
use crate::simulation::parse_parameters;
use crate::territory::{Edit, GeometryInput, LineStructure};

/// The kind `levee`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Levee;

/// Parameters of a levee.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Parameters {
    /// Crest line: a file (GeoJSON, GeoPackage, Shapefile) or a list of `[x, y]`.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Height of the crest.
    crest: Crest,
    /// Title shown on maps.
    #[serde(default)]
    title: Option<Text>,
}

impl MeasureKind for Levee {
    fn id(&self) -> &str {
        "levee"
    }

    fn title(&self) -> Text {
        Text::new("Digue ou muret", "Levee or wall")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(Parameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let parameters: Parameters = parse_parameters(&place, parameters)?;
        let lines =
            parameters.geometry.lines(context.territory.crs(), &format!("{place}.geometry"))?;
        let crest = parameters.crest.along(&lines, context, &place)?;
        let title = parameters.title.unwrap_or_else(|| self.title());
        Ok(vec![Edit::Structure(LineStructure::levee(context.name, title, crest))])
    }
}
