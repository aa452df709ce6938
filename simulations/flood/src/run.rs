//! A flood run: advances the engine, records gauges, and turns the end state into results.

use std::sync::Arc;

use twin_core::language::Text;
use twin_core::results::exposure::{self, Water};
use twin_core::simulation::{
    Budget, Fields, GaugeSeries, Outcome, Run, RunContext, StateError, StateVisitor, Variant,
    VariantOutcome,
};
use twin_core::territory::TerritoryView;
use twin_core::{Error, Language, Result};
use twin_shallow_water::{Side, Solver};

use crate::RAINFALL_EXCESS;
use crate::hazard;
use crate::levees::precaution_strip;
use crate::parameters::{BuildingMode, Equations, Parameters, UndeclaredEdges};
use crate::setup::Setup;

/// Time over which the water of a coupled runoff is given to the flow, s.
const RAIN_STEP_S: f64 = 5.0;

/// Longest time between two records of a gauge, seconds.
const GAUGE_INTERVAL_S: f64 = 60.0;

/// Cells below this maximum depth count as dry in results, metres.
pub(crate) const DRY_DEPTH_M: f64 = 0.01;

/// Share of the wet cells that may still rise at the end without a warning.
const MOST_RISING: f64 = 0.1;
/// Rise over an output interval from which water still rises, m.
const RISING_M: f64 = 0.01;

/// Allowed error of the water budget relative to all water: round-off of an engine in `f32`.
const BUDGET_TOLERANCE: f64 = 1e-6;

/// A run of the plugin.
pub struct FloodRun {
    pub(crate) view: Arc<TerritoryView>,
    pub(crate) parameters: Parameters,
    pub(crate) setup: Setup,
    gauges: Vec<Gauge>,
    domain: DomainRecord,
    /// Share of the wet cells whose water rose since the output before.
    rising_share: f64,
    /// What a coupled runoff brought so far, m³.
    rained_m3: f64,
}

/// What is recorded at a point.
struct Gauge {
    name: String,
    position: [f64; 2],
    cell: usize,
    times_s: Vec<f64>,
    depth_m: Vec<f64>,
    level_m: Vec<f64>,
    speed_m_per_s: Vec<f64>,
}

/// What is recorded of the whole domain: cumulated volumes and storage.
#[derive(Default)]
struct DomainRecord {
    times_s: Vec<f64>,
    inflow_m3: Vec<f64>,
    outflow_m3: Vec<f64>,
    stored_m3: Vec<f64>,
    /// By culvert, pump and section: volume from the first end to the second, or to the right.
    through_m3: Vec<Vec<f64>>,
}

impl FloodRun {
    /// From a prepared engine.
    pub fn new(view: Arc<TerritoryView>, parameters: Parameters, setup: Setup) -> Self {
        let gauges = parameters
            .gauges
            .iter()
            .zip(&setup.gauge_cells)
            .map(|((name, position), cell)| Gauge {
                name: name.clone(),
                position: *position,
                cell: *cell,
                times_s: Vec::new(),
                depth_m: Vec::new(),
                level_m: Vec::new(),
                speed_m_per_s: Vec::new(),
            })
            .collect();
        let through_m3 = vec![Vec::new(); setup.solver.through().count()];
        let domain = DomainRecord { through_m3, ..DomainRecord::default() };
        Self { view, parameters, setup, gauges, domain, rising_share: 0.0, rained_m3: 0.0 }
    }

    fn record(&mut self) {
        let solver = &self.setup.solver;
        let time = solver.time_s();
        if self.domain.times_s.last() == Some(&time) {
            return;
        }
        for gauge in &mut self.gauges {
            let (u, v) = solver.velocity_at(gauge.cell);
            gauge.times_s.push(time);
            gauge.depth_m.push(solver.depth_at(gauge.cell));
            gauge.level_m.push(solver.level(gauge.cell).unwrap_or(f64::NAN));
            gauge.speed_m_per_s.push(u.hypot(v));
        }
        let budget = solver.budget();
        self.domain.times_s.push(time);
        self.domain.inflow_m3.push(budget.inflow_m3());
        self.domain.outflow_m3.push(budget.outflow_m3());
        self.domain.stored_m3.push(budget.stored_m3);
        for (record, (_, volume)) in self.domain.through_m3.iter_mut().zip(solver.through()) {
            record.push(volume);
        }
    }

