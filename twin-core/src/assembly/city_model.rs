//! Models of buildings → `buildings.city.jsonl`, with the place of each in the file; after them the
//! decks of bridges.
//!
//! Every building has its block (LoD1.2); where the roof points allow it also flat parts (LoD1.3) and
//! roof planes (LoD2.2), each solid valid by ISO 19107, else the reason why not.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use serde_json::json;

use super::party_walls::PartyWalls;
use super::registration::moved;
use super::solid::volume;
use super::{
    BuildingLod1, Face, FaceKind, HeightSource, NoRoof, RoofDetail, RoofFit, RoofShape, Roofs,
    SCALE_M, prism,
};
use crate::Result;
use crate::formats::cityjson::{
    CityJsonSeqWriter, CityModelHeader, CityObject, CityObjectKind, Form, Semantic, Surface,
    SurfaceGeometry,
};
use crate::spatial::{Geometry, Polygon, VerticalDatum, facet::area_vector};
use crate::territory::{
    Building, BuildingModel, Features, FootprintOrigin, Label as _, Layer as _, LocalAttribute,
    RoofPlane, TerritoryFile,
};

/// Levels of detail: flat roof at a representative height; flat parts; roof planes.
const LOD_BLOCK: &str = "1.2";
const LOD_PARTS: &str = "1.3";
const LOD_PLANES: &str = "2.2";
/// Smaller faces of a roof are no planes of it, m².
const SMALLEST_FACE_M2: f64 = 0.5;
/// Flatter roofs face no way, degrees.
const FLAT_DEG: f64 = 1.0;
/// Buildings that are modelled together.
const AT_ONCE: usize = 512;

