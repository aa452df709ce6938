//! Throttled outlets of basins and swales.

use schemars::JsonSchema;
use serde::Deserialize;

use super::MeasureContext;
use super::crest::off_the_terrain;
use crate::Result;
use crate::simulation::positive;
use crate::spatial::Polygon;
use crate::territory::{BasinOutlet, Edit};

/// An outlet that empties a basin at a limited rate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Outlet {
    /// Largest discharge (débit de fuite), l/s.
    capacity_l_per_s: f64,
    /// Where the water goes, `[x, y]`; absent: to a network that leads it away.
    #[serde(default)]
    to: Option<[f64; 2]>,
}

impl Outlet {
    /// The edit of a basin; `place` is that of the measure.
    pub(super) fn edit(
        &self,
        basin: Vec<Polygon>,
        context: &MeasureContext<'_>,
        place: &str,
    ) -> Result<Edit> {
        let here = |key: &str| format!("{place}.outlet.{key}");
        let capacity = positive(self.capacity_l_per_s, here("capacity_l_per_s"))?;
        if let Some([x, y]) = self.to
            && context.territory.spec().cell_at(x, y).is_none()
        {
            return Err(off_the_terrain(&here("to")));
        }
        let name = context.name.to_owned();
        Ok(Edit::Outlet(BasinOutlet {
            name,
            basin,
            to: self.to,
            capacity_m3_per_s: 1e-3 * capacity,
        }))
    }
}
