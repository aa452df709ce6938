//! The result that is shown: frames of a run on their way from the file to the shaders.
//!
//! Two frames around the moment shown lie in a buffer of the GPU, which mixes them; a few more wait
//! decoded. Memory therefore does not grow with the length of a run.

use std::collections::VecDeque;
use std::sync::Arc;

use bevy::asset::RenderAssetUsages;
use bevy::prelude::*;
use bevy::render::render_resource::ShaderType;
use bevy::render::storage::ShaderBuffer;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use twin_core::export::{
    DepthComparison, Legend, Rgb, comparison,
    legend::{Class, Hatch},
};
use twin_core::language::Text;
use twin_core::spatial::{Grid, GridSpec};

use crate::notices::Notices;
use crate::opened::{Field, Moment, OpenRun, Opened};
use crate::scene::material::{SharedBuffers, linear};
use crate::state::{CompareMode, ViewState};

/// Cells of a field on the GPU, at most: three fields of this size stay below the 128 MiB that every
/// adapter binds. Larger ones are shown by every second, third … cell.
const MOST_CELLS: usize = 10_000_000;
/// Decoded frames kept.
const KEPT_FRAMES: usize = 4;
/// What stands for no value in the shaders.
const NO_VALUE: f32 = -1e30;
/// Classes or ramp stops of a legend in the shaders.
const MOST_STOPS: usize = 32;
/// Depth in metres below which a cell counts as dry where scenarios are compared.
const DRY_BELOW_M: f32 = 0.01;

/// The left or only picture, and the right one.
#[derive(Resource)]
pub(crate) struct Sides([Side; 2]);

/// One picture's result.
pub(crate) struct Side {
    /// Its buffers on the GPU.
    pub(crate) buffers: SharedBuffers,
    /// What is shown; none without result.
    shown: Option<Shown>,
    /// What the buffers hold.
    uploaded: Option<(usize, usize)>,
    settings: Option<DrapeSettings>,
}

/// A field that is shown.
struct Shown {
    run: Arc<OpenRun>,
    field: Field,
    /// The run that it is compared with, where A − B is shown.
    reference: Option<Arc<OpenRun>>,
    /// The level of the bed in the scene, of runs with water.
    bed: Option<Arc<Frame>>,
    frames: VecDeque<(usize, Arc<Frame>)>,
    loading: Option<Task<twin_core::Result<Vec<Numbered>>>>,
    /// Frame at or before the moment shown last, and whether moments follow one another.
    before: usize,
    is_running: bool,
}

/// Values of a grid as the shaders read them.
struct Frame {
    /// The grid that they come from.
    spec: GridSpec,
    /// Cells of it per value, along a side.
    stride: usize,
    bytes: Vec<u8>,
}

impl Frame {
    /// The values of a grid less `level_m`.
    fn new(grid: &Grid<f32>, level_m: f32) -> Self {
        let spec = grid.spec;
        let stride = stride_of(&spec);
        let count = spec.columns.div_ceil(stride);
        let mut bytes = vec![0; 4 * count * spec.rows.div_ceil(stride)];
        let rows = grid.values.chunks(spec.columns.max(1)).step_by(stride);
        for (to, row) in bytes.chunks_exact_mut(4 * count.max(1)).zip(rows) {
            for (to, v) in to.chunks_exact_mut(4).zip(row.iter().step_by(stride)) {
                let value = if v.is_finite() { v - level_m } else { NO_VALUE };
                to.copy_from_slice(&value.to_le_bytes());
            }
        }
        Self { spec, stride, bytes }
    }
}

/// A class or ramp stop, as `drape.wgsl` lays it out.
#[derive(Debug, Clone, Copy, Default, PartialEq, ShaderType)]
struct Stop {
    colour: Vec4,
    value: f32,
    pad_a: f32,
    pad_b: f32,
    pad_c: f32,
}

