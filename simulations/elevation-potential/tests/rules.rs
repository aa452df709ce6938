//! Rules at their limits: a house, its parcels, one rule at a time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use std::path::Path;

use geo::Area;
use twin_core::Language;
use twin_core::simulation::{RunContext, parse_parameters};
use twin_core::spatial::{Geometry, Polygon};
use twin_core::territory::{
    Building, BuildingUse, Features, HazardLevel, Layer, Parcel, Road, Zone, ZoneKind,
};
use twin_elevation_potential::place::{Gap, RuleId};
use twin_elevation_potential::rules::{Bonus, Rule, RuleFile, Stated, ZoneRules};
use twin_elevation_potential::{Parameters, Potential, RuleBook, Study, Verdict};

fn shape(corners: &[(f64, f64)]) -> Geometry {
    Geometry::Polygons(vec![Polygon::from_corners(corners)])
}

fn rectangle(west: f64, south: f64, east: f64, north: f64) -> Geometry {
    shape(&[(west, south), (east, south), (east, north), (west, north)])
}

/// A house with a flat roof so high over level ground at 0 m.
fn house(geometry: Geometry, height_m: f64) -> Building {
    let mut house = Building::bare("BATIMENT1", geometry);
    house.use_1 = Some(BuildingUse::Residential);
    house.height_m = Some(height_m);
    house.ground_min_m = Some(0.0);
    house.storeys = Some(1);
    house
}

/// A parcel of 20 m × 40 m north of a street of a width, neighbours at both sides and behind.
fn street(width_m: f64) -> Vec<Parcel> {
    vec![
        Parcel::bare("own", rectangle(0.0, 0.0, 20.0, 40.0)),
        Parcel::bare("west", rectangle(-20.0, 0.0, 0.0, 40.0)),
        Parcel::bare("east", rectangle(20.0, 0.0, 40.0, 40.0)),
        Parcel::bare("behind", rectangle(-20.0, 40.0, 40.0, 80.0)),
        Parcel::bare("opposite", rectangle(-60.0, -width_m - 30.0, 80.0, -width_m)),
    ]
}

fn parameters(more: serde_json::Value) -> Parameters {
    let mut all = serde_json::json!({
        "law_date": "2026-11-27",
        "urbanised": true,
        "storey": { "slab_m": 0.0 },
    });
    let more = more.as_object().cloned().unwrap_or_default();
    all.as_object_mut().unwrap().extend(more);
    parse_parameters("elevation-potential", &all).unwrap()
}

fn of(features: &Features, book: Option<RuleFile>) -> Potential {
    with(features, book, &parameters(serde_json::Value::Null))
}

fn with(features: &Features, book: Option<RuleFile>, parameters: &Parameters) -> Potential {
    let context = RunContext::new(0.0, 1.0);
    let study = Study::of_features(features, None, parameters, &context).unwrap();
    study.potential(0, &RuleBook::new(book, parameters))
}

fn national(house: Building, parcels: Vec<Parcel>) -> Potential {
    of(&Features { buildings: vec![house], parcels, ..Features::default() }, None)
}

/// Upright storeys and what stops them.
fn upright(potential: &Potential) -> (usize, Option<RuleId>) {
    let upright = &potential.raised.upright;
    (upright.storeys.len(), upright.refusal.rules.first().map(|(rule, _)| *rule))
}

#[test]
fn a_street_exactly_as_wide_as_the_height_allows_it() {
    // On the alignment between its neighbours, 9 m high: the next top is at 12 m.
    let row = || house(rectangle(0.0, 0.0, 20.0, 12.0), 9.0);
    assert_eq!(upright(&national(row(), street(12.0))), (1, Some(RuleId::Street)));
    assert_eq!(upright(&national(row(), street(11.99))), (0, Some(RuleId::Street)));
    assert_eq!(upright(&national(row(), street(15.0))), (2, Some(RuleId::Street)));
    // Drawn back from the street, it has that distance more.
    let back = house(rectangle(0.0, 3.0, 20.0, 15.0), 9.0);
    assert_eq!(upright(&national(back, street(12.0))), (2, Some(RuleId::Street)));
}

#[test]
fn three_metres_from_a_limit_carry_six_metres_of_height() {
    let beside = |gap: f64| house(rectangle(gap, 0.0, 20.0, 12.0), 3.0);
    assert_eq!(upright(&national(beside(3.0), street(40.0))), (1, Some(RuleId::Side)));
    assert_eq!(upright(&national(beside(2.99), street(40.0))), (0, Some(RuleId::Side)));
    assert_eq!(upright(&national(beside(4.5), street(40.0))), (2, Some(RuleId::Side)));
    // On the limit itself, no distance is asked for.
    let (storeys, _) = upright(&national(beside(0.0), street(40.0)));
    assert_eq!(storeys, 10);
}

