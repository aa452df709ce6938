//! What the measures of the runs shown build: new buildings, added storeys, dykes and walls, planted trees;
//! where they change the ground or what covers it; and what they take away: demolished buildings, felled trees.
//!
//! The measures are those of the scenario that a run belongs to, where it still has them as the run had
//! them; what they change is made anew in the background. Those of run A stand in the left or only
//! picture, those of run B in the right one.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use bevy::asset::RenderAssetUsages;
use bevy::camera::visibility::RenderLayers;
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use twin_core::Result;
use twin_core::export::legend::Class;
use twin_core::export::{Legend, Rgb};
use twin_core::formats::FeatureTable;
use twin_core::language::Text;
use twin_core::scenario::{MeasureContext, Scenario};
use twin_core::simulation::Registry;
use twin_core::simulation::driver::{path_keys_of, without_folders};
use twin_core::spatial::{Geometry, Grid, Polygon, Position};
use twin_core::territory::{
    Building, BuildingModel, Edit, Features, Layer, RasterOperation, Territory, Tree,
};

use super::faces::Faces;
use super::material::{Kind, SurfaceMaterial, linear};
use super::missing::Missing;
use super::trees::{Stem, grove};
use super::{LEFT, RIGHT, SceneRoot};
use crate::app::Plugins;
use crate::drafts::scenario_file;
use crate::frame::LocalFrame;
use crate::notices::Notices;
use crate::opened::{OpenRun, Opened, height_on};
use crate::results::Sides;
use crate::state::ViewState;

/// What is built stands out, told apart with any colour vision (Okabe & Ito 2008, orange); walls darker.
const BUILT: [Rgb; 2] = [Rgb::hex(0xe6_9f00), Rgb::hex(0xc0_8200)];
/// Outlines of ground that is dug, filled, sealed, opened or planted (reddish purple of the same).
const CHANGED: Rgb = Rgb::hex(0xcc_79a7);
/// Height of an outline above the ground and half its width, m.
const OUTLINE_M: [f64; 2] = [0.4, 0.7];
/// Triangles of outlines, at most.
const MOST_OUTLINED: usize = 400_000;
/// Lower than this, nothing is seen of it, m.
const LOWEST_M: f64 = 0.3;
/// Half the width of the crest of a levee, and of a wall; run over rise of the slopes of a levee.
const CREST_M: f64 = 1.5;
const WALL_M: f64 = 0.2;
const SLOPE: f64 = 2.0;
/// Distance between the sections of a levee, which follow the ground, m.
const SECTION_M: f64 = 5.0;

/// What the measures of runs A and B build and take away.
#[derive(Default, Resource)]
pub(crate) struct Measures {
    sides: [Side; 2],
    missing_buildings: Arc<Missing>,
    missing_trees: Arc<Missing>,
}

#[derive(Default)]
struct Side {
    /// Folder of the run.
    run: Option<PathBuf>,
    making: Option<Task<Result<Made>>>,
    /// Parent of what is built.
    stand: Option<Entity>,
    /// Whether it has something built and outlines; trees look as all trees do.
    marks: [bool; 2],
    lost: Lost,
}

/// Identifiers of the features that measures take away.
#[derive(Default)]
struct Lost {
    buildings: HashSet<String>,
    trees: HashSet<String>,
}

/// What the measures of a run build.
struct Made {
    built: Option<Mesh>,
    outlines: Option<Mesh>,
    trees: Option<Mesh>,
    lost: Lost,
    /// Names of measures that are not those of the run any more.
    changed: Vec<String>,
    /// Whether there is more changed ground than is outlined.
    is_cut: bool,
}

impl Measures {
    /// Whether any is being made.
    pub(crate) fn is_loading(&self) -> bool {
        self.sides.iter().any(|side| side.making.is_some())
    }

    /// Buildings that a picture does not show.
    pub(super) fn missing_buildings(&self) -> &Arc<Missing> {
        &self.missing_buildings
    }

    /// Trees that a picture does not show.
    pub(super) fn missing_trees(&self) -> &Arc<Missing> {
        &self.missing_trees
    }

    /// Numbers what the sides have lost.
    fn number_lost(&mut self, features: &Features) {
        let buildings = features.building_models.iter().map(|model| &model.id[..]);
        let trees = features.trees.iter().map(|tree| &tree.id[..]);
        let sides = &self.sides;
        let is_lost = |side: usize, id: &str| sides[side].lost.buildings.contains(id);
        let missing_buildings = Missing::of(buildings, is_lost);
        let is_lost = |side: usize, id: &str| sides[side].lost.trees.contains(id);
        let missing_trees = Missing::of(trees, is_lost);
        self.missing_buildings = Arc::new(missing_buildings);
        self.missing_trees = Arc::new(missing_trees);
    }

