//! The terrain: nodes of the overviews made ready in the background and shown as the eye needs them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bevy::camera::primitives::{Aabb, Frustum};
use bevy::camera::visibility::RenderLayers;
use bevy::light::NotShadowCaster;
use bevy::math::{Affine3A, Vec2};
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use twin_core::export::Legend;
use twin_core::spatial::{Extent, GridSpec};

use super::material::{Kind, SurfaceMaterial, WaterMaterial};
use super::node_mesh::node_mesh;
use super::paint::Painter;
use super::quadtree::{Eye, Ground, NODE_CELLS, NodeId, Nodes, Pyramid, select};
use super::{LEFT, RIGHT, SceneRoot};
use crate::camera::MainCamera;
use crate::frame::LocalFrame;
use crate::notices::Notices;
use crate::opened::Opened;
use crate::results::Sides;
use crate::state::{PaintLayer, ViewState};

/// A cell of this many pixels is not split.
const TOLERANCE_PX: f32 = 4.0;
/// Nodes made at the same time.
const MOST_TASKS: usize = 6;
/// Nodes kept ready, drawn or not: about 250 MB.
const MOST_KEPT: usize = 320;

/// The nodes of the terrain.
#[derive(Resource)]
pub(crate) struct Terrain {
    pyramid: Pyramid,
    levels: Vec<GridSpec>,
    frame: LocalFrame,
    heights: [f32; 2],
    painter: Arc<Painter>,
    /// What it paints.
    painted: Vec<PaintLayer>,
    /// Counts up when the painting changes.
    painting: u64,
    nodes: HashMap<NodeId, Node>,
    making: HashMap<NodeId, Task<twin_core::Result<Made>>>,
    repainting: HashMap<NodeId, Task<twin_core::Result<Image>>>,
    clock: u64,
    /// Nodes and triangles drawn last.
    pub(crate) drawn: (usize, usize),
    is_waiting: bool,
}

/// A node that is ready.
struct Node {
    /// Left terrain, right terrain, left water, right water; none of a node without ground.
    entities: Option<[Entity; 4]>,
    picture: Option<Handle<Image>>,
    materials: Option<[Handle<SurfaceMaterial>; 2]>,
    ground: Ground,
    triangles: usize,
    painting: u64,
    used: u64,
}

/// What a task makes.
struct Made {
    mesh: Option<(Mesh, [f32; 2])>,
    picture: Image,
    painting: u64,
}

impl Terrain {
    /// The terrain of a territory, nothing of it ready.
    pub(crate) fn new(opened: &Opened, state: &ViewState) -> (Self, Vec<twin_core::Error>) {
        let levels = opened.territory.grids().levels().to_vec();
        let pyramid = Pyramid { shapes: levels.iter().map(|l| (l.rows, l.columns)).collect() };
        let (painter, problems) = Painter::new(opened.territory.clone(), &state.layers);
        let terrain = Self {
            painted: state.layers.clone(),
            pyramid,
            levels,
            frame: opened.frame,
            heights: opened.ground_m.map(|z| (z - opened.frame.height()) as f32),
            painter: Arc::new(painter),
            painting: 1,
            nodes: HashMap::new(),
            making: HashMap::new(),
            repainting: HashMap::new(),
            clock: 0,
            drawn: (0, 0),
            is_waiting: true,
        };
        (terrain, problems)
    }

    /// Legends of the grids of values painted on it, with the opacity of each.
    pub(crate) fn legends(&self) -> impl Iterator<Item = (Legend, f32)> {
        self.painter.legends()
    }

    /// Whether nodes that the picture wants are still being made.
    pub(crate) fn is_loading(&self) -> bool {
        self.is_waiting || !self.making.is_empty() || !self.repainting.is_empty()
    }

