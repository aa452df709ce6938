//! Water shared among several neighbours.
//!
//! **D∞** (Tarboton 1997, doi:10.1029/96WR03137): the direction of steepest fall on the eight triangles
//! between a cell and two neighbours beside each other; the water goes to the two neighbours on either side
//! of it, by angle. **MFD** (Freeman 1991, doi:10.1016/0098-3004(91)90048-I): to all lower neighbours, by
//! slope to a power.
//!
//! Both follow the flooded surface; where none of its neighbours is lower a cell drains as in D8.

use std::f32::consts::FRAC_PI_4;

use rayon::prelude::*;
use twin_core::spatial::{Grid, GridSpec};

use crate::{Directions, Flooding, Neighbour, Terrain};

/// Where the water of cells goes. Following shares larger than 0 never leads back to a cell.
pub trait Routing: Sync {
    /// The grid.
    fn spec(&self) -> &GridSpec;

    /// Whether there is a cell.
    fn is_open(&self, cell: usize) -> bool;

    /// Share of the water of a cell that goes to a neighbour, 0 to 1; all shares of a cell have the sum
    /// 1, or 0 where water leaves.
    fn share(&self, cell: usize, k: Neighbour) -> f32;

    /// The cells that water of a cell goes to, and their shares.
    fn outflows(&self, cell: usize) -> impl Iterator<Item = (usize, f32)> {
        Neighbour::around(self.spec(), cell)
            .map(move |(k, near)| (near, self.share(cell, k)))
            .filter(|(_, share)| *share > 0.0)
    }
}

/// D∞.
#[derive(Debug, Clone, PartialEq)]
pub struct DInfinity {
    spec: GridSpec,
    /// Direction in eighths of a circle, clockwise from the east; [`ENDS`] where water leaves, `NaN` where
    /// there is no cell.
    eighths: Vec<f32>,
}

/// No direction: water leaves here or stays.
const ENDS: f32 = 8.0;

impl DInfinity {
    /// Directions of a flooded terrain.
    pub fn new(terrain: &Terrain, flooding: &Flooding, d8: &Directions) -> Self {
        let spec = *terrain.spec();
        let direction = |cell: usize| {
            if !terrain.is_open(cell) {
                return f32::NAN;
            }
            let mut around = [f32::NAN; 8];
            for (k, near) in Neighbour::around(&spec, cell) {
                around[k.number()] = flooding.level.values[near];
            }
            let own = flooding.level.values[cell];
            let mut steepest: Option<Facet> = None;
            for facet in Neighbour::ALL.into_iter().map(|k| Facet::new(own, &around, k)) {
                if facet.fall > steepest.as_ref().map_or(0.0, |best| best.fall) {
                    steepest = Some(facet);
                }
            }
            match steepest {
                Some(facet) => facet.eighths().rem_euclid(8.0),
                None => d8.toward(cell).map_or(ENDS, |k| k.number() as f32),
            }
        };
        Self { spec, eighths: (0..spec.len()).into_par_iter().map(direction).collect() }
    }
}

/// The triangle of a cell and two neighbours beside each other.
struct Facet {
    /// Steepest fall within the triangle per cell; not above 0 where there is none.
    fall: f32,
    /// Number of the first of the two neighbours clockwise.
    first: usize,
    /// Falls to the straight neighbour and from it to the diagonal one, per cell, both those of the direction
    /// of steepest fall.
    along: f32,
    across: f32,
}

impl Facet {
    /// From the level of a cell and those around it, `NaN` where there is none.
    fn new(own: f32, around: &[f32; 8], k: Neighbour) -> Self {
        let first = k.number();
        let second = (first + 1) % 8;
        let (straight, diagonal) =
            if first.is_multiple_of(2) { (first, second) } else { (second, first) };
        // A missing neighbour makes its fall `NaN`, which compares as false.
        let (along, across) = (own - around[straight], around[straight] - around[diagonal]);
        let to_diagonal = own - around[diagonal];
        let (along, across) = if (0.0..=along).contains(&across) {
            (along, across)
        } else if across > along || (along.is_nan() && to_diagonal > 0.0) {
            (0.5 * to_diagonal, 0.5 * to_diagonal)
        } else {
            (along, 0.0)
        };
        let fall = if along > 0.0 { along.hypot(across) } else { 0.0 };
        Self { fall, first, along, across }
    }

    /// Direction of the fall in eighths of a circle.
    fn eighths(&self) -> f32 {
        let turned = self.across.atan2(self.along) / FRAC_PI_4;
        let from_first = if self.first.is_multiple_of(2) { turned } else { 1.0 - turned };
        self.first as f32 + from_first
    }
}

impl Routing for DInfinity {
    fn spec(&self) -> &GridSpec {
        &self.spec
    }

    fn is_open(&self, cell: usize) -> bool {
        !self.eighths[cell].is_nan()
    }

    #[inline]
    fn outflows(&self, cell: usize) -> impl Iterator<Item = (usize, f32)> {
        let eighths = self.eighths[cell];
        let first = if (0.0..ENDS).contains(&eighths) { Some(eighths as usize) } else { None };
        // A direction lies between neighbours that there are; along one of them the other has no share.
        first.into_iter().flat_map(|first| [first, first + 1]).filter_map(move |number| {
            let k = Neighbour::from_number(number);
            let share = self.share(cell, k);
            (share > 0.0).then(|| (k.step(&self.spec, cell), share))
        })
    }

