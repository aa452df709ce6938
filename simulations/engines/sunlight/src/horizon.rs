//! Sky view by horizons: by azimuth how high the surface stands, with exact distances to the sides of cells.
//!
//! ```text
//! planar:       1/2π ∫ cos² h dφ          solid angle:  1/2π ∫ (1 − sin h) dφ
//! ```
//!
//! Cells are prisms with flat tops. A ray from the middle of a cell meets a prism where it enters the cell, so that
//! walls stand on the sides of cells, where the raster puts them (Dozier & Frew 1990, doi:10.1109/36.58986, for
//! the integrals; Amanatides & Woo 1987 for the cells on the way).

use rayon::prelude::*;
use twin_core::spatial::Grid;

use crate::Scene;

/// Azimuths looked to.
const AZIMUTHS: u32 = 64;
/// Horizons lower than this do not count: they take less than a thousandth of the sky.
const LOWEST_TANGENT: f64 = 0.02;

/// Sky view factors of buildings and terrain.
#[derive(Debug, Clone)]
pub struct HorizonView {
    /// Of a horizontal plane, weighed by the cosine of the zenith angle.
    pub planar: Grid<f32>,
    /// Part of the solid angle.
    pub solid_angle: Grid<f32>,
}

/// A cell that a ray enters.
struct Entry {
    rows: isize,
    columns: isize,
    /// One over the distance to it, 1/m.
    per_m: f32,
}

/// Sky view factors of buildings and terrain by the horizons of 64 azimuths.
pub fn horizon_view(scene: &Scene) -> HorizonView {
    horizon_view_of_rows(scene, 1)
}

/// The same of one row in `step`, for means: `NaN` in the others.
pub fn horizon_view_of_rows(scene: &Scene, step: usize) -> HorizonView {
    let spec = *scene.spec();
    let surface = &scene.surface.values;
    let highest = surface.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let lowest = surface.iter().copied().fold(f32::INFINITY, f32::min);
    let reach_m = f64::from(highest - lowest) / LOWEST_TANGENT;
    let rays: Vec<Vec<Entry>> = (0..AZIMUTHS)
        .map(|k| {
            // Off the axes and diagonals, on which rays would run along sides and through corners of cells.
            let azimuth = (f64::from(k) + 0.5) * std::f64::consts::TAU / f64::from(AZIMUTHS);
            entries(azimuth, spec.cell_size, reach_m, [spec.rows, spec.columns])
        })
        .collect();
    let mut planar = Grid::filled(spec, f32::NAN);
    let mut solid_angle = Grid::filled(spec, f32::NAN);
    let arch = pulp::Arch::new();
    planar
        .values
        .par_chunks_mut(spec.columns)
        .zip(solid_angle.values.par_chunks_mut(spec.columns))
        .enumerate()
        .filter(|(row, _)| row % step.max(1) == 0)
        .for_each_init(
            || vec![0.0f32; spec.columns],
            |tangent, (row, (planar, solid))| {
                planar.fill(0.0);
                solid.fill(0.0);
                for ray in &rays {
                    arch.dispatch(
                        #[inline(always)]
                        || look(surface, [spec.rows, spec.columns], highest, row, ray, tangent),
                    );
                    let share = 1.0 / AZIMUTHS as f32;
                    for ((t, planar), solid) in tangent.iter().zip(&mut *planar).zip(&mut *solid) {
                        let t = if *t < LOWEST_TANGENT as f32 { 0.0 } else { *t };
                        let cosine_squared = 1.0 / (1.0 + t * t);
                        *planar += share * cosine_squared;
                        *solid += share * (1.0 - t * cosine_squared.sqrt());
                    }
                }
            },
        );
    HorizonView { planar, solid_angle }
}

/// How high the horizon of a cell stands in a direction, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horizon {
    /// Direction, degrees clockwise from north.
    pub azimuth: f64,
    /// Of buildings and terrain.
    pub solid: f64,
    /// Of the tops of crowns; not lower than that of buildings.
    pub crowns: f64,
}

/// The horizon of a cell, from its surface, in a number of directions from north on.
pub fn horizon_of(scene: &Scene, row: usize, column: usize, directions: u32) -> Vec<Horizon> {
    let spec = *scene.spec();
    let own = scene.surface[(row, column)];
    let towards = |k: u32| {
        let azimuth = f64::from(k) * std::f64::consts::TAU / f64::from(directions);
        let ray = entries(azimuth, spec.cell_size, f64::INFINITY, [spec.rows, spec.columns]);
        let (mut solid, mut crowns) = (0.0f32, 0.0f32);
        for entry in ray {
            let there = row.checked_add_signed(entry.rows).filter(|r| *r < spec.rows);
            let aside = column.checked_add_signed(entry.columns).filter(|c| *c < spec.columns);
            let (Some(there), Some(aside)) = (there, aside) else { break };
            let cell = spec.index(there, aside);
            solid = solid.max((scene.surface.values[cell] - own) * entry.per_m);
            crowns = crowns.max((scene.crown[cell] - own) * entry.per_m);
        }
        let degrees = |tangent: f32| f64::from(tangent).atan().to_degrees();
        Horizon {
            azimuth: azimuth.to_degrees(),
            solid: degrees(solid),
            crowns: degrees(crowns.max(solid)),
        }
    };
    (0..directions).map(towards).collect()
}

