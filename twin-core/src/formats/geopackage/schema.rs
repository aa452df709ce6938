//! What a file says about its layers: the tables of GeoPackage, or those that GDAL writes into
//! plain SQLite (`geometry_columns` with the format `WKB`).

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};

use super::{literal, quoted, rtree};
use crate::{
    formats::{Field, FieldKind},
    spatial::{Crs, Extent},
};

/// A table that can be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Name of the table.
    pub name: String,
    /// Column of the geometry; `None` for a table of attributes.
    pub geometry_column: Option<String>,
    /// Geometry type as stated, upper case: `MULTIPOLYGON`, `GEOMETRY` …; empty for attributes.
    pub kind: String,
    /// Reference system, where stated and known by an EPSG code.
    pub crs: Option<Crs>,
    /// Number of records as stated by the file; `None` where it does not say.
    pub feature_count: Option<u64>,
    /// Bounding rectangle as stated by the file.
    pub extent: Option<Extent>,
    /// Columns, without the row number and the geometry.
    pub fields: Vec<Field>,
    /// Reference system as stated, where it is not known by a code here.
    pub(super) unknown_crs: Option<String>,
    pub(super) encoding: Encoding,
    /// Column that numbers the rows, where there is one.
    pub(super) key: Option<String>,
    /// Name of the R-tree of the geometry, where there is one.
    pub(super) index: Option<String>,
}

/// How geometries are stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Encoding {
    GeoPackage,
    Wkb,
    Other(String),
}

/// A reference system as stated: known, stated but unknown, or not stated.
#[derive(Debug, Clone, Default)]
struct System {
    crs: Option<Crs>,
    unknown: Option<String>,
}

impl System {
    fn of(authority: &str, code: Option<i64>, wkt: Option<String>) -> Self {
        let (stated, crs) = match (authority.eq_ignore_ascii_case("EPSG"), code, wkt) {
            (true, Some(code), _) => {
                let crs = u32::try_from(code).ok().and_then(|code| Crs::from_epsg(code).ok());
                (format!("EPSG:{code}"), crs)
            }
            (_, _, Some(wkt)) if !wkt.trim().is_empty() && wkt.trim() != "undefined" => {
                let crs = Crs::from_wkt(&wkt);
                (wkt.split('"').nth(1).unwrap_or_default().to_owned(), crs)
            }
            _ => return Self::default(),
        };
        Self { crs, unknown: crs.is_none().then_some(stated) }
    }
}

/// What the catalogue of the file says about a table, before its columns are looked at.
#[derive(Default)]
struct Stated {
    geometry: Option<(String, String, Encoding)>,
    system: System,
    extent: Option<Extent>,
    count: Option<u64>,
}

/// Lists the layers. Views are left out: their text can make a query endless.
pub(super) fn layers(connection: &Connection) -> rusqlite::Result<Vec<Layer>> {
    let mut tables: BTreeMap<String, bool> = BTreeMap::new();
    rows(connection, "SELECT name, sql FROM sqlite_master WHERE type = 'table'", |row| {
        let sql: Option<String> = row.get(1)?;
        let is_virtual =
            sql.is_none_or(|s| s.trim_start().to_ascii_uppercase().starts_with("CREATE VIRTUAL"));
        tables.insert(row.get(0)?, is_virtual);
        Ok(())
    })?;
    let has = |name: &str| tables.get(name).is_some_and(|is_virtual| !is_virtual);
    let stated = if has("gpkg_contents") {
        geopackage(connection, has("gpkg_geometry_columns"), has("gpkg_ogr_contents"))?
    } else {
        plain(connection, &tables, has("geometry_columns"))?
    };
    let mut layers = Vec::new();
    for (name, stated) in stated {
        if !has(&name) {
            continue;
        }
        let index = stated
            .geometry
            .as_ref()
            .map(|(column, ..)| rtree::name(&name, column))
            .filter(|index| tables.get(index).is_some_and(|is_virtual| *is_virtual));
        layers.push(layer(connection, name, stated, index)?);
    }
    Ok(layers)
}

