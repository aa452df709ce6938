//! The products one by one: ranges of a cloud, windows of rasters, JSON services; what is shared,
//! what can be done without, and what is used when no service answers. No outside host is contacted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

mod asking;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use asking::{client, client_with, corner, names, patience, request, run};
use serde_json::{Value as Json, json};
use server::{Content, Fault, SOUTH, Server, WEST};
use twin_core::formats::GeoTiff;
use twin_core::formats::las::{PointFile, PointQuery, write_copc};
use twin_core::spatial::{Crs, Extent};
use twin_fetch::{Cache, Client, Place, Plan, Request, Services, plan};

const TILE: &str = "/telechargement/download/NUAL/LHD_FXX_0700_6601_PTS_LAMB93_IGN69.copc.laz";

/// A commune with a tile of 160 000 points on a slope, as COPC of an edition.
fn with_tile(folder: &Path, edition: &str) -> Content {
    let las = folder.join("t.las");
    let mut builder = las::Builder::from((1, 4));
    builder.point_format = las::point::Format::new(6).unwrap();
    let of = |offset: f64| las::Transform { scale: 0.01, offset };
    builder.transforms = las::Vector { x: of(WEST), y: of(SOUTH), z: of(0.0) };
    let mut writer = las::Writer::from_path(&las, builder.into_header().unwrap()).unwrap();
    for i in 0..160_000u32 {
        let (x, y) = (f64::from(i % 400) * 2.5 + 0.6, f64::from(i / 400) * 2.5 + 0.6);
        let point = las::Point {
            x: WEST + x,
            y: SOUTH + y,
            z: 100.0 + 0.1 * x + f64::from(i * 7919 % 97) * 0.01,
            classification: las::point::Classification::Ground,
            return_number: 1,
            number_of_returns: 1,
            gps_time: Some(0.0),
            ..las::Point::default()
        };
        writer.write_point(point).unwrap();
    }
    writer.close().unwrap();
    let copc = folder.join("t.copc.laz");
    write_copc(&las, &copc, Some(Crs::LAMBERT_93)).unwrap();
    let mut content = Content::of_a_commune();
    content.files.insert(TILE.into(), fs::read(copc).unwrap());
    let entry = json!({
        "type": "Feature",
        "id": "metadata.1",
        "geometry": null,
        "properties": {
            "url_npl": format!("http://data.geopf.fr{TILE}"),
            "date_edition": edition,
            "nombre_points": 160_000,
        },
    });
    content.layers.insert("IGNF_LIDAR-HD_METADONNEE:metadata".into(), vec![entry]);
    content
}

