//! The triangles of a GLB, whoever wrote it.

use std::path::Path;

use gltf::accessor::{DataType, Dimensions};
use gltf::json::validation::Checked;
use gltf::mesh::Mode;
use gltf::{Accessor, Glb, Gltf, Node, Primitive, Semantic};
use nalgebra::{Matrix4, Vector4};

use crate::spatial::Position;
use crate::{Error, FileProblem, Result};

/// Most triangles of a model: a detailed building has a tenth of that.
const MOST_TRIANGLES: usize = 2_000_000;
/// Most nodes of a scene.
const MOST_NODES: usize = 100_000;

/// Reads the triangles of the first scene, metres east, north and up of the origin of the model (glTF's
/// x, −z and y).
///
/// # Errors
/// The file cannot be read, is no whole GLB with its data inside, is compressed, or has no triangles or too
/// many.
pub fn read_glb_triangles(path: impl AsRef<Path>) -> Result<Vec<[Position; 3]>> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    triangles_of(&bytes).map_err(|problem| Error::file(path, problem))
}

/// Refuses a GLB on which readers panic that are made with the crate `gltf`, as that of Bevy is.
///
/// # Errors
/// The file cannot be read, is no GLB, or has positions that are none of its data.
pub fn check_glb(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    let glb = Glb::from_slice(&bytes).map_err(FileProblem::undecodable);
    glb.and_then(|glb| check_positions(&glb.json)).map_err(|problem| Error::file(path, problem))
}

fn triangles_of(bytes: &[u8]) -> Result<Vec<[Position; 3]>, FileProblem> {
    if let Ok(glb) = Glb::from_slice(bytes) {
        check_positions(&glb.json)?;
    }
    let file = Gltf::from_slice(bytes).map_err(FileProblem::undecodable)?;
    let buffer = file.blob.as_deref().ok_or_else(|| {
        FileProblem::damaged(
            "n'est pas un GLB qui contient ses données ; l'exporter en un seul fichier .glb",
            "is no GLB that holds its data; export it as one .glb file",
        )
    })?;
    let scene = file.default_scene().or_else(|| file.scenes().next());
    let scene = scene.ok_or_else(|| FileProblem::damaged("n'a pas de scène", "has no scene"))?;
    let mut found = Found { buffer, triangles: Vec::new(), nodes: 0 };
    let mut waiting: Vec<(Node<'_>, Matrix4<f64>)> =
        scene.nodes().map(|node| (node, Matrix4::identity())).collect();
    while let Some((node, parent)) = waiting.pop() {
        found.nodes += 1;
        if found.nodes > MOST_NODES {
            return Err(FileProblem::damaged(
                "a trop de nœuds, ou des nœuds qui se contiennent",
                "has too many nodes, or nodes that hold each other",
            ));
        }
        let own = Matrix4::from(node.transform().matrix()).cast::<f64>();
        let here = parent * own;
        if let Some(mesh) = node.mesh() {
            mesh.primitives().try_for_each(|primitive| found.add(&primitive, &here))?;
        }
        waiting.extend(node.children().map(|child| (child, here)));
    }
    if found.triangles.is_empty() {
        return Err(FileProblem::damaged("n'a pas de triangle", "has no triangle"));
    }
    Ok(found.triangles)
}

/// Positions of meshes are accessors of the file; the crate panics where they are not.
fn check_positions(json: &[u8]) -> Result<(), FileProblem> {
    let root: gltf::json::Root =
        gltf::json::deserialize::from_slice(json).map_err(FileProblem::undecodable)?;
    let positions = Checked::Valid(Semantic::Positions);
    let primitives = root.meshes.iter().flat_map(|mesh| &mesh.primitives);
    let mut found = primitives.filter_map(|primitive| primitive.attributes.get(&positions));
    if found.any(|accessor| accessor.value() >= root.accessors.len()) {
        return Err(outside());
    }
    Ok(())
}

struct Found<'a> {
    buffer: &'a [u8],
    triangles: Vec<[Position; 3]>,
    nodes: usize,
}

