//! How far the points of a roof lie from its model.

use crate::assembly::solid::Face;
use crate::spatial::facet::triangulate;

/// Points this near to the model are explained by it, m.
pub(super) const NEAR_M: f64 = 0.3;

type Triangle = [[f64; 3]; 3];

/// Distances of points from faces, m.
pub(super) fn distances(points: &[[f64; 3]], faces: &[Face]) -> Vec<f64> {
    let triangles: Vec<(Triangle, [[f64; 2]; 3])> = faces
        .iter()
        .flat_map(|face| {
            let corners: Vec<[f64; 3]> = face.rings.iter().flatten().copied().collect();
            triangulate(&face.rings).into_iter().map(move |t| t.map(|k| corners[k]))
        })
        .map(|t| {
            let reach = std::array::from_fn(|k| {
                let values = t.map(|p| p[k]);
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                [low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
            });
            (t, reach)
        })
        .collect();
    points
        .iter()
        .map(|p| {
            let mut nearest = f64::INFINITY;
            for (triangle, reach) in &triangles {
                let beyond = |k: usize| (reach[k][0] - p[k]).max(p[k] - reach[k][1]).max(0.0);
                if (0..3).all(|k| beyond(k) < nearest) {
                    nearest = nearest.min(distance_to_triangle(*p, *triangle));
                }
            }
            nearest
        })
        .collect()
}

/// Distance of a point from a triangle, m (Ericson 2005, *Real-Time Collision Detection*, § 5.1.5).
fn distance_to_triangle(p: [f64; 3], [a, b, c]: Triangle) -> f64 {
    let sub = |p: [f64; 3], q: [f64; 3]| [p[0] - q[0], p[1] - q[1], p[2] - q[2]];
    let dot = |p: [f64; 3], q: [f64; 3]| p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
    let along =
        |o: [f64; 3], d: [f64; 3], t: f64| [o[0] + d[0] * t, o[1] + d[1] * t, o[2] + d[2] * t];
    let far = |q: [f64; 3]| dot(sub(p, q), sub(p, q)).sqrt();
    let (ab, ac, ap) = (sub(b, a), sub(c, a), sub(p, a));
    let (d1, d2) = (dot(ab, ap), dot(ac, ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return far(a);
    }
    let bp = sub(p, b);
    let (d3, d4) = (dot(ab, bp), dot(ac, bp));
    if d3 >= 0.0 && d4 <= d3 {
        return far(b);
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return far(along(a, ab, d1 / (d1 - d3)));
    }
    let cp = sub(p, c);
    let (d5, d6) = (dot(ab, cp), dot(ac, cp));
    if d6 >= 0.0 && d5 <= d6 {
        return far(c);
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return far(along(a, ac, d2 / (d2 - d6)));
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        return far(along(b, sub(c, b), (d4 - d3) / ((d4 - d3) + (d5 - d6))));
    }
    let scale = 1.0 / (va + vb + vc);
    far(along(along(a, ab, vb * scale), ac, vc * scale))
}
