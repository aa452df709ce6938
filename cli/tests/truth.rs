//! What assembly finds in a synthetic commune, compared with what is there.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod commune;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use commune::{says, text};
use twin_core::spatial::{Extent, Geometry, GridSpec, Polygon};
use twin_core::territory::{
    Aggregation, BedChange, Edit, RasterOperation, Territory, TerritoryView,
};
use twin_synthetic::{Commune, CommuneOptions};

fn options() -> CommuneOptions {
    CommuneOptions { size_m: 400.0, points_per_m2: 10.0, ..CommuneOptions::default() }
}

fn truth() -> Commune {
    Commune::generate(&options()).unwrap()
}

/// The territory of the commune, on cells of 1 m.
fn territory() -> Territory {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| commune::assembled_of("truth", &options()));
    Territory::open(&folder.join("commune.twin")).unwrap()
}

#[test]
fn trees_are_found_with_their_heights() {
    let (territory, commune) = (territory(), truth());
    let extent = territory.spec().extent();
    let real: Vec<_> = commune
        .trees()
        .iter()
        .filter(|t| extent.contains(t.position[0], t.position[1]) && t.height >= 3.0)
        .collect();
    let found = &territory.features().trees;
    // A tree is found where a top stands over its crown; each top counts once.
    let mut taken = vec![false; found.len()];
    let mut height_errors = Vec::new();
    for tree in &real {
        let near = found
            .iter()
            .enumerate()
            .filter(|(k, _)| !taken[*k])
            .filter_map(|(k, top)| {
                let p = top.geometry.positions().next()?;
                let off = (p[0] - tree.position[0]).hypot(p[1] - tree.position[1]);
                (off <= tree.crown_radius.max(1.0)).then_some((k, off))
            })
            .min_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((k, _)) = near {
            taken[k] = true;
            height_errors.push(found[k].height_m.unwrap() - tree.height);
        }
    }
    let hits = height_errors.len() as f64;
    let (recall, precision) = (hits / real.len() as f64, hits / found.len() as f64);
    let f1 = 2.0 * recall * precision / (recall + precision);
    height_errors.sort_by(f64::total_cmp);
    let median = height_errors[height_errors.len() / 2];
    println!(
        "{} trees, {} tops: recall {recall:.2}, precision {precision:.2}, F1 {f1:.2}; median height error {median:.2} m",
        real.len(),
        found.len()
    );
    assert!(f1 >= 0.7);
    assert!(median.abs() < 0.5);
}

#[test]
fn the_bed_of_the_river_falls_from_end_to_end_and_lies_below_its_water() {
    let (territory, commune) = (territory(), truth());
    let spec = *territory.spec();
    let bed = territory.window("bed", 0..spec.rows, 0..spec.columns).unwrap();
    let change = territory.window("bed_change", 0..spec.rows, 0..spec.columns).unwrap();
    let (mut last, mut depths) = (f32::INFINITY, Vec::new());
    for [x, y, _] in commune.river_axis() {
        let Some(&level) = bed.at(x, y) else { continue };
        assert!(level <= last + 0.001, "the bed rises at {x} {y}");
        last = level;
        assert_eq!(change.at(x, y).map(|c| *c as u8), Some(BedChange::Carved as u8));
        let water = commune.water_level(x, y).unwrap();
        let real = water - commune.bed_height(x, y).unwrap();
        depths.push((water - f64::from(level), real));
    }
    let n = depths.len() as f64;
    let [mean, real] = [0, 1].map(|k| depths.iter().map(|d| [d.0, d.1][k]).sum::<f64>() / n);
    println!("depth below the water {mean:.2} m, real {real:.2} m");
    assert!(mean > 0.05);
    assert_eq!(territory.manifest().quality.hydrography.falling_share, 1.0);
}

/// The written BD TOPO displaces every building by a vector of its own; blocks move as one.
#[test]
fn footprints_move_onto_their_roofs() {
    let (territory, commune) = (territory(), truth());
    let middle = |points: &mut dyn Iterator<Item = [f64; 2]>| {
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for p in points {
            for k in 0..2 {
                (low[k], high[k]) = (low[k].min(p[k]), high[k].max(p[k]));
            }
        }
        [0, 1].map(|k| 0.5 * (low[k] + high[k]))
    };
    let models = &territory.features().building_models;
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for building in commune.buildings() {
        let real = middle(&mut building.footprint.iter().copied());
        let off = |place: [f64; 2]| (place[0] - real[0]).hypot(place[1] - real[1]);
        let model = models.iter().map(|model| {
            let placed = middle(&mut model.geometry.positions().map(|p| [p[0], p[1]]));
            let shift = [model.shift_east_m, model.shift_north_m].map(|s| s.unwrap_or(0.0));
            (off([placed[0] - shift[0], placed[1] - shift[1]]), off(placed))
        });
        if let Some((was, is)) = model.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|m| m.0 < 1.5) {
            before.push(was);
            after.push(is);
        }
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    println!(
        "{} footprints: {:.2} m off as drawn, {:.2} m off as moved",
        before.len(),
        mean(&before),
        mean(&after)
    );
    assert!(before.len() > 50);
    assert!(mean(&after) < 0.7 * mean(&before));
}

