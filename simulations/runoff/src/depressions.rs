//! Depressions of the run grid: what water stays in them, and which have no way out at all.

use twin_core::Result;
use twin_core::spatial::Grid;
use twin_drainage::{Flooding, Terrain};
use twin_shallow_water::Bed;

/// The depressions of a bed with its closed cells, crests along edges left aside.
#[derive(Debug)]
pub(crate) struct Depressions {
    /// Level to which water stands before it leaves, m.
    spill_m: Grid<f32>,
    /// Places that closed cells cut off from every edge.
    pub(crate) enclosed: usize,
}

impl Depressions {
    pub(crate) fn new(bed: &Bed) -> Result<Self> {
        let level = |cell: usize| {
            let closed = bed.blocked[cell] && bed.elevation_m[cell].is_finite();
            if closed { f32::INFINITY } else { bed.elevation_m[cell] as f32 }
        };
        let values = (0..bed.spec.len()).map(level).collect();
        let flooding = Flooding::new(&Terrain::new(Grid { spec: bed.spec, values })?);
        let enclosed = flooding.sinks.len();
        Ok(Self { spill_m: flooding.level, enclosed })
    }

    /// Water below the levels of spill, m³.
    pub(crate) fn held_m3(&self, bed: &Bed, depth_m: impl Fn(usize) -> f64) -> f64 {
        let held = |cell: usize| {
            let room = f64::from(self.spill_m.values[cell]) - bed.elevation_m[cell];
            if bed.is_open(cell) && room > 0.0 { depth_m(cell).min(room) } else { 0.0 }
        };
        (0..bed.spec.len()).map(held).sum::<f64>() * bed.spec.cell_area()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic fails the test")]
mod tests {
    use super::*;
    use twin_core::spatial::GridSpec;

    #[test]
    fn a_pit_holds_water_up_to_its_spill_and_a_walled_yard_is_enclosed() {
        let spec = GridSpec { west: 0.0, north: 14.0, cell_size: 2.0, columns: 7, rows: 7 };
        // A pit of 1 m in the middle of ground that falls to the south.
        let z = Grid::from_fn(spec, |row, column| {
            10.0 - 0.25 * row as f64 - if (row, column) == (3, 3) { 1.0 } else { 0.0 }
        });
        let mut bed = Bed::from_grids(&z, &Grid::filled(spec, 0.03)).unwrap();
        let open = Depressions::new(&bed).unwrap();
        assert_eq!(open.enclosed, 0);
        // The lowest ground beside it lies 0.75 m above its bottom.
        assert!((open.held_m3(&bed, |_| 2.0) - 0.75 * 4.0).abs() < 1e-6);
        assert!((open.held_m3(&bed, |_| 0.5) - 0.5 * 4.0).abs() < 1e-6);
        for (row, column) in (2..5).flat_map(|r| (2..5).map(move |c| (r, c))) {
            bed.blocked[spec.index(row, column)] = (row, column) != (3, 3);
        }
        assert_eq!(Depressions::new(&bed).unwrap().enclosed, 1);
    }
}
