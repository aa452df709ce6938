//! The suite that every plugin passes: metadata, units, threads, restart, budget, bad parameters,
//! inputs untouched.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use twin_core::simulation::{Simulation, conformance};
//! # fn check(plugin: &dyn Simulation, view: Arc<twin_core::territory::TerritoryView>) {
//! let case = conformance::Case {
//!     view,
//!     parameters: serde_json::json!({}),
//!     bad_parameters: vec![serde_json::json!({ "no_such_key": 1 })],
//!     duration_s: 600.0,
//!     outputs: 6,
//!     inputs: Default::default(),
//! };
//! assert_eq!(conformance::check(plugin, &case), Vec::<String>::new());
//! # }
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{
    Fields, Outcome, Run, RunContext, Simulation, StateReader, StateWriter, Support, Temporal,
};
use crate::Result;
use crate::territory::TerritoryView;

/// A small case on which a plugin is checked.
#[derive(Debug, Clone)]
pub struct Case {
    /// The territory.
    pub view: Arc<TerritoryView>,
    /// Parameters that work.
    pub parameters: Value,
    /// Parameters each of which must be refused when the run is initialised.
    pub bad_parameters: Vec<Value>,
    /// Length in seconds.
    pub duration_s: f64,
    /// Number of outputs after the initial one, at least 2.
    pub outputs: usize,
    /// Constant fields for declared inputs.
    pub inputs: BTreeMap<String, Vec<f32>>,
}

/// What a plugin breaks, one sentence each; empty when it conforms.
pub fn check(plugin: &dyn Simulation, case: &Case) -> Vec<String> {
    let mut faults = Vec::new();
    check_metadata(plugin, &mut faults);
    let before = case.view.fingerprint();
    let reference = match run_with_threads(plugin, case, 1) {
        Ok(record) => record,
        Err(error) => {
            faults.push(format!("the run fails: {error}"));
            return faults;
        }
    };
    check_outputs(plugin, &reference, &mut faults);
    for threads in [2, 8] {
        match run_with_threads(plugin, case, threads) {
            Ok(record) if record.same_bits(&reference) => (),
            Ok(_) => faults.push(format!("{threads} threads give other bits than one")),
            Err(error) => faults.push(format!("the run fails with {threads} threads: {error}")),
        }
    }
    match restart(plugin, case) {
        Ok(Some(record)) if !record.same_bits(&reference) => {
            faults.push("N steps, a restart and N steps give other bits than 2N steps".into());
        }
        Ok(_) => (),
        Err(error) => faults.push(format!("the run cannot restart: {error}")),
    }
    for bad in &case.bad_parameters {
        if plugin.initialise(case.view.clone(), bad, &case.context()).is_ok() {
            faults.push(format!("bad parameters are accepted: {bad}"));
        }
    }
    let mut unknown = case.parameters.clone();
    if let Value::Object(object) = &mut unknown {
        object.insert("no_such_parameter".into(), Value::Bool(true));
        if plugin.initialise(case.view.clone(), &unknown, &case.context()).is_ok() {
            faults.push("an unknown parameter is accepted".into());
        }
    }
    if case.view.fingerprint() != before {
        faults.push("the territory was changed".into());
    }
    faults
}

/// What a run gave, for comparison to the bit.
struct Record {
    fields: Vec<Fields>,
    outcome: Outcome,
}

impl Record {
    fn same_bits(&self, other: &Self) -> bool {
        let bits = |record: &Self| -> Vec<(String, Vec<u32>)> {
            let series = record.fields.iter().flat_map(|f| {
                f.names().map(|n| (n.to_owned(), f.get(n).unwrap_or_default())).collect::<Vec<_>>()
            });
            let statics = record
                .outcome
                .statics
                .iter()
                .map(|s| (s.name.to_owned(), s.grid.values.as_slice()));
            series
                .chain(statics)
                .map(|(name, values)| (name, values.iter().map(|v| v.to_bits()).collect()))
                .collect()
        };
        let gauges = |record: &Self| format!("{:?}", record.outcome.gauges);
        bits(self) == bits(other)
            && self.outcome.indicators == other.outcome.indicators
            && gauges(self) == gauges(other)
    }
}

impl Case {
    fn context(&self) -> RunContext {
        RunContext::new(self.duration_s, self.duration_s / self.outputs as f64)
    }

