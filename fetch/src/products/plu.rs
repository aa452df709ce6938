//! Urban-planning documents and easements by WFS of the Géoportail de l'urbanisme: zones, prescriptions,
//! easements (*servitudes*). An empty answer proves nothing: publication is incomplete.

use std::path::Path;

use twin_core::Result;

use super::{Got, Part, Product};
use crate::client::Client;
use crate::place::Area;
use crate::services::{Service, Services};
use crate::wfs::Query;

/// Layers: workspace and name.
const LAYERS: [(&str, &str); 7] = [
    ("wfs_du", "zone_urba"),
    ("wfs_du", "prescription_surf"),
    ("wfs_du", "prescription_lin"),
    ("wfs_du", "prescription_pct"),
    ("wfs_sup", "assiette_sup_s"),
    ("wfs_sup", "assiette_sup_l"),
    ("wfs_sup", "assiette_sup_p"),
];

/// Planning documents and easements.
#[derive(Debug, Clone, Copy)]
pub struct Plu;

fn query<'a>(layer: &'a str, area: &Area) -> Query<'a> {
    Query { layer, crs: area.crs, extent: Some(area.extent), filter: None, sort_by: Some("gid") }
}

impl Product for Plu {
    fn code(&self) -> &'static str {
        "plu"
    }

    fn parts(&self, area: &Area, _: &Client, services: &Services) -> Result<Vec<Part>> {
        let part = |(workspace, layer): &(&str, &str)| Part {
            file: format!("{layer}.geojson"),
            url: query(&format!("{workspace}:{layer}"), area).url(services, 0, 5000),
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
        let name = part.file.trim_end_matches(".geojson");
        let workspace = LAYERS.iter().find(|(_, layer)| *layer == name).map_or("wfs_du", |l| l.0);
        let full = format!("{workspace}:{name}");
        let count = query(&full, area).write(client, services, name, to)?;
        Ok(if count == 0 { Got::Nothing } else { Got::File(Some(count)) })
    }

    fn source(&self) -> Option<(&'static str, String)> {
        Some(("plu", "sources/plu/*.geojson".to_owned()))
    }

    fn licence(&self) -> (&'static str, &'static str) {
        ("Licence Ouverte 2.0", "Géoportail de l'urbanisme")
    }
}
