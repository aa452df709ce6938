//! What the window shows, as one value that is also a file (`NAME.view.toml`): reopening it shows
//! the same picture.

use std::path::{Path, PathBuf};

use bevy::prelude::Resource;
use serde::{Deserialize, Serialize};
use twin_core::results::write_atomically;
use twin_core::{Error, FileProblem, Language, Result};

/// Version of view files.
const SCHEMA: u32 = 1;

/// The state of a view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewState {
    /// Version of the file.
    pub(crate) schema: u32,
    /// Title of pictures; that of the scenario where it is empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) title: String,
    /// Language of everything written.
    #[serde(default)]
    pub(crate) language: Language,
    /// The territory; relative to the file where it stands in one.
    pub(crate) territory: PathBuf,
    /// Folders of the runs shown: A, then B.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) runs: Vec<PathBuf>,
    /// Vertical exaggeration of the picture; picked values are never changed by it.
    #[serde(default = "one")]
    pub(crate) exaggeration: f32,
    /// Size of texts and buttons, 1 to 2.
    #[serde(default = "one")]
    pub(crate) interface_scale: f32,
    /// Where one looks from.
    #[serde(default)]
    pub(crate) camera: CameraState,
    /// The result shown.
    #[serde(default)]
    pub(crate) result: ResultState,
    /// The two runs beside each other.
    #[serde(default)]
    pub(crate) compare: CompareState,
    /// Sun.
    #[serde(default)]
    pub(crate) sun: SunState,
    /// Buildings.
    #[serde(default)]
    pub(crate) buildings: BuildingState,
    /// Whether trees are shown.
    #[serde(default = "yes")]
    pub(crate) trees: bool,
    /// Whether what the measures of the runs build is shown.
    #[serde(default = "yes")]
    pub(crate) measures: bool,
    /// Layers painted on the ground, the first lowest.
    #[serde(default = "default_layers")]
    pub(crate) layers: Vec<PaintLayer>,
    /// Point clouds (LAS, LAZ, COPC) and models (GLB) shown beside the territory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) objects: Vec<PathBuf>,
    /// Views to return to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) bookmarks: Vec<Bookmark>,
    /// What is asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) picked: Option<Picked>,
}

fn one() -> f32 {
    1.0
}

fn yes() -> bool {
    true
}

/// How the camera moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CameraMode {
    /// As over a map: pan on the ground, zoom to the cursor, orbit about a point.
    #[default]
    Map,
    /// From above, without perspective.
    Plan,
    /// Free flight.
    Fly,
    /// Eyes 1.7 m above the ground.
    Street,
}

/// Where the camera is: about a point of the world.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CameraState {
    /// How it moves.
    #[serde(default)]
    pub(crate) mode: CameraMode,
    /// World position of the point looked at: easting, northing, altitude.
    pub(crate) target: [f64; 3],
    /// Direction looked in, degrees clockwise from north.
    pub(crate) heading_deg: f64,
    /// Degrees below the horizon.
    pub(crate) pitch_deg: f64,
    /// Metres from the point looked at; in plan the height of the picture.
    pub(crate) distance_m: f64,
}

impl Default for CameraState {
    fn default() -> Self {
        Self {
            mode: CameraMode::Map,
            target: [f64::NAN; 3],
            heading_deg: 0.0,
            pitch_deg: 45.0,
            distance_m: 1000.0,
        }
    }
}

/// The result that is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultState {
    /// Name of the field; none shows no result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// 0 transparent to 1 opaque.
    #[serde(default = "result_opacity")]
    pub(crate) opacity: f32,
    /// Seconds since the start, of a field that changes with time.
    #[serde(default)]
    pub(crate) time_s: f64,
    /// Whether water stands as a surface; else it is painted on the ground.
    #[serde(default = "yes")]
    pub(crate) water_surface: bool,
}

fn result_opacity() -> f32 {
    0.8
}

impl Default for ResultState {
    fn default() -> Self {
        Self { field: None, opacity: result_opacity(), time_s: 0.0, water_surface: true }
    }
}

/// How two runs are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CompareMode {
    /// Run A alone.
    #[default]
    Off,
    /// A on the left, B on the right, one camera.
    SideBySide,
    /// One picture, A left and B right of a line.
    Swipe,
    /// A − B.
    Difference,
}

impl CompareMode {
    /// Whether both runs are shown, each in its picture.
    pub(crate) fn is_two(self) -> bool {
        matches!(self, Self::SideBySide | Self::Swipe)
    }
}

/// The comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareState {
    /// How.
    #[serde(default)]
    pub(crate) mode: CompareMode,
    /// Where the line of the swipe stands, 0 left to 1 right.
    #[serde(default = "half")]
    pub(crate) split: f32,
}

