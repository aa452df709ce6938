//! BD TOPO V3 by WFS: the layers that assembly takes in.

use super::Source;
use super::layers::Layers;

/// BD TOPO V3.
pub static BD_TOPO: Layers = Layers {
    code: "bd-topo",
    essential: &[
        "commune",
        "batiment",
        "troncon_de_route",
        "troncon_hydrographique",
        "surface_hydrographique",
    ],
    layers: &[
        ("BDTOPO_V3", "commune"),
        ("BDTOPO_V3", "batiment"),
        ("BDTOPO_V3", "troncon_de_route"),
        ("BDTOPO_V3", "troncon_de_voie_ferree"),
        ("BDTOPO_V3", "troncon_hydrographique"),
        ("BDTOPO_V3", "surface_hydrographique"),
        ("BDTOPO_V3", "plan_d_eau"),
        ("BDTOPO_V3", "cours_d_eau"),
        ("BDTOPO_V3", "detail_hydrographique"),
        ("BDTOPO_V3", "zone_de_vegetation"),
        ("BDTOPO_V3", "haie"),
        ("BDTOPO_V3", "zone_d_activite_ou_d_interet"),
        ("BDTOPO_V3", "poste_de_transformation"),
        ("BDTOPO_V3", "equipement_de_transport"),
        ("BDTOPO_V3", "construction_lineaire"),
        ("BDTOPO_V3", "construction_surfacique"),
        ("BDTOPO_V3", "construction_ponctuelle"),
        ("BDTOPO_V3", "ligne_orographique"),
        ("BDTOPO_V3", "reservoir"),
        ("BDTOPO_V3", "pylone"),
        ("BDTOPO_V3", "cimetiere"),
        ("BDTOPO_V3", "terrain_de_sport"),
        ("BDTOPO_V3", "piste_d_aerodrome"),
        ("BDTOPO_V3", "limite_terre_mer"),
        ("BDTOPO_V3", "zone_d_estran"),
        ("BDTOPO_V3", "foret_publique"),
        ("BDTOPO_V3", "erp"),
        ("BDTOPO_V3", "canalisation"),
    ],
    sort_by: Some("cleabs"),
    sources: &[Source::new("bd-topo", "sources/bd-topo/*.geojson")],
    licence: ("Licence Ouverte 2.0", "IGN – BD TOPO"),
};
