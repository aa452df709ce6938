//! What a planner does: studies, comparisons, results of others, scenario files beside each other.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "../commune/mod.rs"]
mod commune;
mod draws;
mod importing;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use commune::{refuses, runs, says, text};
use serde_json::Value;

/// The folder with the assembled commune, its scenario and a study of two actions and two floods.
fn place() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        let folder = commune::assembled("planning");
        commune::flood(&folder);
        fs::write(folder.join("impact.toml"), IMPACT).unwrap();
        fs::write(folder.join("etude.toml"), STUDY).unwrap();
        says(&["study", "run", text(&folder.join("etude.toml"))]);
        folder
    })
}

const IMPACT: &str = r#"
extends = "crue.toml"
id = "impact"
title = { fr = "Crue et impact", en = "Flood and impact" }
[time]
output_interval = "5 min"
[runs.impact]
simulation = "impact"
"#;

const STUDY: &str = r#"
schema = 1
id = "essai"
title = { fr = "Étude d'essai", en = "Test study" }
scenario = "impact.toml"
[actions.rien]
title = { fr = "Rien", en = "Nothing" }
[actions.planchers]
title = { fr = "Planchers", en = "Floors" }
[actions.planchers.change.measures.planchers]
kind = "floor-raised"
geometry = "sources/scenario/study_area.geojson"
floor_height_m = 2.0
cost = { investment_eur = 10000, source = "essai" }
[events.petite]
title = { fr = "Petite crue", en = "Small flood" }
return_period_years = 10
source = "essai"
change.runs.crue.parameters.factors.discharge = 0.6
[events.grande]
title = { fr = "Grande crue", en = "Large flood" }
return_period_years = 100
source = "essai"
[economy]
discount_rate = 0.025
years = 50
source = "essai"
"#;

fn file(name: &str) -> String {
    text(&place().join(name)).to_owned()
}

fn written(name: &str, content: &str) -> String {
    let path = place().join(name);
    fs::write(&path, content).unwrap();
    text(&path).to_owned()
}

/// Values of the study by action, event and identifier.
fn figures() -> Vec<(String, String, String, Option<f64>)> {
    let csv = fs::read_to_string(place().join("runs/studies/essai/indicateurs.csv")).unwrap();
    csv.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(';').collect();
            let value = cells[cells.len() - 2].replace(',', ".").parse().ok();
            (cells[0].to_owned(), cells[1].to_owned(), cells[3].to_owned(), value)
        })
        .collect()
}

fn figure(action: &str, event: &str, id: &str) -> f64 {
    let all = figures();
    let found = all.iter().find(|f| f.0 == action && f.1 == event && f.2 == id);
    found.and_then(|f| f.3).unwrap()
}

#[test]
fn a_study_tells_what_its_actions_change_and_cost() {
    let damage = |action, event| figure(action, event, "damage_total");
    assert!(damage("rien", "grande") > damage("rien", "petite"));
    assert!(damage("planchers", "grande") < damage("rien", "grande"));
    let html = fs::read_to_string(place().join("runs/studies/essai/rapport.html")).unwrap();
    for said in [
        "Ce que changent les actions",
        "Coûts et bénéfices sur 50",
        "Comment citer",
        "période de retour de 100",
        "measures.planchers.floor_height_m",
    ] {
        assert!(html.contains(said), "{said}");
    }
    let map = fs::read_to_string(place().join("runs/studies/essai/carte-01-crue.svg")).unwrap();
    assert!(map.contains("échelle maximale") && map.contains("5\u{202f}000"), "no largest scale");
    assert!(!html.contains("<script") && !html.contains("src=\"http"));
    let again = says(&["study", "run", &file("etude.toml")]);
    assert_eq!(again.matches("rien n'a changé").count(), 8, "{again}");
    assert!(says(&["report", &file("etude.toml")]).contains("rapport.html"));
    assert_eq!(says(&["study", "list", &file("etude.toml")]).lines().count(), 4);
    let impact = fs::read_dir(place().join("runs/impact")).unwrap().next().unwrap().unwrap().path();
    says(&["export", text(&impact), "--format", "publishable", "--out", &file("publiable.gpkg")]);
    let told = says(&["info", &file("publiable.gpkg")]);
    assert!(told.contains("carreau_publiable") && !told.contains("batiment "), "{told}");
}

