//! Text tables: a header line, then one record a line.
//!
//! The separator is the one of `;`, tab and `,` that occurs most often in the header. Cells may be
//! quoted with `"`. A column whose filled cells all read as whole or real numbers has that type,
//! unless one is a code with a leading zero; a decimal comma counts where the separator is another.

use std::path::Path;

use super::{Feature, FeatureTable, FieldKind, LayerRead, ReadReport, Value};
use crate::{Error, FileProblem, Result};

/// Reads a text table without geometry.
pub(super) fn read(path: &Path) -> Result<LayerRead> {
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        // Spreadsheets of French administrations still write Windows-1252.
        Err(error) => encoding_rs::WINDOWS_1252.decode(error.as_bytes()).0.into_owned(),
    };
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    if header.trim().is_empty() {
        return Err(Error::file(path, FileProblem::Empty));
    }
    let separator = [';', '\t', ',']
        .into_iter()
        .max_by_key(|s| (header.matches(*s).count(), *s == ';'))
        .unwrap_or(';');
    let mut records = records(text, separator);
    let names = records.next().unwrap_or_default();
    let mut report = ReadReport::default();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (at, mut row) in records.enumerate() {
        if row.iter().all(|cell| cell.is_empty()) {
            continue;
        }
        if row.len() > names.len() {
            let (cells, columns) = (row.len(), names.len());
            let problem = FileProblem::damaged(
                format!("{cells} cellules pour {columns} colonnes"),
                format!("{cells} cells for {columns} columns"),
            );
            report.skip(at as i64 + 2, problem);
            continue;
        }
        row.resize(names.len(), String::new());
        rows.push(row);
    }
    let name = path.file_stem().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let mut table = FeatureTable::new(name, None);
    let decimal_comma = separator != ',';
    for (column, name) in names.iter().enumerate() {
        let filled = || rows.iter().map(|r| r[column].as_str()).filter(|c| !c.is_empty());
        let kind = if filled().next().is_none() || filled().any(is_code) {
            FieldKind::Text
        } else if filled().all(|c| c.parse::<i64>().is_ok()) {
            FieldKind::Integer
        } else if filled().all(|c| real(c, decimal_comma).is_some()) {
            FieldKind::Real
        } else {
            FieldKind::Text
        };
        table = table.with_field(name.clone(), kind);
    }
    for row in rows {
        let values = row.into_iter().zip(&table.fields).map(|(cell, field)| {
            let value = match field.kind {
                _ if cell.is_empty() => None,
                FieldKind::Integer => cell.parse().ok().map(Value::Integer),
                FieldKind::Real => real(&cell, decimal_comma).map(Value::Real),
                FieldKind::Text | FieldKind::Bool => Some(Value::Text(cell)),
            };
            value.unwrap_or(Value::Null)
        });
        let values = values.collect();
        table.features.push(Feature { geometry: None, values });
    }
    Ok(LayerRead { table, report })
}

fn real(cell: &str, decimal_comma: bool) -> Option<f64> {
    let text = if decimal_comma { cell.replace(',', ".") } else { cell.to_owned() };
    text.parse::<f64>().ok().filter(|v| v.is_finite())
}

/// Records of a text, each as its trimmed cells.
fn records(text: &str, separator: char) -> impl Iterator<Item = Vec<String>> {
    let mut rest = text.chars().peekable();
    std::iter::from_fn(move || {
        rest.peek()?;
        let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
        while let Some(c) = rest.next() {
            match c {
                '"' if quoted && rest.peek() == Some(&'"') => {
                    cell.push('"');
                    rest.next();
                }
                '"' => quoted = !quoted,
                '\n' if !quoted => break,
                '\r' if !quoted => (),
                c if c == separator && !quoted => {
                    cells.push(std::mem::take(&mut cell).trim().to_owned())
                }
                c => cell.push(c),
            }
        }
        cells.push(cell.trim().to_owned());
        Some(cells)
    })
}

/// Digits that begin with a zero: an INSEE code, a postcode, no number.
fn is_code(cell: &str) -> bool {
    cell.len() > 1 && cell.starts_with('0') && cell.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(bytes: &[u8]) -> Result<LayerRead> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ages.csv");
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    #[test]
    fn types_follow_the_cells_and_decimal_commas_count() {
        let layer = parsed(b"nom;n;part\n\"Saint-Malo; intra\";3;0,5\nDinan;;1,25\n").unwrap();
        let kinds: Vec<FieldKind> = layer.table.fields.iter().map(|f| f.kind).collect();
        assert_eq!(kinds, [FieldKind::Text, FieldKind::Integer, FieldKind::Real]);
        assert_eq!(layer.table.features[0].values[0], Value::Text("Saint-Malo; intra".into()));
        assert_eq!(layer.table.features[1].values[1..], [Value::Null, Value::Real(1.25)]);
    }

    #[test]
    fn windows_1252_and_overlong_rows() {
        let layer = parsed(b"nom,n\nOrl\xe9ans,1\na,b,c\n").unwrap();
        assert_eq!(layer.table.features[0].values[0], Value::Text("Orléans".into()));
        assert_eq!(layer.report.skipped.len(), 1);
        assert!(parsed(b"").is_err());
    }
}
