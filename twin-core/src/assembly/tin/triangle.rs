//! A triangle of the network: which positions belong to it, its height there, and its disc.

use crate::assembly::LatticeBox;
use crate::products::lidar_hd;

/// A point of the network, in millimetres from a local origin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Corner {
    pub(super) at: [i64; 2],
    pub(super) height_mm: i32,
    pub(super) class: u8,
}

/// A triangle, counter-clockwise.
pub(super) struct Triangle {
    corners: [Corner; 3],
    /// Whether positions on the edge k → k + 1 belong to this triangle.
    owns_edge: [bool; 3],
}

impl Triangle {
    /// `is_border` tells the edges k → k + 1 without a neighbour; no point is known in `outside`.
    pub(super) fn new(
        corners: [Corner; 3],
        is_border: [bool; 3],
        outside: &[Option<LatticeBox>; 4],
    ) -> Self {
        let owns_edge = [0, 1, 2].map(|k| {
            let (from, to) = (corners[k].at, corners[(k + 1) % 3].at);
            // Of two triangles on an edge exactly one owns it. The border of the convex hull of
            // all points belongs to its only triangle.
            (to[1] - from[1], from[0] - to[0]) > (0, 0)
                || (is_border[k] && is_outer_border(from, to, outside))
        });
        Self { corners, owns_edge }
    }

    pub(super) fn bounding_box(&self) -> LatticeBox {
        let [a, b, c] = self.corners.map(|corner| corner.at);
        LatticeBox {
            min: [0, 1].map(|axis| a[axis].min(b[axis]).min(c[axis])),
            max: [0, 1].map(|axis| a[axis].max(b[axis]).max(c[axis])),
        }
    }

    pub(super) fn longest_edge_squared(&self) -> i64 {
        let squared = |k: usize| {
            let (a, b) = (self.corners[k].at, self.corners[(k + 1) % 3].at);
            (b[0] - a[0]).pow(2) + (b[1] - a[1]).pow(2)
        };
        squared(0).max(squared(1)).max(squared(2))
    }

    pub(super) fn has_virtual(&self) -> bool {
        self.corners.iter().any(|corner| corner.class == lidar_hd::VIRTUAL)
    }

    /// Twice the areas opposite the corners, when the position belongs to the triangle.
    pub(super) fn weights(&self, at: [i64; 2]) -> Option<[i64; 3]> {
        let mut weights = [0; 3];
        for k in 0..3 {
            let weight = cross(self.corners[k].at, self.corners[(k + 1) % 3].at, at);
            if weight < 0 || (weight == 0 && !self.owns_edge[k]) {
                return None;
            }
            weights[(k + 2) % 3] = weight;
        }
        Some(weights)
    }

    /// Height in metres for the weights of a position.
    pub(super) fn height(&self, weights: [i64; 3]) -> f32 {
        let sum = (0..3)
            .map(|k| i128::from(weights[k]) * i128::from(self.corners[k].height_mm))
            .sum::<i128>();
        let area = weights.iter().map(|&w| i128::from(w)).sum::<i128>();
        (sum as f64 / area as f64 * 1e-3) as f32
    }

    /// Class of the heaviest corner, the most westerly among equals.
    pub(super) fn class(&self, weights: [i64; 3]) -> u8 {
        let heaviest = (0..3).max_by_key(|&k| (weights[k], std::cmp::Reverse(self.corners[k].at)));
        self.corners[heaviest.unwrap_or(0)].class
    }

    /// Whether the circumscribed disc surely misses all the boxes.
    pub(super) fn disc_avoids(&self, boxes: &[Option<LatticeBox>; 4]) -> bool {
        if boxes.iter().all(Option::is_none) {
            return true;
        }
        // From the first corner in the derived order, so that the rounding is the triangle's own.
        let first = (0..3).min_by_key(|&k| self.corners[k].at).unwrap_or(0);
        let [a, b, c] = [0, 1, 2].map(|k| self.corners[(first + k) % 3].at);
        let relative = |p: [i64; 2]| [(p[0] - a[0]) as f64, (p[1] - a[1]) as f64];
        let ([bx, by], [cx, cy]) = (relative(b), relative(c));
        let (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
        let twice_area = cross(a, b, c) as f64;
        let ux = (cy * b2 - by * c2) / (2.0 * twice_area);
        let uy = (bx * c2 - cx * b2) / (2.0 * twice_area);
        let radius = ux.hypot(uy);
        boxes.iter().flatten().all(|b| {
            let gap = |axis: usize, centre: f64| {
                let low = (b.min[axis] - a[axis]) as f64;
                let high = (b.max[axis] - a[axis]) as f64;
                (low - centre).max(centre - high).max(0.0)
            };
            gap(0, ux).hypot(gap(1, uy)) > radius * (1.0 + 1e-9) + 1.0
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