fn points(path: &Path, extent: Extent) -> Vec<[i64; 3]> {
    let query = PointQuery { extent: Some(extent), ..PointQuery::default() };
    let block = PointFile::open(path).unwrap().read(&query).unwrap();
    let mut all: Vec<[i64; 3]> =
        (0..block.len()).map(|i| block.position(i).map(|v| (v * 100.0).round() as i64)).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_tile_at_the_border_comes_by_ranges_and_only_as_much_as_the_extent_needs() {
    let folder = tempfile::tempdir().unwrap();
    let content = with_tile(folder.path(), "2025-03-01");
    let whole = folder.path().join("t.copc.laz");
    let server = Server::start(content, |target, number| {
        (target.starts_with("/chunk") && number == 2).then_some(Fault::Cut(1000))
    });
    let out = folder.path().join("out");
    let asked = corner(&out, &["lidar-hd"]);
    run(&client(&server, 3), &asked).unwrap();
    let got = out.join("sources/lidar-hd");
    assert_eq!(names(&got), ["LHD_FXX_0700_6601_PTS_LAMB93_IGN69.copc.laz"]);
    let window = got.join("LHD_FXX_0700_6601_PTS_LAMB93_IGN69.copc.laz");
    let extent = Extent::new(WEST + 20.0, SOUTH + 20.0, WEST + 150.0, SOUTH + 120.0).unwrap();
    let inside = points(&whole, extent);
    assert!(inside.len() > 1900 && inside == points(&window, extent), "{}", inside.len());
    let (part, all) = (fs::metadata(&window).unwrap().len(), fs::metadata(&whole).unwrap().len());
    assert!(part * 3 < all, "{part} of {all}");
    let targets: Vec<String> = server.requests().into_iter().map(|(_, t)| t).collect();
    assert!(targets.iter().all(|t| !t.starts_with("/telechargement")), "{targets:?}");
    // Another extent is another window of the same tile.
    let wider = Request { buffer_m: 200.0, ..corner(&out, &["lidar-hd"]) };
    run(&client(&server, 3), &wider).unwrap();
    assert!(fs::metadata(&window).unwrap().len() > part);
}

#[test]
fn an_interrupted_window_asks_for_no_byte_twice() {
    let folder = tempfile::tempdir().unwrap();
    let content = with_tile(folder.path(), "2025-03-01");
    // After the second range the service is gone until the next call.
    let server = Server::start(content, |target, number| {
        (target.starts_with("/chunk") && (2..4).contains(&number))
            .then_some(Fault::Status(503, None))
    });
    let out = folder.path().join("out");
    let asked = corner(&out, &["lidar-hd"]);
    assert!(run(&client(&server, 2), &asked).is_err());
    let before = server.requests().iter().filter(|(_, t)| t.starts_with("/chunk")).count();
    run(&client(&server, 2), &asked).unwrap();
    let after = server.requests().iter().filter(|(_, t)| t.starts_with("/chunk")).count();
    // Header, end, nodes: what came before the interruption is not asked for again.
    assert!(before >= 4 && after - before <= 2, "{before} {after}");
    assert_eq!(names(&out.join("sources/lidar-hd")).len(), 1);
}

#[test]
fn without_ranges_or_with_another_format_the_tile_comes_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut content = with_tile(folder.path(), "2025-03-01");
    let sound = content.files[TILE].clone();
    let server = Server::start(content, |target, _| {
        target.starts_with("/chunk").then_some(Fault::Status(404, None))
    });
    let out = folder.path().join("out");
    run(&client(&server, 2), &corner(&out, &["lidar-hd"])).unwrap();
    let path = out.join("sources/lidar-hd/LHD_FXX_0700_6601_PTS_LAMB93_IGN69.copc.laz");
    assert!(fs::read(&path).unwrap() == sound);

    content = with_tile(folder.path(), "2025-03-01");
    let plain = fs::read(folder.path().join("t.las")).unwrap();
    content.files.insert(TILE.into(), plain.clone());
    let server = Server::start(content, |_, _| None);
    let out = folder.path().join("plain");
    run(&client(&server, 2), &corner(&out, &["lidar-hd"])).unwrap();
    let path = out.join("sources/lidar-hd/LHD_FXX_0700_6601_PTS_LAMB93_IGN69.copc.laz");
    assert!(fs::read(&path).unwrap() == plain);
}

/// A slope; nothing north of the kilometre.
fn slope(layer: &str, x: f64, y: f64) -> f32 {
    let top = if layer.contains("_MNS_") { 8.0 } else { 0.0 };
    match y > SOUTH + 1000.25 {
        true => -9999.0,
        false => (200.0 + 0.1 * (x - WEST) + top) as f32,
    }
}

