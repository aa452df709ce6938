//! The raster part of a map: grids → pixels of the picture.
//!
//! Where a pixel is smaller than a cell it takes the cell that holds its centre. Where it is
//! larger, every cell belongs to the one pixel that holds its centre and the pixel takes the
//! [`Reduction`] of its cells: the deepest cell of a flood is on the map at any zoom.

use rayon::prelude::*;

use super::spec::{LandCoverTint, MapSpec, RasterLayer};
use crate::{
    export::{hillshade::Hillshade, legend::Hatch, picture::Picture, ramp::Rgb},
    spatial::{Extent, Geometry, Grid, GridSpec, cells_within},
};

/// How several cells share a pixel; `NaN` cells are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// The largest: depths, speeds, hazard.
    Maximum,
    /// The one furthest from zero: differences.
    LargestMagnitude,
    /// The mean: heights, temperatures.
    Mean,
}

/// Ground where no terrain is given.
pub(super) const PAPER: Rgb = Rgb(238, 236, 231);
/// Ground that lies outside the terrain.
const VOID: Rgb = Rgb(252, 252, 252);
/// Side of a hatch cell in pixels of the picture.
const HATCH_PERIOD: usize = 9;

/// The pixels of a picture over an extent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raster {
    pub(super) extent: Extent,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Raster {
    fn pixel_width(&self) -> f64 {
        self.extent.width() / self.width as f64
    }

    fn pixel_height(&self) -> f64 {
        self.extent.height() / self.height as f64
    }

    fn centre(&self, row: usize, column: usize) -> (f64, f64) {
        (
            self.extent.min_x + (column as f64 + 0.5) * self.pixel_width(),
            self.extent.max_y - (row as f64 + 0.5) * self.pixel_height(),
        )
    }

    /// Cells along one axis that belong to pixel `index` of size `step`, counted in cells from the
    /// origin of the grid.
    fn span(first: f64, last: f64, count: usize) -> std::ops::Range<usize> {
        let clamp = |v: f64| (v - 0.5).ceil().clamp(0.0, count as f64) as usize;
        clamp(first)..clamp(last)
    }

    /// Values of a grid at the pixels, `NaN` outside.
    pub(super) fn resample(&self, grid: &Grid<f32>, reduction: Reduction) -> Vec<f32> {
        let spec = grid.spec;
        let coarse = self.pixel_width() >= spec.cell_size && self.pixel_height() >= spec.cell_size;
        let mut values = vec![f32::NAN; self.width * self.height];
        values.par_chunks_mut(self.width.max(1)).enumerate().for_each(|(row, out)| {
            let to_row = |y: f64| (spec.north - y) / spec.cell_size;
            let to_column = |x: f64| (x - spec.west) / spec.cell_size;
            let top = self.extent.max_y - row as f64 * self.pixel_height();
            let rows = Self::span(to_row(top), to_row(top - self.pixel_height()), spec.rows);
            for (column, out) in out.iter_mut().enumerate() {
                if coarse {
                    let left = self.extent.min_x + column as f64 * self.pixel_width();
                    let columns = Self::span(
                        to_column(left),
                        to_column(left + self.pixel_width()),
                        spec.columns,
                    );
                    let cells = rows.clone().flat_map(|r| {
                        let columns = columns.clone();
                        columns.map(move |c| grid[(r, c)])
                    });
                    *out = reduction.of(cells);
                } else {
                    let (x, y) = self.centre(row, column);
                    *out = grid.at(x, y).copied().unwrap_or(f32::NAN);
                }
            }
        });
        values
    }

    /// Shade at the pixels relative to flat ground (1), `NaN` outside; and the exaggeration.
    fn shade(&self, terrain: &Grid<f32>) -> (Vec<f32>, f64) {
        let light = Hillshade::default();
        let flat = light.altitude_deg.to_radians().sin() as f32;
        let margin = 2.0 * terrain.spec.cell_size.max(self.pixel_width());
        let (rows, columns) = terrain.spec.window(&self.extent.buffered(margin));
        // Whole blocks of cells: pixels that share cells unevenly would show as stripes.
        let factor = (self.pixel_width() / terrain.spec.cell_size).floor().max(1.0) as usize;
        let heights = block_means(&terrain.crop(rows, columns), factor);
        let light = light.adapted_to(&heights);
        let shade = light.shade(&heights);
        let mut values = vec![f32::NAN; self.width * self.height];
        values.par_chunks_mut(self.width.max(1)).enumerate().for_each(|(row, out)| {
            for (column, out) in out.iter_mut().enumerate() {
                let (x, y) = self.centre(row, column);
                *out = shade.bilinear(x, y).map_or(f32::NAN, |s| s / flat);
            }
        });
        (values, light.exaggeration)
    }

    /// Whether each pixel lies inside a geometry.
    fn inside(&self, geometry: &Geometry) -> Vec<bool> {
        // In pixel coordinates, as pixels need not be exactly square.
        let spec = GridSpec {
            west: 0.0,
            north: 0.0,
            cell_size: 1.0,
            columns: self.width,
            rows: self.height,
        };
        let mut area = geometry.clone();
        for position in area.positions_mut() {
            position[0] = (position[0] - self.extent.min_x) / self.pixel_width();
            position[1] = (position[1] - self.extent.max_y) / self.pixel_height();
        }
        let mut inside = vec![false; spec.len()];
        cells_within(&spec, area.polygons(), |row, column| inside[spec.index(row, column)] = true);
        inside
    }
}