#[test]
fn the_ground_of_the_limit_counts_and_not_that_of_the_house() {
    use twin_core::spatial::{Grid, GridSpec};
    // The western limit lies 3 m above the house, whose foot is at 0 m.
    let spec = GridSpec { west: -50.0, north: 100.0, cell_size: 1.0, columns: 150, rows: 150 };
    let terrain = Grid::from_fn(spec, |_, column| if column < 54 { 3.0 } else { 0.0 });
    let features = Features {
        buildings: vec![house(rectangle(6.0, 0.5, 20.0, 12.0), 9.0)],
        parcels: street(60.0),
        ..Features::default()
    };
    let parameters = parameters(serde_json::Value::Null);
    let context = RunContext::new(0.0, 1.0);
    let on_slope = Study::of_features(&features, Some(terrain), &parameters, &context).unwrap();
    let level = Study::of_features(&features, None, &parameters, &context).unwrap();
    let book = RuleBook::new(None, &parameters);
    // At 6 m, 12 m above the limit: 15 m of altitude on the slope, 12 m on the level.
    assert_eq!(upright(&on_slope.potential(0, &book)).0, 2);
    assert_eq!(upright(&level.potential(0, &book)).0, 1);
}

#[test]
fn the_narrower_street_of_a_corner_refuses() {
    let mut parcels = street(30.0);
    // The western neighbour gives way to a street of 12 m.
    parcels[1] = Parcel::bare("west", rectangle(-40.0, 0.0, -12.0, 40.0));
    let corner = house(rectangle(0.0, 0.0, 20.0, 12.0), 9.0);
    let potential = national(corner, parcels);
    assert_eq!(upright(&potential), (1, Some(RuleId::Street)));
    assert!(potential.gaps.is_empty(), "{:?}", potential.gaps);
}

#[test]
fn a_neighbour_in_the_angle_of_a_parcel_counts_at_both_its_sides() {
    let mut parcels = street(60.0);
    let ell = [(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (10.0, 20.0), (10.0, 40.0), (0.0, 40.0)];
    parcels[0] = Parcel::bare("own", shape(&ell));
    parcels.push(Parcel::bare("angle", rectangle(10.0, 20.0, 20.0, 40.0)));
    // 3 m south of the angle's lower side, 3 m west of its other side.
    let low = house(rectangle(0.0, 5.0, 20.0, 17.0), 3.0);
    assert_eq!(upright(&national(low, parcels.clone())).0, 1);
    let beside = house(rectangle(0.0, 22.0, 7.0, 36.0), 3.0);
    assert_eq!(upright(&national(beside, parcels)).0, 1);
}

#[test]
fn what_is_not_known_is_told_and_never_allowed() {
    let row = || house(rectangle(0.0, 0.0, 20.0, 12.0), 6.0);
    let nowhere = national(row(), Vec::new());
    assert_eq!((nowhere.verdict, nowhere.gaps), (Verdict::Unknown, vec![Gap::NoParcel]));
    let mut parcels = street(30.0);
    parcels.pop();
    let open = national(row(), parcels);
    assert_eq!((open.verdict, open.gaps), (Verdict::Unknown, vec![Gap::StreetWidth]));
    let known = national(row(), street(30.0));
    assert_eq!((known.verdict, known.gaps), (Verdict::Allowed, vec![]));
}

fn zone(code: &str, geometry: Geometry) -> Zone {
    let mut zone = Zone::bare(code, geometry);
    zone.kind = Some(ZoneKind::UrbanPlanning);
    zone.code = Some(code.to_owned());
    zone.class = Some("U".to_owned());
    zone
}

const SOURCE: &str = r#"source = { article = "10", page = "3", quotation = "…", keyed_by = "A", keyed_on = "2026-01-01", valid_from = "2020-01-01" }"#;

fn file(text: &str) -> twin_core::Result<RuleFile> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("regles.toml");
    std::fs::write(&path, text.replace("SOURCE", SOURCE)).unwrap();
    RuleFile::read(&path)
}

