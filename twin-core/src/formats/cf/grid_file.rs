//! Reads the bands of a territory by window.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use hdf5::{H5Dataset, H5File};

use super::bands::{BandKind, BandMeta, Category};
use super::frame::{self, GRID_MAPPING};
use super::grid_writer::overview_name;
use super::pyramid::{Cell, Resampling, chunk_shape, level_shapes};
use super::{attributes, damaged, guarded};
use crate::spatial::{Crs, Grid, GridSpec};
use crate::{Error, FileProblem, Result};

/// Cells of the largest window: 1 GiB of `f32`. Larger grids are read in parts.
pub(super) const MOST_CELLS_OF_A_WINDOW: usize = 1 << 28;

/// Bands of one grid with their overviews, open for reading; may be shared between threads.
///
/// Opening reads no cell; a window reads the chunks that it touches.
pub struct GridFile {
    path: PathBuf,
    file: H5File,
    spec: GridSpec,
    crs: Crs,
    attributes: BTreeMap<String, String>,
    bands: Vec<BandMeta>,
    levels: Vec<GridSpec>,
}

impl std::fmt::Debug for GridFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GridFile").field("path", &self.path).field("spec", &self.spec).finish()
    }
}

impl GridFile {
    /// Opens a file that [`GridFileWriter`](super::GridFileWriter) wrote.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = super::open(path)?;
        let (spec, crs) = frame::read(path, &file)?;
        let shapes = level_shapes(spec.rows, spec.columns);
        let levels: Vec<GridSpec> = shapes
            .iter()
            .enumerate()
            .map(|(level, &(rows, columns))| {
                let cell_size = spec.cell_size * (1usize << level) as f64;
                GridSpec { rows, columns, cell_size, ..spec }
            })
            .collect();
        let attributes = global_attributes(path, &file)?;
        let bands = guarded(path, "", || {
            let names = file.root_group().dataset_names()?;
            let bands = names.iter().filter(|n| !["x", "y", GRID_MAPPING].contains(&n.as_str()));
            bands.map(|name| Ok(read_meta(&file.dataset(name)?, name))).collect::<hdf5::Result<_>>()
        })?;
        let opened = Self { path: path.to_owned(), file, spec, crs, attributes, bands, levels };
        for band in &opened.bands {
            for level in 0..opened.levels.len() {
                opened.check(band, level)?;
            }
        }
        Ok(opened)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Grid of level 0.
    pub fn spec(&self) -> &GridSpec {
        &self.spec
    }

    /// Reference system of the grid.
    pub fn crs(&self) -> Crs {
        self.crs
    }

    /// Global text attributes.
    pub fn attributes(&self) -> &BTreeMap<String, String> {
        &self.attributes
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
            Error::file(&self.path, FileProblem::MissingLayer { name: band.into(), available })
        })?;
        let stored = if matches!(meta.kind, BandKind::Categorical(_)) { 1 } else { 4 };
        if stored != T::element_size() {
            return Err(Error::file_at(
                &self.path,
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
                format!("{} [{band}]", self.path.display()),
                format!("fenêtre {rows:?} × {columns:?} du niveau {level} hors de la grille"),
                format!("window {rows:?} × {columns:?} of level {level} is not inside the grid"),
            ));
        };
        let spec = spec.crop(&rows, &columns);
        if spec.is_empty() {
            return Ok(Grid { spec, values: Vec::new() });
        }
        let values = guarded(&self.path, band, || {
            self.file
                .dataset(&dataset_name(band, level))?
                .read_slice::<T>(&[rows.start, columns.start], &[rows.len(), columns.len()])
        })?;
        Grid::from_values(spec, values)
            .ok_or_else(|| damaged(&self.path, band, "a window of another size"))
    }

    /// A whole level of a band.
    pub fn read_level<T: Cell>(&self, band: &str, level: usize) -> Result<Grid<T>> {
        let spec = self.levels.get(level).unwrap_or(&self.spec);
        self.read_window(band, level, 0..spec.rows, 0..spec.columns)
    }

    /// Refuses a band whose shape, type or chunks are not those of this layout, so that what is
    /// read later is bounded by the window and the chunk.
    fn check(&self, band: &BandMeta, level: usize) -> Result<()> {
        let name = dataset_name(&band.name, level);
        let (shape, size, chunk, datatype) = guarded(&self.path, &name, || {
            let dataset = self.file.dataset(&name)?;
            let datatype = dataset.datatype()?;
            Ok((dataset.shape(), dataset.element_size(), dataset.chunk_dims(), datatype))
        })?;
        let spec = &self.levels[level];
        let (chunk_rows, chunk_columns) = chunk_shape(spec.rows, spec.columns);
        let expected = match band.kind {
            BandKind::Categorical(_) => <u8 as hdf5::H5Type>::hdf5_type(),
            _ => <f32 as hdf5::H5Type>::hdf5_type(),
        };
        if shape != [spec.rows, spec.columns]
            || chunk.as_deref() != Some(&[chunk_rows, chunk_columns])
            || size != expected.element_size() as usize
            || datatype != expected
        {
            let detail = format!("shape {shape:?}, chunks {chunk:?}, {size} bytes per value");
            return Err(damaged(&self.path, &name, detail));
        }
        Ok(())
    }
}

/// Text attributes of the root group.
pub(super) fn global_attributes(path: &Path, file: &H5File) -> Result<BTreeMap<String, String>> {
    guarded(path, "", || {
        let root = file.root_group();
        let names = root.attr_names()?;
        Ok(names.into_iter().filter_map(|n| root.attr_string(&n).ok().map(|v| (n, v))).collect())
    })
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
