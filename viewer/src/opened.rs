//! What is open: a territory, the runs shown, and the runs that could be shown.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bevy::prelude::Resource;
use twin_core::export::{Legend, Ramp, wording};
use twin_core::language::Text;
use twin_core::results::{
    FinishedRun, Indicators, RecordedSeries, RunManifest, RunStore, ScenarioManifest,
};
use twin_core::scenario::Scenario;
use twin_core::simulation::Registry;
use twin_core::simulation::driver::path_keys_of;
use twin_core::spatial::{Extent, Grid};
use twin_core::study::{Study, StudyRecord};
use twin_core::territory::Territory;
use twin_core::{Error, Language, Result};

use crate::frame::LocalFrame;
use crate::state::ViewState;

/// Cells of the terrain kept in memory for picking, at most.
const MOST_COARSE_CELLS: usize = 4_000_000;

/// The territory and runs of the window.
#[derive(Debug, Resource)]
pub(crate) struct Opened {
    /// The territory.
    pub(crate) territory: Arc<Territory>,
    /// Its place in the scene.
    pub(crate) frame: LocalFrame,
    /// Its terrain, coarse enough to be kept.
    pub(crate) coarse_terrain: Arc<Grid<f32>>,
    /// Its lowest and highest ground, m.
    pub(crate) ground_m: [f64; 2],
    /// Runs shown: A, then B.
    pub(crate) runs: Vec<Arc<OpenRun>>,
    /// Runs of the territory found beside it.
    pub(crate) available: Vec<AvailableRun>,
}

/// A run that could be shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AvailableRun {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Its record.
    pub(crate) scenario: String,
    /// Title of the scenario.
    pub(crate) title: Text,
    /// Identifier of the simulation.
    pub(crate) simulation: String,
}

/// A run and its fields.
#[derive(Debug)]
pub(crate) struct OpenRun {
    /// The run.
    pub(crate) run: FinishedRun,
    /// What it can show.
    pub(crate) fields: Vec<Field>,
    /// Level of the ground under its water, of runs with water.
    pub(crate) bed: Option<Arc<Grid<f32>>>,
    /// Where it recorded something over time.
    pub(crate) gauges: Vec<Gauge>,
    /// Its figures.
    pub(crate) indicators: Indicators,
}

/// A place at which a run recorded quantities over time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gauge {
    /// Name given by the scenario.
    pub(crate) name: String,
    /// World position.
    pub(crate) place: [f64; 2],
    /// What was recorded, with the title of the quantity.
    pub(crate) series: Vec<(Text, RecordedSeries)>,
}

/// A field of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    /// Name in `fields.h5`.
    pub(crate) name: String,
    /// Title.
    pub(crate) title: Text,
    /// Unit in UDUNITS notation.
    pub(crate) unit: String,
    /// Whether it changes with time.
    pub(crate) is_series: bool,
    /// Colours.
    pub(crate) legend: Legend,
    /// Values below this are not shown.
    pub(crate) transparent_below: Option<f32>,
}

impl Field {
    /// Whether it is a depth of water, which stands as a surface.
    pub(crate) fn is_water_depth(&self) -> bool {
        matches!(self.name.as_str(), "water_depth" | "maximum_water_depth")
    }

    /// The name of the class of a value, of a field whose values are numbers of classes.
    pub(crate) fn class_of(&self, value: f32) -> Option<&Text> {
        match &self.legend {
            Legend::Classed { classes, .. } if matches!(&self.unit[..], "" | "1") => {
                classes.iter().find(|class| value < class.below).map(|class| &class.label)
            }
            _ => None,
        }
    }

    /// Title with unit.
    pub(crate) fn label(&self, language: Language) -> String {
        match wording::unit(&self.unit, language).as_str() {
            "" => self.title.get(language).to_owned(),
            unit => format!("{} ({unit})", self.title.get(language)),
        }
    }
}

