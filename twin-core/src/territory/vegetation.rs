//! Zones of vegetation, hedges and trees.

use super::{LandCover, attribute::labels, layer::layer};

labels! {
    /// Kind of a zone of vegetation: the list of BD TOPO, then the kinds added by BD France.
    pub enum VegetationNature {
        /// Closed broadleaf forest.
        BroadleafForest = "Forêt fermée de feuillus",
        /// Closed coniferous forest.
        ConiferousForest = "Forêt fermée de conifères",
        /// Closed mixed forest.
        MixedForest = "Forêt fermée mixte",
        /// Open forest.
        OpenForest = "Forêt ouverte",
        /// Small wood.
        Wood = "Bois",
        /// Zone with trees.
        TreeZone = "Zone arborée",
        /// Poplars.
        Poplars = "Peupleraie",
        /// Hedge.
        Hedge = "Haie",
        /// Shrub heath.
        ShrubHeath = "Lande ligneuse",
        /// Grass heath.
        GrassHeath = "Lande herbacée",
        /// Vines.
        Vineyard = "Vigne",
        /// Orchard.
        Orchard = "Verger",
        /// Hops.
        Hops = "Houblonnière",
        /// Bananas.
        Bananas = "Bananeraie",
        /// Sugar cane.
        SugarCane = "Canne à sucre",
        /// Coconut palms.
        Coconut = "Cocoteraie",
        /// Rice.
        Rice = "Rizière",
        /// Mangrove.
        Mangrove = "Mangrove",
        /// Forest, kind not stated (BD France).
        Forest = "Forêt",
        /// Farmland (BD France).
        Farmland = "Zone agricole",
        /// Grassland (BD France).
        Grassland = "Zone herbacée",
    }
}

impl VegetationNature {
    /// The land cover it stands for.
    pub fn land_cover(&self) -> LandCover {
        match self {
            Self::BroadleafForest | Self::Poplars | Self::Coconut | Self::Mangrove => {
                LandCover::DeciduousForest
            }
            Self::ConiferousForest => LandCover::ConiferousForest,
            Self::MixedForest | Self::OpenForest | Self::Wood | Self::TreeZone | Self::Forest => {
                LandCover::MixedForest
            }
            Self::Hedge => LandCover::Hedge,
            Self::ShrubHeath => LandCover::Shrub,
            Self::GrassHeath | Self::Grassland => LandCover::Grass,
            Self::Vineyard | Self::Orchard | Self::Hops | Self::Bananas => LandCover::WoodyCrop,
            Self::SugarCane | Self::Rice | Self::Farmland => LandCover::Crop,
            Self::Other(_) => LandCover::Unknown,
        }
    }
}

layer! {
    /// A zone of vegetation.
    pub struct VegetationZone in "zone_de_vegetation" (Polygons) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Kind.
        pub nature: Option<VegetationNature> = "nature",
        /// Precision of the outline (m).
        pub precision_m: Option<f64> = "precision_planimetrique",
    }
}

layer! {
    /// A hedge: a line with a width, or the strip it covers.
    pub struct Hedge in "haie" (Any) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Height (m).
        pub height_m: Option<f64> = "hauteur",
        /// Width (m).
        pub width_m: Option<f64> = "largeur",
        /// Precision of the outline (m).
        pub precision_m: Option<f64> = "precision_planimetrique",
    }
}

layer! {
    /// A tree, detected or surveyed; the height of its point is the altitude of the ground.
    pub struct Tree in "arbre" (Points) {
        /// Identifier.
        pub id: String = "identifiant",
        /// Species or genus.
        pub species: Option<String> = "essence",
        /// Height of the top above the ground (m).
        pub height_m: Option<f64> = "hauteur",
        /// Diameter of the crown (m).
        pub crown_diameter_m: Option<f64> = "diametre_houppier",
        /// Height of the lowest branches above the ground (m).
        pub crown_base_m: Option<f64> = "hauteur_base_houppier",
        /// Where it comes from: `lidar`, `inventaire`, `scenario`.
        pub source: Option<String> = "source",
    }
}
