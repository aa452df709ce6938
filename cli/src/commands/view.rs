//! `twin view`: starts the viewer, which is a program of its own so that nothing else needs a window.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use twin_core::results::ViewerProgram;
use twin_core::{Error, Language, Result};

/// Starts `twin-viewer` and waits for its end.
pub(crate) fn view(path: &Path, arguments: &[OsString], language: Language) -> Result<()> {
    let program = ViewerProgram::of_this_machine();
    let mut viewer = Command::new(program.path());
    viewer.arg(path).args(arguments);
    if !arguments.iter().any(|a| a == "--lang") {
        viewer.args(["--lang", language.code()]);
    }
    let status = viewer.status().map_err(|cause| {
        let program = program.path().display();
        Error::input(
            "twin view",
            format!("la visionneuse {program} n'est pas là ({cause}) ; la construire par « cargo build --release -p twin-viewer »"),
            format!("the viewer {program} is not there ({cause}); build it with \"cargo build --release -p twin-viewer\""),
        )
    })?;
    if status.success() {
        return Ok(());
    }
    Err(Error::input(
        path.display().to_string(),
        "la visionneuse s'est arrêtée sur l'erreur ci-dessus",
        "the viewer stopped on the error above",
    ))
}
