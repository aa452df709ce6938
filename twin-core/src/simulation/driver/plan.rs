//! Which run reads what from which, and in which order they run.
//!
//! Coupling follows from declared variables: a run that reads a variable depends on the one run of
//! the scenario that writes it. Runs with a `coupling_step` that depend on each other advance
//! together; every other dependency reads finished results.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::adapter::Adapter;
use crate::scenario::Scenario;
use crate::simulation::{Registry, RequirementKind, Simulation, Temporal};
use crate::{Error, Result};

/// A run of the scenario with the sources of its inputs.
pub(super) struct Step {
    pub(super) name: String,
    pub(super) simulation: Arc<dyn Simulation>,
    pub(super) parameters: Value,
    pub(super) links: Vec<Link>,
    pub(super) coupling_step_s: Option<f64>,
    /// Whether its variants are computed.
    pub(super) variants: bool,
}

/// One input of a run and the run that gives it.
pub(super) struct Link {
    pub(super) variable: &'static str,
    pub(super) from: String,
    pub(super) adapter: Adapter,
    /// Whether it is there only when the other run has ended.
    at_the_end: bool,
    /// Whether what the other run tells of the time between two outputs is read as spread evenly over it.
    pub(super) is_spread: bool,
}

/// Groups in running order; the runs of a group advance together.
pub(super) fn plan(registry: &Registry, scenario: &Scenario) -> Result<Vec<Vec<Step>>> {
    let place = |name: &str| format!("{} [runs.{name}]", scenario.file.display());
    let mut steps = BTreeMap::new();
    for (name, entry) in &scenario.runs {
        let simulation = registry.simulation(&entry.simulation)?.clone();
        check_requirements(simulation.as_ref(), scenario, &place(name))?;
        if scenario.time.is_none() && simulation.has_clock() {
            return Err(Error::input(
                place(name),
                "ce calcul se déroule dans le temps ; ajouter [time] avec start et duration",
                "this run goes over time; add [time] with start and duration",
            ));
        }
        steps.insert(
            name.clone(),
            Step {
                name: name.clone(),
                simulation,
                parameters: Value::Object(entry.parameters.clone()),
                links: Vec::new(),
                coupling_step_s: entry.coupling_step.map(|d| d.seconds()),
                variants: entry.variants,
            },
        );
    }
    for (name, entry) in &scenario.runs {
        let reads = entry.reads.as_deref();
        if let Some(unknown) = reads.unwrap_or_default().iter().find(|r| !steps.contains_key(*r)) {
            let known: Vec<&str> = steps.keys().map(String::as_str).collect();
            return Err(Error::input(
                format!("{}.reads", place(name)),
                format!(
                    "« {unknown} » n'est pas un calcul du scénario ; présents : {}",
                    known.join(", ")
                ),
                format!("\"{unknown}\" is no run of the scenario; present: {}", known.join(", ")),
            ));
        }
        let links = links_of(&steps[name], reads, &steps, &place(name))?;
        if let Some(step) = steps.get_mut(name) {
            step.links = links;
        }
    }
    for name in steps.keys() {
        check_coupling(name, &steps, &format!("{}.coupling_step", place(name)))?;
    }
    order(group(steps), scenario)
}

/// Refuses a coupling step of a run that no other with one reads or gives anything to: it would do nothing.
fn check_coupling(name: &str, steps: &BTreeMap<String, Step>, place: &str) -> Result<()> {
    let is_linked = |a: &str, b: &str| steps[a].links.iter().any(|l| l.from == b && !l.at_the_end);
    let mut partners =
        steps.keys().filter(|other| is_linked(name, other) || is_linked(other, name));
    let has_step = |name: &str| steps[name].coupling_step_s.is_some();
    if !has_step(name) || partners.clone().any(|other| has_step(other)) {
        return Ok(());
    }
    Err(match partners.next() {
        Some(partner) => Error::input(
            place,
            format!(
                "« {partner} » n'en a pas ; lui en donner un aussi pour que les deux avancent ensemble, ou ôter celui-ci"
            ),
            format!(
                "\"{partner}\" has none; give it one too so that both advance together, or take this one out"
            ),
        ),
        None => Error::input(
            place,
            "aucun autre calcul du scénario ne lit celui-ci ni ne lui donne rien ; ôter coupling_step",
            "no other run of the scenario reads this one or gives anything to it; take coupling_step out",
        ),
    })
}

fn check_requirements(simulation: &dyn Simulation, scenario: &Scenario, place: &str) -> Result<()> {
    for requirement in &simulation.descriptor().requirements {
        if !requirement.optional && !scenario.inputs.contains_key(requirement.name) {
            let (kind_fr, kind_en) = match requirement.kind {
                RequirementKind::Grid { .. } => ("la grille", "grid"),
                RequirementKind::Table { .. } => ("la table", "table"),
            };
            return Err(Error::input(
                place,
                format!(
                    "{kind_fr} « {} » ({}) manque ; ajouter [inputs.{}] avec path",
                    requirement.name, requirement.title.fr, requirement.name
                ),
                format!(
                    "{kind_en} \"{}\" ({}) is missing; add [inputs.{}] with path",
                    requirement.name, requirement.title.en, requirement.name
                ),
            ));
        }
    }
    Ok(())
}

