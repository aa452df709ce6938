//! Measures on what covers the ground: sealed ground opened, another crop, a hedge or a strip of grass.

use geo::Buffer;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::crest::off_the_terrain;
use super::ground::positive;
use super::{MeasureContext, MeasureKind};
use crate::language::Text;
use crate::simulation::parse_parameters;
use crate::spatial::{Geometry, Polygon};
use crate::territory::{Edit, GeometryInput, LandCover, RasterOperation};
use crate::{Error, Result};

/// The kind `land-cover`: another cover within polygons.
#[derive(Debug, Clone, Copy, Default)]
pub struct CoverChanged;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CoverParameters {
    /// Polygons: a file or a ring of `[x, y]`.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Cover afterwards, such as `grass`, `bare-soil`, `crop` or `sealed`.
    cover: String,
}

impl MeasureKind for CoverChanged {
    fn id(&self) -> &str {
        "land-cover"
    }

    fn title(&self) -> Text {
        Text::new("Occupation du sol changée", "Land cover changed")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(CoverParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: CoverParameters = parse_parameters(&place, parameters)?;
        let here = format!("{place}.geometry");
        let polygons = given.geometry.polygons(context.territory.crs(), &here)?;
        let cover = cover(&given.cover, &format!("{place}.cover"))?;
        let area = Geometry::Polygons(polygons);
        within_territory(&area, context, &here)?;
        Ok(vec![covered(area, cover)])
    }
}

/// The kind `planted-strip`: a hedge or a strip of grass along a line, with a bank where wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlantedStrip;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StripParameters {
    /// Line: a file or a list of `[x, y]`.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Width, metres.
    width_m: f64,
    /// Cover of the strip: `hedge`, `grass`, `shrub` …
    #[serde(default = "hedge")]
    cover: String,
    /// Height of a bank under it above the ground, metres.
    #[serde(default)]
    bank_height_m: Option<f64>,
}

fn hedge() -> String {
    LandCover::Hedge.code().to_owned()
}

impl MeasureKind for PlantedStrip {
    fn id(&self) -> &str {
        "planted-strip"
    }

    fn title(&self) -> Text {
        Text::new("Haie ou bande enherbée", "Hedge or strip of grass")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(StripParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: StripParameters = parse_parameters(&place, parameters)?;
        let width = positive(given.width_m, &format!("{place}.width_m"))?;
        let here = format!("{place}.geometry");
        let lines = given.geometry.lines(context.territory.crs(), &here)?;
        let cover = cover(&given.cover, &format!("{place}.cover"))?;
        let area = Geometry::Lines(lines).to_multi_line_string().buffer(0.5 * width);
        let area = Geometry::Polygons(area.iter().map(Polygon::from_geo).collect());
        within_territory(&area, context, &here)?;
        let mut edits = Vec::new();
        if let Some(height) = given.bank_height_m {
            let height = positive(height, &format!("{place}.bank_height_m"))?;
            let operation = RasterOperation::Add(height as f32);
            edits.push(Edit::Raster { band: "dtm".to_owned(), area: area.clone(), operation });
        }
        edits.push(covered(area, cover));
        Ok(edits)
    }
}

fn covered(area: Geometry, cover: LandCover) -> Edit {
    let operation = RasterOperation::Set(f32::from(cover.value()));
    Edit::Raster { band: "land_cover".to_owned(), area, operation }
}

/// Refuses an area that lies wholly beside the territory.
pub(super) fn within_territory(
    area: &Geometry,
    context: &MeasureContext<'_>,
    place: &str,
) -> Result<()> {
    let territory = context.territory.spec().extent();
    match area.extent() {
        Some(extent) if extent.intersects(&territory) => Ok(()),
        _ => Err(off_the_terrain(place)),
    }
}

/// A cover that a measure can make.
fn cover(code: &str, place: &str) -> Result<LandCover> {
    let makeable = |cover: &LandCover| !matches!(cover, LandCover::Unknown | LandCover::Built);
    LandCover::from_code(code).filter(makeable).ok_or_else(|| {
        let known: Vec<&str> =
            LandCover::ALL.into_iter().filter(makeable).map(LandCover::code).collect();
        Error::input(
            place,
            format!("« {code} » ; donner une occupation du sol parmi : {}", known.join(", ")),
            format!("\"{code}\"; give a land cover among: {}", known.join(", ")),
        )
    })
}
