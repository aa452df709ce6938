//! Keys of the window.

use bevy::input::keyboard::KeyboardInput;
use bevy::prelude::*;
use bevy_egui::input::EguiWantsInput;

use crate::answer::Asked;
use crate::app::Plugins;
use crate::capture::free_name;
use crate::errand::Wake;
use crate::film::Film;
use crate::notices::Notices;
use crate::opened::Opened;
use crate::planning::Planning;
use crate::simulate::Job;
use crate::state::{CameraMode, CompareMode, ViewState};
use crate::tools::{DrawnKind, Tool, Tools};
use crate::window::Session;

/// Metres per second on foot, and metres per second of flight at a height of a metre.
const WALK_M_S: f64 = 6.0;

/// What keys act on.
#[derive(bevy::ecs::system::SystemParam)]
pub(crate) struct Hands<'w> {
    opened: Res<'w, Opened>,
    state: ResMut<'w, ViewState>,
    session: ResMut<'w, Session>,
    tools: ResMut<'w, Tools>,
    asked: Res<'w, Asked>,
    planning: Res<'w, Planning>,
    job: ResMut<'w, Job>,
    film: ResMut<'w, Film>,
    wake: Res<'w, Wake>,
    plugins: Res<'w, Plugins>,
    notices: ResMut<'w, Notices>,
}

/// Which of Ctrl and Shift are held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Held {
    control: bool,
    shift: bool,
}

/// Acts on the keys that went down, one after the other: on a slow machine, several are pressed and
/// let go within one turn.
pub(crate) fn keys(
    mut events: MessageReader<KeyboardInput>,
    mut held: Local<Held>,
    keys: Res<ButtonInput<KeyCode>>,
    wants: Res<EguiWantsInput>,
    time: Res<Time<Real>>,
    mut hands: Hands<'_>,
) {
    let focus = match (hands.session.is_typing, wants.wants_any_keyboard_input()) {
        (true, _) => Focus::Field,
        (false, true) => Focus::Control,
        (false, false) => Focus::Picture,
    };
    let mut is_chord = false;
    for event in events.read() {
        let is_down = event.state.is_pressed();
        match event.key_code {
            KeyCode::ControlLeft | KeyCode::ControlRight => held.control = is_down,
            KeyCode::ShiftLeft | KeyCode::ShiftRight => held.shift = is_down,
            key if is_down && !event.repeat => {
                is_chord |= held.control;
                if hands.session.chooser.is_some() {
                    // All other keys belong to the dialog; in a field of it, Escape leaves the field.
                    if key == KeyCode::Escape && focus == Focus::Picture {
                        hands.session.chooser = None;
                    }
                } else if held.control || focus.leaves(key) {
                    hands.press(key, *held);
                }
            }
            _ => {}
        }
    }
    // A key of a chord is none of the camera's.
    let is_choosing = hands.session.chooser.is_some();
    if focus != Focus::Field && !is_choosing && !is_chord && !held.control {
        let seconds = time.delta_secs_f64().min(0.2);
        move_camera(&keys, focus, seconds, &hands.opened, &mut hands.state);
    }
}

/// What keys without Ctrl go to first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Focus {
    /// The picture.
    Picture,
    /// A button or box of the panels, which people move among and press by a few keys.
    Control,
    /// A field, which takes what is typed.
    Field,
}

impl Focus {
    /// Whether a key is left to the picture.
    fn leaves(self, key: KeyCode) -> bool {
        use KeyCode::{
            ArrowDown, ArrowLeft, ArrowRight, ArrowUp, Enter, Escape, F1, F12, NumpadEnter, Space,
            Tab,
        };
        match self {
            Self::Picture => true,
            Self::Control => !matches!(
                key,
                ArrowDown
                    | ArrowLeft
                    | ArrowRight
                    | ArrowUp
                    | Enter
                    | Escape
                    | NumpadEnter
                    | Space
                    | Tab
            ),
            Self::Field => matches!(key, F1 | F12),
        }
    }
}

