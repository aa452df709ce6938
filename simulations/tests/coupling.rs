//! Coupling follows from declared variables: sequential from finished runs, or synchronous.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod territory;

use std::sync::Arc;

use serde_json::Value;
use twin_core::language::Text;
use twin_core::results::RunStore;
use twin_core::scenario::Scenario;
use twin_core::simulation::driver::{self, RunOptions, path_keys_of};
use twin_core::simulation::{
    Descriptor, Fields, Outcome, Registry, Run, RunContext, Simulation, StateError, StateVisitor,
    Temporal, Variable,
};
use twin_core::territory::TerritoryView;
use twin_core::{Language, Result};

/// Rain that grows linearly, written as a total in millimetres.
struct Rain(Descriptor);

/// A bucket that integrates a rain rate in metres per second.
struct Bucket(Descriptor);

fn descriptor(id: &'static str, variables: Vec<Variable>) -> Descriptor {
    let text = || Text::new("essai", "trial");
    Descriptor {
        id,
        version: "1",
        title: text(),
        summary: text(),
        licence: "MIT",
        citation: "none",
        limits: vec![text()],
        variables,
        requirements: Vec::new(),
    }
}

fn rain() -> Rain {
    let total =
        Variable::output("rain", "mm", Text::new("pluie", "rain")).over_time(Temporal::Accumulated);
    Rain(descriptor("rain", vec![total]))
}

fn bucket() -> Bucket {
    let rate =
        Variable::input("rain", "m s-1", Text::new("pluie", "rain")).over_time(Temporal::Mean);
    let depth = Variable::output("stored_depth", "m", Text::new("stock", "stock"));
    Bucket(descriptor("bucket", vec![rate, depth]))
}

impl Simulation for Rain {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }
    fn parameter_schema(&self) -> schemars::Schema {
        schemars::json_schema!({ "type": "object" })
    }
    fn initialise(&self, _: Arc<TerritoryView>, _: &Value, _: &RunContext) -> Result<Box<dyn Run>> {
        Ok(Box::new(Raining))
    }
}

struct Raining;

impl Run for Raining {
    fn advance_to(&mut self, time_s: f64, fields: &mut Fields, _: &RunContext) -> Result<()> {
        // 36 mm/h at the end of each hour, from nothing: total = 18 mm after an hour.
        fields.output("rain").fill((18.0 * (time_s / 3600.0).powi(2)) as f32);
        Ok(())
    }
    fn finish(&mut self, _: &RunContext) -> Result<Outcome> {
        Ok(Outcome::default())
    }
    fn visit_state(&mut self, _: &mut dyn StateVisitor) -> Result<bool, StateError> {
        Ok(true)
    }
}

impl Simulation for Bucket {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }
    fn parameter_schema(&self) -> schemars::Schema {
        schemars::json_schema!({ "type": "object" })
    }
    fn initialise(&self, _: Arc<TerritoryView>, _: &Value, _: &RunContext) -> Result<Box<dyn Run>> {
        Ok(Box::new(Filling { time_s: 0.0, depth_m: 0.0 }))
    }
}

struct Filling {
    time_s: f64,
    depth_m: f64,
}

impl Run for Filling {
    fn advance_to(&mut self, time_s: f64, fields: &mut Fields, _: &RunContext) -> Result<()> {
        let rate = fields.get("rain").and_then(|r| r.first()).copied().unwrap_or(0.0);
        self.depth_m += f64::from(rate) * (time_s - self.time_s);
        self.time_s = time_s;
        fields.output("stored_depth").fill(self.depth_m as f32);
        Ok(())
    }
    fn finish(&mut self, _: &RunContext) -> Result<Outcome> {
        Ok(Outcome::default())
    }
    fn visit_state(&mut self, visitor: &mut dyn StateVisitor) -> Result<bool, StateError> {
        visitor.scalar("time_s", &mut self.time_s)?;
        visitor.scalar("depth_m", &mut self.depth_m)?;
        Ok(true)
    }
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.add(rain()).unwrap();
    registry.add(bucket()).unwrap();
    registry
}

/// Runs the text of a scenario and returns the bucket's depth at the end.
fn final_depth(id: &str, runs: &str) -> Result<f32> {
    let folder = territory::folder();
    let path = folder.join(format!("{id}.toml"));
    std::fs::write(&path, scenario(id, runs)).unwrap();
    let registry = registry();
    let scenario = Scenario::load(&path, &[], |id| path_keys_of(&registry, id))?;
    let store = tempfile::tempdir().unwrap();
    let options = RunOptions::new(RunStore::new(store.path()));
    let results = driver::run(&registry, &scenario, &options)?;
    let fields = results["seau"].folder.join("fields.h5");
    let file = twin_core::formats::cf::SeriesFile::open(fields)?;
    let last = file.times().len() - 1;
    Ok(file.read_frame("stored_depth", last)?.values[0])
}

/// Depth of an ideal bucket after the scenario's 20 minutes, metres.
const EXPECTED_M: f32 = 18e-3 / 9.0;

#[test]
fn a_total_in_millimetres_reaches_a_rate_in_metres_per_second_in_both_couplings() {
    let sequential = final_depth(
        "sequentiel",
        "[runs.averse]\nsimulation = \"rain\"\n[runs.seau]\nsimulation = \"bucket\"\n",
    )
    .unwrap();
    let synchronous = final_depth(
        "synchrone",
        "[runs.averse]\nsimulation = \"rain\"\ncoupling_step = \"10 s\"\n\
         [runs.seau]\nsimulation = \"bucket\"\ncoupling_step = \"10 s\"\n",
    )
    .unwrap();
    // The total is differenced and integrated again over the same steps: exact but for f32.
    for depth in [sequential, synchronous] {
        assert!((depth - EXPECTED_M).abs() < 1e-8, "{depth}");
    }
}

