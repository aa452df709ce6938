//! Cameras: over a map, from above, in flight, at street level.
//!
//! One formula places all of them: the eye stands [`CameraState::distance_m`] behind the point it
//! looks at. In flight and at street level that point is one metre ahead.

use bevy::camera::primitives::Frustum;
use bevy::camera::visibility::RenderLayers;
use bevy::camera::{RenderTarget, ScalingMode, SubCameraView, Viewport};
use bevy::core_pipeline::tonemapping::Tonemapping;
use bevy::math::primitives::ViewFrustum;
use bevy::math::{DVec2, DVec3};
use bevy::prelude::*;
use twin_core::spatial::Extent;

use crate::frame::LocalFrame;
use crate::opened::Opened;
use crate::scene::{LEFT, RIGHT};
use crate::state::{CameraMode, CameraState, CompareMode, ViewState};

/// Height of the eyes of a person standing, in metres.
const EYE_M: f64 = 1.7;
/// Vertical opening of the picture.
const FIELD_OF_VIEW_DEG: f32 = 45.0;

/// The camera of the only or left picture.
#[derive(Debug, Component)]
pub(crate) struct MainCamera;

/// The camera of the right picture.
#[derive(Debug, Component)]
pub(crate) struct SecondCamera;

/// The part of the window or picture that shows the scene, in physical pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Resource)]
pub(crate) struct Stage {
    /// Top left corner.
    pub(crate) corner: UVec2,
    /// Width and height.
    pub(crate) size: UVec2,
}

/// Whether the cameras draw: a picture without a window is drawn once, when all of it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Resource)]
pub(crate) struct Drawing(pub(crate) bool);

impl Stage {
    /// Parts of the left and right picture.
    pub(crate) fn parts(&self, mode: CompareMode, split: f32) -> [URect; 2] {
        let right = self.corner.x + self.size.x;
        let bottom = self.corner.y + self.size.y;
        let share = match mode {
            CompareMode::SideBySide => 0.5,
            CompareMode::Swipe => split,
            CompareMode::Off | CompareMode::Difference => 1.0,
        };
        let line = self.corner.x + ((self.size.x as f32 * share).round() as u32).max(1);
        [
            URect::new(self.corner.x, self.corner.y, line.min(right), bottom),
            URect::new(line.min(right.saturating_sub(1)), self.corner.y, right, bottom),
        ]
    }
}

impl CameraState {
    /// Direction looked in, in the scene.
    pub(crate) fn forward(&self) -> DVec3 {
        let (heading, pitch) = (self.heading_deg.to_radians(), self.shown_pitch().to_radians());
        DVec3::new(heading.sin() * pitch.cos(), -pitch.sin(), -heading.cos() * pitch.cos())
    }

    /// In plan one looks straight down.
    fn shown_pitch(&self) -> f64 {
        if self.mode == CameraMode::Plan { 90.0 } else { self.pitch_deg }
    }

    /// Up in the picture: north turned by the heading when looking straight down.
    fn up(&self) -> DVec3 {
        let (heading, pitch) = (self.heading_deg.to_radians(), self.shown_pitch().to_radians());
        DVec3::new(heading.sin() * pitch.sin(), pitch.cos(), -heading.cos() * pitch.sin())
    }

    /// The eye in the scene, heights stretched.
    pub(crate) fn eye(&self, frame: LocalFrame, exaggeration: f32) -> DVec3 {
        let mut target = frame.to_scene_f64(self.target);
        target.y *= f64::from(exaggeration);
        target - self.forward() * self.distance_m
    }

    /// The same eye for another point at another distance.
    pub(crate) fn refocus(&mut self, frame: LocalFrame, exaggeration: f32, distance_m: f64) {
        let eye = self.eye(frame, exaggeration);
        self.distance_m = distance_m;
        let mut target = eye + self.forward() * distance_m;
        target.y /= f64::from(exaggeration);
        self.target = frame.to_world(target);
    }

    /// Moves along the ground: metres to the right and forwards in the picture.
    pub(crate) fn pan(&mut self, right_m: f64, forward_m: f64) {
        let heading = self.heading_deg.to_radians();
        self.target[0] += right_m * heading.cos() + forward_m * heading.sin();
        self.target[1] += forward_m * heading.cos() - right_m * heading.sin();
    }

