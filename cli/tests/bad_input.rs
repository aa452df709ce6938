//! Input that cannot be used: one sentence that names the file, status 1, and what was there before
//! stays as it was.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod program;

use std::fs;
use std::path::{Path, PathBuf};

use program::{assemble, territory_file, twin, twin_with};
use tempfile::TempDir;
use twin_core::test_support::data;

const LAMBERT_93: &str = "crs = \"EPSG:2154\"\nresolution_m = 2.0";

/// A vector source that needs no data: two roads with heights.
const ROADS: &str = r#"{"type":"FeatureCollection","name":"troncon_de_route",
"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::2154"}},"features":[
{"type":"Feature","properties":{"cleabs":"TRONROUT0000000000000001"},"geometry":{"type":"LineString",
"coordinates":[[662000,6358000,500],[662100,6358000,501],[662100,6358100,510]]}},
{"type":"Feature","properties":{"cleabs":"TRONROUT0000000000000002"},"geometry":{"type":"LineString",
"coordinates":[[662000,6358000,500],[662000,6358000,500]]}}]}"#;

/// A folder with an assembled territory `x.twin` and the bytes of its manifest.
fn with_territory() -> (TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let roads = folder.path().join("routes.geojson");
    fs::write(&roads, ROADS).unwrap();
    let (made, outcome) = assemble(folder.path(), "x", LAMBERT_93, &[("bd-topo", &roads, "")]);
    let outcome = outcome.succeeded();
    assert!(outcome.stdout.contains("géométrie sans surface ni longueur"), "{}", outcome.stdout);
    let manifest = fs::read(made.join("twin.toml")).unwrap();
    (folder, manifest)
}

/// Assembles a source over `x.twin`, which must be refused with these words and stay as it was.
fn refused(folder: &Path, before: &[u8], head: &str, product: &str, source: &Path, words: &[&str]) {
    let (made, outcome) = assemble(folder, "x", head, &[(product, source, "")]);
    let name = source.file_name().unwrap().to_string_lossy();
    outcome.refused(&[words, &[&name]].concat());
    assert_eq!(fs::read(made.join("twin.toml")).unwrap(), before, "{name}: territory untouched");
    assert!(!folder.join("x.twin.part").exists(), "{name}: no leftover");
}

