//! `twin assemble`: sources → territory.

use std::collections::BTreeMap;
use std::sync::Arc;

use twin_core::assembly::{self, Change, FeatureChange, changes};
use twin_core::results::write_atomically;
use twin_core::territory::{Territory, TerritoryFile};
use twin_core::{Error, Result};

use crate::arguments::AssembleArguments;
use crate::console::{Console, cancellation, line};

/// Name of the table of changes in a territory folder.
const CHANGES: &str = "changes.csv";

/// Assembles a territory or a share of its blocks, tells how good it is and what changed.
pub(crate) fn run(arguments: &AssembleArguments, console: &Arc<Console>) -> Result<()> {
    let folder = arguments.folder();
    match arguments.shard {
        Some(shard) => return share(arguments, shard, console),
        None if arguments.update => update(arguments, console)?,
        None => assemble(arguments, console)?,
    }
    console.say_timings();
    console.say(
        &format!("Territoire assemblé : {}", folder.display()),
        &format!("Territory assembled: {}", folder.display()),
    );
    Ok(())
}

/// Makes a share of the blocks.
fn share(
    arguments: &AssembleArguments,
    shard: (usize, usize),
    console: &Arc<Console>,
) -> Result<()> {
    let file = TerritoryFile::load(&arguments.territory)?;
    let Some(kept) = arguments.kept() else { return Ok(()) };
    let cancelled = cancellation()?;
    let progress = progress(console);
    let count = console.timed("blocs", "blocks", || {
        assembly::assemble_share(&file, &kept, shard, &cancelled, &progress)
    })?;
    console.clear();
    console.say(
        &format!("{count} blocs dans {}", kept.display()),
        &format!("{count} blocks in {}", kept.display()),
    );
    Ok(())
}

fn progress(console: &Arc<Console>) -> impl Fn(assembly::Stage, f64) + use<> {
    let listener = console.clone();
    move |stage: assembly::Stage, fraction: f64| {
        let text = stage.title();
        listener.show(&text.fr, &text.en, fraction);
    }
}

/// Assembles a territory and prints its quality figures.
pub(crate) fn assemble(arguments: &AssembleArguments, console: &Arc<Console>) -> Result<()> {
    let file = TerritoryFile::load(&arguments.territory)?;
    let (folder, kept) = (arguments.folder(), arguments.kept());
    let cancelled = cancellation()?;
    let progress = progress(console);
    console.timed("assemblage", "assembly", || {
        assembly::assemble(&file, &folder, kept.as_deref(), &cancelled, &progress)
    })?;
    console.clear();
    let manifest = Territory::read_manifest(&folder)?;
    for notice in &manifest.notices {
        console.say(&notice.fr, &notice.en);
    }
    line(&manifest.quality.text(console.language));
    Ok(())
}

/// Assembles a territory again and tells what became of its features.
fn update(arguments: &AssembleArguments, console: &Arc<Console>) -> Result<()> {
    let folder = arguments.folder();
    if !folder.join(Territory::MANIFEST).is_file() {
        return Err(Error::input(
            folder.display().to_string(),
            "aucun territoire antérieur à comparer ; l'assembler d'abord sans --update",
            "no earlier territory to compare with; assemble it without --update first",
        ));
    }
    let before = Territory::open(&folder)?.features().clone();
    assemble(arguments, console)?;
    let changes = changes(&before, Territory::open(&folder)?.features());
    let mut counts: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut table = String::from("couche,identifiant,changement,avant,colonnes\n");
    for FeatureChange { layer, id, change } in &changes {
        let (kind, word, before, columns) = match change {
            Change::Appeared => (0, "apparu", "", String::new()),
            Change::Disappeared => (1, "disparu", "", String::new()),
            Change::Changed { columns } => (2, "modifié", "", columns.join(" ")),
            Change::Renamed { before } => (3, "renommé", before.as_str(), String::new()),
        };
        counts.entry(layer).or_default()[kind] += 1;
        let cells = [*layer, id, word, before, &columns].map(quoted);
        table.push_str(&cells.join(","));
        table.push('\n');
    }
    write_atomically(&folder.join(CHANGES), table.as_bytes())?;
    if counts.is_empty() {
        console.say("Aucun objet n'a changé.", "No feature changed.");
    }
    for (layer, [appeared, gone, changed, renamed]) in counts {
        console.say(
            &format!("{layer} : {appeared} apparus, {gone} disparus, {changed} modifiés, {renamed} renommés"),
            &format!("{layer}: {appeared} appeared, {gone} disappeared, {changed} changed, {renamed} renamed"),
        );
    }
    Ok(())
}

/// A cell of a table of comma-separated values (RFC 4180).
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
