//! Shores of the river and of the pond, as closed rings.

use crate::commune::{Commune, is_counter_clockwise};
use crate::frame::Point;

/// Closed plan ring of the river between two offsets, counter-clockwise in the world.
pub(crate) fn river_band(commune: &Commune, half: f64) -> Vec<Point> {
    let river = &commune.terrain.river;
    let size = commune.terrain.size;
    let mut ring = river.line_at_offset(-half, 0.0, size, 4.0);
    let mut back = river.line_at_offset(half, 0.0, size, 4.0);
    back.reverse();
    ring.extend(back);
    ring.extend(ring.first().copied());
    let outline: Vec<Point> = ring.iter().map(|&p| commune.frame.world(p)).collect();
    if !is_counter_clockwise(&outline) {
        ring.reverse();
    }
    ring
}

/// Closed shore of the pond in the world.
pub(crate) fn pond_ring(commune: &Commune) -> Option<Vec<Point>> {
    let pond = commune.terrain.pond?;
    let mut ring = Vec::new();
    for quarter in 0..4 {
        for i in 0..8 {
            // Rational points of the circle: no sine needed.
            let t = f64::from(i) / 8.0;
            let (c, s) = ((1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t));
            let (c, s) = match quarter {
                0 => (c, s),
                1 => (-s, c),
                2 => (-c, -s),
                _ => (s, -c),
            };
            ring.push(
                commune.frame.world([
                    pond.centre[0] + c * pond.radii[0],
                    pond.centre[1] + s * pond.radii[1],
                ]),
            );
        }
    }
    if !is_counter_clockwise(&ring) {
        ring.reverse();
    }
    ring.extend(ring.first().copied());
    Some(ring)
}
