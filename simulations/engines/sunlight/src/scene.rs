//! Heights that cast shadows.

use twin_core::spatial::{Grid, GridSpec};

use crate::Error;

/// Ground and roofs, crowns and their undersides, as heights above the same zero.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Ground and roofs, m.
    pub(crate) surface: Grid<f32>,
    /// Tops of crowns, m; `-∞` where there is none.
    pub(crate) crown: Vec<f32>,
    /// Their undersides, m: rays pass below. `-∞` where there is none.
    pub(crate) underside: Vec<f32>,
    pub(crate) has_crowns: bool,
    /// Highest surface or crown, m.
    pub(crate) highest_m: f32,
}

impl Scene {
    /// From the surface without vegetation.
    ///
    /// # Errors
    /// A surface that is not finite everywhere.
    pub fn new(surface: Grid<f32>) -> Result<Self, Error> {
        if let Some(cell) = surface.values.iter().position(|z| !z.is_finite()) {
            let (row, column) = surface.spec.row_column(cell);
            return Err(Error::Ground { row, column });
        }
        let none = vec![f32::NEG_INFINITY; surface.values.len()];
        let highest_m = surface.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        Ok(Self { surface, crown: none.clone(), underside: none, has_crowns: false, highest_m })
    }

    /// With crowns: heights of their tops and undersides, m; `NaN`, or a top that is not above the surface,
    /// where there is none.
    ///
    /// # Errors
    /// Rasters of another size.
    pub fn with_crowns(mut self, tops: &[f32], undersides: &[f32]) -> Result<Self, Error> {
        let cells = self.surface.values.len();
        if tops.len() != cells || undersides.len() != cells {
            return Err(Error::Sizes);
        }
        for cell in 0..cells {
            let (top, under) = (tops[cell], undersides[cell]);
            if top.is_finite() && top > self.surface.values[cell] {
                self.crown[cell] = top;
                self.underside[cell] =
                    if under.is_nan() { f32::NEG_INFINITY } else { under.min(top) };
                self.has_crowns = true;
                self.highest_m = self.highest_m.max(top);
            }
        }
        Ok(self)
    }

    /// The cells.
    pub fn spec(&self) -> &GridSpec {
        &self.surface.spec
    }

    /// Ground and roofs, m.
    pub fn surface(&self) -> &Grid<f32> {
        &self.surface
    }

    /// Tops of crowns, m; `-∞` where there is none.
    pub fn crowns(&self) -> &[f32] {
        &self.crown
    }
}
