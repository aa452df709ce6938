//! What a tool found, as a table for a spreadsheet.

use twin_core::{Error, Language, Result};

use crate::answer::Answer;
use crate::opened::Opened;
use crate::planning::{Block, Planning};
use crate::profile::profile;
use crate::state::ViewState;
use crate::tools::{Tool, Tools, area, lengths};

/// The table of what the tool in hand found: name, abscissa of a curve, value. Numbers and separators
/// are those of a spreadsheet in the language of the view.
///
/// # Errors
/// When nothing was found yet, or the territory or a run cannot be read.
pub(crate) fn table(
    tools: &Tools,
    answer: Option<&Answer>,
    opened: &Opened,
    planning: &Planning,
    state: &ViewState,
) -> Result<Vec<u8>> {
    let language = state.language;
    let abscissa = match tools.tool {
        Tool::Ask => language.pick("temps (h)", "time (h)"),
        _ => language.pick("distance (m)", "distance (m)"),
    };
    let mut table = Table::new(language);
    table.row([language.pick("nom", "name"), abscissa, language.pick("valeur", "value")]);
    match (tools.tool, answer) {
        (Tool::Ask, Some(answer)) => {
            asked(&mut table, answer, state);
            let building = answer.picked.building.as_ref();
            if let Some(block) = building.and_then(|id| planning.shown(id)) {
                may_add(&mut table, block, language);
            }
        }
        (Tool::Distance | Tool::Area, _) if tools.corners.len() > 1 => {
            measured(&mut table, tools, language);
        }
        (Tool::Profile, _) if tools.corners.len() > 1 => {
            let profile = profile(&tools.corners, opened, state)?;
            let ground = language.pick("sol : altitude (m)", "ground: altitude (m)");
            table.curve(ground, &profile.ground);
            for (name, pieces) in &profile.water {
                pieces.iter().for_each(|piece| table.curve(name, piece));
            }
        }
        _ => {
            return Err(Error::input(
                language.pick("tableau", "table"),
                "rien à écrire ; interroger un lieu, mesurer ou tracer un profil d'abord",
                "nothing to write; ask about a place, measure or draw a profile first",
            ));
        }
    }
    table.finish()
}

fn asked(table: &mut Table, answer: &Answer, state: &ViewState) {
    table.row([&answer.title, "", ""]);
    for (name, value) in answer.rows.iter().chain(&answer.at(state.result.time_s, state.language)) {
        table.row([name, "", value]);
    }
    for curve in &answer.curves {
        table.curve(&format!("{} – {}", curve.run, curve.quantity), &curve.points());
    }
}

/// What the block of a building may add, as its panel says.
fn may_add(table: &mut Table, block: &Block, language: Language) {
    for [name, before, now] in block.told(language) {
        table.row([&format!("{name} – {}", language.pick("règles", "rules")), "", &before]);
        table.row([&format!("{name} – {}", language.pick("changées", "changed")), "", &now]);
    }
}

fn measured(table: &mut Table, tools: &Tools, language: Language) {
    let is_area = tools.tool == Tool::Area;
    let mut line = tools.corners.clone();
    if is_area {
        line.extend(line.first().copied());
    }
    let (plan, space) = lengths(&line);
    if is_area {
        table.number(
            language.pick("surface en plan (m²)", "area in plan (m²)"),
            area(&tools.corners),
        );
        table.number(language.pick("périmètre (m)", "circumference (m)"), plan);
    } else {
        table.number(language.pick("longueur en plan (m)", "length in plan (m)"), plan);
        table.number(language.pick("longueur dans l'espace (m)", "length in space (m)"), space);
    }
    for (k, [x, y, z]) in tools.corners.iter().enumerate() {
        for (axis, value) in [("x", x), ("y", y), ("z", z)] {
            table.number(&format!("{} {} {axis}", language.pick("point", "corner"), k + 1), *value);
        }
    }
}

/// A table on its way into a file.
struct Table {
    writer: csv::Writer<Vec<u8>>,
    language: Language,
}

impl Table {
    fn new(language: Language) -> Self {
        // Spreadsheets of a country with decimal commas separate by semicolons.
        let separator = language.pick(";", ",").as_bytes()[0];
        // Without this mark, they take the file for one of Windows' code page.
        let writer = csv::WriterBuilder::new()
            .delimiter(separator)
            .from_writer("\u{feff}".as_bytes().to_vec());
        Self { writer, language }
    }

    fn row(&mut self, cells: [&str; 3]) {
        // A vector takes all that is written into it, and every row has three cells.
        let _ = self.writer.write_record(cells);
    }

    fn written(&self, value: f64) -> String {
        // Millimetres, and seconds of an hour.
        format!("{value:.4}").replace('.', self.language.pick(",", "."))
    }

    fn number(&mut self, name: &str, value: f64) {
        let value = self.written(value);
        self.row([name, "", &value]);
    }

    fn curve(&mut self, name: &str, points: &[[f64; 2]]) {
        for [abscissa, value] in points {
            let (abscissa, value) = (self.written(*abscissa), self.written(*value));
            self.row([name, &abscissa, &value]);
        }
    }

    fn finish(self) -> Result<Vec<u8>> {
        self.writer.into_inner().map_err(|e| Error::Write {
            path: "CSV".into(),
            source: std::io::Error::other(e.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_the_separators_of_its_language() {
        for (language, expected) in [
            (Language::Fr, "\u{feff}largeur;;1,5000\n\"a;b\";0,2500;-3,0000\n"),
            (Language::En, "\u{feff}largeur,,1.5000\na;b,0.2500,-3.0000\n"),
        ] {
            let mut table = Table::new(language);
            table.number("largeur", 1.5);
            table.curve("a;b", &[[0.25, -3.0]]);
            assert_eq!(String::from_utf8(table.finish().unwrap()).unwrap(), expected);
        }
    }
}
