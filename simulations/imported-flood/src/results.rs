//! Fields, maps and indicators of an imported flood.

use twin_core::Result;
use twin_core::export::{Legend, Ramp};
use twin_core::language::Text;
use twin_core::results::exposure::{self, Water};
use twin_core::simulation::{Outcome, ResultMap, StaticField};
use twin_core::spatial::Grid;
use twin_core::territory::TerritoryView;

use crate::parameters::Parameters;
use crate::read::Maxima;

/// Depth from which a cell counts as wet, metres.
const WET_M: f32 = 0.01;

pub(crate) fn outcome(
    view: &TerritoryView,
    parameters: &Parameters,
    maxima: Maxima,
) -> Result<Outcome> {
    let water = Water {
        depth: &maxima.depth,
        level: &maxima.level,
        terrain: &maxima.terrain,
        wet_depth_m: WET_M,
    };
    let at = exposure::at_buildings(view, &water, parameters.floor_height_m, false);
    let indicators = exposure::indicators(view, &water, &at);
    let assets = vec![exposure::building_table(view, &at)];
    let (title, author) = (&parameters.title, &parameters.author);
    let warning = Text::new(
        format!(
            "Résultat externe : « {title} », {author}. Ce programme n'en a vérifié ni la méthode ni la qualité."
        ),
        format!(
            "External result: \"{title}\", {author}. This program checked neither its method nor its quality."
        ),
    );
    Ok(Outcome {
        indicators,
        statics: fields(view, maxima),
        assets,
        hypotheses: vec![Text::new(
            format!(
                "Hauteurs, niveaux et vitesses repris de « {title} » ({author}), sans rien recalculer."
            ),
            format!(
                "Depths, levels and speeds taken from \"{title}\" ({author}), nothing computed."
            ),
        )],
        calibration: parameters.calibration.clone(),
        warnings: vec![warning],
        ..Outcome::default()
    })
}

fn fields(view: &TerritoryView, maxima: Maxima) -> Vec<StaticField> {
    let Maxima { depth, level, speed, terrain } = maxima;
    let datum = view.territory().vertical_datum().label();
    let field = |name, unit, title: &Text, grid: Grid<f32>, map: Option<(&'static str, Legend)>| {
        let maps = map.map(|(name, legend)| ResultMap {
            name,
            title: title.clone(),
            caption: Text::new("Repris d'un résultat externe.", "Taken from an external result."),
            legend,
            transparent_below: (name == "hauteur-maximale-classes").then_some(WET_M),
            isolines: name == "niveau-maximal",
        });
        StaticField {
            name,
            standard_name: None,
            unit,
            title: title.clone(),
            grid,
            maps: maps.into_iter().collect(),
        }
    };
    let (low, high) = level.range().unwrap_or((0.0, 1.0));
    let level_title = Text::new("Niveau d'eau maximal", "Maximum water level");
    let levels =
        Legend::continuous(level_title.clone(), format!("m {datum}"), low, high, Ramp::Viridis);
    let spec = depth.spec;
    let mut all = vec![
        field(
            "maximum_water_depth",
            "m",
            &Text::new("Hauteur d'eau maximale", "Maximum water depth"),
            depth,
            Some(("hauteur-maximale-classes", Legend::maximum_water_depth())),
        ),
        field("maximum_water_level", "m", &level_title, level, Some(("niveau-maximal", levels))),
        field(
            "bed_elevation",
            "m",
            &Text::new("Altitude du terrain", "Elevation of the terrain"),
            terrain,
            None,
        ),
    ];
    let title = Text::new("Vitesse d'écoulement maximale", "Maximum flow speed");
    let map = speed.is_some().then(|| ("vitesse-maximale", Legend::flow_speed()));
    let speed = speed.unwrap_or_else(|| Grid::filled(spec, f32::NAN));
    all.push(field("maximum_flow_speed", "m s-1", &title, speed, map));
    all
}
