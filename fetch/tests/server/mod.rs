//! A server on loopback that behaves as the national services are documented to, faults included.
//!
//! WFS 2.0 with pages and a silent cap, an index of LiDAR tiles, files with ranges and entity tags, pages
//! of Hub'Eau. A fault takes the place of an answer where the test asks for it.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// An error status, with seconds to wait.
    Status(u16, Option<u64>),
    /// The connection is cut after so many bytes of the body.
    Cut(usize),
    /// A page of HTML with status 200.
    Html,
    /// A redirect.
    Redirect(String),
    /// A header that promises this many bytes.
    Length(u64),
}

/// What is served.
#[derive(Default)]
pub(crate) struct Content {
    /// Features by layer, `BDTOPO_V3:batiment`.
    pub(crate) layers: BTreeMap<String, Vec<Value>>,
    /// Files by path.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Features that a page holds at most, whatever is asked for.
    pub(crate) cap: usize,
}

type Choose = dyn Fn(&str, usize) -> Option<Fault> + Send + Sync;

/// A running server.
pub(crate) struct Server {
    /// Its address, `http://127.0.0.1:PORT`.
    pub(crate) base: String,
    requests: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Server {
    /// Serves content; `fault` is asked with the target of each request and its number for that target.
    pub(crate) fn start(
        content: Content,
        fault: impl Fn(&str, usize) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (content, fault, seen) = (Arc::new(content), Arc::new(fault), requests.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (content, fault, seen) = (content.clone(), fault.clone(), seen.clone());
                std::thread::spawn(move || {
                    let _ = answer(stream, &content, fault.as_ref(), &seen);
                });
            }
        });
        Self { base, requests }
    }

    /// Options that put the server in the place of all services.
    pub(crate) fn options(&self) -> Vec<String> {
        vec![
            format!("wfs={}/wfs/ows", self.base),
            format!("download={}", self.base),
            format!("hubeau={}/hydrometrie", self.base),
        ]
    }

    /// Times and targets of the requests so far.
    pub(crate) fn requests(&self) -> Vec<(Instant, String)> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(
    mut stream: TcpStream,
    content: &Content,
    fault: &Choose,
    seen: &Mutex<Vec<(Instant, String)>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? <= 2 {
            break;
        }
        if let Some((name, value)) = header.split_once(':') {
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
    }
    let number = {
        let mut seen = seen.lock().unwrap();
        let number = seen.iter().filter(|(_, t)| *t == target).count();
        seen.push((Instant::now(), target.clone()));
        number
    };
    let (status, mut extra, body) = respond(&target, &headers, content);
    let mut length = body.len() as u64;
    let mut sent = body.len();
    match fault(&target, number) {
        None => (),
        Some(Fault::Status(code, wait)) => {
            let wait = wait.map_or_else(String::new, |s| format!("Retry-After: {s}\r\n"));
            return stream.write_all(
                format!(
                    "HTTP/1.1 {code} X\r\n{wait}Content-Length: 0\r\nConnection: close\r\n\r\n"
                )
                .as_bytes(),
            );
        }
        Some(Fault::Html) => {
            let page = "<html><head><title>Service indisponible</title></head><body>Maintenance</body></html>";
            return stream.write_all(
                format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
                    page.len()
                )
                .as_bytes(),
            );
        }
        Some(Fault::Redirect(to)) => {
            return stream.write_all(
                format!("HTTP/1.1 302 X\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes(),
            );
        }
        Some(Fault::Cut(bytes)) => sent = bytes.min(body.len()),
        Some(Fault::Length(stated)) => length = stated,
    }
    extra.push_str(&format!("Content-Length: {length}\r\nConnection: close\r\n\r\n"));
    stream.write_all(format!("HTTP/1.1 {status} X\r\n{extra}").as_bytes())?;
    stream.write_all(&body[..sent])
}

fn respond(
    target: &str,
    headers: &BTreeMap<String, String>,
    content: &Content,
) -> (u16, String, Vec<u8>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query: BTreeMap<String, String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_uppercase(), decoded(value)))
        .collect();
    if path == "/wfs/ows" {
        return wfs(&query, content);
    }
    if path == "/hydrometrie/referentiel/stations" {
        return stations(&query);
    }
    let Some(file) = content.files.get(path) else { return (404, String::new(), Vec::new()) };
    let tag = "\"v1\"";
    let from = headers
        .get("range")
        .filter(|_| headers.get("if-range").is_none_or(|t| t == tag))
        .and_then(|r| r.strip_prefix("bytes=")?.split('-').next()?.parse::<usize>().ok());
    match from {
        Some(from) if from < file.len() => {
            let range = format!("bytes {from}-{}/{}", file.len() - 1, file.len());
            (206, format!("ETag: {tag}\r\nContent-Range: {range}\r\n"), file[from..].to_vec())
        }
        Some(_) => (416, String::new(), Vec::new()),
        None => (200, format!("ETag: {tag}\r\n"), file.clone()),
    }
}

fn wfs(query: &BTreeMap<String, String>, content: &Content) -> (u16, String, Vec<u8>) {
    let Some(layer) = query.get("TYPENAMES").and_then(|name| content.layers.get(name)) else {
        let exception = "<ows:ExceptionReport>Unknown layer</ows:ExceptionReport>";
        return (400, String::new(), exception.as_bytes().to_vec());
    };
    let number = |key: &str| query.get(key).and_then(|v| v.parse::<usize>().ok());
    let filter = query.get("CQL_FILTER").and_then(|f| f.split_once('='));
    let wanted = |feature: &&Value| match filter {
        None => true,
        Some((key, value)) => {
            let value = value.trim_matches('\'').replace("''", "'");
            feature["properties"][key] == value.as_str()
        }
    };
    let all: Vec<&Value> = layer.iter().filter(wanted).collect();
    let (start, count) = (number("STARTINDEX").unwrap_or(0), number("COUNT").unwrap_or(usize::MAX));
    let page: Vec<&Value> = all.iter().skip(start).take(count.min(content.cap)).copied().collect();
    let body = json!({
        "type": "FeatureCollection",
        "features": page,
        "numberMatched": all.len(),
        "numberReturned": page.len(),
    });
    (200, String::new(), body.to_string().into_bytes())
}

/// Three stations on two pages.
fn stations(query: &BTreeMap<String, String>) -> (u16, String, Vec<u8>) {
    let station = |code: &str| json!({ "code_station": code, "libelle_station": "essai", "longitude_station": 3.0, "latitude_station": 46.5 });
    let body = if query.contains_key("PAGE") {
        json!({ "count": 3, "next": null, "data": [station("C")] })
    } else {
        let next = "https://hubeau.eaufrance.fr/api/v2/hydrometrie/referentiel/stations?page=2";
        json!({ "count": 3, "next": next, "data": [station("A"), station("B")] })
    };
    (206, "Content-Range: x 0-1/3\r\n".to_owned(), body.to_string().into_bytes())
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' && at + 2 < bytes.len() {
            out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).unwrap()
}
