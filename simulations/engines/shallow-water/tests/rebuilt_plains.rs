//! UK Environment Agency benchmarks 1 to 3 (Néelz & Pender 2013, SC120002) on terrain rebuilt from
//! their descriptions: water left behind a crest, sixteen hollows filled one after the other, a wave
//! that its momentum carries over an obstruction. The report's own grids and series are not at hand,
//! so what is asked is what the benchmarks are about, not its curves.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

mod plots;
mod support;

use std::f64::consts::PI;

use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{Bed, Boundaries, Condition, Edge, Options, Real, Series, Side, Solver};

/// Value of a line of points.
fn along(points: &[(f64, f64)], x: f64) -> f64 {
    let next = points.partition_point(|p| p.0 < x).clamp(1, points.len() - 1);
    let ((x0, a), (x1, b)) = (points[next - 1], points[next]);
    a + (b - a) * ((x - x0) / (x1 - x0)).clamp(0.0, 1.0)
}

/// The cell at x, y.
fn cell(spec: &GridSpec, (x, y): (f64, f64)) -> usize {
    let (row, column) = spec.cell_at(x, y).unwrap();
    spec.index(row, column)
}

/// The bed of `ground`, closed but for a condition at edges of its western side.
fn basin<R: Real>(
    ground: &Grid<f64>,
    manning: f64,
    condition: Condition,
    opening: impl Fn(&GridSpec, &Edge) -> bool,
) -> Solver<R> {
    let spec = ground.spec;
    let bed = Bed::from_grids(ground, &Grid::filled(spec, manning)).unwrap();
    let gate: Vec<_> = bed.rim(Side::West).into_iter().filter(|e| opening(&spec, e)).collect();
    let rim = bed.outer_edges().into_iter().map(|e| e.edge);
    let others = rim.filter(|e| !gate.contains(e)).collect();
    let boundaries = Boundaries::default().with("opening", gate, condition).with(
        "others",
        others,
        Condition::Wall,
    );
    Solver::new(bed, boundaries, vec![], vec![], Options::default()).unwrap()
}

#[test]
fn a_crest_retains_the_water_behind_it() {
    // Benchmark 1: 700 × 100 m, n = 0.03, level at the western edge 9.7 m, 10.35 m from 1 h to 11 h, 9.7 m
    // from 12 h to 20 h. The crest at 10.25 m parts two hollows.
    let spec = GridSpec { west: 0.0, north: 100.0, cell_size: 10.0, columns: 70, rows: 10 };
    let profile = [(0.0, 9.0), (400.0, 9.4), (505.0, 10.25), (600.0, 9.3), (700.0, 10.5)];
    let ground = Grid::from_fn(spec, |r, c| along(&profile, spec.centre(r, c).0));
    let hour = 3600.0;
    let level = [(0.0, 9.7), (1.0, 10.35), (11.0, 10.35), (12.0, 9.7), (20.0, 9.7)];
    let level = level.map(|(t, z)| (t * hour, z)).to_vec();
    let stage = Condition::Stage(Series::new(level).unwrap());
    let mut solver = basin::<f64>(&ground, 0.03, stage, |_, _| true);
    let before = |c: usize| spec.centre(0, c).0 < 500.0;
    solver.set_level(|_, c| if before(c) { 9.7 } else { 0.0 }).unwrap();
    let points = [(400.0, 9.70), (600.0, 10.25)];
    let cells = points.map(|(x, _)| cell(&spec, (x, 50.0)));
    let levels = support::watch(&mut solver, (60.0, 20.0 * hour), &cells, support::level);
    plots::save(
        "ea1-niveaux",
        "EA 1 (terrain reconstitué) : niveaux avant et derrière la crête",
        ("Niveau", "m"),
        &["x = 400 m", "x = 600 m"].into_iter().zip(levels).collect::<Vec<_>>(),
    );
    for ((x, expected), cell) in points.into_iter().zip(cells) {
        let level = solver.level(cell).unwrap();
        eprintln!("benchmark 1, x = {x}: {level:.4} m for {expected}");
        assert!((level - expected).abs() < 1e-3, "x = {x}: {level}");
    }
    assert!(solver.budget().relative_residual().abs() < 1e-12);
}

/// Ground of benchmark 2: sixteen hollows of half a metre on slopes of 1:1500 southwards and 1:3000
/// eastwards.
fn hollows(cell_size: f64) -> Grid<f64> {
    let n = (2000.0 / cell_size) as usize;
    let spec = GridSpec { west: 0.0, north: 2000.0, cell_size, columns: n, rows: n };
    let wave = |s: f64| (2.0 * PI * s / 500.0).cos();
    Grid::from_fn(spec, |r, c| {
        let (x, y) = spec.centre(r, c);
        let south = 2000.0 - y;
        10.0 - south / 1500.0 - x / 3000.0 + 0.25 * (wave(x) + wave(south))
    })
}