fn half() -> f32 {
    0.5
}

impl Default for CompareState {
    fn default() -> Self {
        Self { mode: CompareMode::Off, split: half() }
    }
}

/// The sun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SunState {
    /// Moment, UTC; none lights from the north-west as maps do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) moment: Option<jiff::Timestamp>,
    /// Whether things cast shadows.
    #[serde(default = "yes")]
    pub(crate) shadows: bool,
}

impl Default for SunState {
    fn default() -> Self {
        Self { moment: None, shadows: true }
    }
}

/// Buildings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuildingState {
    /// Whether they are shown.
    #[serde(default = "yes")]
    pub(crate) shown: bool,
    /// Attribute of the territory or column of the run's results that colours them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) colour_by: Option<String>,
}

impl Default for BuildingState {
    fn default() -> Self {
        Self { shown: true, colour_by: None }
    }
}

/// Something painted on the ground.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaintLayer {
    /// What.
    pub(crate) what: Paint,
    /// Whether it is shown.
    #[serde(default = "yes")]
    pub(crate) shown: bool,
    /// 0 transparent to 1 opaque.
    #[serde(default = "one")]
    pub(crate) opacity: f32,
}

/// What a [`PaintLayer`] paints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Paint {
    /// Classes of land cover.
    LandCover,
    /// A band of the territory's grids, in a colour ramp over its range.
    Grid(String),
    /// An orthophoto or another picture with a place (GeoTIFF), or a folder of them.
    Picture(PathBuf),
    /// A layer of the territory's features, by name.
    Features(String),
    /// A vector file: a PPR, a TRI, flood marks.
    Reference(PathBuf),
}

/// What is painted when nothing else is asked for.
pub(crate) fn default_layers() -> Vec<PaintLayer> {
    let features = |name: &str, shown| PaintLayer {
        what: Paint::Features(name.to_owned()),
        shown,
        opacity: 1.0,
    };
    vec![
        PaintLayer { what: Paint::LandCover, shown: true, opacity: 0.75 },
        features("surface_hydrographique", true),
        features("troncon_hydrographique", true),
        features("troncon_de_route", true),
        features("troncon_de_voie_ferree", true),
        features("zone_reglementaire", false),
        features("commune", false),
    ]
}

/// A camera to return to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bookmark {
    /// Name.
    pub(crate) name: String,
    /// Camera.
    pub(crate) camera: CameraState,
}

/// A place, building or gauge that is asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Picked {
    /// World position: easting, northing, altitude.
    pub(crate) place: [f64; 3],
    /// Identifier of the building.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) building: Option<String>,
    /// Name of the gauge of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) gauge: Option<String>,
}

impl ViewState {
    /// The state of a territory opened for the first time.
    pub(crate) fn of_territory(territory: PathBuf, language: Language) -> Self {
        Self {
            schema: SCHEMA,
            title: String::new(),
            language,
            territory,
            runs: Vec::new(),
            exaggeration: 1.0,
            interface_scale: 1.0,
            camera: CameraState::default(),
            result: ResultState::default(),
            compare: CompareState::default(),
            sun: SunState::default(),
            buildings: BuildingState::default(),
            trees: true,
            measures: true,
            layers: default_layers(),
            objects: Vec::new(),
            bookmarks: Vec::new(),
            picked: None,
        }
    }

    /// Reads a view file; its paths become those of the process.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::read(path))?;
        let mut state: Self = toml::from_str(&text).map_err(|e| {
            let place = e.span().map(|s| text[..s.start.min(text.len())].lines().count().max(1));
            let problem = FileProblem::undecodable(e.message());
            match place {
                Some(line) => Error::file_at(path, twin_core::language::Text::line(line), problem),
                None => Error::file(path, problem),
            }
        })?;
        if state.schema != SCHEMA {
            return Err(Error::input(
                path.display().to_string(),
                format!("vue de version {} ; ce programme lit la version {SCHEMA}", state.schema),
                format!("view of version {}; this program reads version {SCHEMA}", state.schema),
            ));
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        state.each_path(|p| *p = folder.join(&*p));
        state.settle();
        Ok(state)
    }