fn geopackage(
    connection: &Connection,
    has_geometries: bool,
    has_counts: bool,
) -> rusqlite::Result<Vec<(String, Stated)>> {
    let mut systems: BTreeMap<i64, System> = BTreeMap::new();
    let sql = "SELECT srs_id, organization, organization_coordsys_id, definition \
               FROM gpkg_spatial_ref_sys";
    rows(connection, sql, |row| {
        let organization = row.get::<_, Option<String>>(1)?.unwrap_or_default();
        systems.insert(row.get(0)?, System::of(&organization, row.get(2)?, row.get(3)?));
        Ok(())
    })?;
    let system = |id: Option<i64>| id.and_then(|id| systems.get(&id)).cloned().unwrap_or_default();
    let mut found: Vec<(String, Stated)> = Vec::new();
    let sql = "SELECT table_name, min_x, min_y, max_x, max_y, srs_id FROM gpkg_contents \
               WHERE data_type IN ('features', 'attributes', 'aspatial')";
    rows(connection, sql, |row| {
        let bound = |i: usize| row.get::<_, Option<f64>>(i).ok().flatten();
        let extent = match (bound(1), bound(2), bound(3), bound(4)) {
            (Some(a), Some(b), Some(c), Some(d)) => Extent::new(a, b, c, d),
            _ => None,
        };
        found.push((
            row.get(0)?,
            Stated { system: system(row.get(5)?), extent, ..Stated::default() },
        ));
        Ok(())
    })?;
    let position = |found: &[(String, Stated)], name: &str| {
        found.iter().position(|(n, _)| n.eq_ignore_ascii_case(name))
    };
    if has_geometries {
        let sql = "SELECT table_name, column_name, geometry_type_name, srs_id \
                   FROM gpkg_geometry_columns";
        rows(connection, sql, |row| {
            let name: String = row.get(0)?;
            if let Some((_, stated)) = position(&found, &name).and_then(|i| found.get_mut(i)) {
                let kind: String = row.get(2)?;
                stated.geometry =
                    Some((row.get(1)?, kind.to_ascii_uppercase(), Encoding::GeoPackage));
                stated.system = system(row.get(3)?);
            }
            Ok(())
        })?;
    }
    if has_counts {
        rows(connection, "SELECT table_name, feature_count FROM gpkg_ogr_contents", |row| {
            let name: String = row.get(0)?;
            if let Some((_, stated)) = position(&found, &name).and_then(|i| found.get_mut(i)) {
                stated.count =
                    row.get::<_, Option<i64>>(1)?.and_then(|count| u64::try_from(count).ok());
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn plain(
    connection: &Connection,
    tables: &BTreeMap<String, bool>,
    has_geometries: bool,
) -> rusqlite::Result<Vec<(String, Stated)>> {
    let mut geometries: BTreeMap<String, Stated> = BTreeMap::new();
    if has_geometries {
        let mut systems: BTreeMap<i64, System> = BTreeMap::new();
        if tables.contains_key("spatial_ref_sys") {
            let sql = "SELECT srid, auth_name, CAST(auth_srid AS INTEGER) FROM spatial_ref_sys";
            rows(connection, sql, |row| {
                let authority = row.get::<_, Option<String>>(1)?.unwrap_or_default();
                systems.insert(row.get(0)?, System::of(&authority, row.get(2)?, None));
                Ok(())
            })?;
        }
        // Fails on SpatiaLite, whose table has other columns: its layers are then listed by the
        // name of their geometry column below, and refused when read.
        let sql = "SELECT f_table_name, f_geometry_column, geometry_type, srid, geometry_format \
                   FROM geometry_columns";
        let _ = rows(connection, sql, |row| {
            let name: String = row.get(0)?;
            let format = row.get::<_, Option<String>>(4)?.unwrap_or_default();
            let encoding = if format.eq_ignore_ascii_case("WKB") {
                Encoding::Wkb
            } else {
                Encoding::Other(format)
            };
            let kind = match row.get::<_, Option<i64>>(2)?.unwrap_or_default() % 1000 {
                1 => "POINT",
                2 => "LINESTRING",
                3 => "POLYGON",
                4 => "MULTIPOINT",
                5 => "MULTILINESTRING",
                6 => "MULTIPOLYGON",
                _ => "GEOMETRY",
            };
            let stated = Stated {
                geometry: Some((row.get(1)?, kind.to_owned(), encoding)),
                system: row
                    .get::<_, Option<i64>>(3)?
                    .and_then(|id| systems.get(&id))
                    .cloned()
                    .unwrap_or_default(),
                ..Stated::default()
            };
            geometries.insert(name.to_ascii_lowercase(), stated);
            Ok(())
        });
    }
    let mut found = Vec::new();
    for (name, is_virtual) in tables {
        let lower = name.to_ascii_lowercase();
        let of_the_system = lower.starts_with("sqlite_")
            || lower.starts_with("idx_")
            || ["geometry_columns", "spatial_ref_sys"].contains(&lower.as_str());
        if *is_virtual || of_the_system {
            continue;
        }
        let mut stated = geometries.remove(&lower).unwrap_or_default();
        if stated.geometry.is_none() {
            let sql = format!("PRAGMA table_info({})", quoted(name));
            rows(connection, &sql, |row| {
                let column: String = row.get(1)?;
                if column.eq_ignore_ascii_case("geometry") && stated.geometry.is_none() {
                    stated.geometry = Some((column, "GEOMETRY".to_owned(), Encoding::Wkb));
                }
                Ok(())
            })?;
        }
        found.push((name.clone(), stated));
    }
    Ok(found)
}

fn layer(
    connection: &Connection,
    name: String,
    stated: Stated,
    index: Option<String>,
) -> rusqlite::Result<Layer> {
    let (geometry_column, kind, encoding) = match stated.geometry {
        Some((column, kind, encoding)) => (Some(column), kind, encoding),
        None => (None, String::new(), Encoding::GeoPackage),
    };
    let mut fields = Vec::new();
    let mut keys = Vec::new();
    let mut actual_geometry = None;
    let sql = format!("SELECT name, type, pk FROM pragma_table_info({})", literal(&name));
    rows(connection, &sql, |row| {
        let column: String = row.get(0)?;
        let declared = row.get::<_, Option<String>>(1)?.unwrap_or_default().to_ascii_uppercase();
        if geometry_column.as_ref().is_some_and(|g| g.eq_ignore_ascii_case(&column)) {
            actual_geometry = Some(column);
        } else if row.get::<_, i64>(2)? > 0 && declared == "INTEGER" {
            keys.push(column);
        } else if !declared.contains("BLOB") {
            fields.push(Field { name: column, kind: field_kind(&declared) });
        }
        Ok(())
    })?;
    // A composite key is made of ordinary columns.
    let key = if keys.len() == 1 { keys.pop() } else { None };
    fields.extend(keys.into_iter().map(|name| Field { name, kind: FieldKind::Integer }));
    Ok(Layer {
        name,
        geometry_column: actual_geometry,
        kind,
        crs: stated.system.crs,
        unknown_crs: stated.system.unknown,
        feature_count: stated.count,
        extent: stated.extent,
        fields,
        encoding,
        index: index.filter(|_| key.is_some()),
        key,
    })
}

/// Kind of a column from its declared type: the types of GeoPackage (§ 1.1.1.1.3), then the
/// affinity rules of SQLite.
fn field_kind(declared: &str) -> FieldKind {
    if declared.contains("BOOL") {
        FieldKind::Bool
    } else if declared.contains("INT") {
        FieldKind::Integer
    } else if declared.contains("CHAR") || declared.contains("CLOB") || declared.contains("TEXT") {
        FieldKind::Text
    } else if ["REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL"].iter().any(|t| declared.contains(t)) {
        FieldKind::Real
    } else {
        FieldKind::Text
    }
}

/// Runs a query and hands every row over.
pub(super) fn rows(
    connection: &Connection,
    sql: &str,
    mut visit: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        visit(row)?;
    }
    Ok(())
}
