//! Buildings smaller than cells: rest, conservation, closed forms, and streets on a coarse grid against
//! the same streets on a fine one.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

mod support;

use support::noise;
use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{
    Bed, Boundaries, Condition, GRAVITY, Options, Porosity, Scheme, Series, Side, Solver, Source,
};

fn spec(columns: usize, rows: usize, cell_size: f64) -> GridSpec {
    GridSpec { west: 0.0, north: rows as f64 * cell_size, cell_size, columns, rows }
}

fn bed(spec: GridSpec, roughness: f64, z: impl Fn(usize, usize) -> f64) -> Bed {
    Bed::from_grids(&Grid::from_fn(spec, z), &Grid::filled(spec, roughness)).unwrap()
}

/// A bed with the buildings of a raster of parts; full cells are blocked.
fn built(mut bed: Bed, parts: usize, built: impl Fn(usize, usize) -> bool) -> Bed {
    let width = bed.spec.columns * parts;
    let raster: Vec<bool> =
        (0..bed.spec.rows * parts * width).map(|i| built(i / width, i % width)).collect();
    let (porosity, closed) = Porosity::of_parts(&bed.spec, parts, &raster).unwrap();
    bed.porosity = porosity;
    closed.into_iter().for_each(|cell| bed.blocked[cell] = true);
    bed
}

/// Rough ground with scattered buildings of all sizes.
fn village() -> Bed {
    let ground = bed(spec(140, 100, 2.0), 0.03, |r, c| {
        2.0 - 0.01 * c as f64 + 0.6 * noise((r / 4) * 1000 + c / 4) + 0.1 * noise(r * 1000 + c)
    });
    built(ground, 5, |r, c| noise(r / 7 * 5000 + c / 9) < 0.4)
}

#[test]
fn rest_stays_rest() {
    let ground = village();
    assert!(ground.porosity.cells().count() > 1000 && ground.porosity.edges().count() > 1000);
    let walls = Boundaries::walls(&ground);
    for scheme in [Scheme::FirstOrder, Scheme::SecondOrder] {
        let options = Options { scheme, ..Options::default() };
        let mut solver =
            Solver::<f64>::new(ground.clone(), walls.clone(), vec![], vec![], options).unwrap();
        solver.set_level(|_, _| 1.75).unwrap();
        let start = solver.depth();
        solver.advance_to(30.0).unwrap();
        assert!(solver.depth() == start);
        assert!(solver.velocity_u().iter().chain(&solver.velocity_v()).all(|v| *v == 0.0));
    }
}

#[test]
fn water_is_conserved_and_depths_stay_positive() {
    for local_levels in [0, 3] {
        let ground = village();
        let cells = |list: &[[usize; 2]]| list.iter().map(|[r, c]| r * 140 + c).collect::<Vec<_>>();
        let inside = cells(&[[30, 31], [31, 31], [32, 31], [33, 31], [34, 31]]);
        let open = inside.into_iter().filter(|&cell| ground.is_open(cell)).collect();
        let sources = vec![
            Source::Inflow {
                name: "river".into(),
                cells: open,
                discharge: Series::constant(12.0),
                split: twin_shallow_water::Split::Even,
            },
            Source::Rain { name: "rain".into(), rate: Series::constant(2e-5) },
        ];
        let out = Condition::Outflow { slope: 0.01 };
        let boundaries = Boundaries::default().with("out", ground.rim(Side::East), out);
        let options = Options { local_levels, ..Options::default() };
        let mut solver = Solver::<f64>::new(ground, boundaries, vec![], sources, options).unwrap();
        solver.set_level(|_, c| if c < 20 { 4.0 } else { f64::NAN }).unwrap();
        for k in 1..=6 {
            solver.advance_to(10.0 * f64::from(k)).unwrap();
            assert!(solver.depth().iter().all(|&h| h >= 0.0));
            let budget = solver.budget();
            assert!(budget.relative_residual().abs() < 1e-12, "{budget:?}");
        }
        assert!(solver.budget().outflow_m3() > 0.0);
        assert!((solver.budget().sources[0].inflow_m3 / 720.0 - 1.0).abs() < 1e-12);
    }
}

#[test]
fn the_same_share_everywhere_changes_nothing() {
    // Every line of parts is open to three quarters, so φ = ψ = 3/4 and both drop out.
    let plain = bed(spec(60, 50, 1.0), 0.02, |r, c| 0.3 * noise(r * 100 + c));
    let porous = built(plain.clone(), 4, |r, c| (r + c) % 4 == 0);
    assert!(porous.porosity.cells().all(|(_, share)| share == 0.75));
    let [plain, porous] = [plain, porous].map(|bed| {
        let walls = Boundaries::walls(&bed);
        let mut solver =
            Solver::<f64>::new(bed, walls, vec![], vec![], Options::default()).unwrap();
        solver.set_level(|r, c| if r + c < 40 { 2.0 } else { 0.2 }).unwrap();
        solver.advance_to(10.0).unwrap();
        solver.depth()
    });
    let apart = plain.iter().zip(&porous).fold(0.0, |d: f64, (a, b)| d.max((a - b).abs()));
    assert!(apart < 1e-11, "{apart}");
}

