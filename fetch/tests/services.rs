//! The services at their worst: pages, caps, busy and broken answers, hostile ones. No outside host is
//! contacted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

mod asking;
mod server;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use asking::{client, client_with, patience, request, run};
use serde_json::{Value, json};
use server::{Content, Fault, SOUTH, Server, WEST};
use twin_core::Error;
use twin_fetch::{Cache, Client, Place, Request, Service, Services, fetch};

fn square(west: f64, south: f64, side: f64) -> Value {
    let (east, north) = (west + side, south + side);
    json!({ "type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]] })
}

fn feature(id: &str, geometry: Value, properties: Value) -> Value {
    json!({ "type": "Feature", "id": id, "geometry": geometry, "properties": properties })
}

/// A commune with buildings and tiles.
fn content(buildings: usize, tiles: usize) -> Content {
    let mut content = Content { cap: 50, ..Content::default() };
    let commune = |k: usize, code: &str, name: &str| {
        let properties =
            json!({ "cleabs": format!("COM{k}"), "code_insee": code, "nom_officiel": name });
        feature(&format!("commune.{k}"), square(WEST, SOUTH, 1000.0), properties)
    };
    content.layers.insert(
        "BDTOPO_V3:commune".into(),
        vec![
            commune(1, "12174", "Olemps"),
            commune(2, "01001", "Saint-Jean"),
            commune(3, "02002", "Saint-Jean"),
        ],
    );
    let building = |k: usize| {
        let at = square(WEST + (k % 90) as f64 * 10.0, SOUTH + (k / 90) as f64 * 10.0, 5.0);
        feature(&format!("batiment.{k}"), at, json!({ "cleabs": format!("BATIMENT{k:08}") }))
    };
    content.layers.insert("BDTOPO_V3:batiment".into(), (0..buildings).map(building).collect());
    let tile = |k: usize| {
        let name =
            format!("LHD_FXX_{:04}_{:04}_PTS_LAMB93_IGN69.copc.laz", 700 + k % 10, 6601 + k / 10);
        let url = format!("http://data.geopf.fr/telechargement/download/NUAL/bloc/{name}");
        let mut bytes = b"LASF".to_vec();
        bytes.extend((0..20_000 + k).map(|i| (i * 31 + k) as u8));
        (
            feature(
                &format!("metadata.{k}"),
                square(WEST, SOUTH, 1000.0),
                json!({ "url_npl": url }),
            ),
            name,
            bytes,
        )
    };
    let mut index = Vec::new();
    for (entry, name, bytes) in (0..tiles).map(tile) {
        index.push(entry);
        content.files.insert(format!("/telechargement/download/NUAL/bloc/{name}"), bytes);
    }
    content.layers.insert("IGNF_LIDAR-HD_METADONNEE:metadata".into(), index);
    for layer in every_other_layer() {
        content.layers.entry(layer).or_default();
    }
    let station = |code: &str| json!({ "code_station": code, "longitude_station": 3.0, "latitude_station": 46.5 });
    let stations = ["A", "B", "C"].map(station).to_vec();
    content.records.insert("/hydrometrie/referentiel/stations".into(), stations);
    content
}

/// Layers that are there and have nothing for the area.
fn every_other_layer() -> Vec<String> {
    let bdtopo = [
        "troncon_de_route",
        "troncon_de_voie_ferree",
        "troncon_hydrographique",
        "surface_hydrographique",
        "plan_d_eau",
        "cours_d_eau",
        "detail_hydrographique",
        "zone_de_vegetation",
        "haie",
        "zone_d_activite_ou_d_interet",
        "poste_de_transformation",
        "equipement_de_transport",
        "construction_lineaire",
        "construction_surfacique",
        "construction_ponctuelle",
        "ligne_orographique",
        "reservoir",
        "pylone",
        "cimetiere",
        "terrain_de_sport",
        "piste_d_aerodrome",
        "limite_terre_mer",
        "zone_d_estran",
        "foret_publique",
        "erp",
        "canalisation",
    ];
    bdtopo.iter().map(|l| format!("BDTOPO_V3:{l}")).collect()
}

fn features(path: &Path) -> Vec<Value> {
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    file["features"].as_array().unwrap().clone()
}

#[test]
fn all_pages_come_whatever_the_cap_and_each_feature_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(content(333, 0), |_, _| None);
    let outcome =
        run(&client(&server, 2), &request(folder.path(), &["bd-topo", "hydrometry"])).unwrap();
    let buildings = features(&folder.path().join("sources/bd-topo/batiment.geojson"));
    let mut ids: Vec<String> = buildings.iter().map(|b| b["id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((buildings.len(), ids.len()), (333, 333));
    assert!(!folder.path().join("sources/bd-topo/haie.geojson").exists());
    assert_eq!(features(&folder.path().join("sources/hydrometry/stations.geojson")).len(), 3);
    let territory = std::fs::read_to_string(&outcome.territory).unwrap();
    assert!(territory.contains("bd-topo") && !territory.contains("lidar"), "{territory}");
    assert!(outcome.new.contains(&"sources/bd-topo/batiment.geojson".to_owned()));
}

#[test]
fn a_hundred_tiles_with_faults_arrive_complete() {
    let folder = tempfile::tempdir().unwrap();
    let tiles = content(0, 100);
    let expected = tiles.files.clone();
    // One of twenty requests for a tile fails, each in another way; the second request succeeds.
    let server = Server::start(tiles, |target, number| {
        let name = target.strip_prefix("/telechargement/")?;
        let k: usize = name.bytes().map(usize::from).sum::<usize>() % 20;
        match (number, k) {
            (0, 0) => Some(Fault::Cut(7777)),
            (0, 1) => Some(Fault::Status(429, Some(0))),
            (0, 2) => Some(Fault::Status(503, None)),
            (1, 0) => Some(Fault::Cut(100)),
            _ => None,
        }
    });
    run(&client(&server, 4), &request(folder.path(), &["lidar-hd-tiles"])).unwrap();
    let got = folder.path().join("sources/lidar-hd-tiles");
    assert_eq!(std::fs::read_dir(&got).unwrap().count(), 100, "nothing but the tiles");
    for (path, bytes) in expected {
        let name = path.rsplit('/').next().unwrap();
        assert!(std::fs::read(got.join(name)).unwrap() == bytes, "{name}");
    }
}

#[test]
fn an_interrupted_fetch_goes_on_and_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let tiles = content(60, 12);
    let expected = tiles.files.clone();
    let server = Server::start(tiles, |_, _| None);
    let mut stops = 0;
    // Stopped after one more file each time, as a user would with Ctrl-C.
    for allowed in 1..60 {
        let flag = Arc::new(AtomicBool::new(false));
        let client = client_with(&server, 6, Cache::none(), flag.clone());
        let came = std::sync::atomic::AtomicUsize::new(0);
        let tell = |event: twin_fetch::Event<'_>| {
            let is_new = matches!(event, twin_fetch::Event::Came(..));
            if is_new && came.fetch_add(1, Ordering::Relaxed) + 1 > allowed % 3 {
                flag.store(true, Ordering::Relaxed);
            }
        };
        match fetch(&request(folder.path(), &["bd-topo", "lidar-hd-tiles"]), &client, &tell) {
            Ok(_) => break,
            Err(Error::Cancelled) => stops += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(stops >= 5, "{stops}");
    run(&client(&server, 2), &request(folder.path(), &["bd-topo", "lidar-hd-tiles"])).unwrap();
    for (path, bytes) in expected {
        let name = path.rsplit('/').next().unwrap();
        let got = std::fs::read(folder.path().join("sources/lidar-hd-tiles").join(name)).unwrap();
        assert!(got == bytes, "{name}");
    }
    // Once everything is there nothing but the place, its communes and the index is asked for.
    let before = server.requests().len();
    run(&client(&server, 2), &request(folder.path(), &["bd-topo", "lidar-hd-tiles"])).unwrap();
    assert!(server.requests().len() - before <= 3);
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(content(0, 1), |target, number| {
        (target.starts_with("/telechargement") && number < 3).then_some(Fault::Cut(5000))
    });
    run(&client(&server, 6), &request(folder.path(), &["lidar-hd-tiles"])).unwrap();
    let asked = server.requests().iter().filter(|(_, t)| t.starts_with("/telechargement")).count();
    // 20 004 bytes in pieces of 5 000 and a rest: without going on it would never have ended.
    assert_eq!(asked, 4);
}

#[test]
fn a_range_that_was_not_asked_for_is_not_put_into_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let tiles = content(0, 1);
    let expected = tiles.files.values().next().unwrap().clone();
    let server = Server::start(tiles, |target, number| {
        let is_tile = target.starts_with("/telechargement");
        match number {
            0 if is_tile => Some(Fault::Cut(5000)),
            1 if is_tile => Some(Fault::Shifted(100)),
            _ => None,
        }
    });
    run(&client(&server, 6), &request(folder.path(), &["lidar-hd-tiles"])).unwrap();
    let got = std::fs::read_dir(folder.path().join("sources/lidar-hd-tiles")).unwrap();
    let files: Vec<_> = got.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert!(std::fs::read(&files[0]).unwrap() == expected);
}

#[test]
fn a_download_that_was_stopped_after_its_last_byte_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let tiles = content(0, 1);
    let (path, bytes) = tiles.files.iter().next().map(|(p, b)| (p.clone(), b.clone())).unwrap();
    let server = Server::start(tiles, |_, _| None);
    let got = folder.path().join("sources/lidar-hd-tiles");
    std::fs::create_dir_all(&got).unwrap();
    let to = got.join(path.rsplit('/').next().unwrap());
    std::fs::write(to.with_extension("laz.part"), &bytes).unwrap();
    std::fs::write(to.with_extension("laz.part-tag"), "\"v1\"").unwrap();
    run(&client(&server, 2), &request(folder.path(), &["lidar-hd-tiles"])).unwrap();
    assert!(std::fs::read(&to).unwrap() == bytes);
    assert_eq!(std::fs::read_dir(&got).unwrap().count(), 1);
}

#[test]
fn a_long_watercourse_that_begins_far_away_belongs_to_the_place_it_crosses() {
    let folder = tempfile::tempdir().unwrap();
    let mut content = content(5, 0);
    let far = [[WEST - 300_000.0, SOUTH - 90_000.0], [WEST + 500.0, SOUTH + 500.0]];
    let river = json!({ "type": "MultiLineString", "coordinates": [far] });
    let rivers = vec![feature("cours_d_eau.1", river, json!({ "cleabs": "R1" }))];
    content.layers.insert("BDTOPO_V3:cours_d_eau".into(), rivers);
    let server = Server::start(content, |_, _| None);
    run(&client(&server, 1), &request(folder.path(), &["bd-topo"])).unwrap();
    let path = folder.path().join("sources/bd-topo/cours_d_eau.geojson");
    assert_eq!(features(&path).len(), 1);
}

#[test]
fn layers_without_a_key_are_sorted_where_they_have_several_pages() {
    let folder = tempfile::tempdir().unwrap();
    let mut content = content(0, 0);
    let hedge = |k: usize| {
        let at = square(WEST + (k % 90) as f64 * 10.0, SOUTH + (k / 90) as f64 * 10.0, 5.0);
        feature(&format!("haie.{k}"), at, json!({ "id": k, "hauteur": 2 }))
    };
    content.layers.insert("HAIES.BOCAGES:haie".into(), (0..130).map(hedge).collect());
    let server = Server::start(content, |_, _| None);
    run(&client(&server, 1), &request(folder.path(), &["bd-haie"])).unwrap();
    assert_eq!(features(&folder.path().join("sources/bd-haie/haie.geojson")).len(), 130);
    let asked: Vec<String> = server.requests().into_iter().map(|(_, t)| t).collect();
    assert!(asked.iter().filter(|t| t.contains("SORTBY=id")).count() >= 3, "{asked:?}");
}

#[test]
fn a_folder_is_of_one_place() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(content(5, 0), |_, _| None);
    let client = client(&server, 1);
    run(&client, &request(folder.path(), &["bd-topo"])).unwrap();
    let place = Place::Extent([WEST, SOUTH, WEST + 10.0, SOUTH + 10.0]);
    let other = Request { place, ..request(folder.path(), &["bd-topo"]) };
    let error = run(&client, &other).unwrap_err().to_string();
    assert!(error.contains("insee 12174") && error.contains("--out"), "{error}");
}

