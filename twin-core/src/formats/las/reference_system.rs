//! The reference system of a point file: an OGC WKT record, or GeoTIFF keys.
//!
//! GeoTIFF keys: OGC 19-008r4, *GeoTIFF Standard 1.1*, tables of section 7.4.

use super::bytes::u16_at;
use crate::spatial::{Crs, VerticalDatum};

/// Keys of the GeoTIFF directory.
const GEODETIC_CRS: u16 = 2048;
const PROJECTED_CRS: u16 = 3072;
const VERTICAL_CRS: u16 = 4096;
/// Citations: of the whole, of the geodetic and of the projected system.
const CITATIONS: [u16; 3] = [1026, 2049, 3073];
/// The code that means *defined by other keys*.
const USER_DEFINED: u16 = 32767;

/// Payloads of the records about the reference system.
#[derive(Default)]
pub(super) struct CrsRecords {
    pub(super) wkt: Option<Vec<u8>>,
    pub(super) geo_keys: Option<Vec<u8>>,
    pub(super) geo_texts: Option<Vec<u8>>,
}

/// What these records say.
#[derive(Default)]
pub(super) struct Stated {
    pub(super) crs: Option<Crs>,
    pub(super) vertical_datum: Option<VerticalDatum>,
    pub(super) text: Option<String>,
}

pub(super) fn identify(records: &CrsRecords) -> Stated {
    let wkt = records.wkt.as_deref().map(text_of).filter(|t| !t.is_empty());
    if let Some(wkt) = wkt {
        return Stated {
            crs: Crs::from_wkt(&wkt),
            vertical_datum: VerticalDatum::from_wkt(&wkt),
            text: Some(wkt),
        };
    }
    match &records.geo_keys {
        Some(keys) => from_geo_keys(keys, records.geo_texts.as_deref().unwrap_or_default()),
        None => Stated::default(),
    }
}

fn from_geo_keys(keys: &[u8], texts: &[u8]) -> Stated {
    let mut stated = Stated::default();
    let mut notes = Vec::new();
    let mut citation = None;
    // The first entry is the directory's head; its count of keys is only a promise.
    for entry in keys.chunks_exact(8).skip(1) {
        let field = |i: usize| u16_at(entry, 2 * i).unwrap_or_default();
        let (key, location, count, value) = (field(0), field(1), field(2), field(3));
        match (key, location) {
            (PROJECTED_CRS | GEODETIC_CRS, 0) if value != 0 && value != USER_DEFINED => {
                notes.push(format!("EPSG:{value}"));
                // A projected system stands above the geographic one it rests on.
                if key == PROJECTED_CRS || stated.crs.is_none() {
                    stated.crs = Crs::from_epsg(u32::from(value)).ok().or(stated.crs);
                }
            }
            (VERTICAL_CRS, 0) if value != 0 && value != USER_DEFINED => {
                notes.push(format!("EPSG:{value}"));
                stated.vertical_datum = VerticalDatum::from_epsg(u32::from(value));
            }
            (key, 34737) if CITATIONS.contains(&key) => {
                let (start, end) = (usize::from(value), usize::from(value) + usize::from(count));
                citation = texts.get(start..end.min(texts.len())).map(text_of).or(citation);
            }
            _ => {}
        }
    }
    let has_projected = keys.chunks_exact(8).skip(1).any(|entry| {
        u16_at(entry, 0) == Some(PROJECTED_CRS) && u16_at(entry, 6).is_some_and(|v| v != 0)
    });
    // A projected system that is not known must not fall back to its geographic base.
    if has_projected && stated.crs.is_some_and(Crs::is_geographic) {
        stated.crs = None;
    }
    if let Some(citation) = citation.filter(|c| !c.is_empty()) {
        if stated.crs.is_none() {
            stated.crs = Crs::from_name(citation.trim_end_matches('|'));
        }
        notes.push(citation);
    }
    stated.text = (!notes.is_empty()).then(|| notes.join(" "));
    stated
}

fn text_of(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
}