    /// Gives the flow the water of a coupled runoff, a rate in m/s by cell, for some seconds; where less
    /// stands than the soil takes, it takes what there is.
    fn rain(&mut self, rate_m_per_s: &[f32], step_s: f64) -> Result<()> {
        let blocked = &self.setup.solver.bed().blocked;
        let depth = |(rate, blocked): (&f32, &bool)| {
            if *blocked || !rate.is_finite() { 0.0 } else { f64::from(*rate) * step_s }
        };
        let depths: Vec<f64> = rate_m_per_s.iter().zip(blocked).map(depth).collect();
        self.rained_m3 += self.setup.solver.exchange_depth(&depths)?;
        Ok(())
    }

    fn check_edges(&self) -> Result<()> {
        if self.parameters.undeclared_edges == UndeclaredEdges::Wall {
            return Ok(());
        }
        let contacts = self.setup.solver.undeclared_contacts();
        let Some(contact) = contacts.first() else { return Ok(()) };
        let (x, y) = self.view.spec().centre(contact.row, contact.column);
        let minutes = contact.time_s / 60.0;
        let (side_fr, side_en) = match contact.side {
            Side::West => ("ouest", "west"),
            Side::East => ("est", "east"),
            Side::South => ("sud", "south"),
            Side::North => ("nord", "north"),
        };
        Err(Error::simulation(
            "flood",
            format!(
                "l'eau atteint un bord non déclaré ({side_fr}) en x = {x:.0}, y = {y:.0} après {minutes:.0} min ; y déclarer outflow ou stage, ou agrandir l'emprise (undeclared_edges = \"wall\" en fait une paroi)"
            ),
            format!(
                "water reaches an undeclared edge ({side_en}) at x = {x:.0}, y = {y:.0} after {minutes:.0} min; declare outflow or stage there, or enlarge the extent (undeclared_edges = \"wall\" makes it a wall)"
            ),
        ))
    }
}

impl Run for FloodRun {
    fn advance_to(&mut self, time_s: f64, fields: &mut Fields, context: &RunContext) -> Result<()> {
        let interval = GAUGE_INTERVAL_S.min(context.output_interval_s);
        let since_s = self.setup.solver.time_s();
        self.record();
        while self.setup.solver.time_s() < time_s {
            context.check_cancelled()?;
            let now = self.setup.solver.time_s();
            let recorded = next_multiple(now, interval).min(time_s);
            let next = match fields.get(RAINFALL_EXCESS) {
                Some(rate) => {
                    let next = next_multiple(now, RAIN_STEP_S).min(recorded);
                    self.rain(rate, next - now)?;
                    next
                }
                None => recorded,
            };
            self.setup.solver.advance_to(next)?;
            if next < recorded {
                continue;
            }
            self.record();
            self.check_edges()?;
            context.report_time(self.setup.solver.time_s());
        }
        let solver = &self.setup.solver;
        let store = |values: &mut [f32], of: &dyn Fn(usize) -> f64| {
            values.iter_mut().enumerate().for_each(|(cell, v)| *v = of(cell) as f32);
        };
        let part = ((time_s - since_s) / context.output_interval_s).clamp(0.0, 1.0);
        self.rising_share = rising_share(fields.output("water_depth"), solver, part * RISING_M);
        store(fields.output("water_depth"), &|cell| solver.depth_at(cell));
        store(fields.output("water_level"), &|cell| solver.level(cell).unwrap_or(f64::NAN));
        store(fields.output("eastward_water_velocity"), &|cell| solver.velocity_at(cell).0);
        store(fields.output("northward_water_velocity"), &|cell| solver.velocity_at(cell).1);
        Ok(())
    }

