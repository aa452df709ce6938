//! Reads one variable over time of a netCDF-4 file that another program wrote, after the CF conventions.

use std::ops::Range;
use std::path::{Path, PathBuf};

use hdf5::{H5Dataset, H5File, H5Type};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::open_file::{self, MOST_CELLS_OF_A_WINDOW};
use super::{attributes, damaged, guarded};
use crate::spatial::{Crs, Grid, GridSpec};
use crate::{Error, Result};

/// Most steps along an axis; a header that promises more is forged.
const MOST_ALONG: usize = 1 << 20;
/// Relative difference of the steps of an axis that counts as even.
const EVEN: f64 = 1e-3;
/// Names of axes where no attribute tells them.
const X_NAMES: [&str; 5] = ["x", "lon", "longitude", "easting", "projection_x_coordinate"];
const Y_NAMES: [&str; 5] = ["y", "lat", "latitude", "northing", "projection_y_coordinate"];
const T_NAMES: [&str; 3] = ["time", "t", "valid_time"];

/// A variable over time, `y` and `x`, in this order, on square cells.
pub struct GridSeries {
    path: PathBuf,
    file: H5File,
    variable: String,
    spec: GridSpec,
    /// Whether the rows go from south to north.
    is_upward: bool,
    crs: Option<Crs>,
    times: Vec<Timestamp>,
    number: Number,
    scale: f64,
    offset: f64,
    fill: Option<f64>,
    unit: Option<String>,
}

impl std::fmt::Debug for GridSeries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut told = f.debug_struct("GridSeries");
        told.field("path", &self.path).field("variable", &self.variable).finish_non_exhaustive()
    }
}

/// Types of stored numbers.
#[derive(Debug, Clone, Copy)]
enum Number {
    F32,
    F64,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
}

impl GridSeries {
    /// Opens a variable.
    ///
    /// # Errors
    /// A file that is not netCDF-4 or damaged; a variable that is absent, has other dimensions than time, y
    /// and x, or lies on cells that are not square; times without a known unit or calendar.
    pub fn open(path: impl AsRef<Path>, variable: &str) -> Result<Self> {
        let path = path.as_ref();
        let file = open_file::open(path)?;
        let names = guarded(path, "", || file.root_group().dataset_names())?;
        if !names.iter().any(|name| name == variable) {
            let known = names.join(", ");
            return Err(Error::input(
                format!("{} [{variable}]", path.display()),
                format!("variable absente ; variables : {known}"),
                format!("no such variable; variables: {known}"),
            ));
        }
        let with = |name: &str| guarded(path, name, || file.dataset(name));
        let dataset = with(variable)?;
        let shape = dataset.shape();
        let &[frames, rows, columns] = shape.as_slice() else {
            return Err(Error::input(
                format!("{} [{variable}]", path.display()),
                format!("{} dimensions ; il en faut trois : temps, y, x", shape.len()),
                format!("{} dimensions; three are needed: time, y, x", shape.len()),
            ));
        };
        let chunk: usize = dataset.chunk_dims().map_or(1, |c| c.iter().product());
        if [frames, rows, columns].iter().any(|n| !(1..=MOST_ALONG).contains(n))
            || chunk > MOST_CELLS_OF_A_WINDOW
        {
            let (fr, en) = (format!("forme {shape:?}"), format!("shape {shape:?}"));
            return Err(damaged(path, variable, fr, en));
        }
        let axis = |kind: &str, known: &[&str], length: usize| -> Result<H5Dataset> {
            let fits = |name: &&String| {
                with(name).is_ok_and(|d| d.shape() == [length] && is_axis(&d, name, kind, known))
            };
            let name = names.iter().find(fits).ok_or_else(|| {
                Error::input(
                    format!("{} [{variable}]", path.display()),
                    format!(
                        "aucune coordonnée pour l'axe {kind} ({length} valeurs) ; attendu : {}",
                        known.join(", ")
                    ),
                    format!(
                        "no coordinate for axis {kind} ({length} values); expected: {}",
                        known.join(", ")
                    ),
                )
            })?;
            with(name)
        };
        let numbers = |dataset: &H5Dataset| -> Result<Vec<f64>> {
            let count = dataset.shape()[0];
            Number::of(path, dataset)?.read(path, dataset, &[0], &[count])
        };
        let (x_axis, y_axis) = (axis("X", &X_NAMES, columns)?, axis("Y", &Y_NAMES, rows)?);
        let (x, y) = (numbers(&x_axis)?, numbers(&y_axis)?);
        let spec = grid(&x, &y).ok_or_else(|| {
            Error::input(
                format!("{} [{variable}]", path.display()),
                "les coordonnées x et y ne décrivent pas des mailles carrées et régulières ; mettre la variable sur une telle grille",
                "the coordinates x and y do not describe even square cells; bring the variable onto such a grid",
            )
        })?;
        let time = axis("T", &T_NAMES, frames)?;
        let units = attributes::text(&time, "units").unwrap_or_default();
        let calendar = attributes::text(&time, "calendar").unwrap_or_else(|| "standard".into());
        let times = times(&units, &calendar, &numbers(&time)?).ok_or_else(|| {
            Error::input(
                format!("{} [time]", path.display()),
                format!("temps « {units} » (calendrier {calendar}) illisibles ; attendu : hours since 2024-10-17 00:00:00"),
                format!("times \"{units}\" (calendar {calendar}) unreadable; expected: hours since 2024-10-17 00:00:00"),
            )
        })?;
        let attribute = |name: &str| attributes::number(&dataset, name);
        Ok(Self {
            path: path.to_owned(),
            variable: variable.to_owned(),
            is_upward: y.last() > y.first(),
            crs: crs(&dataset, &x_axis, with),
            number: Number::of(path, &dataset)?,
            scale: attribute("scale_factor").unwrap_or(1.0),
            offset: attribute("add_offset").unwrap_or(0.0),
            fill: attribute("_FillValue").or_else(|| attribute("missing_value")),
            unit: attributes::text(&dataset, "units"),
            spec,
            times,
            file,
        })
    }

