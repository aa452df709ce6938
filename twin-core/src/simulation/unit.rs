//! Units in UDUNITS notation, as much of it as simulation variables need.
//!
//! A unit is a scale, an offset (temperatures) and the exponents of metre, kilogram, second,
//! kelvin and person. Two units convert when their exponents agree.

use std::fmt;

/// A parsed unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    scale: f64,
    offset: f64,
    /// Exponents of m, kg, s, K, person.
    dimension: [i8; 5],
}

/// Symbol, scale to SI, offset to SI, exponents of m, kg, s, K, person.
const SYMBOLS: &[(&str, f64, f64, [i8; 5])] = &[
    ("1", 1.0, 0.0, [0; 5]),
    ("%", 0.01, 0.0, [0; 5]),
    ("degree", std::f64::consts::PI / 180.0, 0.0, [0; 5]),
    ("m", 1.0, 0.0, [1, 0, 0, 0, 0]),
    ("mm", 1e-3, 0.0, [1, 0, 0, 0, 0]),
    ("cm", 1e-2, 0.0, [1, 0, 0, 0, 0]),
    ("km", 1e3, 0.0, [1, 0, 0, 0, 0]),
    ("ha", 1e4, 0.0, [2, 0, 0, 0, 0]),
    ("l", 1e-3, 0.0, [3, 0, 0, 0, 0]),
    ("kg", 1.0, 0.0, [0, 1, 0, 0, 0]),
    ("g", 1e-3, 0.0, [0, 1, 0, 0, 0]),
    ("s", 1.0, 0.0, [0, 0, 1, 0, 0]),
    ("min", 60.0, 0.0, [0, 0, 1, 0, 0]),
    ("h", 3600.0, 0.0, [0, 0, 1, 0, 0]),
    ("d", 86_400.0, 0.0, [0, 0, 1, 0, 0]),
    ("K", 1.0, 0.0, [0, 0, 0, 1, 0]),
    ("degC", 1.0, 273.15, [0, 0, 0, 1, 0]),
    ("person", 1.0, 0.0, [0, 0, 0, 0, 1]),
    ("N", 1.0, 0.0, [1, 1, -2, 0, 0]),
    ("Pa", 1.0, 0.0, [-1, 1, -2, 0, 0]),
    ("hPa", 100.0, 0.0, [-1, 1, -2, 0, 0]),
    ("J", 1.0, 0.0, [2, 1, -2, 0, 0]),
    ("W", 1.0, 0.0, [2, 1, -3, 0, 0]),
];

impl Unit {
    /// Parses a product of symbols with optional integer exponents, `m3 s-1`, `W m-2`, `mm h-1`,
    /// also with `/` and `.` (`m3/s`). `None` when a symbol is not known.
    ///
    /// ```
    /// use twin_core::simulation::Unit;
    /// let rain = Unit::parse("mm h-1").unwrap();
    /// let rate = Unit::parse("m s-1").unwrap();
    /// assert!((rain.convert(36.0, &rate).unwrap() - 1e-5).abs() < 1e-18);
    /// assert!(Unit::parse("furlong").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let mut unit = Self { scale: 1.0, offset: 0.0, dimension: [0; 5] };
        let spaced = text.replace('/', " /").replace(['.', '·', '*'], " ");
        let tokens: Vec<&str> = spaced.split_whitespace().collect();
        if tokens.is_empty() {
            return None;
        }
        for token in &tokens {
            let (token, sign) = token.strip_prefix('/').map_or((*token, 1), |t| (t, -1));
            let digits = token.find(|c: char| c == '-' || c == '^' || c.is_ascii_digit());
            let (symbol, exponent) = match digits {
                Some(at) if at > 0 => {
                    (&token[..at], token[at..].trim_start_matches('^').parse::<i8>().ok()?)
                }
                _ => (token, 1),
            };
            let exponent = exponent.checked_mul(sign).filter(|e| (-9..=9).contains(e))?;
            let (_, scale, offset, dimension) = SYMBOLS.iter().find(|s| s.0 == symbol)?;
            unit.scale *= scale.powi(i32::from(exponent));
            if tokens.len() == 1 && exponent == 1 {
                unit.offset = *offset;
            }
            for (total, d) in unit.dimension.iter_mut().zip(dimension) {
                *total = total.checked_add(d.checked_mul(exponent)?)?;
            }
        }
        Some(unit)
    }

    /// Whether values of both units measure the same quantity.
    pub fn is_convertible_to(&self, other: &Self) -> bool {
        self.dimension == other.dimension
    }

    /// A value of this unit in another one; `None` when they measure different quantities.
    pub fn convert(&self, value: f64, to: &Self) -> Option<f64> {
        self.is_convertible_to(to)
            .then(|| (value * self.scale + self.offset - to.offset) / to.scale)
    }

    /// This unit times a power of the second, as when a rate is accumulated.
    pub fn times_seconds(mut self, exponent: i8) -> Self {
        self.dimension[2] = self.dimension[2].saturating_add(exponent);
        self
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.scale)?;
        for (symbol, e) in ["m", "kg", "s", "K", "person"].iter().zip(self.dimension) {
            if e != 0 {
                write!(f, " {symbol}{e}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(text: &str) -> Unit {
        Unit::parse(text).expect("known unit")
    }

    #[test]
    fn notations_of_the_same_unit_agree() {
        for text in ["m3 s-1", "m3/s", "m^3.s^-1"] {
            assert_eq!(unit(text), unit("m3 s-1"), "{text}");
        }
    }

    #[test]
    fn temperatures_shift_and_differences_do_not() {
        assert_eq!(unit("degC").convert(25.0, &unit("K")), Some(298.15));
        assert_eq!(unit("W m-2").convert(1.0, &unit("m")), None);
    }

    #[test]
    fn hostile_text_is_refused() {
        for text in ["", " ", "m999", "m--1", "-", "1e9", "m200 m200"] {
            assert!(Unit::parse(text).is_none(), "{text:?}");
        }
    }
}
