//! Railways and tramways.

use super::{GroundPosition, ObjectState, attribute::labels, layer::layer};

labels! {
    /// Kind of a railway.
    pub enum RailNature {
        /// Main line.
        MainLine = "Voie ferrée principale",
        /// High-speed line.
        HighSpeed = "LGV",
        /// Siding.
        Siding = "Voie de service",
        /// Tramway.
        Tramway = "Tramway",
        /// Underground.
        Metro = "Métro",
        /// Funicular or rack railway.
        Funicular = "Funiculaire ou crémaillère",
        /// Does not apply.
        NotApplicable = "Sans objet",
    }
}

layer! {
    /// A stretch of railway.
    pub struct Rail in "troncon_de_voie_ferree" (Lines) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Kind.
        pub nature: Option<RailNature> = "nature",
        /// Bridge or tunnel.
        pub position: Option<GroundPosition> = "position_par_rapport_au_sol",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
        /// Electrified.
        pub is_electrified: Option<bool> = "electrifie",
        /// Gauge: `Normale`, `Etroite`, `Large`.
        pub gauge: Option<String> = "largeur",
        /// Number of tracks.
        pub tracks: Option<u32> = "nombre_de_voies",
        /// Use: `Voyageur`, `Fret` …
        pub usage: Option<String> = "usage",
        /// Greatest speed (km/h).
        pub max_speed_km_per_h: Option<f64> = "vitesse_maximale",
        /// Name of the line.
        pub name: Option<String> = "cpx_toponyme",
        /// Precision of the altitudes (m).
        pub height_precision_m: Option<f64> = "precision_altimetrique",
    }
}

impl Rail {
    /// On a bridge.
    pub fn is_bridge(&self) -> bool {
        self.position.as_ref().is_some_and(GroundPosition::is_above)
    }

    /// In a tunnel.
    pub fn is_tunnel(&self) -> bool {
        self.position.as_ref().is_some_and(GroundPosition::is_below)
    }
}
