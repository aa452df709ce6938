//! Buildings: one mesh per tile and level of detail, with the number of its building at every vertex.
//!
//! Near tiles show the best model of every building from the territory's CityJSON; far ones the
//! prism over its footprint. The number leads to a colour in a buffer, so that colouring buildings
//! touches no mesh, and from a picked triangle back to the building.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bevy::asset::RenderAssetUsages;
use bevy::camera::visibility::RenderLayers;
use bevy::prelude::*;
use bevy::render::storage::ShaderBuffer;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use twin_core::export::{Legend, Ramp, Rgb};
use twin_core::formats::Value;
use twin_core::formats::cityjson::{CityJsonSeq, CityObject, FeaturePlace, Semantic};
use twin_core::spatial::Polygon;
use twin_core::territory::{Layer, Territory};

use super::SceneRoot;
use super::faces::Faces;
use super::material::{Kind, SurfaceMaterial, linear};
use super::measures::Measures;
use super::missing::{GROUPS, Missing};
use crate::camera::MainCamera;
use crate::frame::LocalFrame;
use crate::labels::title_of;
use crate::notices::Notices;
use crate::opened::Opened;
use crate::results::Sides;
use crate::state::ViewState;

/// Side of a tile in metres.
const TILE_M: f64 = 400.0;
/// Tiles nearer than this show the best models.
const NEAR_M: f32 = 1600.0;
/// Tiles farther than this show nothing: a house is smaller than a pixel there.
const FAR_M: f32 = 12_000.0;
/// Tiles made at the same time.
const MOST_TASKS: usize = 4;
/// Triangles of all tiles shown, at most; beyond them near tiles become far ones.
const MOST_TRIANGLES: usize = 2_000_000;

/// The number of the building at every vertex stands in the second texture coordinate: exact up to
/// 2²⁴ buildings, and interpolated to itself within a triangle.
const NUMBER: bevy::mesh::MeshVertexAttribute = Mesh::ATTRIBUTE_UV_1;

/// A mesh of buildings.
#[derive(Debug, Component)]
pub(crate) struct BuildingMesh;

/// How finely a tile is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Detail {
    Far,
    Near,
}

/// A building as the tiles need it.
#[derive(Debug, Clone)]
struct Block {
    /// Number in the territory's list of models.
    number: u32,
    /// Outline.
    footprint: Vec<Polygon>,
    /// Altitudes of ground and roof.
    ground_m: f64,
    roof_m: f64,
    /// Its line in the CityJSON sequence.
    place: Option<FeaturePlace>,
}

/// The tiles of a territory.
#[derive(Resource)]
pub(crate) struct Buildings {
    tiles: BTreeMap<(i32, i32), Tile>,
    making: HashMap<((i32, i32), Detail), Task<twin_core::Result<Grouped>>>,
    /// Buildings that a picture does not show.
    missing: Arc<Missing>,
    frame: LocalFrame,
    folder: PathBuf,
    material: Option<Handle<SurfaceMaterial>>,
    /// Legend of the colours; none with the natural ones.
    pub(crate) legend: Option<Legend>,
    /// What the colours are of: an attribute and the runs.
    coloured: Option<(Option<String>, Vec<PathBuf>)>,
    /// Building that is marked.
    marked: Option<u32>,
    /// What can colour buildings.
    choices: Vec<String>,
    /// Triangles and tiles shown last.
    pub(crate) drawn: (usize, usize),
}

struct Tile {
    blocks: Arc<Vec<Block>>,
    centre: Vec3,
    meshes: BTreeMap<Detail, Ready>,
}

struct Ready {
    /// One for each group of buildings that have a face.
    entities: Vec<Entity>,
    triangles: usize,
}

/// The meshes of a tile by the pictures that show them, as [`GROUPS`] has them.
type Grouped = [Option<Mesh>; 3];