    /// Writes a view file, its paths relative to it where they can be.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let absolute = |p: &Path| std::path::absolute(p).unwrap_or_else(|_| p.to_path_buf());
        let folder = absolute(folder);
        let mut state = self.clone();
        state.each_path(|p| *p = relative(&absolute(p), &folder));
        let text = toml::to_string(&state)
            .map_err(|e| Error::Write { path: path.into(), source: std::io::Error::other(e) })?;
        write_atomically(path, text.as_bytes())
    }

    /// Brings values of a file written by hand into the range that can be shown.
    fn settle(&mut self) {
        let within = |v: f32, low: f32, high: f32, other: f32| {
            if v.is_finite() { v.clamp(low, high) } else { other }
        };
        self.exaggeration = within(self.exaggeration, 0.1, 20.0, 1.0);
        self.interface_scale = within(self.interface_scale, 1.0, 2.0, 1.0);
        self.result.opacity = within(self.result.opacity, 0.0, 1.0, result_opacity());
        self.compare.split = within(self.compare.split, 0.02, 0.98, half());
        if !self.result.time_s.is_finite() {
            self.result.time_s = 0.0;
        }
        for layer in &mut self.layers {
            layer.opacity = within(layer.opacity, 0.0, 1.0, 1.0);
        }
        self.picked = self.picked.take().filter(|p| p.place.iter().all(|v| v.is_finite()));
        self.camera.settle();
    }

    fn each_path(&mut self, mut change: impl FnMut(&mut PathBuf)) {
        change(&mut self.territory);
        self.runs.iter_mut().for_each(&mut change);
        self.objects.iter_mut().for_each(&mut change);
        for layer in &mut self.layers {
            if let Paint::Picture(path) | Paint::Reference(path) = &mut layer.what {
                change(path);
            }
        }
    }
}

impl CameraState {
    /// Brings angles and distance into the range that can be shown.
    pub(crate) fn settle(&mut self) {
        let finite = |v: f64, other: f64| if v.is_finite() { v } else { other };
        self.heading_deg = finite(self.heading_deg, 0.0).rem_euclid(360.0);
        self.pitch_deg = finite(self.pitch_deg, 45.0).clamp(-85.0, 90.0);
        self.distance_m = finite(self.distance_m, 1000.0).clamp(1.0, 400_000.0);
    }

    /// Whether it was ever placed.
    pub(crate) fn is_placed(&self) -> bool {
        self.target.iter().all(|v| v.is_finite())
    }
}

/// A path as seen from a folder, with `..` where both share a beginning.
fn relative(path: &Path, folder: &Path) -> PathBuf {
    let shared = path.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    if shared <= 1 {
        return path.to_path_buf();
    }
    let up = folder.components().skip(shared).map(|_| std::path::Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_comes_back_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = ViewState::of_territory(folder.path().join("a.twin"), Language::En);
        state.runs.push(folder.path().join("runs/flood/abc"));
        state.camera.target = [352_000.0, 6_790_000.0, 12.5];
        state.result.field = Some("water_depth".to_owned());
        state.compare.mode = CompareMode::Swipe;
        state.sun.moment = Some("2024-06-21T12:00:00Z".parse().unwrap());
        state.layers.push(PaintLayer {
            what: Paint::Reference(folder.path().join("ppr.gpkg")),
            shown: true,
            opacity: 0.5,
        });
        let building = Some("BATIMENT0001".to_owned());
        state.picked =
            Some(Picked { place: [352_010.0, 6_790_020.0, 13.0], building, gauge: None });
        let path = folder.path().join("views/x.view.toml");
        std::fs::create_dir_all(folder.path().join("views")).unwrap();
        state.write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("../a.twin"), "{text}");
        let mut back = ViewState::read(&path).unwrap();
        // The path of the file stands before the relative ones.
        back.each_path(|p| {
            *p = std::fs::canonicalize(folder.path().join("views")).unwrap().join(&*p)
        });
        assert_eq!((back.camera, &back.picked), (state.camera, &state.picked));
        assert_eq!(back.layers.len(), state.layers.len());
        assert_eq!((back.result, back.compare, back.sun), (state.result, state.compare, state.sun));
    }

    #[test]
    fn a_damaged_view_is_one_sentence_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.view.toml");
        for (text, says) in [
            ("schema = 1\nterritory = 3", "x.view.toml"),
            ("schema = 9\nterritory = \"a\"", "version 9"),
            ("schema = 1\nterritory = \"a\"\nnonsense = 1", "nonsense"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = ViewState::read(&path).unwrap_err().text(Language::Fr);
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn absurd_values_of_a_file_are_brought_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.view.toml");
        let text = "schema = 1\nterritory = \"a\"\nexaggeration = nan\n[camera]\ntarget = [0.0, 0.0, \
                    0.0]\nheading_deg = -90.0\npitch_deg = 900.0\ndistance_m = 0.0\n";
        std::fs::write(&path, text).unwrap();
        let state = ViewState::read(&path).unwrap();
        assert_eq!(state.exaggeration, 1.0);
        assert_eq!((state.camera.heading_deg, state.camera.pitch_deg), (270.0, 90.0));
        assert_eq!(state.camera.distance_m, 1.0);
    }
}