impl OpenRun {
    /// Opens the folder of a run.
    pub(crate) fn open(folder: &Path, registry: &Registry) -> Result<Self> {
        let run = FinishedRun::open(folder)?;
        let known = registry.simulation(&run.manifest.simulation).map(|s| s.descriptor()).ok();
        let titled = |long_name: &str, name: &str| {
            let variables = known.iter().flat_map(|d| &d.variables);
            let found = variables.clone().find(|v| v.name == name).map(|v| v.title.clone());
            found.unwrap_or_else(|| titled(long_name, name))
        };
        let mut fields = Vec::new();
        for variable in run.fields.variables() {
            let title = titled(&variable.long_name, &variable.name);
            fields.push(described(&run, &variable.name, title, &variable.unit, true)?);
        }
        for band in run.fields.statics() {
            let title = titled(&band.long_name, &band.name);
            fields.push(described(&run, &band.name, title, &band.unit, false)?);
        }
        let has_bed = run.fields.statics().iter().any(|b| b.name == "bed_elevation");
        let bed =
            has_bed.then(|| run.fields.read_static("bed_elevation")).transpose()?.map(Arc::new);
        let gauges = gauges_of(&run, titled)?;
        let indicators = run.indicators()?;
        Ok(Self { run, fields, bed, gauges, indicators })
    }

    /// A gauge by name.
    pub(crate) fn gauge(&self, name: &str) -> Option<&Gauge> {
        self.gauges.iter().find(|gauge| gauge.name == name)
    }

    /// A field by name.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The field to show first: the depth of water over time, else the first.
    pub(crate) fn first_field(&self) -> Option<&Field> {
        self.field("water_depth").or_else(|| self.field("utci")).or(self.fields.first())
    }

    /// Times of the frames, seconds after the start.
    pub(crate) fn times(&self) -> &[f64] {
        self.run.fields.times()
    }

    /// A frame of a field; of a field without time whatever the index.
    pub(crate) fn read(&self, field: &Field, index: usize) -> Result<Grid<f32>> {
        if field.is_series {
            self.run.fields.read_frame(&field.name, index)
        } else {
            self.run.fields.read_static(&field.name)
        }
    }

    /// A field at a time, between two frames as the picture shows it.
    pub(crate) fn read_at(&self, field: &Field, time_s: f64) -> Result<Grid<f32>> {
        let Moment { before, after, fraction } = Moment::at(self.times(), time_s);
        let mut grid = self.read(field, before)?;
        if field.is_series && fraction > 0.0 {
            let next = self.read(field, after)?;
            for (a, b) in grid.values.iter_mut().zip(&next.values) {
                *a += (b - *a) * fraction;
            }
        }
        Ok(grid)
    }

    /// What some cells say of a field without time: the highest value, of times of arrival the earliest; `None`
    /// where none has a value.
    pub(crate) fn told_by(&self, field: &Field, cells: &[(usize, usize)]) -> Result<Option<f32>> {
        let Some((rows, columns)) = window_of(cells) else { return Ok(None) };
        let at = (rows.start, columns.start);
        let window = self.run.fields.read_static_window(&field.name, rows, columns)?;
        let values = values_in(&window, at, cells);
        let is_earliest = field.name.contains("arrival");
        Ok(values.reduce(if is_earliest { f32::min } else { f32::max }))
    }

    /// The highest value of a field in some cells at every stored moment, NaN where none has a value.
    pub(crate) fn highest_over_time(
        &self,
        field: &Field,
        cells: &[(usize, usize)],
    ) -> Result<Vec<f64>> {
        let Some((rows, columns)) = window_of(cells) else { return Ok(Vec::new()) };
        let at = (rows.start, columns.start);
        let moment = |index| {
            let (rows, columns) = (rows.clone(), columns.clone());
            let window = self.run.fields.read_frame_window(&field.name, index, rows, columns)?;
            Ok(values_in(&window, at, cells).reduce(f32::max).map_or(f64::NAN, f64::from))
        };
        (0..self.times().len()).map(moment).collect()
    }
}

/// The smallest window of a grid that holds some cells; none without cells.
fn window_of(cells: &[(usize, usize)]) -> Option<(Range<usize>, Range<usize>)> {
    let span = |of: fn(&(usize, usize)) -> usize| {
        let numbers = || cells.iter().map(of);
        Some(numbers().min()?..numbers().max()? + 1)
    };
    Some((span(|cell| cell.0)?, span(|cell| cell.1)?))
}

/// The values of some cells, where they have one, in a window that begins at a row and column of its grid.
fn values_in(
    window: &Grid<f32>,
    (row, column): (usize, usize),
    cells: &[(usize, usize)],
) -> impl Iterator<Item = f32> {
    let values = cells.iter().map(move |(r, c)| window[(r - row, c - column)]);
    values.filter(|v| v.is_finite())
}