    #[inline]
    fn share(&self, cell: usize, k: Neighbour) -> f32 {
        let eighths = self.eighths[cell];
        if !(0.0..ENDS).contains(&eighths) {
            return 0.0;
        }
        let away = (eighths - k.number() as f32).abs();
        (1.0 - away.min(8.0 - away)).max(0.0)
    }
}

/// MFD.
#[derive(Debug, Clone, PartialEq)]
pub struct MultipleFlow {
    level: Grid<f32>,
    /// Sum of the weights of the lower neighbours; 0 where none is lower.
    weights: Vec<f32>,
    d8: Directions,
}

/// Freeman's exponent of the slope.
const EXPONENT: f32 = 1.1;

impl MultipleFlow {
    /// Shares on a flooded terrain with Freeman's exponent, 1.1.
    pub fn new(flooding: &Flooding, d8: Directions) -> Self {
        let level = flooding.level.clone();
        let total = |cell: usize| -> f32 {
            Neighbour::around(&level.spec, cell)
                .map(|(k, near)| weight(level.values[cell] - level.values[near], k))
                .sum()
        };
        let weights = (0..level.spec.len()).into_par_iter().map(total).collect();
        Self { level, weights, d8 }
    }
}

/// Weight of a neighbour by the fall to it.
fn weight(fall: f32, k: Neighbour) -> f32 {
    if fall > 0.0 && fall.is_finite() { (fall / k.distance() as f32).powf(EXPONENT) } else { 0.0 }
}

impl Routing for MultipleFlow {
    fn spec(&self) -> &GridSpec {
        &self.level.spec
    }

    fn is_open(&self, cell: usize) -> bool {
        self.d8.is_open(cell)
    }

    #[inline]
    fn share(&self, cell: usize, k: Neighbour) -> f32 {
        let total = self.weights[cell];
        if total <= 0.0 {
            return self.d8.share(cell, k);
        }
        let near = k.of(&self.level.spec, cell).map(|near| self.level.values[near]);
        near.map_or(0.0, |near| weight(self.level.values[cell] - near, k) / total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: GridSpec =
        GridSpec { west: 0.0, north: 41.0, cell_size: 1.0, columns: 41, rows: 41 };

    /// D∞ and MFD of a terrain.
    fn routed(elevation: Grid<f32>) -> (DInfinity, MultipleFlow) {
        let terrain = Terrain::new(elevation).unwrap();
        let flooding = Flooding::new(&terrain);
        let d8 = Directions::new(&terrain, &flooding);
        (DInfinity::new(&terrain, &flooding, &d8), MultipleFlow::new(&flooding, d8))
    }

    #[test]
    fn a_plane_drains_in_the_direction_of_its_fall() {
        // Steepest to the east-south-east: angle atan(0.5) from the east.
        let (d_infinity, _) =
            routed(Grid::from_fn(SPEC, |row, column| 100.0 - column as f32 - 0.5 * row as f32));
        let cell = SPEC.index(20, 20);
        let diagonal = 0.5f32.atan() / FRAC_PI_4;
        assert!((d_infinity.share(cell, Neighbour::from_number(1)) - diagonal).abs() < 1e-5);
        assert!((d_infinity.share(cell, Neighbour::from_number(0)) - 1.0 + diagonal).abs() < 1e-5);
        // And turned by a quarter to the south-west.
        let (d_infinity, _) =
            routed(Grid::from_fn(SPEC, |row, column| 100.0 - row as f32 + 0.5 * column as f32));
        assert!((d_infinity.share(cell, Neighbour::from_number(3)) - diagonal).abs() < 1e-5);
        assert!((d_infinity.share(cell, Neighbour::from_number(2)) - 1.0 + diagonal).abs() < 1e-5);
    }

    #[test]
    fn shares_of_every_cell_make_all_of_its_water() {
        let rough = Grid::from_fn(SPEC, |row, column| ((row * 37 + column * 101) % 17) as f32);
        let (d_infinity, multiple) = routed(rough);
        for cell in 0..SPEC.len() {
            for shares in [
                Neighbour::ALL.map(|k| d_infinity.share(cell, k)),
                Neighbour::ALL.map(|k| multiple.share(cell, k)),
            ] {
                let all: f32 = shares.iter().sum();
                assert!((all - 1.0).abs() < 1e-5 || all == 0.0, "{cell}: {shares:?}");
            }
        }
    }

    #[test]
    fn multiple_flow_weighs_by_slope() {
        let (_, multiple) = routed(Grid::from_fn(SPEC, |_, column| 100.0 - column as f32));
        let cell = SPEC.index(20, 20);
        let diagonal = (1.0 / 2f32.sqrt()).powf(1.1);
        let straight = multiple.share(cell, Neighbour::from_number(0));
        assert!((straight - 1.0 / (1.0 + 2.0 * diagonal)).abs() < 1e-6);
    }
}
