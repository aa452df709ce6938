//! Trees: a crown and a trunk of the height and width of each, one mesh per tile near the eye.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bevy::asset::RenderAssetUsages;
use bevy::camera::visibility::RenderLayers;
use bevy::mesh::{Indices, PrimitiveTopology};
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};

use super::SceneRoot;
use super::material::{Kind, SurfaceMaterial};
use super::measures::Measures;
use super::missing::{GROUPS, Missing};
use crate::camera::MainCamera;
use crate::opened::Opened;
use crate::results::Sides;
use crate::state::ViewState;

/// Side of a tile in metres.
const TILE_M: f64 = 250.0;
/// Trees farther than this are left to the land cover.
const FAR_M: f32 = 1800.0;
/// Tiles made at the same time.
const MOST_TASKS: usize = 2;
/// Corners of a crown around its middle.
const CORNERS: usize = 6;

/// A tree in the scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stem {
    foot: Vec3,
    height_m: f32,
    crown_m: f32,
    base_m: f32,
}

impl Stem {
    /// A tree by its height, the width of its crown and the height below it, metres; what is not known
    /// is that of a common tree.
    pub(super) fn new(
        foot: Vec3,
        height_m: Option<f64>,
        crown_m: Option<f64>,
        base_m: Option<f64>,
    ) -> Self {
        let height_m = height_m.unwrap_or(8.0).clamp(1.0, 70.0);
        let crown_m = crown_m.unwrap_or(0.5 * height_m).clamp(0.5, 40.0) as f32;
        let base_m = base_m.unwrap_or(0.25 * height_m).clamp(0.0, 0.9 * height_m) as f32;
        Self { foot, height_m: height_m as f32, crown_m, base_m }
    }
}

/// The tiles of a territory.
#[derive(Resource)]
pub(crate) struct Trees {
    tiles: BTreeMap<(i32, i32), Tile>,
    making: HashMap<(i32, i32), Task<[Option<Mesh>; 3]>>,
    /// Trees that a picture does not show.
    missing: Arc<Missing>,
    material: Option<Handle<SurfaceMaterial>>,
    /// Tiles shown last.
    pub(crate) drawn: usize,
}

struct Tile {
    /// Numbers in the territory's list of trees, and the trees.
    stems: Arc<Vec<(u32, Stem)>>,
    centre: Vec3,
    /// What shows them, once it is made.
    entities: Option<Vec<Entity>>,
}

impl Trees {
    /// Sorts the trees into tiles.
    pub(crate) fn new(opened: &Opened) -> Self {
        let mut sorted: BTreeMap<(i32, i32), Vec<(u32, Stem)>> = BTreeMap::new();
        for (number, tree) in (0u32..).zip(&opened.territory.features().trees) {
            for p in tree.geometry.positions() {
                let ground = if p[2].is_finite() {
                    p[2]
                } else if let Some(z) = opened.coarse_height(p[0], p[1]) {
                    f64::from(z)
                } else {
                    continue;
                };
                let foot = opened.frame.to_scene([p[0], p[1], ground]);
                let stem = Stem::new(foot, tree.height_m, tree.crown_diameter_m, tree.crown_base_m);
                let tile = ((p[0] / TILE_M).floor() as i32, (p[1] / TILE_M).floor() as i32);
                sorted.entry(tile).or_default().push((number, stem));
            }
        }
        let tiles = sorted.into_iter().map(|(id, stems)| {
            let centre = stems.iter().map(|(_, s)| s.foot).sum::<Vec3>() / stems.len() as f32;
            (id, Tile { stems: Arc::new(stems), centre, entities: None })
        });
        Self {
            tiles: tiles.collect(),
            making: HashMap::new(),
            missing: Arc::default(),
            material: None,
            drawn: 0,
        }
    }

    /// Lets go of the tiles in which other trees are missing than before.
    fn follow(&mut self, missing: &Arc<Missing>, commands: &mut Commands<'_, '_>) {
        if Arc::ptr_eq(&self.missing, missing) {
            return;
        }
        for (id, tile) in &mut self.tiles {
            if tile.stems.iter().any(|(k, _)| self.missing.layer(*k) != missing.layer(*k)) {
                tile.despawn(commands);
                self.making.remove(id);
            }
        }
        self.missing = missing.clone();
    }

    /// Whether tiles are being made.
    pub(crate) fn is_loading(&self) -> bool {
        !self.making.is_empty() || self.material.is_none()
    }
}

impl Tile {
    fn despawn(&mut self, commands: &mut Commands<'_, '_>) {
        let entities = self.entities.take().into_iter().flatten();
        entities.for_each(|entity| commands.entity(entity).despawn());
    }
}

