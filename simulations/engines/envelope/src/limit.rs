//! Lines from which what is built keeps a distance that grows with its height.

use std::f64::consts::PI;

use geo::{Coord, LineString, Polygon};

/// Corners of a full circle: the polygon stands around the circle, 0.05 % of its radius beyond it at
/// most, so that no distance falls short.
const CIRCLE: usize = 96;
/// Pieces in which an arc is drawn along a line whose ground rises: on its chords the distance is never short,
/// and at most 0.5 % of the radius too great.
const ARC_PIECES: usize = 24;

/// A line from which what is built keeps its distance.
///
/// A point at altitude *z* must lie at least `max(least, (z − ground − initial) / slope)` from the nearest
/// point of the line, whose altitude is `ground`. Where the oblique follows a quarter of a circle of radius *r*,
/// the first *r* metres above the initial height ask for `r − √(r² − t²)`, and what is above for
/// `r + (t − r) / slope`, *t* metres above the initial height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Both ends with the altitude of the ground there; between them it is linear.
    pub ends: [[f64; 3]; 2],
    /// Height above the ground that may stand on the line.
    pub initial_m: f64,
    /// Radius of the arc between the initial height and the oblique; 0 for none.
    pub arc_m: f64,
    /// Height gained per metre of distance, above 0: 1 for « L ≥ H », 2 for « L ≥ H/2 ».
    pub slope: f64,
    /// Least distance, whatever the height.
    pub least_m: f64,
}

impl Limit {
    /// Distance required at an altitude from a point of the line where the ground is so high.
    pub fn required_m(&self, altitude_m: f64, ground_m: f64) -> f64 {
        let (above, arc) = (altitude_m - ground_m - self.initial_m, self.arc_m);
        let distance = if above <= 0.0 {
            0.0
        } else if above < arc {
            arc - (arc * arc - above * above).sqrt()
        } else {
            arc + (above - arc) / self.slope
        };
        distance.max(self.least_m).max(0.0)
    }

    /// Greatest distance required anywhere along the line.
    pub fn farthest_m(&self, altitude_m: f64) -> f64 {
        let [a, b] = self.ends;
        self.required_m(altitude_m, a[2]).max(self.required_m(altitude_m, b[2]))
    }

    /// Where nothing may stand at an altitude; none where everything may.
    pub fn forbidden(&self, altitude_m: f64) -> Option<Polygon<f64>> {
        let [a, b] = self.ends;
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let length = dx.hypot(dy);
        let radii = [self.required_m(altitude_m, a[2]), self.required_m(altitude_m, b[2])];
        if radii == [0.0, 0.0] {
            return None;
        }
        let heading = if length > 0.0 { dy.atan2(dx) } else { 0.0 };
        let mut corners = Vec::with_capacity(CIRCLE + 6);
        half_circle(&mut corners, a, radii[0], heading + 0.5 * PI);
        let bends = self.bends(altitude_m, length);
        let side = |sign: f64, (along, radius): &(f64, f64)| {
            let (x, y) = (a[0] + along / length * dx, a[1] + along / length * dy);
            let (nx, ny) = (-dy / length, dx / length);
            Coord { x: x + sign * radius * nx, y: y + sign * radius * ny }
        };
        corners.extend(bends.iter().map(|bend| side(-1.0, bend)));
        half_circle(&mut corners, b, radii[1], heading - 0.5 * PI);
        corners.extend(bends.iter().rev().map(|bend| side(1.0, bend)));
        Some(Polygon::new(LineString::new(corners), Vec::new()))
    }

    /// Where between its ends, along the line, the distance bends, and that distance: where the ground rises or falls, at the
    /// foot and the head of the arc, along it, and where the least distance ends.
    fn bends(&self, altitude_m: f64, length_m: f64) -> Vec<(f64, f64)> {
        let [from, to] = self.ends.map(|end| altitude_m - end[2] - self.initial_m);
        if length_m <= 0.0 || from == to {
            return Vec::new();
        }
        let (arc, least) = (self.arc_m, self.least_m.max(0.0));
        let of_least = match least < arc {
            true => (arc * arc - (arc - least).powi(2)).sqrt(),
            false => arc + (least - arc) * self.slope,
        };
        // Angles from the head of the arc, where it is steep, the finer the nearer to it.
        let angle = |k: usize| 0.5 * PI * (k as f64 / ARC_PIECES as f64).powf(1.5);
        let on_arc =
            (1..ARC_PIECES).map(|k| arc * angle(k).cos()).chain([0.0, arc]).filter(|_| arc > 0.0);
        let mut heights: Vec<f64> = on_arc.chain([of_least]).collect();
        heights.sort_by(f64::total_cmp);
        heights.dedup();
        let bend = |above: f64| {
            let share = (above - from) / (to - from);
            (share > 0.0 && share < 1.0).then(|| {
                let ground = altitude_m - self.initial_m - above;
                (share * length_m, self.required_m(altitude_m, ground))
            })
        };
        let mut bends: Vec<(f64, f64)> = heights.into_iter().filter_map(bend).collect();
        if from > to {
            bends.reverse();
        }
        bends
    }
}

