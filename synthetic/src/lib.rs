//! Deterministic synthetic French communes whose truth is known exactly.
//!
//! A [`Commune`] is a small valley with a meandering river, a stream, two bridges, a dyke that
//! protects a low-lying quarter, streets, buildings of every common roof shape, trees and fields.
//! Ground, bed, roofs, canopy and land cover are analytic, so that every product derived from the
//! written files can be compared with what it should be. The files are those of the national
//! products: LiDAR HD tiles (LAZ), BD TOPO V3, OCS GE, cadastre and PLU (GeoPackage).
//!
//! ```
//! use twin_synthetic::{Commune, CommuneOptions};
//!
//! let commune = Commune::generate(&CommuneOptions { size_m: 300.0, ..Default::default() })?;
//! let (x, y) = commune.extent().centre();
//! assert!(commune.surface_height(x, y) >= commune.terrain_height(x, y));
//! # Ok::<(), twin_core::Error>(())
//! ```
//!
//! The same options give the same bytes on any machine and for any number of threads: chance
//! comes from a counter-based hash ([`random`]) and shapes use only the operations
//! that IEEE 754 defines exactly (+, −, ×, ÷, √).

mod bd_topo;
mod building;
mod commune;
mod cover;
mod facility;
mod frame;
mod land_use;
mod lidar;
mod lots;
mod options;
pub mod random;
mod river;
mod roof;
mod scenario;
mod sections;
mod shores;
mod streets;
mod surface;
mod table;
mod terrain;
mod tiles;
mod vegetation;
mod write;
mod zoning;

pub use building::{Building, BuildingUse};
pub use commune::Commune;
pub use cover::Cover;
pub use facility::{Facility, FacilityKind};
pub use options::CommuneOptions;
pub use roof::{RoofPlane, RoofShape};
pub use scenario::{DykeCrest, ScenarioGeometry};
pub use streets::{Street, StreetClass};
pub use vegetation::{Hedge, Tree};
pub use write::Written;
