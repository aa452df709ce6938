//! Storms on simple grounds whose runoff is known.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use twin_core::series::Series;
use twin_core::spatial::{Grid, GridSpec};
use twin_runoff::flow::{Flow, Ground};
use twin_runoff::infiltration::{CurveNumber, GreenAmpt, Infiltration, Moisture, SoilLayer};
use twin_runoff::rain::{Hyetograph, RainField, Stretch};
use twin_shallow_water::{
    Bed, Boundaries, Condition, Edge, FrictionLaw, GRAVITY, Options, Section, Side, Solver,
};

const MM_PER_H: f64 = 1e-3 / 3600.0;

fn spec(columns: usize, rows: usize, cell_size: f64) -> GridSpec {
    GridSpec { west: 0.0, north: rows as f64 * cell_size, cell_size, columns, rows }
}

/// A bed by row and column; `out` says which edges water leaves by, at the normal speed of a slope.
fn ground(
    spec: GridSpec,
    elevation: impl Fn(usize, usize) -> f64,
    roughness: impl Fn(usize, usize) -> f64,
    slope: f64,
    out: impl Fn(usize, usize, Side) -> bool,
) -> Solver<f32> {
    let z = Grid::from_fn(spec, elevation);
    let bed = Bed::from_grids(&z, &Grid::from_fn(spec, roughness)).unwrap();
    let mut boundaries = Boundaries::default();
    let mut walls = Vec::new();
    let mut open = Vec::new();
    for edge in bed.outer_edges() {
        let (row, column) = spec.row_column(edge.cell);
        let of: &mut Vec<Edge> = if out(row, column, edge.side) { &mut open } else { &mut walls };
        of.push(edge.edge);
    }
    if !open.is_empty() {
        boundaries = boundaries.with("out", open, Condition::Outflow { slope });
    }
    let boundaries = boundaries.with("walls", walls, Condition::Wall);
    Solver::new(bed, boundaries, Vec::new(), Vec::new(), Options::default()).unwrap()
}

fn even_rain(mm_per_h: f64, duration_s: f64) -> RainField {
    let depth = mm_per_h * MM_PER_H * duration_s;
    RainField::even(Hyetograph::new(vec![Stretch::of_depth(0.0, duration_s, depth)]).unwrap())
}

/// Mean outflow over the next seconds, m³/s.
fn outflow(flow: &mut Flow, over_s: f64) -> f64 {
    let (before, now) = (flow.outflow_m3(), flow.solver.time_s());
    flow.advance_to(now + over_s).unwrap();
    (flow.outflow_m3() - before) / over_s
}

/// What the balance does not explain, relative to the rain.
fn balance_error(flow: &Flow, initial_m3: f64) -> f64 {
    let t = flow.totals();
    let kept = t.intercepted + t.infiltrated + t.network + flow.solver.stored_m3() - initial_m3;
    ((t.rain - kept - flow.outflow_m3()) / t.rain).abs()
}

