//! Physiological equivalent temperature by the Munich energy balance model (MEMI; Höppe 1999,
//! doi:10.1007/s004840050118; VDI 3787 part 2): the air temperature of a room (radiant temperature the same, air
//! at 0.1 m/s, 12 hPa of vapour) in which skin and core would be as warm.
//!
//! This is Höppe's own variant. Walther & Goestchel 2018 (doi:10.1016/j.buildenv.2018.03.054) have another one,
//! with other clothing, sweat and vapour, which is up to 4 K lower in the heat.

use super::Environment;

/// Stefan–Boltzmann constant as the model has it, W/(m² K⁴), and its zero of the Celsius scale, K.
const SIGMA: f64 = 5.67e-8;
const ZERO: f64 = 273.2;
/// Emissivities of skin and clothes.
const SKIN_EMISSIVITY: f64 = 0.99;
const CLOTHES_EMISSIVITY: f64 = 0.95;
/// Heat of evaporation, J/kg; heat capacity of air, J/(kg K).
const EVAPORATION: f64 = 2.42e6;
const AIR_CAPACITY: f64 = 1010.0;
/// Standard pressure, hPa.
const STANDARD_HPA: f64 = 1013.25;
/// Density (kg/l) times heat capacity (J/(kg K)) of blood.
const BLOOD: f64 = 1.06 * 3640.0;
/// Part of the body that takes part in radiation.
const RADIATING: f64 = 0.725;
/// Conductance from core to skin without blood, W/(m² K).
const TISSUE: f64 = 5.28;
/// Set points of core and skin, °C.
const CORE_SET: f64 = 36.6;
const SKIN_SET: f64 = 34.0;
/// Largest flow of blood to the skin, l/(m² h).
const MOST_BLOOD: f64 = 90.0;
/// Resistance of skin to vapour, (m² hPa s)/kg … as the model has it.
const SKIN_VAPOUR: f64 = 0.79e7;
/// The room of reference: air speed, m/s; vapour pressure, hPa.
const ROOM_WIND: f64 = 0.1;
const ROOM_VAPOUR_HPA: f64 = 12.0;
/// Halvings of an interval of 200 K: down to 1e-9 K.
const HALVINGS: usize = 38;

/// A person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Person {
    /// Mass, kg.
    pub mass_kg: f64,
    /// Age, years.
    pub age: f64,
    /// Height, m.
    pub height_m: f64,
    /// Whether a woman.
    pub is_woman: bool,
    /// Power of the activity above the basic rate, W.
    pub activity_w: f64,
    /// Insulation of clothes, clo.
    pub clothes: f64,
}

impl Default for Person {
    /// Höppe's: 35 years, 75 kg, 1.80 m, man, 80 W, 0.9 clo.
    fn default() -> Self {
        Self {
            mass_kg: 75.0,
            age: 35.0,
            height_m: 1.8,
            is_woman: false,
            activity_w: 80.0,
            clothes: 0.9,
        }
    }
}

impl Person {
    /// Basic metabolic rate, W.
    fn basic_w(&self) -> f64 {
        let slenderness = 100.0 * self.height_m / self.mass_kg.cbrt();
        let (factor, by_build) = if self.is_woman {
            (3.19, 0.018 * (slenderness - 42.1))
        } else {
            (3.45, 0.010 * (slenderness - 43.4))
        };
        factor * self.mass_kg.powf(0.75) * (1.0 + 0.004 * (30.0 - self.age) + by_build)
    }
}

/// The physiological equivalent temperature, °C, at a wind speed where the person stands (m/s, not at 10 m);
/// `NaN` where a number is not finite.
pub fn pet(environment: &Environment, person: &Person) -> f64 {
    let Environment { air, radiant, wind, humidity } = *environment;
    if ![air, radiant, wind, humidity].iter().all(|v| v.is_finite()) {
        return f64::NAN;
    }
    let vapour = humidity / 100.0 * 6.105 * (17.27 * air / (237.7 + air)).exp();
    let body = Body::new(person);
    let outdoors = Room { air, radiant, wind: wind.max(0.0), vapour };
    let state = body.state(&outdoors);
    let warms = |temperature: f64| body.in_reference(&state, temperature) > 0.0;
    bisect([-90.0, 110.0], |t| !warms(t))
}

