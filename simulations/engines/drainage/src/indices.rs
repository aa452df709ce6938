//! Slope and topographic wetness index.

use rayon::prelude::*;
use twin_core::spatial::Grid;

use crate::{Neighbour, Terrain};

/// Slope below which the wetness index does not grow, m/m.
const LEAST_SLOPE: f32 = 1e-3;

/// Slope of a terrain, m/m, by the differences of Horn 1981 (doi:10.1109/PROC.1981.11918); a neighbour
/// that is no open cell continues the cell and its opposite neighbour. `NaN` on void and closed cells.
pub fn slope(terrain: &Terrain) -> Grid<f32> {
    let spec = *terrain.spec();
    let ground = &terrain.elevation().values;
    let slope = |cell: usize| {
        if !terrain.is_open(cell) {
            return f32::NAN;
        }
        let own = ground[cell];
        let height = |number: usize| {
            let known =
                |k: Neighbour| k.of(&spec, cell).map(|near| ground[near]).filter(|z| z.is_finite());
            let k = Neighbour::from_number(number);
            let continued = || known(k.opposite()).map_or(own, |z| own + (own - z));
            known(k).unwrap_or_else(continued)
        };
        let [e, se, s, sw, w, nw, n, ne] = [0, 1, 2, 3, 4, 5, 6, 7].map(height);
        let eighth = 8.0 * spec.cell_size as f32;
        let x = ((ne + 2.0 * e + se) - (nw + 2.0 * w + sw)) / eighth;
        let y = ((nw + 2.0 * n + ne) - (sw + 2.0 * s + se)) / eighth;
        x.hypot(y)
    };
    Grid { spec, values: (0..spec.len()).into_par_iter().map(slope).collect() }
}

/// Topographic wetness index ln(a / tan β) of Beven & Kirkby 1979 (doi:10.1080/02626667909491834): `a` is
/// the drained area per metre of contour, m, tan β the slope, at least 0.001.
pub fn wetness(drained_m2: &Grid<f64>, slope: &Grid<f32>) -> Grid<f32> {
    let cell_size = drained_m2.spec.cell_size;
    let index = |(area, slope): (&f64, &f32)| {
        (area / cell_size / f64::from(slope.max(LEAST_SLOPE))).ln() as f32
    };
    let values = drained_m2.values.iter().zip(&slope.values).map(index).collect();
    Grid { spec: drained_m2.spec, values }
}

#[cfg(test)]
mod tests {
    use twin_core::spatial::GridSpec;

    use super::*;

    #[test]
    fn the_slope_of_a_plane_is_its_own() {
        let spec = GridSpec { west: 0.0, north: 20.0, cell_size: 2.0, columns: 10, rows: 10 };
        let plane = |row: usize, column: usize| 0.12 * column as f32 - 0.16 * row as f32;
        let slope = slope(&Terrain::new(Grid::from_fn(spec, plane)).unwrap());
        for cell in [(5, 5), (0, 5), (5, 9)] {
            assert!((slope[cell] - 0.1).abs() < 1e-6, "{cell:?}: {}", slope[cell]);
        }
    }
}
