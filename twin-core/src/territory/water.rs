//! Hydrography: surfaces, stretches of watercourse, and the named bodies they belong to.

use super::{GroundPosition, ObjectState, attribute::labels, layer::layer};

labels! {
    /// Kind of a water object, list of the SANDRE.
    pub enum WaterNature {
        /// Natural flow.
        NaturalFlow = "Ecoulement naturel",
        /// Flow in a built channel.
        ChannelledFlow = "Ecoulement canalisé",
        /// Canal.
        Canal = "Canal",
        /// Culvert.
        Culvert = "Conduit buse",
        /// Penstock.
        Penstock = "Conduit forcé",
        /// Aqueduct.
        Aqueduct = "Aqueduc",
        /// Gully.
        Gully = "Ravine",
        /// Flow without outlet.
        EndorheicFlow = "Ecoulement endoréique",
        /// Flow in the bed's sediments.
        HyporheicFlow = "Ecoulement hyporhéique",
        /// Underground flow in karst.
        KarstFlow = "Ecoulement karstique",
        /// Groundwater flow.
        PhreaticFlow = "Ecoulement phréatique",
        /// Delta.
        Delta = "Delta",
        /// Estuary.
        Estuary = "Estuaire",
        /// Lake.
        Lake = "Lac",
        /// Tropical lagoon.
        ReefLagoon = "Lagon",
        /// Coastal lagoon.
        CoastalLagoon = "Lagune",
        /// Mangrove.
        Mangrove = "Mangrove",
        /// Marsh.
        Marsh = "Marais",
        /// Pond.
        Pond = "Mare",
        /// Flooded gravel pit.
        GravelPit = "Plan d'eau de gravière",
        /// Flooded mine.
        MinePit = "Plan d'eau de mine",
        /// Basin.
        Basin = "Réservoir-bassin",
        /// Storm basin.
        StormBasin = "Réservoir-bassin d'orage",
        /// Fish pond.
        FishBasin = "Réservoir-bassin piscicole",
        /// Reservoir.
        Reservoir = "Retenue",
        /// Reservoir behind a dam.
        DamReservoir = "Retenue-barrage",
        /// Reservoir behind an embankment.
        EmbankmentReservoir = "Retenue-digue",
        /// Harbour basin.
        HarbourBasin = "Retenue-bassin portuaire",
        /// Glacier or firn.
        Glacier = "Glacier, névé",
        /// Not known.
        Unknown = "Inconnue",
    }
}

labels! {
    /// How long water is present.
    pub enum Persistence {
        /// All year.
        Permanent = "Permanent",
        /// Part of the year.
        Intermittent = "Intermittent",
        /// After rain only.
        Ephemeral = "Ephémère",
        /// Dry.
        Dry = "Sec",
        /// Not known.
        Unknown = "Inconnue",
    }
}

labels! {
    /// Natural or built.
    pub enum WaterOrigin {
        /// Built.
        Artificial = "Artificielle",
        /// Natural, altered.
        NaturalAltered = "Naturelle aménagée",
        /// Natural.
        Natural = "Naturelle non aménagée",
        /// Not known.
        Unknown = "Inconnue",
    }
}

labels! {
    /// Direction of flow relative to the direction of drawing.
    pub enum FlowDirection {
        /// Along the drawing.
        Forward = "Sens direct",
        /// Against the drawing.
        Backward = "Sens inverse",
        /// Either.
        Both = "Double sens",
        /// Not known.
        Unknown = "Inconnu",
    }
}

labels! {
    /// Class of width of a watercourse.
    pub enum WidthClass {
        /// 0 to 5 m.
        UpTo5 = "Entre 0 et 5 m",
        /// 5 to 15 m.
        From5To15 = "Entre 5 et 15 m",
        /// 15 to 50 m.
        From15To50 = "Entre 15 et 50 m",
        /// 50 to 250 m.
        From50To250 = "Entre 50 et 250 m",
        /// 250 to 1250 m.
        From250To1250 = "Entre 250 et 1250 m",
        /// More than 1250 m.
        Above1250 = "Plus de 1250 m",
        /// More than 50 m.
        Above50 = "Plus de 50 m",
        /// To be updated.
        Pending = "En attente de mise à jour",
        /// Does not apply.
        NotApplicable = "Sans objet",
    }
}

impl WidthClass {
    /// Bounds of the class (m); the upper one is infinite for an open class.
    pub fn bounds_m(&self) -> Option<(f64, f64)> {
        Some(match self {
            Self::UpTo5 => (0.0, 5.0),
            Self::From5To15 => (5.0, 15.0),
            Self::From15To50 => (15.0, 50.0),
            Self::From50To250 => (50.0, 250.0),
            Self::From250To1250 => (250.0, 1250.0),
            Self::Above1250 => (1250.0, f64::INFINITY),
            Self::Above50 => (50.0, f64::INFINITY),
            Self::Pending | Self::NotApplicable | Self::Other(_) => return None,
        })
    }
}

