//! Streets cut at junctions, bridges and culverts.

use crate::frame::Point;
use crate::streets::Way;
use crate::terrain::Terrain;

/// A cut at a distance along a line.
#[derive(Debug, Clone, Copy)]
struct Cut {
    at: f64,
    point: Point,
}

/// A piece of a way between two cuts.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// Which way it is part of.
    pub(crate) way: usize,
    pub(crate) line: Vec<Point>,
    pub(crate) on_bridge: bool,
}

/// Cuts every way where it meets another one and at the abutments of bridges.
pub(crate) fn cut(ways: &[Way], terrain: &Terrain) -> Vec<Section> {
    let mut cuts: Vec<Vec<Cut>> = vec![Vec::new(); ways.len()];
    for i in 0..ways.len() {
        for j in i + 1..ways.len() {
            meet(ways, i, j, &mut cuts);
        }
    }
    let mut sections = Vec::new();
    for (index, way) in ways.iter().enumerate() {
        let mut at = std::mem::take(&mut cuts[index]);
        for bridge in &terrain.bridges {
            let vertical = way.line.iter().all(|p| p[0] == bridge.x);
            if vertical {
                let start = way.line[0][1];
                for y in [bridge.south, bridge.north] {
                    at.push(Cut { at: (y - start).abs(), point: [bridge.x, y] });
                }
            }
        }
        at.sort_by(|a, b| a.at.total_cmp(&b.at));
        at.dedup_by(|a, b| (a.at - b.at).abs() < 0.5);
        for line in pieces(&way.line, &at) {
            let (a, b) = (line[0], line[line.len() - 1]);
            let middle = [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])];
            let on_bridge = terrain.bridges.iter().any(|bridge| {
                (middle[0] - bridge.x).abs() < 1e-6
                    && (middle[1] - 0.5 * (bridge.south + bridge.north)).abs() < 1e-6
            });
            sections.push(Section { way: index, line, on_bridge });
        }
    }
    sections
}

/// Intervals of `y` where roads cover the stream: the carriageway and 1.5 m on each side.
pub(crate) fn culverts(ways: &[Way], terrain: &Terrain) -> Vec<[f64; 2]> {
    let Some(stream) = &terrain.stream else { return Vec::new() };
    let mut found: Vec<[f64; 2]> = Vec::new();
    for way in ways {
        for pair in way.line.windows(2) {
            for step in 0..8 {
                let t = f64::from(step) / 8.0;
                let p = [
                    pair[0][0] + t * (pair[1][0] - pair[0][0]),
                    pair[0][1] + t * (pair[1][1] - pair[0][1]),
                ];
                if p[1] > stream.mouth && stream.distance(p) < 1.5 {
                    let half = way.half_width + 1.5;
                    found.push([p[1] - half, p[1] + half]);
                }
            }
        }
    }
    found.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut merged: Vec<[f64; 2]> = Vec::new();
    for interval in found {
        match merged.last_mut() {
            Some(last) if interval[0] <= last[1] => last[1] = last[1].max(interval[1]),
            _ => merged.push(interval),
        }
    }
    merged
}

fn bounds(line: &[Point]) -> [f64; 4] {
    line.iter()
        .fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |b, p| {
            [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])]
        })
}

fn apart(a: [f64; 4], b: [f64; 4]) -> bool {
    a[2] + 1.0 < b[0] || b[2] + 1.0 < a[0] || a[3] + 1.0 < b[1] || b[3] + 1.0 < a[1]
}

