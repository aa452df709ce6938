//! Nearest neighbours among the points of a roof.

/// Points by square cells in plan, about four in each.
#[derive(Debug)]
pub(super) struct Neighbours<'a> {
    points: &'a [[f64; 3]],
    corner: [f64; 2],
    cell: f64,
    columns: usize,
    rows: usize,
    /// Where the points of each cell begin in `order`.
    starts: Vec<usize>,
    order: Vec<u32>,
}

/// Points in a cell on average.
const PER_CELL: f64 = 4.0;

impl<'a> Neighbours<'a> {
    pub(super) fn new(points: &'a [[f64; 3]]) -> Self {
        let low = |k: usize| points.iter().map(|p| p[k]).fold(f64::INFINITY, f64::min);
        let high = |k: usize| points.iter().map(|p| p[k]).fold(f64::NEG_INFINITY, f64::max);
        let corner = [low(0), low(1)];
        let (width, height) = (high(0) - corner[0], high(1) - corner[1]);
        let area = (width * height).max(1e-6);
        let cell = (PER_CELL * area / points.len().max(1) as f64).sqrt().max(0.05);
        let count = |length: f64| (length.max(0.0) / cell) as usize + 1;
        let (columns, rows) = (count(width), count(height));
        let mut starts = vec![0usize; columns * rows + 1];
        let cell_of = |p: &[f64; 3]| {
            let at = |k: usize, n: usize| (((p[k] - corner[k]) / cell) as usize).min(n - 1);
            at(1, rows) * columns + at(0, columns)
        };
        points.iter().for_each(|p| starts[cell_of(p) + 1] += 1);
        (0..columns * rows).for_each(|i| starts[i + 1] += starts[i]);
        let mut next = starts.clone();
        let mut order = vec![0; points.len()];
        for (i, p) in points.iter().enumerate() {
            let at = &mut next[cell_of(p)];
            order[*at] = i as u32;
            *at += 1;
        }
        Self { points, corner, cell, columns, rows, starts, order }
    }

    /// The `count` points nearest to a position by a distance that is at least that in plan, nearest
    /// first, ties by their number; with fewer points, all.
    pub(super) fn nearest(
        &self,
        at: [f64; 2],
        count: usize,
        distance2: impl Fn(&[f64; 3]) -> f64,
    ) -> Vec<u32> {
        let place = |k: usize, n: usize| {
            ((at[k] - self.corner[k]) / self.cell).floor().clamp(0.0, n as f64 - 1.0) as isize
        };
        let (column, row) = (place(0, self.columns), place(1, self.rows));
        let mut found: Vec<(f64, u32)> = Vec::with_capacity(4 * count);
        let mut ring = 0isize;
        let widest = self.columns.max(self.rows) as isize;
        while ring <= widest {
            for r in row - ring..=row + ring {
                let edge = (r - row).abs() == ring;
                let step = if edge || ring == 0 { 1 } else { 2 * ring };
                let mut c = column - ring;
                while c <= column + ring {
                    if r >= 0 && c >= 0 && (r as usize) < self.rows && (c as usize) < self.columns {
                        let i = r as usize * self.columns + c as usize;
                        for &p in &self.order[self.starts[i]..self.starts[i + 1]] {
                            found.push((distance2(&self.points[p as usize]), p));
                        }
                    }
                    c += step;
                }
            }
            // All that lies nearer than the border of the rings has been seen.
            let seen = ring as f64 * self.cell;
            if found.iter().filter(|f| f.0 <= seen * seen).count() >= count {
                break;
            }
            ring += 1;
        }
        let order = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        if found.len() > count {
            found.select_nth_unstable_by(count - 1, order);
            found.truncate(count);
        }
        found.sort_unstable_by(order);
        found.into_iter().map(|f| f.1).collect()
    }
}
