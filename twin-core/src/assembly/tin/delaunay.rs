//! The one Delaunay triangulation of a set of lattice points.
//!
//! A set of points on a 1 cm lattice is full of cocircular quadruples, where Delaunay's condition
//! leaves the choice of the diagonal open. Here the choice is made by *pulling*: the points are
//! lowered on the paraboloid by infinitesimal amounts, the most westerly (then southerly) first
//! and most. A cocircular polygon becomes a fan around its most westerly vertex, and the
//! triangulation is unique: the same whatever the order of the points, and the same in every tile
//! that holds the points of a triangle's circumscribed disc.
//!
//! 1. `delaunator` (Agafonkin's sweep-hull) builds a triangulation in floating point, nearly
//!    Delaunay.
//! 2. Its triangles are checked with exact orientation; should one be inverted, a plain sweep with
//!    exact predicates takes its place.
//! 3. Lawson flips with the exact, pulled in-circle test finish the work. In the plane they always
//!    end in the regular triangulation of the pulled points.
//!
//! Predicates are evaluated in `f64` with a forward error bound, then in `i128` where the sign is
//! in doubt.
//!
//! - C. L. Lawson, *Software for C¹ surface interpolation*, 1977, doi:10.1016/B978-0-12-587260-7.50011-X.
//! - J. R. Shewchuk, *Adaptive precision floating-point arithmetic and fast robust geometric
//!   predicates*, 1997, doi:10.1007/PL00009321.
//! - H. Edelsbrunner, E. P. Mücke, *Simulation of simplicity*, 1990, doi:10.1145/77635.77639.

/// Marks a half-edge without twin: the border of the convex hull.
pub(crate) const NO_TWIN: u32 = u32::MAX;

/// Position in millimetres from a local origin; the set must span less than 2³⁰ mm (1 000 km).
pub(crate) type Site = [i32; 2];

/// Triangles of a triangulation, counter-clockwise.
#[derive(Debug, Default)]
pub(crate) struct Triangulation {
    /// Three vertices a triangle; the half-edge `e` leaves from `vertices[e]`.
    pub(crate) vertices: Vec<u32>,
    /// Half-edge of the neighbour for each half-edge, or [`NO_TWIN`].
    pub(crate) twins: Vec<u32>,
}

/// Triangulates distinct sites; empty when all lie on a line.
pub(crate) fn triangulate(sites: &[Site]) -> Triangulation {
    let points: Vec<delaunator::Point> = sites
        .iter()
        .map(|s| delaunator::Point { x: f64::from(s[0]), y: f64::from(s[1]) })
        .collect();
    // Delaunator orders its triangles clockwise where y points north: swap to turn them.
    let rough = delaunator::triangulate(&points);
    drop(points);
    let twin = |e: usize| if e == delaunator::EMPTY { NO_TWIN } else { mirrored(e as u32) };
    let mut triangulation = Triangulation {
        vertices: rough
            .triangles
            .chunks_exact(3)
            .flat_map(|t| [t[1] as u32, t[0] as u32, t[2] as u32])
            .collect(),
        // Half-edges of (a, b, c) are ab, bc, ca; those of (b, a, c) are ba, ac, cb.
        twins: rough
            .halfedges
            .chunks_exact(3)
            .flat_map(|h| [twin(h[0]), twin(h[2]), twin(h[1])])
            .collect(),
    };
    drop(rough);
    let is_inverted = |t: &[u32]| {
        orientation(sites[t[0] as usize], sites[t[1] as usize], sites[t[2] as usize]) <= 0
    };
    if triangulation.vertices.chunks_exact(3).any(is_inverted) {
        triangulation = sweep(sites);
    }
    triangulation.legalise(sites);
    triangulation
}

/// Index of a half-edge after its triangle `(a, b, c)` became `(b, a, c)`.
fn mirrored(e: u32) -> u32 {
    match e % 3 {
        0 => e,
        1 => e + 1,
        _ => e - 1,
    }
}

fn next(e: u32) -> u32 {
    if e % 3 == 2 { e - 2 } else { e + 1 }
}

fn previous(e: u32) -> u32 {
    if e.is_multiple_of(3) { e + 2 } else { e - 1 }
}

