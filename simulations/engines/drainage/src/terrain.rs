//! The terrain that water runs over.

use twin_core::spatial::{Grid, GridSpec};

use crate::Neighbour;

/// What a terrain can be wrong about.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// More cells than a `u32` counts.
    #[error("{cells} cells; at most {} are possible: use coarser cells", u32::MAX)]
    TooManyCells {
        /// Their number.
        cells: usize,
    },
    /// The values are not those of the grid, or its cells have no size.
    #[error("{values} values on {columns} x {rows} cells of {cell_size} m")]
    NoGrid {
        /// Number of values.
        values: usize,
        /// Columns.
        columns: usize,
        /// Rows.
        rows: usize,
        /// Side of a cell, m.
        cell_size: f64,
    },
}

impl From<Error> for twin_core::Error {
    fn from(error: Error) -> Self {
        let fr = match &error {
            Error::TooManyCells { cells } => {
                format!("{cells} mailles ; prendre des mailles plus grandes")
            }
            Error::NoGrid { .. } => "grille sans maille".to_owned(),
        };
        Self::simulation("drainage", fr, error.to_string())
    }
}

/// Elevations in metres: `NaN` where there is none and water leaves, as it does at the outer edge;
/// `+∞` for cells that water cannot enter, such as buildings.
#[derive(Debug, Clone, PartialEq)]
pub struct Terrain {
    elevation: Grid<f32>,
}

impl Terrain {
    /// From elevations.
    ///
    /// # Errors
    /// More than `u32::MAX` cells, or a grid that is none.
    pub fn new(elevation: Grid<f32>) -> Result<Self, Error> {
        let GridSpec { columns, rows, cell_size, .. } = elevation.spec;
        let values = elevation.values.len();
        if values > u32::MAX as usize {
            return Err(Error::TooManyCells { cells: values });
        }
        let is_grid = columns.checked_mul(rows) == Some(values) && values > 0;
        if !is_grid || !cell_size.is_finite() || cell_size <= 0.0 {
            return Err(Error::NoGrid { values, columns, rows, cell_size });
        }
        Ok(Self { elevation })
    }

    /// Where its cells lie.
    pub fn spec(&self) -> &GridSpec {
        &self.elevation.spec
    }

    /// Elevations, m.
    pub fn elevation(&self) -> &Grid<f32> {
        &self.elevation
    }

    /// Changes the elevation of every open cell, row by row from the north.
    pub(crate) fn change(&mut self, mut new: impl FnMut(f32) -> f32) {
        self.elevation.values.iter_mut().filter(|z| z.is_finite()).for_each(|z| *z = new(*z));
    }

    /// Whether water can stand on a cell.
    #[inline]
    pub fn is_open(&self, cell: usize) -> bool {
        self.elevation.values[cell].is_finite()
    }

    /// Whether water leaves from a cell: it lies at the outer edge or beside a void.
    #[inline]
    pub(crate) fn is_outlet(&self, cell: usize) -> bool {
        let mut around = 0;
        let beside_void = Neighbour::around(self.spec(), cell).any(|(_, n)| {
            around += 1;
            self.elevation.values[n].is_nan()
        });
        beside_void || around < Neighbour::ALL.len()
    }
}
