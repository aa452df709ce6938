//! Reads the fields of a run by frame, window or point.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use hdf5::{H5Dataset, H5File, H5Type};
use jiff::Timestamp;

use super::bands::BandMeta;
use super::frame::{self, GRID_MAPPING};
use super::grid_file::{MOST_CELLS_OF_A_WINDOW, read_meta};
use super::pyramid::chunk_shape;
use super::series_writer::{
    Packing, SATURATED, SeriesVariable, StoredField, TIME, TIME_CHUNK, parse_time_units,
};
use super::{attributes, damaged, guarded};
use crate::spatial::{Crs, Grid, GridSpec};
use crate::{Error, FileProblem, Result};

/// No run keeps as many frames; a header that promises more is forged.
const MOST_FRAMES: usize = 1 << 20;

/// Fields of a run on one grid, open for reading; may be shared between threads.
///
/// Opening reads the times only; a frame or window reads the chunks that it touches.
pub struct SeriesFile {
    path: PathBuf,
    file: H5File,
    spec: GridSpec,
    crs: Crs,
    start: Timestamp,
    times: Vec<f64>,
    attributes: BTreeMap<String, String>,
    variables: Vec<SeriesVariable>,
    statics: Vec<BandMeta>,
}

impl std::fmt::Debug for SeriesFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeriesFile").field("path", &self.path).field("spec", &self.spec).finish()
    }
}

impl SeriesFile {
    /// Opens a file that [`SeriesWriter`](super::SeriesWriter) wrote.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = super::open(path)?;
        let (spec, crs) = frame::read(path, &file)?;
        let (start, times) = read_times(path, &file)?;
        let attributes = super::grid_file::global_attributes(path, &file)?;
        let names = guarded(path, "", || file.root_group().dataset_names())?;
        let (mut variables, mut statics) = (Vec::new(), Vec::new());
        for name in names {
            if ["x", "y", TIME, GRID_MAPPING].contains(&name.as_str()) {
                continue;
            }
            let dataset = guarded(path, &name, || file.dataset(&name))?;
            if dataset.ndims() == 3 {
                variables.push(guarded(path, &name, || read_variable(&dataset, &name))?);
            } else {
                statics.push(guarded(path, &name, || Ok(read_meta(&dataset, &name)))?);
            }
        }
        let opened = Self {
            path: path.to_owned(),
            file,
            spec,
            crs,
            start,
            times,
            attributes,
            variables,
            statics,
        };
        for variable in &opened.variables {
            let datatype =
                if variable.packing.is_some() { u16::hdf5_type() } else { f32::hdf5_type() };
            opened.check(&variable.name, true, &datatype)?;
        }
        for meta in &opened.statics {
            opened.check(&meta.name, false, &f32::hdf5_type())?;
        }
        Ok(opened)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Grid of all fields.
    pub fn spec(&self) -> &GridSpec {
        &self.spec
    }

    /// Reference system of the grid.
    pub fn crs(&self) -> Crs {
        self.crs
    }

    /// Origin of the times.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// Times of the frames, seconds after the start, ascending.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Global text attributes.
    pub fn attributes(&self) -> &BTreeMap<String, String> {
        &self.attributes
    }

    /// Fields that change with time.
    pub fn variables(&self) -> &[SeriesVariable] {
        &self.variables
    }

    /// Fields that do not, such as maxima.
    pub fn statics(&self) -> &[BandMeta] {
        &self.statics
    }

    /// A frame of a variable.
    pub fn read_frame(&self, name: &str, index: usize) -> Result<Grid<f32>> {
        self.read_frame_window(name, index, 0..self.spec.rows, 0..self.spec.columns)
    }

