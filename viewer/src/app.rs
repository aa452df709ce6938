//! The application: in a window, or without one for pictures.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bevy::app::PluginsState;
use bevy::asset::{AssetPlugin, RenderAssetUsages, UnapprovedPathMode};
use bevy::camera::RenderTarget;
use bevy::camera::visibility::VisibilitySystems;
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::render_resource::{PollType, TextureFormat};
use bevy::render::renderer::RenderDevice;
use bevy::render::{
    RenderPlugin,
    view::screenshot::{Screenshot, ScreenshotCaptured},
};
use bevy::window::ExitCondition;
use bevy::winit::WinitPlugin;
use twin_core::language::Text;
use twin_core::results::write_atomically;
use twin_core::simulation::Registry;
use twin_core::{Error, Result};

use crate::arguments::Arguments;
use crate::camera::{self, Drawing, Stage};
use crate::capture;
use crate::notices::Notices;
use crate::opened::{Opened, state_of};
use crate::scene::{Loading, ScenePlugin, SceneSet};
use crate::state::{CompareMode, ViewState};
use crate::stats::{Drawn, SCRUBBED, processor_ms};
use crate::window;

/// A picture that takes longer than this does not come.
const PATIENCE: Duration = Duration::from_secs(300);

/// The plugins that the window can run.
#[derive(Clone, Resource)]
pub(crate) struct Plugins(pub(crate) Arc<Registry>);

/// Does what the command line asks for.
pub(crate) fn execute(arguments: &Arguments, registry: Registry) -> Result<()> {
    let language = arguments.language();
    let path = arguments.path.as_deref().ok_or_else(|| {
        Error::input(
            "twin-viewer",
            "donner un territoire, un calcul, un scénario ou une vue",
            "give a territory, a run, a scenario or a view",
        )
    })?;
    let mut state = state_of(path, &registry, language)?;
    if arguments.lang.is_some() {
        state.language = language;
    }
    if let Some(second) = &arguments.with {
        state.runs.truncate(1);
        state.runs.push(second.clone());
        if state.compare.mode == CompareMode::Off {
            state.compare.mode = CompareMode::SideBySide;
        }
    }
    let opened = Opened::open(&state, &registry)?;
    settle(&mut state, &opened);
    if let Some(out) = &arguments.render {
        let mut pictures = Pictures::new(state, opened, registry, arguments.size)?;
        let png = pictures.page(arguments.bare)?;
        write_atomically(out, &png)?;
        pictures.tell_problems();
        if arguments.stats {
            pictures.print_stats()?;
        }
        return Ok(());
    }
    if let Some(folder) = &arguments.animate {
        let mut pictures = Pictures::new(state, opened, registry, arguments.size)?;
        pictures.animation(folder, arguments.bare)?;
        pictures.tell_problems();
        return Ok(());
    }
    window::run(path, state, opened, registry, arguments.stats)
}

/// What a view leaves open is taken from what it opens.
pub(crate) fn settle(state: &mut ViewState, opened: &Opened) {
    if state.result.field.is_none()
        && let Some(run) = opened.run_a()
    {
        if let Some(field) = run.first_field() {
            state.result.field = Some(field.name.clone());
        }
        if let (Some(first), Some(last)) = (run.times().first(), run.times().last()) {
            state.result.time_s = first + 0.5 * (last - first);
        }
    }
    if !state.camera.is_placed() {
        let extent = opened.run_a().map_or(opened.extent(), |run| run.run.fields.spec().extent());
        state.camera.show(&extent, opened);
    }
    state.camera.stay_above(opened);
}

/// Plugins of Bevy that both forms of the application have.
pub(crate) fn base_plugins(window: WindowPlugin) -> bevy::app::PluginGroupBuilder {
    DefaultPlugins
        .set(window)
        .set(AssetPlugin { unapproved_path_mode: UnapprovedPathMode::Allow, ..default() })
        // What cannot be loaded is told in a sentence of our own.
        .set(LogPlugin { filter: "error,bevy_asset=off".to_owned(), ..default() })
}

