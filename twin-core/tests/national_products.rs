//! National products as delivered give the counts that other programs find in them, whatever the
//! form of delivery.
#![allow(clippy::unwrap_used, reason = "a failure to read test data fails the test")]

use std::collections::BTreeMap;
use std::path::Path;

use twin_core::{
    formats::{
        FeatureTable, geojson,
        geopackage::{GeoPackage, GeoPackageWriter},
        shapefile,
    },
    products::{BdTopo, ImportReport, SkipReason, plu, ppr},
    spatial::Crs,
    territory::{Building, FacilityClass, Features, Label as _, VegetationNature, Zone, ZoneKind},
    test_support::data,
};

fn shapefiles(folder: &str) -> Option<Vec<FeatureTable>> {
    let mut paths: Vec<_> = std::fs::read_dir(data(folder)?)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "shp"))
        .collect();
    paths.sort();
    Some(paths.iter().map(|path| shapefile::read(path, None).unwrap().table).collect())
}

fn geopackage(file: &Path) -> Vec<FeatureTable> {
    let package = GeoPackage::open(file).unwrap();
    package.layers().iter().map(|l| package.read(&l.name, None).unwrap().table).collect()
}

fn bd_topo(tables: Vec<FeatureTable>) -> (Features, ImportReport) {
    let mut report = ImportReport::default();
    let features = BdTopo::new().unwrap().from_tables(tables, &mut report).unwrap();
    (features, report)
}

fn olemps_shp() -> Option<(Features, ImportReport)> {
    Some(bd_topo(shapefiles("bdtopo/olemps-12174-v3-shp")?))
}

fn olemps_gpkg() -> Option<(Features, ImportReport)> {
    let path = data("bdtopo/BDT_3-0_GPKG_LAMB93_olemps-12174.gpkg")?;
    Some(bd_topo(geopackage(&path)))
}

fn count<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(key(item)).or_default() += 1;
    }
    counts
}

fn labels<L: twin_core::territory::Label>(
    buildings: &[Building],
    field: impl Fn(&Building) -> &Option<L>,
) -> BTreeMap<String, usize> {
    let mut counts = count(buildings, |b| {
        field(b).as_ref().map_or_else(String::new, |v| v.label().into_owned())
    });
    counts.remove("");
    counts
}

fn expected<const N: usize>(values: [(&str, usize); N]) -> BTreeMap<String, usize> {
    values.into_iter().map(|(name, n)| (name.to_owned(), n)).collect()
}

fn check_olemps_buildings(features: &Features) {
    let buildings = &features.buildings;
    assert_eq!(buildings.len(), 2273);
    assert_eq!(
        labels(buildings, |b| &b.nature),
        expected([
            ("Indifférenciée", 2107),
            ("Industriel, agricole ou commercial", 156),
            ("Serre", 5),
            ("Château", 2),
            ("Tour, donjon", 1),
            ("Chapelle", 1),
            ("Eglise", 1),
        ])
    );
    assert_eq!(
        labels(buildings, |b| &b.use_1),
        expected([
            ("Résidentiel", 1090),
            ("Indifférencié", 920),
            ("Annexe", 138),
            ("Commercial et services", 92),
            ("Industriel", 21),
            ("Agricole", 7),
            ("Sportif", 3),
            ("Religieux", 2),
        ])
    );
    assert_eq!(buildings.iter().filter(|b| b.use_2.is_some()).count(), 208);
    let light = count(buildings, |b| b.is_light);
    assert_eq!(light, BTreeMap::from([(Some(false), 1836), (Some(true), 437)]));
    let states = expected([("En service", 2270), ("En construction", 3)]);
    assert_eq!(labels(buildings, |b| &b.state), states);
    assert_eq!(
        labels(buildings, |b| &b.height_method),
        expected([
            ("Interpolation bâti BDTopo", 1630),
            ("Photogrammétrie", 329),
            ("Pas de Z", 269),
            ("Photogrammétrie longue focale", 45),
        ])
    );
    let origins = expected([("Cadastre", 1899), ("Imagerie aérienne", 374)]);
    assert_eq!(labels(buildings, |b| &b.footprint_origin), origins);

    let heights: Vec<f64> = buildings.iter().filter_map(|b| b.height_m).collect();
    assert_eq!(buildings.len() - heights.len(), 269);
    assert_eq!(heights.iter().copied().fold(0.0, f64::max), 20.3);
    assert_eq!(heights.iter().filter(|h| **h == 0.0).count(), 15);
    let mean = heights.iter().sum::<f64>() / heights.len() as f64;
    assert!((mean - 5.712).abs() < 5e-4, "{mean}");
    assert_eq!(buildings.iter().filter(|b| b.dwellings.is_some()).count(), 1334);
    assert_eq!(buildings.iter().filter_map(|b| b.dwellings).sum::<u32>(), 1429);
    assert_eq!(buildings.iter().filter_map(|b| b.storeys).max(), Some(5));
    assert_eq!(buildings.iter().filter(|b| b.ground_min_m.is_some()).count(), 2254);
    assert_eq!(buildings.iter().filter(|b| b.roof_min_m.is_some()).count(), 1615);
    assert!(buildings.iter().all(|b| b.roof_max_m.is_none() && b.ground_max_m.is_none()));
    assert!(buildings.iter().all(|b| b.height_precision_m.is_none_or(|p| p < 10.0)));
    let heightless = |b: &Building| b.geometry.positions().filter(|p| p[2].is_nan()).count();
    assert_eq!(buildings.iter().map(heightless).sum::<usize>(), 1639);
    let area: f64 = buildings.iter().map(Building::footprint_area_m2).sum();
    assert_eq!(area.round(), 353_434.0);
}

