//! The surface energy balance of units, hour after hour: what of the sun's energy a district stores, evaporates and gives
//! back to the air as heat.
//!
//! ```text
//! Q* + Q_F = Q_H + Q_E + ΔQ_S                              W per m² of the unit
//! Q*   = (1 − α) K↓ + ε (L↓ − σ T⁴) − 0.08 (1 − α) K↓        T: air temperature
//! ΔQ_S = a₁ Q* + a₂ ∂Q*/∂t + a₃                            a: by cover, by share of the area
//! Q_E  = A/(1 + γ/s) · (Q* − ΔQ_S) + B                     A = 0.686 · share that evaporates + 0.189, B = 3 W/m²
//! ```
//!
//! Net radiation by Offerle, Grimmond & Oke 2003 (doi:10.1175/1520-0450(2003)042<1157:PONARF>2.0.CO;2), storage by the
//! objective hysteresis model (Grimmond & Oke 1999, doi:10.1175/1520-0450(1999)038<0922:HSIUAL>2.0.CO;2), turbulent heat
//! by LUMPS (Grimmond & Oke 2002, doi:10.1175/1520-0450(2002)041<0792:THFIUA>2.0.CO;2). What traffic and buildings give
//! off (Q_F) is stated by the scenario and goes to the air as heat. The balance does not act on the air temperature of
//! the run.

use crate::climate::saturation_hpa;
use crate::radiation::Moment;
use crate::radiation::posture::{SIGMA, ZERO};
use crate::zones::classes::classify;
use crate::zones::units::{Unit, Units};

/// Emissivity of a district (Oke 1987: towns 0.85 to 0.96).
const EMISSIVITY: f64 = 0.95;
/// Part of the absorbed sun by which surfaces warmer than the air send more (Offerle et al. 2003).
const WARMER: f64 = 0.08;
/// Parts of the heat that evaporates (Grimmond & Oke 2002, equation 7).
const BY_PLANTS: f64 = 0.686;
const WITHOUT_PLANTS: f64 = 0.189;
const EVEN_W_PER_M2: f64 = 3.0;
/// Heat capacity of air, J/(kg K), over the ratio of the molar masses of water and air and the heat of vaporisation,
/// J/kg: times the pressure it is the psychrometric constant.
const PSYCHROMETRIC_PER_K: f64 = 1005.0 / (0.622 * 2.45e6);

/// Coefficients of the objective hysteresis model: of Q*, of its change per hour, W/m².
type Hysteresis = [f64; 3];
/// Roofs: mean of Yap 1973, Taesler 1980 and Yoshida et al. 1991. Sealed ground: mean of Doll et al. 1985, Asaeda & Ca
/// 1993 (concrete and asphalt), Narita et al. 1984 and Anandakumar 1999. Plants: mean of grass (Doll et al. 1985) and mixed
/// forest (McCaughey 1985), as evaporation does not tell them apart either. Bare soil: Novak 1982. Water: Souch et al. 1998.
const ROOFS: Hysteresis = [0.477, 0.337, -33.9];
const SEALED: Hysteresis = [0.70, 0.33, -38.3];
const PLANTS: Hysteresis = [0.215, 0.325, -19.85];
const BARE_SOIL: Hysteresis = [0.38, 0.56, -27.3];
const WATER: Hysteresis = [0.50, 0.21, -39.1];

/// Fluxes of a unit, W per m² of its area; those that leave the surface are positive but for net radiation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Fluxes {
    /// Net radiation that the surface takes up, Q*.
    pub net_radiation: f64,
    /// Heat of traffic and buildings, Q_F.
    pub anthropogenic: f64,
    /// Heat that the surface stores, ΔQ_S.
    pub storage: f64,
    /// Heat that warms the air, Q_H.
    pub sensible: f64,
    /// Heat that evaporates water, Q_E.
    pub latent: f64,
}

impl Fluxes {
    fn add(&mut self, other: &Self, weight: f64) {
        self.net_radiation += weight * other.net_radiation;
        self.anthropogenic += weight * other.anthropogenic;
        self.storage += weight * other.storage;
        self.sensible += weight * other.sensible;
        self.latent += weight * other.latent;
    }
}

/// Means over the hours with the sun up, and over the others; `None` without any.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Means {
    /// By day.
    pub day: Option<Fluxes>,
    /// By night.
    pub night: Option<Fluxes>,
}

/// Mean global radiation of the hours with the sun up below which the balance is not made, W/m²: its coefficients were
/// found on days of summer.
const LEAST_SUN: f64 = 200.0;