/// Means over blocks of `factor` × `factor` cells.
fn block_means(grid: &Grid<f32>, factor: usize) -> Grid<f32> {
    if factor <= 1 {
        return grid.clone();
    }
    let spec = GridSpec {
        cell_size: grid.spec.cell_size * factor as f64,
        columns: grid.spec.columns.div_ceil(factor),
        rows: grid.spec.rows.div_ceil(factor),
        ..grid.spec
    };
    let mut values = vec![f32::NAN; spec.len()];
    values.par_chunks_mut(spec.columns.max(1)).enumerate().for_each(|(row, out)| {
        let rows = row * factor..((row + 1) * factor).min(grid.spec.rows);
        for (column, out) in out.iter_mut().enumerate() {
            let columns = column * factor..((column + 1) * factor).min(grid.spec.columns);
            let cells = rows.clone().flat_map(|r| columns.clone().map(move |c| grid[(r, c)]));
            *out = Reduction::Mean.of(cells);
        }
    });
    Grid { spec, values }
}

impl Reduction {
    fn of(self, cells: impl Iterator<Item = f32>) -> f32 {
        let cells = cells.filter(|v| !v.is_nan());
        match self {
            Self::Maximum => cells.fold(f32::NAN, f32::max),
            Self::LargestMagnitude => {
                cells.fold(f32::NAN, |a, b| if a.abs() >= b.abs() { a } else { b })
            }
            Self::Mean => {
                let (sum, count) =
                    cells.fold((0.0f64, 0u32), |(s, n), v| (s + f64::from(v), n + 1));
                if count == 0 { f32::NAN } else { (sum / f64::from(count)) as f32 }
            }
        }
    }
}

impl RasterLayer<'_> {
    /// Colour and texture of a value as the legend gives it; `None` where it is transparent.
    pub(super) fn colour(&self, value: f32) -> Option<(Rgb, Option<Hatch>)> {
        if self.transparent_below.is_some_and(|limit| value < limit) {
            return None;
        }
        self.legend.colour(value)
    }
}

impl LandCoverTint<'_> {
    fn colours(&self) -> [Option<Rgb>; 256] {
        let mut colours = [None; 256];
        for &(code, colour, _) in &self.palette {
            colours[usize::from(code)] = Some(colour);
        }
        colours
    }
}

