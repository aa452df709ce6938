//! Storeys added on a footprint, one by one.

use geo::{Area, Buffer, MultiPolygon, Polygon};

use crate::Site;

/// What an added storey is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoreyRule {
    /// Height from floor to floor.
    pub height_m: f64,
    /// A part in which no circle of this diameter fits is no storey.
    pub least_depth_m: f64,
    /// A smaller part is no storey.
    pub least_area_m2: f64,
    /// Storeys at most.
    pub most: usize,
}

/// A storey that may be added.
#[derive(Debug, Clone, PartialEq)]
pub struct Storey {
    /// Altitude of its floor.
    pub floor_m: f64,
    /// Altitude of its top.
    pub top_m: f64,
    /// Its shape.
    pub shape: MultiPolygon<f64>,
}

/// Why no further storey may be added.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal<R> {
    /// The rules that take something away at its top, with the area that each takes alone, the
    /// greatest first. None where the limit is that of the rule of storeys.
    pub rules: Vec<(R, f64)>,
    /// Altitude of its top.
    pub top_m: f64,
}

/// Storeys added in one way.
#[derive(Debug, Clone, PartialEq)]
pub struct Added<R> {
    /// From the lowest.
    pub storeys: Vec<Storey>,
    /// Why there are no more.
    pub refusal: Refusal<R>,
}

impl<R> Added<R> {
    /// Area of all added storeys, m².
    pub fn area_m2(&self) -> f64 {
        self.storeys.iter().map(|s| s.shape.unsigned_area()).sum()
    }
}

/// Both ways of raising.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised<R> {
    /// Every storey on the whole footprint (*à plomb*).
    pub upright: Added<R>,
    /// Every storey on the part of the one below that is allowed (*en gradins*).
    pub stepped: Added<R>,
}

impl<R: Clone + PartialEq> Site<R> {
    /// The storeys that may be added on a footprint from an altitude.
    pub fn raise(
        &self,
        footprint: &MultiPolygon<f64>,
        from_m: f64,
        rule: &StoreyRule,
    ) -> Raised<R> {
        let none = || Added {
            storeys: Vec::new(),
            refusal: Refusal { rules: Vec::new(), top_m: from_m + rule.height_m },
        };
        let (mut upright, mut stepped) = (none(), none());
        let mut is_whole = true;
        let mut below = rule.parts(footprint.clone());
        for k in 0..rule.most {
            let floor_m = from_m + k as f64 * rule.height_m;
            let top_m = floor_m + rule.height_m;
            if is_whole {
                let allowed = self.allowed(footprint, top_m);
                is_whole = allowed.refused.is_empty() && !below.0.is_empty();
                upright.refusal = Refusal { rules: allowed.refused, top_m };
                if is_whole {
                    upright.storeys.push(Storey { floor_m, top_m, shape: footprint.clone() });
                }
            }
            let part = match is_whole {
                true => below.clone(),
                false => rule.parts(self.clipped(&below, top_m)),
            };
            if part.0.is_empty() {
                let rules = self.allowed(&below, top_m).refused;
                stepped.refusal = Refusal { rules, top_m };
                break;
            }
            below = part;
            stepped.refusal.top_m = top_m + rule.height_m;
            stepped.storeys.push(Storey { floor_m, top_m, shape: below.clone() });
        }
        Raised { upright, stepped }
    }
}

impl StoreyRule {
    /// The parts of a shape that are wide and large enough.
    pub fn parts(&self, shape: MultiPolygon<f64>) -> MultiPolygon<f64> {
        let is_kept = |part: &Polygon<f64>| {
            let inner = 0.5 * self.least_depth_m - 1e-6;
            part.unsigned_area() >= self.least_area_m2.max(1e-3)
                && (inner <= 0.0 || !part.buffer(-inner).0.is_empty())
        };
        MultiPolygon::new(shape.into_iter().filter(is_kept).collect())
    }
}