/// How a field is shown, as `drape.wgsl` lays it out.
#[derive(Debug, Clone, Copy, PartialEq, ShaderType)]
struct DrapeSettings {
    west: f32,
    north: f32,
    cell_size: f32,
    fraction: f32,
    columns: u32,
    rows: u32,
    form: u32,
    count: u32,
    is_classed: u32,
    opacity: f32,
    transparent_below: f32,
    pad: f32,
    stops: [Stop; MOST_STOPS],
}

impl Default for DrapeSettings {
    fn default() -> Self {
        Self {
            west: 0.0,
            north: 0.0,
            cell_size: 1.0,
            fraction: 0.0,
            columns: 0,
            rows: 0,
            form: 0,
            count: 0,
            is_classed: 0,
            opacity: 0.0,
            transparent_below: NO_VALUE,
            pad: 0.0,
            stops: [Stop::default(); MOST_STOPS],
        }
    }
}

impl Sides {
    /// Empty buffers.
    pub(crate) fn new(buffers: &mut Assets<ShaderBuffer>) -> Self {
        Self([0, 1].map(|_| Side {
            buffers: SharedBuffers {
                fields: buffers.add(ShaderBuffer::new(
                    &NO_VALUE.to_le_bytes().repeat(4),
                    RenderAssetUsages::RENDER_WORLD,
                )),
                drape: buffers.add(ShaderBuffer::from(DrapeSettings::default())),
                palette: buffers.add(ShaderBuffer::from(vec![Vec4::ZERO])),
            },
            shown: None,
            uploaded: None,
            settings: None,
        }))
    }

    /// A side: 0 left, 1 right.
    pub(crate) fn side(&self, index: usize) -> &Side {
        &self.0[index.min(1)]
    }

    /// Whether frames are still on their way.
    pub(crate) fn is_loading(&self) -> bool {
        self.0.iter().any(|side| side.shown.as_ref().is_some_and(|s| s.loading.is_some()))
    }

    /// Legends of what is shown, each once.
    pub(crate) fn legends(&self) -> Vec<(Legend, Option<f32>)> {
        let mut legends = Vec::new();
        for shown in self.0.iter().filter_map(|side| side.shown.as_ref()) {
            let legend = (shown.field.legend.clone(), shown.field.transparent_below);
            if !legends.contains(&legend) {
                legends.push(legend);
            }
        }
        legends
    }
}

/// Chooses what the sides show, loads frames and hands them to the GPU.
pub(crate) fn show_results(
    state: Res<ViewState>,
    opened: Res<Opened>,
    mut sides: ResMut<Sides>,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    mut notices: ResMut<Notices>,
) {
    if state.is_changed() || opened.is_changed() {
        let (changed, problems) = choose(&mut sides, &state, &opened);
        problems.into_iter().for_each(|problem| notices.error(&problem, state.language));
        if changed {
            for side in &mut sides.0 {
                side.uploaded = None;
            }
        }
    }
    for side in &mut sides.0 {
        if let Err(error) = side.advance(&state, &opened, &mut buffers) {
            notices.error(&error, state.language);
            side.shown = None;
        }
    }
}

