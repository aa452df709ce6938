//! Damage of buildings, and its uncertainty.
//!
//! The damage of a building is `Σ_f f(h) · k_f` over the functions that hold for it, with the water
//! `h` above its ground floor and what the function is counted by, `k_f`: for a fraction the value of
//! the floors in the water, `V · A · n` with `n = min(storeys, ⌈h / storey height⌉)`; else the
//! footprint, the dwellings on the ground floor or the building.
//!
//! **Uncertainty** is drawn, not propagated: a Latin hypercube ([`latin_column`]) over the error of all levels
//! and the level of all values, which do not average out over a commune, and beside them the floor of each
//! building on its own, which does. The same seed gives the same draws for any number of threads.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;
use twin_core::sampling::{latin_column, quantile};

use crate::damage_table::{Basis, DamageFunction};
use crate::parameters::Uncertainty;

/// A building in the water, as damage sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exposed {
    /// Water above its ground floor, metres; negative below it.
    pub depth_m: f64,
    /// Area of the footprint, m².
    pub area_m2: f64,
    /// Storeys, ground floor included.
    pub storeys: f64,
    /// Dwellings on the ground floor.
    pub ground_floor_dwellings: f64,
    /// Lowest, central and highest value of its floors, euros by m².
    pub eur_per_m2: [f64; 3],
    /// Which functions hold for it: an index of the sets given beside it.
    pub functions: usize,
}

/// The sum over many buildings.
#[derive(Debug, Clone, PartialEq)]
pub struct Total {
    /// With the central values, euros.
    pub central_eur: f64,
    /// Quantiles 5, 50 and 95 % of the draws; `None` without draws.
    pub quantiles_eur: Option<[f64; 3]>,
}

/// Damage of a building at a depth above its floor, euros, with one of its values.
fn damage(
    building: &Exposed,
    functions: &[&DamageFunction],
    depth_m: f64,
    eur_per_m2: f64,
    storey_height_m: f64,
) -> f64 {
    functions
        .iter()
        .map(|function| {
            let value = function.at(depth_m);
            value
                * match function.basis {
                    Basis::Fraction => {
                        let wet = (depth_m / storey_height_m)
                            .ceil()
                            .clamp(1.0, building.storeys.max(1.0));
                        eur_per_m2 * building.area_m2 * wet
                    }
                    Basis::PerSquareMetre => building.area_m2,
                    Basis::PerDwelling => building.ground_floor_dwellings,
                    Basis::PerBuilding => 1.0,
                }
        })
        .sum()
}

/// Central damage of each building, euros. `sets` are the functions that buildings name.
pub fn each(
    buildings: &[Exposed],
    sets: &[Vec<&DamageFunction>],
    storey_height_m: f64,
) -> Vec<f64> {
    let of = |b: &Exposed| {
        let functions = sets.get(b.functions).map_or(&[][..], Vec::as_slice);
        damage(b, functions, b.depth_m, b.eur_per_m2[1], storey_height_m)
    };
    buildings.par_iter().map(of).collect()
}

/// Damage of all buildings with its uncertainty.
pub fn total(
    buildings: &[Exposed],
    sets: &[Vec<&DamageFunction>],
    storey_height_m: f64,
    uncertainty: &Uncertainty,
) -> Total {
    let central_eur = each(buildings, sets, storey_height_m).iter().sum();
    let mut totals: Vec<f64> = draws(uncertainty)
        .into_par_iter()
        .map(|draw| {
            let mut rng = Pcg64Mcg::seed_from_u64(draw.seed);
            let [low, high] = uncertainty.floor_m;
            let of = |b: &Exposed| {
                let floor_m = low + (high - low) * rng.random::<f64>();
                let functions = sets.get(b.functions).map_or(&[][..], Vec::as_slice);
                let depth_m = b.depth_m + draw.level_m - floor_m;
                damage(b, functions, depth_m, between(b.eur_per_m2, draw.value), storey_height_m)
            };
            buildings.iter().map(of).sum()
        })
        .collect();
    if totals.is_empty() {
        return Total { central_eur, quantiles_eur: None };
    }
    totals.sort_by(f64::total_cmp);
    let quantiles = [0.05, 0.5, 0.95].map(|q| quantile(&totals, q));
    Total { central_eur, quantiles_eur: Some(quantiles) }
}

