//! Flood maps of the territories at high risk (TRI, Directive 2007/60/EC): the scenario of each surface.
//!
//! CNIG *Directive Inondation*, draft of December 2025: `surface_inondable_s` holds the flooded surfaces of all
//! scenarios (`occurrence`). The classes of depth, `zone_iso_classe_hauteur_s` (`palier_hauteur`, emerged zones
//! among them), and of speed name their surface by `id_sin`. COVADIS DI, which the draft replaces, is not read by
//! its columns: no sample is at hand.

use std::collections::{BTreeMap, BTreeSet};

use crate::formats::{Feature, FeatureTable};

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

/// The scenarios of the flooded surfaces of a file.
#[derive(Debug, Clone, Default)]
pub struct Scenarios {
    of_surface: BTreeMap<String, &'static str>,
}

impl Scenarios {
    /// Of all the tables of a file: the classes of a surface lie in another one.
    pub fn of(tables: &[FeatureTable]) -> Self {
        let surfaces = tables.iter().flat_map(|table| {
            let (id, own) = (table.column("id_sin"), table.column("occurrence"));
            table.features.iter().filter_map(move |feature| {
                Some((text(feature, id)?.to_owned(), code(text(feature, own)?)?))
            })
        });
        Self { of_surface: surfaces.collect() }
    }

    /// Those that some of the tables hold; none where they are not those of a TRI.
    pub fn held(&self, tables: &[FeatureTable]) -> BTreeSet<&'static str> {
        let scenarios = tables.iter().flat_map(|table| {
            let of = self.reader(table);
            table.features.iter().filter_map(of)
        });
        scenarios.collect()
    }

    /// Leaves the features of one scenario.
    pub fn keep(&self, tables: &mut [FeatureTable], occurrence: &str) {
        for table in tables {
            let of = self.reader(table);
            table.features.retain(|feature| of(feature) == Some(occurrence));
        }
    }

    /// What gives the scenario of a feature: its own, or that of its surface.
    fn reader(&self, table: &FeatureTable) -> impl Fn(&Feature) -> Option<&'static str> + use<'_> {
        let (id, own) = (table.column("id_sin"), table.column("occurrence"));
        move |feature| match text(feature, own) {
            Some(own) => code(own),
            None => self.of_surface.get(text(feature, id)?).copied(),
        }
    }
}

fn text(feature: &Feature, column: Option<usize>) -> Option<&str> {
    feature.values[column?].as_text()
}

fn code(text: &str) -> Option<&'static str> {
    OCCURRENCES.into_iter().find(|known| *known == text)
}

/// Whether a table holds parts of surfaces (classes of depth, speed …) that name no scenario of their own.
pub fn is_of_parts(table: &FeatureTable) -> bool {
    table.column("id_sin").is_some() && table.column("occurrence").is_none()
}

/// Leaves out what stays above the water.
pub fn drop_emerged(tables: &mut [FeatureTable]) {
    for table in tables {
        let depth = table.column("palier_hauteur");
        table.features.retain(|feature| text(feature, depth) != Some(EMERGED));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]
mod tests {
    use super::*;
    use crate::formats::{FieldKind, Value};

    /// A table of texts.
    fn table(name: &str, fields: &[&str], rows: &[&[&str]]) -> FeatureTable {
        let named = FeatureTable::new(name, None);
        let mut table = fields.iter().fold(named, |t, field| t.with_field(*field, FieldKind::Text));
        let values = |row: &&[&str]| row.iter().map(|t| Value::Text((*t).into())).collect();
        table.features =
            rows.iter().map(|row| Feature { geometry: None, values: values(row) }).collect();
        table
    }

    #[test]
    fn classes_of_depth_have_the_scenario_of_their_surface() {
        let surfaces = [["S1", "For"], ["S2", "Moy"]];
        let classes = [["S1", "Inf05"], ["S2", "Inf05"], ["S2", "Emerg"], ["S2", "Sup2m"]];
        let all = [
            table(
                "surface_inondable_s",
                &["id_sin", "occurrence"],
                &surfaces.each_ref().map(|r| &r[..]),
            ),
            table(
                "zone_iso_classe_hauteur_s",
                &["id_sin", "palier_hauteur"],
                &classes.each_ref().map(|r| &r[..]),
            ),
        ];
        let scenarios = Scenarios::of(&all);
        let mut classes = all[1..].to_vec();
        assert!(is_of_parts(&classes[0]) && !is_of_parts(&all[0]));
        assert_eq!(scenarios.held(&classes).into_iter().collect::<Vec<_>>(), ["For", "Moy"]);
        drop_emerged(&mut classes);
        scenarios.keep(&mut classes, "Moy");
        assert_eq!(classes[0].features.len(), 2);
        // Without the surfaces nothing is known.
        assert!(Scenarios::of(&all[1..]).held(&all[1..]).is_empty());
    }

    #[test]
    fn return_periods_of_a_plan_are_no_scenarios() {
        let plan = [table("zonealeareference_113_s", &["occurrence"], &[&["100"]])];
        assert!(Scenarios::of(&plan).held(&plan).is_empty());
    }
}
