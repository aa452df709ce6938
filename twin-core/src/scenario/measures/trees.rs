//! Measures on trees: planted, felled.

use geo::Buffer;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::surface::{cover, covered, within_territory};
use super::{MeasureContext, MeasureKind};
use crate::formats::{Feature, FeatureTable, FieldKind, Value};
use crate::language::Text;
use crate::simulation::{parse_parameters, positive};
use crate::spatial::{Geometry, Polygon, Position};
use crate::territory::{Edit, GeometryInput, Layer as _, RasterOperation, Tree};
use crate::{Error, Result};

/// Higher is no tree of this country, m (a Douglas fir of Ribeauvillé: 66 m).
const HIGHEST_TREE_M: f64 = 70.0;
/// More trees than this are a forest, which a layer of vegetation tells better.
const MOST_TREES: usize = 100_000;

/// The kind `trees-planted`: single trees or rows of trees.
#[derive(Debug, Clone, Copy, Default)]
pub struct TreesPlanted;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PlantedParameters {
    /// Points, or lines along which trees stand: a file, `[x, y]` or a list of `[x, y]` for a line.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Distance of the trees along a line, metres.
    #[serde(default)]
    spacing_m: Option<f64>,
    /// Height, metres: at the age that the scenario is about.
    height_m: f64,
    /// Diameter of the crown, metres.
    crown_diameter_m: f64,
    /// Height of the underside of the crown, metres.
    #[serde(default)]
    crown_base_m: Option<f64>,
    /// Species.
    #[serde(default)]
    species: Option<String>,
    /// Cover of the ground under the crown afterwards, such as `grass`; default: as it is.
    #[serde(default)]
    cover: Option<String>,
}

impl MeasureKind for TreesPlanted {
    fn id(&self) -> &str {
        "trees-planted"
    }

    fn title(&self) -> Text {
        Text::new("Arbres plantés", "Trees planted")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(PlantedParameters)
    }

    fn edits(&self, parameters: &Json, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: PlantedParameters = parse_parameters(&place, parameters)?;
        let here = |key: &str| format!("{place}.{key}");
        let height = positive(given.height_m, here("height_m"))?;
        if height > HIGHEST_TREE_M {
            return Err(Error::input(
                here("height_m"),
                format!("{height} m ; un arbre en a {HIGHEST_TREE_M} au plus"),
                format!("{height} m; a tree has {HIGHEST_TREE_M} at most"),
            ));
        }
        let crown = positive(given.crown_diameter_m, here("crown_diameter_m"))?;
        let cover = given.cover.as_deref().map(|c| cover(c, &here("cover"))).transpose()?;
        let crs = context.territory.crs();
        let mut stems: Vec<Position> = Vec::new();
        for geometry in given.geometry.geometries(crs, &here("geometry"))? {
            match geometry {
                Geometry::Points(points) => stems.extend(points),
                Geometry::Lines(lines) => {
                    let spacing = given.spacing_m.ok_or_else(|| {
                        Error::input(
                            here("spacing_m"),
                            "des arbres le long d'une ligne ont un écartement ; ajouter spacing_m",
                            "trees along a line have a spacing; add spacing_m",
                        )
                    })?;
                    let spacing = positive(spacing, here("spacing_m"))?;
                    lines.iter().for_each(|line| stems.extend(along(line, spacing)));
                }
                Geometry::Polygons(_) => {
                    return Err(Error::input(
                        here("geometry"),
                        "des surfaces ; donner des points ou des lignes d'arbres",
                        "areas; give points or lines of trees",
                    ));
                }
            }
            if stems.len() > MOST_TREES {
                return Err(Error::input(
                    here("spacing_m"),
                    format!("plus de {MOST_TREES} arbres ; augmenter l'écartement"),
                    format!("more than {MOST_TREES} trees; widen the spacing"),
                ));
            }
        }
        let crowns: Vec<Polygon> = stems.iter().flat_map(|stem| disc(stem, 0.5 * crown)).collect();
        let area = Geometry::Polygons(crowns);
        within_territory(&area, context, &here("geometry"))?;
        let mut edits: Vec<Edit> = area
            .polygons()
            .iter()
            // One by one: where crowns overlap, the even–odd rule would leave a gap.
            .map(|crown| Edit::Raster {
                band: "canopy_height".to_owned(),
                area: Geometry::Polygons(vec![crown.clone()]),
                operation: RasterOperation::AtLeast(height as f32),
            })
            .collect();
        if let Some(cover) = cover {
            let grown = area.polygons().iter().cloned();
            edits.extend(grown.map(|crown| covered(Geometry::Polygons(vec![crown]), cover)));
        }
        let mut table = FeatureTable::new(Tree::NAME, Some(crs))
            .with_field("identifiant", FieldKind::Text)
            .with_field("essence", FieldKind::Text)
            .with_field("hauteur", FieldKind::Real)
            .with_field("diametre_houppier", FieldKind::Real)
            .with_field("hauteur_base_houppier", FieldKind::Real)
            .with_field("source", FieldKind::Text);
        table.features.extend(stems.iter().enumerate().map(|(number, stem)| Feature {
            geometry: Some(Geometry::Points(vec![*stem])),
            values: vec![
                Value::Text(format!("{}-{}", context.name, number + 1)),
                given.species.clone().map_or(Value::Null, Value::Text),
                Value::Real(height),
                Value::Real(crown),
                given.crown_base_m.map_or(Value::Null, Value::Real),
                Value::Text(place.clone()),
            ],
        }));
        edits.push(Edit::AddFeatures(table));
        Ok(edits)
    }
}

