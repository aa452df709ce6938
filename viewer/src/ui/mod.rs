//! Panels around the picture, in egui. Panels read and change the view's state; the scene follows it.

mod bar;
pub(crate) mod chooser;
mod figures;
mod help;
mod layers;
mod overlay;
mod place;
mod rules;
mod side;
mod timeline;

use bevy::prelude::*;
use bevy::window::PrimaryWindow;
use bevy_egui::egui::style::NumberFormatter;
use bevy_egui::{EguiContexts, EguiInput, egui};
use egui_plot::{GridInput, GridMark, HoverPosition, Plot};
use twin_core::Language;
use twin_core::export::Rgb;

use crate::answer::Asked;
use crate::app::Plugins;
use crate::camera::{MainCamera, SecondCamera, Stage};
use crate::errand::Wake;
use crate::film::Film;
use crate::notices::Notices;
use crate::opened::Opened;
use crate::planning::Planning;
use crate::results::Sides;
use crate::scene::terrain::Terrain;
use crate::scene::{Buildings, Measures};
use crate::simulate::Job;
use crate::state::ViewState;
use crate::tools::Tools;
use crate::window::Session;

/// All that panels read and change.
#[derive(bevy::ecs::system::SystemParam)]
pub(crate) struct Desk<'w, 's> {
    state: ResMut<'w, ViewState>,
    opened: ResMut<'w, Opened>,
    session: ResMut<'w, Session>,
    tools: ResMut<'w, Tools>,
    asked: Res<'w, Asked>,
    job: ResMut<'w, Job>,
    film: ResMut<'w, Film>,
    wake: Res<'w, Wake>,
    notices: ResMut<'w, Notices>,
    sides: Res<'w, Sides>,
    buildings: Res<'w, Buildings>,
    measures: Res<'w, Measures>,
    terrain: Res<'w, Terrain>,
    plugins: Res<'w, Plugins>,
    planning: ResMut<'w, Planning>,
    cameras: Query<
        'w,
        's,
        (&'static Camera, &'static GlobalTransform),
        Or<(With<MainCamera>, With<SecondCamera>)>,
    >,
}

impl Desk<'_, '_> {
    fn language(&self) -> Language {
        self.state.language
    }
}

/// Colours of the panels and of what is drawn over the picture; nowhere else is a colour named.
/// Contrasts are those of WCAG 2.1: ink on paper 14:1, marks on any picture by a dark rim.
pub(crate) mod ink {
    use bevy_egui::egui::Color32;

    pub(crate) const TEXT: Color32 = Color32::from_gray(24);
    pub(crate) const PAPER: Color32 = Color32::from_gray(248);
    pub(crate) const ERROR: Color32 = Color32::from_rgb(150, 20, 20);
    pub(crate) const MARK: Color32 = Color32::from_rgb(255, 210, 60);
    pub(crate) const RIM: Color32 = Color32::from_gray(20);
    pub(crate) const GROUND: Color32 = Color32::from_rgb(110, 84, 54);
    pub(crate) const RUNS: [Color32; 2] =
        [Color32::from_rgb(0, 90, 160), Color32::from_rgb(190, 80, 0)];
}

/// Shows all panels, and tells the cameras what they leave of the window.
pub(crate) fn show(
    mut contexts: EguiContexts<'_, '_>,
    mut desk: Desk<'_, '_>,
    mut stage: ResMut<Stage>,
    window: Single<&Window, With<PrimaryWindow>>,
) -> Result {
    let ctx = contexts.ctx_mut()?.clone();
    let mut visuals = egui::Visuals::light();
    visuals.override_text_color = Some(ink::TEXT);
    visuals.panel_fill = ink::PAPER;
    ctx.set_visuals(visuals);
    let language = desk.language();
    ctx.all_styles_mut(|style| style.number_formatter = written(language));
    if (ctx.zoom_factor() - desk.state.interface_scale).abs() > 1e-3 {
        ctx.set_zoom_factor(desk.state.interface_scale);
    }
    // The copies keep the change detection quiet where a panel changed nothing.
    let before = desk.state.clone();
    let mut state = before.clone();
    let area =
        egui::UiBuilder::new().layer_id(egui::LayerId::background()).max_rect(ctx.viewport_rect());
    let mut ui = egui::Ui::new(ctx.clone(), "window".into(), area);
    egui::Panel::top("bar").show(&mut ui, |ui| bar::show(ui, &mut desk, &mut state));
    egui::Panel::bottom("time").show(&mut ui, |ui| timeline::show(ui, &mut desk, &mut state));
    if desk.session.shows_panels {
        // Large texts in a small window leave the picture its third.
        let most = ui.available_width() / 3.0;
        let panel = |panel: egui::Panel, size: f32, max: f32| {
            panel.default_size(size.min(most)).max_size(max.min(most))
        };
        panel(egui::Panel::left("layers"), 300.0, 420.0).show(&mut ui, |ui| {
            egui::ScrollArea::both().show(ui, |ui| layers::show(ui, &mut desk, &mut state));
        });
        panel(egui::Panel::right("side"), 360.0, 480.0).show(&mut ui, |ui| {
            egui::ScrollArea::both().show(ui, |ui| side::show(ui, &mut desk, &mut state));
        });
    }
    let rest = ui.available_rect_before_wrap();
    let scale = window.scale_factor() * ctx.zoom_factor();
    let corner = UVec2::new((rest.min.x * scale) as u32, (rest.min.y * scale) as u32);
    let most = UVec2::new(window.physical_width(), window.physical_height());
    let size = UVec2::new((rest.width() * scale) as u32, (rest.height() * scale) as u32);
    let next = Stage { corner, size: size.min(most.saturating_sub(corner)).max(UVec2::ONE) };
    stage.set_if_neq(next);
    overlay::show(&ctx, rest, &mut desk, &mut state);
    help::show(&ctx, &mut desk);
    chooser::show(&ctx, &mut desk, &mut state);
    desk.session.is_typing = ctx.text_edit_focused();
    if state != before {
        *desk.state = state;
    }
    Ok(())
}

