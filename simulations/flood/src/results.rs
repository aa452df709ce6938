//! Results without time: maxima, arrival, duration, rate of rise, hazard classes.

use twin_core::export::legend::{Class, Hatch};
use twin_core::export::ramp::Rgb;
use twin_core::export::{Legend, Ramp};
use twin_core::language::Text;
use twin_core::simulation::{ResultMap, StaticField};
use twin_core::spatial::{Grid, cells_within};
use twin_core::{Language, Result};
use twin_shallow_water::Maxima;

use crate::hazard::{self, Dynamics, Peak};
use crate::parameters::Equations;
use crate::run::{DRY_DEPTH_M, FloodRun};
use crate::setup::{LASTING_DEPTHS_M, place};

impl FloodRun {
    /// Results without time.
    pub(crate) fn statics(&self) -> Result<Vec<StaticField>> {
        let solver = &self.setup.solver;
        let spec = solver.bed().spec;
        let maxima = solver.maxima();
        let wet = |cell: usize| maxima.depth_m[cell] > DRY_DEPTH_M;
        let open = |cell: usize| !solver.bed().elevation_m[cell].is_nan();
        let grid = |value: &dyn Fn(usize) -> f64| {
            let values = (0..spec.len()).map(|cell| value(cell) as f32).collect();
            Grid { spec, values }
        };
        let depth = grid(&|c| if open(c) { maxima.depth_m[c] } else { f64::NAN });
        let level = grid(&|c| {
            if wet(c) { maxima.depth_m[c] + solver.bed().elevation_m[c] } else { f64::NAN }
        });
        let speed = grid(&|c| if wet(c) { maxima.speed_m_per_s[c] } else { f64::NAN });
        let hours = |seconds: f64| if seconds.is_finite() { seconds / 3600.0 } else { f64::NAN };
        let arrival = grid(&|c| hours(maxima.arrival_s[c]));
        let rise = solver.rate_of_rise();
        let rise = grid(&|c| match &rise {
            Some(rate) if wet(c) => rate[c] * 3600.0,
            _ => f64::NAN,
        });
        let depth_max = depth.range().map_or(1.0, |r| r.1.max(0.1));
        let arrival_max = arrival.range().map_or(1.0, |r| r.1.max(0.1));
        let (level_min, level_max) = level.range().unwrap_or((0.0, 1.0));
        let dry = Some(DRY_DEPTH_M as f32);
        let map = |name, title: &Text, caption: Text, legend, transparent_below| ResultMap {
            name,
            title: title.clone(),
            caption,
            legend,
            transparent_below,
            isolines: name == "niveau-maximal",
        };
        let depth_title = Text::new("Hauteur d'eau maximale", "Maximum water depth");
        let level_title = Text::new("Niveau d'eau maximal", "Maximum water level");
        let speed_title = Text::new("Vitesse d'écoulement maximale", "Maximum flow speed");
        let arrival_title = Text::new("Temps d'arrivée de l'eau", "Arrival time of the water");
        let threshold = |l: Language| l.number(self.parameters.arrival_depth_m * 100.0, 0);
        let datum = self.view.territory().vertical_datum().label();
        let mut fields = vec![
            StaticField {
                name: "maximum_water_depth",
                standard_name: None,
                unit: "m",
                title: depth_title.clone(),
                maps: vec![
                    map(
                        "hauteur-maximale-classes",
                        &Text::new(
                            "Hauteur d'eau maximale (classes)",
                            "Maximum water depth (classes)",
                        ),
                        Text::new(
                            "Plus grande hauteur d'eau du scénario, en classes de 0,5, 1 et 2 m.",
                            "Largest depth of the scenario, in classes of 0.5, 1 and 2 m.",
                        ),
                        Legend::maximum_water_depth(),
                        dry,
                    ),
                    map(
                        "hauteur-maximale",
                        &Text::new(
                            "Hauteur d'eau maximale (continue)",
                            "Maximum water depth (continuous)",
                        ),
                        Text::new(
                            "Plus grande hauteur d'eau du scénario.",
                            "Largest depth of the scenario.",
                        ),
                        Legend::continuous(depth_title.clone(), "m", 0.0, depth_max, Ramp::Cividis),
                        dry,
                    ),
                ],
                grid: depth,
            },
            StaticField {
                name: "maximum_water_level",
                standard_name: None,
                unit: "m",
                title: level_title.clone(),
                maps: vec![map(
                    "niveau-maximal",
                    &level_title,
                    Text::new(
                        format!(
                            "Plus haut niveau d'eau en m {datum}, sur le relief ombré, avec ses lignes d'égal niveau."
                        ),
                        format!(
                            "Highest water level in m {datum}, over shaded relief, with its lines of equal level."
                        ),
                    ),
                    Legend::continuous(
                        level_title.clone(),
                        format!("m {datum}"),
                        level_min,
                        level_max,
                        Ramp::Viridis,
                    ),
                    None,
                )],
                grid: level,
            },
            StaticField {
                name: "maximum_flow_speed",
                standard_name: None,
                unit: "m s-1",
                title: speed_title.clone(),
                maps: vec![map(
                    "vitesse-maximale",
                    &speed_title,
                    Text::new(
                        "Plus grande vitesse moyenne sur la verticale.",
                        "Largest depth-averaged speed.",
                    ),
                    Legend::flow_speed(),
                    None,
                )],
                grid: speed,
            },
            StaticField {
                name: "arrival_time",
                standard_name: None,
                unit: "h",
                title: arrival_title.clone(),
                maps: vec![map(
                    "temps-arrivee",
                    &arrival_title,
                    Text::new(
                        format!(
                            "Temps depuis le début du scénario jusqu'à {} cm d'eau.",
                            threshold(Language::Fr)
                        ),
                        format!(
                            "Time from the start of the scenario until {} cm of water.",
                            threshold(Language::En)
                        ),
                    ),
                    Legend::continuous(arrival_title.clone(), "h", 0.0, arrival_max, Ramp::Batlow),
                    None,
                )],
                grid: arrival,
            },
            StaticField {
                name: "maximum_rate_of_rise",
                standard_name: None,
                unit: "m h-1",
                title: Text::new(
                    "Vitesse de montée maximale sur 30 min",
                    "Maximum rate of rise over 30 min",
                ),
                maps: Vec::new(),
                grid: rise.clone(),
            },
            StaticField {
                name: "bed_elevation",
                standard_name: None,
                unit: "m",
                title: Text::new("Altitude du fond de calcul", "Elevation of the computed bed"),
                maps: Vec::new(),
                grid: grid(&|c| solver.bed().elevation_m[c]),
            },
        ];
        fields.extend(self.durations(&maxima));
        fields.extend(self.hazards(&maxima, &rise)?);
        if self.parameters.equations == Equations::LocalInertial {
            let beyond = solver.beyond_validity();
            fields.push(beyond_validity(grid(&|c| if beyond[c] { 1.0 } else { f64::NAN })));
        }
        Ok(fields)
    }

