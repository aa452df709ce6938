//! Features of a WFS 2.0 service, page by page.
//!
//! The service gives at most 5 000 features a page and cuts larger requests short without a word: pages
//! go on until as many features came as the answer says there are (`numberMatched`), in the order of a
//! stable key, each once. An extent is stated in the reference system that is asked for, east before
//! north; an answer whose coordinates lie elsewhere, as from swapped axes, is refused.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::Value;
use twin_core::formats::PartFile;
use twin_core::spatial::{Crs, Extent};
use twin_core::{Error, Result};

use crate::client::Client;
use crate::content::Content;
use crate::services::Service;

/// Features asked for by page: the cap of the service.
pub(crate) const PAGE: usize = 5000;
/// Most bytes of a page.
const MOST_PAGE_BYTES: u64 = 150_000_000;
/// Most features of a layer that are taken.
const MOST_FEATURES: usize = 5_000_000;
/// Features may lie beside the extent that they were asked in by less than this, metres.
const MARGIN_M: f64 = 1000.0;
/// Properties by which features are sorted where nobody says by which.
const KEYS: [&str; 6] = ["cleabs", "id", "gid", "fid", "ogc_fid", "objectid"];

/// What is asked of a layer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query<'a> {
    /// Name of the layer, `BDTOPO_V3:batiment`.
    pub(crate) layer: &'a str,
    /// Reference system of extent and answer.
    pub(crate) crs: Crs,
    /// Features that meet this extent; `None` with a filter.
    pub(crate) extent: Option<Extent>,
    /// Filter in CQL.
    pub(crate) filter: Option<String>,
    /// Key that orders the pages.
    pub(crate) sort_by: Option<&'a str>,
}