/// Whether the balance holds for some weather: sunny days.
pub fn is_sunny(moments: &[Moment]) -> bool {
    let up = || moments.iter().filter(|moment| moment.sun.is_up());
    let count = up().count();
    count > 0 && up().map(|moment| moment.global).sum::<f64>() >= LEAST_SUN * count as f64
}

/// Means of every unit, by number of region.
pub fn of_units(units: &Units, moments: &[Moment], anthropogenic: f64) -> Vec<Means> {
    let of = |unit: &Unit| {
        let is_built = classify(unit).zone.is_built();
        means(unit, moments, if is_built { anthropogenic } else { 0.0 })
    };
    units.units.iter().map(of).collect()
}

/// Mean of units over areas, m².
pub fn mean<'a>(of: impl Iterator<Item = (&'a Fluxes, f64)>) -> Option<Fluxes> {
    let (mut sum, mut area) = (Fluxes::default(), 0.0);
    for (fluxes, weight) in of {
        sum.add(fluxes, weight);
        area += weight;
    }
    (area > 0.0).then(|| {
        let mut mean = Fluxes::default();
        mean.add(&sum, 1.0 / area);
        mean
    })
}

fn means(unit: &Unit, moments: &[Moment], anthropogenic: f64) -> Means {
    let fluxes = fluxes(unit, moments, anthropogenic);
    let part = |is_day: bool| {
        let of = moments.iter().zip(&fluxes).filter(|(moment, _)| moment.sun.is_up() == is_day);
        mean(of.map(|(moment, fluxes)| (fluxes, moment.step_days)))
    };
    Means { day: part(true), night: part(false) }
}

/// Fluxes of a unit in each of the periods, which follow each other.
fn fluxes(unit: &Unit, moments: &[Moment], anthropogenic: f64) -> Vec<Fluxes> {
    let net: Vec<f64> = moments.iter().map(|moment| net_radiation(unit, moment)).collect();
    let [of_net, of_change, even] = hysteresis(unit);
    let evaporating = (unit.vegetation_fraction + unit.water_fraction).min(1.0);
    (0..moments.len())
        .map(|k| {
            let moment = &moments[k];
            let (before, after) = (k.saturating_sub(1), (k + 1).min(moments.len() - 1));
            let hours = (before..after)
                .map(|k| 12.0 * (moments[k].step_days + moments[k + 1].step_days))
                .sum::<f64>();
            let change = if hours > 0.0 { (net[after] - net[before]) / hours } else { 0.0 };
            let storage = of_net * net[k] + of_change * change + even;
            let available = net[k] - storage;
            let part = (BY_PLANTS * evaporating + WITHOUT_PLANTS) / (1.0 + psychrometric(moment));
            let latent = part * available + EVEN_W_PER_M2;
            let sensible = available - latent + anthropogenic;
            Fluxes { net_radiation: net[k], anthropogenic, storage, sensible, latent }
        })
        .collect()
}

fn net_radiation(unit: &Unit, moment: &Moment) -> f64 {
    let absorbed = (1.0 - unit.albedo) * moment.global.max(0.0);
    let emitted = SIGMA * (moment.air.temperature + ZERO).powi(4);
    absorbed * (1.0 - WARMER) + EMISSIVITY * (moment.sky_long_wave() - emitted)
}

/// Coefficients of a unit: those of its covers by their shares of it. Greened roofs and what trees stand over count as
/// plants.
fn hysteresis(unit: &Unit) -> Hysteresis {
    let sealed = unit.impervious_fraction;
    let green = (unit.vegetation_fraction - unit.green_roof_fraction).max(0.0);
    let under_trees = (green - unit.low_plant_fraction - unit.shrub_fraction).clamp(0.0, sealed);
    let plants =
        unit.low_plant_fraction + unit.shrub_fraction + unit.green_roof_fraction + under_trees;
    let shares = [
        (unit.building_fraction - unit.green_roof_fraction, ROOFS),
        (sealed - under_trees, SEALED),
        (plants, PLANTS),
        (unit.bare_soil_fraction, BARE_SOIL),
        (unit.water_fraction, WATER),
    ];
    let sum: f64 = shares.iter().map(|(share, _)| share).sum();
    std::array::from_fn(|k| {
        shares.iter().map(|(share, of)| share * of[k]).sum::<f64>() / sum.max(f64::MIN_POSITIVE)
    })
}

