//! Closed forms of the shallow-water equations (SWASHES: Delestre et al. 2013,
//! doi 10.1002/fld.3741), read from the generated profiles and compared cell by cell.
//!
//! Tolerances are the norms of the validation plan at the resolution of the file.
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
    let error = mean_error(&solver.depth(), &exact.h) / 0.005;
    eprintln!("stoker L1/h_l = {error:.5}");
    assert!(error < 0.005, "{error}");
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
    let error = mean_error(&solver.depth(), &exact.h) / 0.005;
    eprintln!("ritter L1/h_l = {error:.5}");
    assert!(error < 0.005, "{error}");
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
    let error = mean_error(&solver.depth(), &exact.h) / 6.0;
    eprintln!("dressler L1/h_l = {error:.5}");
    // Dressler's tip is itself an approximation.
    assert!(error < 0.01, "{error}");
}

fn bump(file: &str, q: f64, level: f64, start: f64) {
    let Some(exact) = Profile::read(file) else { return };
    let ends = vec![
        ("in", Side::West, Condition::Discharge(Series::constant(q * exact.dx))),
        ("out", Side::East, Condition::Stage(Series::constant(level))),
    ];
    let mut solver = channel(&exact, 0.0, Options::default(), ends);
    solver.set_level(|_, _| start).unwrap();
    // Nothing but the jump damps the waves of the start.
    solver.advance_to(400.0).unwrap();
    let error = mean_error(&solver.depth(), &exact.h);
    let flow: Vec<f64> =
        solver.depth().iter().zip(solver.velocity_u()).map(|(h, u)| h * u / q - 1.0).collect();
    let spike = flow.iter().fold(0.0f64, |m, d| m.max(d.abs()));
    let uneven = flow.iter().filter(|d| d.abs() > 1e-3).count();
    eprintln!("{file} L1(h) = {error:.6} m, q off by at most {spike:.5} (0.1 % in {uneven} cells)");
    // The norms: 1 mm at 500 cells, the discharge constant to 0.1 %. Within a captured jump h u of
    // the cells is no discharge (Zaide & Roe 2012, doi 10.1007/978-3-642-25685-1): only the fluxes
    // through the edges are steady there.
    assert!(error < 1e-3, "{error}");
    assert!(
        uneven <= if file == "bump_transcritical_shock.txt" { 8 } else { 0 },
        "{spike} {uneven}"
    );
}

#[test]
fn flow_over_a_bump() {
    bump("bump_subcritical.txt", 4.42, 2.0, 2.0);
    bump("bump_transcritical_noshock.txt", 1.53, -10.0, 0.66);
    bump("bump_transcritical_shock.txt", 0.18, 0.33, 0.33);
}

/// Bed of the short MacDonald channel with a jump (SWASHES 2.2.2: L = 100 m, q = 2 m²/s,
/// n = 0.0328), integrated from the depth it is made for:
/// z' = (q²/(g h³) − 1) h' − n² q² / h^(10/3).
///
/// The file's own bed is summed by rectangles, z_i = −Δx Σ_{j>i} z'(x_j): up to 8 mm off, so that the
/// energy head rises downstream in it.
fn bed_of_short_2(x: &[f64]) -> Vec<f64> {
    let c = (4.0 / GRAVITY).cbrt();
    // Depth and slope before and after the jump at 200/3 m.
    let flow = |x: f64| {
        let s = x / 100.0 - 2.0 / 3.0;
        if s <= 0.0 {
            let h = c * (4.0 / 3.0 - x / 100.0) - 0.009 * x * s;
            (h, -0.01 * c - 0.009 * s - 9e-5 * x)
        } else {
            let (a, b, d) = (0.674_202, -21.711_2, 14.492);
            let h = c * (((((a * s + a) * s) + b) * s + d) * s + 1.4305);
            (h, 0.01 * c * (((4.0 * a * s + 3.0 * a) * s + 2.0 * b) * s + d))
        }
    };
    let slope = |x: f64| {
        let (h, dh) = flow(x);
        (4.0 / (GRAVITY * h.powi(3)) - 1.0) * dh - (0.0328f64 * 2.0).powi(2) / h.powf(10.0 / 3.0)
    };
    let mut bed = vec![0.0; x.len()];
    let (mut z, mut to) = (0.0, 100.0);
    for (bed, &from) in bed.iter_mut().zip(x).rev() {
        let step = (to - from) / 100.0;
        z -= (0..100).map(|k| slope(from + (f64::from(k) + 0.5) * step)).sum::<f64>() * step;
        (*bed, to) = (z, from);
    }
    bed
}