impl Triangulation {
    fn link(&mut self, e: u32, twin: u32) {
        self.twins[e as usize] = twin;
        if twin != NO_TWIN {
            self.twins[twin as usize] = e;
        }
    }

    /// Lawson's flips until every edge satisfies the pulled in-circle test.
    fn legalise(&mut self, sites: &[Site]) {
        let mut doubtful = Vec::new();
        for edge in 0..self.twins.len() as u32 {
            doubtful.push(edge);
            while let Some(a) = doubtful.pop() {
                let b = self.twins[a as usize];
                if b == NO_TWIN {
                    continue;
                }
                let site = |e: u32| sites[self.vertices[e as usize] as usize];
                // Quadrilateral p, from, q, to; the edge a runs from `from` to `to`.
                let (from, to, p, q) =
                    (site(a), site(next(a)), site(previous(a)), site(previous(b)));
                if !is_illegal(from, to, p, q) {
                    continue;
                }
                let (p_index, q_index) =
                    (self.vertices[previous(a) as usize], self.vertices[previous(b) as usize]);
                self.vertices[a as usize] = q_index;
                self.vertices[b as usize] = p_index;
                let (outer_a, outer_b) =
                    (self.twins[previous(b) as usize], self.twins[previous(a) as usize]);
                self.link(a, outer_a);
                self.link(b, outer_b);
                self.link(previous(a), previous(b));
                doubtful.extend([a, b, next(a), next(b)]);
            }
        }
    }
}

/// Whether the edge from–to between the triangles (from, to, p) and (to, from, q) must be flipped.
fn is_illegal(from: Site, to: Site, p: Site, q: Site) -> bool {
    match in_circle(from, to, p, q) {
        1 => true,
        -1 => false,
        _ => {
            // Cocircular: the diagonal starts at the most westerly vertex of the four.
            p.min(q) < from.min(to)
        }
    }
}

