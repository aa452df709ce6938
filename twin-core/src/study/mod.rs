//! Studies: a scenario under several actions, events and horizons, and what they are worth.
//!
//! A study file names a scenario and what each action, event and horizon changes in it. Every
//! combination is a scenario of its own, computed by the same driver into the same store, so that
//! steps that two combinations share are computed once and an interrupted study goes on.
//!
//! | file | concern |
//! |---|---|
//! | `file` | the study file and its checked form |
//! | `matrix` | its combinations as scenarios |
//! | [`economy`] | expected annual damage, costs and benefits |
//! | `record` | which runs belong to it |

pub mod economy;
mod file;
mod matrix;
mod record;

pub use file::{Action, Economy, Event, Horizon, Study};
pub use matrix::Combination;
pub use record::{CombinationRecord, StudyRecord};
