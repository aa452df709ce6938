//! The files are those of the national products, are the same bytes for any number of threads,
//! and hold what the commune is.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::collections::BTreeMap;
use std::path::Path;

use twin_core::formats::geopackage::GeoPackage;
use twin_synthetic::{Commune, CommuneOptions, Written};

fn options() -> CommuneOptions {
    CommuneOptions { size_m: 420.0, points_per_m2: 2.0, ..Default::default() }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn write(threads: usize, folder: &Path) -> Written {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| Commune::generate(&options()).unwrap().write(folder).unwrap())
}

#[test]
fn one_two_and_eight_threads_write_the_same_bytes() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    for (threads, folder) in [1, 2, 8].into_iter().zip(&folders) {
        write(threads, folder.path());
    }
    let expected = files(folders[0].path());
    assert_eq!(expected.len(), 1 + 3 + 8, "{:?}", expected.keys());
    for folder in &folders[1..] {
        let found = files(folder.path());
        for (name, bytes) in &expected {
            assert!(found.get(name) == Some(bytes), "{name} differs");
        }
    }
}

#[test]
fn survey_agrees_with_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    let commune = Commune::generate(&options()).unwrap();
    let written = commune.write(folder.path()).unwrap();
    let mut reader = las::Reader::from_path(&written.lidar[0]).unwrap();
    assert_eq!(reader.header().point_format().to_u8().unwrap() & 0x3F, 6);
    assert!(reader.header().has_crs_vlrs());
    let extent = commune.extent();
    let mut classes: BTreeMap<u8, usize> = BTreeMap::new();
    let (mut ground, mut sum, mut squares, mut far) = (0.0, 0.0, 0.0, 0.0);
    let mut roof_far = 0;
    for point in reader.read_all().unwrap().points() {
        let point = point.unwrap();
        let class = u8::from(point.classification);
        *classes.entry(class).or_default() += 1;
        assert!(extent.contains(point.x, point.y));
        assert!(point.return_number >= 1 && point.return_number <= point.number_of_returns);
        match class {
            2 => {
                let error = point.z - commune.terrain_height(point.x, point.y);
                ground += 1.0;
                sum += error;
                // Rounding to a centimetre moves a point on the walls of culverts and bridges to
                // the other side of the wall.
                if error.abs() > 0.25 {
                    far += 1.0;
                } else {
                    squares += error * error;
                }
                assert!(commune.building_at(point.x, point.y).is_none_or(|b| {
                    // Only the outermost centimetres of a wall can be mistaken.
                    !b.contains(point.x + 0.04, point.y)
                        || !b.contains(point.x - 0.04, point.y)
                        || !b.contains(point.x, point.y + 0.04)
                        || !b.contains(point.x, point.y - 0.04)
                }));
            }
            9 => {
                let level = commune.water_level(point.x, point.y);
                assert!(level.is_none_or(|level| (point.z - level).abs() < 0.1));
            }
            6 => {
                let roof = commune.roof_height(point.x, point.y);
                if !roof.is_some_and(|roof| (point.z - roof).abs() < 0.2) {
                    roof_far += 1;
                }
            }
            _ => {}
        }
    }
    let rmse = f64::sqrt(squares / ground);
    assert!((0.03..0.05).contains(&rmse), "{rmse}");
    assert!((sum / ground).abs() < 0.005, "bias {}", sum / ground);
    assert!(far / ground < 1e-3, "{far} of {ground}");
    for class in [1, 2, 3, 4, 5, 6, 9, 17, 64, 66, 67] {
        assert!(classes.get(&class).is_some_and(|&n| n > 5), "class {class}: {classes:?}");
    }
    // Walls answer too, but most points of buildings are on roofs.
    assert!((roof_far as f64) < 0.25 * classes[&6] as f64, "{roof_far} {classes:?}");
    let total: usize = classes.values().sum();
    let share = |class: u8| classes[&class] as f64 / total as f64;
    assert!(share(2) > 0.4 && (0.03..0.3).contains(&share(6)) && share(5) > 0.02, "{classes:?}");
}

#[test]
fn vector_layers_have_their_official_names_and_contents() {
    let folder = tempfile::tempdir().unwrap();
    let commune = Commune::generate(&CommuneOptions { points_per_m2: 0.1, ..Default::default() });
    let commune = commune.unwrap();
    let written = commune.write(folder.path()).unwrap();
    let package = GeoPackage::open(&written.bd_topo).unwrap();
    for layer in [
        "batiment",
        "troncon_de_route",
        "troncon_hydrographique",
        "surface_hydrographique",
        "cours_d_eau",
        "plan_d_eau",
        "zone_de_vegetation",
        "haie",
        "construction_lineaire",
        "construction_surfacique",
        "zone_d_activite_ou_d_interet",
        "poste_de_transformation",
        "terrain_de_sport",
        "cimetiere",
        "commune",
    ] {
        let read = package.read(layer, None).unwrap();
        assert!(!read.table.features.is_empty(), "{layer}");
    }
    let buildings = package.read("batiment", None).unwrap().table;
    assert_eq!(buildings.features.len(), commune.buildings().len());
    let column = buildings.column("hauteur").unwrap();
    let unknown = buildings.features.iter().filter(|f| f.values[column].is_null()).count();
    let share = unknown as f64 / buildings.features.len() as f64;
    assert!((0.01..0.12).contains(&share), "{share}");
    let flat = buildings
        .features
        .iter()
        .filter(|f| f.geometry.as_ref().is_some_and(|g| g.positions().all(|p| p[2] == -1000.0)));
    assert!(flat.count() > 0);
}

#[test]
fn land_cover_is_a_partition_and_lots_hold_their_buildings() {
    use geo::Area;
    let folder = tempfile::tempdir().unwrap();
    let commune = Commune::generate(&CommuneOptions { points_per_m2: 0.1, ..options() }).unwrap();
    let written = commune.write(folder.path()).unwrap();
    let area = |table: &twin_core::formats::FeatureTable| -> f64 {
        let geometries = table.features.iter().filter_map(|f| f.geometry.as_ref());
        geometries.map(|g| g.to_multi_polygon().unsigned_area()).sum()
    };
    let cover = GeoPackage::open(&written.ocs_ge).unwrap();
    let cover = cover.read("occupation_du_sol", None).unwrap().table;
    let whole = commune.extent().area();
    // Slivers below half a square metre are left out and strips of street overlap by rounding.
    assert!((area(&cover) / whole - 1.0).abs() < 1e-3, "{}", area(&cover) / whole);
    let planning = GeoPackage::open(&written.planning).unwrap();
    let zones = planning.read("zone_urba", None).unwrap().table;
    assert!((area(&zones) / whole - 1.0).abs() < 1e-3, "{}", area(&zones) / whole);
    let parcels = planning.read("parcelle", None).unwrap().table;
    assert!(area(&parcels) < whole);
}
