//! Parameters and territory → a site under the sun, and the weather of its hours.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use twin_core::language::Text;
use twin_core::results::exposure::footprint_cells;
use twin_core::simulation::{self, RunContext};
use twin_core::spatial::{Crs, Grid, Transformer, cells_within};
use twin_core::territory::{
    Aggregation, LandCover, SurfaceProperties, SurfaceProperty, TerritoryView,
};
use twin_core::{Error, Language, Result};
use twin_sunlight::irradiance::{Air, extraterrestrial};
use twin_sunlight::{Place, Scene, Sun, sun_position};

use crate::island::{HeatIsland, SunHours};
use crate::parameters::{Parameters, PostureName};
use crate::radiation::posture::{Absorption, Posture};
use crate::radiation::{Course, GroundKind, Materials, Moment, PASSING, Site, Warming};
use crate::weather::{Weather, read_weather};
use crate::zones::MUCH_UNKNOWN;
use crate::zones::units::Units;

/// Days of the year with leaves, 7 April to 27 October, and what crowns let through then and else (Lindberg &
/// Grimmond 2011; Konarska et al. 2014, doi:10.1007/s00704-013-1000-3).
const LEAVES: std::ops::RangeInclusive<u16> = 97..=300;
const WITH_LEAVES: f64 = 0.03;
const WITHOUT_LEAVES: f64 = 0.5;
/// Radiation at night that a file can hold by error, W/m²; more is a clock that is wrong.
const NIGHT_W_PER_M2: f64 = 20.0;
/// Thermal admittance of sealed and stony ground.
const THERMAL_ADMITTANCE: &str = include_str!("tables/thermal_admittance.toml");
/// Air pressure where the weather does not tell, hPa.
const PRESSURE_HPA: f64 = 1013.25;
/// Length of the weather that ground is brought to its beginning with, s.
const WARM_UP_S: f64 = 86_400.0;
/// Thickness of a sail, m.
const SAIL_M: f32 = 0.1;
/// Altitude of the sun below which it sends no more than that, degrees.
const NIGHT_ALTITUDE: f64 = -2.0;
/// How much more than the sun sends above the air a record may have: rounded times, clouds that reflect.
const MOST_OF_SUN: f64 = 1.1;
/// Cells beyond which no street is left, m.
const LARGEST_CELL_M: f64 = 20.0;

/// A prepared run.
pub(crate) struct Setup {
    pub(crate) site: Site,
    /// Weather in order; periods that end before the scenario bring the surfaces to its beginning.
    pub(crate) weather: Vec<Weather>,
    pub(crate) sky: Sky,
    /// Cells where people can stand: known ground without a building on it, no water.
    pub(crate) is_open: Vec<bool>,
    pub(crate) gauge_cells: Vec<usize>,
    /// The nocturnal urban heat island; `None` where the air is that of the weather everywhere.
    pub(crate) island: Option<HeatIsland>,
    pub(crate) hypotheses: Vec<Text>,
    pub(crate) warnings: Vec<Text>,
}

/// The sun over the place.
pub(crate) struct Sky {
    place: Place,
    start: jiff::Timestamp,
}

impl Sky {
    pub(crate) fn sun(&self, time_s: f64) -> Result<Sun> {
        let at = jiff::SignedDuration::try_from_secs_f64(time_s).ok();
        let time = at.and_then(|at| self.start.checked_add(at).ok());
        time.and_then(|time| sun_position(time, &self.place).ok()).ok_or_else(|| {
            Error::simulation(
                "heat",
                "position du soleil inconnue pour cette date et ce lieu ; vérifier le début du scénario et l'emprise",
                "no position of the sun for this date and place; check the scenario's start and extent",
            )
        })
    }

    /// Hour of mean solar time.
    pub(crate) fn hour(&self, time_s: f64) -> f64 {
        let seconds = self.start.as_duration().as_secs_f64() + time_s;
        (seconds / 3600.0 + self.place.longitude / 15.0).rem_euclid(24.0)
    }

    /// Day of the year, universal time.
    pub(crate) fn day_of_year(&self, time_s: f64) -> u16 {
        let date = jiff::tz::Offset::UTC.to_datetime(self.time(time_s)).date();
        u16::try_from(date.day_of_year()).unwrap_or(1)
    }

