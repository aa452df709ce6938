//! Flood maps of the territories at high risk (TRI, Directive 2007/60/EC): the scenario of each surface.
//!
//! CNIG *Directive Inondation*, draft of December 2025: `surface_inondable_s` holds the flooded surfaces of all
//! scenarios (`occurrence`). The classes of depth, `zone_iso_classe_hauteur_s` (`palier_hauteur`, emerged zones
//! among them), name their surface by `id_sin`, which is not followed here: they are told apart only where they
//! carry `occurrence` themselves. COVADIS DI, which the draft replaces, is not read by its columns: no sample is
//! at hand.

use std::collections::BTreeSet;

use crate::formats::FeatureTable;

/// Codes of the scenarios: frequent (10 to about 30 years), medium (100 to 300), extreme (1000 at least), each
/// also with climate change at short term and over 100 years.
pub const OCCURRENCES: [&str; 9] = [
    "For",
    "Moy",
    "Fai",
    "Forcc_ct",
    "Moycc_ct",
    "Faicc_ct",
    "Forcc_100",
    "Moycc_100",
    "Faicc_100",
];

/// Class of depth of what stays above the water.
const EMERGED: &str = "Emerg";

/// The scenarios that tables hold; none where they are not those of a TRI.
pub fn occurrences(tables: &[FeatureTable]) -> BTreeSet<&'static str> {
    let codes = tables.iter().flat_map(|table| {
        let column = table.column("occurrence");
        table.features.iter().filter_map(move |feature| feature.values[column?].as_text())
    });
    codes.filter_map(|code| OCCURRENCES.into_iter().find(|known| *known == code)).collect()
}

/// Leaves the flooded surfaces of one scenario.
pub fn keep_occurrence(tables: &mut [FeatureTable], occurrence: &str) {
    for table in tables {
        let (scenario, depth) = (table.column("occurrence"), table.column("palier_hauteur"));
        table.features.retain(|feature| {
            let is = |column: Option<usize>, code: &str| {
                column.is_some_and(|c| feature.values[c].as_text() == Some(code))
            };
            is(scenario, occurrence) && !is(depth, EMERGED)
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]
mod tests {
    use super::*;
    use crate::formats::{Feature, FieldKind, Value};

    fn table(name: &str, rows: &[(&str, &str)]) -> FeatureTable {
        let mut table = FeatureTable::new(name, None)
            .with_field("occurrence", FieldKind::Text)
            .with_field("palier_hauteur", FieldKind::Text);
        let text = |t: &str| Value::Text(t.into());
        table.features = rows
            .iter()
            .map(|(o, d)| Feature { geometry: None, values: vec![text(o), text(d)] })
            .collect();
        table
    }

    #[test]
    fn one_scenario_without_its_emerged_zones_is_left() {
        let rows = [("For", "Inf05"), ("Moy", "Inf05"), ("Moy", "Emerg"), ("Moy", "Sup2m")];
        let mut tables = [table("zone_iso_classe_hauteur_s", &rows)];
        assert_eq!(occurrences(&tables).into_iter().collect::<Vec<_>>(), ["For", "Moy"]);
        keep_occurrence(&mut tables, "Moy");
        assert_eq!(tables[0].features.len(), 2);
    }

    #[test]
    fn return_periods_of_a_plan_are_no_scenarios() {
        assert!(occurrences(&[table("zonealeareference_113_s", &[("100", "")])]).is_empty());
    }
}
