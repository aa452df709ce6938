//! The view of a finished run in three dimensions: a file that the viewer opens, and its picture in the report.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::publish::{Publication, VOLUMES};
use crate::export::qgis_project::relative;
use crate::export::report::{Figure, FigurePicture};
use crate::results::write_atomically;
use crate::simulation::StaticField;
use crate::spatial::{Extent, Grid};
use crate::territory::Territory;
use crate::{Error, Language, Result};

/// Name of the view in the folder of a run.
const VIEW: &str = "report.view.toml";
/// Name of its picture among the maps.
const PICTURE: &str = "view_3d.png";

/// The part of a view file that a run decides; the viewer fills in the rest.
#[derive(Serialize)]
struct View<'a> {
    schema: u32,
    language: Language,
    territory: String,
    runs: [&'a str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<[&'a str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    camera: Option<Camera>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Shown<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    field: &'a str,
}

/// Where the picture is taken from: the south, so that a square of ground fills it.
#[derive(Serialize)]
struct Camera {
    target: [f64; 3],
    heading_deg: f64,
    pitch_deg: f64,
    distance_m: f64,
}

impl Camera {
    /// Pitch of the camera, degrees, and its distance as a multiple of what it shows.
    const PITCH_DEG: f64 = 45.0;
    const DISTANCE: f64 = 1.15;
    /// Side of the least ground that is shown, m: a street with its houses.
    const LEAST_M: f64 = 300.0;

    /// A camera that shows all that a map of a field shows.
    fn on(field: &StaticField, territory: &Territory) -> Result<Option<Self>> {
        let low = field.maps.iter().find_map(|map| map.transparent_below);
        let Some(extent) = shown(&field.grid, low) else { return Ok(None) };
        let (x, y) = extent.centre();
        let z = territory.ground_at(x, y)?.map_or(0.0, f64::from);
        let side_m = extent.width().max(extent.height()).max(Self::LEAST_M);
        Ok(Some(Self {
            target: [x, y, z],
            heading_deg: 0.0,
            pitch_deg: Self::PITCH_DEG,
            distance_m: Self::DISTANCE * side_m,
        }))
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

/// Writes the view of a run whose other files are there, and draws it where the viewer can.
pub(super) fn picture(run: &Publication<'_>, folder: &Path, maps: &Path) -> Result<Option<Figure>> {
    let field = run.outcome.statics.iter().find(|field| !field.maps.is_empty());
    let view = write_view(run, field, folder)?;
    let drawn = run.viewer.map(|viewer| viewer.picture_of(&view, run.language)).transpose()?;
    let Some(png) = drawn.flatten() else { return Ok(None) };
    write_atomically(&maps.join(PICTURE), &png)?;
    let language = run.language;
    let shown = field.map_or(&run.scenario.title, |field| &field.title).get(language);
    let caption = match language {
        Language::Fr => {
            format!(
                "Vue en trois dimensions : {shown}. La visionneuse l'ouvre par « twin view {VIEW} », dans le dossier du calcul."
            )
        }
        Language::En => {
            format!(
                "View in three dimensions: {shown}. The viewer opens it by \"twin view {VIEW}\", in the folder of the run."
            )
        }
    };
    Ok(Some(Figure {
        title: language.pick("Vue en trois dimensions", "View in three dimensions").to_owned(),
        alt: caption.clone(),
        caption,
        picture: FigurePicture::Png(png),
    }))
}

fn write_view(
    run: &Publication<'_>,
    field: Option<&StaticField>,
    folder: &Path,
) -> Result<PathBuf> {
    let path = folder.join(VIEW);
    let territory = run.view.territory();
    let absolute = || territory.folder().to_string_lossy().into_owned();
    let view = View {
        schema: 1,
        language: run.language,
        territory: relative(folder, territory.folder()).unwrap_or_else(absolute),
        runs: ["."],
        objects: (!run.outcome.volumes.is_empty()).then_some([VOLUMES]),
        camera: field.map(|field| Camera::on(field, territory)).transpose()?.flatten(),
        result: field.map(|field| Shown { field: field.name }),
    };
    let text = toml::to_string(&view)
        .map_err(|e| Error::Write { path: path.clone(), source: std::io::Error::other(e) })?;
    write_atomically(&path, text.as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::GridSpec;

    #[test]
    fn the_picture_is_of_the_cells_that_show_something() {
        let spec = GridSpec { west: 0.0, north: 40.0, cell_size: 10.0, columns: 5, rows: 4 };
        let depth = |row, column| match (row, column) {
            (0, 0) => 0.005,
            (1, 2) | (2, 3) => 1.0,
            _ => f32::NAN,
        };
        let grid = Grid::from_fn(spec, depth);
        let wet = Extent { min_x: 25.0, min_y: 15.0, max_x: 35.0, max_y: 25.0 };
        assert_eq!(shown(&grid, Some(0.01)), Some(wet));
        let all = Extent { min_x: 5.0, max_y: 35.0, ..wet };
        assert_eq!(shown(&grid, None), Some(all));
        assert_eq!(shown(&grid, Some(9.0)), None);
    }
}