    /// When the sun rises and sets on the day around a time, and its highest altitude.
    pub(crate) fn day(&self, time_s: f64) -> Result<(SunHours, f64)> {
        let midnight = time_s - 3600.0 * self.hour(time_s);
        let mut hours = SunHours { rises: 24.0, sets: 0.0 };
        let mut highest = 0.0f64;
        for minute in 0..1440 {
            let hour = f64::from(minute) / 60.0;
            let sun = self.sun(midnight + 3600.0 * hour)?;
            if sun.is_up() {
                hours = SunHours { rises: hours.rises.min(hour), sets: hour };
            }
            highest = highest.max(sun.altitude);
        }
        Ok((hours, highest))
    }

    /// Weather and sun of a period.
    pub(crate) fn moment(&self, weather: &Weather, wind_factor: f64) -> Result<Moment> {
        let time_s = weather.middle_s();
        let [begin, end] = weather.period_s;
        let mut passing = [self.sun(time_s)?; PASSING];
        for (part, sun) in passing.iter_mut().enumerate() {
            *sun = self.sun(begin + (part as f64 + 0.5) / PASSING as f64 * (end - begin))?;
        }
        Ok(Moment {
            sun: self.sun(time_s)?,
            passing,
            day_of_year: self.day_of_year(time_s),
            hour: self.hour(time_s),
            latitude: self.place.latitude,
            air: Air {
                temperature: weather.air,
                humidity: weather.humidity,
                pressure: PRESSURE_HPA,
            },
            global: weather.global,
            wind: wind_factor * weather.wind,
            clearness: None,
            step_days: (weather.period_s[1] - weather.period_s[0]) / 86_400.0,
        })
    }

    /// Month of a time, 1 to 12, universal time.
    fn month(&self, time_s: f64) -> i8 {
        jiff::tz::Offset::UTC.to_datetime(self.time(time_s)).month()
    }

    fn time(&self, time_s: f64) -> jiff::Timestamp {
        let at = jiff::SignedDuration::try_from_secs_f64(time_s).unwrap_or_default();
        self.start.checked_add(at).unwrap_or(self.start)
    }
}

pub(crate) fn place(key: &str) -> String {
    format!("heat.parameters.{key}")
}

fn within(value: f64, range: [f64; 2], key: &str) -> Result<f64> {
    simulation::within(value, range, place(key))
}

/// How planted and bare ground of a land cover, and water, follow the day (Lindberg, Onomura & Grimmond 2016: bare
/// soil, grass, water; dark asphalt on roofs).
fn course(cover: LandCover) -> Course {
    let (slope, intercept, warmest) = match cover {
        LandCover::Built => (0.58, -9.78, 15.0),
        LandCover::BareSoil => (0.33, -3.01, 14.0),
        LandCover::Water | LandCover::Wetland | LandCover::SnowIce => (0.0, 0.0, 12.0),
        _ => (0.21, -3.38, 14.0),
    };
    Course { slope, intercept, warmest }
}

