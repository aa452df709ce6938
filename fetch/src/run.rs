//! All of it: the place, the products, the files, their record, the territory file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use twin_core::language::Text;
use twin_core::results::{hash_file, write_atomically};
use twin_core::spatial::{Crs, Extent};
use twin_core::{Error, Language, Result};

use crate::client::Client;
use crate::place::{Area, Place};
use crate::products::{ALTERNATIVES, Got, Part, Product, Source, all};
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
    /// Whether the territory file is ours: one that somebody changed is kept.
    pub is_own_territory: bool,
    /// What else the user should know.
    pub notices: Vec<Text>,
}

/// A file to get, and the product that gets it.
pub type Planned<'a> = (&'a dyn Product, Part);

/// What is to be got.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The area.
    pub area: Area,
    /// Its files.
    pub parts: Vec<Planned<'a>>,
    /// Products whose index could not be read, and why.
    pub failed: BTreeMap<String, Error>,
}

impl Request<'_> {
    fn asked(&self) -> String {
        format!("{}, buffer {} m", self.place, self.buffer_m)
    }
}

/// Finds the area and all files, and gets none.
///
/// # Errors
/// The place is unknown.
pub fn plan<'a>(request: &Request<'a>, client: &Client) -> Result<Plan<'a>> {
    planned(request, client, request.place.find(client, request.buffer_m)?)
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
    refuse_other_place(request, &before)?;
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
        place: request.place.to_string(),
        departments: area.departments.clone(),
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
    let mut stand_ins: Vec<(&String, Planned<'_>)> = Vec::new();
    for name in &absent {
        let file = name.rsplit('/').next().unwrap_or(name);
        for product in &request.products {
            let parts = product.stand_ins(file, &area, client);
            stand_ins.extend(parts.into_iter().map(|part| (name, (*product, part))));
        }
    }
    let stand_in_parts: Vec<Planned<'_>> = stand_ins.iter().map(|(_, p)| p.clone()).collect();
    let mut replaced: BTreeSet<&String> = BTreeSet::new();
    for ((absent, _), (name, result)) in stand_ins.iter().zip(run.all(&stand_in_parts)?) {
        match result {
            Ok(Got::File(_)) => {
                replaced.insert(absent);
            }
            Ok(_) => (),
            Err(error) => {
                failures.insert(name, error);
            }
        }
    }
    for name in absent.iter().filter(|name| !replaced.contains(name)) {
        failures.insert(name.clone(), absence(name));
    }
    parts.extend(stand_in_parts);
    let mut record = run.record.into_inner().unwrap_or_default();
    let gone = if client.unreached().is_none() {
        forget_others(request, &parts, &failures, &mut record)?
    } else {
        Vec::new()
    };
    record.failed =
        failures.iter().map(|(name, error)| (name.clone(), error.text(Language::Fr))).collect();
    record.write(&path)?;
    if let Some(name) = failures.keys().find(|name| is_essential(request, name)).cloned()
        && let Some(error) = failures.remove(&name)
    {
        return Err(error);
    }
    let (territory, is_own_territory) = write_territory(request, &area, &mut record, &path)?;
    let names: Vec<String> = parts.iter().map(name_of).collect();
    let mut outcome = outcome(area, territory, &names, &before, record);
    outcome.gone.extend(gone);
    outcome.is_own_territory = is_own_territory;
    outcome.notices = client.notices();
    Ok(outcome)
}

/// Whether a territory is not to be had without a file, or a product's index, of this name.
fn is_essential(request: &Request<'_>, name: &str) -> bool {
    request.products.iter().any(|product| match name.strip_prefix("sources/") {
        // The index of a product: essential where any of its files would be.
        None => name == product.code() && product.is_essential(""),
        Some(below) => below
            .strip_prefix(product.code())
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|file| product.is_essential(file)),
    })
}

/// A folder is of one place: files of two would make one territory.
fn refuse_other_place(request: &Request<'_>, before: &FetchRecord) -> Result<()> {
    let (here, asked) = (&before.place, request.place.to_string());
    if here.is_empty() || *here == asked {
        return Ok(());
    }
    Err(Error::input(
        request.out.display().to_string(),
        format!("ce dossier est celui d'un autre lieu ({here}) ; en donner un autre par --out"),
        format!("this folder is that of another place ({here}); give another one with --out"),
    ))
}