/// The part of the application that shows a view.
pub(crate) fn add_view(
    app: &mut App,
    state: ViewState,
    opened: Opened,
    registry: Registry,
    stage: Stage,
) {
    app.insert_resource(state)
        .insert_resource(opened)
        .insert_resource(Plugins(Arc::new(registry)))
        .insert_resource(stage)
        .insert_resource(Drawing(true))
        .add_plugins(ScenePlugin)
        .add_systems(Update, camera::place.before(SceneSet))
        .add_systems(
            PostUpdate,
            camera::cull_by_part
                .after(VisibilitySystems::UpdateFrusta)
                .before(VisibilitySystems::CheckVisibility),
        );
}

/// The application without a window.
pub(crate) struct Pictures {
    app: App,
    target: Handle<Image>,
    started: Instant,
    phases: Vec<(&'static str, Duration)>,
}

/// The last picture that came back from the GPU.
#[derive(Default, Resource)]
struct Captured(Option<Image>);

impl Pictures {
    /// Starts the renderer.
    ///
    /// # Errors
    /// When the machine has no graphics adapter.
    pub(crate) fn new(
        state: ViewState,
        opened: Opened,
        registry: Registry,
        size: (u32, u32),
    ) -> Result<Self> {
        let started = Instant::now();
        let mut app = App::new();
        let window = WindowPlugin {
            primary_window: None,
            exit_condition: ExitCondition::DontExit,
            ..default()
        };
        require_adapter()?;
        app.add_plugins(
            base_plugins(window)
                .set(RenderPlugin { synchronous_pipeline_compilation: true, ..default() })
                .disable::<WinitPlugin>(),
        );
        let mut image =
            Image::new_target_texture(size.0, size.1, TextureFormat::Rgba8UnormSrgb, None);
        image.asset_usage = RenderAssetUsages::RENDER_WORLD;
        let target = app.world_mut().resource_mut::<Assets<Image>>().add(image);
        let stage = Stage { corner: UVec2::ZERO, size: UVec2::new(size.0, size.1) };
        add_view(&mut app, state, opened, registry, stage);
        app.init_resource::<Captured>();
        let shown = RenderTarget::from(target.clone());
        app.add_systems(Startup, move |mut commands: Commands| {
            camera::spawn(&mut commands, shown.clone(), Msaa::Sample4);
        });
        while app.plugins_state() == PluginsState::Adding {
            std::thread::sleep(Duration::from_millis(1));
        }
        app.finish();
        app.cleanup();
        Ok(Self { app, target, started, phases: vec![("started", started.elapsed())] })
    }

    fn is_loading(&mut self) -> bool {
        let is_loading = |loading: Loading<'_>| loading.is_going_on();
        self.app.world_mut().run_system_cached(is_loading).unwrap_or(false)
    }

    fn update(&mut self) {
        self.app.update();
        let device = self.app.world().resource::<RenderDevice>();
        // A lost device shows in the picture that does not come.
        let _ = device.wgpu_device().poll(PollType::Wait { submission_index: None, timeout: None });
    }

