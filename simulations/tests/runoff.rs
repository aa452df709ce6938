//! What sewers, basins, green roofs, soil maps and outlets do to a storm on a synthetic commune.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod territory;

use std::sync::Arc;

use serde_json::{Value, json};
use twin_core::formats::write_ascii_grid;
use twin_core::scenario::{BasinOutlet, Edit, GreenRoof, MeasureContext};
use twin_core::simulation::{Fields, GaugeSeries, Outcome, RunContext, Simulation};
use twin_core::spatial::{Grid, GridSpec, Polygon};
use twin_core::territory::{Aggregation, Building, Territory, TerritoryView};
use twin_core::{Language, Result};
use twin_synthetic::{Commune, CommuneOptions};

/// Depth and length of the storm.
const RAIN_MM: f64 = 20.0;
const DURATION_S: f64 = 1800.0;

fn view(edits: Vec<Edit>) -> Arc<TerritoryView> {
    view_of(4.0, edits)
}

fn view_of(cell_m: f64, edits: Vec<Edit>) -> Arc<TerritoryView> {
    let territory = Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), cell_m);
    Arc::new(TerritoryView::new(territory, spec, edits).unwrap())
}

/// A storm of 20 mm in 20 min, with further parameters.
fn storm(view: &Arc<TerritoryView>, further: Value) -> Result<Outcome> {
    let mut parameters = json!({
        "rain": {
            "uniform": { "depth_mm": RAIN_MM, "duration": "20 min" },
            "source": "essai"
        },
        "soil": { "texture": "loam" },
        "interception": "none",
    });
    for (key, value) in further.as_object().unwrap() {
        parameters[key] = value.clone();
    }
    let context = RunContext::new(DURATION_S, 600.0);
    let runoff = twin_runoff::Runoff::default();
    let mut run = runoff.initialise(view.clone(), &parameters, &context)?;
    let mut fields = Fields::new(*view.spec());
    run.advance_to(DURATION_S, &mut fields, &context)?;
    let budget = run.budget().unwrap();
    assert!(budget.is_closed(), "{budget:?}");
    run.finish(&context)
}

fn value(outcome: &Outcome, id: &str) -> f64 {
    outcome.indicators.get(id).and_then(|i| i.value).unwrap_or_else(|| panic!("no {id}"))
}

fn whole(view: &TerritoryView) -> Polygon {
    let e = view.spec().extent();
    Polygon::from_corners(&[
        (e.min_x, e.min_y),
        (e.max_x, e.min_y),
        (e.max_x, e.max_y),
        (e.min_x, e.max_y),
    ])
}

#[test]
fn sub_catchments_along_the_river_hold_each_other_and_their_rain() {
    let options = CommuneOptions {
        size_m: 200.0,
        points_per_m2: 1.0,
        dyke: false,
        ..CommuneOptions::default()
    };
    let axis = Commune::generate(&options).unwrap().river_axis();
    let at = |share: f64| {
        let p = axis[(share * (axis.len() - 1) as f64) as usize];
        json!({ "at": [p[0], p[1]] })
    };
    let outlets = json!({ "a": at(0.3), "b": at(0.7) });
    let outcome = storm(&view(Vec::new()), json!({ "outlets": outlets })).unwrap();
    let of = |id: &str, name: &str| value(&outcome, &format!("catchment_{id}_{name}"));
    for name in ["a", "b"] {
        let (ha, rain) = (of("area", name), of("rain", name));
        assert!(ha > 0.1 && (rain - 10.0 * ha * RAIN_MM).abs() < 1e-6 * rain, "{ha} {rain}");
        assert!((of("runoff", name) / rain - of("coefficient", name)).abs() < 1e-9);
        assert!((0.05..0.95).contains(&of("coefficient", name)), "{}", of("coefficient", name));
    }
    let field = outcome.statics.iter().find(|f| f.name == "sub_catchment").unwrap();
    let cells = |number: f32| field.grid.values.iter().filter(|v| **v == number).count();
    let areas = ["a", "b"].map(|name| of("area", name));
    let lower = usize::from(areas[1] > areas[0]);
    // The lower one holds the upper one: its area is that of both parts of the map, roofs among them.
    assert!(areas[lower] > areas[1 - lower] * 1.2, "{areas:?}");
    let own = cells(lower as f32 + 1.0) as f64 * field.grid.spec.cell_area() / 1e4;
    assert!(areas[lower] - areas[1 - lower] >= own - 1e-9, "{areas:?} {own}");
    let twice = json!({ "outlets": { "a": at(0.3), "b": at(0.3) } });
    let said = storm(&view(Vec::new()), twice).unwrap_err().text(Language::En);
    assert!(said.contains("same cell as \"a\""), "{said}");
}