fn check_olemps_others(features: &Features) {
    assert_eq!(features.crs, Some(Crs::LAMBERT_93));
    assert_eq!(
        features.counts(),
        BTreeMap::from([
            ("batiment", 2273),
            ("troncon_de_route", 1094),
            ("surface_hydrographique", 28),
            ("zone_de_vegetation", 665 - 423),
            ("haie", 423),
            ("troncon_de_voie_ferree", 6),
            ("construction_surfacique", 4),
            ("equipement_de_transport", 10),
            ("terrain_de_sport", 7),
            ("reservoir", 2),
            ("cimetiere", 3),
            ("equipement", 21),
            ("commune", 1),
        ])
    );
    let woods = |n: &VegetationNature| {
        features.vegetation.iter().filter(|v| v.nature.as_ref() == Some(n)).count()
    };
    assert_eq!(woods(&VegetationNature::Wood), 195);
    assert_eq!(woods(&VegetationNature::BroadleafForest), 34);
    let facilities = |nature: &str| {
        features.facilities.iter().filter(|f| f.nature.as_deref() == Some(nature)).count()
    };
    assert_eq!(facilities("Enseignement primaire"), 3);
    assert_eq!(facilities("Maison de retraite"), 1);
    assert_eq!(facilities("Hôpital"), 3);
    assert_eq!(facilities("Mairie"), 1);
    assert_eq!(facilities("Station d'épuration"), 2);
    let class = |c| features.facilities.iter().filter(|f| f.classes.contains(c)).count();
    assert_eq!(class(FacilityClass::Sensitive), 3 + 1 + 3);
    assert_eq!(class(FacilityClass::CrisisManagement), 1 + 3);
    assert_eq!(class(FacilityClass::Network), 2);
    let commune = &features.communes[0];
    assert_eq!(commune.insee.as_ref().unwrap().as_str(), "12174");
    assert_eq!(commune.name.as_deref(), Some("Olemps"));
    assert_eq!(commune.population, Some(3439));
}

#[test]
fn olemps_shapefiles() {
    let Some((features, report)) = olemps_shp() else { return };
    check_olemps_buildings(&features);
    check_olemps_others(&features);
    assert_eq!(report.skipped(), 0, "{:#?}", report.lines(twin_core::Language::En));
    assert_eq!(report.ignored, ["AERODROME"]);
    let roads = report.layer("troncon_de_route").unwrap();
    assert_eq!((roads.identified, roads.warnings.len()), (1094, 1));
    assert!(report.layers.iter().all(|l| l.unreadable.is_empty() && l.unlisted.is_empty()));
}

#[test]
fn olemps_geopackage_is_the_same_territory() {
    let (Some((shp, _)), Some((gpkg, report))) = (olemps_shp(), olemps_gpkg()) else { return };
    check_olemps_buildings(&gpkg);
    check_olemps_others(&gpkg);
    assert_eq!(report.skipped(), 0);
    assert!(report.ignored.is_empty(), "{:?}", report.ignored);
    let text = |features: &Features| {
        let mut rows: Vec<String> = features.buildings.iter().map(|b| format!("{b:?}")).collect();
        rows.sort();
        rows
    };
    let (a, b) = (text(&shp), text(&gpkg));
    let different: Vec<_> = a.iter().zip(&b).filter(|(a, b)| a != b).collect();
    assert!(different.is_empty(), "{} of 2273, first {:#?}", different.len(), different.first());
}

