//! Closed forms of the shallow-water equations (SWASHES: Delestre et al. 2013,
//! doi 10.1002/fld.3741), read from the generated profiles and compared cell by cell.
//!
//! Tolerances are those of a first-order scheme at the resolution of the file.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

mod swashes;

use swashes::{Profile, channel, mean_error};
use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{
    Bed, Boundaries, Condition, FrictionLaw, GRAVITY, Options, Series, Side, Solver,
};

#[test]
fn stoker_dam_break_on_wet_bed() {
    let Some(exact) = Profile::read("stoker.txt") else { return };
    let mut solver = channel(&exact, 0.0, Options::default(), vec![]);
    let start = exact.x.iter().map(|&x| if x < 5.0 { 0.005 } else { 0.001 }).collect();
    solver.set_state(start, vec![0.0; 1000], vec![0.0; 1000]).unwrap();
    solver.advance_to(6.0).unwrap();
    let error = mean_error(solver.depth(), &exact.h) / 0.005;
    eprintln!("stoker L1/h_l = {error:.5}");
    assert!(error < 0.015, "{error}");
    // The shock stands within two cells of 6.25978 m: where the depth falls below the middle.
    let shock = solver.depth().iter().rposition(|&h| h > 0.5 * (0.00253936 + 0.001)).unwrap();
    assert!((exact.x[shock] - 6.25978).abs() <= 2.0 * exact.dx, "{}", exact.x[shock]);
}

#[test]
fn ritter_dam_break_on_dry_bed() {
    let Some(exact) = Profile::read("ritter.txt") else { return };
    // Depths of millimetres: thresholds scale with them.
    let options = Options { dry_depth_m: 1e-9, velocity_depth_m: 1e-7, ..Options::default() };
    let mut solver = channel(&exact, 0.0, options, vec![]);
    let start = exact.x.iter().map(|&x| if x < 5.0 { 0.005 } else { 0.0 }).collect();
    solver.set_state(start, vec![0.0; 1000], vec![0.0; 1000]).unwrap();
    solver.advance_to(6.0).unwrap();
    let error = mean_error(solver.depth(), &exact.h) / 0.005;
    eprintln!("ritter L1/h_l = {error:.5}");
    assert!(error < 0.015, "{error}");
    assert!(solver.depth().iter().all(|&h| h >= 0.0));
}

#[test]
fn dressler_dam_break_with_friction() {
    let Some(exact) = Profile::read("dressler.txt") else { return };
    let options = Options { friction: FrictionLaw::DarcyWeisbach, ..Options::default() };
    let mut solver = channel(&exact, 8.0 * GRAVITY / (40.0 * 40.0), options, vec![]);
    let start = exact.x.iter().map(|&x| if x < 1000.0 { 6.0 } else { 0.0 }).collect();
    solver.set_state(start, vec![0.0; 1000], vec![0.0; 1000]).unwrap();
    solver.advance_to(40.0).unwrap();
    let error = mean_error(solver.depth(), &exact.h) / 6.0;
    eprintln!("dressler L1/h_l = {error:.5}");
    // Dressler's tip is itself an approximation.
    assert!(error < 0.01, "{error}");
}

fn bump(file: &str, q: f64, level: f64, start: f64, tolerance: f64) {
    let Some(exact) = Profile::read(file) else { return };
    let ends = vec![
        ("in", Side::West, Condition::Discharge(Series::constant(q * exact.dx))),
        ("out", Side::East, Condition::Stage(Series::constant(level))),
    ];
    let mut solver = channel(&exact, 0.0, Options::default(), ends);
    solver.set_level(|_, _| start).unwrap();
    solver.advance_to(200.0).unwrap();
    let error = mean_error(solver.depth(), &exact.h);
    let flow = |i: usize| solver.depth()[i] * solver.velocity_u()[i];
    eprintln!("{file} L1(h) = {error:.6} m, q = {:.5} .. {:.5}", flow(10), flow(480));
    assert!(error < tolerance, "{error}");
    assert!((flow(480) / q - 1.0).abs() < 1e-3);
}

#[test]
fn flow_over_a_bump() {
    // The norm of the validation plan, 1 mm at 500 cells, and the discharge constant to 0.1 %.
    bump("bump_subcritical.txt", 4.42, 2.0, 2.0, 1e-3);
    bump("bump_transcritical_noshock.txt", 1.53, -10.0, 0.66, 1e-3);
    bump("bump_transcritical_shock.txt", 0.18, 0.33, 0.33, 1e-3);
}

