//! The scenario file and its checked form.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::inherit::Merged;
use super::{Change, Duration};
use crate::language::Text;
use crate::spatial::Extent;
use crate::suggest::{bilingual, explain_serde};
use crate::{Error, Result};

/// Version of the scenario schema that this program reads.
const SCHEMA: u32 = 1;

/// Length of a scenario without a clock, s.
const MOMENT_S: f64 = 1.0;

/// Most letters of an identifier: it names files.
const MOST_LETTERS: usize = 100;

/// A scenario: what happens on which territory, with which measures, computed by which plugins.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of this file's schema, 1.
    pub schema: u32,
    /// Kebab-case identifier.
    pub id: String,
    /// Title in both languages.
    pub title: Text,
    /// What the scenario assumes and asks, one paragraph.
    #[serde(default)]
    pub description: Option<Text>,
    /// The assembled territory (`NAME.twin`).
    #[schemars(extend("format" = "path"))]
    pub territory: String,
    /// Polygon inside which indicators count; default: the whole territory.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub study_area: Option<String>,
    /// Clock; runs without time, such as maps, need none.
    #[serde(default)]
    pub time: Option<TimeSection>,
    /// Run grid.
    #[serde(default)]
    pub grid: GridSection,
    /// Measures by name, each with its `kind` and the parameters of that kind.
    #[serde(default)]
    pub measures: BTreeMap<String, MeasureEntry>,
    /// Extra named grids and tables that plugins ask for.
    #[serde(default)]
    pub inputs: BTreeMap<String, InputEntry>,
    /// Plugin steps by name.
    #[serde(default)]
    pub runs: BTreeMap<String, RunEntry>,
    /// The file itself.
    #[serde(skip)]
    pub file: PathBuf,
}

/// The scenario's clock.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeSection {
    /// Civil date-time with offset, `2024-01-15T00:00:00+01:00`.
    #[schemars(with = "String")]
    #[serde(deserialize_with = "instant")]
    pub start: Timestamp,
    /// Length.
    pub duration: Duration,
    /// Time between outputs; default: a 48th of the duration, at least a minute.
    #[serde(default)]
    pub output_interval: Option<Duration>,
}

/// A date-time with offset, with the way to write it where it cannot be read.
fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        serde::de::Error::custom(bilingual(
            &format!("« {text} » ; écrire une date, une heure et un décalage, comme \"2024-01-15T00:00:00+01:00\""),
            &format!("\"{text}\"; write a date, a time and an offset, as in \"2024-01-15T00:00:00+01:00\""),
        ))
    })
}

/// The run grid.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridSection {
    /// Side of a cell in metres; default: the finest that stays under ten minutes here.
    #[serde(default)]
    pub resolution_m: Option<f64>,
    /// Part of the territory, `[west, south, east, north]`; default: all of it.
    #[serde(default)]
    pub extent: Option<Extent>,
}

/// A measure: its kind, and the parameters of that kind beside it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MeasureEntry {
    /// Identifier of the kind, see `twin measures`.
    pub kind: String,
    /// What it costs; a study that weighs costs and benefits asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Parameters of the kind.
    #[serde(flatten)]
    pub parameters: Map<String, Value>,
}

/// What a measure costs, before tax.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// To build it, euros.
    pub investment_eur: f64,
    /// To keep it, euros a year.
    #[serde(default)]
    pub yearly_eur: f64,
    /// Where the figures come from: tender, study, unit prices.
    pub source: String,
}

/// An extra named grid or table.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputEntry {
    /// GeoTIFF or ESRI ASCII grid; GeoPackage, GeoJSON, Shapefile or CSV table.
    #[schemars(extend("format" = "path"))]
    pub path: String,
    /// Layer of a GeoPackage.
    #[serde(default)]
    pub layer: Option<String>,
}

/// One plugin step.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunEntry {
    /// Identifier of the simulation, see `twin simulations`.
    pub simulation: String,
    /// Time between exchanges of fields with other runs of the scenario that advance together;
    /// absent: the run reads the finished results of those it depends on.
    #[serde(default)]
    pub coupling_step: Option<Duration>,
    /// Names of the runs whose results it reads, where several of the scenario would do.
    #[serde(default)]
    pub reads: Option<Vec<String>>,
    /// Whether the runs that belong beside this one are computed too (sensitivity, breach); default:
    /// yes.
    #[serde(default = "yes")]
    pub variants: bool,
    /// Parameters of the simulation.
    #[serde(default)]
    pub parameters: Map<String, Value>,
}

