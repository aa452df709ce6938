//! What parameters of any plugin or measure must be: within a range, with a source.

use crate::{Error, Language, Result};

/// A value, if it lies within a range; `place` names it in the error.
///
/// # Errors
/// Beyond the range, or no number.
pub fn within(value: f64, [low, high]: [f64; 2], place: impl Into<String>) -> Result<f64> {
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    let n = |l: Language, v: f64| match l {
        Language::Fr => v.to_string().replace('.', ","),
        Language::En => v.to_string(),
    };
    let (fr, en) = (Language::Fr, Language::En);
    Err(Error::input(
        place,
        format!("{} ; donner une valeur de {} à {}", n(fr, value), n(fr, low), n(fr, high)),
        format!("{}; give a value from {} to {}", n(en, value), n(en, low), n(en, high)),
    ))
}

/// A positive value; `place` names it in the error.
///
/// # Errors
/// Zero, below, or no number.
pub fn positive(value: f64, place: impl Into<String>) -> Result<f64> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    Err(Error::input(
        place,
        format!("{value} ; donner un nombre positif"),
        format!("{value}; give a positive number"),
    ))
}

/// Refuses a value without a source; `place` names the source in the error.
///
/// # Errors
/// An empty source.
pub fn sourced(source: &str, place: impl Into<String>) -> Result<()> {
    if !source.trim().is_empty() {
        return Ok(());
    }
    Err(Error::input(
        place,
        "vide ; dire d'où vient cette valeur",
        "empty; say where this value comes from",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_range_belong_to_it_and_no_number_does_not() {
        for value in [0.1, 0.5, 2.0] {
            assert_eq!(within(value, [0.1, 2.0], "x").unwrap(), value);
        }
        for value in [0.09, 2.01, f64::NAN, f64::INFINITY] {
            let error = within(value, [0.1, 2.0], "x").unwrap_err();
            assert!(error.text(Language::Fr).contains("de 0,1 à 2"), "{error:?}");
        }
        assert!(sourced(" ", "x").is_err() && sourced("mesure", "x").is_ok());
    }
}