    /// Cells, north first.
    pub fn spec(&self) -> &GridSpec {
        &self.spec
    }

    /// Reference system, where the file states one.
    pub fn crs(&self) -> Option<Crs> {
        self.crs
    }

    /// Times of the frames, as they are stored.
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }

    /// Unit of the variable, where the file states one.
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// Window of a frame, rows from the north; `NaN` where there is no value.
    ///
    /// # Errors
    /// A window outside the grid, damaged data.
    pub fn read_window(
        &self,
        index: usize,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<Grid<f32>> {
        let inside = index < self.times.len()
            && rows.start < rows.end
            && columns.start < columns.end
            && rows.end <= self.spec.rows
            && columns.end <= self.spec.columns
            && rows.len().saturating_mul(columns.len()) <= MOST_CELLS_OF_A_WINDOW;
        if !inside {
            return Err(Error::input(
                self.path.display().to_string(),
                format!("temps {index}, fenêtre {rows:?} × {columns:?} hors de la variable"),
                format!("time {index}, window {rows:?} × {columns:?} outside the variable"),
            ));
        }
        let first = if self.is_upward { self.spec.rows - rows.end } else { rows.start };
        let dataset = guarded(&self.path, &self.variable, || self.file.dataset(&self.variable))?;
        let (start, count) = ([index, first, columns.start], [1, rows.len(), columns.len()]);
        let stored = self.number.read(&self.path, &dataset, &start, &count)?;
        let meant = |stored: &f64| {
            let is_missing = self.fill == Some(*stored);
            if is_missing { f32::NAN } else { (stored * self.scale + self.offset) as f32 }
        };
        let width = columns.len();
        let values: Vec<f32> = match self.is_upward {
            true => stored.chunks(width).rev().flatten().map(meant).collect(),
            false => stored.iter().map(meant).collect(),
        };
        Grid::from_values(self.spec.crop(&rows, &columns), values).ok_or_else(|| {
            damaged(
                &self.path,
                &self.variable,
                "une fenêtre d'une autre taille",
                "a window of another size",
            )
        })
    }
}

