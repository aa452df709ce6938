//! Stands of BD Forêt V2 by WFS.

use super::Source;
use super::layers::Layers;

/// BD Forêt V2.
pub static BD_FORET: Layers = Layers {
    code: "bd-foret",
    essential: &[],
    layers: &[("LANDCOVER.FORESTINVENTORY.V2", "formation_vegetale")],
    sort_by: Some("id"),
    sources: &[Source::new("bd-foret", "sources/bd-foret/*.geojson")],
    licence: ("Licence Ouverte 2.0", "IGN – BD Forêt"),
};