#[test]
fn inhabitants_by_square_change_the_impact_and_not_the_flood() {
    let (west, south) = (700_000.0, 6_599_700.0);
    let (east, north) = (west + 300.0, south + 400.0);
    let squares = serde_json::json!({
        "type": "FeatureCollection",
        "crs": { "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::2154" } },
        "features": [{
            "type": "Feature",
            "properties": { "ind": 1000 },
            "geometry": { "type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]] }
        }]
    });
    written("carreaux.geojson", &squares.to_string());
    let scenario = "extends = \"impact.toml\"\nid = \"carreaux\"\n[inputs.population]\npath = \"carreaux.geojson\"\n";
    let told = says(&["run", &written("carreaux.toml", scenario)]);
    assert!(told.contains("crue : rien n'a changé") && !told.contains("impact : rien"), "{told}");
    let negative = written("carreaux.geojson", &squares.to_string().replace("1000", "-5"));
    assert!(refuses(&["run", &file("carreaux.toml")]).contains("ind"), "{negative}");
}

#[test]
fn a_study_that_cannot_be_is_refused_before_anything_is_computed() {
    let without_cost = STUDY.replace("cost = { investment_eur = 10000, source = \"essai\" }", "");
    let message = refuses(&["study", "run", &written("sans-cout.toml", &without_cost)]);
    assert!(message.contains("planchers") && message.contains("coût"), "{message}");

    let mut many =
        STUDY.replace("[economy]\ndiscount_rate = 0.025\nyears = 50\nsource = \"essai\"\n", "");
    for k in 0..1000 {
        many.push_str(&format!("[actions.a{k}]\ntitle = {{ fr = \"a\", en = \"a\" }}\n[events.e{k}]\ntitle = {{ fr = \"e\", en = \"e\" }}\n"));
    }
    let message = refuses(&["study", "run", &written("mille.toml", &many)]);
    let count = 1002 * 1002;
    assert!(message.contains(&count.to_string()), "{message}");

    let unknown = STUDY.replace("[economy]", "[economie]");
    let message = refuses(&["study", "run", &written("inconnu.toml", &unknown)]);
    assert!(message.contains("economie") && message.contains("economy"), "{message}");

    let without_source =
        STUDY.replace("return_period_years = 10\nsource = \"essai\"", "return_period_years = 10");
    let message = refuses(&["study", "run", &written("sans-source.toml", &without_source)]);
    assert!(message.contains("events.petite.source"), "{message}");

    let undone = format!(
        "{STUDY}[horizons.h2050]\ntitle = {{ fr = \"2050\", en = \"2050\" }}\nchange.runs.crue.parameters.factors.discharge = 1.2\n"
    );
    let message = refuses(&["study", "run", &written("efface.toml", &undone)]);
    assert!(message.contains("factors.discharge") && message.contains("h2050"), "{message}");

    let equal = STUDY.replace("return_period_years = 100", "return_period_years = 10");
    let message = refuses(&["study", "run", &written("meme-periode.toml", &equal)]);
    assert!(message.contains("même période de retour"), "{message}");

    let nowhere = STUDY.replace("sources/scenario/study_area.geojson", "nulle-part.geojson");
    let message = refuses(&["study", "run", &written("nulle-part.toml", &nowhere)]);
    assert!(message.contains("nulle-part.geojson"), "{message}");
}

/// The figures of the comparison of two runs of the study.
fn compared(first: &Path, second: &Path, out: &str) -> Value {
    let out = place().join(out);
    says(&["compare", text(first), text(second), "--out", text(&out)]);
    serde_json::from_str(&fs::read_to_string(out.join("comparaison.json")).unwrap()).unwrap()
}

#[test]
fn a_comparison_is_mirrored_by_swapping_and_empty_for_one_run() {
    let found = runs(&place().join("runs"));
    let [a, b] = [&found[0], &found[1]];
    let (forward, back) = (compared(a, b, "ab"), compared(b, a, "ba"));
    let number = |v: &Value| v.as_f64().unwrap_or(0.0);
    for (one, other) in
        forward["indicators"].as_array().unwrap().iter().zip(back["indicators"].as_array().unwrap())
    {
        assert_eq!(one["values"][0], other["values"][1], "{}", one["id"]);
        assert_eq!(one["values"][1], other["values"][0], "{}", one["id"]);
    }
    let (one, other) = (&forward["others"][0], &back["others"][0]);
    assert_eq!(number(&one["newly_flooded_m2"]), number(&other["no_longer_flooded_m2"]));
    let count = |v: &Value| v.as_array().unwrap().len();
    assert_eq!(count(&one["buildings"]["better"]), count(&other["buildings"]["worse"]));
    assert!(count(&one["inputs"]) > 0);

    let itself = compared(a, a, "aa");
    let alone = &itself["others"][0];
    assert_eq!(number(&alone["newly_flooded_m2"]), 0.0);
    assert_eq!(count(&alone["inputs"]) + count(&alone["buildings"]["worse"]), 0);
}