#[test]
fn a_missing_source_is_an_error_before_anything_runs() {
    let error = final_depth("sans-pluie", "[runs.seau]\nsimulation = \"bucket\"\n").unwrap_err();
    let text = error.text(Language::Fr);
    assert!(text.contains("« rain »") && text.contains("runs.seau"), "{text}");
}

#[test]
fn two_sources_of_the_same_variable_are_refused() {
    let runs = "[runs.a]\nsimulation = \"rain\"\n[runs.b]\nsimulation = \"rain\"\n\
        [runs.seau]\nsimulation = \"bucket\"\n";
    let error = final_depth("deux-pluies", runs).unwrap_err();
    assert!(error.text(Language::En).contains("several runs (a, b)"), "{error}");
}

#[test]
fn a_coupling_step_of_one_run_alone_is_refused() {
    let alone = "[runs.averse]\nsimulation = \"rain\"\n[runs.seau]\nsimulation = \"bucket\"\n\
        coupling_step = \"10 s\"\n";
    let said = final_depth("seul", alone).unwrap_err().text(Language::En);
    assert!(said.contains("runs.seau") && said.contains("\"averse\" has none"), "{said}");
    let unlinked = "[runs.averse]\nsimulation = \"rain\"\ncoupling_step = \"10 s\"\n";
    let said = final_depth("isole", unlinked).unwrap_err().text(Language::En);
    assert!(said.contains("no other run"), "{said}");
}

#[test]
fn the_water_of_a_storm_joins_the_flood_in_both_couplings() {
    let runs = |coupling: &str| {
        format!(
            "[runs.pluie]\nsimulation = \"runoff\"\n{coupling}\
             [runs.pluie.parameters]\nsoil = {{ texture = \"loam\" }}\n\
             rain = {{ uniform = {{ depth_mm = 20.0, duration = \"10 min\" }}, source = \"essai\" }}\n\
             [runs.crue]\nsimulation = \"flood\"\n{coupling}\
             [runs.crue.parameters]\nundeclared_edges = \"wall\"\nbuildings = \"holes\"\n"
        )
    };
    let folder = territory::folder();
    let registry = twin_simulations::registry().unwrap();
    let volumes = |id: &str, coupling: &str| {
        let path = folder.join(format!("{id}.toml"));
        std::fs::write(&path, scenario(id, &runs(coupling))).unwrap();
        let scenario = Scenario::load(&path, &[], |id| path_keys_of(&registry, id)).unwrap();
        let store = tempfile::tempdir().unwrap();
        let options = RunOptions::new(RunStore::new(store.path()));
        let results = driver::run(&registry, &scenario, &options).unwrap();
        let last = |run: &str, variable: &str| {
            let path = results[run].folder.join("fields.h5");
            let file = twin_core::formats::cf::SeriesFile::open(path).unwrap();
            let frame = file.read_frame(variable, file.times().len() - 1).unwrap();
            let known = frame.values.iter().filter(|v| v.is_finite());
            known.map(|v| f64::from(*v)).sum::<f64>() * frame.spec.cell_area()
        };
        (last("pluie", "rainfall_excess"), last("crue", "water_depth"))
    };
    for (id, coupling) in [("suite", ""), ("ensemble", "coupling_step = \"20 s\"\n")] {
        let (excess, stored) = volumes(id, coupling);
        // Walls all around: what the rain leaves is what the flood holds, but for water that the soil took
        // from run-on where the flood has none, and the packing of depths to a millimetre.
        assert!(excess > 100.0 && (stored / excess - 1.0).abs() < 0.05, "{id}: {stored} {excess}");
    }
}

#[test]
fn only_a_run_over_time_needs_a_clock() {
    let folder = territory::folder();
    let registry = twin_simulations::registry().unwrap();
    let run = |id: &str, runs: &str| {
        let path = folder.join(format!("{id}.toml"));
        let text = scenario(id, runs);
        let (before, after) = text.split_once("[time]").unwrap();
        let after = &after[after.find("[grid]").unwrap()..];
        std::fs::write(&path, format!("{before}{after}")).unwrap();
        let scenario = Scenario::load(&path, &[], |id| path_keys_of(&registry, id))?;
        let store = tempfile::tempdir().unwrap();
        driver::run(&registry, &scenario, &RunOptions::new(RunStore::new(store.path()))).map(drop)
    };
    let map =
        "[runs.carte]\nsimulation = \"runoff-map\"\n[runs.carte.parameters.envelope]\ndraws = 2\n";
    run("sans-horloge", map).unwrap();
    let said = run("crue-sans-horloge", "[runs.crue]\nsimulation = \"flood\"\n").unwrap_err();
    assert!(said.text(Language::En).contains("add [time]"), "{said}");
}

/// The text of a flood scenario on the territory, with `extra` at its end.
fn scenario(id: &str, extra: &str) -> String {
    format!(
        "schema = 1\nid = \"{id}\"\ntitle = {{ fr = \"Essai\", en = \"Trial\" }}\n\
        territory = \"small.twin\"\n\
        [time]\nstart = \"2024-01-15T00:00:00+01:00\"\nduration = \"20 min\"\noutput_interval = \"1 min\"\n\
        [grid]\nresolution_m = 4.0\n{extra}"
    )
}