/// Two frames around a time and the fraction between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    /// Frame at or before the time.
    pub(crate) before: usize,
    /// Frame after it.
    pub(crate) after: usize,
    /// 0 at the first, 1 at the second.
    pub(crate) fraction: f32,
}

impl Moment {
    /// The frames around a time; the first or last beyond the ends.
    pub(crate) fn at(times: &[f64], time_s: f64) -> Self {
        let last = times.len().saturating_sub(1);
        let after = times.partition_point(|t| *t <= time_s).min(last);
        let before = after.saturating_sub(1);
        let fraction = match (times.get(before), times.get(after)) {
            (Some(a), Some(b)) if b > a => ((time_s - a) / (b - a)).clamp(0.0, 1.0) as f32,
            _ => 0.0,
        };
        Self { before, after, fraction }
    }

    /// The stored moment at or before a time, for what has nothing between two of them.
    pub(crate) fn stored(times: &[f64], time_s: f64) -> Self {
        let Self { before, after, fraction } = Self::at(times, time_s);
        let only = if fraction < 1.0 { before } else { after };
        Self { before: only, after: only, fraction: 0.0 }
    }
}

/// The gauges of a run that have a place.
fn gauges_of(run: &FinishedRun, titled: impl Fn(&str, &str) -> Text) -> Result<Vec<Gauge>> {
    let mut gauges: Vec<Gauge> = Vec::new();
    for series in run.gauges()? {
        let Some(place) = series.position else { continue };
        let title = titled("", &series.variable);
        let entry = (title, series.clone());
        match gauges.iter_mut().find(|gauge| gauge.name == series.gauge) {
            Some(gauge) => gauge.series.push(entry),
            None => gauges.push(Gauge { name: series.gauge, place, series: vec![entry] }),
        }
    }
    Ok(gauges)
}

fn titled(long_name: &str, name: &str) -> Text {
    // A file keeps one title, that of its plugin; the name of the variable stands in for another.
    let words = name.replace('_', " ");
    if long_name.is_empty() { Text::from(words) } else { Text::new(long_name, words) }
}

fn described(
    run: &FinishedRun,
    name: &str,
    title: Text,
    unit: &str,
    is_series: bool,
) -> Result<Field> {
    let of = |name: &str| run.displays.iter().find(|d| d.field == name);
    let title = of(name).map_or(title, |d| d.title.clone());
    let first = |name: &str| of(name).and_then(|d| d.maps.first());
    let map = first(name).or_else(|| first(&format!("maximum_{name}")));
    let (legend, transparent_below) = match map {
        Some(map) => (retitled(&map.legend, &title), map.transparent_below),
        None if name.ends_with("water_depth") => (Legend::water_depth(title.clone()), Some(0.01)),
        None => {
            let (low, high) = range(run, name, is_series)?;
            let unit = wording::unit(unit, Language::Fr);
            let legend = if low < 0.0 && high > 0.0 {
                Legend::diverging(title.clone(), unit, low.abs().max(high))
            } else {
                Legend::continuous(title.clone(), unit, low, high, Ramp::Cividis)
            };
            (legend, None)
        }
    };
    Ok(Field { name: name.into(), title, unit: unit.into(), is_series, legend, transparent_below })
}

fn retitled(legend: &Legend, title: &Text) -> Legend {
    let mut legend = legend.clone();
    match &mut legend {
        Legend::Continuous { title: old, .. } | Legend::Classed { title: old, .. } => {
            old.clone_from(title);
        }
    }
    legend
}

/// Range of a field that says nothing about its colours; of three frames where it changes.
fn range(run: &FinishedRun, name: &str, is_series: bool) -> Result<(f32, f32)> {
    let last = run.fields.times().len().saturating_sub(1);
    let frames: Vec<usize> = if is_series { vec![0, last / 2, last] } else { vec![0] };
    let mut range: Option<(f32, f32)> = None;
    for frame in frames.into_iter().filter(|_| !is_series || !run.fields.times().is_empty()) {
        let grid = if is_series {
            run.fields.read_frame(name, frame)?
        } else {
            run.fields.read_static(name)?
        };
        if let Some((low, high)) = grid.range() {
            range = Some(range.map_or((low, high), |(a, b)| (a.min(low), b.max(high))));
        }
    }
    let (low, high) = range.unwrap_or((0.0, 1.0));
    Ok((low, if high > low { high } else { low + 1.0 }))
}