    /// The legend of what is built and changed; none where nothing is.
    pub(crate) fn legend(&self) -> Option<Legend> {
        let title = Text::new("Mesures du scénario", "Measures of the scenario");
        let named = [
            (BUILT[0], "bâtiment, étages, digue, mur", "building, storeys, dyke, wall"),
            (CHANGED, "emprise au sol d'une mesure", "ground that a measure changes"),
        ];
        let is_there = |k: &usize| self.sides.iter().any(|side| side.marks[*k]);
        let class = |(below, k): (f32, usize)| {
            let (colour, fr, en) = named[k];
            Class::new(below, colour, None, fr, en)
        };
        let shown: Vec<usize> = (0..named.len()).filter(is_there).collect();
        let bounds = (1..shown.len()).map(|k| k as f32).chain([f32::INFINITY]);
        let is_any = !shown.is_empty();
        let classes = bounds.zip(shown).map(class).collect();
        is_any.then(|| Legend::Classed { title, unit: String::new(), classes })
    }
}

/// Shows what the measures of the runs build, and lets go of that of runs no longer shown.
pub(super) fn show(
    mut commands: Commands,
    state: Res<ViewState>,
    opened: Res<Opened>,
    plugins: Res<Plugins>,
    sides: Res<Sides>,
    mut measures: ResMut<Measures>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut surfaces: ResMut<Assets<SurfaceMaterial>>,
    mut notices: ResMut<Notices>,
    root: Single<Entity, With<SceneRoot>>,
) {
    let measures = &mut *measures;
    let mut is_other = false;
    for (index, layer) in [LEFT, RIGHT].into_iter().enumerate() {
        let side = &mut measures.sides[index];
        let is_shown = state.measures && (index == 0 || state.compare.mode.is_two());
        let run = opened.runs.get(index).filter(|_| is_shown);
        let folder = run.map(|run| run.run.folder.clone());
        if side.run != folder {
            if let Some(stand) = side.stand {
                commands.entity(stand).despawn();
            }
            let changing = run.filter(|run| !run.run.manifest.measures.is_empty());
            let making = changing.map(|run| making(run.clone(), &opened, &plugins));
            is_other |= !side.lost.is_empty();
            *side = Side { run: folder, making, ..Side::default() };
        }
        let Some(made) = side.making.as_mut().and_then(check_ready) else { continue };
        side.making = None;
        let made = match made {
            Ok(made) => made,
            Err(error) => {
                notices.error(&error, state.language);
                continue;
            }
        };
        for name in made.changed {
            let said = Text::new(
                format!(
                    "La mesure « {name} » n'est plus celle du calcul : elle n'est pas montrée."
                ),
                format!("The measure \"{name}\" is not that of the run any more: it is not shown."),
            );
            notices.problem(said.get(state.language));
        }
        if made.is_cut {
            notices.problem(state.language.pick(
                "Les emprises au sol des mesures sont trop nombreuses : toutes ne sont pas montrées.",
                "Measures change the ground in too many places: not all of them are outlined.",
            ));
        }
        side.marks = [made.built.is_some(), made.outlines.is_some()];
        is_other |= !made.lost.is_empty();
        side.lost = made.lost;
        let made: Vec<Mesh> =
            [made.built, made.outlines, made.trees].into_iter().flatten().collect();
        if !made.is_empty() {
            let shared = &sides.side(0).buffers;
            let material = surfaces.add(SurfaceMaterial::new(Kind::Vertices, None, shared));
            let here = (Transform::default(), Visibility::default(), ChildOf(*root));
            let stand = commands.spawn(here).id();
            for mesh in made {
                let parts = (Mesh3d(meshes.add(mesh)), MeshMaterial3d(material.clone()));
                commands.spawn((parts, RenderLayers::layer(layer), ChildOf(stand)));
            }
            side.stand = Some(stand);
        }
    }
    if is_other {
        measures.number_lost(opened.territory.features());
    }
}

impl Lost {
    fn of(edits: &[Edit]) -> Self {
        let mut lost = Self::default();
        for edit in edits {
            let Edit::RemoveFeature { layer, id } = edit else { continue };
            match &layer[..] {
                Building::NAME => lost.buildings.insert(id.clone()),
                Tree::NAME => lost.trees.insert(id.clone()),
                _ => false,
            };
        }
        lost
    }

    fn is_empty(&self) -> bool {
        self.buildings.is_empty() && self.trees.is_empty()
    }
}

