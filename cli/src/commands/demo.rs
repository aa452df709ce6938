//! `twin demo`: a synthetic commune from nothing to three flood reports, or to a study.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use twin_core::results::ViewFile;
use twin_core::simulation::Registry;
use twin_core::{Error, Language, Result};
use twin_synthetic::{Commune, CommuneOptions};

use super::{assemble, run, study};
use crate::arguments::AssembleArguments;
use crate::console::Console;

/// The files of `scenarios/demo`, in the order they run.
const TERRITORY: &str = include_str!("../../../scenarios/demo/territoire.toml");
const SCENARIOS: [(&str, &str); 3] = [
    ("sans-digue.toml", include_str!("../../../scenarios/demo/sans-digue.toml")),
    ("avec-digue.toml", include_str!("../../../scenarios/demo/avec-digue.toml")),
    ("breche.toml", include_str!("../../../scenarios/demo/breche.toml")),
];

/// The files of the demonstration study, the scenario first.
const STUDY: [(&str, &str); 2] = [
    ("etude-crue.toml", include_str!("../../../scenarios/demo/etude-crue.toml")),
    ("etude.toml", include_str!("../../../scenarios/demo/etude.toml")),
];

/// Moment of the views, seconds after the start: the flood is over the banks.
const SHOWN_S: f64 = 4500.0;

/// Builds and assembles the commune and runs the scenarios on it, or a study.
pub(crate) fn demo(
    out: &Path,
    with_study: bool,
    registry: &Registry,
    console: &Arc<Console>,
) -> Result<()> {
    fs::create_dir_all(out).map_err(Error::write(out))?;
    let options = CommuneOptions { dyke: false, ..CommuneOptions::default() };
    let commune = console.timed("commune synthétique", "synthetic commune", || {
        console.show("commune synthétique", "synthetic commune", 0.1);
        let commune = Commune::generate(&options)?;
        commune.write(&out.join("sources"))?;
        Ok(commune)
    })?;
    let territory = out.join("territoire.toml");
    write(&territory, TERRITORY)?;
    assemble::assemble(&AssembleArguments::once(territory), console)?;

    let geometry = commune.scenario_geometry();
    let gauges: String = geometry
        .gauges
        .iter()
        .map(|(name, [x, y])| format!("\"{name}\" = [{x:.2}, {y:.2}]\n"))
        .collect();
    let [from, to] = geometry.breach;
    let breach = format!("at = [{:.2}, {:.2}]", 0.5 * (from[0] + to[0]), 0.5 * (from[1] + to[1]));
    let mut reports = Vec::new();
    for (name, text) in SCENARIOS {
        let marker = "# [runs.crue.parameters.gauges]";
        let text = match text.find(marker) {
            Some(at) => format!("{}[runs.crue.parameters.gauges]\n{gauges}", &text[..at]),
            None => text.replace("at = [0.0, 0.0]", &breach),
        };
        write(&out.join(name), &text)?;
    }
    for (name, text) in STUDY {
        write(&out.join(name), text)?;
    }
    if with_study {
        let request = study::Request::of(out.join("etude.toml"));
        let path = study::run(&request, registry, console)?;
        console.clear();
        console.say_timings();
        let path = path.display();
        console.say(&format!("Rapport : {path}"), &format!("Report: {path}"));
        return Ok(());
    }
    for (name, _) in SCENARIOS {
        let request = run::Request {
            scenario: out.join(name),
            overrides: Vec::new(),
            resume: false,
            runs: None,
        };
        reports.extend(run::run(&request, registry, console)?);
    }
    let views = write_views(out, &reports, console.language)?;
    console.clear();
    console.say_timings();
    console.say("Rapports :", "Reports:");
    for report in reports {
        let (name, path) = (report.name, report.path.display());
        console.say(&format!("  {name} : {path}"), &format!("  {name}: {path}"));
    }
    for view in views {
        let path = view.display();
        console.say(&format!("Vue 3D : twin view {path}"), &format!("3D view: twin view {path}"));
    }
    Ok(())
}

/// Two views for `twin view`: the flood with the levee, and both floods on either side of a line.
fn write_views(out: &Path, reports: &[run::Report], language: Language) -> Result<Vec<PathBuf>> {
    let runs: Vec<&Path> = reports.iter().filter_map(|report| report.path.parent()).collect();
    let [without, with, ..] = runs[..] else { return Ok(Vec::new()) };
    let (territory, both) = (out.join("territoire.twin"), [without, with]);
    let views = [("crue.view.toml", &both[1..]), ("comparaison.view.toml", &both[..])];
    views
        .into_iter()
        .map(|(name, runs)| {
            let view = ViewFile::new(language, &territory, runs);
            let view = ViewFile { field: Some(("water_depth", SHOWN_S)), ..view };
            let path = out.join(name);
            view.write(&path).map(|()| path)
        })
        .collect()
}

fn write(path: &Path, text: &str) -> Result<()> {
    twin_core::results::write_atomically(path, text.as_bytes())
}
