//! Local time steps: water is conserved, rest stays rest, threads and restarts change no bit, and the
//! result is as near to a fine solution as with one step for all tiles, for less work.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

mod support;

use support::{Tape, bits, noise};
use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{Bed, Boundaries, Condition, Options, Real, Series, Side, Solver, Source};

fn local() -> Options {
    Options { local_levels: 4, ..Options::default() }
}

/// A reservoir 14 m deep breaks through a gap onto a plain with bumps, ponds, buildings and a void;
/// rain falls, and water leaves over the eastern rim.
fn reservoir<R: Real>(options: Options, raining: bool) -> Solver<R> {
    let spec = GridSpec { west: 0.0, north: 640.0, cell_size: 2.0, columns: 520, rows: 320 };
    let dam = |r: usize, c: usize| (60..64).contains(&c) && !(100..140).contains(&r);
    let ground = |r: usize, c: usize| {
        let bumps = 0.8 * noise((r / 6) * 1000 + c / 6) + 0.15 * noise(r * 1000 + c);
        match c {
            _ if dam(r, c) => 20.0,
            ..64 => -12.0,
            _ => 0.5 - 0.002 * c as f64 + bumps,
        }
    };
    let mut bed =
        Bed::from_grids(&Grid::from_fn(spec, ground), &Grid::filled(spec, 0.035)).unwrap();
    for i in 0..spec.len() {
        let (r, c) = spec.row_column(i);
        bed.blocked[i] = r % 31 < 6 && c % 29 < 7 && c > 90;
        if (190..200).contains(&r) && (250..262).contains(&c) {
            bed.elevation_m[i] = f64::NAN;
        }
    }
    let out = Condition::Outflow { slope: 0.005 };
    let boundaries = Boundaries::default().with("out", bed.rim(Side::East), out);
    let rain = Series::constant(if raining { 2e-5 } else { 0.0 });
    let rain = Source::Rain { name: "rain".into(), rate: rain };
    let mut solver = Solver::new(bed, boundaries, vec![], vec![rain], options).unwrap();
    solver.set_level(|_, c| if c < 62 { 2.0 } else { 0.6 }).unwrap();
    solver
}

#[test]
fn water_is_conserved_and_depths_stay_positive() {
    for raining in [false, true] {
        let mut solver = reservoir::<f64>(local(), raining);
        for k in 1..=6 {
            solver.advance_to(10.0 * f64::from(k)).unwrap();
            assert!(solver.depth().iter().all(|&h| h >= 0.0));
            let budget = solver.budget();
            assert!(budget.relative_residual().abs() < 1e-12, "{budget:?}");
        }
        assert!(solver.budget().outflow_m3() > 0.0);
        let mut single = reservoir::<f32>(local(), raining);
        single.advance_to(60.0).unwrap();
        assert!(single.budget().relative_residual().abs() < 1e-6, "{:?}", single.budget());
    }
}

#[test]
fn threads_and_a_restart_change_no_bit() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut solver = reservoir::<f32>(local(), true);
            solver.advance_to(20.0).unwrap();
            solver
        })
    };
    let mut straight = run(1);
    let saved = bits(&mut straight);
    assert!(saved == bits(&mut run(3)));
    straight.advance_to(40.0).unwrap();
    let mut resumed = reservoir::<f32>(local(), true);
    resumed.visit_state(&mut Tape::playing(saved)).unwrap();
    resumed.advance_to(40.0).unwrap();
    assert!(bits(&mut straight) == bits(&mut resumed));
}