    /// Turns about a point of the world that keeps its place in the picture.
    pub(crate) fn orbit(&mut self, about: [f64; 3], turn_deg: f64, tilt_deg: f64) {
        let before = DVec2::new(self.target[0] - about[0], self.target[1] - about[1]);
        self.heading_deg = (self.heading_deg + turn_deg).rem_euclid(360.0);
        // A turn to the right turns the world to the left about the point.
        let after = before.rotate(DVec2::from_angle(-turn_deg.to_radians()));
        self.target[0] = about[0] + after.x;
        self.target[1] = about[1] + after.y;
        if self.mode != CameraMode::Plan {
            self.pitch_deg = (self.pitch_deg + tilt_deg).clamp(3.0, 90.0);
        }
    }

    /// Comes nearer by a factor below 1, or farther, so that a point of the world keeps its place.
    pub(crate) fn zoom(&mut self, towards: [f64; 3], factor: f64) {
        let distance = (self.distance_m * factor).clamp(3.0, 400_000.0);
        let factor = distance / self.distance_m;
        for (target, towards) in self.target.iter_mut().zip(towards) {
            *target = towards + (*target - towards) * factor;
        }
        self.distance_m = distance;
    }

    /// Shows the whole territory from the south.
    pub(crate) fn show_all(&mut self, opened: &Opened) {
        self.show(&opened.extent(), opened);
    }

    /// Shows a rectangle of the world from the south.
    pub(crate) fn show(&mut self, extent: &Extent, opened: &Opened) {
        let (x, y) = extent.centre();
        let z = opened.coarse_height(x, y).map_or(opened.frame.height(), f64::from);
        let size = extent.width().max(extent.height());
        *self = Self {
            mode: if self.mode == CameraMode::Plan { CameraMode::Plan } else { CameraMode::Map },
            target: [x, y, z],
            heading_deg: 0.0,
            pitch_deg: 50.0,
            distance_m: 1.25 * size,
        };
    }

    /// At street level the eyes are above the ground; in flight they do not go below it.
    pub(crate) fn stay_above(&mut self, opened: &Opened) {
        let [x, y, z] = self.target;
        // The exact terrain: its coarse form would let one sink into a kerb of a large territory.
        let exact = opened.territory.ground_at(x, y).ok().flatten().or(opened.coarse_height(x, y));
        let Some(ground) = exact.map(f64::from) else { return };
        self.target[2] = match self.mode {
            CameraMode::Street => ground + EYE_M,
            CameraMode::Fly => z.max(ground + EYE_M),
            CameraMode::Map | CameraMode::Plan => z,
        };
    }

    /// Changes how the camera moves; the eye stays where it is as far as the mode allows.
    pub(crate) fn switch(&mut self, mode: CameraMode, opened: &Opened, exaggeration: f32) {
        use CameraMode::{Fly, Map, Plan, Street};
        let frame = opened.frame;
        let was_close = matches!(self.mode, Fly | Street);
        match (self.mode, mode) {
            (from, to) if from == to => return,
            (Map, Fly) => self.refocus(frame, exaggeration, 1.0),
            (Map | Plan, Street) | (Fly, Street) => {
                let [x, y, _] = self.target;
                let ground = opened.coarse_height(x, y).map_or(frame.height(), f64::from);
                self.distance_m = 1.0;
                self.pitch_deg = 0.0;
                self.target[2] = ground + EYE_M;
            }
            (Plan, Fly) => {
                // In plan one looks straight down whatever the pitch.
                self.mode = Map;
                self.pitch_deg = 45.0;
                self.refocus(frame, exaggeration, 1.0);
            }
            (Fly | Street, Map | Plan) if was_close => {
                let [x, y, _] = self.target;
                let ground = opened.coarse_height(x, y).map_or(frame.height(), f64::from);
                let above = (self.target[2] - ground).max(20.0);
                // What was in the middle of the picture stays there.
                self.pitch_deg = self.pitch_deg.clamp(15.0, 85.0);
                let (pitch, heading) = (self.pitch_deg.to_radians(), self.heading_deg.to_radians());
                let ahead = above / pitch.tan();
                self.target = [x + ahead * heading.sin(), y + ahead * heading.cos(), ground];
                self.distance_m = (above / pitch.sin()).max(80.0);
            }
            _ => {}
        }
        self.mode = mode;
    }
}

