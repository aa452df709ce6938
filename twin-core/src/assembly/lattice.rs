//! Points on the millimetre lattice of the projected plane.
//!
//! National point clouds are quantised to 1 cm or 1 mm. Kept as whole millimetres from the origin
//! of the reference system, positions compare, sort and hash exactly, and every geometric
//! predicate of the assembly is integer arithmetic: nothing depends on the order of the files, the
//! tiling or the number of threads. 24 bytes a point.

use crate::{formats::PointBlock, spatial::Extent};

/// A point of the terrain or of the surface. The derived order (west to east, then south to
/// north, then upwards) breaks every tie of the assembly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SurfacePoint {
    /// East, whole millimetres from the origin of the CRS.
    pub x_mm: i64,
    /// North, whole millimetres from the origin of the CRS.
    pub y_mm: i64,
    /// Height, whole millimetres in the vertical datum.
    pub z_mm: i32,
    /// Class code of LiDAR HD.
    pub class: u8,
    /// Whether it is the first (or only) return of its pulse.
    pub is_first_return: bool,
}

/// Farthest coordinate kept, in metres: beyond any projected system of the Earth.
const FARTHEST_M: f64 = 1e8;
/// Heights kept, in metres: deeper and higher than any ground or object of the Earth.
const HEIGHTS_M: std::ops::RangeInclusive<f64> = -12_000.0..=12_000.0;

impl SurfacePoint {
    /// From world metres; `None` for a coordinate that is not finite or not on Earth.
    pub fn from_metres([x, y, z]: [f64; 3], class: u8) -> Option<Self> {
        (x.abs() < FARTHEST_M && y.abs() < FARTHEST_M && HEIGHTS_M.contains(&z)).then(|| Self {
            x_mm: millimetres(x),
            y_mm: millimetres(y),
            z_mm: millimetres(z) as i32,
            class,
            is_first_return: true,
        })
    }

    /// World metres.
    pub fn to_metres(self) -> [f64; 3] {
        [self.x_mm as f64 / 1e3, self.y_mm as f64 / 1e3, f64::from(self.z_mm) / 1e3]
    }
}

/// Metres to the nearest whole millimetre.
pub fn millimetres(metres: f64) -> i64 {
    (metres * 1e3).round() as i64
}

/// The points of a block whose class is wanted. Points off the Earth are left out.
pub fn surface_points(block: &PointBlock, wanted: impl Fn(u8) -> bool) -> Vec<SurfacePoint> {
    (0..block.len())
        .filter(|&i| wanted(block.class[i]))
        .filter_map(|i| {
            let point = SurfacePoint::from_metres(block.position(i), block.class[i])?;
            Some(SurfacePoint { is_first_return: block.return_number[i] <= 1, ..point })
        })
        .collect()
}

/// A rectangle of the lattice, bounds included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatticeBox {
    /// West, south in millimetres.
    pub min: [i64; 2],
    /// East, north in millimetres.
    pub max: [i64; 2],
}

impl LatticeBox {
    /// The smallest box that holds all points; `None` without a point.
    pub fn of_points(points: &[SurfacePoint]) -> Option<Self> {
        points
            .iter()
            .map(|p| Self { min: [p.x_mm, p.y_mm], max: [p.x_mm, p.y_mm] })
            .reduce(|a, b| a.union(&b))
    }

    /// Outer lattice points of a world extent.
    pub fn of_extent(extent: &Extent) -> Self {
        Self {
            min: [millimetres(extent.min_x), millimetres(extent.min_y)],
            max: [millimetres(extent.max_x), millimetres(extent.max_y)],
        }
    }

    /// The smallest box that holds both.
    pub fn union(&self, other: &Self) -> Self {
        Self {
            min: [0, 1].map(|i| self.min[i].min(other.min[i])),
            max: [0, 1].map(|i| self.max[i].max(other.max[i])),
        }
    }

    /// Grown on all sides.
    pub fn grown(&self, margin_mm: i64) -> Self {
        Self { min: self.min.map(|v| v - margin_mm), max: self.max.map(|v| v + margin_mm) }
    }

    /// Whether the point lies inside or on the border.
    pub fn contains(&self, x_mm: i64, y_mm: i64) -> bool {
        (self.min[0]..=self.max[0]).contains(&x_mm) && (self.min[1]..=self.max[1]).contains(&y_mm)
    }

    /// Whether all of `other` lies inside.
    pub fn holds(&self, other: &Self) -> bool {
        self.contains(other.min[0], other.min[1]) && self.contains(other.max[0], other.max[1])
    }

    /// What is left of this box outside `hole`: a west, an east, a south and a north strip, each
    /// `None` when empty. Corners belong to two strips.
    pub fn strips_outside(&self, hole: &Self) -> [Option<Self>; 4] {
        let strip = |min: [i64; 2], max: [i64; 2]| {
            (min[0] <= max[0] && min[1] <= max[1]).then_some(Self { min, max })
        };
        [
            strip(self.min, [self.max[0].min(hole.min[0] - 1), self.max[1]]),
            strip([self.min[0].max(hole.max[0] + 1), self.min[1]], self.max),
            strip(self.min, [self.max[0], self.max[1].min(hole.min[1] - 1)]),
            strip([self.min[0], self.min[1].max(hole.max[1] + 1)], self.max),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centimetre_coordinates_survive_exactly() {
        for i in 0..10_000i32 {
            let x = f64::from(77_055_000 + i) * 0.01;
            let point = SurfacePoint::from_metres([x, 6_277_600.25, 21.07], 2).unwrap();
            assert_eq!(point.x_mm, i64::from(77_055_000 + i) * 10);
            assert_eq!((point.y_mm, point.z_mm), (6_277_600_250, 21_070));
        }
    }

    #[test]
    fn nonsense_is_left_out() {
        assert!(SurfacePoint::from_metres([f64::NAN, 0.0, 0.0], 2).is_none());
        assert!(SurfacePoint::from_metres([0.0, 1e300, 0.0], 2).is_none());
        assert!(SurfacePoint::from_metres([0.0, 0.0, -1e6], 2).is_none());
    }

    #[test]
    fn strips_cover_all_but_the_hole() {
        let all = LatticeBox { min: [0, 0], max: [9, 9] };
        let hole = LatticeBox { min: [-5, 3], max: [4, 6] };
        let strips = all.strips_outside(&hole);
        for x in 0..10 {
            for y in 0..10 {
                let covered = strips.iter().flatten().any(|s| s.contains(x, y));
                assert_eq!(covered, !hole.contains(x, y), "{x} {y}");
            }
        }
        assert_eq!(all.strips_outside(&all), [None; 4]);
    }
}
