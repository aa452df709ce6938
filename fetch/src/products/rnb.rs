//! Buildings of the RNB by extent: identifier, state and address, joined to the buildings of BD TOPO by
//! the link that the RNB keeps.

use std::path::Path;

use serde_json::Value;
use twin_core::Result;

use super::tables::write_table;
use super::{Got, Part, Product, Source};
use crate::client::Client;
use crate::pages::{records, text};
use crate::place::Area;
use crate::services::Service;

/// Buildings of a page.
const PAGE: usize = 100;

/// Joined to the buildings of BD TOPO.
const SOURCES: &[Source] = &[Source::new("local-table", "sources/rnb/rnb.csv").with_key("cleabs")];

/// The national register of buildings.
#[derive(Debug, Clone, Copy)]
pub struct Rnb;

impl Product for Rnb {
    fn code(&self) -> &'static str {
        "rnb"
    }

    fn parts(&self, area: &Area, client: &Client) -> Result<Vec<Part>> {
        let [west, south, east, north] = area.degrees()?;
        Ok(vec![Part {
            file: "rnb.csv".to_owned(),
            url: format!(
                "{}/buildings/?bbox={west:.6},{south:.6},{east:.6},{north:.6}&limit={PAGE}",
                client.base(Service::Rnb)
            ),
            expected_bytes: None,
            edition: None,
        }])
    }

    fn get(&self, part: &Part, _: &Area, client: &Client, to: &Path) -> Result<Got> {
        let buildings = records(client, Service::Rnb, &part.url)?;
        let mut rows: Vec<Vec<String>> = buildings.iter().flat_map(rows).collect();
        rows.sort();
        rows.dedup();
        write_table("cleabs;id_rnb;statut_rnb;adresse", &rows, to)
    }

    fn sources(&self) -> &'static [Source] {
        SOURCES
    }

    fn licence(&self) -> (&'static str, &'static str) {
        ("Licence Ouverte 2.0", "RNB – Référentiel national des bâtiments")
    }
}

/// A row for each building of BD TOPO that a building is linked to, one without where there is none.
fn rows(building: &Value) -> Vec<Vec<String>> {
    let linked = building.get("ext_ids").and_then(Value::as_array);
    let mut cleabs: Vec<String> = linked
        .into_iter()
        .flatten()
        .filter(|id| text(id, "/source").eq_ignore_ascii_case("bdtopo"))
        .map(|id| text(id, "/id"))
        .collect();
    if cleabs.is_empty() {
        cleabs.push(String::new());
    }
    let address = building.pointer("/addresses/0");
    let address = address.map_or_else(String::new, |address| {
        let parts = ["/street_number", "/street_rep", "/street", "/city_name"];
        let parts = parts.map(|key| text(address, key));
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    });
    let (id, status) = (text(building, "/rnb_id"), text(building, "/status"));
    let row = |cleabs: String| vec![cleabs, id.clone(), status.clone(), address.clone()];
    cleabs.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_building_linked_twice_has_two_rows_and_one_without_a_link_an_empty_key() {
        let building = json!({
            "rnb_id": "AC2HSN1NCT15",
            "status": "constructed",
            "ext_ids": [
                { "id": "BATIMENT1", "source": "bdtopo" },
                { "id": "bdnb-x", "source": "bdnb" },
                { "id": "BATIMENT2", "source": "bdtopo" },
            ],
            "addresses": [{ "street_number": "4", "street_rep": "", "street": "rue du Pont", "city_name": "Olemps" }],
        });
        let rows = rows(&building);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1], ["BATIMENT2", "AC2HSN1NCT15", "constructed", "4 rue du Pont Olemps"]);
        let bare = json!({ "rnb_id": "HK7W6EP38S1P", "ext_ids": null, "addresses": [] });
        assert_eq!(super::rows(&bare), [["", "HK7W6EP38S1P", "", ""]]);
    }
}