    /// How long the water was deeper than the depth of the arrival and than the bounds of its classes.
    fn durations(&self, maxima: &Maxima) -> Vec<StaticField> {
        let spec = self.setup.solver.bed().spec;
        let depths = [self.parameters.arrival_depth_m, LASTING_DEPTHS_M[0], LASTING_DEPTHS_M[1]];
        let names =
            ["duration_over_threshold", "duration_over_half_metre", "duration_over_one_metre"];
        let maps = ["duree", "duree-50-cm", "duree-1-m"];
        let mut fields = Vec::new();
        for (k, depth_m) in depths.into_iter().enumerate() {
            let hours = |cell: usize| match maxima.depth_m[cell] >= depth_m {
                true => (maxima.duration_s[k][cell] / 3600.0) as f32,
                false => f32::NAN,
            };
            let grid = Grid { spec, values: (0..spec.len()).map(hours).collect() };
            let depth = |l: Language| match depth_m {
                ..1.0 => format!("{} cm", l.number(depth_m * 100.0, 0)),
                _ => format!("{} m", l.number(depth_m, 0)),
            };
            let title = Text::new(
                format!("Durée d'inondation au-delà de {}", depth(Language::Fr)),
                format!("Duration of flooding over {}", depth(Language::En)),
            );
            let map = grid.range().map(|(_, longest)| ResultMap {
                name: maps[k],
                title: title.clone(),
                caption: Text::new(
                    format!(
                        "Durée avec plus de {} d'eau jusqu'à la fin du calcul.",
                        depth(Language::Fr)
                    ),
                    format!(
                        "Time with more than {} of water until the end of the run.",
                        depth(Language::En)
                    ),
                ),
                legend: Legend::continuous(
                    Text::new("Durée", "Duration"),
                    "h",
                    0.0,
                    longest.max(0.1),
                    Ramp::Cividis,
                ),
                transparent_below: None,
                isolines: false,
            });
            fields.push(StaticField {
                name: names[k],
                standard_name: None,
                unit: "h",
                title,
                maps: map.into_iter().collect(),
                grid,
            });
        }
        fields
    }

