//! What flows through every cell: its own and that of all cells above it.
//!
//! A cell is done when all that flows into it is done (Zhou, Wei & Fu 2019,
//! doi:10.1007/s11707-018-0725-9): from every cell without inflow a thread goes down until it meets a cell
//! that still waits for another. Whoever brings the last inflow sums them in the order of the neighbours, so
//! that any number of threads makes the same bits. One visit of a cell reads its eight neighbours; memory is
//! 9 bytes a cell beside the routing.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use rayon::prelude::*;
use twin_core::spatial::Grid;

use crate::{Neighbour, Routing};

/// A cell without inflow.
const SOURCE: u8 = 0x80;

/// Sum of `own` over a cell and all above it, by shares; `NaN` where there is no cell. The unit is that of
/// `own`: cell area in m² gives the drained area in m².
pub fn accumulate(routing: &impl Routing, own: impl Fn(usize) -> f64 + Sync) -> Grid<f64> {
    let spec = *routing.spec();
    let waits: Vec<AtomicU8> = (0..spec.len()).into_par_iter().map(|_| AtomicU8::new(0)).collect();
    (0..spec.len()).into_par_iter().for_each(|cell| {
        for (near, _) in routing.outflows(cell) {
            waits[near].fetch_add(1, Ordering::Relaxed);
        }
    });
    waits.par_iter().enumerate().for_each(|(cell, waits)| {
        if waits.load(Ordering::Relaxed) == 0 && routing.is_open(cell) {
            waits.store(SOURCE, Ordering::Relaxed);
        }
    });
    let start = |cell: usize| if routing.is_open(cell) { 0.0 } else { f64::NAN };
    let sums: Vec<AtomicU64> = (0..spec.len())
        .into_par_iter()
        .map(|cell| AtomicU64::new(f64::to_bits(start(cell))))
        .collect();
    let sum = |cell: usize| f64::from_bits(sums[cell].load(Ordering::Relaxed));
    let go_down = |stack: &mut Vec<usize>, from: usize| {
        stack.push(from);
        while let Some(cell) = stack.pop() {
            let above: f64 =
                inflows(routing, cell).map(|(near, share)| f64::from(share) * sum(near)).sum();
            sums[cell].store((own(cell) + above).to_bits(), Ordering::Relaxed);
            for (near, _) in routing.outflows(cell) {
                // The last to arrive sees what the others stored before they counted down.
                if waits[near].fetch_sub(1, Ordering::AcqRel) == 1 {
                    stack.push(near);
                }
            }
        }
    };
    waits.par_chunks(spec.columns).enumerate().for_each_init(Vec::new, |stack, (row, cells)| {
        for (column, waiting) in cells.iter().enumerate() {
            if waiting.load(Ordering::Relaxed) == SOURCE {
                go_down(stack, spec.index(row, column));
            }
        }
    });
    let values = sums.into_iter().map(|sum| f64::from_bits(sum.into_inner())).collect();
    Grid { spec, values }
}

/// The cells whose water comes to a cell, and their shares.
fn inflows(routing: &impl Routing, cell: usize) -> impl Iterator<Item = (usize, f32)> {
    Neighbour::around(routing.spec(), cell).filter_map(|(k, near)| {
        let share = routing.share(near, k.opposite());
        (share > 0.0).then_some((near, share))
    })
}

#[cfg(test)]
mod tests {
    use twin_core::spatial::GridSpec;

    use super::*;
    use crate::{DInfinity, Directions, Flooding, MultipleFlow, Terrain};

    /// Rough terrain with voids and closed cells.
    fn rough(spec: GridSpec) -> Terrain {
        let height = |row: usize, column: usize| match (row * 7919 + column * 104_729) % 101 {
            100 => f32::NAN,
            98 | 99 => f32::INFINITY,
            noise => noise as f32 * 0.03 - 0.01 * column as f32 + 0.002 * (row as f32 - 40.0).abs(),
        };
        Terrain::new(Grid::from_fn(spec, height)).unwrap()
    }

    /// By definition: every cell sends its own water down, share by share.
    fn plainly(routing: &impl Routing, own: f64) -> Vec<f64> {
        let spec = *routing.spec();
        let mut sums = vec![0.0; spec.len()];
        for cell in (0..spec.len()).filter(|c| routing.is_open(*c)) {
            let mut moving = std::collections::BTreeMap::from([(cell, own)]);
            while !moving.is_empty() {
                let mut next = std::collections::BTreeMap::new();
                for (at, water) in moving {
                    sums[at] += water;
                    for (k, near) in Neighbour::around(&spec, at) {
                        let share = f64::from(routing.share(at, k));
                        if share > 0.0 {
                            *next.entry(near).or_insert(0.0) += share * water;
                        }
                    }
                }
                moving = next;
            }
        }
        sums
    }

    const SPEC: GridSpec =
        GridSpec { west: 0.0, north: 80.0, cell_size: 2.0, columns: 60, rows: 40 };

    #[test]
    fn every_routing_gives_the_sum_of_its_definition() {
        let terrain = rough(SPEC);
        let flooding = Flooding::new(&terrain);
        let d8 = Directions::new(&terrain, &flooding);
        let d_infinity = DInfinity::new(&terrain, &flooding, &d8);
        let multiple = MultipleFlow::new(&flooding, d8.clone());
        fn check(routing: &impl Routing) {
            let fast = accumulate(routing, |_| 4.0);
            for (cell, plain) in plainly(routing, 4.0).into_iter().enumerate() {
                let value = fast.values[cell];
                if routing.is_open(cell) {
                    assert!((value - plain).abs() < 1e-6 * plain, "{cell}: {value} {plain}");
                } else {
                    assert!(value.is_nan());
                }
            }
        }
        check(&d8);
        check(&d_infinity);
        check(&multiple);
    }

    #[test]
    fn all_water_leaves() {
        let terrain = rough(SPEC);
        let flooding = Flooding::new(&terrain);
        let d8 = Directions::new(&terrain, &flooding);
        let area = accumulate(&d8, |_| 4.0);
        let ends = (0..SPEC.len()).filter(|&c| terrain.is_open(c) && d8.next(c).is_none());
        let left: f64 = ends.map(|c| area.values[c]).sum();
        let open = (0..SPEC.len()).filter(|c| terrain.is_open(*c)).count();
        assert_eq!(left, 4.0 * open as f64);
    }

    #[test]
    fn any_number_of_threads_makes_the_same_bits() {
        let terrain = rough(GridSpec { columns: 300, rows: 200, ..SPEC });
        let flooding = Flooding::new(&terrain);
        let multiple = MultipleFlow::new(&flooding, Directions::new(&terrain, &flooding));
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let grid = pool.install(|| accumulate(&multiple, |cell| 0.1 + cell as f64 * 1e-7));
            grid.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(with(1), with(2));
        assert_eq!(with(1), with(8));
    }
}
