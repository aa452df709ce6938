//! Hours of sun that an added volume takes from the façades of its neighbours.
//!
//! A façade is the middle of a wall at half its height; a ray goes from it to the sun every half
//! hour. Buildings stand as blocks up to their ridge. Terrain and trees are left out: what is told is what
//! the added volume takes from an open street.

use geo::{Intersects, Line, LineString, MultiPolygon};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use twin_core::Result;
use twin_core::spatial::{Crs, Extent, Transformer};
use twin_envelope::Storey;
use twin_sunlight::{Place, sun_position};

use crate::potential::Study;
use crate::subject::Subject;

/// Hours between two positions of the sun.
const STEP_H: f64 = 0.5;
/// The sun lower than this is behind something anyway, degrees.
const LOW_DEG: f64 = 3.0;
/// Shadows are followed so far, m.
const FARTHEST_M: f64 = 120.0;
/// Walls shorter than this are no façade, m.
const SHORTEST_M: f64 = 2.0;

/// The days that are told: winter solstice and equinox.
pub(crate) const DAYS: [(i8, i8); 2] = [(12, 21), (3, 21)];

/// Positions of the sun over a day.
#[derive(Debug, Clone)]
pub(crate) struct SunPath(Vec<Direction>);

#[derive(Debug, Clone, Copy)]
struct Direction {
    /// Unit vector towards the sun in plan.
    towards: [f64; 2],
    /// Metres of height per metre of distance.
    rise: f64,
}

impl SunPath {
    /// The path of the sun on the days of [`DAYS`] at a place of a reference system.
    pub(crate) fn of_days(crs: Crs, [x, y]: [f64; 2], year: i16) -> Result<[Self; 2]> {
        let mut position = [[x, y, 0.0]];
        Transformer::new(crs, Crs::WGS_84)?.transform(&mut position);
        let [longitude, latitude, _] = position[0];
        let place = Place::new(latitude, longitude, 0.0);
        Ok(DAYS.map(|(month, day)| Self::of(date(year, month, day), &place)))
    }

    fn of(day: Date, place: &Place) -> Self {
        let Ok(midnight) = TimeZone::UTC.to_timestamp(day.into()) else { return Self(Vec::new()) };
        let steps = (24.0 / STEP_H) as i64;
        let at = |k: i64| -> Option<Direction> {
            let minutes = (60.0 * STEP_H) as i64 * k;
            let time: Timestamp = midnight.checked_add(minutes.minutes()).ok()?;
            let sun = sun_position(time, place).ok().filter(|sun| sun.altitude > LOW_DEG)?;
            let (azimuth, altitude) = (sun.azimuth.to_radians(), sun.altitude.to_radians());
            Some(Direction { towards: [azimuth.sin(), azimuth.cos()], rise: altitude.tan() })
        };
        Self((0..steps).filter_map(at).collect())
    }
}

/// What an added volume takes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct SunLost {
    /// Hours that the façade hit worst loses, on 21 December and 21 March.
    pub(crate) worst_h: [f64; 2],
    /// Neighbouring buildings of which a façade loses an hour or more on either day.
    pub(crate) buildings: usize,
}

impl Study {
    /// What the storeys added on a building take from its neighbours.
    pub(crate) fn sun_lost(
        &self,
        index: usize,
        added: &[Storey],
        facades: &[Vec<Facade>],
        days: &[SunPath; 2],
    ) -> SunLost {
        let mut lost = SunLost::default();
        let Some(top_m) = added.iter().map(|s| s.top_m).reduce(f64::max) else { return lost };
        let whole = self.extents[index];
        for other in self.near(index, FARTHEST_M) {
            let mut worst = [0.0f64; 2];
            // What else stands around a neighbour is asked for once, and by few.
            let mut around: Option<Vec<usize>> = None;
            for facade in facades[other].iter().filter(|facade| facade.faces(&whole)) {
                let steepest = (top_m - facade.height_m) / facade.distance(&whole).max(0.01);
                for (hours, day) in worst.iter_mut().zip(days) {
                    let taken = day.0.iter().filter(|sun| {
                        sun.rise < steepest
                            && facade.sees(sun)
                            && facade.meets(&whole, sun, FARTHEST_M)
                            && hits(facade, sun, added)
                            && !self.is_shaded(
                                facade,
                                sun,
                                around.get_or_insert_with(|| {
                                    self.near(other, FARTHEST_M).chain([other]).collect()
                                }),
                            )
                    });
                    *hours = hours.max(STEP_H * taken.count() as f64);
                }
            }
            for (total, worst) in lost.worst_h.iter_mut().zip(worst) {
                *total = total.max(worst);
            }
            lost.buildings += usize::from(worst.iter().any(|h| *h >= 1.0));
        }
        lost
    }

