//! Terrain and surface models (MNT, MNS) of LiDAR HD by windows of WMS-R, for the tiles of the area of
//! which there are no points yet, or whose points the server has lost. The height of the canopy follows from both, so that the third model,
//! MNH, is not asked for.

use std::path::Path;

use twin_core::spatial::{Crs, Extent};
use twin_core::{Error, Result};

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
    /// Both models of the tile whose south-west corner lies at so many kilometres.
    fn of_tile(&self, (x, y): (i64, i64), area: &Area, client: &Client) -> Vec<Part> {
        let part = |(model, _): &(&str, &str)| {
            let layer = layer(model, area.crs)?;
            // Named as the tiles are, by the north-west corner.
            let mut part = Part {
                file: format!("{model}_{x:04}_{:04}.tif", y + 1),
                url: String::new(),
                expected_bytes: None,
                edition: None,
            };
            let window = self.window(&layer, &part, area)?;
            part.expected_bytes = Some(window.spec.len() as u64 * 4);
            part.url = window.url(client, "image/geotiff");
            Some(part)
        };
        MODELS.iter().filter_map(part).collect()
    }

    fn window<'a>(&self, layer: &'a str, part: &Part, area: &Area) -> Option<Window<'a>> {
        let (west, south) = corner(&format!("LHD_FXX_{}", part.file.get(4..13)?))?;
        let tile = Extent::new(west, south, west + TILE_M, south + TILE_M)?;
        let common = tile.intersection(&area.extent).filter(|common| common.area() > 0.0)?;
        Some(Window { layer, crs: area.crs, spec: Window::half_metres(&common) })
    }
}

impl Product for LidarModels {
    fn code(&self) -> &'static str {
        "lidar-models"
    }

    fn parts(&self, area: &Area, client: &Client) -> Result<Vec<Part>> {
        if layer(MODELS[0].0, area.crs).is_none() {
            return Err(Error::input(
                "lidar-models",
                format!("aucun modèle par fenêtres n'est connu en {}", area.crs),
                format!("no models by windows are known in {}", area.crs),
            ));
        }
        let known: Vec<(f64, f64)> =
            index(area, client)?.iter().filter_map(|tile| corner(&tile.file)).collect();
        let [west, south, east, north] =
            <[f64; 4]>::from(area.extent).map(|metres| (metres / TILE_M).floor() as i64);
        let places = (south..=north).flat_map(|y| (west..=east).map(move |x| (x, y)));
        let is_missing =
            |(x, y): &(i64, i64)| !known.contains(&(*x as f64 * TILE_M, *y as f64 * TILE_M));
        Ok(places.filter(is_missing).flat_map(|at| self.of_tile(at, area, client)).collect())
    }

    fn stand_ins(&self, absent: &str, area: &Area, client: &Client) -> Vec<Part> {
        let place = corner(absent).map(|(x, y)| ((x / TILE_M) as i64, (y / TILE_M) as i64));
        place.map_or(Vec::new(), |at| self.of_tile(at, area, client))
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