    /// A window of a frame of a variable.
    pub fn read_frame_window(
        &self,
        name: &str,
        index: usize,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<Grid<f32>> {
        let spec = self.window(name, index..index.saturating_add(1), &rows, &columns)?;
        let variable = self.variable(name)?;
        let (start, count) = ([index, rows.start, columns.start], [1, rows.len(), columns.len()]);
        let values = self.read_values(variable, &start, &count)?;
        Grid::from_values(spec, values)
            .ok_or_else(|| damaged(&self.path, name, "a window of another size"))
    }

    /// Values of a cell at all times.
    pub fn read_point_series(&self, name: &str, row: usize, column: usize) -> Result<Vec<f32>> {
        let frames = self.times.len();
        self.window(name, 0..frames, &(row..row + 1), &(column..column + 1))?;
        if frames == 0 {
            return Ok(Vec::new());
        }
        self.read_values(self.variable(name)?, &[0, row, column], &[frames, 1, 1])
    }

    /// A field that does not change with time.
    pub fn read_static(&self, name: &str) -> Result<Grid<f32>> {
        self.read_static_window(name, 0..self.spec.rows, 0..self.spec.columns)
    }

    /// A window of a field that does not change with time.
    pub fn read_static_window(
        &self,
        name: &str,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<Grid<f32>> {
        if !self.statics.iter().any(|s| s.name == name) {
            return Err(self.missing(name));
        }
        let spec = self.window(name, 0..0, &rows, &columns)?;
        let values = guarded(&self.path, name, || {
            let (start, count) = ([rows.start, columns.start], [rows.len(), columns.len()]);
            self.file.dataset(name)?.read_slice::<f32>(&start, &count)
        })?;
        Grid::from_values(spec, values)
            .ok_or_else(|| damaged(&self.path, name, "a window of another size"))
    }

    /// A frame as it is stored.
    pub(super) fn read_stored(
        &self,
        variable: &SeriesVariable,
        index: usize,
    ) -> Result<StoredField> {
        let (rows, columns) = (self.spec.rows, self.spec.columns);
        self.window(&variable.name, index..index.saturating_add(1), &(0..rows), &(0..columns))?;
        let (start, count) = ([index, 0, 0], [1, rows, columns]);
        if variable.packing.is_some() {
            Ok(StoredField::Packed(self.read_slice(&variable.name, &start, &count)?))
        } else {
            Ok(StoredField::Real(self.read_slice(&variable.name, &start, &count)?))
        }
    }

    /// Values of a packed variable that were clamped when it was written.
    pub fn saturated(&self, name: &str) -> u64 {
        let count = guarded(&self.path, name, || {
            Ok(attributes::number(&self.file.dataset(name)?, SATURATED))
        });
        count.ok().flatten().filter(|c| *c >= 0.0).unwrap_or(0.0) as u64
    }

    fn variable(&self, name: &str) -> Result<&SeriesVariable> {
        self.variables.iter().find(|v| v.name == name).ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> Error {
        let variables = self.variables.iter().map(|v| v.name.clone());
        let available = variables.chain(self.statics.iter().map(|s| s.name.clone())).collect();
        Error::file(&self.path, FileProblem::MissingLayer { name: name.into(), available })
    }

    fn read_values(
        &self,
        variable: &SeriesVariable,
        start: &[usize],
        count: &[usize],
    ) -> Result<Vec<f32>> {
        match variable.packing {
            None => self.read_slice(&variable.name, start, count),
            Some(packing) => {
                let packed: Vec<u16> = self.read_slice(&variable.name, start, count)?;
                Ok(packed.into_iter().map(|n| packing.unpack(n)).collect())
            }
        }
    }

    fn read_slice<T: H5Type>(
        &self,
        name: &str,
        start: &[usize],
        count: &[usize],
    ) -> Result<Vec<T>> {
        guarded(&self.path, name, || self.file.dataset(name)?.read_slice::<T>(start, count))
    }

    /// The grid of a window that lies inside the file.
    fn window(
        &self,
        name: &str,
        frames: Range<usize>,
        rows: &Range<usize>,
        columns: &Range<usize>,
    ) -> Result<GridSpec> {
        let inside = frames.end <= self.times.len()
            && rows.start < rows.end
            && columns.start < columns.end
            && rows.end <= self.spec.rows
            && columns.end <= self.spec.columns
            && rows.len().saturating_mul(columns.len()) <= MOST_CELLS_OF_A_WINDOW;
        if inside {
            return Ok(self.spec.crop(rows, columns));
        }
        Err(Error::input(
            format!("{} [{name}]", self.path.display()),
            format!("image {frames:?}, fenêtre {rows:?} × {columns:?} hors du fichier"),
            format!("frame {frames:?}, window {rows:?} × {columns:?} is not inside the file"),
        ))
    }

    /// Refuses a variable whose shape, type or chunks are not those of this layout.
    fn check(&self, name: &str, with_time: bool, expected: &hdf5::DatatypeMessage) -> Result<()> {
        let (shape, chunk, datatype) = guarded(&self.path, name, || {
            let dataset = self.file.dataset(name)?;
            Ok((dataset.shape(), dataset.chunk_dims(), dataset.datatype()?))
        })?;
        let (chunk_rows, chunk_columns) = chunk_shape(self.spec.rows, self.spec.columns);
        let (mut full, mut tile) =
            (vec![self.spec.rows, self.spec.columns], vec![chunk_rows, chunk_columns]);
        if with_time {
            full.insert(0, self.times.len());
            tile.insert(0, 1);
        }
        if shape != full || chunk.as_deref() != Some(tile.as_slice()) || datatype != *expected {
            let detail = format!("shape {shape:?}, chunks {chunk:?}, values {datatype}");
            return Err(damaged(&self.path, name, detail));
        }
        Ok(())
    }
}

fn read_times(path: &Path, file: &H5File) -> Result<(Timestamp, Vec<f64>)> {
    let (units, times) = guarded(path, TIME, || {
        let time = file.dataset(TIME)?;
        let units = attributes::text(&time, "units").unwrap_or_default();
        let sound = matches!(time.shape().as_slice(), &[n] if n <= MOST_FRAMES)
            && time.chunk_dims().as_deref() == Some(&[TIME_CHUNK]);
        Ok((units, if sound { Some(time.read_raw::<f64>()?) } else { None }))
    })?;
    let start = parse_time_units(&units)
        .ok_or_else(|| damaged(path, TIME, format!("units \"{units}\"")))?;
    let times = times.ok_or_else(|| damaged(path, TIME, "shape of the time coordinate"))?;
    let ascending = times.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || !times.iter().all(|t| t.is_finite()) {
        return Err(damaged(path, TIME, "times do not ascend"));
    }
    Ok((start, times))
}

fn read_variable(dataset: &H5Dataset, name: &str) -> hdf5::Result<SeriesVariable> {
    let text = |attribute: &str| attributes::text(dataset, attribute);
    let packing = (dataset.element_size() == 2).then(|| Packing {
        scale: attributes::number(dataset, "scale_factor").unwrap_or(1.0) as f32,
        offset: attributes::number(dataset, "add_offset").unwrap_or(0.0) as f32,
    });
    Ok(SeriesVariable {
        name: name.to_owned(),
        standard_name: text("standard_name"),
        long_name: text("long_name").unwrap_or_default(),
        unit: text("units").unwrap_or_default(),
        cell_methods: text("cell_methods").unwrap_or_default(),
        packing,
    })
}
