//! Vector records without meaning: what GeoPackage, Shapefile and GeoJSON have in common.

use crate::Result;
use crate::spatial::{Crs, Extent, Geometry, Transformer};

/// An attribute value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// Whole number.
    Integer(i64),
    /// Real number, always finite.
    Real(f64),
    /// Text; dates are text in ISO 8601.
    Text(String),
}

/// Type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// True or false.
    Bool,
    /// Whole number.
    Integer,
    /// Real number.
    Real,
    /// Text.
    Text,
}

/// A named, typed column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name as in the file.
    pub name: String,
    /// Type.
    pub kind: FieldKind,
}

/// A record: a geometry and one value per field of its table.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Geometry, where the record has one.
    pub geometry: Option<Geometry>,
    /// Values in the order of [`FeatureTable::fields`].
    pub values: Vec<Value>,
}

/// The records of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureTable {
    /// Layer name.
    pub name: String,
    /// Reference system, where the file states one.
    pub crs: Option<Crs>,
    /// Columns.
    pub fields: Vec<Field>,
    /// Records in file order.
    pub features: Vec<Feature>,
}

impl FeatureTable {
    /// An empty table.
    pub fn new(name: impl Into<String>, crs: Option<Crs>) -> Self {
        Self { name: name.into(), crs, fields: Vec::new(), features: Vec::new() }
    }

    /// Adds a column; meant for building a table before its features.
    pub fn with_field(mut self, name: impl Into<String>, kind: FieldKind) -> Self {
        self.fields.push(Field { name: name.into(), kind });
        self
    }

    /// Position of a column by name, ASCII case ignored.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name.eq_ignore_ascii_case(name))
    }

    /// Brings all geometries into a reference system; a table without one stays as it is.
    ///
    /// # Errors
    /// No transformation between the two is known.
    pub fn transform_to(&mut self, crs: Crs) -> Result<()> {
        let Some(from) = self.crs.filter(|from| *from != crs) else { return Ok(()) };
        let transformer = Transformer::new(from, crs)?;
        let geometries = self.features.iter_mut().filter_map(|f| f.geometry.as_mut());
        geometries.for_each(|geometry| transformer.transform_geometry(geometry));
        self.crs = Some(crs);
        Ok(())
    }

    /// Bounding rectangle of all geometries.
    pub fn extent(&self) -> Option<Extent> {
        self.features
            .iter()
            .filter_map(|f| f.geometry.as_ref()?.extent())
            .reduce(|a, b| a.union(&b))
    }
}

impl Value {
    /// As text, where it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As a real number, from a number or a text that reads as one.
    pub fn as_real(&self) -> Option<f64> {
        match self {
            Self::Integer(v) => Some(*v as f64),
            Self::Real(v) => Some(*v),
            Self::Text(t) => t.trim().parse().ok().filter(|v: &f64| v.is_finite()),
            Self::Null | Self::Bool(_) => None,
        }
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}
