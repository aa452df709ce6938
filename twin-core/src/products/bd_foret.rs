//! BD Forêt V2: stands of 0.5 ha and more by their formation (`code_tfv`).
//!
//! A code begins with the kind of stand (`FF` closed forest, `FO` open forest, `FP` poplars, `LA`
//! heath and herbs) and its leaves (1 broadleaf, 2 conifers, 3 mixed), then names species; the table
//! gives the cover by the longest beginning that fits.

use super::cover_zones::{cover_named, zones};
use super::import_report::ImportReport;
use super::reshape::{Candidates, column, text};
use super::semicolon_table;
use crate::Result;
use crate::formats::FeatureTable;
use crate::territory::{Features, LandCover};

const TABLE: &str = include_str!("tables/bd_foret_cover.csv");
const CODE_NAMES: &[&str] = &["code_tfv", "tfv"];
const CANDIDATES: Candidates =
    &[("identifiant", &["id", "cleabs", "fid"]), ("code_cs", CODE_NAMES)];

/// Zones of land cover.
///
/// # Errors
/// The table of codes is damaged.
pub fn from_tables(
    tables: impl IntoIterator<Item = FeatureTable>,
    report: &mut ImportReport,
) -> Result<Features> {
    let rules = rules()?;
    let code = |table: &FeatureTable| column(table, CODE_NAMES);
    Ok(zones(tables, CANDIDATES, report, "code_tfv", code, |code, values| {
        let code = text(values, Some(*code)).unwrap_or_default();
        let cover = cover_of(&rules, &code);
        (code, cover)
    }))
}

fn rules() -> Result<Vec<(&'static str, LandCover)>> {
    let rows = semicolon_table::rows("bd_foret_cover.csv", TABLE, ["code_tfv", "land_cover"])?;
    rows.into_iter()
        .map(|(line, [code, cover])| Ok((code, cover_named(cover, "bd_foret_cover.csv", line)?)))
        .collect()
}

fn cover_of(rules: &[(&str, LandCover)], code: &str) -> LandCover {
    let code = code.trim().to_ascii_uppercase();
    let fitting = rules.iter().filter(|(prefix, _)| code.starts_with(prefix));
    fitting.max_by_key(|(prefix, _)| prefix.len()).map_or(LandCover::Unknown, |(_, cover)| *cover)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Feature, FieldKind, Value};
    use crate::spatial::{Geometry, Polygon};

    #[test]
    fn published_codes_have_the_cover_of_their_leaves() {
        let rules = rules().unwrap();
        for (code, cover) in [
            ("FF1G01-01", LandCover::DeciduousForest),
            ("FF1-00-00", LandCover::DeciduousForest),
            ("FF2-64-64", LandCover::ConiferousForest),
            ("FF2G61-61", LandCover::ConiferousForest),
            ("FF31", LandCover::MixedForest),
            ("FF32", LandCover::MixedForest),
            ("FO1", LandCover::DeciduousForest),
            ("FO2", LandCover::ConiferousForest),
            ("FP", LandCover::DeciduousForest),
            ("FF0", LandCover::Shrub),
            ("LA4", LandCover::Shrub),
            ("LA6", LandCover::Grass),
            ("XX", LandCover::Unknown),
        ] {
            assert_eq!(cover_of(&rules, code), cover, "{code}");
        }
    }

    #[test]
    fn stands_come_as_zones_and_other_tables_are_named() {
        let square = Polygon::from_corners(&[(0.0, 0.0), (9.0, 0.0), (9.0, 9.0)]);
        let mut table = FeatureTable::new("formation_vegetale", None)
            .with_field("id", FieldKind::Text)
            .with_field("code_tfv", FieldKind::Text);
        table.features.push(Feature {
            geometry: Some(Geometry::Polygons(vec![square])),
            values: vec![Value::Text("F1".into()), Value::Text("FF2-52-52".into())],
        });
        let mut report = ImportReport::default();
        let other = FeatureTable::new("autre", None);
        let features = from_tables([table, other], &mut report).unwrap();
        assert_eq!(features.land_cover[0].cover, LandCover::ConiferousForest);
        assert_eq!(features.land_cover[0].cover_code.as_deref(), Some("FF2-52-52"));
        assert_eq!(report.ignored, ["autre"]);
    }
}
