//! From an INSEE code to the report of a flood: `twin fetch` and `twin study new --insee` on a server of the
//! test that holds a synthetic commune.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

mod commune;
#[path = "../../fetch/tests/server/mod.rs"]
mod server;

use std::fs;
use std::path::{Path, PathBuf};

use commune::{refuses, says, text, twin};
use serde_json::{Value as Json, json};
use server::{Content, Server};
use twin_core::formats::las::{PointFile, write_copc};
use twin_core::formats::{FeatureTable, Value, read_vector};
use twin_core::spatial::{Crs, Geometry, Polygon, Position};
use twin_core::test_support::data;

/// A layer of the commune's BD TOPO as the service gives it.
fn features(table: &FeatureTable) -> Vec<Json> {
    let position = |p: &Position| match p[2].is_finite() {
        true => json!(p),
        false => json!([p[0], p[1]]),
    };
    let line = |l: &Vec<Position>| l.iter().map(position).collect::<Vec<_>>();
    let polygon = |p: &Polygon| p.rings().map(line).collect::<Vec<_>>();
    let geometry = |g: &Geometry| match g {
        Geometry::Points(points) => json!({ "type": "Point", "coordinates": position(&points[0]) }),
        Geometry::Lines(lines) => {
            json!({ "type": "MultiLineString", "coordinates": lines.iter().map(line).collect::<Vec<_>>() })
        }
        Geometry::Polygons(all) => {
            json!({ "type": "MultiPolygon", "coordinates": all.iter().map(polygon).collect::<Vec<_>>() })
        }
    };
    let value = |v: &Value| match v {
        Value::Null => Json::Null,
        other => other.as_text().map_or_else(
            || {
                other
                    .as_real()
                    .map_or_else(|| json!(matches!(other, Value::Bool(true))), |n| json!(n))
            },
            |t| json!(t),
        ),
    };
    let feature = |(index, feature): (usize, &twin_core::formats::Feature)| {
        let names = table.fields.iter().map(|f| f.name.clone());
        let properties: serde_json::Map<String, Json> =
            names.zip(feature.values.iter().map(value)).collect();
        json!({
            "type": "Feature",
            "id": format!("{}.{index}", table.name),
            "geometry": feature.geometry.as_ref().map(geometry),
            "properties": properties,
        })
    };
    table.features.iter().enumerate().map(feature).collect()
}

/// The sources of the small commune as services hold them, and its INSEE code.
fn served(name: &str) -> (Content, String, PathBuf) {
    let folder = commune::with_sources(name);
    let sources = folder.join("sources");
    let mut content = Content { cap: 100, raster: Some(|_, _, _| -9999.0), ..Content::default() };
    let mut insee = String::new();
    for entry in fs::read_dir(&sources).unwrap().flatten() {
        let path = entry.path();
        let is_topo = entry.file_name().to_string_lossy().starts_with("BDT_");
        if !is_topo {
            continue;
        }
        for table in read_vector(&path).unwrap() {
            if let (Some(column), Some(first)) =
                (table.column("code_insee"), table.features.first())
                && table.name == "commune"
            {
                insee = first.values[column].as_text().unwrap().to_owned();
            }
            content.layers.insert(format!("BDTOPO_V3:{}", table.name), features(&table));
        }
    }
    let mut index = Vec::new();
    for entry in fs::read_dir(sources.join("lidar")).unwrap().flatten() {
        // As IGN delivers them: COPC, named by the kilometre of their north-west corner.
        let copc = folder.join("tile.copc.laz");
        write_copc(&entry.path(), &copc, Some(Crs::LAMBERT_93)).unwrap();
        let (x, y) = PointFile::open(&copc).unwrap().header().declared_extent.unwrap().centre();
        let (x, y) = ((x / 1000.0).floor(), (y / 1000.0).ceil());
        let file = format!("LHD_FXX_{x:04}_{y:04}_PTS_LAMB93_IGN69.copc.laz");
        let path = format!("/telechargement/download/NUAL/{file}");
        let properties = json!({
            "url_npl": format!("http://data.geopf.fr{path}"),
            "date_edition": "2025-03-01",
        });
        index.push(
            json!({ "type": "Feature", "id": file, "geometry": null, "properties": properties }),
        );
        content.files.insert(path, fs::read(copc).unwrap());
    }
    assert_eq!(index.len(), 1);
    content.layers.insert("IGNF_LIDAR-HD_METADONNEE:metadata".into(), index);
    // Layers that are there and have nothing here.
    for layer in LAYERS {
        content.layers.entry((*layer).to_owned()).or_default();
    }
    let field = json!([[[X, Y], [X + 40.0, Y], [X + 40.0, Y + 40.0], [X, Y + 40.0], [X, Y]]]);
    content.layers.insert(
        "RPG.LATEST:parcelles_graphiques".into(),
        vec![json!({
            "type": "Feature",
            "id": "parcelles_graphiques.1",
            "geometry": { "type": "Polygon", "coordinates": field },
            "properties": { "id_parcel": "1", "code_cultu": "BTH", "code_group": "1" },
        })],
    );
    content.records.insert(
        "/insee/data/DS_POPULATIONS_REFERENCE".into(),
        vec![json!({
            "dimensions": { "POPREF_MEASURE": "PMUN", "TIME_PERIOD": "2022" },
            "measures": { "OBS_VALUE_NIVEAU": { "value": 4321 } },
        })],
    );
    (content, insee, folder)
}

