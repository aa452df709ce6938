//! The pointer on the picture: moving the camera and using the tools; files that are chosen or dropped.

use std::path::PathBuf;

use bevy::camera::visibility::RenderLayers;
use bevy::input::mouse::{AccumulatedMouseMotion, AccumulatedMouseScroll, MouseScrollUnit};
use bevy::math::Ray3d;
use bevy::prelude::*;
use bevy::window::PrimaryWindow;
use bevy_egui::input::EguiWantsInput;

use crate::camera::{MainCamera, SecondCamera};
use crate::opened::Opened;
use crate::pick::{Hit, Picker, ground_hit};
use crate::scene::paint::pictures;
use crate::state::{CameraMode, Paint, PaintLayer, ViewState};
use crate::tools::{Tool, Tools};
use crate::window::Session;

/// A press that moves less than this is a click.
const CLICK_PX: f32 = 4.0;

/// A file chosen or dropped: something to open, or an object or layer to add to the view.
pub(crate) fn take_file(path: PathBuf, session: &mut Session, state: &mut ViewState) {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let picture = |path| PaintLayer { what: Paint::Picture(path), shown: true, opacity: 1.0 };
    // Below the lines, above the land cover.
    let place = state.layers.len().min(1);
    match extension.as_deref() {
        _ if path.is_dir() && !pictures(&path).is_empty() => {
            state.layers.insert(place, picture(path));
        }
        Some("las" | "laz" | "glb" | "gltf" | "jsonl") => state.objects.push(path),
        Some("tif" | "tiff") => state.layers.insert(place, picture(path)),
        Some("gpkg" | "geojson" | "json" | "shp") => {
            state.layers.push(PaintLayer {
                what: Paint::Reference(path),
                shown: true,
                opacity: 1.0,
            });
        }
        _ => session.open = Some(path),
    }
}

/// A drag that began on the picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drag {
    button: MouseButton,
    place: Option<[f64; 3]>,
    cursor: Vec2,
    moved: f32,
}

type Eyes<'a> = (&'a Camera, &'a GlobalTransform, &'a RenderLayers);

/// The pointer on the picture.
pub(crate) fn pointer(
    buttons: Res<ButtonInput<MouseButton>>,
    motion: Res<AccumulatedMouseMotion>,
    scroll: Res<AccumulatedMouseScroll>,
    wants: Res<EguiWantsInput>,
    window: Single<&Window, With<PrimaryWindow>>,
    main: Single<Eyes<'_>, (With<MainCamera>, Without<SecondCamera>)>,
    second: Single<Eyes<'_>, (With<SecondCamera>, Without<MainCamera>)>,
    opened: Res<Opened>,
    mut state: ResMut<ViewState>,
    mut tools: ResMut<Tools>,
    mut picker: Picker<'_, '_>,
    mut drag: Local<Option<Drag>>,
) {
    let Some(cursor) = window.cursor_position() else { return };
    let is_over = |camera: &Camera| {
        camera.is_active && camera.logical_viewport_rect().is_some_and(|part| part.contains(cursor))
    };
    let over_second = is_over(second.0);
    let (camera, transform, shown) = if over_second { *second } else { *main };
    let ray = camera.viewport_to_world(transform, cursor).ok();
    let exaggeration = f64::from(state.exaggeration);
    let ground = |ray: Option<Ray3d>| ray.and_then(|ray| ground_hit(ray, &opened, exaggeration));

    // The panels are part of egui's background, over which it does not want the pointer.
    let is_free = (over_second || is_over(main.0)) && !wants.wants_any_pointer_input();
    if drag.is_none() && is_free {
        let all = [MouseButton::Left, MouseButton::Right, MouseButton::Middle];
        if let Some(button) = all.into_iter().find(|b| buttons.just_pressed(*b)) {
            *drag = Some(Drag { button, place: ground(ray), cursor, moved: 0.0 });
        }
    }
    if let Some(now) = &mut *drag {
        // The way of the pointer on the screen: remote desktops tell of no other motion.
        let delta = cursor - std::mem::replace(&mut now.cursor, cursor);
        now.moved += delta.length();
        if now.moved > CLICK_PX {
            follow(now, delta, ray, &opened, &mut state);
        }
        // On a slow machine, a button is pressed and let go within one turn.
        if !buttons.pressed(now.button) {
            let is_click = now.moved <= CLICK_PX;
            let button = now.button;
            *drag = None;
            if is_click && button == MouseButton::Left {
                let hit = gauge_at(cursor, (camera, transform), &opened, &state)
                    .or_else(|| ray.and_then(|ray| picker.hit(ray, shown, &opened, &state)));
                click(hit, &opened, &mut state, &mut tools);
            } else if is_click && button == MouseButton::Right {
                tools.complete();
            }
        }
        return;
    }
    if !is_free {
        return;
    }
    if motion.delta != Vec2::ZERO {
        tools.pointer = ground(ray);
    }
    let turns = match scroll.unit {
        MouseScrollUnit::Line => scroll.delta.y,
        MouseScrollUnit::Pixel => scroll.delta.y / 60.0,
    };
    if turns != 0.0 {
        let factor = 0.85f64.powf(f64::from(turns.clamp(-8.0, 8.0)));
        match state.camera.mode {
            CameraMode::Map | CameraMode::Plan => {
                let towards = ground(ray).unwrap_or(state.camera.target);
                state.camera.zoom(towards, factor);
            }
            CameraMode::Fly | CameraMode::Street => {
                state.camera.pan(0.0, f64::from(turns) * 5.0);
                state.camera.stay_above(&opened);
            }
        }
    }
}

