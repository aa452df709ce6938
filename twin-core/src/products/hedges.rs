//! Hedges among the zones of vegetation.
//!
//! BD TOPO before its layer `haie`, and BD France, have hedges in the layer of vegetation; the model
//! keeps them apart.

use super::import_report::{ImportReport, LayerReport};
use super::layer_import::{Columns, import};
use crate::formats::FeatureTable;
use crate::territory::{Features, Label as _, VegetationNature};

/// Adds zones of vegetation and, apart, the hedges among them.
pub(super) fn add_vegetation(
    mut table: FeatureTable,
    columns: &Columns,
    features: &mut Features,
    mut layer: LayerReport,
    report: &mut ImportReport,
) {
    let nature = columns.get("nature").copied();
    let (hedges, zones) = std::mem::take(&mut table.features).into_iter().partition(|record| {
        let label = nature.and_then(|i| record.values.get(i)?.as_text());
        label.is_some_and(|l| VegetationNature::from_label(l.trim()) == VegetationNature::Hedge)
    });
    let hedges = FeatureTable { features: hedges, ..table.clone() };
    let zones = FeatureTable { features: zones, ..table };
    if !hedges.features.is_empty() {
        let mut layer = LayerReport::new(&hedges.name, "haie");
        import(hedges, columns, &mut layer, &mut features.hedges);
        report.layers.push(layer);
    }
    import(zones, columns, &mut layer, &mut features.vegetation);
    report.layers.push(layer);
}
