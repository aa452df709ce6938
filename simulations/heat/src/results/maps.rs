//! Maps of the day.

use twin_core::Language;
use twin_core::export::Legend;
use twin_core::export::legend::Class;
use twin_core::export::ramp::{Ramp, Rgb};
use twin_core::language::Text;
use twin_core::results::exposure::footprint_cells;
use twin_core::simulation::{ResultMap, StaticField};
use twin_core::spatial::Grid;
use twin_sunlight::horizon_view;

use super::Found;
use super::energy::Energy;
use crate::comfort::STRESS;
use crate::cool_islands::CoolIslands;

/// Colours of the classes of stress from that without stress on, light to dark.
const HEAT: [u32; 5] = [0xd9f0e3, 0xffeda0, 0xfeb24c, 0xf03b20, 0x7f0026];
/// Colour of cold stress of any class.
const COLD: u32 = 0xa6bddb;
/// First class without cold stress.
const COMFORT: usize = 5;

impl Found<'_> {
    /// Results without time; the first is the highest UTCI.
    pub(crate) fn statics(&self) -> Vec<StaticField> {
        let spec = *self.run.view.spec();
        let is_open = &self.run.setup.is_open;
        let open = |values: &[f32]| Grid {
            spec,
            values: values
                .iter()
                .zip(is_open)
                .map(|(value, open)| if *open { *value } else { f32::NAN })
                .collect(),
        };
        let map = |name, title: &Text, caption, legend| ResultMap {
            name,
            title: title.clone(),
            caption,
            legend,
            transparent_below: None,
            isolines: false,
        };
        let field = |name, unit, title: Text, grid, maps| StaticField {
            name,
            standard_name: None,
            unit,
            title,
            grid,
            maps,
        };
        let utci = Text::new("UTCI maximal", "Highest UTCI");
        let radiant =
            Text::new("Température moyenne radiante maximale", "Highest mean radiant temperature");
        let hours = Text::new(
            "Heures de stress fort ou plus (UTCI ≥ 32 °C)",
            "Hours of strong heat stress or more (UTCI ≥ 32 °C)",
        );
        let very_strong = Text::new(
            "Heures de stress très fort ou plus (UTCI ≥ 38 °C)",
            "Hours of very strong heat stress or more (UTCI ≥ 38 °C)",
        );
        let sunlit = Text::new(
            "Heures de soleil direct par ciel clair",
            "Hours of direct sun under a clear sky",
        );
        let sky = Text::new("Facteur de vue du ciel", "Sky view factor");
        let day_h = (self.run.day.sunlit_h.iter().copied().fold(1.0, f32::max)).ceil();
        let radiant_grid = open(&self.run.day.highest_mean_radiant);
        let (low, high) = radiant_grid.range().unwrap_or((20.0, 60.0));
        let utci_caption = Text::new(
            "Température équivalente ressentie la plus élevée de la journée, en classes de stress thermique.",
            "Highest equivalent temperature felt during the day, in classes of thermal stress.",
        );
        let radiant_caption = Text::new(
            "Rayonnement reçu de toutes parts par une personne, exprimé en température ; ce n'est pas celle de l'air.",
            "Radiation that a person receives from all sides, as a temperature; not that of the air.",
        );
        let sky_caption = Text::new(
            "Part du ciel visible depuis le sol, bâtiments et relief seuls (surface horizontale).",
            "Part of the sky seen from the ground, buildings and terrain alone (horizontal surface).",
        );
        let hours_caption = Text::new(
            "Nombre d'heures du scénario où l'UTCI dépasse 32 °C.",
            "Number of hours of the scenario in which UTCI exceeds 32 °C.",
        );
        let sunlit_caption = Text::new(
            "Nombre d'heures où le soleil atteindrait le sol sans nuages, ombre des houppiers déduite.",
            "Number of hours in which the sun would reach the ground without clouds, the shade of crowns taken off.",
        );
        let continuous = |title: &Text, unit: &str, low, high, ramp| {
            Legend::continuous(title.clone(), unit, low, high, ramp)
        };
        let horizons = horizon_view(self.run.setup.site.scene());
        let mut all = vec![
            field(
                "maximum_utci",
                "degC",
                utci.clone(),
                open(&self.run.day.highest_utci),
                vec![map("utci-maximal", &utci, utci_caption, stress(&utci))],
            ),
            field(
                "maximum_mean_radiant_temperature",
                "degC",
                radiant.clone(),
                radiant_grid,
                vec![map(
                    "temperature-radiante-maximale",
                    &radiant,
                    radiant_caption,
                    continuous(&radiant, "°C", low.floor(), high.ceil(), Ramp::Batlow),
                )],
            ),
            field(
                "strong_heat_hours",
                "h",
                hours.clone(),
                open(&self.run.day.hours_above[1]),
                vec![map(
                    "heures-stress-fort",
                    &hours,
                    hours_caption,
                    continuous(&hours, "h", 0.0, day_h, Ramp::Viridis),
                )],
            ),
            field(
                "very_strong_heat_hours",
                "h",
                very_strong,
                open(&self.run.day.hours_above[2]),
                Vec::new(),
            ),
            field(
                "moderate_heat_hours",
                "h",
                Text::new(
                    "Heures de stress modéré ou plus (UTCI ≥ 26 °C)",
                    "Hours of moderate heat stress or more (UTCI ≥ 26 °C)",
                ),
                open(&self.run.day.hours_above[0]),
                Vec::new(),
            ),
            field(
                "extreme_heat_hours",
                "h",
                Text::new(
                    "Heures de stress extrême (UTCI ≥ 46 °C)",
                    "Hours of extreme heat stress (UTCI ≥ 46 °C)",
                ),
                open(&self.run.day.hours_above[3]),
                Vec::new(),
            ),
            field(
                "direct_sun_hours",
                "h",
                sunlit.clone(),
                open(&self.run.day.sunlit_h),
                vec![map(
                    "heures-soleil",
                    &sunlit,
                    sunlit_caption,
                    continuous(&sunlit, "h", 0.0, day_h, Ramp::Viridis),
                )],
            ),
            field(
                "sky_view_factor",
                "1",
                sky.clone(),
                open(&horizons.planar.values),
                vec![map(
                    "facteur-vue-ciel",
                    &sky,
                    sky_caption,
                    continuous(&sky, "", 0.0, 1.0, Ramp::Blues),
                )],
            ),
            field(
                "sky_solid_angle_share",
                "1",
                Text::new(
                    "Part de l'angle solide du ciel laissée libre par bâtiments et relief",
                    "Share of the solid angle of the sky that buildings and terrain leave open",
                ),
                open(&horizons.solid_angle.values),
                Vec::new(),
            ),
            field(
                "wind_share",
                "1",
                Text::new(
                    "Part du vent de la station donnée à l'UTCI",
                    "Share of the station's wind that UTCI is given",
                ),
                open(self.run.setup.site.wind_share()),
                Vec::new(),
            ),
        ];
        let night = open(&self.run.day.warmest_night_air);
        if let Some((low, high)) = night.range() {
            let title = Text::new(
                "Température de l'air minimale de la nuit la plus chaude",
                "Lowest air temperature of the warmest night",
            );
            let caption = Text::new(
                "Température de l'air la plus basse, la nuit la plus chaude : celle de la station, plus l'îlot de chaleur urbain moyen de chaque quartier bâti.",
                "Lowest air temperature, on the warmest night: that of the station, and the mean urban heat island of each built district.",
            );
            let (low, high) = ((2.0 * low).floor() / 2.0, (2.0 * high).ceil() / 2.0);
            let legend = continuous(&title, "°C", low, high.max(low + 0.5), Ramp::Batlow);
            let maps = match self.run.setup.island {
                Some(_) => vec![map("temperature-air-nocturne", &title, caption, legend)],
                None => Vec::new(),
            };
            all.push(field("lowest_night_air_temperature", "degC", title, night, maps));
            let title = Text::new(
                "Nuits tropicales (température de l'air ≥ 20 °C)",
                "Tropical nights (air temperature ≥ 20 °C)",
            );
            let nights = open(&self.run.day.tropical_nights);
            all.push(field("tropical_nights", "1", title, nights, Vec::new()));
        }
        all.extend(self.energy.as_ref().map(Energy::field));
        if !self.cool.is_hot() {
            return all;
        }
        let title = Text::new("Îlots de fraîcheur", "Cool islands");
        let below = self.run.parameters.cool_islands.below_median_k;
        let n = |l: Language| l.number(below, 1);
        let caption = Text::new(
            format!(
                "Lieux accessibles, connexes, qui restent plus frais à l'heure la plus chaude : UTCI d'au moins {} K sous la médiane (critère relatif), UTCI inférieur à 32 °C (critère absolu).",
                n(Language::Fr)
            ),
            format!(
                "Connected places open to people that stay cooler at the hottest hour: UTCI at least {} K below the median (relative criterion), UTCI below 32 °C (absolute criterion).",
                n(Language::En)
            ),
        );
        let maps = vec![map("ilots-de-fraicheur", &title, caption, islands(&title))];
        all.push(field("cool_islands", "1", title, self.islands_grid(), maps));
        let ways = [
            (
                "walk_to_cool_island",
                "marche-ilot-relatif",
                &self.cool.relative,
                Text::new(
                    "Temps de marche jusqu'au plus proche îlot de fraîcheur (critère relatif)",
                    "Walking time to the nearest cool island (relative criterion)",
                ),
            ),
            (
                "walk_to_absolute_cool_island",
                "marche-ilot-absolu",
                &self.cool.absolute,
                Text::new(
                    "Temps de marche jusqu'au plus proche îlot de fraîcheur (UTCI < 32 °C)",
                    "Walking time to the nearest cool island (UTCI < 32 °C)",
                ),
            ),
        ];
        for (name, file, islands, title) in ways {
            let caption = Text::new(
                "Minutes à pied le long des rues depuis chaque bâtiment ; la dernière classe compte aussi les bâtiments sans chemin.",
                "Minutes on foot along streets from each building; the last class counts buildings without a way too.",
            );
            let legend = walking(&title);
            let is_walked = islands.minutes.iter().any(Option::is_some);
            let maps = match islands.places.is_empty() || !is_walked {
                true => Vec::new(),
                false => vec![map(file, &title, caption, legend)],
            };
            all.push(field(name, "min", title, self.minutes_grid(islands), maps));
        }
        all
    }

    /// 1 where the relative criterion alone holds, 2 where the absolute alone, 3 where both.
    fn islands_grid(&self) -> Grid<f32> {
        let (relative, absolute) = (&self.cool.relative.places.of, &self.cool.absolute.places.of);
        let class = |(relative, absolute): (&Option<u32>, &Option<u32>)| match (
            relative.is_some(),
            absolute.is_some(),
        ) {
            (true, true) => 3.0,
            (false, true) => 2.0,
            (true, false) => 1.0,
            (false, false) => f32::NAN,
        };
        let values = relative.values.iter().zip(&absolute.values).map(class).collect();
        Grid { spec: relative.spec, values }
    }

    /// Minutes on foot, on the cells of buildings.
    fn minutes_grid(&self, islands: &CoolIslands) -> Grid<f32> {
        let mut grid = Grid::filled(*self.run.view.spec(), f32::NAN);
        let buildings = self.run.view.features().buildings.iter().zip(&islands.minutes);
        for (building, minutes) in buildings {
            let Some(minutes) = minutes else { continue };
            for cell in footprint_cells(&grid.spec, building) {
                grid[cell] = minutes.min(FARTHEST_MIN) as f32;
            }
        }
        grid
    }
}

