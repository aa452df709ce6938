//! Walls of buildings in a raster: at the foot of a step of the surface, how high it is and which way it
//! faces, and how much of it the sun reaches.

use twin_core::spatial::Grid;

use crate::shadows::Shadows;
use crate::{Scene, Sun};

/// Steps lower than this are no walls, m.
pub const LEAST_WALL_M: f32 = 3.0;

/// Walls at the feet of buildings.
#[derive(Debug, Clone)]
pub struct Walls {
    /// Height above the foot, m; 0 where there is none.
    pub height_m: Grid<f32>,
    /// Azimuth that the wall faces, degrees; `NaN` where there is none.
    pub azimuth: Grid<f32>,
}

/// Parts of walls at one moment.
#[derive(Debug, Clone)]
pub struct SunOnWalls {
    /// Height of the sunlit part, m.
    pub sunlit_m: Grid<f32>,
    /// Height of the part in shade, m.
    pub shaded_m: Grid<f32>,
}

impl Walls {
    /// Finds them where a cell's highest neighbour across a side stands at least [`LEAST_WALL_M`] above it. A
    /// wall faces away from what stands higher around its foot, weighed by height and nearness.
    pub fn find(scene: &Scene) -> Self {
        let spec = *scene.spec();
        let surface = &scene.surface;
        let at = |row: isize, column: isize| -> Option<f32> {
            let (row, column) = (usize::try_from(row).ok()?, usize::try_from(column).ok()?);
            (row < spec.rows && column < spec.columns).then(|| surface[(row, column)])
        };
        let near = |cell: usize, reach: isize| {
            let (row, column) = spec.row_column(cell);
            let (row, column) = (row as isize, column as isize);
            (-reach..=reach)
                .flat_map(move |dr| (-reach..=reach).map(move |dc| (dr, dc)))
                .filter(|&step| step != (0, 0))
                .filter_map(move |(dr, dc)| Some((dr, dc, at(row + dr, column + dc)?)))
        };
        let height = |cell: usize| {
            let own = surface.values[cell];
            let beside = near(cell, 1).filter(|(dr, dc, _)| dr.abs() + dc.abs() == 1);
            let above = beside.map(|(.., z)| z - own).fold(0.0, f32::max);
            if above >= LEAST_WALL_M { above } else { 0.0 }
        };
        let heights: Vec<f32> = (0..spec.len()).map(height).collect();
        let azimuth = |cell: usize| {
            if heights[cell] <= 0.0 {
                return f32::NAN;
            }
            let own = surface.values[cell];
            let (mut east, mut north) = (0.0f64, 0.0f64);
            for (dr, dc, z) in near(cell, 2) {
                let above = f64::from((z - own).clamp(0.0, heights[cell]));
                let squared = (dr * dr + dc * dc) as f64;
                east -= above * dc as f64 / squared;
                north += above * dr as f64 / squared;
            }
            (east.atan2(north).to_degrees().rem_euclid(360.0)) as f32
        };
        let azimuths = (0..spec.len()).map(azimuth).collect();
        Self { height_m: Grid { spec, values: heights }, azimuth: Grid { spec, values: azimuths } }
    }

    /// What the sun reaches of them: nothing of those that face away, of the others what stands above the shade.
    pub fn sun(&self, shadows: &Shadows, sun: &Sun) -> SunOnWalls {
        let spec = self.height_m.spec;
        let sunlit = |cell: usize| {
            let height = self.height_m.values[cell];
            let off = (f64::from(self.azimuth.values[cell]) - sun.azimuth).to_radians();
            if height <= 0.0 || !sun.is_up() || off.cos() <= 0.0 {
                return 0.0;
            }
            (height - shadows.shade_m.values[cell]).max(0.0)
        };
        let sunlit_m: Vec<f32> = (0..spec.len()).map(sunlit).collect();
        let shaded_m = self.height_m.values.iter().zip(&sunlit_m).map(|(h, s)| h - s).collect();
        SunOnWalls {
            sunlit_m: Grid { spec, values: sunlit_m },
            shaded_m: Grid { spec, values: shaded_m },
        }
    }
}

#[cfg(test)]
mod tests {
    use twin_core::spatial::GridSpec;

    use super::*;

    #[test]
    fn walls_face_away_from_their_building_and_the_sun_lights_those_that_face_it() {
        let spec = GridSpec { west: 0.0, north: 40.0, cell_size: 1.0, columns: 40, rows: 40 };
        let block = |row: usize, column: usize| {
            if (15..25).contains(&row) && (15..25).contains(&column) { 12.0 } else { 0.0 }
        };
        let scene = Scene::new(Grid::from_fn(spec, block)).unwrap();
        let walls = Walls::find(&scene);
        for (row, column, azimuth) in
            [(14, 20, 0.0), (20, 25, 90.0), (25, 20, 180.0), (20, 14, 270.0)]
        {
            assert_eq!(walls.height_m[(row, column)], 12.0);
            let off = (walls.azimuth[(row, column)] - azimuth + 540.0) % 360.0 - 180.0;
            assert!(off.abs() < 1.0, "{row} {column}: {}", walls.azimuth[(row, column)]);
        }
        assert_eq!(walls.height_m[(20, 20)], 0.0);
        let sun = Sun { azimuth: 180.0, altitude: 40.0 };
        let lit = walls.sun(&Shadows::cast(&scene, &sun), &sun);
        assert_eq!(lit.sunlit_m[(25, 20)], 12.0);
        assert_eq!((lit.sunlit_m[(14, 20)], lit.shaded_m[(14, 20)]), (0.0, 12.0));
    }
}
