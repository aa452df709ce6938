//! Two runs beside each other: what differs in what went in, in the figures, at the buildings.
//!
//! Everything is *run − reference*. Swapping the two runs changes the sign of every difference and
//! nothing else; a run compared with itself has none.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::exposure::{DEPTH_CLASSES, depth_class};
use super::{FinishedRun, Indicator, Indicators, RunManifest};
use crate::formats::FeatureTable;
use crate::language::Text;
use crate::spatial::{Grid, Line, cells_along};
use crate::{Error, Result};

/// Height by which water may rise elsewhere before a project counts as making things worse, metres:
/// the centimetre that files of the *loi sur l'eau* ask for.
pub const AGGRAVATION_M: f32 = 0.01;

/// Refuses runs that cannot be compared: another territory, another grid.
///
/// # Errors
/// The runs differ in the name of the territory, its reference system or the run grid.
pub fn check_comparable(reference: &RunManifest, run: &RunManifest) -> Result<()> {
    let (a, b) = (&reference.territory, &run.territory);
    if a.name != b.name || a.crs != b.crs {
        return Err(Error::input(
            "compare",
            format!(
                "« {} » et « {} » ne sont pas le même territoire ; comparer deux calculs d'un même territoire",
                a.name, b.name
            ),
            format!(
                "\"{}\" and \"{}\" are not the same territory; compare two runs of one territory",
                a.name, b.name
            ),
        ));
    }
    if reference.grid != run.grid {
        let told = |m: &RunManifest| {
            format!("{} × {} × {} m", m.grid.columns, m.grid.rows, m.grid.cell_size)
        };
        return Err(Error::input(
            "compare",
            format!(
                "les deux calculs n'ont pas la même grille ({} et {}) ; donner la même emprise et la même resolution_m",
                told(reference),
                told(run)
            ),
            format!(
                "the two runs do not have the same grid ({} and {}); give the same extent and resolution_m",
                told(reference),
                told(run)
            ),
        ));
    }
    Ok(())
}

/// A value that two runs do not share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InputDifference {
    /// Dotted key, such as `measures.digue.crest.level_m`.
    pub key: String,
    /// In the reference; `None` where it is not there.
    pub reference: Option<Value>,
    /// In the run.
    pub run: Option<Value>,
}

/// What went into two runs and differs, in the order of the keys.
pub fn input_differences(reference: &RunManifest, run: &RunManifest) -> Vec<InputDifference> {
    let (a, b) = (inputs(reference), inputs(run));
    differences(&a, &b)
}

/// The values that two flat records do not share, in the order of the keys.
pub fn differences(
    reference: &BTreeMap<String, Value>,
    run: &BTreeMap<String, Value>,
) -> Vec<InputDifference> {
    let keys: BTreeSet<&String> = reference.keys().chain(run.keys()).collect();
    keys.into_iter()
        .filter(|key| reference.get(*key) != run.get(*key))
        .map(|key| InputDifference {
            key: key.clone(),
            reference: reference.get(key).cloned(),
            run: run.get(key).cloned(),
        })
        .collect()
}

/// All values of a record by dotted key.
pub fn flattened(value: &Value) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    flatten("", value, &mut flat);
    flat
}

fn flatten(prefix: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&path, inner, into);
            }
        }
        other => {
            into.insert(prefix.to_owned(), other.clone());
        }
    }
}

fn inputs(run: &RunManifest) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let mut add = |key: &str, value: Value| flatten(key, &value, &mut all);
    add("measures", serde_json::json!(run.measures));
    add("parameters", run.parameters.clone());
    add("territory.hash", run.territory.hash.clone().into());
    add("simulation", run.simulation.clone().into());
    add("simulation_version", run.simulation_version.clone().into());
    add("program_version", run.program_version.clone().into());
    add("time.start", serde_json::json!(run.start_utc));
    add("time.duration_s", serde_json::json!(run.duration_s));
    add("upstream", serde_json::json!(run.upstream));
    for file in &run.input_files {
        add(&format!("files.{}", file.key), format!("{} ({:.12})", file.name, file.hash).into());
    }
    all
}

/// A figure of several runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IndicatorRow {
    /// Title of its group.
    pub group: Text,
    /// Identifier.
    pub id: String,
    /// Label.
    pub label: Text,
    /// Unit in UDUNITS notation.
    pub unit: String,
    /// Decimals to show.
    pub decimals: u8,
    /// Value in each run, the reference first; `None` where it cannot be told.
    pub values: Vec<Option<f64>>,
}

