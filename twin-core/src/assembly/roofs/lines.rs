//! Lines along which a roof may change from one plane to another: ridges, hips and valleys where
//! planes cross, and edges of steps where one plane ends above another.

use std::collections::BTreeMap;

use super::planes::Planes;
use crate::assembly::tin::{Site, triangulate};

/// A straight line in plan, m.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    pub(super) from: [f64; 2],
    pub(super) to: [f64; 2],
}

/// Most lines of a roof.
const MOST_LINES: usize = 80;
/// Pairs of neighbours that make a line.
const FEWEST_PAIRS: usize = 4;
/// Distance from the crossing within which neighbours speak for it, m.
const NEAR_CROSSING_M: f64 = 1.0;
/// Smallest difference of slope of planes that cross (tangent).
const LEAST_TURN: f64 = 0.06;
/// Smallest step, m.
const LEAST_STEP_M: f64 = 0.3;
/// How far lines go beyond what speaks for them, m.
const EXTENSION_M: f64 = 4.0;
/// How far lines go beyond those they end at, m.
const TOUCH_M: f64 = 0.02;
/// Distance from a line within which the middles of a step lie on it, m.
const NEAR_STEP_M: f64 = 0.35;
/// Widest gap without points over which a step is seen, m.
const WIDEST_GAP_M: f64 = 6.0;
/// Longest gap between middles along a step, and shortest step, m.
const LONGEST_GAP_M: f64 = 2.0;
const SHORTEST_STEP_M: f64 = 0.6;
/// Distance over which the points beside a step tell where it is, m.
const BESIDE_STEP_M: f64 = 1.0;
/// Directions that differ by less are one (5°), as are parallel lines this near, m.
const SAME_DIRECTION: f64 = 0.0873;
const SAME_LINE_M: f64 = 0.5;

impl Segment {
    fn direction(&self) -> f64 {
        (self.to[1] - self.from[1]).atan2(self.to[0] - self.from[0])
    }

    pub(super) fn length(&self) -> f64 {
        (self.to[0] - self.from[0]).hypot(self.to[1] - self.from[1])
    }

    /// How far along a ray (unit vector) from a place it is met, if it is.
    fn hit(&self, place: [f64; 2], ray: [f64; 2]) -> Option<f64> {
        let cross = |a: [f64; 2], b: [f64; 2]| a[0] * b[1] - a[1] * b[0];
        let along = [self.to[0] - self.from[0], self.to[1] - self.from[1]];
        let to_start = [self.from[0] - place[0], self.from[1] - place[1]];
        let det = cross(ray, along);
        let (t, s) = (cross(to_start, along) / det, cross(to_start, ray) / det);
        (det != 0.0 && t > 0.0 && (0.0..1.0).contains(&s)).then_some(t)
    }

    /// Distance of a place from it.
    pub(super) fn distance(&self, p: [f64; 2]) -> f64 {
        let along = [self.to[0] - self.from[0], self.to[1] - self.from[1]];
        let to_place = [p[0] - self.from[0], p[1] - self.from[1]];
        let length2 = along[0] * along[0] + along[1] * along[1];
        let projected = to_place[0] * along[0] + to_place[1] * along[1];
        let share = if length2 > 0.0 { (projected / length2).clamp(0.0, 1.0) } else { 0.0 };
        (to_place[0] - share * along[0]).hypot(to_place[1] - share * along[1])
    }
}

/// Finds the lines; `outline` is that of the footprint, whose directions steps follow.
pub(super) fn find_lines(
    points: &[[f64; 3]],
    planes: &Planes,
    outline: &[Segment],
) -> Vec<Segment> {
    let beside = planes.beside.iter().zip(0u32..);
    let beside = beside.flat_map(|(near, i)| near.iter().map(move |&j| (i, j)));
    let mut contacts: BTreeMap<(u32, u32), Vec<(u32, u32)>> = BTreeMap::new();
    for (i, j) in beside.chain(across_gaps(points)) {
        if let (Some(a), Some(b)) = (planes.of_point[i as usize], planes.of_point[j as usize])
            && a != b
        {
            let pair = if a < b { (i, j) } else { (j, i) };
            contacts.entry((a.min(b), a.max(b))).or_default().push(pair);
        }
    }
    let directions = main_directions(outline);
    let mut lines = Vec::new();
    for ((a, b), mut pairs) in contacts {
        pairs.sort_unstable();
        pairs.dedup();
        let (p, q) = (planes.planes[a as usize], planes.planes[b as usize]);
        let middles: Vec<[f64; 2]> = pairs
            .iter()
            .map(|&(i, j)| {
                let (i, j) = (points[i as usize], points[j as usize]);
                [0.5 * (i[0] + j[0]), 0.5 * (i[1] + j[1])]
            })
            .collect();
        let (da, db, dc) = (p.a - q.a, p.b - q.b, p.c - q.c);
        let turn = da.hypot(db);
        let mut steps = Vec::new();
        if turn >= LEAST_TURN {
            // Where the planes are equally high: da x + db y + dc = 0.
            let (normal, offset) = ([da / turn, db / turn], dc / turn);
            let along = [-normal[1], normal[0]];
            let away = |m: &[f64; 2]| m[0] * normal[0] + m[1] * normal[1] + offset;
            let mut places: Vec<f64> = Vec::new();
            for m in &middles {
                if away(m).abs() * turn >= LEAST_STEP_M {
                    steps.push(*m);
                } else if away(m).abs() <= NEAR_CROSSING_M {
                    places.push(m[0] * along[0] + m[1] * along[1]);
                }
            }
            if places.len() >= FEWEST_PAIRS {
                lines.push(stretch(normal, -offset, &places));
            }
        } else {
            steps = middles;
        }
        steps.retain(|m| (p.height(m[0], m[1]) - q.height(m[0], m[1])).abs() >= LEAST_STEP_M);
        for line in step_lines(steps, &directions) {
            lines.push(between(line, points, planes, (a, b)));
        }
    }
    reaching(without_repeats(lines, outline), outline)
}

