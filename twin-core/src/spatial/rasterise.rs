//! Polygons and lines → cells of a grid.
//!
//! A cell belongs to a polygon when its centre lies inside (even–odd rule over all rings), so that
//! polygons that share an edge never claim a cell twice. A line takes every cell it passes through
//! (Amanatides & Woo 1987, *A fast voxel traversal algorithm for ray tracing*). The share of a cell that a
//! polygon covers is exact: the integral of the coverage along its rings (Green's theorem).

use super::{Extent, GridSpec, Polygon, Position, signed_area};

/// Calls `visit(row, column)` for every cell whose centre lies within the polygons, row by row.
pub fn cells_within<'a>(
    spec: &GridSpec,
    polygons: impl IntoIterator<Item = &'a Polygon>,
    mut visit: impl FnMut(usize, usize),
) {
    let mut edges: Vec<[f64; 4]> = Vec::new();
    for polygon in polygons {
        for ring in polygon.rings() {
            for pair in ring.windows(2) {
                let [x0, y0, _] = pair[0];
                let [x1, y1, _] = pair[1];
                if y0 != y1 && [x0, y0, x1, y1].iter().all(|v| v.is_finite()) {
                    edges.push([x0, y0, x1, y1]);
                }
            }
        }
    }
    let Some((low, high)) = edges
        .iter()
        .map(|e| (e[1].min(e[3]), e[1].max(e[3])))
        .reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
    else {
        return;
    };
    let row_of = |y: f64| (spec.north - y) / spec.cell_size - 0.5;
    let first = row_of(high).ceil().max(0.0) as usize;
    let last = row_of(low).floor().min(spec.rows as f64 - 1.0);
    if last < 0.0 {
        return;
    }
    // Edges by descending north end: those above the scan line enter once and leave for good.
    edges.sort_by(|a, b| b[1].max(b[3]).total_cmp(&a[1].max(a[3])));
    let mut waiting = 0;
    let mut active: Vec<[f64; 4]> = Vec::new();
    let mut crossings: Vec<f64> = Vec::new();
    for row in first..=last as usize {
        let y = spec.north - (row as f64 + 0.5) * spec.cell_size;
        while waiting < edges.len() && edges[waiting][1].max(edges[waiting][3]) > y {
            active.push(edges[waiting]);
            waiting += 1;
        }
        active.retain(|e| e[1].min(e[3]) <= y);
        crossings.clear();
        crossings.extend(active.iter().map(|e| e[0] + (y - e[1]) * (e[2] - e[0]) / (e[3] - e[1])));
        crossings.sort_by(f64::total_cmp);
        for pair in crossings.chunks_exact(2) {
            let start = ((pair[0] - spec.west) / spec.cell_size - 0.5).ceil().max(0.0);
            let end =
                ((pair[1] - spec.west) / spec.cell_size - 0.5).ceil().min(spec.columns as f64);
            for column in start as usize..end.max(0.0) as usize {
                visit(row, column);
            }
        }
    }
}

/// Calls `visit(row, column, height)` for every cell whose centre lies under a triangle, with the height of
/// the triangle there; more than once where several lie above each other.
pub fn cells_under(
    spec: &GridSpec,
    triangles: &[[Position; 3]],
    mut visit: impl FnMut(usize, usize, f64),
) {
    for [a, b, c] in triangles {
        let (u, v) = ([b[0] - a[0], b[1] - a[1]], [c[0] - a[0], c[1] - a[1]]);
        let twice = u[0] * v[1] - u[1] * v[0];
        if twice == 0.0 || !twice.is_finite() {
            continue;
        }
        let seen = Polygon { exterior: vec![*a, *b, *c, *a], interiors: Vec::new() };
        cells_within(spec, [&seen], |row, column| {
            let (x, y) = spec.centre(row, column);
            let (x, y) = (x - a[0], y - a[1]);
            let (s, t) = ((x * v[1] - y * v[0]) / twice, (u[0] * y - u[1] * x) / twice);
            visit(row, column, a[2] + s * (b[2] - a[2]) + t * (c[2] - a[2]));
        });
    }
}

