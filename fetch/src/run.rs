//! All of it: the place, the products, the files, their record, the territory file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use twin_core::results::{hash_file, write_atomically};
use twin_core::spatial::{Crs, Extent};
use twin_core::{Error, Language, Result};

use crate::client::Client;
use crate::place::{Area, Place};
use crate::products::{Got, Part, Product, Source, all};
use crate::record::{FetchRecord, FetchedFile};

/// Name of the record.
const RECORD: &str = "sources/fetch.json";
/// Files that come at once. Most of the time they wait for their turn at a service.
const AT_ONCE: usize = 8;

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
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// The place was found.
    Found(&'a Area),
    /// A host cannot be reached; what is there already is used.
    Offline(&'a str),
    /// A file was there already and is kept.
    Kept(&'a str),
    /// A file came, or there is nothing for the area.
    Came(&'a str, Got),
    /// A file, or a product, of which the rest can do without could not be got.
    Failed(&'a str, &'a Error),
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
    /// Files and products that could not be got, and why.
    pub failed: BTreeMap<String, String>,
}

/// A file to get, and the product that gets it.
pub type Planned<'a> = (&'a dyn Product, Part);

/// What is to be got.
struct Plan<'a> {
    area: Area,
    parts: Vec<Planned<'a>>,
    /// Products whose index could not be read.
    failed: BTreeMap<String, Error>,
}

impl Request<'_> {
    fn asked(&self) -> String {
        format!("{}, buffer {} m", self.place, self.buffer_m)
    }
}

/// Finds the area and all files, and gets none.
///
/// # Errors
/// The place is unknown, an index cannot be read.
pub fn plan<'a>(request: &Request<'a>, client: &Client) -> Result<(Area, Vec<Planned<'a>>)> {
    let area = request.place.find(client, request.buffer_m)?;
    let plan = planned(request, client, area)?;
    match plan.failed.into_values().next() {
        Some(error) => Err(error),
        None => Ok((plan.area, plan.parts)),
    }
}

fn planned<'a>(request: &Request<'a>, client: &Client, area: Area) -> Result<Plan<'a>> {
    let mut plan = Plan { area, parts: Vec::new(), failed: BTreeMap::new() };
    for product in &request.products {
        match product.parts(&plan.area, client) {
            Ok(parts) => plan.parts.extend(parts.into_iter().map(|part| (*product, part))),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => {
                plan.failed.insert(product.code().to_owned(), error);
            }
        }
    }
    Ok(plan)
}

/// Gets everything and writes the territory file. What is there already is kept; after an interruption
/// the same call goes on. What of the products that are not essential cannot be got is told, and written
/// down. Where a host cannot be reached, what an earlier call for the same place brought is used.
///
/// # Errors
/// The first file of an essential product that cannot be got, once all others were tried.
pub fn fetch(
    request: &Request<'_>,
    client: &Client,
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Result<Outcome> {
    let path = request.out.join(RECORD);
    let before = FetchRecord::read(&path)?;
    let area = match request.place.find(client, request.buffer_m) {
        Err(error) => recorded_area(&before, &request.asked(), client).ok_or(error)?,
        found => found?,
    };
    let mut plan = planned(request, client, area)?;
    if let Some(host) = client.unreached() {
        tell(Event::Offline(&host));
        recall(&mut plan, request, &before);
    }
    let Plan { area, mut parts, failed } = plan;
    tell(Event::Found(&area));
    let mut failures: BTreeMap<String, Error> = BTreeMap::new();
    for (code, error) in failed {
        tell(Event::Failed(&code, &error));
        failures.insert(code, error);
    }
    let record = FetchRecord {
        schema: 1,
        asked: request.asked(),
        name: area.name.clone(),
        insee: area.insee.clone(),
        crs: String::from(area.crs),
        extent: area.extent.into(),
        territory_hash: before.territory_hash.clone(),
        files: before.files.clone(),
        failed: BTreeMap::new(),
    };
    let run = Run {
        request,
        client,
        area: &area,
        before: &before,
        path: &path,
        tell,
        record: Mutex::new(record),
    };
    let mut absent = Vec::new();
    for (name, result) in run.all(&parts)? {
        match result {
            Ok(Got::Absent) => absent.push(name),
            Ok(_) => (),
            Err(error) => {
                failures.insert(name, error);
            }
        }
    }
    let stand_ins = stand_ins(request, &absent, &area, client);
    if stand_ins.is_empty() {
        failures.extend(absent.into_iter().map(|name| (name.clone(), absence(&name))));
    }
    for (name, result) in run.all(&stand_ins)? {
        if let Err(error) = result {
            failures.insert(name, error);
        }
    }
    parts.extend(stand_ins);
    let mut record = run.record.into_inner().unwrap_or_default();
    record.failed =
        failures.iter().map(|(name, error)| (name.clone(), error.text(Language::Fr))).collect();
    record.write(&path)?;
    let is_essential = |name: &String| {
        let of = |p: &&&dyn Product| {
            name == p.code() || name.starts_with(&format!("sources/{}/", p.code()))
        };
        request.products.iter().find(of).is_some_and(|p| p.is_essential())
    };
    if let Some(name) = failures.keys().find(|name| is_essential(name)).cloned()
        && let Some(error) = failures.remove(&name)
    {
        return Err(error);
    }
    let territory = write_territory(request, &area, &mut record)?;
    record.write(&path)?;
    let names: Vec<String> = parts.iter().map(name_of).collect();
    Ok(outcome(area, territory, &names, &before, record))
}

fn name_of((product, part): &Planned<'_>) -> String {
    format!("sources/{}/{}", product.code(), part.file)
}

/// Files that other products give in place of absent ones.
fn stand_ins<'a>(
    request: &Request<'a>,
    absent: &[String],
    area: &Area,
    client: &Client,
) -> Vec<Planned<'a>> {
    let files: Vec<String> =
        absent.iter().filter_map(|name| Some(name.rsplit('/').next()?.to_owned())).collect();
    let of = |product: &&'a dyn Product| {
        let product = *product;
        let parts = product.stand_ins(&files, area, client);
        parts.into_iter().map(move |part| (product, part))
    };
    request.products.iter().flat_map(of).collect()
}

