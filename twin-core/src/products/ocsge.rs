//! OCS GE (CNIG): land cover and use at large scale.
//!
//! Each polygon has a cover code (`code_cs`) and a use code (`code_us`); a table says which class of
//! the model they stand for. Codes come as `CS1.1.1.1` or `1.1.1.1`.

use super::cover_zones::{cover_named, zones};
use super::import_report::ImportReport;
use super::reshape::{Candidates, column, text};
use super::semicolon_table;
use crate::Result;
use crate::formats::FeatureTable;
use crate::territory::{Features, LandCover};

const COVER_TABLE: &str = include_str!("tables/ocsge_cover.csv");

const COVER_NAMES: &[&str] = &["code_cs", "cs", "couverture_code"];
const USE_NAMES: &[&str] = &["code_us", "us", "usage_code"];
const CANDIDATES: Candidates = &[
    ("identifiant", &["id", "cleabs", "id_origine", "fid"]),
    ("code_cs", COVER_NAMES),
    ("code_us", USE_NAMES),
];

struct Rule {
    cover_code: String,
    use_code: String,
    cover: LandCover,
}

/// Reader of OCS GE.
pub struct OcsGe {
    rules: Vec<Rule>,
}

impl OcsGe {
    /// A reader with the table that comes with the program.
    pub fn new() -> Result<Self> {
        Self::with_table("ocsge_cover.csv", COVER_TABLE)
    }

    /// A reader with another table; `place` names it in errors.
    pub fn with_table(place: &str, text: &str) -> Result<Self> {
        let header = ["code_cs", "code_us", "land_cover"];
        let rules = semicolon_table::rows(place, text, header)?
            .into_iter()
            .map(|(line, [cover_code, use_code, cover])| {
                let cover = cover_named(cover, place, line)?;
                Ok(Rule { cover_code: bare(cover_code), use_code: bare(use_code), cover })
            })
            .collect::<Result<_>>()?;
        Ok(Self { rules })
    }

    /// The class that a pair of codes stands for.
    pub fn land_cover(&self, code_cs: &str, code_us: Option<&str>) -> LandCover {
        let (cover, usage) = (bare(code_cs), bare(code_us.unwrap_or_default()));
        self.rules
            .iter()
            .find(|rule| fits(&rule.cover_code, &cover) && fits(&rule.use_code, &usage))
            .map_or(LandCover::Unknown, |rule| rule.cover)
    }

    /// Land-cover zones of the tables that have a cover code.
    pub fn from_tables(
        &self,
        tables: impl IntoIterator<Item = FeatureTable>,
        report: &mut ImportReport,
    ) -> Features {
        let class = |table: &FeatureTable| {
            let cover = column(table, COVER_NAMES)?;
            Some((cover, column(table, USE_NAMES)))
        };
        zones(tables, CANDIDATES, report, "code_cs", class, |(cover, usage), values| {
            let code = text(values, Some(*cover)).unwrap_or_default();
            let cover = self.land_cover(&code, text(values, *usage).as_deref());
            (code, cover)
        })
    }
}

/// Without the `CS` or `US` in front.
fn bare(code: &str) -> String {
    let code = code.trim().to_ascii_uppercase();
    let code = code.strip_prefix("CS").or_else(|| code.strip_prefix("US")).unwrap_or(&code);
    code.trim_matches(['.', ' ']).to_owned()
}

/// A pattern fits itself and the codes below it.
fn fits(pattern: &str, code: &str) -> bool {
    pattern.is_empty()
        || code.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Feature, FieldKind, Value};
    use crate::spatial::{Geometry, Polygon};

    #[test]
    fn every_published_cover_has_a_class() {
        let ocsge = OcsGe::new().unwrap();
        for code in [
            "1.1.1.1", "1.1.1.2", "1.1.2.1", "1.1.2.2", "1.2.1", "1.2.2", "1.2.3", "2.1.1.1",
            "2.1.1.2", "2.1.1.3", "2.1.2", "2.1.3", "2.2.1", "2.2.2",
        ] {
            assert_ne!(ocsge.land_cover(&format!("CS{code}"), None), LandCover::Unknown, "{code}");
        }
    }

    #[test]
    fn the_use_tells_a_crop_from_a_lawn_and_a_road_from_a_railway() {
        let ocsge = OcsGe::new().unwrap();
        assert_eq!(ocsge.land_cover("CS2.2.1", Some("US1.1")), LandCover::Crop);
        assert_eq!(ocsge.land_cover("CS2.2.1", Some("US5")), LandCover::Grass);
        assert_eq!(ocsge.land_cover("CS1.1.1.2", Some("US4.1.1")), LandCover::Sealed);
        assert_eq!(ocsge.land_cover("CS1.1.1.2", Some("US4.1.2")), LandCover::Mineral);
        assert_eq!(ocsge.land_cover("CS9", None), LandCover::Unknown);
    }

    #[test]
    fn unknown_codes_are_read_and_counted() {
        let mut table = FeatureTable::new("OCCUPATION_SOL", None)
            .with_field("ID", FieldKind::Text)
            .with_field("CODE_CS", FieldKind::Text);
        for (id, code) in [("a", "CS1.1.1.1"), ("b", "CS7")] {
            let square = Polygon::from_corners(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]);
            table.features.push(Feature {
                geometry: Some(Geometry::Polygons(vec![square])),
                values: vec![Value::Text(id.into()), Value::Text(code.into())],
            });
        }
        let mut report = ImportReport::default();
        let features = OcsGe::new().unwrap().from_tables([table], &mut report);
        let covers: Vec<LandCover> = features.land_cover.iter().map(|z| z.cover).collect();
        assert_eq!(covers, [LandCover::Built, LandCover::Unknown]);
        assert_eq!(report.layers[0].unlisted["code_cs"]["CS7"], 1);
    }
}
