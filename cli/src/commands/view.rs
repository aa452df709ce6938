//! `twin view`: starts the viewer, which is a program of its own so that nothing else needs a window.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use twin_core::{Error, Language, Result};

/// Starts `twin-viewer` and waits for its end.
pub(crate) fn view(path: &Path, arguments: &[OsString], language: Language) -> Result<()> {
    let program = beside_this();
    let mut viewer = Command::new(&program);
    viewer.arg(path).args(arguments);
    if !arguments.iter().any(|a| a == "--lang") {
        viewer.args(["--lang", language.code()]);
    }
    let status = viewer.status().map_err(|cause| {
        let program = program.display();
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

/// The viewer in the folder of this program; else the one that the system finds.
fn beside_this() -> PathBuf {
    let name = format!("twin-viewer{}", std::env::consts::EXE_SUFFIX);
    let here = std::env::current_exe().ok().and_then(|p| Some(p.parent()?.join(&name)));
    here.filter(|p| p.is_file()).unwrap_or_else(|| PathBuf::from(name))
}
