//! The whole chain on real national data: what only the program shows when it is run from end to
//! end. Figures of single steps are tested where these are (`twin-core/tests`).
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod program;

use std::fs;
use std::path::{Path, PathBuf};

use program::{Outcome, assemble, territory_file, twin, twin_with};
use serde_json::Value;
use twin_core::formats::las::{PointFile, PointQuery};
use twin_core::spatial::Polygon;
use twin_core::territory::{CellQuality, TerrainSource, Territory, TerritoryManifest};
use twin_core::test_support::data;

const LAMBERT_93: &str = "crs = \"EPSG:2154\"";

fn cloud(folder: &Path, name: &str, head: &str, path: &Path) -> (TerritoryManifest, Outcome) {
    let (made, outcome) = assemble(folder, name, head, &[("lidar-hd", path, "")]);
    let outcome = outcome.succeeded();
    println!("{name}\n{}", outcome.stdout);
    (Territory::read_manifest(&made).unwrap(), outcome)
}

/// `twin info --json` of a path.
fn info(folder: &Path, path: &str) -> Value {
    let outcome = twin(folder, &["info", path, "--json"]).succeeded();
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// Copies the files of a scenario folder of the repository.
fn copy_scenario(name: &str, to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name);
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

fn report_of(outcome: &Outcome, folder: &Path) -> PathBuf {
    let line = outcome.stdout.lines().find(|l| l.starts_with("Rapport")).unwrap();
    folder.join(line.split(" : ").nth(1).unwrap())
}

#[test]
fn lamballe_from_the_tile_to_the_flood_report() {
    let Some(tile) = data("lidar/lamballe-0292_6833/test_semis_2023_0292_6833_LA93_IGN69.laz")
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    copy_scenario("lamballe", folder);
    let text = fs::read_to_string(folder.join("territoire.toml")).unwrap();
    let path = text.lines().find(|l| l.starts_with("path")).unwrap();
    let here = text.replace(path, &format!("path = '{}'", tile.display()));
    fs::write(folder.join("territoire.toml"), here).unwrap();
    let made = twin(folder, &["assemble", "territoire.toml", "--out", "lamballe.twin"]).succeeded();
    assert!(made.stdout.contains("bâtiments déduits du nuage"), "{}", made.stdout);

    // A hall of 80 m hides its ground: no hole in the terrain, and no claim that it was measured.
    let territory = Territory::open(&folder.join("lamballe.twin")).unwrap();
    let (row, column) = territory.spec().cell_at(292_624.0, 6_832_308.0).unwrap();
    let grids = territory.grids();
    let height = grids.read_level::<f32>("dtm", 0).unwrap()[(row, column)];
    let quality = grids.read_level::<u8>("quality", 0).unwrap()[(row, column)];
    assert!((45.0..60.0).contains(&height), "{height}");
    assert_eq!(CellQuality::from_code(quality), CellQuality::Interpolated);
    assert!(territory.manifest().quality.cells.void < 0.002);

    let ran = twin(
        folder,
        &["run", "crue.toml", "--set", "grid.resolution_m=10.0", "--set", "time.duration=1 h"],
    )
    .succeeded();
    let report = report_of(&ran, folder);
    let html = fs::read_to_string(&report).unwrap();
    for words in [
        "hydrogramme inventé pour un essai du programme",
        "modèle non calé",
        "sans valeur réglementaire",
        "test_semis_2023_0292_6833_LA93_IGN69.laz",
    ] {
        assert!(html.contains(words), "« {words} » in the report");
    }
    let run = report.parent().unwrap();
    let manifest: Value =
        serde_json::from_slice(&fs::read(run.join("manifest.json")).unwrap()).unwrap();
    let water = |key: &str| manifest["budget"][key].as_f64().unwrap();
    let error = water("initial") + water("entered") - water("left") - water("stored");
    assert!(water("entered") > 10_000.0 && error.abs() < 1e-6 * water("entered"), "{error} m³");
    let gauges = fs::read_to_string(run.join("gauges.csv")).unwrap();
    assert!(gauges.contains("voie ferrée"));
    assert!(run.join("maps/hauteur-maximale-classes.png").is_file());
}

#[test]
fn olemps_from_both_formats() {
    let (Some(shapes), Some(package)) =
        (data("bdtopo/olemps-12174-v3-shp"), data("bdtopo/BDT_3-0_GPKG_LAMB93_olemps-12174.gpkg"))
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let head = "resolution_m = 10.0";
    let of = |name: &str, path: &Path| {
        let (_, outcome) = assemble(folder, name, head, &[("bd-topo", path, "")]);
        let outcome = outcome.succeeded();
        for words in [
            "batiment : 2\u{202f}273 objets",
            "269 sans hauteur",
            "15 de hauteur nulle",
            "Impropre au calcul d'aléas",
        ] {
            assert!(outcome.stdout.contains(words), "« {words} » in {}", outcome.stdout);
        }
        (info(folder, &format!("{name}.twin")), outcome.stdout)
    };
    let (a, said) = of("shp", &shapes.join("*.shp"));
    assert!(said.contains("TRONCON_DE_ROUTE.shp"), "the missing .dbf is told: {said}");
    let (b, _) = of("gpkg", &package);
    assert_eq!(a["features"], b["features"]);
    assert_eq!(a["extent"], b["extent"]);
    assert_eq!(a["fit_for_hazard"], false);
    // All but the first line, which names the territory.
    let models = |name: &str| {
        let text = fs::read_to_string(folder.join(name).join("buildings.city.jsonl")).unwrap();
        text.split_once('\n').unwrap().1.to_owned()
    };
    assert!(models("shp.twin") == models("gpkg.twin"), "the same blocks from both");

    let scenario = r#"
schema = 1
id = "olemps-essai"
title = { fr = "Essai à Olemps", en = "Trial in Olemps" }
territory = "shp.twin"
[time]
start = "2024-01-15T00:00:00+01:00"
duration = "5 min"
[grid]
resolution_m = 20.0
extent = [663000, 6360000, 664500, 6361200]
[runs.crue]
simulation = "flood"
[runs.crue.parameters]
undeclared_edges = "wall"
inflow = { discharge_m3_per_s = 20.0, at = [663800, 6360700], source = "débit inventé" }
"#;
    fs::write(folder.join("essai.toml"), scenario).unwrap();
    let ran = twin(folder, &["run", "essai.toml"]).succeeded();
    let html = fs::read_to_string(report_of(&ran, folder)).unwrap();
    assert!(html.contains("impropre à toute conclusion sur l"), "the report says what it is not");
}

#[test]
fn lyon_is_reprojected_and_keeps_its_identifiers() {
    let Some(path) = data("bdtopo/lyon-part-dieu/geojson") else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (made, outcome) =
        assemble(folder, "lyon", "", &[("bd-topo", &path.join("polygon__*.geojson"), "")]);
    let outcome = outcome.succeeded();
    assert!(outcome.stdout.contains("reprojeté de EPSG:4326 vers EPSG:2154"), "{}", outcome.stdout);
    let territory = Territory::open(&made).unwrap();
    let extent = territory.manifest().extent;
    // Part-Dieu in Lambert-93.
    assert!(extent.contains(844_500.0, 6_519_700.0) || extent.min_x > 844_000.0, "{extent:?}");
    assert!(extent.width() < 1_000.0 && extent.height() < 1_000.0, "{extent:?}");
    let buildings = &territory.features().buildings;
    assert_eq!(buildings.iter().filter(|b| !b.rnb_ids.is_empty()).count(), 30);
    let models = fs::read_to_string(made.join("buildings.city.jsonl")).unwrap();
    assert!(models.contains("identifiants_rnb"));
}

#[test]
fn territories_in_their_own_systems() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let edge = |name: &str| data(&format!("lidar/edge-cases/{name}"));
    let (Some(reunion), Some(barth), Some(delft), Some(corse)) = (
        edge("sample_lareunion_epsg2975.laz"),
        edge("St_Barth_RGAF09_UTM20N_IGN_1988_SB_subset_100m.laz"),
        data("buildings/delft/ahn3"),
        data("lidar/ign-mnx-reference/input/corse.laz"),
    ) else {
        return;
    };
    let (m, _) = cloud(folder, "reunion", "crs = \"EPSG:2975\"", &reunion);
    assert_eq!(m.quality.terrain_source, TerrainSource::FilteredPoints);
    assert_eq!((m.crs.epsg(), m.quality.cells.measured), (2975, 0.0));
    assert!(m.vertical_datum.contains("1989"), "{}", m.vertical_datum);
    assert!(m.quality.errors.unwrap().nmad_m < 0.5);

    let (m, outcome) = cloud(folder, "saint-barth", "crs = \"EPSG:5490\"", &barth);
    assert!(outcome.stdout.contains("pris en EPSG:5490"));
    assert!(m.vertical_datum.contains("1988"), "{}", m.vertical_datum);
    assert!(m.quality.errors.unwrap().bias_m.abs() < 0.01);

    // A system that cannot be transformed is enough for a cloud that needs no transformation.
    let (m, _) = cloud(folder, "delft", "crs = \"EPSG:28992\"", &delft.join("*.laz"));
    assert!(m.quality.cells.void < 0.02 && m.quality.buildings.total() > 5);

    let (m, _) = cloud(folder, "corse", "resolution_m = 0.5", &corse);
    assert!(m.vertical_datum.contains("78"), "{}", m.vertical_datum);
}

