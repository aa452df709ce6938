//! Writes a commune's files and says how long it took.
//!
//! `cargo run --release -p twin-synthetic --example survey -- FOLDER [SIZE_M] [SEED] [POINTS_PER_M2]`

use std::time::Instant;

use twin_synthetic::{Commune, CommuneOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = std::path::PathBuf::from(arguments.next().unwrap_or_else(|| "commune".to_owned()));
    let mut options = CommuneOptions::default();
    if let Some(size) = arguments.next() {
        options.size_m = size.parse()?;
    }
    if let Some(seed) = arguments.next() {
        options.seed = seed.parse()?;
    }
    if let Some(density) = arguments.next() {
        options.points_per_m2 = density.parse()?;
    }
    let start = Instant::now();
    let commune = Commune::generate(&options)?;
    println!("drawn in {:.2} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let written = commune.write(&folder)?;
    println!("written in {:.2} s: {written:#?}", start.elapsed().as_secs_f64());
    Ok(())
}
