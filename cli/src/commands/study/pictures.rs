//! The pictures that a study file names, in its report.

use twin_core::export::report::{Figure, FigurePicture};
use twin_core::language::Text;
use twin_core::study::Study;
use twin_core::{Error, FileProblem, Language, Result};

use super::super::view::picture_of;

/// First bytes of a PNG file.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The pictures, and what could not be drawn on this machine.
pub(super) fn pictures(study: &Study, language: Language) -> Result<(Vec<Figure>, Vec<Text>)> {
    let (mut figures, mut missing) = (Vec::new(), Vec::new());
    for picture in study.pictures.values() {
        let path = study.folder().join(&picture.file);
        let is_view = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
        let bytes = match is_view {
            true => picture_of(&path, language)?,
            false => Some(std::fs::read(&path).map_err(Error::read(&path))?),
        };
        let Some(bytes) = bytes else {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            missing.push(Text::new(
                format!("La vue 3D {name} n'a pas été dessinée : la visionneuse (twin-viewer) n'est pas là ou ne dessine pas sur cette machine."),
                format!("The 3D view {name} was not drawn: the viewer (twin-viewer) is not there or cannot draw on this machine."),
            ));
            continue;
        };
        if !bytes.starts_with(PNG) {
            let problem = FileProblem::damaged("n'est pas une image PNG", "is no PNG picture");
            return Err(Error::file(path, problem));
        }
        figures.push(Figure {
            title: picture.title.get(language).to_owned(),
            caption: picture.caption.get(language).to_owned(),
            alt: picture.caption.get(language).to_owned(),
            picture: FigurePicture::Png(bytes),
        });
    }
    Ok((figures, missing))
}