    fn finish(&mut self, _: &RunContext) -> Result<Outcome> {
        let mut statics = self.statics()?;
        statics.extend(precaution_strip(self));
        let (depth, level) = (&statics[0].grid, &statics[1].grid);
        let water =
            Water { depth, level, terrain: &self.setup.terrain, wet_depth_m: DRY_DEPTH_M as f32 };
        let floor = self.parameters.floor_height_m;
        let mut at_buildings = exposure::at_buildings(
            &self.view,
            &water,
            floor,
            self.parameters.buildings == BuildingMode::Porosity,
        );
        if self.rained_m3 != 0.0 {
            exposure::cap_at_depth_around(&self.view, &mut at_buildings, depth, floor);
        }
        let mut indicators = exposure::indicators(&self.view, &water, &at_buildings);
        let classed = statics.iter().find(|f| f.name == "simulated_hazard");
        let study = self.view.study_mask();
        indicators.groups.extend(classed.map(|f| hazard::areas(&f.grid, &study)));
        let assets = vec![exposure::building_table(&self.view, &at_buildings)];
        let key_messages = key_messages(&indicators);
        let mut hypotheses = std::mem::take(&mut self.setup.hypotheses);
        let floor = self.parameters.floor_height_m;
        hypotheses.push(Text::new(
            format!("Eau à un bâtiment : plus haut niveau des mailles mouillées qui l'entourent, moins le sol et {} m de plancher.", Language::Fr.number(floor, 2)),
            format!("Water at a building: highest level of the wet cells around it, less the ground and {} m of floor.", Language::En.number(floor, 2)),
        ));
        hypotheses.push(self.parameters.hazard.hypothesis());
        hypotheses.extend(self.rain_told());
        let mut warnings = std::mem::take(&mut self.setup.warnings);
        if self.parameters.equations == Equations::LocalInertial {
            warnings.extend(self.beyond_validity());
        }
        let manifest = self.view.territory().manifest();
        if manifest.quality.hydrography.has_carved_beds() {
            hypotheses.push(Text::new(
                "Lit des cours d'eau creusé sous l'eau du levé, à la capacité estimée du débit biennal ou selon la section fournie : aucun fond n'a été mesuré par le LiDAR.",
                "Beds of watercourses carved below the water of the survey, to the estimated capacity of the two-year flow or the given section: LiDAR measured no bottom.",
            ));
        } else if manifest.fit_for_hazard {
            warnings.push(Text::new(
                "Aucune bathymétrie : le LiDAR donne la surface de l'eau et non le fond du lit ; hauteurs surestimées.",
                "No bathymetry: LiDAR gives the water surface, not the river bed; depths are overestimated.",
            ));
        }
        warnings.extend(self.still_rising());
        warnings.extend(self.blocked_outflows());
        let has_levee = self.view.structures().iter().any(|s| s.is_levee);
        if has_levee && !self.breaches_are_stated() {
            warnings.push(Text::new(
                "Le secteur situé derrière l'ouvrage reste inondable : lire ce résultat avec celui du scénario de brèche.",
                "Land behind the structure remains flood-prone: read this result with that of the breach scenario.",
            ));
        }
        Ok(Outcome {
            indicators,
            statics,
            gauges: self.series(),
            assets,
            volumes: Vec::new(),
            markers: std::mem::take(&mut self.setup.markers),
            structures: std::mem::take(&mut self.setup.structures),
            key_messages,
            calibration: self.parameters.calibration.clone(),
            hypotheses,
            warnings,
        })
    }

    fn variants(&self) -> Result<Vec<Variant>> {
        self.all_variants()
    }

    fn conclude(&self, outcome: &mut Outcome, variants: &[VariantOutcome]) -> Result<()> {
        self.conclude_variants(outcome, variants)
    }