impl Buildings {
    /// Sorts the buildings into tiles.
    pub(crate) fn new(opened: &Opened) -> Self {
        let features = opened.territory.features();
        let mut sorted: BTreeMap<(i32, i32), Vec<Block>> = BTreeMap::new();
        for (number, model) in features.building_models.iter().enumerate() {
            let Some(extent) = model.geometry.extent() else { continue };
            let (x, y) = extent.centre();
            let ground = model.ground_m.or_else(|| opened.coarse_height(x, y).map(f64::from));
            let Some(ground_m) = ground else { continue };
            let roof_m = model.roof_m.unwrap_or(ground_m + model.height_m.unwrap_or(3.0));
            let place = model.offset.zip(model.length).map(|(offset, length)| FeaturePlace {
                offset: u64::from(offset),
                length: u64::from(length),
            });
            let tile = ((x / TILE_M).floor() as i32, (y / TILE_M).floor() as i32);
            sorted.entry(tile).or_default().push(Block {
                number: number as u32,
                footprint: model.geometry.polygons().to_vec(),
                ground_m,
                roof_m,
                place,
            });
        }
        let frame = opened.frame;
        let tiles = sorted.into_iter().map(|((column, row), blocks)| {
            let middle = |k: i32| (f64::from(k) + 0.5) * TILE_M;
            let ground = blocks.first().map_or(0.0, |b| b.ground_m);
            let centre = frame.to_scene([middle(column), middle(row), ground]);
            let blocks = Arc::new(blocks);
            ((column, row), Tile { blocks, centre, meshes: BTreeMap::new() })
        });
        Self {
            tiles: tiles.collect(),
            making: HashMap::new(),
            missing: Arc::default(),
            frame,
            folder: opened.territory.folder().to_path_buf(),
            material: None,
            legend: None,
            coloured: None,
            choices: Vec::new(),
            marked: None,
            drawn: (0, 0),
        }
    }

    /// What can colour buildings: attributes of the territory, then columns of the run's results.
    pub(crate) fn colour_choices(&self) -> &[String] {
        &self.choices
    }

    /// Whether tiles are being made.
    pub(crate) fn is_loading(&self) -> bool {
        !self.making.is_empty() || self.material.is_none()
    }

    /// Lets go of the tiles in which other buildings are missing than before.
    fn follow(&mut self, missing: &Arc<Missing>, commands: &mut Commands<'_, '_>) {
        if Arc::ptr_eq(&self.missing, missing) {
            return;
        }
        for (id, tile) in &mut self.tiles {
            let is_other = |b: &Block| self.missing.layer(b.number) != missing.layer(b.number);
            if tile.blocks.iter().any(is_other) {
                let ready = std::mem::take(&mut tile.meshes).into_values();
                ready.flat_map(|r| r.entities).for_each(|entity| commands.entity(entity).despawn());
                self.making.retain(|(of, _), _| of != id);
            }
        }
        self.missing = missing.clone();
    }

    /// Marks a building in the picture.
    pub(crate) fn mark(&mut self, number: Option<u32>, surfaces: &mut Assets<SurfaceMaterial>) {
        if self.marked == number {
            return;
        }
        self.marked = number;
        if let Some(mut material) = self.material.as_ref().and_then(|m| surfaces.get_mut(m)) {
            material.look.mark(number);
        }
    }

    /// The building of a triangle of a mesh.
    pub(crate) fn number_of(mesh: &Mesh, triangle: usize) -> Option<u32> {
        let vertex = mesh.indices()?.iter().nth(3 * triangle)?;
        match mesh.attribute(NUMBER)? {
            bevy::mesh::VertexAttributeValues::Float32x2(values) => {
                values.get(vertex).map(|v| v[0] as u32)
            }
            _ => None,
        }
    }
}

