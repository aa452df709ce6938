//! Point-cloud records without meaning, as a struct of arrays of about 16 bytes a point.

use crate::spatial::Extent;

/// Points of one file or part of it. Coordinates are the file's integers; world coordinates are
/// `integer · scale + offset`, metres.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PointBlock {
    /// Metres per unit for x, y, z.
    pub scale: [f64; 3],
    /// World position of integer zero.
    pub offset: [f64; 3],
    /// Quantised east.
    pub x: Vec<i32>,
    /// Quantised north.
    pub y: Vec<i32>,
    /// Quantised height.
    pub z: Vec<i32>,
    /// Class code as in the file.
    pub class: Vec<u8>,
    /// Number of this return, from 1.
    pub return_number: Vec<u8>,
    /// Number of returns of the pulse.
    pub number_of_returns: Vec<u8>,
}

impl PointBlock {
    /// Number of points.
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.x.is_empty()
    }

    /// Makes room for more points.
    pub fn reserve(&mut self, additional: usize) {
        self.x.reserve_exact(additional);
        self.y.reserve_exact(additional);
        self.z.reserve_exact(additional);
        self.class.reserve_exact(additional);
        self.return_number.reserve_exact(additional);
        self.number_of_returns.reserve_exact(additional);
    }

    /// Puts the points of another block of the same file, and so of the same scale and offset,
    /// behind these.
    pub fn append(&mut self, mut other: Self) {
        debug_assert!(self.scale == other.scale && self.offset == other.offset);
        self.x.append(&mut other.x);
        self.y.append(&mut other.y);
        self.z.append(&mut other.z);
        self.class.append(&mut other.class);
        self.return_number.append(&mut other.return_number);
        self.number_of_returns.append(&mut other.number_of_returns);
    }

    /// World position of a point.
    pub fn position(&self, i: usize) -> [f64; 3] {
        [
            f64::from(self.x[i]) * self.scale[0] + self.offset[0],
            f64::from(self.y[i]) * self.scale[1] + self.offset[1],
            f64::from(self.z[i]) * self.scale[2] + self.offset[2],
        ]
    }

    /// World positions of all points, in file order.
    pub fn positions(&self) -> impl Iterator<Item = [f64; 3]> + '_ {
        (0..self.len()).map(|i| self.position(i))
    }

    /// Bounding rectangle of the points themselves (headers lie).
    pub fn extent(&self) -> Option<Extent> {
        Extent::of_points(self.positions().map(|p| (p[0], p[1])))
    }
}
