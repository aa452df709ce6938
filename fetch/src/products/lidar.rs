//! LiDAR HD: the tiles of an index, as COPC files.
//!
//! Two indexes are known, of which one may be gone: `IGNF_LIDAR-HD_METADONNEE:metadata` with the address
//! in `url_npl`, and `IGNF_NUAGES-DE-POINTS-LIDAR-HD:dalle` with it in `url`. Addresses begin with `http://`
//! now and then, and some names have a dash where an underscore is meant; a tile that is not there under
//! the name of the index is asked for under the other.

use std::path::Path;

use serde_json::Value;
use twin_core::{Error, Result};

use super::{Got, Part, Product, file_name};
use crate::client::{Client, Content};
use crate::place::Area;
use crate::services::{Service, Services};
use crate::wfs::Query;

/// Layers of the indexes and the property with the address.
const INDEXES: [(&str, &str); 2] = [
    ("IGNF_LIDAR-HD_METADONNEE:metadata", "url_npl"),
    ("IGNF_NUAGES-DE-POINTS-LIDAR-HD:dalle", "url"),
];
/// Most bytes of a tile: the largest known have a fifth of it.
const MOST_TILE_BYTES: u64 = 1_000_000_000;
/// Bytes of a tile on average.
const TYPICAL_TILE_BYTES: u64 = 140_000_000;

/// LiDAR HD.
#[derive(Debug, Clone, Copy)]
pub struct LidarHd;

impl Product for LidarHd {
    fn code(&self) -> &'static str {
        "lidar-hd"
    }

    fn parts(&self, area: &Area, client: &Client, services: &Services) -> Result<Vec<Part>> {
        let mut first_error = None;
        for (layer, property) in INDEXES {
            match tiles(layer, property, area, client, services) {
                Ok(parts) if !parts.is_empty() => return Ok(parts),
                Ok(_) => (),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        first_error.map_or(Ok(Vec::new()), Err)
    }

    fn get(&self, part: &Part, _: &Area, client: &Client, _: &Services, to: &Path) -> Result<Got> {
        let get =
            |url: &str| client.download(Service::Download, url, to, Content::Laz, MOST_TILE_BYTES);
        match get(&part.url) {
            Ok(_) => (),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => {
                let Some(other) = with_underscore(&part.url) else { return Err(error) };
                get(&other).map_err(|_| error)?;
            }
        }
        Ok(Got::File(None))
    }

    fn source(&self) -> Option<(&'static str, &'static str)> {
        Some(("lidar-hd", "sources/lidar-hd/*.laz"))
    }

    fn licence(&self) -> (&'static str, &'static str) {
        ("Licence Ouverte 2.0", "IGN – LiDAR HD")
    }
}

fn tiles(
    layer: &str,
    property: &str,
    area: &Area,
    client: &Client,
    services: &Services,
) -> Result<Vec<Part>> {
    let query =
        Query { layer, crs: area.crs, extent: Some(area.extent), filter: None, sort_by: None };
    let mut parts: Vec<Part> = Vec::new();
    query.features(client, services, |feature| {
        let text = |key: &str| {
            feature
                .pointer(&format!("/properties/{key}"))
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let Some(stated) = text(property) else { return Ok(()) };
        let url = services.on_download_host(&stated).ok_or_else(|| {
            Error::input(
                &stated,
                "l'index renvoie une dalle vers un autre hôte, ce qui n'est pas suivi",
                "the index gives a tile on another host, which is not followed",
            )
        })?;
        let file = file_name(&url)?;
        if !parts.iter().any(|part| part.file == file) {
            parts.push(Part {
                file,
                url,
                service: Service::Download,
                expected_bytes: Some(TYPICAL_TILE_BYTES),
                edition: text("date_edition"),
            });
        }
        Ok(())
    })?;
    parts.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(parts)
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
    use super::*;

    #[test]
    fn a_dash_in_the_key_of_a_tile_is_an_underscore() {
        let url = "https://x/b/LHD_FXX_0881-6546_PTS_LAMB93_IGN69.copc.laz";
        let other = with_underscore(url).unwrap();
        assert_eq!(other, "https://x/b/LHD_FXX_0881_6546_PTS_LAMB93_IGN69.copc.laz");
        assert!(with_underscore(&other).is_none());
    }
}
