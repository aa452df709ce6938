//! Point clouds and models shown beside the territory.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use bevy::asset::RenderAssetUsages;
use bevy::gltf::{Gltf, GltfMaterial, GltfMesh, GltfNode};
use bevy::mesh::PrimitiveTopology;
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use twin_core::export::Rgb;
use twin_core::formats::cityjson::{CityJsonSeq, CityObject, Semantic};
use twin_core::formats::gltf::check_glb;
use twin_core::formats::las::{PointFile, PointQuery};
use twin_core::products::lidar_hd;
use twin_core::{Error, Result};

use super::SceneRoot;
use super::faces::Faces;
use super::material::{Kind, Look, SharedBuffers, SurfaceMaterial, linear};
use crate::frame::LocalFrame;
use crate::notices::Notices;
use crate::opened::Opened;
use crate::results::Sides;
use crate::state::ViewState;

/// Points of all clouds together, at most (the budget of Potree for ordinary machines).
const POINT_BUDGET: usize = 3_000_000;

/// What is shown of every file of the view.
#[derive(Default, Resource)]
pub(super) struct Objects(BTreeMap<PathBuf, Object>);

enum Object {
    Mesh(Task<Result<Mesh>>),
    Checked(Task<Result<()>>),
    Model(Handle<Gltf>),
    Shown(Entity),
    Refused,
}

impl Objects {
    /// Whether a file is being read.
    pub(super) fn is_loading(&self) -> bool {
        let is_coming = |object: &Object| !matches!(object, Object::Shown(_) | Object::Refused);
        self.0.values().any(is_coming)
    }
}

/// Loads the files of the view and lets go of those that it no longer names.
pub(super) fn load(
    mut commands: Commands,
    state: Res<ViewState>,
    opened: Res<Opened>,
    sides: Res<Sides>,
    assets: Res<AssetServer>,
    parts: ModelParts<'_>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut surfaces: ResMut<Assets<SurfaceMaterial>>,
    mut notices: ResMut<Notices>,
    root: Single<Entity, With<SceneRoot>>,
    mut objects: ResMut<Objects>,
) {
    let objects = &mut objects.0;
    objects.retain(|path, object| {
        let is_wanted = state.objects.contains(path);
        if let (false, Object::Shown(entity)) = (is_wanted, &object) {
            commands.entity(*entity).despawn();
        }
        is_wanted
    });
    let share = POINT_BUDGET / state.objects.len().max(1);
    for path in &state.objects {
        if objects.contains_key(path) {
            continue;
        }
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let object = match extension.as_deref() {
            Some("las" | "laz") => {
                let (file, frame) = (path.clone(), opened.frame);
                let crs = opened.territory.crs();
                let task = AsyncComputeTaskPool::get()
                    .spawn(async move { cloud(&file, crs, frame, share) });
                Object::Mesh(task)
            }
            Some("jsonl") => {
                let (file, frame) = (path.clone(), opened.frame);
                Object::Mesh(
                    AsyncComputeTaskPool::get().spawn(async move { volumes(&file, frame) }),
                )
            }
            Some("glb") => {
                let file = path.clone();
                Object::Checked(AsyncComputeTaskPool::get().spawn(async move { check_glb(file) }))
            }
            Some("gltf") if path.is_file() => model(path, &assets),
            _ => {
                notices.error(&unreadable(path), state.language);
                Object::Refused
            }
        };
        objects.insert(path.clone(), object);
    }
    for (path, object) in objects {
        match object {
            Object::Mesh(task) => match check_ready(task) {
                None => {}
                Some(Err(error)) => {
                    notices.error(&error, state.language);
                    *object = Object::Refused;
                }
                Some(Ok(mesh)) => {
                    let shared = &sides.side(0).buffers;
                    let material = SurfaceMaterial::new(Kind::Vertices, None, shared);
                    let cloud = (Mesh3d(meshes.add(mesh)), MeshMaterial3d(surfaces.add(material)));
                    *object = Object::Shown(commands.spawn((cloud, ChildOf(*root))).id());
                }
            },
            Object::Checked(task) => match check_ready(task) {
                None => {}
                Some(Err(error)) => {
                    notices.error(&error, state.language);
                    *object = Object::Refused;
                }
                Some(Ok(())) => *object = model(path, &assets),
            },
            Object::Model(handle) => {
                if let (true, Some(model)) =
                    (assets.is_loaded_with_dependencies(&*handle), parts.models.get(&*handle))
                {
                    let place = Transform::from_translation(origin_of(path, opened.frame));
                    let stand = (place, Visibility::default(), ChildOf(*root));
                    let stand = commands.spawn(stand).id();
                    let shared = &sides.side(0).buffers;
                    for node in parts.roots(model) {
                        parts.spawn(&mut commands, &mut surfaces, shared, node, stand);
                    }
                    *object = Object::Shown(stand);
                } else if assets.load_state(&*handle).is_failed() {
                    notices.error(&unreadable(path), state.language);
                    *object = Object::Refused;
                }
            }
            Object::Shown(_) | Object::Refused => {}
        }
    }
}

