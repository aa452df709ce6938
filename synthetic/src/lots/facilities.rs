//! Grounds and buildings of the public facilities.

use super::Builder;
use super::frontage::{beside, places};
use crate::building::{Design, Rectangle};
use crate::facility::{FacilityKind, Programme, Quarter};
use crate::frame::Point;
use crate::roof::RoofShape;

/// Ground of a facility and its buildings (indices of designs).
pub(crate) struct Site {
    pub(crate) kind: FacilityKind,
    pub(crate) name: &'static str,
    pub(crate) ground: Rectangle,
    pub(crate) designs: std::ops::Range<usize>,
}

impl Builder<'_> {
    fn target(&self, programme: &Programme) -> Point {
        let village = self.village;
        let half = 0.5 * (village.east - village.west);
        let x = village.centre[0] + programme.towards * half;
        let axis = self.terrain.river.axis(x);
        match programme.quarter {
            Quarter::Centre => [x, axis + village.main + 14.0],
            Quarter::Upper => [x, axis + 0.5 * (village.main + village.top)],
            Quarter::BehindDyke => {
                let half = 0.45 * (self.terrain.bay[1] - self.terrain.bay[0]);
                let x = 0.5 * self.terrain.size + programme.towards * half;
                [x, self.terrain.river.axis(x) + village.low - 8.0]
            }
        }
    }

    /// Builds a facility as near its quarter as there is room, smaller where need be.
    pub(super) fn facility(&mut self, programme: &Programme) {
        let target = self.target(programme);
        let distance2 = |p: Point| {
            let (dx, dy) = (p[0] - target[0], p[1] - target[1]);
            dx * dx + dy * dy
        };
        // Smaller villages have smaller facilities.
        for shrink in [1.0, 0.75, 0.55] {
            let size = [programme.length * shrink, programme.depth * shrink];
            let ground = [size[0] + 2.0 * programme.margin, size[1] + 2.0 * programme.margin];
            let mut best: Option<(f64, Rectangle, usize)> = None;
            for (index, way) in self.ways.iter().enumerate().filter(|(_, w)| w.built) {
                for place in places(way, 6.0) {
                    let score = distance2(place.0);
                    if score > 320.0 * 320.0 || best.is_some_and(|(s, ..)| score >= s) {
                        continue;
                    }
                    for side in [1.0, -1.0] {
                        let setback = (programme.setback - programme.margin).max(1.0);
                        let rectangle = beside(way, place, side, setback, ground);
                        if best.is_none_or(|(s, ..)| score < s)
                            && self.occupancy.is_free(&rectangle, 1.0, 0.8)
                        {
                            best = Some((score, rectangle, index));
                        }
                    }
                }
            }
            if let Some((_, ground, way)) = best {
                let first = self.designs.len();
                if programme.storeys > 0 {
                    self.facility_building(programme, ground, size, &self.ways[way].name.clone());
                }
                self.occupancy.add(ground);
                let designs = first..self.designs.len();
                self.sites.push(Site {
                    kind: programme.kind,
                    name: programme.name,
                    ground,
                    designs,
                });
                return;
            }
        }
    }

    fn facility_building(
        &mut self,
        programme: &Programme,
        ground: Rectangle,
        [length, depth]: [f64; 2],
        street: &str,
    ) {
        let church = programme.kind == FacilityKind::Church;
        let tower = if church { 0.6 * depth } else { 0.0 };
        let rectangle = Rectangle {
            centre: ground.at(0.5 * tower, 0.0),
            half_along: 0.5 * (length - tower),
            half_away: 0.5 * depth,
            ..ground
        };
        let shift = self.shift();
        let design = Design {
            usage: programme.usage,
            roof: programme.roof,
            rectangle,
            pitch: match programme.roof {
                RoofShape::Shed => 0.16,
                _ if church => 1.1,
                _ => 0.6,
            },
            over_ends: 0.3,
            over_sides: 0.4,
            wall_height: f64::from(programme.storeys) * 3.1 + 0.3,
            storeys: programme.storeys,
            dwellings: 0,
            vector_shift: shift,
            street: street.to_owned(),
            lot: ground,
        };
        self.designs.push(Design { over_ends: if church { 0.0 } else { 0.3 }, ..design.clone() });
        if church {
            let half = 0.5 * tower;
            self.designs.push(Design {
                roof: RoofShape::Hip,
                rectangle: Rectangle {
                    centre: ground.at(half - 0.5 * length, 0.0),
                    half_along: half,
                    half_away: half,
                    ..ground
                },
                pitch: 1.9,
                over_sides: 0.0,
                over_ends: 0.0,
                wall_height: 20.0,
                ..design
            });
        }
    }
}
