//! Order of convergence on a smooth steady flow with slope and friction, and no growth of energy on
//! rough ground.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{
    Bed, Boundaries, Condition, GRAVITY, Options, Scheme, Series, Side, Solver,
};

const MANNING: f64 = 0.0328;
const LENGTH_M: f64 = 100.0;
/// m²/s.
const DISCHARGE: f64 = 2.0;

/// Depth of the flow and its slope: a smooth hump, subcritical everywhere.
fn hump(x: f64) -> (f64, f64) {
    let s = x / LENGTH_M - 0.5;
    let bell = 0.25 * (-50.0 * s * s).exp();
    (1.2 + bell, -100.0 * s / LENGTH_M * bell)
}

/// Error of the depth, m, after the flow has become steady over the bed made for it:
/// z' = (q²/(g h³) − 1) h' − n² q² / h^(10/3) (MacDonald et al. 1997,
/// doi 10.1061/(ASCE)0733-9429(1997)123:11(1041)).
fn error(scheme: Scheme, cells: usize) -> f64 {
    let size = LENGTH_M / cells as f64;
    let slope = |x: f64| {
        let (h, dh) = hump(x);
        (DISCHARGE.powi(2) / (GRAVITY * h.powi(3)) - 1.0) * dh
            - (MANNING * DISCHARGE).powi(2) / h.powf(10.0 / 3.0)
    };
    let rise = |from: f64, to: f64| {
        let step = (to - from) / 32.0;
        (0..32).map(|k| slope(from + (f64::from(k) + 0.5) * step)).sum::<f64>() * step
    };
    let mut z = 10.0 + rise(0.0, 0.5 * size);
    let mut bed = vec![z];
    for i in 1..cells {
        let centre = (i as f64 + 0.5) * size;
        z += rise(centre - size, centre);
        bed.push(z);
    }
    let end = z + rise(LENGTH_M - 0.5 * size, LENGTH_M);
    let spec = GridSpec { west: 0.0, north: size, cell_size: size, columns: cells, rows: 1 };
    let bed = Bed::from_grids(&Grid::from_values(spec, bed).unwrap(), &Grid::filled(spec, MANNING))
        .unwrap();
    let inflow = Condition::Discharge(Series::constant(DISCHARGE * size));
    let outlet = Condition::Stage(Series::constant(end + hump(LENGTH_M).0));
    let boundaries = Boundaries::default().with("in", bed.rim(Side::West), inflow).with(
        "out",
        bed.rim(Side::East),
        outlet,
    );
    let options = Options { scheme, ..Options::default() };
    let mut solver = Solver::<f64>::new(bed, boundaries, vec![], vec![], options).unwrap();
    let exact: Vec<f64> = (0..cells).map(|i| hump((i as f64 + 0.5) * size).0).collect();
    let speed = exact.iter().map(|h| DISCHARGE / h).collect();
    solver.set_state(exact.clone(), speed, vec![0.0; cells]).unwrap();
    solver.advance_to(1000.0).unwrap();
    solver.depth().iter().zip(&exact).map(|(a, b)| (a - b).abs()).sum::<f64>() / cells as f64
}

#[test]
fn a_smooth_flow_converges_with_the_order_of_the_scheme() {
    for (scheme, least) in [(Scheme::FirstOrder, 0.9), (Scheme::SecondOrder, 1.6)] {
        let (coarse, fine) = (error(scheme, 125), error(scheme, 500));
        let reached = (coarse / fine).log2() / 2.0;
        eprintln!(
            "{scheme:?}: {coarse:.1e} m at 125 cells, {fine:.1e} m at 500: order {reached:.2}"
        );
        assert!(reached >= least, "{reached}");
    }
}

#[test]
fn energy_does_not_grow_on_rough_ground() {
    let noise = |i: usize| {
        let mut x = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
        x ^= x >> 29;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((x ^ (x >> 32)) % 1_000_003) as f64 / 1_000_003.0
    };
    let spec = GridSpec { west: 0.0, north: 37.0, cell_size: 1.0, columns: 40, rows: 37 };
    for (seed, relief) in (0..20).flat_map(|k| [(977 * k, 1.0), (977 * k, 10.0), (977 * k, 29.0)]) {
        let ground = Grid::from_fn(spec, |r, c| relief * noise(seed + r * 40 + c));
        let bed = Bed::from_grids(&ground, &Grid::filled(spec, 0.0)).unwrap();
        let mut solver =
            Solver::<f64>::new(bed, Boundaries::default(), vec![], vec![], Options::default())
                .unwrap();
        let depth = (0..spec.len()).map(|i| (3.0 * noise(seed + 7 * i) - 1.0).max(0.0)).collect();
        let still = vec![0.0; spec.len()];
        solver.set_state(depth, still.clone(), still).unwrap();
        let energy = |solver: &Solver<f64>| -> f64 {
            let (h, u, v) = (solver.depth(), solver.velocity_u(), solver.velocity_v());
            (0..spec.len())
                .map(|i| {
                    let kinetic = 0.5 * (u[i] * u[i] + v[i] * v[i]);
                    h[i] * (kinetic + GRAVITY * (solver.bed().elevation_m[i] + 0.5 * h[i]))
                })
                .sum()
        };
        // Columns of water that stand on cliffs are no flow; what becomes of them must not gain.
        solver.advance_to(0.2).unwrap();
        let start = energy(&solver);
        for k in 2..=40 {
            solver.advance_to(0.2 * f64::from(k)).unwrap();
            let relative = energy(&solver) / start;
            assert!(relative <= 1.0, "relief {relief} m, seed {seed}: {relative}");
        }
    }
}
