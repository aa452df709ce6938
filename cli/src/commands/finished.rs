//! A finished run as the commands that judge it see it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use twin_core::export::report::{Figure, FigurePicture, Report};
use twin_core::export::{MapSpec, picture, wording};
use twin_core::results::{FinishedRun, RunStore, write_atomically};
use twin_core::scenario::Scenario;
use twin_core::spatial::Grid;
use twin_core::{Error, Language, Result};

/// Width of the PNG maps in pixels.
const MAP_WIDTH_PX: u32 = 1600;

/// A finished run on maps and in reports.
pub(crate) trait Presented {
    /// A map on the relief of the run.
    fn map<'a>(&self, title: &str, terrain: &'a Grid<f32>, language: Language) -> MapSpec<'a>;

    /// A report about the run, to be filled.
    fn report(&self, title: &str, language: Language) -> Report;
}

impl Presented for FinishedRun {
    fn map<'a>(&self, title: &str, terrain: &'a Grid<f32>, language: Language) -> MapSpec<'a> {
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

    fn report(&self, title: &str, language: Language) -> Report {
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
            citation: self.manifest.cited(language),
            ..Report::default()
        }
    }
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

/// The scenario of a scenario file; `None` of the folder of a run, or where it cannot be read.
pub(crate) fn scenario_of(path: &Path) -> Option<Scenario> {
    let is_scenario = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    is_scenario.then(|| Scenario::load(path, &[], |_| Default::default()).ok())?
}

/// The folders of the runs that a path stands for, by step: those of a scenario file in the store beside
/// it, or the one run of a folder, under no name.
pub(crate) fn runs_of(path: &Path) -> Result<BTreeMap<String, PathBuf>> {
    if !path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) {
        return Ok(BTreeMap::from([(String::new(), path.to_path_buf())]));
    }
    let scenario = Scenario::load(path, &[], |_| Default::default())?;
    let store = RunStore::new(path.parent().unwrap_or(Path::new(".")).join("runs"));
    let record = store.scenario(&scenario.id)?.ok_or_else(|| {
        Error::input(
            path.display().to_string(),
            "ce scénario n'a pas été calculé ; lancer d'abord twin run",
            "this scenario has not been computed; first call twin run",
        )
    })?;
    Ok(record.runs.into_iter().map(|(step, run)| (step, store.root().join(run))).collect())
}
