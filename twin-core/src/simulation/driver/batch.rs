//! Many scenarios side by side, as far as memory allows.

use std::collections::BTreeMap;

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::side_by_side::side_by_side;
use super::{RunOptions, StepResult, estimate, run};
use crate::scenario::Scenario;
use crate::simulation::Registry;
use crate::{Error, Result};

/// Share of the free memory that runs may take; the rest is for reports, caches and the user's programs.
const SHARE_OF_MEMORY: f64 = 0.5;
/// Memory of a run whose plugin cannot tell, bytes a cell: a few dozen fields.
const BYTES_PER_CELL: f64 = 300.0;

/// Runs scenarios side by side, each with its share of the threads, and returns their results in order.
/// Steps that two of them share are computed once. After a failure no other is begun; what is complete is
/// kept.
///
/// # Errors
/// That of the first scenario that fails.
pub fn run_all(
    registry: &Registry,
    scenarios: &[&Scenario],
    options: impl Fn(usize) -> RunOptions + Sync,
) -> Result<Vec<BTreeMap<String, StepResult>>> {
    let most = fitting(registry, scenarios)?;
    side_by_side(scenarios.len(), most, |at| {
        let scenario = scenarios[at];
        run(registry, scenario, &options(at)).map_err(|error| named(error, &scenario.id))
    })
}

/// An error with the scenario that it is of.
fn named(error: Error, scenario: &str) -> Error {
    match error {
        Error::Input { place, problem } => {
            Error::Input { place: format!("{scenario}, {place}"), problem }
        }
        Error::Simulation { plugin, problem } => {
            Error::Simulation { plugin: format!("{scenario}, {plugin}"), problem }
        }
        other => other,
    }
}

/// How many of the scenarios memory holds at once, the largest one as the measure.
fn fitting(registry: &Registry, scenarios: &[&Scenario]) -> Result<usize> {
    let free = free_memory_bytes();
    let mut largest = 0.0f64;
    // Scenarios of a study differ in what happens; one of each territory and grid is enough.
    let mut seen: Vec<(&str, String)> = Vec::new();
    for scenario in scenarios {
        let size = (scenario.territory.as_str(), format!("{:?}", scenario.grid));
        if seen.contains(&size) {
            continue;
        }
        seen.push(size);
        let cells = super::prepare::run_grid(registry, scenario)?.len() as f64;
        let of_step = |bytes: Option<f64>| bytes.unwrap_or(BYTES_PER_CELL * cells);
        let steps = estimate(registry, scenario)?.into_values();
        let steps = steps.map(|step| of_step(step.map(|(_, e)| e.memory_bytes)));
        largest = steps.fold(largest, f64::max);
    }
    Ok((SHARE_OF_MEMORY * free / largest.max(1.0)).max(1.0) as usize)
}

/// Memory that this process may still take, bytes: the machine's, within the limits of its container; none
/// where the system does not tell, so that one runs after the other.
fn free_memory_bytes() -> f64 {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let Ok(system) = System::new_with_specifics(memory) else { return 0.0 };
    let of_container = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    system.available_memory().min(of_container) as f64
}
