//! What must hold for any flow: rest stays at rest, depths stay positive, no water is lost,
//! symmetric problems stay symmetric, threads and restarts change no bit.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

mod support;

use proptest::prelude::*;
use support::{Tape, bits};
use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{
    Barrel, Bed, Boundaries, Breach, BreachStart, Condition, Culvert, Inlet, LineStructure, Link,
    LinkLaw, Opening, OpeningKind, Options, Section, Series, Side, Solver, Source, Split,
    edges_along,
};

fn spec(columns: usize, rows: usize, cell_size: f64) -> GridSpec {
    GridSpec { west: 0.0, north: rows as f64 * cell_size, cell_size, columns, rows }
}

fn noise(i: usize) -> f64 {
    let mut x = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 32;
    (x % 1_000_003) as f64 / 1_000_003.0
}

fn bed(spec: GridSpec, roughness: f64, z: impl Fn(usize, usize) -> f64) -> Bed {
    Bed::from_grids(&Grid::from_fn(spec, z), &Grid::filled(spec, roughness)).unwrap()
}

fn fastest(solver: &Solver<f64>) -> f64 {
    solver.velocity_u().iter().chain(&solver.velocity_v()).fold(0.0, |m, v| m.max(v.abs()))
}

#[test]
fn lake_at_rest_over_bumps_and_islands() {
    // Immersed and emerged bump of SWASHES, and rough ground around 300 m with a shoreline.
    for (level, z) in [
        (
            0.5,
            Box::new(|_: usize, c: usize| (0.2 - 0.05 * (0.25 * c as f64 - 10.0).powi(2)).max(0.0))
                as Box<dyn Fn(usize, usize) -> f64>,
        ),
        (0.1, Box::new(|_, c| (0.2 - 0.05 * (0.25 * c as f64 - 10.0).powi(2)).max(0.0))),
        (300.3, Box::new(|r, c| 297.0 + 5.0 * noise(r * 1000 + c))),
    ] {
        let bed = bed(spec(100, 70, 0.25), 0.0, z);
        for options in schemes() {
            let mut solver =
                Solver::<f64>::new(bed.clone(), Boundaries::default(), vec![], vec![], options)
                    .unwrap();
            solver.set_level(|_, _| level).unwrap();
            let start = solver.depth().to_vec();
            solver.advance_to(60.0).unwrap();
            // Levels are multiples of 2⁻²⁰ m, so rest is exact.
            assert_eq!(fastest(&solver), 0.0);
            assert_eq!(solver.depth(), start);
            assert!(solver.steps() > 150);
        }
    }
}

#[test]
fn lake_at_rest_with_unrounded_depths_stays_below_round_off() {
    let bed = bed(spec(80, 50, 1.0), 0.0, |r, c| 3.0 * noise(r * 1000 + c));
    let mut solver =
        Solver::<f64>::new(bed.clone(), Boundaries::default(), vec![], vec![], Options::default())
            .unwrap();
    let level = 2.0 + 1.0 / 3.0;
    let depth = solver.bed().elevation_m.iter().map(|z| (level - z).max(0.0)).collect();
    solver.set_state(depth, vec![0.0; 4000], vec![0.0; 4000]).unwrap();
    solver.advance_to(1000.0).unwrap();
    assert!(fastest(&solver) < 1e-12, "{}", fastest(&solver));
}

#[test]
fn lake_at_rest_across_a_crest_and_beside_buildings() {
    let spec = spec(40, 40, 1.0);
    let mut ground = bed(spec, 0.03, |r, c| 0.5 * noise(r * 97 + c));
    (0..spec.len()).filter(|i| i % 13 == 5).for_each(|i| ground.blocked[i] = true);
    ground.elevation_m[777] = f64::NAN;
    let edges = edges_along(&spec, &[[0.0, 5.0, 0.0], [40.0, 31.0, 0.0]]);
    let crest_m = vec![1.2; edges.len()];
    let line = LineStructure {
        name: "d".into(),
        edges,
        crest_m,
        length_m: None,
        breaches: vec![],
        openings: vec![],
    };
    let stage = Condition::Stage(Series::constant(1.75));
    let boundaries = Boundaries::default().with("sea", ground.rim(Side::West), stage);
    let mut solver =
        Solver::<f64>::new(ground, boundaries, vec![line], vec![], Options::default()).unwrap();
    solver.set_level(|_, _| 1.75).unwrap();
    solver.advance_to(30.0).unwrap();
    assert_eq!(fastest(&solver), 0.0);
}

