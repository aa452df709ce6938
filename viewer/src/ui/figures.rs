//! Figures of the runs beside each other.

use bevy_egui::egui::{Grid, RichText, Ui};
use twin_core::Language;
use twin_core::export::wording;
use twin_core::results::Indicator;

use super::section;
use crate::opened::Opened;

pub(super) fn show(ui: &mut Ui, opened: &Opened, language: Language) {
    let Some(a) = opened.run_a() else { return };
    let others = || opened.runs.iter().skip(1).take(1);
    let title = language.pick("Chiffres des calculs", "Figures of the runs");
    section(ui, title, false, |ui| {
        // Names take half of the panel, and wrap.
        let width = 0.5 * ui.available_width();
        Grid::new("figures").num_columns(3).striped(true).show(ui, |ui| {
            if opened.runs.len() > 1 {
                ui.label("");
                for letter in ["A", "B"] {
                    ui.label(RichText::new(letter).strong());
                }
                ui.end_row();
            }
            for row in a.indicators.headlines() {
                let unit = wording::unit(&row.unit, language);
                let name = row.label.get(language);
                let name = if unit.is_empty() { name.into() } else { format!("{name} ({unit})") };
                ui.vertical(|ui| {
                    ui.set_width(width);
                    let label = ui.label(name);
                    if let Some(note) = &row.note {
                        label.on_hover_text(note.get(language));
                    }
                });
                ui.label(RichText::new(written(Some(row), language)).strong());
                for run in others() {
                    let text = written(run.indicators.get(&row.id), language);
                    ui.label(RichText::new(text).strong());
                }
                ui.end_row();
            }
        });
    });
}

fn written(row: Option<&Indicator>, language: Language) -> String {
    let known = row.and_then(|row| Some((row.value?, row.decimals)));
    known.map_or("–".to_owned(), |(v, decimals)| language.number(v, decimals.into()))
}
