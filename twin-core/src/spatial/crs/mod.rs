//! Coordinate reference systems of French territories.
//!
//! A [`Crs`] is an EPSG code of a table that this program can write, name and (but for one)
//! transform; other codes are refused with a sentence that says what to do. x is always east or
//! longitude and y north or latitude, whatever axis order EPSG gives, and geographic coordinates
//! are in degrees.
//!
//! ```
//! use twin_core::spatial::{Crs, Transformer};
//!
//! let to_lambert = Transformer::new(Crs::WGS_84, Crs::parse("EPSG:2154")?)?;
//! let (x, y) = to_lambert.point(3.0, 46.5);
//! assert!((x - 700_000.0).abs() < 1e-6 && (y - 6_600_000.0).abs() < 1e-6);
//! # Ok::<(), twin_core::Error>(())
//! ```

mod definition;
mod globe;
mod height_grid;
mod name;
mod transformer;
mod vertical;
mod wkt;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use globe::{Geographic, Globe, LocalFrame};
pub use height_grid::HeightGrid;
pub use transformer::Transformer;
pub use vertical::VerticalDatum;

use self::definition::Definition;
pub(crate) use self::definition::Projection;
use super::Extent;
use crate::language::Text;
use crate::{Error, Language, Result};

/// A coordinate reference system known by its EPSG code. Written `EPSG:2154`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Crs {
    epsg: u32,
}

impl Crs {
    /// RGF93 v1 / Lambert-93, the legal system of mainland France.
    pub const LAMBERT_93: Self = Self { epsg: 2154 };
    /// WGS 84, longitude and latitude in degrees (axis order x = longitude here). CRS84 of OGC and
    /// EPSG:4326 are this one system.
    pub const WGS_84: Self = Self { epsg: 4326 };

    /// From an EPSG code.
    ///
    /// # Errors
    /// When the code is not in the table.
    pub fn from_epsg(epsg: u32) -> Result<Self> {
        if Definition::of(epsg).is_some() {
            return Ok(Self { epsg });
        }
        let (fr, en) = match epsg {
            27561..=27574 | 27581..=27584 | 4275 => (
                "le système NTF demande une grille de conversion ; reprojeter d'abord en Lambert-93 (EPSG:2154)",
                "the NTF system needs a conversion grid; reproject to Lambert-93 (EPSG:2154) first",
            ),
            _ => (
                "ce code n'est pas connu ici ; reprojeter dans le système légal du territoire, par exemple EPSG:2154",
                "this code is not known here; reproject to the legal system of the territory, such as EPSG:2154",
            ),
        };
        Err(Error::Crs { given: format!("EPSG:{epsg}"), mend: Text::new(fr, en) })
    }

    /// EPSG code.
    pub fn epsg(self) -> u32 {
        self.epsg
    }

    /// From `EPSG:2154`, `urn:ogc:def:crs:EPSG::2154`, `http://www.opengis.net/def/crs/EPSG/0/2154`,
    /// `OGC:CRS84`, `urn:ogc:def:crs:OGC:1.3:CRS84` or `IGNF:LAMB93`. The height part of
    /// `EPSG:2154+5720` is dropped; [`Crs::parse_with_datum`] gives it.
    ///
    /// # Errors
    /// When the text is none of these forms or the system is not known.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self::parse_with_datum(text)?.0)
    }

    /// As [`Crs::parse`], with the height datum of a compound such as `EPSG:2154+5720`.
    ///
    /// # Errors
    /// When the text is no reference system, or one of its parts is not known.
    pub fn parse_with_datum(text: &str) -> Result<(Self, Option<VerticalDatum>)> {
        let given = text.trim();
        let (horizontal, vertical) = match given.split_once('+') {
            Some((horizontal, vertical)) => (horizontal.trim(), Some(vertical.trim())),
            None => (given, None),
        };
        let unknown = || Error::Crs {
            given: given.to_owned(),
            mend: Text::new("écrire « EPSG:2154 » par exemple", "write \"EPSG:2154\" for example"),
        };
        let crs = match name::epsg_code(horizontal) {
            Some(code) => Self::from_epsg(code)?,
            None => name::authority_name(horizontal).ok_or_else(unknown)?,
        };
        let datum = match vertical {
            Some(vertical) => Some(VerticalDatum::parse(vertical).ok_or_else(unknown)?),
            None => None,
        };
        Ok((crs, datum))
    }

    /// From well-known text of OGC (versions 1 and 2) or ESRI: by the authority code of its
    /// horizontal system, else by its projection, datum and names. `None` where that is not
    /// certain.
    pub fn from_wkt(wkt: &str) -> Option<Self> {
        wkt::horizontal(wkt)
    }

    /// From a name such as `RGF93 v1 / Lambert-93`, `RGF_1993_Lambert_93` or
    /// `WGS_1984_UTM_Zone_31N`; spelling and vintage of the common programs are forgiven.
    pub fn from_name(text: &str) -> Option<Self> {
        name::epsg_code(text)
            .and_then(|code| Self::from_epsg(code).ok())
            .or_else(|| name::authority_name(text))
            .or_else(|| name::by_name(text))
    }

    /// Well-known text, version 1 of OGC, with authority codes.
    pub fn to_wkt(self) -> String {
        wkt::version_1(&self.definition())
    }

    /// Well-known text of the compound with a height datum; the plain text for
    /// [`VerticalDatum::Unknown`].
    pub fn to_wkt_with_heights(self, datum: VerticalDatum) -> String {
        wkt::version_1_with_heights(&self.definition(), datum)
    }

    /// Well-known text, version 2 of OGC (ISO 19162:2019), with the authority code.
    pub fn to_wkt2(self) -> String {
        wkt::version_2(&self.definition())
    }

    /// Whether coordinates are degrees.
    pub fn is_geographic(self) -> bool {
        matches!(self.definition().projection, Projection::Geographic)
    }

    /// Name for people.
    pub fn name(self, language: Language) -> String {
        let name = self.definition().name;
        match language {
            Language::En => name,
            Language::Fr => name.replace("UTM zone", "UTM fuseau"),
        }
    }

    /// Area the system is meant for: west, south, east, north in degrees.
    pub fn area_of_use(self) -> Extent {
        self.definition().area
    }

    /// Legal height datum of the territory the system is made for; `None` where one system serves
    /// islands with different datums (EPSG:5490) or the whole world. Corsica shares its horizontal
    /// system with the mainland: see [`VerticalDatum::legal_at`].
    pub fn legal_vertical_datum(self) -> Option<VerticalDatum> {
        self.definition().vertical
    }

    /// Whether a position lies in the area of use, give or take some degrees; `None` for the one
    /// system that cannot be transformed. A position outside tells that the system is a wrong one.
    pub fn is_plausible_at(self, x: f64, y: f64) -> Option<bool> {
        const MARGIN_DEG: f64 = 2.0;
        let to_degrees = Transformer::new(self, Self::WGS_84).ok()?;
        let (longitude, latitude) = to_degrees.point(x, y);
        let area = self.area_of_use().buffered(MARGIN_DEG);
        Some(area.contains(longitude, latitude))
    }

    pub(crate) fn definition(self) -> Definition {
        // Only `from_epsg` makes other codes, and only those that are defined.
        Definition::of(self.epsg).unwrap_or_else(Definition::wgs_84)
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EPSG:{}", self.epsg)
    }
}

