//! Products that come as archives of a department: the latest edition, cut to the extent. No outside host is
//! contacted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

mod asking;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use asking::{client, client_with, corner, names, request, run};
use serde_json::json;
use server::{Content, SOUTH, Server, WEST};
use twin_core::formats::geopackage::GeoPackageWriter;
use twin_core::formats::{Feature, FeatureTable, FieldKind, Value, read_vector};
use twin_core::spatial::{Crs, Extent, Geometry, Polygon};
use twin_core::test_support::data;
use twin_fetch::{Cache, Place, Request};

/// A GeoPackage of squares of 100 m along the diagonal, with a code each.
fn squares(path: &Path, table: &str, column: &str, codes: &[&str]) {
    let mut squares = FeatureTable::new(table, Some(Crs::LAMBERT_93))
        .with_field("ID", FieldKind::Text)
        .with_field(column, FieldKind::Text);
    for (k, code) in codes.iter().enumerate() {
        let at = |side: f64| (WEST + 100.0 * k as f64 + side, SOUTH + 100.0 * k as f64 + side);
        let ((a, b), (c, d)) = (at(0.0), at(100.0));
        let square = Polygon::from_corners(&[(a, b), (c, b), (c, d), (a, d)]);
        squares.features.push(Feature {
            geometry: Some(Geometry::Polygons(vec![square])),
            values: vec![Value::Text(format!("Z{k}")), Value::Text((*code).into())],
        });
    }
    let mut writer = GeoPackageWriter::create(path).unwrap();
    writer.add_table(&squares, table, "").unwrap();
    writer.finish().unwrap();
}

fn with_land_cover(folder: &Path) -> Content {
    let mut content = Content::of_a_commune();
    for (edition, code) in [("2021-01-01", "CS1.1.1.1"), ("2024-01-01", "CS2.2.1")] {
        let package = folder.join("OCSGE.gpkg");
        squares(&package, "OCCUPATION_SOL", "CODE_CS", &[code; 9]);
        let archive = folder.join(format!("{edition}.7z"));
        sevenz_rust2::compress_to_path(&package, &archive).unwrap();
        let path = format!("/telechargement/download/OCSGE/D012/{edition}.7z");
        content.files.insert(path.clone(), fs::read(archive).unwrap());
        let delivery = ("D012".to_owned(), edition.to_owned(), path);
        content.deliveries.entry("OCSGE".into()).or_default().push(delivery);
    }
    content
}

#[test]
fn the_latest_archive_of_the_department_is_cut_to_the_extent_and_kept_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(with_land_cover(folder.path()), |_, _| None);
    let cache = Cache::at(folder.path().join("cache"));
    let client = client_with(&server, 2, cache, Arc::default());
    let archives = || server.requests().iter().filter(|(_, t)| t.ends_with(".7z")).count();
    let mut bytes = Vec::new();
    for out in ["one", "two"] {
        let out = folder.path().join(out);
        let outcome = run(&client, &corner(&out, &["ocs-ge"])).unwrap();
        let got = out.join("sources/ocs-ge");
        assert_eq!(names(&got), ["ocs-ge-12.gpkg"]);
        let tables = read_vector(&got.join("ocs-ge-12.gpkg")).unwrap();
        let codes: Vec<_> =
            tables[0].features.iter().map(|f| f.values[1].as_text().unwrap().to_owned()).collect();
        assert_eq!(
            codes,
            ["CS2.2.1", "CS2.2.1"],
            "squares that the extent touches, latest edition"
        );
        let territory = fs::read_to_string(outcome.territory).unwrap();
        assert!(territory.contains("edition = \"2024-01-01\""), "{territory}");
        bytes.push(fs::read(got.join("ocs-ge-12.gpkg")).unwrap());
    }
    assert_eq!(archives(), 1);
    assert!(bytes[0] == bytes[1]);
}

#[test]
fn archives_that_unfold_without_end_or_are_none_are_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let bomb = folder.path().join("bomb.gpkg");
    fs::write(&bomb, vec![0; 40_000_000]).unwrap();
    let archive = folder.path().join("bomb.7z");
    sevenz_rust2::compress_to_path(&bomb, &archive).unwrap();
    for bytes in [fs::read(&archive).unwrap(), b"7z\xBC\xAF\x27\x1Cnothing".to_vec()] {
        let mut content = with_land_cover(folder.path());
        content.files.values_mut().for_each(|file| file.clone_from(&bytes));
        let server = Server::start(content, |_, _| None);
        let out = folder.path().join("out");
        let outcome = run(&client(&server, 2), &corner(&out, &["ocs-ge"])).unwrap();
        let told = outcome.failed.values().next().unwrap();
        assert_eq!((outcome.failed.len(), told.lines().count()), (1, 1), "{told}");
        assert!(names(&out.join("sources/ocs-ge")).is_empty(), "nothing is left behind");
    }
}

