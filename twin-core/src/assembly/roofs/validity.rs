//! Whether a solid is valid by ISO 19107: the tests of val3dity (Ledoux 2018, *val3dity: validation of
//! 3D GIS primitives according to the international standards*, doi 10.1186/s40965-018-0043-x), by its
//! codes.
//!
//! The solid is taken as it will be written: vertices that round to the same lattice point are one.

use std::collections::{BTreeMap, BTreeSet};

use geo::{Coord, LineString, Polygon, Validation};
use robust::{Coord3D, orient3d};

use super::super::solid::Face;
use crate::spatial::facet::{area_vector, largest_view, triangulate};

/// Largest distance of a vertex from the plane of its face, m.
const PLANAR_M: f64 = 0.01;
/// Largest angle between the planes of parts of a face (20°), as a cosine.
const PLANAR_COSINE: f64 = 0.939_692_6;

/// What is wrong with a solid; the numbers are those of val3dity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Defect {
    /// 101: a ring has fewer than three vertices.
    TooFewPoints = 101,
    /// 102: a vertex is repeated at once.
    ConsecutivePointsSame = 102,
    /// 104: a ring crosses itself.
    RingSelfIntersection = 104,
    /// 201: rings of a face cross or share an edge.
    IntersectingRings = 201,
    /// 203: a vertex lies off the plane of its face.
    NonPlanarDistance = 203,
    /// 204: parts of a face are turned against each other.
    NonPlanarNormals = 204,
    /// 206: a hole lies outside its face.
    InnerRingOutside = 206,
    /// 208: a hole is turned as the outer ring is.
    RingOrientation = 208,
    /// 301: fewer than four faces.
    TooFewFaces = 301,
    /// 302: an edge has a face on one side only.
    NotClosed = 302,
    /// 303: more than two faces meet at an edge, or a vertex joins parts that only touch there.
    NonManifold = 303,
    /// 305: several separate parts.
    SeveralComponents = 305,
    /// 306: faces cross each other.
    SelfIntersection = 306,
    /// 307: faces beside each other are turned differently.
    FaceOrientation = 307,
    /// 405: the solid is inside out.
    InsideOut = 405,
}

impl Defect {
    /// Code of val3dity.
    pub fn code(self) -> u16 {
        self as u16
    }
}

/// Vertices of a solid by number, and its faces as rings of numbers.
struct Indexed {
    vertices: Vec<[f64; 3]>,
    faces: Vec<Vec<Vec<usize>>>,
}

impl Indexed {
    fn new(faces: &[Face], scale: f64) -> Self {
        let mut numbers: BTreeMap<[i64; 3], usize> = BTreeMap::new();
        let mut vertices = Vec::new();
        let faces = faces
            .iter()
            .map(|face| {
                let ring = |ring: &Vec<[f64; 3]>| {
                    ring.iter()
                        .map(|p| {
                            let key = p.map(|v| (v / scale).round() as i64);
                            *numbers.entry(key).or_insert_with(|| {
                                vertices.push(key.map(|v| v as f64 * scale));
                                vertices.len() - 1
                            })
                        })
                        .collect()
                };
                face.rings.iter().map(ring).collect()
            })
            .collect();
        Self { vertices, faces }
    }
}

/// All kinds of defects of a solid whose vertices are rounded to `scale` metres; none: it is valid.
pub fn defects(faces: &[Face], scale: f64) -> BTreeSet<Defect> {
    let solid = Indexed::new(faces, scale);
    let mut found = BTreeSet::new();
    let mut triangles = Vec::new();
    for (k, rings) in solid.faces.iter().enumerate() {
        check_face(&solid, rings, &mut found);
        triangles.extend(triangles_of(&solid, rings).into_iter().map(|t| (k, t)));
    }
    if found.is_empty() {
        check_shell(&solid, &triangles, &mut found);
    }
    if found.is_empty() && crosses_itself(&solid, &triangles) {
        found.insert(Defect::SelfIntersection);
    }
    found
}

fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Unit normal of a ring; `None` without area.
fn normal(vertices: &[[f64; 3]], ring: &[usize]) -> Option<[f64; 3]> {
    let corners: Vec<[f64; 3]> = ring.iter().map(|&i| vertices[i]).collect();
    let sum = area_vector(&corners);
    let length = dot(sum, sum).sqrt();
    (length > 1e-12).then(|| sum.map(|v| v / length))
}

