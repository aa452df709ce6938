//! Where the cells lie: the `x`, `y` and `crs` variables that every group of a file carries.

use std::path::Path;

use hdf5::{H5Dataset, H5File, H5Group};

use super::attributes::{self, Attributes};
use super::{damaged, grid_mapping, guarded};
use crate::spatial::{Crs, GridSpec};
use crate::{Error, FileProblem, Result};

/// Name of the grid-mapping variable.
pub(super) const GRID_MAPPING: &str = "crs";

/// No grid of a territory comes near it; a header that promises more is forged.
const MOST_CELLS_ALONG: usize = 1 << 20;

/// Refuses a grid that no file can hold.
pub(super) fn check(path: &Path, spec: &GridSpec) -> Result<()> {
    let along = 1..=MOST_CELLS_ALONG;
    let finite = [spec.west, spec.north, spec.cell_size].iter().all(|v| v.is_finite());
    if along.contains(&spec.rows) && along.contains(&spec.columns) && finite && spec.cell_size > 0.0
    {
        return Ok(());
    }
    let (rows, columns, cell) = (spec.rows, spec.columns, spec.cell_size);
    Err(Error::input(
        path.display().to_string(),
        format!("grille inutilisable : {rows} lignes × {columns} colonnes de {cell} m"),
        format!("unusable grid: {rows} rows × {columns} columns of {cell} m"),
    ))
}

/// The scales that variables of a group are attached to.
pub(super) struct Frame {
    y: H5Dataset,
    x: H5Dataset,
}

impl Frame {
    /// Writes the coordinates and the grid mapping of a group.
    pub(super) fn write(group: &H5Group, spec: &GridSpec, crs: Crs) -> hdf5::Result<Self> {
        let mapping = group.new_dataset::<i32>().scalar().create(GRID_MAPPING)?;
        mapping.write_raw(&[0])?;
        mapping.set_text("long_name", "coordinate reference system")?;
        grid_mapping::describe(&mapping, crs)?;
        mapping.set_text(
            "GeoTransform",
            &format!("{} {} 0 {} 0 {}", spec.west, spec.cell_size, spec.north, -spec.cell_size),
        )?;
        let y: Vec<f64> = (0..spec.rows).map(|row| spec.centre(row, 0).1).collect();
        let x: Vec<f64> = (0..spec.columns).map(|column| spec.centre(0, column).0).collect();
        let axis = |name: &str, values: &[f64], standard: &str, long: &str, unit: &str, axis| {
            let scale = group.new_dataset::<f64>().shape([values.len()]).create(name)?;
            scale.write_raw(values)?;
            scale.set_scale(Some(name))?;
            scale.set_text("standard_name", standard)?;
            scale.set_text("long_name", long)?;
            scale.set_text("units", unit)?;
            scale.set_text("axis", axis)?;
            hdf5::Result::Ok(scale)
        };
        Ok(if crs.is_geographic() {
            Self {
                y: axis("y", &y, "latitude", "latitude", "degrees_north", "Y")?,
                x: axis("x", &x, "longitude", "longitude", "degrees_east", "X")?,
            }
        } else {
            let (northing, easting) = ("projection_y_coordinate", "projection_x_coordinate");
            Self {
                y: axis("y", &y, northing, "northing of cell centres", "m", "Y")?,
                x: axis("x", &x, easting, "easting of cell centres", "m", "X")?,
            }
        })
    }

    /// Attaches the last two dimensions of a variable and names its grid mapping.
    pub(super) fn attach(&self, variable: &H5Dataset) -> hdf5::Result<()> {
        let last = variable.ndims() - 1;
        variable.attach_scale(last - 1, &self.y)?;
        variable.attach_scale(last, &self.x)?;
        variable.set_text("grid_mapping", GRID_MAPPING)
    }
}

/// Reads the grid and the reference system that [`Frame::write`] wrote to the root group.
pub(super) fn read(path: &Path, file: &H5File) -> Result<(GridSpec, Crs)> {
    guarded(path, GRID_MAPPING, || {
        let length = |name: &str| file.dataset(name).map(|d| d.shape());
        let (y, x) = (length("y")?, length("x")?);
        let mapping = file.dataset(GRID_MAPPING)?;
        let crs = attributes::text(&mapping, "epsg_code");
        Ok((y, x, crs, attributes::text(&mapping, "GeoTransform")))
    })
    .and_then(|(y, x, crs, transform)| {
        let (&[rows], &[columns]) = (y.as_slice(), x.as_slice()) else {
            return Err(damaged(path, GRID_MAPPING, "x and y are not one-dimensional"));
        };
        if !(1..=MOST_CELLS_ALONG).contains(&rows) || !(1..=MOST_CELLS_ALONG).contains(&columns) {
            return Err(damaged(path, GRID_MAPPING, format!("{rows} rows, {columns} columns")));
        }
        let crs = crs.ok_or_else(|| Error::file(path, FileProblem::MissingCrs))?;
        let transform = transform.unwrap_or_default();
        let numbers: Vec<f64> =
            transform.split_ascii_whitespace().filter_map(|t| t.parse().ok()).collect();
        let &[west, cell_size, _, north, _, height] = numbers.as_slice() else {
            return Err(damaged(path, GRID_MAPPING, "GeoTransform is not six numbers"));
        };
        let finite = [west, north, cell_size].iter().all(|v| v.is_finite());
        if !finite || cell_size <= 0.0 || height != -cell_size {
            return Err(damaged(path, GRID_MAPPING, format!("GeoTransform {transform}")));
        }
        Ok((GridSpec { west, north, cell_size, columns, rows }, Crs::try_from(crs)?))
    })
}
