//! `twin fetch`: what a territory needs, from the national services.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use twin_core::{Error, Language, Result};
use twin_fetch::products::{Got, named};
use twin_fetch::{Cache, Client, Event, Patience, Place, Plan, Request, Services};

use crate::arguments::{FetchArguments, NetworkArguments, PlaceArguments};
use crate::console::{Console, cancellation, line};

/// Fetches a place, or tells what would be fetched.
pub(crate) fn fetch(given: &FetchArguments, console: &Arc<Console>) -> Result<()> {
    let place = place(&given.place)?;
    if !(0.1..=100.0).contains(&given.resolution) {
        return Err(Error::input(
            "--resolution",
            "donner une résolution de 0,1 à 100 m",
            "give a resolution of 0.1 to 100 m",
        ));
    }
    let out = given.out.clone().unwrap_or_else(|| folder(&place));
    let request = Request {
        place,
        buffer_m: given.buffer,
        products: named(&given.products)?,
        out,
        update: given.update,
        resolution_m: given.resolution,
    };
    let client = network(&given.network)?;
    if given.dry_run {
        return tell_plan(&request, &client, console.language);
    }
    let path = get(&request, &client, console)?;
    let told = path.display();
    console.say(
        &format!("Fichier de territoire : {told} ; ensuite : twin assemble {told}"),
        &format!("Territory file: {told}; next: twin assemble {told}"),
    );
    Ok(())
}

/// Fetches a commune by its INSEE code with everything that a study wants; returns the territory file.
pub(crate) fn commune(
    insee: &str,
    out: &Path,
    given: &NetworkArguments,
    console: &Arc<Console>,
) -> Result<PathBuf> {
    let request = Request {
        place: Place::Insee(insee.to_owned()),
        buffer_m: 200.0,
        products: named(&[])?,
        out: out.to_path_buf(),
        update: false,
        resolution_m: 1.0,
    };
    let client = network(given)?;
    get(&request, &client, console)
}

fn get(request: &Request<'_>, client: &Client, console: &Arc<Console>) -> Result<PathBuf> {
    let (listener, nothing) = (console.clone(), Mutex::new(Vec::<String>::new()));
    let tell = |event: Event<'_>| match event {
        Event::Found(area) => {
            let km2 = listener.language.number(area.extent.area() / 1e6, 1);
            let communes = area.insee.join(" ");
            listener.say(
                &format!("{} {communes} : {km2} km² avec la marge", area.name),
                &format!("{} {communes}: {km2} km² with the buffer", area.name),
            );
        }
        Event::Came(name, Got::Nothing) => {
            if let Ok(mut names) = nothing.lock() {
                names.push(name.trim_start_matches("sources/").to_owned());
            }
        }
        Event::Came(name, Got::Absent) => listener.say(
            &format!("{name} : dans l'index et pas sur le serveur"),
            &format!("{name}: in the index and not on the server"),
        ),
        Event::Came(name, Got::File(Some(count))) => {
            listener.say(&format!("{name} : {count} objets"), &format!("{name}: {count} features"));
        }
        Event::Came(name, Got::File(None)) => listener.say(name, name),
        Event::Done(done, count) => {
            let share = done as f64 / count.max(1) as f64;
            listener.show("téléchargement", "download", share);
        }
        Event::Offline(host) => listener.say(
            &format!("{host} est injoignable : ce qu'un appel précédent a rapporté est utilisé"),
            &format!("{host} cannot be reached: what an earlier call brought is used"),
        ),
        Event::Failed(name, why) => listener.say(
            &format!("{name} : non obtenu, on continue sans – {}", why.text(Language::Fr)),
            &format!("{name}: not got, going on without it – {}", why.text(Language::En)),
        ),
        Event::Kept(_) => (),
    };
    let outcome = console
        .timed("téléchargement", "download", || twin_fetch::fetch(request, client, &tell))?;
    console.clear();
    let mut nothing = nothing.into_inner().unwrap_or_default();
    if !nothing.is_empty() {
        nothing.sort();
        let names = nothing.join(", ");
        console.say(
            &format!("Rien n'est publié ici pour : {names}"),
            &format!("Nothing is published here for: {names}"),
        );
    }
    for notice in &outcome.notices {
        console.say(&notice.fr, &notice.en);
    }
    if !outcome.is_own_territory {
        let path = outcome.territory.display();
        console.say(
            &format!(
                "{path} a été modifié à la main et reste tel quel : y ajouter les nouvelles sources"
            ),
            &format!("{path} was changed by hand and stays as it is: add new sources to it"),
        );
    }
    if !outcome.failed.is_empty() {
        let count = outcome.failed.len();
        console.say(
            &format!("{count} fichier(s) non obtenu(s), notés dans sources/fetch.json : relancer la même commande les redemande"),
            &format!("{count} file(s) not got, written down in sources/fetch.json: the same command asks for them again"),
        );
    }
    if request.update {
        let list = |names: &[String]| match names.is_empty() {
            true => "–".to_owned(),
            false => names.join(", "),
        };
        let (new, changed, gone) =
            (list(&outcome.new), list(&outcome.changed), list(&outcome.gone));
        console.say(
            &format!("Nouveaux : {new} ; changés : {changed} ; disparus : {gone}"),
            &format!("New: {new}; changed: {changed}; gone: {gone}"),
        );
    }
    Ok(outcome.territory)
}