    fn visit_state(&mut self, visitor: &mut dyn StateVisitor) -> Result<bool, StateError> {
        self.setup.solver.visit_state(&mut EngineVisitor(visitor))?;
        visitor.scalar("rained_m3", &mut self.rained_m3)?;
        for gauge in &mut self.gauges {
            visitor.list("gauge_times_s", &mut gauge.times_s)?;
            visitor.list("gauge_depth_m", &mut gauge.depth_m)?;
            visitor.list("gauge_level_m", &mut gauge.level_m)?;
            visitor.list("gauge_speed_m_per_s", &mut gauge.speed_m_per_s)?;
        }
        visitor.list("domain_times_s", &mut self.domain.times_s)?;
        visitor.list("domain_inflow_m3", &mut self.domain.inflow_m3)?;
        visitor.list("domain_outflow_m3", &mut self.domain.outflow_m3)?;
        visitor.list("domain_stored_m3", &mut self.domain.stored_m3)?;
        for record in &mut self.domain.through_m3 {
            visitor.list("through_m3", record)?;
        }
        Ok(true)
    }

    fn budget(&self) -> Option<Budget> {
        let budget = self.setup.solver.budget();
        Some(Budget {
            initial: budget.initial_m3,
            entered: budget.inflow_m3(),
            left: budget.outflow_m3(),
            stored: budget.stored_m3,
            tolerance: BUDGET_TOLERANCE,
        })
    }
}

impl FloodRun {
    /// What a coupled runoff brought.
    fn rain_told(&self) -> Option<Text> {
        let n = |l: Language| l.number(self.rained_m3, 0);
        (self.rained_m3 != 0.0).then(|| Text::new(
            format!("Pluie nette du calcul de ruissellement ajoutée sur toute l'emprise, infiltration et avaloirs déduits : {} m³.", n(Language::Fr)),
            format!("Rainfall excess of the runoff run added over the whole extent, infiltration and inlets taken off: {} m³.", n(Language::En)),
        ))
    }

    /// How much of the flooded area flowed too fast for the local-inertial equations.
    fn beyond_validity(&self) -> Option<Text> {
        let solver = &self.setup.solver;
        let flooded = solver.maxima().depth_m.iter().filter(|&&h| h > DRY_DEPTH_M).count();
        let beyond = solver.beyond_validity().iter().filter(|&&b| b).count();
        let percent = 100.0 * beyond as f64 / flooded.max(1) as f64;
        let number = |l: Language| l.number(percent, 1);
        (beyond > 0).then(|| Text::new(
            format!("Sur {} % de la surface inondée l'écoulement dépasse un nombre de Froude de 0,8 : les équations inertielles n'y sont plus valables ; y refaire le calcul avec equations = \"full\".", number(Language::Fr)),
            format!("On {} % of the flooded area the flow exceeds a Froude number of 0.8: the inertial equations are no longer valid there; compute again with equations = \"full\".", number(Language::En)),
        ))
    }

    /// Outflows that nothing left through although water came in.
    fn blocked_outflows(&self) -> Vec<Text> {
        let budget = self.setup.solver.budget();
        if budget.inflow_m3() <= 0.0 {
            return Vec::new();
        }
        let is_blocked = |b: &&twin_shallow_water::Volume| {
            self.parameters.outflow.contains_key(&b.name) && b.outflow_m3 <= 0.0
        };
        let told = |b: &twin_shallow_water::Volume| {
            Text::new(
                format!(
                    "Rien n'est sorti par « {} » : l'eau n'y est pas arrivée, ou un bâtiment ou un relief la retient ; vérifier sa place.",
                    b.name
                ),
                format!(
                    "Nothing left through \"{}\": water did not get there, or a building or the ground holds it back; check its place.",
                    b.name
                ),
            )
        };
        budget.boundaries.iter().filter(is_blocked).map(told).collect()
    }

