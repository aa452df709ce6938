//! OCS GE by the GeoPackage of the department: the tables with a code of cover. The names of its tables
//! could not be verified; those of zones built up or drawn to be artificial are told by their columns
//! when they are read.

use super::Source;
use super::archives::{Archives, Shelf};

/// OCS GE by department.
pub static OCS_GE: Archives = Archives {
    code: "ocs-ge",
    shelf: Shelf::Geoplateforme("OCSGE"),
    is_essential: false,
    is_wanted: |_| true,
    sources: &[Source::new("ocs-ge", "sources/ocs-ge/*.gpkg")],
    licence: ("Licence Ouverte 2.0", "IGN – OCS GE"),
};
