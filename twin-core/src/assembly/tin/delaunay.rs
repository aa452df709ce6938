//! The one Delaunay triangulation of a set of lattice points.
//!
//! A set of points on a 1 cm lattice is full of cocircular quadruples, where Delaunay's condition
//! leaves the choice of the diagonal open. Here the choice is made by *pulling*: the points are
//! lowered on the paraboloid by infinitesimal amounts, the most westerly (then southerly) first
//! and most. A cocircular polygon becomes a fan around its most westerly vertex, and the
//! triangulation is unique: the same whatever the order of the points, and the same in every tile
//! that holds the points of a triangle's circumscribed disc.
//!
//! The set is halved again and again, across the west–east and the south–north axis in turn; two
//! triangulated halves are joined from their lower common tangent upwards, which touches the
//! triangles beside the cut alone. The points are numbered in the order of the halves, so that what
//! lies together in the plane lies together in memory. `flips.rs` builds the same triangulation the
//! plain way, for the tests.
//!
//! Predicates are evaluated in `f64` with a forward error bound, then in `i128` where the sign is
//! in doubt.
//!
//! - L. Guibas, J. Stolfi, *Primitives for the manipulation of general subdivisions and the
//!   computation of Voronoi diagrams*, 1985, doi:10.1145/282918.282923.
//! - R. A. Dwyer, *A faster divide-and-conquer algorithm for constructing Delaunay triangulations*,
//!   1987, doi:10.1007/BF01840356.
//! - J. R. Shewchuk, *Adaptive precision floating-point arithmetic and fast robust geometric
//!   predicates*, 1997, doi:10.1007/PL00009321.
//! - H. Edelsbrunner, E. P. Mücke, *Simulation of simplicity*, 1990, doi:10.1145/77635.77639.

use std::ops::Range;

/// Position in millimetres from a local origin; the set must span less than 2³⁰ mm (1 000 km).
pub(crate) type Site = [i32; 2];

/// What a triangulation has at its corners.
pub(crate) trait Sited: Copy {
    fn site(&self) -> Site;
}

impl Sited for Site {
    fn site(&self) -> Site {
        *self
    }
}

/// Origin of the half-edges of an edge that was taken out.
const NOWHERE: u32 = u32::MAX;

/// One direction of an edge; the other is its neighbour in the list (`e ^ 1`).
#[derive(Debug, Clone, Copy)]
struct HalfEdge {
    /// Position of the point it leaves from.
    origin: u32,
    /// The next half-edges around the origin, counter-clockwise and clockwise.
    ccw: u32,
    cw: u32,
}

/// Edges among points, each with the order of those around its ends.
#[derive(Debug)]
pub(crate) struct Triangulation<P> {
    points: Vec<P>,
    edges: Vec<HalfEdge>,
    /// Edges that were taken out, to be used again.
    free: Vec<u32>,
    /// A half-edge of the convex hull, the outside to its right.
    hull: Option<u32>,
}

/// What lies to the left of a half-edge.
#[derive(Clone, Copy, PartialEq)]
enum Face {
    Triangle,
    /// A triangle that was told.
    Told,
    Outside,
}

/// Triangulates points with distinct sites; without triangles when all lie on a line.
pub(crate) fn triangulate<P: Sited>(mut points: Vec<P>) -> Triangulation<P> {
    halve(&mut points, Axis::WestEast);
    let all = 0..points.len() as u32;
    let edges = Vec::with_capacity(6 * points.len());
    let mut triangulation = Triangulation { points, edges, free: Vec::new(), hull: None };
    if all.len() > 1 {
        triangulation.hull = Some(triangulation.build(all, Axis::WestEast));
    }
    triangulation
}