/// Calls `visit(row, column, share)` for every cell that the polygons cover in part or whole, row by row, with
/// the covered share of its area, at most 1. Exact for rings that do not cross themselves and polygons that do
/// not overlap.
pub fn cell_shares<'a>(
    spec: &GridSpec,
    polygons: impl IntoIterator<Item = &'a Polygon>,
    mut visit: impl FnMut(usize, usize, f64),
) {
    // Rings with their sense of rotation: exteriors add, holes take away.
    let mut rings: Vec<(&[Position], f64)> = Vec::new();
    for polygon in polygons {
        let holes = polygon.interiors.iter().map(|ring| (ring.as_slice(), -1.0));
        rings.extend(std::iter::once((polygon.exterior.as_slice(), 1.0)).chain(holes));
    }
    let corners = rings.iter().flat_map(|(ring, _)| ring.iter().map(|p| (p[0], p[1])));
    let Some(extent) = Extent::of_points(corners.filter(|(x, y)| x.is_finite() && y.is_finite()))
    else {
        return;
    };
    let (rows, columns) = spec.window(&extent);
    if rows.is_empty() || columns.is_empty() {
        return;
    }
    let window = spec.crop(&rows, &columns);
    let mut covered = vec![0.0; window.len()];
    for (ring, sign) in rings {
        let sign = if signed_area(ring) < 0.0 { -sign } else { sign };
        for pair in ring.windows(2) {
            cover_left_of(&window, pair[0], pair[1], sign, &mut covered);
        }
    }
    for (cell, share) in covered.into_iter().enumerate() {
        if share > 1e-12 {
            let (row, column) = window.row_column(cell);
            visit(rows.start + row, columns.start + column, share.min(1.0));
        }
    }
}

/// Adds to each cell the share of it that lies west of an edge within the edge's own heights, counted positive
/// for an edge that runs north.
fn cover_left_of(spec: &GridSpec, from: Position, to: Position, sign: f64, covered: &mut [f64]) {
    let local =
        |p: Position| [(p[0] - spec.west) / spec.cell_size, (spec.north - p[1]) / spec.cell_size];
    let ([x0, y0], [x1, y1]) = (local(from), local(to));
    if ![x0, y0, x1, y1].iter().all(|v| v.is_finite()) || y0 == y1 {
        return;
    }
    let sign = if y1 < y0 { sign } else { -sign };
    let ((x0, y0), (x1, y1)) = if y0 < y1 { ((x0, y0), (x1, y1)) } else { ((x1, y1), (x0, y0)) };
    let x_at = |y: f64| x0 + (y - y0) / (y1 - y0) * (x1 - x0);
    let first = y0.max(0.0).floor() as usize;
    let last = (y1.min(spec.rows as f64).ceil().max(0.0) as usize).min(spec.rows);
    for row in first..last {
        let (top, bottom) = (y0.max(row as f64), y1.min(row as f64 + 1.0));
        let (a, b) = (x_at(top), x_at(bottom));
        let (west, east) = (a.min(b), a.max(b));
        let height = (bottom - top).max(0.0);
        let cells = &mut covered[row * spec.columns..(row + 1) * spec.columns];
        for (column, cell) in cells.iter_mut().enumerate() {
            let left = column as f64;
            if east <= left {
                break;
            }
            *cell += sign * height * mean_within(west - left, east - left);
        }
    }
}

/// Mean of x clamped to 0 and 1 while it goes evenly from `west` to `east`.
fn mean_within(west: f64, east: f64) -> f64 {
    if west >= 1.0 {
        return 1.0;
    }
    if west >= 0.0 && east <= 1.0 {
        return 0.5 * (west + east);
    }
    let integral = |x: f64| {
        if x <= 0.0 {
            0.0
        } else if x >= 1.0 {
            x - 0.5
        } else {
            0.5 * x * x
        }
    };
    (integral(east) - integral(west)) / (east - west)
}

/// Calls `visit(row, column, share)` for every cell whose centre lies within `reach` of a segment,
/// row by row; `share` tells how far along it the nearest place is, from 0 to 1.
pub fn cells_near(
    spec: &GridSpec,
    from: [f64; 2],
    to: [f64; 2],
    reach: f64,
    mut visit: impl FnMut(usize, usize, f64),
) {
    let Some(extent) = Extent::of_points([(from[0], from[1]), (to[0], to[1])]) else { return };
    let (rows, columns) = spec.window(&extent.buffered(reach));
    let along = [0, 1].map(|k| to[k] - from[k]);
    let length2 = along[0] * along[0] + along[1] * along[1];
    for row in rows {
        for column in columns.clone() {
            let (x, y) = spec.centre(row, column);
            let to_cell = [x - from[0], y - from[1]];
            let projected = to_cell[0] * along[0] + to_cell[1] * along[1];
            let share = if length2 > 0.0 { (projected / length2).clamp(0.0, 1.0) } else { 0.0 };
            let off = [0, 1].map(|k| to_cell[k] - share * along[k]);
            if off[0].hypot(off[1]) <= reach {
                visit(row, column, share);
            }
        }
    }
}

/// Cells that a chain of vertices passes through, in order, without immediate repeats. Parts
/// outside the grid are left out.
pub fn cells_along(spec: &GridSpec, line: &[[f64; 3]]) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    for pair in line.windows(2) {
        traverse(spec, pair[0], pair[1], &mut cells);
    }
    if let [only] = line {
        cells.extend(spec.cell_at(only[0], only[1]));
    }
    cells
}