fn heights(of: &[(&str, f64)]) -> RuleFile {
    let mut text = "schema = 1\ndocument = \"PLU\"\n".to_owned();
    for (code, top) in of {
        text += &format!("[zones.{code}.height]\nvalue = {{ top_m = {top:.1} }}\nSOURCE\n");
        for free in ["street", "side"] {
            text += &format!("[zones.{code}.{free}]\nfree = true\nSOURCE\n");
        }
    }
    file(&text).unwrap()
}

#[test]
fn a_house_across_two_zones_rises_in_each_as_it_may() {
    let features = Features {
        buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 9.0)],
        parcels: street(30.0),
        zones: vec![
            zone("UA", rectangle(-60.0, -60.0, 12.0, 100.0)),
            zone("UB", rectangle(12.0, -60.0, 100.0, 100.0)),
        ],
        ..Features::default()
    };
    let potential = of(&features, Some(heights(&[("UA", 15.0), ("UB", 12.0)])));
    assert_eq!(upright(&potential), (1, Some(RuleId::Height)));
    assert!((potential.raised.stepped.area_m2() - (240.0 + 144.0)).abs() < 1e-3);
    assert_eq!((potential.zone.as_str(), potential.verdict), ("UA", Verdict::Allowed));
}

#[test]
fn a_zone_without_rules_or_with_half_of_them_is_unknown() {
    let features = Features {
        buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 9.0)],
        parcels: street(30.0),
        zones: vec![zone("UA", rectangle(-60.0, -60.0, 100.0, 100.0))],
        ..Features::default()
    };
    let other = of(&features, Some(heights(&[("UC", 15.0)])));
    assert_eq!((other.verdict, other.gaps), (Verdict::Unknown, vec![Gap::Zone]));
    let half = file(
        "schema = 1\ndocument = \"PLU\"\n[zones.UA.height]\nvalue = { top_m = 15.0 }\nSOURCE\n",
    );
    let half = of(&features, Some(half.unwrap()));
    assert_eq!((half.verdict, half.gaps.clone()), (Verdict::Unknown, vec![Gap::Rule]));
    assert_eq!(upright(&half), (2, Some(RuleId::Height)));
    // What a known rule refuses is refused, whatever else nobody keyed.
    let low = file(
        "schema = 1\ndocument = \"PLU\"\n[zones.UA.height]\nvalue = { top_m = 9.0 }\nSOURCE\n",
    );
    assert_eq!(of(&features, Some(low.unwrap())).verdict, Verdict::Forbidden);
}

#[test]
fn a_rule_outside_its_dates_is_not_in_force() {
    let features = Features {
        buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 9.0)],
        parcels: street(30.0),
        zones: vec![zone("UA", rectangle(-60.0, -60.0, 100.0, 100.0))],
        ..Features::default()
    };
    let rules = heights(&[("UA", 15.0)]);
    let at = |date: &str| {
        let parameters = parameters(serde_json::json!({ "law_date": date }));
        let context = RunContext::new(0.0, 1.0);
        let study = Study::of_features(&features, None, &parameters, &context).unwrap();
        study.potential(0, &RuleBook::new(Some(rules.clone()), &parameters)).verdict
    };
    assert_eq!(at("2020-01-01"), Verdict::Allowed);
    assert_eq!(at("2019-12-31"), Verdict::Unknown);
    let before = ZoneRules::of(&rules, "UA", "2019-12-31".parse().unwrap()).unwrap();
    assert!(matches!(before.height, Rule::NotInForce(_)));
    assert_eq!(before.footprint, Rule::NotKeyed);
}

