//! Pictures without a window, held pixel by pixel against the data that they show.
//!
//! In plan, a pixel is a place: what must be there follows from the run's own file and its legend.
//! A mistake in orientation, position, time, class, colour or side shows.
use std::path::Path;

use image::RgbaImage;
use twin_core::export::{DepthComparison, Legend, Ramp, Rgb, comparison};
use twin_core::formats::cf::SeriesFile;
use twin_core::spatial::Grid;
use twin_core::territory::{BuildingModel, Territory};

use crate::valley::{SCENARIOS, Valley, can_draw, computed, valley, viewer};

const WIDTH: u32 = 600;
const HEIGHT: u32 = 450;
/// Height of the picture on the ground.
const SHOWN_M: f64 = 450.0;
/// Steps of 255 by which a colour may differ: rounding in sRGB.
const TOLERANCE: i32 = 3;

/// A view from above on the middle of the commune, water opaque.
struct View {
    centre: [f64; 2],
    text: String,
}

impl View {
    fn new(valley: &Valley, runs: &[usize], more: &str) -> Self {
        Self::of(valley, runs.iter().map(|k| &*valley.runs[*k]), more)
    }

    fn of<'a>(valley: &Valley, runs: impl Iterator<Item = &'a Path>, more: &str) -> Self {
        let territory = Territory::open(&valley.folder.join("territoire.twin")).unwrap();
        let (x, y) = territory.spec().extent().centre();
        let runs: Vec<String> =
            runs.map(|run| format!("{:?}", run.display().to_string())).collect();
        let text = format!(
            "schema = 1\nterritory = \"territoire.twin\"\ntrees = false\nmeasures = false\nruns = [{}]\nlayers = []\n\
             [camera]\nmode = \"plan\"\ntarget = [{x}, {y}, 0.0]\nheading_deg = 0.0\n\
             pitch_deg = 90.0\ndistance_m = {SHOWN_M}\n{more}",
            runs.join(", ")
        );
        Self { centre: [x, y], text }
    }

    /// The picture; none where the machine cannot draw.
    fn picture(&self, valley: &Valley, name: &str) -> Option<RgbaImage> {
        let file = valley.folder.join(format!("{name}.view.toml"));
        let out = valley.folder.join(format!("{name}.png"));
        std::fs::write(&file, &self.text).unwrap();
        let size = format!("{WIDTH}x{HEIGHT}");
        let output = viewer()
            .args([&file, Path::new("--render"), &out])
            .args(["--bare", "--size", &size])
            .output()
            .unwrap();
        if !can_draw(&output.stderr) {
            return None;
        }
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(image::open(out).unwrap().to_rgba8())
    }

    /// The pixel of a place, where it lies in the picture.
    fn pixel(&self, picture: &RgbaImage, [x, y]: [f64; 2]) -> Option<Rgb> {
        let metres = SHOWN_M / f64::from(HEIGHT);
        let column = (x - self.centre[0]) / metres + 0.5 * f64::from(WIDTH);
        let row = (self.centre[1] - y) / metres + 0.5 * f64::from(HEIGHT);
        let inside = column >= 0.0 && row >= 0.0;
        let (column, row) = (column as u32, row as u32);
        (inside && column < WIDTH && row < HEIGHT).then(|| {
            let p = picture.get_pixel(column, row);
            Rgb(p[0], p[1], p[2])
        })
    }
}

fn is_like(a: Rgb, b: Rgb) -> bool {
    let pairs = [(a.0, b.0), (a.1, b.1), (a.2, b.2)];
    pairs.iter().all(|(a, b)| (i32::from(*a) - i32::from(*b)).abs() <= TOLERANCE)
}

/// Cells whose neighbours all belong to the same class as they do, away from the border of classes.
fn inner(grid: &Grid<f32>, class: impl Fn(f32) -> i32) -> Vec<(usize, usize)> {
    let at = |row: usize, column: usize| class(grid[(row, column)]);
    let mut cells = Vec::new();
    for row in 1..grid.spec.rows - 1 {
        for column in 1..grid.spec.columns - 1 {
            let here = at(row, column);
            let same =
                (row - 1..=row + 1).all(|r| (column - 1..=column + 1).all(|c| at(r, c) == here));
            if same {
                cells.push((row, column));
            }
        }
    }
    cells
}

fn depth_class(depth: f32) -> i32 {
    match depth {
        d if d.is_nan() || d < 0.02 => 0,
        d if d < 0.5 => 1,
        d if d < 1.0 => 2,
        d if d < 2.0 => 3,
        _ => 4,
    }
}

const NO_BUILDINGS: &str = "[buildings]\nshown = false\n";

