//! World coordinates and those of the scene.
//!
//! The scene has its own origin, in `f64` and whole metres, near the middle of the territory: `f32`
//! then tells 8 mm apart at the edge of a territory of 130 km, where Lambert-93 northings would
//! leave half a metre. Axes of the scene: x east, y up, z south.

use bevy::math::{DVec3, Vec3};
use twin_core::spatial::Extent;

/// The origin of the scene in the world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LocalFrame {
    east: f64,
    north: f64,
    height: f64,
}

impl LocalFrame {
    /// The frame of a territory whose lowest ground has a height.
    pub(crate) fn new(extent: &Extent, lowest_m: f64) -> Self {
        let (east, north) = extent.centre();
        Self { east: east.round(), north: north.round(), height: lowest_m.floor() }
    }

    /// A world position (easting, northing, altitude) in the scene.
    pub(crate) fn to_scene(self, [x, y, z]: [f64; 3]) -> Vec3 {
        self.to_scene_f64([x, y, z]).as_vec3()
    }

    /// As [`LocalFrame::to_scene`], not rounded.
    pub(crate) fn to_scene_f64(self, [x, y, z]: [f64; 3]) -> DVec3 {
        DVec3::new(x - self.east, z - self.height, self.north - y)
    }

    /// A position of the scene in the world.
    pub(crate) fn to_world(self, scene: DVec3) -> [f64; 3] {
        [scene.x + self.east, self.north - scene.z, scene.y + self.height]
    }

    /// Altitude of the scene's ground plane.
    pub(crate) fn height(self) -> f64 {
        self.height
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_centimetre_survives_at_the_edge_of_a_large_territory() {
        let extent =
            Extent { min_x: 700_000.0, min_y: 6_800_000.0, max_x: 830_000.0, max_y: 6_930_000.0 };
        let frame = LocalFrame::new(&extent, 12.3);
        for corner in [[700_000.01, 6_800_000.02, 500.03], [829_999.99, 6_929_999.98, 12.3]] {
            let back = frame.to_world(frame.to_scene(corner).as_dvec3());
            for k in 0..3 {
                // Half a unit in the last place of f32 at 65 km is 4 mm.
                assert!((back[k] - corner[k]).abs() <= 0.004, "{back:?}");
            }
        }
    }

    #[test]
    fn north_is_away_from_a_viewer_in_the_south() {
        let extent = Extent { min_x: 0.0, min_y: 0.0, max_x: 10.0, max_y: 10.0 };
        let frame = LocalFrame::new(&extent, 0.0);
        assert_eq!(frame.to_scene([6.0, 8.0, 2.0]), Vec3::new(1.0, 2.0, -3.0));
    }
}