    fn board(&self) -> Fields {
        let mut fields = Fields::new(*self.view.spec());
        for (name, values) in &self.inputs {
            fields.output(name).copy_from_slice(values);
        }
        fields
    }
}

fn check_metadata(plugin: &dyn Simulation, faults: &mut Vec<String>) {
    let descriptor = plugin.descriptor();
    for (what, text) in [("title", &descriptor.title), ("summary", &descriptor.summary)] {
        if text.fr.is_empty() || text.en.is_empty() {
            faults.push(format!("the {what} is missing in French or English"));
        }
    }
    if descriptor.licence.is_empty()
        || descriptor.citation.is_empty()
        || descriptor.limits.is_empty()
    {
        faults.push("licence, citation or limits of validity are missing".into());
    }
    if let Err(error) = super::registry::check_descriptor(descriptor) {
        faults.push(format!("it cannot be registered: {error}"));
    }
}

fn check_outputs(plugin: &dyn Simulation, record: &Record, faults: &mut Vec<String>) {
    let declared = &plugin.descriptor().variables;
    for variable in declared.iter().filter(|v| v.intent.writes() && v.support == Support::Cell) {
        let is_written = if variable.temporal == Temporal::Maximum {
            record.outcome.statics.iter().any(|field| field.name == variable.name)
        } else {
            record.fields.iter().all(|fields| fields.get(variable.name).is_some())
        };
        if !is_written {
            faults.push(format!("output \"{}\" is declared but not written", variable.name));
        }
    }
    if let Some(fields) = record.fields.last() {
        for name in fields.names() {
            if !declared.iter().any(|v| v.name == name) {
                faults.push(format!("output \"{name}\" is written but not declared"));
            }
        }
    }
}

fn run_with_threads(plugin: &dyn Simulation, case: &Case, threads: usize) -> Result<Record> {
    let run = || {
        let context = case.context();
        let mut run = plugin.initialise(case.view.clone(), &case.parameters, &context)?;
        let mut record = Record { fields: Vec::new(), outcome: Outcome::default() };
        let mut fields = case.board();
        for output in 0..=case.outputs {
            advance(&mut *run, output, case, &mut fields, &context)?;
            record.fields.push(fields.clone());
        }
        record.outcome = run.finish(&context)?;
        Ok(record)
    };
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(run),
        Err(_) => run(),
    }
}

fn advance(
    run: &mut dyn Run,
    output: usize,
    case: &Case,
    fields: &mut Fields,
    context: &RunContext,
) -> Result<()> {
    let time_s = case.duration_s * output as f64 / case.outputs as f64;
    run.advance_to(time_s, fields, context)?;
    match run.budget() {
        Some(budget) if !budget.is_closed() => Err(crate::Error::simulation(
            "conformance",
            format!("le bilan ne ferme pas : {budget:?}"),
            format!("the budget does not close: {budget:?}"),
        )),
        _ => Ok(()),
    }
}

/// Half a run, a restart from its saved state, the other half; `None` when it cannot restart.
fn restart(plugin: &dyn Simulation, case: &Case) -> Result<Option<Record>> {
    let context = case.context();
    let half = case.outputs / 2;
    let unusable = |e: super::StateError| {
        crate::Error::simulation("conformance", e.to_string(), e.to_string())
    };
    let mut record = Record { fields: Vec::new(), outcome: Outcome::default() };
    let mut fields = case.board();
    let mut bytes = Vec::new();
    {
        let mut run = plugin.initialise(case.view.clone(), &case.parameters, &context)?;
        for output in 0..=half {
            advance(&mut *run, output, case, &mut fields, &context)?;
            record.fields.push(fields.clone());
        }
        if !run.visit_state(&mut StateWriter(&mut bytes)).map_err(unusable)? {
            return Ok(None);
        }
    }
    let mut run = plugin.initialise(case.view.clone(), &case.parameters, &context)?;
    run.visit_state(&mut StateReader(bytes.as_slice())).map_err(unusable)?;
    for output in half + 1..=case.outputs {
        advance(&mut *run, output, case, &mut fields, &context)?;
        record.fields.push(fields.clone());
    }
    record.outcome = run.finish(&context)?;
    Ok(Some(record))
}
