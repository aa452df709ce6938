//! The measure `culvert`: water led under a bank, or a culvert of another size in place of one that the scenario states.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::surface::within_territory;
use super::{MeasureContext, MeasureKind};
use crate::language::Text;
use crate::scenario::Level;
use crate::simulation::{parse_parameters, positive};
use crate::spatial::{Geometry, VerticalDatum};
use crate::territory::{Culvert, CulvertBarrel, CulvertLaid, Edit, InletName};
use crate::{Error, Result};

/// Roughness of concrete, s·m^(−1/3) (Chow 1959, table 5-6).
const CONCRETE_MANNING: f64 = 0.013;

/// A culvert, pipe or box between two places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CulvertParameters {
    /// First end `[x, y]`.
    pub from: [f64; 2],
    /// Second end `[x, y]`; water passes both ways.
    pub to: [f64; 2],
    /// Diameter of a pipe, metres.
    #[serde(default)]
    pub diameter_m: Option<f64>,
    /// Width of a box, metres.
    #[serde(default)]
    pub width_m: Option<f64>,
    /// Height of a box, metres.
    #[serde(default)]
    pub height_m: Option<f64>,
    /// Number of equal barrels; default 1.
    #[serde(default)]
    pub barrels: Option<u32>,
    /// Length, metres; default: the distance of the ends.
    #[serde(default)]
    pub length_m: Option<f64>,
    /// Manning's n of the barrel, s·m^(-1/3); default: concrete, 0.013.
    #[serde(default)]
    pub manning: Option<f64>,
    /// Form of the inlet; default: a square edge.
    #[serde(default)]
    pub inlet: Option<InletName>,
    /// Invert at the first end; default: the lowest ground there.
    #[serde(default)]
    pub from_invert: Option<Level>,
    /// Invert at the second end; default: the lowest ground there.
    #[serde(default)]
    pub to_invert: Option<Level>,
}

impl CulvertParameters {
    /// The culvert in the vertical datum of a territory; `place` names it in errors.
    ///
    /// # Errors
    /// Neither a pipe nor a box, sizes that make no sense, another datum.
    pub fn culvert(&self, datum: VerticalDatum, place: &str) -> Result<Culvert> {
        let of = |key: &str| format!("{place}.{key}");
        let barrel = match (self.diameter_m, self.width_m, self.height_m) {
            (Some(diameter), None, None) => {
                CulvertBarrel::Circular(positive(diameter, of("diameter_m"))?)
            }
            (None, Some(width), Some(height)) => CulvertBarrel::Box(
                positive(width, of("width_m"))?,
                positive(height, of("height_m"))?,
            ),
            _ => {
                return Err(Error::input(
                    place,
                    "donner diameter_m (conduit circulaire), ou width_m et height_m (cadre)",
                    "give diameter_m (pipe), or width_m and height_m (box)",
                ));
            }
        };
        let invert = |level: &Option<Level>, key: &str| {
            level.as_ref().map(|level| level.in_datum(datum, &of(key))).transpose()
        };
        let distance = (self.to[0] - self.from[0]).hypot(self.to[1] - self.from[1]);
        Ok(Culvert {
            ends: [self.from, self.to],
            barrel,
            barrels: self.barrels.unwrap_or(1),
            length_m: positive(self.length_m.unwrap_or(distance), of("length_m"))?,
            manning: positive(self.manning.unwrap_or(CONCRETE_MANNING), of("manning"))?,
            inlet: self.inlet,
            inverts_m: [
                invert(&self.from_invert, "from_invert")?,
                invert(&self.to_invert, "to_invert")?,
            ],
        })
    }
}

/// The kind `culvert`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CulvertMeasure;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CulvertMeasureParameters {
    /// The culvert, as the parameters of `flood` and `runoff` state one.
    culvert: CulvertParameters,
    /// Name of the culvert of the run's parameters that it takes the place of.
    #[serde(default)]
    replaces: Option<String>,
}

impl MeasureKind for CulvertMeasure {
    fn id(&self) -> &str {
        "culvert"
    }

    fn title(&self) -> Text {
        Text::new("Buse ou dalot posé ou remplacé", "Culvert laid or replaced")
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(CulvertMeasureParameters)
    }

    fn edits(&self, parameters: &Value, context: &MeasureContext<'_>) -> Result<Vec<Edit>> {
        let place = format!("measures.{}", context.name);
        let given: CulvertMeasureParameters = parse_parameters(&place, parameters)?;
        for (end, key) in [(given.culvert.from, "from"), (given.culvert.to, "to")] {
            let at = Geometry::Points(vec![[end[0], end[1], f64::NAN]]);
            within_territory(&at, context, &format!("{place}.culvert.{key}"))?;
        }
        let datum = context.territory.vertical_datum();
        let culvert = given.culvert.culvert(datum, &format!("{place}.culvert"))?;
        Ok(vec![Edit::Culvert(CulvertLaid {
            name: context.name.to_owned(),
            replaces: given.replaces,
            culvert,
        })])
    }
}
