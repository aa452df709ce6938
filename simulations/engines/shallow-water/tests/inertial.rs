//! The local-inertial scheme against solutions of its own equations, which lack the convective terms.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{Bed, Boundaries, Condition, GRAVITY, Options, Series, Side, Solver};

/// A wave with the constant speed u that runs over a dry plane, as that of Hunter et al. 2005 (doi
/// 10.1016/j.advwatres.2004.12.003) but with the local acceleration: with h = f(s), s = u t − x and
/// q = u h the equation ∂q/∂t + g h ∂h/∂x + g n² u² h^(−1/3) = 0 integrates to
/// 3/7 g f^(7/3) − 3/4 u² f^(4/3) = g n² u² s + constant, from f = u²/g at the front.
#[test]
fn a_wave_runs_over_a_dry_plane() {
    let (n, u, end) = (0.03f64, 0.635f64, 3600.0);
    let integral =
        |f: f64| 3.0 / 7.0 * GRAVITY * f.powf(7.0 / 3.0) - 0.75 * u * u * f.powf(4.0 / 3.0);
    let front = u * u / GRAVITY;
    let exact = |x: f64, t: f64| {
        let s = u * t - x;
        if s <= 0.0 {
            return 0.0;
        }
        let (mut low, mut high) = (front, 10.0);
        for _ in 0..60 {
            let f = 0.5 * (low + high);
            let is_below = integral(f) - integral(front) < GRAVITY * (n * u).powi(2) * s;
            (low, high) = if is_below { (f, high) } else { (low, f) };
        }
        low
    };
    let error = |cells: usize| {
        let size = 4000.0 / cells as f64;
        let spec = GridSpec { west: 0.0, north: size, cell_size: size, columns: cells, rows: 1 };
        let bed = Bed::from_grids(&Grid::filled(spec, 0.0f32), &Grid::filled(spec, n)).unwrap();
        let points = (0..=720).map(|k| (5.0 * f64::from(k), exact(0.0, 5.0 * f64::from(k))));
        let stage = Condition::Stage(Series::new(points.collect()).unwrap());
        let boundaries = Boundaries::default().with("sea", bed.rim(Side::West), stage);
        let mut solver =
            Solver::<f64>::new(bed, boundaries, vec![], vec![], Options::local_inertial()).unwrap();
        solver.advance_to(end).unwrap();
        assert!(solver.budget().relative_residual().abs() < 1e-12);
        let depth = solver.depth();
        let off = |c: usize| (depth[c] - exact((c as f64 + 0.5) * size, end)).abs();
        (0..cells).map(off).sum::<f64>() / cells as f64
    };
    let (coarse, fine) = (error(80), error(320));
    eprintln!("mean error {coarse:.4} m at 50 m, {fine:.4} m at 12.5 m, of 1.5 m at the inflow");
    assert!(coarse < 0.02 && fine < 0.4 * coarse, "{coarse} {fine}");
}

/// A uniform flow down a plane in any direction keeps Manning's speed.
#[test]
fn normal_flow_is_that_of_manning_in_every_direction() {
    let (n, slope, depth) = (0.05f64, 1e-3f64, 1.0f64);
    let speed = depth.powf(2.0 / 3.0) * slope.sqrt() / n;
    for (east, north) in [(1.0, 0.0), (0.0, -1.0), (0.6, 0.8), (-0.5f64.sqrt(), 0.5f64.sqrt())] {
        let spec = GridSpec { west: 0.0, north: 1000.0, cell_size: 10.0, columns: 100, rows: 100 };
        let ground = Grid::from_fn(spec, |r, c| {
            let (x, y) = spec.centre(r, c);
            -slope * (east * x + north * y)
        });
        let bed = Bed::from_grids(&ground, &Grid::filled(spec, n)).unwrap();
        let mut solver = Solver::<f64>::new(
            bed,
            Boundaries::default(),
            vec![],
            vec![],
            Options::local_inertial(),
        )
        .unwrap();
        let all = |value: f64| vec![value; spec.len()];
        solver.set_state(all(depth), all(speed * east), all(speed * north)).unwrap();
        // Two times u / (g S), before the walls are heard in the middle.
        solver.advance_to(120.0).unwrap();
        let (u, v) = solver.velocity_at(spec.index(50, 50));
        eprintln!("direction ({east:.2}, {north:.2}): ({u:.4}, {v:.4}) m/s of {speed:.4}");
        assert!(
            (u - speed * east).abs() < 5e-3 * speed && (v - speed * north).abs() < 5e-3 * speed
        );
        assert!(!solver.beyond_validity()[spec.index(50, 50)]);
    }
}

