//! Roads, streets and paths.

use super::{GroundPosition, LandCover, ObjectState, attribute::labels, layer::layer};

labels! {
    /// Kind of a road.
    pub enum RoadNature {
        /// Motorway or expressway.
        Motorway = "Type autoroutier",
        /// Two separate carriageways.
        DualCarriageway = "Route à 2 chaussées",
        /// One carriageway.
        SingleCarriageway = "Route à 1 chaussée",
        /// Slip road.
        SlipRoad = "Bretelle",
        /// Roundabout.
        Roundabout = "Rond-point",
        /// Gravel road, open to cars all year.
        Gravel = "Route empierrée",
        /// Track.
        Track = "Chemin",
        /// Footpath.
        Path = "Sentier",
        /// Stairs.
        Stairs = "Escalier",
        /// Ferry.
        Ferry = "Bac ou liaison maritime",
    }
}

impl RoadNature {
    /// What covers the ground along it; nothing for a ferry.
    pub fn land_cover(&self) -> Option<LandCover> {
        match self {
            Self::Ferry => None,
            Self::Gravel => Some(LandCover::Mineral),
            Self::Track | Self::Path => Some(LandCover::BareSoil),
            _ => Some(LandCover::Sealed),
        }
    }
}

labels! {
    /// Direction of traffic relative to the direction of drawing.
    pub enum TrafficDirection {
        /// Both.
        Both = "Double sens",
        /// Along the drawing.
        Forward = "Sens direct",
        /// Against the drawing.
        Backward = "Sens inverse",
        /// Does not apply.
        NotApplicable = "Sans objet",
    }
}

layer! {
    /// A stretch of road between two changes of attribute; its vertices carry the altitude of the
    /// roadway.
    pub struct Road in "troncon_de_route" (Lines) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Kind.
        pub nature: Option<RoadNature> = "nature",
        /// Importance in the network, 1 (national) to 6 (path).
        pub importance: Option<u32> = "importance",
        /// Drawn only to connect the network, not there on the ground.
        pub is_fictitious: Option<bool> = "fictif",
        /// Bridge, tunnel, ford.
        pub position: Option<GroundPosition> = "position_par_rapport_au_sol",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
        /// Number of lanes.
        pub lanes: Option<u32> = "nombre_de_voies",
        /// Width of the carriageway (m).
        pub width_m: Option<f64> = "largeur_de_chaussee",
        /// Private.
        pub is_private: Option<bool> = "prive",
        /// Direction of traffic.
        pub direction: Option<TrafficDirection> = "sens_de_circulation",
        /// In a built-up area.
        pub is_urban: Option<bool> = "urbain",
        /// Mean speed of light vehicles (km/h).
        pub mean_speed_km_per_h: Option<f64> = "vitesse_moyenne_vl",
        /// Access for light vehicles.
        pub light_vehicle_access: Option<String> = "acces_vehicule_leger",
        /// Name on the left side.
        pub name_left: Option<String> = "nom_collaboratif_gauche",
        /// Name on the right side.
        pub name_right: Option<String> = "nom_collaboratif_droite",
        /// Number of the road, such as `D12`.
        pub number: Option<String> = "cpx_numero",
        /// Administrative class, such as `Départementale`.
        pub administrative_class: Option<String> = "cpx_classement_administratif",
        /// Commune on the left.
        pub insee_left: Option<String> = "insee_commune_gauche",
        /// Commune on the right.
        pub insee_right: Option<String> = "insee_commune_droite",
        /// Precision of the altitudes (m).
        pub height_precision_m: Option<f64> = "precision_altimetrique",
    }
}

impl Road {
    /// On a bridge.
    pub fn is_bridge(&self) -> bool {
        self.position.as_ref().is_some_and(GroundPosition::is_above)
    }

    /// In a tunnel or an underpass.
    pub fn is_tunnel(&self) -> bool {
        self.position.as_ref().is_some_and(GroundPosition::is_below)
    }

    /// Width of the roadway (m): the stated one, else 3.5 m per lane (the standard lane of French
    /// roads), else an assumed width of its kind.
    pub fn assumed_width_m(&self) -> f64 {
        if let Some(width) = self.width_m.filter(|w| *w > 0.0) {
            return width;
        }
        if let Some(lanes) = self.lanes.filter(|n| *n > 0) {
            return 3.5 * f64::from(lanes);
        }
        match self.nature {
            Some(RoadNature::Motorway | RoadNature::DualCarriageway) => 7.0,
            Some(RoadNature::SlipRoad | RoadNature::Gravel) => 3.5,
            Some(RoadNature::Track) => 2.5,
            Some(RoadNature::Stairs) => 2.0,
            Some(RoadNature::Path) => 1.0,
            _ => 5.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{spatial::Geometry, territory::Layer as _};

    #[test]
    fn width_is_taken_from_the_best_knowledge() {
        let mut road = Road::bare("r", Geometry::Lines(Vec::new()));
        road.nature = Some(RoadNature::Path);
        assert_eq!(road.assumed_width_m(), 1.0);
        road.lanes = Some(2);
        assert_eq!(road.assumed_width_m(), 7.0);
        road.width_m = Some(0.0);
        assert_eq!(road.assumed_width_m(), 7.0);
        road.width_m = Some(4.0);
        assert_eq!(road.assumed_width_m(), 4.0);
    }
}
