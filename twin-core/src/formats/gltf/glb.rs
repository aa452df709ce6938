//! A model → the bytes of a GLB: header, JSON, buffer.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use gltf_json as json;
use json::accessor::{ComponentType, GenericComponentType, Type};
use json::buffer::Target;
use json::mesh::{Mode, Semantic};
use json::validation::{Checked::Valid, USize64};
use serde_json::{Value, json};

use super::{Model, Part, PropertyTable};
use crate::formats::PartFile;
use crate::{Error, FileProblem, Result};

/// Parts of a GLB begin on multiples of so many bytes; those of property tables need eight.
const ALIGNMENT: usize = 8;

/// Writes a model.
///
/// # Errors
/// When the file cannot be written, or would be larger than the format allows (4 GiB).
pub fn write_glb(path: impl AsRef<Path>, model: &Model) -> Result<()> {
    let path = path.as_ref();
    let bytes = to_glb(model).map_err(Error::write(path))?;
    let part = PartFile::new(path)?;
    std::fs::write(part.part(), bytes).map_err(Error::write(path))?;
    part.publish()
}

/// The extra properties of a model's `asset`; null where it has none.
///
/// # Errors
/// When the file cannot be read or is no GLB.
pub fn read_asset_extras(path: impl AsRef<Path>) -> Result<Value> {
    let path = path.as_ref();
    let mut file = std::fs::File::open(path).map_err(Error::read(path))?;
    let length = file.metadata().map_err(Error::read(path))?.len();
    let mut header = [0; 20];
    file.read_exact(&mut header).map_err(Error::read(path))?;
    let number =
        |k: usize| u32::from_le_bytes([header[k], header[k + 1], header[k + 2], header[k + 3]]);
    let json_length = u64::from(number(12));
    if &header[..4] != b"glTF" || &header[16..] != b"JSON" || json_length + 20 > length {
        let problem =
            FileProblem::damaged("n'est pas un fichier GLB entier", "is no whole GLB file");
        return Err(Error::file(path, problem));
    }
    let root: Value = serde_json::from_reader(file.take(json_length))
        .map_err(|e| Error::file(path, FileProblem::undecodable(e)))?;
    Ok(root["asset"]["extras"].clone())
}

fn to_glb(model: &Model) -> std::io::Result<Vec<u8>> {
    let mut file = Builder { root: json::Root::default(), buffer: Vec::new() };
    file.root.asset.generator = Some(format!("twin {}", env!("CARGO_PKG_VERSION")));
    file.root.asset.copyright.clone_from(&model.copyright);
    if !model.extras.is_empty() {
        file.root.asset.extras = Some(serde_json::value::to_raw_value(&model.extras)?);
    }
    let parts = || model.parts.iter().filter(|p| !p.triangles.is_empty());
    let primitives: Vec<json::mesh::Primitive> = parts().map(|part| file.primitive(part)).collect();
    let mut nodes = Vec::new();
    if !primitives.is_empty() {
        let mesh = file.root.push(json::Mesh {
            extensions: None,
            extras: None,
            name: None,
            primitives,
            weights: None,
        });
        nodes.push(file.root.push(json::Node { mesh: Some(mesh), ..Default::default() }));
    }
    let scene = file.root.push(json::Scene { extensions: None, extras: None, name: None, nodes });
    file.root.scene = Some(scene);
    let metadata = model.features.as_ref().map(|table| file.metadata(table));
    let has_buffer = !file.buffer.is_empty();
    if has_buffer {
        file.root.push(json::Buffer {
            byte_length: USize64::from(file.buffer.len()),
            name: None,
            uri: None,
            extensions: None,
            extras: None,
        });
    }
    let mut root = serde_json::to_value(&file.root)?;
    if let Some(metadata) = metadata {
        add_metadata(&mut root, metadata, parts());
    }
    container(&serde_json::to_vec(&root)?, &file.buffer)
}

/// Puts the extensions where they belong: the tables into the root, the identifiers of features into
/// the primitives that have them.
fn add_metadata<'a>(root: &mut Value, metadata: Value, parts: impl Iterator<Item = &'a Part>) {
    root["extensionsUsed"] = json!(["EXT_mesh_features", "EXT_structural_metadata"]);
    root["extensions"] = json!({ "EXT_structural_metadata": metadata });
    for (k, part) in parts.enumerate().filter(|(_, p)| !p.features.is_empty()) {
        let count = part.features.iter().collect::<std::collections::BTreeSet<_>>().len();
        root["meshes"][0]["primitives"][k]["extensions"] = json!({
            "EXT_mesh_features": {
                "featureIds": [{ "featureCount": count, "attribute": 0, "propertyTable": 0 }]
            }
        });
    }
}

struct Builder {
    root: json::Root,
    buffer: Vec<u8>,
}