impl FromStr for Crs {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl From<Crs> for String {
    fn from(crs: Crs) -> Self {
        crs.to_string()
    }
}

impl TryFrom<String> for Crs {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl schemars::JsonSchema for Crs {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Crs".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "coordinate reference system by its EPSG code",
            "examples": ["EPSG:2154", "EPSG:2975"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_form_of_lambert_93_is_understood() {
        for text in [
            "EPSG:2154",
            " epsg:2154 ",
            "urn:ogc:def:crs:EPSG::2154",
            "urn:ogc:def:crs:EPSG:9.8.6:2154",
            "http://www.opengis.net/def/crs/EPSG/0/2154",
            "https://www.opengis.net/def/crs/EPSG/9.9.1/2154",
            "http://www.opengis.net/gml/srs/epsg.xml#2154",
            "IGNF:LAMB93",
            "EPSG:2154+5720",
        ] {
            assert_eq!(Crs::parse(text).unwrap(), Crs::LAMBERT_93, "{text}");
        }
        for text in ["OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84", "CRS:84", "EPSG:4326"] {
            assert_eq!(Crs::parse(text).unwrap(), Crs::WGS_84, "{text}");
        }
    }

    #[test]
    fn a_compound_gives_its_height_datum() {
        let parse = |text| Crs::parse_with_datum(text).unwrap();
        assert_eq!(parse("EPSG:2154+5721"), (Crs::LAMBERT_93, Some(VerticalDatum::NgfIgn78)));
        assert_eq!(parse("EPSG:2154"), (Crs::LAMBERT_93, None));
        assert!(Crs::parse("EPSG:2154+1").is_err());
    }

    #[test]
    fn unknown_systems_are_refused_with_a_mend() {
        for text in ["", "Lambert", "EPSG:", "EPSG:99999", "EPSG:2154x", "EPSG:-2154"] {
            assert_eq!(Crs::parse(text).unwrap_err().code(), "crs", "{text}");
        }
        let error = Crs::parse("EPSG:27572").unwrap_err();
        assert!(error.text(Language::Fr).contains("Lambert-93"), "{error}");
    }

    #[test]
    fn serde_writes_the_code() {
        let text = serde_json::to_string(&Crs::LAMBERT_93).unwrap();
        assert_eq!(text, "\"EPSG:2154\"");
        assert_eq!(serde_json::from_str::<Crs>(&text).unwrap(), Crs::LAMBERT_93);
        assert!(serde_json::from_str::<Crs>("\"EPSG:1\"").is_err());
    }

    #[test]
    fn coordinates_of_another_system_are_implausible() {
        assert_eq!(Crs::LAMBERT_93.is_plausible_at(292_500.0, 6_832_500.0), Some(true));
        // Saint-Barthélemy in UTM, Lamballe in longitude and latitude, with its axes swapped.
        for (x, y) in [(515_000.0, 1_981_000.0), (-2.5, 48.5), (6_832_500.0, 292_500.0)] {
            assert_eq!(Crs::LAMBERT_93.is_plausible_at(x, y), Some(false), "{x}, {y}");
        }
        let antilles = Crs::from_epsg(5490).unwrap();
        assert_eq!(antilles.is_plausible_at(515_000.0, 1_981_000.0), Some(true));
        assert_eq!(Crs::from_epsg(28992).unwrap().is_plausible_at(84_808.0, 447_412.0), None);
    }

    #[test]
    fn names_in_both_languages() {
        let crs = Crs::from_epsg(2975).unwrap();
        assert_eq!(crs.name(Language::En), "RGR92 / UTM zone 40S");
        assert_eq!(crs.name(Language::Fr), "RGR92 / UTM fuseau 40S");
    }
}