/// Sign of the area of (a, b, c): 1 when counter-clockwise.
pub(crate) fn orientation(a: Site, b: Site, c: Site) -> i64 {
    let d = |v: i32, w: i32| i64::from(v) - i64::from(w);
    (d(b[0], a[0]) * d(c[1], a[1]) - d(b[1], a[1]) * d(c[0], a[0])).signum()
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

/// Any triangulation, by adding the sites from west to east and joining each to the hull edges it
/// sees. Slow to legalise, but exact throughout.
fn sweep(sites: &[Site]) -> Triangulation {
    let mut order: Vec<u32> = (0..sites.len() as u32).collect();
    order.sort_unstable_by_key(|&i| sites[i as usize]);
    let site = |i: u32| sites[i as usize];
    let mut triangulation = Triangulation::default();
    // The first sites may lie on a line; the first one off it sees the whole line.
    let Some(off) = (2..order.len())
        .find(|&k| orientation(site(order[0]), site(order[1]), site(order[k])) != 0)
    else {
        return triangulation;
    };
    let apex = order[off];
    let mut line: Vec<u32> = order[..off].to_vec();
    if orientation(site(line[0]), site(line[1]), site(apex)) < 0 {
        line.reverse();
    }
    // Hull, counter-clockwise: for each site on it, the half-edge that leaves it and neighbours.
    let mut leaving = vec![NO_TWIN; sites.len()];
    let mut after = vec![NO_TWIN; sites.len()];
    let mut before = vec![NO_TWIN; sites.len()];
    for pair in line.windows(2) {
        let first = triangulation.vertices.len() as u32;
        triangulation.vertices.extend([pair[0], pair[1], apex]);
        triangulation.twins.extend([NO_TWIN; 3]);
        if first > 0 {
            triangulation.link(first + 2, first - 2);
        }
        leaving[pair[0] as usize] = first;
    }
    let count = triangulation.vertices.len() as u32;
    leaving[line[off - 1] as usize] = count - 2;
    leaving[apex as usize] = 2;
    let mut hull = line;
    hull.push(apex);
    for k in 0..hull.len() {
        let following = hull[(k + 1) % hull.len()];
        after[hull[k] as usize] = following;
        before[following as usize] = hull[k];
    }
    let mut newest = order[off];
    // The newest site is the most easterly: the next one always sees an edge beside it.
    for &new in &order[off + 1..] {
        let sees = |a: u32, b: u32| orientation(site(a), site(b), site(new)) < 0;
        let (mut low, mut high) = (newest, newest);
        let mut open = NO_TWIN;
        while sees(before[low as usize], low) {
            low = before[low as usize];
        }
        while sees(high, after[high as usize]) {
            high = after[high as usize];
        }
        let mut at = low;
        while at != high {
            let following = after[at as usize];
            let first = triangulation.vertices.len() as u32;
            triangulation.vertices.extend([following, at, new]);
            triangulation.twins.extend([NO_TWIN; 3]);
            triangulation.link(first, leaving[at as usize]);
            if open != NO_TWIN {
                triangulation.link(first + 1, open);
            } else {
                leaving[low as usize] = first + 1;
            }
            open = first + 2;
            at = following;
        }
        leaving[new as usize] = open;
        after[low as usize] = new;
        before[new as usize] = low;
        after[new as usize] = high;
        before[high as usize] = new;
        newest = new;
    }
    triangulation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(t: &Triangulation, sites: &[Site]) -> Vec<[Site; 3]> {
        let mut triangles: Vec<[Site; 3]> = t
            .vertices
            .chunks_exact(3)
            .map(|v| {
                let mut corners = [0, 1, 2].map(|k| sites[v[k] as usize]);
                corners.sort_unstable();
                corners
            })
            .collect();
        triangles.sort_unstable();
        triangles
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

    fn check(t: &Triangulation, sites: &[Site]) {
        for e in 0..t.twins.len() as u32 {
            let corner = |e: u32| sites[t.vertices[e as usize] as usize];
            assert!(orientation(corner(e), corner(next(e)), corner(previous(e))) > 0);
            let twin = t.twins[e as usize];
            if twin != NO_TWIN {
                assert_eq!(t.twins[twin as usize], e);
                assert_eq!(t.vertices[e as usize], t.vertices[next(twin) as usize]);
                let (from, to) = (corner(e), corner(next(e)));
                assert!(!is_illegal(from, to, corner(previous(e)), corner(previous(twin))));
            }
        }
    }

    #[test]
    fn fast_and_plain_construction_give_the_same_triangles() {
        // A 12 × 12 lattice is all ties; larger moduli have fewer.
        for (count, modulus) in [(144, 12), (400, 40), (2000, 300), (3000, 1_000_000)] {
            let sites = scattered(count, modulus, count);
            let fast = triangulate(&sites);
            let mut plain = sweep(&sites);
            plain.legalise(&sites);
            check(&fast, &sites);
            check(&plain, &sites);
            assert_eq!(canonical(&fast, &sites), canonical(&plain, &sites));
        }
    }

    #[test]
    fn order_and_origin_of_the_sites_do_not_matter() {
        let sites = scattered(900, 50, 7);
        let expected = canonical(&triangulate(&sites), &sites);
        let moved: Vec<Site> =
            sites.iter().rev().map(|s| [s[0] + 400_000_000, s[1] - 123_456_789]).collect();
        let back: Vec<Site> =
            moved.iter().map(|s| [s[0] - 400_000_000, s[1] + 123_456_789]).collect();
        assert_eq!(canonical(&triangulate(&moved), &back), expected);
    }

    #[test]
    fn a_lattice_square_is_a_fan_from_the_west() {
        let sites = [[1, 1], [0, 0], [0, 1], [1, 0]];
        let triangles = canonical(&triangulate(&sites), &sites);
        assert!(triangles.iter().all(|t| t.contains(&[0, 0])));
        assert_eq!(triangles.len(), 2);
    }

    #[test]
    fn lines_and_single_points_have_no_triangle() {
        assert!(triangulate(&[]).vertices.is_empty());
        assert!(triangulate(&[[3, 4]]).vertices.is_empty());
        let line: Vec<Site> = (0..50).map(|i| [7 * i, 3 * i]).collect();
        assert!(triangulate(&line).vertices.is_empty());
    }

    #[test]
    fn nearly_collinear_sites_far_apart_are_exact() {
        // Slivers 1 mm thick over 100 km: every in-circle test is decided in i128.
        let sites: Vec<Site> = (0..200)
            .map(|i| [i * 500_000, (i * i) % 3])
            .chain([[50_000_000, 40_000_000]])
            .collect();
        let fast = triangulate(&sites);
        check(&fast, &sites);
    }
}
