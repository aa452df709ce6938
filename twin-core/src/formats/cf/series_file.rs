//! Reads the fields of a run by frame, window or point.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use hdf5::{H5Dataset, H5Type};
use jiff::Timestamp;

use super::bands::BandMeta;
use super::grid_file::read_meta;
use super::open_file::{MOST_CELLS_OF_A_WINDOW, OpenFile};
use super::series_writer::{
    Packing, SATURATED, SeriesVariable, StoredField, TIME, TIME_CHUNK, parse_time_units,
};
use super::{attributes, damaged};
use crate::spatial::{Crs, Grid, GridSpec};
use crate::{Error, FileProblem, Result};

/// No run keeps as many frames; a header that promises more is forged.
const MOST_FRAMES: usize = 1 << 20;

/// Fields of a run on one grid, open for reading; may be shared between threads.
///
/// Opening reads the times only; a frame or window reads the chunks that it touches.
#[derive(Debug)]
pub struct SeriesFile {
    file: OpenFile,
    start: Timestamp,
    times: Vec<f64>,
    variables: Vec<SeriesVariable>,
    statics: Vec<BandMeta>,
}

impl SeriesFile {
    /// Opens a file that [`SeriesWriter`](super::SeriesWriter) wrote.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let file = OpenFile::open(path.as_ref())?;
        let (start, times) = read_times(&file)?;
        let (mut variables, mut statics) = (Vec::new(), Vec::new());
        for name in file.variables()?.iter().filter(|name| *name != TIME) {
            if file.with(name, |dataset| Ok(dataset.ndims()))? == 3 {
                let variable = file.with(name, |dataset| read_variable(dataset, name))?;
                let expected =
                    if variable.packing.is_some() { u16::hdf5_type() } else { f32::hdf5_type() };
                file.check(name, Some(times.len()), &file.spec, &expected)?;
                variables.push(variable);
            } else {
                statics.push(file.with(name, |dataset| Ok(read_meta(dataset, name)))?);
                file.check(name, None, &file.spec, &f32::hdf5_type())?;
            }
        }
        Ok(Self { file, start, times, variables, statics })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// Grid of all fields.
    pub fn spec(&self) -> &GridSpec {
        &self.file.spec
    }

    /// Reference system of the grid.
    pub fn crs(&self) -> Crs {
        self.file.crs
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
        &self.file.attributes
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
        self.read_frame_window(name, index, 0..self.file.spec.rows, 0..self.file.spec.columns)
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
        self.file.grid(name, spec, values)
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
        self.read_static_window(name, 0..self.file.spec.rows, 0..self.file.spec.columns)
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
        let (start, count) = ([rows.start, columns.start], [rows.len(), columns.len()]);
        let values = self.file.read(name, &start, &count)?;
        self.file.grid(name, spec, values)
    }

    /// A frame as it is stored.
    pub(super) fn read_stored(
        &self,
        variable: &SeriesVariable,
        index: usize,
    ) -> Result<StoredField> {
        let (rows, columns) = (self.file.spec.rows, self.file.spec.columns);
        self.window(&variable.name, index..index.saturating_add(1), &(0..rows), &(0..columns))?;
        let (start, count) = ([index, 0, 0], [1, rows, columns]);
        if variable.packing.is_some() {
            Ok(StoredField::Packed(self.file.read(&variable.name, &start, &count)?))
        } else {
            Ok(StoredField::Real(self.file.read(&variable.name, &start, &count)?))
        }
    }

    /// Values of a packed variable that were clamped when it was written.
    pub fn saturated(&self, name: &str) -> u64 {
        let count = self.file.with(name, |variable| Ok(attributes::number(variable, SATURATED)));
        count.ok().flatten().filter(|c| *c >= 0.0).unwrap_or(0.0) as u64
    }

    fn variable(&self, name: &str) -> Result<&SeriesVariable> {
        self.variables.iter().find(|v| v.name == name).ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> Error {
        let variables = self.variables.iter().map(|v| v.name.clone());
        let available = variables.chain(self.statics.iter().map(|s| s.name.clone())).collect();
        Error::file(&self.file.path, FileProblem::MissingLayer { name: name.into(), available })
    }

    fn read_values(
        &self,
        variable: &SeriesVariable,
        start: &[usize],
        count: &[usize],
    ) -> Result<Vec<f32>> {
        match variable.packing {
            None => self.file.read(&variable.name, start, count),
            Some(packing) => {
                let packed: Vec<u16> = self.file.read(&variable.name, start, count)?;
                Ok(packed.into_iter().map(|n| packing.unpack(n)).collect())
            }
        }
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
            && rows.end <= self.file.spec.rows
            && columns.end <= self.file.spec.columns
            && rows.len().saturating_mul(columns.len()) <= MOST_CELLS_OF_A_WINDOW;
        if inside {
            return Ok(self.file.spec.crop(rows, columns));
        }
        Err(Error::input(
            format!("{} [{name}]", self.file.path.display()),
            format!("image {frames:?}, fenêtre {rows:?} × {columns:?} hors du fichier"),
            format!("frame {frames:?}, window {rows:?} × {columns:?} is not inside the file"),
        ))
    }
}

fn read_times(file: &OpenFile) -> Result<(Timestamp, Vec<f64>)> {
    let path = &file.path;
    let (units, times) = file.with(TIME, |time| {
        let units = attributes::text(time, "units").unwrap_or_default();
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
