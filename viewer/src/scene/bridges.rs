//! Decks of bridges: the objects of the territory's model that are no building.

use std::collections::HashSet;

use bevy::asset::RenderAssetUsages;
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use twin_core::Result;
use twin_core::export::Rgb;
use twin_core::formats::cityjson::{CityJsonSeq, CityObjectKind};
use twin_core::territory::Territory;

use super::SceneRoot;
use super::faces::Faces;
use super::material::{Kind, SurfaceMaterial, linear};
use super::objects::add_objects;
use crate::notices::Notices;
use crate::opened::Opened;
use crate::results::Sides;
use crate::state::ViewState;

/// Roadways and sides of decks.
const DECK: [Rgb; 2] = [Rgb::hex(0xb4_aea4), Rgb::hex(0x94_8e85)];

/// The decks of a territory on their way into the scene.
#[derive(Resource)]
pub(crate) struct Bridges(Option<Task<Result<Option<Mesh>>>>);

impl Bridges {
    /// Begins to read them.
    pub(crate) fn new(opened: &Opened) -> Self {
        let (territory, frame) = (opened.territory.clone(), opened.frame);
        Self(Some(AsyncComputeTaskPool::get().spawn(async move {
            let path = territory.folder().join(Territory::BUILDINGS);
            if !path.is_file() {
                return Ok(None);
            }
            let buildings = &territory.features().building_models;
            let known: HashSet<u64> =
                buildings.iter().filter_map(|model| model.offset.map(u64::from)).collect();
            let mut model = CityJsonSeq::open(path)?;
            let mut faces = Faces::new(frame);
            for place in model.places()?.into_iter().filter(|p| !known.contains(&p.offset)) {
                let mut objects = model.feature_at(place)?;
                objects.retain(|object| object.kind == CityObjectKind::Bridge);
                add_objects(&objects, &mut faces, DECK.map(|rgb| linear(rgb).to_array()));
            }
            Ok(faces.into_mesh(Mesh::ATTRIBUTE_COLOR, RenderAssetUsages::RENDER_WORLD))
        })))
    }

    /// Whether they are being read.
    pub(crate) fn is_loading(&self) -> bool {
        self.0.is_some()
    }
}

/// Shows the decks when they are ready.
pub(super) fn show(
    mut commands: Commands,
    state: Res<ViewState>,
    sides: Res<Sides>,
    mut bridges: ResMut<Bridges>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut surfaces: ResMut<Assets<SurfaceMaterial>>,
    mut notices: ResMut<Notices>,
    root: Single<Entity, With<SceneRoot>>,
) {
    let Some(made) = bridges.0.as_mut().and_then(check_ready) else { return };
    bridges.0 = None;
    match made {
        Ok(Some(mesh)) => {
            let shared = &sides.side(0).buffers;
            let material = SurfaceMaterial::new(Kind::Vertices, None, shared);
            let deck = (Mesh3d(meshes.add(mesh)), MeshMaterial3d(surfaces.add(material)));
            commands.spawn((deck, ChildOf(*root)));
        }
        Ok(None) => {}
        Err(error) => notices.error(&error, state.language),
    }
}