/// Prepares a run.
///
/// # Errors
/// Whatever the parameters can be wrong about.
pub(crate) fn prepare(
    view: &TerritoryView,
    parameters: &Parameters,
    context: &RunContext,
) -> Result<Setup> {
    if !view.territory().manifest().fit_for_hazard {
        return Err(Error::simulation(
            "heat",
            "les hauteurs de ce territoire ne viennent pas d'un LiDAR : ni arbres ni ombres exactes ; ajouter des dalles LiDAR HD",
            "this territory's heights are not from LiDAR: no trees, no exact shadows; add LiDAR HD tiles",
        ));
    }
    if view.spec().cell_size > LARGEST_CELL_M {
        let n = |l: Language| l.number(view.spec().cell_size, 0);
        return Err(Error::input(
            "grid.resolution_m",
            format!(
                "mailles de {} m : il n'y reste ni rue ni ombre ; 1 à 2 m conviennent, {LARGEST_CELL_M} m au plus",
                n(Language::Fr)
            ),
            format!(
                "cells of {} m: no street and no shade is left; 1 to 2 m suit, {LARGEST_CELL_M} m at most",
                n(Language::En)
            ),
        ));
    }
    simulation::sourced(&parameters.weather.source, place("weather.source"))?;
    let wind_factor = within(parameters.wind_factor, [0.1, 1.0], "wind_factor")?;
    let wall_albedo = within(parameters.wall_albedo, [0.02, 0.95], "wall_albedo")?;
    let trees = &parameters.trees;
    let trunk_share = within(trees.trunk_share, [0.0, 0.9], "trees.trunk_share")?;
    let least_height = within(trees.least_height_m, [0.5, 20.0], "trees.least_height_m")?;
    let spec = *view.spec();
    let (x, y) = spec.extent().centre();
    let to_degrees = Transformer::new(view.territory().crs(), Crs::WGS_84)?;
    let (longitude, latitude) = to_degrees.point(x, y);
    let terrain = view.terrain(Aggregation::Mean)?;
    let height = terrain.range().map_or(0.0, |r| f64::from(r.0));
    let sky = Sky { place: Place::new(latitude, longitude, height), start: context.start };
    let transmissivity = match trees.transmissivity {
        Some(stated) => within(stated, [0.0, 1.0], "trees.transmissivity")?,
        None if LEAVES.contains(&sky.day_of_year(0.0)) => WITH_LEAVES,
        None => WITHOUT_LEAVES,
    };
    let file = Path::new(&parameters.weather.file);
    let mut weather = read_weather(file, context.start, context.duration_s)?;
    check_clock(&weather, &sky, file)?;
    let mut hypotheses = Vec::new();
    if let Some(climate) = &parameters.climate {
        let shift = climate.shift([longitude, latitude], &place("climate"))?;
        for record in &mut weather {
            shift.apply(record, sky.month(record.middle_s()));
        }
        hypotheses.push(shift.told);
    }
    parameters.cool_islands.check(&place("cool_islands"))?;
    if let Some(ratio) = &parameters.inhabitants_per_dwelling {
        ratio.check(&place("inhabitants_per_dwelling"))?;
    }
    // Without streets there are no districts.
    let has_streets = !view.features().roads.is_empty();
    let units = match parameters.heat_island && has_streets {
        true => Some(Units::of(view)?),
        false => None,
    };
    let island = units.as_ref().and_then(|units| HeatIsland::of(units, &weather));
    let cover = view.land_cover()?;
    let (scene, is_built) = scene(view, trunk_share, least_height)?;
    let (kinds, kind_of) = ground(view, &cover)?;
    let is_open = (0..spec.len())
        .map(|cell| {
            terrain.values[cell].is_finite()
                && !is_built[cell]
                && cover.values[cell] != LandCover::Water
        })
        .collect();
    let posture = match parameters.posture {
        PostureName::Standing => Posture::STANDING,
        PostureName::Sitting => Posture::SITTING,
    };
    let materials =
        Materials { wall_albedo, crown_transmissivity: transmissivity, ..Materials::default() };
    let mut site = Site::new(scene, kinds, kind_of, materials, posture, Absorption::default());
    let begin_s = weather.first().map_or(0.0, |w| w.period_s[0]);
    let first_day = weather.iter().filter(|w| w.period_s[1] <= begin_s + WARM_UP_S);
    let moments = first_day.map(|w| sky.moment(w, wind_factor)).collect::<Result<Vec<_>>>()?;
    site.warm_up(&moments);
    let gauge = |(name, [x, y]): (&String, &[f64; 2])| {
        let cell = spec.cell_at(*x, *y).ok_or_else(|| {
            Error::input(
                place(&format!("gauges.{name}")),
                "hors de la grille de calcul ; vérifier les coordonnées et leur système",
                "outside the run grid; check the coordinates and their reference system",
            )
        })?;
        Ok(spec.index(cell.0, cell.1))
    };
    let gauge_cells = parameters.gauges.iter().map(gauge).collect::<Result<_>>()?;
    hypotheses.extend(told(
        parameters,
        &weather,
        (island.as_ref(), has_streets),
        transmissivity,
        wind_factor,
    ));
    let mut warnings = Vec::new();
    let unknown = 100.0 * units.as_ref().map_or(0.0, Units::unknown_share);
    if unknown > MUCH_UNKNOWN {
        let n = |l: Language| l.number(unknown, 0);
        warnings.push(Text::new(
            format!("Couverture du sol inconnue sur {} % de la surface, comptée sans végétation : l'îlot de chaleur urbain est surestimé ; ajouter l'OCS GE.", n(Language::Fr)),
            format!("Cover of the ground unknown on {} % of the area, counted as without vegetation: the urban heat island is overestimated; add the OCS GE.", n(Language::En)),
        ));
    }
    let own = view.territory().spec().cell_size;
    if spec.cell_size < 0.99 * own {
        let n = |l: Language| l.number(own, 1);
        warnings.push(Text::new(
            format!("Mailles plus fines que celles du territoire ({} m) : plus longues à calculer, sans plus de détail.", n(Language::Fr)),
            format!("Cells finer than those of the territory ({} m): longer to compute, without more detail.", n(Language::En)),
        ));
    }
    if parameters.heat_island && has_streets && island.is_none() {
        warnings.push(Text::new(
            "Le scénario couvre moins d'un jour : pas d'îlot de chaleur urbain, la température de l'air est la même partout.",
            "The scenario covers less than a day: no urban heat island, the air temperature is the same everywhere.",
        ));
    }
    if spec.cell_size > 4.0 {
        let n = |l: Language| l.number(spec.cell_size, 1);
        warnings.push(Text::new(
            format!("Mailles de {} m : l'ombre des arbres et des petites rues s'y perd ; 1 à 2 m conviennent.", n(Language::Fr)),
            format!("Cells of {} m: the shade of trees and small streets is lost there; 1 to 2 m suit.", n(Language::En)),
        ));
    }
    Ok(Setup { site, weather, sky, is_open, gauge_cells, island, hypotheses, warnings })
}