/// Class 17 is that of decks.
#[test]
fn decks_of_lamballe_lie_under_the_points_of_their_class() {
    let Some(tile) = data("lidar/lamballe-0292_6833/test_semis_2023_0292_6833_LA93_IGN69.laz")
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let head = format!("{LAMBERT_93}\nresolution_m = 1.0");
    let (made, outcome) = assemble(folder.path(), "ponts", &head, &[("lidar-hd", &tile, "")]);
    outcome.succeeded();
    let models = fs::read_to_string(made.join(Territory::BUILDINGS)).unwrap();
    let mut lines = models.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let transform = lines.next().unwrap()["transform"].take();
    let number = |value: &Value| value.as_f64().unwrap();
    let mut decks: Vec<Vec<Polygon>> = Vec::new();
    for line in lines {
        let corner = |vertex: &Value| {
            let at = |k: usize| {
                let place = &line["vertices"][vertex.as_u64().unwrap() as usize][k];
                number(place) * number(&transform["scale"][k]) + number(&transform["translate"][k])
            };
            (at(0), at(1))
        };
        let face = |rings: &Value| {
            let corners: Vec<_> = rings[0].as_array().unwrap().iter().map(corner).collect();
            Polygon::from_corners(&corners)
        };
        let objects = line["CityObjects"].as_object().unwrap().values();
        for bridge in objects.filter(|object| object["type"] == "Bridge") {
            let faces = bridge["geometry"][0]["boundaries"].as_array().unwrap();
            decks.push(faces.iter().map(face).collect());
        }
    }
    let query = PointQuery { classes: Some(vec![17]), ..PointQuery::default() };
    let points = PointFile::open(&tile).unwrap().read(&query).unwrap();
    // The side of a deck is that of its cells: points lie on it within half a cell.
    let is_on_a_deck = |k: &usize| {
        let [x, y, _] = points.position(*k);
        let around = [(0.0, 0.0), (0.5, 0.0), (-0.5, 0.0), (0.0, 0.5), (0.0, -0.5)];
        decks.iter().flatten().any(|f| around.iter().any(|(dx, dy)| f.contains(x + dx, y + dy)))
    };
    let on = (0..points.len()).filter(is_on_a_deck).count();
    println!("{} decks; {on} of {} points lie on one", decks.len(), points.len());
    assert!(points.len() > 200 && on as f64 >= 0.95 * points.len() as f64);
}

