//! LiDAR HD: the tiles of an index, as COPC files, whole or just the part in the area.
//!
//! Two indexes are known, of which one may be gone: `IGNF_LIDAR-HD_METADONNEE:metadata` with the address
//! in `url_npl`, and `IGNF_NUAGES-DE-POINTS-LIDAR-HD:dalle` with it in `url`. Addresses begin with `http://`
//! now and then, and some names have a dash where an underscore is meant; a tile that is not there under
//! the name of the index is asked for under the other.
//!
//! Of a tile at the border of the area only the nodes of its octree that touch the area are asked for,
//! by ranges of bytes from the range-enabled twin of the address. Where the area covers most of a tile, or
//! ranges are not given, the tile comes whole.

use std::path::Path;

use serde_json::Value;
use twin_core::formats::las::{CopcWindow, PointFile};
use twin_core::spatial::Extent;
use twin_core::{Error, Result};

use super::{Got, Part, Product, Source, file_name};
use crate::client::{Client, with_suffix};
use crate::content::Content;
use crate::far_file::FarFile;
use crate::pages::text;
use crate::place::Area;
use crate::services::Service;
use crate::wfs::Query;

/// Layers of the indexes and the property with the address.
const INDEXES: [(&str, &str); 2] = [
    ("IGNF_LIDAR-HD_METADONNEE:metadata", "url_npl"),
    ("IGNF_NUAGES-DE-POINTS-LIDAR-HD:dalle", "url"),
];
/// Most bytes of a tile: the largest known have a fifth of it.
const MOST_TILE_BYTES: u64 = 1_000_000_000;
/// Bytes of a tile on average, and of a point: 86–205 MB for 20–35 million points.
const TYPICAL_TILE_BYTES: u64 = 140_000_000;
const BYTES_PER_POINT: f64 = 5.0;
/// Share of a tile in the area, or of its bytes, from which it comes whole.
const WHOLE_SHARE: f64 = 0.6;
/// Side of a tile, metres.
pub(super) const TILE_M: f64 = 1000.0;

/// LiDAR HD, as much as the area needs.
pub static LIDAR_HD: LidarHd = LidarHd {
    code: "lidar-hd",
    is_whole: false,
    sources: &[Source::new("lidar-hd", "sources/lidar-hd/*.laz")],
};
/// LiDAR HD in whole tiles.
pub static LIDAR_HD_TILES: LidarHd = LidarHd {
    code: "lidar-hd-tiles",
    is_whole: true,
    sources: &[Source::new("lidar-hd", "sources/lidar-hd-tiles/*.laz")],
};

/// LiDAR HD.
#[derive(Debug, Clone, Copy)]
pub struct LidarHd {
    code: &'static str,
    /// Whether tiles at the border come whole too.
    is_whole: bool,
    sources: &'static [Source],
}

impl Product for LidarHd {
    fn code(&self) -> &'static str {
        self.code
    }

    fn is_essential(&self, _: &str) -> bool {
        true
    }

    fn is_sound(&self, file: &Path) -> bool {
        PointFile::open(file).is_ok()
    }

    fn parts(&self, area: &Area, client: &Client) -> Result<Vec<Part>> {
        let mut parts = index(area, client)?;
        for part in &mut parts {
            let share = share_within(&part.file, &area.extent);
            if !self.is_whole && share < WHOLE_SHARE {
                part.expected_bytes = part.expected_bytes.map(|b| (b as f64 * share) as u64);
                *part = part.clone().in_window(area);
            }
        }
        Ok(parts)
    }

    fn get(&self, part: &Part, area: &Area, client: &Client, to: &Path) -> Result<Got> {
        if part.is_window() {
            let by_ranges = range_address(part.address());
            if let Some(got) = window(client, &by_ranges, &area.extent, to)? {
                return Ok(got);
            }
        }
        let get =
            |url: &str| client.download(Service::Download, url, to, Content::Laz, MOST_TILE_BYTES);
        let mut found = get(part.address())?;
        if let (None, Some(other)) = (found, with_underscore(part.address())) {
            found = get(&other)?;
        }
        Ok(found.map_or(Got::Absent, |_| Got::File(None)))
    }

    fn sources(&self) -> &'static [Source] {
        self.sources
    }

    fn licence(&self) -> (&'static str, &'static str) {
        ("Licence Ouverte 2.0", "IGN – LiDAR HD")
    }
}

