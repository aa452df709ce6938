//! Roof shapes as planes in the building's own frame.
//!
//! `u` runs along the street, `w` away from it, both from the middle of the walls' rectangle; `h`
//! is the height above the wall plate (the line where wall and roof meet). The roof overhangs the
//! walls and its gutter therefore lies below the wall plate. Pitches are tangents.

use serde::{Deserialize, Serialize};

/// Shape of a roof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoofShape {
    /// Level.
    Flat,
    /// Two planes and a ridge along the street.
    Gable,
    /// Four planes; a pyramid on a square.
    Hip,
    /// Two gabled wings at a right angle.
    LShaped,
    /// Two steep lower planes and two gentle upper ones.
    Mansard,
    /// One plane that rises away from the street.
    Shed,
    /// Two levels.
    Stepped,
}

impl RoofShape {
    /// All shapes.
    pub const ALL: [Self; 7] = [
        Self::Flat,
        Self::Gable,
        Self::Hip,
        Self::LShaped,
        Self::Mansard,
        Self::Shed,
        Self::Stepped,
    ];
}

/// A roof plane of a building.
#[derive(Debug, Clone, PartialEq)]
pub struct RoofPlane {
    /// Outline, counter-clockwise from above, first vertex repeated; Lambert-93, NGF-IGN69.
    pub ring: Vec<[f64; 3]>,
    /// Height is `z0 + slope · (position − anchor)`.
    anchor: [f64; 3],
    slope: [f64; 2],
}

impl RoofPlane {
    /// From an open ring of at least three vertices that lie in a plane that is not vertical.
    pub(crate) fn new(mut ring: Vec<[f64; 3]>) -> Option<Self> {
        let [a, b, ..] = ring[..] else { return None };
        let area = |c: [f64; 3]| (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
        // The vertex that spans the largest triangle fixes the plane best.
        let c = ring.iter().copied().max_by(|p, q| area(*p).abs().total_cmp(&area(*q).abs()))?;
        let twice = area(c);
        if twice == 0.0 {
            return None;
        }
        let (dx1, dy1, dz1) = (b[0] - a[0], b[1] - a[1], b[2] - a[2]);
        let (dx2, dy2, dz2) = (c[0] - a[0], c[1] - a[1], c[2] - a[2]);
        let slope = [(dz1 * dy2 - dz2 * dy1) / twice, (dx1 * dz2 - dx2 * dz1) / twice];
        ring.push(a);
        Some(Self { ring, anchor: a, slope })
    }

    /// Height of the plane at a position, inside its outline or not.
    pub fn height(&self, x: f64, y: f64) -> f64 {
        self.anchor[2] + self.slope[0] * (x - self.anchor[0]) + self.slope[1] * (y - self.anchor[1])
    }

    /// Gradient of the plane, metres per metre east and north.
    pub fn gradient(&self) -> [f64; 2] {
        self.slope
    }

    /// Whether a position lies within the outline.
    pub fn contains(&self, x: f64, y: f64) -> bool {
        // All planes are convex and counter-clockwise.
        self.ring.windows(2).all(|e| {
            (e[1][0] - e[0][0]) * (y - e[0][1]) - (e[1][1] - e[0][1]) * (x - e[0][0]) >= -1e-9
        })
    }
}

/// Dimensions of a roof.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoofSize {
    /// Length along the street and depth away from it, between walls.
    pub(crate) length: f64,
    pub(crate) depth: f64,
    /// Tangent of the pitch.
    pub(crate) pitch: f64,
    /// Overhang at the ends and at the street and garden sides.
    pub(crate) over_ends: f64,
    pub(crate) over_sides: f64,
    /// Depth of a wing of an L.
    pub(crate) wing: f64,
    /// Drop of the lower level of a stepped roof.
    pub(crate) drop: f64,
}

/// Vertices `(u, w, h)`.
pub(crate) type Corners = Vec<[f64; 3]>;

