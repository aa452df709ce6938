//! `twin view`: starts the viewer, which is a program of its own so that nothing else needs a window.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// The picture of a view, drawn by the viewer without a window; `None` where there is no viewer, or it cannot
/// draw here.
pub(crate) fn picture_of(view: &Path, language: Language) -> Result<Option<Vec<u8>>> {
    let folder = tempfile::tempdir().map_err(Error::write("vue.png"))?;
    let picture = folder.path().join("vue.png");
    let mut viewer = Command::new(beside_this());
    viewer.arg(view).arg("--render").arg(&picture).args(["--lang", language.code()]);
    let status = viewer.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !status.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    std::fs::read(&picture).map(Some).map_err(Error::read(&picture))
}

/// The viewer in the folder of this program; else the one that the system finds.
fn beside_this() -> PathBuf {
    let name = format!("twin-viewer{}", std::env::consts::EXE_SUFFIX);
    let here = std::env::current_exe().ok().and_then(|p| Some(p.parent()?.join(&name)));
    here.filter(|p| p.is_file()).unwrap_or_else(|| PathBuf::from(name))
}
