//! The built-in measures on a territory: what each changes, and what it refuses.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod territory;

use std::sync::Arc;

use serde_json::{Value, json};
use twin_core::Result;
use twin_core::formats::gltf::{Model, Part, write_glb};
use twin_core::scenario::MeasureContext;
use twin_core::simulation::{Fields, Outcome, RunContext, Simulation};
use twin_core::spatial::{Grid, GridSpec};
use twin_core::territory::{Aggregation, Edit, Territory, TerritoryView};

fn small() -> Arc<Territory> {
    Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap())
}

fn edits(territory: &Territory, kind: &str, parameters: &Value) -> Result<Vec<Edit>> {
    let registry = twin_simulations::registry().unwrap();
    registry.measure(kind)?.edits(parameters, &MeasureContext { name: "essai", territory })
}

fn view(territory: &Arc<Territory>, edits: Vec<Edit>) -> Arc<TerritoryView> {
    let spec = GridSpec::covering(&territory.spec().extent(), 2.0);
    Arc::new(TerritoryView::new(territory.clone(), spec, edits).unwrap())
}

/// Change of the ground at a point, m.
fn change(territory: &Arc<Territory>, edits: Vec<Edit>, x: f64, y: f64) -> f64 {
    let at = |view: &TerritoryView| {
        f64::from(*view.terrain(Aggregation::Mean).unwrap().at(x, y).unwrap())
    };
    at(&view(territory, edits)) - at(&view(territory, Vec::new()))
}

#[test]
fn earth_is_moved_where_it_is_asked_for_and_nowhere_else() {
    let territory = small();
    let (x, y) = territory.spec().extent().centre();
    let line = json!([[x - 30.0, y], [x + 30.0, y]]);
    let lowered = json!({ "geometry": line, "width_m": 8.0, "lowered_by_m": 1.5 });
    let lowered = || edits(&territory, "bank-lowered", &lowered).unwrap();
    assert!((change(&territory, lowered(), x, y) + 1.5).abs() < 0.3);
    assert_eq!(change(&territory, lowered(), x, y + 12.0), 0.0);

    let ground = f64::from(territory.ground_at(x, y).unwrap().unwrap());
    let floor = json!({ "level_m": ground - 2.0, "datum": "NGF-IGN69" });
    let ring = json!([
        [x - 20.0, y - 20.0],
        [x + 20.0, y - 20.0],
        [x + 20.0, y + 20.0],
        [x - 20.0, y + 20.0]
    ]);
    let basin = json!({ "geometry": ring, "floor": floor, "crest": { "above_ground_m": 1.0 } });
    let basin = edits(&territory, "retention-area", &basin).unwrap();
    let bank = basin.iter().find_map(|e| if let Edit::Structure(s) = e { Some(s) } else { None });
    let crest = &bank.unwrap().crest[0];
    assert_eq!(crest.first().map(|p| [p[0], p[1]]), crest.last().map(|p| [p[0], p[1]]));
    assert!((change(&territory, basin, x, y) + 2.0).abs() < 0.3);

    // A levee of 3 m in the terrain, taken away again.
    let built = twin_core::scenario::RasterOperation::Add(3.0);
    let strip =
        [(x - 40.0, y - 3.0), (x + 40.0, y - 3.0), (x + 40.0, y + 3.0), (x - 40.0, y + 3.0)];
    let area = twin_core::spatial::Polygon::from_corners(&strip);
    let area = twin_core::spatial::Geometry::Polygons(vec![area]);
    let mut both = vec![Edit::Raster { band: "dtm".into(), area, operation: built }];
    both.extend(
        edits(&territory, "levee-removed", &json!({ "geometry": line, "width_m": 8.0 })).unwrap(),
    );
    assert!(change(&territory, both, x, y).abs() < 0.6);
}

/// What a flood from the west of a wall brings to its east, m³.
fn beyond_the_wall(kind: &str, parameters: &Value) -> (f64, Outcome) {
    let territory = small();
    let edits = edits(&territory, kind, parameters).unwrap();
    flood_from_the_west(&view(&territory, edits))
}

