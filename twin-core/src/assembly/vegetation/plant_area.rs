//! Plant area index (PAI) from the pulses that pass through the canopy.
//!
//! Foliage and wood let a share *P* of the pulses through, by the law of Beer and Lambert
//!
//! ```text
//! P = exp(−G · PAI),   G = 0.5
//! ```
//!
//! for leaves turned any way (MacArthur & Horn 1969, doi:10.2307/1933693; with LiDAR Solberg et al.
//! 2009, doi:10.1016/j.rse.2009.05.010). A pulse of *n* returns counts 1/*n* for each; it has passed
//! where the return comes from below the high vegetation (class 5, above 1.5 m). Pulses are taken as
//! vertical and leaves as spread evenly within a cell of 5 m, so that the index is the *effective*
//! one; at most 8.

use std::collections::BTreeMap;

use crate::assembly::{LatticeBox, millimetres};
use crate::formats::PointBlock;
use crate::products::lidar_hd;
use crate::spatial::{Grid, GridSpec};

/// Side of the cells in which pulses are counted, on multiples of the system's origin, m.
const PULSE_CELL_M: f64 = 5.0;
/// A whole pulse: divisible by every number of returns up to 15.
const PULSE: u32 = 360_360;
/// Projection of leaves turned any way.
const LEAF_PROJECTION: f64 = 0.5;
/// Fewest pulses that tell anything.
const FEWEST_PULSES: f64 = 4.0;
/// A canopy through which nothing passes has this index or a higher one.
const HIGHEST_INDEX: f64 = 8.0;

/// Pulses in a cell, in units of [`PULSE`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Pulses {
    all: u64,
    passed: u64,
}

/// Pulses by cell of 5 m.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::assembly) struct PulseCounts(BTreeMap<[i64; 2], Pulses>);

impl PulseCounts {
    /// Of classified points.
    pub(in crate::assembly) fn of(block: &PointBlock) -> Self {
        let mut counts: BTreeMap<[i64; 2], Pulses> = BTreeMap::new();
        for i in 0..block.len() {
            let class = block.class[i];
            let is_canopy = class == lidar_hd::HIGH_VEGETATION;
            let is_below = lidar_hd::is_surface(class) && class != lidar_hd::BRIDGE && !is_canopy;
            if !is_canopy && !is_below {
                continue;
            }
            let [x, y, _] = block.position(i);
            let share = u64::from(PULSE / u32::from(block.number_of_returns[i].clamp(1, 15)));
            let pulses = counts.entry(cell(x, y)).or_default();
            pulses.all += share;
            pulses.passed += if is_below { share } else { 0 };
        }
        Self(counts)
    }

    /// Number of cells.
    pub(in crate::assembly) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds the pulses of another file within an area.
    pub(in crate::assembly) fn add(&mut self, other: &Self, area: &LatticeBox) {
        let [first, last] = [area.min, area.max].map(cell_of);
        let columns = other.0.range([first[0], i64::MIN]..=[last[0], i64::MAX]);
        for (place, pulses) in columns.filter(|(p, _)| (first[1]..=last[1]).contains(&p[1])) {
            let sum = self.0.entry(*place).or_default();
            sum.all += pulses.all;
            sum.passed += pulses.passed;
        }
    }

    /// The index at a place; `None` with too few pulses.
    fn index(&self, x: f64, y: f64) -> Option<f32> {
        let pulses = self.0.get(&cell(x, y))?;
        let [all, passed] = [pulses.all, pulses.passed].map(|n| n as f64 / f64::from(PULSE));
        (all >= FEWEST_PULSES).then_some(())?;
        let index = -(passed / all).ln() / LEAF_PROJECTION;
        Some(index.clamp(0.0, HIGHEST_INDEX) as f32)
    }
}

fn cell(x: f64, y: f64) -> [i64; 2] {
    cell_of([x, y].map(millimetres))
}

fn cell_of(millimetre: [i64; 2]) -> [i64; 2] {
    millimetre.map(|v| v.div_euclid(millimetres(PULSE_CELL_M)))
}

/// Plant area index of the high vegetation over each cell, `NaN` where pulses are missing.
pub(in crate::assembly) fn plant_area_index(pulses: &PulseCounts, spec: GridSpec) -> Grid<f32> {
    Grid::from_fn(spec, |row, column| {
        let (x, y) = spec.centre(row, column);
        pulses.index(x, y).unwrap_or(f32::NAN)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pulses on a decimetre lattice over 10 × 5 m: over the western half a canopy that lets every
    /// fourth pulse through; of the others every third has a second return from the ground.
    fn block() -> PointBlock {
        let mut block = PointBlock { scale: [0.01; 3], ..PointBlock::default() };
        let mut add = |x: i32, y: i32, class: u8, number: u8, count: u8| {
            block.x.push(x);
            block.y.push(y);
            block.z.push(0);
            block.class.push(class);
            block.return_number.push(number);
            block.number_of_returns.push(count);
        };
        for k in 0..4800 {
            // As many columns in each half as the pattern of pulses repeats in.
            let column = k % 96;
            let (x, y) = (column * 10 + if column < 48 { 0 } else { 20 }, k / 96 * 10);
            let passes = k % 4 == 0;
            if x >= 500 || passes {
                add(x, y, lidar_hd::GROUND, 1, 1);
            } else if k % 3 == 0 {
                add(x, y, lidar_hd::HIGH_VEGETATION, 1, 2);
                add(x, y, lidar_hd::GROUND, 2, 2);
            } else {
                add(x, y, lidar_hd::HIGH_VEGETATION, 1, 1);
            }
        }
        block
    }

    #[test]
    fn the_index_is_that_of_the_share_that_passes() {
        let counts = PulseCounts::of(&block());
        let spec = GridSpec { west: 0.0, north: 5.0, cell_size: 1.0, columns: 15, rows: 5 };
        let mut near = PulseCounts::default();
        near.add(&counts, &LatticeBox::of_extent(&spec.extent()));
        let index = plant_area_index(&near, spec);
        // A quarter passes, and half of a third of the rest.
        let share: f64 = 0.25 + 0.75 / 6.0;
        assert!((f64::from(index[(2, 2)]) + 2.0 * share.ln()).abs() < 1e-5, "{}", index[(2, 2)]);
        assert_eq!(index[(2, 7)], 0.0);
        assert!(index[(2, 12)].is_nan());
    }
}