impl Number {
    fn of(path: &Path, dataset: &H5Dataset) -> Result<Self> {
        let found = guarded(path, "", || dataset.datatype())?;
        let known = [
            (f32::hdf5_type(), Self::F32),
            (f64::hdf5_type(), Self::F64),
            (i8::hdf5_type(), Self::I8),
            (u8::hdf5_type(), Self::U8),
            (i16::hdf5_type(), Self::I16),
            (u16::hdf5_type(), Self::U16),
            (i32::hdf5_type(), Self::I32),
            (u32::hdf5_type(), Self::U32),
            (i64::hdf5_type(), Self::I64),
        ];
        known.into_iter().find(|(datatype, _)| *datatype == found).map(|(_, n)| n).ok_or_else(
            || damaged(path, "", format!("nombres {found}"), format!("numbers {found}")),
        )
    }

    fn read(
        self,
        path: &Path,
        dataset: &H5Dataset,
        start: &[usize],
        count: &[usize],
    ) -> Result<Vec<f64>> {
        fn of<T: H5Type + Copy>(
            dataset: &H5Dataset,
            [start, count]: [&[usize]; 2],
            real: impl Fn(T) -> f64,
        ) -> hdf5::Result<Vec<f64>> {
            Ok(dataset.read_slice::<T>(start, count)?.into_iter().map(real).collect())
        }
        let window = [start, count];
        guarded(path, "", || match self {
            Self::F32 => of::<f32>(dataset, window, f64::from),
            Self::F64 => of::<f64>(dataset, window, |v| v),
            Self::I8 => of::<i8>(dataset, window, f64::from),
            Self::U8 => of::<u8>(dataset, window, f64::from),
            Self::I16 => of::<i16>(dataset, window, f64::from),
            Self::U16 => of::<u16>(dataset, window, f64::from),
            Self::I32 => of::<i32>(dataset, window, f64::from),
            Self::U32 => of::<u32>(dataset, window, f64::from),
            Self::I64 => of::<i64>(dataset, window, |v| v as f64),
        })
    }
}

/// Whether a coordinate is that of an axis, by its attributes or its name.
fn is_axis(dataset: &H5Dataset, name: &str, kind: &str, known: &[&str]) -> bool {
    let standard = attributes::text(dataset, "standard_name");
    attributes::text(dataset, "axis").is_some_and(|axis| axis == kind)
        || standard.is_some_and(|s| known.contains(&s.as_str()))
        || known.contains(&name.to_ascii_lowercase().as_str())
}

/// The reference system of a variable: that of its grid mapping, or longitudes and latitudes.
fn crs(
    dataset: &H5Dataset,
    x: &H5Dataset,
    with: impl Fn(&str) -> Result<H5Dataset>,
) -> Option<Crs> {
    let mapping = attributes::text(dataset, "grid_mapping").and_then(|name| with(&name).ok());
    let stated = mapping.as_ref().and_then(|mapping| {
        let text = |name: &str| attributes::text(mapping, name);
        let code = text("epsg_code").and_then(|code| Crs::try_from(code).ok());
        code.or_else(|| {
            text("crs_wkt").or_else(|| text("spatial_ref")).and_then(|w| Crs::from_wkt(&w))
        })
    });
    let unit = attributes::text(x, "units");
    let is_degrees = unit.is_some_and(|unit| unit.starts_with("degree"));
    stated.or_else(|| is_degrees.then(|| Crs::try_from("EPSG:4326".to_owned()).ok()).flatten())
}

