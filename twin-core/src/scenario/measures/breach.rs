//! The built-in measure `breach`: a levee, wall or bank of the scenario that fails.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{MeasureContext, MeasureKind};
use crate::language::Text;
use crate::scenario::{Duration, Level};
use crate::simulation::{parse_parameters, positive};
use crate::territory::{BreachTrigger, Edit, StructureBreach};
use crate::{Error, Result};

/// The kind `breach`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Breach;

/// Parameters of a breach.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Parameters {
    /// Name of the measure that builds the structure.
    structure: String,
    /// Middle of the breach `[x, y]`.
    at: [f64; 2],
    /// Final width, metres.
    width_m: f64,
    /// When it starts, counted from the scenario's start.
    #[serde(default)]
    start: Option<Duration>,
    /// Starts when the water stands this high over the crest at the breach, metres.
    #[serde(default)]
    start_overflow_m: Option<f64>,
    /// Time until the final width and depth.
    formation: Duration,
    /// Final level of the sill; default: the ground.
    #[serde(default)]
    sill: Option<Level>,
}

impl MeasureKind for Breach {
    fn id(&self) -> &str {
        "breach"
    }

    fn title(&self) -> Text {
        Text::new("Brèche", "Breach")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(Parameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: Parameters = parse_parameters(&place, parameters)?;
        let datum = context.territory.vertical_datum();
        let sill = given.sill.as_ref();
        let breach = StructureBreach {
            name: context.name.to_owned(),
            at: given.at,
            width_m: positive(given.width_m, format!("{place}.width_m"))?,
            start: BreachTrigger::new(given.start, given.start_overflow_m, &place)?,
            formation_s: given.formation.seconds(),
            sill_m: sill.map(|s| s.in_datum(datum, &format!("{place}.sill"))).transpose()?,
        };
        Ok(vec![Edit::Breach { structure: given.structure, breach }])
    }
}

impl BreachTrigger {
    /// From the two ways to state it, of which one has to be given.
    ///
    /// # Errors
    /// None or both of them, or an overflow that is not finite.
    pub fn new(start: Option<Duration>, overflow_m: Option<f64>, place: &str) -> Result<Self> {
        match (start, overflow_m) {
            (Some(start), None) => Ok(Self::At(start.seconds())),
            (None, Some(over)) if over.is_finite() => Ok(Self::Overflow(over)),
            _ => Err(Error::input(
                place,
                "donner start ou start_overflow_m, l'un des deux",
                "give one of start and start_overflow_m",
            )),
        }
    }
}
