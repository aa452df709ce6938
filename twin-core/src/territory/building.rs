//! Buildings.

use super::{
    HeightMethod, ObjectState, RnbId,
    attribute::labels,
    layer::{Layer as _, layer},
};
use crate::spatial::Polygon;

labels! {
    /// Architectural kind of a building.
    pub enum BuildingNature {
        /// No particular kind.
        Undifferentiated = "Indifférenciée",
        /// Hall of industry, farming or trade.
        IndustrialFarmingTrade = "Industriel, agricole ou commercial",
        /// Glasshouse.
        Greenhouse = "Serre",
        /// Silo.
        Silo = "Silo",
        /// Church.
        Church = "Eglise",
        /// Chapel.
        Chapel = "Chapelle",
        /// Castle or manor.
        Castle = "Château",
        /// Tower or keep.
        Tower = "Tour, donjon",
        /// Fort, blockhouse or casemate.
        Fort = "Fort, blockhaus, casemate",
        /// Windmill.
        Windmill = "Moulin à vent",
        /// Grandstand.
        Grandstand = "Tribune",
        /// Monument.
        Monument = "Monument",
        /// Triumphal arch.
        TriumphalArch = "Arc de triomphe",
        /// Ancient arena or theatre.
        AncientArena = "Arène ou théâtre antique",
    }
}

labels! {
    /// Use of a building.
    pub enum BuildingUse {
        /// Dwellings.
        Residential = "Résidentiel",
        /// Outbuilding: garage, shed.
        Outbuilding = "Annexe",
        /// Shops, offices, public services.
        Services = "Commercial et services",
        /// Industry.
        Industrial = "Industriel",
        /// Farming.
        Farming = "Agricole",
        /// Worship.
        Religious = "Religieux",
        /// Sport.
        Sports = "Sportif",
        /// Not known.
        Undifferentiated = "Indifférencié",
    }
}

labels! {
    /// What a footprint was drawn from.
    pub enum FootprintOrigin {
        /// The cadastre: walls at the ground.
        Cadastre = "Cadastre",
        /// Aerial images: edge of the roof.
        AerialImagery = "Imagerie aérienne",
        /// LiDAR HD: edge of the roof.
        LidarHd = "Lidar HD",
        /// Something else (`Autre`).
        Unstated = "Autre",
    }
}

layer! {
    /// A building, or a part of one with its own height.
    ///
    /// The vertices of its polygons carry the altitude of the gutter where the product knows it.
    pub struct Building in "batiment" (Polygons) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Identifiers in the national register of buildings.
        pub rnb_ids: Vec<RnbId> = "identifiants_rnb",
        /// Architectural kind.
        pub nature: Option<BuildingNature> = "nature",
        /// Main use.
        pub use_1: Option<BuildingUse> = "usage_1",
        /// Second use.
        pub use_2: Option<BuildingUse> = "usage_2",
        /// Light structure without foundations, or open on a side.
        pub is_light: Option<bool> = "construction_legere",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
        /// Storeys, ground floor included, basements excluded.
        pub storeys: Option<u32> = "nombre_d_etages",
        /// Dwellings; unknown is not zero.
        pub dwellings: Option<u32> = "nombre_de_logements",
        /// Material of the walls, code of the *fichiers fonciers*.
        pub wall_material: Option<String> = "materiaux_des_murs",
        /// Material of the roof, code of the *fichiers fonciers*.
        pub roof_material: Option<String> = "materiaux_de_la_toiture",
        /// Height of the gutter above the ground (m).
        pub height_m: Option<f64> = "hauteur",
        /// Altitude of the foot on the low side (m).
        pub ground_min_m: Option<f64> = "altitude_minimale_sol",
        /// Altitude of the foot on the high side (m).
        pub ground_max_m: Option<f64> = "altitude_maximale_sol",
        /// Altitude of the gutter (m).
        pub roof_min_m: Option<f64> = "altitude_minimale_toit",
        /// Altitude of the ridge (m).
        pub roof_max_m: Option<f64> = "altitude_maximale_toit",
        /// What the footprint was drawn from.
        pub footprint_origin: Option<FootprintOrigin> = "origine_du_batiment",
        /// How the heights were acquired.
        pub height_method: Option<HeightMethod> = "methode_d_acquisition_altimetrique",
        /// Precision of the heights (m).
        pub height_precision_m: Option<f64> = "precision_altimetrique",
        /// Precision of the footprint (m).
        pub footprint_precision_m: Option<f64> = "precision_planimetrique",
        /// Date of construction, ISO 8601, where known.
        pub built: Option<String> = "date_d_apparition",
        /// Match with the tax files: a letter and a rate, such as `A 1.0`.
        pub tax_match: Option<String> = "appariement_fichiers_fonciers",
    }
}

impl Building {
    /// Parts of the footprint.
    pub fn footprint(&self) -> &[Polygon] {
        self.geometry.polygons()
    }

    /// Area of the footprint, holes taken out (m²).
    pub fn footprint_area_m2(&self) -> f64 {
        use geo::Area as _;
        self.geometry.to_multi_polygon().unsigned_area()
    }

    /// Median altitude of the gutter over the vertices that have one (m).
    pub fn gutter_altitude_m(&self) -> Option<f64> {
        let mut heights: Vec<f64> =
            self.geometry().positions().map(|p| p[2]).filter(|z| z.is_finite()).collect();
        heights.sort_by(f64::total_cmp);
        heights.get(heights.len() / 2).copied()
    }

    /// Whether it stands and is not merely planned.
    pub fn is_standing(&self) -> bool {
        !matches!(self.state, Some(ObjectState::Planned | ObjectState::Gone))
    }
}
