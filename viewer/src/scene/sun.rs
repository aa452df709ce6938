//! The light: the sun of a place and moment with its shadows, or that of a map, from the north-west.

use bevy::camera::visibility::RenderLayers;
use bevy::light::{CascadeShadowConfigBuilder, DirectionalLightShadowMap};
use bevy::prelude::*;
use twin_core::spatial::{Crs, Transformer};
use twin_sunlight::{Place, Sun, sun_position};

use super::LEFT;
use crate::opened::Opened;
use crate::state::ViewState;

/// The light of maps: from the north-west, half-way up.
const OF_MAPS: Sun = Sun { azimuth: 315.0, altitude: 45.0 };

/// The sun over the middle of the territory at the moment of the view; that of maps without moment.
pub(crate) fn sun_of(state: &ViewState, opened: &Opened) -> Sun {
    let place = || {
        let (x, y) = opened.extent().centre();
        let mut position = [[x, y, 0.0]];
        Transformer::new(opened.territory.crs(), Crs::WGS_84).ok()?.transform(&mut position);
        let [longitude, latitude, _] = position[0];
        Some(Place::new(latitude, longitude, 0.0))
    };
    let sun = || sun_position(state.sun.moment?, &place()?).ok();
    sun().unwrap_or(OF_MAPS)
}

/// The one light of the scene.
#[derive(Debug, Component)]
pub(super) struct SunLight;

pub(super) fn spawn(commands: &mut Commands<'_, '_>) {
    commands.insert_resource(DirectionalLightShadowMap { size: 2048 });
    commands.spawn((
        SunLight,
        DirectionalLight { illuminance: 10_000.0, ..default() },
        // What measures of run A build casts shadows as all else does; that of run B would cast them
        // into the picture of A.
        RenderLayers::from_layers(&[0, LEFT]),
        Transform::default(),
        CascadeShadowConfigBuilder {
            num_cascades: 3,
            minimum_distance: 1.0,
            first_cascade_far_bound: 150.0,
            maximum_distance: 3000.0,
            ..default()
        }
        .build(),
    ));
}

/// Turns the light to the sun of the view; below the horizon it lights nothing.
pub(super) fn shine(
    state: Res<ViewState>,
    opened: Res<Opened>,
    sun: Single<(&mut DirectionalLight, &mut Transform, &mut Visibility), With<SunLight>>,
    mut shown: Local<Option<(Sun, bool)>>,
) {
    let position = sun_of(&state, &opened);
    // Shadows of the map light would be read as those of a real sun.
    let shadows = state.sun.moment.is_some() && state.sun.shadows && position.is_up();
    if *shown == Some((position, shadows)) {
        return;
    }
    *shown = Some((position, shadows));
    let (mut light, mut transform, mut visibility) = sun.into_inner();
    light.shadow_maps_enabled = shadows;
    *visibility = if position.is_up() { Visibility::Inherited } else { Visibility::Hidden };
    let elevation = position.altitude.max(0.5).to_radians() as f32;
    let azimuth = position.azimuth.to_radians() as f32;
    let to_sun = Vec3::new(
        azimuth.sin() * elevation.cos(),
        elevation.sin(),
        -azimuth.cos() * elevation.cos(),
    );
    *transform = Transform::default().looking_to(-to_sun, Vec3::Y);
}
