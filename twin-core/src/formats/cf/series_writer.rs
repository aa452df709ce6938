//! Writes the fields of a run, frame by frame.

use std::collections::BTreeMap;
use std::path::Path;

use hdf5::{H5Dataset, H5File, H5Type};
use jiff::Timestamp;
use rayon::prelude::*;

use super::attributes::Attributes;
use super::bands::{BandMeta, create_variable};
use super::frame::{self, Frame};
use super::{CHUNK, CONVENTIONS, DEFLATE_LEVEL, NewFile, compress, writing};
use crate::formats::PartFile;
use crate::formats::pyramid::{Cell, chunk_shape};
use crate::spatial::{Crs, Grid, GridSpec};
use crate::{Error, Result};

/// Stored value of a cell without data in a packed variable.
pub(super) const PACKED_NO_DATA: u16 = u16::MAX;

/// Name of the time coordinate.
pub(super) const TIME: &str = "time";

/// Times in a chunk of the time coordinate.
pub(super) const TIME_CHUNK: usize = 512;

/// Attribute that counts the values a packed variable could not hold.
pub(super) const SATURATED: &str = "saturated_values";

/// A field that changes with time.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesVariable {
    /// Variable name: letters, digits and `_`.
    pub name: String,
    /// Name in the CF standard name table, where one fits.
    pub standard_name: Option<String>,
    /// What a reader of the file sees.
    pub long_name: String,
    /// UDUNITS unit.
    pub unit: String,
    /// How values relate to time: `time: point`, `time: mean`, `time: sum`, `time: maximum`.
    pub cell_methods: String,
    /// Whole steps in 16 bits; without it values are `f32`.
    pub packing: Option<Packing>,
}

/// Packing of CF section 8.1: `value = scale · n + offset` with `n` in 0..=65534 and 65535 = no
/// data. Values are rounded to the nearest step; those outside the range are clamped and counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Packing {
    /// Step in the unit of the variable, positive.
    pub scale: f32,
    /// Value of `n` = 0.
    pub offset: f32,
}

impl Packing {
    /// The stored number, and whether the value had to be clamped.
    pub(super) fn pack(self, value: f32) -> (u16, bool) {
        if value.is_nan() {
            return (PACKED_NO_DATA, false);
        }
        let most = f64::from(PACKED_NO_DATA - 1);
        let n = ((f64::from(value) - f64::from(self.offset)) / f64::from(self.scale)).round();
        (n.clamp(0.0, most) as u16, !(0.0..=most).contains(&n))
    }

    /// The value of a stored number.
    pub(super) fn unpack(self, stored: u16) -> f32 {
        if stored == PACKED_NO_DATA {
            return f32::NAN;
        }
        (f64::from(stored) * f64::from(self.scale) + f64::from(self.offset)) as f32
    }
}

/// Writes a [`SeriesFile`](super::SeriesFile).
///
/// A file that was not finished is not readable, so a long run writes one file per checkpoint and
/// [`merge_segments`](super::merge_segments) joins them; the result has the bytes of a run that
/// never stopped.
pub struct SeriesWriter {
    part: PartFile,
    spec: GridSpec,
    file: NewFile,
    frame: Frame,
    time: H5Dataset,
    times: Vec<f64>,
    variables: Vec<Variable>,
    statics: Vec<String>,
}

struct Variable {
    description: SeriesVariable,
    dataset: H5Dataset,
    saturated: u64,
}

impl std::fmt::Debug for SeriesWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let frames = self.times.len();
        f.debug_struct("SeriesWriter").field("part", &self.part).field("frames", &frames).finish()
    }
}

impl SeriesWriter {
    /// Begins a file under a temporary name. Times count from `start`; `attributes` become global
    /// text attributes (`title`, `institution`, `source`, `licence`, `comment` …).
    pub fn create(
        path: impl AsRef<Path>,
        spec: &GridSpec,
        crs: Crs,
        start: Timestamp,
        attributes: &BTreeMap<String, String>,
        variables: &[SeriesVariable],
    ) -> Result<Self> {
        let path = path.as_ref();
        frame::check(path, spec)?;
        for variable in variables {
            check_packing(path, variable)?;
        }
        let part = PartFile::new(path)?;
        let begun = (|| {
            let file = NewFile::create(part.part())?;
            let root = file.root_group();
            root.set_text("Conventions", CONVENTIONS)?;
            for (name, value) in attributes {
                root.set_text(name, value)?;
            }
            let time = root
                .new_dataset::<f64>()
                .shape([0])
                .chunk(&[TIME_CHUNK])
                .max_shape(&[None])
                .create(TIME)?;
            time.set_scale(Some(TIME))?;
            time.set_text("standard_name", "time")?;
            time.set_text("long_name", "time")?;
            time.set_text("units", &time_units(start))?;
            time.set_text("calendar", "standard")?;
            time.set_text("axis", "T")?;
            let frame = Frame::write(&root, spec, crs)?;
            let variables = variables
                .iter()
                .map(|v| {
                    let dataset = create_series(&file, spec, v)?;
                    dataset.attach_scale(0, &time)?;
                    frame.attach(&dataset)?;
                    Ok(Variable { description: v.clone(), dataset, saturated: 0 })
                })
                .collect::<hdf5::Result<Vec<_>>>()?;
            Ok((file, frame, time, variables))
        })();
        let (file, frame, time, variables) = begun.map_err(writing(path))?;
        let (times, statics) = (Vec::new(), Vec::new());
        Ok(Self { part, spec: *spec, file, frame, time, times, variables, statics })
    }