#[test]
fn water_stands_where_and_when_the_run_says_in_the_colours_of_its_legend() {
    let valley = valley();
    let fields = SeriesFile::open(valley.runs[0].join("fields.h5")).unwrap();
    let legend = Legend::maximum_water_depth();
    let mut wet = Vec::new();
    for (index, time) in fields.times().iter().enumerate().filter(|(i, _)| [4, 10, 18].contains(i))
    {
        let result = format!("[result]\nfield = \"water_depth\"\nopacity = 1.0\ntime_s = {time}\n");
        let view = View::new(valley, &[0], &(result + NO_BUILDINGS));
        let Some(picture) = view.picture(valley, &format!("crue-{index}")) else { return };
        let depth = fields.read_frame("water_depth", index).unwrap();
        let (mut right, mut wrong, mut stray, mut dry) = (0, 0, 0, 0);
        for (row, column) in inner(&depth, depth_class) {
            let (x, y) = depth.spec.centre(row, column);
            let Some(pixel) = view.pixel(&picture, [x, y]) else { continue };
            let value = depth[(row, column)];
            if depth_class(value) > 0 {
                let (expected, _) = legend.colour(value).unwrap();
                if is_like(pixel, expected) { right += 1 } else { wrong += 1 }
            } else {
                // Dry ground is paper in the light of the map: red above blue.
                dry += 1;
                stray += usize::from(pixel.2 > pixel.0);
            }
        }
        println!(
            "frame {index}: {right} cells right, {wrong} wrong; {stray} of {dry} dry ones wet"
        );
        // Terrain finer than the run may rise above the level of a cell's water here and there.
        assert!(wrong * 50 <= right, "{wrong} of {right}");
        assert!(stray * 100 <= dry, "{stray} of {dry}");
        wet.push(right);
    }
    assert!(wet[0] < wet[2] && wet[2] > 50, "the flood grows: {wet:?}");
}

#[test]
fn the_difference_has_the_classes_of_the_comparison() {
    let valley = valley();
    let files = [0, 1].map(|k| SeriesFile::open(valley.runs[k].join("fields.h5")).unwrap());
    let [a, b] = files.each_ref().map(|f| f.read_static("maximum_water_depth").unwrap());
    has_its_classes(valley, "maximum_water_depth", 0.0, &a, &b);
    // Of what changes with time, the difference is that of the stored moment at or before the view's.
    let index = 14;
    let time = files[0].times()[index];
    let [a, b] = files.each_ref().map(|f| f.read_frame("water_depth", index).unwrap());
    has_its_classes(valley, "water_depth", time + 60.0, &a, &b);
}

fn has_its_classes(valley: &Valley, field: &str, time_s: f64, a: &Grid<f32>, b: &Grid<f32>) {
    let both = DepthComparison::new(a, b, 0.01).unwrap();
    let result = format!(
        "[result]\nfield = \"{field}\"\nopacity = 1.0\ntime_s = {time_s}\n[compare]\nmode = \"difference\"\n"
    );
    let view = View::new(valley, &[0, 1], &(result + NO_BUILDINGS));
    let Some(picture) = view.picture(valley, &format!("difference-{field}")) else { return };
    let Legend::Classed { classes, .. } = comparison::change_legend() else { panic!() };
    let code = |v: f32| if v.is_nan() { -1 } else { v as i32 };
    let mut counts = [[0, 0]; 2];
    for (row, column) in inner(&both.change, code) {
        let class = code(both.change[(row, column)]);
        let Ok(class) = usize::try_from(class) else { continue };
        let (x, y) = a.spec.centre(row, column);
        let Some(pixel) = view.pixel(&picture, [x, y]) else { continue };
        // Ground in the light of the map darkens or lightens a colour on it, stripes darken it more;
        // its hue stays: green for one class, purple for the other.
        let is_green = pixel.1 > pixel.0;
        let expects_green = classes[class].colour.1 > classes[class].colour.0;
        counts[class][usize::from(is_green == expects_green)] += 1;
    }
    println!("{field}: wrong and right by class: {counts:?}");
    assert!(counts[1][1] > 10, "the levee keeps a quarter dry: {counts:?}");
    for [wrong, right] in counts {
        assert!(wrong * 50 <= right, "{counts:?}");
    }
}

