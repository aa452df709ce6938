//! The bar at the top: how one looks, what the pointer does, files and language.

use std::path::PathBuf;

use bevy_egui::egui::PopupCloseBehavior;
use bevy_egui::egui::Ui;
use bevy_egui::egui::containers::menu::{MenuButton, MenuConfig};
use twin_core::Language;

use super::Desk;
use crate::state::{CameraMode, ViewState};
use crate::tools::Tool;

pub(super) fn show(ui: &mut Ui, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let language = desk.language();
    let pick = |fr: &'static str, en: &'static str| language.pick(fr, en);
    ui.horizontal_wrapped(|ui| {
        let modes = [
            (CameraMode::Map, pick("Carte", "Map"), "1"),
            (CameraMode::Plan, pick("Plan", "Plan"), "2, P"),
            (CameraMode::Fly, pick("Vol", "Fly"), "3"),
            (CameraMode::Street, pick("Rue", "Street"), "4"),
        ];
        for (mode, name, key) in modes {
            let is_on = state.camera.mode == mode;
            if ui.selectable_label(is_on, name).on_hover_text(key).clicked() {
                state.camera.switch(mode, &desk.opened, state.exaggeration);
            }
        }
        let whole = pick("Tout le territoire", "Whole territory");
        if ui.button(whole).on_hover_text(pick("Début", "Home")).clicked() {
            state.camera.show_all(&desk.opened);
        }
        ui.separator();
        let tools = [
            (Tool::Ask, pick("Interroger", "Ask"), "I"),
            (Tool::Distance, pick("Distance", "Distance"), "T"),
            (Tool::Area, pick("Surface", "Area"), "U"),
            (Tool::Profile, pick("Profil", "Profile"), "O"),
        ];
        for (tool, name, key) in tools {
            if ui.selectable_label(desk.tools.tool == tool, name).on_hover_text(key).clicked() {
                desk.tools.take(tool);
            }
        }
        ui.separator();
        if ui.button(pick("Image", "Picture")).on_hover_text("F12").clicked() {
            desk.session.picture = Some(crate::capture::free_name(&desk.session.view_file, ".png"));
        }
        let film = pick(
            "Une image par instant stocké, dans un dossier (Maj+F12)",
            "A picture per stored moment, in a folder (Shift+F12)",
        );
        if ui.button("Film").on_hover_text(film).clicked() {
            let (view_file, wake) = (&desk.session.view_file, &desk.wake);
            let begun = desk.film.begin(state, view_file, &desk.opened, wake);
            desk.notices.began(begun, language);
        }
        let table =
            pick("Tableau de ce qui est trouvé (Ctrl+E)", "Table of what was found (Ctrl+E)");
        if ui.button(pick("Tableau", "Table")).on_hover_text(table).clicked() {
            let (tools, planning) = (&desk.tools, &desk.planning);
            let asked = &desk.asked;
            let file = desk.session.write_findings(tools, asked, &desk.opened, planning, state);
            desk.notices.wrote(file, language);
        }
        if ui.button(pick("Enregistrer la vue", "Save view")).on_hover_text("Ctrl+S").clicked() {
            let file = desk.session.view_file.clone();
            desk.notices.wrote(state.write(&file).map(|()| file), language);
        }
        let save_as = pick("Enregistrer sous…", "Save as…");
        let keys = pick("Ctrl+Maj+S", "Ctrl+Shift+S");
        if ui.button(save_as).on_hover_text(keys).clicked() {
            desk.session.save_as(state);
        }
        // A click into its field leaves it open.
        let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        MenuButton::new(pick("Ouvrir…", "Open…")).config(stays).ui(ui, |ui| {
            ui.label(pick(
                "Territoire, calcul, scénario, vue ; nuage, image ou couche à ajouter :",
                "Territory, run, scenario, view; cloud, picture or layer to add:",
            ));
            let field = ui.text_edit_singleline(&mut desk.session.file);
            let entered =
                field.lost_focus() && ui.input(|i| i.key_pressed(bevy_egui::egui::Key::Enter));
            if ui.button(pick("Choisir…", "Choose…")).on_hover_text("Ctrl+O").clicked() {
                desk.session.choose(state);
                ui.close();
            }
            if (ui.button(pick("Ouvrir", "Open")).clicked() || entered)
                && !desk.session.file.trim().is_empty()
            {
                let path = PathBuf::from(desk.session.file.trim());
                crate::input::take_file(path, &mut desk.session, state);
                ui.close();
            }
        });
        ui.separator();
        let next = if language == Language::Fr { Language::En } else { Language::Fr };
        if ui.button(next.pick("Français", "English")).clicked() {
            state.language = next;
        }
        for (step, name, what) in [
            (-0.25, "A−", pick("Textes plus petits", "Smaller texts")),
            (0.25, "A+", pick("Textes plus grands", "Larger texts")),
        ] {
            if ui.button(name).on_hover_text(what).clicked() {
                state.interface_scale = (state.interface_scale + step).clamp(1.0, 2.0);
            }
        }
        let panels = pick("Panneaux", "Panels");
        let shown = desk.session.shows_panels;
        if ui.selectable_label(shown, panels).clicked() {
            desk.session.shows_panels = !shown;
        }
        if ui.button(pick("Aide", "Help")).on_hover_text("F1").clicked() {
            desk.session.shows_help = !desk.session.shows_help;
        }
    });
}
