//! Farmed parcels of the latest RPG by WFS.

use super::Source;
use super::layers::Layers;

/// RPG.
pub static RPG: Layers = Layers {
    code: "rpg",
    essential: &[],
    layers: &[("RPG.LATEST", "parcelles_graphiques")],
    sort_by: Some("id_parcel"),
    sources: &[Source::new("rpg", "sources/rpg/*.geojson")],
    licence: ("Licence Ouverte 2.0", "ASP, IGN – RPG"),
};
