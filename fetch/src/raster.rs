//! Windows of the rasters of the Géoplateforme (WMS-R 1.3.0).
//!
//! A window is at most 5 010 pixels wide and high. Models of LiDAR HD have cells whose centres lie on
//! multiples of half a metre, so that their edges are shifted by a quarter of a metre.

use std::path::Path;

use twin_core::formats::{CogOptions, GeoTiff, write_cog};
use twin_core::results::write_atomically;
use twin_core::spatial::{Crs, Extent, Grid, GridSpec};
use twin_core::{Error, Result};

use crate::client::{Client, with_suffix};
use crate::content::Content;
use crate::services::Service;

/// Most bytes of a window: 5 010 pixels squared of four bytes, and a header.
const MOST_BYTES: u64 = 110_000_000;
/// Values that stand for none in the models of IGN: LiDAR HD, RGE ALTI.
const NODATA: [f32; 2] = [-9999.0, -99_999.0];

/// What is asked of a layer.
#[derive(Debug, Clone)]
pub(crate) struct Window<'a> {
    pub(crate) layer: &'a str,
    pub(crate) crs: Crs,
    pub(crate) spec: GridSpec,
}

impl Window<'_> {
    /// Cells of half a metre with centres on its multiples, over an extent on whole metres.
    pub(crate) fn half_metres(extent: &Extent) -> GridSpec {
        let [west, south, east, north] = <[f64; 4]>::from(*extent);
        let cells = |metres: f64| (metres / 0.5).round().max(1.0) as usize;
        GridSpec {
            west: west - 0.25,
            north: north + 0.25,
            cell_size: 0.5,
            columns: cells(east - west),
            rows: cells(north - south),
        }
    }

    /// The address of the window in a format.
    pub(crate) fn url(&self, client: &Client, format: &str) -> String {
        let [west, south, east, north] = <[f64; 4]>::from(self.spec.extent());
        format!(
            "{}?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={}&STYLES=&CRS={}&BBOX={west},{south},{east},{north}&WIDTH={}&HEIGHT={}&FORMAT={format}",
            client.base(Service::Raster),
            self.layer,
            String::from(self.crs),
            self.spec.columns,
            self.spec.rows,
        )
    }

    /// Gets heights and writes them as a GeoTIFF of ours; false where the window holds none.
    ///
    /// # Errors
    /// The service cannot be reached or answers with something else, as GeoTIFF and as raw values.
    pub(crate) fn heights(&self, client: &Client, description: &str, to: &Path) -> Result<bool> {
        let grid = match self.as_tiff(client, to) {
            Err(error @ Error::Input { .. }) => self.as_raw(client).map_err(|_| error)?,
            tiff => tiff?,
        };
        let grid = grid.map(|v| if NODATA.contains(v) || v.abs() > 1e5 { f32::NAN } else { *v });
        if grid.range().is_none() {
            return Ok(false);
        }
        let options = CogOptions {
            description: description.to_owned(),
            unit: "m".to_owned(),
            ..CogOptions::default()
        };
        write_cog(to, &grid, self.crs, &options)?;
        Ok(true)
    }

    fn as_tiff(&self, client: &Client, to: &Path) -> Result<Grid<f32>> {
        let url = self.url(client, "image/geotiff");
        let bytes = client.get(Service::Raster, &url, Content::Tiff, MOST_BYTES)?;
        let came = with_suffix(to, "came");
        write_atomically(&came, &bytes)?;
        let grid = GeoTiff::open(&came).and_then(|tiff| tiff.read_band(0));
        std::fs::remove_file(&came).map_err(Error::write(&came))?;
        self.placed(&url, grid.map_err(|e| not_a_window(&url, &e.to_string()))?.values)
    }

    /// Raw values: 32-bit reals, little end first, from the north-west row by row.
    fn as_raw(&self, client: &Client) -> Result<Grid<f32>> {
        let url = self.url(client, "image/x-bil;bits=32");
        let length = self.spec.len() as u64 * 4;
        let bytes = client.get(Service::Raster, &url, Content::Raw(length), length)?;
        let values = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        self.placed(&url, values)
    }

    /// The window lies where it was asked for, whatever its header says.
    fn placed(&self, url: &str, values: Vec<f32>) -> Result<Grid<f32>> {
        let count = values.len();
        Grid::from_values(self.spec, values)
            .ok_or_else(|| not_a_window(url, &format!("{count} ≠ {}", self.spec.len())))
    }
}

fn not_a_window(url: &str, detail: &str) -> Error {
    Error::input(
        url,
        format!("le raster reçu n'est pas la fenêtre demandée ({detail})"),
        format!("the raster that came is not the window asked for ({detail})"),
    )
}
