//! The energy balance of districts: table, map, figures.

use twin_core::Result;
use twin_core::export::Legend;
use twin_core::export::ramp::Ramp;
use twin_core::formats::{Feature, FeatureTable, FieldKind};
use twin_core::language::Text;
use twin_core::results::{Indicator, IndicatorGroup};
use twin_core::simulation::{ResultMap, StaticField};
use twin_core::spatial::{Crs, Geometry, Grid};

use super::figures::{group, row};
use super::real;
use crate::energy_balance::{Fluxes, Means, is_sunny, mean, of_units};
use crate::run::HeatRun;
use crate::zones::units::Units;

/// The balance of each unit.
pub(super) struct Energy<'a> {
    units: &'a Units,
    means: Vec<Means>,
    /// Area of each unit within the study area, m².
    areas_m2: Vec<f64>,
}

impl<'a> Energy<'a> {
    /// Of a run that knows districts.
    pub(super) fn of(run: &'a HeatRun) -> Result<Option<Self>> {
        let Some(units) = &run.setup.units else { return Ok(None) };
        let within = run.setup.weather.iter().filter(|w| w.period_s[1] > 1.0);
        let moments =
            within.map(|weather| run.setup.sky.moment(weather)).collect::<Result<Vec<_>>>()?;
        let stated = run.parameters.anthropogenic_heat.as_ref().map_or(0.0, |heat| heat.w_per_m2);
        let mut areas_m2 = vec![0.0; units.units.len()];
        for (unit, counts) in units.regions.of.values.iter().zip(&run.study) {
            if let Some(unit) = unit.filter(|_| *counts) {
                areas_m2[unit as usize] += run.view.spec().cell_area();
            }
        }
        let means = match is_sunny(&moments) {
            true => of_units(units, &moments, stated),
            false => vec![Means::default(); units.units.len()],
        };
        Ok(Some(Self { units, means, areas_m2 }))
    }

    pub(super) fn table(&self, crs: Crs) -> FeatureTable {
        let mut table = FeatureTable::new("bilan_energie_quartiers", Some(crs));
        for name in [
            "albedo",
            "fraction_vegetation",
            "rayonnement_net_jour_w_m2",
            "chaleur_anthropique_w_m2",
            "stockage_jour_w_m2",
            "chaleur_sensible_jour_w_m2",
            "chaleur_latente_jour_w_m2",
            "rayonnement_net_nuit_w_m2",
            "stockage_nuit_w_m2",
            "chaleur_sensible_nuit_w_m2",
            "chaleur_latente_nuit_w_m2",
        ] {
            table = table.with_field(name, FieldKind::Real);
        }
        let outlines = self.units.regions.outlines();
        for ((outline, unit), means) in outlines.into_iter().zip(&self.units.units).zip(&self.means)
        {
            let any = means.day.or(means.night);
            let of = |fluxes: Option<Fluxes>, part: fn(&Fluxes) -> f64| fluxes.map(|f| part(&f));
            let rounded = [
                real(Some(unit.albedo), 2),
                real(Some(unit.vegetation_fraction), 2),
                real(of(means.day, |f| f.net_radiation), 1),
                real(of(any, |f| f.anthropogenic), 1),
                real(of(means.day, |f| f.storage), 1),
                real(of(means.day, |f| f.sensible), 1),
                real(of(means.day, |f| f.latent), 1),
                real(of(means.night, |f| f.net_radiation), 1),
                real(of(means.night, |f| f.storage), 1),
                real(of(means.night, |f| f.sensible), 1),
                real(of(means.night, |f| f.latent), 1),
            ];
            table.features.push(Feature {
                geometry: Some(Geometry::Polygons(vec![outline])),
                values: rounded.to_vec(),
            });
        }
        table
    }

