//! Radiation of sun and sky on the horizontal: what arrives above the atmosphere, under a clear sky, and how
//! a measured total splits into direct and diffuse.

use crate::Sun;

/// Solar constant, W/m² (1370 in Crawford & Duchon 1999, with which the clear sky is computed).
const SOLAR_CONSTANT: f64 = 1370.0;

/// Air as the radiation passes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Air {
    /// Temperature, °C.
    pub temperature: f64,
    /// Relative humidity, %.
    pub humidity: f64,
    /// Pressure, hPa.
    pub pressure: f64,
}

impl Air {
    /// Vapour pressure, hPa (Magnus' formula in the form of the SOLWEIG papers).
    pub fn vapour_hpa(&self) -> f64 {
        6.107 * 10f64.powf(7.5 * self.temperature / (237.3 + self.temperature)) * self.humidity
            / 100.0
    }

    /// Dew point, °C (Magnus' formula with the coefficients of Alduchov & Eskridge 1996).
    pub fn dew_point(&self) -> f64 {
        let (b, c) = (17.625, 243.04);
        let t = self.temperature;
        let gamma = b * t / (c + t) + (self.humidity.max(0.1) / 100.0).ln();
        c * gamma / (b - gamma)
    }
}

/// Global radiation split in two, W/m².
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// Direct, on a surface that faces the sun.
    pub direct: f64,
    /// Diffuse, on the horizontal.
    pub diffuse: f64,
}

/// Factor of the radiation above the atmosphere by the distance of the sun on a day of the year (Spencer 1971).
pub fn distance_factor(day_of_year: u16) -> f64 {
    let b = std::f64::consts::TAU * f64::from(day_of_year) / 365.0;
    let (s, c) = b.sin_cos();
    let (s2, c2) = (2.0 * b).sin_cos();
    1.00011 + 0.034221 * c + 0.00128 * s + 0.000719 * c2 + 0.000077 * s2
}

/// Radiation on the horizontal above the atmosphere, W/m².
pub fn extraterrestrial(sun: &Sun, day_of_year: u16) -> f64 {
    SOLAR_CONSTANT * distance_factor(day_of_year) * sun.altitude.to_radians().sin().max(0.0)
}

/// Direct and diffuse parts of a global radiation (W/m²) by its clearness (Reindl et al. 1990,
/// doi:10.1016/0038-092X(90)90060-P, with air temperature and humidity).
pub fn split(global: f64, sun: &Sun, day_of_year: u16, air: &Air) -> Split {
    let sine = sun.altitude.to_radians().sin();
    let above = extraterrestrial(sun, day_of_year);
    if global <= 0.0 || sine <= 0.0 || above <= 0.0 {
        return Split { direct: 0.0, diffuse: global.max(0.0) };
    }
    let clearness = global / above;
    let (t, rh) = (air.temperature, air.humidity / 100.0);
    let share = if clearness <= 0.3 {
        1.0 - 0.232 * clearness + 0.0239 * sine - 0.000682 * t + 0.0195 * rh
    } else if clearness < 0.78 {
        1.329 - 1.716 * clearness + 0.267 * sine - 0.00357 * t + 0.106 * rh
    } else {
        0.426 * clearness - 0.256 * sine + 0.00349 * t + 0.0734 * rh
    };
    let diffuse = global * share.clamp(0.1, 1.0);
    // Near the horizon the split is not sharp: never more than the sun sends.
    let direct = ((global - diffuse) / sine).min(SOLAR_CONSTANT * distance_factor(day_of_year));
    Split { direct, diffuse }
}

/// Global radiation under a clear sky, W/m² (Crawford & Duchon 1999,
/// doi:10.1175/1520-0450(1999)038<0474:AIPFUI>2.0.CO;2).
pub fn clear_sky(sun: &Sun, day_of_year: u16, latitude: f64, air: &Air) -> f64 {
    if !sun.is_up() {
        return 0.0;
    }
    let cosine = sun.zenith().to_radians().cos();
    let mass = 35.0 * cosine * (1224.0 * cosine * cosine + 1.0).powf(-0.5);
    let rayleigh = 1.021 - 0.084 * (mass * (0.000949 * air.pressure + 0.051)).sqrt();
    let dew_fahrenheit = air.dew_point() * 9.0 / 5.0 + 32.0;
    let lambda = vapour_profile(latitude, day_of_year);
    let water_cm = (0.1133 - (lambda + 1.0).ln() + 0.0393 * dew_fahrenheit).exp();
    let vapour = 1.0 - 0.077 * (water_cm * mass).powf(0.3);
    let aerosols = 0.935f64.powf(mass);
    let above = SOLAR_CONSTANT * distance_factor(day_of_year) * cosine;
    above * rayleigh * vapour * aerosols
}

