//! What soils are known for: conductivity and suction by texture, capacities by hydrologic group.
//!
//! Textures: Rawls, Brakensiek & Miller 1983 (doi 10.1061/(ASCE)0733-9429(1983)109:1(62)), as tabulated by
//! Chow, Maidment & Mays 1988, *Applied Hydrology*, table 4.3.1. Groups of textures: NRCS, National
//! Engineering Handbook, part 630, chapter 7. Horton's capacities by group are assumptions of this program
//! within the ranges of Akan 1993 (*Urban Stormwater Hydrology*) and want calibration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Texture class of the USDA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Texture {
    /// Sable.
    Sand,
    /// Sable limoneux.
    LoamySand,
    /// Limon sableux.
    SandyLoam,
    /// Limon.
    Loam,
    /// Limon fin.
    SiltLoam,
    /// Limon argilo-sableux.
    SandyClayLoam,
    /// Limon argileux.
    ClayLoam,
    /// Limon argileux fin.
    SiltyClayLoam,
    /// Argile sableuse.
    SandyClay,
    /// Argile limoneuse.
    SiltyClay,
    /// Argile.
    Clay,
}

/// Hydrologic soil group, from deep sands (A) to clays (D).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SoilGroup {
    /// High infiltration.
    A,
    /// Moderate.
    B,
    /// Slow.
    C,
    /// Very slow.
    D,
}

/// Hydraulic properties of a texture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hydraulics {
    /// Porosity that water can fill and leave, θ_e.
    pub effective_porosity: f64,
    /// Suction at the wetting front, mm.
    pub suction_mm: f64,
    /// Saturated hydraulic conductivity, mm/h.
    pub conductivity_mm_per_h: f64,
    /// Hydrologic group.
    pub group: SoilGroup,
}

impl Texture {
    /// Its row of the table.
    pub fn hydraulics(self) -> Hydraulics {
        use SoilGroup::{A, B, C, D};
        let (effective_porosity, suction_mm, conductivity_mm_per_h, group) = match self {
            Self::Sand => (0.417, 49.5, 117.8, A),
            Self::LoamySand => (0.401, 61.3, 29.9, A),
            Self::SandyLoam => (0.412, 110.1, 10.9, A),
            Self::Loam => (0.434, 88.9, 3.4, B),
            Self::SiltLoam => (0.486, 166.8, 6.5, B),
            Self::SandyClayLoam => (0.330, 218.5, 1.5, C),
            Self::ClayLoam => (0.309, 208.8, 1.0, D),
            Self::SiltyClayLoam => (0.432, 273.0, 1.0, D),
            Self::SandyClay => (0.321, 239.0, 0.6, D),
            Self::SiltyClay => (0.423, 292.2, 0.5, D),
            Self::Clay => (0.385, 316.3, 0.3, D),
        };
        Hydraulics { effective_porosity, suction_mm, conductivity_mm_per_h, group }
    }
}

impl SoilGroup {
    /// Property of the surface that holds the curve numbers of this group.
    pub fn curve_number_property(self) -> &'static str {
        match self {
            Self::A => "curve_number_a",
            Self::B => "curve_number_b",
            Self::C => "curve_number_c",
            Self::D => "curve_number_d",
        }
    }

    /// Horton's first and last capacity (mm/h) and decay (1/h).
    pub fn horton(self) -> [f64; 3] {
        match self {
            Self::A => [250.0, 25.0, 2.0],
            Self::B => [200.0, 13.0, 2.0],
            Self::C => [125.0, 6.0, 2.0],
            Self::D => [75.0, 3.0, 2.0],
        }
    }
}