/// South-west corner of a field.
const X: f64 = 700_300.0;
const Y: f64 = 6_599_700.0;

const LAYERS: &[&str] = &[
    "BDTOPO_V3:commune",
    "BDTOPO_V3:batiment",
    "BDTOPO_V3:troncon_de_route",
    "BDTOPO_V3:troncon_de_voie_ferree",
    "BDTOPO_V3:troncon_hydrographique",
    "BDTOPO_V3:surface_hydrographique",
    "BDTOPO_V3:plan_d_eau",
    "BDTOPO_V3:cours_d_eau",
    "BDTOPO_V3:detail_hydrographique",
    "BDTOPO_V3:zone_de_vegetation",
    "BDTOPO_V3:haie",
    "BDTOPO_V3:zone_d_activite_ou_d_interet",
    "BDTOPO_V3:poste_de_transformation",
    "BDTOPO_V3:equipement_de_transport",
    "BDTOPO_V3:construction_lineaire",
    "BDTOPO_V3:construction_surfacique",
    "BDTOPO_V3:construction_ponctuelle",
    "BDTOPO_V3:ligne_orographique",
    "BDTOPO_V3:reservoir",
    "BDTOPO_V3:pylone",
    "BDTOPO_V3:cimetiere",
    "BDTOPO_V3:terrain_de_sport",
    "BDTOPO_V3:piste_d_aerodrome",
    "BDTOPO_V3:limite_terre_mer",
    "BDTOPO_V3:zone_d_estran",
    "BDTOPO_V3:foret_publique",
    "BDTOPO_V3:erp",
    "BDTOPO_V3:canalisation",
    "HAIES.BOCAGES:haie",
    "LANDCOVER.FORESTINVENTORY.V2:formation_vegetale",
    "VIGINOND-DIFFUSION:zip",
    "VIGINOND-DIFFUSION:zich",
    "VIGINOND-DIFFUSION:stationhydro",
    "CADASTRALPARCELS.PARCELLAIRE_EXPRESS:parcelle",
    "wfs_du:zone_urba",
    "wfs_du:prescription_surf",
    "wfs_du:prescription_lin",
    "wfs_du:prescription_pct",
    "wfs_sup:assiette_sup_s",
    "wfs_sup:assiette_sup_l",
    "wfs_sup:assiette_sup_p",
];

/// Options that put the server in the place of the services, as arguments.
fn options(server: &Server) -> Vec<String> {
    let urls = server.options().into_iter();
    urls.flat_map(|url| ["--base-url".to_owned(), url])
        .chain(["--wait".into(), "0.01".into(), "--no-cache".into()])
        .collect()
}

#[test]
fn a_commune_by_its_code_becomes_a_territory_a_flood_and_a_report() {
    let (content, insee, folder) = served("fetching");
    let server = Server::start(content, |_, _| None);
    let options = options(&server);
    let mut arguments = vec!["study", "new", "--insee", insee.as_str()];
    arguments.extend(options.iter().map(String::as_str));
    arguments.extend([
        "--discharge",
        "20",
        "--source",
        "essai",
        "--resolution",
        "10",
        "--at",
        "700010,6599868",
        "--rise",
        "0.2",
    ]);
    let output = twin(&arguments).current_dir(&folder).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    let place = folder.join(&insee);
    let territory = says(&["info", text(&place.join("territoire.twin"))]);
    assert!(territory.contains("batiment"), "{territory}");
    assert!(!told.contains("non obtenu"), "{told}");
    // What INSEE counts is what the commune has, and fields of the RPG are land cover.
    let features = read_vector(&place.join("territoire.twin/features.gpkg")).unwrap();
    let cell = |table: &str, column: &str| {
        let table = features.iter().find(|t| t.name == table).unwrap();
        table.features[0].values[table.column(column).unwrap()].clone()
    };
    assert_eq!(cell("commune", "population"), Value::Integer(4321));
    assert_eq!(cell("occupation_du_sol", "couverture"), Value::Text("crop".into()));
    assert!(place.join("territoire-etude/runs/studies/etude/rapport.html").is_file(), "{told}");
    let record: Json =
        serde_json::from_slice(&fs::read(place.join("sources/fetch.json")).unwrap()).unwrap();
    let building = &record["files"]["sources/bd-topo/batiment.geojson"];
    assert!(
        building["features"].as_u64().unwrap() > 0 && building["licence"] == "Licence Ouverte 2.0"
    );

    // The buildings of the services are those of the delivery.
    let direct = commune::assembled("fetching-direct");
    let count = |territory: &Path| {
        let found: Json =
            serde_json::from_str(&says(&["info", text(territory), "--json"])).unwrap();
        found["features"]["batiment"].clone()
    };
    assert_eq!(count(&place.join("territoire.twin")), count(&direct.join("commune.twin")));
}

