//! `twin cite`: how to cite a run.

use std::path::Path;

use twin_core::results::FinishedRun;
use twin_core::{Language, Result};

use crate::console::line;

/// Prints what a publication should say of a run: territory, scenario, program, method, data.
pub(crate) fn cite(folder: &Path, language: Language) -> Result<()> {
    let run = FinishedRun::read_manifest(folder)?;
    line(&format!(
        "{} – {} ({}). {} {}, twin {}. {} {}",
        run.territory.name,
        run.scenario_title.get(language),
        run.scenario,
        run.simulation,
        run.simulation_version,
        run.program_version,
        language.pick("Empreinte", "Hash"),
        run.hash
    ));
    line(&format!("{}{}", language.pick("Méthode : ", "Method: "), run.citation));
    let mut sources: Vec<String> = run
        .territory
        .sources
        .iter()
        .map(|s| format!("{} ({}, {})", s.product.label(), s.attribution, s.licence))
        .collect();
    sources.sort();
    sources.dedup();
    line(&format!("{}{}", language.pick("Données : ", "Data: "), sources.join(" ; ")));
    line(twin_core::export::wording::notice(language));
    Ok(())
}
