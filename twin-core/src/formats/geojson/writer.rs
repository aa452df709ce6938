//! [`FeatureTable`] → GeoJSON.

use std::{
    io::{BufWriter, Write},
    path::Path,
};

use serde_json::{Map, Value as Json, json};

use crate::{
    Error, Result,
    formats::{FeatureTable, PartFile, Value},
    spatial::{Crs, Geometry, Line, Position, signed_area},
};

/// Writes a collection, one record a line, under a temporary name first.
///
/// A table in WGS 84 or without a reference system is written by RFC 7946; any other gets the
/// `crs` member that GDAL and QGIS understand. Coordinates are rounded to the millimetre (8
/// decimals of a degree); outer rings run anticlockwise, holes clockwise. The same table gives the
/// same bytes.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: impl AsRef<Path>, table: &FeatureTable) -> Result<()> {
    let file = PartFile::new(path.as_ref())?;
    let failed = || Error::write(file.path());
    let mut out = BufWriter::new(std::fs::File::create(file.part()).map_err(failed())?);
    write_collection(&mut out, table).map_err(failed())?;
    let inner = out.into_inner().map_err(|error| failed()(error.into_error()))?;
    inner.sync_all().map_err(failed())?;
    drop(inner);
    file.publish()
}

fn write_collection(out: &mut impl Write, table: &FeatureTable) -> std::io::Result<()> {
    write!(out, "{{\n\"type\": \"FeatureCollection\",\n\"name\": {},\n", json!(table.name))?;
    let crs = table.crs.filter(|crs| *crs != Crs::WGS_84);
    if let Some(crs) = crs {
        let name = format!("urn:ogc:def:crs:EPSG::{}", crs.epsg());
        writeln!(out, "\"crs\": {},", json!({ "type": "name", "properties": { "name": name } }))?;
    }
    let is_geographic = crs.is_none_or(Crs::is_geographic) && table.crs.is_some();
    let scale = if is_geographic { 1e8 } else { 1e3 };
    out.write_all(b"\"features\": [")?;
    for (i, feature) in table.features.iter().enumerate() {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        let properties: Map<String, Json> = table
            .fields
            .iter()
            .zip(&feature.values)
            .map(|(field, value)| (field.name.clone(), property(value)))
            .collect();
        let geometry = feature.geometry.as_ref().map(|g| geometry(g, scale));
        let record = json!({ "type": "Feature", "properties": properties, "geometry": geometry });
        serde_json::to_writer(&mut *out, &record)?;
    }
    out.write_all(b"\n]\n}\n")
}

fn property(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(v) => json!(v),
        Value::Integer(v) => json!(v),
        Value::Real(v) => json!(v),
        Value::Text(v) => json!(v),
    }
}

fn geometry(geometry: &Geometry, scale: f64) -> Json {
    let position = |p: &Position| {
        let rounded = |v: f64, scale: f64| (v * scale).round() / scale;
        let mut numbers = vec![rounded(p[0], scale), rounded(p[1], scale)];
        if p[2].is_finite() {
            numbers.push(rounded(p[2], 1e3));
        }
        json!(numbers)
    };
    let line = |l: &Line| Json::Array(l.iter().map(position).collect());
    let polygon = |p: &crate::spatial::Polygon| {
        let rings = p.rings().enumerate().map(|(i, ring)| {
            let is_anticlockwise = signed_area(ring) > 0.0;
            if is_anticlockwise == (i == 0) {
                line(ring)
            } else {
                Json::Array(ring.iter().rev().map(position).collect())
            }
        });
        Json::Array(rings.collect())
    };
    let parts: Vec<Json> = match geometry {
        Geometry::Points(points) => points.iter().map(position).collect(),
        Geometry::Lines(lines) => lines.iter().map(line).collect(),
        Geometry::Polygons(polygons) => polygons.iter().map(polygon).collect(),
    };
    let kind = match geometry {
        Geometry::Points(_) => "Point",
        Geometry::Lines(_) => "LineString",
        Geometry::Polygons(_) => "Polygon",
    };
    match <[Json; 1]>::try_from(parts) {
        Ok([only]) => json!({ "type": kind, "coordinates": only }),
        Err(parts) => json!({ "type": format!("Multi{kind}"), "coordinates": parts }),
    }
}