#[test]
fn macdonald_channels_with_friction() {
    // Steady profiles with friction and slope in balance at every point; the norm is 2 mm at 500
    // cells.
    let run = |file: &str, law, roughness, outlet: Option<f64>, start: f64, end| {
        let Some(mut exact) = Profile::read(file) else { return };
        if file == "macdonald_short_2.txt" {
            exact.z = bed_of_short_2(&exact.x);
        }
        let outlet = match outlet {
            Some(level) => Condition::Stage(Series::constant(level)),
            None => Condition::Free,
        };
        let ends = vec![
            ("in", Side::West, Condition::Discharge(Series::constant(2.0 * exact.dx))),
            ("out", Side::East, outlet),
        ];
        let options = Options { friction: law, ..Options::default() };
        let mut solver = channel(&exact, roughness, options, ends);
        solver.set_level(|_, _| start).unwrap();
        solver.advance_to(end).unwrap();
        let error = mean_error(&solver.depth(), &exact.h);
        eprintln!("{file} MAE(h) = {error:.6} m");
        assert!(error < 2e-3, "{file}: {error}");
    };
    let manning = FrictionLaw::Manning;
    let long = "macdonald_long_1.txt";
    // The depth is given where the channel ends; the level there is that of the last cell.
    let outlet = Profile::read(long).map(|p| p.z[p.z.len() - 1] + 0.748_324);
    run(long, FrictionLaw::DarcyWeisbach, 0.093, outlet, f64::NAN, 2000.0);
    run("macdonald_short_2.txt", manning, 0.0328, Some(2.878_71), 2.878_71, 400.0);
    run("macdonald_short_6.txt", manning, 0.0328, None, f64::NAN, 400.0);
}

/// Thacker's oscillations in a paraboloid of radius a = 1 m and depth h0 = 0.1 m: the depth at the
/// start, and again after whole periods.
fn thacker(planar: bool, n: usize) -> Solver<f64> {
    let (h0, eta, r0) = (0.1, 0.5, 0.8f64);
    let spec = GridSpec { west: -2.0, north: 2.0, cell_size: 4.0 / n as f64, columns: n, rows: n };
    let square = |row: usize, column: usize| {
        let (x, y) = spec.centre(row, column);
        x * x + y * y
    };
    let ground = Grid::from_fn(spec, |r, c| h0 * (square(r, c) - 1.0));
    let bed = Bed::from_grids(&ground, &Grid::filled(spec, 0.0)).unwrap();
    let mut solver =
        Solver::<f64>::new(bed, Boundaries::default(), vec![], vec![], Options::default()).unwrap();
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
    // Three periods on a curved shoreline, of which the grid makes stairs of 8 mm: that error halves
    // with the cells at least, and is 1.1 % of the depth at 200×200.
    for (planar, file, time) in
        [(true, "thacker2d_planar.txt", 13.4571), (false, "thacker2d_radial.txt", 6.72855)]
    {
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
            errors.push(relative_error(&solver.depth(), &start));
            assert!(solver.budget().relative_residual().abs() < 1e-12);
        }
        eprintln!("{file} relative L2 at 100 and 200 cells: {errors:.4?}");
        assert!(errors[1] < 0.012 && errors[1] < 0.5 * errors[0], "{errors:?}");
    }
}
