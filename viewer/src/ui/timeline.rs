//! The bar at the bottom: time, and what every result must say.

use bevy_egui::egui::{RichText, Slider, Ui};
use twin_core::export::wording;

use super::{Desk, ink};
use crate::clock::Clock;
use crate::state::ViewState;

/// Seconds of the scenario per second that one can choose.
const SPEEDS: [f64; 5] = [60.0, 300.0, 600.0, 1800.0, 3600.0];

pub(super) fn show(ui: &mut Ui, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let language = desk.language();
    let run = desk.opened.run_a().cloned();
    let times = run.as_ref().map(|r| r.times().to_vec()).unwrap_or_default();
    if let (Some(run), Some(first), Some(last)) = (&run, times.first(), times.last())
        && last > first
    {
        ui.horizontal(|ui| {
            let name = if desk.session.is_playing { "⏸" } else { "▶" };
            let what = language.pick("Lecture (Espace)", "Play (space)");
            if ui.button(name).on_hover_text(what).clicked() {
                desk.session.toggle_play(&desk.opened, &mut state.result.time_s);
            }
            let steps = [
                ("⏮", false, language.pick("Image précédente (Page haut)", "Previous (Page up)")),
                ("⏭", true, language.pick("Image suivante (Page bas)", "Next (Page down)")),
            ];
            for (name, later, what) in steps {
                if ui.button(name).on_hover_text(what).clicked() {
                    desk.session.step_time(&desk.opened, later, &mut state.result.time_s);
                }
            }
            let clock = Clock::new(desk.opened.territory.crs(), language);
            let room = (ui.available_width() - 460.0).max(120.0);
            ui.spacing_mut().slider_width = room;
            let slider = Slider::new(&mut state.result.time_s, *first..=*last).show_value(false);
            ui.add(slider);
            ui.label(clock.after(run.run.start(), state.result.time_s));
            ui.menu_button(format!("× {}", language.number(desk.session.speed, 0)), |ui| {
                for speed in SPEEDS {
                    let minutes = language.number(speed / 60.0, 0);
                    let text = format!("{minutes} min/s");
                    if ui.selectable_label(desk.session.speed == speed, text).clicked() {
                        desk.session.speed = speed;
                        ui.close();
                    }
                }
            });
        });
    }
    ui.horizontal_wrapped(|ui| {
        if desk.opened.territory.manifest().demo {
            ui.label(RichText::new(wording::demonstration(language)).strong().color(ink::ERROR));
        }
        if let Some(run) = &run {
            ui.label(RichText::new(run.run.title(language)).strong());
            if !run.run.is_calibrated() {
                ui.label(RichText::new(wording::uncalibrated(language)).color(ink::ERROR));
            }
        }
        ui.label(RichText::new(wording::notice(language)).small());
    });
}
