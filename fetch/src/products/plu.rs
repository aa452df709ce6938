//! Urban-planning documents and easements by WFS of the Géoportail de l'urbanisme: zones, prescriptions,
//! easements (*servitudes*). An empty answer proves nothing: publication is incomplete.

use super::Source;
use super::layers::Layers;

/// Planning documents and easements.
pub static PLU: Layers = Layers {
    code: "plu",
    essential: &[],
    layers: &[
        ("wfs_du", "zone_urba"),
        ("wfs_du", "prescription_surf"),
        ("wfs_du", "prescription_lin"),
        ("wfs_du", "prescription_pct"),
        ("wfs_sup", "assiette_sup_s"),
        ("wfs_sup", "assiette_sup_l"),
        ("wfs_sup", "assiette_sup_p"),
    ],
    sort_by: Some("gid"),
    sources: &[Source::new("plu", "sources/plu/*.geojson")],
    licence: ("Licence Ouverte 2.0", "Géoportail de l'urbanisme"),
};