/// What a flood from the west brings to the eastern half, m³.
fn flood_from_the_west(view: &Arc<TerritoryView>) -> (f64, Outcome) {
    let extent = view.territory().spec().extent();
    let (x, _) = extent.centre();
    let context = RunContext::new(600.0, 600.0);
    let west = [extent.min_x + 30.0, extent.centre().1];
    let parameters = json!({
        "inflow": { "discharge_m3_per_s": 30.0, "at": west, "source": "essai" },
        "undeclared_edges": "wall",
        "buildings": "roughness",
    });
    let flood = twin_flood::Flood::default();
    let mut run = flood.initialise(view.clone(), &parameters, &context).unwrap();
    let mut fields = Fields::new(*view.spec());
    run.advance_to(600.0, &mut fields, &context).unwrap();
    let spec = *view.spec();
    let depth = fields.get("water_depth").unwrap();
    let east = (0..spec.len()).filter(|&i| {
        let (row, column) = spec.row_column(i);
        spec.centre(row, column).0 > x
    });
    let volume = east.map(|i| f64::from(depth[i]).max(0.0)).sum::<f64>() * spec.cell_area();
    (volume, run.finish(&context).unwrap())
}

#[test]
fn water_passes_under_a_bridge_and_through_a_gate_while_it_is_open() {
    let territory = small();
    let extent = territory.spec().extent();
    let (x, y) = extent.centre();
    let line = json!([[x, extent.min_y - 1.0], [x, extent.max_y + 1.0]]);
    let high = json!({ "level_m": 90.0, "datum": "NGF-IGN69" });
    let ground = f64::from(territory.ground_at(x, y).unwrap().unwrap());
    let level = |above: f64| json!({ "level_m": ground + above, "datum": "NGF-IGN69" });
    let (none, outcome) = beyond_the_wall("levee", &json!({ "geometry": line, "crest": high }));
    assert_eq!(none, 0.0);
    assert_eq!(outcome.structures.len(), 1);
    let gate =
        |open_m: f64| {
            beyond_the_wall("flood-gate", &json!({
            "geometry": line, "crest": high, "at": [x, y], "width_m": 10.0, "sill": level(0.0),
            "schedule": [{ "time": "0 s", "open_m": open_m }],
        })).0
        };
    let bridge = |width_m: f64, soffit: f64| {
        beyond_the_wall(
            "bridge",
            &json!({ "geometry": line, "crest": high,
            "opening": { "at": [x, y], "width_m": width_m, "soffit": level(soffit) } }),
        )
    };
    assert_eq!(gate(0.0), 0.0);
    let (low, high) = (gate(0.1), gate(1.0));
    assert!(0.0 < low && low < high, "{low} {high}");
    let (narrow, outcome) = bridge(6.0, 1.0);
    let (wide, _) = bridge(40.0, 1.0);
    assert!(0.0 < narrow && narrow < wide, "{narrow} {wide}");
    assert!(outcome.hypotheses.iter().any(|h| h.fr.starts_with("Pont « essai »")));
}

