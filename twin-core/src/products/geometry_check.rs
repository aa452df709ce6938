//! Geometries of national products → geometries that algorithms may trust.
//!
//! Coordinates are finite, rings are closed and have an area, lines have a length, and an unknown
//! height is `NaN`: BD TOPO writes −1000 on vertices without height (*Pas de Z*).

use super::import_report::{LayerReport, SkipReason};
use crate::formats::Value;
use crate::spatial::{Geometry, Line};

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
        }
    }
    if parts_before == 0 || parts(&geometry) == 0 {
        return Err(SkipReason::Degenerate);
    }
    report.vertices_without_height += without_height;
    report.trimmed += usize::from(parts(&geometry) < parts_before);
    Ok(geometry)
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
    use crate::spatial::Polygon;

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
    fn infinite_coordinates_are_refused() {
        let line = vec![[0.0, f64::INFINITY, 0.0], [1.0, 0.0, 0.0]];
        assert_eq!(cleaned(Geometry::Lines(vec![line])), Err(SkipReason::NotFinite));
    }
}