impl IndicatorRow {
    /// A run's value less the reference's.
    pub fn difference(&self, run: usize) -> Option<f64> {
        let value = |at: usize| self.values.get(at).copied().flatten();
        Some(value(run)? - value(0)?)
    }
}

/// The figures of several runs side by side, in the order in which they first appear.
pub fn side_by_side(all: &[Indicators]) -> Vec<IndicatorRow> {
    let mut rows: Vec<IndicatorRow> = Vec::new();
    for (at, indicators) in all.iter().enumerate() {
        for group in &indicators.groups {
            for indicator in &group.rows {
                let known = rows.iter().position(|row| row.id == indicator.id);
                let row = known.unwrap_or_else(|| {
                    rows.push(row_of(&group.title, indicator, all.len()));
                    rows.len() - 1
                });
                rows[row].values[at] = indicator.value;
            }
        }
    }
    rows
}

fn row_of(group: &Text, indicator: &Indicator, runs: usize) -> IndicatorRow {
    IndicatorRow {
        group: group.clone(),
        id: indicator.id.clone(),
        label: indicator.label.clone(),
        unit: indicator.unit.clone(),
        decimals: indicator.decimals,
        values: vec![None; runs],
    }
}

/// A building whose water differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BuildingChange {
    /// Identifier.
    pub id: String,
    /// Water in it in the reference, metres; 0 when it is not reached.
    pub reference_m: f64,
    /// Water in it in the run, metres.
    pub run_m: f64,
}

impl BuildingChange {
    /// Run − reference, metres.
    pub fn difference_m(&self) -> f64 {
        self.run_m - self.reference_m
    }

    /// Change of its depth class: dry, below 0.5 m, 0.5 to 1, 1 to 2, 2 m and more.
    pub fn classes(&self) -> i32 {
        class(self.run_m) - class(self.reference_m)
    }
}

fn class(depth_m: f64) -> i32 {
    if depth_m > 0.0 { 1 + depth_class(depth_m as f32) as i32 } else { 0 }
}

/// The buildings of two runs that differ.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BuildingChanges {
    /// In a lower depth class, by more than the significant difference.
    pub better: Vec<BuildingChange>,
    /// In a higher depth class, by more than the significant difference.
    pub worse: Vec<BuildingChange>,
    /// Reached in the run and not in the reference.
    pub newly_reached: usize,
    /// Reached in the reference and not in the run.
    pub no_longer_reached: usize,
    /// Reached in both, in the same class or within the significant difference.
    pub unchanged: usize,
}

impl BuildingChanges {
    /// Compares the depths at the buildings that two runs reached. Differences up to
    /// `significance_m` change no class.
    pub fn new(
        reference: &BTreeMap<String, f64>,
        run: &BTreeMap<String, f64>,
        significance_m: f64,
    ) -> Self {
        let mut changes = Self::default();
        let ids: BTreeSet<&String> = reference.keys().chain(run.keys()).collect();
        for id in ids {
            let depth = |of: &BTreeMap<String, f64>| of.get(id).copied().unwrap_or(0.0);
            let (reference_m, run_m) = (depth(reference), depth(run));
            let change = BuildingChange { id: id.clone(), reference_m, run_m };
            match (reference_m > 0.0, run_m > 0.0) {
                (false, true) => changes.newly_reached += 1,
                (true, false) => changes.no_longer_reached += 1,
                (false, false) => continue,
                (true, true) => (),
            }
            let is_significant = change.difference_m().abs() > significance_m;
            match change.classes() {
                classes if classes < 0 && is_significant => changes.better.push(change),
                classes if classes > 0 && is_significant => changes.worse.push(change),
                _ => changes.unchanged += usize::from(reference_m > 0.0 && run_m > 0.0),
            }
        }
        changes
    }

    /// Number of classes that a depth can fall into, dry among them.
    pub const CLASSES: usize = DEPTH_CLASSES + 1;
}

/// Water in the buildings that a run reached, by identifier, metres.
///
/// # Errors
/// The run's table of buildings cannot be read.
pub fn water_at_buildings(run: &FinishedRun) -> Result<BTreeMap<String, f64>> {
    let tables: Vec<FeatureTable> = run.assets()?;
    let mut depths = BTreeMap::new();
    for table in tables.iter().filter(|t| t.name == "batiment") {
        let columns = table.column("cleabs").zip(table.column("water_depth_m"));
        let Some((id, depth)) = columns else { continue };
        for feature in &table.features {
            let depth = feature.values.get(depth).and_then(|v| v.as_real());
            let id = feature.values.get(id).and_then(|v| v.as_text());
            if let Some((id, depth)) = id.zip(depth.filter(|depth| *depth > 0.0)) {
                depths.insert(id.to_owned(), depth);
            }
        }
    }
    Ok(depths)
}

