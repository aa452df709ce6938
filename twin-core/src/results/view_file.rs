//! View files (`NAME.view.toml`), which the viewer opens: what the program shows in three dimensions.

use std::path::Path;

use serde::Serialize;

use super::write_atomically;
use crate::export::qgis_project::relative;
use crate::spatial::{Extent, Grid};
use crate::{Error, Language, Result};

/// The part of a view that what is shown decides; the viewer fills in the rest.
#[derive(Debug, Clone, Copy)]
pub struct ViewFile<'a> {
    /// Language of everything written.
    pub language: Language,
    /// Folder of the territory.
    pub territory: &'a Path,
    /// Folders of the runs: one, or two on either side of a line.
    pub runs: &'a [&'a Path],
    /// Models and point clouds beside the territory.
    pub objects: &'a [&'a Path],
    /// Field of the runs, and the moment of one that changes with time, seconds after the start.
    pub field: Option<(&'a str, f64)>,
    /// Where it is looked from.
    pub camera: Option<ViewCamera>,
}

/// A camera that looks northwards and down on a place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ViewCamera {
    target: [f64; 3],
    heading_deg: f64,
    pitch_deg: f64,
    distance_m: f64,
}

impl ViewCamera {
    /// Pitch, degrees, and distance as a multiple of the side of the ground that fills the picture.
    const PITCH_DEG: f64 = 45.0;
    const DISTANCE: f64 = 1.15;
    /// Side of the least ground that is shown, m: a street with its houses.
    const LEAST_M: f64 = 300.0;

    /// A camera that shows all cells of a field that have a value, not below a limit; none where there is no such
    /// cell. `ground`: altitude at a place.
    pub fn on(
        field: &Grid<f32>,
        low: Option<f32>,
        ground: impl FnOnce(f64, f64) -> Option<f32>,
    ) -> Option<Self> {
        let extent = shown(field, low)?;
        let (x, y) = extent.centre();
        let z = ground(x, y).filter(|z| z.is_finite()).map_or(0.0, f64::from);
        let side_m = extent.width().max(extent.height()).max(Self::LEAST_M);
        Some(Self {
            target: [x, y, z],
            heading_deg: 0.0,
            pitch_deg: Self::PITCH_DEG,
            distance_m: Self::DISTANCE * side_m,
        })
    }
}

/// The extent of the centres of the cells that have a value, not below a limit.
fn shown(grid: &Grid<f32>, low: Option<f32>) -> Option<Extent> {
    let is_shown = |value: f32| value.is_finite() && low.is_none_or(|low| value >= low);
    let cells = (0..grid.spec.len()).filter(|at| is_shown(grid.values[*at]));
    let extents = cells.map(|at| {
        let (row, column) = grid.spec.row_column(at);
        let (x, y) = grid.spec.centre(row, column);
        Extent { min_x: x, min_y: y, max_x: x, max_y: y }
    });
    extents.reduce(|a, b| a.union(&b))
}

/// The file as it is written.
#[derive(Serialize)]
struct Written<'a> {
    schema: u32,
    language: Language,
    territory: String,
    runs: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    objects: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    camera: Option<ViewCamera>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compare: Option<Compared>,
}

#[derive(Serialize)]
struct Shown<'a> {
    field: &'a str,
    time_s: f64,
}

#[derive(Serialize)]
struct Compared {
    mode: &'static str,
}

impl<'a> ViewFile<'a> {
    /// A view of runs on their territory, nothing chosen.
    pub fn new(language: Language, territory: &'a Path, runs: &'a [&'a Path]) -> Self {
        Self { language, territory, runs, objects: &[], field: None, camera: None }
    }

    /// Writes the view; it names the territory and the runs from its own place.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let from_here =
            |to: &Path| relative(folder, to).unwrap_or_else(|| to.to_string_lossy().into_owned());
        let all = |paths: &[&Path]| paths.iter().map(|path| from_here(path)).collect();
        let view = Written {
            schema: 1,
            language: self.language,
            territory: from_here(self.territory),
            runs: all(self.runs),
            objects: all(self.objects),
            camera: self.camera,
            result: self.field.map(|(field, time_s)| Shown { field, time_s }),
            compare: (self.runs.len() > 1).then_some(Compared { mode: "swipe" }),
        };
        let failed =
            |e| Error::Write { path: path.to_path_buf(), source: std::io::Error::other(e) };
        let text = toml::to_string(&view).map_err(failed)?;
        write_atomically(path, format!("# À ouvrir par « twin view ».\n{text}").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::GridSpec;

    fn depths() -> Grid<f32> {
        let spec = GridSpec { west: 0.0, north: 40.0, cell_size: 10.0, columns: 5, rows: 4 };
        Grid::from_fn(spec, |row, column| match (row, column) {
            (0, 0) => 0.005,
            (1, 2) | (2, 3) => 1.0,
            _ => f32::NAN,
        })
    }

    #[test]
    fn the_picture_is_of_the_cells_that_show_something() {
        let wet = Extent { min_x: 25.0, min_y: 15.0, max_x: 35.0, max_y: 25.0 };
        assert_eq!(shown(&depths(), Some(0.01)), Some(wet));
        assert_eq!(shown(&depths(), None), Some(Extent { min_x: 5.0, max_y: 35.0, ..wet }));
        let camera = ViewCamera::on(&depths(), Some(0.01), |_, _| Some(7.0)).unwrap();
        assert_eq!((camera.target, camera.distance_m), ([30.0, 20.0, 7.0], 1.15 * 300.0));
        assert_eq!(ViewCamera::on(&depths(), Some(9.0), |_, _| None), None);
    }

    #[test]
    fn a_view_names_its_runs_from_its_own_place() {
        let folder = tempfile::tempdir().unwrap();
        let [territory, a, b] = ["t.twin", "runs/a", "runs/b"].map(|name| folder.path().join(name));
        for place in [&territory, &a, &b] {
            std::fs::create_dir_all(place).unwrap();
        }
        let runs = [&*a, &*b];
        let view = ViewFile::new(Language::Fr, &territory, &runs);
        let view = ViewFile { field: Some(("water_depth", 60.0)), ..view };
        let path = a.join("x.view.toml");
        view.write(&path).unwrap();
        let written: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        assert_eq!(written["territory"].as_str(), Some("../../t.twin"));
        let runs: Vec<_> = written["runs"].as_array().unwrap().iter().map(|r| r.as_str()).collect();
        assert_eq!(runs, [Some("."), Some("../b")]);
        assert_eq!(written["compare"]["mode"].as_str(), Some("swipe"));
        assert_eq!(written["result"]["time_s"].as_float(), Some(60.0));
    }
}