/// Whether a hatch inks a pixel.
pub(super) fn hatch_inks(hatch: Hatch, row: usize, column: usize) -> bool {
    let phase = match hatch {
        Hatch::Rising => row + column,
        Hatch::Falling => column + HATCH_PERIOD - row % HATCH_PERIOD,
    };
    phase % HATCH_PERIOD < 2
}

/// Ink of a hatch over a colour: dark on light, light on dark.
pub(super) fn hatch_ink(colour: Rgb) -> Rgb {
    if colour.luminance() > 0.25 {
        colour.mix(Rgb(0, 0, 0), 0.65)
    } else {
        colour.mix(Rgb(255, 255, 255), 0.7)
    }
}

/// Relief, land cover and results as one opaque picture, with the exaggeration of the relief.
pub(super) fn draw(map: &MapSpec<'_>, raster: Raster) -> (Picture, Option<f64>) {
    let (shade, exaggeration) = match map.terrain {
        Some(terrain) => {
            let (shade, exaggeration) = raster.shade(terrain);
            (Some(shade), Some(exaggeration))
        }
        None => (None, None),
    };
    let layers: Vec<_> = map
        .rasters
        .iter()
        .map(|layer| (layer, raster.resample(layer.values, layer.reduction)))
        .collect();
    let inside = map.study_area.map(|area| raster.inside(area));
    let tints = map.land_cover.as_ref().map(|cover| (cover.classes, cover.colours()));
    let mut pixels = vec![PAPER; raster.width * raster.height];
    pixels.par_chunks_mut(raster.width.max(1)).enumerate().for_each(|(row, out)| {
        for (column, out) in out.iter_mut().enumerate() {
            let index = row * raster.width + column;
            let mut colour = PAPER;
            if let Some((classes, colours)) = &tints {
                let (x, y) = raster.centre(row, column);
                if let Some(tint) = classes.at(x, y).and_then(|code| colours[usize::from(*code)]) {
                    colour = tint;
                }
            }
            if let Some(shade) = &shade {
                colour = if shade[index].is_nan() { VOID } else { lit(colour, shade[index]) };
            }
            for (layer, values) in &layers {
                if let Some((over, hatch)) = layer.colour(values[index]) {
                    let inked = hatch.is_some_and(|hatch| hatch_inks(hatch, row, column));
                    let over = if inked { hatch_ink(over) } else { over };
                    colour = colour.mix(over, layer.opacity);
                }
            }
            if inside.as_ref().is_some_and(|inside| !inside[index]) {
                colour = outside(colour, row, column);
            }
            *out = colour;
        }
    });
    (Picture { width: raster.width, height: raster.height, pixels }, exaggeration)
}

/// The mark of what lies outside the study area: spaced stripes that leave the colours between
/// them as the legend gives them.
pub(super) fn outside(colour: Rgb, row: usize, column: usize) -> Rgb {
    const PERIOD: usize = 15;
    if (row + column) % PERIOD >= 3 {
        colour
    } else if colour.luminance() > 0.2 {
        colour.mix(Rgb(70, 70, 70), 0.3)
    } else {
        colour.mix(Rgb(255, 255, 255), 0.6)
    }
}

