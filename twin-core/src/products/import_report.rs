//! What an import read, left out and could not understand: nothing is dropped in silence.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Language;
use crate::language::Text;

/// Why a record was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SkipReason {
    /// The record has no geometry.
    NoGeometry,
    /// The geometry is not of the layer's kind.
    WrongGeometry,
    /// A coordinate is not a finite number.
    NotFinite,
    /// Nothing is left of the geometry: no area, no length.
    Degenerate,
    /// Another record has the same identifier.
    RepeatedIdentifier,
}

impl SkipReason {
    /// In words.
    pub fn label(self, language: Language) -> &'static str {
        match self {
            Self::NoGeometry => language.pick("sans géométrie", "without geometry"),
            Self::WrongGeometry => {
                language.pick("géométrie d'un autre type", "geometry of another kind")
            }
            Self::NotFinite => language.pick("coordonnée non finie", "coordinate not finite"),
            Self::Degenerate => {
                language.pick("géométrie sans surface ni longueur", "geometry without extent")
            }
            Self::RepeatedIdentifier => {
                language.pick("identifiant en double", "repeated identifier")
            }
        }
    }
}

/// Import of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LayerReport {
    /// Table as named in its file.
    pub table: String,
    /// Layer it was recognised as.
    pub layer: String,
    /// Features read.
    pub read: usize,
    /// Records left out, by reason.
    pub skipped: BTreeMap<SkipReason, usize>,
    /// Geometries of which some parts were left out for having no extent.
    pub trimmed: usize,
    /// Vertices without a height.
    pub vertices_without_height: usize,
    /// Cells that could not be read, by column.
    pub unreadable: BTreeMap<String, usize>,
    /// Values outside the published lists, by column and value; kept as delivered.
    pub unlisted: BTreeMap<String, BTreeMap<String, usize>>,
    /// Columns of the layer that the table lacks.
    pub missing: Vec<String>,
    /// Features that had no identifier and got one from their geometry.
    pub identified: usize,
    /// Other remarks.
    pub warnings: Vec<Text>,
}

impl LayerReport {
    /// A report about a table recognised as a layer.
    pub fn new(table: impl Into<String>, layer: impl Into<String>) -> Self {
        Self { table: table.into(), layer: layer.into(), ..Self::default() }
    }

    /// Counts a record left out.
    pub fn skip(&mut self, reason: SkipReason) {
        *self.skipped.entry(reason).or_default() += 1;
    }

    /// Adds a remark.
    pub fn warn(&mut self, fr: impl Into<String>, en: impl Into<String>) {
        self.warnings.push(Text::new(fr, en));
    }
}

/// Import of one or several sources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Tables that were read, in order.
    pub layers: Vec<LayerReport>,
    /// Tables that no layer of the product fits, in order.
    pub ignored: Vec<String>,
}

impl ImportReport {
    /// Features read from all tables.
    pub fn read(&self) -> usize {
        self.layers.iter().map(|layer| layer.read).sum()
    }

    /// Records left out of all tables.
    pub fn skipped(&self) -> usize {
        self.layers.iter().flat_map(|layer| layer.skipped.values()).sum()
    }

    /// The report on a layer, the first of that name.
    pub fn layer(&self, name: &str) -> Option<&LayerReport> {
        self.layers.iter().find(|layer| layer.layer == name)
    }

    /// The report in sentences, one a line; each table first with what was read.
    pub fn lines(&self, language: Language) -> Vec<String> {
        let number = |n: usize| language.number(n as f64, 0);
        let colon = language.pick(" : ", ": ");
        let mut lines = Vec::new();
        for layer in &self.layers {
            let objects = language.pick("objets", "features");
            lines.push(format!("{}{colon}{} {objects}", layer.layer, number(layer.read)));
            let mut note = |text: String| lines.push(format!("  {text}"));
            for (reason, count) in &layer.skipped {
                let out = language.pick("écartés", "left out");
                note(format!("{} {out}, {}", number(*count), reason.label(language)));
            }
            if layer.identified > 0 {
                let text = language.pick(
                    "sans identifiant ; un identifiant tiré de la géométrie leur est donné",
                    "without identifier; one was made from their geometry",
                );
                note(format!("{} {text}", number(layer.identified)));
            }
            for (column, count) in &layer.unreadable {
                let text = language.pick("valeurs illisibles", "unreadable values");
                note(format!("{column}{colon}{} {text}", number(*count)));
            }
            for (column, values) in &layer.unlisted {
                let text = language.pick("valeurs hors liste", "values outside the list");
                let values: Vec<String> =
                    values.iter().map(|(v, n)| format!("{v} ({})", number(*n))).collect();
                note(format!("{column}{colon}{text}{colon}{}", values.join(", ")));
            }
            for warning in &layer.warnings {
                note(warning.get(language).to_owned());
            }
        }
        if !self.ignored.is_empty() {
            let text = language.pick("tables ignorées", "tables ignored");
            let mut line = format!("{text}{colon}{}", self.ignored.join(", "));
            if self.layers.is_empty() {
                line.push_str(language.pick(
                    " ; rien n'est lu de cette source : y écrire layer = \"batiment\", par exemple",
                    "; nothing is read from this source: write layer = \"batiment\" in it, for example",
                ));
            }
            lines.push(line);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_left_out_is_counted_and_said() {
        let mut layer = LayerReport::new("BATIMENT", "batiment");
        layer.read = 2273;
        layer.skip(SkipReason::NoGeometry);
        layer.skip(SkipReason::NoGeometry);
        let report = ImportReport { layers: vec![layer], ignored: vec!["canton".into()] };
        assert_eq!((report.read(), report.skipped()), (2273, 2));
        let lines = report.lines(Language::Fr);
        assert_eq!(lines[0], "batiment : 2\u{202f}273 objets");
        assert_eq!(lines[1], "  2 écartés, sans géométrie");
        assert_eq!(lines[2], "tables ignorées : canton");
        let report = ImportReport { layers: Vec::new(), ignored: vec!["postIA".into()] };
        let line = report.lines(Language::Fr).remove(0);
        assert!(line.contains("postIA ; rien n'est lu") && line.contains("layer = "), "{line}");
    }
}
