//! The measure `road-cut`: stretches of road closed to traffic.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::{MeasureContext, MeasureKind};
use crate::formats::Value;
use crate::language::Text;
use crate::simulation::parse_parameters;
use crate::spatial::line_length;
use crate::territory::{Edit, GeometryInput, Layer as _, Road};
use crate::{Error, Result};

/// Access that BD TOPO gives a stretch that light vehicles cannot use.
pub const NO_ACCESS: &str = "Physiquement impossible";

/// The kind `road-cut`: stretches of road closed to traffic.
#[derive(Debug, Clone, Copy, Default)]
pub struct RoadCut;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Parameters {
    /// Identifiers of the stretches (`cleabs`).
    #[serde(default)]
    roads: Vec<String>,
    /// Polygons: a file or a ring of `[x, y]`; the stretches whose middle lies within them.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    geometry: Option<GeometryInput>,
}

impl MeasureKind for RoadCut {
    fn id(&self) -> &str {
        "road-cut"
    }

    fn title(&self) -> Text {
        Text::new("Route coupée", "Road cut")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(Parameters)
    }

    fn edits(&self, parameters: &Json, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: Parameters = parse_parameters(&place, parameters)?;
        let all = &context.territory.features().roads;
        if let Some(id) = given.roads.iter().find(|id| !all.iter().any(|r| r.id == **id)) {
            return Err(Error::input(
                format!("{place}.roads"),
                format!("le tronçon « {id} » n'est pas dans le territoire ; vérifier son cleabs"),
                format!("stretch \"{id}\" is not in the territory; check its cleabs"),
            ));
        }
        let here = format!("{place}.geometry");
        let area = given.geometry.map(|g| g.polygons(context.territory.crs(), &here));
        let area = area.transpose()?.unwrap_or_default();
        let is_meant = |road: &&Road| {
            let within = |[x, y]: [f64; 2]| area.iter().any(|p| p.contains(x, y));
            given.roads.contains(&road.id) || middle(road).is_some_and(within)
        };
        let cut: Vec<Edit> = all
            .iter()
            .filter(is_meant)
            .map(|road| Edit::SetAttribute {
                layer: Road::NAME.to_owned(),
                id: road.id.clone(),
                field: "acces_vehicule_leger".to_owned(),
                value: Value::Text(NO_ACCESS.to_owned()),
            })
            .collect();
        if cut.is_empty() {
            return Err(Error::input(
                place,
                "aucune route ici ; donner roads (cleabs) ou une geometry qui en couvre",
                "no road here; give roads (cleabs) or a geometry that covers some",
            ));
        }
        Ok(cut)
    }
}

/// The place halfway along a stretch.
fn middle(road: &Road) -> Option<[f64; 2]> {
    let line = road.geometry.lines().first()?;
    let mut left = 0.5 * line_length(line);
    for pair in line.windows(2) {
        let length = line_length(pair);
        if length >= left {
            let share = if length > 0.0 { left / length } else { 0.0 };
            return Some([0, 1].map(|k| pair[0][k] + share * (pair[1][k] - pair[0][k])));
        }
        left -= length;
    }
    line.last().map(|p| [p[0], p[1]])
}