/// Shows the tiles near the eye, and makes those that are missing.
pub(super) fn stream(
    mut commands: Commands,
    state: Res<ViewState>,
    mut buildings: ResMut<Buildings>,
    sides: Res<Sides>,
    measures: Res<Measures>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut surfaces: ResMut<Assets<SurfaceMaterial>>,
    mut notices: ResMut<Notices>,
    root: Single<Entity, With<SceneRoot>>,
    cameras: Query<(&GlobalTransform, &Projection), With<MainCamera>>,
    mut visibilities: Query<&mut Visibility>,
) {
    let buildings = &mut *buildings;
    let shared = &sides.side(0).buffers;
    let material = buildings
        .material
        .get_or_insert_with(|| surfaces.add(SurfaceMaterial::new(Kind::Building, None, shared)))
        .clone();
    buildings.follow(measures.missing_buildings(), &mut commands);
    let mut made = Vec::new();
    buildings.making.retain(|key, task| match check_ready(task) {
        Some(result) => {
            made.push((*key, result));
            false
        }
        None => true,
    });
    for ((id, detail), result) in made {
        let made = result.unwrap_or_else(|error| {
            notices.error(&error, state.language);
            Grouped::default()
        });
        let mut ready = Ready { entities: Vec::new(), triangles: 0 };
        for (mesh, layer) in made.into_iter().zip(GROUPS) {
            let Some(mesh) = mesh else { continue };
            ready.triangles += mesh.indices().map_or(0, |i| i.len() / 3);
            let parts = (Mesh3d(meshes.add(mesh)), MeshMaterial3d(material.clone()));
            let shown = (RenderLayers::layer(layer), Visibility::Hidden);
            ready.entities.push(commands.spawn((parts, BuildingMesh, shown, ChildOf(*root))).id());
        }
        if let Some(tile) = buildings.tiles.get_mut(&id) {
            tile.meshes.insert(detail, ready);
        }
    }
    let Some((transform, projection)) = cameras.iter().next() else { return };
    let mut eye = transform.translation();
    eye.y /= state.exaggeration;
    if let Projection::Orthographic(o) = projection {
        // From above, what counts is how large the picture is on the ground.
        eye.y = o.area.height();
    }
    let mut order: Vec<(f32, (i32, i32))> =
        buildings.tiles.iter().map(|(id, tile)| (tile.centre.distance(eye), *id)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut drawn = (0, 0);
    for (distance, id) in order {
        let wanted = match distance {
            d if !state.buildings.shown || d > FAR_M => None,
            d if d < NEAR_M && drawn.0 < MOST_TRIANGLES => Some(Detail::Near),
            _ => Some(Detail::Far),
        };
        let Some(tile) = buildings.tiles.get_mut(&id) else { continue };
        if let Some(detail) = wanted
            && !tile.meshes.contains_key(&detail)
            && buildings.making.len() < MOST_TASKS
            && !buildings.making.contains_key(&(id, detail))
        {
            let (blocks, missing) = (tile.blocks.clone(), buildings.missing.clone());
            let frame = buildings.frame;
            let models = buildings.folder.join(Territory::BUILDINGS);
            let task = AsyncComputeTaskPool::get().spawn(async move {
                let mut grouped = Grouped::default();
                for (mesh, layer) in grouped.iter_mut().zip(GROUPS) {
                    let blocks = blocks.iter().filter(|b| missing.layer(b.number) == Some(layer));
                    *mesh = match detail {
                        Detail::Far => prisms(blocks, frame),
                        Detail::Near => models_of(blocks, &models, frame)?,
                    };
                }
                Ok(grouped)
            });
            buildings.making.insert((id, detail), task);
        }
        // What is ready stands in for what is wanted.
        let shown = wanted.and_then(|detail| {
            let other = if detail == Detail::Near { Detail::Far } else { Detail::Near };
            [detail, other].into_iter().find(|d| tile.meshes.contains_key(d))
        });
        for (detail, ready) in &tile.meshes {
            let is_shown = shown == Some(*detail);
            if is_shown {
                drawn = (drawn.0 + ready.triangles, drawn.1 + 1);
            }
            let now = if is_shown { Visibility::Inherited } else { Visibility::Hidden };
            for entity in &ready.entities {
                if let Ok(mut visibility) = visibilities.get_mut(*entity) {
                    visibility.set_if_neq(now);
                }
            }
        }
        // Far from the eye, the models give their memory back.
        if distance > 3.0 * NEAR_M
            && let Some(ready) = tile.meshes.remove(&Detail::Near)
        {
            ready.entities.into_iter().for_each(|entity| commands.entity(entity).despawn());
        }
    }
    buildings.drawn = drawn;
}

/// A mesh of buildings under construction: the number of the building, and whether it is its roof.
type NumberedFaces = Faces<[f32; 2]>;

fn numbered(block: &Block, is_roof: bool) -> [f32; 2] {
    [block.number as f32, f32::from(u8::from(is_roof))]
}

fn finished(faces: NumberedFaces) -> Option<Mesh> {
    faces.into_mesh(NUMBER, RenderAssetUsages::default())
}

/// Prisms over the footprints.
fn prisms<'a>(blocks: impl Iterator<Item = &'a Block>, frame: LocalFrame) -> Option<Mesh> {
    let mut faces = NumberedFaces::new(frame);
    for block in blocks {
        prism(block, &mut faces);
    }
    finished(faces)
}

