//! BD France, vegetation theme (beta, January 2026): forest, shrub heath, hedges, farmland,
//! grassland.
//!
//! IGN has not published the list of columns; the reader looks for a kind and an identifier under
//! the usual names and says what it did not find.

use super::hedges::add_vegetation;
use super::import_report::{ImportReport, LayerReport};
use super::layer_import::Columns;
use super::reshape::column;
use crate::formats::FeatureTable;
use crate::territory::{Features, fold};

const NATURE: &[&str] = &["nature", "type", "classe", "libelle", "nature_vegetation"];
const IDENTIFIER: &[&str] = &["cleabs", "id", "identifiant", "id_bdfrance"];

/// Zones of vegetation and hedges.
pub fn from_tables(
    tables: impl IntoIterator<Item = FeatureTable>,
    report: &mut ImportReport,
) -> Features {
    let mut features = Features::default();
    for table in tables {
        let nature = column(&table, NATURE);
        if nature.is_none() && !fold(&table.name).contains("vegetation") {
            report.ignored.push(table.name);
            continue;
        }
        features.crs = features.crs.or(table.crs);
        let mut columns = Columns::new();
        columns.extend(nature.map(|i| ("nature".to_owned(), i)));
        columns.extend(column(&table, IDENTIFIER).map(|i| ("cleabs".to_owned(), i)));
        let mut layer = LayerReport::new(&table.name, "zone_de_vegetation");
        if nature.is_none() {
            layer.warn(
                "aucun champ de nature reconnu : nature inconnue",
                "no field of kind was recognised: kind not known",
            );
        }
        add_vegetation(table, &columns, &mut features, layer, report);
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Feature, FieldKind, Value};
    use crate::spatial::{Geometry, Polygon};

    #[test]
    fn the_five_natures_are_known_and_hedges_come_as_lines_or_zones() {
        let mut table = FeatureTable::new("BD-FRANCE-TOPO-VEGETATION", None)
            .with_field("nature", FieldKind::Text);
        let square = Polygon::from_corners(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]);
        let zone = Geometry::Polygons(vec![square]);
        let line = Geometry::Lines(vec![vec![[0.0; 3], [5.0, 0.0, 0.0]]]);
        for (i, nature) in
            ["forêt", "lande ligneuse", "haie", "zone agricole", "zone herbacée", "haie"]
                .into_iter()
                .enumerate()
        {
            let mut geometry = if i == 5 { line.clone() } else { zone.clone() };
            geometry.positions_mut().for_each(|p| p[0] += 10.0 * i as f64);
            table.features.push(Feature {
                geometry: Some(geometry),
                values: vec![Value::Text(nature.into())],
            });
        }
        let mut report = ImportReport::default();
        let features = from_tables([table], &mut report);
        assert_eq!((features.vegetation.len(), features.hedges.len()), (4, 2));
        assert!(report.layers.iter().all(|layer| layer.unlisted.is_empty()));
    }
}
