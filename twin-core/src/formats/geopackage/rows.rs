//! The records of a [`FeatureTable`] as rows.

use std::path::Path;

use rusqlite::{Connection, params, types::Value as Stored};

use super::columns::{Columns, Shape};
use super::{geometry, rtree, write_problem};
use crate::{
    Error, FileProblem, Result,
    formats::{Feature, FeatureTable, FieldKind, Value},
    spatial::{Extent, Geometry},
};

/// Adds the records of a table, and their rectangles to the index.
pub(super) fn insert(
    connection: &Connection,
    target: &Path,
    table: &FeatureTable,
    columns: &Columns,
    shape: Option<&Shape>,
    srs_id: i32,
) -> Result<()> {
    let failed = |error: rusqlite::Error| write_problem(target, &error);
    let mut insert =
        connection.prepare(&columns.insert(&table.name, shape.is_some())).map_err(failed)?;
    let mut index = shape
        .map(|_| connection.prepare(&rtree::insert(&table.name, columns)))
        .transpose()
        .map_err(failed)?;
    for (i, feature) in table.features.iter().enumerate() {
        let fid = i as i64 + 1;
        let mut row = vec![Stored::Integer(fid)];
        if let Some(shape) = shape {
            let extent = feature.geometry.as_ref().and_then(Geometry::extent);
            row.push(match (&feature.geometry, &extent) {
                (Some(g), Some(extent)) => {
                    let multi = shape.is_multi;
                    Stored::Blob(geometry::encode(g, extent, srs_id, shape.has_z, multi))
                }
                _ => Stored::Null,
            });
            if let (Some(extent), Some(index)) = (extent, &mut index) {
                let Extent { min_x, min_y, max_x, max_y } = extent;
                index.execute(params![fid, min_x, max_x, min_y, max_y]).map_err(failed)?;
            }
        }
        row.extend(values(target, table, feature, fid)?);
        insert.execute(rusqlite::params_from_iter(row)).map_err(failed)?;
    }
    Ok(())
}

fn values(target: &Path, table: &FeatureTable, feature: &Feature, fid: i64) -> Result<Vec<Stored>> {
    let refused = |detail: String| {
        let place = format!("{}, record {fid}", table.name);
        Error::file_at(target, place, FileProblem::Damaged { detail })
    };
    let (given, wanted) = (feature.values.len(), table.fields.len());
    if given != wanted {
        return Err(refused(format!("{given} values for {wanted} fields")));
    }
    table
        .fields
        .iter()
        .zip(&feature.values)
        .map(|(field, value)| {
            stored(field.kind, value)
                .ok_or_else(|| refused(format!("{value:?} in field \"{}\"", field.name)))
        })
        .collect()
}

/// The value in the storage of its column; `None` when it is of another kind.
fn stored(kind: FieldKind, value: &Value) -> Option<Stored> {
    Some(match (kind, value) {
        (_, Value::Null) => Stored::Null,
        (FieldKind::Bool, Value::Bool(v)) => Stored::Integer(i64::from(*v)),
        (FieldKind::Integer, Value::Integer(v)) => Stored::Integer(*v),
        (FieldKind::Real, Value::Real(v)) if v.is_finite() => Stored::Real(*v),
        (FieldKind::Real, Value::Real(_)) => Stored::Null,
        (FieldKind::Real, Value::Integer(v)) => Stored::Real(*v as f64),
        (FieldKind::Text, Value::Text(v)) => Stored::Text(v.clone()),
        _ => return None,
    })
}