#[test]
fn store_keeps_olemps_through_a_geopackage() {
    let Some((features, _)) = olemps_shp() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("features.gpkg");
    let mut writer = GeoPackageWriter::create(&path).unwrap();
    for table in features.to_tables() {
        writer.add_table(&table, &table.name, "").unwrap();
    }
    writer.finish().unwrap();
    let back = Features::from_tables(&path, geopackage(&path)).unwrap();
    assert_eq!(back.counts(), features.counts());
    // As text, where two unknown heights are equal.
    assert_eq!(format!("{back:?}"), format!("{features:?}"));
}

#[test]
fn lyon_shapefile_with_names_cut_by_gdal() {
    let Some(tables) = shapefiles("bdtopo/lyon-part-dieu/shp") else { return };
    let (features, report) = bd_topo(tables);
    let buildings = &features.buildings;
    assert_eq!(buildings.len(), 234, "{:#?}", report);
    let filled = |f: &dyn Fn(&Building) -> bool| buildings.iter().filter(|b| f(b)).count();
    assert_eq!(filled(&|b| b.height_m.is_some()), 229);
    assert_eq!(filled(&|b| !b.rnb_ids.is_empty()), 233);
    assert_eq!(filled(&|b| b.ground_min_m.is_some()), 232);
    assert_eq!(filled(&|b| b.roof_min_m.is_some()), 204);
    assert_eq!(filled(&|b| b.roof_max_m.is_some()), 187);
    assert_eq!(filled(&|b| b.ground_max_m.is_some()), 184);
    assert_eq!(filled(&|b| b.storeys.is_some()), 134);
    assert_eq!(filled(&|b| b.wall_material.is_some()), 79);
    assert_eq!(filled(&|b| b.is_light.is_some()), 234);
    let last = buildings.iter().find(|b| b.id == "BATIMENT0000000320082673").unwrap();
    assert_eq!(last.rnb_ids[0].as_str(), "ZR1DV3C6H5QG");
    assert_eq!((last.ground_min_m, last.roof_max_m), (Some(167.0), Some(177.9)));
    let told: Vec<&str> = report.layers[0].warnings.iter().map(|w| w.en.as_str()).collect();
    assert_eq!(told, ["5 without height"]);
    assert!(report.layers[0].missing.is_empty(), "{:?}", report.layers[0].missing);
    assert!(buildings.iter().all(|b| b.height_precision_m.is_none_or(|p| p < 999.0)));
}

#[test]
fn flood_plan_of_the_romanche() {
    let Some(tables) = shapefiles("risks/ppri_covadis_38ddt20130013_romanche-aval") else { return };
    let features = ppr::from_tables(tables, &mut ImportReport::default());
    let kinds = count(&features.zones, |z| z.kind.as_ref().unwrap().label().into_owned());
    let counts = expected([("ppr-alea", 564), ("ppr-reglement", 437), ("ppr-perimetre", 1)]);
    assert_eq!(kinds, counts);
    let hazards: Vec<&Zone> =
        features.zones.iter().filter(|z| z.kind == Some(ZoneKind::Hazard)).collect();
    assert!(hazards.iter().all(|z| z.is_flood_hazard()));
    let levels = count(&hazards, |z| z.hazards[0].level);
    assert_eq!(levels, BTreeMap::from([(Some(1), 138), (Some(2), 350), (Some(4), 76)]));
    let classes = count(&features.zones, |z| z.class.clone());
    assert_eq!(classes[&Some("03".to_owned())], 136);
    let perimeter = features.zones.iter().find(|z| z.kind == Some(ZoneKind::RiskPerimeter));
    assert_eq!(perimeter.unwrap().approved.as_deref(), Some("2012-07-05"));
}

