//! Bridges and gates inside the grid.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{
    Bed, Boundaries, Condition, GRAVITY, LineStructure, Opening, OpeningKind, Options, Series,
    Side, Solver, edges_along,
};

const SPEC: GridSpec = GridSpec { west: 0.0, north: 10.0, cell_size: 1.0, columns: 100, rows: 10 };

/// A line across a flat channel 10 m wide, with its crest at 3 m and an opening.
fn line(width_m: f64, soffit_m: Series, kind: OpeningKind) -> LineStructure {
    let edges = edges_along(&SPEC, &[[50.0, -1.0, 0.0], [50.0, 11.0, 0.0]]);
    LineStructure {
        name: "bridge".into(),
        crest_m: vec![3.0; edges.len()],
        length_m: None,
        breaches: vec![],
        openings: vec![Opening {
            span: [5.0 - 0.5 * width_m, 5.0 + 0.5 * width_m],
            sill_m: f64::MIN,
            soffit_m,
            kind,
        }],
        edges,
    }
}

/// Flow of a discharge (m³/s) to a tail water (m), steady after half an hour.
fn flow(
    structures: Vec<LineStructure>,
    discharge: f64,
    tail: f64,
    options: Options,
) -> Solver<f64> {
    let bed = Bed::from_grids(&Grid::filled(SPEC, 0.0), &Grid::filled(SPEC, 0.03)).unwrap();
    let boundaries = Boundaries::default()
        .with("in", bed.rim(Side::West), Condition::Discharge(Series::constant(discharge)))
        .with("out", bed.rim(Side::East), Condition::Stage(Series::constant(tail)));
    let mut solver = Solver::<f64>::new(bed, boundaries, structures, vec![], options).unwrap();
    solver.set_level(|_, _| tail).unwrap();
    solver.advance_to(1800.0).unwrap();
    assert!(solver.budget().relative_residual().abs() < 1e-12);
    solver
}

#[test]
fn a_deck_above_the_water_changes_next_to_nothing() {
    // The scheme takes no slope across the edge; all else is the open flow.
    for options in [Options::default(), Options::local_inertial()] {
        let open = flow(vec![], 8.0, 1.2, options);
        let high = line(10.0, Series::constant(2.5), OpeningKind::Bridge);
        let under = flow(vec![high], 8.0, 1.2, options).depth();
        let far = open.depth().iter().zip(under).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(far < 1e-3, "{far}");
    }
}

#[test]
fn a_gate_takes_the_head_of_the_formula() {
    // Free jet under a gate 0.5 m over the ground: q = C_c a √(2 g (H − C_c a)) = 1.6 m²/s.
    let (opening, q) = (0.5f64, 1.6f64);
    let jet = 0.611 * opening;
    let exact = jet + (q / jet).powi(2) / (2.0 * GRAVITY);
    for options in [Options::default(), Options::local_inertial()] {
        let gate = line(10.0, Series::constant(opening), OpeningKind::Gate);
        let solver = flow(vec![gate], 10.0 * q, 0.4, options);
        let cell = SPEC.index(5, 48);
        let (h, u) = (solver.depth_at(cell), solver.velocity_at(cell).0);
        let head = h + u * u / (2.0 * GRAVITY);
        eprintln!("{:?}: head {head:.3} m for {exact:.3} m", options.scheme);
        // 5 % of the discharge are 10 % of the head above the jet.
        assert!(((head - jet) / (exact - jet) - 1.0).abs() < 0.1, "{head} for {exact}");
    }
}