/// A ground colour under light; 1 is flat ground and leaves it as it is.
fn lit(colour: Rgb, shade: f32) -> Rgb {
    if shade < 1.0 {
        colour.mix(Rgb(38, 42, 58), 0.75 * (1.0 - shade))
    } else {
        colour.mix(Rgb(255, 255, 255), 0.8 * (shade - 1.0).min(0.5) * 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{export::Legend, spatial::Polygon};

    fn grid(columns: usize, rows: usize) -> Grid<f32> {
        let spec = GridSpec { west: 0.0, north: rows as f64, cell_size: 1.0, columns, rows };
        Grid::filled(spec, 0.0)
    }

    #[test]
    fn the_deepest_cell_is_kept_and_held_by_one_pixel_at_any_zoom() {
        let mut depth = grid(1000, 400);
        depth[(123, 457)] = 7.0;
        for width in [10, 37, 333, 999, 1000] {
            let raster =
                Raster { extent: depth.spec.extent(), width, height: (width * 2 / 5).max(1) };
            let values = raster.resample(&depth, Reduction::Maximum);
            assert_eq!(values.iter().filter(|v| **v == 7.0).count(), 1, "{width}");
        }
    }

    #[test]
    fn row_zero_is_north_and_pixels_show_the_class_of_their_cell() {
        let mut depth = grid(4, 4);
        depth.values =
            vec![f32::NAN, 0.3, 0.7, 1.5, 3.0, 0.5, 1.0, 2.0].into_iter().chain([0.0; 8]).collect();
        let legend = Legend::maximum_water_depth();
        let mut map = MapSpec::new("", depth.spec.extent());
        let mut layer = RasterLayer::water_depth(&depth, legend.clone());
        layer.opacity = 1.0;
        map.rasters.push(layer);
        let raster = Raster { extent: map.extent, width: 16, height: 16 };
        let (picture, _) = draw(&map, raster);
        for row in 0..16 {
            for column in 0..16 {
                let value = depth[(row / 4, column / 4)];
                let expected = if value >= 0.01 { legend.colour(value).unwrap().0 } else { PAPER };
                assert_eq!(picture.pixels[row * 16 + column], expected, "{value}");
            }
        }
    }

    #[test]
    fn differences_keep_their_sign_when_reduced() {
        assert_eq!(Reduction::LargestMagnitude.of([0.2, -3.0, f32::NAN, 1.0].into_iter()), -3.0);
        assert_eq!(Reduction::Mean.of([1.0, f32::NAN, 3.0].into_iter()), 2.0);
        assert!(Reduction::Maximum.of([f32::NAN].into_iter()).is_nan());
    }

    #[test]
    fn grids_beside_the_extent_are_transparent() {
        let depth = grid(4, 4);
        let raster = Raster { extent: depth.spec.extent().buffered(-1.0), width: 2, height: 2 };
        let far = Extent::new(100.0, 100.0, 104.0, 104.0).unwrap();
        let outside = Raster { extent: far, ..raster };
        for reduction in [Reduction::Maximum, Reduction::Mean] {
            assert!(outside.resample(&depth, reduction).iter().all(|v| v.is_nan()));
            assert!(raster.resample(&depth, reduction).iter().all(|v| *v == 0.0));
        }
    }

    #[test]
    fn relief_beside_the_extent_is_void_and_fine_relief_is_averaged_in_blocks() {
        let terrain = grid(8, 8);
        let far = Extent::new(100.0, 100.0, 104.0, 104.0).unwrap();
        let raster = Raster { extent: far, width: 4, height: 4 };
        assert!(raster.shade(&terrain).0.iter().all(|s| s.is_nan()));
        let mut heights = grid(5, 4);
        heights[(0, 0)] = 4.0;
        heights[(3, 4)] = f32::NAN;
        let means = block_means(&heights, 2);
        assert_eq!((means.spec.columns, means.spec.rows, means.spec.cell_size), (3, 2, 2.0));
        assert_eq!(means.values, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn stripes_mark_what_lies_outside_the_study_area_only() {
        let depth = grid(4, 4);
        let area = Geometry::Polygons(vec![Polygon::from_corners(&[
            (0.0, 0.0),
            (2.0, 0.0),
            (2.0, 4.0),
            (0.0, 4.0),
        ])]);
        let mut map = MapSpec::new("", depth.spec.extent());
        map.study_area = Some(&area);
        let (picture, _) = draw(&map, Raster { extent: map.extent, width: 60, height: 60 });
        let marked = |columns: std::ops::Range<usize>| {
            (0..60)
                .flat_map(|row| columns.clone().map(move |column| row * 60 + column))
                .filter(|i| picture.pixels[*i] != PAPER)
                .count()
        };
        assert_eq!((marked(0..30), marked(30..60)), (0, 30 * 60 / 5));
    }
}