impl Hands<'_> {
    fn press(&mut self, key: KeyCode, held: Held) {
        if held.control {
            return self.chord(key, held.shift);
        }
        let language = self.state.language;
        match key {
            KeyCode::F1 => self.session.shows_help = !self.session.shows_help,
            KeyCode::F12 if held.shift => {
                let view_file = &self.session.view_file;
                let begun = self.film.begin(&self.state, view_file, &self.opened, &self.wake);
                self.notices.began(begun, language);
            }
            KeyCode::F12 => {
                self.session.picture = Some(free_name(&self.session.view_file, ".png"));
            }
            KeyCode::Digit1 => self.look(CameraMode::Map),
            KeyCode::Digit2 => self.look(CameraMode::Plan),
            KeyCode::Digit3 => self.look(CameraMode::Fly),
            KeyCode::Digit4 => self.look(CameraMode::Street),
            KeyCode::KeyP => self.look(match self.state.camera.mode {
                CameraMode::Plan => CameraMode::Map,
                _ => CameraMode::Plan,
            }),
            KeyCode::Home => self.state.camera.show_all(&self.opened),
            KeyCode::Tab if held.shift => {
                self.session.shows_panels = !self.session.shows_panels;
            }
            KeyCode::KeyI => self.tools.take(Tool::Ask),
            KeyCode::KeyT => self.tools.take(Tool::Distance),
            KeyCode::KeyU => self.tools.take(Tool::Area),
            KeyCode::KeyO => self.tools.take(Tool::Profile),
            KeyCode::F5 if held.shift => self.draw(DrawnKind::Trees),
            KeyCode::F6 if held.shift => self.draw(DrawnKind::NewBuilding),
            KeyCode::F7 if held.shift => self.draw(DrawnKind::Raised),
            KeyCode::F5 => self.draw(DrawnKind::Levee),
            KeyCode::F6 => self.draw(DrawnKind::Hedge),
            KeyCode::F7 => self.draw(DrawnKind::Planting),
            KeyCode::F8 => self.draw(DrawnKind::Basin),
            KeyCode::F9 => {
                let (opened, registry) = (&self.opened, &self.plugins.0);
                let wake = &self.wake;
                let file = self.job.start_drafts(&mut self.tools, opened, registry, language, wake);
                self.notices.wrote(file, language);
            }
            KeyCode::Escape => {
                self.session.shows_help = false;
                let tool = self.tools.tool;
                self.tools.take(tool);
                self.state.picked = None;
            }
            KeyCode::Enter | KeyCode::NumpadEnter => self.tools.complete(),
            KeyCode::Backspace => self.tools.undo(),
            KeyCode::KeyC if self.opened.runs.len() > 1 => {
                self.state.compare.mode = match self.state.compare.mode {
                    CompareMode::Off => CompareMode::SideBySide,
                    CompareMode::SideBySide => CompareMode::Swipe,
                    CompareMode::Swipe => CompareMode::Difference,
                    CompareMode::Difference => CompareMode::Off,
                };
            }
            KeyCode::Space => {
                self.session.toggle_play(&self.opened, &mut self.state.result.time_s);
            }
            KeyCode::PageUp | KeyCode::PageDown => {
                let later = key == KeyCode::PageDown;
                self.session.step_time(&self.opened, later, &mut self.state.result.time_s);
            }
            _ => {}
        }
    }

    /// A key with Ctrl.
    fn chord(&mut self, key: KeyCode, shift: bool) {
        let file = match key {
            KeyCode::KeyS if shift => {
                self.session.save_as(&self.state);
                return;
            }
            KeyCode::KeyS => {
                let file = self.session.view_file.clone();
                self.state.write(&file).map(|()| file)
            }
            KeyCode::KeyO => {
                self.session.choose(&self.state);
                return;
            }
            KeyCode::KeyE => {
                let (tools, planning) = (&self.tools, &self.planning);
                let asked = &self.asked;
                self.session.write_findings(tools, asked, &self.opened, planning, &self.state)
            }
            _ => return,
        };
        self.notices.wrote(file, self.state.language);
    }

    fn look(&mut self, mode: CameraMode) {
        let exaggeration = self.state.exaggeration;
        self.state.camera.switch(mode, &self.opened, exaggeration);
    }

    /// People draw better from above (Deltares, sandbox workshops).
    fn draw(&mut self, kind: DrawnKind) {
        self.look(CameraMode::Plan);
        self.tools.take(Tool::Draw(kind));
    }
}

/// Arrows and W A S D by their places on the keyboard move, Q and E turn, R and F rise and fall.
fn move_camera(
    keys: &ButtonInput<KeyCode>,
    focus: Focus,
    seconds: f64,
    opened: &Opened,
    state: &mut ResMut<'_, ViewState>,
) {
    let axis = |more: [KeyCode; 2], less: [KeyCode; 2]| {
        let is_any = |of: [KeyCode; 2]| of.into_iter().any(|k| focus.leaves(k) && keys.pressed(k));
        f64::from(u8::from(is_any(more))) - f64::from(u8::from(is_any(less)))
    };
    use KeyCode::{
        ArrowDown, ArrowLeft, ArrowRight, ArrowUp, KeyA, KeyD, KeyE, KeyF, KeyQ, KeyR, KeyS, KeyW,
    };
    let right = axis([ArrowRight, KeyD], [ArrowLeft, KeyA]);
    let ahead = axis([ArrowUp, KeyW], [ArrowDown, KeyS]);
    let turn = axis([KeyE, KeyE], [KeyQ, KeyQ]);
    let rise = axis([KeyR, KeyR], [KeyF, KeyF]);
    let near =
        axis([KeyCode::NumpadAdd, KeyCode::Equal], [KeyCode::NumpadSubtract, KeyCode::Minus]);
    if [right, ahead, turn, rise, near].iter().all(|v| *v == 0.0) {
        return;
    }
    // The first turn of a press follows a rest of unknown length.
    let seconds = seconds.max(0.03);
    let quick = if keys.pressed(KeyCode::ShiftLeft) { 4.0 } else { 1.0 };
    let frame = opened.frame;
    let camera = &mut state.camera;
    match camera.mode {
        CameraMode::Map | CameraMode::Plan => {
            let step = 0.8 * camera.distance_m * seconds * quick;
            camera.pan(right * step, ahead * step);
            let about = camera.target;
            camera.orbit(about, turn * 60.0 * seconds, rise * 40.0 * seconds);
            camera.zoom(about, (-near * seconds).exp());
        }
        CameraMode::Fly | CameraMode::Street => {
            let is_walking = camera.mode == CameraMode::Street;
            let [x, y, z] = camera.target;
            let ground = opened.coarse_height(x, y).map_or(frame.height(), f64::from);
            let speed = if is_walking { WALK_M_S } else { WALK_M_S + 0.6 * (z - ground).max(0.0) };
            let step = speed * seconds * quick;
            camera.heading_deg = (camera.heading_deg + turn * 60.0 * seconds).rem_euclid(360.0);
            camera.pan(right * step, ahead * step);
            if !is_walking {
                camera.target[2] +=
                    rise * step - ahead * step * camera.pitch_deg.to_radians().sin();
            }
            camera.stay_above(opened);
        }
    }
    camera.settle();
}
