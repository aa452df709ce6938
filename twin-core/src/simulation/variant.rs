//! Runs beside the main one: what if the discharge were higher, or the levee failed?

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Outcome;
use crate::export::report::{Cell, Table};
use crate::language::Text;
use crate::territory::TerritoryView;
use crate::{Language, results::Indicators};

/// A run beside the main one, on the same grid and clock. The driver computes it without storing its
/// fields and hands its outcome to [`Run::conclude`](super::Run::conclude).
#[derive(Debug, Clone)]
pub struct Variant {
    /// Identifier, unique in the run.
    pub id: String,
    /// What differs from the main run.
    pub title: Text,
    /// What it is for.
    pub kind: VariantKind,
    /// All parameters.
    pub parameters: Value,
    /// The territory, where it differs from that of the main run.
    pub view: Option<Arc<TerritoryView>>,
}

/// What a variant is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariantKind {
    /// One uncertain value at an end of its interval.
    Sensitivity,
    /// A member of an ensemble, all uncertain values drawn at once.
    Member,
    /// Another situation, told apart from the main run: a breach, no measures.
    Contrast,
}

/// A variant and its outcome.
#[derive(Debug)]
pub struct VariantOutcome {
    /// What was computed.
    pub variant: Variant,
    /// What came out.
    pub outcome: Outcome,
}

/// `sensitivity.json`: the range of every indicator over the variants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// The variants, in order.
    pub variants: Vec<VariantRecord>,
    /// Ranges in the order of the indicators.
    pub rows: Vec<IndicatorRange>,
}

/// A variant in [`Sensitivity`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariantRecord {
    /// Identifier.
    pub id: String,
    /// What differs from the main run.
    pub title: Text,
    /// What it is for.
    pub kind: VariantKind,
}

/// The range of an indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndicatorRange {
    /// Identifier of the indicator.
    pub id: String,
    /// Label.
    pub label: Text,
    /// Unit in UDUNITS notation.
    pub unit: String,
    /// Decimals to show.
    pub decimals: u8,
    /// Smallest value of the main run and its sensitivity runs and members.
    pub min: f64,
    /// Value of the main run.
    pub central: f64,
    /// Largest value.
    pub max: f64,
    /// Value of every variant, in their order; `None` where it cannot be told.
    pub values: Vec<Option<f64>>,
}

impl Sensitivity {
    /// Ranges of the indicators of a main run; `None` without variants.
    pub fn new(main: &Indicators, variants: &[VariantOutcome]) -> Option<Self> {
        if variants.is_empty() {
            return None;
        }
        let spans = |v: &&VariantOutcome| v.variant.kind != VariantKind::Contrast;
        let row = |indicator: &crate::results::Indicator| {
            let central = indicator.value?;
            let of = |v: &VariantOutcome| v.outcome.indicators.get(&indicator.id)?.value;
            let inside: Vec<f64> = variants.iter().filter(spans).filter_map(of).collect();
            Some(IndicatorRange {
                id: indicator.id.clone(),
                label: indicator.label.clone(),
                unit: indicator.unit.clone(),
                decimals: indicator.decimals,
                min: inside.iter().copied().fold(central, f64::min),
                central,
                max: inside.iter().copied().fold(central, f64::max),
                values: variants.iter().map(of).collect(),
            })
        };
        let record = |v: &VariantOutcome| VariantRecord {
            id: v.variant.id.clone(),
            title: v.variant.title.clone(),
            kind: v.variant.kind,
        };
        Some(Self {
            variants: variants.iter().map(record).collect(),
            rows: main.groups.iter().flat_map(|g| &g.rows).filter_map(row).collect(),
        })
    }

