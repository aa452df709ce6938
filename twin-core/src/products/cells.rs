//! Cells of national products → values without the codes for *none*.

use crate::formats::{FieldKind, Value};
use crate::territory::Column;

/// Takes out the ways in which products write *no value*: blanks, asterisks that fill a numeric
/// field, precisions of 999 or 9999, altitudes and heights of −1000. Dates lose their time and zone.
pub(super) fn interpret(value: &Value, column: &Column) -> Value {
    match value {
        Value::Text(text) => {
            let text = text.trim().trim_matches('\0');
            if text.is_empty() || text.bytes().all(|b| b == b'*') || text == "NULL" {
                return Value::Null;
            }
            if column.name.starts_with("date_") {
                return Value::Text(civil_date(text));
            }
            if column.kind == FieldKind::Real
                && let Some(number) = Value::Text(text.replace(',', ".")).as_real()
            {
                return number_or_null(number, &Value::Real(number), column);
            }
            Value::Text(text.to_owned())
        }
        Value::Integer(number) => number_or_null(*number as f64, value, column),
        Value::Real(number) => number_or_null(*number, value, column),
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

/// `20190711`, `2019/07/11`, `2019-07-11Z`, `2019-07-11T00:00:00` → `2019-07-11`; other forms as they
/// are.
pub(super) fn civil_date(text: &str) -> String {
    let is_date = |pattern: &str| {
        text.len() >= pattern.len()
            && pattern.bytes().zip(text.bytes()).all(|(p, b)| match p {
                b'0' => b.is_ascii_digit(),
                b'-' => matches!(b, b'-' | b'/'),
                _ => false,
            })
    };
    if is_date("0000-00-00") {
        text.get(..10).unwrap_or(text).replace('/', "-")
    } else if text.len() == 8 && is_date("00000000") {
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        format!("{}-{}-{}", part(0..4), part(4..6), part(6..8))
    } else {
        text.to_owned()
    }
}

fn number_or_null(number: f64, value: &Value, column: &Column) -> Value {
    let none = !number.is_finite()
        || match column.kind {
            FieldKind::Real if column.name.starts_with("precision_") => number >= 999.0,
            FieldKind::Real => number <= -999.0,
            _ => false,
        };
    if none { Value::Null } else { value.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEIGHT: Column = Column { name: "hauteur", kind: FieldKind::Real };
    const PRECISION: Column = Column { name: "precision_altimetrique", kind: FieldKind::Real };
    const DATE: Column = Column { name: "date_d_apparition", kind: FieldKind::Text };

    #[test]
    fn asterisks_blanks_and_codes_are_no_value() {
        for none in ["********", "  ", ""] {
            assert_eq!(interpret(&Value::Text(none.into()), &HEIGHT), Value::Null);
        }
        for none in [999.0, 9999.0] {
            assert_eq!(interpret(&Value::Real(none), &PRECISION), Value::Null);
        }
        assert_eq!(interpret(&Value::Integer(-1000), &HEIGHT), Value::Null);
        assert_eq!(interpret(&Value::Text("-1000".into()), &HEIGHT), Value::Null);
    }

    #[test]
    fn a_height_of_zero_and_a_precision_of_metres_stay() {
        assert_eq!(interpret(&Value::Real(0.0), &HEIGHT), Value::Real(0.0));
        assert_eq!(interpret(&Value::Real(2.5), &PRECISION), Value::Real(2.5));
    }

    #[test]
    fn dates_are_civil_whatever_the_format() {
        for text in ["1983-01-01Z", "1983-01-01T00:00:00", "1983/01/01", "19830101"] {
            let date = interpret(&Value::Text(text.into()), &DATE);
            assert_eq!(date, Value::Text("1983-01-01".into()));
        }
        assert_eq!(civil_date("vers 1900, été"), "vers 1900, été");
    }
}
