//! A building given as a 3D model: its footprint and its roofs.

use std::path::PathBuf;

use geo::{Area as _, Orient as _, orient::Direction};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::formats::gltf::read_glb_triangles;
use crate::simulation::positive;
use crate::spatial::{Polygon, Position};
use crate::{Error, Result};

/// Triangles and holes of less than this, seen from above, leave no trace on the ground, m².
const LEAST_TRIANGLE_M2: f64 = 1e-4;
const LEAST_PART_M2: f64 = 1.0;
/// A building that reaches further from the origin of its model was drawn elsewhere, m.
const FURTHEST_M: f64 = 2000.0;

/// A 3D model and where it stands.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelParameters {
    /// A GLB file with its data inside.
    #[schemars(extend("format" = "path"))]
    file: PathBuf,
    /// Where the origin of the model stands, `[x, y]`.
    at: [f64; 2],
    /// Turn, degrees clockwise: 0 where the model's −z looks north, as glTF has it.
    #[serde(default)]
    rotation_deg: f64,
    /// Metres of a unit of the model.
    #[serde(default = "metre")]
    scale: f64,
}

fn metre() -> f64 {
    1.0
}

/// A model on the ground.
pub(super) struct PlacedModel {
    /// What it covers.
    pub(super) footprint: Vec<Polygon>,
    /// Its triangles in the territory's system, heights above its foot.
    pub(super) triangles: Vec<[Position; 3]>,
}

impl ModelParameters {
    /// Reads the model and puts it down. Its foot is its lowest point, or its height 0 where it goes on below
    /// ground.
    pub(super) fn placed(&self, place: &str) -> Result<PlacedModel> {
        let scale = positive(self.scale, format!("{place}.scale"))?;
        let mut triangles = read_glb_triangles(&self.file)?;
        let corners = || triangles.as_flattened().iter();
        let foot = corners().map(|p| p[2]).fold(f64::INFINITY, f64::min).max(0.0);
        let reach = corners().map(|p| p[0].hypot(p[1])).fold(0.0, f64::max) * scale;
        if !(self.rotation_deg.is_finite() && reach <= FURTHEST_M) {
            return Err(Error::input(
                place,
                format!(
                    "le modèle s'étend à {reach:.0} m de son origine ; l'exporter autour de l'origine, en mètres, ou donner scale"
                ),
                format!(
                    "the model reaches {reach:.0} m from its origin; export it around the origin, in metres, or give scale"
                ),
            ));
        }
        let (sin, cos) = self.rotation_deg.to_radians().sin_cos();
        for [x, y, z] in triangles.as_flattened_mut() {
            let (east, north) = (*x * scale, *y * scale);
            *x = east * cos + north * sin;
            *y = north * cos - east * sin;
            *z = (*z - foot) * scale;
        }
        let footprint = footprint(&triangles, self.at);
        if footprint.is_empty() {
            return Err(Error::input(
                place,
                "le modèle ne couvre pas un mètre carré de sol ; vérifier scale et ses axes (y vers le haut)",
                "the model covers no square metre of ground; check scale and its axes (y upwards)",
            ));
        }
        for [x, y, _] in triangles.as_flattened_mut() {
            (*x, *y) = (*x + self.at[0], *y + self.at[1]);
        }
        Ok(PlacedModel { footprint, triangles })
    }
}

impl PlacedModel {
    /// Height of its highest point above its foot, m.
    pub(super) fn height_m(&self) -> f64 {
        self.triangles.as_flattened().iter().map(|p| p[2]).fold(0.0, f64::max)
    }
}

/// The union of all triangles seen from above, computed near the origin and moved.
fn footprint(triangles: &[[Position; 3]], by: [f64; 2]) -> Vec<Polygon> {
    let seen: Vec<geo::Polygon<f64>> = triangles
        .iter()
        .map(|[a, b, c]| {
            let ring = [a, b, c, a].map(|p| geo::Coord { x: p[0], y: p[1] });
            // Seen from above, ceilings and floors turn the other way than roofs.
            geo::Polygon::new(geo::LineString::new(ring.to_vec()), Vec::new())
                .orient(Direction::Default)
        })
        .filter(|triangle| triangle.unsigned_area() > LEAST_TRIANGLE_M2)
        .collect();
    let parts = geo::unary_union(&seen).0.into_iter();
    let parts = parts.filter(|part| part.unsigned_area() >= LEAST_PART_M2);
    let is_wide = |ring: &Vec<Position>| crate::spatial::signed_area(ring).abs() >= LEAST_PART_M2;
    let moved = |part: geo::Polygon<f64>| {
        let mut polygon = Polygon::from_geo(&part);
        polygon.interiors.retain(is_wide);
        let rings = std::iter::once(&mut polygon.exterior).chain(&mut polygon.interiors);
        rings.flatten().for_each(|p| (p[0], p[1]) = (p[0] + by[0], p[1] + by[1]));
        polygon
    };
    parts.map(moved).collect()
}
