//! The attribute table of a shapefile: dBASE III and later, without memo files.

use encoding_rs::{Encoding, UTF_8};

use super::encoding;
use crate::{
    FileProblem,
    formats::{Field, FieldKind, ReadReport, Value},
};

/// A column as stored.
#[derive(Debug)]
struct Column {
    /// `C`, `N`, `F`, `L`, `D` …
    kind: u8,
    /// Position in the record, after the deletion mark.
    start: usize,
    length: usize,
}

/// A table in memory.
#[derive(Debug)]
pub(super) struct Attributes {
    bytes: Vec<u8>,
    first: usize,
    record_length: usize,
    count: usize,
    columns: Vec<Column>,
    fields: Vec<Field>,
    encoding: &'static Encoding,
}

impl Attributes {
    /// Takes the bytes of a `.dbf` and the text of its `.cpg`.
    pub(super) fn parse(bytes: Vec<u8>, code_page: Option<&str>) -> Result<Self, FileProblem> {
        let header: &[u8; 32] = bytes
            .first_chunk()
            .ok_or(FileProblem::truncated("en-tête dBASE incomplet", "incomplete dBASE header"))?;
        // Low bits: 3 for dBASE III and later, 0x30 and above for Visual FoxPro.
        if !matches!(header[0] & 0x07, 2..=5) && !(0x30..=0x32).contains(&header[0]) {
            return Err(FileProblem::NotThisFormat { expected: "dBASE (.dbf)" });
        }
        let stated = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let first = usize::from(u16::from_le_bytes([header[8], header[9]]));
        let record_length = usize::from(u16::from_le_bytes([header[10], header[11]]));
        let Some(descriptors) = bytes.get(32..first) else {
            let length = bytes.len();
            return Err(FileProblem::truncated(
                format!("l'en-tête du .dbf prend {first} octets sur {length}"),
                format!("the .dbf header takes {first} bytes of {length}"),
            ));
        };
        if record_length == 0 {
            return Err(FileProblem::damaged(
                "enregistrements dBASE de longueur nulle",
                "dBASE records of no length",
            ));
        }
        let mut columns = Vec::new();
        let mut raw_names: Vec<(&[u8], u8)> = Vec::new();
        let mut start = 1;
        for descriptor in descriptors.as_chunks::<32>().0 {
            if descriptor[0] == 0x0d || descriptor[0] == 0 {
                break;
            }
            let kind = descriptor[11].to_ascii_uppercase();
            // A long text has its length in both bytes (the Clipper convention).
            let length = if kind == b'C' {
                usize::from(descriptor[16]) | usize::from(descriptor[17]) << 8
            } else {
                usize::from(descriptor[16])
            };
            if start + length > record_length {
                return Err(FileProblem::damaged(
                    format!(
                        "les champs du .dbf débordent de l'enregistrement de {record_length} octets"
                    ),
                    format!("the .dbf fields exceed the record of {record_length} bytes"),
                ));
            }
            let name = descriptor[..11].split(|b| *b == 0).next().unwrap_or_default();
            raw_names.push((name, descriptor[17]));
            columns.push(Column { kind, start, length });
            start += length;
        }
        let count = stated.min((bytes.len() - first) / record_length);
        let mut table = Self {
            first,
            record_length,
            count,
            columns,
            fields: Vec::new(),
            encoding: UTF_8,
            bytes: Vec::new(),
        };
        let text = (0..count).flat_map(|i| {
            let row = row(&bytes, first, record_length, i);
            let columns = table.columns.iter().filter(|c| c.kind == b'C');
            columns.filter_map(move |c| row.get(c.start..c.start + c.length)).map(trimmed)
        });
        table.encoding = encoding::find(code_page, text);
        table.fields = raw_names
            .iter()
            .zip(&table.columns)
            .map(|((name, decimals), column)| Field {
                name: decoded(name, table.encoding),
                kind: match column.kind {
                    b'N' | b'F' if *decimals == 0 && column.length <= 18 => FieldKind::Integer,
                    b'N' | b'F' | b'O' | b'B' | b'Y' => FieldKind::Real,
                    b'I' | b'+' => FieldKind::Integer,
                    b'L' => FieldKind::Bool,
                    _ => FieldKind::Text,
                },
            })
            .collect();
        table.bytes = bytes;
        Ok(table)
    }

    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Number of records that are really there.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Values of a record, `None` when it is marked as deleted. A value that cannot be read is
    /// `Null`, and the report says so once per record.
    pub(super) fn record(&self, index: usize, report: &mut ReadReport) -> Option<Vec<Value>> {
        let row = row(&self.bytes, self.first, self.record_length, index);
        if row.first() == Some(&b'*') {
            let problem = FileProblem::damaged(
                "marqué supprimé dans le .dbf",
                "marked as deleted in the .dbf",
            );
            report.skip(index as i64 + 1, problem);
            return None;
        }
        let values = self.columns.iter().zip(&self.fields).map(|(column, field)| {
            let stored = row.get(column.start..column.start + column.length).unwrap_or_default();
            self.value(column, field, stored).unwrap_or_else(|| {
                let text = decoded(trimmed(stored), self.encoding);
                let (number, name) = (index + 1, &field.name);
                report.notices.push(FileProblem::damaged(
                    format!("enregistrement {number}, champ {name} : « {text} »"),
                    format!("record {number}, field {name}: \"{text}\""),
                ));
                Value::Null
            })
        });
        Some(values.collect())
    }