    /// Whether a building as it is stands between a façade and the sun; the building itself stands
    /// behind its façade, but for wings of it.
    fn is_shaded(&self, facade: &Facade, sun: &Direction, around: &[usize]) -> bool {
        around.iter().any(|k| {
            let subject = &self.subjects[*k];
            let reach = ((subject.ridge_m - facade.height_m) / sun.rise).min(FARTHEST_M);
            reach > 0.0
                && facade.meets(&self.extents[*k], sun, reach)
                && crosses(&subject.footprint, facade, sun, reach)
        })
    }
}

/// The middle of a wall.
pub(crate) struct Facade {
    at: [f64; 2],
    height_m: f64,
    outward: [f64; 2],
}

impl Facade {
    /// Whether the sun stands before it and not behind.
    fn sees(&self, sun: &Direction) -> bool {
        self.outward[0] * sun.towards[0] + self.outward[1] * sun.towards[1] > 1e-6
    }

    /// Whether any of an extent lies before it.
    fn faces(&self, e: &Extent) -> bool {
        let farthest = [(e.min_x, e.max_x), (e.min_y, e.max_y)]
            .into_iter()
            .zip(self.at)
            .zip(self.outward)
            .map(|(((low, high), at), outward)| {
                outward * if outward > 0.0 { high - at } else { low - at }
            });
        farthest.sum::<f64>() > 0.0
    }

    /// Distance in plan to an extent.
    fn distance(&self, e: &Extent) -> f64 {
        let east = (e.min_x - self.at[0]).max(self.at[0] - e.max_x).max(0.0);
        let north = (e.min_y - self.at[1]).max(self.at[1] - e.max_y).max(0.0);
        east.hypot(north)
    }

    /// Whether the plan of a ray to the sun, so long, meets an extent (by slabs).
    fn meets(&self, e: &Extent, sun: &Direction, reach_m: f64) -> bool {
        let (mut from, mut to) = (0.0, reach_m);
        let slabs = [(e.min_x, e.max_x), (e.min_y, e.max_y)];
        for (k, (low, high)) in slabs.into_iter().enumerate() {
            let (a, b) =
                ((low - self.at[k]) / sun.towards[k], (high - self.at[k]) / sun.towards[k]);
            // Along the slab, the quotients are infinite and keep or empty the rest.
            from = a.min(b).max(from);
            to = a.max(b).min(to);
        }
        from <= to
    }

    /// The plan of a ray to the sun, a little before the wall, so far.
    fn ray(&self, sun: &Direction, reach_m: f64) -> Line<f64> {
        let from = [0, 1].map(|k| self.at[k] + 0.05 * self.outward[k]);
        let to = [0, 1].map(|k| from[k] + reach_m * sun.towards[k]);
        Line::new((from[0], from[1]), (to[0], to[1]))
    }
}

/// The façades of a building.
pub(crate) fn facades(subject: &Subject) -> impl Iterator<Item = Facade> + '_ {
    use geo::Winding as _;
    let height_m = 0.5 * (subject.ground_m + subject.eaves_m);
    subject.footprint.iter().flat_map(move |part| {
        let ring: &LineString<f64> = part.exterior();
        let sign = if ring.is_ccw() { 1.0 } else { -1.0 };
        ring.lines().filter_map(move |wall| {
            let (dx, dy) = (wall.dx(), wall.dy());
            let length = dx.hypot(dy);
            let at = [0.5 * (wall.start.x + wall.end.x), 0.5 * (wall.start.y + wall.end.y)];
            let outward = [sign * dy / length, -sign * dx / length];
            (length >= SHORTEST_M).then_some(Facade { at, height_m, outward })
        })
    })
}

fn crosses(shape: &MultiPolygon<f64>, facade: &Facade, sun: &Direction, reach_m: f64) -> bool {
    let ray = facade.ray(sun, reach_m);
    shape.iter().any(|part| part.intersects(&ray))
}

/// Whether an added storey stands between a façade and the sun: the ray passes its plan while it is
/// between its floor and its top.
fn hits(facade: &Facade, sun: &Direction, added: &[Storey]) -> bool {
    added.iter().any(|storey| {
        let [from, to] =
            [storey.floor_m, storey.top_m].map(|z| ((z - facade.height_m) / sun.rise).max(0.0));
        if to <= from || from > FARTHEST_M {
            return false;
        }
        let whole = facade.ray(sun, to.min(FARTHEST_M));
        let start = facade.ray(sun, from).end;
        let part = Line::new(start, whole.end);
        storey.shape.iter().any(|shape| shape.intersects(&part))
    })
}