    /// Number of frames written.
    pub fn frames(&self) -> usize {
        self.times.len()
    }

    /// Values that a packed variable could not hold and that were clamped, by variable.
    pub fn saturated(&self) -> impl Iterator<Item = (&str, u64)> {
        self.variables.iter().map(|v| (v.description.name.as_str(), v.saturated))
    }

    /// Appends a frame: `time_s` seconds after the start, later than the last frame; one slice of
    /// all cells per variable, in the order of the variables, `NaN` = no data.
    pub fn append(&mut self, time_s: f64, fields: &[&[f32]]) -> Result<()> {
        self.begin(time_s)?;
        if fields.len() != self.variables.len() || fields.iter().any(|f| f.len() != self.spec.len())
        {
            return Err(self.misuse(
                "une image doit donner une valeur par cellule pour chaque variable",
                "a frame must give one value per cell for every variable",
            ));
        }
        for (index, field) in fields.iter().enumerate() {
            match self.variables[index].description.packing {
                None => self.put::<f32>(index, field, f32::bytes)?,
                Some(packing) => {
                    let (packed, clamped): (Vec<u16>, Vec<bool>) =
                        field.par_iter().map(|&v| packing.pack(v)).unzip();
                    self.variables[index].saturated +=
                        clamped.into_iter().filter(|&c| c).count() as u64;
                    self.put::<u16>(index, &packed, packed_bytes)?;
                }
            }
        }
        self.times.push(time_s);
        Ok(())
    }

    /// Adds a field that does not change with time, such as a maximum over the run. Its
    /// `cell_methods` (`time: maximum`) go to the attributes of `meta`. Merging keeps the bytes of
    /// an uninterrupted run when fields are added after the last frame.
    pub fn add_static(&mut self, meta: &BandMeta, grid: &Grid<f32>) -> Result<()> {
        let taken = self.statics.contains(&meta.name)
            || self.variables.iter().any(|v| v.description.name == meta.name)
            || ["x", "y", TIME, frame::GRID_MAPPING].contains(&meta.name.as_str());
        if taken || grid.values.len() != self.spec.len() {
            return Err(self.misuse(
                &format!("le champ « {} » est déjà là ou d'une autre grille", meta.name),
                &format!("field \"{}\" is there already or of another grid", meta.name),
            ));
        }
        let written = create_variable::<f32>(
            &self.file.root_group(),
            meta,
            self.spec.rows,
            self.spec.columns,
        )
        .and_then(|dataset| {
            self.frame.attach(&dataset)?;
            put_chunks(&dataset, &self.spec, 0, &grid.values, f32::bytes)
        });
        self.statics.push(meta.name.clone());
        written.map_err(writing(self.part.path()))
    }

    /// Closes the file and gives it its name.
    pub fn finish(self) -> Result<()> {
        let Self { part, spec, file, frame, time, times, variables, .. } = self;
        let closed = (|| {
            if !times.is_empty() {
                time.append(&times)?;
            }
            for Variable { dataset, saturated, .. } in &variables {
                dataset.extend(&[times.len(), spec.rows, spec.columns])?;
                if *saturated > 0 {
                    dataset.set_numbers(SATURATED, &[*saturated as f64])?;
                }
            }
            drop((variables, time, frame));
            file.close()
        })();
        closed.map_err(writing(part.path()))?;
        part.publish()
    }

    /// Appends values as they are stored in another file of the same variables.
    pub(super) fn append_stored(
        &mut self,
        time_s: f64,
        mut field: impl FnMut(usize) -> Result<StoredField>,
    ) -> Result<()> {
        self.begin(time_s)?;
        for index in 0..self.variables.len() {
            match field(index)? {
                StoredField::Packed(values) => self.put(index, &values, packed_bytes)?,
                StoredField::Real(values) => self.put(index, &values, f32::bytes)?,
            }
        }
        self.times.push(time_s);
        Ok(())
    }

    /// Adds to the count of clamped values of a variable.
    pub(super) fn add_saturated(&mut self, variable: usize, count: u64) {
        if let Some(variable) = self.variables.get_mut(variable) {
            variable.saturated += count;
        }
    }

    fn begin(&self, time_s: f64) -> Result<()> {
        if time_s.is_finite() && self.times.last().is_none_or(|last| time_s > *last) {
            return Ok(());
        }
        Err(self.misuse(
            &format!("l'instant {time_s} s ne suit pas le précédent"),
            &format!("time {time_s} s does not follow the one before"),
        ))
    }

