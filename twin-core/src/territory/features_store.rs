//! Features ↔ the tables of `features.gpkg`.
//!
//! One table per kind of feature, named after the layer of the national product where the concept
//! is the product's, with its full column names: who knows BD TOPO finds it again in QGIS. Writing
//! and reading back loses nothing.

use std::path::Path;

use super::{
    Features, Layer, Oddities,
    features::{FeatureVisitor, FeatureVisitorMut},
};
use crate::formats::{Feature, FeatureTable, Field, Value};
use crate::language::Text;
use crate::spatial::Crs;
use crate::{Error, FileProblem, Result};

impl Features {
    /// One table per kind that has features, always in the same order.
    pub fn to_tables(&self) -> Vec<FeatureTable> {
        let mut writer = Writer { crs: self.crs, tables: Vec::new() };
        self.visit(&mut writer);
        writer.tables
    }

    /// From the tables of a store; `path` names it in errors. Tables of other content are left
    /// alone.
    pub fn from_tables(path: &Path, tables: Vec<FeatureTable>) -> Result<Self> {
        let mut features = Self::default();
        for table in &tables {
            match (features.crs, table.crs) {
                (None, crs) => features.crs = crs,
                (Some(known), Some(crs)) if known != crs => {
                    return Err(Error::file_at(
                        path,
                        &table.name,
                        FileProblem::Damaged { detail: format!("{crs} ≠ {known}").into() },
                    ));
                }
                _ => {}
            }
        }
        features.visit_mut(&mut Reader { path, tables })?;
        Ok(features)
    }
}

struct Writer {
    crs: Option<Crs>,
    tables: Vec<FeatureTable>,
}

impl FeatureVisitor for Writer {
    fn visit<L: Layer>(&mut self, features: &[L]) {
        if features.is_empty() {
            return;
        }
        self.tables.push(FeatureTable {
            name: L::NAME.to_owned(),
            crs: self.crs,
            fields: L::COLUMNS
                .iter()
                .map(|column| Field { name: column.name.to_owned(), kind: column.kind })
                .collect(),
            features: features
                .iter()
                .map(|feature| Feature {
                    geometry: Some(feature.geometry().clone()),
                    values: feature.to_values(),
                })
                .collect(),
        });
    }
}

struct Reader<'a> {
    path: &'a Path,
    tables: Vec<FeatureTable>,
}

