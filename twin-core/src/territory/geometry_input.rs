//! Geometries that users give in scenario files: a file or a list of coordinates.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::formats::{self, FeatureTable};
use crate::spatial::{Crs, Geometry, Line, Polygon, Transformer};
use crate::{Error, Result};

/// A path of a vector file, or coordinates in the territory's CRS: `[x, y]` for a point,
/// `[[x, y], …]` for a line or the ring of a polygon, with an optional third number for a height.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum GeometryInput {
    /// GeoJSON, GeoPackage or Shapefile; all of its features are taken.
    Path(String),
    /// One point.
    Point(Vec<f64>),
    /// A chain of points.
    Chain(Vec<Vec<f64>>),
}

impl JsonSchema for GeometryInput {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GeometryInput".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A vector file, [x, y], or [[x, y], …] in the territory's CRS",
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 3 },
                {
                    "type": "array",
                    "items": { "type": "array", "items": { "type": "number" } },
                    "minItems": 1
                }
            ]
        })
    }
}

impl GeometryInput {
    /// The geometries in a CRS; those of a file in another one are transformed.
    pub fn geometries(&self, crs: Crs, place: &str) -> Result<Vec<Geometry>> {
        match self {
            Self::Path(path) => read(Path::new(path), crs),
            Self::Point(point) => Ok(vec![Geometry::Points(vec![position(point, place)?])]),
            Self::Chain(chain) => {
                let line = chain.iter().map(|p| position(p, place)).collect::<Result<Line>>()?;
                Ok(vec![Geometry::Lines(vec![line])])
            }
        }
    }

    /// The lines; an error when there is none.
    pub fn lines(&self, crs: Crs, place: &str) -> Result<Vec<Line>> {
        let lines: Vec<Line> = self
            .geometries(crs, place)?
            .iter()
            .flat_map(|g| g.lines().iter().cloned())
            .filter(|line| line.len() > 1)
            .collect();
        if lines.is_empty() { Err(nothing(place, "ligne", "line")) } else { Ok(lines) }
    }

    /// The polygons; a chain of coordinates is a ring. An error when there is none.
    pub fn polygons(&self, crs: Crs, place: &str) -> Result<Vec<Polygon>> {
        let mut polygons = Vec::new();
        for geometry in self.geometries(crs, place)? {
            match geometry {
                Geometry::Polygons(parts) => polygons.extend(parts),
                Geometry::Lines(lines) if matches!(self, Self::Chain(_)) => {
                    polygons.extend(lines.iter().filter(|l| l.len() > 2).map(|l| {
                        let corners: Vec<_> = l.iter().map(|p| (p[0], p[1])).collect();
                        Polygon::from_corners(&corners)
                    }));
                }
                _ => (),
            }
        }
        if polygons.is_empty() { Err(nothing(place, "surface", "polygon")) } else { Ok(polygons) }
    }

    /// The points; a chain of coordinates is a list of them. An error when there is none.
    pub fn points(&self, crs: Crs, place: &str) -> Result<Vec<[f64; 3]>> {
        let mut points = Vec::new();
        for geometry in self.geometries(crs, place)? {
            match geometry {
                Geometry::Points(parts) => points.extend(parts),
                Geometry::Lines(lines) if matches!(self, Self::Chain(_)) => {
                    points.extend(lines.into_iter().flatten());
                }
                _ => (),
            }
        }
        if points.is_empty() { Err(nothing(place, "point", "point")) } else { Ok(points) }
    }
}

fn nothing(place: &str, fr: &str, en: &str) -> Error {
    Error::input(
        place,
        format!("aucun objet de type {fr} ; vérifier la géométrie"),
        format!("no {en} found; check the geometry"),
    )
}

fn position(numbers: &[f64], place: &str) -> Result<[f64; 3]> {
    match *numbers {
        [x, y] if x.is_finite() && y.is_finite() => Ok([x, y, f64::NAN]),
        [x, y, z] if [x, y, z].iter().all(|v| v.is_finite()) => Ok([x, y, z]),
        _ => Err(Error::input(
            place,
            "chaque point s'écrit [x, y] ou [x, y, z] avec des nombres finis",
            "each point is [x, y] or [x, y, z] with finite numbers",
        )),
    }
}

fn read(path: &Path, crs: Crs) -> Result<Vec<Geometry>> {
    let tables = read_vector_in(path, crs)?;
    Ok(tables.into_iter().flat_map(|t| t.features).filter_map(|f| f.geometry).collect())
}

/// The layers of a vector file with their geometries in a reference system; those of a file that states none
/// are taken to be in it.
///
/// # Errors
/// A file that cannot be read, a reference system without a way to the wanted one.
pub fn read_vector_in(path: &Path, crs: Crs) -> Result<Vec<FeatureTable>> {
    let mut tables = formats::read_vector(path)?;
    for table in &mut tables {
        let from = table.crs.replace(crs).unwrap_or(crs);
        if from == crs {
            continue;
        }
        let transformer = Transformer::new(from, crs)?;
        for geometry in table.features.iter_mut().filter_map(|f| f.geometry.as_mut()) {
            transformer.transform_geometry(geometry);
        }
    }
    Ok(tables)
}
