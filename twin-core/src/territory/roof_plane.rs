//! Planes of roofs, from the 3D models.

use super::layer::layer;

layer! {
    /// A plane of a roof as it lies in space, from the model of the highest level of detail.
    pub struct RoofPlane in "pan_de_toit" (Polygons) {
        /// Identifier: that of the building and a number.
        pub id: String = "identifiant",
        /// Identifier of the building.
        pub building_id: Option<String> = "batiment",
        /// Angle with the horizontal (degrees).
        pub slope_deg: Option<f64> = "pente",
        /// Direction in which it falls, clockwise from north (degrees); none for a flat one.
        pub azimuth_deg: Option<f64> = "azimut",
        /// Area in its own plane (m²).
        pub area_m2: Option<f64> = "surface",
    }
}