    /// `None` when the bytes are no value of the column's kind.
    fn value(&self, column: &Column, field: &Field, stored: &[u8]) -> Option<Value> {
        match column.kind {
            b'I' | b'+' => {
                let value = stored.first_chunk().map(|b| i32::from_le_bytes(*b))?;
                return Some(Value::Integer(value.into()));
            }
            b'O' | b'B' if column.length == 8 => {
                let value = stored.first_chunk().map(|b| f64::from_le_bytes(*b))?;
                return Some(if value.is_finite() { Value::Real(value) } else { Value::Null });
            }
            _ => {}
        }
        let text = trimmed(stored);
        if text.is_empty() {
            return Some(Value::Null);
        }
        match (column.kind, field.kind) {
            (_, FieldKind::Bool) => match text {
                [b'T' | b't' | b'Y' | b'y' | b'1'] => Some(Value::Bool(true)),
                [b'F' | b'f' | b'N' | b'n' | b'0'] => Some(Value::Bool(false)),
                b"?" | b"*" => Some(Value::Null),
                _ => None,
            },
            // A number that did not fit its column is written as asterisks: no value.
            (_, FieldKind::Integer | FieldKind::Real) if text.contains(&b'*') => Some(Value::Null),
            (_, FieldKind::Integer) => {
                let text = std::str::from_utf8(text).ok()?;
                match text.parse() {
                    Ok(value) => Some(Value::Integer(value)),
                    Err(_) => real(text),
                }
            }
            (_, FieldKind::Real) => real(std::str::from_utf8(text).ok()?),
            (b'D', _) => Some(date(text)),
            _ => Some(Value::Text(decoded(text, self.encoding))),
        }
    }
}

fn row(bytes: &[u8], first: usize, length: usize, index: usize) -> &[u8] {
    let start = first + index * length;
    bytes.get(start..start + length).unwrap_or_default()
}

/// Without the padding: blanks on either side, and everything from a NUL on.
fn trimmed(text: &[u8]) -> &[u8] {
    text.split(|b| *b == 0).next().unwrap_or_default().trim_ascii()
}

fn decoded(text: &[u8], encoding: &'static Encoding) -> String {
    encoding.decode_without_bom_handling(text).0.into_owned()
}

/// A decimal comma is taken as a point.
fn real(text: &str) -> Option<Value> {
    let value: f64 = text.replace(',', ".").parse().ok()?;
    Some(if value.is_finite() { Value::Real(value) } else { Value::Null })
}

/// `20221231` → `2022-12-31`; zeros mean no date; other text stays.
fn date(text: &[u8]) -> Value {
    if text.iter().all(|b| *b == b'0') {
        return Value::Null;
    }
    let text = String::from_utf8_lossy(text);
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Value::Text(format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]));
    }
    Value::Text(text.into_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A `.dbf` of `(name, kind, length, decimals)` columns and raw records.
    pub(crate) fn file(columns: &[(&str, u8, u8, u8)], rows: &[&[u8]]) -> Vec<u8> {
        let record: usize = 1 + columns.iter().map(|c| usize::from(c.2)).sum::<usize>();
        let mut bytes = vec![0u8; 32];
        bytes[0] = 3;
        bytes[4..8].copy_from_slice(&(rows.len() as u32).to_le_bytes());
        bytes[8..10].copy_from_slice(&(33 + 32 * columns.len() as u16).to_le_bytes());
        bytes[10..12].copy_from_slice(&(record as u16).to_le_bytes());
        for (name, kind, length, decimals) in columns {
            let mut descriptor = [0u8; 32];
            descriptor[..name.len()].copy_from_slice(name.as_bytes());
            descriptor[11] = *kind;
            descriptor[16] = *length;
            descriptor[17] = *decimals;
            bytes.extend(descriptor);
        }
        bytes.push(0x0d);
        for row in rows {
            assert_eq!(row.len(), record);
            bytes.extend(*row);
        }
        bytes
    }

    fn only(kind: u8, length: u8, decimals: u8, text: &[u8]) -> Value {
        let row = [b" ", text].concat();
        let table =
            Attributes::parse(file(&[("X", kind, length, decimals)], &[&row]), None).unwrap();
        table.record(0, &mut ReadReport::default()).unwrap().remove(0)
    }

    #[test]
    fn values_follow_their_columns() {
        assert_eq!(only(b'N', 4, 0, b"  12"), Value::Integer(12));
        assert_eq!(only(b'N', 4, 0, b"****"), Value::Null);
        assert_eq!(only(b'N', 4, 0, b"    "), Value::Null);
        assert_eq!(only(b'N', 4, 1, b" 1.5"), Value::Real(1.5));
        assert_eq!(only(b'F', 4, 1, b" nan"), Value::Null);
        assert_eq!(only(b'L', 1, 0, b"?"), Value::Null);
        assert_eq!(only(b'L', 1, 0, b"F"), Value::Bool(false));
        assert_eq!(only(b'D', 8, 0, b"20221231"), Value::Text("2022-12-31".into()));
        assert_eq!(only(b'C', 4, 0, b"\xe9t\xe9 "), Value::Text("été".into()));
        assert_eq!(only(b'C', 4, 0, b"**  "), Value::Text("**".into()), "text may have asterisks");
    }

    #[test]
    fn a_forged_count_gives_the_records_that_are_there() {
        let mut bytes = file(&[("X", b'C', 3, 0)], &[b" abc", b" def"]);
        bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Attributes::parse(bytes, None).unwrap().len(), 2);
    }
}
