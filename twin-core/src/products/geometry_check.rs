//! Geometries of national products → geometries that algorithms may trust.
//!
//! Coordinates are finite, rings are closed and have an area, lines have a length, and an unknown
//! height is `NaN`: BD TOPO writes −1000 on vertices without height (*Pas de Z*).

use std::collections::{BTreeMap, BTreeSet};

use super::import_report::{LayerReport, SkipReason};
use crate::formats::Value;
use crate::spatial::{Geometry, Line, Polygon};

/// Below this a height is a code for *none* (m); the lowest land of France lies at −10 m.
const LOWEST_HEIGHT_M: f64 = -100.0;

/// Cleans a geometry, counting what it leaves out.
pub(super) fn clean(
    mut geometry: Geometry,
    report: &mut LayerReport,
) -> Result<Geometry, SkipReason> {
    let mut finite = true;
    let mut without_height = 0;
    for position in geometry.positions_mut() {
        finite &= position[0].is_finite() && position[1].is_finite();
        if !position[2].is_finite() || position[2] < LOWEST_HEIGHT_M {
            position[2] = f64::NAN;
            without_height += 1;
        }
    }
    if !finite {
        return Err(SkipReason::NotFinite);
    }
    let parts_before = parts(&geometry);
    match &mut geometry {
        Geometry::Points(_) => {}
        Geometry::Lines(lines) => lines.retain(has_length),
        Geometry::Polygons(polygons) => {
            for polygon in polygons.iter_mut() {
                std::iter::once(&mut polygon.exterior)
                    .chain(&mut polygon.interiors)
                    .for_each(close);
                polygon.interiors.retain(has_area);
            }
            polygons.retain(|polygon| has_area(&polygon.exterior));
            unstack(polygons);
        }
    }
    if parts_before == 0 || parts(&geometry) == 0 {
        return Err(SkipReason::Degenerate);
    }
    report.vertices_without_height += without_height;
    report.trimmed += usize::from(parts(&geometry) < parts_before);
    Ok(geometry)
}

/// Of polygons with the same outline in plan, the floor and the roof of a solid, leaves the highest:
/// they would count the ground twice.
fn unstack(polygons: &mut Vec<Polygon>) {
    if polygons.len() < 2 {
        return;
    }
    let plan = |polygon: &Polygon| -> Vec<[u64; 2]> {
        polygon.exterior.iter().map(|p| [p[0].to_bits(), p[1].to_bits()]).collect()
    };
    let height = |polygon: &Polygon| polygon.exterior.iter().map(|p| p[2]).fold(f64::MIN, f64::max);
    let mut highest: BTreeMap<Vec<[u64; 2]>, usize> = BTreeMap::new();
    for (k, polygon) in polygons.iter().enumerate() {
        let known = highest.entry(plan(polygon)).or_insert(k);
        if height(polygon) > height(&polygons[*known]) {
            *known = k;
        }
    }
    let kept: BTreeSet<usize> = highest.into_values().collect();
    let mut k = 0..;
    polygons.retain(|_| k.next().is_some_and(|k| kept.contains(&k)));
}

fn parts(geometry: &Geometry) -> usize {
    match geometry {
        Geometry::Points(points) => points.len(),
        Geometry::Lines(lines) => lines.len(),
        Geometry::Polygons(polygons) => polygons.iter().map(|p| 1 + p.interiors.len()).sum(),
    }
}

fn has_length(line: &Line) -> bool {
    line.first().is_some_and(|first| line.iter().any(|p| p[..2] != first[..2]))
}

fn close(ring: &mut Line) {
    if let (Some(first), Some(last)) = (ring.first().copied(), ring.last())
        && first[..2] != last[..2]
    {
        ring.push(first);
    }
}

