//! Products that are layers of a WFS: a GeoJSON file for each layer that has anything in the area.

use std::path::Path;

use twin_core::{Error, Result};

use super::{Got, Part, Product, Source};
use crate::client::Client;
use crate::place::Area;
use crate::wfs::{PAGE, Query};

/// A product made of layers.
#[derive(Debug, Clone, Copy)]
pub struct Layers {
    /// Name in options and folders.
    pub(super) code: &'static str,
    /// Layers without which there is no territory; the first of them is nowhere empty.
    pub(super) essential: &'static [&'static str],
    /// Workspace and name of each layer; the name is that of its file.
    pub(super) layers: &'static [(&'static str, &'static str)],
    /// Key that orders the pages, where one is known.
    pub(super) sort_by: Option<&'static str>,
    /// What the territory file says of it.
    pub(super) sources: &'static [Source],
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
            sort_by: self.sort_by,
        }
    }

    /// Workspace and layer, and the layer, of a part.
    fn layer_of(&self, part: &Part) -> Option<(String, &'static str)> {
        let is_meant =
            |(_, layer): &&(&str, &str)| part.file.strip_suffix(".geojson") == Some(layer);
        let (workspace, layer) = self.layers.iter().find(is_meant)?;
        Some((format!("{workspace}:{layer}"), layer))
    }
}

impl Product for Layers {
    fn code(&self) -> &'static str {
        self.code
    }

    fn is_essential(&self, file: &str) -> bool {
        self.essential.iter().any(|layer| file.strip_suffix(".geojson") == Some(layer))
    }

    fn parts(&self, area: &Area, client: &Client) -> Result<Vec<Part>> {
        let part = |(workspace, layer): &(&str, &str)| Part {
            file: format!("{layer}.geojson"),
            url: self.query(&format!("{workspace}:{layer}"), area).url(client, 0, PAGE),
            expected_bytes: None,
            edition: None,
        };
        Ok(self.layers.iter().map(part).collect())
    }

    fn count(&self, part: &Part, area: &Area, client: &Client) -> Result<Option<usize>> {
        match self.layer_of(part) {
            Some((layer, _)) => self.query(&layer, area).count(client),
            None => Ok(None),
        }
    }

    fn get(&self, part: &Part, area: &Area, client: &Client, to: &Path) -> Result<Got> {
        let Some((full, layer)) = self.layer_of(part) else { return Ok(Got::Nothing) };
        let query = self.query(&full, area);
        let count = query.write(client, layer, to)?;
        if count == 0 && self.essential.first() == Some(&layer) {
            return Err(Error::input(
                query.url(client, 0, PAGE),
                "aucun objet, ce qui n'est vrai nulle part en France ; vérifier l'emprise, relancer plus tard",
                "no feature, which is true nowhere in France; check the extent, call again later",
            ));
        }
        Ok(if count == 0 { Got::Nothing } else { Got::File(Some(count)) })
    }

    fn sources(&self) -> &'static [Source] {
        self.sources
    }

    fn licence(&self) -> (&'static str, &'static str) {
        self.licence
    }
}
