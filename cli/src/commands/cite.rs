//! `twin cite`: how to cite a run.

use std::path::Path;

use twin_core::results::FinishedRun;
use twin_core::{Language, Result};

use crate::console::line;

/// Prints what a publication should say of a run.
pub(crate) fn cite(folder: &Path, language: Language) -> Result<()> {
    for text in FinishedRun::read_manifest(folder)?.cited(language) {
        line(&text);
    }
    line(twin_core::export::wording::notice(language));
    Ok(())
}