/// The sources of a run's inputs among the runs it `reads`, all others of the scenario by default.
fn links_of(
    step: &Step,
    reads: Option<&[String]>,
    steps: &BTreeMap<String, Step>,
    place: &str,
) -> Result<Vec<Link>> {
    let mut links = Vec::new();
    for variable in step.simulation.descriptor().variables.iter().filter(|v| v.intent.reads()) {
        let producers: Vec<(&String, &crate::simulation::Variable)> = steps
            .iter()
            .filter(|(name, _)| **name != step.name)
            .filter(|(name, _)| reads.is_none_or(|reads| reads.contains(name)))
            .flat_map(|(name, other)| {
                let written = other.simulation.descriptor().variables.iter();
                written
                    .filter(|v| v.intent.writes() && v.name == variable.name)
                    .map(move |v| (name, v))
            })
            .collect();
        match producers.as_slice() {
            [] if variable.optional => (),
            [] => {
                let written: Vec<&str> = steps
                    .values()
                    .flat_map(|s| &s.simulation.descriptor().variables)
                    .filter(|v| v.intent.writes())
                    .map(|v| v.name)
                    .collect();
                let (fr, en) = match crate::suggest::nearest(variable.name, written.iter().copied())
                {
                    Some(name) => {
                        (format!(" (proche : « {name} »)"), format!(" (near: \"{name}\")"))
                    }
                    None => (String::new(), String::new()),
                };
                return Err(Error::input(
                    place,
                    format!(
                        "aucun calcul du scénario ne donne « {} » ({}){fr} ; ajouter celui qui le produit",
                        variable.name, variable.title.fr
                    ),
                    format!(
                        "no run of the scenario gives \"{}\" ({}){en}; add the one that produces it",
                        variable.name, variable.title.en
                    ),
                ));
            }
            [(from, source)] => links.push(Link {
                variable: variable.name,
                from: (*from).clone(),
                adapter: Adapter::between(source, variable)?,
                at_the_end: source.temporal == Temporal::Maximum,
                is_spread: matches!(source.temporal, Temporal::Mean | Temporal::Accumulated)
                    && (step.coupling_step_s.is_none() || steps[*from].coupling_step_s.is_none()),
            }),
            several => {
                let names: Vec<&str> = several.iter().map(|(n, _)| n.as_str()).collect();
                return Err(Error::input(
                    place,
                    format!(
                        "« {} » vient de plusieurs calculs ({}) ; dire lequel : reads = [\"NOM\"]",
                        variable.name,
                        names.join(", ")
                    ),
                    format!(
                        "\"{}\" comes from several runs ({}); say which: reads = [\"NAME\"]",
                        variable.name,
                        names.join(", ")
                    ),
                ));
            }
        }
    }
    Ok(links)
}

/// Merges runs with a coupling step that are linked to each other.
fn group(steps: BTreeMap<String, Step>) -> Vec<Vec<Step>> {
    let synchronous: BTreeSet<String> =
        steps.values().filter(|s| s.coupling_step_s.is_some()).map(|s| s.name.clone()).collect();
    let mut label: BTreeMap<String, String> =
        steps.keys().map(|n| (n.clone(), n.clone())).collect();
    for step in steps.values().filter(|s| synchronous.contains(&s.name)) {
        for link in step.links.iter().filter(|l| synchronous.contains(&l.from) && !l.at_the_end) {
            let (a, b) = (label[&step.name].clone(), label[&link.from].clone());
            let (keep, drop) = if a < b { (a, b) } else { (b, a) };
            label.values_mut().filter(|l| **l == drop).for_each(|l| *l = keep.clone());
        }
    }
    let mut groups: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    for (name, step) in steps {
        groups.entry(label[&name].clone()).or_default().push(step);
    }
    groups.into_values().collect()
}

/// Orders groups so that each comes after those it reads from (Kahn 1962, alphabetical ties).
fn order(groups: Vec<Vec<Step>>, scenario: &Scenario) -> Result<Vec<Vec<Step>>> {
    let mut waiting = groups;
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|group| {
            group.iter().flat_map(|s| &s.links).all(|link| {
                done.contains(&link.from)
                    || group.iter().any(|member| member.name == link.from) && group.len() > 1
            })
        });
        let Some(at) = ready else {
            let names: Vec<&str> = waiting.iter().flatten().map(|s| s.name.as_str()).collect();
            return Err(Error::input(
                format!("{} [runs]", scenario.file.display()),
                format!(
                    "les calculs {} se lisent l'un l'autre ; leur donner un coupling_step",
                    names.join(", ")
                ),
                format!("runs {} read each other; give them a coupling_step", names.join(", ")),
            ));
        };
        let group = waiting.remove(at);
        done.extend(group.iter().map(|s| s.name.clone()));
        ordered.push(group);
    }
    Ok(ordered)
}
