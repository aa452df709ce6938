//! Rain over time.
//!
//! | file | what |
//! |---|---|
//! | `hyetograph` | an intensity over time with exact depths |
//! | `montana` | depths by duration: h(t) = a t^(1−b) |
//! | `design` | design storms: block, triangle, double triangle, Chicago |
//! | `observed` | tables of observed rain |

mod design;
mod hyetograph;
mod montana;
mod observed;

pub use design::{Chicago, DoubleTriangle, Triangle};
pub use hyetograph::{Hyetograph, Stretch};
pub use montana::Montana;
pub use observed::read_observed;
