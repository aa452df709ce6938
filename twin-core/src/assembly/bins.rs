//! Points sorted into square bins, to be read back by rectangle.

use std::cmp::Ordering;

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
    pub fn new(points: Vec<SurfacePoint>) -> Option<Self> {
        Self::sorted(points, SurfacePoint::cmp)
    }

    /// The same; of points that share x and y the highest stays.
    pub fn highest(points: Vec<SurfacePoint>) -> Option<Self> {
        Self::sorted(points, |a, b| {
            (a.x_mm, a.y_mm).cmp(&(b.x_mm, b.y_mm)).then(b.z_mm.cmp(&a.z_mm)).then(a.cmp(b))
        })
    }

    /// Sorts the points; of those that share x and y the first in the order stays.
    fn sorted(
        points: Vec<SurfacePoint>,
        order: impl Fn(&SurfacePoint, &SurfacePoint) -> Ordering + Sync,
    ) -> Option<Self> {
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
        let mut bins = Buckets::new(&points, bin_of);
        drop(points);
        let slices = bins.slices_mut().into_par_iter();
        slices.for_each(|of_bin| of_bin.sort_unstable_by(&order));
        let mut points = Vec::with_capacity(bins.members.len());
        let mut starts = vec![0];
        for k in 0..rows * columns {
            let places = bins.of(k).chunk_by(|a, b| (a.x_mm, a.y_mm) == (b.x_mm, b.y_mm));
            points.extend(places.map(|same| same[0]));
            starts.push(points.len());
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

/// Things put together by a number, each kind in the order of the input: a counting sort.
pub(super) struct Buckets<T> {
    /// Position in `members` of the first of each kind, and one past the last.
    starts: Vec<usize>,
    members: Vec<T>,
}

impl<T: Copy + Send + Sync> Buckets<T> {
    /// Memory grows with the greatest number.
    pub(super) fn new(things: &[T], number: impl Fn(&T) -> usize) -> Self {
        let mut starts = vec![0];
        for thing in things {
            let k = number(thing);
            if starts.len() < k + 2 {
                starts.resize(k + 2, 0);
            }
            starts[k + 1] += 1;
        }
        for k in 1..starts.len() {
            starts[k] += starts[k - 1];
        }
        let mut next = starts.clone();
        let mut members: Vec<T> = things.to_vec();
        for thing in things {
            let k = number(thing);
            members[next[k]] = *thing;
            next[k] += 1;
        }
        Self { starts, members }
    }

    fn of(&self, k: usize) -> &[T] {
        let end = |k: usize| self.starts.get(k).copied().unwrap_or(self.members.len());
        &self.members[end(k)..end(k + 1)]
    }

    fn slices_mut(&mut self) -> Vec<&mut [T]> {
        let mut rest = self.members.as_mut_slice();
        let lengths = self.starts.windows(2).map(|ends| ends[1] - ends[0]);
        let slices = lengths.map(|length| {
            let (first, others) = std::mem::take(&mut rest).split_at_mut(length);
            rest = others;
            first
        });
        slices.collect()
    }

    pub(super) fn par_iter(&self) -> impl IndexedParallelIterator<Item = &[T]> {
        (0..self.starts.len() - 1).into_par_iter().map(|k| self.of(k))
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
    fn of_points_at_one_position_the_lowest_or_the_highest_stays() {
        let point = |z_mm| SurfacePoint { x_mm: 5, y_mm: 5, z_mm, class: 2, is_first_return: true };
        let points = vec![point(7), point(9), point(5), point(8)];
        let heights = |bins: Option<PointBins>| {
            bins.unwrap().points().iter().map(|p| p.z_mm).collect::<Vec<_>>()
        };
        assert_eq!(heights(PointBins::new(points.clone())), [5]);
        assert_eq!(heights(PointBins::highest(points)), [9]);
    }

    #[test]
    fn far_strays_cost_no_memory() {
        let stray =
            |x_mm| SurfacePoint { x_mm, y_mm: x_mm, z_mm: 0, class: 2, is_first_return: true };
        let bins = PointBins::new(vec![stray(-100_000_000_000), stray(100_000_000_000)]).unwrap();
        assert!(bins.starts.len() <= 1025);
    }
}