#[test]
fn models_stand_in_for_tiles_that_are_not_there_as_tiff_or_raw_values() {
    for as_raw in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let content = Content { raster: Some(slope), ..with_tile(folder.path(), "2025") };
        let server = Server::start(content, move |target, _| {
            (as_raw && target.contains("image/geotiff")).then_some(Fault::Html)
        });
        let out = folder.path().join("out");
        // The tile 0700_6601 is in the index; east of it nothing, and north of it not even a model.
        let asked = Request {
            place: Place::Extent([WEST + 900.0, SOUTH + 900.0, WEST + 1100.0, SOUTH + 1100.0]),
            buffer_m: 0.0,
            ..request(&out, &["lidar-models"])
        };
        let outcome = run(&client(&server, 1), &asked).unwrap();
        let got = out.join("sources/lidar-models");
        assert_eq!(names(&got), ["MNS_0701_6601.tif", "MNT_0701_6601.tif"], "{as_raw}");
        let terrain = GeoTiff::open(got.join("MNT_0701_6601.tif")).unwrap();
        let spec = *terrain.spec();
        // Cells are centred on the half-metre grid.
        assert_eq!((spec.west, spec.north), (WEST + 999.75, SOUTH + 1000.25));
        assert_eq!((spec.columns, spec.rows), (200, 200));
        let height = *terrain.read_band(0).unwrap().at(WEST + 1050.0, SOUTH + 950.0).unwrap();
        assert!((height - 305.0).abs() < 1e-3, "{height}");
        let territory = fs::read_to_string(outcome.territory).unwrap();
        assert!(territory.contains("mnt-lidar-hd") && territory.contains("mns-lidar-hd"));
    }
}

#[test]
fn models_stand_in_for_a_tile_that_the_server_has_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut content = Content { raster: Some(slope), ..with_tile(folder.path(), "2025") };
    content.files.clear();
    let server = Server::start(content, |_, _| None);
    let out = folder.path().join("out");
    let error = run(&client(&server, 1), &corner(&out, &["lidar-hd"])).unwrap_err().to_string();
    assert!(error.contains("LHD_FXX_0700_6601") && error.contains("lidar-models"), "{error}");
    let outcome = run(&client(&server, 1), &corner(&out, &["lidar-hd", "lidar-models"])).unwrap();
    assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
    let got = names(&out.join("sources/lidar-models"));
    assert_eq!(got, ["MNS_0700_6601.tif", "MNT_0700_6601.tif"]);
    assert!(fs::read_to_string(outcome.territory).unwrap().contains("mnt-lidar-hd"));
}

#[test]
fn orthophotos_are_pictures_with_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let content = Content { raster: Some(|_, x, _| (x - WEST) as f32), ..Content::of_a_commune() };
    let server = Server::start(content, |_, _| None);
    run(&client(&server, 1), &corner(folder.path(), &["ortho"])).unwrap();
    let tiff = GeoTiff::open(folder.path().join("sources/ortho/ORTHO_0700_6601.tif")).unwrap();
    assert_eq!(tiff.spec().columns, 260);
}

