//! Closed forms of the shallow-water equations (SWASHES: Delestre et al. 2013,
//! doi 10.1002/fld.3741), read from the generated profiles and compared cell by cell.
//!
//! Tolerances are those of a first-order scheme at the resolution of the file.

mod swashes;

use swashes::{Profile, channel, mean_error};
use twin_shallow_water::{Condition, FrictionLaw, GRAVITY, Options, Series, Side};

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
    solver.advance_to(400.0).unwrap();
    let error = mean_error(solver.depth(), &exact.h);
    let flow = |i: usize| solver.depth()[i] * solver.velocity_u()[i];
    eprintln!("{file} L1(h) = {error:.6} m, q = {:.5} .. {:.5}", flow(10), flow(480));
    assert!(error < tolerance, "{error}");
    assert!((flow(480) / q - 1.0).abs() < 1e-3);
}

#[test]
fn flow_over_a_bump() {
    // First order smears the transcritical fall and the jump over some cells: 2 to 5 mm of 0.4 to
    // 1 m; the smooth subcritical flow is held to the millimetres of the second-order norm.
    bump("bump_subcritical.txt", 4.42, 2.0, 2.0, 5e-3);
    bump("bump_transcritical_noshock.txt", 1.53, -10.0, 0.66, 1e-2);
    bump("bump_transcritical_shock.txt", 0.18, 0.33, 0.33, 5e-3);
}

#[test]
fn macdonald_channels_with_friction() {
    // Steady profiles with friction and slope in balance at every point.
    for (file, law, roughness, q, level, start, end, tolerance) in [
        ("macdonald_long_1.txt", FrictionLaw::DarcyWeisbach, 0.093, 2.0, Some(0.748324), None, 6000.0, 5e-3),
        ("macdonald_short_2.txt", FrictionLaw::Manning, 0.0328, 2.0, Some(2.87871), Some(2.87871), 1500.0, 2e-2),
        ("macdonald_short_6.txt", FrictionLaw::Manning, 0.0328, 2.0, None, None, 1500.0, 1e-2),
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

#[test]
fn thacker_basins_keep_their_swing() {
    // Three periods on a curved shoreline at 100×100. A first-order scheme damps the swing; the
    // bound is on the depth in relative L2, and mass is exact.
    for (file, time, tolerance) in
        [("thacker2d_planar.txt", 13.4571, 0.5), ("thacker2d_radial.txt", 6.72855, 0.25)]
    {
        let Some(exact) = swashes::Plan::read(file) else { return };
        let mut solver = exact.solver();
        let (a, h0) = (1.0f64, 0.1f64);
        let planar = file.contains("planar");
        let omega = if planar { (2.0 * GRAVITY * h0).sqrt() / a } else { (8.0 * GRAVITY * h0).sqrt() / a };
        let spec = solver.bed().spec;
        let (mut h, mut u, mut v) = (vec![], vec![], vec![]);
        for i in 0..spec.len() {
            let (row, column) = spec.row_column(i);
            let (x, y) = spec.centre(row, column);
            let (x, y) = (x - 2.0, y - 2.0);
            let z = solver.bed().elevation_m[i];
            let level = if planar {
                let eta = 0.5;
                eta * h0 / (a * a) * (2.0 * x - eta)
            } else {
                let r0 = 0.8f64;
                let big = (a * a - r0 * r0) / (a * a + r0 * r0);
                let r2 = x * x + y * y;
                h0 * ((1.0 - big * big).sqrt() / (1.0 - big) - 1.0
                    - r2 / (a * a) * ((1.0 - big * big) / (1.0 - big).powi(2) - 1.0))
            };
            let depth = (level - z).max(0.0);
            h.push(depth);
            u.push(0.0);
            v.push(if planar && depth > 0.0 { 0.5 * omega } else { 0.0 });
        }
        solver.set_state(h, u, v).unwrap();
        solver.advance_to(time).unwrap();
        let (mut difference, mut norm) = (0.0, 0.0);
        for (h, e) in solver.depth().iter().zip(&exact.h) {
            difference += (h - e).powi(2);
            norm += e * e;
        }
        let error = (difference / norm).sqrt();
        eprintln!("{file} relative L2 = {error:.4}, steps {}", solver.steps());
        assert!(error < tolerance, "{file}: {error}");
        assert!(solver.budget().relative_residual().abs() < 1e-12);
    }
}
