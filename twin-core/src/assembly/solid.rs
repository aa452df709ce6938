//! Closed solids: their faces, the prism over a polygon, the volume.

use geo::Area as _;

use super::millimetres;
use crate::spatial::{Polygon, facet::area_vector};

/// Meaning of a face of a solid, in CityJSON's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceKind {
    /// `GroundSurface`.
    Ground,
    /// `RoofSurface`.
    Roof,
    /// `WallSurface`.
    Wall,
}

/// A face of a solid: outer ring, then holes; counter-clockwise seen from outside, open (the first
/// vertex is not repeated).
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// Its meaning.
    pub kind: FaceKind,
    /// Rings of world positions.
    pub rings: Vec<Vec<[f64; 3]>>,
}

/// The closed prism over a polygon between two levels; `None` for a polygon without area. Vertices
/// are rounded to the millimetre and repeats left out.
pub fn prism(polygon: &Polygon, ground_m: f64, roof_m: f64) -> Option<Vec<Face>> {
    let mut rings = Vec::new();
    for (i, ring) in polygon.rings().enumerate() {
        let mut corners: Vec<[f64; 2]> = ring
            .iter()
            .map(|p| [millimetres(p[0]) as f64 / 1e3, millimetres(p[1]) as f64 / 1e3])
            .collect();
        corners.dedup();
        while corners.len() > 1 && corners.first() == corners.last() {
            corners.pop();
        }
        let area = twice_area(&corners);
        if corners.len() < 3 || area == 0.0 {
            if i == 0 {
                return None;
            }
            continue;
        }
        // Outer ring counter-clockwise, holes clockwise.
        if (area > 0.0) != (i == 0) {
            corners.reverse();
        }
        rings.push(corners);
    }
    let lifted =
        |ring: &[[f64; 2]], z: f64| ring.iter().map(|p| [p[0], p[1], z]).collect::<Vec<_>>();
    let mut faces = vec![
        Face {
            kind: FaceKind::Ground,
            rings: rings.iter().map(|r| lifted(r, ground_m).into_iter().rev().collect()).collect(),
        },
        Face { kind: FaceKind::Roof, rings: rings.iter().map(|r| lifted(r, roof_m)).collect() },
    ];
    for ring in &rings {
        for (k, a) in ring.iter().enumerate() {
            let b = ring[(k + 1) % ring.len()];
            faces.push(Face {
                kind: FaceKind::Wall,
                rings: vec![vec![
                    [a[0], a[1], ground_m],
                    [b[0], b[1], ground_m],
                    [b[0], b[1], roof_m],
                    [a[0], a[1], roof_m],
                ]],
            });
        }
    }
    Some(faces)
}

fn twice_area(ring: &[[f64; 2]]) -> f64 {
    let line: geo::LineString<f64> = ring.iter().map(|p| (p[0], p[1])).collect();
    2.0 * geo::Polygon::new(line, Vec::new()).signed_area()
}

/// Volume that faces enclose, m³.
pub(super) fn volume(faces: &[Face]) -> f64 {
    let Some(origin) = faces.first().and_then(|f| f.rings.first()?.first()).copied() else {
        return 0.0;
    };
    let height = |ring: &Vec<[f64; 3]>| {
        let a = area_vector(ring);
        let p = ring.first().copied().unwrap_or(origin);
        (0..3).map(|k| a[k] * (p[k] - origin[k])).sum::<f64>() / 6.0
    };
    faces.iter().flat_map(|f| &f.rings).map(height).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn footprint() -> Polygon {
        let mut polygon =
            Polygon::from_corners(&[(10.0, 10.0), (30.0, 10.0), (30.0, 25.0), (10.0, 25.0)]);
        polygon.interiors = vec![
            Polygon::from_corners(&[(15.0, 15.0), (20.0, 15.0), (20.0, 20.0), (15.0, 20.0)])
                .exterior,
        ];
        polygon
    }

    #[test]
    fn the_solid_is_closed_and_turned_outwards() {
        let faces = prism(&footprint(), 50.0, 58.0).unwrap();
        // Every edge is used once in each direction.
        let mut edges: BTreeMap<[[i64; 3]; 2], i32> = BTreeMap::new();
        let mut volume = 0.0;
        for face in &faces {
            for ring in &face.rings {
                for (k, a) in ring.iter().enumerate() {
                    let b = ring[(k + 1) % ring.len()];
                    let key = |p: [f64; 3]| p.map(|v| (v * 1e3) as i64);
                    *edges.entry([key(*a), key(b)]).or_default() += 1;
                    *edges.entry([key(b), key(*a)]).or_default() -= 1;
                }
                // Divergence theorem over fans from the first vertex.
                for k in 1..ring.len() - 1 {
                    let [p, q, r] = [ring[0], ring[k], ring[k + 1]];
                    volume += (p[0] * (q[1] * r[2] - q[2] * r[1])
                        + p[1] * (q[2] * r[0] - q[0] * r[2])
                        + p[2] * (q[0] * r[1] - q[1] * r[0]))
                        / 6.0;
                }
            }
        }
        assert!(edges.values().all(|n| *n == 0));
        assert!((volume - (300.0 - 25.0) * 8.0).abs() < 1e-6, "{volume}");
    }

    #[test]
    fn a_footprint_without_area_has_no_solid() {
        let line = Polygon::from_corners(&[(0.0, 0.0), (1.0, 0.0), (2.0, 0.0)]);
        assert!(prism(&line, 0.0, 1.0).is_none());
        assert!(prism(&Polygon::default(), 0.0, 1.0).is_none());
    }
}
