//! Flood maps of the territories at high risk (TRI, report of 2020, COVADIS) by the archive of Géorisques
//! for the department. They lie beside the sources, for `twin compare` and the viewer.

use super::archives::{Archives, Shelf};

/// Flood maps of the TRI.
pub static TRI: Archives = Archives {
    code: "tri",
    shelf: Shelf::Georisques("di_2020/tri_2020_sig_di_{}.zip", Some("2020")),
    is_essential: false,
    is_wanted: |table| table.contains("inondable") || table.contains("iso"),
    sources: &[],
    licence: ("Licence Ouverte 2.0", "Géorisques – TRI, rapportage 2020"),
};
