//! What `f32` must not lose: rest, rain, and the answer of `f64`.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{Bed, Boundaries, Options, Real, Series, Solver, Source};

fn spec(columns: usize, rows: usize, cell_size: f64) -> GridSpec {
    GridSpec { west: 0.0, north: rows as f64 * cell_size, cell_size, columns, rows }
}

fn solver<R: Real>(ground: &Grid<f64>, sources: Vec<Source>, options: Options) -> Solver<R> {
    let bed = Bed::from_grids(ground, &Grid::filled(ground.spec, 0.03)).unwrap();
    let walls = Boundaries::walls(&bed);
    Solver::new(bed, walls, vec![], sources, options).unwrap()
}

#[test]
fn rain_on_deep_water_counts_to_the_last_drop() {
    // 10 mm/h at steps of 0.05 s are 1.4e-7 m: less than half the spacing of f32 from 2 m on, where
    // plain sums lose it all.
    for depth in [0.01, 1.0, 2.0, 5.0, 20.0] {
        let rain = Source::Rain { name: "rain".into(), rate: Series::constant(0.01 / 3600.0) };
        let options = Options { max_step_s: 0.05, ..Options::default() };
        let mut solver = solver::<f32>(&Grid::filled(spec(8, 8, 10.0), 0.0), vec![rain], options);
        solver.set_level(|_, _| depth).unwrap();
        solver.advance_to(3600.0).unwrap();
        assert!(solver.steps() >= 72_000);
        let rained = solver.stored_m3() - solver.budget().initial_m3;
        let relative = rained / (0.01 * 6400.0) - 1.0;
        eprintln!("rain on {depth} m: {relative:.1e} of it lost or won");
        // The step of the rain is an f32; nothing else may be lost.
        assert!(relative.abs() < 1e-6, "{depth} m: {relative}");
    }
}

#[test]
fn a_lake_on_rough_ground_rests_for_ten_thousand_steps() {
    let ground = Grid::from_fn(spec(100, 70, 1.0), |r, c| {
        340.0 + 60.0 * ((r * 37 + c * 101) % 89) as f64 / 89.0
    });
    let options = Options { max_step_s: 0.01, ..Options::default() };
    let mut solver = solver::<f32>(&ground, vec![], options);
    solver.set_level(|_, _| 377.7).unwrap();
    let start = solver.depth();
    solver.advance_to(101.0).unwrap();
    assert!(solver.steps() > 10_000);
    assert_eq!(solver.depth(), start);
    assert!(solver.velocity_u().iter().chain(&solver.velocity_v()).all(|&v| v == 0.0));
}

#[test]
fn a_dam_break_over_hills_is_that_of_double_precision() {
    let ground = Grid::from_fn(spec(200, 60, 5.0), |r, c| {
        500.0 - 0.02 * c as f64 + 0.8 * (r as f64 * 0.3).sin() * (c as f64 * 0.2).cos()
    });
    fn run<R: Real>(ground: &Grid<f64>) -> (Vec<f64>, Vec<f64>, f64) {
        let mut solver = solver::<R>(ground, vec![], Options::default());
        solver.set_level(|_, c| if c < 50 { 504.0 } else { f64::NAN }).unwrap();
        solver.advance_to(120.0).unwrap();
        let maxima = solver.maxima();
        (maxima.depth_m, solver.depth(), solver.budget().relative_residual())
    }
    let (single, double) = (run::<f32>(&ground), run::<f64>(&ground));
    let off = |a: &[f64], b: &[f64]| {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>() / a.len() as f64
    };
    let (maximum, last) = (off(&single.0, &double.0), off(&single.1, &double.1));
    eprintln!("f32 − f64: {maximum:.1e} m in the maxima, {last:.1e} m at the end");
    // The beds differ by half a lattice step of f32, 0.5 mm: that much may differ, not more.
    assert!(maximum < 5e-4 && last < 5e-4, "{maximum} {last}");
    assert!(single.2.abs() < 1e-6, "{}", single.2);
    assert!(double.2.abs() < 1e-12, "{}", double.2);
}
