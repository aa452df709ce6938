//! Risk-prevention plans (PPR): COVADIS shapefiles, which are the bulk of what Géorisques publishes,
//! and GeoPackages of the CNIG PPR standard.
//!
//! A zone with several hazards has the code 9999999 in COVADIS and its hazards in a table of its own
//! (`N_MULTIALEA_…`): without that table a search for floods would miss most of them, so it is
//! joined here.

use std::collections::BTreeMap;

use super::cells::civil_date;
use super::import_report::{ImportReport, LayerReport};
use super::layer_import::import;
use super::reshape::{Candidates, add_column, column, reshape, text};
use crate::formats::{FeatureTable, Value};
use crate::territory::{Attribute as _, Features, HazardLevel, Label as _, Zone, ZoneKind, fold};

/// Code of a zone whose hazards are not told apart.
pub const SEVERAL_HAZARDS: u32 = 999;

const HAZARD: &[&str] = &["coderisque", "typealea"];
const LEVEL: &[&str] = &["nivalea_st", "niveaualea"];
const IDENTIFIER: &[&str] =
    &["id_zone", "idzonealea", "idzonereglementaire", "idperimetre", "id_perimetre"];
const PROCEDURE: &[&str] = &["id_gaspar", "codeprocedure"];
const PERIOD: &[&str] = &["occurrence", "occurence"];
const DATE: &[&str] = &["datevalid", "dateetat", "datecarte", "dateappro"];
const CANDIDATES: Candidates = &[
    ("code", &["codezone", "codezonereglement", "nivalea"]),
    ("libelle", &["nom", "libellezonereglement", "descript", "description", "nomrisque"]),
    ("type", &["typereg", "typereglement"]),
    ("document", PROCEDURE),
    ("reglement", &["urlfic", "nomfic"]),
];

/// Hazards by procedure and zone, from `N_MULTIALEA_…`.
type SeveralHazards = BTreeMap<(String, String), Vec<HazardLevel>>;

/// Zones of the tables of one or several plans.
pub fn from_tables(
    tables: impl IntoIterator<Item = FeatureTable>,
    report: &mut ImportReport,
) -> Features {
    let (joined, tables): (Vec<_>, Vec<_>) =
        tables.into_iter().partition(|table| fold(&table.name).contains("multialea"));
    let mut several = SeveralHazards::new();
    for table in &joined {
        let mut layer = LayerReport::new(&table.name, "multialea");
        layer.read = add_several(table, &mut several);
        report.layers.push(layer);
    }
    let mut features = Features::default();
    for table in tables {
        let Some(kind) = kind(&table.name) else {
            report.ignored.push(table.name);
            continue;
        };
        features.crs = features.crs.or(table.crs);
        let mut layer = LayerReport::new(&table.name, kind.label());
        let (table, columns) = prepare(table, kind, &several, &mut layer);
        import(table, &columns, &mut layer, &mut features.zones);
        report.layers.push(layer);
    }
    features
}

fn kind(name: &str) -> Option<ZoneKind> {
    let name = fold(name).replace(' ', "");
    if name.contains("zonealea") {
        Some(ZoneKind::Hazard)
    } else if name.contains("zonereg") {
        Some(ZoneKind::RiskRegulation)
    } else if name.contains("perimetre") {
        Some(ZoneKind::RiskPerimeter)
    } else {
        None
    }
}

fn prepare(
    mut table: FeatureTable,
    kind: ZoneKind,
    several: &SeveralHazards,
    layer: &mut LayerReport,
) -> (FeatureTable, super::layer_import::Columns) {
    let zone_column = column(&table, IDENTIFIER);
    let procedure_column = column(&table, PROCEDURE);
    let procedure_of_table = procedure(&table.name);
    let table_name = table.name.clone();

    if kind == ZoneKind::Hazard {
        let (hazard_column, level_column) = (column(&table, HAZARD), column(&table, LEVEL));
        let mut unjoined = 0;
        add_column(&mut table, "aleas", |values| {
            let Some(hazard) = hazard(values, hazard_column, level_column) else {
                return Value::Null;
            };
            let key = (procedure_of_table.clone(), text(values, zone_column).unwrap_or_default());
            match several.get(&key) {
                Some(hazards) if hazard.hazard == SEVERAL_HAZARDS => hazards.to_value(),
                _ => {
                    unjoined += usize::from(hazard.hazard == SEVERAL_HAZARDS);
                    vec![hazard].to_value()
                }
            }
        });
        if unjoined > 0 {
            layer.warn(
                format!("{unjoined} zones à plusieurs aléas sans ligne dans N_MULTIALEA : aléas inconnus"),
                format!("{unjoined} zones with several hazards have no row in N_MULTIALEA: hazards not known"),
            );
        }
        let period = column(&table, PERIOD);
        add_column(&mut table, "periode_de_retour_ans", |values| {
            let years = text(values, period).and_then(|t| t.parse::<f64>().ok());
            years.filter(|years| *years > 0.0).map_or(Value::Null, Value::Real)
        });
    }
    let date = column(&table, DATE);
    add_column(&mut table, "date_approbation", |values| {
        text(values, date).map_or(Value::Null, |t| Value::Text(civil_date(&t)))
    });
    add_column(&mut table, "famille", |_| Value::Text(kind.label().into_owned()));
    add_column(&mut table, "identifiant", |values| {
        let procedure =
            text(values, procedure_column).unwrap_or_else(|| procedure_of_table.clone());
        // Zones of several hazard tables of one procedure may bear the same number.
        match text(values, zone_column) {
            Some(zone) => Value::Text(format!("{procedure}/{}/{zone}", short_name(&table_name))),
            None => Value::Null,
        }
    });
    reshape::<Zone>(table, CANDIDATES)
}

