//! A real window under Xvfb, driven by keys and pointer as a user drives it.
//!
//! What the window shows is read from the files it writes: the view (Ctrl+S), the table of what a
//! tool found (Ctrl+E), the scenario of a drawn measure, the picture (F12). With `TWIN_GALLERY=FOLDER`
//! in the environment, the screen is photographed at every step.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use toml::Table;
use twin_core::formats::cf::SeriesFile;
use twin_core::results::exposure::{footprint_cells, ring};
use twin_core::spatial::Polygon;
use twin_core::territory::Territory;

use crate::valley::{Valley, computed, valley, viewer};

/// A turn of the window takes a second on a driver without a graphics card.
const PATIENCE: Duration = Duration::from_secs(120);
/// The middle of the picture in the window of 1440 × 900 pixels, panels shown.
const MIDDLE: [i32; 2] = [690, 434];

/// The box « Arbres » in the panel at the left.
const TREES: [i32; 2] = [33, 601];

/// The button that makes the planning rules ready in the panel at the right, and the field of the height at the
/// eaves that stands there afterwards.
const PREPARE: [i32; 2] = [1160, 54];
const EAVES: [i32; 2] = [1128, 68];

/// The window, and the screen that it stands on.
struct Window {
    screen: Child,
    display: String,
    program: Child,
    view: PathBuf,
}

impl Drop for Window {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.import("echec");
        }
        for child in [&mut self.program, &mut self.screen] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Whether a program of the tests can be run; says so where not, and fails where it must be there.
fn has(program: &str) -> bool {
    let mut found = Command::new(program);
    found.arg("-version").stdout(Stdio::null()).stderr(Stdio::null());
    let is_there = found.status().is_ok();
    assert!(
        is_there || std::env::var_os("TWIN_REQUIRE_TOOLS").is_none(),
        "{program} is not installed"
    );
    is_there
}

fn wait<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

impl Window {
    fn open(view: PathBuf) -> Self {
        let mut screen = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut number = String::new();
        BufReader::new(screen.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let display = format!(":{}", number.trim());
        let program = viewer()
            .arg(&view)
            .env("DISPLAY", &display)
            .env_remove("WAYLAND_DISPLAY")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let window = Self { screen, display, program, view };
        wait("the window", || {
            let found = window.command(&["search", "--onlyvisible", "--name", "twin"]);
            found.lines().next().map(str::to_owned)
        });
        window.command(&["search", "--onlyvisible", "--name", "twin", "windowfocus"]);
        window
    }

    /// Runs xdotool on the screen.
    fn command(&self, arguments: &[&str]) -> String {
        let output =
            Command::new("xdotool").env("DISPLAY", &self.display).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn key(&self, key: &str) {
        self.command(&["key", key]);
    }

    /// Clicks at a place of the window, and waits for the turn that takes it.
    fn click(&self, [x, y]: [i32; 2]) {
        let (x, y) = (x.to_string(), y.to_string());
        self.command(&["mousemove", &x, &y]);
        self.saved();
        self.command(&["click", "1"]);
        self.saved();
    }

    /// Types into a field of the panel. No chord asks whether the click was taken: where Ctrl is let go within
    /// the same turn, its letter would be typed.
    fn fill(&self, [x, y]: [i32; 2], text: &str) {
        let (x, y) = (x.to_string(), y.to_string());
        self.command(&["mousemove", &x, &y]);
        self.saved();
        self.command(&["click", "1"]);
        std::thread::sleep(Duration::from_secs(3));
        self.command(&["type", text]);
        self.key("Return");
        std::thread::sleep(Duration::from_secs(3));
    }

    /// The state of the window: all that was done before is in it.
    fn saved(&self) -> Table {
        let _ = std::fs::remove_file(&self.view);
        self.key("ctrl+s");
        let text = wait("the view", || std::fs::read_to_string(&self.view).ok());
        toml::from_str(&text).unwrap()
    }

    /// Waits until the window uses no processor time: where nothing changes, it draws nothing.
    fn rest(&self) {
        let used = || {
            let stat =
                std::fs::read_to_string(format!("/proc/{}/stat", self.program.id())).unwrap();
            let ticks: Vec<u64> =
                stat.split(' ').skip(13).take(2).map(|n| n.parse().unwrap()).collect();
            ticks.iter().sum::<u64>()
        };
        wait("the window to rest", || {
            let before = used();
            std::thread::sleep(Duration::from_secs(2));
            (used() - before <= 1).then_some(())
        });
    }

    /// A file that the window writes beside the view, under the name of the view and a number.
    fn written(&self, key: &str, extension: &str) -> PathBuf {
        let before = self.files(extension);
        self.key(key);
        wait(extension, || self.files(extension).into_iter().find(|f| !before.contains(f)))
    }

    fn files(&self, extension: &str) -> Vec<PathBuf> {
        let name = self.view.file_name().unwrap().to_string_lossy();
        let name = format!("{}-", name.trim_end_matches(".view.toml"));
        let is_own = |p: &PathBuf| {
            p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&name))
                && p.extension().is_some_and(|e| e == extension)
        };
        let entries = std::fs::read_dir(self.view.parent().unwrap()).unwrap();
        entries.map(|e| e.unwrap().path()).filter(is_own).collect()
    }

