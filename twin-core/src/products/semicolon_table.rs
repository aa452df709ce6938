//! The small tables that come with the program: cells separated by semicolons, `#` comments, a
//! header line, so that a spreadsheet opens them.

use crate::{Error, Result};

/// Rows of a table as trimmed cells, after checking the header. `place` names it in errors.
pub(super) fn rows<'a, const N: usize>(
    place: &str,
    text: &'a str,
    header: [&str; N],
) -> Result<Vec<(usize, [&'a str; N])>> {
    let mut rows = Vec::new();
    let mut header_seen = false;
    for (i, line) in text.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}');
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let cells: Vec<&str> = line.split(';').map(|c| c.trim().trim_matches('"')).collect();
        let Ok(cells) = <[&str; N]>::try_from(cells) else {
            return Err(Error::input(
                format!("{place}: {}", i + 1),
                format!("{N} colonnes attendues, séparées par « ; » : {}", header.join(";")),
                format!("{N} columns separated by \";\" are expected: {}", header.join(";")),
            ));
        };
        if !header_seen && cells == header {
            header_seen = true;
            continue;
        }
        rows.push((i + 1, cells));
    }
    Ok(rows)
}
