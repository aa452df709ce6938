//! The two traits of a plugin, the context of a run, and the adapter for analyses without time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::DeserializeOwned;

use super::{
    Budget, Descriptor, Fields, Outcome, StateError, StateVisitor, Temporal, Variable, Variant,
    VariantOutcome,
};
use crate::territory::TerritoryView;
use crate::{Error, Result};

/// A simulation: a stateless factory of runs.
pub trait Simulation: Send + Sync {
    /// What it is and needs.
    fn descriptor(&self) -> &Descriptor;

    /// JSON Schema of its parameters, generated from the typed struct by `schemars`. A property
    /// with `"format": "path"` is a file: the scenario resolves it against the file that states it
    /// and its content enters the run's hash.
    fn parameter_schema(&self) -> schemars::Schema;

    /// Checks the parameters against the territory and prepares a run. Every error that the
    /// parameters can cause belongs here, before anything is computed.
    fn initialise(
        &self,
        territory: Arc<TerritoryView>,
        parameters: &serde_json::Value,
        context: &RunContext,
    ) -> Result<Box<dyn Run>>;

    /// Checks what can be wrong before any run of the scenario begins, as `twin scenario check` does: a run
    /// that reads the results of another is only initialised when that has ended.
    ///
    /// # Errors
    /// As [`Simulation::initialise`].
    fn check(
        &self,
        _territory: &TerritoryView,
        _parameters: &serde_json::Value,
        _context: &RunContext,
    ) -> Result<()> {
        Ok(())
    }

    /// Whether it runs over time; one that does not needs no `[time]` in the scenario.
    fn has_clock(&self) -> bool {
        true
    }

    /// Steps, memory and wall time of a run on this machine; `None` when it cannot tell.
    fn estimate(&self, _workload: &Workload) -> Option<Estimate> {
        None
    }
}

/// The size of a run, for [`Simulation::estimate`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Workload {
    /// Cells of the run grid.
    pub cells: usize,
    /// Side of a cell in metres.
    pub cell_size_m: f64,
    /// Simulated time in seconds.
    pub duration_s: f64,
    /// Threads.
    pub threads: usize,
}

/// What a run is expected to cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Time steps.
    pub steps: f64,
    /// Bytes of memory.
    pub memory_bytes: f64,
    /// Wall time in seconds.
    pub wall_s: f64,
}

/// A prepared run.
pub trait Run: Send {
    /// Advances to an absolute time in seconds since the scenario's start, and writes the declared
    /// outputs at that time. The first call is with time 0 and gives the initial fields.
    fn advance_to(&mut self, time_s: f64, fields: &mut Fields, context: &RunContext) -> Result<()>;

    /// Ends the run. Called once, after the last [`Run::advance_to`].
    fn finish(&mut self, context: &RunContext) -> Result<Outcome>;

    /// The runs that belong beside this one: sensitivity, a breach. Called once, after
    /// [`Run::finish`].
    fn variants(&self) -> Result<Vec<Variant>> {
        Ok(Vec::new())
    }

    /// Adds to the outcome what follows from its variants. Not called without variants.
    fn conclude(&self, _outcome: &mut Outcome, _variants: &[VariantOutcome]) -> Result<()> {
        Ok(())
    }

    /// Walks over the whole state, to save or to load it; `Ok(false)` when the run cannot restart.
    /// A run that can gives the same bits with and without a restart.
    fn visit_state(&mut self, _visitor: &mut dyn StateVisitor) -> Result<bool, StateError> {
        Ok(false)
    }

    /// Mass or energy balance since the start, checked by the driver.
    fn budget(&self) -> Option<Budget> {
        None
    }
}

/// What the driver lends to a run: the scenario's clock, cancellation and progress.
#[derive(Clone)]
pub struct RunContext {
    /// End of the scenario in seconds since its start.
    pub duration_s: f64,
    /// Seconds between outputs.
    pub output_interval_s: f64,
    /// Start of the scenario, from which time series with dates are counted.
    pub start: jiff::Timestamp,
    /// Whether the territory is the demonstration set.
    pub is_demo: bool,
    cancelled: Arc<AtomicBool>,
    progress: Arc<dyn Fn(f64) + Send + Sync>,
}

