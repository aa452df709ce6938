//! Communes.

use super::{InseeCode, layer::layer};

layer! {
    /// A commune.
    pub struct Commune in "commune" (Polygons) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// INSEE code.
        pub insee: Option<InseeCode> = "code_insee",
        /// Official name.
        pub name: Option<String> = "nom_officiel",
        /// Inhabitants at the census.
        pub population: Option<u32> = "population",
        /// Date of the census.
        pub census_date: Option<String> = "date_du_recensement",
        /// Area in the cadastre (ha).
        pub cadastral_area_ha: Option<f64> = "superficie_cadastrale",
        /// Postal code.
        pub postal_code: Option<String> = "code_postal",
        /// SIREN code of the commune.
        pub siren: Option<String> = "code_siren",
        /// SIREN codes of its groupings, joined by `/`.
        pub epci_siren: Option<String> = "codes_siren_des_epci",
    }
}