fn model(path: &Path, assets: &AssetServer) -> Object {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    Object::Model(assets.load(absolute))
}

/// The parts of models. Only what has a shape is shown: cameras and lights of a model would change the
/// picture of the territory.
#[derive(bevy::ecs::system::SystemParam)]
pub(super) struct ModelParts<'w> {
    models: Res<'w, Assets<Gltf>>,
    nodes: Res<'w, Assets<GltfNode>>,
    shapes: Res<'w, Assets<GltfMesh>>,
    materials: Res<'w, Assets<GltfMaterial>>,
}

impl ModelParts<'_> {
    /// Nodes that are nobody's child.
    fn roots<'a>(&'a self, model: &'a Gltf) -> impl Iterator<Item = &'a GltfNode> {
        let nodes = || model.nodes.iter().filter_map(|n| self.nodes.get(n));
        let children: HashSet<usize> = nodes()
            .flat_map(|n| &n.children)
            .filter_map(|c| Some(self.nodes.get(c)?.index))
            .collect();
        nodes().filter(move |node| !children.contains(&node.index))
    }

    fn spawn(
        &self,
        commands: &mut Commands<'_, '_>,
        surfaces: &mut Assets<SurfaceMaterial>,
        shared: &SharedBuffers,
        node: &GltfNode,
        parent: Entity,
    ) {
        let here = (node.transform, Visibility::default(), ChildOf(parent));
        let here = commands.spawn(here).id();
        let shape = node.mesh.as_ref().and_then(|mesh| self.shapes.get(mesh));
        for part in shape.into_iter().flat_map(|shape| &shape.primitives) {
            let own = part.material.as_ref().and_then(|m| self.materials.get(m));
            let picture = own.and_then(|m| m.base_color_texture.clone());
            let colour = own.map_or(Color::WHITE, |m| m.base_color);
            let mut material = SurfaceMaterial::new(Kind::Model, picture, shared);
            material.look = Look::of_model(colour.to_linear());
            let material = MeshMaterial3d(surfaces.add(material));
            commands.spawn((Mesh3d(part.mesh.clone()), material, ChildOf(here)));
        }
        for child in node.children.iter().filter_map(|c| self.nodes.get(c)) {
            self.spawn(commands, surfaces, shared, child, here);
        }
    }
}

fn unreadable(path: &Path) -> Error {
    Error::input(
        path.display().to_string(),
        "ni un nuage de points (LAS, LAZ, COPC) ni un modèle (GLB, CityJSONSeq) lisible",
        "neither a point cloud (LAS, LAZ, COPC) nor a model (GLB, CityJSONSeq) that can be read",
    )
}