    /// The table of what the tool found: rows of name, abscissa and value.
    fn table(&self) -> Vec<[String; 3]> {
        let file = self.written("ctrl+e", "csv");
        let mut rows = csv::ReaderBuilder::new().delimiter(b';').from_path(file).unwrap();
        rows.deserialize().map(|row| row.unwrap()).collect()
    }

    /// Photographs the screen where a gallery is asked for.
    fn photograph(&self, name: &str) {
        if std::env::var_os("TWIN_GALLERY").is_some() {
            self.saved();
            // The turn that took the last key is drawn by then.
            std::thread::sleep(Duration::from_secs(6));
            self.import(name);
        }
    }

    fn import(&self, name: &str) {
        let Some(folder) = std::env::var_os("TWIN_GALLERY") else { return };
        let file = Path::new(&folder).join(format!("{name}.png"));
        let mut import = Command::new("import");
        import.env("DISPLAY", &self.display).args(["-window", "root"]).arg(file);
        let _ = import.status();
    }
}

fn number(text: &str) -> f64 {
    text.replace(',', ".").parse().unwrap()
}

/// The number that a table gives under a name.
fn named(table: &[[String; 3]], name: &str) -> f64 {
    let row = table.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("no {name}"));
    number(&row[2])
}

/// The house nearest to the deepest water that is large enough to hit: identifier and a place inside.
fn house_by_the_water(valley: &Valley) -> (String, [f64; 2]) {
    let territory = Territory::open(&valley.folder.join("territoire.twin")).unwrap();
    let fields = SeriesFile::open(valley.runs[0].join("fields.h5")).unwrap();
    let depth = fields.read_static("maximum_water_depth").unwrap();
    let deepest = |a: &f32, b: &f32| a.max(0.0).total_cmp(&b.max(0.0));
    let cell = (0..depth.spec.len()).max_by(|a, b| deepest(&depth.values[*a], &depth.values[*b]));
    let (row, column) = depth.spec.row_column(cell.unwrap());
    let (wet_x, wet_y) = depth.spec.centre(row, column);
    // All of the window shall show ground.
    let inner = territory.spec().extent().buffered(-90.0);
    let houses = territory.features().building_models.iter().filter_map(|model| {
        let extent = model.geometry.extent()?;
        let (x, y) = extent.centre();
        let is_inside = |p: &Polygon| p.contains(x, y);
        let is_large = extent.width().min(extent.height()) > 7.0 && inner.contains(x, y);
        let is_hit = is_large && model.geometry.polygons().iter().any(is_inside);
        is_hit.then(|| (model.id.clone(), [x, y]))
    });
    let distance = |[x, y]: [f64; 2]| (x - wet_x).hypot(y - wet_y);
    houses.min_by(|a, b| distance(a.1).total_cmp(&distance(b.1))).unwrap()
}

/// The water of the first run at a house at every stored moment: the highest of its own cells, of those around
/// it where it is a block in the water; and whether it is.
fn water_at(valley: &Valley, house: &str) -> (Vec<f64>, bool) {
    let territory = Territory::open(&valley.folder.join("territoire.twin")).unwrap();
    let fields = SeriesFile::open(valley.runs[0].join("fields.h5")).unwrap();
    let building = territory.features().buildings.iter().find(|b| b.id == house).unwrap();
    let own = footprint_cells(fields.spec(), building);
    let highest = |cells: &[(usize, usize)]| -> Vec<f64> {
        let of = |k: usize| {
            let depth = fields.read_frame("water_depth", k).unwrap();
            f64::from(cells.iter().map(|cell| depth[*cell]).fold(0.0, f32::max))
        };
        (0..fields.times().len()).map(of).collect()
    };
    let inside = highest(&own);
    if inside.iter().any(|v| *v > 0.0) {
        return (inside, false);
    }
    let around: Vec<(usize, usize)> = ring(fields.spec(), &own).collect();
    (highest(&around), true)
}