/// Calls `visit` with the cell and the length of each piece of a line, pieces at most half a cell.
pub fn cell_lengths(
    spec: &GridSpec,
    line: &[[f64; 3]],
    mut visit: impl FnMut((usize, usize), f64),
) {
    for pair in line.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        let length = (b[0] - a[0]).hypot(b[1] - a[1]);
        let pieces = (2.0 * length / spec.cell_size).ceil().clamp(1.0, 1e7) as usize;
        for i in 0..pieces {
            let t = (i as f64 + 0.5) / pieces as f64;
            if let Some(cell) = spec.cell_at(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) {
                visit(cell, length / pieces as f64);
            }
        }
    }
}

fn traverse(spec: &GridSpec, from: [f64; 3], to: [f64; 3], cells: &mut Vec<(usize, usize)>) {
    let local =
        |p: [f64; 3]| ((p[0] - spec.west) / spec.cell_size, (spec.north - p[1]) / spec.cell_size);
    let ((mut x0, mut y0), (mut x1, mut y1)) = (local(from), local(to));
    if ![x0, y0, x1, y1].iter().all(|v| v.is_finite()) {
        return;
    }
    // Clip to the grid first (Liang & Barsky 1984), so that a far vertex costs nothing.
    let (dx, dy) = (x1 - x0, y1 - y0);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (p, q) in
        [(-dx, x0), (dx, spec.columns as f64 - x0), (-dy, y0), (dy, spec.rows as f64 - y0)]
    {
        if p == 0.0 {
            if q < 0.0 {
                return;
            }
        } else if p < 0.0 {
            enter = enter.max(q / p);
        } else {
            leave = leave.min(q / p);
        }
    }
    if enter > leave {
        return;
    }
    (x1, y1) = (x0 + leave * dx, y0 + leave * dy);
    (x0, y0) = (x0 + enter * dx, y0 + enter * dy);

    let clamp = |v: f64, max: usize| (v.floor().max(0.0) as usize).min(max.saturating_sub(1));
    let (mut column, mut row) = (clamp(x0, spec.columns), clamp(y0, spec.rows));
    let (last_column, last_row) = (clamp(x1, spec.columns), clamp(y1, spec.rows));
    let mut push = |row, column| {
        if cells.last() != Some(&(row, column)) {
            cells.push((row, column));
        }
    };
    push(row, column);
    let step = |d: f64, at: f64, cell: usize| {
        if d > 0.0 {
            ((cell as f64 + 1.0 - at) / d, 1.0 / d)
        } else if d < 0.0 {
            ((cell as f64 - at) / d, -1.0 / d)
        } else {
            (f64::INFINITY, f64::INFINITY)
        }
    };
    let (mut next_x, delta_x) = step(x1 - x0, x0, column);
    let (mut next_y, delta_y) = step(y1 - y0, y0, row);
    // Both coordinates move monotonically towards the last cell, so the walk is bounded.
    while (row, column) != (last_row, last_column) {
        let x_done = column == last_column;
        let y_done = row == last_row;
        if y_done || (!x_done && next_x < next_y) {
            column = if last_column > column { column + 1 } else { column - 1 };
            next_x += delta_x;
        } else {
            row = if last_row > row { row + 1 } else { row - 1 };
            next_y += delta_y;
        }
        push(row, column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> GridSpec {
        GridSpec { west: 0.0, north: 10.0, cell_size: 1.0, columns: 10, rows: 10 }
    }

    fn count(polygons: &[Polygon]) -> usize {
        let mut n = 0;
        cells_within(&spec(), polygons, |_, _| n += 1);
        n
    }

    #[test]
    fn heights_under_a_triangle_are_those_of_its_plane() {
        let spec = GridSpec { west: 0.0, north: 10.0, cell_size: 1.0, columns: 10, rows: 10 };
        let plane = |x: f64, y: f64| 3.0 + 0.5 * x - 0.2 * y;
        let corner = |x: f64, y: f64| [x, y, plane(x, y)];
        let triangles = [
            [corner(0.0, 0.0), corner(10.0, 0.0), corner(10.0, 10.0)],
            [corner(0.0, 0.0), corner(0.0, 10.0), corner(10.0, 10.0)],
        ];
        let mut cells = 0;
        cells_under(&spec, &triangles, |row, column, height| {
            let (x, y) = spec.centre(row, column);
            assert!((height - plane(x, y)).abs() < 1e-12);
            cells += 1;
        });
        assert_eq!(cells, 100);
        // A wall covers nothing.
        let wall = [[corner(0.0, 0.0), corner(10.0, 0.0), [5.0, 0.0, 9.0]]];
        cells_under(&spec, &wall, |_, _, _| unreachable!());
    }

    #[test]
    fn area_of_aligned_rectangle_with_hole() {
        let mut square = Polygon::from_corners(&[(1.0, 1.0), (9.0, 1.0), (9.0, 9.0), (1.0, 9.0)]);
        assert_eq!(count(std::slice::from_ref(&square)), 64);
        square.interiors =
            vec![Polygon::from_corners(&[(3.0, 3.0), (5.0, 3.0), (5.0, 5.0), (3.0, 5.0)]).exterior];
        assert_eq!(count(&[square]), 60);
    }

    #[test]
    fn neighbours_share_no_cell_and_leave_none() {
        // A slanted cut through cell centres: each centre must go to exactly one side.
        let left = Polygon::from_corners(&[(0.0, 0.0), (10.0, 10.0), (0.0, 10.0)]);
        let right = Polygon::from_corners(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]);
        assert_eq!(count(std::slice::from_ref(&left)) + count(std::slice::from_ref(&right)), 100);
    }

    #[test]
    fn polygon_outside_visits_nothing() {
        let far = Polygon::from_corners(&[(100.0, 100.0), (101.0, 100.0), (101.0, 101.0)]);
        assert_eq!(count(&[far]), 0);
    }

    #[test]
    fn shares_of_a_slanted_polygon_with_a_hole_add_up_to_its_area() {
        let mut ring = Polygon::from_corners(&[(1.3, 0.7), (8.1, 2.2), (7.4, 9.6), (0.2, 6.5)]);
        ring.interiors =
            vec![Polygon::from_corners(&[(3.1, 3.0), (3.4, 5.2), (5.7, 4.1)]).exterior];
        let area = |ring: &[Position]| signed_area(ring).abs();
        let expected = area(&ring.exterior) - area(&ring.interiors[0]);
        for (reverse, cell_size) in [(false, 1.0), (true, 1.0), (false, 5.0), (true, 0.25)] {
            if reverse {
                ring.exterior.reverse();
            }
            let count = (10.0 / cell_size) as usize;
            let spec = GridSpec { cell_size, columns: count, rows: count, ..spec() };
            let mut sum = 0.0;
            cell_shares(&spec, [&ring], |_, _, share| sum += share * spec.cell_area());
            assert!((sum - expected).abs() < 1e-9, "{cell_size}: {sum} {expected}");
        }
    }

    #[test]
    fn shares_by_cell_are_those_of_many_points() {
        let ring = Polygon::from_corners(&[(-3.0, 1.5), (6.2, -4.0), (14.0, 12.0), (2.5, 7.25)]);
        let mut shares = vec![0.0; spec().len()];
        cell_shares(&spec(), [&ring], |row, column, share| {
            shares[spec().index(row, column)] = share;
        });
        let parts = GridSpec { cell_size: 0.01, columns: 1000, rows: 1000, ..spec() };
        let mut points = vec![0.0; spec().len()];
        cells_within(&parts, [&ring], |row, column| {
            points[spec().index(row / 100, column / 100)] += 1e-4;
        });
        for (share, points) in shares.iter().zip(points) {
            assert!((share - points).abs() < 2e-3, "{share} {points}");
        }
    }

    #[test]
    fn cells_near_a_segment_are_those_of_its_strip_with_round_ends() {
        let (from, to) = ([2.0, 5.0], [8.0, 5.0]);
        let (mut area, mut last) = (0, 0.0);
        cells_near(&spec(), from, to, 1.6, |row, column, share| {
            area += 1;
            let (x, _) = spec().centre(row, column);
            assert!((share - ((x - 2.0) / 6.0).clamp(0.0, 1.0)).abs() < 1e-12);
            last = share;
        });
        // A strip of 6 × 4 cells, and within 1.6 m of each end six cells more.
        assert_eq!((area, last), (6 * 4 + 2 * 6, 1.0));
    }

    #[test]
    fn line_visits_connected_cells_and_is_clipped() {
        let cells = cells_along(&spec(), &[[-1e9, 0.5, 0.0], [1e9, 0.5, 0.0]]);
        assert_eq!(cells, (0..10).map(|c| (9, c)).collect::<Vec<_>>());
        let slanted = cells_along(&spec(), &[[0.5, 0.5, 0.0], [7.3, 4.1, 0.0]]);
        for pair in slanted.windows(2) {
            let step = pair[0].0.abs_diff(pair[1].0) + pair[0].1.abs_diff(pair[1].1);
            assert_eq!(step, 1);
        }
        assert_eq!(slanted.last(), Some(&(5, 7)));
    }

    #[test]
    fn length_along_a_line_is_kept_inside_and_lost_outside() {
        let mut total = 0.0;
        cell_lengths(&spec(), &[[-5.0, 5.5, 0.0], [5.0, 5.5, 0.0]], |_, length| total += length);
        assert!((total - 5.0).abs() < 1e-9);
    }
}
