//! A heat run: hour after hour what a person feels at every place, and what the day amounts to.

use std::sync::Arc;

use rayon::prelude::*;
use twin_core::language::Text;
use twin_core::results::{Indicator, IndicatorGroup, Indicators};
use twin_core::simulation::{
    Fields, GaugeSeries, Outcome, Run, RunContext, StateError, StateVisitor,
};
use twin_core::territory::TerritoryView;
use twin_core::{Language, Result};

use crate::comfort::{Environment, utci_all};
use crate::parameters::Parameters;
use crate::radiation::Moment;
use crate::setup::Setup;
use crate::weather::Weather;
use twin_sunlight::irradiance::Air;

/// UTCI from which heat stress is strong, and very strong, °C.
pub(crate) const STRONG: f32 = 32.0;
pub(crate) const VERY_STRONG: f32 = 38.0;
/// Air pressure where the weather does not tell, hPa.
const PRESSURE_HPA: f64 = 1013.25;

/// A run of the plugin.
pub(crate) struct HeatRun {
    pub(crate) view: Arc<TerritoryView>,
    parameters: Parameters,
    pub(crate) setup: Setup,
    /// Number of records of the weather that are done.
    done: u64,
    /// What people feel now, and over the day.
    pub(crate) now: Now,
    pub(crate) day: OfDay,
    gauges: Vec<Gauge>,
    hours: Vec<f64>,
    air: Vec<f64>,
}

/// Of the last period.
pub(crate) struct Now {
    mean_radiant: Vec<f32>,
    utci: Vec<f32>,
    reached: Vec<f32>,
}

/// Of all periods of the scenario.
pub(crate) struct OfDay {
    pub(crate) highest_utci: Vec<f32>,
    pub(crate) highest_mean_radiant: Vec<f32>,
    pub(crate) strong_h: Vec<f32>,
    pub(crate) very_strong_h: Vec<f32>,
    pub(crate) sunlit_h: Vec<f32>,
}

/// What is recorded at a point.
struct Gauge {
    name: String,
    position: [f64; 2],
    cell: usize,
    mean_radiant: Vec<f64>,
    utci: Vec<f64>,
}

impl HeatRun {
    pub(crate) fn new(view: Arc<TerritoryView>, parameters: Parameters, setup: Setup) -> Self {
        let cells = view.spec().len();
        let gauge = |((name, position), cell): ((&String, &[f64; 2]), &usize)| Gauge {
            name: name.clone(),
            position: *position,
            cell: *cell,
            mean_radiant: Vec::new(),
            utci: Vec::new(),
        };
        let gauges = parameters.gauges.iter().zip(&setup.gauge_cells).map(gauge).collect();
        let none = || vec![f32::NAN; cells];
        Self {
            now: Now { mean_radiant: none(), utci: none(), reached: none() },
            day: OfDay {
                highest_utci: none(),
                highest_mean_radiant: none(),
                strong_h: vec![0.0; cells],
                very_strong_h: vec![0.0; cells],
                sunlit_h: vec![0.0; cells],
            },
            done: 0,
            gauges,
            hours: Vec::new(),
            air: Vec::new(),
            view,
            parameters,
            setup,
        }
    }

    /// One period of the weather.
    fn step(&mut self, weather: &Weather) -> Result<()> {
        let time_s = weather.middle_s();
        let sky = &self.setup.sky;
        let step_s = weather.period_s[1] - weather.period_s[0];
        let moment = Moment {
            sun: sky.sun(time_s)?,
            day_of_year: sky.day_of_year(time_s),
            hour: sky.hour(time_s),
            latitude: sky.latitude(),
            air: Air {
                temperature: weather.air,
                humidity: weather.humidity,
                pressure: PRESSURE_HPA,
            },
            global: weather.global,
            clearness: None,
            step_days: step_s / 86_400.0,
        };
        let day = sky.day(time_s, self.mean_air(time_s))?;
        let radiation = self.setup.site.at(&moment, &day);
        if weather.period_s[1] <= 1.0 {
            return Ok(());
        }
        let wind = weather.wind * self.parameters.wind_factor;
        let environments: Vec<Environment> = radiation
            .mean_radiant
            .par_iter()
            .map(|radiant| Environment {
                air: weather.air,
                radiant: f64::from(*radiant),
                wind,
                humidity: weather.humidity,
            })
            .collect();
        let felt = utci_all(&environments);
        // Hours of the scenario alone count.
        let counted_h = (step_s.min(weather.period_s[1]) / 3600.0) as f32;
        for (cell, felt) in felt.into_iter().enumerate() {
            if !self.setup.is_open[cell] {
                continue;
            }
            let (radiant, utci) = (radiation.mean_radiant[cell], felt as f32);
            let reached = radiation.reached[cell];
            self.now.mean_radiant[cell] = radiant;
            self.now.utci[cell] = utci;
            self.now.reached[cell] = reached;
            let day = &mut self.day;
            day.highest_utci[cell] = day.highest_utci[cell].max(utci);
            day.highest_mean_radiant[cell] = day.highest_mean_radiant[cell].max(radiant);
            day.strong_h[cell] += if utci >= STRONG { counted_h } else { 0.0 };
            day.very_strong_h[cell] += if utci >= VERY_STRONG { counted_h } else { 0.0 };
            day.sunlit_h[cell] += reached * counted_h;
        }
        self.hours.push(weather.period_s[1]);
        self.air.push(weather.air);
        for gauge in &mut self.gauges {
            gauge.mean_radiant.push(f64::from(self.now.mean_radiant[gauge.cell]));
            gauge.utci.push(f64::from(self.now.utci[gauge.cell]));
        }
        Ok(())
    }

