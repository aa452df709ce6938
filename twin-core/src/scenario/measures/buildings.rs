//! Measures on buildings: added, raised, demolished, their floors raised.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::building_model::ModelParameters;
use super::surface::{cover, covered, within_territory};
use super::{MeasureContext, MeasureKind};
use crate::formats::{Feature, FeatureTable, FieldKind, Value};
use crate::language::Text;
use crate::simulation::{parse_parameters, positive};
use crate::spatial::{Geometry, Grid, GridSpec, Position, cells_within};
use crate::territory::{
    Building, BuildingUse, Edit, FLOOR_HEIGHT, GeometryInput, Label as _, LandCover, Layer as _,
    RasterOperation,
};
use crate::{Error, Result};

/// Higher is no building of a commune, m.
const HIGHEST_BUILDING_M: f64 = 400.0;

/// The kind `building-added`: a new building, a block of one height or a 3D model.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuildingAdded;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AddedParameters {
    /// Footprint of a block: a file or a ring of `[x, y]`.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    geometry: Option<GeometryInput>,
    /// Height of the block above the ground, metres.
    #[serde(default)]
    height_m: Option<f64>,
    /// In place of a block, a 3D model.
    #[serde(default)]
    model: Option<ModelParameters>,
    /// Main use, as BD TOPO names it: `Résidentiel`, `Commercial et services` …
    #[serde(rename = "use", default = "residential")]
    use_1: String,
    /// Storeys, ground floor included.
    #[serde(default)]
    storeys: Option<u32>,
    /// Dwellings.
    #[serde(default)]
    dwellings: Option<u32>,
    /// Height of the ground floor above the ground, metres.
    #[serde(default)]
    floor_height_m: Option<f64>,
}

fn residential() -> String {
    BuildingUse::Residential.label().into_owned()
}

impl MeasureKind for BuildingAdded {
    fn id(&self) -> &str {
        "building-added"
    }

    fn title(&self) -> Text {
        Text::new("Bâtiment construit", "Building added")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(AddedParameters)
    }

    fn edits(&self, parameters: &Json, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: AddedParameters = parse_parameters(&place, parameters)?;
        let added = given.buildings(context, &place)?;
        let whole = |n: Option<u32>| n.map_or(Value::Null, |n| Value::Integer(i64::from(n)));
        let mut table = FeatureTable::new(Building::NAME, Some(context.territory.crs()))
            .with_field("cleabs", FieldKind::Text)
            .with_field("usage_1", FieldKind::Text)
            .with_field("nombre_d_etages", FieldKind::Integer)
            .with_field("nombre_de_logements", FieldKind::Integer)
            .with_field("hauteur", FieldKind::Real);
        let mut edits = Vec::new();
        let mut floors = Vec::new();
        for (number, NewBuilding { area, height_m, roofs }) in added.into_iter().enumerate() {
            let id = format!("{}-{}", context.name, number + 1);
            let foot = foot_m(&area, context)?;
            floors.extend(given.floor_height_m.map(|floor| (id.clone(), centre(&area), floor)));
            // Below a model whose roofs leave gaps lies the ground.
            let top = if roofs.is_empty() { foot + height_m } else { foot };
            let top = RasterOperation::Set(top as f32);
            edits.push(Edit::Raster { band: "dsm".to_owned(), area: area.clone(), operation: top });
            if !roofs.is_empty() {
                let lifted = |[x, y, z]: Position| [x, y, z + foot];
                let triangles = roofs.into_iter().map(|t| t.map(lifted)).collect();
                edits.push(Edit::Raised { band: "dsm".to_owned(), triangles });
            }
            let bare = RasterOperation::Set(0.0);
            let band = "canopy_height".to_owned();
            edits.push(Edit::Raster { band, area: area.clone(), operation: bare });
            edits.push(covered(area.clone(), LandCover::Built));
            table.features.push(Feature {
                geometry: Some(area),
                values: vec![
                    Value::Text(id),
                    Value::Text(given.use_1.clone()),
                    whole(given.storeys),
                    whole(given.dwellings),
                    Value::Real(height_m),
                ],
            });
        }
        edits.push(Edit::AddFeatures(table));
        if !floors.is_empty() {
            edits.push(floors_at(floors, context, &place)?);
        }
        Ok(edits)
    }
}

/// A building that a measure adds.
struct NewBuilding {
    area: Geometry,
    height_m: f64,
    /// Triangles of its model, heights above its foot; none of a block.
    roofs: Vec<[Position; 3]>,
}