/// Cameras of both pictures on a target.
pub(crate) fn spawn(commands: &mut Commands<'_, '_>, target: RenderTarget, msaa: Msaa) {
    let camera = |order: isize, layer: usize| {
        (
            Camera3d::default(),
            Camera { order, clear_color: ClearColorConfig::Custom(sky()), ..default() },
            target.clone(),
            Projection::from(PerspectiveProjection::default()),
            // Colours of legends must arrive on the screen as they are.
            Tonemapping::None,
            msaa,
            RenderLayers::from_layers(&[0, layer]),
        )
    };
    commands.spawn((camera(0, LEFT), MainCamera));
    commands.spawn((camera(1, RIGHT), SecondCamera));
}

fn sky() -> Color {
    Color::srgb_u8(196, 214, 230)
}

type Parts<'a> = (&'a mut Camera, &'a mut Transform, &'a mut Projection);

/// Puts the cameras where the view says.
pub(crate) fn place(
    state: Res<ViewState>,
    opened: Res<Opened>,
    stage: Res<Stage>,
    drawing: Res<Drawing>,
    main: Single<Parts<'_>, (With<MainCamera>, Without<SecondCamera>)>,
    second: Single<Parts<'_>, (With<SecondCamera>, Without<MainCamera>)>,
) {
    let two = state.compare.mode.is_two();
    let parts = stage.parts(state.compare.mode, state.compare.split);
    let eye = state.camera.eye(opened.frame, state.exaggeration);
    let (forward, up) = (state.camera.forward().as_vec3(), state.camera.up().as_vec3());
    let is_plan = state.camera.mode == CameraMode::Plan;
    let height = opened.ground_m[1] - opened.frame.height();
    let cameras = [(main.into_inner(), true), (second.into_inner(), two)];
    for (((mut camera, mut transform, mut projection), is_active), part) in
        cameras.into_iter().zip(parts)
    {
        let is_active = is_active && drawing.0;
        if camera.is_active != is_active {
            camera.is_active = is_active;
        }
        let mut position = eye;
        if is_plan {
            // Above everything, whatever the size of the picture.
            position.y = (height.max(0.0) + 500.0) * f64::from(state.exaggeration);
        }
        let placed = Transform::from_translation(position.as_vec3()).looking_to(forward, up);
        if *transform != placed {
            *transform = placed;
        }
        let viewport = Viewport {
            physical_position: part.min,
            physical_size: part.size().max(UVec2::ONE),
            ..default()
        };
        let sub = (state.compare.mode == CompareMode::Swipe).then(|| SubCameraView {
            full_size: stage.size,
            offset: (part.min - stage.corner).as_vec2(),
            size: viewport.physical_size,
        });
        let old = camera.viewport.as_ref().map(|v| (v.physical_position, v.physical_size));
        if old != Some((viewport.physical_position, viewport.physical_size)) {
            camera.viewport = Some(viewport);
        }
        if camera.sub_camera_view != sub {
            camera.sub_camera_view = sub;
        }
        *projection = if is_plan {
            Projection::Orthographic(OrthographicProjection {
                scaling_mode: ScalingMode::FixedVertical {
                    viewport_height: state.camera.distance_m as f32,
                },
                near: 0.0,
                far: (position.y + 2000.0) as f32,
                ..OrthographicProjection::default_3d()
            })
        } else {
            let near = (0.002 * state.camera.distance_m).clamp(0.15, 20.0) as f32;
            Projection::Perspective(PerspectiveProjection {
                fov: FIELD_OF_VIEW_DEG.to_radians(),
                near,
                far: 500_000.0,
                ..default()
            })
        };
    }
}

