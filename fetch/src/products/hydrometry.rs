//! Gauging stations by Hub'Eau hydrometry v2, with their code, name and place.

use std::path::Path;

use serde_json::{Value, json};
use twin_core::results::write_atomically;
use twin_core::spatial::{Crs, Transformer};
use twin_core::{Error, Result};

use super::{Got, Part, Product};
use crate::client::{Client, Content};
use crate::place::Area;
use crate::services::{Service, Services};

/// Stations asked for by page.
const PAGE: usize = 1000;
/// Most bytes of a page.
const MOST_PAGE_BYTES: u64 = 50_000_000;

/// Gauging stations.
#[derive(Debug, Clone, Copy)]
pub struct Hydrometry;

impl Product for Hydrometry {
    fn code(&self) -> &'static str {
        "hydrometry"
    }

    fn parts(&self, area: &Area, _: &Client, services: &Services) -> Result<Vec<Part>> {
        let to_degrees = Transformer::new(area.crs, Crs::WGS_84)?;
        let [west, south, east, north] = <[f64; 4]>::from(area.extent);
        let corners = [(west, south), (west, north), (east, south), (east, north)]
            .map(|(x, y)| to_degrees.point(x, y));
        let of = |pick: fn(&(f64, f64)) -> f64| {
            let values = corners.iter().map(pick);
            (values.clone().fold(f64::MAX, f64::min), values.fold(f64::MIN, f64::max))
        };
        let ((lon_0, lon_1), (lat_0, lat_1)) = (of(|c| c.0), of(|c| c.1));
        Ok(vec![Part {
            file: "stations.geojson".to_owned(),
            url: format!(
                "{}/referentiel/stations?bbox={lon_0:.5},{lat_0:.5},{lon_1:.5},{lat_1:.5}&format=json&size={PAGE}",
                services.base(Service::HubEau)
            ),
            service: Service::HubEau,
            expected_bytes: None,
            edition: None,
        }])
    }

    fn get(
        &self,
        part: &Part,
        _: &Area,
        client: &Client,
        services: &Services,
        to: &Path,
    ) -> Result<Got> {
        let mut stations: Vec<Value> = Vec::new();
        let mut next = Some(part.url.clone());
        let mut pages = 0;
        while let Some(url) = next {
            let bytes = client.get(Service::HubEau, &url, Content::Json, MOST_PAGE_BYTES)?;
            let page: Value = serde_json::from_slice(&bytes).map_err(|e| {
                Error::input(&url, format!("JSON illisible : {e}"), format!("unreadable JSON: {e}"))
            })?;
            let data = page.get("data").and_then(Value::as_array);
            stations.extend(data.into_iter().flatten().cloned());
            // The next page is on the same service, whatever host its link names.
            let query = page.get("next").and_then(Value::as_str).and_then(|n| n.split_once('?'));
            next = query.map(|(_, query)| {
                format!("{}/referentiel/stations?{query}", services.base(Service::HubEau))
            });
            pages += 1;
            if pages > 100 {
                return Err(Error::input(&url, "pages sans fin", "pages without end"));
            }
        }
        if stations.is_empty() {
            return Ok(Got::Nothing);
        }
        let feature = |station: &Value| {
            let number = |key: &str| station.get(key).and_then(Value::as_f64);
            let at = number("longitude_station").zip(number("latitude_station"));
            let geometry = at.map(|(x, y)| json!({ "type": "Point", "coordinates": [x, y] }));
            json!({ "type": "Feature", "geometry": geometry, "properties": station })
        };
        let features: Vec<Value> = stations.iter().map(feature).collect();
        let count = features.len();
        let file = json!({ "type": "FeatureCollection", "name": "stations", "features": features });
        write_atomically(to, format!("{file}\n").as_bytes())?;
        Ok(Got::File(Some(count)))
    }

    fn source(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    fn licence(&self) -> (&'static str, &'static str) {
        ("Licence Ouverte 2.0", "Hub'Eau – hydrométrie, Schapi")
    }
}
