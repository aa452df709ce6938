//! The panel at the right: answers, measurements, drawing, simulating.

use bevy_egui::egui::{CollapsingHeader, Color32, DragValue, ProgressBar, RichText, Ui};
use egui_plot::{Line, PlotPoints, VLine};

use super::{Desk, figures, ink, names, plot, section, table, typed};
use crate::answer::Answer;
use crate::planning::Planning;
use crate::profile::profile;
use crate::state::{CameraMode, ViewState};
use crate::tools::{DrawnKind, Tool, area, lengths};

pub(super) fn show(ui: &mut Ui, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let language = desk.language();
    progress(ui, desk);
    if Planning::applies_to(&desk.opened) {
        let rules = language.pick("Règles d'urbanisme", "Planning rules");
        section(ui, rules, true, |ui| super::rules::show(ui, desk));
        ui.separator();
    }
    figures::show(ui, &desk.opened, language);
    match desk.tools.tool {
        Tool::Ask => match desk.asked.0.clone() {
            Some(found) => answer(ui, &found, state),
            None => {
                ui.label(language.pick(
                    "Cliquer sur le sol ou un bâtiment pour l'interroger.",
                    "Click on the ground or a building to ask about it.",
                ));
            }
        },
        Tool::Distance | Tool::Area => measured(ui, desk),
        Tool::Profile => profiled(ui, desk, state),
        Tool::Draw(_) => {}
    }
    ui.separator();
    let is_drawing = matches!(desk.tools.tool, Tool::Draw(_)) || !desk.tools.drafts.is_empty();
    CollapsingHeader::new(
        RichText::new(language.pick("Dessiner une mesure", "Draw a measure")).strong(),
    )
    .open(is_drawing.then_some(true))
    .show(ui, |ui| draw(ui, desk, state));
    section(ui, language.pick("Simuler", "Simulate"), false, |ui| simulate(ui, desk));
}

/// What is known of a place, and how it changed.
fn answer(ui: &mut Ui, found: &Answer, state: &ViewState) {
    let language = state.language;
    ui.heading(&found.title);
    // A field without time has no curve.
    let curves: Vec<_> = found.curves.iter().map(|curve| (curve, curve.points())).collect();
    if let Some((first, _)) = curves.first().filter(|(_, points)| points.len() > 1) {
        ui.label(&first.quantity);
        if curves.len() > 1 {
            names(ui, curves.iter().map(|(curve, _)| &curve.run[..]).zip(ink::RUNS));
        }
        plot("series", 150.0, language).x_axis_label("h").show(ui, |plot| {
            for ((curve, points), colour) in curves.into_iter().zip(ink::RUNS) {
                plot.line(line(&curve.run, points, colour));
            }
            let now = VLine::new("", state.result.time_s / 3600.0).color(ink::RIM);
            plot.vline(now);
        });
    }
    table(ui, "answer", 2, |ui| {
        for (name, value) in found.at(state.result.time_s, language).iter().chain(&found.rows) {
            ui.label(name);
            ui.label(RichText::new(value).strong());
            ui.end_row();
        }
    });
}

fn line<'a>(name: &str, points: Vec<[f64; 2]>, colour: Color32) -> Line<'a> {
    Line::new(name, PlotPoints::from(points)).color(colour).width(2.0)
}

/// Lengths and areas.
fn measured(ui: &mut Ui, desk: &Desk<'_, '_>) {
    let language = desk.language();
    let corners = &desk.tools.corners;
    ui.label(language.pick(
        "Clic : ajouter un point. Clic droit ou Entrée : terminer. Retour arrière : reprendre.",
        "Click: add a point. Right click or Enter: finish. Backspace: take back.",
    ));
    let row = |ui: &mut Ui, fr: &str, en: &str, value: String| {
        ui.horizontal(|ui| {
            ui.label(language.pick(fr, en));
            ui.label(RichText::new(value).strong());
        });
    };
    let n = |v: f64, decimals| language.number(v, decimals);
    if desk.tools.tool == Tool::Area {
        let mut ring = corners.clone();
        ring.extend(corners.first().copied());
        row(ui, "Surface en plan :", "Area in plan:", format!("{} m²", n(area(corners), 1)));
        row(ui, "Périmètre :", "Circumference:", format!("{} m", n(lengths(&ring).0, 1)));
        return;
    }
    let (plan, space) = lengths(corners);
    row(ui, "Longueur en plan :", "Length in plan:", format!("{} m", n(plan, 2)));
    row(ui, "Longueur dans l'espace :", "Length in space:", format!("{} m", n(space, 2)));
    if let (Some(first), Some(last)) = (corners.first(), corners.last()) {
        let rise = last[2] - first[2];
        row(ui, "Dénivelé :", "Difference in height:", format!("{} m", n(rise, 2)));
    }
}

