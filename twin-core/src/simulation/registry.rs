//! The simulations and measures that a program offers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Descriptor, RequirementKind, Simulation, Unit};
use crate::scenario::MeasureKind;
use crate::{Error, Result};

/// Simulations and kinds of measures by identifier. Registration is explicit.
#[derive(Clone, Default)]
pub struct Registry {
    simulations: BTreeMap<String, Arc<dyn Simulation>>,
    measures: BTreeMap<String, Arc<dyn MeasureKind>>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("simulations", &self.simulations.keys())
            .field("measures", &self.measures.keys())
            .finish()
    }
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a simulation. Its descriptor is checked here: a duplicate or malformed identifier, a
    /// unit that does not parse or a variable declared twice is an error.
    pub fn add(&mut self, simulation: impl Simulation + 'static) -> Result<()> {
        check_descriptor(simulation.descriptor())?;
        let id = simulation.descriptor().id;
        if self.simulations.contains_key(id) {
            return Err(duplicate(id));
        }
        self.simulations.insert(id.to_owned(), Arc::new(simulation));
        Ok(())
    }

    /// Adds a kind of measure; a duplicate identifier is an error.
    pub fn add_measure(&mut self, kind: impl MeasureKind + 'static) -> Result<()> {
        check_id(kind.id())?;
        if self.measures.contains_key(kind.id()) {
            return Err(duplicate(kind.id()));
        }
        self.measures.insert(kind.id().to_owned(), Arc::new(kind));
        Ok(())
    }

    /// A simulation by identifier; the error suggests the nearest name.
    pub fn simulation(&self, id: &str) -> Result<&Arc<dyn Simulation>> {
        self.simulations.get(id).ok_or_else(|| unknown(id, self.simulations.keys()))
    }

    /// A kind of measure by identifier; the error suggests the nearest name.
    pub fn measure(&self, id: &str) -> Result<&Arc<dyn MeasureKind>> {
        self.measures.get(id).ok_or_else(|| unknown(id, self.measures.keys()))
    }

    /// All simulations in alphabetical order.
    pub fn simulations(&self) -> impl Iterator<Item = &Arc<dyn Simulation>> {
        self.simulations.values()
    }

    /// All kinds of measures in alphabetical order.
    pub fn measures(&self) -> impl Iterator<Item = &Arc<dyn MeasureKind>> {
        self.measures.values()
    }
}

/// Checks what a descriptor says: identifier, units, no variable twice.
pub(super) fn check_descriptor(descriptor: &Descriptor) -> Result<()> {
    let id = descriptor.id;
    check_id(id)?;
    let mut names = std::collections::BTreeSet::new();
    for variable in &descriptor.variables {
        check_unit(id, variable.name, variable.unit)?;
        if !names.insert(variable.name) {
            return Err(Error::input(
                format!("{id}.{}", variable.name),
                "variable déclarée deux fois ; en garder une",
                "variable declared twice; keep one",
            ));
        }
    }
    for requirement in &descriptor.requirements {
        if let RequirementKind::Grid { unit } = requirement.kind {
            check_unit(id, requirement.name, unit)?;
        }
    }
    Ok(())
}

fn check_id(id: &str) -> Result<()> {
    let kebab = !id.is_empty()
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !id.starts_with('-');
    if kebab {
        return Ok(());
    }
    Err(Error::input(
        id,
        "identifiant invalide ; minuscules, chiffres et tirets seulement",
        "invalid identifier; lower-case letters, digits and hyphens only",
    ))
}

fn check_unit(id: &str, name: &str, unit: &str) -> Result<()> {
    if Unit::parse(unit).is_some() {
        return Ok(());
    }
    Err(Error::input(
        format!("{id}.{name}"),
        format!("unité « {unit} » inconnue ; l'écrire en notation UDUNITS"),
        format!("unit \"{unit}\" is not known; write it in UDUNITS notation"),
    ))
}

fn duplicate(id: &str) -> Error {
    Error::input(id, "identifiant déjà enregistré", "identifier already registered")
}

fn unknown<'a>(id: &str, known: impl Iterator<Item = &'a String>) -> Error {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let nearest = crate::suggest::nearest(id, known.iter().copied());
    let (fr, en) = match nearest {
        Some(name) => (format!("vouliez-vous « {name} » ?"), format!("did you mean \"{name}\"?")),
        None => (format!("connus : {}", known.join(", ")), format!("known: {}", known.join(", "))),
    };
    Error::input(id, format!("identifiant inconnu ; {fr}"), format!("unknown identifier; {en}"))
}
