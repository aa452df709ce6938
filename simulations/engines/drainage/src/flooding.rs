//! Every depression filled to its spill level: the Priority-Flood of Barnes, Lehman & Mulla 2014
//! (doi:10.1016/j.cageo.2013.04.024).
//!
//! Water rises from the outlets inwards, always over the lowest cell not yet reached, so that every cell is
//! reached by the way whose highest point is lowest. Only cells beside a lower one that is still dry wait in
//! the priority queue; slopes are climbed from a plain stack (Zhou, Sun & Fu 2016,
//! doi:10.1016/j.cageo.2016.02.021; Wei, Zhou & Fu 2019, doi:10.1080/17538947.2018.1429503). Within a
//! depression the lowest ground is filled first, so that the ways out of it follow its bottom (Metz, Mitasova
//! & Harmon 2011, doi:10.5194/hess-15-667-2011), and flats are crossed by the shortest way.
//!
//! Open cells that closed ones cut off from every outlet keep their water: the lowest of them is their
//! sink.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use radix_heap::RadixHeapMap;
use twin_core::spatial::Grid;

use crate::directions::{ENDS, NO_CELL};
use crate::{Neighbour, Terrain};

/// A terrain with its depressions filled.
#[derive(Debug, Clone, PartialEq)]
pub struct Flooding {
    /// Elevation, or the spill level of the depression a cell lies in, m; that of the terrain on void
    /// and closed cells.
    pub level: Grid<f32>,
    /// By cell the number of the neighbour that water of a depression or of a flat leaves by, or a code of
    /// [`Directions`](crate::Directions).
    pub(crate) toward: Vec<u8>,
    /// Sinks of places without an outlet.
    pub sinks: Vec<usize>,
}

impl Flooding {
    /// Floods a terrain.
    pub fn new(terrain: &Terrain) -> Self {
        let cells = terrain.spec().len();
        let start = |z: &f32| if z.is_finite() { UNREACHED } else { NO_CELL };
        let toward = terrain.elevation().values.iter().map(start).collect();
        let mut rising = Rising {
            terrain,
            level: terrain.elevation().values.clone(),
            toward,
            waiting: RadixHeapMap::new(),
            filling: BinaryHeap::new(),
            filled: 0,
            climbing: Vec::new(),
        };
        for cell in 0..cells {
            if rising.toward[cell] == UNREACHED && terrain.is_outlet(cell) {
                rising.begin(cell);
            }
        }
        rising.run();
        let mut sinks = Vec::new();
        for cell in 0..cells {
            if rising.toward[cell] == UNREACHED {
                let sink = rising.lowest_enclosed(cell);
                // Its queue takes no level below the last it gave.
                rising.waiting.clear();
                sinks.push(sink);
                rising.begin(sink);
                rising.run();
            }
        }
        let level = Grid { spec: *terrain.spec(), values: rising.level };
        Self { level, toward: rising.toward, sinks }
    }
}

/// Water has not come to this cell yet.
const UNREACHED: u8 = 10;

struct Rising<'a> {
    terrain: &'a Terrain,
    level: Vec<f32>,
    toward: Vec<u8>,
    /// Cells from which water may spill into a depression, the lowest first.
    waiting: RadixHeapMap<Reverse<u32>, u32>,
    /// Cells of a depression: the lowest ground first, then the one that was reached first.
    filling: BinaryHeap<Reverse<(u32, u32, u32)>>,
    /// Number of cells that were in `filling`.
    filled: u32,
    /// Cells of a slope.
    climbing: Vec<u32>,
}

impl Rising<'_> {
    fn begin(&mut self, cell: usize) {
        self.toward[cell] = ENDS;
        self.wait(cell);
    }

    fn wait(&mut self, cell: usize) {
        self.waiting.push(Reverse(ordered(self.level[cell])), cell as u32);
    }

    fn run(&mut self) {
        let spec = *self.terrain.spec();
        loop {
            let cell = match self.filling.pop() {
                Some(Reverse((_, _, cell))) => cell as usize,
                None => match self.waiting.pop() {
                    Some((_, cell)) => cell as usize,
                    None => break,
                },
            };
            let level = self.level[cell];
            for (k, near) in Neighbour::around(&spec, cell) {
                if self.toward[near] != UNREACHED {
                    continue;
                }
                self.toward[near] = k.opposite().number() as u8;
                if self.level[near] <= level {
                    let ground = ordered(self.level[near]);
                    self.level[near] = level;
                    self.filling.push(Reverse((ground, self.filled, near as u32)));
                    self.filled += 1;
                } else {
                    self.climbing.push(near as u32);
                }
            }
            while let Some(cell) = self.climbing.pop() {
                self.climb(cell as usize);
            }
        }
    }

    /// Goes on from a cell of a slope to the cells above it; it waits where one beside it is not higher.
    fn climb(&mut self, cell: usize) {
        let level = self.level[cell];
        let mut spills = false;
        for (k, near) in Neighbour::around(self.terrain.spec(), cell) {
            if self.toward[near] != UNREACHED {
                continue;
            }
            if self.level[near] > level {
                self.toward[near] = k.opposite().number() as u8;
                self.climbing.push(near as u32);
            } else {
                spills = true;
            }
        }
        if spills {
            self.wait(cell);
        }
    }

    /// The lowest of the cells that are cut off together with one.
    fn lowest_enclosed(&self, cell: usize) -> usize {
        let mut lowest = cell;
        let mut seen = std::collections::BTreeSet::from([cell]);
        let mut stack = vec![cell];
        while let Some(cell) = stack.pop() {
            if (self.level[cell], cell) < (self.level[lowest], lowest) {
                lowest = cell;
            }
            for (_, near) in Neighbour::around(self.terrain.spec(), cell) {
                if self.toward[near] == UNREACHED && seen.insert(near) {
                    stack.push(near);
                }
            }
        }
        lowest
    }
}

