//! `twin assemble`: sources → territory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use twin_core::Result;
use twin_core::assembly;
use twin_core::territory::{Territory, TerritoryFile};

use crate::console::{Console, cancellation, line};

/// Assembles a territory and prints its quality figures; returns its folder.
pub(crate) fn assemble(path: &Path, out: Option<&Path>, console: &Arc<Console>) -> Result<PathBuf> {
    let file = TerritoryFile::load(path)?;
    let folder = match out {
        Some(out) => out.to_path_buf(),
        None => path.with_extension("twin"),
    };
    let cancelled = cancellation()?;
    let listener = console.clone();
    let progress = move |stage: assembly::Stage, fraction: f64| {
        let text = stage.title();
        listener.show(&text.fr, &text.en, fraction);
    };
    console.timed("assemblage", "assembly", || {
        assembly::assemble(&file, &folder, &cancelled, &progress)
    })?;
    console.clear();
    let manifest = Territory::read_manifest(&folder)?;
    for notice in &manifest.notices {
        console.say(&notice.fr, &notice.en);
    }
    line(&manifest.quality.text(console.language));
    Ok(folder)
}