fn yes() -> bool {
    true
}

impl Scenario {
    /// Reads a scenario and its ancestors. `overrides` are `path.of.key=value`, applied last.
    /// `path_keys` gives, for the identifier of a simulation or measure, the names of its
    /// parameters that are files.
    pub fn load(
        path: &Path,
        overrides: &[String],
        path_keys: impl Fn(&str) -> BTreeSet<String>,
    ) -> Result<Self> {
        Self::load_changed(path, &[], overrides, path_keys)
    }

    /// Reads a scenario as [`Scenario::load`] does, with changes merged into it in order, before the
    /// overrides.
    pub fn load_changed(
        path: &Path,
        changes: &[Change],
        overrides: &[String],
        path_keys: impl Fn(&str) -> BTreeSet<String>,
    ) -> Result<Self> {
        let mut merged = Merged::load(path)?;
        for change in changes {
            merged.change(change);
        }
        for assignment in overrides {
            merged.set(assignment)?;
        }
        merged.drop_disabled();
        if let Some(key) = not_finite(&toml::Value::Table(merged.table.clone())) {
            return Err(Error::input(
                format!("{} [{key}]", path.display()),
                "nan et inf ne sont pas des valeurs ; écrire un nombre ou retirer la clé",
                "nan and inf are no values; write a number or remove the key",
            ));
        }
        let value = serde_json::to_value(&merged.table)
            .map_err(|e| explain_serde(path.display().to_string(), &e.to_string()))?;
        let mut scenario: Self =
            serde_path_to_error::deserialize(dates_as_text(value)).map_err(|error| {
                let key = error.path().to_string();
                let key = if key == "." { String::new() } else { format!(" [{key}]") };
                explain_serde(format!("{}{key}", path.display()), &error.into_inner().to_string())
            })?;
        scenario.file = path.to_path_buf();

        let absolute = |key: &str, text: &mut String| {
            *text = merged.resolve(key, text).to_string_lossy().into_owned();
        };
        absolute("territory", &mut scenario.territory);
        if let Some(area) = &mut scenario.study_area {
            absolute("study_area", area);
        }
        for (name, input) in &mut scenario.inputs {
            absolute(&format!("inputs.{name}.path"), &mut input.path);
        }
        for (name, run) in &mut scenario.runs {
            let keys = path_keys(&run.simulation);
            let prefix = format!("runs.{name}.parameters");
            resolve_paths(&mut run.parameters, &keys, &prefix, &absolute);
        }
        for (name, measure) in &mut scenario.measures {
            let keys = path_keys(&measure.kind);
            resolve_paths(&mut measure.parameters, &keys, &format!("measures.{name}"), &absolute);
        }
        scenario.check()?;
        Ok(scenario)
    }

    /// Seconds between outputs.
    pub fn output_interval_s(&self) -> f64 {
        let duration = self.duration_s();
        let stated = self.time.as_ref().and_then(|time| time.output_interval);
        stated.map_or((duration / 48.0).max(60.0), Duration::seconds).min(duration)
    }

    /// Start; the beginning of 1970 where the scenario has no clock.
    pub fn start(&self) -> Timestamp {
        self.time.as_ref().map_or(Timestamp::UNIX_EPOCH, |time| time.start)
    }

    /// Length, s; a moment where the scenario has no clock.
    pub fn duration_s(&self) -> f64 {
        self.time.as_ref().map_or(MOMENT_S, |time| time.duration.seconds())
    }

