//! Parameters and territory → a site under the sun, and the weather of its hours.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use twin_core::language::Text;
use twin_core::results::exposure::footprint_cells;
use twin_core::simulation::RunContext;
use twin_core::spatial::{Crs, Grid, Transformer, cells_within};
use twin_core::territory::{
    Aggregation, LandCover, SurfaceProperties, SurfaceProperty, TerritoryView,
};
use twin_core::{Error, Language, Result};
use twin_sunlight::Scene;

use crate::comfort::MOST_WIND;
use crate::hypotheses::{Wind, told};
use crate::island::HeatIsland;
use crate::parameters::{Parameters, PostureName, place};
use crate::radiation::posture::{Absorption, Posture};
use crate::radiation::{Course, GroundKind, Materials, Site, Warming};
use crate::sky::{Sky, check_clock, dull};
use crate::weather::{Weather, read_weather};
use crate::wind;
use crate::zones::MUCH_UNKNOWN;
use crate::zones::units::Units;

/// Days of the year with leaves, 7 April to 27 October, and what crowns let through then and else (Lindberg &
/// Grimmond 2011; Konarska et al. 2014, doi:10.1007/s00704-013-1000-3).
const LEAVES: std::ops::RangeInclusive<u16> = 97..=300;
const WITH_LEAVES: f64 = 0.03;
const WITHOUT_LEAVES: f64 = 0.5;
/// Thermal admittance of sealed and stony ground.
const THERMAL_ADMITTANCE: &str = include_str!("tables/thermal_admittance.toml");
/// Length of the weather that ground is brought to its beginning with, s.
const WARM_UP_S: f64 = 86_400.0;
/// Part of the station's wind where no district tells one: that of an estate of houses.
const USUAL_WIND: f64 = 0.5;
/// Thickness of a sail, m.
const SAIL_M: f32 = 0.1;
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
    /// Districts; `None` without streets.
    pub(crate) units: Option<Units>,
    /// The nocturnal urban heat island; `None` where the air is that of the weather everywhere.
    pub(crate) island: Option<HeatIsland>,
    pub(crate) hypotheses: Vec<Text>,
    pub(crate) warnings: Vec<Text>,
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

/// What a scenario gives, found to be sound.
pub(crate) struct Given {
    sky: Sky,
    weather: Vec<Weather>,
    gauge_cells: Vec<usize>,
    hypotheses: Vec<Text>,
    warnings: Vec<Text>,
}

/// Reads and checks what a scenario gives, the weather among it, before anything is computed.
///
/// # Errors
/// Whatever the parameters can be wrong about.
pub(crate) fn given(
    view: &TerritoryView,
    parameters: &Parameters,
    context: &RunContext,
) -> Result<Given> {
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
    parameters.check()?;
    let spec = *view.spec();
    let (x, y) = spec.extent().centre();
    let to_degrees = Transformer::new(view.territory().crs(), Crs::WGS_84)?;
    let (longitude, latitude) = to_degrees.point(x, y);
    let height = view.terrain(Aggregation::Mean)?.range().map_or(0.0, |r| f64::from(r.0));
    let sky = Sky::over([longitude, latitude], height, context.start);
    let file = Path::new(&parameters.weather.file);
    let mut weather = read_weather(file, context.start, context.duration_s)?;
    check_clock(&weather, &sky, file)?;
    let mut warnings: Vec<Text> = dull(&weather, &sky)?.into_iter().collect();
    let windiest = weather.iter().map(|w| w.wind).fold(0.0, f64::max);
    if windiest > MOST_WIND {
        let n = |l: Language| (l.number(windiest, 0), l.number(MOST_WIND, 0));
        let ((fr, most_fr), (en, most_en)) = (n(Language::Fr), n(Language::En));
        warnings.push(Text::new(
            format!("Vent de {fr} m/s dans la météo : l'UTCI n'est défini que jusqu'à {most_fr} m/s, un vent plus fort y compte pour tant."),
            format!("Wind of {en} m/s in the weather: UTCI is defined up to {most_en} m/s, stronger wind counts as that."),
        ));
    }
    let mut hypotheses = Vec::new();
    if let Some(climate) = &parameters.climate {
        let shift = climate.shift([longitude, latitude], &place("climate"))?;
        for record in &mut weather {
            shift.apply(record, sky.month(record.middle_s()));
        }
        hypotheses.push(shift.told);
    }
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
    Ok(Given { sky, weather, gauge_cells, hypotheses, warnings })
}

/// Prepares a run.
///
/// # Errors
/// Those of [`given`], bands that cannot be read.
pub(crate) fn prepare(
    view: &TerritoryView,
    parameters: &Parameters,
    context: &RunContext,
) -> Result<Setup> {
    let Given { sky, weather, gauge_cells, mut hypotheses, mut warnings } =
        given(view, parameters, context)?;
    let trees = &parameters.trees;
    let spec = *view.spec();
    let transmissivity = match trees.transmissivity {
        Some(stated) => stated,
        None if LEAVES.contains(&sky.day_of_year(0.0)) => WITH_LEAVES,
        None => WITHOUT_LEAVES,
    };
    // Without streets there are no districts.
    let has_streets = !view.features().roads.is_empty();
    let units = if has_streets { Some(Units::of(view)?) } else { None };
    let island = units.as_ref().filter(|_| parameters.heat_island);
    let island = island.and_then(|units| HeatIsland::of(units, &weather));
    let (wind, wind_share) = match (parameters.wind_factor, &units) {
        (Some(stated), _) => (Wind::Stated(stated), vec![stated as f32; spec.len()]),
        (None, None) => (Wind::Assumed(USUAL_WIND), vec![USUAL_WIND as f32; spec.len()]),
        (None, Some(units)) => (Wind::of_districts(units), wind::shares(units)),
    };
    let (cover, terrain) = (view.land_cover()?, view.terrain(Aggregation::Mean)?);
    let (scene, is_built) = scene(view, trees.trunk_share, trees.least_height_m)?;
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
    let materials = Materials {
        wall_albedo: parameters.wall_albedo,
        crown_transmissivity: transmissivity,
        ..Materials::default()
    };
    let mut site = Site::new(scene, kinds, kind_of, materials, posture, Absorption::default())
        .with_wind_share(wind_share);
    let begin_s = weather.first().map_or(0.0, |w| w.period_s[0]);
    let first_day = weather.iter().filter(|w| w.period_s[1] <= begin_s + WARM_UP_S);
    let moments = first_day.map(|w| sky.moment(w)).collect::<Result<Vec<_>>>()?;
    site.warm_up(&moments);
    hypotheses.extend(told(
        parameters,
        &weather,
        (island.as_ref(), has_streets),
        transmissivity,
        &wind,
    ));
    let unknown = 100.0 * units.as_ref().map_or(0.0, Units::unknown_share);
    if island.is_some() && unknown > MUCH_UNKNOWN {
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
    Ok(Setup { site, weather, sky, is_open, gauge_cells, units, island, hypotheses, warnings })
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
