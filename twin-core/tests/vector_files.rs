//! Real vector files give the counts, heights and texts that other programs find in them.

use twin_core::{
    formats::{FieldKind, Value, geopackage::GeoPackage},
    spatial::{Crs, Extent},
    test_support::data,
};

const OLEMPS: &str = "bdtopo/BDT_3-0_GPKG_LAMB93_olemps-12174.gpkg";

#[test]
fn olemps_geopackage() {
    let Some(path) = data(OLEMPS) else { return };
    let file = GeoPackage::open(path).unwrap();
    assert_eq!(file.layers().len(), 12);
    let read = file.read("batiment", None).unwrap();
    assert!(read.report.is_clean());
    let table = read.table;
    assert_eq!(table.crs, Some(Crs::LAMBERT_93));
    assert_eq!(table.features.len(), 2273);
    let heights: Vec<f64> = table
        .features
        .iter()
        .filter_map(|f| f.geometry.as_ref())
        .flat_map(|g| g.positions())
        .map(|p| p[2])
        .collect();
    assert_eq!(heights.len(), 21_174);
    assert_eq!(heights.iter().filter(|&&z| z == -1000.0).count(), 1639);
    let valid = heights.iter().copied().filter(|&z| z > -100.0);
    assert_eq!(valid.clone().fold(f64::INFINITY, f64::min), 510.9);
    assert_eq!(valid.fold(f64::NEG_INFINITY, f64::max), 643.0);
    let light = table.column("construction_legere").unwrap();
    assert_eq!(table.fields[light].kind, FieldKind::Bool);
    let count = |v: &Value| table.features.iter().filter(|f| f.values[light] == *v).count();
    assert_eq!((count(&Value::Bool(true)), count(&Value::Bool(false))), (437, 1836));
    let nature = table.column("NATURE").unwrap();
    let plain = Value::Text("Indifférenciée".into());
    assert_eq!(table.features.iter().filter(|f| f.values[nature] == plain).count(), 2107);
}

#[test]
fn window_of_a_geopackage_is_what_a_filter_of_the_whole_gives() {
    let Some(path) = data(OLEMPS) else { return };
    let file = GeoPackage::open(path).unwrap();
    let extent = Extent::new(663_500.0, 6_360_000.0, 664_000.0, 6_360_500.0).unwrap();
    for layer in file.layers() {
        let all = file.read(&layer.name, None).unwrap().table;
        let part = file.read(&layer.name, Some(&extent)).unwrap().table;
        let touches = |g: &twin_core::spatial::Geometry| g.extent().unwrap().intersects(&extent);
        let expected = all.features.iter().filter(|f| f.geometry.as_ref().is_some_and(touches));
        // Compared as text, where two unknown heights are equal.
        let expected: Vec<_> = expected.map(|f| format!("{f:?}")).collect();
        let found: Vec<_> = part.features.iter().map(|f| format!("{f:?}")).collect();
        assert_eq!(found, expected, "{}", layer.name);
    }
}

#[test]
fn risk_geopackage_with_attribute_tables() {
    let Some(path) = data("risks/ppr_cnig_geopackage/pprm_38ddt20180002.gpkg") else { return };
    let file = GeoPackage::open(path).unwrap();
    let count = |suffix: &str| {
        let layer = file.layers().iter().find(|l| l.name.ends_with(suffix)).unwrap();
        let read = file.read(&layer.name, None).unwrap();
        assert!(read.report.is_clean());
        read.table.features.len()
    };
    let counts =
        ["_33_s", "_312_s", "_314_s", "urba_s", "perimetre_s", "_procedure", "internet"].map(count);
    assert_eq!(counts, [59, 120, 41, 380, 1, 1, 1]);
    let procedure = file.layers().iter().find(|l| l.name.ends_with("_procedure")).unwrap();
    assert_eq!(procedure.geometry_column, None);
}

#[test]
fn plain_sqlite_with_wkb() {
    let Some(folder) = data("buildings/delft/bgt") else { return };
    for (name, count) in [("pand", 160), ("wegdeel", 151), ("waterdeel", 3), ("tunneldeel", 0)] {
        let file = GeoPackage::open(folder.join(format!("bgt_{name}.sqlite"))).unwrap();
        let [layer] = file.layers() else { panic!("{name}: {:?}", file.layers()) };
        let read = file.read(&layer.name, None).unwrap();
        assert!(read.report.is_clean());
        assert_eq!(read.table.features.len(), count, "{name}");
        assert_eq!(read.table.crs.map(Crs::epsg), Some(28992));
        assert!(read.table.features.iter().all(|f| f.geometry.is_some()));
    }
}
