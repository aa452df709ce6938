//! Which points of a file are wanted, tested on the record before it is stored.

use super::PointQuery;
use super::decode::coordinates;
use crate::formats::PointBlock;

/// A query in the integers of one file.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    /// Lowest and highest integer of x and of y, inclusive.
    x: [i64; 2],
    y: [i64; 2],
    classes: [bool; 256],
}

impl Filter {
    pub(super) fn new(query: &PointQuery, scale: [f64; 3], offset: [f64; 3]) -> Self {
        // Half a thousandth of a unit forgives the rounding of `integer · scale + offset`, so that
        // a point on the border of the extent is inside on every file.
        let range = |low: f64, high: f64, axis: usize| {
            let unit = |v: f64| (v - offset[axis]) / scale[axis];
            [(unit(low) - 5e-4).ceil() as i64, (unit(high) + 5e-4).floor() as i64]
        };
        let everything = [i64::MIN, i64::MAX];
        let mut classes = [query.classes.is_none(); 256];
        for &class in query.classes.iter().flatten() {
            classes[usize::from(class)] = true;
        }
        Self {
            x: query.extent.map_or(everything, |e| range(e.min_x, e.max_x, 0)),
            y: query.extent.map_or(everything, |e| range(e.min_y, e.max_y, 1)),
            classes,
        }
    }

    /// Stores a record that passes. Withheld points never do: their producer deleted them.
    #[inline]
    pub(super) fn push(&self, record: &[u8], is_extended: bool, block: &mut PointBlock) {
        let (Some([x, y, z]), Some(&[returns, flags, class])) =
            (coordinates(record), record.get(14..17).and_then(|f| <&[u8; 3]>::try_from(f).ok()))
        else {
            return;
        };
        let (class, is_withheld, number, count) = if is_extended {
            (class, flags & 0b100 != 0, returns & 0x0f, returns >> 4)
        } else {
            // Formats 0 to 5: byte 15 is class and flags, byte 14 returns of 3 bits.
            (flags & 0x1f, flags & 0x80 != 0, returns & 0x07, (returns >> 3) & 0x07)
        };
        let within = |v: i32, [low, high]: [i64; 2]| (low..=high).contains(&i64::from(v));
        if is_withheld
            || !self.classes[usize::from(class)]
            || !within(x, self.x)
            || !within(y, self.y)
        {
            return;
        }
        block.x.push(x);
        block.y.push(y);
        block.z.push(z);
        block.class.push(class);
        block.return_number.push(number);
        block.number_of_returns.push(count);
    }
}
