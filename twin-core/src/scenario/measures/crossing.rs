//! Measures with an opening under a crest: a bridge, a flood gate.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::crest::Crest;
use super::ground::strip;
use super::{MeasureContext, MeasureKind};
use crate::language::Text;
use crate::scenario::{Duration, Level};
use crate::series::Series;
use crate::simulation::{parse_parameters, positive};
use crate::spatial::{Line, line_length};
use crate::territory::{Edit, GeometryInput, LineStructure, OpeningKind, StructureOpening};
use crate::{Error, Result};

/// The kind `bridge`: a road across a flow, on a deck over an opening; also a wider bridge in place of
/// the one there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bridge;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BridgeParameters {
    /// Axis of the road across the flow: a file or a list of `[x, y]`.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Level of the road or parapet that water must overtop.
    crest: Crest,
    /// Opening under it.
    opening: BridgeOpening,
    /// Title shown on maps.
    #[serde(default)]
    title: Option<Text>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BridgeOpening {
    /// Middle `[x, y]`; default: the middle of the line.
    #[serde(default)]
    at: Option<[f64; 2]>,
    /// Clear width, metres.
    width_m: f64,
    /// Lower side of the deck.
    soffit: Level,
    /// Ground under the bridge; an embankment that the terrain shows there is dug away to it.
    #[serde(default)]
    sill: Option<Level>,
    /// Width of the embankment along the flow, metres, for the digging; default: 20.
    #[serde(default)]
    embankment_m: Option<f64>,
}

impl MeasureKind for Bridge {
    fn id(&self) -> &str {
        "bridge"
    }

    fn title(&self) -> Text {
        Text::new("Pont", "Bridge")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(BridgeParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: BridgeParameters = parse_parameters(&place, parameters)?;
        let line = single(&given.geometry, context, &place)?;
        let crest = given.crest.along(std::slice::from_ref(&line), context, &place)?;
        let opening = &given.opening;
        let width = positive(opening.width_m, format!("{place}.opening.width_m"))?;
        let at = opening.at.unwrap_or_else(|| middle(&line));
        let datum = context.territory.vertical_datum();
        let soffit = opening.soffit.in_datum(datum, &format!("{place}.opening.soffit"))?;
        let sill = opening.sill.as_ref();
        let sill = sill.map(|s| s.in_datum(datum, &format!("{place}.opening.sill"))).transpose()?;
        let mut edits = Vec::new();
        let embankment = opening.embankment_m.unwrap_or(20.0);
        let embankment = positive(embankment, format!("{place}.opening.embankment_m"))?;
        if let Some(sill) = sill {
            let part = around(&line, at, width);
            let here = format!("{place}.geometry");
            edits = strip(&[part], embankment, embankment, &here, |_| Ok(Some([sill; 2])))?;
        }
        let title = given.title.unwrap_or_else(|| self.title());
        let mut structure = LineStructure::new(context.name, title, crest);
        structure.openings.push(StructureOpening {
            at,
            width_m: width,
            sill_m: sill,
            soffit_m: Series::constant(soffit),
            kind: OpeningKind::Bridge,
        });
        edits.push(Edit::Structure(structure));
        Ok(edits)
    }
}

/// The kind `flood-gate`: a wall with a gate.
#[derive(Debug, Clone, Copy, Default)]
pub struct FloodGate;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GateParameters {
    /// Line of the wall: a file or a list of `[x, y]`.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Height of the wall and of the closed gate.
    crest: Crest,
    /// Middle of the gate `[x, y]`; default: the middle of the line.
    #[serde(default)]
    at: Option<[f64; 2]>,
    /// Width of the gate, metres.
    width_m: f64,
    /// Sill of the gate.
    sill: Level,
    /// Openings over time: `{ time = "2 h", open_m = 0.5 }`, linear between them; 0 is closed.
    schedule: Vec<GatePosition>,
    /// Title shown on maps.
    #[serde(default)]
    title: Option<Text>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GatePosition {
    /// Time since the scenario's start.
    time: Duration,
    /// Height of the opening above the sill, metres.
    open_m: f64,
}

impl MeasureKind for FloodGate {
    fn id(&self) -> &str {
        "flood-gate"
    }

