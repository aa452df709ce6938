//! Measures on what covers ground and roofs: sealed ground opened, another crop, a hedge, a swale, green
//! roofs.

use geo::{Buffer, Intersects};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::crest::off_the_terrain;
use super::outlet::Outlet;
use super::{MeasureContext, MeasureKind};
use crate::language::Text;
use crate::simulation::{parse_parameters, positive, sourced};
use crate::spatial::{Geometry, Polygon};
use crate::territory::{Building, Edit, GeometryInput, GreenRoof, LandCover, RasterOperation};
use crate::{Error, Result};

/// Wider is no strip, m.
const WIDEST_STRIP_M: f64 = 500.0;
/// As much as a metre of substrate with 30 % of water holds, mm.
const MOST_RETENTION_MM: f64 = 300.0;

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
        let cover = cover(&given.cover, &format!("{place}.cover"))?;
        let area = Geometry::Polygons(strip(&given.geometry, given.width_m, context, &place)?);
        let mut edits = Vec::new();
        if let Some(height) = given.bank_height_m {
            let height = positive(height, format!("{place}.bank_height_m"))?;
            let operation = RasterOperation::Add(height as f32);
            edits.push(Edit::Raster { band: "dtm".to_owned(), area: area.clone(), operation });
        }
        edits.push(covered(area, cover));
        Ok(edits)
    }
}

/// The kind `swale`: a strip dug along a line, grown with grass or sealed as a street of another profile.
#[derive(Debug, Clone, Copy, Default)]
pub struct Swale;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SwaleParameters {
    /// Line: a file or a list of `[x, y]`.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Width, metres.
    width_m: f64,
    /// Depth below the ground, metres.
    depth_m: f64,
    /// Cover afterwards: `grass`, or `sealed` for a street whose middle carries the water.
    #[serde(default = "grass")]
    cover: String,
    /// Outlet that empties it at a limited rate; absent: none.
    #[serde(default)]
    outlet: Option<Outlet>,
}

fn grass() -> String {
    LandCover::Grass.code().to_owned()
}

impl MeasureKind for Swale {
    fn id(&self) -> &str {
        "swale"
    }

    fn title(&self) -> Text {
        Text::new("Noue ou rue reprofilée", "Swale or street of another profile")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(SwaleParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: SwaleParameters = parse_parameters(&place, parameters)?;
        let depth = positive(given.depth_m, format!("{place}.depth_m"))?;
        let polygons = strip(&given.geometry, given.width_m, context, &place)?;
        let cover = cover(&given.cover, &format!("{place}.cover"))?;
        let area = Geometry::Polygons(polygons.clone());
        let operation = RasterOperation::Add(-depth as f32);
        let mut edits = vec![
            Edit::Raster { band: "dtm".to_owned(), area: area.clone(), operation },
            covered(area, cover),
        ];
        if let Some(outlet) = &given.outlet {
            edits.push(outlet.edit(polygons, context, &place)?);
        }
        Ok(edits)
    }
}

/// The kind `green-roof`: roofs that hold rain back.
#[derive(Debug, Clone, Copy, Default)]
pub struct GreenRoofs;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GreenRoofParameters {
    /// Polygons: a file or a ring of `[x, y]`; the roofs within them.
    #[schemars(extend("format" = "path"))]
    geometry: GeometryInput,
    /// Rain that the substrate holds before water leaves, mm.
    retention_mm: f64,
    /// Where the retention comes from: maker, study, hypothesis.
    source: String,
}

impl MeasureKind for GreenRoofs {
    fn id(&self) -> &str {
        "green-roof"
    }

    fn title(&self) -> Text {
        Text::new("Toitures végétalisées", "Green roofs")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(GreenRoofParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: GreenRoofParameters = parse_parameters(&place, parameters)?;
        let here = |key: &str| format!("{place}.{key}");
        let retention = positive(given.retention_mm, here("retention_mm"))?;
        if retention > MOST_RETENTION_MM {
            return Err(Error::input(
                here("retention_mm"),
                format!(
                    "{retention} mm ; un toit végétalisé en retient {MOST_RETENTION_MM} au plus"
                ),
                format!("{retention} mm; a green roof holds {MOST_RETENTION_MM} at most"),
            ));
        }
        sourced(&given.source, here("source"))?;
        let area = given.geometry.polygons(context.territory.crs(), &here("geometry"))?;
        let area = Geometry::Polygons(area);
        within_territory(&area, context, &here("geometry"))?;
        let (extent, within) = (area.extent(), area.to_multi_polygon());
        let is_roof = |building: &Building| {
            let near =
                building.geometry.extent().zip(extent).is_some_and(|(a, b)| a.intersects(&b));
            let mut outlines = building.footprint().iter();
            building.is_standing() && near && outlines.any(|p| p.to_geo().intersects(&within))
        };
        if !context.territory.features().buildings.iter().any(is_roof) {
            return Err(Error::input(
                here("geometry"),
                "aucun bâtiment dans ces polygones ; vérifier leur emplacement",
                "no building within these polygons; check where they are",
            ));
        }
        let area = area.polygons().to_vec();
        Ok(vec![Edit::GreenRoof(GreenRoof { area, retention_m: 1e-3 * retention })])
    }
}

/// The strip of a width along lines.
fn strip(
    geometry: &GeometryInput,
    width_m: f64,
    context: &MeasureContext<'_>,
    place: &str,
) -> Result<Vec<Polygon>> {
    let key = format!("{place}.width_m");
    let width = positive(width_m, &key)?;
    if width > WIDEST_STRIP_M {
        return Err(Error::input(
            key,
            format!("{width} m ; une bande en a {WIDEST_STRIP_M} au plus, sinon land-cover"),
            format!("{width} m; a strip has {WIDEST_STRIP_M} at most, else use land-cover"),
        ));
    }
    let here = format!("{place}.geometry");
    let lines = geometry.lines(context.territory.crs(), &here)?;
    let area = Geometry::Lines(lines).to_multi_line_string().buffer(0.5 * width);
    let polygons: Vec<Polygon> = area.iter().map(Polygon::from_geo).collect();
    within_territory(&Geometry::Polygons(polygons.clone()), context, &here)?;
    Ok(polygons)
}

pub(super) fn covered(area: Geometry, cover: LandCover) -> Edit {
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
pub(super) fn cover(code: &str, place: &str) -> Result<LandCover> {
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
