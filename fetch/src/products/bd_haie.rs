//! Hedges of BD Haie v2 by WFS; in a territory they take the place of those of BD TOPO. Its columns could
//! not be verified: pages are not sorted.

use super::Source;
use super::layers::Layers;

/// BD Haie.
pub static BD_HAIE: Layers = Layers {
    code: "bd-haie",
    essential: &[],
    layers: &[("HAIES.BOCAGES", "haie")],
    sort_by: None,
    sources: &[Source::new("bd-haie", "sources/bd-haie/*.geojson")],
    licence: ("Licence Ouverte 2.0", "OFB, IGN – BD Haie"),
};