#[test]
fn a_swipe_is_one_picture_of_two_runs() {
    let valley = valley();
    let result = "[result]\nfield = \"water_depth\"\nopacity = 1.0\ntime_s = 5400.0\n";
    let with = |runs: &[usize], more: &str| View::new(valley, runs, &format!("{result}{more}"));
    let Some(a) = with(&[0], "").picture(valley, "a") else { return };
    let b = with(&[1], "").picture(valley, "b").unwrap();
    let both = with(&[0, 1], "[compare]\nmode = \"swipe\"\nsplit = 0.5\n");
    let both = both.picture(valley, "both").unwrap();
    let differing = |other: &RgbaImage, columns: std::ops::Range<u32>| {
        let pixels = columns.clone().flat_map(|x| (0..HEIGHT).map(move |y| (x, y)));
        let other_colour = |(x, y): (u32, u32)| {
            let (p, q) = (both.get_pixel(x, y), other.get_pixel(x, y));
            !is_like(Rgb(p[0], p[1], p[2]), Rgb(q[0], q[1], q[2]))
        };
        pixels.filter(|at| other_colour(*at)).count()
    };
    let half = (WIDTH / 2 * HEIGHT) as usize;
    let (left, right) = (differing(&a, 0..WIDTH / 2), differing(&b, WIDTH / 2..WIDTH));
    println!("pixels that differ: {left} left, {right} right of {half}");
    assert!(left * 200 < half && right * 200 < half, "{left} {right} of {half}");
    assert!(differing(&b, 0..WIDTH / 2) > half / 100, "the runs differ in the left half");
}

#[test]
fn roofs_stand_on_their_footprints_and_the_same_view_gives_the_same_bytes() {
    let valley = valley();
    let view = View::new(valley, &[], "");
    let Some(with) = view.picture(valley, "toits") else { return };
    assert!(with == view.picture(valley, "toits-encore").unwrap(), "two pictures of one view");
    let bare = View::new(valley, &[], NO_BUILDINGS).picture(valley, "sans-toits").unwrap();
    let territory = Territory::open(&valley.folder.join("territoire.twin")).unwrap();
    let (mut roofs, mut ground, mut count) = (0, 0, 0);
    for model in &territory.features().building_models {
        let Some((x, y)) = model.geometry.extent().map(|e| e.centre()) else { continue };
        if !model.geometry.polygons().iter().any(|p| p.contains(x, y)) {
            continue;
        }
        let (Some(a), Some(b)) = (view.pixel(&with, [x, y]), view.pixel(&bare, [x, y])) else {
            continue;
        };
        // Tiles are red, paper is not.
        let is_red = |p: Rgb| i32::from(p.0) - i32::from(p.2) > 40;
        count += 1;
        roofs += usize::from(is_red(a));
        ground += usize::from(is_red(b));
    }
    println!("{roofs} roofs of {count}; {ground} without buildings");
    assert!(count > 3 && roofs == count && ground == 0);
}

/// A colour in proportion to the light that it sends, its components together 1, and how much light that is.
fn light(Rgb(r, g, b): Rgb) -> ([f64; 3], f64) {
    let linear = [r, g, b].map(|v| (f64::from(v) / 255.0).powf(2.2));
    let sum = linear.iter().sum::<f64>().max(1e-6);
    (linear.map(|v| v / sum), sum)
}

#[test]
fn the_ground_has_the_colours_of_its_grid_in_a_light_from_the_north_west() {
    let valley = valley();
    let territory = Territory::open(&valley.folder.join("territoire.twin")).unwrap();
    let mut view = View::new(valley, &[], NO_BUILDINGS);
    view.text = view.text.replace("layers = []", "layers = [{ what = { grid = \"dtm\" } }]");
    let Some(picture) = view.picture(valley, "relief") else { return };
    let dtm: Grid<f32> = territory.grids().read_level("dtm", 0).unwrap();
    let (low, high) = dtm.range().unwrap();
    let spec = dtm.spec;
    let [mut right, mut wrong] = [0, 0];
    // Light of slopes that face the north-west, and of those that face away from it.
    let mut lit = [(0.0, 0); 2];
    // Where the ground is smooth: a terrain drawn more coarsely has the same slopes there.
    for (row, column) in (6..spec.rows - 6).flat_map(|r| (6..spec.columns - 6).map(move |c| (r, c)))
    {
        let (x, y) = spec.centre(row, column);
        let Some(pixel) = view.pixel(&picture, [x, y]) else { continue };
        let z = dtm[(row, column)];
        let reach =
            (row - 2..=row + 2).flat_map(|r| (column - 2..=column + 2).map(move |c| (r, c)));
        if reach.map(|cell| (dtm[cell] - z).abs()).fold(0.0, f32::max) > 0.02 * (high - low) {
            continue;
        }
        let (hue, brightness) = light(pixel);
        let (expected, of_ramp) = light(Ramp::Cividis.colour((z - low) / (high - low)));
        let apart = hue.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        if apart < 0.05 {
            right += 1
        } else {
            wrong += 1
        }
        let eastward = f64::from(dtm[(row, column + 5)] - dtm[(row, column - 5)]);
        let northward = f64::from(dtm[(row - 5, column)] - dtm[(row + 5, column)]);
        // Uphill is away from the side that a slope faces.
        let towards_light = (eastward - northward) / (10.0 * spec.cell_size);
        if towards_light.abs() > 0.05 {
            let side = &mut lit[usize::from(towards_light < 0.0)];
            side.0 += brightness / of_ramp;
            side.1 += 1;
        }
    }
    let [towards, away] = lit.map(|(sum, count)| sum / f64::from(count));
    println!(
        "{right} cells right, {wrong} wrong; light {towards:.3} towards it, {away:.3} away: {lit:?}"
    );
    assert!(right > 10_000 && wrong * 100 <= right, "{wrong} of {right}");
    assert!(lit.iter().all(|(_, count)| *count > 100) && towards > 1.02 * away);
}

