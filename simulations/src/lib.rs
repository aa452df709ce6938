//! The built-in simulation plugins.

use twin_core::Result;
use twin_core::scenario::{
    BankLowered, Breach, Bridge, BuildingAdded, BuildingDemolished, BuildingRaised, CoverChanged,
    CulvertMeasure, FloodGate, FloorRaised, GreenRoofs, GroundAlbedo, Levee, LeveeRemoved,
    PlantedStrip, RetentionArea, RoadCut, RoofAlbedo, ShadeSails, Swale, TreesFelled, TreesPlanted,
};
use twin_core::simulation::{OneShot, Registry};

/// A registry with the built-in simulations and measures.
pub fn registry() -> Result<Registry> {
    let mut registry = Registry::new();
    registry.add(twin_flood::Flood::default())?;
    registry.add(twin_runoff::Runoff::default())?;
    registry.add(twin_heat::Heat::default())?;
    registry.add(OneShot(twin_heat::cooling_index::CoolingIndex::default()))?;
    registry.add(OneShot(twin_heat::zones::ClimateZones::default()))?;
    registry.add(OneShot(twin_imported_flood::ImportedFlood::default()))?;
    registry.add(twin_impact::Impact::default())?;
    registry.add(OneShot(twin_runoff::map::RunoffMap::default()))?;
    registry.add(twin_elevation_potential::ElevationPotential::default())?;
    registry.add_measure(Levee)?;
    registry.add_measure(Breach)?;
    registry.add_measure(LeveeRemoved)?;
    registry.add_measure(BankLowered)?;
    registry.add_measure(RetentionArea)?;
    registry.add_measure(CoverChanged)?;
    registry.add_measure(PlantedStrip)?;
    registry.add_measure(Swale)?;
    registry.add_measure(GreenRoofs)?;
    registry.add_measure(GroundAlbedo)?;
    registry.add_measure(RoofAlbedo)?;
    registry.add_measure(ShadeSails)?;
    registry.add_measure(Bridge)?;
    registry.add_measure(CulvertMeasure)?;
    registry.add_measure(FloodGate)?;
    registry.add_measure(TreesPlanted)?;
    registry.add_measure(TreesFelled)?;
    registry.add_measure(BuildingAdded)?;
    registry.add_measure(BuildingRaised)?;
    registry.add_measure(BuildingDemolished)?;
    registry.add_measure(FloorRaised)?;
    registry.add_measure(RoadCut)?;
    registry.add_measure(twin_elevation_potential::PlanningRule)?;
    Ok(registry)
}
