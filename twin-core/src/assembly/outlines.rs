//! Building outlines from the points alone, where no vector product gives them.
//!
//! Cells whose top is built are closed by one cell (so that a missed scan line does not cut a roof),
//! gathered into 4-connected blobs, and those of at least `min_area_m2` traced along the cell
//! edges. The staircase is straightened by Douglas & Peucker (1973,
//! doi:10.3138/FM57-6770-U75U-7727) and turned parallel to the blob's own two main directions where
//! that changes its area by less than a tenth.
//!
//! One blob is not one building: attached houses come out as one block, and the outline is that of
//! the eaves. Its features say so by their origin.

use geo::{Area as _, Simplify as _};

use super::Window;
use crate::spatial::{Geometry, Grid, Polygon};
use crate::territory::{Building, FootprintOrigin, Layer as _};

/// Smallest blob that counts as a building, m².
pub const SMALLEST_BUILDING_M2: f64 = 20.0;

/// A building for each built blob of the mask, from north to south; identifiers are `derived-` and
/// the position of the blob's first cell, so that they do not depend on other blobs.
pub fn derived_buildings(is_built: &Grid<bool>, min_area_m2: f64) -> Vec<Building> {
    let closed = close(is_built);
    let labels = label(&closed);
    let spec = is_built.spec;
    let mut outlines: Vec<Building> = Vec::new();
    for blob in labels.blobs {
        if (blob.cells as f64) * spec.cell_area() < min_area_m2 {
            continue;
        }
        let rings = trace(&labels.label, &blob);
        let Some(polygon) = straighten(rings, spec.cell_size, min_area_m2) else { continue };
        let (x, y) = spec.centre(blob.first.0, blob.first.1);
        let mut building = Building::bare(
            format!("derived-{}-{}", x.floor() as i64, y.floor() as i64),
            Geometry::Polygons(vec![Polygon::from_geo(&polygon)]),
        );
        building.footprint_origin = Some(FootprintOrigin::LidarHd);
        outlines.push(building);
    }
    outlines
}

/// Dilation then erosion by the 3 × 3 square; outside the grid is as its nearest cell.
fn close(mask: &Grid<bool>) -> Grid<bool> {
    let around = |grid: &Grid<bool>, wanted: bool| {
        Grid::from_fn(grid.spec, |row, column| {
            let rows = row.saturating_sub(1)..=(row + 1).min(grid.spec.rows - 1);
            let has = rows.into_iter().any(|r| {
                (column.saturating_sub(1)..=(column + 1).min(grid.spec.columns - 1))
                    .any(|c| grid[(r, c)] == wanted)
            });
            has == wanted
        })
    };
    around(&around(mask, true), false)
}

/// Cells that hang together.
pub(super) struct Blob {
    number: u32,
    cells: usize,
    /// The most westerly cell of the northernmost row.
    first: (usize, usize),
    /// The smallest window that holds them.
    pub(super) window: Window,
}

pub(super) struct Labels {
    label: Grid<u32>,
    pub(super) blobs: Vec<Blob>,
}

/// 4-connected blobs, numbered from 1 in the order of their first cell.
pub(super) fn label(mask: &Grid<bool>) -> Labels {
    let spec = mask.spec;
    let mut label = Grid::filled(spec, 0u32);
    let mut blobs = Vec::new();
    let mut waiting = Vec::new();
    for start in 0..spec.len() {
        if !mask.values[start] || label.values[start] != 0 {
            continue;
        }
        let first = spec.row_column(start);
        let mut blob = Blob {
            number: blobs.len() as u32 + 1,
            cells: 0,
            first,
            window: Window { rows: first.0..first.0 + 1, columns: first.1..first.1 + 1 },
        };
        label.values[start] = blob.number;
        waiting.push(start);
        while let Some(i) = waiting.pop() {
            let (row, column) = spec.row_column(i);
            blob.cells += 1;
            blob.window.rows.end = blob.window.rows.end.max(row + 1);
            let columns = &mut blob.window.columns;
            *columns = columns.start.min(column)..columns.end.max(column + 1);
            let neighbours = [
                (row > 0).then(|| i - spec.columns),
                (row + 1 < spec.rows).then(|| i + spec.columns),
                (column > 0).then(|| i - 1),
                (column + 1 < spec.columns).then(|| i + 1),
            ];
            for n in neighbours.into_iter().flatten() {
                if mask.values[n] && label.values[n] == 0 {
                    label.values[n] = blob.number;
                    waiting.push(n);
                }
            }
        }
        blobs.push(blob);
    }
    Labels { label, blobs }
}

