//! Positions on the globe: longitude, latitude and height above the ellipsoid, geocentric metres, and
//! metres east, north and up of a place.

use geodesy::prelude::{Coor3D, CoordinateTuple as _, Ellipsoid, GeoCart as _};

use super::{Crs, HeightGrid, Transformer, VerticalDatum};
use crate::{Error, Result};

/// Longitude and latitude in radians, height above the ellipsoid in metres.
pub type Geographic = [f64; 3];

/// The way from world coordinates of a reference system to the globe.
#[derive(Debug)]
pub struct Globe {
    ellipsoid: Ellipsoid,
    to_degrees: Transformer,
    heights: HeightGrid,
}

impl Globe {
    /// For world coordinates of a system with heights of a datum.
    ///
    /// # Errors
    /// When there is no way from the system to longitude and latitude, or the datum has no height
    /// grid.
    pub fn new(crs: Crs, datum: VerticalDatum) -> Result<Self> {
        let ellipsoid = Ellipsoid::named("GRS80").map_err(|e| {
            Error::input("GRS80", format!("ellipsoïde : {e}"), format!("ellipsoid: {e}"))
        })?;
        let to_degrees = Transformer::new(crs, Crs::WGS_84)?;
        Ok(Self { ellipsoid, to_degrees, heights: HeightGrid::of(datum)? })
    }

    /// The place of a world position; `None` where the projection or the height grid ends.
    pub fn geographic(&self, [x, y, z]: [f64; 3]) -> Option<Geographic> {
        let (longitude, latitude) = self.to_degrees.point(x, y);
        let height = z + self.heights.undulation_m(longitude, latitude)?;
        Some([longitude.to_radians(), latitude.to_radians(), height])
    }

    /// Geocentric metres of a place.
    pub fn geocentric(&self, place: Geographic) -> [f64; 3] {
        let cartesian = self.ellipsoid.cartesian(&Coor3D(place));
        [0, 1, 2].map(|k| cartesian.nth(k))
    }
}

/// Metres east, north and up of a place on the globe.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalFrame {
    origin: [f64; 3],
    axes: [[f64; 3]; 3],
}

impl LocalFrame {
    /// Around a place.
    pub fn new(globe: &Globe, place: Geographic) -> Self {
        let ((sl, cl), (sp, cp)) = (place[0].sin_cos(), place[1].sin_cos());
        Self {
            origin: globe.geocentric(place),
            axes: [[-sl, cl, 0.0], [-sp * cl, -sp * sl, cp], [cp * cl, cp * sl, sp]],
        }
    }

    /// East, north and up of a geocentric position.
    pub fn local(&self, position: [f64; 3]) -> [f64; 3] {
        let d = [0, 1, 2].map(|k| position[k] - self.origin[k]);
        self.axes.map(|axis| (0..3).map(|k| axis[k] * d[k]).sum())
    }

    /// The 4 × 4 matrix from local to geocentric metres, column by column.
    pub fn matrix(&self) -> [f64; 16] {
        let [e, n, u] = self.axes;
        let o = self.origin;
        [e[0], e[1], e[2], 0.0, n[0], n[1], n[2], 0.0, u[0], u[1], u[2], 0.0, o[0], o[1], o[2], 1.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globe() -> Globe {
        Globe::new(Crs::LAMBERT_93, VerticalDatum::NgfIgn69).unwrap()
    }

    /// By the closed form of the ellipsoid, GRS80: a = 6 378 137 m, 1/f = 298.257222101.
    #[test]
    fn a_place_in_paris_is_where_the_ellipsoid_puts_it() {
        let globe = globe();
        let place = globe.geographic([652_469.022_709_14, 6_862_035.259_420_08, 35.0]).unwrap();
        assert!((place[0].to_degrees() - 2.3522).abs() < 1e-9);
        assert!((place[1].to_degrees() - 48.8566).abs() < 1e-9);
        assert!((place[2] - 35.0 - 43.8).abs() < 0.1, "{}", place[2]);
        let f = 1.0 / 298.257_222_101;
        let e2 = f * (2.0 - f);
        let (sin, cos) = place[1].sin_cos();
        let n = 6_378_137.0 / (1.0 - e2 * sin * sin).sqrt();
        let expected = [
            (n + place[2]) * cos * place[0].cos(),
            (n + place[2]) * cos * place[0].sin(),
            (n * (1.0 - e2) + place[2]) * sin,
        ];
        for (found, expected) in globe.geocentric(place).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn a_local_frame_keeps_lengths_and_knows_up_and_north() {
        let globe = globe();
        let world = [700_000.0, 6_600_000.0, 100.0];
        let frame = LocalFrame::new(&globe, globe.geographic(world).unwrap());
        let local = |dx: f64, dy: f64, dz: f64| {
            let place = globe.geographic([world[0] + dx, world[1] + dy, world[2] + dz]).unwrap();
            frame.local(globe.geocentric(place))
        };
        // On the central meridian of Lambert-93 north is north; the scale there is 0.99905.
        let [east, north, up] = local(0.0, 1000.0, 0.0);
        assert!(east.abs() < 0.01 && (north - 1000.0).abs() < 1.5 && up.abs() < 0.2);
        let [east, north, up] = local(0.0, 0.0, 50.0);
        assert!(east.abs() < 1e-6 && north.abs() < 1e-6 && (up - 50.0).abs() < 1e-6);
        let matrix = frame.matrix();
        let back = [0, 1, 2].map(|k| matrix[8 + k] * 50.0 + matrix[12 + k]);
        let [x, y, z] = globe.geocentric(globe.geographic([world[0], world[1], 150.0]).unwrap());
        assert!((back[0] - x).hypot(back[1] - y).hypot(back[2] - z) < 1e-6);
    }
}