#[test]
fn a_planner_works_in_the_window() {
    if !(has("Xvfb") && has("xdotool")) {
        println!("skipped: no Xvfb or xdotool");
        return;
    }
    let valley = valley();
    let (house, [x, y]) = house_by_the_water(valley);
    let view = valley.folder.join("fenetre.view.toml");
    let runs = valley.runs.each_ref().map(|run| format!("{:?}", run.display().to_string()));
    let state = format!(
        "schema = 1\nterritory = \"territoire.twin\"\nruns = [{}]\n[result]\nfield = \"water_depth\"\ntime_s = 5400.0\n\
         [camera]\nmode = \"plan\"\ntarget = [{x}, {y}, 0.0]\nheading_deg = 0.0\npitch_deg = 45.0\n\
         distance_m = 150.0\n",
        runs.join(", ")
    );
    std::fs::write(&view, state).unwrap();
    let window = Window::open(view);
    let state = window.saved();
    assert_eq!(state["camera"]["mode"].as_str(), Some("plan"));

    // Ask: the house in the middle, its curves those of the runs.
    window.click(MIDDLE);
    let asked = window.table();
    assert_eq!(asked[0][0], format!("Bâtiment {house}"));
    let curves: Vec<_> = asked.iter().filter(|row| !row[1].is_empty()).collect();
    let (expected, is_around) = water_at(valley, &house);
    assert_eq!(curves.len(), 2 * expected.len(), "a curve of each run");
    for (row, expected) in curves.iter().zip(&expected) {
        assert!((number(&row[2]) - expected).abs() < 1e-4, "{row:?} {expected}");
    }
    assert_eq!(curves[0][0].contains("autour du bâtiment"), is_around);
    window.rest();
    window.photograph("interroger");

    // Storeys on the house, drafted by a click.
    window.key("shift+F7");
    window.click(MIDDLE);
    window.photograph("surelever");

    // Measure: a line twice as long has twice the length; right and up count alike.
    let [x, y] = MIDDLE;
    let measured = |to: [i32; 2]| {
        window.key("t");
        window.click(MIDDLE);
        window.click(to);
        window.key("Return");
        window.saved();
        named(&window.table(), "longueur en plan (m)")
    };
    let once = measured([x + 100, y]);
    let twice = measured([x + 200, y]);
    let upward = measured([x, y - 200]);
    println!("measured: {once} m, {twice} m, {upward} m up");
    assert!((twice / once - 2.0).abs() < 0.01 && (upward / twice - 1.0).abs() < 0.01);
    window.photograph("mesurer");

    // Profile: ground, and water of both runs where it stands.
    window.key("o");
    window.click([x, y + 250]);
    window.click([x, y - 250]);
    window.key("Return");
    window.saved();
    let profile = window.table();
    let along = |k: usize| number(&profile[k][1]);
    assert!(profile[0][0].starts_with("sol") && along(1) > along(0));
    assert!(profile.iter().any(|row| row[0].starts_with("A – ")));
    window.photograph("profil");

    // Time runs, and rests when it is stopped.
    let time = |state: &Table| state["result"]["time_s"].as_float().unwrap();
    window.key("i");
    (0..40).for_each(|_| window.key("Prior"));
    let start = time(&window.saved());
    assert_eq!(start, 0.0);
    window.key("space");
    wait("time to run", || (time(&window.saved()) > start).then_some(()));
    window.key("Prior");
    let stopped = time(&window.saved());
    assert_eq!(time(&window.saved()), stopped);
    window.key("Next");
    assert!(time(&window.saved()) > stopped);

    // A layer is put out and lit again: the trees, by their box in the panel.
    for is_shown in [false, true] {
        window.click(TREES);
        assert_eq!(window.saved()["trees"].as_bool(), Some(is_shown));
    }

    // The cameras, and the whole territory.
    for (key, mode) in [("1", "map"), ("3", "fly"), ("4", "street"), ("1", "map")] {
        window.key(key);
        assert_eq!(window.saved()["camera"]["mode"].as_str(), Some(mode));
        if key == "4" {
            window.photograph("rue");
        }
    }
    window.key("Home");

    // Compare.
    for mode in ["side-by-side", "swipe", "difference", "off"] {
        window.key("c");
        assert_eq!(window.saved()["compare"]["mode"].as_str(), Some(mode));
        if mode != "off" {
            window.photograph(mode);
        }
    }

    // A dyke is drawn, its scenario written and run, and its result stands beside the first.
    window.key("F5");
    window.click([x - 60, y - 40]);
    window.click([x + 60, y + 40]);
    window.key("Return");
    window.saved();
    window.photograph("digue");
    window.key("F9");
    let scenario = valley.folder.join("sans-digue-dessin-1.toml");
    let text = wait("the scenario", || std::fs::read_to_string(&scenario).ok());
    let drawn: Table = toml::from_str(&text).unwrap();
    assert_eq!(drawn["extends"].as_str(), Some("sans-digue.toml"));
    let [raised, levee] =
        ["sans-digue-dessin-1-1", "sans-digue-dessin-1-2"].map(|name| &drawn["measures"][name]);
    assert_eq!(raised["kind"].as_str(), Some("building-raised"));
    assert_eq!(raised["buildings"][0].as_str(), Some(&house[..]));
    assert_eq!(levee["kind"].as_str(), Some("levee"));
    let first = |state: &Table| state["runs"][0].as_str().unwrap().to_owned();
    let before = state["runs"][0].as_str().unwrap();
    let after = wait("the run", || {
        std::thread::sleep(Duration::from_secs(2));
        Some(window.saved()).filter(|state| first(state) != before)
    });
    assert_eq!(after["runs"][1].as_str(), Some(before));
    assert_eq!(after["compare"]["mode"].as_str(), Some("swipe"));
    window.photograph("simuler");

    // The picture of all this.
    let picture = image::open(window.written("F12", "png")).unwrap();
    assert!(picture.width() > 1000);
    window.key("F1");
    window.photograph("aide");
    window.key("Escape");

    // While a file is chosen, keys belong to the dialog.
    window.key("ctrl+o");
    std::thread::sleep(Duration::from_secs(5));
    window.import("ouvrir");
    window.key("Escape");
    std::thread::sleep(Duration::from_secs(5));
    let state = window.saved();

    // The view under another name, typed in place of the one that is proposed.
    let save_as = |name: &str| {
        window.key("ctrl+shift+s");
        std::thread::sleep(Duration::from_secs(5));
        window.command(&["type", name]);
        std::thread::sleep(Duration::from_secs(3));
        window.key("Return");
    };
    save_as("autre");
    let file = valley.folder.join("autre.view.toml");
    let text = wait("the other view", || std::fs::read_to_string(&file).ok());
    assert_eq!(toml::from_str::<Table>(&text).unwrap(), state);
    // Nobody was asked whether a file may be replaced whose name was not typed.
    std::fs::write(&file, "# kept").unwrap();
    save_as("autre");
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "# kept");
}

