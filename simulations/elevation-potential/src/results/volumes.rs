//! Added storeys as CityJSON: a solid for every part of every storey.

use geo::{MultiPolygon, Winding as _};
use serde_json::{Map, json};
use twin_core::formats::cityjson::{
    CityObject, CityObjectKind, Form, Semantic, Surface, SurfaceGeometry,
};
use twin_envelope::Storey;

use super::Found;

impl Found<'_> {
    /// A building part for every part of every added storey.
    pub(super) fn volumes(&self) -> Vec<CityObject> {
        let mut volumes = Vec::new();
        for potential in &self.potentials {
            let subject = &self.study.subjects[potential.subject];
            for (k, storey) in potential.told().iter().enumerate() {
                for (part, surfaces) in solids(storey).into_iter().enumerate() {
                    let id = format!("{}-surelevation-{}-{}", subject.id, k + 1, part + 1);
                    let mut volume = CityObject::new(id, CityObjectKind::Building);
                    let mut set = |name: &str, value| {
                        volume.attributes.insert(name.to_owned(), value);
                    };
                    set("batiment", json!(subject.id));
                    set("etage", json!(k + 1));
                    set("constat", json!(potential.verdict.words().fr));
                    volume.geometries.push(SurfaceGeometry {
                        lod: "1.3".to_owned(),
                        form: Form::Solid,
                        surfaces,
                    });
                    volumes.push(volume);
                }
            }
        }
        volumes
    }
}

/// The shells of a storey's parts, seen from outside anticlockwise.
fn solids(storey: &Storey) -> Vec<Vec<Surface>> {
    let shape: &MultiPolygon<f64> = &storey.shape;
    let solid = |part: &geo::Polygon<f64>| {
        let (mut outer, mut inner) = (part.exterior().clone(), part.interiors().to_vec());
        outer.make_ccw_winding();
        inner.iter_mut().for_each(|hole| hole.make_cw_winding());
        let rings: Vec<_> = std::iter::once(outer).chain(inner).collect();
        let at = |ring: &geo::LineString<f64>, z: f64| -> Vec<[f64; 3]> {
            ring.coords().map(|c| [c.x, c.y, z]).collect()
        };
        let face = |rings: Vec<Vec<[f64; 3]>>, semantic| Surface {
            rings,
            semantic: Some(semantic),
            attributes: Map::new(),
        };
        let roof = rings.iter().map(|r| at(r, storey.top_m)).collect();
        let floor = rings.iter().map(|r| at(r, storey.floor_m).into_iter().rev().collect());
        let mut surfaces =
            vec![face(roof, Semantic::Roof), face(floor.collect(), Semantic::Ground)];
        for ring in &rings {
            surfaces.extend(ring.lines().map(|l| {
                let corner = |c: geo::Coord<f64>, z: f64| [c.x, c.y, z];
                let (low, high) = (storey.floor_m, storey.top_m);
                let wall = vec![
                    corner(l.start, low),
                    corner(l.end, low),
                    corner(l.end, high),
                    corner(l.start, high),
                    corner(l.start, low),
                ];
                face(vec![wall], Semantic::Wall)
            }));
        }
        surfaces
    };
    shape.iter().map(solid).collect()
}
