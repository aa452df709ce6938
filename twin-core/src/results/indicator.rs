//! Figures by enjeu: what a planner reads first.

use serde::{Deserialize, Serialize};

use crate::Language;
use crate::language::Text;

/// Indicators of a run, in groups that follow the enjeux (logements, équipements, routes …).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Indicators {
    /// Groups in reading order.
    pub groups: Vec<IndicatorGroup>,
}

/// Indicators that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndicatorGroup {
    /// Snake-case identifier.
    pub id: String,
    /// Title.
    pub title: Text,
    /// Figures in reading order.
    pub rows: Vec<Indicator>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Indicator {
    /// Snake-case identifier, unique in the run.
    pub id: String,
    /// Label.
    pub label: Text,
    /// Value; `None` where it cannot be told, with the reason in `note`.
    pub value: Option<f64>,
    /// Unit in UDUNITS notation, `1` for a count.
    pub unit: String,
    /// Decimals to show.
    pub decimals: u8,
    /// How it was obtained or why it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

impl Indicator {
    /// A count.
    pub fn count(id: impl Into<String>, label: Text, value: usize) -> Self {
        Self::quantity(id, label, value as f64, "1", 0)
    }

    /// A quantity with a unit.
    pub fn quantity(
        id: impl Into<String>,
        label: Text,
        value: f64,
        unit: impl Into<String>,
        decimals: u8,
    ) -> Self {
        // Adding 0 makes a positive zero of an empty sum.
        let value = value.is_finite().then_some(value + 0.0);
        Self { id: id.into(), label, value, unit: unit.into(), decimals, note: None }
    }

    /// A figure that cannot be told, and why.
    pub fn unknown(id: impl Into<String>, label: Text, unit: impl Into<String>, why: Text) -> Self {
        Self { id: id.into(), label, value: None, unit: unit.into(), decimals: 0, note: Some(why) }
    }

    /// With how it was obtained.
    pub fn with_note(self, note: Text) -> Self {
        Self { note: Some(note), ..self }
    }
}

impl Indicators {
    /// A figure by identifier.
    pub fn get(&self, id: &str) -> Option<&Indicator> {
        self.groups.iter().flat_map(|g| &g.rows).find(|i| i.id == id)
    }

    /// As a table with `;` between columns, decimal mark and labels of the language.
    pub fn to_csv(&self, language: Language) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut csv = String::from(language.pick(
            "groupe;identifiant;indicateur;valeur;unité;note\n",
            "group;identifier;indicator;value;unit;note\n",
        ));
        for group in &self.groups {
            for row in &group.rows {
                let value = row.value.map_or(String::new(), |v| {
                    let text = format!("{:.*}", usize::from(row.decimals), v);
                    if language == Language::Fr { text.replace('.', ",") } else { text }
                });
                let note = row.note.as_ref().map_or("", |n| n.get(language));
                csv.push_str(&format!(
                    "{};{};{};{value};{};{}\n",
                    quoted(group.title.get(language)),
                    row.id,
                    quoted(row.label.get(language)),
                    row.unit,
                    quoted(note)
                ));
            }
        }
        csv
    }
}
