//! Vector geometries with an optional height on every vertex.
//!
//! National products mix single and multi-part, 2D and 3D geometries in one layer. Here there is
//! one form: a list of parts, and `NaN` for a height that is not known. 2D algorithms go through
//! the `geo` crate by [`Geometry::to_multi_polygon`] and its siblings.

use super::Extent;

/// East, north, height in metres (or degrees for x and y); height is `NaN` where not known.
pub type Position = [f64; 3];

/// An open or closed chain of vertices.
pub type Line = Vec<Position>;

/// Length of a line in plan, m.
pub fn line_length(line: &[Position]) -> f64 {
    line.windows(2).map(|p| (p[1][0] - p[0][0]).hypot(p[1][1] - p[0][1])).sum()
}

/// Whether a position lies within rings, open or closed, by the even–odd rule.
pub fn rings_contain<'a, const N: usize>(
    rings: impl IntoIterator<Item = &'a [[f64; N]]>,
    x: f64,
    y: f64,
) -> bool {
    let mut odd = false;
    for ring in rings {
        for (k, p) in ring.iter().enumerate() {
            let q = ring[(k + 1) % ring.len()];
            if (p[1] > y) != (q[1] > y) && x < p[0] + (y - p[1]) / (q[1] - p[1]) * (q[0] - p[0]) {
                odd = !odd;
            }
        }
    }
    odd
}

/// A polygon whose rings repeat their first vertex at the end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Polygon {
    /// Outer ring.
    pub exterior: Line,
    /// Holes.
    pub interiors: Vec<Line>,
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

/// A geometry of one or several parts of the same kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// Point or multi-point.
    Points(Vec<Position>),
    /// Line or multi-line.
    Lines(Vec<Line>),
    /// Polygon or multi-polygon.
    Polygons(Vec<Polygon>),
}

impl Polygon {
    /// Whether a position lies within, by the even–odd rule over all rings.
    pub fn contains(&self, x: f64, y: f64) -> bool {
        rings_contain(self.rings().map(Vec::as_slice), x, y)
    }

    /// A polygon without holes from `(x, y)` corners, closed if needed, without heights.
    pub fn from_corners(corners: &[(f64, f64)]) -> Self {
        let mut exterior: Line = corners.iter().map(|&(x, y)| [x, y, f64::NAN]).collect();
        if let (Some(first), Some(last)) = (exterior.first().copied(), exterior.last().copied())
            && first[..2] != last[..2]
        {
            exterior.push(first);
        }
        Self { exterior, interiors: Vec::new() }
    }

    /// The outer ring, then the holes.
    pub fn rings(&self) -> impl Iterator<Item = &Line> {
        std::iter::once(&self.exterior).chain(&self.interiors)
    }

    /// The flat polygon.
    pub fn to_geo(&self) -> geo::Polygon<f64> {
        geo::Polygon::new(
            line_to_geo(&self.exterior),
            self.interiors.iter().map(line_to_geo).collect(),
        )
    }

    /// From a flat polygon, heights unknown.
    pub fn from_geo(polygon: &geo::Polygon<f64>) -> Self {
        let ring = |r: &geo::LineString<f64>| r.coords().map(|c| [c.x, c.y, f64::NAN]).collect();
        Self {
            exterior: ring(polygon.exterior()),
            interiors: polygon.interiors().iter().map(ring).collect(),
        }
    }
}

impl Geometry {
    /// Every vertex, in file order.
    pub fn positions(&self) -> Box<dyn Iterator<Item = &Position> + '_> {
        match self {
            Self::Points(points) => Box::new(points.iter()),
            Self::Lines(lines) => Box::new(lines.iter().flatten()),
            Self::Polygons(polygons) => Box::new(polygons.iter().flat_map(|p| p.rings().flatten())),
        }
    }

    /// Every vertex, for changes in place (reprojection, height corrections).
    pub fn positions_mut(&mut self) -> Box<dyn Iterator<Item = &mut Position> + '_> {
        match self {
            Self::Points(points) => Box::new(points.iter_mut()),
            Self::Lines(lines) => Box::new(lines.iter_mut().flatten()),
            Self::Polygons(polygons) => {
                Box::new(polygons.iter_mut().flat_map(|p| {
                    std::iter::once(&mut p.exterior).chain(&mut p.interiors).flatten()
                }))
            }
        }
    }

    /// Bounding rectangle; `None` without a finite vertex.
    pub fn extent(&self) -> Option<Extent> {
        Extent::of_points(self.positions().map(|p| (p[0], p[1])))
    }

    /// Whether any vertex has a height.
    pub fn has_heights(&self) -> bool {
        self.positions().any(|p| p[2].is_finite())
    }

    /// The flat polygons; empty for points and lines.
    pub fn to_multi_polygon(&self) -> geo::MultiPolygon<f64> {
        match self {
            Self::Polygons(polygons) => {
                geo::MultiPolygon::new(polygons.iter().map(Polygon::to_geo).collect())
            }
            _ => geo::MultiPolygon::new(Vec::new()),
        }
    }

    /// The flat lines; empty for points and polygons.
    pub fn to_multi_line_string(&self) -> geo::MultiLineString<f64> {
        match self {
            Self::Lines(lines) => {
                geo::MultiLineString::new(lines.iter().map(line_to_geo).collect())
            }
            _ => geo::MultiLineString::new(Vec::new()),
        }
    }

    /// The polygon parts; empty for points and lines.
    pub fn polygons(&self) -> &[Polygon] {
        match self {
            Self::Polygons(polygons) => polygons,
            _ => &[],
        }
    }

    /// The line parts; empty for points and polygons.
    pub fn lines(&self) -> &[Line] {
        match self {
            Self::Lines(lines) => lines,
            _ => &[],
        }
    }
}

fn line_to_geo(line: &Line) -> geo::LineString<f64> {
    line.iter().map(|p| geo::Coord { x: p[0], y: p[1] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_are_closed_once() {
        let open = Polygon::from_corners(&[(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]);
        let closed = Polygon::from_corners(&[(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]);
        assert_eq!(open.exterior.len(), 4);
        assert_eq!(closed.exterior.len(), 4);
    }

    #[test]
    fn heights_are_seen_through_parts() {
        let mut geometry = Geometry::Lines(vec![vec![[0.0, 0.0, f64::NAN], [2.0, 1.0, f64::NAN]]]);
        assert!(!geometry.has_heights());
        geometry.positions_mut().for_each(|p| p[2] = 3.0);
        assert!(geometry.has_heights());
        assert_eq!(geometry.extent().map(|e| e.area()), Some(2.0));
    }
}
