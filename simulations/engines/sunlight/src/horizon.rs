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
