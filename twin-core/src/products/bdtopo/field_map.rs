//! Which column of a delivery is which field of BD TOPO: one file of names per layer, below
//! `layers/`.
//!
//! A field is looked for under its official name (WFS, GeoPackage), the names listed beside it
//! (official shapefiles), and last under the name that GDAL gives it when it writes a shapefile from
//! the official names: cut to 10 characters and, where that name is taken, to 8 characters with `_1`,
//! `_2` … in the order of the columns.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::import_report::LayerReport;
use super::super::layer_import::Columns;
use crate::formats::FeatureTable;
use crate::territory::fold;
use crate::{Error, Result};

macro_rules! layer_files {
    ($( $layer:literal, )+) => {
        const LAYER_FILES: &[(&str, &str)] =
            &[$( ($layer, include_str!(concat!("layers/", $layer, ".toml"))), )+];
    };
}

layer_files! {
    "batiment",
    "construction_lineaire",
    "construction_ponctuelle",
    "construction_surfacique",
    "reservoir",
    "cimetiere",
    "terrain_de_sport",
    "pylone",
    "ligne_orographique",
    "troncon_hydrographique",
    "surface_hydrographique",
    "plan_d_eau",
    "cours_d_eau",
    "zone_de_vegetation",
    "haie",
    "troncon_de_route",
    "troncon_de_voie_ferree",
    "equipement_de_transport",
    "piste_d_aerodrome",
    "commune",
    "zone_d_activite_ou_d_interet",
    "poste_de_transformation",
    "erp",
}

/// Names of a layer and of its fields.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldMap {
    /// Official name of the layer.
    pub(super) layer: String,
    /// Table names it may have, folded when compared.
    tables: Vec<String>,
    /// First characters of its identifiers.
    cleabs: Vec<String>,
    /// Official name, then other accepted names, in the order of the schema.
    fields: Vec<Vec<String>>,
}

/// The field maps of all layers.
#[derive(Debug, Clone)]
pub(super) struct FieldMaps(Vec<FieldMap>);

impl FieldMaps {
    /// Those that come with the program.
    pub(super) fn built_in() -> Result<Self> {
        let maps = LAYER_FILES.iter().map(|(name, text)| {
            toml::from_str(text).map_err(|e| {
                let reason = e.message().to_owned();
                Error::input(
                    *name,
                    format!("table illisible : {reason}"),
                    format!("unreadable table: {reason}"),
                )
            })
        });
        Ok(Self(maps.collect::<Result<_>>()?))
    }

    /// The layer of a table: by its name, else by its identifiers, else by a known name at the end
    /// of its own (`olemps_batiment`).
    pub(super) fn recognise(&self, table: &FeatureTable) -> Option<&FieldMap> {
        let name = fold(table.name.rsplit([':', '/', '\\']).next().unwrap_or_default());
        let named = |accepted: &dyn Fn(&str) -> bool| {
            self.0.iter().find(|map| map.tables.iter().any(|t| accepted(&fold(t))))
        };
        named(&|t| t == name)
            .or_else(|| self.by_identifier(table))
            .or_else(|| named(&|t| name.ends_with(&format!(" {t}"))))
    }

    fn by_identifier(&self, table: &FeatureTable) -> Option<&FieldMap> {
        let column = table.column("cleabs").or_else(|| table.column("ID"))?;
        let id = table.features.iter().find_map(|f| f.values.get(column)?.as_text())?;
        self.0.iter().find(|map| map.cleabs.iter().any(|prefix| id.starts_with(prefix.as_str())))
    }
}

impl FieldMap {
    /// Finds the fields in a table.
    pub(super) fn columns(&self, table: &FeatureTable, report: &mut LayerReport) -> Columns {
        let mut columns = Columns::new();
        for names in &self.fields {
            let found = names.iter().find_map(|name| table.column(name));
            if let (Some(official), Some(column)) = (names.first(), found) {
                columns.insert(official.clone(), column);
            }
        }
        self.add_cut_names(table, report, &mut columns);
        columns
    }

    /// Fields under names cut by GDAL. Where only some of the fields that share a cut name are
    /// there, their numbers say nothing sure, and they are left out with a warning.
    fn add_cut_names(&self, table: &FeatureTable, report: &mut LayerReport, columns: &mut Columns) {
        let mut families: BTreeMap<String, Vec<(&str, String)>> = BTreeMap::new();
        let official = self.fields.iter().filter_map(|names| names.first());
        for (name, cut) in official.clone().zip(cut_names(official.map(String::as_str))) {
            families.entry(first_characters(name, 10)).or_default().push((name, cut));
        }
        for family in families.values() {
            if family.iter().any(|(name, _)| columns.contains_key(*name)) {
                continue;
            }
            let present: Vec<Option<usize>> =
                family.iter().map(|(_, cut)| table.column(cut)).collect();
            if present.iter().all(Option::is_some) {
                for ((name, _), column) in family.iter().zip(present) {
                    columns.extend(column.map(|column| ((*name).to_owned(), column)));
                }
            } else if present.iter().any(Option::is_some) {
                let names: Vec<&str> = family.iter().map(|(name, _)| *name).collect();
                let names = names.join(", ");
                report.warn(
                    format!("noms de colonnes tronqués ambigus, non lus : {names}"),
                    format!("ambiguous cut column names, not read: {names}"),
                );
            }
        }
        for names in &self.fields {
            let mut others = names.iter().skip(1).filter(|name| name.len() > 10);
            if let Some(official) = names.first().filter(|name| !columns.contains_key(*name))
                && let Some(column) =
                    others.find_map(|name| table.column(&first_characters(name, 10)))
            {
                columns.insert(official.clone(), column);
            }
        }
    }
}