/// The default scheme, the same with local time steps, and the local-inertial one.
fn schemes() -> [Options; 3] {
    let local = Options { local_levels: 3, ..Options::default() };
    [Options::default(), local, Options::local_inertial()]
}

/// Rough ground, buildings, voids, a crest that breaches, sources, rain and three boundaries.
fn everything(options: Options) -> Solver<f64> {
    let spec = spec(150, 110, 2.0);
    let mut bed = bed(spec, 0.03, |r, c| {
        3.0 - 0.01 * c as f64 + 1.5 * noise((r / 5) * 1000 + c / 5) + 0.2 * noise(r * 1000 + c)
    });
    for i in 0..spec.len() {
        let (r, c) = spec.row_column(i);
        bed.blocked[i] = r % 20 < 4 && c % 17 < 5 && c > 60;
        if r > 90 && c > 130 {
            bed.elevation_m[i] = f64::NAN;
        }
    }
    let edges = edges_along(&spec, &[[100.0, -1.0, 0.0], [120.0, 300.0, 0.0]]);
    let line = LineStructure {
        name: "levee".into(),
        crest_m: vec![4.6; edges.len()],
        length_m: Some(220.0),
        breaches: vec![Breach {
            edges: 40..60,
            start: BreachStart::Level(4.0),
            formation_s: 20.0,
            final_level_m: 1.0,
            width_m: Some(25.0),
            centre: None,
        }],
        openings: vec![Opening {
            span: [10.3, 19.0],
            sill_m: 0.0,
            soffit_m: Series::new(vec![(0.0, 3.0), (60.0, 4.0)]).unwrap(),
            kind: OpeningKind::Gate,
        }],
        edges,
    };
    let pulse = Series::new(vec![(0.0, 5.0), (30.0, 60.0), (90.0, 10.0)]).unwrap();
    let tide = Series::new(vec![(0.0, 2.0), (60.0, 3.4), (120.0, 1.0)]).unwrap();
    let north = bed.rim(Side::North);
    let boundaries = Boundaries::default()
        .with("river", north[..30].to_vec(), Condition::Discharge(pulse.clone()))
        .with("sea", bed.rim(Side::East), Condition::Stage(tide))
        .with("out", bed.rim(Side::South), Condition::Outflow { slope: 0.01 })
        .with("free", north[80..120].to_vec(), Condition::Free);
    let rain = Series::new(vec![(0.0, 0.0), (20.0, 5e-5), (60.0, 0.0)]).unwrap();
    let free = (0..spec.len()).filter(|&i| bed.is_open(i) && i % 977 == 3).collect();
    let sources = vec![
        Source::across("line", &bed, &[[20.0, 40.0, 0.0], [60.0, 90.0, 0.0]], pulse).unwrap(),
        Source::Inflow {
            name: "pump".into(),
            cells: free,
            discharge: Series::constant(-0.5),
            split: Split::Even,
        },
        Source::Rain { name: "rain".into(), rate: rain },
    ];
    let options = Options { rate_of_rise: true, ..options };
    let mut solver = Solver::<f64>::new(bed, boundaries, vec![line], sources, options).unwrap();
    solver.set_level(|_, c| if c < 30 { 4.2 } else { f64::NAN }).unwrap();
    let pipe = Culvert::new(
        "pipe",
        Barrel::Circular(0.8),
        1,
        Inlet::METAL_HEADWALL,
        30.0,
        0.024,
        [3.0, 2.9],
    )
    .unwrap();
    let station = LinkLaw::Pump { capacity: Series::constant(0.3), start_m: 3.5, stop_m: 3.2 };
    let link = |name: &str, from: [usize; 2], to: Vec<usize>, law| Link {
        name: name.into(),
        from: vec![spec.index(from[0], from[1])],
        to,
        law,
    };
    let culvert = LinkLaw::Culvert(Box::new(pipe));
    solver
        .add_links(vec![
            link("pipe", [50, 10], vec![spec.index(50, 40)], culvert),
            link("station", [70, 12], vec![], station),
        ])
        .unwrap();
    let line = [[80.0, 20.0], [95.0, 200.0]];
    let edges = edges_along(&spec, &line.map(|[x, y]| [x, y, 0.0]));
    solver.set_sections(&[Section { name: "across".into(), edges, line: line.to_vec() }]).unwrap();
    solver
}

