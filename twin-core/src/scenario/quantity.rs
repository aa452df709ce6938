//! Quantities as users write them: durations with a unit, levels with their datum.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spatial::VerticalDatum;
use crate::suggest::bilingual;
use crate::{Error, Result};

/// A duration written as a number and a unit, `"6 h"`, `"5 min"`, `"30 s"`, `"2 d"`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Duration {
    seconds: f64,
}

impl Duration {
    /// From seconds; `None` when negative or not finite.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        (seconds.is_finite() && seconds >= 0.0).then_some(Self { seconds })
    }

    /// In seconds.
    pub fn seconds(self) -> f64 {
        self.seconds
    }
}

impl TryFrom<String> for Duration {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let unusable = || {
            bilingual(
                &format!("« {text} » ; écrire un nombre et s, min, h ou d, comme \"6 h\""),
                &format!("\"{text}\"; write a number and s, min, h or d, as in \"6 h\""),
            )
        };
        let trimmed = text.trim();
        let split = trimmed.find(|c: char| c.is_alphabetic()).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(split);
        let factor = match unit.trim() {
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3600.0,
            "d" | "j" => 86_400.0,
            _ => return Err(unusable()),
        };
        number
            .trim()
            .parse::<f64>()
            .ok()
            .and_then(|n| Self::from_seconds(n * factor))
            .ok_or_else(unusable)
    }
}

impl From<Duration> for String {
    fn from(duration: Duration) -> Self {
        let s = duration.seconds;
        for (size, unit) in [(86_400.0, "d"), (3600.0, "h"), (60.0, "min")] {
            if s >= size && s % size == 0.0 {
                return format!("{} {unit}", s / size);
            }
        }
        format!("{s} s")
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A number and a unit: s, min, h or d",
            "pattern": "^\\s*[0-9]+(\\.[0-9]+)?\\s*(s|min|h|d|j)\\s*$"
        })
    }
}

/// The zero of a level, as users write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatumRef {
    /// `NGF-IGN69` or another legal datum, `ZH` (chart datum) or `zero-echelle` (gauge zero).
    pub datum: String,
    /// Height of that zero in the territory's datum, metres; required for `ZH`, `zero-echelle`
    /// and any datum that is not the territory's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_m: Option<f64>,
}

impl DatumRef {
    /// What to add to a level to have it in the territory's datum.
    pub fn offset_to(&self, territory: VerticalDatum, place: &str) -> Result<f64> {
        let is_own = self.datum == territory.label();
        if let Some(offset) = self.offset_m.filter(|offset| is_own && *offset != 0.0) {
            return Err(Error::input(
                place,
                format!(
                    "offset_m = {offset} alors que « {} » est le système du territoire ; l'ôter",
                    self.datum
                ),
                format!(
                    "offset_m = {offset} although \"{}\" is the territory's datum; remove it",
                    self.datum
                ),
            ));
        }
        if let Some(offset) = self.offset_m {
            return if offset.is_finite() {
                Ok(offset)
            } else {
                Err(Error::input(
                    place,
                    "offset_m n'est pas un nombre fini ; le corriger",
                    "offset_m is not a finite number; correct it",
                ))
            };
        }
        if is_own {
            return Ok(0.0);
        }
        Err(Error::input(
            place,
            format!(
                "le niveau est donné en « {} » et le territoire en « {} » ; ajouter offset_m (altitude de ce zéro)",
                self.datum,
                territory.label()
            ),
            format!(
                "the level is in \"{}\" and the territory in \"{}\"; add offset_m (height of that zero)",
                self.datum,
                territory.label()
            ),
        ))
    }
}

/// A level with its datum: `{ level_m = 46.5, datum = "NGF-IGN69" }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Metres above the datum's zero.
    pub level_m: f64,
    /// `NGF-IGN69` or another legal datum, `ZH` (chart datum) or `zero-echelle` (gauge zero).
    pub datum: String,
    /// Height of that zero in the territory's datum, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_m: Option<f64>,
}

impl Level {
    /// In the territory's datum.
    pub fn in_datum(&self, territory: VerticalDatum, place: &str) -> Result<f64> {
        if !self.level_m.is_finite() {
            return Err(Error::input(
                place,
                "level_m n'est pas un nombre fini ; le corriger",
                "level_m is not a finite number; correct it",
            ));
        }
        let datum = DatumRef { datum: self.datum.clone(), offset_m: self.offset_m };
        Ok(self.level_m + datum.offset_to(territory, place)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<f64> {
        Duration::try_from(text.to_owned()).ok().map(Duration::seconds)
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(seconds("6 h"), Some(21_600.0));
        assert_eq!(seconds("1.5h"), Some(5_400.0));
        assert_eq!(seconds("5 min"), Some(300.0));
        for text in ["6", "h", "-1 h", "1e400 s", "NaN s", "6 hours"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn durations_round_trip_as_text() {
        for text in ["6 h", "90 s", "2 d", "0 s", "5 min"] {
            let duration = Duration::try_from(text.to_owned()).unwrap();
            assert_eq!(String::from(duration), text);
        }
    }

    #[test]
    fn a_level_of_another_datum_needs_an_offset() {
        let level = |datum: &str, offset_m| Level { level_m: 3.0, datum: datum.into(), offset_m };
        let ngf = VerticalDatum::NgfIgn69;
        assert_eq!(level("NGF-IGN69", None).in_datum(ngf, "x").unwrap(), 3.0);
        assert!(level("ZH", None).in_datum(ngf, "x").is_err());
        assert!(level("NGF-IGN69", Some(1.0)).in_datum(ngf, "x").is_err());
        assert_eq!(level("ZH", Some(-5.3)).in_datum(ngf, "x").unwrap(), 3.0 - 5.3);
    }
}