/// Psychrometric constant over the slope of the saturation vapour pressure, γ/s.
fn psychrometric(moment: &Moment) -> f64 {
    let air = moment.air.temperature;
    let step = 0.01;
    let slope = (saturation_hpa(air + step) - saturation_hpa(air - step)) / (2.0 * step);
    PSYCHROMETRIC_PER_K * moment.air.pressure / slope
}

#[cfg(test)]
mod tests {
    use twin_sunlight::Sun;
    use twin_sunlight::irradiance::Air;

    use super::*;
    use crate::radiation::PASSING;

    /// A summer day of 24 hours.
    fn day() -> Vec<Moment> {
        (0..24)
            .map(|hour| {
                let hour = f64::from(hour) + 0.5;
                let phase = ((hour - 6.0) / 12.0 * std::f64::consts::PI).sin();
                let sun = Sun { azimuth: 15.0 * hour, altitude: 60.0 * phase };
                Moment {
                    sun,
                    passing: [sun; PASSING],
                    day_of_year: 196,
                    hour,
                    latitude: 45.0,
                    air: Air { temperature: 24.0 + 7.0 * phase, humidity: 45.0, pressure: 1013.0 },
                    global: 850.0 * phase.max(0.0),
                    wind: 2.0,
                    clearness: None,
                    step_days: 1.0 / 24.0,
                }
            })
            .collect()
    }

    fn town() -> Unit {
        Unit {
            area_m2: 1.0,
            building_fraction: 0.4,
            impervious_fraction: 0.5,
            low_plant_fraction: 0.1,
            vegetation_fraction: 0.1,
            albedo: 0.15,
            ..Unit::default()
        }
    }

    #[test]
    fn nothing_is_lost_in_any_hour() {
        for fluxes in fluxes(&town(), &day(), 20.0) {
            let comes = fluxes.net_radiation + fluxes.anthropogenic;
            let goes = fluxes.sensible + fluxes.latent + fluxes.storage;
            assert!((comes - goes).abs() < 1e-9);
        }
    }

    #[test]
    fn an_hour_is_that_of_the_equations() {
        let (day, unit) = (day(), town());
        let noon = fluxes(&unit, &day, 0.0)[12];
        let net = |k: usize| {
            let emitted = SIGMA * (day[k].air.temperature + ZERO).powi(4);
            0.85 * day[k].global * 0.92 + 0.95 * (day[k].sky_long_wave() - emitted)
        };
        assert!((noon.net_radiation - net(12)).abs() < 1e-9);
        let [a1, a2, a3] = [0, 1, 2].map(|k| 0.4 * ROOFS[k] + 0.5 * SEALED[k] + 0.1 * PLANTS[k]);
        let storage = a1 * net(12) + a2 * (net(13) - net(11)) / 2.0 + a3;
        assert!((noon.storage - storage).abs() < 1e-9);
        // 30.9 °C: 44.7 hPa, 2.55 hPa/K (FAO 56, tables 2.3 and 2.4: 4.49 kPa and 0.256 kPa/K at 31 °C); γ 0.668 hPa/K.
        assert!((psychrometric(&day[12]) - 0.668 / 2.55).abs() < 0.004);
        let latent = (0.0686 + 0.189) / (1.0 + psychrometric(&day[12])) * (net(12) - storage) + 3.0;
        assert!((noon.latent - latent).abs() < 1e-9);
    }

    #[test]
    fn plants_for_pavement_and_light_roofs_warm_the_air_less() {
        let day = day();
        let by_day = |unit: &Unit| means(unit, &day, 0.0).day.unwrap();
        let green = Unit {
            impervious_fraction: 0.2,
            low_plant_fraction: 0.4,
            vegetation_fraction: 0.4,
            ..town()
        };
        let green_roofs = Unit { green_roof_fraction: 0.2, vegetation_fraction: 0.3, ..town() };
        let light = Unit { albedo: 0.35, ..town() };
        let (dark, green, green_roofs, light) =
            (by_day(&town()), by_day(&green), by_day(&green_roofs), by_day(&light));
        assert!(green.sensible < dark.sensible && green.latent > dark.latent);
        assert!(green_roofs.latent > dark.latent);
        assert!(light.net_radiation < dark.net_radiation && light.sensible < dark.sensible);
        // Built land stores by day what it gives back by night.
        let night = means(&town(), &day, 0.0).night.unwrap();
        assert!(dark.storage > 0.0 && night.storage < 0.0);
    }
}