#[test]
fn a_picked_building_is_marked_and_nothing_else_changes() {
    let valley = valley();
    let territory = Territory::open(&valley.folder.join("territoire.twin")).unwrap();
    let plain = View::new(valley, &[0], "");
    let Some(before) = plain.picture(valley, "rien-de-choisi") else { return };
    let outline = |model: &BuildingModel| model.geometry.polygons()[0].clone();
    let is_seen = |model: &&BuildingModel| {
        let extent = model.geometry.extent().unwrap();
        let (x, y) = extent.centre();
        extent.width().min(extent.height()) > 6.0
            && outline(model).contains(x, y)
            && plain.pixel(&before, [x, y]).is_some()
    };
    let models = &territory.features().building_models;
    let house = models.iter().find(is_seen).unwrap();
    let (x, y) = house.geometry.extent().unwrap().centre();
    // The mark of the place itself is a disc of 6 pixels, here beside the house.
    let place = [x + 30.0, y];
    let ground = territory.ground_at(place[0], place[1]).unwrap().unwrap();
    let picked = format!(
        "[picked]\nplace = [{}, {}, {ground}]\nbuilding = \"{}\"\n",
        place[0], place[1], house.id
    );
    let picture = View::new(valley, &[0], &picked).picture(valley, "choisi").unwrap();
    let metres = SHOWN_M / f64::from(HEIGHT);
    let mut counts = [[0, 0]; 2];
    for (column, row) in (0..WIDTH).flat_map(|x| (0..HEIGHT).map(move |y| (x, y))) {
        let east = (f64::from(column) + 0.5 - 0.5 * f64::from(WIDTH)) * metres;
        let north = (0.5 * f64::from(HEIGHT) - f64::from(row) - 0.5) * metres;
        let at = [plain.centre[0] + east, plain.centre[1] + north];
        let distance = (at[0] - place[0]).hypot(at[1] - place[1]);
        let extent = house.geometry.extent().unwrap().buffered(2.0 * metres);
        let is_house = outline(house).contains(at[0], at[1]);
        // Edges are smoothed.
        if distance < 8.0 * metres || (!is_house && extent.contains(at[0], at[1])) {
            continue;
        }
        let [p, q] = [&before, &picture].map(|p| plain.pixel(p, at).unwrap());
        counts[usize::from(is_house)][usize::from(!is_like(p, q))] += 1;
    }
    println!("same and other pixels: {:?} beside the house, {:?} of it", counts[0], counts[1]);
    assert_eq!(counts[0][1], 0, "something else changed");
    assert!(counts[1][1] > 20 && counts[1][0] * 10 < counts[1][1], "{counts:?}");
    let disc = plain.pixel(&picture, place).unwrap();
    assert!(is_like(disc, Rgb(255, 210, 60)), "{disc:?}");
}

