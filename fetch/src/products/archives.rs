//! Products that come as an archive for a department, of which the area is cut out.

use std::path::Path;

use twin_core::language::Text;
use twin_core::{Error, Result};

use super::{Got, Part, Product, Source};
use crate::archive::vector_files;
use crate::atom;
use crate::client::{Client, with_suffix};
use crate::clip::clip;
use crate::content::Content;
use crate::place::Area;
use crate::services::Service;

/// Most bytes of an archive: the largest departments of BD TOPO have a fifth of it.
const MOST_BYTES: u64 = 4_000_000_000;

/// Where archives are found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shelf {
    /// A product of the download service of the Géoplateforme, latest edition.
    Geoplateforme(&'static str),
    /// A file of Géorisques by department: the address with `{}` for its code, and the edition where
    /// the address is that of one.
    Georisques(&'static str, Option<&'static str>),
}

/// A product made of archives.
#[derive(Debug, Clone, Copy)]
pub struct Archives {
    /// Name in options and folders.
    pub(super) code: &'static str,
    /// Where they are found.
    pub(super) shelf: Shelf,
    /// Whether a territory is not to be had without it.
    pub(super) is_essential: bool,
    /// Tables that are taken, by their name in small letters.
    pub(super) is_wanted: fn(&str) -> bool,
    /// What the territory file says of it.
    pub(super) sources: &'static [Source],
    /// Licence and whom to name.
    pub(super) licence: (&'static str, &'static str),
}

impl Archives {
    fn service_and_content(&self) -> (Service, Content, &'static str) {
        match self.shelf {
            Shelf::Geoplateforme(_) => (Service::Download, Content::SevenZip, "archive.7z"),
            Shelf::Georisques(..) => (Service::GeorisquesFiles, Content::Zip, "archive.zip"),
        }
    }
}

impl Product for Archives {
    fn code(&self) -> &'static str {
        self.code
    }

    fn is_essential(&self, _: &str) -> bool {
        self.is_essential
    }

    fn parts(&self, area: &Area, client: &Client) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        for department in &area.departments {
            let file = format!("{}-{department}.gpkg", self.code);
            let part = match self.shelf {
                Shelf::Geoplateforme(product) => {
                    let zone = format!("D{department:0>3}");
                    match atom::latest(client, product, &zone)? {
                        Some(found) => Part {
                            file,
                            url: found.url,
                            expected_bytes: found.bytes,
                            edition: found.edition,
                        },
                        None => {
                            client.notice(Text::new(
                                format!("{product} : aucune livraison GeoPackage pour {zone}"),
                                format!("{product}: no GeoPackage is delivered for {zone}"),
                            ));
                            continue;
                        }
                    }
                }
                Shelf::Georisques(address, edition) => {
                    let path = address.replace("{}", &department.to_lowercase());
                    Part {
                        file,
                        url: format!("{}/{path}", client.base(Service::GeorisquesFiles)),
                        expected_bytes: None,
                        edition: edition.map(str::to_owned),
                    }
                }
            };
            parts.push(part.in_window(area));
        }
        Ok(parts)
    }

    fn get(&self, part: &Part, area: &Area, client: &Client, to: &Path) -> Result<Got> {
        let (service, content, suffix) = self.service_and_content();
        let archive = with_suffix(to, suffix);
        let url = part.address();
        let entry = client.cache().entry("archives", url, part.edition.as_deref());
        // Here from a call that got no further, else from another territory, else from the service.
        let is_here = archive.is_file()
            || entry.as_ref().map_or(Ok(false), |entry| entry.copy_to(&archive))?;
        if !is_here && client.download(service, url, &archive, content, MOST_BYTES)?.is_none() {
            return Err(Error::input(
                url,
                "aucune archive à cette adresse (HTTP 404) : rien n'est publié pour ce département, ou l'adresse a changé ; voir --base-url",
                "no archive at this address (HTTP 404): nothing is published for this department, or the address has changed; see --base-url",
            ));
        }
        let folder = with_suffix(to, "part.d");
        let go_on = || client.check_cancelled();
        let wanted = |name: &str| (self.is_wanted)(&name.to_lowercase());
        let clipped = vector_files(&archive, &folder, &go_on)
            .and_then(|files| clip(&files, area, client, &wanted, to));
        let _ = std::fs::remove_dir_all(&folder);
        match (&clipped, entry) {
            (Ok(_), Some(entry)) => entry.keep(&archive),
            // A damaged archive is asked for again at the next call.
            (Err(Error::File { .. }), Some(entry)) => entry.forget(),
            _ => (),
        }
        if matches!(clipped, Ok(_) | Err(Error::File { .. })) {
            std::fs::remove_file(&archive).map_err(Error::write(&archive))?;
        }
        Ok(match clipped? {
            0 => Got::Nothing,
            count => Got::File(Some(count)),
        })
    }

    fn sources(&self) -> &'static [Source] {
        self.sources
    }

    fn licence(&self) -> (&'static str, &'static str) {
        self.licence
    }
}