/// A file whose sun shines at night counts its hours otherwise than it says.
fn check_clock(weather: &[Weather], sky: &Sky, file: &Path) -> Result<()> {
    for w in weather {
        let highest = [0.0, 0.5, 1.0].iter().try_fold(f64::NEG_INFINITY, |highest, share| {
            let time_s = w.period_s[0] + share * (w.period_s[1] - w.period_s[0]);
            Ok::<f64, Error>(highest.max(sky.sun(time_s)?.altitude))
        })?;
        let (end, global) = (sky.time(w.period_s[1]), w.global);
        let told = |l: Language| l.number(global, 0);
        if highest < NIGHT_ALTITUDE && global > NIGHT_W_PER_M2 {
            return Err(Error::input(
                file.display().to_string(),
                format!(
                    "{} W/m² dans la période qui finit à {end}, en pleine nuit ; les heures sont-elles locales ou universelles ?",
                    told(Language::Fr)
                ),
                format!(
                    "{} W/m² in the period that ends at {end}, in the night; are its hours local or universal?",
                    told(Language::En)
                ),
            ));
        }
        let above_air = extraterrestrial_most(sky, highest, w);
        if global > MOST_OF_SUN * above_air + NIGHT_W_PER_M2 {
            let most = |l: Language| l.number(above_air, 0);
            return Err(Error::input(
                file.display().to_string(),
                format!(
                    "{} W/m² dans la période qui finit à {end}, plus que le soleil n'envoie au-dessus de l'atmosphère ({}) ; vérifier l'unité et les heures (locales ou universelles ?)",
                    told(Language::Fr),
                    most(Language::Fr)
                ),
                format!(
                    "{} W/m² in the period that ends at {end}, more than the sun sends above the atmosphere ({}); check the unit and the hours (local or universal?)",
                    told(Language::En),
                    most(Language::En)
                ),
            ));
        }
    }
    Ok(())
}

/// Radiation on a horizontal plane above the atmosphere under the highest sun of a period, W/m².
fn extraterrestrial_most(sky: &Sky, highest: f64, weather: &Weather) -> f64 {
    let sun = Sun { azimuth: 180.0, altitude: highest };
    extraterrestrial(&sun, sky.day_of_year(weather.middle_s())).max(0.0)
}

/// Kinds of ground, and that of each cell: those of the land covers by their values, then those whose albedo a
/// measure changes. Lighter ground takes up less sun and warms in proportion.
fn ground(view: &TerritoryView, cover: &Grid<LandCover>) -> Result<(Vec<GroundKind>, Vec<u8>)> {
    let table = SurfaceProperties::built_in()?;
    let (albedo, emissivity) = (table.property("albedo")?, table.property("emissivity")?);
    let admittance = SurfaceProperty::parse("thermal_admittance.toml", THERMAL_ADMITTANCE)?;
    let kind = |cover: &LandCover| GroundKind {
        albedo: albedo.get(*cover).unwrap_or(0.16),
        emissivity: emissivity.get(*cover).unwrap_or(0.95),
        warming: match admittance.get(*cover) {
            Some(admittance) => Warming::Balance(admittance),
            None => Warming::Fitted(course(*cover)),
        },
    };
    let mut kinds: Vec<GroundKind> = LandCover::ALL.iter().map(kind).collect();
    let mut changed: BTreeMap<(u8, u32), u8> = BTreeMap::new();
    let mut kind_of = Vec::with_capacity(cover.values.len());
    for (cover, given) in cover.values.iter().zip(view.surface_property("albedo")?.values) {
        let usual = kinds[usize::from(cover.value())];
        if !given.is_finite() || given == usual.albedo as f32 {
            kind_of.push(cover.value());
            continue;
        }
        let at = match changed.entry((cover.value(), given.to_bits())) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let at = u8::try_from(kinds.len()).map_err(|_| {
                    Error::simulation(
                        "heat",
                        "trop d'albédos différents dans les mesures ; en garder 200 au plus",
                        "too many different albedos among the measures; keep 200 at most",
                    )
                })?;
                let albedo = f64::from(given);
                let warming = match usual.warming {
                    Warming::Fitted(course) => {
                        Warming::Fitted(course.scaled((1.0 - albedo) / (1.0 - usual.albedo)))
                    }
                    balance @ Warming::Balance(_) => balance,
                };
                kinds.push(GroundKind { albedo, warming, ..usual });
                *new.insert(at)
            }
        };
        kind_of.push(at);
    }
    Ok((kinds, kind_of))
}

