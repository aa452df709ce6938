//! What the window does, without a window: its systems over a small commune with a short flood.

use std::sync::{Arc, OnceLock};

use bevy::input::ButtonState;
use bevy::input::keyboard::{Key, KeyboardInput};
use bevy::time::TimeUpdateStrategy;
use bevy_egui::input::EguiWantsInput;
use twin_core::assembly::assemble;
use twin_core::results::RunStore;
use twin_core::scenario::Scenario;
use twin_core::simulation::driver::{self, RunOptions, path_keys_of};
use twin_core::territory::TerritoryFile;
use twin_synthetic::{Commune, CommuneOptions};

use super::*;
use crate::answer::{Asked, answer};
use crate::state::{CompareMode, Picked};
use crate::tools::{Draft, DrawnKind, Tool};

const START: &str = include_str!("../../../scenarios/demo/sans-digue.toml");

/// The scenario of the commune; made once.
fn scenario() -> &'static Path {
    static MADE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, file) = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        let options = CommuneOptions {
            size_m: 200.0,
            points_per_m2: 1.0,
            dyke: false,
            ..CommuneOptions::default()
        };
        let commune = Commune::generate(&options).unwrap();
        commune.write(&here.join("sources")).unwrap();
        let territory = include_str!("../../../scenarios/demo/territoire.toml");
        std::fs::write(here.join("territoire.toml"), territory).unwrap();
        let file = TerritoryFile::load(&here.join("territoire.toml")).unwrap();
        let never = std::sync::atomic::AtomicBool::new(false);
        assemble(&file, &here.join("territoire.twin"), None, &never, &|_, _| ()).unwrap();
        let [x, y] = commune.scenario_geometry().gauges[0].1;
        let gauge = format!("[runs.crue.parameters.gauges]\nstation = [{x:.2}, {y:.2}]\n");
        let text = START
            .replace("# [runs.crue.parameters.gauges]", &format!("{gauge}#"))
            .replace("duration = \"105 min\"", "duration = \"10 min\"")
            .replace("output_interval = \"5 min\"", "output_interval = \"2 min\"");
        let path = here.join("crue.toml");
        std::fs::write(&path, text).unwrap();
        let registry = twin_simulations::registry().unwrap();
        let loaded = Scenario::load(&path, &[], |id| path_keys_of(&registry, id)).unwrap();
        driver::run(&registry, &loaded, &RunOptions::new(RunStore::new(here.join("runs"))))
            .unwrap();
        (folder, path)
    });
    file
}

/// The systems of the window, a tenth of a second per turn.
fn window() -> App {
    let registry = twin_simulations::registry().unwrap();
    let mut state = state_of(scenario(), &registry, Default::default()).unwrap();
    let opened = Opened::open(&state, &registry).unwrap();
    settle(&mut state, &opened);
    state.result.time_s = 0.0;
    let mut app = App::new();
    app.add_plugins(MinimalPlugins)
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(100)))
        .add_message::<KeyboardInput>()
        .init_resource::<ButtonInput<KeyCode>>()
        .init_resource::<EguiWantsInput>()
        .insert_resource(Session::new(state.territory.with_file_name("essai.view.toml")))
        .insert_resource(state)
        .insert_resource(opened)
        .insert_resource(Plugins(Arc::new(registry)))
        .init_resource::<Tools>()
        .init_resource::<Asked>()
        .init_resource::<Planning>()
        .init_resource::<Job>()
        .init_resource::<Film>()
        .init_resource::<Wake>()
        .init_resource::<Notices>()
        .add_systems(Update, (keys::keys, simulate::take_result, play).chain());
    app.update();
    app
}

fn press(app: &mut App, held: &[KeyCode], key: KeyCode) {
    let all = held.iter().copied().chain([key]);
    let turns = [ButtonState::Pressed, ButtonState::Released];
    for (key_code, state) in turns.iter().flat_map(|s| all.clone().map(move |key| (key, *s))) {
        let window = Entity::PLACEHOLDER;
        let logical_key = Key::Dead(None);
        let event =
            KeyboardInput { key_code, logical_key, state, text: None, repeat: false, window };
        app.world_mut().write_message(event);
    }
    app.update();
}

fn time_s(app: &App) -> f64 {
    app.world().resource::<ViewState>().result.time_s
}

#[test]
fn time_runs_at_its_speed_to_the_end_and_begins_anew() {
    let mut app = window();
    let last = *app.world().resource::<Opened>().run_a().unwrap().times().last().unwrap();
    assert_eq!(last, 600.0);
    press(&mut app, &[], KeyCode::Space);
    // 600 s of the scenario a second, a tenth of a second each turn.
    assert!((time_s(&app) - 60.0).abs() < 1e-6, "{}", time_s(&app));
    (0..30).for_each(|_| app.update());
    assert_eq!(time_s(&app), last);
    assert!(!app.world().resource::<Session>().is_playing);
    press(&mut app, &[], KeyCode::Space);
    assert!((time_s(&app) - 60.0).abs() < 1e-6);
    press(&mut app, &[], KeyCode::Space);
    let rests = time_s(&app);
    app.update();
    assert_eq!(time_s(&app), rests);
    press(&mut app, &[], KeyCode::PageDown);
    assert_eq!(time_s(&app), 120.0);
    press(&mut app, &[], KeyCode::PageUp);
    assert_eq!(time_s(&app), 0.0);
}