impl Builder {
    /// Adds bytes to the buffer.
    fn view(&mut self, bytes: &[u8], target: Option<Target>) -> json::Index<json::buffer::View> {
        let offset = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        self.buffer.resize(self.buffer.len().next_multiple_of(ALIGNMENT), 0);
        self.root.push(json::buffer::View {
            buffer: json::Index::new(0),
            byte_length: USize64::from(bytes.len()),
            byte_offset: Some(USize64::from(offset)),
            byte_stride: None,
            name: None,
            target: target.map(Valid),
            extensions: None,
            extras: None,
        })
    }

    fn accessor(
        &mut self,
        view: json::Index<json::buffer::View>,
        count: usize,
        kind: (ComponentType, Type),
        range: Option<[Value; 2]>,
    ) -> json::Index<json::Accessor> {
        let [min, max] = range.map_or([None, None], |r| r.map(Some));
        self.root.push(json::Accessor {
            buffer_view: Some(view),
            byte_offset: None,
            count: USize64::from(count),
            component_type: Valid(GenericComponentType(kind.0)),
            type_: Valid(kind.1),
            min,
            max,
            normalized: kind.0 == ComponentType::U8,
            sparse: None,
            name: None,
            extensions: None,
            extras: None,
        })
    }

    fn vectors(&mut self, vectors: &[[f32; 3]], ranged: bool) -> json::Index<json::Accessor> {
        let bytes: Vec<u8> = vectors.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        let view = self.view(&bytes, Some(Target::ArrayBuffer));
        let extreme = |pick: fn(f32, f32) -> f32, start: f32| {
            let component = |k: usize| vectors.iter().map(|v| v[k]).fold(start, pick);
            json!([component(0), component(1), component(2)])
        };
        let range = ranged
            .then(|| [extreme(f32::min, f32::INFINITY), extreme(f32::max, f32::NEG_INFINITY)]);
        self.accessor(view, vectors.len(), (ComponentType::F32, Type::Vec3), range)
    }

    fn primitive(&mut self, part: &Part) -> json::mesh::Primitive {
        let mut attributes = BTreeMap::new();
        let positions = self.vectors(&part.positions, true);
        attributes.insert(Valid(Semantic::Positions), positions);
        let normals = self.vectors(&part.normals, false);
        attributes.insert(Valid(Semantic::Normals), normals);
        if !part.features.is_empty() {
            // Attributes have no 32-bit integers; floats hold identifiers up to 2^24 exactly.
            let bytes: Vec<u8> =
                part.features.iter().flat_map(|id| (*id as f32).to_le_bytes()).collect();
            let view = self.view(&bytes, Some(Target::ArrayBuffer));
            let count = part.features.len();
            let ids = self.accessor(view, count, (ComponentType::F32, Type::Scalar), None);
            attributes.insert(Valid(Semantic::Extras("FEATURE_ID_0".to_owned())), ids);
        }
        if !part.colours.is_empty() {
            let shares = part.colours.iter().flat_map(|[r, g, b, opacity]| {
                let [r, g, b] = [r, g, b].map(|code| (255.0 * linear(*code)).round() as u8);
                [r, g, b, *opacity]
            });
            let view = self.view(&shares.collect::<Vec<u8>>(), Some(Target::ArrayBuffer));
            let count = part.colours.len();
            let colours = self.accessor(view, count, (ComponentType::U8, Type::Vec4), None);
            attributes.insert(Valid(Semantic::Colors(0)), colours);
        }
        let corners = part.triangles.as_flattened();
        let bytes: Vec<u8> = corners.iter().flat_map(|k| k.to_le_bytes()).collect();
        let view = self.view(&bytes, Some(Target::ElementArrayBuffer));
        let indices = self.accessor(view, corners.len(), (ComponentType::U32, Type::Scalar), None);
        let [r, g, b] = part.material.rgb.map(linear);
        let material = self.root.push(json::Material {
            name: Some(part.material.name.clone()).filter(|n| !n.is_empty()),
            pbr_metallic_roughness: json::material::PbrMetallicRoughness {
                base_color_factor: json::material::PbrBaseColorFactor([r, g, b, 1.0]),
                metallic_factor: json::material::StrengthFactor(0.0),
                ..Default::default()
            },
            ..Default::default()
        });
        json::mesh::Primitive {
            attributes,
            indices: Some(indices),
            material: Some(material),
            mode: Valid(Mode::Triangles),
            targets: None,
            extensions: None,
            extras: None,
        }
    }

    fn metadata(&mut self, table: &PropertyTable) -> Value {
        table.to_json(|bytes| self.view(&bytes, None).value() as u32)
    }
}

/// A screen colour as the share of light, as glTF counts (IEC 61966-2-1).
fn linear(code: u8) -> f32 {
    let v = f32::from(code) / 255.0;
    if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
}

