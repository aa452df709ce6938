//! Planning rules as data.
//!
//! | file | concern |
//! |---|---|
//! | [`RuleFile`] | the file: zones and their rules, each with article, page, quotation, author and date |
//! | [`ZoneRules`] | the rules in force in a zone at a date: stated, free, or unknown |
//! | `national` | the national rules (RNU) for communes without a plan |
//! | `template` | a file to fill in, from the zones of a territory |
//! | `words` | rules in words |

mod file;
mod force;
mod national;
mod template;
mod words;

pub use file::{
    Band, Bonus, Envelope, Footprint, Height, Parking, Prospect, RuleFile, Side, Source, Stated,
    StreetRule, ZoneEntry,
};
pub use force::{Rule, ZoneRules};
pub use national::national;
pub use template::template;