#[test]
fn hollows_fill_in_the_same_order_on_a_finer_grid() {
    // Benchmark 2: 20 m³/s at the peak through 100 m of the western edge below its northern corner,
    // time base 85 min, n = 0.03.
    let minute = 60.0;
    let inflow = [(0.0, 0.0), (20.0, 20.0), (65.0, 20.0), (85.0, 0.0)];
    let inflow = Series::new(inflow.map(|(t, q)| (t * minute, q)).to_vec()).unwrap();
    let volume = inflow.integral(0.0, 85.0 * minute);
    let wet = [40.0, 20.0].map(|cell_size| {
        let ground = hollows(cell_size);
        let opening = |spec: &GridSpec, e: &Edge| e.middle(spec).1 > 1895.0;
        let discharge = Condition::Discharge(inflow.clone());
        let mut solver = basin::<f32>(&ground, 0.03, discharge, opening);
        // In the middle of each hollow.
        let middle = |k: usize| (250.0 + 500.0 * (k % 4) as f64, 1750.0 - 500.0 * (k / 4) as f64);
        let cells: Vec<usize> = (0..16).map(|k| cell(&ground.spec, middle(k))).collect();
        let lines = support::watch(&mut solver, (300.0, 24.0 * 3600.0), &cells, Solver::depth_at);
        let inside = solver.stored_m3();
        assert!((inside / volume - 1.0).abs() < 1e-6, "{inside} of {volume}");
        let reached = lines.iter().enumerate().filter(|(_, line)| line.iter().any(|p| p.1 > 0.01));
        let named: Vec<(String, plots::Line)> =
            reached.map(|(k, line)| (format!("creux {}", k + 1), line.clone())).collect();
        plots::save(
            &format!("ea2-hauteurs-{cell_size}m"),
            &format!(
                "EA 2 (terrain reconstitué) : hauteurs dans les creux, mailles de {cell_size} m"
            ),
            ("Hauteur", "m"),
            &named.iter().map(|(name, line)| (name.as_str(), line.clone())).collect::<Vec<_>>(),
        );
        cells.iter().map(|&cell| solver.depth_at(cell)).collect::<Vec<_>>()
    });
    eprintln!("benchmark 2, depths on 40 m {:.2?}, on 20 m {:.2?}", wet[0], wet[1]);
    let filled = |depths: &[f64]| depths.iter().map(|&h| h > 0.05).collect::<Vec<_>>();
    assert_eq!(filled(&wet[0]), filled(&wet[1]));
    let count = filled(&wet[1]).into_iter().filter(|&f| f).count();
    assert!((2..16).contains(&count), "{count} hollows hold water");
}

#[test]
fn momentum_carries_a_wave_over_an_obstruction() {
    // Benchmark 3: 300 × 100 m, n = 0.01, up to 65.5 m³/s for 15 s from the west down a slope of 1:200; the
    // hollow before the obstruction of 0.25 m would hold all of the water at rest.
    let spec = GridSpec { west: 0.0, north: 100.0, cell_size: 2.5, columns: 120, rows: 40 };
    let profile = [
        (0.0, 9.4),
        (80.0, 9.0),
        (100.0, 9.0),
        (130.0, 9.25),
        (150.0, 9.25),
        (165.0, 9.0),
        (280.0, 9.0),
        (300.0, 9.4),
    ];
    let ground = Grid::from_fn(spec, |r, c| along(&profile, spec.centre(r, c).0));
    let inflow = Series::new(vec![(0.0, 0.0), (5.0, 65.5), (15.0, 65.5), (20.0, 0.0)]).unwrap();
    let volume = inflow.integral(0.0, 60.0);
    let capacity: f64 = (0..spec.columns)
        .filter(|&c| spec.centre(0, c).0 < 140.0)
        .map(|c| (9.25 - ground[(0, c)]).max(0.0) * spec.cell_size * 100.0)
        .sum();
    assert!(volume < capacity, "{volume} of {capacity}");
    let beyond = |cell_size: f64| {
        let spec = GridSpec {
            cell_size,
            columns: (300.0 / cell_size) as usize,
            rows: (100.0 / cell_size) as usize,
            ..spec
        };
        let ground = Grid::from_fn(spec, |r, c| along(&profile, spec.centre(r, c).0));
        let discharge = Condition::Discharge(inflow.clone());
        let mut solver = basin::<f64>(&ground, 0.01, discharge, |_, _| true);
        let cells = [150.0, 250.0].map(|x| cell(&spec, (x, 50.0)));
        let depths = support::watch(&mut solver, (1.0, 900.0), &cells, Solver::depth_at);
        assert!(solver.budget().relative_residual().abs() < 1e-12);
        plots::save(
            &format!("ea3-hauteurs-{cell_size}m"),
            &format!(
                "EA 3 (terrain reconstitué) : hauteurs, mailles de {} m",
                plots::number(cell_size)
            ),
            ("Hauteur", "m"),
            &["sur l'obstacle", "derrière"].into_iter().zip(depths).collect::<Vec<_>>(),
        );
        solver.depth_at(cells[1])
    };
    let [coarse, fine] = [2.5, 1.25].map(beyond);
    eprintln!("benchmark 3: {coarse:.4} m beyond the obstruction, {fine:.4} m on the finer grid");
    assert!(coarse > 0.01 && (coarse / fine - 1.0).abs() < 0.1, "{coarse} {fine}");
}
