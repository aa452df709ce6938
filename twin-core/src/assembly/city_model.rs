//! Block models of buildings → `buildings.city.jsonl`, with the place of each in the file.

use std::path::Path;

use super::{BuildingLod1, Face, FaceKind, extrude};
use crate::Result;
use crate::formats::cityjson::{
    CityJsonSeqWriter, CityModelHeader, CityObject, CityObjectKind, Form, Semantic, Surface,
    SurfaceGeometry,
};
use crate::spatial::VerticalDatum;
use crate::territory::{Building, BuildingModel, Features, Label as _, TerritoryFile};

/// Level of detail of the block models: flat roof at a representative height.
const LOD: &str = "1.2";

/// Writes the 3D models and returns their table.
pub(super) fn write_buildings(
    features: &Features,
    blocks: &[BuildingLod1],
    file: &TerritoryFile,
    datum: VerticalDatum,
    path: &Path,
) -> Result<Vec<BuildingModel>> {
    let mut writer = CityJsonSeqWriter::create(path, &header(file, datum, features))?;
    let mut models = Vec::with_capacity(blocks.len());
    for (building, block) in features.buildings.iter().zip(blocks) {
        let place = writer.add(&[city_object(building, block)])?;
        let mut geometry = building.geometry.clone();
        geometry.positions_mut().for_each(|p| p[2] = block.roof_m);
        models.push(BuildingModel {
            id: building.id.clone(),
            geometry,
            lod: Some(LOD.to_owned()),
            ground_m: Some(block.ground_m),
            roof_m: Some(block.roof_m),
            height_m: Some(block.height_m),
            height_source: Some(kebab(&block.height_source)),
            ground_source: Some(kebab(&block.ground_source)),
            roof_points: u32::try_from(block.roof_points).ok(),
            offset: u32::try_from(place.offset).ok(),
            length: u32::try_from(place.length).ok(),
        });
    }
    writer.finish()?;
    Ok(models)
}

fn header(file: &TerritoryFile, datum: VerticalDatum, features: &Features) -> CityModelHeader {
    let epsg = CityModelHeader::compound_epsg(file.crs, datum);
    // A whole-metre origin near the data keeps the stored integers small.
    let corner = features.extent().map_or((0.0, 0.0), |e| (e.min_x.floor(), e.min_y.floor()));
    CityModelHeader::new(&file.name, epsg, [corner.0, corner.1, 0.0])
}

/// The block model of a building with what is known of it.
fn city_object(building: &Building, block: &BuildingLod1) -> CityObject {
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
    let rnb: Vec<String> = building.rnb_ids.iter().map(ToString::to_string).collect();
    if !rnb.is_empty() {
        set("identifiants_rnb", serde_json::json!(rnb.join("/")));
    }
    let shells: Vec<Vec<Surface>> = building
        .footprint()
        .iter()
        .filter_map(|polygon| extrude(polygon, block.ground_m, block.roof_m))
        .map(|faces| faces.into_iter().map(surface).collect())
        .collect();
    for surfaces in shells {
        object.geometries.push(SurfaceGeometry {
            lod: LOD.to_owned(),
            form: Form::Solid,
            surfaces,
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