    /// Tables for the report: ranges over the sensitivity runs, and the other situations.
    pub fn tables(&self, language: Language) -> Vec<Table> {
        let unit = |row: &IndicatorRange| {
            format!(
                "{} ({})",
                row.label.get(language),
                crate::export::wording::unit(&row.unit, language)
            )
        };
        let label = |row: &IndicatorRange| match row.unit.as_str() {
            "1" => row.label.get(language).to_owned(),
            _ => unit(row),
        };
        let number = |row: &IndicatorRange, value: f64| Cell::Number(value, row.decimals.into());
        let mut tables = Vec::new();
        let spans = |kind: VariantKind| kind != VariantKind::Contrast;
        let varied: Vec<&str> = self
            .variants
            .iter()
            .filter(|v| v.kind == VariantKind::Sensitivity)
            .map(|v| v.title.get(language))
            .collect();
        let members = self.variants.iter().filter(|v| v.kind == VariantKind::Member).count();
        if self.variants.iter().any(|v| spans(v.kind)) {
            let mut told = varied.join(language.pick(" ; ", "; "));
            if members > 0 {
                let members = match language {
                    Language::Fr => format!("ensemble de {members} tirages"),
                    Language::En => format!("ensemble of {members} draws"),
                };
                told = if told.is_empty() { members } else { format!("{told}, {members}") };
            }
            let mut table = Table::new(
                match language {
                    Language::Fr => format!("Sensibilité ({told})"),
                    Language::En => format!("Sensitivity ({told})"),
                },
                [
                    language.pick("Indicateur", "Indicator"),
                    "Min.",
                    language.pick("Valeur centrale", "Central value"),
                    "Max.",
                ],
            );
            for row in &self.rows {
                table.push([
                    Cell::from(label(row)),
                    number(row, row.min),
                    number(row, row.central),
                    number(row, row.max),
                ]);
            }
            tables.push(table);
        }
        let contrasts: Vec<usize> =
            (0..self.variants.len()).filter(|i| !spans(self.variants[*i].kind)).collect();
        if !contrasts.is_empty() {
            let mut headers = vec![
                language.pick("Indicateur", "Indicator").to_owned(),
                language.pick("Ce scénario", "This scenario").to_owned(),
            ];
            headers
                .extend(contrasts.iter().map(|i| self.variants[*i].title.get(language).to_owned()));
            let title = language.pick("Autres situations", "Other situations");
            let mut table = Table::new(title, headers);
            for row in &self.rows {
                let mut cells = vec![Cell::from(label(row)), number(row, row.central)];
                cells.extend(contrasts.iter().map(|i| {
                    row.values[*i].map_or_else(|| Cell::from("–"), |value| number(row, value))
                }));
                table.push(cells);
            }
            tables.push(table);
        }
        tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Indicator, IndicatorGroup};

    fn indicators(area: f64) -> Indicators {
        let row = Indicator::quantity("area", Text::new("Surface", "Area"), area, "ha", 1);
        let title = Text::new("Surfaces", "Areas");
        Indicators { groups: vec![IndicatorGroup { id: "a".into(), title, rows: vec![row] }] }
    }

    fn variant(id: &str, kind: VariantKind, area: f64) -> VariantOutcome {
        let title = Text::new(id, id);
        VariantOutcome {
            variant: Variant { id: id.into(), title, kind, parameters: Value::Null, view: None },
            outcome: Outcome { indicators: indicators(area), ..Outcome::default() },
        }
    }

    #[test]
    fn the_range_takes_sensitivity_runs_and_not_other_situations() {
        let variants = [
            variant("low", VariantKind::Sensitivity, 2.0),
            variant("high", VariantKind::Sensitivity, 4.0),
            variant("breach", VariantKind::Contrast, 9.0),
        ];
        let ranges = Sensitivity::new(&indicators(3.0), &variants).unwrap();
        let row = &ranges.rows[0];
        assert_eq!((row.min, row.central, row.max), (2.0, 3.0, 4.0));
        let tables = ranges.tables(Language::Fr);
        assert_eq!(tables.len(), 2);
        assert_eq!(tables[1].rows[0][2], Cell::Number(9.0, 1));
        assert!(Sensitivity::new(&indicators(3.0), &[]).is_none());
    }
}