    fn check(&self) -> Result<()> {
        let place = |key: &str| format!("{} [{key}]", self.file.display());
        if self.schema != SCHEMA {
            return Err(Error::input(
                place("schema"),
                format!("version {} ; ce programme lit la version {SCHEMA}", self.schema),
                format!("version {}; this program reads version {SCHEMA}", self.schema),
            ));
        }
        let kebab = |id: &str| {
            (1..=MOST_LETTERS).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        for name in std::iter::once(&self.id).chain(self.runs.keys()) {
            if !kebab(name) {
                return Err(Error::input(
                    place("id"),
                    format!(
                        "identifiant « {name} » : lettres sans accent, chiffres et tirets seulement, {MOST_LETTERS} au plus"
                    ),
                    format!(
                        "identifier \"{name}\": letters without accents, digits and hyphens only, {MOST_LETTERS} at most"
                    ),
                ));
            }
        }
        for (name, measure) in &self.measures {
            let Some(cost) = &measure.cost else { continue };
            let is_known = |euros: f64| euros.is_finite() && euros >= 0.0;
            if !(is_known(cost.investment_eur) && is_known(cost.yearly_eur)) {
                return Err(Error::input(
                    place(&format!("measures.{name}.cost")),
                    "un coût est un nombre positif d'euros",
                    "a cost is a positive number of euros",
                ));
            }
            if cost.source.trim().is_empty() {
                return Err(Error::input(
                    place(&format!("measures.{name}.cost.source")),
                    "dire d'où vient le coût",
                    "say where the cost comes from",
                ));
            }
        }
        if self.runs.is_empty() {
            return Err(Error::input(
                place("runs"),
                "aucun calcul ; ajouter une table [runs.NOM] avec simulation et parameters",
                "no run; add a table [runs.NAME] with simulation and parameters",
            ));
        }
        if self.duration_s() <= 0.0 || self.output_interval_s() <= 0.0 {
            return Err(Error::input(
                place("time"),
                "durée et pas de sortie doivent être positifs",
                "duration and output interval must be positive",
            ));
        }
        if let Some(size) = self.grid.resolution_m
            && !(size.is_finite() && size >= 0.1)
        {
            return Err(Error::input(
                place("grid.resolution_m"),
                format!("{size} m ; donner une taille de maille d'au moins 0,1 m"),
                format!("{size} m; give a cell size of at least 0.1 m"),
            ));
        }
        Ok(())
    }
}

/// Names of the properties of a parameter schema that are files (`"format": "path"`).
pub fn path_keys(schema: &schemars::Schema) -> BTreeSet<String> {
    fn is_path(value: &Value) -> bool {
        match value {
            Value::Object(object) => {
                object.get("format").and_then(Value::as_str) == Some("path")
                    || ["anyOf", "oneOf"].iter().any(|k| object.get(*k).is_some_and(is_path))
            }
            Value::Array(items) => items.iter().any(is_path),
            _ => false,
        }
    }
    fn walk(value: &Value, keys: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                if let Some(Value::Object(properties)) = object.get("properties") {
                    keys.extend(
                        properties.iter().filter(|(_, p)| is_path(p)).map(|(name, _)| name.clone()),
                    );
                }
                object.values().for_each(|v| walk(v, keys));
            }
            Value::Array(items) => items.iter().for_each(|v| walk(v, keys)),
            _ => (),
        }
    }
    let mut keys = BTreeSet::new();
    walk(schema.as_value(), &mut keys);
    keys
}

fn resolve_paths(
    object: &mut Map<String, Value>,
    keys: &BTreeSet<String>,
    prefix: &str,
    absolute: &impl Fn(&str, &mut String),
) {
    for (name, value) in object {
        let path = format!("{prefix}.{name}");
        match value {
            Value::String(text) if keys.contains(name) => absolute(&path, text),
            Value::Object(inner) => resolve_paths(inner, keys, &path, absolute),
            _ => (),
        }
    }
}

/// The path of the first number that is not finite: JSON has none, it would pass for an absent key.
fn not_finite(value: &toml::Value) -> Option<String> {
    let below = |key: &str, inner: &toml::Value| {
        let rest = not_finite(inner)?;
        Some(if rest.is_empty() { key.to_owned() } else { format!("{key}.{rest}") })
    };
    match value {
        toml::Value::Float(number) => (!number.is_finite()).then(String::new),
        toml::Value::Table(table) => table.iter().find_map(|(key, inner)| below(key, inner)),
        toml::Value::Array(items) => {
            items.iter().enumerate().find_map(|(i, inner)| below(&i.to_string(), inner))
        }
        _ => None,
    }
}

