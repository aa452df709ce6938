//! The view of a finished run in three dimensions: a file that the viewer opens, and its picture in the report.

use std::path::Path;

use super::publish::{Publication, VOLUMES};
use crate::export::report::Figure;
use crate::results::{ViewCamera, ViewFile, write_atomically};
use crate::{Language, Result};

/// Name of the view in the folder of a run.
const VIEW: &str = "report.view.toml";
/// Name of its picture among the maps.
const PICTURE: &str = "view_3d.png";

/// Writes the view of a run whose other files are there, and draws it where the viewer can. It shows the first field
/// that has a map.
pub(super) fn picture(run: &Publication<'_>, folder: &Path, maps: &Path) -> Result<Option<Figure>> {
    let territory = run.view.territory();
    let field = run.outcome.statics.iter().find(|field| !field.maps.is_empty());
    let ground = |x, y| territory.ground_at(x, y).ok().flatten();
    let camera = field.and_then(|field| {
        let low = field.maps.iter().find_map(|map| map.transparent_below);
        ViewCamera::on(&field.grid, low, ground)
    });
    let volumes = folder.join(VOLUMES);
    let objects = [&*volumes];
    let runs = [folder];
    let view = ViewFile {
        objects: if run.outcome.volumes.is_empty() { &[] } else { &objects },
        field: field.map(|field| (field.name, 0.0)),
        camera,
        ..ViewFile::new(run.language, territory.folder(), &runs)
    };
    let path = folder.join(VIEW);
    view.write(&path)?;
    let drawn = run.viewer.map(|viewer| viewer.picture_of(&path, run.language)).transpose()?;
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
    Ok(Some(Figure::view_3d(caption, png, language)))
}
