//! What all kinds of features share: an identifier, a geometry and typed attributes, each kept in
//! a named column.
//!
//! A kind of feature is declared once, by the `layer!` macro: the documentation, name, type and
//! column of every field. Reading a product, writing the store and reading it back all follow from
//! that declaration.

use super::attribute::Unreadable;
use crate::formats::{FieldKind, Value};
use crate::spatial::{Extent, Geometry, Position};

/// A column of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Name, in full as published.
    pub name: &'static str,
    /// Type.
    pub kind: FieldKind,
}

/// Geometries that a layer accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Points.
    Points,
    /// Lines.
    Lines,
    /// Polygons.
    Polygons,
    /// Any of the three.
    Any,
}

impl Shape {
    /// Whether a geometry is of this shape.
    pub fn accepts(self, geometry: &Geometry) -> bool {
        matches!(
            (self, geometry),
            (Self::Any, _)
                | (Self::Points, Geometry::Points(_))
                | (Self::Lines, Geometry::Lines(_))
                | (Self::Polygons, Geometry::Polygons(_))
        )
    }
}

/// What was found odd while reading cells, by position in [`Layer::COLUMNS`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Oddities {
    /// Cells that could not be read and became *no value*.
    pub unreadable: Vec<usize>,
    /// Values outside their published list, kept as delivered.
    pub unlisted: Vec<(usize, String)>,
}

impl Oddities {
    /// Reads one cell; an unreadable one becomes *no value* and is noted.
    pub fn read<A: super::Attribute + Default>(
        &mut self,
        column: usize,
        value: Option<&Value>,
    ) -> A {
        match A::from_value(value.unwrap_or(&Value::Null)) {
            Ok(attribute) => {
                if let Some(text) = attribute.unlisted() {
                    self.unlisted.push((column, text.into_owned()));
                }
                attribute
            }
            Err(Unreadable) => {
                self.unreadable.push(column);
                A::default()
            }
        }
    }
}

/// A kind of feature.
pub trait Layer: Sized + Clone {
    /// Name of the layer, that of the national product where the concept is the product's.
    const NAME: &'static str;
    /// Geometries accepted.
    const SHAPE: Shape;
    /// Columns, in the order of [`Layer::to_values`]; the first is the identifier.
    const COLUMNS: &'static [Column];

    /// From a geometry and one cell per column (a missing cell is no value).
    fn from_values(geometry: Geometry, values: &[Value], oddities: &mut Oddities) -> Self;

    /// One cell per column.
    fn to_values(&self) -> Vec<Value>;

    /// Identifier, unique within the layer.
    fn id(&self) -> &str;

    /// Changes the identifier.
    fn set_id(&mut self, id: String);

    /// Where it is.
    fn geometry(&self) -> &Geometry;

    /// Where it is, to be changed in place.
    fn geometry_mut(&mut self) -> &mut Geometry;

    /// A feature without attributes.
    fn bare(id: impl Into<String>, geometry: Geometry) -> Self {
        let mut feature = Self::from_values(geometry, &[], &mut Oddities::default());
        feature.set_id(id.into());
        feature
    }
}

/// Whether a geometry and a rectangle share at least a point.
pub fn intersects(geometry: &Geometry, extent: &Extent) -> bool {
    use geo::Intersects as _;
    let Some(bounds) = geometry.extent() else { return false };
    if !bounds.intersects(extent) {
        return false;
    }
    let inside = |p: &Position| extent.contains(p[0], p[1]);
    match geometry {
        Geometry::Points(points) => points.iter().any(inside),
        _ if geometry.positions().any(inside) => true,
        Geometry::Lines(_) => geometry.to_multi_line_string().intersects(&extent.to_geo()),
        Geometry::Polygons(_) => geometry.to_multi_polygon().intersects(&extent.to_geo()),
    }
}

/// Declares a kind of feature: `pub struct Name in "layer" (Shape) { field: Type = "column", … }`.
/// The first field must be `id: String`; a `geometry` field is added.
macro_rules! layer {
    (
        $(#[$meta:meta])*
        pub struct $name:ident in $layer:literal ($shape:ident) {
            $( $(#[$field_meta:meta])* pub $field:ident: $kind:ty = $column:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[doc = concat!("\n\nStored in layer `", $layer, "`.")]
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $( $(#[$field_meta])* #[doc = concat!("(column `", $column, "`)")] pub $field: $kind, )+
            /// Where it is.
            pub geometry: $crate::spatial::Geometry,
        }

        impl $crate::territory::Layer for $name {
            const NAME: &'static str = $layer;
            const SHAPE: $crate::territory::Shape = $crate::territory::Shape::$shape;
            const COLUMNS: &'static [$crate::territory::Column] = &[
                $( $crate::territory::Column {
                    name: $column,
                    kind: <$kind as $crate::territory::Attribute>::KIND,
                }, )+
            ];

            fn from_values(
                geometry: $crate::spatial::Geometry,
                values: &[$crate::formats::Value],
                oddities: &mut $crate::territory::Oddities,
            ) -> Self {
                let mut cells = values.iter().enumerate();
                let mut next = || cells.next().unwrap_or((0, &$crate::formats::Value::Null));
                Self {
                    $( $field: {
                        let (column, value) = next();
                        oddities.read(column, Some(value))
                    }, )+
                    geometry,
                }
            }

            fn to_values(&self) -> Vec<$crate::formats::Value> {
                vec![$( $crate::territory::Attribute::to_value(&self.$field), )+]
            }

            fn id(&self) -> &str {
                &self.id
            }

            fn set_id(&mut self, id: String) {
                self.id = id;
            }

            fn geometry(&self) -> &$crate::spatial::Geometry {
                &self.geometry
            }

            fn geometry_mut(&mut self) -> &mut $crate::spatial::Geometry {
                &mut self.geometry
            }
        }
    };
}
pub(super) use layer;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::Polygon;

    #[test]
    fn a_polygon_that_surrounds_the_extent_intersects_it() {
        let around = Geometry::Polygons(vec![Polygon::from_corners(&[
            (-10.0, -10.0),
            (10.0, -10.0),
            (10.0, 10.0),
            (-10.0, 10.0),
        ])]);
        let extent = Extent { min_x: -1.0, min_y: -1.0, max_x: 1.0, max_y: 1.0 };
        assert!(intersects(&around, &extent));
    }

    #[test]
    fn a_line_that_only_crosses_the_corner_of_its_bounds_does_not() {
        let diagonal = Geometry::Lines(vec![vec![[0.0, 0.0, 0.0], [10.0, 10.0, 0.0]]]);
        let corner = Extent { min_x: 8.0, min_y: 0.0, max_x: 10.0, max_y: 2.0 };
        assert!(!intersects(&diagonal, &corner));
        let crossed = Extent { min_x: 4.0, min_y: 4.5, max_x: 4.6, max_y: 8.0 };
        assert!(intersects(&diagonal, &crossed));
    }
}
