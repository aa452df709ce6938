//! Facilities: the places that matter in a crisis.
//!
//! A facility may belong to several classes: a hospital is both hard to evacuate and needed. The
//! classes follow from a table that a collectivité can edit, `products/tables/facility_classes.csv`.

use std::collections::BTreeSet;

use super::{
    ObjectState,
    attribute::{Attribute, Unreadable},
    layer::layer,
};
use crate::formats::{FieldKind, Value};
use crate::language::Language;

/// Why a facility matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FacilityClass {
    /// A public that is hard to evacuate: schools, hospitals, homes, prisons, campsites.
    Sensitive,
    /// Needed to manage the crisis: town hall, fire station, gendarmerie, prefecture.
    CrisisManagement,
    /// Keeps a network running: water, sewage, electricity, transport.
    Network,
    /// May pollute when flooded: factories, waste, tanks.
    Pollution,
    /// Any other place.
    Other,
}

impl FacilityClass {
    /// Every class.
    pub const ALL: [Self; 5] =
        [Self::Sensitive, Self::CrisisManagement, Self::Network, Self::Pollution, Self::Other];

    /// Stable code, used in tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Sensitive => "sensible",
            Self::CrisisManagement => "gestion-de-crise",
            Self::Network => "reseau",
            Self::Pollution => "pollution",
            Self::Other => "autre",
        }
    }

    /// From its code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code.trim())
    }

    /// Name for a legend or a table.
    pub fn label(self, language: Language) -> &'static str {
        match self {
            Self::Sensitive => language.pick("Établissements sensibles", "Sensitive facilities"),
            Self::CrisisManagement => language.pick("Gestion de crise", "Crisis management"),
            Self::Network => language.pick("Réseaux", "Networks"),
            Self::Pollution => language.pick("Sources de pollution", "Pollution sources"),
            Self::Other => language.pick("Autres équipements", "Other facilities"),
        }
    }
}

/// The classes of a facility.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FacilityClasses(pub BTreeSet<FacilityClass>);

impl FacilityClasses {
    /// Whether it belongs to a class.
    pub fn contains(&self, class: FacilityClass) -> bool {
        self.0.contains(&class)
    }
}

impl FromIterator<FacilityClass> for FacilityClasses {
    fn from_iter<I: IntoIterator<Item = FacilityClass>>(classes: I) -> Self {
        Self(classes.into_iter().collect())
    }
}

impl Attribute for FacilityClasses {
    const KIND: FieldKind = FieldKind::Text;

    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        match value {
            Value::Null => Ok(Self::default()),
            Value::Text(text) => text
                .split('/')
                .filter(|code| !code.trim().is_empty())
                .map(|code| FacilityClass::from_code(code).ok_or(Unreadable))
                .collect(),
            _ => Err(Unreadable),
        }
    }

    fn to_value(&self) -> Value {
        if self.0.is_empty() {
            return Value::Null;
        }
        let codes: Vec<&str> = self.0.iter().map(|class| class.code()).collect();
        Value::Text(codes.join("/"))
    }
}

layer! {
    /// A facility: a zone of activity or interest, an establishment open to the public, a
    /// transformer station.
    pub struct Facility in "equipement" (Any) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Why it matters.
        pub classes: FacilityClasses = "classes",
        /// Layer of the product it comes from.
        pub source_layer: Option<String> = "couche_source",
        /// Broad category: `Santé`, `Science et enseignement` …
        pub category: Option<String> = "categorie",
        /// Kind: `Mairie`, `Enseignement primaire` …
        pub nature: Option<String> = "nature",
        /// Kind in detail: `Ecole maternelle` …
        pub detail: Option<String> = "nature_detaillee",
        /// Name.
        pub name: Option<String> = "toponyme",
        /// Importance, 1 to 6.
        pub importance: Option<u32> = "importance",
        /// The outline is a symbol, not the place's true outline.
        pub is_fictitious: Option<bool> = "fictif",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
        /// Address.
        pub address: Option<String> = "adresse_postale",
        /// Commune.
        pub insee: Option<String> = "insee_commune",
        /// Number of people it can receive.
        pub capacity: Option<u32> = "capacite_d_accueil_du_public",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_survive_their_column() {
        let classes: FacilityClasses =
            [FacilityClass::CrisisManagement, FacilityClass::Sensitive].into_iter().collect();
        assert_eq!(classes.to_value(), Value::Text("sensible/gestion-de-crise".into()));
        assert_eq!(FacilityClasses::from_value(&classes.to_value()), Ok(classes));
    }
}