    /// Rows and columns of a node's cells: one more than [`NODE_CELLS`], shared with the next node.
    fn window(&self, node: NodeId) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let (rows, columns) = self.pyramid.shapes[node.level];
        let range = |at: usize, end: usize| {
            (at * NODE_CELLS).min(end)..((at + 1) * NODE_CELLS + 1).min(end)
        };
        (range(node.row, rows), range(node.column, columns))
    }

    /// The rectangle between the centres of its outer cells.
    fn extent(&self, node: NodeId) -> Extent {
        let (rows, columns) = self.window(node);
        let spec = &self.levels[node.level];
        let (min_x, max_y) = spec.centre(rows.start, columns.start);
        let (max_x, min_y) = spec.centre(rows.end.max(1) - 1, columns.end.max(1) - 1);
        // A node one cell wide still has an area.
        let least = 0.01 * spec.cell_size;
        Extent { min_x, min_y, max_x: max_x.max(min_x + least), max_y: max_y.max(min_y + least) }
    }

    fn spawn_making(&mut self, node: NodeId, opened: &Opened) {
        let territory = opened.territory.clone();
        let (rows, columns) = self.window(node);
        let (extent, frame) = (self.extent(node), self.frame);
        let (painter, painting) = (self.painter.clone(), self.painting);
        let spec = self.levels[node.level];
        let task = AsyncComputeTaskPool::get().spawn(async move {
            let margin = [rows.start.min(1), columns.start.min(1)];
            let around = |range: &std::ops::Range<usize>, end: usize| {
                range.start.saturating_sub(1)..(range.end + 1).min(end)
            };
            let (wide_rows, wide_columns) =
                (around(&rows, spec.rows), around(&columns, spec.columns));
            let heights =
                territory.grids().read_window::<f32>("dtm", node.level, wide_rows, wide_columns)?;
            let mesh = node_mesh(&heights, margin, rows.len(), columns.len(), frame);
            let picture = painter.paint(&extent, node.level, spec.cell_size)?;
            Ok(Made { mesh, picture, painting })
        });
        self.making.insert(node, task);
    }
}

/// The eye and the frustum of a camera.
struct View<'a> {
    terrain: &'a Terrain,
    /// Those of the pictures; none sees everything.
    frusta: Vec<&'a Frustum>,
    exaggeration: f32,
}

impl Nodes for View<'_> {
    fn ground(&self, node: NodeId) -> Ground {
        if let Some(ready) = self.terrain.nodes.get(&node) {
            return ready.ground;
        }
        let extent = self.terrain.extent(node);
        let frame = self.terrain.frame;
        let min = frame.to_scene([extent.min_x, extent.max_y, 0.0]);
        let max = frame.to_scene([extent.max_x, extent.min_y, 0.0]);
        Ground {
            min: Vec2::new(min.x, min.z),
            max: Vec2::new(max.x, max.z),
            heights: self.terrain.heights,
        }
    }

    fn cell_size(&self, node: NodeId) -> f32 {
        self.terrain.levels[node.level].cell_size as f32
    }

    fn is_ready(&self, node: NodeId) -> bool {
        self.terrain.nodes.contains_key(&node)
    }

    fn is_in_view(&self, node: NodeId) -> bool {
        if self.frusta.is_empty() {
            return true;
        }
        let ground = self.ground(node);
        let low = Vec3::new(ground.min.x, ground.heights[0] * self.exaggeration, ground.min.y);
        let high = Vec3::new(ground.max.x, ground.heights[1] * self.exaggeration, ground.max.y);
        let aabb = Aabb::from_min_max(low, high.max(low));
        self.frusta.iter().any(|f| f.intersects_obb(&aabb, &Affine3A::IDENTITY, true, false))
    }
}

/// Paints anew when the layers of the view change.
pub(super) fn repaint(
    state: Res<ViewState>,
    opened: Res<Opened>,
    mut terrain: ResMut<Terrain>,
    mut notices: ResMut<Notices>,
) {
    if terrain.painted == state.layers {
        return;
    }
    let (painter, problems) = Painter::new(opened.territory.clone(), &state.layers);
    problems.iter().for_each(|problem| notices.error(problem, state.language));
    terrain.painter = Arc::new(painter);
    terrain.painting += 1;
    terrain.painted.clone_from(&state.layers);
}

/// Assets and entities that nodes are made of.
#[derive(bevy::ecs::system::SystemParam)]
pub(super) struct Stage<'w, 's> {
    commands: Commands<'w, 's>,
    meshes: ResMut<'w, Assets<Mesh>>,
    images: ResMut<'w, Assets<Image>>,
    surfaces: ResMut<'w, Assets<SurfaceMaterial>>,
    waters: ResMut<'w, Assets<WaterMaterial>>,
    root: Single<'w, 's, Entity, With<SceneRoot>>,
    sides: Res<'w, Sides>,
}

