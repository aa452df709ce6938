//! Measures on sun and shade: ground and roofs of another albedo, sails over a place.

use geo::BooleanOps as _;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::buildings::chosen;
use super::surface::within_territory;
use super::{MeasureContext, MeasureKind};
use crate::Result;
use crate::language::Text;
use crate::simulation::{parse_parameters, sourced, within};
use crate::spatial::{Geometry, Polygon};
use crate::territory::{Building, Edit, GeometryInput, RasterOperation, ShadeSail};

/// Albedos that ground has: fresh asphalt to fresh white paint (Oke 1987, *Boundary Layer Climates*, table 7.4:
/// asphalt 0.05, whitewash 0.50 to 0.90).
const ALBEDOS: [f64; 2] = [0.05, 0.9];
/// Heights above the ground that a sail over people has, m.
const SAIL_HEIGHTS_M: [f64; 2] = [2.0, 20.0];

/// The kind `ground-albedo`: ground made lighter or darker.
#[derive(Debug, Clone, Copy, Default)]
pub struct GroundAlbedo;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AlbedoParameters {
    /// Polygons: a file or a ring of `[x, y]`; the ground within them.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Albedo afterwards.
    albedo: f64,
    /// Where it comes from: measurement after some years of use, maker, hypothesis.
    source: String,
}

impl MeasureKind for GroundAlbedo {
    fn id(&self) -> &str {
        "ground-albedo"
    }

    fn title(&self) -> Text {
        Text::new("Sol d'un autre albédo", "Ground of another albedo")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(AlbedoParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: AlbedoParameters = parse_parameters(&place, parameters)?;
        let area = area(&given.geometry, context, &place)?;
        let ground = area.to_multi_polygon().difference(&footprints(&area, context));
        let ground = Geometry::Polygons(ground.iter().map(Polygon::from_geo).collect());
        Ok(vec![changed(ground, given.albedo, &given.source, &place)?])
    }
}

/// The kind `roof-albedo`: roofs made lighter or darker.
#[derive(Debug, Clone, Copy, Default)]
pub struct RoofAlbedo;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RoofParameters {
    /// Identifiers of the buildings (`cleabs`).
    #[serde(default)]
    buildings: Vec<String>,
    /// Polygons: a file or a ring of `[x, y]`; the buildings whose middle lies within them.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    geometry: Option<GeometryInput>,
    /// Albedo afterwards.
    albedo: f64,
    /// Where it comes from: measurement after some years, maker, hypothesis.
    source: String,
}

impl MeasureKind for RoofAlbedo {
    fn id(&self) -> &str {
        "roof-albedo"
    }

    fn title(&self) -> Text {
        Text::new("Toits d'un autre albédo", "Roofs of another albedo")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(RoofParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: RoofParameters = parse_parameters(&place, parameters)?;
        let roofs = chosen(&given.buildings, given.geometry.as_ref(), context, &place)?;
        let polygons = roofs.iter().flat_map(|b| b.footprint().iter().cloned()).collect();
        let roofs = Geometry::Polygons(polygons);
        Ok(vec![changed(roofs, given.albedo, &given.source, &place)?])
    }
}

/// Gives an area an albedo.
fn changed(area: Geometry, albedo: f64, source: &str, place: &str) -> Result<Edit> {
    let albedo = within(albedo, ALBEDOS, format!("{place}.albedo"))?;
    sourced(source, format!("{place}.source"))?;
    let operation = RasterOperation::Set(albedo as f32);
    Ok(Edit::Raster { band: "albedo".to_owned(), area, operation })
}

/// Footprints of the buildings that may stand on an area.
fn footprints(area: &Geometry, context: &MeasureContext<'_>) -> geo::MultiPolygon<f64> {
    let Some(extent) = area.extent() else { return geo::MultiPolygon::new(Vec::new()) };
    let near = |b: &&Building| {
        b.is_standing() && b.geometry.extent().is_some_and(|e| e.intersects(&extent))
    };
    let buildings = context.territory.features().buildings.iter().filter(near);
    let all: Vec<geo::Polygon<f64>> =
        buildings.flat_map(|b| b.footprint().iter().map(Polygon::to_geo)).collect();
    geo::unary_union(&all)
}

/// The kind `shade-sail`: cloth over a street or a place.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShadeSails;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SailParameters {
    /// Polygons: a file or a ring of `[x, y]`.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Height above the ground, m.
    height_m: f64,
}

impl MeasureKind for ShadeSails {
    fn id(&self) -> &str {
        "shade-sail"
    }

    fn title(&self) -> Text {
        Text::new("Voiles d'ombrage", "Shade sails")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(SailParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: SailParameters = parse_parameters(&place, parameters)?;
        let height_m = within(given.height_m, SAIL_HEIGHTS_M, format!("{place}.height_m"))?;
        let area = area(&given.geometry, context, &place)?.polygons().to_vec();
        Ok(vec![Edit::ShadeSail(ShadeSail { area, height_m })])
    }
}

fn area(geometry: &GeometryInput, context: &MeasureContext<'_>, place: &str) -> Result<Geometry> {
    let here = format!("{place}.geometry");
    let area = Geometry::Polygons(geometry.polygons(context.territory.crs(), &here)?);
    within_territory(&area, context, &here)?;
    Ok(area)
}