layer! {
    /// A surface of water: part of a river, lake, basin. Its vertices carry the altitude of the
    /// water at the time of the survey.
    pub struct WaterSurface in "surface_hydrographique" (Polygons) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Code in the national hydrographic register.
        pub hydrographic_code: Option<String> = "code_hydrographique",
        /// Kind.
        pub nature: Option<WaterNature> = "nature",
        /// Above or below the ground.
        pub position: Option<GroundPosition> = "position_par_rapport_au_sol",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
        /// How long water is present.
        pub persistence: Option<Persistence> = "persistance",
        /// Salt water.
        pub is_salt: Option<bool> = "salinite",
        /// Natural or built.
        pub origin: Option<WaterOrigin> = "origine",
        /// Name of the water body.
        pub water_body_name: Option<String> = "cpx_toponyme_de_plan_d_eau",
        /// Name of the watercourse.
        pub watercourse_name: Option<String> = "cpx_toponyme_de_cours_d_eau",
        /// Identifiers of the water bodies it belongs to, joined by `/`.
        pub water_body_ids: Option<String> = "liens_vers_plan_d_eau",
        /// Identifiers of the watercourses it belongs to, joined by `/`.
        pub watercourse_ids: Option<String> = "liens_vers_cours_d_eau",
        /// Precision of the altitudes (m).
        pub height_precision_m: Option<f64> = "precision_altimetrique",
    }
}

layer! {
    /// A stretch of watercourse between two nodes of the network.
    pub struct WaterCourse in "troncon_hydrographique" (Lines) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Code in the national hydrographic register.
        pub hydrographic_code: Option<String> = "code_hydrographique",
        /// Kind.
        pub nature: Option<WaterNature> = "nature",
        /// Drawn only to connect the network, for example through a lake.
        pub is_fictitious: Option<bool> = "fictif",
        /// Aqueduct, culvert.
        pub position: Option<GroundPosition> = "position_par_rapport_au_sol",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
        /// How long water is present.
        pub persistence: Option<Persistence> = "persistance",
        /// Ditch.
        pub is_ditch: Option<bool> = "fosse",
        /// Navigable.
        pub is_navigable: Option<bool> = "navigabilite",
        /// Salt water.
        pub is_salt: Option<bool> = "salinite",
        /// Strahler order as text of the product.
        pub order: Option<String> = "numero_d_ordre",
        /// Natural or built.
        pub origin: Option<WaterOrigin> = "origine",
        /// Direction of flow relative to the drawing.
        pub flow_direction: Option<FlowDirection> = "sens_de_l_ecoulement",
        /// Part of the main flowing network.
        pub is_main_network: Option<bool> = "reseau_principal_coulant",
        /// The course is known, not presumed.
        pub is_course_known: Option<bool> = "trace_connu",
        /// Class of width.
        pub width_class: Option<WidthClass> = "classe_de_largeur",
        /// Main, secondary, dead branch.
        pub branch: Option<String> = "type_de_bras",
        /// Name of the watercourse.
        pub name: Option<String> = "cpx_toponyme_de_cours_d_eau",
        /// Identifiers of the watercourses it belongs to, joined by `/`.
        pub watercourse_ids: Option<String> = "liens_vers_cours_d_eau",
        /// Identifiers of the water surfaces it runs through, joined by `/`.
        pub surface_ids: Option<String> = "liens_vers_surface_hydrographique",
        /// Identifier of its first node.
        pub start_node_id: Option<String> = "lien_vers_noeud_hydrographique_ini",
        /// Identifier of its last node.
        pub end_node_id: Option<String> = "lien_vers_noeud_hydrographique_fin",
        /// Precision of the altitudes (m).
        pub height_precision_m: Option<f64> = "precision_altimetrique",
    }
}

impl WaterCourse {
    /// Runs below the ground: culvert or pipe.
    pub fn is_underground(&self) -> bool {
        self.position.as_ref().is_some_and(GroundPosition::is_below)
    }
}

layer! {
    /// A named water body: lake, pond, reservoir.
    pub struct WaterBody in "plan_d_eau" (Polygons) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Code in the national hydrographic register.
        pub hydrographic_code: Option<String> = "code_hydrographique",
        /// Kind.
        pub nature: Option<WaterNature> = "nature",
        /// Name.
        pub name: Option<String> = "toponyme",
        /// Importance, 1 to 6.
        pub importance: Option<u32> = "importance",
        /// Under the influence of the tide.
        pub is_tidal: Option<bool> = "influence_de_la_maree",
        /// Water all year.
        pub is_permanent: Option<bool> = "caractere_permanent",
        /// Mean altitude of the water (m).
        pub mean_altitude_m: Option<f64> = "altitude_moyenne",
        /// Datum of the mean altitude.
        pub altitude_datum: Option<String> = "referentiel_de_l_altitude_moyenne",
        /// Greatest depth (m).
        pub max_depth_m: Option<f64> = "hauteur_d_eau_maximale",
    }
}

layer! {
    /// A named watercourse from spring to mouth.
    pub struct NamedWaterCourse in "cours_d_eau" (Lines) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Code in the national hydrographic register.
        pub hydrographic_code: Option<String> = "code_hydrographique",
        /// Name.
        pub name: Option<String> = "toponyme",
        /// Importance, 1 to 6.
        pub importance: Option<u32> = "importance",
        /// Under the influence of the tide.
        pub is_tidal: Option<bool> = "influence_de_la_maree",
        /// Water all year.
        pub is_permanent: Option<bool> = "caractere_permanent",
    }
}