#[test]
fn a_tile_that_left_the_index_or_has_a_new_name_leaves_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(content(0, 3), |_, _| None);
    run(&client(&server, 1), &request(folder.path(), &["lidar-hd-tiles"])).unwrap();
    let mut later = content(0, 2);
    let index = later.layers.get_mut("IGNF_LIDAR-HD_METADONNEE:metadata").unwrap();
    let old = index[0]["properties"]["url_npl"].as_str().unwrap().to_owned();
    let new = old.replace("_PTS_LAMB93", "_PTS_O_LAMB93");
    let at = |url: &str| url.strip_prefix("http://data.geopf.fr").unwrap().to_owned();
    // The old name is still listed, of an earlier edition.
    index[0]["properties"]["date_edition"] = json!("2024-01-01");
    let mut renamed = index[0].clone();
    renamed["id"] = json!("metadata.new");
    renamed["properties"] = json!({ "url_npl": new, "date_edition": "2025-01-01" });
    index.push(renamed);
    let bytes = later.files[&at(&old)].clone();
    later.files.insert(at(&new), bytes);
    let server = Server::start(later, |_, _| None);
    let outcome = run(&client(&server, 1), &request(folder.path(), &["lidar-hd-tiles"])).unwrap();
    assert_eq!(outcome.gone.len(), 2, "{:?}", outcome.gone);
    let got = std::fs::read_dir(folder.path().join("sources/lidar-hd-tiles")).unwrap();
    let mut names: Vec<String> =
        got.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert_eq!(names.len(), 2);
    assert!(names[0].contains("_0700_6601_PTS_O_"), "{names:?}");
    // An index that names nothing all at once removes nothing.
    let server = Server::start(content(0, 0), |_, _| None);
    let outcome = run(&client(&server, 1), &request(folder.path(), &["lidar-hd-tiles"])).unwrap();
    let left = std::fs::read_dir(folder.path().join("sources/lidar-hd-tiles")).unwrap();
    assert_eq!((outcome.gone.len(), left.count()), (0, 2));
}

