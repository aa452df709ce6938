//! Places along a street and the ground beside them.

use crate::building::Rectangle;
use crate::frame::Point;
use crate::streets::Way;

/// A place on a street: position, direction, and its distance along.
pub(super) fn places(way: &Way, step: f64) -> Vec<(Point, Point)> {
    let mut places = Vec::new();
    let mut next = step;
    let mut along = 0.0;
    for pair in way.line.windows(2) {
        let (dx, dy) = (pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]);
        let length = (dx * dx + dy * dy).sqrt();
        while next <= along + length {
            let t = (next - along) / length;
            places.push(([pair[0][0] + t * dx, pair[0][1] + t * dy], [dx / length, dy / length]));
            next += step;
        }
        along += length;
    }
    places
}

/// The rectangle beside a street.
pub(super) fn beside(
    way: &Way,
    place: (Point, Point),
    side: f64,
    setback: f64,
    [length, depth]: [f64; 2],
) -> Rectangle {
    let (p, along) = place;
    let away = [-along[1] * side, along[0] * side];
    let distance = way.half_width + setback + 0.5 * depth;
    Rectangle {
        centre: [p[0] + away[0] * distance, p[1] + away[1] * distance],
        along,
        away,
        half_along: 0.5 * length,
        half_away: 0.5 * depth,
    }
}
