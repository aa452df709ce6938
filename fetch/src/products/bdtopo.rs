//! BD TOPO V3 by WFS: the layers that a territory reads, a GeoJSON file each.

use std::path::Path;

use twin_core::Result;

use super::{Got, Part, Product};
use crate::client::Client;
use crate::place::Area;
use crate::services::{Service, Services};
use crate::wfs::Query;

/// Layers of `BDTOPO_V3` that assembly takes in.
const LAYERS: [&str; 28] = [
    "commune",
    "batiment",
    "troncon_de_route",
    "troncon_de_voie_ferree",
    "troncon_hydrographique",
    "surface_hydrographique",
    "plan_d_eau",
    "cours_d_eau",
    "detail_hydrographique",
    "zone_de_vegetation",
    "haie",
    "zone_d_activite_ou_d_interet",
    "poste_de_transformation",
    "equipement_de_transport",
    "construction_lineaire",
    "construction_surfacique",
    "construction_ponctuelle",
    "ligne_orographique",
    "reservoir",
    "pylone",
    "cimetiere",
    "terrain_de_sport",
    "piste_d_aerodrome",
    "limite_terre_mer",
    "zone_d_estran",
    "foret_publique",
    "erp",
    "canalisation",
];

/// BD TOPO V3.
#[derive(Debug, Clone, Copy)]
pub struct BdTopo;

fn query<'a>(layer: &'a str, area: &Area) -> Query<'a> {
    Query { layer, crs: area.crs, extent: Some(area.extent), filter: None, sort_by: Some("cleabs") }
}

impl Product for BdTopo {
    fn code(&self) -> &'static str {
        "bd-topo"
    }

    fn parts(&self, area: &Area, _: &Client, services: &Services) -> Result<Vec<Part>> {
        let part = |layer: &&str| Part {
            file: format!("{layer}.geojson"),
            url: query(&format!("BDTOPO_V3:{layer}"), area).url(services, 0, 5000),
            service: Service::Wfs,
            expected_bytes: None,
            edition: None,
        };
        Ok(LAYERS.iter().map(part).collect())
    }

    fn get(
        &self,
        part: &Part,
        area: &Area,
        client: &Client,
        services: &Services,
        to: &Path,
    ) -> Result<Got> {
        let layer = part.file.trim_end_matches(".geojson");
        let full = format!("BDTOPO_V3:{layer}");
        let count = query(&full, area).write(client, services, layer, to)?;
        Ok(if count == 0 { Got::Nothing } else { Got::File(Some(count)) })
    }

    fn source(&self) -> Option<(&'static str, String)> {
        Some(("bd-topo", "sources/bd-topo/*.geojson".to_owned()))
    }

    fn licence(&self) -> (&'static str, &'static str) {
        ("Licence Ouverte 2.0", "IGN – BD TOPO")
    }
}