/// The walls' outline and the roof's planes, counter-clockwise in `(u, w)`.
pub(crate) fn build(shape: RoofShape, size: &RoofSize) -> (Vec<[f64; 2]>, Vec<Corners>) {
    let (a, b) = (0.5 * size.length, 0.5 * size.depth);
    let walls = vec![[-a, -b], [a, -b], [a, b], [-a, b]];
    let (p, q) = (a + size.over_ends, b + size.over_sides);
    let t = size.pitch;
    let eave = -t * size.over_sides;
    let planes = match shape {
        RoofShape::Flat => {
            vec![vec![[-a, -b, 0.0], [a, -b, 0.0], [a, b, 0.0], [-a, b, 0.0]]]
        }
        RoofShape::Stepped => {
            let c = 0.2 * a;
            let low = -size.drop;
            vec![
                vec![[-a, -b, 0.0], [c, -b, 0.0], [c, b, 0.0], [-a, b, 0.0]],
                vec![[c, -b, low], [a, -b, low], [a, b, low], [c, b, low]],
            ]
        }
        RoofShape::Shed => {
            let (low, high) = (eave, t * (size.depth + size.over_sides));
            vec![vec![[-p, -q, low], [p, -q, low], [p, q, high], [-p, q, high]]]
        }
        RoofShape::Gable => {
            let ridge = t * b;
            vec![
                vec![[-p, -q, eave], [p, -q, eave], [p, 0.0, ridge], [-p, 0.0, ridge]],
                vec![[p, q, eave], [-p, q, eave], [-p, 0.0, ridge], [p, 0.0, ridge]],
            ]
        }
        RoofShape::Hip => {
            let p = a + size.over_sides;
            let ridge = t * b;
            let e = (p - q).max(0.0);
            let mut planes = vec![
                vec![[p, -q, eave], [p, q, eave], [e, 0.0, ridge]],
                vec![[-p, q, eave], [-p, -q, eave], [-e, 0.0, ridge]],
            ];
            for s in [1.0, -1.0] {
                let mut plane = vec![[-s * p, -s * q, eave], [s * p, -s * q, eave]];
                plane.push([s * e, 0.0, ridge]);
                if e > 1e-6 {
                    plane.push([-s * e, 0.0, ridge]);
                }
                planes.push(plane);
            }
            planes
        }
        RoofShape::Mansard => {
            let steep = 2.1;
            let run = 0.9;
            let (low, knee) = (-steep * size.over_sides, steep * run);
            let ridge = knee + 0.4 * (b - run);
            let k = b - run;
            vec![
                vec![[-p, -q, low], [p, -q, low], [p, -k, knee], [-p, -k, knee]],
                vec![[-p, -k, knee], [p, -k, knee], [p, 0.0, ridge], [-p, 0.0, ridge]],
                vec![[p, k, knee], [-p, k, knee], [-p, 0.0, ridge], [p, 0.0, ridge]],
                vec![[p, q, low], [-p, q, low], [-p, k, knee], [p, k, knee]],
            ]
        }
        RoofShape::LShaped => return l_shaped(size),
    };
    (walls, planes)
}

/// Main wing along the street, second wing back from its right end, equal depths: ridges meet on
/// the diagonal, with a hip outside and a valley inside.
fn l_shaped(size: &RoofSize) -> (Vec<[f64; 2]>, Vec<Corners>) {
    let (a, b, wing) = (0.5 * size.length, 0.5 * size.depth, size.wing);
    let walls =
        vec![[-a, -b], [a, -b], [a, b], [a - wing, b], [a - wing, wing - b], [-a, wing - b]];
    let o = size.over_sides;
    let t = size.pitch;
    let (eave, ridge) = (-t * o, 0.5 * t * wing);
    let (left, right, front, back) = (-a - o, a + o, -b - o, b + o);
    // Ridge lines: w = middle for the main wing, u = corner for the second one.
    let middle = 0.5 * wing - b;
    let corner = a - 0.5 * wing;
    let (inner_u, inner_w) = (a - wing - o, wing - b + o);
    let planes = vec![
        vec![
            [left, front, eave],
            [right, front, eave],
            [corner, middle, ridge],
            [left, middle, ridge],
        ],
        vec![
            [left, middle, ridge],
            [corner, middle, ridge],
            [inner_u, inner_w, eave],
            [left, inner_w, eave],
        ],
        vec![
            [right, front, eave],
            [right, back, eave],
            [corner, back, ridge],
            [corner, middle, ridge],
        ],
        vec![
            [corner, middle, ridge],
            [corner, back, ridge],
            [inner_u, back, eave],
            [inner_u, inner_w, eave],
        ],
    ];
    (walls, planes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: RoofSize = RoofSize {
        length: 14.0,
        depth: 10.0,
        pitch: 0.8,
        over_ends: 0.3,
        over_sides: 0.4,
        wing: 6.0,
        drop: 3.0,
    };

    #[test]
    fn every_vertex_lies_in_its_plane_and_planes_cover_the_walls_once() {
        for shape in RoofShape::ALL {
            let (walls, corners) = build(shape, &SIZE);
            let planes: Vec<RoofPlane> =
                corners.into_iter().map(|c| RoofPlane::new(c).unwrap()).collect();
            for plane in &planes {
                for v in &plane.ring {
                    assert!((plane.height(v[0], v[1]) - v[2]).abs() < 1e-9, "{shape:?}");
                }
            }
            let inside = |x: f64, y: f64| {
                let mut odd = false;
                for i in 0..walls.len() {
                    let (p, q) = (walls[i], walls[(i + 1) % walls.len()]);
                    if (p[1] > y) != (q[1] > y)
                        && x < p[0] + (y - p[1]) / (q[1] - p[1]) * (q[0] - p[0])
                    {
                        odd = !odd;
                    }
                }
                odd
            };
            for i in 0..100 {
                for j in 0..70 {
                    let (x, y) = (-6.937 + 0.1397 * f64::from(i), -4.953 + 0.1397 * f64::from(j));
                    if inside(x, y) {
                        let owners = planes.iter().filter(|p| p.contains(x, y)).count();
                        assert_eq!(owners, 1, "{shape:?} at {x} {y}");
                    }
                }
            }
        }
    }
}
