//! A triangle of the network: which positions belong to it, its height there, and its disc.

use super::delaunay::{Site, Sited};
use crate::assembly::LatticeBox;
use crate::products::lidar_hd;

/// Twice an area, mm², up to which areas times heights (24 bits and a sign) fit 64 bits.
const MOST_IN_64_BITS: i64 = 1 << 38;

/// A point of the network, in millimetres from a local origin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Corner {
    pub(super) at: Site,
    pub(super) height_mm: i32,
    pub(super) class: u8,
}

impl Sited for Corner {
    fn site(&self) -> Site {
        self.at
    }
}

/// A triangle, counter-clockwise.
pub(super) struct Triangle<'a> {
    corners: [&'a Corner; 3],
    /// Positions of the corners.
    at: [[i64; 2]; 3],
    /// Edges k → k + 1 without a neighbour.
    is_border: [bool; 3],
    /// Where no point is known.
    outside: &'a [Option<LatticeBox>; 4],
}

impl<'a> Triangle<'a> {
    /// `is_border` tells the edges k → k + 1 without a neighbour; no point is known in `outside`.
    pub(super) fn new(
        corners: [&'a Corner; 3],
        is_border: [bool; 3],
        outside: &'a [Option<LatticeBox>; 4],
    ) -> Self {
        let [a, b, c] = corners;
        let at = |corner: &Corner| [i64::from(corner.at[0]), i64::from(corner.at[1])];
        Self { corners, at: [at(a), at(b), at(c)], is_border, outside }
    }

    pub(super) fn bounding_box(&self) -> LatticeBox {
        let [a, b, c] = self.at;
        LatticeBox {
            min: [a[0].min(b[0]).min(c[0]), a[1].min(b[1]).min(c[1])],
            max: [a[0].max(b[0]).max(c[0]), a[1].max(b[1]).max(c[1])],
        }
    }

    pub(super) fn longest_edge_squared(&self) -> i64 {
        let squared =
            |from: [i64; 2], to: [i64; 2]| (to[0] - from[0]).pow(2) + (to[1] - from[1]).pow(2);
        let [a, b, c] = self.at;
        squared(a, b).max(squared(b, c)).max(squared(c, a))
    }

    pub(super) fn has_virtual(&self) -> bool {
        self.corners.iter().any(|corner| corner.class == lidar_hd::VIRTUAL)
    }

    /// Twice the areas opposite the corners, when the position belongs to the triangle.
    pub(super) fn weights(&self, at: [i64; 2]) -> Option<[i64; 3]> {
        let mut weights = [0; 3];
        for k in 0..3 {
            let weight = cross(self.at[k], self.at[(k + 1) % 3], at);
            if weight < 0 || (weight == 0 && !self.owns_edge(k)) {
                return None;
            }
            weights[(k + 2) % 3] = weight;
        }
        Some(weights)
    }

    /// Whether positions on the edge k → k + 1 belong to this triangle: of two triangles on an edge
    /// exactly one owns it, and the border of the convex hull of all points belongs to its only one.
    fn owns_edge(&self, k: usize) -> bool {
        let (from, to) = (self.at[k], self.at[(k + 1) % 3]);
        (to[1] - from[1], from[0] - to[0]) > (0, 0)
            || (self.is_border[k] && is_outer_border(from, to, self.outside))
    }

    /// Height in metres for the weights of a position.
    pub(super) fn height(&self, weights: [i64; 3]) -> f32 {
        let area: i64 = weights.iter().sum();
        let moments = weights.iter().zip(self.corners.iter().map(|c| c.height_mm));
        let sum = if area < MOST_IN_64_BITS {
            moments.map(|(&w, h)| w * i64::from(h)).sum::<i64>() as f64
        } else {
            moments.map(|(&w, h)| i128::from(w) * i128::from(h)).sum::<i128>() as f64
        };
        (sum / area as f64 * 1e-3) as f32
    }

    /// Class of the heaviest corner, the most westerly among equals.
    pub(super) fn class(&self, weights: [i64; 3]) -> u8 {
        let heaviest = (0..3).max_by_key(|&k| (weights[k], std::cmp::Reverse(self.at[k])));
        self.corners[heaviest.unwrap_or(0)].class
    }

    /// The circumscribed disc.
    pub(super) fn disc(&self) -> Disc {
        // From the first corner in the derived order, so that the rounding is the triangle's own.
        let first = (0..3).min_by_key(|&k| self.at[k]).unwrap_or(0);
        let [a, b, c] = [self.at[first], self.at[(first + 1) % 3], self.at[(first + 2) % 3]];
        let relative = |p: [i64; 2]| [(p[0] - a[0]) as f64, (p[1] - a[1]) as f64];
        let ([bx, by], [cx, cy]) = (relative(b), relative(c));
        let (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
        let twice_area = cross(a, b, c) as f64;
        let ux = (cy * b2 - by * c2) / (2.0 * twice_area);
        let uy = (bx * c2 - cx * b2) / (2.0 * twice_area);
        // A millimetre more, against rounding.
        Disc { from: a, centre: [ux, uy], radius: (ux * ux + uy * uy).sqrt() * (1.0 + 1e-9) + 1.0 }
    }
}

/// A disc, its centre relative to a lattice point.
pub(super) struct Disc {
    from: [i64; 2],
    centre: [f64; 2],
    radius: f64,
}

impl Disc {
    /// Whether it surely stays within an area, as far as it lies within the bounds.
    pub(super) fn stays_within(&self, area: &LatticeBox, bounds: &LatticeBox) -> bool {
        let place = |corner: [i64; 2], axis: usize| (corner[axis] - self.from[axis]) as f64;
        let lies_within = |axis: usize| {
            self.centre[axis] - self.radius > place(area.min, axis)
                && self.centre[axis] + self.radius < place(area.max, axis)
        };
        if (0..2).all(lies_within) {
            return true;
        }
        bounds.strips_outside(area).iter().flatten().all(|strip| {
            let gap = |axis: usize| {
                let (low, high) = (place(strip.min, axis), place(strip.max, axis));
                (low - self.centre[axis]).max(self.centre[axis] - high).max(0.0)
            };
            gap(0).hypot(gap(1)) > self.radius
        })
    }
}

/// Twice the area of (a, b, c), positive when counter-clockwise.
fn cross(a: [i64; 2], b: [i64; 2], c: [i64; 2]) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Whether no point of the boxes lies to the right of the edge.
fn is_outer_border(from: [i64; 2], to: [i64; 2], outside: &[Option<LatticeBox>; 4]) -> bool {
    outside.iter().flatten().all(|b| {
        [b.min, b.max, [b.min[0], b.max[1]], [b.max[0], b.min[1]]]
            .iter()
            .all(|&corner| cross(from, to, corner) > 0)
    })
}