impl Query<'_> {
    /// The address of a page.
    pub(crate) fn url(&self, client: &Client, start: usize, count: usize) -> String {
        let system = String::from(self.crs);
        let mut url = format!(
            "{}?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&TYPENAMES={}&OUTPUTFORMAT=application/json&SRSNAME={system}&COUNT={count}&STARTINDEX={start}",
            client.base(Service::Wfs),
            encoded(self.layer),
        );
        if let Some(extent) = &self.extent {
            let [west, south, east, north] = <[f64; 4]>::from(*extent);
            url.push_str(&format!("&BBOX={west:.2},{south:.2},{east:.2},{north:.2},{system}"));
        }
        if let Some(filter) = &self.filter {
            url.push_str(&format!("&CQL_FILTER={}", encoded(filter)));
        }
        if let Some(key) = self.sort_by {
            url.push_str(&format!("&SORTBY={key}"));
        }
        url
    }

    /// How many features there are, where the service tells it; none of them comes but one.
    ///
    /// # Errors
    /// As [`Query::features`].
    pub(crate) fn count(&self, client: &Client) -> Result<Option<usize>> {
        Ok(self.page(client, 0, 1)?.1)
    }

    /// A page, and the number of all features where it tells it.
    fn page(
        &self,
        client: &Client,
        start: usize,
        count: usize,
    ) -> Result<(Vec<Value>, Option<usize>, String)> {
        let url = self.url(client, start, count);
        let bytes = client.get(Service::Wfs, &url, Content::Json, MOST_PAGE_BYTES)?;
        let mut page: Value = serde_json::from_slice(&bytes).map_err(|e| {
            Error::input(&url, format!("JSON illisible : {e}"), format!("unreadable JSON: {e}"))
        })?;
        let matched = page.get("numberMatched").or_else(|| page.get("totalFeatures"));
        let matched = matched.and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let Some(Value::Array(features)) = page.get_mut("features").map(Value::take) else {
            return Err(Error::input(
                &url,
                "la réponse n'est pas une collection d'objets ; la couche a pu changer de nom",
                "the answer is no collection of features; the layer may have another name now",
            ));
        };
        Ok((features, matched, url))
    }

    /// Calls `take` with every feature; returns their number.
    ///
    /// # Errors
    /// The service cannot be reached or answers with something else.
    pub(crate) fn features(
        &self,
        client: &Client,
        mut take: impl FnMut(&Value) -> Result<()>,
    ) -> Result<usize> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut sorted = self.clone();
        let (mut start, mut taken) = (0, 0);
        loop {
            let (features, matched, url) = sorted.page(client, start, PAGE)?;
            for feature in &features {
                self.check_place(feature, &url)?;
                // A feature on the border of two pages may come twice.
                let id = feature.get("id").map(Value::to_string);
                if id.is_none_or(|id| seen.insert(id)) {
                    take(feature)?;
                    taken += 1;
                }
            }
            start += features.len();
            let is_last = match matched {
                Some(matched) => start >= matched,
                None => features.len() < PAGE,
            };
            if is_last && matched.is_none_or(|matched| taken >= matched) {
                return Ok(taken);
            }
            if is_last || features.is_empty() || start > MOST_FEATURES {
                let told = matched.unwrap_or(MOST_FEATURES);
                return Err(Error::input(
                    &url,
                    format!(
                        "{taken} objets distincts reçus sur {told} annoncés ; relancer plus tard"
                    ),
                    format!(
                        "{taken} distinct features received of {told} announced; call again later"
                    ),
                ));
            }
            if sorted.sort_by.is_none()
                && let Some(key) = features.first().and_then(key_of)
            {
                // Pages without an order may overlap and leave gaps: all over again, sorted.
                (sorted.sort_by, start) = (Some(key), 0);
            }
        }
    }

    /// Writes all features as one GeoJSON file; returns their number. Without any, no file is written.
    ///
    /// # Errors
    /// As [`Query::features`]; the file cannot be written.
    pub(crate) fn write(&self, client: &Client, name: &str, to: &Path) -> Result<usize> {
        let part = PartFile::new(to)?;
        let file = File::create(part.part()).map_err(Error::write(to))?;
        let mut out = BufWriter::new(file);
        let epsg = String::from(self.crs).replace("EPSG:", "urn:ogc:def:crs:EPSG::");
        let failed = |source| Error::Write { path: to.to_path_buf(), source };
        write!(
            out,
            "{{\"type\":\"FeatureCollection\",\"name\":\"{name}\",\"crs\":{{\"type\":\"name\",\"properties\":{{\"name\":\"{epsg}\"}}}},\"features\":["
        )
        .map_err(failed)?;
        let mut count = 0usize;
        self.features(client, |feature| {
            let comma = if count > 0 { "," } else { "" };
            write!(out, "{comma}\n{feature}").map_err(failed)?;
            count += 1;
            Ok(())
        })?;
        write!(out, "\n]}}\n").and_then(|()| out.flush()).map_err(failed)?;
        if count > 0 {
            part.publish()?;
        }
        Ok(count)
    }

    /// Refuses a feature that lies away from the extent asked for.
    fn check_place(&self, feature: &Value, url: &str) -> Result<()> {
        let own = feature.get("geometry").and_then(extent_of);
        let (Some(extent), Some(own)) = (&self.extent, own) else { return Ok(()) };
        if extent.buffered(MARGIN_M).intersects(&own) {
            return Ok(());
        }
        let (x, y) = own.centre();
        Err(Error::input(
            url,
            format!(
                "le service répond avec des objets hors de l'emprise demandée ({x:.0}, {y:.0}) : axes inversés ou autre système"
            ),
            format!(
                "the service answers with features outside the extent asked for ({x:.0}, {y:.0}): swapped axes or another system"
            ),
        ))
    }
}

/// A property to sort by: the first that is usual for identifiers.
fn key_of(feature: &Value) -> Option<&'static str> {
    let properties = feature.get("properties")?;
    KEYS.into_iter().find(|key| properties.get(key).is_some_and(|value| !value.is_null()))
}

/// The extent of a GeoJSON geometry.
pub(crate) fn extent_of(geometry: &Value) -> Option<Extent> {
    match geometry.get("geometries").and_then(Value::as_array) {
        Some(parts) => parts.iter().filter_map(extent_of).reduce(|a, b| a.union(&b)),
        None => extent_of_positions(geometry.get("coordinates")?),
    }
}

/// The extent of positions, however deep they lie.
fn extent_of_positions(at: &Value) -> Option<Extent> {
    let parts = at.as_array()?;
    let number = |k: usize| parts.get(k).and_then(Value::as_f64);
    match (number(0), number(1)) {
        (Some(x), Some(y)) => Extent::new(x, y, x, y),
        _ => parts.iter().filter_map(extent_of_positions).reduce(|a, b| a.union(&b)),
    }
}

/// Percent-encoded, as much as a query needs.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' | b',' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