#[test]
fn a_bridge_that_is_too_low_dams_the_flow_and_is_overtopped() {
    let level = |soffit: f64, width: f64, discharge: f64| {
        let bridge = line(width, Series::constant(soffit), OpeningKind::Bridge);
        let solver = flow(vec![bridge], discharge, 1.5, Options::default());
        solver.level(SPEC.index(5, 45)).unwrap()
    };
    let free = level(2.9, 10.0, 20.0);
    let pressed = level(1.2, 10.0, 20.0);
    let narrow = level(1.2, 5.0, 20.0);
    let flooded = level(1.0, 4.0, 40.0);
    eprintln!(
        "levels: free {free:.2}, pressed {pressed:.2}, narrow {narrow:.2}, flooded {flooded:.2} m"
    );
    // Pressure flow, both sides deep: Q = 0.8 A √(2 g ΔH) from the energy before to the level behind.
    let exact = 1.5 + (20.0f64 / (0.8 * 12.0)).powi(2) / (2.0 * GRAVITY);
    let head = pressed + (20.0 / (10.0 * pressed)).powi(2) / (2.0 * GRAVITY);
    assert!((head - exact).abs() < 0.1 * (exact - 1.5) + 0.05, "{head} for {exact}");
    assert!(free + 0.05 < pressed && pressed + 0.2 < narrow);
    // 2 m²/s under 4 m of deck and the rest over the crest of 3 m: below the head of a weir alone.
    let weir = 3.0 + (40.0f64 / 17.0).powf(2.0 / 3.0);
    assert!(flooded > 3.0 && flooded < weir, "{flooded} {weir}");
}

#[test]
fn a_wider_opening_never_dams_more() {
    // Not along whole edges: every width in steps of 70 cm.
    let mut last = f64::INFINITY;
    for k in 2..14 {
        let bridge = line(0.7 * f64::from(k), Series::constant(1.2), OpeningKind::Bridge);
        let solver = flow(vec![bridge], 12.0, 1.0, Options::default());
        let level = solver.level(SPEC.index(5, 45)).unwrap();
        assert!(level < last + 2e-3, "{k}: {level} after {last}");
        last = level;
    }
}

#[test]
fn a_gate_opens_and_closes_on_time_and_still_water_stays_still() {
    let bed = || Bed::from_grids(&Grid::filled(SPEC, 0.0), &Grid::filled(SPEC, 0.03)).unwrap();
    let stroke = Series::new(vec![(10.0, 0.0), (20.0, 0.5), (30.0, 0.5), (40.0, -0.1)]).unwrap();
    for options in [Options::default(), Options::local_inertial()] {
        let gate = || line(10.0, stroke.clone(), OpeningKind::Gate);
        let build =
            || Solver::<f64>::new(bed(), Boundaries::default(), vec![gate()], vec![], options);
        let mut still = build().unwrap();
        still.set_level(|_, _| 2.0).unwrap();
        still.advance_to(60.0).unwrap();
        assert!(still.depth().iter().all(|&h| h == 2.0));
        let mut solver = build().unwrap();
        solver.set_level(|_, c| if c < 50 { 2.0 } else { 0.0 }).unwrap();
        let beyond = |s: &Solver<f64>| -> f64 {
            s.depth().chunks(100).map(|row| row[50..].iter().sum::<f64>()).sum()
        };
        let mut passed = Vec::new();
        for time in [10.0, 40.0, 60.0] {
            solver.advance_to(time).unwrap();
            passed.push(beyond(&solver));
        }
        assert!(passed[0] == 0.0 && passed[1] > 20.0, "{passed:?}");
        assert!((passed[2] - passed[1]).abs() < 1e-9, "{passed:?}");
    }
}

#[test]
fn unusable_openings_are_refused() {
    let bed = Bed::from_grids(&Grid::filled(SPEC, 0.0), &Grid::filled(SPEC, 0.03)).unwrap();
    let refused = |change: &dyn Fn(&mut LineStructure)| {
        let mut bridge = line(10.0, Series::constant(1.0), OpeningKind::Bridge);
        change(&mut bridge);
        let (bed, walls) = (bed.clone(), Boundaries::default());
        Solver::<f64>::new(bed, walls, vec![bridge], vec![], Options::default()).is_err()
    };
    assert!(!refused(&|_| ()));
    assert!(refused(&|l| l.openings[0].span = [5.0, 10.5]));
    assert!(refused(&|l| l.openings[0].span = [5.0, f64::NAN]));
    assert!(refused(&|l| l.openings.push(l.openings[0].clone())));
}
