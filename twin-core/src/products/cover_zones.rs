//! Products whose zones stand for a class of land cover by a code of theirs.

use std::collections::BTreeMap;

use super::import_report::{ImportReport, LayerReport};
use super::layer_import::import;
use super::reshape::{Candidates, add_column, reshape};
use crate::formats::{FeatureTable, Value};
use crate::territory::{Features, LandCover, LandCoverZone};
use crate::{Error, Result};

/// Zones of the tables that have the columns of the product. `columns` finds them, `class` gives the
/// code of a record and the cover it stands for; codes that stand for none are counted under the name
/// `code_column`.
pub(super) fn zones<C>(
    tables: impl IntoIterator<Item = FeatureTable>,
    candidates: Candidates,
    report: &mut ImportReport,
    code_column: &str,
    columns: impl Fn(&FeatureTable) -> Option<C>,
    class: impl Fn(&C, &[Value]) -> (String, LandCover),
) -> Features {
    let mut features = Features::default();
    for mut table in tables {
        let Some(found) = columns(&table) else {
            report.ignored.push(table.name);
            continue;
        };
        features.crs = features.crs.or(table.crs);
        let mut layer = LayerReport::new(&table.name, "occupation_du_sol");
        let mut unknown = BTreeMap::new();
        add_column(&mut table, "couverture", |values| {
            let (code, cover) = class(&found, values);
            if cover == LandCover::Unknown {
                *unknown.entry(code).or_insert(0) += 1;
            }
            Value::Text(cover.code().to_owned())
        });
        if !unknown.is_empty() {
            layer.unlisted.insert(code_column.to_owned(), unknown);
        }
        let (table, columns) = reshape::<LandCoverZone>(table, candidates);
        import(table, &columns, &mut layer, &mut features.land_cover);
        report.layers.push(layer);
    }
    features
}

/// The class of a name in line `line` of the table `place`.
pub(super) fn cover_named(name: &str, place: &str, line: usize) -> Result<LandCover> {
    LandCover::from_code(name).ok_or_else(|| {
        let known = LandCover::ALL.map(LandCover::code).join(", ");
        Error::input(
            format!("{place}: {line}"),
            format!("occupation du sol « {name} » inconnue ; classes : {known}"),
            format!("unknown land cover \"{name}\"; classes: {known}"),
        )
    })
}