fn absence(name: &str) -> Error {
    Error::input(
        name,
        "l'index donne ce fichier et le serveur ne l'a pas (HTTP 404) ; relancer plus tard, ou ajouter lidar-models aux produits : les modèles d'IGN le remplacent",
        "the index gives this file and the server has it not (HTTP 404); call again later, or add lidar-models to the products: the models of IGN stand in for it",
    )
}

/// The area of an earlier call for the same place, where a host cannot be reached now.
fn recorded_area(before: &FetchRecord, asked: &str, client: &Client) -> Option<Area> {
    let is_same = client.unreached().is_some() && before.asked == asked;
    let [west, south, east, north] = before.extent;
    let extent = Extent::new(west, south, east, north).filter(|_| is_same)?;
    let crs = Crs::parse(&before.crs).ok()?;
    Some(Area { name: before.name.clone(), insee: before.insee.clone(), crs, extent })
}

/// Products whose index cannot be reached have the files that are recorded.
fn recall<'a>(plan: &mut Plan<'a>, request: &Request<'a>, before: &FetchRecord) {
    for product in &request.products {
        let folder = format!("sources/{}/", product.code());
        let files = before.files.iter().filter(|(name, _)| name.starts_with(&folder));
        let parts: Vec<Planned<'a>> = files
            .map(|(name, known)| {
                let part = Part {
                    file: name[folder.len()..].to_owned(),
                    url: known.url.clone(),
                    expected_bytes: None,
                    edition: known.edition.clone(),
                };
                (*product, part)
            })
            .collect();
        if !parts.is_empty() && plan.failed.remove(product.code()).is_some() {
            plan.parts.extend(parts);
        }
    }
}

/// A fetch on its way.
struct Run<'a> {
    request: &'a Request<'a>,
    client: &'a Client,
    area: &'a Area,
    before: &'a FetchRecord,
    path: &'a Path,
    tell: &'a (dyn Fn(Event<'_>) + Sync),
    record: Mutex<FetchRecord>,
}

