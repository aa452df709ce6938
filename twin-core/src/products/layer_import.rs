//! A table and the columns found in it → features of one kind.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::interpret;
use super::geometry_check::{clean, identifier, is_same};
use super::import_report::{LayerReport, SkipReason};
use crate::formats::{FeatureTable, Value};
use crate::territory::{Layer, Oddities, Shape};

/// Position in a table of each column of a layer, by its name in the layer.
pub(super) type Columns = BTreeMap<String, usize>;

/// Reads the records of a table and adds them to `features`, leaving out those already there.
pub(super) fn import<L: Layer>(
    table: FeatureTable,
    columns: &Columns,
    report: &mut LayerReport,
    features: &mut Vec<L>,
) {
    let positions: Vec<Option<usize>> =
        L::COLUMNS.iter().map(|column| columns.get(column.name).copied()).collect();
    report.missing = L::COLUMNS
        .iter()
        .zip(&positions)
        .filter(|(_, position)| position.is_none())
        .map(|(column, _)| column.name.to_owned())
        .collect();
    let first_of_table = features.len();
    let mut known: BTreeMap<String, usize> =
        features.iter().enumerate().map(|(i, f)| (f.id().to_owned(), i)).collect();
    let mut repeated_ids = BTreeSet::new();

    for record in table.features {
        let Some(geometry) = record.geometry else {
            report.skip(SkipReason::NoGeometry);
            continue;
        };
        if L::SHAPE != Shape::Any && !L::SHAPE.accepts(&geometry) {
            report.skip(SkipReason::WrongGeometry);
            continue;
        }
        let geometry = match clean(geometry, report) {
            Ok(geometry) => geometry,
            Err(reason) => {
                report.skip(reason);
                continue;
            }
        };
        let values: Vec<Value> = positions
            .iter()
            .zip(L::COLUMNS)
            .map(|(position, column)| {
                let cell = position.and_then(|i| record.values.get(i));
                cell.map_or(Value::Null, |cell| interpret(cell, column))
            })
            .collect();
        let mut oddities = Oddities::default();
        let mut feature = L::from_values(geometry, &values, &mut oddities);
        if feature.id().is_empty() {
            feature.set_id(identifier(&report.layer, feature.geometry(), &values));
            report.identified += 1;
        }
        if let Some(&twin) = known.get(feature.id()) {
            let same = features
                .get(twin)
                .is_some_and(|other| is_same(other.geometry(), feature.geometry()));
            // The same object in two files may differ where each was cut; within one file, parts of
            // a cut object are all wanted.
            if same || twin < first_of_table {
                report.skip(SkipReason::RepeatedIdentifier);
                continue;
            }
            repeated_ids.insert(feature.id().to_owned());
            let parts = (2..).map(|n| format!("{}#{n}", feature.id()));
            if let Some(id) = parts.into_iter().find(|id| !known.contains_key(id)) {
                feature.set_id(id);
            }
        }
        for column in oddities.unreadable {
            *report.unreadable.entry(name::<L>(column)).or_default() += 1;
        }
        for (column, value) in oddities.unlisted {
            *report.unlisted.entry(name::<L>(column)).or_default().entry(value).or_default() += 1;
        }
        known.insert(feature.id().to_owned(), features.len());
        features.push(feature);
    }
    report.read = features.len() - first_of_table;
    if !repeated_ids.is_empty() {
        let n = repeated_ids.len();
        report.warn(
            format!("{n} identifiants portés par plusieurs objets ; les suivants sont numérotés #2, #3 …"),
            format!("{n} identifiers are borne by several features; the next ones are numbered #2, #3 …"),
        );
    }
}

fn name<L: Layer>(column: usize) -> String {
    L::COLUMNS.get(column).map_or_else(String::new, |c| c.name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Feature, FieldKind};
    use crate::spatial::Geometry;
    use crate::territory::Hedge;

    fn table(records: &[(&str, f64)]) -> FeatureTable {
        let mut table = FeatureTable::new("haie", None)
            .with_field("cleabs", FieldKind::Text)
            .with_field("hauteur", FieldKind::Text);
        for &(id, x) in records {
            table.features.push(Feature {
                geometry: Some(Geometry::Lines(vec![vec![[x, 0.0, 0.0], [x, 1.0, 0.0]]])),
                values: vec![Value::Text(id.into()), Value::Text("haute".into())],
            });
        }
        table
    }

    fn columns() -> Columns {
        Columns::from([("cleabs".to_owned(), 0), ("hauteur".to_owned(), 1)])
    }

    #[test]
    fn cut_objects_keep_all_their_parts_and_true_repeats_are_left_out() {
        let mut report = LayerReport::default();
        let mut hedges: Vec<Hedge> = Vec::new();
        let records = [("H1", 0.0), ("H1", 5.0), ("H1", 0.0), ("H2", 9.0)];
        import(table(&records), &columns(), &mut report, &mut hedges);
        let ids: Vec<&str> = hedges.iter().map(|h| h.id.as_str()).collect();
        assert_eq!(ids, ["H1", "H1#2", "H2"]);
        assert_eq!(report.skipped, BTreeMap::from([(SkipReason::RepeatedIdentifier, 1)]));
        assert_eq!(report.unreadable["hauteur"], 3);
        assert_eq!(report.read, 3);
    }

    #[test]
    fn a_second_file_adds_only_new_objects() {
        let mut hedges: Vec<Hedge> = Vec::new();
        let mut report = LayerReport::default();
        import(table(&[("H1", 0.0)]), &columns(), &mut report, &mut hedges);
        let mut second = LayerReport::default();
        import(table(&[("H1", 0.1), ("H3", 2.0)]), &columns(), &mut second, &mut hedges);
        assert_eq!((second.read, hedges.len()), (1, 2));
    }

    #[test]
    fn records_without_identifier_get_a_lasting_one() {
        let read = || {
            let mut hedges: Vec<Hedge> = Vec::new();
            let mut report = LayerReport::new("haie", "haie");
            let without = table(&[("", 0.0), ("", 1.0)]);
            import(without, &columns(), &mut report, &mut hedges);
            assert_eq!(report.identified, 2);
            hedges.into_iter().map(|h| h.id).collect::<Vec<_>>()
        };
        assert_eq!(read(), read());
        assert!(read()[0].starts_with("haie-") && read()[0] != read()[1]);
    }
}
