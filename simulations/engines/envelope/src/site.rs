//! All that keeps building down at a place.

use geo::{Area, BooleanOps, BoundingRect, Distance, Euclidean, Line, MultiPolygon, Rect};

use crate::Limit;

/// Distances and areas below these, in metres and square metres, are those of rounding: a house
/// exactly as far from a limit as it must be is far enough.
const LENGTH_M: f64 = 1e-6;
const AREA_M2: f64 = 1e-4;

/// An altitude that nothing exceeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Ceiling {
    /// The altitude.
    pub altitude_m: f64,
    /// Where it applies; everywhere where there is none.
    pub area: Option<MultiPolygon<f64>>,
}

/// All that keeps building down, each with the rule that it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Site<R> {
    /// Altitudes that nothing exceeds.
    pub ceilings: Vec<(R, Ceiling)>,
    /// Lines that keep a distance.
    pub limits: Vec<(R, Limit)>,
}

impl<R> Default for Site<R> {
    fn default() -> Self {
        Self { ceilings: Vec::new(), limits: Vec::new() }
    }
}

/// What may stand at an altitude.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowed<R> {
    /// The part of the shape that may.
    pub shape: MultiPolygon<f64>,
    /// The rules that take something away, with the area that each takes alone, the greatest first.
    pub refused: Vec<(R, f64)>,
}

impl<R: Clone + PartialEq> Site<R> {
    /// The part of a shape that may stand at an altitude, and what takes the rest.
    pub fn allowed(&self, shape: &MultiPolygon<f64>, altitude_m: f64) -> Allowed<R> {
        let mut refused: Vec<(R, f64)> = Vec::new();
        let mut rest = shape.clone();
        self.forbid(shape, altitude_m, |rule, forbidden| {
            let taken = match forbidden {
                Some(forbidden) => shape.intersection(forbidden).unsigned_area(),
                None => shape.unsigned_area(),
            };
            if taken < AREA_M2 {
                return;
            }
            match refused.iter_mut().find(|(known, _)| known == rule) {
                Some((_, area)) => *area = area.max(taken),
                None => refused.push((rule.clone(), taken)),
            }
            rest = without(&rest, forbidden);
        });
        refused.sort_by(|a, b| b.1.total_cmp(&a.1));
        Allowed { shape: rest, refused }
    }

    /// The part of a shape that may stand at an altitude.
    pub fn clipped(&self, shape: &MultiPolygon<f64>, altitude_m: f64) -> MultiPolygon<f64> {
        let mut rest = shape.clone();
        self.forbid(shape, altitude_m, |_, forbidden| rest = without(&rest, forbidden));
        rest
    }

    /// Calls for every rule that forbids something near a shape, with where it does; everywhere where
    /// there is no polygon.
    fn forbid(
        &self,
        shape: &MultiPolygon<f64>,
        altitude_m: f64,
        mut take: impl FnMut(&R, Option<&MultiPolygon<f64>>),
    ) {
        let Some(bounds) = shape.bounding_rect() else { return };
        for (rule, ceiling) in &self.ceilings {
            if altitude_m > ceiling.altitude_m + LENGTH_M {
                take(rule, ceiling.area.as_ref());
            }
        }
        for (rule, limit) in &self.limits {
            if reaches(limit, altitude_m, shape, &bounds)
                && let Some(forbidden) = limit.forbidden(altitude_m)
            {
                take(rule, Some(&forbidden.into()));
            }
        }
    }
}

fn without(shape: &MultiPolygon<f64>, forbidden: Option<&MultiPolygon<f64>>) -> MultiPolygon<f64> {
    match forbidden {
        Some(forbidden) => shape.difference(forbidden),
        None => MultiPolygon::new(Vec::new()),
    }
}

/// Whether a limit can take anything of a shape: most cannot, and need no polygon.
fn reaches(limit: &Limit, altitude_m: f64, shape: &MultiPolygon<f64>, bounds: &Rect<f64>) -> bool {
    let farthest = limit.farthest_m(altitude_m) - LENGTH_M;
    if farthest <= 0.0 {
        return false;
    }
    let [a, b] = limit.ends;
    let line = Line::new((a[0], a[1]), (b[0], b[1]));
    let near = line.bounding_rect();
    let gap = |low: f64, high: f64, other_low: f64, other_high: f64| {
        (low - other_high).max(other_low - high).max(0.0)
    };
    let east = gap(near.min().x, near.max().x, bounds.min().x, bounds.max().x);
    let north = gap(near.min().y, near.max().y, bounds.min().y, bounds.max().y);
    east.hypot(north) < farthest
        && shape.iter().any(|part| Euclidean.distance(&line, part) < farthest)
}