impl<P: Sited> Triangulation<P> {
    /// Corners of the triangles, counter-clockwise, and whether nothing lies beyond their edges
    /// k → k + 1.
    pub(crate) fn triangles(&self) -> impl Iterator<Item = ([&P; 3], [bool; 3])> {
        let mut left = vec![Face::Triangle; self.edges.len()];
        if let Some(hull) = self.hull {
            let mut at = hull;
            loop {
                left[at as usize ^ 1] = Face::Outside;
                at = self.along_hull(at);
                if at == hull {
                    break;
                }
            }
        }
        (0..self.edges.len() as u32).filter_map(move |first| {
            if left[first as usize] != Face::Triangle || self.half_edge(first).origin == NOWHERE {
                return None;
            }
            let second = self.along_left(first);
            let around = [first, second, self.along_left(second)];
            let mut is_border = [false; 3];
            for (is_border, e) in is_border.iter_mut().zip(around) {
                *is_border = left[e as usize ^ 1] == Face::Outside;
                left[e as usize] = Face::Told;
            }
            let [a, b, c] = around;
            Some(([self.origin(a), self.origin(b), self.origin(c)], is_border))
        })
    }

    /// Ends of the edges.
    pub(crate) fn edges(&self) -> impl Iterator<Item = [&P; 2]> {
        let there = (0..self.edges.len() as u32).step_by(2);
        let there = there.filter(|&e| self.half_edge(e).origin != NOWHERE);
        there.map(|e| [self.origin(e), self.origin(e ^ 1)])
    }

    /// Triangulates a range of points, halved along an axis first; a half-edge of its hull, the
    /// outside to the right.
    fn build(&mut self, range: Range<u32>, axis: Axis) -> u32 {
        let first = range.start;
        match range.len() {
            2 => self.add(first, first + 1),
            3 => {
                let there = self.add(first, first + 1);
                let on = self.add(first + 1, first + 2);
                self.insert(there ^ 1, on);
                let [a, b, c] = [0, 1, 2].map(|k| self.points[(first + k) as usize].site());
                match orientation(a, b, c) {
                    0 => there,
                    turn => {
                        let back = self.connect(on, there);
                        if turn > 0 { there } else { back ^ 1 }
                    }
                }
            }
            count => {
                let half = first + count as u32 / 2;
                let low = self.build(first..half, axis.other());
                let high = self.build(half..range.end, axis.other());
                self.join(low, high, axis)
            }
        }
    }

    /// Joins two triangulations that a line across the axis parts, given by half-edges of their hulls.
    fn join(&mut self, low: u32, high: u32, axis: Axis) -> u32 {
        // The lower common tangent: down the hulls from the points beside the cut.
        let last = self.extreme(low, |p, q| axis.order(p) > axis.order(q));
        let mut of_low = self.half_edge(last).cw;
        let mut of_high = self.extreme(high, |p, q| axis.order(p) < axis.order(q));
        loop {
            let ([a, b], [c, d]) = (self.ends(of_low), self.ends(of_high));
            if orientation(a, b, c) > 0 {
                of_low = self.along_left(of_low);
            } else if orientation(c, d, a) < 0 {
                of_high = self.along_hull(of_high);
            } else {
                break;
            }
        }
        // The uppermost edge between the halves, from the high to the low one.
        let mut base = self.connect(of_high ^ 1, of_low);
        let hull = base ^ 1;
        loop {
            let [from, to] = self.ends(base);
            let left = self.candidate(base ^ 1, [from, to], |e| e.ccw);
            let right = self.candidate(base, [from, to], |e| e.cw);
            base = match (left, right) {
                (None, None) => return hull,
                (Some((left, p)), Some((_, q))) if !is_inside(p, to, from, q) => {
                    self.connect(base ^ 1, left ^ 1)
                }
                (Some((left, _)), None) => self.connect(base ^ 1, left ^ 1),
                (_, Some((right, _))) => self.connect(right, base ^ 1),
            };
        }
    }