/// Errors that all buildings share, and the seed of those of each.
struct Draw {
    level_m: f64,
    value: f64,
    seed: u64,
}

fn draws(uncertainty: &Uncertainty) -> Vec<Draw> {
    let n = uncertainty.draws as usize;
    let mut rng = Pcg64Mcg::seed_from_u64(uncertainty.seed);
    let (levels, values) = (latin_column(n, &mut rng), latin_column(n, &mut rng));
    let [low, high] = uncertainty.level_m;
    let seeds: Vec<u64> = (0..n).map(|_| rng.random()).collect();
    (0..n)
        .map(|k| Draw { level_m: low + (high - low) * levels[k], value: values[k], seed: seeds[k] })
        .collect()
}

/// The value at a share of the way from the lowest over the central to the highest.
fn between([low, central, high]: [f64; 3], share: f64) -> f64 {
    if share < 0.5 {
        low + 2.0 * share * (central - low)
    } else {
        central + (2.0 * share - 1.0) * (high - central)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::damage_table::DamageTable;

    fn house(depth_m: f64) -> Exposed {
        Exposed {
            depth_m,
            area_m2: 100.0,
            storeys: 2.0,
            ground_floor_dwellings: 1.0,
            eur_per_m2: [1500.0, 1750.0, 2000.0],
            functions: 0,
        }
    }

    fn residential(table: &DamageTable) -> Vec<Vec<&DamageFunction>> {
        vec![table.functions.iter().filter(|f| f.use_1.as_deref() == Some("Résidentiel")).collect()]
    }

    #[test]
    fn the_next_storey_counts_once_the_water_reaches_it() {
        let table = DamageTable::jrc().unwrap();
        let sets = residential(&table);
        let found = each(&[house(1.0), house(4.0), house(-0.2)], &sets, 3.0);
        assert_eq!(found, [0.4 * 1750.0 * 100.0, 0.85 * 1750.0 * 200.0, 0.0]);
    }

    #[test]
    fn draws_are_the_same_for_any_number_of_threads_and_another_seed_gives_others() {
        let table = DamageTable::jrc().unwrap();
        let sets = residential(&table);
        let buildings: Vec<Exposed> = (0..500).map(|k| house(f64::from(k) / 200.0)).collect();
        let with = |threads: usize, seed: u64| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let uncertainty = Uncertainty { seed, ..Uncertainty::default() };
            pool.install(|| total(&buildings, &sets, 3.0, &uncertainty))
        };
        assert_eq!(with(1, 7), with(3, 7));
        assert_ne!(with(1, 7).quantiles_eur, with(1, 8).quantiles_eur);
        let [low, middle, high] = with(2, 7).quantiles_eur.unwrap();
        assert!(low < middle && middle < high && low < with(1, 7).central_eur);
    }

    /// With only the value uncertain, and that evenly, the total is evenly distributed: its quantiles
    /// are known.
    #[test]
    fn quantiles_of_an_even_value_are_those_of_an_even_distribution() {
        let table = DamageTable::jrc().unwrap();
        let sets = residential(&table);
        let uncertainty = Uncertainty {
            draws: 2000,
            level_m: [0.0, 0.0],
            floor_m: [0.0, 0.0],
            ..Uncertainty::default()
        };
        let found = total(&[house(1.0)], &sets, 3.0, &uncertainty).quantiles_eur.unwrap();
        for (share, found) in [0.05, 0.5, 0.95].into_iter().zip(found) {
            let exact = 0.4 * 100.0 * (1500.0 + 500.0 * share);
            // One stratum of the hypercube.
            assert!((found - exact).abs() < 2.0 * 0.4 * 100.0 * 500.0 / 2000.0, "{found} {exact}");
        }
    }
}
