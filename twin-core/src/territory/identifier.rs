//! Identifiers of the French reference registers.

use std::fmt;

use super::attribute::{Attribute, Unreadable};
use crate::formats::{FieldKind, Value};

/// Identifier of a building in the national register of buildings (RNB): 12 capital letters and
/// digits, such as `S5MZCQ3432YG`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RnbId(String);

impl RnbId {
    /// From its text; dashes and spaces of the printed form are left out.
    pub fn new(text: &str) -> Option<Self> {
        let id: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
        let valid =
            id.len() == 12 && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        valid.then_some(Self(id))
    }

    /// The 12 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RnbId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A building may be several in the register; they are joined by `/` in one column.
impl Attribute for Vec<RnbId> {
    const KIND: FieldKind = FieldKind::Text;

    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        match value {
            Value::Null => Ok(Vec::new()),
            Value::Text(text) => text
                .split('/')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| RnbId::new(part).ok_or(Unreadable))
                .collect(),
            _ => Err(Unreadable),
        }
    }

    fn to_value(&self) -> Value {
        if self.is_empty() {
            return Value::Null;
        }
        Value::Text(self.iter().map(RnbId::as_str).collect::<Vec<_>>().join("/"))
    }
}

/// INSEE code of a commune: five characters, the first two those of the department (`12174`,
/// `2A004`, `97411`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InseeCode(String);

impl InseeCode {
    /// From its text; a code that lost its leading zero in a spreadsheet gets it back.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let code = if text.len() == 4 { format!("0{text}") } else { text.to_owned() };
        let department_is_known = code
            .bytes()
            .enumerate()
            .all(|(i, b)| b.is_ascii_digit() || (i == 1 && matches!(b, b'A' | b'B')));
        (code.len() == 5 && department_is_known).then_some(Self(code))
    }

    /// The five characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Code of the department: two characters, three overseas.
    pub fn department(&self) -> &str {
        let length = if self.0.starts_with("97") || self.0.starts_with("98") { 3 } else { 2 };
        self.0.get(..length).unwrap_or(&self.0)
    }
}

impl fmt::Display for InseeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Attribute for Option<InseeCode> {
    const KIND: FieldKind = FieldKind::Text;

    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        match <Option<String>>::from_value(value)? {
            None => Ok(None),
            Some(text) => InseeCode::new(&text).map(Some).ok_or(Unreadable),
        }
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, |code| Value::Text(code.0.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_rnb_identifiers_are_split() {
        let cell = Value::Text("AC2HSN1NCT15/HK7W6EP38S1P/WJ2BT7GXT3H5".into());
        let ids = <Vec<RnbId>>::from_value(&cell).unwrap();
        assert_eq!(ids.len(), 3);
        assert_eq!(ids.to_value(), cell);
        assert_eq!(<Vec<RnbId>>::from_value(&Value::Text(String::new())), Ok(vec![]));
    }

    #[test]
    fn insee_codes_know_corsica_and_overseas() {
        assert_eq!(InseeCode::new("2A004").unwrap().department(), "2A");
        assert_eq!(InseeCode::new("97411").unwrap().department(), "974");
        assert_eq!(InseeCode::new("1004").unwrap().as_str(), "01004");
        assert!(InseeCode::new("12-74").is_none());
        assert!(InseeCode::new("été12").is_none());
    }
}
