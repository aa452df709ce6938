//! What the report says of the weather and of how the air, the wind and the ground are taken.

use twin_core::Language;
use twin_core::language::Text;

use crate::island::HeatIsland;
use crate::parameters::{Parameters, PostureName};
use crate::weather::Weather;
use crate::wind;
use crate::zones::classes::classify;
use crate::zones::units::Units;

/// How the wind of the station reaches people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Wind {
    /// A part stated by the scenario.
    Stated(f64),
    /// A usual part, without districts.
    Assumed(f64),
    /// By district: least, mean over the built ones, and most.
    Districts([f64; 3]),
}

impl Wind {
    /// Of districts.
    pub(crate) fn of_districts(units: &Units) -> Self {
        let built = units.units.iter().filter(|unit| classify(unit).zone.is_built());
        let (sum, area) = built
            .map(|unit| (unit.area_m2 * wind::share(unit), unit.area_m2))
            .fold((0.0, 0.0), |(sum, all), (weighed, area)| (sum + weighed, all + area));
        let shares = || units.units.iter().map(wind::share);
        let least = shares().fold(f64::INFINITY, f64::min);
        let most = shares().fold(0.0, f64::max);
        Self::Districts([least, if area > 0.0 { sum / area } else { most }, most])
    }

    fn told(&self) -> Text {
        let n = |l: Language, share: f64| l.number(100.0 * share, 0);
        let (fr, en) = (Language::Fr, Language::En);
        match *self {
            Self::Stated(share) => Text::new(
                format!(
                    "Vent de la météo (à 10 m, en terrain dégagé) réduit à {} % pour l'UTCI, valeur du scénario.",
                    n(fr, share)
                ),
                format!(
                    "Wind of the weather (at 10 m, in the open) reduced to {} % for UTCI, as the scenario states.",
                    n(en, share)
                ),
            ),
            Self::Assumed(share) => Text::new(
                format!(
                    "Vent de la météo (à 10 m, en terrain dégagé) réduit partout à {} % pour l'UTCI : sans rues (BD TOPO), pas de quartiers.",
                    n(fr, share)
                ),
                format!(
                    "Wind of the weather (at 10 m, in the open) reduced to {} % everywhere for UTCI: without streets (BD TOPO) no districts.",
                    n(en, share)
                ),
            ),
            Self::Districts([least, built, most]) => Text::new(
                format!(
                    "Vent de la météo (à 10 m, en terrain dégagé) réduit pour l'UTCI par quartier, selon la forme du bâti (Macdonald et al. 1998 ; Bentham et Britter 2003) : de {} à {} %, {} % en moyenne des quartiers bâtis ; ni la direction des rues ni les arbres ne comptent.",
                    n(fr, least),
                    n(fr, most),
                    n(fr, built)
                ),
                format!(
                    "Wind of the weather (at 10 m, in the open) reduced for UTCI by district, by the shape of its buildings (Macdonald et al. 1998; Bentham & Britter 2003): {} to {} %, {} % on average of built districts; neither the direction of streets nor trees count.",
                    n(en, least),
                    n(en, most),
                    n(en, built)
                ),
            ),
        }
    }
}

fn posture(posture: PostureName) -> Text {
    match posture {
        PostureName::Standing => Text::new("Personne debout.", "Person standing."),
        PostureName::Sitting => Text::new("Personne assise.", "Person sitting."),
    }
}