/// Shows the nodes that the picture needs and makes the missing ones ready.
pub(super) fn stream(
    state: Res<ViewState>,
    opened: Res<Opened>,
    mut terrain: ResMut<Terrain>,
    mut notices: ResMut<Notices>,
    mut stage: Stage,
    cameras: Query<
        (&Camera, &Frustum, &GlobalTransform, &Projection, Has<MainCamera>),
        With<Camera3d>,
    >,
    mut visibilities: Query<&mut Visibility>,
) {
    take_repainted(&mut terrain, &mut stage, &mut notices, state.language);
    let Some((camera, _, transform, projection, _)) = cameras.iter().find(|c| c.4) else { return };
    let height_px = camera.logical_viewport_size().map_or(800.0, |s| s.y);
    let mut position = transform.translation();
    position.y /= state.exaggeration;
    let eye = match projection {
        Projection::Perspective(p) => Eye {
            position,
            pixels_per_radian: height_px / (2.0 * (0.5 * p.fov).tan()),
            is_perspective: true,
        },
        Projection::Orthographic(o) => Eye {
            position,
            pixels_per_radian: height_px / o.area.height().max(1.0),
            is_perspective: false,
        },
        Projection::Custom(_) => return,
    };
    // The first frame has no frustum yet.
    let two = state.compare.mode.is_two();
    let is_placed = camera.computed.target_info.is_some();
    let frusta = cameras.iter().filter(|c| is_placed && (two || c.4)).map(|c| c.1).collect();
    let view = View { terrain: &terrain, frusta, exaggeration: state.exaggeration };
    let selection = select(&terrain.pyramid, &view, &eye, TOLERANCE_PX);
    let seen: Vec<NodeId> =
        selection.drawn.iter().copied().filter(|n| view.is_in_view(*n)).collect();
    terrain.is_waiting = !selection.missing.is_empty();
    terrain.clock += 1;
    let clock = terrain.clock;

    for node in &selection.missing {
        if terrain.making.len() >= MOST_TASKS {
            break;
        }
        if !terrain.making.contains_key(node) {
            terrain.spawn_making(*node, &opened);
        }
    }
    let water = [stage.sides.side(0).has_water(), two && stage.sides.side(1).has_water()];
    let shown = [true, two, water[0], water[1]];
    let mut drawn = (0, 0);
    let painting = terrain.painting;
    let now: HashSet<NodeId> = selection.drawn.iter().copied().collect();
    for (id, node) in &mut terrain.nodes {
        let is_drawn = now.contains(id);
        if is_drawn {
            node.used = clock;
        }
        for (entity, shown) in node.entities.into_iter().flatten().zip(shown) {
            if let Ok(mut visibility) = visibilities.get_mut(entity) {
                let wanted =
                    if is_drawn && shown { Visibility::Inherited } else { Visibility::Hidden };
                visibility.set_if_neq(wanted);
            }
        }
    }
    for id in &seen {
        if let Some(node) = terrain.nodes.get(id) {
            drawn = (drawn.0 + 1, drawn.1 + node.triangles);
        }
    }
    terrain.drawn = drawn;
    let stale: Vec<NodeId> = selection
        .drawn
        .iter()
        .copied()
        .filter(|id| terrain.nodes.get(id).is_some_and(|n| n.painting < painting))
        .collect();
    for id in stale {
        if terrain.repainting.len() >= MOST_TASKS {
            break;
        }
        if terrain.repainting.contains_key(&id) {
            continue;
        }
        if let Some(node) = terrain.nodes.get_mut(&id) {
            node.painting = painting;
        }
        let (painter, extent) = (terrain.painter.clone(), terrain.extent(id));
        let cell_size = terrain.levels[id.level].cell_size;
        let task = AsyncComputeTaskPool::get()
            .spawn(async move { painter.paint(&extent, id.level, cell_size) });
        terrain.repainting.insert(id, task);
    }
    forget(&mut terrain, &mut stage);
    // Last, because the entities of a node that is made now exist from the next turn on: its parent
    // must not leave the picture before.
    take_made(&mut terrain, &mut stage, &mut notices, state.language);
}

fn take_made(
    terrain: &mut Terrain,
    stage: &mut Stage<'_, '_>,
    notices: &mut ResMut<'_, Notices>,
    language: twin_core::Language,
) {
    let mut made = Vec::new();
    terrain.making.retain(|id, task| match check_ready(task) {
        Some(result) => {
            made.push((*id, result));
            false
        }
        None => true,
    });
    for (id, result) in made {
        let made = match result {
            Ok(made) => made,
            Err(error) => {
                notices.error(&error, language);
                // Unreadable ground stays empty; asking again would not end.
                Made { mesh: None, picture: Image::default(), painting: u64::MAX }
            }
        };
        let ground = View { terrain, frusta: Vec::new(), exaggeration: 1.0 }.ground(id);
        let mut node = Node {
            entities: None,
            picture: None,
            materials: None,
            ground,
            triangles: 0,
            painting: made.painting,
            used: terrain.clock,
        };
        if let Some((mesh, heights)) = made.mesh {
            node.ground.heights = heights;
            node.triangles = mesh.indices().map_or(0, |i| i.len() / 3);
            place(&mut node, mesh, made.picture, stage);
        }
        terrain.nodes.insert(id, node);
    }
}