impl AddedParameters {
    /// The buildings: a block for each polygon, or the one of the model.
    fn buildings(&self, context: &MeasureContext<'_>, place: &str) -> Result<Vec<NewBuilding>> {
        match (&self.geometry, self.height_m, &self.model) {
            (Some(geometry), Some(height_m), None) => {
                let height_m = height(height_m, &format!("{place}.height_m"))?;
                let here = format!("{place}.geometry");
                let polygons = geometry.polygons(context.territory.crs(), &here)?;
                within_territory(&Geometry::Polygons(polygons.clone()), context, &here)?;
                let block = |polygon| NewBuilding {
                    area: Geometry::Polygons(vec![polygon]),
                    height_m,
                    roofs: Vec::new(),
                };
                Ok(polygons.into_iter().map(block).collect())
            }
            (None, None, Some(model)) => {
                let here = format!("{place}.model");
                let placed = model.placed(&here)?;
                let height_m = height(placed.height_m(), &here)?;
                let area = Geometry::Polygons(placed.footprint);
                within_territory(&area, context, &here)?;
                Ok(vec![NewBuilding { area, height_m, roofs: placed.triangles }])
            }
            _ => Err(Error::input(
                place,
                "donner geometry et height_m (un bloc), ou model (un modèle 3D)",
                "give geometry and height_m (a block), or model (a 3D model)",
            )),
        }
    }
}

/// The kind `building-raised`: buildings made higher.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuildingRaised;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RaisedParameters {
    /// Identifiers of the buildings (`cleabs`).
    #[serde(default)]
    buildings: Vec<String>,
    /// Polygons: a file or a ring of `[x, y]`; the buildings whose middle lies within them.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    geometry: Option<GeometryInput>,
    /// Metres added to the height.
    by_m: f64,
    /// Storeys added to each.
    #[serde(default)]
    storeys: u32,
    /// Dwellings added to each.
    #[serde(default)]
    dwellings: u32,
}

impl MeasureKind for BuildingRaised {
    fn id(&self) -> &str {
        "building-raised"
    }

    fn title(&self) -> Text {
        Text::new("Bâtiment surélevé", "Building raised")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(RaisedParameters)
    }

    fn edits(&self, parameters: &Json, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: RaisedParameters = parse_parameters(&place, parameters)?;
        let by = height(given.by_m, &format!("{place}.by_m"))?;
        let mut edits = Vec::new();
        for building in chosen(&given.buildings, given.geometry.as_ref(), context, &place)? {
            let set = |field: &str, value| Edit::SetAttribute {
                layer: Building::NAME.to_owned(),
                id: building.id.clone(),
                field: field.to_owned(),
                value,
            };
            if let Some(before) = building.height_m {
                edits.push(set("hauteur", Value::Real(before + by)));
            }
            let more =
                |n: Option<u32>, added: u32| Value::Integer(i64::from(n.unwrap_or(0) + added));
            if given.storeys > 0 && building.storeys.is_some() {
                edits.push(set("nombre_d_etages", more(building.storeys, given.storeys)));
            }
            if given.dwellings > 0 {
                edits.push(set("nombre_de_logements", more(building.dwellings, given.dwellings)));
            }
            edits.push(Edit::Raster {
                band: "dsm".to_owned(),
                area: building.geometry.clone(),
                operation: RasterOperation::Add(by as f32),
            });
        }
        Ok(edits)
    }
}

/// The kind `building-demolished`: buildings taken away.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuildingDemolished;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DemolishedParameters {
    /// Identifiers of the buildings (`cleabs`).
    #[serde(default)]
    buildings: Vec<String>,
    /// Polygons: a file or a ring of `[x, y]`; the buildings whose middle lies within them.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    geometry: Option<GeometryInput>,
    /// Cover of the ground afterwards: `grass`, `bare-soil`, `sealed` …
    #[serde(default = "bare")]
    cover: String,
}

fn bare() -> String {
    LandCover::BareSoil.code().to_owned()
}

impl MeasureKind for BuildingDemolished {
    fn id(&self) -> &str {
        "building-demolished"
    }

    fn title(&self) -> Text {
        Text::new("Bâtiment démoli", "Building demolished")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(DemolishedParameters)
    }

    fn edits(&self, parameters: &Json, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: DemolishedParameters = parse_parameters(&place, parameters)?;
        let cover = cover(&given.cover, &format!("{place}.cover"))?;
        let mut edits = Vec::new();
        for building in chosen(&given.buildings, given.geometry.as_ref(), context, &place)? {
            edits.push(Edit::RemoveFeature {
                layer: Building::NAME.to_owned(),
                id: building.id.clone(),
            });
            edits.push(covered(building.geometry.clone(), cover));
        }
        Ok(edits)
    }
}

/// The kind `floor-raised`: the ground floors of buildings put above the water, or goods and sockets
/// with them.
#[derive(Debug, Clone, Copy, Default)]
pub struct FloorRaised;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FloorParameters {
    /// Identifiers of the buildings (`cleabs`).
    #[serde(default)]
    buildings: Vec<String>,
    /// Polygons: a file or a ring of `[x, y]`; the buildings whose middle lies within them.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    geometry: Option<GeometryInput>,
    /// Height of the ground floor above the ground afterwards, metres.
    floor_height_m: f64,
}

impl MeasureKind for FloorRaised {
    fn id(&self) -> &str {
        "floor-raised"
    }

