//! Roofs of a quarter of Delft: AHN3 points and BGT footprints (EPSG:28992).
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::time::Instant;

use rayon::prelude::*;
use twin_core::assembly::{
    PointBins, RoofDetail, RoofFit, SCALE_M, defects, find_roof, prism, surface_points,
};
use twin_core::formats::las::{PointFile, PointQuery};
use twin_core::formats::read_vector;
use twin_core::spatial::{Extent, Polygon};
use twin_core::test_support::data;

const BUILDING: u8 = 6;
const GROUND: u8 = 2;
/// Steepest face of a flat roof, degrees, and faces that are too small to count, m².
const FLAT_DEG: f64 = 5.0;
const SLIVER_M2: f64 = 0.3;

/// What came of a footprint.
struct Made {
    /// Level of detail, and how it fits the points.
    best: Option<(RoofDetail, RoofFit)>,
    /// Whether none of its roof faces is steeper than [`FLAT_DEG`].
    is_flat: bool,
    seconds: f64,
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

/// Slope of a ring; none of a sliver, which has no direction of its own.
fn slope_deg(ring: &[[f64; 3]]) -> f64 {
    let mut area = [0.0; 3];
    for k in 0..ring.len() {
        let [p, q] = [ring[k], ring[(k + 1) % ring.len()]];
        for (axis, area) in area.iter_mut().enumerate() {
            let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
            *area += 0.5
                * ((p[u] - ring[0][u]) * (q[v] - ring[0][v])
                    - (p[v] - ring[0][v]) * (q[u] - ring[0][u]));
        }
    }
    let level = area[0].hypot(area[1]);
    if level.hypot(area[2]) < SLIVER_M2 { 0.0 } else { level.atan2(area[2].abs()).to_degrees() }
}

#[test]
fn every_footprint_of_delft_has_a_valid_model_that_fits() {
    let Some(folder) = data("buildings/delft") else { return };
    let mut built = Vec::new();
    let mut ground = Vec::new();
    for name in ["ahn3_cropped_1.laz", "ahn3_cropped_2.laz"] {
        let file = PointFile::open(folder.join("ahn3").join(name)).unwrap();
        let block = file.read(&PointQuery::default()).unwrap();
        built.extend(surface_points(&block, |class| class == BUILDING));
        ground.extend(surface_points(&block, |class| class == GROUND));
    }
    let bins = |points| PointBins::new(points).unwrap();
    let (built, ground) = (bins(built), bins(ground));
    let tables = read_vector(&folder.join("bgt/bgt_pand.sqlite")).unwrap();
    let polygons: Vec<Polygon> = tables
        .iter()
        .flat_map(|table| &table.features)
        .filter_map(|f| f.geometry.as_ref())
        .flat_map(|g| g.polygons().to_vec())
        .collect();
    assert_eq!(polygons.len(), 160);
    let around = |bins: &PointBins, polygon: &Polygon, margin: f64| -> Vec<[f64; 3]> {
        let extent = Extent::of_points(polygon.exterior.iter().map(|p| (p[0], p[1]))).unwrap();
        let area = twin_core::assembly::LatticeBox::of_extent(&extent.buffered(margin));
        bins.within(&area).map(|p| p.to_metres()).collect()
    };
    let made: Vec<Made> = polygons
        .par_iter()
        .map(|polygon| {
            let points = around(&built, polygon, 0.0);
            let mut low: Vec<f64> = around(&ground, polygon, 3.0).iter().map(|p| p[2]).collect();
            let floor = if low.is_empty() { 0.0 } else { quantile(&mut low, 0.1) };
            let start = Instant::now();
            let roof = find_roof(polygon, &points, &around(&ground, polygon, 0.0));
            let levels = [RoofDetail::Planes, RoofDetail::Parts];
            let best = roof.ok().and_then(|roof| {
                let valid = |detail: &RoofDetail| roof.solid(*detail, floor).is_ok();
                levels.into_iter().find(valid).map(|detail| (detail, roof.fit(detail), roof))
            });
            let seconds = start.elapsed().as_secs_f64();
            let faces = best.as_ref().and_then(|(detail, _, roof)| roof.solid(*detail, floor).ok());
            let faces = faces.or_else(|| prism(polygon, floor, floor + 3.0)).unwrap();
            assert!(defects(&faces, SCALE_M).is_empty());
            let level = |f: &twin_core::assembly::Face| {
                f.kind != twin_core::assembly::FaceKind::Roof || slope_deg(&f.rings[0]) < FLAT_DEG
            };
            let is_flat = faces.iter().all(level);
            Made { best: best.map(|(detail, fit, _)| (detail, fit)), is_flat, seconds }
        })
        .collect();
    let count = |detail| made.iter().filter(|m| m.best.is_some_and(|b| b.0 == detail)).count();
    let rmse = |wanted: &dyn Fn(&Made) -> bool| -> Vec<f64> {
        let planes = made.iter().filter(|m| wanted(m)).filter_map(|m| m.best);
        planes.filter(|b| b.0 == RoofDetail::Planes).map(|b| b.1.rmse_m).collect()
    };
    let mut flat = rmse(&|m| m.is_flat);
    let mut pitched = rmse(&|m| !m.is_flat);
    let mut all = rmse(&|_| true);
    let mut explained: Vec<f64> = made.iter().filter_map(|m| Some(m.best?.1.explained)).collect();
    let mut times: Vec<f64> = made.iter().map(|m| m.seconds * 1e3).collect();
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    let (at_planes, at_parts) = (count(RoofDetail::Planes), count(RoofDetail::Parts));
    let (flat, pitched) = (quantile(&mut flat, 0.5), quantile(&mut pitched, 0.5));
    let (median, worst) = (quantile(&mut all, 0.5), quantile(&mut all, 0.95));
    eprintln!("LoD2.2 {at_planes}, LoD1.3 {at_parts} of {}", made.len());
    eprintln!("{} flat roofs", made.iter().filter(|m| m.is_flat).count());
    eprintln!("RMSE p50 flat {flat:.3}, pitched {pitched:.3}, all {median:.3}, p95 {worst:.3} m");
    eprintln!("points within 0.3 m: p10 {:.2}", quantile(&mut explained, 0.1));
    eprintln!("{mean:.1} ms each, p95 {:.1}", quantile(&mut times, 0.95));
    assert!(at_planes * 100 >= 93 * made.len());
    assert!(flat <= 0.10 && pitched <= 0.20 && worst <= 0.50, "{flat} {pitched} {worst}");
}