/// Names as GDAL writes them to a shapefile, in order.
fn cut_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut cut = Vec::new();
    for name in names {
        let mut short = first_characters(name, 10);
        let mut number = 1;
        while taken.contains(&short) && number < 100 {
            let mark = if number < 10 { format!("_{number}") } else { number.to_string() };
            short = first_characters(name, 8) + &mark;
            number += 1;
        }
        taken.insert(short.clone());
        cut.push(short);
    }
    cut
}

fn first_characters(name: &str, n: usize) -> String {
    name.chars().take(n).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Feature, FieldKind, Value};

    #[test]
    fn every_layer_file_reads_and_names_its_layer_once() {
        let maps = FieldMaps::built_in().unwrap();
        let names: BTreeSet<&str> = maps.0.iter().map(|map| map.layer.as_str()).collect();
        assert_eq!(names.len(), LAYER_FILES.len());
        for (map, (file, _)) in maps.0.iter().zip(LAYER_FILES) {
            assert_eq!(map.layer, *file);
            assert_eq!(map.fields[0][0], "cleabs");
        }
    }

    #[test]
    fn names_are_cut_as_gdal_does_in_the_lyon_export() {
        let maps = FieldMaps::built_in().unwrap();
        let building = &maps.0[0];
        let official: Vec<&str> = building.fields.iter().map(|f| f[0].as_str()).collect();
        let cut = cut_names(official.iter().copied());
        for (name, expected) in [
            ("construction_legere", "constructi"),
            ("methode_d_acquisition_altimetrique", "methode__1"),
            ("precision_altimetrique", "precisio_1"),
            ("materiaux_de_la_toiture", "materiau_1"),
            ("altitude_maximale_sol", "altitude_3"),
            ("identifiants_rnb", "identifi_1"),
            ("nombre_d_etages", "nombre_d_e"),
        ] {
            let i = official.iter().position(|n| *n == name).unwrap();
            assert_eq!(cut[i], expected, "{name}");
        }
    }

    fn table(name: &str, fields: &[&str]) -> FeatureTable {
        fields.iter().fold(FeatureTable::new(name, None), |t, f| t.with_field(*f, FieldKind::Text))
    }

    #[test]
    fn shapefile_names_are_those_of_ign() {
        let maps = FieldMaps::built_in().unwrap();
        for (layer, names) in [
            // The columns of the Olemps delivery.
            (
                "commune",
                "INSEE_COM INSEE_ARR INSEE_COL INSEE_DEP INSEE_REG POPULATION SURFACE_HA \
                 CODE_POST NOM CL_ARROND CL_COLLTER CL_DEPART CL_REGION CAPITALE DATE_RCT \
                 RECENSEUR SIREN_EPCI ID_CH_LIEU ID_AUT_ADM CODE_SIREN",
            ),
            ("troncon_hydrographique", "NUM_ORDRE CLA_ORDRE PER_ORDRE TRACECONNU LARGEUR"),
            ("erp", "ID LIBELLE CATEGORIE TYPE_1 CAP_ACC ETAT CODE_INSEE"),
        ] {
            let map = maps.0.iter().find(|map| map.layer == layer).unwrap();
            let names: Vec<&str> = names.split_whitespace().collect();
            let found = map.columns(&table(layer, &names), &mut LayerReport::default());
            let read: BTreeSet<usize> = found.into_values().collect();
            assert_eq!(read.len(), names.len(), "{layer}");
        }
    }

    #[test]
    fn a_name_stands_for_one_field_of_a_layer() {
        for map in &FieldMaps::built_in().unwrap().0 {
            let mut fields = BTreeMap::new();
            for field in &map.fields {
                for name in field {
                    let other = fields.insert(fold(name), &field[0]);
                    assert!(other.is_none_or(|o| *o == field[0]), "{} {name}", map.layer);
                }
            }
        }
    }

    #[test]
    fn an_incomplete_family_of_cut_names_is_not_guessed() {
        let maps = FieldMaps::built_in().unwrap();
        let mut report = LayerReport::default();
        let columns = maps.0[0]
            .columns(&table("b", &["cleabs", "altitude_m", "altitude_1", "hauteur"]), &mut report);
        assert_eq!(columns.keys().collect::<Vec<_>>(), ["cleabs", "hauteur"]);
        assert_eq!(report.warnings.len(), 1);
    }

    #[test]
    fn tables_are_recognised_by_name_then_by_identifier() {
        let maps = FieldMaps::built_in().unwrap();
        let layer = |t: &FeatureTable| maps.recognise(t).map(|map| map.layer.clone());
        assert_eq!(layer(&table("BDTOPO_V3:batiment", &[])).as_deref(), Some("batiment"));
        assert_eq!(layer(&table("TRONCON_DE_ROUTE", &[])).as_deref(), Some("troncon_de_route"));
        assert_eq!(layer(&table("olemps_haie", &[])).as_deref(), Some("haie"));
        let mut export = table("polygon__lyonPartDieu__building", &["cleabs"]);
        assert_eq!(layer(&export), None);
        export.features.push(Feature {
            geometry: None,
            values: vec![Value::Text("BATIMENT0000000320082673".into())],
        });
        assert_eq!(layer(&export).as_deref(), Some("batiment"));
        assert_eq!(layer(&table("canton", &[])), None);
    }
}