/// Header and chunks.
fn container(json: &[u8], buffer: &[u8]) -> std::io::Result<Vec<u8>> {
    let padded = json.len().next_multiple_of(ALIGNMENT);
    // Twelve bytes of header and eight of each chunk would put the buffer off eight bytes: one more
    // step of four for the text puts it right.
    let padded = padded + 4;
    let has_buffer = !buffer.is_empty();
    let total = 12 + 8 + padded + if has_buffer { 8 + buffer.len() } else { 0 };
    let length = |n: usize| {
        u32::try_from(n).map_err(|_| std::io::Error::other("larger than 4 GiB, the most of a GLB"))
    };
    let mut bytes = Vec::with_capacity(total);
    bytes.extend_from_slice(b"glTF");
    bytes.extend_from_slice(&2u32.to_le_bytes());
    bytes.extend_from_slice(&length(total)?.to_le_bytes());
    bytes.extend_from_slice(&length(padded)?.to_le_bytes());
    bytes.extend_from_slice(b"JSON");
    bytes.extend_from_slice(json);
    bytes.resize(20 + padded, b' ');
    if has_buffer {
        bytes.extend_from_slice(&length(buffer.len())?.to_le_bytes());
        bytes.extend_from_slice(b"BIN\0");
        bytes.extend_from_slice(buffer);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::{Material, Property, PropertyValues};
    use super::*;

    fn model() -> Model {
        let part = Part {
            material: Material { name: "toit".into(), rgb: [255, 0, 0] },
            positions: vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0]],
            normals: vec![[0.0, 0.0, 1.0]; 3],
            features: vec![1; 3],
            colours: Vec::new(),
            triangles: vec![[0, 1, 2]],
        };
        let table = PropertyTable {
            class: "batiment".into(),
            rows: 2,
            properties: vec![
                Property {
                    id: "nom".into(),
                    name: "Nom".into(),
                    values: PropertyValues::Texts(vec!["école".into(), String::new()]),
                },
                Property {
                    id: "hauteur".into(),
                    name: "Hauteur (m)".into(),
                    values: PropertyValues::Numbers(vec![7.5, f64::NAN]),
                },
            ],
        };
        Model { parts: vec![part], features: Some(table), ..Model::default() }
    }

    /// JSON and buffer of a GLB by the specification's layout.
    fn parsed(bytes: &[u8]) -> (Value, &[u8]) {
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!((&bytes[..4], word(4), word(8)), (&b"glTF"[..], 2, bytes.len()));
        let text = word(12);
        assert_eq!(&bytes[16..20], b"JSON");
        assert_eq!(&bytes[24 + text..28 + text], b"BIN\0");
        assert_eq!(word(20 + text), bytes.len() - 28 - text);
        // Tables want eight bytes from the start of the file.
        assert!((28 + text).is_multiple_of(8));
        (serde_json::from_slice(&bytes[20..20 + text]).unwrap(), &bytes[28 + text..])
    }

    #[test]
    fn triangles_features_and_properties_are_where_the_json_says() {
        let bytes = to_glb(&model()).unwrap();
        let (root, buffer) = parsed(&bytes);
        let view = |k: &Value| {
            let view = &root["bufferViews"][k.as_u64().unwrap() as usize];
            let start = view["byteOffset"].as_u64().unwrap_or(0) as usize;
            assert!(start.is_multiple_of(8));
            &buffer[start..start + view["byteLength"].as_u64().unwrap() as usize]
        };
        let primitive = &root["meshes"][0]["primitives"][0];
        let accessor = |name: &str| {
            let index = primitive["attributes"][name].as_u64().unwrap() as usize;
            root["accessors"][index].clone()
        };
        assert_eq!(accessor("POSITION")["max"], json!([1.0, 2.0, 0.0]));
        let ids = accessor("_FEATURE_ID_0");
        assert_eq!(view(&ids["bufferView"])[..4], 1.0f32.to_le_bytes());
        let features = &primitive["extensions"]["EXT_mesh_features"]["featureIds"][0];
        assert_eq!(features["propertyTable"], 0);
        let table = &root["extensions"]["EXT_structural_metadata"]["propertyTables"][0];
        assert_eq!(table["count"], 2);
        let names = &table["properties"]["nom"];
        assert_eq!(view(&names["values"]), "école".as_bytes());
        let heights = view(&table["properties"]["hauteur"]["values"]);
        assert_eq!(heights[..8], 7.5f64.to_le_bytes());
        assert_eq!(heights[8..], (-1.0e30f64).to_le_bytes());
    }

    #[test]
    fn a_model_without_triangles_is_a_file_all_the_same() {
        let bytes = to_glb(&Model::default()).unwrap();
        assert_eq!(u32::from_le_bytes(bytes[8..12].try_into().unwrap()) as usize, bytes.len());
    }
}