    /// Mean air temperature of the day around a time, °C.
    fn mean_air(&self, time_s: f64) -> f64 {
        let near = self.setup.weather.iter().filter(|w| (w.middle_s() - time_s).abs() <= 43_200.0);
        let (sum, n) = near.fold((0.0, 0.0), |(sum, n), w| (sum + w.air, n + 1.0));
        sum / f64::max(n, 1.0)
    }

    fn indicators(&self) -> Indicators {
        let study = self.view.study_mask();
        let counts = |cell: &usize| self.setup.is_open[*cell] && study.values[*cell];
        let mut highest: Vec<f32> = (0..study.values.len())
            .filter(counts)
            .map(|cell| self.day.highest_utci[cell])
            .filter(|utci| utci.is_finite())
            .collect();
        highest.sort_by(f32::total_cmp);
        let share = |least: f32| {
            let above = highest.iter().filter(|utci| **utci >= least).count();
            100.0 * above as f64 / highest.len().max(1) as f64
        };
        let quantile = |q: f64| {
            let at = (q * highest.len().saturating_sub(1) as f64).round() as usize;
            highest.get(at).map_or(f64::NAN, |utci| f64::from(*utci))
        };
        let cell_ha = study.spec.cell_area() / 1e4;
        let row = |id: &str, fr: &str, en: &str, value: f64, unit: &str, decimals: u8| {
            Indicator::quantity(id, Text::new(fr, en), value, unit, decimals)
        };
        let median_fr = "UTCI maximal médian de l'espace extérieur";
        let rows = vec![
            row(
                "outdoor_area",
                "Espace extérieur (sans bâtiments ni eau)",
                "Outdoor area (no buildings, no water)",
                highest.len() as f64 * cell_ha,
                "ha",
                2,
            ),
            row(
                "utci_max_median",
                median_fr,
                "Median of the highest UTCI outdoors",
                quantile(0.5),
                "degC",
                1,
            ),
            row(
                "utci_max_p10",
                "UTCI maximal du dixième le plus frais",
                "Highest UTCI of the coolest tenth",
                quantile(0.1),
                "degC",
                1,
            ),
            row(
                "utci_max_p90",
                "UTCI maximal du dixième le plus chaud",
                "Highest UTCI of the hottest tenth",
                quantile(0.9),
                "degC",
                1,
            ),
            row(
                "strong_heat_share",
                "Part de l'espace extérieur sous stress fort ou plus (UTCI ≥ 32 °C)",
                "Share of the outdoor area under strong heat stress or more (UTCI ≥ 32 °C)",
                share(STRONG),
                "%",
                1,
            ),
            row(
                "very_strong_heat_share",
                "Part sous stress très fort ou plus (UTCI ≥ 38 °C)",
                "Share under very strong heat stress or more (UTCI ≥ 38 °C)",
                share(VERY_STRONG),
                "%",
                1,
            ),
            row(
                "extreme_heat_share",
                "Part sous stress extrême (UTCI ≥ 46 °C)",
                "Share under extreme heat stress (UTCI ≥ 46 °C)",
                share(46.0),
                "%",
                1,
            ),
        ];
        Indicators {
            groups: vec![IndicatorGroup {
                id: "outdoor_comfort".into(),
                title: Text::new("Confort extérieur", "Outdoor comfort"),
                rows,
            }],
        }
    }

