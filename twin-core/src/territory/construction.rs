//! Constructions other than buildings: bridges, dams, walls, quays, towers, reservoirs, sports
//! grounds, cemeteries.

use super::{FootprintOrigin, LandCover, ObjectState, attribute::labels, layer::layer};

labels! {
    /// Kind of a construction drawn as a surface.
    pub enum SurfaceConstructionNature {
        /// Bridge deck.
        Bridge = "Pont",
        /// Dam.
        Dam = "Barrage",
        /// Slipway.
        Slipway = "Cale",
        /// Slab over a street or railway.
        Slab = "Dalle",
        /// Lock.
        Lock = "Ecluse",
        /// Stairs.
        Stairs = "Escalier",
    }
}

labels! {
    /// Kind of a construction drawn as a line.
    pub enum LinearConstructionNature {
        /// Bridge.
        Bridge = "Pont",
        /// Tunnel.
        Tunnel = "Tunnel",
        /// Dam.
        Dam = "Barrage",
        /// Wall.
        Wall = "Mur",
        /// Noise barrier.
        NoiseBarrier = "Mur anti-bruit",
        /// Retaining wall.
        RetainingWall = "Mur de soutènement",
        /// Fence.
        Fence = "Clôture",
        /// Quay.
        Quay = "Quai",
        /// Ruins.
        Ruins = "Ruines",
        /// Harbour gantry.
        HarbourGantry = "Portique portuaire",
        /// Pelota wall.
        PelotaWall = "Fronton de pelote basque",
        /// Mountain sports.
        MountainSport = "Sport de montagne",
        /// Other line.
        Descriptive = "Autre ligne descriptive",
    }
}

layer! {
    /// A construction drawn as a surface.
    pub struct SurfaceConstruction in "construction_surfacique" (Polygons) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Kind.
        pub nature: Option<SurfaceConstructionNature> = "nature",
        /// Kind in detail: `Viaduc`, `Pont-canal` …
        pub detail: Option<String> = "nature_detaillee",
        /// Name.
        pub name: Option<String> = "toponyme",
        /// Importance, 1 to 6.
        pub importance: Option<u32> = "importance",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
        /// Precision of the altitudes (m).
        pub height_precision_m: Option<f64> = "precision_altimetrique",
    }
}

layer! {
    /// A construction drawn as a line. Walls, quays and dykes (`nature_detaillee` = `Digue`) block
    /// or hold back water.
    pub struct LinearConstruction in "construction_lineaire" (Lines) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Kind.
        pub nature: Option<LinearConstructionNature> = "nature",
        /// Kind in detail: `Digue`, `Seuil`, `Vanne`, `Rempart` …
        pub detail: Option<String> = "nature_detaillee",
        /// Name.
        pub name: Option<String> = "toponyme",
        /// Importance, 1 to 6.
        pub importance: Option<u32> = "importance",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
        /// Precision of the altitudes (m).
        pub height_precision_m: Option<f64> = "precision_altimetrique",
    }
}

impl LinearConstruction {
    /// A dyke (`Digue`).
    pub fn is_dyke(&self) -> bool {
        self.detail.as_deref() == Some("Digue")
    }
}

layer! {
    /// A construction drawn as a point: mast, chimney, steeple, wind turbine.
    pub struct PointConstruction in "construction_ponctuelle" (Points) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Kind.
        pub nature: Option<String> = "nature",
        /// Kind in detail.
        pub detail: Option<String> = "nature_detaillee",
        /// Name.
        pub name: Option<String> = "toponyme",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
        /// Height above the ground (m).
        pub height_m: Option<f64> = "hauteur",
    }
}

layer! {
    /// A pylon of a power line.
    pub struct Pylon in "pylone" (Points) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Number.
        pub number: Option<String> = "numero",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
        /// Height above the ground (m).
        pub height_m: Option<f64> = "hauteur",
    }
}

labels! {
    /// Kind of a reservoir.
    pub enum ReservoirNature {
        /// Water tower.
        WaterTower = "Château d'eau",
        /// Water tank on the ground.
        WaterTank = "Réservoir d'eau ou château d'eau au sol",
        /// Industrial tank.
        IndustrialTank = "Réservoir industriel",
        /// Not known.
        Unknown = "Inconnue",
    }
}

layer! {
    /// A tank or a water tower.
    pub struct Reservoir in "reservoir" (Polygons) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Kind.
        pub nature: Option<ReservoirNature> = "nature",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
        /// Height above the ground (m).
        pub height_m: Option<f64> = "hauteur",
        /// Altitude of the foot on the low side (m).
        pub ground_min_m: Option<f64> = "altitude_minimale_sol",
        /// Altitude of the foot on the high side (m).
        pub ground_max_m: Option<f64> = "altitude_maximale_sol",
        /// Altitude of the edge of the top (m).
        pub roof_min_m: Option<f64> = "altitude_minimale_toit",
        /// Altitude of the highest point (m).
        pub roof_max_m: Option<f64> = "altitude_maximale_toit",
        /// What the footprint was drawn from.
        pub footprint_origin: Option<FootprintOrigin> = "origine_du_batiment",
        /// Volume (m³).
        pub volume_m3: Option<f64> = "volume",
    }
}

layer! {
    /// A cemetery.
    pub struct Cemetery in "cimetiere" (Polygons) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// `Civil`, `Militaire`, `Militaire étranger`.
        pub nature: Option<String> = "nature",
        /// Kind in detail.
        pub detail: Option<String> = "nature_detaillee",
        /// Name.
        pub name: Option<String> = "toponyme",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
    }
}

labels! {
    /// Kind of a sports ground.
    pub enum SportsGroundNature {
        /// Swimming pool.
        Pool = "Bassin de natation",
        /// Riding arena.
        RidingArena = "Carrière équestre",
        /// Large field.
        Field = "Grand terrain de sport",
        /// Small court for several sports.
        SmallCourt = "Petit terrain multi-sports",
        /// Track.
        Track = "Piste de sport",
        /// Tennis court.
        TennisCourt = "Terrain de tennis",
    }
}

layer! {
    /// A sports ground in the open.
    pub struct SportsGround in "terrain_de_sport" (Polygons) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// Kind.
        pub nature: Option<SportsGroundNature> = "nature",
        /// Kind in detail: `Terrain de football` …
        pub detail: Option<String> = "nature_detaillee",
        /// State.
        pub state: Option<ObjectState> = "etat_de_l_objet",
    }
}

impl SportsGround {
    /// The land cover it stands for: a pool is water.
    pub fn land_cover(&self) -> LandCover {
        match self.nature {
            Some(SportsGroundNature::Pool) => LandCover::Water,
            _ => LandCover::SportsSurface,
        }
    }
}