#[test]
fn sewers_take_what_their_inlets_can_and_the_network_carries() {
    let view = view(Vec::new());
    let (x, y) = view.spec().extent().centre();
    let sewer = |carries: Value| {
        json!({ "sewers": { "centre": {
            "streets": [[x - 60.0, y], [x + 60.0, y]],
            "street_capacity_l_per_s": 50.0,
            "capacity_m3_per_s": carries,
            "source": "essai",
        }}})
    };
    let free = storm(&view, sewer(Value::Null)).unwrap();
    let taken = value(&free, "sewer_volume");
    // 120 m of street take 60 l/s at most.
    assert!(taken > 0.5 && taken <= 0.06 * DURATION_S, "{taken}");
    let narrow = storm(&view, sewer(json!(1e-4))).unwrap();
    let carried = value(&narrow, "sewer_volume");
    assert!(carried > 0.0 && carried <= 1e-4 * DURATION_S * (1.0 + 1e-9), "{carried}");
    let without = storm(&view, json!({})).unwrap();
    let left = |o: &Outcome| value(o, "outflow_volume") + value(o, "stored_volume");
    assert!(left(&free) < left(&without));
    let inlets = json!({ "sewers": { "centre": {
        "inlets": [[x, y], [x + 30.0, y]], "inlet_capacity_l_per_s": 10.0, "source": "essai" }}});
    assert!(value(&storm(&view, inlets).unwrap(), "sewer_volume") > 0.0);
    let nowhere = json!({ "sewers": { "centre": {
        "inlets": [0.0, 0.0], "inlet_capacity_l_per_s": 10.0, "source": "essai" }}});
    let said = storm(&view, nowhere).unwrap_err().text(Language::En);
    assert!(said.contains("no inlet on the run's terrain"), "{said}");
}

#[test]
fn green_roofs_hold_their_retention_on_their_area_whatever_the_cells() {
    for cell_m in [2.0, 4.0, 20.0] {
        let bare = view_of(cell_m, Vec::new());
        let standing = bare.features().buildings.iter().filter(|b| b.is_standing());
        let roof_m2: f64 = standing.map(Building::footprint_area_m2).sum();
        assert!(roof_m2 > 100.0);
        for to in ["ground", "network"] {
            for (retention_mm, held_mm) in [(5.0, 5.0), (50.0, RAIN_MM)] {
                let roof = GreenRoof { area: vec![whole(&bare)], retention_m: 1e-3 * retention_mm };
                let green = view_of(cell_m, vec![Edit::GreenRoof(roof)]);
                let outcome = storm(&green, json!({ "roofs": to })).unwrap();
                let held = value(&outcome, "green_roof_volume");
                let expected = 1e-3 * held_mm * roof_m2;
                let here = format!("{cell_m} m, {to}, {retention_mm} mm: {held} {expected}");
                assert!((held / expected - 1.0).abs() < 1e-6, "{here}");
            }
        }
        let to_network = storm(&bare, json!({ "roofs": "network" })).unwrap();
        let taken = value(&to_network, "network_volume");
        assert!((taken / (1e-3 * RAIN_MM * roof_m2) - 1.0).abs() < 1e-6, "{cell_m} m: {taken}");
    }
}

#[test]
fn a_basin_empties_at_its_outlets_rate_into_a_network_or_further_down() {
    let plain = view(Vec::new());
    let basin = |to: Option<[f64; 2]>| {
        let name = "bassin".to_owned();
        let outlet = BasinOutlet { name, basin: vec![whole(&plain)], to, capacity_m3_per_s: 1e-3 };
        view(vec![Edit::Outlet(outlet)])
    };
    // The whole territory as a basin: the outlet runs as long as water stands on its lowest cell.
    let away = storm(&basin(None), json!({})).unwrap();
    let drained = value(&away, "basin_outlet_volume");
    assert!(drained > 0.1 && drained <= 1e-3 * DURATION_S * (1.0 + 1e-9), "{drained}");
    let (x, y) = plain.spec().extent().centre();
    let said = storm(&basin(Some([x, y])), json!({})).unwrap_err().text(Language::En);
    assert!(said.contains("share a cell"), "{said}");
}

