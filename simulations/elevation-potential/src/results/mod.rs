//! What the analysis hands over.
//!
//! | file | concern |
//! |---|---|
//! | `tables` | buildings, storeys, free parcels, rules in words |
//! | `volumes` | added storeys as CityJSON |
//! | `maps` | storeys and verdicts on the grid |
//! | `communes` | which commune a building stands in |
//! | `figures` | indicators |
//! | `words` | sentences, hypotheses, warnings |

mod communes;
mod figures;
mod maps;
mod names;
mod tables;
mod volumes;
mod words;

use std::collections::BTreeSet;

use rayon::prelude::*;
use twin_core::simulation::{Outcome, RunContext};
use twin_core::territory::TerritoryView;
use twin_core::{Error, Result};

use crate::free::{NewBuilding, new_buildings};
use crate::parameters::Verdict;
use crate::potential::{Potential, RuleBook, Study};
use crate::shadows::{Facade, SunLost, SunPath, facades};

/// What was found, for all documents alike.
struct Found<'a> {
    view: &'a TerritoryView,
    study: &'a Study,
    book: &'a RuleBook,
    potentials: Vec<Potential>,
    sun: Vec<SunLost>,
    /// With the other rule file.
    others: Option<Others<'a>>,
    free: Vec<NewBuilding>,
    /// Whether each building counts: inside the study area.
    counts: Vec<bool>,
}

/// Potentials under another rule file, building by building.
struct Others<'a> {
    book: &'a RuleBook,
    potentials: Vec<Potential>,
    sun: Vec<SunLost>,
}

/// Computes the potential of every building and makes the documents of it.
pub(crate) fn outcome(
    view: &TerritoryView,
    study: &Study,
    book: &RuleBook,
    other: Option<&RuleBook>,
    context: &RunContext,
) -> Result<Outcome> {
    let parameters = &study.parameters;
    let with_sun = |book: &RuleBook| {
        let potentials = study.all(book, context)?;
        let sun = match parameters.shadows {
            true => sun_lost(view, study, &potentials, context)?,
            false => Vec::new(),
        };
        Ok::<_, Error>((potentials, sun))
    };
    let (potentials, sun) = with_sun(book)?;
    let others = |book| {
        let (potentials, sun) = with_sun(book)?;
        Ok::<_, Error>(Others { book, potentials, sun })
    };
    let others = other.map(others).transpose()?;
    let free = match parameters.new_buildings {
        true => new_buildings(view, study, book, parameters),
        false => Vec::new(),
    };
    let mask = view.study_mask();
    let is_inside = |index: usize| {
        let (x, y) = crate::place::extent_of(&study.subjects[index].footprint).centre();
        mask.at(x, y).is_some_and(|inside| *inside)
    };
    let counts = (0..study.subjects.len()).map(is_inside).collect();
    let found = Found { view, study, book, potentials, others, sun, free, counts };
    Ok(Outcome {
        indicators: found.indicators(),
        statics: found.maps(),
        assets: found.tables(),
        volumes: found.volumes(),
        key_messages: found.key_messages(),
        hypotheses: found.hypotheses(),
        warnings: found.warnings(),
        ..Outcome::default()
    })
}

/// What each raising takes from its neighbours.
fn sun_lost(
    view: &TerritoryView,
    study: &Study,
    potentials: &[Potential],
    context: &RunContext,
) -> Result<Vec<SunLost>> {
    let middle = view.spec().extent().centre();
    let year = study.parameters.law_date.year();
    let days = SunPath::of_days(view.territory().crs(), middle.into(), year)?;
    let facades: Vec<Vec<Facade>> =
        study.subjects.par_iter().map(|s| facades(s).collect()).collect();
    let lost = |p: &Potential| {
        context.check_cancelled()?;
        Ok(study.sun_lost(p.subject, p.told(), &facades, &days))
    };
    potentials.par_iter().map(lost).collect()
}

impl Found<'_> {
    /// Zones of the buildings, sorted.
    fn zone_codes(&self) -> BTreeSet<&str> {
        self.potentials.iter().map(|p| p.zone.as_str()).collect()
    }

    /// Potentials of the buildings that count.
    fn counted(&self) -> impl Iterator<Item = &Potential> {
        self.potentials.iter().filter(|p| self.counts[p.subject])
    }

    /// Those of a verdict that may be raised.
    fn raised(&self, verdict: Verdict) -> impl Iterator<Item = &Potential> {
        self.counted().filter(move |p| p.verdict == verdict && !p.told().is_empty())
    }
}
