//! Terrain and surface models (MNT, MNS) of LiDAR HD by windows of WMS-R, for the tiles of the area of
//! which there are no points yet. The height of the canopy follows from both, so that the third model,
//! MNH, is not asked for.

use std::path::Path;

use twin_core::Result;
use twin_core::spatial::{Crs, Extent};

use super::lidar::{TILE_M, corner, index};
use super::{Got, Part, Product, Source};
use crate::client::Client;
use crate::place::Area;
use crate::raster::Window;

/// The models: part of the layer's name, what they are.
const MODELS: [(&str, &str); 2] =
    [("MNT", "terrain (MNT LiDAR HD)"), ("MNS", "surface (MNS LiDAR HD)")];

/// A source for each.
const SOURCES: &[Source] = &[
    Source::new("mnt-lidar-hd", "sources/lidar-models/MNT_*.tif"),
    Source::new("mns-lidar-hd", "sources/lidar-models/MNS_*.tif"),
];

/// Models of LiDAR HD.
#[derive(Debug, Clone, Copy)]
pub struct LidarModels;

/// The name of a model's layer; `None` where no layer of the reference system is known.
fn layer(model: &str, crs: Crs) -> Option<String> {
    let system = match String::from(crs).as_str() {
        "EPSG:2154" => "LAMB93",
        "EPSG:2975" => "RGR92UTM40S",
        _ => return None,
    };
    Some(format!("IGNF_LIDAR-HD_{model}_ELEVATION.ELEVATIONGRIDCOVERAGE.{system}"))
}

impl LidarModels {
    fn window<'a>(&self, layer: &'a str, part: &Part, area: &Area) -> Option<Window<'a>> {
        let (west, south) = corner(&format!("LHD_FXX_{}", part.file.get(4..13)?))?;
        let tile = Extent::new(west, south, west + TILE_M, south + TILE_M)?;
        let spec = Window::half_metres(&tile.intersection(&area.extent)?);
        Some(Window { layer, crs: area.crs, spec })
    }
}

impl Product for LidarModels {
    fn code(&self) -> &'static str {
        "lidar-models"
    }

    fn parts(&self, area: &Area, client: &Client) -> Result<Vec<Part>> {
        let known: Vec<(f64, f64)> =
            index(area, client)?.iter().filter_map(|tile| corner(&tile.file)).collect();
        let [west, south, east, north] =
            <[f64; 4]>::from(area.extent).map(|metres| (metres / TILE_M).floor() as i64);
        let mut parts = Vec::new();
        for y in south..=north {
            for x in west..=east {
                let at = (x as f64 * TILE_M, y as f64 * TILE_M);
                if known.contains(&at) {
                    continue;
                }
                for (model, _) in MODELS {
                    let Some(layer) = layer(model, area.crs) else { continue };
                    // Named as the tiles are, by the north-west corner.
                    let mut part = Part {
                        file: format!("{model}_{x:04}_{:04}.tif", y + 1),
                        url: String::new(),
                        expected_bytes: None,
                        edition: None,
                    };
                    let Some(window) = self.window(&layer, &part, area) else { continue };
                    part.expected_bytes = Some(window.spec.len() as u64 * 4);
                    part.url = window.url(client, "image/geotiff");
                    parts.push(part);
                }
            }
        }
        Ok(parts)
    }

    fn get(&self, part: &Part, area: &Area, client: &Client, to: &Path) -> Result<Got> {
        let model = MODELS.iter().find(|(model, _)| part.file.starts_with(model));
        let Some((model, description)) = model else { return Ok(Got::Nothing) };
        let Some(layer) = layer(model, area.crs) else { return Ok(Got::Nothing) };
        let Some(window) = self.window(&layer, part, area) else { return Ok(Got::Nothing) };
        let has_heights = window.heights(client, description, to)?;
        Ok(if has_heights { Got::File(None) } else { Got::Nothing })
    }

    fn sources(&self) -> &'static [Source] {
        SOURCES
    }

    fn licence(&self) -> (&'static str, &'static str) {
        ("Licence Ouverte 2.0", "IGN – LiDAR HD (modèles)")
    }
}
