use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::{
    spatial::{Crs, Line, VerticalDatum},
    test_support::tool,
};

fn header() -> CityModelHeader {
    let epsg = CityModelHeader::compound_epsg(Crs::LAMBERT_93, VerticalDatum::NgfIgn69);
    let mut header = CityModelHeader::new("Lamballe", epsg, [292_000.0, 6_832_000.0, 0.0]);
    header.reference_date = Some("2023-05-01".into());
    header.extent = Some([292_000.0, 6_832_000.0, 40.0, 293_000.0, 6_833_000.0, 110.0]);
    header
}

/// A block as a solid, its outer faces anticlockwise seen from outside.
fn block(x: f64, y: f64, side: f64, low: f64, high: f64) -> SurfaceGeometry {
    let corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)];
    let at = |z: f64| corners.map(|(x, y)| [x, y, z]);
    let close = |mut ring: Line| {
        ring.push(ring[0]);
        Surface { rings: vec![ring], semantic: None, attributes: Map::new() }
    };
    let mut surfaces = vec![
        Surface { semantic: Some(Semantic::Ground), ..close(at(low).into_iter().rev().collect()) },
        Surface {
            semantic: Some(Semantic::Roof),
            attributes: Map::from_iter([("pente".to_owned(), json!(0.0))]),
            ..close(at(high).to_vec())
        },
    ];
    for i in 0..4 {
        let (a, b) = (corners[i], corners[(i + 1) % 4]);
        let ring = vec![[a.0, a.1, low], [b.0, b.1, low], [b.0, b.1, high], [a.0, a.1, high]];
        surfaces.push(Surface { semantic: Some(Semantic::Wall), ..close(ring) });
    }
    SurfaceGeometry { lod: "1.2".into(), form: Form::Solid, surfaces }
}

fn building(i: usize) -> Vec<CityObject> {
    let mut parent = CityObject::new(format!("B{i}"), CityObjectKind::Building);
    parent.attributes.insert("hauteur".into(), json!(6.5));
    parent.attributes.insert("nature".into(), json!("Église"));
    parent.children = vec![format!("B{i}-1")];
    let mut part = CityObject::new(format!("B{i}-1"), CityObjectKind::BuildingPart);
    part.parents = vec![format!("B{i}")];
    part.geometries = vec![block(292_000.0 + 20.0 * i as f64, 6_832_010.25, 12.5, 51.2, 58.75)];
    vec![parent, part]
}

fn others() -> Vec<Vec<CityObject>> {
    let triangle = |z: f64| Surface {
        rings: vec![vec![
            [292_100.0, 6_832_100.0, z],
            [292_110.0, 6_832_100.0, z],
            [292_100.0, 6_832_110.0, z],
        ]],
        semantic: None,
        attributes: Map::new(),
    };
    let mut relief = CityObject::new("T1", CityObjectKind::TinRelief);
    relief.geometries = vec![SurfaceGeometry {
        lod: "1".into(),
        form: Form::CompositeSurface,
        surfaces: vec![triangle(50.0)],
    }];
    let mut water = CityObject::new("W1", CityObjectKind::WaterBody);
    water.geometries = vec![SurfaceGeometry {
        lod: "1".into(),
        form: Form::MultiSurface,
        surfaces: vec![Surface { semantic: Some(Semantic::Water), ..triangle(45.0) }],
    }];
    let mut tree = CityObject::new("A1", CityObjectKind::SolitaryVegetationObject);
    tree.geometries = vec![block(292_200.0, 6_832_200.0, 4.0, 50.0, 58.0)];
    tree.geometries[0].surfaces.iter_mut().for_each(|s| {
        s.semantic = None;
        s.attributes.clear();
    });
    vec![vec![relief], vec![water], vec![tree]]
}

fn write(path: &std::path::Path) -> Vec<FeaturePlace> {
    let mut writer = CityJsonSeqWriter::create(path, &header()).unwrap();
    let places = (0..5).map(building).chain(others()).map(|f| writer.add(&f).unwrap()).collect();
    writer.finish().unwrap();
    places
}

