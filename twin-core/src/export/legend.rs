//! Legends: the one place that says which value has which colour, and in which words.
//!
//! A map asks its legend for the colour of every pixel and draws the same legend beside it, so
//! that the two cannot disagree. Classes carry a hatch where colour alone would not do.

use serde::{Deserialize, Serialize};

use super::ramp::{Ramp, Rgb};
use crate::{Language, language::Text};

/// Thresholds of water depth in metres, those of French flood mapping (guide of the PPRi,
/// MTES 2019; CNIG standard for PPRN).
pub const DEPTH_THRESHOLDS_M: [f32; 3] = [0.5, 1.0, 2.0];

/// A drawn texture on top of a colour, for classes that must be told apart without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hatch {
    /// Stripes that rise to the right.
    Rising,
    /// Stripes that fall to the right.
    Falling,
}

/// A class of a [`Legend`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Values below this belong to the class, unless to an earlier one; infinite for the last, and
    /// then not written.
    #[serde(default = "unbounded", skip_serializing_if = "is_unbounded")]
    pub below: f32,
    /// Colour.
    pub colour: Rgb,
    /// Texture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hatch: Option<Hatch>,
    /// What the legend says.
    pub label: Text,
}

fn unbounded() -> f32 {
    f32::INFINITY
}

fn is_unbounded(below: &f32) -> bool {
    below.is_infinite()
}

impl Class {
    /// A class of values below a bound, labelled in both languages.
    pub fn new(below: f32, colour: Rgb, hatch: Option<Hatch>, fr: &str, en: &str) -> Self {
        Self { below, colour, hatch, label: Text::new(fr, en) }
    }
}

/// What colours mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Legend {
    /// A ramp from `min` to `max`; values beyond take the colour of the end.
    Continuous {
        /// Quantity.
        title: Text,
        /// Unit as written for people, such as `m` or `m/s`.
        unit: String,
        /// Value at the start of the ramp.
        min: f32,
        /// Value at the end of the ramp.
        max: f32,
        /// Colours.
        ramp: Ramp,
    },
    /// Classes between thresholds, in rising order.
    Classed {
        /// Quantity.
        title: Text,
        /// Unit as written for people.
        unit: String,
        /// Classes by rising upper bound.
        classes: Vec<Class>,
    },
}

impl Legend {
    /// A continuous legend.
    pub fn continuous(
        title: Text,
        unit: impl Into<String>,
        min: f32,
        max: f32,
        ramp: Ramp,
    ) -> Self {
        Self::Continuous { title, unit: unit.into(), min, max, ramp }
    }

    /// A diverging legend whose neutral middle is zero.
    pub fn diverging(title: Text, unit: impl Into<String>, magnitude: f32) -> Self {
        let magnitude = magnitude.abs();
        Self::continuous(title, unit, -magnitude, magnitude, Ramp::Vik)
    }

    /// Classes between thresholds, with colours of a ramp and labels made from the numbers:
    /// *moins de 0,5*, *de 0,5 à 1*, …, *2 et plus*. `colours` gives one more than thresholds.
    pub fn classed(
        title: Text,
        unit: impl Into<String>,
        thresholds: &[f32],
        colours: &[Rgb],
    ) -> Self {
        let fallback = colours.last().copied().unwrap_or(Rgb(128, 128, 128));
        let classes = (0..=thresholds.len())
            .map(|i| Class {
                below: thresholds.get(i).copied().unwrap_or(f32::INFINITY),
                colour: colours.get(i).copied().unwrap_or(fallback),
                hatch: None,
                label: range_label(
                    i.checked_sub(1).and_then(|j| thresholds.get(j)).copied(),
                    thresholds.get(i).copied(),
                ),
            })
            .collect();
        Self::Classed { title, unit: unit.into(), classes }
    }

    /// Water depth in the classes of [`DEPTH_THRESHOLDS_M`], light to dark blue.
    pub fn water_depth(title: Text) -> Self {
        let colours = [0xb9d7ee, 0x6baed6, 0x2171b5, 0x08306b].map(Rgb::hex);
        Self::classed(title, "m", &DEPTH_THRESHOLDS_M, &colours)
    }

    /// Maximum water depth, the legend of the main flood map.
    pub fn maximum_water_depth() -> Self {
        Self::water_depth(Text::new("Hauteur d'eau maximale", "Maximum water depth"))
    }

