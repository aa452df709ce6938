//! The viewer, as a program that draws pictures: nothing here needs a graphics card.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Error, Language, Result};

/// Environment variable that names the viewer; empty where there shall be none.
const VARIABLE: &str = "TWIN_VIEWER";

/// Width and height of pictures in pixels: a report is as wide on a screen, and prints it at 170 points per inch.
const SIZE: &str = "1280x800";

/// The program `twin-viewer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewerProgram(PathBuf);

impl ViewerProgram {
    /// A viewer at a place.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The viewer that `TWIN_VIEWER` names; else the one in the folder of this program, else the one that the
    /// system finds. It may not be there.
    pub fn of_this_machine() -> Self {
        if let Some(named) = std::env::var_os(VARIABLE) {
            return Self::at(named);
        }
        let name = format!("twin-viewer{}", std::env::consts::EXE_SUFFIX);
        let here = std::env::current_exe().ok().and_then(|p| Some(p.parent()?.join(&name)));
        Self(here.filter(|p| p.is_file()).unwrap_or_else(|| PathBuf::from(name)))
    }

    /// Where it is looked for.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A view (`NAME.view.toml`) as a PNG with its legend and notice, drawn without a window; `None` where there
    /// is no viewer, or it cannot draw on this machine.
    ///
    /// # Errors
    /// The picture cannot be stored.
    pub fn picture_of(&self, view: &Path, language: Language) -> Result<Option<Vec<u8>>> {
        let folder = tempfile::tempdir().map_err(Error::write("vue.png"))?;
        let picture = folder.path().join("vue.png");
        let mut viewer = Command::new(&self.0);
        viewer.arg(view).arg("--render").arg(&picture).args(["--size", SIZE]);
        viewer.args(["--lang", language.code()]);
        let status = viewer.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !status.is_ok_and(|status| status.success()) {
            return Ok(None);
        }
        std::fs::read(&picture).map(Some).map_err(Error::read(&picture))
    }
}
