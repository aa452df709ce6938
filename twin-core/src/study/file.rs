//! The study file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Ensemble;
use crate::language::Text;
use crate::results::comparison::flattened;
use crate::suggest::{explain_serde, explain_toml};
use crate::{Error, Result};

/// Version of the study schema that this program reads.
const SCHEMA: u32 = 1;
/// Most combinations of a study: a night of minutes.
const MOST_COMBINATIONS: usize = 500;
/// Most scenarios of a study, draws included.
const MOST_SCENARIOS: usize = 2000;

/// A study: actions × events × horizons on one scenario.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Version of this file's schema, 1.
    pub schema: u32,
    /// Kebab-case identifier.
    pub id: String,
    /// Title in both languages.
    pub title: Text,
    /// What is asked, one paragraph.
    #[serde(default)]
    pub description: Option<Text>,
    /// The scenario that everything starts from.
    #[schemars(extend("format" = "path"))]
    pub scenario: String,
    /// The action that the others are compared with; default: the one without changes.
    #[serde(default)]
    pub reference: Option<String>,
    /// What could be done, by name.
    pub actions: BTreeMap<String, Action>,
    /// What could happen, by name; absent: what the scenario states.
    #[serde(default)]
    pub events: BTreeMap<String, Event>,
    /// When, by name: climate, town, rules of that time; absent: today.
    #[serde(default)]
    pub horizons: BTreeMap<String, Horizon>,
    /// How costs and benefits are weighed; absent: they are not.
    #[serde(default)]
    pub economy: Option<Economy>,
    /// Pictures for the report, by name: 3D views, photographs, sketches.
    #[serde(default)]
    pub pictures: BTreeMap<String, StudyPicture>,
    /// What is not well known, drawn again and again; absent: nothing is.
    #[serde(default)]
    pub ensemble: Option<Ensemble>,
    /// The file itself.
    #[serde(skip)]
    pub file: PathBuf,
}

/// Something that could be done.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Title in both languages.
    pub title: Text,
    /// Tables merged into the scenario, such as `measures.digue = { kind = "levee", … }`.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub change: toml::Table,
}

/// Something that could happen.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Title in both languages.
    pub title: Text,
    /// Return period in years, with its source.
    #[serde(default)]
    pub return_period_years: Option<f64>,
    /// Where the return period comes from.
    #[serde(default)]
    pub source: Option<String>,
    /// Tables merged into the scenario.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub change: toml::Table,
}

/// A time at which it happens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Horizon {
    /// Title in both languages.
    pub title: Text,
    /// Where its hypotheses come from.
    #[serde(default)]
    pub source: Option<String>,
    /// Tables merged into the scenario.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub change: toml::Table,
}

/// A picture for the report.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudyPicture {
    /// Title in both languages.
    pub title: Text,
    /// A PNG file, or a view of the 3D viewer (`*.view.toml`), which draws it.
    #[schemars(extend("format" = "path"))]
    pub file: PathBuf,
    /// What to see in it, and where it comes from.
    pub caption: Text,
}

/// How costs and benefits of years to come are weighed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Economy {
    /// Discount rate a year, such as 0.025.
    pub discount_rate: f64,
    /// Years over which costs and benefits count.
    pub years: u32,
    /// Return period below which nothing is damaged, years; absent: damage of events more frequent
    /// than the most frequent one of the study is left out.
    #[serde(default)]
    pub first_damage_years: Option<f64>,
    /// Where the rate and the years come from.
    pub source: String,
}

impl Study {
    /// Whether a file is a study file, by its keys.
    pub fn is_one(path: &Path) -> bool {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.parse::<toml::Table>().is_ok_and(|t| t.contains_key("actions"))
    }

