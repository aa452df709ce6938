//! How many cells a second does one core update where all is wet, and what does dry ground cost?
//!
//! 1000 × 1000 cells of 1 m: a circular dam that fails over 0.5 m of water, in both formats and
//! all schemes, and a small lake that spreads over dry ground. All figures count all cells of the grid.

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput};
use twin_core::Result;
use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{Bed, Boundaries, Options, Real, Scheme, Solver};

/// Cells per side.
const SIDE: usize = 1000;
/// Steps that are timed.
const STEPS: u64 = 20;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    twin_benches::use_one_thread();
    let mut group = criterion.benchmark_group("cells per second and core");
    group.sample_size(10);
    group.throughput(Throughput::Elements((SIDE * SIDE) as u64 * STEPS));
    for scheme in [Scheme::FirstOrder, Scheme::SecondOrder, Scheme::LocalInertial] {
        for (name, outside, radius) in
            [("all wet", 0.5, 200.0), ("a lake on dry ground", 0.0, 30.0)]
        {
            time::<f32>(&mut group, name, scheme, (outside, radius));
            time::<f64>(&mut group, name, scheme, (outside, radius));
        }
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn time<R: Real>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    scheme: Scheme,
    (outside, radius): (f64, f64),
) {
    let title = format!("{name}, {scheme:?}, {}", std::any::type_name::<R>());
    group.bench_function(title, |b| {
        b.iter_batched(
            || solver::<R>(scheme, outside, radius),
            |start| start.and_then(|mut solver| advance(&mut solver)),
            BatchSize::LargeInput,
        );
    });
}

/// Water 2.5 m deep within a radius, `outside` metres deep elsewhere; past the first steps.
fn solver<R: Real>(scheme: Scheme, outside: f64, radius: f64) -> Result<Solver<R>> {
    let spec =
        GridSpec { west: 0.0, north: SIDE as f64, cell_size: 1.0, columns: SIDE, rows: SIDE };
    let bed = Bed::from_grids(&Grid::filled(spec, 0.0f32), &Grid::filled(spec, 0.03f32))?;
    let walls = Boundaries::walls(&bed);
    let options = Options { scheme, ..Options::default() };
    let mut solver = Solver::new(bed, walls, vec![], vec![], options)?;
    let middle = SIDE as f64 / 2.0;
    solver.set_level(|row, column| {
        let far = (row as f64 + 0.5 - middle).hypot(column as f64 + 0.5 - middle);
        if far < radius { 2.5 } else { outside }
    })?;
    solver.advance_to(1.0)?;
    Ok(solver)
}

fn advance<R: Real>(solver: &mut Solver<R>) -> Result<u64> {
    let end = solver.steps() + STEPS;
    while solver.steps() < end {
        solver.advance_to(solver.time_s() + 0.01)?;
    }
    Ok(solver.cell_updates())
}