/// The value at which a condition ends that holds below it.
fn bisect([mut low, mut high]: [f64; 2], holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// What surrounds a person.
struct Room {
    air: f64,
    radiant: f64,
    wind: f64,
    /// hPa.
    vapour: f64,
}

/// What of the balance depends on the person alone.
struct Body {
    /// Metabolic rate, W, and air breathed, kg/s.
    heat: f64,
    breath: f64,
    /// Surface of the skin, of clothes, and the part of the skin that clothes cover.
    skin_m2: f64,
    clothes_m2: f64,
    covered: f64,
    /// Resistance of clothes, m² K/W … per covered part, and conductance from skin to their outside, W/(m² K).
    clothes_resistance: f64,
    clothes_conductance: f64,
    sweat_factor: f64,
}

/// Temperatures and fluxes of a person in balance.
struct State {
    skin: f64,
    clothes: f64,
    /// Evaporation of sweat, W (negative), and the wet part of the skin.
    sweat_w: f64,
    wetted: f64,
}

impl Body {
    fn new(person: &Person) -> Self {
        let clo = person.clothes.max(0.05);
        let heat = person.basic_w() + person.activity_w;
        let skin_m2 = 0.203 * person.mass_kg.powf(0.425) * person.height_m.powf(0.725);
        let covered =
            ((-2.36 + 173.51 * clo - 100.76 * clo * clo + 19.28 * clo.powi(3)) / 100.0).min(1.0);
        let factor = 1.0 + 0.15 * clo;
        let clothes_m2 = skin_m2 * covered + skin_m2 * (factor - 1.0);
        let clothes_resistance = clo / 6.45 / covered;
        // Clothes as a tube around a cylinder of part of the body's height.
        let height = match clo {
            c if c >= 2.0 => person.height_m,
            c if c > 0.6 => person.height_m - 0.2,
            c if c > 0.3 => 0.5 * person.height_m,
            _ => 0.1 * person.height_m,
        };
        let around = std::f64::consts::TAU * height;
        let outer = skin_m2 * (factor - 1.0 + covered) / around;
        let inner = skin_m2 * covered / around;
        let clothes_conductance =
            around * (outer - inner) / (clothes_resistance * (outer / inner).ln() * clothes_m2);
        Self {
            heat,
            breath: 1.44e-6 * heat,
            skin_m2,
            clothes_m2,
            covered,
            clothes_resistance,
            clothes_conductance,
            sweat_factor: if person.is_woman { 0.7 } else { 1.0 },
        }
    }

    /// Gain by breathing, W.
    fn breathing(&self, air: f64, vapour: f64) -> f64 {
        let breathed_out = 0.47 * air + 21.0;
        let sensible = AIR_CAPACITY * (air - breathed_out) * self.breath;
        let latent = 0.623 * EVAPORATION / STANDARD_HPA * (vapour - saturation_hpa(breathed_out));
        sensible + latent * self.breath
    }

    /// Gain of skin and clothes by radiation and convection, W.
    fn surface_gain(&self, room: &Room, skin: f64, clothes: f64) -> f64 {
        let fourth = |t: f64| (t + ZERO).powi(4);
        let bare_m2 = self.skin_m2 * (1.0 - self.covered);
        let radiation = RADIATING
            * SIGMA
            * (bare_m2 * SKIN_EMISSIVITY * (fourth(room.radiant) - fourth(skin))
                + self.clothes_m2 * CLOTHES_EMISSIVITY * (fourth(room.radiant) - fourth(clothes)));
        let exchange = convection(room.wind);
        radiation
            + exchange * (room.air - skin) * bare_m2
            + exchange * (room.air - clothes) * self.clothes_m2
    }

    /// Core temperature over a skin, °C: what the core makes leaves by tissue and blood.
    fn core(&self, skin: f64, made_w: f64) -> f64 {
        let narrowing = 1.0 + 0.5 * (SKIN_SET - skin).max(0.0);
        let leaves = |core: f64| {
            let blood = (6.3 + 75.0 * (core - CORE_SET).max(0.0)) / narrowing;
            let by_blood = blood.min(MOST_BLOOD) * BLOOD / 3600.0;
            (TISSUE + by_blood) * self.skin_m2 * (core - skin)
        };
        bisect([skin, skin + made_w / (TISSUE * self.skin_m2) + 1.0], |core| leaves(core) < made_w)
    }

    /// Temperatures at which gains and losses are even.
    fn state(&self, room: &Room) -> State {
        let balance = |clothes: f64| self.balance(room, clothes);
        let clothes = bisect([-90.0, 110.0], |clothes| balance(clothes).0 > 0.0);
        balance(clothes).1
    }

    /// Gain of the whole body at a temperature of the clothes' outside, W, and its state.
    fn balance(&self, room: &Room, clothes: f64) -> (f64, State) {
        let exchange = convection(room.wind);
        let fourth = |t: f64| (t + ZERO).powi(4);
        let radiated =
            CLOTHES_EMISSIVITY * SIGMA * RADIATING * (fourth(clothes) - fourth(room.radiant));
        let lost = exchange * (clothes - room.air) + radiated;
        let skin = clothes + lost / self.clothes_conductance;
        let breathing = self.breathing(room.air, room.vapour);
        let core = self.core(skin, self.heat + breathing);
        let mean = 0.1 * skin + 0.9 * core;
        let sweat = 304.94 * (mean - CORE_SET).max(0.0) * self.skin_m2 / 3.6e6 * self.sweat_factor;
        let wanted_w = -sweat * EVAPORATION;
        let skin_vapour = saturation_hpa(skin);
        let through = 1.0 / (1.0 + 0.92 * exchange * self.clothes_resistance);
        let possible_w = 0.633 * exchange / (STANDARD_HPA * AIR_CAPACITY)
            * (room.vapour - skin_vapour)
            * self.skin_m2
            * EVAPORATION
            * through;
        let wetted = if possible_w < 0.0 { (wanted_w / possible_w).min(1.0) } else { 0.0 };
        // The larger of two losses; never a gain.
        let sweat_w = wanted_w.max(possible_w).min(0.0);
        let state = State { skin, clothes, sweat_w, wetted };
        let gain = self.heat
            + self.diffusion(wetted, room.vapour, skin_vapour)
            + breathing
            + sweat_w
            + self.surface_gain(room, skin, clothes);
        (gain, state)
    }

    /// Gain by vapour through dry skin, W.
    fn diffusion(&self, wetted: f64, vapour: f64, skin_vapour: f64) -> f64 {
        EVAPORATION / SKIN_VAPOUR * self.skin_m2 * (1.0 - wetted) * (vapour - skin_vapour)
    }

    /// Gain of a body of that state in a room of reference of some temperature, W.
    fn in_reference(&self, state: &State, temperature: f64) -> f64 {
        let room = Room {
            air: temperature,
            radiant: temperature,
            wind: ROOM_WIND,
            vapour: ROOM_VAPOUR_HPA,
        };
        self.heat
            + self.diffusion(state.wetted, room.vapour, saturation_hpa(state.skin))
            + self.breathing(room.air, room.vapour)
            + state.sweat_w
            + self.surface_gain(&room, state.skin, state.clothes)
    }
}

/// Convective exchange at standard pressure, W/(m² K).
fn convection(wind: f64) -> f64 {
    2.67 + 6.5 * wind.powf(0.67)
}

/// Saturation vapour pressure as the model has it, hPa.
fn saturation_hpa(t: f64) -> f64 {
    6.11 * 10f64.powf(7.45 * t / (235.0 + t))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_hoeppes_variant() {
        // heat/solweig_golden/pet_single_point.npz: UMEP, the same variant, whose steps are of some hundredths.
        for (air, humidity, radiant, wind, expected) in [
            (20.0, 50.0, 22.0, 1.0, 17.729),
            (35.0, 40.0, 55.0, 1.0, 44.171),
            (5.0, 70.0, 2.0, 2.0, -0.891),
            (30.0, 85.0, 38.0, 0.5, 33.781),
            (25.0, 45.0, 55.0, 1.5, 34.291),
        ] {
            let found = pet(&Environment { air, radiant, wind, humidity }, &Person::default());
            assert!((found - expected).abs() < 0.02, "{air} {radiant}: {found} {expected}");
        }
    }

    #[test]
    fn it_rises_with_every_heat_and_is_the_air_of_a_room_like_the_reference() {
        let room = Environment { air: 21.0, radiant: 21.0, wind: 0.1, humidity: 48.25 };
        assert!((pet(&room, &Person::default()) - 21.0).abs() < 0.1);
        let person = Person::default();
        let warmer = |e: Environment| pet(&e, &person) > pet(&room, &person);
        assert!(warmer(Environment { radiant: 30.0, ..room }));
        assert!(warmer(Environment { air: 25.0, ..room }));
        assert!(!warmer(Environment { wind: 2.0, ..room }));
        assert!(pet(&Environment { air: f64::NAN, ..room }, &person).is_nan());
    }
}