/// Weather, island, wind, trees and ground.
pub(crate) fn told(
    parameters: &Parameters,
    weather: &[Weather],
    (island, has_streets): (Option<&HeatIsland>, bool),
    transmissivity: f64,
    wind: &Wind,
) -> Vec<Text> {
    let within = || weather.iter().filter(|w| w.period_s[1] > 1.0);
    let most = |of: fn(&Weather) -> f64| within().map(of).fold(f64::NEG_INFINITY, f64::max);
    let (hottest, brightest, dampest) = (most(|w| w.air), most(|w| w.global), most(|w| w.humidity));
    let driest = within().map(|w| w.humidity).fold(f64::INFINITY, f64::min);
    let mean_wind = within().map(|w| w.wind).sum::<f64>() / within().count().max(1) as f64;
    let source = &parameters.weather.source;
    let n = |l: Language, v: f64, d| l.number(v, d);
    let (fr, en) = (Language::Fr, Language::En);
    vec![
        Text::new(
            format!(
                "Météo : {source} ; température de l'air au plus {} °C, humidité de {} à {} %, rayonnement global au plus {} W/m², vent moyen {} m/s.",
                n(fr, hottest, 1),
                n(fr, driest, 0),
                n(fr, dampest, 0),
                n(fr, brightest, 0),
                n(fr, mean_wind, 1)
            ),
            format!(
                "Weather: {source}; air temperature at most {} °C, humidity {} to {} %, global radiation at most {} W/m², mean wind {} m/s.",
                n(en, hottest, 1),
                n(en, driest, 0),
                n(en, dampest, 0),
                n(en, brightest, 0),
                n(en, mean_wind, 1)
            ),
        ),
        island_told(island, parameters.heat_island, has_streets),
        wind.told(),
        posture(parameters.posture),
        Text::new(
            format!(
                "Les houppiers laissent passer {} % du soleil.",
                n(fr, 100.0 * transmissivity, 0)
            ),
            format!("Crowns let {} % of the sun through.", n(en, 100.0 * transmissivity, 0)),
        ),
        Text::new(
            "Sols revêtus et pierreux par leur bilan d'énergie, amenés à un jour qui se répète ; sols plantés et murs au soleil par des courbes journalières de la littérature (Lindberg et al. 2016), à l'ombre à la température de l'air avec un retard de 4,4 h.",
            "Sealed and stony ground by its energy balance, brought to a day that repeats; planted ground and walls in the sun by courses of the day from the literature (Lindberg et al. 2016), in the shade at the temperature of the air with a lag of 4.4 h.",
        ),
    ]
}

/// What the report says of the heat island.
fn island_told(island: Option<&HeatIsland>, is_wanted: bool, has_streets: bool) -> Text {
    let Some(island) = island else {
        return match is_wanted {
            true if !has_streets => Text::new(
                "Sans rues (BD TOPO), pas de quartiers : pas d'îlot de chaleur urbain, la température de l'air est la même partout.",
                "Without streets (BD TOPO) no districts: no urban heat island, the air temperature is the same everywhere.",
            ),
            true => Text::new(
                "Le scénario couvre moins d'un jour : pas d'îlot de chaleur urbain, la température de l'air est la même partout.",
                "The scenario covers less than a day: no urban heat island, the air temperature is the same everywhere.",
            ),
            false => Text::new(
                "Pas d'îlot de chaleur urbain : la température de l'air est la même partout.",
                "No urban heat island: the air temperature is the same everywhere.",
            ),
        };
    };
    let most = island.shape.range().map_or(0.0, |r| f64::from(r.1)) * island.highest();
    let n = |l: Language| l.number(most, 1);
    Text::new(
        format!(
            "Îlot de chaleur urbain nocturne par quartier (Theeuwes et al. 2017) : au plus {} K de plus que la station, supposée hors de la ville ; établi sur des villes, il majore celui d'un bourg ; nul hors du bâti et de jour, de trois heures après le lever du soleil à une heure avant son coucher ; cours de la nuit d'après Oke (1982).",
            n(Language::Fr)
        ),
        format!(
            "Nocturnal urban heat island by district (Theeuwes et al. 2017): at most {} K above the station, taken as outside the town; found in cities, it overstates that of a village; none beyond built land and by day, from three hours after sunrise to one hour before sunset; course of the night after Oke (1982).",
            n(Language::En)
        ),
    )
}
