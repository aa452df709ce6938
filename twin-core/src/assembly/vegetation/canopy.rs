//! Height of the canopy: the surface (MNS) over the terrain (MNT) where vegetation is on top.
//!
//! The surface is a TIN of the selected surface points ([`select_surface`](crate::assembly::select_surface)),
//! as in IGN's chain. The class of the point that weighs most in a cell tells what its top is; the
//! canopy height is surface minus terrain where that is vegetation, and zero elsewhere. Heights below
//! zero, where a surface triangle dips under the terrain by the noise of the points, are cut.
//!
//! **Pits.** A pulse may pass far into a crown before its first return, and leaves a pit that is no
//! gap (Khosravipour et al. 2014, doi:10.14358/PERS.80.9.863). A cell of high vegetation that lies a
//! metre and more below the morphological closing of the surface by 3 × 3 cells takes the closing.
//! Gaps between crowns show the ground or other classes on top and stay.

use crate::assembly::Tin;
use crate::products::lidar_hd;
use crate::spatial::Grid;

/// Deeper pits are filled, m.
const PIT_DEPTH_M: f32 = 1.0;
/// Cells larger than this are wider than pits, m.
const LARGEST_PIT_M: f64 = 2.0;
/// Cells around a block that its pits depend on.
pub(in crate::assembly) const PIT_MARGIN: usize = 2;

/// Height of the vegetation above the terrain, metres: 0 where the top is something else, `NaN`
/// where terrain or surface are void. `surface` holds the cells of `terrain` with as many rows above
/// and columns to the left as `before` says.
pub(in crate::assembly) fn canopy_height(
    terrain: &Grid<f32>,
    surface: &Tin,
    before: [usize; 2],
) -> Grid<f32> {
    let top = without_pits(surface);
    Grid::from_fn(terrain.spec, |row, column| {
        let at = (row + before[0], column + before[1]);
        let height = top[at] - terrain[(row, column)];
        if height.is_nan() || lidar_hd::is_vegetation(surface.class[at]) {
            // `max` would turn NaN into zero.
            if height < 0.0 { 0.0 } else { height }
        } else {
            0.0
        }
    })
}

/// The surface with the pits of its vegetation filled.
fn without_pits(surface: &Tin) -> Grid<f32> {
    let height = &surface.height;
    if height.spec.cell_size > LARGEST_PIT_M {
        return height.clone();
    }
    let closed = around(&around(height, f32::max), f32::min);
    let mut filled = height.clone();
    for (i, value) in filled.values.iter_mut().enumerate() {
        let is_pit = closed.values[i] - *value > PIT_DEPTH_M;
        if is_pit && surface.class.values[i] == lidar_hd::HIGH_VEGETATION {
            *value = closed.values[i];
        }
    }
    filled
}

/// The extreme of each cell and the eight around it, void ones left out.
fn around(grid: &Grid<f32>, extreme: fn(f32, f32) -> f32) -> Grid<f32> {
    let along = |grid: &Grid<f32>, (down, right): (usize, usize)| {
        Grid::from_fn(grid.spec, |row, column| {
            let before = grid.get(row.wrapping_sub(down), column.wrapping_sub(right));
            let after = grid.get(row + down, column + right);
            // `f32::max` and `f32::min` take the other where one is not a number.
            [before, after].into_iter().flatten().fold(grid[(row, column)], |a, b| extreme(a, *b))
        })
    };
    along(&along(grid, (0, 1)), (1, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::GridSpec;

    #[test]
    fn only_vegetation_has_a_canopy_and_void_stays_void() {
        let spec = GridSpec { west: 0.0, north: 1.0, cell_size: 1.0, columns: 5, rows: 1 };
        let terrain = Grid { spec, values: vec![10.0, 10.0, 10.0, f32::NAN, 10.0] };
        let mut surface = Tin::void(spec);
        surface.height.values = vec![22.0, 18.0, 9.9, 30.0, f32::NAN];
        surface.class.values = vec![5, 6, 3, 5, 0];
        let canopy = canopy_height(&terrain, &surface, [0, 0]).values;
        assert_eq!(&canopy[..3], &[12.0, 0.0, 0.0]);
        assert!(canopy[3].is_nan() && canopy[4].is_nan());
    }

    #[test]
    fn a_pit_in_a_crown_is_filled_and_a_gap_between_crowns_is_not() {
        let spec = GridSpec { west: 0.0, north: 7.0, cell_size: 1.0, columns: 7, rows: 7 };
        let mut surface = Tin::void(spec);
        surface.height.values = vec![15.0; spec.len()];
        surface.class.values = vec![lidar_hd::HIGH_VEGETATION; spec.len()];
        surface.height[(3, 3)] = 4.0;
        surface.height[(3, 5)] = 0.0;
        surface.class[(3, 5)] = lidar_hd::GROUND;
        let terrain = Grid::filled(spec.crop(&(2..5), &(2..6)), 0.0);
        let canopy = canopy_height(&terrain, &surface, [2, 2]);
        assert_eq!(canopy[(1, 1)], 15.0);
        assert_eq!(canopy[(1, 3)], 0.0);
    }
}