impl Run<'_> {
    /// Gets files. Everything is tried, so that one that is missing costs no other.
    fn all(&self, parts: &[Planned<'_>]) -> Result<Vec<(String, Result<Got>)>> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(AT_ONCE).build();
        let pool = pool.map_err(|e| Error::input("twin fetch", e.to_string(), e.to_string()))?;
        let done = AtomicUsize::new(0);
        let one = |planned: &Planned<'_>| {
            let name = name_of(planned);
            let result = self.get(planned, &name);
            let finished = 1 + done.fetch_add(1, Ordering::Relaxed);
            (self.tell)(Event::Done(finished, parts.len()));
            (name, result)
        };
        let results: Vec<(String, Result<Got>)> =
            pool.install(|| parts.par_iter().map(one).collect());
        match results.iter().any(|(_, result)| matches!(result, Err(Error::Cancelled))) {
            true => Err(Error::Cancelled),
            false => Ok(results),
        }
    }

    fn get(&self, (product, part): &Planned<'_>, name: &str) -> Result<Got> {
        let to = self.request.out.join(name);
        let known = self.before.files.get(name).filter(|known| known.url == part.url);
        let is_same_edition = known.is_some_and(|known| known.edition == part.edition);
        // What has an edition is asked for again once that is another; the rest with every update.
        let is_asked_again = self.request.update && !(is_same_edition && part.edition.is_some());
        if !is_asked_again && is_same_edition && known.is_some_and(|known| is_whole(known, &to)) {
            (self.tell)(Event::Kept(name));
            return Ok(Got::File(None));
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(Error::write(folder))?;
        }
        let got = match self.obtain(*product, part, &to) {
            Ok(got) => got,
            // An earlier answer is better than none.
            Err(error) if !matches!(error, Error::Cancelled) => {
                if !self.request.update && known.is_some_and(|known| is_whole(known, &to)) {
                    (self.tell)(Event::Kept(name));
                    return Ok(Got::File(None));
                }
                if !product.is_essential() {
                    (self.tell)(Event::Failed(name, &error));
                }
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        if got == Got::Absent {
            // Not written down: it may be there at the next call.
            (self.tell)(Event::Came(name, got));
            return Ok(got);
        }
        let file = described(*product, part, got, &to)?;
        if let Ok(mut record) = self.record.lock() {
            record.files.insert(name.to_owned(), file);
            record.write(self.path)?;
        }
        (self.tell)(Event::Came(name, got));
        Ok(got)
    }

    fn obtain(&self, product: &dyn Product, part: &Part, to: &Path) -> Result<Got> {
        let cache = self.client.cache();
        let entry = cache.entry(product.code(), &part.url, part.edition.as_deref());
        if let Some(entry) = &entry
            && entry.copy_to(to)?
        {
            return Ok(Got::File(None));
        }
        let got = product.get(part, self.area, self.client, to)?;
        if let (Some(entry), Got::File(_)) = (entry, got) {
            entry.keep(to);
        }
        Ok(got)
    }
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
        Got::Nothing | Got::Absent => (0, String::new(), Some(0)),
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

fn outcome(
    area: Area,
    territory: PathBuf,
    names: &[String],
    before: &FetchRecord,
    record: FetchRecord,
) -> Outcome {
    let (mut new, mut changed, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match (before.files.get(name), record.files.get(name)) {
            (None, Some(after)) if after.bytes > 0 => new.push(name.clone()),
            (Some(old), Some(after)) if old.hash != after.hash => match (old.bytes, after.bytes) {
                (0, _) => new.push(name.clone()),
                (_, 0) => gone.push(name.clone()),
                _ => changed.push(name.clone()),
            },
            _ => (),
        }
    }
    Outcome { area, territory, new, changed, gone, failed: record.failed }
}

/// The territory file: the area and a source for each product with files. One that somebody changed is
/// kept.
fn write_territory(
    request: &Request<'_>,
    area: &Area,
    record: &mut FetchRecord,
) -> Result<PathBuf> {
    let path = request.out.join("territoire.toml");
    if path.exists() && hash_file(&path)? != record.territory_hash {
        return Ok(path);
    }
    let [west, south, east, north] = <[f64; 4]>::from(area.extent);
    let name = area.name.replace(['"', '\\', '\n', '\r'], " ");
    let mut text = format!(
        "# Écrit par « twin fetch » ; sources et licences : {RECORD}\nschema = 1\nname = \"{name}\"\ncrs = \"{}\"\nextent = [{west:.1}, {south:.1}, {east:.1}, {north:.1}]\nresolution_m = {:?}\n",
        String::from(area.crs),
        request.resolution_m,
    );
    // What earlier calls brought belongs to the territory too.
    for product in all() {
        let (licence, attribution) = product.licence();
        for Source { product, pattern, key, layer } in product.sources() {
            let prefix = pattern.split('*').next().unwrap_or(pattern);
            let files =
                record.files.iter().filter(|(name, f)| name.starts_with(prefix) && f.bytes > 0);
            let editions = files.map(|(_, file)| file.edition.clone()).collect::<Vec<_>>();
            if editions.is_empty() {
                continue;
            }
            text.push_str(&format!(
                "\n[[source]]\nproduct = \"{product}\"\npath = \"{pattern}\"\nlicence = \"{licence}\"\nattribution = \"{attribution}\"\n"
            ));
            let stated = [("key", *key), ("layer", *layer), ("edition", one_edition(&editions))];
            for (name, value) in stated {
                if let Some(value) = value {
                    text.push_str(&format!("{name} = \"{value}\"\n"));
                }
            }
        }
    }
    write_atomically(&path, text.as_bytes())?;
    record.territory_hash = hash_file(&path)?;
    Ok(path)
}

/// The edition of all files, where they have one and that holds no mark that a text could end with.
fn one_edition(editions: &[Option<String>]) -> Option<&str> {
    let first = editions.first()?.as_deref()?;
    let is_plain = first.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':'));
    (is_plain && editions.iter().all(|e| e.as_deref() == Some(first))).then_some(first)
}