/// Twice the area by the shoelace formula, from the first vertex to keep the digits.
fn has_area(ring: &Line) -> bool {
    let Some([x0, y0, _]) = ring.first().copied() else { return false };
    let double: f64 = ring
        .windows(2)
        .map(|pair| match pair {
            [a, b] => (a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0),
            _ => 0.0,
        })
        .sum();
    ring.len() >= 4 && double != 0.0
}

/// An identifier from coordinates and cells: the same object has the same one in every file.
pub(super) fn identifier(layer: &str, geometry: &Geometry, values: &[Value]) -> String {
    let mut hasher = blake3::Hasher::new();
    for position in geometry.positions() {
        for value in &position[..2] {
            hasher.update(&value.to_bits().to_le_bytes());
        }
    }
    hasher.update(format!("{values:?}").as_bytes());
    let hash = hasher.finalize().to_hex();
    format!("{layer}-{}", hash.get(..16).unwrap_or_default())
}

/// Whether two geometries have the same parts and vertices, heights aside.
pub(super) fn is_same(a: &Geometry, b: &Geometry) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
        && parts(a) == parts(b)
        && a.positions().map(|p| [p[0], p[1]]).eq(b.positions().map(|p| [p[0], p[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(geometry: Geometry) -> Result<Geometry, SkipReason> {
        clean(geometry, &mut LayerReport::default())
    }

    #[test]
    fn the_code_for_no_height_becomes_nan_and_real_heights_stay() {
        let mut report = LayerReport::default();
        let line = vec![[0.0, 0.0, -1000.0], [1.0, 0.0, -4.2], [2.0, 0.0, 0.0]];
        let geometry = clean(Geometry::Lines(vec![line]), &mut report).unwrap();
        let heights: Vec<f64> = geometry.positions().map(|p| p[2]).collect();
        assert!(heights[0].is_nan());
        assert_eq!(heights[1..], [-4.2, 0.0]);
        assert_eq!(report.vertices_without_height, 1);
    }

    #[test]
    fn open_rings_are_closed_and_flat_ones_left_out() {
        let open = Polygon {
            exterior: vec![[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]],
            interiors: vec![vec![[0.0; 3], [0.5, 0.5, 0.0], [0.0; 3]]],
        };
        let flat =
            Polygon { exterior: vec![[0.0; 3], [1.0, 1.0, 0.0], [0.0; 3]], interiors: vec![] };
        let geometry = cleaned(Geometry::Polygons(vec![open, flat.clone()])).unwrap();
        assert_eq!(geometry.polygons().len(), 1);
        assert_eq!(geometry.polygons()[0].exterior.len(), 4);
        assert!(geometry.polygons()[0].interiors.is_empty());
        assert_eq!(cleaned(Geometry::Polygons(vec![flat])), Err(SkipReason::Degenerate));
        assert_eq!(cleaned(Geometry::Points(vec![])), Err(SkipReason::Degenerate));
    }

    #[test]
    fn of_the_floor_and_roof_of_a_solid_the_roof_is_the_footprint() {
        let at = |z: f64, x: f64| {
            let ring = [(x, 0.0), (x + 9.0, 0.0), (x + 9.0, 9.0), (x, 9.0)];
            let mut polygon = Polygon::from_corners(&ring);
            polygon.exterior.iter_mut().for_each(|p| p[2] = z);
            polygon
        };
        let solids = vec![at(3.0, 0.0), at(9.0, 0.0), at(f64::NAN, 20.0)];
        let geometry = cleaned(Geometry::Polygons(solids)).unwrap();
        let [roof, other] = geometry.polygons() else { panic!("two outlines") };
        assert_eq!((roof.exterior[0][2], other.exterior[0][0]), (9.0, 20.0));
    }

    #[test]
    fn infinite_coordinates_are_refused() {
        let line = vec![[0.0, f64::INFINITY, 0.0], [1.0, 0.0, 0.0]];
        assert_eq!(cleaned(Geometry::Lines(vec![line])), Err(SkipReason::NotFinite));
    }
}
