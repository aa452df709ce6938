//! The surface (MNS) over the terrain (MNT): canopy height and what stands on top of each cell.
//!
//! The surface is a TIN of the selected surface points ([`select_surface`](super::select_surface)),
//! as in IGN's chain. The class of the point that weighs most in a cell tells what its top is;
//! the canopy height is surface minus terrain where that is vegetation, and zero elsewhere. Heights
//! below zero, where a surface triangle dips under the terrain by the noise of the points, are cut.

use super::Tin;
use crate::products::lidar_hd;
use crate::spatial::Grid;

/// Height of the vegetation above the terrain, metres: 0 where the top is something else, `NaN`
/// where terrain or surface are void. Both grids must have the same cells.
pub fn canopy_height(terrain: &Grid<f32>, surface: &Tin) -> Grid<f32> {
    let values = terrain
        .values
        .iter()
        .zip(&surface.height.values)
        .zip(&surface.class.values)
        .map(|((ground, top), code)| {
            let height = top - ground;
            if height.is_nan() || lidar_hd::is_vegetation(*code) {
                // `max` would turn NaN into zero.
                if height < 0.0 { 0.0 } else { height }
            } else {
                0.0
            }
        })
        .collect();
    Grid { spec: terrain.spec, values }
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
        let canopy = canopy_height(&terrain, &surface).values;
        assert_eq!(&canopy[..3], &[12.0, 0.0, 0.0]);
        assert!(canopy[3].is_nan() && canopy[4].is_nan());
    }
}