/// Every file with its size or its number of features, address, edition, licence and attribution.
fn tell_plan(request: &Request<'_>, client: &Client, language: Language) -> Result<()> {
    let Plan { area, parts, failed } = twin_fetch::plan(request, client)?;
    for (name, error) in &failed {
        line(&format!("{name} : {}", error.text(language)));
    }
    let km2 = language.number(area.extent.area() / 1e6, 1);
    line(&format!("{} {} – {km2} km²", area.name, area.insee.join(" ")));
    let mut bytes = 0;
    for (product, part) in &parts {
        let (licence, attribution) = product.licence();
        let edition = part.edition.as_deref().unwrap_or("–");
        let count = match product.count(part, &area, client) {
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            // A layer that cannot be counted may still be fetched, or told not to be there.
            count => count.unwrap_or_default(),
        };
        let amount = match (part.expected_bytes, count) {
            (Some(size), _) => {
                format!("{} {}", language.number(size as f64 / 1e6, 1), language.pick("Mo", "MB"))
            }
            (None, Some(count)) => match language {
                Language::Fr => format!("{count} objets"),
                Language::En => format!("{count} features"),
            },
            (None, None) => "?".to_owned(),
        };
        bytes += part.expected_bytes.unwrap_or(0);
        line(&format!(
            "{:<15} {:<55} {amount:>14}  {edition}  {licence}  {attribution}",
            product.code(),
            part.file
        ));
        line(&format!("                {}", part.url));
    }
    let gigabytes = language.number(bytes as f64 / 1e9, 2);
    let count = parts.len();
    line(&match language {
        Language::Fr => {
            format!("{count} fichiers ; environ {gigabytes} Go, sans les couches et les tables")
        }
        Language::En => {
            format!("{count} files; about {gigabytes} GB, layers and tables apart")
        }
    });
    Ok(())
}

fn place(given: &PlaceArguments) -> Result<Place> {
    let PlaceArguments { insee, name, epci, bbox, polygon, around } = given;
    if let Some(code) = insee {
        return Ok(Place::Insee(code.clone()));
    }
    if let Some(name) = name {
        return Ok(Place::Name(name.clone()));
    }
    if let Some(siren) = epci {
        return Ok(Place::Epci(siren.clone()));
    }
    if let Some(sides) = bbox {
        return Ok(Place::Extent(*sides));
    }
    if let Some(path) = polygon {
        return Ok(Place::Polygons(path.clone()));
    }
    if let Some([x, y, radius]) = around {
        return Ok(Place::Around([*x, *y], *radius));
    }
    Err(Error::input(
        "twin fetch",
        "dire le lieu : --insee, --name, --epci, --bbox, --polygon ou --around",
        "say which place: --insee, --name, --epci, --bbox, --polygon or --around",
    ))
}

/// A folder named after the place.
fn folder(place: &Place) -> PathBuf {
    let name = match place {
        Place::Insee(code) => code.clone(),
        Place::Name(name) => name.clone(),
        Place::Epci(siren) => format!("epci-{siren}"),
        Place::Polygons(path) => {
            path.file_stem().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
        }
        Place::Extent(sides) => format!("emprise {}", sides.map(|side| side.to_string()).join(" ")),
        Place::Around([x, y], radius_m) => format!("autour {x} {y} {radius_m}"),
    };
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    PathBuf::from(name.chars().map(safe).collect::<String>())
}

fn network(given: &NetworkArguments) -> Result<Client> {
    if !(0.0..=60.0).contains(&given.wait) {
        return Err(Error::input("--wait", "donner de 0 à 60 s", "give 0 to 60 s"));
    }
    let patience = Patience {
        attempts: given.attempts,
        first_wait: Duration::from_secs_f64(given.wait),
        ..Patience::default()
    };
    let cache = match &given.cache {
        _ if given.no_cache => Cache::none(),
        Some(folder) => Cache::at(folder),
        None => Cache::of_user(),
    };
    Ok(Client::new(Services::with(&given.base_urls)?, cache, patience, cancellation()?))
}
