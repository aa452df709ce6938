//! Parcels of the cadastre.

use super::layer::layer;

layer! {
    /// A parcel: ground of one owner, as the cadastre draws it (it proves no boundary).
    pub struct Parcel in "parcelle" (Polygons) {
        /// Identifier: department, commune, prefix, section and number, 14 characters.
        pub id: String = "idu",
        /// Section.
        pub section: Option<String> = "section",
        /// Number in the section.
        pub number: Option<String> = "numero",
        /// INSEE code of the commune.
        pub commune: Option<String> = "code_insee",
        /// Area that the cadastre states (m²).
        pub stated_area_m2: Option<f64> = "contenance",
    }
}
