//! Clients and requests of the tests, and what came of them.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use twin_core::Error;
use twin_fetch::products::named;
use twin_fetch::{Cache, Client, Outcome, Patience, Place, Request, Service, Services, fetch};

use crate::server::{SOUTH, Server, WEST};

pub(crate) fn patience(attempts: u32) -> Patience {
    Patience {
        attempts,
        first_wait: Duration::from_millis(5),
        timeout: Duration::from_secs(10),
        idle: Duration::from_secs(20),
    }
}

/// A client of the server that nothing slows down and nothing is kept for.
pub(crate) fn client(server: &Server, attempts: u32) -> Client {
    client_with(server, attempts, Cache::none(), Arc::default())
}

pub(crate) fn client_with(
    server: &Server,
    attempts: u32,
    cache: Cache,
    flag: Arc<AtomicBool>,
) -> Client {
    let services = Services::with(&server.options()).unwrap();
    let client = Client::new(services, cache, patience(attempts), flag);
    Service::ALL.into_iter().fold(client, |client, service| client.with_rate(service, 1000.0))
}

pub(crate) fn request(out: &Path, products: &[&str]) -> Request<'static> {
    let names: Vec<String> = products.iter().map(|p| (*p).to_owned()).collect();
    Request {
        place: Place::Insee("12174".into()),
        buffer_m: 100.0,
        products: named(&names).unwrap(),
        out: out.to_path_buf(),
        update: false,
        resolution_m: 1.0,
    }
}

pub(crate) fn run(client: &Client, request: &Request<'_>) -> Result<Outcome, Error> {
    fetch(request, client, &|_| ())
}

/// A request for 130 m by 100 m in the south-west of the commune.
pub(crate) fn corner(out: &Path, products: &[&str]) -> Request<'static> {
    let [east, north] = [WEST + 150.0, SOUTH + 120.0];
    Request {
        place: Place::Extent([WEST + 20.0, SOUTH + 20.0, east, north]),
        buffer_m: 0.0,
        ..request(out, products)
    }
}

/// Names of the files of a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
