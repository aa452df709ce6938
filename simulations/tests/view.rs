//! The run grid is independent of the territory grid, and edits are seen, not the measures.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod territory;

use std::sync::Arc;

use twin_core::formats::Value;
use twin_core::scenario::{Edit, RasterOperation};
use twin_core::spatial::{Geometry, GridSpec, Polygon};
use twin_core::territory::{Aggregation, Territory, TerritoryView};

fn small() -> Arc<Territory> {
    Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap())
}

#[test]
fn a_coarser_run_grid_takes_means_and_maxima_of_its_cells() {
    let territory = small();
    let fine = *territory.spec();
    let spec = GridSpec::covering(&fine.extent(), 3.0 * fine.cell_size);
    let view = TerritoryView::new(territory.clone(), spec, Vec::new()).unwrap();
    let mean = view.terrain(Aggregation::Mean).unwrap();
    let maximum = view.terrain(Aggregation::Maximum).unwrap();
    let all = territory.window("dtm", 0..fine.rows, 0..fine.columns).unwrap();
    for row in 0..spec.rows {
        for column in 0..spec.columns {
            let inside: Vec<f64> = (0..fine.len())
                .map(|i| fine.row_column(i))
                .filter(|&(r, c)| {
                    let (x, y) = fine.centre(r, c);
                    spec.cell_at(x, y) == Some((row, column))
                })
                .map(|cell| f64::from(all[cell]))
                .filter(|z| z.is_finite())
                .collect();
            let expected = inside.iter().sum::<f64>() / inside.len() as f64;
            assert!((f64::from(mean[(row, column)]) - expected).abs() < 1e-4);
            let highest = inside.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert_eq!(f64::from(maximum[(row, column)]), highest);
        }
    }
}

#[test]
fn a_finer_run_grid_has_no_holes_and_keeps_its_range() {
    let territory = small();
    let fine = *territory.spec();
    let part = fine.extent().buffered(-0.4 * fine.extent().width());
    let spec = GridSpec::covering(&part, 0.25 * fine.cell_size);
    let view = TerritoryView::new(territory, spec, Vec::new()).unwrap();
    let terrain = view.terrain(Aggregation::Mean).unwrap();
    assert!(terrain.values.iter().all(|z| z.is_finite()));
    assert!(view.land_cover().unwrap().values.iter().any(|c| c.value() > 0));
}

#[test]
fn edits_change_the_view_and_not_the_territory() {
    let territory = small();
    let extent = territory.spec().extent();
    let (x, y) = extent.centre();
    let square =
        Polygon::from_corners(&[(x, y), (x + 20.0, y), (x + 20.0, y + 20.0), (x, y + 20.0)]);
    let id = territory.features().buildings[0].id.clone();
    let edits = vec![
        Edit::Raster {
            band: "dtm".into(),
            area: Geometry::Polygons(vec![square]),
            operation: RasterOperation::Add(5.0),
        },
        Edit::SetAttribute {
            layer: "batiment".into(),
            id: id.clone(),
            field: "nombre_de_logements".into(),
            value: Value::Integer(77),
        },
    ];
    let spec = GridSpec::covering(&extent, 4.0);
    let before = TerritoryView::new(territory.clone(), spec, Vec::new()).unwrap();
    let after = TerritoryView::new(territory.clone(), spec, edits).unwrap();
    assert_ne!(before.fingerprint(), after.fingerprint());
    let raised = |view: &TerritoryView| {
        view.terrain(Aggregation::Mean).unwrap().at(x + 10.0, y + 10.0).copied().unwrap()
    };
    assert!((raised(&after) - raised(&before) - 5.0).abs() < 1e-5);
    let dwellings = |view: &TerritoryView| {
        view.features().buildings.iter().find(|b| b.id == id).and_then(|b| b.dwellings)
    };
    assert_eq!(dwellings(&after), Some(77));
    assert_ne!(dwellings(&before), Some(77));
    let unknown = vec![Edit::RemoveFeature { layer: "batiment".into(), id: "absent".into() }];
    assert!(TerritoryView::new(territory, spec, unknown).is_err());
}

#[test]
fn shares_of_a_cover_keep_its_area_on_any_run_grid() {
    use twin_core::territory::LandCover;
    let territory = small();
    let fine = *territory.spec();
    let all = territory.window("land_cover", 0..fine.rows, 0..fine.columns).unwrap();
    let sealed = f32::from(LandCover::Sealed.value());
    let area = all.values.iter().filter(|c| **c == sealed).count() as f64 * fine.cell_area();
    assert!(area > 0.0);
    for times in [1.0, 2.0, 5.0] {
        let spec = GridSpec::covering(&fine.extent(), times * fine.cell_size);
        let view = TerritoryView::new(territory.clone(), spec, Vec::new()).unwrap();
        let is_sealed = |cover| f32::from(u8::from(cover == LandCover::Sealed));
        let share = view.mean_by_land_cover(is_sealed).unwrap();
        let covered: f64 = share.values.iter().map(|s| f64::from(*s) * spec.cell_area()).sum();
        assert!((covered / area - 1.0).abs() < 1e-5, "{times}: {covered} {area}");
    }
}
