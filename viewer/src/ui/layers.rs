//! The panel at the left: what is shown.

use std::path::PathBuf;
use std::sync::Arc;

use bevy_egui::egui::{ComboBox, DragValue, RichText, Slider, Ui, vec2};
use twin_core::Language;
use twin_core::export::{Rgb, wording};
use twin_core::formats::cf::BandKind;
use twin_core::territory::LandCover;

use super::{Desk, colour, ink, place, section, swatch, typed};
use crate::clock::Clock;
use crate::labels::label;
use crate::opened::{AvailableRun, OpenRun};
use crate::scene::paint::{FEATURE_LAYERS, colour_of};
use crate::state::{Bookmark, CompareMode, Paint, PaintLayer, ViewState};

pub(super) fn show(ui: &mut Ui, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let language = desk.language();
    let pick = |fr: &'static str, en: &'static str| language.pick(fr, en);
    section(ui, pick("Calculs", "Runs"), true, |ui| runs(ui, desk, state));
    section(ui, pick("Résultat", "Result"), true, |ui| result(ui, desk, state));
    section(ui, pick("Sol", "Ground"), true, |ui| ground(ui, desk, state));
    section(ui, pick("Objets", "Objects"), true, |ui| objects(ui, desk, state));
    section(ui, pick("Soleil", "Sun"), false, |ui| sun(ui, desk, state));
    section(ui, pick("Aller à", "Go to"), false, |ui| place::show(ui, desk, state));
    section(ui, pick("Repères", "Bookmarks"), false, |ui| bookmarks(ui, language, state));
}

/// Run A and run B.
fn runs(ui: &mut Ui, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let language = desk.language();
    let none = language.pick("aucun", "none").to_owned();
    let label = |run: &AvailableRun| format!("{} – {}", run.simulation, run.title.get(language));
    for index in 0..2 {
        if index == 1 && desk.opened.runs.is_empty() {
            break;
        }
        let shown = desk.opened.runs.get(index);
        let now = shown.map_or(none.clone(), |r| {
            format!("{} – {}", r.run.manifest.simulation, r.run.title(language))
        });
        let mut chosen: Option<Option<PathBuf>> = None;
        ComboBox::from_id_salt(("run", index)).selected_text(now).width(250.0).truncate().show_ui(
            ui,
            |ui| {
                if ui.selectable_label(shown.is_none(), &none).clicked() {
                    chosen = Some(None);
                }
                for run in &desk.opened.available {
                    let is_shown = shown.is_some_and(|s| s.run.folder == run.folder);
                    if ui.selectable_label(is_shown, label(run)).clicked() {
                        chosen = Some(Some(run.folder.clone()));
                    }
                }
            },
        );
        if let Some(choice) = chosen {
            choose(index, choice, desk, state);
        }
    }
    if desk.opened.runs.len() > 1 {
        let modes = [
            (CompareMode::Off, language.pick("A seul", "A alone")),
            (CompareMode::SideBySide, language.pick("Côte à côte", "Side by side")),
            (CompareMode::Swipe, language.pick("Volet", "Swipe")),
            (CompareMode::Difference, language.pick("A − B (réf. B)", "A − B (ref. B)")),
        ];
        ui.horizontal_wrapped(|ui| {
            for (mode, name) in modes {
                ui.selectable_value(&mut state.compare.mode, mode, name).on_hover_text("C");
            }
        });
    }
}

/// Shows a run in a place, or none from there on.
fn choose(index: usize, folder: Option<PathBuf>, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    match folder.map(|folder| OpenRun::open(&folder, &desk.plugins.0)) {
        Some(Ok(run)) => {
            state.runs.truncate(2);
            let folder = run.run.folder.clone();
            if index < desk.opened.runs.len() {
                state.runs[index] = folder;
                desk.opened.runs[index] = Arc::new(run);
            } else {
                state.runs.push(folder);
                desk.opened.runs.push(Arc::new(run));
            }
        }
        Some(Err(error)) => desk.notices.error(&error, state.language),
        None => {
            state.runs.truncate(index);
            desk.opened.runs.truncate(index);
        }
    }
    if desk.opened.runs.len() < 2 {
        state.compare.mode = CompareMode::Off;
    }
    let field = state.result.field.clone();
    if let Some(run) = desk.opened.run_a()
        && field.is_none_or(|f| run.field(&f).is_none())
    {
        state.result.field = run.first_field().map(|f| f.name.clone());
        state.result.time_s = run.times().last().map_or(0.0, |last| 0.5 * last);
    }
}