    fn put<T: H5Type + Sync>(
        &self,
        variable: usize,
        values: &[T],
        bytes: fn(&[T]) -> Vec<u8>,
    ) -> Result<()> {
        let dataset = &self.variables[variable].dataset;
        put_chunks(dataset, &self.spec, self.times.len(), values, bytes)
            .map_err(writing(self.part.path()))
    }

    fn misuse(&self, fr: &str, en: &str) -> Error {
        Error::input(self.part.path().display().to_string(), fr, en)
    }
}

/// A frame of a variable in stored form.
pub(super) enum StoredField {
    Packed(Vec<u16>),
    Real(Vec<f32>),
}

fn packed_bytes(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// `seconds since 2024-01-14 23:00:00`, which all tools read as UTC; an offset or a `T` some do
/// not.
fn time_units(start: Timestamp) -> String {
    let civil = jiff::tz::Offset::UTC.to_datetime(start);
    format!("seconds since {} {}", civil.date(), civil.time())
}

/// The start that [`time_units`] wrote.
pub(super) fn parse_time_units(units: &str) -> Option<Timestamp> {
    let civil: jiff::civil::DateTime = units.strip_prefix("seconds since ")?.parse().ok()?;
    jiff::tz::Offset::UTC.to_timestamp(civil).ok()
}

fn check_packing(path: &Path, variable: &SeriesVariable) -> Result<()> {
    let usable = |p: Packing| p.scale.is_finite() && p.scale > 0.0 && p.offset.is_finite();
    if variable.packing.is_none_or(usable) {
        return Ok(());
    }
    Err(Error::input(
        format!("{} [{}]", path.display(), variable.name),
        "le pas de codage doit être positif",
        "the packing step must be positive",
    ))
}

fn create_series(
    file: &H5File,
    spec: &GridSpec,
    variable: &SeriesVariable,
) -> hdf5::Result<H5Dataset> {
    let (chunk_rows, chunk_columns) = chunk_shape(spec.rows, spec.columns, CHUNK);
    let shape = [0, spec.rows, spec.columns];
    let chunk = [1, chunk_rows, chunk_columns];
    let limits = [None, Some(spec.rows), Some(spec.columns)];
    let dataset = if let Some(packing) = variable.packing {
        let dataset = file
            .new_dataset::<u16>()
            .shape(shape)
            .chunk(&chunk)
            .max_shape(&limits)
            .shuffle_deflate(DEFLATE_LEVEL)
            .fill_value(PACKED_NO_DATA)
            .create(&variable.name)?;
        dataset.set_numbers("_FillValue", &[PACKED_NO_DATA])?;
        dataset.set_numbers("scale_factor", &[packing.scale])?;
        dataset.set_numbers("add_offset", &[packing.offset])?;
        dataset
    } else {
        let dataset = file
            .new_dataset::<f32>()
            .shape(shape)
            .chunk(&chunk)
            .max_shape(&limits)
            .shuffle_deflate(DEFLATE_LEVEL)
            .fill_value(f32::NAN)
            .create(&variable.name)?;
        dataset.set_numbers("_FillValue", &[f32::NAN])?;
        dataset
    };
    if let Some(name) = &variable.standard_name {
        dataset.set_text("standard_name", name)?;
    }
    dataset.set_text("long_name", &variable.long_name)?;
    dataset.set_text("units", &variable.unit)?;
    dataset.set_text("cell_methods", &variable.cell_methods)?;
    Ok(dataset)
}

/// Writes all chunks of one frame: cut and compressed by all cores, laid down in order.
fn put_chunks<T: H5Type + Sync>(
    dataset: &H5Dataset,
    spec: &GridSpec,
    frame: usize,
    values: &[T],
    bytes: fn(&[T]) -> Vec<u8>,
) -> hdf5::Result<()> {
    let (chunk_rows, chunk_columns) = chunk_shape(spec.rows, spec.columns, CHUNK);
    let across = spec.columns.div_ceil(CHUNK);
    let down = spec.rows.div_ceil(CHUNK);
    let cut = |chunk: usize| {
        let (first_row, first_column) = (chunk / across * CHUNK, chunk % across * CHUNK);
        let width = chunk_columns.min(spec.columns - first_column);
        let mut cells: Vec<T> = Vec::with_capacity(chunk_rows * chunk_columns);
        for row in first_row..first_row + chunk_rows {
            // Beyond the grid the nearest cells are repeated: never read, and well compressed.
            let start = spec.index(row.min(spec.rows - 1), first_column);
            cells.extend_from_slice(&values[start..start + width]);
            let last = values[start + width - 1];
            cells.extend(std::iter::repeat_n(last, chunk_columns - width));
        }
        compress(T::element_size(), &bytes(&cells))
    };
    for row in 0..down {
        let compressed: Vec<Vec<u8>> = (row * across..(row + 1) * across)
            .into_par_iter()
            .map(cut)
            .collect::<hdf5::Result<_>>()?;
        for (column, chunk) in compressed.iter().enumerate() {
            dataset.write_chunk_raw(frame * down * across + row * across + column, chunk, 0)?;
        }
    }
    Ok(())
}
