//! What runs leave behind: indicators, manifests, and the store that keeps them.

pub mod comparison;
pub mod exposure;
mod finished_run;
mod indicator;
mod inhabitants;
mod manifest;
mod marks;
mod scores;
mod store;
mod view_file;
mod viewer_program;

pub use finished_run::{FieldDisplay, FieldMap, FinishedRun, RecordedSeries};
pub use indicator::{Indicator, IndicatorGroup, Indicators};
pub use inhabitants::{FEWEST_HOUSEHOLDS, Inhabitants, InhabitantsPerDwelling};
pub use manifest::{InputFile, RunLog, RunManifest, ScenarioManifest, TerritoryRecord};
pub use marks::{FloodMark, FloodMarks, read_flood_marks};
pub use scores::{ErrorScores, ExtentScores, SeriesScores};
pub use store::{OpenRun, RunStore, hash_file, write_atomically};
pub(crate) use store::{read_json, write_json};
pub use view_file::{ViewCamera, ViewFile};
pub use viewer_program::ViewerProgram;
