//! Files and folders chosen in dialogs, which stand in the window itself: they are the same on every
//! system and need no service of the desktop.

use std::path::{Path, PathBuf};

use bevy_egui::egui::{Align2, Context};
use egui_file_dialog::{DialogMode, DialogState, FileDialog, FileDialogLabels};
use twin_core::Language;
use twin_core::language::Text;

use super::Desk;
use crate::input::take_file;
use crate::state::ViewState;

/// A dialog for whatever the viewer opens, files and folders, that begins beside the territory.
pub(crate) fn dialog(territory: &Path, language: Language) -> FileDialog {
    let beside = std::path::absolute(territory).ok();
    let beside = beside.and_then(|path| path.parent().map(Path::to_path_buf));
    let title = language.pick(
        "Ouvrir un territoire, un calcul, un scénario, une vue, ou ajouter un fichier",
        "Open a territory, a run, a scenario, a view, or add a file",
    );
    let mut dialog = dressed(beside, title, language);
    dialog.pick_multiple();
    dialog
}

/// A dialog for another file of the view, in the folder of the present one.
pub(crate) fn save_dialog(view_file: &Path, language: Language) -> FileDialog {
    let view_file = std::path::absolute(view_file).ok();
    let folder = view_file.as_deref().and_then(|file| file.parent()).map(Path::to_path_buf);
    let name = view_file.as_deref().and_then(|file| file.file_name());
    let name = name.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let title = language.pick("Enregistrer la vue sous un autre nom", "Save the view as");
    let mut dialog = dressed(folder, title, language).default_file_name(&name);
    dialog.save_file();
    dialog
}

fn dressed(folder: Option<PathBuf>, title: &str, language: Language) -> FileDialog {
    let dialog = FileDialog::new()
        .initial_directory(folder.unwrap_or_else(|| PathBuf::from(".")))
        .default_size([760.0, 460.0])
        .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
        // Fields of searching and paths are dark, and dark ink on them cannot be read. A path is typed
        // under « Ouvrir… ».
        .show_search(false)
        .show_path_edit_button(false)
        .title(title);
    if language == Language::Fr { dialog.labels(labels()) } else { dialog }
}

fn labels() -> FileDialogLabels {
    let text = str::to_owned;
    FileDialogLabels {
        cancel: text("Annuler"),
        reload: text("⟲  Relire"),
        working_directory: text("↗  Dossier de travail"),
        select_all: text("🗐  Tout choisir"),
        show_hidden: text(" Fichiers cachés"),
        show_system_files: text(" Fichiers du système"),
        heading_pinned: text("Épinglés"),
        heading_places: text("Emplacements"),
        heading_devices: text("Disques"),
        heading_removable_devices: text("Disques amovibles"),
        home_dir: text("🏠  Dossier personnel"),
        desktop_dir: text("🖵  Bureau"),
        documents_dir: text("🗐  Documents"),
        downloads_dir: text("📥  Téléchargements"),
        audio_dir: text("🎵  Musique"),
        pictures_dir: text("🖼  Images"),
        videos_dir: text("🎞  Vidéos"),
        pin_folder: text("📌 Épingler"),
        unpin_folder: text("✖ Désépingler"),
        rename_pinned_folder: text("✏ Renommer"),
        selected_items: text("Sélection :"),
        file_filter_all_files: text("Tous les fichiers"),
        file_name: text("Nom du fichier :"),
        overwrite: text("Remplacer"),
        overwrite_file_modal_text: text("existe déjà. Le remplacer ?"),
        err_empty_file_name: text("Donner un nom au fichier"),
        open_button: text("🗀  Ouvrir"),
        save_button: text("📥  Enregistrer"),
        cancel_button: text("🚫 Annuler"),
        err_empty_folder_name: text("Donner un nom au dossier"),
        err_directory_exists: text("Un dossier de ce nom existe déjà"),
        ..FileDialogLabels::default()
    }
}

/// Shows the dialog while it is open, and opens what was chosen or saves the view under its new name.
pub(super) fn show(ctx: &Context, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let Some(mut dialog) = desk.session.chooser.take() else { return };
    dialog.update(ctx);
    if dialog.mode() == DialogMode::SaveFile {
        if let Some(file) = dialog.take_picked() {
            save(file, desk, state);
            return;
        }
    } else if let Some(chosen) = dialog.take_picked_multiple() {
        for path in chosen {
            take_file(path, &mut desk.session, state);
            // What opens something else leaves nothing to add the others to.
            if desk.session.open.is_some() {
                break;
            }
        }
        return;
    }
    if *dialog.state() == DialogState::Open {
        desk.session.chooser = Some(dialog);
    }
}

/// Saves the view in another file, beside which its pictures and tables then come.
fn save(typed: PathBuf, desk: &mut Desk<'_, '_>, state: &ViewState) {
    let file = view_name(typed.clone());
    // The dialog asks before a file is replaced whose name was typed; this one was not.
    if file != typed && file.exists() {
        let name = file.display();
        let said = Text::new(
            format!("{name} existe déjà ; donner son nom entier pour le remplacer"),
            format!("{name} exists already; give its whole name to replace it"),
        );
        desk.notices.problem(said.get(state.language));
        return;
    }
    let written = state.write(&file);
    if written.is_ok() {
        desk.session.view_file.clone_from(&file);
    }
    desk.notices.wrote(written.map(|()| file), state.language);
}

/// A file name with the ending by which views are known.
fn view_name(file: PathBuf) -> PathBuf {
    const ENDING: &str = ".view.toml";
    let name = file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    if name.ends_with(ENDING) {
        return file;
    }
    file.with_file_name(format!("{}{ENDING}", name.trim_end_matches(".toml")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_known_by_its_name() {
        for (typed, expected) in
            [("a", "a.view.toml"), ("a.toml", "a.view.toml"), ("b.view.toml", "b.view.toml")]
        {
            assert_eq!(view_name(Path::new("x").join(typed)), Path::new("x").join(expected));
        }
    }
}
