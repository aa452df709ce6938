//! National product → domain types.
//!
//! A reader takes the neutral tables of [`formats`](crate::formats), finds the fields of its product
//! under whatever names a delivery gives them, takes out the product's codes for *no value*, and
//! gives [`Features`](crate::territory::Features) with an [`ImportReport`]. What varies — names,
//! nomenclatures — is data, in files beside the code.
//!
//! | reader | product |
//! |---|---|
//! | [`BdTopo`] | BD TOPO V3: GeoPackage, shapefile, WFS |
//! | [`bd_france`] | BD France, vegetation theme |
//! | [`bd_foret`] | BD Forêt V2 |
//! | [`rpg`] | RPG, farmed parcels |
//! | [`OcsGe`] | OCS GE land cover |
//! | [`plu`] | urban-planning documents and easements |
//! | [`cadastre`] | parcels |
//! | [`ppr`] | risk-prevention plans |
//! | [`lidar_hd`] | classes of LiDAR HD |

pub mod bd_foret;
pub mod bd_france;
mod bdtopo;
pub mod cadastre;
mod cells;
mod cover_zones;
mod facility_table;
mod geometry_check;
mod hedges;
mod import_report;
mod layer_import;
pub mod lidar_hd;
mod ocsge;
pub mod plu;
pub mod ppr;
mod reshape;
pub mod rpg;
mod semicolon_table;
pub mod tri;

pub use bdtopo::BdTopo;
pub use facility_table::FacilityTable;
pub use import_report::{ImportReport, LayerReport, SkipReason};
pub use ocsge::OcsGe;
