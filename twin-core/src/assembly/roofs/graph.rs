//! The roof in plan: regions of one plane, the edges between them, and their repair before extrusion.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::partition::Partition;
use super::planes::Plane;

/// Vertices nearer than this are one, m.
const TOGETHER_M: f64 = 0.12;
/// A vertex that lies nearer than this to the line through its two neighbours is none, m.
const STRAIGHT_M: f64 = 2e-3;
/// Planes that meet this nearly at a vertex are made to meet, m in height; how far it may go, m.
const NEARLY_MEET_M: f64 = 0.35;
const FARTHEST_M: f64 = 0.6;
/// Heights that differ by less at a vertex are one, m.
pub(super) const SAME_HEIGHT_M: f64 = 0.01;

/// An edge between two regions, or a region and the outside (`None`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) left: Option<usize>,
    pub(super) right: Option<usize>,
}

impl Edge {
    fn turned(self) -> Self {
        Self { from: self.to, to: self.from, left: self.right, right: self.left }
    }

    pub(super) fn is_outer(&self) -> bool {
        self.left.is_none() || self.right.is_none()
    }
}

/// Regions by plane, in plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RoofGraph {
    pub(super) vertices: Vec<[f64; 2]>,
    pub(super) edges: Vec<Edge>,
    pub(super) planes: Vec<Plane>,
    /// Heights that differ by less where three planes or more meet are one, m.
    meeting_m: f64,
}

impl RoofGraph {
    /// From the planes of the cells of a partition; cells of the ground are outside. Heights that differ
    /// by less than `meeting_m` where three planes or more meet are one.
    pub(super) fn new(
        partition: &Partition,
        label: &[usize],
        planes: &[Plane],
        is_ground: &[bool],
        meeting_m: f64,
    ) -> Self {
        let region = |cell: Option<usize>| cell.map(|c| label[c]).filter(|&l| !is_ground[l]);
        let edges = partition
            .edges
            .iter()
            .map(|e| Edge { from: e.from, to: e.to, left: region(e.left), right: region(e.right) })
            .filter(|e| e.left != e.right)
            .collect();
        Self { vertices: partition.vertices.clone(), edges, planes: planes.to_vec(), meeting_m }
    }

    /// Brings together what nearly meets, and leaves out what is no corner.
    pub(super) fn repaired(mut self) -> Self {
        self.collapse_short_edges();
        self.straighten();
        self.meet();
        self.collapse_short_edges();
        self.straighten();
        self.split_where_planes_cross();
        self
    }

    /// Edges at each vertex, all leaving it.
    pub(super) fn leaving(&self) -> BTreeMap<usize, Vec<Edge>> {
        let mut leaving: BTreeMap<usize, Vec<Edge>> = BTreeMap::new();
        for &edge in &self.edges {
            leaving.entry(edge.from).or_default().push(edge);
            leaving.entry(edge.to).or_default().push(edge.turned());
        }
        leaving
    }

    fn length(&self, e: &Edge) -> f64 {
        let (p, q) = (self.vertices[e.from], self.vertices[e.to]);
        (p[0] - q[0]).hypot(p[1] - q[1])
    }

    /// Makes one vertex of the two ends of a short edge inside the outline.
    fn collapse_short_edges(&mut self) {
        loop {
            let outer: std::collections::BTreeSet<usize> =
                self.edges.iter().filter(|e| e.is_outer()).flat_map(|e| [e.from, e.to]).collect();
            let short = self
                .edges
                .iter()
                .filter(|e| self.length(e) < TOGETHER_M)
                .filter(|e| !(outer.contains(&e.from) && outer.contains(&e.to)))
                .min_by(|a, b| self.length(a).total_cmp(&self.length(b)))
                .copied();
            let Some(short) = short else { return };
            // The end on the outline stays.
            let (kept, gone) = match outer.contains(&short.to) {
                true => (short.to, short.from),
                false => (short.from, short.to),
            };
            if !outer.contains(&kept) {
                let (p, q) = (self.vertices[kept], self.vertices[gone]);
                self.vertices[kept] = [0.5 * (p[0] + q[0]), 0.5 * (p[1] + q[1])];
            }
            for edge in &mut self.edges {
                for end in [&mut edge.from, &mut edge.to] {
                    if *end == gone {
                        *end = kept;
                    }
                }
            }
            self.edges.retain(|e| e.from != e.to);
            self.join_doubled();
        }
    }

    /// Two edges between the same vertices enclose nothing: one is left, or none.
    fn join_doubled(&mut self) {
        let mut by_ends: BTreeMap<(usize, usize), Vec<Edge>> = BTreeMap::new();
        for &edge in &self.edges {
            let edge = if edge.from < edge.to { edge } else { edge.turned() };
            by_ends.entry((edge.from, edge.to)).or_default().push(edge);
        }
        self.edges = by_ends
            .into_values()
            .filter_map(|same| match same[..] {
                [one] => Some(one),
                [a, b] if a.left == b.right => Some(Edge { left: b.left, right: a.right, ..a }),
                [a, b] if a.right == b.left => Some(Edge { left: a.left, right: b.right, ..a }),
                [first, ..] => Some(first),
                [] => None,
            })
            .filter(|e| e.left != e.right)
            .collect();
    }

