//! Rain on the laboratory basin of Cea et al. 2008: three planes that fall to an outlet, with walls that the
//! water flows around. The measured hydrographs are not among the data: volumes are tested, the hydrograph is
//! plotted (`TWIN_PLOTS=folder`), and nothing is claimed of it.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "../../engines/shallow-water/tests/plots/mod.rs"]
mod plots;

use std::path::PathBuf;

use twin_core::series::Series;
use twin_core::spatial::{Grid, GridSpec};
use twin_runoff::flow::{Flow, Ground};
use twin_runoff::infiltration::Infiltration;
use twin_runoff::rain::{Hyetograph, RainField, Stretch};
use twin_shallow_water::{Bed, Boundaries, Condition, Options, Side, Solver};

/// Cells of the topography that make one of the run, along a side.
const BLOCK: usize = 2;
/// Above this the topography is outside the basin, m.
const OUTSIDE_M: f64 = 900.0;
/// Below this lies the tray that catches the water, m.
const TRAY_M: f64 = -0.4;
/// From this on a cell is a wall on the planes, m.
const WALL_M: f64 = 0.05;
/// Smooth metal, s·m^(−1/3) (Chow 1959, table 5-6, lucite and smooth steel: 0.008 to 0.012).
const MANNING: f64 = 0.009;
const RAIN_MM_PER_H: f64 = 317.0;
const RAIN_S: f64 = 45.0;
const UNTIL_S: f64 = 150.0;

fn topography() -> Option<Grid<f64>> {
    let folder = PathBuf::from(std::env::var_os("TWIN_DATA")?);
    let path = folder.join("flood/rain_cea2008/topo.asc");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().skip(6).map(|line| {
        line.split_whitespace().map(|v| v.parse::<f64>().unwrap()).collect::<Vec<f64>>()
    });
    let rows: Vec<Vec<f64>> = rows.filter(|row| !row.is_empty()).collect();
    let cell_size = 0.01 * BLOCK as f64;
    let (columns, count) = (rows[0].len() / BLOCK, rows.len() / BLOCK);
    let spec =
        GridSpec { west: 0.0, north: count as f64 * cell_size, cell_size, columns, rows: count };
    Some(Grid::from_fn(spec, |row, column| {
        let of = |k: usize| rows[BLOCK * row + k / BLOCK][BLOCK * column + k % BLOCK];
        let cells: Vec<f64> = (0..BLOCK * BLOCK).map(of).collect();
        if cells.iter().any(|z| *z > OUTSIDE_M || *z < TRAY_M) {
            return f64::NAN;
        }
        match cells.iter().find(|z| **z > WALL_M) {
            Some(wall) => *wall,
            None => cells.iter().sum::<f64>() / cells.len() as f64,
        }
    }))
}

#[test]
fn all_rain_on_the_planes_of_cea_leaves_by_the_outlet() {
    let Some(z) = topography() else { return };
    let spec = z.spec;
    let bed = Bed::from_grids(&z, &Grid::filled(spec, MANNING)).unwrap();
    let last_row = bed.outer_edges().iter().map(|e| spec.row_column(e.cell).0).max().unwrap();
    let (mut out, mut walls) = (Vec::new(), Vec::new());
    for edge in bed.outer_edges() {
        let at_outlet = edge.side == Side::South && spec.row_column(edge.cell).0 == last_row;
        if at_outlet { &mut out } else { &mut walls }.push(edge.edge);
    }
    let boundaries = Boundaries::default()
        .with("tray", out, Condition::Stage(Series::constant(-0.5)))
        .with("walls", walls, Condition::Wall);
    let open = (0..spec.len()).filter(|&cell| bed.is_open(cell)).count();
    let solver = Solver::new(bed, boundaries, vec![], vec![], Options::default()).unwrap();
    let depth = RAIN_MM_PER_H * 1e-3 / 3600.0 * RAIN_S;
    let storm = Hyetograph::new(vec![Stretch::of_depth(0.0, RAIN_S, depth)]).unwrap();
    let mut ground = Ground::even(spec.len(), Infiltration::None, MANNING);
    for cell in 0..spec.len() {
        if !z.values[cell].is_finite() {
            ground.catch[cell] = 0.0;
        }
    }
    let mut flow = Flow::new(solver, RainField::even(storm), ground, 0.5);
    let falls = open as f64 * spec.cell_area() * depth / RAIN_S;
    let mut hydrograph = vec![(0.0, 0.0)];
    let mut before = 0.0;
    for second in 1..=UNTIL_S as usize {
        flow.advance_to(second as f64).unwrap();
        let now = flow.outflow_m3();
        hydrograph.push((second as f64 - 0.5, 1e3 * (now - before)));
        before = now;
    }
    let rain = flow.totals().rain;
    assert!((rain / (falls * RAIN_S) - 1.0).abs() < 1e-6, "{rain}");
    let lost = (rain - flow.outflow_m3() - flow.solver.stored_m3()).abs() / rain;
    assert!(lost < 1e-6, "{lost}");
    // Dry but for a film after the storm; no more leaves at once than falls.
    assert!(flow.outflow_m3() > 0.97 * rain, "{}", flow.outflow_m3() / rain);
    let peak = hydrograph.iter().map(|p| p.1).fold(0.0, f64::max);
    assert!(peak <= 1e3 * falls * 1.001, "{peak} l/s of {}", 1e3 * falls);
    println!(
        "Cea 2008: {:.2} l fell, {:.1} % left after {UNTIL_S} s, peak {peak:.3} l/s of {:.3}",
        1e3 * rain,
        100.0 * flow.outflow_m3() / rain,
        1e3 * falls
    );
    let rain_line =
        vec![(0.0, 1e3 * falls), (RAIN_S, 1e3 * falls), (RAIN_S + 0.01, 0.0), (UNTIL_S, 0.0)];
    plots::save(
        "ruissellement-cea-2008",
        "Pluie de 317 mm/h pendant 45 s sur trois plans avec des murs (Cea et al. 2008)",
        ("Débit", "l/s"),
        &[("sortie calculée", hydrograph), ("pluie", rain_line)],
    );
}