#[test]
fn a_culvert_lets_water_through_and_a_wider_one_more() {
    let territory = small();
    let extent = territory.spec().extent();
    let (x, y) = extent.centre();
    let line = json!([[x, extent.min_y - 1.0], [x, extent.max_y + 1.0]]);
    let high = json!({ "level_m": 90.0, "datum": "NGF-IGN69" });
    let wall = || edits(&territory, "levee", &json!({ "geometry": line, "crest": high })).unwrap();
    let pipe = |diameter_m: f64| json!({ "from": [x - 8.0, y], "to": [x + 8.0, y], "diameter_m": diameter_m });
    let laid = |parameters: Value| {
        let registry = twin_simulations::registry().unwrap();
        let context = MeasureContext { name: "buse", territory: &territory };
        registry.measure("culvert").unwrap().edits(&parameters, &context)
    };
    let beyond = |culvert: Option<Value>| {
        let more = culvert.map(|given| laid(json!({ "culvert": given })).unwrap());
        let all = wall().into_iter().chain(more.into_iter().flatten()).collect();
        flood_from_the_west(&view(&territory, all)).0
    };
    let (none, narrow, wide) = (beyond(None), beyond(Some(pipe(0.4))), beyond(Some(pipe(1.2))));
    assert_eq!(none, 0.0);
    assert!(0.0 < narrow && narrow < wide, "{narrow} {wide}");
    // In place of a culvert of the run; of one that it does not state: a sentence.
    let extent = territory.spec().extent();
    let west = [extent.min_x + 30.0, extent.centre().1];
    let start = |replaces: &str| {
        let measure = laid(json!({ "culvert": pipe(1.2), "replaces": replaces })).unwrap();
        let parameters = json!({
            "inflow": { "discharge_m3_per_s": 30.0, "at": west, "source": "essai" },
            "undeclared_edges": "wall",
            "culverts": { "ancienne": pipe(0.4) },
        });
        let context = RunContext::new(60.0, 60.0);
        let view = view(&territory, wall().into_iter().chain(measure).collect());
        let flood = twin_flood::Flood::default();
        let mut run = flood.initialise(view.clone(), &parameters, &context)?;
        run.advance_to(60.0, &mut Fields::new(*view.spec()), &context)?;
        run.finish(&context)
    };
    let placed = start("ancienne").unwrap().structures;
    assert!(placed.iter().any(|s| s.name == "buse") && placed.iter().all(|s| s.name != "ancienne"));
    assert!(start("autre").unwrap_err().to_string().contains("ancienne"));
    // Neither pipe nor box, or outside.
    let shapeless = json!({ "culvert": { "from": [x, y], "to": [x + 9.0, y] } });
    assert!(laid(shapeless).unwrap_err().to_string().contains("diameter_m"));
    let outside = json!({ "culvert": { "from": [0.0, 0.0], "to": [x, y], "diameter_m": 1.0 } });
    assert!(laid(outside).unwrap_err().to_string().contains("culvert.from"));
}

#[test]
fn a_breach_lets_water_through_the_levee_that_it_names() {
    let territory = small();
    let extent = territory.spec().extent();
    let (x, y) = extent.centre();
    let levee = json!({
        "geometry": [[x, extent.min_y - 1.0], [x, extent.max_y + 1.0]],
        "crest": { "level_m": 90.0, "datum": "NGF-IGN69" },
    });
    let breach = |structure: &str| {
        json!({ "structure": structure, "at": [x, y], "width_m": 20.0, "start": "0 s",
            "formation": "1 min" })
    };
    let with = |structure: &str| {
        let registry = twin_simulations::registry().unwrap();
        let mut both = Vec::new();
        for (name, kind, parameters) in
            [("digue", "levee", &levee), ("rupture", "breach", &breach(structure))]
        {
            let context = MeasureContext { name, territory: &territory };
            both.extend(registry.measure(kind).unwrap().edits(parameters, &context).unwrap());
        }
        let spec = GridSpec::covering(&territory.spec().extent(), 2.0);
        TerritoryView::new(Arc::clone(&territory), spec, both)
    };
    let (through, outcome) = flood_from_the_west(&Arc::new(with("digue").unwrap()));
    assert!(through > 0.0);
    assert!(outcome.hypotheses.iter().any(|h| h.fr.starts_with("Brèche « rupture » de 20 m")));
    let unknown = with("talus").unwrap_err().to_string();
    assert!(unknown.contains("talus") && unknown.contains("digue"), "{unknown}");
}

#[test]
fn unusable_measures_are_refused_with_a_sentence() {
    let territory = small();
    let (x, y) = territory.spec().extent().centre();
    let line = json!([[x - 30.0, y], [x + 30.0, y]]);
    let level = json!({ "level_m": 60.0, "datum": "NGF-IGN69" });
    for (kind, parameters, said) in [
        ("levee-removed", json!({ "geometry": line, "width_m": -1.0 }), "positive"),
        (
            "levee-removed",
            json!({ "geometry": [[0.0, 0.0], [9.0, 0.0]], "width_m": 4.0 }),
            "outside",
        ),
        ("bank-lowered", json!({ "geometry": line, "width_m": 4.0 }), "lowered_by_m"),
        ("retention-area", json!({ "geometry": [[x, y], [x + 9.0, y], [x, y + 9.0]] }), "floor"),
        (
            "flood-gate",
            json!({ "geometry": line, "crest": level, "width_m": 4.0, "sill": level, "schedule": [] }),
            "position",
        ),
        (
            "bridge",
            json!({ "geometry": line, "crest": level, "opening": { "width_m": 4.0, "soffit": { "level_m": 1.0, "datum": "ZH" } } }),
            "offset_m",
        ),
    ] {
        let error = edits(&territory, kind, &parameters).unwrap_err().to_string();
        assert!(error.contains(said) && error.contains("essai"), "{kind}: {error}");
    }
}