    /// Leaves out vertices in the middle of straight edges.
    fn straighten(&mut self) {
        loop {
            let leaving = self.leaving();
            let straight = leaving.iter().find_map(|(&v, edges)| match edges[..] {
                [a, b] if a.left == b.right && a.right == b.left => {
                    let (p, q, m) = (self.vertices[a.to], self.vertices[b.to], self.vertices[v]);
                    let (dx, dy) = (q[0] - p[0], q[1] - p[1]);
                    let length = dx.hypot(dy);
                    let away = ((m[0] - p[0]) * dy - (m[1] - p[1]) * dx).abs() / length.max(1e-9);
                    (a.to != b.to && length > 1e-9 && away < STRAIGHT_M).then_some((v, a, b))
                }
                _ => None,
            });
            let Some((v, a, b)) = straight else { return };
            // From a.to over v to b.to; left of v→b.to is b.left.
            let joined = Edge { from: a.to, to: b.to, left: b.left, right: b.right };
            let taken = self.edges.iter().any(|e| {
                (e.from, e.to) == (joined.from, joined.to)
                    || (e.to, e.from) == (joined.from, joined.to)
            });
            if taken {
                return;
            }
            self.edges.retain(|e| e.from != v && e.to != v);
            self.edges.push(joined);
        }
    }

    /// Moves inner vertices to where the planes around them meet.
    fn meet(&mut self) {
        let leaving = self.leaving();
        for (&v, edges) in &leaving {
            let mut around: Vec<usize> = edges.iter().filter_map(|e| e.left).collect();
            around.sort_unstable();
            around.dedup();
            if around.len() < 3 || edges.iter().any(Edge::is_outer) {
                continue;
            }
            let [x, y] = self.vertices[v];
            let heights: Vec<f64> = around.iter().map(|&k| self.planes[k].height(x, y)).collect();
            let spread = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max)
                - heights.iter().copied().fold(f64::INFINITY, f64::min);
            if spread > NEARLY_MEET_M {
                continue;
            }
            if let Some([mx, my]) = meeting(&self.planes, &around, [x, y])
                && (mx - x).hypot(my - y) <= FARTHEST_M
            {
                self.vertices[v] = [mx, my];
                if self.is_crossed(v) {
                    self.vertices[v] = [x, y];
                }
            }
        }
    }

    /// Whether an edge at a vertex crosses or touches one elsewhere.
    fn is_crossed(&self, v: usize) -> bool {
        let side = |p: [f64; 2], q: [f64; 2], r: [f64; 2]| {
            (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
        };
        let crosses = |a: &Edge, b: &Edge| {
            let [p, q, r, s] = [a.from, a.to, b.from, b.to].map(|k| self.vertices[k]);
            ![b.from, b.to].iter().any(|&k| k == a.from || k == a.to)
                && side(p, q, r) * side(p, q, s) <= 0.0
                && side(r, s, p) * side(r, s, q) <= 0.0
        };
        let mut at = self.edges.iter().filter(|e| e.from == v || e.to == v);
        at.any(|a| self.edges.iter().any(|b| crosses(a, b)))
    }

    /// Where two planes cross along the edge between them, a vertex is put.
    fn split_where_planes_cross(&mut self) {
        let mut split = Vec::new();
        for edge in std::mem::take(&mut self.edges) {
            let (Some(l), Some(r)) = (edge.left, edge.right) else {
                split.push(edge);
                continue;
            };
            let gap = |v: usize| {
                let [x, y] = self.vertices[v];
                self.planes[l].height(x, y) - self.planes[r].height(x, y)
            };
            let (a, b) = (gap(edge.from), gap(edge.to));
            if a * b < 0.0 && a.abs() > SAME_HEIGHT_M && b.abs() > SAME_HEIGHT_M {
                let t = a / (a - b);
                let (p, q) = (self.vertices[edge.from], self.vertices[edge.to]);
                self.vertices.push([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]);
                let middle = self.vertices.len() - 1;
                split.push(Edge { to: middle, ..edge });
                split.push(Edge { from: middle, ..edge });
            } else {
                split.push(edge);
            }
        }
        self.edges = split;
    }

    /// Heights at each vertex by plane; those that nearly agree are one. None below `floor`.
    pub(super) fn heights(&self, floor: f64) -> BTreeMap<(usize, usize), f64> {
        let mut heights = BTreeMap::new();
        for (v, edges) in self.leaving() {
            let [x, y] = self.vertices[v];
            let mut here: Vec<(f64, usize)> = edges
                .iter()
                .filter_map(|e| e.left)
                .map(|k| (self.planes[k].height(x, y).max(floor), k))
                .collect();
            here.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            here.dedup();
            let same = if here.len() > 2 { self.meeting_m } else { SAME_HEIGHT_M };
            for near in here.chunk_by(|a, b| b.0 - a.0 < same) {
                let mean = near.iter().map(|n| n.0).sum::<f64>() / near.len() as f64;
                near.iter().for_each(|n| {
                    heights.insert((v, n.1), mean);
                });
            }
        }
        heights
    }
}

/// Where some planes meet, by least squares of their heights: none when they do not turn enough.
fn meeting(planes: &[Plane], which: &[usize], near: [f64; 2]) -> Option<[f64; 2]> {
    let n = which.len() as f64;
    let mean = |f: &dyn Fn(&Plane) -> f64| which.iter().map(|&k| f(&planes[k])).sum::<f64>() / n;
    let (ma, mb) = (mean(&|p| p.a), mean(&|p| p.b));
    let mc = mean(&|p| p.height(near[0], near[1]));
    let (mut aa, mut ab, mut bb, mut ac, mut bc) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for &k in which {
        let p = &planes[k];
        let (a, b, c) = (p.a - ma, p.b - mb, p.height(near[0], near[1]) - mc);
        (aa, ab, bb) = (aa + a * a, ab + a * b, bb + b * b);
        (ac, bc) = (ac + a * c, bc + b * c);
    }
    let det = aa * bb - ab * ab;
    (det > 1e-6).then(|| [near[0] - (bb * ac - ab * bc) / det, near[1] - (aa * bc - ab * ac) / det])
}
