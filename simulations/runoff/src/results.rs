//! Results without time: maxima, times, water in the soil.

use twin_core::export::ramp::Rgb;
use twin_core::export::{Legend, Ramp};
use twin_core::language::Text;
use twin_core::simulation::{ResultMap, StaticField};
use twin_core::spatial::Grid;

use crate::run::RunoffRun;

/// Bounds of the classes of depth, m.
const DEPTHS_M: [f32; 4] = [0.1, 0.3, 0.5, 1.0];
/// Bounds of the classes of discharge per metre, m²/s.
const DISCHARGES_M2_PER_S: [f32; 4] = [0.02, 0.1, 0.3, 1.0];
/// From shallow to deep.
pub(crate) const BLUES: [u32; 5] = [0xd6e6f4, 0xabd0e6, 0x6baed6, 0x2171b5, 0x08306b];
/// Discharges per metre below this stay off the map, m²/s.
const LEAST_DISCHARGE_M2_PER_S: f32 = 0.005;

impl RunoffRun {
    /// Results without time; the first two are the greatest depth and level.
    pub(crate) fn statics(&self) -> Vec<StaticField> {
        let solver = &self.setup.flow.solver;
        let spec = solver.bed().spec;
        let maxima = solver.maxima();
        let least = self.parameters.min_depth_m;
        let open = |cell: usize| !solver.bed().blocked[cell];
        let wet = |cell: usize| open(cell) && maxima.depth_m[cell] >= least;
        let grid = |value: &dyn Fn(usize) -> f64| {
            let values = (0..spec.len()).map(|cell| value(cell) as f32).collect();
            Grid { spec, values }
        };
        let colours = BLUES.map(Rgb::hex);
        let depth_title = Text::new("Hauteur d'eau maximale", "Maximum water depth");
        let discharge_title = Text::new("Débit linéique maximal", "Maximum discharge per metre");
        let speed_title = Text::new("Vitesse d'écoulement maximale", "Maximum flow speed");
        let arrival_title = Text::new("Temps d'arrivée de l'eau", "Arrival time of the water");
        let soil_title = Text::new("Lame infiltrée", "Infiltrated depth");
        let soil =
            grid(&|c| if open(c) { 1e3 * self.setup.flow.infiltrated_m()[c] } else { f64::NAN });
        let soil_max = soil.range().map_or(1.0, |r| r.1.max(1.0));
        let hours = |seconds: f64| if seconds.is_finite() { seconds / 3600.0 } else { f64::NAN };
        let arrival = grid(&|c| if open(c) { hours(maxima.arrival_s[c]) } else { f64::NAN });
        let arrival_max = arrival.range().map_or(1.0, |r| r.1.max(0.1));
        let map = |name, title: &Text, caption: Text, legend, transparent_below| ResultMap {
            name,
            title: title.clone(),
            caption,
            legend,
            transparent_below,
            isolines: false,
        };
        let field = |name, unit, title: Text, maps, grid| StaticField {
            name,
            standard_name: None,
            unit,
            title,
            maps,
            grid,
        };
        vec![
            field(
                "maximum_water_depth",
                "m",
                depth_title.clone(),
                vec![map(
                    "hauteur-maximale",
                    &depth_title,
                    Text::new(
                        "Plus grande hauteur d'eau du scénario, en classes de 0,1, 0,3, 0,5 et 1 m.",
                        "Largest depth of the scenario, in classes of 0.1, 0.3, 0.5 and 1 m.",
                    ),
                    Legend::classed(depth_title.clone(), "m", &DEPTHS_M, &colours),
                    Some(least as f32),
                )],
                grid(&|c| if open(c) { maxima.depth_m[c] } else { f64::NAN }),
            ),
            field(
                "maximum_water_level",
                "m",
                Text::new("Niveau d'eau maximal", "Maximum water level"),
                Vec::new(),
                grid(&|c| {
                    if wet(c) { maxima.depth_m[c] + solver.bed().elevation_m[c] } else { f64::NAN }
                }),
            ),
            field(
                "maximum_unit_discharge",
                "m2 s-1",
                discharge_title.clone(),
                vec![map(
                    "debit-lineique-maximal",
                    &discharge_title,
                    Text::new(
                        "Plus grand produit de la hauteur et de la vitesse : par où l'eau passe.",
                        "Largest product of depth and speed: where the water passes.",
                    ),
                    Legend::classed(
                        discharge_title.clone(),
                        "m²/s",
                        &DISCHARGES_M2_PER_S,
                        &colours,
                    ),
                    Some(LEAST_DISCHARGE_M2_PER_S),
                )],
                grid(&|c| if open(c) { maxima.discharge_m2_per_s[c] } else { f64::NAN }),
            ),
            field(
                "maximum_flow_speed",
                "m s-1",
                speed_title.clone(),
                vec![map(
                    "vitesse-maximale",
                    &speed_title,
                    Text::new(
                        "Plus grande vitesse moyenne sur la verticale, là où l'eau dépasse le seuil de hauteur.",
                        "Largest depth-averaged speed, where the water exceeds the least depth.",
                    ),
                    Legend::flow_speed(),
                    None,
                )],
                grid(&|c| if wet(c) { maxima.speed_m_per_s[c] } else { f64::NAN }),
            ),
            field(
                "arrival_time",
                "h",
                arrival_title.clone(),
                vec![map(
                    "temps-arrivee",
                    &arrival_title,
                    Text::new(
                        "Temps depuis le début du scénario jusqu'au seuil de hauteur.",
                        "Time from the start of the scenario until the least depth.",
                    ),
                    Legend::continuous(arrival_title.clone(), "h", 0.0, arrival_max, Ramp::Batlow),
                    None,
                )],
                arrival,
            ),
            field(
                "time_of_maximum_depth",
                "h",
                Text::new("Temps de la hauteur maximale", "Time of the greatest depth"),
                Vec::new(),
                grid(&|c| if wet(c) { hours(maxima.peak_s[c]) } else { f64::NAN }),
            ),
            field(
                "bed_elevation",
                "m",
                Text::new("Altitude du fond de calcul", "Elevation of the computed bed"),
                Vec::new(),
                grid(&|c| solver.bed().elevation_m[c]),
            ),
            field(
                "infiltrated_depth_total",
                "mm",
                soil_title.clone(),
                vec![map(
                    "lame-infiltree",
                    &soil_title,
                    Text::new(
                        "Eau entrée dans le sol pendant le scénario, moyenne de la maille.",
                        "Water that entered the soil during the scenario, mean of the cell.",
                    ),
                    Legend::continuous(soil_title.clone(), "mm", 0.0, soil_max, Ramp::Blues),
                    None,
                )],
                soil,
            ),
        ]
    }
}
