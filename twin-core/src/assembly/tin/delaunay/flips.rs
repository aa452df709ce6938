//! The triangulation of `delaunay.rs` the plain way: any triangulation by a sweep, then Lawson's flips
//! until every edge passes the in-circle test (C. L. Lawson, *Software for C¹ surface interpolation*,
//! 1977, doi:10.1016/B978-0-12-587260-7.50011-X). In the plane they always end in the regular
//! triangulation of the pulled points.

use super::{Site, in_circle, orientation};

/// Marks a half-edge without twin: the border of the convex hull.
const NO_TWIN: u32 = u32::MAX;

/// Triangles, counter-clockwise.
#[derive(Default)]
pub(super) struct Triangles {
    /// Three vertices a triangle; the half-edge `e` leaves from `vertices[e]`.
    pub(super) vertices: Vec<u32>,
    /// Half-edge of the neighbour for each half-edge, or [`NO_TWIN`].
    twins: Vec<u32>,
}

/// Triangulates distinct sites.
pub(super) fn triangulate(sites: &[Site]) -> Triangles {
    let mut triangles = sweep(sites);
    triangles.legalise(sites);
    triangles
}

fn next(e: u32) -> u32 {
    if e % 3 == 2 { e - 2 } else { e + 1 }
}

fn previous(e: u32) -> u32 {
    if e.is_multiple_of(3) { e + 2 } else { e - 1 }
}

impl Triangles {
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
pub(super) fn is_illegal(from: Site, to: Site, p: Site, q: Site) -> bool {
    match in_circle(from, to, p, q) {
        1 => true,
        -1 => false,
        _ => {
            // Cocircular: the diagonal starts at the most westerly vertex of the four.
            p.min(q) < from.min(to)
        }
    }
}

/// Any triangulation, by adding the sites from west to east and joining each to the hull edges it
/// sees. Exact throughout.
fn sweep(sites: &[Site]) -> Triangles {
    let mut order: Vec<u32> = (0..sites.len() as u32).collect();
    order.sort_unstable_by_key(|&i| sites[i as usize]);
    let site = |i: u32| sites[i as usize];
    let mut triangles = Triangles::default();
    // The first sites may lie on a line; the first one off it sees the whole line.
    let Some(off) = (2..order.len())
        .find(|&k| orientation(site(order[0]), site(order[1]), site(order[k])) != 0)
    else {
        return triangles;
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
        let first = triangles.vertices.len() as u32;
        triangles.vertices.extend([pair[0], pair[1], apex]);
        triangles.twins.extend([NO_TWIN; 3]);
        if first > 0 {
            triangles.link(first + 2, first - 2);
        }
        leaving[pair[0] as usize] = first;
    }
    let count = triangles.vertices.len() as u32;
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
            let first = triangles.vertices.len() as u32;
            triangles.vertices.extend([following, at, new]);
            triangles.twins.extend([NO_TWIN; 3]);
            triangles.link(first, leaving[at as usize]);
            if open != NO_TWIN {
                triangles.link(first + 1, open);
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
    triangles
}
