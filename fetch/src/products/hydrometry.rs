//! Gauging stations by Hub'Eau hydrometry v2, and the discharges and stages of the last month of those in
//! the area.
//!
//! Hub'Eau gives discharges in l/s and stages in mm above the zero of the gauge, at most 20 000 rows a
//! page, and some rows twice: for the station and, without a station, for its site. The series are tables
//! of times (UTC) and m³/s or m that scenarios read; the height of the gauge's zero and its system are
//! columns of the stations, as Hub'Eau gives them.

use std::path::Path;

use serde_json::{Value, json};
use twin_core::Result;

use super::tables::{write_json, write_table};
use super::{Got, Part, Product, Source};
use crate::client::Client;
use crate::pages::{records, text};
use crate::place::Area;
use crate::services::Service;

/// Stations asked for by page, and observations.
const STATIONS: usize = 1000;
const OBSERVATIONS: usize = 20_000;
/// The file of the stations.
const STATION_FILE: &str = "stations.geojson";
/// What is measured: code, header of the table.
const QUANTITIES: [(&str, &str); 2] = [("Q", "temps;débit (m³/s)"), ("H", "temps;niveau (m)")];

/// Gauging stations and their series.
#[derive(Debug, Clone, Copy)]
pub struct Hydrometry;

impl Product for Hydrometry {
    fn code(&self) -> &'static str {
        "hydrometry"
    }

    fn parts(&self, area: &Area, client: &Client) -> Result<Vec<Part>> {
        let [west, south, east, north] = area.degrees()?;
        let base = client.base(Service::HubEau);
        let url = format!(
            "{base}/referentiel/stations?bbox={west:.5},{south:.5},{east:.5},{north:.5}&format=json&size={STATIONS}"
        );
        let part =
            |file: String, url: String| Part { file, url, expected_bytes: None, edition: None };
        let mut parts = vec![part(STATION_FILE.to_owned(), url.clone())];
        for station in records(client, Service::HubEau, &url)? {
            let code = text(&station, "/code_station");
            let is_plain = !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric());
            let is_closed = text(&station, "/en_service") == "false";
            if !is_plain || is_closed {
                continue;
            }
            parts.extend(QUANTITIES.iter().map(|(quantity, _)| {
                let url = format!(
                    "{base}/observations_tr?code_entite={code}&grandeur_hydro={quantity}&sort=asc&size={OBSERVATIONS}"
                );
                part(format!("{code}_{quantity}.csv"), url)
            }));
        }
        Ok(parts)
    }

    fn get(&self, part: &Part, _: &Area, client: &Client, to: &Path) -> Result<Got> {
        let found = records(client, Service::HubEau, &part.url)?;
        let series = part.file.strip_suffix(".csv").and_then(|name| name.split_once('_'));
        match series {
            None => write_json(&found, &collection(&found), to),
            Some((station, quantity)) => {
                let known = QUANTITIES.iter().find(|(code, _)| *code == quantity);
                write_table(known.map_or("", |(_, header)| *header), &rows(&found, station), to)
            }
        }
    }

    fn sources(&self) -> &'static [Source] {
        &[]
    }

    fn licence(&self) -> (&'static str, &'static str) {
        ("Licence Ouverte 2.0", "Hub'Eau – hydrométrie, Schapi")
    }
}

fn collection(stations: &[Value]) -> Value {
    let feature = |station: &Value| {
        let number = |key: &str| station.get(key).and_then(Value::as_f64);
        let at = number("longitude_station").zip(number("latitude_station"));
        let geometry = at.map(|(x, y)| json!({ "type": "Point", "coordinates": [x, y] }));
        json!({ "type": "Feature", "geometry": geometry, "properties": station })
    };
    let features: Vec<Value> = stations.iter().map(feature).collect();
    json!({ "type": "FeatureCollection", "name": "stations", "features": features })
}

/// Times and values of a station, in order, each time once.
fn rows(observations: &[Value], station: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<(String, f64)> = observations
        .iter()
        .filter(|o| text(o, "/code_station") == station)
        .filter_map(|o| Some((text(o, "/date_obs"), o.get("resultat_obs")?.as_f64()?)))
        .filter(|(time, _)| !time.is_empty())
        .collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows.dedup_by(|a, b| a.0 == b.0);
    // Both units are a thousandth of the table's.
    rows.into_iter().map(|(time, value)| vec![time, format!("{}", value / 1000.0)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_cubic_metres_and_doubles_of_the_site_go() {
        let row = |station: Option<&str>, time: &str, value: f64| json!({ "code_station": station, "date_obs": time, "resultat_obs": value });
        let observations = [
            row(Some("A1"), "2026-11-01T01:00:00Z", 2500.0),
            row(None, "2026-11-01T01:00:00Z", 2500.0),
            row(Some("A1"), "2026-11-01T00:00:00Z", 1200.0),
            row(Some("A1"), "2026-11-01T00:00:00Z", 1200.0),
            json!({ "code_station": "A1", "date_obs": "2026-11-01T02:00:00Z", "resultat_obs": null }),
        ];
        let expected = [["2026-11-01T00:00:00Z", "1.2"], ["2026-11-01T01:00:00Z", "2.5"]];
        assert_eq!(rows(&observations, "A1"), expected.map(|r| r.map(str::to_owned).to_vec()));
    }
}
