//! Vegetation of BD France (beta of January 2026, six departments) by WFS. A third party found the layer
//! listed and empty; its columns are not published.

use super::Source;
use super::layers::Layers;

/// BD France, vegetation.
pub static BD_FRANCE: Layers = Layers {
    code: "bd-france",
    essential: &[],
    layers: &[("IGNF_BD-FRANCE-TOPO-VEGETATION", "BD-FRANCE-TOPO-VEGETATION")],
    sort_by: None,
    sources: &[Source::new("bd-france-vegetation", "sources/bd-france/*.geojson")],
    licence: ("Licence Ouverte 2.0", "IGN – BD France"),
};