/// A copy of a file with some bytes changed.
fn patched(folder: &Path, name: &str, bytes: &[u8], at: usize, patch: &[u8]) -> PathBuf {
    let mut bytes = bytes.to_vec();
    bytes[at..at + patch.len()].copy_from_slice(patch);
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn files_that_are_no_point_cloud() {
    let (folder, before) = with_territory();
    let folder = folder.path();
    let random: Vec<u8> =
        (0..40_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (name, bytes) in [
        ("vide.laz", &b""[..]),
        ("texte.laz", b"ceci n'est pas un nuage"),
        ("hasard.laz", &random),
        ("signature.las", b"LASF"),
    ] {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        refused(folder, &before, LAMBERT_93, "lidar-hd", &path, &["erreur"]);
    }
    let roads = folder.join("routes.geojson");
    refused(folder, &before, LAMBERT_93, "lidar-hd", &roads, &["LAS/LAZ"]);
}

#[test]
fn damaged_point_clouds() {
    let Some(path) = data("lidar/ign-mnx-reference/input/corse.laz") else { return };
    let (folder, before) = with_territory();
    let folder = folder.path();
    let bytes = fs::read(path).unwrap();
    for (name, length) in [("moitie.laz", bytes.len() / 2), ("entete.laz", 100), ("court.laz", 600)]
    {
        let path = folder.join(name);
        fs::write(&path, &bytes[..length]).unwrap();
        refused(folder, &before, LAMBERT_93, "lidar-hd", &path, &[]);
    }
    let nan = f64::NAN.to_le_bytes();
    // Offsets in the header of LAS 1.4: data offset, legacy count, scales, offsets, count.
    for (name, at, patch) in [
        ("decalage.laz", 96, &i32::MAX.to_le_bytes()[..]),
        ("echelle-nan.laz", 131, &nan),
        ("echelle-nulle.laz", 131, &0f64.to_le_bytes()),
        ("origine-nan.laz", 155, &nan),
        ("origine-ailleurs.laz", 155, &9e6f64.to_le_bytes()),
        ("nombre-forge.laz", 247, &i64::MAX.to_le_bytes()),
        ("bruit.laz", 20_000, &[0x5a; 3_000]),
    ] {
        let path = patched(folder, name, &bytes, at, patch);
        refused(folder, &before, LAMBERT_93, "lidar-hd", &path, &[]);
    }
    let Some(path) = data("lidar/edge-cases/malformed_extrabytes.las") else { return };
    let bytes = fs::read(path).unwrap();
    // Moved to the mainland (offset of x and y, bounds), then with a forged count.
    let mut moved = bytes;
    for (at, value) in [(155, 662e3), (163, 6358e3), (179, 663e3), (187, 662e3), (195, 6359e3)] {
        moved[at..at + 8].copy_from_slice(&f64::to_le_bytes(value));
    }
    moved[203..211].copy_from_slice(&6358e3f64.to_le_bytes());
    let path = patched(folder, "forge.las", &moved, 107, &u32::MAX.to_le_bytes());
    refused(folder, &before, LAMBERT_93, "lidar-hd", &path, &["4294967295"]);
}

#[test]
fn damaged_vectors() {
    let (folder, before) = with_territory();
    let folder = folder.path();
    for (name, text) in [
        ("tronque.geojson", r#"{"type":"FeatureCollection","features":["#),
        ("nan.geojson", &ROADS.replacen("500", "NaN", 1)),
        ("infini.geojson", &ROADS.replacen("500", "1e999", 1)),
        ("vide.geojson", ""),
        ("texte.gpkg", "bonjour"),
        ("vide.gpkg", ""),
        ("table.xlsx", "bonjour"),
    ] {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        refused(folder, &before, LAMBERT_93, "bd-topo", &path, &[]);
    }
    let Some(path) = data("bdtopo/BDT_3-0_GPKG_LAMB93_olemps-12174.gpkg") else { return };
    let bytes = fs::read(path).unwrap();
    let cut = folder.join("tronque.gpkg");
    fs::write(&cut, &bytes[..200_000]).unwrap();
    refused(folder, &before, LAMBERT_93, "bd-topo", &cut, &[]);
    let noise = patched(folder, "bruit.gpkg", &bytes, 300_000, &[0xa5; 4_000]);
    refused(folder, &before, LAMBERT_93, "bd-topo", &noise, &[]);
}

#[test]
fn a_huge_extent_with_few_points() {
    let Some(path) = data("lidar/ign-mnx-reference/input/corse.laz") else { return };
    let (folder, before) = with_territory();
    let head = "extent = [1100000, 6000000, 1300000, 6200000]\nresolution_m = 2.0";
    let (made, outcome) = assemble(folder.path(), "x", head, &[("lidar-hd", &path, "")]);
    outcome.refused(&["x.toml [extent]", "resolution_m"]);
    assert_eq!(fs::read(made.join("twin.toml")).unwrap(), before);
}

#[test]
fn clouds_without_ground_or_points() {
    let (folder, before) = with_territory();
    let folder = folder.path();
    for (file, words) in [
        ("test_data_empty.las", &["aucun point"][..]),
        ("Semis_2022_0906_6665_LA93_IGN69_nok.laz", &[]),
        ("test_pdalfail_0643_6319_LA93_IGN69.laz", &["points de sol"]),
        ("test_data_0436_6384_LA93_IGN69_single_point.laz", &["points de sol"]),
        // Its coordinates are 0 to 9 m.
        ("malformed_extrabytes.las", &["EPSG:2154"]),
    ] {
        let Some(path) = data(&format!("lidar/edge-cases/{file}")) else { return };
        refused(folder, &before, LAMBERT_93, "lidar-hd", &path, words);
    }
}

#[test]
fn reference_systems_are_never_guessed() {
    let (folder, before) = with_territory();
    let folder = folder.path();
    let edge = |name: &str| data(&format!("lidar/edge-cases/{name}"));
    let (Some(none), Some(barth), Some(reunion), Some(copc)) = (
        edge("test_noepsg_043500_629205_IGN69.laz"),
        edge("St_Barth_RGAF09_UTM20N_IGN_1988_SB_subset_100m.laz"),
        edge("sample_lareunion_epsg2975.laz"),
        edge("example.copc.laz"),
    ) else {
        return;
    };
    let mend = "crs = \"EPSG:";
    refused(folder, &before, "", "lidar-hd", &none, &["[file.crs]", mend]);
    refused(folder, &before, LAMBERT_93, "lidar-hd", &barth, &["EPSG:2154", "corriger crs"]);
    refused(folder, &before, LAMBERT_93, "lidar-hd", &reunion, &["crs = \"EPSG:2975\""]);
    refused(folder, &before, LAMBERT_93, "lidar-hd", &copc, &["crs = \"EPSG:26917\""]);

    // Errors of the territory file itself name it.
    for (head, words) in [
        ("crs = \"EPSG:9999\"", &["x.toml [crs]", "EPSG:9999"][..]),
        ("crs = \"EPSG:27572\"", &["x.toml [crs]", "Lambert-93"]),
        ("crs = \"EPSG:4326\"", &["x.toml [crs]", "EPSG:2154"]),
        ("resolution_m = 0.0", &["x.toml [resolution_m]"]),
        ("resolution = 2.0", &["x.toml", "resolution_m"]),
        ("extent = [0, 0, 10, 10]", &["laz"]),
    ] {
        let (_, outcome) =
            assemble(folder, "x", head, &[("lidar-hd", &reunion, "crs = \"EPSG:2154\"")]);
        outcome.refused(words);
    }
    let roads = folder.join("routes.geojson");
    let (_, outcome) =
        assemble(folder, "x", LAMBERT_93, &[("bd-topo", &roads, "crs = \"EPSG:28992\"")]);
    outcome.refused(&["routes.geojson", "EPSG:28992", "reprojeter"]);
    assert_eq!(fs::read(folder.join("x.twin/twin.toml")).unwrap(), before);
}

#[test]
fn places_that_cannot_be_written_or_read() {
    let (folder, before) = with_territory();
    let folder = folder.path();
    let roads = folder.join("routes.geojson");
    territory_file(folder, "y", LAMBERT_93, &[("bd-topo", &roads, "")]);
    fs::write(folder.join("fichier"), "texte").unwrap();
    fs::create_dir(folder.join("documents")).unwrap();
    fs::write(folder.join("documents/memoire.odt"), "texte").unwrap();
    for out in ["fichier", "fichier/y.twin", "documents"] {
        twin(folder, &["assemble", "y.toml", "--out", out]).refused(&[out]);
    }
    assert_eq!(fs::read(folder.join("documents/memoire.odt")).unwrap(), b"texte");
    twin(folder, &["assemble", "absent.toml"]).refused(&["absent.toml"]);
    twin(folder, &["assemble", "documents"]).refused(&["documents"]);
    let absent = folder.join("absent*.laz");
    refused(folder, &before, LAMBERT_93, "lidar-hd", &absent, &["x.toml [source.path]"]);
    twin(folder, &["run", "absent.toml"]).refused(&["absent.toml"]);
    twin(folder, &["run", "x.toml"]).refused(&["x.toml"]);
    twin(folder, &["info", "documents"]).refused(&["documents"]);
}

#[test]
fn sentences_are_the_same_in_every_locale() {
    let (folder, _) = with_territory();
    let folder = folder.path();
    fs::write(folder.join("vide.laz"), "").unwrap();
    territory_file(folder, "z", LAMBERT_93, &[("lidar-hd", Path::new("vide.laz"), "")]);
    let said = |language: &str, locale: &str| {
        let arguments = ["--lang", language, "assemble", "z.toml"];
        twin_with(folder, &arguments, &[("LC_ALL", locale), ("LANG", locale)]).refused(&[]).stderr
    };
    for (language, word) in [("fr", "fichier vide"), ("en", "empty")] {
        let c = said(language, "C");
        assert!(c.contains(word), "{c}");
        assert_eq!(c, said(language, "fr_FR.UTF-8"));
        assert_eq!(c, said(language, "tr_TR.UTF-8"));
    }
}

#[test]
fn scenarios_that_cannot_run() {
    let (folder, before) = with_territory();
    let folder = folder.path();
    let scenario = r#"
schema = 1
id = "essai"
title = { fr = "Essai", en = "Trial" }
territory = "x.twin"
[time]
start = "2024-01-15T00:00:00+01:00"
duration = "10 min"
[grid]
resolution_m = 10.0
[runs.crue]
simulation = "flood"
[runs.crue.parameters]
undeclared_edges = "wall"
inflow = { hydrograph = "debit.csv", at = [662050, 6358020], source = "débit inventé" }
"#;
    fs::write(folder.join("essai.toml"), scenario).unwrap();
    fs::write(folder.join("debit.csv"), "temps;debit_m3_s\n0;1\n600;NaN\n").unwrap();
    let run = |set: &str, words: &[&str]| {
        let arguments = ["run", "essai.toml", "--set", set];
        let arguments = if set.is_empty() { &arguments[..2] } else { &arguments[..] };
        twin(folder, arguments).refused(words);
        assert!(!has_runs(&folder.join("runs/flood")), "no broken run");
    };
    run("", &["debit.csv", "ligne 3"]);
    fs::write(folder.join("debit.csv"), "").unwrap();
    run("", &["debit.csv", "vide"]);
    fs::write(folder.join("debit.csv"), "temps;debit_m3_s\n0;1\n600;1\n").unwrap();
    run("runs.crue.parameters.outflo=1", &["essai.toml [runs.crue.parameters.outflo]", "outflow"]);
    run("runs.crue.parameters.floor_height_m=\"haut\"", &["essai.toml", "floor_height_m"]);
    run("runs.crue.parameters.inflow.at=[0, 0]", &["essai.toml [runs.crue.parameters.inflow"]);
    run("runs.crue.simulation=\"floot\"", &["essai.toml [runs.crue]", "flood"]);
    run("territory=\"absent.twin\"", &["absent.twin", "twin assemble"]);
    run("time.duration=\"longtemps\"", &["essai.toml [time.duration]"]);
    run("grid.resolution_m=-5.0", &["essai.toml", "resolution_m"]);
    run("grid.resolution_m=nan", &["essai.toml [grid.resolution_m]", "nan"]);
    let west = "runs.crue.parameters.walls={ a = { side = \"west\" }, b = { side = \"west\" } }";
    run(west, &["essai.toml [runs.crue.parameters.walls.b]", "déjà une condition"]);
    let area =
        r#"{"type":"Polygon","coordinates":[[[2.3,48.8],[2.4,48.8],[2.4,48.9],[2.3,48.8]]]}"#;
    fs::write(folder.join("paris.geojson"), area).unwrap();
    let outside = format!("study_area={:?}", folder.join("paris.geojson"));
    run(&outside, &["essai.toml [study_area]", "aucune maille"]);

    // A territory whose files are damaged says which.
    for name in ["grids.h5", "features.gpkg", "twin.toml"] {
        let path = folder.join("x.twin").join(name);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 3]).unwrap();
        run("", &[name]);
        twin(folder, &["info", "x.twin"]).refused(&[name]);
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(fs::read(folder.join("x.twin/twin.toml")).unwrap(), before);
    twin(folder, &["run", "essai.toml"]).succeeded();
    assert!(has_runs(&folder.join("runs/flood")));
}

/// Whether a folder of runs holds a run under its final name.
fn has_runs(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|e| e.path().join("manifest.json").is_file())
}
