//! Measures that move earth: a levee taken away, a bank lowered, a basin dug.

use geo::{Area, Buffer};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::crest::{Crest, densified, off_the_terrain};
use super::outlet::Outlet;
use super::surface::within_territory;
use super::{MeasureContext, MeasureKind};
use crate::language::Text;
use crate::scenario::Level;
use crate::simulation::{parse_parameters, positive};
use crate::spatial::{Geometry, Line, Polygon};
use crate::territory::{Edit, GeometryInput, LineStructure, RasterOperation};
use crate::{Error, Result};

/// No open basin is deeper, m.
const DEEPEST_BASIN_M: f64 = 30.0;
/// Longest piece of a strip that is levelled at once, m.
const PIECE_M: f64 = 5.0;

/// The kind `levee-removed`: the ground under a levee is brought to that beside it.
#[derive(Debug, Clone, Copy, Default)]
pub struct LeveeRemoved;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RemovedParameters {
    /// Line along the levee: a file or a list of `[x, y]`.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Width of its foot, metres; the ground on both sides of it is what remains.
    width_m: f64,
}

impl MeasureKind for LeveeRemoved {
    fn id(&self) -> &str {
        "levee-removed"
    }

    fn title(&self) -> Text {
        Text::new("Digue supprimée", "Levee removed")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(RemovedParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: RemovedParameters = parse_parameters(&place, parameters)?;
        let width = positive(given.width_m, format!("{place}.width_m"))?;
        let here = format!("{place}.geometry");
        let lines = given.geometry.lines(context.territory.crs(), &here)?;
        let cell = context.territory.spec().cell_size;
        if width < cell {
            return Err(Error::input(
                format!("{place}.width_m"),
                format!(
                    "{width} m : plus étroit qu'une maille du territoire ({cell} m), rien ne changerait"
                ),
                format!(
                    "{width} m: narrower than a cell of the territory ({cell} m), nothing would change"
                ),
            ));
        }
        strip(&lines, width, cell, &here, |piece| {
            let beside = |side: f64| {
                let [x, y] = piece.beside(side * (0.5 * width + cell));
                Ok(context.territory.ground_at(x, y)?.map(f64::from))
            };
            let (left, right): (Option<f64>, Option<f64>) = (beside(1.0)?, beside(-1.0)?);
            Ok(left.or(right).zip(right.or(left)).map(|(left, right)| [left, right]))
        })
    }
}

/// The kind `bank-lowered`: a strip along a line is dug to a level or by a height.
#[derive(Debug, Clone, Copy, Default)]
pub struct BankLowered;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BankParameters {
    /// Line along the bank: a file or a list of `[x, y]`.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Width of the strip, metres.
    width_m: f64,
    /// Level of the ground afterwards, where it is higher now.
    #[serde(default)]
    level: Option<Level>,
    /// Metres by which the ground is lowered, in place of a level.
    #[serde(default)]
    lowered_by_m: Option<f64>,
}

impl MeasureKind for BankLowered {
    fn id(&self) -> &str {
        "bank-lowered"
    }

    fn title(&self) -> Text {
        Text::new("Berge abaissée", "Bank lowered")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(BankParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: BankParameters = parse_parameters(&place, parameters)?;
        let width = positive(given.width_m, format!("{place}.width_m"))?;
        let here = format!("{place}.geometry");
        let lines = given.geometry.lines(context.territory.crs(), &here)?;
        match (&given.level, given.lowered_by_m) {
            (Some(level), None) => {
                let datum = context.territory.vertical_datum();
                let level = level.in_datum(datum, &format!("{place}.level"))?;
                strip(&lines, width, width, &here, |_| Ok(Some([level; 2])))
            }
            (None, Some(by)) => {
                let by = positive(by, format!("{place}.lowered_by_m"))?;
                let area = Geometry::Lines(lines).to_multi_line_string().buffer(0.5 * width);
                let area = Geometry::Polygons(area.iter().map(Polygon::from_geo).collect());
                let operation = RasterOperation::Add(-by as f32);
                Ok(vec![Edit::Raster { band: "dtm".to_owned(), area, operation }])
            }
            _ => Err(Error::input(
                place,
                "donner level ou lowered_by_m, l'un des deux",
                "give one of level and lowered_by_m",
            )),
        }
    }
}

/// The kind `retention-area`: a polygon dug to a floor, with a bank around it where wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct RetentionArea;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RetentionParameters {
    /// Polygon: a file or a ring of `[x, y]`.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Level of the floor, where the ground is higher now; absent: the ground stays.
    #[serde(default)]
    floor: Option<Level>,
    /// Volume that the dug basin holds below the lowest ground of its border, m³, in place of `floor`.
    #[serde(default)]
    volume_m3: Option<f64>,
    /// Outlet that empties it at a limited rate; absent: none.
    #[serde(default)]
    outlet: Option<Outlet>,
    /// Crest of a bank along the polygon's border; absent: none.
    #[serde(default)]
    crest: Option<Crest>,
    /// Title shown on maps.
    #[serde(default)]
    title: Option<Text>,
}

impl MeasureKind for RetentionArea {
    fn id(&self) -> &str {
        "retention-area"
    }