/// Shows the tiles near the eye.
pub(super) fn stream(
    mut commands: Commands,
    state: Res<ViewState>,
    mut trees: ResMut<Trees>,
    sides: Res<Sides>,
    measures: Res<Measures>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut surfaces: ResMut<Assets<SurfaceMaterial>>,
    root: Single<Entity, With<SceneRoot>>,
    cameras: Query<(&GlobalTransform, &Projection), With<MainCamera>>,
    mut visibilities: Query<&mut Visibility>,
) {
    let trees = &mut *trees;
    let shared = &sides.side(0).buffers;
    let material = trees
        .material
        .get_or_insert_with(|| surfaces.add(SurfaceMaterial::new(Kind::Vertices, None, shared)))
        .clone();
    let Some((transform, projection)) = cameras.iter().next() else { return };
    let mut eye = transform.translation();
    eye.y /= state.exaggeration;
    if let Projection::Orthographic(o) = projection {
        eye.y = o.area.height();
    }
    trees.follow(measures.missing_trees(), &mut commands);
    let mut made = Vec::new();
    trees.making.retain(|id, task| match check_ready(task) {
        Some(meshes) => {
            made.push((*id, meshes));
            false
        }
        None => true,
    });
    for (id, made) in made {
        let shown = made.into_iter().zip(GROUPS).filter_map(|(mesh, layer)| {
            let parts = (Mesh3d(meshes.add(mesh?)), MeshMaterial3d(material.clone()));
            let shown = (RenderLayers::layer(layer), Visibility::Hidden);
            Some(commands.spawn((parts, shown, ChildOf(*root))).id())
        });
        let entities = Some(shown.collect());
        if let Some(tile) = trees.tiles.get_mut(&id) {
            tile.entities = entities;
        }
    }
    trees.drawn = 0;
    let mut wanted = Vec::new();
    for (id, tile) in &mut trees.tiles {
        let distance = tile.centre.distance(eye);
        let is_near = state.trees && distance < FAR_M;
        if let Some(entities) = &tile.entities {
            let now = if is_near { Visibility::Inherited } else { Visibility::Hidden };
            for entity in entities {
                if let Ok(mut visibility) = visibilities.get_mut(*entity) {
                    visibility.set_if_neq(now);
                }
            }
            trees.drawn += if is_near { entities.len() } else { 0 };
            if distance > 2.0 * FAR_M {
                tile.despawn(&mut commands);
            }
        } else if is_near {
            wanted.push((distance, *id));
        }
    }
    wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (_, id) in wanted {
        if trees.making.len() >= MOST_TASKS {
            break;
        }
        if let (Some(tile), false) = (trees.tiles.get(&id), trees.making.contains_key(&id)) {
            let (stems, missing) = (tile.stems.clone(), trees.missing.clone());
            let task = AsyncComputeTaskPool::get().spawn(async move {
                GROUPS.map(|layer| {
                    let shown = stems.iter().filter(|(k, _)| missing.layer(*k) == Some(layer));
                    let shown: Vec<Stem> = shown.map(|(_, stem)| *stem).collect();
                    (!shown.is_empty()).then(|| grove(&shown))
                })
            });
            trees.making.insert(id, task);
        }
    }
}

/// Trees as one mesh: a double cone on a trunk of three sides.
pub(super) fn grove(stems: &[Stem]) -> Mesh {
    let (mut positions, mut normals, mut colours) = (Vec::new(), Vec::new(), Vec::new());
    let mut indices: Vec<u32> = Vec::new();
    let bark = Color::srgb_u8(110, 88, 66).to_linear().to_f32_array();
    for (k, stem) in stems.iter().enumerate() {
        // Neighbours differ a little, so that a wood is not one green surface.
        let tone = (k * 37 % 23) as u8;
        let leaf = Color::srgb_u8(70 + tone, 118 + tone, 58 + tone / 2).to_linear().to_f32_array();
        let radius = 0.5 * stem.crown_m;
        let low = stem.foot + Vec3::Y * stem.base_m;
        let top = stem.foot + Vec3::Y * stem.height_m;
        let middle = low + 0.4 * (top - low);
        let around = |i: usize, corners: usize| {
            let angle = i as f32 / corners as f32 * std::f32::consts::TAU;
            Vec3::new(angle.cos(), 0.0, angle.sin())
        };
        let first = positions.len() as u32;
        let mut add = |p: Vec3, n: Vec3, c: [f32; 4]| {
            positions.push(p.to_array());
            normals.push(n.normalize_or(Vec3::Y).to_array());
            colours.push(c);
        };
        add(top, Vec3::Y, leaf);
        add(low, Vec3::NEG_Y, leaf);
        for i in 0..CORNERS {
            let out = around(i, CORNERS);
            add(middle + radius * out, out + 0.3 * Vec3::Y, leaf);
        }
        for i in 0..CORNERS as u32 {
            let (a, b) = (first + 2 + i, first + 2 + (i + 1) % CORNERS as u32);
            indices.extend([first, b, a, first + 1, a, b]);
        }
        let trunk = first + 2 + CORNERS as u32;
        let thick = (0.02 * stem.height_m).clamp(0.08, 0.5);
        for i in 0..3 {
            let out = around(i, 3);
            add(stem.foot + thick * out, out, bark);
            add(middle + thick * out, out, bark);
        }
        for i in 0..3 {
            let (a, b) = (trunk + 2 * i, trunk + 2 * ((i + 1) % 3));
            indices.extend([a, a + 1, b, b, a + 1, b + 1]);
        }
    }
    Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
        .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, positions)
        .with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, normals)
        .with_inserted_attribute(Mesh::ATTRIBUTE_COLOR, colours)
        .with_inserted_indices(Indices::U32(indices))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_as_high_and_wide_as_it_is() {
        let stem =
            Stem { foot: Vec3::new(5.0, 2.0, -3.0), height_m: 12.0, crown_m: 6.0, base_m: 3.0 };
        let mesh = grove(&[stem]);
        let positions = mesh.attribute(Mesh::ATTRIBUTE_POSITION).unwrap().as_float3().unwrap();
        let top = positions.iter().map(|p| p[1]).fold(f32::NEG_INFINITY, f32::max);
        let low = positions.iter().map(|p| p[1]).fold(f32::INFINITY, f32::min);
        let east = positions.iter().map(|p| p[0]).fold(f32::NEG_INFINITY, f32::max);
        assert_eq!((low, top, east), (2.0, 14.0, 8.0));
    }
}
