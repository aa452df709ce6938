//! Shaded relief.
//!
//! The slope is the third-order finite difference over the eight neighbours of Horn 1981, *Hill
//! shading and the reflectance map*, Proc. IEEE 69(1), doi:10.1109/PROC.1981.11918:
//!
//! ```text
//! ∂z/∂x = ((c + 2f + i) − (a + 2d + g)) / 8Δ      a b c
//! ∂z/∂y = ((a + 2b + c) − (g + 2h + i)) / 8Δ      d e f   north up
//!                                                 g h i
//! ```
//!
//! and the shade is the Lambertian reflectance `n · s`, clamped at 0, with the unit normal `n` and
//! the direction `s` of the sun. A neighbour without height takes that of the centre, so that
//! borders and holes stay flat instead of growing.

use crate::spatial::Grid;

/// Light on a relief.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hillshade {
    /// Direction the light comes from, degrees clockwise from north.
    pub azimuth_deg: f64,
    /// Height of the light above the horizon, degrees.
    pub altitude_deg: f64,
    /// Factor on heights; 1 is true to scale.
    pub exaggeration: f64,
}

impl Default for Hillshade {
    /// Light from the north-west at 45°, the convention that lets readers see relief upright.
    fn default() -> Self {
        Self { azimuth_deg: 315.0, altitude_deg: 45.0, exaggeration: 1.0 }
    }
}

impl Hillshade {
    /// Shade of each cell, 0 dark to 1 lit; `NaN` where there is no height. Flat ground has the
    /// sine of the light's height.
    pub fn shade(&self, heights_m: &Grid<f32>) -> Grid<f32> {
        let (azimuth, altitude) = (self.azimuth_deg.to_radians(), self.altitude_deg.to_radians());
        let sun = [
            (azimuth.sin() * altitude.cos()) as f32,
            (azimuth.cos() * altitude.cos()) as f32,
            altitude.sin() as f32,
        ];
        let scale = self.exaggeration as f32;
        gradient_map(heights_m, |dx, dy| {
            let (dx, dy) = (dx * scale, dy * scale);
            let norm = (dx * dx + dy * dy + 1.0).sqrt();
            ((-dx * sun[0] - dy * sun[1] + sun[2]) / norm).max(0.0)
        })
    }

    /// Mean of four lights at 225°, 270°, 315° and 360°, which also shows ridges that run along
    /// the main light. The weights favour the light that crosses the slope (Mark 1992, USGS
    /// Open-File Report 92-422).
    pub fn multidirectional(&self, heights_m: &Grid<f32>) -> Grid<f32> {
        let altitude = self.altitude_deg.to_radians();
        let (horizontal, vertical) = (altitude.cos() as f32, altitude.sin() as f32);
        let lights = [225.0_f64, 270.0, 315.0, 360.0]
            .map(|azimuth| (azimuth.to_radians().sin() as f32, azimuth.to_radians().cos() as f32));
        let scale = self.exaggeration as f32;
        gradient_map(heights_m, |dx, dy| {
            let (dx, dy) = (dx * scale, dy * scale);
            let norm = (dx * dx + dy * dy + 1.0).sqrt();
            let slope = (dx * dx + dy * dy).sqrt();
            if slope == 0.0 {
                return vertical;
            }
            let (mut sum, mut weights) = (0.0, 0.0);
            for (x, y) in lights {
                let along = (-dx * x - dy * y) / slope;
                let weight = 1.0 - along * along;
                sum += weight * ((-dx * x - dy * y) * horizontal + vertical).max(0.0) / norm;
                weights += weight;
            }
            sum / weights
        })
    }

    /// The same light with heights exaggerated so that the steeper parts of a flat country show:
    /// the slope that 95 % of the cells stay below becomes 0.35, by a factor between 1 and 8.
    pub fn adapted_to(self, heights_m: &Grid<f32>) -> Self {
        let slopes = gradient_map(heights_m, |dx, dy| (dx * dx + dy * dy).sqrt());
        let mut slopes: Vec<f32> = slopes.values.into_iter().filter(|s| s.is_finite()).collect();
        if slopes.is_empty() {
            return self;
        }
        let rank = (slopes.len() - 1) * 95 / 100;
        let (_, &mut steep, _) = slopes.select_nth_unstable_by(rank, f32::total_cmp);
        let factor = (0.35 / f64::from(steep.max(1e-6))).clamp(1.0, 8.0);
        Self { exaggeration: (factor * 2.0).round() / 2.0, ..self }
    }
}