#[test]
fn floods_hidden_in_multi_hazard_zones_of_bourg_d_oisans() {
    let folder = "risks/pprn_covadis_38ddt20200002_bourg-d-oisans";
    let Some(mut tables) = shapefiles(folder) else { return };
    let hazards = data(folder).unwrap().join("N_MULTIALEA_PPRN_20200002_038.dbf");
    tables.push(shapefile::read(hazards, None).unwrap().table);
    let mut report = ImportReport::default();
    let features = ppr::from_tables(tables, &mut report);
    let hazards = features.zones.iter().filter(|z| z.kind == Some(ZoneKind::Hazard));
    assert_eq!(hazards.clone().count(), 646);
    assert_eq!(hazards.filter(|z| z.is_flood_hazard()).count(), 121 + 395);
    let alea = report.layer("ppr-alea").unwrap();
    assert!(alea.warnings[0].fr.starts_with("14 zones"), "{:?}", alea.warnings);
}

#[test]
fn mining_plan_in_the_form_of_the_standard() {
    let Some(path) = data("risks/ppr_cnig_geopackage/pprm_38ddt20180002.gpkg") else { return };
    let mut report = ImportReport::default();
    let features = ppr::from_tables(geopackage(&path), &mut report);
    let kinds = count(&features.zones, |z| z.kind.as_ref().unwrap().label().into_owned());
    assert_eq!(kinds["ppr-alea"], 59 + 120 + 41);
    assert_eq!(kinds["ppr-reglement"], 380);
    let types = count(&features.zones, |z| z.class.clone());
    assert_eq!(types[&Some("04".to_owned())], 300);
    assert_eq!(report.skipped(), 0);
}

#[test]
fn rennes_zoning_in_a_local_form() {
    let Some(path) = data("surelevation/rennes-demo-01/ZONE_URBA.shp") else { return };
    let table = shapefile::read(path, None).unwrap().table;
    let features = plu::from_tables([table], &mut ImportReport::default());
    assert_eq!(features.zones[0].code.as_deref(), Some("UB2"));
}

#[test]
fn two_reference_systems_are_refused() {
    let mut report = ImportReport::default();
    let tables = [
        FeatureTable::new("batiment", Some(Crs::LAMBERT_93)),
        FeatureTable::new("haie", Some(Crs::WGS_84)),
    ];
    let error = BdTopo::new().unwrap().from_tables(tables, &mut report).unwrap_err();
    assert!(error.to_string().contains("EPSG:2154"));
}

#[test]
fn repeated_import_of_a_delivery_adds_nothing() {
    let Some(tables) = shapefiles("bdtopo/olemps-12174-v3-shp") else { return };
    let twice: Vec<_> = tables.iter().cloned().chain(tables.iter().cloned()).collect();
    let (features, report) = bd_topo(twice);
    check_olemps_others(&features);
    let repeated = report
        .layers
        .iter()
        .filter_map(|l| l.skipped.get(&SkipReason::RepeatedIdentifier).copied());
    assert_eq!(repeated.sum::<usize>(), features.len());
}

#[test]
fn lyon_geojson_of_the_wfs_and_its_reprojection() {
    let Some(folder) = data("bdtopo/lyon-part-dieu/geojson") else { return };
    let read = |name: &str| geojson::read(folder.join(name)).unwrap().table;
    let (features, report) = bd_topo(vec![
        read("polygon__lyonPartDieu__building.geojson"),
        read("polyline__lyonPartDieu__railway.geojson"),
        read("polygon__lyonPartDieu__bridge_intersect.geojson"),
        read("multipoint__lyonPartDieu__barrier.geojson"),
        read("multipoint__lyonPartDieu__trafficSignal.geojson"),
    ]);
    assert_eq!(
        features.counts(),
        BTreeMap::from([
            ("batiment", 30),
            ("troncon_de_voie_ferree", 176),
            ("construction_surfacique", 3)
        ])
    );
    assert_eq!(report.ignored.len(), 2);
    let buildings = &features.buildings;
    assert_eq!(buildings.iter().filter(|b| b.height_m.is_some()).count(), 29);
    assert!(buildings.iter().all(|b| !b.rnb_ids.is_empty() && b.is_light.is_some()));
    assert!(buildings.iter().any(|b| b.rnb_ids.len() == 3));
    assert!(buildings.iter().all(|b| b.geometry.positions().all(|p| p[2].is_nan())));
    assert!(report.layers.iter().all(|l| l.unreadable.is_empty() && l.unlisted.is_empty()));

    let metres = features.reproject(Crs::LAMBERT_93).unwrap();
    let (x, y) = metres.extent().unwrap().centre();
    assert!((841_000.0..845_000.0).contains(&x) && (6_518_000.0..6_523_000.0).contains(&y));
}
