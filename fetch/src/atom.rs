//! Feeds of the download service of the Géoplateforme (Atom, RFC 4287, with elements of its own).
//!
//! A product lists its deliveries, filtered by department and format, page by page; a delivery lists its
//! files: one archive, or an archive cut into volumes.

use twin_core::{Error, Result};

use crate::client::Client;
use crate::content::Content;
use crate::services::Service;

/// Namespace of the service's own elements and attributes.
const OWN: &str = "https://data.geopf.fr/annexes/ressources/xsd/gpf_dl.xsd";
/// Deliveries of a page at most, by the documentation.
const PAGE: usize = 50;
/// Pages at most: departments times editions of a product have fewer.
const MOST_PAGES: usize = 100;
/// Most bytes of a feed.
const MOST_BYTES: u64 = 20_000_000;

/// A file of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivered {
    /// Address on the services in use.
    pub(crate) url: String,
    /// Bytes, where the feed tells them.
    pub(crate) bytes: Option<u64>,
    /// Edition, `2026-06-15`, where the feed tells it.
    pub(crate) edition: Option<String>,
}

/// An entry of a feed, as far as it matters here.
struct Entry {
    title: String,
    href: String,
    bytes: Option<u64>,
    zone: Option<String>,
    format: Option<String>,
    edition: Option<String>,
}

/// The archive of the latest edition of a product for a zone such as `D022`, as GeoPackage; `None` where
/// nothing is published for it.
///
/// # Errors
/// The service cannot be reached, or the feed is not what is documented.
pub(crate) fn latest(client: &Client, product: &str, zone: &str) -> Result<Option<Delivered>> {
    let base = format!("{}/telechargement/resource/{product}", client.base(Service::Download));
    let mut deliveries: Vec<Entry> = Vec::new();
    let mut page = 1;
    loop {
        let url = format!("{base}?zone={zone}&format=GPKG&page={page}&limit={PAGE}");
        let (entries, pages) = feed(client, &url)?;
        deliveries.extend(entries);
        page += 1;
        if page > pages.min(MOST_PAGES) {
            break;
        }
    }
    // A filter that the service ignores would bring another department.
    let is_meant = |entry: &Entry| {
        entry.zone.as_deref().is_none_or(|z| z == zone)
            && entry.format.as_deref().is_none_or(|f| f.starts_with("GPKG"))
            && (entry.zone.is_some() || entry.title.contains(zone))
            // A difference between editions is no edition.
            && !entry.title.contains("_DIFF_")
    };
    let edition_of = |entry: &Entry| entry.edition.clone().unwrap_or_default();
    let is_whole = |entry: &Entry| entry.title.contains("TOUSTHEMES");
    let meant = deliveries.into_iter().filter(is_meant);
    let Some(latest) = meant.max_by_key(|e| (is_whole(e), edition_of(e), e.title.clone())) else {
        return Ok(None);
    };
    let url = on_service(client, &latest.href)?;
    let (files, _) = feed(client, &url)?;
    let archives: Vec<&Entry> = files.iter().filter(|f| f.href.ends_with(".7z")).collect();
    let [archive] = archives.as_slice() else {
        return Err(Error::input(
            &url,
            format!(
                "{} archives .7z dans cette livraison, une seule est attendue ; la télécharger à la main et l'indiquer dans le fichier de territoire",
                archives.len()
            ),
            format!(
                "{} .7z archives in this delivery, one is expected; download it by hand and name it in the territory file",
                archives.len()
            ),
        ));
    };
    Ok(Some(Delivered {
        url: on_service(client, &archive.href)?,
        bytes: archive.bytes,
        edition: latest.edition,
    }))
}

fn on_service(client: &Client, url: &str) -> Result<String> {
    client.services().on_download_host(url).ok_or_else(|| {
        Error::input(
            url,
            "le flux renvoie vers un autre hôte, ce qui n'est pas suivi",
            "the feed leads to another host, which is not followed",
        )
    })
}

/// The entries of a page of a feed, and the number of pages.
fn feed(client: &Client, url: &str) -> Result<(Vec<Entry>, usize)> {
    let bytes = client.get(Service::Download, url, Content::Xml, MOST_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    let strange = |detail: String| {
        Error::input(
            url,
            format!("flux Atom illisible : {detail}"),
            format!("unreadable Atom feed: {detail}"),
        )
    };
    let document = roxmltree::Document::parse(&text).map_err(|e| strange(e.to_string()))?;
    let root = document.root_element();
    if root.tag_name().name() != "feed" {
        return Err(strange(format!("<{}>", root.tag_name().name())));
    }
    let pages = root.attribute((OWN, "pagecount")).and_then(|n| n.parse().ok()).unwrap_or(1);
    let entries =
        root.children().filter(|node| node.tag_name().name() == "entry").filter_map(entry);
    Ok((entries.collect(), pages))
}

fn entry(node: roxmltree::Node<'_, '_>) -> Option<Entry> {
    let child = |name: &str| node.children().find(|n| n.tag_name().name() == name);
    let text = |name: &str| child(name)?.text().map(|t| t.trim().to_owned());
    let term = |name: &str| child(name)?.attribute("term").map(str::to_owned);
    let link = child("link");
    let href = link.and_then(|l| l.attribute("href")).map(str::to_owned).or_else(|| text("id"))?;
    Some(Entry {
        title: text("title").unwrap_or_default(),
        href,
        bytes: link.and_then(|l| l.attribute((OWN, "length"))).and_then(|n| n.parse().ok()),
        zone: term("zone"),
        format: term("format"),
        edition: text("editionDate").filter(|date| !date.is_empty()),
    })
}