/// Bevy culls by the whole picture of a camera, as wide as its viewport; a camera that shows a part of a
/// picture sees what that part sees.
pub(crate) fn cull_by_part(
    mut cameras: Query<(&Camera, &GlobalTransform, &Projection, &mut Frustum)>,
) {
    for (camera, transform, projection, mut frustum) in &mut cameras {
        if camera.sub_camera_view.is_some() {
            let world_from_view = transform.affine();
            frustum.0 = ViewFrustum::from_clip_from_world_custom_far(
                &(camera.clip_from_view() * Mat4::from(world_from_view.inverse())),
                &transform.translation(),
                &transform.back(),
                projection.far(),
            );
        }
    }
}

/// Metres of the ground that a pixel of the picture stands for, in plan.
pub(crate) fn metres_per_pixel(state: &ViewState, stage: &Stage) -> Option<f64> {
    (state.camera.mode == CameraMode::Plan)
        .then(|| state.camera.distance_m / f64::from(stage.size.y.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_core::spatial::Extent;

    fn camera() -> CameraState {
        CameraState {
            mode: CameraMode::Map,
            target: [500.0, 800.0, 30.0],
            heading_deg: 0.0,
            pitch_deg: 45.0,
            distance_m: 1000.0,
        }
    }

    fn frame() -> LocalFrame {
        LocalFrame::new(&Extent { min_x: 0.0, min_y: 0.0, max_x: 1000.0, max_y: 1000.0 }, 0.0)
    }

    #[test]
    fn a_camera_that_looks_north_stands_in_the_south() {
        let eye = frame().to_world(camera().eye(frame(), 1.0));
        assert!((eye[0] - 500.0).abs() < 1e-9);
        assert!((eye[1] - (800.0 - 1000.0 * 0.5f64.sqrt())).abs() < 1e-9);
        assert!((eye[2] - (30.0 + 1000.0 * 0.5f64.sqrt())).abs() < 1e-9);
        let mut east = camera();
        east.heading_deg = 90.0;
        let eye = frame().to_world(east.eye(frame(), 1.0));
        assert!(eye[0] < -200.0 && (eye[1] - 800.0).abs() < 1e-9);
    }

    #[test]
    fn panning_follows_the_picture() {
        let mut camera = camera();
        camera.heading_deg = 90.0;
        camera.pan(10.0, 5.0);
        // Looking east, right is south and forwards is east.
        assert!((camera.target[0] - 505.0).abs() < 1e-9 && (camera.target[1] - 790.0).abs() < 1e-9);
    }

    #[test]
    fn a_point_keeps_its_distance_while_one_orbits_about_it() {
        let about = [600.0, 700.0, 30.0];
        let mut camera = camera();
        let distance = |c: &CameraState| {
            let eye = frame().to_world(c.eye(frame(), 1.0));
            (eye[0] - about[0]).hypot(eye[1] - about[1])
        };
        let before = distance(&camera);
        camera.orbit(about, 37.0, 0.0);
        assert!((distance(&camera) - before).abs() < 1e-6);
    }

    #[test]
    fn zooming_leaves_the_point_under_the_cursor() {
        let towards = [600.0, 700.0, 30.0];
        let mut camera = camera();
        let direction =
            |c: &CameraState| (frame().to_scene_f64(towards) - c.eye(frame(), 1.0)).normalize();
        let before = direction(&camera);
        camera.zoom(towards, 0.5);
        assert!((direction(&camera) - before).length() < 1e-12);
        assert_eq!(camera.distance_m, 500.0);
    }

    #[test]
    fn a_change_of_distance_moves_no_eye() {
        let mut camera = camera();
        let before = camera.eye(frame(), 2.5);
        camera.refocus(frame(), 2.5, 1.0);
        assert!((camera.eye(frame(), 2.5) - before).length() < 1e-6);
    }

    #[test]
    fn both_parts_of_a_swipe_fill_the_stage() {
        let stage = Stage { corner: UVec2::new(10, 20), size: UVec2::new(101, 50) };
        let [left, right] = stage.parts(CompareMode::Swipe, 0.3);
        assert_eq!((left.min.x, left.max.x, right.max.x), (10, right.min.x, 111));
        let [all, _] = stage.parts(CompareMode::Off, 0.3);
        assert_eq!(all.size(), stage.size);
    }
}
