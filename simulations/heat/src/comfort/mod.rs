//! Indices of thermal comfort.
//!
//! | file | index |
//! |---|---|
//! | `utci` | Universal Thermal Climate Index |
//! | `pet` | physiological equivalent temperature, Höppe's variant |

mod pet;
mod utci;
mod utci_terms;

pub use pet::{Person, pet};
pub use utci::{Environment, MOST_WIND, STRESS, utci, utci_all};
