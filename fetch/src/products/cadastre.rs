//! Parcels of the cadastre by WFS (*Parcellaire Express*).

use super::layers::Layers;

/// Parcels of the cadastre.
pub static CADASTRE: Layers = Layers {
    code: "cadastre",
    layers: &[("CADASTRALPARCELS.PARCELLAIRE_EXPRESS", "parcelle")],
    sort_by: "idu",
    source: "cadastre",
    pattern: "sources/cadastre/*.geojson",
    licence: ("Licence Ouverte 2.0", "DGFiP – Parcellaire Express (PCI)"),
};