#[test]
fn runs_on_different_grids_are_not_compared() {
    let scenario = file("impact.toml");
    says(&["run", &scenario, "--set", "grid.resolution_m=10", "--runs", &file("grob")]);
    let coarse = runs(&place().join("grob")).remove(0);
    let fine = runs(&place().join("runs")).remove(0);
    let message = refuses(&["compare", text(&fine), text(&coarse), "--out", &file("x")]);
    assert!(message.contains("resolution_m"), "{message}");
    let message = refuses(&["compare", text(&fine)]);
    assert!(message.contains("deux calculs"), "{message}");
}

#[test]
fn what_measures_change_is_mapped_before_and_after_and_only_there() {
    let area = "[[700120.0, 6599850.0], [700160.0, 6599850.0], [700160.0, 6599890.0], [700120.0, 6599890.0]]";
    let scenario = |id: &str, measures: &str| {
        let text = format!(
            "extends = \"impact.toml\"\nid = \"{id}\"\n[runs.impact]\nenabled = false\n{measures}"
        );
        let path = written(&format!("{id}.toml"), &text);
        let store = file(id);
        says(&["run", &path, "--runs", &store]);
        runs(Path::new(&store)).remove(0)
    };
    let basin = format!(
        "[measures.b]\nkind = \"retention-area\"\ngeometry = {area}\nfloor = {{ level_m = 50.0, datum = \"NGF-IGN69\" }}\n"
    );
    let dug = scenario("creuse", &basin);
    assert!(dug.join("maps/mesures-sol.svg").is_file());
    assert!(!dug.join("maps/mesures-canopee.svg").exists());
    let told = says(&["info", text(&dug.join("fields.h5"))]);
    assert!(told.contains("ground_change_by_measures"), "{told}");
    let grass =
        format!("[measures.g]\nkind = \"land-cover\"\ngeometry = {area}\ncover = \"wetland\"\n");
    let sown = scenario("seme", &grass);
    for map in ["mesures-avant.svg", "mesures-apres.svg"] {
        assert!(sown.join("maps").join(map).is_file());
    }
    let svg = fs::read_to_string(sown.join("maps/mesures-apres.svg")).unwrap();
    assert!(svg.contains("humide"), "no legend of the new cover");
    assert!(!sown.join("maps/mesures-sol.svg").exists());
}

#[test]
fn scenario_files_are_checked_shown_and_compared_without_a_run() {
    let (parent, child) = (file("crue.toml"), file("impact.toml"));
    assert!(says(&["scenario", "check", &child]).contains("sans erreur"));
    let diff = says(&["scenario", "diff", &parent, &child]);
    assert!(
        diff.contains("runs.impact.simulation") && diff.contains("time.output_interval"),
        "{diff}"
    );
    assert!(says(&["scenario", "diff", &parent, &parent]).contains("Aucune différence"));
    let shown = written("montre.toml", &says(&["scenario", "show", &child]));
    assert!(says(&["scenario", "diff", &child, &shown]).contains("Aucune différence"));
    let bad = "extends = \"impact.toml\"\n[runs.impact.parameters]\nfloor_height_m = -2.0\n";
    let message = refuses(&["scenario", "check", &written("faux.toml", bad)]);
    assert!(message.contains("runs.impact.parameters.floor_height_m"), "{message}");
    let area = "geometry = \"sources/scenario/study_area.geojson\"";
    let bad = format!(
        "extends = \"impact.toml\"\n[measures.a]\nkind = \"floor-raised\"\n{area}\nfloor_height_m = 1.0\n[measures.b]\nkind = \"building-demolished\"\n{area}\n"
    );
    let message = refuses(&["scenario", "check", &written("contraire.toml", &bad)]);
    assert!(message.contains("measures.b") && message.contains("« a »"), "{message}");
    let bad = "extends = \"impact.toml\"\n[inputs.populatio]\npath = \"sources/scenario/study_area.geojson\"\n";
    let message = refuses(&["scenario", "check", &written("entree.toml", bad)]);
    assert!(message.contains("populatio"), "{message}");
    let bad = "extends = \"impact.toml\"\n[measures.m]\nkind = \"building-demolished\"\nbuildings = [\"B0\"]\n";
    let message = refuses(&["scenario", "check", &written("faux2.toml", bad)]);
    assert!(message.contains("measures.m") && message.contains("B0"), "{message}");
}

