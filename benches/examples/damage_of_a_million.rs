//! How long does the damage of a million buildings take, with and without its uncertainty?
//!
//! `cargo test --release --workspace --no-run && target/release/examples/damage_of_a_million [THREADS]`

use std::time::Instant;

use twin_core::Result;
use twin_impact::damage::{self, Exposed};
use twin_impact::damage_table::{Conditions, DamageTable};
use twin_impact::parameters::Uncertainty;

const BUILDINGS: usize = 1_000_000;

fn main() -> Result<()> {
    if let Some(threads) = std::env::args().nth(1).and_then(|n| n.parse().ok()) {
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
    let table = DamageTable::jrc()?;
    let set =
        |use_1| table.functions_for(&Conditions { use_1: Some(use_1), ..Conditions::default() });
    let sets = [set("Résidentiel"), set("Commercial et services")];
    let buildings: Vec<Exposed> = (0..BUILDINGS)
        .map(|k| Exposed {
            depth_m: (k % 400) as f64 / 100.0 - 0.5,
            area_m2: 60.0 + (k % 240) as f64,
            storeys: (1 + k % 4) as f64,
            ground_floor_dwellings: 1.0,
            eur_per_m2: [1500.0, 1750.0, 2000.0],
            functions: usize::from(k % 9 == 0),
        })
        .collect();
    let started = Instant::now();
    let central: f64 = damage::each(&buildings, &sets, 3.0).iter().sum();
    println!("central: {:.2} G€ in {:.3} s", central / 1e9, started.elapsed().as_secs_f64());
    for draws in [0, 200] {
        let uncertainty = Uncertainty { draws, ..Uncertainty::default() };
        let started = Instant::now();
        let found = damage::total(&buildings, &sets, 3.0, &uncertainty);
        let wall_s = started.elapsed().as_secs_f64();
        println!(
            "{draws} draws: {:?} in {wall_s:.2} s",
            found.quantiles_eur.map(|q| q.map(|v| v / 1e9))
        );
    }
    Ok(())
}