/// Tangents of the horizons of a row.
#[inline(always)]
fn look(
    surface: &[f32],
    [rows, columns]: [usize; 2],
    highest: f32,
    row: usize,
    ray: &[Entry],
    tangent: &mut [f32],
) {
    tangent.fill(0.0);
    let own = &surface[row * columns..][..columns];
    let lowest = own.iter().copied().fold(f32::INFINITY, f32::min);
    for entry in ray {
        let Some(other) = row.checked_add_signed(entry.rows).filter(|r| *r < rows) else { break };
        let by = entry.columns.unsigned_abs();
        // Beyond, nothing can stand above the least horizon that counts.
        if by >= columns || f64::from((highest - lowest) * entry.per_m) < LOWEST_TANGENT {
            break;
        }
        let there = &surface[other * columns..][..columns];
        let (here, there) = match entry.columns >= 0 {
            true => (0..columns - by, &there[by..]),
            false => (by..columns, &there[..columns - by]),
        };
        let own = &own[here.clone()];
        let cells = own.len();
        let (there, tangent) = (&there[..cells], &mut tangent[here][..cells]);
        for cell in 0..cells {
            tangent[cell] = tangent[cell].max((there[cell] - own[cell]) * entry.per_m);
        }
    }
}

/// The cells that a ray from the middle of a cell enters, in order.
fn entries(azimuth: f64, cell_m: f64, reach_m: f64, [rows, columns]: [usize; 2]) -> Vec<Entry> {
    let (east, north) = azimuth.sin_cos();
    let (mut row, mut column) = (0isize, 0isize);
    // Cells along the ray to the next side in each direction, and from side to side.
    let (per_column, per_row) = (1.0 / east.abs(), 1.0 / north.abs());
    let (mut to_column, mut to_row) = (0.5 * per_column, 0.5 * per_row);
    let mut entries = Vec::new();
    loop {
        let along = to_column.min(to_row);
        if to_column < to_row {
            column += if east > 0.0 { 1 } else { -1 };
            to_column += per_column;
        } else {
            row += if north > 0.0 { -1 } else { 1 };
            to_row += per_row;
        }
        let distance_m = along * cell_m;
        let is_inside = row.unsigned_abs() < rows && column.unsigned_abs() < columns;
        if !is_inside || distance_m > reach_m {
            return entries;
        }
        entries.push(Entry { rows: row, columns: column, per_m: (1.0 / distance_m) as f32 });
    }
}

#[cfg(test)]
mod tests {
    use twin_core::spatial::GridSpec;

    use super::*;

    #[test]
    fn the_horizon_of_a_place_before_a_wall_is_that_of_geometry() {
        let spec = GridSpec { west: 0.0, north: 101.0, cell_size: 1.0, columns: 101, rows: 101 };
        // A wall of 10 m from 20.5 m to the south on, a tree of 6 m 10 to 11 m to the east.
        let scene = Scene::new(Grid::from_fn(spec, |row, _| if row > 70 { 10.0 } else { 0.0 }));
        let tree = |of: f32| {
            let at = |row, column| if (row, column) == (50, 60) { of } else { f32::NAN };
            Grid::from_fn(spec, at).values
        };
        let scene = scene.unwrap().with_crowns(&tree(6.0), &tree(2.0)).unwrap();
        let horizon = horizon_of(&scene, 50, 50, 72);
        assert_eq!(horizon.len(), 72);
        for at in &horizon {
            let south = -at.azimuth.to_radians().cos();
            // Where the sides of the raster are nearer than the wall nothing stands.
            let expected =
                if south > 0.5 { (10.0 * south / 20.5).atan().to_degrees() } else { 0.0 };
            if !(0.3..=0.5).contains(&south) {
                assert!((at.solid - expected).abs() < 1e-4, "{at:?} {expected}");
            }
        }
        assert!((horizon[18].crowns - (6.0f64 / 9.5).atan().to_degrees()).abs() < 1e-4);
        assert_eq!((horizon[18].solid, horizon[0].crowns), (0.0, 0.0));
    }
}
