//! State of an object and what its heights were measured with, shared by most layers of BD TOPO.

use super::attribute::labels;

labels! {
    /// State of an object (`etat_de_l_objet`).
    pub enum ObjectState {
        /// In use.
        InService = "En service",
        /// Being built.
        UnderConstruction = "En construction",
        /// Planned.
        Planned = "En projet",
        /// Ruined.
        Ruined = "En ruine",
        /// Out of use.
        Disused = "Non exploité",
        /// Gone.
        Gone = "Disparu",
    }
}

labels! {
    /// How the heights were acquired (`methode_d_acquisition_altimetrique`).
    pub enum HeightMethod {
        /// Elevation base of IGN.
        BdAlti = "BDAlti",
        /// Earlier topographic base.
        BdTopo = "BDTopo",
        /// Image matching.
        Correlation = "Corrélation",
        /// A file of unstated precision.
        DigitalFile = "Fichier numérique",
        /// A file of decimetre precision.
        DecimetreFile = "Fichier numérique décimétrique",
        /// Interpolated from the buildings around.
        BuildingInterpolation = "Interpolation bâti BDTopo",
        /// GNSS survey.
        Gps = "Levé GPS",
        /// Lidar.
        Lidar = "Lidar",
        /// LiDAR HD programme.
        LidarHd = "Lidar HD",
        /// No height at all.
        NoHeight = "Pas de Z",
        /// Photogrammetry.
        Photogrammetry = "Photogrammétrie",
        /// Photogrammetry from long focal lengths.
        LongFocalPhotogrammetry = "Photogrammétrie longue focale",
        /// A plan with spot heights.
        SpotHeightPlan = "Plan coté",
        /// Radar.
        Radar = "Radar",
        /// Corrected height.
        Corrected = "Z corrigé",
    }
}
