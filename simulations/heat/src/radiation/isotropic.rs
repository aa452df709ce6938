//! Radiation from the side under an even sky by sky view factors alone, as published for SOLWEIG (Lindberg, Holmer &
//! Thorsson 2008, doi:10.1007/s00484-008-0162-7; Lindberg & Grimmond 2011, doi:10.1007/s00704-010-0382-8): the plain
//! scheme beside that of patches.

use super::posture::{SIGMA, ZERO};

/// What stands in one half of the sky: parts left open by buildings, by crowns, and by crowns before buildings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HalfSky {
    /// Left open by buildings.
    pub buildings: f64,
    /// Left open by crowns.
    pub crowns: f64,
    /// Left open by crowns before buildings.
    pub crowns_before_buildings: f64,
}

/// Parts of what an upright surface sees above the horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Weights {
    sky: f64,
    walls: f64,
    crowns: f64,
}

/// Weight of an upright surface's view of the sky by the sky view factor of the half before it (Lindberg et al.
/// 2008, equation 11).
fn open_weight(fraction: f64) -> f64 {
    const WHOLE: f64 = 4.4897;
    let s = fraction;
    let polynomial =
        -0.4863 + s * (16.773 + s * (-70.424 + s * (156.91 + s * (-161.51 + s * 63.227))));
    s * polynomial / WHOLE
}

/// Short-wave radiation from one side without direct radiation, W/m².
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShortWave {
    /// Global radiation.
    pub global: f64,
    /// Diffuse radiation.
    pub diffuse: f64,
    /// Albedo of walls.
    pub wall_albedo: f64,
    /// Part of the walls in shade.
    pub shaded: f64,
    /// Part of short-wave radiation that crowns let through.
    pub transmissivity: f64,
    /// Reflected by the ground on that side.
    pub up: f64,
}

impl ShortWave {
    /// On an upright surface before a half of the sky.
    pub fn side(&self, half: &HalfSky) -> f64 {
        let walls = 1.0 - open_weight(half.buildings);
        let all = 1.0 - open_weight(half.buildings + half.crowns - 1.0);
        let hidden = walls + (all - walls) * (1.0 - self.crown_passes());
        let reflected = self.global * (1.0 - self.shaded) + self.diffuse * self.shaded;
        0.5 * (self.diffuse * (1.0 - hidden) + self.wall_albedo * hidden * reflected + self.up)
    }

    fn crown_passes(&self) -> f64 {
        1.0 - self.transmissivity
    }
}

/// Long-wave radiation from one side, W/m².
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LongWave {
    /// Air temperature, °C.
    pub air: f64,
    /// Emissivity of the sky with its clouds.
    pub sky_emissivity: f64,
    /// Emissivity of walls.
    pub wall_emissivity: f64,
    /// From the whole sky above.
    pub down: f64,
    /// From the ground on that side.
    pub up: f64,
    /// How much warmer than the air sunlit walls are that face the sun, K.
    pub wall_excess: f64,
    /// Part of the walls that the sun reaches on that side, and cosine of the altitude of their middle.
    pub sunlit: (f64, f64),
    /// Cosine of the angle between the sun and what these walls face.
    pub facing: f64,
}

impl LongWave {
    /// On an upright surface before a half of the sky.
    pub fn side(&self, half: &HalfSky) -> f64 {
        let closed = 1.0 - open_weight(half.buildings);
        let before = 1.0 - open_weight(half.crowns_before_buildings);
        let sky = open_weight(half.crowns + half.buildings - 1.0);
        let walls = closed - before;
        let weights = Weights { sky, walls, crowns: 1.0 - sky - walls };
        let fourth = |t: f64| SIGMA * (t + ZERO).powi(4);
        let air = fourth(self.air);
        let (sunlit, altitude_cosine) = self.sunlit;
        let lit = fourth(self.air + self.wall_excess * self.facing) * sunlit * altitude_cosine;
        let of_walls = self.wall_emissivity * weights.walls * (lit + air * (1.0 - sunlit));
        let of_sky = (half.buildings + half.crowns - 1.0) * self.sky_emissivity * air * weights.sky;
        let of_crowns = self.wall_emissivity * air * weights.crowns;
        let reflected = (self.down + self.up) * (1.0 - weights.sky) * (1.0 - self.wall_emissivity);
        0.5 * (of_sky + of_walls + of_crowns + self.up + reflected)
    }
}
