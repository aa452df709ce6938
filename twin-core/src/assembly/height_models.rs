//! Terrain and surface from published models (MNT, MNS), where there are no points.
//!
//! IGN publishes the models of LiDAR HD as GeoTIFF of half a metre. Where the points of a tile are not
//! there, or could not be read, a cell takes the bilinear value of the model at its centre: terrain of
//! quality *interpolated*, because nothing tells which pixels were measured. The height of the canopy
//! is surface minus terrain where the land cover is vegetation. Without a surface model, buildings
//! stand on the terrain with their own height.

use std::path::PathBuf;

use super::block::MadeBlock;
use super::building_lod1;
use crate::Result;
use crate::formats::GeoTiff;
use crate::spatial::{Extent, Grid, GridSpec, cells_within};
use crate::territory::{CellQuality, Features, LandCover};

/// Pixels around a block that its bilinear values need.
const MARGIN_PIXELS: f64 = 2.0;

/// The files of the models.
#[derive(Debug, Clone, Default)]
pub struct ModelFiles {
    /// Terrain (MNT).
    pub terrain: Vec<PathBuf>,
    /// Surface (MNS).
    pub surface: Vec<PathBuf>,
}

impl ModelFiles {
    /// Every file.
    pub(super) fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.terrain.iter().chain(&self.surface)
    }
}

/// Opened models.
pub(super) struct HeightModels {
    terrain: Vec<GeoTiff>,
    surface: Vec<GeoTiff>,
}

impl HeightModels {
    pub(super) fn open(files: &ModelFiles) -> Result<Self> {
        let open = |paths: &[PathBuf]| paths.iter().map(GeoTiff::open).collect::<Result<Vec<_>>>();
        Ok(Self { terrain: open(&files.terrain)?, surface: open(&files.surface)? })
    }

    pub(super) fn has_terrain(&self) -> bool {
        !self.terrain.is_empty()
    }

    /// Union of the terrain models.
    pub(super) fn extent(&self) -> Option<Extent> {
        self.terrain.iter().map(|tiff| tiff.spec().extent()).reduce(|a, b| a.union(&b))
    }

    /// Fills the cells of a block that have no terrain.
    pub(super) fn fill(&self, made: &mut MadeBlock, features: &Features) -> Result<()> {
        let spec = made.dtm.spec;
        let is_void: Vec<bool> = made.dtm.values.iter().map(|z| z.is_nan()).collect();
        if !self.has_terrain() || !is_void.contains(&true) {
            return Ok(());
        }
        let terrain = resampled(&self.terrain, &spec, &is_void)?;
        let surface = resampled(&self.surface, &spec, &is_void)?;
        for i in 0..spec.len() {
            let (ground, top) = (terrain.values[i], surface.values[i]);
            if ground.is_nan() {
                continue;
            }
            // Between a surface and a terrain of other points a difference below zero is noise.
            let top = if top.is_nan() { ground } else { top.max(ground) };
            let is_green = is_vegetation(LandCover::from_value(made.cover.values[i]));
            made.dtm.values[i] = ground;
            made.dsm.values[i] = top;
            made.canopy.values[i] = if is_green { top - ground } else { 0.0 };
            made.quality.values[i] = CellQuality::Interpolated as u8;
        }
        for building in features.buildings.iter().filter(|b| b.is_standing()) {
            if !building.geometry.extent().is_some_and(|e| e.intersects(&spec.extent())) {
                continue;
            }
            let height = building_lod1(building, None, None).height_m as f32;
            cells_within(&spec, building.footprint(), |row, column| {
                let i = spec.index(row, column);
                if is_void[i] && surface.values[i].is_nan() {
                    made.dsm.values[i] = made.dtm.values[i] + height;
                }
            });
        }
        Ok(())
    }
}

/// Cover whose top is a plant.
fn is_vegetation(cover: LandCover) -> bool {
    cover.is_forest() || matches!(cover, LandCover::Shrub | LandCover::Hedge | LandCover::WoodyCrop)
}

/// Values of the first model with one at the centre of each wanted cell.
fn resampled(models: &[GeoTiff], spec: &GridSpec, wanted: &[bool]) -> Result<Grid<f32>> {
    let mut values = Grid::filled(*spec, f32::NAN);
    for tiff in models {
        let near = spec.extent().buffered(MARGIN_PIXELS * tiff.spec().cell_size);
        let Some(common) = tiff.spec().extent().intersection(&near) else { continue };
        let (rows, columns) = tiff.spec().window(&common);
        if rows.is_empty() || columns.is_empty() {
            continue;
        }
        let window = tiff.read_window(0, rows, columns)?;
        for (i, value) in values.values.iter_mut().enumerate() {
            if wanted[i] && value.is_nan() {
                let (row, column) = spec.row_column(i);
                let (x, y) = spec.centre(row, column);
                *value = window.bilinear(x, y).unwrap_or(f32::NAN);
            }
        }
    }
    Ok(values)
}
