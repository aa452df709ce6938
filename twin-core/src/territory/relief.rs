//! Lines of relief that guide water: embankments and levees.

use super::{ObjectState, attribute::labels, layer::layer};

labels! {
    /// Kind of a line of relief.
    pub enum ReliefLineNature {
        /// Raised bank, as along a river or canal.
        Levee = "Levée",
        /// Embankment.
        Embankment = "Talus",
        /// Edge of a quarry.
        Quarry = "Carrière",
    }
}

layer! {
    /// A line of relief.
    pub struct ReliefLine in "ligne_orographique" (Lines) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Kind.
        pub nature: Option<ReliefLineNature> = "nature",
        /// Name.
        pub name: Option<String> = "toponyme",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
        /// Precision of the altitudes (m).
        pub height_precision_m: Option<f64> = "precision_altimetrique",
    }
}