    /// The half-edge, next after `e` on the way around its origin, that ends above the base and makes
    /// a triangle with it which holds no point of its half; those before it that do not are taken out.
    /// With its end.
    fn candidate(
        &mut self,
        e: u32,
        [from, to]: [Site; 2],
        after: impl Fn(HalfEdge) -> u32,
    ) -> Option<(u32, Site)> {
        let is_above = |p: Site| orientation(from, to, p) < 0;
        let mut found = after(self.half_edge(e));
        let mut end = self.end(found);
        if !is_above(end) {
            return None;
        }
        loop {
            let next = after(self.half_edge(found));
            let beyond = self.end(next);
            if !is_above(beyond) || !is_inside(to, from, end, beyond) {
                return Some((found, end));
            }
            self.take_out(found);
            (found, end) = (next, beyond);
        }
    }

    /// The half-edge of a hull whose origin comes first.
    fn extreme(&self, hull: u32, comes_first: impl Fn(Site, Site) -> bool) -> u32 {
        let (mut found, mut at) = (hull, self.along_hull(hull));
        while at != hull {
            if comes_first(self.start(at), self.start(found)) {
                found = at;
            }
            at = self.along_hull(at);
        }
        found
    }

    fn half_edge(&self, e: u32) -> HalfEdge {
        self.edges[e as usize]
    }

    fn origin(&self, e: u32) -> &P {
        &self.points[self.half_edge(e).origin as usize]
    }

    fn start(&self, e: u32) -> Site {
        self.origin(e).site()
    }

    fn end(&self, e: u32) -> Site {
        self.start(e ^ 1)
    }

    fn ends(&self, e: u32) -> [Site; 2] {
        [self.start(e), self.end(e)]
    }

    /// The half-edge that leaves from the end of `e` along the same face to the left.
    fn along_left(&self, e: u32) -> u32 {
        self.half_edge(e ^ 1).cw
    }

    /// The half-edge that leaves from the end of `e` along the same face to the right.
    fn along_hull(&self, e: u32) -> u32 {
        self.half_edge(e ^ 1).ccw
    }

    /// A new edge between points, not joined to others.
    fn add(&mut self, from: u32, to: u32) -> u32 {
        let e = self.free.pop().unwrap_or_else(|| {
            let e = self.edges.len() as u32;
            self.edges.extend([HalfEdge { origin: NOWHERE, ccw: e, cw: e }; 2]);
            e
        });
        self.edges[e as usize] = HalfEdge { origin: from, ccw: e, cw: e };
        self.edges[e as usize ^ 1] = HalfEdge { origin: to, ccw: e ^ 1, cw: e ^ 1 };
        e
    }

    /// A new edge from the end of `a` to the start of `b`, within the face to their left.
    fn connect(&mut self, a: u32, b: u32) -> u32 {
        let e = self.add(self.half_edge(a ^ 1).origin, self.half_edge(b).origin);
        self.insert(e, self.along_left(a));
        self.insert(e ^ 1, b);
        e
    }

    /// Puts `e`, alone around its origin, after another on the way around counter-clockwise.
    fn insert(&mut self, e: u32, after: u32) {
        let before = self.half_edge(after).ccw;
        self.edges[after as usize].ccw = e;
        self.edges[e as usize].cw = after;
        self.edges[e as usize].ccw = before;
        self.edges[before as usize].cw = e;
    }

    /// Takes an edge out of the ways around both its ends.
    fn take_out(&mut self, e: u32) {
        for half in [e, e ^ 1] {
            let HalfEdge { ccw, cw, .. } = self.half_edge(half);
            self.edges[cw as usize].ccw = ccw;
            self.edges[ccw as usize].cw = cw;
            self.edges[half as usize].origin = NOWHERE;
        }
        self.free.push(e & !1);
    }
}

/// Along which points are halved.
#[derive(Clone, Copy)]
enum Axis {
    WestEast,
    SouthNorth,
}

impl Axis {
    fn other(self) -> Self {
        match self {
            Self::WestEast => Self::SouthNorth,
            Self::SouthNorth => Self::WestEast,
        }
    }