/// How much the water rises along a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SectionRise {
    /// Name of the section.
    pub name: String,
    /// Largest rise of the level along it, metres; negative where it falls everywhere; `None` where
    /// neither run has water.
    pub largest_m: Option<f64>,
    /// Length over which it rises by more than a centimetre, metres.
    pub aggravated_length_m: f64,
}

/// The rise of the highest water level along a section, from the depths of both runs on one bed.
pub fn section_rise(
    name: &str,
    line: &Line,
    reference_depth_m: &Grid<f32>,
    run_depth_m: &Grid<f32>,
) -> SectionRise {
    let mut largest: Option<f64> = None;
    let mut cells = cells_along(&run_depth_m.spec, line);
    cells.dedup();
    let mut aggravated = 0usize;
    for cell in cells {
        let (a, b) = (reference_depth_m[cell], run_depth_m[cell]);
        if a.is_nan() || b.is_nan() || (a <= 0.0 && b <= 0.0) {
            continue;
        }
        let rise = b - a;
        aggravated += usize::from(rise > AGGRAVATION_M);
        let rise = f64::from(rise);
        largest = Some(largest.map_or(rise, |most| most.max(rise)));
    }
    SectionRise {
        name: name.to_owned(),
        largest_m: largest,
        aggravated_length_m: aggravated as f64 * run_depth_m.spec.cell_size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::GridSpec;

    fn depths(pairs: &[(&str, f64)]) -> BTreeMap<String, f64> {
        pairs.iter().map(|(id, depth)| ((*id).to_owned(), *depth)).collect()
    }

    #[test]
    fn swapping_the_runs_swaps_better_and_worse() {
        let a =
            depths(&[("dry later", 0.4), ("deeper", 0.4), ("same class", 1.2), ("noise", 0.49)]);
        let b = depths(&[("new", 0.1), ("deeper", 1.5), ("same class", 1.9), ("noise", 0.52)]);
        let (forward, back) =
            (BuildingChanges::new(&a, &b, 0.05), BuildingChanges::new(&b, &a, 0.05));
        let ids = |of: &[BuildingChange]| of.iter().map(|c| c.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&forward.worse), ["deeper", "new"]);
        assert_eq!(ids(&forward.better), ["dry later"]);
        assert_eq!(ids(&back.better), ids(&forward.worse));
        assert_eq!(ids(&back.worse), ids(&forward.better));
        assert_eq!(
            (forward.newly_reached, forward.no_longer_reached, forward.unchanged),
            (1, 1, 2)
        );
        for change in &forward.worse {
            let mirrored = back.better.iter().find(|c| c.id == change.id).unwrap();
            assert_eq!(mirrored.difference_m(), -change.difference_m());
        }
        let itself = BuildingChanges::new(&a, &a, 0.0);
        assert!(itself.better.is_empty() && itself.worse.is_empty());
        assert_eq!(itself.unchanged, a.len());
    }

    #[test]
    fn flat_records_differ_where_one_lacks_a_key_or_has_another_value() {
        let a = flattened(&serde_json::json!({"x": {"y": 1, "z": [1, 2]}, "only": "a"}));
        let b = flattened(&serde_json::json!({"x": {"y": 2, "z": [1, 2]}}));
        let found = differences(&a, &b);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].key.as_str(), &found[0].run), ("only", &None));
        assert_eq!((found[1].key.as_str(), &found[1].run), ("x.y", &Some(2.into())));
        assert!(differences(&a, &a).is_empty());
    }

    #[test]
    fn a_section_tells_its_largest_rise_and_how_far_it_rises_more_than_a_centimetre() {
        let spec = GridSpec { west: 0.0, north: 2.0, cell_size: 2.0, columns: 4, rows: 1 };
        let grid = |values: [f32; 4]| Grid { spec, values: values.to_vec() };
        let line = vec![[0.5, 1.0, f64::NAN], [7.5, 1.0, f64::NAN]];
        let (a, b) = (grid([1.0, 1.0, 0.0, f32::NAN]), grid([1.005, 1.2, 0.0, 5.0]));
        let rise = section_rise("aval", &line, &a, &b);
        assert!((rise.largest_m.unwrap() - 0.2).abs() < 1e-6);
        assert_eq!(rise.aggravated_length_m, 2.0);
        assert!(section_rise("aval", &line, &b, &a).largest_m.unwrap() < 0.0);
    }
}