#[test]
fn still_water_leaves_by_an_open_edge_unless_the_ground_rises_towards_it() {
    let spec = GridSpec { west: 0.0, north: 40.0, cell_size: 10.0, columns: 20, rows: 4 };
    let drained = |fall_m: f64| {
        let z = Grid::from_fn(spec, |_, column| fall_m * (20 - column) as f64);
        let bed = Bed::from_grids(&z, &Grid::filled(spec, 0.03)).unwrap();
        let open = Condition::Open { least_slope: 1e-3 };
        let east = bed.rim(Side::East);
        let walls =
            bed.outer_edges().iter().map(|e| e.edge).filter(|e| !east.contains(e)).collect();
        let boundaries =
            Boundaries::default().with("open", east, open).with("walls", walls, Condition::Wall);
        let options = Options::default();
        let mut solver = Solver::<f64>::new(bed, boundaries, vec![], vec![], options).unwrap();
        // A pool of half a metre on the lowest ground, at rest.
        let level = 0.5 + z.values.iter().copied().fold(f64::INFINITY, f64::min);
        solver.set_level(|_, _| level).unwrap();
        let before = solver.stored_m3();
        solver.advance_to(3600.0).unwrap();
        1.0 - solver.stored_m3() / before
    };
    assert!(drained(1.0 / 64.0) > 0.95 && drained(0.0) > 0.5);
    assert!(drained(-1.0 / 64.0) < 1e-9);
}

#[test]
fn everything_at_once_conserves_and_stays_positive() {
    for options in schemes() {
        let mut solver = everything(options);
        for k in 1..=12 {
            solver.advance_to(10.0 * f64::from(k)).unwrap();
            assert!(solver.depth().iter().all(|&h| h >= 0.0));
            let budget = solver.budget();
            assert!(budget.relative_residual().abs() < 1e-12, "{budget:?}");
        }
        let budget = solver.budget();
        eprintln!("{budget:#?}\nsteps {}, breaches {:?}", solver.steps(), solver.breaches());
        // Imposed volumes are exact whatever the steps: the integral of the series.
        let exact = 0.5 * 30.0 * 65.0 + 0.5 * 60.0 * 70.0 + 30.0 * 10.0;
        assert!((budget.sources[0].inflow_m3 / exact - 1.0).abs() < 1e-12);
        assert!((budget.boundaries[0].inflow_m3 / exact - 1.0).abs() < 1e-12);
        assert!(solver.breaches()[0].is_some());
        assert!(solver.links().all(|(_, link)| link.moved_m3 != 0.0));
        assert!(solver.sections().all(|(_, volume)| volume != 0.0));
        assert!(!solver.undeclared_contacts().is_empty());
    }
}

#[test]
fn threads_change_no_bit() {
    let run = |threads: usize, options: Options| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut solver = everything(options);
            solver.advance_to(40.0).unwrap();
            bits(&mut solver)
        })
    };
    for options in schemes() {
        let one = run(1, options);
        assert!(one == run(2, options) && one == run(8, options));
    }
}

#[test]
fn a_restart_changes_no_bit() {
    for options in schemes() {
        let mut straight = everything(options);
        straight.advance_to(25.0).unwrap();
        let mut saved = Tape::playing(bits(&mut straight));
        straight.advance_to(50.0).unwrap();
        let mut resumed = everything(options);
        resumed.visit_state(&mut saved).unwrap();
        assert!(saved.is_played());
        resumed.advance_to(50.0).unwrap();
        assert!(bits(&mut straight) == bits(&mut resumed));
    }
}

