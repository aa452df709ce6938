//! Real vector files give the counts, heights and texts that other programs find in them.

use twin_core::{
    FileProblem,
    formats::{FieldKind, Value, geojson, geopackage::GeoPackage, shapefile},
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

/// The two forms of Olemps hold the same features: the shapefile against the GeoPackage that GDAL
/// made of it.
#[test]
fn olemps_shapefiles_equal_the_geopackage() {
    let (Some(gpkg), Some(folder)) = (data(OLEMPS), data("bdtopo/olemps-12174-v3-shp")) else {
        return;
    };
    let file = GeoPackage::open(gpkg).unwrap();
    for (name, count) in [
        ("BATIMENT", 2273),
        ("TRONCON_DE_ROUTE", 1094),
        ("SURFACE_HYDROGRAPHIQUE", 28),
        ("ZONE_DE_VEGETATION", 665),
        ("TRONCON_DE_VOIE_FERREE", 6),
        ("CONSTRUCTION_SURFACIQUE", 4),
        ("EQUIPEMENT_DE_TRANSPORT", 10),
        ("TERRAIN_DE_SPORT", 7),
        ("RESERVOIR", 2),
        ("CIMETIERE", 3),
        ("ZONE_D_ACTIVITE_OU_D_INTERET", 21),
        ("COMMUNE", 1),
    ] {
        let read = shapefile::read(folder.join(format!("{name}.shp")), None).unwrap();
        let missing = FileProblem::MissingCompanion { extension: "dbf" };
        let expected = if name == "TRONCON_DE_ROUTE" { vec![missing] } else { Vec::new() };
        assert_eq!(read.report.notices, expected, "{name}");
        assert!(read.report.skipped.is_empty());
        assert_eq!(read.table.features.len(), count, "{name}");
        assert_eq!(read.table.crs, Some(Crs::LAMBERT_93));
        let other = file.read(name, None).unwrap().table;
        for (a, b) in read.table.features.iter().zip(&other.features) {
            assert_eq!(format!("{:?}", a.geometry), format!("{:?}", b.geometry), "{name}");
        }
    }
    for name in ["AERODROME", "PISTE_D_AERODROME"] {
        let read = shapefile::read(folder.join(format!("{name}.shp")), None).unwrap();
        assert!(read.table.features.is_empty() && read.report.is_clean());
    }
}

#[test]
fn olemps_buildings_have_their_texts_and_numbers() {
    let Some(path) = data("bdtopo/olemps-12174-v3-shp/BATIMENT.shp") else { return };
    let table = shapefile::read(path, None).unwrap().table;
    let column = |name: &str| {
        let i = table.column(name).unwrap();
        table.features.iter().map(move |f| &f.values[i])
    };
    let plain = Value::Text("Indifférenciée".into());
    assert_eq!(column("NATURE").filter(|v| **v == plain).count(), 2107);
    let heights: Vec<f64> = column("HAUTEUR").filter_map(Value::as_real).collect();
    assert_eq!(heights.len(), 2004);
    assert!((heights.iter().sum::<f64>() / 2004.0 - 5.712).abs() < 5e-4);
    let dwellings: Vec<f64> = column("NB_LOGTS").filter_map(Value::as_real).collect();
    assert_eq!((dwellings.len(), dwellings.iter().sum::<f64>()), (1334, 1429.0));
    assert!(column("Z_MAX_SOL").all(Value::is_null));
}

#[test]
fn rennes_is_latin_1_and_its_blocks_keep_their_faces() {
    let Some(folder) = data("surelevation/rennes-demo-01") else { return };
    let path = folder.join("BATIMENT.shp");
    let read = shapefile::read(&path, None).unwrap();
    assert!(read.report.is_clean(), "{:?}", read.report);
    assert_eq!(read.table.crs, Some(Crs::LAMBERT_93), "ESRI text without a code");
    assert_eq!(read.table.features.len(), 117);
    let kind = read.table.column("TYPE").unwrap();
    let solid = Value::Text("Bâtiment en dur".into());
    assert_eq!(read.table.features.iter().filter(|f| f.values[kind] == solid).count(), 104);
    let parts = shapefile::read_parts(&path).unwrap();
    assert_eq!(parts.iter().flatten().map(Vec::len).sum::<usize>(), 1109);
    let document = shapefile::read(folder.join("DOC_URBA.shp"), None).unwrap().table;
    assert_eq!((document.crs, document.features.len()), (None, 1));
    assert!(document.features[0].geometry.is_none());
}

#[test]
fn lyon_in_its_two_forms() {
    let Some(folder) = data("bdtopo/lyon-part-dieu") else { return };
    let json = |name: &str| {
        let read = geojson::read(folder.join(format!("geojson/{name}.geojson"))).unwrap();
        assert!(read.report.is_clean(), "{:?}", read.report);
        read.table
    };
    let buildings = json("polygon__lyonPartDieu__building");
    assert_eq!((buildings.features.len(), buildings.fields.len()), (30, 29));
    assert_eq!(buildings.crs, Some(Crs::WGS_84));
    let light = buildings.column("construction_legere").unwrap();
    assert_eq!(buildings.fields[light].kind, FieldKind::Text);
    let height = buildings.column("hauteur").unwrap();
    assert_eq!(buildings.fields[height].kind, FieldKind::Real);
    let known = buildings.features.iter().filter(|f| !f.values[height].is_null()).count();
    assert_eq!(known, 29);
    let extent = buildings.extent().unwrap();
    assert!((extent.min_x - 4.85851).abs() < 1e-5 && (extent.max_y - 45.76184).abs() < 1e-5);
    assert_eq!(json("polyline__lyonPartDieu__railway").features.len(), 176);
    assert_eq!(json("polygon__lyonPartDieu__bridge_intersect").features.len(), 3);
    assert_eq!(json("multipoint__lyonPartDieu__trafficSignal").features.len(), 68);
    let points = json("point_lyon2154");
    assert_eq!((points.crs, points.features.len()), (Some(Crs::LAMBERT_93), 18));
    let shp =
        shapefile::read(folder.join("shp/polygon__lyonPartDieu__building.shp"), None).unwrap();
    assert!(shp.report.is_clean());
    assert_eq!(shp.table.features.len(), 234);
    assert_eq!(shp.table.crs, Some(Crs::WGS_84), "ESRI text without a code");
    let height = shp.table.column("hauteur").unwrap();
    assert_eq!(shp.table.features.iter().filter(|f| !f.values[height].is_null()).count(), 229);
}

#[test]
fn risk_shapefiles_and_a_table_alone() {
    let Some(folder) = data("risks") else { return };
    let read = |name: &str| shapefile::read(folder.join(name), None).unwrap().table;
    let zones =
        read("ppri_covadis_38ddt20130013_romanche-aval/N_ZONE_ALEA_PPRN_20130013_S_038.shp");
    assert_eq!(zones.features.len(), 564);
    let area: f64 = zones
        .features
        .iter()
        .filter_map(|f| f.geometry.as_ref())
        .map(|g| geo::Area::unsigned_area(&g.to_multi_polygon()))
        .sum();
    // 404.01 ha by GDAL, printed to the are.
    assert!((area / 1e4 - 404.01).abs() < 0.005, "{area}");
    let hazards =
        read("pprn_covadis_38ddt20200002_bourg-d-oisans/N_MULTIALEA_PPRN_20200002_038.dbf");
    assert_eq!(hazards.features.len(), 743);
    let marks = read("flood_marks_herault/Reperes_crue_extrait_DDTM34.shp");
    assert_eq!(marks.features.len(), 439);
}