/// bevy_egui tells egui in every turn which modifier keys are held; egui takes any event for a reason
/// to paint again, and the window would never rest. Only changes are passed on.
pub(crate) fn hush(mut inputs: Query<&mut EguiInput>, mut held: Local<egui::Modifiers>) {
    for mut input in &mut inputs {
        input.events.retain(|event| match event {
            egui::Event::ModifiersChanged(now) => std::mem::replace(&mut *held, *now) != *now,
            _ => true,
        });
    }
}

/// How numbers are written in fields and beside sliders.
fn written(language: Language) -> NumberFormatter {
    NumberFormatter::new(move |value, decimals| {
        let text = egui::emath::format_with_decimals_in_range(value, decimals);
        text.replace('.', language.pick(",", "."))
    })
}

/// A plot of curves, its axes written in the language.
fn plot<'a>(name: &'static str, height: f32, language: Language) -> Plot<'a> {
    let number = move |value: f64, step: f64| {
        let decimals = if step > 0.0 { (-step.log10().floor()).clamp(0.0, 6.0) } else { 0.0 };
        language.number(value, decimals as usize)
    };
    Plot::new(name)
        .height(height)
        .allow_scroll(false)
        .x_grid_spacer(marks(64.0))
        .y_grid_spacer(marks(24.0))
        .x_axis_formatter(move |mark, _| number(mark.value, mark.step_size))
        .y_axis_formatter(move |mark, _| number(mark.value, mark.step_size))
        .label_formatter(move |hovered| {
            let (name, at) = match hovered {
                HoverPosition::NearDataPoint { plot_name, position, .. } => (*plot_name, position),
                HoverPosition::Elsewhere { position } => ("", position),
            };
            Some(format!("{name}\n{} ; {}", number(at.x, 0.01), number(at.y, 0.01)))
        })
}

/// Marks of an axis at steps of 1, 2 or 5 and a power of ten, some points of the screen apart.
fn marks(apart: f64) -> impl Fn(GridInput) -> Vec<GridMark> {
    // Unless told otherwise, a plot has a line every so many points at least.
    const BASE_POINTS: f64 = 8.0;
    move |input| {
        let least = input.base_step_size * apart / BASE_POINTS;
        let (low, high) = input.bounds;
        if !(least > 0.0 && least.is_finite() && high > low) {
            return Vec::new();
        }
        let ten = 10f64.powf(least.log10().floor());
        let step_size = [1.0, 2.0, 5.0].map(|k| k * ten).into_iter().find(|step| *step >= least);
        let step_size = step_size.unwrap_or(10.0 * ten);
        let first = (low / step_size).ceil();
        let places = (0..).map(|k| (first + f64::from(k)) * step_size);
        places
            .take(200)
            .take_while(|v| *v <= high)
            .map(|value| GridMark { value, step_size })
            .collect()
    }
}

/// Names of curves above their plot, each by its colour: on the plot they would lie on the curves.
fn names<'a>(ui: &mut egui::Ui, curves: impl Iterator<Item = (&'a str, egui::Color32)>) {
    for (name, colour) in curves {
        ui.horizontal(|ui| {
            swatch(ui, egui::vec2(16.0, 4.0), colour);
            ui.add(egui::Label::new(name).truncate());
        });
    }
}

/// A patch of a colour.
fn swatch(ui: &mut egui::Ui, size: egui::Vec2, colour: egui::Color32) {
    let (place, _) = ui.allocate_exact_size(size, egui::Sense::hover());
    ui.painter().rect_filled(place, 1.0, colour);
    let rim = egui::Stroke::new(0.5, ink::RIM);
    ui.painter().rect_stroke(place, 1.0, rim, egui::StrokeKind::Inside);
}

/// A colour of a legend.
fn colour(rgb: Rgb) -> egui::Color32 {
    egui::Color32::from_rgb(rgb.0, rgb.1, rgb.2)
}

/// A number that was typed, with a decimal comma or point.
fn typed(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").parse().ok()
}

/// A table of some columns as wide as the panel: longer texts wrap, or the panel would grow over the picture.
fn table(ui: &mut egui::Ui, name: &str, columns: usize, rows: impl FnOnce(&mut egui::Ui)) {
    let width = ui.available_width() / columns as f32 - ui.spacing().item_spacing.x;
    egui::Grid::new(name).num_columns(columns).max_col_width(width).striped(true).show(ui, rows);
}

/// A heading that folds what is below it.
fn section(ui: &mut egui::Ui, title: &str, open: bool, body: impl FnOnce(&mut egui::Ui)) {
    egui::CollapsingHeader::new(egui::RichText::new(title).strong())
        .default_open(open)
        .show(ui, body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_marks_that_are_far_enough_apart() {
        for (low, high, base, step) in
            [(0.0, 1.75, 0.05, 0.5), (60.0, 63.4, 0.1, 1.0), (-3e-3, 7e-3, 1e-4, 1e-3)]
        {
            let found = marks(64.0)(GridInput { bounds: (low, high), base_step_size: base });
            assert!(found.iter().all(|m| m.step_size == step && low <= m.value && m.value <= high));
            assert!(found.len() > 1, "{low} to {high}");
        }
        let nothing = GridInput { bounds: (0.0, f64::NAN), base_step_size: 0.0 };
        assert!(marks(64.0)(nothing).is_empty());
    }
}