#[test]
fn an_envelope_is_a_wall_an_arc_an_oblique_and_a_crown() {
    // On the alignment, 9 m high: a wall of 12 m, an arc of 6 m, a crown of 21 m over 1 m per metre.
    let features = Features {
        buildings: vec![house(rectangle(0.0, 0.0, 20.0, 15.0), 9.0)],
        parcels: street(20.0),
        zones: vec![zone("UA", rectangle(-60.0, -60.0, 100.0, 100.0))],
        ..Features::default()
    };
    let with = |envelope: &str| {
        let mut text = "schema = 1\ndocument = \"PLU\"\n".to_owned();
        for free in ["height", "street", "side"] {
            text += &format!("[zones.UA.{free}]\nfree = true\nSOURCE\n");
        }
        text += &format!("[zones.UA.envelope]\nvalue = {{ {envelope} }}\nSOURCE\n");
        file(&text)
    };
    let arc = "arc_m = 6.0, slope = 1.0, crown_m = 21.0";
    let potential = of(&features, Some(with(&format!("vertical_m = 12.0, {arc}")).unwrap()));
    assert_eq!(upright(&potential), (1, Some(RuleId::Envelope)));
    let depths: Vec<f64> =
        potential.raised.stepped.storeys.iter().map(|s| s.shape.unsigned_area() / 20.0).collect();
    // Tops at 12, 15, 18 and 21 m draw back by 0, 6 − √(36 − 9), 6 and 9 m.
    let expected = [15.0, 15.0 - (6.0 - 27.0f64.sqrt()), 9.0, 6.0];
    assert_eq!(depths.len(), expected.len(), "{depths:?}");
    for (depth, expected) in depths.iter().zip(expected) {
        assert!((depth - expected).abs() < 1e-6, "{depths:?}");
    }
    assert_eq!(potential.raised.stepped.refusal.rules[0].0, RuleId::Envelope);
    assert_eq!(potential.verdict, Verdict::Allowed);
    // The same wall as half the street of 20 m and 2 m.
    let by_width = format!("vertical_m = 2.0, per_width = 0.5, {arc}");
    let same = of(&features, Some(with(&by_width).unwrap()));
    assert_eq!(same.raised.stepped.storeys, potential.raised.stepped.storeys);
    // Nobody knows a street without another side.
    let mut open = features.clone();
    open.parcels.pop();
    assert!(of(&open, Some(with(&by_width).unwrap())).gaps.contains(&Gap::StreetWidth));
    assert!(with("vertical_m = 12.0").unwrap_err().to_string().contains("crown_m"));
    assert!(with("vertical_m = 12.0, crown_m = 9.0").is_err());
}

#[test]
fn storeys_count_where_the_rule_counts_them() {
    let features = Features {
        buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 3.4)],
        parcels: street(60.0),
        zones: vec![zone("UA", rectangle(-60.0, -60.0, 100.0, 100.0))],
        ..Features::default()
    };
    let mut text = "schema = 1\ndocument = \"PLU\"\n".to_owned();
    text += "[zones.UA.height]\nvalue = { storeys = 3 }\nSOURCE\n";
    for free in ["street", "side"] {
        text += &format!("[zones.UA.{free}]\nfree = true\nSOURCE\n");
    }
    let rules = file(&text).unwrap();
    assert_eq!(upright(&of(&features, Some(rules.clone()))), (2, Some(RuleId::Storeys)));
    // A house that has them already may have no more, whatever else is not known.
    let mut full = features.clone();
    full.buildings[0].storeys = Some(3);
    full.parcels.clear();
    assert_eq!(of(&full, Some(rules)).verdict, Verdict::Forbidden);
}

#[test]
fn dwellings_rise_to_the_ridge_of_the_house_they_touch_apart_from_their_right() {
    let mut tall = house(rectangle(20.0, 0.0, 40.0, 12.0), 18.5);
    tall.id = "BATIMENT2".to_owned();
    let features = Features {
        buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 9.0), tall],
        parcels: street(30.0),
        zones: vec![zone("UA", rectangle(-60.0, -60.0, 100.0, 100.0))],
        ..Features::default()
    };
    let rules = || Some(heights(&[("UA", 12.0)]));
    let potential = of(&features, rules());
    assert_eq!(upright(&potential), (1, Some(RuleId::Height)));
    assert_eq!(potential.derogation.unwrap().storeys.len(), 3);
    // Until law 2025-1129 only in a tense zone, which many scenarios do not tell.
    for (day, is_tense, is_told) in [
        ("2025-11-27", Some(false), false),
        ("2025-11-27", Some(true), true),
        ("2025-11-27", None, true),
        ("2025-11-28", Some(false), true),
    ] {
        let more = serde_json::json!({ "law_date": day, "tense_zone": is_tense });
        let potential = with(&features, rules(), &parameters(more));
        assert_eq!(potential.derogation.is_some(), is_told, "{day} {is_tense:?}");
    }
}

#[test]
fn a_block_ends_at_the_street() {
    // Three houses in a row, the fourth across the street.
    let at = |id: &str, west: f64, south: f64| {
        let mut house = house(rectangle(west, south, west + 10.0, south + 10.0), 9.0);
        house.id = id.to_owned();
        house
    };
    let features = Features {
        buildings: vec![
            at("a", -15.0, 0.0),
            at("b", 5.0, 0.0),
            at("c", 25.0, 0.0),
            at("d", 5.0, -32.0),
        ],
        parcels: street(12.0),
        ..Features::default()
    };
    let parameters = parameters(serde_json::Value::Null);
    let context = RunContext::new(0.0, 1.0);
    let study = Study::of_features(&features, None, &parameters, &context).unwrap();
    let blocks = study.blocks();
    assert!(blocks[0].is_some() && blocks[0] == blocks[1] && blocks[1] == blocks[2]);
    assert_eq!(blocks[3], Some(4));
}

