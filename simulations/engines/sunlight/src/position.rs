//! Position of the sun by NREL's Solar Position Algorithm (Reda & Andreas 2004,
//! doi:10.1016/j.solener.2003.12.003), as the crate `solar-positioning` computes it.

use jiff::Timestamp;
use solar_positioning::time::JulianDate;
use solar_positioning::{Location, RefractionCorrection, SolarPositions};

use crate::Error;

/// Terrestrial less universal time in the 2020s, s (IERS, <https://maia.usno.navy.mil/ser7/deltat.data>). A minute
/// more moves the sun by less than 0.001°.
const DELTA_T_S: f64 = 69.2;
/// Julian date of the beginning of 1970.
const UNIX_EPOCH_JD: f64 = 2_440_587.5;

/// A place on the earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Latitude, degrees, positive to the north.
    pub latitude: f64,
    /// Longitude, degrees, positive to the east.
    pub longitude: f64,
    /// Height above sea level, m.
    pub height_m: f64,
    /// Air pressure, hPa, and temperature, °C, for refraction.
    pub air: (f64, f64),
}

impl Place {
    /// A place in a standard atmosphere (1013.25 hPa, 12 °C).
    pub fn new(latitude: f64, longitude: f64, height_m: f64) -> Self {
        Self { latitude, longitude, height_m, air: (1013.25, 12.0) }
    }
}

/// Where the sun stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sun {
    /// Degrees clockwise from north.
    pub azimuth: f64,
    /// Degrees above the horizon, refraction included; negative at night.
    pub altitude: f64,
}

impl Sun {
    /// Degrees from the zenith.
    pub fn zenith(&self) -> f64 {
        90.0 - self.altitude
    }

    /// Whether it stands above the horizon.
    pub fn is_up(&self) -> bool {
        self.altitude > 0.0
    }
}

/// The position of the sun's centre.
///
/// # Errors
/// A place that is none.
pub fn sun_position(time: Timestamp, place: &Place) -> Result<Sun, Error> {
    position(time, place, DELTA_T_S).ok_or(Error::Position)
}

fn position(time: Timestamp, place: &Place, delta_t_s: f64) -> Option<Sun> {
    let seconds = time.as_duration().as_secs_f64();
    let julian = JulianDate::new(UNIX_EPOCH_JD + seconds / 86_400.0, delta_t_s).ok()?;
    let location = Location { latitude: place.latitude, longitude: place.longitude };
    let refraction = RefractionCorrection::new(place.air.0, place.air.1).ok()?;
    let positions = SolarPositions::new();
    let position =
        positions.at_from_julian(julian, location, place.height_m, Some(refraction)).ok()?;
    Some(Sun { azimuth: position.azimuth(), altitude: position.elevation_angle() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_case_of_nrel() {
        let place = Place {
            latitude: 39.742476,
            longitude: -105.1786,
            height_m: 1830.14,
            air: (820.0, 11.0),
        };
        let sun = position("2003-10-17T19:30:30Z".parse().unwrap(), &place, 67.0).unwrap();
        assert!((sun.zenith() - 50.11162).abs() < 1e-5, "{sun:?}");
        assert!((sun.azimuth - 194.34024).abs() < 1e-5, "{sun:?}");
    }

    #[test]
    fn places_that_are_none_are_told() {
        let time = Timestamp::UNIX_EPOCH;
        for place in [Place::new(91.0, 0.0, 0.0), Place::new(f64::NAN, 0.0, 0.0)] {
            assert_eq!(sun_position(time, &place), Err(Error::Position));
        }
    }
}