#[test]
fn a_plane_reaches_its_equilibrium_along_the_kinematic_wave() {
    // Length, slope (on the lattice of the bed in `f32`), n, rain in mm/h.
    let planes = [
        (100.0, 10.0 / 1024.0, 0.02, 50.0),
        (1000.0, 0.05, 0.015, 10.8),
        // Dense grass, whose film is far below critical and far thinner than a step of the bed.
        (200.0, 51.0 / 1024.0, 0.24, 50.0),
    ];
    for (length, slope, n, rain) in planes {
        let cell = length / 100.0;
        let spec = spec(100, 2, cell);
        let mut solver = ground(
            spec,
            |_, column| slope * (length - (column as f64 + 0.5) * cell),
            |_, _| n,
            slope,
            |_, column, side| column == 99 && side == Side::East,
        );
        // The last cell before an edge is deeper than the flow: its own drop is not seen.
        let place = 0.95 * length;
        let (width, height) = (2.0 * cell, 2.0 * cell);
        let line = vec![[place, height], [place, 0.0]];
        let edges =
            twin_shallow_water::edges_along(&spec, &[[place, height, 0.0], [place, 0.0, 0.0]]);
        solver.set_sections(&[Section { name: "x".into(), edges, line }]).unwrap();
        // q = α h^(5/3), α = √S / n; h = i t until the wave from the ridge has come.
        let alpha = slope.sqrt() / n;
        let intensity = rain * MM_PER_H;
        let concentration_s = (place / (alpha * intensity.powf(2.0 / 3.0))).powf(0.6);
        let even = Ground::even(spec.len(), Infiltration::None, n);
        let mut flow = Flow::new(solver, even_rain(rain, 3.0 * concentration_s), even, 1.0);
        let passed = |flow: &Flow| flow.solver.sections().map(|s| s.1.abs()).sum::<f64>();
        for share in [0.3, 0.5, 0.7, 0.9] {
            let t = share * concentration_s;
            flow.advance_to(t - 5.0).unwrap();
            let before = passed(&flow);
            flow.advance_to(t + 5.0).unwrap();
            let q = (passed(&flow) - before) / 10.0 / width;
            let exact = alpha * (intensity * t).powf(5.0 / 3.0);
            println!("{length} m, {share} t_c: q off by {:.2} %", 100.0 * (q / exact - 1.0));
            assert!((q / exact - 1.0).abs() < 0.02, "{share}: {q} {exact}");
        }
        flow.advance_to(2.5 * concentration_s).unwrap();
        let q = outflow(&mut flow, 60.0) / width;
        let exact = intensity * length;
        println!("{length} m: equilibrium off by {:.4} %", 100.0 * (q / exact - 1.0));
        assert!((q / exact - 1.0).abs() < 1e-3);
        assert!(balance_error(&flow, 0.0) < 1e-6);
    }
}

#[test]
fn the_tilted_v_reaches_its_plateau() {
    // Di Giammarco et al. 1996: planes of 800 × 1000 m beside a channel of 20 m.
    let cell = 20.0;
    let spec = spec(81, 50, cell);
    let is_channel = |column: usize| column == 40;
    let elevation = |row: usize, column: usize| {
        let along = 0.02 * (49.5 - row as f64) * cell;
        let across = 0.05 * cell * (column.abs_diff(40) as f64 - 0.5);
        if is_channel(column) { along } else { along + across + 1.0 }
    };
    let n = |column: usize| if is_channel(column) { 0.15 } else { 0.015 };
    let out =
        |row: usize, column: usize, side| row == 49 && is_channel(column) && side == Side::South;
    let solver = ground(spec, elevation, |_, column| n(column), 0.02, out);
    let mut even = Ground::even(spec.len(), Infiltration::None, 0.015);
    for cell in 0..spec.len() {
        let (_, column) = spec.row_column(cell);
        (even.film[cell], even.flood[cell]) = (n(column) as f32, n(column) as f32);
    }
    let mut flow = Flow::new(solver, even_rain(10.8, 5400.0), even, 5.0);
    flow.advance_to(5280.0).unwrap();
    let q = outflow(&mut flow, 120.0);
    println!("plateau {q:.4} m³/s");
    assert!((q / 4.86 - 1.0).abs() < 0.005, "{q}");
    flow.advance_to(3.0 * 3600.0).unwrap();
    assert!(balance_error(&flow, 0.0) < 1e-6, "{}", balance_error(&flow, 0.0));
}