#[test]
fn an_easement_is_a_flag_until_somebody_read_its_text() {
    let mut features = Features {
        buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 6.0)],
        parcels: street(30.0),
        ..Features::default()
    };
    let mut easement = zone("PM1", rectangle(5.0, 5.0, 10.0, 10.0));
    easement.kind = Some(ZoneKind::Easement);
    easement.class = Some("PM1".to_owned());
    features.zones.push(easement);
    assert_eq!(of(&features, None).verdict, Verdict::Unknown);
    let decided = parameters(serde_json::json!({
        "decisions": { "PM1": { "verdict": "forbidden", "source": "PPRI, art. 3" } },
    }));
    let context = RunContext::new(0.0, 1.0);
    let study = Study::of_features(&features, None, &decided, &context).unwrap();
    let potential = study.potential(0, &RuleBook::new(None, &decided));
    assert_eq!(potential.verdict, Verdict::Forbidden);
}

#[test]
fn what_is_drawn_as_a_line_or_a_point_binds_the_building_it_is_drawn_on() {
    let protected = |geometry: Geometry| {
        let mut zone = zone("07", geometry);
        zone.kind = Some(ZoneKind::UrbanPrescription);
        zone.class = Some("07".to_owned());
        zone
    };
    let verdict = |zone: Zone| {
        let features = Features {
            buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 6.0)],
            parcels: street(60.0),
            zones: vec![zone],
            ..Features::default()
        };
        of(&features, None).verdict
    };
    let facade = |y: f64| Geometry::Lines(vec![vec![[-5.0, y, 0.0], [25.0, y, 0.0]]]);
    assert_eq!(verdict(protected(facade(-0.4))), Verdict::Possible);
    assert_eq!(verdict(protected(facade(-3.0))), Verdict::Allowed);
    assert_eq!(verdict(protected(Geometry::Points(vec![[10.0, 6.0, 0.0]]))), Verdict::Possible);
    // An area that touches the corner by a hand is of the drawing.
    assert_eq!(verdict(protected(rectangle(19.5, 11.5, 60.0, 60.0))), Verdict::Allowed);
    assert_eq!(verdict(protected(rectangle(18.0, 10.0, 60.0, 60.0))), Verdict::Possible);
}

#[test]
fn a_refusal_that_hangs_on_a_width_that_is_not_known_is_not_sure() {
    // No parcel opposite: the street is at least 7 m wide and leaves a metre at 18 m; the side limit leaves 11 m.
    let mut parcels = street(60.0);
    parcels.pop();
    let mut road =
        Road::bare("road", Geometry::Lines(vec![vec![[-80.0, -5.0, 0.0], [80.0, -5.0, 0.0]]]));
    road.width_m = Some(4.0);
    let features = Features {
        buildings: vec![house(rectangle(0.0, 0.0, 14.5, 12.0), 15.0)],
        parcels,
        roads: vec![road],
        ..Features::default()
    };
    let potential = of(&features, None);
    assert!(potential.told().is_empty());
    assert_eq!(potential.verdict, Verdict::Unknown);
    assert!(potential.gaps.contains(&Gap::StreetWidth));
    // With the far side known at the same distance the street refuses for sure.
    let mut known = features.clone();
    known.parcels.push(Parcel::bare("opposite", rectangle(-60.0, -40.0, 80.0, -7.0)));
    assert_eq!(of(&known, None).verdict, Verdict::Forbidden);
}

#[test]
fn strips_and_seams_of_the_drawing_are_no_neighbours_and_no_streets() {
    let row = || house(rectangle(0.0, 0.0, 20.0, 12.0), 9.0);
    let whole = upright(&national(row(), street(15.0)));
    // A strip of a metre along the street belongs to it.
    let mut strip = street(15.0);
    strip.push(Parcel::bare("strip", rectangle(0.0, -1.0, 20.0, 0.0)));
    assert_eq!(upright(&national(row(), strip)), whole);
    // Six decimetres between two neighbours are no street.
    let mut seam = street(15.0);
    seam[2] = Parcel::bare("east", rectangle(20.6, 0.0, 40.0, 40.0));
    assert_eq!(upright(&national(row(), seam)), whole);
    // An alley of two metres is one.
    let mut alley = street(15.0);
    alley[2] = Parcel::bare("east", rectangle(22.0, 0.0, 40.0, 40.0));
    assert_eq!(upright(&national(row(), alley)).0, 0);
}

