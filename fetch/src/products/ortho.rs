//! Orthophotos of IGN by windows of WMS-R, a GeoTIFF of half a metre for each kilometre: layers that the
//! viewer lays on the ground.

use std::path::Path;

use twin_core::formats::GeoTiff;
use twin_core::results::write_atomically;
use twin_core::spatial::Extent;
use twin_core::{Error, Result};

use super::lidar::TILE_M;
use super::{Got, Part, Product, Source};
use crate::client::{Client, with_suffix};
use crate::content::Content;
use crate::place::Area;
use crate::raster::Window;
use crate::services::Service;

/// Layer of the orthophotos.
const LAYER: &str = "ORTHOIMAGERY.ORTHOPHOTOS";
/// Most bytes of a window: 2 000 pixels squared of four bytes, and room.
const MOST_BYTES: u64 = 40_000_000;

/// Orthophotos.
#[derive(Debug, Clone, Copy)]
pub struct Ortho;

impl Product for Ortho {
    fn code(&self) -> &'static str {
        "ortho"
    }

    fn parts(&self, area: &Area, client: &Client) -> Result<Vec<Part>> {
        let [west, south, east, north] =
            <[f64; 4]>::from(area.extent).map(|metres| (metres / TILE_M).floor() as i64);
        let mut parts = Vec::new();
        for (y, x) in (south..=north).flat_map(|y| (west..=east).map(move |x| (y, x))) {
            let (left, bottom) = (x as f64 * TILE_M, y as f64 * TILE_M);
            let tile = Extent::new(left, bottom, left + TILE_M, bottom + TILE_M);
            let common = tile.and_then(|tile| tile.intersection(&area.extent));
            let Some(common) = common.filter(|common| common.area() > 0.0) else { continue };
            let spec = Window::half_metres(&common);
            let window = Window { layer: LAYER, crs: area.crs, spec };
            parts.push(Part {
                file: format!("ORTHO_{x:04}_{:04}.tif", y + 1),
                url: window.url(client, "image/geotiff"),
                expected_bytes: Some(window.spec.len() as u64 * 3),
                edition: None,
            });
        }
        Ok(parts)
    }

    fn get(&self, part: &Part, _: &Area, client: &Client, to: &Path) -> Result<Got> {
        let bytes = client.get(Service::Raster, &part.url, Content::Tiff, MOST_BYTES)?;
        let came = with_suffix(to, "came");
        write_atomically(&came, &bytes)?;
        // A picture without a place would lie nowhere.
        if let Err(error) = GeoTiff::open(&came) {
            let _ = std::fs::remove_file(&came);
            return Err(error);
        }
        std::fs::rename(&came, to).map_err(Error::write(to))?;
        Ok(Got::File(None))
    }

    fn sources(&self) -> &'static [Source] {
        &[]
    }

    fn licence(&self) -> (&'static str, &'static str) {
        ("Licence Ouverte 2.0", "IGN – BD ORTHO")
    }
}
