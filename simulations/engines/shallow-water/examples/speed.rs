//! How many cells a second? A circular dam on a grid that is wet everywhere, and the same grid with
//! a small lake on otherwise dry ground.
//!
//! `cargo run --release -p twin-shallow-water --example speed -- [threads] [cells per side] [steps]`

use std::time::Instant;

use twin_core::Result;
use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{Bed, Boundaries, Options, Solver};

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).map(|a| a.parse::<usize>().unwrap_or(1));
    let threads = numbers.next().unwrap_or(1);
    let n = numbers.next().unwrap_or(1000);
    let steps = numbers.next().unwrap_or(60) as u64;
    if let Err(error) = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global() {
        eprintln!("{error}");
    }
    for (name, outside) in [("all wet", 0.5), ("lake on dry ground", 0.0)] {
        let spec = GridSpec { west: 0.0, north: n as f64, cell_size: 1.0, columns: n, rows: n };
        let bed = Bed::from_grids(&Grid::filled(spec, 0.0f32), &Grid::filled(spec, 0.03f32))?;
        let walls = Boundaries::walls(&bed);
        let mut solver = Solver::new(bed, walls, vec![], vec![], Options::default())?;
        let middle = n as f64 / 2.0;
        let radius = if outside > 0.0 { 0.2 * n as f64 } else { 0.03 * n as f64 };
        solver.set_level(|r, c| {
            let far = (r as f64 + 0.5 - middle).hypot(c as f64 + 0.5 - middle);
            if far < radius { 2.5 } else { outside }
        })?;
        let start = Instant::now();
        while solver.steps() < steps {
            solver.advance_to(solver.time_s() + 0.5)?;
        }
        let wall = start.elapsed().as_secs_f64();
        let all = solver.steps() * spec.len() as u64;
        println!(
            "{name}: {} threads, {} steps in {wall:.2} s, {:.1} M cells worked on per s, {:.1} M cells of the grid per s",
            threads,
            solver.steps(),
            solver.cell_updates() as f64 / wall / 1e6,
            all as f64 / wall / 1e6,
        );
    }
    Ok(())
}