/// Closed rings along the edges of a blob's cells, the blob on the left: the outer one
/// counter-clockwise, holes clockwise.
fn trace(label: &Grid<u32>, blob: &Blob) -> Vec<geo::LineString<f64>> {
    let spec = label.spec;
    let inside = |row: i64, column: i64| {
        row >= 0
            && column >= 0
            && label.get(row as usize, column as usize).is_some_and(|l| *l == blob.number)
    };
    // Directed unit edges by their start corner (row, column of the corner), with the blob on the
    // left where y points north.
    let mut edges: std::collections::BTreeMap<(i64, i64), Vec<(i64, i64)>> = Default::default();
    for row in blob.window.rows.start as i64..blob.window.rows.end as i64 {
        for column in blob.window.columns.start as i64..blob.window.columns.end as i64 {
            if !inside(row, column) {
                continue;
            }
            let mut add = |from, to| edges.entry(from).or_default().push(to);
            if !inside(row - 1, column) {
                add((row, column + 1), (row, column));
            }
            if !inside(row + 1, column) {
                add((row + 1, column), (row + 1, column + 1));
            }
            if !inside(row, column - 1) {
                add((row, column), (row + 1, column));
            }
            if !inside(row, column + 1) {
                add((row + 1, column + 1), (row, column + 1));
            }
        }
    }
    let mut rings = Vec::new();
    while let Some((&start, _)) = edges.iter().next() {
        let mut corners = vec![start];
        let mut at = start;
        let mut heading = (0, 0);
        while let Some(ways) = edges.get_mut(&at) {
            // Where cells touch by a corner two ways lead on: turn left, so that rings stay simple.
            let left = (at.0 - heading.1, at.1 + heading.0);
            let k = ways.iter().position(|w| *w == left).unwrap_or(0);
            let to = ways.swap_remove(k);
            if ways.is_empty() {
                edges.remove(&at);
            }
            heading = (to.0 - at.0, to.1 - at.1);
            corners.push(to);
            at = to;
            if at == start {
                break;
            }
        }
        rings.push(
            corners
                .into_iter()
                .map(|(row, column)| geo::Coord {
                    x: spec.west + column as f64 * spec.cell_size,
                    y: spec.north - row as f64 * spec.cell_size,
                })
                .collect(),
        );
    }
    rings
}

/// The polygon of traced rings with straight walls; `None` when nothing is left of it.
fn straighten(
    rings: Vec<geo::LineString<f64>>,
    cell_size: f64,
    min_area_m2: f64,
) -> Option<geo::Polygon<f64>> {
    let area = |ring: &geo::LineString<f64>| geo::Polygon::new(ring.clone(), vec![]).signed_area();
    let mut rings = rings;
    rings.sort_by(|a, b| area(b).total_cmp(&area(a)));
    let mut rings = rings.into_iter();
    let exterior = rings.next()?;
    let holes = rings.filter(|r| area(r) < -min_area_m2).collect();
    let traced = geo::Polygon::new(exterior, holes);
    let simple = traced.simplify(1.2 * cell_size);
    let turned = rectify(&simple, cell_size);
    let is_close = |p: &geo::Polygon<f64>| {
        use geo::Validation as _;
        (p.unsigned_area() - traced.unsigned_area()).abs() < 0.1 * traced.unsigned_area()
            && p.is_valid()
    };
    [turned, Some(simple)].into_iter().flatten().find(is_close).or(Some(traced))
}