/// The field that is shown.
fn result(ui: &mut Ui, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let language = desk.language();
    let Some(run) = desk.opened.run_a().cloned() else {
        ui.label(language.pick("Choisir un calcul.", "Choose a run."));
        return;
    };
    let none = language.pick("aucun résultat", "no result");
    let shown = state.result.field.as_ref().and_then(|f| run.field(f));
    let now = shown.map_or(none.to_owned(), |f| f.label(language));
    let is_depth = shown.is_some_and(crate::opened::Field::is_water_depth);
    ComboBox::from_id_salt("field").selected_text(now).width(250.0).truncate().show_ui(ui, |ui| {
        ui.selectable_value(&mut state.result.field, None, none);
        for field in &run.fields {
            let mark = if field.is_series { "◷ " } else { "" };
            let text = format!("{mark}{}", field.label(language));
            ui.selectable_value(&mut state.result.field, Some(field.name.clone()), text);
        }
    });
    ui.add(opacity(&mut state.result.opacity, language));
    if is_depth {
        let text = language.pick("Eau en relief", "Water as a surface");
        ui.checkbox(&mut state.result.water_surface, text);
    }
}

fn opacity(value: &mut f32, language: Language) -> Slider<'_> {
    Slider::new(value, 0.0..=1.0)
        .text(language.pick("opacité", "opacity"))
        .fixed_decimals(2)
        .custom_parser(typed)
}

/// Layers painted on the ground, with their order.
fn ground(ui: &mut Ui, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let language = desk.language();
    let mut swap = None;
    let mut remove = None;
    let count = state.layers.len();
    // The highest layer first, as in any panel of layers.
    for k in (0..count).rev() {
        let Some(layer) = state.layers.get_mut(k) else { continue };
        ui.horizontal(|ui| {
            ui.checkbox(&mut layer.shown, paint_name(&layer.what, desk, language));
            if let Some(rgb) = colour_of(&layer.what) {
                swatch(ui, vec2(12.0, 12.0), colour(rgb));
            }
            if k + 1 < count
                && ui.small_button("⬆").on_hover_text(language.pick("Monter", "Raise")).clicked()
            {
                swap = Some((k, k + 1));
            }
            if k > 0
                && ui.small_button("⬇").on_hover_text(language.pick("Descendre", "Lower")).clicked()
            {
                swap = Some((k, k - 1));
            }
            if ui.small_button("✖").on_hover_text(language.pick("Retirer", "Remove")).clicked() {
                remove = Some(k);
            }
        });
        if layer.shown {
            ui.indent(("opacity", k), |ui| ui.add(opacity(&mut layer.opacity, language)));
            if layer.what == Paint::LandCover {
                ui.indent("covers", |ui| {
                    section(ui, language.pick("légende", "legend"), false, |ui| {
                        covers(ui, language)
                    });
                });
            }
        }
    }
    if let Some((a, b)) = swap {
        state.layers.swap(a, b);
    }
    if let Some(k) = remove {
        state.layers.remove(k);
    }
    ui.menu_button(language.pick("Ajouter…", "Add…"), |ui| {
        let grids = desk.opened.territory.grids();
        let bands = grids.bands().iter().filter(|b| !matches!(b.kind, BandKind::Categorical(_)));
        let mut choices: Vec<Paint> = vec![Paint::LandCover];
        choices.extend(bands.map(|b| Paint::Grid(b.name.clone())));
        choices.extend(FEATURE_LAYERS.map(|name| Paint::Features(name.to_owned())));
        choices.retain(|choice| state.layers.iter().all(|l| l.what != *choice));
        for choice in choices {
            if ui.button(paint_name(&choice, desk, language)).clicked() {
                let is_grid = matches!(choice, Paint::Grid(_) | Paint::LandCover);
                let layer = PaintLayer { what: choice, shown: true, opacity: 1.0 };
                let at = if is_grid { state.layers.len().min(1) } else { state.layers.len() };
                state.layers.insert(at, layer);
                ui.close();
            }
        }
    });
    ui.add(
        Slider::new(&mut state.exaggeration, 0.5..=10.0)
            .logarithmic(true)
            .custom_parser(typed)
            .text(language.pick("hauteurs ×", "heights ×")),
    );
}

/// Colours of land cover.
fn covers(ui: &mut Ui, language: Language) {
    for cover in LandCover::ALL.into_iter().filter(|cover| *cover != LandCover::Unknown) {
        ui.horizontal(|ui| {
            let [r, g, b] = cover.rgb();
            swatch(ui, vec2(12.0, 12.0), colour(Rgb(r, g, b)));
            ui.label(cover.name(language));
        });
    }
}

fn paint_name(paint: &Paint, desk: &Desk<'_, '_>, language: Language) -> String {
    let file = |path: &PathBuf| {
        path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
    };
    match paint {
        Paint::LandCover => language.pick("Occupation du sol", "Land cover").to_owned(),
        Paint::Grid(name) => {
            let meta = desk.opened.territory.grids().band(name);
            let title = meta.map_or(name.clone(), |m| m.long_name.clone());
            let unit = meta.map_or(String::new(), |m| wording::unit(&m.unit, language));
            if unit.is_empty() { title } else { format!("{title} ({unit})") }
        }
        Paint::Features(name) => match name.as_str() {
            "surface_hydrographique" => language.pick("Plans d'eau", "Water surfaces"),
            "troncon_hydrographique" => language.pick("Cours d'eau", "Watercourses"),
            "troncon_de_route" => language.pick("Routes", "Roads"),
            "troncon_de_voie_ferree" => language.pick("Voies ferrées", "Railways"),
            "zone_de_vegetation" => language.pick("Végétation", "Vegetation"),
            "haie" => language.pick("Haies", "Hedges"),
            "zone_reglementaire" => language.pick("Zonages (PPR, PLU)", "Zonings (PPR, PLU)"),
            "equipement" => language.pick("Équipements", "Facilities"),
            "commune" => language.pick("Communes", "Communes"),
            other => other,
        }
        .to_owned(),
        Paint::Picture(path) | Paint::Reference(path) => file(path),
    }
}