/// Clearness of the sky: measured over clear-sky global radiation, corrected towards the horizon, at most 1;
/// `None` where the sun stands too low to tell.
pub fn clearness(global: f64, clear_sky: f64, sun: &Sun) -> Option<f64> {
    if sun.altitude < 3.0 || clear_sky <= 0.0 {
        return None;
    }
    let correction = 0.1473 * sun.altitude.ln() + 0.3454;
    Some((global / clear_sky + (1.0 - correction)).clamp(0.0, 1.0))
}

/// Smith's (1966) exponent of the vapour profile by latitude and season (winter, spring, summer, autumn).
fn vapour_profile(latitude: f64, day_of_year: u16) -> f64 {
    const BY_LATITUDE: [[f64; 4]; 9] = [
        [3.37, 2.85, 2.80, 2.64],
        [2.99, 3.02, 2.70, 2.93],
        [3.60, 3.00, 2.98, 2.93],
        [3.04, 3.11, 2.92, 2.94],
        [2.70, 2.95, 2.77, 2.71],
        [2.52, 3.07, 2.67, 2.93],
        [1.76, 2.69, 2.61, 2.61],
        [1.60, 1.67, 2.24, 2.63],
        [1.11, 1.44, 1.94, 2.02],
    ];
    let band = ((latitude.abs() / 10.0) as usize).min(8);
    let day = if latitude < 0.0 { (day_of_year + 182) % 365 } else { day_of_year };
    // Spring begins on 21 March.
    let season = match day {
        80..=171 => 1,
        172..=263 => 2,
        264..=354 => 3,
        _ => 0,
    };
    BY_LATITUDE[band][season]
}

#[cfg(test)]
mod tests {
    use super::*;

    const AIR: Air = Air { temperature: 25.0, humidity: 50.0, pressure: 1013.0 };

    #[test]
    fn direct_and_diffuse_add_up_to_the_global_radiation() {
        for altitude in [5.0, 30.0, 62.0] {
            let sun = Sun { azimuth: 180.0, altitude };
            for share in [0.1, 0.5, 0.75, 0.9] {
                let global = share * extraterrestrial(&sun, 200);
                let parts = split(global, &sun, 200, &AIR);
                let sum = parts.direct * altitude.to_radians().sin() + parts.diffuse;
                assert!((sum - global).abs() < 1e-9, "{altitude} {share}: {parts:?}");
                assert!(parts.diffuse >= 0.1 * global && parts.direct >= 0.0);
            }
        }
        let night = Sun { azimuth: 0.0, altitude: -10.0 };
        assert_eq!(split(3.0, &night, 1, &AIR), Split { direct: 0.0, diffuse: 3.0 });
    }

    #[test]
    fn a_clear_noon_of_july_has_about_900_watts_and_the_night_none() {
        let noon = clear_sky(&Sun { azimuth: 180.0, altitude: 62.0 }, 196, 48.85, &AIR);
        assert!((850.0..950.0).contains(&noon), "{noon}");
        assert_eq!(clear_sky(&Sun { azimuth: 0.0, altitude: -5.0 }, 196, 48.85, &AIR), 0.0);
        let high = Sun { azimuth: 180.0, altitude: 62.0 };
        assert!((clearness(noon, noon, &high).unwrap() - 1.0).abs() < 0.05);
        assert!(clearness(0.3 * noon, noon, &high).unwrap() < 0.4);
        assert_eq!(clearness(10.0, 20.0, &Sun { azimuth: 90.0, altitude: 1.0 }), None);
    }

    #[test]
    fn the_dew_point_of_saturated_air_is_its_temperature() {
        let wet = Air { humidity: 100.0, ..AIR };
        assert!((wet.dew_point() - 25.0).abs() < 1e-9);
        assert!((AIR.dew_point() - 13.86).abs() < 0.05, "{}", AIR.dew_point());
    }
}
