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
    /// Whether readers look for it first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_headline: bool,
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
        let (id, unit) = (id.into(), unit.into());
        Self { id, label, value, unit, decimals, note: None, is_headline: false }
    }

    /// A figure that cannot be told, and why.
    pub fn unknown(id: impl Into<String>, label: Text, unit: impl Into<String>, why: Text) -> Self {
        Self { value: None, note: Some(why), ..Self::quantity(id, label, 0.0, unit, 0) }
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

    /// With some figures as those that readers look for first.
    #[must_use]
    pub fn with_headlines(mut self, ids: &[&str]) -> Self {
        for row in self.groups.iter_mut().flat_map(|group| &mut group.rows) {
            row.is_headline |= ids.contains(&row.id.as_str());
        }
        self
    }

    /// What readers look for first; where the plugin does not say, its first group.
    pub fn headlines(&self) -> Vec<&Indicator> {
        let rows = || self.groups.iter().flat_map(|group| &group.rows);
        let marked: Vec<&Indicator> = rows().filter(|row| row.is_headline).collect();
        if !marked.is_empty() {
            return marked;
        }
        self.groups.first().map_or_else(Vec::new, |group| group.rows.iter().collect())
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
