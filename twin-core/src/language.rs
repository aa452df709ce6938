//! The languages of what users read: French by default, English beside it.

use serde::{Deserialize, Serialize};

/// Language of messages, reports and legends.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// French, the default.
    #[default]
    Fr,
    /// English.
    En,
}

impl Language {
    /// Picks the text of this language.
    pub fn pick<'a>(self, fr: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Fr => fr,
            Self::En => en,
        }
    }

    /// Two-letter code, as in the `lang` attribute of HTML.
    pub fn code(self) -> &'static str {
        self.pick("fr", "en")
    }

    /// Formats a number with the decimal mark and thousands separator of the language
    /// (narrow no-break space in French, comma in English).
    ///
    /// ```
    /// use twin_core::Language;
    /// assert_eq!(Language::Fr.number(12345.678, 1), "12\u{202f}345,7");
    /// assert_eq!(Language::En.number(-0.25, 2), "-0.25");
    /// assert_eq!(Language::En.number(1.5, usize::MAX), Language::En.number(1.5, 15));
    /// ```
    pub fn number(self, value: f64, decimals: usize) -> String {
        if !value.is_finite() {
            return "–".to_owned();
        }
        // No number has more digits; formatting with more than 65 535 would panic.
        let plain = format!("{:.*}", decimals.min(15), value.abs());
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let separator = self.pick("\u{202f}", ",");
        let mut text = String::new();
        if value < 0.0 && plain.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
            text.push('-');
        }
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                text.push_str(separator);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push_str(self.pick(",", "."));
            text.push_str(fraction);
        }
        text
    }
}

/// A short text in both languages.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Both languages at once.
    pub fn new(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self { fr: fr.into(), en: en.into() }
    }

    /// What a library or the system says, which speaks English: told apart from our own words.
    pub fn technical(cause: impl std::fmt::Display) -> Self {
        Self::new(format!("détail technique : {cause}"), format!("technical detail: {cause}"))
    }

    /// The place of a line in a file.
    pub fn line(number: usize) -> Self {
        Self::new(format!("ligne {number}"), format!("line {number}"))
    }

    /// The text of one language.
    pub fn get(&self, language: Language) -> &str {
        language.pick(&self.fr, &self.en)
    }
}

/// A name, code or number that is the same in both languages.
impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text, text)
    }
}

/// A name, code or number that is the same in both languages.
impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new(text.clone(), text)
    }
}

/// A name, code or number that is the same in both languages.
impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_thousands_and_keeps_no_sign_on_zero() {
        assert_eq!(Language::En.number(1234567.0, 0), "1,234,567");
        assert_eq!(Language::En.number(-0.001, 2), "0.00");
        assert_eq!(Language::Fr.number(f64::NAN, 2), "–");
    }
}
