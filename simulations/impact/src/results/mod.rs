//! What the run hands over.
//!
//! | file | concern |
//! |---|---|
//! | `figures` | indicators by enjeu |
//! | `words` | sentences, hypotheses, warnings |
//! | `tables` | buildings, roads that are cut |
//! | `squares` | figures by square, publishable, and their maps |

mod figures;
mod squares;
mod tables;
mod words;

use twin_core::simulation::Outcome;

use crate::run::Found;

impl Found<'_> {
    pub(crate) fn outcome(&self) -> Outcome {
        let squares = self.squares();
        let indicators = self.indicators();
        Outcome {
            key_messages: self.key_messages(),
            statics: self.maps(&squares),
            assets: vec![self.building_table(), self.road_table(), self.square_table(&squares)],
            hypotheses: self.hypotheses(),
            warnings: self.warnings(),
            indicators,
            ..Outcome::default()
        }
    }
}