#[test]
fn ground_that_is_opened_or_planted_has_another_cover_there_and_nowhere_else() {
    use twin_core::territory::LandCover;
    let territory = small();
    let (x, y) = territory.spec().extent().centre();
    let ring = json!([
        [x - 20.0, y - 20.0],
        [x + 20.0, y - 20.0],
        [x + 20.0, y + 20.0],
        [x - 20.0, y + 20.0]
    ]);
    let sealed = json!({ "geometry": ring, "cover": "sealed" });
    let sealed = edits(&territory, "land-cover", &sealed).unwrap();
    let before = view(&territory, Vec::new()).land_cover().unwrap();
    let after = view(&territory, sealed).land_cover().unwrap();
    assert_eq!(after.at(x + 5.0, y), Some(&LandCover::Sealed));
    assert_eq!(after.at(x + 25.0, y), before.at(x + 25.0, y));

    let line = json!([[x - 30.0, y], [x + 30.0, y]]);
    let hedge = json!({ "geometry": line, "width_m": 6.0, "bank_height_m": 0.8 });
    let hedge = || edits(&territory, "planted-strip", &hedge).unwrap();
    let planted = view(&territory, hedge()).land_cover().unwrap();
    assert_eq!(planted.at(x, y + 1.0), Some(&LandCover::Hedge));
    assert!((change(&territory, hedge(), x, y + 1.0) - 0.8).abs() < 1e-4);
    assert_eq!(change(&territory, hedge(), x, y + 8.0), 0.0);

    for (kind, wrong) in [
        ("land-cover", json!({ "geometry": ring, "cover": "gazon" })),
        ("land-cover", json!({ "geometry": ring, "cover": "built" })),
        ("land-cover", json!({ "geometry": [[0, 0], [9, 0], [9, 9]], "cover": "grass" })),
        ("planted-strip", json!({ "geometry": line, "width_m": 0.0 })),
        ("planted-strip", json!({ "geometry": line, "width_m": 2.0, "bank_height_m": -1.0 })),
    ] {
        assert!(edits(&territory, kind, &wrong).is_err(), "{kind} {wrong}");
    }
}

#[test]
fn water_sinks_where_sealed_ground_was_opened() {
    let territory = small();
    let extent = territory.spec().extent();
    let whole = json!([
        [extent.min_x, extent.min_y],
        [extent.max_x, extent.min_y],
        [extent.max_x, extent.max_y],
        [extent.min_x, extent.max_y]
    ]);
    let infiltrated = |cover: &str| {
        let measure = json!({ "geometry": whole, "cover": cover });
        let view = view(&territory, edits(&territory, "land-cover", &measure).unwrap());
        let parameters = json!({
            "rain": { "uniform": { "depth_mm": 20.0, "duration": "10 min" }, "source": "essai" },
            "soil": { "texture": "sandy-loam" },
        });
        let runoff = twin_runoff::Runoff::default();
        let context = RunContext::new(600.0, 600.0);
        let mut run = runoff.initialise(view.clone(), &parameters, &context).unwrap();
        let mut fields = Fields::new(*view.spec());
        run.advance_to(600.0, &mut fields, &context).unwrap();
        let outcome = run.finish(&context).unwrap();
        outcome.indicators.get("infiltrated_volume").unwrap().value.unwrap()
    };
    let (sealed, open) = (infiltrated("sealed"), infiltrated("grass"));
    // Sealed ground lets a twentieth of its area through, to which water of the rest comes.
    assert!(sealed < 0.3 * open, "{sealed} {open}");
    assert!(open > 100.0, "{open}");
}

