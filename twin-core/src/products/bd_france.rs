//! BD France, vegetation theme (beta, January 2026): forest, shrub heath, hedges, farmland,
//! grassland.
//!
//! IGN has not published the list of columns; the reader looks for a kind and an identifier under
//! the usual names and says what it did not find.

use super::bdtopo::add_vegetation;
use super::import_report::{ImportReport, LayerReport};
use super::layer_import::{Columns, import};
use super::reshape::column;
use crate::formats::{FeatureTable, Value};
use crate::spatial::Geometry;
use crate::territory::{Features, Label as _, VegetationNature, fold};

const NATURE: &[&str] = &["nature", "type", "classe", "libelle", "nature_vegetation"];
const IDENTIFIER: &[&str] = &["cleabs", "id", "identifiant", "id_bdfrance"];

/// Zones of vegetation and hedges.
pub fn from_tables(
    tables: impl IntoIterator<Item = FeatureTable>,
    report: &mut ImportReport,
) -> Features {
    let mut features = Features::default();
    for mut table in tables {
        let nature = column(&table, NATURE);
        if nature.is_none() && !fold(&table.name).contains("vegetation") {
            report.ignored.push(table.name);
            continue;
        }
        features.crs = features.crs.or(table.crs);
        let mut columns = Columns::new();
        columns.extend(nature.map(|i| ("nature".to_owned(), i)));
        columns.extend(column(&table, IDENTIFIER).map(|i| ("cleabs".to_owned(), i)));
        let is_hedge_line = |values: &[Value], geometry: &Option<Geometry>| {
            let label = nature.and_then(|i| values.get(i)?.as_text());
            matches!(geometry, Some(Geometry::Lines(_)))
                && label.is_some_and(|l| VegetationNature::from_label(l) == VegetationNature::Hedge)
        };
        let (lines, zones): (Vec<_>, Vec<_>) = std::mem::take(&mut table.features)
            .into_iter()
            .partition(|f| is_hedge_line(&f.values, &f.geometry));
        if !lines.is_empty() {
            let mut layer = LayerReport::new(&table.name, "haie");
            let hedges = FeatureTable { features: lines, ..table.clone() };
            import(hedges, &columns, &mut layer, &mut features.hedges);
            report.layers.push(layer);
        }
        let mut layer = LayerReport::new(&table.name, "zone_de_vegetation");
        if nature.is_none() {
            layer.warn(
                "aucun champ de nature reconnu : nature inconnue",
                "no field of kind was recognised: kind not known",
            );
        }
        let zones = FeatureTable { features: zones, ..table };
        add_vegetation(zones, &columns, &mut features, &mut layer);
        report.layers.push(layer);
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Feature, FieldKind};
    use crate::spatial::Polygon;

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
