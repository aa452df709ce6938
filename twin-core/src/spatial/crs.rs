//! Coordinate reference systems of French territories.

use serde::{Deserialize, Serialize};

use crate::{Error, Result, language::Text};

/// A coordinate reference system known by its EPSG code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Crs {
    epsg: u32,
}

impl Crs {
    /// RGF93 v1 / Lambert-93, the legal system of mainland France.
    pub const LAMBERT_93: Self = Self { epsg: 2154 };
    /// WGS 84, longitude and latitude in degrees (axis order x = longitude here).
    pub const WGS_84: Self = Self { epsg: 4326 };

    /// From an EPSG code.
    pub fn from_epsg(epsg: u32) -> Result<Self> {
        Ok(Self { epsg })
    }

    /// From well-known text.
    pub fn from_wkt(wkt: &str) -> Option<Self> {
        let (_, tail) = wkt.rsplit_once("\"EPSG\"")?;
        tail.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok().map(|epsg| Self { epsg })
    }

    /// From a name.
    pub fn from_name(_name: &str) -> Option<Self> {
        None
    }

    /// Whether coordinates are degrees.
    pub fn is_geographic(self) -> bool {
        self.epsg == 4326
    }

    /// EPSG code.
    pub fn epsg(self) -> u32 {
        self.epsg
    }
}

impl From<Crs> for String {
    fn from(crs: Crs) -> Self {
        format!("EPSG:{}", crs.epsg)
    }
}

impl TryFrom<String> for Crs {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.trim()
            .strip_prefix("EPSG:")
            .and_then(|t| t.parse().ok())
            .map(|epsg| Self { epsg })
            .ok_or_else(|| Error::Crs {
                given: text.clone(),
                mend: Text::new(
                    "écrire « EPSG:2154 » par exemple",
                    "write \"EPSG:2154\" for example",
                ),
            })
    }
}

/// Height datum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerticalDatum {
    /// NGF-IGN69.
    NgfIgn69,
}

impl VerticalDatum {
    /// From an EPSG code.
    pub fn from_epsg(epsg: u32) -> Option<Self> {
        (epsg == 5720).then_some(Self::NgfIgn69)
    }

    /// From well-known text.
    pub fn from_wkt(_wkt: &str) -> Option<Self> {
        None
    }
}

/// Moves positions from one system to another.
#[derive(Debug)]
pub struct Transformer;