/// The cells of which two axes are the centres, where they are even and square.
fn grid(x: &[f64], y: &[f64]) -> Option<GridSpec> {
    let step = |axis: &[f64]| {
        let (first, last) = (axis.first()?, axis.last()?);
        let step = (last - first) / (axis.len() - 1).max(1) as f64;
        let is_even = axis.windows(2).all(|w| (w[1] - w[0] - step).abs() <= EVEN * step.abs());
        (is_even && axis.len() > 1 && step.is_finite() && step != 0.0).then_some(step)
    };
    let (dx, dy) = (step(x)?, step(y)?);
    if dx <= 0.0 || (dx - dy.abs()).abs() > EVEN * dx {
        return None;
    }
    let north = y.first()?.max(*y.last()?) + 0.5 * dx;
    let west = x.first()? - 0.5 * dx;
    Some(GridSpec { west, north, cell_size: dx, columns: x.len(), rows: y.len() })
}

/// Times of `UNIT since ORIGIN`.
fn times(units: &str, calendar: &str, values: &[f64]) -> Option<Vec<Timestamp>> {
    if !["standard", "gregorian", "proleptic_gregorian"].contains(&calendar) {
        return None;
    }
    let (unit, origin) = units.split_once(" since ")?;
    let seconds = match unit.trim() {
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        _ => return None,
    };
    let origin = origin.trim();
    // With an offset, or else universal time; a civil date would take no notice of an offset.
    let civil = || {
        let bare = origin.trim_end_matches("UTC").trim_end();
        let date = bare.parse::<DateTime>().or_else(|_| bare.parse::<Date>().map(DateTime::from));
        jiff::tz::Offset::UTC.to_timestamp(date.ok()?).ok()
    };
    let origin = origin.parse::<Timestamp>().ok().or_else(civil)?;
    let at = |value: &f64| {
        let after = jiff::SignedDuration::try_from_secs_f64(value * seconds).ok()?;
        origin.checked_add(after).ok()
    };
    let times: Vec<Timestamp> = values.iter().map(at).collect::<Option<_>>()?;
    times.windows(2).all(|w| w[0] < w[1]).then_some(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_common_units_are_read_and_others_refused() {
        let read = |units: &str| times(units, "standard", &[0.0, 1.5]);
        let start: Timestamp = "2024-10-17T00:00:00Z".parse().unwrap();
        for (units, minutes) in [
            ("hours since 2024-10-17 00:00:00", 90),
            ("hours since 2024-10-17T00:00:00Z", 90),
            ("hours since 2024-10-17 00:00:00 UTC", 90),
            ("days since 2024-10-17", 36 * 60),
            ("hours since 2024-10-17T02:00:00+02:00", 90),
        ] {
            let times = read(units).unwrap_or_else(|| panic!("{units}"));
            assert_eq!(times[0], start, "{units}");
            assert_eq!(times[1].duration_since(start).as_mins(), minutes, "{units}");
        }
        for units in ["months since 2024-10-17", "hours", "hours since tomorrow"] {
            assert!(read(units).is_none(), "{units}");
        }
        assert!(times("hours since 2024-10-17", "360_day", &[0.0]).is_none());
        assert!(times("hours since 2024-10-17", "standard", &[2.0, 1.0]).is_none());
        assert!(times("hours since 2024-10-17", "standard", &[f64::NAN]).is_none());
    }

    #[test]
    fn axes_must_be_even_and_square() {
        let spec = grid(&[5.0, 15.0, 25.0], &[30.0, 20.0]).unwrap();
        assert_eq!((spec.west, spec.north, spec.cell_size), (0.0, 35.0, 10.0));
        assert_eq!(grid(&[5.0, 15.0, 25.0], &[20.0, 30.0]).unwrap(), spec);
        for (x, y) in [
            (vec![5.0, 15.0, 26.0], vec![30.0, 20.0]),
            (vec![5.0, 15.0], vec![30.0, 10.0]),
            (vec![15.0, 5.0], vec![30.0, 20.0]),
            (vec![5.0], vec![30.0, 20.0]),
            (vec![5.0, f64::NAN], vec![30.0, 20.0]),
        ] {
            assert!(grid(&x, &y).is_none(), "{x:?} {y:?}");
        }
    }
}
