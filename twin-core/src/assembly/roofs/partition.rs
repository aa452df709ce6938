//! The footprint cut by lines into cells: a constrained Delaunay triangulation whose triangles are
//! joined across the edges that are no line.

use spade::handles::DirectedEdgeHandle;
use spade::{
    CdtEdge, ConstrainedDelaunayTriangulation, Point2, PositionInTriangulation as At, Triangulation,
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

type Mesh = ConstrainedDelaunayTriangulation<Point2<f64>>;

/// Vertices are rounded to this, m.
const GRID_M: f64 = 1e-3;

/// Lines go this far beyond the outline, so that rounding leaves no gap, m.
const BEYOND_M: f64 = 0.02;

fn rounded(v: f64) -> f64 {
    (v / GRID_M).round() * GRID_M
}

/// Cuts the polygon (outer ring and holes, open or closed) by the lines; `None` for one without area.
pub(super) fn cut(rings: &Rings, lines: &[Segment], points: &[[f64; 3]]) -> Option<Partition> {
    let mesh = triangulated(rings, lines);
    let (cells, cell_of) = joined(&mesh, rings);
    if cells.is_empty() {
        return None;
    }
    let vertices = mesh.vertices().map(|v| [v.position().x, v.position().y]).collect();
    let edges = mesh
        .undirected_edges()
        .map(|edge| {
            let edge = edge.as_directed();
            let (from, to) = (edge.from().fix().index(), edge.to().fix().index());
            let [left, right] = [edge, edge.rev()].map(|e| face_of(e).and_then(|f| cell_of[f]));
            CellEdge { from, to, left, right }
        })
        .filter(|e| e.left != e.right)
        .collect();
    let of_point = located(&mesh, points).map(|face| face.and_then(|f| cell_of[f])).collect();
    Some(Partition { vertices, cells, edges, of_point })
}

/// The triangulation with the outline and the lines among its edges.
fn triangulated(rings: &Rings, lines: &[Segment]) -> Mesh {
    let mut mesh = Mesh::new();
    let outline = rings.iter().flat_map(|ring| {
        (0..ring.len()).map(|k| Segment { from: ring[k], to: ring[(k + 1) % ring.len()] })
    });
    let parts = lines.iter().flat_map(|line| inside(rings, line));
    for segment in outline.chain(parts) {
        let ends = [segment.from, segment.to].map(|[x, y]| Point2::new(rounded(x), rounded(y)));
        // What is no number or too far away to be one of a building is left out.
        if let [Ok(from), Ok(to)] = ends.map(|end| mesh.insert(end))
            && from != to
        {
            mesh.add_constraint_and_split(from, to, |crossing| crossing);
        }
    }
    mesh
}

/// Cells of triangles within the polygon, joined over free edges, and the one of each face.
fn joined(mesh: &Mesh, rings: &Rings) -> (Vec<Cell>, Vec<Option<usize>>) {
    let mut is_free = vec![false; mesh.num_all_faces()];
    for face in mesh.inner_faces() {
        let centre = face.center();
        is_free[face.fix().index()] = within(rings, centre.x, centre.y);
    }
    let mut cell_of = vec![None; is_free.len()];
    let mut cells = Vec::new();
    for start in mesh.inner_faces() {
        if !std::mem::take(&mut is_free[start.fix().index()]) {
            continue;
        }
        let mut cell = Cell { area: 0.0, triangles: Vec::new() };
        let mut stack = vec![start];
        while let Some(face) = stack.pop() {
            cell_of[face.fix().index()] = Some(cells.len());
            let centre = face.center();
            cell.area += face.area();
            cell.triangles.push(([centre.x, centre.y], face.area()));
            let free = face.adjacent_edges().into_iter().filter(|e| !e.is_constraint_edge());
            for next in free.filter_map(|e| e.rev().face().as_inner()) {
                if std::mem::take(&mut is_free[next.fix().index()]) {
                    stack.push(next);
                }
            }
        }
        cells.push(cell);
    }
    (cells, cell_of)
}

/// The triangle that each point lies in.
fn located<'a>(mesh: &'a Mesh, points: &'a [[f64; 3]]) -> impl Iterator<Item = Option<usize>> + 'a {
    // Points come from place to place: the search starts where the last one ended.
    let mut hint = None;
    points.iter().map(move |p| {
        let at = Point2::new(p[0], p[1]);
        let found = match hint {
            Some(hint) => mesh.locate_with_hint(at, hint),
            None => mesh.locate(at),
        };
        match found {
            At::OnFace(face) => {
                hint = Some(mesh.face(face).vertices()[0].fix());
                Some(face.index())
            }
            At::OnEdge(edge) => {
                let edge = mesh.directed_edge(edge);
                face_of(edge).or_else(|| face_of(edge.rev()))
            }
            _ => None,
        }
    })
}

/// The triangle to the left of an edge.
fn face_of(edge: DirectedEdgeHandle<'_, Point2<f64>, (), CdtEdge<()>, ()>) -> Option<usize> {
    edge.face().as_inner().map(|face| face.fix().index())
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
