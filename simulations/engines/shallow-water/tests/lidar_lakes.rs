//! Lakes at rest on LiDAR HD: terrain of a valley, and roofs and walls of an old town as they were scanned.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

use twin_core::assembly::{
    CellAnchor, PointBins, SurfacePoint, TinOptions, interpolate, select_surface, select_terrain,
    surface_points,
};
use twin_core::formats::las::{PointFile, PointQuery};
use twin_core::spatial::{Grid, GridSpec};
use twin_core::territory::SelectionRule;
use twin_core::test_support::data;
use twin_shallow_water::{Bed, Boundaries, Options, Real, Solver};

const LAMBALLE: &str = "lidar/lamballe-0292_6833/test_semis_2023_0292_6833_LA93_IGN69.laz";
const MONTPELLIER: &str =
    "lidar/montpellier-dense-150x100m/full_test_data_77050_627755_LA93_IGN69.laz";
const STEPS: u64 = 10_000;

/// Heights of the points that `select` leaves of a tile.
fn heights(
    tile: &str,
    cell_size: f64,
    select: fn(&[SurfacePoint], SelectionRule, CellAnchor) -> Vec<SurfacePoint>,
) -> Option<Grid<f32>> {
    let block = PointFile::open(data(tile)?).unwrap().read(&PointQuery::default()).unwrap();
    let spec = GridSpec::covering(&block.extent().unwrap(), cell_size);
    let points =
        select(&surface_points(&block, |_| true), SelectionRule::Median, CellAnchor::default());
    let heights =
        interpolate(&PointBins::new(points).unwrap(), &spec, &TinOptions::default()).height;
    Some(heights)
}

/// A closed lake whose shore lies at this share of the heights, over [`STEPS`] steps.
fn rests<R: Real>(heights: &Grid<f32>, share: f64, above_lattice: f64, options: &Options) -> f64 {
    let mut sorted: Vec<f32> = heights.values.iter().copied().filter(|z| z.is_finite()).collect();
    sorted.sort_by(f32::total_cmp);
    let level = f64::from(sorted[(share * sorted.len() as f64) as usize]);
    // On the lattice of `f32` beds, 2⁻¹⁰ m, and this far above it.
    let level = (level * 1024.0).round() / 1024.0 + above_lattice;
    let bed = Bed::from_grids(heights, &Grid::filled(heights.spec, 0.03)).unwrap();
    let walls = Boundaries::walls(&bed);
    let mut solver = Solver::<R>::new(bed, walls, vec![], vec![], *options).unwrap();
    let depth: Vec<f64> = solver.bed().elevation_m.iter().map(|z| (level - z).max(0.0)).collect();
    let still = vec![0.0; depth.len()];
    solver.set_state(depth.clone(), still.clone(), still).unwrap();
    let start = solver.depth();
    while solver.steps() < STEPS {
        solver.advance_to(solver.time_s() + 100.0 * solver.step_s().max(0.01)).unwrap();
    }
    let speeds = solver.velocity_u().into_iter().chain(solver.velocity_v());
    let moved = solver.depth().iter().zip(&start).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let fastest = speeds.map(f64::abs).fold(moved, f64::max);
    let wet = start.iter().filter(|&&h| h > 0.0).count();
    eprintln!(
        "level {level:.3} m, {wet} of {} cells wet, {} steps: {fastest:.1e}",
        start.len(),
        solver.steps()
    );
    assert!(wet * 20 > start.len(), "a puddle shows nothing");
    assert!(solver.cell_updates() >= STEPS * wet as u64, "nor does water that is not computed");
    fastest
}

#[test]
fn lakes_on_lidar_rest_for_ten_thousand_steps() {
    let (Some(valley), Some(town)) =
        (heights(LAMBALLE, 5.0, select_terrain), heights(MONTPELLIER, 0.5, select_surface))
    else {
        return;
    };
    for scheme in [Options::default(), Options::local_inertial()] {
        for (heights, share) in [(&valley, 0.3), (&town, 0.5)] {
            assert_eq!(rests::<f32>(heights, share, 0.0, &scheme), 0.0);
            // A third of a lattice step: no depth is a round number in `f64`.
            let fastest = rests::<f64>(heights, share, 1.0 / 3072.0, &scheme);
            assert!(fastest <= 1e-12, "{fastest}");
        }
    }
}
