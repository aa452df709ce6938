//! Products that are layers of a WFS: a GeoJSON file for each layer that has anything in the area.

use std::path::Path;

use twin_core::Result;

use super::{Got, Part, Product};
use crate::client::Client;
use crate::place::Area;
use crate::services::{Service, Services};
use crate::wfs::{PAGE, Query};

/// A product made of layers.
#[derive(Debug, Clone, Copy)]
pub struct Layers {
    /// Name in options and folders.
    pub(super) code: &'static str,
    /// Workspace and name of each layer; the name is that of its file.
    pub(super) layers: &'static [(&'static str, &'static str)],
    /// Key that orders the pages.
    pub(super) sort_by: &'static str,
    /// Product in the territory file.
    pub(super) source: &'static str,
    /// Pattern of its files in the territory file.
    pub(super) pattern: &'static str,
    /// Licence and whom to name.
    pub(super) licence: (&'static str, &'static str),
}

impl Layers {
    fn query<'a>(&self, layer: &'a str, area: &Area) -> Query<'a> {
        Query {
            layer,
            crs: area.crs,
            extent: Some(area.extent),
            filter: None,
            sort_by: Some(self.sort_by),
        }
    }
}

impl Product for Layers {
    fn code(&self) -> &'static str {
        self.code
    }

    fn parts(&self, area: &Area, _: &Client, services: &Services) -> Result<Vec<Part>> {
        let part = |(workspace, layer): &(&str, &str)| Part {
            file: format!("{layer}.geojson"),
            url: self.query(&format!("{workspace}:{layer}"), area).url(services, 0, PAGE),
            service: Service::Wfs,
            expected_bytes: None,
            edition: None,
        };
        Ok(self.layers.iter().map(part).collect())
    }

    fn get(
        &self,
        part: &Part,
        area: &Area,
        client: &Client,
        services: &Services,
        to: &Path,
    ) -> Result<Got> {
        let is_meant =
            |(_, layer): &&(&str, &str)| part.file.strip_suffix(".geojson") == Some(layer);
        let Some((workspace, layer)) = self.layers.iter().find(is_meant) else {
            return Ok(Got::Nothing);
        };
        let full = format!("{workspace}:{layer}");
        let count = self.query(&full, area).write(client, services, layer, to)?;
        Ok(if count == 0 { Got::Nothing } else { Got::File(Some(count)) })
    }

    fn source(&self) -> Option<(&'static str, &'static str)> {
        Some((self.source, self.pattern))
    }

    fn licence(&self) -> (&'static str, &'static str) {
        self.licence
    }
}
