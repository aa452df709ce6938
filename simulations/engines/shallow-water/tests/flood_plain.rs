//! Spreading over a flat flood plain: UK Environment Agency benchmark 4 (Néelz & Pender 2013,
//! SC120002), 1 × 2 km, n = 0.05, an inflow of up to 20 m³/s through 20 m of the western edge. No series
//! of peers is at hand, so the run on cells of 5 m is held against the same on 2.5 m.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

mod plots;
mod support;

use twin_core::spatial::{Grid, GridSpec};
use twin_core::test_support::data;
use twin_shallow_water::{Bed, Boundaries, Condition, Options, Series, Side, Solver};

/// Rows of numbers of a CSV file, without its heading.
fn table(file: &str) -> Option<Vec<Vec<f64>>> {
    let text = std::fs::read_to_string(data(&format!("flood/ea4/{file}"))?).unwrap();
    let numbers = |line: &str| line.split(',').map(|t| t.trim().parse().unwrap()).collect();
    Some(text.lines().skip(1).filter(|l| !l.trim().is_empty()).map(numbers).collect())
}

fn plain(cell_size: f64, hydrograph: &Series) -> Solver<f32> {
    let (columns, rows) = ((1000.0 / cell_size) as usize, (2000.0 / cell_size) as usize);
    let spec = GridSpec { west: 0.0, north: 2000.0, cell_size, columns, rows };
    let bed = Bed::from_grids(&Grid::filled(spec, 0.0), &Grid::filled(spec, 0.05)).unwrap();
    let inlet = |e: &twin_shallow_water::Edge| (e.middle(&spec).1 - 1000.0).abs() < 10.0;
    let (gate, wall): (Vec<_>, Vec<_>) = bed.rim(Side::West).into_iter().partition(inlet);
    assert_eq!(gate.len() as f64 * cell_size, 20.0);
    let rim = bed.outer_edges().into_iter().map(|e| e.edge);
    let others = rim.filter(|e| !gate.contains(e) && !wall.contains(e)).collect();
    let boundaries = Boundaries::default()
        .with("inflow", gate, Condition::Discharge(hydrograph.clone()))
        .with("west", wall, Condition::Wall)
        .with("others", others, Condition::Wall);
    Solver::new(bed, boundaries, vec![], vec![], Options::default()).unwrap()
}

#[test]
fn the_front_arrives_as_on_a_finer_grid() {
    let (Some(inflow), Some(gauges)) = (table("BC.csv"), table("gauge_loc.csv")) else { return };
    let hydrograph = Series::new(inflow.iter().map(|r| (60.0 * r[0], r[1])).collect()).unwrap();
    assert_eq!(hydrograph.integral(0.0, 18_000.0), 285_000.0);
    let mut runs = [5.0, 2.5].map(|size| plain(size, &hydrograph));
    let depths = runs.each_mut().map(|solver| {
        let spec = solver.bed().spec;
        let cell = |gauge: &Vec<f64>| {
            let (row, column) = spec.cell_at(gauge[1], gauge[2]).unwrap();
            spec.index(row, column)
        };
        let cells: Vec<usize> = gauges.iter().map(cell).collect();
        support::watch(solver, (60.0, 7200.0), &cells, Solver::depth_at)
    });
    for (k, gauge) in gauges.iter().enumerate() {
        plots::save(
            &format!("ea4-point{}", gauge[0]),
            &format!("EA 4 : hauteur au point {} ({}, {})", gauge[0], gauge[1], gauge[2]),
            ("Hauteur", "m"),
            &[("mailles de 5 m", depths[0][k].clone()), ("mailles de 2,5 m", depths[1][k].clone())],
        );
    }
    for solver in &runs {
        assert!(solver.budget().relative_residual().abs() < 1e-6);
        let inflow = solver.budget().inflow_m3();
        assert!((inflow / hydrograph.integral(0.0, 7200.0) - 1.0).abs() < 1e-6, "{inflow}");
        // Mirror images about the middle of the plain, to the bit.
        let (spec, depth) = (solver.bed().spec, solver.depth());
        for row in 0..spec.rows / 2 {
            let south = spec.rows - 1 - row;
            let [a, b] = [row, south].map(|r| &depth[r * spec.columns..][..spec.columns]);
            assert_eq!(a, b, "row {row}");
        }
    }
    let mut compared = 0;
    for gauge in &gauges {
        let arrival = |solver: &Solver<f32>| {
            let spec = solver.bed().spec;
            let (row, column) = spec.cell_at(gauge[1], gauge[2]).unwrap();
            // The corner of four cells: their mean.
            let cells =
                [(row, column), (row - 1, column), (row, column - 1), (row - 1, column - 1)];
            let maxima = solver.maxima();
            cells.iter().map(|(r, c)| maxima.arrival_s[spec.index(*r, *c)]).sum::<f64>() / 4.0
        };
        let [coarse, fine] = [arrival(&runs[0]), arrival(&runs[1])];
        eprintln!("point {}: {coarse:.0} s on 5 m, {fine:.0} s on 2.5 m", gauge[0]);
        if fine.is_finite() {
            compared += 1;
            assert!((coarse / fine - 1.0).abs() < 0.02, "point {}: {coarse} {fine}", gauge[0]);
        }
    }
    assert!(compared >= 5, "{compared}");
}
