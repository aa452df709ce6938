//! All of it: the place, the products, the files, their record, the territory file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;
use twin_core::results::{hash_file, write_atomically};
use twin_core::{Error, Result};

use crate::client::Client;
use crate::place::{Area, Place};
use crate::products::{Got, Part, Product};
use crate::record::{FetchRecord, FetchedFile};
use crate::services::Services;

/// Name of the record.
const RECORD: &str = "sources/fetch.json";

/// What the user asked for.
#[derive(Debug)]
pub struct Request<'a> {
    /// Where.
    pub place: Place,
    /// Metres around it.
    pub buffer_m: f64,
    /// What.
    pub products: Vec<&'a dyn Product>,
    /// Folder to write.
    pub out: PathBuf,
    /// Whether what is there is asked for again.
    pub update: bool,
    /// Resolution that the territory file states, metres.
    pub resolution_m: f64,
}

/// What happens, told while it does.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// The place was found.
    Found(&'a Area),
    /// A file was there already and is kept.
    Kept(&'a str),
    /// A file came, or there is nothing for the area.
    Came(&'a str, Got),
    /// So many files of so many are done.
    Done(usize, usize),
}

/// What a fetch came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The area.
    pub area: Area,
    /// The territory file.
    pub territory: PathBuf,
    /// Files that are new.
    pub new: Vec<String>,
    /// Files whose content changed.
    pub changed: Vec<String>,
    /// Files that are gone from the service.
    pub gone: Vec<String>,
}

/// A file to get, and the product that gets it.
pub type Planned<'a> = (&'a dyn Product, Part);

/// Finds the area and all files, and gets none.
///
/// # Errors
/// The place is unknown, an index cannot be read.
pub fn plan<'a>(
    request: &Request<'a>,
    client: &Client,
    services: &Services,
) -> Result<(Area, Vec<Planned<'a>>)> {
    let area = request.place.find(client, services, request.buffer_m)?;
    let mut all = Vec::new();
    for product in &request.products {
        let parts = product.parts(&area, client, services)?;
        all.extend(parts.into_iter().map(|part| (*product, part)));
    }
    Ok((area, all))
}

/// Gets everything and writes the territory file. What is there already is kept; after an interruption
/// the same call goes on.
///
/// # Errors
/// The first file that cannot be got, once all others were tried.
pub fn fetch(
    request: &Request<'_>,
    client: &Client,
    services: &Services,
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Result<Outcome> {
    let (area, parts) = plan(request, client, services)?;
    tell(Event::Found(&area));
    let path = request.out.join(RECORD);
    let before = FetchRecord::read(&path)?;
    let here = Mutex::new(FetchRecord {
        schema: 1,
        name: area.name.clone(),
        insee: area.insee.clone(),
        crs: String::from(area.crs),
        extent: area.extent.into(),
        files: before.files.clone(),
    });
    let count = parts.len();
    let done = std::sync::atomic::AtomicUsize::new(0);
    let one = |(product, part): &Planned<'_>| -> Result<()> {
        let name = format!("sources/{}/{}", product.code(), part.file);
        let to = request.out.join(&name);
        let known = before.files.get(&name).filter(|known| known.url == part.url);
        if !request.update && known.is_some_and(|known| is_whole(known, &to)) {
            tell(Event::Kept(&name));
        } else {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).map_err(Error::write(folder))?;
            }
            let got = product.get(part, &area, client, services, &to)?;
            let file = described(*product, part, got, &to)?;
            if let Ok(mut record) = here.lock() {
                record.files.insert(name.clone(), file);
                record.write(&path)?;
            }
            tell(Event::Came(&name, got));
        }
        let finished = 1 + done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        tell(Event::Done(finished, count));
        Ok(())
    };
    // Everything is tried, so that one tile that is missing costs no other.
    let results: Vec<Result<()>> = parts.par_iter().map(one).collect();
    results.into_iter().collect::<Result<Vec<()>>>()?;
    let record = here.into_inner().unwrap_or_default();
    record.write(&path)?;
    let names: Vec<String> =
        parts.iter().map(|(p, part)| format!("sources/{}/{}", p.code(), part.file)).collect();
    let territory = write_territory(request, &area, &record)?;
    let mut outcome =
        Outcome { area, territory, new: Vec::new(), changed: Vec::new(), gone: Vec::new() };
    for name in names {
        match (before.files.get(&name), record.files.get(&name)) {
            (None, Some(after)) if after.bytes > 0 => outcome.new.push(name),
            (Some(old), Some(after)) if old.hash != after.hash => match after.bytes {
                0 => outcome.gone.push(name),
                _ => outcome.changed.push(name),
            },
            _ => (),
        }
    }
    Ok(outcome)
}

/// Whether a file is as it was recorded.
fn is_whole(known: &FetchedFile, path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(found) => known.bytes > 0 && found.len() == known.bytes,
        Err(_) => known.bytes == 0,
    }
}

fn described(product: &dyn Product, part: &Part, got: Got, path: &Path) -> Result<FetchedFile> {
    let (licence, attribution) = product.licence();
    let (bytes, hash, features) = match got {
        Got::Nothing => (0, String::new(), Some(0)),
        Got::File(features) => {
            let length = fs::metadata(path).map_err(Error::read(path))?.len();
            (length, hash_file(path)?, features)
        }
    };
    if got == Got::Nothing && path.is_file() {
        // What the service no longer has would be taken for its present answer.
        fs::remove_file(path).map_err(Error::write(path))?;
    }
    Ok(FetchedFile {
        url: part.url.clone(),
        fetched_utc: jiff::Timestamp::now().to_string(),
        edition: part.edition.clone(),
        licence: licence.to_owned(),
        attribution: attribution.to_owned(),
        bytes,
        features,
        hash,
    })
}

/// The territory file: the area and a source for each product with files. One that is there is kept.
fn write_territory(request: &Request<'_>, area: &Area, record: &FetchRecord) -> Result<PathBuf> {
    let path = request.out.join("territoire.toml");
    if path.exists() {
        return Ok(path);
    }
    let [west, south, east, north] = <[f64; 4]>::from(area.extent);
    let name = area.name.replace(['"', '\\', '\n', '\r'], " ");
    let mut text = format!(
        "# Écrit par « twin fetch » ; sources et licences : {RECORD}\nschema = 1\nname = \"{name}\"\ncrs = \"{}\"\nextent = [{west:.1}, {south:.1}, {east:.1}, {north:.1}]\nresolution_m = {:?}\n",
        String::from(area.crs),
        request.resolution_m,
    );
    for product in &request.products {
        let folder = format!("sources/{}/", product.code());
        let mut files =
            record.files.iter().filter(|(name, f)| name.starts_with(&folder) && f.bytes > 0);
        let Some((source, pattern)) = product.source().filter(|_| files.next().is_some()) else {
            continue;
        };
        let (licence, attribution) = product.licence();
        text.push_str(&format!(
            "\n[[source]]\nproduct = \"{source}\"\npath = \"{pattern}\"\nlicence = \"{licence}\"\nattribution = \"{attribution}\"\n"
        ));
    }
    write_atomically(&path, text.as_bytes())?;
    Ok(path)
}