#[test]
fn a_basin_of_a_volume_holds_it_below_its_border() {
    let territory = Territory::open(&territory::folder().join("small.twin")).unwrap();
    let (x, y) = territory.spec().extent().centre();
    let ring = [[x, y], [x + 40.0, y], [x + 40.0, y + 30.0], [x, y + 30.0]];
    let registry = twin_simulations::registry().unwrap();
    let context = MeasureContext { name: "bassin", territory: &territory };
    let parameters =
        json!({ "geometry": ring, "volume_m3": 600.0, "outlet": { "capacity_l_per_s": 5.0 } });
    let edits = registry.measure("retention-area").unwrap().edits(&parameters, &context).unwrap();
    assert!(edits.iter().any(|e| matches!(e, Edit::Outlet(o) if o.capacity_m3_per_s == 5e-3)));
    let dug = view(edits);
    let terrain = |view: &TerritoryView| view.terrain(Aggregation::Mean).unwrap();
    let (before, after) = (terrain(&view(Vec::new())), terrain(&dug));
    let level = |grid: &Grid<f32>, x: f64, y: f64| f64::from(*grid.at(x, y).unwrap());
    // Water up to the lowest ground of the border, counted on the cells.
    let corner = |k: u32| ring[k as usize % 4];
    let ground = |k: u32| {
        let ([ax, ay], [bx, by], t) =
            (corner(k / 100), corner(k / 100 + 1), 0.01 * f64::from(k % 100));
        let z = territory.ground_at(ax + t * (bx - ax), ay + t * (by - ay)).unwrap();
        z.map_or(f64::INFINITY, f64::from)
    };
    let rim = (0..400).map(ground).fold(f64::INFINITY, f64::min);
    let floor = level(&after, x + 22.0, y + 14.0);
    assert!((1200.0 * (rim - floor) - 600.0).abs() < 30.0, "{rim} {floor}");
    assert!(level(&before, x + 22.0, y + 14.0) > floor);
}

#[test]
fn soil_maps_of_polygons_and_of_classes_tell_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let view = view(Vec::new());
    let e = view.spec().extent();
    let (middle, _) = e.centre();
    let half = |west: f64, east: f64, soil: &str| {
        json!({ "type": "Feature", "properties": { "sol": soil }, "geometry": {
            "type": "Polygon",
            "coordinates": [[[west, e.min_y], [east, e.min_y], [east, e.max_y], [west, e.max_y],
                [west, e.min_y]]] } })
    };
    let collection = json!({
        "type": "FeatureCollection",
        "crs": { "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::2154" } },
        "features": [half(e.min_x, middle, "sand"), half(middle, e.max_x, "ARG")],
    });
    let polygons = folder.path().join("sols.geojson");
    std::fs::write(&polygons, collection.to_string()).unwrap();
    let raster = folder.path().join("sols.asc");
    let spec = GridSpec::covering(&e, 0.5 * (e.max_x - e.min_x));
    let classes = Grid::from_fn(spec, |_, column| if column == 0 { 1.0 } else { 2.0 });
    write_ascii_grid(&raster, &classes).unwrap();
    let infiltrated = |outcome: &Outcome| {
        let field = outcome.statics.iter().find(|f| f.name == "infiltrated_depth_total").unwrap();
        field.grid.values.clone()
    };
    let of_polygons = json!({ "soil_map": { "file": polygons, "attribute": "sol",
        "classes": { "ARG": { "texture": "clay" } } } });
    let of_raster = json!({ "soil_map": { "file": raster,
        "classes": { "1": { "texture": "sand" }, "2": { "texture": "clay" } } } });
    let [a, b] = [of_polygons, of_raster].map(|map| infiltrated(&storm(&view, map).unwrap()));
    assert!(a.iter().zip(&b).all(|(a, b)| a == b || a.is_nan() && b.is_nan()));
    let mean = |east: bool| {
        let cells = a.iter().enumerate().filter(|(cell, v)| {
            let (row, column) = view.spec().row_column(*cell);
            v.is_finite() && (view.spec().centre(row, column).0 > middle) == east
        });
        let (sum, n) = cells.fold((0.0, 0), |(sum, n), (_, v)| (sum + v, n + 1));
        sum / n as f32
    };
    assert!(mean(false) > 1.5 * mean(true), "{} {}", mean(false), mean(true));

    let unknown = json!({ "soil_map": { "file": polygons, "attribute": "sol" } });
    let said = storm(&view, unknown).unwrap_err().text(Language::En);
    assert!(said.contains("ARG") && said.contains("without a soil"), "{said}");
    let column = json!({ "soil_map": { "file": polygons, "attribute": "texture" } });
    let said = storm(&view, column).unwrap_err().text(Language::En);
    assert!(said.contains("columns: sol"), "{said}");
}

