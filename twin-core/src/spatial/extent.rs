//! Axis-aligned rectangles in world coordinates.

use serde::{Deserialize, Serialize};

/// A rectangle in world coordinates (metres or degrees of its CRS), `min ≤ max`, all finite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "[f64; 4]", try_from = "[f64; 4]")]
pub struct Extent {
    /// West.
    pub min_x: f64,
    /// South.
    pub min_y: f64,
    /// East.
    pub max_x: f64,
    /// North.
    pub max_y: f64,
}

impl Extent {
    /// From west, south, east, north; `None` when a bound is not finite or the bounds are reversed.
    pub fn new(min_x: f64, min_y: f64, max_x: f64, max_y: f64) -> Option<Self> {
        let finite = [min_x, min_y, max_x, max_y].iter().all(|v| v.is_finite());
        (finite && min_x <= max_x && min_y <= max_y).then_some(Self { min_x, min_y, max_x, max_y })
    }

    /// The smallest extent that holds all points; `None` without a finite point.
    pub fn of_points(points: impl IntoIterator<Item = (f64, f64)>) -> Option<Self> {
        points
            .into_iter()
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .map(|(x, y)| Self { min_x: x, min_y: y, max_x: x, max_y: y })
            .reduce(|a, b| a.union(&b))
    }

    /// West–east length.
    pub fn width(&self) -> f64 {
        self.max_x - self.min_x
    }

    /// South–north length.
    pub fn height(&self) -> f64 {
        self.max_y - self.min_y
    }

    /// Area in square units of the CRS.
    pub fn area(&self) -> f64 {
        self.width() * self.height()
    }

    /// Middle point.
    pub fn centre(&self) -> (f64, f64) {
        (0.5 * (self.min_x + self.max_x), 0.5 * (self.min_y + self.max_y))
    }

    /// The smallest extent that holds both.
    pub fn union(&self, other: &Self) -> Self {
        Self {
            min_x: self.min_x.min(other.min_x),
            min_y: self.min_y.min(other.min_y),
            max_x: self.max_x.max(other.max_x),
            max_y: self.max_y.max(other.max_y),
        }
    }

    /// What both hold; `None` when they do not touch.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        Self::new(
            self.min_x.max(other.min_x),
            self.min_y.max(other.min_y),
            self.max_x.min(other.max_x),
            self.max_y.min(other.max_y),
        )
    }

    /// Whether they share at least a point.
    pub fn intersects(&self, other: &Self) -> bool {
        self.intersection(other).is_some()
    }

    /// Whether the point lies inside or on the border.
    pub fn contains(&self, x: f64, y: f64) -> bool {
        (self.min_x..=self.max_x).contains(&x) && (self.min_y..=self.max_y).contains(&y)
    }

    /// Grown by a margin on all sides (a negative margin shrinks, at most to the centre).
    pub fn buffered(&self, margin: f64) -> Self {
        let dx = margin.max(-0.5 * self.width());
        let dy = margin.max(-0.5 * self.height());
        Self {
            min_x: self.min_x - dx,
            min_y: self.min_y - dy,
            max_x: self.max_x + dx,
            max_y: self.max_y + dy,
        }
    }

    /// As a `geo` rectangle.
    pub fn to_geo(&self) -> geo::Rect<f64> {
        geo::Rect::new((self.min_x, self.min_y), (self.max_x, self.max_y))
    }
}

impl From<Extent> for [f64; 4] {
    fn from(e: Extent) -> Self {
        [e.min_x, e.min_y, e.max_x, e.max_y]
    }
}

impl TryFrom<[f64; 4]> for Extent {
    type Error = String;

    fn try_from([a, b, c, d]: [f64; 4]) -> Result<Self, String> {
        Self::new(a, b, c, d)
            .ok_or_else(|| format!("[{a}, {b}, {c}, {d}] is not [west, south, east, north]"))
    }
}

impl schemars::JsonSchema for Extent {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Extent".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "array",
            "description": "[west, south, east, north] in the units of the CRS",
            "items": { "type": "number" },
            "minItems": 4,
            "maxItems": 4
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_reversed_and_infinite_bounds() {
        assert!(Extent::new(1.0, 0.0, 0.0, 1.0).is_none());
        assert!(Extent::new(0.0, 0.0, f64::INFINITY, 1.0).is_none());
    }

    #[test]
    fn disjoint_extents_do_not_intersect() {
        let a = Extent { min_x: 0.0, min_y: 0.0, max_x: 1.0, max_y: 1.0 };
        let b = Extent { min_x: 2.0, ..a };
        assert!(!a.intersects(&Extent { max_x: 3.0, ..b }));
        assert!(a.intersects(&a.buffered(-10.0)));
    }
}
