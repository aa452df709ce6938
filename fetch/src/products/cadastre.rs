//! Parcels of the cadastre by WFS (*Parcellaire Express*).

use super::Source;
use super::layers::Layers;

/// Parcels of the cadastre.
pub static CADASTRE: Layers = Layers {
    code: "cadastre",
    essential: &[],
    layers: &[("CADASTRALPARCELS.PARCELLAIRE_EXPRESS", "parcelle")],
    sort_by: Some("idu"),
    sources: &[Source::new("cadastre", "sources/cadastre/*.geojson")],
    licence: ("Licence Ouverte 2.0", "DGFiP – Parcellaire Express (PCI)"),
};
