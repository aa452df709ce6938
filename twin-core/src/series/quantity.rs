//! What series measure, and its units as tables write them.

use crate::Language;

/// What the numbers of a table measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Discharge: m³/s or l/s.
    Discharge,
    /// Level or depth: m, cm or mm.
    Level,
    /// Depth of rain in a period: mm.
    RainDepth,
    /// Intensity of rain: mm/h.
    RainIntensity,
    /// Temperature: °C.
    Temperature,
}

impl Quantity {
    /// Units as they are written in headers, with the factor to m³/s or m. Longer ones first.
    fn units(self) -> &'static [(&'static str, f64)] {
        match self {
            Self::Discharge => &[
                ("m3_per_s", 1.0),
                ("m3.s-1", 1.0),
                ("m3/s", 1.0),
                ("m3_s", 1.0),
                ("l_per_s", 1e-3),
                ("l/s", 1e-3),
                ("l_s", 1e-3),
            ],
            Self::Level => &[("mm", 1e-3), ("cm", 1e-2), ("m", 1.0)],
            Self::RainDepth => &[("mm", 1e-3)],
            Self::Temperature => &[("degc", 1.0), ("°c", 1.0), ("c", 1.0)],
            Self::RainIntensity => {
                &[("mm_per_h", 1e-3 / 3600.0), ("mm/h", 1e-3 / 3600.0), ("mm_h", 1e-3 / 3600.0)]
            }
        }
    }

    pub(super) fn named(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Discharge, Language::Fr) => "du débit (m3/s ou l/s)",
            (Self::Discharge, Language::En) => "of the discharge (m3/s or l/s)",
            (Self::Level, Language::Fr) => "du niveau (m, cm ou mm)",
            (Self::Level, Language::En) => "of the level (m, cm or mm)",
            (Self::RainDepth, Language::Fr) => "de la hauteur de pluie (mm)",
            (Self::RainDepth, Language::En) => "of the depth of rain (mm)",
            (Self::Temperature, Language::Fr) => "de la température (°C)",
            (Self::Temperature, Language::En) => "of the temperature (°C)",
            (Self::RainIntensity, Language::Fr) => "de l'intensité de pluie (mm/h)",
            (Self::RainIntensity, Language::En) => "of the intensity of rain (mm/h)",
        }
    }

    /// Factor of a unit given on its own, such as `l/s`.
    pub(super) fn factor(self, unit: &str) -> Option<f64> {
        let unit = plain(unit);
        self.units().iter().find(|(name, _)| *name == unit).map(|u| u.1)
    }

    /// Factor of the unit in the name of a column, such as `Débit (en m³/s)` or `level_mm`; none where it is that of
    /// an intensity and depths are wanted, whose unit stands in it.
    pub(super) fn factor_in(self, column: &str) -> Option<f64> {
        if self == Self::RainDepth && Self::RainIntensity.factor_in(column).is_some() {
            return None;
        }
        let column = plain(column);
        let ends = |unit: &str| {
            column.match_indices(unit).any(|(at, _)| {
                let before = column[..at].chars().next_back();
                let after = column[at + unit.len()..].chars().next();
                let edge = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
                at > 0 && edge(before) && edge(after)
            })
        };
        self.units().iter().find(|(name, _)| ends(name) || column == *name).map(|u| u.1)
    }
}

/// Lower case, without accents, exponents as digits.
pub(super) fn plain(text: &str) -> String {
    text.trim()
        .to_lowercase()
        .chars()
        .map(|c| match c {
            'é' | 'è' | 'ê' => 'e',
            'à' | 'â' => 'a',
            '³' => '3',
            c => c,
        })
        .collect()
}