    /// Whether the run ended before the flood had passed.
    fn still_rising(&self) -> Option<Text> {
        let percent = 100.0 * self.rising_share;
        let n = |l: Language| l.number(percent, 0);
        (self.rising_share > MOST_RISING).then(|| Text::new(
            format!("Sur {} % de la surface inondée l'eau montait encore à la fin du calcul : les maximums y sont des minorants ; prolonger la durée.", n(Language::Fr)),
            format!("On {} % of the flooded area the water was still rising at the end of the run: maxima there are lower bounds; lengthen the duration.", n(Language::En)),
        ))
    }

    fn series(&self) -> Vec<GaugeSeries> {
        let mut all = Vec::new();
        let domain = Text::new("Domaine", "Domain").fr;
        let mut whole = |variable, title: Text, unit, values: Vec<f64>| {
            all.push(GaugeSeries {
                gauge: domain.clone(),
                position: None,
                variable,
                title,
                unit,
                times_s: self.domain.times_s.clone(),
                values,
            });
        };
        let rates = |volumes: &[f64]| rate(&self.domain.times_s, volumes);
        whole(
            "inflow_discharge",
            Text::new("Débit entrant", "Inflow"),
            "m3 s-1",
            rates(&self.domain.inflow_m3),
        );
        whole(
            "outflow_discharge",
            Text::new("Débit sortant", "Outflow"),
            "m3 s-1",
            rates(&self.domain.outflow_m3),
        );
        whole(
            "stored_volume",
            Text::new("Volume présent", "Stored volume"),
            "m3",
            self.domain.stored_m3.clone(),
        );
        for ((name, _), volumes) in self.setup.solver.through().zip(&self.domain.through_m3) {
            all.push(GaugeSeries {
                gauge: name.to_owned(),
                position: None,
                variable: "discharge",
                title: Text::new("Débit", "Discharge"),
                unit: "m3 s-1",
                times_s: self.domain.times_s.clone(),
                values: rates(volumes),
            });
        }
        for gauge in &self.gauges {
            let mut add = |variable, title: Text, unit, values: &Vec<f64>| {
                all.push(GaugeSeries {
                    gauge: gauge.name.clone(),
                    position: Some(gauge.position),
                    variable,
                    title,
                    unit,
                    times_s: gauge.times_s.clone(),
                    values: values.clone(),
                });
            };
            add("water_depth", Text::new("Hauteur d'eau", "Water depth"), "m", &gauge.depth_m);
            add("water_level", Text::new("Niveau d'eau", "Water level"), "m", &gauge.level_m);
            add("flow_speed", Text::new("Vitesse", "Speed"), "m s-1", &gauge.speed_m_per_s);
        }
        all
    }
}

/// The next multiple of a step after a time, s.
fn next_multiple(time_s: f64, step_s: f64) -> f64 {
    ((time_s / step_s + 1e-9).floor() + 1.0) * step_s
}

/// Share of the wet cells whose water rose by more than `least_m` since `before`.
fn rising_share(before: &[f32], solver: &Solver<f32>, least_m: f64) -> f64 {
    let (mut wet, mut rising) = (0usize, 0usize);
    for (cell, &before) in before.iter().enumerate() {
        let now = solver.depth_at(cell);
        if now > DRY_DEPTH_M {
            wet += 1;
            let rise = now - f64::from(if before.is_finite() { before } else { 0.0 });
            rising += usize::from(rise > least_m);
        }
    }
    rising as f64 / wet.max(1) as f64
}

/// Mean rate between records of a cumulated volume, at the later of the two times.
fn rate(times_s: &[f64], volumes: &[f64]) -> Vec<f64> {
    let mut rates = vec![0.0; volumes.len()];
    for i in 1..volumes.len() {
        rates[i] = (volumes[i] - volumes[i - 1]) / (times_s[i] - times_s[i - 1]);
    }
    if rates.len() > 1 {
        rates[0] = rates[1];
    }
    rates
}