/// The points of a file within a budget, in the colours of their classes. A COPC file gives a level
/// of its octree; of another file every second, third … point is taken.
fn cloud(
    path: &Path,
    crs: twin_core::spatial::Crs,
    frame: LocalFrame,
    budget: usize,
) -> Result<Mesh> {
    let file = PointFile::open(path)?;
    if file.header().crs.is_some_and(|own| own != crs) {
        return Err(Error::input(
            path.display().to_string(),
            format!("ce nuage n'est pas en {crs} ; le reprojeter"),
            format!("this cloud is not in {crs}; reproject it"),
        ));
    }
    let area = file.header().declared_extent.map_or(1e6, |e| e.area());
    let spacing = (area / budget.max(1) as f64).sqrt();
    let query = PointQuery { max_level: file.level_for_spacing(spacing), ..PointQuery::default() };
    let points = file.read(&query)?;
    let step = points.len().div_ceil(budget.max(1)).max(1);
    let (mut positions, mut normals, mut colours) = (Vec::new(), Vec::new(), Vec::new());
    for k in (0..points.len()).step_by(step) {
        positions.push(frame.to_scene(points.position(k)).to_array());
        normals.push([0.0, 1.0, 0.0]);
        let Rgb(r, g, b) = class_colour(points.class.get(k).copied().unwrap_or(0));
        colours.push(Color::srgb_u8(r, g, b).to_linear().to_f32_array());
    }
    let mesh = Mesh::new(PrimitiveTopology::PointList, RenderAssetUsages::RENDER_WORLD)
        .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, positions)
        .with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, normals)
        .with_inserted_attribute(Mesh::ATTRIBUTE_COLOR, colours);
    Ok(mesh)
}

/// Volumes of a CityJSON sequence, such as the storeys that rules let one add: violet, roofs lighter.
fn volumes(path: &Path, frame: LocalFrame) -> Result<Mesh> {
    let colours = [0xb7_9ad6, 0x8a_63b8].map(|hex| linear(Rgb::hex(hex)).to_array());
    let mut model = CityJsonSeq::open(path)?;
    let mut faces = Faces::new(frame);
    for place in model.places()? {
        add_objects(&model.feature_at(place)?, &mut faces, colours);
    }
    let mesh = faces.into_mesh(Mesh::ATTRIBUTE_COLOR, RenderAssetUsages::RENDER_WORLD);
    mesh.ok_or_else(|| unreadable(path))
}

/// Adds the best geometry of objects in the colours of roofs and of all else.
pub(super) fn add_objects(
    objects: &[CityObject],
    faces: &mut Faces<[f32; 4]>,
    [roof, wall]: [[f32; 4]; 2],
) {
    let geometries = objects.iter().filter_map(CityObject::best_geometry);
    for surface in geometries.flat_map(|geometry| &geometry.surfaces) {
        let is_roof = surface.semantic == Some(Semantic::Roof);
        faces.add(&surface.rings, if is_roof { roof } else { wall });
    }
}

fn class_colour(code: u8) -> Rgb {
    match code {
        lidar_hd::GROUND => Rgb(176, 146, 106),
        lidar_hd::LOW_VEGETATION => Rgb(170, 206, 110),
        lidar_hd::MEDIUM_VEGETATION => Rgb(96, 166, 86),
        lidar_hd::HIGH_VEGETATION => Rgb(36, 112, 66),
        lidar_hd::BUILDING | lidar_hd::OTHER_BUILT => Rgb(196, 92, 76),
        lidar_hd::WATER => Rgb(90, 150, 210),
        _ => Rgb(150, 150, 150),
    }
}

/// Where the origin of a model stands: its own world position in `asset.extras`, else the scene's.
fn origin_of(path: &Path, frame: LocalFrame) -> Vec3 {
    let origin = || {
        let json = twin_core::formats::gltf::read_asset_extras(path).ok()?;
        let origin = json.get("origin")?.as_array()?;
        let number = |k: usize| origin.get(k)?.as_f64();
        Some(frame.to_scene([number(0)?, number(1)?, number(2)?]))
    };
    origin().unwrap_or(Vec3::ZERO)
}