/// The models of a building, and why there are no better ones.
struct Models {
    /// Level of detail and faces of each solid.
    solids: Vec<(&'static str, Vec<Face>)>,
    /// The best level that all its polygons reach.
    best: &'static str,
    /// Of the best models: planes in all, the others of the worst polygon.
    fit: Option<RoofFit>,
    reason: Option<NoRoof>,
    volume_m3: f64,
}

/// What is written of the models beside the file.
pub(super) struct WrittenModels {
    pub(super) models: Vec<BuildingModel>,
    pub(super) roof_planes: Vec<RoofPlane>,
}

/// Writes the 3D models and returns their tables. `roofs` has the roofs over the polygons of each
/// building; `decks` come after them.
pub(super) fn write_buildings(
    features: &Features,
    blocks: &[BuildingLod1],
    roofs: &[Roofs],
    decks: &[CityObject],
    file: &TerritoryFile,
    datum: VerticalDatum,
    path: &Path,
) -> Result<WrittenModels> {
    let mut writer = CityJsonSeqWriter::create(path, &header(file, datum, features))?;
    let mut table = Vec::with_capacity(blocks.len());
    let mut roof_planes = Vec::new();
    let walls = PartyWalls::new(&features.buildings);
    let mut local: BTreeMap<&str, Vec<&LocalAttribute>> = BTreeMap::new();
    for attribute in &features.local_attributes {
        local
            .entry(attribute.feature_id.as_deref().unwrap_or_default())
            .or_default()
            .push(attribute);
    }
    let buildings: Vec<_> = features.buildings.iter().zip(blocks).zip(roofs).enumerate().collect();
    for some in buildings.chunks(AT_ONCE) {
        let made: Vec<Models> = some
            .par_iter()
            .map(|(_, ((building, block), roofs))| models(building, block, roofs))
            .collect();
        for ((number, ((building, block), _)), models) in some.iter().zip(made) {
            let party_wall_m = walls.of_building_m(*number, building);
            let row =
                BuildingModel { party_wall_m: Some(party_wall_m), ..row(building, block, &models) };
            roof_planes.extend(roof_planes_of(building, &models));
            let mut object = city_object(building, block, models, &row);
            for attribute in local.get(building.id.as_str()).into_iter().flatten() {
                let Some(name) = attribute.name.clone() else { continue };
                let value = attribute.number.map_or(json!(attribute.text), |n| json!(n));
                object.attributes.entry(name).or_insert(value);
            }
            let place = writer.add(&[object])?;
            table.push(BuildingModel {
                offset: u32::try_from(place.offset).ok(),
                length: u32::try_from(place.length).ok(),
                ..row
            });
        }
    }
    for deck in decks {
        writer.add(std::slice::from_ref(deck))?;
    }
    writer.finish()?;
    Ok(WrittenModels { models: table, roof_planes })
}

/// The roof planes of the best models of a building.
fn roof_planes_of(building: &Building, models: &Models) -> Vec<RoofPlane> {
    let best = models.solids.iter().filter(|(lod, _)| *lod == models.best && *lod != LOD_BLOCK);
    let faces = best.flat_map(|(_, faces)| faces).filter(|f| f.kind == FaceKind::Roof);
    let planes = faces.filter(|face| Lie::of(face).area_m2 >= SMALLEST_FACE_M2);
    planes
        .enumerate()
        .map(|(k, face)| {
            let closed = |ring: &Vec<[f64; 3]>| {
                ring.iter().chain(ring.first()).copied().collect::<Vec<[f64; 3]>>()
            };
            let mut rings = face.rings.iter().map(closed);
            let polygon =
                Polygon { exterior: rings.next().unwrap_or_default(), interiors: rings.collect() };
            let lie = Lie::of(face);
            RoofPlane {
                building_id: Some(building.id.clone()),
                slope_deg: Some(lie.slope_deg),
                azimuth_deg: lie.azimuth_deg,
                area_m2: Some((lie.area_m2 * 100.0).round() / 100.0),
                ..RoofPlane::bare(
                    format!("{}-{}", building.id, k + 1),
                    Geometry::Polygons(vec![polygon]),
                )
            }
        })
        .collect()
}

/// How a face lies in space.
struct Lie {
    slope_deg: f64,
    /// Clockwise from north; none for a flat face.
    azimuth_deg: Option<f64>,
    area_m2: f64,
}

impl Lie {
    fn of(face: &Face) -> Self {
        let tenth = |v: f64| (v * 10.0).round() / 10.0;
        let sum = face
            .rings
            .iter()
            .map(|r| area_vector(r))
            .reduce(|a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
        let [x, y, z] = sum.unwrap_or_default();
        let slope_deg = tenth(x.hypot(y).atan2(z.abs()).to_degrees());
        let azimuth_deg = (slope_deg >= FLAT_DEG)
            .then(|| tenth(x.atan2(y).to_degrees().rem_euclid(360.0)).rem_euclid(360.0));
        Self { slope_deg, azimuth_deg, area_m2: 0.5 * x.hypot(y).hypot(z) }
    }
}

/// The solids of a building, polygon by polygon: the block always, what the roof points give beside it.
fn models(
    building: &Building,
    block: &BuildingLod1,
    roofs: &[Result<RoofShape, NoRoof>],
) -> Models {
    let mut models =
        Models { solids: Vec::new(), best: LOD_PLANES, fit: None, reason: None, volume_m3: 0.0 };
    for (k, polygon) in building.footprint().iter().enumerate() {
        let polygon = &moved(polygon, block.shift_m);
        let Some(mut best) = prism(polygon, block.ground_m, block.roof_m) else { continue };
        let mut lod = LOD_BLOCK;
        models.solids.push((lod, best.clone()));
        // Without a roof measured above a known ground there is nothing to model.
        let roof = match roofs.get(k) {
            Some(roof) if block.height_source == HeightSource::Lidar => roof.as_ref(),
            Some(Err(reason)) => Err(reason),
            None if building.footprint_origin == Some(FootprintOrigin::LidarHd) => {
                Err(&NoRoof::DerivedFootprint)
            }
            _ => Err(&NoRoof::FewPoints),
        };
        match roof {
            Ok(shape) => {
                let mut reached = None;
                for (detail, name) in
                    [(RoofDetail::Parts, LOD_PARTS), (RoofDetail::Planes, LOD_PLANES)]
                {
                    match shape.solid(detail, block.ground_m) {
                        Ok(faces) => {
                            models.solids.push((name, faces.clone()));
                            (lod, best, reached) = (name, faces, Some(shape.fit(detail)));
                        }
                        Err(_) => models.reason = Some(NoRoof::Invalid),
                    }
                }
                models.fit = match (models.fit, reached) {
                    (Some(a), Some(b)) => Some(RoofFit {
                        planes: a.planes + b.planes,
                        rmse_m: a.rmse_m.max(b.rmse_m),
                        explained: a.explained.min(b.explained),
                    }),
                    (a, b) => a.or(b),
                };
            }
            Err(reason) => models.reason = Some(*reason),
        }
        models.volume_m3 += volume(&best);
        if lod < models.best {
            models.best = lod;
        }
    }
    if models.solids.is_empty() {
        (models.best, models.reason) = (LOD_BLOCK, Some(NoRoof::Footprint));
    }
    models
}

fn row(building: &Building, block: &BuildingLod1, models: &Models) -> BuildingModel {
    let mut geometry = building.geometry.clone();
    let [east, north] = block.shift_m;
    geometry.positions_mut().for_each(|p| *p = [p[0] + east, p[1] + north, block.roof_m]);
    let is_moved = block.shift_m != [0.0; 2];
    BuildingModel {
        id: building.id.clone(),
        geometry,
        lod: Some(models.best.to_owned()),
        fallback: models.reason.as_ref().map(kebab),
        ground_m: Some(block.ground_m),
        roof_m: Some(block.roof_m),
        height_m: Some(block.height_m),
        height_source: Some(kebab(&block.height_source)),
        ground_source: Some(kebab(&block.ground_source)),
        roof_points: u32::try_from(block.roof_points).ok(),
        roof_planes: models.fit.and_then(|f| u32::try_from(f.planes).ok()),
        roof_rmse_m: models.fit.map(|f| f.rmse_m),
        roof_explained: models.fit.map(|f| f.explained),
        volume_m3: Some(models.volume_m3),
        surface_volume_m3: block.surface_m3,
        party_wall_m: None,
        shift_east_m: is_moved.then_some(east),
        shift_north_m: is_moved.then_some(north),
        offset: None,
        length: None,
    }
}

fn header(file: &TerritoryFile, datum: VerticalDatum, features: &Features) -> CityModelHeader {
    let epsg = CityModelHeader::compound_epsg(file.crs, datum);
    // A whole-metre origin near the data keeps the stored integers small.
    let corner = features.extent().map_or((0.0, 0.0), |e| (e.min_x.floor(), e.min_y.floor()));
    let header = CityModelHeader::new(&file.name, epsg, [corner.0, corner.1, 0.0]);
    CityModelHeader { scale: SCALE_M, ..header }
}

/// The models of a building with what is known of it.
fn city_object(
    building: &Building,
    block: &BuildingLod1,
    models: Models,
    row: &BuildingModel,
) -> CityObject {
    let mut object = CityObject::new(&building.id, CityObjectKind::Building);
    let mut set = |name: &str, value: serde_json::Value| {
        if !value.is_null() {
            object.attributes.insert(name.to_owned(), value);
        }
    };
    set("measuredHeight", rounded(block.height_m));
    set("storeysAboveGround", json!(building.storeys));
    set("usage_1", json!(building.use_1.as_ref().map(|u| u.label())));
    set("nombre_de_logements", json!(building.dwellings));
    set("altitude_sol", rounded(block.ground_m));
    set("altitude_toit", rounded(block.roof_m));
    set("source_hauteur", json!(block.height_source));
    set("source_sol", json!(block.ground_source));
    set("points_toit", json!(block.roof_points));
    set("niveau_de_detail", json!(models.best));
    set("repli", json!(models.reason));
    set("pans_de_toit", json!(models.fit.map(|f| f.planes)));
    set("eqm_toit", rounded(models.fit.map_or(f64::NAN, |f| f.rmse_m)));
    set("part_expliquee", rounded(models.fit.map_or(f64::NAN, |f| f.explained)));
    set("volume", rounded(models.volume_m3));
    set("murs_mitoyens", row.party_wall_m.map_or(serde_json::Value::Null, rounded));
    set("construction_legere", json!(building.is_light));
    set("etat_de_l_objet", json!(building.state.as_ref().map(|s| s.label())));
    let rnb: Vec<String> = building.rnb_ids.iter().map(ToString::to_string).collect();
    if !rnb.is_empty() {
        set("identifiants_rnb", json!(rnb.join("/")));
    }
    for (lod, faces) in models.solids {
        object.geometries.push(SurfaceGeometry {
            lod: lod.to_owned(),
            form: Form::Solid,
            surfaces: faces.into_iter().map(surface).collect(),
        });
    }
    object
}

fn surface(face: Face) -> Surface {
    let semantic = match face.kind {
        FaceKind::Ground => Semantic::Ground,
        FaceKind::Roof => Semantic::Roof,
        FaceKind::Wall => Semantic::Wall,
    };
    let mut attributes = serde_json::Map::new();
    if face.kind == FaceKind::Roof {
        let lie = Lie::of(&face);
        attributes.insert("pente".to_owned(), rounded(lie.slope_deg));
        if let Some(azimuth) = lie.azimuth_deg {
            attributes.insert("azimut".to_owned(), rounded(azimuth));
        }
    }
    Surface { rings: face.rings, semantic: Some(semantic), attributes }
}

/// To the centimetre, as heights are known; `null` when not finite.
fn rounded(value: f64) -> serde_json::Value {
    if value.is_finite() { json!((value * 100.0).round() / 100.0) } else { serde_json::Value::Null }
}

/// The kebab-case name under which an enum is serialised.
fn kebab(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}