#[test]
fn macdonald_channels_with_friction() {
    // Steady profiles with friction and slope in balance at every point; 2 mm at 500 cells.
    for (file, law, roughness, q, level, start, end, tolerance) in [
        (
            "macdonald_long_1.txt",
            FrictionLaw::DarcyWeisbach,
            0.093,
            2.0,
            Some(0.748324),
            None,
            2000.0,
            2e-3,
        ),
        (
            "macdonald_short_2.txt",
            FrictionLaw::Manning,
            0.0328,
            2.0,
            Some(2.87871),
            Some(2.87871),
            400.0,
            2e-3,
        ),
        ("macdonald_short_6.txt", FrictionLaw::Manning, 0.0328, 2.0, None, None, 400.0, 2e-3),
    ] {
        let Some(exact) = Profile::read(file) else { return };
        let outlet = match level {
            Some(h) => {
                let bed = *exact.z.last().unwrap();
                // The files state the depth at x = L; the bed of the last cell is half a cell up.
                let level = if level == start { h } else { bed + h };
                Condition::Stage(Series::constant(level))
            }
            None => Condition::Free,
        };
        let ends = vec![
            ("in", Side::West, Condition::Discharge(Series::constant(q * exact.dx))),
            ("out", Side::East, outlet),
        ];
        let options = Options { friction: law, ..Options::default() };
        let mut solver = channel(&exact, roughness, options, ends);
        solver.set_level(|_, _| start.unwrap_or(f64::NAN)).unwrap();
        solver.advance_to(end).unwrap();
        let error = mean_error(solver.depth(), &exact.h);
        eprintln!("{file} MAE(h) = {error:.6} m, steps {}", solver.steps());
        assert!(error < tolerance, "{file}: {error}");
    }
}

/// Thacker's oscillations in a paraboloid of radius a = 1 m and depth h0 = 0.1 m: the depth at the
/// start, and again after whole periods.
fn thacker(planar: bool, n: usize) -> Solver {
    let (h0, eta, r0) = (0.1, 0.5, 0.8f64);
    let spec = GridSpec { west: -2.0, north: 2.0, cell_size: 4.0 / n as f64, columns: n, rows: n };
    let square = |row: usize, column: usize| {
        let (x, y) = spec.centre(row, column);
        x * x + y * y
    };
    let ground = Grid::from_fn(spec, |r, c| h0 * (square(r, c) - 1.0));
    let bed = Bed::from_grids(&ground, &Grid::filled(spec, 0.0)).unwrap();
    let mut solver =
        Solver::new(bed, Boundaries::default(), vec![], vec![], Options::default()).unwrap();
    let curvature = (1.0 - r0 * r0) / (1.0 + r0 * r0);
    let level = |r: usize, c: usize| {
        if planar {
            eta * h0 * (2.0 * spec.centre(r, c).0 - eta)
        } else {
            let k = 1.0 - curvature * curvature;
            let steep = 1.0 - curvature;
            h0 * (k.sqrt() / steep - 1.0 - square(r, c) * (k / (steep * steep) - 1.0))
        }
    };
    let speed = if planar { eta * (2.0 * GRAVITY * h0).sqrt() } else { 0.0 };
    let depth = Grid::from_fn(spec, |r, c| (level(r, c) - ground[(r, c)]).max(0.0)).values;
    let v = depth.iter().map(|&h| if h > 0.0 { speed } else { 0.0 }).collect();
    solver.set_state(depth, vec![0.0; n * n], v).unwrap();
    solver
}

fn relative_error(ours: &[f64], exact: &[f64]) -> f64 {
    let square = |a: &mut dyn Iterator<Item = f64>| a.map(|x| x * x).sum::<f64>().sqrt();
    square(&mut ours.iter().zip(exact).map(|(a, b)| a - b)) / square(&mut exact.iter().copied())
}

#[test]
fn thacker_basins_swing_back() {
    // Three periods on a curved shoreline. The diffusion of a first-order scheme, c Δx/2, takes
    // about a third of the planar swing at 100×100 (hence a relative L2 of half), and half as much
    // at 200×200; the norm of 1 % is for second order. Mass is exact.
    for (planar, file, time, tolerance) in [
        (true, "thacker2d_planar.txt", 13.4571, 0.6),
        (false, "thacker2d_radial.txt", 6.72855, 0.3),
    ] {
        let mut errors = Vec::new();
        for n in [100, 200] {
            let mut solver = thacker(planar, n);
            let start = solver.depth().to_vec();
            if n == 100
                && let Some(exact) = swashes::plan_depth(file)
            {
                let difference = mean_error(&start, &exact);
                assert!(difference < 1e-6, "{file}: {difference}");
            }
            solver.advance_to(time).unwrap();
            errors.push(relative_error(solver.depth(), &start));
            assert!(solver.budget().relative_residual().abs() < 1e-12);
        }
        eprintln!("{file} relative L2 at 100 and 200 cells: {errors:.4?}");
        assert!(errors[0] < tolerance && errors[1] < 0.7 * errors[0], "{errors:?}");
    }
}