#[test]
fn a_demolished_building_is_missing_from_the_picture_of_its_run_alone() {
    let valley = valley();
    let territory = Territory::open(&valley.folder.join("territoire.twin")).unwrap();
    let bare = View::new(valley, &[], "");
    let Some(before) = bare.picture(valley, "avant-demolition") else { return };
    // Tiles are red, paper is not.
    let is_roof = |picture: &RgbaImage, place| {
        bare.pixel(picture, place).is_some_and(|p| i32::from(p.0) - i32::from(p.2) > 40)
    };
    let place = |model: &BuildingModel| {
        let (x, y) = model.geometry.extent().unwrap().centre();
        [x, y]
    };
    let models = &territory.features().building_models;
    let house = models.iter().find(|model| is_roof(&before, place(model))).unwrap();
    let measure = format!(
        "[measures.demolition]\nkind = \"building-demolished\"\nbuildings = [\"{}\"]\n",
        house.id
    );
    let text = SCENARIOS[0].1.replace("duration = \"105 min\"", "duration = \"5 min\"");
    let text = text.replace("id = \"sans-digue\"", "id = \"demolition\"") + &measure;
    let run = computed(&valley.folder, "demolition.toml", &text);
    let both = [&*run, &*valley.runs[0]];
    for (runs, more, stands) in [
        (&both[..1], "", false),
        (&both[1..], "", true),
        (&both[..], "[compare]\nmode = \"swipe\"\nsplit = 1.0\n", false),
        (&both[..], "[compare]\nmode = \"swipe\"\nsplit = 0.0\n", true),
    ] {
        let mut view = View::of(valley, runs.iter().copied(), more);
        view.text = view.text.replace("measures = false", "measures = true");
        let picture = view.picture(valley, "demolition").unwrap();
        assert_eq!(is_roof(&picture, place(house)), stands, "{more}");
    }
}

#[test]
fn a_page_says_what_a_map_must_say() {
    let valley = valley();
    let out = valley.folder.join("page.png");
    let result = "[result]\nfield = \"water_depth\"\nopacity = 1.0\n";
    let view = valley.folder.join("page.view.toml");
    std::fs::write(&view, View::new(valley, &[1], result).text).unwrap();
    let output = viewer()
        .args([&view, Path::new("--render"), &out])
        .args(["--size", "400x300", "--stats"])
        .output()
        .unwrap();
    if !can_draw(&output.stderr) {
        return;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = image::open(&out).unwrap().to_rgba8();
    assert!(page.width() > 1000 && page.height() > 500);
    // Each class of the legend has its colour beside the picture.
    let Legend::Classed { classes, .. } = Legend::maximum_water_depth() else { panic!() };
    for class in classes {
        let beside = page.enumerate_pixels().filter(|(x, ..)| 4 * x > 3 * page.width());
        let swatch = beside.filter(|(.., p)| is_like(Rgb(p[0], p[1], p[2]), class.colour)).count();
        assert!(swatch > 300, "{}: {swatch} pixels", class.label.fr);
    }
    let bytes = std::fs::read(&out).unwrap();
    let has = |text: &[u8]| bytes.windows(text.len()).any(|w| w == text);
    assert!(has(b"Disclaimer"), "the notice is in the file");
    assert!(String::from_utf8_lossy(&output.stdout).contains("drawn:"));
}

#[test]
fn a_report_holds_the_picture_that_its_view_reopens() {
    let valley = valley();
    let run = &valley.runs[0];
    let out = valley.folder.join("rapport.png");
    let output = viewer()
        .args([&run.join("report.view.toml"), Path::new("--render"), &out])
        .args(["--size", "1280x800"])
        .output()
        .unwrap();
    if !can_draw(&output.stderr) {
        return;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let drawn = std::fs::read(run.join("maps/view_3d.png")).unwrap();
    assert!(drawn == std::fs::read(&out).unwrap(), "the view gives another picture");
    let report = std::fs::read_to_string(run.join("report.html")).unwrap();
    assert!(report.contains("Vue en trois dimensions"));
    assert_eq!(report.matches("data:image/png;base64,").count(), 1);
}

#[test]
fn what_cannot_be_shown_is_refused_in_one_sentence() {
    let valley = valley();
    let damaged = valley.folder.join("damaged.view.toml");
    std::fs::write(&damaged, "schema = 1\nterritory = \"nowhere.twin\"\n").unwrap();
    let garbled = valley.folder.join("garbled.view.toml");
    std::fs::write(&garbled, "schema = \u{1b}[2J").unwrap();
    let cut = valley.folder.join("cut.twin");
    std::fs::create_dir_all(&cut).unwrap();
    let manifest = valley.folder.join("territoire.twin/twin.toml");
    std::fs::copy(manifest, cut.join("twin.toml")).unwrap();
    std::fs::write(cut.join("grids.h5"), b"\x89HDF\r\n\x1a\n").unwrap();
    for path in [damaged, garbled, cut, valley.folder.join("sources"), "/nonexistent".into()] {
        let out = valley.folder.join("never.png");
        let output = viewer().args([&path, Path::new("--render"), &out]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{}: {said}", path.display());
        assert_eq!(said.trim_end().lines().count(), 1, "not one sentence: {said}");
        assert!(said.starts_with("erreur ["), "{said}");
        assert!(!out.exists());
    }
}