/// Minutes that stand for longer ways and for none.
const FARTHEST_MIN: f64 = 999.0;

/// Classes of cool islands.
fn islands(title: &Text) -> Legend {
    let class = |code: u8, colour, fr, en| {
        Class::new(f32::from(code) + 0.5, Rgb::hex(colour), None, fr, en)
    };
    let classes = vec![
        class(1, 0xa6_dba0, "critère relatif seul", "relative criterion alone"),
        class(2, 0x67_a9cf, "critère absolu seul", "absolute criterion alone"),
        class(3, 0x1b_7837, "les deux critères", "both criteria"),
    ];
    Legend::Classed { title: title.clone(), unit: String::new(), classes }
}

/// Classes of walking times.
fn walking(title: &Text) -> Legend {
    let colours = [0x1b_7837, 0xa6_dba0, 0xfe_b24c, 0xb1_0026].map(Rgb::hex);
    Legend::classed(title.clone(), "min", &[5.0, 10.0, 15.0], &colours)
}

/// Classes of thermal stress; those of cold in one.
fn stress(title: &Text) -> Legend {
    let bound = |k: usize| STRESS.get(k + 1).map_or(f32::INFINITY, |next| next.0);
    let cold = Class::new(STRESS[COMFORT].0, Rgb::hex(COLD), None, "stress froid", "cold stress");
    let class = |k: usize| {
        let (from, fr, en) = STRESS[k];
        let range = |word: &str, below: &str, above: &str| match bound(k) {
            to if to.is_finite() => format!("{word} ({from:.0} {below} {to:.0} °C)"),
            _ => format!("{word} ({from:.0} °C {above})"),
        };
        let colour = Rgb::hex(HEAT[k - COMFORT]);
        Class::new(bound(k), colour, None, &range(fr, "à", "et plus"), &range(en, "to", "and more"))
    };
    let classes = std::iter::once(cold).chain((COMFORT..STRESS.len()).map(class)).collect();
    Legend::Classed { title: title.clone(), unit: "°C".to_owned(), classes }
}
