//! A house on its parcels by a street, zones over it, and files of rules.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use twin_core::simulation::{RunContext, parse_parameters};
use twin_core::spatial::{Geometry, Polygon};
use twin_core::territory::{Building, BuildingUse, Features, Layer, Parcel, Zone, ZoneKind};
use twin_elevation_potential::place::RuleId;
use twin_elevation_potential::rules::RuleFile;
use twin_elevation_potential::{Parameters, Potential, RuleBook, Study};

pub(crate) fn shape(corners: &[(f64, f64)]) -> Geometry {
    Geometry::Polygons(vec![Polygon::from_corners(corners)])
}

pub(crate) fn rectangle(west: f64, south: f64, east: f64, north: f64) -> Geometry {
    shape(&[(west, south), (east, south), (east, north), (west, north)])
}

/// A house with a flat roof so high over level ground at 0 m.
pub(crate) fn house(geometry: Geometry, height_m: f64) -> Building {
    let mut house = Building::bare("BATIMENT1", geometry);
    house.use_1 = Some(BuildingUse::Residential);
    house.height_m = Some(height_m);
    house.ground_min_m = Some(0.0);
    house.storeys = Some(1);
    house
}

/// A parcel of 20 m × 40 m north of a street of a width, neighbours at both sides and behind.
pub(crate) fn street(width_m: f64) -> Vec<Parcel> {
    vec![
        Parcel::bare("own", rectangle(0.0, 0.0, 20.0, 40.0)),
        Parcel::bare("west", rectangle(-20.0, 0.0, 0.0, 40.0)),
        Parcel::bare("east", rectangle(20.0, 0.0, 40.0, 40.0)),
        Parcel::bare("behind", rectangle(-20.0, 40.0, 40.0, 80.0)),
        Parcel::bare("opposite", rectangle(-60.0, -width_m - 30.0, 80.0, -width_m)),
    ]
}

pub(crate) fn parameters(more: serde_json::Value) -> Parameters {
    let mut all = serde_json::json!({
        "law_date": "2026-11-27",
        "urbanised": true,
        "storey": { "slab_m": 0.0 },
    });
    let more = more.as_object().cloned().unwrap_or_default();
    all.as_object_mut().unwrap().extend(more);
    parse_parameters("elevation-potential", &all).unwrap()
}

pub(crate) fn of(features: &Features, book: Option<RuleFile>) -> Potential {
    with(features, book, &parameters(serde_json::Value::Null))
}

pub(crate) fn with(
    features: &Features,
    book: Option<RuleFile>,
    parameters: &Parameters,
) -> Potential {
    let context = RunContext::new(0.0, 1.0);
    let study = Study::of_features(features, None, parameters, &context).unwrap();
    study.potential(0, &RuleBook::new(book, parameters))
}

pub(crate) fn national(house: Building, parcels: Vec<Parcel>) -> Potential {
    of(&Features { buildings: vec![house], parcels, ..Features::default() }, None)
}

/// Upright storeys and what stops them.
pub(crate) fn upright(potential: &Potential) -> (usize, Option<RuleId>) {
    let upright = &potential.raised.upright;
    (upright.storeys.len(), upright.refusal.rules.first().map(|(rule, _)| *rule))
}

pub(crate) fn zone(code: &str, geometry: Geometry) -> Zone {
    let mut zone = Zone::bare(code, geometry);
    zone.kind = Some(ZoneKind::UrbanPlanning);
    zone.code = Some(code.to_owned());
    zone.class = Some("U".to_owned());
    zone
}

pub(crate) const SOURCE: &str = r#"source = { article = "10", page = "3", quotation = "…", keyed_by = "A", keyed_on = "2026-01-01", valid_from = "2020-01-01" }"#;

pub(crate) fn file(text: &str) -> twin_core::Result<RuleFile> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("regles.toml");
    std::fs::write(&path, text.replace("SOURCE", SOURCE)).unwrap();
    RuleFile::read(&path)
}

pub(crate) fn heights(of: &[(&str, f64)]) -> RuleFile {
    let mut text = "schema = 1\ndocument = \"PLU\"\n".to_owned();
    for (code, top) in of {
        text += &format!("[zones.{code}.height]\nvalue = {{ top_m = {top:.1} }}\nSOURCE\n");
        for free in ["street", "side"] {
            text += &format!("[zones.{code}.{free}]\nfree = true\nSOURCE\n");
        }
    }
    file(&text).unwrap()
}
