//! Light and warmth of the sky at a moment: clearness by global radiation (Crawford & Duchon 1999), emissivity by Prata
//! 1996 and Martin & Berdahl 1984, clouds as a part that radiates like the air.

use twin_sunlight::irradiance::{Split, clear_sky, clearness, extraterrestrial, split};

use super::Moment;
use super::posture::{SIGMA, ZERO};

/// By how much Prata's formula overestimates what the clear sky sends by day, W/m² (Jonsson et al. 2006, Theor.
/// Appl. Climatol. 85, 185–201; Duarte et al. 2006, doi:10.1016/j.agrformet.2006.06.008; taken off by Lindberg
/// et al. 2008).
const DAY_EXCESS_W_PER_M2: f64 = 25.0;
/// Sky at a moment.
pub(super) struct Sky {
    pub(super) split: Split,
    pub(super) extraterrestrial: f64,
    pub(super) clearness: f64,
    /// The same for the temperature of the ground.
    pub(super) clearness_of_ground: f64,
    /// Emissivity of the sky with its clouds, and without.
    pub(super) emissivity: f64,
    clear_emissivity: f64,
}

impl Sky {
    pub(super) fn of(moment: &Moment) -> Self {
        let Moment { sun, day_of_year, air, global, latitude, .. } = *moment;
        let expected = clear_sky(&sun, day_of_year, latitude, &air);
        let measured = clearness(global, expected, &sun);
        let clearness = moment.clearness.or(measured).unwrap_or(1.0);
        // Prata 1996, doi:10.1002/qj.49712253306.
        let water = 46.5 * air.vapour_hpa() / (air.temperature + ZERO);
        let prata = 1.0 - (1.0 + water) * (-(1.2 + 3.0 * water).sqrt()).exp();
        let air_w_per_m2 = SIGMA * (air.temperature + ZERO).powi(4);
        let excess = if sun.is_up() { DAY_EXCESS_W_PER_M2 / air_w_per_m2 } else { 0.0 };
        let clear_emissivity = prata - excess;
        let clouds = if clearness < 0.95 { 1.0 - clearness } else { 0.0 };
        Self {
            split: split(global, &sun, day_of_year, &air),
            extraterrestrial: extraterrestrial(&sun, day_of_year),
            clearness,
            clearness_of_ground: measured.unwrap_or(clearness),
            emissivity: clear_emissivity + clouds * (1.0 - clear_emissivity),
            clear_emissivity,
        }
    }

    /// Emissivity at an altitude, degrees (Martin & Berdahl 1984, doi:10.1016/0038-092X(84)90162-2), clouds even.
    pub(super) fn emissivity_at(&self, altitude: f64) -> f64 {
        let cosine = (90.0 - altitude).to_radians().cos().max(0.05);
        let clear = 1.0 - (1.0 - self.clear_emissivity) * (0.308 * (1.7 - 1.0 / cosine)).exp();
        let clouds = (self.emissivity - self.clear_emissivity) / (1.0 - self.clear_emissivity);
        clear + clouds * (1.0 - clear)
    }
}

impl Moment {
    /// Long-wave radiation of the open sky, W/m².
    pub fn sky_long_wave(&self) -> f64 {
        Sky::of(self).emissivity * SIGMA * (self.air.temperature + ZERO).powi(4)
    }
}