#[test]
fn a_house_too_narrow_for_a_storey_is_excluded_whatever_is_not_known() {
    let potential = national(house(rectangle(0.0, 0.0, 40.0, 4.0), 9.0), vec![]);
    assert!(potential.is_narrow);
    assert_eq!(potential.verdict, Verdict::Forbidden);
}

#[test]
fn distances_that_differ_between_zones_are_not_known() {
    let rules = |west: f64, east: f64| {
        let mut text = "schema = 1\ndocument = \"PLU\"\n".to_owned();
        for (code, least) in [("UA", west), ("UB", east)] {
            text += &format!("[zones.{code}.height]\nvalue = {{ top_m = 15.0 }}\nSOURCE\n");
            text += &format!(
                "[zones.{code}.side]\nvalue = {{ on_limit = true, away = {{ least_m = {least:?} }} }}\nSOURCE\n"
            );
            text += &format!("[zones.{code}.street]\nfree = true\nSOURCE\n");
        }
        file(&text).unwrap()
    };
    let features = |border: f64| Features {
        buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 6.0)],
        parcels: street(60.0),
        zones: vec![
            zone("UA", rectangle(-60.0, -60.0, border, 100.0)),
            zone("UB", rectangle(border, -60.0, 100.0, 100.0)),
        ],
        ..Features::default()
    };
    assert_eq!(of(&features(12.0), Some(rules(3.0, 3.0))).verdict, Verdict::Allowed);
    let several = of(&features(12.0), Some(rules(3.0, 9.0)));
    assert_eq!(several.verdict, Verdict::Unknown);
    assert!(several.gaps.contains(&Gap::SeveralZones));
    // Two in a hundred of the house are of the drawing.
    assert_eq!(of(&features(19.6), Some(rules(3.0, 9.0))).verdict, Verdict::Allowed);
}

#[test]
fn what_is_excluded_tells_no_storeys() {
    let mut wood = zone("01", rectangle(5.0, 5.0, 10.0, 10.0));
    wood.kind = Some(ZoneKind::UrbanPrescription);
    wood.class = Some("01".to_owned());
    let features = Features {
        buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 6.0)],
        parcels: street(60.0),
        zones: vec![wood],
        ..Features::default()
    };
    let decided = parameters(serde_json::json!({
        "decisions": { "01": { "verdict": "forbidden", "source": "art. 13" } },
    }));
    let potential = with(&features, None, &decided);
    assert_eq!(potential.verdict, Verdict::Forbidden);
    assert!(!potential.raised.stepped.storeys.is_empty());
    assert!(potential.told().is_empty() && potential.told_upright().is_empty());
    assert_eq!(potential.best_area_m2(), 0.0);
}

#[test]
fn a_prescription_sets_its_height_where_it_lies() {
    // Under the eastern half, 9 m; the house is 6 m high and may rise by ten storeys elsewhere.
    let prescription = |label: &str, west: f64| {
        let mut zone = zone("39", rectangle(west, -5.0, 60.0, 60.0));
        zone.kind = Some(ZoneKind::UrbanPrescription);
        zone.class = Some("39".to_owned());
        zone.label = Some(label.to_owned());
        zone
    };
    let features = Features {
        buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 6.0)],
        parcels: street(60.0),
        zones: vec![prescription("Hauteur 9 m", 10.0), prescription("Recul", 40.0)],
        ..Features::default()
    };
    let decision = |key: &str| {
        let read = serde_json::json!({ "verdict": "allowed", "source": "art. 10", "top_m": 9.0 });
        parameters(serde_json::json!({ "decisions": { key: read } }))
    };
    for key in ["39", "39 Hauteur 9 m"] {
        let potential = with(&features, None, &decision(key));
        assert_eq!(potential.verdict, Verdict::Allowed);
        assert_eq!(upright(&potential), (1, Some(RuleId::Prescription)));
        let second = potential.raised.stepped.storeys[1].shape.unsigned_area();
        assert!((second - 120.0).abs() < 1e-6, "{second}");
    }
    // That of another name says nothing of this one.
    assert_eq!(with(&features, None, &decision("39 Recul")).verdict, Verdict::Unknown);
}

