//! The columns and the geometry type that a [`FeatureTable`] gets in a GeoPackage.

use std::collections::BTreeSet;

use super::quoted;
use crate::{
    formats::{FeatureTable, FieldKind},
    spatial::Geometry,
};

/// Geometry type of a layer.
pub(super) struct Shape {
    base: Option<&'static str>,
    pub(super) is_multi: bool,
    pub(super) has_z: bool,
}

impl Shape {
    pub(super) fn of(table: &FeatureTable) -> Self {
        let mut bases = BTreeSet::new();
        let mut is_multi = false;
        let mut has_z = false;
        for geometry in table.features.iter().filter_map(|f| f.geometry.as_ref()) {
            let (base, parts) = match geometry {
                Geometry::Points(points) => ("POINT", points.len()),
                Geometry::Lines(lines) => ("LINESTRING", lines.len()),
                Geometry::Polygons(polygons) => ("POLYGON", polygons.len()),
            };
            bases.insert(base);
            is_multi |= parts > 1;
            has_z = has_z || geometry.has_heights();
        }
        let base = if bases.len() == 1 { bases.pop_first() } else { None };
        // In a layer of mixed kinds each record is what it is.
        Self { base, is_multi: is_multi && base.is_some(), has_z }
    }

    /// As geometry columns state it.
    pub(super) fn name(&self) -> String {
        match self.base {
            Some(base) if self.is_multi => format!("MULTI{base}"),
            Some(base) => base.to_owned(),
            None => "GEOMETRY".to_owned(),
        }
    }
}

/// Column names as written: unique without regard to case, as SQLite wants them.
pub(super) struct Columns {
    pub(super) key: String,
    pub(super) geometry: String,
    fields: Vec<(String, &'static str)>,
}

impl Columns {
    pub(super) fn of(table: &FeatureTable) -> Self {
        let mut taken = BTreeSet::new();
        let fields = table
            .fields
            .iter()
            .map(|f| {
                let kind = match f.kind {
                    FieldKind::Bool => "BOOLEAN",
                    FieldKind::Integer => "INTEGER",
                    FieldKind::Real => "REAL",
                    FieldKind::Text => "TEXT",
                };
                (unique(&f.name, &mut taken), kind)
            })
            .collect();
        Self { key: unique("fid", &mut taken), geometry: unique("geom", &mut taken), fields }
    }

    /// The statement that creates the table.
    pub(super) fn create(&self, table: &str, shape: Option<&Shape>) -> String {
        let mut columns =
            vec![format!("{} INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", quoted(&self.key))];
        columns.extend(shape.map(|s| format!("{} {}", quoted(&self.geometry), s.name())));
        columns.extend(self.fields.iter().map(|(name, kind)| format!("{} {kind}", quoted(name))));
        format!("CREATE TABLE {} ({});", quoted(table), columns.join(", "))
    }

    /// The statement that adds a row.
    pub(super) fn insert(&self, table: &str, is_spatial: bool) -> String {
        let count = 1 + usize::from(is_spatial) + self.fields.len();
        let places: Vec<String> = (1..=count).map(|i| format!("?{i}")).collect();
        format!("INSERT INTO {} VALUES ({})", quoted(table), places.join(", "))
    }
}

fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let base = if name.is_empty() { "field" } else { name };
    let mut candidate = base.to_owned();
    let mut number = 1;
    while !taken.insert(candidate.to_lowercase()) {
        number += 1;
        candidate = format!("{base}_{number}");
    }
    candidate
}
