//! Lines snapped onto cell edges without a gap.
//!
//! Corners of cells are the cells of a grid shifted by half a cell. A line walks through them from
//! neighbour to neighbour (Amanatides & Woo 1987), and two neighbouring corners share one edge: the
//! edges form one connected chain, so flow between side-sharing cells cannot slip through it. The
//! chain is a staircase, longer than a slanted line by up to √2; a weir on it takes its length from
//! the line itself ([`crate::LineStructure::length_m`]).

use std::collections::BTreeSet;

use twin_core::spatial::{GridSpec, Position, cells_along};

use crate::edge::{Axis, Edge};

/// The inner edges that a line snaps to, in its order, each once. Parts outside the grid or on its
/// rim are left out.
pub fn edges_along(spec: &GridSpec, line: &[Position]) -> Vec<Edge> {
    let half = 0.5 * spec.cell_size;
    let corners = GridSpec {
        west: spec.west - half,
        north: spec.north + half,
        columns: spec.columns + 1,
        rows: spec.rows + 1,
        ..*spec
    };
    let mut seen = BTreeSet::new();
    let mut edges = Vec::new();
    for pair in cells_along(&corners, line).windows(2) {
        let [(r0, c0), (r1, c1)] = [pair[0], pair[1]];
        let edge = if r0 == r1 && c0.abs_diff(c1) == 1 {
            Edge { axis: Axis::Y, row: r0, column: c0.min(c1) }
        } else if c0 == c1 && r0.abs_diff(r1) == 1 {
            Edge { axis: Axis::X, row: r0.min(r1), column: c0 }
        } else {
            // The line left the grid and came back elsewhere.
            continue;
        };
        if edge.cells(spec).iter().all(Option::is_some) && seen.insert(edge) {
            edges.push(edge);
        }
    }
    edges
}

/// Height of a line at the middle of each edge: linear between the vertices that have a height, at
/// the nearest point of the line. `NaN` where the line has none.
pub fn crests_along(spec: &GridSpec, line: &[Position], edges: &[Edge]) -> Vec<f64> {
    edges.iter().map(|edge| height_near(line, edge.middle(spec))).collect()
}

fn height_near(line: &[Position], (x, y): (f64, f64)) -> f64 {
    let mut best = (f64::INFINITY, f64::NAN);
    for pair in line.windows(2) {
        let ([x0, y0, z0], [x1, y1, z1]) = (pair[0], pair[1]);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length2 = dx * dx + dy * dy;
        let t = if length2 > 0.0 {
            (((x - x0) * dx + (y - y0) * dy) / length2).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let distance = (x - x0 - t * dx).hypot(y - y0 - t * dy);
        let z = match (z0.is_nan(), z1.is_nan()) {
            (false, false) => z0 + t * (z1 - z0),
            (false, true) => z0,
            _ => z1,
        };
        if distance < best.0 && !z.is_nan() {
            best = (distance, z);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spec() -> GridSpec {
        GridSpec { west: 0.0, north: 20.0, cell_size: 1.0, columns: 20, rows: 20 }
    }

    /// Cells reached from a corner of the grid without crossing the edges.
    fn flooded_from_corner(edges: &[Edge]) -> Vec<bool> {
        let walls: BTreeSet<Edge> = edges.iter().copied().collect();
        let mut wet = vec![false; spec().len()];
        let mut queue = vec![(0usize, 0usize)];
        wet[0] = true;
        while let Some((r, c)) = queue.pop() {
            for side in
                [crate::Side::West, crate::Side::East, crate::Side::South, crate::Side::North]
            {
                let edge = Edge::of_cell(r, c, side);
                let [Some(a), Some(b)] = edge.cells(&spec()) else { continue };
                let next = if a == spec().index(r, c) { b } else { a };
                if !walls.contains(&edge) && !wet[next] {
                    wet[next] = true;
                    queue.push(spec().row_column(next));
                }
            }
        }
        wet
    }

    proptest! {
        #[test]
        fn a_line_from_side_to_side_is_watertight(
            ys in proptest::collection::vec(3.0f64..17.0, 2..7)
        ) {
            let last = (ys.len() - 1) as f64;
            let line: Vec<Position> = ys.iter().enumerate()
                .map(|(i, &y)| [-5.0 + 30.0 * i as f64 / last, y, 0.0]).collect();
            let wet = flooded_from_corner(&edges_along(&spec(), &line));
            prop_assert!((0..20).all(|c| wet[spec().index(0, c)] && !wet[spec().index(19, c)]));
        }

        #[test]
        fn a_closed_ring_is_watertight(radius in 2.0f64..8.0, corners in 3usize..30) {
            let line: Vec<Position> = (0..=corners).map(|i| {
                let a = std::f64::consts::TAU * (i % corners) as f64 / corners as f64;
                [10.0 + radius * a.cos(), 10.0 + radius * a.sin(), 0.0]
            }).collect();
            let wet = flooded_from_corner(&edges_along(&spec(), &line));
            prop_assert!(!wet[spec().index(9, 9)] || radius < 3.0);
            prop_assert!(wet[spec().index(19, 19)]);
        }
    }

    #[test]
    fn heights_follow_the_line() {
        let line = [[2.0, 10.0, 4.0], [12.0, 10.0, 9.0]];
        let edges = edges_along(&spec(), &line);
        assert_eq!(edges.len(), 10);
        let crests = crests_along(&spec(), &line, &edges);
        assert!((crests[0] - 4.25).abs() < 1e-12 && (crests[9] - 8.75).abs() < 1e-12);
        assert!(crests_along(&spec(), &[[0.0, 0.0, f64::NAN]; 2], &edges)[0].is_nan());
    }

    #[test]
    fn a_line_on_the_rim_or_outside_gives_nothing() {
        assert!(edges_along(&spec(), &[[0.0, 0.0, 0.0], [20.0, 0.0, 0.0]]).is_empty());
        assert!(edges_along(&spec(), &[[50.0, 0.0, 0.0], [50.0, 9.0, 0.0]]).is_empty());
    }
}
