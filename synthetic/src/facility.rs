//! Public facilities and networks (« équipements »), as `zone_d_activite_ou_d_interet` names them.

use serde::{Deserialize, Serialize};

use crate::building::BuildingUse;
use crate::roof::RoofShape;

/// What a facility is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FacilityKind {
    /// Parish church.
    Church,
    /// Town hall.
    TownHall,
    /// Primary school.
    School,
    /// Fire station.
    FireStation,
    /// Home for elderly dependent people (EHPAD), in the quarter behind the dyke.
    NursingHome,
    /// Sewage works.
    SewageWorks,
    /// Electricity transformer station.
    Transformer,
    /// Supermarket.
    Supermarket,
    /// Cemetery.
    Cemetery,
    /// Football pitch.
    SportsGround,
}

/// A facility: its ground and its buildings.
#[derive(Debug, Clone)]
pub struct Facility {
    /// What it is.
    pub kind: FacilityKind,
    /// Name.
    pub name: String,
    /// Its ground, counter-clockwise, first vertex repeated, Lambert-93.
    pub ring: Vec<[f64; 2]>,
    /// Numbers of its buildings.
    pub buildings: Vec<usize>,
}

/// Building of a facility, sizes in metres.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Programme {
    pub(crate) kind: FacilityKind,
    pub(crate) name: &'static str,
    pub(crate) usage: BuildingUse,
    pub(crate) roof: RoofShape,
    /// Building along and away from the street; zero for open ground.
    pub(crate) length: f64,
    pub(crate) depth: f64,
    pub(crate) storeys: u32,
    /// Ground kept free around.
    pub(crate) margin: f64,
    pub(crate) setback: f64,
    /// Wanted place: shares of the way from the centre (0) to the village's ends (±1), and row.
    pub(crate) towards: f64,
    pub(crate) quarter: Quarter,
}

/// Part of the commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quarter {
    Centre,
    Upper,
    BehindDyke,
}

impl FacilityKind {
    /// `(categorie, nature, nature_detaillee)` of BD TOPO.
    pub(crate) fn bd_topo(self) -> (&'static str, &'static str, Option<&'static str>) {
        match self {
            Self::Church => ("Religieux", "Culte chrétien", Some("Eglise")),
            Self::TownHall => ("Administratif ou militaire", "Mairie", None),
            Self::School => ("Science et enseignement", "Enseignement primaire", None),
            Self::FireStation => {
                ("Administratif ou militaire", "Caserne de pompiers", Some("Centre de secours"))
            }
            Self::NursingHome => ("Santé", "Maison de retraite", None),
            Self::SewageWorks => ("Gestion des eaux", "Station d'épuration", None),
            Self::Transformer => ("Industriel et commercial", "Divers industriel", None),
            Self::Supermarket => ("Industriel et commercial", "Divers commercial", None),
            Self::Cemetery => ("Religieux", "Tombeau", None),
            Self::SportsGround => ("Sport", "Stade", None),
        }
    }

    /// Whether BD TOPO has it as a `zone_d_activite_ou_d_interet`.
    pub(crate) fn is_zone(self) -> bool {
        !matches!(self, Self::Transformer | Self::Cemetery)
    }
}

const fn programme(
    (kind, name): (FacilityKind, &'static str),
    (usage, roof): (BuildingUse, RoofShape),
    [length, depth]: [f64; 2],
    storeys: u32,
    [margin, setback]: [f64; 2],
    (quarter, towards): (Quarter, f64),
) -> Programme {
    Programme { kind, name, usage, roof, length, depth, storeys, margin, setback, towards, quarter }
}

/// What every commune has, in the order in which it takes its place.
pub(crate) const PROGRAMMES: [Programme; 10] = [
    programme(
        (FacilityKind::Church, "Église Saint-Rémi"),
        (BuildingUse::Religious, RoofShape::Gable),
        [27.0, 11.0],
        3,
        [5.0, 6.0],
        (Quarter::Centre, 0.0),
    ),
    programme(
        (FacilityKind::TownHall, "Mairie"),
        (BuildingUse::Services, RoofShape::Hip),
        [17.0, 11.0],
        3,
        [2.0, 4.0],
        (Quarter::Centre, 0.12),
    ),
    programme(
        (FacilityKind::NursingHome, "EHPAD Les Saules"),
        (BuildingUse::Services, RoofShape::Stepped),
        [42.0, 14.0],
        3,
        [3.0, 5.0],
        (Quarter::BehindDyke, 0.35),
    ),
    programme(
        (FacilityKind::Transformer, "Poste de la Digue"),
        (BuildingUse::Industrial, RoofShape::Flat),
        [4.0, 3.0],
        1,
        [1.0, 2.0],
        (Quarter::BehindDyke, -0.1),
    ),
    programme(
        (FacilityKind::School, "École primaire des Tilleuls"),
        (BuildingUse::Services, RoofShape::LShaped),
        [32.0, 20.0],
        2,
        [6.0, 8.0],
        (Quarter::Upper, -0.3),
    ),
    programme(
        (FacilityKind::FireStation, "Centre de secours"),
        (BuildingUse::Services, RoofShape::Shed),
        [22.0, 13.0],
        2,
        [3.0, 7.0],
        (Quarter::Centre, 0.6),
    ),
    programme(
        (FacilityKind::SewageWorks, "Station d'épuration"),
        (BuildingUse::Industrial, RoofShape::Flat),
        [12.0, 8.0],
        1,
        [9.0, 11.0],
        (Quarter::BehindDyke, 0.95),
    ),
    programme(
        (FacilityKind::Supermarket, "Supermarché"),
        (BuildingUse::Services, RoofShape::Flat),
        [38.0, 24.0],
        2,
        [6.0, 14.0],
        (Quarter::Centre, 0.9),
    ),
    programme(
        (FacilityKind::Cemetery, "Cimetière"),
        (BuildingUse::Annex, RoofShape::Flat),
        [40.0, 28.0],
        0,
        [1.0, 4.0],
        (Quarter::Upper, -0.55),
    ),
    programme(
        (FacilityKind::SportsGround, "Stade municipal"),
        (BuildingUse::Annex, RoofShape::Flat),
        [94.0, 56.0],
        0,
        [2.0, 7.0],
        (Quarter::BehindDyke, -0.9),
    ),
];