impl Opened {
    /// Opens what a view names.
    pub(crate) fn open(state: &ViewState, registry: &Registry) -> Result<Self> {
        let territory = Territory::open(&state.territory)?;
        let levels = territory.grids().levels();
        let level = levels.iter().position(|l| l.len() <= MOST_COARSE_CELLS);
        let level = level.unwrap_or(levels.len().saturating_sub(1));
        let coarse_terrain: Grid<f32> = territory.grids().read_level("dtm", level)?;
        let (low, high) = coarse_terrain.range().unwrap_or((0.0, 0.0));
        let ground_m = [low, high].map(f64::from);
        let frame = LocalFrame::new(&territory.spec().extent(), ground_m[0]);
        let mut runs = Vec::new();
        for folder in &state.runs {
            runs.push(Arc::new(OpenRun::open(folder, registry)?));
        }
        let available = available_runs(&state.territory, &territory)?;
        Ok(Self {
            territory: Arc::new(territory),
            frame,
            coarse_terrain: Arc::new(coarse_terrain),
            ground_m,
            runs,
            available,
        })
    }

    /// Looks again for runs of the territory.
    pub(crate) fn refresh(&mut self, territory: &Path) -> Result<()> {
        self.available = available_runs(territory, &self.territory)?;
        Ok(())
    }

    /// The runs, each with the letter that its results bear where there are two.
    pub(crate) fn lettered(&self) -> impl Iterator<Item = (&'static str, &OpenRun)> {
        let letters = if self.runs.len() > 1 { ["A – ", "B – "] } else { [""; 2] };
        letters.into_iter().zip(self.runs.iter().map(|run| &**run))
    }

    /// Run A.
    pub(crate) fn run_a(&self) -> Option<&Arc<OpenRun>> {
        self.runs.first()
    }

    /// Extent of the territory.
    pub(crate) fn extent(&self) -> Extent {
        self.territory.spec().extent()
    }

    /// A place on the ground.
    pub(crate) fn on_ground(&self, [x, y]: [f64; 2]) -> Option<[f64; 3]> {
        self.coarse_height(x, y).map(|z| [x, y, f64::from(z)])
    }

    /// Altitude of the terrain at a place, as coarse as the terrain that is kept.
    pub(crate) fn coarse_height(&self, x: f64, y: f64) -> Option<f32> {
        height_on(&self.coarse_terrain, x, y)
    }
}

/// Altitude of a terrain at a place; between cells where all of them have one.
pub(crate) fn height_on(terrain: &Grid<f32>, x: f64, y: f64) -> Option<f32> {
    terrain.bilinear(x, y).or_else(|| terrain.at(x, y).copied()).filter(|z| z.is_finite())
}

/// What a path names: a territory, a run, a scenario, a study or a view.
pub(crate) fn state_of(path: &Path, registry: &Registry, language: Language) -> Result<ViewState> {
    if path.is_dir() {
        if path.join(Territory::MANIFEST).is_file() {
            return Ok(ViewState::of_territory(path.to_path_buf(), language));
        }
        if FinishedRun::is_one(path) {
            let manifest = FinishedRun::read_manifest(path)?;
            let territory = territory_of(path, &manifest)?;
            let mut state = ViewState::of_territory(territory, language);
            show_runs(&mut state, vec![path.to_path_buf()]);
            return Ok(state);
        }
    }
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    if name.ends_with(".view.toml") {
        return ViewState::read(path);
    }
    if name.ends_with(".toml") && Study::is_one(path) {
        return state_of_study(path, registry, language);
    }
    if name.ends_with(".toml") && path.is_file() {
        let scenario = Scenario::load(path, &[], |id| path_keys_of(registry, id))?;
        let mut state = ViewState::of_territory(PathBuf::from(&scenario.territory), language);
        show_runs(&mut state, runs_of(path, &scenario.id)?);
        return Ok(state);
    }
    Err(Error::input(
        path.display().to_string(),
        "ni un territoire (dossier .twin), ni un calcul (dossier runs/GREFFON/EMPREINTE), ni un scénario, une étude ou une vue (.toml) ; vérifier le chemin",
        "neither a territory (folder .twin), a run (folder runs/PLUGIN/HASH), a scenario, a study nor a view (.toml); check the path",
    ))
}

