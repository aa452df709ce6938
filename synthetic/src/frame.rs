//! Local plan ↔ world. The plan is drawn with the river flowing to +x and the old village on its
//! +y side; one of the eight symmetries of the square turns it, so that seeds differ at a glance.
//! The symmetries are exact in floating point.

use twin_core::spatial::Extent;

/// Position on the local plan, metres from its corner.
pub(crate) type Point = [f64; 2];

/// How the plan lies in the world.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    west: f64,
    south: f64,
    size: f64,
    transposed: bool,
    flip_x: bool,
    flip_y: bool,
}

impl Frame {
    pub(crate) fn new(extent: &Extent, size: f64, orientation: u64) -> Self {
        Self {
            west: extent.min_x,
            south: extent.min_y,
            size,
            transposed: orientation & 4 != 0,
            flip_x: orientation & 1 != 0,
            flip_y: orientation & 2 != 0,
        }
    }

    pub(crate) fn world(&self, [x, y]: Point) -> Point {
        let (mut a, mut b) = if self.transposed { (y, x) } else { (x, y) };
        if self.flip_x {
            a = self.size - a;
        }
        if self.flip_y {
            b = self.size - b;
        }
        [self.west + a, self.south + b]
    }

    pub(crate) fn local(&self, x: f64, y: f64) -> Point {
        let (mut a, mut b) = (x - self.west, y - self.south);
        if self.flip_x {
            a = self.size - a;
        }
        if self.flip_y {
            b = self.size - b;
        }
        if self.transposed { [b, a] } else { [a, b] }
    }

    /// Whether turning the plan into the world mirrors it (rings change direction).
    pub(crate) fn mirrors(&self) -> bool {
        self.transposed ^ self.flip_x ^ self.flip_y
    }

    /// A ring in the world, with the direction it has on the plan.
    pub(crate) fn ring(&self, ring: &[Point]) -> Vec<Point> {
        let mut world: Vec<Point> = ring.iter().map(|&p| self.world(p)).collect();
        if self.mirrors() {
            world.reverse();
        }
        world
    }

    /// A line in the world.
    pub(crate) fn line(&self, line: &[Point]) -> Vec<Point> {
        line.iter().map(|&p| self.world(p)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_undoes_world_for_all_orientations() {
        let extent =
            Extent { min_x: 700_000.0, min_y: 6_599_000.0, max_x: 701_000.0, max_y: 6.6e6 };
        for orientation in 0..8 {
            let frame = Frame::new(&extent, 1000.0, orientation);
            let [x, y] = frame.world([12.5, 100.25]);
            assert_eq!(frame.local(x, y), [12.5, 100.25]);
            assert!(extent.contains(x, y));
        }
    }
}