/// Records where two ways cross or where an end of one touches the other.
fn meet(ways: &[Way], i: usize, j: usize, cuts: &mut [Vec<Cut>]) {
    let (a, b) = (&ways[i].line, &ways[j].line);
    if apart(bounds(a), bounds(b)) {
        return;
    }
    for (this, other, index) in [(a, b, i), (b, a, j)] {
        for end in [other[0], other[other.len() - 1]] {
            if let Some(at) = project(this, end) {
                cuts[index].push(Cut { at, point: end });
            }
        }
    }
    let mut along_a = 0.0;
    for p in a.windows(2) {
        let length_a = distance(p[0], p[1]);
        let box_a = bounds(p);
        let mut along_b = 0.0;
        for q in b.windows(2) {
            let length_b = distance(q[0], q[1]);
            if !apart(box_a, bounds(q))
                && let Some((t, u)) = crossing(p[0], p[1], q[0], q[1])
            {
                let point = [p[0][0] + t * (p[1][0] - p[0][0]), p[0][1] + t * (p[1][1] - p[0][1])];
                cuts[i].push(Cut { at: along_a + t * length_a, point });
                cuts[j].push(Cut { at: along_b + u * length_b, point });
            }
            along_b += length_b;
        }
        along_a += length_a;
    }
}

pub(crate) fn distance(a: Point, b: Point) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    (dx * dx + dy * dy).sqrt()
}

/// Distance along a line of the point nearest to `p`, where it is within half a metre.
fn project(line: &[Point], p: Point) -> Option<f64> {
    let mut along = 0.0;
    let mut best: Option<(f64, f64)> = None;
    for pair in line.windows(2) {
        let length = distance(pair[0], pair[1]);
        let (dx, dy) = (pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]);
        let t = (((p[0] - pair[0][0]) * dx + (p[1] - pair[0][1]) * dy) / (length * length))
            .clamp(0.0, 1.0);
        let gap = distance(p, [pair[0][0] + t * dx, pair[0][1] + t * dy]);
        if gap < 0.5 && best.is_none_or(|(g, _)| gap < g) {
            best = Some((gap, along + t * length));
        }
        along += length;
    }
    best.map(|(_, at)| at)
}

fn crossing(a: Point, b: Point, c: Point, d: Point) -> Option<(f64, f64)> {
    let (rx, ry, sx, sy) = (b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]);
    let determinant = rx * sy - ry * sx;
    if determinant.abs() < 1e-12 {
        return None;
    }
    let (qx, qy) = (c[0] - a[0], c[1] - a[1]);
    let t = (qx * sy - qy * sx) / determinant;
    let u = (qx * ry - qy * rx) / determinant;
    ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u)).then_some((t, u))
}

/// The parts of a line between sorted cuts; parts below half a metre are left out.
fn pieces(line: &[Point], cuts: &[Cut]) -> Vec<Vec<Point>> {
    let mut parts = Vec::new();
    let mut part = vec![line[0]];
    let mut along = 0.0;
    let mut next = cuts.iter().peekable();
    for pair in line.windows(2) {
        let length = distance(pair[0], pair[1]);
        while let Some(cut) = next.next_if(|c| c.at <= along + length) {
            let last = part[part.len() - 1];
            if distance(last, cut.point) > 0.01 {
                part.push(cut.point);
            }
            if part.len() > 1 {
                // The end must be the shared point itself, not one a rounding away.
                if let Some(end) = part.last_mut() {
                    *end = cut.point;
                }
                parts.push(std::mem::replace(&mut part, vec![cut.point]));
            } else {
                part = vec![cut.point];
            }
        }
        along += length;
        if distance(part[part.len() - 1], pair[1]) > 0.01 {
            part.push(pair[1]);
        }
    }
    if part.len() > 1 {
        parts.push(part);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streets::StreetClass;

    fn way(line: &[Point]) -> Way {
        Way {
            name: String::new(),
            class: StreetClass::Street,
            half_width: 2.5,
            line: line.to_vec(),
            built: false,
        }
    }

    #[test]
    fn crossing_ways_are_cut_into_four_with_a_shared_node() {
        let ways = [way(&[[0.0, 5.0], [10.0, 5.0]]), way(&[[5.0, 0.0], [5.0, 4.0], [5.0, 10.0]])];
        let terrain = Terrain::new(1, 300.0, true);
        let sections = cut(&ways, &terrain);
        assert_eq!(sections.len(), 4);
        let at_node = sections.iter().flat_map(|s| &s.line).filter(|p| **p == [5.0, 5.0]).count();
        assert_eq!(at_node, 4);
    }
}
