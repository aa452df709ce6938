//! The combinations of a study as scenarios.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::{Draw, Study};
use crate::language::Text;
use crate::scenario::{Change, Scenario};
use crate::{Error, Result};

/// An action at an event and a horizon.
#[derive(Debug, Clone)]
pub struct Combination {
    /// Name of the action.
    pub action: String,
    /// Name of the event, where the study has any.
    pub event: Option<String>,
    /// Name of the horizon, where the study has any.
    pub horizon: Option<String>,
    /// The scenario.
    pub scenario: Scenario,
    /// The scenario again with each draw of what is not well known; empty without an ensemble.
    pub draws: Vec<DrawnScenario>,
}

/// A draw of a combination.
#[derive(Debug, Clone)]
pub struct DrawnScenario {
    /// What was drawn.
    pub values: Draw,
    /// The scenario with these values and without runs beside the main ones.
    pub scenario: Scenario,
}

impl Combination {
    /// All scenarios of the combination, its draws last.
    pub fn scenarios(&self) -> impl Iterator<Item = &Scenario> {
        std::iter::once(&self.scenario).chain(self.draws.iter().map(|draw| &draw.scenario))
    }
}

impl Study {
    /// All combinations: by horizon, then by event, the reference action first. `path_keys` as for
    /// [`Scenario::load`]; `overrides` are applied to every one.
    ///
    /// # Errors
    /// One of the scenarios is wrong, or a measure has no cost where costs are weighed.
    pub fn combinations(
        &self,
        overrides: &[String],
        path_keys: impl Fn(&str) -> BTreeSet<String>,
    ) -> Result<Vec<Combination>> {
        let names = |all: Vec<&str>| -> Vec<Option<String>> {
            if all.is_empty() {
                vec![None]
            } else {
                all.into_iter().map(|n| Some(n.to_owned())).collect()
            }
        };
        let horizons = names(self.horizons.keys().map(String::as_str).collect());
        let events = names(self.event_names());
        let base = self.folder().join(&self.scenario);
        let mut combinations = Vec::new();
        for horizon in &horizons {
            for event in &events {
                for action in self.action_names() {
                    let of = [Some(action), event.as_deref(), horizon.as_deref()];
                    let load = |changes: &[Change]| {
                        let loaded = Scenario::load_changed(&base, changes, overrides, &path_keys);
                        loaded.map_err(|error| {
                            let names = of.into_iter().flatten().collect::<Vec<_>>().join(" × ");
                            in_study(error, &format!("{} ({names})", self.file.display()))
                        })
                    };
                    let changes = self.changes(action, event.as_deref(), horizon.as_deref());
                    let scenario = load(&changes)?;
                    let draws = self.draws_of(&scenario, &changes, load)?;
                    combinations.push(Combination {
                        action: action.to_owned(),
                        event: event.clone(),
                        horizon: horizon.clone(),
                        scenario,
                        draws,
                    });
                }
            }
        }
        self.check_costs(&combinations)?;
        Ok(combinations)
    }

    /// A combination with each draw.
    fn draws_of(
        &self,
        scenario: &Scenario,
        changes: &[Change],
        load: impl Fn(&[Change]) -> Result<Scenario>,
    ) -> Result<Vec<DrawnScenario>> {
        let Some(ensemble) = &self.ensemble else { return Ok(Vec::new()) };
        let place = |key: &str| format!("{} [{key}]", self.file.display());
        let draws = ensemble.draws(scenario, &place)?;
        let with = |(number, values): (usize, Draw)| {
            let number = number + 1;
            let mut stated: Vec<(String, Value)> = values.clone();
            stated.push(("id".to_owned(), format!("{}-t{number:03}", scenario.id).into()));
            let title = &scenario.title;
            stated.push(("title.fr".to_owned(), format!("{}, tirage {number}", title.fr).into()));
            stated.push(("title.en".to_owned(), format!("{}, draw {number}", title.en).into()));
            for run in scenario.runs.keys() {
                stated.push((format!("runs.{run}.variants"), Value::Boolean(false)));
            }
            let folder = self.folder();
            let change =
                |(key, value)| Change { table: nested(key, value), folder: folder.clone() };
            let mut all = changes.to_vec();
            all.extend(stated.into_iter().map(change));
            Ok(DrawnScenario { values, scenario: load(&all)? })
        };
        draws.into_iter().enumerate().map(with).collect()
    }

