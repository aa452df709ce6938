//! The built-in simulation plugins.

use twin_core::Result;
use twin_core::scenario::Levee;
use twin_core::simulation::Registry;

/// A registry with the built-in simulations and measures.
pub fn registry() -> Result<Registry> {
    let mut registry = Registry::new();
    registry.add(twin_flood::Flood::default())?;
    registry.add_measure(Levee)?;
    Ok(registry)
}
