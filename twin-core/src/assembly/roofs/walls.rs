//! From regions in plan to a closed solid: roofs, the walls between and below them, the ground.
//!
//! Walls share every corner with what they meet: where several heights end at one place, all walls there
//! have a corner at each, so that the solid is closed edge by edge.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Edge, RoofGraph};
use super::planes::Plane;
use crate::assembly::solid::{Face, FaceKind};
use crate::spatial::facet::{area_vector, triangulate};
use crate::spatial::rings_contain;

/// Corners of a roof this near to its plane lie in it, m.
const FLAT_M: f64 = 4e-3;
/// Cosine of the angle by which parts of a roof may be turned against it (15°).
const ALIKE: f64 = 0.966;

/// Closes the roof over a level ground.
pub(super) fn close(graph: &RoofGraph, ground: f64, lowest_roof: f64) -> Vec<Face> {
    let heights = graph.heights(lowest_roof);
    let height = |v: usize, region: Option<usize>| match region {
        Some(k) => heights.get(&(v, k)).copied().unwrap_or(ground),
        None => ground,
    };
    // All levels at which something ends, by vertex: walls there have a corner.
    let mut levels: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (&(v, _), &z) in &heights {
        levels.entry(v).or_default().push(z);
    }
    for edge in graph.edges.iter().filter(|e| e.is_outer()) {
        for v in [edge.from, edge.to] {
            levels.entry(v).or_default().push(ground);
        }
    }
    for list in levels.values_mut() {
        list.sort_by(f64::total_cmp);
        list.dedup();
    }
    let at = |v: usize, z: f64| [graph.vertices[v][0], graph.vertices[v][1], z];
    let mut faces = Vec::new();
    let regions: BTreeSet<usize> =
        graph.edges.iter().flat_map(|e| [e.left, e.right]).flatten().collect();
    for &region in &regions {
        for rings in polygons(graph, Some(region)) {
            let lift =
                |ring: &Vec<usize>| ring.iter().map(|&v| at(v, height(v, Some(region)))).collect();
            let rings: Vec<Vec<[f64; 3]>> = rings.iter().map(lift).collect();
            let parts = if is_flat(&graph.planes[region], &rings) {
                vec![rings]
            } else {
                triangles(&rings)
            };
            faces.extend(parts.into_iter().map(|rings| Face { kind: FaceKind::Roof, rings }));
        }
    }
    for edge in &graph.edges {
        let rise = |v: usize| height(v, edge.left) - height(v, edge.right);
        // Seen from the lower side; the higher region lies to the left of the way.
        let edge = if rise(edge.from) + rise(edge.to) >= 0.0 {
            *edge
        } else {
            Edge { from: edge.to, to: edge.from, left: edge.right, right: edge.left }
        };
        let side = |v: usize| -> Vec<f64> {
            let (low, high) = (height(v, edge.right), height(v, edge.left));
            let list = levels.get(&v).map_or(&[][..], |l| l);
            list.iter().copied().filter(|&z| z >= low && z <= high).collect()
        };
        let (first, second) = (side(edge.from), side(edge.to));
        // Along the foot forwards, up, back along the top, down.
        let mut ring: Vec<[f64; 3]> = Vec::new();
        ring.extend(first.first().map(|&z| at(edge.from, z)));
        ring.extend(second.iter().map(|&z| at(edge.to, z)));
        ring.extend(first.iter().skip(1).rev().map(|&z| at(edge.from, z)));
        if ring.len() >= 3 {
            faces.push(Face { kind: FaceKind::Wall, rings: vec![ring] });
        }
    }
    for rings in polygons(graph, None) {
        let down = |ring: &Vec<usize>| ring.iter().map(|&v| at(v, ground)).collect();
        faces.push(Face { kind: FaceKind::Ground, rings: rings.iter().map(down).collect() });
    }
    faces
}

/// Whether a roof lies in its plane with all its corners, and no part of it is turned against it: where
/// planes were made to meet it may not.
fn is_flat(plane: &Plane, rings: &[Vec<[f64; 3]>]) -> bool {
    let corners: Vec<[f64; 3]> = rings.iter().flatten().copied().collect();
    let near = |p: &[f64; 3]| (plane.height(p[0], p[1]) - p[2]).abs() <= FLAT_M;
    let normal = plane.normal();
    let alike = |t: [usize; 3]| {
        let n = area_vector(&t.map(|k| corners[k]));
        let length = n.iter().map(|v| v * v).sum::<f64>().sqrt();
        (0..3).map(|k| n[k] * normal[k]).sum::<f64>() >= ALIKE * length
    };
    corners.iter().all(near) && triangulate(rings).into_iter().all(alike)
}

