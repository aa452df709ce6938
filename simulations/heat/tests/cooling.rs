//! The cooling index beside InVEST's own test.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use serde_json::Value;
use twin_core::spatial::{Grid, GridSpec};
use twin_heat::cooling_index::{Covers, Index};

fn rows(value: &Value) -> Vec<f64> {
    let rows = value.as_array().unwrap().iter();
    rows.flat_map(|row| row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap())).collect()
}

#[test]
fn capacity_and_parks_are_those_of_invest() {
    let Some(data) = std::env::var_os("TWIN_DATA") else { return };
    let path = std::path::Path::new(&data).join("heat/invest_ucm/ucm_test_case.json");
    let case: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    // Cells of 30 m: the size at which the published cooling distance gives the published parks.
    let spec = GridSpec { west: 0.0, north: 0.0, cell_size: 30.0, columns: 6, rows: 5 };
    let table = &case["biophysical"];
    let codes = table["lucode"].as_array().unwrap();
    let uses = rows(&case["lulc"]);
    let of = |name: &str| {
        let value = |code: &f64| {
            let at = codes.iter().position(|c| c.as_f64() == Some(*code)).unwrap();
            table[name][at].as_f64().unwrap()
        };
        Grid { spec, values: uses.iter().map(value).collect::<Vec<f64>>() }
    };
    let et0 = rows(&case["et0"]);
    let most = et0.iter().copied().fold(0.0, f64::max);
    let kc = of("kc");
    let covers = Covers {
        shade: of("shade"),
        albedo: of("albedo"),
        evapotranspiration: Grid {
            spec,
            values: kc.values.iter().zip(&et0).map(|(kc, et)| kc * et / most).collect(),
        },
        is_green: of("green_area").map(|g| *g == 1.0),
    };
    let distance = case["green_area_cooling_distance_m"].as_f64().unwrap();
    let index = Index::new(&covers, distance);
    for (name, ours) in [("expected_cc", &index.capacity), ("expected_cc_park", &index.park)] {
        let expected = rows(&case[name]);
        let errors = ours.values.iter().zip(&expected).map(|(a, b)| (a - b).abs());
        let worst = errors.fold(0.0, f64::max);
        println!("{name}: {worst:.1e}");
        assert!(worst <= 1e-6, "{name} {worst}");
    }
}

#[test]
fn air_is_the_reference_where_all_is_mitigated_and_the_island_where_nothing_is() {
    let spec = GridSpec { west: 0.0, north: 0.0, cell_size: 20.0, columns: 8, rows: 7 };
    let of = |value: f64| Grid::filled(spec, value);
    for (share, expected) in [(1.0, 25.0), (0.0, 28.0)] {
        let covers = Covers {
            shade: of(share),
            albedo: of(share),
            evapotranspiration: of(share),
            is_green: Grid::filled(spec, share > 0.0),
        };
        let air = Index::new(&covers, 100.0).air(25.0, 3.0, 60.0);
        assert!(air.values.iter().all(|t| (t - expected).abs() < 1e-12), "{share}");
    }
}

#[test]
fn a_finer_grid_gives_the_same_index() {
    // A park in a town, by cells of 20 m, each of its own, and by cells of 4 m, summed by blocks.
    let index = |cell_size: f64| {
        let cells = (800.0 / cell_size) as usize;
        let spec = GridSpec { west: 0.0, north: 800.0, cell_size, columns: cells, rows: cells };
        let of = |park: f64, town: f64| {
            Grid::from_fn(spec, |row, column| {
                let (x, y) = spec.centre(row, column);
                let is_park = (x - 400.0).abs() < 120.0 && (y - 300.0).abs() < 120.0;
                if is_park { park } else { town }
            })
        };
        let covers = Covers {
            shade: of(0.8, 0.1),
            albedo: of(0.18, 0.18),
            evapotranspiration: of(1.1, 0.2),
            is_green: of(1.0, 0.0).map(|g| *g == 1.0),
        };
        (spec, Index::new(&covers, 200.0))
    };
    let ((_, coarse), (fine_spec, fine)) = (index(20.0), index(4.0));
    for cell in 0..fine_spec.len() {
        let (row, column) = fine_spec.row_column(cell);
        let (x, y) = fine_spec.centre(row, column);
        let expected = *coarse.park.at(x, y).unwrap();
        let found = fine.park.values[cell];
        assert!((found - expected).abs() < 1e-9, "{x} {y}: {found} {expected}");
    }
}
