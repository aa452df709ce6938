//! The network of lines where water concentrates: cells that drain more than a given area, linked by their
//! directions.

use twin_core::spatial::{Grid, Line};

use crate::{Directions, Terrain};

/// A reach between two confluences.
#[derive(Debug, Clone, PartialEq)]
pub struct Thalweg {
    /// Centres of its cells on the ground downstream, the first of the next reach among them.
    pub line: Line,
    /// Area that its lowest own cell drains, m².
    pub drained_m2: f64,
    /// Order of Strahler 1957 (doi:10.1029/TR038i006p00913): 1 at the springs, one more where two of the
    /// same order meet.
    pub order: u8,
}

/// All reaches.
#[derive(Debug, Clone, PartialEq)]
pub struct Thalwegs {
    /// From the springs downstream.
    pub reaches: Vec<Thalweg>,
}

impl Thalwegs {
    /// The cells that drain at least `least_m2`, as lines.
    pub fn new(
        terrain: &Terrain,
        directions: &Directions,
        drained_m2: &Grid<f64>,
        least_m2: f64,
    ) -> Self {
        let spec = terrain.spec();
        let position = |cell: usize| {
            let (row, column) = spec.row_column(cell);
            let (x, y) = spec.centre(row, column);
            [x, y, f64::from(terrain.elevation().values[cell])]
        };
        let is_thalweg = |cell: usize| drained_m2.values[cell] >= least_m2;
        let above =
            |cell: usize| directions.sources(cell).filter(|c| is_thalweg(*c)).collect::<Vec<_>>();
        let mut cells: Vec<usize> = (0..spec.len()).filter(|c| is_thalweg(*c)).collect();
        // Downstream: what lies below drains more, or as much and comes later on the way.
        let mut waits: std::collections::BTreeMap<usize, usize> =
            cells.iter().map(|cell| (*cell, above(*cell).len())).collect();
        cells.retain(|cell| waits[cell] == 0);
        let mut order_of = std::collections::BTreeMap::new();
        let mut reaches = Vec::new();
        let mut ready: std::collections::VecDeque<usize> = cells.into();
        while let Some(head) = ready.pop_front() {
            let mut orders: Vec<u8> =
                above(head).iter().filter_map(|c| order_of.get(c).copied()).collect();
            orders.sort_unstable_by(|a, b| b.cmp(a));
            let order = match orders[..] {
                [] => 1,
                [first, second, ..] if first == second => first.saturating_add(1),
                [first, ..] => first,
            };
            let mut line = Vec::new();
            let mut cell = head;
            let last = loop {
                line.push(position(cell));
                let next = directions.next(cell).filter(|next| is_thalweg(*next));
                match next {
                    Some(next) if above(next).len() == 1 => cell = next,
                    Some(next) => {
                        line.push(position(next));
                        order_of.insert(cell, order);
                        if let Some(waiting) = waits.get_mut(&next) {
                            *waiting -= 1;
                            if *waiting == 0 {
                                ready.push_back(next);
                            }
                        }
                        break cell;
                    }
                    None => break cell,
                }
            };
            reaches.push(Thalweg { line, drained_m2: drained_m2.values[last], order });
        }
        Self { reaches }
    }
}

#[cfg(test)]
mod tests {
    use twin_core::spatial::GridSpec;

    use super::*;
    use crate::{Flooding, Terrain, accumulate};

    #[test]
    fn two_valleys_that_meet_are_three_reaches() {
        let spec = GridSpec { west: 0.0, north: 41.0, cell_size: 1.0, columns: 41, rows: 41 };
        // Two troughs that run together in the middle, then one to the south.
        let height = |row: usize, column: usize| {
            let axis = 20usize.saturating_sub(row);
            let from_axis = (column.abs_diff(20)).abs_diff(axis);
            from_axis as f32 * 0.5 - row as f32 * 0.1
        };
        let terrain = Terrain::new(Grid::from_fn(spec, height)).unwrap();
        let directions = Directions::new(&terrain, &Flooding::new(&terrain));
        let area = accumulate(&directions, |_| 1.0);
        let thalwegs = Thalwegs::new(&terrain, &directions, &area, 150.0).reaches;
        let long: Vec<_> = thalwegs.iter().filter(|t| t.line.len() > 5).collect();
        assert_eq!(long.len(), 3, "{thalwegs:?}");
        assert_eq!(long.iter().map(|t| t.order).collect::<Vec<_>>(), [1, 1, 2]);
        assert!(long[2].drained_m2 > long[0].drained_m2 + long[1].drained_m2);
    }
}
