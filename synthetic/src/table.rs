//! Feature tables with many columns of which a record fills some.

use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
use twin_core::spatial::{Crs, Geometry, Polygon};

use crate::frame::Point;

/// A layer being filled.
pub(crate) struct Layer {
    table: FeatureTable,
    prefix: &'static str,
}

impl Layer {
    /// Columns are given as in `"cleabs nature fictif:b hauteur:r storeys:i"`; text by default.
    /// `prefix` is that of the `cleabs` identifiers, empty for layers without.
    pub(crate) fn new(name: &str, prefix: &'static str, columns: &str) -> Self {
        let mut table = FeatureTable::new(name, Some(Crs::LAMBERT_93));
        for column in columns.split_whitespace() {
            let (name, kind) = match column.split_once(':') {
                Some((name, "b")) => (name, FieldKind::Bool),
                Some((name, "i")) => (name, FieldKind::Integer),
                Some((name, _)) => (name, FieldKind::Real),
                None => (column, FieldKind::Text),
            };
            table = table.with_field(name, kind);
        }
        Self { table, prefix }
    }

    /// Adds a record; columns that are not named are null, but for identifier and dates.
    pub(crate) fn add(&mut self, geometry: Geometry, values: &[(&str, Value)]) {
        let number = self.table.features.len() + 1;
        let mut row: Vec<Value> = self
            .table
            .fields
            .iter()
            .map(|field| match field.name.as_str() {
                "cleabs" => Value::Text(self.identifier(number)),
                "date_creation" => text("2020-03-02T09:00:00Z"),
                "date_modification" => text("2024-06-15T09:00:00Z"),
                "etat_de_l_objet" => text("En service"),
                "precision_planimetrique" => Value::Real(1.5),
                "precision_altimetrique" => Value::Real(1.0),
                "methode_d_acquisition_planimetrique" => text("Photogrammétrie"),
                "methode_d_acquisition_altimetrique" => text("Photogrammétrie"),
                _ => Value::Null,
            })
            .collect();
        for (name, value) in values {
            let column = self.table.column(name);
            debug_assert!(column.is_some(), "{} has no column {name}", self.table.name);
            if let Some(column) = column {
                row[column] = value.clone();
            }
        }
        self.table.features.push(Feature { geometry: Some(geometry), values: row });
    }

    /// Identifier of the record of a number, from 1.
    pub(crate) fn identifier(&self, number: usize) -> String {
        format!("{}{:016}", self.prefix, 9_990_000_000_usize + number)
    }

    pub(crate) fn len(&self) -> usize {
        self.table.features.len()
    }

    pub(crate) fn finish(self) -> FeatureTable {
        self.table
    }
}

pub(crate) fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

pub(crate) fn optional(value: Option<&str>) -> Value {
    value.map_or(Value::Null, text)
}

/// Rounded to a decimetre, as BD TOPO gives heights.
pub(crate) fn decimetre(value: f64) -> Value {
    Value::Real((value * 10.0).round() / 10.0)
}

/// A polygon from a closed flat ring.
pub(crate) fn flat(ring: &[Point]) -> Geometry {
    level(ring, f64::NAN)
}

/// A polygon from a closed ring at one height.
pub(crate) fn level(ring: &[Point], z: f64) -> Geometry {
    raised(ring.iter().map(|p| [p[0], p[1], z]).collect())
}

/// A polygon from a closed ring with heights.
pub(crate) fn raised(ring: Vec<[f64; 3]>) -> Geometry {
    Geometry::Polygons(vec![Polygon { exterior: ring, interiors: Vec::new() }])
}
