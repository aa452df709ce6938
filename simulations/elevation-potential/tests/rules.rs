//! Rules at their limits: a house, its parcels, one rule at a time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod support;

use std::path::Path;

use geo::Area;
use support::{
    SOURCE, file, heights, house, national, of, parameters, rectangle, shape, street, upright,
    with, zone,
};
use twin_core::Language;
use twin_core::simulation::RunContext;
use twin_core::territory::{Features, Layer, Parcel, ZoneKind};
use twin_elevation_potential::place::{Gap, RuleId};
use twin_elevation_potential::rules::{Bonus, Rule, RuleFile, Stated, ZoneRules};
use twin_elevation_potential::{RuleBook, Study, Verdict};

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
fn a_house_too_narrow_for_a_storey_is_excluded_whatever_is_not_known() {
    let potential = national(house(rectangle(0.0, 0.0, 40.0, 4.0), 9.0), vec![]);
    assert!(potential.is_narrow);
    assert_eq!(potential.verdict, Verdict::Forbidden);
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
