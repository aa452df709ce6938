//! Rain over time.
//!
//! | file | what |
//! |---|---|
//! | `hyetograph` | an intensity over time with exact depths |
//! | `montana` | depths by duration: h(t) = a t^(1−b) |
//! | `design` | design storms: block, triangle, double triangle, Chicago |
//! | `observed` | tables of observed rain |
//! | `field`, `rasters` | rain that differs from place to place; rasters by period |

mod design;
mod field;
mod hyetograph;
mod montana;
mod observed;
mod rasters;

pub use design::{Chicago, DoubleTriangle, Triangle};
pub use field::RainField;
pub use hyetograph::{Hyetograph, Stretch};
pub use montana::Montana;
pub use observed::{ObservedRain, TableOfRain, read_observed};
pub use rasters::{RasterValues, read_rasters, read_series};