/// Begins to make what the measures of a run build.
fn making(run: Arc<OpenRun>, opened: &Opened, plugins: &Plugins) -> Task<Result<Made>> {
    let (territory, registry) = (opened.territory.clone(), plugins.0.clone());
    let mut site = Site::new(opened.frame, opened.coarse_terrain.clone());
    AsyncComputeTaskPool::get().spawn(async move {
        let (edits, changed) = edits(&run, &territory, &registry)?;
        site.build(&edits, territory.features());
        let is_cut = site.outlines.triangles() >= MOST_OUTLINED;
        let [built, outlines, trees] = site.meshes();
        Ok(Made { built, outlines, trees, lost: Lost::of(&edits), changed, is_cut })
    })
}

/// What the measures of a run change, and the names of those that its scenario has no more as they were.
fn edits(
    run: &OpenRun,
    territory: &Territory,
    registry: &Registry,
) -> Result<(Vec<Edit>, Vec<String>)> {
    let file = scenario_file(run)?;
    let scenario = Scenario::load(&file, &[], |id| path_keys_of(registry, id))?;
    let (mut edits, mut changed) = (Vec::new(), Vec::new());
    for (name, recorded) in &run.run.manifest.measures {
        let entry = scenario.measures.get(name);
        match entry.filter(|entry| without_folders(&serde_json::json!(entry)) == *recorded) {
            Some(entry) => {
                let parameters = serde_json::Value::Object(entry.parameters.clone());
                let context = MeasureContext { name, territory };
                edits.extend(registry.measure(&entry.kind)?.edits(&parameters, &context)?);
            }
            None => changed.push(name.clone()),
        }
    }
    Ok((edits, changed))
}

/// Where measures are built.
struct Site {
    frame: LocalFrame,
    terrain: Arc<Grid<f32>>,
    faces: Faces<[f32; 4]>,
    outlines: Faces<[f32; 4]>,
    stems: Vec<Stem>,
}

impl Site {
    fn new(frame: LocalFrame, terrain: Arc<Grid<f32>>) -> Self {
        let [faces, outlines] = [(); 2].map(|()| Faces::new(frame));
        Self { frame, terrain, faces, outlines, stems: Vec::new() }
    }

    fn ground(&self, [x, y]: [f64; 2]) -> Option<f64> {
        height_on(&self.terrain, x, y).map(f64::from)
    }

    /// The lowest ground at the corners of an area.
    fn foot(&self, area: &Geometry) -> Option<f64> {
        area.positions().filter_map(|p| self.ground([p[0], p[1]])).reduce(f64::min)
    }

    fn build(&mut self, edits: &[Edit], features: &Features) {
        let is_raising =
            |edit: &Edit| matches!(edit, Edit::Raster { operation: RasterOperation::Add(_), .. });
        let roofs = if edits.iter().any(is_raising) { roofs(features) } else { HashMap::new() };
        for edit in edits {
            match edit {
                Edit::Raster { band, area, operation } if band == "dsm" => {
                    let model = extent_key(area).and_then(|key| roofs.get(&key));
                    let block = match operation {
                        RasterOperation::Set(top) => {
                            self.foot(area).map(|foot| (area.polygons(), [foot, f64::from(*top)]))
                        }
                        RasterOperation::Add(by) => model.and_then(|model| {
                            let roof = model.roof_m?;
                            Some((model.geometry.polygons(), [roof, roof + f64::from(*by)]))
                        }),
                        RasterOperation::AtLeast(_) | RasterOperation::AtMost(_) => None,
                    };
                    if let Some((footprint, heights_m)) = block
                        && heights_m[1] - heights_m[0] > LOWEST_M
                    {
                        let [roof, wall] = colours();
                        self.faces.add_prism(footprint, heights_m, roof, wall);
                    }
                }
                Edit::Raised { triangles, .. } => {
                    let [roof, _] = colours();
                    triangles.iter().for_each(|t| self.faces.add(&[t.to_vec()], roof));
                }
                // What water flows under or through is no wall.
                Edit::Structure(structure) if structure.openings.is_empty() => {
                    let half_m = if structure.is_levee { CREST_M } else { WALL_M };
                    let slope = if structure.is_levee { SLOPE } else { 0.0 };
                    for line in &structure.crest {
                        self.embank(line, half_m, slope);
                    }
                }
                Edit::AddFeatures(table) if table.name == Tree::NAME => self.plant(table),
                _ => {}
            }
        }
        // Several changes of one measure have one area.
        let areas = edits.iter().filter_map(|edit| changed_ground(edit, features));
        let mut told = HashSet::new();
        for area in areas.filter(|area| extent_key(area).is_some_and(|key| told.insert(key))) {
            for ring in area.polygons().iter().flat_map(Polygon::rings) {
                if self.outlines.triangles() < MOST_OUTLINED {
                    self.outline(ring);
                }
            }
        }
    }

