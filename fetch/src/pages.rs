//! Records of JSON services that come page by page.

use std::collections::BTreeSet;

use serde_json::Value;
use twin_core::{Error, Result};

use crate::client::Client;
use crate::content::Content;
use crate::services::Service;

/// Most bytes of all pages.
const MOST_BYTES: u64 = 300_000_000;
/// Keys under which services give their records.
const RECORDS: [&str; 5] = ["data", "content", "results", "features", "observations"];

/// All records, from the first page on. The next page is named by a link (`next`, or
/// `paging.next`), or counted (`totalPages` and `pageNumber` from 0).
///
/// # Errors
/// The service cannot be reached or answers with something else.
pub(crate) fn records(client: &Client, service: Service, first: &str) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut next = Some(first.to_owned());
    let mut bytes = 0;
    while let Some(url) = next {
        if !asked.insert(url.clone()) {
            return Err(Error::input(
                &url,
                "la page suivante est une page déjà reçue",
                "the next page is one that came already",
            ));
        }
        // A service of records that has none for a place may say so by its status.
        let most = MOST_BYTES - bytes;
        let Some(text) = client.find(service, &url, Content::Json, most)? else { return Ok(all) };
        bytes += text.len() as u64;
        let mut page: Value = serde_json::from_slice(&text).map_err(|e| {
            Error::input(&url, format!("JSON illisible : {e}"), format!("unreadable JSON: {e}"))
        })?;
        next = after(&page, first, asked.len())?;
        let records = match &mut page {
            Value::Array(records) => Some(std::mem::take(records)),
            page => RECORDS.iter().find_map(|key| match page.get_mut(*key) {
                Some(Value::Array(records)) => Some(std::mem::take(records)),
                _ => None,
            }),
        };
        let Some(records) = records else {
            return Err(Error::input(
                &url,
                "la réponse n'a pas les enregistrements attendus ; le service a pu changer",
                "the answer has not the records that are expected; the service may have changed",
            ));
        };
        if records.is_empty() {
            break;
        }
        all.extend(records);
    }
    Ok(all)
}

/// The address of the page after `page`, the `count`th one.
fn after(page: &Value, first: &str, count: usize) -> Result<Option<String>> {
    let (path, query) = first.split_once('?').unwrap_or((first, ""));
    let link = page.get("next").or_else(|| page.pointer("/paging/next")).and_then(Value::as_str);
    if let Some(link) = link.filter(|link| !link.is_empty()) {
        // The next page is on the same service, whatever host its link names.
        return match link.split_once('?') {
            Some((_, query)) => Ok(Some(format!("{path}?{query}"))),
            None => Err(Error::input(
                first,
                format!("lien vers la page suivante inattendu : {link}"),
                format!("unexpected link to the next page: {link}"),
            )),
        };
    }
    let pages = page.get("totalPages").and_then(Value::as_u64).unwrap_or(0);
    Ok(((count as u64) < pages).then(|| format!("{path}?{query}&page={count}")))
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
