//! What plugins of water share: the structures of a territory, of measures and of parameters on a run grid.
//!
//! | file | concern |
//! |---|---|
//! | [`Structures`] (`structures`) | crests, breaches and openings on the edges of cells; sections |
//! | [`Links`] (`links`) | culverts, pumps and outlets of basins |

mod links;
mod structures;

pub use links::{BUILT_M, Links, PumpParameters};
pub use structures::{Structures, outside, sections};