    /// A low kerb along a line on the ground.
    fn outline(&mut self, line: &[Position]) {
        let [height_m, half_m] = OUTLINE_M;
        let sections = self.sections(line, half_m, 0.0, |_, ground| ground + height_m);
        let colour = linear(CHANGED).to_array();
        add_bank(&mut self.outlines, &sections, [colour; 2]);
    }

    /// A bank or wall under a line of crest levels.
    fn embank(&mut self, crest: &[Position], half_m: f64, slope: f64) {
        let sections = self.sections(crest, half_m, slope, |crest, _| crest);
        add_bank(&mut self.faces, &sections, colours());
    }

    /// A section every few metres of a line, from the foot on the right over the top to the foot on the left;
    /// the top by the level of the line and the ground.
    fn sections(
        &self,
        line: &[Position],
        half_m: f64,
        slope: f64,
        top: impl Fn(f64, f64) -> f64,
    ) -> Vec<[[f64; 3]; 4]> {
        let mut sections: Vec<[[f64; 3]; 4]> = Vec::new();
        for pair in line.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let length = (to[0] - from[0]).hypot(to[1] - from[1]);
            if length == 0.0 {
                continue;
            }
            let left = [(from[1] - to[1]) / length, (to[0] - from[0]) / length];
            let count = (length / SECTION_M).ceil() as usize;
            for k in 0..=count {
                let share = k as f64 / count as f64;
                let [x, y, level] = [0, 1, 2].map(|i| from[i] + share * (to[i] - from[i]));
                let Some(ground) = self.ground([x, y]) else { continue };
                let height = (top(level, ground) - ground).max(0.0);
                let at = |aside: f64, z: f64| [x + aside * left[0], y + aside * left[1], z];
                let foot_m = half_m + slope * height;
                // The feet reach into the ground, which is not level across the bank.
                let foot_z = ground - 0.5;
                sections.push([
                    at(-foot_m, foot_z),
                    at(-half_m, ground + height),
                    at(half_m, ground + height),
                    at(foot_m, foot_z),
                ]);
            }
        }
        sections
    }

    fn plant(&mut self, trees: &FeatureTable) {
        let columns =
            ["hauteur", "diametre_houppier", "hauteur_base_houppier"].map(|c| trees.column(c));
        for tree in &trees.features {
            let [height, crown, base] =
                columns.map(|c| tree.values.get(c?).and_then(|value| value.as_real()));
            for p in tree.geometry.iter().flat_map(Geometry::positions) {
                if let Some(ground) = self.ground([p[0], p[1]]) {
                    let foot = self.frame.to_scene([p[0], p[1], ground]);
                    self.stems.push(Stem::new(foot, height, crown, base));
                }
            }
        }
    }

    /// What is built, the outlines and the trees.
    fn meshes(self) -> [Option<Mesh>; 3] {
        let trees = (!self.stems.is_empty()).then(|| grove(&self.stems));
        let usages = RenderAssetUsages::RENDER_WORLD;
        let [faces, outlines] =
            [self.faces, self.outlines].map(|f| f.into_mesh(Mesh::ATTRIBUTE_COLOR, usages));
        [faces, outlines, trees]
    }
}

/// The top and sides between sections.
fn add_bank(faces: &mut Faces<[f32; 4]>, sections: &[[[f64; 3]; 4]], [top, side]: [[f32; 4]; 2]) {
    for (a, b) in sections.iter().zip(sections.iter().skip(1)) {
        for k in 0..3 {
            let colour = if k == 1 { top } else { side };
            faces.add(&[vec![a[k], b[k], b[k + 1]]], colour);
            faces.add(&[vec![a[k], b[k + 1], a[k + 1]]], colour);
        }
    }
}

/// Ground that an edit changes without building on it.
fn changed_ground(edit: &Edit, features: &Features) -> Option<Geometry> {
    match edit {
        Edit::Raster { band, area, .. } if matches!(&band[..], "dtm" | "land_cover") => {
            Some(area.clone())
        }
        Edit::GreenRoof(roof) => Some(Geometry::Polygons(roof.area.clone())),
        Edit::ShadeSail(sail) => Some(Geometry::Polygons(sail.area.clone())),
        Edit::RemoveFeature { layer, id } if layer == Building::NAME => {
            features.buildings.iter().find(|b| b.id == *id).map(|b| b.geometry.clone())
        }
        _ => None,
    }
}

