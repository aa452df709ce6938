//! A server on loopback that behaves as the national services are documented to, faults included.
//!
//! WFS 2.0 with pages, a silent cap and its trap of axes, an index of LiDAR tiles, files with ranges and
//! entity tags, windows of rasters as GeoTIFF and as raw values, Atom feeds, JSON pages of Hub'Eau,
//! Géorisques, RNB and INSEE. A fault takes the place of an answer where the test asks for it.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};
use twin_core::formats::{CogOptions, write_cog};
use twin_core::spatial::{Crs, Grid, GridSpec};

/// South-west corner of the commune in Lambert-93, m.
pub(crate) const WEST: f64 = 700_000.0;
pub(crate) const SOUTH: f64 = 6_600_000.0;

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
    /// Ranges begin so many bytes too early.
    Shifted(usize),
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
    /// Whether features come wherever they are asked for.
    pub(crate) ignores_bbox: bool,
    /// Values of the rasters by layer and place; those of IGN, −9999 for none.
    pub(crate) raster: Option<Raster>,
    /// Deliveries by product: zone, edition, path of the archive among the files.
    pub(crate) deliveries: BTreeMap<String, Vec<(String, String, String)>>,
    /// Records of JSON services by path below the server, in pages of two.
    pub(crate) records: BTreeMap<String, Vec<Value>>,
}

impl Content {
    /// A commune of a square kilometre, its department 12, without tiles.
    pub(crate) fn of_a_commune() -> Self {
        let ring = [[0, 0], [1000, 0], [1000, 1000], [0, 1000], [0, 0]]
            .map(|[x, y]| [WEST + f64::from(x), SOUTH + f64::from(y)]);
        let commune = json!({
            "type": "Feature",
            "id": "commune.1",
            "geometry": { "type": "Polygon", "coordinates": [ring] },
            "properties": { "cleabs": "COM1", "code_insee": "12174", "nom_officiel": "Olemps" },
        });
        let mut content = Self { cap: 1000, ..Self::default() };
        content.layers.insert("BDTOPO_V3:commune".into(), vec![commune]);
        content.layers.insert("IGNF_LIDAR-HD_METADONNEE:metadata".into(), Vec::new());
        content
    }
}

