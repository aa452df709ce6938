//! What readers and writers do to rings and empty parts.

use crate::spatial::{Geometry, Line, Polygon};

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