/// The tiles of an area by the first index that has any.
pub(super) fn index(area: &Area, client: &Client) -> Result<Vec<Part>> {
    let mut first_error = None;
    let mut has_answered = false;
    for (layer, property) in INDEXES {
        match tiles(layer, property, area, client) {
            Ok(parts) if !parts.is_empty() => return Ok(parts),
            Ok(_) => has_answered = true,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    // Where one index knows of no tile, the other may be gone.
    match first_error {
        Some(error) if !has_answered => Err(error),
        _ => Ok(Vec::new()),
    }
}

fn tiles(layer: &str, property: &str, area: &Area, client: &Client) -> Result<Vec<Part>> {
    let query =
        Query { layer, crs: area.crs, extent: Some(area.extent), filter: None, sort_by: None };
    let mut parts: Vec<Part> = Vec::new();
    query.features(client, |feature| {
        let property_of = |key: &str| text(feature, &format!("/properties/{key}"));
        let stated = property_of(property);
        if stated.is_empty() {
            return Ok(());
        }
        let url = client.services().on_download_host(&stated).ok_or_else(|| {
            Error::input(
                &stated,
                "l'index renvoie une dalle vers un autre hôte, ce qui n'est pas suivi",
                "the index gives a tile on another host, which is not followed",
            )
        })?;
        let file = file_name(&url)?;
        let points = feature.pointer("/properties/nombre_points").and_then(Value::as_f64);
        let bytes = points.filter(|n| *n > 0.0 && *n < 1e10).map(|n| (n * BYTES_PER_POINT) as u64);
        parts.push(Part {
            file,
            url,
            expected_bytes: bytes.or(Some(TYPICAL_TILE_BYTES)),
            edition: Some(property_of("date_edition")).filter(|date| !date.is_empty()),
        });
        Ok(())
    })?;
    // Of two addresses for one tile, under an old and a new name as it may be, the latest edition.
    let place = |part: &Part| corner(&part.file).map(|(x, y)| [x, y].map(f64::to_bits));
    parts.sort_by(|a, b| (place(a), &b.edition, &a.file).cmp(&(place(b), &a.edition, &b.file)));
    parts.dedup_by(|later, first| {
        later.file == first.file || place(first).is_some() && place(later) == place(first)
    });
    parts.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(parts)
}

/// The nodes of a far tile that touch an extent; `None` where it comes whole.
fn window(client: &Client, url: &str, extent: &Extent, to: &Path) -> Result<Option<Got>> {
    let twin = with_suffix(to, "far");
    let mut far = match FarFile::open(client, Service::Download, url, &twin, MOST_TILE_BYTES) {
        Ok(Some(far)) => far,
        Err(Error::Cancelled) => return Err(Error::Cancelled),
        // Who refuses ranges may still give the whole.
        Ok(None) | Err(_) => return Ok(None),
    };
    let length = far.length();
    let mut missing = |ranges: &[std::ops::Range<u64>]| far.fill(ranges);
    let found = CopcWindow::find(&twin, extent, &mut missing).and_then(|window| {
        let share = window.bytes() as f64 / length.max(1) as f64;
        if window.points() == 0 {
            return Ok(Some(Got::Nothing));
        }
        if share > WHOLE_SHARE {
            return Ok(None);
        }
        window.write(to, &mut missing)?;
        Ok(Some(Got::File(usize::try_from(window.points()).ok())))
    });
    let is_useless = far.has_changed() || matches!(found, Err(Error::File { .. }));
    match found {
        // What is no COPC file, not sound or another one now may still come whole.
        Err(_) if is_useless => {
            far.forget();
            Ok(None)
        }
        // What was interrupted goes on later.
        Err(error) => Err(error),
        Ok(got) => {
            far.forget();
            Ok(got)
        }
    }
}

/// The address that gives ranges of bytes.
fn range_address(url: &str) -> String {
    url.replacen("/telechargement/download/", "/chunk/telechargement/download/", 1)
}

/// South-west corner of a tile by its name, which states the north-west one in kilometres.
pub(super) fn corner(file: &str) -> Option<(f64, f64)> {
    let key = file.strip_prefix("LHD_")?.get(4..13)?;
    let number = |text: &str| text.parse::<u32>().ok().map(f64::from);
    Some((number(key.get(..4)?)? * TILE_M, (number(key.get(5..)?)? - 1.0) * TILE_M))
}

/// Share of a tile in an extent; whole where the name does not tell the place.
fn share_within(file: &str, extent: &Extent) -> f64 {
    let tile = corner(file).and_then(|(x, y)| Extent::new(x, y, x + TILE_M, y + TILE_M));
    let Some(tile) = tile else { return 1.0 };
    tile.intersection(extent).map_or(0.0, |common| common.area() / tile.area())
}

/// `LHD_FXX_0881-6546_…` as `LHD_FXX_0881_6546_…`; `None` where there is nothing to change.
fn with_underscore(url: &str) -> Option<String> {
    let (folder, name) = url.rsplit_once('/')?;
    let key = name.strip_prefix("LHD_")?.get(4..13)?;
    let is_key = |k: &str| k.bytes().enumerate().all(|(i, b)| i == 4 || b.is_ascii_digit());
    let dashed = key.as_bytes().get(4) == Some(&b'-') && is_key(key);
    dashed.then(|| format!("{folder}/{}", name.replacen(key, &key.replace('-', "_"), 1)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic fails the test")]
    use super::*;

    #[test]
    fn a_dash_in_the_key_of_a_tile_is_an_underscore() {
        let url = "https://x/b/LHD_FXX_0881-6546_PTS_LAMB93_IGN69.copc.laz";
        let other = with_underscore(url).unwrap();
        assert_eq!(other, "https://x/b/LHD_FXX_0881_6546_PTS_LAMB93_IGN69.copc.laz");
        assert!(with_underscore(&other).is_none());
    }

    #[test]
    fn the_name_of_a_tile_tells_its_place() {
        let file = "LHD_FXX_0292_6833_PTS_LAMB93_IGN69.copc.laz";
        assert_eq!(corner(file), Some((292_000.0, 6_832_000.0)));
        let half = Extent::new(292_000.0, 6_832_000.0, 292_500.0, 6_900_000.0).unwrap();
        assert!((share_within(file, &half) - 0.5).abs() < 1e-9);
        assert_eq!(share_within("autre.laz", &half), 1.0);
        assert_eq!(corner("LHD_FXX_é292_6833.laz"), None);
    }
}