    /// Classes of hazard.
    fn hazards(&self, maxima: &Maxima, rise_m_per_h: &Grid<f32>) -> Result<Vec<StaticField>> {
        let spec = rise_m_per_h.spec;
        let given = &self.parameters.hazard;
        let dynamics =
            Dynamics { speed_m_per_s: given.speed_m_per_s, rise_m_per_h: given.rise_m_per_h };
        let peak = |cell: usize| Peak {
            depth_m: maxima.depth_m[cell],
            speed_m_per_s: maxima.speed_m_per_s[cell],
            discharge_m2_per_s: maxima.discharge_m2_per_s[cell],
            rise_m_per_h: f64::from(rise_m_per_h.values[cell]),
        };
        let mut published: Vec<bool> =
            maxima.depth_m.iter().map(|&depth| depth >= given.min_depth_m).collect();
        let smallest = (given.min_patch_m2 / spec.cell_area()).ceil() as usize;
        hazard::without_small_patches(&mut published, spec.columns, smallest);
        let mut torrential = vec![false; spec.len()];
        if let Some(area) = &given.torrential {
            let key = place("hazard.torrential");
            let polygons = area.polygons(self.view.territory().crs(), &key)?;
            cells_within(&spec, &polygons, |row, column| {
                torrential[spec.index(row, column)] = true;
            });
        }
        let grid = |class: &dyn Fn(Peak) -> f64, everywhere: bool| {
            let of = |cell: usize| match published[cell] && (everywhere || !torrential[cell]) {
                true => class(peak(cell)) as f32,
                false => f32::NAN,
            };
            Grid { spec, values: (0..spec.len()).map(of).collect() }
        };
        let title = Text::new("Aléa simulé", "Simulated hazard");
        let caption = Text::new(
            "Croisement hauteur × dynamique de l'arrêté du 5 juillet 2019, sur l'enveloppe des maximums, qui n'ont pas lieu au même instant. Simulation : ce n'est pas un aléa de référence.",
            "Depth × dynamics of the decree of 5 July 2019, on the envelope of the maxima, which do not occur at the same moment. A simulation, not a reference hazard.",
        );
        let field = |name, title: Text, unit, maps, grid| StaticField {
            name,
            standard_name: None,
            unit,
            title,
            maps,
            grid,
        };
        Ok(vec![
            field(
                "simulated_hazard",
                title.clone(),
                "1",
                vec![ResultMap {
                    name: "alea-simule",
                    title,
                    caption,
                    legend: hazard::legend(),
                    transparent_below: None,
                    isolines: false,
                }],
                grid(&|p| f64::from(hazard::simulated_hazard(dynamics, p)), false),
            ),
            field(
                "aidr_hazard_class",
                Text::new("Classe de danger AIDR (H1 à H6)", "AIDR hazard class (H1 to H6)"),
                "1",
                Vec::new(),
                grid(&|p| f64::from(hazard::aidr_class(p)), true),
            ),
            field(
                "uk_hazard_rating",
                Text::new("Indice de danger britannique (FD2321)", "UK hazard rating (FD2321)"),
                "m2 s-1",
                Vec::new(),
                grid(&|p| hazard::uk_hazard_rating(p), true),
            ),
        ])
    }
}

/// Where the local-inertial equations are not valid.
fn beyond_validity(grid: Grid<f32>) -> StaticField {
    let title = Text::new("Hors du domaine de validité", "Outside the range of validity");
    let class = Class::new(
        f32::INFINITY,
        Rgb(213, 94, 0),
        Some(Hatch::Rising),
        "nombre de Froude supérieur à 0,8",
        "Froude number above 0.8",
    );
    StaticField {
        name: "beyond_validity",
        standard_name: None,
        unit: "1",
        title: title.clone(),
        maps: vec![ResultMap {
            name: "hors-validite",
            title: title.clone(),
            caption: Text::new(
                "Mailles où l'écoulement est devenu trop rapide pour les équations inertielles locales.",
                "Cells where the flow became too fast for the local-inertial equations.",
            ),
            legend: Legend::Classed { title, unit: String::new(), classes: vec![class] },
            transparent_below: None,
            isolines: false,
        }],
        grid,
    }
}
