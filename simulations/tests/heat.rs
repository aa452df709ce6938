//! Shade and trees on a synthetic commune: cooler where the sun does not come, at the hour it does not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod territory;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use twin_core::results::exposure::footprint_cells;
use twin_core::scenario::MeasureContext;
use twin_core::simulation::{Fields, Outcome, RunContext, Simulation};
use twin_core::spatial::{Grid, GridSpec};
use twin_core::territory::{Aggregation, Territory, TerritoryView};

/// A clear day of 20 to 36 °C, hour by hour, universal time.
fn weather() -> PathBuf {
    // Written once: tests that run beside each other would read it half written.
    static WRITTEN: OnceLock<PathBuf> = OnceLock::new();
    WRITTEN.get_or_init(write_weather).clone()
}

fn write_weather() -> PathBuf {
    let path = territory::folder().join("journee.csv");
    let mut text =
        "time,air_temperature_c,relative_humidity_percent,global_radiation_w_m2,wind_speed_m_s\n"
            .to_owned();
    for hour in 1..=24 {
        let middle = f64::from(hour) - 0.5;
        let air = 28.0 + 8.0 * ((middle - 9.0) / 24.0 * std::f64::consts::TAU).sin();
        let sun = ((middle - 4.5) / 15.0 * std::f64::consts::PI).sin();
        let global = if (4.5..19.5).contains(&middle) { 900.0 * sun.max(0.0) } else { 0.0 };
        let (day, clock) = (15 + hour / 24, hour % 24);
        text += &format!("2024-07-{day}T{clock:02}:00:00Z,{air:.2},40,{global:.1},2\n");
    }
    std::fs::write(&path, text).unwrap();
    path
}

/// Runs a day and gives its outcome and the fields at an hour.
fn day(view: &Arc<TerritoryView>, further: Value, hour: f64) -> (Outcome, Fields) {
    let mut parameters = json!({ "weather": { "file": weather(), "source": "essai" } });
    for (key, value) in further.as_object().unwrap() {
        parameters[key] = value.clone();
    }
    let mut context = RunContext::new(86_400.0, 3600.0);
    context.start = "2024-07-15T00:00:00Z".parse().unwrap();
    let mut run =
        twin_heat::Heat::default().initialise(view.clone(), &parameters, &context).unwrap();
    let mut fields = Fields::new(*view.spec());
    run.advance_to(hour * 3600.0, &mut fields, &context).unwrap();
    let at_hour = fields.clone();
    run.advance_to(86_400.0, &mut fields, &context).unwrap();
    (run.finish(&context).unwrap(), at_hour)
}

fn view() -> Arc<TerritoryView> {
    let territory = Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 2.0);
    Arc::new(TerritoryView::new(territory, spec, Vec::new()).unwrap())
}

fn mean(values: impl Iterator<Item = f32>) -> f64 {
    let (sum, n) = values
        .filter(|v| v.is_finite())
        .fold((0.0, 0.0), |(sum, n), v| (sum + f64::from(v), n + 1.0));
    assert!(n > 5.0, "{n} cells only");
    sum / n
}

#[test]
fn crowns_cool_those_below_and_let_through_what_they_are_told_to() {
    let view = view();
    let canopy = view.band("canopy_height", Aggregation::Mean).unwrap();
    let under = |fields: &Fields, name: &str| {
        let values = fields.get(name).unwrap();
        let cells = canopy.values.iter().zip(values);
        // Well within a crown that stands high, under a high sun.
        mean(cells.filter(|(height, _)| **height > 6.0).map(|(_, v)| *v))
    };
    let open = |fields: &Fields, name: &str| {
        let values = fields.get(name).unwrap();
        let sunlit = fields.get("direct_sun_share").unwrap();
        mean(sunlit.iter().zip(values).filter(|(sun, _)| **sun == 1.0).map(|(_, v)| *v))
    };
    let (_, noon) = day(&view, json!({}), 12.0);
    for name in ["mean_radiant_temperature", "utci"] {
        assert!(under(&noon, name) < open(&noon, name) - 3.0, "{name}");
    }
    let (_, bare) = day(&view, json!({ "trees": { "transmissivity": 1.0 } }), 12.0);
    assert!(under(&bare, "utci") > under(&noon, "utci") + 2.0);
    let share = under(&bare, "direct_sun_share");
    assert!(share > 0.9, "{share}");
}