#[test]
fn green_and_ampt_on_the_engine_is_the_closed_form() {
    let spec = spec(8, 8, 1.0);
    let layer =
        SoilLayer { conductivity_m_per_s: 10.9 * MM_PER_H, suction_m: 0.1101, deficit: 0.3 };
    let soil = GreenAmpt::new(layer).unwrap();
    let level = |_, _| 0.0;
    let closed = |_: usize, _: usize, _: Side| false;
    let even = || Ground::even(spec.len(), Infiltration::GreenAmpt(soil), 0.05);
    // Rain of 40 mm/h: 51.2214 mm entered after two hours, 28.7786 mm stand.
    let solver = ground(spec, level, |_, _| 0.05, 0.01, closed);
    let mut flow = Flow::new(solver, even_rain(40.0, 7200.0), even(), 5.0);
    flow.advance_to(7200.0).unwrap();
    let stands = 1e3 * flow.solver.stored_m3() / 64.0;
    println!("stands {stands:.4} mm");
    assert!((stands / 28.7786 - 1.0).abs() < 1e-3, "{stands}");
    assert!(balance_error(&flow, 0.0) < 1e-6);
    // A metre of water: 85.9213 mm after four hours.
    let mut solver = ground(spec, level, |_, _| 0.05, 0.01, closed);
    solver.set_level(|_, _| 1.0).unwrap();
    let mut flow = Flow::new(solver, even_rain(1e-6, 1.0), even(), 60.0);
    flow.advance_to(4.0 * 3600.0).unwrap();
    let entered = 1e3 * flow.infiltrated_m()[0];
    assert!((entered / 85.9213 - 1.0).abs() < 1e-5, "{entered}");
}

#[test]
fn the_curve_number_leaves_its_runoff_on_the_ground() {
    let spec = spec(4, 4, 1.0);
    let solver = ground(spec, |_, _| 0.0, |_, _| 0.05, 0.01, |_, _, _| false);
    let model = Infiltration::CurveNumber(CurveNumber::new(80.0, Moisture::Average, 0.2).unwrap());
    let mut flow = Flow::new(solver, even_rain(50.0, 7200.0), Ground::even(16, model, 0.05), 5.0);
    flow.advance_to(7200.0).unwrap();
    let stands = 1e3 * flow.solver.stored_m3() / 16.0;
    assert!((stands - 87.3 * 87.3 / 150.8).abs() < 1e-4, "{stands}");
}

#[test]
fn rain_on_any_depth_is_kept_whole() {
    for depth in [0.01, 0.3, 1.0, 5.0] {
        let spec = spec(6, 6, 2.0);
        let mut solver = ground(spec, |_, _| 0.0, |_, _| 0.03, 0.01, |_, _, _| false);
        solver.set_level(|_, _| depth).unwrap();
        let initial = solver.stored_m3();
        let mut flow = Flow::new(
            solver,
            even_rain(20.0, 3600.0),
            Ground::even(36, Infiltration::None, 0.03),
            5.0,
        );
        flow.advance_to(3600.0).unwrap();
        let gained = flow.solver.stored_m3() - initial;
        println!("{depth} m: {:.1e}", gained / (0.02 * 144.0) - 1.0);
        assert!((gained / (0.02 * 144.0) - 1.0).abs() < 1e-6, "{depth}: {gained}");
    }
}

#[test]
fn what_runs_off_a_roof_sinks_into_the_meadow_below() {
    let spec = spec(40, 1, 1.0);
    let solver = ground(
        spec,
        |_, column| 0.02 * (40.0 - column as f64),
        |_, _| 0.05,
        0.02,
        |_, column, side| column == 39 && side == Side::East,
    );
    let mut even = Ground::even(spec.len(), Infiltration::Constant(100.0 * MM_PER_H), 0.05);
    even.pervious[..20].fill(0.0);
    // 40 mm/h on twice the area is less than the meadow takes.
    let mut flow = Flow::new(solver, even_rain(40.0, 3600.0), even, 5.0);
    flow.advance_to(2.0 * 3600.0).unwrap();
    let totals = flow.totals();
    assert!(flow.outflow_m3() < 1e-3 * totals.rain, "{}", flow.outflow_m3());
    assert!(totals.infiltrated > 0.99 * totals.rain);
    assert!(balance_error(&flow, 0.0) < 1e-6);
}