/// The territory of a study, and the runs of its first two combinations where it ran.
fn state_of_study(path: &Path, registry: &Registry, language: Language) -> Result<ViewState> {
    let study = Study::load(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let base = folder.join(&study.scenario);
    let scenario = Scenario::load(&base, &[], |id| path_keys_of(registry, id))?;
    let mut state = ViewState::of_territory(PathBuf::from(&scenario.territory), language);
    let store = RunStore::new(folder.join("runs"));
    let record = StudyRecord::read(&store, &study.id)?;
    let combinations = record.into_iter().flat_map(|record| record.combinations);
    let first = combinations.filter_map(|c| c.runs.into_values().next());
    let folders = first.map(|run| store.root().join(run)).filter(|f| FinishedRun::is_one(f));
    show_runs(&mut state, folders.take(2).collect());
    Ok(state)
}

/// Shows runs, with the volumes that they add to the territory.
fn show_runs(state: &mut ViewState, runs: Vec<PathBuf>) {
    let volumes = runs.iter().map(|run| run.join("volumes.city.jsonl"));
    state.objects = volumes.filter(|file| file.is_file()).collect();
    state.runs = runs;
}

/// Folders of the finished runs of a scenario, which stand beside its file.
fn runs_of(file: &Path, id: &str) -> Result<Vec<PathBuf>> {
    let store = RunStore::new(file.parent().unwrap_or(Path::new(".")).join("runs"));
    let record: Option<ScenarioManifest> = store.scenario(id)?;
    let folders = record.into_iter().flat_map(|r| r.runs.into_values());
    let folders = folders.map(|run| store.root().join(run)).filter(|f| FinishedRun::is_one(f));
    Ok(folders.take(1).collect())
}

/// The territory of a run: beside its store, told by its name and content.
fn territory_of(run: &Path, manifest: &RunManifest) -> Result<PathBuf> {
    let run = std::path::absolute(run).map_err(Error::read(run))?;
    let folder = run.ancestors().nth(3).unwrap_or(Path::new("."));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::read(folder))? {
        let path = entry.map_err(Error::read(folder))?.path();
        if path.join(Territory::MANIFEST).is_file()
            && Territory::read_manifest(&path).is_ok_and(|t| t.name == manifest.territory.name)
        {
            found.push(path);
        }
    }
    found.sort();
    let same = |path: &&PathBuf| {
        Territory::read_manifest(path).is_ok_and(|t| t.hash == manifest.territory.hash)
    };
    found.iter().find(same).or(found.first()).cloned().ok_or_else(|| {
        Error::input(
            folder.display().to_string(),
            format!(
                "le territoire « {} » de ce calcul n'y est pas ; ouvrir le territoire d'abord",
                manifest.territory.name
            ),
            format!(
                "the territory \"{}\" of this run is not there; open the territory first",
                manifest.territory.name
            ),
        )
    })
}

/// Finished runs of a territory in the store beside it.
fn available_runs(folder: &Path, territory: &Territory) -> Result<Vec<AvailableRun>> {
    let folder = std::path::absolute(folder).map_err(Error::read(folder))?;
    let store = RunStore::new(folder.parent().unwrap_or(Path::new(".")).join("runs"));
    let mut runs: Vec<AvailableRun> = store
        .finished()?
        .into_iter()
        .filter(|(_, manifest)| manifest.territory.name == territory.manifest().name)
        .map(|(folder, manifest)| AvailableRun {
            folder,
            scenario: manifest.scenario,
            title: manifest.scenario_title,
            simulation: manifest.simulation,
        })
        .collect();
    runs.sort_by(|a, b| (&a.simulation, &a.scenario).cmp(&(&b.simulation, &b.scenario)));
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_lies_between_its_frames() {
        let times = [0.0, 10.0, 30.0];
        let at = |t| Moment::at(&times, t);
        assert_eq!(at(5.0), Moment { before: 0, after: 1, fraction: 0.5 });
        assert_eq!(at(10.0), Moment { before: 1, after: 2, fraction: 0.0 });
        assert_eq!(at(-1.0), Moment { before: 0, after: 0, fraction: 0.0 });
        assert_eq!(at(99.0), Moment { before: 1, after: 2, fraction: 1.0 });
        let stored = [-1.0, 9.9, 10.0, 29.0, 30.0, 99.0].map(|t| Moment::stored(&times, t).before);
        assert_eq!(stored, [0, 0, 1, 1, 2, 2]);
        assert_eq!(Moment::at(&[], 1.0), Moment { before: 0, after: 0, fraction: 0.0 });
    }
}