/// Removes what earlier calls brought and is no part of this one any more: tiles that left the index or
/// have another name, a product that an alternative takes the place of. Gives the names.
fn forget_others(
    request: &Request<'_>,
    parts: &[Planned<'_>],
    failures: &BTreeMap<String, Error>,
    record: &mut FetchRecord,
) -> Result<Vec<String>> {
    let wanted: BTreeSet<String> = parts.iter().map(name_of).collect();
    let is_asked = |code: &str| request.products.iter().any(|p| p.code() == code);
    // An index that suddenly names nothing is no reason to throw everything away.
    let has_parts = |code: &str| parts.iter().any(|(product, _)| product.code() == code);
    let is_replaced = |code: &str| {
        let pairs = ALTERNATIVES.iter().filter(|pair| pair.contains(&code));
        pairs.flatten().any(|other| *other != code && is_asked(other))
    };
    let is_gone = |name: &String| {
        let code = name.split('/').nth(1).unwrap_or_default();
        let is_known = has_parts(code) && !failures.contains_key(code);
        !wanted.contains(name) && (is_known || is_replaced(code))
    };
    let gone: Vec<String> = record.files.keys().filter(|name| is_gone(name)).cloned().collect();
    for name in &gone {
        let path = request.out.join(name);
        if path.is_file() {
            fs::remove_file(&path).map_err(Error::write(&path))?;
        }
    }
    let was_there = |name: &String| record.files.get(name).is_some_and(|file| file.bytes > 0);
    let told = gone.iter().filter(|name| was_there(name)).cloned().collect();
    record.files.retain(|name, _| !gone.contains(name));
    Ok(told)
}

fn name_of((product, part): &Planned<'_>) -> String {
    format!("sources/{}/{}", product.code(), part.file)
}

fn absence(name: &str) -> Error {
    Error::input(
        name,
        "l'index donne ce fichier et le serveur ne l'a pas (HTTP 404), aucun modèle d'IGN ne le remplace ; relancer plus tard, avec le produit lidar-models",
        "the index gives this file and the server has it not (HTTP 404), and no model of IGN stands in for it; call again later, with the product lidar-models",
    )
}

/// The area of an earlier call for the same place, where a host cannot be reached now.
fn recorded_area(before: &FetchRecord, asked: &str, client: &Client) -> Option<Area> {
    let is_same = client.unreached().is_some() && before.asked == asked;
    let [west, south, east, north] = before.extent;
    let extent = Extent::new(west, south, east, north).filter(|_| is_same)?;
    let crs = Crs::parse(&before.crs).ok()?;
    let (name, insee) = (before.name.clone(), before.insee.clone());
    Some(Area { name, insee, departments: before.departments.clone(), crs, extent })
}

/// Products whose index cannot be reached have the files that are recorded.
fn recall<'a>(plan: &mut Plan<'a>, request: &Request<'a>, before: &FetchRecord) {
    if before.asked != request.asked() {
        return;
    }
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
        // What has an edition is asked for again once that is another; the rest, and what was not there,
        // with every update.
        let was_there = known.is_some_and(|known| known.bytes > 0);
        let is_asked_again =
            self.request.update && !(is_same_edition && part.edition.is_some() && was_there);
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
                if !product.is_essential(&part.file) {
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
            if product.is_sound(to) {
                return Ok(Got::File(None));
            }
            entry.forget();
        }
        let got = product.get(part, self.area, self.client, to)?;
        if let (Some(entry), Got::File(_)) = (entry, got)
            && product.is_sound(to)
        {
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
    Outcome {
        area,
        territory,
        new,
        changed,
        gone,
        failed: record.failed,
        is_own_territory: true,
        notices: Vec::new(),
    }
}

/// The territory file: the area and a source for each product with files. One that somebody changed is
/// kept, and told.
fn write_territory(
    request: &Request<'_>,
    area: &Area,
    record: &mut FetchRecord,
    record_path: &Path,
) -> Result<(PathBuf, bool)> {
    let path = request.out.join("territoire.toml");
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
    let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
    let is_own = !path.exists() || {
        // Of a call that was stopped here the file may be newer than its record.
        let found = hash_file(&path)?;
        found == record.territory_hash || found == hash
    };
    if is_own {
        write_atomically(&path, text.as_bytes())?;
        record.territory_hash = hash;
    }
    record.write(record_path)?;
    Ok((path, is_own))
}

/// The edition of all files, where they have one and that holds no mark that a text could end with.
fn one_edition(editions: &[Option<String>]) -> Option<&str> {
    let first = editions.first()?.as_deref()?;
    let is_plain = first.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':'));
    (is_plain && editions.iter().all(|e| e.as_deref() == Some(first))).then_some(first)
}
