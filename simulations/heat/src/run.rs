//! A heat run: hour after hour what a person feels at every place, and what the day amounts to.

use std::sync::Arc;

use rayon::prelude::*;
use twin_core::Result;
use twin_core::language::Text;
use twin_core::simulation::{
    Fields, GaugeSeries, Outcome, Run, RunContext, StateError, StateVisitor,
};
use twin_core::territory::TerritoryView;

use crate::climate::humidity_at;
use crate::comfort::{Environment, MOST_WIND, Person, pet, utci_all};
use crate::parameters::Parameters;
use crate::radiation::Day;
use crate::results::Found;
use crate::setup::Setup;
use crate::weather::Weather;

/// UTCI from which heat stress is strong, and very strong, °C.
pub(crate) const STRONG: f32 = 32.0;
pub(crate) const VERY_STRONG: f32 = 38.0;
/// Where the classes of heat stress begin: moderate, strong, very strong, extreme, °C.
pub(crate) const CLASSES: [f32; 4] = [26.0, STRONG, VERY_STRONG, 46.0];

/// Air temperature that a tropical night does not fall below, °C.
pub(crate) const TROPICAL: f32 = 20.0;
/// Cells whose UTCI is worked on at once.
const CELLS_AT_ONCE: usize = 4096;
/// Hours after sunrise that belong to the night: it is coldest then.
const NIGHT_AFTER_SUNRISE_H: f64 = 2.0;
/// Hours of a night before sunrise that must be covered for it to count.
const LEAST_NIGHT_H: f64 = 3.0;

/// A run of the plugin.
pub(crate) struct HeatRun {
    pub(crate) view: Arc<TerritoryView>,
    pub(crate) parameters: Parameters,
    pub(crate) setup: Setup,
    /// Whether each cell lies inside the study area.
    pub(crate) study: Vec<bool>,
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
    air: Vec<f32>,
}

/// Of all periods of the scenario.
pub(crate) struct OfDay {
    pub(crate) highest_utci: Vec<f32>,
    pub(crate) highest_mean_radiant: Vec<f32>,
    /// Hours above each of [`CLASSES`].
    pub(crate) hours_above: [Vec<f32>; CLASSES.len()],
    pub(crate) sunlit_h: Vec<f32>,
    /// Lowest air temperature since sunset, of the night that has not ended.
    night_air: Vec<f32>,
    /// Hours since sunset that the scenario covers.
    night_h: f64,
    /// Over the whole nights: how many there were, in how many the air stayed at 20 °C and above, and the lowest
    /// temperature of the warmest.
    pub(crate) nights: u64,
    pub(crate) tropical_nights: Vec<f32>,
    pub(crate) warmest_night_air: Vec<f32>,
    /// The same at the station, °C.
    station_night: f64,
    pub(crate) station_warmest_night: f64,
    /// UTCI at the hour whose median outdoors is the highest, that median, and when the hour ends.
    pub(crate) hottest_utci: Vec<f32>,
    pub(crate) hottest_median: f64,
    pub(crate) hottest_end_s: f64,
}

impl OfDay {
    /// A night is over: it counts if the scenario covers enough of it, its coldest hours before sunrise among them.
    fn end_night(&mut self) {
        if self.night_h >= LEAST_NIGHT_H {
            self.nights += 1;
            self.station_warmest_night = self.station_warmest_night.max(self.station_night);
            let of_cells = self.tropical_nights.iter_mut().zip(&mut self.warmest_night_air);
            for ((tropical, warmest), air) in of_cells.zip(&self.night_air) {
                *tropical += if *air >= TROPICAL { 1.0 } else { 0.0 };
                *warmest = warmest.max(*air);
            }
        }
        self.night_h = 0.0;
        self.station_night = f64::NAN;
        self.night_air.fill(f32::NAN);
    }
}

