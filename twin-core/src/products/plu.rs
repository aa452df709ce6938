//! Urban-planning documents by the CNIG standards, from the Géoportail de l'urbanisme or a delivery:
//! zones (`zone_urba`), prescriptions (`prescription_surf`, `_lin`, `_pct`) and the ground that public
//! easements bind (`assiette_sup_s`, `_l`, `_p`).

use super::cells::civil_date;
use super::import_report::{ImportReport, LayerReport};
use super::layer_import::import;
use super::reshape::{Candidates, add_column, column, reshape, text};
use crate::formats::{FeatureTable, Value};
use crate::territory::{Features, Label as _, Zone, ZoneKind, fold};

/// `libelle` and `type` are renamed before: they mean other things in the model.
const ZONE: Candidates = &[
    ("code", &["libelle_plu", "type_plu"]),
    ("libelle", &["libelong"]),
    ("type", &["typezone"]),
    ("document", DOCUMENT),
    ("reglement", &["urlfic", "nomfic"]),
];
const PRESCRIPTION: Candidates = &[
    ("libelle", &["libelle_plu", "txt"]),
    ("type", &["typepsc"]),
    ("sous_type", &["stypepsc"]),
    ("document", DOCUMENT),
    ("reglement", &["urlfic", "nomfic"]),
];
const EASEMENT: Candidates = &[
    ("libelle", &["nomsuplitt", "nomass"]),
    ("sous_type", &["typeass"]),
    ("document", &["idacte", "gpu_doc_id", "partition"]),
    ("reglement", &["urlacte", "nomacte", "fichier"]),
];
const IDENTIFIER: &[&str] = &["idzone", "lib_idzone", "idpsc", "lib_idpsc", "idass", "gid"];
const DOCUMENT: &[&str] = &["idurba", "gpu_doc_id", "partition"];
const DATES: &[&str] = &["datvalid", "datappro"];

/// Zones and prescriptions of the tables that hold some.
pub fn from_tables(
    tables: impl IntoIterator<Item = FeatureTable>,
    report: &mut ImportReport,
) -> Features {
    let mut features = Features::default();
    for mut table in tables {
        let name = fold(&table.name);
        let (kind, candidates) = if name.contains("zone urba") {
            (ZoneKind::UrbanPlanning, ZONE)
        } else if name.contains("prescription") {
            (ZoneKind::UrbanPrescription, PRESCRIPTION)
        } else if name.contains("assiette sup") || table.column("suptype").is_some() {
            (ZoneKind::Easement, EASEMENT)
        } else if table.column("typezone").is_some() {
            (ZoneKind::UrbanPlanning, ZONE)
        } else if table.column("typepsc").is_some() {
            (ZoneKind::UrbanPrescription, PRESCRIPTION)
        } else {
            report.ignored.push(table.name);
            continue;
        };
        features.crs = features.crs.or(table.crs);
        let mut layer = LayerReport::new(&table.name, kind.label());
        let date = column(&table, DATES);
        add_column(&mut table, "date_approbation", |values| {
            text(values, date).map_or(Value::Null, |t| Value::Text(civil_date(&t)))
        });
        let (id, document) = (column(&table, IDENTIFIER), column(&table, DOCUMENT));
        add_column(&mut table, "identifiant", |values| {
            // Numbers are those of a document, and of a table in it.
            let document = text(values, document).unwrap_or_default();
            text(values, id)
                .map_or(Value::Null, |id| Value::Text(format!("{document}/{}/{id}", kind.label())))
        });
        add_column(&mut table, "famille", |_| Value::Text(kind.label().into_owned()));
        if kind == ZoneKind::UrbanPlanning && table.column("typezone").is_none() {
            layer.warn(
                "champ typezone absent : type de zone (U, AU, A, N) inconnu",
                "field typezone is missing: the type of zone (U, AU, A, N) is not known",
            );
        }
        for (field, own) in [("libelle", "libelle_plu"), ("type", "type_plu")] {
            if let Some(field) = table.column(field).and_then(|i| table.fields.get_mut(i)) {
                field.name = own.to_owned();
            }
        }
        if kind == ZoneKind::Easement {
            // The portal writes `ac1`, deliveries and the law `AC1`.
            let category = column(&table, &["suptype"]);
            for name in ["code", "type"] {
                add_column(&mut table, name, |values| {
                    text(values, category).map_or(Value::Null, |t| Value::Text(t.to_uppercase()))
                });
            }
        }
        let (table, columns) = reshape::<Zone>(table, candidates);
        import(table, &columns, &mut layer, &mut features.zones);
        report.layers.push(layer);
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Feature, FieldKind};
    use crate::spatial::{Geometry, Polygon};

    fn table(name: &str, cells: &[(&str, &str)]) -> FeatureTable {
        let mut table = FeatureTable::new(name, None);
        for (field, _) in cells {
            table = table.with_field(*field, FieldKind::Text);
        }
        let square = Polygon::from_corners(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]);
        table.features.push(Feature {
            geometry: Some(Geometry::Polygons(vec![square])),
            values: cells.iter().map(|(_, v)| Value::Text((*v).into())).collect(),
        });
        table
    }

    #[test]
    fn a_zone_of_the_standard_keeps_its_names_and_date() {
        let zone = table(
            "wfs_du:zone_urba",
            &[
                ("libelle", "UB2"),
                ("libelong", "Zone urbaine dense"),
                ("typezone", "U"),
                ("idurba", "35238_PLUI"),
                ("datvalid", "20190711"),
                ("urlfic", ""),
                ("nomfic", "reglement.pdf"),
            ],
        );
        let prescription = table(
            "PRESCRIPTION_SURF",
            &[("LIBELLE", "EBC"), ("TYPEPSC", "01"), ("STYPEPSC", "00")],
        );
        let mut report = ImportReport::default();
        let features = from_tables([zone, prescription], &mut report);
        let [zone, prescription] = &features.zones[..] else { panic!("two zones") };
        assert_eq!(zone.kind, Some(ZoneKind::UrbanPlanning));
        assert_eq!(zone.code.as_deref(), Some("UB2"));
        assert_eq!(zone.label.as_deref(), Some("Zone urbaine dense"));
        assert_eq!(zone.class.as_deref(), Some("U"));
        assert_eq!(zone.rules.as_deref(), Some("reglement.pdf"));
        assert_eq!(zone.approved.as_deref(), Some("2019-07-11"));
        assert_eq!(prescription.class.as_deref(), Some("01"));
        assert_eq!(prescription.subclass.as_deref(), Some("00"));
        assert_eq!(prescription.label.as_deref(), Some("EBC"));
    }

    #[test]
    fn an_easement_has_its_category() {
        let table =
            table("wfs_sup:assiette_sup_s", &[("suptype", "ac1"), ("nomsuplitt", "Église")]);
        let features = from_tables([table], &mut ImportReport::default());
        let zone = &features.zones[0];
        assert_eq!(zone.kind, Some(ZoneKind::Easement));
        assert_eq!(zone.class.as_deref(), Some("AC1"));
        assert_eq!(zone.label.as_deref(), Some("Église"));
    }

    #[test]
    fn a_local_form_with_the_zone_in_type_is_read() {
        let mut report = ImportReport::default();
        let features = from_tables([table("ZONE_URBA", &[("TYPE", "UB2")])], &mut report);
        assert_eq!(features.zones[0].code.as_deref(), Some("UB2"));
        assert_eq!(features.zones[0].class, None);
        assert_eq!(report.layers[0].warnings.len(), 1);
    }
}