#[test]
fn a_hazard_of_the_ground_is_told_where_it_lies_and_binds_nothing() {
    let hazard = |west: f64, hazard: u32, level: u32| {
        let mut zone = zone("zone", rectangle(west, -5.0, west + 30.0, 60.0));
        zone.kind = Some(ZoneKind::Hazard);
        zone.hazards = vec![HazardLevel { hazard, level: Some(level) }];
        zone
    };
    let tells = |zone: Zone| {
        let features = Features {
            buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 6.0)],
            parcels: street(60.0),
            zones: vec![zone],
            ..Features::default()
        };
        let context = RunContext::new(0.0, 1.0);
        let parameters = parameters(serde_json::json!({}));
        let study = Study::of_features(&features, None, &parameters, &context).unwrap();
        assert!(study.places[0].bound.flags.is_empty());
        study.places[0].bound.on_unstable_ground
    };
    // A landslide and clay under it; a slide beside it, none there, and a flood.
    assert!(tells(hazard(10.0, 124, 2)) && tells(hazard(10.0, 127, 1)));
    assert!(!tells(hazard(25.0, 124, 2)) && !tells(hazard(10.0, 124, 0)));
    assert!(!tells(hazard(10.0, 112, 4)));
}

#[test]
fn a_bonus_of_height_is_told_apart() {
    let features = Features {
        buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 9.0)],
        parcels: street(30.0),
        zones: vec![zone("UA", rectangle(-60.0, -60.0, 100.0, 100.0))],
        ..Features::default()
    };
    let mut rules = heights(&[("UA", 12.0)]);
    let zone = rules.zones.get_mut("UA").unwrap();
    let source = zone.height.as_ref().unwrap().source.clone();
    let bonus = Bonus { height_share: 0.3, condition: "30 % de logements sociaux".to_owned() };
    zone.bonuses = vec![Stated { value: Some(bonus), free: false, source }];
    let potential = of(&features, Some(rules));
    assert_eq!(upright(&potential), (1, Some(RuleId::Height)));
    // 15.6 m carry two storeys of 3 m above 9 m.
    assert_eq!(potential.bonus.unwrap().storeys.len(), 2);
}

#[test]
fn a_rule_file_is_refused_in_one_sentence_that_names_the_place() {
    let head = "schema = 1\ndocument = \"PLU\"\n";
    let no_source = "[zones.UA.height]\nvalue = { top_m = 9.0 }\n";
    let empty = SOURCE.replace("\"10\"", "\"\"");
    let cases = [
        (no_source.to_owned(), "source"),
        (format!("[zones.UA.height]\nvalue = {{ top_m = 9.0 }}\n{empty}\n"), "zones.UA.height"),
        ("[zones.UA.height]\nvalue = { top_m = -9.0 }\nSOURCE\n".to_owned(), "zones.UA.height"),
        ("[zones.UA.height]\nvalue = { top_ft = 9.0 }\nSOURCE\n".to_owned(), "top_ft"),
        ("[zones.UA.height]\nSOURCE\n".to_owned(), "free"),
        ("[zones.UA.street]\nvalue = { slope = 0.0 }\nSOURCE\n".to_owned(), "zones.UA.street"),
        ("[zones.UA.hauteur]\nvalue = 3\n".to_owned(), "hauteur"),
    ];
    for (text, says) in cases {
        let error = file(&format!("{head}{text}")).unwrap_err().text(Language::Fr);
        assert!(error.contains(says) && error.lines().count() == 1, "{text}\n{error}");
    }
    assert!(RuleFile::read(Path::new("/nonexistent.toml")).is_err());
}

#[test]
fn storeys_that_nothing_known_bounds_are_not_told() {
    let nowhere = national(house(rectangle(0.0, 0.0, 20.0, 12.0), 6.0), Vec::new());
    assert!(!nowhere.is_bounded() && nowhere.told().is_empty());
    assert_eq!(nowhere.best_area_m2(), 0.0);
    let known = national(house(rectangle(0.0, 0.0, 20.0, 12.0), 6.0), street(30.0));
    assert!(known.is_bounded() && !known.told().is_empty());
}