    fn title(&self) -> Text {
        Text::new("Vanne ou batardeau", "Flood gate")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(GateParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: GateParameters = parse_parameters(&place, parameters)?;
        let line = single(&given.geometry, context, &place)?;
        let crest = given.crest.along(std::slice::from_ref(&line), context, &place)?;
        let width_m = positive(given.width_m, format!("{place}.width_m"))?;
        let datum = context.territory.vertical_datum();
        let sill = given.sill.in_datum(datum, &format!("{place}.sill"))?;
        let positions = given.schedule.iter().map(|p| (p.time.seconds(), sill + p.open_m));
        let is_sound = given.schedule.iter().all(|p| p.open_m.is_finite() && p.open_m >= 0.0);
        let soffit_m = Series::new(positions.collect()).ok().filter(|_| is_sound);
        let Some(soffit_m) = soffit_m else {
            return Err(Error::input(
                format!("{place}.schedule"),
                "donner au moins une position, des instants croissants et des ouvertures positives",
                "give at least one position, increasing times and openings that are not negative",
            ));
        };
        let title = given.title.unwrap_or_else(|| self.title());
        let mut structure = LineStructure::new(context.name, title, crest);
        structure.openings.push(StructureOpening {
            at: given.at.unwrap_or_else(|| middle(&line)),
            width_m,
            sill_m: Some(sill),
            soffit_m,
            kind: OpeningKind::Gate,
        });
        Ok(vec![Edit::Structure(structure)])
    }
}

/// The one line of a geometry.
fn single(geometry: &GeometryInput, context: &MeasureContext<'_>, place: &str) -> Result<Line> {
    let here = format!("{place}.geometry");
    let mut lines = geometry.lines(context.territory.crs(), &here)?;
    match (lines.pop(), lines.is_empty()) {
        (Some(line), true) => Ok(line),
        _ => Err(Error::input(
            here,
            "plusieurs lignes ; une seule est attendue, une mesure par ouvrage",
            "several lines; one is expected, one measure for each structure",
        )),
    }
}

/// The point at a distance along a line.
fn point_at(line: &Line, distance: f64) -> [f64; 2] {
    let mut left = distance.max(0.0);
    for pair in line.windows(2) {
        let piece = (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]);
        if left <= piece && piece > 0.0 {
            let t = left / piece;
            return [0, 1].map(|k| pair[0][k] + t * (pair[1][k] - pair[0][k]));
        }
        left -= piece;
    }
    line.last().map_or([0.0; 2], |p| [p[0], p[1]])
}

fn middle(line: &Line) -> [f64; 2] {
    point_at(line, 0.5 * line_length(line))
}

/// The part of a line that is `width` long about a point beside it.
fn around(line: &Line, at: [f64; 2], width: f64) -> Line {
    let steps = 200;
    let total = line_length(line);
    let away = |k: &i32| {
        let [x, y] = point_at(line, total * f64::from(*k) / f64::from(steps));
        (x - at[0]).hypot(y - at[1])
    };
    let nearest = (0..=steps).min_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or(0);
    let centre = total * f64::from(nearest) / f64::from(steps);
    let pieces = 8;
    (0..=pieces)
        .map(|k| centre + width * (f64::from(k) / f64::from(pieces) - 0.5))
        .map(|d| point_at(line, d.clamp(0.0, total)))
        .map(|[x, y]| [x, y, f64::NAN])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_around_a_point_has_its_width() {
        let line = vec![[0.0, 0.0, f64::NAN], [100.0, 0.0, f64::NAN], [100.0, 50.0, f64::NAN]];
        assert_eq!(middle(&line), [75.0, 0.0]);
        let part = around(&line, [60.0, 3.0], 10.0);
        assert!((line_length(&part) - 10.0).abs() < 1e-9);
        assert!((part[0][0] - 55.0).abs() < 0.5 && part[0][1] == 0.0);
    }
}