/// Within half a unit of the vertices.
fn assert_near(a: &[CityObject], b: &[CityObject]) {
    let plain = |objects: &[CityObject]| {
        let mut objects = objects.to_vec();
        objects.iter_mut().for_each(|o| o.geometries.clear());
        objects
    };
    assert_eq!(plain(a), plain(b));
    for (a, b) in a.iter().zip(b).flat_map(|(a, b)| a.geometries.iter().zip(&b.geometries)) {
        assert_eq!((&a.lod, a.form, a.surfaces.len()), (&b.lod, b.form, b.surfaces.len()));
        for (a, b) in a.surfaces.iter().zip(&b.surfaces) {
            assert_eq!(a.semantic, b.semantic);
            for (a, b) in a.rings.iter().flatten().zip(b.rings.iter().flatten()) {
                assert!((0..3).all(|i| (a[i] - b[i]).abs() <= 0.000_501), "{a:?} {b:?}");
            }
        }
    }
}

#[test]
fn features_read_back_by_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("buildings.city.jsonl");
    let places = write(&path);
    let mut file = CityJsonSeq::open(&path).unwrap();
    assert_eq!(*file.header(), header());
    assert_eq!(file.places().unwrap(), places);
    for i in [3, 0, 4] {
        assert_near(&file.feature_at(places[i]).unwrap(), &building(i));
    }
    assert_near(&file.feature_at(places[6]).unwrap(), &others()[1]);
    let text = std::fs::read_to_string(&path).unwrap();
    let line = text.lines().nth(1).unwrap();
    assert_eq!(&text[places[0].offset as usize..][..places[0].length as usize], line);
    let json: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(json["vertices"].as_array().unwrap().len(), 8, "corners are shared");
    assert!(file.feature_at(FeaturePlace { offset: 10, length: u64::MAX }).is_err());
    assert!(file.feature_at(FeaturePlace { offset: 10, length: 50 }).is_err());
}

#[test]
fn surfaces_that_shrink_to_nothing_are_left_out_and_bad_vertices_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.city.jsonl");
    let mut writer = CityJsonSeqWriter::create(&path, &header()).unwrap();
    let mut object = CityObject::new("B", CityObjectKind::Building);
    object.geometries = vec![block(292_000.0, 6_832_000.0, 0.0001, 1.0, 2.0)];
    let place = writer.add(&[object.clone()]).unwrap();
    object.geometries = vec![block(292_000.0, 6_832_000.0, 1.0, f64::NAN, 2.0)];
    assert_eq!(writer.add(&[object]).unwrap_err().code(), "file.not-finite");
    assert!(writer.add(&[]).is_err());
    writer.finish().unwrap();
    let read = CityJsonSeq::open(&path).unwrap().feature_at(place).unwrap();
    assert!(read[0].geometries.is_empty());
}

/// `cjval` is the validator of the CityJSON project.
#[test]
fn the_validator_of_cityjson_accepts_both_forms() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.city.json");
    let features: Vec<_> = (0..5).map(building).chain(others()).collect();
    write_city_model(&path, &header(), &features).unwrap();
    let doubled = [building(0), building(0)];
    assert!(write_city_model(&path, &header(), &doubled).is_err());
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(json["version"], "2.0");
    assert_eq!(json["CityObjects"].as_object().unwrap().len(), 13);
    let is_valid = |report: &serde_json::Value| report["valid"] == json!(true);
    let Some(output) = tool("cjval", &["--report", path.to_str().unwrap()]) else { return };
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(is_valid(&report), "{report:#}");
    let path = folder.path().join("buildings.city.jsonl");
    write(&path);
    let command = format!("cjval --report < '{}'", path.display());
    let Some(output) = tool("sh", &["-c", &command]) else { return };
    let reports: Vec<serde_json::Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(reports.len(), 9, "the header and eight features");
    assert!(reports.iter().all(is_valid), "{reports:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn hostile_files_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        length in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.city.jsonl");
        let places = write(&path);
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, value) in edits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if is_cut {
            bytes.truncate(length.index(bytes.len()));
        }
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(mut file) = CityJsonSeq::open(&path) {
            let found = file.places().unwrap();
            for place in places.iter().chain(&found) {
                let _ = file.feature_at(*place);
            }
        }
    }
}