#[test]
fn the_shade_of_a_building_lies_west_in_the_morning_and_east_in_the_evening() {
    let view = view();
    let (outcome, morning) = day(&view, json!({}), 7.0);
    let (_, evening) = day(&view, json!({}), 18.0);
    let spec = view.spec();
    // Cells five to nine metres beside the western and eastern ends of buildings, in the open.
    let beside = |fields: &Fields, side: f64| {
        let sunlit =
            Grid::from_values(*spec, fields.get("direct_sun_share").unwrap().to_vec()).unwrap();
        let standing = view.features().buildings.iter().filter(|b| b.is_standing());
        let places = standing.filter(|b| !footprint_cells(spec, b).is_empty()).filter_map(|b| {
            let e = b.geometry.extent()?;
            let x = if side < 0.0 { e.min_x - 3.0 } else { e.max_x + 3.0 };
            sunlit.at(x, e.centre().1).copied()
        });
        mean(places)
    };
    assert!(beside(&morning, -1.0) < beside(&morning, 1.0));
    assert!(beside(&evening, 1.0) < beside(&evening, -1.0));
    // The day's figures agree with its maps.
    let field = |name: &str| &outcome.statics.iter().find(|f| f.name == name).unwrap().grid;
    let (strong, very_strong) = (field("strong_heat_hours"), field("very_strong_heat_hours"));
    assert!(strong.values.iter().zip(&very_strong.values).all(|(s, v)| s.is_nan() || s >= v));
    let highest = field("maximum_utci");
    let share = outcome.indicators.get("very_strong_heat_share").unwrap().value.unwrap();
    let open = highest.values.iter().filter(|v| v.is_finite()).count();
    let above = highest.values.iter().filter(|v| **v >= 38.0).count();
    assert!((share - 100.0 * above as f64 / open as f64).abs() < 1e-9);
}

#[test]
fn sealed_ground_made_grass_is_cooler_to_stand_on() {
    let territory = Territory::open(&territory::folder().join("small.twin")).unwrap();
    let e = territory.spec().extent();
    let ring = [[e.min_x, e.min_y], [e.max_x, e.min_y], [e.max_x, e.max_y], [e.min_x, e.max_y]];
    let registry = twin_simulations::registry().unwrap();
    let changed = |cover: &str| {
        let context = MeasureContext { name: "sol", territory: &territory };
        let parameters = json!({ "geometry": ring, "cover": cover });
        let kind = registry.measure("land-cover").unwrap();
        let edits = kind.edits(&parameters, &context).unwrap();
        let territory = Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap());
        let spec = GridSpec::covering(&territory.spec().extent(), 2.0);
        let view = Arc::new(TerritoryView::new(territory, spec, edits).unwrap());
        let (outcome, _) = day(&view, json!({}), 14.0);
        outcome.indicators.get("utci_max_median").unwrap().value.unwrap()
    };
    let (sealed, grass) = (changed("sealed"), changed("grass"));
    assert!(grass < sealed - 0.3, "{grass} {sealed}");
}

