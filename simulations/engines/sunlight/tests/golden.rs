//! Shadows and sky view factors beside those of UMEP on its demonstration area, and beside closed forms.
//!
//! The golden arrays lie in `heat/` of the folder that `TWIN_DATA` names; without it these tests pass unseen.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod arrays;

use arrays::{array, member};
use twin_core::spatial::{Grid, GridSpec};
use twin_sunlight::{Blocker, Patch, Scene, Shadows, SkyPart, SkyView, Sun, holds, horizon_view};

fn spec(cells: usize) -> GridSpec {
    let side = (cells as f64).sqrt() as usize;
    GridSpec { west: 0.0, north: side as f64, cell_size: 1.0, columns: side, rows: side }
}

fn scene() -> Option<Scene> {
    let single = |name: &str| -> Option<Vec<f32>> {
        let values = array(&format!("solweig_golden/input_{name}.npy"))?;
        Some(values.into_iter().map(|v| v as f32).collect())
    };
    let surface = single("dsm")?;
    let scene = Scene::new(Grid { spec: spec(surface.len()), values: surface }).unwrap();
    Some(scene.with_crowns(&single("cdsm")?, &single("tdsm")?).unwrap())
}

#[test]
fn shadows_of_buildings_and_crowns_are_those_of_umep() {
    let Some(scene) = scene() else { return };
    for (name, azimuth, altitude) in
        [("morning", 90.0, 30.0), ("noon", 180.0, 60.0), ("afternoon", 270.0, 45.0)]
    {
        let shadows = Shadows::cast(&scene, &Sun { azimuth, altitude });
        let path = format!("solweig_golden/shadow_{name}.npz");
        for (key, found) in [("bldg_sh", &shadows.open), ("veg_sh", &shadows.clear)] {
            let golden = member(&path, key);
            let same = golden.iter().zip(&found.values).filter(|(g, f)| (**g > 0.5) == **f).count();
            let share = same as f64 / golden.len() as f64;
            println!("{name} {key}: {:.4} %", 100.0 * share);
            assert!(share >= 0.9999, "{name} {key}: {share}");
        }
    }
}

#[test]
fn sky_view_factors_of_buildings_and_crowns_are_those_of_umep() {
    let Some(scene) = scene() else { return };
    let view = SkyView::new(&scene);
    let worst = |golden: &[f64], found: &dyn Fn(usize) -> f64| {
        golden.iter().enumerate().map(|(cell, g)| (g - found(cell)).abs()).fold(0.0, f64::max)
    };
    let total = array("solweig_golden/svf_total.npy").unwrap();
    let open = view.open(Blocker::Buildings, SkyPart::Whole);
    let off = worst(&total, &|cell| f64::from(open.values[cell]));
    println!("buildings: at most {off:.1e}");
    assert!(off <= 1e-4, "{off}");
    let crowns = array("solweig_golden/svf_veg.npy").unwrap();
    let open = view.open(Blocker::Crowns, SkyPart::Whole);
    let off = worst(&crowns, &|cell| f64::from(open.values[cell]));
    println!("crowns: at most {off:.1e}");
    assert!(off <= 0.02, "{off}");
    // UMEP weighs halves of the sky by whole patches, whose sums are not 1: its figures from our patches.
    let patches = Patch::all();
    let bands: Vec<f64> = patches.iter().map(|p| 360.0 / p.width).collect();
    for (name, from) in [("north", 270.0), ("east", 0.0), ("south", 90.0), ("west", 180.0)] {
        let golden = array(&format!("solweig_golden/svf_{name}.npy")).unwrap();
        let weight = |k: usize| {
            let within = (patches[k].azimuth - from).rem_euclid(360.0) < 180.0;
            let of_band = patches[k].planar_weight() * bands[k] / (0.5 * bands[k]).ceil();
            if within { of_band } else { 0.0 }
        };
        let weights: Vec<f64> = (0..patches.len()).map(weight).collect();
        let open = |cell: usize| {
            let seen = (0..patches.len()).filter(|k| !holds(&view.closed[cell], *k));
            // UMEP adds a constant to its southern and western halves.
            let constant = if from == 90.0 || from == 180.0 { 3.0459e-4 } else { 0.0 };
            (seen.map(|k| weights[k]).sum::<f64>() + constant).min(1.0)
        };
        let off = worst(&golden, &open);
        println!("{name}: at most {off:.1e}");
        assert!(off <= 1e-4, "{name}: {off}");
    }
}

