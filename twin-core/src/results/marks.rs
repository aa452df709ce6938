//! Flood marks (repères de crue): what the water reached, read from tables and vector files.

use std::path::Path;

use crate::formats::{self, FeatureTable, Value};
use crate::language::Text;
use crate::spatial::{Crs, Geometry};
use crate::territory::fold;
use crate::{Error, FileProblem, Result};

const LEVEL: &[&str] = &["level_m", "z_repere", "niveau", "altitude", "level", "z", "zphe"];
const DATE: &[&str] = &["date_crue", "date", "evenement", "event"];
const NAME: &[&str] = &["name", "nom", "numrepere", "numfiche", "id"];
const X: &[&str] = &["x", "easting", "x_l93"];
const Y: &[&str] = &["y", "northing", "y_l93"];

/// A level that water reached.
#[derive(Debug, Clone, PartialEq)]
pub struct FloodMark {
    /// Name or number.
    pub name: String,
    /// Date of the flood as the file writes it, with `-` between its parts; `?` where unknown.
    pub event: Option<String>,
    /// Position in the CRS asked for.
    pub position: [f64; 2],
    /// Level in the vertical datum of the file, m.
    pub level_m: f64,
}

/// Marks and what was left out.
#[derive(Debug, Clone, Default)]
pub struct FloodMarks {
    /// The marks that can be used.
    pub marks: Vec<FloodMark>,
    /// Why others were left out.
    pub notes: Vec<Text>,
}

/// Reads marks from a vector file with points or a text table with columns `x`, `y` and a level
/// (`level_m`, `Z_REPERE` …). A level of 0 or none is left out: it stands for *unknown* in the
/// databases of the State's services.
///
/// # Errors
/// A file that cannot be read, or without positions or a column of levels.
pub fn read_flood_marks(path: &Path, crs: Crs) -> Result<FloodMarks> {
    let mut found = FloodMarks::default();
    let mut unknown = 0usize;
    for mut table in formats::read_vector(path)? {
        let level = column(&table, LEVEL).ok_or_else(|| {
            let problem = FileProblem::MissingField {
                name: "level_m".to_owned(),
                available: table.fields.iter().map(|f| f.name.clone()).collect(),
            };
            Error::file(path, problem)
        })?;
        table.transform_to(crs)?;
        let (date, name) = (column(&table, DATE), column(&table, NAME));
        let (x, y) = (column(&table, X), column(&table, Y));
        for (index, feature) in table.features.iter().enumerate() {
            let real = |c: Option<usize>| c.and_then(|c| feature.values.get(c)?.as_real());
            let text = |c: Option<usize>| c.and_then(|c| written(feature.values.get(c)?));
            let position = match &feature.geometry {
                Some(Geometry::Points(points)) => points.first().map(|p| [p[0], p[1]]),
                Some(_) => None,
                None => real(x).zip(real(y)).map(|(x, y)| [x, y]),
            };
            let level_m = real(Some(level)).filter(|z| z.is_finite() && *z != 0.0);
            match position.zip(level_m) {
                Some((position, level_m)) => found.marks.push(FloodMark {
                    name: text(name).unwrap_or_else(|| (index + 1).to_string()),
                    event: text(date).map(|d| d.replace('/', "-")),
                    position,
                    level_m,
                }),
                None => unknown += 1,
            }
        }
    }
    if found.marks.is_empty() {
        return Err(Error::file(
            path,
            FileProblem::damaged(
                format!("aucun repère avec une position et un niveau non nul ({unknown} sans)"),
                format!("no mark with a position and a level other than 0 ({unknown} without)"),
            ),
        ));
    }
    if unknown > 0 {
        found.notes.push(Text::new(
            format!("{unknown} repère(s) sans position ou sans niveau (0 veut dire inconnu) laissés de côté"),
            format!("{unknown} mark(s) without a position or a level (0 means unknown) left out"),
        ));
    }
    Ok(found)
}

fn column(table: &FeatureTable, names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| table.fields.iter().position(|f| fold(&f.name) == fold(name)))
}

fn written(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_a_table_and_what_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reperes.csv");
        let rows =
            "nom;x;y;Z_REPERE;DATE_CRUE\nPont;10,5;20;3,25;2002/12/12\nMur;11;21;0;1933/??/??\n";
        std::fs::write(&path, rows).unwrap();
        let found = read_flood_marks(&path, Crs::LAMBERT_93).unwrap();
        assert_eq!(found.marks.len(), 1);
        let mark = &found.marks[0];
        assert_eq!((mark.name.as_str(), mark.position, mark.level_m), ("Pont", [10.5, 20.0], 3.25));
        assert_eq!(mark.event.as_deref(), Some("2002-12-12"));
        assert_eq!(found.notes.len(), 1);
        std::fs::write(&path, "x;y\n1;2\n").unwrap();
        assert!(read_flood_marks(&path, Crs::LAMBERT_93).is_err());
    }

    #[test]
    fn marks_of_a_state_service() {
        let Some(path) =
            crate::test_support::data("risks/flood_marks_herault/Reperes_crue_extrait_DDTM34.shp")
        else {
            return;
        };
        let found = read_flood_marks(&path, Crs::LAMBERT_93).unwrap();
        // 439 points, of which 3 have the level 0 and 2 none.
        assert_eq!(found.marks.len(), 434);
        assert!(found.marks.iter().any(|m| m.event.as_deref() == Some("2002-12-12")));
    }
}