    fn title(&self) -> Text {
        Text::new("Plancher rehaussé", "Floor raised")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(FloorParameters)
    }

    fn edits(&self, parameters: &Json, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: FloorParameters = parse_parameters(&place, parameters)?;
        let chosen = chosen(&given.buildings, given.geometry.as_ref(), context, &place)?;
        let floors = chosen
            .into_iter()
            .filter_map(|b| {
                Some((b.id.clone(), b.geometry.extent()?.centre(), given.floor_height_m))
            })
            .collect();
        Ok(vec![floors_at(floors, context, &place)?])
    }
}

/// Heights of floors as local attributes of their buildings.
fn floors_at(
    floors: Vec<(String, (f64, f64), f64)>,
    context: &MeasureContext<'_>,
    place: &str,
) -> Result<Edit> {
    let mut table = FeatureTable::new("attribut_local", Some(context.territory.crs()))
        .with_field("identifiant", FieldKind::Text)
        .with_field("objet", FieldKind::Text)
        .with_field("couche", FieldKind::Text)
        .with_field("attribut", FieldKind::Text)
        .with_field("nombre", FieldKind::Real)
        .with_field("source", FieldKind::Text);
    for (id, (x, y), floor_m) in floors {
        if !(0.0..=10.0).contains(&floor_m) {
            return Err(Error::input(
                format!("{place}.floor_height_m"),
                format!("{floor_m} m ; donner une hauteur de 0 à 10 m au-dessus du sol"),
                format!("{floor_m} m; give a height from 0 to 10 m above the ground"),
            ));
        }
        table.features.push(Feature {
            geometry: Some(Geometry::Points(vec![[x, y, f64::NAN]])),
            values: vec![
                Value::Text(format!("{id}/{FLOOR_HEIGHT}/{}", context.name)),
                Value::Text(id),
                Value::Text(Building::NAME.to_owned()),
                Value::Text(FLOOR_HEIGHT.to_owned()),
                Value::Real(floor_m),
                Value::Text(place.to_owned()),
            ],
        });
    }
    Ok(Edit::AddFeatures(table))
}

/// The buildings that a measure is about: by identifier, or with their middle within polygons.
pub(super) fn chosen<'a>(
    ids: &[String],
    geometry: Option<&GeometryInput>,
    context: &MeasureContext<'a>,
    place: &str,
) -> Result<Vec<&'a Building>> {
    let all = &context.territory.features().buildings;
    let mut found: Vec<&Building> = Vec::new();
    for id in ids {
        found.push(all.iter().find(|b| b.id == *id).ok_or_else(|| {
            Error::input(
                format!("{place}.buildings"),
                format!("le bâtiment « {id} » n'est pas dans le territoire ; vérifier son cleabs"),
                format!("building \"{id}\" is not in the territory; check its cleabs"),
            )
        })?);
    }
    if let Some(geometry) = geometry {
        let here = format!("{place}.geometry");
        let polygons = geometry.polygons(context.territory.crs(), &here)?;
        let within = |b: &&Building| {
            let middle = b.geometry.extent().map(|e| e.centre());
            b.is_standing()
                && middle.is_some_and(|(x, y)| polygons.iter().any(|p| p.contains(x, y)))
        };
        found.extend(all.iter().filter(within));
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id == b.id);
    if found.is_empty() {
        return Err(Error::input(
            place,
            "aucun bâtiment ici ; donner buildings (cleabs) ou une geometry qui en couvre",
            "no building here; give buildings (cleabs) or a geometry that covers some",
        ));
    }
    Ok(found)
}

fn height(metres: f64, place: &str) -> Result<f64> {
    let metres = positive(metres, place)?;
    if metres > HIGHEST_BUILDING_M {
        return Err(Error::input(
            place,
            format!("{metres} m ; un bâtiment en a {HIGHEST_BUILDING_M} au plus"),
            format!("{metres} m; a building has {HIGHEST_BUILDING_M} at most"),
        ));
    }
    Ok(metres)
}

fn centre(area: &Geometry) -> (f64, f64) {
    area.extent().map_or((0.0, 0.0), |e| e.centre())
}

/// Highest ground under a footprint.
fn foot_m(area: &Geometry, context: &MeasureContext<'_>) -> Result<f64> {
    let spec: &GridSpec = context.territory.spec();
    let mut highest = f64::NEG_INFINITY;
    let Some(extent) = area.extent() else { return Ok(0.0) };
    let (rows, columns) = spec.window(&extent);
    let ground: Grid<f32> = context.territory.window("dtm", rows, columns)?;
    cells_within(&ground.spec.clone(), area.polygons(), |row, column| {
        let z = ground[(row, column)];
        if z.is_finite() {
            highest = highest.max(f64::from(z));
        }
    });
    if highest.is_finite() {
        return Ok(highest);
    }
    let (x, y) = centre(area);
    Ok(context.territory.ground_at(x, y)?.map_or(0.0, f64::from))
}
