//! The application in a window.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bevy::camera::visibility::RenderLayers;
use bevy::camera::{CameraOutputMode, RenderTarget};
use bevy::prelude::*;
use bevy::render::render_resource::BlendState;
use bevy::render::renderer::RenderAdapterInfo;
use bevy::window::{ExitCondition, FileDragAndDrop, RequestRedraw, WindowResized};
use bevy::winit::{UpdateMode, WinitSettings};
use bevy_egui::{
    EguiGlobalSettings, EguiPlugin, EguiPreUpdateSet, EguiPrimaryContextPass, PrimaryEguiContext,
};
use egui_file_dialog::FileDialog;
use twin_core::results::write_atomically;
use twin_core::simulation::Registry;
use twin_core::{Error, Result};

use crate::answer::Asked;
use crate::app::{self, Plugins, settle};
use crate::camera::{self, Stage};
use crate::capture::free_name;
use crate::errand::{self, Wake};
use crate::film::{Film, take_film};
use crate::findings;
use crate::input;
use crate::keys;
use crate::notices::Notices;
use crate::opened::{Opened, state_of};
use crate::planning::Planning;
use crate::scene::{self, Loading, SceneSet};
use crate::simulate::{self, Job};
use crate::state::ViewState;
use crate::stats::Drawn;
use crate::tools::Tools;
use crate::ui;

/// What the window does beside showing a view.
#[derive(Debug, Resource)]
pub(crate) struct Session {
    /// Whether time runs.
    pub(crate) is_playing: bool,
    /// Seconds of the scenario per second.
    pub(crate) speed: f64,
    /// Whether the help lies over the picture.
    pub(crate) shows_help: bool,
    /// Whether the panels are shown.
    pub(crate) shows_panels: bool,
    /// Whether a field of the panels takes what is typed.
    pub(crate) is_typing: bool,
    /// What is typed into the field of places.
    pub(crate) place: String,
    /// What is typed into the field of files.
    pub(crate) file: String,
    /// The dialog in which files are chosen, while it is open.
    pub(crate) chooser: Option<Box<FileDialog>>,
    /// A file to open in place of what is shown.
    pub(crate) open: Option<PathBuf>,
    /// Where the view is saved.
    pub(crate) view_file: PathBuf,
    /// Picture asked for, and the file that it goes into.
    pub(crate) picture: Option<PathBuf>,
    /// Whether the window is being photographed for it: what its page has is left out of the window.
    pub(crate) is_photographed: bool,
    /// Scenario files of a folder, and when they were looked for.
    scenarios: Option<(PathBuf, Instant, Vec<PathBuf>)>,
}

impl Session {
    fn new(view_file: PathBuf) -> Self {
        Self {
            is_playing: false,
            speed: 600.0,
            shows_help: false,
            shows_panels: true,
            is_typing: false,
            place: String::new(),
            file: String::new(),
            chooser: None,
            open: None,
            view_file,
            picture: None,
            is_photographed: false,
            scenarios: None,
        }
    }

    /// Opens the dialog in which files are chosen.
    pub(crate) fn choose(&mut self, state: &ViewState) {
        let dialog = ui::chooser::dialog(&state.territory, state.language);
        self.chooser = Some(Box::new(dialog));
    }

    /// Lets time run, or stops it; from the end it begins anew.
    pub(crate) fn toggle_play(&mut self, opened: &Opened, time_s: &mut f64) {
        self.is_playing = !self.is_playing;
        let times = opened.run_a().map(|run| run.times()).unwrap_or_default();
        if let (true, [first, .., last]) = (self.is_playing, times)
            && *time_s >= *last
        {
            *time_s = *first;
        }
    }

    /// Stops time at the stored moment before or after.
    pub(crate) fn step_time(&mut self, opened: &Opened, later: bool, time_s: &mut f64) {
        self.is_playing = false;
        let times = opened.run_a().map(|run| run.times()).unwrap_or_default();
        let next = match later {
            true => times.iter().find(|t| **t > *time_s + 1e-6),
            false => times.iter().rev().find(|t| **t < *time_s - 1e-6),
        };
        *time_s = next.copied().unwrap_or(*time_s);
    }

    /// Opens the dialog in which the view gets another file.
    pub(crate) fn save_as(&mut self, state: &ViewState) {
        let dialog = ui::chooser::save_dialog(&self.view_file, state.language);
        self.chooser = Some(Box::new(dialog));
    }

    /// Writes what the tool in hand found beside the view; gives the file.
    pub(crate) fn write_findings(
        &self,
        tools: &Tools,
        asked: &Asked,
        opened: &Opened,
        planning: &Planning,
        state: &ViewState,
    ) -> Result<PathBuf> {
        let table = findings::table(tools, asked.0.as_ref(), opened, planning, state)?;
        let file = free_name(&self.view_file, ".csv");
        write_atomically(&file, &table)?;
        Ok(file)
    }