/// Ground and water along the line.
fn profiled(ui: &mut Ui, desk: &mut Desk<'_, '_>, state: &ViewState) {
    let language = desk.language();
    if desk.tools.corners.len() < 2 {
        ui.label(language.pick(
            "Cliquer les points du profil ; clic droit pour terminer.",
            "Click the points of the profile; right click to finish.",
        ));
        return;
    }
    let corners = desk.tools.corners.clone();
    match profile(&corners, &desk.opened, state) {
        Ok(found) => {
            let ground = language.pick("sol", "ground");
            let water = found.water.iter().map(|(name, _)| &name[..]).zip(ink::RUNS);
            names(ui, [(ground, ink::GROUND)].into_iter().chain(water));
            plot("profile", 220.0, language)
                .x_axis_label("m")
                .y_axis_label(language.pick("altitude (m)", "altitude (m)"))
                .show(ui, |plot| {
                    plot.line(line(ground, found.ground.clone(), ink::GROUND));
                    for ((name, pieces), colour) in found.water.iter().zip(ink::RUNS) {
                        for piece in pieces {
                            plot.line(line(name, piece.clone(), colour));
                        }
                    }
                });
        }
        Err(error) => desk.notices.error(&error, language),
    }
}

/// Measures drawn on the map.
fn draw(ui: &mut Ui, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let language = desk.language();
    ui.horizontal_wrapped(|ui| {
        for kind in DrawnKind::ALL {
            let tool = Tool::Draw(kind);
            if ui.selectable_label(desk.tools.tool == tool, kind.title().get(language)).clicked() {
                // People draw better from above (Deltares, sandbox workshops).
                state.camera.switch(CameraMode::Plan, &desk.opened, state.exaggeration);
                desk.tools.take(tool);
            }
        }
    });
    if let Tool::Draw(kind) = desk.tools.tool {
        if let Some((name, _)) = kind.quantity() {
            ui.horizontal(|ui| {
                ui.label(name.get(language));
                ui.add(quantity(&mut desk.tools.quantity));
            });
        }
        if kind == DrawnKind::Raised {
            ui.label(language.pick(
                "Cliquer un bâtiment, ou entourer ceux d'un îlot.",
                "Click a building, or enclose those of a block.",
            ));
        }
        ui.label(language.pick(
            "Clic : ajouter un point. Clic droit ou Entrée : terminer.",
            "Click: add a point. Right click or Enter: finish.",
        ));
    }
    let (mut remove, mut redraw) = (None, None);
    for (k, draft) in desk.tools.drafts.iter_mut().enumerate() {
        ui.horizontal_wrapped(|ui| {
            let size = if draft.kind.is_area() {
                format!("{} m²", language.number(area(&draft.corners), 0))
            } else {
                format!("{} m", language.number(lengths(&draft.corners).0, 0))
            };
            ui.label(format!("{}. {} – {size}", k + 1, draft.kind.title().get(language)));
            if let Some((name, _)) = draft.kind.quantity() {
                let quantity = quantity(&mut draft.quantity);
                ui.add(quantity).on_hover_text(name.get(language));
            }
            let what = language.pick("Reprendre le tracé", "Draw on");
            if draft.building.is_none() && ui.small_button("✏").on_hover_text(what).clicked() {
                redraw = Some(k);
            }
            let what = language.pick("Retirer", "Remove");
            if ui.small_button("✖").on_hover_text(what).clicked() {
                remove = Some(k);
            }
        });
    }
    if let Some(k) = remove {
        desk.tools.drafts.remove(k);
    }
    if let Some(k) = redraw {
        state.camera.switch(CameraMode::Plan, &desk.opened, state.exaggeration);
        desk.tools.take_draft(k);
    }
    if desk.tools.drafts.is_empty() {
        return;
    }
    let button = language.pick("Écrire le scénario et simuler", "Write the scenario and simulate");
    if ui.button(button).on_hover_text("F9").clicked() {
        let (opened, registry) = (&desk.opened, &desk.plugins.0);
        let wake = &desk.wake;
        let file = desk.job.start_drafts(&mut desk.tools, opened, registry, language, wake);
        desk.notices.wrote(file, language);
    }
}

/// The one number of a measure.
fn quantity(value: &mut f64) -> DragValue<'_> {
    DragValue::new(value).range(0.1..=1e6).speed(0.1).custom_parser(typed)
}

/// Scenario files beside the territory.
fn simulate(ui: &mut Ui, desk: &mut Desk<'_, '_>) {
    let language = desk.language();
    let territory = desk.state.territory.clone();
    let folder = territory.parent().map(std::path::Path::to_path_buf).unwrap_or_default();
    let folder = if folder.as_os_str().is_empty() { std::path::PathBuf::from(".") } else { folder };
    let files = desk.session.scenario_files(&folder);
    if files.is_empty() {
        ui.label(
            language
                .pick("Aucun scénario à côté du territoire.", "No scenario beside the territory."),
        );
    }
    for file in files {
        let name = file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        if ui.button(format!("▶ {name}")).clicked()
            && let Err(error) = desk.job.start(&file, &desk.plugins.0, language, &desk.wake)
        {
            desk.notices.error(&error, language);
        }
    }
}

fn progress(ui: &mut Ui, desk: &Desk<'_, '_>) {
    let language = desk.language();
    let Some((title, step, share)) = desk.job.progress() else { return };
    ui.label(format!("{title} [{step}]"));
    ui.add(ProgressBar::new(share as f32).show_percentage());
    if ui.button(language.pick("Arrêter", "Stop")).clicked() {
        desk.job.cancel();
    }
    ui.separator();
}
