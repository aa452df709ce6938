//! Two runs on either side of a line in three dimensions: a view for the viewer, and its picture.

use std::path::Path;

use twin_core::export::report::Figure;
use twin_core::results::{FinishedRun, ViewCamera, ViewFile, ViewerProgram, write_atomically};
use twin_core::{Language, Result};

/// What is shown.
pub(super) struct View<'a> {
    /// The run at the left.
    pub(super) reference: &'a FinishedRun,
    /// The run at the right.
    pub(super) run: &'a FinishedRun,
    /// Title of the run at the right.
    pub(super) after: &'a str,
    /// Number of the comparison, in the name of the file.
    pub(super) number: usize,
}

impl View<'_> {
    /// Writes the view of the first field that has a map into a folder; its picture where the viewer can draw it.
    pub(super) fn figure(
        &self,
        territory: &Path,
        out: &Path,
        language: Language,
    ) -> Result<Option<Figure>> {
        let Some(display) = self.reference.displays.iter().find(|d| !d.maps.is_empty()) else {
            return Ok(None);
        };
        let low = display.maps.iter().find_map(|map| map.transparent_below);
        let bed = self.reference.field("bed_elevation").ok();
        let ground = |x, y| bed.as_ref()?.at(x, y).copied();
        let runs = [&*self.reference.folder, &*self.run.folder];
        let view = ViewFile {
            field: Some((&display.field, 0.0)),
            camera: ViewCamera::on(&self.reference.field(&display.field)?, low, ground),
            ..ViewFile::new(language, territory, &runs)
        };
        let name = format!("vue-{}", self.number);
        let path = out.join(format!("{name}.view.toml"));
        view.write(&path)?;
        let drawn = ViewerProgram::of_this_machine().picture_of(&path, language)?;
        let Some(png) = drawn else { return Ok(None) };
        write_atomically(&out.join(format!("{name}.png")), &png)?;
        let (field, after) = (display.title.get(language), self.after);
        let caption = match language {
            Language::Fr => format!(
                "Vue en trois dimensions, {field} : la référence à gauche, « {after} » à droite. La visionneuse l'ouvre par « twin view {name}.view.toml »."
            ),
            Language::En => format!(
                "View in three dimensions, {field}: the reference at the left, \"{after}\" at the right. The viewer opens it by \"twin view {name}.view.toml\"."
            ),
        };
        Ok(Some(Figure::view_3d(caption, png, language)))
    }
}
