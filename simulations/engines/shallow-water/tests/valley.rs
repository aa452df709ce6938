//! Flood of a valley after a dam failure: UK Environment Agency benchmark 5 (Néelz & Pender 2013,
//! SC120002) on a 50 m grid, against the series of LISFLOOD-FP 8.1 on the same terrain: 5 % on
//! the depths, 300 s on the arrival, which the peer tells to its sampling of 600 s.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

mod plots;
mod support;

use twin_core::spatial::{Grid, GridSpec};
use twin_core::test_support::data;
use twin_shallow_water::{Bed, Boundaries, Options, Series, Solver, Source, Split};

/// x, y, largest depth (m), first sample over 5 cm (s; the water arrived in the 600 s before), depth after
/// 30 h (m).
type Gauge = (f64, f64, f64, f64, f64);

/// Of the peer's finite-volume scheme FV1.
const FULL: [Gauge; 7] = [
    (235_200.0, 832_400.0, 3.43, 1802.0, 0.93),
    (236_700.0, 833_800.0, 3.59, 3003.0, 0.00),
    (237_800.0, 835_200.0, 5.32, 3602.0, 1.86),
    (239_400.0, 838_000.0, 5.78, 6001.0, 3.72),
    (243_300.0, 840_300.0, 4.19, 12_001.0, 4.19),
    (235_700.0, 832_500.0, 1.48, 2402.0, 0.00),
    (237_700.0, 835_500.0, 2.92, 4203.0, 0.00),
];

/// Of the peer's local-inertial scheme ACC.
const INERTIAL: [Gauge; 7] = [
    (235_200.0, 832_400.0, 3.38, 1804.0, 0.96),
    (236_700.0, 833_800.0, 3.33, 3004.0, 0.01),
    (237_800.0, 835_200.0, 5.15, 3604.0, 1.92),
    (239_400.0, 838_000.0, 5.66, 5402.0, 3.78),
    (243_300.0, 840_300.0, 4.14, 11_403.0, 4.14),
    (235_700.0, 832_500.0, 1.43, 2404.0, 0.00),
    (237_700.0, 835_500.0, 2.86, 3604.0, 0.00),
];

#[test]
fn valley_flood_agrees_with_a_peer() {
    valley(Options::default(), FULL, ("complet", "fv1_50m"));
}

#[test]
fn valley_flood_with_local_time_steps_agrees_with_a_peer() {
    valley(Options { local_levels: 4, ..Options::default() }, FULL, ("pas-locaux", "fv1_50m"));
}

#[test]
fn inertial_valley_flood_agrees_with_an_inertial_peer() {
    valley(Options::local_inertial(), INERTIAL, ("inertiel", "acc50m"));
}

/// Depths of the peer's gauges.
fn peer(scheme: &str) -> Option<Vec<plots::Line>> {
    let text = std::fs::read_to_string(data(&format!("flood/ea5_peer/{scheme}.stage"))?).unwrap();
    let numbers = |line: &str| -> Option<Vec<f64>> {
        line.split_whitespace().map(|t| t.parse().ok()).collect()
    };
    let rows: Vec<Vec<f64>> = text.lines().filter_map(numbers).filter(|r| r.len() == 8).collect();
    Some((1..8).map(|k| rows.iter().map(|r| (r[0], r[k])).collect()).collect())
}

/// `names`: of the equations in plots and of the scheme in the files of the peer.
fn valley(options: Options, gauges: [Gauge; 7], names: (&str, &str)) {
    let Some(path) = data("flood/ea5_peer/ea5-50m.dem") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let numbers =
        |line: &str| -> Vec<f64> { line.split_whitespace().map(|t| t.parse().unwrap()).collect() };
    let heights: Vec<f64> = text
        .lines()
        .skip(6)
        .flat_map(numbers)
        .map(|z| if z < -9998.0 { f64::NAN } else { z })
        .collect();
    let spec = GridSpec {
        west: 231_335.0,
        north: 829_885.0 + 244.0 * 50.0,
        cell_size: 50.0,
        columns: 275,
        rows: 244,
    };
    let cell = |x: f64, y: f64| {
        let (row, column) = spec.cell_at(x, y).unwrap();
        spec.index(row, column)
    };
    let bed =
        Bed::from_grids(&Grid::from_values(spec, heights).unwrap(), &Grid::filled(spec, 0.04))
            .unwrap();
    let hydrograph =
        Series::new(vec![(300.0, 0.0), (600.0, 3000.0), (1200.0, 3000.0), (6000.0, 0.0)]).unwrap();
    let source = Source::Inflow {
        name: "dam".into(),
        cells: (0..4)
            .map(|k| f64::from(k) * 50.0)
            .map(|d| cell(232_645.0 + d, 830_480.0 - d))
            .collect(),
        discharge: hydrograph,
        split: Split::Even,
    };
    let walls = Boundaries::walls(&bed);
    let mut solver = Solver::<f64>::new(bed, walls, vec![], vec![source], options).unwrap();
    let cells = gauges.map(|(x, y, ..)| cell(x, y));
    let lines = support::watch(&mut solver, (600.0, 108_000.0), &cells, Solver::depth_at);
    for (k, (ours, theirs)) in lines.into_iter().zip(peer(names.1).unwrap()).enumerate() {
        plots::save(
            &format!("ea5-{}-point{}", names.0, k + 1),
            &format!("EA 5, schéma {} : hauteur au point {}", names.0.replace('-', " "), k + 1),
            ("Hauteur", "m"),
            &[("calcul", ours), ("LISFLOOD-FP 8.1", theirs)],
        );
    }
    eprintln!("{} cell updates {} steps", solver.cell_updates(), solver.steps());
    let budget = solver.budget();
    assert!((budget.inflow_m3() / 9.45e6 - 1.0).abs() < 1e-12);
    assert!(budget.relative_residual().abs() < 1e-12);
    for (x, y, depth, arrival, end) in gauges {
        let i = cell(x, y);
        let (h, t) = (solver.maxima().depth_m[i], solver.maxima().arrival_s[i]);
        let left = solver.depth_at(i);
        eprintln!(
            "{x} {y}: {h:.2} m for {depth}, {t:.0} s for {arrival}, {left:.2} m for {end} after 30 h"
        );
        assert!((h / depth - 1.0).abs() < 0.05, "{x} {y}: {h} for {depth}");
        assert!((left - end).abs() < 0.05 * depth, "{x} {y}: {left} for {end} after 30 h");
        assert!(t > arrival - 900.0 && t < arrival + 300.0, "{x} {y}: {t} for {arrival}");
    }
}