fn prism(block: &Block, faces: &mut NumberedFaces) {
    let roof_m = block.roof_m.max(block.ground_m + 0.5);
    let [roof, wall] = [true, false].map(|is_roof| numbered(block, is_roof));
    faces.add_prism(&block.footprint, [block.ground_m, roof_m], roof, wall);
}

/// The best model of every building; a prism where there is none.
fn models_of<'a>(
    blocks: impl Iterator<Item = &'a Block>,
    path: &Path,
    frame: LocalFrame,
) -> twin_core::Result<Option<Mesh>> {
    let mut faces = NumberedFaces::new(frame);
    let mut blocks = blocks.peekable();
    if blocks.peek().is_none() {
        return Ok(None);
    }
    let mut models = CityJsonSeq::open(path)?;
    for block in blocks {
        let objects = match block.place {
            Some(place) => models.feature_at(place)?,
            None => Vec::new(),
        };
        let before = faces.triangles();
        for geometry in objects.iter().filter_map(CityObject::best_geometry) {
            for surface in &geometry.surfaces {
                if surface.semantic != Some(Semantic::Ground) {
                    let is_roof = surface.semantic == Some(Semantic::Roof);
                    faces.add(&surface.rings, numbered(block, is_roof));
                }
            }
        }
        if faces.triangles() == before {
            prism(block, &mut faces);
        }
    }
    Ok(finished(faces))
}

/// Colours the buildings when what colours them changes.
pub(super) fn colour(
    state: Res<ViewState>,
    opened: Res<Opened>,
    sides: Res<Sides>,
    mut buildings: ResMut<Buildings>,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    mut surfaces: ResMut<Assets<SurfaceMaterial>>,
    mut notices: ResMut<Notices>,
) {
    let now = (state.buildings.colour_by.clone(), state.runs.clone());
    if buildings.coloured.as_ref() == Some(&now) {
        return;
    }
    buildings.choices = choices(&opened);
    let count = opened.territory.features().building_models.len().max(1);
    let mut colours = vec![Vec4::ZERO; count];
    buildings.legend = None;
    if let Some(by) = &now.0 {
        match values_by(&opened, by) {
            Ok(values) => {
                let (legend, found) = coloured(by, &values);
                for (slot, value) in colours.iter_mut().zip(&found) {
                    if let Some((colour, _)) = legend.colour(*value) {
                        *slot = linear(colour);
                    }
                }
                buildings.legend = Some(legend);
            }
            Err(error) => notices.error(&error, state.language),
        }
    }
    if let Some(mut buffer) = buffers.get_mut(&sides.side(0).buffers.palette) {
        buffer.set_data(colours);
    }
    // The buffer may have another size and then another place.
    if let Some(material) = &buildings.material {
        let _ = surfaces.get_mut(material);
    }
    buildings.coloured = Some(now);
}

/// What can colour buildings.
fn choices(opened: &Opened) -> Vec<String> {
    let own = ["hauteur_modele", "usage_1", "nature", "lod", "source_hauteur"];
    let mut names: Vec<String> = own.map(str::to_owned).to_vec();
    if let Some(run) = opened.run_a() {
        let tables = run.run.assets().unwrap_or_default();
        for table in tables.iter().filter(|t| t.name == "batiment") {
            names.extend(table.fields.iter().map(|f| f.name.clone()).filter(|n| n != "cleabs"));
        }
    }
    names
}

/// A value per building model, in their order.
fn values_by(opened: &Opened, by: &str) -> twin_core::Result<Vec<Value>> {
    let features = opened.territory.features();
    let models = &features.building_models;
    if let Some(column) = column_of::<twin_core::territory::BuildingModel>(by) {
        return Ok(models.iter().map(|m| cell(m, column)).collect());
    }
    let mut by_id: HashMap<&str, Value> = HashMap::new();
    let tables;
    if let Some(column) = column_of::<twin_core::territory::Building>(by) {
        by_id.extend(features.buildings.iter().map(|b| (b.id(), cell(b, column))));
    } else if let Some(run) = opened.run_a() {
        tables = run.run.assets()?;
        for table in tables.iter().filter(|t| t.name == "batiment") {
            let Some((id, value)) = table.column("cleabs").zip(table.column(by)) else { continue };
            for feature in &table.features {
                if let (Some(id), Some(value)) =
                    (feature.values.get(id).and_then(Value::as_text), feature.values.get(value))
                {
                    by_id.insert(id, value.clone());
                }
            }
        }
    }
    Ok(models.iter().map(|m| by_id.get(m.id()).cloned().unwrap_or(Value::Null)).collect())
}