/// Sets what each side shows; tells whether that is something else than before.
fn choose(sides: &mut Sides, state: &ViewState, opened: &Opened) -> (bool, Vec<twin_core::Error>) {
    let mut problems = Vec::new();
    let mut changed = false;
    let wanted = |index: usize| {
        let run = opened.runs.get(index)?;
        let field = run.field(state.result.field.as_deref()?)?;
        Some((run.clone(), field.clone()))
    };
    let two = state.compare.mode.is_two();
    let is_difference = state.compare.mode == CompareMode::Difference;
    let reference = opened.runs.get(1).filter(|_| is_difference);
    for index in 0..2 {
        let side = &mut sides.0[index];
        let reference = reference.filter(|_| index == 0);
        let next = if index == 0 || two { wanted(index) } else { None };
        let next = next.filter(|_| !is_difference || reference.is_some());
        let same = match (&side.shown, &next) {
            (None, None) => true,
            (Some(shown), Some((run, field))) => {
                Arc::ptr_eq(&shown.run, run)
                    && shown.field.name == field.name
                    && shown.reference.as_ref().map(Arc::as_ptr) == reference.map(Arc::as_ptr)
            }
            _ => false,
        };
        if same {
            continue;
        }
        changed = true;
        let next = next.map(|(run, field)| match reference {
            Some(reference) => difference_of(&run, reference, &field).map(|field| (run, field)),
            None => Ok((run, field)),
        });
        let next = next.transpose().unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        side.shown = next.map(|(run, field)| Shown {
            reference: reference.cloned(),
            bed: run
                .bed
                .as_ref()
                .map(|bed| Arc::new(Frame::new(bed, opened.frame.height() as f32))),
            run,
            field,
            frames: VecDeque::new(),
            loading: None,
            before: 0,
            is_running: false,
        });
    }
    (changed, problems)
}

/// Codes of the classes that have no difference.
const DRY_NOW: f32 = -1e6;
const WET_NOW: f32 = 1e6;

/// A − B of a field as it is shown: of depths with their classes, of other fields the plain difference.
fn difference_of(a: &OpenRun, b: &OpenRun, field: &Field) -> twin_core::Result<Field> {
    let title =
        Text::new(format!("{} : A − B", field.title.fr), format!("{}: A − B", field.title.en));
    let legend = if field.is_water_depth() {
        difference_legend(title.clone())
    } else {
        let last = a.times().len().saturating_sub(1);
        let frames = if field.is_series { vec![0, last / 2, last] } else { vec![0] };
        let mut largest = 1e-6f32;
        for index in frames {
            let range = difference(a, b, field, index)?.range();
            largest = largest.max(range.map_or(0.0, |(low, high)| low.abs().max(high.abs())));
        }
        Legend::diverging(title.clone(), field.legend.unit(), largest)
    };
    Ok(Field { title, legend, transparent_below: None, ..field.clone() })
}

/// A − B at a stored moment of A; of depths, codes stand where one of both is dry.
fn difference(
    a: &OpenRun,
    b: &OpenRun,
    field: &Field,
    index: usize,
) -> twin_core::Result<Grid<f32>> {
    let Some(other) = b.field(&field.name) else {
        return Err(twin_core::Error::input(
            b.run.folder.display().to_string(),
            format!(
                "ce calcul n'a pas de « {} » ; choisir deux calculs de même nature",
                field.name
            ),
            format!("this run has no \"{}\"; choose two runs of one kind", field.name),
        ));
    };
    let time_s = a.times().get(index).copied().unwrap_or(0.0);
    let (a, b) = (a.read(field, index)?, b.read_at(other, time_s)?);
    let both = DepthComparison::new(&a, &b, DRY_BELOW_M)?;
    let values = if field.is_water_depth() {
        let codes = both.change.values.iter();
        let coded = |(&d, &c): (&f32, &f32)| match c {
            c if c.is_nan() => d,
            c if c > 0.5 => WET_NOW,
            _ => DRY_NOW,
        };
        both.difference_m.values.iter().zip(codes).map(coded).collect()
    } else {
        a.values.iter().zip(&b.values).map(|(a, b)| a - b).collect()
    };
    Ok(Grid { spec: a.spec, values })
}

/// The classes of the difference between those of places wet in one scenario only.
fn difference_legend(title: Text) -> Legend {
    let mut classes: Vec<Class> = Vec::new();
    let only = comparison::change_legend();
    let both = comparison::difference_legend();
    if let (Legend::Classed { classes: only, .. }, Legend::Classed { classes: both, .. }) =
        (only, both)
    {
        let mut only = only.into_iter();
        classes.extend(only.next().map(|c| Class { below: 0.5 * DRY_NOW, ..c }));
        classes.extend(both.into_iter().map(|c| Class { below: c.below.min(0.5 * WET_NOW), ..c }));
        classes.extend(only.next());
    }
    Legend::Classed { title, unit: "m".to_owned(), classes }
}

