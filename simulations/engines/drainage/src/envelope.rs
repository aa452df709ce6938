//! Thalwegs of a terrain that is known up to a noise: the ExZEco method of the Cerema (*Extraction des zones
//! d'écoulement*; Cerema 2019, notice of the Mediterranean cartography).
//!
//! Each draw raises cells taken at random, fills the depressions, follows D8 and marks the cells that drain
//! more than an area. The cells that any draw marks are the envelope of where water may concentrate: it has
//! neither return period nor depth.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;
use twin_core::spatial::Grid;

use crate::{Directions, Flooding, Terrain, accumulate};

/// What a draw does to the terrain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Height by which cells are raised, m.
    pub height_m: f32,
    /// Share of the cells that are raised, 0 to 1.
    pub share: f64,
    /// Number of draws.
    pub draws: u16,
    /// Seed of chance.
    pub seed: u64,
}

/// How often each cell concentrated water.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// Number of draws in which a cell drained enough.
    pub count: Grid<u16>,
}

impl Envelope {
    /// Draws a terrain again and again. `own` is the area that each cell brings, m²; a cell counts in a draw
    /// where it drains at least `least_m2`. `None` when `is_cancelled` says so.
    pub fn new(
        terrain: &Terrain,
        noise: &Noise,
        own: impl Fn(usize) -> f64 + Sync,
        least_m2: f64,
        is_cancelled: impl Fn() -> bool + Sync,
    ) -> Option<Self> {
        let spec = *terrain.spec();
        let none = || vec![0u16; spec.len()];
        let count = (0..noise.draws)
            .into_par_iter()
            .try_fold(none, |mut count, draw| {
                if is_cancelled() {
                    return None;
                }
                let raised = raised(terrain, noise, draw);
                let flooding = Flooding::new(&raised);
                let directions = Directions::new(&raised, &flooding);
                let drained = accumulate(&directions, &own);
                for (count, area) in count.iter_mut().zip(&drained.values) {
                    *count += u16::from(*area >= least_m2);
                }
                Some(count)
            })
            .try_reduce(none, |mut a, b| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                Some(a)
            })?;
        Some(Self { count: Grid { spec, values: count } })
    }
}

/// The terrain of one draw.
fn raised(terrain: &Terrain, noise: &Noise, draw: u16) -> Terrain {
    let mut chance = Pcg64Mcg::seed_from_u64(noise.seed.wrapping_add(u64::from(draw)));
    let mut raised = terrain.clone();
    raised.change(|z| if chance.random_bool(noise.share) { z + noise.height_m } else { z });
    raised
}

#[cfg(test)]
mod tests {
    use twin_core::spatial::GridSpec;

    use super::*;

    const NOISE: Noise = Noise { height_m: 0.2, share: 0.5, draws: 20, seed: 1 };

    /// A valley along the middle row whose floor falls gently.
    fn valley() -> Terrain {
        let spec = GridSpec { west: 0.0, north: 60.0, cell_size: 1.0, columns: 90, rows: 61 };
        let height = |row: usize, column: usize| {
            row.abs_diff(30).saturating_sub(4) as f32 * 0.3 - column as f32 * 0.02
        };
        Terrain::new(Grid::from_fn(spec, height)).unwrap()
    }

    fn drawn(noise: &Noise) -> Grid<u16> {
        Envelope::new(&valley(), noise, |_| 1.0, 800.0, || false).unwrap().count
    }

    #[test]
    fn the_flat_floor_of_a_valley_is_within_the_envelope_and_its_sides_are_not() {
        let count = drawn(&NOISE);
        let marked = |row: usize| (40..80).filter(|c| count[(row, *c)] > 0).count();
        assert_eq!(marked(12) + marked(48), 0);
        // Without noise there is one line, with it most of the floor of nine rows.
        let floor: usize = (26..35).map(marked).sum();
        let bare = drawn(&Noise { height_m: 0.0, draws: 1, ..NOISE });
        let lines = bare.values.iter().filter(|c| **c > 0).count();
        assert!(floor > 3 * lines.min(100), "{floor} {lines}");
    }

    #[test]
    fn any_number_of_threads_draws_the_same() {
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| drawn(&NOISE))
        };
        assert_eq!(with(1), with(3));
        assert_ne!(drawn(&NOISE), drawn(&Noise { seed: 100, ..NOISE }));
    }

    #[test]
    fn a_user_who_stops_gets_nothing() {
        assert_eq!(Envelope::new(&valley(), &NOISE, |_| 1.0, 800.0, || true), None);
    }
}