/// TOML's own date-times arrive as a one-key object; scenario files may use them bare.
fn dates_as_text(value: Value) -> Value {
    match value {
        Value::Object(mut object) => match object.remove("$__toml_private_datetime") {
            Some(text) => text,
            None => Value::Object(object.into_iter().map(|(k, v)| (k, dates_as_text(v))).collect()),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(dates_as_text).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    const TEXT: &str = r#"
        schema = 1
        id = "crue"
        title = { fr = "Crue", en = "Flood" }
        territory = "t.twin"
        [time]
        start = 2024-01-15T00:00:00+01:00
        duration = "6 h"
        [measures.digue]
        kind = "levee"
        geometry = "digue.geojson"
        [runs.crue]
        simulation = "flood"
        [runs.crue.parameters.inflow]
        hydrograph = "q.csv"
        source = "essai"
    "#;

    fn load(text: &str) -> Result<Scenario> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.toml");
        std::fs::write(&path, text).unwrap();
        Scenario::load(&path, &[], |_| {
            BTreeSet::from(["hydrograph".to_owned(), "geometry".to_owned()])
        })
    }

    #[test]
    fn paths_of_parameters_are_resolved_and_other_text_is_not() {
        let scenario = load(TEXT).unwrap();
        let inflow = &scenario.runs["crue"].parameters["inflow"];
        assert!(Path::new(inflow["hydrograph"].as_str().unwrap()).is_absolute());
        assert_eq!(inflow["source"], "essai");
        assert!(
            Path::new(scenario.measures["digue"].parameters["geometry"].as_str().unwrap())
                .is_absolute()
        );
        assert_eq!(scenario.output_interval_s(), 450.0);
    }

    #[test]
    fn unknown_keys_are_errors_with_a_suggestion() {
        let error = load(&TEXT.replace("duration", "duratoin")).unwrap_err();
        let text = error.text(Language::En);
        assert!(text.contains("did you mean \"duration\"?") && text.contains("time"), "{text}");
    }

    #[test]
    fn values_that_are_no_numbers_are_not_taken_for_absent_ones() {
        let grid = |value: &str| TEXT.replace("[measures", &format!("[grid]\n{value}\n[measures"));
        for (text, key) in [
            (grid("resolution_m = nan"), "[grid.resolution_m]"),
            (grid("extent = [0.0, inf, 1.0, 1.0]"), "[grid.extent.1]"),
            (
                TEXT.replace("source =", "discharge_m3_per_s = -inf\nsource ="),
                "discharge_m3_per_s]",
            ),
        ] {
            let said = load(&text).unwrap_err().text(Language::Fr);
            assert!(said.contains(key) && said.contains("nan"), "{said}");
        }
    }

    #[test]
    fn mistakes_are_answered_with_the_way_to_write_it() {
        let runs = TEXT.find("[runs.crue]").unwrap();
        for (text, fr, en) in [
            (TEXT.replace("6 h", "6 heures"), "écrire un nombre et s, min", "write a number"),
            (TEXT.replace("+01:00", ""), "un décalage, comme", "an offset, as in"),
            (
                TEXT.replace("2024-01-15T00:00:00+01:00", "\"hier\""),
                "écrire une date",
                "write a date",
            ),
            (TEXT.replace("\"6 h\"", "6"), "attendu : un texte", "expected a string"),
            (TEXT.replace("schema = 1", "schema = 1\nschema = 1"), "la ligne 3", "line 3"),
            (TEXT[..runs].to_owned(), "[runs] : aucun calcul", "[runs]: no run"),
            (TEXT.replace("schema", "extends = \"s.toml\"\nschema"), "lui-même", "itself"),
            (TEXT.replace("\"crue\"", &format!("\"{}\"", "a".repeat(101))), "100", "100"),
        ] {
            let error = load(&text).unwrap_err();
            let (french, english) = (error.text(Language::Fr), error.text(Language::En));
            assert!(french.contains(fr) && !french.contains("télécharger"), "{french}");
            assert!(english.contains(en), "{english}");
        }
    }

    #[test]
    fn another_schema_version_is_refused() {
        assert!(load(&TEXT.replace("schema = 1", "schema = 2")).is_err());
        assert!(load(&TEXT.replace("\"crue\"", "\"../crue\"")).is_err());
        assert!(load(&TEXT.replace("6 h", "0 h")).is_err());
    }
}