fn key_messages(indicators: &twin_core::results::Indicators) -> Vec<Text> {
    let value = |id: &str| indicators.get(id).and_then(|i| i.value);
    let sentence = |language: Language| {
        let number = |v: f64, decimals| language.number(v, decimals);
        let count = |v: f64, one: &str, many: &str| {
            let is_one = v == 1.0 || v == 0.0 && language == Language::Fr;
            format!("{} {}", number(v, 0), if is_one { one } else { many })
        };
        let area = number(value("area_flooded").unwrap_or(0.0), 1);
        let buildings = value("buildings_exposed").unwrap_or(0.0);
        // What the sources do not tell is left out, not told as none.
        let (dwellings, roads) = (value("dwellings_exposed"), value("roads_cut"));
        match language {
            Language::Fr => format!(
                "Dans le périmètre d'étude, {area} ha sont inondés dans ce scénario ; {}{} {}{}.",
                count(buildings, "bâtiment", "bâtiments"),
                dwellings.map_or(String::new(), |n| {
                    format!(" ({})", count(n, "logement", "logements"))
                }),
                if buildings < 2.0 { "est atteint" } else { "sont atteints" },
                roads.map_or(String::new(), |km| {
                    format!(" et {} km de routes sont sous plus de 30 cm d'eau", number(km, 1))
                }),
            ),
            Language::En => format!(
                "Inside the study area, {area} ha are flooded in this scenario; {}{} {} reached{}.",
                count(buildings, "building", "buildings"),
                dwellings.map_or(String::new(), |n| {
                    format!(" ({})", count(n, "dwelling", "dwellings"))
                }),
                if buildings == 1.0 { "is" } else { "are" },
                roads.map_or(String::new(), |km| {
                    format!(" and {} km of roads are under more than 30 cm of water", number(km, 1))
                }),
            ),
        }
    };
    vec![Text::new(sentence(Language::Fr), sentence(Language::En))]
}

/// Lets the engine walk over its state with the driver's visitor.
struct EngineVisitor<'a>(&'a mut dyn StateVisitor);

impl twin_shallow_water::StateVisitor for EngineVisitor<'_> {
    type Error = StateError;

    fn scalar(&mut self, name: &str, value: &mut f64) -> Result<(), StateError> {
        self.0.scalar(name, value)
    }

    fn counter(&mut self, name: &str, value: &mut u64) -> Result<(), StateError> {
        self.0.counter(name, value)
    }

    fn array(&mut self, name: &str, values: &mut [f64]) -> Result<(), StateError> {
        self.0.array(name, values)
    }
}

#[cfg(test)]
mod tests {
    use twin_core::results::{Indicator, IndicatorGroup, Indicators};

    use super::*;

    #[test]
    fn the_key_message_counts_in_words_and_leaves_out_what_is_not_known() {
        let unsaid = || Text::new("", "");
        let message = |buildings: usize, others: Vec<Indicator>| {
            let mut rows = vec![
                Indicator::quantity("area_flooded", unsaid(), 8.29, "ha", 2),
                Indicator::count("buildings_exposed", unsaid(), buildings),
            ];
            rows.extend(others);
            let group = IndicatorGroup { id: "all".into(), title: unsaid(), rows };
            key_messages(&Indicators { groups: vec![group] }).remove(0)
        };
        let said = message(22, Vec::new());
        assert!(said.fr.ends_with("; 22 bâtiments sont atteints."), "{}", said.fr);
        assert!(said.en.ends_with("; 22 buildings are reached."), "{}", said.en);
        let known = vec![
            Indicator::count("dwellings_exposed", unsaid(), 0),
            Indicator::quantity("roads_cut", unsaid(), 0.63, "km", 2),
        ];
        let said = message(1, known);
        assert!(said.fr.contains("; 1 bâtiment (0 logement) est atteint et 0,6 km"), "{}", said.fr);
        assert!(
            said.en.contains("; 1 building (0 dwellings) is reached and 0.6 km"),
            "{}",
            said.en
        );
    }
}