/// The kind `trees-felled`: all trees within polygons taken away.
#[derive(Debug, Clone, Copy, Default)]
pub struct TreesFelled;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FelledParameters {
    /// Polygons: a file or a ring of `[x, y]`.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Cover of the ground afterwards, such as `bare-soil`; default: as it is.
    #[serde(default)]
    cover: Option<String>,
}

impl MeasureKind for TreesFelled {
    fn id(&self) -> &str {
        "trees-felled"
    }

    fn title(&self) -> Text {
        Text::new("Arbres abattus", "Trees felled")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(FelledParameters)
    }

    fn edits(&self, parameters: &Json, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: FelledParameters = parse_parameters(&place, parameters)?;
        let here = format!("{place}.geometry");
        let polygons = given.geometry.polygons(context.territory.crs(), &here)?;
        let area = Geometry::Polygons(polygons.clone());
        within_territory(&area, context, &here)?;
        let operation = RasterOperation::AtMost(0.0);
        let band = "canopy_height".to_owned();
        let mut edits = vec![Edit::Raster { band, area: area.clone(), operation }];
        if let Some(code) = &given.cover {
            edits.push(covered(area, cover(code, &format!("{place}.cover"))?));
        }
        let felled = context.territory.features().trees.iter().filter(|tree| {
            let middle = tree.geometry.extent().map(|e| e.centre());
            middle.is_some_and(|(x, y)| polygons.iter().any(|p| p.contains(x, y)))
        });
        edits.extend(
            felled.map(|t| Edit::RemoveFeature { layer: Tree::NAME.to_owned(), id: t.id.clone() }),
        );
        Ok(edits)
    }
}

/// Places along a line, the first at its beginning.
fn along(line: &[Position], spacing_m: f64) -> Vec<Position> {
    let mut places: Vec<Position> = line.first().copied().into_iter().collect();
    let mut since_last = 0.0;
    for pair in line.windows(2) {
        let [from, to] = [pair[0], pair[1]];
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        let mut at = spacing_m - since_last;
        while at <= length && places.len() <= MOST_TREES {
            let share = at / length;
            let [x, y] = [0, 1].map(|k| from[k] + share * (to[k] - from[k]));
            places.push([x, y, f64::NAN]);
            at += spacing_m;
        }
        since_last = length - (at - spacing_m);
    }
    places
}

fn disc(centre: &Position, radius_m: f64) -> Vec<Polygon> {
    let disc = geo::Point::new(centre[0], centre[1]).buffer(radius_m);
    disc.iter().map(Polygon::from_geo).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_along_a_bent_line_keep_their_distance_along_it() {
        let line = [[0.0, 0.0, f64::NAN], [7.0, 0.0, f64::NAN], [7.0, 9.0, f64::NAN]];
        let at: Vec<[f64; 2]> = along(&line, 4.0).iter().map(|p| [p[0], p[1]]).collect();
        assert_eq!(at, [[0.0, 0.0], [4.0, 0.0], [7.0, 1.0], [7.0, 5.0], [7.0, 9.0]]);
    }
}
