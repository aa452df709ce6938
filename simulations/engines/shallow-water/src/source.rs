//! Water that comes from above: hydrographs and rain.
//!
//! Sources add still water: depth grows, momentum stays. Volumes are exact integrals of their
//! series over each step. In `f32` a rain of 10 mm/h over steps of 0.05 s (1.4e-7 m) on 5 m of water
//! is less than the spacing of the numbers; what an addition cannot hold is carried to the next one.

use twin_core::spatial::{Position, cells_along};
use twin_core::{Error, Result};

use crate::Series;
use crate::bed::Bed;

/// How a discharge is shared among the cells of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// The same volume in each cell.
    Even,
    /// By conveyance h^(5/3)/n at each step; as if 10 cm of water stood on the lowest cell
    /// while all are dry.
    Conveyance,
}

/// Water that enters (or, with negative values, leaves) cells of the domain.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A discharge into some cells. A negative one takes at most what is there; the budget says
    /// how much it got.
    Inflow {
        /// Name in the budget.
        name: String,
        /// Cells, as positions in the value array.
        cells: Vec<usize>,
        /// m³/s against time.
        discharge: Series,
        /// How it is shared.
        split: Split,
    },
    /// The same rain on every open cell.
    Rain {
        /// Name in the budget.
        name: String,
        /// m/s against time, ≥ 0.
        rate: Series,
    },
}

impl Source {
    /// A discharge across a line (an inflow section), split by conveyance over the open cells that
    /// the line passes.
    ///
    /// # Errors
    /// When the line passes no open cell.
    pub fn across(
        name: impl Into<String>,
        bed: &Bed,
        line: &[Position],
        discharge: Series,
    ) -> Result<Self> {
        let name = name.into();
        let mut cells: Vec<usize> = cells_along(&bed.spec, line)
            .into_iter()
            .map(|(row, column)| bed.spec.index(row, column))
            .filter(|&cell| bed.is_open(cell))
            .collect();
        cells.sort_unstable();
        cells.dedup();
        if cells.is_empty() {
            return Err(Error::input(
                name,
                "la ligne d'injection ne passe par aucune cellule ouverte ; la placer dans le domaine",
                "the inflow line passes no open cell; place it inside the domain",
            ));
        }
        Ok(Self::Inflow { name, cells, discharge, split: Split::Conveyance })
    }

    /// Name in the budget.
    pub fn name(&self) -> &str {
        match self {
            Self::Inflow { name, .. } | Self::Rain { name, .. } => name,
        }
    }

    /// The cells that it feeds, if not all.
    pub(crate) fn cells(&self) -> &[usize] {
        match self {
            Self::Inflow { cells, .. } => cells,
            Self::Rain { .. } => &[],
        }
    }

    pub(crate) fn check(&self, bed: &Bed) -> Result<()> {
        match self {
            Self::Inflow { name, cells, .. } => {
                let usable = |&cell: &usize| cell < bed.spec.len() && bed.is_open(cell);
                if cells.is_empty() || !cells.iter().all(usable) {
                    return Err(Error::input(
                        name,
                        "une cellule de l'apport est hors du domaine, vide ou bloquée",
                        "a cell of the source is outside the domain, void or blocked",
                    ));
                }
            }
            Self::Rain { name, rate } => {
                if rate.points().iter().any(|p| p.1 < 0.0) {
                    return Err(Error::input(
                        name,
                        "une intensité de pluie est négative",
                        "a rain rate is negative",
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Shares that sum to 1, by conveyance.
pub(crate) fn conveyance_weights(
    bed: &Bed,
    depth: impl Fn(usize) -> f64,
    cells: impl Iterator<Item = usize> + Clone,
    weights: &mut Vec<f64>,
) {
    let conveyance = |cell: usize, h: f64| {
        let h = h.max(0.0);
        h * h.cbrt() * h.cbrt() / bed.roughness[cell].max(1e-3)
    };
    weights.clear();
    weights.extend(cells.clone().map(|cell| conveyance(cell, depth(cell))));
    let mut sum: f64 = weights.iter().sum();
    if sum < 1e-6 {
        let lowest = cells.clone().map(|cell| bed.elevation_m[cell]).fold(f64::INFINITY, f64::min);
        weights.clear();
        weights.extend(cells.map(|cell| conveyance(cell, lowest + 0.1 - bed.elevation_m[cell])));
        sum = weights.iter().sum();
    }
    weights.iter_mut().for_each(|w| *w /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_core::spatial::{Grid, GridSpec};

    #[test]
    fn dry_cells_share_by_the_shape_of_the_bed() {
        let spec = GridSpec { west: 0.0, north: 1.0, cell_size: 1.0, columns: 3, rows: 1 };
        let z = Grid::from_values(spec, vec![1.0, 0.0, 0.05]).unwrap();
        let bed = Bed::from_grids(&z, &Grid::filled(spec, 0.03)).unwrap();
        let mut weights = Vec::new();
        conveyance_weights(&bed, |_| 0.0, 0..3, &mut weights);
        assert_eq!(weights[0], 0.0);
        assert!((weights[1] / weights[2] - 2.0f64.powf(5.0 / 3.0)).abs() < 1e-9);
        conveyance_weights(&bed, |cell| [8.0, 1.0, 0.0][cell], 0..3, &mut weights);
        assert!((weights[0] / weights[1] - 32.0).abs() < 1e-9 && weights[2] == 0.0);
        assert!(Source::across("q", &bed, &[[9.0, 9.0, 0.0]; 2], Series::constant(1.0)).is_err());
    }
}
