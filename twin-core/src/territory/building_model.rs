//! The 3D model of a building: what assembly made of a footprint, and how.

use super::layer::layer;

layer! {
    /// The block model of a building. Its polygons are the footprint at the height of the roof.
    pub struct BuildingModel in "batiment_modele" (Polygons) {
        /// Identifier of the building.
        pub id: String = "cleabs",
        /// Level of detail of the best model, such as `1.2`.
        pub lod: Option<String> = "lod",
        /// Altitude of the ground (m).
        pub ground_m: Option<f64> = "altitude_sol",
        /// Altitude of the roof (m).
        pub roof_m: Option<f64> = "altitude_toit",
        /// Height of the block (m).
        pub height_m: Option<f64> = "hauteur_modele",
        /// Where the height comes from: `lidar`, `bd-topo-height`, `storeys`, `assumed`.
        pub height_source: Option<String> = "source_hauteur",
        /// Where the ground comes from.
        pub ground_source: Option<String> = "source_sol",
        /// Points of the roof.
        pub roof_points: Option<u32> = "points_toit",
        /// Byte offset of its line in `buildings.city.jsonl`.
        pub offset: Option<u32> = "cityjson_debut",
        /// Length of that line in bytes.
        pub length: Option<u32> = "cityjson_longueur",
    }
}