/// Buildings, trees, clouds and models.
fn objects(ui: &mut Ui, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let language = desk.language();
    ui.checkbox(&mut state.buildings.shown, language.pick("Bâtiments", "Buildings"));
    if state.buildings.shown {
        let natural = language.pick("toits et murs", "roofs and walls").to_owned();
        let by = state.buildings.colour_by.as_ref();
        let now = by.map_or(natural.clone(), |by| label(by, language));
        ComboBox::from_label(language.pick("couleur", "colour")).selected_text(now).show_ui(
            ui,
            |ui| {
                ui.selectable_value(&mut state.buildings.colour_by, None, natural);
                for name in desk.buildings.colour_choices() {
                    let text = label(name, language);
                    ui.selectable_value(&mut state.buildings.colour_by, Some(name.clone()), text);
                }
            },
        );
    }
    ui.checkbox(&mut state.trees, language.pick("Arbres", "Trees"));
    ui.checkbox(
        &mut state.measures,
        language.pick("Mesures du scénario", "Measures of the scenario"),
    );
    let mut remove = None;
    for (k, path) in state.objects.iter().enumerate() {
        ui.horizontal(|ui| {
            ui.label(path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into()));
            if ui.small_button("✖").clicked() {
                remove = Some(k);
            }
        });
    }
    if let Some(k) = remove {
        state.objects.remove(k);
    }
}

/// Date and hour of the sun.
fn sun(ui: &mut Ui, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let language = desk.language();
    let mut is_real = state.sun.moment.is_some();
    if ui.checkbox(&mut is_real, language.pick("Soleil réel", "Real sun")).changed() {
        let start = desk.opened.run_a().and_then(|run| run.run.start());
        let summer = "2024-06-21T12:00:00Z".parse().ok();
        state.sun.moment = if is_real { start.or(summer) } else { None };
    }
    let Some(moment) = state.sun.moment else { return };
    let clock = Clock::new(desk.opened.territory.crs(), language);
    let old = clock.parts(moment);
    let (mut hour, mut day, mut month) = old;
    let of_day = Slider::new(&mut hour, 0.0..=23.75).step_by(0.25).custom_parser(typed);
    ui.add(of_day.text(language.pick("heure", "hour")));
    ui.horizontal(|ui| {
        ui.add(DragValue::new(&mut day).range(1..=31));
        ComboBox::from_id_salt("month").selected_text(clock.month(month)).show_ui(ui, |ui| {
            for k in 1..=12 {
                ui.selectable_value(&mut month, k, clock.month(k));
            }
        });
    });
    if (hour, day, month) != old {
        state.sun.moment = Some(clock.moved(moment, (hour, day, month)));
    }
    let moment = state.sun.moment.unwrap_or(moment);
    let sun = crate::scene::sun_of(state, &desk.opened);
    ui.label(clock.date_time(moment));
    if !sun.is_up() {
        let said = language.pick("Le soleil est sous l'horizon.", "The sun is below the horizon.");
        ui.label(RichText::new(said).color(ink::ERROR));
    }
    ui.label(format!(
        "{} {}°, {} {}°",
        language.pick("hauteur", "altitude"),
        language.number(sun.altitude, 1),
        language.pick("azimut", "azimuth"),
        language.number(sun.azimuth, 0)
    ));
    ui.checkbox(&mut state.sun.shadows, language.pick("Ombres", "Shadows"));
}

/// Views to return to.
fn bookmarks(ui: &mut Ui, language: Language, state: &mut ViewState) {
    let mut remove = None;
    let mut show = None;
    for (k, bookmark) in state.bookmarks.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            ui.text_edit_singleline(&mut bookmark.name);
            if ui.small_button("➡").on_hover_text(language.pick("Y aller", "Go there")).clicked()
            {
                show = Some(bookmark.camera);
            }
            if ui.small_button("✖").clicked() {
                remove = Some(k);
            }
        });
    }
    if let Some(camera) = show {
        state.camera = camera;
    }
    if let Some(k) = remove {
        state.bookmarks.remove(k);
    }
    if ui.button(language.pick("Garder cette vue", "Keep this view")).clicked() {
        let name = format!("{} {}", language.pick("Vue", "View"), state.bookmarks.len() + 1);
        state.bookmarks.push(Bookmark { name, camera: state.camera });
    }
}
