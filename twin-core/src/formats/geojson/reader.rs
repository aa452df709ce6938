//! GeoJSON → [`FeatureTable`].
//!
//! Records are turned into features one by one while the text is parsed, so that the tree of a
//! large collection is never in memory as a whole.

use std::{collections::BTreeMap, fmt, path::Path};

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use crate::{
    Error, FileProblem, Result,
    formats::{
        Feature, FeatureTable, Field, FieldKind, LayerRead, ReadReport, Value,
        rings::{self, without_empty_parts},
    },
    spatial::{Crs, Geometry, Line, Polygon, Position},
};

/// Columns × records that any file may have; beyond it, one cell for each [`BYTES_PER_CELL`].
const CELLS: usize = 1_000_000;
/// A file that writes a property for each cell takes more bytes than this for it.
const BYTES_PER_CELL: usize = 4;

/// Reads a collection, a feature or a geometry.
///
/// The columns are the union of the properties of all records, in order of first appearance; a
/// column that mixes whole and real numbers is real, any other mixture is text. Objects and lists
/// become their JSON text; the texts `"true"` and `"false"` stay text. The `id` member is dropped.
/// Without a `crs` member the reference system is WGS 84, x being the longitude.
///
/// Records that cannot be understood are listed in the report by their position, from 1.
///
/// # Errors
/// When the file cannot be read, is not JSON or not GeoJSON.
pub fn read(path: impl AsRef<Path>) -> Result<LayerRead> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    if text.is_empty() {
        return Err(Error::file(path, FileProblem::Empty));
    }
    let not_this = || Error::file(path, FileProblem::NotThisFormat { expected: "GeoJSON" });
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err(not_this());
    }
    let mut builder = Builder::default();
    let mut source = serde_json::Deserializer::from_slice(text);
    let parsed = Document(&mut builder).deserialize(&mut source).and_then(|()| source.end());
    parsed.map_err(|error| Error::file(path, FileProblem::json(&error)))?;
    let kind = match builder.others.get("type") {
        Some(Json::String(kind)) => kind.clone(),
        _ => return Err(not_this()),
    };
    match kind.as_str() {
        "FeatureCollection" if builder.has_features => {}
        "Feature" => {
            let feature = Json::Object(std::mem::take(&mut builder.others));
            builder.take(feature);
        }
        "Point" | "MultiPoint" | "LineString" | "MultiLineString" | "Polygon" | "MultiPolygon"
        | "GeometryCollection" => {
            let geometry = Json::Object(std::mem::take(&mut builder.others));
            builder.take(serde_json::json!({ "type": "Feature", "geometry": geometry }));
        }
        _ => return Err(not_this()),
    }
    let name = builder.name.take().unwrap_or_else(|| {
        path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
    });
    let cells = builder.columns.len().saturating_mul(builder.records.len());
    if cells > CELLS.max(text.len() / BYTES_PER_CELL) {
        let (properties, records) = (builder.columns.len(), builder.records.len());
        let problem = FileProblem::unsupported(
            format!("{properties} propriétés différentes sur {records} objets"),
            format!("{properties} different properties on {records} records"),
        );
        return Err(Error::file(path, problem));
    }
    Ok(builder.finish(name))
}

/// Collects records and the columns they need.
#[derive(Default)]
struct Builder {
    name: Option<String>,
    /// The `crs` member, where there is one.
    crs: Option<Json>,
    has_features: bool,
    /// Other members of the outermost object.
    others: serde_json::Map<String, Json>,
    columns: Vec<(String, Option<FieldKind>)>,
    positions: BTreeMap<String, usize>,
    records: Vec<Feature>,
    count: i64,
    report: ReadReport,
}

impl Builder {
    fn take(&mut self, record: Json) {
        self.count += 1;
        match self.feature(record) {
            Ok(feature) => self.records.push(feature),
            Err(problem) => self.report.skip(self.count, problem),
        }
    }

    fn feature(&mut self, record: Json) -> std::result::Result<Feature, FileProblem> {
        let Json::Object(mut record) = record else {
            return Err(FileProblem::damaged(
                "un « feature » qui n'est pas un objet",
                "a feature that is no object",
            ));
        };
        let geometry = match record.remove("geometry") {
            None | Some(Json::Null) => None,
            Some(json) => {
                let parsed: geojson::Geometry =
                    serde_json::from_value(json).map_err(FileProblem::undecodable)?;
                geometry(parsed.value)?
            }
        };
        let mut values = Vec::new();
        match record.remove("properties") {
            None | Some(Json::Null) => {}
            Some(Json::Object(properties)) => {
                for (name, json) in properties {
                    let value = value(json);
                    let column = self.column(name, &value);
                    if column >= values.len() {
                        values.resize(column + 1, Value::Null);
                    }
                    if let Some(cell) = values.get_mut(column) {
                        *cell = value;
                    }
                }
            }
            Some(_) => {
                return Err(FileProblem::damaged(
                    "des « properties » qui ne sont pas un objet",
                    "properties that are no object",
                ));
            }
        }
        Ok(Feature { geometry, values })
    }

    /// Position of a property's column, widened to hold the value.
    fn column(&mut self, name: String, value: &Value) -> usize {
        let position = match self.positions.get(&name) {
            Some(position) => *position,
            None => {
                self.positions.insert(name.clone(), self.columns.len());
                self.columns.push((name, None));
                self.columns.len() - 1
            }
        };
        let kind = match value {
            Value::Null => None,
            Value::Bool(_) => Some(FieldKind::Bool),
            Value::Integer(_) => Some(FieldKind::Integer),
            Value::Real(_) => Some(FieldKind::Real),
            Value::Text(_) => Some(FieldKind::Text),
        };
        if let (Some(kind), Some((_, known))) = (kind, self.columns.get_mut(position)) {
            *known = Some(match *known {
                None => kind,
                Some(known) if known == kind => kind,
                Some(FieldKind::Integer | FieldKind::Real)
                    if matches!(kind, FieldKind::Integer | FieldKind::Real) =>
                {
                    FieldKind::Real
                }
                Some(_) => FieldKind::Text,
            });
        }
        position
    }