#[test]
fn rest_stays_rest_beside_fast_water() {
    // A pond behind a ridge in the same grid as a dam break.
    let spec = GridSpec { west: 0.0, north: 400.0, cell_size: 1.0, columns: 1040, rows: 130 };
    let ground = |r: usize, c: usize| match c {
        290..300 => 9.0,
        300.. => 1.5 * noise(r * 1000 + c),
        _ => 0.0,
    };
    let bed = Bed::from_grids(&Grid::from_fn(spec, ground), &Grid::filled(spec, 0.0)).unwrap();
    let walls = Boundaries::walls(&bed);
    let mut solver = Solver::<f64>::new(bed, walls, vec![], vec![], local()).unwrap();
    solver
        .set_level(|_, c| {
            if c < 30 {
                8.0
            } else if c < 300 {
                0.2
            } else {
                1.0
            }
        })
        .unwrap();
    let start = solver.depth();
    solver.advance_to(30.0).unwrap();
    let still = |i: &usize| spec.row_column(*i).1 >= 300;
    assert!((0..spec.len()).filter(still).all(|i| solver.depth()[i] == start[i]));
    assert!((0..spec.len()).filter(still).all(|i| solver.velocity_at(i) == (0.0, 0.0)));
    assert!(solver.cell_updates() < solver.steps() * spec.len() as u64 * 3 / 4);
}

/// A wave that runs from deep water up a shelf, where it is 5 times as slow: L1 of the level against
/// a fine grid, and cell updates.
fn shelf(options: Options, refinement: usize) -> (Vec<f64>, u64) {
    let size = 4.0 / refinement as f64;
    let columns = 640 * refinement;
    let spec = GridSpec { west: 0.0, north: size * 8.0, cell_size: size, columns, rows: 8 };
    let x = |c: usize| (c as f64 + 0.5) * size;
    let ground = |_: usize, c: usize| match x(c) {
        ..900.0 => -50.0,
        x @ ..1300.0 => {
            -50.0 + 48.0 * 0.5 * (1.0 - ((x - 900.0) / 400.0 * std::f64::consts::PI).cos())
        }
        _ => -2.0,
    };
    let bed = Bed::from_grids(&Grid::from_fn(spec, ground), &Grid::filled(spec, 0.0)).unwrap();
    let walls = Boundaries::walls(&bed);
    let mut solver = Solver::<f64>::new(bed, walls, vec![], vec![], options).unwrap();
    let hump = |x: f64| 0.4 * (-((x - 500.0) / 120.0).powi(2)).exp();
    let depth =
        (0..spec.len()).map(|i| hump(x(spec.row_column(i).1)) - solver.bed().elevation_m[i]);
    let depth = depth.collect();
    solver.set_state(depth, vec![0.0; spec.len()], vec![0.0; spec.len()]).unwrap();
    solver.advance_to(150.0).unwrap();
    let middle = 4 * columns;
    let level = |c: usize| solver.depth()[middle + c] + solver.bed().elevation_m[middle + c];
    let fine: Vec<f64> = (0..columns).map(level).collect();
    let coarse = fine.chunks(refinement).map(|c| c.iter().sum::<f64>() / c.len() as f64).collect();
    (coarse, solver.cell_updates())
}

#[test]
fn a_wave_through_all_paces_is_as_accurate_for_less_work() {
    let (exact, _) = shelf(Options::default(), 4);
    let error = |level: &[f64]| {
        level.iter().zip(&exact).map(|(a, b)| (a - b).abs()).sum::<f64>() / exact.len() as f64
    };
    let (global, all) = shelf(Options::default(), 1);
    let (local, fewer) = shelf(local(), 1);
    let [global, local] = [&global, &local].map(|level| error(level));
    eprintln!("L1(η) {local:.2e} m for {global:.2e} m, work {:.2}", fewer as f64 / all as f64);
    assert!(local < 1.1 * global, "{local} for {global}");
    assert!(fewer < all * 4 / 5, "{fewer} of {all}");
}

#[test]
fn a_dam_break_onto_a_plain_is_the_same_for_less_work() {
    let [mut global, mut local] = [Options::default(), local()].map(|o| reservoir::<f64>(o, false));
    global.advance_to(120.0).unwrap();
    local.advance_to(120.0).unwrap();
    let (a, b) = (global.maxima().depth_m, local.maxima().depth_m);
    let water: f64 = a.iter().sum();
    let difference: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum::<f64>() / water;
    let work = local.cell_updates() as f64 / global.cell_updates() as f64;
    eprintln!("largest depths differ by {difference:.2e}, work {work:.2}");
    assert!(difference < 2e-3, "{difference}");
    assert!(work < 0.8, "{work}");
}
