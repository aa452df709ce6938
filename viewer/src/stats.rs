//! Figures of `--stats`: times, memory, what is drawn, and the cost of changing the moment.

use std::any::TypeId;

use bevy::camera::visibility::VisibleEntities;
use bevy::prelude::*;
use twin_core::process::{peak_memory_mb, processor_time_s};

use crate::camera::MainCamera;
use crate::scene::{Buildings, terrain::Terrain};

/// Moments that are shown one after the other to tell what one costs.
pub(crate) const SCRUBBED: usize = 24;

/// What is drawn.
#[derive(bevy::ecs::system::SystemParam)]
pub(crate) struct Drawn<'w, 's> {
    terrain: Res<'w, Terrain>,
    buildings: Res<'w, Buildings>,
    seen: Query<'w, 's, &'static VisibleEntities, With<MainCamera>>,
}

impl Drawn<'_, '_> {
    /// One line for a reader of figures. Every mesh in view is a draw call at most.
    pub(crate) fn line(&self) -> String {
        let (_, ground) = self.terrain.drawn;
        let (houses, _) = self.buildings.drawn;
        let meshes: usize = self.seen.iter().map(|seen| seen.len(TypeId::of::<Mesh3d>())).sum();
        let memory = peak_memory_mb().map_or_else(String::new, |mb| format!(", {mb} MB at most"));
        format!(
            "{meshes} meshes in view, {ground} terrain triangles, {houses} building triangles{memory}"
        )
    }
}

/// Processor time of a piece of work, milliseconds; none where the system does not tell.
pub(crate) fn processor_ms<E>(work: impl FnOnce() -> Result<(), E>) -> Result<Option<f64>, E> {
    let before = processor_time_s();
    work()?;
    Ok(processor_time_s().zip(before).map(|(after, before)| 1000.0 * (after - before)))
}