    /// Flow speed in the classes below 0.2, 0.5 and 1 m/s and above.
    pub fn flow_speed() -> Self {
        let title = Text::new("Vitesse d'écoulement maximale", "Maximum flow speed");
        let colours =
            [0x05, 0x40, 0x80, 0xc8].map(|t: u8| Ramp::Viridis.colour(f32::from(t) / 255.0));
        let mut colours = colours.to_vec();
        colours.reverse();
        Self::classed(title, "m/s", &[0.2, 0.5, 1.0], &colours)
    }

    /// Title in a language.
    pub fn title(&self, language: Language) -> &str {
        match self {
            Self::Continuous { title, .. } | Self::Classed { title, .. } => title.get(language),
        }
    }

    /// Unit; empty where there is none.
    pub fn unit(&self) -> &str {
        match self {
            Self::Continuous { unit, .. } | Self::Classed { unit, .. } => unit,
        }
    }

    /// Colour and texture of a value; `None` for `NaN`.
    pub fn colour(&self, value: f32) -> Option<(Rgb, Option<Hatch>)> {
        if value.is_nan() {
            return None;
        }
        match self {
            Self::Continuous { min, max, ramp, .. } => {
                let t = if max > min { (value - min) / (max - min) } else { 0.5 };
                Some((ramp.colour(t), None))
            }
            Self::Classed { classes, .. } => classes
                .iter()
                .find(|class| value < class.below)
                .or(classes.last())
                .map(|class| (class.colour, class.hatch)),
        }
    }
}

fn range_label(from: Option<f32>, to: Option<f32>) -> Text {
    let write = |language: Language| {
        let number = |v: f32| short_number(f64::from(v), language);
        match (from, to) {
            (None, Some(to)) => format!("{} {}", language.pick("moins de", "below"), number(to)),
            (Some(from), Some(to)) => match language {
                Language::Fr => format!("de {} à {}", number(from), number(to)),
                Language::En => format!("{} to {}", number(from), number(to)),
            },
            (Some(from), None) => match language {
                Language::Fr => format!("{} et plus", number(from)),
                Language::En => format!("{} and above", number(from)),
            },
            (None, None) => String::new(),
        }
    };
    Text::new(write(Language::Fr), write(Language::En))
}

/// A number with as few decimals as tell it to three significant digits.
pub(super) fn short_number(value: f64, language: Language) -> String {
    let scale = value.abs();
    for decimals in 0..6 {
        let shown = format!("{value:.decimals$}").parse().unwrap_or(value);
        if (value - shown).abs() <= scale * 5e-4 {
            return language.number(value, decimals);
        }
    }
    language.number(value, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_classes_change_exactly_at_their_thresholds() {
        let Legend::Classed { classes, .. } = Legend::maximum_water_depth() else { panic!() };
        assert_eq!(classes.len(), 4);
        let legend = Legend::maximum_water_depth();
        for (i, threshold) in DEPTH_THRESHOLDS_M.into_iter().enumerate() {
            assert_eq!(legend.colour(threshold.next_down()).unwrap().0, classes[i].colour);
            assert_eq!(legend.colour(threshold).unwrap().0, classes[i + 1].colour);
        }
        assert_eq!(legend.colour(f32::NAN), None);
    }

    #[test]
    fn labels_state_the_thresholds_in_both_languages() {
        let Legend::Classed { classes, .. } = Legend::maximum_water_depth() else { panic!() };
        let labels: Vec<_> = classes.iter().map(|c| c.label.fr.as_str()).collect();
        assert_eq!(labels, ["moins de 0,5", "de 0,5 à 1", "de 1 à 2", "2 et plus"]);
        assert_eq!(classes[1].label.en, "0.5 to 1");
    }

    #[test]
    fn depth_classes_differ_in_luminance() {
        let Legend::Classed { classes, .. } = Legend::maximum_water_depth() else { panic!() };
        for pair in classes.windows(2) {
            assert!(pair[0].colour.luminance() > 1.5 * pair[1].colour.luminance());
        }
    }

    #[test]
    fn zero_is_neutral_on_a_diverging_legend() {
        let legend = Legend::diverging(Text::new("Écart", "Difference"), "m", 2.0);
        assert_eq!(legend.colour(0.0).unwrap().0, Ramp::Vik.colour(0.5));
        assert_eq!(legend.colour(-9.0).unwrap().0, Ramp::Vik.colour(0.0));
    }

    #[test]
    fn short_numbers_keep_what_counts() {
        assert_eq!(short_number(0.05, Language::Fr), "0,05");
        assert_eq!(short_number(2.0, Language::Fr), "2");
        assert_eq!(short_number(1234.56, Language::Fr), "1\u{202f}235");
        assert_eq!(short_number(0.0, Language::En), "0");
    }
}
