//! Records of JSON services that come page by page.

use serde_json::Value;
use twin_core::{Error, Result};

use crate::client::Client;
use crate::content::Content;
use crate::services::Service;

/// Most bytes of a page.
const MOST_BYTES: u64 = 100_000_000;
/// Most pages.
const MOST_PAGES: usize = 5000;
/// Keys under which services give their records.
const RECORDS: [&str; 5] = ["data", "content", "results", "features", "observations"];

/// All records, from the first page on. The next page is named by a link (`next`, or
/// `paging.next`), or counted (`totalPages` and `pageNumber` from 0).
///
/// # Errors
/// The service cannot be reached or answers with something else.
pub(crate) fn records(client: &Client, service: Service, first: &str) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    let mut next = Some(first.to_owned());
    let mut pages = 0;
    while let Some(url) = next {
        let bytes = client.get(service, &url, Content::Json, MOST_BYTES)?;
        let page: Value = serde_json::from_slice(&bytes).map_err(|e| {
            Error::input(&url, format!("JSON illisible : {e}"), format!("unreadable JSON: {e}"))
        })?;
        let records = RECORDS.iter().find_map(|key| page.get(key)?.as_array());
        let Some(records) = records.or(page.as_array()) else {
            return Err(Error::input(
                &url,
                "la réponse n'a pas les enregistrements attendus ; le service a pu changer",
                "the answer has not the records that are expected; the service may have changed",
            ));
        };
        all.extend(records.iter().cloned());
        pages += 1;
        if pages > MOST_PAGES {
            return Err(Error::input(&url, "pages sans fin", "pages without end"));
        }
        next = if records.is_empty() { None } else { after(&page, first, pages) };
    }
    Ok(all)
}

/// The address of the page after `page`, the `count`th one.
fn after(page: &Value, first: &str, count: usize) -> Option<String> {
    let (path, query) = first.split_once('?').unwrap_or((first, ""));
    let link = page.get("next").or_else(|| page.pointer("/paging/next")).and_then(Value::as_str);
    if let Some(link) = link {
        // The next page is on the same service, whatever host its link names.
        return link.split_once('?').map(|(_, query)| format!("{path}?{query}"));
    }
    let pages = page.get("totalPages").and_then(Value::as_u64)?;
    ((count as u64) < pages).then(|| format!("{path}?{query}&page={count}"))
}

/// Text of a value of a record; empty where there is none.
pub(crate) fn text(record: &Value, pointer: &str) -> String {
    match record.pointer(pointer) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(flag)) => flag.to_string(),
        _ => String::new(),
    }
}

/// A cell of a table with semicolons.
pub(crate) fn cell(text: &str) -> String {
    match text.contains([';', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"").replace(['\n', '\r'], " ")),
        false => text.to_owned(),
    }
}