    fn series(&self) -> Vec<GaugeSeries> {
        let domain = Text::new("Domaine", "Domain").fr;
        let series = |gauge: &str, position, variable, title: Text, values: &[f64]| GaugeSeries {
            gauge: gauge.to_owned(),
            position,
            variable,
            title,
            unit: "degC",
            times_s: self.hours.clone(),
            values: values.to_vec(),
        };
        let air = Text::new("Température de l'air", "Air temperature");
        let mut all = vec![series(&domain, None, "air_temperature", air, &self.air)];
        for gauge in &self.gauges {
            let at = Some(gauge.position);
            let radiant = Text::new("Température moyenne radiante", "Mean radiant temperature");
            all.push(series(
                &gauge.name,
                at,
                "mean_radiant_temperature",
                radiant,
                &gauge.mean_radiant,
            ));
            all.push(series(&gauge.name, at, "utci", Text::new("UTCI", "UTCI"), &gauge.utci));
        }
        all
    }
}

impl Run for HeatRun {
    fn advance_to(&mut self, time_s: f64, fields: &mut Fields, context: &RunContext) -> Result<()> {
        while let Some(weather) = self.setup.weather.get(self.done as usize).copied() {
            if weather.period_s[1] > time_s + 1.0 {
                break;
            }
            context.check_cancelled()?;
            self.step(&weather)?;
            self.done += 1;
            context.report_time(weather.period_s[1].max(0.0));
        }
        let Now { mean_radiant, utci, reached } = &self.now;
        fields.output("mean_radiant_temperature").copy_from_slice(mean_radiant);
        fields.output("utci").copy_from_slice(utci);
        fields.output("direct_sun_share").copy_from_slice(reached);
        Ok(())
    }

    fn finish(&mut self, _: &RunContext) -> Result<Outcome> {
        let indicators = self.indicators();
        let value = |id: &str| indicators.get(id).and_then(|i| i.value).unwrap_or(f64::NAN);
        let (median, share) = (value("utci_max_median"), value("very_strong_heat_share"));
        let sentence = |l: Language| {
            let (median, share) = (l.number(median, 1), l.number(share, 0));
            match l {
                Language::Fr => format!(
                    "Au plus chaud de la journée, l'UTCI (température équivalente ressentie) médian de l'espace extérieur atteint {median} °C ; {share} % de cet espace connaît un stress thermique très fort (38 °C et plus)."
                ),
                Language::En => format!(
                    "At the hottest of the day the median UTCI (equivalent temperature felt) outdoors reaches {median} °C; {share} % of that area is under very strong heat stress (38 °C and more)."
                ),
            }
        };
        Ok(Outcome {
            statics: self.statics(),
            gauges: self.series(),
            key_messages: vec![Text::new(sentence(Language::Fr), sentence(Language::En))],
            calibration: self.parameters.calibration.clone(),
            hypotheses: std::mem::take(&mut self.setup.hypotheses),
            warnings: std::mem::take(&mut self.setup.warnings),
            indicators,
            ..Outcome::default()
        })
    }

    fn visit_state(&mut self, visitor: &mut dyn StateVisitor) -> Result<bool, StateError> {
        visitor.counter("done", &mut self.done)?;
        self.setup.site.visit_state(visitor)?;
        let Now { mean_radiant, utci, reached } = &mut self.now;
        visitor.array_f32("mean_radiant", mean_radiant)?;
        visitor.array_f32("utci", utci)?;
        visitor.array_f32("reached", reached)?;
        let OfDay { highest_utci, highest_mean_radiant, strong_h, very_strong_h, sunlit_h } =
            &mut self.day;
        visitor.array_f32("highest_utci", highest_utci)?;
        visitor.array_f32("highest_mean_radiant", highest_mean_radiant)?;
        visitor.array_f32("strong_h", strong_h)?;
        visitor.array_f32("very_strong_h", very_strong_h)?;
        visitor.array_f32("sunlit_h", sunlit_h)?;
        visitor.list("hours", &mut self.hours)?;
        visitor.list("air", &mut self.air)?;
        for gauge in &mut self.gauges {
            visitor.list("gauge_mean_radiant", &mut gauge.mean_radiant)?;
            visitor.list("gauge_utci", &mut gauge.utci)?;
        }
        Ok(true)
    }
}