#[test]
fn the_limit_of_a_service_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(content(0, 12), |_, _| None);
    let client = client(&server, 2).with_rate(Service::Download, 20.0);
    run(&client, &request(folder.path(), &["lidar-hd-tiles"])).unwrap();
    let mut times: Vec<_> =
        server.requests().into_iter().filter(|(_, t)| t.starts_with("/tele")).collect();
    times.sort();
    let elapsed = times[11].0.duration_since(times[0].0);
    // Twelve requests at twenty a second take eleven twentieths; a request may be late, never early.
    assert!(elapsed >= Duration::from_millis(500), "{elapsed:?}");
}

#[test]
fn what_is_not_what_was_asked_for_is_refused_in_a_sentence() {
    let elsewhere = "https://elsewhere.example/x".to_owned();
    let faults: [(Fault, &str); 4] = [
        (Fault::Html, "Service indisponible"),
        (Fault::Redirect(elsewhere), "elsewhere.example"),
        (Fault::Length(10_000_000_000), "refus"),
        (Fault::Status(404, None), "404"),
    ];
    for (fault, told) in faults {
        for (product, path) in [("lidar-hd-tiles", "/telechargement"), ("bd-topo", "batiment")] {
            let folder = tempfile::tempdir().unwrap();
            let fault = fault.clone();
            let server = Server::start(content(10, 1), move |target, _| {
                target.contains(path).then(|| fault.clone())
            });
            let error = run(&client(&server, 2), &request(folder.path(), &[product])).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(told), "{product}: {text}");
            assert_eq!(text.lines().count(), 1, "{text}");
            assert!(!folder.path().join("territoire.toml").exists());
        }
    }
}