    /// Turns without drawing until all that the picture wants is there.
    fn load(&mut self) -> Result<()> {
        let started = Instant::now();
        self.app.insert_resource(Drawing(false));
        // What was chosen in one turn is asked for in the next.
        let mut settled = 0;
        while settled < 3 {
            self.update();
            settled = if self.is_loading() { 0 } else { settled + 1 };
            if started.elapsed() > PATIENCE {
                return Err(incomplete());
            }
            if settled == 0 {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        Ok(())
    }

    /// The picture when all that it wants is there.
    pub(crate) fn picture(&mut self) -> Result<image::RgbaImage> {
        self.load()?;
        self.phases.push(("loaded", self.started.elapsed()));
        self.app.insert_resource(Drawing(true));
        let screenshot = Screenshot::image(self.target.clone());
        self.app.world_mut().spawn(screenshot).observe(
            |capture: On<ScreenshotCaptured>, mut captured: ResMut<Captured>| {
                captured.0 = Some(capture.image.clone());
            },
        );
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            self.update();
            // The picture is drawn in the first turn; in the next ones it only comes back.
            self.app.insert_resource(Drawing(false));
            if let Some(image) = self.app.world_mut().resource_mut::<Captured>().0.take() {
                self.phases.push(("drawn", self.started.elapsed()));
                return capture::pixels(&image);
            }
        }
        Err(incomplete())
    }

    /// The picture as PNG, in its page or bare.
    fn page(&mut self, bare: bool) -> Result<Vec<u8>> {
        let picture = self.picture()?;
        let world = self.app.world_mut();
        let marked = world.run_system_cached_with(capture::mark, picture);
        let picture = marked.map_err(|_| incomplete())?;
        let page = world.run_system_cached_with(capture::page, (picture, bare));
        page.unwrap_or_else(|_| Err(incomplete()))
    }

    /// A picture of every stored moment of run A.
    fn animation(&mut self, folder: &Path, bare: bool) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(Error::write(folder))?;
        let times = self.times();
        if times.is_empty() {
            return Err(Error::input(
                folder.display().to_string(),
                "la vue ne montre aucun calcul ; ouvrir un calcul",
                "the view shows no run; open a run",
            ));
        }
        for (index, time) in times.into_iter().enumerate() {
            self.set_time(time);
            let png = self.page(bare)?;
            write_atomically(&folder.join(format!("image-{index:04}.png")), &png)?;
        }
        Ok(())
    }

    /// Says what the picture lacks, as the window would.
    fn tell_problems(&self) {
        let language = self.app.world().resource::<ViewState>().language;
        for notice in self.app.world().resource::<Notices>().iter().filter(|n| n.is_error) {
            let sign = language.pick("avertissement : ", "warning: ");
            // A closed standard error is no further error.
            let _ = writeln!(std::io::stderr(), "{sign}{}", notice.text);
        }
    }

    /// Stored moments of run A.
    fn times(&self) -> Vec<f64> {
        let opened = self.app.world().resource::<Opened>();
        opened.run_a().map(|run| run.times().to_vec()).unwrap_or_default()
    }

    fn set_time(&mut self, time_s: f64) {
        self.app.world_mut().resource_mut::<ViewState>().result.time_s = time_s;
    }

    fn print_stats(&mut self) -> Result<()> {
        for (phase, time) in &self.phases {
            println!("{phase}: {:.2} s", time.as_secs_f64());
        }
        let line = self.app.world_mut().run_system_cached(|drawn: Drawn<'_, '_>| drawn.line());
        println!("{}", line.unwrap_or_default());
        let times = self.times();
        if times.len() < 2 {
            return Ok(());
        }
        // The drawing of the picture before is none of the cost of a moment.
        self.load()?;
        let mut costs = Vec::new();
        for k in 0..SCRUBBED.min(times.len()) {
            // Far from the last one, as a hand on the slider jumps.
            let index = (k * times.len() * 5 / 13 + k) % times.len();
            self.set_time(times[index]);
            costs.extend(processor_ms(|| self.load())?);
        }
        if let Some(most) = costs.iter().copied().reduce(f64::max) {
            let mean = costs.iter().sum::<f64>() / costs.len() as f64;
            println!(
                "{} of {} moments: {mean:.0} ms of processor time each, {most:.0} at most",
                costs.len(),
                times.len()
            );
        }
        Ok(())
    }
}

fn incomplete() -> Error {
    Error::input(
        "image",
        "le rendu n'a pas abouti ; vérifier le pilote graphique",
        "the picture was not completed; check the graphics driver",
    )
}

/// A sentence where no adapter can draw, before Bevy stops on it.
pub(crate) fn require_adapter() -> Result<()> {
    let instance = wgpu::Instance::default();
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default());
    match bevy::tasks::block_on(adapter) {
        Ok(_) => Ok(()),
        Err(cause) => Err(Error::Input {
            place: "twin-viewer".to_owned(),
            problem: Text::new(
                format!(
                    "aucune carte graphique utilisable ; installer un pilote Vulkan (ou mesa-vulkan-drivers, sans carte). {}",
                    Text::technical(&cause).fr
                ),
                format!(
                    "no usable graphics adapter; install a Vulkan driver (or mesa-vulkan-drivers, without a card). {}",
                    Text::technical(&cause).en
                ),
            ),
        }),
    }
}
