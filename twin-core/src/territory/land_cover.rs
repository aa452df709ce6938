//! Land cover: the classes of the categorical grid, and zones of a land-cover product.

use super::{
    attribute::{Attribute, Unreadable},
    layer::layer,
};
use crate::formats::{FieldKind, Value};
use crate::language::{Language, Text};
use crate::{Error, Result};

/// What covers the ground. The discriminant is the value in the grid; 0 is *no data*.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LandCover {
    /// Not known.
    #[default]
    Unknown = 0,
    /// Buildings.
    Built = 1,
    /// Roads, car parks and other sealed ground.
    Sealed = 2,
    /// Gravel, ballast of railways, quarries.
    Mineral = 3,
    /// Bare soil.
    BareSoil = 4,
    /// Grass and low vegetation.
    Grass = 5,
    /// Shrubs and heath.
    Shrub = 6,
    /// Broadleaf trees.
    DeciduousForest = 7,
    /// Conifers.
    ConiferousForest = 8,
    /// Mixed trees.
    MixedForest = 9,
    /// Hedges.
    Hedge = 10,
    /// Crops.
    Crop = 11,
    /// Vineyards, orchards.
    WoodyCrop = 12,
    /// Water.
    Water = 13,
    /// Marsh, reeds, moss.
    Wetland = 14,
    /// Sports grounds.
    SportsSurface = 15,
    /// Snow and ice.
    SnowIce = 16,
}

impl LandCover {
    /// Number of classes, `Unknown` included.
    pub const COUNT: usize = 17;

    /// Every class, at the position of its grid value.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Unknown,
        Self::Built,
        Self::Sealed,
        Self::Mineral,
        Self::BareSoil,
        Self::Grass,
        Self::Shrub,
        Self::DeciduousForest,
        Self::ConiferousForest,
        Self::MixedForest,
        Self::Hedge,
        Self::Crop,
        Self::WoodyCrop,
        Self::Water,
        Self::Wetland,
        Self::SportsSurface,
        Self::SnowIce,
    ];

    /// Value in the grid.
    pub fn value(self) -> u8 {
        self as u8
    }

    /// From a value of the grid; an unknown value is `Unknown`.
    pub fn from_value(value: u8) -> Self {
        Self::ALL.get(usize::from(value)).copied().unwrap_or_default()
    }

    /// Stable code, used in tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Built => "built",
            Self::Sealed => "sealed",
            Self::Mineral => "mineral",
            Self::BareSoil => "bare-soil",
            Self::Grass => "grass",
            Self::Shrub => "shrub",
            Self::DeciduousForest => "deciduous-forest",
            Self::ConiferousForest => "coniferous-forest",
            Self::MixedForest => "mixed-forest",
            Self::Hedge => "hedge",
            Self::Crop => "crop",
            Self::WoodyCrop => "woody-crop",
            Self::Water => "water",
            Self::Wetland => "wetland",
            Self::SportsSurface => "sports-surface",
            Self::SnowIce => "snow-ice",
        }
    }

    /// From its code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cover| cover.code() == code.trim())
    }

    /// The cover of a code that a user gave at `place`; the error names those there are.
    ///
    /// # Errors
    /// An unknown code.
    pub fn named(code: &str, place: impl Into<String>) -> Result<Self> {
        Self::from_code(code).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|cover| cover.code()).collect();
            let known = known.join(", ");
            Error::input(
                place,
                format!("occupation du sol « {code} » inconnue ; possibles : {known}"),
                format!("unknown land cover \"{code}\"; possible: {known}"),
            )
        })
    }

    /// Name for a legend.
    pub fn label(self) -> Text {
        let (fr, en) = match self {
            Self::Unknown => ("Inconnu", "Unknown"),
            Self::Built => ("Bâti", "Buildings"),
            Self::Sealed => ("Voirie et sols imperméables", "Roads and sealed ground"),
            Self::Mineral => ("Sols minéraux, voies ferrées", "Mineral ground, railways"),
            Self::BareSoil => ("Sols nus", "Bare soil"),
            Self::Grass => ("Herbe et végétation basse", "Grass and low vegetation"),
            Self::Shrub => ("Arbustes et landes", "Shrubs and heath"),
            Self::DeciduousForest => ("Feuillus", "Broadleaf trees"),
            Self::ConiferousForest => ("Conifères", "Conifers"),
            Self::MixedForest => ("Boisement mixte", "Mixed trees"),
            Self::Hedge => ("Haies", "Hedges"),
            Self::Crop => ("Cultures", "Crops"),
            Self::WoodyCrop => ("Vignes et vergers", "Vineyards and orchards"),
            Self::Water => ("Eau", "Water"),
            Self::Wetland => ("Zones humides", "Wetlands"),
            Self::SportsSurface => ("Terrains de sport", "Sports grounds"),
            Self::SnowIce => ("Neiges et glaciers", "Snow and ice"),
        };
        Text::new(fr, en)
    }

    /// Name in one language.
    pub fn name(self, language: Language) -> String {
        self.label().get(language).to_owned()
    }

    /// Colour for a map, red, green, blue.
    pub fn rgb(self) -> [u8; 3] {
        match self {
            Self::Unknown => [255, 255, 255],
            Self::Built => [178, 82, 74],
            Self::Sealed => [142, 142, 147],
            Self::Mineral => [196, 188, 176],
            Self::BareSoil => [205, 170, 125],
            Self::Grass => [177, 211, 118],
            Self::Shrub => [163, 166, 86],
            Self::DeciduousForest => [92, 158, 84],
            Self::ConiferousForest => [32, 98, 66],
            Self::MixedForest => [62, 128, 74],
            Self::Hedge => [44, 140, 98],
            Self::Crop => [240, 222, 138],
            Self::WoodyCrop => [206, 168, 78],
            Self::Water => [90, 150, 210],
            Self::Wetland => [130, 190, 190],
            Self::SportsSurface => [146, 214, 168],
            Self::SnowIce => [226, 240, 248],
        }
    }

    /// Whether trees cover it.
    pub fn is_forest(self) -> bool {
        matches!(self, Self::DeciduousForest | Self::ConiferousForest | Self::MixedForest)
    }
}

impl Attribute for LandCover {
    const KIND: FieldKind = FieldKind::Text;

    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        match value {
            Value::Null => Ok(Self::Unknown),
            Value::Text(code) => Self::from_code(code).ok_or(Unreadable),
            _ => Err(Unreadable),
        }
    }

    fn to_value(&self) -> Value {
        Value::Text(self.code().to_owned())
    }
}

layer! {
    /// A zone of a land-cover product such as OCS GE.
    pub struct LandCoverZone in "occupation_du_sol" (Polygons) {
        /// Identifier.
        pub id: String = "identifiant",
        /// Class.
        pub cover: LandCover = "couverture",
        /// Code of the cover in the product.
        pub cover_code: Option<String> = "code_cs",
        /// Code of the use in the product.
        pub use_code: Option<String> = "code_us",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_codes_come_back() {
        for (i, cover) in LandCover::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(cover.value()), i);
            assert_eq!(LandCover::from_value(cover.value()), cover);
            assert_eq!(LandCover::from_code(cover.code()), Some(cover));
        }
        assert_eq!(LandCover::from_value(200), LandCover::Unknown);
    }
}