impl std::fmt::Debug for RunContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunContext")
            .field("duration_s", &self.duration_s)
            .field("output_interval_s", &self.output_interval_s)
            .finish_non_exhaustive()
    }
}

impl RunContext {
    /// A context that is never cancelled and reports progress to nobody.
    pub fn new(duration_s: f64, output_interval_s: f64) -> Self {
        Self {
            duration_s,
            output_interval_s,
            start: jiff::Timestamp::UNIX_EPOCH,
            is_demo: false,
            cancelled: Arc::new(AtomicBool::new(false)),
            progress: Arc::new(|_| ()),
        }
    }

    /// With the flag that asks to stop.
    pub fn with_cancellation(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancelled = flag;
        self
    }

    /// With a receiver of progress, called with the time reached in seconds.
    pub fn with_progress(mut self, progress: Arc<dyn Fn(f64) + Send + Sync>) -> Self {
        self.progress = progress;
        self
    }

    /// An error once the user asked to stop; long loops call it now and then.
    pub fn check_cancelled(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Tells the time reached.
    pub fn report_time(&self, time_s: f64) {
        (self.progress)(time_s);
    }
}

/// Parses parameters into the plugin's typed struct. The error names the key, says what is wrong
/// with it and, for an unknown key, suggests the nearest one.
pub fn parse_parameters<P: DeserializeOwned>(
    plugin: &str,
    parameters: &serde_json::Value,
) -> Result<P> {
    serde_path_to_error::deserialize(parameters).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." {
            format!("{plugin}.parameters")
        } else {
            format!("{plugin}.parameters.{path}")
        };
        crate::suggest::explain_serde(place, &error.into_inner().to_string())
    })
}

/// A simulation without time: one computation from the territory.
pub trait Analysis: Send + Sync {
    /// What it is and needs.
    fn descriptor(&self) -> &Descriptor;
    /// JSON Schema of its parameters.
    fn parameter_schema(&self) -> schemars::Schema;
    /// Computes the result.
    fn compute(
        &self,
        territory: &TerritoryView,
        parameters: &serde_json::Value,
        context: &RunContext,
    ) -> Result<Outcome>;
}

/// Makes a [`Simulation`] of an [`Analysis`]: it computes when it is initialised.
#[derive(Debug, Clone, Copy)]
pub struct OneShot<A>(pub A);

struct Computed {
    outcome: Option<Outcome>,
    /// Declared outputs that are fields over time.
    outputs: Vec<&'static str>,
}

impl<A: Analysis> Simulation for OneShot<A> {
    fn descriptor(&self) -> &Descriptor {
        self.0.descriptor()
    }

    fn parameter_schema(&self) -> schemars::Schema {
        self.0.parameter_schema()
    }

    fn initialise(
        &self,
        territory: Arc<TerritoryView>,
        parameters: &serde_json::Value,
        context: &RunContext,
    ) -> Result<Box<dyn Run>> {
        let outcome = Some(self.0.compute(&territory, parameters, context)?);
        let written = |v: &&Variable| v.intent.writes() && v.temporal != Temporal::Maximum;
        let outputs = self.descriptor().variables.iter().filter(written).map(|v| v.name).collect();
        Ok(Box::new(Computed { outcome, outputs }))
    }

    fn has_clock(&self) -> bool {
        false
    }
}

impl Run for Computed {
    fn advance_to(&mut self, time_s: f64, fields: &mut Fields, context: &RunContext) -> Result<()> {
        // A result without time is also a field, so that other plugins can read it.
        let statics = self.outcome.iter().flat_map(|outcome| &outcome.statics);
        for field in statics.filter(|field| self.outputs.contains(&field.name)) {
            fields.output(field.name).copy_from_slice(&field.grid.values);
        }
        context.report_time(time_s);
        Ok(())
    }

    fn finish(&mut self, _: &RunContext) -> Result<Outcome> {
        Ok(self.outcome.take().unwrap_or_default())
    }
}