/// Lines whose ends within the outline go on to the next line or to the outline: an end that hangs in a
/// cell parts nothing.
fn reaching(lines: Vec<Segment>, outline: &[Segment]) -> Vec<Segment> {
    let extended = |i: usize, end: [f64; 2], from: [f64; 2]| {
        let (dx, dy) = (end[0] - from[0], end[1] - from[1]);
        let length = dx.hypot(dy).max(f64::MIN_POSITIVE);
        let ray = [dx / length, dy / length];
        let walls: Vec<f64> = outline.iter().filter_map(|wall| wall.hit(end, ray)).collect();
        if walls.len().is_multiple_of(2) {
            return end;
        }
        let others = lines.iter().enumerate().filter(|(j, _)| *j != i);
        let next = others.filter_map(|(_, line)| line.hit(end, ray)).chain(walls);
        let reach = next.min_by(f64::total_cmp).unwrap_or(0.0) + TOUCH_M;
        [end[0] + reach * ray[0], end[1] + reach * ray[1]]
    };
    let whole = |(i, line): (usize, &Segment)| Segment {
        from: extended(i, line.from, line.to),
        to: extended(i, line.to, line.from),
    };
    lines.iter().enumerate().map(whole).collect()
}

/// Pairs of points that face each other across a gap, such as the shadow of a high roof on a low one:
/// edges of their Delaunay triangulation.
fn across_gaps(points: &[[f64; 3]]) -> Vec<(u32, u32)> {
    let mut numbers: BTreeMap<Site, u32> = BTreeMap::new();
    for (p, i) in points.iter().zip(0u32..) {
        numbers.entry([p[0], p[1]].map(|v| (v * 1e3).round() as i32)).or_insert(i);
    }
    let is_near = |[a, b]: &[&Site; 2]| {
        let [dx, dy] = [0, 1].map(|k| f64::from(a[k]) - f64::from(b[k]));
        dx.hypot(dy) * 1e-3 <= WIDEST_GAP_M
    };
    let triangulation = triangulate(numbers.keys().copied().collect());
    let facing = triangulation.edges().filter(is_near);
    facing.filter_map(|[a, b]| Some((*numbers.get(a)?, *numbers.get(b)?))).collect()
}

/// The segment on `normal · x = offset` that holds the given places along it.
fn stretch(normal: [f64; 2], offset: f64, places: &[f64]) -> Segment {
    let low = places.iter().copied().fold(f64::INFINITY, f64::min) - EXTENSION_M;
    let high = places.iter().copied().fold(f64::NEG_INFINITY, f64::max) + EXTENSION_M;
    let at = |t: f64| [normal[0] * offset - normal[1] * t, normal[1] * offset + normal[0] * t];
    Segment { from: at(low), to: at(high) }
}

/// Moves a line of a step to where it parts the points of both planes best.
fn between(line: Segment, points: &[[f64; 3]], planes: &Planes, (a, b): (u32, u32)) -> Segment {
    let length = line.length().max(f64::MIN_POSITIVE);
    let along = [(line.to[0] - line.from[0]) / length, (line.to[1] - line.from[1]) / length];
    let normal = [-along[1], along[0]];
    // Offsets of the points beside, and whether they are of the first plane.
    let mut beside: Vec<(f64, bool)> = points
        .iter()
        .zip(&planes.of_point)
        .filter(|(_, of)| **of == Some(a) || **of == Some(b))
        .filter_map(|(p, of)| {
            let (dx, dy) = (p[0] - line.from[0], p[1] - line.from[1]);
            let place = dx * along[0] + dy * along[1];
            let offset = dx * normal[0] + dy * normal[1];
            let near = (EXTENSION_M..=length - EXTENSION_M).contains(&place);
            (near && offset.abs() <= BESIDE_STEP_M).then_some((offset, *of == Some(a)))
        })
        .collect();
    beside.sort_by(|x, y| x.0.total_cmp(&y.0));
    let first = beside.iter().filter(|p| p.1).count();
    if first == 0 || first == beside.len() {
        return line;
    }
    // Wrong when the first plane lies on the right (negative offsets), after each point.
    let (mut of_a, mut best) = (0usize, (usize::MAX, 0.0));
    for k in 0..beside.len() - 1 {
        of_a += usize::from(beside[k].1);
        let of_b = k + 1 - of_a;
        let a_right = of_b + (first - of_a);
        let wrong = a_right.min(beside.len() - a_right);
        if wrong < best.0 {
            best = (wrong, 0.5 * (beside[k].0 + beside[k + 1].0));
        }
    }
    let moved = |p: [f64; 2]| [p[0] + best.1 * normal[0], p[1] + best.1 * normal[1]];
    Segment { from: moved(line.from), to: moved(line.to) }
}