fn flat(vertices: &[[f64; 3]], ring: &[usize], [u, v]: [usize; 2]) -> LineString<f64> {
    let mut line: Vec<Coord<f64>> =
        ring.iter().map(|&i| Coord { x: vertices[i][u], y: vertices[i][v] }).collect();
    line.extend(line.first().copied());
    LineString::new(line)
}

fn check_face(solid: &Indexed, rings: &[Vec<usize>], found: &mut BTreeSet<Defect>) {
    use geo::algorithm::validation::{InvalidPolygon, RingRole};
    for ring in rings {
        let repeats = (0..ring.len()).any(|k| ring[k] == ring[(k + 1) % ring.len()]);
        if repeats {
            found.insert(Defect::ConsecutivePointsSame);
        }
        if ring.iter().collect::<BTreeSet<_>>().len() < 3 {
            found.insert(Defect::TooFewPoints);
        }
    }
    let Some(n) = rings.first().and_then(|ring| normal(&solid.vertices, ring)) else {
        found.insert(Defect::TooFewPoints);
        return;
    };
    let all = || rings.iter().flatten().map(|&i| solid.vertices[i]);
    let count = all().count() as f64;
    let mut middle = [0.0; 3];
    all().for_each(|p| (0..3).for_each(|k| middle[k] += p[k] / count));
    if all().any(|p| dot(sub(p, middle), n).abs() > PLANAR_M) {
        found.insert(Defect::NonPlanarDistance);
    }
    for hole in &rings[1..] {
        if normal(&solid.vertices, hole).is_none_or(|h| dot(h, n) > 0.0) {
            found.insert(Defect::RingOrientation);
        }
    }
    let plane = largest_view(n);
    let mut lines = rings.iter().map(|ring| flat(&solid.vertices, ring, plane));
    let Some(outer) = lines.next() else { return };
    for error in Polygon::new(outer, lines.collect()).validation_errors() {
        found.insert(match error {
            InvalidPolygon::TooFewPointsInRing(_) | InvalidPolygon::NonFiniteCoord(..) => {
                Defect::TooFewPoints
            }
            InvalidPolygon::SelfIntersection(_) => Defect::RingSelfIntersection,
            InvalidPolygon::InteriorRingNotContainedInExteriorRing(RingRole::Interior(_)) => {
                Defect::InnerRingOutside
            }
            _ => Defect::IntersectingRings,
        });
    }
    let turned = triangles_of(solid, rings).into_iter().any(|t| {
        let [a, b, c] = t.map(|i| solid.vertices[i]);
        let m = cross(sub(b, a), sub(c, a));
        let length = dot(m, m).sqrt();
        // Slivers have no direction of their own.
        length > 1e-3 && dot(m, n) < PLANAR_COSINE * length
    });
    if turned {
        found.insert(Defect::NonPlanarNormals);
    }
}

/// Triangles of a face by number, turned as it is.
fn triangles_of(solid: &Indexed, rings: &[Vec<usize>]) -> Vec<[usize; 3]> {
    let order: Vec<usize> = rings.iter().flatten().copied().collect();
    let place = |ring: &Vec<usize>| ring.iter().map(|&i| solid.vertices[i]).collect();
    let places: Vec<Vec<[f64; 3]>> = rings.iter().map(place).collect();
    triangulate(&places).into_iter().map(|t| t.map(|k| order[k])).collect()
}

fn check_shell(solid: &Indexed, triangles: &[(usize, [usize; 3])], found: &mut BTreeSet<Defect>) {
    if solid.faces.len() < 4 {
        found.insert(Defect::TooFewFaces);
    }
    // Faces at each edge, by the way in which they run along it.
    let mut edges: BTreeMap<[usize; 2], [Vec<usize>; 2]> = BTreeMap::new();
    for (k, rings) in solid.faces.iter().enumerate() {
        for ring in rings {
            for (i, &a) in ring.iter().enumerate() {
                let b = ring[(i + 1) % ring.len()];
                let ways = edges.entry([a.min(b), a.max(b)]).or_default();
                ways[usize::from(a > b)].push(k);
            }
        }
    }
    let mut parent: Vec<usize> = (0..solid.faces.len()).collect();
    for [there, back] in edges.values() {
        match (there.len(), back.len()) {
            (1, 1) => {
                let (a, b) = (root(&mut parent, there[0]), root(&mut parent, back[0]));
                parent[a] = b;
            }
            (2, 0) | (0, 2) => {
                found.insert(Defect::FaceOrientation);
            }
            (1, 0) | (0, 1) => {
                found.insert(Defect::NotClosed);
            }
            _ => {
                found.insert(Defect::NonManifold);
            }
        }
    }
    if !found.is_empty() {
        return;
    }
    let parts: BTreeSet<usize> = (0..parent.len()).map(|k| root(&mut parent, k)).collect();
    if parts.len() > 1 {
        found.insert(Defect::SeveralComponents);
    }
    if has_pinched_vertex(solid) {
        found.insert(Defect::NonManifold);
    }
    let volume: f64 = triangles
        .iter()
        .map(|(_, t)| {
            let [a, b, c] = t.map(|i| sub(solid.vertices[i], solid.vertices[0]));
            dot(a, cross(b, c)) / 6.0
        })
        .sum();
    if volume <= 0.0 {
        found.insert(Defect::InsideOut);
    }
}

