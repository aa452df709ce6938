//! glTF 2.0 in its binary form (GLB): triangles with the feature that each belongs to
//! (`EXT_mesh_features`) and what is known of the features (`EXT_structural_metadata`).
//!
//! Specifications: <https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html>,
//! <https://github.com/CesiumGS/glTF/tree/3d-tiles-next/extensions/2.0/Vendor>.

mod glb;
mod model;
mod property_table;
mod reader;

pub use glb::{read_asset_extras, write_glb};
pub use model::{Material, Model, Part};
pub use property_table::{Property, PropertyTable, PropertyValues};
pub use reader::{check_glb, read_glb_triangles};
