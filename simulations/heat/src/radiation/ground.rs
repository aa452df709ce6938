//! What a person sees of the ground: nearly all of what comes from below is sent within some metres.
//!
//! Of an even ground, a horizontal surface at height h receives the share `1 − h²/(h² + r²)` from within r, an
//! upright one `1/π (arctan(r/h) − r h/(r² + h²))`, which is ½ for all of it. Rays go out in sixteen directions, cell by cell, and end at walls; the
//! ground beyond counts as the mean of what is seen.

use twin_core::spatial::Grid;

/// Directions looked to.
const DIRECTIONS: u32 = 16;
/// How far, m: 93 % of what an upright surface at 1.1 m receives.
const REACH_M: f64 = 20.0;
/// A step of the surface higher than this ends the view, m.
const WALL_M: f32 = 1.0;

/// Means of a quantity of the ground as seen from some height above each cell of a row: by a horizontal surface that
/// looks down, and by upright ones that look to the north, east, south and west.
pub(super) struct RowSeen([Vec<f32>; 5]);

impl RowSeen {
    /// From below and from the four sides together, over a column.
    pub(super) fn at(&self, column: usize) -> [f64; 2] {
        let [below, sides @ ..] = &self.0;
        [f64::from(below[column]), sides.iter().map(|side| f64::from(side[column])).sum()]
    }
}

/// A step of a ray over the ground.
struct Step {
    rows: isize,
    columns: isize,
    /// Share of the ring in what a horizontal surface sees, and an upright one.
    below: f32,
    side: f32,
}

/// How the ground is looked at.
pub(super) struct GroundView {
    rays: Vec<Ray>,
    /// Share of the own cell.
    own: [f32; 2],
}

struct Ray {
    steps: Vec<Step>,
    /// Cosine of the angle to north, east, south and west, where positive.
    facing: [f32; 4],
}

impl GroundView {
    pub(super) fn new(cell_m: f64, height_m: f64) -> Self {
        let below = |r: f64| 1.0 - height_m * height_m / (height_m * height_m + r * r);
        let side = |r: f64| {
            let parts = (r / height_m).atan() - r * height_m / (r * r + height_m * height_m);
            2.0 / std::f64::consts::PI * parts
        };
        let ray = |k: u32| {
            let azimuth = f64::from(k) * std::f64::consts::TAU / f64::from(DIRECTIONS);
            let (east, north) = azimuth.sin_cos();
            let longest = east.abs().max(north.abs());
            let stride = cell_m / longest;
            let count = (REACH_M / stride).ceil().max(2.0) as u32;
            let step = |k: u32| {
                let cells = f64::from(k) / longest;
                let [from, to] = [f64::from(k) - 0.5, f64::from(k) + 0.5].map(|k| k * stride);
                Step {
                    rows: (-cells * north).round() as isize,
                    columns: (cells * east).round() as isize,
                    below: (below(to) - below(from)) as f32,
                    side: (side(to) - side(from)) as f32,
                }
            };
            let facing = [north, east, -north, -east].map(|cosine| cosine.max(0.0) as f32);
            Ray { steps: (1..=count).map(step).collect(), facing }
        };
        let own = [below(0.5 * cell_m) as f32, side(0.5 * cell_m) as f32];
        Self { rays: (0..DIRECTIONS).map(ray).collect(), own }
    }

    /// Looks at a quantity from every cell of a row.
    pub(super) fn row(&self, surface: &Grid<f32>, quantity: &[f32], row: usize) -> RowSeen {
        let spec = surface.spec;
        let columns = spec.columns;
        let at = |row: usize| row * columns..(row + 1) * columns;
        let (own_z, own_q) = (&surface.values[at(row)], &quantity[at(row)]);
        let mut sums = vec![[0.0f32; 5]; columns];
        let mut weights = [0.0f32; 5];
        for ray in &self.rays {
            let mut open = vec![1.0f32; columns];
            let mut below = vec![0.0f32; columns];
            let mut side = vec![0.0f32; columns];
            let mut seen = vec![[0.0f32; 2]; columns];
            for step in &ray.steps {
                let Some(other) = row.checked_add_signed(step.rows).filter(|r| *r < spec.rows)
                else {
                    break;
                };
                let by = step.columns.unsigned_abs();
                if by >= columns {
                    break;
                }
                let (here, there) = match step.columns >= 0 {
                    true => (0..columns - by, by..columns),
                    false => (by..columns, 0..columns - by),
                };
                let z = &surface.values[at(other)][there.clone()];
                let q = &quantity[at(other)][there];
                for (k, cell) in here.enumerate() {
                    if z[k] - own_z[cell] > WALL_M {
                        open[cell] = 0.0;
                    }
                    below[cell] += open[cell] * step.below * q[k];
                    side[cell] += open[cell] * step.side * q[k];
                    seen[cell][0] += open[cell] * step.below;
                    seen[cell][1] += open[cell] * step.side;
                }
            }
            let share = 1.0 / DIRECTIONS as f32;
            weights[0] += share;
            weights[1..].iter_mut().zip(ray.facing).for_each(|(sum, facing)| *sum += facing);
            for cell in 0..columns {
                let [own_below, own_side] = self.own;
                let q = own_q[cell];
                let below = (below[cell] + own_below * q) / (seen[cell][0] + own_below);
                let side = (side[cell] + own_side * q) / (seen[cell][1] + own_side);
                sums[cell][0] += share * below;
                for (sum, facing) in sums[cell][1..].iter_mut().zip(ray.facing) {
                    *sum += facing * side;
                }
            }
        }
        RowSeen(std::array::from_fn(|k| sums.iter().map(|sum| sum[k] / weights[k]).collect()))
    }
}

#[cfg(test)]
mod tests {
    use twin_core::spatial::GridSpec;

    use super::*;

    const SPEC: GridSpec =
        GridSpec { west: 0.0, north: 60.0, cell_size: 1.0, columns: 60, rows: 60 };

    #[test]
    fn an_even_ground_is_seen_as_it_is_whatever_stands_on_it() {
        let surface = Grid::from_fn(SPEC, |row, _| if row < 20 { 10.0 } else { 0.0 });
        let view = GroundView::new(1.0, 1.1);
        for row in 0..SPEC.rows {
            let seen = view.row(&surface, &vec![3.0; SPEC.len()], row);
            assert!(seen.0.iter().flatten().all(|v| (v - 3.0).abs() < 1e-4));
        }
    }

    #[test]
    fn upright_surfaces_see_the_ground_before_them_and_not_beyond_walls() {
        let flat = Grid::filled(SPEC, 0.0f32);
        let bright = Grid::from_fn(SPEC, |row, _| if row < 30 { 1.0 } else { 0.0 });
        let view = GroundView::new(1.0, 1.1);
        let seen = view.row(&flat, &bright.values, 32);
        let [below, north, east, south, west] = [0, 1, 2, 3, 4].map(|k| seen.0[k][30]);
        // Of an even strip that begins 2.5 m away an upright surface sees sin(arctan(h/d)) of the ground's half.
        let strip = (1.1f32 / 2.5).atan().sin();
        assert!((north - strip).abs() < 0.05 && south < 1e-6, "{north} {strip} {south}");
        assert!((east - west).abs() < 1e-5 && below < 0.2);
        let wall = Grid::from_fn(SPEC, |row, _| if row < 31 { 5.0 } else { 0.0 });
        let hidden = view.row(&wall, &bright.values, 32).0[1][30];
        assert!(hidden < 1e-6, "{hidden}");
    }
}
