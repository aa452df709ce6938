//! `twin fetch`: what a territory needs, from the national services.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use twin_core::{Error, Language, Result};
use twin_fetch::products::{DEFAULT, Got, named};
use twin_fetch::{Client, Event, Patience, Place, Request, Services};

use crate::arguments::{FetchArguments, NetworkArguments, PlaceArguments};
use crate::console::{Console, cancellation, line};

/// Fetches a place, or tells what would be fetched.
pub(crate) fn fetch(given: &FetchArguments, console: &Arc<Console>) -> Result<()> {
    let place = place(&given.place)?;
    let names: Vec<String> = match given.products.is_empty() {
        true => DEFAULT.map(str::to_owned).into(),
        false => given.products.clone(),
    };
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
        products: named(&names)?,
        out,
        update: given.update,
        resolution_m: given.resolution,
    };
    let (client, services) = network(&given.network)?;
    if given.dry_run {
        return tell_plan(&request, &client, &services, console.language);
    }
    let path = get(&request, &client, &services, console)?;
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
        products: named(&DEFAULT.map(str::to_owned))?,
        out: out.to_path_buf(),
        update: false,
        resolution_m: 1.0,
    };
    let (client, services) = network(given)?;
    get(&request, &client, &services, console)
}

fn get(
    request: &Request<'_>,
    client: &Client,
    services: &Services,
    console: &Arc<Console>,
) -> Result<PathBuf> {
    let listener = console.clone();
    let tell = move |event: Event<'_>| match event {
        Event::Found(area) => {
            let km2 = listener.language.number(area.extent.area() / 1e6, 1);
            let communes = area.insee.join(" ");
            listener.say(
                &format!("{} {communes} : {km2} km² avec la marge", area.name),
                &format!("{} {communes}: {km2} km² with the buffer", area.name),
            );
        }
        Event::Came(name, Got::Nothing) => listener.say(
            &format!("{name} : rien n'est publié ici"),
            &format!("{name}: nothing is published here"),
        ),
        Event::Came(name, Got::File(Some(count))) => {
            listener.say(&format!("{name} : {count} objets"), &format!("{name}: {count} features"));
        }
        Event::Came(name, Got::File(None)) => listener.say(name, name),
        Event::Done(done, count) => {
            let share = done as f64 / count.max(1) as f64;
            listener.show("téléchargement", "download", share);
        }
        Event::Kept(_) => (),
    };
    let outcome = console.timed("téléchargement", "download", || {
        twin_fetch::fetch(request, client, services, &tell)
    })?;
    console.clear();
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

fn tell_plan(
    request: &Request<'_>,
    client: &Client,
    services: &Services,
    language: Language,
) -> Result<()> {
    let (area, parts) = twin_fetch::plan(request, client, services)?;
    let km2 = language.number(area.extent.area() / 1e6, 1);
    line(&format!("{} {} – {km2} km²", area.name, area.insee.join(" ")));
    let mut bytes = 0;
    for (product, part) in &parts {
        let (licence, attribution) = product.licence();
        let edition = part.edition.as_deref().unwrap_or("–");
        bytes += part.expected_bytes.unwrap_or(0);
        line(&format!(
            "{:<12} {:<60} {edition}  {licence}  {attribution}",
            product.code(),
            part.file
        ));
        line(&format!("             {}", part.url));
    }
    let gigabytes = language.number(bytes as f64 / 1e9, 1);
    let tiles = parts.iter().filter(|(_, part)| part.expected_bytes.is_some()).count();
    line(&match language {
        Language::Fr => {
            format!("{} fichiers, dont {tiles} dalles, environ {gigabytes} Go", parts.len())
        }
        Language::En => {
            format!("{} files, {tiles} of them tiles, about {gigabytes} GB", parts.len())
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
    if let Some(&[west, south, east, north]) = bbox.as_deref() {
        return Ok(Place::Extent([west, south, east, north]));
    }
    if let Some(path) = polygon {
        return Ok(Place::Polygons(path.clone()));
    }
    if let Some(&[x, y, radius]) = around.as_deref() {
        return Ok(Place::Around([x, y], radius));
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
        Place::Extent(_) | Place::Around(..) => "emprise".to_owned(),
    };
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    PathBuf::from(name.chars().map(safe).collect::<String>())
}

fn network(given: &NetworkArguments) -> Result<(Client, Services)> {
    if !(0.0..=60.0).contains(&given.wait) {
        return Err(Error::input("--wait", "donner de 0 à 60 s", "give 0 to 60 s"));
    }
    let patience = Patience {
        attempts: given.attempts,
        first_wait: Duration::from_secs_f64(given.wait),
        ..Patience::default()
    };
    Ok((Client::new(patience, cancellation()?), Services::with(&given.base_urls)?))
}
