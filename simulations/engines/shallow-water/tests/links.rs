//! Culverts, pumps and rating curves inside the grid.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{
    Barrel, Bed, Boundaries, Condition, Culvert, Inlet, Link, LinkLaw, Options, RatingCurve, Real,
    Series, Side, Solver, Source, Split,
};

const COLUMNS: usize = 60;

/// Two basins 10 m wide, parted by an embankment, with a link through it; walls, but for the level of
/// the second basin on the eastern rim where `held`.
fn basins<R: Real>(law: LinkLaw, levels: [f64; 2], sources: Vec<Source>, held: bool) -> Solver<R> {
    let spec = GridSpec { west: 0.0, north: 10.0, cell_size: 1.0, columns: COLUMNS, rows: 10 };
    let ground = Grid::from_fn(spec, |_, c| if (28..32).contains(&c) { 9.0 } else { 0.0 });
    let bed = Bed::from_grids(&ground, &Grid::filled(spec, 0.02)).unwrap();
    let boundaries = if held {
        let stage = Condition::Stage(Series::constant(levels[1]));
        Boundaries::default().with("held", bed.rim(Side::East), stage)
    } else {
        Boundaries::walls(&bed)
    };
    let mut solver = Solver::new(bed, boundaries, vec![], sources, Options::default()).unwrap();
    solver.set_level(|_, c| levels[usize::from(c >= 30)]).unwrap();
    let end = |column: usize| (3..7).map(|row| row * COLUMNS + column).collect();
    let link = Link { name: "link".into(), from: end(27), to: end(32), law };
    solver.add_links(vec![link]).unwrap();
    solver
}

fn pipe() -> LinkLaw {
    let inlet = Inlet::CONCRETE_SQUARE_EDGE;
    let culvert =
        Culvert::new("pipe", Barrel::Circular(1.0), 1, inlet, 20.0, 0.013, [0.0, 0.0]).unwrap();
    LinkLaw::Culvert(Box::new(culvert))
}

#[test]
fn a_culvert_in_the_grid_finds_the_head_of_its_formula() {
    // E3: 1.255, 1.775 and 2.510 m³/s need 0.25, 0.5 and 1.0 m; 5 % of the discharge are 10 % of the
    // head. The outlet stays drowned by 3 m.
    for (discharge, head) in [(1.255, 0.25), (1.775, 0.5), (2.510, 1.0)] {
        let inflow = Source::Inflow {
            name: "in".into(),
            cells: (0..10).map(|row| row * COLUMNS).collect(),
            discharge: Series::constant(discharge),
            split: Split::Even,
        };
        let mut solver = basins::<f64>(pipe(), [3.0 + head + 0.2, 3.0], vec![inflow], true);
        solver.advance_to(6000.0).unwrap();
        let found = solver.level(5 * COLUMNS + 10).unwrap() - 3.0;
        eprintln!("{discharge} m³/s: {found:.4} m for {head} m");
        assert!((found / head - 1.0).abs() < 0.1, "{found}");
        let through = solver.links().next().unwrap().1.discharge_m3_per_s;
        assert!((through / discharge - 1.0).abs() < 0.01, "{through}");
        assert!(solver.budget().relative_residual().abs() < 1e-12);
    }
}

#[test]
fn equal_levels_pass_not_a_drop() {
    let run = |with: bool| {
        let mut solver = basins::<f64>(pipe(), [3.0, 3.0], vec![], false);
        if !with {
            solver = basins::<f64>(
                LinkLaw::Pump { capacity: Series::constant(0.0), start_m: 99.0, stop_m: 98.0 },
                [3.0, 3.0],
                vec![],
                false,
            );
        }
        solver.advance_to(60.0).unwrap();
        (solver.depth(), solver.velocity_u(), solver.links().next().unwrap().1.moved_m3)
    };
    let (with, without) = (run(true), run(false));
    assert_eq!(with.2, 0.0);
    assert!(with.0 == without.0 && with.1 == without.1);
}

#[test]
fn a_pump_moves_exactly_its_capacity_and_stops() {
    // 0.5 m³/s from 3 m down to 2.5 m, 280 m²: 140 m³ in 280 s.
    let law = LinkLaw::Pump { capacity: Series::constant(0.5), start_m: 2.9, stop_m: 2.5 };
    let mut solver = basins::<f64>(law, [3.0, 1.0], vec![], false);
    solver.advance_to(100.0).unwrap();
    let state = solver.links().next().unwrap().1;
    assert!(state.running && (state.moved_m3 - 50.0).abs() < 1e-9, "{state:?}");
    solver.advance_to(600.0).unwrap();
    let state = solver.links().next().unwrap().1;
    // It stops when its intake is at the stop level; the basin sloshes by centimetres.
    assert!(!state.running && (state.moved_m3 - 140.0).abs() < 10.0, "{state:?}");
    let before = state.moved_m3;
    solver.advance_to(700.0).unwrap();
    assert_eq!(solver.links().next().unwrap().1.moved_m3, before);
    let budget = solver.budget();
    assert!(budget.relative_residual().abs() < 1e-12 && budget.outflow_m3() == 0.0);
}