/// Largest relative error of the depth in a channel that narrows smoothly to half its width.
fn narrowing(columns: usize) -> f64 {
    let (length, q, depth_out) = (200.0, 1.0, 1.4);
    let size = length / columns as f64;
    let parts = 64;
    let width = |x: f64| match ((x - 100.0) / 60.0).abs() {
        s if s < 1.0 => 1.0 - 0.25 * (1.0 + (s * std::f64::consts::PI).cos()),
        _ => 1.0,
    };
    // Bars along the channel, so many as close the share.
    let bars = |c: usize| {
        let x = (c / parts) as f64 * size + 0.5 * size;
        ((1.0 - width(x)) * parts as f64).round() as usize
    };
    let ground = built(bed(spec(columns, 1, size), 0.0, |_, _| 0.0), parts, |r, c| r < bars(c));
    let boundaries = Boundaries::default()
        .with("in", ground.rim(Side::West), Condition::Discharge(Series::constant(q * size)))
        .with("out", ground.rim(Side::East), Condition::Stage(Series::constant(depth_out)));
    let share: Vec<f64> = (0..columns).map(|c| ground.porosity.storage(c)).collect();
    let mut solver =
        Solver::<f64>::new(ground, boundaries, vec![], vec![], Options::default()).unwrap();
    solver.set_level(|_, _| depth_out).unwrap();
    solver.advance_to(3000.0).unwrap();
    // Without friction the head h + (q / ψ h)² / 2g is that of the outflow; h is the larger root.
    let head = depth_out + (q / depth_out).powi(2) / (2.0 * GRAVITY);
    let depth = |share: f64| {
        let mut h = head;
        for _ in 0..200 {
            h = head - (q / (share * h)).powi(2) / (2.0 * GRAVITY);
        }
        h
    };
    let errors =
        solver.depth().into_iter().zip(share).map(|(h, share)| (h / depth(share) - 1.0).abs());
    errors.fold(0.0, f64::max)
}

#[test]
fn a_narrowing_channel_keeps_its_head() {
    let [coarse, fine] = [50, 200].map(narrowing);
    eprintln!("narrowing: {coarse:.2e} on 50 cells, {fine:.2e} on 200");
    assert!(coarse < 0.03 && fine < 0.01, "{coarse} {fine}");
}

#[test]
fn porosity_needs_the_full_equations() {
    let ground = village();
    let walls = Boundaries::walls(&ground);
    let refused =
        Solver::<f64>::new(ground, walls, vec![], vec![], Options::local_inertial()).unwrap_err();
    assert!(refused.to_string().contains("poros"), "{refused}");
}

/// Streets 8 m wide between blocks of 14 m, turned by 17°, on a plain of slope 0.003: depths of 20 m
/// squares after a flood of 150 s.
fn streets(size: f64, buildings: impl Fn(Bed, &dyn Fn(f64, f64) -> bool) -> Bed) -> Vec<f64> {
    let (columns, rows) = ((320.0 / size) as usize, (200.0 / size) as usize);
    let spec = spec(columns, rows, size);
    let block = |x: f64, y: f64| {
        let (sin, cos) = 17.0f64.to_radians().sin_cos();
        let (a, b) = (x * cos + y * sin, y * cos - x * sin);
        (80.0..260.0).contains(&x) && a.rem_euclid(22.0) < 14.0 && b.rem_euclid(22.0) < 14.0
    };
    let ground = buildings(bed(spec, 0.03, |_, c| -0.003 * c as f64 * size), &block);
    let boundaries = Boundaries::default()
        .with("in", ground.rim(Side::West), Condition::Discharge(Series::constant(260.0)))
        .with("out", ground.rim(Side::East), Condition::Free);
    let mut solver =
        Solver::<f64>::new(ground, boundaries, vec![], vec![], Options::default()).unwrap();
    solver.advance_to(150.0).unwrap();
    // Mean over what is open of each square.
    let per = (20.0 / size) as usize;
    let porosity = &solver.bed().porosity;
    let mut squares = vec![(0.0, 0.0); 16 * 10];
    for cell in 0..spec.len() {
        if solver.bed().is_open(cell) {
            let (row, column) = spec.row_column(cell);
            let square = &mut squares[row / per * 16 + column / per];
            square.0 += solver.depth_at(cell) * porosity.storage(cell);
            square.1 += porosity.storage(cell);
        }
    }
    squares.into_iter().map(|(water, area)| water / area).collect()
}

#[test]
fn streets_on_a_coarse_grid_are_nearer_to_the_fine_ones_than_with_blocks() {
    let blocks = |mut bed: Bed, block: &dyn Fn(f64, f64) -> bool| {
        for cell in 0..bed.spec.len() {
            let (row, column) = bed.spec.row_column(cell);
            let (x, y) = bed.spec.centre(row, column);
            bed.blocked[cell] = block(x, y);
        }
        bed
    };
    let porous = |bed: Bed, block: &dyn Fn(f64, f64) -> bool| {
        let (parts, spec) = (10, bed.spec);
        let part = spec.cell_size / parts as f64;
        let middle = |i: usize| (i as f64 + 0.5) * part;
        built(bed, parts, |r, c| block(middle(c), spec.north - middle(r)))
    };
    let fine = streets(1.0, blocks);
    let error = |coarse: &[f64]| {
        let sum: f64 = fine.iter().zip(coarse).map(|(a, b)| (a - b).powi(2)).sum();
        (sum / fine.len() as f64).sqrt()
    };
    for size in [5.0, 10.0] {
        let [with_blocks, with_porosity] =
            [error(&streets(size, blocks)), error(&streets(size, porous))];
        eprintln!("cells of {size} m: RMSE {with_porosity:.3} m, with blocks {with_blocks:.3} m");
        assert!(with_porosity < with_blocks, "{size}: {with_porosity} {with_blocks}");
    }
}