#[test]
fn a_circular_dam_break_is_symmetric_to_the_bit() {
    for options in schemes() {
        let n = 101;
        let mut solver = Solver::<f64>::new(
            bed(spec(n, n, 0.4), 0.02, |_, _| 0.0),
            Boundaries::default(),
            vec![],
            vec![],
            options,
        )
        .unwrap();
        let far = |k: usize| (k as f64 - 50.0).powi(2);
        solver.set_level(|r, c| if far(r) + far(c) < 40.0 { 2.5 } else { 0.0 }).unwrap();
        solver.advance_to(12.0).unwrap();
        let (h, u, v) = (solver.depth(), solver.velocity_u(), solver.velocity_v());
        for r in 0..n {
            for c in 0..n {
                let (here, flipped, transposed) = (r * n + c, r * n + n - 1 - c, c * n + r);
                assert_eq!(h[here], h[flipped]);
                assert_eq!(h[here], h[transposed]);
                assert_eq!(u[here], -u[flipped]);
                // Rows run south, v points north.
                assert_eq!(u[here], -v[transposed]);
            }
        }
        assert!(solver.depth()[50 * n + 99] > 1e-3);
        assert!(!solver.undeclared_contacts().is_empty());
    }
}

#[test]
fn dry_tiles_are_not_worked_on() {
    let mut solver = Solver::<f64>::new(
        bed(spec(640, 640, 1.0), 0.03, |_, _| 0.0),
        Boundaries::default(),
        vec![],
        vec![],
        Options::default(),
    )
    .unwrap();
    solver.set_level(|r, c| if r < 10 && c < 10 { 1.0 } else { 0.0 }).unwrap();
    solver.advance_to(5.0).unwrap();
    let per_step = solver.cell_updates() / solver.steps();
    assert!(per_step < 640 * 640 / 20, "{per_step}");
    assert!(solver.undeclared_contacts().iter().all(|c| c.row < 200 && c.column < 200));
}

#[test]
fn rain_fills_a_closed_basin_exactly() {
    let rate = Source::Rain { name: "rain".into(), rate: Series::constant(10.0 / 3.6e6) };
    let mut ground = bed(spec(30, 30, 5.0), 0.03, |r, c| 2.0 * noise(r * 100 + c));
    ground.blocked[31] = true;
    let walls = Boundaries::walls(&ground);
    let mut solver =
        Solver::<f64>::new(ground, walls, vec![], vec![rate], Options::default()).unwrap();
    solver.advance_to(3600.0).unwrap();
    let exact = 0.01 * 899.0 * 25.0;
    assert!((solver.stored_m3() / exact - 1.0).abs() < 1e-12);
    assert!(solver.undeclared_contacts().is_empty());
    let taken = solver.exchange_depth(&vec![-1.0; 900]).unwrap();
    assert!((taken / -exact - 1.0).abs() < 1e-12 && solver.stored_m3() == 0.0);
    assert!(solver.budget().residual_m3().abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn rough_wet_and_dry_beds_stay_positive_and_conserve(
        seed in 0usize..1_000_000, relief in 0.1f64..300.0, roughness in prop::sample::select(vec![0.0, 0.03, 0.2]),
        speed in 0.0f64..8.0, options in prop::sample::select(schemes().to_vec())
    ) {
        let spec = spec(40, 37, 1.0);
        let ground = bed(spec, roughness, |r, c| relief * noise(seed + r * 40 + c));
        let mut solver =
            Solver::<f64>::new(ground, Boundaries::default(), vec![], vec![], options).unwrap();
        let cells = spec.len();
        let depth = (0..cells).map(|i| (3.0 * noise(seed + 7 * i) - 1.0).max(0.0)).collect();
        let u = (0..cells).map(|i| speed * (noise(seed + 11 * i) - 0.5)).collect();
        let v = (0..cells).map(|i| speed * (noise(seed + 13 * i) - 0.5)).collect();
        solver.set_state(depth, u, v).unwrap();
        for k in 1..=8 {
            solver.advance_to(f64::from(k)).unwrap();
            prop_assert!(solver.depth().iter().all(|&h| h >= 0.0 && h.is_finite()));
        }
        prop_assert!(solver.budget().relative_residual().abs() < 1e-12);
        // Films that fall down higher cliffs may be faster for a moment.
        prop_assert!(relief > 30.0 || fastest(&solver) < 60.0);
    }
}
