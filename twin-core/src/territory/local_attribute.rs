//! What local tables say of features, where the national layers have no column for it.

use std::collections::BTreeMap;

use super::{Features, layer::layer};

/// Height of a building's ground floor above the ground, metres.
pub const FLOOR_HEIGHT: &str = "hauteur_plancher_m";
/// Whether a building has a basement: 1 or 0.
pub const BASEMENT: &str = "sous_sol";

layer! {
    /// A value of a local table, beside the feature that it is about; its point is the middle of that
    /// feature. Values whose column is one of the layer's own are in the layer instead.
    pub struct LocalAttribute in "attribut_local" (Points) {
        /// Identifier: that of the feature and the name.
        pub id: String = "identifiant",
        /// Identifier of the feature.
        pub feature_id: Option<String> = "objet",
        /// Layer of the feature.
        pub layer: Option<String> = "couche",
        /// Name of the attribute: the column of the table.
        pub name: Option<String> = "attribut",
        /// Value as text.
        pub text: Option<String> = "texte",
        /// Value as a number, where it is one.
        pub number: Option<f64> = "nombre",
        /// File that says so.
        pub source: Option<String> = "source",
    }
}

impl Features {
    /// Numbers that local tables give features under a name, by the identifier of the feature; the
    /// last of several holds.
    pub fn local_numbers(&self, name: &str) -> BTreeMap<&str, f64> {
        let given = self.local_attributes.iter().filter(|a| a.name.as_deref() == Some(name));
        given.filter_map(|a| Some((a.feature_id.as_deref()?, a.number?))).collect()
    }
}
