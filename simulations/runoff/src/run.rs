//! A runoff run: advances the flow, records gauges and the balance, and turns the end state into results.

use std::sync::Arc;

use twin_core::language::Text;
use twin_core::results::exposure::{self, Water};
use twin_core::results::{Indicator, IndicatorGroup};
use twin_core::simulation::{
    Budget, Fields, GaugeSeries, Outcome, Run, RunContext, StateError, StateVisitor,
};
use twin_core::territory::TerritoryView;
use twin_core::{Language, Result};

use crate::flow::Totals;
use crate::parameters::{Equations, Parameters};
use crate::setup::Setup;

/// What readers look for first, beside what stands in the water.
const HEADLINES: [&str; 4] =
    ["runoff_coefficient", "outflow_volume", "peak_outflow", "depression_volume"];

/// Longest time between two records of a gauge, s.
const GAUGE_INTERVAL_S: f64 = 60.0;
/// Share of the rain in depressions from which it is told, %.
const TOLD_DEPRESSIONS_PERCENT: f64 = 5.0;
/// Allowed error of the water balance relative to all water: round-off of an engine in `f32`.
const BUDGET_TOLERANCE: f64 = 1e-6;

/// A run of the plugin.
pub struct RunoffRun {
    pub(crate) view: Arc<TerritoryView>,
    pub(crate) parameters: Parameters,
    pub(crate) setup: Setup,
    gauges: Vec<Gauge>,
    domain: DomainRecord,
}

/// What is recorded at a point.
struct Gauge {
    name: String,
    position: [f64; 2],
    cell: usize,
    depth_m: Vec<f64>,
    speed_m_per_s: Vec<f64>,
}

/// What is recorded of the whole domain.
#[derive(Default)]
struct DomainRecord {
    times_s: Vec<f64>,
    rain_m3: Vec<f64>,
    infiltrated_m3: Vec<f64>,
    outflow_m3: Vec<f64>,
    stored_m3: Vec<f64>,
    /// By culvert, pump and outlet of a basin, then by section: volume that passed, to its right.
    through_m3: Vec<Vec<f64>>,
    /// By sewer: volume taken.
    taken_m3: Vec<Vec<f64>>,
}

impl RunoffRun {
    /// From a prepared engine.
    pub fn new(view: Arc<TerritoryView>, parameters: Parameters, setup: Setup) -> Self {
        let gauge = |((name, position), &cell): ((&String, &[f64; 2]), &usize)| Gauge {
            name: name.clone(),
            position: *position,
            cell,
            depth_m: Vec::new(),
            speed_m_per_s: Vec::new(),
        };
        let gauges = parameters.gauges.iter().zip(&setup.gauge_cells).map(gauge).collect();
        let through_m3 = vec![Vec::new(); setup.flow.solver.through().count()];
        let taken_m3 = vec![Vec::new(); setup.flow.ground.sewers.networks.len()];
        Self {
            view,
            parameters,
            gauges,
            domain: DomainRecord { through_m3, taken_m3, ..DomainRecord::default() },
            setup,
        }
    }

    fn record(&mut self) {
        let solver = &self.setup.flow.solver;
        let time = solver.time_s();
        if self.domain.times_s.last() == Some(&time) {
            return;
        }
        let outflow = self.setup.flow.outflow_m3();
        for gauge in &mut self.gauges {
            let (u, v) = solver.velocity_at(gauge.cell);
            gauge.depth_m.push(solver.depth_at(gauge.cell));
            gauge.speed_m_per_s.push(u.hypot(v));
        }
        self.domain.times_s.push(time);
        let totals = self.setup.flow.totals();
        self.domain.rain_m3.push(totals.rain);
        self.domain.infiltrated_m3.push(totals.infiltrated);
        self.domain.outflow_m3.push(outflow);
        self.domain.stored_m3.push(solver.stored_m3());
        for (record, (_, volume)) in self.domain.through_m3.iter_mut().zip(solver.through()) {
            record.push(volume);
        }
        let sewers = &self.setup.flow.ground.sewers.networks;
        for (record, sewer) in self.domain.taken_m3.iter_mut().zip(sewers) {
            record.push(sewer.taken_m3);
        }
    }