/// A steady flow of varying depth: z' = −h' − n² q² / h^(10/3), level and friction in balance.
#[test]
fn gradually_varied_flow_converges() {
    let (q, n, length) = (2.0f64, 0.033f64, 1000.0f64);
    let depth = |x: f64| 1.0 + 0.25 * (std::f64::consts::TAU * x / 500.0).sin();
    let error = |cells: usize| {
        let size = length / cells as f64;
        let spec = GridSpec { west: 0.0, north: size, cell_size: size, columns: cells, rows: 1 };
        // Friction summed by Simpson's rule from the outlet.
        let friction = |x: f64| (n * q).powi(2) / depth(x).powf(10.0 / 3.0);
        let mut level = depth(length);
        let steps = 20_000;
        let dx = length / f64::from(steps);
        let mut levels = vec![level];
        for k in (0..steps).rev() {
            let x = dx * f64::from(k);
            level += dx / 6.0 * (friction(x) + 4.0 * friction(x + 0.5 * dx) + friction(x + dx));
            levels.push(level);
        }
        levels.reverse();
        let middle = |c: usize| (c as f64 + 0.5) * size;
        let ground = Grid::from_fn(spec, |_, c| {
            let x = middle(c);
            levels[(x / dx).round() as usize] - depth(x)
        });
        let bed = Bed::from_grids(&ground, &Grid::filled(spec, n)).unwrap();
        let stage = Condition::Stage(Series::constant(depth(length)));
        let inflow = Condition::Discharge(Series::constant(q * size));
        let boundaries = Boundaries::default().with("in", bed.rim(Side::West), inflow).with(
            "out",
            bed.rim(Side::East),
            stage,
        );
        let mut solver =
            Solver::<f64>::new(bed, boundaries, vec![], vec![], Options::local_inertial()).unwrap();
        solver.set_level(|_, _| depth(length)).unwrap();
        solver.advance_to(6000.0).unwrap();
        let found = solver.depth();
        // The outlet, whose level is that of the edge, is half a cell off.
        (0..cells - 2).map(|c| (found[c] - depth(middle(c))).abs()).sum::<f64>() / cells as f64
    };
    let (coarse, fine) = (error(100), error(400));
    eprintln!("mean error {:.2} mm at 10 m, {:.2} mm at 2.5 m", 1e3 * coarse, 1e3 * fine);
    assert!(fine < 3e-3 && fine < 0.4 * coarse, "{coarse} {fine}");
}

/// A dam break leaves the validity of the scheme, and says so.
#[test]
fn fast_flow_is_marked() {
    let spec = GridSpec { west: 0.0, north: 64.0, cell_size: 1.0, columns: 200, rows: 64 };
    let bed = Bed::from_grids(&Grid::filled(spec, 0.0f32), &Grid::filled(spec, 0.03f32)).unwrap();
    let walls = Boundaries::default();
    let mut solver =
        Solver::<f32>::new(bed, walls, vec![], vec![], Options::local_inertial()).unwrap();
    solver.set_level(|_, c| if c < 50 { 3.0 } else { 0.0 }).unwrap();
    solver.advance_to(10.0).unwrap();
    let marked = solver.beyond_validity();
    assert!(marked[spec.index(32, 55)] && !marked[spec.index(32, 0)]);
    let critical = |i: usize| {
        let (u, v) = solver.velocity_at(i);
        u.hypot(v) <= 1.0001 * (GRAVITY * solver.depth_at(i)).sqrt()
    };
    assert!((0..spec.len()).all(critical));
}
