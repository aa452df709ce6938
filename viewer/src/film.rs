//! A picture of every stored moment, drawn by this program as another process: the window goes on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bevy::prelude::*;
use twin_core::{Error, Language, Result};

use crate::capture::free_name;
use crate::errand::{Errand, Wake};
use crate::notices::Notices;
use crate::opened::Opened;
use crate::state::ViewState;

/// The pictures that are being drawn, and their folder.
#[derive(Default, Resource)]
pub(crate) struct Film(Option<(PathBuf, Errand<Result<()>>)>);

impl Film {
    /// Begins; gives the folder, which is beside the view and holds the view that is drawn.
    ///
    /// # Errors
    /// When no run is shown, another one is being drawn, or the folder cannot be written.
    pub(crate) fn begin(
        &mut self,
        state: &ViewState,
        view_file: &Path,
        opened: &Opened,
        wake: &Wake,
    ) -> Result<PathBuf> {
        let place = "film";
        if self.0.is_some() {
            return Err(Error::input(
                place,
                "un film est déjà en cours ; attendre sa fin",
                "a film is being drawn; wait for its end",
            ));
        }
        if opened.run_a().is_none_or(|run| run.times().len() < 2) {
            return Err(Error::input(
                place,
                "rien ne change avec le temps ; choisir un calcul qui a plusieurs instants",
                "nothing changes with time; choose a run of several moments",
            ));
        }
        let folder = free_name(view_file, "-images");
        std::fs::create_dir_all(&folder).map_err(Error::write(&folder))?;
        let view = folder.join("film.view.toml");
        state.write(&view)?;
        let (into, language) = (folder.clone(), state.language);
        self.0 = Some((folder.clone(), Errand::begin(wake, move || draw(&view, &into, language))));
        Ok(folder)
    }
}

fn draw(view: &Path, folder: &Path, language: Language) -> Result<()> {
    let program = std::env::current_exe().map_err(Error::read("twin-viewer"))?;
    let mut viewer = Command::new(program);
    viewer.arg(view).arg("--animate").arg(folder).args(["--lang", language.code()]);
    let ended = viewer.stdout(Stdio::null()).output().map_err(Error::write(folder))?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    let said = said.lines().last().unwrap_or_default();
    Err(Error::input(
        folder.display().to_string(),
        format!("le film n'est pas complet ; {said}"),
        format!("the film is not complete; {said}"),
    ))
}

/// Tells the end of a film.
pub(crate) fn take_film(
    mut film: ResMut<Film>,
    state: Res<ViewState>,
    mut notices: ResMut<Notices>,
) {
    let Some((folder, errand)) = film.0.take_if(|(_, errand)| errand.is_done()) else { return };
    let language = state.language;
    match errand.result() {
        Ok(ended) => notices.wrote(ended.map(|()| folder), language),
        Err(_) => notices.problem(language.pick(
            "Le film s'est interrompu sur une erreur interne ; la signaler avec la vue.",
            "The film broke off on an internal error; please report it with the view.",
        )),
    }
}