/// A house of 10 m by 6 m, eaves at 3 m, ridge along its length at 5 m, its south-western corner at the
/// origin; glTF has y upwards and −z north.
fn house() -> tempfile::TempPath {
    let part = Part {
        positions: [
            [0.0, 3.0, 0.0],
            [10.0, 3.0, 0.0],
            [10.0, 5.0, -3.0],
            [0.0, 5.0, -3.0],
            [10.0, 3.0, -6.0],
            [0.0, 3.0, -6.0],
            [0.0, 0.0, 0.0],
            [10.0, 0.0, 0.0],
            [10.0, 0.0, -6.0],
            [0.0, 0.0, -6.0],
            [2.0, 0.1, -1.0],
            [8.0, 0.1, -1.0],
            [8.0, 0.1, -5.0],
        ]
        .to_vec(),
        normals: vec![[0.0, 1.0, 0.0]; 13],
        // Slopes, a wall, the floor seen from below, a ceiling of another outline.
        triangles: [
            [0, 1, 2],
            [0, 2, 3],
            [3, 2, 4],
            [3, 4, 5],
            [6, 7, 1],
            [6, 1, 0],
            [6, 8, 7],
            [6, 9, 8],
            [10, 12, 11],
        ]
        .to_vec(),
        ..Part::default()
    };
    let path = tempfile::Builder::new().suffix(".glb").tempfile().unwrap().into_temp_path();
    write_glb(&path, &Model { parts: vec![part], ..Model::default() }).unwrap();
    path
}

#[test]
fn a_building_from_a_model_stands_where_it_is_put_with_its_roofs() {
    let territory = small();
    let (x, y) = territory.spec().extent().centre();
    let file = house();
    let of = |rotation_deg: f64| {
        let model =
            json!({ "file": file.to_str().unwrap(), "at": [x, y], "rotation_deg": rotation_deg });
        edits(&territory, "building-added", &json!({ "model": model, "dwellings": 1 })).unwrap()
    };
    let spec = GridSpec::covering(&territory.spec().extent(), 0.5);
    let surface = |edits| {
        let view = TerritoryView::new(territory.clone(), spec, edits).unwrap();
        (view.band("dsm", Aggregation::Mean).unwrap(), view)
    };
    let (straight, view) = surface(of(0.0));
    let house = view.features().buildings.iter().find(|b| b.id == "essai-1").unwrap();
    assert_eq!(house.height_m, Some(5.0));
    let covered = house.geometry.extent().unwrap();
    let corners = [covered.min_x - x, covered.min_y - y, covered.max_x - x, covered.max_y - y];
    assert!(corners.iter().zip([0.0, 0.0, 10.0, 6.0]).all(|(a, b)| (a - b).abs() < 1e-6));
    let [footprint] = house.geometry.polygons() else { unreachable!("one footprint") };
    assert!(footprint.interiors.is_empty());
    // Ridge over eaves, half a cell off both.
    let rise = |surface: &Grid<f32>, ridge: (f64, f64), eaves: (f64, f64)| {
        surface.at(x + ridge.0, y + ridge.1).unwrap()
            - surface.at(x + eaves.0, y + eaves.1).unwrap()
    };
    let low_to_high = rise(&straight, (5.1, 2.9), (5.1, 0.1));
    assert!((low_to_high - 2.0 * 2.5 / 3.0).abs() < 1e-4, "{low_to_high}");
    // A quarter clockwise: what lay east lies south, what lay north lies east.
    let (turned, _) = surface(of(90.0));
    let low_to_high = rise(&turned, (2.9, -5.1), (0.1, -5.1));
    assert!((low_to_high - 2.0 * 2.5 / 3.0).abs() < 1e-4, "{low_to_high}");
    let refused = |parameters: &Value| edits(&territory, "building-added", parameters).is_err();
    let model = json!({ "file": file.to_str().unwrap(), "at": [x, y] });
    assert!(refused(&json!({ "model": model, "height_m": 9.0 })));
    assert!(refused(&json!({ "height_m": 9.0 })));
    let elsewhere = json!({ "file": file.to_str().unwrap(), "at": [x + 5000.0, y] });
    assert!(refused(&json!({ "model": elsewhere })));
}
