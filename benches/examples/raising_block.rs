//! How long does a planner wait when one number of a rule changes? Recomputes the largest block of a territory under a
//! greatest height that changes, by the library call that the viewer makes; `benches/raising.sh` calls it.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use rayon::prelude::*;
use serde_json::json;
use twin_core::simulation::{RunContext, parse_parameters};
use twin_core::territory::Territory;
use twin_core::{Error, Result};
use twin_elevation_potential::rules::RuleFile;
use twin_elevation_potential::{Parameters, RuleBook, Study};

fn main() -> ExitCode {
    let Some(territory) = std::env::args().nth(1) else {
        eprintln!("usage: raising_block TERRITORY.twin");
        return ExitCode::FAILURE;
    };
    match time(&territory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A rule file with the same height, side and street everywhere, the rest free.
fn rules(folder: &std::path::Path, top_m: f64) -> Result<RuleFile> {
    let source = "source = { article = \"1\", page = \"1\", quotation = \"…\", keyed_by = \"banc\", \
        keyed_on = \"2026-01-01\", valid_from = \"2020-01-01\" }";
    let mut text = format!(
        "schema = 1\ndocument = \"Banc\"\n[zones.\"*\".height]\nvalue = {{ top_m = {top_m:?} }}\n{source}\n\
        [zones.\"*\".side]\nvalue = {{ on_limit = true, away = {{ slope = 2.0, least_m = 3.0 }} }}\n{source}\n\
        [zones.\"*\".street]\nvalue = {{ slope = 1.0, initial_m = 0.0 }}\n{source}\n"
    );
    for free in ["band", "envelope", "between", "footprint", "setback", "parking"] {
        text += &format!("[zones.\"*\".{free}]\nfree = true\n{source}\n");
    }
    let path = folder.join("twin-raising-block.toml");
    std::fs::write(&path, text).map_err(Error::write(&path))?;
    RuleFile::read(&path)
}

fn time(territory: &str) -> Result<()> {
    let territory = Territory::open(territory.as_ref())?;
    let parameters: Parameters =
        parse_parameters("elevation-potential", &json!({ "law_date": "2026-11-27" }))?;
    let context = RunContext::new(0.0, 1.0);
    let started = Instant::now();
    let study = Study::of_features(territory.features(), None, &parameters, &context)?;
    println!(
        "{} buildings made ready in {:.1} s",
        study.subjects.len(),
        started.elapsed().as_secs_f64()
    );

    let mut blocks: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (building, block) in study.blocks().into_iter().enumerate() {
        if let Some(block) = block {
            blocks.entry(block).or_default().push(building);
        }
    }
    let Some(largest) = blocks.values().max_by_key(|members| members.len()) else { return Ok(()) };
    let folder = std::env::temp_dir();
    let mut milliseconds = Vec::new();
    for k in 0..20 {
        let book = RuleBook::new(Some(rules(&folder, 12.0 + 0.5 * f64::from(k))?), &parameters);
        let started = Instant::now();
        let floor_m2: f64 = largest
            .par_iter()
            .map(|building| study.floor_m2(study.potential(*building, &book).best_area_m2()))
            .collect::<Vec<_>>()
            .iter()
            .sum();
        milliseconds.push(1e3 * started.elapsed().as_secs_f64());
        std::hint::black_box(floor_m2);
    }
    milliseconds.sort_by(f64::total_cmp);
    println!(
        "a block of {} buildings: {:.1} ms (median of {}, {:.1} at most)",
        largest.len(),
        milliseconds[milliseconds.len() / 2],
        milliseconds.len(),
        milliseconds[milliseconds.len() - 1],
    );
    Ok(())
}