#[test]
fn a_prescription_that_nobody_read_is_unknown_and_a_decision_goes_first() {
    let verdict = |class: &str, decisions: serde_json::Value| {
        let mut zone = zone("risques", rectangle(-5.0, -5.0, 25.0, 45.0));
        zone.kind = Some(ZoneKind::UrbanPrescription);
        zone.class = Some(class.to_owned());
        let features = Features {
            buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 3.0)],
            parcels: street(30.0),
            zones: vec![zone],
            ..Features::default()
        };
        let parameters = parameters(serde_json::json!({ "decisions": decisions }));
        let context = RunContext::new(0.0, 1.0);
        let study = Study::of_features(&features, None, &parameters, &context).unwrap();
        study.potential(0, &RuleBook::new(None, &parameters)).verdict
    };
    let none = || serde_json::json!({});
    // Building banned for risks, and a type that no standard has.
    assert_eq!(verdict("02", none()), Verdict::Unknown);
    assert_eq!(verdict("ZZ", none()), Verdict::Unknown);
    assert_eq!(verdict("16", none()), Verdict::Allowed);
    let read =
        |verdict: &str| serde_json::json!({ "02": { "verdict": verdict, "source": "art. 3" } });
    assert_eq!(verdict("02", read("forbidden")), Verdict::Forbidden);
    assert_eq!(verdict("02", read("allowed")), Verdict::Allowed);
}

#[test]
fn the_national_rules_allow_nothing_where_there_is_a_plan() {
    let on = |zones: Vec<Zone>, urbanised: bool| {
        let features = Features {
            buildings: vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 3.0)],
            parcels: street(30.0),
            zones,
            ..Features::default()
        };
        let parameters = parameters(serde_json::json!({ "urbanised": urbanised }));
        let context = RunContext::new(0.0, 1.0);
        let study = Study::of_features(&features, None, &parameters, &context).unwrap();
        study.potential(0, &RuleBook::new(None, &parameters)).verdict
    };
    assert_eq!(on(Vec::new(), true), Verdict::Allowed);
    assert_eq!(on(vec![zone("UA", rectangle(-5.0, -5.0, 25.0, 45.0))], true), Verdict::Unknown);
    // Outside the urbanised parts what stands may be extended (L111-4, 1°): the authority decides.
    assert_eq!(on(Vec::new(), false), Verdict::Possible);
}

#[test]
fn the_file_to_fill_in_holds_every_rule_and_reads_once_filled() {
    use twin_elevation_potential::rules::template;
    let filled: String = template("PLU", &[])
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rule)
                if ["[", "value =", "source =", "free ="].iter().any(|k| rule.starts_with(k)) =>
            {
                rule.replace("\"\"", "\"x\"") + "\n"
            }
            _ => line.to_owned() + "\n",
        })
        .collect();
    let rules = file(&filled).unwrap();
    assert_eq!(rules.zones["*"].not_keyed(), [""; 0]);
    assert_eq!(rules.zones["*"].bonuses.len(), 1);
    let bare = file(&template("PLU", &[])).unwrap();
    assert!(bare.zones["*"].not_keyed().contains(&"between"));
    let upside_down = "schema = 1\ndocument = \"PLU\"\n[zones.UA.height]\nvalue = { top_m = 9.0, eaves_m = 12.0 }\nSOURCE\n";
    let error = file(upside_down).unwrap_err().text(Language::Fr);
    assert!(error.contains("eaves_m"), "{error}");
}

#[test]
fn a_second_building_on_the_ground_asks_for_the_rule_between_them() {
    let verdict = |second: bool, between: &str| {
        let mut buildings = vec![house(rectangle(0.0, 0.0, 20.0, 12.0), 3.0)];
        if second {
            let mut shed = house(rectangle(5.0, 20.0, 15.0, 28.0), 3.0);
            shed.id = "BATIMENT2".to_owned();
            buildings.push(shed);
        }
        let features = Features {
            buildings,
            parcels: street(30.0),
            zones: vec![zone("UA", rectangle(-60.0, -60.0, 60.0, 90.0))],
            ..Features::default()
        };
        let rules = file(&format!(
            "schema = 1\ndocument = \"PLU\"\n[zones.UA.height]\nvalue = {{ top_m = 9.0 }}\nSOURCE\n\
             [zones.UA.street]\nfree = true\nSOURCE\n[zones.UA.side]\nfree = true\nSOURCE\n{between}"
        ))
        .unwrap();
        let of = of(&features, Some(rules));
        (of.verdict, of.gaps)
    };
    assert_eq!(verdict(false, ""), (Verdict::Allowed, vec![]));
    assert_eq!(verdict(true, ""), (Verdict::Unknown, vec![Gap::Between]));
    let free = "[zones.UA.between]\nfree = true\nSOURCE\n";
    assert_eq!(verdict(true, free), (Verdict::Allowed, vec![]));
}
