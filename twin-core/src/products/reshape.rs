//! Tables whose columns vary from producer to producer → the columns of a layer.

use super::layer_import::Columns;
use crate::formats::{Feature, FeatureTable, Field, FieldKind, Value};
use crate::territory::Layer;

/// For each column of a layer, the names it may have in a delivery, best first.
pub(super) type Candidates = &'static [(&'static str, &'static [&'static str])];

/// The same records with the columns of layer `L`; a cell is the first candidate that is filled.
pub(super) fn reshape<L: Layer>(
    table: FeatureTable,
    candidates: Candidates,
) -> (FeatureTable, Columns) {
    let sources: Vec<Vec<usize>> = L::COLUMNS
        .iter()
        .map(|column| {
            let names = candidates.iter().find(|(target, _)| *target == column.name);
            let names = names.map_or(&[][..], |(_, names)| names);
            // A column that already bears the target's name was computed on purpose.
            std::iter::once(&column.name).chain(names).filter_map(|n| table.column(n)).collect()
        })
        .collect();
    let cell = |feature: &Feature, source: &[usize]| {
        let filled = source.iter().filter_map(|&i| feature.values.get(i)).find(|v| is_filled(v));
        filled.cloned().unwrap_or(Value::Null)
    };
    let columns = L::COLUMNS
        .iter()
        .enumerate()
        .zip(&sources)
        .filter(|(_, source)| !source.is_empty())
        .map(|((i, column), _)| (column.name.to_owned(), i))
        .collect();
    let fields =
        L::COLUMNS.iter().map(|c| Field { name: c.name.to_owned(), kind: c.kind }).collect();
    let features = table
        .features
        .into_iter()
        .map(|feature| Feature {
            values: sources.iter().map(|source| cell(&feature, source)).collect(),
            geometry: feature.geometry,
        })
        .collect();
    (FeatureTable { name: table.name, crs: table.crs, fields, features }, columns)
}

/// Adds a column computed from each record.
pub(super) fn add_column(
    table: &mut FeatureTable,
    name: &str,
    mut value: impl FnMut(&[Value]) -> Value,
) {
    let width = table.fields.len();
    table.fields.push(Field { name: name.to_owned(), kind: FieldKind::Text });
    for feature in &mut table.features {
        // A damaged record may be short or long; the new cell must stand under its heading.
        feature.values.resize(width, Value::Null);
        let computed = value(&feature.values);
        feature.values.push(computed);
    }
}

/// Text of a cell, blank counting as nothing.
pub(super) fn text(values: &[Value], column: Option<usize>) -> Option<String> {
    let text = match values.get(column?)? {
        Value::Text(text) => text.trim().to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Null | Value::Bool(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn is_filled(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Text(text) => !text.trim().is_empty(),
        _ => true,
    }
}

/// The first column that bears one of the names.
pub(super) fn column(table: &FeatureTable, names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| table.column(name))
}
