//! A block of the territory: the grids that its points and features make.

use super::height_models::HeightModels;
use super::heights::Heights;
use super::tin::{TinSource, interpolate_window};
use super::under_buildings::{covered_cells, fill_under_buildings};
use super::{
    LatticeBox, PointBins, SurfacePoint, Tin, TinOptions, Window, building_lod1,
    buildings_by_block::BUILDING_MARGIN_M,
    influence_m, land_cover, millimetres,
    vegetation::{PIT_MARGIN, canopy_height, plant_area_index},
};
use crate::Result;
use crate::formats::cf::CHUNK;
use crate::products::lidar_hd;
use crate::spatial::{Grid, GridSpec, cells_within};
use crate::territory::{CellQuality, Features};

/// Side of a block, metres.
const BLOCK_M: f64 = 1000.0;

/// Side of a block in cells: whole chunks of the file.
pub(super) fn block_side(spec: &GridSpec) -> usize {
    (BLOCK_M / spec.cell_size / CHUNK as f64).ceil().max(1.0) as usize * CHUNK
}

/// The blocks of a territory, row by row.
pub(super) fn blocks(spec: &GridSpec) -> Vec<Window> {
    Window::whole(spec).tiles(block_side(spec))
}

/// How far around a block points matter for it, m.
pub(super) fn block_reach(spec: &GridSpec, tin: &TinOptions) -> f64 {
    let pit_m = PIT_MARGIN as f64 * spec.cell_size;
    influence_m(tin).max(BUILDING_MARGIN_M) + spec.cell_size + pit_m
}

/// The grids of one block, and the points that made them.
pub(super) struct MadeBlock {
    pub(super) dtm: Grid<f32>,
    pub(super) dsm: Grid<f32>,
    pub(super) canopy: Grid<f32>,
    pub(super) plant_area: Grid<f32>,
    /// Surface of bridge decks, void elsewhere.
    pub(super) deck: Grid<f32>,
    pub(super) quality: Grid<u8>,
    pub(super) cover: Grid<u8>,
    pub(super) cover_source: Grid<u8>,
    /// Class of the point on top.
    pub(super) top: Grid<u8>,
    /// Points of buildings.
    pub(super) built: Option<PointBins>,
    /// Points of the terrain.
    pub(super) ground: Option<PointBins>,
    pub(super) unthinned: Option<Vec<SurfacePoint>>,
}

/// Makes a block from the points that can matter for it.
pub(super) fn make_block(
    heights: &mut Heights,
    models: &HeightModels,
    features: &Features,
    spec: &GridSpec,
    block: &Window,
    tin: &TinOptions,
) -> Result<MadeBlock> {
    let mut made = made_of_heights(heights, features, spec, block, tin)?;
    models.fill(&mut made, features)?;
    Ok(made)
}

fn made_of_heights(
    heights: &mut Heights,
    features: &Features,
    spec: &GridSpec,
    block: &Window,
    tin: &TinOptions,
) -> Result<MadeBlock> {
    let window = block.spec(spec);
    let model = |points: Option<&PointBins>, bounds: LatticeBox, cells: &Window| match points {
        Some(points) => {
            interpolate_window(&TinSource { points, bounds, spec, options: tin }, cells)
        }
        None => Tin::void(cells.spec(spec)),
    };
    match heights {
        Heights::Points(store) => {
            let pit_m = PIT_MARGIN as f64 * spec.cell_size;
            let bounds = store.bounds();
            let near =
                store.around(&block.area(spec).grown(millimetres(block_reach(spec, tin))))?;
            let mut terrain = model(near.terrain.as_ref(), bounds, block);
            // What lies between the tiles around a lost one is not known, however near they are.
            let lose = |tin: &mut Tin| {
                let spec = tin.height.spec;
                for i in 0..spec.len() {
                    let (row, column) = spec.row_column(i);
                    let (x, y) = spec.centre(row, column);
                    if store.is_lost(millimetres(x), millimetres(y)) {
                        tin.height.values[i] = f32::NAN;
                        tin.quality.values[i] = CellQuality::Void as u8;
                        tin.class.values[i] = 0;
                    }
                }
            };
            let has_lost = store.failed().next().is_some();
            if has_lost {
                lose(&mut terrain);
            }
            let around = block.grown(pit_m, spec);
            let mut wide = model(near.surface.as_ref(), bounds, &around);
            if has_lost {
                lose(&mut wide);
            }
            let before =
                [block.rows.start - around.rows.start, block.columns.start - around.columns.start];
            let surface = wide.crop(
                before[0]..before[0] + block.rows.len(),
                before[1]..before[1] + block.columns.len(),
            );
            let covered = covered_cells(&surface.class, &features.buildings);
            fill_under_buildings(&mut terrain, &covered, spec, block, bounds, tin, |area| {
                Ok(store.around(area)?.terrain)
            })?;
            if store.counts().is_filtered {
                mark_derived(&mut terrain.quality);
            }
            let cover = land_cover(features, &window, Some(&surface.class));
            Ok(MadeBlock {
                canopy: canopy_height(&terrain.height, &wide, before),
                plant_area: plant_area_index(&near.pulses, window),
                deck: deck(&surface),
                dtm: terrain.height,
                dsm: surface.height,
                quality: terrain.quality,
                cover: cover.cover,
                cover_source: cover.source,
                top: surface.class,
                built: near.built,
                ground: near.terrain,
                unthinned: Some(near.unthinned),
            })
        }
        Heights::Models => {
            let cover = land_cover(features, &window, None);
            let void = || Grid::filled(window, f32::NAN);
            Ok(MadeBlock {
                dtm: void(),
                dsm: void(),
                canopy: void(),
                plant_area: void(),
                deck: void(),
                quality: Grid::filled(window, CellQuality::Void as u8),
                cover: cover.cover,
                cover_source: cover.source,
                top: Grid::filled(window, 0),
                built: None,
                ground: None,
                unthinned: None,
            })
        }
        Heights::Vectors(points) => {
            let mut terrain = model(Some(points), points.bounds(), block);
            mark_derived(&mut terrain.quality);
            let mut dsm = terrain.height.clone();
            for building in features.buildings.iter().filter(|b| b.is_standing()) {
                let height = building_lod1(building, None, None).height_m as f32;
                cells_within(&window, building.footprint(), |row, column| {
                    dsm[(row, column)] = terrain.height[(row, column)] + height;
                });
            }
            let cover = land_cover(features, &window, None);
            Ok(MadeBlock {
                canopy: terrain.height.map(|v| 0.0 * v),
                plant_area: Grid::filled(window, f32::NAN),
                deck: Grid::filled(window, f32::NAN),
                dtm: terrain.height,
                dsm,
                quality: terrain.quality,
                cover: cover.cover,
                cover_source: cover.source,
                top: terrain.class,
                built: None,
                ground: None,
                unthinned: None,
            })
        }
    }
}

/// The surface where a bridge deck (class 17) is on top.
fn deck(surface: &Tin) -> Grid<f32> {
    let heights = surface.height.values.iter().zip(&surface.class.values);
    let of = |(height, class): (&f32, &u8)| {
        if *class == lidar_hd::BRIDGE { *height } else { f32::NAN }
    };
    Grid { spec: surface.height.spec, values: heights.map(of).collect() }
}

/// Ground that was derived, not classified by a producer, is never *measured*.
fn mark_derived(quality: &mut Grid<u8>) {
    for code in &mut quality.values {
        if *code != CellQuality::Void as u8 {
            *code = CellQuality::Virtual as u8;
        }
    }
}
