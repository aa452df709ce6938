//! Parcels of the cadastre by WFS (*Parcellaire Express*).

use std::path::Path;

use twin_core::Result;

use super::{Got, Part, Product};
use crate::client::Client;
use crate::place::Area;
use crate::services::{Service, Services};
use crate::wfs::Query;

const LAYER: &str = "CADASTRALPARCELS.PARCELLAIRE_EXPRESS:parcelle";

/// Parcels of the cadastre.
#[derive(Debug, Clone, Copy)]
pub struct Cadastre;

fn query(area: &Area) -> Query<'static> {
    Query {
        layer: LAYER,
        crs: area.crs,
        extent: Some(area.extent),
        filter: None,
        sort_by: Some("idu"),
    }
}

impl Product for Cadastre {
    fn code(&self) -> &'static str {
        "cadastre"
    }

    fn parts(&self, area: &Area, _: &Client, services: &Services) -> Result<Vec<Part>> {
        Ok(vec![Part {
            file: "parcelle.geojson".to_owned(),
            url: query(area).url(services, 0, 5000),
            service: Service::Wfs,
            expected_bytes: None,
            edition: None,
        }])
    }

    fn get(
        &self,
        _: &Part,
        area: &Area,
        client: &Client,
        services: &Services,
        to: &Path,
    ) -> Result<Got> {
        let count = query(area).write(client, services, "parcelle", to)?;
        Ok(if count == 0 { Got::Nothing } else { Got::File(Some(count)) })
    }

    fn source(&self) -> Option<(&'static str, String)> {
        Some(("cadastre", "sources/cadastre/*.geojson".to_owned()))
    }

    fn licence(&self) -> (&'static str, &'static str) {
        ("Licence Ouverte 2.0", "DGFiP – Parcellaire Express (PCI)")
    }
}