/// A roof as triangles, each of which is flat.
fn triangles(rings: &[Vec<[f64; 3]>]) -> Vec<Vec<Vec<[f64; 3]>>> {
    let corners: Vec<[f64; 3]> = rings.iter().flatten().copied().collect();
    // Seen from above, where the rings were drawn.
    let level: Vec<Vec<[f64; 3]>> =
        rings.iter().map(|ring| ring.iter().map(|p| [p[0], p[1], 0.0]).collect()).collect();
    triangulate(&level).into_iter().map(|t| vec![t.map(|k| corners[k]).to_vec()]).collect()
}

/// Polygons of a region (outer ring counter-clockwise, holes clockwise), or of all regions together
/// seen from below (`None`: outer rings clockwise).
fn polygons(graph: &RoofGraph, region: Option<usize>) -> Vec<Vec<Vec<usize>>> {
    let mut leaving: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for edge in &graph.edges {
        if edge.left == region {
            leaving.entry(edge.from).or_default().push(edge.to);
        } else if edge.right == region {
            leaving.entry(edge.to).or_default().push(edge.from);
        }
    }
    let mut rings: Vec<Vec<usize>> = Vec::new();
    while let Some((&start, _)) = leaving.iter().find(|(_, list)| !list.is_empty()) {
        let mut ring = Vec::new();
        let mut before: Option<usize> = None;
        let mut here = start;
        while let Some(list) = leaving.get_mut(&here).filter(|l| !l.is_empty()) {
            let next = match before {
                Some(from) if list.len() > 1 => sharpest_left(graph, from, here, list),
                _ => 0,
            };
            ring.push(here);
            before = Some(here);
            here = list.swap_remove(next);
            // A ring that comes back to one of its vertices is closed there.
            if let Some(k) = ring.iter().position(|&v| v == here) {
                rings.push(ring.split_off(k));
                match ring.last() {
                    Some(&last) => before = Some(last),
                    None => break,
                }
                if ring.is_empty() {
                    break;
                }
            }
        }
    }
    let area = |ring: &Vec<usize>| -> f64 {
        (0..ring.len())
            .map(|k| {
                let (p, q) = (graph.vertices[ring[k]], graph.vertices[ring[(k + 1) % ring.len()]]);
                0.5 * (p[0] * q[1] - p[1] * q[0])
            })
            .sum()
    };
    let sign = if region.is_some() { 1.0 } else { -1.0 };
    let (outer, holes): (Vec<_>, Vec<_>) =
        rings.into_iter().filter(|r| r.len() > 2).partition(|ring| sign * area(ring) > 0.0);
    let mut polygons: Vec<Vec<Vec<usize>>> = outer.into_iter().map(|ring| vec![ring]).collect();
    for hole in holes {
        let place = |ring: &Vec<usize>| -> Vec<[f64; 2]> {
            ring.iter().map(|&v| graph.vertices[v]).collect()
        };
        let [p, q] = [hole[0], hole[1]].map(|v| graph.vertices[v]);
        let middle = [0.5 * (p[0] + q[0]), 0.5 * (p[1] + q[1])];
        // The smallest outer ring around it.
        let around = polygons
            .iter_mut()
            .filter(|rings| rings_contain([place(&rings[0]).as_slice()], middle[0], middle[1]))
            .min_by(|a, b| area(&a[0]).abs().total_cmp(&area(&b[0]).abs()));
        if let Some(rings) = around {
            rings.push(hole);
        }
    }
    polygons
}

/// Of the ways on from a vertex, the one that turns most to the left of the way from before: rings then
/// part where regions only touch.
fn sharpest_left(graph: &RoofGraph, from: usize, here: usize, ways: &[usize]) -> usize {
    let (p, m) = (graph.vertices[from], graph.vertices[here]);
    let back = (p[1] - m[1]).atan2(p[0] - m[0]);
    let turn = |&to: &usize| {
        let q = graph.vertices[to];
        // Clockwise from the way back: the smallest is the sharpest turn to the left.
        (back - (q[1] - m[1]).atan2(q[0] - m[0])).rem_euclid(2.0 * std::f64::consts::PI)
    };
    (0..ways.len()).min_by(|a, b| turn(&ways[*a]).total_cmp(&turn(&ways[*b]))).unwrap_or(0)
}
