//! Points sorted into square bins, to be read back by rectangle.

use rayon::prelude::*;

use super::{LatticeBox, SurfacePoint};

/// Smallest side of a bin, millimetres: some hundred points of a dense cloud.
const SMALLEST_BIN_MM: i64 = 16_000;

/// A set of points that answers "which lie in this rectangle?" in time proportional to the answer.
#[derive(Debug, Clone)]
pub struct PointBins {
    bounds: LatticeBox,
    bin_mm: i64,
    columns: usize,
    /// Position in `points` of the first point of each bin, and one past the last.
    starts: Vec<usize>,
    points: Vec<SurfacePoint>,
}

impl PointBins {
    /// Sorts the points; `None` without a point. Of points that share x and y the lowest stays.
    pub fn new(mut points: Vec<SurfacePoint>) -> Option<Self> {
        let bounds = LatticeBox::of_points(&points)?;
        let side =
            |bin: i64, axis: usize| ((bounds.max[axis] - bounds.min[axis]) / bin + 1) as usize;
        let mut bin_mm = SMALLEST_BIN_MM;
        // Stray points must not turn into memory: never many more bins than points.
        while side(bin_mm, 0).saturating_mul(side(bin_mm, 1)) > points.len().max(1024) {
            bin_mm *= 2;
        }
        let (columns, rows) = (side(bin_mm, 0), side(bin_mm, 1));
        let bin_of = |p: &SurfacePoint| {
            let column = ((p.x_mm - bounds.min[0]) / bin_mm) as usize;
            let row = ((p.y_mm - bounds.min[1]) / bin_mm) as usize;
            row * columns + column
        };
        points.par_sort_unstable_by_key(|p| (bin_of(p), *p));
        points.dedup_by_key(|p| (p.x_mm, p.y_mm));
        let mut starts = vec![0; rows * columns + 1];
        for point in &points {
            starts[bin_of(point) + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        Some(Self { bounds, bin_mm, columns, starts, points })
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is no point (never: an empty set cannot be made).
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Bounding box of all points.
    pub fn bounds(&self) -> LatticeBox {
        self.bounds
    }

    /// All points, bin by bin.
    pub fn points(&self) -> &[SurfacePoint] {
        &self.points
    }

    /// Points inside or on the border of a rectangle.
    pub fn within<'a>(
        &'a self,
        area: &LatticeBox,
    ) -> impl Iterator<Item = &'a SurfacePoint> + use<'a> {
        let area = *area;
        let rows = (self.starts.len() - 1) / self.columns;
        let range = |axis: usize, count: usize| {
            let bin = |v: i64| (v - self.bounds.min[axis]).div_euclid(self.bin_mm);
            let first = bin(area.min[axis]).clamp(0, count as i64) as usize;
            let last = (bin(area.max[axis]) + 1).clamp(0, count as i64) as usize;
            first..last.max(first)
        };
        let columns = range(0, self.columns);
        range(1, rows)
            .filter(move |_| !columns.is_empty())
            .flat_map({
                let columns = range(0, self.columns);
                move |row| {
                    let first = self.starts[row * self.columns + columns.start];
                    let last = self.starts[row * self.columns + columns.end];
                    &self.points[first..last]
                }
            })
            .filter(move |p| area.contains(p.x_mm, p.y_mm))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_beyond_a_single_bin_gives_it_once() {
        let point = SurfacePoint { x_mm: 5, y_mm: 5, z_mm: 1, class: 2, is_first_return: true };
        let bins = PointBins::new(vec![point]).unwrap();
        let area = LatticeBox { min: [-100_000, -100_000], max: [100_000, 100_000] };
        assert_eq!(bins.within(&area).count(), 1);
    }

    #[test]
    fn a_rectangle_gives_exactly_its_points() {
        let points: Vec<SurfacePoint> = (0..3000i64)
            .map(|i| SurfacePoint {
                x_mm: i * 7919 % 100_003 - 50_000,
                y_mm: i * 104_729 % 80_021,
                z_mm: i as i32,
                class: 2,
                is_first_return: true,
            })
            .collect();
        let bins = PointBins::new(points.clone()).unwrap();
        for area in [
            LatticeBox { min: [-10_000, 5_000], max: [30_000, 60_000] },
            LatticeBox { min: [-1_000_000, -1_000_000], max: [1_000_000, 1_000_000] },
            LatticeBox { min: [900_000, 0], max: [900_001, 1] },
        ] {
            let mut found: Vec<_> = bins.within(&area).copied().collect();
            let mut expected: Vec<_> =
                points.iter().copied().filter(|p| area.contains(p.x_mm, p.y_mm)).collect();
            found.sort();
            expected.sort();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn far_strays_cost_no_memory() {
        let stray =
            |x_mm| SurfacePoint { x_mm, y_mm: x_mm, z_mm: 0, class: 2, is_first_return: true };
        let bins = PointBins::new(vec![stray(-100_000_000_000), stray(100_000_000_000)]).unwrap();
        assert!(bins.starts.len() <= 1025);
    }
}