    /// The balance of the water, in volumes and as depths over the area that rain fell on.
    fn balance(&self) -> IndicatorGroup {
        let Totals { rain, intercepted, green_roofs, infiltrated, network } =
            self.setup.flow.totals();
        let flow = &self.setup.flow;
        let (outflow, stored) = (flow.outflow_m3(), flow.solver.stored_m3());
        let (sewers, drained) = (flow.ground.sewers.taken_m3(), flow.drained_m3());
        let volume = |id: &str, fr: &str, en: &str, value: f64| {
            let percent = if rain > 0.0 { 100.0 * value / rain } else { 0.0 };
            let note = |l: Language, of: &str| format!("{} % {of}", l.number(percent, 1));
            Indicator::quantity(id, Text::new(fr, en), value, "m3", 0).with_note(Text::new(
                note(Language::Fr, "de la pluie"),
                note(Language::En, "of the rain"),
            ))
        };
        let kept = intercepted + green_roofs + infiltrated;
        let residual = rain - kept - network - sewers - drained - outflow - stored;
        let error = if rain > 0.0 { residual / rain } else { 0.0 };
        let ran_off = if rain > 0.0 { 1.0 - kept / rain } else { 0.0 };
        // What only a measure or a parameter brings stands in the balance where there is some.
        let also = |present: bool, row: Indicator| present.then_some(row);
        let green_roofs = also(
            self.view.green_roofs().next().is_some(),
            volume(
                "green_roof_volume",
                "Retenue par les toits végétalisés",
                "Held by green roofs",
                green_roofs,
            ),
        );
        let sewers = also(
            !flow.ground.sewers.networks.is_empty(),
            volume("sewer_volume", "Prise par les avaloirs", "Taken by sewer inlets", sewers),
        );
        let leads_away = self.view.basin_outlets().any(|outlet| outlet.to.is_none());
        let drained = also(
            leads_away || self.parameters.pumps.values().any(|pump| pump.to.is_none()),
            volume(
                "basin_outlet_volume",
                "Évacuée par les bassins et les pompes",
                "Drained by basins and pumps",
                drained,
            ),
        );
        let stays = |name: &str| {
            self.view.basin_outlets().any(|outlet| outlet.name == name && outlet.to.is_some())
        };
        let of_links = flow.solver.links().filter(|(name, _)| stays(name));
        let passed_on = also(
            self.view.basin_outlets().any(|outlet| outlet.to.is_some()),
            volume(
                "basin_passed_volume",
                "Rendue au sol par les exutoires des bassins, comptée ci-dessus",
                "Given back to the ground by outlets of basins, counted above",
                of_links.map(|(_, link)| link.moved_m3).sum(),
            ),
        );
        IndicatorGroup {
            id: "water_balance".into(),
            title: Text::new("Bilan de l'eau", "Water balance"),
            rows: [
                Some(volume("rain_volume", "Pluie", "Rain", rain)),
                Some(volume(
                    "intercepted_volume",
                    "Retenue par les feuilles",
                    "Held by leaves",
                    intercepted,
                )),
                green_roofs,
                Some(volume("infiltrated_volume", "Infiltrée", "Infiltrated", infiltrated)),
                Some(volume(
                    "network_volume",
                    "Partie des toits au réseau",
                    "Left from roofs by a network",
                    network,
                )),
                sewers,
                drained,
                Some(volume(
                    "outflow_volume",
                    "Sortie par les bords",
                    "Left by the edges",
                    outflow,
                )),
                Some(volume("stored_volume", "Présente à la fin", "Present at the end", stored)),
                Some(volume(
                    "depression_volume",
                    "dont dans des cuvettes, sous leur seuil",
                    "of which in depressions, below their spill",
                    self.in_depressions_m3(),
                )),
                passed_on,
                Some(Indicator::quantity(
                    "runoff_coefficient",
                    Text::new(
                        "Coefficient de ruissellement (part de la pluie ni retenue ni infiltrée)",
                        "Runoff coefficient (share of the rain neither held nor infiltrated)",
                    ),
                    ran_off,
                    "1",
                    2,
                )),
                Some(Indicator::quantity(
                    "peak_outflow",
                    Text::new("Débit de pointe sortant", "Peak outflow"),
                    rate(&self.domain.times_s, &self.domain.outflow_m3)
                        .into_iter()
                        .fold(0.0, f64::max),
                    "m3 s-1",
                    2,
                )),
                Some(Indicator::quantity(
                    "balance_error",
                    Text::new(
                        "Écart de bilan relatif à la pluie",
                        "Balance error relative to the rain",
                    ),
                    error,
                    "1",
                    9,
                )),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }

    fn series(&self) -> Vec<GaugeSeries> {
        let mut all = Vec::new();
        let domain = Text::new("Domaine", "Domain").fr;
        let times_s = &self.domain.times_s;
        let mut add = |gauge: &str, position, variable, title: Text, unit, values: Vec<f64>| {
            let times_s = times_s.clone();
            all.push(GaugeSeries {
                gauge: gauge.to_owned(),
                position,
                variable,
                title,
                unit,
                times_s,
                values,
            });
        };
        let area = self.totals_area_m2();
        let intensity = |volumes: &[f64]| -> Vec<f64> {
            rate(times_s, volumes).into_iter().map(|q| q / area * 3.6e6).collect()
        };
        let rain = Text::new("Pluie", "Rain");
        add(&domain, None, "rainfall_rate", rain, "mm h-1", intensity(&self.domain.rain_m3));
        let soil = Text::new("Infiltration", "Infiltration");
        add(
            &domain,
            None,
            "infiltration_rate",
            soil,
            "mm h-1",
            intensity(&self.domain.infiltrated_m3),
        );
        let out = Text::new("Débit sortant", "Outflow");
        add(
            &domain,
            None,
            "outflow_discharge",
            out,
            "m3 s-1",
            rate(times_s, &self.domain.outflow_m3),
        );
        let stored = Text::new("Volume présent", "Stored volume");
        add(&domain, None, "stored_volume", stored, "m3", self.domain.stored_m3.clone());
        for ((name, _), volumes) in self.setup.flow.solver.through().zip(&self.domain.through_m3) {
            let title = Text::new("Débit", "Discharge");
            add(name, None, "discharge", title, "m3 s-1", rate(times_s, volumes));
        }
        let sewers = &self.setup.flow.ground.sewers.networks;
        for (sewer, volumes) in sewers.iter().zip(&self.domain.taken_m3) {
            let title = Text::new("Débit pris par les avaloirs", "Discharge taken by inlets");
            add(&sewer.name, None, "sewer_discharge", title, "m3 s-1", rate(times_s, volumes));
        }
        for gauge in &self.gauges {
            let position = Some(gauge.position);
            let depth = Text::new("Hauteur d'eau", "Water depth");
            add(&gauge.name, position, "water_depth", depth, "m", gauge.depth_m.clone());
            let bed_m = self.setup.flow.solver.bed().elevation_m[gauge.cell];
            let level = Text::new("Niveau d'eau", "Water level");
            let levels = gauge.depth_m.iter().map(|depth| bed_m + depth).collect();
            add(&gauge.name, position, "water_level", level, "m", levels);
            let speed = Text::new("Vitesse", "Speed");
            add(&gauge.name, position, "flow_speed", speed, "m s-1", gauge.speed_m_per_s.clone());
        }
        all
    }

    /// Area that rain falls on, m².
    fn totals_area_m2(&self) -> f64 {
        let ground = &self.setup.flow.ground;
        let cells: f64 = ground.catch.iter().map(|c| f64::from(*c)).sum();
        let network: f64 = ground.network.iter().map(|roof| roof.share).sum();
        (cells + network).max(1.0) * self.setup.terrain.spec.cell_area()
    }
}

/// Mean rate between records of a cumulated volume, at the later of the two times.
fn rate(times_s: &[f64], volumes: &[f64]) -> Vec<f64> {
    let mut rates = vec![0.0; volumes.len()];
    for i in 1..volumes.len() {
        rates[i] = (volumes[i] - volumes[i - 1]) / (times_s[i] - times_s[i - 1]);
    }
    rates
}

impl Run for RunoffRun {
    fn advance_to(&mut self, time_s: f64, fields: &mut Fields, context: &RunContext) -> Result<()> {
        let record_s = GAUGE_INTERVAL_S.min(context.output_interval_s);
        self.record();
        while self.setup.flow.solver.time_s() < time_s {
            context.check_cancelled()?;
            let now = self.setup.flow.solver.time_s();
            let recorded = (((now / record_s + 1e-9).floor() + 1.0) * record_s).min(time_s);
            let next = self.setup.flow.next_exchange_s().min(recorded);
            self.setup.flow.advance_to(next)?;
            if next == recorded {
                self.record();
                context.report_time(next);
            }
        }
        let solver = &self.setup.flow.solver;
        let store = |values: &mut [f32], of: &dyn Fn(usize) -> f64| {
            values.iter_mut().enumerate().for_each(|(cell, v)| *v = of(cell) as f32);
        };
        store(fields.output("water_depth"), &|cell| solver.depth_at(cell));
        store(fields.output("eastward_water_velocity"), &|cell| solver.velocity_at(cell).0);
        store(fields.output("northward_water_velocity"), &|cell| solver.velocity_at(cell).1);
        store(fields.output("infiltrated_depth"), &|cell| self.setup.flow.infiltrated_m()[cell]);
        store(fields.output("rainfall_excess"), &|cell| self.setup.flow.excess_m()[cell]);
        Ok(())
    }

    fn finish(&mut self, _: &RunContext) -> Result<Outcome> {
        let statics = self.statics();
        let (depth, level) = (&statics[0].grid, &statics[1].grid);
        let water = Water {
            depth,
            level,
            terrain: &self.setup.terrain,
            wet_depth_m: self.parameters.min_depth_m as f32,
        };
        let floor = self.parameters.floor_height_m;
        // Closed cells have no depth; water stands in the open cells of small buildings.
        let mut at_buildings = exposure::at_buildings(&self.view, &water, floor, true);
        exposure::cap_at_depth_around(&self.view, &mut at_buildings, depth, floor);
        let mut indicators = exposure::indicators(&self.view, &water, &at_buildings);
        indicators.groups.insert(0, self.balance());
        let mut assets = vec![exposure::building_table(&self.view, &at_buildings)];
        let mut statics = statics;
        let mut markers = std::mem::take(&mut self.setup.markers);
        if let Some(catchments) = &self.setup.catchments {
            let (flow, crs) = (&self.setup.flow, self.view.territory().crs());
            let until_s = flow.solver.time_s();
            indicators.groups.insert(1, catchments.indicators(flow, until_s));
            assets.push(catchments.table(flow, until_s, crs));
            statics.push(catchments.field());
            markers.extend(catchments.markers());
        }
        let mut warnings = std::mem::take(&mut self.setup.warnings);
        if self.parameters.equations == Equations::LocalInertial {
            warnings.push(Text::new(
                "Équations inertielles locales : sur les pentes fortes, où l'écoulement devient torrentiel, refaire le calcul avec equations = \"full\".",
                "Local-inertial equations: on steep slopes, where the flow becomes torrential, compute again with equations = \"full\".",
            ));
        }
        warnings.extend(self.held_in_depressions());
        warnings.push(Text::new(
            "La grille d'aléa des inondations (hauteur et vitesse des PPR) ne s'applique pas au ruissellement : lire les hauteurs, les vitesses et le débit linéique.",
            "The hazard grid of floods (depth and speed of the PPR) does not apply to runoff: read depths, speeds and the discharge per metre.",
        ));
        Ok(Outcome {
            key_messages: vec![self.key_message()],
            gauges: self.series(),
            hypotheses: std::mem::take(&mut self.setup.hypotheses),
            calibration: self.parameters.calibration.clone(),
            indicators: indicators.with_headlines(&HEADLINES),
            statics,
            assets,
            warnings,
            markers,
            structures: std::mem::take(&mut self.setup.structures),
            ..Outcome::default()
        })
    }

    fn visit_state(&mut self, visitor: &mut dyn StateVisitor) -> Result<bool, StateError> {
        self.setup.flow.visit_state(visitor)?;
        for gauge in &mut self.gauges {
            visitor.list("gauge_depth_m", &mut gauge.depth_m)?;
            visitor.list("gauge_speed_m_per_s", &mut gauge.speed_m_per_s)?;
        }
        let DomainRecord {
            times_s,
            rain_m3,
            infiltrated_m3,
            outflow_m3,
            stored_m3,
            through_m3,
            taken_m3,
        } = &mut self.domain;
        visitor.list("domain_times_s", times_s)?;
        visitor.list("domain_rain_m3", rain_m3)?;
        visitor.list("domain_infiltrated_m3", infiltrated_m3)?;
        visitor.list("domain_outflow_m3", outflow_m3)?;
        visitor.list("domain_stored_m3", stored_m3)?;
        for record in through_m3 {
            visitor.list("through_m3", record)?;
        }
        for record in taken_m3 {
            visitor.list("taken_m3", record)?;
        }
        Ok(true)
    }

    fn budget(&self) -> Option<Budget> {
        let flow = &self.setup.flow;
        let Totals { rain, intercepted, green_roofs, infiltrated, network } = flow.totals();
        let drained = flow.ground.sewers.taken_m3() + flow.drained_m3();
        Some(Budget {
            initial: 0.0,
            entered: rain,
            left: intercepted + green_roofs + infiltrated + network + drained + flow.outflow_m3(),
            stored: flow.solver.stored_m3(),
            tolerance: BUDGET_TOLERANCE,
        })
    }
}

impl RunoffRun {
    /// Water that cannot leave the depressions of the run grid, m³.
    fn in_depressions_m3(&self) -> f64 {
        let solver = &self.setup.flow.solver;
        self.setup.depressions.held_m3(solver.bed(), |cell| solver.depth_at(cell))
    }

    /// That much water stays in depressions, and what may be the reason.
    fn held_in_depressions(&self) -> Option<Text> {
        let (cell, fine) =
            (self.setup.terrain.spec.cell_size, self.view.territory().spec().cell_size);
        let rain = self.setup.flow.totals().rain;
        let percent = if rain > 0.0 { 100.0 * self.in_depressions_m3() / rain } else { 0.0 };
        if percent < TOLD_DEPRESSIONS_PERCENT {
            return None;
        }
        let sentence = |l: Language| {
            let (percent, cell_m, fine_m) =
                (l.number(percent, 0), l.number(cell, 1), l.number(fine, 1));
            match l {
                Language::Fr => format!(
                    "{percent} % de la pluie reste dans des cuvettes : creux du terrain, remblais dont aucune source ne donne la buse (culverts en ajoute, runoff-map les montre){}.",
                    if cell > fine {
                        format!(
                            ", fossés et ruisseaux plus étroits que les mailles de {cell_m} m (terrain connu à {fine_m} m : comparer avec des mailles plus fines)"
                        )
                    } else {
                        String::new()
                    }
                ),
                Language::En => format!(
                    "{percent} % of the rain stays in depressions: hollows of the terrain, embankments whose culvert no source gives (culverts adds them, runoff-map shows them){}.",
                    if cell > fine {
                        format!(
                            ", ditches and brooks narrower than the cells of {cell_m} m (terrain known at {fine_m} m: compare with finer cells)"
                        )
                    } else {
                        String::new()
                    }
                ),
            }
        };
        Some(Text::new(sentence(Language::Fr), sentence(Language::En)))
    }

    fn key_message(&self) -> Text {
        let Totals { rain, infiltrated, .. } = self.setup.flow.totals();
        let share = |v: f64| if rain > 0.0 { 100.0 * v / rain } else { 0.0 };
        let area = self.totals_area_m2();
        let peak =
            rate(&self.domain.times_s, &self.domain.outflow_m3).into_iter().fold(0.0, f64::max);
        let sentence = |l: Language| {
            let n = |v: f64, d| l.number(v, d);
            let (mm, enters) = (n(1e3 * rain / area, 0), n(share(infiltrated), 0));
            let (leaves, peak) = (n(share(self.setup.flow.outflow_m3()), 0), n(peak, 2));
            match l {
                Language::Fr => format!(
                    "Sur {mm} mm de pluie, {enters} % s'infiltrent et {leaves} % ont quitté le territoire à la fin du calcul, au plus à {peak} m³/s."
                ),
                Language::En => format!(
                    "Of {mm} mm of rain {enters} % infiltrate and {leaves} % have left the territory at the end of the run, at most at {peak} m³/s."
                ),
            }
        };
        Text::new(sentence(Language::Fr), sentence(Language::En))
    }
}