/// Directions of the outline and those at right angles, longest sides first, 0 ≤ θ < π.
fn main_directions(outline: &[Segment]) -> Vec<f64> {
    let mut sides: Vec<&Segment> = outline.iter().collect();
    sides.sort_by(|a, b| b.length().total_cmp(&a.length()));
    let mut directions: Vec<f64> = Vec::new();
    for side in sides {
        for turn in [0.0, std::f64::consts::FRAC_PI_2] {
            let direction = (side.direction() + turn).rem_euclid(std::f64::consts::PI);
            if !directions.iter().any(|d| apart(*d, direction) < SAME_DIRECTION) {
                directions.push(direction);
            }
        }
    }
    directions.truncate(8);
    directions
}

/// Angle between two directions of lines.
fn apart(a: f64, b: f64) -> f64 {
    let d = (a - b).rem_euclid(std::f64::consts::PI);
    d.min(std::f64::consts::PI - d)
}

/// Lines through the middles of a step along the given directions, the longest first.
fn step_lines(mut middles: Vec<[f64; 2]>, directions: &[f64]) -> Vec<Segment> {
    let mut lines = Vec::new();
    while middles.len() >= FEWEST_PAIRS {
        let best = directions
            .iter()
            .filter_map(|&direction| longest_stretch(&middles, direction))
            .max_by(|a, b| a.line.length().total_cmp(&b.line.length()));
        let Some(best) = best else { break };
        lines.push(best.line);
        let mut index = 0;
        middles.retain(|_| {
            index += 1;
            !best.members.contains(&(index - 1))
        });
    }
    lines
}

/// A line and the middles that speak for it.
struct Stretch {
    line: Segment,
    members: std::collections::BTreeSet<usize>,
}

/// The longest stretch of a direction along which middles follow each other without a gap.
fn longest_stretch(middles: &[[f64; 2]], direction: f64) -> Option<Stretch> {
    let (sin, cos) = direction.sin_cos();
    let (normal, along) = ([sin, -cos], [cos, sin]);
    let dot = |m: &[f64; 2], v: [f64; 2]| m[0] * v[0] + m[1] * v[1];
    let mut order: Vec<usize> = (0..middles.len()).collect();
    order.sort_by(|a, b| dot(&middles[*a], normal).total_cmp(&dot(&middles[*b], normal)));
    let mut best: Option<(f64, Vec<usize>)> = None;
    let mut end = 0;
    for start in 0..order.len() {
        let from = dot(&middles[order[start]], normal);
        while end < order.len() && dot(&middles[order[end]], normal) - from <= 2.0 * NEAR_STEP_M {
            end += 1;
        }
        let mut band = order[start..end].to_vec();
        if band.len() < FEWEST_PAIRS {
            continue;
        }
        let place = |i: &usize| dot(&middles[*i], along);
        band.sort_by(|a, b| place(a).total_cmp(&place(b)));
        for run in band.chunk_by(|a, b| place(b) - place(a) <= LONGEST_GAP_M) {
            let length = place(&run[run.len() - 1]) - place(&run[0]);
            let enough = run.len() >= FEWEST_PAIRS && length >= SHORTEST_STEP_M;
            if enough && best.as_ref().is_none_or(|(l, _)| length > *l) {
                best = Some((length, run.to_vec()));
            }
        }
    }
    let (_, members) = best?;
    let mut offsets: Vec<f64> = members.iter().map(|&i| dot(&middles[i], normal)).collect();
    offsets.sort_by(f64::total_cmp);
    let places: Vec<f64> = members.iter().map(|&i| dot(&middles[i], along)).collect();
    let line = stretch(normal, offsets[offsets.len() / 2], &places);
    Some(Stretch { line, members: members.into_iter().collect() })
}

/// Leaves out lines that run along one found before, or along the outline, and the shortest of very many:
/// every line cuts all others.
fn without_repeats(mut lines: Vec<Segment>, outline: &[Segment]) -> Vec<Segment> {
    lines.sort_by(|a, b| b.length().total_cmp(&a.length()));
    let mut kept: Vec<Segment> = Vec::new();
    for line in lines {
        let repeats = |other: &Segment| {
            apart(line.direction(), other.direction()) < SAME_DIRECTION
                && [line.from, line.to].iter().all(|p| other.distance(*p) < SAME_LINE_M)
        };
        if kept.len() < MOST_LINES && !kept.iter().any(repeats) && !outline.iter().any(repeats) {
            kept.push(line);
        }
    }
    kept
}