    /// Scenario files of a folder, looked for anew now and then.
    pub(crate) fn scenario_files(&mut self, folder: &Path) -> Vec<PathBuf> {
        const FRESH: Duration = Duration::from_secs(5);
        if let Some((of, when, files)) = &self.scenarios
            && of == folder
            && when.elapsed() < FRESH
        {
            return files.clone();
        }
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
        let is_scenario = |path: &PathBuf| {
            let name = path.to_string_lossy();
            name.ends_with(".toml")
                && !name.ends_with(".view.toml")
                && std::fs::read_to_string(path)
                    .is_ok_and(|text| text.contains("[runs.") || text.contains("extends"))
        };
        let mut files: Vec<PathBuf> = entries.filter(is_scenario).collect();
        files.sort();
        self.scenarios = Some((folder.to_path_buf(), Instant::now(), files.clone()));
        files
    }
}

/// Where the view of something that was opened is saved: the view itself, or beside the territory.
fn view_file(opened: &Path, state: &ViewState) -> PathBuf {
    if opened.to_string_lossy().ends_with(".view.toml") {
        return opened.to_path_buf();
    }
    let name = state.territory.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into());
    state.territory.with_file_name(format!("{name}.view.toml"))
}

/// Opens the window and stays until it is closed.
pub(crate) fn run(
    path: &Path,
    state: ViewState,
    opened: Opened,
    registry: Registry,
    stats: bool,
) -> Result<()> {
    if cfg!(target_os = "linux")
        && ["DISPLAY", "WAYLAND_DISPLAY"].iter().all(|v| std::env::var_os(v).is_none())
    {
        return Err(no_screen());
    }
    app::require_adapter()?;
    let title = format!("{} – twin", opened.territory.manifest().name);
    let session = Session::new(view_file(path, &state));
    let window = Window { title, resolution: (1440, 900).into(), ..default() };
    let mut app = App::new();
    let window = WindowPlugin {
        primary_window: Some(window),
        exit_condition: ExitCondition::OnAllClosed,
        ..default()
    };
    add_window(&mut app, window)?;
    app.add_plugins(EguiPlugin::default());
    app.insert_resource(EguiGlobalSettings { auto_create_primary_context: false, ..default() });
    // The picture is drawn anew when something happens, and not otherwise.
    let mode = UpdateMode::reactive(Duration::from_secs(3600));
    app.insert_resource(WinitSettings { focused_mode: mode, unfocused_mode: mode });
    let stage = Stage { corner: UVec2::ZERO, size: UVec2::new(1440, 900) };
    app::add_view(&mut app, state, opened, registry, stage);
    app.insert_resource(session)
        .init_resource::<Tools>()
        .init_resource::<Job>()
        .init_resource::<Film>()
        .init_resource::<Wake>()
        .init_resource::<Planning>()
        .insert_resource(Stats {
            is_on: stats,
            started: Instant::now(),
            frames: 0,
            is_done: false,
        });
    app.add_systems(Startup, (spawn_cameras, errand::tie));
    app.add_systems(EguiPrimaryContextPass, ui::show);
    let between = EguiPreUpdateSet::ProcessInput;
    app.add_systems(PreUpdate, ui::hush.after(between).before(EguiPreUpdateSet::BeginPass));
    app.add_systems(
        Update,
        (keys::keys, input::pointer, drop_files, simulate::take_result, take_film, play)
            .chain()
            .before(camera::place),
    );
    app.add_systems(Update, (save_picture, keep_awake, count).after(SceneSet));
    app.add_systems(Last, reopen);
    app.run();
    Ok(())
}

/// Adds the plugins of Bevy, which panic where there is a name of a screen and no screen of that name.
fn add_window(app: &mut App, window: WindowPlugin) -> Result<()> {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let added = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        app.add_plugins(app::base_plugins(window));
    }));
    std::panic::set_hook(told);
    added.map_err(|_| no_screen())
}

fn no_screen() -> Error {
    Error::input(
        "twin-viewer",
        "aucun écran ; écrire une image par --render IMAGE.png",
        "no screen; write a picture with --render PICTURE.png",
    )
}

fn spawn_cameras(mut commands: Commands, adapter: Res<RenderAdapterInfo>) {
    // Without a graphics card, smooth edges would cost a turn in two.
    let is_software = adapter.device_type == wgpu::DeviceType::Cpu;
    let msaa = if is_software { Msaa::Off } else { Msaa::Sample4 };
    camera::spawn(&mut commands, RenderTarget::default(), msaa);
    // Panels have a camera of their own: those of the scene show a part of the window only.
    commands.spawn((
        PrimaryEguiContext,
        Camera2d,
        msaa,
        RenderLayers::none(),
        Camera {
            order: 10,
            output_mode: CameraOutputMode::Write {
                blend_state: Some(BlendState::ALPHA_BLENDING),
                clear_color: ClearColorConfig::None,
            },
            clear_color: ClearColorConfig::Custom(Color::NONE),
            ..default()
        },
    ));
}