#[test]
fn a_pump_out_of_the_domain_is_in_the_budget_and_never_takes_more_than_is_there() {
    let spec = GridSpec { west: 0.0, north: 8.0, cell_size: 1.0, columns: 8, rows: 8 };
    let bed = Bed::from_grids(&Grid::filled(spec, 0.0), &Grid::filled(spec, 0.02)).unwrap();
    let walls = Boundaries::walls(&bed);
    let mut solver = Solver::<f32>::new(bed, walls, vec![], vec![], Options::default()).unwrap();
    solver.set_level(|_, _| 0.25).unwrap();
    let law = LinkLaw::Pump { capacity: Series::constant(50.0), start_m: 0.1, stop_m: -1.0 };
    let link = Link { name: "pump".into(), from: vec![0, 1, 8, 9], to: vec![], law };
    solver.add_links(vec![link]).unwrap();
    solver.advance_to(600.0).unwrap();
    let budget = solver.budget();
    assert!(solver.depth().iter().all(|&h| h >= 0.0));
    assert!((budget.links[0].outflow_m3 + budget.stored_m3 - 16.0).abs() < 16.0 * 1e-6);
    assert!(budget.links[0].outflow_m3 > 15.0);
    assert!(budget.relative_residual().abs() < 1e-6);
}

#[test]
fn unusable_links_are_refused_with_a_sentence() {
    let mut solver = basins::<f64>(pipe(), [1.0, 1.0], vec![], false);
    let mut refused = |from: Vec<usize>, to: Vec<usize>, law: LinkLaw| {
        let link = Link { name: "x".into(), from, to, law };
        assert!(solver.add_links(vec![link]).is_err());
    };
    refused(vec![], vec![1], pipe());
    refused(vec![1], vec![], pipe());
    refused(vec![1], vec![1], pipe());
    refused(vec![1], vec![10 * COLUMNS], pipe());
    let pump = |start_m, stop_m| LinkLaw::Pump { capacity: Series::constant(1.0), start_m, stop_m };
    refused(vec![1], vec![2], pump(1.0, 2.0));
    refused(vec![1], vec![2], pump(f64::NAN, 0.0));
}

#[test]
fn a_rating_curve_sets_the_level_of_its_discharge() {
    // 12 m³/s into a channel whose outlet passes 20 (H − 1)^1.5: H = 1 + 0.6^(2/3) = 1.711 m.
    let spec = GridSpec { west: 0.0, north: 10.0, cell_size: 1.0, columns: 80, rows: 10 };
    let ground = Grid::from_fn(spec, |r, _| 0.2 * (r as f64 - 4.5).abs() / 4.5);
    let bed = Bed::from_grids(&ground, &Grid::filled(spec, 0.02)).unwrap();
    let points = (0..200).map(|k| 0.01 * f64::from(k)).map(|h| (1.0 + h, 20.0 * h.powf(1.5)));
    let curve = RatingCurve::new("outlet", points.collect()).unwrap();
    let inflow = Source::Inflow {
        name: "in".into(),
        cells: (0..10).map(|r| r * 80 + 2).collect(),
        discharge: Series::constant(12.0),
        split: Split::Conveyance,
    };
    let boundaries =
        Boundaries::default().with("out", bed.rim(Side::East), Condition::Rating(curve));
    let mut solver =
        Solver::<f64>::new(bed, boundaries, vec![], vec![inflow], Options::default()).unwrap();
    solver.advance_to(3000.0).unwrap();
    let level = (0..10).map(|r| solver.level(r * 80 + 79).unwrap()).sum::<f64>() / 10.0;
    let expected = 1.0 + 0.6f64.powf(2.0 / 3.0);
    assert!((level / expected - 1.0).abs() < 0.005, "{level} for {expected}");
    let before = solver.budget().outflow_m3();
    solver.advance_to(3100.0).unwrap();
    let discharge = (solver.budget().outflow_m3() - before) / 100.0;
    assert!((discharge / 12.0 - 1.0).abs() < 0.005, "{discharge}");
    assert!(solver.budget().relative_residual().abs() < 1e-12);
}