#[test]
fn an_index_that_is_gone_has_another_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut tiles = content(0, 2);
    let index = tiles.layers.remove("IGNF_LIDAR-HD_METADONNEE:metadata").unwrap();
    let renamed = |mut f: Value| {
        let url = f["properties"]["url_npl"].take();
        f["properties"] = json!({ "url": url });
        f
    };
    let index = index.into_iter().map(renamed).collect();
    tiles.layers.insert("IGNF_NUAGES-DE-POINTS-LIDAR-HD:dalle".into(), index);
    let server = Server::start(tiles, |_, _| None);
    run(&client(&server, 1), &request(folder.path(), &["lidar-hd-tiles"])).unwrap();
    assert_eq!(std::fs::read_dir(folder.path().join("sources/lidar-hd-tiles")).unwrap().count(), 2);
}

#[test]
fn one_missing_tile_costs_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(content(0, 9), |target, _| {
        target.contains("_0703_").then_some(Fault::Status(404, None))
    });
    let error = run(&client(&server, 1), &request(folder.path(), &["lidar-hd-tiles"])).unwrap_err();
    assert!(error.to_string().contains("0703"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path().join("sources/lidar-hd-tiles")).unwrap().count(), 8);
}

#[test]
fn swapped_axes_and_tiles_on_other_hosts_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut swapped = Content { ignores_bbox: true, ..content(3, 0) };
    for building in swapped.layers.get_mut("BDTOPO_V3:batiment").unwrap() {
        building["geometry"] = square(SOUTH, WEST, 5.0);
    }
    let server = Server::start(swapped, |_, _| None);
    let error = run(&client(&server, 1), &request(folder.path(), &["bd-topo"])).unwrap_err();
    assert!(error.to_string().contains("axes"), "{error}");

    let mut elsewhere = content(0, 1);
    let index = elsewhere.layers.get_mut("IGNF_LIDAR-HD_METADONNEE:metadata").unwrap();
    index[0]["properties"]["url_npl"] = json!("https://evil.example/../../x.laz");
    let server = Server::start(elsewhere, |_, _| None);
    let error = run(&client(&server, 1), &request(folder.path(), &["lidar-hd"])).unwrap_err();
    assert!(error.to_string().contains("evil.example"), "{error}");
}

