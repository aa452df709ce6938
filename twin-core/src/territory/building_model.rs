//! The 3D model of a building: what assembly made of a footprint, and how.

use super::layer::layer;

layer! {
    /// The model of a building. Its polygons are the footprint at the height of the roof.
    pub struct BuildingModel in "batiment_modele" (Polygons) {
        /// Identifier of the building.
        pub id: String = "cleabs",
        /// Level of detail of the best model, such as `1.2`.
        pub lod: Option<String> = "lod",
        /// Why there is no better one: `few-points`, `no-plane`, `poor-fit`, `footprint`, `invalid`,
        /// `not-standing`, `derived-footprint`.
        pub fallback: Option<String> = "repli",
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
        /// Planes of the roof, or flat parts.
        pub roof_planes: Option<u32> = "pans_de_toit",
        /// Root mean square of the distances of the roof points from the model (m).
        pub roof_rmse_m: Option<f64> = "eqm_toit",
        /// Share of the roof points within 0.3 m of the model.
        pub roof_explained: Option<f64> = "part_expliquee",
        /// Volume of the model (m³).
        pub volume_m3: Option<f64> = "volume",
        /// Volume between the surface (MNS) within the footprint and the ground of the model (m³).
        pub surface_volume_m3: Option<f64> = "volume_mns",
        /// Length of the walls that other buildings stand against (m).
        pub party_wall_m: Option<f64> = "murs_mitoyens",
        /// By how much the footprint was moved onto the roof points, to the east (m).
        pub shift_east_m: Option<f64> = "recalage_est",
        /// The same to the north (m).
        pub shift_north_m: Option<f64> = "recalage_nord",
        /// Byte offset of its line in `buildings.city.jsonl`.
        pub offset: Option<u32> = "cityjson_debut",
        /// Length of that line in bytes.
        pub length: Option<u32> = "cityjson_longueur",
    }
}