    fn title(&self) -> Text {
        Text::new("Zone de rétention", "Retention area")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(RetentionParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: RetentionParameters = parse_parameters(&place, parameters)?;
        let here = format!("{place}.geometry");
        let polygons = given.geometry.polygons(context.territory.crs(), &here)?;
        within_territory(&Geometry::Polygons(polygons.clone()), context, &here)?;
        let floor = match (&given.floor, given.volume_m3) {
            (Some(floor), None) => {
                let datum = context.territory.vertical_datum();
                Some(floor.in_datum(datum, &format!("{place}.floor"))?)
            }
            (None, Some(volume)) => {
                let volume = positive(volume, format!("{place}.volume_m3"))?;
                Some(floor_of_volume(&polygons, volume, context, &here)?)
            }
            (None, None) if given.crest.is_some() => None,
            _ => {
                return Err(Error::input(
                    place,
                    "donner floor (fond) ou volume_m3, ou crest (digue de ceinture) seule ou avec l'un d'eux",
                    "give floor or volume_m3, or crest (of a bank around it) alone or with one of them",
                ));
            }
        };
        let mut edits = Vec::new();
        if let Some(level) = floor {
            edits.push(dug(Geometry::Polygons(polygons.clone()), level));
        }
        if let Some(outlet) = &given.outlet {
            edits.push(outlet.edit(polygons.clone(), context, &place)?);
        }
        if let Some(crest) = &given.crest {
            let rings: Vec<Line> = polygons.iter().map(|p| closed(&p.exterior)).collect();
            let crest = crest.along(&rings, context, &place)?;
            let title = given.title.unwrap_or_else(|| self.title());
            edits.push(Edit::Structure(LineStructure::new(context.name, title, crest)));
        }
        Ok(edits)
    }
}

/// The floor of a basin with upright sides that holds a volume below the lowest ground of its border, m.
fn floor_of_volume(
    polygons: &[Polygon],
    volume_m3: f64,
    context: &MeasureContext<'_>,
    place: &str,
) -> Result<f64> {
    let mut rim = f64::INFINITY;
    for ring in polygons.iter().map(|p| closed(&p.exterior)) {
        for point in densified(&ring, context.territory.spec().cell_size) {
            if let Some(ground) = context.territory.ground_at(point[0], point[1])? {
                rim = rim.min(f64::from(ground));
            }
        }
    }
    let area: f64 = polygons.iter().map(|p| p.to_geo().unsigned_area()).sum();
    if !rim.is_finite() || area <= 0.0 {
        return Err(off_the_terrain(place));
    }
    let depth = volume_m3 / area;
    if depth > DEEPEST_BASIN_M {
        return Err(Error::input(
            place,
            format!("{depth:.0} m de profondeur pour ce volume ; agrandir le bassin"),
            format!("{depth:.0} m deep for this volume; enlarge the basin"),
        ));
    }
    Ok(rim - depth)
}

/// Ground in an area brought down to a level.
pub(super) fn dug(area: Geometry, level: f64) -> Edit {
    let operation = RasterOperation::AtMost(level as f32);
    Edit::Raster { band: "dtm".to_owned(), area, operation }
}

fn closed(ring: &Line) -> Line {
    let mut ring = ring.clone();
    if ring.first().map(|p| [p[0], p[1]]) != ring.last().map(|p| [p[0], p[1]]) {
        ring.extend(ring.first().copied());
    }
    ring
}

/// A short piece of a line.
pub(super) struct Piece {
    from: [f64; 2],
    to: [f64; 2],
    /// Whether its ends are vertices of the line.
    ends_at_vertex: [bool; 2],
}

impl Piece {
    /// Unit vector along it.
    fn direction(&self) -> [f64; 2] {
        let [dx, dy] = [self.to[0] - self.from[0], self.to[1] - self.from[1]];
        let length = dx.hypot(dy).max(f64::MIN_POSITIVE);
        [dx / length, dy / length]
    }