impl Side {
    /// Loads what is missing and uploads what changed.
    fn advance(
        &mut self,
        state: &ViewState,
        opened: &Opened,
        buffers: &mut Assets<ShaderBuffer>,
    ) -> twin_core::Result<()> {
        let Some(shown) = &mut self.shown else {
            self.set(DrapeSettings::default(), buffers);
            return Ok(());
        };
        let (times, time_s) = (shown.run.times(), state.result.time_s);
        let moment = match (shown.field.is_series, &shown.reference) {
            (true, None) => Moment::at(times, time_s),
            // Classes of a comparison have nothing between them.
            (true, Some(_)) => Moment::stored(times, time_s),
            (false, _) => Moment { before: 0, after: 0, fraction: 0.0 },
        };
        let Some((before, after)) = shown.pair(moment)? else { return Ok(()) };
        let pair = (before.0, after.0);
        if self.uploaded != Some(pair)
            && let Some(mut buffer) = buffers.get_mut(&self.buffers.fields)
        {
            let parts = [Some(&before.1), Some(&after.1), shown.bed.as_ref()];
            let parts: Vec<&[u8]> = parts.into_iter().flatten().map(|f| &f.bytes[..]).collect();
            buffer.data = Some(parts.concat());
            self.uploaded = Some(pair);
        }
        // While the frames of the moment are on their way, those at hand are shown as they are.
        let at_hand = pair == (moment.before, moment.after);
        let fraction = if at_hand { moment.fraction } else { 0.0 };
        let as_water = state.result.water_surface
            && shown.field.is_water_depth()
            && shown.reference.is_none()
            && shown.run.bed.is_some();
        let settings = DrapeSettings {
            fraction,
            form: if as_water { 2 } else { 1 },
            opacity: state.result.opacity,
            transparent_below: shown.field.transparent_below.unwrap_or(NO_VALUE),
            ..settings_of(&before.1, opened, &shown.field.legend)
        };
        self.set(settings, buffers);
        Ok(())
    }

    fn set(&mut self, settings: DrapeSettings, buffers: &mut Assets<ShaderBuffer>) {
        if self.settings != Some(settings)
            && let Some(mut buffer) = buffers.get_mut(&self.buffers.drape)
        {
            buffer.set_data(settings);
            self.settings = Some(settings);
        }
    }

    /// Whether water stands as a surface on this side.
    pub(crate) fn has_water(&self) -> bool {
        self.settings.is_some_and(|s| s.form == 2)
    }
}

type Numbered = (usize, Arc<Frame>);

impl Shown {
    /// The frames of a moment. While they are on their way: the last that came, when it does, and else
    /// none, which leaves what is shown.
    fn pair(&mut self, moment: Moment) -> twin_core::Result<Option<(Numbered, Numbered)>> {
        let mut came = None;
        if let Some(result) = self.loading.as_mut().and_then(check_ready) {
            self.loading = None;
            self.frames.extend(result?);
            let surplus = self.frames.len().saturating_sub(KEPT_FRAMES);
            self.frames.drain(..surplus);
            came = self.frames.back().cloned();
        }
        if moment.before != self.before {
            self.is_running = moment.before == self.before + 1;
            self.before = moment.before;
        }
        let last = self.run.times().len().saturating_sub(1);
        let ahead = (moment.after + usize::from(self.is_running)).min(last);
        let at_hand = |wanted: usize| self.frames.iter().find(|(i, _)| *i == wanted).cloned();
        let mut missing = vec![moment.before, moment.after, ahead];
        missing.dedup();
        missing.retain(|wanted| at_hand(*wanted).is_none());
        let pair = at_hand(moment.before).zip(at_hand(moment.after));
        if !missing.is_empty() && self.loading.is_none() {
            let (run, field) = (self.run.clone(), self.field.clone());
            let reference = self.reference.clone();
            self.loading = Some(AsyncComputeTaskPool::get().spawn(async move {
                let read = |index| {
                    let grid = match &reference {
                        Some(reference) => difference(&run, reference, &field, index),
                        None => run.read(&field, index),
                    };
                    grid.map(|grid| (index, Arc::new(Frame::new(&grid, 0.0))))
                };
                missing.into_iter().map(read).collect()
            }));
        }
        Ok(pair.or_else(|| came.map(|frame| (frame.clone(), frame))))
    }
}

