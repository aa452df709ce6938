//! The time loop of a group of runs that advance together, with outputs and checkpoints.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::plan::{Link, Step};
use super::publish::{Publication, publish};
use super::segments::{Checkpoint, Segments, outputs_of, remove_unfinished_documents};
use super::variants::run_variants;
use super::{Progress, RunOptions, StepResult, before_after, fingerprint};
use crate::formats::cf::SeriesFile;
use crate::results::{InputFile, OpenRun, RunManifest};
use crate::scenario::Scenario;
use crate::simulation::{Fields, Run, RunContext, Sensitivity, StateError, StateVisitor};
use crate::territory::TerritoryView;
use crate::{Error, Result};

/// A run being executed.
struct Member {
    step: Step,
    hash: String,
    files: Vec<InputFile>,
    upstream: Vec<(String, String)>,
    open: OpenRun,
    run: Box<dyn Run>,
    fields: Fields,
    segments: Segments,
    /// Finished runs that inputs are read from, by variable.
    sources: BTreeMap<&'static str, SeriesFile>,
    can_restart: bool,
}

/// Runs the steps of a group, or finds their results, and adds them to `results`.
pub(super) fn run_group(
    scenario: &Scenario,
    view: &Arc<TerritoryView>,
    group: Vec<Step>,
    options: &RunOptions,
    results: &mut BTreeMap<String, StepResult>,
) -> Result<()> {
    let hashed = hash_group(scenario, view, group, options, results)?;
    let Some(opened) = open_or_find(&hashed, options, results)? else { return Ok(()) };
    let started = std::time::Instant::now();
    let context = context_of(scenario, view, options, &hashed[0].0.name);
    let mut members = Vec::new();
    for (hashed, open) in hashed.into_iter().zip(opened) {
        members.push(Member::new(hashed, open, scenario, view, options, &context, results)?);
    }
    let resumed = advance_all(scenario, &mut members, options, &context)?;
    for mut member in members {
        let mut outcome = member.run.finish(&context)?;
        let mut variants = Vec::new();
        // What a coupled run reads from the others would differ in each variant.
        if member.step.variants && member.step.links.is_empty() {
            let (step, run) = (&member.step, member.run.as_ref());
            variants = run_variants(scenario, view, step, run, options, &context)?;
        }
        let sensitivity = Sensitivity::new(&outcome.indicators, &variants);
        if sensitivity.is_some() {
            member.run.conclude(&mut outcome, &variants)?;
        }
        if options.with_documents {
            outcome.statics.extend(before_after::fields(view)?);
        }
        let publication = Publication {
            scenario,
            view,
            step: &member.step,
            hash: &member.hash,
            files: member.files,
            upstream: member.upstream,
            outcome,
            sensitivity,
            budget: member.run.budget(),
            language: options.language,
            with_documents: options.with_documents,
            viewer: options.viewer.as_ref(),
            wall_s: started.elapsed().as_secs_f64(),
            resumed,
        };
        let manifest = publish(publication, member.open.folder(), member.segments)?;
        let name = member.step.name.clone();
        drop(member.sources);
        let folder = member.open.commit()?;
        (options.progress)(Progress::Finished { run: &name });
        results.insert(name, StepResult { folder, manifest, is_new: true });
    }
    Ok(())
}

type Hashed = (Step, String, Vec<InputFile>, Vec<(String, String)>);