#[test]
fn planted_trees_cool_the_ground_below_them_and_felled_ones_warm_it() {
    let territory = Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 2.0);
    let registry = twin_simulations::registry().unwrap();
    let present = TerritoryView::new(territory.clone(), spec, Vec::new()).unwrap();
    let canopy = present.band("canopy_height", Aggregation::Mean).unwrap();
    let is_built: Vec<bool> = {
        let mut built = vec![false; spec.len()];
        for building in &present.features().buildings {
            for (row, column) in footprint_cells(&spec, building) {
                built[spec.index(row, column)] = true;
            }
        }
        built
    };
    // A place without trees or buildings within some metres.
    let bare = |row: usize, column: usize| {
        (row - 4..=row + 4).all(|r| {
            (column - 4..=column + 4).all(|c| canopy[(r, c)] < 0.5 && !is_built[spec.index(r, c)])
        })
    };
    let (row, column) = (10..spec.rows - 10)
        .flat_map(|r| (10..spec.columns - 10).map(move |c| (r, c)))
        .find(|(r, c)| bare(*r, *c))
        .unwrap();
    let (x, y) = spec.centre(row, column);
    let tmrt_at = |kind: Option<(&str, Value)>| {
        let context = MeasureContext { name: "arbres", territory: &territory };
        let edits = kind.map_or_else(Vec::new, |(kind, parameters)| {
            registry.measure(kind).unwrap().edits(&parameters, &context).unwrap()
        });
        let view = TerritoryView::new(territory.clone(), spec, edits).unwrap();
        let (_, fields) = day(&Arc::new(view), json!({}), 12.0);
        let field = |at: (usize, usize)| {
            f64::from(fields.get("mean_radiant_temperature").unwrap()[spec.index(at.0, at.1)])
        };
        let under = (0..spec.rows)
            .flat_map(|r| (0..spec.columns).map(move |c| (r, c)))
            .filter(|cell| canopy[*cell] > 6.0 && !is_built[spec.index(cell.0, cell.1)]);
        (field((row, column)), mean(under.map(|cell| field(cell) as f32)))
    };
    let (open, wood) = tmrt_at(None);
    let tree = json!({ "geometry": [x, y], "height_m": 10.0, "crown_diameter_m": 9.0 });
    let (shaded, _) = tmrt_at(Some(("trees-planted", tree)));
    assert!(shaded < open - 5.0, "{shaded} {open}");
    let e = territory.spec().extent();
    let ring = [[e.min_x, e.min_y], [e.max_x, e.min_y], [e.max_x, e.max_y], [e.min_x, e.max_y]];
    let (_, cleared) = tmrt_at(Some(("trees-felled", json!({ "geometry": ring }))));
    assert!(cleared > wood + 5.0, "{cleared} {wood}");
}

/// A ring around the whole territory.
fn everywhere(territory: &Territory) -> [[f64; 2]; 4] {
    let e = territory.spec().extent();
    [[e.min_x, e.min_y], [e.max_x, e.min_y], [e.max_x, e.max_y], [e.min_x, e.max_y]]
}

/// The view with a measure made.
fn view_with(kind: &str, parameters: Value) -> Arc<TerritoryView> {
    let territory = Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 2.0);
    let registry = twin_simulations::registry().unwrap();
    let context = MeasureContext { name: "mesure", territory: &territory };
    let edits = registry.measure(kind).unwrap().edits(&parameters, &context).unwrap();
    Arc::new(TerritoryView::new(territory, spec, edits).unwrap())
}

#[test]
fn a_sail_shades_what_lies_below_it_at_noon_and_little_else() {
    let territory = Territory::open(&territory::folder().join("small.twin")).unwrap();
    let (x, y) = territory.spec().extent().centre();
    let ring =
        [[x - 10.0, y - 10.0], [x + 10.0, y - 10.0], [x + 10.0, y + 10.0], [x - 10.0, y + 10.0]];
    let (_, bare) = day(&view(), json!({}), 12.0);
    let sail = view_with("shade-sail", json!({ "geometry": ring, "height_m": 4.0 }));
    let (_, shaded) = day(&sail, json!({}), 12.0);
    let spec = *sail.spec();
    let [before, after] = [&bare, &shaded].map(|f| f.get("direct_sun_share").unwrap().to_vec());
    let mut changed = 0;
    for cell in 0..spec.len() {
        let (row, column) = spec.row_column(cell);
        let (cx, cy) = spec.centre(row, column);
        let away = (cx - x).abs().max((cy - y).abs());
        if before[cell] > 0.9 && after[cell] < 0.2 {
            changed += 1;
            // The sun of noon moves the shade of 4 m by some metres.
            assert!(away < 16.0, "{away}");
        }
        // In the middle all sun is gone, but what cloth lets through as crowns do.
        if before[cell] > 0.9 && away < 5.0 {
            assert!(after[cell] < 0.1, "{}", after[cell]);
        }
    }
    assert!(changed > 20, "{changed}");
}