fn root(parent: &mut [usize], mut k: usize) -> usize {
    while parent[k] != k {
        parent[k] = parent[parent[k]];
        k = parent[k];
    }
    k
}

/// Whether the faces around some vertex make more than one fan.
fn has_pinched_vertex(solid: &Indexed) -> bool {
    // Corners of faces at a vertex: the vertices before and behind.
    let mut corners: Vec<Vec<[usize; 2]>> = vec![Vec::new(); solid.vertices.len()];
    for ring in solid.faces.iter().flatten() {
        for (k, &v) in ring.iter().enumerate() {
            let before = ring[(k + ring.len() - 1) % ring.len()];
            corners[v].push([before, ring[(k + 1) % ring.len()]]);
        }
    }
    corners.iter().any(|around| {
        let Some(&[first, mut next]) = around.first() else { return false };
        let mut count = 1;
        while next != first && count <= around.len() {
            let Some(corner) = around.iter().find(|c| c[0] == next) else { break };
            next = corner[1];
            count += 1;
        }
        count < around.len()
    })
}

/// Whether triangles of different faces meet elsewhere than at what they share.
fn crosses_itself(solid: &Indexed, triangles: &[(usize, [usize; 3])]) -> bool {
    let place = |t: &[usize; 3]| t.map(|i| solid.vertices[i]);
    let bounds: Vec<[[f64; 2]; 3]> = triangles
        .iter()
        .map(|(_, t)| {
            let p = place(t);
            std::array::from_fn(|k| {
                let values = p.map(|p| p[k]);
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                [low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
            })
        })
        .collect();
    let mut order: Vec<usize> = (0..triangles.len()).collect();
    order.sort_by(|a, b| bounds[*a][0][0].total_cmp(&bounds[*b][0][0]));
    for (n, &i) in order.iter().enumerate() {
        for &j in &order[n + 1..] {
            if bounds[j][0][0] > bounds[i][0][1] {
                break;
            }
            let apart = (1..3)
                .any(|k| bounds[i][k][0] > bounds[j][k][1] || bounds[j][k][0] > bounds[i][k][1]);
            let ((of_i, a), (of_j, b)) = (triangles[i], triangles[j]);
            if !apart && of_i != of_j && meet(solid, a, b) {
                return true;
            }
        }
    }
    false
}

/// Whether two triangles cross: an edge of one passes through the inside of the other. Edges with an end
/// on the other's corners do not count, nor triangles that only touch.
fn meet(solid: &Indexed, a: [usize; 3], b: [usize; 3]) -> bool {
    let pierces = |edge: [usize; 2], t: [usize; 3]| {
        if edge.iter().any(|v| t.contains(v)) {
            return false;
        }
        let p = |i: usize| {
            let [x, y, z] = solid.vertices[i];
            Coord3D { x, y, z }
        };
        let [t0, t1, t2] = t.map(p);
        let [from, to] = edge.map(p);
        let (above, below) = (orient3d(t0, t1, t2, from), orient3d(t0, t1, t2, to));
        if above * below >= 0.0 {
            return false;
        }
        let sides =
            [orient3d(from, to, t0, t1), orient3d(from, to, t1, t2), orient3d(from, to, t2, t0)];
        sides.iter().all(|s| *s > 0.0) || sides.iter().all(|s| *s < 0.0)
    };
    let edges = |t: [usize; 3]| [[t[0], t[1]], [t[1], t[2]], [t[2], t[0]]];
    edges(a).into_iter().any(|e| pierces(e, b)) || edges(b).into_iter().any(|e| pierces(e, a))
}
