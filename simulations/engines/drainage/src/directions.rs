//! D8: the steepest of the eight neighbours (O'Callaghan & Mark 1984,
//! doi:10.1016/S0734-189X(84)80011-0), on the terrain with its depressions filled.
//!
//! Where no neighbour is lower, in filled depressions and on flats, water goes the way by which the place
//! was flooded, along the bottom to its spill. Of equally steep neighbours the first clockwise from the
//! east is taken.

use rayon::prelude::*;
use twin_core::spatial::GridSpec;

use crate::{Flooding, Neighbour, Routing, Terrain};

/// One neighbour for each cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Directions {
    spec: GridSpec,
    /// By cell the number of the neighbour, or one of the following.
    toward: Vec<u8>,
}

/// Water leaves the territory here, or stays in a sink.
pub(crate) const ENDS: u8 = 8;
/// No water: a void or a closed cell.
pub(crate) const NO_CELL: u8 = 9;

impl Directions {
    /// Directions of a flooded terrain.
    pub fn new(terrain: &Terrain, flooding: &Flooding) -> Self {
        let spec = *terrain.spec();
        let mut toward = vec![NO_CELL; spec.len()];
        toward.par_chunks_mut(spec.columns).enumerate().for_each(|(row, directions)| {
            for (column, direction) in directions.iter_mut().enumerate() {
                let cell = spec.index(row, column);
                if terrain.is_open(cell) {
                    let steepest = steepest(flooding, cell).map(|k| k.number() as u8);
                    *direction = steepest.unwrap_or(flooding.toward[cell]);
                }
            }
        });
        Self { spec, toward }
    }

    /// The neighbour that water of a cell goes to; none where it leaves, stays or cannot be.
    #[inline]
    pub fn toward(&self, cell: usize) -> Option<Neighbour> {
        let code = self.toward[cell];
        (code < ENDS).then(|| Neighbour::from_number(usize::from(code)))
    }

    /// The cell that water of a cell goes to.
    #[inline]
    pub fn next(&self, cell: usize) -> Option<usize> {
        // Directions lead to cells of the grid by construction.
        self.toward(cell).map(|k| k.step(&self.spec, cell))
    }

    /// The cells whose water comes to a cell.
    pub fn sources(&self, cell: usize) -> impl Iterator<Item = usize> {
        Neighbour::around(&self.spec, cell)
            .filter(|(k, n)| self.toward[*n] == k.opposite().number() as u8)
            .map(|(_, n)| n)
    }
}

/// The neighbour with the steepest fall of the flooded surface.
fn steepest(flooding: &Flooding, cell: usize) -> Option<Neighbour> {
    let level = |cell: usize| f64::from(flooding.level.values[cell]);
    let mut best = (0.0, None);
    for (k, near) in Neighbour::around(&flooding.level.spec, cell) {
        // Comparisons with the NaN of a void are false.
        let fall = (level(cell) - level(near)) / k.distance();
        if fall > best.0 {
            best = (fall, Some(k));
        }
    }
    best.1
}

impl Routing for Directions {
    fn spec(&self) -> &GridSpec {
        &self.spec
    }

    #[inline]
    fn is_open(&self, cell: usize) -> bool {
        self.toward[cell] != NO_CELL
    }

    #[inline]
    fn outflows(&self, cell: usize) -> impl Iterator<Item = (usize, f32)> {
        self.next(cell).map(|next| (next, 1.0)).into_iter()
    }

    #[inline]
    fn share(&self, cell: usize, k: Neighbour) -> f32 {
        if usize::from(self.toward[cell]) == k.number() { 1.0 } else { 0.0 }
    }
}