#[test]
fn lighter_ground_sends_more_sun_back_at_people() {
    // What was measured over reflective pavements: Middel et al. 2020, doi:10.1088/1748-9326/ab87d4.
    let territory = Territory::open(&territory::folder().join("small.twin")).unwrap();
    let ring = everywhere(&territory);
    let lighter = |albedo: f64| {
        let parameters = json!({ "geometry": ring, "albedo": albedo, "source": "essai" });
        let (_, fields) = day(&view_with("ground-albedo", parameters), json!({}), 12.0);
        let sunlit = fields.get("direct_sun_share").unwrap();
        let radiant = fields.get("mean_radiant_temperature").unwrap();
        mean(sunlit.iter().zip(radiant).filter(|(sun, _)| **sun == 1.0).map(|(_, v)| *v))
    };
    let (dark, light) = (lighter(0.1), lighter(0.5));
    assert!(light > dark + 1.0, "{light} {dark}");
}

#[test]
fn the_heat_island_warms_the_night_of_the_town_and_not_the_day() {
    let view = view();
    let air = |hour: f64, island: bool| {
        let (_, fields) = day(&view, json!({ "heat_island": island }), hour);
        fields.get("air_temperature").unwrap().to_vec()
    };
    let (night, station) = (air(23.0, true), air(23.0, false));
    let excess = |cell: usize| night[cell] - station[cell];
    let known: Vec<usize> = (0..night.len()).filter(|c| night[*c].is_finite()).collect();
    let most = known.iter().map(|c| excess(*c)).fold(0.0, f32::max);
    assert!((0.5..8.0).contains(&most), "{most}");
    assert!(known.iter().all(|c| excess(*c) >= 0.0));
    let same = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| a == b || a.is_nan());
    assert!(same(&air(13.0, true), &air(13.0, false)));
    // A warmer climate shifts the air as it says.
    let climate = json!({ "horizon": 2050, "warming_of_file_k": 1.7, "source": "essai" });
    let (_, warmer) = day(&view, json!({ "heat_island": false, "climate": climate }), 13.0);
    let shifted = warmer.get("air_temperature").unwrap();
    let before = air(13.0, false);
    let worst = known.iter().map(|c| (shifted[*c] - before[*c] - 1.0).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-4, "{worst}");
}

#[test]
fn cool_islands_are_what_their_criteria_say() {
    let view = view();
    let parameters = json!({
        "cool_islands": { "least_area_m2": 40.0, "below_median_k": 2.0, "walking_speed_km_per_h": 4.0 },
    });
    let (outcome, _) = day(&view, parameters, 12.0);
    let value = |id: &str| outcome.indicators.get(id).unwrap().value.unwrap();
    let islands = &outcome.statics.iter().find(|f| f.name == "cool_islands").unwrap().grid;
    let area = |wanted: &[f32]| {
        let cells = islands.values.iter().filter(|v| wanted.contains(v)).count();
        cells as f64 * islands.spec.cell_area() / 1e4
    };
    assert!((value("cool_area_relative") - area(&[1.0, 3.0])).abs() < 1e-9);
    assert!((value("cool_area_absolute") - area(&[2.0, 3.0])).abs() < 1e-9);
    // Woods give shade: there are some by the relative criterion.
    assert!(value("cool_islands_relative") > 0.0);
    assert!(
        value("cool_area_both") <= value("cool_area_relative").min(value("cool_area_absolute"))
    );
    // Farther ways have fewer people within them.
    let table = outcome.assets.iter().find(|t| t.name == "batiment").unwrap();
    let minutes = table.column("minutes_ilot_relatif").unwrap();
    let ways: Vec<f64> =
        table.features.iter().filter_map(|f| f.values[minutes].as_real()).collect();
    assert!(ways.iter().all(|m| (0.0..60.0).contains(m)) && !ways.is_empty(), "{ways:?}");
    let outlines = outcome.assets.iter().find(|t| t.name == "ilots_de_fraicheur").unwrap();
    assert!(
        outlines.features.iter().all(|f| f.geometry.is_some()) && !outlines.features.is_empty()
    );
}

/// Indicators of a day with a measure.
fn energy(measure: Option<(&str, Value)>) -> impl Fn(&str) -> f64 {
    let view = measure.map_or_else(view, |(kind, parameters)| view_with(kind, parameters));
    let (outcome, _) = day(&view, json!({}), 24.0);
    move |id: &str| outcome.indicators.get(id).unwrap().value.unwrap()
}