#[test]
fn a_plan_names_files_licences_and_sizes_and_gets_nothing() {
    let (content, insee, folder) = served("fetching-plan");
    let server = Server::start(content, |_, _| None);
    let options = options(&server);
    let out = folder.join("rien");
    let mut arguments = vec!["fetch", "--insee", insee.as_str(), "--dry-run", "--out", text(&out)];
    arguments.extend(options.iter().map(String::as_str));
    let told = says(&arguments);
    assert!(told.contains("batiment.geojson") && told.contains("Licence Ouverte 2.0"), "{told}");
    assert!(told.contains("Mo") && told.contains("objets") && !out.exists(), "{told}");
    let mut unknown = vec!["fetch", "--insee", "00000", "--out", text(&out)];
    unknown.extend(options.iter().map(String::as_str));
    assert!(refuses(&unknown).contains("00000"));
    assert!(refuses(&["fetch", "--insee", "12174", "--products", "osm"]).contains("bd-topo"));
}

/// Bytes of all fetched files by name, the record apart.
fn bytes_of(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut all = std::collections::BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if entry.file_name() != "fetch.json" {
                let name = path.strip_prefix(folder).unwrap().to_path_buf();
                all.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    all
}

#[test]
fn a_fetch_killed_twenty_times_ends_with_the_same_bytes() {
    let (content, _, folder) = served("fetching-killed");
    // Answers that come slowly, so that the kills fall into all of them.
    let server = Server::start(content, |_, _| {
        std::thread::sleep(std::time::Duration::from_millis(15));
        None
    });
    let options = options(&server);
    // The commune's tile comes in part, by ranges.
    let arguments = |out: &'static str| {
        let mut arguments = vec!["fetch", "--bbox", "700000,6599750,700200,6599950", "--out", out];
        arguments.extend(["--buffer", "0", "--products", "bd-topo,rpg,lidar-hd"]);
        arguments.extend(options.iter().map(String::as_str));
        arguments
    };
    for k in 0..20u64 {
        let mut child = twin(&arguments("tue")).current_dir(&folder).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20 + k * 37 % 180));
        let _ = child.kill();
        let _ = child.wait();
    }
    for out in ["tue", "entier"] {
        let output = twin(&arguments(out)).current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let (killed, whole) = (bytes_of(&folder.join("tue")), bytes_of(&folder.join("entier")));
    assert_eq!(killed.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
    assert!(killed == whole, "other bytes after the kills");
}

#[test]
fn a_real_commune_stands_on_the_published_terrain_where_it_has_no_points() {
    let Some(package) = data("bdtopo/BDT_3-0_GPKG_LAMB93_olemps-12174.gpkg") else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fetching-olemps");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    // A hillside in place of the models, which nobody may hand on here; no point cloud.
    let mut content = Content {
        cap: 500,
        raster: Some(|layer, x, y| {
            let top = if layer.contains("_MNS_") { 3.0 } else { 0.0 };
            (500.0 + 0.02 * (x - 660_000.0) + 0.01 * (y - 6_360_000.0) + top) as f32
        }),
        ..Content::default()
    };
    for layer in LAYERS {
        content.layers.entry((*layer).to_owned()).or_default();
    }
    for table in read_vector(&package).unwrap() {
        content.layers.insert(format!("BDTOPO_V3:{}", table.name), features(&table));
    }
    for index in ["IGNF_LIDAR-HD_METADONNEE:metadata", "IGNF_NUAGES-DE-POINTS-LIDAR-HD:dalle"] {
        content.layers.insert(index.into(), Vec::new());
    }
    let served = content.layers["BDTOPO_V3:batiment"].len();
    let server = Server::start(content, |_, _| None);
    let options = options(&server);
    let bbox = ["--bbox", "664000,6360000,665000,6361000", "--buffer", "0", "--out", "olemps"];
    let mut arguments =
        vec!["fetch", "--resolution", "5", "--products", "bd-topo,lidar-hd,lidar-models"];
    arguments.extend(bbox);
    arguments.extend(options.iter().map(String::as_str));
    let fetched = twin(&arguments).current_dir(&folder).output().unwrap();
    assert!(fetched.status.success(), "{}", String::from_utf8_lossy(&fetched.stderr));
    let territory = folder.join("olemps/territoire.toml");
    let told = says(&["assemble", text(&territory)]);
    assert!(told.contains("Terrain issu d'un modèle publié (MNT)"), "{told}");
    let info: Json = serde_json::from_str(&says(&[
        "info",
        text(&folder.join("olemps/territoire.twin")),
        "--json",
    ]))
    .unwrap();
    let buildings = info["features"]["batiment"].as_u64().unwrap();
    assert!(buildings > 500 && buildings <= served as u64, "{buildings} of {served}");
    assert_eq!(info["fit_for_hazard"], true);
}
