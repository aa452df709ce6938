//! Maps of the day.

use twin_core::export::Legend;
use twin_core::export::legend::Class;
use twin_core::export::ramp::{Ramp, Rgb};
use twin_core::language::Text;
use twin_core::simulation::{ResultMap, StaticField};
use twin_core::spatial::Grid;
use twin_sunlight::horizon_view;

use crate::comfort::STRESS;
use crate::run::HeatRun;

/// Colours of the classes of stress from that without stress on, light to dark.
const HEAT: [u32; 5] = [0xd9f0e3, 0xffeda0, 0xfeb24c, 0xf03b20, 0x7f0026];
/// Colour of cold stress of any class.
const COLD: u32 = 0xa6bddb;
/// First class without cold stress.
const COMFORT: usize = 5;

impl HeatRun {
    /// Results without time; the first is the highest UTCI.
    pub(crate) fn statics(&self) -> Vec<StaticField> {
        let spec = *self.view.spec();
        let is_open = &self.setup.is_open;
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
        let sunlit = Text::new("Heures de soleil direct", "Hours of direct sun");
        let sky = Text::new("Facteur de vue du ciel", "Sky view factor");
        let day_h = (self.day.sunlit_h.iter().copied().fold(1.0, f32::max)).ceil();
        let radiant_grid = open(&self.day.highest_mean_radiant);
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
            "Nombre d'heures où le soleil atteint le sol, ombre des houppiers déduite.",
            "Number of hours in which the sun reaches the ground, the shade of crowns taken off.",
        );
        let continuous = |title: &Text, unit: &str, low, high, ramp| {
            Legend::continuous(title.clone(), unit, low, high, ramp)
        };
        vec![
            field(
                "maximum_utci",
                "degC",
                utci.clone(),
                open(&self.day.highest_utci),
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
                open(&self.day.strong_h),
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
                open(&self.day.very_strong_h),
                Vec::new(),
            ),
            field(
                "direct_sun_hours",
                "h",
                sunlit.clone(),
                open(&self.day.sunlit_h),
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
                open(&horizon_view(self.setup.site.scene()).planar.values),
                vec![map(
                    "facteur-vue-ciel",
                    &sky,
                    sky_caption,
                    continuous(&sky, "", 0.0, 1.0, Ramp::Blues),
                )],
            ),
        ]
    }
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
    Legend::Classed { title: title.clone(), unit: String::new(), classes }
}