/// Half a circle about an end, counter-clockwise from an angle.
fn half_circle(corners: &mut Vec<Coord<f64>>, centre: [f64; 3], radius: f64, from: f64) {
    const HALF: usize = CIRCLE / 2;
    let outside = radius / (PI / CIRCLE as f64).cos();
    let at = |angle: f64, radius: f64| Coord {
        x: centre[0] + radius * angle.cos(),
        y: centre[1] + radius * angle.sin(),
    };
    // The straight sides touch the circle itself; the corners between stand outside it.
    corners.push(at(from, radius));
    if radius > 0.0 {
        let step = PI / HALF as f64;
        corners.extend((0..HALF).map(|k| at(from + (k as f64 + 0.5) * step, outside)));
        corners.push(at(from + PI, radius));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Area, Contains, Point};

    fn limit() -> Limit {
        Limit {
            ends: [[0.0, 0.0, 2.0], [20.0, 0.0, 2.0]],
            initial_m: 1.0,
            arc_m: 0.0,
            slope: 2.0,
            least_m: 3.0,
        }
    }

    #[test]
    fn the_distance_is_half_the_height_and_never_less_than_the_least() {
        assert_eq!(limit().required_m(13.0, 2.0), 5.0);
        assert_eq!(limit().required_m(4.0, 2.0), 3.0);
        let free = Limit { least_m: 0.0, ..limit() };
        assert_eq!(free.required_m(2.5, 2.0), 0.0);
        assert!(free.forbidden(2.5).is_none());
    }

    #[test]
    fn what_is_forbidden_is_what_lies_nearer() {
        let shape = limit().forbidden(13.0).unwrap();
        // A rectangle of 20 m × 10 m and a circle of 5 m.
        let expected = 200.0 + PI * 25.0;
        assert!((shape.unsigned_area() / expected - 1.0).abs() < 1e-3);
        for (x, y, inside) in [(10.0, 4.999, true), (10.0, 5.001, false), (-4.99, 0.0, true)] {
            assert_eq!(shape.contains(&Point::new(x, y)), inside, "{x} {y}");
        }
        assert!(!shape.contains(&Point::new(-5.01, 0.0)));
    }

    #[test]
    fn on_a_slope_the_distance_follows_the_ground() {
        let slope = Limit { ends: [[0.0, 0.0, 0.0], [20.0, 0.0, 8.0]], least_m: 0.0, ..limit() };
        let shape = slope.forbidden(13.0).unwrap();
        for x in [2.0, 10.0, 18.0] {
            let required = slope.required_m(13.0, 0.4 * x);
            assert!(shape.contains(&Point::new(x, required - 0.001)), "{x}");
            assert!(!shape.contains(&Point::new(x, required + 0.001)), "{x}");
        }
    }

    #[test]
    fn the_least_distance_bends_the_edge() {
        let slope = Limit { ends: [[0.0, 0.0, 0.0], [20.0, 0.0, 10.0]], ..limit() };
        let shape = slope.forbidden(11.0).unwrap();
        for x in [1.0, 7.0, 9.0, 19.0] {
            let required = slope.required_m(11.0, 0.5 * x);
            assert!(shape.contains(&Point::new(x, -required + 0.001)), "{x}");
            assert!(!shape.contains(&Point::new(x, -required - 0.001)), "{x}");
        }
    }

    #[test]
    fn an_arc_leads_from_the_wall_to_the_oblique() {
        // Wall of 12 m, a quarter of a circle of 6 m, then 2 m of height per metre.
        let arc = Limit {
            ends: [[0.0, 0.0, 0.0], [20.0, 0.0, 0.0]],
            initial_m: 12.0,
            arc_m: 6.0,
            slope: 2.0,
            least_m: 0.0,
        };
        assert_eq!(arc.required_m(12.0, 0.0), 0.0);
        assert!((arc.required_m(12.0 + 6.0 * 0.6, 0.0) - 6.0 * 0.2).abs() < 1e-12);
        assert_eq!(arc.required_m(18.0, 0.0), 6.0);
        assert_eq!(arc.required_m(21.0, 0.0), 7.5);
        // On a slope no point that is allowed lies nearer than it must, and what is refused too much is little.
        let slope = Limit { ends: [[0.0, 0.0, 0.0], [30.0, 0.0, 15.0]], ..arc };
        let shape = slope.forbidden(22.0).unwrap();
        for k in 1..300 {
            let x = 0.1 * f64::from(k);
            let required = slope.required_m(22.0, 0.5 * x);
            if required > 0.0 {
                assert!(shape.contains(&Point::new(x, required - 1e-6)), "{x}");
            }
            assert!(!shape.contains(&Point::new(x, required + 0.005 * 6.0)), "{x}");
        }
    }
}
