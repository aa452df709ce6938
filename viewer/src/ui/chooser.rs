//! Files and folders chosen in a dialog, which stands in the window itself: it is the same on every
//! system and needs no service of the desktop.

use std::path::{Path, PathBuf};

use bevy_egui::egui::{Align2, Context};
use egui_file_dialog::{DialogState, FileDialog, FileDialogLabels};
use twin_core::Language;

use super::Desk;
use crate::input::take_file;
use crate::state::ViewState;

/// A dialog for whatever the viewer opens, files and folders, that begins beside the territory.
pub(crate) fn dialog(territory: &Path, language: Language) -> FileDialog {
    let beside = std::path::absolute(territory).ok();
    let beside = beside.and_then(|path| path.parent().map(Path::to_path_buf));
    let mut dialog = FileDialog::new()
        .initial_directory(beside.unwrap_or_else(|| PathBuf::from(".")))
        .default_size([760.0, 460.0])
        .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
        // Its field is dark, and dark ink on it cannot be read.
        .show_search(false)
        .title(language.pick(
            "Ouvrir un territoire, un calcul, un scénario, une vue, ou ajouter un fichier",
            "Open a territory, a run, a scenario, a view, or add a file",
        ));
    if language == Language::Fr {
        dialog = dialog.labels(labels());
    }
    dialog.pick_multiple();
    dialog
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
        open_button: text("🗀  Ouvrir"),
        cancel_button: text("🚫 Annuler"),
        err_empty_folder_name: text("Donner un nom au dossier"),
        err_directory_exists: text("Un dossier de ce nom existe déjà"),
        ..FileDialogLabels::default()
    }
}

/// Shows the dialog while it is open, and opens what was chosen.
pub(super) fn show(ctx: &Context, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let Some(mut dialog) = desk.session.chooser.take() else { return };
    dialog.update(ctx);
    if let Some(chosen) = dialog.take_picked_multiple() {
        for path in chosen {
            take_file(path, &mut desk.session, state);
            // What opens something else leaves nothing to add the others to.
            if desk.session.open.is_some() {
                break;
            }
        }
    } else if *dialog.state() == DialogState::Open {
        desk.session.chooser = Some(dialog);
    }
}