#[test]
fn a_crust_lets_less_in_and_is_for_green_and_ampt() {
    let view = view(Vec::new());
    let soil = json!({ "texture": "loam", "crust": { "conductivity_mm_per_h": 0.5 } });
    let volume =
        |soil: Value| value(&storm(&view, json!({ "soil": soil })).unwrap(), "infiltrated_volume");
    let (bare, crusted) = (volume(json!({ "texture": "loam" })), volume(soil.clone()));
    assert!(crusted < 0.7 * bare && crusted > 0.0, "{crusted} {bare}");
    let open = json!({ "texture": "loam", "crust": { "conductivity_mm_per_h": 100.0 } });
    let said = storm(&view, json!({ "soil": open })).unwrap_err().text(Language::En);
    assert!(said.contains("conducts better"), "{said}");
    let horton = json!({ "soil": soil, "infiltration": { "model": "horton" } });
    let said = storm(&view, horton).unwrap_err().text(Language::En);
    assert!(said.contains("Green and Ampt only"), "{said}");
}

#[test]
fn trees_in_opened_ground_keep_rain_that_sealed_ground_sheds() {
    let territory = Territory::open(&territory::folder().join("small.twin")).unwrap();
    let e = territory.spec().extent();
    let ring = [[e.min_x, e.min_y], [e.max_x, e.min_y], [e.max_x, e.max_y], [e.min_x, e.max_y]];
    let registry = twin_simulations::registry().unwrap();
    let edits = |kind: &str, parameters: Value| {
        let context = twin_core::scenario::MeasureContext { name: "m", territory: &territory };
        registry.measure(kind).unwrap().edits(&parameters, &context).unwrap()
    };
    let sealed = edits("land-cover", json!({ "geometry": ring, "cover": "sealed" }));
    let (x, y) = e.centre();
    let line = [[x - 60.0, y], [x + 60.0, y]];
    let trees = json!({
        "geometry": line, "spacing_m": 8.0, "height_m": 8.0, "crown_diameter_m": 6.0, "cover": "grass",
    });
    let planted: Vec<Edit> = sealed.iter().cloned().chain(edits("trees-planted", trees)).collect();
    let infiltrated =
        |edits: Vec<Edit>| value(&storm(&view(edits), json!({})).unwrap(), "infiltrated_volume");
    let (before, after) = (infiltrated(sealed), infiltrated(planted));
    // Fifteen openings of some 28 m² each under a storm of RAIN_MM.
    assert!(after > before + 0.2 * 15.0 * 28.0 * 1e-3 * RAIN_MM, "{before} {after}");
}