#[test]
fn a_gauge_tells_what_the_run_recorded_there() {
    let app = window();
    let (opened, state) = (app.world().resource::<Opened>(), app.world().resource::<ViewState>());
    let gauge = &opened.run_a().unwrap().gauges[0];
    let recorded = gauge.series.iter().find(|(_, s)| s.variable == "water_depth").unwrap();
    let place = opened.on_ground(gauge.place).unwrap();
    let picked = Picked { place, building: None, gauge: Some(gauge.name.clone()) };
    let found = answer(&picked, opened, state).unwrap();
    assert_eq!(found.title, "Point de suivi « station »");
    // The depth is shown, so it is the depth that was recorded, as finely as it was.
    let curve = found.curves[0].points();
    assert_eq!(curve.len(), recorded.1.points.len());
    let ends = curve.iter().zip(&recorded.1.points).all(|(a, b)| a == &[b.0 / 3600.0, b.1]);
    assert!(ends, "{curve:?}");
    assert!(found.rows.iter().any(|(name, _)| name.contains("maximum enregistré")));
}

#[test]
fn a_building_that_is_not_there_has_no_answer() {
    let app = window();
    let (opened, state) = (app.world().resource::<Opened>(), app.world().resource::<ViewState>());
    let model = &opened.territory.features().building_models[0];
    let (x, y) = model.geometry.extent().unwrap().centre();
    let place = opened.on_ground([x, y]).unwrap();
    let picked = Picked { place, building: Some(model.id.clone()), gauge: None };
    let found = answer(&picked, opened, state).unwrap();
    assert_eq!(found.title, format!("Bâtiment {}", model.id));
    // What is said of a moment lies on the curve.
    let curve = &found.curves[0];
    let [_, last] = curve.points().pop().unwrap();
    let told = found.at(600.0, state.language);
    assert_eq!(told, [(curve.quantity.clone(), state.language.number(last, 2))]);
    let nowhere = Picked { building: Some("BATIMENT0".to_owned()), ..picked };
    let error = answer(&nowhere, opened, state).unwrap_err().text(state.language);
    assert!(error.contains("BATIMENT0"), "{error}");
}

#[test]
fn keys_take_tools_and_leave_them_alone_while_a_file_is_chosen() {
    let mut app = window();
    let tool = |app: &App| app.world().resource::<Tools>().tool;
    press(&mut app, &[], KeyCode::F5);
    assert_eq!(tool(&app), Tool::Draw(DrawnKind::Levee));
    press(&mut app, &[KeyCode::ShiftLeft], KeyCode::F7);
    assert_eq!(tool(&app), Tool::Draw(DrawnKind::Raised));
    // One run has nothing to be compared with.
    press(&mut app, &[], KeyCode::KeyC);
    assert_eq!(app.world().resource::<ViewState>().compare.mode, CompareMode::Off);
    // What is typed into a field is none of the tools'.
    app.world_mut().resource_mut::<Session>().is_typing = true;
    press(&mut app, &[], KeyCode::KeyT);
    assert_eq!(tool(&app), Tool::Draw(DrawnKind::Raised));
    app.world_mut().resource_mut::<Session>().is_typing = false;
    // A view gets another file where one asks for it, and is not written before.
    press(&mut app, &[KeyCode::ControlLeft, KeyCode::ShiftLeft], KeyCode::KeyS);
    assert!(app.world_mut().resource_mut::<Session>().chooser.take().is_some());
    assert!(!app.world().resource::<Session>().view_file.exists());
    press(&mut app, &[KeyCode::ControlLeft], KeyCode::KeyO);
    assert!(app.world().resource::<Session>().chooser.is_some());
    press(&mut app, &[], KeyCode::KeyI);
    assert_eq!(tool(&app), Tool::Draw(DrawnKind::Raised));
    press(&mut app, &[], KeyCode::Escape);
    assert!(app.world().resource::<Session>().chooser.is_none());
    press(&mut app, &[], KeyCode::KeyI);
    assert_eq!(tool(&app), Tool::Ask);
}

#[test]
fn a_measure_that_is_drawn_becomes_a_run_beside_the_one_shown_and_can_be_stopped() {
    let mut app = window();
    let before = app.world().resource::<ViewState>().runs.clone();
    let (x, y) = app.world().resource::<Opened>().extent().centre();
    let corners = [(0.0, 0.0), (9.0, 0.0), (9.0, 9.0)].map(|(dx, dy)| [x + dx, y + dy, 0.0]);
    let draft = Draft {
        kind: DrawnKind::NewBuilding,
        quantity: 7.0,
        corners: corners.into(),
        building: None,
    };
    let draw = |app: &mut App| {
        app.world_mut().resource_mut::<Tools>().drafts.push(draft.clone());
        press(app, &[], KeyCode::F9);
        assert!(app.world().resource::<Tools>().drafts.is_empty());
    };
    let wait = |app: &mut App| {
        let started = Instant::now();
        while app.world().resource::<Job>().progress().is_some() {
            assert!(started.elapsed() < Duration::from_secs(120));
            std::thread::sleep(Duration::from_millis(5));
            app.update();
        }
    };
    draw(&mut app);
    wait(&mut app);
    let state = app.world().resource::<ViewState>();
    assert_eq!((state.runs.len(), &state.runs[1]), (2, &before[0]));
    assert_eq!(state.compare.mode, CompareMode::Swipe);
    let opened = app.world().resource::<Opened>();
    let measures = &opened.run_a().unwrap().run.manifest.measures;
    assert!(measures.values().all(|m| m["kind"] == "building-added"));
    assert_eq!(opened.available.len(), 2);

    let shown = state.runs.clone();
    draw(&mut app);
    app.world().resource::<Job>().cancel();
    wait(&mut app);
    let said: Vec<String> =
        app.world().resource::<Notices>().iter().map(|notice| notice.text.clone()).collect();
    assert!(said.iter().any(|text| text.contains("arrêté")), "{said:?}");
    assert_eq!(app.world().resource::<Tools>().drafts.len(), 1, "the drawing is back");
    assert_eq!(app.world().resource::<ViewState>().runs, shown);
}
