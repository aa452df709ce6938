//! Classes of LiDAR HD: what the code of a point means.
//!
//! The classes are those of IGN, *LiDAR HD, descriptif de contenu des nuages de points classés*;
//! noise has the codes of the LAS specification. IGN makes its terrain (MNT) of classes 2, 9 and 66,
//! its surface (MNS) of 2 to 6, 9 and 17; the surface here takes lasting objects (64) and other
//! built ones (67) too.

/// Ground (*sol*).
pub const GROUND: u8 = 2;
/// Vegetation up to 0.5 m (*végétation basse*).
pub const LOW_VEGETATION: u8 = 3;
/// Vegetation of 0.5 to 1.5 m (*végétation moyenne*).
pub const MEDIUM_VEGETATION: u8 = 4;
/// Vegetation above 1.5 m (*végétation haute*).
pub const HIGH_VEGETATION: u8 = 5;
/// Building (*bâtiment*).
pub const BUILDING: u8 = 6;
/// Low noise (*bruit bas*).
pub const LOW_NOISE: u8 = 7;
/// Water (*eau*).
pub const WATER: u8 = 9;
/// Bridge deck (*tablier de pont*).
pub const BRIDGE: u8 = 17;
/// High noise (*bruit haut*).
pub const HIGH_NOISE: u8 = 18;
/// Other lasting objects (*sursol pérenne*).
pub const LASTING_OBJECT: u8 = 64;
/// Artefacts (*artefacts*).
pub const ARTEFACT: u8 = 65;
/// Points made by IGN on the terrain (*points virtuels*), under water and bridges.
pub const VIRTUAL: u8 = 66;
/// Other built objects (*divers bâti*).
pub const OTHER_BUILT: u8 = 67;

/// Whether points of this class may make the terrain.
pub fn is_terrain(code: u8) -> bool {
    matches!(code, GROUND | WATER | VIRTUAL)
}

/// Whether points of this class may make the surface.
pub fn is_surface(code: u8) -> bool {
    is_vegetation(code)
        || is_built(code)
        || matches!(code, GROUND | WATER | BRIDGE | LASTING_OBJECT)
}

/// Vegetation of any height.
pub fn is_vegetation(code: u8) -> bool {
    matches!(code, LOW_VEGETATION | MEDIUM_VEGETATION | HIGH_VEGETATION)
}

/// Buildings and other built objects.
pub fn is_built(code: u8) -> bool {
    matches!(code, BUILDING | OTHER_BUILT)
}

/// Noise and artefacts: no object.
pub fn is_noise(code: u8) -> bool {
    matches!(code, LOW_NOISE | HIGH_NOISE | ARTEFACT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_made_of_the_classes_they_should_be() {
        let codes = |is: fn(u8) -> bool| (0..=255).filter(|c| is(*c)).collect::<Vec<u8>>();
        assert_eq!(codes(is_terrain), [2, 9, 66]);
        assert_eq!(codes(is_surface), [2, 3, 4, 5, 6, 9, 17, 64, 67]);
        assert!(!codes(is_noise).iter().any(|c| is_terrain(*c) || is_surface(*c)));
    }
}