/// AHN3 and the footprints of the large-scale map of the Netherlands, moved onto their points.
#[test]
fn delft_with_its_footprints() {
    let Some(delft) = data("buildings/delft") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (made, outcome) = assemble(
        folder.path(),
        "delft",
        "crs = \"EPSG:28992\"\nresolution_m = 0.5",
        &[
            ("lidar-hd", &delft.join("ahn3/*.laz"), ""),
            ("bd-topo", &delft.join("bgt/bgt_pand.sqlite"), "layer = \"batiment\""),
        ],
    );
    println!("{}", outcome.succeeded().stdout);
    let territory = Territory::open(&made).unwrap();
    let models = &territory.features().building_models;
    let lod = |wanted: &str| models.iter().filter(|m| m.lod.as_deref() == Some(wanted)).count();
    let volumes = models.iter().filter_map(|m| m.volume_m3.zip(m.surface_volume_m3));
    let mut off: Vec<f64> = volumes.map(|(model, surface)| (model / surface - 1.0).abs()).collect();
    off.sort_by(f64::total_cmp);
    let share = |s: f64| off[((off.len() - 1) as f64 * s).round() as usize];
    println!(
        "LoD2.2 {}, LoD1.3 {}, LoD1.2 {}; volume against the surface p50 {:.3}, p90 {:.3}",
        lod("2.2"),
        lod("1.3"),
        lod("1.2"),
        share(0.5),
        share(0.9)
    );
    assert_eq!(models.len(), 160);
    assert!(lod("2.2") >= 155);
    assert!(share(0.5) <= 0.02 && share(0.9) <= 0.05, "{} {}", share(0.5), share(0.9));
}

