//! Reads the water of another run, computes, hands over.

use std::sync::Arc;

use twin_core::results::Inhabitants;
use twin_core::simulation::{Fields, Outcome, Run, RunContext};
use twin_core::spatial::Grid;
use twin_core::territory::{Aggregation, TerritoryView};
use twin_core::{Error, Result};

use crate::access::{Network, Target, Ways};
use crate::damage::{self, Total};
use crate::damage_table::DamageTable;
use crate::jobs::jobs;
use crate::parameters::Parameters;
use crate::stock::{Flooding, Reached, Valued, reached};
use crate::{DEPTH, DURATION, LEVEL, SPEED};

/// A prepared run.
pub(crate) struct ImpactRun {
    view: Arc<TerritoryView>,
    parameters: Parameters,
    table: DamageTable,
    water: Option<Flooding>,
}

/// All that was found.
pub(crate) struct Found<'a> {
    pub(crate) view: &'a TerritoryView,
    pub(crate) parameters: &'a Parameters,
    pub(crate) table: &'a DamageTable,
    pub(crate) water: &'a Flooding,
    pub(crate) reached: Vec<Reached>,
    pub(crate) inhabitants: Inhabitants,
    /// Jobs reached and of all; `None` without their table.
    pub(crate) jobs: Option<(f64, f64)>,
    pub(crate) valued: Valued<'a>,
    /// Damage of each of `valued`, euros.
    pub(crate) damages_eur: Vec<f64>,
    /// Of those that count, inside the study area.
    pub(crate) total: Total,
    pub(crate) network: Network,
    /// Ways of every building by kind of place; `None` far from any road.
    pub(crate) ways: Vec<(Target, Vec<Option<Ways>>)>,
    /// Whether each building counts: standing, inside the study area.
    pub(crate) counts: Vec<bool>,
}

impl ImpactRun {
    pub(crate) fn new(
        view: Arc<TerritoryView>,
        parameters: Parameters,
        table: DamageTable,
    ) -> Self {
        Self { view, parameters, table, water: None }
    }
}

impl Run for ImpactRun {
    fn advance_to(&mut self, _: f64, fields: &mut Fields, _: &RunContext) -> Result<()> {
        let spec = *self.view.spec();
        let read =
            |name: &str| fields.get(name).map(|values| Grid { spec, values: values.to_vec() });
        let missing = || {
            Error::simulation(
                crate::ID,
                "le calcul lu ne donne ni hauteur ni niveau d'eau ; le refaire avec ce programme",
                "the run that is read gives neither depth nor level; compute it again with this program",
            )
        };
        self.water = Some(Flooding {
            depth: read(DEPTH).ok_or_else(missing)?,
            level: read(LEVEL).ok_or_else(missing)?,
            // A run that does not tell them hands over a field without values.
            speed: read(SPEED).filter(|field| field.range().is_some()),
            duration_h: read(DURATION).filter(|field| field.range().is_some()),
            terrain: self.view.terrain(Aggregation::Mean)?,
        });
        Ok(())
    }

    fn finish(&mut self, context: &RunContext) -> Result<Outcome> {
        let Some(water) = self.water.take() else { return Ok(Outcome::default()) };
        let found = Found::new(&self.view, &self.parameters, &self.table, &water, context)?;
        Ok(found.outcome())
    }
}

impl<'a> Found<'a> {
    fn new(
        view: &'a TerritoryView,
        parameters: &'a Parameters,
        table: &'a DamageTable,
        water: &'a Flooding,
        context: &RunContext,
    ) -> Result<Self> {
        let buildings = &view.features().buildings;
        let study = view.study_mask();
        let middles: Vec<Option<(f64, f64)>> =
            buildings.iter().map(|b| b.geometry.extent().map(|e| e.centre())).collect();
        let counts: Vec<bool> = buildings
            .iter()
            .zip(&middles)
            .map(|(building, middle)| {
                let inside = middle.and_then(|(x, y)| study.at(x, y)).copied().unwrap_or(false);
                inside && building.is_standing()
            })
            .collect();
        let reached = reached(view, water, parameters);
        context.check_cancelled()?;
        let inhabitants = Inhabitants::of(view, parameters.inhabitants_per_dwelling.as_ref())?;
        let is_wet = |x: f64, y: f64| {
            let in_street =
                water.depth.at(x, y).is_some_and(|d| f64::from(*d) > parameters.wet_depth_m);
            let in_building = || {
                reached.iter().filter(|r| r.above_floor_m > 0.0).any(|r| {
                    let building = &buildings[r.water.building];
                    building.footprint().iter().any(|p| p.contains(x, y))
                })
            };
            in_street || in_building()
        };
        let jobs = jobs(view, is_wet);
        let valued = Valued::new(view, &reached, table, parameters);
        let storey_m = parameters.damage.storey_height_m;
        let exposed: Vec<_> = valued.buildings.iter().map(|(_, exposed)| *exposed).collect();
        let damages_eur = damage::each(&exposed, &valued.sets, storey_m);
        let is_counted = |(at, _): &&(usize, damage::Exposed)| reached[*at].water.is_counted;
        let counted: Vec<_> =
            valued.buildings.iter().filter(is_counted).map(|(_, exposed)| *exposed).collect();
        let total = damage::total(&counted, &valued.sets, storey_m, &parameters.uncertainty);
        context.check_cancelled()?;
        let access = &parameters.access;
        let extent = view.spec().extent();
        let network = Network::new(view.features(), &water.depth, access.cut_depth_m, &extent);
        let nodes: Vec<_> = middles
            .iter()
            .map(|m| m.and_then(|(x, y)| network.nearest([x, y], access.to_network_m)))
            .collect();
        let ways = Target::ALL.map(|target| (target, network.ways(target, &nodes))).into();
        Ok(Self {
            view,
            parameters,
            table,
            water,
            reached,
            inhabitants,
            jobs,
            valued,
            damages_eur,
            total,
            network,
            ways,
            counts,
        })
    }
}
