//! What readers and writers do to rings and empty parts.

use crate::spatial::{Geometry, Line, Polygon, Position};

/// Repeats the first vertex at the end where the writer forgot it.
pub(crate) fn close(ring: &mut Line) {
    if let (Some(first), Some(last)) = (ring.first().copied(), ring.last())
        && first[..2] != last[..2]
    {
        ring.push(first);
    }
}

/// The polygon of rings as files list them: the exterior, then the holes. Holes without vertices
/// are left out.
pub(crate) fn polygon<E>(rings: impl Iterator<Item = Result<Line, E>>) -> Result<Polygon, E> {
    let mut polygon = Polygon::default();
    for (i, ring) in rings.enumerate() {
        let mut ring = ring?;
        close(&mut ring);
        if i == 0 {
            polygon.exterior = ring;
        } else if !ring.is_empty() {
            polygon.interiors.push(ring);
        }
    }
    Ok(polygon)
}

/// The geometry without its empty parts; `None` when nothing is left.
pub(crate) fn without_empty_parts(geometry: Geometry) -> Option<Geometry> {
    match geometry {
        Geometry::Points(points) => (!points.is_empty()).then_some(Geometry::Points(points)),
        Geometry::Lines(mut lines) => {
            lines.retain(|line| !line.is_empty());
            (!lines.is_empty()).then_some(Geometry::Lines(lines))
        }
        Geometry::Polygons(mut polygons) => {
            polygons.retain(|polygon| !polygon.exterior.is_empty());
            (!polygons.is_empty()).then_some(Geometry::Polygons(polygons))
        }
    }
}

/// Area in the plane, positive anticlockwise; the first vertex as origin keeps the digits of large
/// coordinates.
pub(crate) fn signed_area(ring: &[Position]) -> f64 {
    let Some(&[x0, y0, _]) = ring.first() else { return 0.0 };
    ring.windows(2)
        .map(|w| (w[0][0] - x0) * (w[1][1] - y0) - (w[1][0] - x0) * (w[0][1] - y0))
        .sum::<f64>()
        * 0.5
}
