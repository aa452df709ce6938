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
    if text.matches('"').count() % 2 == 1 {
        return Err(Error::file(
            path,
            FileProblem::damaged(
                "un guillemet ouvert n'est pas refermé : la suite du tableau serait prise pour une cellule ; le compléter ou l'ôter",
                "a quote is opened and not closed: the rest of the table would become one cell; close it or take it out",
            ),
        ));
    }
    let mut lines = csv::ReaderBuilder::new()
        .delimiter(separator as u8)
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let names = lines.headers().cloned().unwrap_or_default();
    let mut report = ReadReport::default();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for record in lines.records().filter_map(|record| record.ok()) {
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() > names.len() {
            let (cells, columns) = (record.len(), names.len());
            let problem = FileProblem::damaged(
                format!("{cells} cellules pour {columns} colonnes"),
                format!("{cells} cells for {columns} columns"),
            );
            report.skip(record.position().map_or(0, |at| at.line() as i64), problem);
            continue;
        }
        let mut row: Vec<String> = record.iter().map(str::to_owned).collect();
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
        table = table.with_field(name, kind);
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

    #[test]
    fn a_quote_that_is_not_closed_is_told_and_swallows_nothing() {
        let error = parsed(b"nom;n\n\"Orange;1\nDinan;2\n").unwrap_err();
        assert!(error.to_string().contains("quote"), "{error}");
    }
}