    /// Title of a combination without that of the study.
    pub fn title_of(&self, action: &str, event: Option<&str>, horizon: Option<&str>) -> Text {
        let mut parts: Vec<&Text> =
            self.actions.get(action).map(|a| &a.title).into_iter().collect();
        parts.extend(event.and_then(|e| self.events.get(e)).map(|e| &e.title));
        parts.extend(horizon.and_then(|h| self.horizons.get(h)).map(|h| &h.title));
        let join = |of: &dyn Fn(&Text) -> String| {
            parts.iter().map(|t| of(t)).collect::<Vec<_>>().join(", ")
        };
        Text::new(join(&|t| t.fr.clone()), join(&|t| t.en.clone()))
    }

    /// What changes: the climate first, then the event, then what is done; identifier and title last.
    fn changes(&self, action: &str, event: Option<&str>, horizon: Option<&str>) -> Vec<Change> {
        let mut tables: Vec<Table> = Vec::new();
        tables.extend(horizon.and_then(|h| self.horizons.get(h)).map(|h| h.change.clone()));
        tables.extend(event.and_then(|e| self.events.get(e)).map(|e| e.change.clone()));
        tables.extend(self.actions.get(action).map(|a| a.change.clone()));
        let names = [Some(self.id.as_str()), Some(action), event, horizon];
        let id = names.into_iter().flatten().collect::<Vec<_>>().join("-");
        let of = self.title_of(action, event, horizon);
        let title = Table::from_iter([
            ("fr".to_owned(), Value::String(format!("{} : {}", self.title.fr, of.fr))),
            ("en".to_owned(), Value::String(format!("{}: {}", self.title.en, of.en))),
        ]);
        let mut named = Table::new();
        named.insert("id".to_owned(), Value::String(id));
        named.insert("title".to_owned(), Value::Table(title));
        tables.push(named);
        let folder = self.folder();
        tables.into_iter().map(|table| Change { table, folder: folder.clone() }).collect()
    }

    /// Measures that only some actions make need a cost where costs are weighed.
    fn check_costs(&self, combinations: &[Combination]) -> Result<()> {
        let reference = combinations.iter().find(|c| Some(c.action.as_str()) == self.reference());
        if self.economy.is_none() {
            return Ok(());
        }
        for combination in combinations {
            let standing =
                |name: &String| reference.is_some_and(|r| r.scenario.measures.contains_key(name));
            let made = combination.scenario.measures.iter().filter(|(name, _)| !standing(name));
            if let Some((name, _)) = made.into_iter().find(|(_, m)| m.cost.is_none()) {
                return Err(Error::input(
                    format!("{} [actions.{}]", self.file.display(), combination.action),
                    format!(
                        "la mesure « {name} » n'a pas de coût ; ajouter cost = {{ investment_eur = …, source = \"…\" }} ou retirer [economy]"
                    ),
                    format!(
                        "measure \"{name}\" has no cost; add cost = {{ investment_eur = …, source = \"…\" }} or remove [economy]"
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// A value as tables below its dotted key.
fn nested(key: String, value: Value) -> Table {
    match key.split_once('.') {
        None => Table::from_iter([(key, value)]),
        Some((first, rest)) => {
            let inner = Value::Table(nested(rest.to_owned(), value));
            Table::from_iter([(first.to_owned(), inner)])
        }
    }
}

/// What is wrong in a combination may stand in the study file: it is named first.
fn in_study(error: Error, study: &str) -> Error {
    match error {
        Error::Input { place, problem } => {
            Error::Input { place: format!("{study}, {place}"), problem }
        }
        other => other,
    }
}