#[test]
fn records_of_json_services_become_tables_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let mut content = Content::of_a_commune();
    let mut list = |path: &str, records: Vec<Json>| content.records.insert(path.into(), records);
    let building = |k: usize| {
        json!({
            "rnb_id": format!("RNB{k:09}"),
            "status": "constructed",
            "ext_ids": [{ "id": format!("BATIMENT{k}"), "source": "bdtopo" }],
            "addresses": [],
        })
    };
    list("/rnb/buildings/", (0..5).map(building).collect());
    list("/georisques/gaspar/risques", (0..3).map(|k| json!({ "num_risque": k })).collect());
    list("/georisques/gaspar/pprn", (0..5).map(|k| json!({ "idGaspar": k })).collect());
    let people = |year: &str, measure: &str, value: f64| {
        json!({
            "dimensions": { "POPREF_MEASURE": measure, "TIME_PERIOD": year },
            "measures": { "OBS_VALUE_NIVEAU": { "value": value } },
        })
    };
    let census = [("2021", "PMUN", 3400.0), ("2022", "PMUN", 3439.0), ("2022", "PTOT", 3500.0)];
    list(
        "/insee/data/DS_POPULATIONS_REFERENCE",
        census.iter().map(|(y, m, v)| people(y, m, *v)).collect(),
    );
    let homes = |kind: &str, value: f64| {
        json!({
            "dimensions": { "OCS": kind, "TIME_PERIOD": "2022" },
            "measures": { "OBS_VALUE_NIVEAU": { "value": value } },
        })
    };
    list(
        "/insee/data/DS_RP_LOGEMENT_PRINC",
        vec![homes("_T", 1719.4), homes("DW_MAIN", 1500.0), homes("DW_VAC", 120.0)],
    );
    list(
        "/hydrometrie/referentiel/stations",
        vec![json!({ "code_station": "O123", "longitude_station": 2.5, "latitude_station": 44.3 })],
    );
    let observation = |hour: usize, value: f64| {
        let time = format!("2026-11-01T{hour:02}:00:00Z");
        json!({ "code_station": "O123", "date_obs": time, "resultat_obs": value })
    };
    list("/hydrometrie/observations_tr", (0..5).map(|k| observation(k, 1500.0)).collect());
    let server = Server::start(content, |_, _| None);
    let products = ["rnb", "georisques", "insee", "hydrometry"];
    let outcome = run(&client(&server, 2), &corner(folder.path(), &products)).unwrap();
    assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
    let sources = folder.path().join("sources");
    let text = |name: &str| fs::read_to_string(sources.join(name)).unwrap();
    assert_eq!(text("rnb/rnb.csv").lines().count(), 6);
    assert!(text("rnb/rnb.csv").contains("BATIMENT4;RNB000000004;constructed;"));
    assert_eq!(text("insee/population.csv").lines().nth(1), Some("12174;2022;3439;1719;1500;;120"));
    assert_eq!(text("hydrometry/O123_Q.csv").lines().count(), 6);
    assert!(text("hydrometry/O123_Q.csv").contains("2026-11-01T04:00:00Z;1.5"));
    let plans: Json = serde_json::from_str(&text("georisques/pprn.json")).unwrap();
    assert_eq!(plans["records"].as_array().unwrap().len(), 5);
    assert!(!sources.join("georisques/tri.json").exists());
    let territory = fs::read_to_string(outcome.territory).unwrap();
    assert!(
        territory.contains("key = \"code_insee\"") && territory.contains("layer = \"commune\"")
    );
}

#[test]
fn what_one_can_do_without_is_told_and_what_not_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    // No layer of hedges, no service of risks: the points come all the same.
    let content = with_tile(folder.path(), "2025");
    let server = Server::start(content, |target, _| {
        target.starts_with("/georisques").then_some(Fault::Status(500, None))
    });
    let out = folder.path().join("out");
    let asked = request(&out, &["bd-haie", "georisques", "lidar-hd"]);
    let outcome = run(&client(&server, 1), &asked).unwrap();
    assert_eq!(outcome.failed.len(), 7, "{:?}", outcome.failed);
    assert!(outcome.failed.contains_key("sources/bd-haie/haie.geojson"));
    let record: Json =
        serde_json::from_slice(&fs::read(out.join("sources/fetch.json")).unwrap()).unwrap();
    assert_eq!(record["failed"].as_object().unwrap().len(), 7);
    assert!(outcome.territory.is_file());
    // The next call asks for what failed and nothing else.
    let before = server.requests().len();
    run(&client(&server, 1), &asked).unwrap();
    let again: Vec<String> = server.requests()[before..].iter().map(|(_, t)| t.clone()).collect();
    assert!(again.iter().all(|t| !t.contains("copc")), "{again:?}");
    // A territory file that was not touched follows what came; one that somebody changed stays.
    let territory = || fs::read_to_string(out.join("territoire.toml")).unwrap();
    assert!(!territory().contains("mnt-lidar-hd") && territory().contains("lidar-hd"));
    fs::write(out.join("territoire.toml"), format!("{}\n# à moi\n", territory())).unwrap();
    run(&client(&server, 1), &asked).unwrap();
    assert!(territory().contains("# à moi"));
    let layers_are_gone = Server::start(Content::of_a_commune(), |_, _| None);
    let out = folder.path().join("essential");
    let error = run(&client(&layers_are_gone, 1), &request(&out, &["bd-topo"])).unwrap_err();
    assert!(error.to_string().contains("HTTP 400"), "{error}");
    assert!(!out.join("territoire.toml").exists());
}

