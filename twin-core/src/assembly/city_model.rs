//! Models of buildings → `buildings.city.jsonl`, with the place of each in the file.
//!
//! Every building has its block (LoD1.2); where the roof points allow it also flat parts (LoD1.3) and
//! roof planes (LoD2.2), each solid valid by ISO 19107, else the reason why not.

use std::path::Path;

use rayon::prelude::*;

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
use crate::spatial::VerticalDatum;
use crate::territory::{Building, BuildingModel, Features, Label as _, TerritoryFile};

/// Levels of detail: flat roof at a representative height; flat parts; roof planes.
const LOD_BLOCK: &str = "1.2";
const LOD_PARTS: &str = "1.3";
const LOD_PLANES: &str = "2.2";
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

/// Writes the 3D models and returns their table. `roofs` has the roofs over the polygons of each building.
pub(super) fn write_buildings(
    features: &Features,
    blocks: &[BuildingLod1],
    roofs: &[Roofs],
    file: &TerritoryFile,
    datum: VerticalDatum,
    path: &Path,
) -> Result<Vec<BuildingModel>> {
    let mut writer = CityJsonSeqWriter::create(path, &header(file, datum, features))?;
    let mut table = Vec::with_capacity(blocks.len());
    let buildings: Vec<_> = features.buildings.iter().zip(blocks).zip(roofs).collect();
    for some in buildings.chunks(AT_ONCE) {
        let made: Vec<Models> = some
            .par_iter()
            .map(|((building, block), roofs)| models(building, block, roofs))
            .collect();
        for (((building, block), _), models) in some.iter().zip(made) {
            let row = row(building, block, &models);
            let place = writer.add(&[city_object(building, block, models)])?;
            table.push(BuildingModel {
                offset: u32::try_from(place.offset).ok(),
                length: u32::try_from(place.length).ok(),
                ..row
            });
        }
    }
    writer.finish()?;
    Ok(table)
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
        let Some(mut best) = prism(polygon, block.ground_m, block.roof_m) else { continue };
        let mut lod = LOD_BLOCK;
        models.solids.push((lod, best.clone()));
        // Without a roof measured above a known ground there is nothing to model.
        let roof = match roofs.get(k) {
            Some(roof) if block.height_source == HeightSource::Lidar => roof.as_ref(),
            Some(Err(reason)) => Err(reason),
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
    geometry.positions_mut().for_each(|p| p[2] = block.roof_m);
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
fn city_object(building: &Building, block: &BuildingLod1, models: Models) -> CityObject {
    let mut object = CityObject::new(&building.id, CityObjectKind::Building);
    let mut set = |name: &str, value: serde_json::Value| {
        if !value.is_null() {
            object.attributes.insert(name.to_owned(), value);
        }
    };
    set("measuredHeight", rounded(block.height_m));
    set("storeysAboveGround", serde_json::json!(building.storeys));
    set("usage_1", serde_json::json!(building.use_1.as_ref().map(|u| u.label())));
    set("nombre_de_logements", serde_json::json!(building.dwellings));
    set("altitude_sol", rounded(block.ground_m));
    set("altitude_toit", rounded(block.roof_m));
    set("source_hauteur", serde_json::json!(block.height_source));
    set("source_sol", serde_json::json!(block.ground_source));
    set("points_toit", serde_json::json!(block.roof_points));
    set("niveau_de_detail", serde_json::json!(models.best));
    set("repli", serde_json::json!(models.reason));
    set("pans_de_toit", serde_json::json!(models.fit.map(|f| f.planes)));
    set("eqm_toit", rounded(models.fit.map_or(f64::NAN, |f| f.rmse_m)));
    set("part_expliquee", rounded(models.fit.map_or(f64::NAN, |f| f.explained)));
    set("volume", rounded(models.volume_m3));
    let rnb: Vec<String> = building.rnb_ids.iter().map(ToString::to_string).collect();
    if !rnb.is_empty() {
        set("identifiants_rnb", serde_json::json!(rnb.join("/")));
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
    Surface { rings: face.rings, semantic: Some(semantic) }
}

/// To the centimetre, as heights are known; `null` when not finite.
fn rounded(value: f64) -> serde_json::Value {
    if value.is_finite() {
        serde_json::json!((value * 100.0).round() / 100.0)
    } else {
        serde_json::Value::Null
    }
}

/// The kebab-case name under which an enum is serialised.
fn kebab(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}