    /// Heat to the air by day, by district.
    pub(super) fn field(&self) -> StaticField {
        let title = Text::new(
            "Chaleur rendue à l'air par les quartiers, de jour",
            "Heat that districts give to the air, by day",
        );
        let grid: Grid<f32> = self.units.regions.of.map(|unit| {
            let of = |unit: &u32| self.means.get(*unit as usize).and_then(|means| means.day);
            unit.as_ref().and_then(of).map_or(f32::NAN, |fluxes| fluxes.sensible as f32)
        });
        let (low, high) = grid.range().unwrap_or((0.0, 300.0));
        let (low, high) = (50.0 * (low / 50.0).floor(), 50.0 * (high / 50.0).ceil());
        let legend =
            Legend::continuous(title.clone(), "W/m²", low, high.max(low + 50.0), Ramp::Batlow);
        let caption = Text::new(
            "Chaleur sensible, moyenne des heures de soleil, par m² de quartier : ce qui reste du rayonnement une fois déduits l'évaporation et le stockage.",
            "Sensible heat, mean of the hours with the sun up, per m² of district: what is left of radiation after evaporation and storage.",
        );
        let is_known = grid.range().is_some();
        let map = ResultMap {
            name: "chaleur-sensible-jour",
            title: title.clone(),
            caption,
            legend,
            transparent_below: None,
            isolines: false,
        };
        StaticField {
            name: "daytime_sensible_heat_flux",
            standard_name: None,
            unit: "W m-2",
            title,
            grid,
            maps: if is_known { vec![map] } else { Vec::new() },
        }
    }

    pub(super) fn indicators(&self) -> IndicatorGroup {
        let over = |of: fn(&Means) -> Option<Fluxes>| {
            let known: Vec<(Fluxes, f64)> = self
                .means
                .iter()
                .zip(&self.areas_m2)
                .filter_map(|(means, area)| Some((of(means)?, *area)))
                .collect();
            mean(known.iter().map(|(fluxes, area)| (fluxes, *area)))
        };
        let mut rows = Vec::new();
        if let Some(day) = over(|means| means.day) {
            let part =
                |id: &str, fr: &str, en: &str, value| row(id, Text::new(fr, en), value, "W m-2", 0);
            rows.push(part(
                "net_radiation_day",
                "Rayonnement net, de jour",
                "Net radiation, by day",
                day.net_radiation,
            ));
            if day.anthropogenic > 0.0 {
                rows.push(part(
                    "anthropogenic_heat",
                    "Chaleur de la circulation et des bâtiments",
                    "Heat of traffic and buildings",
                    day.anthropogenic,
                ));
            }
            rows.extend([
                part(
                    "stored_heat_day",
                    "– stocké par le sol et les toits",
                    "– stored by ground and roofs",
                    day.storage,
                ),
                part(
                    "latent_heat_day",
                    "– évaporé (plantes, supposées arrosées, et eau)",
                    "– evaporated (plants, taken for watered, and water)",
                    day.latent,
                ),
                part(
                    "sensible_heat_day",
                    "– rendu à l'air en chaleur",
                    "– given to the air as heat",
                    day.sensible,
                ),
            ]);
        }
        if let Some(night) = over(|means| means.night) {
            rows.push(row(
                "released_heat_night",
                Text::new(
                    "Chaleur que le sol et les toits relâchent la nuit",
                    "Heat that ground and roofs release by night",
                ),
                -night.storage,
                "W m-2",
                0,
            ));
        }
        if rows.is_empty() {
            let label = Text::new("Bilan d'énergie", "Energy balance");
            let why = Text::new(
                "ni quartier dans la zone d'étude, ou trop peu de soleil pour le modèle, établi en été",
                "no district in the study area, or too little sun for the model, found in summer",
            );
            rows.push(Indicator::unknown("net_radiation_day", label, "W m-2", why));
        }
        group(
            "district_energy",
            "Bilan d'énergie des quartiers (moyennes)",
            "Energy balance of districts (means)",
            rows,
        )
    }
}

/// How the balance is made.
pub(super) fn told() -> Text {
    Text::new(
        "Bilan d'énergie des quartiers : rayonnement net d'Offerle et al. (2003), stockage par le modèle d'hystérésis (Grimmond et Oke 1999), évaporation par LUMPS (Grimmond et Oke 2002), établi sur des villes dont les plantes étaient arrosées : à sec, l'évaporation est surestimée. Arbres et herbe n'y diffèrent pas ; ni la hauteur ni les murs des bâtiments n'y comptent. Il n'agit pas sur la température de l'air du calcul.",
        "Energy balance of districts: net radiation by Offerle et al. (2003), storage by the hysteresis model (Grimmond & Oke 1999), evaporation by LUMPS (Grimmond & Oke 2002), found in towns with watered plants: in a drought evaporation is overestimated. It does not tell trees from grass, and neither the height nor the walls of buildings count. It does not act on the air temperature of the run.",
    )
}
