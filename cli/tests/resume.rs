//! A process killed at any moment leaves no broken run, and `--resume` gives the bytes of an
//! uninterrupted run.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod commune;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use commune::{output, runs, says, text, twin};

/// How long a test waits for a moment of a run.
const PATIENCE: Duration = Duration::from_secs(120);

/// The scenario, on a territory assembled once for all tests of this file.
fn scenario() -> &'static Path {
    static SCENARIO: OnceLock<PathBuf> = OnceLock::new();
    SCENARIO.get_or_init(|| commune::flood(&commune::assembled("resume")))
}

/// An empty run store.
fn store(name: &str) -> PathBuf {
    let folder = scenario().with_file_name(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    folder
}

/// The files of an uninterrupted run, by name.
fn uninterrupted() -> &'static BTreeMap<String, Vec<u8>> {
    static FILES: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| {
        let store = store("uninterrupted");
        says(&["run", text(scenario()), "--runs", text(&store)]);
        files(&only_run(&store))
    })
}

fn only_run(store: &Path) -> PathBuf {
    let found = runs(store);
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

/// All files of a run but `log.json`, which holds what differs: times, threads, resumptions.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "log.json" {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn assert_same(found: &BTreeMap<String, Vec<u8>>) {
    let expected = uninterrupted();
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected));
    for (name, bytes) in expected {
        assert!(found[name] == *bytes, "{name} differs from that of an uninterrupted run");
    }
    for name in ["fields.h5", "indicators.json", "gauges.csv", "manifest.json", "report.html"] {
        assert!(expected.contains_key(name), "{name} is missing");
    }
}

fn start(store: &Path, resume: bool) -> Child {
    let mut command = twin(&["run", text(scenario()), "--runs", text(store), "--threads", "1"]);
    if resume {
        command.arg("--resume");
    }
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Path in the folder of the run being written, once there is one.
fn in_partial(store: &Path, name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(store.join("flood")).ok()?;
    let partial = entries
        .flatten()
        .find(|e| e.file_name().to_string_lossy().starts_with(".partial-"))?
        .path()
        .join(name);
    partial.exists().then_some(partial)
}

/// Waits until the run has got somewhere; `false` when it ended before.
fn reaches(child: &mut Child, store: &Path, name: &str) -> bool {
    let started = Instant::now();
    while in_partial(store, name).is_none() {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(started.elapsed() < PATIENCE, "the run never came to {name}");
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

fn kill(mut child: Child) {
    // Fails only where the process has ended by itself.
    let _ = child.kill();
    child.wait().unwrap();
}

/// No run without all its files is ever visible under its name.
fn assert_no_broken_run(store: &Path) {
    for run in runs(store) {
        assert_eq!(
            files(&run).into_keys().collect::<Vec<_>>(),
            uninterrupted().keys().cloned().collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_run_killed_at_each_of_its_stages_resumes_to_the_same_bytes() {
    let store = store("killed-at-stages");
    let mut killed = 0;
    for stage in [
        "segments",
        "checkpoints/0000.state",
        "segments/0001.h5",
        "checkpoints/0003.state",
        "fields.h5",
        "indicators.json",
        "maps",
        "report.html",
    ] {
        let mut child = start(&store, true);
        killed += usize::from(reaches(&mut child, &store, stage));
        kill(child);
        assert_no_broken_run(&store);
        if !runs(&store).is_empty() {
            break;
        }
    }
    assert!(killed >= 5, "only {killed} moments were caught");
    says(&["run", text(scenario()), "--runs", text(&store), "--resume"]);
    assert_same(&files(&only_run(&store)));
}

#[test]
fn a_run_killed_at_any_time_resumes_to_the_same_bytes() {
    let store = store("killed-at-times");
    for milliseconds in [10, 60, 150, 300, 600] {
        let child = start(&store, true);
        std::thread::sleep(Duration::from_millis(milliseconds));
        kill(child);
        assert_no_broken_run(&store);
    }
    says(&["run", text(scenario()), "--runs", text(&store), "--resume"]);
    assert_same(&files(&only_run(&store)));
}

#[test]
fn without_resume_a_killed_run_starts_again() {
    let store = store("started-again");
    let mut child = start(&store, false);
    reaches(&mut child, &store, "checkpoints/0001.state");
    kill(child);
    let said = says(&["run", text(scenario()), "--runs", text(&store)]);
    assert!(!said.contains("reprise"), "{said}");
    assert_same(&files(&only_run(&store)));
}

#[test]
fn an_unchanged_scenario_is_not_computed_again_and_a_changed_one_is_kept_beside_it() {
    let store = store("unchanged");
    let short = ["run", text(scenario()), "--runs", text(&store), "--set", "time.duration=2 min"];
    says(&short);
    let first = only_run(&store);
    let log = fs::read(first.join("log.json")).unwrap();
    assert!(says(&short).contains("rien n'a changé"));
    assert_eq!(fs::read(first.join("log.json")).unwrap(), log);
    says(&[&short[..], &["--set", "runs.crue.parameters.floor_height_m=0.5"]].concat());
    assert_eq!(runs(&store).len(), 2);
    assert_eq!(fs::read(first.join("log.json")).unwrap(), log);
}

#[test]
fn a_second_process_says_that_the_first_is_at_work_and_takes_its_result() {
    let store = store("two-at-once");
    let mut child = start(&store, false);
    assert!(reaches(&mut child, &store, "segments"));
    let said = says(&["run", text(scenario()), "--runs", text(&store)]);
    assert!(said.contains("un autre processus calcule déjà ce résultat"), "{said}");
    assert!(said.contains("rien n'a changé"), "{said}");
    assert!(child.wait().unwrap().success());
    assert_same(&files(&only_run(&store)));
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_with_status_130_and_loses_no_checkpoint() {
    let store = store("ctrl-c");
    let mut child = start(&store, false);
    assert!(reaches(&mut child, &store, "checkpoints/0001.state"));
    let sent = std::process::Command::new("sh")
        .args(["-c", &format!("kill -INT {}", child.id())])
        .status()
        .unwrap();
    assert!(sent.success());
    let stopped = child.wait_with_output().unwrap();
    let said = String::from_utf8(stopped.stderr).unwrap();
    assert_eq!(stopped.status.code(), Some(130), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(runs(&store).is_empty());
    let said = says(&["run", text(scenario()), "--runs", text(&store), "--resume"]);
    assert!(said.contains("reprise à 0 h 12 min"), "{said}");
    assert_same(&files(&only_run(&store)));
}

#[test]
fn a_killed_assembly_leaves_the_earlier_territory_whole() {
    let folder = commune::with_sources("killed-assembly");
    let (file, territory) = (folder.join("commune.toml"), folder.join("commune.twin"));
    let assemble = ["assemble", text(&file)];
    for milliseconds in [30, 200] {
        let child = twin(&assemble).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        kill(child);
        assert!(!territory.exists() || territory.join("twin.toml").is_file());
    }
    says(&assemble);
    let whole = files(&territory);
    for milliseconds in [30, 200, 500] {
        let child = twin(&assemble).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        kill(child);
        assert!(output(&["info", text(&territory), "--json"]).status.success());
    }
    says(&assemble);
    assert!(files(&territory) == whole, "the same sources give another territory");
}
