//! The ground under the water.

use twin_core::spatial::{Grid, GridSpec};
use twin_core::{Error, Result};

use crate::edge::{Edge, OuterEdge, Side};
use crate::porosity::Porosity;

/// Ground elevation and roughness on a grid, and the cells that take no water.
#[derive(Debug, Clone, PartialEq)]
pub struct Bed {
    /// Where the cells lie.
    pub spec: GridSpec,
    /// Ground elevation in m; `NaN` where there is none (void: no flow, counted as outside).
    pub elevation_m: Vec<f64>,
    /// Manning's n in s·m^(−1/3), or Darcy–Weisbach's f, by [`crate::FrictionLaw`]; ≥ 0.
    pub roughness: Vec<f64>,
    /// Cells that take no water (buildings): their sides are walls.
    pub blocked: Vec<bool>,
    /// Open shares of cells and edges that buildings stand in.
    pub porosity: Porosity,
}

impl Bed {
    /// From an elevation and a roughness grid, no cell blocked. A roughness that is not known
    /// (`NaN`) is an error except under voids.
    ///
    /// # Errors
    /// Grids that do not match, no cell, a roughness that is negative or not finite.
    pub fn from_grids<Z: Copy + Into<f64>, N: Copy + Into<f64>>(
        elevation_m: &Grid<Z>,
        roughness: &Grid<N>,
    ) -> Result<Self> {
        let spec = elevation_m.spec;
        if spec != roughness.spec {
            return Err(Error::input(
                "bed",
                "l'altitude et la rugosité ne sont pas sur la même grille",
                "elevation and roughness are not on the same grid",
            ));
        }
        let bed = Self {
            spec,
            elevation_m: elevation_m.values.iter().map(|&z| z.into()).collect(),
            roughness: roughness.values.iter().map(|&n| n.into()).collect(),
            blocked: vec![false; spec.len()],
            porosity: Porosity::default(),
        };
        bed.check()?;
        Ok(bed)
    }

    /// Whether the arrays are usable together.
    ///
    /// # Errors
    /// One sentence on the first thing that is not.
    pub fn check(&self) -> Result<()> {
        let n = self.spec.len();
        let size = self.spec.cell_size;
        if n == 0 || !(size.is_finite() && size > 0.0) {
            return Err(Error::input(
                "bed",
                "la grille n'a pas de cellule ou une taille de cellule non positive",
                "the grid has no cell or a cell size that is not positive",
            ));
        }
        if [self.elevation_m.len(), self.roughness.len(), self.blocked.len()] != [n; 3] {
            return Err(Error::input(
                "bed",
                format!("les tableaux n'ont pas une valeur par cellule ({n})"),
                format!("the arrays do not hold one value per cell ({n})"),
            ));
        }
        let bad = (0..n).find(|&i| {
            let (z, n) = (self.elevation_m[i], self.roughness[i]);
            z.is_infinite() || !(z.is_nan() || n.is_finite() && n >= 0.0)
        });
        if let Some(i) = bad {
            let (row, column) = self.spec.row_column(i);
            return Err(Error::input(
                "bed",
                format!(
                    "ligne {row}, colonne {column} : altitude infinie ou rugosité non valable ; corriger la grille"
                ),
                format!(
                    "row {row}, column {column}: infinite elevation or unusable roughness; correct the grid"
                ),
            ));
        }
        Ok(())
    }

    /// Whether water may stand in a cell.
    pub fn is_open(&self, cell: usize) -> bool {
        !self.elevation_m[cell].is_nan() && !self.blocked[cell]
    }

    /// All edges between an open cell and the outside (rim of the grid or void), row by row.
    pub fn outer_edges(&self) -> Vec<OuterEdge> {
        let spec = &self.spec;
        let mut edges = Vec::new();
        for row in 0..spec.rows {
            for column in 0..spec.columns {
                let cell = spec.index(row, column);
                if !self.is_open(cell) {
                    continue;
                }
                for side in [Side::West, Side::East, Side::South, Side::North] {
                    let edge = Edge::of_cell(row, column, side);
                    let beyond = match (side, edge.cells(spec)) {
                        (Side::West | Side::South, [minus, _]) => minus,
                        (Side::East | Side::North, [_, plus]) => plus,
                    };
                    if beyond.is_none_or(|other| self.elevation_m[other].is_nan()) {
                        edges.push(OuterEdge {
                            edge,
                            cell,
                            side,
                            on_rim: beyond.is_none(),
                            middle: edge.middle(spec),
                        });
                    }
                }
            }
        }
        edges
    }

    /// The edges on one side of the grid's rim.
    pub fn rim(&self, side: Side) -> Vec<Edge> {
        self.outer_edges().iter().filter(|e| e.on_rim && e.side == side).map(|e| e.edge).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> GridSpec {
        GridSpec { west: 0.0, north: 3.0, cell_size: 1.0, columns: 3, rows: 3 }
    }

    #[test]
    fn a_void_has_outer_edges_and_a_building_has_none() {
        let mut bed =
            Bed::from_grids(&Grid::filled(spec(), 0.0f32), &Grid::filled(spec(), 0.0f32)).unwrap();
        assert_eq!(bed.outer_edges().len(), 12);
        bed.blocked[4] = true;
        assert_eq!(bed.outer_edges().len(), 12);
        bed.elevation_m[4] = f64::NAN;
        assert_eq!(bed.outer_edges().len(), 16);
        assert_eq!(bed.rim(Side::North).len(), 3);
    }

    #[test]
    fn refuses_unusable_values() {
        let good = Grid::filled(spec(), 0.0f64);
        assert!(Bed::from_grids(&good, &Grid::filled(spec(), -1.0)).is_err());
        assert!(Bed::from_grids(&good, &Grid::filled(spec(), f64::NAN)).is_err());
        assert!(Bed::from_grids(&Grid::filled(spec(), f64::INFINITY), &good).is_err());
    }
}
