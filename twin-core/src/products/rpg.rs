//! RPG (registre parcellaire graphique): farmed parcels by their group of crops (`code_group`).

use super::cover_zones::{cover_named, zones};
use super::import_report::ImportReport;
use super::reshape::{Candidates, column, text};
use super::semicolon_table;
use crate::Result;
use crate::formats::FeatureTable;
use crate::territory::{Features, LandCover};

const TABLE: &str = include_str!("tables/rpg_cover.csv");
const GROUP_NAMES: &[&str] = &["code_group", "code_groupe"];
const CANDIDATES: Candidates = &[
    ("identifiant", &["id_parcel", "cleabs", "id", "fid"]),
    ("code_cs", GROUP_NAMES),
    ("code_us", &["code_cultu", "code_cultur"]),
];

/// Zones of land cover.
///
/// # Errors
/// The table of groups is damaged.
pub fn from_tables(
    tables: impl IntoIterator<Item = FeatureTable>,
    report: &mut ImportReport,
) -> Result<Features> {
    let place = "rpg_cover.csv";
    let rows = semicolon_table::rows(place, TABLE, ["code_group", "land_cover"])?;
    let rules: Vec<(&str, LandCover)> = rows
        .into_iter()
        .map(|(line, [group, cover])| Ok((group, cover_named(cover, place, line)?)))
        .collect::<Result<_>>()?;
    let group = |table: &FeatureTable| column(table, GROUP_NAMES);
    Ok(zones(tables, CANDIDATES, report, "code_group", group, |group, values| {
        let code = text(values, Some(*group)).unwrap_or_default();
        let bare = code.trim_start_matches('0');
        let rule = rules.iter().find(|(group, _)| *group == bare);
        let cover = rule.map_or(LandCover::Unknown, |(_, cover)| *cover);
        (code, cover)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Feature, FieldKind, Value};
    use crate::spatial::{Geometry, Polygon};

    #[test]
    fn groups_of_crops_have_a_cover_whether_text_or_number() {
        let mut table = FeatureTable::new("parcelles_graphiques", None)
            .with_field("id_parcel", FieldKind::Text)
            .with_field("code_cultu", FieldKind::Text)
            .with_field("code_group", FieldKind::Text);
        let groups = [
            (Value::Text("1".into()), LandCover::Crop),
            (Value::Integer(18), LandCover::Grass),
            (Value::Text("21".into()), LandCover::WoodyCrop),
            (Value::Text("03".into()), LandCover::Crop),
            (Value::Text("77".into()), LandCover::Unknown),
        ];
        for (k, (group, _)) in groups.iter().enumerate() {
            let square = Polygon::from_corners(&[(0.0, 0.0), (9.0, 0.0), (9.0, 9.0)]);
            table.features.push(Feature {
                geometry: Some(Geometry::Polygons(vec![square])),
                values: vec![
                    Value::Text(format!("P{k}")),
                    Value::Text("BTH".into()),
                    group.clone(),
                ],
            });
        }
        let mut report = ImportReport::default();
        let features = from_tables([table], &mut report).unwrap();
        let covers: Vec<LandCover> = features.land_cover.iter().map(|zone| zone.cover).collect();
        assert_eq!(covers, groups.map(|(_, cover)| cover));
        assert_eq!(report.layers[0].unlisted["code_group"]["77"], 1);
    }
}
