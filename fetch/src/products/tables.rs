//! What products of JSON services share: files whose text is made of records.

use std::path::Path;

use serde_json::Value;
use twin_core::Result;
use twin_core::results::write_atomically;

use super::Got;
use crate::pages::cell;

/// Writes a table with semicolons; without rows no file.
pub(super) fn write_table(header: &str, rows: &[Vec<String>], to: &Path) -> Result<Got> {
    if rows.is_empty() {
        return Ok(Got::Nothing);
    }
    let mut text = format!("{header}\n");
    for row in rows {
        let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
        text.push_str(&cells.join(";"));
        text.push('\n');
    }
    write_atomically(to, text.as_bytes())?;
    Ok(Got::File(Some(rows.len())))
}

/// Writes records as JSON; without any no file.
pub(super) fn write_json(records: &[Value], document: &Value, to: &Path) -> Result<Got> {
    if records.is_empty() {
        return Ok(Got::Nothing);
    }
    write_atomically(to, format!("{document}\n").as_bytes())?;
    Ok(Got::File(Some(records.len())))
}