#[test]
fn leaves_hold_their_share_once() {
    let spec = spec(3, 3, 1.0);
    let solver = ground(spec, |_, _| 0.0, |_, _| 0.05, 0.01, |_, _, _| false);
    let mut even = Ground::even(9, Infiltration::None, 0.05);
    even.canopy_m.fill(1e-3);
    let mut flow = Flow::new(solver, even_rain(10.0, 3600.0), even, 5.0);
    flow.advance_to(3600.0).unwrap();
    assert!((flow.totals().intercepted - 9e-3).abs() < 1e-9);
    assert!((flow.solver.stored_m3() - 9.0 * 9e-3).abs() < 1e-6);
}

/// Depths of a moving rain in `swashes/FILE` after 500 and 1000 s.
fn moving_rain(file: &str) -> Option<[Vec<f64>; 2]> {
    let path = twin_core::test_support::data(&format!("flood/swashes/{file}"))?;
    let text = std::fs::read_to_string(path).unwrap();
    let depth = |line: &str| line.split_whitespace().nth(1).unwrap().parse().unwrap();
    let lines = text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
    let depths: Vec<f64> = lines.map(depth).collect();
    let (first, second) = depths.split_at(depths.len() / 2);
    Some([first.to_vec(), second.to_vec()])
}

#[test]
fn a_moving_rain_swells_the_flow_that_it_follows() {
    // SWASHES, type 9: 18 km at 0.09 with a friction of C u, so that all water runs at 8 m/s; a cloud of
    // 3.6 km goes with it, slower and faster.
    let (cell, slope, c) = (36.0, 0.09, 0.01125);
    let spec = spec(500, 1, cell);
    for (file, speed) in
        [("mobile_rain_1.txt", 8.0), ("mobile_rain_2.txt", 1.6), ("mobile_rain_3.txt", 10.4)]
    {
        let Some(exact) = moving_rain(file) else { return };
        let z = Grid::from_fn(spec, |_, column| -slope * (column as f64 + 0.5) * cell);
        let bed = Bed::from_grids(&z, &Grid::filled(spec, GRAVITY * c)).unwrap();
        let inflow = Condition::Torrent { discharge: Series::constant(2.0 * cell), depth_m: 0.25 };
        let boundaries = Boundaries::default().with("in", bed.rim(Side::West), inflow).with(
            "out",
            bed.rim(Side::East),
            Condition::Free,
        );
        let options = Options { friction: FrictionLaw::Linear, ..Options::default() };
        let mut solver = Solver::new(bed, boundaries, Vec::new(), Vec::new(), options).unwrap();
        let flowing = vec![8.0; spec.len()];
        solver.set_state(vec![0.25; spec.len()], flowing, vec![0.0; spec.len()]).unwrap();
        // Intensity sin(πt/T) R(x − v t), T = 1000 s; steps of a second, exact at their middles.
        let shape = |x: f64| {
            let (begin, length) = (2250.0, 3600.0);
            let turn = (x - begin - length / 4.0) * std::f64::consts::TAU / length;
            if (begin..begin + length).contains(&x) { 2.5e-5 * (turn.sin() + 1.0) } else { 0.0 }
        };
        let at = |column: usize| {
            let x = (column as f64 + 0.5) * cell;
            let stretch = |k: u32| {
                let t = f64::from(k) + 0.5;
                let rate = (std::f64::consts::PI * t / 1000.0).sin() * shape(x - speed * t);
                Stretch::of_depth(t - 0.5, t + 0.5, rate)
            };
            Hyetograph::new((0..1000).map(stretch).collect()).unwrap()
        };
        let places = (0..500).map(at).collect();
        let rain = RainField::of_cells(places, (0..500).collect()).unwrap();
        let even = Ground::even(spec.len(), Infiltration::None, GRAVITY * c);
        let mut flow = Flow::new(solver, rain, even, 1.0);
        for (time, exact) in [500.0, 1000.0].into_iter().zip(&exact) {
            flow.advance_to(time).unwrap();
            let depth = flow.solver.depth();
            let off: f64 = depth.iter().zip(exact).map(|(a, b)| (a - b).abs()).sum();
            let off = off / exact.iter().sum::<f64>();
            println!("{file}, {time} s: depth off by {:.3} %", 100.0 * off);
            assert!(off < 0.01, "{file} {time}: {off}");
        }
    }
}