/// The bits of a finite number in the order of the numbers.
fn ordered(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use twin_core::spatial::GridSpec;

    use super::*;

    const SPEC: GridSpec =
        GridSpec { west: 0.0, north: 12.0, cell_size: 1.0, columns: 15, rows: 12 };

    /// The plain definition: levels fall from +∞ until each is the larger of its ground and the lowest level
    /// beside it (Planchon & Darboux 2002, doi:10.1016/S0341-8162(01)00164-3).
    fn plainly(terrain: &Terrain) -> Vec<f32> {
        let ground = &terrain.elevation().values;
        let start = |c: usize| {
            if terrain.is_open(c) && !terrain.is_outlet(c) { f32::INFINITY } else { ground[c] }
        };
        let mut level: Vec<f32> = (0..ground.len()).map(start).collect();
        loop {
            let mut changed = false;
            for cell in (0..ground.len()).filter(|c| terrain.is_open(*c)) {
                let beside = Neighbour::around(terrain.spec(), cell);
                let lowest = beside.map(|n| level[n.1]).fold(f32::INFINITY, f32::min);
                let new = ground[cell].max(lowest);
                if new < level[cell] {
                    level[cell] = new;
                    changed = true;
                }
            }
            if !changed {
                return level;
            }
        }
    }

    /// The cell that water of a flooded one leaves to.
    fn next_of(flooding: &Flooding, cell: usize) -> Option<usize> {
        let code = flooding.toward[cell];
        assert_ne!(code, UNREACHED);
        (code < ENDS).then(|| Neighbour::from_number(usize::from(code)).of(&SPEC, cell))?
    }

    proptest! {
        #[test]
        fn levels_are_those_of_the_plain_definition(
            heights in proptest::collection::vec(-3i8..12, SPEC.len()),
        ) {
            // The highest are voids and closed cells; few levels make many flats.
            let height = |h: &i8| match h { 11 => f32::NAN, 10 => f32::INFINITY, h => f32::from(*h) };
            let values = heights.iter().map(height).collect();
            let terrain = Terrain::new(Grid { spec: SPEC, values }).unwrap();
            let flooding = Flooding::new(&terrain);
            for (cell, plain) in plainly(&terrain).into_iter().enumerate() {
                let level = flooding.level.values[cell];
                // What is cut off is infinite by the plain definition.
                if plain.is_finite() {
                    prop_assert_eq!(level, plain);
                }
                // Water of every cell comes to an outlet or a sink.
                let mut at = cell;
                for _ in 0..SPEC.len() {
                    let Some(next) = next_of(&flooding, at) else { break };
                    prop_assert!(flooding.level.values[next] <= flooding.level.values[at]);
                    at = next;
                }
                prop_assert!(next_of(&flooding, at).is_none());
            }
        }

        #[test]
        fn bits_are_in_the_order_of_numbers(a in -1e6f32..1e6, b in -1e6f32..1e6) {
            prop_assert_eq!(a < b, ordered(a) < ordered(b));
        }
    }

    #[test]
    fn water_leaves_a_depression_along_its_bottom() {
        // A bowl whose bottom winds from the west to the spill in the east.
        let bend = |column: usize| if column < 7 { 3 } else { 8 };
        let elevation = Grid::from_fn(SPEC, |row, column| match (row, column) {
            (0 | 11, _) | (_, 0) => 9.0,
            (8, 14) => 5.0,
            (_, 14) => 9.0,
            _ if row == bend(column) => 1.0,
            (3..=8, 7) => 1.0,
            _ => 4.0,
        });
        let flooding = Flooding::new(&Terrain::new(elevation.clone()).unwrap());
        let mut cell = SPEC.index(3, 1);
        while let Some(next) = next_of(&flooding, cell) {
            cell = next;
            assert!([1.0, 5.0].contains(&elevation.values[cell]), "{:?}", SPEC.row_column(cell));
        }
        assert_eq!(cell, SPEC.index(8, 14));
    }

    #[test]
    fn a_courtyard_keeps_its_water() {
        let mut elevation = Grid::from_fn(SPEC, |_, column| column as f32);
        for row in 3..8 {
            for column in 4..9 {
                let is_wall = row == 3 || row == 7 || column == 4 || column == 8;
                if is_wall {
                    elevation[(row, column)] = f32::INFINITY;
                }
            }
        }
        let flooding = Flooding::new(&Terrain::new(elevation).unwrap());
        assert_eq!(flooding.sinks, [SPEC.index(4, 5)]);
        assert_eq!(flooding.level[(5, 6)], 6.0);
    }
}