/// Ground and roofs, crowns; and where a building stands.
fn scene(
    view: &TerritoryView,
    trunk_share: f64,
    least_height_m: f64,
) -> Result<(Scene, Vec<bool>)> {
    let spec = *view.spec();
    let terrain = view.terrain(Aggregation::Mean)?;
    let top = view.band("dsm", Aggregation::Mean)?;
    let canopy = view.band("canopy_height", Aggregation::Mean)?;
    let lowest = terrain.range().map_or(0.0, |r| r.0);
    // Voids are as low as the lowest ground: they cast no shadow.
    let ground = terrain.map(|z| if z.is_finite() { *z } else { lowest });
    let mut surface = ground.clone();
    let mut is_built = vec![false; spec.len()];
    for building in view.features().buildings.iter().filter(|b| b.is_standing()) {
        for (row, column) in footprint_cells(&spec, building) {
            let cell = spec.index(row, column);
            is_built[cell] = true;
            let stated = building.height_m.map_or(0.0, |h| h as f32) + ground.values[cell];
            let seen = top.values[cell];
            surface.values[cell] =
                if seen.is_finite() { seen.max(ground.values[cell]) } else { stated };
        }
    }
    let mut tops: Vec<f32> = (0..spec.len())
        .map(|cell| {
            let height = canopy.values[cell];
            let is_tree = height.is_finite() && f64::from(height) >= least_height_m;
            if is_tree && !is_built[cell] { ground.values[cell] + height } else { f32::NAN }
        })
        .collect();
    let mut undersides: Vec<f32> = (0..spec.len())
        .map(|cell| ground.values[cell] + trunk_share as f32 * canopy.values[cell])
        .collect();
    for sail in view.shade_sails() {
        cells_within(&spec, &sail.area, |row, column| {
            let cell = spec.index(row, column);
            let height = ground.values[cell] + sail.height_m as f32;
            // Below a crown that stands higher it changes nothing.
            if !is_built[cell] && (tops[cell].is_nan() || tops[cell] < height) {
                tops[cell] = height;
                undersides[cell] = height - SAIL_M;
            }
        });
    }
    let fail = |error: twin_sunlight::Error| {
        Error::simulation(
            "heat",
            format!("hauteurs inutilisables : {error}"),
            format!("unusable heights: {error}"),
        )
    };
    let scene = Scene::new(surface).map_err(fail)?;
    Ok((scene.with_crowns(&tops, &undersides).map_err(fail)?, is_built))
}

fn told(
    parameters: &Parameters,
    weather: &[Weather],
    (island, has_streets): (Option<&HeatIsland>, bool),
    transmissivity: f64,
    wind_factor: f64,
) -> Vec<Text> {
    let within = || weather.iter().filter(|w| w.period_s[1] > 1.0);
    let most = |of: fn(&Weather) -> f64| within().map(of).fold(f64::NEG_INFINITY, f64::max);
    let (hottest, brightest, dampest) = (most(|w| w.air), most(|w| w.global), most(|w| w.humidity));
    let driest = within().map(|w| w.humidity).fold(f64::INFINITY, f64::min);
    let wind = within().map(|w| w.wind).sum::<f64>() / within().count().max(1) as f64;
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
                n(fr, wind, 1)
            ),
            format!(
                "Weather: {source}; air temperature at most {} °C, humidity {} to {} %, global radiation at most {} W/m², mean wind {} m/s.",
                n(en, hottest, 1),
                n(en, driest, 0),
                n(en, dampest, 0),
                n(en, brightest, 0),
                n(en, wind, 1)
            ),
        ),
        island_told(island, parameters.heat_island, has_streets),
        Text::new(
            format!(
                "Vent de la météo (à 10 m, en terrain dégagé) réduit à {} % pour l'UTCI.",
                n(fr, 100.0 * wind_factor, 0)
            ),
            format!(
                "Wind of the weather (at 10 m, in the open) reduced to {} % for UTCI.",
                n(en, 100.0 * wind_factor, 0)
            ),
        ),
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
