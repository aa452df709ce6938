//! Tables of a local authority joined to the features of the national products.
//!
//! A row belongs to the features whose `cleabs` or, for buildings, RNB identifier, for communes INSEE
//! code stands in its key column: one building of the RNB may be several of BD TOPO, and the other way round. A column with
//! the name of one of the layer's (`nombre_de_logements`, `hauteur` …) replaces what the product says
//! where the cell is filled; any other becomes a [`LocalAttribute`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::formats::{FeatureTable, Value};
use crate::language::Text;
use crate::spatial::Geometry;
use crate::territory::{Features, Layer as _, LocalAttribute, SourceEntry};
use crate::{Error, Result};

/// Names of key columns that are found without being told.
const KEYS: [&str; 6] =
    ["cleabs", "identifiants_rnb", "rnb", "rnb_id", "id_rnb", "identifiant_rnb"];
/// Layer that tables are about without being told.
const DEFAULT_LAYER: &str = "batiment";
/// Columns of layers that identify their features too; several identifiers are joined by `/`.
const IDENTIFIERS: [&str; 2] = ["identifiants_rnb", "code_insee"];

/// Joins a table; gives what the user should know.
///
/// # Errors
/// When the key column or the layer is missing, or a cell cannot be what its column holds.
pub(super) fn attach(
    features: &mut Features,
    table: &FeatureTable,
    entry: &SourceEntry,
    path: &Path,
) -> Result<Text> {
    let source = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let key = key_column(table, entry, path)?;
    let layer = entry.layer.as_deref().unwrap_or(DEFAULT_LAYER);
    let mut tables = features.to_tables();
    let Some(target) = tables.iter_mut().find(|t| t.name == layer) else {
        let known: Vec<&str> = tables.iter().map(|t| t.name.as_str()).collect();
        let known = known.join(", ");
        return Err(Error::input(
            format!("{} [layer]", path.display()),
            format!("le territoire n'a pas de couche « {layer} » ; présentes : {known}"),
            format!("the territory has no layer \"{layer}\"; present: {known}"),
        ));
    };
    let positions = positions(target);
    // What a feature is called is the product's to say.
    let identifiers: Vec<usize> = identifiers(target);
    let own: Vec<Option<usize>> = (table.fields.iter())
        .map(|field| target.column(&field.name).filter(|own| !identifiers.contains(own)))
        .collect();
    let is_identifier: Vec<bool> = (table.fields.iter())
        .map(|field| target.column(&field.name).is_some_and(|own| identifiers.contains(&own)))
        .collect();
    let (mut joined, mut strange, mut again) = (BTreeSet::new(), 0usize, 0usize);
    let mut attributes = BTreeMap::new();
    for row in &table.features {
        let keys = text(&row.values[key]);
        let of: BTreeSet<usize> =
            keys.split('/').filter_map(|k| positions.get(&plain(k))).flatten().copied().collect();
        strange += usize::from(of.is_empty());
        for (column, value) in row.values.iter().enumerate() {
            if column == key || is_identifier[column] || value.is_null() {
                continue;
            }
            let name = &table.fields[column].name;
            for &feature in &of {
                let feature = &mut target.features[feature];
                if let Some(cell) = own[column].and_then(|own| feature.values.get_mut(own)) {
                    cell.clone_from(value);
                    continue;
                }
                let id = text(&feature.values[0]);
                let attribute = LocalAttribute {
                    feature_id: Some(id.clone()),
                    layer: Some(layer.to_owned()),
                    name: Some(name.clone()),
                    text: Some(text(value)),
                    number: value.as_real(),
                    source: Some(source.clone()),
                    ..LocalAttribute::bare(format!("{id}|{name}"), middle(&feature.geometry))
                };
                attributes.insert(attribute.id.clone(), attribute);
            }
        }
        again += usize::from(of.iter().any(|feature| joined.contains(feature)));
        joined.extend(of);
    }
    let crs = features.crs;
    *features = Features { crs, ..Features::from_tables(path, tables)? };
    features.local_attributes.retain(|a| !attributes.contains_key(&a.id));
    features.local_attributes.extend(attributes.into_values());
    let (rows, joined) = (table.features.len(), joined.len());
    Ok(Text::new(
        format!(
            "{source} : {rows} lignes, jointes à {joined} objets de « {layer} » ; {strange} sans objet, {again} sur un objet déjà joint (la dernière vaut)."
        ),
        format!(
            "{source}: {rows} rows, joined to {joined} features of \"{layer}\"; {strange} without a feature, {again} on a feature joined before (the last one holds)."
        ),
    ))
}

fn key_column(table: &FeatureTable, entry: &SourceEntry, path: &Path) -> Result<usize> {
    let stated = entry.key.as_deref();
    let names: Vec<&str> = stated.map_or(KEYS.to_vec(), |key| vec![key]);
    names.iter().find_map(|name| table.column(name)).ok_or_else(|| {
        let (wanted, columns) = (
            names.join(", "),
            table.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", "),
        );
        Error::input(
            format!("{} [key]", path.display()),
            format!("aucune colonne d'identifiants ({wanted}) ; colonnes : {columns} ; l'indiquer par key = \"…\""),
            format!("no column of identifiers ({wanted}); columns: {columns}; name it with key = \"…\""),
        )
    })
}