#[test]
fn districts_give_the_air_less_heat_with_plants_and_light_roofs() {
    let territory = Territory::open(&territory::folder().join("small.twin")).unwrap();
    let ring = everywhere(&territory);
    let now = energy(None);
    let parts = ["stored_heat_day", "latent_heat_day", "sensible_heat_day"].map(&now);
    assert!((now("net_radiation_day") - parts.iter().sum::<f64>()).abs() < 1e-6);
    let green = energy(Some((
        "green-roof",
        json!({ "geometry": ring, "retention_mm": 25.0, "source": "essai" }),
    )));
    assert!(green("latent_heat_day") > now("latent_heat_day") + 0.1);
    assert!(green("sensible_heat_day") < now("sensible_heat_day"));
    // Plants on roofs count in the heat island of the night, too.
    assert!(green("night_air_highest") < now("night_air_highest"));
    let light = energy(Some((
        "roof-albedo",
        json!({ "geometry": ring, "albedo": 0.7, "source": "essai" }),
    )));
    assert!(light("net_radiation_day") < now("net_radiation_day") - 0.5);
    assert!(light("sensible_heat_day") < now("sensible_heat_day"));
}

#[test]
fn streets_are_calmer_than_fields_and_what_is_stated_holds() {
    let view = view();
    let share = |further: Value| {
        let (outcome, _) = day(&view, further, 12.0);
        outcome.statics.into_iter().find(|f| f.name == "wind_share").unwrap().grid
    };
    let by_district = share(json!({}));
    let (least, most) = by_district.range().unwrap();
    assert!((0.15..0.8).contains(&least) && (0.85..1.0).contains(&most), "{least} {most}");
    // Around buildings it is calmer than far from them.
    let spec = *view.spec();
    let mut near = vec![false; spec.len()];
    for building in &view.features().buildings {
        let window = building.geometry.extent().unwrap().buffered(10.0);
        let (rows, columns) = spec.window(&window);
        for row in rows {
            columns.clone().for_each(|column| near[spec.index(row, column)] = true);
        }
    }
    let of = |wanted: bool| {
        mean(by_district.values.iter().zip(&near).filter(|(_, n)| **n == wanted).map(|(v, _)| *v))
    };
    assert!(of(true) < of(false), "{} {}", of(true), of(false));
    let stated = share(json!({ "wind_factor": 0.3 }));
    assert_eq!(stated.range().unwrap(), (0.3, 0.3));
}

#[test]
fn the_sun_mask_of_a_gauge_is_around_it() {
    let (x, y) = view().territory().spec().extent().centre();
    let (outcome, _) = day(&view(), json!({ "gauges": { "place": [x, y] } }), 12.0);
    let table = outcome.assets.iter().find(|t| t.name == "masques_solaires").unwrap();
    assert_eq!(table.features.len(), 72);
    let column = |name: &str| table.column(name).unwrap();
    let (solid, all) = (column("hauteur_bati_relief_deg"), column("hauteur_avec_arbres_deg"));
    for feature in &table.features {
        let [solid, all] = [solid, all].map(|c| feature.values[c].as_real().unwrap());
        assert!((0.0..=90.0).contains(&solid) && solid <= all, "{solid} {all}");
    }
}

#[test]
fn a_scenario_is_refused_for_its_weather_before_it_runs() {
    let plugin = twin_heat::Heat::default();
    let parameters = json!({ "weather": { "file": weather(), "source": "essai" } });
    let mut context = RunContext::new(86_400.0, 3600.0);
    context.start = "2024-07-15T00:00:00Z".parse().unwrap();
    let view = view();
    plugin.check(&view, &parameters, &context).unwrap();
    context.duration_s = 2.0 * 86_400.0;
    let error = plugin.check(&view, &parameters, &context).unwrap_err().to_string();
    assert!(error.contains("journee.csv"), "{error}");
    let mut windy = parameters;
    windy["wind_factor"] = json!(3.0);
    context.duration_s = 86_400.0;
    assert!(plugin.check(&view, &windy, &context).unwrap_err().to_string().contains("wind_factor"));
}