/// A drag: the ground stays under the pointer, or one turns about the point where the drag began.
fn follow(
    drag: &mut Drag,
    delta: Vec2,
    ray: Option<Ray3d>,
    opened: &Opened,
    state: &mut ResMut<'_, ViewState>,
) {
    if delta == Vec2::ZERO {
        return;
    }
    let is_close = matches!(state.camera.mode, CameraMode::Fly | CameraMode::Street);
    if drag.button == MouseButton::Left && !is_close {
        let (Some(place), Some(ray)) = (drag.place, ray) else { return };
        // On the level plane through the place that was taken hold of.
        let height = (place[2] - opened.frame.height()) * f64::from(state.exaggeration);
        let (origin, direction) = (ray.origin.as_dvec3(), ray.direction.as_dvec3());
        if direction.y > -1e-3 {
            return;
        }
        let at = origin + direction * ((height - origin.y) / direction.y);
        let [x, y, _] = opened.frame.to_world(at);
        let reach = 3.0 * state.camera.distance_m;
        let (dx, dy) = (place[0] - x, place[1] - y);
        if dx.hypot(dy) < reach {
            state.camera.target[0] += dx;
            state.camera.target[1] += dy;
        }
        return;
    }
    let (turn, tilt) = (0.25 * f64::from(delta.x), 0.2 * f64::from(delta.y));
    if is_close {
        state.camera.heading_deg = (state.camera.heading_deg + turn).rem_euclid(360.0);
        state.camera.pitch_deg = (state.camera.pitch_deg + tilt).clamp(-80.0, 85.0);
    } else {
        let about = drag.place.unwrap_or(state.camera.target);
        state.camera.orbit(about, turn, tilt);
    }
}

/// The gauge under the pointer.
fn gauge_at(
    cursor: Vec2,
    (camera, transform): (&Camera, &GlobalTransform),
    opened: &Opened,
    state: &ViewState,
) -> Option<Hit> {
    const REACH_PX: f32 = 12.0;
    let gauges = opened.run_a()?.gauges.iter().filter_map(|gauge| {
        let place = opened.on_ground(gauge.place)?;
        let scene = opened.frame.to_scene(place) * Vec3::new(1.0, state.exaggeration, 1.0);
        let at = camera.world_to_viewport(transform, scene).ok()?;
        Some((at.distance(cursor), Hit { place, building: None, gauge: Some(gauge.name.clone()) }))
    });
    let nearest = gauges.min_by(|a, b| a.0.total_cmp(&b.0));
    nearest.filter(|(distance, _)| *distance < REACH_PX).map(|(_, hit)| hit)
}

/// A click: a question, or a corner of a figure.
fn click(hit: Option<Hit>, opened: &Opened, state: &mut ViewState, tools: &mut Tools) {
    if tools.tool == Tool::Ask {
        state.picked = hit.map(|hit| hit.picked(opened));
        return;
    }
    let Some(hit) = hit else { return };
    let models = &opened.territory.features().building_models;
    let model = hit.building.and_then(|number| models.get(number as usize));
    let outline = model.and_then(|m| m.geometry.polygons().first()).map(|p| &p.exterior);
    let is_taken = model.zip(outline).is_some_and(|(model, outline)| {
        // The last corner is the first.
        let corners = outline.iter().skip(1).map(|p| [p[0], p[1], hit.place[2]]);
        tools.set_building(&model.id, &corners.collect::<Vec<[f64; 3]>>())
    });
    if !is_taken {
        tools.set_corner(hit.place);
    }
}