    /// Points are parted by a line that is turned ever so little: both orders are one, a quarter turn
    /// apart.
    fn order(self, [x, y]: Site) -> u64 {
        let (first, second) = match self {
            Self::WestEast => (x, y),
            Self::SouthNorth => (y, -x),
        };
        let rank = |v: i32| u64::from(v.cast_unsigned() ^ (1 << 31));
        rank(first) << 32 | rank(second)
    }
}

/// Puts the lower half along the axis first, and each half in order along the other axis.
fn halve<P: Sited>(points: &mut [P], axis: Axis) {
    let half = points.len() / 2;
    if points.len() <= 3 {
        points.sort_unstable_by_key(|p| axis.order(p.site()));
        return;
    }
    points.select_nth_unstable_by_key(half, |p| axis.order(p.site()));
    let (low, high) = points.split_at_mut(half);
    halve(low, axis.other());
    halve(high, axis.other());
}

/// Sign of the area of (a, b, c): 1 when counter-clockwise.
fn orientation(a: Site, b: Site, c: Site) -> i64 {
    let d = |v: i32, w: i32| i64::from(v) - i64::from(w);
    (d(b[0], a[0]) * d(c[1], a[1]) - d(b[1], a[1]) * d(c[0], a[0])).signum()
}

/// Whether the pulled `d` lies inside the circle of the pulled, counter-clockwise (a, b, c).
fn is_inside(a: Site, b: Site, c: Site, d: Site) -> bool {
    match in_circle(a, b, c, d) {
        1 => true,
        -1 => false,
        // Cocircular: lowering the most westerly of the four puts it inside, and the plane through it
        // above or below `d` by the sign of its barycentric coordinate there.
        _ => match a.min(b).min(c).min(d) {
            first if first == d => true,
            first if first == a => orientation(d, b, c) < 0,
            first if first == b => orientation(a, d, c) < 0,
            _ => orientation(a, b, d) < 0,
        },
    }
}

/// 1 when `d` lies inside the circle of the counter-clockwise (a, b, c), 0 when on it.
fn in_circle(a: Site, b: Site, c: Site, d: Site) -> i32 {
    let from_d = |p: Site| [f64::from(p[0]) - f64::from(d[0]), f64::from(p[1]) - f64::from(d[1])];
    let ([ax, ay], [bx, by], [cx, cy]) = (from_d(a), from_d(b), from_d(c));
    let (a2, b2, c2) = (ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy);
    let determinant =
        a2 * (bx * cy - by * cx) + b2 * (cx * ay - cy * ax) + c2 * (ax * by - ay * bx);
    let magnitude = a2 * ((bx * cy).abs() + (by * cx).abs())
        + b2 * ((cx * ay).abs() + (cy * ax).abs())
        + c2 * ((ax * by).abs() + (ay * bx).abs());
    // Differences are exact; ten roundings at most (Shewchuk 1997, bound iccerrboundA). Below 2⁵²
    // every term is a whole number that f64 holds exactly.
    if magnitude < 4_503_599_627_370_496.0 || determinant.abs() > 1.2e-15 * magnitude {
        return if determinant > 0.0 { 1 } else { -i32::from(determinant < 0.0) };
    }
    let exact = |v: f64| v as i128;
    let [ax, ay, bx, by, cx, cy] = [ax, ay, bx, by, cx, cy].map(exact);
    let determinant = (ax * ax + ay * ay) * (bx * cy - by * cx)
        + (bx * bx + by * by) * (cx * ay - cy * ax)
        + (cx * cx + cy * cy) * (ax * by - ay * bx);
    determinant.signum() as i32
}