#[test]
fn sky_view_factors_of_the_block_city_are_those_of_umep() {
    let Some(surface) = array("synthetic_city/dsm_200.npy") else { return };
    let spec = spec(surface.len());
    let surface = Grid { spec, values: surface.into_iter().map(|v| v as f32).collect() };
    let view = SkyView::new(&Scene::new(surface).unwrap());
    let golden = array("synthetic_city/umep_svf_200.npy").unwrap();
    let off = golden
        .iter()
        .zip(&view.open(Blocker::Buildings, SkyPart::Whole).values)
        .map(|(g, f)| (g - f64::from(*f)).abs())
        .fold(0.0, f64::max);
    println!("block city: at most {off:.1e}");
    assert!(off <= 1e-4, "{off}");
}

/// A scene 301 m wide whose floor is where `is_floor` says, with obstacles elsewhere.
fn pit(height: f32, rows: usize, is_floor: impl Fn(f64, f64) -> bool) -> Scene {
    let north = 0.5 * rows as f64;
    let spec = GridSpec { west: -150.5, north, cell_size: 1.0, columns: 301, rows };
    let surface = Grid::from_fn(spec, |row, column| {
        let (x, y) = spec.centre(row, column);
        if is_floor(x, y) { 0.0 } else { height }
    });
    Scene::new(surface).unwrap()
}

#[test]
fn horizons_give_the_closed_forms_of_canyons_and_basins() {
    for (width, height) in [(20.0, 5.0), (20.0, 10.0), (20.0, 20.0), (20.0, 40.0), (10.0, 20.0)] {
        // Long enough for the sky beyond its ends not to count.
        let scene = pit(height as f32, 1201, |x, _| x > -0.5 * width && x <= 0.5 * width);
        let view = horizon_view(&scene);
        let spec = scene.spec();
        let floor: Vec<usize> =
            (0..301).filter(|column| scene.surface()[(600, *column)] == 0.0).collect();
        let west = spec.centre(600, floor[0]).0 - 0.5;
        let (mut squared, mut worst) = (0.0, 0.0f64);
        for &column in &floor {
            let x = spec.centre(600, column).0 - west;
            let wide = floor.len() as f64;
            let [a, b] = [x, wide - x].map(|d| d / d.hypot(height));
            let planar = f64::from(view.planar[(600, column)]) - 0.5 * (a + b);
            let [a, b] = [x, wide - x].map(|d: f64| (height / d).atan());
            let solid =
                f64::from(view.solid_angle[(600, column)]) - (1.0 - (a + b) / std::f64::consts::PI);
            squared += planar * planar;
            worst = worst.max(planar.abs()).max(solid.abs());
        }
        let rmse = (squared / floor.len() as f64).sqrt();
        println!("canyon {width} × {height}: RMSE {rmse:.5}, at most {worst:.5}");
        assert!(rmse <= 0.005 && worst <= 0.005, "{width} {height}: {rmse} {worst}");
    }
    for height in [5.0, 10.0, 20.0, 40.0] {
        // A basin of 20.5 m: the wall half a cell beyond the middle of the twentieth cell.
        let radius = 20.5f64;
        let view = horizon_view(&pit(height as f32, 301, |x, y| x.hypot(y) <= radius));
        let angle = (height / radius).atan();
        let planar = f64::from(view.planar[(150, 150)]) - angle.cos().powi(2);
        let solid = f64::from(view.solid_angle[(150, 150)]) - (1.0 - angle.sin());
        println!("basin {radius} × {height}: planar {planar:.5}, solid angle {solid:.5}");
        assert!(planar.abs() <= 0.005 && solid.abs() <= 0.005, "{height}: {planar} {solid}");
    }
}