/// Opens something else in place of what is shown; where that fails, nothing changes.
fn reopen(world: &mut World) {
    let Some(path) = world.resource_mut::<Session>().open.take() else { return };
    let language = world.resource::<ViewState>().language;
    let registry = world.resource::<Plugins>().0.clone();
    let read = state_of(&path, &registry, language)
        .and_then(|state| Opened::open(&state, &registry).map(|opened| (state, opened)));
    match read {
        Ok((mut state, opened)) => {
            settle(&mut state, &opened);
            let view_file = view_file(&path, &state);
            world.insert_resource(state);
            world.insert_resource(opened);
            world.insert_resource(Tools::default());
            world.insert_resource(Planning::default());
            world.resource_mut::<Session>().view_file = view_file;
            scene::rebuild(world);
        }
        Err(error) => world.resource_mut::<Notices>().error(&error, language),
    }
}

/// Files dropped on the window: something to open, or an object or layer to add.
fn drop_files(
    mut dropped: MessageReader<FileDragAndDrop>,
    mut session: ResMut<Session>,
    mut state: ResMut<ViewState>,
) {
    for file in dropped.read() {
        if let FileDragAndDrop::DroppedFile { path_buf, .. } = file {
            input::take_file(path_buf.clone(), &mut session, &mut state);
        }
    }
}

/// Time runs; at the end it stops.
fn play(
    time: Res<Time<Real>>,
    mut session: ResMut<Session>,
    mut state: ResMut<ViewState>,
    opened: Res<Opened>,
) {
    if !session.is_playing {
        return;
    }
    let Some(last) = opened.run_a().and_then(|run| run.times().last().copied()) else {
        session.is_playing = false;
        return;
    };
    // A frame that took long does not jump over what it should show.
    let step = time.delta_secs_f64().min(0.25) * session.speed;
    state.result.time_s = (state.result.time_s + step).min(last);
    if state.result.time_s >= last {
        session.is_playing = false;
    }
}

/// Asks for another turn while something goes on.
fn keep_awake(
    session: Res<Session>,
    planning: Res<Planning>,
    notices: Res<Notices>,
    asked: Res<Asked>,
    loading: Loading<'_>,
    mut resized: MessageReader<WindowResized>,
    mut turns: Local<u8>,
    mut redraw: MessageWriter<RequestRedraw>,
) {
    // Panels find their new places in one turn, and the cameras what they leave in the next.
    let is_resized = resized.read().count() > 0;
    let is_working = planning.is_making() || loading.is_going_on();
    // Letters that were not shown before are drawn in the turn after.
    let is_said = notices.is_changed() || asked.is_changed();
    let is_busy = session.is_playing || is_working || is_resized || is_said;
    // What was loaded last is uploaded in the turn after, and drawn in the one after that.
    *turns = if is_busy { 3 } else { turns.saturating_sub(1) };
    if *turns > 0 {
        redraw.write(RequestRedraw);
    }
}

/// Takes the picture that was asked for.
fn save_picture(
    mut commands: Commands,
    mut session: ResMut<Session>,
    loading: Loading<'_>,
    stage: Res<Stage>,
) {
    use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
    if loading.is_going_on() {
        return;
    }
    let Some(file) = session.picture.take() else { return };
    session.is_photographed = true;
    let part = (stage.corner, stage.size);
    commands.spawn(Screenshot::primary_window()).observe(
        move |capture: On<ScreenshotCaptured>, mut commands: Commands| {
            let (image, file) = (capture.image.clone(), file.clone());
            commands.queue(move |world: &mut World| {
                let written = crate::capture::write_part(world, &image, part, &file);
                let language = world.resource::<ViewState>().language;
                let mut notices = world.resource_mut::<Notices>();
                notices.wrote(written.map(|()| file), language);
            });
        },
    );
}

/// Figures of `--stats`.
#[derive(Debug, Resource)]
struct Stats {
    is_on: bool,
    started: Instant,
    frames: u64,
    is_done: bool,
}

fn count(mut stats: ResMut<Stats>, loading: Loading<'_>, drawn: Drawn<'_, '_>) {
    stats.frames += 1;
    if !stats.is_on || stats.is_done {
        return;
    }
    let seconds = stats.started.elapsed().as_secs_f64();
    if stats.frames == 1 {
        println!("first turn: {seconds:.2} s");
    }
    if !loading.is_going_on() && stats.frames > 2 {
        stats.is_done = true;
        println!("complete: {seconds:.2} s, {} turns, {}", stats.frames, drawn.line());
    }
}

#[cfg(test)]
mod tests;
