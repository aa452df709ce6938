//! Land cover of a place.

use serde::{Deserialize, Serialize};

/// What covers the ground, seen from above without trees that overhang it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Cover {
    /// Inside the walls of a building.
    Building,
    /// Paved street.
    Road,
    /// Farm track.
    Track,
    /// River or pond on the day of the survey.
    Water,
    /// Grass on the dyke.
    Dyke,
    /// Grass and reeds between bank edge and water.
    Bank,
    /// Paved square.
    Square,
    /// Mineral yard of works and shops.
    Yard,
    /// Gardens and lawns of the village.
    Garden,
    /// Arable field.
    Crop,
    /// Meadow.
    Meadow,
    /// Orchard.
    Orchard,
    /// Wood.
    Wood,
}

impl Cover {
    /// All covers.
    pub const ALL: [Self; 13] = [
        Self::Building,
        Self::Road,
        Self::Track,
        Self::Water,
        Self::Dyke,
        Self::Bank,
        Self::Square,
        Self::Yard,
        Self::Garden,
        Self::Crop,
        Self::Meadow,
        Self::Orchard,
        Self::Wood,
    ];

    /// `code_cs` and `code_us` of OCS GE.
    pub fn ocs_ge(self) -> (&'static str, &'static str) {
        match self {
            Self::Building => ("CS1.1.1.1", "US5"),
            Self::Road => ("CS1.1.1.2", "US4.1.1"),
            Self::Track => ("CS1.1.2.1", "US4.1.1"),
            Self::Water => ("CS1.2.2", "US6.3"),
            Self::Dyke | Self::Bank => ("CS2.2.1", "US6.3"),
            Self::Square => ("CS1.1.1.2", "US3"),
            Self::Yard => ("CS1.1.2.1", "US2"),
            Self::Garden => ("CS2.2.1", "US5"),
            Self::Crop | Self::Meadow => ("CS2.2.1", "US1.1"),
            Self::Orchard => ("CS2.1.3", "US1.1"),
            Self::Wood => ("CS2.1.1.1", "US1.2"),
        }
    }
}
