//! Reads the bands of a territory by window.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use hdf5::{H5Dataset, H5Type};

use super::bands::{BandKind, BandMeta, Category};
use super::grid_writer::overview_name;
use super::open_file::{MOST_CELLS_OF_A_WINDOW, OpenFile};
use super::{CHUNK, attributes};
use crate::formats::pyramid::{Cell, Resampling, level_shapes};
use crate::spatial::{Crs, Grid, GridSpec};
use crate::{Error, FileProblem, Result};

/// Bands of one grid with their overviews, open for reading; may be shared between threads.
///
/// Opening reads no cell; a window reads the chunks that it touches.
#[derive(Debug)]
pub struct GridFile {
    file: OpenFile,
    bands: Vec<BandMeta>,
    levels: Vec<GridSpec>,
}

impl GridFile {
    /// Opens a file that [`GridFileWriter`](super::GridFileWriter) wrote.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let file = OpenFile::open(path.as_ref())?;
        let shapes = level_shapes(file.spec.rows, file.spec.columns, CHUNK);
        let levels: Vec<GridSpec> = shapes
            .iter()
            .enumerate()
            .map(|(level, &(rows, columns))| {
                let cell_size = file.spec.cell_size * (1usize << level) as f64;
                GridSpec { rows, columns, cell_size, ..file.spec }
            })
            .collect();
        let names = file.variables()?;
        let bands = names.iter().map(|name| file.with(name, |band| Ok(read_meta(band, name))));
        let bands: Vec<BandMeta> = bands.collect::<Result<_>>()?;
        for band in &bands {
            let expected = match band.kind {
                BandKind::Categorical(_) => u8::hdf5_type(),
                _ => f32::hdf5_type(),
            };
            for (level, spec) in levels.iter().enumerate() {
                file.check(&dataset_name(&band.name, level), None, spec, &expected)?;
            }
        }
        Ok(Self { file, bands, levels })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// Grid of level 0.
    pub fn spec(&self) -> &GridSpec {
        &self.file.spec
    }

    /// Reference system of the grid.
    pub fn crs(&self) -> Crs {
        self.file.crs
    }

    /// Global text attributes.
    pub fn attributes(&self) -> &BTreeMap<String, String> {
        &self.file.attributes
    }

    /// Bands, in the order of the file.
    pub fn bands(&self) -> &[BandMeta] {
        &self.bands
    }

    /// A band by name.
    pub fn band(&self, name: &str) -> Option<&BandMeta> {
        self.bands.iter().find(|b| b.name == name)
    }

    /// Grids of the levels: 0 is the finest, each further one has cells twice as large.
    pub fn levels(&self) -> &[GridSpec] {
        &self.levels
    }

    /// Cells of a window of a level: `f32` for real bands, `u8` for categorical ones. `NaN` or 0
    /// is no data.
    pub fn read_window<T: Cell>(
        &self,
        band: &str,
        level: usize,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<Grid<T>> {
        let meta = self.band(band).ok_or_else(|| {
            let available = self.bands.iter().map(|b| b.name.clone()).collect();
            Error::file(&self.file.path, FileProblem::MissingLayer { name: band.into(), available })
        })?;
        let stored = if matches!(meta.kind, BandKind::Categorical(_)) { 1 } else { 4 };
        if stored != T::element_size() {
            return Err(Error::file_at(
                &self.file.path,
                band,
                FileProblem::Unsupported {
                    detail: format!("{stored}-byte values read as {}-byte", T::element_size()),
                },
            ));
        }
        let inside = self.levels.get(level).filter(|spec| {
            rows.start <= rows.end
                && columns.start <= columns.end
                && rows.end <= spec.rows
                && columns.end <= spec.columns
                && rows.len().saturating_mul(columns.len()) <= MOST_CELLS_OF_A_WINDOW
        });
        let Some(spec) = inside else {
            return Err(Error::input(
                format!("{} [{band}]", self.file.path.display()),
                format!("fenêtre {rows:?} × {columns:?} du niveau {level} hors de la grille"),
                format!("window {rows:?} × {columns:?} of level {level} is not inside the grid"),
            ));
        };
        let spec = spec.crop(&rows, &columns);
        if spec.is_empty() {
            return Ok(Grid { spec, values: Vec::new() });
        }
        let (start, count) = ([rows.start, columns.start], [rows.len(), columns.len()]);
        let values = self.file.read::<T>(&dataset_name(band, level), &start, &count)?;
        self.file.grid(band, spec, values)
    }

    /// A whole level of a band.
    pub fn read_level<T: Cell>(&self, band: &str, level: usize) -> Result<Grid<T>> {
        let spec = self.levels.get(level).unwrap_or(&self.file.spec);
        self.read_window(band, level, 0..spec.rows, 0..spec.columns)
    }
}

fn dataset_name(band: &str, level: usize) -> String {
    if level == 0 { band.to_owned() } else { format!("{}/{band}", overview_name(level)) }
}

/// Attributes that [`BandMeta`] has fields for, or that the layout adds.
const KNOWN: [&str; 10] = [
    "_FillValue",
    "standard_name",
    "long_name",
    "units",
    "flag_values",
    "flag_meanings",
    "overview_resampling",
    "grid_mapping",
    "DIMENSION_LIST",
    "_Netcdf4Dimid",
];

pub(super) fn read_meta(dataset: &H5Dataset, name: &str) -> BandMeta {
    let text = |attribute: &str| attributes::text(dataset, attribute);
    let resampling = text("overview_resampling").and_then(|t| Resampling::from_cell_method(&t));
    let kind = match resampling {
        Some(Resampling::Majority) => {
            let codes: Vec<u8> =
                dataset.attr("flag_values").and_then(|a| a.read_numeric_as()).unwrap_or_default();
            let meanings = text("flag_meanings").unwrap_or_default();
            let categories = codes
                .into_iter()
                .zip(meanings.split(' '))
                .map(|(code, meaning)| Category { code, meaning: meaning.to_owned() });
            BandKind::Categorical(categories.collect())
        }
        Some(Resampling::Maximum) => BandKind::Maximum,
        Some(Resampling::Mean) | None => BandKind::Continuous,
    };
    let others = dataset.attr_names().unwrap_or_default();
    let others = others.into_iter().filter(|n| !KNOWN.contains(&n.as_str()));
    BandMeta {
        name: name.to_owned(),
        standard_name: text("standard_name"),
        long_name: text("long_name").unwrap_or_default(),
        unit: text("units").unwrap_or_default(),
        kind,
        attributes: others.filter_map(|n| text(&n).map(|value| (n, value))).collect(),
    }
}