#[test]
fn a_tileset_and_a_scene_hold_every_building_and_bridge() {
    let territory = territory();
    let folder = territory.folder().parent().unwrap().to_owned();
    let (tiles, scene) = (folder.join("tiles"), folder.join("scene.glb"));
    says(&["export", text(territory.folder()), "--format", "3d-tiles", "--out", text(&tiles)]);
    says(&["export", text(territory.folder()), "--format", "glb", "--out", text(&scene)]);
    let tileset: serde_json::Value =
        serde_json::from_slice(&std::fs::read(tiles.join("tileset.json")).unwrap()).unwrap();
    // The others take it from their parent; a root without any is refused by viewers and validators.
    assert_eq!(tileset["root"]["refine"], "ADD");
    let mut rows = 0;
    let mut waiting = vec![tileset["root"].clone()];
    while let Some(tile) = waiting.pop() {
        waiting.extend(tile["children"].as_array().cloned().unwrap_or_default());
        if let Some(uri) = tile["content"]["uri"].as_str() {
            rows += features(&tiles.join(uri));
        }
    }
    let models = std::fs::read_to_string(territory.folder().join(Territory::BUILDINGS)).unwrap();
    let decks = models.lines().filter(|line| line.contains("\"type\":\"Bridge\"")).count();
    assert!(decks > 0, "the bridges over the river have decks");
    assert_eq!(rows, territory.features().buildings.len() + decks);
    assert_eq!(features(&scene), rows);
}

/// Rows of the property table of a GLB.
fn features(path: &std::path::Path) -> usize {
    let bytes = std::fs::read(path).unwrap();
    let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let root: serde_json::Value = serde_json::from_slice(&bytes[20..20 + length]).unwrap();
    let tables = &root["extensions"]["EXT_structural_metadata"]["propertyTables"];
    tables[0]["count"].as_u64().unwrap() as usize
}

#[test]
fn a_coarse_run_grid_keeps_the_crest_of_the_dyke_that_its_cells_lose() {
    let territory = Arc::new(territory());
    let extent = territory.spec().extent();
    let spec = GridSpec::covering(&extent, 8.0);
    let view = |edits| TerritoryView::new(territory.clone(), spec, edits).unwrap();
    let crests = |view: &TerritoryView| {
        let lines = view.crest_lines().unwrap();
        lines.into_iter().find(|l| l.name == "digues-existantes").unwrap().crest.concat()
    };
    let plain = view(Vec::new());
    let cells = plain.terrain(Aggregation::Mean).unwrap();
    let dyke = truth().scenario_geometry().dyke.line;
    let (mut off, mut lost) = (Vec::new(), Vec::new());
    for [x, y, z] in crests(&plain) {
        let near = |p: &&[f64; 3]| (p[0] - x).hypot(p[1] - y);
        // At its ends the dyke runs out into the ground.
        if [dyke.first(), dyke.last()].iter().flatten().any(|end| near(end) < 15.0) {
            continue;
        }
        let real = dyke.iter().min_by(|a, b| near(a).total_cmp(&near(b))).unwrap()[2];
        off.push((z - real).abs());
        lost.push(real - f64::from(*cells.at(x, y).unwrap()));
    }
    off.sort_by(f64::total_cmp);
    lost.sort_by(f64::total_cmp);
    let median = |of: &[f64]| of[of.len() / 2];
    println!(
        "crest off by {:.2} m, p95 {:.2} m; cells of {} m lie {:.2} m below it",
        median(&off),
        off[off.len() * 95 / 100],
        spec.cell_size,
        median(&lost)
    );
    assert!(off.len() > 100);
    assert!(median(&off) < 0.1 && off[off.len() * 95 / 100] < 0.2);
    assert!(median(&lost) > 0.25);

    // What lowers the terrain lowers its crest; a grid as fine as the territory has none.
    let Extent { min_x, min_y, max_x, max_y } = extent;
    let corners = [(min_x, min_y), (max_x, min_y), (max_x, max_y), (min_x, max_y)];
    let whole = Polygon::from_corners(&corners);
    let lower = Edit::Raster {
        band: "dtm".to_owned(),
        area: Geometry::Polygons(vec![whole]),
        operation: RasterOperation::Add(-1.0),
    };
    let (before, after) = (crests(&plain), crests(&view(vec![lower])));
    assert!(before.iter().zip(&after).all(|(a, b)| (a[2] - b[2] - 1.0).abs() < 1e-5));
    let fine = TerritoryView::new(territory.clone(), *territory.spec(), Vec::new()).unwrap();
    assert!(fine.crest_lines().unwrap().iter().all(|l| l.name != "digues-existantes"));
}

#[test]
fn a_flood_meets_the_existing_dyke_but_where_a_measure_stands_in_its_place() {
    let options = CommuneOptions { size_m: 250.0, points_per_m2: 2.0, ..CommuneOptions::default() };
    let folder = commune::assembled_of("dyke", &options);
    let scenario = commune::flood(&folder);
    says(&["run", text(&scenario)]);
    let stated = folder.join("cote-donnee.toml");
    let measure = "schema = 1\nid = \"cote-donnee\"\nextends = \"crue.toml\"\n\
        [measures.digue]\nkind = \"levee\"\ngeometry = \"sources/scenario/dyke.geojson\"\n\
        crest = { from_geometry = true, datum = \"NGF-IGN69\" }\n";
    std::fs::write(&stated, measure).unwrap();
    says(&["run", text(&stated)]);
    let reports: Vec<String> = commune::runs(&folder.join("runs"))
        .iter()
        .map(|run| std::fs::read_to_string(run.join("report.html")).unwrap())
        .collect();
    assert_eq!(reports.len(), 2);
    let existing = reports.iter().filter(|r| r.contains("Digues et levées existantes")).count();
    assert_eq!(existing, 1, "the given crest takes the place of the whole old one");
}