/// A run of the elevation potential under one rule: seven metres at the eaves everywhere.
const RAISING: &str = r#"
schema = 1
id = "surelevation"
title = { fr = "Surélévation", en = "Raising" }
territory = "territoire.twin"
[grid]
resolution_m = 5.0
[runs.surelevation]
simulation = "elevation-potential"
parameters = { law_date = "2026-11-27", rules = "regles.toml" }
"#;
const RULES: &str = r#"
schema = 1
document = "Règles d'essai"
[zones."*"]
label = "Essai"
[zones."*".height]
value = { eaves_m = 7.0 }
source = { article = "1", page = "1", quotation = "7", keyed_by = "essai", keyed_on = "2026-01-01", valid_from = "2020-01-01" }
"#;

#[test]
fn a_rule_that_is_changed_tells_at_once_what_its_block_may_add() {
    if !(has("Xvfb") && has("xdotool")) {
        println!("skipped: no Xvfb or xdotool");
        return;
    }
    let valley = valley();
    std::fs::write(valley.folder.join("regles.toml"), RULES).unwrap();
    let run = computed(&valley.folder, "surelevation.toml", RAISING);
    let (house, [x, y]) = house_by_the_water(valley);
    let view = valley.folder.join("regles.view.toml");
    let state = format!(
        "schema = 1\nterritory = \"territoire.twin\"\nruns = [{:?}]\n\
         [camera]\nmode = \"plan\"\ntarget = [{x}, {y}, 0.0]\nheading_deg = 0.0\npitch_deg = 45.0\n\
         distance_m = 150.0\n",
        run.display().to_string()
    );
    std::fs::write(&view, state).unwrap();
    let window = Window::open(view);
    window.click(MIDDLE);
    window.click(PREPARE);
    let told = |name: &str, column: &str| {
        let name = format!("{name} – {column}");
        let row = window.table().into_iter().find(|row| row[0] == name);
        row.map(|row| row[2].replace(char::is_whitespace, ""))
    };
    let storeys = "Étages à plomb / en gradins";
    wait("the rules", || told(storeys, "règles"));
    assert_eq!(told(storeys, "changées"), told(storeys, "règles"));
    let floor_m2 = |column| number(&told("Plancher de l'îlot (m²)", column).unwrap());
    let before = floor_m2("règles");

    // A rule of twenty-five metres in place of seven, typed into its field.
    wait("the block", || {
        window.fill(EAVES, "25,5");
        (floor_m2("changées") > before).then_some(())
    });
    assert_eq!(floor_m2("règles"), before, "the rules of the run are what they were");
    let raised = told(storeys, "changées").unwrap();
    assert!(raised.starts_with(['1', '2', '3', '4', '5']), "{raised}");
    // What is done in the panel asks nothing of the picture below it.
    assert_eq!(window.table()[0][0], format!("Bâtiment {house}"));
    window.photograph("regles");
}