#[test]
fn zones_of_prevention_plans_come_from_the_zip_of_the_department() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("zones.gpkg");
    squares(&package, "N_ZONE_REG_PPRN_X_S_012", "CODEZONE", &["R", "B", "B"]);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file("pprn_12/../../zones.gpkg", options).unwrap();
    std::io::Write::write_all(&mut zip, &fs::read(&package).unwrap()).unwrap();
    let mut content = Content::of_a_commune();
    let bytes = zip.finish().unwrap().into_inner();
    content.files.insert("/fichiers/ppr/pprn_12.zip".into(), bytes);
    let server = Server::start(content, |_, _| None);
    let out = folder.path().join("out");
    // No archive of a TRI is no proof that there is none.
    let outcome = run(&client(&server, 2), &corner(&out, &["ppr", "tri"])).unwrap();
    assert_eq!(outcome.failed.keys().collect::<Vec<_>>(), ["sources/tri/tri-12.gpkg"]);
    let tables = read_vector(&out.join("sources/ppr/ppr-12.gpkg")).unwrap();
    assert_eq!(tables[0].features.len(), 2);
    assert!(names(&out.join("sources/tri")).is_empty());
}

/// The plan of the lower Romanche and a real BD TOPO, by the archives of their departments.
#[test]
fn real_deliveries_are_cut_out_of_their_archives() {
    let (Some(plan), Some(topo)) = (
        data("risks/ppri_covadis_38ddt20130013_romanche-aval"),
        data("bdtopo/BDT_3-0_GPKG_LAMB93_olemps-12174.gpkg"),
    ) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names(&plan) {
        zip.start_file(format!("38/{name}"), zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, &fs::read(plan.join(name)).unwrap()).unwrap();
    }
    let archive = folder.path().join("topo.7z");
    sevenz_rust2::compress_to_path(&topo, &archive).unwrap();
    let mut content = Content::of_a_commune();
    let ppr = zip.finish().unwrap().into_inner();
    content.files.insert("/fichiers/ppr/pprn_38.zip".into(), ppr);
    let path = "/telechargement/download/BDTOPO/D012.7z".to_owned();
    content.files.insert(path.clone(), fs::read(archive).unwrap());
    let delivery = ("D012".to_owned(), "2022-09-15".to_owned(), path);
    content.deliveries.insert("BDTOPO".into(), vec![delivery]);
    // Communes in both places, so that their departments are known.
    let whole = |path: &Path| {
        let tables = read_vector(path).unwrap();
        tables.iter().filter_map(|t| t.extent()).reduce(|a, b| a.union(&b)).unwrap()
    };
    let zones = whole(&plan.join("N_ZONE_REG_PPRN_20130013_S_038.shp"));
    let commune = |k: usize, code: &str, [w, s, e, n]: [f64; 4]| {
        json!({
            "type": "Feature",
            "id": format!("commune.{k}"),
            "geometry": { "type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]] },
            "properties": { "cleabs": format!("C{k}"), "code_insee": code, "nom_officiel": code },
        })
    };
    let communes =
        vec![commune(1, "38179", zones.into()), commune(2, "12174", whole(&topo).into())];
    content.layers.insert("BDTOPO_V3:commune".into(), communes);
    let server = Server::start(content, |_, _| None);
    let at = |place: [f64; 4], product: &str| {
        let out = folder.path().join(product);
        let asked =
            Request { place: Place::Extent(place), buffer_m: 0.0, ..request(&out, &[product]) };
        let outcome = run(&client(&server, 1), &asked).unwrap();
        assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
        out.join("sources").join(product)
    };
    // 437 zones of regulation and 564 of hazard in the whole plan; fewer in half of it.
    let [west, south, east, north] = <[f64; 4]>::from(zones);
    let count = |path: PathBuf, table: &str| {
        let tables = read_vector(&path).unwrap();
        tables.iter().find(|t| t.name == table).map_or(0, |t| t.features.len())
    };
    let all = at([west.floor(), south.floor(), east.ceil(), north.ceil()], "ppr");
    assert_eq!(count(all.join("ppr-38.gpkg"), "N_ZONE_REG_PPRN_20130013_S_038"), 437);
    assert_eq!(count(all.join("ppr-38.gpkg"), "N_ZONE_ALEA_PPRN_20130013_S_038"), 564);
    fs::remove_dir_all(folder.path().join("ppr")).unwrap();
    let half =
        at([west.floor(), south.floor(), (0.5 * (west + east)).floor(), north.ceil()], "ppr");
    let some = count(half.join("ppr-38.gpkg"), "N_ZONE_REG_PPRN_20130013_S_038");
    assert!((50..437).contains(&some), "{some}");

    let town = [663_000.0, 6_360_000.0, 664_000.0, 6_361_000.0];
    let got = at(town, "bd-topo-archive").join("bd-topo-archive-12.gpkg");
    let extent = Extent::new(town[0], town[1], town[2], town[3]).unwrap();
    let package = read_vector(&topo).unwrap();
    let expected = package.iter().find(|t| t.name == "batiment").unwrap();
    let inside = expected.features.iter().filter(|f| {
        let own = f.geometry.as_ref().and_then(Geometry::extent);
        own.is_some_and(|own| own.intersects(&extent))
    });
    assert_eq!(count(got, "batiment"), inside.count());
}