/// Columns that identify the features of a layer.
fn identifiers(table: &FeatureTable) -> Vec<usize> {
    std::iter::once(0).chain(IDENTIFIERS.iter().filter_map(|name| table.column(name))).collect()
}

/// Features by each of their identifiers.
fn positions(table: &FeatureTable) -> BTreeMap<String, Vec<usize>> {
    let columns = identifiers(table);
    let mut positions: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (k, feature) in table.features.iter().enumerate() {
        for cell in columns.iter().filter_map(|column| feature.values.get(*column)) {
            let ids = text(cell);
            for id in ids.split('/').map(str::trim).filter(|id| !id.is_empty()) {
                positions.entry(plain(id)).or_default().push(k);
            }
        }
    }
    positions
}

/// An identifier without the blanks, hyphens and small letters that people write.
fn plain(id: &str) -> String {
    let kept = id.chars().filter(|c| !c.is_whitespace() && *c != '-');
    kept.map(|c| c.to_ascii_uppercase()).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(v) => v.to_string(),
        Value::Integer(v) => v.to_string(),
        Value::Real(v) => v.to_string(),
        Value::Text(v) => v.trim().to_owned(),
    }
}

fn middle(geometry: &Option<Geometry>) -> Geometry {
    let extent = geometry.as_ref().and_then(Geometry::extent);
    let (x, y) = extent.map_or((f64::NAN, f64::NAN), |e| e.centre());
    Geometry::Points(vec![[x, y, f64::NAN]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Feature, FieldKind};
    use crate::spatial::Polygon;
    use crate::territory::{Building, Product, RnbId};

    fn features() -> Features {
        let house = |id: &str, rnb: &str| {
            let square = Polygon::from_corners(&[(0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (0.0, 8.0)]);
            Building {
                rnb_ids: vec![RnbId::new(rnb).unwrap()],
                dwellings: Some(1),
                ..Building::bare(id, Geometry::Polygons(vec![square]))
            }
        };
        Features {
            buildings: vec![
                house("BATIMENT1", "AC2HSN1NCT15"),
                house("BATIMENT2", "HK7W6EP38S1P"),
                house("BATIMENT3", "AC2HSN1NCT15"),
            ],
            ..Features::default()
        }
    }

    fn table(key: &str, rows: &[(&str, i64, &str)]) -> FeatureTable {
        let mut table = FeatureTable::new("logements", None)
            .with_field(key, FieldKind::Text)
            .with_field("nombre_de_logements", FieldKind::Integer)
            .with_field("chauffage", FieldKind::Text);
        for (id, dwellings, heating) in rows {
            let values = vec![
                Value::Text((*id).to_owned()),
                Value::Integer(*dwellings),
                Value::Text((*heating).to_owned()),
            ];
            table.features.push(Feature { geometry: None, values });
        }
        table
    }

    fn entry(key: Option<&str>) -> SourceEntry {
        SourceEntry {
            key: key.map(str::to_owned),
            ..SourceEntry::new(Product::LocalTable, "t.csv")
        }
    }

    #[test]
    fn rows_join_by_cleabs_and_by_rnb_and_known_columns_replace() {
        let mut features = features();
        let rows =
            [("ac2h-sn1n-ct15", 7, "gaz"), ("BATIMENT2", 3, "bois"), ("nowhere", 1, "fioul")];
        let table = table("rnb_id", &rows);
        let told = attach(&mut features, &table, &entry(None), Path::new("t.csv")).unwrap();
        assert!(
            told.fr.contains("3 lignes, jointes à 3 objets") && told.fr.contains("1 sans objet")
        );
        let dwellings: Vec<_> = features.buildings.iter().map(|b| b.dwellings).collect();
        assert_eq!(dwellings, [Some(7), Some(3), Some(7)]);
        let heating = |id: &str| {
            let of = |a: &&LocalAttribute| a.feature_id.as_deref() == Some(id);
            features.local_attributes.iter().find(of).unwrap().text.clone()
        };
        assert_eq!(heating("BATIMENT3").as_deref(), Some("gaz"));
        assert_eq!(features.local_attributes.len(), 3);
    }

    #[test]
    fn a_table_without_identifiers_or_of_nonsense_is_refused() {
        let path = Path::new("t.csv");
        let strange = table("nom", &[("BATIMENT1", 2, "gaz")]);
        let error = attach(&mut features(), &strange, &entry(None), path).unwrap_err();
        assert!(error.to_string().contains("key"), "{error}");
        assert!(attach(&mut features(), &strange, &entry(Some("nom")), path).is_ok());
        let mut wrong = table("cleabs", &[("BATIMENT1", 2, "gaz")]);
        wrong.features[0].values[1] = Value::Text("beaucoup".into());
        let error = attach(&mut features(), &wrong, &entry(None), path).unwrap_err();
        assert!(error.to_string().contains("nombre_de_logements"), "{error}");
    }
}