    fn finish(mut self, name: String) -> LayerRead {
        let crs = match &self.crs {
            None => Some(Crs::WGS_84),
            Some(Json::Null) => None,
            Some(member) => {
                let crs = reference_system(member);
                if crs.is_none() {
                    let name = member.pointer("/properties/name").and_then(Json::as_str);
                    let stated = name.map_or_else(|| member.to_string(), str::to_owned);
                    self.report.notices.push(FileProblem::unsupported(
                        format!("système de coordonnées « {stated} »"),
                        format!("reference system \"{stated}\""),
                    ));
                }
                crs
            }
        };
        let mut table = FeatureTable::new(name, crs);
        table.fields = self
            .columns
            .into_iter()
            .map(|(name, kind)| Field { name, kind: kind.unwrap_or(FieldKind::Text) })
            .collect();
        for feature in &mut self.records {
            feature.values.resize(table.fields.len(), Value::Null);
            for (value, field) in feature.values.iter_mut().zip(&table.fields) {
                widen(value, field.kind);
            }
        }
        table.features = self.records;
        LayerRead { table, report: self.report }
    }
}

fn widen(value: &mut Value, kind: FieldKind) {
    let wider = match (&*value, kind) {
        (Value::Integer(v), FieldKind::Real) => Value::Real(*v as f64),
        (Value::Bool(v), FieldKind::Text) => Value::Text(v.to_string()),
        (Value::Integer(v), FieldKind::Text) => Value::Text(v.to_string()),
        (Value::Real(v), FieldKind::Text) => Value::Text(v.to_string()),
        _ => return,
    };
    *value = wider;
}

fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(v) => Value::Bool(v),
        Json::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(v), _) => Value::Integer(v),
            (None, Some(v)) if v.is_finite() => Value::Real(v),
            _ => Value::Null,
        },
        Json::String(text) => Value::Text(text),
        nested => Value::Text(nested.to_string()),
    }
}

/// `{"type": "name", "properties": {"name": …}}`, or the still older
/// `{"type": "EPSG", "properties": {"code": …}}`.
fn reference_system(member: &Json) -> Option<Crs> {
    let properties = member.get("properties")?;
    if let Some(name) = properties.get("name").and_then(Json::as_str) {
        return Crs::parse(name).ok().or_else(|| Crs::from_name(name));
    }
    let code = properties.get("code")?;
    let code = code.as_u64().or_else(|| code.as_str()?.trim().parse().ok())?;
    Crs::from_epsg(u32::try_from(code).ok()?).ok()
}

fn geometry(parsed: geojson::GeometryValue) -> std::result::Result<Option<Geometry>, FileProblem> {
    use geojson::GeometryValue as G;
    let geometry = match parsed {
        // A point without coordinates is how an empty one is written.
        G::Point { coordinates } if coordinates.is_empty() => return Ok(None),
        G::Point { coordinates } => Geometry::Points(vec![position(&coordinates)?]),
        G::MultiPoint { coordinates } => Geometry::Points(line(&coordinates)?),
        G::LineString { coordinates } => Geometry::Lines(vec![line(&coordinates)?]),
        G::MultiLineString { coordinates } => {
            Geometry::Lines(coordinates.iter().map(|l| line(l)).collect::<Result<_, _>>()?)
        }
        G::Polygon { coordinates } => Geometry::Polygons(vec![polygon(&coordinates)?]),
        G::MultiPolygon { coordinates } => {
            Geometry::Polygons(coordinates.iter().map(|p| polygon(p)).collect::<Result<_, _>>()?)
        }
        G::GeometryCollection { .. } => {
            return Err(FileProblem::unsupported("GeometryCollection", "GeometryCollection"));
        }
    };
    Ok(without_empty_parts(geometry))
}

fn polygon(rings: &[Vec<geojson::Position>]) -> std::result::Result<Polygon, FileProblem> {
    rings::polygon(rings.iter().map(|ring| line(ring)))
}

fn line(positions: &[geojson::Position]) -> std::result::Result<Line, FileProblem> {
    positions.iter().map(position).collect()
}

fn position(position: &geojson::Position) -> std::result::Result<Position, FileProblem> {
    match *position.as_slice() {
        [x, y] => Ok([x, y, f64::NAN]),
        [x, y, z, ..] => Ok([x, y, z]),
        _ => Err(FileProblem::damaged(
            "une position de moins de deux nombres",
            "a position of less than two numbers",
        )),
    }
}

/// The outermost object.
struct Document<'a>(&'a mut Builder);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a GeoJSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "features" if !self.0.has_features => {
                    self.0.has_features = true;
                    map.next_value_seed(Features(self.0))?;
                }
                "features" => return Err(A::Error::custom("two members called \"features\"")),
                "crs" => self.0.crs = Some(map.next_value()?),
                "name" => match map.next_value()? {
                    Json::String(name) => self.0.name = Some(name),
                    _ => continue,
                },
                "type" | "geometry" | "properties" | "coordinates" | "geometries" => {
                    self.0.others.insert(key, map.next_value()?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The list of records.
struct Features<'a>(&'a mut Builder);

impl<'de> DeserializeSeed<'de> for Features<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(record) = list.next_element::<Json>()? {
            self.0.take(record);
        }
        Ok(())
    }
}
