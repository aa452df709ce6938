//! Twenty thousand rectangles in a known depth, whose damage another program's rule gives: the mean of
//! the wet cells under the footprint, less the floor, with the JRC curves. The case and its total are
//! those of the project's test data (`heat/damage/synthetic`, CC0).
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use twin_core::spatial::{Grid, GridSpec, Polygon, cells_within};
use twin_core::test_support::data;
use twin_impact::damage::{self, Exposed};
use twin_impact::damage_table::{Conditions, DamageTable};
use twin_impact::mean_of_wet;

/// Depth of pixel (column i, row j) on 2000² pixels of a metre.
fn depth() -> Grid<f32> {
    let spec = GridSpec { west: 0.0, north: 2000.0, cell_size: 1.0, columns: 2000, rows: 2000 };
    Grid::from_fn(spec, |row, column| {
        let (i, j) = (column as f64, row as f64);
        let r = (i - 1000.0).hypot(j - 1000.0);
        (3.0 - r / 300.0 + 0.3 * (i / 40.0).sin() * (j / 55.0).cos()).max(0.0) as f32
    })
}

#[test]
fn the_total_of_twenty_thousand_buildings_is_the_published_one() {
    let Some(path) = data("heat/damage/synthetic/buildings_20000.csv") else { return };
    let table = DamageTable::jrc().unwrap();
    let set = |use_1| table.functions_for(&Conditions { use_1: Some(use_1), ..Default::default() });
    let sets = [set("Résidentiel"), set("Commercial et services")];
    let depth = depth();
    let mut buildings = Vec::new();
    for row in csv::Reader::from_path(path).unwrap().records() {
        let row = row.unwrap();
        let number = |column: usize| row[column].parse::<f64>().unwrap();
        let (west, top, width, height) = (number(1), number(2), number(3), number(4));
        let (east, south) = (west + width, 2000.0 - top - height);
        let corners = [(west, south), (east, south), (east, 2000.0 - top), (west, 2000.0 - top)];
        let mut cells = Vec::new();
        cells_within(&depth.spec, [&Polygon::from_corners(&corners)], |r, c| cells.push((r, c)));
        let Some(mean_m) = mean_of_wet(&depth, &cells) else { continue };
        let area_m2 = width * height;
        buildings.push(Exposed {
            depth_m: mean_m - number(7),
            area_m2,
            storeys: 1.0,
            ground_floor_dwellings: 1.0,
            eur_per_m2: [number(9) / area_m2; 3],
            functions: usize::from(&row[8] == "com"),
        });
    }
    let damages = damage::each(&buildings, &sets, 3.0);
    let total_eur: f64 = damages.iter().sum();
    assert!((total_eur / 958.334236e6 - 1.0).abs() < 1e-6, "{total_eur}");
    assert_eq!(damages.iter().filter(|d| **d > 0.0).count(), 11_891);
}
