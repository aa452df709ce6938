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
//! | `ensemble` | what is not well known, drawn again and again |
//! | `over_draws` | fields over the draws |
//! | [`economy`] | expected annual damage, costs and benefits |
//! | `record` | which runs belong to it |

pub mod economy;
mod ensemble;
mod file;
mod matrix;
mod over_draws;
mod record;

pub use ensemble::{Applies, Distribution, Draw, Ensemble, FieldOverDraws, UncertainValue};
pub use file::{Action, Economy, Event, Horizon, Study, StudyPicture};
pub use matrix::{Combination, DrawnScenario};
pub use over_draws::{Statistic, over_draws};
pub use record::{CombinationRecord, StudyRecord};