/// Turns each wall parallel to one of the two main directions, when all walls allow it.
fn rectify(polygon: &geo::Polygon<f64>, cell_size: f64) -> Option<geo::Polygon<f64>> {
    // Mean direction of the walls modulo a right angle, weighted by their length squared.
    let (mut sine, mut cosine) = (0.0, 0.0);
    for line in polygon.exterior().lines() {
        let (dx, dy) = (line.dx(), line.dy());
        let angle = 4.0 * dy.atan2(dx);
        let weight = dx * dx + dy * dy;
        sine += weight * angle.sin();
        cosine += weight * angle.cos();
    }
    let (s, c) = (sine.atan2(cosine) / 4.0).sin_cos();
    let ring = |ring: &geo::LineString<f64>| -> Option<geo::LineString<f64>> {
        let local: Vec<[f64; 2]> =
            ring.coords().map(|p| [p.x * c + p.y * s, p.y * c - p.x * s]).collect();
        // Each wall becomes a level of one axis; neighbours on the same axis are joined.
        let mut walls: Vec<(usize, f64, f64)> = Vec::new();
        for pair in local.windows(2) {
            let (dx, dy) = (pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]);
            let axis = usize::from(dx.abs() > dy.abs());
            let level = 0.5 * (pair[0][axis] + pair[1][axis]);
            let length = dx.hypot(dy);
            match walls.last_mut() {
                Some(last) if last.0 == axis && (last.1 - level).abs() < 2.0 * cell_size => {
                    last.1 = (last.1 * last.2 + level * length) / (last.2 + length);
                    last.2 += length;
                }
                Some(last) if last.0 == axis => return None,
                _ => walls.push((axis, level, length)),
            }
        }
        if walls.len() > 1 && walls[0].0 == walls[walls.len() - 1].0 {
            let last = walls.pop()?;
            let first = walls.first_mut()?;
            if (first.1 - last.1).abs() >= 2.0 * cell_size {
                return None;
            }
            first.1 = (first.1 * first.2 + last.1 * last.2) / (first.2 + last.2);
        }
        if walls.len() < 4 || walls.len() % 2 == 1 {
            return None;
        }
        let mut corners: Vec<geo::Coord<f64>> = (0..walls.len())
            .map(|k| {
                let (a, b) = (walls[k], walls[(k + 1) % walls.len()]);
                let (u, v) = if a.0 == 0 { (a.1, b.1) } else { (b.1, a.1) };
                geo::Coord { x: u * c - v * s, y: u * s + v * c }
            })
            .collect();
        corners.push(*corners.first()?);
        Some(geo::LineString::new(corners))
    };
    let holes = polygon.interiors().iter().map(ring).collect::<Option<Vec<_>>>()?;
    Some(geo::Polygon::new(ring(polygon.exterior())?, holes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::{GridSpec, cells_within};

    fn mask_of(polygons: &[Polygon], cell_size: f64) -> Grid<bool> {
        let cells = (60.0 / cell_size) as usize;
        let spec = GridSpec { west: 1000.0, north: 2060.0, cell_size, columns: cells, rows: cells };
        let mut mask = Grid::filled(spec, false);
        cells_within(&spec, polygons, |row, column| mask[(row, column)] = true);
        mask
    }

    fn turned(corners: &[(f64, f64)], angle: f64) -> Polygon {
        let (s, c) = angle.to_radians().sin_cos();
        let moved: Vec<(f64, f64)> =
            corners.iter().map(|(x, y)| (1030.0 + x * c - y * s, 2030.0 + x * s + y * c)).collect();
        Polygon::from_corners(&moved)
    }

    #[test]
    fn a_turned_l_shape_comes_back_with_its_area_and_few_corners() {
        let l =
            [(-15.0, -10.0), (15.0, -10.0), (15.0, 0.0), (0.0, 0.0), (0.0, 12.0), (-15.0, 12.0)];
        for angle in [0.0, 13.0, 30.0, 45.0, 77.0] {
            let truth = turned(&l, angle);
            let found = derived_buildings(&mask_of(std::slice::from_ref(&truth), 0.5), 20.0);
            assert_eq!(found.len(), 1);
            let area = found[0].footprint_area_m2();
            let exact = truth.to_geo().unsigned_area();
            assert!((area - exact).abs() < 0.05 * exact, "{angle}°: {area} m² for {exact} m²");
            assert!(found[0].footprint()[0].exterior.len() <= 20);
        }
    }

    #[test]
    fn small_blobs_are_left_out_and_courtyards_kept() {
        let mut ring = turned(&[(-20.0, -20.0), (20.0, -20.0), (20.0, 20.0), (-20.0, 20.0)], 0.0);
        ring.interiors =
            vec![turned(&[(-8.0, -8.0), (8.0, -8.0), (8.0, 8.0), (-8.0, 8.0)], 0.0).exterior];
        let shed = turned(&[(24.0, 24.0), (27.0, 24.0), (27.0, 27.0), (24.0, 27.0)], 0.0);
        let found = derived_buildings(&mask_of(&[ring, shed], 1.0), 20.0);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].footprint()[0].interiors.len(), 1);
        assert!((found[0].footprint_area_m2() - (1600.0 - 256.0)).abs() < 100.0);
    }
}
