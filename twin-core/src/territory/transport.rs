//! Transport sites (stations, car parks, harbours) and runways.

use super::{LandCover, ObjectState, attribute::labels, layer::layer};

layer! {
    /// A transport site: station, car park, service area, harbour, roundabout.
    pub struct TransportSite in "equipement_de_transport" (Polygons) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Kind: `Parking`, `Gare voyageurs uniquement`, `Carrefour`, `Port` …
        pub nature: Option<String> = "nature",
        /// Kind in detail.
        pub detail: Option<String> = "nature_detaillee",
        /// Name.
        pub name: Option<String> = "toponyme",
        /// Importance, 1 to 6.
        pub importance: Option<u32> = "importance",
        /// The outline is a symbol, not the place's true outline.
        pub is_fictitious: Option<bool> = "fictif",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
    }
}

impl TransportSite {
    /// The land cover it stands for; none where its outline holds more than the paved ground.
    pub fn land_cover(&self) -> Option<LandCover> {
        if self.is_fictitious == Some(true) {
            return None;
        }
        match self.nature.as_deref() {
            Some("Parking" | "Péage" | "Gare routière") => Some(LandCover::Sealed),
            _ => None,
        }
    }
}

labels! {
    /// Surface of a runway.
    pub enum RunwayNature {
        /// Paved.
        Paved = "Piste en dur",
        /// Grass.
        Grass = "Piste en herbe",
    }
}

layer! {
    /// A runway, taxiway or apron.
    pub struct Runway in "piste_d_aerodrome" (Polygons) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Surface.
        pub nature: Option<RunwayNature> = "nature",
        /// Role: `Piste d'envol`, `Aire de circulation` …
        pub role: Option<String> = "fonction",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
    }
}

impl Runway {
    /// The land cover it stands for.
    pub fn land_cover(&self) -> LandCover {
        match self.nature {
            Some(RunwayNature::Grass) => LandCover::Grass,
            _ => LandCover::Sealed,
        }
    }
}