#[test]
fn without_a_network_what_an_earlier_call_brought_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let content = with_tile(folder.path(), "2025");
    let server = Server::start(content, |_, _| None);
    let out = folder.path().join("out");
    let asked = request(&out, &["lidar-hd"]);
    run(&client(&server, 1), &asked).unwrap();
    let gone: Vec<String> =
        server.options().iter().map(|o| o.replace(&server.base, "http://127.0.0.1:9")).collect();
    let offline = || {
        let services = Services::with(&gone).unwrap();
        Client::new(services, Cache::none(), patience(1), Arc::default())
    };
    let hosts = std::sync::Mutex::new(Vec::new());
    let tell = |event: twin_fetch::Event<'_>| {
        if let twin_fetch::Event::Offline(host) = event {
            hosts.lock().unwrap().push(host.to_owned());
        }
    };
    let outcome = twin_fetch::fetch(&asked, &offline(), &tell).unwrap();
    assert_eq!(outcome.area.name, "Olemps");
    assert_eq!(*hosts.lock().unwrap(), ["127.0.0.1:9"]);
    // For another place there is nothing to fall back on.
    let other = Request { buffer_m: 7.0, ..request(&out, &["lidar-hd"]) };
    let error = run(&offline(), &other).unwrap_err().to_string();
    assert!(error.contains("127.0.0.1:9") && error.contains("HTTPS_PROXY"), "{error}");
}

#[test]
fn a_tile_is_asked_for_once_for_all_territories_until_its_next_edition() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let asked =
        |server: &Server| server.requests().iter().filter(|(_, t)| t.starts_with("/tele")).count();
    let tile = |out: &Path| -> PathBuf {
        out.join("sources/lidar-hd-tiles/LHD_FXX_0700_6601_PTS_LAMB93_IGN69.copc.laz")
    };
    let server = Server::start(with_tile(folder.path(), "2025"), |_, _| None);
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let fetched = |server: &Server, out: &Path, update: bool| {
        let client = client_with(server, 1, Cache::at(&cache), Arc::default());
        run(&client, &Request { update, ..request(out, &["lidar-hd-tiles"]) }).unwrap()
    };
    fetched(&server, &one, false);
    fetched(&server, &two, false);
    assert_eq!(asked(&server), 1);
    assert!(fs::read(tile(&one)).unwrap() == fs::read(tile(&two)).unwrap());
    // An update asks only for what has another edition.
    assert!(fetched(&server, &one, true).changed.is_empty());
    assert_eq!(asked(&server), 1);
    let mut content = with_tile(folder.path(), "2026");
    content.files.get_mut(TILE).unwrap().push(0);
    let later = Server::start(content, |_, _| None);
    assert_eq!(fetched(&later, &one, true).changed.len(), 1);
    assert_eq!(asked(&later), 1);
}

#[test]
fn a_plan_tells_sizes_and_counts_without_getting_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut content = with_tile(folder.path(), "2025-03-01");
    let hedges =
        vec![json!({ "type": "Feature", "id": "h.1", "geometry": null, "properties": {} })];
    content.layers.insert("HAIES.BOCAGES:haie".into(), hedges);
    let server = Server::start(content, |_, _| None);
    let client = client(&server, 1);
    let asked = request(folder.path(), &["bd-haie", "lidar-hd"]);
    let Plan { area, parts, failed } = plan(&asked, &client).unwrap();
    assert!(failed.is_empty());
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[0].0.count(&parts[0].1, &area, &client).unwrap(), Some(1));
    assert_eq!(parts[1].1.expected_bytes, Some(800_000));
    assert_eq!(parts[1].1.edition.as_deref(), Some("2025-03-01"));
    assert!(!folder.path().join("sources").exists());
}