#[cfg(test)]
mod flips;

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(corners: impl Iterator<Item = [Site; 3]>) -> Vec<[Site; 3]> {
        let sorted = |mut corners: [Site; 3]| {
            corners.sort_unstable();
            corners
        };
        let mut triangles: Vec<[Site; 3]> = corners.map(sorted).collect();
        triangles.sort_unstable();
        triangles
    }

    fn fast(sites: &[Site]) -> Vec<[Site; 3]> {
        canonical(triangulate(sites.to_vec()).triangles().map(|t| t.0.map(|p| *p)))
    }

    fn plain(sites: &[Site]) -> Vec<[Site; 3]> {
        let triangles = flips::triangulate(sites).vertices;
        canonical(triangles.chunks_exact(3).map(|t| [0, 1, 2].map(|k| sites[t[k] as usize])))
    }

    fn scattered(count: i64, modulus: i64, seed: i64) -> Vec<Site> {
        let mut sites: Vec<Site> = (0..count)
            .map(|i| {
                let mix =
                    (i + seed).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
                [((mix >> 33).rem_euclid(modulus)) as i32, ((mix >> 13).rem_euclid(modulus)) as i32]
            })
            .collect();
        sites.sort_unstable();
        sites.dedup();
        sites
    }

    #[test]
    fn fast_and_plain_construction_give_the_same_triangles() {
        // A 12 × 12 lattice is all ties; larger moduli have fewer.
        for (count, modulus) in
            [(2, 3), (5, 3), (9, 3), (20, 5), (144, 12), (400, 40), (2000, 300), (3000, 1_000_000)]
        {
            for seed in 0..20 {
                let sites = scattered(count, modulus, count + 7919 * seed);
                assert_eq!(fast(&sites), plain(&sites), "{count} of {modulus}²");
            }
        }
    }

    #[test]
    fn triangles_turn_left_and_only_the_hull_has_nothing_beyond() {
        let sites = scattered(900, 50, 3);
        let mut beside: std::collections::BTreeMap<[&Site; 2], usize> = Default::default();
        let mut alone = std::collections::BTreeSet::new();
        let triangulation = triangulate(sites);
        for (corners, is_border) in triangulation.triangles() {
            let [a, b, c] = corners.map(|p| *p);
            assert!(orientation(a, b, c) > 0);
            for k in 0..3 {
                let edge = [corners[k], corners[(k + 1) % 3]];
                let edge = [edge[0].min(edge[1]), edge[0].max(edge[1])];
                *beside.entry(edge).or_default() += 1;
                if is_border[k] {
                    alone.insert(edge);
                }
            }
        }
        for (edge, count) in &beside {
            assert_eq!(*count, if alone.contains(edge) { 1 } else { 2 });
        }
        assert_eq!(triangulation.edges().count(), beside.len());
    }

    #[test]
    fn order_and_origin_of_the_sites_do_not_matter() {
        let sites = scattered(900, 50, 7);
        let moved: Vec<Site> =
            sites.iter().rev().map(|s| [s[0] + 400_000_000, s[1] - 123_456_789]).collect();
        let back =
            |triangle: &[Site; 3]| triangle.map(|s| [s[0] - 400_000_000, s[1] + 123_456_789]);
        assert_eq!(canonical(fast(&moved).iter().map(back)), fast(&sites));
    }

    #[test]
    fn a_lattice_square_is_a_fan_from_the_west() {
        let triangles = fast(&[[1, 1], [0, 0], [0, 1], [1, 0]]);
        assert!(triangles.iter().all(|t| t.contains(&[0, 0])));
        assert_eq!(triangles.len(), 2);
    }

    #[test]
    fn lines_and_single_points_have_no_triangle() {
        let line: Vec<Site> = (0..50).map(|i| [7 * i, 3 * i]).collect();
        for sites in [&[][..], &[[3, 4]], &line] {
            assert!(fast(sites).is_empty());
        }
    }

    #[test]
    fn nearly_collinear_sites_far_apart_are_exact() {
        // Slivers 1 mm thick over 100 km: every in-circle test is decided in i128.
        let sites: Vec<Site> = (0..200)
            .map(|i| [i * 500_000, (i * i) % 3])
            .chain([[50_000_000, 40_000_000]])
            .collect();
        assert_eq!(fast(&sites), plain(&sites));
    }
}