#[test]
fn a_study_is_written_run_and_told_in_one_command() {
    let out = place().join("nouvelle");
    let told = says(&[
        "study",
        "new",
        "--territory",
        &file("commune.twin"),
        "--hazard",
        "flood",
        "--discharge",
        "20,40",
        "--return-period",
        "10,100",
        "--source",
        "essai",
        "--resolution",
        "10",
        "--rise",
        "0.2",
        "--out",
        text(&out),
    ]);
    assert!(told.contains("rapport.html"), "{told}");
    let html = fs::read_to_string(out.join("runs/studies/etude/rapport.html")).unwrap();
    assert!(html.contains("40 m³") || html.contains("40\u{a0}m³"), "events are not told");
    assert!(out.join("lieux.png").is_file());
    let message = refuses(&[
        "study",
        "new",
        "--territory",
        &file("commune.twin"),
        "--discharge",
        "5",
        "--source",
        " ",
    ]);
    assert!(message.contains("--source"), "{message}");
}

/// A run placed on a real flood plan: depth where the plan has a flood hazard, all of it or its west.
#[test]
fn a_flood_plan_is_met_as_far_as_a_run_covers_it() {
    let plan = "risks/ppri_covadis_38ddt20130013_romanche-aval/N_ZONE_ALEA_PPRN_20130013_S_038.shp";
    let Some(plan) = twin_core::test_support::data(plan) else { return };
    let folder = place().join("romanche");
    fs::create_dir_all(&folder).unwrap();
    let (west, south, columns, rows, size) = (913_800.0, 6_442_400.0, 950usize, 510usize, 10.0);
    let (east, north) = (west + columns as f64 * size, south + rows as f64 * size);
    // Roads every 100 m, whose vertices carry the relief.
    let road = |y: f64| {
        let line: Vec<[f64; 3]> =
            (0..=columns / 10).map(|k| [west + k as f64 * 100.0, y, 300.0]).collect();
        serde_json::json!({
            "type": "Feature",
            "properties": { "cleabs": format!("R{y}"), "nature": "Route à 1 chaussée" },
            "geometry": { "type": "LineString", "coordinates": line }
        })
    };
    let all: Vec<Value> = (0..=rows / 10).map(|k| road(south + k as f64 * 100.0)).collect();
    let roads = serde_json::json!({
        "type": "FeatureCollection",
        "name": "troncon_de_route",
        "crs": { "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::2154" } },
        "features": all
    });
    fs::write(folder.join("troncon_de_route.geojson"), roads.to_string()).unwrap();
    fs::write(
        folder.join("romanche.toml"),
        format!(
            "schema = 1\nname = \"Romanche\"\ncrs = \"EPSG:2154\"\nextent = [{west:.1}, {south:.1}, {east:.1}, {north:.1}]\nresolution_m = 10.0\n[[source]]\nproduct = \"bd-topo\"\npath = \"troncon_de_route.geojson\"\n"
        ),
    )
    .unwrap();
    says(&["assemble", text(&folder.join("romanche.toml"))]);

    let spec = twin_core::spatial::GridSpec { west, north, cell_size: size, columns, rows };
    let mut hazard = twin_core::spatial::Grid::filled(spec, false);
    for table in twin_core::formats::read_vector(&plan).unwrap() {
        for feature in &table.features {
            let polygons = feature.geometry.iter().flat_map(|g| g.polygons());
            twin_core::spatial::cells_within(&spec, polygons, |r, c| hazard[(r, c)] = true);
        }
    }
    let hit_rate = |name: &str, until: usize| {
        let mut asc = format!(
            "ncols {columns}\nnrows {rows}\nxllcorner {west}\nyllcorner {south}\ncellsize {size}\nNODATA_value -9999\n"
        );
        let mut covered = 0usize;
        for row in 0..rows {
            for column in 0..columns {
                let is_wet = hazard[(row, column)] && column < until;
                covered += usize::from(is_wet);
                asc.push_str(if is_wet { "1 " } else { "0 " });
            }
            asc.push('\n');
        }
        let depth = folder.join(format!("{name}.asc"));
        fs::write(&depth, asc).unwrap();
        let store = folder.join(name);
        says(&[
            "import-run",
            "--territory",
            text(&folder.join("romanche.twin")),
            "--depth",
            text(&depth),
            "--title",
            "Essai",
            "--author",
            "Essai",
            "--out",
            text(&store.join("import.toml")),
        ]);
        let run = fs::read_dir(store.join("runs/imported-flood"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let out = store.join("comparaison");
        says(&["compare", text(&run), "--reference", text(&plan), "--out", text(&out)]);
        let found: Value =
            serde_json::from_str(&fs::read_to_string(out.join("comparaison.json")).unwrap())
                .unwrap();
        assert_eq!(found["false_alarm_ratio"].as_f64().unwrap(), 0.0);
        (
            found["hit_rate"].as_f64().unwrap(),
            found["critical_success_index"].as_f64().unwrap(),
            covered,
        )
    };
    let (all, success, cells) = hit_rate("tout", columns);
    assert_eq!((all, success), (1.0, 1.0));
    let (half, success, west_cells) = hit_rate("ouest", columns / 2);
    let share = west_cells as f64 / cells as f64;
    assert!(share > 0.05 && share < 0.95, "{share}");
    assert!((half - share).abs() < 1e-9 && (success - share).abs() < 1e-9, "{half} {share}");
}

#[test]
fn what_lies_beside_the_run_grid_is_told() {
    let folder = place();
    let territory = twin_core::territory::Territory::open(&folder.join("commune.twin")).unwrap();
    let e = territory.spec().extent();
    let [west, south, north] = [e.min_x, e.min_y, e.max_y];
    // The grid takes the western half and goes beyond the border; the measure lies in the eastern one.
    let (middle, east) = (0.5 * (e.min_x + e.max_x), e.max_x);
    let path = folder.join("bord.toml");
    let text_of = |ring: &str| {
        format!(
            "schema = 1\nid = \"bord\"\ntitle = {{ fr = \"Bord\", en = \"Edge\" }}\nterritory = \"commune.twin\"\n\
             [grid]\nresolution_m = 5.0\nextent = [{}, {south}, {middle}, {north}]\n\
             [measures.sol]\nkind = \"ground-albedo\"\nalbedo = 0.5\nsource = \"essai\"\ngeometry = {ring}\n\
             [runs.indice]\nsimulation = \"cooling-index\"\n\
             [runs.indice.parameters]\nreference_air_c = 30.0\nheat_island_k = 3.0\nsource = \"essai\"\n",
            west - 100.0
        )
    };
    let ring = |a: f64, b: f64| {
        format!("[[{a}, {south}], [{b}, {south}], [{b}, {north}], [{a}, {north}]]")
    };
    fs::write(&path, text_of(&ring(middle + 20.0, east))).unwrap();
    let output = commune::output(&["--lang", "en", "run", text(&path)]);
    let said = [&output.stdout, &output.stderr].map(|t| String::from_utf8_lossy(t)).concat();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("goes beyond the territory"), "{said}");
    assert!(said.contains("\"sol\" lies beside the run grid"), "{said}");
    fs::write(&path, text_of(&ring(west, middle))).unwrap();
    let output = commune::output(&["--lang", "en", "run", text(&path)]);
    let said = [&output.stdout, &output.stderr].map(|t| String::from_utf8_lossy(t)).concat();
    assert!(output.status.success() && !said.contains("beside the run grid"), "{said}");
    // Analyses are compared by the same command.
    let runs: Vec<PathBuf> = fs::read_dir(folder.join("runs/cooling-index"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(runs.len(), 2);
    let out = folder.join("bord-comparaison");
    says(&["compare", text(&runs[0]), text(&runs[1]), "--out", text(&out)]);
    let page = fs::read_to_string(out.join("comparaison.html")).unwrap();
    assert!(page.contains("Capacité") && out.join("ecart-1-heat_mitigation.tif").exists());
}