fn colours() -> [[f32; 4]; 2] {
    BUILT.map(|rgb| linear(rgb).to_array())
}

/// The models of buildings by the extent of the building's own outline: a model may have been moved onto
/// its points, and heights of outlines may be no numbers, which equal nothing.
fn roofs(features: &Features) -> HashMap<[u64; 4], &BuildingModel> {
    let models: HashMap<&str, &BuildingModel> =
        features.building_models.iter().map(|model| (&model.id[..], model)).collect();
    let known = features.buildings.iter();
    known.filter_map(|b| Some((extent_key(&b.geometry)?, *models.get(&b.id[..])?))).collect()
}

fn extent_key(area: &Geometry) -> Option<[u64; 4]> {
    let extent = area.extent()?;
    Some([extent.min_x, extent.min_y, extent.max_x, extent.max_y].map(f64::to_bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::mesh::VertexAttributeValues;
    use twin_core::spatial::{Extent, GridSpec};
    use twin_core::territory::LineStructure;

    fn site() -> Site {
        let spec = GridSpec { west: 0.0, north: 100.0, cell_size: 1.0, columns: 100, rows: 100 };
        let extent = Extent { min_x: 0.0, min_y: 0.0, max_x: 100.0, max_y: 100.0 };
        let terrain = Grid { spec, values: vec![20.0; 10_000] };
        Site::new(LocalFrame::new(&extent, 20.0), Arc::new(terrain))
    }

    /// Lowest and highest place of a mesh above the ground.
    fn heights(mesh: &Mesh) -> [f32; 2] {
        let positions = mesh.attribute(Mesh::ATTRIBUTE_POSITION).unwrap();
        let VertexAttributeValues::Float32x3(positions) = positions else { panic!() };
        let heights = || positions.iter().map(|p| p[1]);
        [heights().fold(f32::INFINITY, f32::min), heights().fold(f32::NEG_INFINITY, f32::max)]
    }

    #[test]
    fn a_building_stands_from_the_ground_to_its_roof_and_a_lawn_builds_nothing() {
        let corners = [(10.0, 10.0), (20.0, 10.0), (20.0, 16.0), (10.0, 16.0)];
        let area = Geometry::Polygons(vec![Polygon::from_corners(&corners)]);
        let raster = |band: &str, operation| Edit::Raster {
            band: band.to_owned(),
            area: area.clone(),
            operation,
        };
        let mut site = site();
        site.build(&[raster("land_cover", RasterOperation::Set(3.0))], &Features::default());
        assert_eq!(site.faces.triangles(), 0);
        site.build(&[raster("dsm", RasterOperation::Set(29.0))], &Features::default());
        let [built, outlines, trees] = site.meshes();
        assert_eq!(heights(&built.unwrap()), [0.0, 9.0]);
        // The lawn has an outline on the ground, the building of its own none.
        assert_eq!(heights(&outlines.unwrap()), [-0.5, OUTLINE_M[0] as f32]);
        assert!(trees.is_none());
    }

    #[test]
    fn a_levee_has_its_crest_where_it_is() {
        let crest = vec![[10.0, 50.0, 22.0], [60.0, 50.0, 23.0]];
        let levee = LineStructure::levee("digue", Text::from("Digue"), vec![crest]);
        let mut site = site();
        site.build(&[Edit::Structure(levee)], &Features::default());
        // Ten pieces of a crest and two slopes.
        assert_eq!(site.faces.triangles(), 10 * 3 * 2);
        let [built, outlines, _] = site.meshes();
        assert_eq!(heights(&built.unwrap()), [-0.5, 3.0]);
        assert!(outlines.is_none());
    }

    #[test]
    fn added_storeys_stand_on_the_roof() {
        use twin_core::territory::Building;
        let corners = [(10.0, 10.0), (20.0, 10.0), (20.0, 16.0), (10.0, 16.0)];
        let area = Geometry::Polygons(vec![Polygon::from_corners(&corners)]);
        let mut features = Features::default();
        features.buildings.push(Building::bare("B", area.clone()));
        let mut model = BuildingModel::bare("B", area.clone());
        model.roof_m = Some(26.0);
        features.building_models.push(model);
        let operation = RasterOperation::Add(3.0);
        let mut site = site();
        site.build(&[Edit::Raster { band: "dsm".to_owned(), area, operation }], &features);
        let [built, ..] = site.meshes();
        assert_eq!(heights(&built.unwrap()), [6.0, 9.0]);
    }
}