#[test]
fn dense_blocks_and_crops() {
    let (Some(montpellier), Some(bresse), Some(mnx), Some(rennes)) = (
        data("lidar/montpellier-dense-150x100m"),
        data("lidar/bresse-870000_6618000-bdtopo"),
        data("lidar/ign-mnx-reference/input"),
        data("surelevation/rennes-demo-01"),
    ) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let head = "resolution_m = 0.5\npoint_selection = \"all\"";
    // The complete version stands in for the block that is cut.
    let blocks: Vec<PathBuf> = [
        "full_test_data_77050_627755*",
        "test_data_77050_627760*",
        "test_data_77055*.laz",
        "test_data_77060*.laz",
    ]
    .map(|name| montpellier.join(name))
    .to_vec();
    let sources: Vec<(&str, &Path, &str)> =
        blocks.iter().map(|b| ("lidar-hd", b.as_path(), "")).collect();
    let (made, outcome) = assemble(folder, "montpellier", head, &sources);
    outcome.succeeded();
    let m = Territory::read_manifest(&made).unwrap();
    assert!(m.quality.cells.void < 0.002, "no hole under the blocks of the town: {:?}", m.quality);
    assert!(m.quality.errors.unwrap().bias_m.abs() < 0.01);

    let (made, outcome) = assemble(
        folder,
        "bresse",
        "resolution_m = 0.5",
        &[
            ("lidar-hd", &bresse.join("*postValidation.laz"), ""),
            ("bd-topo", &bresse.join("*.shp"), "layer = \"batiment\""),
        ],
    );
    assert!(outcome.succeeded().stdout.contains("batiment : 40 objets"));
    let m = Territory::read_manifest(&made).unwrap();
    assert!(m.quality.buildings.lidar >= 5 && m.quality.buildings.derived_footprints == 0);

    for (name, bias_m) in [("bat", 0.04), ("crop_1", 0.04), ("crop_2", 0.04), ("pont", 0.04)] {
        let head = "resolution_m = 0.5\npoint_selection = \"ign-max\"";
        let (m, _) = cloud(folder, name, head, &mnx.join(format!("{name}.laz")));
        let errors = m.quality.errors.unwrap();
        assert!(errors.bias_m.abs() <= bias_m, "{name}: {errors:?}");
    }

    let buildings = rennes.join("BATIMENT.shp");
    let roads = rennes.join("TRONCON_ROUTE.shp");
    let (made, outcome) = assemble(
        folder,
        "rennes",
        LAMBERT_93,
        &[("bd-topo", &buildings, ""), ("bd-topo", &roads, "")],
    );
    outcome.succeeded();
    let m = Territory::read_manifest(&made).unwrap();
    assert_eq!((m.quality.buildings.total(), m.fit_for_hazard), (117, false));
}

#[test]
fn threads_locale_and_odd_paths_change_nothing() {
    let Some(path) = data("lidar/bresse-870000_6618000-bdtopo") else { return };
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("Données d'été – Saint-Étienne (n° 2)");
    fs::create_dir(&odd).unwrap();
    let copied = odd.join("nuage été.laz");
    let cloud = fs::read_dir(path).unwrap().map(|e| e.unwrap().path());
    let cloud = cloud.filter(|p| p.to_string_lossy().ends_with("postValidation.laz")).last();
    fs::copy(cloud.unwrap(), &copied).unwrap();
    territory_file(&odd, "été", LAMBERT_93, &[("lidar-hd", Path::new("nuage été.laz"), "")]);
    let hash = |out: &str, threads: &str, locale: &str| {
        let arguments = ["--threads", threads, "assemble", "été.toml", "--out", out];
        twin_with(&odd, &arguments, &[("LC_ALL", locale), ("LANG", locale)]).succeeded();
        Territory::read_manifest(&odd.join(out)).unwrap().hash
    };
    let first = hash("un fil.twin", "1", "C");
    assert_eq!(first, hash("deux fils.twin", "2", "fr_FR.UTF-8"));
    assert_eq!(first, hash("trois fils.twin", "3", "tr_TR.UTF-8"));
    // Over itself: the earlier territory gives way to the same one.
    assert_eq!(first, hash("un fil.twin", "2", "C"));
    assert!(!odd.join("un fil.twin.old").exists() && !odd.join("un fil.twin.part").exists());
}
