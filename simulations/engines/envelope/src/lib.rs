//! Which volume the rules of a place allow above a footprint.
//!
//! A [`Site`] holds what keeps building down: [`Ceiling`]s (altitudes that nothing exceeds, in an area
//! or everywhere) and [`Limit`]s (lines from which what is built keeps a distance that grows with its
//! height: the prospects of French planning rules, code de l'urbanisme R111-16 and R111-17, and the
//! oblique parts of envelopes). At every altitude, what they forbid is a polygon, so the allowed part of
//! a storey is found exactly, storey by storey, and not on a raster.
//!
//! ```
//! use geo::{Area, polygon};
//! use twin_envelope::{Ceiling, Limit, Site, StoreyRule};
//!
//! // A house of 10 m × 12 m on the alignment of a street of 10 m, 9 m high.
//! let house = polygon![(x: 0., y: 0.), (x: 10., y: 0.), (x: 10., y: 12.), (x: 0., y: 12.)];
//! let mut site = Site::default();
//! site.ceilings.push(("height", Ceiling { altitude_m: 18.0, area: None }));
//! // As far from the opposite alignment as it is high.
//! let opposite = [[-50.0, -10.0, 0.0], [60.0, -10.0, 0.0]];
//! site.limits.push(("street", Limit { ends: opposite, initial_m: 0.0, arc_m: 0.0, slope: 1.0, least_m: 0.0 }));
//! let storeys = StoreyRule { height_m: 3.0, least_depth_m: 5.0, least_area_m2: 0.0, most: 20 };
//! let raised = site.raise(&house.into(), 9.0, &storeys);
//! assert_eq!(raised.upright.storeys.len(), 0);
//! let areas: Vec<f64> = raised.stepped.storeys.iter().map(|s| s.shape.unsigned_area().round()).collect();
//! assert_eq!(areas, [100.0, 70.0]);
//! ```
//!
//! Plan coordinates and altitudes are metres of one projected system; nothing here knows which.

mod limit;
mod raise;
mod site;

pub use limit::Limit;
pub use raise::{Added, Raised, Refusal, Storey, StoreyRule};
pub use site::{Allowed, Ceiling, Site};
