//! What binds a place: zones, easements, prescriptions and hazards as they are drawn, parcels and streets as they lie.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod support;

use geo::Area;
use support::{
    file, heights, house, national, of, parameters, rectangle, street, upright, with, zone,
};
use twin_core::simulation::RunContext;
use twin_core::spatial::Geometry;
use twin_core::territory::{Features, HazardLevel, Layer, Parcel, Road, Zone, ZoneKind};
use twin_elevation_potential::place::{Gap, RuleId};
use twin_elevation_potential::{RuleBook, Study, Verdict};

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