fn gradient_map(heights_m: &Grid<f32>, value: impl Fn(f32, f32) -> f32 + Sync) -> Grid<f32> {
    use rayon::prelude::*;
    let spec = heights_m.spec;
    let mut values = vec![f32::NAN; spec.len()];
    if spec.is_empty() {
        return Grid { spec, values };
    }
    let per_metre = (1.0 / (8.0 * spec.cell_size)) as f32;
    values.par_chunks_mut(spec.columns).enumerate().for_each(|(row, out)| {
        let north = row.saturating_sub(1);
        let south = (row + 1).min(spec.rows - 1);
        for (column, out) in out.iter_mut().enumerate() {
            let centre = heights_m[(row, column)];
            if !centre.is_finite() {
                continue;
            }
            let west = column.saturating_sub(1);
            let east = (column + 1).min(spec.columns - 1);
            let at = |row: usize, column: usize| {
                let z = heights_m[(row, column)];
                if z.is_finite() { z - centre } else { 0.0 }
            };
            let (a, b, c) = (at(north, west), at(north, column), at(north, east));
            let (d, f) = (at(row, west), at(row, east));
            let (g, h, i) = (at(south, west), at(south, column), at(south, east));
            let dx = ((c + 2.0 * f + i) - (a + 2.0 * d + g)) * per_metre;
            let dy = ((a + 2.0 * b + c) - (g + 2.0 * h + i)) * per_metre;
            *out = value(dx, dy);
        }
    });
    Grid { spec, values }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;
    use crate::spatial::GridSpec;

    fn plane(cell_size: f64, east: f64, north: f64) -> Grid<f32> {
        let spec = GridSpec { west: 0.0, north: 50.0, cell_size, columns: 9, rows: 9 };
        Grid::from_fn(spec, |r, c| {
            let (x, y) = spec.centre(r, c);
            (east * x + north * y) as f32
        })
    }

    #[test]
    fn a_plane_has_the_closed_form_whatever_the_cell_size() {
        // n · s of the plane z = 0.3 x − 0.2 y.
        let light = Hillshade::default();
        let half = 0.5_f64;
        let expected = (-0.3 * -half - -0.2 * half + half.sqrt())
            / (0.3_f64.powi(2) + 0.2_f64.powi(2) + 1.0).sqrt();
        for cell_size in [0.5, 5.0] {
            let shade = light.shade(&plane(cell_size, 0.3, -0.2));
            assert_relative_eq!(f64::from(shade[(4, 4)]), expected, epsilon = 1e-5);
        }
    }

    #[test]
    fn slopes_that_face_the_light_are_brighter() {
        let light = Hillshade::default();
        let to_north_west = light.shade(&plane(1.0, 0.5, -0.5))[(4, 4)];
        let to_south_east = light.shade(&plane(1.0, -0.5, 0.5))[(4, 4)];
        let flat = light.shade(&plane(1.0, 0.0, 0.0))[(4, 4)];
        assert!(to_north_west > flat && flat > to_south_east);
    }

    #[test]
    fn a_hole_stays_a_hole_and_flat_ground_around_it_flat() {
        let mut grid = plane(1.0, 0.0, 0.0);
        grid[(4, 4)] = f32::NAN;
        for shade in
            [Hillshade::default().shade(&grid), Hillshade::default().multidirectional(&grid)]
        {
            assert_eq!(shade.values.iter().filter(|v| v.is_nan()).count(), 1);
            assert!(
                shade
                    .values
                    .iter()
                    .filter(|v| v.is_finite())
                    .all(|v| (v - 0.5_f32.sqrt()).abs() < 1e-6)
            );
        }
    }

    #[test]
    fn exaggeration_only_serves_flat_country() {
        assert_eq!(Hillshade::default().adapted_to(&plane(1.0, 0.6, 0.0)).exaggeration, 1.0);
        assert_eq!(Hillshade::default().adapted_to(&plane(1.0, 0.001, 0.0)).exaggeration, 8.0);
    }
}
