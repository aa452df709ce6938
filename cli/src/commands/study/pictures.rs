//! The pictures that a study file names, in its report.

use twin_core::export::report::{Figure, FigurePicture};
use twin_core::language::Text;
use twin_core::results::ViewerProgram;
use twin_core::study::{Study, StudyPicture};
use twin_core::{Error, FileProblem, Language, Result};

/// First and last bytes of a PNG file.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const PNG_END: &[u8] = b"IEND\xaeB`\x82";

/// Refuses files that are no whole PNG pictures, before anything is computed.
pub(super) fn check(study: &Study) -> Result<()> {
    study.pictures.values().filter(|picture| !is_view(picture)).try_for_each(|picture| {
        let path = study.folder().join(&picture.file);
        let bytes = std::fs::read(&path).map_err(Error::read(&path))?;
        if bytes.starts_with(PNG) && bytes.ends_with(PNG_END) {
            return Ok(());
        }
        let problem =
            FileProblem::damaged("n'est pas une image PNG entière", "is no whole PNG picture");
        Err(Error::file(path, problem))
    })
}

fn is_view(picture: &StudyPicture) -> bool {
    picture.file.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"))
}

/// The pictures, and what could not be drawn on this machine.
pub(super) fn pictures(study: &Study, language: Language) -> Result<(Vec<Figure>, Vec<Text>)> {
    let viewer = ViewerProgram::of_this_machine();
    let (mut figures, mut missing) = (Vec::new(), Vec::new());
    for picture in study.pictures.values() {
        let path = study.folder().join(&picture.file);
        let bytes = match is_view(picture) {
            true => viewer.picture_of(&path, language)?,
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
        let (title, caption) = (picture.title.get(language), picture.caption.get(language));
        figures.push(Figure {
            title: title.to_owned(),
            // Unlike a map, a photograph does not carry its title.
            caption: format!("{title} – {caption}"),
            alt: caption.to_owned(),
            picture: FigurePicture::Png(bytes),
        });
    }
    Ok((figures, missing))
}
