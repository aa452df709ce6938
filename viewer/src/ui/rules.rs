//! The panel of planning rules: numbers that can be changed, and what the block may add by them.

use bevy_egui::egui::{DragValue, RichText, Ui};

use super::{Desk, table, typed};
use crate::planning::Block;

pub(super) fn show(ui: &mut Ui, desk: &mut Desk<'_, '_>) {
    let language = desk.language();
    let pick = |fr: &'static str, en: &'static str| language.pick(fr, en);
    if let Err(error) = desk.planning.take() {
        desk.notices.error(&error, language);
    }
    if desk.planning.is_making() {
        ui.label(pick("Préparation…", "Making ready…"));
        return;
    }
    if !desk.planning.is_ready() {
        if ui.button(pick("Préparer les règles", "Make the rules ready")).clicked()
            && let Err(error) = desk.planning.prepare(&desk.opened)
        {
            desk.notices.error(&error, language);
        }
        return;
    }
    let picked = desk.state.picked.as_ref();
    let Some(id) = picked.and_then(|picked| picked.building.clone()) else {
        ui.label(pick(
            "Interroger un bâtiment : les règles de sa zone se changent ici.",
            "Ask about a building: the rules of its zone can be changed here.",
        ));
        return;
    };
    let Some(block) = desk.planning.block_of(&id) else {
        ui.label(pick("Ce bâtiment n'est pas étudié.", "This building is not studied."));
        return;
    };
    ui.label(RichText::new(format!("Zone {} – {}", block.zone, block.rules.label)).strong());
    if numbers(ui, block, pick) {
        desk.planning.recompute();
    }
    let Some(block) = desk.planning.block_of(&id) else { return };
    let told = block.told(language);
    table(ui, "block", 3, |ui| {
        ui.label("");
        ui.label(pick("règles", "rules"));
        ui.label(pick("changées", "changed"));
        ui.end_row();
        for [name, before, now] in told {
            ui.label(name);
            ui.label(before);
            ui.label(RichText::new(now).strong());
            ui.end_row();
        }
    });
    ui.label(pick(
        "Ne vaut ni certificat d'urbanisme ni avis sur un projet. Le fichier de règles n'est pas changé.",
        "Neither a planning certificate nor an opinion on a project. The rule file is not changed.",
    ));
}

/// The numbers of a zone; whether one was changed.
fn numbers(
    ui: &mut Ui,
    block: &mut Block,
    pick: impl Fn(&'static str, &'static str) -> &'static str,
) -> bool {
    let mut changed = false;
    let mut row = |ui: &mut Ui, name: &str, value: &mut f64, unit: &str| {
        ui.horizontal(|ui| {
            let drag = DragValue::new(value)
                .range(0.1..=200.0)
                .speed(0.1)
                .suffix(unit)
                .custom_parser(typed);
            changed |= ui.add(drag).changed();
            ui.label(name);
        });
    };
    let rules = &mut block.rules;
    if let Some(height) = rules.height.as_mut().and_then(|s| s.value.as_mut()) {
        if let Some(top) = &mut height.top_m {
            row(ui, pick("hauteur au sommet", "height at the top"), top, " m");
        }
        if let Some(eaves) = &mut height.eaves_m {
            row(ui, pick("hauteur à l'égout", "height at the eaves"), eaves, " m");
        }
    }
    if let Some(street) = rules.street.as_mut().and_then(|s| s.value.as_mut()) {
        row(
            ui,
            pick("de hauteur par mètre de voie", "of height per metre of street"),
            &mut street.slope,
            " m",
        );
    }
    if let Some(side) = rules.side.as_mut().and_then(|s| s.value.as_mut()) {
        if let Some(slope) = &mut side.away.slope {
            row(
                ui,
                pick("de hauteur par mètre de limite", "of height per metre of limit"),
                slope,
                " m",
            );
        }
        row(
            ui,
            pick("au moins de la limite", "at least from the limit"),
            &mut side.away.least_m,
            " m",
        );
    }
    changed
}