#[test]
fn places_are_found_or_asked_back() {
    let server = Server::start(content(0, 0), |_, _| None);
    let client = client(&server, 1);
    let find = |place: Place| place.find(&client, 50.0);
    let area = find(Place::Name("Olemps".into())).unwrap();
    assert_eq!(
        (area.insee, <[f64; 4]>::from(area.extent)[0]),
        (vec!["12174".to_owned()], WEST - 50.0)
    );
    let twice = find(Place::Name("Saint-Jean".into())).unwrap_err().to_string();
    assert!(
        twice.contains("01001") && twice.contains("02002") && twice.contains("--insee"),
        "{twice}"
    );
    for (place, told) in [
        (Place::Insee("99".into()), "INSEE"),
        (Place::Insee("12345".into()), "12345"),
        (Place::Name("O'Brien".into()), "O'Brien"),
        (Place::Extent([0.0, 0.0, 1e6, 1e6]), "km²"),
        (Place::Extent([5.0, 0.0, 1.0, 1.0]), "extent"),
        (Place::Around([0.0, 0.0], -1.0), "radius"),
    ] {
        let error = find(place).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn an_update_tells_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start(content(5, 0), |_, _| None);
    run(&client(&first, 1), &request(folder.path(), &["bd-topo"])).unwrap();
    let mut later = content(6, 0);
    later.layers.insert(
        "BDTOPO_V3:haie".into(),
        vec![feature(
            "haie.1",
            json!({ "type": "LineString", "coordinates": [[WEST, SOUTH], [WEST + 5.0, SOUTH]] }),
            json!({ "cleabs": "H1" }),
        )],
    );
    let second = Server::start(later, |_, _| None);
    let update = Request { update: true, ..request(folder.path(), &["bd-topo"]) };
    let outcome = run(&client(&second, 1), &update).unwrap();
    let files = ["sources/bd-topo/batiment.geojson", "sources/bd-topo/haie.geojson"];
    assert_eq!(
        (&outcome.changed[..], &outcome.new[..]),
        (&[files[0].into()][..], &[files[1].into()][..])
    );
    let third = Server::start(content(0, 0), |_, _| None);
    let outcome = run(&client(&third, 1), &update).unwrap();
    assert_eq!(outcome.gone, files);
    assert!(!folder.path().join("sources/bd-topo/haie.geojson").exists());
}

#[test]
fn a_host_that_cannot_be_reached_is_named_with_what_to_do() {
    let services = Services::with(&["wfs=http://127.0.0.1:9/wfs".to_owned()]).unwrap();
    let client = Client::new(services, Cache::none(), patience(2), Arc::default());
    let error = Place::Insee("12174".into()).find(&client, 0.0).unwrap_err().to_string();
    assert!(error.contains("127.0.0.1:9") && error.contains("HTTPS_PROXY"), "{error}");
}
