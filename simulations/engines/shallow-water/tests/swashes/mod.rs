//! Reads the SWASHES profiles and builds solvers for them.

use twin_core::spatial::{Grid, GridSpec};
use twin_core::test_support::data;
use twin_shallow_water::{Bed, Boundaries, Condition, Options, Side, Solver, Source};

fn rows(file: &str) -> Option<Vec<Vec<f64>>> {
    let path = data(&format!("flood/swashes/{file}"))?;
    let text = std::fs::read_to_string(path).unwrap();
    let numbers = |line: &str| line.split_whitespace().map(|t| t.parse().unwrap()).collect();
    Some(
        text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()).map(numbers).collect(),
    )
}

/// A profile along x.
pub(crate) struct Profile {
    pub(crate) x: Vec<f64>,
    pub(crate) h: Vec<f64>,
    pub(crate) z: Vec<f64>,
    pub(crate) dx: f64,
}

impl Profile {
    pub(crate) fn read(file: &str) -> Option<Self> {
        let rows = rows(file)?;
        let column = |k: usize| -> Vec<f64> { rows.iter().map(|r| r[k]).collect() };
        let x = column(0);
        let dx = (x[x.len() - 1] - x[0]) / (x.len() - 1) as f64;
        Some(Self { h: column(1), z: column(3), dx, x })
    }
}

/// One row of cells with walls on both banks and the given ends (walls where none is given).
pub(crate) fn channel(
    profile: &Profile,
    roughness: f64,
    options: Options,
    ends: Vec<(&str, Side, Condition)>,
) -> Solver<f64> {
    rained_channel(profile, roughness, options, ends, vec![])
}

/// The same with sources.
pub(crate) fn rained_channel(
    profile: &Profile,
    roughness: f64,
    options: Options,
    ends: Vec<(&str, Side, Condition)>,
    sources: Vec<Source>,
) -> Solver<f64> {
    let spec = GridSpec {
        west: 0.0,
        north: profile.dx,
        cell_size: profile.dx,
        columns: profile.x.len(),
        rows: 1,
    };
    let bed = Bed::from_grids(
        &Grid::from_values(spec, profile.z.clone()).unwrap(),
        &Grid::filled(spec, roughness),
    )
    .unwrap();
    let boundaries = ends.into_iter().fold(Boundaries::default(), |b, (name, side, condition)| {
        b.with(name, bed.rim(side), condition)
    });
    Solver::<f64>::new(bed, boundaries, vec![], sources, options).unwrap()
}

/// Mean absolute difference.
pub(crate) fn mean_error(ours: &[f64], exact: &[f64]) -> f64 {
    ours.iter().zip(exact).map(|(a, b)| (a - b).abs()).sum::<f64>() / exact.len() as f64
}

/// Depth in a square basin of 100×100 cells, row 0 to the north.
pub(crate) fn plan_depth(file: &str) -> Option<Vec<f64>> {
    let rows = rows(file)?;
    // The file runs over y within x, from the south.
    let cell = |row: usize| (0..100).map(move |column| column * 100 + 99 - row);
    Some((0..100).flat_map(cell).map(|i: usize| rows[i][2]).collect())
}