impl Found<'_> {
    fn add(
        &mut self,
        primitive: &Primitive<'_>,
        to_scene: &Matrix4<f64>,
    ) -> Result<(), FileProblem> {
        if !matches!(primitive.mode(), Mode::Triangles | Mode::TriangleStrip | Mode::TriangleFan) {
            return Ok(());
        }
        let Some(positions) = primitive.get(&Semantic::Positions) else { return Ok(()) };
        let is_vector = positions.dimensions() == Dimensions::Vec3;
        if !is_vector || positions.data_type() != DataType::F32 {
            return Err(FileProblem::damaged(
                "a des positions qui ne sont pas des nombres à virgule de 32 bits ; l'exporter sans quantification",
                "has positions that are no 32-bit floating-point numbers; export it without quantisation",
            ));
        }
        self.check(&positions, 12)?;
        if let Some(indices) = primitive.indices() {
            let size = match (indices.data_type(), indices.dimensions()) {
                (DataType::U8, Dimensions::Scalar) => 1,
                (DataType::U16, Dimensions::Scalar) => 2,
                (DataType::U32, Dimensions::Scalar) => 4,
                _ => return Err(outside()),
            };
            self.check(&indices, size)?;
        }
        let reader = primitive.reader(|_| Some(self.buffer));
        let corners: Vec<Position> = reader
            .read_positions()
            .ok_or_else(outside)?
            .map(|p| {
                let [x, y, z] = p.map(f64::from);
                let at = to_scene * Vector4::new(x, y, z, 1.0);
                [at.x, -at.z, at.y]
            })
            .collect();
        let order: Vec<usize> = match reader.read_indices() {
            Some(indices) => indices.into_u32().map(|index| index as usize).collect(),
            None => (0..corners.len()).collect(),
        };
        let triples: Vec<[usize; 3]> = match primitive.mode() {
            Mode::TriangleStrip => order.windows(3).map(|w| [w[0], w[1], w[2]]).collect(),
            Mode::TriangleFan => order.windows(2).skip(1).map(|w| [order[0], w[0], w[1]]).collect(),
            _ => order.chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect(),
        };
        if self.triangles.len() + triples.len() > MOST_TRIANGLES {
            return Err(FileProblem::damaged(
                format!("a plus de {MOST_TRIANGLES} triangles ; le simplifier"),
                format!("has more than {MOST_TRIANGLES} triangles; simplify it"),
            ));
        }
        for triple in triples {
            let [Some(a), Some(b), Some(c)] = triple.map(|index| corners.get(index)) else {
                return Err(outside());
            };
            let triangle = [*a, *b, *c];
            if triangle.as_flattened().iter().all(|v| v.is_finite()) {
                self.triangles.push(triangle);
            }
        }
        Ok(())
    }

    /// That the elements of an accessor lie within the buffer, which the decoder takes for granted.
    fn check(&self, accessor: &Accessor<'_>, size: usize) -> Result<(), FileProblem> {
        let view = accessor.view().filter(|_| accessor.sparse().is_none()).ok_or_else(|| {
            FileProblem::damaged(
                "a des données éparses ou compressées ; l'exporter sans compression",
                "has sparse or compressed data; export it without compression",
            )
        })?;
        let stride = view.stride().unwrap_or(size);
        let length = accessor.count().checked_sub(1).and_then(|last| last.checked_mul(stride));
        let within_view = length
            .and_then(|length| length.checked_add(size)?.checked_add(accessor.offset()))
            .filter(|end| stride >= size && *end <= view.length());
        let within_buffer = view.offset().checked_add(view.length());
        let is_there = within_buffer.is_some_and(|end| end <= self.buffer.len());
        if view.buffer().index() == 0 && within_view.is_some() && is_there {
            return Ok(());
        }
        Err(outside())
    }
}

fn outside() -> FileProblem {
    FileProblem::damaged(
        "nomme des données hors du fichier ; l'exporter à nouveau",
        "names data outside the file; export it again",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Model, Part, write_glb};
    use super::*;

    /// A roof over a square of 10 m by 6 m: eaves at 3 m, ridge along x at 5 m.
    fn written() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("house.glb");
        let part = Part {
            positions: vec![
                [0.0, 3.0, 0.0],
                [10.0, 3.0, 0.0],
                [10.0, 5.0, -3.0],
                [0.0, 5.0, -3.0],
                [10.0, 3.0, -6.0],
            ],
            normals: vec![[0.0, 1.0, 0.0]; 5],
            triangles: vec![[0, 1, 2], [3, 2, 4]],
            ..Part::default()
        };
        write_glb(&path, &Model { parts: vec![part], ..Model::default() }).unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn triangles_come_back_where_they_were() {
        let triangles = triangles_of(&written()).unwrap();
        assert_eq!(triangles.len(), 2);
        assert_eq!(triangles[0], [[0.0, 0.0, 3.0], [10.0, 0.0, 3.0], [10.0, 3.0, 5.0]]);
        assert_eq!(triangles[1][2], [10.0, 6.0, 3.0]);
    }

    #[test]
    fn positions_that_are_no_accessor_are_refused() {
        let bytes = written();
        let text = String::from_utf8_lossy(&bytes);
        let at = text.find("\"POSITION\":").map(|at| at + "\"POSITION\":".len()).unwrap();
        let mut damaged = bytes.clone();
        assert_eq!(damaged[at + 1], b',', "an index of one digit");
        damaged[at] = b'9';
        triangles_of(&bytes).unwrap();
        triangles_of(&damaged).unwrap_err();
    }

    proptest! {
        #[test]
        fn damaged_models_are_read_or_refused(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
            length in any::<prop::sample::Index>(),
        ) {
            let mut bytes = written();
            for (at, value) in changes {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            let _ = triangles_of(&bytes);
            let _ = triangles_of(&bytes[..length.index(bytes.len())]);
        }
    }
}