/// Cells of the grid per value on the GPU, along a side.
fn stride_of(spec: &GridSpec) -> usize {
    (1..)
        .find(|k| (spec.rows.div_ceil(*k)) * (spec.columns.div_ceil(*k)) <= MOST_CELLS)
        .unwrap_or(1)
}

fn settings_of(frame: &Frame, opened: &Opened, legend: &Legend) -> DrapeSettings {
    let Frame { spec, stride, .. } = frame;
    let corner = opened.frame.to_scene([spec.west, spec.north, 0.0]);
    let mut settings = DrapeSettings {
        west: corner.x,
        north: corner.z,
        cell_size: (spec.cell_size * *stride as f64) as f32,
        columns: spec.columns.div_ceil(*stride) as u32,
        rows: spec.rows.div_ceil(*stride) as u32,
        ..DrapeSettings::default()
    };
    let stops: Vec<Stop> = match legend {
        Legend::Continuous { min, max, ramp, .. } => {
            ramp.stops().map(|(t, colour)| stop(min + t * (max - min), colour, None)).collect()
        }
        Legend::Classed { classes, .. } => {
            classes.iter().map(|c| stop(c.below, c.colour, c.hatch)).collect()
        }
    };
    settings.is_classed = u32::from(matches!(legend, Legend::Classed { .. }));
    settings.count = stops.len().min(MOST_STOPS) as u32;
    settings.stops.iter_mut().zip(stops).for_each(|(to, from)| *to = from);
    settings
}

fn stop(value: f32, colour: Rgb, hatch: Option<Hatch>) -> Stop {
    let texture = match hatch {
        None => 0.0,
        Some(Hatch::Rising) => 1.0,
        Some(Hatch::Falling) => 2.0,
    };
    let colour = linear(colour).truncate().extend(texture);
    // The last class has no bound; the shaders compare with a finite one.
    Stop { colour, value: value.min(f32::MAX), ..Stop::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_are_told_apart_on_the_gpu() {
        let spec = GridSpec { west: 0.0, north: 0.0, cell_size: 1.0, columns: 3, rows: 1 };
        let grid = Grid { spec, values: vec![1.0, f32::NAN, 3.0] };
        let frame = Frame::new(&grid, 0.5);
        let values = frame.bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
        assert_eq!(values.collect::<Vec<f32>>(), [0.5, NO_VALUE, 2.5]);
    }

    #[test]
    fn a_huge_field_is_thinned_to_what_any_adapter_binds() {
        let spec = GridSpec { west: 0.0, north: 0.0, cell_size: 1.0, columns: 9000, rows: 9000 };
        assert_eq!(stride_of(&spec), 3);
        assert_eq!(stride_of(&GridSpec { columns: 1000, rows: 1000, ..spec }), 1);
    }

    #[test]
    fn the_difference_tells_newly_flooded_places_from_deeper_ones() {
        let legend = difference_legend(Text::from("A − B"));
        let label = |v: f32| {
            let (colour, hatch) = legend.colour(v).unwrap();
            let Legend::Classed { classes, .. } = &legend else { panic!() };
            let class = classes.iter().find(|c| c.colour == colour && c.hatch == hatch).unwrap();
            class.label.fr.clone()
        };
        assert!(label(WET_NOW).contains("nouvellement inondé"));
        assert!(label(DRY_NOW).contains("mis hors d'eau"));
        assert!(label(9.0).contains("hausse"));
        assert!(label(-9.0).contains("baisse"));
    }
}
