//! A finished run as the commands that judge it see it.

use std::path::{Path, PathBuf};

use twin_core::export::report::{Figure, FigurePicture, Report};
use twin_core::export::{MapSpec, picture, wording};
use twin_core::formats::cf::SeriesFile;
use twin_core::results::{RunManifest, write_atomically};
use twin_core::spatial::Grid;
use twin_core::{Error, FileProblem, Language, Result};

use super::info;

/// Width of the PNG maps in pixels.
const MAP_WIDTH_PX: u32 = 1600;

/// The folder of a run.
pub(crate) struct FinishedRun {
    pub(crate) folder: PathBuf,
    pub(crate) manifest: RunManifest,
    pub(crate) fields: SeriesFile,
}

impl FinishedRun {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("manifest.json");
        if !path.is_file() {
            return Err(info::neither(folder));
        }
        let manifest = read_manifest(folder)?;
        let fields = SeriesFile::open(folder.join("fields.h5"))?;
        Ok(Self { folder: folder.to_path_buf(), manifest, fields })
    }

    /// A field without time.
    pub(crate) fn field(&self, name: &str) -> Result<Grid<f32>> {
        if self.fields.statics().iter().any(|b| b.name == name) {
            return self.fields.read_static(name);
        }
        Err(Error::input(
            self.folder.display().to_string(),
            format!("ce calcul n'a pas de « {name} » ; donner un calcul d'inondation"),
            format!("this run has no \"{name}\"; give a flood run"),
        ))
    }

    /// A map on the relief of the run.
    pub(crate) fn map<'a>(
        &self,
        title: &str,
        terrain: &'a Grid<f32>,
        language: Language,
    ) -> MapSpec<'a> {
        let territory = &self.manifest.territory;
        let mut map = MapSpec::new(title, self.manifest.grid.extent());
        map.subtitle =
            format!("{} – {}", territory.name, self.manifest.scenario_title.get(language));
        map.crs = territory.crs;
        map.vertical_datum.clone_from(&territory.vertical_datum);
        map.terrain = Some(terrain);
        map.demo = self.is_demo();
        map.calibrated = Some(self.is_calibrated());
        map.credits = territory.credits();
        map.language = language;
        map
    }

    fn is_demo(&self) -> bool {
        self.fields.attributes().contains_key("demonstration")
    }

    /// Whether the scenario states how the run was compared with observations.
    fn is_calibrated(&self) -> bool {
        self.manifest.parameters.get("calibration").is_some_and(|c| !c.is_null())
    }

    /// A report about the run, to be filled.
    pub(crate) fn report(&self, title: &str, language: Language) -> Report {
        Report {
            language,
            title: title.to_owned(),
            subtitle: self.manifest.scenario_title.get(language).to_owned(),
            territory: self.manifest.territory.name.clone(),
            scenario_id: self.manifest.scenario.clone(),
            run_id: format!("{}/{}", self.manifest.simulation, self.manifest.hash),
            demo: self.is_demo(),
            calibrated: self.is_calibrated(),
            hypotheses: self.manifest.hypotheses.clone(),
            limits: self.manifest.limits.clone(),
            ..Report::default()
        }
    }
}

/// The record of a run.
pub(crate) fn read_manifest(folder: &Path) -> Result<RunManifest> {
    let path = folder.join("manifest.json");
    let bytes = std::fs::read(&path).map_err(Error::read(&path))?;
    serde_json::from_slice(&bytes).map_err(|e| Error::file(&path, FileProblem::undecodable(e)))
}

/// Writes a map as SVG and PNG and returns it for a report.
pub(crate) fn figure(map: &MapSpec<'_>, caption: &str, out: &Path, name: &str) -> Result<Figure> {
    let svg = map.svg()?;
    write_atomically(&out.join(format!("{name}.svg")), svg.as_bytes())?;
    let png = picture::png_from_svg(&svg, MAP_WIDTH_PX, wording::notice(map.language))?;
    write_atomically(&out.join(format!("{name}.png")), &png)?;
    Ok(Figure {
        title: map.title.clone(),
        caption: caption.to_owned(),
        alt: caption.to_owned(),
        picture: FigurePicture::Svg(svg),
    })
}
