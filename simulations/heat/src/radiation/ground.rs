//! What a person sees of the ground: nearly all of what comes from below is sent within some metres.
//!
//! Of an even ground, a horizontal surface at height h receives the share `1 − h²/(h² + r²)` from within r, an
//! upright one `1/π (arctan(r/h) − r h/(r² + h²))`, which is ½ for all of it. Rays go out in sixteen directions, cell by cell, and end at walls; the
//! ground beyond counts as the mean of what is seen.

use std::ops::Range;

use twin_core::spatial::Grid;

/// Directions looked to.
const DIRECTIONS: u32 = 16;
/// How far, m: 93 % of what an upright surface at 1.1 m receives.
const REACH_M: f64 = 20.0;
/// A step of the surface higher than this ends the view, m.
const WALL_M: f32 = 1.0;

/// Two quantities of the ground, as seen from some height above each cell of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct RowSeen {
    /// By a horizontal surface that looks down.
    pub(super) below: [Vec<f32>; 2],
    /// By upright surfaces, summed over the sides that are looked to.
    pub(super) sides: [Vec<f32>; 2],
    /// Whether the ray still runs, and what it has seen.
    open: Vec<f32>,
    seen: [Vec<f32>; 2],
    ray_below: [Vec<f32>; 2],
    ray_side: [Vec<f32>; 2],
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
    /// Weight in what upright surfaces see: of each side all rays make 1.
    weight: f32,
}

impl GroundView {
    /// From a height, m, to some sides, degrees.
    pub(super) fn new(cell_m: f64, height_m: f64, sides: &[f64]) -> Self {
        let below = |r: f64| 1.0 - height_m * height_m / (height_m * height_m + r * r);
        let side = |r: f64| {
            let parts = (r / height_m).atan() - r * height_m / (r * r + height_m * height_m);
            2.0 / std::f64::consts::PI * parts
        };
        let azimuth = |k: u32| f64::from(k) * std::f64::consts::TAU / f64::from(DIRECTIONS);
        let facing = |azimuth: f64, side: f64| (azimuth - side.to_radians()).cos().max(0.0);
        let weight = |k: u32| -> f64 {
            let of_side = |side: &f64| {
                let all: f64 = (0..DIRECTIONS).map(|k| facing(azimuth(k), *side)).sum();
                facing(azimuth(k), *side) / all
            };
            sides.iter().map(of_side).sum()
        };
        let ray = |k: u32| {
            let (east, north) = azimuth(k).sin_cos();
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
            Ray { steps: (1..=count).map(step).collect(), weight: weight(k) as f32 }
        };
        let own = [below(0.5 * cell_m) as f32, side(0.5 * cell_m) as f32];
        Self { rays: (0..DIRECTIONS).map(ray).collect(), own }
    }

    /// Looks at two quantities from every cell of a row.
    #[inline(always)]
    pub(super) fn look(
        &self,
        surface: &Grid<f32>,
        quantities: [&[f32]; 2],
        row: usize,
        seen: &mut RowSeen,
    ) {
        let spec = surface.spec;
        let columns = spec.columns;
        let at = |row: usize| row * columns..(row + 1) * columns;
        let own_z = &surface.values[at(row)];
        let own = quantities.map(|quantity| &quantity[at(row)]);
        for values in seen.below.iter_mut().chain(&mut seen.sides) {
            values.clear();
            values.resize(columns, 0.0);
        }
        for ray in &self.rays {
            seen.begin_ray(own, self.own);
            for step in &ray.steps {
                let other = row.checked_add_signed(step.rows).filter(|r| *r < spec.rows);
                let Some(other) = other else { break };
                let by = step.columns.unsigned_abs();
                if by >= columns {
                    break;
                }
                let (here, there) = match step.columns >= 0 {
                    true => (0..columns - by, by..columns),
                    false => (by..columns, 0..columns - by),
                };
                let z = &surface.values[at(other)][there.clone()];
                let there = quantities.map(|quantity| &quantity[at(other)][there.clone()]);
                seen.pass(here.clone(), &own_z[here], z, there, step);
            }
            seen.end_ray(1.0 / DIRECTIONS as f32, ray.weight);
        }
    }
}

impl RowSeen {
    /// A ray begins with the own cell.
    #[inline(always)]
    fn begin_ray(&mut self, own: [&[f32]; 2], shares: [f32; 2]) {
        let columns = own[0].len();
        self.open.clear();
        self.open.resize(columns, 1.0);
        for (seen, share) in self.seen.iter_mut().zip(shares) {
            seen.clear();
            seen.resize(columns, share);
        }
        for (rays, share) in [&mut self.ray_below, &mut self.ray_side].into_iter().zip(shares) {
            for (ray, own) in rays.iter_mut().zip(own) {
                ray.clear();
                ray.extend(own.iter().map(|q| share * q));
            }
        }
    }

