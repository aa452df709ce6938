//! The footprint cut by lines into cells: a constrained Delaunay triangulation whose triangles are
//! joined across the edges that are no line.

use spade::{
    ConstrainedDelaunayTriangulation, Point2, PositionInTriangulation as At, Triangulation,
};

use super::Rings;
use super::lines::Segment;
use crate::spatial::rings_contain;

/// A cell of the footprint.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) area: f64,
    /// Centres of its triangles and their areas.
    pub(super) triangles: Vec<([f64; 2], f64)>,
}

/// An edge between two cells, or a cell and the outside.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellEdge {
    /// Vertices, the left cell to the left on the way from the first to the second.
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) left: Option<usize>,
    pub(super) right: Option<usize>,
}

/// Cells, and the edges around them.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) vertices: Vec<[f64; 2]>,
    pub(super) cells: Vec<Cell>,
    pub(super) edges: Vec<CellEdge>,
    /// The cell of each point that was asked for.
    pub(super) of_point: Vec<Option<usize>>,
}

/// Vertices are rounded to this, m.
const GRID_M: f64 = 1e-3;

/// Lines go this far beyond the outline, so that rounding leaves no gap, m.
const BEYOND_M: f64 = 0.02;

fn rounded(v: f64) -> f64 {
    (v / GRID_M).round() * GRID_M
}

/// Cuts the polygon (outer ring and holes, open or closed) by the lines; `None` for one without area.
pub(super) fn cut(rings: &Rings, lines: &[Segment], points: &[[f64; 3]]) -> Option<Partition> {
    let mut mesh = ConstrainedDelaunayTriangulation::<Point2<f64>>::new();
    let point = |[x, y]: [f64; 2]| Point2::new(rounded(x), rounded(y));
    let mut outline = Vec::new();
    for ring in rings {
        let corners: Vec<_> = ring.iter().filter_map(|&p| mesh.insert(point(p)).ok()).collect();
        for (k, &from) in corners.iter().enumerate() {
            outline.push((from, corners[(k + 1) % corners.len()]));
        }
    }
    for (from, to) in outline {
        if from != to {
            mesh.add_constraint_and_split(from, to, |p| p);
        }
    }
    for line in lines {
        for part in inside(rings, line) {
            let (Ok(from), Ok(to)) = (mesh.insert(point(part.from)), mesh.insert(point(part.to)))
            else {
                continue;
            };
            if from != to {
                mesh.add_constraint_and_split(from, to, |p| p);
            }
        }
    }
    // Triangles within the polygon, joined over free edges.
    let count = mesh.num_all_faces();
    let mut cell_of: Vec<Option<usize>> = vec![None; count];
    let mut cells = Vec::new();
    let mut is_inside = vec![false; count];
    for face in mesh.inner_faces() {
        let c = face.center();
        is_inside[face.fix().index()] = within(rings, c.x, c.y);
    }
    for start in mesh.inner_faces() {
        if !is_inside[start.fix().index()] || cell_of[start.fix().index()].is_some() {
            continue;
        }
        let id = cells.len();
        let mut cell = Cell { area: 0.0, triangles: Vec::new() };
        let mut stack = vec![start.fix()];
        cell_of[start.fix().index()] = Some(id);
        while let Some(face) = stack.pop() {
            let face = mesh.face(face);
            let (centre, area) = (face.center(), face.area());
            cell.area += area;
            cell.triangles.push(([centre.x, centre.y], area));
            for edge in face.adjacent_edges() {
                if edge.is_constraint_edge() {
                    continue;
                }
                if let Some(next) = edge.rev().face().as_inner() {
                    let i = next.fix().index();
                    if is_inside[i] && cell_of[i].is_none() {
                        cell_of[i] = Some(id);
                        stack.push(next.fix());
                    }
                }
            }
        }
        cells.push(cell);
    }
    if cells.is_empty() {
        return None;
    }
    let vertices = mesh.vertices().map(|v| [v.position().x, v.position().y]).collect();
    let mut edges = Vec::new();
    for edge in mesh.undirected_edges() {
        let edge = edge.as_directed();
        let of = |e: spade::handles::DirectedEdgeHandle<'_, _, _, _, _>| {
            e.face().as_inner().and_then(|f| cell_of[f.fix().index()])
        };
        let (left, right) = (of(edge), of(edge.rev()));
        if left != right {
            let (from, to) = (edge.from().fix().index(), edge.to().fix().index());
            edges.push(CellEdge { from, to, left, right });
        }
    }
    let mut hint = None;
    let of_point = points
        .iter()
        .map(|p| {
            let at = Point2::new(p[0], p[1]);
            let found = match hint {
                Some(hint) => mesh.locate_with_hint(at, hint),
                None => mesh.locate(at),
            };
            let face = match found {
                At::OnFace(face) => {
                    hint = Some(mesh.face(face).vertices()[0].fix());
                    Some(face.index())
                }
                At::OnEdge(edge) => {
                    let edge = mesh.directed_edge(edge);
                    let inner = |e: spade::handles::DirectedEdgeHandle<'_, _, _, _, _>| {
                        e.face().as_inner().map(|f| f.fix().index())
                    };
                    inner(edge).or_else(|| inner(edge.rev()))
                }
                _ => None,
            };
            face.and_then(|face| cell_of[face])
        })
        .collect();
    Some(Partition { vertices, cells, edges, of_point })
}

/// The stretches of a line within the polygon.
fn inside(rings: &Rings, line: &Segment) -> Vec<Segment> {
    let (dx, dy) = (line.to[0] - line.from[0], line.to[1] - line.from[1]);
    let at = |t: f64| [line.from[0] + t * dx, line.from[1] + t * dy];
    let mut cuts = vec![0.0, 1.0];
    for ring in rings {
        for (k, p) in ring.iter().enumerate() {
            let q = ring[(k + 1) % ring.len()];
            let (ex, ey) = (q[0] - p[0], q[1] - p[1]);
            let det = dx * ey - dy * ex;
            if det != 0.0 {
                let (fx, fy) = (p[0] - line.from[0], p[1] - line.from[1]);
                let (t, s) = ((fx * ey - fy * ex) / det, (fx * dy - fy * dx) / det);
                if (0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&s) {
                    cuts.push(t);
                }
            }
        }
    }
    cuts.sort_by(f64::total_cmp);
    let beyond = BEYOND_M / dx.hypot(dy).max(f64::MIN_POSITIVE);
    cuts.windows(2)
        .filter(|w| {
            let [x, y] = at(0.5 * (w[0] + w[1]));
            w[1] - w[0] > 1e-9 && within(rings, x, y)
        })
        .map(|w| Segment { from: at(w[0] - beyond), to: at(w[1] + beyond) })
        .collect()
}

fn within(rings: &Rings, x: f64, y: f64) -> bool {
    rings_contain(rings.iter().map(Vec::as_slice), x, y)
}