/// What is recorded at a point.
struct Gauge {
    name: String,
    position: [f64; 2],
    cell: usize,
    mean_radiant: Vec<f64>,
    utci: Vec<f64>,
    air: Vec<f64>,
    pet: Vec<f64>,
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
            air: Vec::new(),
            pet: Vec::new(),
        };
        let gauges = parameters.gauges.iter().zip(&setup.gauge_cells).map(gauge).collect();
        let none = || vec![f32::NAN; cells];
        Self {
            now: Now { mean_radiant: none(), utci: none(), reached: none(), air: none() },
            day: OfDay {
                highest_utci: none(),
                highest_mean_radiant: none(),
                hours_above: std::array::from_fn(|_| vec![0.0; cells]),
                sunlit_h: vec![0.0; cells],
                night_air: none(),
                night_h: 0.0,
                nights: 0,
                tropical_nights: vec![0.0; cells],
                warmest_night_air: none(),
                station_night: f64::NAN,
                station_warmest_night: f64::NAN,
                hottest_utci: none(),
                hottest_median: f64::NEG_INFINITY,
                hottest_end_s: f64::NAN,
            },
            done: 0,
            gauges,
            hours: Vec::new(),
            air: Vec::new(),
            study: view.study_mask().values,
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
        let moment = sky.moment(weather)?;
        let (sun_hours, highest) = sky.day(time_s)?;
        let day = Day { sunrise: sun_hours.rises, highest, mean_air: self.mean_air(time_s) };
        let radiation = self.setup.site.at(&moment, &day);
        if weather.period_s[1] <= 1.0 {
            return Ok(());
        }
        let island = self.setup.island.as_ref();
        let strength = island.map_or(0.0, |i| i.strength(time_s, moment.hour, sun_hours));
        let warmer = |cell: usize| {
            let shape = island.map_or(0.0, |island| f64::from(island.shape.values[cell]));
            // Beyond the units the air is that of the weather.
            if shape > 0.0 { shape * strength } else { 0.0 }
        };
        let wind_share = self.setup.site.wind_share();
        let environment = |cell: usize| {
            let air = weather.air + warmer(cell);
            Environment {
                air,
                radiant: f64::from(radiation.mean_radiant[cell]),
                wind: (f64::from(wind_share[cell]) * moment.wind).min(MOST_WIND),
                humidity: humidity_at(weather.air, weather.humidity, air),
            }
        };
        // Air is coldest when the sun has risen already.
        let since_sunrise = moment.hour - sun_hours.rises;
        let is_night = !moment.sun.is_up() || (0.0..NIGHT_AFTER_SUNRISE_H).contains(&since_sunrise);
        let mut felt = vec![0.0f32; radiation.mean_radiant.len()];
        felt.par_chunks_mut(CELLS_AT_ONCE).enumerate().for_each(|(chunk, felt)| {
            let first = chunk * CELLS_AT_ONCE;
            let given: Vec<Environment> = (first..first + felt.len()).map(environment).collect();
            felt.iter_mut().zip(utci_all(&given)).for_each(|(felt, utci)| *felt = utci as f32);
        });
        // Hours of the scenario alone count.
        let counted_h = (step_s.min(weather.period_s[1]) / 3600.0) as f32;
        for (cell, utci) in felt.into_iter().enumerate() {
            if !self.setup.is_open[cell] {
                continue;
            }
            let (radiant, reached) = (radiation.mean_radiant[cell], radiation.reached[cell]);
            let air = (weather.air + warmer(cell)) as f32;
            self.now.mean_radiant[cell] = radiant;
            self.now.utci[cell] = utci;
            self.now.reached[cell] = reached;
            self.now.air[cell] = air;
            let day = &mut self.day;
            day.highest_utci[cell] = day.highest_utci[cell].max(utci);
            day.highest_mean_radiant[cell] = day.highest_mean_radiant[cell].max(radiant);
            for (least, hours) in CLASSES.iter().zip(&mut day.hours_above) {
                hours[cell] += if utci >= *least { counted_h } else { 0.0 };
            }
            day.sunlit_h[cell] += reached * counted_h;
            if is_night {
                day.night_air[cell] = day.night_air[cell].min(air);
            }
        }
        if !is_night {
            self.day.end_night();
        } else {
            self.day.night_h += f64::from(counted_h);
            self.day.station_night = self.day.station_night.min(weather.air);
        }
        let median = self.median_now();
        if median > self.day.hottest_median {
            self.day.hottest_median = median;
            self.day.hottest_end_s = weather.period_s[1];
            self.day.hottest_utci.copy_from_slice(&self.now.utci);
        }
        self.hours.push(weather.period_s[1]);
        self.air.push(weather.air);
        for gauge in &mut self.gauges {
            gauge.mean_radiant.push(f64::from(self.now.mean_radiant[gauge.cell]));
            gauge.utci.push(f64::from(self.now.utci[gauge.cell]));
            gauge.air.push(f64::from(self.now.air[gauge.cell]));
            gauge.pet.push(pet(&environment(gauge.cell), &Person::default()));
        }
        Ok(())
    }

    /// Median UTCI of the outdoors that counts, of the last period.
    fn median_now(&self) -> f64 {
        let mut felt = self.outdoors(&self.now.utci);
        let middle = felt.len() / 2;
        if felt.is_empty() {
            return f64::NEG_INFINITY;
        }
        f64::from(*felt.select_nth_unstable_by(middle, f32::total_cmp).1)
    }

    /// Values of the outdoors that counts.
    pub(crate) fn outdoors(&self, values: &[f32]) -> Vec<f32> {
        let cells = values.iter().zip(&self.setup.is_open).zip(&self.study);
        cells
            .filter(|((value, open), study)| **open && **study && value.is_finite())
            .map(|((value, _), _)| *value)
            .collect()
    }

    /// Mean air temperature of the day around a time, °C.
    fn mean_air(&self, time_s: f64) -> f64 {
        let near = self.setup.weather.iter().filter(|w| (w.middle_s() - time_s).abs() <= 43_200.0);
        let (sum, n) = near.fold((0.0, 0.0), |(sum, n), w| (sum + w.air, n + 1.0));
        sum / f64::max(n, 1.0)
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
        let air = Text::new("Température de l'air (station)", "Air temperature (station)");
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
            let air = Text::new("Température de l'air", "Air temperature");
            all.push(series(&gauge.name, at, "air_temperature", air, &gauge.air));
            let pet = Text::new(
                "PET (Höppe 1999 ; homme de 35 ans, 75 kg, 1,80 m, 80 W, 0,9 clo)",
                "PET (Höppe 1999; man of 35 years, 75 kg, 1.80 m, 80 W, 0.9 clo)",
            );
            all.push(series(&gauge.name, at, "pet", pet, &gauge.pet));
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
        let Now { mean_radiant, utci, reached, air } = &self.now;
        fields.output("air_temperature").copy_from_slice(air);
        fields.output("mean_radiant_temperature").copy_from_slice(mean_radiant);
        fields.output("utci").copy_from_slice(utci);
        fields.output("direct_sun_share").copy_from_slice(reached);
        Ok(())
    }

    fn finish(&mut self, _: &RunContext) -> Result<Outcome> {
        let found = Found::new(self)?;
        Ok(Outcome {
            statics: found.statics(),
            gauges: self.series(),
            assets: found.tables(),
            key_messages: found.key_messages(),
            calibration: self.parameters.calibration.clone(),
            hypotheses: found.hypotheses(),
            warnings: found.warnings(),
            indicators: found.indicators(),
            ..Outcome::default()
        })
    }

    fn visit_state(&mut self, visitor: &mut dyn StateVisitor) -> Result<bool, StateError> {
        visitor.counter("done", &mut self.done)?;
        self.setup.site.visit_state(visitor)?;
        let Now { mean_radiant, utci, reached, air } = &mut self.now;
        visitor.array_f32("now_air", air)?;
        visitor.array_f32("mean_radiant", mean_radiant)?;
        visitor.array_f32("utci", utci)?;
        visitor.array_f32("reached", reached)?;
        let OfDay {
            highest_utci,
            highest_mean_radiant,
            hours_above,
            sunlit_h,
            night_air,
            night_h,
            nights,
            tropical_nights,
            warmest_night_air,
            station_night,
            station_warmest_night,
            hottest_utci,
            hottest_median,
            hottest_end_s,
        } = &mut self.day;
        visitor.array_f32("highest_utci", highest_utci)?;
        visitor.array_f32("highest_mean_radiant", highest_mean_radiant)?;
        for hours in hours_above {
            visitor.array_f32("hours_above", hours)?;
        }
        visitor.array_f32("night_air", night_air)?;
        visitor.scalar("night_h", night_h)?;
        visitor.counter("nights", nights)?;
        visitor.array_f32("tropical_nights", tropical_nights)?;
        visitor.array_f32("warmest_night_air", warmest_night_air)?;
        visitor.scalar("station_night", station_night)?;
        visitor.scalar("station_warmest_night", station_warmest_night)?;
        visitor.array_f32("hottest_utci", hottest_utci)?;
        visitor.scalar("hottest_median", hottest_median)?;
        visitor.scalar("hottest_end_s", hottest_end_s)?;
        visitor.array_f32("sunlit_h", sunlit_h)?;
        visitor.list("hours", &mut self.hours)?;
        visitor.list("air", &mut self.air)?;
        for gauge in &mut self.gauges {
            visitor.list("gauge_mean_radiant", &mut gauge.mean_radiant)?;
            visitor.list("gauge_utci", &mut gauge.utci)?;
            visitor.list("gauge_air", &mut gauge.air)?;
            visitor.list("gauge_pet", &mut gauge.pet)?;
        }
        Ok(true)
    }
}
