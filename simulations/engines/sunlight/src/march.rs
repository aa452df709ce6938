//! The cells that a ray passes on its way to the sun or a patch of sky.
//!
//! All cells march together: at step k each looks at the cell that lies as many rows and columns away, and at
//! the height that the ray has gained there. Rows are worked on one after the other, so that the heights of a
//! row stay in the cache while all of its steps are taken, and columns side by side in SIMD registers.
//! (Ratti & Richens 2004, doi:10.1068/b3010; vegetation as Lindberg & Grimmond 2011,
//! doi:10.1007/s00704-010-0382-8.)

use std::ops::Range;

use crate::Scene;

/// A step of a ray.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    /// Rows to the south.
    pub(crate) rows: isize,
    /// Columns to the east.
    pub(crate) columns: isize,
    /// Height that the ray has gained there, m, and at the step before.
    pub(crate) rise_m: f32,
    pub(crate) rise_before_m: f32,
}

/// The steps of a ray to an azimuth and altitude, one column or row each, until it begins one higher than `height_m` or
/// has left a grid of this size: what stands in a cell is met on the way through it.
pub(crate) fn steps(
    azimuth: f64,
    altitude: f64,
    cell_m: f64,
    height_m: f32,
    [rows, columns]: [usize; 2],
) -> Vec<Step> {
    let (east, north) = azimuth.to_radians().sin_cos();
    let tangent = altitude.to_radians().tan();
    let longest = east.abs().max(north.abs());
    let mut steps: Vec<Step> = Vec::new();
    let mut before = 0.0f32;
    if tangent > 1e6 {
        return steps;
    }
    for k in 1.. {
        let cells = f64::from(k) / longest;
        let whole = |share: f64| (share.abs() + 0.5).floor().copysign(share) as isize;
        let (to_east, to_south) = (whole(cells * east), whole(-cells * north));
        let rise_m = (cells * cell_m * tangent) as f32;
        let is_outside = to_south.unsigned_abs() >= rows || to_east.unsigned_abs() >= columns;
        if is_outside || before > height_m {
            break;
        }
        steps.push(Step { rows: to_south, columns: to_east, rise_m, rise_before_m: before });
        before = rise_m;
    }
    steps
}

/// What rays of the cells of a row met: by cell how far above its ray the surface reaches at most (m; 0 or
/// less: nothing in the way), and whether a crown was met before it (more than 0).
#[derive(Debug, Clone, Default)]
pub(crate) struct RowBlocks {
    pub(crate) surface: Vec<f32>,
    pub(crate) crown: Vec<f32>,
}

impl RowBlocks {
    /// Marches the rays of a row.
    #[inline(always)]
    pub(crate) fn march(&mut self, scene: &Scene, row: usize, steps: &[Step]) {
        let spec = scene.spec();
        let columns = spec.columns;
        self.surface.clear();
        self.surface.resize(columns, f32::NEG_INFINITY);
        self.crown.clear();
        self.crown.resize(columns, f32::NEG_INFINITY);
        let own = row_of(&scene.surface.values, row, columns, 0..columns);
        let lowest = own.iter().copied().fold(f32::INFINITY, f32::min);
        let most = scene.highest_m - lowest;
        for step in steps {
            if step.rise_before_m > most {
                break;
            }
            let Some(other) = row.checked_add_signed(step.rows).filter(|r| *r < spec.rows) else {
                break;
            };
            let (here, there) = overlap(step.columns, columns);
            if here.is_empty() {
                break;
            }
            let own = &own[here.clone()];
            let surface = row_of(&scene.surface.values, other, columns, there.clone());
            let blocked = &mut self.surface[here.clone()];
            if scene.has_crowns {
                let tops = row_of(&scene.crown, other, columns, there.clone());
                let undersides = row_of(&scene.underside, other, columns, there);
                let met = &mut self.crown[here];
                meet(own, [surface, tops, undersides], step, blocked, met);
            } else {
                rise(own, surface, step.rise_m, blocked);
            }
        }
    }
}

/// Columns of this row that see some columns aside, and those columns.
fn overlap(aside: isize, columns: usize) -> (Range<usize>, Range<usize>) {
    let by = aside.unsigned_abs().min(columns);
    let (low, high) = (0..columns - by, by..columns);
    if aside >= 0 { (low, high) } else { (high, low) }
}

fn row_of(values: &[f32], row: usize, columns: usize, part: Range<usize>) -> &[f32] {
    &values[row * columns..][part]
}

/// The surface in the way.
#[inline(always)]
fn rise(own: &[f32], surface: &[f32], rise_m: f32, blocked: &mut [f32]) {
    for ((own, surface), blocked) in own.iter().zip(surface).zip(blocked) {
        *blocked = blocked.max(surface - rise_m - own);
    }
}

/// The surface in the way, and crowns before it: a ray between two steps meets a crown whose top it has not
/// yet risen above and whose underside it has.
#[inline(always)]
fn meet(
    own: &[f32],
    [surface, tops, undersides]: [&[f32]; 3],
    step: &Step,
    blocked: &mut [f32],
    met: &mut [f32],
) {
    let cells = own.len();
    let (surface, tops, undersides) = (&surface[..cells], &tops[..cells], &undersides[..cells]);
    let (blocked, met) = (&mut blocked[..cells], &mut met[..cells]);
    for cell in 0..cells {
        let own = own[cell];
        let above = surface[cell] - step.rise_m - own;
        let so_far = blocked[cell].max(above);
        blocked[cell] = so_far;
        let below_top = tops[cell] - step.rise_before_m - own;
        let above_underside = own - (undersides[cell] - step.rise_m);
        met[cell] = met[cell].max(below_top.min(above_underside).min(-so_far));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lead_towards_the_azimuth_and_rise_with_the_altitude() {
        let east = steps(90.0, 45.0, 2.0, 7.0, [10, 10]);
        assert_eq!(east.len(), 4);
        assert!(east.iter().all(|s| s.rows == 0) && east[2].columns == 3);
        assert!((east[2].rise_m - 6.0).abs() < 1e-5 && (east[2].rise_before_m - 4.0).abs() < 1e-5);
        let north_west = steps(315.0, 30.0, 1.0, 1e9, [6, 6]);
        assert!(north_west.iter().all(|s| s.rows == s.columns && s.rows < 0));
        assert_eq!(north_west.len(), 5);
        assert!(steps(10.0, 90.0, 1.0, 50.0, [9, 9]).is_empty());
    }

    #[test]
    fn columns_meet_those_aside() {
        assert_eq!(overlap(2, 5), (0..3, 2..5));
        assert_eq!(overlap(-2, 5), (2..5, 0..3));
        assert_eq!(overlap(7, 5).0.len(), 0);
    }
}
