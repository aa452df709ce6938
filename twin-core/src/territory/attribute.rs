//! Typed attributes of features and the table cells they are kept in.
//!
//! A domain type states each of its fields once, with the column it lives in (see
//! [`layer`](super::layer)); this file says how each type of field becomes a cell and back.

use std::borrow::Cow;

use crate::formats::{FieldKind, Value};

/// A cell that cannot be read as its field's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// A field type: how it is read from a table cell and written to one.
///
/// Writing and reading back gives the same field; reading also accepts what formats make of it
/// (whole numbers as reals, booleans as 0 and 1, numbers as text).
pub trait Attribute: Sized {
    /// Type of the column.
    const KIND: FieldKind;

    /// From a cell.
    fn from_value(value: &Value) -> Result<Self, Unreadable>;

    /// To a cell.
    fn to_value(&self) -> Value;

    /// The text of a value that is not in the list its product publishes.
    fn unlisted(&self) -> Option<Cow<'_, str>> {
        None
    }
}

/// A value of a published list, kept under its published label.
pub trait Label: Sized {
    /// From the label as delivered; a label outside the list is kept as it is.
    fn from_label(label: &str) -> Self;

    /// The label as published.
    fn label(&self) -> Cow<'_, str>;

    /// Whether the label is in the published list.
    fn is_listed(&self) -> bool;
}

/// Lower case, without accents, dashes or repeated spaces: the form in which French labels are
/// compared (`Église` = `Eglise`, `LIMITE TERRE-MER` = `limite_terre_mer`).
pub fn fold(label: &str) -> String {
    let mut folded = String::with_capacity(label.len());
    for c in label.chars().flat_map(char::to_lowercase) {
        match c {
            'à' | 'â' | 'ä' => folded.push('a'),
            'é' | 'è' | 'ê' | 'ë' => folded.push('e'),
            'î' | 'ï' => folded.push('i'),
            'ô' | 'ö' => folded.push('o'),
            'ù' | 'û' | 'ü' => folded.push('u'),
            'ç' => folded.push('c'),
            'œ' => folded.push_str("oe"),
            '’' => folded.push('\''),
            '-' | '_' | '\u{a0}' | '\u{202f}' => push_space(&mut folded),
            c if c.is_whitespace() => push_space(&mut folded),
            c => folded.push(c),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

fn push_space(text: &mut String) {
    if !text.is_empty() && !text.ends_with(' ') {
        text.push(' ');
    }
}

/// Declares an enum of published French labels, with `Other` for a label outside the list.
macro_rules! labels {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $label:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* #[doc = concat!("(`", $label, "`)")] $variant, )+
            /// A label outside the published list, as delivered.
            Other(String),
        }

        impl $name {
            /// Every value of the published list, in its order.
            pub const LISTED: &'static [$name] = &[$( $name::$variant, )+];
        }

        impl $crate::territory::Label for $name {
            fn from_label(label: &str) -> Self {
                match label {
                    $( $label => return Self::$variant, )+
                    _ => {}
                }
                let folded = $crate::territory::fold(label);
                Self::LISTED
                    .iter()
                    .find(|known| $crate::territory::fold(&known.label()) == folded)
                    .cloned()
                    .unwrap_or_else(|| Self::Other(label.to_owned()))
            }

            fn label(&self) -> std::borrow::Cow<'_, str> {
                match self {
                    $( Self::$variant => $label.into(), )+
                    Self::Other(label) => label.as_str().into(),
                }
            }

            fn is_listed(&self) -> bool {
                !matches!(self, Self::Other(_))
            }
        }
    };
}
pub(super) use labels;

impl<T: Label> Attribute for Option<T> {
    const KIND: FieldKind = FieldKind::Text;

    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        Ok(<Option<String>>::from_value(value)?.map(|text| T::from_label(&text)))
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, |v| Value::Text(v.label().into_owned()))
    }

    fn unlisted(&self) -> Option<Cow<'_, str>> {
        self.as_ref().filter(|v| !v.is_listed()).map(Label::label)
    }
}

impl Attribute for Option<String> {
    const KIND: FieldKind = FieldKind::Text;

    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        Ok(match value {
            Value::Null => None,
            Value::Text(text) => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Real(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
        })
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, |text| Value::Text(text.clone()))
    }
}

impl Attribute for String {
    const KIND: FieldKind = FieldKind::Text;

    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        Ok(<Option<String>>::from_value(value)?.unwrap_or_default())
    }

    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl Attribute for Option<f64> {
    const KIND: FieldKind = FieldKind::Real;

    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        match value {
            Value::Null => Ok(None),
            // French exports write the decimal mark as a comma.
            Value::Text(text) => {
                Value::Text(text.replace(',', ".")).as_real().map(Some).ok_or(Unreadable)
            }
            other => other.as_real().map(Some).ok_or(Unreadable),
        }
    }

    fn to_value(&self) -> Value {
        self.filter(|v| v.is_finite()).map_or(Value::Null, Value::Real)
    }
}

impl Attribute for Option<u32> {
    const KIND: FieldKind = FieldKind::Integer;

    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let number = match value {
            Value::Null => return Ok(None),
            other => other.as_real().ok_or(Unreadable)?,
        };
        if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
            Ok(Some(number as u32))
        } else {
            Err(Unreadable)
        }
    }

    fn to_value(&self) -> Value {
        self.map_or(Value::Null, |v| Value::Integer(v.into()))
    }
}

impl Attribute for Option<bool> {
    const KIND: FieldKind = FieldKind::Bool;

    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        match value {
            Value::Null => Ok(None),
            Value::Bool(flag) => Ok(Some(*flag)),
            Value::Integer(0) => Ok(Some(false)),
            Value::Integer(1) => Ok(Some(true)),
            Value::Real(v) if *v == 0.0 => Ok(Some(false)),
            Value::Real(v) if *v == 1.0 => Ok(Some(true)),
            Value::Text(text) => match fold(text).as_str() {
                "oui" | "true" | "vrai" | "1" | "t" => Ok(Some(true)),
                "non" | "false" | "faux" | "0" | "f" => Ok(Some(false)),
                _ => Err(Unreadable),
            },
            Value::Integer(_) | Value::Real(_) => Err(Unreadable),
        }
    }

    fn to_value(&self) -> Value {
        self.map_or(Value::Null, Value::Bool)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::territory::BuildingNature;

    #[test]
    fn labels_are_found_whatever_their_accents_and_case() {
        assert_eq!(BuildingNature::from_label("Église"), BuildingNature::Church);
        assert_eq!(BuildingNature::from_label("TOUR,  DONJON"), BuildingNature::Tower);
        let unknown = BuildingNature::from_label("Yourte");
        assert!(!unknown.is_listed());
        assert_eq!(unknown.label(), "Yourte");
    }

    #[test]
    fn booleans_come_in_every_dialect() {
        for yes in ["Oui", "true", "1"] {
            assert_eq!(Attribute::from_value(&Value::Text(yes.into())), Ok(Some(true)));
        }
        assert_eq!(Attribute::from_value(&Value::Integer(0)), Ok(Some(false)));
        assert_eq!(<Option<bool>>::from_value(&Value::Text("peut-être".into())), Err(Unreadable));
    }

    #[test]
    fn counts_accept_reals_without_fraction_only() {
        assert_eq!(Attribute::from_value(&Value::Real(3.0)), Ok(Some(3u32)));
        assert_eq!(<Option<u32>>::from_value(&Value::Real(3.5)), Err(Unreadable));
        assert_eq!(<Option<u32>>::from_value(&Value::Integer(-1)), Err(Unreadable));
    }
}
