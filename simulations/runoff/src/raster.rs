//! Rasters that a scenario gives, and which of their pixels the cells of a run grid take.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use twin_core::formats::{GeoTiff, read_ascii_grid};
use twin_core::spatial::{Crs, Extent, Grid, GridSpec, Transformer};
use twin_core::{Error, Result};

/// A GeoTIFF or an ESRI ASCII grid.
pub(crate) struct Raster {
    pub(crate) spec: GridSpec,
    pub(crate) crs: Option<Crs>,
    source: Source,
}

enum Source {
    Tiff(Box<GeoTiff>),
    Whole(Grid<f32>),
}

impl Raster {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let is_ascii = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("asc"));
        if is_ascii {
            let grid = read_ascii_grid(path)?;
            return Ok(Self { spec: grid.spec, crs: None, source: Source::Whole(grid) });
        }
        let tiff = GeoTiff::open(path)?;
        if tiff.bands() != 1 {
            let bands = tiff.bands();
            return Err(Error::input(
                path.display().to_string(),
                format!("{bands} bandes ; donner un raster d'une seule bande"),
                format!("{bands} bands; give a raster of one band"),
            ));
        }
        Ok(Self { spec: *tiff.spec(), crs: tiff.crs(), source: Source::Tiff(Box::new(tiff)) })
    }

    /// Values of a window of rows and columns.
    pub(crate) fn read(&self, [rows, columns]: &[Range<usize>; 2]) -> Result<Grid<f32>> {
        match &self.source {
            Source::Tiff(tiff) => tiff.read_window(0, rows.clone(), columns.clone()),
            Source::Whole(grid) => Ok(grid.crop(rows.clone(), columns.clone())),
        }
    }
}

/// No pixel.
const OUTSIDE: u32 = u32::MAX;

/// Which pixels hold the centres of the cells of a run grid.
pub(crate) struct Pixels {
    /// Rows and columns of the raster that hold them all.
    pub(crate) window: [Range<usize>; 2],
    /// The pixels that any cell takes, as positions in the window.
    pub(crate) pixels: Vec<usize>,
    /// By cell a position in `pixels`, or [`OUTSIDE`].
    of_cell: Vec<u32>,
}

impl Pixels {
    /// Looks them up for a raster of some cells and reference system; one without is in that of the run grid.
    pub(crate) fn new(of: (&GridSpec, Option<Crs>), spec: &GridSpec, crs: Crs) -> Result<Self> {
        let (raster, raster_crs) = of;
        let to_raster = raster_crs.filter(|of| *of != crs);
        let to_raster = to_raster.map(|of| Transformer::new(crs, of)).transpose()?;
        let position = |cell: usize| {
            let (row, column) = spec.row_column(cell);
            let (x, y) = spec.centre(row, column);
            to_raster.as_ref().map_or((x, y), |t| t.point(x, y))
        };
        let centres: Vec<(f64, f64)> = (0..spec.len()).map(position).collect();
        let none = Self { window: [0..0, 0..0], pixels: Vec::new(), of_cell: Vec::new() };
        let Some(around) = Extent::of_points(centres.iter().copied()) else { return Ok(none) };
        let (rows, columns) = raster.window(&around.buffered(raster.cell_size));
        if rows.is_empty() || columns.is_empty() {
            return Ok(Self { of_cell: vec![OUTSIDE; spec.len()], ..none });
        }
        let window = raster.crop(&rows, &columns);
        let mut number: BTreeMap<usize, u32> = BTreeMap::new();
        let mut pixels = Vec::new();
        let mut number_of = |(x, y): (f64, f64)| {
            let Some((row, column)) = window.cell_at(x, y) else { return OUTSIDE };
            let pixel = window.index(row, column);
            *number.entry(pixel).or_insert_with(|| {
                pixels.push(pixel);
                pixels.len() as u32 - 1
            })
        };
        let of_cell = centres.into_iter().map(&mut number_of).collect();
        Ok(Self { window: [rows, columns], pixels, of_cell })
    }

    /// The same where every cell has a pixel.
    pub(crate) fn whole(self) -> Option<Self> {
        (!self.of_cell.is_empty() && !self.of_cell.contains(&OUTSIDE)).then_some(self)
    }

    /// By cell a position in `pixels`, for pixels that are [`Self::whole`].
    pub(crate) fn into_positions(self) -> Vec<u32> {
        self.of_cell
    }

    /// By cell a position in `pixels`, or none.
    pub(crate) fn positions(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        self.of_cell.iter().map(|&p| (p != OUTSIDE).then_some(p as usize))
    }
}
