//! Parcels of the cadastre: Parcellaire Express (PCI) by delivery or WFS, and the files of
//! cadastre.data.gouv.fr.

use super::import_report::{ImportReport, LayerReport};
use super::layer_import::import;
use super::reshape::{Candidates, add_column, column, reshape, text};
use crate::formats::{FeatureTable, Value};
use crate::territory::{Features, Layer as _, Parcel, fold};

const PARCEL: Candidates = &[("code_insee", &["commune"])];
const IDENTIFIER: &[&str] = &["idu", "id", "geo_parcelle"];

/// Parcels of the tables that hold some.
pub fn from_tables(
    tables: impl IntoIterator<Item = FeatureTable>,
    report: &mut ImportReport,
) -> Features {
    let mut features = Features::default();
    for mut table in tables {
        let is_parcels = fold(&table.name).contains("parcelle")
            || table.column("numero").is_some() && table.column("section").is_some();
        if !is_parcels {
            report.ignored.push(table.name);
            continue;
        }
        features.crs = features.crs.or(table.crs);
        let mut layer = LayerReport::new(&table.name, Parcel::NAME);
        let stated = column(&table, IDENTIFIER);
        let parts = ["code_dep", "code_com", "com_abs", "section", "numero"]
            .map(|name| (table.column(name), width(name)));
        if let Some(field) = stated.and_then(|k| table.fields.get_mut(k)) {
            "idu_livre".clone_into(&mut field.name);
        }
        add_column(&mut table, "idu", |values| {
            let built = || -> Option<String> {
                // A delivery without identifiers names its parts; absent digits are zeros.
                let part = |(column, width)| Some(format!("{:0>width$}", text(values, column)?));
                parts.map(part).into_iter().collect()
            };
            text(values, stated).or_else(built).map_or(Value::Null, Value::Text)
        });
        let [department, commune, ..] = parts;
        let is_in_parts = department.0.is_some() && commune.0.is_some();
        if is_in_parts && column(&table, &["code_insee", "commune"]).is_none() {
            add_column(&mut table, "code_insee", |values| {
                let part = |(column, width)| Some(format!("{:0>width$}", text(values, column)?));
                let parts: Option<String> = [department, commune].map(part).into_iter().collect();
                parts.map_or(Value::Null, Value::Text)
            });
        }
        let (table, columns) = reshape::<Parcel>(table, PARCEL);
        import(table, &columns, &mut layer, &mut features.parcels);
        report.layers.push(layer);
    }
    features
}

/// Characters of a part of the identifier.
fn width(part: &str) -> usize {
    match part {
        "code_dep" | "section" => 2,
        "code_com" | "com_abs" => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Feature, FieldKind};
    use crate::spatial::{Geometry, Polygon};

    fn table(cells: &[(&str, &str)]) -> FeatureTable {
        let mut table = FeatureTable::new("PARCELLE", None);
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
    fn parcels_of_each_form_have_the_same_identifier() {
        let shapefile = table(&[
            ("NUMERO", "0123"),
            ("SECTION", "B"),
            ("CODE_DEP", "35"),
            ("CODE_COM", "238"),
            ("COM_ABS", "000"),
        ]);
        let etalab = table(&[("id", "352380000B0123"), ("numero", "123"), ("section", "B")]);
        for table in [shapefile, etalab] {
            let features = from_tables([table], &mut ImportReport::default());
            assert_eq!(features.parcels[0].id, "352380000B0123");
            assert_eq!(features.parcels[0].section.as_deref(), Some("B"));
        }
    }

    #[test]
    fn other_tables_are_named_as_ignored() {
        let mut report = ImportReport::default();
        let mut other = table(&[("hauteur", "3")]);
        other.name = "batiment".to_owned();
        assert!(from_tables([other], &mut report).parcels.is_empty());
        assert_eq!(report.ignored, ["batiment"]);
    }
}
