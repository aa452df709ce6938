//! What stands in the scene: terrain, water, buildings, bridges, trees, what measures build, the sun.
//!
//! Everything is a child of one root, whose vertical scale is the exaggeration of the picture; the
//! data below it stay true.

mod bridges;
mod buildings;
mod faces;
pub(crate) mod material;
mod measures;
mod missing;
mod node_mesh;
mod objects;
pub(crate) mod paint;
mod quadtree;
mod sun;
pub(crate) mod terrain;
mod trees;

use bevy::prelude::*;
use bevy::render::storage::ShaderBuffer;

pub(crate) use buildings::{BuildingMesh, Buildings};
pub(crate) use measures::Measures;
pub(crate) use sun::sun_of;

use crate::answer::{self, Asked};
use crate::notices::Notices;
use crate::opened::Opened;
use crate::results::{self, Sides};
use crate::state::ViewState;

/// Render layer of what only the left or only picture shows.
pub(crate) const LEFT: usize = 1;
/// Render layer of what only the right picture shows.
pub(crate) const RIGHT: usize = 2;

/// The parent of everything.
#[derive(Debug, Component)]
pub(crate) struct SceneRoot;

/// The scene of the opened territory.
pub(crate) struct ScenePlugin;

impl Plugin for ScenePlugin {
    fn build(&self, app: &mut App) {
        material::register(app);
        app.init_resource::<Notices>();
        app.init_resource::<Asked>();
        app.add_systems(Startup, start);
        app.add_systems(
            Update,
            (
                stretch,
                results::show_results,
                terrain::repaint,
                terrain::stream,
                buildings::colour,
                buildings::stream,
                trees::stream,
                bridges::show,
                measures::show,
                objects::load,
                sun::shine,
                answer::ask,
            )
                .chain()
                .in_set(SceneSet),
        );
    }
}

/// The systems that follow the state of the view.
#[derive(Debug, Clone, PartialEq, Eq, Hash, SystemSet)]
pub(crate) struct SceneSet;

fn start(mut commands: Commands) {
    sun::spawn(&mut commands);
    commands.queue(rebuild);
}

/// Builds the scene of what is opened, in place of the one there is.
pub(crate) fn rebuild(world: &mut World) {
    let mut roots = world.query_filtered::<Entity, With<SceneRoot>>();
    let roots: Vec<Entity> = roots.iter(world).collect();
    for root in roots {
        world.despawn(root);
    }
    world.spawn((SceneRoot, Transform::default(), Visibility::default()));
    let sides = Sides::new(&mut world.resource_mut::<Assets<ShaderBuffer>>());
    let (opened, state) = (world.resource::<Opened>(), world.resource::<ViewState>());
    let (terrain, problems) = terrain::Terrain::new(opened, state);
    let (buildings, trees) = (Buildings::new(opened), trees::Trees::new(opened));
    let bridges = bridges::Bridges::new(opened);
    let language = state.language;
    let mut notices = world.resource_mut::<Notices>();
    problems.iter().for_each(|problem| notices.error(problem, language));
    world.insert_resource(sides);
    world.insert_resource(terrain);
    world.insert_resource(buildings);
    world.insert_resource(trees);
    world.insert_resource(bridges);
    world.insert_resource(Measures::default());
    world.insert_resource(objects::Objects::default());
}

fn stretch(state: Res<ViewState>, mut root: Single<&mut Transform, With<SceneRoot>>) {
    let scale = Vec3::new(1.0, state.exaggeration, 1.0);
    if root.scale != scale {
        root.scale = scale;
    }
}

/// Whether anything that the picture wants is still on its way.
#[derive(bevy::ecs::system::SystemParam)]
pub(crate) struct Loading<'w> {
    terrain: Option<Res<'w, terrain::Terrain>>,
    buildings: Option<Res<'w, Buildings>>,
    trees: Option<Res<'w, trees::Trees>>,
    bridges: Option<Res<'w, bridges::Bridges>>,
    measures: Option<Res<'w, Measures>>,
    objects: Option<Res<'w, objects::Objects>>,
    sides: Option<Res<'w, Sides>>,
}

impl Loading<'_> {
    /// Whether the picture is not complete.
    pub(crate) fn is_going_on(&self) -> bool {
        self.terrain.as_ref().is_none_or(|t| t.is_loading())
            || self.buildings.as_ref().is_none_or(|b| b.is_loading())
            || self.trees.as_ref().is_none_or(|t| t.is_loading())
            || self.bridges.as_ref().is_none_or(|b| b.is_loading())
            || self.measures.as_ref().is_none_or(|m| m.is_loading())
            || self.objects.as_ref().is_none_or(|o| o.is_loading())
            || self.sides.as_ref().is_none_or(|s| s.is_loading())
    }
}