    /// The point beside its middle, metres to the left.
    fn beside(&self, left_m: f64) -> [f64; 2] {
        let [ux, uy] = self.direction();
        let middle = [0.5 * (self.from[0] + self.to[0]), 0.5 * (self.from[1] + self.to[1])];
        [middle[0] - uy * left_m, middle[1] + ux * left_m]
    }

    /// The part of its strip between two shares of the half width, positive to the left; at a vertex
    /// of the line it reaches over by half the width, so that bends leave no gap.
    fn strip(&self, width: f64, [left, right]: [f64; 2]) -> Polygon {
        let [ux, uy] = self.direction();
        let over = self.ends_at_vertex.map(|ends| if ends { 1.0 } else { 0.0 });
        let corner = |end: [f64; 2], along: f64, left: f64| {
            let (a, l) = (0.5 * width * along, 0.5 * width * left);
            (end[0] + ux * a - uy * l, end[1] + uy * a + ux * l)
        };
        Polygon::from_corners(&[
            corner(self.from, -over[0], left),
            corner(self.from, -over[0], right),
            corner(self.to, over[1], right),
            corner(self.to, over[1], left),
        ])
    }
}

/// Digs a strip along lines, each piece to its own levels on the left and on the right, linear between
/// them in bands of about `band` metres; pieces without levels are left.
pub(super) fn strip(
    lines: &[Line],
    width: f64,
    band: f64,
    place: &str,
    levels: impl Fn(&Piece) -> Result<Option<[f64; 2]>>,
) -> Result<Vec<Edit>> {
    let bands = (width / band).ceil().clamp(1.0, 1000.0) as i32;
    let mut edits = Vec::new();
    for line in lines {
        for segment in line.windows(2) {
            let points = densified(&segment.to_vec(), PIECE_M);
            for (k, pair) in points.windows(2).enumerate() {
                let [from, to] = [[pair[0][0], pair[0][1]], [pair[1][0], pair[1][1]]];
                let ends_at_vertex = [k == 0, k + 2 == points.len()];
                let piece = Piece { from, to, ends_at_vertex };
                let Some([left, right]) = levels(&piece)? else { continue };
                for b in 0..bands {
                    let share = |k: f64| 1.0 - 2.0 * k / f64::from(bands);
                    let (from, to) = (share(f64::from(b)), share(f64::from(b + 1)));
                    let level = 0.5 * (left + right) + 0.25 * (from + to) * (left - right);
                    let band = piece.strip(width, [from, to]);
                    edits.push(dug(Geometry::Polygons(vec![band]), level));
                }
            }
        }
    }
    if edits.is_empty() { Err(off_the_terrain(place)) } else { Ok(edits) }
}

#[cfg(test)]
mod tests {
    use geo::Contains;

    use super::*;

    #[test]
    fn a_strip_covers_its_bends() {
        let line = vec![[0.0, 0.0, f64::NAN], [20.0, 0.0, f64::NAN], [20.0, 20.0, f64::NAN]];
        let edits = strip(&[line], 4.0, 1.0, "x", |_| Ok(Some([1.0; 2]))).unwrap();
        let covers = |x: f64, y: f64| {
            edits.iter().any(|edit| match edit {
                Edit::Raster { area, .. } => {
                    area.to_multi_polygon().contains(&geo::Point::new(x, y))
                }
                _ => false,
            })
        };
        assert!(covers(11.0, 1.9) && covers(21.9, -1.9) && covers(18.1, 11.0));
        assert!(!covers(11.0, 2.1) && !covers(16.0, 16.0));
    }

    #[test]
    fn beside_is_to_the_left() {
        let piece = Piece { from: [0.0, 0.0], to: [10.0, 0.0], ends_at_vertex: [true; 2] };
        assert_eq!(piece.beside(3.0), [5.0, 3.0]);
    }
}
