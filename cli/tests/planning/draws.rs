//! Studies with draws of what is not well known.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::commune::{refuses, runs, says, text};
use super::{STUDY, place, written};

const DRAWN: &str = r#"
[ensemble]
draws = 4
seed = 3
[ensemble.values."runs.crue.parameters.factors.manning"]
distribution = { uniform = [0.7, 1.4] }
source = "essai"
[ensemble.values."runs.impact.parameters.floor_height_m"]
distribution = { triangular = [0.0, 0.1, 0.4] }
source = "essai"
[ensemble.values."runs.crue.parameters.outflow.aval.slope"]
distribution = { log_normal = { median = 1.0, factor = 1.5 } }
applies = "as_factor"
source = "essai"
"#;

fn drawn(name: &str, ensemble: &str) -> String {
    let study = STUDY.replace("id = \"essai\"", "id = \"tirages\"");
    written(name, &format!("{study}{ensemble}"))
}

/// Lines of `tirages.csv`: action, event, draw, identifier, value.
fn lines(store: &Path) -> Vec<[String; 5]> {
    let csv = fs::read_to_string(store.join("studies/tirages/tirages.csv")).unwrap();
    let cells = |line: &str| -> Vec<String> { line.split(';').map(str::to_owned).collect() };
    csv.lines()
        .skip(1)
        .map(cells)
        .map(|c| [c[0].clone(), c[1].clone(), c[3].clone(), c[4].clone(), c[5].clone()])
        .collect()
}

#[test]
fn draws_are_the_same_for_all_actions_and_any_number_of_threads_and_computed_once() {
    let study = drawn("tirages.toml", DRAWN);
    let store = place().join("tirages");
    says(&["study", "run", &study, "--runs", text(&store)]);
    let found = lines(&store);
    // Two actions, two floods, four draws.
    let mut by_key: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let factor = "runs.crue.parameters.factors.manning";
    for [_, _, draw, id, value] in &found {
        if id == factor {
            by_key.entry((draw, id)).or_default().push(value);
        }
    }
    assert_eq!(by_key.len(), 4);
    for values in by_key.values() {
        assert_eq!(values.len(), 4);
        assert!(values.iter().all(|value| *value == values[0]));
    }
    // A floor raised by two metres lowers the damage in every draw.
    let damage = |action: &str, draw: &str| -> f64 {
        let is = |l: &&[String; 5]| {
            l[0] == action && l[1] == "grande" && l[2] == draw && l[3] == "damage_total"
        };
        found.iter().find(is).unwrap()[4].replace(',', ".").parse().unwrap()
    };
    for draw in ["1", "2", "3", "4"] {
        assert!(damage("planchers", draw) < damage("rien", draw));
    }
    let folder = store.join("studies/tirages");
    let html = fs::read_to_string(folder.join("rapport.html")).unwrap();
    for said in ["tirage par tirage", "4 tirages seulement", "4 tirages sur 4", factor, "germe 3"] {
        assert!(html.contains(said), "{said}");
    }
    assert!(folder.join("tirages-01-maximum_water_depth-au-dela-0.05.tif").is_file());
    // People look at the main runs; draws are fields and figures.
    let all = runs(&store);
    let with_report = all.iter().filter(|run| run.join("report.html").is_file()).count();
    let draws = all.len() - with_report;
    // The flood of a draw serves both actions.
    assert_eq!((with_report, draws), (4, 4 * 4));

    let again = says(&["study", "run", &study, "--runs", text(&store)]);
    assert_eq!(again.matches("rien n'a changé").count(), 8, "{again}");
    assert_eq!(runs(&store).len(), all.len());
    let alone = place().join("tirages-1");
    says(&["--threads", "1", "study", "run", &study, "--runs", text(&alone)]);
    let csv = |store: &Path| fs::read(store.join("studies/tirages/tirages.csv")).unwrap();
    assert!(csv(&store) == csv(&alone), "draws depend on the number of threads");
}

#[test]
fn draws_that_cannot_be_are_refused_before_anything_is_computed() {
    let refused = |name: &str, from: &str, to: &str| {
        refuses(&["study", "run", &drawn(name, &DRAWN.replace(from, to))])
    };
    // The event states the same key.
    let message = refused("cle.toml", "factors.manning", "factors.discharge");
    assert!(message.contains("factors.discharge") && message.contains("petite"), "{message}");
    let message = refused("inconnue.toml", "factors.manning", "factors.maning");
    assert!(message.contains("maning") && message.contains("manning"), "{message}");
    assert!(message.contains("inconnue.toml [ensemble.values]"), "{message}");
    let message = refused("bornes.toml", "[0.7, 1.4]", "[1.4, 0.7]");
    assert!(message.contains("factors.manning") && message.contains("bornes"), "{message}");
    let message = refused("nombre.toml", "draws = 4", "draws = 5000");
    assert!(message.contains("5000"), "{message}");
    let message = refused("base.toml", "outflow.aval.slope", "outflow.amont.slope");
    assert!(message.contains("outflow.amont.slope"), "{message}");
    let message = refused(
        "source.toml",
        "source = \"essai\"\n[ensemble.values.\"runs.impact",
        "source = \"\"\n[ensemble.values.\"runs.impact",
    );
    assert!(message.contains("source"), "{message}");
}