#[test]
fn a_storm_passes_under_a_bridge_and_through_a_breach_and_not_through_the_wall() {
    let territory = Territory::open(&territory::folder().join("small.twin")).unwrap();
    let extent = territory.spec().extent();
    let (x, y) = extent.centre();
    let line = json!([[x, extent.min_y - 1.0], [x, extent.max_y + 1.0]]);
    let registry = twin_simulations::registry().unwrap();
    let edits = |name: &str, kind: &str, parameters: Value| {
        let context = MeasureContext { name, territory: &territory };
        registry.measure(kind).unwrap().edits(&parameters, &context).unwrap()
    };
    let level = |level_m: f64| json!({ "level_m": level_m, "datum": "NGF-IGN69" });
    let ground = f64::from(territory.ground_at(x, y).unwrap().unwrap());
    let wall = || edits("mur", "levee", json!({ "geometry": line, "crest": level(90.0) }));
    let bridge = edits(
        "pont",
        "bridge",
        json!({ "geometry": line, "crest": level(90.0),
            "opening": { "at": [x, y], "width_m": 30.0, "soffit": level(ground + 2.0) } }),
    );
    let breach = edits(
        "rupture",
        "breach",
        json!({ "structure": "mur", "at": [x, y], "width_m": 30.0, "start": "0 s",
            "formation": "1 min" }),
    );
    let broken: Vec<Edit> = wall().into_iter().chain(breach).collect();
    // Where the water crosses most, m³/s either way.
    let crossing_with = |edits: Vec<Edit>, further: Value| {
        let mut parameters = json!({ "sections": { "passage": { "line": line } } });
        parameters.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        let outcome = storm(&view(edits), parameters).unwrap();
        let is_passage = |g: &&GaugeSeries| g.gauge == "passage" && g.variable == "discharge";
        let gauge = outcome.gauges.iter().find(is_passage).unwrap();
        (gauge.values.iter().fold(0.0, |most: f64, q| most.max(q.abs())), outcome)
    };
    let crossing = |edits: Vec<Edit>| crossing_with(edits, json!({}));
    let (through_wall, outcome) = crossing(wall());
    assert_eq!((through_wall, outcome.structures.len()), (0.0, 1));
    let (under_bridge, outcome) = crossing(bridge);
    assert!(under_bridge > 1e-3, "{under_bridge}");
    assert!(outcome.hypotheses.iter().any(|h| h.fr.starts_with("Pont « pont »")));
    let (through_breach, outcome) = crossing(broken);
    assert!(through_breach > 1e-3, "{through_breach}");
    assert_eq!(outcome.markers.len(), 1);
    // A pipe through the wall: nothing over the wall, what it moves has its own series.
    let pipe = json!({ "culverts": { "buse": {
        "from": [x - 12.0, y], "to": [x + 12.0, y], "diameter_m": 1.0 } } });
    let (over_wall, outcome) = crossing_with(wall(), pipe);
    let pipe = outcome.gauges.iter().find(|g| g.gauge == "buse").unwrap();
    assert!(over_wall == 0.0 && pipe.values.iter().any(|q| q.abs() > 1e-4));
    assert_eq!(outcome.structures.len(), 2);
}

#[test]
fn a_run_tells_levels_and_bed_and_feels_its_roughness() {
    let plain = view(Vec::new());
    let (x, y) = plain.spec().extent().centre();
    let of =
        |n: f64| storm(&plain, json!({ "gauges": { "ici": [x, y] }, "factors": { "manning": n } }));
    let (smooth, rough) = (of(0.5).unwrap(), of(2.0).unwrap());
    let series = |variable: &str| {
        let of = |g: &&GaugeSeries| g.gauge == "ici" && g.variable == variable;
        &smooth.gauges.iter().find(of).unwrap().values
    };
    let bed = smooth.statics.iter().find(|f| f.name == "bed_elevation").unwrap();
    let bed_m = f64::from(*bed.grid.at(x, y).unwrap());
    for (level, depth) in series("water_level").iter().zip(series("water_depth")) {
        assert!((level - depth - bed_m).abs() < 1e-3, "{level} {depth} {bed_m}");
    }
    let left = |outcome: &Outcome| value(outcome, "outflow_volume");
    assert!(left(&smooth) > 1.05 * left(&rough), "{} {}", left(&smooth), left(&rough));
    let said = storm(&plain, json!({ "manning": { "gras": 0.1 } })).unwrap_err().text(Language::En);
    assert!(said.contains("runoff.parameters.manning.gras") && said.contains("grass"), "{said}");
}

#[test]
fn an_outlet_into_the_territory_gives_back_what_it_took() {
    let plain = view(Vec::new());
    let e = plain.spec().extent();
    let (x, _) = e.centre();
    let west = Polygon::from_corners(&[
        (e.min_x, e.min_y),
        (x, e.min_y),
        (x, e.max_y),
        (e.min_x, e.max_y),
    ]);
    let outlet = BasinOutlet {
        name: "bassin".into(),
        basin: vec![west],
        to: Some([x + 40.0, e.max_y - 20.0]),
        capacity_m3_per_s: 1e-3,
    };
    let outcome = storm(&view(vec![Edit::Outlet(outlet)]), json!({})).unwrap();
    let passed = value(&outcome, "basin_passed_volume");
    assert!(passed > 0.1 && passed <= 1e-3 * DURATION_S * (1.0 + 1e-9), "{passed}");
    assert!(outcome.indicators.get("basin_outlet_volume").is_none());
    let series = outcome.gauges.iter().find(|g| g.gauge == "bassin").unwrap();
    assert!(series.variable == "discharge" && series.values.iter().any(|q| *q > 5e-4));
}
