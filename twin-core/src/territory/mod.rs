//! The domain model: what a territory is made of, whatever product it comes from.
//!
//! Every kind of vector feature is a [`Layer`]: an identifier, a geometry, and typed attributes that
//! are all optional, because national products are incomplete. [`Features`] holds them all and goes
//! to the tables of `features.gpkg` and back without loss. [`LandCover`] names the classes of the
//! categorical grid, [`SurfaceProperties`] what each class means physically.

mod attribute;
mod building;
mod building_model;
mod commune;
mod construction;
mod crest_lines;
mod crossings;
mod edit;
mod facility;
mod features;
mod features_store;
mod file;
mod geometry_input;
mod ground_position;
mod hydrography;
mod identifier;
mod land_cover;
mod layer;
mod local_attribute;
mod parcel;
mod quality;
mod rail;
mod relief;
mod road;
mod roof_plane;
mod state;
mod store;
mod surface_properties;
mod transport;
mod vegetation;
mod view;
mod water;
mod zone;

pub use attribute::{Attribute, Label, Unreadable, fold};
pub use building::{Building, BuildingNature, BuildingUse, FootprintOrigin};
pub use building_model::BuildingModel;
pub use commune::Commune;
pub use construction::{
    Cemetery, LinearConstruction, LinearConstructionNature, PointConstruction, Pylon, Reservoir,
    ReservoirNature, SportsGround, SportsGroundNature, SurfaceConstruction,
    SurfaceConstructionNature,
};
pub use crossings::{Crossing, crossings, lowest_exit};
pub use edit::{
    BasinOutlet, BreachTrigger, Culvert, CulvertBarrel, CulvertLaid, Edit, GreenRoof, InletName,
    LineStructure, OpeningKind, PlanningRules, RasterOperation, ShadeSail, StructureBreach,
    StructureOpening,
};
pub use facility::{Facility, FacilityClass, FacilityClasses};
pub use features::{FeatureVisitor, FeatureVisitorMut, Features};
pub use file::{
    Product, SelectionRule, SourceEntry, SourceRecord, TERRITORY_SCHEMA, TerritoryFile,
    TerritoryManifest,
};
pub use geometry_input::{GeometryInput, read_vector_in};
pub use ground_position::GroundPosition;
pub use hydrography::{BedChange, BedRule, GivenSection, HydrographyReport, HydrographySettings};
pub use identifier::{InseeCode, RnbId};
pub use land_cover::{LandCover, LandCoverZone};
pub use layer::{Column, Layer, Oddities, Shape, intersects};
pub use local_attribute::{BASEMENT, FLOOR_HEIGHT, LocalAttribute};
pub use parcel::Parcel;
pub use quality::{
    BuildingCounts, CellQuality, QualityCounts, QualityReport, QualityShares, TerrainErrors,
    TerrainSource, quantile,
};
pub use rail::{Rail, RailNature};
pub use relief::{ReliefLine, ReliefLineNature};
pub use road::{Road, RoadNature, TrafficDirection};
pub use roof_plane::RoofPlane;
pub use state::{HeightMethod, ObjectState};
pub use store::Territory;
pub use surface_properties::{SurfaceProperties, SurfaceProperty, SurfaceValue, manning_n};
pub use transport::{Runway, RunwayNature, TransportSite};
pub use vegetation::{Hedge, Tree, VegetationNature, VegetationZone};
pub use view::{Aggregation, TerritoryView};
pub use water::{
    FlowDirection, NamedWaterCourse, Persistence, WaterBody, WaterCourse, WaterNature, WaterOrigin,
    WaterSurface, WidthClass,
};
pub use zone::{HazardLevel, Zone, ZoneKind};