    /// Reads and checks a study.
    ///
    /// # Errors
    /// The file cannot be read, has unknown or missing keys, or asks for what cannot be.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::read(path))?;
        let table = text.parse::<toml::Table>().map_err(|e| explain_toml(path, &text, &e))?;
        let mut study: Self =
            serde_path_to_error::deserialize(toml::Value::Table(table)).map_err(|error| {
                let key = error.path().to_string();
                let key = if key == "." { String::new() } else { format!(" [{key}]") };
                explain_serde(format!("{}{key}", path.display()), error.into_inner().message())
            })?;
        study.file = path.to_path_buf();
        study.check()?;
        Ok(study)
    }

    /// The folder that paths of the file refer to.
    pub fn folder(&self) -> PathBuf {
        self.file.parent().unwrap_or(Path::new(".")).to_path_buf()
    }

    /// The action that the others are compared with.
    pub fn reference(&self) -> Option<&str> {
        let unchanged = || self.actions.iter().find(|(_, a)| a.change.is_empty());
        self.reference.as_deref().or_else(|| unchanged().map(|(name, _)| name.as_str()))
    }

    /// Names of the actions, the reference first.
    pub fn action_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.actions.keys().map(String::as_str).collect();
        names.sort_by_key(|name| Some(*name) != self.reference());
        names
    }

    /// Names of the events, the frequent ones first.
    pub fn event_names(&self) -> Vec<&str> {
        let mut events: Vec<_> = self.events.iter().collect();
        let period = |e: &Event| e.return_period_years.unwrap_or(f64::INFINITY);
        events.sort_by(|a, b| period(a.1).total_cmp(&period(b.1)).then(a.0.cmp(b.0)));
        events.into_iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Number of combinations, without their draws.
    pub fn len(&self) -> usize {
        self.actions.len() * self.events.len().max(1) * self.horizons.len().max(1)
    }

    /// Number of scenarios to compute: combinations and their draws.
    fn scenario_count(&self) -> usize {
        self.len().saturating_mul(1 + self.ensemble.as_ref().map_or(0, |e| e.draws as usize))
    }

    /// Whether there is nothing to compute.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
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
        let letters = |name: &str| {
            !name.is_empty()
                && name.len() <= 40
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        let keys = self.actions.keys().chain(self.events.keys()).chain(self.horizons.keys());
        if let Some(name) = std::iter::once(&self.id).chain(keys).find(|name| !letters(name)) {
            return Err(Error::input(
                place("id"),
                format!(
                    "« {name} » : lettres sans accent, chiffres et tirets seulement, 40 au plus"
                ),
                format!("\"{name}\": letters without accents, digits and hyphens only, 40 at most"),
            ));
        }
        if self.is_empty() {
            return Err(Error::input(
                place("actions"),
                "aucune action ; ajouter au moins [actions.NOM] avec un titre",
                "no action; add at least [actions.NAME] with a title",
            ));
        }
        if let Some(name) = self.reference.as_ref().filter(|r| !self.actions.contains_key(*r)) {
            let known: Vec<&str> = self.actions.keys().map(String::as_str).collect();
            return Err(Error::input(
                place("reference"),
                format!("« {name} » n'est pas une action ; présentes : {}", known.join(", ")),
                format!("\"{name}\" is no action; present: {}", known.join(", ")),
            ));
        }
        if let Some(ensemble) = &self.ensemble {
            ensemble.check(&place)?;
        }
        let missing = self.pictures.iter().find(|(_, p)| !self.folder().join(&p.file).is_file());
        if let Some((name, picture)) = missing {
            let file = picture.file.display();
            return Err(Error::input(
                place(&format!("pictures.{name}.file")),
                format!("le fichier {file} n'existe pas ; corriger le chemin ou retirer l'image"),
                format!("the file {file} does not exist; correct the path or remove the picture"),
            ));
        }
        if self.len() > MOST_COMBINATIONS || self.scenario_count() > MOST_SCENARIOS {
            let (n, all) = (self.len(), self.scenario_count());
            return Err(Error::input(
                self.file.display().to_string(),
                format!(
                    "{n} combinaisons d'actions, d'événements et d'horizons, {all} scénarios avec les tirages ; {MOST_COMBINATIONS} et {MOST_SCENARIOS} au plus : en retirer"
                ),
                format!(
                    "{n} combinations of actions, events and horizons, {all} scenarios with the draws; {MOST_COMBINATIONS} and {MOST_SCENARIOS} at most: remove some"
                ),
            ));
        }
        for (name, event) in &self.events {
            let Some(years) = event.return_period_years else { continue };
            if !(years.is_finite() && years >= 1.0) {
                return Err(Error::input(
                    place(&format!("events.{name}.return_period_years")),
                    format!("{years} ; une période de retour est d'un an au moins"),
                    format!("{years}; a return period is a year at least"),
                ));
            }
            if event.source.as_ref().is_none_or(|s| s.trim().is_empty()) {
                return Err(Error::input(
                    place(&format!("events.{name}.source")),
                    "une période de retour se donne avec sa source ; ajouter source",
                    "a return period is given with its source; add source",
                ));
            }
        }
        self.check_layers()?;
        self.economy.as_ref().map_or(Ok(()), |economy| economy.check(&place, self))
    }

    /// An action, an event, a horizon and a draw that set one key to different values would undo each other
    /// in silence.
    fn check_layers(&self) -> Result<()> {
        let keys = |change: &toml::Table| {
            flattened(&serde_json::to_value(change).unwrap_or(serde_json::Value::Null))
        };
        let drawn = self.ensemble.iter().flat_map(Ensemble::stated_keys);
        // A draw states another value than any that stands there.
        let drawn = drawn.map(|key| (key.to_owned(), serde_json::Value::Null)).collect();
        let layers: [Vec<(String, BTreeMap<String, serde_json::Value>)>; 4] = [
            self.horizons.iter().map(|(n, h)| (format!("horizons.{n}"), keys(&h.change))).collect(),
            self.events.iter().map(|(n, e)| (format!("events.{n}"), keys(&e.change))).collect(),
            self.actions.iter().map(|(n, a)| (format!("actions.{n}"), keys(&a.change))).collect(),
            vec![("ensemble.values".to_owned(), drawn)],
        ];
        for (upper, lower) in [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)] {
            for (one, its) in &layers[upper] {
                for (other, those) in &layers[lower] {
                    let clash = its.iter().find(|(key, value)| {
                        !key.is_empty() && those.get(*key).is_some_and(|known| known != *value)
                    });
                    if let Some((key, _)) = clash {
                        return Err(Error::input(
                            format!("{} [{one}], [{other}]", self.file.display()),
                            format!(
                                "les deux donnent une valeur à « {key} » : l'une effacerait l'autre ; n'en garder qu'une, ou donner des clés différentes (un facteur et une valeur)"
                            ),
                            format!(
                                "both give \"{key}\" a value: one would undo the other; keep one, or use different keys (a factor and a value)"
                            ),
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Economy {
    fn check(&self, place: &dyn Fn(&str) -> String, study: &Study) -> Result<()> {
        if !(0.0..=0.2).contains(&self.discount_rate) {
            return Err(Error::input(
                place("economy.discount_rate"),
                format!("{} ; donner un taux de 0 à 0.2", self.discount_rate),
                format!("{}; give a rate from 0 to 0.2", self.discount_rate),
            ));
        }
        if !(1..=200).contains(&self.years) {
            return Err(Error::input(
                place("economy.years"),
                format!("{} ; donner de 1 à 200 ans", self.years),
                format!("{}; give 1 to 200 years", self.years),
            ));
        }
        if self.source.trim().is_empty() {
            return Err(Error::input(
                place("economy.source"),
                "dire d'où viennent le taux et la durée",
                "say where the rate and the years come from",
            ));
        }
        if study.events.is_empty() {
            return Err(Error::input(
                place("economy"),
                "un dommage moyen annuel demande des événements avec leur période de retour ; ajouter [events]",
                "an expected annual damage needs events with their return periods; add [events]",
            ));
        }
        let without = study.events.iter().find(|(_, e)| e.return_period_years.is_none());
        if let Some((name, _)) = without {
            return Err(Error::input(
                place(&format!("events.{name}")),
                "pas de période de retour : le dommage moyen annuel en demande une à chaque événement ; ajouter return_period_years et source, ou retirer [economy]",
                "no return period: the expected annual damage needs one of every event; add return_period_years and source, or remove [economy]",
            ));
        }
        let mut periods: Vec<f64> =
            study.events.values().filter_map(|e| e.return_period_years).collect();
        periods.sort_by(f64::total_cmp);
        if let Some(pair) = periods.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::input(
                place("events"),
                format!(
                    "deux événements de même période de retour ({} ans) : le dommage moyen annuel n'en admet qu'un",
                    pair[0]
                ),
                format!(
                    "two events of one return period ({} years): the expected annual damage admits one",
                    pair[0]
                ),
            ));
        }
        let frequent = periods[0];
        if let Some(first) = self.first_damage_years.filter(|f| !(1.0..=frequent).contains(f)) {
            return Err(Error::input(
                place("economy.first_damage_years"),
                format!(
                    "{first} ; donner de 1 à {frequent} ans, la période de l'événement le plus fréquent"
                ),
                format!(
                    "{first}; give 1 to {frequent} years, the period of the most frequent event"
                ),
            ));
        }
        Ok(())
    }
}
