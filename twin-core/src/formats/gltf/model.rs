//! What a file holds, before it is bytes.

use super::PropertyTable;

/// A scene of triangles in metres, y upwards.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// Parts, one per material.
    pub parts: Vec<Part>,
    /// What is known of the features.
    pub features: Option<PropertyTable>,
    /// What else the reader of the file should know, as JSON.
    pub extras: serde_json::Map<String, serde_json::Value>,
    /// Whom to name as the source of the data.
    pub copyright: Option<String>,
}

/// Triangles of one material. All lists of vertices have the same length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// Their material.
    pub material: Material,
    /// Vertices.
    pub positions: Vec<[f32; 3]>,
    /// Unit vectors at right angles to the surface.
    pub normals: Vec<[f32; 3]>,
    /// Row of the property table by vertex; empty where there are no features.
    pub features: Vec<u32>,
    /// Red, green, blue as on a screen and opacity, by vertex; empty where the material has the colour.
    pub colours: Vec<[u8; 4]>,
    /// Three vertices a triangle, anticlockwise seen from outside.
    pub triangles: Vec<[u32; 3]>,
}

/// A plain matt colour.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    /// Name.
    pub name: String,
    /// Red, green, blue, as on a screen.
    pub rgb: [u8; 3],
}

impl Default for Material {
    fn default() -> Self {
        Self { name: String::new(), rgb: [255; 3] }
    }
}