impl FeatureVisitorMut for Reader<'_> {
    fn visit<L: Layer>(&mut self, features: &mut Vec<L>) -> Result<()> {
        let Some(position) = self.tables.iter().position(|t| t.name == L::NAME) else {
            return Ok(());
        };
        let table = self.tables.swap_remove(position);
        let columns: Vec<Option<usize>> =
            L::COLUMNS.iter().map(|column| table.column(column.name)).collect();
        for (row, feature) in table.features.into_iter().enumerate() {
            let damaged = |detail: Text| {
                let place = format!("{}, n° {}", L::NAME, row + 1);
                Error::file_at(self.path, place, FileProblem::Damaged { detail })
            };
            let geometry = feature
                .geometry
                .filter(|g| L::SHAPE.accepts(g))
                .ok_or_else(|| damaged(Text::new("géométrie", "geometry")))?;
            let values: Vec<Value> = columns
                .iter()
                .map(|column| column.and_then(|i| feature.values.get(i)).cloned())
                .map(|value| value.unwrap_or(Value::Null))
                .collect();
            let mut oddities = Oddities::default();
            features.push(L::from_values(geometry, &values, &mut oddities));
            if let Some(column) = oddities.unreadable.first().and_then(|&i| L::COLUMNS.get(i)) {
                return Err(damaged(column.name.into()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spatial::{Geometry, Polygon};
    use crate::territory::*;

    fn position() -> impl Strategy<Value = [f64; 3]> {
        (-1e6..1e6f64, -1e6..1e6f64, prop_oneof![Just(f64::NAN), -100.0..4000.0f64])
            .prop_map(|(x, y, z)| [x, y, z])
    }

    fn geometry(shape: Shape) -> BoxedStrategy<Geometry> {
        let line = || prop::collection::vec(position(), 2..6);
        let polygon = move || {
            (line(), prop::collection::vec(line(), 0..2))
                .prop_map(|(exterior, interiors)| Polygon { exterior, interiors })
        };
        match shape {
            Shape::Points => {
                prop::collection::vec(position(), 1..3).prop_map(Geometry::Points).boxed()
            }
            Shape::Lines => prop::collection::vec(line(), 1..3).prop_map(Geometry::Lines).boxed(),
            Shape::Polygons | Shape::Any => {
                prop::collection::vec(polygon(), 1..3).prop_map(Geometry::Polygons).boxed()
            }
        }
    }

    fn value(kind: crate::formats::FieldKind) -> BoxedStrategy<Value> {
        use crate::formats::FieldKind;
        let filled = match kind {
            FieldKind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
            FieldKind::Integer => (0..100_000i64).prop_map(Value::Integer).boxed(),
            FieldKind::Real => (-1e5..1e5f64).prop_map(Value::Real).boxed(),
            FieldKind::Text => {
                "[A-Za-zé' ]{0,12}|1|-1|En service|Agricole|S5MZCQ3432YG|12174|113:04"
                    .prop_map(Value::Text)
                    .boxed()
            }
        };
        prop_oneof![1 => Just(Value::Null), 3 => filled].boxed()
    }

    fn layer<L: Layer + std::fmt::Debug>() -> BoxedStrategy<Vec<L>> {
        let values: Vec<_> = L::COLUMNS.iter().map(|c| value(c.kind)).collect();
        let feature = (geometry(L::SHAPE), values)
            .prop_map(|(g, values)| L::from_values(g, &values, &mut Oddities::default()));
        prop::collection::vec(feature, 0..3).boxed()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Compared through `Debug`, which shows bits of reals and treats `NaN` as itself.
        #[test]
        fn tables_and_back_lose_nothing(
            buildings in layer::<Building>(),
            roads in layer::<Road>(),
            water_courses in layer::<WaterCourse>(),
            facilities in layer::<Facility>(),
            communes in layer::<Commune>(),
            zones in layer::<Zone>(),
            trees in layer::<Tree>(),
            land_cover in layer::<LandCoverZone>(),
        ) {
            let features = Features {
                crs: Some(Crs::LAMBERT_93),
                buildings, roads, water_courses, facilities, communes, zones, trees, land_cover,
                ..Features::default()
            };
            let tables = features.to_tables();
            let mut back = Features::from_tables(Path::new("features.gpkg"), tables.clone()).unwrap();
            if tables.is_empty() {
                back.crs = features.crs;
            }
            prop_assert_eq!(format!("{back:?}"), format!("{features:?}"));
            prop_assert_eq!(format!("{:?}", back.to_tables()), format!("{tables:?}"));
        }
    }

    #[test]
    fn a_table_of_another_shape_is_refused() {
        let mut table = FeatureTable::new("batiment", None);
        table.features.push(Feature {
            geometry: Some(Geometry::Points(vec![[0.0, 0.0, 0.0]])),
            values: Vec::new(),
        });
        let error = Features::from_tables(Path::new("f.gpkg"), vec![table]).unwrap_err();
        assert_eq!(error.code(), "file.damaged");
    }

    #[test]
    fn columns_have_distinct_names_and_the_first_is_the_identifier() {
        struct Check;
        impl FeatureVisitor for Check {
            fn visit<L: Layer>(&mut self, _: &[L]) {
                let mut names: Vec<&str> = L::COLUMNS.iter().map(|c| c.name).collect();
                assert!(["cleabs", "identifiant", "idu"].contains(&names[0]), "{}", L::NAME);
                names.sort_unstable();
                names.dedup();
                assert_eq!(names.len(), L::COLUMNS.len(), "{}", L::NAME);
            }
        }
        Features::default().visit(&mut Check);
    }
}
