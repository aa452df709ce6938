//! Population and dwellings of each commune by the census, from INSEE's Melodi: the latest year that the
//! answers hold. They become attributes of the communes, and with them inhabitants per dwelling.

use std::path::Path;

use serde_json::Value;
use twin_core::Result;

use super::tables::write_table;
use super::{Got, Part, Product, Source};
use crate::client::Client;
use crate::pages::{records, text};
use crate::place::Area;
use crate::services::Service;

/// Dimensions of the dwellings that stay undivided.
const WHOLE: &str = "RP_MEASURE=DWELLINGS&NRG_SRC=_T&CARS=_T&NOR=_T&BUILD_END=_T&TDW=_T&TSH=_T&CARPARK=_T&L_STAY=_T";
/// Kinds of dwellings by their code: all, main homes, second homes, empty ones.
const KINDS: [&str; 4] = ["_T", "DW_MAIN", "DW_SEC_DW_OCC", "DW_VAC"];
/// Municipal population.
const MUNICIPAL: &str = "PMUN";

/// Joined to the communes by their code.
const SOURCES: &[Source] = &[Source::new("local-table", "sources/insee/population.csv")
    .with_key("code_insee")
    .with_layer("commune")];

/// Census by commune.
#[derive(Debug, Clone, Copy)]
pub struct Insee;

fn population_url(client: &Client, commune: &str) -> String {
    format!("{}/data/DS_POPULATIONS_REFERENCE?GEO=COM-{commune}", client.base(Service::Insee))
}

impl Product for Insee {
    fn code(&self) -> &'static str {
        "insee"
    }

    fn parts(&self, area: &Area, client: &Client) -> Result<Vec<Part>> {
        let Some(first) = area.insee.first() else { return Ok(Vec::new()) };
        Ok(vec![
            Part {
                file: "population.csv".to_owned(),
                url: population_url(client, first),
                expected_bytes: None,
                edition: None,
            }
            .of_communes(area),
        ])
    }

    fn get(&self, _: &Part, area: &Area, client: &Client, to: &Path) -> Result<Got> {
        let mut rows = Vec::new();
        for commune in &area.insee {
            let people = records(client, Service::Insee, &population_url(client, commune))?;
            let population =
                latest(&people, |o| text(o, "/dimensions/POPREF_MEASURE") == MUNICIPAL);
            let base = client.base(Service::Insee);
            let url = format!("{base}/data/DS_RP_LOGEMENT_PRINC?GEO=COM-{commune}&{WHOLE}");
            let dwellings = records(client, Service::Insee, &url)?;
            let of_kind = |kind: &str| latest(&dwellings, |o| text(o, "/dimensions/OCS") == kind);
            let year = population.as_ref().map_or_else(String::new, |(year, _)| year.clone());
            let number = |found: Option<(String, f64)>| {
                found.map_or_else(String::new, |(_, value)| format!("{value:.0}"))
            };
            let mut row = vec![commune.clone(), year, number(population)];
            row.extend(KINDS.map(|kind| number(of_kind(kind))));
            if row[2..].iter().any(|cell| !cell.is_empty()) {
                rows.push(row);
            }
        }
        let header = "code_insee;annee;population;nombre_de_logements;residences_principales;residences_secondaires;logements_vacants";
        write_table(header, &rows, to)
    }

    fn sources(&self) -> &'static [Source] {
        SOURCES
    }

    fn licence(&self) -> (&'static str, &'static str) {
        ("Licence Ouverte 2.0", "INSEE – recensement de la population")
    }
}

/// Year and value of the latest observation of a kind.
fn latest(observations: &[Value], is_meant: impl Fn(&Value) -> bool) -> Option<(String, f64)> {
    let meant = observations.iter().filter(|o| is_meant(o));
    meant
        .filter_map(|o| {
            let value = o.pointer("/measures/OBS_VALUE_NIVEAU/value")?.as_f64()?;
            Some((text(o, "/dimensions/TIME_PERIOD"), value))
        })
        .max_by(|a, b| a.0.cmp(&b.0))
}