/// A value of a raster.
pub(crate) type Raster = fn(layer: &str, x: f64, y: f64) -> f32;

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
            format!("raster={}/wms-r", self.base),
            format!("hubeau={}/hydrometrie", self.base),
            format!("georisques={}/georisques", self.base),
            format!("georisques-files={}/fichiers", self.base),
            format!("rnb={}/rnb", self.base),
            format!("insee={}/insee", self.base),
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
    let (mut status, mut extra, mut body) = respond(&target, &headers, content);
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
        Some(Fault::Shifted(bytes)) => {
            let from = headers
                .get("range")
                .and_then(|r| r.strip_prefix("bytes=")?.split('-').next()?.parse::<usize>().ok());
            if let (206, Some(from)) = (status, from) {
                let earlier = format!("bytes={}-", from.saturating_sub(bytes));
                headers.insert("range".to_owned(), earlier);
                (status, extra, body) = respond(&target, &headers, content);
                (length, sent) = (body.len() as u64, body.len());
            }
        }
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
    if path == "/wms-r" {
        return raster(&query, content);
    }
    if let Some(resource) = path.strip_prefix("/telechargement/resource/") {
        return feed(resource, &query, content);
    }
    if let Some(records) = content.records.get(path) {
        return page(path, &query, records);
    }
    // Every list of a JSON service may be empty.
    if ["/hydrometrie", "/georisques/", "/rnb", "/insee"].iter().any(|p| path.starts_with(p)) {
        return page(path, &query, &[]);
    }
    let path = path.strip_prefix("/chunk").unwrap_or(path);
    let Some(file) = content.files.get(path) else { return (404, String::new(), Vec::new()) };
    let tag = "\"v1\"";
    let bounds = headers
        .get("range")
        .filter(|_| headers.get("if-range").is_none_or(|t| t == tag))
        .and_then(|r| r.strip_prefix("bytes=")?.split_once('-'));
    let from = bounds.and_then(|(from, _)| from.parse::<usize>().ok());
    let last = bounds.and_then(|(_, last)| last.parse::<usize>().ok());
    match from {
        Some(from) if from < file.len() => {
            let last = last.unwrap_or(usize::MAX).min(file.len() - 1);
            let range = format!("bytes {from}-{last}/{}", file.len());
            let head = format!("ETag: {tag}\r\nContent-Range: {range}\r\n");
            (206, head, file[from..=last].to_vec())
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
    let sides: Option<Vec<f64>> = query
        .get("BBOX")
        .map(|text| text.split(',').filter_map(|side| side.parse().ok()).collect());
    // Axes the wrong way round find nothing, and no word is said.
    let touches = |feature: &&Value| match (&sides, corners(&feature["geometry"])) {
        (Some(s), Some((low, high))) if !content.ignores_bbox => {
            low[0] <= s[2] && high[0] >= s[0] && low[1] <= s[3] && high[1] >= s[1]
        }
        _ => true,
    };
    let all: Vec<&Value> = layer.iter().filter(wanted).filter(touches).collect();
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

/// Lowest and highest coordinates of a geometry.
fn corners(geometry: &Value) -> Option<([f64; 2], [f64; 2])> {
    fn walk(at: &Value, low: &mut [f64; 2], high: &mut [f64; 2]) {
        match at.as_array() {
            Some(p) if p.first().is_some_and(Value::is_number) => {
                for k in 0..2 {
                    let value = p[k].as_f64().unwrap();
                    (low[k], high[k]) = (low[k].min(value), high[k].max(value));
                }
            }
            Some(parts) => parts.iter().for_each(|part| walk(part, low, high)),
            None => (),
        }
    }
    let (mut low, mut high) = ([f64::MAX; 2], [f64::MIN; 2]);
    walk(geometry.get("coordinates")?, &mut low, &mut high);
    (low[0] <= high[0]).then_some((low, high))
}

/// A window of a raster, as GeoTIFF or as raw values.
fn raster(query: &BTreeMap<String, String>, content: &Content) -> (u16, String, Vec<u8>) {
    let text = |key: &str| query.get(key).cloned().unwrap_or_default();
    let sides: Vec<f64> = text("BBOX").split(',').filter_map(|s| s.parse().ok()).collect();
    let (columns, rows) = (text("WIDTH").parse().unwrap_or(0), text("HEIGHT").parse().unwrap_or(0));
    let Some(value) =
        content.raster.filter(|_| sides.len() == 4 && columns <= 5010 && rows <= 5010)
    else {
        return (400, String::new(), b"<ServiceException>No raster</ServiceException>".to_vec());
    };
    let cell_size = (sides[2] - sides[0]) / columns as f64;
    let spec = GridSpec { west: sides[0], north: sides[3], cell_size, columns, rows };
    let layer = text("LAYERS");
    let grid = Grid::from_fn(spec, |row, column| {
        let (x, y) = spec.centre(row, column);
        value(&layer, x, y)
    });
    if text("FORMAT").starts_with("image/x-bil") {
        return (200, String::new(), grid.values.iter().flat_map(|v| v.to_le_bytes()).collect());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.tif");
    write_cog(&path, &grid, Crs::LAMBERT_93, &CogOptions::default()).unwrap();
    (200, String::new(), std::fs::read(path).unwrap())
}

/// The deliveries of a product, one a page, or the files of one.
fn feed(
    resource: &str,
    query: &BTreeMap<String, String>,
    content: &Content,
) -> (u16, String, Vec<u8>) {
    let head = |pages: usize| {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:gpf_dl="https://data.geopf.fr/annexes/ressources/xsd/gpf_dl.xsd" gpf_dl:pagecount="{pages}" gpf_dl:totalentries="{pages}"><title>x</title>"#
        )
    };
    let (product, delivery) = resource.split_once('/').unwrap_or((resource, ""));
    let Some(all) = content.deliveries.get(product) else {
        return (404, String::new(), Vec::new());
    };
    let address = "https://data.geopf.fr/telechargement";
    let body = if delivery.is_empty() {
        let zone = query.get("ZONE").cloned().unwrap_or_default();
        let of_zone: Vec<_> = all.iter().filter(|(z, ..)| *z == zone).collect();
        let number: usize = query.get("PAGE").and_then(|p| p.parse().ok()).unwrap_or(1);
        let entry = of_zone.get(number - 1).map_or_else(String::new, |(zone, edition, _)| {
            format!(
                r#"<entry><title>{product}_{zone}_{edition}</title><link rel="alternate" type="application/atom+xml" href="{address}/resource/{product}/{product}_{zone}_{edition}"/><gpf_dl:zone term="{zone}" label="{zone}"/><gpf_dl:format term="GPKG" label="GeoPackage"/><gpf_dl:editionDate>{edition}</gpf_dl:editionDate></entry>"#
            )
        });
        format!("{}{entry}</feed>", head(of_zone.len()))
    } else {
        let files = all
            .iter()
            .filter(|(zone, edition, _)| delivery == format!("{product}_{zone}_{edition}"));
        let entries: String = files
            .map(|(_, _, path)| {
                let length = content.files.get(path).map_or(0, Vec::len);
                let below = path.strip_prefix("/telechargement").unwrap();
                format!(
                    r#"<entry><title>archive.7z</title><link rel="alternate" type="application/x-7z-compressed" gpf_dl:length="{length}" href="{address}{below}"/></entry><entry><title>archive.md5</title><link rel="alternate" type="text/plain" gpf_dl:length="32" href="{address}{below}.md5"/></entry>"#
                )
            })
            .collect();
        format!("{}{entries}</feed>", head(1))
    };
    (200, String::new(), body.into_bytes())
}

/// Two records of a list, and where the next are, as each service says it.
fn page(path: &str, query: &BTreeMap<String, String>, records: &[Value]) -> (u16, String, Vec<u8>) {
    let is_counted = path.contains("/gaspar/ppr");
    let first = if is_counted { 0 } else { 1 };
    let number = query.get("PAGE").and_then(|p| p.parse().ok()).unwrap_or(first);
    let of_page: Vec<&Value> = records.iter().skip(2 * (number - first)).take(2).collect();
    let more = 2 * (number - first + 1) < records.len();
    let next = more.then(|| format!("https://ailleurs.example{path}?page={}", number + 1));
    let pages = records.len().div_ceil(2);
    let body = if is_counted {
        json!({ "totalElements": records.len(), "totalPages": pages, "pageNumber": number, "content": of_page })
    } else if path.starts_with("/rnb") {
        json!({ "next": next, "previous": null, "results": of_page })
    } else if path.starts_with("/insee") {
        json!({ "title": {}, "paging": { "next": next, "isLast": !more }, "observations": of_page })
    } else {
        json!({ "count": records.len(), "next": next, "data": of_page })
    };
    // Hub'Eau answers with 206 where more is to come.
    let (status, head) = match more && path.starts_with("/hydrometrie") {
        true => (206, format!("Content-Range: x 0-1/{}\r\n", records.len())),
        false => (200, String::new()),
    };
    (status, head, body.to_string().into_bytes())
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
