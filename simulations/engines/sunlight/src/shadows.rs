//! What the sun reaches.

use rayon::prelude::*;
use twin_core::spatial::{Grid, GridSpec};

use crate::march::{RowBlocks, steps};
use crate::{Scene, Sun};

/// Shadows of buildings, terrain and crowns at one moment.
#[derive(Debug, Clone)]
pub struct Shadows {
    /// Whether nothing solid stands between a cell and the sun.
    pub open: Grid<bool>,
    /// Whether no crown does either, where nothing solid stands: `true` in the shade of buildings.
    pub clear: Grid<bool>,
    /// By cell the height above the surface up to which the shade of what is solid reaches, m; 0 in the sun.
    pub shade_m: Grid<f32>,
}

impl Shadows {
    /// Casts them; at night nothing is reached.
    pub fn cast(scene: &Scene, sun: &Sun) -> Self {
        let spec = *scene.spec();
        let mut shadows = Self {
            open: Grid::filled(spec, false),
            clear: Grid::filled(spec, true),
            shade_m: Grid::filled(spec, f32::INFINITY),
        };
        if !sun.is_up() {
            return shadows;
        }
        let lowest = scene.surface.values.iter().copied().fold(f32::INFINITY, f32::min);
        let height_m = scene.highest_m - lowest;
        let size = [spec.rows, spec.columns];
        let steps = steps(sun.azimuth, sun.altitude, spec.cell_size, height_m, size);
        let arch = pulp::Arch::new();
        let columns = spec.columns;
        shadows
            .open
            .values
            .par_chunks_mut(columns)
            .zip(shadows.clear.values.par_chunks_mut(columns))
            .zip(shadows.shade_m.values.par_chunks_mut(columns))
            .enumerate()
            .for_each_init(RowBlocks::default, |blocks, (row, ((open, clear), shade))| {
                arch.dispatch(
                    #[inline(always)]
                    || blocks.march(scene, row, &steps),
                );
                for column in 0..columns {
                    let above = blocks.surface[column];
                    open[column] = above <= 0.0;
                    clear[column] = above > 0.0 || blocks.crown[column] <= 0.0;
                    shade[column] = above.max(0.0);
                }
            });
        shadows
    }

    /// Share of the direct sun that reaches each cell: none in the shade of what is solid, the transmissivity
    /// of crowns in theirs.
    pub fn reached(&self, transmissivity: f32) -> Grid<f32> {
        let share = |(open, clear): (&bool, &bool)| match (open, clear) {
            (false, _) => 0.0,
            (true, true) => 1.0,
            (true, false) => transmissivity,
        };
        let values = self.open.values.iter().zip(&self.clear.values).map(share).collect();
        Grid { spec: self.spec(), values }
    }

    /// The cells.
    pub fn spec(&self) -> GridSpec {
        self.open.spec
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tower() -> Scene {
        let spec = GridSpec { west: 0.0, north: 41.0, cell_size: 1.0, columns: 41, rows: 41 };
        let tower = |row: usize, column: usize| if (row, column) == (20, 20) { 10.0 } else { 0.0 };
        Scene::new(Grid::from_fn(spec, tower)).unwrap()
    }

    #[test]
    fn the_shadow_of_a_tower_points_away_from_the_sun_and_is_as_long_as_it_should() {
        // Sun in the south at 45°: the shadow goes 10 cells to the north.
        let shadows = Shadows::cast(&tower(), &Sun { azimuth: 180.0, altitude: 45.0 });
        let shaded: Vec<(usize, usize)> = (0..41 * 41)
            .filter(|cell| !shadows.open.values[*cell])
            .map(|cell| shadows.open.spec.row_column(cell))
            .collect();
        let expected: Vec<(usize, usize)> = (11..20).map(|row| (row, 20)).collect();
        assert_eq!(shaded, expected);
        assert!((shadows.shade_m[(15, 20)] - 5.0).abs() < 1e-5);
        let west = Shadows::cast(&tower(), &Sun { azimuth: 90.0, altitude: 45.0 });
        assert!(!west.open[(20, 15)] && west.open[(20, 25)]);
    }

    #[test]
    fn a_crown_lets_the_sun_pass_below_it() {
        let spec = GridSpec { west: 0.0, north: 41.0, cell_size: 1.0, columns: 41, rows: 41 };
        let at = |inside: f32| {
            let tree = |row: usize, column: usize| {
                if (row, column) == (20, 20) { inside } else { f32::NAN }
            };
            Grid::from_fn(spec, tree).values
        };
        let scene = Scene::new(Grid::filled(spec, 0.0)).unwrap();
        let scene = scene.with_crowns(&at(10.0), &at(4.0)).unwrap();
        let shadows = Shadows::cast(&scene, &Sun { azimuth: 180.0, altitude: 45.0 });
        // Between 4 and 10 m: shade from beyond the fourth to the tenth cell, sun under the crown nearer.
        let shaded: Vec<usize> = (0..41).filter(|row| !shadows.clear[(*row, 20)]).collect();
        assert_eq!(shaded, (10..=15).collect::<Vec<_>>());
        assert!(shadows.open.values.iter().all(|open| *open));
        let reached = shadows.reached(0.03);
        assert_eq!((reached[(12, 20)], reached[(16, 20)]), (0.03, 1.0));
    }

    #[test]
    fn at_night_nothing_is_reached() {
        let shadows = Shadows::cast(&tower(), &Sun { azimuth: 10.0, altitude: -1.0 });
        assert!(shadows.open.values.iter().all(|open| !open));
        assert!(shadows.reached(0.5).values.iter().all(|share| *share == 0.0));
    }
}
