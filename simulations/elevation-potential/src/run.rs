//! A run: reads the water of another run where the scenario has one, computes once, hands over.

use std::collections::BTreeMap;
use std::sync::Arc;

use twin_core::language::Text;
use twin_core::results::exposure::{BuildingWater, Water, at_buildings};
use twin_core::simulation::{Fields, Outcome, Run, RunContext};
use twin_core::spatial::Grid;
use twin_core::territory::{Aggregation, TerritoryView};
use twin_core::{Language, Result};

use crate::constraints::Flag;
use crate::parameters::{Parameters, Verdict};
use crate::potential::{RuleBook, Study};
use crate::results;

/// Largest depth and level of another run.
pub(crate) const DEPTH: &str = "maximum_water_depth";
pub(crate) const LEVEL: &str = "maximum_water_level";
/// Results that are also fields, which other runs may read.
pub(crate) const OUTPUTS: [&str; 2] = ["added_storeys", "raising_verdict"];
/// Water counts as a flood from this depth, m: lower classes of a hazard map begin at 5 cm (CNIG Directive Inondation).
const FLOODED_M: f32 = 0.05;

/// A prepared run.
pub(crate) struct PotentialRun {
    pub(crate) view: Arc<TerritoryView>,
    pub(crate) parameters: Parameters,
    pub(crate) book: RuleBook,
    pub(crate) other: Option<RuleBook>,
    pub(crate) outcome: Option<Outcome>,
}

impl PotentialRun {
    fn compute(&self, fields: &Fields, context: &RunContext) -> Result<Outcome> {
        let mut study = Study::new(&self.view, &self.parameters, context)?;
        let spec = *self.view.spec();
        let read = |name: &str| {
            let values = fields.get(name)?;
            Some(Grid { spec, values: values.to_vec() }).filter(|grid| grid.range().is_some())
        };
        if let (Some(depth), Some(level)) = (read(DEPTH), read(LEVEL)) {
            let terrain = self.view.terrain(Aggregation::Mean)?;
            let water =
                Water { depth: &depth, level: &level, terrain: &terrain, wet_depth_m: FLOODED_M };
            flag_water(&mut study, &self.view, &water);
        }
        results::outcome(&self.view, &study, &self.book, self.other.as_ref(), context)
    }
}

impl Run for PotentialRun {
    fn advance_to(&mut self, time_s: f64, fields: &mut Fields, context: &RunContext) -> Result<()> {
        let outcome = match self.outcome.take() {
            Some(outcome) => outcome,
            None => self.compute(fields, context)?,
        };
        for field in outcome.statics.iter().filter(|field| OUTPUTS.contains(&field.name)) {
            fields.output(field.name).copy_from_slice(&field.grid.values);
        }
        self.outcome = Some(outcome);
        context.report_time(time_s);
        Ok(())
    }

    fn finish(&mut self, _: &RunContext) -> Result<Outcome> {
        Ok(self.outcome.take().unwrap_or_default())
    }
}

/// Flags the buildings in the water of another run. A simulation is no document that binds: it may support what the
/// authority decides for the safety of people (R111-2), and excludes nothing.
fn flag_water(study: &mut Study, view: &TerritoryView, water: &Water<'_>) {
    let buildings = &view.features().buildings;
    let depths: BTreeMap<&str, f32> = at_buildings(view, water, 0.0, false)
        .into_iter()
        .filter(|at: &BuildingWater| at.depth_m >= FLOODED_M)
        .map(|at| (buildings[at.building].id.as_str(), at.depth_m))
        .collect();
    for (subject, place) in study.subjects.iter().zip(&mut study.places) {
        let Some(depth) = depths.get(subject.id.as_str()) else { continue };
        let words = |l: Language| l.number(f64::from(*depth), 1);
        place.bound.flags.push(Flag {
            class: "inondation calculée".to_owned(),
            label: format!("{} m", words(Language::Fr)),
            verdict: Verdict::Possible,
            reason: Text::new(
                format!(
                    "{} m d'eau au pied dans l'inondation calculée : l'autorité peut imposer des prescriptions ou refuser (R111-2)",
                    words(Language::Fr)
                ),
                format!(
                    "{} m of water at its foot in the computed flood: the authority may impose conditions or refuse (R111-2)",
                    words(Language::En)
                ),
            ),
        });
    }
}