    /// A step of the rays of some cells, as far as no wall has ended them.
    #[inline(always)]
    fn pass(
        &mut self,
        here: Range<usize>,
        own_z: &[f32],
        z: &[f32],
        quantities: [&[f32]; 2],
        step: &Step,
    ) {
        let cells = own_z.len();
        let (z, [a, b]) = (&z[..cells], quantities.map(|q| &q[..cells]));
        let open = &mut self.open[here.clone()][..cells];
        let [seen_below, seen_side] = self.seen.each_mut().map(|v| &mut v[here.clone()][..cells]);
        let [below_a, below_b] = self.ray_below.each_mut().map(|v| &mut v[here.clone()][..cells]);
        let [side_a, side_b] = self.ray_side.each_mut().map(|v| &mut v[here.clone()][..cells]);
        for k in 0..cells {
            let still = if z[k] - own_z[k] > WALL_M { 0.0 } else { open[k] };
            open[k] = still;
            let (below, side) = (still * step.below, still * step.side);
            seen_below[k] += below;
            seen_side[k] += side;
            below_a[k] += below * a[k];
            below_b[k] += below * b[k];
            side_a[k] += side * a[k];
            side_b[k] += side * b[k];
        }
    }

    /// The ray counts by its weights as the mean of what it has seen.
    #[inline(always)]
    fn end_ray(&mut self, below: f32, sides: f32) {
        let of_rays = [
            (&mut self.below, &self.ray_below, &self.seen[0], below),
            (&mut self.sides, &self.ray_side, &self.seen[1], sides),
        ];
        for (sums, rays, seen, weight) in of_rays {
            for (sums, ray) in sums.iter_mut().zip(rays) {
                for ((sum, ray), seen) in sums.iter_mut().zip(ray).zip(seen) {
                    *sum += weight * ray / seen;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use twin_core::spatial::GridSpec;

    use super::*;

    const SPEC: GridSpec =
        GridSpec { west: 0.0, north: 60.0, cell_size: 1.0, columns: 60, rows: 60 };

    /// What is seen of one quantity over a row, from below and to some sides.
    fn seen(surface: &Grid<f32>, quantity: &[f32], row: usize, sides: &[f64]) -> [Vec<f32>; 2] {
        let mut seen = RowSeen::default();
        GroundView::new(1.0, 1.1, sides).look(surface, [quantity; 2], row, &mut seen);
        let [below, same_below] = seen.below;
        let [sides, same_sides] = seen.sides;
        assert!(below == same_below && sides == same_sides);
        [below, sides]
    }

    #[test]
    fn an_even_ground_is_seen_as_it_is_whatever_stands_on_it() {
        let surface = Grid::from_fn(SPEC, |row, _| if row < 20 { 10.0 } else { 0.0 });
        for row in 0..SPEC.rows {
            let [below, sides] =
                seen(&surface, &vec![3.0; SPEC.len()], row, &[0.0, 90.0, 180.0, 270.0]);
            assert!(below.iter().all(|v| (v - 3.0).abs() < 1e-4));
            assert!(sides.iter().all(|v| (v - 12.0).abs() < 1e-3));
        }
    }

    #[test]
    fn upright_surfaces_see_the_ground_before_them_and_not_beyond_walls() {
        let flat = Grid::filled(SPEC, 0.0f32);
        let bright = Grid::from_fn(SPEC, |row, _| if row < 30 { 1.0 } else { 0.0 }).values;
        let towards = |side: f64| seen(&flat, &bright, 32, &[side])[1][30];
        let [north, east, south, west] = [0.0, 90.0, 180.0, 270.0].map(towards);
        // Of an even strip that begins 2.5 m away an upright surface sees sin(arctan(h/d)) of the ground's half.
        let strip = (1.1f32 / 2.5).atan().sin();
        assert!((north - strip).abs() < 0.05 && south < 1e-6, "{north} {strip} {south}");
        assert!((east - west).abs() < 1e-5 && seen(&flat, &bright, 32, &[0.0])[0][30] < 0.2);
        let wall = Grid::from_fn(SPEC, |row, _| if row < 31 { 5.0 } else { 0.0 });
        assert!(seen(&wall, &bright, 32, &[0.0])[1][30] < 1e-6);
    }
}