/// `pprm_38ddt20180002_zonealeareference_33_s` → `zonealeareference_33_s`; COVADIS names → their
/// second word.
fn short_name(table: &str) -> String {
    let name = table.to_ascii_lowercase();
    let words: Vec<&str> = name.split('_').collect();
    match words.as_slice() {
        ["n", "zone", kind, ..] => (*kind).to_owned(),
        ["n", kind, ..] => (*kind).to_owned(),
        [_, _, rest @ ..] if !rest.is_empty() => rest.join("_"),
        _ => name,
    }
}

/// The eight digits of the procedure in a COVADIS table name.
fn procedure(table: &str) -> String {
    let is_number = |word: &&str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit());
    table.split('_').find(is_number).unwrap_or_default().to_owned()
}

fn hazard(
    values: &[Value],
    hazard_column: Option<usize>,
    level_column: Option<usize>,
) -> Option<HazardLevel> {
    let code = text(values, hazard_column)?;
    // COVADIS: three digits of the hazard, then four of detail.
    let code = if code.len() == 7 { code.get(..3)? } else { &code };
    let level = text(values, level_column).and_then(|t| t.parse().ok());
    Some(HazardLevel { hazard: code.parse().ok()?, level })
}

fn add_several(table: &FeatureTable, several: &mut SeveralHazards) -> usize {
    let zone = table.column("id_zone");
    let (hazard_column, level_column) = (column(table, HAZARD), column(table, LEVEL));
    let mut read = 0;
    for record in &table.features {
        let (Some(zone), Some(hazard)) =
            (text(&record.values, zone), hazard(&record.values, hazard_column, level_column))
        else {
            continue;
        };
        several.entry((procedure(&table.name), zone)).or_default().push(hazard);
        read += 1;
    }
    for hazards in several.values_mut() {
        hazards.sort_unstable();
        hazards.dedup();
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Feature, FieldKind};
    use crate::spatial::{Geometry, Polygon};

    fn table(name: &str, fields: &[&str], rows: &[&[&str]]) -> FeatureTable {
        let mut table = FeatureTable::new(name, None);
        for field in fields {
            table = table.with_field(*field, FieldKind::Text);
        }
        for (i, row) in rows.iter().enumerate() {
            let x = i as f64;
            let square = Polygon::from_corners(&[(x, 0.0), (x + 1.0, 0.0), (x + 1.0, 1.0)]);
            table.features.push(Feature {
                geometry: Some(Geometry::Polygons(vec![square])),
                values: row.iter().map(|v| Value::Text((*v).into())).collect(),
            });
        }
        table
    }

    #[test]
    fn floods_of_multi_hazard_zones_are_found() {
        let zones = table(
            "N_ZONE_ALEA_PPRN_20200002_S_038",
            &["id_zone", "id_gaspar", "coderisque", "nivalea_st"],
            &[
                &["1", "38DDT20200002", "1130000", "04"],
                &["2", "38DDT20200002", "9999999", "04"],
                &["3", "38DDT20200002", "9999999", "02"],
            ],
        );
        let hazards = table(
            "N_MULTIALEA_PPRN_20200002_038",
            &["id_zone", "coderisque", "nivalea_st"],
            &[&["2", "1240000", "04"], &["2", "1130000", "01"]],
        );
        let mut report = ImportReport::default();
        let features = from_tables([zones, hazards], &mut report);
        let floods: Vec<bool> = features.zones.iter().map(Zone::is_flood_hazard).collect();
        assert_eq!(floods, [true, true, false]);
        let flood = features.zones[1].hazards.iter().find(|h| h.is_flood()).unwrap();
        assert_eq!(flood.level, Some(1), "the level of the flood, not of the worst hazard");
        assert_eq!(features.zones[2].hazards[0].hazard, SEVERAL_HAZARDS);
        assert_eq!(report.layers[1].warnings.len(), 1);
    }

    #[test]
    fn the_standard_and_its_draft_give_the_same_zone() {
        for period in ["occurrence", "occurence"] {
            let zones = table(
                "pprn_38ddt20180002_zonealeareference_113_s",
                &["idzonealea", "codeprocedure", "typealea", "niveaualea", period],
                &[&["220", "38DDT20180002", "113", "06", "100"]],
            );
            let features = from_tables([zones], &mut ImportReport::default());
            let zone = &features.zones[0];
            assert_eq!(zone.id, "38DDT20180002/zonealeareference_113_s/220");
            assert_eq!(zone.hazards, [HazardLevel { hazard: 113, level: Some(6) }]);
            assert_eq!(zone.return_period_years, Some(100.0));
        }
    }

    #[test]
    fn tables_without_zones_are_named_as_ignored() {
        let mut report = ImportReport::default();
        from_tables([table("pprm_38ddt20180002_procedure", &[], &[])], &mut report);
        assert_eq!(report.ignored, ["pprm_38ddt20180002_procedure"]);
    }
}