fn column_of<L: Layer>(name: &str) -> Option<usize> {
    L::COLUMNS.iter().position(|c| c.name == name)
}

fn cell<L: Layer>(feature: &L, column: usize) -> Value {
    feature.to_values().get(column).cloned().unwrap_or(Value::Null)
}

/// A legend for values and the number that each has in it; texts become classes.
fn coloured(by: &str, values: &[Value]) -> (Legend, Vec<f32>) {
    let title = title_of(by);
    let numbers: Vec<Option<f64>> = values.iter().map(Value::as_real).collect();
    if numbers.iter().any(Option::is_some) {
        let known = || numbers.iter().flatten().copied().filter(|v| v.is_finite());
        let low = known().fold(f64::INFINITY, f64::min);
        let high = known().fold(f64::NEG_INFINITY, f64::max);
        let found = numbers.iter().map(|v| v.map_or(f32::NAN, |v| v as f32)).collect();
        if by.starts_with("water_depth") {
            return (Legend::water_depth(title), found);
        }
        let high = if high > low { high } else { low + 1.0 };
        return (Legend::continuous(title, "", low as f32, high as f32, Ramp::Viridis), found);
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for text in values.iter().filter_map(Value::as_text) {
        *counts.entry(text).or_default() += 1;
    }
    // The most frequent texts have colours of their own.
    let mut texts: Vec<(&str, usize)> = counts.into_iter().collect();
    texts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    texts.truncate(CLASSES.len());
    let classes = texts.iter().zip(CLASSES).enumerate().map(|(i, ((text, _), colour))| {
        let below = if i + 1 == texts.len() { f32::INFINITY } else { i as f32 + 0.5 };
        twin_core::export::legend::Class::new(below, Rgb::hex(colour), None, text, text)
    });
    let legend = Legend::Classed { title, unit: String::new(), classes: classes.collect() };
    let number = |value: &Value| {
        let text = value.as_text()?;
        texts.iter().position(|(t, _)| *t == text).map(|i| i as f32)
    };
    (legend, values.iter().map(|v| number(v).unwrap_or(f32::NAN)).collect())
}

/// Colours of classes told apart with any colour vision: Okabe & Ito 2008, *Color Universal Design*,
/// <https://jfly.uni-koeln.de/color/>, black and white left out.
const CLASSES: [u32; 7] = [0x56b4e9, 0xe69f00, 0x009e73, 0xcc79a7, 0xf0e442, 0xd55e00, 0x0072b2];

#[cfg(test)]
mod tests {
    use super::*;
    use twin_core::spatial::Extent;

    fn block(number: u32) -> Block {
        Block {
            number,
            footprint: vec![Polygon::from_corners(&[
                (0.0, 0.0),
                (10.0, 0.0),
                (10.0, 6.0),
                (0.0, 6.0),
            ])],
            ground_m: 20.0,
            roof_m: 28.0,
            place: None,
        }
    }

    fn frame() -> LocalFrame {
        LocalFrame::new(&Extent { min_x: 0.0, min_y: 0.0, max_x: 10.0, max_y: 6.0 }, 20.0)
    }

    #[test]
    fn a_triangle_leads_to_its_building() {
        let mesh = prisms([block(3), block(70_001)].iter(), frame()).unwrap();
        assert_eq!(Buildings::number_of(&mesh, 0), Some(3));
        assert_eq!(Buildings::number_of(&mesh, 10), Some(70_001));
        assert_eq!(Buildings::number_of(&mesh, 999), None);
    }

    #[test]
    fn texts_are_classes_and_numbers_a_ramp() {
        let text = |t: &str| Value::Text(t.to_owned());
        let (legend, found) = coloured("usage_1", &[text("a"), text("b"), Value::Null, text("b")]);
        assert_eq!(found[..2], [1.0, 0.0]);
        assert!(found[2].is_nan());
        assert!(matches!(legend, Legend::Classed { classes, .. } if classes.len() == 2));
        let (legend, found) = coloured("hauteur", &[Value::Real(3.0), Value::Null]);
        assert_eq!(found[0], 3.0);
        assert!(matches!(legend, Legend::Continuous { min, .. } if min == 3.0));
    }
}
