//! Zones of the natural-risk prevention plans (PPRN) by the archive of Géorisques for the department.

use super::Source;
use super::archives::{Archives, Shelf};

/// Risk-prevention plans.
pub static PPR: Archives = Archives {
    code: "ppr",
    shelf: Shelf::Georisques("ppr/pprn_{}.zip", None),
    is_essential: false,
    is_wanted: |_| true,
    sources: &[Source::new("ppr", "sources/ppr/*.gpkg")],
    licence: ("Licence Ouverte 2.0", "Géorisques – PPRN, services de l'État"),
};
