//! Flat faces as a mesh, with a value at every vertex: a colour, or the number of a building.

use bevy::asset::RenderAssetUsages;
use bevy::mesh::{Indices, MeshVertexAttribute, PrimitiveTopology, VertexAttributeValues};
use bevy::prelude::*;
use twin_core::spatial::{FlatFace, Polygon};

use crate::frame::LocalFrame;

/// A mesh under construction.
#[derive(Debug)]
pub(super) struct Faces<T> {
    frame: LocalFrame,
    positions: Vec<[f32; 3]>,
    normals: Vec<[f32; 3]>,
    values: Vec<T>,
    indices: Vec<u32>,
}

impl<T: Copy> Faces<T> {
    /// Without a face.
    pub(super) fn new(frame: LocalFrame) -> Self {
        let (positions, normals) = (Vec::new(), Vec::new());
        Self { frame, positions, normals, values: Vec::new(), indices: Vec::new() }
    }

    /// Triangles so far.
    pub(super) fn triangles(&self) -> usize {
        self.indices.len() / 3
    }

    /// Adds a face by its rings in world coordinates, the outer first; one without area adds nothing.
    pub(super) fn add(&mut self, rings: &[Vec<[f64; 3]>], value: T) {
        let Some(face) = FlatFace::new(rings) else { return };
        let first = self.positions.len() as u32;
        let [x, y, z] = face.normal.map(|v| v as f32);
        for position in face.positions {
            self.positions.push(self.frame.to_scene(position).to_array());
            self.normals.push([x, z, -y]);
            self.values.push(value);
        }
        self.indices.extend(face.triangles.iter().flatten().map(|k| first + *k as u32));
    }

    /// Adds what stands over polygons between two altitudes, without its underside, which nobody sees.
    pub(super) fn add_prism(
        &mut self,
        footprint: &[Polygon],
        heights_m: [f64; 2],
        roof: T,
        wall: T,
    ) {
        let [foot_m, roof_m] = heights_m;
        for polygon in footprint {
            let lifted = |ring: &Vec<[f64; 3]>| -> Vec<[f64; 3]> {
                ring.iter().map(|p| [p[0], p[1], roof_m]).collect()
            };
            let mut top: Vec<Vec<[f64; 3]>> = polygon.rings().map(lifted).collect();
            let is_up = FlatFace::new(&top).is_some_and(|face| face.normal[2] > 0.0);
            if !is_up {
                top.iter_mut().for_each(|ring| ring.reverse());
            }
            self.add(&top, roof);
            for pair in polygon.rings().flat_map(|ring| ring.windows(2)) {
                let ([ax, ay, _], [bx, by, _]) = (pair[0], pair[1]);
                let mut side =
                    vec![[ax, ay, foot_m], [bx, by, foot_m], [bx, by, roof_m], [ax, ay, roof_m]];
                if !is_up {
                    side.reverse();
                }
                self.add(&[side], wall);
            }
        }
    }

    /// The mesh, its values under the name of an attribute; none without a face.
    pub(super) fn into_mesh(
        self,
        attribute: MeshVertexAttribute,
        usages: RenderAssetUsages,
    ) -> Option<Mesh>
    where
        VertexAttributeValues: From<Vec<T>>,
    {
        let is_empty = self.indices.is_empty();
        (!is_empty).then(|| {
            Mesh::new(PrimitiveTopology::TriangleList, usages)
                .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, self.positions)
                .with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, self.normals)
                .with_inserted_attribute(attribute, self.values)
                .with_inserted_indices(Indices::U32(self.indices))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_core::spatial::Extent;

    #[test]
    fn a_prism_has_a_roof_and_walls_that_face_outwards() {
        let extent = Extent { min_x: 0.0, min_y: 0.0, max_x: 10.0, max_y: 6.0 };
        let corners = [(0.0, 0.0), (10.0, 0.0), (10.0, 6.0), (0.0, 6.0)];
        let reversed: Vec<(f64, f64)> = corners.iter().rev().copied().collect();
        for corners in [corners.to_vec(), reversed] {
            let mut faces = Faces::new(LocalFrame::new(&extent, 20.0));
            faces.add_prism(&[Polygon::from_corners(&corners)], [20.0, 28.0], [7.0; 2], [8.0; 2]);
            assert_eq!(faces.triangles(), 2 + 8);
            let roofs = faces.positions.iter().zip(&faces.values).filter(|(_, v)| v[0] == 7.0);
            assert!(roofs.map(|(p, _)| p[1]).all(|height| height == 8.0));
            let (roof, walls) = faces.normals.split_at(4);
            assert!(roof.iter().all(|n| n[1] > 0.9), "{roof:?}");
            for (p, n) in faces.positions.iter().skip(4).zip(walls) {
                // From the middle of the building outwards.
                assert!(p[0] * n[0] + p[2] * n[2] > 0.0, "{p:?} {n:?}");
            }
        }
    }
}
