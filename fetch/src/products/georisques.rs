//! Risks and procedures that Géorisques (GASPAR) knows of each commune: risks, natural-disaster orders,
//! TRI, atlases of flood zones, prevention plans. It says that a plan exists, not where its zones are.

use std::path::Path;

use serde_json::{Value, json};
use twin_core::Result;

use super::tables::write_json;
use super::{Got, Part, Product, Source};
use crate::client::Client;
use crate::pages::records;
use crate::place::Area;
use crate::services::Service;

/// Parts of GASPAR that are asked for.
const TOPICS: [&str; 6] = ["risques", "catnat", "tri", "azi", "pprn", "pprt"];
/// Records of a page.
const PAGE: usize = 100;

/// Risks by commune.
#[derive(Debug, Clone, Copy)]
pub struct Georisques;

fn url(client: &Client, topic: &str, commune: &str) -> String {
    let base = client.base(Service::Georisques);
    // The prevention plans are documented with another name of the parameter: both are given.
    let size = format!("page_size={PAGE}");
    match topic {
        "pprn" | "pprt" => {
            format!("{base}/gaspar/{topic}?codeInsee={commune}&code_insee={commune}&{size}")
        }
        _ => format!("{base}/gaspar/{topic}?code_insee={commune}&{size}"),
    }
}

impl Product for Georisques {
    fn code(&self) -> &'static str {
        "georisques"
    }

    fn parts(&self, area: &Area, client: &Client) -> Result<Vec<Part>> {
        let Some(first) = area.insee.first() else { return Ok(Vec::new()) };
        let part = |topic: &&str| {
            let part = Part {
                file: format!("{topic}.json"),
                url: url(client, topic, first),
                expected_bytes: None,
                edition: None,
            };
            part.of_communes(area)
        };
        Ok(TOPICS.iter().map(part).collect())
    }

    fn get(&self, part: &Part, area: &Area, client: &Client, to: &Path) -> Result<Got> {
        let topic = part.file.strip_suffix(".json").unwrap_or_default();
        let mut all: Vec<Value> = Vec::new();
        for commune in &area.insee {
            let found = records(client, Service::Georisques, &url(client, topic, commune))?;
            all.extend(
                found.into_iter().map(|record| json!({ "commune": commune, "record": record })),
            );
        }
        write_json(&all, &json!({ "topic": topic, "records": all }), to)
    }

    fn sources(&self) -> &'static [Source] {
        &[]
    }

    fn licence(&self) -> (&'static str, &'static str) {
        ("Licence Ouverte 2.0", "Géorisques – GASPAR")
    }
}