/// Entities of a node: its ground for both sides, and the water over it.
fn place(node: &mut Node, mesh: Mesh, picture: Image, stage: &mut Stage<'_, '_>) {
    let mesh = Mesh3d(stage.meshes.add(mesh));
    let picture = stage.images.add(picture);
    let low = Vec3::new(node.ground.min.x, node.ground.heights[0], node.ground.min.y);
    let high = Vec3::new(node.ground.max.x, node.ground.heights[1], node.ground.max.y);
    // Water stands above the ground that carries it.
    let wet = Aabb::from_min_max(low, high + Vec3::Y * 60.0);
    let dry = Aabb::from_min_max(low, high);
    let root = *stage.root;
    let mut materials = Vec::new();
    let mut entities = Vec::new();
    for (side, layer) in [(0, LEFT), (1, RIGHT)] {
        let shared = &stage.sides.side(side).buffers;
        let material = SurfaceMaterial::new(Kind::Terrain, Some(picture.clone()), shared);
        let material = stage.surfaces.add(material);
        let parts = (mesh.clone(), MeshMaterial3d(material.clone()), dry, Visibility::Hidden);
        let layers = RenderLayers::layer(layer);
        // Its own shadows would hide the cover of slopes at a low sun.
        let ground = (parts, layers, NotShadowCaster, ChildOf(root));
        entities.push(stage.commands.spawn(ground).id());
        materials.push(material);
    }
    for (side, layer) in [(0, LEFT), (1, RIGHT)] {
        let shared = &stage.sides.side(side).buffers;
        let material = stage
            .waters
            .add(WaterMaterial { fields: shared.fields.clone(), drape: shared.drape.clone() });
        let parts = (mesh.clone(), MeshMaterial3d(material), wet, Visibility::Hidden);
        let layers = RenderLayers::layer(layer);
        let water = (parts, layers, NotShadowCaster, ChildOf(root));
        entities.push(stage.commands.spawn(water).id());
    }
    node.entities = entities.try_into().ok();
    node.materials = materials.try_into().ok();
    node.picture = Some(picture);
}

fn take_repainted(
    terrain: &mut Terrain,
    stage: &mut Stage<'_, '_>,
    notices: &mut ResMut<'_, Notices>,
    language: twin_core::Language,
) {
    let mut ready = Vec::new();
    terrain.repainting.retain(|id, task| match check_ready(task) {
        Some(result) => {
            ready.push((*id, result));
            false
        }
        None => true,
    });
    for (id, result) in ready {
        let Some(node) = terrain.nodes.get(&id) else { continue };
        match result {
            Ok(image) => {
                let (Some(picture), Some(materials)) = (&node.picture, &node.materials) else {
                    continue;
                };
                if let Some(mut shown) = stage.images.get_mut(picture) {
                    *shown = image;
                }
                // A material holds the picture by its place on the GPU, which is a new one.
                for material in materials {
                    let _ = stage.surfaces.get_mut(material);
                }
            }
            Err(error) => notices.error(&error, language),
        }
    }
}

/// Lets go of the nodes that were not needed for longest; the coarsest stay.
fn forget(terrain: &mut Terrain, stage: &mut Stage<'_, '_>) {
    let surplus = terrain.nodes.len().saturating_sub(MOST_KEPT);
    if surplus == 0 {
        return;
    }
    let coarsest = terrain.pyramid.shapes.len().saturating_sub(1);
    let mut idle: Vec<(u64, NodeId)> = terrain
        .nodes
        .iter()
        .filter(|(id, node)| id.level < coarsest && node.used < terrain.clock)
        .map(|(id, node)| (node.used, *id))
        .collect();
    idle.sort();
    for (_, id) in idle.into_iter().take(surplus) {
        if let Some(node) = terrain.nodes.remove(&id) {
            for entity in node.entities.into_iter().flatten() {
                stage.commands.entity(entity).despawn();
            }
        }
    }
}
