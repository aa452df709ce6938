//! What local tables say of features, where the national layers have no column for it.

use super::layer::layer;

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
