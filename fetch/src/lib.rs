//! `twin fetch`: what a territory needs, straight from the national services.
//!
//! The only crate that talks to a network. A [`Place`] (a commune by its INSEE code, an extent, a file …)
//! becomes an area; each product says in a file of its own what it asks for ([`products`]); the
//! [`Client`] keeps the limits of each service, tries again where a service is busy, goes on with broken
//! downloads and refuses what is not what was asked for; [`fetch()`] writes files, their record and the
//! territory file.
//!
//! | file | concern |
//! |---|---|
//! | `services` | addresses and limits of the services |
//! | `client`, `exchange`, `content` | requests: limits, retries, resuming; one request and its answer; whether that is what was asked for |
//! | `wfs`, `pages`, `raster`, `atom` | features, JSON records, windows of rasters, feeds |
//! | `far_file` | ranges of bytes of a far file |
//! | `archive`, `clip` | vector files out of archives, and what of them lies in the area |
//! | `cache` | files of an edition that territories share |
//! | `place` | which place is meant |
//! | [`products`] | one file for each product |
//! | `record` | `fetch.json`: what came whence, when, under which licence |
//! | `run` | all of it, and the territory file |
//!
//! Addresses and answers follow the services' documentation of November 2026; none of them could be
//! called while this was written (see `docs/decisions`).

mod archive;
mod atom;
mod cache;
mod client;
mod clip;
mod content;
mod exchange;
mod far_file;
mod pages;
mod place;
pub mod products;
mod raster;
mod record;
mod run;
mod services;
mod wfs;

pub use cache::Cache;
pub use client::{Client, Patience};
pub use place::{Area, Place};
pub use record::{FetchRecord, FetchedFile};
pub use run::{Event, Outcome, Plan, Planned, Request, fetch, plan};
pub use services::{Service, Services};