/// Time between two looks at a run that another writes.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The runs of a group opened for writing; `None` where all are complete, which are then added to
/// `results`. What another process or thread is writing is waited for.
fn open_or_find(
    hashed: &[Hashed],
    options: &RunOptions,
    results: &mut BTreeMap<String, StepResult>,
) -> Result<Option<Vec<OpenRun>>> {
    let ids = || hashed.iter().map(|(step, hash, ..)| (step.simulation.descriptor().id, hash));
    let find = || -> Result<Option<Vec<RunManifest>>> {
        ids().map(|(id, hash)| options.store.find(id, hash)).collect()
    };
    let mut is_told = false;
    loop {
        if let Some(found) = find()? {
            for ((step, ..), ((id, hash), manifest)) in hashed.iter().zip(ids().zip(found)) {
                (options.progress)(Progress::Unchanged { run: &step.name });
                let folder = options.store.folder(id, hash);
                results.insert(step.name.clone(), StepResult { folder, manifest, is_new: false });
            }
            return Ok(None);
        }
        let opened: Option<Vec<OpenRun>> =
            ids().map(|(id, hash)| options.store.open(id, hash)).collect::<Result<_>>()?;
        if let Some(opened) = opened {
            if find()?.is_none() {
                return Ok(Some(opened));
            }
            // Completed by another between the two looks.
            opened.into_iter().try_for_each(OpenRun::discard)?;
            continue;
        }
        if options.cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        if !is_told {
            (options.progress)(Progress::Waiting { run: &hashed[0].0.name });
            is_told = true;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Hashes of a group. Runs that advance together depend on each other, so each one's hash covers
/// the parameters of all.
fn hash_group(
    scenario: &Scenario,
    view: &TerritoryView,
    group: Vec<Step>,
    options: &RunOptions,
    results: &BTreeMap<String, StepResult>,
) -> Result<Vec<Hashed>> {
    let mut hashed = Vec::new();
    for step in group {
        let upstream: Vec<(String, String)> = step
            .links
            .iter()
            .filter_map(|l| {
                Some((l.variable.to_owned(), results.get(&l.from)?.manifest.hash.clone()))
            })
            .collect();
        let (hash, files) = fingerprint::of_step(&step, scenario, view, &upstream, options)?;
        hashed.push((step, hash, files, upstream));
    }
    if hashed.len() > 1 {
        let all: Vec<String> = hashed.iter().map(|(_, h, ..)| h.clone()).collect();
        for (_, hash, ..) in &mut hashed {
            let text = format!("{hash} {}", all.join(" "));
            *hash = blake3::hash(text.as_bytes()).to_hex()[..32].to_owned();
        }
    }
    Ok(hashed)
}

fn context_of(
    scenario: &Scenario,
    view: &TerritoryView,
    options: &RunOptions,
    run: &str,
) -> RunContext {
    let (progress, run) = (options.progress.clone(), run.to_owned());
    let mut context = RunContext::new(scenario.duration_s(), scenario.output_interval_s())
        .with_cancellation(options.cancelled.clone())
        .with_progress(Arc::new(move |time_s| progress(Progress::Reached { run: &run, time_s })));
    context.is_demo = view.territory().manifest().demo;
    context.start = scenario.start();
    context
}

impl Member {
    fn new(
        (step, hash, files, upstream): Hashed,
        open: OpenRun,
        scenario: &Scenario,
        view: &Arc<TerritoryView>,
        options: &RunOptions,
        context: &RunContext,
        results: &BTreeMap<String, StepResult>,
    ) -> Result<Self> {
        let mut run = step.simulation.initialise(view.clone(), &step.parameters, context)?;
        let can_restart = run.visit_state(&mut Nothing).map_err(|e| state_error(&step.name, &e))?;
        if !(options.resume && can_restart) {
            open.clear()?;
        }
        remove_unfinished_documents(open.folder())?;
        let mut sources = BTreeMap::new();
        for link in &step.links {
            if let Some(result) = results.get(&link.from) {
                sources.insert(link.variable, SeriesFile::open(result.folder.join("fields.h5"))?);
            }
        }
        let segments = Segments::new(open.folder(), &step, scenario, view)?;
        let fields = Fields::new(*view.spec());
        Ok(Self { step, hash, files, upstream, open, run, fields, segments, sources, can_restart })
    }

    /// One walk over all that a restart needs: the run, its board, and its adapters' memory.
    fn walk(&mut self, visitor: &mut dyn StateVisitor) -> Result<(), StateError> {
        self.run.visit_state(visitor)?;
        for variable in outputs_of(&self.step).chain(self.step.links.iter().map(|l| l.variable)) {
            visitor.array_f32(variable, self.fields.output(variable))?;
        }
        for link in &mut self.step.links {
            link.adapter.visit(visitor)?;
        }
        Ok(())
    }
}

/// Advances all members to the end; returns how often the runs were resumed.
fn advance_all(
    scenario: &Scenario,
    members: &mut [Member],
    options: &RunOptions,
    context: &RunContext,
) -> Result<u32> {
    let duration = scenario.duration_s();
    let interval = scenario.output_interval_s();
    // What has no clock computes once, from what the others came to.
    let has_clock = members.iter().any(|m| m.step.simulation.has_clock());
    let last = if has_clock { (duration / interval - 1e-9).ceil() as usize } else { 0 };
    let can_restart = members.iter().all(|m| m.can_restart);
    let coupling_s = members
        .iter()
        .filter_map(|m| m.step.coupling_step_s)
        .filter(|_| members.len() > 1)
        .fold(interval, f64::min)
        .max(1e-3);

    let mut first = 0;
    let mut resumed = 0;
    if options.resume
        && can_restart
        && let Some(checkpoint) = Checkpoint::latest_common(members.iter().map(|m| m.open.folder()))
    {
        for member in members.iter_mut() {
            let mut reader = checkpoint.open(member.open.folder())?;
            member.walk(&mut reader).map_err(|e| state_error(&member.step.name, &e))?;
            member.segments.keep(checkpoint.index)?;
        }
        first = checkpoint.next_output;
        resumed = 1;
        let time_s = ((first - 1) as f64 * interval).min(duration);
        (options.progress)(Progress::Resumed { run: &members[0].step.name, time_s });
    } else {
        for member in members.iter_mut() {
            member.segments.clear()?;
        }
        (options.progress)(Progress::Started { run: &members[0].step.name, duration_s: duration });
    }
    for output in first..=last {
        let until = (output as f64 * interval).min(duration);
        let from = if output == 0 { 0.0 } else { (output - 1) as f64 * interval };
        let exchanges = if output == 0 {
            1
        } else {
            ((until - from) / coupling_s - 1e-9).ceil().max(1.0) as usize
        };
        for exchange in 1..=exchanges {
            let time_s =
                if exchange == exchanges { until } else { from + exchange as f64 * coupling_s };
            advance_together(members, time_s, context)?;
        }
        context.report_time(until);
        for member in members.iter_mut() {
            member.segments.append(until, &member.fields)?;
        }
        if can_restart && output < last && Segments::is_full(output) {
            for member in members.iter_mut() {
                let index = member.segments.close()?;
                let folder = member.open.folder().to_path_buf();
                Checkpoint { index, next_output: output + 1 }.write(&folder, |w| member.walk(w))?;
            }
        }
    }
    Ok(resumed)
}

/// One exchange: every member reads the newest fields of the others, in order, and advances.
fn advance_together(members: &mut [Member], time_s: f64, context: &RunContext) -> Result<()> {
    for at in 0..members.len() {
        context.check_cancelled()?;
        let mut inputs = Vec::new();
        for link in &members[at].step.links {
            let read_s = if members[at].step.simulation.has_clock() { time_s } else { f64::MAX };
            let values = match members[at].sources.get(link.variable) {
                Some(file) => Some(field_at(file, link.variable, read_s)?),
                None => members
                    .iter()
                    .find(|m| m.step.name == link.from)
                    .and_then(|m| m.fields.get(link.variable))
                    .map(<[f32]>::to_vec),
            };
            inputs.push(values);
        }
        let member = &mut members[at];
        for (link, values) in member.step.links.iter_mut().zip(inputs) {
            let Link { variable, adapter, .. } = link;
            if let Some(values) = values {
                member.fields.set(variable, adapter.apply(time_s, &values))?;
            }
        }
        member.run.advance_to(time_s, &mut member.fields, context)?;
        if let Some(budget) = member.run.budget()
            && !budget.is_closed()
        {
            return Err(Error::simulation(
                &member.step.name,
                format!(
                    "le bilan ne ferme pas à t = {time_s} s (erreur relative {:.1e}) ; signaler ce cas",
                    budget.relative_error()
                ),
                format!(
                    "the budget does not close at t = {time_s} s (relative error {:.1e}); report this case",
                    budget.relative_error()
                ),
            ));
        }
    }
    Ok(())
}

/// A finished run's field at a time, linear between its outputs; or its field without time.
fn field_at(file: &SeriesFile, name: &str, time_s: f64) -> Result<Vec<f32>> {
    if file.statics().iter().any(|field| field.name == name) {
        return Ok(file.read_static(name)?.values);
    }
    let times = file.times();
    let next = times.partition_point(|t| *t < time_s).min(times.len().saturating_sub(1));
    let after = file.read_frame(name, next)?.values;
    let (Some(&t1), Some(&t0)) = (times.get(next), next.checked_sub(1).and_then(|i| times.get(i)))
    else {
        return Ok(after);
    };
    if time_s >= t1 {
        return Ok(after);
    }
    let weight = ((time_s - t0) / (t1 - t0)) as f32;
    let mut values = file.read_frame(name, next - 1)?.values;
    for (value, after) in values.iter_mut().zip(after) {
        *value += weight * (after - *value);
    }
    Ok(values)
}

fn state_error(run: &str, error: &StateError) -> Error {
    Error::simulation(
        run,
        format!("point de reprise inutilisable ({error}) ; relancer sans --resume"),
        format!("the checkpoint cannot be used ({error}); run again without --resume"),
    )
}

/// A visitor that looks at nothing, to ask a run whether it can restart.
struct Nothing;

impl StateVisitor for Nothing {
    fn scalar(&mut self, _: &str, _: &mut f64) -> Result<(), StateError> {
        Ok(())
    }
    fn counter(&mut self, _: &str, _: &mut u64) -> Result<(), StateError> {
        Ok(())
    }
    fn array(&mut self, _: &str, _: &mut [f64]) -> Result<(), StateError> {
        Ok(())
    }
    fn array_f32(&mut self, _: &str, _: &mut [f32]) -> Result<(), StateError> {
        Ok(())
    }
    fn list(&mut self, _: &str, _: &mut Vec<f64>) -> Result<(), StateError> {
        Ok(())
    }
}
